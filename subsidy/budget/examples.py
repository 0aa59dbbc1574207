"""The examples of a schedule's clauses, run: rows and the amount the document says they are owed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from subsidy.budget.calculate import calculate
from subsidy.finding import Refusal
from subsidy.money import fen, yuan_text
from subsidy.roster.tables import Roster
from subsidy.schedule.catalogue import Schedule
from subsidy.schedule.load import Version
from subsidy.schedule.model import Example


@dataclass(frozen=True)
class ExampleResult:
    """One example: what it should give and gave (yuan), and what was found wrong with its rows."""

    schedule: str
    version: str
    clause: str
    item: str
    number: int
    expected: str
    found: str
    problems: tuple[str, ...]

    @property
    def passed(self) -> bool:
        return self.expected == self.found


def run_examples(schedule: Schedule) -> Iterator[ExampleResult]:
    """Calculate every example of every version of a schedule."""
    for version, path in zip(schedule.versions, schedule.paths, strict=True):
        alone = Schedule((version,), (path,))
        for name, clause in version.clauses.items():
            for number, example in enumerate(clause.model.examples, 1):
                yield _run(alone, version, name, clause.model.item, number, example)


def _run(schedule: Schedule, version: Version, clause: str, item: str, number: int, example: Example) -> ExampleResult:
    roster = Roster(**{table: [dict(row) for row in rows] for table, rows in example.rows.items()})
    year = int(example.period[:4]) if example.period else version.first_day.year
    result = calculate(schedule, roster, year, proceed=True)
    frame = result.entitlements()
    mine = frame[frame["clause"] == clause]
    if example.period:
        mine = mine[mine["period"] == example.period]
    found = yuan_text(sum(fen(amount) for amount in mine["owed"]))
    try:
        expected = yuan_text(fen(example.amount))
    except Refusal as refusal:
        expected = f"{example.amount} ({refusal.why.en})"
    problems = tuple(finding.line("en") for finding in result.findings)
    return ExampleResult(schedule.id, version.first_day.isoformat(), clause, item, number, expected, found, problems)
