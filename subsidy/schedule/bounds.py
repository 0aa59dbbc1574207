"""The proof that nothing overflows: how large the whole numbers behind a typed expression can become."""

from __future__ import annotations

from fractions import Fraction

from subsidy.finding import Refusal, Text
from subsidy.schedule.node import READY_PARTS, Node

SAFE = 2**62


def refusal(zh: str, en: str, fix_zh: str, fix_en: str, at: int) -> Refusal:
    return Refusal(Text(zh, en), Text(fix_zh, fix_en), at)


def held(node: Node) -> tuple[Fraction, Fraction]:
    """The largest whole number that stands for a number in a calculation, and the largest divisor beside it."""
    kind = node.type
    if not kind.quotient:
        return max(abs(kind.low), abs(kind.high)) * kind.scale, Fraction(1)
    if node.aggregate is not None:  # an average: the sum of all rows, over their number
        rows = Fraction(max(node.aggregate.most_rows, READY_PARTS))
        return max(abs(kind.low), abs(kind.high)) * kind.scale * rows, rows
    above, divisor = held(node.arguments[0])
    if node.operation == "derived":
        ready = max(abs(kind.low), abs(kind.high)) * kind.scale * READY_PARTS
        return max(above, ready), max(divisor, Fraction(READY_PARTS))
    if node.operation == "div":
        right = node.arguments[1]
        return above * right.type.scale, divisor * held(right)[0]
    if node.operation == "mul":
        other, other_divisor = held(node.arguments[1])
        return above * other, divisor * other_divisor
    return above, divisor


def bounded(node: Node, at: int) -> Node:
    if node.type.kind == "number":
        fits((node,), at, *held(node))
    return node


def fits(nodes: tuple[Node, ...], at: int, *numbers: Fraction) -> None:
    """Refuse numbers that could overflow when `nodes` are calculated."""
    if max(numbers) <= SAFE:
        return
    blame = _widest(nodes)
    why = Text(
        f"结果可能超出 2^63；范围最大的是 {blame.name}",
        f"the result could pass 2^63; {blame.name} has the widest range",
    )
    if blame.aggregate is not None and blame.aggregate.measure is not None:
        total, rows = blame.name, blame.aggregate.most_rows
        blame = _widest((blame.aggregate.measure,))
        why = Text(
            f"结果可能超出 2^63；{total} 最多汇总 {rows:,} 行 {blame.name}",
            f"the result could pass 2^63; {total} takes {blame.name} of up to {rows:,} rows",
        )
    remedy = Text(f"请缩小 {blame.name} 的声明范围", f"declare a smaller range for {blame.name}")
    raise Refusal(why, remedy, at)


def _widest(nodes: tuple[Node, ...]) -> Node:
    facts = [leaf for node in nodes for leaf in node.leaves() if leaf.type.kind == "number"]
    return max(facts, key=lambda leaf: held(leaf)[0], default=nodes[0])


def at_scale(scale: int, *nodes: Node) -> list[Fraction]:
    """The largest whole number of each node, once it is counted in `scale`."""
    return [held(node)[0] * (scale // node.type.scale) for node in nodes]
