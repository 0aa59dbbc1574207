"""One cell: text to what the schedule's column stores, or why not. Called once per distinct text."""

from __future__ import annotations

import datetime
import re
from collections.abc import Callable, Mapping
from fractions import Fraction
from math import ceil, floor
from typing import TYPE_CHECKING, Any, Literal

from subsidy.finding import Text, nearest
from subsidy.roster.names import is_chinese, known_names, normal
from subsidy.roster.refusal import CodedRefusal, coded
from subsidy.schedule.load import shared_units
from subsidy.schedule.node import MONTH, YEAR, Unit

if TYPE_CHECKING:
    from subsidy.schedule.load import RosterColumn

Form = Literal["text", "category", "yes_no", "number", "month", "year", "date"]
Read = Callable[[str], Any]
EPOCH = 719_163  # ordinal of 1970-01-01
LAST_DAY = (2_932_896, 9999 * 12 + 11, 31)  # 9999-12-31
FIRST_YEAR, LAST_YEAR = 1900, 2200
LARGEST = 2**53
VERY_NEAR = 0.75  # as similar a category must be to be suggested alone
DATE_PARTS = ("", "#m", "#d")  # a date's columns: day number, month, day of month

_NUMBER = re.compile(r"(-?)(0|[1-9][0-9]*)(?:\.([0-9]+))?")
_THOUSANDS = re.compile(r"-?[0-9]{1,3}([,，][0-9]{3})+(\.[0-9]+)?")
_FULL_WIDTH = re.compile("[０-９．％－]")
_MIDNIGHT = r"(?:[ T]00:00(?::00(?:\.0+)?)?)?"
_DATE = re.compile(
    rf"([0-9]{{4}})(?:-([0-9]{{1,2}})-([0-9]{{1,2}})|/([0-9]{{1,2}})/([0-9]{{1,2}})|\.([0-9]{{1,2}})\.([0-9]{{1,2}})"
    rf"|年([0-9]{{1,2}})月([0-9]{{1,2}})日|([0-9]{{2}})([0-9]{{2}})){_MIDNIGHT}"
)
_OPEN_ENDS = ("至今", "无", "-", "—", "/", "present")
_TIME_OF_DAY = re.compile(r".*[0-9][ T][0-9]{1,2}:[0-9]{2}.*")
_MONTH = re.compile(r"([0-9]{4})(?:-([0-9]{1,2})(?:-0?1)?|/([0-9]{1,2})|年([0-9]{1,2})月|([0-9]{2}))")
_YEAR = re.compile(r"([0-9]{4})年?")
EXPONENT = r"^[0-9](\.[0-9]+)?[eE]\+[0-9]+$"
_YES_NO = {
    "yes": True, "true": True, "是": True, "有": True, "1": True,
    "no": False, "false": False, "否": False, "无": False, "0": False,
}  # fmt: skip


def form_of(spec: RosterColumn) -> Form:
    """How the cells of a column are written."""
    kind, column = spec.type, spec.column
    if column.type in ("month", "year"):
        return "month" if column.type == "month" else "year"
    if column.derived and kind.unit.over in ((MONTH,), (YEAR,)):
        return "month" if kind.unit.over == (MONTH,) else "year"
    if kind.kind == "category":
        return "category" if kind.options else "text"
    return kind.kind


def reader(spec: RosterColumn, words: Mapping[str, str], in_workbook: bool) -> Read:
    """The function that reads the stripped texts of a column that is not text; it raises CodedRefusal.

    number -> value × scale; month -> year * 12 + month - 1; date -> (days since 1970-01-01, month, day of month).
    """
    form = form_of(spec)
    if form == "number":
        return _number_reader(spec, words, in_workbook)
    if form == "category":
        return _category_reader(spec.type.options, words)
    if form == "date":
        return _date_reader(spec.column.blank == "ongoing")
    return {"month": read_month, "year": read_year, "yes_no": read_yes_no}[form]


def lost_digits() -> CodedRefusal:
    return coded(
        "lost-digits",
        "长数字变成了科学计数法，末尾数位已丢失",
        "a long number became an exponent and lost its last digits",
        "请把该列设为文本格式后重新填写",
        "format the column as text and enter it again",
    )


