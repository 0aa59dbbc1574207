"""Forecasts: rosters moved and scaled, exact steps from year to year, and drivers that do not fit."""

from __future__ import annotations

import datetime
import itertools
import json
import random
from collections.abc import Mapping
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from conftest import THOROUGH
from hypothesis import example, given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner
from xian import XIAN, city

import subsidy
from subsidy.budget.driver_effect import growth_up_to
from subsidy.budget.driver_group import Reader, Scaling, find_group, scaled
from subsidy.budget.drivers import read_drivers
from subsidy.cli import app
from subsidy.engine.run import prepare
from subsidy.roster.intake import intake
from subsidy.roster.moved import moved_days
from subsidy.roster.spread import spread, tie_breaker
from subsidy.schedule.catalogue import Schedule
from subsidy.schedule.load import load_text
from subsidy.schedule.model import Value
from subsidy.schedule.ranges import day_number, day_of
from subsidy.schedule.series import Carried, carried, figure_at, grown

TEXT = """
schedule: test/homes
document: {number: 测〔2020〕1号, issuer: 某市民政局, issued: 2019-12-20}
in_force: {from: 2020-01-01}
revision: 1
place: CN-000000
payers:
  city: {label: {zh: 市级, en: city}}
  district: {label: {zh: 区级, en: district}, of: district}
facts:
  homes:
    span: [opened, closed]
    home: key
    district: districts
    kind: [new, old]
    opened: date
    closed: {date: .., blank: ongoing}
    beds: {bed: 1..500}
  guests: {guest: key, person: text, home: homes, from: date, to: {date: .., blank: ongoing}}
  needs: {person: text, from: date, need: [much, little]}
  suppers: {supper: key, home: homes, month: month, portions: {portion: 0..100000}}
  helpers: {span: [hired, left], helper: key, person: text, home: homes, hired: date, left: {date: .., blank: ongoing}}
  works: {work: key, home: homes, done: {date: .., blank: none}, approved: {yuan: 0..1000, blank: open}}
values:
  rate: {item: "1", unit: yuan / person / month, by: [need], is: {much: 100.10, little: 50.05}}
  a_day: {item: "2", unit: yuan / day, is: 1}
  bed_rate: {item: "3", unit: yuan / bed / year, is: 33.33}
  portion_rate: {item: "4", unit: yuan / portion, by: [year], is: {2020..2023: 2, 2024: 2.50, 2025: 3}}
  half: {item: "6", unit: percent, is: 50%}
  start: {item: "6", unit: date, is: 2020-01-01}
  bonus: {item: "5", unit: yuan / person, is: 3000}
  parts: {item: "5", unit: percent, by: [instalment], is: {1: 30%, 2: 30%, 3: 40%}}
clauses:
  care: {item: "1", for: guests, every: month, amount: rate, split: {city: 5, district: 5}}
  stays: {item: "2", for: guests, every: month, amount: a_day * days_present, split: {city: 1}}
  beds_paid: {item: "3", for: homes, every: year, amount: beds * bed_rate, split: {city: 1, district: 2}}
  suppers_paid: {item: "4", for: suppers, every: month, amount: portions * portion_rate, split: {city: 1}}
  bonuses:
    {item: "5", for: helpers, every: once, dated: hired, amount: bonus,
     split: {city: 1}, pay: {shares: parts, every: year}}
  works_paid:
    {item: "6", for: works, every: once, dated: done, when: done >= start, amount: round approved * half to fen half_up,
    split: {city: 1}}
limits:
  one_home: {item: "1", among: [care], per: [person, month], keep: most days_present, reading: once}
  one_stay: {item: "2", among: [stays], per: [person, month], keep: most days_present, reading: once}
"""
DISTRICTS = [{"district": "D1"}, {"district": "D2"}]
HOMES = [
    {"home": "A", "district": "D1", "kind": "new", "opened": "2019-05-01", "beds": 40},
    {"home": "B", "district": "D1", "kind": "old", "opened": "2019-05-01", "beds": 25},
    {"home": "C", "district": "D2", "kind": "old", "opened": "2019-05-01", "beds": 60},
]
GUESTS = [
    {"guest": "A much", "home": "A", "need": "much", "count": 20, "from": "2023-01-01", "to": "2023-12-31"},
    {"guest": "B little", "home": "B", "need": "little", "count": 11, "from": "2023-03-01", "to": "2023-11-30"},
    {"guest": "C much", "home": "C", "need": "much", "count": 7, "from": "2022-06-15", "to": ""},
    {"guest": "C little", "home": "C", "need": "little", "count": 30, "from": "2023-02-01", "to": "2023-02-28"},
]
SUPPERS = [{"supper": f"{home} {month}", "home": home, "month": f"2023-{month:02}", "portions": 1000 + 7 * month}
           for home in "ABC" for month in (2, 6, 12)]  # fmt: skip
TABLES: dict[str, Any] = {"districts": DISTRICTS, "homes": HOMES, "guests": GUESTS, "suppers": SUPPERS}
VERSION = load_text(TEXT)
SCHEDULE = Schedule((VERSION,), (Path("homes.yaml"),))
HEADS = {"table": "guests", "growth": "10%"}


def text(changes: Mapping[str, str]) -> str:
    found = TEXT
    for old, new in changes.items():
        assert old in found
        found = found.replace(old, new)
    return found


def forecast(drivers: Mapping[str, Any], years: int = 1, tables: Mapping[str, Any] = TABLES, **more: Any) -> Any:
    schedule = more.pop("schedule", SCHEDULE)
    return subsidy.forecast(schedule, subsidy.Roster(**tables), 2023, {"drivers": drivers}, years=years, **more)


