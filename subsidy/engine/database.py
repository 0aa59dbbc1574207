"""Where the queries of a calculation run: relations are put in, and rows come out.

DuckDB is the engine. It plans every query anew, which takes far longer than running it on a handful of rows; those go
to SQLite (`few_rows`), for which the same trees are printed.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Protocol

from subsidy import sql
from subsidy.finding import Finding, Place, RosterError, Text

if TYPE_CHECKING:
    import duckdb

Rows = list[tuple[Any, ...]]


class Query:
    """A query as a tree, printed once for each engine that runs it."""

    def __init__(self, tree: sql.Sql) -> None:
        self.tree = tree

    @functools.cached_property
    def duckdb(self) -> str:
        return sql.printed(self.tree)

    @functools.cached_property
    def sqlite(self) -> str:
        from subsidy.engine.few_rows import printed

        return printed(self.tree)


class Database(Protocol):
    """The relations of one roster. All raise RosterError where a number is too large to be exact."""

    def register(self, name: str, table: Any) -> None:
        """Put an Arrow table in, in place of one of that name."""

    def create(self, name: str, query: Query, is_view: bool) -> None:
        """Make a relation of a query, in place of one of that name."""

    def rows(self, query: Query) -> Rows:
        """The rows of a query; yes and no may be 1 and 0."""

    def arrow(self, query: Query) -> Any:
        """The rows as an Arrow table; yes and no may be 1 and 0."""


class DuckDB:
    """A connection of its own to the one database of this process, which reads and writes no file."""

    def __init__(self) -> None:
        self.connection = _shared().cursor()

    def register(self, name: str, table: Any) -> None:
        self.connection.register(name, table)

    def create(self, name: str, query: Query, is_view: bool) -> None:
        kind = "VIEW" if is_view else "TABLE"
        with _exact(name):
            self.connection.execute(f'CREATE OR REPLACE TEMP {kind} "{name}" AS {query.duckdb}')

    def rows(self, query: Query) -> Rows:
        with _exact(""):
            return list(self.connection.execute(query.duckdb).fetchall())

    def arrow(self, query: Query) -> Any:
        with _exact(""):
            return self.connection.sql(query.duckdb).to_arrow_table()


@functools.cache
def _shared() -> duckdb.DuckDBPyConnection:
    import duckdb

    base = duckdb.connect(":memory:")
    base.execute("SET enable_external_access = false")
    base.execute("SET preserve_insertion_order = false")
    base.execute("SET lock_configuration = true")
    return base


@contextmanager
def _exact(relation: str) -> Iterator[None]:
    """Turns the engine's refusal of a number past 2^63 into a finding."""
    import duckdb

    try:
        yield
    except (duckdb.OutOfRangeException, duckdb.ConversionException):
        what = relation.split(":")[-1].split("/")[0] or "total"
        why = Text(
            f"计算 {what} 时数额超出可精确表示的范围（2^63）", f"a number in {what} is too large to be exact (2^63)"
        )
        remedy = Text("请核对花名册中的金额和数量", "check the amounts and quantities of the roster")
        raise RosterError([Finding(Place(), "too-large", why, remedy)]) from None
