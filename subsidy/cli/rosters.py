"""Commands about rosters: template, map, check."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from subsidy.cli.options import (
    AsJson,
    AsOf,
    Ids,
    KnownOn,
    Lang,
    MappingPath,
    Memory,
    OnDay,
    RosterPath,
    Threads,
    console,
    day_of,
    findings_reported,
    language_of,
    print_json,
    schedules_of,
)

app = typer.Typer()


@app.command()
def template(
    schedule_ids: Annotated[list[str], typer.Argument(metavar="ID...")],
    output: Annotated[Path, typer.Option("--output", "-o", help="模板文件 · the workbook to write, .xlsx")],
    on: OnDay = None,
    force: Annotated[bool, typer.Option("--force", help="覆盖已有文件 · replace a file that is there")] = False,
    lang: Lang = "",
) -> None:
    """制作待填的花名册工作簿 · Make the workbook that is to be filled in for one or several schedules."""
    from subsidy.roster.template import template as make

    language = language_of(lang)
    with findings_reported(language, {"zh": "模板未保存。", "en": "The template was not saved."}):
        sheets = make(schedules_of(schedule_ids, None, on), output, language, force=force)
    words = {"zh": f"{len(sheets)} 个工作表", "en": f"{len(sheets)} sheets"}
    sys.stdout.write(f"{output}: {words[language]}\n")


@app.command()
def check(
    roster: RosterPath,
    schedule_ids: Ids,
    as_of: AsOf = None,
    known_on: KnownOn = None,
    mapping: MappingPath = None,
    checks: Annotated[
        bool, typer.Option("--checks", help="列出已查和未查的跨行核查 · list the checks across rows, ran or not")
    ] = False,
    as_json: AsJson = False,
    memory: Memory = None,
    threads: Threads = None,
    lang: Lang = "",
) -> None:
    """检查花名册 · Check a roster: everything that is wrong, with its place and what would be right."""
    from subsidy.budget.calculate import examine
    from subsidy.report.text import print_checks, print_examples, print_findings
    from subsidy.roster.tables import read_roster

    language, day = language_of(lang), day_of(as_of)
    with findings_reported(language):
        examined = examine(schedules_of(schedule_ids, None, known_on=known_on), read_roster(roster, mapping), as_of=day)
    findings = examined.findings
    if as_json:
        print_json(examined.to_dict())
    else:
        print_findings(findings, console(), language)
        words = {"zh": f"疑点 {len(findings)} 处", "en": f"{len(findings)} findings"}
        console(stderr=True).print(words[language], highlight=False)
        print_checks(examined.checks, examined.as_of, console(stderr=True), language, each=checks)
    print_examples(examined.example_rows, console(stderr=True), language)
    if any(finding.severity == "error" for finding in findings):
        raise typer.Exit(1)


@app.command("map")
def propose_mapping(
    roster: RosterPath,
    schedule_ids: Ids,
    output: Annotated[Path | None, typer.Option("--output", "-o", help="写入文件 · write to this file")] = None,
    memory: Memory = None,
    threads: Threads = None,
    lang: Lang = "",
) -> None:
    """列名对照表 · Propose a mapping for a roster with headings of its own; what the file has decided already stays.

    subsidy map 花名册.xlsx --schedule cn/xian/elderly-care -o map.yaml
    """
    from subsidy.files import check_writable, write_whole
    from subsidy.roster.mapping import read_mapping
    from subsidy.roster.propose import proposed_mapping
    from subsidy.roster.tables import read_roster

    language = language_of(lang)
    with findings_reported(language, {"zh": "对照表未写入。", "en": "The mapping was not written."}):
        if output is not None:
            check_writable(output)
        versions = [version for one in schedules_of(schedule_ids, None) for version in one.versions]
        previous = read_mapping(output) if output is not None and output.exists() else None
        text = proposed_mapping(read_roster(roster), versions, previous, language)
        if output is not None:
            write_whole(output, text)
    if output is None:
        sys.stdout.write(text)
