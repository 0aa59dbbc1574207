"""Rows that may be wrong for the sake of other rows, found in a cluster: keys, references, lives and persons.

They are suspects: what is wrong with them, if anything is, says the intake of this machine.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import reduce
from typing import TYPE_CHECKING

from subsidy.engine.cluster_columns import DOUBTFUL, folded
from subsidy.engine.cluster_lives import overlapping

if TYPE_CHECKING:
    from pyspark.sql import Column, DataFrame

    from subsidy.roster.names import Shape


def suspects(table: str, frames: Mapping[str, DataFrame], shapes: Mapping[str, Shape]) -> DataFrame:
    """The numbers (`_row`) of a table's rows that are not proved to be sound. `frames`: converted, by table."""
    return reduce(lambda one, two: one.union(two), _found(table, frames, shapes)).distinct()


def _found(table: str, frames: Mapping[str, DataFrame], shapes: Mapping[str, Shape]) -> Iterator[DataFrame]:
    from pyspark.sql import functions as f

    frame, shape = frames[table], shapes[table]
    yield frame.where(f.col(DOUBTFUL)).select("_row")
    if shape.key:
        yield _repeated(frame, [folded(f.col(shape.key))])
    elif shape.is_history and shape.link:
        yield _repeated(frame, [f.col(shape.link), f.col("from")])
    for name in dict.fromkeys((shape.key, "person", *shape.references)):
        if name in frame.columns:
            yield from _short(frame, name)
            if name != shape.key:
                yield _alike(frame, name)
    for name, to in shape.references.items():
        pointing = frame.where(f.col(name).isNotNull()).select("_row", f.col(name).alias("#named"))
        if to in frames:
            keys = frames[to].select(f.col(shapes[to].key or "").alias("#named"))
            yield pointing.join(keys, "#named", "left_anti").select("_row")
        elif to != "districts":
            yield pointing.select("_row")
    if shape.life:
        start, end = shape.life
        yield frame.where(f.col(f"`{start}`") > f.col(f"`{end}`")).select("_row")
    if shape.has_persons:
        person, count = f.col("person").isNotNull(), f.col("count")
        yield frame.where((~person & count.isNull()) | (person & (count > 1))).select("_row")
        yield overlapping(frame, shape)
    if shape.is_history and shape.link == "person":
        others = [
            frames[other].select(f.col("person").alias("#named"))
            for other in frames
            if not shapes[other].is_history and "person" in frames[other].columns
        ]
        named = frame.select("_row", f.col("person").alias("#named"))
        for other in others:
            named = named.join(other, "#named", "left_anti")
        yield named.select("_row")


def _repeated(frame: DataFrame, whose: Sequence[Column]) -> DataFrame:
    """The rows that have the same as another."""
    from pyspark.sql import functions as f

    names = [f"#whose{number}" for number in range(len(whose))]
    cells = frame.select("_row", *(cell.alias(name) for cell, name in zip(whose, names, strict=True))).dropna()
    twice = cells.groupBy(*names).agg(f.count("_row").alias("#rows")).where("`#rows` > 1")
    return cells.join(twice, names, "left_semi").select("_row")


def _alike(frame: DataFrame, name: str) -> DataFrame:
    """The rows of ids that are written in two ways."""
    from pyspark.sql import functions as f

    cells = frame.select("_row", f.col(name).alias("#text"), folded(f.col(name)).alias("#folded")).dropna()
    two_ways = cells.groupBy("#folded").agg(f.min("#text").alias("#one"), f.max("#text").alias("#two"))
    return cells.join(two_ways.where("`#one` <> `#two`"), "#folded", "left_semi").select("_row")


def _short(frame: DataFrame, name: str) -> Iterator[DataFrame]:
    """The rows of ids that may have lost the zeros in front, and one that has them."""
    from pyspark.sql import functions as f

    digits = frame.select("_row", f.col(name).alias("#text")).where(f.col("#text").rlike("^[0-9]+$"))
    padded = digits.where(f.col("#text").startswith("0"))
    width = padded.agg(f.max(f.length("#text")).alias("#width"))
    short = digits.where(~f.col("#text").startswith("0")).join(f.broadcast(width), f.length("#text") < f.col("#width"))
    yield short.select("_row")
    whole = padded.join(f.broadcast(width), f.length("#text") == f.col("#width")).select("_row").limit(1)
    yield whole.crossJoin(short.select(f.col("_row").alias("#short")).limit(1)).select("_row")
