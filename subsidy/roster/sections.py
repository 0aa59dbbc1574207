"""The tables of a grid: one or several, below each other or side by side, with titles over them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from subsidy.finding import Place, Refusal
from subsidy.roster.arrays import where_text
from subsidy.roster.grid import Grid, letters
from subsidy.roster.header import FEWEST, Fit, Fitting, Header, headers_at, states_two_rows
from subsidy.roster.names import Names
from subsidy.roster.raw import RawTable
from subsidy.roster.refusal import refusal
from subsidy.roster.sheet import Collector

LOOKED_AT = 60  # rows from the top that may be headings; further down only rows in which headings stand exactly
TITLE_CELLS = 4  # filled cells that a line over the headings may have
_CAPTION = re.compile(r"[:：]")
ROW_ABOVE = refusal(
    "标题行之上的这一行像是数据", "this row above the headings looks like data",
    "请移到标题行之下，或删除", "move it below the headings, or delete it",
)  # fmt: skip
Titles = Sequence[tuple[Place, str]]
Found = tuple[Header, list[Fit]]


@dataclass(frozen=True)
class Section:
    """A table and where it was found; `titles`: the cells over its headings, with their places."""

    table: str
    raw: RawTable
    titles: Titles = ()


def exact_headings(columns: Sequence[Any], fitting: Fitting) -> list[int]:
    """The rows in which at least two cells of these columns of texts are headings as the schedule writes them."""
    import numpy as np
    import pyarrow as pa
    import pyarrow.compute as pc

    known = pa.array(fitting.spelled, pa.string())
    counts: Any = None
    for column in columns:
        hits = where_text(column, lambda texts: pc.is_in(texts, value_set=known))
        if len(hits):
            counts = np.zeros(len(column), np.int8) if counts is None else counts
            counts[hits] += 1
    return [] if counts is None else [int(row) for row in np.flatnonzero(counts >= FEWEST)]


def sections(grid: Grid, fitting: Fitting, found: Collector) -> Iterator[Section]:
    """The tables of a grid from top to bottom."""
    chosen = list(_headers(grid, fitting))
    for header, fits in chosen:
        best = fits[0]
        equal = [fit for fit in fits[1:] if fit.rank == best.rank and fit.table in fitting.own]
        if equal:
            place = _place(grid, header.row, min(header.headings))
            either = _either(found.names, [best.table, *(fit.table for fit in equal)])
            found.add(place, "ambiguous-table", either, value=grid.name)
            continue
        others = [other for other, _ in chosen if other is not header]
        columns = _reach(len(grid.columns), header, others)
        start = header.row + header.depth
        stop = _end_before_titles(grid, start, _next_below(len(grid), header, others))
        means = {i: fitting.mapped(best.table, heading, header.full[i]) for i, heading in header.headings.items()}
        said = {i: meaning for i, meaning in means.items() if meaning is not None}
        raw = grid.cut(header.headings, header.row, start, stop, columns, said)
        yield Section(best.table, raw, list(_titles(grid, header, others, columns, best.table, found)))


def _next_below(count: int, header: Header, others: Sequence[Header]) -> int:
    """The row of the next headings under a table, or the end of the grid."""
    left, right = min(header.headings), max(header.headings)
    below = [
        other.row
        for other in others
        if other.row > header.row and min(other.headings) <= right and max(other.headings) >= left
    ]
    return min(below, default=count)


def _headers(grid: Grid, fitting: Fitting) -> Iterator[Found]:
    """The rows of headings with the tables they fit, best first."""
    filled = [row for row in range(min(len(grid), LOOKED_AT)) if any(grid.row(row))]
    further = [row for row in exact_headings(grid.columns, fitting) if row >= LOOKED_AT]
    titles: list[str] = []
    taken = -1
    for row in (*filled, *further):
        if row <= taken:
            continue
        best: list[Found] = []
        if sum(map(fitting.is_heading, grid.row(row))) or states_two_rows(grid, row):
            best = _best_at(grid, row, titles, fitting)
        if not best:
            titles = [*titles[-5:], *filter(None, grid.row(row))]
            continue
        yield from best
        taken, titles = row + best[0][0].depth - 1, []


def _best_at(grid: Grid, row: int, titles: Sequence[str], fitting: Fitting) -> list[Found]:
    """The header or, side by side, the headers that begin in a row; none where no table is known by it."""
    alone, *pair = [_read_as(header, grid.name, titles, fitting) for header in headers_at(grid, row)]
    if not pair or _worth(pair[0]) < _worth(alone):
        return alone
    if states_two_rows(grid, row):
        return pair[0]
    below = [_read_as(header, grid.name, titles, fitting) for header in list(headers_at(grid, row + 1))[:1]]
    return pair[0] if _worth(pair[0]) > max(_worth(alone), *map(_worth, below)) else alone


def _read_as(header: Header, name: str, titles: Sequence[str], fitting: Fitting) -> list[Found]:
    """One table, or several side by side where these know more of the headings."""
    whole = fitting.fits(header, name, titles)
    best = [(header, whole)] if whole and whole[0].is_table else []
    parts = [(part, fitting.fits(part, name, titles)) for part in _parts(header)]
    complete = [(part, fits) for part, fits in parts if fits and not fits[0].missing and fits[0].is_table]
    return complete if len(complete) > 1 and _worth(complete) > _worth(best) else best


def _worth(option: Sequence[Found]) -> int:
    return sum(len(fits[0].matched) for _, fits in option)


def _parts(header: Header) -> list[Header]:
    """Headings that blank columns divide."""
    parts: list[list[int]] = []
    for column in sorted(header.headings):
        if parts and column == parts[-1][-1] + 1:
            parts[-1].append(column)
        else:
            parts.append([column])
    return [header.part(part) for part in parts] if len(parts) > 1 else []


def _reach(width: int, header: Header, others: Sequence[Header]) -> list[int]:
    """The columns of a table: its headings', and those to the next table beside it."""
    left, right = min(header.headings), max(header.headings)
    begins = [min(other.headings) for other in others if other.row == header.row]
    start = left if any(begin < left for begin in begins) else 0
    return list(range(start, min((begin for begin in begins if begin > right), default=width)))


