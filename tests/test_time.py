"""Days, months, versions and due dates: small schedules of their own, read on days where calendars go wrong."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from xian import Row, Tables, instalments, owed, paid, status

from subsidy import Result, Roster, Schedule, calculate, schedule

HEAD = """
schedule: cn/nowhere/care
document: {number: 测试〔2022〕1号, issuer: 测试局, issued: 2022-01-01}
in_force: {from: FIRST}
revision: 1
place: CN-0000
payers:
  city:     {label: {zh: 市级, en: city}}
  district: {label: {zh: 区级, en: district}, of: district}
"""

Load = Callable[..., Schedule]


@pytest.fixture
def load(tmp_path: Path) -> Load:
    """A schedule of the given bodies, each in force from its day: load(body) or load({day: body, ...})."""

    def loaded(bodies: str | dict[str, str]) -> Schedule:
        by_day = {"2020-01-01": bodies} if isinstance(bodies, str) else bodies
        for day, body in by_day.items():
            (tmp_path / f"{day}.yaml").write_text(HEAD.replace("FIRST", day) + body, encoding="utf-8")
        return schedule(tmp_path)

    return loaded


def run(by: Schedule, year: int, **tables: Any) -> Result:
    rows: Tables = {
        "districts": [{"district": "D"}],
        "facilities": [{"facility": "F", "district": "D"}],
        **tables,
    }
    return calculate(by, Roster(**rows), year)


def stay(first: str, last: str, key: str = "R", **more: str) -> Row:
    return {"resident": key, "person": f"person of {key}", "facility": "F", "from": first, "to": last, **more}


def employed(hired: str, left: str, key: str = "S", **more: str) -> Row:
    return {
        "staff": key,
        "person": f"person of {key}",
        "facility": "F",
        "hired": hired,
        "left": left,
        "post": "carer",
        **more,
    }


def months(result: Result, clause: str = "grant") -> dict[str, str]:
    return {period: amount for (_, period), amount in owed(result, clause).items()}


# --- stays and days ------------------------------------------------------------------------------------------------

BY_DAY = """
values:
  day_rate: {unit: yuan / day, is: 10}
  min_days: {unit: day, is: 15}
clauses:
  grant: {item: "1", for: residents, every: month, amount: days_present * day_rate, split: {city: 1}}
  whole:
    item: "2"
    for: residents
    every: month
    when: days_present >= min_days
    amount: days_in_month * day_rate
    split: {city: 1}
limits:
  one_grant: {among: [grant], per: [person, month], keep: highest}
  one_whole: {among: [whole], per: [person, month], keep: highest}
"""


def test_a_stay_has_a_row_in_every_month_it_touches(load: Load) -> None:
    result = run(load(BY_DAY), 2022, residents=[stay("2022-01-20", "2022-03-10")])
    assert months(result) == {"2022-01": "120.00", "2022-02": "280.00", "2022-03": "100.00"}
    assert months(result, "whole") == {"2022-02": "280.00"}


def test_a_stay_of_one_day_on_a_leap_day(load: Load) -> None:
    assert months(run(load(BY_DAY), 2024, residents=[stay("2024-02-29", "2024-02-29")])) == {"2024-02": "10.00"}


def test_a_leap_february_has_29_days_and_15_of_them_are_enough(load: Load) -> None:
    result = run(
        load(BY_DAY), 2024, residents=[stay("2024-02-15", "2024-02-29"), stay("2024-02-16", "2024-02-29", "T")]
    )
    assert owed(result, "grant") == {("R", "2024-02"): "150.00", ("T", "2024-02"): "140.00"}
    assert owed(result, "whole") == {("R", "2024-02"): "290.00"}


def test_an_ongoing_stay_goes_on_to_the_end_of_the_year_asked_for(load: Load) -> None:
    by = load(BY_DAY)
    assert list(months(run(by, 2022, residents=[stay("2022-11-30", "")]))) == ["2022-11", "2022-12"]
    assert list(months(run(by, 2023, residents=[stay("2022-11-30", "")])))[-1] == "2023-12"


def test_adjoining_stays_are_one_spell(load: Load) -> None:
    rows = [stay("2022-03-01", "2022-03-10"), {**stay("2022-03-11", "2022-03-31", "T"), "person": "person of R"}]
    assert owed(run(load(BY_DAY), 2022, residents=rows), "grant") == {("R", "2022-03"): "310.00"}


def test_days_before_the_schedule_are_not_counted(load: Load) -> None:
    by = load({"2022-03-16": BY_DAY})
    assert months(run(by, 2022, residents=[stay("2022-01-01", "2022-04-02")])) == {
        "2022-03": "160.00",
        "2022-04": "20.00",
    }


def test_days_after_the_schedule_are_not_counted(load: Load) -> None:
    (path,) = load({"2022-01-01": BY_DAY}).paths
    path.write_text(
        path.read_text(encoding="utf-8").replace("{from: 2022-01-01}", "{from: 2022-01-01, to: 2022-04-10}")
    )
    result = run(schedule(path), 2022, residents=[stay("2022-03-01", "2022-12-31")])
    assert months(result) == {"2022-03": "310.00", "2022-04": "100.00"}


# --- what changes by date ------------------------------------------------------------------------------------------


def by_star(reads_at: str) -> str:
    return f"""
