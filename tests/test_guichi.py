"""Guichi, plan of October 2022: published figures, the floor for the destitute, and what the checker says by itself."""

from __future__ import annotations

from typing import Any

import pytest
from plans import of_target, outcomes
from xian import rows_of

from subsidy import Roster, RosterError, calculate, schedule
from subsidy.budget.examples import run_examples

GUICHI = schedule("cn/guichi/civil-affairs")
MODEL = GUICHI.latest.model
Measured = dict[tuple[str, str], dict[str, Any]]
LIVING = "destitute_living"


RATIOS = {2021: "21737", 2022: "21738", 2023: "27171", 2024: "27172"}  # 7608 ÷ 35 % = 21737.14, ÷ 28 % = 27171.43


def statistics(district: str, consumption: str, year: int = 2023, **more: str) -> dict[str, str]:
    row = {"statistic": f"{district}{year}", "district": district, "year": str(year)}
    return {**row, "last_consumption": consumption, "subsistence": "634", **more}


def person(key: str, district: str, first: str = "2023-01-01", last: str = "2023-12-31", **more: str) -> dict[str, str]:
    row = {"destitute_person": key, "person": key, "district": district, "from": first, "to": last}
    return {**row, "care_needed": "no", **more}


@pytest.fixture(scope="module")
def measured() -> Measured:
    """The document's own rows, and an officer's statistics."""
    rows = [statistics("D", "18000", year, last_urban_consumption=urban) for year, urban in RATIOS.items()]
    return outcomes(GUICHI, Roster(districts=[{"district": "D"}], statistics=rows))


@pytest.fixture(scope="module")
def amounts() -> dict[tuple[str, str, str], str]:
    """What is owed, by clause, subject and month."""
    districts = {"A": "18000", "B": "15000", "C": "16484", "D": "16484.01", "E": "24000"}
    result = calculate(
        GUICHI,
        Roster(
            districts=[{"district": name} for name in [*districts, "F"]],
            statistics=[
                *(statistics(name, consumption) for name, consumption in districts.items()),
                *(statistics("F", str(18000 + 1200 * (year - 2021)), year) for year in range(2021, 2026)),
            ],
            destitute_persons=[
                *(person(name, name) for name in districts),
                person("F", "F", "2020-01-01", ""),
                person("low", "E", care_needed="yes", care_assessed="100"),
                person("high", "E", care_needed="yes", care_assessed="150"),
            ],
            orphans=[
                {"orphan": "S", "person": "S", "from": "2023-06-30", "placement": "scattered"},
                {"orphan": "H", "person": "H", "from": "2023-06-30", "placement": "housed"},
            ],
        ),
        2023,
    )
    return {(row.clause, row.subject, row.period): str(row.owed) for row in rows_of(result.entitlements())}


def test_examples() -> None:
    assert [outcome for outcome in run_examples(GUICHI) if not outcome.passed] == []


@pytest.mark.parametrize(
    ("name", "figures"),
    [
        ("urban_subsistence", {"2016": "510", "2020": "634", "other": "none"}),
        ("rural_subsistence_year", {"2016": "3775", "2020": "7608", "other": "none"}),
        ("destitute_standard", {"2016": "290", "2020": "709", "other": "none"}),
        ("emergency_persons", "4636"), ("emergency_money", "12449800"),
        ("rural_subsistence_paid", "357000000"), ("destitute_paid", "119000000"),
        ("orphans_paid", "8058000"), ("orphans_times", "7164"),
        ("adaptations_goal", "375"), ("home_care_beds_goal", "70"), ("canteens_goal", "22"),
        ("nursing_share_goal", "55%"), ("urban_canteens_goal", "100%"), ("socially_run_beds_goal", "50%"),
        ("subsistence_ratio_low", "28%"), ("subsistence_ratio_high", "35%"), ("town_homes_goal", "60%"),
        ("urban_day_care_goal", "90%"), ("canteen_coverage_goal", "30%"), ("service_area_goal", "35"),
    ],
)  # fmt: skip
def test_published_figures(name: str, figures: Any) -> None:
    assert MODEL.values[name].figures == figures


# --- C2: the floor for the destitute, the higher of two ------------------------------------------------------------


