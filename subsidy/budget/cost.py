"""What a change of policy costs: one roster and one year, calculated under each of two versions throughout."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from subsidy.budget.calculate import calculate
from subsidy.budget.cells import Basis
from subsidy.budget.result import Result
from subsidy.finding import Finding, RosterError
from subsidy.money import yuan, yuan_text
from subsidy.roster.tables import Roster
from subsidy.schedule.catalogue import Schedule
from subsidy.schedule.difference import Difference, difference

if TYPE_CHECKING:
    import pandas as pd

DIMENSIONS = ("clause", "payer", "district", "facility")
Key = tuple[str | None, ...]


@dataclass(frozen=True)
class Compared:
    """One cell under the version before (`baseline`) and the one after (`reform`), in fen."""

    key: Key
    baseline: int
    reform: int

    @property
    def difference(self) -> int:
        return self.reform - self.baseline


@dataclass(frozen=True)
class Cost:
    """The year's cash under two versions. A clause that was renamed stands under its present name."""

    change: Difference
    baseline: Result
    reform: Result

    def by(self, *dimensions: str) -> pd.DataFrame:
        """Columns: the dimensions (of clause, payer, district, facility), then baseline, reform, difference in yuan.

        Without dimensions one row, of the total. Amounts are exact decimals; what has no district or facility stands
        under a missing one.
        """
        import pandas as pd
        import pyarrow as pa

        cells = self.cells(dimensions)
        columns: dict[str, Any] = {
            name: pa.array([cell.key[position] for cell in cells], pa.string())
            for position, name in enumerate(dimensions)
        }
        for name in ("baseline", "reform", "difference"):
            columns[name] = pa.array([yuan(getattr(cell, name)) for cell in cells], pa.decimal128(18, 2))
        frame: pd.DataFrame = pa.table(columns).to_pandas(types_mapper=pd.ArrowDtype)
        return frame

    def cells(self, dimensions: Sequence[str]) -> list[Compared]:
        """The cash of both years added up by the dimensions: clauses as they stand in the documents, else by name."""
        unknown = sorted(set(dimensions) - set(DIMENSIONS))
        if unknown:
            raise KeyError(unknown[0])
        before = _sums(self.baseline, dimensions, self.change.renamed)
        after = _sums(self.reform, dimensions, {})
        keys = [*after, *(key for key in before if key not in after)] or ([()] if not dimensions else [])
        if "clause" not in dimensions:
            keys.sort(key=lambda key: tuple((part is None, part or "") for part in key))
        return [Compared(key, before.get(key, 0), after.get(key, 0)) for key in keys]

    @property
    def total(self) -> Compared:
        return self.cells(())[0]

    @property
    def findings(self) -> list[Finding]:
        """What was found under either version, each once."""
        return sorted({*self.baseline.findings, *self.reform.findings})

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready: year, basis, total, by_clause, by_payer, by_district, by_facility, blocked, findings.

        Amounts are strings in yuan with two decimals.
        """
        lists = {
            f"by_{name}": [{name: cell.key[0], **_amounts(cell)} for cell in self.cells((name,))] for name in DIMENSIONS
        }
        return {
            "year": self.baseline.year,
            "basis": self.baseline.basis,
            "total": _amounts(self.total),
            **lists,
            "blocked": {"baseline": self.baseline.blocked, "reform": self.reform.blocked},
            "findings": [finding.to_dict() for finding in self.findings],
        }


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
    results: list[Result] = []
    errors: list[Finding] = []
    for schedule in (one, two):
        try:
            throughout = _throughout(schedule, first, datetime.date(year, 12, 31))
            results.append(calculate(throughout, roster, year, basis=basis, proceed=proceed))
        except RosterError as error:
            errors += error.findings
    if errors:
        raise RosterError(errors)
    return Cost(change, *results)


def _throughout(schedule: Schedule, first: datetime.date, last: datetime.date) -> Schedule:
    """The schedule in force from `first`, and until `last` if it would end before."""
    in_force = schedule.latest.model.in_force
    overlay = {} if in_force.from_ == first else {"in_force.from": first.isoformat()}
    if in_force.to is not None and in_force.to < last:
        overlay["in_force.to"] = last.isoformat()
    return schedule.overlay(overlay) if overlay else schedule


def _sums(result: Result, dimensions: Sequence[str], renamed: dict[str, str]) -> dict[Key, int]:
    sums: dict[Key, int] = {}
    for cell in result.cells:
        of = {name: getattr(cell, name) for name in dimensions}
        if "clause" in of:
            of["clause"] = renamed.get(cell.clause, cell.clause)
        key = tuple(of.values())
        sums[key] = sums.get(key, 0) + cell.amount
    return sums


def _amounts(cell: Compared) -> dict[str, str]:
    return {
        "baseline": yuan_text(cell.baseline),
        "reform": yuan_text(cell.reform),
        "difference": yuan_text(cell.difference),
    }
