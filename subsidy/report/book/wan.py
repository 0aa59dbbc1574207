"""A sheet of sums again in 10,000 yuan: every amount is a formula of the cell in yuan, totals too."""

from __future__ import annotations

from fractions import Fraction

from subsidy.report.book.context import Context
from subsidy.report.book.look import WAN
from subsidy.report.book.page import Cell, Column, Formula, Page

FEN_PER_WAN = 1_000_000


def in_wan(context: Context, name: str, page: Page, *, freeze: int) -> Page:
    """The rows that were kept of a page, in 10,000 yuan."""
    copy = context.page(name, page.title, [context.unit_line(wan=True)])
    columns = [Column(one.heading, "number", WAN) if one.kind == "money" else one for one in page.kept]
    copy.head(columns, freeze=freeze)
    for row, cells, bold in page.rows:
        copy.add([_in_wan(page, row, at, cell) for at, cell in enumerate(cells)], bold=bold)
    return copy


def _in_wan(page: Page, row: int, position: int, cell: Cell) -> Cell:
    amount = cell.value if isinstance(cell, Formula) else cell
    if page.kept[position].kind != "money" or not isinstance(amount, int):
        return cell
    return Formula(f"{page.elsewhere(page.at(row, position))}/10000", Fraction(amount, FEN_PER_WAN))
