"""Xi'an, 市政办发〔2021〕47号, annex 1: the amounts of the document, worked out by hand, item by item."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from goals import at_the_edge, counted, measured, otherwise, states
from xian import (
    DISTRICT,
    FILE,
    XIAN,
    Row,
    Tables,
    calculated,
    carer,
    facility,
    household,
    instalments,
    owed,
    paid,
    project,
    rows_of,
    status,
    stay,
)

from subsidy import RosterError, schedule, targets
from subsidy.budget.examples import run_examples


def halves(amount: str) -> dict[str, str]:
    """What 5:5 means where it comes out even."""
    return {"city": amount, "district": amount}


# --- item 16: operating grant, per resident and month, 5:5 ---------------------------------------------------------

OPERATING = {
    "5": {"disabled": "225.00", "semi_disabled": "150.00", "self_caring": "80.00"},
    "4": {"disabled": "150.00", "semi_disabled": "120.00", "self_caring": "60.00"},
    "3": {"disabled": "120.00", "semi_disabled": "90.00", "self_caring": "40.00"},
    "2": {"disabled": "100.00", "semi_disabled": "70.00", "self_caring": "30.00"},
    "1": {"disabled": "80.00", "semi_disabled": "50.00", "self_caring": "20.00"},
}
HALVES = {
    "225.00": "112.50", "150.00": "75.00", "120.00": "60.00", "100.00": "50.00", "90.00": "45.00", "80.00": "40.00",
    "70.00": "35.00", "60.00": "30.00", "50.00": "25.00", "40.00": "20.00", "30.00": "15.00", "20.00": "10.00",
}  # fmt: skip
CELLS = [(star, ability, amount) for star, row in OPERATING.items() for ability, amount in row.items()]


@pytest.mark.parametrize(("star", "ability", "amount"), CELLS)
def test_operating_grant(star: str, ability: str, amount: str) -> None:
    result = calculated(
        facilities=[facility()], ratings=[{"facility": "F", "from": "2021-01-01", "star": star}],
        residents=[stay("2022-03-01", "2022-03-31")],
        assessments=[{"person": "P", "from": "2022-02-15", "ability": ability}],
    )  # fmt: skip
    assert owed(result, "operating_grant") == {("R", "2022-03"): amount}
    assert paid(result) == halves(HALVES[amount])
    assert f"{result.total:.2f}" == f"{result.low:.2f}" == amount


def test_no_operating_grant_without_stars() -> None:
    result = calculated(
        facilities=[facility(star="0")], residents=[stay("2022-03-01", "2022-03-31", ability="disabled")]
    )
    assert paid(result) == {}
    assert status(result, "operating_grant", "R", "2022-03") == ("why-not", "not met: facility.star >= 1")


def test_a_resident_without_assessment_is_a_finding_and_not_paid() -> None:
    tables: dict[str, Any] = {"facilities": [facility(star="5")], "residents": [stay("2022-03-01", "2022-03-31")]}
    with pytest.raises(RosterError) as caught:
        calculated(**tables)
    assert len(caught.value.findings) == 1
    result = calculated(proceed=True, **tables)
    assert (paid(result), len(result.findings)) == ({}, 1)
    assert status(result, "operating_grant", "R", "2022-03")[0] == "finding"


def star_homes(**stars: str) -> list[Row]:
    return [facility(key, star=star) for key, star in stars.items()]


def test_a_movers_month_is_paid_once_to_the_home_of_more_days() -> None:
    result = calculated(
        facilities=star_homes(F="5", G="1"),
        residents=[
            stay("2022-02-01", "2022-03-10", ability="disabled"),
            stay("2022-03-11", "2022-04-30", key="T", home="G", ability="disabled"),
        ],
    )
    assert owed(result, "operating_grant") == {
        ("R", "2022-02"): "225.00",
        ("T", "2022-03"): "80.00",
        ("T", "2022-04"): "80.00",
    }
    assert status(result, "operating_grant", "R", "2022-03") == ("why-not", "limit: one_home")


def test_a_readmission_within_the_month_is_paid_once() -> None:
    result = calculated(
        facilities=star_homes(F="5"),
        residents=[
            stay("2022-03-01", "2022-03-12", ability="disabled"),
            stay("2022-03-20", "2022-03-31", key="T", ability="disabled"),
        ],
    )
    assert owed(result, "operating_grant") == {("R", "2022-03"): "225.00"}  # 12 days each: the smaller key


def test_a_death_in_mid_month_pays_the_month() -> None:
    result = calculated(
        facilities=star_homes(F="3"), residents=[stay("2022-01-31", "2022-03-01", ability="semi_disabled")]
    )
    assert owed(result, "operating_grant") == {("R", month): "90.00" for month in ("2022-01", "2022-02", "2022-03")}


def test_the_schedule_pays_from_the_month_it_came_into_force() -> None:
    result = calculated(
        2021, facilities=star_homes(F="5"), residents=[stay("2021-01-01", "2021-12-31", ability="disabled")]
    )
    assert list(owed(result, "operating_grant")) == [("R", "2021-11"), ("R", "2021-12")]


def test_ownership_makes_no_difference_to_subsidies() -> None:
    """Items 32 and 33."""
    for more in ({"profit_status": "for_profit"}, {"profit_status": "non_profit"}, {"foreign_capital": "yes"}):
        result = calculated(
            facilities=[facility(star="5", **more)], residents=[stay("2022-03-01", "2022-03-31", ability="disabled")]
        )
        assert f"{result.total}" == "225.00"


# --- item 27: post allowance ---------------------------------------------------------------------------------------

POST = {
    "junior": 300,
    "intermediate": 400,
    "senior": 500,
    "technician": 600,
    "senior_technician": 700,
    "uncertified": 200,
}


@pytest.mark.parametrize(("level", "amount"), POST.items())
def test_post_allowance_after_twelve_months_and_not_after_eleven(level: str, amount: int) -> None:
    result = calculated(
        facilities=[facility()], staff=[carer("2021-04-01")],
        certificates=[] if level == "uncertified" else [{"person": "P", "from": "2020-01-01", "level": level}],
    )  # fmt: skip
    months = owed(result, "post_allowance")
    assert status(result, "post_allowance", "S", "2022-03")[0] == "why-not"  # 11 full months on the 31st
    assert months[("S", "2022-04")] == f"{amount}.00"  # 12 full months on the 30th
    assert paid(result) == {"not_stated": f"{9 * amount}.00"}  # April to December


def test_the_uncertified_get_200_until_the_transition_ends_in_october_2023() -> None:
    result = calculated(2023, facilities=[facility()], staff=[carer("2021-01-01", "2023-12-31")])
    months = owed(result, "post_allowance")
    assert months[("S", "2023-10")] == "200.00"
    assert ("S", "2023-11") not in months
    assert status(result, "post_allowance", "S", "2023-11")[0] == "why-not"
    assert paid(result) == {"not_stated": "2000.00"}


def test_the_start_of_the_transition_can_be_chosen() -> None:
    later = XIAN.overlay({"values.transition_start.is": "2022-01-01"})
    result = calculated(2023, by=later, facilities=[facility()], staff=[carer("2021-01-01", "2023-12-31")])
    assert paid(result) == {"not_stated": "2400.00"}


def test_a_certificate_counts_from_the_month_it_is_issued() -> None:
    result = calculated(
        facilities=[facility()], staff=[carer("2020-01-01", "2022-12-31")],
        certificates=[
            {"person": "P", "from": "2022-06-30", "level": "junior"},
            {"person": "P", "from": "2022-11-01", "level": "senior"},
        ],
    )  # fmt: skip
    assert paid(result) == {"not_stated": "3500.00"}  # 5 × 200 + 5 × 300 + 2 × 500


def test_post_allowance_is_for_carers_of_one_year_in_one_place() -> None:
    result = calculated(
        facilities=[facility(), facility("G")], certificates=[{"person": "P", "from": "2020-01-01", "level": "junior"}],
        staff=[
            carer("2020-01-01", "2022-03-31"), carer("2022-04-01", "2022-12-31", key="T", facility="G"),
            carer("2020-01-01", key="N", person="Q", post="nurse"),
        ],
    )  # fmt: skip
    months = ("2021-11", "2021-12", "2022-01", "2022-02", "2022-03")
    assert list(owed(result, "post_allowance")) == [("S", month) for month in months]


def test_two_posts_at_once_are_paid_once() -> None:
    result = calculated(
        facilities=[facility(), facility("G")], certificates=[{"person": "P", "from": "2020-01-01", "level": "junior"}],
        staff=[
            carer("2020-01-01", "2022-12-31", full_time="no"),
            carer("2020-01-01", "2022-12-31", key="T", facility="G", full_time="no"),
        ],
    )  # fmt: skip
    assert paid(result) == {"not_stated": "3600.00"}


# --- item 26: entry award ------------------------------------------------------------------------------------------


def graduate(
    education: str = "bachelor", graduated: str = "2022-07-01", hired: str = "2022-08-01", left: str = "", **more: str
) -> Row:
    return carer(hired, left, education=education, graduated=graduated, **more)


@pytest.mark.parametrize(
    ("education", "parts"),
    [
        ("bachelor", ("15000.00", "15000.00", "20000.00")),
        ("college", ("12000.00", "12000.00", "16000.00")),
        ("secondary_vocational", ("9000.00", "9000.00", "12000.00")),
    ],
)
def test_entry_award_in_three_parts(education: str, parts: tuple[str, str, str]) -> None:
    result = calculated(facilities=[facility()], staff=[graduate(education)])
    assert instalments(result, "entry_award") == list(
        zip(("2022-08-01", "2023-08-01", "2024-08-01"), parts, strict=True)
    )
    assert paid(result) == {"not_stated": parts[0]}


@pytest.mark.parametrize(("year", "amount"), [(2022, "15000.00"), (2023, "15000.00"), (2024, "20000.00")])
def test_entry_award_by_year(year: int, amount: str) -> None:
    result = calculated(year, facilities=[facility()], staff=[graduate()])
    (entry,) = [one for one in result.to_dict()["by_clause"] if one["clause"] == "entry_award"]
    assert entry["amount"] == amount


@pytest.mark.parametrize(
    ("left", "parts"),
    [
        ("2023-07-31", ["15000.00"]),  # gone the day before the second is due
        ("2023-08-01", ["15000.00", "15000.00"]),  # still there on the day
        ("2024-07-31", ["15000.00", "15000.00"]),
        ("2024-08-01", ["15000.00", "15000.00", "20000.00"]),
    ],
)
def test_entry_award_is_paid_while_employed(left: str, parts: list[str]) -> None:
    result = calculated(facilities=[facility()], staff=[graduate(left=left)])
    assert [amount for _, amount in instalments(result, "entry_award")] == parts
    assert owed(result, "entry_award") == {("S", "2022-08-01"): "50000.00"}


def test_entry_award_on_accrual_basis_is_all_of_the_year_of_hiring() -> None:
    for year, amounts in ((2022, {"not_stated": "50000.00"}), (2024, {})):
        result = calculated(
            year, basis="accrued", facilities=[facility()], staff=[graduate(left="2024-12-31", post="carer")]
        )
        entries = {e["clause"]: e["amount"] for e in result.to_dict()["by_clause"]}
        assert entries.get("entry_award") == amounts.get("not_stated")


@pytest.mark.parametrize(
    ("row", "amount"),
    [
        (graduate(graduated="2021-07-01", hired="2022-06-30"), "50000.00"),  # the last day within one year
        (graduate(graduated="2021-07-01", hired="2022-07-01"), None),  # one year is over
        (graduate(graduated="2022-07-01", hired="2022-03-01"), "50000.00"),  # of the current year
        (graduate(graduated="2023-07-01", hired="2022-09-01"), None),  # not yet graduated
        (graduate(graduated=""), None),
        (graduate(education="other"), None),
        (graduate(post="nurse"), None),
        (graduate(full_time="no"), None),
        (graduate(graduated="2021-07-01", hired="2021-11-04"), None),  # before the document was issued
        (graduate(graduated="2021-07-01", hired="2021-11-05"), "50000.00"),
    ],
)
def test_who_gets_an_entry_award(row: Row, amount: str | None) -> None:
    result = calculated(facilities=[facility()], staff=[row])
    assert list(owed(result, "entry_award").values()) == ([amount] if amount else [])


def test_one_entry_award_per_person() -> None:
    result = calculated(
        facilities=[facility(), facility("G")],
        staff=[graduate(left="2022-09-30"), graduate(hired="2022-10-08", key="T", facility="G")],
    )
    assert owed(result, "entry_award") == {("S", "2022-08-01"): "50000.00"}


# --- items 9 and 10: beds or a centre ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("mode", "amount", "half"), [("new", "310000.00", "155000.00"), ("converted", "155000.00", "77500.00")]
)
def test_bed_grant_by_build_mode(mode: str, amount: str, half: str) -> None:
    result = calculated(projects=[project("institution", build_mode=mode, public_money="no", beds="31")])
    assert owed(result, "bed_grant") == {("B", "2022-06-01"): amount}
    assert paid(result) == halves(half)


def test_no_bed_grant_with_public_money() -> None:
    result = calculated(projects=[project("institution", build_mode="new", public_money="yes", beds="31")])
    assert status(result, "bed_grant", "B", "2022-06-01") == ("why-not", "not met: not public_money")


@pytest.mark.parametrize(("six_urban", "amounts"), [("yes", halves("25000.00")), ("no", {})])
def test_home_care_beds_only_in_the_six_urban_districts(six_urban: str, amounts: dict[str, str]) -> None:
    result = calculated(
        districts=[{"district": "D", "six_urban": six_urban}],
        projects=[project("home_care_beds", build_mode="converted", public_money="no", beds="10")],
    )
    assert paid(result) == amounts


def centre(**more: str) -> Row:
    return project("centre", build_mode="new", public_money="no", beds="80", **more)


def test_beds_or_a_centre_not_yet_assessed_are_two_calculations() -> None:
    """80 beds × 10,000 = 800,000 (5:5) against 0 to 1,500,000 (city alone)."""
    content = calculated(projects=[centre()]).to_dict()
    assert (content["total"], content["low"]) == ("1500000.00", "800000.00")
    payers = {entry["payer"]: (entry["amount"], entry["low"]) for entry in content["by_payer"]}
    assert payers == {"city": ("1500000.00", "400000.00"), "district": ("0.00", "400000.00")}
    clauses = {entry["clause"]: (entry["amount"], entry["low"]) for entry in content["by_clause"]}
    assert clauses == {"centre_grant": ("1500000.00", "0.00"), "bed_grant": ("0.00", "800000.00")}


@pytest.mark.parametrize(
    ("approved", "amounts"),
    [
        ("1500000", {"city": "1500000.00"}),
        ("800000.01", {"city": "800000.01"}),
        ("800000", {"city": "800000.00"}),  # equal: item 10 is listed first
        ("799999.99", halves("400000.00")),
        ("0", halves("400000.00")),
    ],
)
def test_beds_or_a_centre_the_higher_one(approved: str, amounts: dict[str, str]) -> None:
    result = calculated(projects=[centre(approved=approved)])
    assert paid(result) == amounts
    assert result.total == result.low


def test_two_projects_may_take_one_each() -> None:
    result = calculated(projects=[centre(approved="900000"), {**centre(), "kind": "institution", "project": "C"}])
    assert paid(result) == {"city": "1300000.00", "district": "400000.00"}


# --- item 14: home adaptation --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("area", "cost", "city", "district"),
    [
        ("rural", "1500", "750.00", "750.00"),
        ("rural", "1999.99", "1000.00", "999.99"),  # the odd fen: the first payer named
        ("rural", "2000", "1000.00", "1000.00"),
        ("rural", "2000.01", "1000.00", "1000.00"),
        ("urban", "2000.01", "1000.01", "1000.00"),
        ("urban", "3999.98", "1999.99", "1999.99"),
        ("urban", "9000.50", "2000.00", "2000.00"),
    ],
)
def test_home_adaptation_is_the_lower_of_cost_and_cap(area: str, cost: str, city: str, district: str) -> None:
    result = calculated(households=[household(area=area, actual_cost=cost)])
    assert paid(result) == {"city": city, "district": district}


def test_a_blank_cost_is_a_finding_and_pays_nothing() -> None:
    tables: dict[str, Any] = {"households": [household(household="A", actual_cost="1000"), household(actual_cost="")]}
    with pytest.raises(RosterError) as caught:
        calculated(**tables)
    (finding,) = caught.value.findings
    assert (finding.table, finding.subject) == ("households", "H")
    assert (finding.place.sheet, finding.place.row, finding.place.column) == ("households", 2, "actual_cost")
    assert "14" in finding.why.zh
    result = calculated(proceed=True, **tables)
    assert owed(result, "home_adaptation") == {("A", "2022-06-01"): "1000.00"}
    assert result.findings == (finding,)


@pytest.mark.parametrize(
    ("more", "amount"),
    [
        ({"group": "destitute_scattered"}, "2000.00"),
        ({"group": "lifted_from_poverty"}, "2000.00"),
        ({"group": "low_income"}, None),  # named in task 5 of the main text, not in item 14
        ({"group": "other"}, None),
        ({"disabled": "no"}, None),
        ({"disabled": "no", "very_old": "yes"}, "2000.00"),
        ({"disabled": "no", "handicapped": "yes"}, "2000.00"),
        ({"very_old": "", "handicapped": ""}, "2000.00"),  # one of three is enough, whatever the others are
        ({"accepted": ""}, None),
    ],
)
def test_whose_home_is_adapted(more: dict[str, str], amount: str | None) -> None:
    result = calculated(households=[household(actual_cost="2600", **more)])
    assert list(owed(result, "home_adaptation").values()) == ([amount] if amount else [])


# --- the plan: main text tasks 1 and 2 at the caps of items 10 and 11 ----------------------------------------------


def test_the_cost_of_the_plan_from_head_counts() -> None:
    rows = [("centre", "new", "86"), ("station", "new", "287"), ("station", "converted", "397")]
    result = calculated(
        projects=[
            {**project(kind, build_mode=mode, count=count, public_money="yes"), "project": f"{kind} {mode}"}
            for kind, mode, count in rows
        ]
    )
    content = result.to_dict()
    assert (content["total"], content["low"]) == ("420300000.00", "0.00")
    assert owed(result, "centre_grant") == {("centre new", "2022-06-01"): "129000000.00"}
    assert owed(result, "station_grant") == {
        ("station new", "2022-06-01"): "172200000.00", ("station converted", "2022-06-01"): "119100000.00",
    }  # fmt: skip
    assert paid(result) == {"city": "420300000.00"}


def test_what_the_plan_comes_to_by_its_own_rows() -> None:
    """86 centres, 287 and 397 stations at the caps of items 10 and 11; awards for 200 age-friendly institutions."""
    found = targets(XIAN).outcomes
    of = {(one.target.name, one.subject): one.measured.result for one in found if one.measured is not None}
    assert {subject: yuan for (name, subject), yuan in of.items() if name == "task_at_cap"} == {
        "建成镇街综合养老服务中心": 129_000_000,
        "新建社区养老服务站": 172_200_000,
        "提升改造社区养老服务站": 119_100_000,
    }
    assert of["plan_at_caps", "2022年建设任务"] == 420_300_000
    assert of["friendly_awards_lowest", "建设老年友善医疗机构"] == 10_000_000
    assert of["friendly_awards_highest", "建设老年友善医疗机构"] == 30_000_000
    assert {one.bounds[0].number for one in found if one.target.name.startswith("friendly_awards")} == {30_000_000}
    assert {one.state for one in found} == {"reached"}


PLAN_SHARES = {
    "urban_coverage": "90%", "urban_communities_with_station": "100%", "urban_streets_with_centre": "100%",
    "districts_with_model_home": "100%", "centre_coverage": "70%", "estates_up_to_standard": "100%",
    "homes_adapted": "100%", "stations_run_by_society": "70%", "meals_coverage": "70%", "geriatric_departments": "50%",
    "primary_care_nursing_beds": "30%", "three_star_institutions": "60%", "rural_coverage": "80%",
    "staff_trained": "100%",
}  # fmt: skip
PLAN_COUNTS = {
    "geriatric_hospitals": 1, "smart_bases": 2, "smart_streets": 2, "smart_enterprises": 5, "chains": 2,
    "property_companies": 3, "property_models": 1, "schools": 3, "integration_bases": 5, "training_bases": 10,
}  # fmt: skip


def test_what_the_plan_is_to_reach() -> None:
    def sized(key: str, kind: str, area: str, beds: str) -> Row:
        return facility(key, type=kind, floor_area=area, day_care_beds=beds)

    found = states(
        XIAN,
        districts=[DISTRICT],
        indicator_shares=at_the_edge(PLAN_SHARES, "2025"),
        indicator_counts=counted(PLAN_COUNTS, "2022") + counted({"friendly_medical_institutions": 180}, "2021"),
        facilities=[
            sized("a reached", "station", "300", "10"), sized("b missed", "station", "299.99", "9"),
            sized("c reached", "mutual_aid_home", "100", "8"), sized("d missed", "mutual_aid_home", "99.99", "7"),
            sized("e reached", "centre", "1500", ""), sized("f missed", "centre", "1499.99", ""),
        ],
        housing=[
            {"estate": "a reached", "year": "2022", "households_there": "1000", "care_area": "200"},
            {"estate": "b missed", "year": "2022", "households_there": "1000", "care_area": "199.99"},
        ],
        stock=[
            {"stock": "0.1 m² a head: reached", "year": "2022", "inhabitants": "1000", "care_land": "100"},
            {"stock": "0.31 m² a head: missed", "year": "2022", "inhabitants": "1000", "care_land": "310"},
            {"stock": "300 mu: reached", "year": "2025", "land_supplied": "300"},
            {"stock": "299 mu: missed", "year": "2021", "land_supplied": "299"},
            {"stock": "1 for 1,000 elders: reached", "year": "2022", "elders": "1000", "social_workers": "1"},
            {"stock": "1 for 1,001 elders: missed", "year": "2022", "elders": "1001", "social_workers": "1"},
            {"stock": "1 for 100 beds: reached", "year": "2022", "beds": "100", "social_workers": "1"},
            {"stock": "1 for 101 beds: missed", "year": "2022", "beds": "101", "social_workers": "1"},
        ],
        plan=[],
        plan_totals=[],
    )  # fmt: skip
    assert otherwise(found) == {}
    assert set(PLAN_SHARES) | set(PLAN_COUNTS) <= measured(found)
    sizes = {"station_size", "station_day_care", "mutual_aid_size", "mutual_aid_day_care", "centre_size"}
    assert sizes | {"housing_area", "land_of_each", "land_each_year", "workers_by_elders"} <= measured(found)
    values = XIAN.latest.model.values
    assert values["nursing_goal"].figures == {"2022..2024": "55%", "2025..": "60%", "other": "none"}
    assert values["public_bed_share"].figures["2025.."] == "0.01"


# --- the other items -----------------------------------------------------------------------------------------------


def award(kind: str, **more: str) -> list[Row]:
    return [{"award": "A", "district": "D", "kind": kind, "city_organisation": "yes", "awarded": "2022-06-01", **more}]


def standard(kind: str, first_drafter: str) -> Tables:
    return {"awards": award(kind, first_drafter=first_drafter)}


def operation(kind: str, **more: str) -> Tables:
    row = {"operation": "O", "facility": "F", "year": "2022", "kind": kind, "operating": "yes", **more}
    return {"facilities": [facility(type=kind)], "operations": [row]}


def medical(kind: str, **more: str) -> list[Row]:
    return [{"medical_project": "M", "district": "D", "facility": "F", "kind": kind, "completed": "2022-06-01", **more}]


def unit(kind: str, home: str = "institution") -> Tables:
    return {"facilities": [facility(type=home)], "medical_projects": medical(kind)}


def hospital(level: str) -> list[Row]:
    return [{"hospital": "H", "district": "D", "hospital_level": level}]


def at_hospital(kind: str, level: str) -> Tables:
    return {"hospitals": hospital(level), "medical_projects": medical(kind, hospital="H", facility="")}


def chain(**more: str) -> Tables:
    row = {
        "operator": "O",
        "good_quality": "yes",
        "evaluated": "2022-06-01",
        "institutions": "0",
        "community_facilities": "0",
    }
    return {"operators": [{**row, **more}]}


def agreement(**more: str) -> Tables:
    row = {"agreement": "A", "hospital": "H", "facility": "F", "year": "2022", "fulfilled": "yes", **more}
    return {"hospitals": hospital("level_1"), "facilities": [facility()], "agreements": [row]}


def trainees(trained: str, kept: str) -> Tables:
    row = {"traineeship": "T", "facility": "F", "ended": "2022-06-30", "trainees": trained, "kept": kept}
    return {"facilities": [facility()], "traineeships": [row]}


def prize(contest: str = "city", place: str = "third_prize", assessed: str = "") -> Tables:
    row = {
        "contest_prize": "W",
        "person": "P",
        "district": "D",
        "contest": contest,
        "prize": place,
        "awarded": "2022-06-01",
    }
    return {"contest_prizes": [{**row, "assessed": assessed}]}


def premium(amount: str, home: str = "institution") -> Tables:
    row = {"premium": "I", "facility": "F", "year": "2022", "premium_paid": amount}
    return {"facilities": [facility(type=home)], "premiums": [row]}


def meals(days: str) -> Tables:
    row = {"meal": "M", "facility": "F", "month": "2022-03", "person_days": days}
    return {"facilities": [facility(type="meal_point")], "meals": [row]}


def built(kind: str, **more: str) -> Tables:
    return {"projects": [project(kind, public_money="yes", **more)]}


ITEMS: list[tuple[str, Tables, str, str, dict[str, str]]] = [
    # item, rows, total, low, by payer
    ("10", built("centre", build_mode="new"), "1500000.00", "0.00", {"city": "1500000.00"}),
    ("10", built("centre", build_mode="converted", approved="98765.43"), "98765.43", "98765.43", {"city": "98765.43"}),
    ("11", built("station", build_mode="new"), "600000.00", "0.00", {"city": "600000.00"}),
    ("11", built("station", build_mode="converted"), "300000.00", "0.00", {"city": "300000.00"}),
    ("12", built("rural_home", build_mode="converted", actual_investment="33.35"), "10.01", "10.01", {"city": "10.01"}),
    ("12", built("rural_home", build_mode="new", actual_investment="1000000"), "0.00", "0.00", {}),
    ("13", built("meal_point", build_mode="new", meets_standard="yes"), "100000.00", "0.00", {"city": "100000.00"}),
    ("13", built("meal_point", build_mode="new", meets_standard="no"), "0.00", "0.00", {}),
    ("15", chain(institutions="3"), "200000.00", "200000.00", {"not_stated": "200000.00"}),
    ("15", chain(community_facilities="10"), "200000.00", "200000.00", {"not_stated": "200000.00"}),
    ("15", chain(institutions="2", community_facilities="9"), "0.00", "0.00", {}),
    ("15", chain(institutions="3", good_quality="no"), "0.00", "0.00", {}),
    ("15", chain(institutions="3", evaluated=""), "0.00", "0.00", {}),
    ("17", operation("station"), "100000.00", "15000.00", halves("50000.00")),
    ("17", operation("station", assessed="60000"), "60000.00", "60000.00", halves("30000.00")),
    ("17", operation("station", operating="no"), "0.00", "0.00", {}),
    ("18", operation("mutual_aid_home"), "25000.00", "15000.00", halves("12500.00")),
    ("19", meals("1235"), "2470.00", "2470.00", halves("1235.00")),
    ("20", standard("national_standard", "yes"), "150000.00", "150000.00", {"city": "150000.00"}),
    ("20", standard("industry_standard", "yes"), "100000.00", "100000.00", {"city": "100000.00"}),
    ("20", standard("local_standard", "yes"), "50000.00", "50000.00", {"city": "50000.00"}),
    ("20", standard("national_standard", "no"), "0.00", "0.00", {}),
    ("20", {"awards": award("pilot", passed="yes")}, "100000.00", "0.00", {"city": "100000.00"}),
    ("20", {"awards": award("pilot", passed="no")}, "0.00", "0.00", {}),
    ("21", premium("12346.25"), "8642.38", "8642.38", {"not_stated": "8642.38"}),
    ("21", premium("12346.25", "station"), "0.00", "0.00", {}),
    ("22", at_hospital("demonstration_base", "level_3_a"), "2000000.00", "2000000.00", {"city": "2000000.00"}),
    ("22", at_hospital("demonstration_base", "level_3"), "0.00", "0.00", {}),
    ("22", at_hospital("conversion", "level_2"), "1000000.00", "1000000.00", {"city": "1000000.00"}),
    ("23", unit("clinic"), "200000.00", "200000.00", {"city": "200000.00"}),
    ("23", unit("consulting_room"), "200000.00", "200000.00", {"city": "200000.00"}),
    ("23", unit("nursing_post"), "200000.00", "200000.00", {"city": "200000.00"}),
    ("23", unit("rehabilitation_centre"), "500000.00", "500000.00", {"city": "500000.00"}),
    ("23", unit("nursing_centre"), "500000.00", "500000.00", {"city": "500000.00"}),
    ("23", unit("geriatric_hospital"), "1000000.00", "1000000.00", {"city": "1000000.00"}),
    ("23", unit("general_hospital"), "1000000.00", "1000000.00", {"city": "1000000.00"}),
    ("23", unit("clinic", "station"), "0.00", "0.00", {}),
    ("24", agreement(), "50000.00", "50000.00", {"city": "50000.00"}),
    ("24", agreement(fulfilled="no"), "0.00", "0.00", {}),
    ("25", at_hospital("age_friendly", "level_1"), "50000.00", "50000.00", {"city": "50000.00"}),
    ("25", at_hospital("age_friendly", "level_2"), "100000.00", "100000.00", {"city": "100000.00"}),
    ("25", at_hospital("age_friendly", "level_3"), "150000.00", "150000.00", {"city": "150000.00"}),
    ("25", at_hospital("age_friendly", "unclassified"), "0.00", "0.00", {}),
    ("28", trainees("10", "5"), "10000.00", "10000.00", {"not_stated": "10000.00"}),
    ("28", trainees("11", "5"), "0.00", "0.00", {}),
    ("28", trainees("0", "0"), "0.00", "0.00", {}),
    ("29", prize(), "30000.00", "3000.00", {"not_stated": "30000.00"}),
    ("29", prize("ministry", "first_prize", "30000"), "30000.00", "30000.00", {"not_stated": "30000.00"}),
    ("29", prize(place="other"), "0.00", "0.00", {}),
]  # fmt: skip


@pytest.mark.parametrize(("item", "rows", "total", "low", "payers"), ITEMS)
def test_published_amounts(item: str, rows: Tables, total: str, low: str, payers: dict[str, str]) -> None:
    result = calculated(**rows)
    assert (f"{result.total}", f"{result.low}", paid(result)) == (total, low, payers)
    assert {entry["item"] for entry in result.to_dict()["by_clause"]} == ({item} if payers else set())


@pytest.mark.parametrize(
    ("rows", "column"),
    [
        (built("centre", build_mode="new", approved="1500000.01"), "approved"),
        (built("station", build_mode="converted", approved="300001"), "approved"),
        (operation("station", assessed="14999.99"), "assessed"),
        (operation("mutual_aid_home", assessed="25000.01"), "assessed"),
        ({"awards": award("pilot", passed="yes", assessed="100001")}, "assessed"),
        (prize(assessed="2999.99"), "assessed"),
        (prize(assessed="30001"), "assessed"),
    ],
)
def test_an_amount_outside_the_printed_range_stops_the_calculation(rows: Tables, column: str) -> None:
    with pytest.raises(RosterError) as caught:
        calculated(**rows)
    (finding,) = caught.value.findings
    assert (finding.code, finding.place.row, finding.place.column) == ("outside-policy-range", 1, column)


def test_institutions_of_a_chain_are_counted_from_the_roster() -> None:
    operator = {"operator": "O", "good_quality": "yes", "evaluated": "2022-06-01"}
    homes = [facility(f"F{number}", operator="O") for number in range(3)]
    assert paid(calculated(operators=[operator], facilities=homes)) == {"not_stated": "200000.00"}
    assert (
        paid(calculated(operators=[operator], facilities=[*homes[:2], facility("G", operator="O", type="station")]))
        == {}
    )


def test_each_standard_pair_and_hospital_once() -> None:
    result = calculated(
        hospitals=hospital("level_1"), facilities=[facility()],
        awards=[{**award("local_standard", first_drafter="yes", standard="DB1", awarded=day)[0], "award": day}
                for day in ("2022-06-01", "2022-03-01")],
        agreements=[{**agreement()["agreements"][0], "agreement": key} for key in ("A", "B")],
        medical_projects=[
            {**medical("age_friendly", hospital="H", facility="")[0], "medical_project": key} for key in "MN"
        ],
    )  # fmt: skip
    assert owed(result, "standard_award") == {("2022-03-01", "2022-03-01"): "50000.00"}
    assert owed(result, "cooperation") == {("A", "2022"): "50000.00"}
    assert owed(result, "age_friendly") == {("M", "2022-06-01"): "50000.00"}


# --- items 22 to 25: the envelope of 30,000,000 for 2022 and 2023 --------------------------------------------------


def medical_wave(bases: int) -> Tables:
    """Bases at 2,000,000 in 2022; in 2023 a clinic (200,000), a level-1 award and an agreement (50,000 each)."""
    row = {"district": "D", "hospital": "A", "kind": "demonstration_base", "completed": "2022-06-01"}
    others = [
        {"medical_project": "clinic", "district": "D", "facility": "F", "kind": "clinic", "completed": "2023-05-01"},
        {
            "medical_project": "friendly",
            "district": "D",
            "hospital": "H",
            "kind": "age_friendly",
            "completed": "2023-05-01",
        },
    ]
    return {
        "hospitals": [*hospital("level_1"), {"hospital": "A", "district": "D", "hospital_level": "level_3_a"}],
        "facilities": [facility()],
        "medical_projects": [*({"medical_project": f"M{n}", **row} for n in range(bases)), *others],
        "agreements": [{"agreement": "A", "hospital": "H", "facility": "F", "year": "2023", "fulfilled": "yes"}],
    }  # fmt: skip


def test_what_is_above_the_envelope_is_reported_and_not_cut() -> None:
    result = calculated(**medical_wave(16))
    (pot,) = result.pots
    assert (pot["pot"], pot["years"], pot["when_short"]) == ("medical_envelope", "2022..2023", "report")
    assert [pot[name] for name in ("at_most", "asked", "over", "cut")] == [
        "30000000.00",
        "32300000.00",
        "2300000.00",
        "0.00",
    ]
    assert paid(result) == {"city": "32000000.00"}


def test_within_the_envelope() -> None:
    (pot,) = calculated(**medical_wave(14)).pots
    assert [pot[name] for name in ("asked", "over", "cut")] == ["28300000.00", "0.00", "0.00"]


def test_the_envelope_shared_pro_rata_is_spent_to_the_fen() -> None:
    pro_rata = XIAN.overlay({"limits.medical_envelope.when_short": "pro_rata"})
    years = [calculated(year, by=pro_rata, **medical_wave(16)) for year in (2022, 2023)]
    assert sum(Decimal(result.total) for result in years) == Decimal("30000000.00")
    (pot,) = years[0].pots
    assert (pot["over"], pot["cut"]) == ("2300000.00", "2300000.00")
    payments = years[0].payments()
    assert sum(payments["owed"]) == Decimal("32300000.00")
    assert sum(payments["cut"]) == Decimal("2300000.00")
    assert all(abs(row.amount - row.owed * 300 / 323) < Decimal("0.01") for row in rows_of(payments))
    assert set(owed(years[0], "hospital_conversion").values()) == {"2000000.00"}  # entitlements are not cut


def test_what_was_spent_outside_the_roster_counts_against_the_envelope() -> None:
    used = XIAN.overlay(
        {"values.medical_envelope_used.is": "5000000", "limits.medical_envelope.when_short": "pro_rata"}
    )
    result = calculated(by=used, **medical_wave(16))
    (pot,) = result.pots
    assert [pot[name] for name in ("used_before", "over", "cut")] == ["5000000.00", "7300000.00", "7300000.00"]


def test_nobody_is_named_to_pay_for_medical_care_after_2023() -> None:
    rows = at_hospital("conversion", "level_2")
    rows["medical_projects"][0]["completed"] = "2024-03-01"
    result = calculated(2024, **rows)
    assert (paid(result), result.pots) == ({"not_stated": "1000000.00"}, [])


def test_basic_care_comes_first_once_a_sum_is_given() -> None:
    """Items 9, 10 and 16: without a sum the priority does nothing; with one, basic care is served first."""
    rows: dict[str, Any] = {
        "facilities": [facility("F", basic_care="no"), facility("G", basic_care="yes")],
        "projects": [
            {**project("institution", build_mode="new", public_money="no", beds="10"), "project": key, "facility": key}
            for key in ("F", "G")
        ],
    }
    assert paid(calculated(**rows)) == halves("100000.00")
    short = calculated(by=XIAN.overlay({"values.bed_grant_sum.is": "120000"}), **rows)
    amounts = {entry["facility"]: entry["amount"] for entry in short.to_dict()["by_facility"]}
    assert amounts == {"F": "20000.00", "G": "100000.00"}


# --- items 5 to 8: reliefs are no cash -----------------------------------------------------------------------------


def tax(kind: str, purpose: str, due: str = "1000.01", **more: str) -> Row:
    return {"tax": "T", "facility": "F", "year": "2022", "kind": kind, "purpose": purpose, "due": due, **more}


RELIEFS: list[tuple[str, Row, Row, str | None]] = [
    ("5", facility(registered="yes", filed="yes"), tax("vat", "care_service"), "1000.01"),
    ("5", facility(registered="yes", filed="no"), tax("vat", "care_service"), None),
    ("6", facility(type="station"), tax("vat", "community_care"), "1000.01"),
    ("6", facility(type="station"), tax("income_tax", "community_care", revenue="999", income_tax_rate="20%"), "19.98"),
    ("6", facility(type="station"), tax("deed_tax", "community_care"), "1000.01"),
    ("6", facility(type="station"), tax("idle_land_fee", "community_care"), "1000.01"),
    ("6", facility(type="station"), tax("infrastructure_fee", "community_care"), "1000.01"),
    ("6", facility(type="station"), tax("air_defence_fee", "community_care", shelter_impossible="yes"), "1000.01"),
    ("6", facility(type="station"), tax("air_defence_fee", "community_care", shelter_impossible="no"), None),
    ("6", facility(type="station"), tax("land_use_tax", "community_care"), "1000.01"),
    ("7", facility(profit_status="non_profit"), tax("property_tax", "own_use"), "1000.01"),
    ("7", facility(profit_status="for_profit"), tax("property_tax", "own_use"), None),
    ("7", facility(profit_status="non_profit"), tax("income_tax", "qualifying_income"), "1000.01"),
    ("8", facility(profit_status="non_profit"), tax("termite_fee", "construction"), "1000.01"),
    ("8", facility(profit_status="for_profit"), tax("termite_fee", "construction"), "500.01"),     # half, half up
]  # fmt: skip


@pytest.mark.parametrize(("item", "home", "row", "amount"), RELIEFS)
def test_reliefs_stand_apart_from_cash(item: str, home: Row, row: Row, amount: str | None) -> None:
    result = calculated(facilities=[home], taxes=[row])
    content = result.to_dict()
    assert [(entry["item"], entry["amount"]) for entry in content["relief"]] == ([(item, amount)] if amount else [])
    assert (content["total"], content["by_clause"], content["by_payer"]) == ("0.00", [], [])
    assert len(result.payments()) == 0


# --- rules without money -------------------------------------------------------------------------------------------


def test_every_report_lists_what_has_no_figure_and_that_amounts_are_subject_to_rules_to_come() -> None:
    content = calculated().to_dict()
    assert {"16", "34"} <= {entry["item"] for entry in content["unquantified"]}
    assert {"32", "33", "末段"} <= {entry["item"] for entry in content["rules"]}
    assert {"16", "27"} <= {entry["item"] for entry in content["readings"]}
    assert content["total"] == "0.00"


# --- a clause added in YAML only -----------------------------------------------------------------------------------

NEW_VALUES = """
  rural_carer_rate:   {item: "新增1", unit: yuan / person / month, is: 150}
  rural_carer_months: {item: "新增1", unit: month, is: 36}
