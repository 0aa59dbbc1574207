"""Yinchuan's campaign of 2023: what the document says and what follows from its own figures."""

from __future__ import annotations

from fractions import Fraction

import pytest
from goals import at_the_edge, counted, figures, measured, otherwise, states

from subsidy import Roster, Targets, calculate, schedule, targets
from subsidy.budget.examples import run_examples

YINCHUAN = schedule("cn/yinchuan/elderly-care")
SHARES = {
    "community_coverage": "100%", "rural_coverage": "85%", "street_centre_coverage": "88%", "pension_insured": "95.4%",
    "health_insured": "96%", "dependent_destitute_housed": "60%", "willing_destitute_housed": "100%",
    "health_records": "80%", "health_management": "71%", "budget_executed": "100%", "projects_begun": "100%",
    "projects_finished": "100%",
}  # fmt: skip
COUNTS = {"chain_institutions": 3, "street_centres": 8, "elders_universities": 1}


@pytest.fixture(scope="module")
def own() -> Targets:
    """The document's own figures, measured."""
    return targets(YINCHUAN)


def test_the_goal_for_nursing_beds_is_missed_by_the_plan_itself(own: Targets) -> None:
    """二（一）、（二）: 9,688 beds and 700 more, 5,586 nursing beds and 300 more, at least 60 %."""
    (outcome,) = (one for one in own.outcomes if one.target.name == "nursing_share")
    assert outcome.state == "missed"
    assert outcome.measured is not None
    assert outcome.measured.result == Fraction(5586 + 300, 9688 + 700)
    assert {addition.fact.name: addition.number for addition in outcome.bounds[0].additions} == {
        "new_nursing_beds": 647,  # 6,233 in all: 60 % of 10,388 is 6,232.8
        "new_beds": 122,  # 5,886 are 60 % of 9,810
    }


def test_the_checker_says_so_in_both_languages(own: Targets) -> None:
    chinese, english = "".join(own.sentences("zh")), "".join(own.sentences("en"))
    for words in ("56.66%", "6,233 / 10,388", "多347张", "至多122张", "所载为57%", "截去尾数"):
        assert words in chinese
    for words in ("56.66%", "6,233 / 10,388", "347 beds more", "122 beds at most", "printed as 57%", "cut off"):
        assert words in english


def test_without_the_number_of_elders_their_beds_are_not_measured(own: Targets) -> None:
    (outcome,) = (one for one in own.outcomes if one.target.name == "beds_per_thousand_elders")
    assert (outcome.state, [node.name for node in outcome.missing]) == ("unknown", ["elders"])


def test_the_canteens_have_a_sum_and_no_payer_and_no_rate() -> None:
    """二（四）: 3,000,000 yuan for 30 canteens; 100,000 each is an average."""
    row = {"measure_row": "R", "year": "2023", "kind": "canteens", "places": "30", "money": "3000000"}
    content = calculate(YINCHUAN, Roster(programme=[row]), 2023).to_dict()
    assert content["total"] == "3000000.00"
    assert {line["payer"]: line["amount"] for line in content["by_payer"]} == {"not_stated": "3000000.00"}
    assert {value.unit for value in YINCHUAN.latest.model.values.values() if "yuan" in value.unit} == {"yuan"}


def test_the_examples() -> None:
    assert [check for check in run_examples(YINCHUAN) if not check.passed] == []


def test_every_goal_is_met_at_its_figure_and_missed_just_below() -> None:
    assert {kind: goal["2023.."] for kind, goal in figures(YINCHUAN, "share_goal").items()} == SHARES
    year = {"year": "2023"}
    canteens = {**year, "kind": "canteens", "money": "3000000"}
    estate = {**year, "households_there": "100"}
    found = states(
        YINCHUAN,
        indicator_shares=at_the_edge(SHARES, "2023"),
        indicator_counts=counted(COUNTS, "2023"),
        programme=[
            {"measure_row": "a reached", "places": "30", **canteens},
            {"measure_row": "b missed", "places": "29", **canteens, "money": "2999999.99"},
        ],
        housing=[
            {"estate": "a reached", "stage": "planned", "care_area": "30", **estate},
            {"estate": "b missed", "stage": "planned", "care_area": "29.99", **estate},
            {"estate": "c reached", "stage": "built", "care_area": "20", **estate},
            {"estate": "d missed", "stage": "built", "care_area": "19.99", **estate},
        ],
        care_points=[
            {"care_point": "a reached", "reach": "699", **year},
            {"care_point": "b missed", "reach": "700", **year},  # less than 700 m, says the document
        ],
        stock=[
            {"stock": "30 for 1,000: reached", "elders": "1000", "social_workers": "30", "new_beds": "700", **year},
            {"stock": "29 for 1,000: missed", "elders": "1000", "social_workers": "29", "new_beds": "699", **year},
            {"stock": "12 for 100 beds: reached", "beds": "100", "social_workers": "12", "new_beds": "0", **year},
            {"stock": "11 for 100 beds: missed", "beds": "100", "social_workers": "11", "new_beds": "0", **year},
        ],
    )  # fmt: skip
    added = {key: found.pop(key) for key in [*found] if key[0] in ("beds_added", "nursing_beds_added")}
    assert added["beds_added", "30 for 1,000: reached"] == "reached"
    assert added["beds_added", "29 for 1,000: missed"] == "missed"
    assert otherwise(found) == {}
    beside = {"nursing_share", "nursing_share_now", "nursing_beds_added", "beds_added", "beds_per_thousand_elders"}
    assert measured(found) == set(YINCHUAN.latest.targets) - beside
