"""SQL about cells as they were given, on DuckDB and Spark against plain Python."""

from __future__ import annotations

import datetime
import inspect
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from sqlglot import exp

from subsidy import sql, sql_cells

Engine = Callable[[sql.Sql], list[tuple[Any, ...]]]
TEXTS = ["", "a", " a ", "\u3000H1\u00a0", "Ｈ１", "h1", "007", "7", "x\ty", "养老 院", "\u2028z\x1f", "a\\b", "it's"]
DAYS = [datetime.date(*day) for day in ((1900, 1, 1), (1969, 12, 31), (1970, 1, 1), (2024, 2, 29), (9999, 12, 31))]
DECIMALS = [Decimal(text) for text in ("0.00", "-1.00", "12.50", "99999.99")]
DECIMAL = exp.DataType.build("DECIMAL(12, 2)")
IN_PLACES = pytest.mark.parametrize("engine", ["duckdb", "spark"], indirect=True)
WIDE, PLAIN = "Ｈ１", "H1"
t, d, n = sql.column("t"), sql.column("d"), sql.column("n")


def _day(number: int) -> int:
    return DAYS[number].toordinal() - datetime.date(1970, 1, 1).toordinal()


OF_TEXTS: dict[str, tuple[sql.Sql, Callable[[str], Any]]] = {
    "matches": (sql_cells.matches(t, "^[0-9]+$"), lambda text: text.isascii() and text.isdigit()),
    "without": (sql_cells.without(t, sql_cells.BLANKS), lambda text: "".join(text.split())),
    "with_letters": (sql_cells.with_letters(t, WIDE, PLAIN), lambda text: text.translate(str.maketrans(WIDE, PLAIN))),
    "in_lower_case": (sql_cells.in_lower_case(t), str.lower),
    "length": (sql_cells.length(t), len),
    "begins_with": (sql_cells.begins_with(t, "0"), lambda text: text.startswith("0")),
    "one_of": (sql_cells.one_of(t, [sql.text("a"), sql.text("it's")]), lambda text: text in ("a", "it's")),
}
OF_DAYS: dict[str, tuple[sql.Sql, Callable[[int], Any]]] = {
    "as_text": (sql_cells.as_text(d), lambda n: DAYS[n].isoformat()),
    "day_number": (sql_cells.day_number(d), _day),
    "month_number": (sql_cells.month_number(d), lambda n: DAYS[n].year * 12 + DAYS[n].month - 1),
    "day_of_month": (sql_cells.day_of_month(d), lambda n: DAYS[n].day),
    "date": (sql_cells.between(d, sql_cells.date(DAYS[1]), sql_cells.date(DAYS[3])), lambda n: 1 <= n <= 3),
}
OF_DECIMALS: dict[str, tuple[sql.Sql, Callable[[int], Any]]] = {
    "as_whole": (sql_cells.as_whole(sql_cells.as_decimal(d, 18, 0)), lambda n: [0, -1, 13, 100000][n]),
    "as_decimal": (sql_cells.as_text(sql_cells.as_decimal(d, 18, 1)), lambda n: ["0.0", "-1.0", "12.5", "100000.0"][n]),
    "shifted": (sql_cells.shifted(d, 2), lambda n: int(DECIMALS[n] * 100)),
    "decimal": (sql.compare("=", d, sql_cells.decimal(Decimal("12.50"))), lambda n: n == 2),
    "between": (sql_cells.between(d, sql_cells.decimal(Decimal(-1)), sql.whole(0)), lambda n: n < 2),
}
CONSTANTS: list[tuple[int | str | bool | None, str]] = [
    (1, "BIGINT"), ("it's", "TEXT"), (True, "BOOLEAN"), (None, "TEXT"), (None, "BIGINT"), (None, "BOOLEAN")
]  # fmt: skip


def _numbered(cells: list[sql.Sql], name: str) -> sql.Sql:
    rows = [exp.select(sql.alias(sql.whole(n), "n"), sql.alias(cell, name)) for n, cell in enumerate(cells)]
    return sql.subquery(sql.union_all(rows), "r")


def _found(engine: Engine, trees: list[sql.Sql], source: sql.Sql) -> list[tuple[Any, ...]]:
    columns = [sql.alias(tree, f"x{number}") for number, tree in enumerate(trees)]
    return [row[1:] for row in sorted(engine(sql.select([n, *columns], source)))]


@pytest.mark.everyday
@IN_PLACES
def test_texts(engine: Engine) -> None:
    found = _found(engine, [tree for tree, _ in OF_TEXTS.values()], _numbered([sql.text(one) for one in TEXTS], "t"))
    assert found == [tuple(expected(text) for _, expected in OF_TEXTS.values()) for text in TEXTS]


@pytest.mark.everyday
@IN_PLACES
def test_days_and_decimals(engine: Engine) -> None:
    days = [sql_cells.date(day) for day in DAYS]
    found = _found(engine, [tree for tree, _ in OF_DAYS.values()], _numbered(days, "d"))
    assert found == [tuple(expected(number) for _, expected in OF_DAYS.values()) for number in range(len(DAYS))]
    decimals: list[sql.Sql] = [exp.Cast(this=sql_cells.decimal(one), to=DECIMAL.copy()) for one in DECIMALS]
    found = _found(engine, [tree for tree, _ in OF_DECIMALS.values()], _numbered(decimals, "d"))
    assert found == [tuple(expected(number) for _, expected in OF_DECIMALS.values()) for number in range(len(DECIMALS))]


@pytest.mark.everyday
@IN_PLACES
def test_constants_and_joins(engine: Engine) -> None:
    trees = [sql_cells.constant(value, kind) for value, kind in CONSTANTS]
    assert _found(engine, trees, _numbered([sql.whole(0)], "d")) == [tuple(value for value, _ in CONSTANTS)]
    left, right = (sql.inline_rows(["n"], [(number,) for number in numbers], name) for numbers, name in
                   (((1, 2, 2, None), "l"), ((2, 2, 3), "r")))  # fmt: skip
    same = sql.compare("=", sql.column("n", "l"), sql.column("n", "r"))
    for kind, expected in (("semi", [2, 2]), ("anti", [1, None])):
        rows = engine(sql.select([sql.column("n", "l")], left, [(kind, right, same)]))
        assert sorted((row for (row,) in rows), key=str) == expected


def test_every_builder_is_tested() -> None:
    public = {
        name
        for name, member in inspect.getmembers(sql_cells, inspect.isfunction)
        if member.__module__ == sql_cells.__name__ and not name.startswith("_")
    }
    assert public == {*OF_TEXTS, *OF_DAYS, *OF_DECIMALS, "constant"}
