"""Targets measured: reached or not and by how much, what would do, and whether printed figures follow from others."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import TYPE_CHECKING, Any, Literal

from subsidy.budget.causes import Found, Parts, cause
from subsidy.budget.checked import checked
from subsidy.budget.frames import Frames, Table
from subsidy.engine import calendar
from subsidy.engine.findings import place_of
from subsidy.engine.measures import Measured, Measures
from subsidy.engine.run import Prepared, prepare
from subsidy.engine.turn import turn
from subsidy.finding import Finding, Place, Refusal, RosterError, ScheduleError, Text, nearest
from subsidy.progress import station
from subsidy.roster.intake import intake
from subsidy.roster.locate import tables_in
from subsidy.roster.names import Names
from subsidy.roster.tables import Roster, document_rows
from subsidy.schedule.catalogue import Schedule
from subsidy.schedule.load import Version
from subsidy.schedule.node import Node
from subsidy.schedule.target_check import CheckedTarget, Cost, cost_of_one

if TYPE_CHECKING:
    import pandas as pd

Kind = Literal["at_least", "at_most"]
State = Literal["reached", "missed", "agrees", "differs", "unknown"]
COLUMNS = ("target", "item", "subject", "period", "state", "measure", "at_least", "at_most", "printed")


@dataclass(frozen=True)
class Measurement:
    """What a measure is; `above` over `below` where it is a quotient, else None."""

    result: Fraction
    above: Fraction | None = None
    below: Fraction | None = None


@dataclass(frozen=True)
class Addition:
    """What one addition would have to be, all else as planned, for a bound to be reached (or kept).

    `kind`: at least or at most `number`; None where no number does. `then` is the measure with it, `without` the one
    with none of it. `costs`: yuan, lowest and highest, of `number` and of what it is above the plan.
    """

    fact: Node
    planned: Fraction
    kind: Kind | None = None
    number: Fraction = Fraction(0)
    then: Measurement | None = None
    without: Measurement | None = None
    costs: tuple[Cost, Cost] | None = None


@dataclass(frozen=True)
class Bound:
    """One bound of a target, and whether it is reached."""

    kind: Kind
    number: Fraction
    reached: bool
    additions: tuple[Addition, ...] = ()


@dataclass(frozen=True)
class Outcome:
    """One target measured on one row in one period."""

    target: CheckedTarget
    subject: str
    period: str  # 2023, 2023-03; empty for rows by themselves
    place: Place
    read: tuple[tuple[Node, Fraction], ...]  # the numbers that were read
    missing: tuple[Node, ...] = ()  # facts that are blank, where nothing could be measured
    measured: Measurement | None = None
    bounds: tuple[Bound, ...] = ()
    printed: Fraction | None = None
    cause: Text | None = None
    alone: bool = False  # the only row of its period that agrees with a figure printed for several
    goalless: bool = False  # measured, but what it is compared with has no figure in this period

    @property
    def state(self) -> State:
        if self.measured is None or self.goalless:
            return "unknown"
        if not all(bound.reached for bound in self.bounds):
            return "missed"
        if self.printed is not None and self.printed != self.measured.result:
            return "differs"
        return "reached" if self.bounds else "agrees"


@dataclass(frozen=True)
class Targets(Frames):
    """All targets of a schedule's version, measured. In words by `sentences`; also as a dict and a frame."""

    frames = ("targets",)

    version: Version
    outcomes: tuple[Outcome, ...]
    unmeasured: tuple[CheckedTarget, ...]  # no row is about them
    replaced: tuple[str, ...] = ()  # tables of the document that the roster has instead
    findings: tuple[Finding, ...] = field(default=())

    def sentences(self, language: Literal["zh", "en"] = "zh") -> list[str]:
        """One sentence or more for each outcome, in the order of the schedule."""
        from subsidy.budget.target_words import sentences

        return [sentence for outcome in self.outcomes for sentence in sentences(outcome, self.version, language)]

    def counts(self) -> dict[State, int]:
        """How many outcomes there are of each state."""
        states: tuple[State, ...] = ("reached", "missed", "agrees", "differs", "unknown")
        return {state: sum(one.state == state for one in self.outcomes) for state in states}

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready: numbers as exact texts (5886/10388), sentences in both languages."""
        from subsidy.budget.target_words import as_dict

        return {
            "schedule": self.version.id,
            "version": self.version.first_day.isoformat(),
            "revision": self.version.model.revision,
            **self.version.overlays_dict(),
            "counts": self.counts(),
            "outcomes": [as_dict(outcome, self.version) for outcome in self.outcomes],
            "unmeasured": [target.name for target in self.unmeasured],
            "replaced": list(self.replaced),
            "findings": [finding.to_dict() for finding in self.findings],
        }

    def frame(self) -> pd.DataFrame:
        """One row per outcome: target, item, subject, period, state, measure, at_least, at_most, printed (as texts)."""
        import pandas as pd

        return pd.DataFrame(self._rows(), columns=list(COLUMNS))

    def _rows(self) -> list[dict[str, Any]]:
        return [{name: row.get(name) for name in COLUMNS} for row in self.to_dict()["outcomes"]]

    def _table(self, name: str) -> Table:
        import pyarrow as pa

        return Table.of(name, pa.Table.from_pylist(self._rows(), pa.schema([(one, pa.string()) for one in COLUMNS])))


def targets(
    schedule: Schedule,
    roster: Roster | None = None,
    *,
    costs: Mapping[str, tuple[Schedule, str]] | None = None,
    proceed: bool = False,
) -> Targets:
    """The targets of a schedule's latest version, measured on a roster and on the document's own rows.

    A table of the roster goes before the document's own of that name. `costs`: for a fact that a plan adds, a schedule
    and the name of its value that says what one costs (yuan per unit of the fact). Raises RosterError for rows with
    mistakes (`proceed`: leaves them out), ScheduleError for costs that do not fit.
    """
    version = schedule.latest
    given_costs = _costs(version, costs or {})
    year = version.first_day.year
    (taken_in,), _, _ = checked([schedule], [intake(_with_document_rows(version, roster), [version])], year)
    if not proceed and taken_in.errors:
        raise RosterError(taken_in.findings)
    prepared = prepare(schedule, taken_in, year)
    outcomes: list[Outcome] = []
    unmeasured: list[CheckedTarget] = []
    for target in version.targets.values():
        station(f"目标 {target.name}", f"target {target.name}")
        own_costs = {**target.costs, **given_costs.get(target.name, {})}
        found = list(_outcomes(prepared, version, target, own_costs)) if prepared.shape.has(target.model.for_) else []
        outcomes += _with_the_only_one(found)
        if not found:
            unmeasured.append(target)
    given = tables_in(roster, Names([version])) if roster is not None else ()
    replaced = tuple(table for table in version.model.rows if table in given)
    return Targets(version, tuple(outcomes), tuple(unmeasured), replaced, tuple(taken_in.findings))


def _with_document_rows(version: Version, roster: Roster | None) -> Roster:
    own = document_rows(version)
    if roster is None:
        return own
    given = tables_in(roster, Names([version]))
    return Roster.of([*roster.raw, *(raw for raw in own.raw if raw.name not in given)], roster.mapping)


def _costs(version: Version, given: Mapping[str, tuple[Schedule, str]]) -> dict[str, dict[str, Cost]]:
    """What the additions of each target cost. Raises ScheduleError with every cost that does not fit."""
    found: dict[str, dict[str, Cost]] = {}
    findings = []
    for fact, (schedule, value) in given.items():
        added = [(name, target.additions[fact]) for name, target in version.targets.items() if fact in target.additions]
        try:
            if not added:
                known = {fact for target in version.targets.values() for fact in target.additions}
                why = Text(f"没有目标以 {fact} 为新增项", f"no target has the addition {fact}")
                raise Refusal(why, nearest(fact, known))
            for name, node in added:
                cost = cost_of_one(schedule.latest.checker, value, node.type.unit)
                found.setdefault(name, {})[fact] = cost
        except Refusal as refused:
            what = f"{fact}={schedule.id}:{value}"
            findings.append(Finding(Place(), "cost", refused.why, refused.remedy, what))
    if findings:
        raise ScheduleError(findings)
    return found


# --- one target ----------------------------------------------------------------------------------------------------


class _Sheet:
    """A target's expressions on its rows, by name."""

    def __init__(self, prepared: Prepared, version: Version, target: CheckedTarget) -> None:
        self.target = target
        self.parts = Parts.of(target.measure)
        self.nodes: dict[str, Node] = {"measure": target.measure}
        optional = {
            "when": target.when,
            "at_least": target.at_least,
            "at_most": target.at_most,
            "printed": target.printed,
            "above": self.parts.above,
            "below": self.parts.below,
            "later": self.parts.later,
        }
        self.nodes |= {name: node for name, node in optional.items() if node is not None}
        self.nodes |= {f"addition:{name}": node for name, node in target.additions.items()}
        self.leaves = _numbers_read(target)
        self.nodes |= {f"leaf:{index}": leaf for index, leaf in enumerate(self.leaves)}
        self.measures = Measures(prepared, version, target, list(self.nodes.values()))

    def rows(self) -> Iterator[tuple[Measured, dict[str, Any]]]:
        """Each row that the target is about."""
        for one in self.measures.all():
            results = self.named(one)
            if results.get("when", True) is not False:
                yield one, results

    def named(self, one: Measured) -> dict[str, Any]:
        return dict(zip(self.nodes, one.results, strict=True))

    def read(self, results: Mapping[str, Any]) -> Iterator[tuple[Node, Fraction | None]]:
        for index, leaf in enumerate(self.leaves):
            yield leaf, results[f"leaf:{index}"]


