"""Ends of ranges, slices, words of time and roundings as policies use them, with amounts worked out by hand."""

from __future__ import annotations

import time
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from test_engine_cases import GRANT, WORK, WORKS, amounts, calculated, document, schedule

from subsidy.finding import ScheduleError
from subsidy.schedule.node import MONTH, Type, Unit
from subsidy.schedule.ranges import HIGHEST, LOWEST, read_range
from subsidy.schedule.slices import read_slices, total

TAX = {"..36000": "3%", ">36000..144000": "10%", ">144000..": "20%"}
FACTS: dict[str, Any] = {
    "works": {
        **WORKS,
        "kind": ["build", "repair"],
        "begun": {"date": "..", "blank": "none"},
        "beds": {"bed": "1..500"},
        "used": {"bed": "0..500"},
        "area": {"m2": "0..10000"},
        "score": {"point": "0..100"},
    }
}
RICH = {
    **WORK, "kind": "build", "begun": "2022-01-31", "beds": "200", "used": "119", "area": "119.99", "score": "60",
}  # fmt: skip


def owed(amount: str, values: dict[str, Any], when: str | None = None, **cells: str) -> Decimal:
    """What one work is owed on 1 March 2022."""
    clause = {**GRANT, "amount": amount, **({"when": when} if when else {})}
    policy = schedule(document(facts=FACTS, values=values, clauses={"grant": clause}))
    return amounts(calculated(policy, works=[{**RICH, **cells}]))["grant"]


def explained(amount: str, values: dict[str, Any], **cells: str) -> str:
    policy = schedule(document(facts=FACTS, values=values, clauses={"grant": {**GRANT, "amount": amount}}))
    return str(calculated(policy, works=[{**RICH, **cells}]).explain("grant", "W", period="2022-03-01"))


# --- ends of ranges ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("written", "key", "both_included"),
    [
        ("..<60", Type("number"), (LOWEST, 59)),
        (">80..", Type("number"), (81, HIGHEST)),
        (">36000..144000", Type("number", scale=100), (3_600_001, 14_400_000)),
        ("60%..<80%", Type("number", scale=10_000), (6_000, 7_999)),
        (">5..<7", Type("number"), (6, 6)),
        ("..<1970-01-03", Type("date"), (LOWEST, 1)),
        (">2023-06..", Type("number", Unit((MONTH,))), (2023 * 12 + 6, HIGHEST)),
        ("10..20", Type("number"), (10, 20)),
    ],
)
def test_an_end_left_out_is_one_step_further_in(written: str, key: Type, both_included: tuple[int, int]) -> None:
    assert read_range(written, key) == both_included


@pytest.mark.parametrize(("used", "award"), [("118", 0), ("119", 1000), ("158", 1000), ("159", 2000)])
def test_a_band_of_a_rounded_quotient(used: str, award: int) -> None:
    """118 of 200 are 59 %, 119 are 59.5 % and so 60 %, 159 are 79.5 % and so 80 %."""
    by = "round used / beds to whole half_up"
    award_by = {"unit": "yuan", "by": [by], "is": {"..<60%": "0", "60%..<80%": "1000", "80%..": "2000"}}
    values = {"whole": {"unit": "percent", "is": "1%"}, "prize": award_by}
    assert owed("prize", values, used=used) == award


def test_a_count_over_beds_is_a_share() -> None:
    facts = {
        "homes": {"home": "key", "on": "date", "beds": {"bed": "1..9"}, "people": {"count": "guests"}},
        "guests": {"guest": "key", "home": "homes"},
    }
    values = {"half": {"unit": "percent", "is": "50%"}, "rate": {"unit": "yuan", "is": "7"}}
    clause = {"item": "1", "for": "homes", "every": "once", "dated": "on", "split": {"city": "1"}}
    clause |= {"when": "people / beds >= half", "amount": "rate"}
    policy = schedule(document(facts=facts, values=values, clauses={"grant": clause}))
    homes = [{"home": "H", "on": "2022-03-01", "beds": "4"}, {"home": "J", "on": "2022-03-01", "beds": "5"}]
    guests = [{"guest": f"{home}{n}", "home": home} for home in "HJ" for n in range(2)]
    frame = calculated(policy, homes=homes, guests=guests).entitlements()
    assert dict(zip(frame["subject"], frame["state"], strict=True)) == {"H": "paid", "J": "why-not"}


