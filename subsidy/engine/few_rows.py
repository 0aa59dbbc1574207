"""The engine for few rows: SQLite, in memory. It plans a query in a tenth of DuckDB's time.

SQLite turns a whole number past 2^63 into a float instead of refusing it. So whatever comes in, every product and every
total passes `exact`, which refuses what is beyond 2^53; then no addition of a thousand terms reaches 2^63. What is
refused here, or is too deep for SQLite's parser, is left to DuckDB, and everything after it. The open ends of ranges
are larger, but only compared.
"""

from __future__ import annotations

import functools
import sqlite3
from collections.abc import Callable, Iterator
from typing import Any, TypeVar

from sqlglot import exp
from sqlglot.dialects.sqlite import SQLite as SQLiteDialect
from sqlglot.generators.sqlite import SQLiteGenerator

from subsidy import sql
from subsidy.engine.database import Database, DuckDB, Kind, Query, Rows
from subsidy.schedule.ranges import HIGHEST

LARGEST = 2**53
NOT_HERE = (sqlite3.DatabaseError, OverflowError)
Found = TypeVar("Found")


class FewRows:
    """A database of its own in memory. `begun`: one that this one begins as a copy of."""

    def __init__(self, begun: FewRows | None = None) -> None:
        self.connection = sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)
        self.done: list[Callable[[Database], None]] = []
        self.instead: DuckDB | None = None
        if begun is not None:
            self.connection.deserialize(begun.content)
            self.done += begun.done
        self.connection.create_function("exact", 1, _exact, deterministic=True)

    @functools.cached_property
    def content(self) -> bytes:
        return self.connection.serialize()

    def register(self, name: str, table: Any) -> None:
        self._do(lambda database: database.register(name, table), lambda: self._put(name, table))

    def create(self, name: str, query: Query, kind: Kind) -> None:
        what = "VIEW" if kind == "view" else "TABLE"

        def here() -> None:
            self.connection.execute(f'DROP {what} IF EXISTS "{name}"')
            self.connection.execute(f'CREATE {what} "{name}" AS {query.sqlite}')

        self._do(lambda database: database.create(name, query, kind), here)

    def rows(self, query: Query) -> Rows:
        return self._read(
            lambda: self.connection.execute(query.sqlite).fetchall(), lambda database: database.rows(query)
        )

    def arrow(self, query: Query) -> Any:
        return self._read(lambda: self._arrow(query), lambda database: database.arrow(query))

    def batches(self, query: Query) -> Iterator[Any]:
        table = self._read(lambda: self._arrow(query), lambda database: database.arrow(query))
        yield from table.to_batches()

    def drop(self, name: str) -> None:
        def here() -> None:
            self.connection.execute(f'DROP TABLE IF EXISTS "{name}"')

        self._do(lambda database: database.drop(name), here)

    # --- here ----------------------------------------------------------------------------------------------------

    def _put(self, name: str, table: Any) -> None:
        columns = ", ".join(f'"{column}"' for column in table.column_names)
        marks = ", ".join("?" * table.num_columns)
        self.connection.execute(f'DROP TABLE IF EXISTS "{name}"')
        self.connection.execute(f'CREATE TABLE "{name}" ({columns})')
        rows = zip(*map(_cells, table.columns), strict=True)
        self.connection.executemany(f'INSERT INTO "{name}" VALUES ({marks})', rows)

    def _arrow(self, query: Query) -> Any:
        import pyarrow as pa

        found = self.connection.execute(query.sqlite)
        names = [column for column, *_ in found.description]
        rows = found.fetchall()
        return pa.table({name: pa.array([row[index] for row in rows]) for index, name in enumerate(names)})

    # --- or in DuckDB --------------------------------------------------------------------------------------------

    def _do(self, there: Callable[[Database], None], here: Callable[[], None]) -> None:
        self.done.append(there)
        if self.instead is not None:
            there(self.instead)
            return
        try:
            here()
        except NOT_HERE:
            self._moved()

    def _read(self, here: Callable[[], Found], there: Callable[[Database], Found]) -> Found:
        if self.instead is None:
            try:
                return here()
            except NOT_HERE:
                pass
        return there(self.instead or self._moved())

    def _moved(self) -> DuckDB:
        """DuckDB with everything that was done here."""
        self.instead = DuckDB()
        for step in self.done:
            step(self.instead)
        return self.instead


def _cells(column: Any) -> list[Any]:
    """The cells of an Arrow column."""
    cells: list[Any] = column.to_pylist()
    if str(column.type).startswith("int"):
        known = [number for number in cells if number is not None]
        for end in (max(known, default=0), min(known, default=0)):
            _exact(end)
    return cells


def _exact(number: int | float | None) -> int | None:
    if number is not None and (isinstance(number, float) or abs(number) > LARGEST):
        raise OverflowError(number)
    return number


# --- printing ----------------------------------------------------------------------------------------------------


class _Whole(SQLiteGenerator):
    """SQLite's dialect with whole quotients, without a detour by floats."""

    def intdiv_sql(self, expression: exp.IntDiv) -> str:
        return self.binary(expression, "/")

    def cast_sql(self, expression: exp.Cast, safe_prefix: str | None = None) -> str:
        return self.sql(expression, "this")

    def values_sql(self, expression: exp.Values, values_as_table: bool = True) -> str:
        columns = ", ".join(
            f"column{number} AS {self.sql(column)}" for number, column in enumerate(expression.args["alias"].columns, 1)
        )
        rows = ", ".join(self.sql(row) for row in expression.expressions)
        return f"(SELECT {columns} FROM (VALUES {rows}))"


class _Guarded(_Whole):
    """The same with products and sums guarded."""

    def literal_sql(self, expression: exp.Literal) -> str:
        written = super().literal_sql(expression)
        harmless = expression.is_string or int(written) <= LARGEST or int(written) == HIGHEST
        return written if harmless else f"exact({written})"

    def mul_sql(self, expression: exp.Mul) -> str:
        return f"exact({super().mul_sql(expression)})"

    def sum_sql(self, expression: exp.Sum) -> str:
        summed = f"SUM({self.sql(expression, 'this')})"
        return summed if isinstance(expression.parent, exp.Window) else f"exact({summed})"

    def window_sql(self, expression: exp.Window) -> str:
        window = super().window_sql(expression)
        return f"exact({window})" if isinstance(expression.this, exp.Sum) else window


class _Plain(SQLiteDialect):
    Generator = _Whole


class _Exact(SQLiteDialect):
    Generator = _Guarded


def printed(tree: sql.Sql) -> str:
    """A tree for this engine."""
    return tree.sql(dialect=_Exact)


def unguarded(tree: sql.Sql) -> str:
    """A tree for any SQLite, laid out for reading; what is past 2^63 is not refused."""
    return tree.sql(dialect=_Plain, pretty=True)
