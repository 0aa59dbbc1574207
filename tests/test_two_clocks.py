"""The day from which a version is in force, and the day from which it is known."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

import subsidy
from subsidy import Receipt, Roster, ScheduleError, calculate, schedule, verify
from subsidy.cli import app

BASE = """\
schedule: test/clock
document: {number: 测〔2023〕1号, issuer: 某市民政局, issued: 2022-12-01}
in_force: {from: 2023-01-01}
revision: 1
place: CN-000000
payers: {city: {label: {zh: 市级, en: city}}}
facts: {homes: {home: key, from: date, to: {date: .., blank: ongoing}, places: {place: 1..500}}}
values: {rate: {item: "1", unit: yuan / place / month, is: 100}}
clauses:
  grant: {item: "1", for: homes, every: month, amount: places * rate, split: {city: 1}}
"""
RAISED = """\
schedule: test/clock
document: {number: 测〔2024〕6号, issuer: 某市民政局, issued: 2024-06-15}
in_force: {from: 2024-01-01}
revision: 1
amends: 2023-01-01
changes: {values.rate.is: 150}
"""
CORRECTED = """\
schedule: test/clock
document: {number: 测〔2024〕9号, issuer: 某市民政局, issued: 2024-09-10}
in_force: {from: 2024-01-01}
revision: 1
amends: 2024-01-01
changes: {values.rate.is: 140}
"""
AGAIN = CORRECTED.replace("9号", "11号").replace("2024-09-10", "2024-11-05").replace("140", "145")
HOMES = [{"home": "H", "from": "2023-06-01", "places": "2"}]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    line = tmp_path / "line"
    line.mkdir()
    for name, text in {"2023-01-01": BASE, "2024-01-01": RAISED, "2024-01-01.2024-09-10": CORRECTED}.items():
        (line / f"{name}.yaml").write_text(text, encoding="utf-8")
    return line


def january(found: subsidy.Schedule) -> str:
    frame = calculate(found, Roster(homes=HOMES), 2024).entitlements()
    return str(frame[frame.period == "2024-01"].owed.item())


@pytest.mark.parametrize(
    ("known_on", "owed"),
    [("2022-12-01", "200.00"), ("2024-06-14", "200.00"), ("2024-06-15", "300.00"), ("2024-09-10", "280.00")],
)
def test_what_is_issued_later_is_not_there(folder: Path, known_on: str, owed: str) -> None:
    assert january(schedule(folder, known_on=known_on)) == owed


def test_the_document_issued_last_replaces_one_with_the_same_first_day(folder: Path) -> None:
    found = schedule(folder)
    assert [str(version.issued) for version in found.versions] == ["2022-12-01", "2024-09-10"]
    assert [path.name for path in found.paths] == ["2023-01-01.yaml", "2024-01-01.2024-09-10.yaml"]
    assert january(found) == "280.00"
    assert january(schedule(folder, on="2024-05-01", known_on="2024-08-01")) == "300.00"


def test_an_amendment_of_an_amendment_with_the_same_first_day(folder: Path) -> None:
    text = AGAIN.replace("amends: 2024-01-01", "amends: 2024-01-01.2024-09-10")
    (folder / "2024-01-01.2024-11-05.yaml").write_text(text, encoding="utf-8")
    found = schedule(folder)
    assert january(found) == "290.00"
    assert found.latest.model.document.amended == ("测〔2024〕9号", "测〔2024〕6号", "测〔2023〕1号")


@pytest.mark.parametrize(
    ("amends", "why"),
    [
        ("2024-01-01.2024-11-05", "does not begin before this one"),
        ("2024-01-01.2024-09-11", "there is no file 2024-01-01.2024-09-11.yaml beside it"),
        ("2024-01-01.2024-12-24", "was not issued before this one"),
        ("2024-01-01.2024-10-10", "2024-01-01.2024-10-10.yaml was issued on 2024-12-24"),
        ("2024-01-01.x", "this is not a date"),
        ("2024-01-01.2024-09-10.1", "this is not the name of a version's file"),
    ],
)
def test_what_an_amendment_cannot_amend(folder: Path, amends: str, why: str) -> None:
    later = CORRECTED.replace("2024-09-10", "2024-12-24")
    for name in ("2024-01-01.2024-12-24", "2024-01-01.2024-10-10"):
        (folder / f"{name}.yaml").write_text(later, encoding="utf-8")
    own = folder / "2024-01-01.2024-11-05.yaml"
    own.write_text(AGAIN.replace("amends: 2024-01-01", f"amends: {amends}"), encoding="utf-8")
    with pytest.raises(ScheduleError) as error:
        schedule(own)
    (finding,) = error.value.findings
    assert why in finding.why.en


def test_one_first_day_and_one_day_of_issue(folder: Path) -> None:
    (folder / "other.yaml").write_text(CORRECTED, encoding="utf-8")
    with pytest.raises(ScheduleError) as error:
        schedule(folder)
    (finding,) = error.value.findings
    assert (finding.code, finding.value) == ("same-first-day", "2024-01-01")
    assert "issued on the same day (2024-09-10)" in finding.why.en


@pytest.mark.parametrize(("known_on", "code"), [("2022-11-30", "not-known"), ("yesterday", "date")])
def test_a_day_before_anything_was_known(folder: Path, known_on: str, code: str) -> None:
    with pytest.raises(ScheduleError) as error:
        schedule(folder, known_on=known_on)
    assert [finding.code for finding in error.value.findings] == [code]


def test_schedules_of_one_calculation_are_known_on_one_day(folder: Path) -> None:
    other = folder / "other.yaml"
    other.write_text(BASE.replace("test/clock", "test/other"), encoding="utf-8")
    pair = [schedule(folder / "2023-01-01.yaml", known_on="2024-01-01"), schedule(other)]
    with pytest.raises(ScheduleError) as error:
        calculate(pair, Roster(homes=HOMES), 2024)
    assert [finding.code for finding in error.value.findings] == ["known-on"]


def test_a_receipt_is_reproduced_with_what_was_known(folder: Path) -> None:
    roster = Roster(homes=HOMES)
    receipt = calculate(schedule(folder, known_on="2024-07-01"), roster, 2024).receipt
    assert receipt.content["options"]["known_on"] == "2024-07-01"
    assert [entry["issued"] for entry in receipt.content["schedules"]] == ["2022-12-01", "2024-06-15"]
    found = verify(receipt, roster, schedule(folder))
    assert (found.equal, found.differences) == (True, ())
    last = calculate(schedule(folder), roster, 2024).receipt
    assert "known_on" not in last.content["options"]
    found = verify(last, roster, schedule(folder, known_on="2024-07-01"))
    assert not found.equal
    assert found.decisive[0].text.en.endswith("day of issue: 2024-09-10 in the receipt, 2024-06-15 now")


def test_known_on_at_the_command_line(folder: Path, tmp_path: Path) -> None:
    roster = tmp_path / "roster"
    roster.mkdir()
    (roster / "homes.csv").write_text("home,from,places\nH,2023-06-01,2\n", encoding="utf-8")
    receipt = tmp_path / "receipt.json"
    common = [str(roster), "--schedule", str(folder), "--lang", "en"]
    wanted = ["budget", *common, "--year", "2024", "--known-on", "2024-03-31", "--receipt", str(receipt)]
    assert CliRunner().invoke(app, wanted).exit_code == 0
    assert Receipt.load(receipt).content["totals"]["total"] == "2400.00"
    assert CliRunner().invoke(app, ["verify", str(receipt), str(roster), "--schedule", str(folder)]).exit_code == 0
    assert CliRunner().invoke(app, ["check", *common, "--known-on", "2024-03-31"]).exit_code == 0
    early = CliRunner().invoke(app, ["check", *common, "--known-on", "2020-03-31"])
    assert early.exit_code == 1
    assert "no document of test/clock was issued by 2020-03-31" in early.stderr
