"""Rows in time: dates in order, one person in one place, spells, and how long a row of a history is valid."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from subsidy.finding import Refusal, Text
from subsidy.roster.arrays import codes, filled, filled_with, is_coded, joint_codes, plain
from subsidy.roster.cells import DATE_PARTS, LAST_DAY
from subsidy.roster.refusal import refusal
from subsidy.roster.rows import DAYS
from subsidy.roster.sheet import Collector, Severity, Sheet

if TYPE_CHECKING:
    import pyarrow as pa

TWO_PLACES_IS_ERROR = ("residents",)
MOST_CODES = 50_000


def check(sheet: Sheet, found: Collector) -> None:
    """Lives that end before they begin, and lives of one person that overlap."""
    import numpy as np

    if not sheet.shape.life:
        return
    start, end = sheet.shape.life
    dated = filled(sheet.columns[start]) & ~(sheet.wrong & ~filled(sheet.columns[end]))
    first = filled_with(sheet.columns[start], 0).to_numpy()
    last = filled_with(sheet.columns[end], LAST_DAY[0]).to_numpy()
    reversed_ = dated & (first > last)
    why = refusal("结束早于开始", "this ends before it begins", "请核对起止日期", "compare the first and the last day")
    found.rows(sheet, "reversed-dates", np.flatnonzero(reversed_), why, end)
    if sheet.shape.has_persons:
        _check_overlaps(sheet, found, first, last, dated & ~reversed_)


def _check_overlaps(sheet: Sheet, found: Collector, first: Any, last: Any, dated: Any) -> None:
    import numpy as np

    persons = np.where(filled(sheet.columns["count"]), -1, codes(sheet.columns["person"]))
    rows = np.flatnonzero(dated & (persons >= 0))
    order = rows[_by_day(persons[rows], first[rows])]
    who = persons[order]
    # one running maximum for all persons: the days of each lie above those of the one before
    reach = np.maximum.accumulate(last[order] + who * DAYS)
    again = (who[1:] == who[:-1]) & (reach[:-1] >= first[order][1:] + who[1:] * DAYS)
    if not again.any():
        return
    suspects = _in_order(sheet, order[np.isin(who, np.unique(who[1:][again]))].tolist(), persons, first, last)
    places = joint_codes((sheet.columns[name] for name in sheet.shape.references), len(sheet.raw))
    same: dict[int, int] = {}
    elsewhere: dict[int, int] = {}
    person = -1
    furthest: dict[int, tuple[int, int]] = {}  # place -> (last day, row) of the life that reaches furthest
    for row in suspects:
        if persons[row] != person:
            person, furthest = persons[row], {}
        for place, (until, other) in furthest.items():
            if place == places[row] and until >= first[row]:
                same[row] = other
            elif place != places[row] and min(until, last[row]) > first[row]:
                elsewhere[row] = other
        if furthest.get(places[row], (-DAYS, 0))[0] < last[row]:
            furthest[places[row]] = last[row], row
    why = Text("同一人的起止日期重叠", "the days of one person overlap")
    _report_pairs(sheet, found, "overlapping-stays", same, why, "error")
    why = Text("同一人同时在两处超过一天", "one person is in two places for more than a day")
    severity: Severity = "error" if sheet.table in TWO_PLACES_IS_ERROR else "warning"
    _report_pairs(sheet, found, "two-places", elsewhere, why, severity)


def _by_day(groups: Any, days: Any) -> Any:
    """The positions in the order of groups, and within each in that of days; equal ones as they stand."""
    import numpy as np

    return np.argsort(groups * DAYS + days, kind="stable")


def _in_order(sheet: Sheet, rows: list[int], persons: Any, first: Any, last: Any) -> list[int]:
    """Rows by person, dates and key, wherever they stand in the roster."""
    keys = sheet.columns[sheet.shape.key or ""]
    return sorted(rows, key=lambda row: (persons[row], first[row], last[row], keys[row].as_py() or ""))


def _report_pairs(
    sheet: Sheet, found: Collector, code: str, pairs: dict[int, int], why: Text, severity: Severity
) -> None:
    import numpy as np

    def describe(row: int) -> Refusal:
        number = sheet.number(pairs[row])
        return refusal(
            f"{why.zh}，另一行是第 {number} 行", f"{why.en}, the other is row {number}",
            "请更正其中一行的起止日期", "correct the dates of one of the two",
        )  # fmt: skip

    start = sheet.shape.life[0] if sheet.shape.life else ""
    found.rows(sheet, code, np.array(sorted(pairs), np.int64), describe, start, severity)


# --- spells and histories ------------------------------------------------------------------------------------------


def finished(sheet: Sheet, columns: dict[str, Any]) -> pa.Table:
    """The typed table: with the rows' lives, adjoining ones joined, and the validity of histories."""
    import pyarrow as pa

    if sheet.shape.life:
        start, end = sheet.shape.life
        for suffix, last in zip(DATE_PARTS, LAST_DAY, strict=True):
            columns[f"life#from{suffix}"] = columns[start + suffix]
            columns[f"life#to{suffix}"] = filled_with(columns[end + suffix], last)
        if sheet.shape.has_persons:
            columns = _with_spells(sheet, columns)
    if sheet.shape.is_history:
        columns["valid_to"] = _valid_to(columns, sheet.shape.link)
    return pa.Table.from_arrays([_coded_if_few(column) for column in columns.values()], names=list(columns))


