"""The words of explanations: values with their units, names, categories and places, in Chinese or English."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Any

from subsidy.engine import calendar
from subsidy.engine.row_reader import Stored
from subsidy.finding import Language, Text
from subsidy.money import yuan_text
from subsidy.schedule.checked import NOT_STATED, CheckedClause
from subsidy.schedule.column import MONTHS_IN
from subsidy.schedule.date_words import MONTH_OF_YEAR
from subsidy.schedule.expression import plain_number
from subsidy.schedule.figures import day_of
from subsidy.schedule.load import Version
from subsidy.schedule.node import MONTH, YEAR, Type
from subsidy.schedule.units import unit_text

MISSING = Text("缺失", "missing")
READING = Text("理解：{text}", "reading: {text}")
YES, NO = Text("是", "yes"), Text("否", "no")
PLAIN_UNITS = frozenset({YEAR, MONTH, MONTH_OF_YEAR})  # of points in time, which are written without a unit


def grouped(number: str) -> str:
    """A plain number with a comma between thousands: 1234567.50 is 1,234,567.50."""
    sign, digits = ("-", number[1:]) if number.startswith("-") else ("", number)
    whole, point, decimals = digits.partition(".")
    return f"{sign}{int(whole):,}{point}{decimals}" if whole.isdigit() else number


def money(fen: int) -> str:
    return grouped(yuan_text(fen))


def number_of(kind: Type, stored: Stored) -> Fraction | None:
    if stored.main is None or (kind.quotient and not stored.divisor):
        return None
    return Fraction(stored.main, kind.scale * (stored.divisor or 1))


def exact(kind: Type, stored: Stored) -> str | None:
    """A value for machines: 225.00, 31, 1/3, 2023-03-31, 2023-03, yes, disabled; None where it is missing."""
    if stored.main is None or (kind.quotient and not stored.divisor):
        return None
    if kind.kind == "yes_no":
        return "yes" if stored.main else "no"
    if kind.kind == "date":
        return day_of(stored.main).isoformat()
    if kind.kind in ("text", "category"):
        return str(stored.main)
    if kind.unit.over == (MONTH,):
        return calendar.period_label("month", stored.main)
    number = number_of(kind, stored)
    assert number is not None
    return exact_number(number, "yuan" in kind.unit.over)


def exact_number(number: Fraction, in_yuan: bool) -> str:
    if in_yuan and (number * 100).denominator == 1:
        return yuan_text(int(number * 100))
    return plain_number(number)


class Words:
    """What things of one version are called in one language."""

    def __init__(self, version: Version, language: Language) -> None:
        self.version = version
        self.language: Language = language
        self.known: Mapping[str, str] = version.words if language == "zh" else {}
        self.comma = "，" if language == "zh" else ", "
        self.list = "、" if language == "zh" else ", "

    def __call__(self, sentence: Text, /, **parts: Any) -> str:
        """A sentence with its parts put in."""
        return sentence.in_(self.language).format(**parts)

    # --- values ------------------------------------------------------------------------------------------------

    def unit(self, written: str, is_many: bool = False) -> str:
        first = written.split("/")[0].strip()
        if first in ("", "1", "percent", "weight", "date", *PLAIN_UNITS):
            under = written.split("/")[1:]
            return "".join(f"/{self.unit(word.strip())}" for word in under)
        return unit_text(written, self.version.unit_words, self.language, is_many)

    def value(self, kind: Type, stored: Stored, unit: str | None = None, in_percent: bool = False) -> str:
        """A value with its unit: 225.00 元/人/月, 31 天, 2023-03, 是, 失能 disabled."""
        if kind.kind == "category" and stored.main is not None:
            return self.category(stored.main)
        if kind.kind == "yes_no" and stored.main is not None:
            return self(YES if stored.main else NO)
        text = self.bare(kind, stored, in_percent)
        number = number_of(kind, stored) if kind.kind == "number" else None
        if number is None:
            return text
        shown = self.unit(str(kind.unit) if unit is None else unit, abs(number) != 1)
        return f"{text} {shown}".rstrip() if not shown.startswith("/") else f"{text}{shown}"

    def bare(self, kind: Type, stored: Stored, in_percent: bool = False) -> str:
        """A value without its unit, as it is put into an expression: 225.00, 31, 'disabled'."""
        text = exact(kind, stored)
        if text is None:
            return self(MISSING)
        if kind.kind == "category":
            return f"'{text}'"
        if kind.kind == "yes_no":
            return self(YES if stored.main else NO)
        number = number_of(kind, stored) if kind.kind == "number" else None
        if number is None or set(kind.unit.over) & PLAIN_UNITS:
            return text
        return self.number(number, kind, in_percent)

    def number(self, number: Fraction, kind: Type, in_percent: bool = False) -> str:
        if in_percent:
            return f"{grouped(plain_number(number * 100))}%"
        return grouped(exact_number(number, "yuan" in kind.unit.over))

    def rounded(self, number: Fraction, kind: Type, in_percent: bool = False) -> str:
        """A number that may have no end: so many decimals that nobody takes it for exact, and three dots."""
        text = self.number(number, kind, in_percent)
        if "/" not in text:
            return text
        size = abs(number) * (100 if in_percent else 1)
        digits = f"{size.numerator * 10**6 // size.denominator:07d}"
        return f"{'-' if number < 0 else ''}{grouped(f'{digits[:-6]}.{digits[-6:]}')}…{'%' if in_percent else ''}"

    # --- names -------------------------------------------------------------------------------------------------

    def category(self, name: str) -> str:
        return f"{self.known[name]} {name}" if name in self.known else name

    def word(self, name: str) -> str:
        """A name in Chinese where there is a word for it."""
        return self.known.get(name, name)

    def fact(self, dotted: str) -> str:
        """The name of a fact, with its Chinese words before it: 机构·星级 facility.star."""
        path = dotted.split(".")
        if path[-1] not in self.known:
            return dotted
        return f"{'·'.join(self.known.get(one, one) for one in path)} {dotted}"

    def payer(self, name: str) -> str:
        if name == NOT_STATED:
            return "未明确" if self.language == "zh" else "not stated"
        payers = self.version.model.payers
        return payers[name].label.in_(self.language) if name in payers else name

    def clause(self, clause: CheckedClause) -> str:
        return clause.model.label.in_(self.language) if clause.model.label else clause.name

    def item(self, item: str, part: str | None = None) -> str:
        numbered = f"第 {item} 条" if self.language == "zh" else f"item {item}"
        return f"{part} {numbered}" if part else numbered

    def key(self, name: str, value: Any) -> str:
        """A key of a group as it is stored: a text, or the number of a period."""
        if value is None:
            return self(MISSING)
        if name in MONTHS_IN and isinstance(value, int):
            return calendar.period_label(name, value)
        if isinstance(value, bool):
            return self(YES if value else NO)
        return self.category(str(value))
