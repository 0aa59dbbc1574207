"""Commands that compare: diff, whatif."""

from __future__ import annotations

import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from subsidy.cli import completion
from subsidy.cli.command import CHANGES, command
from subsidy.cli.console import console
from subsidy.cli.findings import findings_reported, tell
from subsidy.cli.option import argument
from subsidy.cli.options import (
    AllFindings,
    Basis,
    Calculation,
    Common,
    MappingPath,
    Proceed,
    SomeRoster,
    SomeYear,
    overlays_of,
    schedules_of,
)
from subsidy.cli.output import Output
from subsidy.cli.usage import WrongUse
from subsidy.finding import Text

if TYPE_CHECKING:
    from subsidy.schedule.catalogue import Schedule

app = typer.Typer()


@command(app, CHANGES)
def diff(
    one: Annotated[
        str,
        argument(
            "ID@DAY", zh="原版本：标准@起日，或文件", en="the version before, or a file", complete=completion.versions
        ),
    ],
    two: Annotated[
        str,
        argument(
            "ID@DAY", zh="新版本：标准@起日，或文件", en="the version after, or a file", complete=completion.versions
        ),
    ],
    common: Common,
    shown: Output,
    roster: SomeRoster = None,
    year: SomeYear = None,
    basis: Basis = "due",
    proceed: Proceed = False,
    mapping: MappingPath = None,
    findings: AllFindings = False,
) -> None:
    """两个版本有何不同；给出花名册，则算一年增减多少钱 · What changed between two versions, and what it costs a year.

    subsidy diff template-city/city@2023-01-01 template-city/city@2024-07-01
    subsidy diff examples/story/schedule@2023-01-01 examples/story/schedule@2024-01-01 \
        examples/story/roster-june -y 2024
    """
    from subsidy.budget.cost import cost
    from subsidy.report.comparison import print_cost
    from subsidy.report.difference import print_difference
    from subsidy.report.rows import comparison_rows, difference_rows
    from subsidy.roster.tables import read_roster
    from subsidy.schedule.difference import difference

    language = common.language
    if (roster is None) != (year is None):
        why = Text("花名册与年度须同时给出", "a roster and a year go together")
        raise WrongUse("--year", why, Text("请写 花名册 --year 年度", "write ROSTER --year YEAR"))
    with findings_reported(language, Text("未比较。", "Nothing was compared.")):
        before, after = _version(one), _version(two)
        found = difference(before, after)
    costs = None
    if roster is not None and year is not None:
        with findings_reported(language):
            costs = cost(before, after, read_roster(roster, mapping), year, basis=basis, proceed=proceed)
        tell(costs.findings, costs.reform.example_rows, every=findings)

    def text() -> None:
        print_difference(found, console(), language)
        if costs is not None:
            print_cost(costs, console(), language)

    shown.show(
        lambda: {**found.to_dict(), "cost": None if costs is None else costs.to_dict()},
        lambda: difference_rows(found, language) if costs is None else comparison_rows(costs),
        text,
    )


@command(app, CHANGES, "whatif")
def what_if(asked: Calculation, shown: Output, basis: Basis = "due") -> None:
    """改动标准后一年增减多少钱，逐项叠加 · What overlays, laid one over another, would cost a year.

    subsidy whatif examples/story/roster-june -s examples/story/schedule -y 2024 --set values.rate.is.disabled=250
    subsidy whatif examples/xian/roster -s cn/xian/elderly-care -y 2023 --proceed --set values.meal_rate.is=3
    """
    from subsidy.budget.what_if import what_if as compared
    from subsidy.report.comparison import print_what_if
    from subsidy.report.rows import what_if_rows
    from subsidy.schedule.catalogue import overlay_each

    language = asked.language
    if not asked.changes:
        why = Text("没有给出改动", "no change is given")
        remedy = Text("请写 --set 路径=值 或 --overlay 文件", "write --set PATH=VALUE or --overlay FILE")
        raise WrongUse("--set / --overlay", why, remedy)
    with findings_reported(language):
        day, overlays = asked.day, overlays_of(asked.changes)
        schedules = schedules_of(asked.schedule_ids, None, known_on=asked.known_on)
        overlay_each(schedules, *overlays)
        singly = [single for one in overlays for single in _one_by_one(one)]
        found = compared(schedules, asked.rows(), asked.year, *singly, basis=basis, proceed=asked.proceed, as_of=day)
    tell(found.findings, found.reform.example_rows, every=asked.findings)
    shown.show(found.to_dict, lambda: what_if_rows(found, language), lambda: print_what_if(found, console(), language))


def _one_by_one(overlay: dict[str, str] | Path) -> list[dict[str, str] | Path]:
    if isinstance(overlay, Path):
        return [overlay]
    return [{path: value} for path, value in overlay.items()]


def _version(written: str) -> Schedule:
    """The version that ID@DAY or a file names. `DAY` is a first day; without it there is only one version."""
    from subsidy.finding import Finding, Place, ScheduleError, Text, nearest
    from subsidy.schedule.catalogue import schedule

    name, _, day = written.rpartition("@")
    found = schedule(name or written)
    days = [str(version.first_day) for version in found.versions]
    if name and day not in days:
        why = Text(f"{found.id} 没有自 {day} 起的版本", f"{found.id} has no version from {day}")
        raise ScheduleError([Finding(Place(), "version", why, nearest(day, days), written)])
    if not name and len(days) > 1:
        listed = [f"{written}@{one}" for one in days]
        why = Text(f"{found.id} 有 {len(days)} 个版本", f"{found.id} has {len(days)} versions")
        remedy = Text(f"请写明其中之一：{'、'.join(listed)}", f"choose one: {', '.join(listed)}")
        raise ScheduleError([Finding(Place(), "version", why, remedy, written)])
    return schedule(name, datetime.date.fromisoformat(day)) if name else found
