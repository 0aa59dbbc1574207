"""Expressions measured on the rows of a table, exactly and outside any clause: what targets compare."""

from __future__ import annotations

import functools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from subsidy import sql
from subsidy.engine.base import PERIOD, SUBJECT, period_rows, plain_rows
from subsidy.engine.calendar import EVER
from subsidy.engine.cells import Value, roster_table
from subsidy.engine.database import Query
from subsidy.engine.grain import GrainCompiler
from subsidy.engine.in_place import rows_of
from subsidy.engine.layers import ref
from subsidy.engine.run import Prepared
from subsidy.schedule.load import Version
from subsidy.schedule.node import Aggregate, Node
from subsidy.schedule.target_check import CheckedTarget

Result = Fraction | bool | str | None


@dataclass(frozen=True)
class Measured:
    """What the expressions are for one row in one period (None: rows by themselves); None is missing."""

    subject: str
    row: int
    period: int | None
    results: tuple[Result, ...]


class Measures:
    """Expressions over the rows of a target's table in its periods, compiled once."""

    def __init__(self, prepared: Prepared, version: Version, target: CheckedTarget, nodes: Sequence[Node]) -> None:
        self.prepared = prepared
        self.nodes = nodes
        self.table, every = target.model.for_, target.model.every
        shape = prepared.shape
        compiler = GrainCompiler(version, shape, "high", EVER, EVER, EVER, lambda _: None)
        by_itself = every == "once"
        layers = (
            plain_rows(version, shape, self.table)
            if by_itself
            else period_rows(version, shape, self.table, every, EVER)
        )
        rows = compiler.rows(layers, self.table)
        values = [rows.value(node) for node in nodes]
        columns = [SUBJECT, "_row", *([] if by_itself else [PERIOD])]
        self.has_period = not by_itself
        self.query = Query(layers.query([*((name, ref(name)) for name in columns), *_columns(values)]))

    def all(self) -> list[Measured]:
        """Every row, in the order of periods and then of the roster."""
        found = [self._measured(row) for row in self.prepared.database.rows(self.query)]
        return sorted(found, key=lambda one: (one.period or 0, one.row))

    def tried(self, one: Measured, column: str, numbers: Sequence[int]) -> list[Measured]:
        """The same row with each of these numbers (as it is stored) in a column, all else unchanged."""
        if self.reads_its_own_table:
            return [self._with_table(self._changed(one, column, number), one)[0] for number in numbers]
        import pyarrow as pa

        row = rows_of(self.prepared.intake.tables[self.table], one.row)
        copies = row.take(pa.array([0] * len(numbers)))
        for name, content in ((column, numbers), ("_row", range(len(numbers)))):
            copies = copies.set_column(copies.column_names.index(name), name, pa.array(list(content), pa.int64()))
        found = {copy.row: copy for copy in self._with_table(copies, one)}
        return [found[position] for position in range(len(numbers))]

    def _changed(self, one: Measured, column: str, number: int) -> Any:
        """The whole table with one cell replaced."""
        import pyarrow as pa
        import pyarrow.compute as pc

        table = rows_of(self.prepared.intake.tables[self.table])
        cell = pc.if_else(pc.equal(table["_row"], one.row), pa.scalar(number, pa.int64()), table[column])
        return table.set_column(table.column_names.index(column), column, cell)

    def _with_table(self, table: Any, one: Measured) -> list[Measured]:
        """What is measured in the period of a row where the roster has this table instead."""
        database, name = self.prepared.database, roster_table(self.table)
        database.register(name, table)
        try:
            found = [self._measured(row) for row in database.rows(self.query)]
        finally:
            database.register(name, self.prepared.intake.tables[self.table])
        alone = table.num_rows == 1 or not self.reads_its_own_table
        return [row for row in found if row.period == one.period and (alone or row.row == one.row)]

    @functools.cached_property
    def reads_its_own_table(self) -> bool:
        """Whether a row's measure depends on other rows of the table."""
        leaves = [leaf for node in self.nodes for leaf in node.all_leaves()]
        inner = [one for leaf in leaves if leaf.aggregate for one in (leaf.aggregate, *_aggregates(leaf.aggregate))]
        hops = [to for leaf in leaves for _, to in leaf.way]
        return any(one.over == self.table for one in inner) or self.table in hops

    def _measured(self, row: tuple[Any, ...]) -> Measured:
        subject, number, *rest = row
        period = rest.pop(0) if self.has_period else None
        pairs = zip(rest[::2], rest[1::2], strict=True)
        results = tuple(_result(node, main, divisor) for node, (main, divisor) in zip(self.nodes, pairs, strict=True))
        return Measured(subject or "", number, period, results)


def _aggregates(aggregate: Aggregate) -> Iterator[Aggregate]:
    """Those that an aggregate reads in turn."""
    for node in aggregate.nodes:
        for leaf in node.all_leaves():
            if leaf.aggregate is not None:
                yield leaf.aggregate
                yield from _aggregates(leaf.aggregate)


def _columns(values: Sequence[Value]) -> Iterator[tuple[str, sql.Sql]]:
    for index, value in enumerate(values):
        yield f"main{index}", value.main
        yield f"divisor{index}", sql.whole(1) if value.divisor is None else value.divisor


def _result(node: Node, main: Any, divisor: Any) -> Result:
    if main is None or not divisor:
        return None
    if node.type.kind != "number":
        return bool(main) if node.type.kind == "yes_no" else str(main)
    return Fraction(main, node.type.scale * divisor)
