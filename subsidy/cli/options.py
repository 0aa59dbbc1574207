"""What the commands share: their options, the language, findings instead of tracebacks."""

from __future__ import annotations

import datetime
import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from subsidy import resources
from subsidy.cli.watch import progress_shown
from subsidy.finding import FindingsError, Language, Refusal, RosterError, Text

if TYPE_CHECKING:
    from subsidy.budget import cells
    from subsidy.budget.result import Result
    from subsidy.schedule.catalogue import Schedule


def _speak(written: str) -> str:
    """Keep the language for what is told outside of a command."""
    global _chosen
    _chosen = written
    return written


_chosen = ""
Lang = Annotated[
    str, typer.Option("--lang", callback=_speak, is_eager=True, help="zh 或 en · zh or en; the locale's by default")
]
Ids = Annotated[list[str], typer.Option("--schedule", "-s", help="补贴标准 id 或 YAML 文件 · schedule id or YAML file")]
RosterPath = Annotated[
    Path, typer.Argument(help="花名册：工作簿或文件夹 · roster: workbook or folder of CSV or Parquet")
]
AsJson = Annotated[bool, typer.Option("--json", help="JSON")]
Changes = Annotated[
    list[str] | None,
    typer.Option(
        "--set",
        "--overlay",
        metavar="PATH=VALUE|FILE",
        help="临时改动，或改动文件，依次叠加 · overlays in order: values.operating_rate.is.5.disabled=250, or a file",
    ),
]
MappingPath = Annotated[
    Path | None, typer.Option("--mapping", help="列名对照表 · what the file's own headings stand for (YAML)")
]


def _set_memory(written: str | None) -> str | None:
    with _bad_parameter("--memory"):
        resources.limits(memory=written, threads=resources.current().threads)
    return written


def _set_threads(number: int | None) -> int | None:
    with _bad_parameter("--threads"):
        resources.limits(memory=resources.current().memory, threads=number)
    return number


@contextmanager
def _bad_parameter(option: str) -> Iterator[None]:
    try:
        yield
    except Refusal as error:
        wrong = f"{error.why.zh}；{error.remedy.zh} · {error.why.en}; {error.remedy.en}"
        raise typer.BadParameter(wrong, param_hint=option) from None


Memory = Annotated[
    str | None, typer.Option("--memory", callback=_set_memory, help="内存上限 · at most so much memory: 2GB")
]
Threads = Annotated[
    int | None, typer.Option("--threads", callback=_set_threads, help="线程数上限 · at most so many threads")
]
OnDay = Annotated[str | None, typer.Option("--on", help="该日有效的版本 · the version in force on this day")]
KnownOn = Annotated[
    str | None,
    typer.Option("--known-on", help="按该日已印发的文件 · as known on this day: documents issued later do not exist"),
]
Until = Annotated[
    str | None,
    typer.Option("--until", help="到期日不晚于此日，默认年末 · due by this day; the end of the year by default"),
]
AsOf = Annotated[
    str | None,
    typer.Option("--as-of", help="核查日，默认取花名册最晚日期 · day of the checks; the roster's last by default"),
]
Basis = Annotated[str, typer.Option("--basis", help="due 按拨付到期年 · accrued 按所属年")]


PROCEED = Text("加 --proceed 则撇开出错的行，先算其余。", "--proceed leaves these rows out and calculates the rest.")


def _default_language() -> str:
    locale = next((os.environ[name] for name in ("LC_ALL", "LC_MESSAGES", "LANG") if os.environ.get(name)), "")
    return "zh" if locale.lower().startswith("zh") else "en"


def spoken() -> Language:
    """The language of this run, whether or not a command has begun."""
    return "zh" if (_chosen or _default_language()) == "zh" else "en"


def language_of(lang: str) -> Language:
    chosen = lang or _default_language()
    if chosen not in ("zh", "en"):
        raise typer.BadParameter(f"{chosen}：请写 zh 或 en · write zh or en", param_hint="--lang")
    return "zh" if chosen == "zh" else "en"


def console(stderr: bool = False) -> Any:
    from rich.console import Console

    return Console(stderr=stderr, emoji=False)


@contextmanager
def findings_reported(language: Language, outcome: dict[str, str] | None = None) -> Iterator[None]:
    """Findings and what did not happen because of them on stderr, and exit code 1, instead of a traceback."""
    try:
        with progress_shown(console(stderr=True), language):
            yield
    except FindingsError as error:
        report_findings(error, language, outcome)
        raise typer.Exit(1) from None


def report_findings(error: FindingsError, language: Language, outcome: dict[str, str] | None = None) -> None:
    """Findings on stderr, and what did not happen because of them."""
    from subsidy.report.text import print_findings

    stderr = console(stderr=True)
    print_findings(error.findings, stderr, language)
    errors = sum(finding.severity == "error" for finding in error.findings)
    words = outcome or {"zh": f"共 {errors} 处错误，未计算。", "en": f"errors: {errors}; nothing was calculated."}
    stderr.print(words[language], highlight=False)
    if outcome is None and isinstance(error, RosterError):
        hint = {
            "zh": "加 --proceed 则撇开出错的行，先算其余。",
            "en": "--proceed leaves these rows out and calculates the rest.",
        }
        stderr.print(hint[language], highlight=False)


def print_json(content: Any) -> None:
    sys.stdout.write(json.dumps(content, ensure_ascii=False, indent=2) + "\n")


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
            raise typer.BadParameter(
                f"{change}：请写成 路径=值，或 YAML 文件 · write PATH=VALUE (values.rate.is=250), or a YAML file",
                param_hint="--set / --overlay",
            )
        elif overlays and isinstance(overlays[-1], dict):
            overlays[-1][path] = value
        else:
            overlays.append({path: value})
    return overlays


def basis_of(written: str) -> cells.Basis:
    if written not in ("due", "accrued"):
        wrong = f"{written}：请写 due（按拨付到期年）或 accrued（按所属年） · write due or accrued"
        raise typer.BadParameter(wrong, param_hint="--basis")
    return "due" if written == "due" else "accrued"


def day_of(written: str | None, option: str = "--as-of") -> datetime.date | None:
    try:
        return None if written is None else datetime.date.fromisoformat(written)
    except ValueError:
        wrong = f"{written}：不是日期，请写成 2023-12-31 · no such day, write it like 2023-12-31"
        raise typer.BadParameter(wrong, param_hint=option) from None


Proceed = Annotated[
    bool, typer.Option("--proceed", help="有错误的行不付，其余照算 · calculate the rest in spite of errors")
]
Year = Annotated[int, typer.Option("--year", "-y", min=1950, max=2150, help="年度 · year to report")]


def calculated(
    roster: Path,
    mapping: Path | None,
    ids: list[str],
    year: int,
    basis: str,
    proceed: bool,
    changes: list[str] | None,
    as_of: str | None = None,
    known_on: str | None = None,
) -> Result:
    """The result of a calculation as the options ask for it."""
    from subsidy.budget.calculate import calculate
    from subsidy.roster.tables import read_roster

    by = basis_of(basis)
    return calculate(
        schedules_of(ids, changes, known_on=known_on),
        read_roster(roster, mapping),
        year,
        basis=by,
        proceed=proceed,
        as_of=day_of(as_of),
    )
