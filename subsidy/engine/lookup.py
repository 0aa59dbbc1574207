"""Figures as SQL: constants, and inline tables that rows are joined to by their keys."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Sequence
from fractions import Fraction

from subsidy import sql
from subsidy.schedule.figures import HIGHEST, Figure, Figures, Keys, day_number
from subsidy.schedule.node import Type
from subsidy.schedule.slices import SliceTable
from subsidy.sql import Sql


def figure_parts(figure: Figure, kind: Type) -> list[int | None]:
    """A figure as whole numbers: itself in the scale of its type, or a date's day, month number and day of month."""
    if isinstance(figure, datetime.date):
        return [day_number(figure), figure.year * 12 + figure.month - 1, figure.day]
    missing_parts: list[int | None] = [None] * (3 if kind.kind == "date" else 1)
    return [int(figure * kind.scale)] if isinstance(figure, Fraction) else missing_parts


Match = Callable[[Sql], Sql]
Cell = int | str | None


def figure_table(figures: Figures, kind: Type, alias: str) -> tuple[Sql, list[Match]]:
    """The figures as an inline table and how each key is matched; columns figure, for dates also figure#m, figure#d."""
    parts = ("figure", "figure#m", "figure#d") if kind.kind == "date" else ("figure",)
    rows = [(row.keys, figure_parts(row.figure, kind)) for row in figures.rows]
    return _keyed_table([form.ranged for form in figures.forms], rows, parts, alias)


def slice_table(table: SliceTable, highest: Fraction, scale: int, alias: str) -> tuple[Sql, list[Match]]:
    """The slices as an inline table and how each key, then the quantity, is matched; columns above, before, rate.

    The quantity is not negative, not above `highest` and counted in `scale`, like `above`, where its slice begins.
    `before` is the result of the slices below, in the scale of the quantity times that of the rates.
    """
    rates = table.rate_scale
    rows: list[tuple[Keys, list[int | None]]] = []
    for keys, slices in table.rows:
        before = Fraction(0)
        for one in slices:
            if one.above and one.above >= highest:
                break
            above = int(one.above * scale)
            up_to = HIGHEST if one.up_to is None else min(int(one.up_to * scale), HIGHEST)
            reached = (above + 1 if above else 0, up_to)
            rows.append(((*keys, reached), [above, int(before * scale * rates), int(one.rate * rates)]))
            if one.up_to is not None:
                before += (one.up_to - one.above) * one.rate
    return _keyed_table([*(form.ranged for form in table.forms), True], rows, ("above", "before", "rate"), alias)


def _keyed_table(
    ranged: Sequence[bool], rows: Sequence[tuple[Keys, list[int | None]]], parts: Sequence[str], alias: str
) -> tuple[Sql, list[Match]]:
    columns: list[str] = []
    for index, is_range in enumerate(ranged):
        columns += [f"key{index}#low", f"key{index}#high"] if is_range else [f"key{index}"]
    cells: list[list[Cell]] = []
    for keys, figure in rows:
        own: list[Cell] = []
        for key in keys:
            own += list(key) if isinstance(key, tuple) else [key]
        cells.append([*own, *figure])
    matches = [_matcher(alias, index, is_range, rows) for index, is_range in enumerate(ranged)]
    return sql.inline_rows([*columns, *parts], cells, alias), matches


def _matcher(alias: str, index: int, ranged: bool, rows: Sequence[tuple[Keys, list[int | None]]]) -> Match:
    if not ranged:
        return lambda key: sql.compare("=", sql.column(f"key{index}", alias), key)
    ranges = [keys[index] for keys, _ in rows]
    if all(isinstance(one, tuple) and one[0] == one[1] for one in ranges):
        return lambda key: sql.compare("=", sql.column(f"key{index}#low", alias), key)
    return lambda key: sql.all_of(
        [
            sql.compare("<=", sql.column(f"key{index}#low", alias), key),
            sql.compare(">=", sql.column(f"key{index}#high", alias), key),
        ]
    )
