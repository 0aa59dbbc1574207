"""Every command with files that it reads well, and what each of its arguments may be."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import typer
from typer.testing import CliRunner, Result

from subsidy.cli import app

HOMES = Path(__file__).parent / "bad_rosters" / "homes.schedule.yaml"
CASE = """
- name: {zh: 一家, en: one home}
  source: 第2条
  schedule: SCHEDULE
  year: 2023
  rows: {homes: [{home: H1, opened: 2023-05-01, places: "10"}]}
  expected: [{clause: bed_money, subject: H1, amount: "100.00"}]
"""
OVERLAY = """
overlay: {zh: 床位费, en: bed money}
schedule: test/homes
changes: {values.bed_rate.is: "12"}
"""
# What a word in braces is the path of: see `Files`. Those behind -o, --receipt and --ledger are written.
READING = {
    "budget": "budget {roster} -s {schedule} -y 2023 --mapping {mapping} --overlay {overlay}",
    "check": "check {roster} -s {schedule} --mapping {mapping}",
    "verify": "verify {receipt} {roster} -s {schedule} --mapping {mapping}",
    "explain": "explain {roster} -s {schedule} -y 2023 --clause bed_money --mapping {mapping}",
    "targets": "targets {roster} -s {schedule} --mapping {mapping} --overlay {overlay}",
    "forecast": "forecast {roster} -s {schedule} -y 2023 -d {drivers} --years 1 --mapping {mapping}",
    "diff": "diff {schedule} {schedule} {roster} -y 2023 --mapping {mapping}",
    "whatif": "whatif {roster} -s {schedule} -y 2023 --overlay {overlay} --mapping {mapping}",
    "calendar": "calendar {roster} -s {schedule} -y 2023 --mapping {mapping} --estimate {roster} --advance 70% "
    "--on 03-31 --settle 03-31",
    "settle": "settle {roster} -s {schedule} -y 2023 --paid {paid} --mapping {mapping}",
    "map": "map {roster} -s {schedule}",
    "show": "show {schedule}",
    "tables": "show {schedule} --tables --csv",
    "document": "document {schedule}",
    "report": "report {roster} -s {schedule} -y 2023 --mapping {mapping} -o {out}/memo.pdf",
    "sql": "sql {schedule} -y 2023 --roster {roster} --mapping {mapping} --overlay {overlay}",
    "validate": "validate {schedule}",
    "test": "test {cases}",
}
WRITING = {
    "book": "budget {roster} -s {schedule} -y 2023 -o {out}/budget.xlsx",
    "receipt": "budget {roster} -s {schedule} -y 2023 --receipt {out}/receipt.json",
    "ledger": "budget {roster} -s {schedule} -y 2023 --ledger {out}/ledger",
    "explanation": "explain {roster} -s {schedule} -y 2023 --clause bed_money -o {out}/explanation.html",
    "forecast": "forecast {roster} -s {schedule} -y 2023 -d {drivers} --years 1 -o {out}/forecast.json",
    "settlement": "settle {roster} -s {schedule} -y 2023 --paid {paid} -o {out}/settlement",
    "payments": "settle {roster} -s {schedule} -y 2023 --paid {paid} -o {out}/payments.csv",
    "memo": "report {roster} -s {schedule} -y 2023 -o {out}/memo.pdf",
    "notices": "report {roster} -s {schedule} -y 2023 --notices {out}/notices",
    "mapping": "map {roster} -s {schedule} -o {out}/mapping.yaml",
    "template": "template {schedule} -o {out}/template.xlsx",
    "document": "document {schedule} -o {out}/page.md",
}


@dataclass(frozen=True)
class Files:
    """Good files of every kind, in a folder of their own."""

    folder: Path

    @property
    def paths(self) -> dict[str, Path]:
        names = {
            "roster": "roster",
            "schedule": HOMES.name,
            "mapping": "mapping.yaml",
            "overlay": "overlay.yaml",
            "drivers": "drivers.yaml",
            "receipt": "receipt.json",
            "paid": "paid",
            "cases": "cases.yaml",
        }
        return {kind: self.folder / name for kind, name in names.items()}

    def arguments(self, line: str, **instead: Path) -> list[str]:
        """A line of READING or WRITING with its paths, some of them others than the good ones."""
        return [word.format(**{"out": self.folder, **self.paths, **instead}) for word in line.split()]


def good_files(folder: Path) -> Files:
    """Write them."""
    files = Files(folder)
    (folder / "roster").mkdir()
    homes = ["home,opened,places", "H1,2023-05-01,10", "H2,2023-06-01,20"]
    (folder / "roster" / "homes.csv").write_text("\n".join(homes), encoding="utf-8")
    (folder / HOMES.name).write_bytes(HOMES.read_bytes())
    (folder / "mapping.yaml").write_text("tables: {homes: {columns: {places: places}}}\n", encoding="utf-8")
    (folder / "overlay.yaml").write_text(OVERLAY, encoding="utf-8")
    drivers = "drivers: {beds: {table: homes, column: places, growth: 5%}}\n"
    (folder / "drivers.yaml").write_text(drivers, encoding="utf-8")
    case = CASE.replace("SCHEDULE", str(files.paths["schedule"]))
    (folder / "cases.yaml").write_text(case, encoding="utf-8")
    budget = "budget {roster} -s {schedule} -y 2023 --mapping {mapping} --receipt {receipt} --ledger {paid}"
    done = run(files.arguments(budget))
    assert done.exit_code == 0, done.output
    return files


def run(arguments: list[str]) -> Result:
    return CliRunner().invoke(app, arguments)


def commands() -> dict[str, Any]:
    """The commands of the program as Typer has them, by name."""
    group: Any = typer.main.get_command(app)
    return dict(group.commands)
