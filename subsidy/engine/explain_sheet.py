"""What the explanation of a clause reads of one row: every fact, figure, condition and step, with their cells."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from subsidy import sql
from subsidy.engine.base import COUNT, COUNTED, PERIOD, SUBJECT
from subsidy.engine.cells import DAY, DAY_MONTH, DAY_OF_MONTH, FIRST, LAST, MONTH, YEAR, End, Value
from subsidy.engine.database import Query
from subsidy.engine.findings import place_of
from subsidy.engine.grain import CompiledGrain, replaced_column
from subsidy.engine.layers import ref
from subsidy.engine.row import RowCompiler
from subsidy.engine.row_reader import ReadRow, RowReader
from subsidy.engine.run import Run
from subsidy.finding import Place
from subsidy.schedule.checked import CheckedClause
from subsidy.schedule.column import MONTHS_IN
from subsidy.schedule.date_words import DATE_WORDS
from subsidy.schedule.figures import ELSE
from subsidy.schedule.load import Version
from subsidy.schedule.node import Aggregate, Fact, Node, Type

SHOWN = {"fact", "aggregate", "life", "time", "clause", "value", "slices", *DATE_WORDS}
LOOK_UPS = ("value", "slices")
TIMES = (DAY, DAY_MONTH, DAY_OF_MONTH, FIRST, LAST, MONTH, YEAR)
ENDS: tuple[End, End] = ("low", "high")


def shown_leaves(nodes: Sequence[Node]) -> list[Node]:
    """The facts, words of time and figures that expressions read, each once, a figure after its keys."""
    found: dict[tuple[str, ...], Node] = {}
    seen: set[int] = set()

    def read(node: Node) -> None:
        if id(node) in seen:
            return
        seen.add(id(node))
        if node.operation == "derived":
            found.setdefault(told_by(node), node)
        for argument in node.arguments:
            read(argument)
        if node.operation in SHOWN:
            found.setdefault(told_by(node), node)

    for node in nodes:
        read(node)
    return list(found.values())


def told_by(leaf: Node) -> tuple[str, ...]:
    """What tells one line of an explanation from another."""
    return leaf.operation, leaf.written or leaf.name, *(argument.name for argument in leaf.arguments)


def is_open(leaf: Node) -> bool:
    """Whether a blank cell of the fact is an amount still to be assessed."""
    return leaf.operation == "fact" and leaf.fact is not None and leaf.fact.column.blank == "open"


def inner_nodes(nodes: Sequence[Node]) -> Iterator[Node]:
    """The nodes and everything they are made of, each once."""
    seen: set[int] = set()
    ahead = list(nodes)
    while ahead:
        node = ahead.pop()
        if id(node) not in seen:
            seen.add(id(node))
            yield node
            ahead += node.arguments


def read_nodes(nodes: Sequence[Node]) -> Iterator[Node]:
    """The nodes whose results an explanation shows: these, what they compare, what they round, and what they read."""
    for node in inner_nodes(nodes):
        if node.operation in SHOWN or node.operation in ("derived", "step", "round") or node.type.kind == "yes_no":
            yield node
        if node.operation in ("compare", "round", *LOOK_UPS):
            yield from (argument for argument in node.arguments if argument.operation != "category")
    yield from nodes


@dataclass(frozen=True)
class LeafCells:
    """Where the cells behind a fact stand among what is read; None where there is nothing of the kind.

    `row`: the number of the record that references lead to; `history_row`: of the dated row. `own`: the record's own
    cell, where something else may stand for a blank one: a dated row, the end of a range, what is derived.
    """

    row: int
    history_row: int | None
    own: int | None


class NodeSheet:
    """Expressions over rows of one kind, with the cells behind every fact they read."""

    def __init__(self, rows: RowCompiler, where: sql.Sql, nodes: Sequence[Node]) -> None:
        self.rows = rows
        self.nodes = [*nodes, *(end for leaf in shown_leaves(nodes) for end in self._looked_up_ends(leaf))]
        self.leaves = shown_leaves(self.nodes)
        self.payers_at: dict[tuple[str, ...], list[str]] = {}  # by the fact that is their place
        self.reader = RowReader(rows, where)
        for node in (*read_nodes(self.nodes), *self.leaves):
            self.reader.ask_node(node)
        self.cells = {id(leaf): cells for leaf in self.leaves if (cells := self._cells_of(leaf)) is not None}
        self.day = self.reader.ask_column(DAY) if DAY in rows.layers else None
        self.row_number = self.reader.ask_column(rows.cell((), rows.table, "_row", Type("number")))
        ends = [f"life#{end}" for end in ("from", "to") if f"life#{end}" in rows.layers]
        self.life = [self.reader.ask_column(end) for end in ends] if self._reads_life() else []
        self.range_ends = {
            id(leaf): self._ends_of(leaf.fact, leaf.type)
            for leaf in self.leaves
            if leaf.fact is not None and is_open(leaf)
        }
        self.own_periods = {
            leaf.aggregate.name: self._own_periods_of(leaf.aggregate)
            for leaf in self.leaves
            if leaf.aggregate is not None and leaf.aggregate.each
        }

    def _reads_life(self) -> bool:
        return any(leaf.operation == "life" for leaf in self.leaves)

    def _looked_up_ends(self, leaf: Node) -> list[Node]:
        """The ends of the range of an amount that may be open, where they are figures of the policy."""
        fact = leaf.fact
        if fact is None or not is_open(leaf):
            return []
        checker, path = self.rows.version.checker, ("facts", fact.table)
        found = [checker.range_end(fact.column, end, fact.table, path, fact.hops) for end in ENDS]
        return [node for node in found if node.operation == "value"]

    def _ends_of(self, fact: Fact, kind: Type) -> tuple[int, int]:
        """Both ends of a declared range."""
        low, high = (self.rows.range_end(fact.column, fact.table, fact.hops, kind, end) for end in ENDS)
        return self.reader.ask(Value(low)), self.reader.ask(Value(high))

    def _own_periods_of(self, aggregate: Aggregate) -> tuple[int, int]:
        """The key of the row whose periods are added up, and the longer period."""
        key = self.rows.cell(aggregate.hops, aggregate.table, aggregate.link, Type("text"))
        period = sql.int_div(ref(MONTH), sql.whole(MONTHS_IN[aggregate.every or "year"]))
        return self.reader.ask_column(key), self.reader.ask(Value(period))

    def _cells_of(self, leaf: Node) -> LeafCells | None:
        rows, reader = self.rows, self.reader
        fact = leaf.fact or leaf.aggregate
        if fact is None:
            return None
        table, column = fact.table, fact.column_name
        row = reader.ask_column(rows.cell(fact.hops, table, "_row", Type("number")))
        given = rows.shape.is_given(table, column)
        history = None
        if leaf.operation == "fact" and leaf.fact is not None and leaf.fact.history:
            history = reader.ask_column(rows.history_row(leaf.fact))
        if not given and (history is not None or not is_open(leaf)):
            return LeafCells(row, history, None)
        own = rows.cell(fact.hops, table, column, leaf.type)
        return LeafCells(row, history, reader.ask_column(own))


class ClauseSheet(NodeSheet):
    """A clause over the rows of its grain, one per subject and period."""

    def __init__(self, run: Run, compiled: CompiledGrain, clause: CheckedClause) -> None:
        self.compiled = compiled
        self.clause = clause
        self.trial_queries: dict[tuple[tuple[str, str], ...], Query] = {}
        rows = compiled.rows.fork()
        rows.within(clause.name)
        allocation = clause.allocation.nodes if clause.allocation else ()
        chunk = [clause.instalments.chunk] if clause.instalments and clause.instalments.chunk else []
        clawback = [clause.clawback.on, clause.clawback.share] if clause.clawback else []
        amounts = [*clause.steps.values(), clause.amount, *clause.parts.values(), *allocation, *chunk, *clawback]
        places = _places_of_payers(compiled.version, clause)
        super().__init__(rows, compiled.in_force, [*clause.when, *amounts, *places.values()])
        for payer, place in places.items():
            self.payers_at.setdefault(told_by(place), []).append(payer)
        read = self.reader
        self.times = [read.ask_column(name) for name in TIMES]
        self.owed = read.ask_column(f"owed:{clause.name}")
        self.count = read.ask_column(COUNT)
        self.counted = read.ask_column(COUNTED)
        self.replaced = read.ask_column(replaced_column(clause.name)) if clause.replaced_by else None
        read.finish(run.plan.named("reading", compiled.version.first_day, clause.name), (SUBJECT, PERIOD))


def _places_of_payers(version: Version, clause: CheckedClause) -> dict[str, Node]:
    """The fact that is the place of each payer that can have a part."""
    payers, sharing = clause.payers, clause.sharing
    if sharing is not None and sharing.value:
        figures = version.checker.figures_of(version.checker.shares_of(sharing))
        weighty = {row.keys[-1] for row in figures.rows if row.figure}
        payers = tuple(payer for payer in payers if weighty & {payer, ELSE})
    model = version.model.payers
    return {payer: place for payer in payers if payer in model and (place := clause.places.get(model[payer].of or ""))}


def clause_sheet(run: Run, compiled: CompiledGrain, clause: CheckedClause) -> ClauseSheet:
    """The sheet of a clause, made once for rosters of the same shape."""
    key = ("sheet", run.plan.end, compiled.version.first_day, clause.name)
    return run.prepared.once(key, lambda: ClauseSheet(run, compiled, clause))


def cell_place(run: Run, sheet: NodeSheet, row: ReadRow, leaf: Node) -> Place | None:
    """The cell a fact was read from. None where it was derived, or there is no such row."""
    cells = sheet.cells.get(id(leaf))
    fact = leaf.fact or leaf.aggregate
    if cells is None or fact is None:
        return None
    own_is_known = cells.own is not None and row.value(cells.own).main is not None
    if leaf.operation != "fact" and not own_is_known:
        return None
    table, number = fact.table, row.value(cells.row).main
    if cells.history_row is not None and not own_is_known and leaf.fact is not None:
        table, number = leaf.fact.history, row.value(cells.history_row).main
    return None if number is None else place_of(run.prepared.intake, table, fact.column_name, number)


def is_given(sheet: NodeSheet, row: ReadRow, leaf: Node) -> bool:
    """Whether the roster gives what would otherwise be derived."""
    cells = sheet.cells.get(id(leaf))
    if leaf.operation == "fact" or cells is None or cells.own is None:
        return False
    return row.value(cells.own).main is not None
