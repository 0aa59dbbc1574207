"""The command that says what columns mean."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from subsidy.cli.options import AsJson, Lang, language_of, print_json
from subsidy.finding import Refusal

app = typer.Typer()


@app.command("columns")
def print_columns(
    table: Annotated[
        str | None,
        typer.Argument(help="表、对象或命令，不给则全部 · a table, an object or a command; all without it"),
    ] = None,
    as_json: AsJson = False,
    lang: Lang = "",
) -> None:
    """数据字典：输出的每一列 · The data dictionary: every column that goes out.

    subsidy columns payments
    """
    from subsidy.report.dictionary import as_json as for_programs
    from subsidy.report.dictionary import as_text, chosen

    language = language_of(lang)
    try:
        found = chosen(table)
    except Refusal as error:
        wrong = f"{error.why.zh}；{error.remedy.zh} · {error.why.en}; {error.remedy.en}"
        raise typer.BadParameter(wrong, param_hint="TABLE") from None
    if as_json:
        print_json(for_programs(found))
        return
    for line in as_text(found, language):
        sys.stdout.write(f"{line}\n")
