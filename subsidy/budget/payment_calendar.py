"""When what falls due, on what condition and by whom: one year's payments by day, and what is still to come."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

from subsidy import sql
from subsidy.budget.advance import Advance, Advanced, advanced, recurring
from subsidy.budget.calendar_words import Condition, conditions
from subsidy.budget.frames import Frames, Table, to_pandas
from subsidy.budget.payments import Payments
from subsidy.budget.result import Result
from subsidy.engine.instalments import refused_query
from subsidy.engine.run import Run
from subsidy.finding import Text
from subsidy.money import yuan_column, yuan_text
from subsidy.schedule.expression import parse
from subsidy.schedule.figures import day_of
from subsidy.schedule.spoken import spoken

if TYPE_CHECKING:
    import pandas as pd

    from subsidy.budget.receipt import Receipt

Kind = Literal["payment", "recovery", "advance", "settlement"]
By = Literal["day", "month"]
Fen = tuple[int, int]  # in the high and in the low calculation


@dataclass(frozen=True)
class Due:
    """What one clause pays on one day: how many payments, and each payer's part (fen; high and low)."""

    day: datetime.date
    clause: str
    kind: Kind
    payments: int
    payers: Mapping[str, Fen]

    @property
    def amount(self) -> int:
        return sum(high for high, _ in self.payers.values())

    @property
    def low(self) -> int:
        return sum(low for _, low in self.payers.values())


