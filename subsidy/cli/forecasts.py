"""The command that looks ahead: forecast."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from subsidy.cli.options import (
    AsJson,
    AsOf,
    Basis,
    Changes,
    Ids,
    Lang,
    MappingPath,
    Memory,
    Proceed,
    RosterPath,
    Threads,
    basis_of,
    console,
    day_of,
    findings_reported,
    language_of,
    print_json,
    schedules_of,
)

app = typer.Typer()


@app.command()
def forecast(
    roster: RosterPath,
    schedule_ids: Ids,
    year: Annotated[int, typer.Option("--year", "-y", min=1950, max=2120, help="基年 · base year, that of the roster")],
    drivers: Annotated[Path, typer.Option("--drivers", "-d", help="驱动因素文件 · what grows and changes (YAML)")],
    years: Annotated[int, typer.Option("--years", min=1, max=30, help="预测几年 · how many years after it")] = 5,
    basis: Basis = "due",
    proceed: Proceed = False,
    as_of: AsOf = None,
    as_json: AsJson = False,
    output: Annotated[Path | None, typer.Option("--output", "-o", help="另存为 JSON · save as JSON")] = None,
    changes: Changes = None,
    mapping: MappingPath = None,
    memory: Memory = None,
    threads: Threads = None,
    lang: Lang = "",
) -> None:
    """由基年花名册预测今后几年，并逐项说明增减 · The years after a roster's, and why each differs from the last.

    subsidy forecast ROSTER --schedule cn/xian/elderly-care --year 2023 --drivers drivers.yaml --years 3
    """
    from subsidy.budget.forecast import forecast as calculated
    from subsidy.files import check_writable, write_whole
    from subsidy.report.forecast import print_forecast
    from subsidy.report.text import print_findings
    from subsidy.roster.tables import read_roster

    language = language_of(lang)
    by, day = basis_of(basis), day_of(as_of)
    if output is not None and output.suffix.lower() != ".json":
        raise typer.BadParameter(f"{output}：请写 .json 文件 · write a .json file", param_hint="--output")
    with findings_reported(language):
        if output is not None:
            check_writable(output, roster, drivers, mapping)
        found = calculated(
            schedules_of(schedule_ids, changes), read_roster(roster, mapping), year, drivers,
            years=years, basis=by, proceed=proceed, as_of=day,
        )  # fmt: skip
    print_findings(found.all_findings, console(stderr=True), language)
    if as_json:
        print_json(found.to_dict())
    else:
        print_forecast(found, console(), language)
    if output is not None:
        with findings_reported(language, {"zh": "预测未保存。", "en": "The forecast was not saved."}):
            write_whole(output, json.dumps(found.to_dict(), ensure_ascii=False, indent=2) + "\n")