values:
  rate:
    unit: yuan / person / month
    by: [facility.star, ability]
    is: {{0..2: {{other: 0}}, 3: {{disabled: 120, other: 90}}, 4..5: {{disabled: 225, other: 150}}}}
clauses:
  grant: {{item: "1", for: residents, every: month, reads_at: {reads_at}, amount: rate, split: {{city: 1}}}}
limits:
  one: {{among: [grant], per: [person, month], keep: highest}}
"""


STARS = [{"facility": "F", "from": "2022-01-01", "star": "3"}, {"facility": "F", "from": "2022-03-16", "star": "5"}]
DISABLED = [{"person": "person of R", "from": "2021-06-01", "ability": "disabled"}]


@pytest.mark.parametrize(
    ("reads_at", "first", "last", "march", "april"),
    [
        ("last_day", "2022-03-01", "2022-04-30", "225.00", "225.00"),
        ("first_day", "2022-03-01", "2022-04-30", "120.00", "225.00"),
        ("last_day", "2022-03-01", "2022-03-15", "120.00", None),  # gone the day before the new rating
        ("last_day", "2022-03-01", "2022-03-16", "225.00", None),
        ("first_day", "2022-03-16", "2022-04-30", "225.00", "225.00"),  # came on the day of the new rating
        ("first_day", "2022-03-15", "2022-04-30", "120.00", "225.00"),
        ("from", "2022-03-15", "2022-04-30", "120.00", "120.00"),  # a date fact: the stars of the first day for good
    ],
)
def test_a_new_rating_in_mid_month(
    load: Load, reads_at: str, first: str, last: str, march: str, april: str | None
) -> None:
    result = run(load(by_star(reads_at)), 2022, residents=[stay(first, last)], ratings=STARS, assessments=DISABLED)
    expected = {"2022-03": march, "2022-04": april} if april else {"2022-03": march}
    assert months(result) == expected


@pytest.mark.parametrize(("reads_at", "march"), [("last_day", "120.00"), ("first_day", "90.00")])
def test_a_new_assessment_in_mid_month(load: Load, reads_at: str, march: str) -> None:
    assessments = [{"person": "person of R", "from": "2022-01-01", "ability": "self_caring"},
                   {"person": "person of R", "from": "2022-03-31", "ability": "disabled"}]  # fmt: skip
    result = run(
        load(by_star(reads_at)),
        2022,
        residents=[stay("2022-02-01", "2022-04-30")],
        ratings=STARS[:1],
        assessments=assessments,
    )
    assert months(result) == {"2022-02": "90.00", "2022-03": march, "2022-04": "120.00"}


# --- full months and years -----------------------------------------------------------------------------------------

TENURE = """
values:
  month_rate: {unit: yuan / month, is: 1}
  year_rate:  {unit: yuan / year, is: 1}
  age_rate:   {unit: yuan / day, is: 1}
