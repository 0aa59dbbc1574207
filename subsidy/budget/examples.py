"""The examples of a schedule's clauses, run: rows and the amount the document says they are owed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from subsidy.budget.calculate import calculate
from subsidy.budget.expected import Expected, Ledgers, Outcome
from subsidy.budget.result import Result
from subsidy.engine.plan import clauses_read
from subsidy.finding import Text
from subsidy.roster.tables import Roster
from subsidy.schedule.catalogue import Schedule
from subsidy.schedule.load import Version


@dataclass(frozen=True)
class ExampleResult:
    """An example of a clause, calculated with what the clause depends on."""

    version: Version
    clause: str
    position: int
    result: Result


def example_results(schedule: Schedule) -> Iterator[ExampleResult]:
    """Calculate every example of every version of a schedule."""
    for version, path in zip(schedule.versions, schedule.paths, strict=True):
        for clause, checked in version.clauses.items():
            if checked.model.examples:
                alone = Schedule((version.only(_together_with(clause, version)),), (path,))
                for position, example in enumerate(checked.model.examples):
                    roster = Roster(**{table: [dict(row) for row in rows] for table, rows in example.rows.items()})
                    year = int(example.period[:4]) if example.period else version.first_day.year
                    yield ExampleResult(version, clause, position, calculate(alone, roster, year, proceed=True))


def run_examples(schedule: Schedule) -> Iterator[Outcome]:
    """Calculate every example of every version of a schedule and compare."""
    return map(_outcome, example_results(schedule))


def _together_with(clause: str, version: Version) -> set[str]:
    """The clauses that the amount of this one may depend on: what it reads, and what competes with it."""
    found, ahead = set(), [clause]
    while ahead:
        one = ahead.pop()
        if one not in found and one in version.clauses:
            found.add(one)
            ahead += [read for read, _ in clauses_read(version.clauses[one])]
            limits = [limit.model.among for limit in version.limits.values() if one in limit.model.among]
            ahead += [other for among in limits for other in among]
    return found


def _outcome(found: ExampleResult) -> Outcome:
    version, clause, position = found.version, found.clause, found.position
    model = version.clauses[clause].model
    example = model.examples[position]
    expected = Expected(clause=clause, period=example.period, amount=example.amount)
    name = f"{version.id} {version.first_day} {clause} [{model.item}] #{position + 1}"
    place = version.checker.sources[0].place(("clauses", clause, "examples", position))
    compared = tuple(Ledgers(found.result).compared(expected, calculated=True))
    return Outcome(Text(name, name), place, example.source or "", compared, found.result.findings)
