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
from xian import XIAN, city_entitlements, city_result

import subsidy
from subsidy import Result, Roster, calculate
from subsidy.budget.cases import case_files, load_case, read_cases
from subsidy.finding import Language
from subsidy.schedule.catalogue import Schedule
from subsidy.schedule.load import load_text

THOROUGH = bool(os.environ.get("CHECK_ALL"))
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


def test_steps_of_random_cells_of_the_example_lead_to_the_ledger() -> None:
    frame = city_entitlements()
    drawn = random.Random(1).sample(range(len(frame)), 300 if THOROUGH else 40)
    check(city_result(), list(frame.iloc[drawn].itertuples()))


def test_steps_of_cases_lead_to_the_ledger() -> None:
    for case in CASES if THOROUGH else CASES[::5]:
        schedules, result = load_case(case)
        check(result, entitlements(result)[: None if THOROUGH else 8], len(schedules) > 1)


@settings(
    max_examples=60 if THOROUGH else 2,
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


# --- what would have to change -------------------------------------------------------------------------------------

CHANGES = """\
schedule: test/changes
document: {number: "1", issuer: test, issued: 2022-01-01}
in_force: {from: 2022-01-01}
revision: 1
place: CN
payers: {city: {label: {zh: 市, en: city}}}
facts:
  homes:
    home: key
    opened: date
    built: date
    kind: [small, large, closed]
    beds: {bed: 0..900}
    nursing_beds: {bed: 0..900}
    public: yes_no
    cost: {yuan: 0..100000}
values:
  rate:   {unit: yuan / bed, by: [kind], is: {small: 10, large: 7.50, closed: none}}
  share:  {unit: percent, is: 60%}
  few:    {unit: bed, is: 15}
  many:   {unit: bed, is: 40}
  start:  {unit: date, is: 2022-03-01}
  window: {unit: month, is: 12}
clauses:
  grant:
    item: "1"
    for: homes
    every: once
    dated: opened
    when: CONDITION
    amount: beds * rate
    split: {city: 1}
"""
HOME = {
    "home": "H", "opened": "2022-02-10", "built": "2021-08-15", "kind": "small", "beds": "20", "nursing_beds": "11",
    "public": "no", "cost": "100",
}  # fmt: skip


def changed(condition: str, **cells: str) -> Result:
    version = load_text(CHANGES.replace("CONDITION", condition))
    homes = [{**HOME, **cells}]
    return calculate(Schedule((version,), (Path("1.yaml"),)), Roster(homes=homes), 2022, proceed=True)


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ("public", {"public": {"one_of": ["yes"]}}),
        ("kind in ('large', 'closed')", {"kind": {"one_of": ["large", "closed"]}}),
        ("beds between few and many and nursing_beds > few", {"nursing_beds": {"at_least": "16"}}),
        ("not (beds between few and many)", {"beds": [{"at_least": "41"}, {"at_most": "14"}]}),
        ("nursing_beds >= round beds * share to 1 up", {"nursing_beds": {"at_least": "12"}, "beds": {"at_most": "18"}}),
        ("opened >= start", {"opened": {"at_least": "2022-03-01"}}),
        ("full_months_since(built, start) >= window", {"built": {"at_most": "2021-03-01"}}),
        ("full_months_since(built) >= window", {"built": {"at_most": "2021-02-10"}}),
        ("full_months_since(opened, start) >= window", {}),  # before the schedule is in force
        ("cost * share > cost or beds >= many", {"beds": {"at_least": "40"}}),
        ("public and beds >= many", None),
    ],
)
def test_each_change_alone_is_the_least_that_would_do(condition: str, expected: Any) -> None:
    """Calculated anew with the cell changed, the home is paid; one step short of it, it is not."""
    result = changed(condition)
    lines = [line for line in result.explain("grant", "H", HOME["opened"]).to_dict()["lines"] if "change" in line]
    if expected is None:
        assert {line["change"] for line in lines} == {"public", "beds"}
        assert all("would_owe" not in line for line in lines)
        return
    ends = ("at_least", "at_most", "one_of")
    found = [(line["change"], {end: line[end] for end in ends if end in line}) for line in lines]
    wanted = [(fact, one) for fact, ways in expected.items() for one in (ways if isinstance(ways, list) else [ways])]
    assert sorted(found, key=str) == sorted(wanted, key=str)
    for line in lines:
        fact = line["change"]
        for value in line.get("one_of", [line.get("at_least", line.get("at_most"))]):
            cells = {fact: value}
            opened = cells.get("opened", HOME["opened"])
            row = changed(condition, **cells).explain("grant", "H", opened).to_dict()
            assert all(one["holds"] for one in row["lines"] if "holds" in one)
            told = line.get("each", {}).get(value, line["would_owe"])
            assert row["amount"] == (told or "0.00")
        if fact in ("beds", "nursing_beds"):
            short = int(value) - 1 if "at_least" in line else int(value) + 1
            again = changed(condition, **{fact: str(short)})
            shown = again.explain("grant", "H", HOME["opened"]).to_dict()
            assert not all(one["holds"] for one in shown["lines"] if "holds" in one)


# --- what they say -------------------------------------------------------------------------------------------------


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
    assert {file.name.partition(".")[0] for file in FOLDER.glob("*.txt")} == set(EXPLAINED)
