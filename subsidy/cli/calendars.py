"""The command that says when what falls due: calendar."""

from __future__ import annotations

import calendar
import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from subsidy.cli.command import CALCULATIONS, command
from subsidy.cli.console import console
from subsidy.cli.findings import findings_reported, tell
from subsidy.cli.help import HOW, OUTPUT
from subsidy.cli.option import option
from subsidy.cli.options import Calculation
from subsidy.cli.output import Output
from subsidy.cli.usage import WrongUse
from subsidy.finding import Text

if TYPE_CHECKING:
    from fractions import Fraction

app = typer.Typer()


@command(app, CALCULATIONS, "calendar")
def payment_calendar(
    asked: Calculation,
    shown: Output,
    by: Annotated[
        Literal["month", "day"], option("--by", zh="按月或按日", en="by month or by day", group=OUTPUT)
    ] = "month",
    advance: Annotated[
        str | None,
        option(
            "--advance",
            zh="当年预拨估算额的比例，次年清算，如 70%",
            en="share of an estimate that is paid in advance, as 70%",
            group=HOW,
            metavar="SHARE",
        ),
    ] = None,
    on: Annotated[
        list[str] | None,
        option(
            "--on",
            zh="预拨日，如 03-31；monthly 为每月末",
            en="days of the advance, as 03-31; monthly: ends of months",
            group=HOW,
            metavar="MM-DD",
        ),
    ] = None,
    settle: Annotated[
        str | None,
        option(
            "--settle",
            zh="次年清算日，如 03-31",
            en="settled in the next year on this day, as 03-31",
            group=HOW,
            metavar="MM-DD",
        ),
    ] = None,
    estimate: Annotated[
        Path | None,
        option(
            "--estimate",
            zh="估算用的花名册；默认用同一花名册的上一年",
            en="roster of the estimate; else last year's of the same",
            group=HOW,
            metavar="ROSTER",
        ),
    ] = None,
) -> None:
    """拨付日历：何时付、付什么、凭什么条件、由谁承担，以后各年还要付多少
    · What falls due when, on what condition, by whom, and what is still to come.

    subsidy calendar examples/story/roster-june -s examples/story/schedule -y 2024
    subsidy calendar examples/story/roster-june -s examples/story/schedule -y 2024 --by day --csv
    subsidy calendar examples/story/roster-june -s examples/story/schedule -y 2024 \
        --advance 70% --on 03-31 --settle 03-31
    """
    from subsidy.budget.advance import Advance
    from subsidy.budget.calculate import calculate
    from subsidy.finding import Refusal
    from subsidy.report.calendar import print_calendar
    from subsidy.report.rows import calendar_rows
    from subsidy.roster.tables import read_roster

    language = asked.language
    share, days, settled = _advance(advance, on, settle, estimate, asked.year)
    with findings_reported(language):
        day, schedules, rows = asked.day, asked.schedules(), asked.rows()
        result = calculate(schedules, rows, asked.year, proceed=asked.proceed, as_of=day)
        estimated = None
        if share is not None:
            of = (rows, asked.year - 1) if estimate is None else (read_roster(estimate, asked.mapping), asked.year)
            estimated = calculate(schedules, *of, proceed=asked.proceed)
    try:
        planned = None if estimated is None or share is None else Advance(share, days, settled, estimated)
        found = result.calendar(planned)
    except Refusal as refusal:
        raise WrongUse("--advance / --on / --settle", refusal.why, refusal.remedy) from None
    tell(result.findings, result.example_rows, every=asked.findings)
    shown.show(
        lambda: found.to_dict(by),
        lambda: calendar_rows(found, by, language),
        lambda: print_calendar(found, by, console(), language),
    )


def _advance(
    share: str | None, on: list[str] | None, settle: str | None, estimate: Path | None, year: int
) -> tuple[Fraction | None, tuple[tuple[int, int], ...], tuple[int, int]]:
    """The share, the days of the advance and that of the settlement; no share where none is paid in advance."""
    if share is None and not on and settle is None and estimate is None:
        return None, (), (12, 31)
    if share is None or not on or settle is None:
        why = Text("预拨须三项齐全", "an advance needs all three")
        example = "--advance 70% --on 03-31 --settle 03-31"
        raise WrongUse("--advance / --on / --settle", why, Text(f"请写 {example}", f"write {example}"))
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
        why = Text("不是百分数", "this is no percentage")
        raise WrongUse("--advance", why, Text("请写成 70%", "write it like 70%"), written) from None


def _month_and_day(written: str, option: str) -> tuple[int, int]:
    if not re.fullmatch(r"[0-9]{2}-[0-9]{2}", written):
        why = Text("不是月日", "this is no day of a year")
        raise WrongUse(option, why, Text("请写成 03-31", "write it like 03-31"), written)
    return int(written[:2]), int(written[3:])
