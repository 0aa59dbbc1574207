"""One row of a calculation with its columns shown: everything that is asked of it is read in one query.

The query stands in the database as a view, so that it is printed and checked once however many rows are read.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from subsidy import sql
from subsidy.engine.cells import Value
from subsidy.engine.database import Query
from subsidy.engine.layers import ref
from subsidy.engine.row import RowCompiler
from subsidy.engine.run import Run
from subsidy.schedule.node import Node
from subsidy.sql import Sql


class Stored(NamedTuple):
    """A value as the calculation holds it. A quotient has a divisor; a date its month number and day of the month."""

    main: Any = None
    divisor: int | None = None
    month: int | None = None
    day_of_month: int | None = None


class RowReader:
    """What is asked of the rows that `rows` compiles for; `where` says which of these are rows at all."""

    def __init__(self, rows: RowCompiler, where: Sql) -> None:
        self.rows = rows
        self.where = where
        self._keys: list[str] = []
        self._columns: list[tuple[str, Sql]] = []
        self._parts: list[tuple[int | None, ...]] = []  # of each value, the columns of its parts
        self._known: dict[str, int] = {}  # the column that holds a tree
        self._nodes: dict[int, tuple[Node, int]] = {}
        self._named: dict[str, int] = {}
        self._view = ""
        self._query: Query

    def ask(self, value: Value) -> int:
        """The number under which the value will be found."""
        self._parts.append(tuple(None if tree is None else self._column(tree) for tree in value))
        return len(self._parts) - 1

    def ask_node(self, node: Node) -> None:
        if id(node) not in self._nodes:
            self._nodes[id(node)] = (node, self.ask(self.rows.value(node)))

    def ask_column(self, name: str) -> int:
        return self.ask(Value(ref(name)))

    def ask_named(self, name: str, column: str) -> None:
        """Ask for a column that will be found under a name."""
        self._named[name] = self.ask_column(column)

    def _column(self, tree: Sql) -> int:
        name = self.rows.layers.named(tree)
        if name not in self._known:
            self._known[name] = len(self._columns)
            self._columns.append((f"c{len(self._columns)}", ref(name)))
        return self._known[name]

    def finish(self, view: str, keys: Sequence[str]) -> None:
        """Nothing more is asked: the query will be called `view`, and rows are told apart by the columns `keys`."""
        self._view, self._keys = view, list(keys)
        chosen = [*((name, ref(name)) for name in keys), *self._columns]
        layers = self.rows.layers.needed_for([*(tree for _, tree in chosen), self.where])
        self._query = Query(layers.query(chosen, self.where))

    def read(self, run: Run, own: Iterable[str | int], within: tuple[int, int] | None = None) -> list[ReadRow]:
        """The rows with these keys, in the order of the keys; of those, where the last key is `within` a range."""
        if self._view not in run.views:
            run.view(self._view, self._query)
            run.views.add(self._view)
        matches = [
            sql.compare("=", sql.column(name), sql.text(key) if isinstance(key, str) else sql.whole(key))
            for name, key in zip(self._keys, own, strict=False)
        ]
        if within is not None:
            matches += [
                sql.compare(sign, sql.column(self._keys[-1]), sql.whole(end))
                for sign, end in zip((">=", "<="), within, strict=True)
            ]
        query = sql.select([sql.all_columns()], sql.table(self._view), where=sql.all_of(matches))
        found = sorted(run.prepared.rows(query), key=lambda row: row[: len(self._keys)])
        return [ReadRow(self, row[: len(self._keys)], row[len(self._keys) :]) for row in found]

    def parts_of(self, number: int) -> tuple[int | None, ...]:
        return self._parts[number]

    def number_named(self, name: str) -> int:
        return self._named[name]

    def number_of(self, node: Node) -> int:
        return self._nodes[id(node)][1]


class ReadRow:
    """One row as it was read."""

    def __init__(self, reader: RowReader, keys: tuple[Any, ...], cells: tuple[Any, ...]) -> None:
        self._reader = reader
        self.keys = keys
        self._cells = cells

    def value(self, number: int) -> Stored:
        return Stored(*(None if part is None else self._cells[part] for part in self._reader.parts_of(number)))

    def named(self, name: str) -> Stored:
        return self.value(self._reader.number_named(name))

    def of(self, node: Node) -> Stored:
        stored = self.value(self._reader.number_of(node))
        if node.type.kind == "yes_no" and stored.main is not None:
            return stored._replace(main=bool(stored.main))
        return stored
