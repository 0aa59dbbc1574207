"""Derived facts that sum up: over a row's own periods, over other rows in two steps, first days, running totals."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from test_engine_cases import amounts, calculated, document, schedule

from subsidy.finding import RosterError, ScheduleError

HOMES: dict[str, Any] = {
    "span": ["opened", "closed"],
    "opened": "date",
    "closed": {"date": "..", "blank": "ongoing"},
    "guests": {"count": "residents", "every": "month"},
}
HOME = {"facility": "F", "district": "D", "opened": "2023-10-15"}
YEARLY: dict[str, Any] = {"item": "1", "for": "facilities", "every": "year", "split": {"city": "1"}}
RATE = {"rate": {"unit": "yuan", "is": "10"}}


def stay(number: int, first: str, last: str = "", facility: str = "F") -> dict[str, str]:
    return {"resident": f"R{number}", "person": f"P{number}", "facility": facility, "from": first, "to": last}


# two persons in October, one in November, three in December
STAYS = [
    stay(1, "2023-10-20"),
    stay(2, "2023-10-01", "2023-10-31"),
    stay(3, "2023-12-01"),
    stay(4, "2023-12-31"),
]


def homes(clause: dict[str, Any], values: dict[str, Any] = RATE, **facts: Any) -> Any:
    return schedule(
        document("2023-01-01", facts={"facilities": HOMES | facts}, values=values, clauses={"grant": YEARLY | clause})
    )


# --- periods of the row itself -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fact", "amount", "owed"),
    [
        ({"average": "guests", "over": "month", "every": "year"}, "rate * known_of", "20"),  # (2 + 1 + 3) / 3
        ({"sum": "guests", "over": "month", "every": "year"}, "rate * known_of", "60"),
        ({"min": "guests", "over": "month", "every": "year"}, "rate * known_of", "10"),
        ({"max": "guests", "over": "month", "every": "half_year"}, "rate * known_of", "30"),
        ({"count": "month", "every": "year", "where": "guests > 1"}, "rate * known_of", "20"),
        ({"count": "quarter", "every": "year"}, "rate * known_of", "10"),
    ],
)
def test_the_months_that_a_life_touches_are_aggregated(fact: dict[str, str], amount: str, owed: str) -> None:
    rounded = amount.replace("rate * known_of", "round rate * people / least_people to fen half_up")
    values = {"rate": {"unit": "yuan", "is": "10"}, "least_people": {"unit": "residents", "is": "1"}}
    if "count" in fact:
        values["least_people"]["unit"] = fact["count"]
    result = calculated(homes({"amount": rounded}, values, people=fact), 2023, facilities=[HOME], residents=STAYS)
    assert amounts(result) == {"grant": Decimal(owed)}


def test_a_table_without_a_life_is_there_in_every_month() -> None:
    facts = {
        "facilities": {"guests": {"count": "residents", "every": "month"}},
        "plans": {"plan": "key", "facility": "facilities", "year": "year",
                  "mean": {"average": "facility.guests", "over": "month", "every": "year"}},
    }  # fmt: skip
    values = {"rate": {"unit": "yuan / residents", "is": "10"}}
    clause = {**YEARLY, "for": "plans", "amount": "round rate * mean to fen half_up"}
    policy = schedule(document("2023-01-01", facts=facts, values=values, clauses={"grant": clause}))
    home = {"facility": "F", "district": "D"}
    tables = {"facilities": [home], "residents": STAYS, "plans": [{"plan": "A", "facility": "F", "year": "2023"}]}
    assert amounts(calculated(policy, 2023, **tables)) == {"grant": Decimal(5)}  # 6 / 12


@pytest.mark.parametrize(("closed", "owed"), [("", "10"), ("2023-11-30", "0")])
def test_a_condition_on_every_month_of_the_year(closed: str, owed: str) -> None:
    full = {"count": "month", "where": "guests >= least_guests", "every": "year"}
    values = {"rate": {"unit": "yuan", "is": "10"}, "least_guests": {"unit": "residents", "is": "1"}}
    policy = homes({"when": "full_months = 12 months", "amount": "rate"}, values, full_months=full)
    home = {**HOME, "opened": "2022-03-01", "closed": closed}
    result = calculated(policy, 2023, facilities=[home], residents=[stay(1, "2022-05-01", closed)])
    frame = result.entitlements()
    assert list(frame[frame["period"] == "2023"]["owed"]) == [Decimal(owed)]


def test_an_unknown_month_makes_the_year_unknown_unless_it_does_not_count() -> None:
    facts = {
        "people": {"average": "guests_said", "over": "month", "every": "year"},
        "said": {"average": "guests_said", "over": "month", "every": "year", "where": "known(guests_said)"},
        "guests_said": {"max": "guest_count", "over": "reports", "every": "month"},
    }
    reports = {"report": "key", "facility": "facilities", "month": "month", "guest_count": {"guest": "0..900"}}
    values = {"rate": {"unit": "yuan / guest", "is": "10"}}
    rows = [{"report": "A", "facility": "F", "month": "2023-10", "guest_count": "5"},
            {"report": "B", "facility": "F", "month": "2023-12", "guest_count": "6"}]  # fmt: skip
    for fact, owed in (("people", None), ("said", Decimal("55.00"))):
        clause = YEARLY | {"amount": f"round rate * {fact} to fen half_up"}
        tables = {"facilities": HOMES | facts, "reports": reports}
        policy = schedule(document("2023-01-01", facts=tables, values=values, clauses={"grant": clause}))
        if owed is not None:
            assert amounts(calculated(policy, 2023, facilities=[HOME], reports=rows)) == {"grant": owed}
            continue
        with pytest.raises(RosterError) as error:
            calculated(policy, 2023, facilities=[HOME], reports=rows)
        assert [finding.remedy.en for finding in error.value.findings] == [
            "check its facts in each period, or give it in a column people"
        ]


def test_a_ready_yearly_average_goes_first() -> None:
    values = {"rate": {"unit": "yuan / residents", "is": "10"}}
    mean = {"average": "guests", "over": "month", "every": "year"}
    policy = homes({"amount": "round rate * mean to fen half_up"}, values, mean=mean)
    result = calculated(policy, 2023, facilities=[{**HOME, "mean": "2.75"}], residents=STAYS)
    assert amounts(result) == {"grant": Decimal("27.50")}
    assert "mean: 2.75 residents, given ready in the roster   [facilities:1:mean]" in str(result.explain("grant", "F"))


def test_an_explanation_lists_the_months() -> None:
    values = {"rate": {"unit": "yuan / residents", "is": "10"}}
    mean = {"average": "guests", "over": "month", "every": "year", "where": "guests > 1"}
    policy = homes({"amount": "round rate * mean to fen half_up"}, values, mean=mean)
    text = str(calculated(policy, 2023, facilities=[HOME], residents=STAYS).explain("grant", "F"))
    assert "mean: 2.5 residents   [average: guests, over: month, every: year, where: guests > 1]" in text
    assert "  2023-10: 2 residents" in text
    assert "  2023-11: not met" in text


# --- first and last days -------------------------------------------------------------------------------------------

OPERATORS: dict[str, Any] = {
    "first_opened": {"min": "opened", "over": "facilities"},
    "last_opened": {"max": "opened", "over": "facilities", "where": "type = 'institution'"},
    "years_open": {"formula": "full_years_since(first_opened)"},
    "homes": {"count": "facilities", "where": "type = 'institution'"},
    "guests": {"sum": "guests", "over": "facilities", "every": "month"},
}
PRIZES: dict[str, Any] = {
    "prize": "key",
    "facility": "facilities",
    "operator": "operators",
    "day": "date",
}
OPENED = ("2021-12-30", "2021-12-31", "2022-01-01", "2020-03-31")


def prized(when: str, day: str, values: Any = None, operator: str = "O", **roster: Any) -> Decimal:
    facts = {"facilities": HOMES, "operators": OPERATORS, "prizes": PRIZES}
    values = {"rate": {"unit": "yuan", "is": "10"}} | (values or {})
    clause = {**YEARLY, "for": "prizes", "every": "once", "dated": "day", "when": when, "amount": "rate"}
    policy = schedule(document("2021-01-01", facts=facts, values=values, clauses={"grant": clause}))
    facilities = [
        {"facility": f"F{number}", "district": "D", "operator": "O", "opened": opened,
         "type": "station" if number == 2 else "institution"}
        for number, opened in enumerate(OPENED)
    ]  # fmt: skip
    prize = {"prize": "A", "facility": "F1", "operator": operator, "day": day}
    operators = [{"operator": "O"}, {"operator": "P"}]
    tables = {"facilities": facilities, "operators": operators, "prizes": [prize], **roster}
    return amounts(calculated(policy, int(day[:4]), **tables))["grant"]


@pytest.mark.parametrize(
    ("when", "day", "owed"),
    [
        ("operator.years_open >= three", "2023-03-30", 0),
        ("operator.years_open >= three", "2023-03-31", 10),
        ("full_months_since(operator.last_opened) >= two_months", "2022-02-27", 0),
        ("full_months_since(operator.last_opened) >= two_months", "2022-02-28", 10),  # the month's last day
        ("days_since(operator.last_opened) = two_days", "2022-01-02", 10),
        ("year_of(operator.first_opened) = opening_year", "2022-01-02", 10),
        ("operator.first_opened < operator.last_opened", "2022-01-02", 10),
    ],
)
def test_the_first_and_the_last_day_are_dates(when: str, day: str, owed: int) -> None:
    values = {
        "three": {"unit": "year", "is": "3"},
        "two_months": {"unit": "month", "is": "2"},
        "two_days": {"unit": "day", "is": "2"},
        "opening_year": {"unit": "calendar_year", "is": "2020"},
    }
    assert prized(when, day, values) == owed


def test_of_no_rows_there_is_no_first_day() -> None:
    assert prized("known(operator.first_opened)", "2023-05-01", operator="P") == 0


# --- two steps -----------------------------------------------------------------------------------------------------


def test_a_facility_reads_its_operator_and_an_operator_sums_its_facilities() -> None:
    values = {"many": {"unit": "facilities", "is": "3"}, "few": {"unit": "residents", "is": "3"}}
    assert prized("operator.homes >= many", "2023-05-01", values) == 10
    assert prized("facility.operator.homes > many", "2023-05-01", values) == 0
    stays = [stay(1, "2023-05-30", facility="F1"), stay(2, "2023-05-01", facility="F2"), stay(3, "2023-06-01")]
    stays[2]["facility"] = "F0"
    assert prized("operator.guests >= few", "2023-05-01", values, residents=stays) == 0
    assert prized("operator.guests >= few", "2023-06-01", values, residents=stays) == 10


def test_rows_without_dates_are_there_in_every_period() -> None:
    facts = {
        "facilities": {"guests": {"count": "residents", "every": "month"}},
        "operators": {"guests": {"sum": "guests", "over": "facilities", "every": "month"}},
        "prizes": PRIZES,
    }
    values = {"rate": {"unit": "yuan / residents", "is": "10"}}
    clause = {**YEARLY, "for": "prizes", "every": "once", "dated": "day", "amount": "rate * operator.guests"}
    policy = schedule(document("2023-01-01", facts=facts, values=values, clauses={"grant": clause}))
    tables = {
        "operators": [{"operator": "O"}],
        "facilities": [{"facility": name, "district": "D", "operator": "O"} for name in "FG"],
        "residents": [*STAYS, stay(9, "2023-12-05", facility="G")],
        "prizes": [{"prize": "A", "facility": "F", "operator": "O", "day": "2023-12-24"}],
    }
    assert amounts(calculated(policy, 2023, **tables)) == {"grant": Decimal(40)}


@pytest.mark.parametrize(("reads_at", "owed"), [("last_day", 10), ("started", 0)])
def test_what_happens_once_reads_the_period_of_its_reading_day(reads_at: str, owed: int) -> None:
    facts = {"facilities": HOMES, "jobs": {"job": "key", "facility": "facilities", "started": "date", "done": "date"}}
    values = {"rate": {"unit": "yuan / residents", "is": "10"}}
    clause = {**YEARLY, "for": "jobs", "every": "event", "dated": "done", "reads_at": reads_at}
    clause["amount"] = "rate * facility.guests"
    policy = schedule(document("2022-01-01", facts=facts, values=values, clauses={"grant": clause}))
    job = {"job": "J", "facility": "F", "started": "2022-02-10", "done": "2022-03-10"}
    stays = [stay(1, "2022-03-01", "2022-03-31")]
    assert amounts(calculated(policy, facilities=[HOME], residents=stays, jobs=[job])) == {"grant": owed}


@pytest.mark.parametrize(("when", "state"), [("operator.homes < many", "why-not"), ("known(operator.homes)", "why-not"),
                                             ("not known(operator.homes)", "paid")])  # fmt: skip
def test_what_is_read_through_a_blank_reference_is_nothing_and_not_0(when: str, state: str) -> None:
    facts = {"facilities": HOMES, "operators": {"homes": {"count": "facilities"}}}
    values = {"rate": {"unit": "yuan", "is": "10"}, "many": {"unit": "facilities", "is": "3"}}
    clauses = {"grant": {**YEARLY, "when": when, "amount": "rate"}}
    policy = schedule(document("2023-01-01", facts=facts, values=values, clauses=clauses))
    for operators in ([{"operator": "O"}], []):
        frame = calculated(policy, 2023, facilities=[HOME], operators=operators).entitlements()
        assert list(frame["state"]) == [state]


def test_an_amount_that_needs_a_blank_reference_is_a_finding() -> None:
    facts = {"facilities": HOMES, "operators": {"homes": {"count": "facilities"}}}
    values = {"rate": {"unit": "yuan / facilities", "is": "10"}}
    clauses = {"grant": {**YEARLY, "amount": "rate * operator.homes"}}
    policy = schedule(document("2023-01-01", facts=facts, values=values, clauses=clauses))
    with pytest.raises(RosterError):
        calculated(policy, 2023, facilities=[HOME])


@pytest.mark.parametrize(("beds", "nurses", "owed"), [("33", 2, "10"), ("34", 2, "0"), ("33", 1, "0")])
def test_ratios_are_formulas(beds: str, nurses: int, owed: str) -> None:
    """1,000 m2 over 33 beds are 30 m2 a bed, rounded down; over 34 they are 29. One nurse for 15 beds is too few."""
    facts = {
        "facilities": {
            **HOMES,
            "nurses": {"count": "staff", "where": "post = 'nurse'"},
            "area_per_bed": {"formula": "round floor_area / beds to 1 down"},
            "beds_per_nurse": {"formula": "beds / nurses"},
        }
    }
    values = {"rate": {"unit": "yuan", "is": "10"}, "least_area": {"unit": "m2 / bed", "is": "30"},
              "most_beds": {"unit": "bed / staff", "is": "17"}}  # fmt: skip
    when = "area_per_bed >= least_area and beds_per_nurse <= most_beds"
    clause = {**YEARLY, "when": when, "amount": "rate"}
    policy = schedule(document("2023-01-01", facts=facts, values=values, clauses={"grant": clause}))
    staff = [{"staff": f"S{n}", "person": f"Q{n}", "facility": "F", "hired": "2023-01-01", "post": "nurse"}
             for n in range(nurses)]  # fmt: skip
    home = {**HOME, "beds": beds, "floor_area": "1000"}
    assert amounts(calculated(policy, 2023, facilities=[home], staff=staff)) == {"grant": Decimal(owed)}


# --- running totals ------------------------------------------------------------------------------------------------

BILLS: dict[str, Any] = {
    "bill": "key",
    "person": "text",
    "district": "districts",
    "paid_on": {"date": "..", "blank": "none"},
    "cost": {"yuan": "0..100000"},
    "refused": {"yes_no": "..", "blank": "no"},
    "spent": {"running": "cost", "per": ["person"], "every": "year", "by": "paid_on"},
}
CAPPED = {"item": "1", "for": "bills", "every": "once", "dated": "paid_on", "split": {"city": "1"},
          "amount": "round (least(spent, cap) - least(spent - cost, cap)) * share to fen half_up"}  # fmt: skip
CAP = {"cap": {"unit": "yuan", "is": "1000"}, "share": {"unit": "percent", "is": "50%"}}


def bill(name: str, person: str, day: str, cost: str, **more: str) -> dict[str, str]:
    return {"bill": name, "person": person, "district": "D", "paid_on": day, "cost": cost, **more}


def billed(rows: list[dict[str, str]], proceed: bool = False, **fact: Any) -> dict[str, Decimal]:
    spent = {key: value for key, value in (BILLS["spent"] | fact).items() if value}
    policy = schedule(
        document("2022-01-01", facts={"bills": {**BILLS, "spent": spent}}, values=CAP, clauses={"grant": CAPPED})
    )
    frame = calculated(policy, 2023, proceed=proceed, bills=rows).entitlements()
    return {row.subject: row.owed if row.state == "paid" else row.state for row in frame.itertuples()}


YEAR_OF_BILLS = [
    bill("C", "P", "2023-05-01", "300"),  # the same day as B, and after it by its key: from 700 to 1,000
    bill("B", "P", "2023-05-01", "400"),  # from 300 to 700
    bill("A", "P", "2023-03-09", "300"),
    bill("D", "P", "2023-06-01", "50"),  # past 1,000
    bill("E", "P", "2022-12-31", "999"),  # another year
    bill("F", "Q", "2023-05-01", "2000"),  # another person: 1,000 of it
    bill("G", "P", "", "800"),  # never paid
]


def test_a_slice_is_the_difference_of_two_running_totals() -> None:
    expected = {"A": "150", "B": "200", "C": "150", "D": "0", "E": "499.50", "F": "500"}
    assert billed(YEAR_OF_BILLS) == {name: Decimal(owed) for name, owed in expected.items()}


def test_a_running_total_may_go_on_for_ever_and_over_all_rows() -> None:
    ever = billed(YEAR_OF_BILLS, every=None)
    assert (ever["E"], ever["A"], ever["B"]) == (Decimal("499.50"), Decimal("0.50"), Decimal(0))
    everyone = billed(YEAR_OF_BILLS, per=[])
    assert (everyone["C"], everyone["F"]) == (Decimal(150), Decimal(0))


def test_rows_that_do_not_count_add_nothing() -> None:
    rows = [*YEAR_OF_BILLS[:4], bill("A0", "P", "2023-01-01", "900", refused="yes")]
    assert billed(rows, where="not refused")["C"] == Decimal(150)
    assert billed(rows)["C"] == Decimal(0)


def test_an_unknown_cost_spoils_what_comes_after_it() -> None:
    rows = [bill("A", "P", "2023-01-01", "100"), bill("B", "P", "2023-02-01", ""), bill("C", "P", "2023-03-01", "100"),
            bill("D", "Q", "2023-03-01", "100")]  # fmt: skip
    assert billed(rows, proceed=True) == {"A": Decimal(50), "B": "finding", "C": "finding", "D": Decimal(50)}


def test_a_row_that_stands_for_several_has_no_running_total() -> None:
    rows = [bill("A", "", "2023-01-01", "100", count="3"), bill("B", "P", "2023-02-01", "100"),
            bill("C", "P", "2023-03-01", "100", count="1")]  # fmt: skip
    fact = {"per": ["district"]}
    assert billed(rows, proceed=True, **fact) == {"A": "finding", "B": Decimal(50), "C": Decimal(50)}
    facts = {"bills": {**BILLS, "spent": {**BILLS["spent"], **fact}}}
    policy = schedule(document("2022-01-01", facts=facts, values=CAP, clauses={"grant": CAPPED}))
    with pytest.raises(RosterError) as error:
        calculated(policy, 2023, bills=rows)
    assert [finding.remedy.en for finding in error.value.findings] == [
        "check the rows up to this one; a row with a count must become single rows"
    ]
    capped = {**CAP, "cap": {"unit": "yuan", "is": "450"}}
    policy = schedule(document("2022-01-01", facts=facts, values=capped, clauses={"grant": CAPPED}))
    frame = calculated(policy, 2023, proceed=True, bills=rows).entitlements()
    assert dict(zip(frame["subject"], frame["owed"], strict=True))["C"] == Decimal(25)  # 3 × 100 + 100, then 50 of 100


def test_the_running_number_of_a_row() -> None:
    values = {"first_bonus": {"unit": "yuan", "is": "9"}, "second": {"unit": "weight", "is": "2"}}
    facts = {"bills": {**BILLS, "number": {"running": "1", "per": ["person"], "by": "paid_on"}}}
    clause = {**CAPPED, "when": "number = second", "amount": "first_bonus"}
    policy = schedule(document("2022-01-01", facts=facts, values=values, clauses={"grant": clause}))
    frame = calculated(policy, 2023, bills=YEAR_OF_BILLS).entitlements()
    assert list(frame[frame["state"] == "paid"]["subject"]) == ["A"]


def test_an_explanation_says_what_a_running_total_is() -> None:
    policy = schedule(document("2022-01-01", facts={"bills": BILLS}, values=CAP, clauses={"grant": CAPPED}))
    text = str(calculated(policy, 2023, bills=YEAR_OF_BILLS).explain("grant", "B"))
    assert "spent: 700.00 yuan   [running: cost, per: [person], every: year, by: paid_on]" in text


# --- what is too large ---------------------------------------------------------------------------------------------


def test_an_average_of_large_amounts_can_be_rounded() -> None:
    facts = {"districts": {"mean": {"average": "cost", "over": "works"}}}
    facts["works"] = {"work": "key", "district": "districts", "done": "date", "cost": {"yuan": "0..1000000000"}}
    clause = {"item": "1", "for": "works", "every": "once", "dated": "done", "split": {"city": "1"}}
    grant = {**clause, "amount": "round district.mean to fen half_up"}
    policy = schedule(document("2022-01-01", facts=facts, clauses={"grant": grant}))
    rows = [{"work": name, "district": "D", "done": "2022-03-01", "cost": cost} for name, cost in
            (("A", "1000000000"), ("B", "999999999.99"), ("C", "0"))]  # fmt: skip
    assert amounts(calculated(policy, 2022, works=rows)) == {"grant": 3 * Decimal("666666666.66")}


def test_too_large_an_aggregate_names_the_fact_to_narrow() -> None:
    facts = {"districts": {"mean": {"average": "cost", "over": "works"}}}
    facts["works"] = {"work": "key", "district": "districts", "done": "date", "cost": {"yuan": "0..100000000000"}}
    clause = {"item": "1", "for": "works", "every": "once", "dated": "done", "split": {"city": "1"}}
    grant = {**clause, "amount": "round district.mean to fen half_up"}
    with pytest.raises(ScheduleError) as error:
        schedule(document("2022-01-01", facts=facts, clauses={"grant": grant}))
    (finding,) = error.value.findings
    assert finding.why.en.endswith("the result could pass 2^63; district.mean takes cost of up to 10,000,000 rows")
    assert finding.remedy.en == "declare a smaller range for cost"
