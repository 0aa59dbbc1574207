"""Columns that are odd as a whole: figures a thousand times too small, and ids that were written in two ways."""

from __future__ import annotations

import re
import unicodedata
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from subsidy.finding import Refusal
from subsidy.roster.arrays import (
    APOSTROPHES,
    codes,
    distinct,
    each,
    folded,
    is_coded,
    plain,
    repeated,
    where,
    where_text,
)
from subsidy.roster.cells import range_of
from subsidy.roster.characters import Characters
from subsidy.roster.refusal import refusal
from subsidy.roster.sheet import Collector, Sheet

if TYPE_CHECKING:
    from subsidy.schedule.load import RosterColumn

FEWEST_FIGURES = 3  # from which a column is judged
IN_WAN = 10_000  # in 万元 the figures must still be ones that the column allows
TOO_SMALL = 1000  # how many times all of them are below the highest that is allowed, and at most this many yuan

WIDE = "[０-９Ａ-Ｚａ-ｚ]"


def is_of_yuan(spec: RosterColumn) -> bool:
    """Whether a column holds amounts whose unit may have been mistaken."""
    return spec.column.unit == "yuan" and spec.column.type == "number"


def check_magnitude(sheet: Sheet, name: str, found: Collector) -> None:
    """All amounts of a column of yuan so small that they were perhaps typed in 万元."""
    import pyarrow.compute as pc

    if is_of_yuan(sheet.shape.columns[name]):
        figures = sheet.columns[name]
        figures = figures.filter(pc.not_equal(figures, 0))
        check_largest(sheet, name, len(figures) - figures.null_count, pc.max(pc.abs(figures)).as_py(), found)


def check_largest(sheet: Sheet, name: str, count: int, largest: int | None, found: Collector) -> None:
    """As `check_magnitude`, of `count` amounts other than zero, the largest of which (as stored) is known."""
    if count < FEWEST_FIGURES or largest is None:
        return
    spec = sheet.shape.columns[name]
    scale, high = spec.type.scale, range_of(spec)[1]
    limit = min(high / TOO_SMALL, Fraction(TOO_SMALL)) * scale
    if largest >= limit or largest * IN_WAN > high * scale:
        return
    shown = _plain(largest, scale)
    why = refusal(
        f"此列 {count} 个数字最大为 {shown}，而本列可至 {int(high)} 元，可能是以万元填写的",
        f"the largest of the {count} figures in this column is {shown}, while it may go up to {int(high)} yuan: "
        "they may be in units of 10,000",
        "请核对单位，本列应以元填写", "check the unit: this column is in yuan",
    )  # fmt: skip
    found.add(sheet.place(column=name), "magnitude", why, sheet.table, severity="warning")


