"""Merged cells among the rows of a table: what a merge states is read for all of its rows, and said so.

An amount or a key is not: it may stand for the rows together.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from subsidy.roster import cells
from subsidy.roster.grid import Area
from subsidy.roster.refusal import CodedRefusal, coded
from subsidy.roster.sheet import Collector, Sheet

if TYPE_CHECKING:
    import pyarrow as pa


def fill(sheet: Sheet, assigned: Mapping[str, int], found: Collector) -> None:
    """Fill columns down merged cells with a warning, and refuse the merges that say nothing about single rows."""
    import numpy as np

    raw = sheet.raw
    if raw.grid is None or not raw.grid.merges or not len(raw):
        return
    numbers = raw.rows.to_numpy()
    texts: dict[int, list[str | None]] = {}
    columns = {raw.letters[position]: name for name, position in assigned.items()}
    for area in raw.grid.merges:
        rows = np.arange(*np.searchsorted(numbers, [area.top + 1, area.bottom + 2]))
        names = _columns_in(area, columns)
        if not names or not len(rows):
            continue
        refused = _refused(sheet, area, names)
        if refused is None and len(rows) > 1 and numbers[rows[0]] == area.top + 1:
            position = assigned[names[0]]
            if position not in texts:
                texts[position] = raw.column(position).to_pylist()
            _fill(texts[position], rows.tolist())
            refused = _filled(area, len(rows) - 1)
            found.rows(sheet, refused.code, rows[:1], refused, names[0], "warning")
        elif refused is not None:
            sheet.block(rows, names[0])
            found.rows(sheet, refused.code, rows[:1], refused, names[0])
    for position, filled in texts.items():
        _replace(sheet, position, filled)


def _columns_in(area: Area, columns: Mapping[str, str]) -> list[str]:
    from subsidy.roster.grid import letters

    return [columns[letters(i)] for i in range(area.left, area.right + 1) if letters(i) in columns]


def _refused(sheet: Sheet, area: Area, names: list[str]) -> CodedRefusal | None:
    if area.right > area.left:
        return coded(
            "merged-across", f"{area} 合并了多列", f"{area} merges cells of several columns",
            "请取消合并，逐格填写", "take the merge apart and fill in each cell",
        )  # fmt: skip
    if names[0] == sheet.shape.key or cells.form_of(sheet.shape.columns[names[0]]) == "number":
        return coded(
            "merged-figure",
            f"{area} 合并了多行，无法判断该值属于一行还是各行共有",
            f"{area} merges several rows: the value may belong to one of them or to all together",
            "请取消合并，逐行填写（共有的按行分摊）",
            "take the merge apart and give each row its own (a share, where it is of all together)",
        )
    return None


def _filled(area: Area, others: int) -> CodedRefusal:
    return coded(
        "merged-cells",
        f"{area} 合并了多行，其下 {others} 个空白格已按此值读取",
        f"{area} merges several rows, and the blank cells below ({others}) are read as this value",
        "如不是同一值，请取消合并，逐行填写",
        "where they are not the same, take the merge apart and fill in each row",
    )


def _fill(texts: list[str | None], rows: list[int]) -> None:
    for row in rows[1:]:
        texts[row] = texts[rows[0]] if texts[row] is None else texts[row]


def _replace(sheet: Sheet, position: int, texts: list[str | None]) -> None:
    import pyarrow as pa

    column: pa.Array = pa.array(texts, pa.string())
    field = sheet.raw.data.schema.field(position)
    sheet.raw = replace(sheet.raw, data=sheet.raw.data.set_column(position, field, column))