def _numbers_read(target: CheckedTarget) -> list[Node]:
    """The facts that a target compares, each once."""
    nodes = [node for node in (target.measure, target.at_least, target.at_most, target.printed) if node is not None]
    found: dict[str, Node] = {}
    for node in nodes:
        for leaf in node.all_leaves():
            if leaf.operation in ("fact", "aggregate") and leaf.type.kind == "number":
                found.setdefault(leaf.name, leaf)
    return list(found.values())


def _outcomes(
    prepared: Prepared, version: Version, target: CheckedTarget, costs: Mapping[str, Cost]
) -> Iterator[Outcome]:
    sheet = _Sheet(prepared, version, target)
    every = target.model.every
    for one, results in sheet.rows():
        place = place_of(prepared.intake, target.model.for_, "", one.row)
        period = "" if one.period is None else calendar.period_label(every, one.period)
        read = tuple((leaf, number) for leaf, number in sheet.read(results) if number is not None)
        if results.get("when", True) is None:
            asked = tuple(leaf for leaf in sheet.nodes["when"].all_leaves() if leaf.operation in ("fact", "aggregate"))
            yield Outcome(target, one.subject, period, place, read, asked)
            continue
        compared = [results[name] for name in ("measure", "at_least", "at_most", "printed") if name in sheet.nodes]
        if any(number is None for number in compared):
            missing = tuple(leaf for leaf, number in sheet.read(results) if number is None)
            measured = None if missing or results["measure"] is None else _measurement(results)
            goalless = measured is not None
            yield Outcome(target, one.subject, period, place, read, missing, measured, goalless=goalless)
            continue
        printed = results.get("printed")
        found = Found(results["measure"], results.get("above"), results.get("below"), results.get("later"))
        yield Outcome(
            target,
            one.subject,
            period,
            place,
            read,
            measured=_measurement(results),
            bounds=tuple(_bounds(sheet, one, results, costs)),
            printed=printed,
            cause=None if printed in (None, found.measured) else cause(sheet.parts, found, printed),
        )


