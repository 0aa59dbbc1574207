"""What a command prints: text for people, JSON or CSV for programs and spreadsheets."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any

from subsidy.cli.console import UNBROKEN
from subsidy.cli.help import OUTPUT
from subsidy.cli.option import option
from subsidy.cli.usage import WrongUse
from subsidy.csv_file import Rows, csv_bytes
from subsidy.finding import Text

AsJson = Annotated[bool, option("--json", zh="输出 JSON", en="print JSON", group=OUTPUT)]
AsCsv = Annotated[
    bool, option("--csv", zh="输出 CSV，Excel、WPS 可直接打开", en="print CSV, for spreadsheets", group=OUTPUT)
]


@dataclass(frozen=True, kw_only=True)
class Output:
    """How a result is printed."""

    as_json: AsJson = False
    as_csv: AsCsv = False

    def __post_init__(self) -> None:
        if self.as_json and self.as_csv:
            why = Text("--json 与 --csv 不能同用", "--json and --csv do not go together")
            raise WrongUse("", why, Text("请选其一", "choose one"))

    def show(self, content: Callable[[], Any], rows: Callable[[], Rows], text: Callable[[], None]) -> None:
        """Print a result in the form that was asked for: JSON-ready content, rows of one table, or text."""
        if self.as_json:
            print_json(content())
        elif self.as_csv:
            print_csv(rows())
        else:
            text()


def print_json(content: Any) -> None:
    sys.stdout.write(json_text(content))


def json_text(content: Any) -> str:
    return json.dumps(content, ensure_ascii=False, indent=2) + "\n"


def print_csv(rows: Rows) -> None:
    """The bytes as they are: UTF-8 with a mark, whatever the encoding of stdout."""
    sys.stdout.flush()
    sys.stdout.buffer.write(csv_bytes(rows))
    sys.stdout.buffer.flush()


def printed(write: Callable[[Any], None]) -> str:
    """What is printed to a console of a file: without colours, a row of a table in one line."""
    import io

    from rich.console import Console

    sink = io.StringIO()
    write(Console(file=sink, width=UNBROKEN, emoji=False, color_system=None))
    return sink.getvalue()