# --- slices --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("cost", "amount"),
    [
        ("0", "0"),
        ("0.33", "0.01"),
        ("36000", "1080"),
        ("36000.10", "1080.01"),
        ("40000", "1480"),
        ("144000", "11880"),
        ("200000", "23080"),
    ],
)
def test_each_slice_has_its_own_rate(cost: str, amount: str) -> None:
    values = {"rates": {"unit": "percent", "by": ["cost"], "is": TAX}}
    assert owed("round slices(cost, rates) to fen half_up", values, cost=cost) == Decimal(amount)


def test_the_bound_belongs_to_either_slice_and_below_0_there_is_nothing() -> None:
    other = {"..<36000": "3%", "36000..<144000": "10%", "144000..": "20%"}
    values = {"rates": {"unit": "percent", "by": ["cost"], "is": other}}
    assert owed("round slices(cost, rates) to fen half_up", values, cost="36000") == 1080
    assert owed("round slices(fee - cost, rates) to fen half_up", values, cost="36000", fee="7") == 0


def test_slices_by_a_fixed_key_named_or_given() -> None:
    rates = {"build": TAX, "repair": {"..": "1%"}}
    values = {"rates": {"unit": "percent", "by": ["kind", "cost"], "is": rates}}
    assert owed("round slices(cost, rates) to fen half_up", values, kind="repair", cost="40000") == 400
    assert owed("round slices(cost, rates('build')) to fen half_up", values, kind="repair", cost="40000") == 1480


def test_slices_of_a_quantity_at_a_price() -> None:
    """The first 50.5 m2 at 2 yuan, the rest at 0.5: 119.99 m2 are 101 + 69.49 × 0.5 = 135.745."""
    values = {"price": {"unit": "yuan / m2", "by": ["area"], "is": {"..50.5": "2", ">50.5..": "0.5"}}}
    assert owed("round slices(area, price) to fen half_up", values) == Decimal("135.75")


def test_a_running_total_in_two_steps_is_the_whole() -> None:
    values = {"rates": {"unit": "percent", "by": ["cost"], "is": TAX}}
    month = "round slices(cost + fee, rates) - slices(cost, rates) to fen half_up"
    assert owed(month, values, cost="30000", fee="10000") == Decimal("1480") - Decimal("900")


def test_the_explanation_shows_every_slice() -> None:
    text = explained(
        "round slices(cost, rates) to fen half_up",
        {"rates": {"unit": "percent", "item": "3", "by": ["cost"], "is": TAX}},
        cost="40000",
    )
    assert "1,480.00 yuan, item 3" in text
    assert "  ..36000: 36,000.00 × 3% = 1,080.00" in text
    assert "  >36000..144000: 4,000.00 × 10% = 400.00" in text
    assert ">144000.." not in text


def test_slices_at_their_bounds() -> None:
    (_, slices), = read_slices(TAX, "percent", ()).rows  # fmt: skip
    results = [total(slices, Fraction(x)) for x in (-1, 0, 36_000, 144_000, 144_001)]
    assert results == [0, 0, 1080, 11_880, Fraction("11880.2")]


# --- words of time -------------------------------------------------------------------------------------------------

JULY = {"july": {"unit": "month_of_year", "is": "7"}, "rate": {"unit": "yuan", "is": "5"}}


@pytest.mark.parametrize(
    ("when", "is_met"),
    [
        ("month_of_year < july", True),
        ("month_of_year(begun) = 1", True),
        ("month > month_of(begun)", True),
        ("month_of(done) = month", True),
        ("month(year, july) > month", True),
        ("month(year - 1, july) > month", False),
        ("month(year_of(begun), month_of_year(begun)) = month_of(begun)", True),
    ],
)
def test_months_of_the_year(when: str, is_met: bool) -> None:
    when = when.replace(" = 1", " = january")
    values = {**JULY, "january": {"unit": "month_of_year", "is": "1"}}
    assert owed("rate", values, when) == (5 if is_met else 0)