# --- numbers -------------------------------------------------------------------------------------------------------


def _number_reader(spec: RosterColumn, words: Mapping[str, str], in_workbook: bool) -> Read:
    column, kind = spec.column, spec.type
    is_percent = column.unit == "percent"
    may_have_sign = is_percent or (column.derived and kind.unit == Unit())
    scale, least, most = stored_range(spec)
    shown = _with_unit(range_of(spec)[2], column.unit, words)

    def read(text: str) -> int:
        has_sign = may_have_sign and text.endswith("%")
        match = _NUMBER.fullmatch(text[:-1].rstrip() if has_sign else text)
        if match is None:
            raise _not_a_number(text)
        sign, whole, decimals = match[1], match[2], match[3] or ""
        digits = int(f"{sign}{whole}{decimals}") if len(whole) + len(decimals) < 40 else None
        if digits is None:
            raise _out_of_range(shown)
        if is_percent and in_workbook and not has_sign and 0 < abs(digits) <= 10 ** len(decimals):
            raise coded(
                "percent-or-fraction",
                "无法判断是百分数还是小数（Excel 把 25% 存为 0.25）",
                "this may be a percentage or a fraction (Excel stores 25% as 0.25)",
                "请以文本填写，例如 25% 或 0.25%",
                "write it as text, such as 25% or 0.25%",
            )
        factor = scale if is_percent or not has_sign else scale / 100
        scaled: int
        scaled, rest = divmod(digits * factor.numerator, factor.denominator * 10 ** len(decimals))
        if rest:
            raise _too_fine(factor)
        if not least <= scaled <= most:
            raise _out_of_range(shown)
        return scaled

    return read


def stored_range(spec: RosterColumn) -> tuple[Fraction, int, int]:
    """By what a number is multiplied to be stored, and the least and the largest that may be stored."""
    scale = Fraction(spec.type.scale, 100) if spec.column.unit == "percent" else Fraction(spec.type.scale)
    low, high, _ = range_of(spec)
    return scale, max(ceil(low * scale), -LARGEST), min(floor(high * scale), LARGEST)


def range_of(spec: RosterColumn) -> tuple[Fraction, Fraction, str]:
    """The ends to check now, in the column's own unit; ends that are values are checked by the engine."""
    column, kind = spec.column, spec.type
    ends = []
    for written, bound, open_end in ((column.low, kind.low, -LARGEST), (column.high, kind.high, LARGEST)):
        if re.fullmatch(r"-?[0-9.]+", written):
            ends.append(Fraction(written))
        else:
            ends.append(Fraction(open_end, kind.scale) if written else bound)
    return ends[0], ends[1], f"{column.low or _short(ends[0])}..{column.high or _short(ends[1])}"


def _with_unit(written: str, unit: str, words: Mapping[str, str]) -> Text:
    chinese = shared_units().get(unit, words.get(unit, unit))
    return Text(f"{written} {chinese}".rstrip(), f"{written} {unit}".rstrip())


def _short(number: Fraction) -> str:
    return str(number.numerator) if number.denominator == 1 else str(floor(number))


def _not_a_number(text: str) -> CodedRefusal:
    if _FULL_WIDTH.search(text):
        return _full_width()
    if _THOUSANDS.fullmatch(text):
        return coded(
            "thousands-separator",
            "数字中有千位分隔符",
            "this number has thousands separators",
            f"请写成 {text.replace(',', '').replace('，', '')}",
            f"write {text.replace(',', '').replace('，', '')}",
        )
    return coded(
        "not-a-number",
        "不是数字",
        "this is not a number",
        "请写成 12 或 12.50 的形式，不带单位",
        "write it like 12 or 12.50, without a unit",
    )


def _full_width() -> CodedRefusal:
    return coded(
        "full-width",
        "含有全角数字或符号",
        "there are full-width digits or signs",
        "请改用半角，例如 12.50",
        "use plain digits, such as 12.50",
    )