clauses:
  full_months: {item: "1", for: staff, every: month, amount: full_months_since(hired) * month_rate, split: {city: 1}}
  full_years:  {item: "2", for: staff, every: month, amount: full_years_since(hired) * year_rate, split: {city: 1}}
  days:        {item: "3", for: staff, every: month, amount: days_since(hired) * age_rate, split: {city: 1}}
limits:
  one_month: {among: [full_months], per: [person, month], keep: highest}
  one_year:  {among: [full_years], per: [person, month], keep: highest}
  one_day:   {among: [days], per: [person, month], keep: highest}
"""

TENURES = [
    # hired, read on, full months, full years, days
    ("2022-01-31", "2022-02-27", 0, 0, 27),
    ("2022-01-31", "2022-02-28", 1, 0, 28),  # the last day of February is reached
    ("2024-01-31", "2024-02-28", 0, 0, 28),
    ("2024-01-31", "2024-02-29", 1, 0, 29),
    ("2022-01-30", "2022-02-28", 1, 0, 29),
    ("2022-01-28", "2022-02-27", 0, 0, 30),
    ("2022-01-28", "2022-02-28", 1, 0, 31),
    ("2022-03-31", "2022-04-30", 1, 0, 30),
    ("2022-04-30", "2022-05-30", 1, 0, 30),
    ("2022-04-30", "2022-05-29", 0, 0, 29),
    ("2021-11-01", "2023-10-31", 23, 1, 729),
    ("2021-11-01", "2023-11-01", 24, 2, 730),
    ("2020-02-29", "2021-02-27", 11, 0, 364),
    ("2020-02-29", "2021-02-28", 12, 1, 365),  # no 29th that year
    ("2020-02-29", "2024-02-28", 47, 3, 1460),
    ("2020-02-29", "2024-02-29", 48, 4, 1461),
    ("2021-02-28", "2024-02-28", 36, 3, 1095),
    ("2022-12-31", "2022-12-31", 0, 0, 0),
]


def test_full_months_and_years_around_the_ends_of_months(load: Load) -> None:
    rows = [employed(hired, left, f"{hired}/{left}") for hired, left, *_ in TENURES]
    result = run(load(TENURE), 2024, staff=rows)
    found = {name: owed(result, name) for name in ("full_months", "full_years", "days")}
    for hired, left, *expected in TENURES:
        at = (f"{hired}/{left}", left[:7])
        assert [int(float(found[name].get(at, "0"))) for name in found] == expected, at


def test_a_year_since_counts_the_day_it_is_reached(load: Load) -> None:
    body = """
values:
  service: {unit: month, is: 12}
  rate:    {unit: yuan / person / month, is: 300}
clauses:
  grant:
    {item: "1", for: staff, every: month, when: full_months_since(hired) >= service, amount: rate, split: {city: 1}}
limits:
  one: {among: [grant], per: [person, month], keep: highest}
"""
    result = run(
        load(body), 2023, staff=[employed("2022-03-15", "2023-03-14", "A"), employed("2022-03-15", "2023-03-15", "B")]
    )
    assert owed(result, "grant") == {("B", "2023-03"): "300.00"}


# --- versions ------------------------------------------------------------------------------------------------------


def monthly(rate: int, more: str = "") -> str:
    return f"""
values:
  rate: {{unit: yuan / person / month, is: {rate}}}
clauses:
  grant: {{item: "1", for: staff, every: month, {more}amount: rate, split: {{city: 5, district: 5}}}}
limits:
  one: {{among: [grant], per: [person, month], keep: highest}}
