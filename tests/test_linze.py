"""Linze, 临政办发〔2022〕69号, two plans: published figures, and what the checker makes of them by itself."""

from __future__ import annotations

import csv
from typing import Any

import pytest
from plans import of_target, outcomes
from xian import rows_of

from subsidy import Roster, Schedule, calculate, schedule
from subsidy.budget.examples import run_examples

CIVIL = schedule("cn/linze/civil-affairs")
CARE = schedule("cn/linze/elderly-care")
MODEL = CIVIL.latest.model
Measured = dict[tuple[str, str], dict[str, Any]]


SHARE = {"year": "2023", "indicator": "lottery_earmark", "whole": "1000000"}
CHANGE = {"year": "2025", "term": "to_2025", "before": "5760"}
ESTATE = {"year": "2024", "households_there": "200"}


@pytest.fixture(scope="module")
def civil() -> Measured:
    """The document's own rows, and an officer's at either side of two goals."""
    changes = [  # 5760 × 1.08⁵ = 8463.3298…
        {"standard_change": "A", "after": "8463.32", **CHANGE},
        {"standard_change": "B", "after": "8463.33", **CHANGE},
    ]
    shares = [{"share": "A", "part": "599999.99", **SHARE}, {"share": "B", "part": "600000", **SHARE}]
    return outcomes(CIVIL, Roster(shares=shares, standard_changes=[*table("standard_changes"), *changes]))


@pytest.fixture(scope="module")
def care() -> Measured:
    estates = [
        {"estate": "A", "estate_age": "new_estate", "care_land": "69.99", **ESTATE},
        {"estate": "B", "estate_age": "new_estate", "care_land": "70", **ESTATE},
        {"estate": "C", "estate_age": "old_estate", "care_land": "40", **ESTATE},
    ]
    return outcomes(CARE, Roster(estates=estates))


def child(key: str, situation: str, **more: str) -> dict[str, str]:
    return {"child": key, "person": key, "from": "2022-09-01", "situation": situation, **more}


def destitute(key: str, person: str, **more: str) -> dict[str, str]:
    return {"destitute_person": key, "person": person, "from": "2022-09-01", "housed": "no", **more}


CHILDREN = [child("C1", "orphan", count="16"), child("C2", "without_care")]
DESTITUTE = [
    destitute("D1", "P1"),
    destitute("D2", "P2", **{"from": "2023-05-01", "to": "2023-05-20"}),
    destitute("D3", "P2", **{"from": "2023-05-25", "to": "2023-05-31"}),
]


def owed(by: Schedule = CIVIL) -> dict[tuple[str, str], str]:
    """What is owed, by subject and month."""
    frame = calculate(by, Roster(children=CHILDREN, destitute_persons=DESTITUTE), 2025).entitlements()
    return {(row.subject, row.period): str(row.owed) for row in rows_of(frame)}


@pytest.fixture(scope="module")
def amounts() -> dict[tuple[str, str], str]:
    return owed()


def table(name: str) -> list[dict[str, str]]:
    with (CIVIL.paths[0].parent / MODEL.rows[name]).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_examples() -> None:
    assert [outcome for outcome in run_examples(CIVIL) if not outcome.passed] == []


@pytest.mark.parametrize(
    ("name", "figures"),
    [
        ("urban_subsistence", {"2016": "5016", "2020": "6924"}),
        ("rural_subsistence", {"2016": "2880", "2020": "4428"}),
        ("destitute_standard", {"2016": "4525", "2020..2025": "5760"}),
        ("class_1_2_share", {"2015": "33.09%", "2020": "67.82%"}),
        ("child_staff_goal", {"2023": "80%", "2024": "80%", "2025": "100%"}),
    ],
)
def test_published_standards(name: str, figures: dict[str, str]) -> None:
    assert MODEL.values[name].figures == {**figures, "other": "none"}


@pytest.mark.parametrize(
    ("name", "figure"),
    [
        ("subsistence_households", "3584"), ("subsistence_persons", "7052"), ("destitute_households", "600"),
        ("destitute_number", "613"), ("destitute_housed", "157"), ("orphans", "16"), ("children_without_care", "58"),
        ("lottery_share", "60%"), ("class_1_2_goal", "75%"), ("cremation_goal", "15%"),
        ("land_saving_burial_goal", "55%"), ("carers_certified_goal", "98%"), ("government_beds_goal", "50%"),
        ("socially_run_beds_goal", "70%"),
    ],
)  # fmt: skip
def test_published_figures(name: str, figure: str) -> None:
    assert MODEL.values[name].figures == figure


def test_rows_of_standards_are_the_values() -> None:
    for row, name in zip(
        table("standard_changes"), ("urban_subsistence", "rural_subsistence", "destitute_standard"), strict=True
    ):
        figures = MODEL.values[name].figures
        assert isinstance(figures, dict)
        assert row["before"] == figures["2016"]
        assert row["after"] == figures.get("2020", figures.get("2020..2025"))


# --- money ---------------------------------------------------------------------------------------------------------


def test_sixteen_orphans_of_the_plan(amounts: dict[tuple[str, str], str]) -> None:
    assert amounts["C1", "2022-09"] == amounts["C1", "2025-12"] == "21120.00"  # 16 × 1320


def test_children_without_care_are_promised_money_without_a_figure(amounts: dict[tuple[str, str], str]) -> None:
    assert amounts["C2", "2023-06"] == "0.00"
    assert "children_without_care_allowance" in MODEL.unquantified


