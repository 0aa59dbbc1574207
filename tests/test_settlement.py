"""What is owed now against what was paid before: the cases an officer meets, and what always holds."""

from __future__ import annotations

import datetime
import os
import tempfile
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from random_schedules import Case, cases
from settling import BASE, CORRECTED, RAISED, borne, result, rows, stay, told, town

import subsidy
from subsidy import Result, Roster, RosterError, Settlement, settle
from subsidy.budget.compared import OF_PAYMENTS
from subsidy.budget.settlement import Sums
from subsidy.schedule.catalogue import Schedule
from subsidy.schedule.load import load_text

JUNE = datetime.date(2024, 6, 30)
MARCH = datetime.date(2024, 3, 31)
THOROUGH = bool(os.environ.get("CHECK_ALL"))


def months(first: int, last: int) -> list[str]:
    return [f"2024-{month:02d}" for month in range(first, last + 1)]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return town(tmp_path / "town")


@pytest.fixture
def ledger(folder: Path, tmp_path: Path) -> Path:
    """Two residents paid until June at the first rate."""
    saved = tmp_path / "ledger"
    result(folder, stay("A"), stay("B", "G")).save_ledger(saved, until=JUNE)
    return saved


# --- the roster is another one -------------------------------------------------------------------------------------


def test_against_its_own_ledger_nothing_differs(folder: Path, ledger: Path) -> None:
    found = settle(result(folder, stay("A"), stay("B", "G")), ledger, until=JUNE)
    assert (found.entitlements, found.payments) == ((), ())
    assert found.totals == ((120000, 120000), (120000, 120000))
    assert Sums.of(found.to_come) == Sums(now=120000, arrears=120000)


def test_a_death_reported_late(folder: Path, ledger: Path) -> None:
    found = settle(result(folder, stay("A", last="2024-03-12"), stay("B", "G")), ledger, until=JUNE)
    assert told(found) == {("A", "F", month): "-100.00" for month in months(4, 6)}
    assert {line.reason.en for line in found.entitlements} == {"the row's dates do not reach this period"}
    assert borne(found) == {"city": "-150.00", "district": "-150.00"}
    assert {line.key["place"] for line in found.payments if line.key["payer"] == "district"} == {"D"}


def test_a_mover_is_a_recovery_at_one_home_and_arrears_at_the_other(folder: Path, ledger: Path) -> None:
    moved = [stay("A", last="2024-04-30"), stay("A2", "G", "2024-05-01", person="PA"), stay("B", "G")]
    found = settle(result(folder, *moved), ledger, until=JUNE)
    expected = {("A", "F", month): "-100.00" for month in months(5, 6)}
    assert told(found) == expected | {("A2", "G", month): "100.00" for month in months(5, 6)}
    assert {name: (sums.arrears, sums.recovery) for name, sums in found.by("payee").items()} == {
        "F": (0, 20000),
        "G": (20000, 0),
    }
    assert found.by("payer")["city"] == Sums(20000, 20000, 0, 10000, 10000)


def test_a_subject_that_is_gone_and_one_that_is_new(folder: Path, ledger: Path) -> None:
    found = settle(result(folder, stay("B", "G"), stay("C", first="2024-06-01")), ledger, until=JUNE)
    assert told(found) == {("A", "F", month): "-100.00" for month in months(1, 6)} | {("C", "F", "2024-06"): "100.00"}
    reasons = {line.key["subject"]: line.reason.en for line in found.entitlements}
    assert reasons == {"A": "the roster does not have this subject", "C": "nothing was paid before"}


def test_a_condition_that_is_not_met_any_more(folder: Path, ledger: Path, tmp_path: Path) -> None:
    both = [stay("A"), stay("A2", "G", "2024-02-01", person="PA"), stay("B", "G")]
    result(folder, *both, proceed=True).save_ledger(tmp_path / "both", until=JUNE)
    found = settle(result(folder, stay("A"), stay("B", "G")), tmp_path / "both", until=MARCH)
    assert found.totals[0][0] == 60000
    late = town(
        tmp_path / "strict",
        base=BASE.replace(">= 1", ">= whole_month").replace(
            "values:", 'values:\n  whole_month: {item: "1", unit: day, is: 30}'
        ),
    )
    found = settle(result(late, stay("A"), stay("B", "G")), ledger, until=MARCH)
    assert told(found) == {("A", "F", "2024-02"): "-100.00", ("B", "G", "2024-02"): "-100.00"}