def _coded_if_few(column: Any) -> Any:
    """A column of texts as an engine reads it fastest: it goes through all codes again for each part of the rows."""
    return plain(column) if is_coded(column) and len(column.dictionary) > MOST_CODES else column


def _with_spells(sheet: Sheet, columns: dict[str, Any]) -> dict[str, Any]:
    """Adjoining rows of a person with the same references begin with the first; those that agree in all else join."""
    import numpy as np
    import pyarrow as pa

    start, end = sheet.shape.life or ("", "")
    count = len(columns["person"])
    single = filled(columns["person"]) & ~filled(columns["count"]) & filled(columns["life#from"])
    groups = joint_codes((columns[name] for name in ("person", *sheet.shape.references)), count)
    first, last = filled_with(columns["life#from"], 0).to_numpy(), columns["life#to"].to_numpy()
    rows = np.flatnonzero(single)
    order = rows[_by_day(groups[rows], first[rows])]
    adjoins = np.zeros(len(order), bool)  # to the row before, in this order
    adjoins[1:] = (groups[order][1:] == groups[order][:-1]) & (first[order][1:] == last[order][:-1] + 1)
    if not adjoins.any():
        return columns
    merges = adjoins.copy()
    merges[adjoins] = _agreeing(sheet, columns, order[np.flatnonzero(adjoins) - 1], order[adjoins])
    ends = np.append(~merges[1:], True)
    stays = np.ones(count, bool)
    stays[order[merges]] = False
    first_of_spell, last_merged = np.arange(count), np.arange(count)
    first_of_spell[order] = _leaders(order, adjoins)
    last_merged[order[~merges]] = order[ends]
    numbers = columns["_row"].to_numpy()
    for leader, joined in zip(numbers[_leaders(order, merges)[merges]], numbers[order[merges]], strict=True):
        sheet.joined.setdefault(int(leader), []).append(int(joined))
    own = pa.array(np.flatnonzero(stays))
    taken = {start: pa.array(first_of_spell[stays])} | dict.fromkeys((end, "life#to"), pa.array(last_merged[stays]))
    return {name: column.take(taken.get(_of_date(name), own)) for name, column in columns.items()}


def _leaders(order: Any, follows: Any) -> Any:
    """For each position in `order` the nearest one before that follows no other."""
    import numpy as np

    return order[np.maximum.accumulate(np.where(follows, 0, np.arange(len(order))))]


def _of_date(name: str) -> str:
    return name[:-2] if name.endswith(DATE_PARTS[1:]) else name


def _agreeing(sheet: Sheet, columns: dict[str, Any], one: Any, two: Any) -> Any:
    """Whether two rows agree in everything but key, first and last day."""
    import numpy as np
    import pyarrow as pa
    import pyarrow.compute as pc

    apart = {"_row", sheet.shape.key, *(sheet.shape.life or ()), "life#from", "life#to"}
    agree = np.ones(len(one), bool)
    for name, column in columns.items():
        if _of_date(name) not in apart and column.null_count < len(column):
            a, b = column.take(pa.array(one)), column.take(pa.array(two))
            equal = pc.or_(pc.equal(a, b).fill_null(False), pc.and_(a.is_null(), b.is_null()))
            agree &= equal.to_numpy(zero_copy_only=False)
    return agree


def _valid_to(columns: dict[str, Any], link: str | None) -> Any:
    """The day before the next row of the same link; 9999-12-31 for the last."""
    import numpy as np
    import pyarrow as pa

    days = columns["from"].to_numpy()
    links = codes(columns[link]) if link else np.zeros(len(days), np.int64)
    order = _by_day(links, days)
    until = np.full(len(days), LAST_DAY[0], np.int64)
    followed = links[order][1:] == links[order][:-1]
    until[order[:-1][followed]] = days[order][1:][followed] - 1
    return pa.array(until)
