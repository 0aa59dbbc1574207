"""The cells of a roster's rows as columns: a row's own, those that references lead to, and those of histories."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

from subsidy import sql
from subsidy.engine.layers import Layers, ref
from subsidy.schedule.column import Column
from subsidy.schedule.load import Version
from subsidy.schedule.node import Fact, Node, Type
from subsidy.schedule.scope import Hops
from subsidy.sql import Sql

End = Literal["low", "high"]
DAY, DAY_MONTH, DAY_OF_MONTH = "#day", "#day#m", "#day#d"  # the reading day
YEAR, MONTH, FIRST, LAST = "#year", "#month", "#first", "#last"  # of the period; FIRST, LAST: days of the life in it


class Value(NamedTuple):
    """An expression in SQL. A quotient has a divisor; a date has its month number and day of the month."""

    main: Sql
    divisor: Sql | None = None
    month: Sql | None = None
    day_of_month: Sql | None = None


@dataclass(frozen=True)
class RosterShape:
    """What the compiler must know of a roster: the typed columns of each table, and which are ready figures."""

    columns: Mapping[str, frozenset[str]]
    given: Mapping[str, frozenset[str]] = field(default_factory=dict)
    filled: Mapping[str, frozenset[str]] = field(default_factory=dict)  # references that are nowhere blank
    few: bool = False  # so few rows that fewer statements are worth more than narrower ones

    def has(self, table: str, column: str = "") -> bool:
        return table in self.columns and (not column or column in self.columns[table])

    def is_filled(self, table: str, column: str) -> bool:
        return column in self.filled.get(table, frozenset())

    def is_given(self, table: str, column: str) -> bool:
        return column in self.given.get(table, frozenset())


def roster_table(table: str) -> str:
    return f"roster:{table}"


def typed_missing(kind: Type) -> Sql:
    if kind.kind in ("text", "category"):
        return sql.missing_text()
    return sql.missing_condition() if kind.kind == "yes_no" else sql.missing()


class CellReader(ABC):
    """Puts the cells that expressions read on top of the base rows of `table`."""

    def __init__(self, version: Version, shape: RosterShape, layers: Layers, table: str, end: End) -> None:
        self.version = version
        self.shape = shape
        self.layers = layers
        self.table = table
        self.end = end

    @abstractmethod
    def number(self, node: Node) -> Sql:
        """A number as SQL over the columns so far."""

    def cell(self, hops: Hops, table: str, column: str, kind: Type) -> str:
        """The column that holds a cell of the row reached through `hops`."""
        plain = column.split("#")[0]
        own = f"given:{column}" if self.shape.is_given(table, plain) else column
        name = ".".join((*(hop for hop, _ in hops), own))
        if name in self.layers:
            return name
        if not hops or not self.shape.has(table, column):
            return self.layers.put(name, typed_missing(kind))
        before = self.table if len(hops) == 1 else hops[-2][1]
        link = self.cell(hops[:-1], before, hops[-1][0], Type("text"))
        alias = "ref:" + ".".join(hop for hop, _ in hops)
        key = self.version.tables[table].key or ""
        self.layers.join(
            alias, sql.table(roster_table(table), alias), sql.compare("=", sql.column(key, alias), ref(link))
        )
        return self.layers.put_joined(name, alias, column)

    def _parts_of(self, kind: Type) -> tuple[str, ...]:
        return ("", "#m", "#d") if kind.kind == "date" else ("",)

    def _from_columns(self, names: list[str]) -> Value:
        trees = [ref(name) for name in names]
        return Value(trees[0], None, *trees[1:]) if len(trees) == 3 else Value(trees[0])

    def fact(self, node: Node) -> Value:
        fact = node.fact
        assert fact is not None
        if fact.history:
            names = [self._history_cell(fact, node.type, part) for part in self._parts_of(node.type)]
            return self._from_columns(names)
        names = [
            self.cell(fact.hops, fact.table, fact.column_name + part, node.type) for part in self._parts_of(node.type)
        ]
        if fact.column.blank == "open":
            opened = f"{node.name} ({self.end})"
            limit = self.open_end(fact, node.type)
            return Value(ref(self.layers.put(opened, sql.first_known(ref(names[0]), limit))))
        return self._from_columns(names)

    def open_end(self, fact: Fact, kind: Type) -> Sql:
        return self.range_end(fact.column, fact.table, fact.hops, kind, self.end)

    def range_end(self, column: Column, table: str, hops: Hops, kind: Type, end: End) -> Sql:
        """The low or high end of a declared range, in the scale of the fact."""
        node = self.version.checker.range_end(column, end, table, ("facts", table), hops)
        return self._to_scale(self.number(node), node.type.scale, kind.scale)

    def _to_scale(self, tree: Sql, scale: int, wanted: int) -> Sql:
        if wanted % scale:
            return sql.int_div_floor(sql.scaled(tree, wanted), scale)
        return sql.scaled(tree, wanted // scale)

    def _history_cell(self, fact: Fact, kind: Type, part: str) -> str:
        name = fact.name + part
        if name in self.layers:
            return name
        options: list[Sql] = []
        if self.shape.is_given(fact.table, fact.column_name):
            options.append(ref(self.cell(fact.hops, fact.table, fact.column_name + part, kind)))
        if self.shape.has(fact.history):
            options.append(self._history_join(fact, part, name))
        blank = self.open_end(fact, kind) if fact.column.blank == "open" else _blank_value(fact.column)
        if blank is not None:
            options.append(self._if_reached(fact, blank))
        if not options:
            options.append(typed_missing(kind))
        tree = options[0] if len(options) == 1 else sql.first_known(*options)
        return self.layers.put(name, tree)

    def _if_reached(self, fact: Fact, blank: Sql) -> Sql:
        """What a blank cell means, where the references lead to a row that has it."""
        if not fact.hops:
            return blank
        key = self.cell(fact.hops, fact.table, self.version.tables[fact.table].key or "", Type("text"))
        return sql.case([(sql.is_known(ref(key)), blank)])

    def history_row(self, fact: Fact) -> str:
        """The column with the source row of the history's row that is read."""
        name = ".".join((*(hop for hop, _ in fact.hops), fact.history, "_row"))
        if name not in self.layers:
            if not self.shape.has(fact.history):
                return self.layers.put(name, sql.missing())
            self.layers.put_joined(name, self._join_history(fact), "_row")
        return name

    def _history_join(self, fact: Fact, part: str, name: str) -> Sql:
        return ref(self.layers.put_joined(f"history:{name}", self._join_history(fact), fact.column_name + part))

    def _join_history(self, fact: Fact) -> str:
        own, other = fact.history_key
        link = self.cell(fact.hops, fact.table, other, Type("text"))
        alias = "history:" + ".".join((*(hop for hop, _ in fact.hops), fact.history))
        self.layers.join(
            alias,
            sql.table(roster_table(fact.history), alias),
            sql.all_of(
                [
                    sql.compare("=", sql.column(own, alias), ref(link)),
                    sql.compare("<=", sql.column("from", alias), ref(DAY)),
                    sql.compare(">=", sql.column("valid_to", alias), ref(DAY)),
                ]
            ),
        )
        return alias


def _blank_value(column: Column) -> Sql | None:
    if column.blank in ("missing", "none", "open"):
        return None
    if column.type == "number":
        return sql.whole(0)
    if column.type == "yes_no":
        return sql.boolean(column.blank == "yes")
    return sql.text(column.blank) if column.type == "one_of" else None
