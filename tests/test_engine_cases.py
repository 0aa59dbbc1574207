"""Small cases in which an amount could be lost or misread without anybody noticing."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

import subsidy
from subsidy.finding import RosterError, ScheduleError
from subsidy.schedule.catalogue import Schedule
from subsidy.schedule.load import load_text

PAYERS = {
    "city": {"label": {"zh": "市", "en": "city"}},
    "county": {"label": {"zh": "县", "en": "county"}, "of": "district"},
}
WORKS: dict[str, Any] = {
    "work": "key",
    "district": "districts",
    "done": {"date": "..", "blank": "none"},
    "late": {"date": "..", "blank": "none"},
    "cost": {"yuan": "0..1000000000"},
    "fee": {"yuan": "0..1000000000", "blank": "none"},
}
GRANT: dict[str, Any] = {"item": "1", "for": "works", "every": "once", "dated": "done", "split": {"city": "1"}}
WORK = {"work": "W", "district": "D", "done": "2022-03-01", "late": "", "cost": "100", "fee": "7"}


def document(first_day: str = "2022-01-01", **sections: Any) -> dict[str, Any]:
    head = {
        "schedule": "test/cases",
        "document": {"number": "测", "issuer": "测", "issued": "2021-01-01"},
        "in_force": {"from": first_day},
        "revision": "1",
        "place": "CN",
        "payers": PAYERS,
    }
    return {**head, "facts": {"works": WORKS}, **sections}


def schedule(*documents: dict[str, Any]) -> Schedule:
    versions = tuple(load_text(json.dumps(one, ensure_ascii=False)) for one in documents)
    return Schedule(versions, tuple(Path("case.yaml") for _ in versions))


def calculated(policy: Schedule, year: int = 2022, proceed: bool = False, **tables: Any) -> Any:
    tables = {"districts": [{"district": "D", "name": "D"}], **tables}
    return subsidy.calculate(policy, subsidy.Roster(**tables), year, proceed=proceed)


def amounts(result: Any) -> dict[str, Decimal]:
    frame = result.entitlements()
    return {clause: sum(rows["owed"]) for clause, rows in frame.groupby("clause")}


@pytest.mark.parametrize(
    "day",
    ["if known(late) then late else done", "if cost + fee > fee + fee then done else late"],
)
def test_a_derived_day_leaves_the_amount_alone(day: str) -> None:
    facts = {"works": {**WORKS, "paid_on": {"formula": day}}}
    clause = {**GRANT, "dated": "paid_on", "amount": "least(cost + fee, cost + cost)"}
    result = calculated(schedule(document(facts=facts, clauses={"grant": clause})), works=[WORK])
    assert amounts(result) == {"grant": Decimal("107.00")}


def test_steps_of_one_name_in_two_clauses_are_two_keys() -> None:
    rates = {"rate": {"unit": "yuan", "by": ["cost"], "is": {"..50": "10", "other": "1000"}}}
    clauses = {
        "one": {**GRANT, "steps": {"key": "fee"}, "amount": "rate(key)"},
        "two": {**GRANT, "item": "2", "steps": {"key": "cost"}, "amount": "rate(key)"},
    }
    result = calculated(schedule(document(values=rates, clauses=clauses)), works=[WORK])
    assert amounts(result) == {"one": Decimal(10), "two": Decimal(1000)}


def test_roundings_of_two_kinds_are_two_keys() -> None:
    rates = {
        "rate": {"unit": "yuan", "by": ["cost"], "is": {"..3": "10", "other": "1000"}},
        "half": {"unit": "percent", "is": "50%"},
    }
    clauses = {
        "down": {**GRANT, "amount": "rate(round fee * half to yuan down)"},
        "up": {**GRANT, "item": "2", "amount": "rate(round fee * half to yuan up)"},
    }
    result = calculated(schedule(document(values=rates, clauses=clauses)), works=[WORK])
    assert amounts(result) == {"down": Decimal(10), "up": Decimal(1000)}


def test_where_no_payer_has_a_share_it_is_not_stated() -> None:
    shares = {
        "shares": {
            "unit": "weight",
            "by": ["year", "payer"],
            "is": {"2022": {"city": "1", "other": "0"}, "2023..": {"other": "0"}},
        }
    }
    policy = schedule(document(values=shares, clauses={"grant": {**GRANT, "split": "shares", "amount": "cost"}}))
    works = [WORK, {**WORK, "work": "V", "done": "2023-03-01"}, {**WORK, "work": "U", "done": "2024-03-01"}]
    frame = calculated(policy, works=works).payments()
    found = {row.due[:4]: (row.payer, str(row.amount)) for row in frame.itertuples()}
    assert found == {"2022": ("city", "100.00"), "2023": ("not_stated", "100.00"), "2024": ("not_stated", "100.00")}


@pytest.mark.parametrize("fee", ["", "150"])
def test_a_part_that_is_missing_or_too_large_is_a_finding(fee: str) -> None:
    clause = {key: value for key, value in GRANT.items() if key != "split"}
    clause |= {"amount": "cost", "parts": {"city": "fee", "county": "rest"}}
    policy = schedule(document(clauses={"grant": clause}))
    with pytest.raises(RosterError):
        calculated(policy, works=[{**WORK, "fee": fee}])
    assert calculated(policy, proceed=True, works=[{**WORK, "fee": fee}]).total == 0
    assert calculated(policy, works=[{**WORK, "fee": "40"}]).to_dict()["by_clause"][0]["payers"] == {
        "city": "40.00",
        "county": "60.00",
    }


def test_a_clause_is_read_after_it_is_calculated_in_every_version() -> None:
    """In one version A reads the year's base and C stands alone; in the other C reads A."""
    facilities = {"span": ["opened", "closed"], "opened": "date", "closed": {"date": "..", "blank": "ongoing"}}
    rate = {"rate": {"unit": "yuan", "is": "100"}}
    monthly = {"for": "residents", "every": "month", "split": {"city": "1"}}
    base = {"item": "9", "for": "facilities", "every": "year", "amount": "rate", "split": {"city": "1"}}
    limits = {name: {"among": [name[-1]], "per": ["person", "month"], "keep": "first"} for name in ("one_A", "one_C")}
    common: dict[str, Any] = {"facts": {"facilities": facilities}, "values": rate, "limits": limits}
    first = {"A": {**monthly, "item": "1", "amount": "rate"}, "C": {**monthly, "item": "2", "amount": "A"}}
    second = {
        "base": base,
        "A": {**monthly, "item": "1", "amount": "facility.base"},
        "C": {**monthly, "item": "2", "amount": "rate"},
    }
    policy = schedule(document(clauses=first, **common), document("2023-01-01", clauses=second, **common))
    home = {"facility": "F", "district": "D", "opened": "2021-01-01"}
    stay = {"resident": "R", "person": "P", "facility": "F", "from": "2022-11-01", "to": "2023-02-28"}
    frame = calculated(policy, facilities=[home], residents=[stay]).entitlements()
    monthly_rows = frame[frame["clause"] != "base"]
    assert set(monthly_rows["owed"]) == {Decimal(100)}
    assert len(monthly_rows) == 8