def test_the_standard_of_july() -> None:
    standard = {"unit": "yuan", "by": ["month"], "is": {"..<2022-07": "800", "2022-07..": "850"}}
    values = {**JULY, "standard": standard}
    assert owed("standard", values) == 800
    assert owed("standard(month(year, july))", values) == 850
    assert "month(year, july): 2022-07" in explained("standard(month(year, july))", values)


@pytest.mark.parametrize(
    ("begun", "late", "months"),
    [
        ("2022-01-31", "2022-02-28", 1),
        ("2022-01-31", "2022-02-27", 0),
        ("2022-03-31", "2022-06-30", 3),
        ("2022-01-15", "2022-03-14", 1),
        ("2022-03-02", "2022-03-01", -1),
        ("2020-02-29", "2021-02-28", 12),
    ],
)
def test_months_up_to_another_day(begun: str, late: str, months: int) -> None:
    values = {"rate": {"unit": "yuan / month", "is": "10"}}
    amount = "full_months_since(begun, late) * rate"
    assert owed(amount, values, begun=begun, late=late) == 10 * months
    assert f"full_months_since(begun, late): {months} month" in explained(amount, values, begun=begun, late=late)


def test_another_day_needs_no_reading_day() -> None:
    facts = {"works": {**FACTS["works"], "took": {"formula": "days_since(begun, late)"}}}
    facts["owners"] = {"owner": "key", "on": "date", "days": {"sum": "took", "over": "works"}}
    facts["works"]["owner"] = "owners"
    clause = {**GRANT, "for": "owners", "dated": "on", "amount": "days * rate"}
    policy = schedule(
        document(facts=facts, values={"rate": {"unit": "yuan / day", "is": "2"}}, clauses={"grant": clause})
    )
    works = [{**RICH, "work": f"W{n}", "owner": "O", "late": f"2022-02-{n:02d}"} for n in (1, 28)]
    assert amounts(calculated(policy, owners=[{"owner": "O", "on": "2022-05-01"}], works=works)) == {"grant": 2 * 29}


# --- rounding ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("rounded", "step", "amount"),
    [
        ("round area / per_bed to 1 down * bed_rate", None, "30"),
        ("round area / per_bed to half_bed up * bed_rate", ("bed", "0.5"), "40"),
        ("round used / beds to whole down * cost", ("percent", "1%"), "59"),
        ("round used / beds to fifth half_up * cost", ("percent", "0.2%"), "59.6"),
        ("round area to tens down * m2_rate", ("m2", "10"), "110"),
    ],
)
def test_a_step_in_the_unit_of_what_is_rounded(rounded: str, step: tuple[str, str] | None, amount: str) -> None:
    values = {"per_bed": {"unit": "m2 / bed", "is": "30"}, "bed_rate": {"unit": "yuan / bed", "is": "10"}}
    values["m2_rate"] = {"unit": "yuan / m2", "is": "1"}
    if step:
        name = rounded.split(" to ")[1].split()[0]
        values[name] = {"unit": step[0], "is": step[1]}
    left, right = rounded.rsplit(" * ", 1)
    assert owed(f"round ({left}) * {right} to fen down", values) == Decimal(amount)


# --- shapes of policies --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("score", "parts"), [("60", ("50.01", "50.00")), ("59", ("-50.01", "-50.00"))])
def test_a_malus_is_split_and_paid_as_the_opposite_of_a_bonus(score: str, parts: tuple[str, str]) -> None:
    values = {"pass": {"unit": "point", "is": "60"}, "bonus": {"unit": "yuan", "is": "100.01"}}
    clause = {**GRANT, "amount": "if score >= pass then bonus else -bonus", "split": {"city": "1", "county": "1"}}
    policy = schedule(document(facts=FACTS, values=values, clauses={"grant": clause}))
    frame = calculated(policy, works=[{**RICH, "score": score}]).payments()
    assert dict(zip(frame["payer"], frame["amount"], strict=True)) == {
        "city": Decimal(parts[0]), "county": Decimal(parts[1]),
    }  # fmt: skip


def test_a_look_up_by_a_fact_that_may_be_nothing_is_a_why_not() -> None:
    values = {"rates": {"unit": "percent", "by": ["fee"], "is": {"..": "10%"}}, "line": {"unit": "yuan", "is": "1"}}
    values["band"] = {"unit": "yuan", "by": ["fee"], "is": {"..50": "10", ">50..": "20"}}
    for when in ("band > line", "slices(fee, rates) > line"):
        clause = {**GRANT, "when": when, "amount": "cost"}
        policy = schedule(document(facts=FACTS, values=values, clauses={"grant": clause}))
        assert list(calculated(policy, works=[{**RICH, "fee": ""}]).entitlements()["state"]) == ["why-not"]