def by_year(found: Any, *dimensions: str) -> dict[tuple[Any, ...], tuple[Decimal, Decimal]]:
    return {tuple(row[:-2]): (row[-2], row[-1]) for row in found.by(*dimensions).itertuples(index=False)}


def totals(found: Any) -> dict[tuple[str, int], tuple[str, str]]:
    return {(one.driver, one.year): (one.high, one.low) for one in found.totals}


# --- years later ---------------------------------------------------------------------------------------------------

DAYS = st.dates(datetime.date(1900, 1, 1), datetime.date(2200, 12, 31))


def later(day: datetime.date, years: int) -> datetime.date:
    try:
        return day.replace(year=day.year + years)
    except ValueError:
        return datetime.date(day.year + years, 2, 28)


@given(st.lists(DAYS, min_size=1, max_size=5), st.integers(0, 30))
def test_every_date_moves_by_whole_years(days: list[datetime.date], years: int) -> None:
    numbers = np.array([day_number(day) for day in days])
    assert [day_of(int(one)) for one in moved_days(numbers, years)] == [later(day, years) for day in days]


@given(st.lists(DAYS, min_size=2, max_size=6), st.integers(1, 30))
def test_what_followed_on_the_end_of_february_still_does(days: list[datetime.date], years: int) -> None:
    last = [datetime.date(day.year, 3, 1) - datetime.timedelta(1) for day in days]
    numbers = np.array([day_number(day) for day in last])
    after = [day_of(int(one)) + datetime.timedelta(1) for one in moved_days(numbers, years, keeps_month_end=True)]
    assert after == [datetime.date(day.year + years, 3, 1) for day in days]


def test_an_end_that_is_open_stays_open() -> None:
    assert moved_days(np.array([2_932_896]), 7, keeps_month_end=True).tolist() == [2_932_896]


def test_without_growth_every_year_is_the_base_year() -> None:
    helpers = [{"helper": f"H{year}", "person": f"P{year}", "home": "A", "hired": f"{year}-05-01"}
               for year in (2021, 2022, 2023)]  # fmt: skip
    tables = {**TABLES, "suppers": [], "helpers": helpers}
    constant = text({"amount: a_day * days_present": "amount: a_day_of_stay", "  a_day: {item: \"2\", unit: yuan / day":
                     "  a_day_of_stay: {item: \"2\", unit: yuan / person / month"})  # fmt: skip
    schedule = Schedule((load_text(constant),), (Path("homes.yaml"),))
    found = forecast({"heads": {"table": "guests", "growth": "0%"}}, 3, tables, schedule=schedule)
    result = subsidy.calculate(schedule, subsidy.Roster(**tables), 2023)
    assert {cell.amount for cell in result.cells if cell.clause == "bonuses"} == {300000}
    for one in found.years:
        assert one.cells == result.cells
    assert not any(step.cells for step in found.steps)


def written_for(year: int, tables: Mapping[str, Any]) -> dict[str, Any]:
    """The tables as an officer would write them for a later year."""

    def cell(column: str, content: Any) -> Any:
        if not isinstance(content, str) or content[:2] != "20":
            return content
        if len(content) == 7:
            return f"{int(content[:4]) + year - 2023}{content[4:]}"
        day = datetime.date.fromisoformat(content)
        if column == "to":
            return later(day + datetime.timedelta(1), year - 2023) - datetime.timedelta(1)
        return later(day, year - 2023)

    return {
        name: [{column: cell(column, content) for column, content in row.items()} for row in rows]
        for name, rows in tables.items()
    }


NEAR_DAYS = st.one_of(
    st.dates(datetime.date(2021, 1, 1), datetime.date(2023, 12, 31)),
    st.dates(datetime.date(2023, 2, 25), datetime.date(2023, 3, 3)),
)
STAYS = st.lists(st.tuples(st.sampled_from("ABC"), NEAR_DAYS, NEAR_DAYS, NEAR_DAYS, st.booleans()), max_size=5)


@settings(max_examples=12)
@given(STAYS, st.lists(NEAR_DAYS, max_size=3), st.integers(1, 3))
@example([("A", datetime.date(2023, 1, 9), datetime.date(2023, 2, 28), datetime.date(2023, 2, 1), True)], [], 1)
def test_a_forecast_is_what_a_roster_written_for_the_later_year_gives(
    stays: list[tuple[str, datetime.date, datetime.date, datetime.date, bool]], hired: list[datetime.date], years: int
) -> None:
    guests, needs = [], []
    for place, (home, one, two, assessed, ends) in enumerate(stays):
        first, last = sorted((one, two))
        to = last.isoformat() if ends else ""
        guests.append({"guest": f"G{place}", "person": f"P{place}", "home": home, "from": first.isoformat(), "to": to})
        needs += [{"person": f"P{place}", "from": day.isoformat(), "need": need}
                  for day, need in ((datetime.date(2020, 5, 5), "much"), (assessed, "little"))]  # fmt: skip
    helpers = [{"helper": f"H{place}", "person": f"Q{place}", "home": "B", "hired": day.isoformat(), "left": ""}
               for place, day in enumerate(hired)]  # fmt: skip
    tables = {**TABLES, "guests": guests, "needs": needs, "helpers": helpers}
    found = forecast({"beds": {"table": "homes", "column": "beds", "growth": "0%"}}, years, tables, proceed=True)
    one = found.years[-1]
    by_hand = subsidy.Roster(**written_for(one.year, tables))
    assert one.cells == subsidy.calculate(SCHEDULE, by_hand, one.year, proceed=True).cells


