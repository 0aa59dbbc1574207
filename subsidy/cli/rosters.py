"""Commands about rosters: template, map, check."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from subsidy.cli.command import ROSTERS, command
from subsidy.cli.completion import schedules
from subsidy.cli.console import console
from subsidy.cli.findings import findings_reported
from subsidy.cli.help import OUTPUT
from subsidy.cli.language import said, spoken
from subsidy.cli.option import argument, option
from subsidy.cli.options import Common, Ids, Lang, OnDay, RosterPath, Sources, schedules_of
from subsidy.cli.output import Output
from subsidy.finding import Text

app = typer.Typer()


@command(app, ROSTERS)
def template(
    schedule_ids: Annotated[
        list[str], argument("ID", zh="补贴标准，可多个", en="one or several schedules", complete=schedules)
    ],
    output: Annotated[
        Path,
        option("--output", "-o", zh="模板文件，.xlsx", en="the workbook to write, .xlsx", group=OUTPUT, metavar="FILE"),
    ],
    on: OnDay = None,
    force: Annotated[
        bool, option("--force", zh="覆盖已有文件", en="replace a file that is there", group=OUTPUT)
    ] = False,
    lang: Lang = None,
) -> None:
    """制作待填的花名册工作簿 · Make the workbook that is to be filled in for one or several schedules.

    subsidy template cn/xian/elderly-care -o roster.xlsx
    subsidy template template-city/city template-city/province -o roster.xlsx --force
    """
    from subsidy.roster.template import template as make

    language = spoken()
    with findings_reported(language, Text("模板未保存。", "The template was not saved.")):
        sheets = make(schedules_of(schedule_ids, None, on), output, language, force=force)
    words = said(Text(f"{len(sheets)} 个工作表", f"{len(sheets)} sheets"))
    sys.stdout.write(f"{output}: {words}\n")


@command(app, ROSTERS)
def check(
    asked: Sources,
    shown: Output,
    checks: Annotated[
        bool,
        option("--checks", zh="列出已查和未查的跨行核查", en="list the checks across rows, ran or not", group=OUTPUT),
    ] = False,
) -> None:
    """检查花名册：哪一格有什么问题，怎样才对 · Check a roster: what is wrong, where, and what would be right.

    subsidy check examples/story/roster-june -s examples/story/schedule
    subsidy check examples/xian/roster -s cn/xian/elderly-care --csv
    """
    from subsidy.budget.calculate import examine
    from subsidy.report.rows import finding_rows
    from subsidy.report.text import print_checks, print_examples, print_findings

    language = asked.language
    with findings_reported(language):
        day = asked.day
        examined = examine(asked.schedules(), asked.rows(), as_of=day)
    findings = examined.findings

    def text() -> None:
        print_findings(findings, console(), language)
        words = Text(f"疑点 {len(findings)} 处", f"{len(findings)} findings")
        console(stderr=True).print(said(words), highlight=False)
        print_checks(examined.checks, examined.as_of, console(stderr=True), language, each=checks)

    shown.show(examined.to_dict, lambda: finding_rows(findings, language), text)
    print_examples(examined.example_rows, console(stderr=True), language)
    if any(finding.severity == "error" for finding in findings):
        raise typer.Exit(1)


@command(app, ROSTERS, "map")
def propose_mapping(
    roster: RosterPath,
    schedule_ids: Ids,
    common: Common,
    output: Annotated[
        Path | None,
        option(
            "--output",
            "-o",
            zh="写入文件；其中已定的保留",
            en="write to this file; what it has decided already stays",
            group=OUTPUT,
            metavar="FILE",
        ),
    ] = None,
) -> None:
    """自有列名的花名册：起草列名对照表 · Propose a mapping for a roster with headings of its own.

    subsidy map examples/story/roster-june -s examples/story/schedule -o map.yaml
    """
    from subsidy.files import check_writable, write_whole
    from subsidy.roster.mapping import read_mapping
    from subsidy.roster.propose import proposed_mapping
    from subsidy.roster.tables import read_roster

    language = common.language
    with findings_reported(language, Text("对照表未写入。", "The mapping was not written.")):
        if output is not None:
            check_writable(output)
        versions = [version for one in schedules_of(schedule_ids, None) for version in one.versions]
        previous = read_mapping(output) if output is not None and output.exists() else None
        text = proposed_mapping(read_roster(roster), versions, previous, language)
        if output is not None:
            write_whole(output, text)
    if output is None:
        sys.stdout.write(text)
