"""Large Parquet files as the place of a roster: DuckDB reads them anew for each query, and no row is held."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from subsidy import resources, sql
from subsidy.engine.database import DuckDB, Kind, Query, exact, opened
from subsidy.engine.in_place import NUMBER, InPlaceTable
from subsidy.roster import example_rows, footers
from subsidy.roster.parquet_file import ParquetFile, TextsOfColumn
from subsidy.roster.raw import RawTable, kept

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pyarrow as pa

KINDS = {
    **dict.fromkeys(("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "UTINYINT", "USMALLINT", "UINTEGER"), "whole"),
    "VARCHAR": "text",
    "BOOLEAN": "boolean",
    "DATE": "date",
    "DECIMAL": "decimal",
}
HASHES_AT_ONCE = 2**23
PLAIN_BYTES = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-")
WORDS = (*footers.ENGLISH, example_rows.ENGLISH)


class Beside(DuckDB):
    """A connection for a calculation to the database that reads the files."""

    def register(self, name: str, table: Any) -> None:
        if isinstance(table, InPlaceTable):
            self.connection.execute(f"CREATE OR REPLACE TEMP VIEW {_quoted(name)} AS FROM {_lasting(table.name)}")
        else:
            super().register(name, table)


class ParquetFiles(DuckDB):
    """A database of its own that may read these files, and whose relations every connection to it sees."""

    reads_again = True

    def __init__(self, files: Sequence[ParquetFile]) -> None:
        self._base = opened(resources.current(), [file.path for file in files])
        super().__init__(self._base)
        self._given: dict[str, RawTable | ParquetFile] = {}
        self._texts: dict[tuple[str, str], TextsOfColumn] = {}

    def beside(self) -> Beside:
        return Beside(self._base)

    def number(self, name: str, given: Any) -> None:
        self._given[name] = given
        if isinstance(given, RawTable):
            self.register(name, given.by_position())
            return
        columns = [f'{_quoted(heading)} AS "c{position}"' for position, heading in enumerate(given.headings)]
        source = f"read_parquet({sql.printed(sql.text(str(given.path)))}, file_row_number = true)"
        columns.append(f'file_row_number + 1 AS "{NUMBER}"')
        self.connection.execute(f"CREATE VIEW {_lasting(name)} AS SELECT {', '.join(columns)} FROM {source}")

    def empty(self, name: str, given: ParquetFile) -> RawTable:
        return given.empty()

    def kinds(self, name: str) -> dict[str, str]:
        rows = self.connection.execute(f"DESCRIBE {_lasting(name)}").fetchall()
        return {column: KINDS.get(kind.split("(")[0], kind) for column, kind, *_ in rows}

    def plain(self, name: str, columns: Sequence[str]) -> set[str]:
        return {column for column in columns if _is_plain(self._looked_over(name, column))}

    def _looked_over(self, name: str, column: str) -> TextsOfColumn:
        """What is known of a column of texts of a given table."""
        if (name, column) not in self._texts:
            given, position = self._given[name], int(column[1:])
            if isinstance(given, ParquetFile) and given.headings[position] not in given.of_few_texts:
                self._texts[name, column] = given.look_over(given.headings[position])
            else:
                distinct = Query(sql.select([sql.column(column)], sql.table(name), distinct=True))
                texts = kept(self.arrow(distinct)[column])
                self._texts[name, column] = replace(TextsOfColumn().and_those(texts, None)[0], grow=False)
        return self._texts[name, column]

    def are_unique(self, name: str, column: str) -> bool:
        """By their order, or by hashes of 64 bits, some at a time: if no two are equal, no two texts are."""
        if self._looked_over(name, column).grow:
            return True
        count = len(self._given[name])
        parts = -(-count // HASHES_AT_ONCE)
        return all(self._are_different(name, column, part, parts, count) for part in range(parts))

    def _are_different(self, name: str, column: str, part: int, parts: int, count: int) -> bool:
        import numpy as np

        hashed = f"SELECT hash({_quoted(column)}) AS hash FROM {_lasting(name)} WHERE {_quoted(column)} IS NOT NULL"
        chosen = f"SELECT hash FROM ({hashed}) WHERE hash % {parts} = {part}" if parts > 1 else hashed
        hashes, end = np.empty(count // parts + count // 50 + 1_000, np.uint64), 0
        with exact(""):
            for batch in self.connection.sql(chosen).to_arrow_reader():
                if end + len(batch) > len(hashes):
                    return False  # so uneven are only hashes of equal texts
                hashes[end : end + len(batch)] = batch.column(0).to_numpy()
                end += len(batch)
        found = hashes[:end]
        found.sort()
        return bool((found[1:] != found[:-1]).all())

    def register(self, name: str, table: Any) -> None:
        """Put an Arrow table in, where every connection sees it."""
        self.connection.register("given", _of_texts(table))
        self.connection.execute(f"CREATE OR REPLACE TABLE {_lasting(name)} AS FROM given")
        self.connection.unregister("given")

    def create(self, name: str, query: Query, kind: Kind) -> None:
        what = "VIEW" if kind == "view" else "TABLE"
        with exact(name):
            self.connection.execute(f"CREATE OR REPLACE {what} {_lasting(name)} AS {query.duckdb}")


def _is_plain(texts: TextsOfColumn) -> bool:
    """Whether it is certain that they are all `PLAIN`."""
    characters = texts.characters
    return not texts.have_zeros and characters.seen <= PLAIN_BYTES and not characters.may_spell(*WORDS)


def _of_texts(table: pa.Table) -> pa.Table:
    """With coded texts as texts."""
    import pyarrow as pa

    def decoded(field: pa.Field) -> pa.Field:
        return field.with_type(field.type.value_type) if pa.types.is_dictionary(field.type) else field

    return table.cast(pa.schema([decoded(field) for field in table.schema]))


def _quoted(name: str) -> str:
    return sql.printed(sql.name(name))


def _lasting(name: str) -> str:
    """A relation that is no temporary one of a single connection."""
    return f"memory.main.{_quoted(name)}"
