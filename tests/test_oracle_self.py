"""The oracle itself, against cases worked out by hand and the amounts that are printed in the documents."""

from __future__ import annotations

import datetime
from fractions import Fraction
from typing import Any

import pytest
from oracle import OracleResult, calculate, divided, full_months, months_later, rounded

from subsidy.schedule.load import load_text

HEAD = """
schedule: test/oracle
document: {number: 1, issuer: test, issued: 2020-01-01}
in_force: {from: 2020-01-01}
revision: 1
place: CN
payers:
  city: {label: {zh: 市, en: city}}
  county: {label: {zh: 县, en: county}, of: district}
"""
FACILITY: dict[str, str | None] = {
    "facility": "F1", "district": "D1", "type": "institution", "profit_status": "non_profit", "beds": "100",
}  # fmt: skip


def run(body: str, rows: dict[str, list[dict[str, str | None]]], end: Any = "high", year: int = 2023) -> OracleResult:
    with_places: dict[str, list[dict[str, str | None]]] = {
        "districts": [{"district": "D1"}, {"district": "D2"}], "facilities": [FACILITY], **rows,
    }  # fmt: skip
    return calculate([load_text(HEAD + body).canonical()], with_places, end, year)


def owed(result: OracleResult, clause: str) -> dict[tuple[str, str], int]:
    """What is owed after limits, by subject and period."""
    return {(key[2], key[3]): sums[2] for key, sums in result.entitlements.items() if key[1] == clause}


def day(text: str) -> datetime.date:
    return datetime.date.fromisoformat(text)


# --- the published amounts ---------------------------------------------------------------------------------------

RATES = {
    5: {"disabled": 225, "semi_disabled": 150, "self_caring": 80},
    4: {"disabled": 150, "semi_disabled": 120, "self_caring": 60},
    3: {"disabled": 120, "semi_disabled": 90, "self_caring": 40},
    2: {"disabled": 100, "semi_disabled": 70, "self_caring": 30},
    1: {"disabled": 80, "semi_disabled": 50, "self_caring": 20},
}
OPERATING = f"""
values:
  rate: {{unit: yuan / person / month, by: [facility.star, ability], is: {str(RATES).replace("'", "")}}}
clauses:
  grant:
    item: "16"
    for: residents
    every: month
    when: facility.star >= 1 and days_present >= 1
    amount: rate
    split: {{city: 5, county: 5}}
limits:
  one_home: {{among: [grant], per: [person, month], keep: most days_present}}
"""