@dataclass(frozen=True)
class Refused:
    """An instalment that is not paid, because a condition does not hold on its day."""

    day: datetime.date
    clause: str
    subject: str
    instalment: int
    amount: int
    reason: Text

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready: due, clause, subject, instalment, amount (yuan), reason in both languages."""
        return {
            "due": self.day.isoformat(),
            "clause": self.clause,
            "subject": self.subject,
            "instalment": self.instalment,
            "amount": yuan_text(self.amount),
            "reason": {"zh": self.reason.zh, "en": self.reason.en},
        }


@dataclass(frozen=True)
class PaymentCalendar(Frames):
    """`due`: what falls due in the year of `result`. `later`: what of it and of earlier years falls due afterwards.

    `refused`: instalments of the year and later that are not paid. `advances`: by line and payer, where the recurring
    clauses are paid in advance and settled in the next year.
    """

    result: Result
    due: tuple[Due, ...]
    later: tuple[Due, ...]
    refused: tuple[Refused, ...]
    conditions: tuple[Condition, ...]
    advances: tuple[Advanced, ...] = ()

    frames = ("month", "day")

    def frame(self, by: By = "month") -> pd.DataFrame:
        """Columns due, clause, item, kind, payments, one for each payer, amount, low, cumulated (yuan, exact)."""
        return to_pandas(self._columns(by))

    def _table(self, name: str) -> Table:
        return Table.of("calendar", self._columns("day" if name == "day" else "month"))

    def receipts(self) -> dict[str, Receipt]:
        return self.result.receipts()

    def _columns(self, by: By) -> Any:
        import pyarrow as pa

        entries = self.entries(by)
        texts = {
            "due": [label(one.day, by) for one in entries],
            "clause": [one.clause for one in entries],
            "item": [self.result.items[one.clause] for one in entries],
            "kind": [one.kind for one in entries],
        }
        amounts = {payer: [one.payers.get(payer, (0, 0))[0] for one in entries] for payer in self.payers}
        amounts |= {"amount": [one.amount for one in entries], "low": [one.low for one in entries]}
        amounts["cumulated"] = list(cumulated(entries))
        columns: dict[str, Any] = {name: pa.array(values, pa.string()) for name, values in texts.items()}
        columns["payments"] = pa.array([one.payments for one in entries], pa.int64())
        columns |= {name: yuan_column(values) for name, values in amounts.items()}
        return pa.table(columns)

    @property
    def payers(self) -> list[str]:
        """The payers of the year and later, in the order of the schedules."""
        known = [payer for version in self.result.versions for payer in version.model.payers]
        found = {payer for one in (*self.due, *self.later) for payer in one.payers}
        return [*(payer for payer in dict.fromkeys(known) if payer in found), *sorted(found - {*known})]

    @property
    def total(self) -> int:
        """All that falls due in the year (fen)."""
        return sum(one.amount for one in self.due)

    def entries(self, by: By = "month") -> list[Due]:
        """What falls due in the year, by day as it is, or by month added up, on the first of it."""
        return list(self.due) if by == "day" else self._summed(self.due, lambda one: one.day.replace(day=1))

    def by_year(self) -> list[Due]:
        """What is still to come, by year, clause and kind; the day is the last of the year."""
        return self._summed(self.later, lambda one: datetime.date(one.day.year, 12, 31))

    def _summed(self, entries: Iterable[Due], day: Callable[[Due], datetime.date]) -> list[Due]:
        sums: dict[tuple[datetime.date, str, Kind], Due] = {}
        for one in entries:
            key = (day(one), one.clause, one.kind)
            sums[key] = _added(sums[key], one) if key in sums else replace(one, day=key[0])
        return sorted(sums.values(), key=lambda one: _in_order(self.result, one))

    def to_dict(self, by: By = "month") -> dict[str, Any]:
        """JSON-ready: year, total, low, entries, still_to_come (by year), conditions, refused, advances."""
        entries = self.entries(by)
        return {
            "year": self.result.year,
            "total": yuan_text(self.total),
            "low": yuan_text(sum(one.low for one in self.due)),
            "entries": [
                {"due": label(one.day, by), **self._entry(one), "cumulated": yuan_text(so_far)}
                for one, so_far in zip(entries, cumulated(entries), strict=True)
            ],
            "still_to_come": [{"year": one.day.year, **self._entry(one)} for one in self.by_year()],
            "conditions": [one.to_dict() for one in self.conditions],
            "refused": [one.to_dict() for one in self.refused],
            "advances": [one.to_dict() for one in self.advances],
        }

    def _entry(self, one: Due) -> dict[str, Any]:
        return {
            "clause": one.clause,
            "item": self.result.items[one.clause],
            "kind": one.kind,
            "payments": one.payments,
            "payers": {payer: yuan_text(one.payers[payer][0]) for payer in self.payers if payer in one.payers},
            "amount": yuan_text(one.amount),
            "low": yuan_text(one.low),
        }


def label(day: datetime.date, by: By) -> str:
    """`2023-03-31`, or the month of it, `2023-03`."""
    return day.isoformat() if by == "day" else day.isoformat()[:7]


def cumulated(entries: Iterable[Due]) -> Iterator[int]:
    """The sum of the amounts up to each entry (fen)."""
    so_far = 0
    for one in entries:
        so_far += one.amount
        yield so_far


def _in_order(result: Result, one: Due) -> tuple[datetime.date, int, str]:
    return one.day, list(result.items).index(one.clause), one.kind


def _added(one: Due, other: Due) -> Due:
    payers = dict(one.payers)
    for payer, (high, low) in other.payers.items():
        before = payers.get(payer, (0, 0))
        payers[payer] = (before[0] + high, before[1] + low)
    return replace(one, payments=one.payments + other.payments, payers=payers)


# --- making it -----------------------------------------------------------------------------------------------------


def payment_calendar(result: Result, advance: Advance | None = None) -> PaymentCalendar:
    """The calendar of a result's year, whatever its basis: a payment belongs to the day on which it is due.

    With `advance`, the recurring clauses are paid as an advance in the year and settled in the next. Raises Refusal for
    an advance that cannot be: a day the year does not have, or an estimate made with other schedules.
    """
    found: list[Due] = []
    refused: list[Refused] = []
    for one in result.calculated:
        left_out = recurring(one.schedule) if advance else set()
        for (number, clause, is_recovery), (payments, payers) in _read(one.high, one.low, result.year).items():
            day = day_of(number)
            if clause not in left_out or day.year != result.year:
                name = result.clause_name(one.schedule, clause)
                found.append(Due(day, name, "recovery" if is_recovery else "payment", payments, payers))
        refused += [
            replace(each, clause=result.clause_name(one.schedule, each.clause))
            for each in _refused(one.high.run, result.year)
        ]
    advances: Sequence[Advanced] = ()
    if advance is not None:
        advances = advanced(result, advance)
        found += _of_advances(advances, advance.days(result.year), advance.settled(result.year))
    found.sort(key=lambda one: _in_order(result, one))
    refused.sort(key=lambda one: (one.day, one.clause, one.subject, one.instalment))
    due = tuple(one for one in found if one.day.year == result.year)
    later = tuple(one for one in found if one.day.year > result.year)
    shown_clauses = {one.clause for one in found} | {one.clause for one in refused}
    told = tuple(one for one in conditions(result) if one.clause in shown_clauses)
    return PaymentCalendar(result, due, later, tuple(refused), told, tuple(advances))


def _of_advances(advances: Iterable[Advanced], days: Sequence[datetime.date], settled: datetime.date) -> Iterator[Due]:
    payees: dict[tuple[datetime.date, str, Kind], set[str]] = {}
    payers: dict[tuple[datetime.date, str, Kind], dict[str, Fen]] = {}
    for one in advances:
        parts: list[tuple[datetime.date, Kind, Fen]] = [
            (day, "advance", (paid, paid)) for day, paid in zip(days, one.advance, strict=True)
        ]
        parts.append((settled, "settlement", (one.settlement, one.low - sum(one.advance))))
        for day, kind, fen in parts:
            if fen != (0, 0):
                key = (day, one.clause, kind)
                payees.setdefault(key, set()).add(one.payee)
                sums = payers.setdefault(key, {})
                before = sums.get(one.payer, (0, 0))
                sums[one.payer] = (before[0] + fen[0], before[1] + fen[1])
    for (day, clause, kind), names in payees.items():
        yield Due(day, clause, kind, len(names), payers[day, clause, kind])


Key = tuple[int, str, bool]  # due day, clause, whether it is taken back


def _read(high: Payments, low: Payments, year: int) -> dict[Key, tuple[int, dict[str, Fen]]]:
    counts = _counts(high, year)
    amounts = _amounts(high, year)
    lows = amounts if low is high else _amounts(low, year)
    found: dict[Key, tuple[int, dict[str, Fen]]] = {}
    for key, payer in {**amounts, **lows}:
        _, payers = found.setdefault(key, (counts.get(key, 0), {}))
        payers[payer] = (amounts.get((key, payer), 0), lows.get((key, payer), 0))
    return found


def _concerned(year: int) -> sql.Sql:
    """Due in the year or later, for a period up to its end, and not 0."""
    return sql.all_of(
        [
            sql.compare(">=", sql.column("due#m"), sql.whole(year * 12)),
            sql.compare("<", sql.column("accrued#m"), sql.whole((year + 1) * 12)),
            sql.compare("<>", sql.column("amount"), sql.whole(0)),
        ]
    )


def _keys() -> list[tuple[str, sql.Sql]]:
    is_recovery = sql.compare("<", sql.column("amount"), sql.whole(0))
    return [("due", sql.column("due")), ("clause", sql.column("clause")), ("is_recovery", is_recovery)]


def _amounts(payments: Payments, year: int) -> dict[tuple[Key, str], int]:
    keys = [*_keys(), ("payer", sql.column("payer"))]
    total = sql.alias(sql.total(sql.column("amount")), "total")
    query = sql.select(
        [*(sql.alias(tree, name) for name, tree in keys), total],
        sql.table(payments.relation),
        where=_concerned(year),
        group=[tree for _, tree in keys],
    )
    rows = payments.run.prepared.rows(query)
    return {((due, clause, back), payer): amount for due, clause, back, payer, amount in rows}


def _counts(payments: Payments, year: int) -> dict[Key, int]:
    """How many payment lines there are of each."""
    columns = [sql.alias(tree, name) for name, tree in _keys()]
    lines = sql.select(
        [*columns, sql.column("version"), sql.column("line")],
        sql.table(payments.relation),
        where=_concerned(year),
        distinct=True,
    )
    keys = [sql.column(name) for name, _ in _keys()]
    query = sql.select([*keys, sql.alias(sql.how_many(), "lines")], sql.subquery(lines, "l"), group=keys)
    return {(due, clause, back): number for due, clause, back, number in payments.run.prepared.rows(query)}


def _refused(run: Run, year: int) -> Iterator[Refused]:
    for ledger in run.ledgers:
        plan, pay = ledger.clause.instalments, ledger.clause.model.pay
        if plan is None or not plan.conditions or pay is None or pay.while_ is None:
            continue
        condition = spoken(parse(pay.while_), run.prepared.schedule.latest)
        reason = Text(f"到期日不符合：{condition.zh}", f"not met on the due day: {condition.en}")
        for due, subject, instalment, amount in run.prepared.rows(refused_query(ledger, year)):
            yield Refused(day_of(due), ledger.clause.name, subject, instalment, amount, reason)
