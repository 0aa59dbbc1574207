"""Clauses that distribute a sum: the rows of a grain in, what each recipient gets and what decided it out.

This is the one step between the queries of a plan that is not a query: a common rate is found in whole numbers.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from sqlglot import exp

from subsidy import sql
from subsidy.allocation import Recipient, allocate, factor_weights
from subsidy.engine.base import PERIOD, SUBJECT
from subsidy.engine.database import Database, Query
from subsidy.engine.grain import AllocationColumns, CompiledGrain

OWED, DECIDED, SHARE = "owed", "decided", "share"


@dataclass(frozen=True)
class AllocationStep:
    """Distributes the sums of a clause over the rows of the relation `asked`, into the relation `name`."""

    name: str
    asked: str
    owed: str
    columns: AllocationColumns
    step: int

    def run(self, database: Database) -> None:
        """Creates `name`: #subject, #period, owed (fen), decided, and share (fen; what its weight alone would give)."""
        import pyarrow as pa

        found = [one for rows in self._groups(database) for one in self._distributed(rows)]
        names = (SUBJECT, PERIOD, OWED, DECIDED, SHARE)
        kinds = (pa.string(), pa.int64(), pa.int64(), pa.string(), pa.int64())
        content = {
            name: pa.array([row[index] for row in found], kind)
            for index, (name, kind) in enumerate(zip(names, kinds, strict=True))
        }
        database.register(self.name, pa.table(content))

    def without_bound(self, database: Database, subject: str, period: int, bound: Literal["floor", "ceiling"]) -> int:
        """What a recipient would get (fen) if it alone had no floor, or no ceiling."""
        for rows in self._groups(database):
            for at, row in enumerate(rows):
                if row[:2] == (subject, period):
                    total, recipients = self._recipients(rows)
                    free = {"floor": 0} if bound == "floor" else {"ceiling": None}
                    recipients[at] = replace(recipients[at], **free)
                    return allocate(total, recipients, self.step)[at][0]
        raise KeyError(subject)

    def _groups(self, database: Database) -> list[list[tuple[Any, ...]]]:
        """The rows that share one sum, by subject."""
        groups: dict[tuple[Any, ...], list[tuple[Any, ...]]] = {}
        for row in database.rows(Query(self._query())):
            groups.setdefault((row[1], *row[2 : 2 + len(self.columns.keys)]), []).append(row)
        return [sorted(rows, key=lambda row: row[0]) for rows in groups.values()]

    def _query(self) -> exp.Select:
        one = self.columns
        nothing = sql.missing()
        optional = [sql.column(name) if name else nothing for name in (one.coefficient, one.floor, one.ceiling)]
        numbers = [sql.column(one.sum), *optional, *(sql.column(name) for pair in one.factors for name in pair)]
        columns = [sql.column(SUBJECT), sql.column(PERIOD), *(sql.column(key) for key in one.keys), *numbers]
        takes_part = [sql.column(one.pays), sql.is_known(sql.column(self.owed))]
        named = [sql.alias(column, f"a{index}") for index, column in enumerate(columns)]
        return sql.select(named, sql.table(self.asked), where=sql.all_of(takes_part))

    def _recipients(self, rows: Sequence[tuple[Any, ...]]) -> tuple[int, list[Recipient]]:
        """The sum (fen), and those who share it."""
        first = 2 + len(self.columns.keys)
        total = rows[0][first]
        factors = [row[first + 4 :: 2] for row in rows]
        coefficients = [1 if row[first + 1] is None else row[first + 1] for row in rows]
        weights = factor_weights(factors, rows[0][first + 5 :: 2], coefficients)
        return total, [
            Recipient(weight, row[first + 2] or 0, row[first + 3]) for weight, row in zip(weights, rows, strict=True)
        ]

    def _distributed(self, rows: Sequence[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
        total, recipients = self._recipients(rows)
        all_weights = sum(one.weight for one in recipients) or 1
        return [
            (row[0], row[1], amount, decided, total * one.weight // all_weights)
            for row, one, (amount, decided) in zip(
                rows, recipients, allocate(total, recipients, self.step), strict=True
            )
        ]


def with_allocated(compiled: CompiledGrain, asked: str, steps: Sequence[AllocationStep]) -> exp.Select:
    """The grain's relation with the amounts as they were distributed."""
    replaced = {}
    joins: list[tuple[str, sql.Sql, sql.Sql]] = []
    for index, step in enumerate(steps):
        alias = f"a{index}"
        own = [sql.compare("=", sql.column(key, alias), sql.column(key, "g")) for key in (SUBJECT, PERIOD)]
        joins.append(("left", sql.table(step.name, alias), sql.all_of(own)))
        replaced[step.owed] = sql.first_known(sql.column(OWED, alias), sql.column(step.owed, "g"))
    columns = [sql.alias(replaced.get(name, sql.column(name, "g")), name) for name in compiled.names]
    return sql.select(columns, sql.table(asked, "g"), joins)
