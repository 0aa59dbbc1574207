"""Raw tables: every cell as text, exactly as given, with the place each row came from.

A column of texts is kept as it is or coded, and one of whole numbers, decimals, days or yes and no as what it is: the
text of such a cell is made when it is asked for.
"""

from __future__ import annotations

import datetime
import functools
import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

from subsidy.finding import Finding, Place, RosterError, Text
from subsidy.roster.arrays import are_unique, code_type, is_coded, is_text
from subsidy.roster.characters import Characters, characters_of

if TYPE_CHECKING:
    import pyarrow as pa

    from subsidy.roster.grid import Grid

LARGEST_EXACT = 2**53  # a float beyond it may have lost digits
DAYS = -719_162, 2_932_896  # 0001-01-01 and 9999-12-31, from 1970-01-01


@dataclass(frozen=True, eq=False)
class RawTable:
    """Cells by row; null is a blank cell.

    `data` has them as they are kept, `column` as texts. It may have headings twice or empty ones: address columns by
    position. `rows` numbers each row as the user sees it: line of a CSV file, row of a sheet, position from 1 in a
    frame; in files `heading_row` is that of the headings. In a workbook each column has its `letters`. `means`: what a
    mapping says each heading stands for. `above`: lines of a CSV file over its headings. `grid`: what the table was cut
    from. `is_part`: other rows of the table are not here.
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
    is_part: bool = False
    _characters: dict[int, Characters] = field(default_factory=dict, init=False, repr=False)
    _cells: dict[int, pa.Array] = field(default_factory=dict, init=False, repr=False)  # as they are, not joined

    @functools.cached_property
    def headings(self) -> list[str]:
        return list(self.data.column_names)

    def __len__(self) -> int:
        return int(self.data.num_rows)

    def place(self, number: int = 0, heading: str = "") -> Place:
        """Where a cell stands; without a number the column's heading."""
        letters = self.letters[self.headings.index(heading)] if self.letters and heading in self.headings else ""
        cell = f"{letters}{number or self.heading_row}" if letters else ""
        return Place(self.file, self.sheet, number, heading, cell=cell)

    def chosen(self, numbers: Sequence[int]) -> RawTable:
        """The same with the rows of these numbers alone."""
        import pyarrow as pa
        import pyarrow.compute as pc

        wanted = pc.is_in(self.rows, value_set=pa.array(numbers, pa.int64()))
        return replace(self, data=self.data.filter(wanted).combine_chunks(), rows=self.rows.filter(wanted))

    def by_position(self) -> pa.Table:
        """The cells as they are kept: columns c0, c1, … and `_row`."""
        import pyarrow as pa

        columns = {f"c{position}": self.data.column(position) for position in range(len(self.headings))}
        return pa.table({**columns, "_row": self.rows})

    def column(self, position: int) -> pa.StringArray:
        """The cells of a column as texts."""
        return text_array(self.cells(position))

    def cells(self, position: int) -> pa.Array:
        """The cells of a column as they are kept."""
        if position not in self._cells:
            chunks = self.data.column(position)
            if chunks.num_chunks != 1:
                return chunks.combine_chunks()
            self._cells[position] = chunks.chunk(0)
        return self._cells[position]

    def text(self, position: int, row: int) -> str:
        """One cell as text, without white space around it; a blank cell is an empty text."""
        cell = self.cells(position).slice(row, 1)
        text = text_array(cell.dictionary_decode() if is_coded(cell) else cell)[0].as_py()
        return (text or "").strip()

    def characters(self, position: int) -> Characters:
        """Which characters occur in a column of texts; of any other none."""
        if position not in self._characters:
            cells = self.cells(position)
            self._characters[position] = characters_of(cells) if is_text(cells) else Characters(frozenset())
        return self._characters[position]


