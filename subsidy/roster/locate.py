"""Where the tables stand: by the names of sheets and files, else by their headings anywhere in a sheet.

A plain table (headings first, one to a sheet or file) is taken as it was read. All others are looked for row by row.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from subsidy.finding import Place, Refusal, Text
from subsidy.roster.grid import Grid, grid_of
from subsidy.roster.header import FEWEST, Fit, Fitting, headers_at, states_two_rows
from subsidy.roster.names import Names, is_remark_sheet, stem_of
from subsidy.roster.raw import RawTable
from subsidy.roster.refusal import CodedRefusal, refusal
from subsidy.roster.sections import LOOKED_AT, ROW_ABOVE, Section, exact_headings, looks_like_a_row, sections
from subsidy.roster.sheet import Collector, Sheet

if TYPE_CHECKING:
    from subsidy.roster.mapping import ColumnMapping
    from subsidy.roster.tables import Roster

_MAP = Text(
    "标题是自拟的，可用 subsidy map 文件 --schedule ID -o map.yaml 起草列名对照表",
    "for headings of its own, subsidy map FILE --schedule ID -o map.yaml drafts a mapping",
)


def located(raw: RawTable, names: Names, fitting: Fitting, found: Collector) -> list[Section]:
    """The tables in what a reader took for one."""
    named = names.table(raw.name)
    if is_remark_sheet(raw.name) or (named is None and names.is_left_aside(raw.name)):
        return []
    if not raw.file:
        if named is None:
            found.add(Place(raw.file, raw.sheet), "unknown-table", names.unknown_table(raw.name), value=raw.name)
        return [Section(named, raw)] if named else []
    if named and not fitting.renamed and _is_plain(raw, named, names, fitting):
        return [Section(named, raw, list(_titles_above(raw, named, found)))]
    grid = grid_of(raw)
    before = len(found)
    there = list(sections(grid, fitting, found))
    if there or len(found) > before:
        return [section for section in there if section.table in fitting.own]
    if named:
        return [Section(named, raw)]
    found.add(Place(raw.file, raw.sheet), *_not_found(grid, names, fitting), value=raw.name)
    return []


def _titles_above(raw: RawTable, table: str, found: Collector) -> Iterator[tuple[Place, str]]:
    for line, cells in raw.above:
        if looks_like_a_row(cells, len(raw.headings)):
            found.add(Place(raw.file, row=line), "row-above-headings", ROW_ABOVE, table)
        yield from ((Place(raw.file, row=line), text) for text in cells)


def fitting_for(raw: RawTable, names: Names, mapping: ColumnMapping | None) -> Fitting:
    """What headings may stand for in this sheet or file."""
    return Fitting(names) if mapping is None else Fitting(names, *mapping.renamed(raw, names))


def tables_in(roster: Roster, names: Names) -> set[str]:
    """The tables that a roster has, by whatever name."""
    found = Collector(names)
    return {
        section.table
        for raw in roster.raw
        for section in located(raw, names, fitting_for(raw, names, roster.mapping), found)
    }


def _is_plain(raw: RawTable, table: str, names: Names, fitting: Fitting) -> bool:
    """Whether the headings are where they were looked for, and no second table stands below."""
    columns = names.columns(table, raw.headings)
    if not any(isinstance(column, str) for column in columns):
        return False
    if any(isinstance(column, CodedRefusal) and column.code == "unknown-column" for column in columns):
        return False
    two_rows = raw.grid is not None and states_two_rows(raw.grid, raw.heading_row - 1)
    texts = [raw.cells(i) for i in range(len(raw.headings)) if raw.characters(i).may_hold(fitting.spelled)]
    return not two_rows and not exact_headings(texts, fitting)


def _not_found(grid: Grid, names: Names, fitting: Fitting) -> tuple[str, Refusal]:
    """Nothing that is a table: the row that comes nearest to one, and what it lacks."""
    nearest: tuple[int, Fit] | None = None
    for row in range(min(len(grid), LOOKED_AT)):
        for header in headers_at(grid, row):
            for fit in fitting.fits(header, grid.name, [])[:1]:
                if len(fit.matched) >= FEWEST and (nearest is None or fit.rank > nearest[1].rank):
                    nearest = row, fit
    if nearest is None:
        unknown = names.unknown_table(grid.name)
        zh, en = f"{unknown.remedy.zh}；{_MAP.zh}", f"{unknown.remedy.en}; {_MAP.en}"
        return "unknown-table", Refusal(unknown.why, Text(zh, en))
    row, fit = nearest
    label = names.label(fit.table)
    lacking = [names.label(name) for name in fit.missing]
    shown = sorted(fit.matched)
    return "table-not-found", Refusal(
        Text(
            f"没有找到表；最接近的是第 {grid.number(row)} 行的 {label.zh}，"
            f"认出 {len(shown)} 个标题，另有 {fit.unknown} 个不认识",
            f"no table is found here; row {grid.number(row)} is nearest, to {label.en}: "
            f"{len(shown)} headings are known and {fit.unknown} are not",
        ),
        Text(
            f"请改正标题（还缺 {'、'.join(name.zh for name in lacking) or '无'}）；{_MAP.zh}",
            f"correct the headings (missing: {', '.join(name.en for name in lacking) or 'none'}); {_MAP.en}",
        ),
    )


def check_units(sheet: Sheet, assigned: Mapping[str, int], names: Names, found: Collector) -> None:
    """A title such as 单位：万元 over a column of yuan whose heading does not state its own unit."""
    bare = [
        column
        for column, position in assigned.items()
        if sheet.shape.columns[column].column.unit == "yuan" and not stem_of(sheet.raw.headings[position])[1]
    ]
    for place, text in sheet.titles:
        if bare and (unit := stated_magnitude(text)):
            label = names.label(bare[0])
            why = refusal(
                f"表头注明单位为{unit}，而 {label.zh} 应以元为单位",
                f"the title states units of {unit}, and {label.en} should be in yuan",
                "请换算为元，并更改此行", "convert the figures to yuan and change this line",
            )  # fmt: skip
            found.add(place, "title-unit", why, sheet.table, text)


_UNIT = re.compile(r"(?:单位|unit)(?:[^:：]{0,6}[:：]|(?=\s*为?\s*[十百千万亿]))\s*([^)）\]】]*)", re.IGNORECASE)
_MAGNITUDE = re.compile(r"[十百千万亿]+元|(?<![^\s为])[十百千万亿]+(?![^\s,，;；、。])")


def stated_magnitude(title: str) -> str:
    """万元 or the like, where a title says that it is the unit; else empty."""
    stated = _UNIT.search(title)
    unit = _MAGNITUDE.search(stated[1]) if stated else None
    return unit[0] if unit else ""
