"""What is expected beside what was calculated, with the steps that led there: of examples and of cases."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Literal

from pydantic import model_validator

from subsidy.budget.ledger import FINDING, entitlement_table, payment_table
from subsidy.budget.result import Result
from subsidy.finding import Finding, Language, Place, Refusal, Text
from subsidy.money import fen, yuan_text
from subsidy.schedule.written import Amount, Date, Filled, Name, Part, Period

MOST_STEPS = 3
NO_ROW = {
    "zh": "没有这样的一行；请核对对象、期次和施行期",
    "en": "there is no such row: check subject and period, and the days in force",
}
MORE = {"zh": "另有 {} 项", "en": "and {} more"}


class Expected(Part):
    """A sum of a ledger's rows, in yuan: of entitlements, or of payments where payer, payee or due day is named."""

    clause: Filled
    subject: Filled | None = None
    period: Period | None = None
    payer: Name | None = None
    payee: Filled | None = None
    due: Date | None = None
    amount: Amount | None = None
    state: Literal["paid", "why-not", "finding"] | None = None
    source: Filled | None = None

    @model_validator(mode="after")
    def _of_one_ledger(self) -> Expected:
        if self.amount is None and self.state is None:
            raise Refusal(
                Text("没有预期金额或状态", "there is no amount and no state to expect"),
                Text("请写 amount: 金额，或 state: why-not", "add amount: …, or state: why-not"),
            )
        if self.is_payment and (self.subject is not None or self.state is not None):
            raise Refusal(
                Text("拨付没有对象（subject）和状态（state）", "a payment has no subject and no state"),
                Text(
                    "payer、payee、due 与 subject、state 请分两项写",
                    "write two: one with payer, payee or due, one without",
                ),
            )
        return self

    @property
    def is_payment(self) -> bool:
        return (self.payer, self.payee, self.due) != (None, None, None)

    def named(self) -> str:
        """The clause and what narrows its rows down."""
        parts = (self.clause, self.subject, self.period, self.payee, self.payer, self.due)
        return " ".join(str(part) for part in parts if part is not None)


@dataclass(frozen=True)
class Compared:
    """One thing that was expected and what was found, as texts; `steps` explain the latter."""

    what: Text
    expected: str
    found: str
    steps: Callable[[Language], list[str]]

    @property
    def passed(self) -> bool:
        return self.expected == self.found


@dataclass(frozen=True)
class Outcome:
    """An example or a case that was run: where it stands, who says what is right, and every comparison."""

    name: Text
    place: Place
    source: str
    compared: tuple[Compared, ...]
    findings: tuple[Finding, ...]  # of the rows

    @property
    def passed(self) -> bool:
        return all(one.passed for one in self.compared)


class Ledgers:
    """The ledgers of a result, each read once, to be compared with what is expected."""

    def __init__(self, result: Result) -> None:
        self.result = result

    @functools.cached_property
    def entitlements(self) -> list[dict[str, Any]]:
        tables = (entitlement_table(one.schedule, one.high.run) for one in self.result.calculated)
        return [row for table in tables for row in table.to_pylist()]

    @functools.cached_property
    def payments(self) -> list[dict[str, Any]]:
        tables = (payment_table(one.schedule, one.high) for one in self.result.calculated)
        return [row for table in tables for row in table.to_pylist()]

    def compared(self, expected: Expected, calculated: bool = False) -> Iterator[Compared]:
        """The amount, the state, or both. `calculated`: no row, and none that is a finding, is an amount of 0."""
        rows = self._rows(expected)
        what = Text(expected.named(), expected.named())
        steps = functools.partial(self._steps, expected, rows)
        if expected.amount is not None:
            column = "amount" if expected.is_payment else "owed"
            found = yuan_text(sum(fen(row[column]) for row in rows))
            if calculated and (not rows or any(row["state"] == FINDING for row in rows)):
                found = FINDING if rows else "—"
            yield Compared(what, yuan_text(fen(expected.amount)), found, steps)
        if expected.state is not None:
            states = ", ".join(sorted({row["state"] for row in rows}))
            yield Compared(what, expected.state, states or "—", steps)

    def _rows(self, expected: Expected) -> list[dict[str, Any]]:
        schedule, _, clause = expected.clause.rpartition(":")
        wanted = {"schedule": schedule or None, "clause": clause}
        if expected.is_payment:
            due = expected.due.isoformat() if expected.due else None
            wanted |= {"payer": expected.payer, "payee": expected.payee, "due": due, "accrued": expected.period}
        else:
            wanted |= {"subject": expected.subject, "period": expected.period}
        rows = self.payments if expected.is_payment else self.entitlements
        return [row for row in rows if all(row[key] == value for key, value in wanted.items() if value is not None)]

    def _steps(self, expected: Expected, rows: list[dict[str, Any]], language: Language) -> list[str]:
        explain = self.result.explain_payment if expected.is_payment else self.result.explain
        who, when = ("payee", "due") if expected.is_payment else ("subject", "period")
        named = list(dict.fromkeys((row[who], row[when]) for row in rows if row[who] is not None))
        steps = [str(explain(expected.clause, key, day, language)) for key, day in named[:MOST_STEPS]]
        if len(named) > MOST_STEPS:
            steps.append(MORE[language].format(len(named) - MOST_STEPS))
        return steps or [NO_ROW[language]]
