"""Drivers against the schedules, the roster and the years of a forecast: what does not fit, all of it at once."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from subsidy.budget.driver_effect import (
    CheckedDriver,
    OverlayDriver,
    TableDriver,
    ValueDriver,
    VersionDriver,
    overlaid_anywhere,
    with_versions,
)
from subsidy.budget.driver_group import Reader, find_group, out_of_range, range_refusal, scaled, table_named
from subsidy.budget.drivers import ENDS, Driver, Drivers, Kind
from subsidy.engine.findings import place_of
from subsidy.finding import DriversError, Finding, Refusal, ScheduleError, Text, nearest
from subsidy.schedule.catalogue import Schedule
from subsidy.schedule.load import Version, load_file
from subsidy.schedule.model import Value
from subsidy.schedule.series import check_grows, is_percent, time_key

CALENDAR, POLICY = "calendar", "policy"  # steps of the explanation that are no drivers
MOST_ROWS_NAMED = 20


@dataclass
class NewVersions:
    """The versions that drivers add, by driver, and what is wrong with their files."""

    by_driver: dict[str, Version] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)

    @classmethod
    def of(cls, drivers: Drivers) -> NewVersions:
        """Those of the drivers' files."""
        found = cls()
        for name, driver in drivers.by_name.items():
            if driver.version is not None:
                try:
                    found.by_driver[name] = load_file(drivers.folder / driver.version)
                except ScheduleError as error:
                    found.findings += error.findings
        return found

    def beside(self, schedules: Sequence[Schedule]) -> list[Schedule]:
        """The schedules with all of them, for what a roster may hold."""
        return [
            replace(one, versions=(*one.versions, *(new for new in self.by_driver.values() if new.id == one.id)))
            for one in schedules
        ]


def check_drivers(
    drivers: Drivers,
    new_versions: NewVersions,
    schedules: Sequence[Schedule],
    readers: Sequence[Reader],
    base: int,
    years: Sequence[int],
) -> list[CheckedDriver]:
    """The drivers as the forecast of `years` after `base` applies them. Raises DriversError."""
    findings = list(new_versions.findings)
    return _Check(drivers, new_versions.by_driver, schedules, readers, base, years, findings).checked()


