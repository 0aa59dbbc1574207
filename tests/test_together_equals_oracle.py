"""Two schedules on one roster against the oracle, and two rosters that have nothing in common against their sum."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from engines import on_each_engine
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from oracle import OracleResult, calculate_together
from random_schedules import Case, Rows, cases, rosters
from random_together import Pair, pairs
from test_engine_equals_oracle import (
    THOROUGH,
    engine_budget,
    engine_entitlements,
    engine_payments,
    oracle_budget,
    oracle_entitlements,
)

import subsidy
from subsidy.schedule.catalogue import Schedule
from subsidy.schedule.load import load_text


def randomly(examples: int) -> Callable[[Any], Any]:
    return settings(
        max_examples=60 * examples if THOROUGH else examples,
        derandomize=not THOROUGH,
        phases=tuple(Phase) if THOROUGH else (Phase.explicit, Phase.generate),
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )


def schedule(texts: tuple[str, ...]) -> Schedule:
    versions = tuple(load_text(written) for written in texts)
    return Schedule(versions, tuple(Path(f"{number}.yaml") for number in range(len(versions))))


@dataclass(frozen=True)
class Of:
    """The ledgers of one schedule of a result."""

    result: subsidy.Result
    schedule: str

    def entitlements(self) -> Any:
        frame = self.result.entitlements()
        return frame[frame["schedule"] == self.schedule]

    def payments(self) -> Any:
        frame = self.result.payments()
        return frame[frame["schedule"] == self.schedule]


Cells = dict[tuple[str | None, str, str], list[int]]


def budget_of_all(several: list[Schedule], high: list[OracleResult], low: list[OracleResult], year: int) -> Cells:
    """The oracle's cells, with the schedule's name before clauses that several schedules have."""
    names = [{name for version in one.versions for name in version.clauses} for one in several]
    cells: Cells = defaultdict(lambda: [0, 0])
    for one, own_high, own_low in zip(several, high, low, strict=True):
        for (district, clause, payer), amounts in oracle_budget(own_high, own_low, year).items():
            shared = sum(clause in own for own in names) > 1
            cell = cells[district, f"{one.id}:{clause}" if shared else clause, payer]
            cell[0], cell[1] = cell[0] + amounts[0], cell[1] + amounts[1]
    return dict(cells)


@randomly(2)
@given(pairs())
def test_two_schedules_equal_the_oracle(case: Pair) -> None:
    several = [schedule(texts) for texts in case.texts]
    canonical = [[version.canonical() for version in one.versions] for one in several]
    high = calculate_together(canonical, case.rows, "high", case.year)
    low = calculate_together(canonical, case.rows, "low", case.year)
    roster = subsidy.Roster(**case.rows)
    for result in on_each_engine(lambda: subsidy.calculate(several, roster, year=case.year, proceed=True)):
        for one, own in zip(several, high, strict=True):
            first_days = [version.first_day.isoformat() for version in one.versions]
            assert engine_entitlements(Of(result, one.id), first_days) == oracle_entitlements(own)
            assert engine_payments(Of(result, one.id)) == own.payments
        assert engine_budget(result) == budget_of_all(several, high, low, case.year)


# --- two rosters ---------------------------------------------------------------------------------------------------

NAMES = ("facility", "person", "stay", "work", "dinner", "pact", "district", "operator", "group")
AS_FAR = {"person": "nobody", "from": "2026-01-01", "need": None}  # both rosters are calculated up to the same year


def without_what_is_shared(text: str) -> str:
    """The schedule without sums and places that all rows share, whoever they are."""
    document = yaml.safe_load(text)
    clauses = {name: clause for name, clause in document["clauses"].items() if "allocation" not in clause}
    limits = {}
    for name, limit in document["limits"].items():
        own = {**limit, "among": [clause for clause in limit["among"] if clause in clauses]}
        if own["among"] and not name.endswith(("_pot", "_refund")) and not name.startswith("first_"):
            limits[name] = own
    document |= {"clauses": clauses, "limits": limits}
    return yaml.safe_dump(document, sort_keys=False, allow_unicode=True)


def renamed(rows: Rows) -> Rows:
    """The same with every id another one."""
    return {
        table: [
            {name: f"{cell}b" if cell and name in NAMES else cell for name, cell in row.items()} for row in content
        ]
        for table, content in rows.items()
    }  # fmt: skip


def budget_on(policy: Schedule, rows: Rows, year: int) -> Cells:
    result = subsidy.calculate(policy, subsidy.Roster(**rows), year=year, proceed=True)
    return engine_budget(result)


@randomly(2)
@given(cases(), rosters(), st.booleans())
def test_rosters_with_nothing_in_common_add_up(case: Case, other: Rows, turned: bool) -> None:
    """Whatever order the rows stand in. Pots, which a whole roster shares, are left out."""
    policy = schedule(tuple(map(without_what_is_shared, case.texts)))
    one, two = dict(case.rows), renamed(other)
    one["needs"], two["needs"] = [*one["needs"], AS_FAR], [*two["needs"], AS_FAR]
    both: Rows = {table: [*one[table], *two[table]] for table in one}
    both["needs"] = [*one["needs"], *two["needs"][:-1]]
    if turned:
        both = {table: content[::-1] for table, content in both.items()}
    expected = {**budget_on(policy, one, case.year)}
    for key, amounts in budget_on(policy, two, case.year).items():
        known = expected.get(key, [0, 0])
        expected[key] = [known[0] + amounts[0], known[1] + amounts[1]]
    assert budget_on(policy, both, case.year) == expected
