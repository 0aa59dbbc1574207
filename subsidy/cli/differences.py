"""Commands that compare: diff, whatif."""

from __future__ import annotations

import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from subsidy.cli.options import (
    AsJson,
    Basis,
    Changes,
    Ids,
    Lang,
    MappingPath,
    Memory,
    Proceed,
    RosterPath,
    Threads,
    Year,
    basis_of,
    console,
    findings_reported,
    language_of,
    overlays_of,
    print_json,
    schedules_of,
)

if TYPE_CHECKING:
    from subsidy.schedule.catalogue import Schedule

app = typer.Typer()


@app.command()
def diff(
    one: Annotated[
        str, typer.Argument(metavar="ID@DAY", help="原版本：标准@起日，或文件 · the version before, or a file")
    ],
    two: Annotated[
        str, typer.Argument(metavar="ID@DAY", help="新版本：标准@起日，或文件 · the version after, or a file")
    ],
    roster: Annotated[
        Path | None, typer.Argument(help="花名册；给出则算增减金额 · roster: what the change costs")
    ] = None,
    year: Annotated[int | None, typer.Option("--year", "-y", min=1950, max=2150, help="年度 · year to report")] = None,
    basis: Basis = "due",
    proceed: Proceed = False,
    mapping: MappingPath = None,
    as_json: AsJson = False,
    memory: Memory = None,
    threads: Threads = None,
    lang: Lang = "",
) -> None:
    """两个版本有何不同、增减多少钱 · What changed between two versions, and what it costs a year.

    subsidy diff template-city/city@2023-01-01 template-city/city@2024-07-01
    """
    from subsidy.budget.cost import cost
    from subsidy.report.comparison import print_cost
    from subsidy.report.difference import print_difference
    from subsidy.report.text import print_examples, print_findings
    from subsidy.roster.tables import read_roster
    from subsidy.schedule.difference import difference

    language = language_of(lang)
    if (roster is None) != (year is None):
        raise typer.BadParameter("ROSTER + --year", param_hint="--year")
    by = basis_of(basis)
    with findings_reported(language, {"zh": "未比较。", "en": "Nothing was compared."}):
        before, after = _version(one), _version(two)
        found = difference(before, after)
    costs = None
    if roster is not None and year is not None:
        with findings_reported(language):
            costs = cost(before, after, read_roster(roster, mapping), year, basis=by, proceed=proceed)
        print_findings(costs.findings, console(stderr=True), language)
        print_examples(costs.reform.example_rows, console(stderr=True), language)
    if as_json:
        print_json({**found.to_dict(), "cost": None if costs is None else costs.to_dict()})
        return
    print_difference(found, console(), language)
    if costs is not None:
        print_cost(costs, console(), language)


@app.command("whatif")
def what_if(
    roster: RosterPath,
    schedule_ids: Ids,
    year: Year,
    changes: Changes = None,
    basis: Basis = "due",
    proceed: Proceed = False,
    mapping: MappingPath = None,
    as_json: AsJson = False,
    memory: Memory = None,
    threads: Threads = None,
    lang: Lang = "",
) -> None:
    """改动标准后增减多少钱 · What overlays, laid one over another, would cost a year.

    subsidy whatif examples/xian/roster -s cn/xian/elderly-care -y 2023 --proceed --set values.meal_rate.is=3
    """
    from subsidy.budget.what_if import what_if as compared
    from subsidy.report.comparison import print_what_if
    from subsidy.report.text import print_examples, print_findings
    from subsidy.roster.tables import read_roster
    from subsidy.schedule.catalogue import overlay_each

    language, by = language_of(lang), basis_of(basis)
    if not changes:
        raise typer.BadParameter("请给出改动 · give --overlay FILE or --set PATH=VALUE", param_hint="--overlay / --set")
    with findings_reported(language):
        schedules, overlays = schedules_of(schedule_ids, None), overlays_of(changes)
        overlay_each(schedules, *overlays)
        singly = [single for one in overlays for single in _one_by_one(one)]
        found = compared(schedules, read_roster(roster, mapping), year, *singly, basis=by, proceed=proceed)
    print_findings(found.findings, console(stderr=True), language)
    print_examples(found.reform.example_rows, console(stderr=True), language)
    if as_json:
        print_json(found.to_dict())
    else:
        print_what_if(found, console(), language)


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
