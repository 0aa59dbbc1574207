"""Tables as CSV that spreadsheets open rightly: UTF-8 with a mark, and no text that they would take for a formula."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TextIO

ENCODING = "utf-8-sig"  # with a mark
LIKE_A_FORMULA = ("=", "+", "-", "@", "\t", "\r", "'")

Rows = tuple[Sequence[str], Iterable[Mapping[str, Any]]]


def csv_bytes(rows: Rows) -> bytes:
    """Columns and rows as the bytes of a file."""
    columns, entries = rows
    sink = io.StringIO()
    write_csv(sink, columns, ([row[name] for name in columns] for row in entries))
    return sink.getvalue().encode(ENCODING)


def write_csv(file: TextIO, columns: Sequence[str], rows: Iterable[Iterable[Any]]) -> None:
    """Write headings and cells. Decimals are written in full, None is an empty cell."""
    plain = csv.writer(file, lineterminator="\n")
    quoted = csv.writer(file, lineterminator="\n", quoting=csv.QUOTE_ALL)
    plain.writerow(columns)
    for row in rows:
        cells = [_cell(value) for value in row]
        has_return = any("\r" in cell for cell in cells)  # which is not quoted by itself, and would end a row
        (quoted if has_return else plain).writerow(cells)


def _cell(value: Any) -> str:
    if isinstance(value, str):
        return neutral(value)
    return "" if value is None else format(value, "f") if hasattr(value, "quantize") else str(value)


def neutral(text: str) -> str:
    """A text for a cell: one that a spreadsheet would take for a formula begins with '."""
    return f"'{text}" if text.startswith(LIKE_A_FORMULA) else text


def unguarded(cell: str) -> str:
    """A text as it was before it was made neutral."""
    return cell[1:] if cell[:1] == "'" and cell[1:].startswith(LIKE_A_FORMULA) else cell
