"""Raw tables: every cell as text, exactly as given, with the place each row came from."""

from __future__ import annotations

import datetime
import math
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

from subsidy.finding import Finding, Place, RosterError, Text

if TYPE_CHECKING:
    import pyarrow as pa

    from subsidy.roster.grid import Grid

LARGEST_EXACT = 2**53  # a float beyond it may have lost digits


@dataclass(frozen=True, eq=False)
class RawTable:
    """Cells as text; null is a blank cell. `data` may have headings twice or empty ones: address columns by position.

    `rows` numbers each row as the user sees it: line of a CSV file, row of a sheet, position from 1 in a frame; in
    files `heading_row` is that of the headings. In a workbook each column has its `letters`. `means`: what a mapping
    says each heading stands for. `above`: lines of a CSV file over its headings. `grid`: what the table was cut from.
    """

    name: str
    data: pa.Table
    rows: pa.Int64Array
    file: str = ""
    sheet: str = ""
    heading_row: int = 0
    letters: Sequence[str] = ()
    means: Sequence[str] = ()
    above: Sequence[tuple[int, list[str]]] = ()
    grid: Grid | None = None

    @property
    def headings(self) -> list[str]:
        return list(self.data.column_names)

    def __len__(self) -> int:
        return int(self.data.num_rows)

    def place(self, number: int = 0, heading: str = "") -> Place:
        """Where a cell stands; without a number the column's heading."""
        letters = self.letters[self.headings.index(heading)] if self.letters and heading in self.headings else ""
        cell = f"{letters}{number or self.heading_row}" if letters else ""
        return Place(self.file, self.sheet, number, heading, cell=cell)

    def column(self, position: int) -> pa.StringArray:
        chunks = self.data.column(position)
        return chunks.chunk(0) if chunks.num_chunks == 1 else chunks.combine_chunks()


def raw_table(
    name: str,
    headings: Sequence[str],
    columns: Sequence[pa.Array],
    rows: Any,
    file: str = "",
    sheet: str = "",
    **more: Any,
) -> RawTable:
    """A raw table of text columns: cells of white space become blank, rows of nothing but blanks are left out."""
    import pyarrow as pa
    import pyarrow.compute as pc

    numbers = pa.array(rows, pa.int64())
    kept = [_without_white_space(column) for column in columns]
    data = pa.Table.from_arrays(kept, names=list(headings))
    if kept and len(numbers) and all(column.null_count for column in kept):
        filled = pc.is_valid(kept[0])
        for column in kept[1:]:
            filled = pc.or_(filled, pc.is_valid(column))
        if not pc.all(filled).as_py():
            data, numbers = data.filter(filled).combine_chunks(), numbers.filter(filled)
    return RawTable(name, data, numbers, file, sheet, **more)


def _without_white_space(column: pa.StringArray) -> pa.StringArray:
    import pyarrow as pa
    import pyarrow.compute as pc

    blank = pc.or_(pc.utf8_is_space(column), pc.equal(pc.binary_length(column), 0))
    return pc.if_else(blank, pa.scalar(None, pa.string()), column) if pc.any(blank).as_py() else column


def plain_text(value: object) -> str | None:
    """A typed value as the text a person would write for it, exactly; None is a blank cell (so are NaN and NaT).

    Dates are 2023-05-01 (a time of day other than midnight stays), booleans yes and no, numbers plain decimals. A
    float is its shortest form; one too large to be exact keeps its exponent.
    """
    if value is None or type(value).__name__ in ("NaTType", "NAType"):
        return None
    if isinstance(value, str):
        return value
    if hasattr(value, "item") and not isinstance(value, float):
        value = value.item()
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return _float_text(value)
    if isinstance(value, Decimal):
        return None if value.is_nan() else format(value, "f")
    if isinstance(value, datetime.datetime):
        midnight = value.time() == datetime.time(0)
        return value.date().isoformat() if midnight else value.isoformat(" ")
    return value.isoformat() if isinstance(value, datetime.date) else str(value)


def _float_text(value: float) -> str | None:
    if math.isnan(value):
        return None
    if math.isinf(value):
        return str(value)
    if abs(value) >= LARGEST_EXACT:
        return f"{value:.15e}"
    return str(int(value)) if value.is_integer() else format(Decimal(repr(float(value))), "f")


def text_array(column: pa.Array | pa.ChunkedArray) -> pa.StringArray:
    """A column of any Arrow type as text, each distinct value converted once by `plain_text`."""
    import pyarrow as pa
    import pyarrow.types as types

    array = column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
    if isinstance(array, pa.ChunkedArray):
        array = pa.concat_arrays(array.chunks)
    kind = array.type
    if types.is_string(kind):
        return array
    if types.is_dictionary(kind):
        return text_array(array.dictionary).take(array.indices)
    if types.is_integer(kind) or types.is_null(kind) or "string" in str(kind):
        return array.cast(pa.string())
    if types.is_nested(kind):
        return pa.array([plain_text(value) for value in array.to_pylist()], pa.string())
    encoded = array.dictionary_encode()
    if types.is_floating(kind):
        shortest = encoded.dictionary.cast(pa.string()).to_pylist()
        values: list[object] = [None if text is None else float(text) for text in shortest]
    else:
        values = encoded.dictionary.to_pylist()
    return pa.array([plain_text(value) for value in values], pa.string()).take(encoded.indices)


def refused_file(path: Path, code: str, why: Text, remedy: Text, row: int = 0, column: str = "") -> RosterError:
    """The one thing that is wrong with a file as a whole."""
    return RosterError([Finding(Place(str(path), row=row, column=column), code, why, remedy)])


def unreadable(path: Path, reason: str) -> RosterError:
    return refused_file(
        path, "unreadable-file", Text(f"文件无法读取({reason})", f"this file cannot be read ({reason})"),
        Text("请检查文件是否完整、是否加密", "check that it is whole and not protected by a password"),
    )  # fmt: skip