@pytest.mark.parametrize("star", RATES)
@pytest.mark.parametrize("ability", RATES[5])
def test_rate_table(star: int, ability: str) -> None:
    result = run(OPERATING, {
        "ratings": [{"facility": "F1", "from": "2023-01-01", "star": str(star)}],
        "residents": [{"resident": "R1", "person": "P1", "facility": "F1", "from": "2023-03-01", "to": "2023-03-31"}],
        "assessments": [{"person": "P1", "from": "2022-01-01", "ability": ability}],
    })  # fmt: skip
    amount = RATES[star][ability] * 100
    assert result.entitlements == {(0, "grant", "R1", "2023-03"): ("paid", amount, amount)}
    line = ("grant", "F1", "2023-03-31", "2023-03")
    assert result.payments == {
        (*line, "city", "D1", "F1", "D1"): (amount // 2, 0, amount // 2),
        (*line, "county", "D1", "F1", "D1"): (amount // 2, 0, amount // 2),
    }


def test_no_rating_is_a_finding_and_no_star_a_why_not() -> None:
    rows: dict[str, list[dict[str, str | None]]] = {
        "residents": [{"resident": "R1", "person": "P1", "facility": "F1", "from": "2023-03-01", "to": "2023-04-30"}],
        "assessments": [{"person": "P1", "from": "2022-01-01", "ability": "disabled"}],
        "ratings": [{"facility": "F1", "from": "2023-04-30", "star": "0"}],
    }
    states = {key[3]: state for key, (state, _, _) in run(OPERATING, rows).entitlements.items()}
    assert states == {"2023-03": "finding", "2023-04": "why-not"}


def test_mover_is_paid_where_most_days_were() -> None:
    result = run(OPERATING, {
        "facilities": [FACILITY, {**FACILITY, "facility": "F2", "district": "D2"}],
        "ratings": [
            {"facility": "F1", "from": "2023-01-01", "star": "5"},
            {"facility": "F2", "from": "2023-01-01", "star": "1"},
        ],
        "residents": [
            {"resident": "R1", "person": "P1", "facility": "F1", "from": "2023-03-01", "to": "2023-03-10"},
            {"resident": "R2", "person": "P1", "facility": "F2", "from": "2023-03-11", "to": "2023-03-31"},
        ],
        "assessments": [{"person": "P1", "from": "2022-01-01", "ability": "disabled"}],
    })  # fmt: skip
    assert owed(result, "grant") == {("R1", "2023-03"): 0, ("R2", "2023-03"): 8000}
    assert {key[7] for key in result.payments} == {"D2"}


# --- the one split, roundings, days ------------------------------------------------------------------------------


def test_splits() -> None:
    assert divided(5_000_000, [30, 30, 40]) == [1_500_000, 1_500_000, 2_000_000]
    assert divided(10_001, [3, 3, 4]) == [3000, 3000, 4001]
    assert divided(-101, [1, 1]) == [-51, -50]
    assert divided(101, [1, 0, 1]) == [51, 0, 50]
    assert divided(0, [0, 0]) == [0, 0]


@pytest.mark.parametrize(
    ("value", "way", "expected"),
    [("0.05", "half_up", "0.1"), ("-0.05", "half_up", "-0.1"), ("0.049", "half_up", "0"), ("0.19", "down", "0.1"),
     ("-0.19", "down", "-0.1"), ("0.11", "up", "0.2"), ("-0.11", "up", "-0.2"), ("0.10", "up", "0.1")],
)  # fmt: skip
def test_roundings(value: str, way: str, expected: str) -> None:
    assert rounded(Fraction(value), Fraction(1, 10), way) == Fraction(expected)


@pytest.mark.parametrize(
    ("since", "on", "months"),
    [("2021-11-01", "2023-10-31", 23), ("2021-11-01", "2023-09-30", 22), ("2021-11-01", "2023-11-01", 24),
     ("2023-01-31", "2023-02-28", 1), ("2023-01-31", "2023-02-27", 0), ("2023-03-15", "2023-03-14", -1),
     ("2023-03-15", "2023-02-15", -1), ("2023-03-15", "2023-02-14", -2), ("2024-02-29", "2025-02-28", 12)],
)  # fmt: skip
def test_full_months(since: str, on: str, months: int) -> None:
    assert full_months(day(since), day(on)) == months


def test_due_days() -> None:
    assert months_later(day("2023-11-30"), 3) == day("2024-02-29")
    assert months_later(day("2024-02-29"), 12) == day("2025-02-28")


# --- instalments, spells, counts, pots, open amounts ---------------------------------------------------------------

ENTRY = """
values:
  entry: {unit: yuan / person, is: 50000}
  shares: {unit: percent, by: [instalment], is: {1: 30%, 2: 30%, 3: 40%}}
clauses:
  entry_grant:
    item: "1"
    for: staff
    every: once
    dated: hired
    amount: entry
    split: {city: 1}
    pay: {to: person, shares: shares, every: year, while: present}
"""


def staff(key: str, person: str, hired: str, left: str | None, **cells: str) -> dict[str, str | None]:
    row: dict[str, str | None] = {
        "staff": key, "person": person, "facility": "F1", "hired": hired, "left": left, "post": "carer",
        "full_time": "yes", "education": "college", "graduated": None,
    }  # fmt: skip
    return row | cells


def test_instalments_while_present() -> None:
    rows = [staff("S1", "P1", "2022-02-28", None), staff("S2", "P2", "2022-03-01", "2023-03-01")]
    result = run(ENTRY, {"staff": rows})
    paid = {(key[1], key[2]): sums[2] for key, sums in result.payments.items()}
    assert paid == {
        ("P1", "2022-02-28"): 1_500_000, ("P1", "2023-02-28"): 1_500_000, ("P1", "2024-02-28"): 2_000_000,
        ("P2", "2022-03-01"): 1_500_000, ("P2", "2023-03-01"): 1_500_000,
    }  # fmt: skip
    assert owed(result, "entry_grant") == {("S1", "2022-02-28"): 5_000_000, ("S2", "2022-03-01"): 5_000_000}


SENIORITY = """
values:
  by_month: {unit: yuan / person / month, by: [full_months_since(hired)], is: {..0: 0, 1..11: 100.01, 12..: 200}}
clauses:
  seniority:
    item: "1"
    for: staff
    every: month
    amount: if days_present >= days_in_month then by_month else 0
    split: {city: 1}
"""


def test_adjoining_rows_are_one_spell() -> None:
    one = staff("S1", "P1", "2022-01-15", "2022-12-31")
    rows = [staff("S2", "P1", "2023-01-01", "2023-02-28"), one, staff("S3", "P1", "2023-03-02", "2023-04-30")]
    result = owed(run(SENIORITY, {"staff": rows}), "seniority")
    assert {key for key, _ in result} == {"S1", "S3"}
    assert result[("S1", "2022-12")] == 10_001
    assert result[("S1", "2023-01")] == 20_000
    assert result[("S3", "2023-03")] == 0
    assert result[("S3", "2023-04")] == 10_001


def test_a_spell_of_unlike_rows_keeps_its_first_day() -> None:
    rows = [staff("S1", "P1", "2022-01-15", "2022-12-31"), staff("S2", "P1", "2023-01-01", None, post="nurse")]
    result = owed(run(SENIORITY, {"staff": rows}), "seniority")
    assert result[("S1", "2022-01")] == 0
    assert result[("S2", "2023-01")] == 20_000
    assert max(period for _, period in result) == "2023-12"


COUNTED = """
facts:
  groups: {group_row: key, facility: facilities, month: month, cost: {yuan: 0..1000}}
values:
  cap: {unit: yuan, is: 250}
clauses:
  meal_grant: {item: "1", for: groups, every: month, amount: cost, split: {city: 1, county: 1}}
limits:
  month_cap: {among: [meal_grant], per: [facility, month], at_most: cap, when_short: pro_rata}
"""


def test_count_units_share_a_cap() -> None:
    group: dict[str, str | None] = {
        "group_row": "G1", "facility": "F1", "month": "2023-03", "cost": "100.01", "count": "3",
    }  # fmt: skip
    result = run(COUNTED, {"groups": [group, {**group, "group_row": "G2", "month": "2023-04", "count": "2"}]})
    assert result.entitlements == {
        (0, "meal_grant", "G1", "2023-03"): ("paid", 30_003, 25_000),
        (0, "meal_grant", "G2", "2023-04"): ("paid", 20_002, 20_002),
    }


POT = """
values:
  grant_sum: {unit: yuan / year, is: 100}
  envelope: {unit: yuan, is: 250}
  used: {unit: yuan, is: 20.02}
clauses:
  yearly: {item: "1", for: awards, every: once, dated: awarded, amount: grant_sum, split: {city: 7, county: 3}}
limits:
  pot: {among: [yearly], payer: city, years: 2022..2023, at_most: envelope, used_before: used, when_short: pro_rata}
"""


@pytest.mark.parametrize(("way", "parts"), [("pro_rata", [5750, 5750, 5749, 5749]), ("report", [7000] * 4)])
def test_pot_over_two_years(way: str, parts: list[int]) -> None:
    days = ["2022-05-01", "2022-06-01", "2023-05-01", "2023-06-01", "2024-05-01"]
    rows: list[dict[str, str | None]] = [
        {"award": f"A{n}", "district": "D1", "awarded": awarded} for n, awarded in enumerate(days)
    ]
    body = POT.replace("when_short: pro_rata", f"when_short: {way}").replace("yuan / year", "yuan")
    result = run(body, {"awards": rows})
    city = {key[1]: sums for key, sums in result.payments.items() if key[4] == "city"}

    assert [city[f"A{n}"][2] for n in range(4)] == parts
    assert city["A4"] == (7000, 0, 7000)
    assert all(sums == (3000, 0, 3000) for key, sums in result.payments.items() if key[4] == "county")
    assert all(sums[1:] == (10_000, 10_000) for sums in result.entitlements.values())


BED_OR_CENTRE = """
facts:
  projects: {build_mode: [new, converted], approved: {yuan: 0..project_cap, blank: open}}
values:
  project_cap: {unit: yuan, by: [build_mode], is: {new: 600000, converted: 300000}}
  bed_rate: {unit: yuan / bed, is: 5000}
clauses:
  centre: {item: "10", for: projects, every: once, dated: accepted, amount: approved, split: {city: 1}}
  beds_too: {item: "9", for: projects, every: once, dated: accepted, amount: beds * bed_rate, split: {city: 1}}
limits:
  one: {among: [centre, beds_too], per: [project], keep: highest}
"""


@pytest.mark.parametrize(("end", "centre", "beds"), [("low", 0, 5_000_000), ("high", 30_000_000, 0)])
def test_open_amount_at_both_ends(end: str, centre: int, beds: int) -> None:
    project: dict[str, str | None] = {
        "project": "J1", "facility": None, "district": "D1", "accepted": "2023-05-01", "public_money": "no",
        "beds": "10", "build_mode": "converted", "approved": None,
    }  # fmt: skip
    result = run(BED_OR_CENTRE, {"projects": [project]}, end)
    assert owed(result, "centre") == {("J1", "2023-05-01"): centre}
    assert owed(result, "beds_too") == {("J1", "2023-05-01"): beds}
    assert {key[1] for key in result.payments} == {"J1"}


PARTS = """
values:
  share: {unit: percent, is: 30%}
  cap: {unit: yuan, is: 20}
clauses:
  adaptation:
    item: "1"
    for: households
    every: once
    dated: accepted
    when: known(accepted) and not (very_old and disabled)
    amount: actual_cost
    parts: {city: "least(round actual_cost * share to fen down, cap)", county: rest}
"""


def test_parts_with_rest_and_three_valued_conditions() -> None:
    home: dict[str, str | None] = {
        "household": "H1", "district": "D1", "area": "rural", "group": "other", "very_old": None, "disabled": "no",
        "handicapped": "no", "accepted": "2023-05-01", "actual_cost": "33.33",
    }  # fmt: skip
    rows: list[dict[str, str | None]] = [
        home, {**home, "household": "H2", "disabled": "yes"}, {**home, "household": "H3", "actual_cost": "99.99"},
        {**home, "household": "H4", "very_old": "yes", "disabled": "yes"},
        {**home, "household": "H5", "accepted": None}, {**home, "household": "H6", "actual_cost": None},
    ]  # fmt: skip
    result = run(PARTS, {"households": rows})
    states = {key[2]: state for key, (state, _, _) in result.entitlements.items()}
    assert states == {"H1": "paid", "H2": "finding", "H3": "paid", "H4": "why-not", "H6": "finding"}
    assert {(key[1], key[4]): sums[2] for key, sums in result.payments.items()} == {
        ("H1", "city"): 999, ("H1", "county"): 2334, ("H3", "city"): 2000, ("H3", "county"): 7999,
    }  # fmt: skip
