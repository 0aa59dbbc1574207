"""Several years from a base roster: each a whole calculation, and what each driver adds from one year to the next."""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from os import PathLike
from typing import Any, NoReturn

from subsidy.budget.calculate import FIRST_YEAR, LAST_YEAR, calculated, check_request, checked_intakes, stop_at_errors
from subsidy.budget.cells import Basis, Cell
from subsidy.budget.driver_check import CALENDAR, POLICY, NewVersions, check_drivers
from subsidy.budget.driver_effect import CheckedDriver, Effect, TableDriver, ValueDriver, known_in
from subsidy.budget.driver_group import Reader, Scaling, scaled, with_cells
from subsidy.budget.drivers import ENDS, Drivers, read_drivers
from subsidy.budget.forecast_result import DriverTotal, Forecast, Step, YearForecast
from subsidy.budget.result import Result
from subsidy.engine.cells import End
from subsidy.engine.run import prepare
from subsidy.finding import Finding, Place, Refusal, Text
from subsidy.progress import within
from subsidy.roster.intake import Intake
from subsidy.roster.moved import moved
from subsidy.roster.tables import Roster
from subsidy.schedule.catalogue import Schedule
from subsidy.schedule.expression import plain_number
from subsidy.schedule.together import together

MOST_YEARS = 30


def forecast(
    schedules: Schedule | Sequence[Schedule],
    roster: Roster,
    year: int,
    drivers: str | PathLike[str] | Mapping[str, Any],
    *,
    years: int = 5,
    basis: Basis = "due",
    proceed: bool = False,
    as_of: datetime.date | None = None,
) -> Forecast:
    """Calculate the years after a base year, and explain the change from each to the next.

    The roster of `year` is moved by whole years and scaled as `drivers` (a YAML file, or a mapping of the same form)
    state. `basis`, `proceed` and `as_of` are those of `calculate`. Raises DriversError for drivers that cannot be read
    or do not fit; RosterError with the errors of the base year or of a later one (with `proceed` the rest is
    calculated, and the forecast lists them); ScheduleError; and Refusal (a ValueError) for years out of range.
    """
    several = (schedules,) if isinstance(schedules, Schedule) else tuple(schedules)
    check_request(several, year)
    if not 1 <= years <= MOST_YEARS or year + years > LAST_YEAR:
        raise Refusal(
            Text(f"不能预测 {years} 年", f"{years} years cannot be forecast"),
            Text(
                f"请给 1 至 {MOST_YEARS} 年，且在 {FIRST_YEAR} 至 {LAST_YEAR} 年之间",
                f"give 1 to {MOST_YEARS}, within {FIRST_YEAR} to {LAST_YEAR}",
            ),
        )
    read = read_drivers(drivers)
    new_versions = NewVersions.of(read)
    intakes = checked_intakes(several, roster, year, as_of, new_versions.beside(several))[0]
    if not proceed:
        stop_at_errors(list(dict.fromkeys(finding for taken_in in intakes for finding in taken_in.findings)))
    ahead = range(year + 1, year + years + 1)
    return _Forecasting(several, intakes, year, ahead, basis, proceed, read, new_versions).forecast()


@dataclass(frozen=True)
class _State:
    """What a calculation is made from: the versions known up to a year, and what each driver does."""

    year: int
    known: int
    effects: tuple[Effect, ...]


@dataclass(frozen=True)
class _Outcome:
    """What a calculation gives."""

    cells: tuple[Cell, ...]
    relief: tuple[Cell, ...]
    pots: tuple[Mapping[str, Any], ...]
    items: Mapping[str, str]
    blocked: Mapping[str, int]
    findings: tuple[Finding, ...]


Levels = tuple[int, ...]


