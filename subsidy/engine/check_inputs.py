"""What checks across rows need of a roster: the columns they read, and the day on which they read it."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from subsidy.engine.calendar import END_OF_TIME as ONGOING
from subsidy.engine.in_place import ends_of
from subsidy.finding import Text
from subsidy.schedule.figures import day_of
from subsidy.schedule.load import Version
from subsidy.schedule.node import Node
from subsidy.schedule.roster_check import CheckedRosterCheck

if TYPE_CHECKING:
    from subsidy.roster.intake import Intake


def what_is_lacking(check: CheckedRosterCheck, version: Version, intake: Intake) -> Text | None:
    """The first table, or else the columns, that a check needs and a roster does not have."""
    tables = [check.table, *([check.over] if check.over else [])]
    columns = dict.fromkeys([*_columns(check.own, check.table, intake), *_columns(check.elsewhere, check.over, intake)])
    absent = [table for table in (*tables, *(table for table, _ in columns)) if table not in intake.tables]
    if absent:
        word = version.words.get(absent[0], absent[0])
        return Text(f"表 {word}({absent[0]})", f"the table {absent[0]}")
    missing = [(table, column) for table, column in columns if column not in intake.headings[table]]
    if not missing:
        return None
    words = version.words
    by_table = {table: [column for one, column in missing if one == table] for table, _ in missing}
    return Text(
        "、".join(f"{words.get(table, table)}的{'、'.join(words.get(one, one) for one in columns)}"
                 for table, columns in by_table.items()),
        ", ".join(f"{table}.{column}" for table, column in missing),
    )  # fmt: skip


def _columns(nodes: Iterable[Node], table: str, intake: Intake) -> list[tuple[str, str]]:
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
        if fact is not None and fact.column_name in intake.headings.get(fact.table, {}):
            continue
        if node.operation == "fact" and node.fact is not None:
            if node.fact.column.blank in ("missing", "none", "open"):
                found.append((node.fact.home, node.fact.column_name))
        elif node.aggregate is not None and node.aggregate.table != node.aggregate.over not in intake.tables:
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
        for name, table in intake.tables.items():
            if name in version.tables:
                ends = ends_of(table)
                columns = version.tables[name].columns.items()
                days += [day for column, model in columns for day in _last(ends, column, model.type)]
    return max(days)


def _last(table: Any, column: str, kind: str) -> list[datetime.date]:
    import pyarrow.compute as pc

    if kind not in ("date", "month", "year") or column not in table.column_names:
        return []
    cells = table[column]
    if kind == "date":
        cells = cells.filter(pc.less(cells, ONGOING))
    last = pc.max(cells).as_py()
    if last is None:
        return []
    if kind == "date":
        return [day_of(last)]
    year, month = divmod(last, 12) if kind == "month" else (last, 11)
    return [datetime.date(year + (month == 11), (month + 1) % 12 + 1, 1) - datetime.timedelta(days=1)]