def _plain(number: int, scale: int) -> str:
    from decimal import Decimal

    text = format(Decimal(number) / scale, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def check_ids(sheet: Sheet, name: str, written: Any, characters: Characters, found: Collector) -> None:
    """Ids with spaces or signs that do not belong to them, that differ from others in no more than case, width or
    blanks, or that have lost the zeros that others of the column begin with. `written`: with white space around them.
    """
    texts = sheet.columns[name]
    spaced = _rows_changed(written, texts)
    if len(spaced):
        row = int(spaced[0])
        why = refusal(
            f"此列有 {len(spaced)} 格前后带空格，已按去掉空格后的值读取",
            f"there are spaces around cells of this column ({len(spaced)}), which are read without them",
            f"请删去空格，例如改为 {texts[row].as_py()}", f"remove them; write {texts[row].as_py()}",
        )  # fmt: skip
        found.add(
            sheet.place(row, name), "spaces-around", why, sheet.table,
            (written[row].as_py() or "").replace(" ", "␣").replace("\u3000", "␣").replace("\u00a0", "␣"), "warning",
        )  # fmt: skip
    if characters.may_begin_with("0"):
        _check_zeros(sheet, name, found)
    signs = _check_signs(sheet, name, found) if characters.any_of(APOSTROPHES) else ()
    alike = () if characters.fold_apart else _check_alike(sheet, name, signs, found)
    strange = [*signs, *alike]
    if strange and name in sheet.shape.references:
        sheet.columns[name] = _without(sheet.columns[name], strange)


def _rows_changed(written: Any, texts: Any) -> Any:
    """The rows in which white space was left out."""
    import pyarrow.compute as pc

    if written is texts:
        return ()
    return where(pc.not_equal(each(written, pc.binary_length), each(texts, pc.binary_length)))


def _without(texts: Any, rows: Any) -> Any:
    import numpy as np
    import pyarrow as pa
    import pyarrow.compute as pc

    left_out = np.zeros(len(texts), bool)
    left_out[rows] = True
    return pc.if_else(pa.array(left_out), pa.scalar(None, texts.type), texts)


def _check_signs(sheet: Sheet, name: str, found: Collector) -> Any:
    """Ids with full-width letters or digits, or with the apostrophe that makes a cell a text; their rows."""
    import pyarrow.compute as pc

    texts = sheet.columns[name]
    rows = where_text(texts, lambda texts: pc.match_substring_regex(texts, f"^[{APOSTROPHES}]|{WIDE}"))

    def describe(row: int) -> Refusal:
        text = texts[row].as_py()
        right = re.sub(WIDE, lambda found: unicodedata.normalize("NFKC", found[0]), text).lstrip(APOSTROPHES)
        is_wide = re.search(WIDE, text) is not None
        return refusal(
            "编号中有全角字母或数字" if is_wide else "编号前多了一个撇号",
            "there are full-width letters or digits in this id" if is_wide else "there is an apostrophe before this id",
            f"请改为 {right}", f"write {right}",
        )  # fmt: skip

    found.rows(sheet, "id-signs", rows, describe, name)
    return rows


def _check_alike(sheet: Sheet, name: str, apart: Any, found: Collector) -> Any:
    """Ids that an earlier row writes in another way, the rows `apart` left out; their rows.

    Of keys and persons the earlier are blocked too, because which is right is not known.
    """
    import numpy as np
    import pyarrow as pa
    import pyarrow.compute as pc

    texts = sheet.columns[name]
    if is_coded(texts) and _are_apart(texts.dictionary):
        return np.empty(0, np.int64)
    encoded = plain(_without(texts, apart) if len(apart) else texts).dictionary_encode()
    spellings, indices = encoded.dictionary, encoded.indices
    later, first = repeated(codes(folded(spellings)))
    if not len(later):
        return later
    earlier = dict(zip(later.tolist(), first.tolist(), strict=True))
    first_rows = {spelling: pc.index(indices, pa.scalar(spelling, indices.type)).as_py() for spelling in set(first)}

    def describe(row: int) -> Refusal:
        spelling = earlier[indices[row].as_py()]
        text, number = spellings[spelling].as_py(), sheet.number(first_rows[spelling])
        return refusal(
            f"与第 {number} 行的 {text} 只有大小写、全半角或空格之别",
            f"this differs from {text} in row {number} in case, width or blanks only",
            "如为同一个，请统一写法；如不是，请改用有明显区别的编号",
            "if they are one, write both alike; if not, make them differ in more",
        )

    rows = where(pc.is_in(indices, value_set=pa.array(later, indices.type)))
    if name not in sheet.shape.references:
        sheet.block(where(pc.is_in(indices, value_set=pa.array(first, indices.type))), name)
    found.rows(sheet, "ids-alike", rows, describe, name)
    return rows


def _are_apart(texts: Any) -> bool:
    """Whether no two of these different texts are alike."""
    import pyarrow.compute as pc

    return bool(pc.count_distinct(folded(texts)).as_py() == len(texts))


def _check_zeros(sheet: Sheet, name: str, found: Collector) -> None:
    import pyarrow.compute as pc

    texts = sheet.columns[name]
    occurring = distinct(texts)
    padded = pc.starts_with(occurring, "0")
    if not pc.any(padded).as_py():
        return
    padded = pc.and_(padded, pc.utf8_is_digit(occurring))
    if not pc.any(padded).as_py():
        return
    width = pc.max(pc.binary_length(occurring.filter(padded))).as_py()

    def is_short(texts: Any) -> Any:
        begins = pc.and_(pc.utf8_is_digit(texts), pc.invert(pc.starts_with(texts, "0")))
        return pc.and_(begins, pc.less(pc.binary_length(texts), width))

    rows = where_text(texts, is_short)

    def describe(row: int) -> Refusal:
        right = texts[row].as_py().zfill(width)
        return refusal(
            f"同列其他编号以 0 开头、共 {width} 位，此处可能丢失了前面的 0",
            f"other ids of this column begin with 0 and have {width} digits: this one may have lost its zeros",
            f"如应为 {right}，请将该列设为文本格式后改正",
            f"if it is {right}, format the column as text and correct it",
        )

    found.rows(sheet, "lost-zeros", rows, describe, name, "warning")
