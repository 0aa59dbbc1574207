"""Explanations: what they show is enough to work the amount out again, and they say what an officer needs."""

from __future__ import annotations

import json
import os
import random
from pathlib import Path
from typing import Any

import pytest
from explained import EXPLAINED, FOLDER
from hypothesis import HealthCheck, Phase, given, settings
from random_schedules import Case, cases
from shown_steps import amount_of, fen
from test_results import ROWS
from xian import XIAN

import subsidy
from subsidy import Result, Roster, calculate
from subsidy.budget.cases import case_files, load_case, read_cases
from subsidy.finding import Language
from subsidy.schedule.catalogue import Schedule
from subsidy.schedule.load import load_text

THOROUGH = bool(os.environ.get("CHECK_ALL"))
EXAMPLE = Path(__file__).parent.parent / "examples" / "xian" / "roster"
CASES = [case for file in case_files(Path(__file__).parent / "cases") for case in read_cases(file)]


def entitlements(result: Result) -> list[Any]:
    return list(result.entitlements().itertuples())


def check(result: Result, rows: list[Any], several: bool = False) -> None:
    """That the steps shown for each of these entitlements lead to what the ledger says is owed."""
    for row in rows:
        named = f"{row.schedule}:{row.clause}"
        clause = named if several and named in result.items else row.clause
        for language in ("zh", "en") if row.Index % 7 == 0 else ("en",):
            shown = result.explain(clause, row.subject, row.period, language).to_dict()
            if shown["version"] != row.version:
                continue  # of two versions in one period the first is explained
            assert json.loads(json.dumps(shown)) == shown
            assert amount_of(shown) == fen(shown["amount"]) == fen(str(row.owed)), (row.clause, row.subject, row.period)


# --- the steps that are shown --------------------------------------------------------------------------------------


def test_steps_of_a_small_roster_lead_to_the_ledger() -> None:
    result = calculate(XIAN, Roster(**ROWS), 2022, proceed=True)
    check(result, entitlements(result))


@pytest.fixture(scope="module")
def example() -> Result:
    return subsidy.calculate(XIAN, subsidy.read_roster(EXAMPLE), year=2023, proceed=True)


def test_steps_of_random_cells_of_the_example_lead_to_the_ledger(example: Result) -> None:
    rows = entitlements(example)
    check(example, random.Random(1).sample(rows, 2000 if THOROUGH else 40))


def test_steps_of_cases_lead_to_the_ledger() -> None:
    for case in CASES if THOROUGH else CASES[::5]:
        schedules, result = load_case(case)
        check(result, entitlements(result)[: None if THOROUGH else 8], len(schedules) > 1)


@settings(
    max_examples=500 if THOROUGH else 2,
    derandomize=not THOROUGH,
    phases=tuple(Phase) if THOROUGH else (Phase.explicit, Phase.generate),
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
@given(cases())
def test_steps_of_random_schedules_lead_to_the_ledger(case: Case) -> None:
    versions = tuple(load_text(written) for written in case.texts)
    schedule = Schedule(versions, tuple(Path(f"{number}.yaml") for number in range(len(versions))))
    result = subsidy.calculate(schedule, Roster(**case.rows), year=case.year, proceed=True)
    rows = entitlements(result)
    check(result, rows if len(rows) < 20 else random.Random(2).sample(rows, 20))


# --- what they say ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("name", EXPLAINED)
def test_an_explanation_reads_as_it_is_kept(name: str, language: Language) -> None:
    """`UPDATE_EXPLANATIONS=1` writes the texts anew, to be read before they are kept."""
    file = FOLDER / f"{name}.{language}.txt"
    text = f"{EXPLAINED[name].text(language)}\n"
    if os.environ.get("UPDATE_EXPLANATIONS"):
        file.parent.mkdir(exist_ok=True)
        file.write_text(text, encoding="utf-8")
    assert file.read_text(encoding="utf-8") == text


def test_no_text_is_kept_that_is_not_tested() -> None:
    assert {file.name.partition(".")[0] for file in FOLDER.iterdir()} == set(EXPLAINED)