def test_leap_days_are_the_calendar_s() -> None:
    found = forecast({"heads": {"table": "guests", "growth": "0%"}}, 2)
    steps = {(row.year, row.step, row.clause): row.amount for row in found.changes("clause").itertuples()}
    assert steps.pop((2024, "calendar", "stays")) == 20 + 7 + 30  # who is there to the end of February
    assert steps.pop((2025, "calendar", "stays")) == -57
    assert {clause for _, _, clause in steps} == {"suppers_paid"}  # its rate is by year


def test_a_month_and_a_year_move_with_their_rows() -> None:
    found = forecast({"heads": {"table": "guests", "growth": "0%"}}, 2)
    assert [by_year(found, "clause")[year, "suppers_paid"][0] for year in (2023, 2024, 2025)] == [
        Decimal(rate) * sum(row["portions"] for row in SUPPERS) for rate in ("2", "2.50", "3")
    ]


# --- scaled --------------------------------------------------------------------------------------------------------

GROUPS = st.lists(st.tuples(st.integers(0, 60), st.sampled_from("ab"), st.sampled_from("cde")), min_size=1, max_size=12)


@given(GROUPS, st.integers(0, 400), st.randoms())
def test_a_total_is_spread_exactly_whatever_the_order(
    rows: list[tuple[int, str, str]], total: int, chance: random.Random
) -> None:
    weights = [weight for weight, _, _ in rows]
    if not sum(weights):
        total = 0
    within = [(one, two, tie_breaker("t", str(place))) for place, (_, one, two) in enumerate(rows)]
    parts = spread(total, weights, within)
    assert sum(parts) == total
    assert all(part == 0 for part, weight in zip(parts, weights, strict=True) if weight == 0)
    order = list(range(len(rows)))
    chance.shuffle(order)
    again = spread(total, [weights[place] for place in order], [within[place] for place in order])
    assert again == [parts[place] for place in order]
    for name in "ab":
        share = sum(part for part, (_, own, _) in zip(parts, rows, strict=True) if own == name)
        quota = Fraction(total * sum(weight for weight, own, _ in rows if own == name), sum(weights) or 1)
        assert abs(share - quota) < 1


@settings(max_examples=15)
@given(st.lists(st.integers(-1000, 3000), min_size=1, max_size=3), st.lists(st.integers(1, 90), min_size=1, max_size=5))
def test_totals_follow_the_stated_growth_exactly(rates: list[int], counts: list[int]) -> None:
    guests = [{**GUESTS[place % 4], "guest": f"G{place}", "count": count} for place, count in enumerate(counts)]
    growth = {2024 + place: f"{Decimal(rate) / 10}%" for place, rate in enumerate(rates)}
    taken_in = intake(subsidy.Roster(**{**TABLES, "guests": guests}), SCHEDULE.versions)
    group = find_group("g", "guests", None, {}, Reader(VERSION, prepare(SCHEDULE, taken_in, 2023)), 2023)
    stated = read_drivers({"drivers": {"g": {"table": "guests", "growth": growth}}}).by_name["g"].stated
    factor = Fraction(1)
    for place, rate in enumerate(rates):
        factor *= 1 + Fraction(rate, 1000)
        assert growth_up_to(stated, "high", range(2024, 2025 + place)) == factor
        cells, sums = scaled([group], [Scaling(factor)])
        twice = 2 * sum(counts) * factor + 1
        assert sums["g"] == twice.numerator // (2 * twice.denominator)
        assert sum(cells["guests", "count"].values()) == sums["g"]


def test_twice_the_heads_are_twice_the_money() -> None:
    amounts = by_year(forecast({"heads": {"table": "guests", "growth": "100%"}}), "clause")
    assert amounts[2024, "care"][0] == 2 * amounts[2023, "care"][0]
    assert amounts[2024, "stays"][0] == 2 * (amounts[2023, "stays"][0] + 57)  # and the leap day
    assert amounts[2024, "beds_paid"] == amounts[2023, "beds_paid"]


def test_nobody_left_is_the_same_as_no_rows() -> None:
    found = forecast({"heads": {"table": "guests", "where": {"home": "C"}, "growth": "-100%"}})
    without = forecast({"heads": {"table": "guests", "growth": "0%"}},
                       tables={**TABLES, "guests": GUESTS[:2]})  # fmt: skip
    assert found.years[1].cells == without.years[1].cells
    assert totals(found)["heads", 2024] == ("0", "0")


def test_rows_that_others_refer_to_stay_and_owe_nothing() -> None:
    found = forecast({"homes": {"table": "homes", "where": {"kind": "old"}, "growth": "-100%"}})
    amounts = by_year(found, "clause")
    assert amounts[2024, "beds_paid"][0] == 40 * Decimal("33.33")
    assert amounts[2024, "care"] == amounts[2023, "care"]


def test_a_named_person_who_stands_for_two_is_a_group() -> None:
    stays = [{"guest": f"S{place}", "person": "P", "home": home, "need": "much", "from": first, "to": last}
             for place, (home, first, last) in enumerate(
                 (("A", "2023-01-01", "2023-01-20"), ("B", "2023-01-20", "2023-01-31")))]  # fmt: skip
    drivers = {"heads": {"table": "guests", "growth": "100%"}}
    found = forecast(drivers, tables={**TABLES, "guests": stays})
    amounts = by_year(found, "clause")
    assert amounts[2023, "care"][0] == Decimal("100.10")  # a mover is paid once
    assert amounts[2024, "care"][0] == 4 * Decimal("100.10")  # four heads, and no person to compare