@pytest.mark.parametrize(
    ("district", "amount"),
    [
        ("A", "900.00"),  # 18000 × 60 % ÷ 12
        ("B", "824.20"),  # 1.3 × 634
        ("C", "824.20"),  # both
        ("D", "824.21"),  # not less than 824.2005
    ],
)
def test_the_higher_of_two_floors(amounts: dict[tuple[str, str, str], str], district: str, amount: str) -> None:
    months = {month: owed for (clause, who, month), owed in amounts.items() if (clause, who) == (LIVING, district)}
    assert months == {f"2023-{month:02d}": amount for month in range(1, 13)}


def test_each_year_of_the_plan_has_its_own_figures(amounts: dict[tuple[str, str, str], str]) -> None:
    months = {month: owed for (clause, who, month), owed in amounts.items() if (clause, who) == (LIVING, "F")}
    assert [months[f"{year}-07"] for year in range(2021, 2026)] == ["900.00", "960.00", "1020.00", "1080.00", "1140.00"]
    assert set(months) == {f"{year}-{month:02d}" for year in range(2021, 2026) for month in range(1, 13)}


def test_without_the_statistics_of_a_year_nothing_is_calculated() -> None:
    tables = {"districts": [{"district": "A"}], "statistics": [statistics("A", "18000")]}
    with pytest.raises(RosterError) as caught:
        calculate(GUICHI, Roster(**tables, destitute_persons=[person("A", "A", "2022-12-01")]), 2023)
    (finding,) = caught.value.findings
    assert "statistics" in finding.remedy.en
    assert finding.remedy.zh


def test_the_standards_of_2020_times_twelve(measured: Measured) -> None:
    assert of_target(measured, "subsistence_year") == {"贵池区": ("agrees", "7608")}
    assert of_target(measured, "destitute_year") == {"贵池区": ("agrees", "8508")}


def test_the_standard_of_2020_is_below_the_floor(measured: Measured) -> None:
    one = measured["destitute_by_subsistence", "贵池区"]
    assert (one["state"], one["measure"], one["at_least"]) == ("missed", "709", "824.2")


# --- C3, C4 --------------------------------------------------------------------------------------------------------


def test_care_that_is_not_assessed_is_a_range() -> None:
    tables = {"districts": [{"district": "A"}], "statistics": [statistics("A", "18000")]}
    month = person("A", "A", "2023-06-01", "2023-06-30", care_needed="yes")
    result = calculate(GUICHI, Roster(**tables, destitute_persons=[month]), 2023)
    assert (f"{result.low:.2f}", f"{result.total:.2f}") == ("1000.00", "1200.00")  # 900 and 100 to 300


def test_care_is_a_tenth_of_basic_living_at_least(amounts: dict[tuple[str, str, str], str]) -> None:
    assert amounts["destitute_care", "low", "2023-06"] == "120.00"  # 24000 × 60 % ÷ 12 = 1200
    assert amounts["destitute_care", "high", "2023-06"] == "150.00"


def test_orphans(amounts: dict[tuple[str, str, str], str]) -> None:
    assert amounts["orphan_living", "S", "2023-06"] == "1050.00"
    assert amounts["orphan_living", "H", "2023-06"] == "1450.00"


# --- C7 ------------------------------------------------------------------------------------------------------------


def test_subsistence_of_2020_is_outside_the_range_that_is_printed_as_met(measured: Measured) -> None:
    one = measured["result_in_range", "城市低保标准占上年度城镇人均消费"]
    assert (one["state"], one["measure"], one["at_least"], one["at_most"]) == ("missed", "0.37", "0.28", "0.35")
    assert {state for state, _ in of_target(measured, "share_reached_2020").values()} == {"reached"}


def test_subsistence_between_28_and_35_percent(measured: Measured) -> None:
    states = [measured["subsistence_ratio", f"D{year}"]["state"] for year in RATIOS]
    assert states == ["missed", "reached", "reached", "missed"]


def test_nursing_beds_rise_too_slowly(measured: Measured) -> None:
    one = measured["steps_suffice", "养老机构护理型床位占比"]
    assert (one["state"], one["measure"], one["at_least"]) == ("missed", "0.5478", "0.55")
    (addition,) = one["additions"]
    assert addition["number"] == "0.04744"
