"""Rows in time, in a cluster: lives joined into spells, and how long a row of a history is valid."""

from __future__ import annotations

from functools import reduce
from operator import and_
from typing import TYPE_CHECKING

from subsidy.roster.cells import DATE_PARTS, LAST_DAY

if TYPE_CHECKING:
    from pyspark.sql import Column, DataFrame

    from subsidy.roster.names import Shape

FIRST, LAST = "life#from", "life#to"


def finished(frame: DataFrame, shape: Shape) -> DataFrame:
    """The typed columns of sound rows with their lives, adjoining ones joined, and the validity of histories."""
    from pyspark.sql import Window
    from pyspark.sql import functions as f

    if shape.life:
        start, end = shape.life
        for suffix, last in zip(DATE_PARTS, LAST_DAY, strict=True):
            frame = frame.withColumn(FIRST + suffix, _cell(start + suffix))
            frame = frame.withColumn(LAST + suffix, f.coalesce(_cell(end + suffix), f.lit(last).cast("bigint")))
        if shape.has_persons:
            frame = _with_spells(frame, shape)
    if shape.is_history:
        by_day = Window.partitionBy(*([shape.link] if shape.link else [f.lit(0)])).orderBy("from")
        frame = frame.withColumn("valid_to", f.coalesce(f.lead("from").over(by_day) - 1, f.lit(LAST_DAY[0])))
        frame = frame.withColumn("valid_to", _cell("valid_to").cast("bigint"))
    return frame


def overlapping(frame: DataFrame, shape: Shape) -> DataFrame:
    """The rows (`_row`) of persons that begin before an earlier life of theirs has ended."""
    from pyspark.sql import Window
    from pyspark.sql import functions as f

    start, end = shape.life or ("", "")
    last = f.coalesce(_cell(end), f.lit(LAST_DAY[0]))
    lives = frame.where(_is_single() & _cell(start).isNotNull())
    lives = lives.select("_row", "person", _cell(start).alias("first"), last.alias("last"))
    before = Window.partitionBy("person").orderBy("first", "_row").rowsBetween(Window.unboundedPreceding, -1)
    reached = lives.select("_row", "first", f.max("last").over(before).alias("reach"))
    return reached.where(f.col("reach") >= f.col("first")).select("_row")


def _with_spells(frame: DataFrame, shape: Shape) -> DataFrame:
    """Adjoining rows of a person with the same references begin with the first; those that agree in all else join."""
    from pyspark.sql import Window
    from pyspark.sql import functions as f

    start, end = shape.life or ("", "")
    own = list(frame.columns)
    whose = ["person", *shape.references]
    in_time = Window.partitionBy(*whose, "#single").orderBy(FIRST, "_row")
    frame = frame.withColumn("#single", _is_single() & _cell(FIRST).isNotNull())
    adjoins = _cell("#single") & (f.lag(LAST).over(in_time) + 1 == _cell(FIRST))
    apart = {"_row", shape.key, start, end, FIRST, LAST}
    same = [_cell(name).eqNullSafe(f.lag(_cell(name)).over(in_time)) for name in own if _of_date(name) not in apart]
    frame = frame.withColumn("#adjoins", f.coalesce(adjoins, f.lit(False)))
    frame = frame.withColumn("#merges", _cell("#adjoins") & reduce(and_, same, f.lit(True)))
    for group, follows in (("#spell", "#adjoins"), ("#stay", "#merges")):
        begins = f.when(_cell(follows), 0).otherwise(1)
        frame = frame.withColumn(group, f.sum(begins).over(in_time))
    ends = [part + suffix for part in (end, LAST) for suffix in DATE_PARTS]
    of_spell = Window.partitionBy(*whose, "#single", "#spell")
    of_stay = Window.partitionBy(*whose, "#single", "#stay")
    first = f.struct(*(_cell(start + suffix) for suffix in DATE_PARTS))
    last = f.struct(_cell(FIRST), _cell("_row"), *map(_cell, ends))
    frame = frame.withColumn("#first", f.min(first).over(of_spell)).withColumn("#last", f.max(last).over(of_stay))
    frame = frame.where(~_cell("#merges"))
    taken = {start + suffix: f.col("#first").getField(start + suffix) for suffix in DATE_PARTS}
    taken |= {name: f.col("#last").getField(name) for name in ends}
    for name, cell in taken.items():
        frame = frame.withColumn(name, f.when(_cell("#single"), cell).otherwise(_cell(name)))
    return frame.select(*map(_cell, own))


def _is_single() -> Column:
    """Whether a row is the life of one named person."""
    return _cell("person").isNotNull() & _cell("count").isNull()


def _cell(name: str) -> Column:
    from pyspark.sql import functions as f

    return f.col(f"`{name}`")


def _of_date(name: str) -> str:
    return name[:-2] if name.endswith(DATE_PARTS[1:]) else name
