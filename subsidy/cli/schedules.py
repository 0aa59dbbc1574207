"""Commands about schedules: list, show, document, validate, test, sql."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, cast, get_args

import typer

from subsidy.cli.options import (
    AsJson,
    Changes,
    Lang,
    MappingPath,
    Memory,
    OnDay,
    Threads,
    console,
    findings_reported,
    language_of,
    print_json,
    schedules_of,
)

app = typer.Typer()


@app.command("list")
def list_schedules(as_json: AsJson = False, lang: Lang = "") -> None:
    """有哪些补贴标准 · Which schedules there are, with their versions."""
    from subsidy.report.text import print_findings
    from subsidy.schedule.catalogue import catalogue, findings_of_catalogue, origin_of, schedule

    language = language_of(lang)
    with findings_reported(language):
        found = [schedule(name) for name in catalogue()]
    print_findings(findings_of_catalogue(), console(stderr=True), language)
    entries = [
        {
            "id": one.id,
            "version": version.first_day.isoformat(),
            "revision": version.model.revision,
            "document": version.model.document.number,
            "issuer": version.model.document.issuer,
            "clauses": len(version.clauses),
            "source": origin_of(one.id).name,
        }
        for one in found
        for version in one.versions
    ]
    if as_json:
        print_json(entries)
        return
    for entry in entries:
        source = "" if entry["source"] == "shipped" else f"  [{entry['source']}]"
        head = f"{entry['id']}  {entry['version']}  r{entry['revision']}  {entry['document']}"
        sys.stdout.write(f"{head}  ({entry['clauses']}){source}\n")


@app.command()
def show(
    schedule_id: Annotated[str, typer.Argument(metavar="ID")],
    on: OnDay = None,
    tables: Annotated[bool, typer.Option("--tables", help="花名册的表和列 · tables and columns of the roster")] = False,
    as_json: AsJson = False,
    lang: Lang = "",
) -> None:
    """补贴标准的条款和数值 · A schedule's clauses with the figures they read."""
    from subsidy.report.text import described, print_schedule, print_tables

    language = language_of(lang)
    with findings_reported(language):
        found = schedules_of([schedule_id], None, on)[0]
    if as_json:
        print_json([described(version) for version in found.versions])
    elif tables:
        print_tables(found, console(), language)
    else:
        print_schedule(found, console(), language)


@app.command()
def document(
    schedule_id: Annotated[str, typer.Argument(metavar="ID")],
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="写入文件，不写则显示 · the file to write; shown if not given")
    ] = None,
    on: OnDay = None,
    lang: Lang = "",
) -> None:
    """把补贴标准写成一页文字（Markdown） · A schedule as a page for readers: provisions in words, figures as tables.

    subsidy document cn/xian/elderly-care -o xian.md
    """
    from subsidy.files import check_writable, write_whole
    from subsidy.report.schedule_page import schedule_page

    language = language_of(lang)
    with findings_reported(language, {"zh": "未写入。", "en": "Nothing was written."}):
        if output is not None:
            check_writable(output)
        found = schedules_of([schedule_id], None, on)[0]
        page = schedule_page(found.latest, language)
        if output is None:
            sys.stdout.write(page)
        else:
            write_whole(output, page)


@app.command()
def validate(file: Path, lang: Lang = "") -> None:
    """检查一个补贴标准文件 · Check a schedule file; every mistake at once."""
    from subsidy.schedule.load import load_file

    language = language_of(lang)
    with findings_reported(language):
        version = load_file(file)
    counts = len(version.clauses), len(version.limits)
    words = {
        "zh": "{} 个条款，{} 个限制，无误".format(*counts),
        "en": "{} clauses, {} limits, no mistakes".format(*counts),
    }
    sys.stdout.write(f"{version.id} {version.first_day}: {words[language]}\n")


@app.command("test")
def run_tests(
    targets: Annotated[
        list[str] | None,
        typer.Argument(metavar="[ID | FILE | FOLDER]...", help="补贴标准，或算例的文件、文件夹 · schedules, or cases"),
    ] = None,
    memory: Memory = None,
    threads: Threads = None,
    lang: Lang = "",
) -> None:
    """计算标准自带的例子和算例 · Run the examples that schedules carry, and cases.

    Without arguments: the examples of all shipped schedules, and the cases in tests/cases where there are any.
    """
    from subsidy.budget.cases import CASES
    from subsidy.budget.cases import run_tests as outcomes
    from subsidy.report.outcomes import outcome_text
    from subsidy.schedule.catalogue import catalogue

    language, width = language_of(lang), console().width
    failed = passed = 0
    with findings_reported(language, {"zh": "测试未完成。", "en": "The tests were not finished."}):
        for target in targets or [*catalogue(), *([str(CASES)] if CASES.is_dir() else [])]:
            for outcome in outcomes(target):
                passed, failed = passed + outcome.passed, failed + (not outcome.passed)
                if not outcome.passed:
                    sys.stdout.write(f"{outcome_text(outcome, language, width)}\n")
    sys.stdout.write(f"{passed} passed, {failed} failed\n")
    if failed:
        raise typer.Exit(1)


@app.command("sql")
def print_sql(
    schedule_id: Annotated[str, typer.Argument(metavar="ID")],
    dialect: Annotated[str, typer.Option("--dialect", help="duckdb, spark, sqlite")] = "duckdb",
    roster: Annotated[
        Path | None, typer.Option("--roster", help="按此花名册的列 · of the columns that this roster has")
    ] = None,
    year: Annotated[
        int | None, typer.Option("--year", "-y", min=1950, max=2150, help="期间算到该年 · periods up to this year")
    ] = None,
    on: OnDay = None,
    changes: Changes = None,
    mapping: MappingPath = None,
    lang: Lang = "",
) -> None:
    """一项标准的全部 SQL 语句 · All statements of a calculation, in order, for auditors to run.

    subsidy sql cn/xian/elderly-care --dialect spark
    """
    from subsidy.report.statements import Dialect, statements
    from subsidy.roster.intake import intake
    from subsidy.roster.tables import read_roster

    language = language_of(lang)
    if dialect not in get_args(Dialect):
        wrong = f"{dialect}：请写 duckdb、spark 或 sqlite · write duckdb, spark or sqlite"
        raise typer.BadParameter(wrong, param_hint="--dialect")
    with findings_reported(language, {"zh": "未输出。", "en": "Nothing was printed."}):
        found = schedules_of([schedule_id], changes, on)[0]
        taken_in = None if roster is None else intake(read_roster(roster, mapping), found.versions)
        year = year or found.latest.first_day.year
        sys.stdout.write(statements(found, cast(Dialect, dialect), year, language, taken_in))