"""
NEW_CLAUSE = """
  rural_carer_grant:
    item: "新增1"
    label: {zh: 敬老院持证护理员补贴, en: Certified carers in rural homes}
    for: staff
    every: month
    when: post = 'carer' and facility.type = 'rural_home' and level <> 'uncertified'
    amount: rural_carer_rate
    split: {city: 5, district: 5}
"""
NEW_LIMIT = """
  rural_carer_limit: {item: "新增1", among: [rural_carer_grant], per: [person], at_most: rural_carer_months}
"""


@pytest.fixture(scope="module")
def with_new_clause(tmp_path_factory: pytest.TempPathFactory) -> Any:
    text = FILE.read_text(encoding="utf-8")
    for section, entries in (("values", NEW_VALUES), ("clauses", NEW_CLAUSE), ("limits", NEW_LIMIT)):
        assert text.count(f"\n{section}:\n") == 1
        text = text.replace(f"\n{section}:\n", f"\n{section}:{entries}")
    path = tmp_path_factory.mktemp("schedule") / "2021-11-05.yaml"
    path.write_text(text, encoding="utf-8")
    for rows in FILE.parent.glob("*.csv"):
        (path.parent / rows.name).write_bytes(rows.read_bytes())
    return schedule(path)


FIRST_ROSTER = [carer("2021-11-05")]
LATER_ROSTER = [carer("2021-11-05", "2022-12-31"), carer("2023-07-01", key="T", facility="G")]


@pytest.mark.parametrize(
    ("staff", "last_paid", "first_unpaid"),
    [
        (FIRST_ROSTER, ("S", "2024-10"), ("S", "2024-11")),  # November 2021 is month 1, October 2024 month 36
        (LATER_ROSTER, ("T", "2025-04"), ("T", "2025-05")),  # 14 months, a gap, and 22 more in another home
    ],
)
def test_a_new_clause_with_at_most_36_months(
    with_new_clause: Any, staff: list[Row], last_paid: tuple[str, str], first_unpaid: tuple[str, str]
) -> None:
    result = calculated(
        2025, by=with_new_clause, staff=staff,
        facilities=[facility(type="rural_home"), facility("G", type="rural_home")],
        certificates=[{"person": "P", "from": "2020-01-01", "level": "junior"}],
    )  # fmt: skip
    months = owed(result, "rural_carer_grant")
    assert len(months) == 36
    assert months[last_paid] == "150.00"
    assert first_unpaid not in months
    assert status(result, "rural_carer_grant", *first_unpaid) == ("why-not", "limit: rural_carer_limit")
    payments = result.payments()
    assert sum(payments[payments["clause"] == "rural_carer_grant"]["amount"]) == Decimal("5400.00")


def test_the_new_clause_changes_nothing_else(with_new_clause: Any) -> None:
    rows: dict[str, Any] = {"facilities": [facility(type="rural_home")], "staff": [carer("2021-01-01", "2022-12-31")]}
    assert paid(calculated(by=with_new_clause, **rows)) == paid(calculated(**rows)) == {"not_stated": "2400.00"}


# --- the schedule's own examples -----------------------------------------------------------------------------------


def test_the_examples_of_the_schedule() -> None:
    results = list(run_examples(XIAN))
    assert [result for result in results if not result.passed] == []
    assert [result for result in results if result.findings] == []
    assert {compared.what.en.split()[0] for result in results for compared in result.compared} == set(
        XIAN.latest.clauses
    )