def raw_table(
    name: str,
    headings: Sequence[str],
    columns: Sequence[pa.Array],
    rows: Any,
    file: str = "",
    sheet: str = "",
    **more: Any,
) -> RawTable:
    """A raw table of columns as `kept` makes them: cells of white space become blank, rows of nothing but blanks are
    left out."""
    import pyarrow as pa
    import pyarrow.compute as pc

    numbers = pa.array(rows, pa.int64())
    characters = {place: characters_of(column) for place, column in enumerate(columns) if is_text(column)}
    cells = list(columns)
    for place, seen in characters.items():
        if seen.may_be_blank or seen.may_be_empty:
            cells[place] = _without_white_space(cells[place])
    data = pa.Table.from_arrays(cells, names=list(headings))
    if cells and len(numbers) and all(column.null_count for column in cells):
        filled = pc.is_valid(cells[0])
        for column in cells[1:]:
            filled = pc.or_(filled, pc.is_valid(column))
        if not pc.all(filled).as_py():
            data, numbers = data.filter(filled).combine_chunks(), numbers.filter(filled)
    table = RawTable(name, data, numbers, file, sheet, **more)
    table._characters.update(characters)
    return table


def empty_table(name: str, headings: Sequence[str], file: str = "", sheet: str = "") -> RawTable:
    """A raw table without rows."""
    import pyarrow as pa

    return raw_table(name, headings, [pa.array([], pa.string())] * len(headings), (), file, sheet)


def _without_white_space(column: pa.Array) -> pa.Array:
    import pyarrow as pa
    import pyarrow.compute as pc

    if is_coded(column):
        texts = _without_white_space(column.dictionary)
        return column if texts is column.dictionary else texts.take(column.indices).dictionary_encode()
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


def kept(column: pa.Array | pa.ChunkedArray) -> pa.Array:
    """A column of any Arrow type as a roster keeps it: what `text_array` makes of it and of the column is the same."""
    import pyarrow as pa
    import pyarrow.types as types

    array = _in_one(column)
    kind = array.type
    if types.is_integer(kind) or types.is_boolean(kind) or types.is_decimal128(kind):
        return array
    if types.is_dictionary(kind):
        texts = text_array(array.dictionary)
        if texts.null_count or not are_unique(texts):
            return texts.take(array.indices).dictionary_encode()
        return pa.DictionaryArray.from_arrays(array.indices.cast(code_type(len(texts))), texts)
    if types.is_float64(kind):
        return _whole(array)
    if types.is_date32(kind) or (types.is_timestamp(kind) and kind.tz is None):
        return _days(array)
    return text_array(array)


def _whole(array: pa.DoubleArray) -> pa.Array:
    """Floats as whole numbers, where all of them are such."""
    import pyarrow as pa
    import pyarrow.compute as pc

    known = pc.if_else(pc.is_nan(array), None, array)
    largest = pc.max(pc.abs(known)).as_py()
    if largest is None or largest >= LARGEST_EXACT or not pc.all(pc.equal(pc.floor(known), known)).as_py():
        return text_array(array)
    return known.cast(pa.int64())


def _days(array: pa.Array) -> pa.Array:
    """Points in time as days, where all of them are midnights of four-digit years."""
    import pyarrow as pa
    import pyarrow.compute as pc

    days = array.cast(pa.date32(), safe=False)
    ends = pc.min_max(days.cast(pa.int32())).as_py()
    if ends["min"] is None or ends["min"] < DAYS[0] or ends["max"] > DAYS[1]:
        return text_array(array)
    return days if pc.all(pc.equal(days.cast(array.type), array)).as_py() else text_array(array)


def _in_one(column: pa.Array | pa.ChunkedArray) -> pa.Array:
    """The chunks of a column as one array."""
    import pyarrow as pa

    if not isinstance(column, pa.ChunkedArray):
        return column
    if column.num_chunks == 1:
        return column.chunk(0)
    array = column.combine_chunks()
    return pa.concat_arrays(array.chunks) if isinstance(array, pa.ChunkedArray) else array


def text_array(column: pa.Array | pa.ChunkedArray) -> pa.StringArray:
    """A column of any Arrow type as text, each distinct value converted once by `plain_text`."""
    import pyarrow as pa
    import pyarrow.types as types

    array = _in_one(column)
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
