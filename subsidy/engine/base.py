"""The rows that a calculation starts from: a table's rows by themselves, in their periods, or each on a day."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from sqlglot import exp

from subsidy import sql
from subsidy.engine.calendar import Span
from subsidy.engine.cells import (
    DAY,
    DAY_MONTH,
    DAY_OF_MONTH,
    FIRST,
    LAST,
    MONTH,
    YEAR,
    RosterShape,
    Value,
    roster_table,
)
from subsidy.engine.layers import Layers, ref
from subsidy.schedule.column import MONTHS_IN
from subsidy.schedule.figures import day_of
from subsidy.schedule.load import Version
from subsidy.sql import Sql

SUBJECT, PERIOD, COUNT, COUNTED, VERSION_DAY = "#subject", "#period", "#count", "#counted", "#version_day"
DUE, DUE_MONTH, DUE_DAY = "#due", "#due#m", "#due#d"
READING = "reading_day"  # the relation of the one day on which checks across rows read a roster


@dataclass(frozen=True)
class RowNumbers:
    """A relation that has `columns` for each row of a roster table, by its `_row`."""

    relation: str
    columns: tuple[str, ...]


def _base_columns(shape: RosterShape, table: str, alias: str) -> dict[str, Sql]:
    columns = {}
    for column in sorted(shape.columns[table]):
        given = shape.is_given(table, column.split("#")[0])
        columns[f"given:{column}" if given else column] = sql.column(column, alias)
    return columns


def _identity(version: Version, shape: RosterShape, table: str, alias: str) -> dict[str, Sql]:
    key = version.tables[table].key
    subject = sql.column(key, alias) if key else sql.missing_text()
    if not shape.has(table, "count"):
        return {SUBJECT: subject, COUNT: sql.whole(1), COUNTED: sql.boolean(False)}
    count = sql.column("count", alias)
    return {SUBJECT: subject, COUNT: sql.first_known(count, sql.whole(1)), COUNTED: sql.is_known(count)}


def _select(columns: Mapping[str, Sql], source: Sql, joins: Iterable[tuple[str, Sql, Sql]] = ()) -> exp.Select:
    return sql.select([sql.alias(tree, name) for name, tree in columns.items()], source, list(joins))


def plain_rows(version: Version, shape: RosterShape, table: str) -> Layers:
    """Each roster row once, with no period and no reading day."""
    columns = {**_base_columns(shape, table, "t"), **_identity(version, shape, table, "t")}
    return Layers(_select(columns, sql.table(roster_table(table), "t")), list(columns))


def rows_on_a_day(version: Version, shape: RosterShape, table: str) -> Layers:
    """Each roster row once, in the period that is the one day of the relation READING, and read on it."""
    d = {name: sql.column(name, "d") for name in ("day", "month", "day_of_month")}
    columns = {
        **_base_columns(shape, table, "t"),
        **_identity(version, shape, table, "t"),
        **_on_a_day(Value(d["day"], None, d["month"], d["day_of_month"])),
    }
    joins = [("inner", sql.table(READING, "d"), sql.boolean(True))]
    return Layers(_select(columns, sql.table(roster_table(table), "t"), joins), list(columns))


def period_rows(
    version: Version,
    shape: RosterShape,
    table: str,
    every: str,
    span: Span,
    reads_at: str = "last_day",
    always: bool = False,
    numbers: RowNumbers | None = None,
) -> Layers:
    """Each roster row in every period that its life touches, or in the one that its month or year names.

    `always`: a row without a life is in every period. `numbers`: what is brought along with each row.
    """
    life = version.tables[table].life
    columns = {**_base_columns(shape, table, "t"), **_identity(version, shape, table, "t")}
    p = {name: sql.column(name, "p") for name in ("period", "first", "last", "first#m", "last#m", "last#d")}
    if life:
        overlap = [
            sql.compare("<=", sql.column("life#from", "t"), p["last"]),
            sql.compare(">=", sql.column("life#to", "t"), p["first"]),
            sql.compare("<=", sql.column("life#from", "t"), sql.whole(span.last)),
            sql.compare(">=", sql.column("life#to", "t"), sql.whole(span.first)),
        ]
        first, last = _cut_life(p, span)
    else:
        overlap = [] if always else [sql.compare("=", _named_period(version, table, every), p["period"])]
        one = sql.whole(1)
        first, last = (p["first"], p["first#m"], one), (p["last"], p["last#m"], p["last#d"])
    day = first if reads_at == "first_day" else last
    columns |= {
        **period_words(p),
        FIRST: first[0],
        LAST: last[0],
        VERSION_DAY: sql.smaller(p["last"], sql.whole(span.last)),
        DAY: day[0],
        DAY_MONTH: day[1],
        DAY_OF_MONTH: day[2],
    }
    overlap += [
        sql.compare(">=", p["last"], sql.whole(span.first)),
        sql.compare("<=", p["first"], sql.whole(span.last)),
    ]
    joins = [("inner", sql.table(f"calendar:{every}", "p"), sql.all_of(overlap))]
    if numbers is not None:
        own = sql.compare("=", sql.column("_row", "n"), sql.column("_row", "t"))
        joins.insert(0, ("inner", sql.table(numbers.relation, "n"), own))
        columns |= {name: sql.column(name, "n") for name in numbers.columns}
    return Layers(_select(columns, sql.table(roster_table(table), "t"), joins), list(columns))


def period_words(p: Mapping[str, Sql]) -> dict[str, Sql]:
    """What a period alone tells, from the columns of its row in a calendar."""
    return {
        PERIOD: p["period"],
        MONTH: p["last#m"],
        YEAR: sql.int_div(p["last#m"], sql.whole(12)),
        DUE: p["last"],
        DUE_MONTH: p["last#m"],
        DUE_DAY: p["last#d"],
    }


def _named_period(version: Version, table: str, every: str) -> Sql:
    """The period that a row's own month or year column names."""
    if every not in version.tables[table].columns:
        return sql.int_div(sql.column("month", "t"), sql.whole(MONTHS_IN[every]))
    return sql.column(every, "t")


