"""Expressions measured on the rows of a table, exactly and outside any clause: what targets compare."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from subsidy import sql
from subsidy.engine.base import PERIOD, SUBJECT, period_rows, plain_rows
from subsidy.engine.calendar import EVER
from subsidy.engine.cells import Value, roster_table
from subsidy.engine.grain import GrainCompiler
from subsidy.engine.layers import ref
from subsidy.engine.run import Prepared
from subsidy.schedule.load import Version
from subsidy.schedule.node import Node
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
        self.query = layers.query([*((name, ref(name)) for name in columns), *_columns(values)])

    def all(self) -> list[Measured]:
        """Every row, in the order of periods and then of the roster."""
        found = [self._measured(row) for row in self.prepared.rows(self.query)]
        return sorted(found, key=lambda one: (one.period or 0, one.row))

    def changed(self, one: Measured, cells: Mapping[str, int]) -> Measured:
        """The same row with numbers of it (as they are stored) replaced."""
        import pyarrow as pa
        import pyarrow.compute as pc

        connection, name = self.prepared.connection, roster_table(self.table)
        table = self.prepared.intake.tables[self.table]
        here = pc.equal(table["_row"], one.row)
        changed = table
        for column, number in cells.items():
            cell = pc.if_else(here, pa.scalar(number, pa.int64()), table[column])
            changed = changed.set_column(changed.column_names.index(column), column, cell)
        connection.register(name, changed)
        try:
            own = [sql.compare("=", sql.column("_row", "m"), sql.whole(one.row))]
            if one.period is not None:
                own.append(sql.compare("=", sql.column(PERIOD, "m"), sql.whole(one.period)))
            query = sql.select([sql.all_columns("m")], sql.subquery(self.query, "m"), where=sql.all_of(own))
            return self._measured(self.prepared.rows(query)[0])
        finally:
            connection.register(name, table)

    def _measured(self, row: tuple[Any, ...]) -> Measured:
        subject, number, *rest = row
        period = rest.pop(0) if self.has_period else None
        pairs = zip(rest[::2], rest[1::2], strict=True)
        results = tuple(_result(node, main, divisor) for node, (main, divisor) in zip(self.nodes, pairs, strict=True))
        return Measured(subject or "", number, period, results)


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
