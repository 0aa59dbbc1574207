"""Where words and tables go."""

from __future__ import annotations

import os
import sys
from typing import Any

UNBROKEN = 1000  # cells in a line of what is no terminal: a row of a table is one line


def console(stderr: bool = False) -> Any:
    """A console on stdout or stderr: as wide as the terminal or COLUMNS says, else without a break; plain in a pipe."""
    from rich.console import Console

    stream = sys.stderr if stderr else sys.stdout
    is_open = os.environ.get("COLUMNS") or stream.isatty()
    return Console(stderr=stderr, emoji=False, width=None if is_open else UNBROKEN)
