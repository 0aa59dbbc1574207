"""Rows against each other: blanks that block, keys given twice, references to nothing, persons nobody knows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from subsidy.finding import Refusal, Text, nearest
from subsidy.roster.arrays import (
    are_unique,
    coded,
    codes,
    distinct,
    each,
    filled,
    filled_with,
    repeated,
    where,
    where_text,
)
from subsidy.roster.example_rows import is_example
from subsidy.roster.refusal import refusal
from subsidy.roster.sheet import Collector, Sheet

FEW_KEYS = 2000  # among which the nearest one is looked for
DAYS = 4_000_000  # more than there are days up to 9999


def check_blanks(sheet: Sheet, found: Collector) -> None:
    """Rows whose key, link, dates of life or period are blank have no meaning."""
    import numpy as np

    shape = sheet.shape
    for name in shape.needed:
        if name in (shape.life or ()) and shape.columns[name].column.blank != "missing":
            continue
        blanks = _blanks(sheet, name)
        if len(blanks):
            label = found.names.label(name)
            why = refusal("此格不能为空", "this cell cannot be blank", f"请填写 {label.zh}", f"fill in {label.en}")
            found.rows(sheet, "blank-cell", blanks, why, name)
    if shape.has_persons:
        nobody = _blanks(sheet, "person")
        if len(nobody):
            nobody = np.intersect1d(nobody, _blanks(sheet, "count"), assume_unique=True)
            why = refusal(
                "既无人员，也无人数", "neither a person nor a count is given",
                "请填写人员，或填写人数 count", "give the person, or a count",
            )  # fmt: skip
            found.rows(sheet, "blank-cell", nobody, why, "person")
        _check_counted_persons(sheet, found)


def _check_counted_persons(sheet: Sheet, found: Collector) -> None:
    """A row that names a person is about one."""
    import pyarrow as pa
    import pyarrow.compute as pc

    counts = sheet.columns["count"]
    if counts.null_count == len(counts):
        return
    rows = where(pc.and_(pa.array(filled(sheet.columns["person"])), pc.greater(counts, 1)))

    def describe(row: int) -> Refusal:
        count = counts[row].as_py()
        return refusal(
            f"这一行既有人员，又有数量 {count}，按 {count} 人计算",
            f"this row names a person and has a count of {count}: it counts as {count} persons",
            "如为一人，请清空数量；如为一组人，人员一栏只作名称",
            "of one person, clear the count; of a group, the person is only a name",
        )  # fmt: skip

    found.rows(sheet, "person-and-count", rows, describe, "count", "warning")


def _blanks(sheet: Sheet, name: str) -> Any:
    """The rows in which the roster has nothing for a column (cells that could not be read are not blank)."""
    import numpy as np

    cells = sheet.cells(name)
    if cells is None:
        return np.arange(len(sheet.raw))
    return where(cells.is_null()) if cells.null_count else np.empty(0, np.int64)


def check_keys(sheet: Sheet, found: Collector) -> None:
    """All rows with one key, or of a history with one link and day, are wrong: which is right is not known.

    The finding is about the later ones. Of a history's rows one stays, without its facts.
    """
    import numpy as np

    shape = sheet.shape
    if shape.key and not are_unique(sheet.columns[shape.key]):
        sound = np.flatnonzero(filled(sheet.columns[shape.key]))
        later, first = repeated(codes(sheet.columns[shape.key])[sound])
        why = refusal("编号重复", "this key is given twice", "每行须有自己的编号", "give each row a key of its own")
        sheet.block(sound[first], shape.key)
        _report_repeated(sheet, found, "duplicate-key", shape.key, sound[later], sound[first], why)
    elif not shape.key and shape.is_history and shape.link:
        sound = np.flatnonzero(~sheet.lost)
        days = filled_with(sheet.columns["from"], 0).to_numpy()
        later, first = repeated((codes(sheet.columns[shape.link]) * DAYS + days)[sound])
        why = refusal(
            "同一对象同一日有两行", "there are two rows for the same subject and day",
            "请只保留正确的一行", "keep the one that is right",
        )  # fmt: skip
        sheet.wrong[sound[first]] = True
        _report_repeated(sheet, found, "duplicate-history", "from", sound[later], sound[first], why)


def _report_repeated(
    sheet: Sheet, found: Collector, code: str, column: str, later: Any, first: Any, why: Refusal
) -> None:
    first_of = dict(zip(later.tolist(), first.tolist(), strict=True))

    def describe(row: int) -> Refusal:
        number = sheet.number(first_of[row])
        return Refusal(Text(f"{why.why.zh}，首次在第 {number} 行", f"{why.why.en}, first in row {number}"), why.remedy)

    found.rows(sheet, code, later, describe, column)


# --- references ----------------------------------------------------------------------------------------------------


def check_references(sheets: Mapping[str, Sheet], found: Collector) -> None:
    """References lead to a row of the table they name, and that row is sound."""
    absent: set[str] = set()
    for sheet in sheets.values():
        for name, to in _references(sheet).items():
            if to in sheets and sheets[to].usable:
                _check_known(sheet, name, sheets[to], found)
            elif to in sheets or to != "districts":
                _check_present(sheet, name, to, to in sheets, absent, found)
    block_dependents(sheets, found)


def block_dependents(sheets: Mapping[str, Sheet], found: Collector) -> None:
    """Block the rows that refer to a blocked row, the rows that refer to those, and so on, each with a warning."""
    changed = True
    while changed:
        changed = False
        for sheet in sheets.values():
            for name, to in _references(sheet).items():
                if to in sheets and sheets[to].usable:
                    changed |= _block_with(sheet, name, sheets[to], found)


def _references(sheet: Sheet) -> dict[str, str]:
    references = sheet.shape.references
    return {name: references[name] for name in references if name in sheet.headings} if sheet.usable else {}


def _check_present(sheet: Sheet, name: str, to: str, is_reported: bool, absent: set[str], found: Collector) -> None:
    pointing = filled(sheet.columns[name])
    if not pointing.any():
        return
    sheet.block(pointing, name)
    if not is_reported and to not in absent:
        absent.add(to)
        label = found.names.label(to)
        why = refusal(
            f"缺少表 {label.zh}", f"the table {label.en} is missing",
            f"请补上工作表 {label.zh}", f"add a sheet {label.en}",
        )  # fmt: skip
        found.add(sheet.place(column=name), "missing-table", why, to)


def _check_known(sheet: Sheet, name: str, target: Sheet, found: Collector) -> None:
    import numpy as np
    import pyarrow.compute as pc

    keys = target.columns[target.shape.key or ""]
    named = coded(sheet.columns[name]).dictionary
    unknown = named.filter(pc.invert(pc.is_in(named, value_set=keys)))
    if not len(unknown):
        return
    rows = where_text(sheet.columns[name], lambda texts: pc.is_in(texts, value_set=unknown))
    if sheet.half_examples:  # these have a finding of their own
        rows = np.array([row for row in rows.tolist() if not _is_half_example(sheet, row, name)], np.int64)
    are_few = len(keys) <= FEW_KEYS and not target.raw.is_part
    known = [key for key in keys.to_pylist() if key] if are_few else []
    label = found.names.label(target.table)

    def describe(row: int) -> Refusal:
        text = sheet.columns[name][row].as_py()
        why = Text(f"表 {label.zh} 中没有 {text}", f"the table {label.en} has no row {text}")
        unlisted = Text("请补上该行，或更正此格", "add that row, or correct this cell")
        if padded := [key for key in known if key != text and key.lstrip("0") == text.lstrip("0")]:
            shown = " / ".join(padded)
            return refusal(
                f"{why.zh}，但有 {shown}：可能丢失了前面的 0",
                f"{why.en}, but there is {shown}: zeros at the front may be lost",
                "请将该列设为文本格式后改正",
                "format the column as text and correct it",
            )
        return Refusal(why, nearest(text, known) if known else unlisted)

    found.rows(sheet, "unknown-reference", rows, describe, name)


def _is_half_example(sheet: Sheet, row: int, name: str) -> bool:
    return is_example(sheet.columns[name][row].as_py()) and sheet.number(row) in sheet.half_examples


def _block_with(sheet: Sheet, name: str, target: Sheet, found: Collector) -> bool:
    """Block the rows that refer to a blocked row (a warning: the error is that one's); whether there were any."""
    import pyarrow as pa
    import pyarrow.compute as pc

    if not target.wrong.any():
        return False
    sound = target.columns[target.shape.key or ""].filter(pa.array(~target.wrong))
    is_sound = each(sheet.columns[name], lambda texts: pc.is_in(texts, value_set=sound))
    safe = pc.or_(sheet.columns[name].is_null(), is_sound.fill_null(False))
    rows = where(pc.and_(pc.invert(safe), pa.array(~sheet.wrong)))
    label = found.names.label(target.table)

    def describe(row: int) -> Refusal:
        text = sheet.columns[name][row].as_py()
        return refusal(
            f"所引用的 {label.zh} {text} 有错误", f"the row {text} of {label.en}, to which this refers, has an error",
            "请先改正该行", "correct that row first",
        )  # fmt: skip

    sheet.block(rows, name)
    found.rows(sheet, "blocked-reference", rows, describe, name, "warning")
    return bool(len(rows))


# --- persons -------------------------------------------------------------------------------------------------------


def check_persons(sheets: Mapping[str, Sheet], found: Collector) -> None:
    """A history about a person whom no other table names is odd: perhaps one of the two is misspelt."""
    import pyarrow as pa
    import pyarrow.compute as pc

    histories = [sheet for sheet in sheets.values() if sheet.shape.is_history and sheet.shape.link == "person"]
    if not histories:
        return
    others = [sheet for sheet in sheets.values() if not sheet.shape.is_history and "person" in sheet.headings]
    persons = pa.concat_arrays([pa.array([], pa.string()), *(distinct(sheet.columns["person"]) for sheet in others)])
    why = refusal(
        "没有其他表提到此人", "no other table names this person",
        "请核对两处的写法", "compare how the person is written in both",
    )  # fmt: skip
    for sheet in histories:
        known = each(sheet.columns["person"], lambda texts: pc.is_in(texts, value_set=persons)).fill_null(False)
        rows = where(pc.invert(pc.or_(known, pa.array(sheet.lost))))
        found.rows(sheet, "unknown-person", rows, why, "person", "warning")


def kept(sheet: Sheet) -> dict[str, Any]:
    """The columns of the rows that are not lost; the wrong rows of a history keep only whom and when."""
    import pyarrow as pa
    import pyarrow.compute as pc

    columns = dict(sheet.columns)
    if sheet.shape.is_history:
        silent = sheet.wrong & ~sheet.lost
        if silent.any():
            spoken = pa.array(~silent)
            stays = ("_row", sheet.shape.link, "from", "from#m", "from#d")
            for name in columns.keys() - stays:
                columns[name] = pc.if_else(spoken, columns[name], pa.scalar(None, columns[name].type))
    if not sheet.lost.any():
        return columns
    sound = pa.array(~sheet.lost)
    return {name: column.filter(sound) for name, column in columns.items()}
