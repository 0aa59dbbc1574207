"""What if: one roster and one year under schedules as they are, and with overlays laid over them one by one."""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from subsidy.budget.cells import Basis
from subsidy.budget.comparison import Comparison, listed
from subsidy.budget.cost import all_calculated
from subsidy.budget.result import Result
from subsidy.finding import Text
from subsidy.roster.tables import Roster
from subsidy.schedule.catalogue import Schedule, overlay_each
from subsidy.schedule.difference import Difference, difference
from subsidy.schedule.overlay import Overlay, OverlayFile, overlay_from


@dataclass(frozen=True)
class Step(Comparison):
    """What one overlay adds to those before it."""

    overlay: Overlay

    @property
    def label(self) -> Text:
        """The name of the overlay: that of its file and its own, or what is set."""
        if isinstance(self.overlay, OverlayFile):
            label = self.overlay.label
            return Text(f"{label.zh}（{self.overlay.file}）", f"{label.en} ({self.overlay.file})")
        changes = [f"{path} = {value}" for path, value in self.overlay.items()]
        return Text("；".join(changes), "; ".join(changes))


@dataclass(frozen=True)
class WhatIf(Comparison):
    """The year's cash without and with the overlays: `changes` in words, and `steps` that add up to the difference."""

    changes: tuple[Difference, ...]
    steps: tuple[Step, ...]

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready: `changes` by version, `steps` (overlay, total, by_…), and all of a comparison."""
        steps = []
        for step in self.steps:
            label = {"zh": step.label.zh, "en": step.label.en}
            cells = {f"by_{name}": listed((name,), step.cells((name,))) for name in ("clause", "district")}
            steps.append({"overlay": label, "total": step.total.to_dict(), **cells})
        return {"changes": [one.to_dict() for one in self.changes], "steps": steps, **super().to_dict()}


def what_if(
    schedules: Schedule | Sequence[Schedule],
    roster: Roster,
    year: int,
    *overlays: Overlay | str | Path,
    basis: Basis = "due",
    proceed: bool = False,
    as_of: datetime.date | None = None,
) -> WhatIf:
    """What overlays (values by path, or files) would cost in a year, laid over the schedules in this order.

    Raises ScheduleError for an overlay that fits nowhere or makes no schedule, and RosterError with the errors under
    all stages (with `proceed` the rest is calculated).
    """
    read = [overlay_from(one) for one in overlays]
    stages = [[schedules] if isinstance(schedules, Schedule) else list(schedules)]
    for overlay in read:
        stages.append(overlay_each(stages[-1], overlay))
    results = all_calculated(stages, roster, year, basis, proceed, as_of)
    steps = []
    for number, overlay in enumerate(read):
        before, after = results[number : number + 2]
        renamed = _renamed(stages[number], stages[number + 1], after)
        steps.append(Step(before, after, renamed, overlay))
    first, last = stages[0], stages[-1]
    renamed = _renamed(first, last, results[-1])
    return WhatIf(results[0], results[-1], renamed, tuple(_changes(first, last)), tuple(steps))


def _changes(before: Sequence[Schedule], after: Sequence[Schedule]) -> list[Difference]:
    """The versions that are different now, each beside itself as it was."""
    found = []
    for one, two in zip(before, after, strict=True):
        for old, new in zip(_by_version(one), _by_version(two), strict=True):
            if old.latest.identity != new.latest.identity:
                found.append(difference(old, new))
    return found


def _by_version(schedule: Schedule) -> list[Schedule]:
    return [Schedule((version,), (path,)) for version, path in zip(schedule.versions, schedule.paths, strict=True)]


def _renamed(before: Sequence[Schedule], after: Sequence[Schedule], reform: Result) -> Mapping[str, str]:
    """Former names of clauses, as results show them, to their present ones."""
    found = {}
    for change in _changes(before, after):
        for former, name in change.renamed.items():
            long = f"{change.two.id}:{name}"
            is_long = long in reform.items
            found[f"{change.one.id}:{former}" if is_long else former] = long if is_long else name
    return found
