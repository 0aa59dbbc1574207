"""One sheet of the book: a title, a unit, headings, rows of typed cells, totals that are formulas.

Rows are written once, from above to below, as the workbook is made in constant memory.
"""

from __future__ import annotations

import datetime
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Any, Literal, NamedTuple

from subsidy.finding import Text
from subsidy.money import too_large, yuan
from subsidy.report.book.look import (
    CHECK,
    DATE,
    HEADING,
    MONEY,
    WHOLE,
    WIDEST,
    Look,
    height_of,
    lines_in,
    width_of,
)
from subsidy.roster.template_look import display_width, lines_of

Kind = Literal["text", "money", "number", "whole", "date", "check"]
LAST_ROW = 1_048_576
LARGEST = 10**15 - 1  # fen; a workbook keeps 15 digits
FORMATS = {"money": MONEY, "whole": WHOLE, "date": DATE, "check": CHECK, "text": "", "number": "General"}


class Column(NamedTuple):
    heading: str
    kind: Kind = "text"
    number_format: str = ""  # where it is not the one of its kind
    width: int = 0  # where it is not that of what stands in it

    @property
    def shown(self) -> str:
        return self.number_format or FORMATS[self.kind]


class Formula(NamedTuple):
    """A formula without its equals sign, and the engine's value: fen in a column of money."""

    text: str
    value: Any


@dataclass(frozen=True)
class Link:
    """A text that leads to a sheet."""

    text: str
    sheet: str


Cell = str | int | Fraction | datetime.date | Formula | Link | None


class Page:
    """`name` is the sheet's own. `notes`: lines below the title. A money cell is given in fen."""

    def __init__(
        self, sheet: Any, look: Look, title: str, header: str, notes: Sequence[str] = (), *, landscape: bool = True
    ) -> None:
        self.sheet, self.look = sheet, look
        self.name: str = sheet.get_name()
        self.title, self.header, self.landscape = title, header, landscape
        self.columns: tuple[Column, ...] = ()
        self.row = 0
        self.kept: tuple[Column, ...] = ()  # the columns of the rows that are kept
        self.rows: list[tuple[int, Sequence[Cell], bool]] = []  # those of the table, where they are kept
        self._widths: dict[int, int] = {}
        self._frozen = 0  # columns that stay in sight
        self._sums: list[int] = []
        self._forms: list[tuple[Any, Any]] = []  # of each column, and in a row of totals
        self.first = self.headed = 0
        sheet.hide_gridlines(2)
        self._line(title, look.title)
        for note in notes:
            self._line(note, look.note)

    def _line(self, text: str, form: Any) -> None:
        self.sheet.write_string(self.row, 0, text, form)
        self.row += 1

    def line(self, text: str, form: Any = None) -> None:
        """A line of text across the sheet."""
        self._line(text, form or self.look.note)

    # --- a table -----------------------------------------------------------------------------------------------

    def head(self, columns: Sequence[Column], *, freeze: int | None = 0) -> None:
        """Begin a table. `freeze`: so many columns stay in sight, with the headings; None where nothing does."""
        self.columns, self._sums = tuple(columns), [0] * len(columns)
        self._forms = [(self.look.cell(column.shown), self.look.cell(column.shown, bold=True)) for column in columns]
        self._texts = self.look.cell(), self.look.cell(bold=True)
        self.sheet.set_row(self.row, height_of(max(lines_of(column.heading, HEADING) for column in columns)))
        for position, column in enumerate(columns):
            self.sheet.write_string(self.row, position, column.heading, self.look.heading)
            self._widen(position, min(display_width(column.heading), HEADING))
            self._widths[position] = column.width or self._widths[position]
        self.headed = self.row
        if freeze is not None:
            self._frozen = freeze
            self.sheet.freeze_panes(self.row + 1, freeze)
            self.look.set_up_print(self.sheet, self.header, landscape=self.landscape, repeated=(0, self.row))
        self.row += 1
        self.first = self.row

    def add(self, cells: Sequence[Cell], *, bold: bool = False, keep: bool = False) -> int:
        """Write a row; its number, counted from 0. Raises RosterError where the sheet is full."""
        if self.row >= LAST_ROW:
            raise too_large(Text("工作表放不下这么多行", "a sheet does not hold so many rows"))
        lines = max(map(self._lines, self.columns, cells))
        if lines > 1:
            self.sheet.set_row(self.row, height_of(lines))
        for position, (column, cell) in enumerate(zip(self.columns, cells, strict=True)):
            self._write(position, column, cell, bold)
            if column.kind == "money" and not bold:
                self._sums[position] += _fen(cell)
        if keep:
            self.kept = self.columns
            self.rows.append((self.row, cells, bold))
        self.row += 1
        return self.row - 1

    def total(self, label: str, *, keep: bool = False, left: Sequence[int] = ()) -> int:
        """A row of sums of the columns of money but those at the positions `left`; its number."""
        cells: list[Cell] = [None] * len(self.columns)
        for position, column in enumerate(self.columns):
            if column.kind == "money" and position not in left:
                whole = self.range(position)
                cells[position] = Formula(f"SUM({whole})", self._sums[position]) if whole else 0
        cells[0] = label
        return self.add(cells, bold=True, keep=keep)

    def check(self, label: str, differences: Mapping[int, str]) -> None:
        """A row of differences that must be 0, each a formula, by the positions of their columns."""
        form = self.look.cell(CHECK, bold=True)
        for position in range(len(self.columns)):
            if position in differences:
                self.sheet.write_formula(self.row, position, f"=ROUND({differences[position]},2)", form, 0)
            else:
                self.sheet.write_blank(self.row, position, None, self._texts[True])
        self.sheet.write_string(self.row, 0, label, self.look.cell(bold=True, wrapped=False))
        self.row += 1

    def range(self, position: int, first: int | None = None, last: int | None = None) -> str:
        """The cells of a column from row `first` to `last`: of all rows of the table by default. Empty for none."""
        from xlsxwriter.utility import xl_range

        start, end = self.first if first is None else first, self.row - 1 if last is None else last
        found: str = xl_range(start, position, end, position) if end >= start else ""
        return found

    def at(self, row: int, position: int) -> str:
        return cell_name(row, position)

    def elsewhere(self, cells: str) -> str:
        """Cells of this sheet as other sheets name them."""
        return f"{quoted(self.name)}!{cells}"

    def filter(self) -> None:
        """Arrows to filter the rows written so far."""
        if self.row > self.first:
            self.sheet.autofilter(self.headed, 0, self.row - 1, len(self.columns) - 1)

    def close(self) -> None:
        """Set the widths, and over how many pages they go. To be called at the end."""
        for position, width in self._widths.items():
            self.sheet.set_column(position, position, width)
        if self.columns:
            self.look.fit_to_width(self.sheet, sum(self._widths.values()), self._frozen)

    # --- cells -------------------------------------------------------------------------------------------------

    def _write(self, position: int, column: Column, cell: Cell, bold: bool) -> None:
        sheet, row = self.sheet, self.row
        form, text = self._forms[position][bold], self._texts[bold]
        if cell is None:
            sheet.write_blank(row, position, None, form)
        elif isinstance(cell, Link):
            sheet.write_url(row, position, f"internal:{quoted(cell.sheet)}!A1", self.look.link, cell.text)
            self._widen(position, display_width(cell.text))
        elif isinstance(cell, str):
            sheet.write_string(row, position, cell, text)
            if self._widths.get(position, 0) < WIDEST:
                self._widen(position, display_width(cell))
        elif isinstance(cell, Formula):
            value = _plain(column, cell.value)
            sheet.write_formula(row, position, f"={cell.text}", text if isinstance(value, str) else form, value)
            self._widen(position, _digits(column, value))
        elif isinstance(cell, datetime.date):
            sheet.write_datetime(row, position, datetime.datetime.combine(cell, datetime.time()), form)
            self._widen(position, 11)
        else:
            value = _plain(column, cell)
            sheet.write_number(row, position, value, form)
            self._widen(position, _digits(column, value))

    def _widen(self, position: int, letters: int) -> None:
        if not (self.columns and self.columns[position].width):
            self._widths[position] = max(self._widths.get(position, 0), width_of(letters))

    @staticmethod
    def _lines(column: Column, cell: Cell) -> int:
        """How many lines a cell takes. A text that is wider than the widest column makes its column as wide as that."""
        if not isinstance(cell, str) or len(cell) < WIDEST // 3:
            return 1
        return lines_in(cell, column.width or WIDEST)