def test_one_more_of_equal_named_rows_is_spread_over_the_homes() -> None:
    guests = [{"guest": f"{home}{place:02}", "person": f"{home}{place}", "home": home, "need": "much",
               "from": "2023-01-01", "to": ""} for home in "ABC" for place in range(20)]  # fmt: skip
    found = forecast({"heads": {"table": "guests", "growth": "5%"}}, tables={**TABLES, "guests": guests})
    month = 12 * Decimal("100.10")
    districts = {key[1]: value[0] for key, value in by_year(found, "district", "clause").items()
                 if key[0] == 2024 and key[2] == "care"}  # fmt: skip
    assert districts == {"D1": 42 * month, "D2": 21 * month}


def test_totals_are_of_the_rows_of_the_base_year() -> None:
    guests = [*GUESTS, {**GUESTS[0], "guest": "gone", "from": "2021-01-01", "to": "2021-12-31", "count": 50}]
    found = forecast({"heads": {"table": "guests", "totals": {2024: 136}}}, tables={**TABLES, "guests": guests})
    assert totals(found) == {("heads", 2023): ("68", "68"), ("heads", 2024): ("136", "136")}


def test_a_column_of_quantities_is_scaled_where_it_is_filled() -> None:
    homes = [*HOMES, {"home": "E", "district": "D2", "kind": "new", "opened": "2019-05-01", "beds": ""}]
    drivers = {"beds": {"table": "homes", "column": "beds", "where": {"district": ["D2"]}, "totals": {2024: 75}}}
    found = forecast(drivers, tables={**TABLES, "homes": homes}, proceed=True)
    assert totals(found)["beds", 2023] == ("60", "60")
    assert by_year(found, "clause")[2024, "beds_paid"][0] == (40 + 25 + 75) * Decimal("33.33")


def test_rows_are_chosen_by_facts_of_histories_and_references() -> None:
    named = [{"guest": f"N{place}", "person": f"P{place}", "home": "A", "from": "2023-01-01", "to": ""}
             for place in range(4)]  # fmt: skip
    needs = [{"person": f"P{place}", "from": "2022-01-01", "need": "much" if place < 3 else "little"}
             for place in range(4)]  # fmt: skip
    tables = {**TABLES, "guests": named, "needs": needs}
    drivers = {
        "much": {"table": "guests", "where": {"need": "much"}, "growth": "0%"},
        "old": {"table": "guests", "where": {"home.kind": "new", "district": "D1"}, "growth": "0%"},
    }
    assert totals(forecast(drivers, tables=tables)) == {
        (name, year): (count, count) for name, count in (("much", "3"), ("old", "4")) for year in (2023, 2024)
    }


def test_the_order_of_rows_makes_no_difference() -> None:
    named = [{"guest": f"N{place}", "person": f"P{place}", "home": "ABC"[place % 3], "need": "much",
              "from": f"2023-{place % 12 + 1:02}-01", "to": ""} for place in range(30)]  # fmt: skip
    drivers = {"heads": {"table": "guests", "growth": "7%"}}
    texts = set()
    for seed in range(2):
        tables = {name: list(rows) for name, rows in {**TABLES, "guests": named}.items()}
        for rows in tables.values():
            random.Random(seed).shuffle(rows)
        texts.add(json.dumps(forecast(drivers, 1, tables).to_dict(), sort_keys=True))
    assert len(texts) == 1


# --- steps ---------------------------------------------------------------------------------------------------------

DRIVERS = {
    "heads": {"table": "guests", "growth": {"low": "2%", "high": "12.5%"}},
    "beds": {"table": "homes", "column": "beds", "where": {"district": "D1"}, "growth": "10%"},
    "portions": {"value": "portion_rate", "figures": {2024: {"low": "2.40", "high": "2.60"}, 2025: "2.70"}},
}


@pytest.fixture(scope="module")
def in_order() -> Any:
    return forecast(DRIVERS, 2)


def test_the_steps_add_up_to_the_change_in_every_cell(in_order: Any) -> None:
    _check_steps(in_order, tuple(DRIVERS))


@pytest.mark.parametrize("order", list(itertools.permutations(DRIVERS))[1:] if THOROUGH else [tuple(DRIVERS)[::-1]])
def test_another_order_gives_other_steps_to_the_same_years(order: tuple[str, ...], in_order: Any) -> None:
    found = forecast({name: DRIVERS[name] for name in order}, 2 if THOROUGH else 1)
    _check_steps(found, order)
    assert found.years[-1].cells == in_order.years[len(found.years) - 1].cells


def _check_steps(found: Any, order: tuple[str, ...]) -> None:
    assert found.step_names == ["calendar", *order]
    for before, after in itertools.pairwise(found.years):
        steps = [step for step in found.steps if step.year == after.year]
        for end in ("amount", "low"):
            sums: dict[Any, int] = {}
            for sign, cells in ((1, before.cells), (-1, after.cells), *((1, step.cells) for step in steps)):
                for cell in cells:
                    key = cell.clause, cell.payer, cell.district, cell.facility
                    sums[key] = sums.get(key, 0) + sign * getattr(cell, end)
            assert not any(sums.values())


def test_two_separate_groups_add_up() -> None:
    one = {"one": {"table": "guests", "where": {"district": "D1"}, "growth": "30%"}}
    two = {"two": {"table": "guests", "where": {"district": "D2"}, "growth": "20%"}}
    none = {"none": {"table": "guests", "growth": "0%"}}
    alone, other, both, still = (by_year(forecast(drivers))[(2024,)][0] for drivers in (one, two, one | two, none))
    assert (alone - still) + (other - still) == both - still > 0