# --- the policy is another one -------------------------------------------------------------------------------------


def test_a_rate_raised_from_an_earlier_day(folder: Path, ledger: Path) -> None:
    town(folder, raised=RAISED)
    found = settle(result(folder, stay("A"), stay("B", "G")), ledger, until=JUNE)
    assert told(found) == {(key, home, month): "50.00" for key, home in ("AF", "BG") for month in months(1, 6)}
    (reason,) = {line.reason for line in found.entitlements}
    assert reason.en == (
        "测〔2024〕6号 (issued 2024-06-15, in force from 2024-01-01): "
        "[1] Figure rate: 100 → 150 yuan / person / month from 2024-01-01"
    )
    assert reason.zh.startswith(
        "测〔2024〕6号（2024-06-15 印发，自 2024-01-01 起施行）：[1] 标准 rate：自 2024-01-01 起由 100 调整为 150"
    )
    assert {line.reason for line in found.payments} == {reason}


def test_what_was_known_then_is_settled_with_nothing(folder: Path, ledger: Path) -> None:
    town(folder, raised=RAISED)
    found = settle(result(folder, stay("A"), stay("B", "G"), known_on="2024-06-14"), ledger, until=JUNE)
    assert (found.entitlements, found.payments) == ((), ())
    assert found.to_dict()["known_on"] == "2024-06-14"


def test_a_correction_of_a_correction(folder: Path, ledger: Path, tmp_path: Path) -> None:
    town(folder, raised=RAISED, corrected=CORRECTED)
    people = [stay("A"), stay("B", "G")]
    first = settle(result(folder, *people, known_on="2024-07-01"), ledger, until=JUNE)
    first.save(tmp_path / "first")
    second = settle(result(folder, *people), [ledger, tmp_path / "first"], until=JUNE)
    assert told(second) == {(key, home, month): "-10.00" for key, home in ("AF", "BG") for month in months(1, 6)}
    (reason,) = {line.reason.en for line in second.entitlements}
    assert "测〔2024〕9号 (issued 2024-09-10" in reason
    assert "150 → 140" in reason
    at_once = settle(result(folder, *people), ledger, until=JUNE)
    assert sum(line.difference for line in at_once.payments) == sum(
        line.difference for one in (first, second) for line in one.payments
    )
    second.save(tmp_path / "second.csv")
    third = settle(result(folder, *people), [ledger, tmp_path / "first", tmp_path / "second.csv"], until=JUNE)
    assert third.payments == ()


def test_another_ratio_and_the_same_total(ledger: Path, tmp_path: Path) -> None:
    folder = town(
        tmp_path / "ratio",
        raised=RAISED.replace("{values.rate.is: 150}", "{clauses.care.split: {city: 7, district: 3}}"),
    )
    found = settle(result(folder, stay("A"), stay("B", "G")), ledger, until=JUNE)
    assert found.entitlements == ()
    assert borne(found) == {"city": "240.00", "district": "-240.00"}
    by_place = {line.key["place"] for line in found.payments if line.recovery}
    assert by_place == {"D", "E"}
    (reason,) = {line.reason.en for line in found.payments}
    assert reason.endswith("(care): who pays (city:district) 5:5 → 7:3")


def test_a_clause_with_another_name(folder: Path, ledger: Path, tmp_path: Path) -> None:
    renamed = BASE.replace("  care:\n", "  operating:\n    formerly: [care]\n").replace("[care]}", "[operating]}")
    later = renamed.replace("among: [care]", "among: [operating]")
    found = settle(result(town(tmp_path / "renamed", base=later), stay("A"), stay("B", "G")), ledger, until=JUNE)
    assert (found.entitlements, found.payments) == ((), ())


def test_a_clause_that_is_gone_is_recovered(ledger: Path, tmp_path: Path) -> None:
    other = BASE.replace("  care:\n", "  other_care:\n").replace("[care]", "[other_care]")
    found = settle(result(town(tmp_path / "other", base=other), stay("A")), ledger, until=JUNE)
    gone = [line for line in found.entitlements if line.key["clause"] == "care"]
    assert {line.reason.en for line in gone} == {"the schedule has no such clause now"}
    assert sum(line.recovery for line in gone) == 120000


