"""The command that settles."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from subsidy.cli.command import CALCULATIONS, command
from subsidy.cli.console import console
from subsidy.cli.findings import findings_reported, tell
from subsidy.cli.help import HOW, OUTPUT, WHAT
from subsidy.cli.language import said
from subsidy.cli.option import option
from subsidy.cli.options import Calculation, Until, day_of
from subsidy.cli.output import Output
from subsidy.cli.usage import WrongUse
from subsidy.finding import Text

app = typer.Typer()


@command(app, CALCULATIONS, "settle")
def settle_payments(
    asked: Calculation,
    shown: Output,
    paid: Annotated[
        list[Path],
        option(
            "--paid",
            zh="已拨：budget --ledger 或 settle -o 的文件夹，或拨付文件；多个相加",
            en="paid before: a folder of budget --ledger or settle -o, or a file of payments; several add up",
            group=WHAT,
            metavar="PAID",
        ),
    ],
    until: Until = None,
    since: Annotated[
        str | None,
        option(
            "--since", zh="此日之前到期的不比较", en="what was due before is not compared", group=HOW, metavar="DAY"
        ),
    ] = None,
    output: Annotated[
        Path | None,
        option(
            "--output",
            "-o",
            zh="另存差额：文件夹，或 .csv",
            en="save what differs: a folder, or a .csv file",
            group=OUTPUT,
            metavar="FILE",
        ),
    ] = None,
) -> None:
    """清算：应拨与已拨比较，多退少补 · Settle what is owed against what was paid: arrears and recoveries.

    subsidy settle examples/story/roster-september -s examples/story/schedule -y 2024 --paid ledger --until 2024-06-30
    """
    from subsidy.budget.settle import settle
    from subsidy.budget.settlement import check_output
    from subsidy.report.rows import settlement_rows
    from subsidy.report.settlement import print_settlement

    language = asked.language
    first, last = day_of(since, "--since"), day_of(until, "--until")
    if first is not None and first > (last or first.replace(asked.year, 12, 31)):
        why = Text("起日在止日之后", "the first day is after the last")
        raise WrongUse("--since / --until", why, Text("请核对两个日期", "check the two days"))
    with findings_reported(language, Text("未清算。", "Nothing was settled.")):
        if output is not None:
            check_output(output, *asked.inputs, *paid)
        result = asked.result()
        found = settle(result, list(paid), until=last, since=first)
        if output is not None:
            found.save(output)
    tell(found.findings, result.example_rows, every=asked.findings)
    shown.show(found.to_dict, lambda: settlement_rows(found), lambda: print_settlement(found, console(), language))
    if output is not None:
        lines = len(found.payments)
        words = Text(f"{output}：差额 {lines} 笔", f"{output}: {lines} differences of payments")
        sys.stderr.write(f"{said(words)}\n")
