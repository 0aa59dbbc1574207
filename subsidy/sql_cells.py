"""SQL about cells as somebody gave them: texts, days, decimals.

For the intake of a roster that stays where it is; a calculation uses none of it. Each is tested on DuckDB and Spark.
"""

from __future__ import annotations

import datetime
from decimal import Decimal

from sqlglot import exp

from subsidy.sql import Sql, text

# White space as Python strips it, in words that both engines' regular expressions know.
BLANKS = (
    r"[\x{9}-\x{d}\x{1c}-\x{20}\x{85}\x{a0}\x{1680}\x{2000}-\x{200a}\x{2028}\x{2029}\x{202f}\x{205f}\x{3000}]"
)  # fmt: skip
_FIRST_DAY = datetime.date(1970, 1, 1)


def matches(cell: Sql, pattern: str) -> Sql:
    """Whether a regular expression is found in a text."""
    return exp.RegexpLike(this=_own(cell), expression=text(pattern))


def without(cell: Sql, pattern: str) -> Sql:
    """A text without what a regular expression finds in it."""
    nothing, everywhere = text(""), text("g")
    return exp.RegexpReplace(this=_own(cell), expression=text(pattern), replacement=nothing, modifiers=everywhere)


def with_letters(cell: Sql, letters: str, instead: str) -> Sql:
    """A text with each of some letters replaced by the one at its place in `instead`."""
    return exp.Anonymous(this="TRANSLATE", expressions=[_own(cell), text(letters), text(instead)])


def in_lower_case(cell: Sql) -> Sql:
    return exp.Lower(this=_own(cell))


def length(cell: Sql) -> Sql:
    """How many characters a text has."""
    return _cast(exp.Length(this=_own(cell)), "BIGINT")


def begins_with(cell: Sql, start: str) -> Sql:
    return exp.StartsWith(this=_own(cell), expression=text(start))


def as_text(cell: Sql) -> Sql:
    return _cast(_own(cell), "TEXT")


def as_whole(cell: Sql) -> Sql:
    return _cast(_own(cell), "BIGINT")


def as_decimal(cell: Sql, digits: int, places: int) -> Sql:
    """With so many digits, `places` of them decimals: rounded where it has more, an error where it is too large."""
    return exp.Cast(this=_own(cell), to=exp.DataType.build(f"DECIMAL({digits}, {places})"))


def shifted(number: Sql, places: int) -> Sql:
    """A decimal that has no more than so many decimals, as a whole number of its last ones."""
    return as_whole(exp.Mul(this=_own(number), expression=exp.Literal.number(10**places)))


def constant(value: int | str | bool | None, kind: str) -> Sql:
    """A value of a type: TEXT, BOOLEAN or BIGINT."""
    if isinstance(value, bool):
        return exp.Boolean(this=value)
    literal = exp.Literal.string(value) if isinstance(value, str) else exp.Literal.number(str(value))
    return _cast(exp.Null() if value is None else literal, kind)


def decimal(value: Decimal) -> Sql:
    return exp.Literal.number(format(value, "f"))


def date(day: datetime.date) -> Sql:
    return _cast(text(day.isoformat()), "DATE")


def day_number(cell: Sql) -> Sql:
    """Days of a date from 1970-01-01."""
    return _cast(exp.DateDiff(this=_own(cell), expression=date(_FIRST_DAY), unit=exp.Var(this="DAY")), "BIGINT")


def month_number(cell: Sql) -> Sql:
    """The month of a date: year * 12 + month - 1."""
    year, month = _cast(exp.Year(this=_own(cell)), "BIGINT"), _cast(exp.Month(this=_own(cell)), "BIGINT")
    return exp.Paren(this=year * 12 + month - 1)


def day_of_month(cell: Sql) -> Sql:
    return _cast(exp.DayOfMonth(this=_own(cell)), "BIGINT")


def between(cell: Sql, low: Sql, high: Sql) -> Sql:
    return exp.Between(this=_own(cell), low=_own(low), high=_own(high))


def one_of(cell: Sql, options: list[Sql]) -> Sql:
    return exp.In(this=_own(cell), expressions=options)


def _cast(tree: Sql, kind: str) -> Sql:
    return exp.Cast(this=tree, to=exp.DataType.build(kind))


def _own(tree: Sql) -> Sql:
    return tree if tree.parent is None else tree.copy()