def _measurement(results: Mapping[str, Any]) -> Measurement:
    return Measurement(results["measure"], results.get("above"), results.get("below"))


def _bounds(sheet: _Sheet, one: Measured, results: Mapping[str, Any], costs: Mapping[str, Cost]) -> Iterator[Bound]:
    kinds: tuple[Kind, ...] = ("at_least", "at_most")
    for kind in kinds:
        if kind in sheet.nodes:
            found = (_addition(sheet, one, results, kind, name, costs.get(name)) for name in sheet.target.additions)
            additions = tuple(addition for addition in found if addition is not None)
            yield Bound(kind, results[kind], bool(_reaches(kind, results)), additions)


def _reaches(kind: Kind, results: Mapping[str, Any]) -> bool | None:
    measure, bound = results["measure"], results[kind]
    if measure is None or bound is None:
        return None
    return bool(measure >= bound) if kind == "at_least" else bool(measure <= bound)


def _addition(
    sheet: _Sheet, one: Measured, results: Mapping[str, Any], kind: Kind, name: str, cost: Cost | None
) -> Addition | None:
    """What this addition would have to be; None where it is blank."""
    node, planned = sheet.target.additions[name], results[f"addition:{name}"]
    if planned is None:
        return None
    scale = node.type.scale

    def with_numbers(numbers: Sequence[int]) -> list[dict[str, Any]]:
        return [sheet.named(tried) for tried in sheet.measures.tried(one, name, numbers)]

    def reaches(numbers: Sequence[int]) -> list[bool | None]:
        return [_reaches(kind, tried) for tried in with_numbers(numbers)]

    found = turn(reaches, int(planned * scale), int(node.type.low * scale), int(node.type.high * scale))
    if found is None:
        return Addition(node, planned)
    number = Fraction(found.number, scale)
    then, none = with_numbers([found.number, 0])
    return Addition(
        node,
        planned,
        found.kind,
        number,
        _measurement(then),
        _measurement(none) if node.type.low <= 0 and none["measure"] is not None else None,
        (_times(cost, number), _times(cost, max(number - planned, Fraction(0)))) if cost else None,
    )


def _times(cost: Cost, number: Fraction) -> Cost:
    return cost[0] * number, cost[1] * number


def _with_the_only_one(outcomes: Sequence[Outcome]) -> list[Outcome]:
    """Marks the one row that agrees where several of a period are said to give the same printed figure."""
    rivals = Counter((one.period, one.printed) for one in outcomes)
    agreeing = Counter((one.period, one.printed) for one in outcomes if one.state == "agrees")
    return [
        replace(one, alone=one.state == "agrees" and rivals[own] > 1 and agreeing[own] == 1)
        for one in outcomes
        for own in [(one.period, one.printed)]
    ]