def test_an_overlay_and_a_changed_roster_are_told_apart(folder: Path, ledger: Path) -> None:
    overlaid = subsidy.schedule(folder).overlay({"values.rate.is": "120"})
    people = rows(stay("A"), stay("B", "G"))
    found = settle(subsidy.calculate(overlaid, Roster(**people), 2024), ledger, until=JUNE)
    assert {line.reason.en for line in found.entitlements} == {
        "the same version with another meaning: a correction of its encoding, or an overlay"
    }
    twice = {**people, "residents": [{**row, "count": "2", "person": ""} for row in people["residents"]]}
    found = settle(subsidy.calculate(subsidy.schedule(folder), Roster(**twice), 2024), ledger, until=JUNE)
    assert {line.reason.en for line in found.entitlements} == {"the roster has changed"}
    assert sum(line.arrears for line in found.entitlements) == 120000


def test_what_a_ledger_says_was_not_owed_then(folder: Path, tmp_path: Path) -> None:
    later = stay("A2", "G", "2024-06-20", person="PA")
    result(folder, stay("A", last="2024-06-20"), later).save_ledger(tmp_path / "both", until=JUNE)
    found = settle(result(folder, later), tmp_path / "both", until=JUNE)
    reasons = {line.key["subject"]: line.reason.en for line in found.entitlements}
    assert reasons["A2"] == "nothing was owed before (limit: one_home)"


# --- pots ----------------------------------------------------------------------------------------------------------


def test_a_pot_cuts_payments_and_no_entitlements(folder: Path, ledger: Path, tmp_path: Path) -> None:
    pot = "  city_sum: {item: '1', among: [care], payer: city, years: 2024..2024, at_most: sum, when_short: pro_rata"
    short = BASE.replace("values:", "values:\n  sum: {item: '1', unit: yuan, is: 600}")
    cut = town(tmp_path / "cut", base=f"{short}{pot}}}\n")
    found = settle(result(cut, stay("A"), stay("B", "G")), ledger)
    assert Sums.of(found.entitlements) == Sums(120000, 0, 0, 120000, 0)
    assert borne(found) == {"city": "0.00", "district": "600.00"}
    assert (found.cut, found.totals) == (60000, ((240000, 120000), (180000, 120000)))
    taken_over = town(tmp_path / "over", base=f"{short}{pot}, rest_to: district}}\n")
    found = settle(result(taken_over, stay("A"), stay("B", "G")), ledger)
    assert borne(found) == {"city": "0.00", "district": "1200.00"}


# --- instalments, and what is due later ----------------------------------------------------------------------------


def project(accepted: str) -> dict[str, str]:
    return {"project": "Q", "facility": "F", "district": "D", "accepted": accepted}


def test_only_instalments_that_are_due_are_compared(folder: Path, tmp_path: Path) -> None:
    saved = tmp_path / "half"
    result(folder, projects=[project("2024-02-10")]).save_ledger(saved)
    raised = town(tmp_path / "more", base=BASE.replace("is: 900", "is: 1000"))
    found = settle(result(raised, projects=[project("2024-02-10")]), saved)
    assert told(found) == {("Q", "F", "2024-02-10"): "30.00"}
    assert [(line.due, line.now) for line in found.to_come] == [("2026-02-10", 70000)]


def test_since_leaves_out_what_was_due_before_on_both_sides(folder: Path, tmp_path: Path) -> None:
    early = [stay("A", first="2023-11-01")]
    april = [{"payee": "F", "amount": "600"}]
    found = settle(result(folder, *early), april, until=JUNE)
    assert Sums.of(found.payments).net == 20000
    monthly = [{"payee": "F", "period": month, "amount": "100"} for month in months(1, 6)]
    found = settle(result(folder, *early), monthly, until=JUNE)
    assert (Sums.of(found.payments).net, found.untold) == (20000, 20000)
    found = settle(result(folder, *early), monthly, until=JUNE, since=datetime.date(2024, 1, 1))
    assert (found.payments, found.untold) == ((), 0)
    with pytest.raises(ValueError, match="is after"):
        settle(result(folder, *early), monthly, until=JUNE, since=datetime.date(2025, 1, 1))


# --- files of an officer -------------------------------------------------------------------------------------------


