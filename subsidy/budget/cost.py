"""What a change of policy costs: one roster and one year, calculated under each of two versions throughout."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from dataclasses import dataclass

from subsidy.budget.calculate import calculate
from subsidy.budget.cells import Basis
from subsidy.budget.comparison import Comparison
from subsidy.budget.result import Result
from subsidy.finding import Finding, RosterError
from subsidy.progress import within
from subsidy.roster.tables import Roster
from subsidy.schedule.catalogue import Schedule
from subsidy.schedule.difference import Difference, difference


@dataclass(frozen=True)
class Cost(Comparison):
    """The year's cash under two versions, and the difference between these."""

    change: Difference


def cost(
    one: Schedule, two: Schedule, roster: Roster, year: int, *, basis: Basis = "due", proceed: bool = False
) -> Cost:
    """What the change from `one` to `two` (each with one version) costs in a year.

    Each version is calculated as if it alone were in force: both from the earliest of their first days and the first
    day of the year, and until the end of the year at least. Raises RosterError with the errors under both versions
    (with `proceed` the rest is calculated), and Refusal for a schedule with several versions.
    """
    change = difference(one, two)
    first = min(change.one.first_day, change.two.first_day, datetime.date(year, 1, 1))
    throughout = [_throughout(schedule, first, datetime.date(year, 12, 31)) for schedule in (one, two)]
    baseline, reform = all_calculated(throughout, roster, year, basis, proceed)
    return Cost(baseline, reform, change.renamed, change)


def all_calculated(
    wanted: Sequence[Schedule | Sequence[Schedule]],
    roster: Roster,
    year: int,
    basis: Basis,
    proceed: bool,
    as_of: datetime.date | None = None,
) -> list[Result]:
    """A result for each. Raises RosterError with the errors of all."""
    results: list[Result] = []
    errors: list[Finding] = []
    for number, schedules in enumerate(wanted, 1):
        try:
            with within(f"第 {number} 种，共 {len(wanted)} 种", f"calculation {number} of {len(wanted)}"):
                results.append(calculate(schedules, roster, year, basis=basis, proceed=proceed, as_of=as_of))
        except RosterError as error:
            errors += error.findings
    if errors:
        raise RosterError(errors)
    return results


def _throughout(schedule: Schedule, first: datetime.date, last: datetime.date) -> Schedule:
    """The schedule in force from `first`, and until `last` if it would end before."""
    in_force = schedule.latest.model.in_force
    overlay = {} if in_force.from_ == first else {"in_force.from": first.isoformat()}
    if in_force.to is not None and in_force.to < last:
        overlay["in_force.to"] = last.isoformat()
    return schedule.overlay(overlay) if overlay else schedule