def test_low_and_high_are_whole_calculations() -> None:
    works = [{"work": "W", "home": "A", "done": "2023-04-01", "approved": ""}]
    tables = {"districts": DISTRICTS, "homes": HOMES, "guests": GUESTS[:2], "works": works}
    stated: Any = {"low": {"table": "guests", "growth": "2%"}, "high": {"table": "guests", "growth": "12.5%"}}
    found = by_year(forecast({"heads": DRIVERS["heads"]}, 1, tables), "clause")
    low, high = (by_year(forecast({"heads": stated[end]}, 1, tables), "clause") for end in ("low", "high"))
    assert found == {key: (high[key][0], low[key][1]) for key in found}
    assert found[2024, "works_paid"] == (500, 0)
    assert found[2024, "care"][0] > found[2024, "care"][1]


def test_drivers_of_one_table_act_on_what_the_one_before_left() -> None:
    drivers = {"all": HEADS, "much": {"table": "guests", "where": {"need": "much"}, "growth": "100%"}}
    assert totals(forecast(drivers))["much", 2024] == ("60", "60")  # 27 × 110 % are 29.7, spread as 30


# --- values, options, versions -------------------------------------------------------------------------------------


def value(by: list[str], figures: Any, unit: str = "yuan") -> Value:
    return Value.model_validate({"unit": unit, "by": by, "is": figures})


@pytest.mark.parametrize(
    ("by", "figures", "years", "expected"),
    [
        (["year"], {"2022": "2010", "2023": "2100"}, {2024: (2023, "1.05"), 2025: (2023, "1.1025")},
         {"2022": "2010", "2023": "2100", "2024": "2205", "2025": "2315"}),
        (["year"], {"..2022": "1.0", "2023..": "2.5"}, {2024: (2023, "1.1")},
         {"..2022": "1.0", "2023": "2.5", "2024": "2.8", "2025..": "2.5"}),
        (["kind", "month"], {"a": {"..2023-06": "10", "2023-07..": "20"}, "b": {"..": "5%"}}, {2024: (2023, "2")},
         {"a": {"..2023-06": "10", "2023-07..2023-12": "20", "2024-01..2024-06": "20", "2024-07..2024-12": "40",
                "2025-01..": "20"},
          "b": {"..2023-12": "5%", "2024-01..2024-12": "10%", "2025-01..": "5%"}}),
        (["date"], {"..<2023-03-01": "50", "2023-03-01..": "60"}, {2024: (2023, "1.5")},
         {"..2023-02-28": "50", "2023-03-01..2023-12-31": "60", "2024-01-01..2024-02-29": "75",
          "2024-03-01..2024-12-31": "90", "2025-01-01..": "60"}),
        (["year", "kind"], {"2023": {"a": "1", "b": "none"}, "other": {"a": "7", "b": "8"}}, {2024: (2023, "3")},
         {"..2022": {"a": "7", "b": "8"}, "2023": {"a": "1", "b": "none"}, "2024": {"a": "3", "b": "none"},
          "2025..": {"a": "7", "b": "8"}}),
    ],
)  # fmt: skip
def test_a_series_goes_on_from_the_year_before(
    by: list[str], figures: Any, years: dict[int, tuple[int, str]], expected: Any
) -> None:
    stated = {year: Carried(of, Fraction(factor)) for year, (of, factor) in years.items()}
    assert json.loads(carried(value(by, figures), stated)) == expected


def test_figures_keep_their_decimals_and_none_stays_none() -> None:
    grew = grown(value(["kind"], {"a": "33.33", "b": "none", "c": "100"}), Fraction("1.015"))
    assert json.loads(grew) == {"a": "33.83", "b": "none", "c": "101.5"}
    assert figure_at(value(["year"], {"..2023": "2", "2024": "2.50"}), 2020) == "2"


def test_an_index_series_grows_from_the_last_year_without_growth() -> None:
    found = forecast({"rate": {"value": "portion_rate", "growth": {2026: "10%", 2027: "10%"}}}, 4)
    assert [totals(found)["rate", year][0] for year in range(2023, 2028)] == ["2", "2.50", "3", "3.3", "3.63"]
    portions = sum(row["portions"] for row in SUPPERS)
    assert by_year(found, "clause")[2027, "suppers_paid"][0] == portions * Decimal("3.63")
    steps = {(row.year, row.step): row.amount for row in found.changes().itertuples()}
    assert steps[2025, "rate"] == 0
    assert steps[2026, "rate"] == portions * Decimal("0.30")


def test_a_value_by_categories_is_told_by_its_factor() -> None:
    found = forecast({"rate": {"value": "rate", "growth": "10%"}}, 2)
    assert totals(found)["rate", 2025] == ("121%", "121%")
    one = by_year(found, "clause")
    assert one[2024, "care"][0] == 20 * 12 * Decimal("110.11") + 11 * 9 * Decimal("55.06") + 7 * 12 * Decimal(
        "110.11") + 30 * Decimal("55.06")  # fmt: skip


def test_a_percentage_is_stated_as_one() -> None:
    works = [{"work": "W", "home": "A", "done": "2023-04-01", "approved": "100"}]
    found = forecast({"half": {"value": "half", "figures": {2024: "62.5%"}}}, 2, {**TABLES, "works": works})
    assert [totals(found)["half", year][0] for year in (2023, 2024, 2025)] == ["50%", "62.5%", "62.5%"]
    assert [by_year(found, "clause")[year, "works_paid"][0] for year in (2023, 2025)] == [50, Decimal("62.5")]


