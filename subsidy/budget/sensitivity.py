"""What would change a total most: the figures that the largest clauses read, each a tenth higher, calculated again.

A figure is changed by an overlay and the roster is not read again. Only the clauses that the change can reach are
calculated: those that read the figure, and all that compete with these, read them or are read by them. Figures that
cannot reach the same clauses are changed in one calculation.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import NoReturn

from subsidy.budget.calculate import calculated
from subsidy.budget.cells import Calculated
from subsidy.budget.result import Result
from subsidy.engine.findings import OUTSIDE
from subsidy.engine.plan import clauses_read
from subsidy.finding import ScheduleError
from subsidy.progress import within
from subsidy.schedule.catalogue import Schedule, overlay_each
from subsidy.schedule.checked import CheckedClause
from subsidy.schedule.load import Version
from subsidy.schedule.node import Node
from subsidy.schedule.series import grown
from subsidy.schedule.together import together
from subsidy.schedule.written import Label

MORE = Fraction(11, 10)
MOST_CLAUSES = 5

Clauses = frozenset[tuple[str, str]]  # schedule, clause


@dataclass(frozen=True)
class Sensitivity:
    """A value and the clause that reads it; the year's total changes by `change` (fen) with its figures a tenth higher.

    `exact`: else the figures were rounded to the decimals that the document prints.
    """

    value: str
    clause: str
    item: str | None
    label: Label | None
    change: int
    exact: bool


@dataclass(frozen=True)
class _Trial:
    """A figure that is changed in a schedule, and the clauses that it can reach."""

    schedule: str
    value: str
    clause: str
    overlay: Mapping[str, str]
    exact: bool
    reach: Clauses


def sensitivities(result: Result, most: int = MOST_CLAUSES) -> list[Sensitivity]:
    """For the `most` largest clauses whose amounts read figures, the largest change first.

    A figure that no schedule could have a tenth higher (shares that add up to 100 %) is left out, and so is one that
    bounds a column where rows are blocked for being out of bounds: they might be paid then, and are not read again.
    """
    trials = list(_trials(result, most))
    found: list[Sensitivity] = []
    for batch in _batches(trials):
        found += _changes(result, batch)
    order = list(result.items)
    return sorted(found, key=lambda one: (-abs(one.change), order.index(one.clause), one.value))


# --- which figures -------------------------------------------------------------------------------------------------


def _trials(result: Result, most: int) -> Iterator[_Trial]:
    sums: dict[str, int] = {}
    for cell in result.cells:
        sums[cell.clause] = sums.get(cell.clause, 0) + cell.amount
    chosen = set(_blocking(result))
    clauses = 0
    for name in sorted(sums, key=lambda name: (-abs(sums[name]), name)):
        one, clause = result.names.clauses[name]
        values = list(_values_of(one.schedule, clause)) if sums[name] else []
        trials = [
            trial
            for value in values
            if (one.schedule.id, value) not in chosen
            for trial in _trial(result, one, name, value)
        ]
        chosen |= {(trial.schedule, trial.value) for trial in trials}
        yield from trials
        clauses += bool(trials)
        if clauses == most:
            return


def _blocking(result: Result) -> Iterator[tuple[str, str]]:
    """By schedule, the values that bound columns of tables with rows that are blocked for being out of bounds."""
    tables = {finding.table for finding in result.findings if finding.code == OUTSIDE}
    for version in result.versions:
        for table in tables & version.tables.keys():
            for column in version.tables[table].columns.values():
                yield from ((version.id, end) for end in (column.low, column.high))


def _values_of(schedule: Schedule, clause: str) -> Iterator[str]:
    """The values that an amount is made of; those of its conditions are none of them."""
    names: dict[str, None] = {}
    for version in schedule.versions:
        if clause in version.clauses:
            checked = version.clauses[clause]
            leaves = [leaf for node in _amounts(checked) for leaf in node.all_leaves()]
            names |= dict.fromkeys(leaf.name for leaf in leaves if leaf.operation in ("value", "slices"))
    for name in names:
        values = [version.model.values[name] for version in schedule.versions if name in version.model.values]
        if values and not any(value.figures == "none" or value.unit in ("date", "weight") for value in values):
            yield name


def _amounts(clause: CheckedClause) -> list[Node]:
    return [clause.amount, *clause.parts.values()]


def _trial(result: Result, one: Calculated, clause: str, value: str) -> Iterator[_Trial]:
    for exact in (True, False):
        overlay = {}
        for version in one.schedule.versions:
            if value in version.model.values:
                overlay[version.first_day.isoformat()] = grown(version.model.values[value], MORE, more_decimals=exact)
        try:
            _overlaid(one.schedule, value, overlay)
        except ScheduleError:
            continue
        yield _Trial(one.schedule.id, value, clause, overlay, exact, _reach(result, one.schedule, value))
        return


def _overlaid(schedule: Schedule, value: str, figures: Mapping[str, str]) -> Schedule:
    """The schedule with these figures of a value, by the first day of each version. Raises ScheduleError."""
    versions: list[Version] = []
    for version in schedule.versions:
        new = figures.get(version.first_day.isoformat())
        alone = replace(schedule, versions=(version,))
        versions += alone.versions if new is None else overlay_each([alone], {f"values.{value}.is": new})[0].versions
    return replace(schedule, versions=tuple(versions))


# --- what a change can reach ---------------------------------------------------------------------------------------


def _reach(result: Result, schedule: Schedule, value: str) -> Clauses:
    if len(result.calculated) > 1 or any(_reads_elsewhere(version, value) for version in schedule.versions):
        versions = [(one.schedule.id, version) for one in result.calculated for version in one.schedule.versions]
        return frozenset((owner, name) for owner, version in versions for name in version.clauses)
    ahead = [name for version in schedule.versions for name, one in version.clauses.items() if value in _read(one)]
    reached: set[str] = set()
    beside = _beside(schedule.versions)
    while ahead:
        name = ahead.pop()
        if name not in reached:
            reached.add(name)
            ahead += beside.get(name, ())
    return frozenset((schedule.id, name) for name in reached)


def _read(clause: CheckedClause) -> set[str]:
    return {leaf.name for node in clause.expressions for leaf in node.all_leaves()}


def _reads_elsewhere(version: Version, value: str) -> bool:
    """Whether a fact, a limit, a payer's share or another value may read it, which is not followed further."""
    content = version.canonical()
    beside = {name: content[name] for name in ("facts", "limits")}
    beside["splits"] = [clause.get("split") for clause in content["clauses"].values()]
    return bool(re.search(rf"\b{re.escape(value)}\b", json.dumps(beside, ensure_ascii=False)))


