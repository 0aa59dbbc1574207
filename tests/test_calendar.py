"""The payment calendar: every payment once, on its day; what is still to come, what is not paid; advances settled."""

from __future__ import annotations

import datetime
import json
import os
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from random_schedules import Case, cases
from typer.testing import CliRunner

import subsidy
from subsidy.budget.advance import Advance
from subsidy.budget.payment_calendar import PaymentCalendar
from subsidy.cli import app
from subsidy.finding import Refusal
from subsidy.schedule.load import load_text

THOROUGH = "CHECK_ALL" in os.environ
TOWN = """
schedule: test/town
document: {number: 测〔2023〕1号, issuer: 某市民政局, issued: 2022-12-20}
in_force: {from: 2022-01-01}
revision: 1
place: CN-000000
payers:
  city: {label: {zh: 市级, en: city}}
  district: {label: {zh: 区级, en: district}, of: district}
facts:
  homes: {home: key, district: districts, opened: date, closed: {date: .., blank: ongoing}, beds: {bed: 1..500}}
  months: {use: key, home: homes, month: month, beds_used: {bed: 0..500}}
  posts: {post: key, person: text, home: homes, from: date, to: {date: .., blank: ongoing}}
values:
  rate: {item: "1", unit: yuan / bed, is: 33.33}
  hire_award: {item: "2", unit: yuan / person, is: 1000.01}
  thirds: {item: "2", unit: percent, by: [instalment], is: {1: 30%, 2: 30%, 3: 40%}}
  price: {item: "3", unit: yuan / bed, is: 100}
  chunk: {item: "3", unit: yuan, is: 1500, label: {zh: 每年上限, en: yearly most}}
  wait: {item: "3", unit: month, is: 18}
  all_back: {item: "4", unit: percent, is: 100%}
  gift: {item: "4", unit: yuan, is: 500.55}
clauses:
  monthly:
    item: "1"
    label: {zh: 运营补助, en: Operation}
    for: months
    every: month
    amount: beds_used * rate
    split: {city: 2, district: 1}
    pay: {to: home}
  hiring:
    item: "2"
    for: posts
    every: once
    dated: from
    amount: hire_award
    split: {city: 1}
    pay: {to: person, shares: thirds, every: year, while: present}
  building:
    item: "3"
    for: homes
    every: once
    dated: opened
    amount: beds * price
    split: {city: 1}
    pay: {chunk: chunk, every: year, not_before: wait}
  opening:
    item: "4"
    for: homes
    every: once
    dated: opened
    amount: gift
    split: {city: 1, district: 1}
    clawback: {on: closed, share: all_back}
"""
VERSION = load_text(TOWN, "town.yaml")
SCHEDULE = subsidy.Schedule((VERSION,), (Path("town.yaml"),))
HOMES = [
    {"home": "A", "district": "D", "opened": "2022-03-31", "closed": "2023-06-30", "beds": "20"},
    {"home": "B", "district": "E", "opened": "2023-05-15", "closed": "", "beds": "31"},
]
POSTS = [
    {"post": "1", "person": "P", "home": "A", "from": "2022-08-01", "to": ""},
    {"post": "2", "person": "Q", "home": "B", "from": "2022-08-31", "to": "2023-01-31"},
]


def used(home: str, year: int, beds: list[int]) -> list[dict[str, str]]:
    return [
        {"use": f"{home}{year}{month}", "home": home, "month": f"{year}-{month:02d}", "beds_used": str(number)}
        for month, number in enumerate(beds, 1)
    ]


MONTHS = [*used("A", 2022, [10] * 12), *used("A", 2023, [11] * 6), *used("B", 2023, [0, 7])]


def result(year: int = 2023, months: list[dict[str, str]] = MONTHS) -> subsidy.Result:
    rows: dict[str, Any] = {"districts": [{"district": "D"}, {"district": "E"}], "homes": HOMES, "posts": POSTS}
    return subsidy.calculate(SCHEDULE, subsidy.Roster(**rows, months=months), year)


