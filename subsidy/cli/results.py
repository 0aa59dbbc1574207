"""Commands that calculate: budget, verify, targets."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from subsidy.cli.options import (
    AsJson,
    AsOf,
    Basis,
    Changes,
    Ids,
    KnownOn,
    Lang,
    MappingPath,
    Memory,
    OnDay,
    Proceed,
    RosterPath,
    Threads,
    Until,
    Year,
    calculated,
    console,
    day_of,
    findings_reported,
    language_of,
    print_json,
    schedules_of,
)

if TYPE_CHECKING:
    from subsidy.budget.saved import Form

app = typer.Typer()


@app.command()
def budget(
    roster: RosterPath,
    schedule_ids: Ids,
    year: Year,
    basis: Basis = "due",
    proceed: Proceed = False,
    as_of: AsOf = None,
    known_on: KnownOn = None,
    as_json: AsJson = False,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="预算工作簿 .xlsx · a budget book, an .xlsx file")
    ] = None,
    receipt: Annotated[Path | None, typer.Option("--receipt", help="另存计算凭证 · save a receipt")] = None,
    ledger: Annotated[
        Path | None, typer.Option("--ledger", help="另存台账的文件夹 · a folder for entitlements, payments, receipt")
    ] = None,
    until: Until = None,
    ledger_format: Annotated[str, typer.Option("--ledger-format", help="parquet · csv")] = "parquet",
    changes: Changes = None,
    mapping: MappingPath = None,
    memory: Memory = None,
    threads: Threads = None,
    lang: Lang = "",
) -> None:
    """计算预算 · Calculate a budget.

    subsidy budget examples/xian/roster --schedule cn/xian/elderly-care --year 2023 --proceed
    """
    from subsidy.budget.saved import LEDGER_FILES
    from subsidy.files import check_folder, check_writable
    from subsidy.report.book import check_target
    from subsidy.report.text import print_budget, print_examples, print_findings, print_not_in_force

    language = language_of(lang)
    last, form = day_of(until, "--until"), _form_of(ledger_format)
    if ledger is None and (until is not None or form != "parquet"):
        raise typer.BadParameter(
            "只与 --ledger 同用 · only together with --ledger", param_hint="--until, --ledger-format"
        )
    with findings_reported(language):
        if output is not None:
            check_target(output, roster, mapping, *map(Path, schedule_ids))
        if receipt is not None:
            check_writable(receipt, roster, mapping, *map(Path, schedule_ids))
        if ledger is not None:
            check_folder(ledger, LEDGER_FILES, roster)
        result = calculated(roster, mapping, schedule_ids, year, basis, proceed, changes, as_of, known_on)
    print_findings(result.findings, console(stderr=True), language)
    print_examples(result.example_rows, console(stderr=True), language)
    print_not_in_force(result, console(stderr=True), language)
    if as_json:
        print_json(result.to_dict())
    else:
        print_budget(result, console(), language)
    if output is not None:
        with findings_reported(language, {"zh": "预算工作簿未保存。", "en": "The budget book was not saved."}):
            result.to_excel(output, language)
    if receipt is not None:
        with findings_reported(language, {"zh": "凭证未保存。", "en": "The receipt was not saved."}):
            result.receipt.save(receipt)
    if ledger is not None:
        with findings_reported(language, {"zh": "台账未保存。", "en": "The ledger was not saved."}):
            result.save_ledger(ledger, until=last, form=form)


def _form_of(written: str) -> Form:
    if written not in ("parquet", "csv"):
        raise typer.BadParameter(f"{written}：请写 parquet 或 csv · write parquet or csv", param_hint="--ledger-format")
    return "csv" if written == "csv" else "parquet"


@app.command("verify")
def verify_receipt(
    receipt: Annotated[Path, typer.Argument(help="计算凭证 · a receipt, as budget --receipt saved it")],
    roster: RosterPath,
    schedule_ids: Annotated[
        list[str] | None,
        typer.Option("--schedule", "-s", help="代替凭证所列标准的文件 · in place of the schedules it names"),
    ] = None,
    mapping: MappingPath = None,
    as_json: AsJson = False,
    memory: Memory = None,
    threads: Threads = None,
    lang: Lang = "",
) -> None:
    """按凭证重算并比较 · Calculate again what a receipt is about, and compare.

    subsidy verify receipt.json examples/xian/roster
    """
    from subsidy.budget.receipt import Receipt
    from subsidy.budget.verify import verify
    from subsidy.report.text import print_findings
    from subsidy.report.verification import print_verification
    from subsidy.roster.tables import read_roster

    language = language_of(lang)
    with findings_reported(language, {"zh": "凭证未核对。", "en": "The receipt was not verified."}):
        read = Receipt.load(receipt)
        found = verify(read, read_roster(roster, mapping), schedules_of(schedule_ids or [], None))
    print_findings(found.findings, console(stderr=True), language)
    if as_json:
        print_json(found.to_dict())
    else:
        print_verification(found, console(), language)
    if not found.equal:
        raise typer.Exit(1)


@app.command("targets")
def measure_targets(
    schedule_ids: Ids,
    roster: Annotated[
        Path | None, typer.Argument(help="花名册；不给则只用文件自带的数 · roster; else the document's own figures")
    ] = None,
    costs: Annotated[
        list[str] | None,
        typer.Option("--cost", help="新增一个的费用 · what one addition costs: new_beds=cn/xian/elderly-care:bed_rate"),
    ] = None,
    proceed: Proceed = False,
    on: OnDay = None,
    changes: Changes = None,
    mapping: MappingPath = None,
    as_json: AsJson = False,
    memory: Memory = None,
    threads: Threads = None,
    lang: Lang = "",
) -> None:
    """目标是否达到，所载数是否相符 · Whether targets are reached and printed figures follow from others.

    subsidy targets --schedule cn/yinchuan/elderly-care
    """
    from subsidy.budget.targets import targets
    from subsidy.report.targets import print_targets
    from subsidy.report.text import print_findings
    from subsidy.roster.tables import read_roster

    language = language_of(lang)
    outcome = {"zh": "目标未计算。", "en": "The targets were not measured."}
    with findings_reported(language, outcome):
        given = None if roster is None else read_roster(roster, mapping)
        prices = {fact: (schedules_of([name], None)[0], value) for fact, name, value in map(_cost, costs or [])}
        found = [targets(one, given, costs=prices, proceed=proceed) for one in schedules_of(schedule_ids, changes, on)]
    for one in found:
        print_findings(one.findings, console(stderr=True), language)
    if as_json:
        print_json([one.to_dict() for one in found])
        return
    for number, one in enumerate(found):
        sys.stdout.write("\n" * (number > 0))
        print_targets(one, console(), language)


def _cost(written: str) -> tuple[str, str, str]:
    fact, _, rest = written.partition("=")
    name, _, value = rest.rpartition(":")
    if not (fact and name and value):
        wrong = f"{written}：请写成 事实=标准:数值 · write FACT=SCHEDULE:VALUE"
        raise typer.BadParameter(f"{wrong}, new_beds=cn/xian/elderly-care:bed_rate", param_hint="--cost")
    return fact, name, value
