"""Checks of a roster's rows as queries: the rows that fail a condition, and the columns that are compared in others."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from sqlglot import exp

from subsidy import sql
from subsidy.engine import database
from subsidy.engine.aggregate import addend_query, aggregate_query
from subsidy.engine.base import COUNT, COUNTED, SUBJECT, rebased, rows_on_a_day
from subsidy.engine.calendar import EVER
from subsidy.engine.cells import RosterShape
from subsidy.engine.explain_sheet import shown_leaves
from subsidy.engine.grain import GrainCompiler
from subsidy.engine.layers import Layers, ref
from subsidy.engine.row import RowCompiler
from subsidy.roster.cells import DATE_PARTS
from subsidy.schedule.load import Version
from subsidy.schedule.node import Aggregate, Node, Type
from subsidy.schedule.roster_check import CheckedRosterCheck
from subsidy.sql import Sql

TOLD = ("fact", "derived", "aggregate", "time", "value", "life")


QueryPart = Literal["failing", "keyed", "bounds", "lives", "listed"]


@dataclass(frozen=True)
class Query:
    """A query, and the nodes whose values stand in its columns `told0`, `key0`, … or `bound`."""

    query: database.Query
    told: tuple[Node, ...] = ()


def query_for(version: Version, shape: RosterShape, check: CheckedRosterCheck, part: QueryPart) -> Query:
    """One of the queries of a check (the methods of `CheckCompiler`), for a shape of roster. It reads READING."""
    tree, told = getattr(CheckCompiler(version, shape, check), part)()
    return Query(database.Query(tree), told)


Compiled = tuple[exp.Select, tuple[Node, ...]]  # a query, and the nodes whose values stand in its columns


class CheckCompiler:
    """The queries of one check. Those over its own table begin with `row` (the source row) and `subject`."""

    def __init__(self, version: Version, shape: RosterShape, check: CheckedRosterCheck) -> None:
        self.version = version
        self.shape = shape
        self.check = check
        self.grain = GrainCompiler(version, shape, "high", EVER, EVER, EVER, lambda _: None)

    def rows(self, table: str) -> RowCompiler:
        layers = self._with_own_start(table)
        return RowCompiler(self.version, self.shape, layers, table, "high", self._aggregated, lambda _: None)

    def _with_own_start(self, table: str) -> Layers:
        """The rows on the reading day, each with its own first day where the start column has that of the spell."""
        rows, life = rows_on_a_day(self.version, self.shape, table), self.version.tables[table].life
        return rebased(rows, {life[0] + part: ref(f"life#from{part}") for part in DATE_PARTS}) if life else rows

    def _aggregated(self, aggregate: Aggregate) -> exp.Select:
        if aggregate is not self.check.total:
            return self.grain.aggregated(aggregate)
        return aggregate_query(aggregate, addend_query(aggregate, self.rows(aggregate.over)))

    # --- kinds -------------------------------------------------------------------------------------------------

    def failing(self) -> Compiled:
        """The rows on which the condition is known to be false, with what it reads."""
        rows, condition = self._own(), self.check.condition
        assert condition is not None
        told = tuple(node for node in shown_leaves([condition]) if node.operation in TOLD)
        columns = [(f"told{number}", self._shown(rows, node)) for number, node in enumerate(told)]
        return self._query(rows, columns, [sql.negation(rows.condition(condition))]), told

    def keyed(self) -> Compiled:
        """`key0`, `key1`, … of the rows that have all of them; for `unshared` also first and last day."""
        rows = self._own()
        keys = [rows.value(node).main for node in self.check.keys]
        columns = [(f"key{number}", key) for number, key in enumerate(keys)]
        conditions = [sql.is_known(key) for key in keys]
        if self.check.kind != "listed_in":
            conditions.append(sql.negation(ref(COUNTED)))
        if self.check.kind == "unshared":
            columns += [("first", ref("life#from")), ("last", ref("life#to"))]
        return self._query(rows, columns, conditions), self.check.keys

    def bounds(self) -> Compiled:
        """`bound` of the rows that have one."""
        rows, node = self._own(), self.check.bound
        assert node is not None
        bound = rows.number(node)
        return self._query(rows, [("bound", bound)], [sql.is_known(bound)]), (node,)

    def lives(self) -> Compiled:
        """`link`, `first`, `last`, `count` of the rows of the other table that count."""
        rows = self.rows(self.check.over)
        columns = [("link", ref(self.check.link)), ("first", ref("life#from")), ("last", ref("life#to"))]
        conditions = [sql.is_known(ref(self.check.link)), *self._conditions(rows, self.check.where)]
        return rows.layers.query([*columns, ("count", ref(COUNT))], sql.all_of(conditions)), ()

    def listed(self) -> Compiled:
        """`key0`, … of the rows of the other table, those left out that are known not to count."""
        rows = self.rows(self.check.over)
        keys = [rows.value(node).main for node in self.check.other_keys]
        conditions = [sql.is_known(key) for key in keys]
        if self.check.where is not None:
            counts = ref(rows.layers.named(rows.condition(self.check.where)))
            conditions.append(sql.any_of([counts, sql.is_missing(counts)]))
        columns = [(f"key{number}", key) for number, key in enumerate(keys)]
        return rows.layers.query(columns, sql.all_of(conditions)), self.check.other_keys

    # --- parts -------------------------------------------------------------------------------------------------

    def _own(self) -> RowCompiler:
        return self.rows(self.check.table)

    def _query(self, rows: RowCompiler, columns: Sequence[tuple[str, Sql]], conditions: Sequence[Sql]) -> exp.Select:
        model = self.version.tables[self.check.table]
        subject = ref(SUBJECT) if model.key else ref(model.link or "_row")
        known = [sql.is_known(tree) for node in self.check.own for tree in self._assessed(rows, node)]
        where = sql.all_of([*self._conditions(rows, self.check.when), *conditions, *known])
        return rows.layers.query([("row", ref("_row")), ("subject", subject), *columns], where)

    def _conditions(self, rows: RowCompiler, node: Node | None) -> list[Sql]:
        return [] if node is None else [ref(rows.layers.named(rows.condition(node)))]

    def _assessed(self, rows: RowCompiler, node: Node) -> list[Sql]:
        """The cells of amounts that are not assessed yet where they are blank: then there is nothing to compare."""
        facts = [leaf.fact for leaf in node.all_leaves() if leaf.fact is not None]
        opened = [fact for fact in facts if fact.column.blank == "open" and not fact.history]
        return [ref(rows.cell(fact.hops, fact.table, fact.column_name, Type("number"))) for fact in opened]

    def _shown(self, rows: RowCompiler, node: Node) -> Sql:
        value = rows.value(node)
        return sql.missing() if value.divisor is not None else value.main
