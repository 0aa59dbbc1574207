"""The conditions and the calculation of one row, as written and with numbers put in."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from subsidy.engine.explain_inputs import COUNTS, Inputs
from subsidy.engine.explain_rounding import roundings
from subsidy.engine.explain_words import Words, exact
from subsidy.engine.explanation import Line
from subsidy.engine.put_in import put_in, written
from subsidy.finding import Text
from subsidy.schedule import expression as ex
from subsidy.schedule.checked import CheckedClause
from subsidy.schedule.node import Node

REST = Text("其余", "the rest")


class Steps:
    """The conditions and amounts of a clause in one row."""

    def __init__(self, clause: CheckedClause, inputs: Inputs) -> None:
        self.clause = clause
        self.inputs = inputs
        self.row = inputs.row
        self.words: Words = inputs.words

    def conditions(self) -> Iterator[Line]:
        for tree, node in zip(self.clause.conditions, self.clause.when, strict=True):
            yield from condition_lines("conditions", tree, node, self.inputs)

    def calculation(self) -> Iterator[Line]:
        clause, model = self.clause, self.clause.model
        for name, text in model.steps.items():
            yield from self._step(name, text, clause.steps[name])
        if model.amount:
            yield from self._step("amount", model.amount, clause.amount)
        for payer, text in (model.parts or {}).items():
            yield from self._step(payer, text, clause.parts[payer])
        if clause.parts and not model.amount:
            yield self._sum_of_parts()

    def _sum_of_parts(self) -> Line:
        clause, words = self.clause, self.words
        stored = self.row.of(clause.amount)
        shown = " + ".join(words.bare(part.type, self.row.of(part)) for part in clause.parts.values())
        data: dict[str, Any] = {"step": "amount", "exact": exact(clause.amount.type, stored), "unit": "yuan"}
        data |= {"expression": " + ".join(clause.parts), "with_values": shown}
        called = " + ".join(words.payer(payer) for payer in clause.parts)
        return Line("steps", f"amount = {called}", f"{shown} = {words.value(clause.amount.type, stored)}", data=data)

    def _step(self, name: str, text: str, node: Node) -> Iterator[Line]:
        words, stored = self.words, self.row.of(node)
        inner = node if name == "amount" else node.arguments[0]
        called = words.payer(name) if name in (self.clause.model.parts or {}) else name
        data: dict[str, Any] = {"step": name, "exact": exact(node.type, stored), "unit": str(node.type.unit)}
        is_amount = name == "amount" or name in self.clause.parts
        result = words.value(node.type, stored, "yuan" if is_amount else None)
        if text == "rest":
            others = [self.clause.parts[payer] for payer in self.clause.parts if payer != name]
            amounts = [words.bare(one.type, self.row.of(one)) for one in others]
            shown = " - ".join([words.bare(self.clause.amount.type, self.row.of(self.clause.amount)), *amounts])
            expression = " - ".join(["amount", *(payer for payer in self.clause.parts if payer != name)])
            data |= {"expression": expression, "with_values": shown}
            yield Line("steps", f"{called} = {words(REST)}", f"{shown} = {result}", data=data)
            return
        tree = ex.parse(text)
        shown = put_in(tree, inner, self.inputs.told)
        data |= {"expression": ex.shown(tree), "with_values": shown}
        is_plain = isinstance(tree, ex.Name) or shown == result
        yield Line("steps", f"{called} = {written(tree)}", result if is_plain else f"{shown} = {result}", data=data)
        yield from roundings("steps", inner, self.row, words)


def condition_lines(section: str, tree: ex.Expression, node: Node, inputs: Inputs) -> Iterator[Line]:
    """A condition as written, with its values, and whether it holds."""
    words = inputs.words
    holds = inputs.row.of(node).main
    shown = put_in(tree, node, inputs.told)
    if isinstance(tree, ex.Unary) and isinstance(tree.operand, ex.Name):
        shown = f"{tree.operand} = {inputs.told(node.arguments[0])}"
    state = words(COUNTS[None if holds is None else bool(holds)])
    data = {
        "expression": ex.shown(tree),
        "with_values": shown,
        "holds": None if holds is None else bool(holds),
    }
    is_plain = isinstance(tree, ex.Name) or shown == ex.shown(tree)
    yield Line(section, written(tree), state if is_plain else f"{shown}{words.comma}{state}", data=data)
    yield from roundings(section, node, inputs.row, words)