def test_a_row_without_the_day_that_picks_its_version_is_a_finding() -> None:
    facts = {"works": {**WORKS, "begun": "date"}}
    clause = {**GRANT, "version_by": "begun", "amount": "cost"}
    policy = schedule(document(facts=facts, clauses={"grant": clause}))
    with pytest.raises(RosterError) as error:
        calculated(policy, works=[{**WORK, "begun": ""}])
    assert [(finding.code, finding.place.column) for finding in error.value.findings] == [("blank-date", "begun")]


def test_large_parts_are_exact_and_what_is_too_large_is_said() -> None:
    clause = {key: value for key, value in GRANT.items() if key != "split"}
    clause |= {"amount": "cost", "parts": {"city": "fee", "county": "rest"}}
    work = {**WORK, "cost": "900000000.00", "fee": "899999999.99"}
    policy = schedule(document(clauses={"grant": clause}))
    assert calculated(policy, works=[work]).to_dict()["by_clause"][0]["payers"]["county"] == "0.01"
    values = {"cap": {"unit": "yuan", "is": "800000000"}}
    limits = {"cap_all": {"among": ["grant"], "per": ["work"], "at_most": "cap", "when_short": "pro_rata"}}
    policy = schedule(document(values=values, limits=limits, clauses={"grant": {**GRANT, "amount": "cost"}}))
    with pytest.raises(RosterError) as error:
        calculated(policy, works=[work])
    assert [finding.code for finding in error.value.findings] == ["too-large"]


