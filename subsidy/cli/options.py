"""Options that several commands have in common, and what they come to."""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from subsidy import resources
from subsidy.cli import completion
from subsidy.cli.console import console
from subsidy.cli.help import HOW, OUTPUT, WHAT
from subsidy.cli.language import spoken
from subsidy.cli.option import argument, option
from subsidy.cli.usage import WrongUse, refused_as
from subsidy.finding import Language, Text

if TYPE_CHECKING:
    from subsidy.budget.cells import Basis as BasisName
    from subsidy.budget.result import Result
    from subsidy.roster.tables import Roster
    from subsidy.schedule.catalogue import Schedule


YEAR, FIRST, LAST = ("--year", "-y"), 1950, 2150


def _set_memory(written: str | None) -> str | None:
    with refused_as("--memory"):
        resources.limits(memory=written, threads=resources.current().threads)
    return written


def _set_threads(number: int | None) -> int | None:
    with refused_as("--threads"):
        resources.limits(memory=resources.current().memory, threads=number)
    return number


Lang = Annotated[
    Literal["zh", "en"] | None,
    option("--lang", zh="语言，默认随系统", en="language; that of the system by default", metavar="zh|en"),
]
Memory = Annotated[
    str | None,
    option(
        "--memory", zh="内存上限，如 2GB", en="at most so much memory, as 2GB", metavar="SIZE", callback=_set_memory
    ),
]
Threads = Annotated[
    int | None,
    option("--threads", zh="线程数上限", en="at most so many threads", metavar="NUMBER", callback=_set_threads),
]
RosterPath = Annotated[
    Path,
    argument(
        "ROSTER", zh="花名册：工作簿，或 CSV、Parquet 的文件夹", en="a workbook, or a folder of CSV or Parquet files"
    ),
]
SomeRoster = Annotated[
    Path | None,
    argument("ROSTER", zh="花名册：工作簿或文件夹", en="a roster: workbook or folder"),
]
Ids = Annotated[
    list[str],
    option(
        "--schedule",
        "-s",
        zh="补贴标准：名称、YAML 文件或文件夹（见 subsidy list）",
        en="schedule: id, YAML file or folder (see subsidy list)",
        group=WHAT,
        metavar="ID|FILE",
        complete=completion.schedules,
    ),
]
OneId = Annotated[
    str, argument("ID", zh="补贴标准：名称或文件", en="schedule: id or file", complete=completion.schedules)
]
Changes = Annotated[
    list[str] | None,
    option(
        "--set",
        "--overlay",
        zh="临时改动，如 values.meal_rate.is=3，或改动文件；依次叠加",
        en="overlay, as values.meal_rate.is=3, or a file of overlays; one over another",
        group=WHAT,
        metavar="PATH=VALUE|FILE",
        complete=completion.overlays,
    ),
]
MappingPath = Annotated[
    Path | None,
    option(
        "--mapping",
        zh="列名对照表（YAML，见 subsidy map）",
        en="what the file's own headings stand for (YAML)",
        group=WHAT,
        metavar="FILE",
    ),
]
Year = Annotated[
    int,
    option(*YEAR, zh="年度，如 2023", en="year to report, as 2023", group=WHAT, metavar="YEAR", min=FIRST, max=LAST),
]
SomeYear = Annotated[
    int | None,
    option(*YEAR, zh="年度，如 2023", en="year to report, as 2023", group=WHAT, metavar="YEAR", min=FIRST, max=LAST),
]
OnDay = Annotated[
    str | None,
    option("--on", zh="该日施行的版本", en="the version in force on this day", group=WHAT, metavar="DAY"),
]
KnownOn = Annotated[
    str | None,
    option(
        "--known-on",
        zh="按该日已印发的文件",
        en="as known on this day: documents issued later do not exist",
        group=HOW,
        metavar="DAY",
    ),
]
AsOf = Annotated[
    str | None,
    option(
        "--as-of",
        zh="跨行核查的日期，默认取花名册中最晚的日期",
        en="day of the checks across rows; the roster's last by default",
        group=HOW,
        metavar="DAY",
    ),
]
Basis = Annotated[
    Literal["due", "accrued"],
    option(
        "--basis",
        zh="年度口径：due 按拨付到期年，accrued 按所属年",
        en="which year an amount is of: that of its due day, or of its period",
        group=HOW,
    ),
]
Proceed = Annotated[
    bool,
    option(
        "--proceed", zh="撇开出错的行，先算其余", en="leave rows with errors out, and calculate the rest", group=HOW
    ),
]
Until = Annotated[
    str | None,
    option(
        "--until",
        zh="到期日不晚于此日，默认年末",
        en="due by this day; the end of the year by default",
        group=HOW,
        metavar="DAY",
    ),
]
AllFindings = Annotated[
    bool,
    option("--findings", zh="疑点全部列出，不只列前几处", en="list every finding, not the first ones", group=OUTPUT),
]