def test_one_lump_to_a_payee(folder: Path, tmp_path: Path) -> None:
    found = settle(
        result(folder, stay("A"), stay("C"), stay("B", "G")), [{"收款单位": "F", "拨付金额（元）": "1000"}], until=JUNE
    )
    assert {name: (sums.arrears, sums.recovery) for name, sums in found.by("payee").items()} == {
        "F": (20000, 0),
        "G": (60000, 0),
    }
    (line,) = (line for line in found.entitlements if line.key["payee"] == "F")
    assert (line.key["subject"], line.key["period"], line.now, line.before) == ("*", "2024-H1", 120000, 100000)
    for name in ("settled", "settled.csv"):
        found.save(tmp_path / name)
        again = settle(
            result(folder, stay("A"), stay("C"), stay("B", "G")),
            [[{"payee": "F", "amount": "1000"}], tmp_path / name],
            until=JUNE,
        )
        assert again.payments == ()


def test_nothing_paid_is_all_arrears(folder: Path) -> None:
    found = settle(result(folder, stay("A")), [], until=JUNE)
    assert told(found) == {("A", "F", month): "100.00" for month in months(1, 6)}
    assert borne(found) == {"city": "300.00", "district": "300.00"}


def test_paid_to_somebody_unknown(folder: Path, tmp_path: Path) -> None:
    paid = [{"payee": "F", "amount": "600"}, {"payee": "X", "amount": "50"}]
    found = settle(result(folder, stay("A")), paid, until=JUNE)
    (line,) = found.payments
    assert (line.key["payee"], line.difference, line.reason.en) == (
        "X",
        -5000,
        "the calculation owes this payee nothing",
    )
    assert found.totals == ((60000, 65000), (60000, 65000))
    for name in ("settled", "settled.csv"):
        found.save(tmp_path / name)
        again = settle(result(folder, stay("A")), [paid, tmp_path / name], until=JUNE)
        assert (again.payments, again.totals[1]) == ((), (60000, 60000))


def test_a_quarter_paid_at_once_covers_its_months(folder: Path) -> None:
    paid = [{"条款": "运营补助", "对象": "A", "期次": "2024年第一季度", "金额": "250"}]
    found = settle(result(folder, stay("A")), paid, until=JUNE)
    assert told(found) == {("A", "F", "2024-Q1"): "50.00"} | {("A", "F", month): "100.00" for month in months(4, 6)}


def test_a_person_is_the_rows_of_the_person(folder: Path) -> None:
    paid = [{"person": "PA", "payee": "F", "amount": "500"}]
    found = settle(result(folder, stay("A"), stay("C")), paid, until=JUNE)
    assert told(found)["A", "F", "2024-H1"] == "100.00"
    assert sum(line.arrears for line in found.entitlements if line.key["subject"] == "C") == 60000


def test_payers_of_a_file(folder: Path) -> None:
    paid = [{"payee": "F", "period": "2024", "承担主体": name, "amount": "310"} for name in ("市级财政", "district")]
    found = settle(result(folder, stay("A")), paid, until=JUNE)
    assert borne(found) == {"city": "-10.00", "district": "-10.00"}
    assert [(line.key["subject"], line.recovery) for line in found.entitlements] == [("A", 2000)]


# --- blocked rows --------------------------------------------------------------------------------------------------


def test_what_blocked_rows_were_paid_is_held(folder: Path, ledger: Path) -> None:
    wrong = [stay("A", first="2024-13-01"), stay("B", "G")]
    found = settle(result(folder, *wrong, proceed=True), ledger, until=JUNE)
    assert Sums.of(found.entitlements) == Sums(now=0, before=60000, held=60000)
    assert Sums.of(found.payments) == Sums(now=0, before=60000, held=60000)
    assert {line.reason.en.split(":")[0] for line in found.payments} == {"the row is left out for its errors"}
    lump = settle(result(folder, *wrong, proceed=True), [{"payee": "F", "amount": "600"}], until=JUNE)
    assert "blocked-and-untold" in {finding.code for finding in lump.findings}


def test_of_a_line_with_a_blocked_row_the_rest_is_settled(folder: Path, tmp_path: Path) -> None:
    result(folder, stay("A"), stay("C")).save_ledger(tmp_path / "two", until=JUNE)
    wrong = [stay("A", first="2024-13-01"), stay("C", last="2024-05-31")]
    found = settle(result(folder, *wrong, proceed=True), tmp_path / "two", until=JUNE)
    assert Sums.of(found.payments) == Sums(50000, 120000, 60000, 0, 10000)


# --- the sums always agree -----------------------------------------------------------------------------------------