def cell_name(row: int, position: int) -> str:
    from xlsxwriter.utility import xl_rowcol_to_cell

    name: str = xl_rowcol_to_cell(row, position)
    return name


def quoted(sheet: str) -> str:
    """The name of a sheet as formulas have it."""
    return "'" + sheet.replace("'", "''") + "'"


def _fen(cell: Cell) -> int:
    value = cell.value if isinstance(cell, Formula) else cell
    return value if isinstance(value, int) else 0


def _plain(column: Column, value: Any) -> Any:
    """A number as the workbook holds it: fen in yuan. Raises RosterError for more than 15 digits."""
    if column.kind in ("money", "check") and isinstance(value, int):
        if abs(value) > LARGEST:
            raise too_large(
                Text(
                    "有金额超过 15 位，工作簿不能准确保存",
                    "an amount has more than 15 digits, which a workbook does not keep",
                )
            )
        return yuan(value)
    return decimal(value) if isinstance(value, Fraction) else value


def decimal(value: Fraction) -> Decimal | float:
    """A fraction as a decimal where it is one, else the nearest number that a workbook holds."""
    below = value.denominator
    for prime in (2, 5):
        while below % prime == 0:
            below //= prime
    return Decimal(value.numerator) / Decimal(value.denominator) if below == 1 else float(value)


def _digits(column: Column, value: Any) -> int:
    """How many letters a number takes."""
    if isinstance(value, str):
        return display_width(value)
    if column.kind in ("money", "check"):
        return len(f"{value:,.2f}") + 1
    size = max(1, int(math.log10(abs(value))) + 1) if value else 1
    return size + size // 3 + 5
