"""The command line. Data on stdout, words on stderr. Exit codes: 0 done, 1 findings that stop, 2 wrong use,
130 Ctrl-C, 143 kill, 70 a fault of the program.
"""

from __future__ import annotations

import io
import sys
from typing import Annotated

import typer

from subsidy.cli import (
    calendars,
    dictionary,
    differences,
    explain,
    forecasts,
    reports,
    results,
    rosters,
    schedules,
    settlements,
)
from subsidy.cli.guard import Guarded, end_cleanly_on_signals

app = typer.Typer(
    cls=Guarded,
    help="补贴政策算成钱，精确到分 · Subsidy policy to money, exactly.",
    no_args_is_help=True,
    add_completion=True,
    pretty_exceptions_enable=False,
)


def _version(wanted: bool) -> None:
    if wanted:
        from subsidy import __version__

        sys.stdout.write(f"subsidy {__version__}\n")
        raise typer.Exit


for part in (schedules, rosters, results, reports, explain, differences, forecasts, calendars, settlements, dictionary):
    app.add_typer(part.app)


@app.callback()
def _main(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="版本 · version")
    ] = False,
) -> None:
    pass


def main() -> None:
    """Entry point of the command `subsidy`."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")
    end_cleanly_on_signals()
    app()
