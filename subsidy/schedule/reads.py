"""Which cells of a roster a schedule reads: what each of its clauses, limits and targets needs to know."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from subsidy.schedule.checked import CheckedClause, CheckedLimit
from subsidy.schedule.checker import Checker
from subsidy.schedule.load import Version
from subsidy.schedule.model import Clause, Limit, Target
from subsidy.schedule.node import Fact, Node
from subsidy.schedule.scope import Hops
from subsidy.schedule.target_check import CheckedTarget

Cell = tuple[str, str]  # table, column


@dataclass(frozen=True)
class Reader:
    """A provision that reads: `tables` are those whose rows it counts or pays, `cells` all it reads of any table."""

    kind: Literal["clause", "limit", "target"]
    name: str
    model: Clause | Limit | Target
    tables: frozenset[str]
    cells: frozenset[Cell]


def readers(version: Version) -> list[Reader]:
    """The clauses, limits and targets of a version with the stored columns that each reads.

    Directly, or through references, histories, derived facts, aggregates, other clauses and the ends of declared
    ranges. What targets read of the document's own rows is not asked of a roster.
    """
    walks = {name: _walk_clause(version, clause) for name, clause in version.clauses.items()}
    found = [
        _reader("clause", name, clause.model, [walks[other] for other in _with_clauses_read(name, walks)])
        for name, clause in version.clauses.items()
    ]
    found += [
        _reader("limit", name, limit.model, [_walk_limit(version, limit)]) for name, limit in version.limits.items()
    ]
    found += [
        _reader("target", name, target.model, [_walk_target(version, target)])
        for name, target in version.targets.items()
    ]
    return found


def _reader(
    kind: Literal["clause", "limit", "target"], name: str, model: Clause | Limit | Target, walks: Iterable[_Walk]
) -> Reader:
    several = list(walks)
    tables = frozenset().union(*(walk.tables for walk in several))
    return Reader(kind, name, model, tables, frozenset().union(*(walk.cells for walk in several)))


def _with_clauses_read(name: str, walks: Mapping[str, _Walk]) -> list[str]:
    found: dict[str, None] = {}
    ahead = [name]
    while ahead:
        one = ahead.pop()
        if one in walks and one not in found:
            found[one] = None
            ahead += sorted(walks[one].clauses)
    return list(found)


def _walk_clause(version: Version, clause: CheckedClause) -> _Walk:
    walk = _Walk(version.checker, clause.table)
    dates = (clause.dated, clause.version_by, clause.reads_at)
    nodes = [*clause.expressions, *clause.places.values(), clause.payee, clause.facility, clause.district, *dates]
    nodes += clause.allocation.nodes if clause.allocation else ()
    for node in nodes:
        if node is not None:
            walk.read(node, clause.table)
    return walk


def _walk_limit(version: Version, limit: CheckedLimit) -> _Walk:
    walk = _Walk(version.checker)
    for one in (limit, *(dated for _, dated in limit.dated)):
        for clause, keys in one.keys.items():
            for node in keys:
                walk.read(node, version.clauses[clause].table)
        for clause, node in (*one.by.items(), *one.ceiling.items()):
            walk.read(node, version.clauses[clause].table)
    return walk


def _walk_target(version: Version, target: CheckedTarget) -> _Walk:
    walk = _Walk(version.checker, target.model.for_)
    for node in (*target.expressions, *target.additions.values()):
        walk.read(node, target.model.for_)
    walk.leave_out(version.model.rows)
    return walk


class _Walk:
    """Collects what expressions over the rows of tables read."""

    def __init__(self, checker: Checker, *tables: str) -> None:
        self.checker = checker
        self.tables = set(tables)
        self.cells: set[Cell] = {(table, checker.tables[table].key or "") for table in tables}
        self.clauses: set[str] = set()
        self._seen: set[int] = set()

    def read(self, node: Node, table: str) -> None:
        """Take in what a node reads that stands in an expression over rows of `table`."""
        if id(node) in self._seen:
            return
        self._seen.add(id(node))
        end = self._follow(node.way, table)
        if node.operation == "clause":
            self.clauses.add(node.name.rpartition(".")[2])
        if node.operation == "life":
            self.cells |= {(end, day) for day in self.checker.tables[end].life or ()}
        if node.fact is not None:
            self._read_fact(node.fact, table)
        if node.aggregate is not None:
            over = node.aggregate.over
            self.tables.add(over)
            self.cells.add((over, node.aggregate.link))
            for inner in node.aggregate.nodes:
                self.read(inner, over)
        for argument in node.arguments:
            self.read(argument, table)

    def leave_out(self, tables: Collection[str]) -> None:
        """Forget what was read of these tables."""
        self.tables -= set(tables)
        self.cells = {cell for cell in self.cells if cell[0] not in tables}

    def _follow(self, way: Hops, table: str) -> str:
        for hop, to in way:
            self.cells.add((table, hop))
            table = to
        return table

    def _read_fact(self, fact: Fact, table: str) -> None:
        if fact.column.derived:
            return
        self.cells.add((fact.home, fact.column_name))
        if fact.history:
            link, linked = fact.history_key
            self.cells |= {(fact.history, link), (fact.history, "from"), (fact.table, linked)}
        if fact.column.type == "number":
            for end in (fact.column.low, fact.column.high):
                if end in self.checker.model.values:
                    path = ("facts", fact.table, fact.column_name)
                    which: Literal["low", "high"] = "low" if end == fact.column.low else "high"
                    self.read(self.checker.range_end(fact.column, which, fact.table, path, fact.hops), table)
