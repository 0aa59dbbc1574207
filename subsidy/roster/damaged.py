"""Cells that a spreadsheet has changed or that hold more than their value: what happened, and what to write."""

from __future__ import annotations

import datetime
import re

from subsidy.roster.cells import EXPONENT, Form, lost_digits
from subsidy.roster.refusal import CodedRefusal, coded

FIRST_SERIAL, LAST_SERIAL = 20_000, 80_000  # 1954-10-03 to 2119-01-10
DAY_ZERO = datetime.date(1899, 12, 30)
INVISIBLE = {
    "\u200b": "U+200B", "\u200c": "U+200C", "\u200d": "U+200D", "\u200e": "U+200E", "\u200f": "U+200F",
    "\u2060": "U+2060", "\ufeff": "U+FEFF", "\u00ad": "U+00AD", "\u00a0": "U+00A0",
}  # fmt: skip
ERROR_CELL = r"#(?:N/A|DIV/0!|REF!|VALUE!|NAME\?|NUM!|NULL!|SPILL!|CALC!|ERROR!)|Err:[0-9]{3}"
SIGNS = "+#="  # one of which is in every text of ASCII that is suspect
# in a column of text these are looked for; in others all that cannot be read is looked at
SUSPECT_ASCII = rf"{EXPONENT}|^[#=]."
SUSPECT = rf"{EXPONENT}|^(?:{ERROR_CELL})$|^=.|[{''.join(INVISIBLE)}]"

_ERROR = re.compile(ERROR_CELL)
_EXPONENT = re.compile(EXPONENT)
_CLOCK = re.compile(r"([0-9]{1,2}):([0-9]{2})(?::[0-9]{2})?")
_SHORT_YEAR = re.compile(r"[0-9]{2}(?:[-/.][0-9]{1,2}[-/.][0-9]{1,2}|年[0-9]{1,2}月(?:[0-9]{1,2}日)?)")
_YEAR_LAST = re.compile(r"[0-9]{1,2}[-/.][0-9]{1,2}[-/.][0-9]{2,4}")
_ABOUT = re.compile(
    r"(?:约|大约|近|超|超过|至少|不足|>|<|≥|≤|~)?\s*(-?[0-9]+(?:\.[0-9]+)?)\s*(?:左右|上下|余|多|以上|以下|\+)?"
)
_MAGNITUDE = re.compile(r"(-?[0-9]+(?:\.[0-9]+)?)\s*(千|万|百万|亿)元?")
_WITH_UNIT = re.compile(r"[¥￥$]?\s*(-?[0-9]+(?:\.[0-9]+)?)\s*[^\d\s.,，%:：]{0,6}")
_TIMES = {"千": 3, "万": 4, "百万": 6, "亿": 8}


def instead(form: Form, text: str) -> CodedRefusal | None:
    """Why a cell of this form holds what it should not; None where nothing of the kind has happened."""
    if form == "text":
        return _of_any(text)
    found = _of_any(text) or _clock(text)
    if found is None and form == "number":
        found = _figure(text)
    if found is None and form in ("date", "month"):
        found = _day(form, text)
    return found


def visible(text: str) -> str:
    """A text with its invisible characters shown by their numbers."""
    return "".join(f"‹{INVISIBLE[letter]}›" if letter in INVISIBLE else letter for letter in text)


def _of_any(text: str) -> CodedRefusal | None:
    if _EXPONENT.fullmatch(text):
        return lost_digits()
    if _ERROR.fullmatch(text):
        return coded(
            "error-cell", "单元格是错误值", "this cell holds an error",
            "请改为数值或清空该格", "enter the value, or clear the cell",
        )  # fmt: skip
    if text.startswith("=") and len(text) > 1:
        return coded(
            "formula-cell", "公式没有计算结果", "this formula has no result",
            "请用 Excel 或 WPS 打开后保存，或填写数值", "open and save it in Excel or WPS, or enter the value",
        )  # fmt: skip
    if any(letter in INVISIBLE for letter in text):
        right = "".join(letter for letter in text if letter not in INVISIBLE).strip()
        return coded(
            "invisible-characters",
            f"含有看不见的字符：{visible(text)}",
            f"there are invisible characters: {visible(text)}",
            f"请重新键入 {right}，不要粘贴",
            f"type {right} again instead of pasting it",
        )
    return None


def _clock(text: str) -> CodedRefusal | None:
    match = _CLOCK.fullmatch(text)
    if match is None:
        return None
    ratio = f"{int(match[1])}:{int(match[2])}"
    return coded(
        "became-time",
        f"这是时刻；{ratio} 一类的比例会被 Excel 当作时间",
        f"this is a time of day: Excel takes a ratio such as {ratio} for one",
        "请先将该列设为文本格式，再按本列要求填写",
        "format the column as text, and write what the column holds",
    )


def _figure(text: str) -> CodedRefusal | None:
    if match := _MAGNITUDE.fullmatch(text):
        whole, _, decimals = match[1].partition(".")
        places = _TIMES[match[2]]
        right = _shifted(whole, decimals, places)
        return coded(
            "unit-in-cell",
            f"数字带有单位“{match[2]}”",
            f"this figure is written in units of {match[2]}",
            f"请换算后填写 {right}",
            f"convert it and write {right}",
        )
    about = _ABOUT.fullmatch(text)
    if about and about[1] != text:
        return coded(
            "approximate",
            "这是约数",
            "this figure is approximate",
            f"请填写准确数字，例如 {about[1]}",
            f"write the exact figure, such as {about[1]}",
        )
    match = _WITH_UNIT.fullmatch(text)
    if match and match[1] != text:
        return coded(
            "unit-in-cell", "数字带有单位或符号", "there is a unit or a sign beside this figure",
            f"请只写 {match[1]}", f"write {match[1]} alone",
        )  # fmt: skip
    return None


def _shifted(whole: str, decimals: str, places: int) -> str:
    digits = f"{whole}{decimals[:places].ljust(places, '0')}".lstrip("0") or "0"
    rest = decimals[places:].rstrip("0")
    return f"{digits}.{rest}" if rest else digits


def _day(form: Form, text: str) -> CodedRefusal | None:
    if text.isascii() and text.isdigit() and len(text) == 5 and FIRST_SERIAL <= int(text) <= LAST_SERIAL:
        day = (DAY_ZERO + datetime.timedelta(int(text))).isoformat()
        shown = day if form == "date" else day[:7]
        return coded(
            "serial-date",
            f"这是 Excel 的日期序号，即 {day}",
            f"this is the number by which Excel stores a day: {day}",
            f"请将该列设为日期格式，或写成 {shown}",
            f"format the column as date, or write {shown}",
        )
    if _SHORT_YEAR.fullmatch(text) or _YEAR_LAST.fullmatch(text):
        shown = "2023-03-05" if form == "date" else "2023-03"
        return coded(
            "short-year", "年份不是四位数，或不在最前", "the year has not four digits, or does not come first",
            f"请写成 {shown}", f"write it like {shown}",
        )  # fmt: skip
    return None
