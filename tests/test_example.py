"""The example of Xi'an: it is reproduced byte for byte, its planted troubles are found, and its money adds up."""

from __future__ import annotations

import csv
import subprocess
import sys
from collections import Counter, defaultdict
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from xian import EXAMPLE, XIAN, city, city_entitlements, city_result

import subsidy

MEDICAL = ("hospital_conversion", "medical_unit", "cooperation", "age_friendly")
ENVELOPE = Decimal(30_000_000)
Rows = list[dict[Any, Any]]


def read_table(name: str) -> Rows:
    with (EXAMPLE / "roster" / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope="session")
def xian() -> subsidy.Schedule:
    return XIAN


@pytest.fixture(scope="session")
def roster() -> subsidy.Roster:
    return city()


@pytest.fixture(scope="session")
def result() -> subsidy.Result:
    return city_result()


@pytest.fixture(scope="session")
def payments(result: subsidy.Result) -> Rows:
    return list(result.payments().to_dict("records"))


@pytest.fixture(scope="session")
def paid() -> dict[tuple[str, str], dict[str, Decimal]]:
    """What is owed for the planted stays and jobs, by clause and subject, for each period with money."""
    frame = city_entitlements()
    planted = frame["subject"].str.match("R900|S900") & (frame["state"] == "paid") & (frame["owed"] > 0)
    found: dict[tuple[str, str], dict[str, Decimal]] = defaultdict(dict)
    for row in frame[planted][["clause", "subject", "period", "owed"]].to_dict("records"):
        found[row["clause"], row["subject"]][row["period"]] = row["owed"]
    return found


# --- the files -----------------------------------------------------------------------------------------------------


def test_the_generator_reproduces_the_committed_files(tmp_path: Path) -> None:
    command = [sys.executable, "-B", str(EXAMPLE / "generate.py"), "--out", str(tmp_path)]
    subprocess.run(command, check=True)
    written = {path.relative_to(tmp_path): path.read_bytes() for path in tmp_path.rglob("*.csv")}
    committed = {path.relative_to(EXAMPLE): path.read_bytes() for path in EXAMPLE.rglob("*.csv")}
    assert written.keys() == committed.keys()
    assert [str(path) for path in written if written[path] != committed[path]] == []
    assert sum(map(len, committed.values())) < 6_000_000


def test_it_has_the_promised_size() -> None:
    facilities = read_table("facilities")
    assert len(facilities) >= 150
    assert len(read_table("residents")) >= 12_000
    assert len({row["person"] for row in read_table("staff")}) >= 2_000
    assert len(read_table("districts")) >= 13 + 6
    assert {row["type"] for row in facilities} == {
        "institution", "rural_home", "centre", "station", "mutual_aid_home", "meal_point"
    }  # fmt: skip
    assert {row["star"] for row in read_table("ratings")} == {"", "0", "1", "2", "3", "4", "5"}


def test_it_holds_every_kind_of_life() -> None:
    lives = Counter(row["note"] for row in read_table("residents"))
    assert min(lives[note] for note in ("death", "moved", "readmitted", "left")) >= 300
    assessed = Counter(row["person"] for row in read_table("assessments"))
    assert sum(times > 1 for times in assessed.values()) >= 2_000


ONLY_CHECKED = {"persons", "pay_list", "closures", "facility_reports"}  # registers that no clause reads


def test_every_table_of_the_policy_is_there(xian: subsidy.Schedule) -> None:
    assert {path.stem for path in (EXAMPLE / "roster").glob("*.csv")} == set(xian.latest.tables) - ONLY_CHECKED


# --- findings ------------------------------------------------------------------------------------------------------


def test_exactly_the_planted_troubles_are_found(result: subsidy.Result) -> None:
    with (EXAMPLE / "expected_findings.csv").open(encoding="utf-8", newline="") as file:
        expected = [tuple(row.values()) for row in csv.DictReader(file)]
    found = [
        (one.table, str(one.place.row), one.place.column, one.code, one.subject, one.severity)
        for one in result.findings
    ]
    assert sorted(found) == sorted(expected)


def test_without_proceed_the_errors_stop_it(xian: subsidy.Schedule, roster: subsidy.Roster) -> None:
    with pytest.raises(subsidy.RosterError):
        subsidy.calculate(xian, roster, year=2023)


def test_a_month_is_paid_once_however_often_one_moves(paid: dict[tuple[str, str], dict[str, Decimal]]) -> None:
    before, again = paid["operating_grant", "R90001"], paid["operating_grant", "R90002"]
    assert sorted([*before, *again]) == [f"2023-{month:02}" for month in range(2, 12)]
    left, came = paid["operating_grant", "R90003"], paid["operating_grant", "R90004"]
    assert sorted(left) == ["2023-01", "2023-02"]
    assert sorted(came)[0] == "2023-03"
    assert sorted(paid["operating_grant", "R90005"])[-1] == "2023-06"