@dataclass
class _Forecasting:
    schedules: Sequence[Schedule]
    intakes: Sequence[Intake]
    base: int
    years: Sequence[int]
    basis: Basis
    proceed: bool
    read: Drivers
    new_versions: NewVersions
    drivers: list[CheckedDriver] = field(init=False)
    outcomes: dict[tuple[_State, tuple[End, ...]], _Outcome] = field(default_factory=dict)

    def forecast(self) -> Forecast:
        readers = [
            Reader(schedule.latest, prepare(schedule, taken_in, self.base))
            for schedule, taken_in in zip(self.schedules, self.intakes, strict=True)
        ]
        self.drivers = check_drivers(self.read, self.new_versions, self.schedules, readers, self.base, self.years)
        base = self._outcome(self.base, self.base, self._levels(0))
        if not self.proceed:
            stop_at_errors(list(base.findings))
        found = [self._year(year, base) for year in (self.base, *self.years)]
        steps = [step for year in self.years for step in self._steps(year)]
        items = {clause: item for outcome in self.outcomes.values() for clause, item in outcome.items.items()}
        order = {clause: place for place, clause in enumerate(items)}
        return Forecast(
            schedules=tuple(self.new_versions.beside(self.schedules)),
            drivers=self.read,
            basis=self.basis,
            years=tuple(found),
            steps=tuple(replace(step, cells=_in_order(step.cells, order)) for step in steps),
            totals=tuple(self._totals()),
            items=items,
            blocked=base.blocked,
            findings=tuple(sorted(base.findings)),
        )

    # --- years and steps ---------------------------------------------------------------------------------------

    def _year(self, year: int, base: _Outcome) -> YearForecast:
        outcome = self._outcome(year, year, self._levels(year - self.base))
        known = {_about(finding) for finding in base.findings}
        later = {_about(finding): finding for finding in reversed(outcome.findings) if _about(finding) not in known}
        findings = [*(_in_year(finding, year) for finding in sorted(later.values())), *self._not_in_force(year)]
        if not self.proceed:
            stop_at_errors(findings)
        return YearForecast(year, outcome.cells, outcome.relief, outcome.pots, tuple(findings))

    def _steps(self, year: int) -> list[Step]:
        """From the year before: the calendar, versions that begin, then each driver in its order."""
        level = year - self.base
        ways: list[tuple[str, int, Levels]] = [(CALENDAR, year - 1, self._levels(level - 1))]
        if self._begun:
            ways.append((POLICY, year, self._levels(level - 1)))
        ways += [
            (driver.name, year, (*self._levels(level)[: place + 1], *self._levels(level - 1)[place + 1 :]))
            for place, driver in enumerate(self.drivers)
        ]
        before = self._outcome(year - 1, year - 1, self._levels(level - 1)).cells
        steps = []
        for name, known, levels in ways:
            after = self._outcome(year, known, levels).cells
            steps.append(Step(year, name, _difference(after, before)))
            before = after
        return steps

    @cached_property
    def _begun(self) -> set[int]:
        """The years in which a version of the schedules begins."""
        begun = {version.first_day.year for schedule in self.schedules for version in schedule.versions}
        return begun & set(self.years)

    # --- calculations ------------------------------------------------------------------------------------------

    def _levels(self, level: int) -> Levels:
        return (level,) * len(self.drivers)

    def _state(self, year: int, known: int, levels: Levels, end: End) -> _State:
        known = max((begun for begun in self._begun if begun <= known), default=self.base)
        effects = (driver.effect(level, end, year) for driver, level in zip(self.drivers, levels, strict=True))
        return _State(year, known, tuple(effects))

    def _outcome(self, year: int, known: int, levels: Levels) -> _Outcome:
        """Amounts with drivers and open amounts at their high ends, lows with both at their low ends."""
        high, low = (self._state(year, known, levels, end) for end in ("high", "low"))
        if high == low:
            return self._calculated(high, ("high", "low"))
        one, other = self._calculated(high, ("high",)), self._calculated(low, ("low",))
        return replace(
            one,
            cells=_joined(one.cells, other.cells),
            relief=_joined(one.relief, other.relief),
            items={**one.items, **other.items},
            findings=(*one.findings, *other.findings),
        )

    def _calculated(self, state: _State, ends: tuple[End, ...]) -> _Outcome:
        if (state, ends) not in self.outcomes:
            intakes = [self._intake(taken_in, state) for taken_in in self.intakes]
            is_later = state.year > self.base
            with within(f"{state.year} 年", str(state.year)):
                both, findings = calculated(together(self._schedules(state)), intakes, state.year, ends, only=is_later)
            result = Result(both, state.year, self.basis, findings, _no_receipt)
            self.outcomes[state, ends] = _Outcome(
                result.cells, result.relief_cells, tuple(result.pots), result.items, result.blocked, tuple(findings)
            )
        return self.outcomes[state, ends]

    def _schedules(self, state: _State) -> list[Schedule]:
        schedules = known_in(self.schedules, state.known)
        for driver, effect in zip(self.drivers, state.effects, strict=True):
            schedules = driver.on_schedules(schedules, effect)
        return schedules

    def _intake(self, taken_in: Intake, state: _State) -> Intake:
        cells, _ = self._scaled(state.effects)
        put, distance = with_cells(cells, taken_in), state.year - self.base
        if distance == 0 and not cells:
            return taken_in
        return taken_in.changed(lambda tables: moved(put(tables), taken_in.vocabulary, distance))

    def _scaled(self, effects: Sequence[Effect]) -> Any:
        pairs = [
            (driver.group, effect)
            for driver, effect in zip(self.drivers, effects, strict=True)
            if isinstance(driver, TableDriver) and isinstance(effect, Scaling)
        ]
        return scaled([group for group, _ in pairs], [scaling for _, scaling in pairs])

    # --- beside the money --------------------------------------------------------------------------------------

    def _totals(self) -> list[DriverTotal]:
        """What drivers of tables and values come to in each year."""
        found = []
        for year in (self.base, *self.years):
            states = {end: self._state(year, year, self._levels(year - self.base), end) for end in ENDS}
            sums = {end: self._scaled(state.effects)[1] for end, state in states.items()}
            for place, driver in enumerate(self.drivers):
                if isinstance(driver, TableDriver):
                    texts = {end: plain_number(sums[end][driver.name]) for end in ENDS}
                elif isinstance(driver, ValueDriver):
                    texts = {
                        end: driver.figure(self._schedules(state), state.effects[place], year)
                        for end, state in states.items()
                    }
                else:
                    continue
                found.append(DriverTotal(driver.name, year, texts["high"], texts["low"]))
        return found

    def _not_in_force(self, year: int) -> list[Finding]:
        """A warning for each schedule that is not in force to the end of a year: nothing is taken to go on."""
        state = self._state(year, year, self._levels(year - self.base), "high")
        return [finding for schedule in self._schedules(state) for finding in _not_in_force(schedule, year)]


