"""Ningbo's plan of 2021 to 2025: standards, and goals met at their figure and missed just below."""

from __future__ import annotations

from typing import Any

import pytest
from goals import at_the_edge, counted, figures, measured, otherwise, states

from subsidy import Roster, RosterError, calculate, schedule
from subsidy.budget.examples import run_examples

NINGBO = schedule("cn/ningbo/common-prosperity")
SHARES = {
    "joint_assistance": "100%", "hardship_disability_allowance": "100%", "severe_disability_allowance": "100%",
    "weekly_visits": "100%", "willing_destitute_housed": "100%", "dependent_destitute_housed": "95%",
    "open_kitchens": "90%", "food_grade_a_or_b": "95%", "public_three_stars": "100%", "two_stars": "80%",
    "rehabilitation_rooms": "100%", "dementia_sections": "100%", "charitable_trusts": "100%", "charity_day": "95%",
}  # fmt: skip
COUNTS = {
    "new_or_rebuilt_beds": 20000, "five_a_centres": 30, "canteens": 300, "meals_a_day": 50000,
    "three_star_institutions": 50, "four_star_institutions": 10, "family_carers_trained": 30000,
    "carers_trained": 10000, "managers_trained": 300, "disinfection_sites": 1, "charities": 130,
}  # fmt: skip


def orphans(year: str, *persons: str) -> Roster:
    rows = [
        {"orphan": str(number), "person": person, "district": "D", "year": year, "housed": "yes"}
        for number, person in enumerate(persons)
    ]
    return Roster(districts=[{"district": "D"}], orphans=rows)


def test_orphans_in_homes_are_owed_the_standard_of_2025_once_each() -> None:
    """二（一）: 32,000 yuan a year; the payer is not stated."""
    content = calculate(NINGBO, orphans("2025", "P1", "P2", "P2"), 2025).to_dict()
    assert content["total"] == "64000.00"
    assert {line["payer"] for line in content["by_payer"]} == {"not_stated"}


def test_the_standard_of_an_earlier_year_is_not_printed_and_not_guessed() -> None:
    with pytest.raises(RosterError) as caught:
        calculate(NINGBO, orphans("2024", "P1"), 2024)
    (finding,) = caught.value.findings
    assert "orphan_standard" in finding.why.zh
    assert "orphan_standard" in finding.why.en


def test_the_examples() -> None:
    assert [check for check in run_examples(NINGBO) if not check.passed] == []


def stock(name: str, **more: Any) -> dict[str, str]:
    return {"stock": name, "year": "2025", **more}


def test_every_goal_is_met_at_its_figure_and_missed_just_below() -> None:
    for value, goals in (("share_goal", SHARES), ("count_goal", {kind: str(goal) for kind, goal in COUNTS.items()})):
        assert {kind: goal["2025.."] for kind, goal in figures(NINGBO, value).items()} == goals
    found = states(
        NINGBO,
        districts=[{"district": "D"}],
        indicator_shares=at_the_edge(SHARES, "2025"),
        indicator_counts=counted(COUNTS, "2025"),
        standards=[
            {"standard_row": "a reached", "year": "2025", "subsistence_line": "14000", "orphan_care": "32000"},
            {"standard_row": "b missed", "year": "2025", "subsistence_line": "13999.99", "orphan_care": "31999.99"},
        ],
        trusts=[
            {"trust_row": "a reached", "year": "2025", "trust_money": "100000000"},
            {"trust_row": "b missed", "year": "2025", "trust_money": "99999999.99"},
        ],
        stock=[
            stock("60 beds for one social worker: reached", beds="600", institution_social_workers="10"),
            stock("61 beds for one social worker: missed", beds="610", institution_social_workers="10"),
            stock("25 for 10,000 elders: reached", elders="10000", social_workers="25"),
            stock("24 for 10,000 elders: missed", elders="10000", social_workers="24"),
            stock("8 % of public beds: reached", public_beds="100", public_dementia_beds="8"),
            stock("7 % of public beds: missed", public_beds="100", public_dementia_beds="7"),
            stock("20 for 10,000 registered elders: reached", registered_elders="10000", dementia_beds="20"),
            stock("19 for 10,000 registered elders: missed", registered_elders="10000", dementia_beds="19"),
            stock("4 smart institutions of a county: reached", district="D", smart_institutions="4"),
            stock("3 smart institutions of a county: missed", district="D", smart_institutions="3"),
        ],
    )
    assert otherwise(found) == {}
    assert measured(found) == set(NINGBO.latest.targets) - {"nursing_share", "carers_by_elders"}
    assert figures(NINGBO, "nursing_goal")["2025.."] == "68%"
    assert figures(NINGBO, "carers_goal")["2025.."] == "30"


def test_the_smart_institutions_are_those_of_a_county_not_of_the_city() -> None:
    assert "smart_institutions_of_county" not in {target for target, _ in states(NINGBO, stock=[stock("city")])}


def test_a_document_without_a_number_says_so() -> None:
    assert "文号未印" in NINGBO.latest.model.document.number


def test_an_orphan_needs_a_known_district() -> None:
    with pytest.raises(RosterError):
        calculate(NINGBO, Roster(orphans=[{"orphan": "A", "person": "P", "district": "X", "year": "2025"}]), 2025)
