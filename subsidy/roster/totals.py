"""Rows of totals: which they are, and whether each is the sum of the rows that it may be about."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction

from subsidy.finding import Text
from subsidy.roster import cells
from subsidy.roster.refusal import refusal
from subsidy.roster.sheet import Collector, Sheet

PART, SOME, ALL = 0, 1, 2  # levels: 小计, 合计, 总计
FINENESS = 1_000_000  # a spreadsheet's own sums may be off by less than one part of these
_WORD = r"小计|合计|合計|总计|共计|总和"
_CHINESE = re.compile(rf"(?P<of>.*?)(?P<word>(?:{_WORD})+)(?:金额|人数)?(?:[(（].*[)）])?(?:[:：0-9].*)?")
_LATIN = re.compile(
    r"(?:(?P<of>.*)\s)?(?P<word>sub[\s-]?total|grand\s?total|total)\s*(?:\(.*\)\s*)?(?:[:：].*)?|sum\s*[:：]?",
    re.IGNORECASE,
)
MAY_BE_TOTAL = r"[小合总共][\s\x{3000}]*[计計]|总[\s\x{3000}]*和|(?i:total|^\s*sum\b)"  # as Arrow reads it
_WHOLE = ("", "全市", "本表")
_PLAIN_NUMBER = re.compile(r"-?[0-9]+(\.[0-9]+)?")


def level_of(label: str) -> int | None:
    """How much the total with this label is about; None where it is no label of a total."""
    chinese = _CHINESE.fullmatch(re.sub(r"\s", "", label))
    if chinese:
        if chinese["word"].startswith("小计"):
            return PART
        return ALL if chinese["of"] == "全市" or (chinese["word"] == "总计" and chinese["of"] in _WHOLE) else SOME
    latin = _LATIN.fullmatch(label.strip())
    if latin is None:
        return None
    word = (latin["word"] or "").casefold()
    return PART if word.startswith("sub") else ALL if word.startswith("grand") and not latin["of"] else SOME


def is_bare(label: str) -> bool:
    """Whether a label says that it is a total and nothing of what."""
    match = _CHINESE.fullmatch(re.sub(r"\s", "", label)) or _LATIN.fullmatch(label.strip())
    return match is not None and not match["of"]


def check_totals(
    sheet: Sheet, assigned: Mapping[str, int], totals: Mapping[int, int], notes: set[int], found: Collector
) -> None:
    """Each stated total (row -> level) against the sums of its column that it may be."""
    columns = {
        name: position
        for name, position in assigned.items()
        if cells.form_of(sheet.shape.columns[name]) == "number" and sheet.shape.columns[name].column.unit != "percent"
    }
    checked: set[int] = set()
    for name, position in columns.items():
        texts = [(text or "").strip() for text in sheet.raw.column(position).to_pylist()]
        details = [text if row not in totals and row not in notes else "" for row, text in enumerate(texts)]
        if any(text and not _PLAIN_NUMBER.fullmatch(text) for text in details):
            checked |= totals.keys()
            continue
        stated = {row: texts[row].replace(",", "") for row in totals}
        plain = {row: Fraction(text) for row, text in stated.items() if _PLAIN_NUMBER.fullmatch(text)}
        checked |= plain.keys()
        for row, right in wrong_totals(details, totals, notes, plain):
            _report_wrong(sheet, name, row, plain[row], right, found)
    for row in totals.keys() - checked:
        why = refusal(
            "合计行，其中没有可核对的数字，未作为数据", "a row of totals without a figure to check, not read as a row",
            "如为数据，请改正此行", "if it is a row, correct it",
        )  # fmt: skip
        found.add(sheet.place(row), "unchecked-total", why, sheet.table, severity="warning")


def wrong_totals(
    details: Sequence[str], totals: Mapping[int, int], notes: set[int], stated: Mapping[int, Fraction]
) -> Iterator[tuple[int, Fraction]]:
    """The rows whose total is wrong, each with the sum that it is likeliest to be.

    A total may be about everything or, unless it is of the highest level, about the rows since the top or since any
    total above of its own level or higher.
    """
    whole = sum((Fraction(text) for text in details if text), Fraction(0))
    running = nothing = Fraction(0)
    starts = {level: {_parts(nothing)} for level in (PART, SOME)}
    nearest = dict.fromkeys(starts, nothing)
    is_above, just_ended = False, -1  # whether rows are above; the highest level of the totals since the last of them
    for row, text in enumerate(details):
        if row in totals:
            level = totals[row]
            is_of_rows_above = is_above and level != ALL
            right = running - nearest[level] if is_of_rows_above and just_ended < level else whole
            just_ended = max(just_ended, level)
            if row not in stated or _agrees(stated[row], whole):
                continue
            begun = _parts(running - stated[row])
            if not is_of_rows_above or starts[level].isdisjoint((begun - 1, begun, begun + 1)):
                yield row, right
        elif row not in notes:
            for level in starts:
                if level <= just_ended:
                    starts[level].add(_parts(running))
                    nearest[level] = running
            is_above, just_ended = True, -1
            running += Fraction(text or 0)


def _parts(number: Fraction) -> int:
    return round(number * FINENESS)


def _agrees(one: Fraction, other: Fraction) -> bool:
    return abs(one - other) * FINENESS < 1


def _report_wrong(sheet: Sheet, name: str, row: int, stated: Fraction, right: Fraction, found: Collector) -> None:
    shown, difference = _decimal(right), _decimal(abs(stated - right))
    more = stated > right
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