def test_a_second_job_is_paid_once(paid: dict[tuple[str, str], dict[str, Decimal]]) -> None:
    first, second = paid["post_allowance", "S9001"], paid["post_allowance", "S9002"]
    assert first
    assert not first.keys() & second.keys()


# --- sums ----------------------------------------------------------------------------------------------------------


def check_sums(budget: dict[str, Any]) -> None:
    total, low = Decimal(budget["total"]), Decimal(budget["low"])
    assert 10_000_000 < low <= total < 300_000_000
    for name in ("by_clause", "by_district", "by_facility", "by_payer"):
        entries = budget[name]
        assert sum(Decimal(entry["amount"]) for entry in entries) == total, name
        assert sum(Decimal(entry["low"]) for entry in entries) == low, name
        for entry in entries:
            for part in ("payers", "clauses"):
                if part in entry:
                    assert sum(map(Decimal, entry[part].values())) == Decimal(entry["amount"]), (name, entry)
    assert all("payers" in entry for entry in budget["by_clause"])


def test_all_lists_add_up_when_due(result: subsidy.Result) -> None:
    check_sums(result.to_dict())


def test_all_lists_add_up_when_accrued(xian: subsidy.Schedule, roster: subsidy.Roster, result: subsidy.Result) -> None:
    accrued = subsidy.calculate(xian, roster, year=2023, basis="accrued", proceed=True).to_dict()
    check_sums(accrued)
    by_clause = {entry["clause"]: entry["amount"] for entry in accrued["by_clause"]}
    when_due = {entry["clause"]: entry["amount"] for entry in result.to_dict()["by_clause"]}
    assert {name for name in by_clause | when_due if by_clause.get(name) != when_due.get(name)} == {"entry_award"}


def test_every_cash_clause_pays_somebody(result: subsidy.Result, payments: Rows) -> None:
    clauses = {name for name, clause in result.calculated[0].schedule.latest.clauses.items() if clause.model.cash}
    assert {row["clause"] for row in payments} == clauses


def test_the_payers_pay_the_line(payments: Rows) -> None:
    lines: dict[tuple[str, int], list[Decimal]] = defaultdict(list)
    for row in payments:
        assert row["owed"] - row["cut"] == row["amount"]
        if {row["payer"]} <= {"city", "district"} and row["clause"] in ("operating_grant", "bed_grant", "meal_subsidy"):
            lines[row["clause"], row["line"]].append(row["owed"])
    assert lines
    assert all(len(parts) == 2 and 0 <= parts[0] - parts[1] <= Decimal("0.01") for parts in lines.values())


def test_the_allowance_of_the_uncertified_ends(payments: Rows) -> None:
    certified = {row["person"] for row in read_table("certificates")}
    months = Counter(
        row["accrued"] for row in payments if row["clause"] == "post_allowance" and row["payee"] not in certified
    )
    assert months["2023-10"] > 50
    assert max(months) == "2023-10"
    assert {row["amount"] for row in payments if row["clause"] == "post_allowance" and row["accrued"] >= "2023-11"} == {
        Decimal(amount) for amount in (300, 400, 500, 600, 700)
    }


# --- the envelope for medical care ---------------------------------------------------------------------------------


def medical(payments: Rows, payer: str, *years: str) -> Decimal:
    return sum(
        (row["amount"] for row in payments
         if row["clause"] in MEDICAL and row["payer"] == payer and row["due"][:4] in years),
        Decimal(0),
    )  # fmt: skip


def test_the_envelope_is_exceeded_and_reported(result: subsidy.Result, payments: Rows) -> None:
    pot = next(pot for pot in result.pots if pot["pot"] == "medical_envelope")
    asked = medical(payments, "city", "2022", "2023")
    assert asked > ENVELOPE * Decimal("1.2")
    assert Decimal(pot["at_most"]) == ENVELOPE
    assert Decimal(pot["asked"]) == asked
    assert Decimal(pot["over"]) == asked - ENVELOPE
    assert Decimal(pot["cut"]) == 0


def test_from_2024_the_document_does_not_say_who_pays(payments: Rows) -> None:
    assert medical(payments, "city", "2024") == 0
    assert medical(payments, "not_stated", "2024") > 10_000_000
    assert medical(payments, "not_stated", "2022", "2023") == 0


def test_an_overlay_cuts_the_envelope_pro_rata(
    xian: subsidy.Schedule, roster: subsidy.Roster, result: subsidy.Result, payments: Rows
) -> None:
    short = xian.overlay({"limits.medical_envelope.when_short": "pro_rata"})
    cut = subsidy.calculate(short, roster, year=2023, proceed=True)
    after: Rows = cut.payments().to_dict("records")
    assert medical(after, "city", "2022", "2023") == ENVELOPE
    pot = next(pot for pot in cut.pots if pot["pot"] == "medical_envelope")
    assert Decimal(pot["cut"]) == Decimal(pot["over"]) == medical(payments, "city", "2022", "2023") - ENVELOPE
    assert [row for row in after if row["clause"] not in MEDICAL] == [
        row for row in payments if row["clause"] not in MEDICAL
    ]
    check_sums(cut.to_dict())