Triple = tuple[Sql, Sql, Sql]


def _cut_life(p: Mapping[str, Sql], span: Span) -> tuple[Triple, Triple]:
    """The first and the last day of the life within the period and the schedule's days, each with month and day."""

    def parts(day: int) -> Triple:
        date = day_of(day)
        return sql.whole(day), sql.whole(date.year * 12 + date.month - 1), sql.whole(date.day)

    def life(end: str) -> Triple:
        return tuple(sql.column(f"life#{end}{part}", "t") for part in ("", "#m", "#d"))  # type: ignore[return-value]

    def outermost(operator: str, options: list[Triple]) -> Triple:
        def beats(own: Triple) -> Sql:
            return sql.all_of(sql.compare(operator, own[0], other[0]) for other in options if other is not own)

        chosen = [sql.case([(beats(option), option[part]) for option in options]) for part in range(3)]
        return chosen[0], chosen[1], chosen[2]

    first = outermost(">=", [(p["first"], p["first#m"], sql.whole(1)), life("from"), parts(span.first)])
    last = outermost("<=", [(p["last"], p["last#m"], p["last#d"]), life("to"), parts(span.last)])
    return first, last


def dated_rows(layers: Layers, dated: Value, read: Value) -> Layers:
    """The rows, each in the period that is the day `dated`, read on the day `read`."""
    assert dated.month is not None
    assert dated.day_of_month is not None
    due = {DUE: dated.main, DUE_MONTH: dated.month, DUE_DAY: dated.day_of_month}
    return rebased(layers, {**_on_a_day(read), PERIOD: dated.main, VERSION_DAY: dated.main, **due})


def _on_a_day(day: Value) -> dict[str, Sql]:
    """The columns of a row whose period is a day, on which it is read."""
    assert day.month is not None
    assert day.day_of_month is not None
    days = dict.fromkeys((PERIOD, DUE, VERSION_DAY, DAY, FIRST, LAST), day.main)
    months = dict.fromkeys((DUE_MONTH, DAY_MONTH, MONTH), day.month)
    days_of_month = dict.fromkeys((DUE_DAY, DAY_OF_MONTH), day.day_of_month)
    return {**days, **months, **days_of_month, YEAR: sql.int_div(day.month, sql.whole(12))}


def rebased(layers: Layers, columns: Mapping[str, Sql]) -> Layers:
    """The rows so far as the base of further layers, with these columns added or replaced."""
    kept = [name for name in layers.level if name not in columns]
    base = layers.query([*((name, ref(name)) for name in kept), *columns.items()])
    return Layers(base, [*kept, *columns])
