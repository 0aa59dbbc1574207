"""The command that says when what falls due: calendar."""

from __future__ import annotations

import calendar
import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from subsidy.cli.options import (
    AsJson,
    Changes,
    Ids,
    Lang,
    MappingPath,
    Memory,
    Proceed,
    RosterPath,
    Threads,
    Year,
    console,
    findings_reported,
    language_of,
    print_json,
    schedules_of,
)

if TYPE_CHECKING:
    from fractions import Fraction

    from subsidy.budget.payment_calendar import By

app = typer.Typer()


@app.command("calendar")
def payment_calendar(
    roster: RosterPath,
    schedule_ids: Ids,
    year: Year,
    by: Annotated[str, typer.Option("--by", help="month 按月 · day 按日")] = "month",
    advance: Annotated[
        str | None, typer.Option("--advance", help="当年预拨估算额的比例，次年清算 · share paid in advance: 70%")
    ] = None,
    on: Annotated[
        list[str] | None,
        typer.Option("--on", help="预拨日，可多次，或 monthly 每月末 · days of the advance: 03-31, or monthly"),
    ] = None,
    settle: Annotated[
        str | None, typer.Option("--settle", help="次年清算日 · settled in the next year on: 03-31")
    ] = None,
    estimate: Annotated[
        Path | None,
        typer.Option(
            "--estimate", help="估算用的花名册；默认同一花名册的上一年 · roster of the estimate; else last year"
        ),
    ] = None,
    proceed: Proceed = False,
    changes: Changes = None,
    mapping: MappingPath = None,
    as_json: AsJson = False,
    memory: Memory = None,
    threads: Threads = None,
    lang: Lang = "",
) -> None:
    """拨付日历 · When what falls due, on what condition, by whom; what is still to come.

    subsidy calendar examples/xian/roster -s cn/xian/elderly-care -y 2023 --proceed
    """
    from subsidy.budget.advance import Advance
    from subsidy.budget.calculate import calculate
    from subsidy.finding import Refusal
    from subsidy.report.calendar import print_calendar
    from subsidy.report.text import print_examples, print_findings
    from subsidy.roster.tables import read_roster

    language, grouping = language_of(lang), _by(by)
    share, days, settled = _advance(advance, on, settle, estimate, year)
    with findings_reported(language):
        schedules, rows = schedules_of(schedule_ids, changes), read_roster(roster, mapping)
        result = calculate(schedules, rows, year, proceed=proceed)
        estimated = None
        if share is not None:
            of, estimated_year = (rows, year - 1) if estimate is None else (read_roster(estimate, mapping), year)
            estimated = calculate(schedules, of, estimated_year, proceed=proceed)
    try:
        planned = None if estimated is None or share is None else Advance(share, days, settled, estimated)
        found = result.calendar(planned)
    except Refusal as refusal:
        wrong = f"{refusal.why.in_(language)}; {refusal.remedy.in_(language)}"
        raise typer.BadParameter(wrong, param_hint="--advance / --on / --settle") from None
    print_findings(result.findings, console(stderr=True), language)
    print_examples(result.example_rows, console(stderr=True), language)
    if as_json:
        print_json(found.to_dict(grouping))
    else:
        print_calendar(found, grouping, console(), language)


def _by(written: str) -> By:
    if written not in ("month", "day"):
        raise typer.BadParameter(f"{written}：请写 month 或 day · write month or day", param_hint="--by")
    return "month" if written == "month" else "day"


def _advance(
    share: str | None, on: list[str] | None, settle: str | None, estimate: Path | None, year: int
) -> tuple[Fraction | None, tuple[tuple[int, int], ...], tuple[int, int]]:
    """The share, the days of the advance and that of the settlement; no share where none is paid in advance."""
    if share is None and not on and settle is None and estimate is None:
        return None, (), (12, 31)
    if share is None or not on or settle is None:
        raise typer.BadParameter(
            "预拨须有 --advance、--on 和 --settle · an advance needs --advance 70%, --on 03-31 and --settle 03-31",
            param_hint="--advance",
        )
    days = [day for one in on for day in (_ends_of_months(year) if one == "monthly" else [_month_and_day(one, "--on")])]
    return _share(share), tuple(days), _month_and_day(settle, "--settle")


def _ends_of_months(year: int) -> list[tuple[int, int]]:
    return [(month, calendar.monthrange(year, month)[1]) for month in range(1, 13)]


def _share(written: str) -> Fraction:
    from fractions import Fraction

    from subsidy.finding import Refusal
    from subsidy.money import exact_number

    try:
        if not written.endswith("%"):
            raise ValueError
        return Fraction(exact_number(written[:-1])) / 100
    except (Refusal, ValueError):
        wrong = f"{written}：请写成 70% · write it like 70%"
        raise typer.BadParameter(wrong, param_hint="--advance") from None


def _month_and_day(written: str, option: str) -> tuple[int, int]:
    if not re.fullmatch(r"[0-9]{2}-[0-9]{2}", written):
        raise typer.BadParameter(f"{written}：请写成 03-31 · write it like 03-31", param_hint=option)
    return int(written[:2]), int(written[3:])
