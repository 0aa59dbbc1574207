"""The examples of a schedule's clauses, run: rows and the amount the document says they are owed."""

from __future__ import annotations

from collections.abc import Iterator

from subsidy.budget.calculate import calculate
from subsidy.budget.expected import Expected, Ledgers, Outcome
from subsidy.finding import Text
from subsidy.roster.tables import Roster
from subsidy.schedule.catalogue import Schedule
from subsidy.schedule.load import Version


def run_examples(schedule: Schedule) -> Iterator[Outcome]:
    """Calculate every example of every version of a schedule."""
    for version, path in zip(schedule.versions, schedule.paths, strict=True):
        alone = Schedule((version,), (path,))
        for clause, checked in version.clauses.items():
            for position in range(len(checked.model.examples)):
                yield _run(alone, version, clause, position)


def _run(schedule: Schedule, version: Version, clause: str, position: int) -> Outcome:
    model = version.clauses[clause].model
    example = model.examples[position]
    roster = Roster(**{table: [dict(row) for row in rows] for table, rows in example.rows.items()})
    year = int(example.period[:4]) if example.period else version.first_day.year
    result = calculate(schedule, roster, year, proceed=True)
    expected = Expected(clause=clause, period=example.period, amount=example.amount)
    name = f"{version.id} {version.first_day} {clause} [{model.item}] #{position + 1}"
    place = version.checker.sources[0].place(("clauses", clause, "examples", position))
    compared = tuple(Ledgers(result).compared(expected))
    return Outcome(Text(name, name), place, example.source or "", compared, result.findings)