"""


def test_a_year_across_two_versions(load: Load) -> None:
    by = load({"2022-01-01": monthly(100), "2022-07-01": monthly(130)})
    result = run(by, 2022, staff=[employed("2021-05-01", "2022-12-31")])
    assert paid(result) == {"city": "690.00", "district": "690.00"}  # 6 × 100 + 6 × 130
    frame = result.entitlements()
    assert dict(zip(frame["period"], frame["version"], strict=True))["2022-06"] == "2022-01-01"
    assert dict(zip(frame["period"], frame["version"], strict=True))["2022-07"] == "2022-07-01"
    assert [one["version"] for one in result.to_dict()["schedules"]] == ["2022-01-01", "2022-07-01"]


def test_a_month_belongs_to_the_version_of_its_last_day(load: Load) -> None:
    by = load({"2022-01-01": monthly(100), "2022-07-16": monthly(130)})
    result = run(by, 2022, staff=[employed("2022-06-01", "2022-07-10")])
    assert months(result) == {"2022-06": "100.00", "2022-07": "130.00"}


def test_cohorts_keep_the_version_of_the_day_they_were_hired(load: Load) -> None:
    by = load({"2022-01-01": monthly(100, "version_by: hired, "), "2022-07-01": monthly(130, "version_by: hired, ")})
    result = run(
        by, 2023, staff=[employed("2022-06-30", "2023-12-31", "old"), employed("2022-07-01", "2023-12-31", "new")]
    )
    assert {amount for (key, _), amount in owed(result, "grant").items() if key == "old"} == {"100.00"}
    assert {amount for (key, _), amount in owed(result, "grant").items() if key == "new"} == {"130.00"}
    assert paid(result) == {"city": "1380.00", "district": "1380.00"}


def test_a_clause_that_ends_with_its_version(load: Load) -> None:
    other = monthly(100).replace("grant:", "allowance:").replace("[grant]", "[allowance]")
    by = load({"2022-01-01": monthly(100), "2022-07-01": other})
    result = run(by, 2022, staff=[employed("2021-05-01", "2022-12-31")])
    assert list(months(result)) == [f"2022-0{month}" for month in range(1, 7)]
    assert list(months(result, "allowance")) == ["2022-07", "2022-08", "2022-09", "2022-10", "2022-11", "2022-12"]
    assert paid(result) == {"city": "600.00", "district": "600.00"}


def test_a_schedule_pinned_to_one_day(load: Load, tmp_path: Path) -> None:
    load({"2022-01-01": monthly(100), "2022-07-01": monthly(130)})
    result = run(schedule(tmp_path, on="2022-06-30"), 2022, staff=[employed("2021-05-01", "2022-12-31")])
    assert f"{result.total}" == "1200.00"


# --- quarters, half-years, years -----------------------------------------------------------------------------------

LONG = """
values:
  day_rate: {unit: yuan / day, is: 1}
clauses:
  by_quarter: {item: "1", for: residents, every: quarter, amount: days_present * day_rate, split: {city: 1}}
  by_half:    {item: "2", for: residents, every: half_year, amount: days_present * day_rate, split: {city: 1}}
  by_year:    {item: "3", for: residents, every: year, amount: days_present * day_rate, split: {city: 1}}
limits:
  one_quarter: {among: [by_quarter], per: [person, quarter], keep: highest}
  one_half:    {among: [by_half], per: [person, half_year], keep: highest}
  one_year:    {among: [by_year], per: [person, year], keep: highest}
"""


def test_longer_periods(load: Load) -> None:
    result = run(load(LONG), 2024, residents=[stay("2023-12-31", "2024-07-01")])
    assert months(result, "by_quarter") == {
        "2023-Q4": "1.00", "2024-Q1": "91.00", "2024-Q2": "91.00", "2024-Q3": "1.00",
    }  # fmt: skip
    assert months(result, "by_half") == {"2023-H2": "1.00", "2024-H1": "182.00", "2024-H2": "1.00"}
    assert months(result, "by_year") == {"2023": "1.00", "2024": "183.00"}
    assert f"{result.total}" == "549.00"
    dues = {clause: [day for day, _ in instalments(result, clause)] for clause in ("by_quarter", "by_half", "by_year")}
    assert dues["by_quarter"] == ["2023-12-31", "2024-03-31", "2024-06-30", "2024-09-30"]
    assert dues["by_half"] == ["2023-12-31", "2024-06-30", "2024-12-31"]
    assert dues["by_year"] == ["2023-12-31", "2024-12-31"]


def test_explanations_name_longer_periods(load: Load) -> None:
    result = run(load(LONG), 2024, residents=[stay("2024-01-01", "2024-07-01")])
    assert result.explain("by_quarter", "R", period="2024-Q3").to_dict()["amount"] == "1.00"
    assert result.explain("by_half", "R", period="2024-H1").to_dict()["amount"] == "182.00"


# --- instalments and bases -----------------------------------------------------------------------------------------


def in_parts(every: str, condition: str = "") -> str:
    return f"""
