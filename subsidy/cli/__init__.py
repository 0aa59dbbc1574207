"""The command line. Data on stdout, words on stderr. Exit codes: 0 done, 1 findings that stop, 2 wrong use,
130 Ctrl-C, 143 kill, 70 a fault of the program.
"""

from __future__ import annotations

import gc
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
from subsidy.cli.option import option
from subsidy.cli.options import Lang

app = typer.Typer(cls=Guarded, add_completion=True, pretty_exceptions_enable=False)


def _version(wanted: bool) -> None:
    if wanted:
        from subsidy import __version__

        sys.stdout.write(f"subsidy {__version__}\n")
        raise typer.Exit


for part in (rosters, results, calendars, settlements, explain, reports, differences, forecasts, schedules, dictionary):
    app.add_typer(part.app)


@app.callback()
def _main(
    version: Annotated[
        bool, option("--version", zh="版本", en="the version", callback=_version, is_eager=True)
    ] = False,
    lang: Lang = None,
) -> None:
    pass


def main() -> None:
    """Entry point of the command `subsidy`."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")
    end_cleanly_on_signals()
    gc.set_threshold(50_000)  # queries are trees of many small objects, and the process ends soon: an eighth less time
    app()