def test_pots_are_told_for_each_year() -> None:
    pot = '  purse: {item: "1", among: [care], payer: city, per: [year], at_most: purse_sum, when_short: pro_rata}\n'
    changes = {"limits:\n": f"limits:\n{pot}", "clauses:": '  purse_sum: {item: "1", unit: yuan, is: 20000}\nclauses:'}
    found = forecast({"heads": HEADS}, schedule=Schedule((load_text(text(changes)),), (Path("a"),)))
    for one, cut in zip(found.to_dict()["by_year"], ("0.00", "1546.53"), strict=True):
        assert [pot["cut"] for pot in one["pots"] if pot["key"] == {"year": one["year"]}] == [cut]
    assert by_year(found, "clause", "payer")[2024, "care", "city"][0] == 20000


def test_options_change_from_a_year_on() -> None:
    drivers = {"dearer": {"overlay": {"values.bed_rate.is": "50"}, "from": 2025}}
    amounts = by_year(forecast(drivers, 2), "clause")
    assert [amounts[year, "beds_paid"][0] / 125 for year in (2023, 2024, 2025)] == [Decimal("33.33")] * 2 + [50]


def test_an_overlay_may_be_a_whole_list_of_figures() -> None:
    other = SCHEDULE.overlay({"values.rate.is": "{much: 1, little: 2.5}", "clauses.care.split": "{city: 1}"})
    model = other.latest.model
    assert model.values["rate"].figures == {"much": "1", "little": "2.5"}
    assert model.clauses["care"].split == {"city": 1}
    with pytest.raises(subsidy.ScheduleError) as caught:
        SCHEDULE.overlay({"values.rate.is": "{much: 1"})
    (finding,) = caught.value.findings
    assert (finding.place.path, finding.value) == ("values.rate.is", "{much: 1")


def test_a_version_from_a_later_day(tmp_path: Path) -> None:
    changes = {"in_force: {from: 2020-01-01}": "in_force: {from: 2024-07-01}", "is: 33.33": "is: 66.66"}
    (tmp_path / "new.yaml").write_text(text(changes), encoding="utf-8")
    (tmp_path / "drivers.yaml").write_text(
        "drivers: {heads: {table: guests, growth: 0%}, reform: {version: new.yaml}}", encoding="utf-8"
    )
    found = subsidy.forecast(SCHEDULE, subsidy.Roster(**TABLES), 2023, tmp_path / "drivers.yaml", years=2)
    steps = {(row.year, row.step, row.clause): row.amount for row in found.changes("clause").itertuples()}
    assert steps[2024, "reform", "beds_paid"] == 125 * Decimal("33.33")
    assert (2025, "reform", "beds_paid") not in steps

    assert [version.first_day.year for version in found.schedules[0].versions] == [2020, 2024]
    both = Schedule((VERSION, load_text(text(changes))), (Path("a"), Path("b")))
    known = forecast({"heads": {"table": "guests", "growth": "0%"}}, schedule=both)
    assert known.step_names == ["calendar", "policy", "heads"]
    assert [one.cells for one in known.years] == [one.cells for one in found.years[:2]]
    own = {(row.year, row.step, row.clause): row.amount for row in known.changes("clause").itertuples()}
    assert own[2024, "policy", "beds_paid"] == steps[2024, "reform", "beds_paid"]


def test_a_version_may_read_what_none_read_before(tmp_path: Path) -> None:
    changes = {
        "in_force: {from: 2020-01-01}": "in_force: {from: 2024-01-01}",
        "limits:": '  sung: {item: "7", for: songs, every: month, amount: verses * a_verse, split: {city: 1}}\nlimits:',
        "clauses:": '  a_verse: {item: "7", unit: yuan / verse, is: 3}\nclauses:',
        "  works:": "  songs: {song: key, home: homes, month: month, verses: {verse: 0..100}}\n  works:",
    }
    file = tmp_path / "new.yaml"
    file.write_text(text(changes), encoding="utf-8")
    songs = [{"song": "S", "home": "A", "month": "2023-05", "verses": 4}]
    found = forecast({"reform": {"version": str(file)}}, tables={**TABLES, "songs": songs})
    amounts = by_year(found, "clause")
    assert (2023, "sung") not in amounts
    assert amounts[2024, "sung"][0] == 12


def test_nothing_goes_on_beyond_its_last_day() -> None:
    until = text({"in_force: {from: 2020-01-01}": "in_force: {from: 2020-01-01, to: 2024-12-31}"})
    found = forecast({"heads": HEADS}, 2, schedule=Schedule((load_text(until),), (Path("a"),)))
    assert not found.years[1].findings
    (finding,) = found.years[2].findings
    assert (finding.code, finding.severity) == ("not-in-force", "warning")
    assert "in 2025: test/homes is in force until 2024-12-31" in finding.why.en
    assert by_year(found)[(2025,)][0] == 0

    later_on = text({"in_force: {from: 2020-01-01}": "in_force: {from: 2025-01-01}"})
    found = forecast({"heads": HEADS}, 2, schedule=Schedule((load_text(later_on),), (Path("a"),)))
    assert [[finding.code for finding in one.findings] for one in found.years] == [["not-in-force"]] * 2 + [[]]
    assert "in 2024: test/homes is not in force until 2025-01-01" in found.years[1].findings[0].why.en