values:
  sum:    {{unit: yuan / person, is: 100.01}}
  shares: {{unit: percent, by: [instalment], is: {{1: 30%, 2: 30%, 3: 40%}}}}
clauses:
  grant:
    item: "1"
    for: staff
    every: once
    dated: hired
    amount: sum
    split: {{city: 1}}
    pay: {{to: person, shares: shares, every: {every}{condition}}}
limits:
  one: {{among: [grant], per: [person], keep: first}}
"""


@pytest.mark.parametrize(
    ("every", "hired", "days"),
    [
        ("year", "2024-02-29", ["2024-02-29", "2025-02-28", "2026-02-28"]),
        ("year", "2022-02-28", ["2022-02-28", "2023-02-28", "2024-02-28"]),
        ("month", "2024-01-31", ["2024-01-31", "2024-02-29", "2024-03-31"]),
        ("month", "2023-12-30", ["2023-12-30", "2024-01-30", "2024-02-29"]),
        ("quarter", "2022-11-30", ["2022-11-30", "2023-02-28", "2023-05-30"]),
        ("half_year", "2022-08-31", ["2022-08-31", "2023-02-28", "2023-08-31"]),
    ],
)
def test_instalments_are_due_on_the_same_day_or_the_months_last(
    load: Load, every: str, hired: str, days: list[str]
) -> None:
    result = run(load(in_parts(every)), 2024, staff=[employed(hired, "")])
    assert instalments(result, "grant") == list(zip(days, ["30.00", "30.00", "40.01"], strict=True))


def test_while_is_read_on_the_due_day(load: Load) -> None:
    by = load(in_parts("year", ", while: present"))
    result = run(by, 2024, staff=[employed("2024-02-29", "2025-02-27", "A"), employed("2024-02-29", "2025-02-28", "B")])
    payments = result.payments()
    counts = {payee: list(payments[payments["payee"] == f"person of {payee}"]["due"]) for payee in "AB"}
    assert counts == {"A": ["2024-02-29"], "B": ["2024-02-29", "2025-02-28"]}


@pytest.mark.parametrize(
    ("basis", "totals"),
    [
        ("due", {2021: "0.00", 2022: "30.00", 2023: "70.01", 2024: "0.00"}),
        ("accrued", {2021: "0.00", 2022: "100.01", 2023: "0.00", 2024: "0.00"}),
    ],
)
def test_the_year_of_an_amount_by_basis(load: Load, basis: Any, totals: dict[int, str]) -> None:
    by = load(in_parts("quarter"))
    rows = Roster(
        districts=[{"district": "D"}],
        facilities=[{"facility": "F", "district": "D"}],
        staff=[employed("2022-11-15", "2023-12-31")],
    )
    assert {year: f"{calculate(by, rows, year, basis=basis).total:.2f}" for year in totals} == totals


def test_without_pay_both_bases_agree(load: Load) -> None:
    by = load(monthly(100))
    rows = Roster(
        districts=[{"district": "D"}],
        facilities=[{"facility": "F", "district": "D"}],
        staff=[employed("2022-11-15", "2023-01-31")],
    )
    for basis in ("due", "accrued"):
        assert [f"{calculate(by, rows, year, basis=basis).total}" for year in (2022, 2023)] == ["200.00", "100.00"]


# --- one clause reading another ------------------------------------------------------------------------------------

COARSER = """
facts:
  teams: {team: key, district: districts, from: date, to: {date: .., blank: ongoing}, certified: yes_no}
  members: {member: key, person: text, team: teams, from: date, to: {date: .., blank: ongoing}}
values:
  team_rate: {unit: yuan, by: [year], is: {2022: 1200, other: 2400}}
  share:     {unit: percent, is: 10%}
clauses:
  team_grant: {item: "1", for: teams, every: year, when: certified, amount: team_rate, split: {city: 1}}
  bonus:
    item: "2"
    for: members
    every: month
    amount: round team.team_grant * share to fen half_up
    split: {city: 1}
