"""Periods as whole numbers: month 2023-03 is 2023 * 12 + 2; the others are that, divided by their months.

The engine never computes with dates: it joins these tables of day and month numbers.
"""

from __future__ import annotations

import datetime
from dataclasses import dataclass

from subsidy.schedule.column import MONTHS_IN
from subsidy.schedule.figures import day_number, day_of

END_OF_TIME = day_number(datetime.date(9999, 12, 31))


@dataclass(frozen=True)
class Span:
    """Days from `first` to `last`, both included, as day numbers."""

    first: int
    last: int

    @classmethod
    def between(cls, first: datetime.date, last: datetime.date | None) -> Span:
        return cls(day_number(first), END_OF_TIME if last is None else day_number(last))


EVER = Span(day_number(datetime.date(1, 1, 1)), END_OF_TIME)


def month_of(day: datetime.date) -> int:
    return day.year * 12 + day.month - 1


def first_day(month: int) -> int:
    return day_number(datetime.date(month // 12, month % 12 + 1, 1))


def month_length(month: int) -> int:
    return first_day(month + 1) - first_day(month)


def months(first_year: int, last_year: int) -> dict[str, list[int]]:
    """Columns month, first, days: one row for each month."""
    numbers = range(first_year * 12, (last_year + 1) * 12)
    firsts = [first_day(number) for number in numbers]
    return {"month": list(numbers), "first": firsts, "days": [month_length(number) for number in numbers]}


def periods(every: str, first_year: int, last_year: int) -> dict[str, list[int]]:
    """Columns period, first, last (days), last#m, last#d: one row for each period."""
    length = MONTHS_IN[every]
    numbers = range(first_year * 12 // length, (last_year + 1) * 12 // length)
    last_months = [(number + 1) * length - 1 for number in numbers]
    return {
        "period": list(numbers),
        "first": [first_day(number * length) for number in numbers],
        "last": [first_day(month + 1) - 1 for month in last_months],
        "first#m": [number * length for number in numbers],
        "last#m": last_months,
        "last#d": [month_length(month) for month in last_months],
    }


def period_label(every: str, period: int) -> str:
    """`2023-03`, `2023-Q1`, `2023-H1`, `2023`, or the day for what happens once."""
    if every not in MONTHS_IN:
        return day_of(period).isoformat()
    year, rest = divmod(period * MONTHS_IN[every], 12)
    if every == "month":
        return f"{year}-{rest + 1:02d}"
    if every == "year":
        return str(year)
    letter = "Q" if every == "quarter" else "H"
    return f"{year}-{letter}{rest // MONTHS_IN[every] + 1}"


def period_year(every: str, period: int) -> int:
    return day_of(period).year if every not in MONTHS_IN else period * MONTHS_IN[every] // 12
