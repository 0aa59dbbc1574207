"""What drivers do at a level: how far along the years of a forecast each has come.

At level 0 a driver does nothing, at level n it has done all that is stated of the n years after the base year. An
effect can be compared and hashed, so that equal calculations are made once.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import TypeAlias

from subsidy.budget.driver_group import Group, Scaling
from subsidy.budget.drivers import Driver, Stated
from subsidy.engine.cells import End
from subsidy.finding import ScheduleError
from subsidy.schedule.catalogue import Schedule
from subsidy.schedule.expression import plain_number
from subsidy.schedule.load import Version, overlaid
from subsidy.schedule.model import Value
from subsidy.schedule.series import Carried, carried, figure_at, grown, time_key, written_figure, written_figures
from subsidy.schedule.versions import check_line


@dataclass(frozen=True)
class Figures:
    """What becomes of a value: a series with other years, else its figures times `factor`, or one `figure`."""

    series: tuple[tuple[int, Carried], ...] = ()
    factor: Fraction = Fraction(1)
    figure: Fraction | None = None


Effect: TypeAlias = "Scaling | Figures | bool"


@dataclass(frozen=True)
class CheckedDriver(ABC):
    """A driver that fits the schedules and the roster."""

    name: str
    driver: Driver
    base: int  # the base year

    @abstractmethod
    def effect(self, level: int, end: End, year: int) -> Effect:
        """What it does in a year of the calculation when it has come as far as a level."""

    def on_schedules(self, schedules: Sequence[Schedule], effect: Effect) -> list[Schedule]:
        """The schedules with its effect."""
        return list(schedules)


@dataclass(frozen=True)
class TableDriver(CheckedDriver):
    group: Group = field(compare=False)

    def effect(self, level: int, end: End, year: int) -> Scaling:
        if self.driver.totals is not None:
            return Scaling(total=self.driver.totals.at(end, self.base + level)) if level else Scaling()
        return Scaling(growth_up_to(self.driver.stated, end, range(self.base + 1, self.base + level + 1)))


@dataclass(frozen=True)
class ValueDriver(CheckedDriver):
    is_series: bool

    def effect(self, level: int, end: End, year: int) -> Figures:
        reached, stated = self.base + level, self.driver.stated
        if self.is_series:
            return Figures(tuple(self._series(stated, end, reached, year)))
        if self.driver.figures is None:
            return Figures(factor=growth_up_to(stated, end, range(self.base + 1, reached + 1)))
        known = [one for one in sorted(stated.years) if one <= reached]
        return Figures(figure=stated.at(end, known[-1])) if known else Figures()

    def _series(self, stated: Stated, end: End, reached: int, last: int) -> Iterable[tuple[int, Carried]]:
        """The years for which something is stated; beyond the level they are as the year before."""
        before = Carried(self.base)
        for year in range(self.base + 1, last + 1):
            number = stated.at(end, year)
            if number is None:
                before = Carried(year)
                continue
            if year <= reached:
                grows = self.driver.figures is None
                before = replace(before, factor=before.factor * (1 + number)) if grows else Carried(year, figure=number)
            yield year, before

    def on_schedules(self, schedules: Sequence[Schedule], effect: Effect) -> list[Schedule]:
        assert isinstance(effect, Figures)
        if effect == Figures():
            return list(schedules)
        return [with_versions(one, self._on_versions(one, effect)) for one in schedules]

    def _on_versions(self, schedule: Schedule, effect: Figures) -> Iterable[Version]:
        name = self.driver.value or ""
        for version in schedule.versions:
            value = version.model.values.get(name)
            yield version if value is None else overlaid(version, {f"values.{name}.is": figures_of(value, effect)})[0]

    def figure(self, schedules: Sequence[Schedule], effect: Effect, year: int) -> str:
        """Its only figure in a year, in schedules with the effect; of a value with several their factor, in percent."""
        assert isinstance(effect, Figures)
        name = self.driver.value or ""
        versions = [version for one in schedules for version in one.versions if name in version.model.values]
        figure = figure_at(versions[-1].model.values[name], year) if versions else None
        if figure is not None:
            return figure
        factor = dict(effect.series).get(year, Carried(year)).factor if effect.series else effect.factor
        return f"{plain_number(factor * 100)}%"


def figures_of(value: Value, effect: Figures) -> str:
    """The figures of a value under an effect, as an overlay writes them."""
    if effect.figure is not None:
        return written_figure(value, effect.figure)
    if effect.series and time_key(value) is not None:
        return carried(value, dict(effect.series))
    return grown(value, effect.factor) if effect.factor != 1 else written_figures(value)


@dataclass(frozen=True)
class OverlayDriver(CheckedDriver):
    def effect(self, level: int, end: End, year: int) -> bool:
        return self.base + level >= (self.driver.from_ or 0)

    def on_schedules(self, schedules: Sequence[Schedule], effect: Effect) -> list[Schedule]:
        return overlaid_anywhere(schedules, self.driver.overlay or {}) if effect else list(schedules)


@dataclass(frozen=True)
class VersionDriver(CheckedDriver):
    version: Version = field(compare=False)

    def effect(self, level: int, end: End, year: int) -> bool:
        return self.base + level >= self.version.first_day.year

    def on_schedules(self, schedules: Sequence[Schedule], effect: Effect) -> list[Schedule]:
        if not effect:
            return list(schedules)
        return [
            with_versions(one, (*one.versions, self.version)) if one.id == self.version.id else one for one in schedules
        ]


def growth_up_to(stated: Stated, end: End, years: Iterable[int]) -> Fraction:
    """All that is stated of these years, multiplied; a year of which nothing is stated changes nothing."""
    factor = Fraction(1)
    for year in years:
        factor *= 1 + (stated.at(end, year) or 0)
    return factor


# --- schedules -----------------------------------------------------------------------------------------------------


def known_in(schedules: Sequence[Schedule], year: int) -> list[Schedule]:
    """The schedules with the versions that begin up to the end of a year; with the first one at least."""
    return [
        replace(one, versions=tuple(version for version in one.versions if version.first_day.year <= year))
        if one.versions[0].first_day.year <= year
        else replace(one, versions=one.versions[:1])
        for one in schedules
    ]


def with_versions(schedule: Schedule, versions: Iterable[Version]) -> Schedule:
    """The schedule with other versions, in the order of their first days. Raises ScheduleError."""
    ordered = tuple(sorted(versions, key=lambda version: version.first_day))
    check_line(ordered)
    return replace(schedule, versions=ordered)


def overlaid_anywhere(schedules: Sequence[Schedule], changes: Mapping[str, str]) -> list[Schedule]:
    """The schedules with values at dotted paths replaced wherever there are such paths. Raises ScheduleError."""
    found, unknown = [], []
    for one in schedules:
        try:
            found.append(one.overlay(changes))
        except ScheduleError as error:
            if any(finding.code != "overlay" for finding in error.findings):
                raise
            unknown += error.findings
            found.append(one)
    if all(new is old for new, old in zip(found, schedules, strict=True)):
        raise ScheduleError(unknown)
    return found