def test_every_summary_adds_up_to_the_change_of_the_totals(folder: Path, ledger: Path) -> None:
    town(folder, raised=RAISED)
    people = [stay("A", last="2024-04-30"), stay("A2", "G", "2024-05-01", person="PA"), stay("B", "G"), stay("C", "H")]
    found = settle(result(folder, *people), ledger, until=JUNE)
    change = found.totals[1][0] - found.totals[1][1]
    for name in ("clause", "district", "payer", "facility", "payee"):
        assert sum(sums.net for sums in found.by(name).values()) == change
    by_payer: Counter[str] = Counter()
    for line in found.payments:
        by_payer[str(line.key["payer"])] += line.difference
    assert by_payer == {name: sums.net for name, sums in found.by("payer").items()}
    assert Sums.of(found.entitlements).net == change
    for which in ("entitlements", "payments"):
        frame = found.frame(which)  # type: ignore[arg-type]
        assert str(frame["amount"].dtype) == "decimal128(18, 2)[pyarrow]"
        assert int(sum(frame["amount"]) * 100) == change


# --- bad files -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("row", "code"),
    [
        ({"clause": "cares", "payee": "F", "amount": "1"}, "unknown-clause"),
        ({"payer": "town", "payee": "F", "amount": "1"}, "unknown-payer"),
        ({"schedule": "test/other", "payee": "F", "amount": "1"}, "unknown-schedule"),
        ({"table": "staffs", "payee": "F", "amount": "1"}, "unknown-table"),
        ({"payee": "F", "amount": "1,000"}, "thousands-separator"),
        ({"payee": "F", "amount": "1.005"}, "too-many-decimals"),
        ({"payee": "F", "amount": ""}, "blank-amount"),
        ({"payee": "F", "amount": "many"}, "not-a-number"),
        ({"payee": "", "amount": "1"}, "no-payee"),
        ({"payee": "F", "period": "spring", "amount": "1"}, "not-a-period"),
        ({"clause": "care", "payee": "F", "period": "2024-03-31", "amount": "1"}, "period-kind"),
        ({"payee": "F", "due": "2024-02-30", "amount": "1"}, "no-such-day"),
        ({"payee": "F", "收款方": "F", "amount": "1"}, "same-column"),
        ({"payee": "F", "金额（万元）": "1"}, "wrong-unit"),
        ({"payee": "F", "sum": "1"}, "no-headings"),
    ],
)
def test_what_cannot_be_read_is_a_finding(folder: Path, row: dict[str, str], code: str) -> None:
    with pytest.raises(RosterError) as error:
        settle(result(folder, stay("A")), [[row]], until=JUNE)
    assert [finding.code for finding in error.value.findings if finding.severity == "error"] == [code]


def test_the_nearest_name_is_told(folder: Path) -> None:
    with pytest.raises(RosterError) as error:
        settle(result(folder, stay("A")), [[{"clause": "运营补贴", "payee": "F", "amount": "1"}]], until=JUNE)
    (finding,) = error.value.findings
    assert (finding.place.row, finding.place.column, finding.remedy.zh) == (1, "clause", "是否应为 运营补助")


def test_a_payee_may_be_given_by_name(folder: Path) -> None:
    names = {"F": "湖畔养老院", "G": "山下养老院", "H": "山下养老院"}
    homes = [{"facility": key, "name": name, "district": "D", "type": "institution"} for key, name in names.items()]
    people = {**rows(stay("A"), stay("B", "G")), "facilities": homes}
    paid = [{"机构": name, "amount": "600"} for name in ("湖畔养老院", "山下养老院")]
    found = settle(subsidy.calculate(subsidy.schedule(folder), Roster(**people), 2024), paid, until=JUNE)
    assert {name: sums.net for name, sums in found.by("payee").items()} == {"G": 60000, "山下养老院": -60000}


def test_a_payee_that_is_nearly_another_is_told(folder: Path) -> None:
    paid = [{"payee": "Lakeside Hom", "amount": "600"}, {"payee": "Elsewhere", "amount": "1"}]
    homes = [{"facility": "Lakeside Home", "district": "D", "type": "institution"}]
    people = {**rows(stay("A", "Lakeside Home")), "facilities": homes}
    found = settle(subsidy.calculate(subsidy.schedule(folder), Roster(**people), 2024), paid, until=JUNE)
    (finding,) = found.findings
    assert (finding.code, finding.severity, finding.value) == ("unknown-payee", "warning", "Lakeside Hom")
    assert finding.remedy.en == "perhaps Lakeside Home is meant"
    assert {name: sums.net for name, sums in found.by("payee").items()} == {
        "Elsewhere": -100,
        "Lakeside Hom": -60000,
        "Lakeside Home": 60000,
    }


