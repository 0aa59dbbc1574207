"""What a long command is doing: a line on the terminal, after two seconds."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from subsidy.finding import Language, Text
from subsidy.progress import watched

if TYPE_CHECKING:
    from rich.console import Console, RenderableType

PATIENCE = 2  # seconds without a word


@contextmanager
def progress_shown(console: Console, language: Language) -> Iterator[None]:
    """The stations of the work in this block on stderr, if it is a terminal; the line goes when the work is done."""
    if not (console.is_terminal and sys.stderr.isatty()) or console.is_dumb_terminal:
        yield
        return
    from rich.live import Live

    line = ProgressLine(language)
    live: Any = Live(
        line, console=console, transient=True, refresh_per_second=8,
        redirect_stdout=sys.stdout.isatty(), redirect_stderr=True,
    )  # fmt: skip
    with live, watched(line.reach):
        yield


class ProgressLine:
    """The station that was reached last, and the seconds since the beginning; nothing before `PATIENCE`."""

    def __init__(self, language: Language) -> None:
        self.language = language
        self.began = time.monotonic()
        self.words = ""

    def reach(self, stations: tuple[Text, ...]) -> None:
        self.words = " · ".join(one.in_(self.language) for one in stations)

    def __rich__(self) -> RenderableType:
        from rich.console import Group
        from rich.text import Text as Line

        seconds = int(time.monotonic() - self.began)
        if seconds < PATIENCE or not self.words:
            return Group()
        unit = {"zh": "秒", "en": "s"}[self.language]
        return Line(f"{self.words} … {seconds} {unit}", style="dim", overflow="ellipsis", no_wrap=True)
