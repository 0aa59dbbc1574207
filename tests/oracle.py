"""A second calculation, slow and plain: row by row, in fractions, straight from docs/design/001-semantics.md.

It shares nothing with the engine but the reader of expressions, so that a mistake would have to be made twice.
"""

from __future__ import annotations

import calendar
import datetime
import functools
import math
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import Any, Literal

from subsidy.schedule import expression as ex

parsed = functools.cache(ex.parse)

Cells = Mapping[str, str | None]
Day = datetime.date
State = Literal["paid", "why-not", "finding"]
ONGOING = Day(9999, 12, 31)
MONTHS_IN = {"month": 1, "quarter": 3, "half_year": 6, "year": 12}
LIFE_FACTS = ("days_present", "days_in_month", "entry_month", "present")
STEPS = {"fen": Fraction(1, 100), "jiao": Fraction(1, 10), "yuan": Fraction(1), "1": Fraction(1)}


@dataclass(frozen=True)
class Missing:
    """No value. `knowingly`: a blank cell of a column whose blank is `none`."""

    knowingly: bool = False


MISSING = Missing()
Value = Fraction | Day | str | bool | Missing
EntitlementKey = tuple[int, str, str, str]
PaymentKey = tuple[str, str, str, str, str, str | None, str | None, str | None]


@dataclass(frozen=True)
class OracleResult:
    """In fen. `entitlements`: (version, clause, subject, period) -> state, owed before and after limits, all units.
    `payments`: (clause, payee, due day, period, payer, place, facility, district) -> owed, cut, amount."""

    entitlements: dict[EntitlementKey, tuple[State, int, int]]
    payments: dict[PaymentKey, tuple[int, int, int]]


# --- numbers and days ----------------------------------------------------------------------------------------------


def rounded(value: Fraction, step: Fraction, way: str) -> Fraction:
    steps = abs(value) / step
    whole = math.floor(steps)
    if (way == "half_up" and steps - whole >= Fraction(1, 2)) or (way == "up" and steps > whole):
        whole += 1
    return whole * step * (-1 if value < 0 else 1)


def divided(total: int, weights: Sequence[Fraction | int]) -> list[int]:
    """The one split: largest remainder on the absolute value, ties to the earlier."""
    if total == 0:
        return [0] * len(weights)
    if any(weight < 0 for weight in weights) or not any(weights):
        raise ValueError(f"cannot divide {total} over {weights}")
    quotas = [Fraction(abs(total)) * weight / sum(weights) for weight in weights]
    shares = [math.floor(quota) for quota in quotas]
    by_remainder = sorted(range(len(weights)), key=lambda i: shares[i] - quotas[i])
    for i in by_remainder[: abs(total) - sum(shares)]:
        shares[i] += 1
    return shares if total > 0 else [-share for share in shares]


def divided_with_rest(total: int, weights: Sequence[Fraction | int], step: Fraction) -> list[int]:
    """In multiples of `step`, the last with a weight taking the rest; rounded down where half up is too much."""
    quotas = [Fraction(total) * weight / sum(weights) for weight in weights]
    for way in ("half_up", "down"):
        parts = [int(rounded(quota, step, way)) for quota in quotas]
        last = max(i for i, weight in enumerate(weights) if weight)
        parts[last] = 0
        if abs(sum(parts)) <= abs(total):
            break
    parts[last] = total - sum(parts)
    return parts


def distributed(total: int, weights: list[Fraction], low: list[int], high: list[int | None]) -> list[int]:
    """Each its weight times one rate, between its two ends; the rate is looked for between all rates that matter."""
    if sum(low) >= total:
        return divided(total, low)
    most = [total + least if end is None else end for end, least in zip(high, low, strict=True)]
    if None not in high and sum(most) <= total:
        return most

    def at(rate: Fraction) -> list[Fraction]:
        return [
            min(max(weight * rate, Fraction(least)), Fraction(end))
            for weight, least, end in zip(weights, low, most, strict=True)
        ]

    rates = sorted({Fraction(0)} | {end / w for w, end in zip(weights * 2, low + most, strict=True) if w})
    above = next(rate for rate in rates if sum(at(rate)) >= total)
    below = max(rate for rate in rates if sum(at(rate)) < total)
    before, after = sum(at(below)), sum(at(above))
    quotas = at(below + (above - below) * (total - before) / (after - before))
    shares = [math.floor(quota) for quota in quotas]
    for i in sorted(range(len(shares)), key=lambda i: shares[i] - quotas[i])[: total - sum(shares)]:
        shares[i] += 1
    return shares


def fen(yuan: Fraction) -> int:
    if (yuan * 100).denominator != 1:
        raise ValueError(f"{yuan} yuan has a part of a fen")
    return int(yuan * 100)


def month_of(day: Day) -> int:
    return day.year * 12 + day.month - 1


def last_of_month(month: int) -> Day:
    year, number = divmod(month, 12)
    return Day(year, number + 1, calendar.monthrange(year, number + 1)[1])


