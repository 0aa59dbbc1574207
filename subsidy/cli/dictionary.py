"""The command that says what columns mean."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from subsidy.cli.command import SCHEDULES, command
from subsidy.cli.language import spoken
from subsidy.cli.option import argument
from subsidy.cli.options import Lang
from subsidy.cli.output import AsJson, print_json
from subsidy.cli.usage import refused_as

app = typer.Typer()


@command(app, SCHEDULES, "columns")
def print_columns(
    table: Annotated[
        str | None,
        argument("TABLE", zh="表、对象或命令，不给则全部", en="a table, an object or a command; all without it"),
    ] = None,
    as_json: AsJson = False,
    lang: Lang = None,
) -> None:
    """数据字典：输出的每一列 · The data dictionary: every column that goes out.

    subsidy columns payments
    """
    from subsidy.report.dictionary import as_json as for_programs
    from subsidy.report.dictionary import as_text, chosen

    with refused_as("TABLE"):
        found = chosen(table)
    if as_json:
        print_json(for_programs(found))
        return
    for line in as_text(found, spoken()):
        sys.stdout.write(f"{line}\n")
