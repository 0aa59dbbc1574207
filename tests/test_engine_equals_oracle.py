"""The engine and the oracle, on schedules and rosters drawn at random: every entitlement, payment and budget cell."""

from __future__ import annotations

import os
from collections import defaultdict
from pathlib import Path
from typing import Any

from engines import on_each_engine
from hypothesis import HealthCheck, Phase, given, settings
from oracle import EntitlementKey, OracleResult, PaymentKey, calculate
from random_schedules import Case, cases

import subsidy
from subsidy.schedule.catalogue import Schedule
from subsidy.schedule.load import load_text

Sums = tuple[int, ...]
THOROUGH = bool(os.environ.get("CHECK_ALL"))


def fen(yuan: Any) -> int:
    return int(yuan * 100)


def text(cell: Any) -> str | None:
    return cell if isinstance(cell, str) else None


def engine_entitlements(result: Any, first_days: list[str]) -> dict[EntitlementKey, tuple[str, int]]:
    return {
        (first_days.index(row.version), row.clause, row.subject, row.period): (row.state, fen(row.owed))
        for row in result.entitlements().itertuples()
    }


def oracle_entitlements(result: OracleResult) -> dict[EntitlementKey, tuple[str, int]]:
    """As the ledger shows them: what a limit took away altogether is a why-not."""
    return {
        key: ("why-not" if state == "paid" and before and not after else state, after)
        for key, (state, before, after) in result.entitlements.items()
    }


def engine_payments(result: Any) -> dict[PaymentKey, Sums]:
    sums: dict[PaymentKey, Sums] = defaultdict(lambda: (0, 0, 0))
    for row in result.payments().itertuples():
        key = (
            row.clause, text(row.payee) or "", row.due, row.accrued, row.payer,
            text(row.place), text(row.facility), text(row.district),
        )  # fmt: skip
        parts = (row.owed, row.cut, row.amount)
        sums[key] = tuple(old + fen(new) for old, new in zip(sums[key], parts, strict=True))
    return {key: parts for key, parts in sums.items() if parts[0]}


def oracle_budget(high: OracleResult, low: OracleResult, year: int) -> dict[tuple[str | None, str, str], list[int]]:
    cells: dict[tuple[str | None, str, str], list[int]] = defaultdict(lambda: [0, 0])
    for end, result in enumerate((high, low)):
        for (clause, _, due, _, payer, place, _, _), (_, _, amount) in result.payments.items():
            if due.startswith(str(year)):
                cells[place, clause, payer][end] += amount
    return {key: amounts for key, amounts in cells.items() if any(amounts)}


def engine_budget(result: Any) -> dict[tuple[str | None, str, str], list[int]]:
    rows = result.budget().itertuples()
    cells = {(text(row.district), row.clause, row.payer): [fen(row.amount), fen(row.low)] for row in rows}
    return {key: amounts for key, amounts in cells.items() if any(amounts)}


@settings(
    max_examples=400 if THOROUGH else 5,
    derandomize=not THOROUGH,
    phases=tuple(Phase) if THOROUGH else (Phase.explicit, Phase.generate),
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
@given(cases())
def test_engine_equals_oracle(case: Case) -> None:
    versions = tuple(load_text(written) for written in case.texts)
    schedule = Schedule(versions, tuple(Path(f"{number}.yaml") for number in range(len(versions))))
    canonical = [version.canonical() for version in versions]
    high = calculate(canonical, case.rows, "high", case.year)
    low = calculate(canonical, case.rows, "low", case.year)
    first_days = [version.first_day.isoformat() for version in versions]
    roster = subsidy.Roster(**case.rows)
    for result in on_each_engine(lambda: subsidy.calculate(schedule, roster, year=case.year, proceed=True)):
        assert engine_entitlements(result, first_days) == oracle_entitlements(high)
        assert engine_payments(result) == high.payments
        assert engine_budget(result) == oracle_budget(high, low, case.year)