def test_a_row_of_a_total_is_left_aside_or_wrong(folder: Path) -> None:
    paid = [{"payee": "F", "amount": "400"}, {"payee": "G", "amount": "100"}, {"payee": "合计", "amount": "500"}]
    found = settle(result(folder, stay("A")), paid, until=JUNE)
    assert found.totals[1] == (60000, 50000)
    assert [finding.code for finding in found.findings] == ["total"]
    with pytest.raises(RosterError) as error:
        settle(result(folder, stay("A")), [*paid[:2], {"payee": "合计", "amount": "600"}], until=JUNE)
    assert [finding.code for finding in error.value.findings] == ["wrong-total"]


def test_a_ledger_of_a_schedule_that_is_not_calculated(ledger: Path, tmp_path: Path) -> None:
    other = town(tmp_path / "other", base=BASE.replace("test/town", "test/village"))
    with pytest.raises(RosterError) as error:
        settle(result(other, stay("A")), ledger, until=JUNE)
    assert {finding.code for finding in error.value.findings} == {"unknown-schedule"}
    (ledger / "payments.parquet").unlink()
    with pytest.raises(RosterError) as error:
        settle(result(other, stay("A")), ledger, until=JUNE)
    assert {finding.code for finding in error.value.findings} == {"not-a-ledger"}


@pytest.mark.parametrize(
    ("was", "becomes", "column"),
    [
        (",2024-05,", ",2024-13,", "period"),
        (",2024-05,", ",,", "period"),
        (",2024-05-31,", ",May,", "due"),
        (",100.00,", ',"1,000",', "owed"),
        (",100.00,", ",,", "owed"),
        (",care,", ",,", "clause"),
    ],
)
def test_a_ledger_that_was_edited(folder: Path, tmp_path: Path, was: str, becomes: str, column: str) -> None:
    result(folder, stay("A")).save_ledger(tmp_path / "ledger", until=JUNE, form="csv")
    file = tmp_path / "ledger" / "entitlements.csv"
    file.write_text(file.read_text("utf-8").replace(was, becomes, 1), encoding="utf-8")
    with pytest.raises(RosterError) as error:
        settle(result(folder, stay("A")), tmp_path / "ledger", until=JUNE)
    (finding,) = error.value.findings
    assert (finding.code, finding.place.column, finding.place.file) == ("not-a-ledger", column, str(file))


# --- files that are written ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("form", ["parquet", "csv"])
def test_a_ledger_is_the_same_bytes_whatever_the_order_of_rows(folder: Path, tmp_path: Path, form: str) -> None:
    people = [stay("-A"), stay("B", "G"), stay("C")]
    for name, order in (("one", people), ("two", people[::-1])):
        result(folder, *order).save_ledger(tmp_path / name, form=form)  # type: ignore[arg-type]
    files = sorted(path.name for path in (tmp_path / "one").iterdir())
    assert files == [f"entitlements.{form}", f"payments.{form}", "receipt.json"]
    for name in files[:2]:
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()
    found = settle(result(folder, *people), tmp_path / "one")
    assert (found.entitlements, found.payments) == ((), ())


def test_a_settlement_is_the_same_bytes_whatever_the_order_of_rows(folder: Path, ledger: Path, tmp_path: Path) -> None:
    town(folder, raised=RAISED)
    people = [stay("A", last="2024-04-30"), stay("A2", "G", "2024-05-01", person="PA"), stay("C"), stay("D", "H")]
    paid = [{"payee": "F", "amount": "10"}, {"payee": "G", "amount": "5"}, {"payee": "X", "amount": "7"}]
    for name, turn in (("one", 1), ("two", -1)):
        settle(result(folder, *people[::turn]), [ledger, paid[::turn]], until=JUNE).save(tmp_path / name)
    for name in ("entitlements.parquet", "payments.parquet"):
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()


