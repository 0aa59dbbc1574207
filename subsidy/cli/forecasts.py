"""The command that looks ahead: forecast."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer

from subsidy.cli.command import CHANGES, command
from subsidy.cli.console import console
from subsidy.cli.findings import findings_reported, tell
from subsidy.cli.help import HOW, OUTPUT, WHAT
from subsidy.cli.option import option
from subsidy.cli.options import Basis, Calculation
from subsidy.cli.output import Output, json_text, printed
from subsidy.cli.usage import WrongUse
from subsidy.finding import Text

app = typer.Typer()

FORMATS = (".json", ".csv", ".txt")


@command(app, CHANGES)
def forecast(
    asked: Calculation,
    shown: Output,
    drivers: Annotated[
        Path,
        option(
            "--drivers", "-d", zh="驱动因素文件（YAML）", en="what grows and changes (YAML)", group=WHAT, metavar="FILE"
        ),
    ],
    years: Annotated[
        int, option("--years", zh="预测几年", en="how many years after it", group=HOW, metavar="YEARS", min=1, max=30)
    ] = 5,
    basis: Basis = "due",
    output: Annotated[
        Path | None,
        option(
            "--output",
            "-o",
            zh="写入文件：.json、.csv、.txt",
            en="a file: .json .csv .txt",
            group=OUTPUT,
            metavar="FILE",
        ),
    ] = None,
) -> None:
    """由基年花名册预测今后几年，并逐项说明增减 · The years after a roster's, and why each differs from the last.

    subsidy forecast examples/forecast/roster -s cn/xian/elderly-care -y 2023 \
        -d examples/forecast/drivers.yaml --years 2
    """
    from subsidy.budget.forecast import forecast as calculated
    from subsidy.csv_file import csv_bytes
    from subsidy.files import check_writable, write_whole
    from subsidy.report.forecast import print_forecast
    from subsidy.report.rows import forecast_rows

    language, day = asked.language, asked.day
    if output is not None and output.suffix.lower() not in FORMATS:
        why = Text("不能写成这种文件", "no file of this kind can be written")
        remedy = Text("文件名应以 .json、.csv 或 .txt 结尾", "name it .json, .csv or .txt")
        raise WrongUse("--output", why, remedy, str(output))
    with findings_reported(language):
        if output is not None:
            check_writable(output, drivers, *asked.inputs)
        found = calculated(
            asked.schedules(),
            asked.rows(),
            asked.year,
            drivers,
            years=years,
            basis=basis,
            proceed=asked.proceed,
            as_of=day,
        )
    tell(found.all_findings, {}, every=asked.findings)
    shown.show(
        found.to_dict, lambda: forecast_rows(found, language), lambda: print_forecast(found, console(), language)
    )
    if output is not None:
        contents: dict[str, Callable[[], str | bytes]] = {
            ".json": lambda: json_text(found.to_dict()),
            ".csv": lambda: csv_bytes(forecast_rows(found, language)),
            ".txt": lambda: printed(lambda page: print_forecast(found, page, language)),
        }
        with findings_reported(language, Text("预测未保存。", "The forecast was not saved.")):
            write_whole(output, contents[output.suffix.lower()]())
