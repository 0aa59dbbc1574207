"""A proof, from columns without a blank and look-ups without a gap, that a clause's amounts are all known."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Mapping
from fractions import Fraction

from subsidy.schedule.checked import CheckedClause
from subsidy.schedule.column import Column
from subsidy.schedule.figures import ELSE, Figures
from subsidy.schedule.load import Version
from subsidy.schedule.node import Fact, Node
from subsidy.schedule.ranges import Range

Solid = Mapping[str, frozenset[str]]  # by table: the columns without a blank
MOST_CASES = 10_000  # of keys to be tried
ARITHMETIC = ("neg", "add", "sub", "mul", "least", "greatest", "round")
STRICT = (*ARITHMETIC, "compare", "between", "in", "not", "and", "or", "if", "derived", "step")


def is_never_missing(clause: CheckedClause, version: Version, solid: Solid) -> bool:
    """Whether every amount of a clause is known; False where it cannot be told."""
    if clause.clawback or clause.allocation:
        return False
    proof = _Proof(clause.table, version, solid)
    return all(proof.holds(node) for node in (*clause.when, clause.amount, *clause.made_of))


class _Proof:
    def __init__(self, table: str, version: Version, solid: Solid) -> None:
        self.table = table
        self.version = version
        self.solid = solid
        self.known: dict[int, bool] = {}

    def holds(self, node: Node) -> bool:
        if not node.type.can_be_missing:
            return True
        if id(node) not in self.known:
            self.known[id(node)] = self._holds(node)
        return self.known[id(node)]

    def _holds(self, node: Node) -> bool:
        match node.operation:
            case "fact":
                return node.fact is not None and self._is_filled(node.fact)
            case "value":
                return all(map(self.holds, node.arguments)) and self._has_figures(node)
            case "div":
                return all(map(self.holds, node.arguments)) and node.arguments[1].type.low > 0
            case "not_negative":
                return self.holds(node.arguments[0]) and node.arguments[0].type.low >= 0
            case operation:
                return operation in STRICT and all(map(self.holds, node.arguments))

    def _is_filled(self, fact: Fact) -> bool:
        """Whether a cell and the references that lead to it are never blank; references do lead to a row."""
        if fact.history:
            return False
        table = self.table
        for hop, to in fact.hops:
            if hop not in self.solid.get(table, ()):
                return False
            table = to
        return fact.column_name in self.solid.get(table, ())

    def _has_figures(self, node: Node) -> bool:
        """Whether a value has a figure for whatever its keys may be."""
        figures = self.version.checker.figures_of(node)
        cases = [_cases(key, figures, place) for place, key in enumerate(node.arguments)]
        if not 0 < math.prod(map(len, cases)) <= MOST_CASES:
            return False
        filled = [row.keys for row in figures.rows if row.figure is not None]
        return all(any(all(map(_meets, keys, own)) for own in filled) for keys in itertools.product(*cases))


def _cases(key: Node, figures: Figures, place: int) -> list[str | int]:
    """Keys, one for all that are alike, which a checked roster may have; none where that cannot be told."""
    kind = key.type
    match kind.kind:
        case "yes_no":
            return ["yes", "no"]
        case "category":
            return list(kind.options)
        case "text":
            return [*figures.forms[place].texts, ELSE]
        case "number" if key.fact is not None and key.operation == "fact" and _has_fixed_ends(key.fact.column):
            low, high = kind.low * kind.scale, kind.high * kind.scale
            return [number for number in _turns(figures, place, low) if low <= number <= high]
        case _:
            return []


def _has_fixed_ends(column: Column) -> bool:
    """Whether the range of a cell does not depend on other cells, so that intake leaves out what is beyond it."""
    return all(end.lstrip("-").replace(".", "").isdigit() for end in (column.low, column.high))


def _meets(key: str | int, own: str | Range) -> bool:
    return isinstance(key, int) and own[0] <= key <= own[1] if isinstance(own, tuple) else key == own


def _turns(figures: Figures, place: int, low: Fraction) -> Iterator[int]:
    """The lowest number, and each where a range of figures begins or has just ended."""
    yield -(-low.numerator // low.denominator)
    ends = {own for row in figures.rows if isinstance(own := row.keys[place], tuple)}
    yield from sorted({number for first, last in ends for number in (first, last + 1)})
