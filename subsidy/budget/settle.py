"""Settling: both sides read, cut to the days that are compared, grouped, and each difference told with its reason."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from subsidy.budget.compared import (
    ANY,
    OF_ENTITLEMENTS,
    OF_PAYMENTS,
    Entry,
    Group,
    days_of,
    grouped,
)
from subsidy.budget.held import Held
from subsidy.budget.owed import Owed, States, keys_by_name, owed_now
from subsidy.budget.paid import Paid, read_paid
from subsidy.budget.paid_words import Words
from subsidy.budget.result import Result
from subsidy.budget.settlement import Line, Settlement
from subsidy.budget.settlement_reasons import Reasons
from subsidy.budget.window import Window
from subsidy.finding import Refusal, Text


def settle(
    result: Result, paid: Any, *, until: datetime.date | None = None, since: datetime.date | None = None
) -> Settlement:
    """Compare what a result owes with what was paid before.

    `paid`: one or a list of: a folder of `save_ledger` or of an earlier settlement, a file of payments (CSV, Parquet,
    workbook), a frame. They add up. What is due after `until` (by default the last day of the reported year) or before
    `since` (by default from the first) is not compared, on either side. Raises RosterError for payments that cannot be
    read, with everything that is wrong, and Refusal (a ValueError) for `since` after `until`.
    """
    last = until or datetime.date(result.year, 12, 31)
    if since is not None and since > last:
        why = Text(f"起日 {since} 晚于止日 {last}", f"{since} is after {last}")
        raise Refusal(why, Text("请核对两个日期", "check the two days"))
    is_several = isinstance(paid, (list, tuple)) and not (paid and isinstance(paid[0], Mapping))
    sources: Sequence[Any] = paid if is_several else [paid]
    now = owed_now(result)
    states = States(result)
    words = Words([one.schedule for one in result.calculated], now.entitlements, keys_by_name(result), states.has)
    days = "" if since is None else since.isoformat(), last.isoformat()
    return _Settling(result, now, states, read_paid(sources, words), days).settled(since, last)


class _Settling:
    """Both sides of a settlement, and the first (empty: none) and last day that are compared."""

    def __init__(self, result: Result, now: Owed, states: States, paid: Paid, days: tuple[str, str]) -> None:
        self.result, self.now, self.paid = result, now, paid
        self.window = Window(*days, states.is_blocked)
        self.held, self.reasons = Held(states), Reasons(result, paid, states)

    def settled(self, since: datetime.date | None, until: datetime.date) -> Settlement:
        groups, _ = self.window.groups(
            self.now.entitlements, self.paid.entitlements, OF_ENTITLEMENTS, self.window.held_of_entitlements
        )
        held = [self.held.of_entitlement(group) for group in groups]
        shares, ahead = self.window.groups(self.now.payments, self.paid.payments, OF_PAYMENTS, self.held.of_payments)
        entitlements = self._lines(groups, held, OF_ENTITLEMENTS, self.reasons.of_entitlement)
        payments = self._lines(shares, self.held.of_payments(shares), OF_PAYMENTS, self.reasons.of_payment)
        return Settlement(
            self.result,
            until,
            since,
            entitlements,
            payments,
            (_totals(groups), _totals(shares)),
            _in_order(self._to_come(ahead)),
            self.now.cut(self.window.since, self.window.until),
            self._untold(payments),
            tuple(sorted({*self.result.findings, *self.paid.findings, *self.held.findings})),
        )

    def _lines(
        self,
        groups: Sequence[Group],
        held: Sequence[int],
        columns: Sequence[str],
        reason: Callable[[Group, int], Text],
    ) -> tuple[Line, ...]:
        """The lines that differ, each with its reason."""
        return _in_order(
            replace(_line(group, columns, amount), reason=reason(group, amount))
            for group, amount in zip(groups, held, strict=True)
            if amount or group.owed != group.paid
        )

    def _to_come(self, ahead: Sequence[Entry]) -> Iterator[Line]:
        """What is due after the days that are compared, by its day, and what was paid of it already."""
        by_day: dict[str, tuple[list[Entry], list[Entry]]] = {}
        for side, entries in enumerate((self.now.payments, [*self.paid.payments, *ahead])):
            for entry in filter(self.window.is_later, entries):
                by_day.setdefault(entry.until, ([], []))[side].append(entry)
        for now, before in by_day.values():
            yield from (_line(group, OF_PAYMENTS, 0) for group in grouped(now, before, OF_PAYMENTS))

    def _untold(self, payments: Sequence[Line]) -> int:
        first = min((days[0] for entry in self.paid.payments if (days := days_of(entry))), default="")
        return sum(line.arrears for line in payments if line.due and line.due < first and not line.before)


def _totals(groups: Iterable[Group]) -> tuple[int, int]:
    owed = paid = 0
    for group in groups:
        owed, paid = owed + group.owed, paid + group.paid
    return owed, paid


def _in_order(lines: Iterable[Line]) -> tuple[Line, ...]:
    def order(line: Line) -> tuple[object, ...]:
        names = tuple((value is None, value or "") for value in (*line.key.values(), line.due))
        return names, line.now, line.before

    return tuple(sorted(lines, key=order))


def _line(group: Group, columns: Sequence[str], held: int) -> Line:
    last = group.now or group.before
    about = {name: _one({getattr(entry, name) for entry in last}) for name in ("item", "facility", "district")}
    who = _one({entry["person"] for entry in last})
    key = group.key(columns)
    return Line(
        key,
        group.owed,
        group.paid,
        held,
        max(entry.until for entry in group.entries),
        _one({entry.version for entry in last}) or "",
        _one({entry.issued for entry in last}) or "",
        person=None if who == ANY or key.get("subject") == ANY else who,
        **about,
    )


def _one(found: set[Any]) -> Any:
    return found.pop() if len(found) == 1 else None