def test_a_figure_that_no_year_has_stops_the_forecast_or_is_told() -> None:
    with pytest.raises(subsidy.RosterError) as caught:
        forecast({"heads": HEADS}, 3)
    assert caught.value.findings[0].why.en.startswith("in 2026: ")
    assert "portion_rate has no figure" in caught.value.findings[0].why.en
    found = forecast({"heads": HEADS}, 3, proceed=True)
    assert [bool(one.findings) for one in found.years] == [False, False, False, True]
    assert (2026, "suppers_paid") not in by_year(found, "clause")


def test_errors_of_the_base_year_are_told_once() -> None:
    guests = [*GUESTS, {"guest": "X", "home": "A", "need": "", "count": 2, "from": "2023-01-01", "to": ""}]
    tables = {**TABLES, "guests": guests}
    with pytest.raises(subsidy.RosterError):
        forecast({"heads": HEADS}, tables=tables)
    found = forecast({"heads": HEADS}, tables=tables, proceed=True)
    assert [(finding.code, finding.table) for finding in found.all_findings] == [("blank-cell", "needs")]
    assert not found.years[1].findings


def test_several_schedules_share_the_scaled_roster() -> None:
    other = text({"test/homes": "test/others"})
    both = [SCHEDULE, Schedule((load_text(other),), (Path("b"),))]
    found = forecast({"heads": HEADS}, schedule=both)
    amounts = by_year(found, "clause")
    assert amounts[2024, "test/homes:care"] == amounts[2024, "test/others:care"]
    assert amounts[2024, "test/homes:care"][0] == by_year(forecast({"heads": HEADS}), "clause")[2024, "care"][0]


