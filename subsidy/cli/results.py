"""Commands that calculate: budget, verify, targets."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Literal

import typer

from subsidy.cli.command import CALCULATIONS, CHANGES, command
from subsidy.cli.console import console
from subsidy.cli.findings import findings_reported, tell
from subsidy.cli.help import HOW, OUTPUT, WHAT
from subsidy.cli.option import argument, option
from subsidy.cli.options import (
    AllFindings,
    Basis,
    Calculation,
    Changes,
    Common,
    Ids,
    MappingPath,
    OnDay,
    Proceed,
    RosterPath,
    SomeRoster,
    Until,
    day_of,
    schedules_of,
)
from subsidy.cli.output import Output
from subsidy.cli.usage import WrongUse
from subsidy.finding import Text

app = typer.Typer()


@command(app, CALCULATIONS)
def budget(
    asked: Calculation,
    shown: Output,
    basis: Basis = "due",
    output: Annotated[
        Path | None,
        option("--output", "-o", zh="预算工作簿，.xlsx", en="a budget book, .xlsx", group=OUTPUT, metavar="FILE"),
    ] = None,
    receipt: Annotated[
        Path | None, option("--receipt", zh="另存计算凭证", en="save a receipt", group=OUTPUT, metavar="FILE")
    ] = None,
    ledger: Annotated[
        Path | None,
        option(
            "--ledger",
            zh="另存台账：应补助额、应拨付额、凭证",
            en="save entitlements, payments and the receipt",
            group=OUTPUT,
            metavar="FOLDER",
        ),
    ] = None,
    ledger_format: Annotated[
        Literal["parquet", "csv"], option("--ledger-format", zh="台账的格式", en="form of the ledger", group=OUTPUT)
    ] = "parquet",
    until: Until = None,
) -> None:
    """计算一年的预算：各条款、各区县、各承担主体多少钱 · A year's budget: by clause, district and payer.

    subsidy budget examples/story/roster-june -s examples/story/schedule -y 2024
    subsidy budget examples/story/roster-june -s examples/story/schedule -y 2024 --csv
    subsidy budget examples/xian/roster -s cn/xian/elderly-care -y 2023 --proceed --ledger ledger --receipt receipt.json
    """
    from subsidy.budget.saved import LEDGER_FILES
    from subsidy.files import check_folder, check_writable
    from subsidy.report.book import check_target
    from subsidy.report.rows import budget_rows
    from subsidy.report.text import print_budget, print_not_in_force

    language, last = asked.language, day_of(until, "--until")
    if ledger is None and (until is not None or ledger_format != "parquet"):
        why = Text("只与 --ledger 同用", "this goes together with --ledger")
        raise WrongUse("--until / --ledger-format", why, Text("请加 --ledger 文件夹", "add --ledger FOLDER"))
    with findings_reported(language):
        if output is not None:
            check_target(output, *asked.inputs)
        if receipt is not None:
            check_writable(receipt, *asked.inputs)
        if ledger is not None:
            check_folder(ledger, LEDGER_FILES, asked.roster)
        result = asked.result(basis)
    tell(result.findings, result.example_rows, every=asked.findings)
    print_not_in_force(result, console(stderr=True), language)
    shown.show(result.to_dict, lambda: budget_rows(result, language), lambda: print_budget(result, console(), language))
    if output is not None:
        with findings_reported(language, Text("预算工作簿未保存。", "The budget book was not saved.")):
            result.to_excel(output, language)
    if receipt is not None:
        with findings_reported(language, Text("凭证未保存。", "The receipt was not saved.")):
            result.receipt.save(receipt)
    if ledger is not None:
        with findings_reported(language, Text("台账未保存。", "The ledger was not saved.")):
            result.save_ledger(ledger, until=last, form=ledger_format)


@command(app, CALCULATIONS, "verify")
def verify_receipt(
    receipt: Annotated[
        Path, argument("RECEIPT", zh="计算凭证，由 budget --receipt 保存", en="a receipt that budget --receipt saved")
    ],
    roster: RosterPath,
    common: Common,
    shown: Output,
    schedule_ids: Annotated[
        list[str] | None,
        option(
            "--schedule",
            "-s",
            zh="代替凭证所列标准的文件",
            en="in place of the schedules that it names",
            group=WHAT,
            metavar="ID|FILE",
        ),
    ] = None,
    mapping: MappingPath = None,
    findings: AllFindings = False,
) -> None:
    """按凭证重算，看是否仍是上报的数 · Calculate again what a receipt is about: is it still what was reported?

    subsidy verify receipt.json examples/xian/roster
    """
    from subsidy.budget.receipt import Receipt
    from subsidy.budget.verify import verify
    from subsidy.report.rows import verification_rows
    from subsidy.report.verification import print_verification
    from subsidy.roster.tables import read_roster

    language = common.language
    with findings_reported(language, Text("凭证未核对。", "The receipt was not verified.")):
        read = Receipt.load(receipt)
        found = verify(read, read_roster(roster, mapping), schedules_of(schedule_ids or [], None))
    tell(found.findings, {}, every=findings)
    shown.show(
        found.to_dict,
        lambda: verification_rows(found, language),
        lambda: print_verification(found, console(), language),
    )
    if not found.equal:
        raise typer.Exit(1)


@command(app, CHANGES, "targets")
def measure_targets(
    schedule_ids: Ids,
    common: Common,
    shown: Output,
    roster: SomeRoster = None,
    costs: Annotated[
        list[str] | None,
        option(
            "--cost",
            zh="新增一个的费用，如 new_beds=cn/xian/elderly-care:bed_rate",
            en="what one addition costs, as new_beds=cn/xian/elderly-care:bed_rate",
            group=HOW,
            metavar="FACT=ID:VALUE",
        ),
    ] = None,
    proceed: Proceed = False,
    on: OnDay = None,
    changes: Changes = None,
    mapping: MappingPath = None,
    findings: AllFindings = False,
) -> None:
    """目标是否达到、还差多少，文件所载的数是否相符
    · Whether targets are reached, and printed figures follow from others.

    subsidy targets -s cn/yinchuan/elderly-care
    subsidy targets -s cn/yinchuan/elderly-care --csv
    """
    from subsidy.budget.targets import targets
    from subsidy.report.rows import target_rows
    from subsidy.report.targets import print_targets
    from subsidy.roster.tables import read_roster

    language = common.language
    with findings_reported(language, Text("目标未计算。", "The targets were not measured.")):
        given = None if roster is None else read_roster(roster, mapping)
        prices = {fact: (schedules_of([name], None)[0], value) for fact, name, value in map(_cost, costs or [])}
        found = [targets(one, given, costs=prices, proceed=proceed) for one in schedules_of(schedule_ids, changes, on)]
    tell([finding for one in found for finding in one.findings], {}, every=findings)

    def text() -> None:
        for number, one in enumerate(found):
            sys.stdout.write("\n" * (number > 0))
            print_targets(one, console(), language)

    shown.show(lambda: [one.to_dict() for one in found], lambda: target_rows(found), text)


def _cost(written: str) -> tuple[str, str, str]:
    fact, _, rest = written.partition("=")
    name, _, value = rest.rpartition(":")
    if not (fact and name and value):
        why = Text("不是 事实=标准:数值", "this is not FACT=SCHEDULE:VALUE")
        example = "new_beds=cn/xian/elderly-care:bed_rate"
        raise WrongUse("--cost", why, Text(f"请写成 {example}", f"write it like {example}"), written)
    return fact, name, value