def period_around(day: Day, every: str) -> tuple[Day, Day]:
    months = MONTHS_IN[every]
    first = month_of(day) // months * months
    return Day(first // 12, first % 12 + 1, 1), last_of_month(first + months - 1)


def label(every: str, start: Day) -> str:
    if every == "month":
        return f"{start.year}-{start.month:02d}"
    if every == "quarter":
        return f"{start.year}-Q{(start.month + 2) // 3}"
    if every == "half_year":
        return f"{start.year}-H{(start.month + 5) // 6}"
    return str(start.year) if every == "year" else start.isoformat()


def months_later(day: Day, months: int) -> Day:
    end = last_of_month(month_of(day) + months)
    return end.replace(day=min(day.day, end.day))


def full_months(since: Day, on: Day) -> int:
    reached = on.day >= since.day or on == last_of_month(month_of(on))
    return month_of(on) - month_of(since) - (0 if reached else 1)


def number(text: str) -> Fraction:
    return Fraction(text[:-1]) / 100 if text.endswith("%") else Fraction(text)


def month_number(text: str) -> Fraction:
    return Fraction(int(text[:4]) * 12 + int(text[5:7]) - 1)


def plain_value(text: str) -> Value:
    """What a text says of itself: a day, a month, yes or no, a number or a category."""
    if re.fullmatch(r"\d{4}-\d\d-\d\d", text):
        return Day.fromisoformat(text)
    if re.fullmatch(r"\d{4}-\d\d", text):
        return month_number(text)
    if re.fullmatch(r"-?\d+(\.\d+)?%?", text):
        return number(text)
    return {"yes": True, "no": False}.get(text, text)


# --- rows and where they are read ----------------------------------------------------------------------------------


@dataclass(eq=False)
class Row:
    table: str
    key: str
    cells: Cells
    first: Day | None = None  # of its own life
    last: Day | None = None
    spell_first: Day | None = None

    @property
    def count(self) -> int:
        return int(self.cells.get("count") or 1)

    @property
    def is_counted(self) -> bool:
        return bool(self.cells.get("count"))


@dataclass(frozen=True)
class At:
    """A row as read: in a period (for once and event, a day), on a reading day, with the steps known by then."""

    row: Row
    every: str | None
    start: Day = Day.min
    end: Day = Day.min
    day: Value = MISSING
    year: int = 0
    month: int = 0
    first: Day = Day.min  # of the life within the period
    last: Day = Day.min
    steps: Mapping[str, ex.Expression] = field(default_factory=dict)
    facts_only: bool = False
    through_reference: bool = False

    @property
    def around(self) -> Value:
        """The day in whose periods aggregates are taken."""
        return self.day if self.every in ("once", "event") else self.end


@dataclass(eq=False)
class Entitlement:
    world: World
    clause: str
    at: At
    period: str
    date: Day
    state: State
    amount: Fraction = Fraction(0)  # of one unit, in yuan
    parts: dict[str, Fraction] = field(default_factory=dict)
    units: list[int] = field(default_factory=list)
    asked: dict[str, Any] = field(default_factory=dict)  # what a distributed sum needs to know of the row

    @property
    def row(self) -> Row:
        return self.at.row

    def read(self, fact: ex.Expression) -> Value:
        return self.world.evaluate(fact, self.at)


@dataclass(eq=False)
class Unit:
    of: Entitlement
    index: int

    @property
    def amount(self) -> int:
        return self.of.units[self.index]

    @amount.setter
    def amount(self, amount: int) -> None:
        self.of.units[self.index] = amount


@dataclass(eq=False)
class Part:
    owed: int = 0
    cut: int = 0

    @property
    def amount(self) -> int:
        return self.owed - self.cut


@dataclass(eq=False)
class Line:
    clause: str
    payee: str
    due: Day
    period: str
    facility: str | None
    district: str | None
    entitlements: list[Entitlement] = field(default_factory=list)
    amount: int = 0
    parts: dict[str, Part] = field(default_factory=dict)


class World:
    """One version of a schedule over one roster."""

    def __init__(
        self, version: dict[str, Any], index: int, spans: Sequence[tuple[Day, Day]],
        rows: Mapping[str, Sequence[Cells]], end: str, horizon: int,
    ) -> None:  # fmt: skip
        self.version, self.index, self.spans, self.end, self.horizon = version, index, spans, end, horizon
        self.facts: dict[str, Any] = version["facts"]
        self.clauses: dict[str, Any] = version["clauses"]
        self.values: dict[str, Any] = version["values"]
        self.limits: dict[str, Any] = version["limits"]
        self.rows = {table: self.rows_of(table, rows.get(table, ())) for table in self.facts}
        self.by_key = {table: {row.key: row for row in found} for table, found in self.rows.items()}
        self.done: dict[str, dict[tuple[Row, Day], Entitlement]] = {}
        self.worlds: list[World] = [self]  # the versions of this schedule
        self.others: list[World] = []  # those of the schedules it is calculated with

    @property
    def schedule(self) -> str:
        return str(self.version["schedule"])

    def is_in_force(self, day: Day, district: str | None) -> bool:
        first, last = self.spans[self.index]
        return first <= day <= last and (self.version["districts"] is None or district in self.version["districts"])

    # --- tables ----------------------------------------------------------------------------------------------------

    def columns(self, table: str) -> dict[str, Any]:
        columns: dict[str, Any] = self.facts[table]["columns"]
        return columns

    @functools.cache  # noqa: B019 - an oracle lives as long as its test
    def key_column(self, table: str) -> str | None:
        return next((name for name, column in self.columns(table).items() if column["type"] == "key"), None)

    def own_key(self, clause: str) -> str | None:
        return self.key_column(self.clauses[clause]["for"]) if clause in self.clauses else None

    @functools.cache  # noqa: B019
    def life(self, table: str) -> tuple[str, str] | None:
        if self.facts[table]["span"]:
            first, last = self.facts[table]["span"]
            return first, last
        return ("from", "to") if {"from", "to"} <= set(self.columns(table)) else None

    @functools.cache  # noqa: B019
    def references(self, table: str) -> dict[str, str]:
        return {name: column["table"] for name, column in self.columns(table).items() if column["type"] == "ref"}

    @functools.cache  # noqa: B019
    def is_history(self, table: str) -> bool:
        return self.key_column(table) is None and "from" in self.columns(table)

    @functools.cache  # noqa: B019
    def histories(self, table: str) -> list[tuple[str, str, str]]:
        """Tables of dated rows about this one, with the columns that link them: theirs and this table's."""
        return list(self._histories(table))

    def _histories(self, table: str) -> Iterator[tuple[str, str, str]]:
        if self.is_history(table):
            return
        for other in self.facts:
            if not self.is_history(other):
                continue
            references = self.references(other)
            if "person" in self.columns(other):
                if "person" in self.columns(table):
                    yield other, "person", "person"
            elif len(references) == 1 and table in references.values():
                yield other, next(iter(references)), self.key_column(table) or ""

    def rows_of(self, table: str, given: Sequence[Cells]) -> list[Row]:
        key = self.key_column(table)
        rows = [Row(table, (cells.get(key) if key else None) or "", cells) for cells in given]
        life = self.life(table)
        if life is None:
            return rows
        for row in rows:
            first, last = (self.cell(row, name) for name in life)
            row.first = row.spell_first = first if isinstance(first, Day) else None
            row.last = last if isinstance(last, Day) else None
        return self.spells(table, rows, life) if "person" in self.columns(table) else rows

    def spells(self, table: str, rows: list[Row], life: tuple[str, str]) -> list[Row]:
        merged: dict[Row, Row] = {}
        for row in sorted(rows, key=lambda row: (row.first or Day.min, row.key)):
            before = next((other for other in rows if self.adjoin(table, other, row)), None)
            if before is None:
                continue
            before = merged.get(before, before)
            row.spell_first = before.spell_first
            except_for = {self.key_column(table), *life}
            names = {*row.cells, *before.cells} - except_for
            if all((row.cells.get(name) or None) == (before.cells.get(name) or None) for name in names):
                before.last = row.last
                merged[row] = before
        return [row for row in rows if row not in merged]

    def adjoin(self, table: str, one: Row, two: Row) -> bool:
        """Whether `two` begins on the day after the last day written in `one`."""
        if one is two or one.is_counted or two.is_counted or not one.cells.get("person"):
            return False
        names = ["person", *self.references(table)]
        if any((one.cells.get(name) or None) != (two.cells.get(name) or None) for name in names):
            return False
        last_name = (self.life(table) or ("", ""))[1]
        last = self.typed(one, self.columns(table)[last_name], one.cells.get(last_name))
        return isinstance(last, Day) and last != ONGOING and two.first == last + datetime.timedelta(days=1)

    # --- cells -----------------------------------------------------------------------------------------------------

    def cell(self, row: Row, name: str) -> Value:
        """A cell of the row's own column; the first day is that of the spell."""
        life = self.life(row.table)
        if life and name == life[0] and row.spell_first is not None:
            return row.spell_first
        if life and name == life[1] and row.last is not None:
            return row.last
        return self.typed(row, self.columns(row.table)[name], row.cells.get(name))

    def typed(self, row: Row, column: dict[str, Any], text: str | None) -> Value:
        if not text:
            return self.blank(row, column)
        match column["type"]:
            case "date":
                return Day.fromisoformat(text)
            case "month":
                return month_number(text)
            case "year" | "number":
                return number(text)
            case "yes_no":
                return text == "yes"
            case _:
                return text

    def blank(self, row: Row, column: dict[str, Any]) -> Value:
        blank: str = column["blank"]
        if blank in ("missing", "none"):
            return Missing(blank == "none")
        if blank == "ongoing":
            return ONGOING
        if blank == "open":
            written = column[self.end]
            is_plain = re.fullmatch(r"-?[0-9.]+", written)
            return number(written) if is_plain else self.look_up(written, None, At(row, None))
        if blank == "0":
            return Fraction(0)
        return blank == "yes" if blank in ("yes", "no") else blank

    def history(self, row: Row, name: str, table: str, link: str, own: str, at: At) -> Value:
        """What the last dated row not after the reading day says; a cell of that name in the row itself goes first."""
        column = self.columns(table)[name]
        if row.cells.get(name):
            return self.typed(row, column, row.cells[name])
        whom = row.cells.get(own)
        if not isinstance(at.day, Day):
            return MISSING
        own_entries = [entry for entry in self.rows[table] if whom and entry.cells.get(link) == whom]
        dated = [(self.cell(entry, "from"), entry) for entry in own_entries]
        known = [(day, entry) for day, entry in dated if isinstance(day, Day) and day <= at.day]
        if not known:
            return self.blank(row, column)
        latest = max(known, key=lambda pair: pair[0])[1]
        return self.cell(latest, name)

    # --- names -----------------------------------------------------------------------------------------------------

    def has(self, table: str, name: str, at: At, hopped: bool) -> bool:
        is_alive = self.life(table) is not None
        return (
            name in self.columns(table)
            or any(name in self.history_facts(other, link) for other, link, _ in self.histories(table))
            or (name in LIFE_FACTS and at.every is not None and not (hopped or at.through_reference) and is_alive)
            or (name in self.clauses and not at.facts_only)
        )

    @functools.cache  # noqa: B019
    def history_facts(self, table: str, link: str) -> set[str]:
        return set(self.columns(table)) - {"from", link, "count"}

    def follow(self, row: Row, reference: str) -> Row | Missing:
        to = self.cell(row, reference)
        if isinstance(to, Missing):
            return to
        return self.by_key[self.references(row.table)[reference]].get(str(to), MISSING)

    def named(self, path: tuple[str, ...], at: At) -> tuple[Value, list[bool]]:
        """The value of a name; where it is missing, for each cause whether it is knowingly nothing."""
        *hops, last = path
        if not hops and last in at.steps:
            before = {name: at.steps[name] for name in list(at.steps)[: list(at.steps).index(last)]}
            inner = replace(at, steps=before)
            return self.with_causes(at.steps[last], inner)
        row = at.row
        for hop in hops:
            there = self.follow(row, hop)
            if isinstance(there, Missing):
                return there, [there.knowingly]
            row = there
        if self.has(row.table, last, at, bool(hops)):
            return self.on_row(row, last, at, bool(hops))
        if hops:
            raise KeyError(".".join(path))
        if last in ("year", "month", "month_of_year", "date") and at.every is not None:
            numbers = {"year": at.year, "month": at.month, "month_of_year": at.month % 12 + 1}
            return at.day if last == "date" else Fraction(numbers[last]), []
        if last in self.values:
            return self.value_with_causes(last, None, at)
        ways = [name for name, to in self.references(row.table).items() if self.has(to, last, at, True)]
        if len(ways) != 1:
            raise KeyError(last)
        return self.named((ways[0], last), at)

    def on_row(self, row: Row, name: str, at: At, hopped: bool) -> tuple[Value, list[bool]]:
        hopped = hopped or at.through_reference
        column = self.columns(row.table).get(name)
        if column and column["type"] not in ("formula", "aggregate"):
            return self.with_own_cause(self.cell(row, name))
        for table, link, own in self.histories(row.table):
            if name in self.history_facts(table, link):
                return self.with_own_cause(self.history(row, name, table, link, own, at))
        if column:
            if row.cells.get(name):
                return plain_value(row.cells[name] or ""), []
            if column["type"] == "aggregate":
                return self.with_own_cause(self.aggregate(row, column, at))
            inner = replace(at, row=row, steps={}, facts_only=True, through_reference=hopped)
            value, causes = self.with_causes(parsed(column["formula"]), inner)
            return value, causes
        if name in LIFE_FACTS:
            return self.life_fact(name, at), []
        return self.with_own_cause(self.other_clause(name, row, at))

    @staticmethod
    def with_own_cause(value: Value) -> tuple[Value, list[bool]]:
        return value, [value.knowingly] if isinstance(value, Missing) else []

    def life_fact(self, name: str, at: At) -> Value:
        row = at.row
        if name == "days_present":
            return Fraction((at.last - at.first).days + 1)
        if name == "entry_month":
            return Fraction(month_of(row.spell_first)) if row.spell_first else MISSING
        if not isinstance(at.day, Day):
            return MISSING
        if name == "days_in_month":
            return Fraction(last_of_month(month_of(at.day)).day)
        return (row.first or Day.max) <= at.day <= (row.last or Day.min)

    def other_clause(self, name: str, row: Row, at: At) -> Value:
        start, _ = period_around(at.end, self.clauses[name]["every"])
        everywhere = [one for world in self.worlds for one in world.entitled(name).values()]
        found = next((one for one in everywhere if one.row.key == row.key and one.at.start == start), None)
        if found is None or found.state == "why-not":
            return Fraction(0)
        return MISSING if found.state == "finding" else found.amount

    def aggregate(self, row: Row, column: dict[str, Any], at: At) -> Value:
        kind, around = column["aggregate"], at.around
        if kind == "running":
            return self.running(row, column)
        if column["every"] and not isinstance(around, Day):
            return MISSING
        span = period_around(around, column["every"]) if column["every"] and isinstance(around, Day) else None
        measures: list[tuple[Fraction | Day, int]] = []
        own = self.own_periods(row, column["each"], *span) if column["each"] and span else None
        for there, times in own or self.rows_about(row, column, span):
            measure = self.measured(column, there)
            if isinstance(measure, Missing):
                return MISSING
            if measure is not None:
                measures.append((measure, times))
        if kind in ("min", "max"):
            return (min if kind == "min" else max)(m for m, _ in measures) if measures else MISSING
        total = sum((Fraction(m) * n for m, n in measures if isinstance(m, Fraction)), Fraction(0))
        if kind in ("count", "sum"):
            return total
        return total / sum(n for _, n in measures) if measures else MISSING

    def measured(self, column: dict[str, Any], there: At) -> Fraction | Day | Missing | None:
        """What a row adds; None where it does not count."""
        there = replace(there, facts_only=True)
        counts = self.evaluate(parsed(column["where"]), there) if column["where"] else True
        if isinstance(counts, Missing):
            return MISSING
        if not counts:
            return None
        measure = self.evaluate(parsed(column["formula"]), there) if column["formula"] else Fraction(1)
        return measure if isinstance(measure, (Fraction, Day)) else MISSING

    def rows_about(self, row: Row, column: dict[str, Any], span: tuple[Day, Day] | None) -> Iterator[tuple[At, int]]:
        """The rows of another table that refer to this one, and for how many each stands."""
        over, every = column["table"], column["every"]
        link = next(name for name, to in self.references(over).items() if to == row.table)
        for other in self.rows[over]:
            if self.cell(other, link) == row.key:
                there = self.within(other, every, *span) if span else At(other, None)
                if there is not None:
                    yield there, other.count

    def own_periods(self, row: Row, each: str, start: Day, last: Day) -> Iterator[tuple[At, int]]:
        """The row in each shorter period of the longer one: those its life touches, or all of them."""
        while start <= last:
            start, end = period_around(start, each)
            there = self.within(row, each, start, end, always=True)
            if there is not None:
                yield there, 1
            start = end + datetime.timedelta(days=1)

    def running(self, row: Row, column: dict[str, Any]) -> Value:
        """The total of this row and all earlier ones (by day, then key) of its group."""
        if row.count > 1:
            return MISSING
        mine = self.place_in_line(row, column)
        if mine is None:
            return MISSING
        total = Fraction(0)
        for other in self.rows[row.table]:
            theirs = self.place_in_line(other, column)
            if theirs is None or theirs[1] != mine[1] or (theirs[0].end, other.key) > (mine[0].end, row.key):
                continue
            measure = self.measured(column, theirs[0])
            if isinstance(measure, Missing):
                return MISSING
            if isinstance(measure, Fraction):
                total += measure * other.count
        return total

    def place_in_line(self, row: Row, column: dict[str, Any]) -> tuple[At, list[Any]] | None:
        """The row read on its day, and what it must agree in; None where its day or any of that is blank."""
        day = self.evaluate(parsed(column["by"]), At(row, None, facts_only=True))
        if not isinstance(day, Day):
            return None
        at = At(row, "event", day, day, day, day.year, month_of(day), day, day, facts_only=True)
        group: list[Any] = [self.evaluate(parsed(name), at) for name in column["per"]]
        if any(isinstance(value, Missing) for value in group):
            return None
        return at, [*group, period_around(day, column["every"]) if column["every"] else None]

    def within(self, row: Row, every: str, start: Day, end: Day, always: bool = False) -> At | None:
        """The row in a period, if it is alive in it or belongs to it; without any date of its own it always is."""
        first, last = start, end
        if self.life(row.table):
            if row.first is None or row.last is None or row.first > end or row.last < start:
                return None
            first, last = max(start, row.first), min(end, row.last)
        elif not always and not self.is_timeless(row.table):
            own = self.own_period(row, every)
            if own is None or not (start <= own[0] and own[1] <= end):
                return None
        return At(row, every, start, end, last, end.year, month_of(end), first, last)

    def is_timeless(self, table: str) -> bool:
        return all(column["type"] not in ("date", "month", "year") for column in self.columns(table).values())

    def own_period(self, row: Row, every: str) -> tuple[Day, Day] | None:
        """The period that the column `year` or `month` of a row names."""
        columns = self.columns(row.table)
        if every == "year" and columns.get("year", {}).get("type") == "year":
            year = self.cell(row, "year")
            return period_around(Day(int(year), 1, 1), "year") if isinstance(year, Fraction) else None
        month = self.cell(row, "month") if columns.get("month", {}).get("type") == "month" else MISSING
        return period_around(last_of_month(int(month)), "month") if isinstance(month, Fraction) else None

    # --- values ----------------------------------------------------------------------------------------------------

    def look_up(self, name: str, arguments: Sequence[ex.Expression] | None, at: At) -> Value:
        return self.value_with_causes(name, arguments, at)[0]

    def value_with_causes(
        self, name: str, arguments: Sequence[ex.Expression] | None, at: At
    ) -> tuple[Value, list[bool]]:
        value = self.values[name]
        trees = [parsed(key) for key in value["by"]] if arguments is None else list(arguments)
        keys, causes = [], []
        for tree in trees:
            key, why = self.with_causes(tree, at)
            keys.append(key)
            causes += why
        if any(isinstance(key, Missing) for key in keys):
            return MISSING, causes
        return self.with_own_cause(self.figure(name, keys))

    def sliced(self, sliced: ex.Expression, rates: ex.Expression, at: At) -> tuple[Value, list[bool]]:
        """Each part of a quantity at the rate of its slice; nothing of a quantity below 0."""
        quantity, causes = self.with_causes(sliced, at)
        name = rates.name if isinstance(rates, ex.Call) else str(rates)
        trees = rates.arguments if isinstance(rates, ex.Call) else [parsed(k) for k in self.values[name]["by"][:-1]]
        pairs = [self.with_causes(tree, at) for tree in trees]
        causes += [cause for _, inner in pairs for cause in inner]
        keys = [key for key, _ in pairs]
        if any(isinstance(key, Missing) for key in (quantity, *keys)):
            return MISSING, causes
        assert isinstance(quantity, Fraction)
        slices = self.branch(name, keys)
        if isinstance(slices, Missing):
            return self.with_own_cause(MISSING)
        result = Fraction(0)
        for written, rate in slices.items():
            low, _, high = written.partition("..")
            begin = number(low.strip(">")) if low else Fraction(0)
            end = min(quantity, number(high.strip("<"))) if high else quantity
            if end > begin:
                result += (end - begin) * number(rate)
        return result, []

    def branch(self, name: str, keys: Sequence[Value]) -> Any:
        """What the figures hold under these keys."""
        at: Any = self.values[name]["is"]
        for key in keys:
            branches = [written for written in at if written != "other" and meets(written, key)]
            if not branches and "other" not in at:
                return MISSING
            at = at[branches[0]] if branches else at["other"]
        return at

    def figure(self, name: str, keys: Sequence[Value]) -> Value:
        at = self.branch(name, keys)
        if at == "none" or isinstance(at, Missing):
            return MISSING
        return Day.fromisoformat(at) if self.values[name]["unit"] == "date" else number(at)

    # --- expressions -----------------------------------------------------------------------------------------------

    def evaluate(self, tree: ex.Expression, at: At) -> Value:
        return self.with_causes(tree, at)[0]

    def with_causes(self, tree: ex.Expression, at: At) -> tuple[Value, list[bool]]:
        """The value, and for each missing fact that is read anywhere in it whether it is knowingly nothing."""
        match tree:
            case ex.Number(value):
                return value, []
            case ex.Category(value) | ex.DateLiteral(value):
                return value, []
            case ex.Name(path):
                return self.named(path, at)
            case ex.Call(name, arguments) if name in self.values:
                return self.value_with_causes(name, arguments, at)
            case ex.Call("slices", (sliced, rates)):
                return self.sliced(sliced, rates, at)
            case ex.Call("lowest_of" | "highest_of", (ex.Name((name,)),)):
                figures = [figure for figure in every_figure(self.values[name]["is"]) if figure != "none"]
                return (min if tree.name == "lowest_of" else max)(map(number, figures)), []
        pairs = [self.with_causes(inner, at) for inner in inner_trees(tree)]
        causes = [cause for _, inner in pairs for cause in inner]
        return self.operation(tree, [value for value, _ in pairs], at), causes

    def operation(self, tree: ex.Expression, values: list[Value], at: At) -> Value:
        match tree:
            case ex.Binary("and", _, _):
                return kleene(values, False)
            case ex.Binary("or", _, _):
                return kleene(values, True)
            case ex.Call("known", _):
                return not isinstance(values[0], Missing)
            case ex.If():
                if isinstance(values[0], Missing):
                    return MISSING
                return values[1] if values[0] else values[2]
        if any(isinstance(value, Missing) for value in values):
            return MISSING
        first: Any = values[0]
        others: list[Any] = values[1:]
        match tree:
            case ex.Unary("not", _):
                return not first
            case ex.Unary("-", _):
                return Fraction(-first)
            case ex.Binary(operator, _, _):
                return binary(operator, first, others[0])
            case ex.Between():
                return bool(others[0] <= first <= others[1])
            case ex.In():
                return first in others
            case ex.Round(_, to, way):
                step = STEPS[to] if to in STEPS else self.figure(to, ())
                assert isinstance(step, Fraction)
                return rounded(first, step, way)
            case ex.Call("least", _):
                return Fraction(min(first, *others))
            case ex.Call("greatest", _):
                return Fraction(max(first, *others))
            case ex.Call("nullif", _):
                return Fraction(first) if first != others[0] else MISSING
            case ex.Call("year_of", _):
                return Fraction(first.year)
            case ex.Call("month_of", _):
                return Fraction(month_of(first))
            case ex.Call("month_of_year", _):
                return Fraction(first.month)
            case ex.Call("month", _):
                return first * 12 + others[0] - 1
            case ex.Call(name, _):
                on = others[0] if others else at.day
                if not isinstance(on, Day):
                    return MISSING
                if name == "days_since":
                    return Fraction((on - first).days)
                months = full_months(first, on)
                return Fraction(months if name == "full_months_since" else months // 12)
        raise TypeError(tree)

    # --- clauses ---------------------------------------------------------------------------------------------------

    def entitled(self, name: str) -> dict[tuple[Row, Day], Entitlement]:
        if name not in self.clauses:
            return {}
        if name not in self.done:
            found = [self.entitlement(name, at) for at in self.places_of(name)]
            if self.clauses[name]["allocation"]:
                self.distribute(self.clauses[name]["allocation"], found)
            self.done[name] = {(one.row, one.at.start): one for one in found}
        return self.done[name]

    def places_of(self, name: str) -> Iterator[At]:
        """The rows of a clause that belong to this version, each in its periods or on its day."""
        clause = self.clauses[name]
        for row in self.rows[clause["for"]]:
            if clause["every"] in ("once", "event"):
                day = self.evaluate(parsed(clause["dated"]), At(row, None))
                if isinstance(day, Day):
                    at = At(row, clause["every"], day, day, day, day.year, month_of(day), day, day)
                    if self.belongs(clause, at) and self.placed(self.reading(clause, at))[0] is not False:
                        yield self.reading(clause, at)
                continue
            for at in self.periods_of(row, clause["every"]):
                if self.belongs(clause, at):
                    cut = self.cut_to_force(at)
                    if cut is not None and self.placed(self.reading(clause, cut))[0] is not False:
                        yield self.reading(clause, cut)

    def placed(self, at: At) -> tuple[Value, list[bool]]:
        """Whether a row stands in a district of the document."""
        districts = self.version["districts"]
        if districts is None:
            return True, []
        value, causes = self.named(("district",), replace(at, steps={}, facts_only=True))
        return (value if isinstance(value, Missing) else value in districts), causes

    def is_replaced(self, name: str, at: At) -> bool:
        """Whether a document in force on the row's date and in its district replaces the clause."""
        return any(
            clause["replaces"] == f"{self.schedule}:{name}" and other.is_in_force(at.end, self.text("district", at))
            for other in self.others
            for clause in other.clauses.values()
        )

    def periods_of(self, row: Row, every: str) -> Iterator[At]:
        if self.life(row.table):
            if row.first is None or row.last is None or row.last < row.first:
                return
            start, end = period_around(row.first, every)
            while start <= row.last and end.year <= self.horizon:
                first, last = max(start, row.first), min(end, row.last)
                yield At(row, every, start, end, last, end.year, month_of(end), first, last)
                start, end = period_around(end + datetime.timedelta(days=1), every)
        else:
            own = self.own_period(row, every)
            if own is not None and own[1].year <= self.horizon:
                yield At(row, every, *own, own[1], own[1].year, month_of(own[1]), *own)

    def belongs(self, clause: dict[str, Any], at: At) -> bool:
        day: Value = at.end
        if clause["version_by"]:
            day = self.evaluate(parsed(clause["version_by"]), at)
        first, last = self.spans[self.index]
        return isinstance(day, Day) and first <= day <= last

    def cut_to_force(self, at: At) -> At | None:
        """Only the days on which some version is in force count."""
        if not self.life(at.row.table):
            return at
        first, last = max(at.first, self.spans[0][0]), min(at.last, self.spans[-1][1])
        return replace(at, first=first, last=last, day=last) if first <= last else None

    def reading(self, clause: dict[str, Any], at: At) -> At:
        reads_at = clause["reads_at"]
        if reads_at == "last_day" or (reads_at == "first_day" and at.every in ("once", "event")):
            return at
        if reads_at == "first_day":
            return replace(at, day=at.first)
        day = self.evaluate(parsed(reads_at), at)
        if at.every in ("once", "event") and isinstance(day, Day):
            return replace(at, day=day, year=day.year, month=month_of(day))
        return replace(at, day=day)

    def entitlement(self, name: str, at: At) -> Entitlement:
        clause = self.clauses[name]
        steps = {step: parsed(written) for step, written in clause["steps"].items()}
        at = replace(at, steps=steps)
        period = label(clause["every"], at.start)
        state = "why-not" if self.is_replaced(name, at) else self.state(clause["when"], at)
        made = Entitlement(self, name, replace(at, steps={}), period, at.end, state)
        if made.state != "paid":
            return made
        if clause["allocation"]:
            made.asked = self.asked(clause["allocation"], at)
            if at.row.is_counted or MISSING in made.asked.values() or not self.can_be_paid(clause, made):
                made.state = "finding"
            return made
        amount = self.evaluate(parsed(clause["amount"]), at) if clause["amount"] else Fraction(0)
        parts = self.parts(clause, amount, at)
        if parts is not None and not clause["amount"]:
            amount = sum(parts.values(), Fraction(0))
        if parts is None or not isinstance(amount, Fraction) or not self.can_be_paid(clause, made):
            made.state = "finding"
            return made
        made.amount, made.parts = amount, parts
        made.units = [fen(amount)] * at.row.count
        return made

    def asked(self, allocation: dict[str, Any], at: At) -> dict[str, Any]:
        """Every number of the row that an allocation needs, by its name."""
        found: dict[str, Any] = {"sum": self.look_up(allocation["sum"], None, at)}
        for name, weight in allocation["factors"].items():
            found[f"factor {name}"] = self.evaluate(parsed(name), at)
            found[f"weight {name}"] = self.look_up(weight, None, at)
        for key in ("coefficient", "at_least", "at_most"):
            if allocation[key]:
                found[key] = self.evaluate(parsed(allocation[key]), at)
        return found | {f"per {key}": self.evaluate(parsed(key), at) for key in allocation["per"]}

    def distribute(self, allocation: dict[str, Any], found: list[Entitlement]) -> None:
        step = self.figure(allocation["to"], ()) if allocation["to"] else Fraction(1, 100)
        assert isinstance(step, Fraction)
        groups: dict[tuple[Any, ...], list[Entitlement]] = {}
        for one in sorted((one for one in found if one.state == "paid"), key=lambda one: one.row.key):
            keys = [one.asked[f"per {key}"] for key in allocation["per"]]
            groups.setdefault((one.at.start, *keys), []).append(one)
        for rows in groups.values():
            weights = [Fraction(0)] * len(rows)
            for name in allocation["factors"]:
                amounts = [one.asked[f"factor {name}"] for one in rows]
                if sum(amounts):
                    share = rows[0].asked[f"weight {name}"] / sum(amounts)
                    weights = [weight + amount * share for weight, amount in zip(weights, amounts, strict=True)]
            weights = [w * one.asked.get("coefficient", 1) for w, one in zip(weights, rows, strict=True)]
            low = [math.ceil(one.asked.get("at_least", Fraction(0)) / step) for one in rows]
            high = [
                least if not weight else
                max(least, math.floor(one.asked["at_most"] / step)) if "at_most" in one.asked else None
                for one, weight, least in zip(rows, weights, low, strict=True)
            ]  # fmt: skip
            places = distributed(int(rows[0].asked["sum"] / step), weights, low, high)
            for one, number_of_steps in zip(rows, places, strict=True):
                one.amount = number_of_steps * step
                one.units = [fen(one.amount)]

    def can_be_paid(self, clause: dict[str, Any], one: Entitlement) -> bool:
        """Whether the chunk, and the share to be taken back, are known."""
        chunk = (clause["pay"] or {}).get("chunk")
        if chunk and isinstance(self.look_up(chunk, None, one.at), Missing):
            return False
        clawback = clause["clawback"]
        if not clawback or isinstance(one.read(parsed(clawback["on"])), Missing):
            return True
        return not isinstance(one.read(parsed(clawback["share"])), Missing)

    def state(self, when: str | None, at: At) -> State:
        conditions = [self.placed(at)]
        conditions += [self.with_causes(tree, at) for tree in ex.conjuncts(parsed(when))] if when else []
        if any(value is False for value, _ in conditions):
            return "why-not"
        for value, causes in conditions:
            if isinstance(value, Missing):
                return "why-not" if causes and all(causes) else "finding"
        return "paid"

    def parts(self, clause: dict[str, Any], amount: Value, at: At) -> dict[str, Fraction] | None:
        parts: dict[str, Fraction] = {}
        steps = dict(at.steps)
        if clause["amount"]:
            steps["amount"] = parsed(clause["amount"])
        for payer, written in (clause["parts"] or {}).items():
            if written == "rest":
                if not isinstance(amount, Fraction):
                    return None
                part: Value = amount - sum(parts.values(), Fraction(0))
                if parts and isinstance(part, Fraction) and part < 0:
                    return None
            else:
                steps[payer] = parsed(written)
                part = self.evaluate(steps[payer], replace(at, steps=dict(steps)))
            if not isinstance(part, Fraction):
                return None
            parts[payer] = part
        return parts

    # --- payments --------------------------------------------------------------------------------------------------

    def text(self, name: str, at: At) -> str | None:
        """A fact that may not exist, or be blank."""
        try:
            value = self.evaluate(parsed(name), at)
        except KeyError:
            return None
        return None if isinstance(value, Missing) else str(value)

    def facility(self, at: At) -> str | None:
        if at.row.table == "facilities":
            return at.row.key
        homes = [name for name, to in self.references(at.row.table).items() if to == "facilities"]
        return self.text(homes[0], at) if len(homes) == 1 else None

    def place(self, payer: str, one: Entitlement) -> str | None:
        if payer not in self.version["payers"]:
            return None
        of = self.version["payers"][payer]["of"]
        return self.text(of or "district", one.at)

    def payee(self, clause: dict[str, Any], at: At) -> str:
        to = (clause["pay"] or {}).get("to")
        if to:
            return self.text(to, at) or ""
        return self.facility(at) or at.row.key

    def payers(self, clause: dict[str, Any]) -> list[str]:
        if clause["parts"] or isinstance(clause["split"], dict):
            return list(clause["parts"] or clause["split"])
        return [*self.version["payers"], "not_stated"]

    def payments_of(self, clause: dict[str, Any], one: Entitlement) -> Iterator[tuple[Day, list[int]]]:
        """What is paid of an entitlement on which days, and what is taken back of it (amounts of the units)."""
        paid = list(self.instalments(clause, one))
        yield from paid
        clawback = clause["clawback"]
        closed = one.read(parsed(clawback["on"])) if clawback else MISSING
        if isinstance(closed, Day) and closed != ONGOING and one.state == "paid":
            share = one.read(parsed(clawback["share"]))
            assert isinstance(share, Fraction)
            for due, amounts in paid:
                if due <= closed:
                    yield closed, [-int(rounded(amount * share, Fraction(1), "half_up")) for amount in amounts]

    def instalments(self, clause: dict[str, Any], one: Entitlement) -> Iterator[tuple[Day, list[int]]]:
        """Each due day that is paid, with the amounts of the units."""
        pay = clause["pay"]
        if not pay or not (pay["shares"] or pay["chunk"]):
            yield one.date, one.units
            return
        wait = 0
        if pay["not_before"]:
            length = {"month": 1, "year": 12}[self.values[pay["not_before"]]["unit"]]
            wait = int(self.values[pay["not_before"]]["is"]) * length
        divisions = [self.instalments_of(amount, pay, one) for amount in one.units]
        for n in range(max((len(division) for division in divisions), default=0)):
            due = months_later(one.date, max(n * MONTHS_IN[pay["every"]], wait))
            if self.is_paid_on(pay["while"], one, due):
                yield due, [division[n] if n < len(division) else 0 for division in divisions]

    def instalments_of(self, amount: int, pay: dict[str, Any], one: Entitlement) -> list[int]:
        if pay["shares"]:
            shares = self.values[pay["shares"]]["is"]
            return divided(amount, [number(shares[str(n + 1)]) for n in range(len(shares))])
        chunk = self.look_up(pay["chunk"], None, one.at)
        assert isinstance(chunk, Fraction)
        parts = []
        while amount:
            parts.append(max(-fen(chunk), min(fen(chunk), amount)))
            amount -= parts[-1]
        return parts

    def is_paid_on(self, condition: str | None, one: Entitlement, due: Day) -> bool:
        on = At(one.row, "event", due, due, due, due.year, month_of(due), due, due, facts_only=True)
        return condition is None or self.evaluate(parsed(condition), on) is True

    def lines(self, name: str) -> list[Line]:
        clause = self.clauses[name]
        lines: dict[tuple[Any, ...], Line] = {}
        payers = self.payers(clause) if clause["cash"] else []
        by_value = clause["split"] if isinstance(clause["split"], str) else None
        for one in self.entitled(name).values() if clause["cash"] else ():
            payee, facility, district = self.payee(clause, one.at), self.facility(one.at), self.text("district", one.at)
            for due, amounts in self.payments_of(clause, one):
                on = replace(one.at, year=due.year, month=month_of(due))
                by = self.values[by_value]["by"][:-1] if by_value else []
                keys = [due if key == "date" else self.evaluate(parsed(key), on) for key in by]
                places = [self.place(payer, one) for payer in payers]
                line = lines.setdefault(
                    (payee, due, one.period, *places, facility, district, *keys),
                    Line(name, payee, due, one.period, facility, district, parts={payer: Part() for payer in payers}),
                )
                line.entitlements.append(one)
                line.amount += sum(amounts)
                if clause["parts"]:
                    for amount in amounts:
                        weights = [one.parts[payer] for payer in payers]
                        for payer, part in zip(payers, divided(amount, weights), strict=True):
                            line.parts[payer].owed += part
        for line in lines.values():
            if not clause["parts"]:
                self.split(clause, line, payers, by_value)
        return list(lines.values())

    def split(self, clause: dict[str, Any], line: Line, payers: list[str], by_value: str | None) -> None:
        weights: list[Fraction] = [Fraction(clause["split"][payer]) for payer in payers] if not by_value else []
        if by_value:
            on = replace(line.entitlements[0].at, year=line.due.year, month=month_of(line.due))
            by = self.values[by_value]["by"][:-1]
            keys = [line.due if key == "date" else self.evaluate(parsed(key), on) for key in by]
            for payer in payers:
                weight = MISSING if MISSING in keys else self.figure(by_value, [*keys, payer])
                weights.append(weight if isinstance(weight, Fraction) else Fraction(0))
            if not any(weights):
                weights[payers.index("not_stated")] = Fraction(1)
        shares = divided(line.amount, weights)
        if clause["split_to"]:
            step = self.figure(clause["split_to"], ())
            assert isinstance(step, Fraction)
            shares = divided_with_rest(line.amount, weights, step * 100)
        for payer, part in zip(payers, shares, strict=True):
            line.parts[payer].owed = part


# --- limits and pots -----------------------------------------------------------------------------------------------


class Limit:
    """A limit or a pot, over all versions that have one of this name; its terms are those of the last of them."""

    def __init__(self, name: str, worlds: Sequence[World]) -> None:
        self.name = name
        self.others = worlds[0].others
        self.worlds = [world for world in worlds if name in world.limits]
        self.last = self.worlds[-1]
        self.terms: dict[str, Any] = self.last.limits[name]
        self.among: list[str] = self.terms["among"]
        self.per: list[str] = self.terms["per"]
        short: str = self.terms["when_short"] or ""
        self.fact = parsed(short.split(" ", 1)[1]) if " " in short else None
        self.is_shared = any(":" in clause for world in self.worlds for clause in world.limits[name]["among"])
        of_money = not self.terms["at_most"] or self.last.values[self.terms["at_most"]]["unit"] == "yuan"
        without_subject = all(key in MONTHS_IN or key == "district" for key in self.per)
        self.is_pot = of_money and (self.terms["payer"] is not None or without_subject)

    # --- on subjects -----------------------------------------------------------------------------------------------

    def apply(self) -> None:
        groups: dict[tuple[Any, ...], list[Unit]] = {}
        alone: list[Entitlement] = []
        for one in self.competitors():
            if "person" in self.per and one.row.is_counted:
                continue
            keys = [self.group_key(key, one) for key in self.per]
            if any(isinstance(key, Missing) for key in keys):
                continue
            if one.world.own_key(one.clause) in self.per:
                alone.append(one)
            for index, amount in enumerate(one.units):
                if amount > 0 and (index == 0 or one not in alone):
                    groups.setdefault(tuple(keys), []).append(Unit(one, index))
        for units in groups.values():
            if self.terms["keep"]:
                self.keep(units)
            else:
                self.cap(units)
        for one in alone:
            one.units[:] = one.units[:1] * len(one.units)

    def competitors(self) -> Iterator[Entitlement]:
        """In the order in which ties are settled."""
        for name in self.among:
            schedule, _, clause = name.rpartition(":")
            worlds = [world for world in self.others if world.schedule == schedule] if schedule else self.worlds
            found = [one for world in worlds for one in world.entitled(clause).values()]
            if schedule:
                found = [one for one in found if self.speaker(name, one.date, one.world.text("district", one.at))]
            yield from sorted(found, key=lambda one: (one.date, one.row.key))

    def speaker(self, name: str, day: Day, district: str | None) -> World | None:
        """The version in force that day, in that district, that names a clause of another schedule."""
        named = (world for world in self.worlds if name in world.limits[self.name]["among"])
        return next((world for world in named if world.is_in_force(day, district)), None)

    def ceiling(self, one: Entitlement) -> Value:
        """The figure of this schedule, by what its keys are in the row."""
        name: str = self.terms["at_most"]
        if one.world in self.worlds:
            return one.world.look_up(name, None, one.at)
        known_as = f"{one.world.schedule}:{one.clause}"
        world = self.speaker(known_as, one.date, one.world.text("district", one.at))
        assert world is not None
        keys = [one.world.evaluate(parsed(key), one.at) for key in world.values[name]["by"]]
        return MISSING if any(isinstance(key, Missing) for key in keys) else world.figure(name, keys)

    def group_key(self, key: str, one: Entitlement) -> Any:
        return period_around(one.date, key) if key in MONTHS_IN else one.read(parsed(key))

    def keep(self, units: list[Unit]) -> None:
        way: str = self.terms["keep"]
        winner = units[0]
        if way == "highest":
            winner = max(units, key=lambda unit: unit.amount)
        elif way != "first":
            fact = parsed(way.removeprefix("most "))
            winner = max(units, key=lambda unit: from_smallest(unit.of.read(fact)))
        for unit in units:
            if unit is not winner:
                unit.amount = 0

    def cap(self, units: list[Unit]) -> None:
        name: str = self.terms["at_most"]
        ceiling = self.ceiling(units[0].of)
        if not isinstance(ceiling, Fraction):
            return
        if self.last.values[name]["unit"].split("/")[0].strip() == "month":
            months = sorted({month_of(unit.of.date) for unit in units})[: int(ceiling)]
            for unit in units:
                if month_of(unit.of.date) not in months:
                    unit.amount = 0
            return
        classes = [unit.of.read(self.fact) if self.fact else Fraction(0) for unit in units]
        if self.last.values[name]["unit"] != "yuan":
            in_order = sorted(range(len(units)), key=lambda i: upwards(classes[i]))
            for i in in_order[int(ceiling) :]:
                units[i].amount = 0
            return
        available = max(math.floor(ceiling * 100), 0)
        left = rationed(self.terms, available, [unit.amount for unit in units], classes)
        for unit, amount in zip(units, left, strict=True):
            unit.amount = amount

    # --- on the parts of payers --------------------------------------------------------------------------------------

    def draw_on(self, lines: list[Line]) -> None:
        groups: dict[tuple[Any, ...], list[tuple[Line, str]]] = {}
        for line in self.concerned(lines):
            group = tuple(line.district if key == "district" else period_around(line.due, key) for key in self.per)
            for payer, part in line.parts.items():
                if self.terms["payer"] in (None, payer) and part.amount > 0:
                    groups.setdefault(group, []).append((line, payer))
        for group, members in groups.items():
            by_name = dict(zip(self.per, group, strict=True))
            ceiling, used = (self.figure(self.terms[name], by_name) for name in ("at_most", "used_before"))
            if self.terms["refund"]:
                self.refund(members, ceiling, used)
                continue
            if ceiling is None:
                continue
            classes = [self.class_of(line) for line, _ in members]
            amounts = [line.parts[payer].amount for line, payer in members]
            available = max(math.floor((ceiling - (used or 0)) * 100), 0)
            left = rationed(self.terms, available, amounts, classes)
            for (line, payer), amount, paid in zip(members, amounts, left, strict=True):
                line.parts[payer].cut += amount - paid
                if self.terms["rest_to"]:
                    line.parts.setdefault(self.terms["rest_to"], Part()).owed += amount - paid

    def refund(self, members: list[tuple[Line, str]], ceiling: Fraction | None, used: Fraction | None) -> None:
        share = self.last.figure(self.terms["refund"]["share"], ())
        assert isinstance(share, Fraction)
        amounts = [line.parts[payer].amount for line, payer in members]
        total = int(rounded(sum(amounts) * share, Fraction(1), "half_up"))
        if ceiling is not None:
            total = min(total, max(math.floor((ceiling - (used or 0)) * 100), 0))
        for (line, payer), back in zip(members, divided(total, amounts), strict=True):
            line.parts[payer].owed -= back
            line.parts.setdefault(self.terms["refund"]["by"], Part()).owed += back

    def concerned(self, lines: list[Line]) -> list[Line]:
        """In the order in which ties are settled."""
        first, last = [int(year) for year in (self.terms["years"] or "1..9999").split("..")]
        found = [line for line in lines if self.is_over(line) and first <= line.due.year <= last]
        return sorted(found, key=lambda line: (
            self.among.index(self.known_as(line)), line.due, line.payee, line.district or "", line.facility or "",
            line.period,
        ))  # fmt: skip

    def known_as(self, line: Line) -> str:
        schedule = line.entitlements[0].world.schedule
        return line.clause if schedule == self.last.schedule else f"{schedule}:{line.clause}"

    def is_over(self, line: Line) -> bool:
        name = self.known_as(line)
        return name in self.among and (":" not in name or self.speaker(name, line.due, line.district) is not None)

    def figure(self, name: str | None, by_name: dict[str, Any]) -> Fraction | None:
        if name is None:
            return None
        keys: list[Value] = []
        for key in self.last.values[name]["by"]:
            own = by_name[key]
            if own is None:
                return None
            keys.append(own if key == "district" else Fraction(own[1].year if key == "year" else month_of(own[1])))
        figure = self.last.figure(name, keys)
        return figure if isinstance(figure, Fraction) else None

    def class_of(self, line: Line) -> Value:
        if self.fact is None:
            return Fraction(0)
        return min((one.read(self.fact) for one in line.entitlements), key=upwards)


# --- small helpers of the interpreter --------------------------------------------------------------------------------


def inner_trees(tree: ex.Expression) -> list[ex.Expression]:
    match tree:
        case ex.Call(_, arguments):
            return list(arguments)
        case ex.Unary(_, operand) | ex.Round(operand):
            return [operand]
        case ex.Binary(_, left, right):
            return [left, right]
        case ex.Between(operand, low, high):
            return [operand, low, high]
        case ex.In(operand, options):
            return [operand, *options]
        case ex.If(condition, then, otherwise):
            return [condition, then, otherwise]
    return []


def every_figure(figures: Any) -> Iterator[str]:
    """The figures of a value, whatever its keys."""
    if isinstance(figures, dict):
        for inner in figures.values():
            yield from every_figure(inner)
    else:
        yield figures


def kleene(values: Iterable[Value], decisive: bool) -> Value:
    values = list(values)
    if any(value is decisive for value in values):
        return decisive
    return MISSING if any(isinstance(value, Missing) for value in values) else not decisive


def binary(operator: str, left: Any, right: Any) -> Value:
    match operator:
        case "+":
            return Fraction(left + right)
        case "-":
            return Fraction(left - right)
        case "*":
            return Fraction(left * right)
        case "/":
            return MISSING if right == 0 else Fraction(left) / right
        case "=":
            return bool(left == right)
        case "<>":
            return bool(left != right)
        case "<":
            return bool(left < right)
        case "<=":
            return bool(left <= right)
        case ">":
            return bool(left > right)
    return bool(left >= right)


def meets(written: str, key: Value) -> bool:
    """Whether a key of the figures (a category, a number, `1..3`) is met."""
    if isinstance(key, bool):
        return written == ("yes" if key else "no")
    if isinstance(key, str):
        return written == key

    def end(text: str) -> Any:
        return plain_value(text)

    low, dots, high = written.partition("..")
    if not dots:
        return bool(end(written) == key)
    above = not low or (end(low[1:]) < key if low[0] == ">" else end(low) <= key)
    return above and (not high or (key < end(high[1:]) if high[0] == "<" else key <= end(high)))


def from_smallest(value: Value) -> tuple[int, Any]:
    return (0, 0) if isinstance(value, Missing) else (1, value)


def upwards(value: Value) -> tuple[int, Any]:
    """The order of classes: upwards, yes before no, missing last."""
    if isinstance(value, Missing):
        return (1, 0)
    return (0, not value if isinstance(value, bool) else value)


def rationed(terms: Mapping[str, Any], available: int, amounts: list[int], classes: list[Value]) -> list[int]:
    """What is left of the amounts where only `available` is there, class by class upwards, pro rata within one."""
    if terms["when_short"] == "report" or sum(amounts) <= available:
        return amounts
    left = [0] * len(amounts)
    for order in sorted({upwards(one) for one in classes}):
        members = [i for i, one in enumerate(classes) if upwards(one) == order]
        wanted = sum(amounts[i] for i in members)
        if wanted > available and terms["last"] == "nothing":
            break
        shares = (
            [amounts[i] for i in members] if wanted <= available
            else divided(available, [amounts[i] for i in members])
        )  # fmt: skip
        for i, share in zip(members, shares, strict=True):
            left[i] = share
        available -= sum(shares)
    return left


def in_force(versions: list[dict[str, Any]]) -> list[tuple[Day, Day]]:
    firsts = [Day.fromisoformat(version["in_force"]["from"]) for version in versions]
    spans = []
    for index, version in enumerate(versions):
        last = Day.fromisoformat(version["in_force"]["to"]) if version["in_force"]["to"] else ONGOING
        if index + 1 < len(versions):
            last = min(last, firsts[index + 1] - datetime.timedelta(days=1))
        spans.append((firsts[index], last))
    return spans


def horizon(versions: list[dict[str, Any]], rows: Mapping[str, Sequence[Cells]], year_asked: int) -> int:
    years = [year_asked]
    for version in versions:
        for table, given in rows.items():
            columns = version["facts"].get(table, {"columns": {}})["columns"]
            for cells in given:
                years += [
                    int((cells[name] or "")[:4])
                    for name, column in columns.items()
                    if column["type"] in ("date", "month", "year") and cells.get(name)
                ]
    return max(year for year in years if year < ONGOING.year)


def calculate(
    versions: list[dict[str, Any]], rows: Mapping[str, Sequence[Cells]], end: Literal["low", "high"], year_asked: int
) -> OracleResult:
    """All entitlements and payments, of every year, with open amounts at their low or high end.

    `versions`: `Version.canonical()` of each, oldest first. `rows`: cells as texts, by table.
    """
    return calculate_together([versions], rows, end, year_asked)[0]


def calculate_together(
    schedules: list[list[dict[str, Any]]], rows: Mapping[str, Sequence[Cells]], end: Literal["low", "high"],
    year_asked: int,
) -> list[OracleResult]:  # fmt: skip
    """The same for several schedules: first what each says of itself, then limits and pots over several of them."""
    by_schedule: list[list[World]] = []
    for versions in schedules:
        spans, last_year = in_force(versions), horizon(versions, rows, year_asked)
        by_schedule.append(
            [World(version, index, spans, rows, end, last_year) for index, version in enumerate(versions)]
        )
    for worlds in by_schedule:
        for world in worlds:
            world.worlds = worlds
            world.others = [other for others in by_schedule if others is not worlds for other in others]
    all_worlds = [world for worlds in by_schedule for world in worlds]
    found = [one for world in all_worlds for name in world.clauses for one in world.entitled(name).values()]
    before = [sum(one.units) for one in found]
    limits = [
        Limit(name, worlds)
        for worlds in by_schedule
        for name in dict.fromkeys(name for world in worlds for name in world.limits)
    ]
    limits.sort(key=lambda limit: limit.is_shared)
    for limit in limits:
        if not limit.is_pot:
            limit.apply()
    lines = [line for world in all_worlds for name in world.clauses for line in world.lines(name)]
    for limit in limits:
        if limit.is_pot:
            limit.draw_on(lines)
    return [result_of(worlds[0].schedule, found, before, lines) for worlds in by_schedule]


def result_of(schedule: str, found: list[Entitlement], before: list[int], lines: list[Line]) -> OracleResult:
    entitlements = {
        (one.world.index, one.clause, one.row.key, one.period): (one.state, owed, sum(one.units))
        for one, owed in zip(found, before, strict=True)
        if one.world.schedule == schedule
    }
    own = [line for line in lines if line.entitlements[0].world.schedule == schedule]
    return OracleResult(entitlements, {key: sums for key, sums in payments_of(own).items() if sums[0]})


def payments_of(lines: list[Line]) -> dict[PaymentKey, tuple[int, int, int]]:
    payments: dict[PaymentKey, tuple[int, int, int]] = {}
    for line in lines:
        one = line.entitlements[0]
        for payer, part in line.parts.items():
            where = (line.clause, line.payee, line.due.isoformat(), line.period, payer, one.world.place(payer, one))
            known = payments.get((*where, line.facility, line.district), (0, 0, 0))
            sums = (known[0] + part.owed, known[1] + part.cut, known[2] + part.amount)
            payments[(*where, line.facility, line.district)] = sums
    return payments
