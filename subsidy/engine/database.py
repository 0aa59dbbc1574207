"""Where the queries of a calculation run: relations are put in, and rows come out.

DuckDB is the engine. It plans every query anew, which takes far longer than running it on a handful of rows; those go
to SQLite (`few_rows`); what outgrows one machine may go to Spark (`spark`). The same trees are printed for each.
"""

from __future__ import annotations

import functools
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Protocol

from subsidy import resources, sql
from subsidy.finding import RosterError, Text
from subsidy.money import too_large

if TYPE_CHECKING:
    import duckdb

Rows = list[tuple[Any, ...]]
# A table is read many times, a step once; a view is written into its readers, and so is what is quicker calculated than
# stored, where planning that takes no time beside its rows.
Kind = Literal["table", "step", "view", "quick"]
WITHOUT_WRONG_PLANS = "SET disabled_optimizers = 'statistics_propagation'"  # docs/design/016-profile.md
ROWS_AT_ONCE = 122_880  # of a batch: as many as the engine groups together
Engine = Literal["auto", "duckdb", "spark"]  # auto: by the number of rows, on this machine


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

    @functools.cached_property
    def spark(self) -> str:
        return sql.printed(self.tree, "spark")


class Database(Protocol):
    """The relations of one roster. All raise RosterError where a number is too large to be exact."""

    def register(self, name: str, table: Any) -> None:
        """Put an Arrow table in, in place of one of that name."""

    def create(self, name: str, query: Query, kind: Kind) -> None:
        """Make a relation of a query, in place of one of that name."""

    def rows(self, query: Query) -> Rows:
        """The rows of a query; yes and no may be 1 and 0."""

    def arrow(self, query: Query) -> Any:
        """The rows as an Arrow table; yes and no may be 1 and 0."""

    def batches(self, query: Query) -> Iterator[Any]:
        """The rows in Arrow batches, of which a few are held at a time. Nothing else may be asked in between."""

    def drop(self, name: str) -> None:
        """Forget a table that was put in or made."""


class DuckDB:
    """A connection of its own to a database: by default to the one of this process, which reads and writes no file."""

    def __init__(self, base: duckdb.DuckDBPyConnection | None = None) -> None:
        self.connection = (base or _shared(resources.current())).cursor()

    def register(self, name: str, table: Any) -> None:
        self.connection.register(name, table)

    def create(self, name: str, query: Query, kind: Kind) -> None:
        what = "VIEW" if kind in ("view", "quick") else "TABLE"
        with exact(name):
            self.connection.execute(f'CREATE OR REPLACE TEMP {what} "{name}" AS {query.duckdb}')

    def rows(self, query: Query) -> Rows:
        with exact(""):
            return list(self.connection.execute(query.duckdb).fetchall())

    def arrow(self, query: Query) -> Any:
        with exact(""):
            return self.connection.sql(query.duckdb).to_arrow_table()

    def batches(self, query: Query) -> Iterator[Any]:
        with exact(""):
            yield from self.connection.sql(query.duckdb).to_arrow_reader(ROWS_AT_ONCE)

    def drop(self, name: str) -> None:
        self.connection.unregister(name)
        self.connection.execute(f'DROP TABLE IF EXISTS "{name}"')


@functools.lru_cache(maxsize=1)
def _shared(limits: resources.Limits) -> duckdb.DuckDBPyConnection:
    """The database of this process under these limits; what is in another one stays there."""
    return opened(limits)


def opened(limits: resources.Limits, files: Sequence[Path] = ()) -> duckdb.DuckDBPyConnection:
    """A new database in memory that may read these files and no others."""
    import duckdb

    base = duckdb.connect(":memory:")
    base.execute(f"SET temp_directory = '{resources.spill_folder()}'")
    if limits.memory is not None:
        base.execute(f"SET memory_limit = '{resources.engine_memory(limits.memory)}B'")
    if limits.threads is not None:
        base.execute(f"SET threads = {limits.threads}")
        base.execute("SET async_threads = 1")
    base.execute(WITHOUT_WRONG_PLANS)
    if files:
        base.execute("SET allowed_paths = ?", [[str(file) for file in files]])
    base.execute("SET enable_external_access = false")
    base.execute("SET preserve_insertion_order = false")
    base.execute("SET lock_configuration = true")
    return base


@contextmanager
def exact(relation: str) -> Iterator[None]:
    """Turns the engine's refusal of a number past 2^63, or for want of memory, into a finding."""
    import duckdb

    try:
        yield
    except (duckdb.OutOfRangeException, duckdb.ConversionException):
        raise too_large_in(relation) from None
    except (duckdb.OutOfMemoryException, duckdb.IOException) as error:
        raise resources.too_little_memory(_want_of_memory(error)) from None


def _want_of_memory(error: Exception) -> Text:
    """What the engine lacks: memory, or room on the disk for what does not fit into it."""
    import duckdb

    folder = tempfile.gettempdir()
    if isinstance(error, duckdb.IOException) or "max_temp_directory_size" in str(error):
        return Text(
            f"内存放不下，而 {folder} 的空间不足", f"it does not fit into memory, and {folder} has no room for it"
        )
    return Text("内存不足，无法算完", "the memory does not suffice for the calculation")


def too_large_in(relation: str) -> RosterError:
    """What to raise where a relation (or, with none, a total) would have a number past 2^63."""
    what = relation.split(":")[-1].split("/")[0] or "total"
    zh, en = f"计算 {what} 时数额超出可精确表示的范围（2^63）", f"a number in {what} is too large to be exact (2^63)"
    return too_large(Text(zh, en))