def _not_in_force(schedule: Schedule, year: int) -> Iterator[Finding]:
    spans = schedule.periods()
    first = spans[0][1]
    ends = [last for _, _, last in spans if last is not None]
    if first.year > year:
        why = Text(
            f"{year} 年：{schedule.id} 自 {first} 起才施行", f"in {year}: {schedule.id} is not in force until {first}"
        )
        remedy = Text("该年不计算", "nothing of it is calculated for that year")
        yield Finding(Place(), "not-in-force", why, remedy, severity="warning")
    elif len(ends) == len(spans) and max(ends) < datetime.date(year, 12, 31):
        why = Text(
            f"{year} 年：{schedule.id} 只施行到 {max(ends)}，此后不再计算",
            f"in {year}: {schedule.id} is in force until {max(ends)}, and nothing after it is calculated",
        )
        remedy = Text("如将延续，请以 overlay 延长 in_force.to", "if it will go on, overlay in_force.to")
        yield Finding(Place(), "not-in-force", why, remedy, severity="warning")


def _no_receipt(_: Result) -> NoReturn:
    why = Text("预测的年度没有计算凭证", "a year of a forecast has no receipt")
    raise Refusal(why, Text("请保存基年的计算凭证", "save that of the base year"))


def _about(finding: Finding) -> tuple[Place, str, str, str]:
    """What is wrong, whatever the periods in which it shows."""
    return finding.place, finding.code, finding.table, finding.subject


def _in_year(finding: Finding, year: int) -> Finding:
    why = Text(f"{year} 年：{finding.why.zh}", f"in {year}: {finding.why.en}")
    return replace(finding, why=why)


Key = tuple[str, str, str | None, str | None]


def _key(cell: Cell) -> Key:
    return cell.clause, cell.payer, cell.district, cell.facility


def _joined(high: Sequence[Cell], low: Sequence[Cell]) -> tuple[Cell, ...]:
    """Amounts of the calculation at the high ends, lows of that at the low ends."""
    found = {_key(cell): replace(cell, low=0) for cell in high}
    for cell in low:
        found[_key(cell)] = replace(found.get(_key(cell), replace(cell, amount=0)), low=cell.low)
    return tuple(found.values())


def _difference(after: Sequence[Cell], before: Sequence[Cell]) -> tuple[Cell, ...]:
    """What is added to each cell; the cells that stay as they are left out."""
    found = {_key(cell): cell for cell in after}
    for cell in before:
        now = found.get(_key(cell), replace(cell, amount=0, low=0))
        found[_key(cell)] = replace(now, amount=now.amount - cell.amount, low=now.low - cell.low)
    return tuple(cell for cell in found.values() if cell.amount or cell.low)


def _in_order(cells: Sequence[Cell], order: Mapping[str, int]) -> tuple[Cell, ...]:
    """By clause as in the documents, then by payer, district and facility."""
    return tuple(
        sorted(cells, key=lambda cell: (order[cell.clause], *((one is None, one or "") for one in _key(cell)[1:])))
    )
