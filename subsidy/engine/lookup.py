"""Figures as SQL: constants, and inline tables that rows are joined to by their keys."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from fractions import Fraction

from subsidy import sql
from subsidy.schedule.figures import Figure, Figures, day_number
from subsidy.schedule.node import Type
from subsidy.sql import Sql


def figure_parts(figure: Figure, kind: Type) -> list[int | None]:
    """A figure as whole numbers: itself in the scale of its type, or a date's day, month number and day of month."""
    if isinstance(figure, datetime.date):
        return [day_number(figure), figure.year * 12 + figure.month - 1, figure.day]
    missing_parts: list[int | None] = [None] * (3 if kind.kind == "date" else 1)
    return [int(figure * kind.scale)] if isinstance(figure, Fraction) else missing_parts


def figure_table(figures: Figures, kind: Type, alias: str) -> tuple[Sql, list[Callable[[Sql], Sql]]]:
    """The figures as an inline table, and for each key how it is matched."""
    columns: list[str] = []
    for index, form in enumerate(figures.forms):
        columns += [f"key{index}#low", f"key{index}#high"] if form.ranged else [f"key{index}"]
    parts = ("figure", "figure#m", "figure#d") if kind.kind == "date" else ("figure",)
    rows: list[list[int | str | None]] = []
    for row in figures.rows:
        cells: list[int | str | None] = []
        for key in row.keys:
            cells += list(key) if isinstance(key, tuple) else [key]
        cells += figure_parts(row.figure, kind)
        rows.append(cells)
    conditions = [_matcher(alias, index, form.ranged, figures) for index, form in enumerate(figures.forms)]
    return sql.inline_rows([*columns, *parts], rows, alias), conditions


def _matcher(alias: str, index: int, ranged: bool, figures: Figures) -> Callable[[Sql], Sql]:
    if not ranged:
        return lambda key: sql.compare("=", sql.column(f"key{index}", alias), key)
    points = all(
        isinstance(row.keys[index], tuple) and row.keys[index][0] == row.keys[index][1] for row in figures.rows
    )
    if points:
        return lambda key: sql.compare("=", sql.column(f"key{index}#low", alias), key)
    return lambda key: sql.all_of(
        [
            sql.compare("<=", sql.column(f"key{index}#low", alias), key),
            sql.compare(">=", sql.column(f"key{index}#high", alias), key),
        ]
    )
