"""A roster's typed table that stays where it is, where `Intake.tables` otherwise has an Arrow table."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Protocol

from subsidy import sql
from subsidy.engine.database import Database, Query
from subsidy.roster.cells import LAST_DAY

if TYPE_CHECKING:
    import pyarrow as pa

    from subsidy.roster.raw import RawTable

NUMBER = "_row"
# Ids nobody need look at twice: capitals that make no word, digits and what joins them, no zero in front.
PLAIN = r"^(?:[A-Z]{1,2}[0-9._-]+|[1-9][0-9._-]*)(?:[A-Z]{1,2}[0-9._-]+)*[A-Z]{0,2}$"


class Place(Database, Protocol):
    """Where the rows of a roster stay. Its relations are seen from every database beside it.

    `reads_again`: whether tables as they were given are read again at little cost; else what is made of them is kept.
    """

    reads_again: bool

    def number(self, name: str, given: Any) -> None:
        """Make a relation of a table as it was given: columns c0, c1, … and `_row`, which counts from 1."""

    def empty(self, name: str, given: Any) -> RawTable:
        """The headings of a table, and where it stands, without its rows."""

    def kinds(self, name: str) -> dict[str, str]:
        """Of each column of a relation: whole, decimal, text, boolean, date or nothing; else the engine's word."""

    def plain(self, name: str, columns: Sequence[str]) -> set[str]:
        """Those of some columns of texts in a relation of a given table in which every cell is blank or `PLAIN`."""

    def are_unique(self, name: str, column: str) -> bool:
        """Whether it is certain that no text stands twice in a column of a relation of a given table."""

    def beside(self) -> Database:
        """A database for a calculation, into which an InPlaceTable can be put."""


class InPlaceTable:
    """Rows of a relation of a place. A column comes here when somebody asks for it."""

    def __init__(self, place: Place, name: str) -> None:
        self.place = place
        self.name = name

    @functools.cached_property
    def column_names(self) -> list[str]:
        return list(self.kinds)

    @functools.cached_property
    def kinds(self) -> dict[str, str]:
        return self.place.kinds(self.name)

    @functools.cached_property
    def num_rows(self) -> int:
        query = sql.select([sql.how_many()], sql.table(self.name))
        return int(self.place.rows(Query(query))[0][0])

    def column(self, name: str) -> pa.ChunkedArray:
        return self.place.arrow(Query(sql.select([sql.column(name)], sql.table(self.name))))[name]

    __getitem__ = column

    def collected(self, number: int | None = None) -> pa.Table:
        """All rows here, or the one with this number."""
        where = None if number is None else sql.equals(NUMBER, number)
        return self.place.arrow(Query(sql.select([sql.all_columns()], sql.table(self.name), where=where)))

    @functools.cached_property
    def solid(self) -> frozenset[str]:
        """The columns without a blank."""
        ends = self.ends
        return frozenset(name for name in self.column_names if name == NUMBER or not ends[name].null_count)

    @functools.cached_property
    def ends(self) -> pa.Table:
        """A table of the columns but `_row`, with the least and largest cells of each, and a blank where it has one."""
        import pyarrow as pa

        kinds = {name: kind for name, kind in self.kinds.items() if name != NUMBER}
        asked = [sql.how_many()]
        for name, kind in kinds.items():
            cell = sql.column(name)
            asked.append(sql.how_many(cell))
            if kind == "whole":
                asked += [sql.lowest(cell), sql.highest(self._before_the_last_day(name)), sql.highest(cell)]
        named = [sql.alias(tree, f"x{position}") for position, tree in enumerate(asked)]
        count, *found = self.place.rows(Query(sql.select(named, sql.table(self.name))))[0]
        columns: dict[str, Any] = {}
        for name, kind in kinds.items():
            known = found.pop(0)
            cells = [found.pop(0) for _ in range(3)] if kind == "whole" else [""] * 3
            of_type = pa.int64() if kind == "whole" else pa.string()
            columns[name] = pa.array([*cells, cells[0] if known == count else None], of_type)
        table = pa.table(columns)
        return table if count else table.slice(0, 0)

    def _before_the_last_day(self, name: str) -> sql.Sql:
        """The cell of a column; of a date nothing where that is the last day there is."""
        last = {f"{name}#m": LAST_DAY[0]} | ({name: LAST_DAY[1]} if name.endswith("#m") else {})
        for column, end in last.items():
            if column in self.kinds:
                return sql.case([(sql.compare("<", sql.column(name), sql.whole(end)), sql.column(name))])
        return sql.column(name)


def ends_of(table: pa.Table | InPlaceTable) -> pa.Table:
    """For one that stays where it is, a small table with its ends and blanks; any other as it is."""
    return table.ends if isinstance(table, InPlaceTable) else table


def rows_of(table: pa.Table | InPlaceTable, number: int | None = None) -> pa.Table:
    """The rows as an Arrow table, or the one with this number."""
    import pyarrow.compute as pc

    if isinstance(table, InPlaceTable):
        return table.collected(number)
    return table if number is None else table.filter(pc.equal(table[NUMBER], number))
