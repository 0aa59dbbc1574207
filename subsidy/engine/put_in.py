"""An expression with numbers in the place of its names: beds × bed_rate becomes 20 × 10,000.00."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from subsidy.schedule import expression as ex
from subsidy.schedule.node import Node


def written(tree: ex.Expression) -> str:
    """An expression as officers read it, with × and ÷."""
    return ex.shown(tree).replace(" * ", " × ").replace(" / ", " ÷ ")


def put_in(tree: ex.Expression, node: Node, told: Callable[[Node], str]) -> str:
    """The text of `tree` with what `told` says of each fact, figure and step that `node`, its typed form, reads."""
    return written(_put_in(tree, node, told))


def _put_in(tree: ex.Expression, node: Node, told: Callable[[Node], str]) -> ex.Expression:
    def inner(one: ex.Expression, of: Node) -> ex.Expression:
        return _put_in(one, of, told)

    arguments = node.arguments
    match tree:
        case ex.Name():
            return _spelled(told(node))
        case ex.Call(name="least" | "greatest"):
            operands = _operands(node, len(tree.arguments))
            return replace(tree, arguments=tuple(map(inner, tree.arguments, operands)))
        case ex.Call(name="known" | "nullif"):
            return replace(tree, arguments=(inner(tree.arguments[0], arguments[0]), *tree.arguments[1:]))
        case ex.Call():
            return _spelled(told(node))
        case ex.Unary():
            return replace(tree, operand=inner(tree.operand, arguments[0]))
        case ex.Binary(left=ex.Category()):
            return replace(tree, right=inner(tree.right, arguments[0]))
        case ex.Binary():
            return replace(tree, left=inner(tree.left, arguments[0]), right=inner(tree.right, arguments[1]))
        case ex.Between():
            low, high = arguments
            operand, *ends = low.arguments[0], low.arguments[1], high.arguments[1]
            return replace(
                tree,
                operand=inner(tree.operand, operand),
                low=inner(tree.low, ends[0]),
                high=inner(tree.high, ends[1]),
            )
        case ex.In():
            options = (inner(option, test.arguments[1]) for option, test in zip(tree.options, arguments, strict=True))
            return replace(tree, operand=inner(tree.operand, arguments[0].arguments[0]), options=tuple(options))
        case ex.If():
            condition, then, otherwise = map(inner, (tree.condition, tree.then, tree.otherwise), arguments)
            return replace(tree, condition=condition, then=then, otherwise=otherwise)
        case ex.Round():
            return replace(tree, operand=inner(tree.operand, arguments[0]))
        case _:
            return tree


def _spelled(text: str) -> ex.Name:
    return ex.Name((f"({text})" if text.startswith("-") else text,), 0)


def _operands(node: Node, count: int) -> list[Node]:
    """The operands of `least` and `greatest`, which the typed form takes two by two."""
    found: list[Node] = []
    while len(found) < count - 1:
        node, last = node.arguments
        found.insert(0, last)
    return [node, *found]
