"""Widths of the columns of a paper's tables in a Word file: numbers as wide as they are, wide texts the rest."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from typing import Any

from subsidy.report.memo.paper import Column, Table

WHOLE = 9300  # of a table, in twentieths of a point: A4 within its margins
HALF_CHARACTER, PADDING = 92, 240
SHORT_HEADING = 14  # half characters; a longer one breaks


def set_widths(document: Any, tables: Sequence[Table]) -> None:
    """Set them in the tables of the document that have the headings of these, in order."""
    waiting = list(tables)
    for drawn in document.tables:
        headings = [cell.text for cell in drawn.rows[0].cells] if drawn.rows else []
        table = next((one for one in waiting if [column.heading for column in one.columns] == headings), None)
        if table is not None:
            waiting.remove(table)
            _set(drawn, widths_of(table))


def widths_of(table: Table) -> list[int]:
    """In twentieths of a point, one for each column; they add up to the whole width."""
    needed = [_needed(column, [row.cells[place] for row in table.rows]) for place, column in enumerate(table.columns)]
    wide = [place for place, column in enumerate(table.columns) if column.kind == "wide"] or [len(needed) - 1]
    left = WHOLE - sum(width for place, width in enumerate(needed) if place not in wide)
    each = max(left // len(wide), PADDING)
    return [each if place in wide else width for place, width in enumerate(needed)]


def _needed(column: Column, texts: Sequence[str]) -> int:
    heading = _length(column.heading) + 1
    if heading > SHORT_HEADING:
        words = column.heading.split(" ")
        heading = max(map(_length, words)) if len(words) > 1 else heading // 2 + 2
    return max([heading, *map(_length, texts)]) * HALF_CHARACTER + PADDING


def _length(text: str) -> int:
    """In half characters: one of Chinese is two."""
    return sum(2 if unicodedata.east_asian_width(one) in "WF" else 1 for one in text)


def _set(drawn: Any, widths: Sequence[int]) -> None:
    from docx.oxml.ns import qn

    grid = drawn._tbl.tblGrid
    for old in list(grid):
        grid.remove(old)
    for width in widths:
        column = grid.add_gridCol()
        column.set(qn("w:w"), str(width))
    for row in drawn._tbl.tr_lst:
        for cell, width in zip(row.tc_lst, widths, strict=False):
            own = cell.get_or_add_tcPr().get_or_add_tcW()
            own.set(qn("w:type"), "dxa")
            own.set(qn("w:w"), str(width))
