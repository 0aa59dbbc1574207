"""Workbooks to grids, one per sheet, and each grid to the table it is if its headings come first."""

from __future__ import annotations

import io
import struct
from pathlib import Path
from typing import Any

from subsidy.finding import Text
from subsidy.roster.grid import Area, Grid
from subsidy.roster.raw import RawTable, plain_text, refused_file, unreadable
from subsidy.roster.sniff import Kind, incomplete, protected
from subsidy.roster.unseen import Unseen, unseen_in

WORKBOOKS = (".xlsx", ".xlsm", ".xlsb", ".xls", ".et", ".ods")


def read_workbook(path: Path, data: bytes, kind: Kind) -> list[RawTable]:
    """One table per sheet that is not empty, its headings in the first row that is not blank.

    Whether that is so is for `locate` to find out, from the grid that each table carries. A cell with an error or an
    unfinished formula holds the error or the formula as text. Raises RosterError for a file that cannot be read.
    """
    try:
        import python_calamine as calamine
    except ImportError:
        raise refused_file(
            path,
            "no-workbook-reader",
            Text("读取工作簿需要 python-calamine", "reading workbooks needs python-calamine"),
            Text("请安装 python-calamine，或另存为 CSV", "install python-calamine, or save the sheets as CSV"),
        ) from None
    try:
        book = calamine.CalamineWorkbook.from_filelike(io.BytesIO(data))
        sheets = [(name, book.get_sheet_by_name(name)) for name in book.sheet_names]
        cells = [(name, sheet.to_python(skip_empty_area=False), sheet.merged_cell_ranges) for name, sheet in sheets]
        unseen = unseen_in(data, kind, book.sheet_names)
    except calamine.PasswordError:
        raise protected(path) from None
    except (calamine.CalamineError, OSError, ValueError, KeyError, SyntaxError, struct.error, IndexError) as error:
        raise incomplete(path) if "detect" in str(error) else unreadable(path, type(error).__name__) from None
    grids = [
        _grid(path, name, rows, [Area(*first, *last) for first, last in merges or ()], unseen)
        for name, rows, merges in cells
    ]
    return [table for table in map(plain_table, grids) if table is not None]


def _grid(path: Path, sheet: str, rows: list[list[Any]], merges: list[Area], unseen: Unseen) -> Grid:
    import pyarrow as pa

    width = max([len(row) for row in rows] + [column + 1 for _, column in unseen.texts.get(sheet, ())], default=0)
    height = max([len(rows)] + [row + 1 for row, _ in unseen.texts.get(sheet, ())])
    if unseen.texts.get(sheet):
        rows = [row + [""] * (width - len(row)) for row in rows]
        rows += [[""] * width for _ in range(height - len(rows))]
        for (row, column), text in unseen.texts[sheet].items():
            rows[row][column] = text
    cells = zip(*rows, strict=True) if rows else ()
    columns = [pa.array([plain_text(cell) for cell in column], pa.string()) for column in cells]
    areas = tuple(sorted({*merges, *unseen.merges.get(sheet, ())}))
    return Grid(sheet.strip(), columns, range(1, height + 1), str(path), sheet, areas, addressed=True)


def plain_table(grid: Grid) -> RawTable | None:
    """The grid as a table whose headings stand in the first row that is not blank; None where all are."""
    top = next((i for i in range(len(grid)) if any(grid.row(i))), None)
    if top is None:
        return None
    return grid.cut(dict(enumerate(grid.row(top))), top, top + 1, len(grid))
