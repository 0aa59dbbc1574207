"""How deep a calculation is: its query has a layer for each result that another one is computed from."""

from __future__ import annotations

from subsidy.schedule.checked import CheckedClause
from subsidy.schedule.node import Node

DEEPEST = 60
LAYERS = dict.fromkeys(
    (
        "value", "step", "derived", "aggregate", "clause", "least", "greatest", "if", "round", "between", "in", "div",
        "nullif", "not_negative",
    ),
    1,
) | {"slices": 3}  # fmt: skip


class Depth:
    """The layers of each node; what several nodes share is looked at once."""

    def __init__(self, clauses: dict[str, CheckedClause]) -> None:
        self.clauses = clauses
        self.known: dict[int, int] = {}

    def of_clause(self, clause: CheckedClause) -> int:
        return max(self.of(node) for node in (*clause.when, clause.amount, *clause.parts.values()))

    def of(self, node: Node) -> int:
        if id(node) not in self.known:
            inner = max((self.of(argument) for argument in node.arguments), default=0)
            if node.aggregate is not None:
                read = (node.aggregate.where, node.aggregate.measure)
                inner = max((self.of(one) for one in read if one is not None), default=0)
            if node.operation == "clause":
                inner = self.of_clause(self.clauses[node.name.rsplit(".", 1)[-1]])
            self.known[id(node)] = inner + LAYERS.get(node.operation, 0)
        return self.known[id(node)]