limits:
  one: {among: [bonus], per: [person, month], keep: highest}
"""


def teams(certified: str) -> Tables:
    return {
        "teams": [{"team": "A", "district": "D", "from": "2022-01-01", "to": "2023-12-31", "certified": certified}],
        "members": [{"member": "M", "person": "P", "team": "A", "from": "2022-12-01", "to": "2023-01-31"}],
    }


def test_a_monthly_clause_reads_a_yearly_one_through_a_reference(load: Load) -> None:
    result = run(load(COARSER), 2023, **teams("yes"))
    assert months(result, "team_grant") == {"2022": "1200.00", "2023": "2400.00"}
    assert months(result, "bonus") == {"2022-12": "120.00", "2023-01": "240.00"}


def test_what_the_other_clause_does_not_pay_reads_as_nothing(load: Load) -> None:
    result = run(load(COARSER), 2023, **teams("no"))
    assert months(result, "bonus") == {}
    assert (result.findings, f"{result.total:.2f}") == ((), "0.00")


def test_a_clause_reads_another_of_its_own_table_before_limits(load: Load) -> None:
    body = """
values:
  rate:  {unit: yuan / person / month, is: 100}
  extra: {unit: percent, is: 25%}
clauses:
  grant: {item: "1", for: residents, every: month, amount: rate, split: {city: 1}}
  bonus: {item: "2", for: residents, every: month, amount: round grant * extra to fen half_up, split: {city: 1}}
limits:
  one: {among: [grant, bonus], per: [person, month], keep: highest}
"""
    result = run(load(body), 2022, residents=[stay("2022-03-01", "2022-03-31")])
    assert months(result) == {"2022-03": "100.00"}
    assert status(result, "bonus", "R", "2022-03") == ("why-not", "limit: one")


# --- what versions change about limits and pots --------------------------------------------------------------------


def test_a_pot_over_two_versions_that_name_other_clauses(load: Load) -> None:
    """1,200 of the old clause is asked for before July, 600 of the new one after; the later version holds 1,500."""

    def body(clause: str, sum_: int) -> str:
        return f"""
values:
  rate: {{unit: yuan / person / month, is: {200 if clause == "grant" else 100}}}
  sum:  {{unit: yuan, is: {sum_}}}
clauses:
  {clause}: {{item: "1", for: staff, every: month, amount: rate, split: {{city: 1}}}}
limits:
  one: {{among: [{clause}], per: [person, month], keep: highest}}
  pot: {{item: "9", among: [{clause}], payer: city, per: [year], at_most: sum, when_short: pro_rata}}
"""

    by = load({"2022-01-01": body("grant", 100), "2022-07-01": body("allowance", 1500)})
    result = run(by, 2022, staff=[employed("2021-05-01", "2022-12-31")])
    (pot,) = result.pots
    assert [pot[name] for name in ("at_most", "asked", "over", "cut")] == ["1500.00", "1800.00", "300.00", "300.00"]
    amounts = {entry["clause"]: entry["amount"] for entry in result.to_dict()["by_clause"]}
    assert amounts == {"grant": "1000.02", "allowance": "499.98"}  # 6 × 166.666… and 6 × 83.333…: six odd fen


def test_a_limit_that_is_dropped_no_longer_limits(load: Load) -> None:
    two = """
values:
  rate: {unit: yuan / person / month, is: 100}
clauses:
  grant: {item: "1", for: staff, every: month, amount: rate, split: {city: 1}}
  extra: {item: "2", for: staff, every: month, amount: rate, split: {city: 1}}
limits:
  one_grant: {among: [grant], per: [person, month], keep: highest}
  one_extra: {among: [extra], per: [person, month], keep: highest}
"""
    either = "  either: {among: [grant, extra], per: [staff, month], keep: highest}\n"
    result = run(
        load({"2022-01-01": two + either, "2022-07-01": two}), 2022, staff=[employed("2021-05-01", "2022-12-31")]
    )
    assert len(months(result)) == 12
    assert list(months(result, "extra")) == [f"2022-{month:02d}" for month in range(7, 13)]