def test_a_ledger_replaces_only_a_ledger(folder: Path, tmp_path: Path) -> None:
    calculated = result(folder, stay("A"))
    calculated.save_ledger(tmp_path / "ledger")
    calculated.save_ledger(tmp_path / "ledger", form="csv")
    assert sorted(path.suffix for path in (tmp_path / "ledger").iterdir()) == [".csv", ".csv", ".json"]
    with pytest.raises(RosterError) as error:
        calculated.save_ledger(folder)
    assert "it holds other files: 2023-01-01.yaml" in str(error.value)
    (tmp_path / "file").write_text("", encoding="utf-8")
    for target in (tmp_path / "file", tmp_path / "no" / "ledger"):
        with pytest.raises(RosterError):
            calculated.save_ledger(target)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["file", "ledger", "town"]


def test_several_schedules_and_their_ledger(folder: Path, tmp_path: Path) -> None:
    other = town(tmp_path / "other", base=BASE.replace("test/town", "test/village").replace("is: 100", "is: 30"))
    both = [subsidy.schedule(folder), subsidy.schedule(other)]
    calculated = subsidy.calculate(both, subsidy.Roster(**rows(stay("A"))), 2024)
    calculated.save_ledger(tmp_path / "ledger")
    found = settle(calculated, tmp_path / "ledger")
    assert (found.payments, found.totals[1]) == ((), (156000, 156000))
    with pytest.raises(RosterError) as error:
        settle(calculated, [[{"clause": "care", "payee": "F", "amount": "1"}]])
    assert [finding.code for finding in error.value.findings] == ["ambiguous-clause"]


# --- what always holds, on policies and rosters drawn at random ----------------------------------------------------

DRAWN = settings(
    max_examples=200 if THOROUGH else 3,
    suppress_health_check=list(HealthCheck),
    phases=[Phase.explicit, Phase.generate],
    derandomize=True,
)


def drawn(case: Case, last: int, dropped: int = 0) -> Result:
    """A case calculated with all its versions, or with the first alone, and with a part of its rows."""
    versions = tuple(load_text(text, f"version-{position}") for position, text in enumerate(case.texts[:last]))
    residents = case.rows.get("residents", [])
    tables = {**case.rows, "residents": residents[dropped:]} if dropped < len(residents) else case.rows
    known = Schedule(versions, tuple(Path(f"{position}") for position in range(len(versions))))
    return subsidy.calculate(known, Roster(**tables), case.year, proceed=True)


Owed = Counter[tuple[object, ...]]


def paid_by(result: Result, until: str, *names: str) -> Owed:
    sums: Owed = Counter()
    frame = result.payments()
    for row in frame[frame["due"] <= until].to_dict("records"):
        key = tuple(row[name] if isinstance(row[name], str) else None for name in names)
        sums[key] += int(row["amount"] * 100)
    return sums


def change(found: Settlement, *names: str) -> Owed:
    sums: Owed = Counter()
    for line in found.payments:
        sums[tuple(line.key[name] for name in names)] += line.difference - line.held
    return sums


def unequal(sums: Owed) -> Owed:
    return Counter({key: amount for key, amount in sums.items() if amount})


@DRAWN
@given(cases(), st.integers(0, 2), st.integers(1, 12))
def test_settlements_add_up(case: Case, dropped: int, month: int) -> None:
    until = datetime.date(case.year, month, 28)
    then, now = drawn(case, 1, dropped), drawn(case, len(case.texts))
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        then.save_ledger(folder / "then", until=until)
        now.save_ledger(folder / "now", until=until, form="csv")
        itself = settle(now, folder / "now", until=until)
        assert (itself.entitlements, itself.payments) == ((), ())

        found = settle(now, folder / "then", until=until)
        for names in (("payee",), ("payer", "place"), ("clause", "payee", "payer"), ()):
            before, after = paid_by(then, str(until), *names), paid_by(now, str(until), *names)
            after.subtract(before)
            assert unequal(change(found, *names)) == unequal(after)
        (owed, was), net = found.totals[0], Sums.of(found.entitlements)
        assert net.net - net.held == owed - was

        found.save(folder / "settled")
        again = settle(now, [folder / "then", folder / "settled"], until=until)
        held = Sums.of(found.payments).held
        assert Sums.of(again.payments).net == 0
        at_once = settle(then, folder / "now", until=until)
        in_two = settle(then, [folder / "then", folder / "settled"], until=until)
        if not held:
            assert again.payments == ()
            assert again.entitlements == ()
            assert change(in_two, *OF_PAYMENTS) == change(at_once, *OF_PAYMENTS)