def listed(found: PaymentCalendar) -> list[tuple[str, str, str, int, str]]:
    return [
        (one.day.isoformat(), one.clause, one.kind, one.payments, f"{Decimal(one.amount) / 100:.2f}")
        for one in found.due
        if one.clause != "monthly"
    ]


def everything(found: PaymentCalendar) -> int:
    return sum(one.amount for one in (*found.due, *found.later))


# --- days, kinds, conditions ---------------------------------------------------------------------------------------


def test_each_payment_stands_on_its_day() -> None:
    found = result().calendar()
    assert listed(found) == [
        ("2023-05-15", "opening", "payment", 1, "500.55"),
        ("2023-06-30", "opening", "recovery", 1, "-500.55"),
        ("2023-08-01", "hiring", "payment", 1, "300.00"),
        ("2023-09-30", "building", "payment", 1, "2000.00"),
    ]
    january = next(one for one in found.due if one.clause == "monthly")
    assert january.day == datetime.date(2023, 1, 31)
    assert january.payers == {"city": (24442, 24442), "district": (12221, 12221)}
    assert Decimal(found.total) / 100 == result().total


def test_what_falls_due_later_is_still_to_come_by_year() -> None:
    later = [(one.day.year, one.clause, one.amount) for one in result().calendar().by_year()]
    assert later == [
        (2024, "hiring", 40001),
        (2024, "building", 300000),
        (2025, "building", 10000),
    ]


def test_an_instalment_that_is_not_paid_has_its_reason() -> None:
    (one, two) = result().calendar().refused
    assert (one.day.isoformat(), one.subject, one.instalment, one.amount) == ("2023-08-31", "2", 2, 30000)
    assert one.reason.en == "not met on the due day: present"
    assert (two.day.isoformat(), two.instalment, two.amount) == ("2024-08-31", 3, 40001)
    assert result(2022).calendar().refused[0] == one


def test_conditions_are_told_in_words() -> None:
    told = {one.clause: one.text for one in result().calendar().conditions}
    assert told["hiring"].en == "3 instalments, a year apart: 30%, 30%, 40%; paid while present on the due day"
    assert told["building"].zh == "每年一期，每期 每年上限，付完为止；满 18 个月起付，届时补付此前各期"
    assert told["opening"].en == "taken back on closed: all_back 100%"
    assert "monthly" not in told


def test_months_and_days_add_up_to_the_same() -> None:
    found = result().calendar()
    for by in ("day", "month"):
        frame = found.frame(by)
        assert sum(frame["amount"]) == Decimal(found.total) / 100 == list(frame["cumulated"])[-1]
        assert (frame["city"] + frame["district"] == frame["amount"]).all()
    assert next(iter(found.frame("month")["due"])) == "2023-01"
    assert found.frame("month")["payments"].sum() == found.frame("day")["payments"].sum()


