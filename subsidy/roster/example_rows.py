"""Example rows of a template: rows whose keys, references and texts all begin with 示例： or EXAMPLE: are left aside.

A row in which only some of them do was begun and not finished, so that it is an error.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from subsidy.roster import cells as forms
from subsidy.roster.arrays import filled, where_text
from subsidy.roster.raw import RawTable
from subsidy.roster.refusal import refusal

if TYPE_CHECKING:
    from subsidy.roster.sheet import Collector, Sheet

MARKS = {"zh": "示例：", "en": "EXAMPLE: "}
_MARK = re.compile(r"\s*(示例|EXAMPLE)\s*[:：]", re.IGNORECASE)
ENGLISH = "example"  # which any match of the English mark has
MAY_BE_MARKED = r"^[\s\p{Z}]*(?:示例|(?i:example))"  # as Arrow reads it


def is_example(text: str) -> bool:
    """Whether a cell is marked as part of an example."""
    return _MARK.match(text) is not None


def leave_examples_aside(sheet: Sheet, assigned: Mapping[str, int], found: Collector) -> None:
    """Take the example rows out of a sheet; report those that are examples in part only.

    `assigned`: column -> position in the raw table.
    """
    import numpy as np

    texts = {
        name: position for name, position in assigned.items() if forms.form_of(sheet.shape.columns[name]) == "text"
    }
    marked, whole = _marked(sheet.raw, texts.values())
    if marked is None:
        return
    sheet.raw = _filtered(sheet.raw, ~whole)
    sheet.wrong, sheet.lost = sheet.wrong[~whole], sheet.lost[~whole]
    sheet.examples = int(whole.sum())
    halves = np.flatnonzero(marked[~whole])
    sheet.half_examples = frozenset(sheet.number(row) for row in halves.tolist())
    why = refusal(
        "该行只有部分内容仍是示例", "only a part of this row is still the example",
        "请把仍以“示例：”开头的格改为实际内容，或删除该行",
        "replace the cells that begin with EXAMPLE:, or delete the row",
    )  # fmt: skip
    for name, position in texts.items():
        if len(halves):
            own, _ = _marked(sheet.raw, [position])
            rows = [row for row in halves.tolist() if own is not None and own[row]]
            found.rows(sheet, "half-example", np.array(rows, np.int64), why, name)
            halves = np.setdiff1d(halves, rows)


def _marked(raw: RawTable, positions: Iterable[int]) -> tuple[Any, Any]:
    """Per row whether any of these cells is marked (None: in no row), and whether all that are not blank are."""
    import numpy as np

    columns = list(positions)
    rows = [_rows_marked(raw, position) for position in columns]
    if not any(rows):
        return None, np.zeros(len(raw), bool)
    marks = [np.isin(np.arange(len(raw)), marked) for marked in rows]
    marked = np.logical_or.reduce(marks)
    plain = [filled(raw.cells(position)) & ~mark for position, mark in zip(columns, marks, strict=True)]
    return marked, marked & ~np.logical_or.reduce(plain)


def _rows_marked(raw: RawTable, position: int) -> list[int]:
    import pyarrow.compute as pc

    if not raw.characters(position).may_spell("example"):
        return []
    cells = raw.cells(position)
    may_be = where_text(cells, lambda texts: pc.match_substring_regex(texts, MAY_BE_MARKED))
    return [row for row in may_be.tolist() if is_example(cells[row].as_py())]


def _filtered(raw: RawTable, kept: Any) -> RawTable:
    import pyarrow as pa

    mask = pa.array(kept)
    return replace(raw, data=raw.data.filter(mask).combine_chunks(), rows=raw.rows.filter(mask))
