"""Rows that are no rows: totals, which are checked and left aside, and what is signed or noted under a table."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from fractions import Fraction

from subsidy.finding import Text
from subsidy.roster import cells
from subsidy.roster.refusal import refusal
from subsidy.roster.sheet import Collector, Sheet

MOST_LOOKED_AT = 5000  # rows without a key
NOTE_CELLS, MOST_NOTES = 4, 50
FINEST = Fraction(1, 1_000_000)  # a spreadsheet's own sums may be off by less
FEWEST_COLUMNS = 3  # of a table in which a row of one cell is odd
_SENTENCE = re.compile(r"[：，。；、！？,;!?\s]|.{16}")
_TOTAL = (
    r"(?i)^(?=.*(?:计|总和|合計|total|sum))(?:本页|本表|全区|全市)?(?P<part>小计|subtotal)?(?:合计|总计|共计|总和|合計|total|sum|grandtotal)?"
    r"(?:金额|人数)?(?:[(（].*[)）])?[:：]?$"
)
_SIGNED = (
    r"^\s*(?:(?:制\s*表|填\s*表|填\s*报|编\s*制|审\s*核|审\s*批|复\s*核|经\s*办|单位负责|负\s*责|主\s*管|分管|联系|日期|盖章|单位)"
    r"[^:：(（]{0,6}[:：(（]|(?i:prepared by|checked by|approved by))"
)
_NOTED = r"^\s*(?:注\s*[:：0-9]|备注\s*[:：]|说明\s*[:：]|附注|填表说明|(?i:notes?\s*:))"
_LATIN = r"^(?i:total|sum|subtotal|grand ?total|prepared by|checked by|approved by|notes?\s*:)"
_WORDED = rf"{_SIGNED}|{_NOTED}|计[:：]?\s*$|{_LATIN}"  # what may stand in the column of the key instead of a key
_PLAIN_NUMBER = re.compile(r"-?[0-9]+(\.[0-9]+)?")


def set_aside(sheet: Sheet, assigned: Mapping[str, int], found: Collector) -> None:
    """Take totals and footers out of a sheet; a wrong total is an error, a footer a warning."""
    import numpy as np
    import pyarrow as pa

    totals: dict[int, bool] = {}  # row -> whether it is of a part only
    notes: list[int] = []
    for row in _without_key(sheet, assigned):
        texts = [sheet.raw.column(i)[row].as_py() or "" for i in range(sheet.raw.data.num_columns)]
        filled = [text.strip() for text in texts if text]
        label = re.sub(r"\s", "", filled[0])
        match = re.fullmatch(_TOTAL, label)
        if match and label:
            totals[row] = bool(match["part"])
        elif (len(filled) <= NOTE_CELLS and re.match(_SIGNED, filled[0])) or re.match(_NOTED, filled[0]):
            notes.append(row)
    _report_stray(sheet, found)
    if not totals and not notes:
        return
    for row in notes:
        _report_note(sheet, row, found)
    _check_totals(sheet, assigned, totals, set(notes), found)
    stay = np.ones(len(sheet.raw), bool)
    stay[[*totals, *notes]] = False
    kept = pa.array(stay)
    data, rows = sheet.raw.data.filter(kept).combine_chunks(), sheet.raw.rows.filter(kept)
    sheet.raw = replace(sheet.raw, data=data, rows=rows)
    sheet.wrong, sheet.lost = sheet.wrong[stay], sheet.lost[stay]


def _without_key(sheet: Sheet, assigned: Mapping[str, int]) -> list[int]:
    """The rows without a key (in a history, whom they are about), or with the word for a total or a note in it."""
    import numpy as np
    import pyarrow.compute as pc

    shape = sheet.shape
    names = [name for name in (shape.key, shape.link) if name and name in assigned]
    if not names or not len(sheet.raw):
        return []
    keys = sheet.raw.column(assigned[names[0]])
    rows = np.flatnonzero(keys.is_null().to_numpy(zero_copy_only=False)) if keys.null_count else np.empty(0, np.int64)
    worded = pc.match_substring_regex(keys, _LATIN if pc.all(pc.string_is_ascii(keys)).as_py() else _WORDED)
    if pc.any(worded).as_py():
        rows = np.union1d(rows, np.flatnonzero(worded.fill_null(False).to_numpy(zero_copy_only=False)))
    return [int(row) for row in rows[:MOST_LOOKED_AT]]


def _report_note(sheet: Sheet, row: int, found: Collector) -> None:
    why = refusal(
        "表尾的签字或说明，未作为数据", "a signature or a note under the table, not read as a row",
        "如为数据，请改正此行", "if it is a row, correct it",
    )  # fmt: skip
    texts = (sheet.raw.column(i)[row].as_py() for i in range(sheet.raw.data.num_columns))
    shown = " ".join(text.strip() for text in texts if text)
    found.add(sheet.place(row), "footer-row", why, sheet.table, shown, "warning")


def _report_stray(sheet: Sheet, found: Collector) -> None:
    """Rows of one cell at the end that read like a sentence."""
    import numpy as np

    columns = [sheet.raw.column(i) for i in range(sheet.raw.data.num_columns)]
    if len(columns) < FEWEST_COLUMNS:
        return
    for row in range(len(sheet.raw) - 1, max(len(sheet.raw) - MOST_NOTES, 0) - 1, -1):
        filled = [column[row].as_py() for column in columns if column[row].is_valid]
        if len(filled) > 1:
            return
        if _SENTENCE.search(filled[0].strip()) and not re.match(rf"{_SIGNED}|{_NOTED}", filled[0]):
            why = refusal(
                "表尾此行只有一格有内容，像是说明", "this last row has one filled cell, which reads like a note",
                "如为说明，请删去或以“注：”开头；如为数据，请补全",
                "if it is a note, delete it or begin it with “Note:”; if it is a row, complete it",
            )  # fmt: skip
            sheet.block(np.array([row]), "")
            found.add(sheet.place(row), "stray-row", why, sheet.table, filled[0].strip())


# --- totals --------------------------------------------------------------------------------------------------------


def _check_totals(
    sheet: Sheet, assigned: Mapping[str, int], totals: Mapping[int, bool], notes: set[int], found: Collector
) -> None:
    """Each stated total against the sum of its column: of all rows, or of those since the total before it."""
    columns = {
        name: position
        for name, position in assigned.items()
        if cells.form_of(sheet.shape.columns[name]) == "number" and sheet.shape.columns[name].column.unit != "percent"
    }
    checked: set[int] = set()
    for name, position in columns.items():
        texts = [(text or "").strip() for text in sheet.raw.column(position).to_pylist()]
        details = [text for row, text in enumerate(texts) if row not in totals and row not in notes]
        if any(text and not _PLAIN_NUMBER.fullmatch(text) for text in details):
            checked |= totals.keys()
            continue
        for row, is_part in totals.items():
            stated = texts[row].replace(",", "")
            if _PLAIN_NUMBER.fullmatch(stated):
                checked.add(row)
                _check_total(sheet, name, row, Fraction(stated), _sums(texts, totals, notes, row, is_part), found)
    for row in totals.keys() - checked:
        why = refusal(
            "合计行，其中没有可核对的数字，未作为数据", "a row of totals without a figure to check, not read as a row",
            "如为数据，请改正此行", "if it is a row, correct it",
        )  # fmt: skip
        found.add(sheet.place(row), "unchecked-total", why, sheet.table, severity="warning")


def _sums(
    texts: Sequence[str], totals: Mapping[int, bool], notes: set[int], row: int, is_part: bool
) -> tuple[Fraction, ...]:
    """What a total may be, the likeliest first: of all rows, or of those since the total before."""
    before = max((other for other in totals if other < row), default=-1)
    ranges = [range(before + 1, row), range(len(texts))]
    whole, part = (
        sum((Fraction(texts[i]) for i in span if texts[i] and i not in totals and i not in notes), Fraction(0))
        for span in reversed(ranges)
    )
    return (part, whole) if is_part else (whole, part)


def _check_total(
    sheet: Sheet, name: str, row: int, stated: Fraction, right: tuple[Fraction, ...], found: Collector
) -> None:
    if any(abs(stated - one) < FINEST for one in right):
        return
    shown, difference = _decimal(right[0]), _decimal(abs(stated - right[0]))
    more = stated > right[0]
    why = Text(
        f"合计与各行之和不符：各行之和为 {shown}，{'多' if more else '少'} {difference}",
        f"this total is not the sum of its rows, which is {shown}: {difference} too {'much' if more else 'little'}",
    )
    remedy = Text("请核对是否漏行、重行或数字有误", "look for a row that is missing or there twice, or a wrong figure")
    found.add(
        sheet.place(row, name),
        "wrong-total",
        refusal(why.zh, why.en, remedy.zh, remedy.en),
        sheet.table,
        _decimal(stated),
    )


def _decimal(number: Fraction) -> str:
    from decimal import Decimal

    return format(Decimal(number.numerator) / Decimal(number.denominator), "f")