@pytest.mark.parametrize(
    ("month", "amount"),  # 480 × 1.08² = 559.872, × 1.08³ = 604.66176, × 1.08⁴ = 653.0347…, × 1.08⁵ = 705.2774…
    [("2022-09", "559.87"), ("2023-06", "604.66"), ("2024-06", "653.03"), ("2025-12", "705.28")],
)
def test_the_destitute_are_reckoned_with_eight_percent_a_year(
    amounts: dict[tuple[str, str], str], month: str, amount: str
) -> None:
    assert amounts["D1", month] == amount


def test_one_person_is_paid_once_a_month(amounts: dict[tuple[str, str], str]) -> None:
    assert (amounts["D2", "2023-05"], amounts["D3", "2023-05"]) == ("604.66", "0.00")


def test_an_announced_standard_is_what_counts() -> None:
    announced = owed(CIVIL.overlay({"values.announced_destitute.is.2023": "7000"}))
    assert (announced["D1", "2023-06"], announced["D1", "2024-06"]) == ("583.33", "653.03")  # 7000 ÷ 12


# --- B1, B2: growth ------------------------------------------------------------------------------------------------


def test_the_growth_of_standards_is_right(civil: Measured) -> None:
    assert of_target(civil, "standard_change") == {
        "城市低保": ("agrees", "0.3804"), "农村低保": ("agrees", "0.5375"), "特困供养": ("agrees", "0.2729"),
    }  # fmt: skip


def test_shares_of_the_later_figure_are_printed_as_growth(civil: Measured) -> None:
    assert of_target(civil, "care_change") == {
        "日间照料中心": ("differs", "0.529"), "养老床位": ("differs", "0.409"),
        "每千名老年人床位": ("differs", "0.8"), "集中供养特困人员": ("differs", "0.308"),
    }  # fmt: skip
    for (name, _), one in civil.items():
        if name == "care_change":
            assert "所载数是增量占后值的比重" in one["cause"]["zh"]
            assert one["cause"]["en"]


def test_only_1279_beds_are_54_per_thousand(care: Measured) -> None:
    assert of_target(care, "bed_density_now") == {"民政事业规划": ("agrees", "54"), "养老服务规划": ("differs", "55")}
    assert {state for state, _ in of_target(care, "first_and_second_plan").values()} == {"agrees", "differs"}


def test_how_many_beds_the_goal_needs(civil: Measured) -> None:
    (state, measure), *_ = of_target(civil, "bed_density").values()
    assert (state, measure) == ("missed", "1279000/23701")
    (addition,) = civil["bed_density", "民政事业规划"]["additions"]
    assert addition["number"] == "144"  # 60 × 23.701 = 1422.06, so 1,423 beds


# --- B5, B7: goals measured on an officer's table ------------------------------------------------------------------


@pytest.mark.parametrize("target", ["lottery_earmark", "average_growth"])
def test_goals_to_either_side(civil: Measured, target: str) -> None:
    assert [civil[target, row]["state"] for row in ("A", "B")] == ["missed", "reached"]


def test_land_for_care_facilities(care: Measured) -> None:
    states = [state for state, _ in of_target(care, "land_per_hundred_households").values()]
    assert states == ["missed", "reached", "reached"]


# --- B8: the capital programme -------------------------------------------------------------------------------------


def test_group_totals(civil: Measured) -> None:
    assert of_target(civil, "group_cost") == {
        "老年福利": ("agrees", "663540000"), "殡葬服务": ("differs", "51810000"),
        "社会福利": ("agrees", "19000000"), "社区服务": ("agrees", "68500000"),
    }  # fmt: skip
    assert of_target(civil, "group_cost_in_text")["社区服务"] == ("differs", "69000000")  # printed 0.68亿


def test_grand_totals(civil: Measured) -> None:
    assert of_target(civil, "plan_projects") == {"十四五": ("differs", "23")}
    assert civil["plan_projects", "十四五"]["printed"] == "21"
    assert of_target(civil, "plan_cost_of_rows") == {"十四五": ("agrees", "802850000")}
    assert of_target(civil, "plan_cost_of_groups") == {"十四五": ("differs", "802845000")}


def test_new_beds(civil: Measured) -> None:
    assert sum(int(row["new_beds"]) for row in table("programme")) == 1334
    assert of_target(civil, "bed_density_planned") == {"十四五": ("reached", "2613000/23701")}  # 110 against 60


def test_text_and_annex(civil: Measured) -> None:
    printed = {
        subject: (one["printed"], one["measure"], one["state"])
        for (name, subject), one in civil.items()
        if name in ("text_and_annex", "share_in_two_places")
    }
    assert printed == {
        "新建日间照料中心（个）": ("4", "8", "differs"),
        "改造提升日间照料中心（个）": ("10", "30", "differs"),
        "节地生态骨灰墓（座）": ("500", "1000", "differs"),
        "村务活动中心（个）": ("10", "20", "differs"),
        "农村社区信息平台覆盖率": ("0.8", "0.7", "differs"),
    }


def test_a_damaged_year_is_a_note_and_no_figure() -> None:
    (row,) = (row for row in table("programme") if row["project_row"] == "社区服务2")
    assert row["last_year"] == ""
    assert any("2021-204" in note.text.zh for note in MODEL.notes)


def test_both_plans_list_the_same_projects_for_elders() -> None:
    with (CARE.paths[0].parent / CARE.latest.model.rows["programme"]).open(encoding="utf-8", newline="") as file:
        second = [(row["name"], row["cost"], row["new_beds"]) for row in csv.DictReader(file)]
    first = [(row["name"], row["cost"], row["new_beds"]) for row in table("programme") if row["group"] == "老年福利"]
    assert first == second
