"""The command that settles."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from subsidy.cli.options import (
    AsJson,
    AsOf,
    Changes,
    Ids,
    KnownOn,
    Lang,
    MappingPath,
    Memory,
    Proceed,
    RosterPath,
    Threads,
    Until,
    Year,
    console,
    day_of,
    findings_reported,
    language_of,
    print_json,
    schedules_of,
)

app = typer.Typer()


@app.command("settle")
def settle_payments(
    roster: RosterPath,
    schedule_ids: Ids,
    year: Year,
    paid: Annotated[
        list[Path],
        typer.Option(
            "--paid",
            help="已拨：--ledger 或 settle -o 的文件夹，或拨付文件；可重复，相加 · "
            "paid before: a folder of --ledger or of settle -o, or a file of payments; several add up",
        ),
    ],
    known_on: KnownOn = None,
    until: Until = None,
    since: Annotated[
        str | None, typer.Option("--since", help="此日之前到期的不比较 · what was due before is not compared")
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", help="另存差额：文件夹，或 .csv · save what differs: a folder, or a .csv file"),
    ] = None,
    proceed: Proceed = False,
    as_of: AsOf = None,
    as_json: AsJson = False,
    changes: Changes = None,
    mapping: MappingPath = None,
    memory: Memory = None,
    threads: Threads = None,
    lang: Lang = "",
) -> None:
    """清算：应拨与已拨比较，多退少补 · Settle what is owed against what was paid: arrears and recoveries.

    subsidy settle roster --schedule cn/xian/elderly-care --year 2023 --paid ledger --until 2023-06-30
    """
    from subsidy.budget.calculate import calculate
    from subsidy.budget.settle import settle
    from subsidy.budget.settlement import check_output
    from subsidy.report.settlement import print_settlement
    from subsidy.report.text import print_examples, print_findings
    from subsidy.roster.tables import read_roster

    language = language_of(lang)
    first, last = day_of(since, "--since"), day_of(until, "--until")
    if first is not None and first > (last or first.replace(year, 12, 31)):
        raise typer.BadParameter("--since > --until", param_hint="--since")
    with findings_reported(language, {"zh": "未清算。", "en": "Nothing was settled."}):
        if output is not None:
            check_output(output, roster, mapping, *paid)
        schedules = schedules_of(schedule_ids, changes, known_on=known_on)
        result = calculate(schedules, read_roster(roster, mapping), year, proceed=proceed, as_of=day_of(as_of))
        found = settle(result, list(paid), until=last, since=first)
        if output is not None:
            found.save(output)
    print_findings(found.findings, console(stderr=True), language)
    print_examples(result.example_rows, console(stderr=True), language)
    if as_json:
        print_json(found.to_dict())
    else:
        print_settlement(found, console(), language)
    if output is not None:
        lines = len(found.payments)
        words = {"zh": f"{output}：差额 {lines} 笔", "en": f"{output}: {lines} differences of payments"}
        sys.stderr.write(f"{words[language]}\n")