def _too_fine(factor: Fraction) -> CodedRefusal:
    places = len(str(floor(factor))) - 1
    return coded(
        "too-many-decimals",
        "小数位过多" if places else "此列须为整数",
        "there are too many decimals" if places else "this column holds whole numbers",
        f"最多 {places} 位小数" if places else "请写成 12 的形式",
        f"give at most {places} decimals" if places else "write it like 12",
    )


def _out_of_range(shown: Text) -> CodedRefusal:
    return coded(
        "out-of-range",
        f"超出范围 {shown.zh}",
        f"this is outside the range {shown.en}",
        "请核对数值和单位",
        "check the figure and its unit",
    )


# --- categories, yes and no ----------------------------------------------------------------------------------------


def _category_reader(options: tuple[str, ...], words: Mapping[str, str]) -> Read:
    known, _ = known_names(options, words)

    def read(text: str) -> str:
        found = known.get(normal(text))
        if found is None:
            known_here = [words.get(option, option) for option in options] if is_chinese(text) else options
            near = nearest(text, known_here, words, VERY_NEAR)
            raise CodedRefusal("unknown-category", Text(f"没有类别 {text}", f"there is no category {text}"), near)
        return found

    return read


def read_yes_no(text: str) -> bool:
    answer = _YES_NO.get(text.lower())
    if answer is None:
        raise coded("not-yes-or-no", "不是“是”或“否”", "this is neither yes nor no", "请写 是 或 否", "write yes or no")
    return answer


# --- dates ---------------------------------------------------------------------------------------------------------


def read_year(text: str) -> int:
    match = _YEAR.fullmatch(text)
    if match is None:
        raise _not_written("not-a-year", "年份", "a year", "2023", text)
    return _year(match[1])


def read_month(text: str) -> int:
    match = _MONTH.fullmatch(text)
    if match is None:
        raise _not_written("not-a-month", "月份", "a month", "2023-03", text)
    year, month = match[1], next(part for part in match.groups()[1:] if part)
    if not 1 <= int(month) <= 12:
        raise coded("no-such-month", "没有这个月", "there is no such month", "月份为 1 至 12", "months are 1 to 12")
    return _year(year) * 12 + int(month) - 1


def _date_reader(may_be_last: bool) -> Read:
    def read(text: str) -> tuple[int, int, int]:
        match = _DATE.fullmatch(text)
        if match is None:
            raise _still_open() if may_be_last and text in _OPEN_ENDS else _not_a_date(text)
        year, month, day = (int(part) for part in match.groups() if part)
        if may_be_last and (year, month, day) == (9999, 12, 31):
            return LAST_DAY
        try:
            date = datetime.date(year, month, day)
        except ValueError:
            raise coded(
                "no-such-day", "没有这一天", "there is no such day", "请核对年月日", "check year, month and day"
            ) from None
        _year(match[1])
        return date.toordinal() - EPOCH, year * 12 + month - 1, day

    return read


def _still_open() -> CodedRefusal:
    return coded(
        "not-a-date",
        "不是日期", "this is not a date",
        "仍在住（在岗）请留空", "leave the cell blank while it still goes on",
    )  # fmt: skip


def _not_a_date(text: str) -> CodedRefusal:
    if _TIME_OF_DAY.fullmatch(text):
        return coded(
            "time-of-day",
            "日期带有时刻",
            "this date has a time of day",
            "请只写日期，例如 2023-03-05",
            "write the day alone, such as 2023-03-05",
        )
    return _not_written("not-a-date", "日期", "a date", "2023-03-05", text)


def _not_written(code: str, zh: str, en: str, example: str, text: str) -> CodedRefusal:
    if _FULL_WIDTH.search(text):
        return _full_width()
    return coded(code, f"不是{zh}", f"this is not {en}", f"请写成 {example}", f"write it like {example}")


def _year(text: str) -> int:
    year = int(text)
    if not FIRST_YEAR <= year <= LAST_YEAR:
        raise coded(
            "year-out-of-range",
            f"年份不在 {FIRST_YEAR}–{LAST_YEAR} 之间",
            f"the year is not in {FIRST_YEAR}–{LAST_YEAR}",
            "请核对年份",
            "check the year",
        )
    return year
