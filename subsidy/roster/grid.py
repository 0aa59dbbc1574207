"""A sheet as it stands: cells as text by row and column, and which of them are merged. What is a table is not known."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from subsidy.roster.raw import RawTable, raw_table

if TYPE_CHECKING:
    import pyarrow as pa


class Area(NamedTuple):
    """Merged cells: first and last row and column, counted from 0, both included."""

    top: int
    left: int
    bottom: int
    right: int

    def __str__(self) -> str:
        return f"{letters(self.left)}{self.top + 1}:{letters(self.right)}{self.bottom + 1}"


@dataclass(frozen=True, eq=False)
class Grid:
    """`numbers`: of each row, as the user counts them. `addressed`: whether cells have addresses such as B7."""

    name: str
    columns: Sequence[pa.StringArray]
    numbers: Sequence[int] | pa.Int64Array
    file: str
    sheet: str = ""
    merges: Sequence[Area] = ()
    addressed: bool = False

    def __len__(self) -> int:
        return len(self.columns[0]) if self.columns else 0

    def row(self, position: int) -> list[str]:
        """The cells of a row, stripped; a blank cell is an empty text."""
        return [(column[position].as_py() or "").strip() for column in self.columns]

    def number(self, position: int) -> int:
        number = self.numbers[position]
        return number if isinstance(number, int) else int(number.as_py())

    def cut(
        self,
        headings: Mapping[int, str],
        heading_row: int,
        start: int,
        stop: int,
        columns: Sequence[int] | None = None,
        means: Mapping[int, str] | None = None,
    ) -> RawTable:
        """The table with these headings (by column) whose rows stand from `start` up to `stop`.

        A column without a heading belongs to it where it has cells. `means`: what a mapping says headings stand for.
        """
        import pyarrow as pa
        import pyarrow.compute as pc

        bodies = {
            i: self.columns[i].slice(start, stop - start)
            for i in (columns if columns is not None else range(len(self.columns)))
        }
        used = [i for i, body in bodies.items() if headings.get(i) or pc.any(pc.not_equal(body, "")).as_py()]
        return raw_table(
            self.name,
            [headings.get(i, "") for i in used],
            [bodies[i] for i in used],
            pa.array(self.numbers[start:stop], pa.int64()),
            self.file,
            self.sheet,
            heading_row=self.number(heading_row),
            letters=[letters(i) for i in used] if self.addressed else (),
            means=[means.get(i, headings.get(i, "")) for i in used] if means else (),
            grid=self,
        )


def letters(column: int) -> str:
    """A column's letters: A for 0, AA for 26."""
    text, rest = "", column + 1
    while rest:
        rest, letter = divmod(rest - 1, 26)
        text = chr(ord("A") + letter) + text
    return text


def position(address: str) -> tuple[int, int]:
    """Row and column, from 0, of an address such as B7."""
    head = address.rstrip("0123456789")
    column = 0
    for letter in head:
        column = column * 26 + ord(letter) - ord("A") + 1
    return int(address[len(head) :]) - 1, column - 1


def grid_of(raw: RawTable) -> Grid:
    """The grid that a table was cut from; of a CSV file its headings over its rows."""
    if isinstance(raw.grid, Grid):
        return raw.grid
    import pyarrow as pa

    above = raw.above
    heads = [
        pa.array([*(row[i] if i < len(row) else "" for _, row in above), heading], pa.string())
        for i, heading in enumerate(raw.headings)
    ]
    columns = [pa.concat_arrays([head, raw.column(i)]) for i, head in enumerate(heads)]
    first = pa.array([*(number for number, _ in above), raw.heading_row], pa.int64())
    return Grid(raw.name, columns, pa.concat_arrays([first, raw.rows]), raw.file, raw.sheet)