# --- drivers that do not fit ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("driver", "line", "english"),
    [
        ("{table: guest, growth: 5%}", 2, "there is no table guest; perhaps guests is meant"),
        ("{table: helpers, growth: 5%}", 2, "the roster has no table helpers"),
        ("{table: homes, column: bed, growth: 5%}", 2, "has no column bed; perhaps beds is meant"),
        ("{table: homes, column: kind, growth: 5%}", 2, "holds no quantity that adds up"),
        ("{table: guests, where: {kindd: old}, growth: 5%}", 2, "there is no name kindd"),
        ("{table: guests, where: {kind: olt}, growth: 5%}", 2, "there is no olt in kind; perhaps old is meant"),
        ("{table: guests, where: {district: D3}, growth: 5%}", 2, "there is no D3 in district; known here: D1, D2"),
        ("{table: guests, where: {beds: 3}, growth: 5%}", 2, "beds is no category, key, text or yes and no"),
        ("{table: guests, where: {kind: new, district: D2}, growth: 5%}", 2, "no row of the roster fits"),
        ("{table: guests, where: {}, growth: 5%}", 2, "has the wrong form"),
        ("{table: guests, growth: 5}", 2, "a growth has its %"),
        ("{table: guests, growth: -100.1%}", 2, "nothing shrinks by more than 100 %"),
        ("{table: guests, growth: 1e2%}", 2, "not a plain decimal number"),
        ("{table: guests, growth: {low: 1%}}", 2, "low and high stand together"),
        ("{table: guests, growth: {low: 3%, high: 1%}}", 2, "low is above high in 2024"),
        ("{table: guests, growth: {2024: 5%}}", 2, "nothing is stated for 2025; state it"),
        ("{table: guests, growth: {2023: 5%, 2024: 5%, 2025: 5%}}", 2, "2023 is no year of the forecast"),
        ("{table: guests, growth: {soon: 5%}}", 2, "this is not a year"),
        ("{table: guests, totals: 12}", 2, "this is stated year by year"),
        ("{table: guests, totals: {2024: -1, 2025: 2}}", 2, "this cannot be negative"),
        ("{table: guests, totals: {2024: 50%, 2025: 2}}", 2, "not a plain decimal number"),
        ("{value: half, figures: {2024: 60}}", 2, "percentages have their %"),
        ("{value: bed_rate, figures: {2024: 60%}}", 2, "the unit of bed_rate is yuan / bed / year"),
        ("{value: start, growth: 5%}", 2, "start is no number that could grow"),
        ("{value: bed_rate, figures: {2024: 99999999999999999999}}", 2, "2^63"),
        ("{table: guests, growth: 5%, totals: {2024: 1}}", 2, "exactly one of growth / totals is needed"),
        ("{table: guests}", 2, "exactly one of growth / totals is needed"),
        ("{table: guests, groth: 5%}", 2, "there is no key groth; perhaps growth is meant"),
        ("{table: guests, growth: 5%, figures: {2024: 1}}", 2, "a driver of a table has no figures"),
        ("{growth: 5%}", 2, "it does not say what changes"),
        ("{table: guests, value: rate, growth: 5%}", 2, "table and value cannot stand together"),
        ("{value: rat, growth: 5%}", 2, "no schedule has a value rat; perhaps rate is meant"),
        ("{value: rate, figures: {2024: 5}}", 2, "rate has more than one figure in a year"),
        ("{overlay: {values.rate.is.many: 5}, from: 2024}", 2, "there is no many in values.rate.is.many"),
        ("{overlay: {values.bed_rate.is: 5}}", 2, "from (the first year) is missing"),
        ("{overlay: {values.bed_rate.is: 5}, from: 2023}", 2, "2023 is no year of the forecast"),
        ("{version: nowhere.yaml}", 1, "there is no such file"),
        ("{table: homes, column: beds, growth: 2000%}", 1, "outside the range 1..500"),
        ("{table: homes, column: beds, growth: -100%}", 1, "in 2024 this cell would be 0, outside the range 1..500"),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_told_with_its_place(driver: str, line: int, english: str, tmp_path: Path) -> None:
    file = tmp_path / "drivers.yaml"
    file.write_text(f"drivers:\n  it: {driver}\n", encoding="utf-8")
    with pytest.raises(subsidy.DriversError) as caught:
        subsidy.forecast(SCHEDULE, subsidy.Roster(**TABLES), 2023, file, years=2)
    finding = caught.value.findings[0]
    assert english in finding.line("en")
    assert finding.why.zh != finding.why.en
    if line == 2:
        assert (finding.place.file, finding.place.row) == (str(file), 2)


def test_all_that_does_not_fit_is_told_at_once() -> None:
    drivers = {"one": {"table": "guest", "growth": "1%"}, "two": {"value": "rat", "growth": "1%"},
               "calendar": {"table": "guests", "growth": "1%"}}  # fmt: skip
    with pytest.raises(subsidy.DriversError) as caught:
        forecast(drivers)
    assert sorted(finding.place.path for finding in caught.value.findings) == [
        "drivers.calendar", "drivers.one.table", "drivers.two.value",
    ]  # fmt: skip


def test_a_total_that_a_later_driver_changes_again_is_refused() -> None:
    total = {"table": "guests", "totals": {2024: 100}}
    growth = {"table": "guests", "where": {"home": "C"}, "growth": "1%"}
    with pytest.raises(subsidy.DriversError, match="few changes rows whose total all states"):
        forecast({"all": total, "few": growth})
    assert totals(forecast({"few": growth, "all": total}))["all", 2024] == ("100", "100")


@pytest.mark.parametrize("content", [{"drivers": {}}, {}, {"drivers": {"a": {"table": "guests", "growth": 0.05}}}])
def test_a_mapping_has_the_form_of_a_file(content: Mapping[str, Any]) -> None:
    with pytest.raises(subsidy.DriversError):
        subsidy.forecast(SCHEDULE, subsidy.Roster(**TABLES), 2023, content)


@pytest.mark.parametrize("years", [0, 31])
def test_years_out_of_range_are_refused(years: int) -> None:
    with pytest.raises(ValueError, match="years cannot be forecast"):
        forecast({"heads": HEADS}, years)


# --- the command ---------------------------------------------------------------------------------------------------


@pytest.fixture
def files(tmp_path: Path) -> list[str]:
    (tmp_path / "homes.yaml").write_text(TEXT, encoding="utf-8")
    (tmp_path / "drivers.yaml").write_text("drivers: {heads: {table: guests, growth: {low: 0%, high: 10%}}}", "utf-8")
    (tmp_path / "roster").mkdir()
    for name, rows in TABLES.items():
        lines = [",".join(rows[0]), *(",".join(map(str, row.values())) for row in rows)]
        (tmp_path / "roster" / f"{name}.csv").write_text("\n".join(lines), encoding="utf-8")
    return [
        "forecast", str(tmp_path / "roster"), "-s", str(tmp_path / "homes.yaml"), "-y", "2023", "-d",
        str(tmp_path / "drivers.yaml"), "--years", "1", "--lang", "en",
    ]  # fmt: skip


def test_json_on_stdout_and_in_a_file_is_what_python_gives(files: list[str], tmp_path: Path) -> None:
    saved = tmp_path / "forecast.json"
    done = CliRunner().invoke(app, [*files, "--json", "-o", str(saved)])
    assert done.exit_code == 0
    content = json.loads(done.stdout)
    assert content == json.loads(saved.read_text(encoding="utf-8"))
    assert content["years"] == [2023, 2024]
    found = forecast({"heads": {"table": "guests", "growth": {"low": "0%", "high": "10%"}}})
    assert content["by_year"] == found.to_dict()["by_year"]
    for change in content["changes"]:
        for end, step_end in (("total", "amount"), ("low", "low")):
            steps = sum(Decimal(step[step_end]) for step in change["steps"])
            assert Decimal(change["from"][end]) + steps == Decimal(change["to"][end])


@pytest.mark.parametrize(("language", "words"), [
    ("en", ["from the roster of 2023 to 2024", "change from the year before, by", "heads"]),
    ("zh", ["2023 年度花名册，预测至 2024 年", "较上年增减的原因", "增减合计"]),
])  # fmt: skip
def test_tables_for_the_terminal(files: list[str], language: str, words: list[str]) -> None:
    done = CliRunner().invoke(app, [*files[:-1], language], env={"COLUMNS": "80"})
    assert done.exit_code == 0
    assert all(word in done.stdout for word in words)
    assert max(map(len, done.stdout.splitlines())) <= 80


def test_wrong_use_and_wrong_drivers_end_without_a_traceback(files: list[str], tmp_path: Path) -> None:
    assert CliRunner().invoke(app, [*files, "-o", str(tmp_path / "forecast.pdf")]).exit_code == 2
    (tmp_path / "drivers.yaml").write_text("- nothing", encoding="utf-8")
    done = CliRunner().invoke(app, files)
    assert done.exit_code == 1
    assert "there are no drivers in it" in done.stderr
    assert "nothing was calculated" in done.stderr


@pytest.mark.skipif(not THOROUGH, reason="many calculations of a whole city: CHECK_ALL=1")
def test_the_city_s_steps_add_up() -> None:
    drivers = {"drivers": {"residents": {"table": "residents", "where": {"ability": "disabled"}, "growth": "5%"}}}
    found = subsidy.forecast(XIAN, city(), 2023, drivers, years=1, proceed=True)
    before, after = (sum(cell.amount for cell in one.cells) for one in found.years)
    assert before + sum(cell.amount for step in found.steps for cell in step.cells) == after
