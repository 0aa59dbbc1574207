"""What is owed now against what was paid before: the cases an officer meets, and what always holds."""

from __future__ import annotations

import datetime
import io
from collections import Counter
from pathlib import Path

import pytest
from rich.console import Console
from settling import BASE, CORRECTED, JUNE, RAISED, borne, first_half, months, result, rows, stay, told, town

import subsidy
from subsidy import Roster, Settlement, settle
from subsidy.budget.settlement import Sums
from subsidy.report.settlement import print_settlement

MARCH = datetime.date(2024, 3, 31)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return town(tmp_path / "town")


@pytest.fixture
def ledger(folder: Path, tmp_path: Path) -> Path:
    return first_half(folder, tmp_path / "ledger")


def shown(found: Settlement) -> str:
    console = Console(file=io.StringIO(), width=200)
    print_settlement(found, console, "en")
    return console.file.getvalue()  # type: ignore[attr-defined,no-any-return]


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
    assert (found.cut, found.totals) == (0, ((240000, 120000), (240000, 120000)))
    result(taken_over, stay("A"), stay("B", "G")).save_ledger(tmp_path / "two")
    found = settle(result(taken_over, stay("A"), stay("B", "G", last="2024-05-31")), tmp_path / "two")
    assert {name: sums.net for name, sums in found.by("payer").items()} == {"city": 0, "district": -70000}
    printed = shown(found)
    assert "cut by pots" not in printed
    assert "1. the row's dates do not reach this period" in printed
    assert "2. pots cut another sum (payments by payer only)" in printed


def test_clauses_of_one_name_are_shown_with_their_schedules(folder: Path, tmp_path: Path) -> None:
    other = town(tmp_path / "other", base=BASE.replace("test/town", "test/village").replace("is: 100", "is: 30"))
    both = [subsidy.schedule(folder), subsidy.schedule(other)]
    printed = shown(settle(subsidy.calculate(both, Roster(**rows(stay("A"))), 2024), [], until=JUNE))
    for name in ("test/town", "test/village"):
        assert printed.count(f"Operating grant ({name})") == 2  # by subject and by clause


# --- instalments, and what is due later ----------------------------------------------------------------------------


def project(accepted: str) -> dict[str, str]:
    return {"project": "Q", "facility": "F", "district": "D", "accepted": accepted}


def test_only_instalments_that_are_due_are_compared(folder: Path, tmp_path: Path) -> None:
    saved = tmp_path / "half"
    result(folder, projects=[project("2024-02-10")]).save_ledger(saved)
    raised = town(tmp_path / "more", base=BASE.replace("is: 900", "is: 1000"))
    found = settle(result(raised, projects=[project("2024-02-10")]), saved)
    assert told(found) == {("Q", "F", "2024-02-10"): "30.00"}
    assert [(line.due, line.now) for line in found.to_come] == [("2025-02-10", 30000), ("2026-02-10", 40000)]


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


INSTALMENT = {"payee": "F", "clause": "opening_gift", "subject": "Q", "period": "2023-02-10", "amount": "270"}


@pytest.mark.parametrize(
    ("paid", "since", "until", "net", "to_come"),
    [
        (2, None, "2024-12-31", 0, (36000, 0)),
        (2, "2024-01-01", "2024-12-31", 0, (36000, 0)),
        (1, "2024-01-01", "2024-12-31", 27000, (36000, 0)),
        (2, None, "2023-12-31", 0, (63000, 27000)),
        (3, None, "2024-12-31", 0, (36000, 27000)),
        (4, None, "2025-12-31", -18000, (0, 0)),
    ],
)
def test_an_instalment_without_its_day_is_compared_with_all_of_its_period(
    folder: Path, paid: int, since: str | None, until: str, net: int, to_come: tuple[int, int]
) -> None:
    first = None if since is None else datetime.date.fromisoformat(since)
    now = result(folder, projects=[project("2023-02-10")])
    found = settle(now, [[INSTALMENT] * paid], since=first, until=datetime.date.fromisoformat(until))
    assert Sums.of(found.payments).net == Sums.of(found.entitlements).net == net
    assert (sum(line.now for line in found.to_come), sum(line.before for line in found.to_come)) == to_come


@pytest.mark.parametrize(
    ("amount", "since", "until", "net", "ahead"),
    [
        ("600", None, "2024-03-31", 0, 30000),
        ("250", None, "2024-03-31", 5000, 0),
        ("450", None, "2024-03-31", 0, 15000),
        ("650", None, "2024-03-31", -5000, 30000),
        ("600", "2024-04-01", "2024-06-30", 0, 0),
        ("500", "2024-04-01", "2024-06-30", 10000, 0),
        ("600", "2024-02-01", "2024-03-31", 0, 30000),
        ("600", "2024-07-01", "2024-12-31", 60000, 0),
    ],
)
def test_a_lump_across_the_first_or_last_day(
    folder: Path, amount: str, since: str | None, until: str, net: int, ahead: int
) -> None:
    first = None if since is None else datetime.date.fromisoformat(since)
    paid = [{"payee": "F", "period": "2024年上半年", "amount": amount}]
    found = settle(result(folder, stay("A")), paid, since=first, until=datetime.date.fromisoformat(until))
    assert Sums.of(found.payments).net == Sums.of(found.entitlements).net == net
    assert sum(line.before for line in found.to_come) == ahead


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


