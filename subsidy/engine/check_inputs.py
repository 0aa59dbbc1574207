"""What checks across rows need of a roster: the columns they read, and the day on which they read it."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Mapping, Sequence, Set
from typing import TYPE_CHECKING

from subsidy.engine.calendar import END_OF_TIME as ONGOING
from subsidy.engine.in_place import ends_of
from subsidy.finding import Text
from subsidy.roster.arrays import ends
from subsidy.schedule.figures import day_of
from subsidy.schedule.load import Version
from subsidy.schedule.node import Node
from subsidy.schedule.roster_check import CheckedRosterCheck

if TYPE_CHECKING:
    from subsidy.roster.intake import Intake

FARTHEST = {"date": ONGOING, "month": 9999 * 12, "year": 9999}  # from which a cell names no day


def what_is_lacking(
    check: CheckedRosterCheck, version: Version, there: Set[str], given: Mapping[str, Set[str]]
) -> Text | None:
    """The first table, or else the columns, that a check needs and a roster does not have.

    `there`: the tables of the roster that can be used; `given`: the columns of each.
    """
    tables = [check.table, *([check.over] if check.over else [])]
    own, elsewhere = _columns(check.own, check.table, there, given), _columns(check.elsewhere, check.over, there, given)
    columns = dict.fromkeys([*own, *elsewhere])
    absent = [table for table in (*tables, *(table for table, _ in columns)) if table not in there]
    if absent:
        word = version.words.get(absent[0], absent[0])
        return Text(f"表 {word}({absent[0]})", f"the table {absent[0]}")
    missing = [(table, column) for table, column in columns if column not in given[table]]
    if not missing:
        return None
    words = version.words
    by_table = {table: [column for one, column in missing if one == table] for table, _ in missing}
    return Text(
        "、".join(f"{words.get(table, table)}的{'、'.join(words.get(one, one) for one in columns)}"
                 for table, columns in by_table.items()),
        ", ".join(f"{table}.{column}" for table, column in missing),
    )  # fmt: skip


def _columns(
    nodes: Iterable[Node], table: str, there: Set[str], given: Mapping[str, Set[str]]
) -> list[tuple[str, str]]:
    """The (table, column) whose cells the expressions cannot do without."""
    found: list[tuple[str, str]] = []
    ahead = [(node, table) for node in nodes]
    while ahead:
        node, own = ahead.pop(0)
        before = own
        for hop, to in node.way:
            found.append((before, hop))
            before = to
        fact = node.fact or node.aggregate
        if fact is not None and fact.column_name in given.get(fact.table, ()):
            continue
        if node.operation == "fact" and node.fact is not None:
            if node.fact.column.blank in ("missing", "none", "open"):
                found.append((node.fact.home, node.fact.column_name))
        elif node.aggregate is not None and node.aggregate.table != node.aggregate.over not in there:
            found.append((node.aggregate.table, node.aggregate.column_name))
        elif node.aggregate is not None:
            inner = node.aggregate.over
            found.append((inner, node.aggregate.link)) if inner != node.aggregate.table else None
            ahead += [(one, inner) for one in node.aggregate.nodes]
        ahead += [(one, own) for one in node.arguments]
    return found


def last_day_mentioned(intakes: Sequence[Intake], versions: Sequence[Version]) -> datetime.date:
    """The last day, month or year that a roster names; where it names none, the first day of the versions."""
    days = [version.first_day for version in versions]
    for intake, version in ((intake, version) for intake in intakes for version in versions):
        for table, column, kind in dated_columns([version], intake.columns):
            days += days_mentioned(intake, table, column, kind)
    return max(days)


def dated_columns(versions: Iterable[Version], columns: Mapping[str, Set[str]]) -> list[tuple[str, str, str]]:
    """Of these typed columns (by table) those that name days, months or years: table, column and which of these."""
    found = {
        (table, name, model.type): None
        for version in versions
        for table, there in columns.items()
        if table in version.tables
        for name, model in version.tables[table].columns.items()
        if model.type in FARTHEST and name in there
    }
    return list(found)


def days_mentioned(intake: Intake, table: str, column: str, kind: str) -> tuple[datetime.date, ...]:
    """The first and the last day that a column of a roster's dates, months or years names; nothing if it names none."""

    def find() -> tuple[datetime.date, ...]:
        found = ends(ends_of(intake.tables[table])[column], FARTHEST[kind])
        if kind == "date":
            return tuple(map(day_of, found))
        months = found if kind == "month" else [12 * year + month for year, month in zip(found, (0, 11), strict=False)]
        first_days = [datetime.date(month // 12, month % 12 + 1, 1) for month in months]
        return (first_days[0], _last_of_month(first_days[1])) if first_days else ()

    return intake.once(("days", table, column, kind), find)


def _last_of_month(first: datetime.date) -> datetime.date:
    return (first + datetime.timedelta(days=31)).replace(day=1) - datetime.timedelta(days=1)