@dataclass(frozen=True, kw_only=True)
class Common:
    """What every command that calculates may be told."""

    memory: Memory = None
    threads: Threads = None
    lang: Lang = None

    @property
    def language(self) -> Language:
        return spoken()


@dataclass(frozen=True, kw_only=True)
class Sources(Common):
    """A roster, and the schedules it is read by."""

    roster: RosterPath
    schedule_ids: Ids
    changes: Changes = None
    mapping: MappingPath = None
    as_of: AsOf = None
    known_on: KnownOn = None

    def schedules(self) -> list[Schedule]:
        return schedules_of(self.schedule_ids, self.changes, known_on=self.known_on)

    def rows(self) -> Roster:
        from subsidy.roster.tables import read_roster

        return read_roster(self.roster, self.mapping)

    @property
    def day(self) -> datetime.date | None:
        """The day of the checks."""
        return day_of(self.as_of, "--as-of")

    @property
    def inputs(self) -> list[Path | None]:
        """The files that are read, and may not be written over."""
        return [self.roster, self.mapping, *map(Path, self.schedule_ids)]


@dataclass(frozen=True, kw_only=True)
class Calculation(Sources):
    """A calculation: of one roster under schedules, a year of it reported."""

    year: Year
    proceed: Proceed = False
    findings: AllFindings = False

    def result(self, basis: BasisName = "due") -> Result:
        from subsidy.budget.calculate import calculate

        day, schedules = self.day, self.schedules()
        return calculate(schedules, self.rows(), self.year, basis=basis, proceed=self.proceed, as_of=day)


def schedules_of(
    ids: list[str], changes: list[str] | None, on: str | None = None, known_on: str | None = None
) -> list[Schedule]:
    from subsidy.report.text import print_findings
    from subsidy.schedule.catalogue import findings_of_catalogue, overlay_each, schedule

    hidden = [finding for finding in findings_of_catalogue() if finding.value in ids]
    print_findings(hidden, console(stderr=True), spoken())
    overlays = overlays_of(changes)
    return overlay_each([schedule(name, on, known_on=known_on) for name in ids], *overlays)


def overlays_of(changes: list[str] | None) -> list[dict[str, str] | Path]:
    """The overlays in the order given: files, and what is set by path; values set one after another are one overlay."""
    overlays: list[dict[str, str] | Path] = []
    for change in changes or []:
        path, sign, value = change.partition("=")
        if change.endswith((".yaml", ".yml")) and (not sign or Path(change).is_file()):
            overlays.append(Path(change))
        elif not sign or not path:
            why = Text("既不是改动，也不是 YAML 文件", "this is neither a change nor a YAML file")
            remedy = Text(
                "请写成 路径=值（如 values.meal_rate.is=3），或 YAML 文件",
                "write PATH=VALUE (values.meal_rate.is=3), or a YAML file",
            )
            raise WrongUse("--set / --overlay", why, remedy, change)
        elif overlays and isinstance(overlays[-1], dict):
            overlays[-1][path] = value
        else:
            overlays.append({path: value})
    return overlays


def day_of(written: str | None, option: str) -> datetime.date | None:
    try:
        return None if written is None else datetime.date.fromisoformat(written)
    except ValueError:
        why, remedy = Text("不是日期", "there is no such day"), Text("请写成 2023-12-31", "write it like 2023-12-31")
        raise WrongUse(option, why, remedy, str(written)) from None
