"""Options and arguments with their words in both languages."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import typer

from subsidy.cli.help import GENERAL
from subsidy.cli.language import both
from subsidy.finding import Text


def option(
    *names: str,
    zh: str,
    en: str,
    group: Text = GENERAL,
    complete: Callable[..., Any] | None = None,
    metavar: str | None = None,
    **more: Any,
) -> Any:
    """An option as Typer reads it. `complete`: what a shell may complete it to."""
    words = both(Text(zh, en))
    return typer.Option(
        *names, help=words, rich_help_panel=both(group), autocompletion=complete, metavar=metavar, **more
    )


def argument(metavar: str, *, zh: str, en: str, complete: Callable[..., Any] | None = None) -> Any:
    """An argument as Typer reads it."""
    return typer.Argument(metavar=metavar, help=both(Text(zh, en)), autocompletion=complete)