def test_a_schedule_given_twice_and_a_year_out_of_range_are_refused() -> None:
    policy = schedule(document(clauses={"grant": {**GRANT, "amount": "cost"}}))
    with pytest.raises(ScheduleError) as error:
        subsidy.calculate([policy, policy], subsidy.Roster(works=[WORK]), 2022)
    assert [(finding.code, finding.value) for finding in error.value.findings] == [("schedule-twice", "test/cases")]
    for year in (0, 99999):
        with pytest.raises(ValueError, match="give one from 1950 to 2150"):
            subsidy.calculate(policy, subsidy.Roster(works=[WORK]), year)


def test_each_limit_counts_what_it_took_itself() -> None:
    values = {"first": {"unit": "yuan", "is": "60"}, "second": {"unit": "yuan", "is": "50"}}
    limits = {name: {"among": ["grant"], "per": ["work"], "at_most": name, "when_short": "pro_rata"} for name in values}
    limits = {f"{name}_cap": limit for name, limit in limits.items()}
    policy = schedule(document(values=values, limits=limits, clauses={"grant": {**GRANT, "amount": "cost"}}))
    cuts = {entry["limit"]: entry["cut"] for entry in calculated(policy, works=[WORK]).limits}
    assert cuts == {"first_cap": "40.00", "second_cap": "10.00"}


def test_what_a_pot_leaves_to_nobody_has_no_place() -> None:
    values = {"sum": {"unit": "yuan", "is": "30"}}
    pot = {"among": ["grant"], "payer": "city", "at_most": "sum", "when_short": "pro_rata", "rest_to": "not_stated"}
    policy = schedule(document(values=values, limits={"pot": pot}, clauses={"grant": {**GRANT, "amount": "cost"}}))
    result = calculated(policy, works=[WORK])
    entries = {entry["district"]: entry["amount"] for entry in result.to_dict()["by_district"]}
    assert entries == {"D": "30.00", None: "70.00"}
    assert all(row.owed - row.cut == row.amount for row in result.payments().itertuples())


def test_a_history_of_persons_may_refer_to_something_else() -> None:
    """Two persons assessed by one facility, one after the other: the later day does not end the other's assessment."""
    facts = {
        "checks": {"person": "text", "by": {"ref": "facilities"}, "from": "date", "score": {"point": "0..9"}},
        "visits": {"visit": "key", "person": "text", "district": "districts", "day": "date"},
    }
    values = {"rate": {"unit": "yuan / point", "is": "10"}}
    clause = {"item": "1", "for": "visits", "every": "once", "dated": "day", "amount": "rate * score"}
    clauses = {"grant": {**clause, "split": {"city": "1"}}}
    checks = [
        {"person": "P", "by": "F", "from": "2022-01-01", "score": "1"},
        {"person": "Q", "by": "F", "from": "2022-02-01", "score": "5"},
    ]
    visits = [{"visit": person, "person": person, "district": "D", "day": "2022-03-01"} for person in "PQ"]
    tables = {"checks": checks, "visits": visits, "facilities": [{"facility": "F", "district": "D"}]}
    result = calculated(schedule(document(facts=facts, values=values, clauses=clauses)), **tables)
    assert amounts(result) == {"grant": Decimal(60)}


def test_what_a_blank_of_a_history_means_is_not_read_where_a_reference_leads_nowhere() -> None:
    """A work of no home has no tier; that a home without an entry has tier 0 says nothing of it."""
    facts = {
        "homes": {"home": "key"},
        "gradings": {"home": "homes", "from": "date", "tier": {"tier": "0..5", "blank": "0"}},
        "works": {**WORKS, "home": {"ref": "homes", "blank": "none"}},
    }
    values = {"first": {"item": "1", "unit": "tier", "is": "1"}}
    clauses = {"grant": {**GRANT, "when": "home.tier < first", "amount": "cost"}}
    policy = schedule(document(values=values, clauses=clauses) | {"facts": facts})
    works = [{**WORK, "home": "H"}, {**WORK, "work": "V", "home": ""}]
    gradings = [{"home": "G", "from": "2020-01-01", "tier": "3"}]
    result = calculated(policy, works=works, homes=[{"home": "H"}, {"home": "G"}], gradings=gradings)
    found = {row.subject: (row.state, int(row.owed)) for row in result.entitlements().itertuples()}
    assert found == {"W": ("paid", 100), "V": ("why-not", 0)}