@pytest.mark.parametrize(
    ("key", "early", "late"), [("month_of_year", "..2", ">2.."), ("date", "..<2022-03-01", "2022-03-01..")]
)
def test_payers_change_with_the_due_day(key: str, early: str, late: str) -> None:
    shares = {early: {"city": "1", "other": "0"}, late: {"county": "1", "other": "0"}}
    values = {"who": {"unit": "weight", "by": [key, "payer"], "is": shares}}
    clause = {**GRANT, "amount": "cost", "split": "who"}
    policy = schedule(document(facts=FACTS, values=values, clauses={"grant": clause}))
    frame = calculated(policy, works=[RICH, {**RICH, "work": "V", "done": "2022-02-28"}]).payments()
    assert dict(zip(frame["due"], frame["payer"], strict=True)) == {"2022-02-28": "city", "2022-03-01": "county"}


def test_a_limit_has_no_groups_by_a_quotient() -> None:
    limit = {"among": ["grant"], "per": ["work", "cost / fee"], "keep": "first"}
    clauses = {"grant": {**GRANT, "amount": "cost"}}
    with pytest.raises(ScheduleError, match="cost / fee is a quotient that is not rounded and makes no groups"):
        schedule(document(facts=FACTS, clauses=clauses, limits={"one": limit}))


# --- hostile schedules ---------------------------------------------------------------------------------------------

PLAIN = {"unit": "percent", "by": ["cost"], "is": {"..36000": "100%", ">36000..": "100%"}}
MANY = {"unit": "percent", "by": ["cost"], "is": {"..1": "1%", **{f">{n}..{n + 1}": "1%" for n in range(1, 5000)}}}


@pytest.mark.parametrize(
    ("amount", "rates", "why"),
    [
        ("slices(" * 30 + "cost" + ", rates)" * 30, PLAIN, "more than 60 layers"),
        ("slices(" * 70 + "cost" + ", rates)" * 70, PLAIN, "nested too deeply"),
        ("slices(cost, rates)", MANY, "more than 50 slices"),
        ("if " + "month(" * 70 + "year" + ", year)" * 70 + " = month then cost else 0", PLAIN, "nested too deeply"),
    ],
)  # fmt: skip
def test_deep_or_endless_slices_are_refused_quickly(amount: str, rates: dict[str, Any], why: str) -> None:
    policy = document(facts=FACTS, values={"rates": rates}, clauses={"grant": {**GRANT, "amount": amount}})
    start = time.process_time()
    with pytest.raises(ScheduleError) as error:
        schedule(policy)
    assert why in error.value.findings[0].why.en
    assert time.process_time() - start < 5  # a guard against hanging, not a measurement


@pytest.mark.parametrize(
    ("steps", "facts"),
    [
        ({"s0": "cost", **{f"s{n}": f"least(s{n - 1}, s{n - 1})" for n in range(1, 28)}}, {}),
        ({"s27": "if f0 then cost else cost"}, {f"f{n}": {"formula": f"f{n + 1} or f{n + 1}"} for n in range(40)}),
        ({"s27": "band(" * 50 + "cost" + ")" * 50}, {}),
    ],
)
def test_what_is_read_twice_at_every_step_is_not_read_2_to_the_n_times(
    steps: dict[str, str], facts: dict[str, Any]
) -> None:
    columns = {**FACTS["works"], **facts, **({"f40": {"formula": "cost >= fee"}} if facts else {})}
    values = {"band": {"unit": "yuan", "by": ["cost"], "is": {"..": "100"}}}
    clause = {**GRANT, "steps": steps, "amount": "s27"}
    start = time.process_time()
    policy = schedule(document(facts={"works": columns}, values=values, clauses={"grant": clause}))
    result = calculated(policy, works=[RICH])
    assert amounts(result) == {"grant": 100}
    assert "100.00" in str(result.explain("grant", "W", period="2022-03-01"))
    assert time.process_time() - start < 20  # a guard against hanging, not a measurement