def _beside(versions: Iterable[Version]) -> dict[str, set[str]]:
    """By clause, those it reads, those that read it, and those that stand in a limit or a pot with it."""
    found: dict[str, set[str]] = {}
    for version in versions:
        groups = [{name, *(read for read, _ in clauses_read(one))} for name, one in version.clauses.items()]
        groups += [{*limit.model.among} for limit in version.limits.values()]
        for group in groups:
            for name in group:
                found.setdefault(name, set()).update(group)
    return found


# --- calculations --------------------------------------------------------------------------------------------------


def _batches(trials: Sequence[_Trial]) -> list[list[_Trial]]:
    """Trials that cannot reach the same clauses go together."""
    batches: list[list[_Trial]] = []
    for trial in trials:
        fitting = (batch for batch in batches if not any(trial.reach & other.reach for other in batch))
        batch = next(fitting, None)
        if batch is None:
            batches.append([trial])
        else:
            batch.append(trial)
    return batches


def _changes(result: Result, batch: Sequence[_Trial]) -> Iterator[Sensitivity]:
    schedules = list(result.schedules)
    reach = frozenset().union(*(trial.reach for trial in batch))
    for trial in batch:
        schedules = [
            _overlaid(one, trial.value, trial.overlay) if one.id == trial.schedule else one for one in schedules
        ]
    schedules = [_only(one, reach) for one in schedules]
    names = ", ".join(trial.value for trial in batch)
    with within(f"测算 {names} 的影响", f"what {names} would change"):
        again, findings = calculated(
            together(schedules), [one.high.run.prepared.intake for one in result.calculated], result.year, ("high",)
        )
    cells = Result(again, result.year, result.basis, findings, _no_receipt).cells
    for trial in batch:
        reached = {result.names.clause(*one) for one in trial.reach}
        now, before = (sum(cell.amount for cell in some if cell.clause in reached) for some in (cells, result.cells))
        versions = [one.model for one in reversed(result.versions) if one.id == trial.schedule]
        value = next(model.values[trial.value] for model in versions if trial.value in model.values)
        yield Sensitivity(trial.value, trial.clause, value.item, value.label, now - before, trial.exact)


def _no_receipt(_: Result) -> NoReturn:
    raise AssertionError("a calculation with other figures has no receipt")


def _only(schedule: Schedule, reach: Clauses) -> Schedule:
    """The schedule with the clauses that are reached, where these are not all."""
    names = {name for owner, name in reach if owner == schedule.id}
    if all(names >= version.clauses.keys() for version in schedule.versions):
        return schedule
    return replace(schedule, versions=tuple(version.only(names) for version in schedule.versions))