def _end_before_titles(grid: Grid, start: int, stop: int) -> int:
    """Where a table ends above the headings of the next: blank rows and rows of one cell over these are titles."""
    if stop == len(grid):
        return stop
    while stop > start and sum(map(bool, grid.row(stop - 1))) <= 1:
        stop -= 1
    return stop


def _titles(
    grid: Grid, header: Header, others: Sequence[Header], columns: Sequence[int], table: str, found: Collector
) -> Iterator[tuple[Place, str]]:
    """The cells over the headings, up to the table above; a line that looks like a row of cells is an error."""
    top = max((other.row + other.depth for other in others if other.row < header.row), default=0)
    if top:
        top = _end_before_titles(grid, top, header.row)
        if top < header.row and any(grid.row(top)) and top not in {area.top for area in grid.merges}:
            why = refusal(
                "紧接在上一张表之下，只有一格，按下一张表的标题处理",
                "a row of one cell right under a table, taken for the title of the next",
                "如为数据，请补全此行", "if it is a row of the table, complete it",
            )  # fmt: skip
            cell = next(i for i, text in enumerate(grid.row(top)) if text)
            found.add(_place(grid, top, cell), "title-row", why, table, grid.row(top)[cell], "warning")
    for row in range(top, header.row):
        cells = [(i, text) for i, text in enumerate(grid.row(row)) if text and i in columns]
        if looks_like_a_row([text for _, text in cells], len(header.headings)):
            found.add(_place(grid, row, cells[0][0]), "row-above-headings", ROW_ABOVE, table)
        yield from ((_place(grid, row, i), text) for i, text in cells)


def looks_like_a_row(line: Sequence[str], headings: int) -> bool:
    """Whether a line over so many headings has too many cells for titles, those such as 单位：元 aside."""
    filled = sum(map(bool, line))
    unnamed = sum(bool(text) and not _CAPTION.search(text) for text in line)
    return filled > max(TITLE_CELLS, headings // 2) or unnamed >= max(2, headings - 1)


def _place(grid: Grid, row: int, column: int) -> Place:
    cell = f"{letters(column)}{grid.number(row)}" if grid.addressed else ""
    return Place(grid.file, grid.sheet, grid.number(row), "", cell=cell)


def _either(names: Names, tables: Sequence[str]) -> Refusal:
    labels = [names.label(table) for table in tables]
    return refusal(
        f"标题同样符合表 {' 和 '.join(label.zh for label in labels)}",
        f"the headings fit the tables {' and '.join(label.en for label in labels)} equally well",
        "请以表名作为工作表名或文件名", "give the sheet or the file the name of the table",
    )  # fmt: skip
