"""Rosters with mistakes: each in `bad_rosters/` has one, and its first lines say what must be reported, and where."""

from __future__ import annotations

from pathlib import Path

import pytest
from bad_roster_files import CASES, BadRoster, head, written
from typer.testing import CliRunner

import subsidy
from subsidy.cli import app
from subsidy.finding import Finding, FindingsError

ERRORS = [path for path in CASES if head(path)["severity"] == "error"]


def read(case: BadRoster) -> subsidy.Roster:
    return subsidy.read_roster(case.roster)


def findings(case: BadRoster) -> list[Finding]:
    try:
        return subsidy.check(case.schedule, read(case))
    except subsidy.RosterError as error:
        return error.findings


def told(finding: Finding, folder: Path) -> dict[str, str]:
    return {
        "code": finding.code,
        "place": str(finding.place).replace(f"{folder}/", ""),
        "severity": finding.severity,
        "en": f"{finding.why.en}; {finding.remedy.en}",
        "zh": f"{finding.why.zh}；{finding.remedy.zh}",
    }


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_one_mistake_is_one_finding(path: Path, tmp_path: Path) -> None:
    case = written(path, tmp_path)
    folder = case.roster if case.roster.is_dir() else case.roster.parent
    assert [told(finding, folder) for finding in findings(case)] == [case.expected]


@pytest.mark.parametrize("path", ERRORS, ids=lambda path: path.stem)
def test_an_error_stops_the_calculation_and_nothing_is_written(path: Path, tmp_path: Path) -> None:
    case = written(path, tmp_path)
    with pytest.raises(FindingsError):
        subsidy.calculate(case.schedule, read(case), 2023)
    receipt = tmp_path / "receipt.json"
    budget = ["budget", str(case.roster), "--schedule", case.schedule_id, "--year", "2023", "--receipt", str(receipt)]
    outcome = CliRunner().invoke(app, budget)
    assert (outcome.exit_code, outcome.stdout, receipt.exists()) == (1, "", False)


def test_the_bad_rosters_are_numbered_once() -> None:
    numbers = [path.name.split("-")[0] for path in CASES]
    assert len(set(numbers)) == len(numbers)
