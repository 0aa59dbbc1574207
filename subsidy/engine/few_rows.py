"""The engine for few rows: SQLite, in memory. It plans a query in a tenth of DuckDB's time.

SQLite turns a whole number past 2^63 into a float instead of refusing it. So whatever comes in, every product and every
total passes `exact`, which refuses what is beyond 2^53; then no addition of a thousand terms reaches 2^63. What is
refused here, or is too deep for SQLite's parser, is left to DuckDB, and everything after it. The open ends of ranges
are larger, but only compared.
"""

from __future__ import annotations

import functools
import sqlite3
import threading
import weakref
from collections.abc import Callable, Iterator
from typing import Any, TypeVar

from sqlglot import exp
from sqlglot.dialects.sqlite import SQLite as SQLiteDialect
from sqlglot.generators.sqlite import SQLiteGenerator

from subsidy import sql
from subsidy.engine.database import Database, DuckDB, Kind, Query, Rows
from subsidy.schedule.ranges import HIGHEST

LEAST, LARGEST = -(2**53), 2**53
MOST_SELECTS = 200  # in one union; SQLite allows 500
STATEMENTS = 500  # that a database keeps planned
MOST_SPARE = 4  # databases of one shape of roster
_TAKING = threading.Lock()
NOT_HERE = (sqlite3.DatabaseError, OverflowError)
Found = TypeVar("Found")


class Held:
    """An SQLite database in memory, and what stands in it: how each relation was made, and the Arrow table in it."""

    def __init__(self, copied: Held | None = None) -> None:
        self.connection = sqlite3.connect(
            ":memory:", isolation_level=None, check_same_thread=False, cached_statements=STATEMENTS
        )
        if copied is not None:
            self.connection.deserialize(copied.content)
        self.connection.create_function("exact", 1, _exact, deterministic=True)
        self.made: dict[str, str] = dict(copied.made) if copied else {}
        self.tables: dict[str, Any] = dict(copied.tables) if copied else {}

    @functools.cached_property
    def content(self) -> bytes:
        return self.connection.serialize()

    def create(self, name: str, made: str) -> bool:
        """Make a relation as `made` says; one that was made so before is left as it is, and False returned."""
        if self.made.get(name) == made:
            return False
        self.drop(name)
        self.connection.execute(f"CREATE {made}")
        self.made[name] = made
        return True

    def drop(self, name: str) -> None:
        made = self.made.pop(name, None)
        self.tables.pop(name, None)
        if made is not None:
            self.connection.execute(f'DROP {made.split(maxsplit=1)[0]} "{name}"')

    def fill(self, name: str, table: Any) -> None:
        """Put an Arrow table in; one that is there already is not put in again."""
        if self.tables.get(name) is table:
            return
        columns = ", ".join(f'"{column}"' for column in table.column_names)
        rows = [row for batch in table.to_batches() for row in zip(*map(_cells, batch.columns), strict=True)]
        if not self.create(name, f'TABLE "{name}" ({columns})'):
            self.tables.pop(name, None)
            self.connection.execute(f'DELETE FROM "{name}"')
        marks = ", ".join("?" * table.num_columns)
        with self.connection:  # which commits, or rolls back
            self.connection.execute("BEGIN")
            self.connection.executemany(f'INSERT INTO "{name}" VALUES ({marks})', rows)
        self.tables[name] = table

    def make(self, name: str, query: str, kind: Kind) -> None:
        """Make a relation of a query; one that was made of it before is filled anew."""
        what = "VIEW" if kind == "view" else "TABLE"
        if not self.create(name, f'{what} "{name}" AS {query}') and what == "TABLE":
            self.connection.execute(f'DELETE FROM "{name}"')
            self.connection.execute(f'INSERT INTO "{name}" {query}')


