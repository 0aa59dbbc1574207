"""Commands about schedules: list, show, document, validate, test, sql."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Literal

import typer

from subsidy.cli import completion
from subsidy.cli.command import SCHEDULES, command
from subsidy.cli.console import console
from subsidy.cli.findings import FOUND, findings_reported
from subsidy.cli.help import HOW, OUTPUT, WHAT
from subsidy.cli.language import said, spoken
from subsidy.cli.option import argument, option
from subsidy.cli.options import Changes, Common, Lang, MappingPath, OnDay, OneId, SomeYear, schedules_of
from subsidy.cli.output import Output
from subsidy.finding import Text

app = typer.Typer()


@command(app, SCHEDULES, "list")
def list_schedules(shown: Output, lang: Lang = None) -> None:
    """有哪些补贴标准，各有哪些版本 · Which schedules there are, with their versions.

    subsidy list
    subsidy list --csv
    """
    from subsidy.report.rows import entry, schedule_rows
    from subsidy.report.text import print_findings
    from subsidy.schedule.catalogue import catalogue, findings_of_catalogue, schedule

    with findings_reported(spoken(), FOUND):
        found = [schedule(name) for name in catalogue()]
    print_findings(findings_of_catalogue(), console(stderr=True), spoken())
    entries = [entry(version) for one in found for version in one.versions]

    def text() -> None:
        for one in entries:
            source = "" if one["source"] == "shipped" else f"  [{one['source']}]"
            head = f"{one['id']}  {one['version']}  r{one['revision']}  {one['document']}"
            sys.stdout.write(f"{head}  ({one['clauses']}){source}\n")

    shown.show(lambda: entries, lambda: schedule_rows(found), text)


@command(app, SCHEDULES)
def show(
    schedule_id: OneId,
    shown: Output,
    on: OnDay = None,
    tables: Annotated[
        bool, option("--tables", zh="花名册的表和列", en="tables and columns of the roster", group=OUTPUT)
    ] = False,
    lang: Lang = None,
) -> None:
    """补贴标准的条款和所读的数值；或要填的表和列
    · A schedule's clauses with the figures they read; or the columns of its roster.

    subsidy show template-city/city
    subsidy show cn/xian/elderly-care --tables
    """
    from subsidy.report.rows import clause_rows, column_rows
    from subsidy.report.text import described, print_schedule, print_tables

    language = spoken()
    with findings_reported(language, FOUND):
        found = schedules_of([schedule_id], None, on)[0]
    shown.show(
        lambda: [described(version) for version in found.versions],
        lambda: column_rows(found, language) if tables else clause_rows(found, language),
        lambda: (print_tables if tables else print_schedule)(found, console(), language),
    )


@command(app, SCHEDULES)
def document(
    schedule_id: OneId,
    output: Annotated[
        Path | None,
        option(
            "--output",
            "-o",
            zh="写入文件，不写则显示",
            en="the file to write; shown if not given",
            group=OUTPUT,
            metavar="FILE",
        ),
    ] = None,
    on: OnDay = None,
    lang: Lang = None,
) -> None:
    """把补贴标准写成一页文字（Markdown）：条款用文字，数值用表
    · A schedule as a page for readers: provisions in words, figures as tables.

    subsidy document cn/xian/elderly-care -o xian.md
    """
    from subsidy.files import check_writable, write_whole
    from subsidy.report.schedule_page import schedule_page

    language = spoken()
    with findings_reported(language, Text("未写入。", "Nothing was written.")):
        if output is not None:
            check_writable(output)
        found = schedules_of([schedule_id], None, on)[0]
        page = schedule_page(found.latest, language)
        if output is None:
            sys.stdout.write(page)
        else:
            write_whole(output, page)


@command(app, SCHEDULES)
def validate(
    file: Annotated[Path, argument("FILE", zh="补贴标准文件（YAML）", en="a schedule file (YAML)")], lang: Lang = None
) -> None:
    """检查一个补贴标准文件 · Check a schedule file; every mistake at once.

    subsidy validate schedules/template-city/city/2023-01-01.yaml
    """
    from subsidy.schedule.load import load_file

    with findings_reported(spoken(), FOUND):
        version = load_file(file)
    counts = len(version.clauses), len(version.limits)
    words = Text("{} 个条款，{} 个限制，无误", "{} clauses, {} limits, no mistakes")
    sys.stdout.write(f"{version.id} {version.first_day}: {said(words).format(*counts)}\n")


@command(app, SCHEDULES, "test")
def run_tests(
    common: Common,
    targets: Annotated[
        list[str] | None,
        argument(
            "ID|FILE",
            zh="补贴标准，或算例的文件、文件夹；默认全部",
            en="schedules, or files and folders of cases; all by default",
            complete=completion.schedules,
        ),
    ] = None,
) -> None:
    """计算标准自带的例子和算例，看结果是否一致 · Run the examples that schedules carry, and cases.

    subsidy test template-city/city
    """
    from subsidy.budget.cases import CASES
    from subsidy.budget.cases import run_tests as outcomes
    from subsidy.report.outcomes import outcome_text
    from subsidy.schedule.catalogue import catalogue

    language, width = common.language, console().width
    failed = passed = 0
    with findings_reported(language, Text("测试未完成。", "The tests were not finished.")):
        for target in targets or [*catalogue(), *([str(CASES)] if CASES.is_dir() else [])]:
            for outcome in outcomes(target):
                passed, failed = passed + outcome.passed, failed + (not outcome.passed)
                if not outcome.passed:
                    sys.stdout.write(f"{outcome_text(outcome, language, width)}\n")
    sys.stdout.write(f"{passed} passed, {failed} failed\n")
    if failed:
        raise typer.Exit(1)


@command(app, SCHEDULES, "sql")
def print_sql(
    schedule_id: OneId,
    dialect: Annotated[
        Literal["duckdb", "spark", "sqlite"], option("--dialect", zh="哪种 SQL", en="of which engine", group=HOW)
    ] = "duckdb",
    roster: Annotated[
        Path | None,
        option("--roster", zh="按此花名册的列", en="of the columns that this roster has", group=WHAT, metavar="ROSTER"),
    ] = None,
    year: SomeYear = None,
    on: OnDay = None,
    changes: Changes = None,
    mapping: MappingPath = None,
    lang: Lang = None,
) -> None:
    """一项标准的全部 SQL 语句，供审计运行 · All statements of a calculation, in order, for auditors to run.

    subsidy sql template-city/city --year 2023 --dialect spark
    """
    from subsidy.report.statements import statements
    from subsidy.roster.intake import intake
    from subsidy.roster.tables import read_roster

    language = spoken()
    with findings_reported(language, Text("未输出。", "Nothing was printed.")):
        found = schedules_of([schedule_id], changes, on)[0]
        taken_in = None if roster is None else intake(read_roster(roster, mapping), found.versions)
        year = year or found.latest.first_day.year
        sys.stdout.write(statements(found, dialect, year, language, taken_in))
