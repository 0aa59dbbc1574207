"""Rows that are no rows: totals, which are checked and left aside, and what is signed or noted under a table."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from subsidy.roster import cells
from subsidy.roster.arrays import where, where_text
from subsidy.roster.raw import RawTable
from subsidy.roster.refusal import refusal
from subsidy.roster.sheet import Collector, Sheet
from subsidy.roster.totals import MAY_BE_TOTAL, check_totals, is_bare, level_of

MOST_LOOKED_AT = 5000  # rows without a key
NOTE_CELLS, MOST_NOTES = 4, 50
FEWEST_COLUMNS = 3  # of a table in which a row of one cell is odd
_SENTENCE = re.compile(r"[：，。；、！？,;!?\s]|^(?![0-9A-Za-z_-]*$).{16}")
_SIGNED = (
    r"^\s*(?:(?:制\s*表|填\s*表|填\s*报|编\s*制|审\s*核|审\s*批|复\s*核|经\s*办|单位负责|负\s*责|主\s*管|分管|联系|日期|盖章|单位)"
    r"[^:：(（]{0,6}(?:[:：]|[(（](?:签|盖|公))|(?i:prepared by|checked by|approved by))"
)
_NOTED = r"^\s*(?:注\s*(?:[0-9]{1,2}\s*[.．、:：]|[:：])|备注\s*[:：]|说明\s*[:：]|附注|填表说明|(?i:notes?\s*:))"
ENGLISH = ("prepared", "checked", "approved", "note", "total", "sum")  # each of which any match of `WORDED` has
WORDED = rf"{_SIGNED}|{_NOTED}|{MAY_BE_TOTAL}"  # what may stand in the column of the key instead of a key


def set_aside(sheet: Sheet, assigned: Mapping[str, int], found: Collector) -> None:
    """Take totals and footers out of a sheet; a wrong total is an error, a footer a warning."""
    import numpy as np
    import pyarrow as pa

    totals: dict[int, int] = {}  # row -> level
    notes: list[int] = []
    key = _key_position(sheet, assigned)
    for row in _looked_at(sheet, assigned, key):
        texts = [sheet.raw.text(i, row) for i in range(sheet.raw.data.num_columns)]
        filled = [text for text in texts if text]
        level = _level(texts[key] if key is not None else "", filled[0])
        if level is not None:
            totals[row] = level
        elif _is_note(filled) and not _has_needed(sheet, assigned, texts):
            notes.append(row)
    _report_stray(sheet, found)
    if not totals and not notes:
        return
    for row in notes:
        _report_note(sheet, row, found)
    check_totals(sheet, assigned, totals, set(notes), found)
    stay = np.ones(len(sheet.raw), bool)
    stay[[*totals, *notes]] = False
    kept = pa.array(stay)
    data, rows = sheet.raw.data.filter(kept).combine_chunks(), sheet.raw.rows.filter(kept)
    sheet.raw = replace(sheet.raw, data=data, rows=rows)
    sheet.wrong, sheet.lost = sheet.wrong[stay], sheet.lost[stay]


def _key_position(sheet: Sheet, assigned: Mapping[str, int]) -> int | None:
    """Where the key stands; in a history, whom a row is about."""
    names = (sheet.shape.key, sheet.shape.link)
    return next((assigned[name] for name in names if name and name in assigned), None)


def _looked_at(sheet: Sheet, assigned: Mapping[str, int], key: int | None) -> list[int]:
    """The rows without a key, or with words in it or at the left that may be those of a total or a note."""
    import numpy as np

    if key is None or not len(sheet.raw):
        return []
    raw, keys = sheet.raw, sheet.raw.cells(key)
    rows = where(keys.is_null())[:MOST_LOOKED_AT] if keys.null_count else np.empty(0, np.int64)
    if raw.characters(key).may_spell(*ENGLISH):
        rows = np.union1d(rows, _matching(keys, WORDED))
    at_left = _first_filled(raw, [i for i in range(key) if not _is_category(sheet, assigned, i)])
    if any(raw.characters(i).may_spell("total", "sum") for i in at_left):
        import pyarrow.compute as pc

        first = raw.cells(at_left[0]) if len(at_left) == 1 else pc.coalesce(*map(raw.column, at_left))
        rows = np.union1d(rows, _matching(first, MAY_BE_TOTAL))
    return [int(row) for row in rows]


def _matching(column: Any, pattern: str) -> Any:
    import pyarrow.compute as pc

    return where_text(column, lambda texts: pc.match_substring_regex(texts, pattern))


def _first_filled(raw: RawTable, positions: Sequence[int]) -> list[int]:
    """The columns up to the first that has no blank: one of them has the first text of each row."""
    found: list[int] = []
    for position in positions:
        found.append(position)
        if not raw.cells(position).null_count:
            break
    return found


def _is_category(sheet: Sheet, assigned: Mapping[str, int], position: int) -> bool:
    names = [name for name, own in assigned.items() if own == position]
    return any(cells.form_of(sheet.shape.columns[name]) == "category" for name in names)


def _level(key: str, first: str) -> int | None:
    """The level of a row of totals; None of any other. Beside a key only a word for a total alone makes one."""
    if not key:
        return level_of(first)
    level = level_of(key)
    return level_of(first) if level is None and is_bare(first) else level


def _is_note(filled: Sequence[str]) -> bool:
    return bool((len(filled) <= NOTE_CELLS and re.match(_SIGNED, filled[0])) or re.match(_NOTED, filled[0]))


def _has_needed(sheet: Sheet, assigned: Mapping[str, int], texts: Sequence[str]) -> bool:
    """Whether cells are filled, the key aside, that a row needs and that are no notes themselves."""
    needed = [texts[assigned[name]] for name in sheet.shape.needed if name in assigned]
    return any(text and not re.match(rf"{_SIGNED}|{_NOTED}", text) for text in needed)


def _report_note(sheet: Sheet, row: int, found: Collector) -> None:
    why = refusal(
        "表尾的签字或说明，未作为数据", "a signature or a note under the table, not read as a row",
        "如为数据，请改正此行", "if it is a row, correct it",
    )  # fmt: skip
    texts = (sheet.raw.text(i, row) for i in range(sheet.raw.data.num_columns))
    shown = " ".join(text for text in texts if text)
    found.add(sheet.place(row), "footer-row", why, sheet.table, shown, "warning")


def _report_stray(sheet: Sheet, found: Collector) -> None:
    """Rows of one cell at the end that read like a sentence."""
    import numpy as np

    columns = [sheet.raw.cells(i) for i in range(sheet.raw.data.num_columns)]
    if len(columns) < FEWEST_COLUMNS:
        return
    for row in range(len(sheet.raw) - 1, max(len(sheet.raw) - MOST_NOTES, 0) - 1, -1):
        there = [i for i, column in enumerate(columns) if column[row].is_valid]
        if len(there) > 1:
            return
        text = sheet.raw.text(there[0], row)
        if _SENTENCE.search(text) and not re.match(rf"{_SIGNED}|{_NOTED}", text):
            why = refusal(
                "表尾此行只有一格有内容，像是说明", "this last row has one filled cell, which reads like a note",
                "如为说明，请删去或以“注：”开头；如为数据，请补全",
                "if it is a note, delete it or begin it with “Note:”; if it is a row, complete it",
            )  # fmt: skip
            sheet.block(np.array([row]), "")
            found.add(sheet.place(row), "stray-row", why, sheet.table, text)