def test_what_is_held_of_a_payer_does_not_change_when_it_is_settled_again(folder: Path, tmp_path: Path) -> None:
    result(folder, stay("A"), stay("B")).save_ledger(tmp_path / "ledger", until=MARCH)
    ratio = town(
        tmp_path / "ratio", raised=RAISED.replace("values.rate.is: 150", "clauses.care.split: {city: 8, district: 2}")
    )
    now = result(ratio, stay("A", first="2024-13-01"), stay("B"), proceed=True)
    paid = [tmp_path / "ledger"]
    first = settle(now, paid, until=MARCH)
    assert {(line.key["payer"], line.held, line.difference) for line in first.payments} == {
        ("city", 5000, 3000),
        ("district", 5000, -3000),
    }
    first.save(tmp_path / "first")
    again = settle(now, [*paid, tmp_path / "first"], until=MARCH)
    assert {(line.key["payer"], line.held, line.difference) for line in again.payments} == {
        ("city", 5000, 0),
        ("district", 5000, 0),
    }


def test_of_a_row_of_a_file_its_own_payer_is_held(folder: Path) -> None:
    paid = [
        {"payee": "F", "subject": key, "clause": "care", "period": "2024-01", "payer": payer, "amount": amount}
        for key, payer, amount in (
            ("A", "city", "90"),
            ("A", "district", "10"),
            ("B", "city", "50"),
            ("B", "district", "50"),
        )
    ]
    now = result(folder, stay("A", first="2024-13-01"), stay("B"), proceed=True)
    found = settle(now, paid, until=datetime.date(2024, 1, 31))
    assert {(line.key["payer"], line.held) for line in found.payments} == {("city", 9000), ("district", 1000)}
    assert {line.difference for line in found.payments} == {0}


@pytest.mark.parametrize(
    "about",
    [
        {"period": "2024-01"},
        {"period": "2024-Q1"},
        {"clause": "care", "period": "2024-Q1"},
        {"clause": "care", "due": "2024-03-31"},
        {},
    ],
)
@pytest.mark.parametrize("wrong", [{"first": "2024-13-01"}, {"rate": ""}])
def test_blocked_rows_are_held_however_they_were_paid(
    tmp_path: Path, about: dict[str, str], wrong: dict[str, str]
) -> None:
    posts = "facts:\n  residents: {rate: {yuan: 0..1000}}\nclauses:"
    base = (
        BASE.replace("clauses:", posts, 1).replace("amount: rate", "amount: own_rate").replace(" {rate:", " {own_rate:")
    )
    own = {"own_rate": wrong.get("rate", "100")}
    row = {**stay("A", first=wrong.get("first", "2024-01-01")), **own}
    other = {**stay("B", "G"), "own_rate": "100"}
    now = result(town(tmp_path / "own", base=base), row, other, proceed=True)
    found = settle(now, [{"payee": "F", "subject": "A", "amount": "300", **about}], until=MARCH)
    (line,) = (line for line in found.entitlements if line.key["payee"] == "F")
    assert (line.before, line.held, line.difference) == (30000, 30000, 0)
    assert line.reason.en.startswith("the row is left out for its errors")
    assert sum(line.held for line in found.payments) == 30000
    lump = settle(now, [{"payee": "F", "amount": "300", **about}], until=MARCH)
    assert "blocked-and-untold" in {finding.code for finding in lump.findings}


def test_what_is_held_is_not_for_what_others_are_owed_later(folder: Path, tmp_path: Path) -> None:
    now = result(folder, stay("A", first="2024-13-01"), stay("C"), proceed=True)
    paid = [{"payee": "F", "subject": "A", "clause": "care", "period": "2024-H1", "amount": "600"}]
    found = settle(now, paid, until=MARCH)
    assert (Sums.of(found.payments).held, Sums.of(found.payments).net) == (60000, 30000)
    found.save(tmp_path / "settled")
    again = settle(now, [paid, tmp_path / "settled"], until=MARCH)
    assert {line.difference for line in (*again.entitlements, *again.payments)} == {0}


def test_a_lump_that_is_owed_to_nobody_is_recovered_once(folder: Path, tmp_path: Path) -> None:
    paid = [{"payee": "G", "subject": "A", "period": "2024-H1", "amount": "100"}]
    found = settle(result(folder, stay("A")), paid, until=MARCH)
    assert told(found)["A", "G", "2024-H1"] == "-100.00"
    found.save(tmp_path / "settled")
    again = settle(result(folder, stay("A")), [paid, tmp_path / "settled"], until=MARCH)
    assert (again.entitlements, again.payments) == ((), ())


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
