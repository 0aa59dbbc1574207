"""Rows that may be wrong for the sake of other rows, found where they stay: keys, references, lives and persons.

They are suspects: what is wrong with them, if anything is, says the intake of whole tables.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from sqlglot import exp

from subsidy import sql, sql_cells
from subsidy.engine.in_place import NUMBER, Place
from subsidy.engine.in_place_columns import DOUBTFUL, folded
from subsidy.engine.in_place_lives import overlapping
from subsidy.roster.names import Shape
from subsidy.sql import Sql


@dataclass(frozen=True)
class Converted:
    """A table with its cells converted.

    `name`: the relation of its typed columns and `_row`; `doubted`: that of the columns that lead to other rows;
    `plain`: columns of ids whose texts are `PLAIN`, each with the relation and column of its cells as they were given.
    """

    name: str
    doubted: str
    shape: Shape
    columns: Sequence[str]
    plain: Mapping[str, tuple[str, str]]


def suspects(table: str, place: Place, tables: Mapping[str, Converted]) -> exp.Select:
    """The numbers (`_row`) of a table's rows that are not proved to be sound."""
    found = sql.union_all(list(_found(table, place, tables)))
    return sql.select([sql.column(NUMBER)], sql.subquery(found, "u"), distinct=True)


def _found(table: str, place: Place, tables: Mapping[str, Converted]) -> Iterator[exp.Select]:
    own = tables[table]
    shape = own.shape
    yield _numbers(own, sql.column(DOUBTFUL))
    if shape.key:
        if shape.key not in own.plain:
            yield _repeated(own, [folded(sql.column(shape.key))])
        elif not place.are_unique(*own.plain[shape.key]):
            yield _repeated(own, [sql.column(shape.key)])
    elif shape.is_history and shape.link:
        yield _repeated(own, [sql.column(shape.link), sql.column("from")])
    for name in dict.fromkeys((shape.key or "", "person", *shape.references)):
        if name in own.columns and name not in own.plain:
            yield from _short(own, name)
            if name != shape.key:
                yield _alike(own, name)
    for name, to in shape.references.items():
        if to in tables:
            key = sql.column(tables[to].shape.key or "", "k")
            same = sql.compare("=", sql.column(name, "t"), key)
            nowhere = [("anti", sql.table(tables[to].doubted, "k"), same)]
            yield _numbers(own, sql.is_known(sql.column(name, "t")), nowhere)
        elif to != "districts":
            yield _numbers(own, sql.is_known(sql.column(name)))
    if shape.life:
        start, end = shape.life
        yield _numbers(own, sql.compare(">", sql.column(start), sql.column(end)))
    if shape.has_persons:
        is_named, count = sql.is_known(sql.column("person")), sql.column("count")
        nobody = sql.all_of([sql.negation(is_named), sql.is_missing(count)])
        yield _numbers(own, sql.any_of([nobody, sql.all_of([is_named, sql.compare(">", count, sql.whole(1))])]))
        yield overlapping(own.doubted, shape)
    if shape.is_history and shape.link == "person":
        others = [one for one in tables.values() if not one.shape.is_history and "person" in one.columns]
        nowhere = [
            ("anti", sql.table(one.doubted, f"o{number}"), _same("person", f"o{number}"))
            for number, one in enumerate(others)
        ]
        yield _numbers(own, joins=nowhere)


def _numbers(
    own: Converted, where: Sql | None = None, joins: Sequence[tuple[str, Sql, Sql]] = ()
) -> exp.Select:
    return sql.select([sql.column(NUMBER, "t")], sql.table(own.doubted, "t"), joins, where)


def _same(name: str, other: str) -> Sql:
    return sql.compare("=", sql.column(name, "t"), sql.column(name, other))


def _repeated(own: Converted, whose: Sequence[Sql]) -> exp.Select:
    """The rows that have the same as another."""
    names = [f"#whose{number}" for number in range(len(whose))]
    named = [sql.alias(cell, name) for cell, name in zip(whose, names, strict=True)]
    known = sql.all_of(sql.is_known(cell) for cell in whose)
    cells = sql.select([sql.column(NUMBER), *named], sql.table(own.doubted), where=known)
    keys = [sql.column(name) for name in names]
    counted = sql.select([*keys, sql.alias(sql.how_many(), "#rows")], sql.subquery(cells, "c"), group=keys)
    twice = sql.select(keys, sql.subquery(counted, "g"), where=sql.compare(">", sql.column("#rows"), sql.whole(1)))
    same = sql.all_of(sql.compare("=", sql.column(name, "c"), sql.column(name, "w")) for name in names)
    return sql.select([sql.column(NUMBER, "c")], sql.subquery(cells, "c"), [("semi", sql.subquery(twice, "w"), same)])


def _alike(own: Converted, name: str) -> exp.Select:
    """The rows of ids that are written in two ways."""
    text, fold = sql.column("#text"), sql.column("#folded")
    columns = [sql.alias(sql.column(name), "#text"), sql.alias(folded(sql.column(name)), "#folded")]
    is_known = sql.is_known(sql.column(name))
    cells = sql.select([sql.column(NUMBER), *columns], sql.table(own.doubted), where=is_known)
    ends = [fold, sql.alias(sql.lowest(text), "#one"), sql.alias(sql.highest(text), "#two")]
    by_fold = sql.select(ends, sql.subquery(cells, "c"), group=[fold])
    differ = sql.compare("<>", sql.column("#one"), sql.column("#two"))
    two_ways = sql.select([fold], sql.subquery(by_fold, "g"), where=differ)
    same = sql.compare("=", sql.column("#folded", "c"), sql.column("#folded", "w"))
    joins = [("semi", sql.subquery(two_ways, "w"), same)]
    return sql.select([sql.column(NUMBER, "c")], sql.subquery(cells, "c"), joins)


def _short(own: Converted, name: str) -> Iterator[exp.Select]:
    """The rows of ids that may have lost the zeros in front, and one that has them."""
    text, is_number = sql.column("#text", "d"), sql_cells.matches(sql.column(name), "^[0-9]+$")
    columns = [sql.column(NUMBER), sql.alias(sql.column(name), "#text")]
    digits = sql.select(columns, sql.table(own.doubted), where=is_number)
    is_padded, length = sql_cells.begins_with(text, "0"), sql_cells.length(text)
    widest = sql.select([sql.alias(sql.highest(length), "#width")], sql.subquery(digits, "d"), where=is_padded)

    def numbers(condition: Sql, compared: str) -> exp.Select:
        against = [("inner", sql.subquery(widest, "m"), sql.compare(compared, length, sql.column("#width", "m")))]
        return sql.select([sql.column(NUMBER, "d")], sql.subquery(digits, "d"), against, condition)

    short = numbers(sql.negation(is_padded), "<")
    yield short
    one_short = sql.first_rows(sql.select([sql.alias(sql.column(NUMBER), "#short")], sql.subquery(short, "s")), 1)
    one_whole = sql.first_rows(numbers(is_padded, "="), 1)
    both = [("inner", sql.subquery(one_short, "s"), sql.boolean(True))]
    yield sql.select([sql.column(NUMBER, "w")], sql.subquery(one_whole, "w"), both)
