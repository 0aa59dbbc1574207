"""One row of a clause with other values in its facts: which conditions would hold, and what would be owed.

It is compiled as the calculation compiles it; only the cells are numbers that are put in.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from subsidy import sql
from subsidy.engine.cells import Value
from subsidy.engine.database import Query
from subsidy.engine.explain_sheet import TIMES, ClauseSheet, is_given, is_open
from subsidy.engine.layers import Layers, ref
from subsidy.engine.row import RowCompiler
from subsidy.engine.row_reader import ReadRow, Stored
from subsidy.engine.run import Run
from subsidy.schedule.node import Node, Type

NUMBER = "trial"
Told = tuple[str, str]


def told(node: Node) -> Told:
    """What tells a fact from others, however often an expression names it."""
    return node.operation, node.name


@dataclass(frozen=True)
class Outcome:
    """Whether each condition holds, and the amount (fen, of one unit) where it is known."""

    holds: tuple[bool | None, ...]
    amount: int | None


class _TrialRows(RowCompiler):
    """A compiler that takes facts from columns of their own instead of from the roster."""

    fixed: Mapping[Told, Value]

    def value(self, node: Node) -> Value:
        fixed = self.fixed.get(told(node))
        if fixed is None:
            return super().value(node)
        if not is_open(node) or node.fact is None:
            return fixed
        return Value(sql.first_known(fixed.main, self.open_end(node.fact, node.type)))


class Trials:
    """The conditions and the amount of a clause over rows that are made up from one that was read."""

    def __init__(self, run: Run, sheet: ClauseSheet, row: ReadRow) -> None:
        self.run = run
        self.sheet = sheet
        self.row = row
        self.leaves: dict[Told, Node] = {}
        for leaf in sheet.leaves:
            is_cell = leaf.operation in ("fact", "aggregate", "life", "clause")
            if is_cell or (leaf.operation == "derived" and is_given(sheet, row, leaf)):
                self.leaves[told(leaf)] = leaf
        self.table = run.plan.named("trial", sheet.clause.name)
        self.query = self._kept_query()
        self.own = {leaf: self._own(node) for leaf, node in self.leaves.items()}
        self.times = [row.value(number).main for number in sheet.times]

    def _kept_query(self) -> Query:
        """The query, made once for all rows of the clause that have the same facts."""
        kept = self.sheet.trial_queries
        facts = tuple(self.leaves)
        if facts not in kept:
            kept[facts] = Query(self._query())
        return kept[facts]

    def _own(self, leaf: Node) -> Stored:
        """The fact as it is; of one that may be open, the cell itself."""
        cells = self.sheet.cells.get(id(leaf))
        if is_open(leaf) and cells is not None and cells.own is not None:
            return self.row.value(cells.own)
        return self.row.of(leaf)

    def _columns(self, index: int, kind: Type) -> list[tuple[str, str]]:
        """The columns of a fact: each with the name of its type in Arrow."""
        names = {"text": "string", "category": "string", "yes_no": "bool_"}
        parts = ["", "#divisor"] if kind.kind == "number" else ["", "#m", "#d"] if kind.kind == "date" else [""]
        return [(f"f{index}{part}", names.get(kind.kind, "int64")) for part in parts]

    def _query(self) -> sql.Sql:
        compiled, fixed, names = self.sheet.compiled, {}, [NUMBER, *TIMES]
        for index, (leaf, node) in enumerate(self.leaves.items()):
            columns = [name for name, _ in self._columns(index, node.type)]
            names += columns
            trees = [ref(name) for name in columns]
            if node.type.kind == "date":
                fixed[leaf] = Value(trees[0], None, trees[1], trees[2])
            else:
                fixed[leaf] = Value(trees[0], trees[1] if node.type.quotient else None)
        layers = Layers(sql.select([sql.column(name) for name in names], sql.table(self.table)), names)
        own = compiled.rows
        rows = _TrialRows(own.version, own.shape, layers, own.table, own.end, own.aggregated, own.clause_rows)
        rows.fixed = fixed
        rows.within(self.sheet.clause.name)
        clause = self.sheet.clause
        holds = [(f"h{index}", rows.condition(node)) for index, node in enumerate(clause.when)]
        amount = rows.number_at(clause.amount, 100)
        return layers.query([(NUMBER, ref(NUMBER)), *holds, ("amount", amount)])

    def _times(self, change: Mapping[Told, Stored]) -> Sequence[int]:
        """The reading day and what goes with it: another one where the date that gives the row its period changes."""
        clause = self.sheet.clause
        dated = None if clause.dated is None or clause.reads_at is not None else change.get(told(clause.dated))
        if dated is None or dated.month is None or dated.day_of_month is None:
            return self.times
        day, month = dated.main, dated.month
        return [day, month, dated.day_of_month, day, day, month, month // 12]

    def outcomes(self, changes: Sequence[Mapping[Told, Stored]]) -> list[Outcome]:
        """What would come out with each of these changes, all else as it is."""
        import pyarrow as pa

        content: dict[str, Any] = {NUMBER: pa.array(range(len(changes)), pa.int64())}
        times = [self._times(change) for change in changes]
        for position, name in enumerate(TIMES):
            content[name] = pa.array([one[position] for one in times], pa.int64())
        for index, (leaf, node) in enumerate(self.leaves.items()):
            values = [change.get(leaf, self.own[leaf]) for change in changes]
            parts = [0, 2, 3] if node.type.kind == "date" else [0, 1]
            for (name, kind), part in zip(self._columns(index, node.type), parts, strict=False):
                content[name] = pa.array([value[part] for value in values], getattr(pa, kind)())
        database = self.run.prepared.database
        database.register(self.table, pa.table(content))
        rows = sorted(database.rows(self.query))
        return [Outcome(tuple(None if one is None else bool(one) for one in row[1:-1]), row[-1]) for row in rows]