@settings(
    max_examples=20 if THOROUGH else 2,
    derandomize=not THOROUGH,
    phases=tuple(Phase) if THOROUGH else (Phase.generate,),
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
@given(cases())
def test_any_schedule_has_every_payment_of_the_year_once(case: Case) -> None:
    versions = tuple(load_text(written) for written in case.texts)
    schedule = subsidy.Schedule(versions, tuple(Path(f"{number}.yaml") for number in range(len(versions))))
    calculated = subsidy.calculate(schedule, subsidy.Roster(**case.rows), case.year, proceed=True)
    found = calculated.calendar()
    assert Decimal(found.total) / 100 == calculated.total
    assert Decimal(sum(one.low for one in found.due)) / 100 == calculated.low
    payments = calculated.payments()
    paid = payments[payments["amount"] != 0]
    of_year = paid[paid["due"].str.startswith(str(case.year))]
    assert sum(one.payments for one in found.due) >= len(of_year[["clause", "due", "payee", "line"]].drop_duplicates())
    after = paid[(paid["due"].str.slice(0, 4) > str(case.year)) & (paid["accrued"].str.slice(0, 4) <= str(case.year))]
    assert Decimal(sum(one.amount for one in found.later)) / 100 == sum(after["amount"])


# --- advances ------------------------------------------------------------------------------------------------------


def advance(share: Fraction, *on: tuple[int, int], estimate: subsidy.Result | None = None) -> Advance:
    return Advance(share, on or ((3, 31),), (4, 30), estimate or result(2022))


def test_an_advance_of_last_year_is_settled_in_the_next() -> None:
    found = result().calendar(advance(Fraction(7, 10)))
    monthly = [one for one in (*found.due, *found.later) if one.clause == "monthly"]
    kinds = [(one.day.isoformat(), one.kind, one.amount) for one in monthly]
    assert kinds == [("2023-03-31", "advance", 279972), ("2024-04-30", "settlement", 219978 + 23331 - 279972)]
    by = {(one.payee, one.payer): one for one in found.advances}
    assert (by["A", "city"].advance, by["A", "city"].owed, by["A", "city"].settlement) == ((186648,), 146652, -39996)
    assert (by["B", "district"].advance, by["B", "district"].settlement) == ((0,), 7777)
    plain = result().calendar()
    assert everything(found) == everything(plain)


DAYS = st.sets(st.sampled_from([(1, 31), (6, 30), (9, 1)]), min_size=1)
BEDS = st.lists(st.integers(0, 40), max_size=4)


@settings(max_examples=100 if THOROUGH else 4)
@given(BEDS, BEDS, st.fractions(0, 1, max_denominator=1000), DAYS)
def test_advance_and_settlement_are_what_is_owed(
    before: list[int], now: list[int], share: Fraction, days: set[tuple[int, int]]
) -> None:
    months = [*used("A", 2022, before), *used("B", 2022, now), *used("A", 2023, now), *used("B", 2023, before)]
    found = result(2023, months).calendar(advance(share, *days, estimate=result(2022, months)))
    for one in found.advances:
        assert sum(one.advance) + one.settlement == one.owed
        assert max(one.advance) - min(one.advance) <= 1
    for payee in {one.payee for one in found.advances}:
        own = [one for one in found.advances if one.payee == payee]
        exact = share * sum(one.estimate for one in own)
        assert abs(sum(sum(one.advance) for one in own) - exact) <= Fraction(1, 2)
    plain = result(2023, months).calendar()
    assert everything(found) == everything(plain)


def test_the_whole_of_the_right_estimate_leaves_nothing_to_settle() -> None:
    found = result().calendar(advance(Fraction(1), *((month, 28) for month in range(1, 13)), estimate=result()))
    assert {one.settlement for one in found.advances} == {0}
    assert not any(one.kind == "settlement" for one in found.later)
    twelfths = [one.amount for one in found.due if one.kind == "advance"]
    assert (len(twelfths), sum(twelfths)) == (12, sum(one.owed for one in found.advances))


@pytest.mark.parametrize(
    ("share", "on", "why"),
    [
        (Fraction(11, 10), ((3, 31),), "the share of an advance is from 0 to 100%"),
        (Fraction(1, 2), (), "an advance has one day at least, and none twice"),
        (Fraction(1, 2), ((3, 31), (3, 31)), "an advance has one day at least, and none twice"),
        (Fraction(1, 2), ((2, 29),), "2023 has no 02-29; write it like 03-31"),
    ],
)
def test_an_advance_that_cannot_be(share: Fraction, on: tuple[tuple[int, int], ...], why: str) -> None:
    with pytest.raises(Refusal, match=why):
        result().calendar(Advance(share, on, (4, 30), result(2022)))


def test_an_estimate_is_of_the_same_schedules() -> None:
    other = subsidy.Schedule((load_text(TOWN.replace("test/town", "test/other"), "other.yaml"),), (Path("other.yaml"),))
    estimate = subsidy.calculate(other, subsidy.Roster(districts=[{"district": "D"}]), 2022, proceed=True)
    with pytest.raises(Refusal, match="the estimate was made with other schedules; estimate with test/town"):
        result().calendar(advance(Fraction(1, 2), estimate=estimate))


# --- the command ---------------------------------------------------------------------------------------------------


@pytest.fixture
def files(tmp_path: Path) -> list[str]:
    schedule, rows = tmp_path / "town.yaml", tmp_path / "rows"
    schedule.write_text(TOWN, encoding="utf-8")
    rows.mkdir()
    tables = {"districts": [{"district": "D"}, {"district": "E"}], "homes": HOMES, "posts": POSTS, "months": MONTHS}
    for name, entries in tables.items():
        lines = [",".join(entries[0]), *(",".join(entry.values()) for entry in entries)]
        (rows / f"{name}.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return [str(rows), "--schedule", str(schedule), "--year", "2023"]


def run(*arguments: str, language: str = "en", columns: int = 140) -> tuple[int, str]:
    invoked = CliRunner().invoke(app, ["calendar", *arguments, "--lang", language], env={"COLUMNS": str(columns)})
    return invoked.exit_code, " ".join(invoked.output.split())


@pytest.mark.parametrize("columns", [80, 140])
@pytest.mark.parametrize(
    ("language", "words"), [("en", ("still to come", "recovery")), ("zh", ("以后年度到期", "追回"))]
)
def test_the_calendar_as_text(files: list[str], language: str, words: tuple[str, str], columns: int) -> None:
    code, printed = run(*files, "--by", "day", language=language, columns=columns)
    assert code == 0
    for word in (*words, "2023-09-30", f"{result().total:,.2f}", "-500.55"):
        assert word in printed


def test_the_calendar_as_json(files: list[str]) -> None:
    content = json.loads(CliRunner().invoke(app, ["calendar", *files, "--json"]).stdout)
    assert content["total"] == f"{result().total:.2f}" == content["entries"][-1]["cumulated"]
    assert content["refused"][0]["due"] == "2023-08-31"
    assert [entry["year"] for entry in content["still_to_come"]] == [2024, 2024, 2025]


def test_an_advance_by_options(files: list[str]) -> None:
    options = ["--advance", "70%", "--on", "03-31", "--settle", "04-30"]
    content = json.loads(CliRunner().invoke(app, ["calendar", *files, *options, "--json"]).stdout)
    assert [entry["advance"] for entry in content["advances"]] == ["1866.48", "933.24", "0.00", "0.00"]
    assert "taken back" in run(*files, *options)[1]
    same = run(*files, *options, "--estimate", files[0])[1]
    assert "(settlement)" in same
    monthly = ["--advance", "100%", "--on", "monthly", "--settle", "04-30", "--json"]
    content = json.loads(CliRunner().invoke(app, ["calendar", *files, *monthly]).stdout)
    advances = [entry["amount"] for entry in content["entries"] if entry["kind"] == "advance"]
    assert (len(advances), sum(map(Decimal, advances))) == (12, Decimal("3999.60"))


@pytest.mark.parametrize(
    "options",
    [
        ("--advance", "70%"),
        ("--on", "03-31"),
        ("--advance", "70", "--on", "03-31", "--settle", "04-30"),
        ("--advance", "7o%", "--on", "03-31", "--settle", "04-30"),
        ("--advance", "170%", "--on", "03-31", "--settle", "04-30"),
        ("--advance", "70%", "--on", "3-31", "--settle", "04-30"),
        ("--advance", "70%", "--on", "02-30", "--settle", "04-30"),
        ("--by", "week"),
    ],
)
def test_wrong_options(files: list[str], options: tuple[str, ...]) -> None:
    assert run(*files, *options)[0] == 2