class FewRows:
    """The relations of one roster in a database of its own.

    `spare`: databases of other rosters of this shape that nobody reads any longer. One of them is taken, and comes back
    when this is no longer used: its relations are filled anew, so that SQLite does not plan their queries again.
    `begun`: one whose tables this begins with; of the spare ones that which has them is taken first, and where none is
    spare a copy is made.
    """

    def __init__(self, begun: FewRows | None = None, spare: list[Held] | None = None) -> None:
        self.done: list[Callable[[Database], None]] = list(begun.done) if begun else []
        self.instead: DuckDB | None = None
        copied = begun.held if begun else None
        self.held: Held = _taken(spare or [], copied.tables if copied else {}) or Held(copied)
        if spare is not None:
            weakref.finalize(self, _come_back, spare, self.held).atexit = False

    def register(self, name: str, table: Any) -> None:
        self._do(lambda database: database.register(name, table), lambda: self.held.fill(name, table))

    def create(self, name: str, query: Query, kind: Kind) -> None:
        self._do(
            lambda database: database.create(name, query, kind), lambda: self.held.make(name, query.sqlite, kind)
        )

    def rows(self, query: Query) -> Rows:
        return self._read(
            lambda: self.held.connection.execute(query.sqlite).fetchall(), lambda database: database.rows(query)
        )

    def arrow(self, query: Query) -> Any:
        return self._read(lambda: self._arrow(query), lambda database: database.arrow(query))

    def batches(self, query: Query) -> Iterator[Any]:
        table = self._read(lambda: self._arrow(query), lambda database: database.arrow(query))
        yield from table.to_batches()

    def drop(self, name: str) -> None:
        self._do(lambda database: database.drop(name), lambda: self.held.drop(name))

    def _arrow(self, query: Query) -> Any:
        import pyarrow as pa

        found = self.held.connection.execute(query.sqlite)
        names = [column for column, *_ in found.description]
        rows = found.fetchall()
        columns = [pa.array(cells) for cells in zip(*rows, strict=True)] or [pa.nulls(0)] * len(names)
        return pa.Table.from_arrays(columns, names=names)

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


def _taken(spare: list[Held], tables: dict[str, Any]) -> Held | None:
    """The last used that has these tables already, else the one that was not used for the longest time, if any."""
    with _TAKING:
        for place in reversed(range(len(spare))):
            if all(spare[place].tables.get(name) is table for name, table in tables.items()):
                return spare.pop(place)
        return spare.pop(0) if spare else None


def _come_back(spare: list[Held], held: Held) -> None:
    if len(spare) < MOST_SPARE:
        spare.append(held)


def _cells(column: Any) -> list[Any]:
    """The cells of an Arrow column."""
    import pyarrow as pa

    blanks = column.null_count
    if blanks == len(column):
        return [None] * blanks
    cells: list[Any]
    if not isinstance(column, pa.Int64Array):
        cells = (column.dictionary_decode() if isinstance(column, pa.DictionaryArray) else column).to_pylist()
        return cells
    cells = column.to_pylist() if blanks else column.to_numpy().tolist()
    known = [number for number in cells if number is not None] if blanks else cells
    for end in (max(known), min(known)):
        _exact(end)
    return cells


def _exact(number: int | float | None) -> int | None:
    if number is None or (LEAST <= number <= LARGEST and type(number) is int):
        return number
    raise OverflowError(number)


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
    """The same with products and sums guarded. A small table is a union: SQLite looks it up by an index of its own
    then, while it goes through all of the rows of VALUES each time."""

    def values_sql(self, expression: exp.Values, values_as_table: bool = True) -> str:
        if len(expression.expressions) > MOST_SELECTS:
            return super().values_sql(expression, values_as_table)
        names = [self.sql(column) for column in expression.args["alias"].columns]
        rows = (
            ", ".join(f"{self.sql(cell)} AS {name}" for cell, name in zip(row.expressions, names, strict=True))
            for row in expression.expressions
        )
        return f"({' UNION ALL '.join(f'SELECT {row}' for row in rows)})"

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


class Exact(SQLiteDialect):
    """The dialect of this engine."""

    Generator = _Guarded


def printed(tree: sql.Sql) -> str:
    """A tree for this engine."""
    return sql.printed(tree, Exact)


def unguarded(tree: sql.Sql) -> str:
    """A tree for any SQLite, laid out for reading; what is past 2^63 is not refused."""
    return sql.printed(tree, _Plain, pretty=True)
