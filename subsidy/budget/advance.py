"""Advances: a share of an estimate is paid during the year, the rest is settled in the next (多退少补)."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from subsidy import sql
from subsidy.budget.cells import in_year
from subsidy.budget.payments import Payments
from subsidy.budget.result import Result
from subsidy.finding import Refusal, Text
from subsidy.money import round_to, split, yuan_text
from subsidy.schedule.catalogue import Schedule
from subsidy.schedule.column import MONTHS_IN

MonthAndDay = tuple[int, int]
Line = tuple[str, str, str | None, str | None]  # clause, payee, facility, district
Payer = tuple[str, str | None]  # with its place


@dataclass(frozen=True)
class Advance:
    """`share` (0 to 1) of what `estimate` pays in its year, in equal parts on the days `on`; settled on `settle`.

    Days are (month, day): of the year, and for `settle` of the next. Raises Refusal for a share outside 0 to 100 %, no
    day, or a day twice.
    """

    share: Fraction
    on: tuple[MonthAndDay, ...]
    settle: MonthAndDay
    estimate: Result

    def __post_init__(self) -> None:
        if not 0 <= self.share <= 1:
            why = Text("预拨比例须在 0 至 100% 之间", "the share of an advance is from 0 to 100%")
            raise Refusal(why, Text("请写成 70%", "write it like 70%"))
        if not self.on or len(set(self.on)) < len(self.on):
            why = Text("预拨日须至少一个，且不重复", "an advance has one day at least, and none twice")
            raise Refusal(why, Text("请写成 03-31", "write it like 03-31"))

    def days(self, year: int) -> list[datetime.date]:
        """The days of the advance in a year, in order. Raises Refusal for one that the year does not have."""
        return sorted(_day(year, one) for one in self.on)

    def settled(self, year: int) -> datetime.date:
        """The day on which a year is settled. Raises Refusal for one that the next year does not have."""
        return _day(year + 1, self.settle)


def _day(year: int, day: MonthAndDay) -> datetime.date:
    try:
        return datetime.date(year, *day)
    except ValueError:
        written = f"{day[0]:02d}-{day[1]:02d}"
        why = Text(f"{year} 年没有 {written}", f"{year} has no {written}")
        raise Refusal(why, Text("请写成 03-31", "write it like 03-31")) from None


@dataclass(frozen=True)
class Advanced:
    """One payer's part of what a payee gets by a clause (fen): `advance` on each day, and what is owed in the end.

    The settlement is what is owed less the advance: below 0 it is taken back. `low`: owed in the low calculation.
    """

    clause: str
    payee: str
    payer: str
    place: str | None
    estimate: int
    advance: tuple[int, ...]
    owed: int
    low: int

    @property
    def settlement(self) -> int:
        return self.owed - sum(self.advance)

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready: clause, payee, payer, place, estimate, advance, owed, settlement (yuan)."""
        names = {"clause": self.clause, "payee": self.payee, "payer": self.payer, "place": self.place}
        amounts = (self.estimate, sum(self.advance), self.owed, self.settlement)
        return names | dict(zip(("estimate", "advance", "owed", "settlement"), map(yuan_text, amounts), strict=True))


def recurring(schedule: Schedule) -> set[str]:
    """The clauses that pay every month, quarter, half-year or year, each period at once."""
    return {
        name
        for version in schedule.versions
        for name, clause in version.clauses.items()
        if clause.model.every in MONTHS_IN and clause.instalments is None and clause.model.cash
    }


def advanced(result: Result, advance: Advance) -> list[Advanced]:
    """The advance and what is owed of the recurring clauses, by line and payer.

    Raises Refusal for an estimate that was made with other schedules.
    """
    ids, theirs = ([one.schedule.id for one in of.calculated] for of in (result, advance.estimate))
    if ids != theirs:
        why = Text("估算用的是别的补贴标准", "the estimate was made with other schedules")
        raise Refusal(why, Text(f"请用 {'、'.join(ids)} 估算", f"estimate with {', '.join(ids)}"))
    days = len(advance.on)
    found = []
    for one, estimated in zip(result.calculated, advance.estimate.calculated, strict=True):
        clauses = recurring(one.schedule)
        estimate = _by_line(estimated.high, clauses, advance.estimate.year)
        owed, low = (_by_line(payments, clauses, result.year) for payments in (one.high, one.low))
        order = list(one.schedule.latest.model.payers)
        for line in sorted({*estimate, *owed, *low}, key=repr):
            parts = [side.get(line, {}) for side in (estimate, owed, low)]
            payers = sorted({payer for part in parts for payer in part}, key=lambda payer: _place_in(order, payer))
            weights = [max(parts[0].get(payer, 0), 0) for payer in payers]
            total = int(round_to(advance.share * sum(weights), Fraction(1), "half_up"))
            for payer, paid in zip(payers, split(total, weights), strict=True):
                estimated_part, owed_part, low_part = (part.get(payer, 0) for part in parts)
                on_days = tuple(split(paid, [1] * days))
                name = result.clause_name(one.schedule, line[0])
                found.append(Advanced(name, line[1], *payer, estimated_part, on_days, owed_part, low_part))
    return found


def _place_in(order: Sequence[str], payer: Payer) -> tuple[int, str, str]:
    name, place = payer
    return (order.index(name) if name in order else len(order)), name, place or ""


def _by_line(payments: Payments, clauses: set[str], year: int) -> dict[Line, dict[Payer, int]]:
    keys = [sql.column(name) for name in ("clause", "payee", "facility", "district", "payer", "place")]
    concerned = sql.any_of(sql.compare("=", sql.column("clause"), sql.text(name)) for name in sorted(clauses))
    query = sql.select(
        [*keys, sql.alias(sql.total(sql.column("amount")), "amount")],
        sql.table(payments.relation),
        where=sql.all_of([concerned, in_year(sql.column("due#m"), year)]),
        group=keys,
    )
    found: dict[Line, dict[Payer, int]] = {}
    for *line, payer, place, amount in payments.run.prepared.rows(query) if clauses else ():
        found.setdefault(tuple(line), {})[payer, place] = amount
    return found
