"""The figures of a value carried into later years: as a text that an overlay puts in their place.

A value by year, month or date is a series: the figures of a year are those of the year before, month by month or day by
day, times what is stated for it. A value without such a key is the same in every year, times what is stated up to then.
A figure is rounded half up to as many decimals as the value has in the document.
"""

from __future__ import annotations

import datetime
import json
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from subsidy.finding import Refusal, Text
from subsidy.money import round_to
from subsidy.schedule.expression import plain_number
from subsidy.schedule.model import Value
from subsidy.schedule.node import MONTH, YEAR, Type, Unit
from subsidy.schedule.ranges import HIGHEST, LOWEST, Range, day_number, day_of, gaps, number_of, read_range

TIME_KEYS = {"year": Type("number", Unit((YEAR,))), "month": Type("number", Unit((MONTH,))), "date": Type("date")}
OTHER = "other"


@dataclass(frozen=True)
class Carried:
    """What a later year's figures are: those of the year `of` times `factor`, or a `figure` of its own."""

    of: int
    factor: Fraction = Fraction(1)
    figure: Fraction | None = None


def time_key(value: Value) -> str | None:
    """Which of its keys makes a value a series: year, month or date; None where none does."""
    return next((key for key in value.by if key in TIME_KEYS), None)


def check_grows(name: str, value: Value) -> None:
    """Raises Refusal for a value whose figures cannot be multiplied."""
    if value.unit == "date" or value.figures == "none":
        raise Refusal(
            Text(f"{name} 不是数额，不能按比率变化", f"{name} is no number that could grow"),
            Text("请用 overlay 直接给出", "give what it becomes with overlay"),
        )


def grown(value: Value, factor: Fraction, more_decimals: int = 0) -> str:
    """All figures times a factor, rounded to as many decimals as the value has, or so many more."""
    decimals = _decimals(value.figures) + more_decimals
    return _text(_times(value.figures, factor, decimals))


def carried(value: Value, years: Mapping[int, Carried]) -> str:
    """The series with the figures of these years in place of its own for them."""
    key = time_key(value)
    assert key is not None

    def at(depth: int, figures: Any) -> Any:
        if depth:
            return {name: at(depth - 1, inner) for name, inner in figures.items()}
        return _series(value, figures, key, years)

    return _text(at(value.by.index(key), value.figures))


def figure_at(value: Value, year: int) -> str | None:
    """The only figure that a value without keys, or one by year alone, has in a year; None for others."""
    if value.by not in ((), ("year",)):
        return None
    figures = value.figures
    if not isinstance(figures, dict):
        return str(figures)
    named = {name: read_range(name, TIME_KEYS["year"]) for name in figures if name != OTHER}
    found = next((name for name, (low, high) in named.items() if low <= year <= high), OTHER)
    return figures.get(found)


def written_figure(value: Value, number: Fraction) -> str:
    """One figure of a value, in the way of its unit."""
    return f"{plain_number(number * 100)}%" if is_percent(value) else plain_number(number)


def is_percent(value: Value) -> bool:
    """Whether its figures have a percent sign."""
    return value.unit.split("/")[0].strip() == "percent"


def written_figures(value: Value) -> str:
    """The figures of a value as an overlay would write them."""
    return _text(value.figures)


def _text(figures: Any) -> str:
    return figures if isinstance(figures, str) else json.dumps(figures, ensure_ascii=False)


# --- single figures ------------------------------------------------------------------------------------------------


def _times(figures: Any, factor: Fraction, decimals: int) -> Any:
    if isinstance(figures, dict):
        return {name: _times(inner, factor, decimals) for name, inner in figures.items()}
    return _scaled(figures, factor, decimals)


def _decimals(figures: Any) -> int:
    if isinstance(figures, dict):
        return max(map(_decimals, figures.values()), default=0)
    return len(figures.removesuffix("%").partition(".")[2])


def _scaled(figure: str, factor: Fraction, decimals: int) -> str:
    if figure == "none":
        return figure
    percent = figure.endswith("%")
    number = number_of(figure) * (100 if percent else 1)
    return plain_number(round_to(number * factor, Fraction(1, 10**decimals), "half_up")) + "%" * percent


# --- series --------------------------------------------------------------------------------------------------------


def _series(value: Value, figures: Mapping[str, Any], key: str, years: Mapping[int, Carried]) -> dict[str, Any]:
    kind, decimals = TIME_KEYS[key], _decimals(value.figures)
    pieces = [(own, content) for name, content in figures.items() if name != OTHER for own in [read_range(name, kind)]]
    if OTHER in figures:
        pieces += [(gap, figures[OTHER]) for gap in gaps([own for own, _ in pieces])]
    kept = pieces
    for year in years:
        kept = [(part, content) for own, content in kept for part in _outside(own, _span(year, key))]
    for year, source in years.items():
        if source.figure is not None:
            kept.append((_span(year, key), written_figure(value, source.figure)))
            continue
        for own, content in pieces:
            if (part := _inside(own, _span(source.of, key))) is not None:
                by = year - source.of
                later = _later(part[0], by, key, is_last=False), _later(part[1], by, key, is_last=True)
                kept.append((later, _times(content, source.factor, decimals)))
    return {_written(own, key): content for own, content in sorted(kept, key=lambda piece: piece[0])}


def _span(year: int, key: str) -> Range:
    """What of a key lies in a year."""
    if key == "year":
        return year, year
    if key == "month":
        return year * 12, year * 12 + 11
    return day_number(datetime.date(year, 1, 1)), day_number(datetime.date(year, 12, 31))


def _inside(own: Range, span: Range) -> Range | None:
    low, high = max(own[0], span[0]), min(own[1], span[1])
    return (low, high) if low <= high else None


def _outside(own: Range, span: Range) -> list[Range]:
    return [(low, high) for low, high in ((own[0], min(own[1], span[0] - 1)), (max(own[0], span[1] + 1), own[1]))
            if low <= high]  # fmt: skip


def _later(end: int, years: int, key: str, is_last: bool) -> int:
    """An end of a range, years later. The day before 1 March stays the day before it."""
    if key != "date":
        return end + years * (1 if key == "year" else 12)
    day = day_of(end + is_last)
    moved = datetime.date(day.year + years, day.month, 28 if (day.month, day.day) == (2, 29) else day.day)
    return day_number(moved) - is_last


def _written(own: Range, key: str) -> str:
    low, high = ("" if end in (LOWEST, HIGHEST) else _end(end, key) for end in own)
    return low if low == high and low else f"{low}..{high}"


def _end(end: int, key: str) -> str:
    if key == "month":
        return f"{end // 12}-{end % 12 + 1:02}"
    return str(end) if key == "year" else day_of(end).isoformat()