@dataclass
class _Check:
    drivers: Drivers
    new_versions: Mapping[str, Version]
    schedules: Sequence[Schedule]
    readers: Sequence[Reader]
    base: int
    years: Sequence[int]
    findings: list[Finding]

    def checked(self) -> list[CheckedDriver]:
        kinds: dict[Kind, Callable[[str, Driver], CheckedDriver]] = {
            "table": self._table, "value": self._value, "overlay": self._overlay, "version": self._version,
        }  # fmt: skip
        found: list[CheckedDriver] = []
        for name, driver in self.drivers.by_name.items():
            try:
                self._check_name(name)
                self._check_years(driver)
                if driver.version is not None and name not in self.new_versions:
                    continue
                found.append(kinds[driver.kind](name, driver))
            except Refusal as refused:
                path = refused.path or ()
                option = str(path[0]) if path else ""
                self.findings.append(self.drivers.finding(name, option, "driver", refused, self._written(name, path)))
            except ScheduleError as error:
                self.findings += error.findings
        if not self.findings:
            tables = [one for one in found if isinstance(one, TableDriver)]
            self.findings += self._overlaps(tables)
            self.findings += self._outside(tables)
        if self.findings:
            raise DriversError(self.findings)
        return found

    def _written(self, name: str, path: Sequence[str | int]) -> str:
        content = self.drivers.source.data.get("drivers", {}).get(name)
        for part in path:
            content = content.get(part) if isinstance(content, dict) else None
        return content if isinstance(content, str) else ""

    def _check_name(self, name: str) -> None:
        if name in (CALENDAR, POLICY):
            raise Refusal(
                Text(f"{name} 是年度变动中固有的一步", f"{name} is the name of another step of the explanation"),
                Text("请换一个名称", "give the driver another name"),
            )

    def _check_years(self, driver: Driver) -> None:
        numbers = next((name for name in ("growth", "totals", "figures") if getattr(driver, name) is not None), None)
        if numbers is None:
            if driver.from_ is not None and driver.from_ <= self.base:
                raise self._before_the_forecast(driver.from_).at(("from",))
            return
        stated = driver.stated
        if early := sorted(year for year in stated.years if year <= self.base):
            raise self._before_the_forecast(early[0]).at((numbers,))
        lacking = [year for year in self.years if any(stated.at(end, year) is None for end in ENDS)]
        if lacking and driver.kind == "table":
            listed = ", ".join(map(str, lacking))
            raise Refusal(
                Text(f"没有写 {listed} 年", f"nothing is stated for {listed}"),
                Text("不变也请写明，例如 0%", "state it, such as 0% where nothing changes"),
            ).at((numbers,))
        for year in self.years:
            low, high = (stated.at(end, year) for end in ENDS)
            if low is not None and high is not None and low > high:
                raise Refusal(
                    Text(f"{year} 年的 low 大于 high", f"low is above high in {year}"), Text("请交换", "swap the two")
                ).at((numbers,))

    def _before_the_forecast(self, year: int) -> Refusal:
        return Refusal(
            Text(f"{year} 年不在预测年度内", f"{year} is no year of the forecast"),
            Text(f"预测自 {self.base + 1} 年起", f"it begins in {self.base + 1}"),
        )

    # --- kinds -------------------------------------------------------------------------------------------------

    def _table(self, name: str, driver: Driver) -> TableDriver:
        table, reader = table_named(driver.table or "", self.readers)
        group = find_group(name, table, driver.column, driver.where, reader, self.base)
        if driver.totals is not None and not group.total:
            raise Refusal(
                Text("基年合计为 0，无从分摊", "the base year adds up to 0, and a total cannot be spread over nothing"),
                Text("请选有数量的行", "choose rows that have quantities"),
            ).at(("totals",))
        return TableDriver(name, driver, self.base, group)

    def _value(self, name: str, driver: Driver) -> ValueDriver:
        written = driver.value or ""
        versions = [version for schedule in self.schedules for version in schedule.versions]
        known = {one: value for version in (*versions, *self.new_versions.values())
                 for one, value in version.model.values.items()}  # fmt: skip
        if written not in known:
            raise Refusal(
                Text(f"补贴标准中没有标准 {written}", f"no schedule has a value {written}"), nearest(written, known)
            ).at(("value",))
        value = known[written]
        if driver.growth is not None:
            try:
                check_grows(written, value)
            except Refusal as refused:
                raise refused.at(("value",)) from None
        elif value.by not in ((), ("year",)):
            raise Refusal(
                Text(f"{written} 不只一个数", f"{written} has more than one figure in a year"),
                Text("请写 growth，或用 overlay 给出各数", "write growth, or give each of them with overlay"),
            ).at(("figures",))
        elif not all(written.endswith("%") == is_percent(value) for written in self._figures_of(name)):
            raise Refusal(
                Text("百分比须带 %，其他数额不带", "percentages have their %, other figures have none"),
                Text(f"{driver.value} 的单位是 {value.unit}", f"the unit of {driver.value} is {value.unit}"),
            ).at(("figures",))
        elif parts := [one for one in self._figures_of(name) if _has_parts_of_a_fen(one, value)]:
            shorter = f"{parts[0].partition('.')[0]}.{parts[0].partition('.')[2][:2]}"
            raise Refusal(
                Text(f"{parts[0]} 不足一分的部分无法支付", f"{parts[0]} has parts of a fen, which cannot be paid"),
                Text(f"请写到分，例如 {shorter}", f"write whole fen, such as {shorter}"),
            ).at(("figures",))
        found = ValueDriver(name, driver, self.base, time_key(value) is not None)
        try:
            for end in ENDS:
                found.on_schedules(self.schedules, found.effect(len(self.years), end, self.years[-1]))
        except ScheduleError as error:
            raise Refusal(error.findings[0].why, error.findings[0].remedy).at(("value",)) from None
        return found

    def _figures_of(self, name: str) -> Iterator[str]:
        """The figures that a driver states, as written."""
        ahead = [self.drivers.source.data["drivers"][name]["figures"]]
        while ahead:
            content = ahead.pop()
            if isinstance(content, dict):
                ahead += content.values()
            else:
                yield content

    def _overlay(self, name: str, driver: Driver) -> OverlayDriver:
        try:
            overlaid_anywhere(self.schedules, driver.overlay or {})
        except ScheduleError as error:
            one = error.findings[0]
            raise Refusal(one.why, one.remedy).at(("overlay",)) from None
        return OverlayDriver(name, driver, self.base)

    def _version(self, name: str, driver: Driver) -> VersionDriver:
        version = self.new_versions[name]
        own = [schedule for schedule in self.schedules if schedule.id == version.id]
        if not own:
            raise Refusal(
                Text(
                    f"它是 {version.id} 的版本，本次未计算该标准",
                    f"it is a version of {version.id}, which is not calculated here",
                ),
                nearest(version.id, [schedule.id for schedule in self.schedules]),
            ).at(("version",))
        if version.first_day.year <= self.base:
            raise self._before_the_forecast(version.first_day.year).at(("version",))
        with_versions(own[0], (*own[0].versions, version))
        return VersionDriver(name, driver, self.base, version)

    # --- drivers of tables beside one another ------------------------------------------------------------------

    def _overlaps(self, tables: Sequence[TableDriver]) -> Iterator[Finding]:
        """A total that a later driver would change again."""
        for place, one in enumerate(tables):
            for other in tables[place + 1 :] if one.driver.totals is not None else ():
                same = (one.group.table, one.group.column) == (other.group.table, other.group.column)
                if same and set(one.group.rows) & set(other.group.rows):
                    refused = Refusal(
                        Text(
                            f"{other.name} 会再改变 {one.name} 给定的合计",
                            f"{other.name} changes rows whose total {one.name} states",
                        ),
                        Text(f"请把 {one.name} 写在最后，或分开选行", f"put {one.name} last, or choose other rows"),
                    )
                    yield self.drivers.finding(one.name, "totals", "driver", refused)

    def _outside(self, tables: Sequence[TableDriver]) -> Iterator[Finding]:
        """Cells that would not hold what they become."""
        groups = [one.group for one in tables]
        told: set[tuple[str, str, int]] = set()
        for year in self.years:
            for end in ENDS:
                cells, _ = scaled(groups, [one.effect(year - self.base, end, year) for one in tables])
                for group, row, quantity in out_of_range(groups, cells):
                    key = (group.table, group.column, row)
                    if key not in told and len(told) < MOST_ROWS_NAMED:
                        told.add(key)
                        intake = next(reader.intake for reader in self.readers if group.table in reader.intake.tables)
                        refused = range_refusal(group, quantity, year)
                        place = place_of(intake, group.table, group.column, row)
                        written = intake.written(group.table, group.column, row)
                        yield Finding(place, "driver-range", refused.why, refused.remedy, written, table=group.table)


def _has_parts_of_a_fen(written: str, value: Value) -> bool:
    """Whether a figure in yuan is finer than those of the document."""
    finer = re.compile(r"\.\d{2}\d*[1-9]")
    in_yuan = value.unit.split("/")[0].strip() == "yuan"
    return in_yuan and bool(finer.search(written)) and not finer.search(str(value.figures))
