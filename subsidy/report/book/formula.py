"""An amount's expression as a formula of cells: what it reads stands in columns of the same row.

Spreadsheets calculate in binary floats. So a formula is only given for numbers that come out to the fen in them: none
is very large, and none is so near to where a rounding or a comparison turns that a float could fall on the other side.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from fractions import Fraction
from typing import Literal

from subsidy.engine.explain_sheet import SHOWN, told_by
from subsidy.engine.explain_words import number_of
from subsidy.engine.row_reader import ReadRow
from subsidy.schedule.expression import plain_number
from subsidy.schedule.node import MONTH, Node

ROW = "\0"  # stands for the number of the row
FUNCTIONS = {"half_up": "ROUND", "down": "ROUNDDOWN", "up": "ROUNDUP"}
SIGNS = {"add": "+", "sub": "-", "mul": "*", "div": "/"}
NAMED = frozenset({*SHOWN, "derived", "step"})  # what stands in a column of its own
GUARD = 6  # decimals that are kept before a rounding down or up, and in comparisons
NEAREST, LARGEST = Fraction(1, 10**GUARD), Fraction(10**8)
Spelling = Callable[[str], str]
Cells = Mapping[tuple[str, ...], str]


class Inexpressible(Exception):  # noqa: N818 - no error: the engine's number stands there instead
    """There is no formula for this."""


def formula(node: Node, cells: Cells, spelled: Spelling, yes: str) -> str:
    """The formula of a number, with ROW for the number of the row. `cells`: what is read -> its column.

    `spelled`: a category as the cells have it; `yes`: what stands in the cell of a condition that holds. Raises
    Inexpressible.
    """
    return _Writer(cells, spelled, yes).number(node)


def to_the_fen(node: Node, cells: Cells, spelled: Spelling, yes: str) -> str:
    """The same for an amount of money, rounded to the fen where a float could differ from it."""
    text = formula(node, cells, spelled, yes)
    return text if _is_exact(node) else f"ROUND({text},2)"


def is_safe(node: Node, row: ReadRow) -> bool:
    """Whether a formula made of this node comes out as the engine's number in this row."""
    if node.operation in NAMED:
        value = number_of(node.type, row.of(node)) if node.type.kind == "number" else Fraction(0)
        return value is None or abs(value) < LARGEST
    if node.operation == "round":
        value = number_of(node.arguments[0].type, row.of(node.arguments[0]))
        if value is None or abs(value) >= LARGEST or _is_near_a_turn(value, node):
            return False
    if node.operation == "compare" and node.arguments[0].type.kind == "number":
        one, two = (number_of(side.type, row.of(side)) for side in node.arguments)
        if one is None or two is None or 0 < abs(one - two) < NEAREST:
            return False
    return all(is_safe(argument, row) for argument in node.arguments)


def _is_near_a_turn(value: Fraction, node: Node) -> bool:
    turn = node.step / 2 if node.rounding == "half_up" else Fraction(0)
    rest = (abs(value) - turn) % node.step
    return 0 < min(rest, node.step - rest) < NEAREST


def _is_exact(node: Node) -> bool:
    """Whether a float can only be the nearest one to the amount: nothing is calculated after the last rounding."""
    if node.operation in ("least", "greatest"):
        return all(map(_is_exact, node.arguments))
    if node.operation == "if":
        return all(map(_is_exact, node.arguments[1:]))
    return node.operation in (*NAMED, "number") or (node.operation == "round" and _digits(node.step) is not None)


class _Writer:
    def __init__(self, cells: Cells, spelled: Spelling, yes: str) -> None:
        self.cells, self.spelled, self.yes = cells, spelled, yes

    def number(self, node: Node) -> str:
        return self._number(node)[0]

    def _cell(self, node: Node) -> str:
        column = self.cells.get(told_by(node))
        if column is None:
            raise Inexpressible(node.operation)
        return f"{column}{ROW}"

    def _number(self, node: Node) -> tuple[str, Literal["sum", "product", "one"]]:
        """A number, and what it is to those that take it up: a sum or a product may need brackets."""
        operation, arguments = node.operation, node.arguments
        if operation in NAMED:
            if node.type.kind == "number" and node.type.unit.over == (MONTH,):
                raise Inexpressible("month")
            return self._cell(node), "one"
        match operation:
            case "number":
                return str(node.constant), "one"
            case "add" | "sub":
                left, right = self.number(arguments[0]), self._inside(arguments[1], operation == "sub")
                return f"{left}{SIGNS[operation]}{right}", "sum"
            case "mul" | "div":
                left, right = self._inside(arguments[0]), self._inside(arguments[1], products=operation == "div")
                return f"{left}{SIGNS[operation]}{right}", "product"
            case "neg":
                return f"-{self._inside(arguments[0])}", "sum"
            case "least" | "greatest":
                name = "MIN" if operation == "least" else "MAX"
                return f"{name}({','.join(self.number(one) for one in _flat(node))})", "one"
            case "if":
                test, one, two = arguments
                return f"IF({self.condition(test)},{self.number(one)},{self.number(two)})", "one"
            case "round":
                return self._rounded(node)
            case "nullif" | "not_negative":
                return self._number(arguments[0])
        raise Inexpressible(operation)

    def _inside(self, node: Node, sums: bool = True, products: bool = False) -> str:
        text, what = self._number(node)
        return f"({text})" if (what == "sum" and sums) or (what == "product" and products) else text

    def _rounded(self, node: Node) -> tuple[str, Literal["product", "one"]]:
        inner, function, digits = node.arguments[0], FUNCTIONS[node.rounding], _digits(node.step)
        text, plain = self.number(inner), inner.operation in NAMED
        if digits is not None:
            kept = text if plain or node.rounding == "half_up" else f"ROUND({text},{GUARD})"
            return f"{function}({kept},{digits})", "one"
        step = self._cell(node.arguments[1]) if len(node.arguments) > 1 else plain_number(node.step)
        kept = f"{self._inside(inner)}/{step}"
        kept = kept if node.rounding == "half_up" else f"ROUND({kept},{GUARD})"
        return f"{function}({kept},0)*{step}", "product"

    # --- conditions --------------------------------------------------------------------------------------------

    def condition(self, node: Node) -> str:
        operation, arguments = node.operation, node.arguments
        if operation in NAMED:
            return f'{self._cell(node)}="{self.yes}"'
        if operation in ("and", "between"):
            return f"AND({','.join(map(self.condition, arguments))})"
        if operation in ("or", "in"):
            return f"OR({','.join(map(self.condition, arguments))})"
        if operation == "not":
            return f"NOT({self.condition(arguments[0])})"
        if operation == "known" and arguments[0].operation in NAMED:
            return f'{self._cell(arguments[0])}<>""'
        if operation == "if":
            return f"IF({','.join(map(self.condition, arguments))})"
        if operation == "compare":
            return self._compared(node)
        raise Inexpressible(operation)

    def _compared(self, node: Node) -> str:
        one, two = node.arguments
        if one.type.kind in ("category", "text"):
            if "text" in (one.type.kind, two.type.kind):
                raise Inexpressible("text")  # a spreadsheet takes a and A for the same
            return f"{self._category(one)}{node.name}{self._category(two)}"
        if one.type.kind != "number":
            return f"{self._cell(one)}{node.name}{self._cell(two)}"
        if all(side.operation in (*NAMED, "number") for side in (one, two)):
            return f"{self._side(one)}{node.name}{self._side(two)}"
        return f"ROUND({self.number(one)}-{self._inside(two)},{GUARD}){node.name}0"

    def _side(self, node: Node) -> str:
        return self._cell(node) if node.operation in NAMED else self.number(node)

    def _category(self, node: Node) -> str:
        if node.operation == "category":
            return '"' + self.spelled(node.name).replace('"', '""') + '"'
        return self._cell(node)


def _flat(node: Node) -> list[Node]:
    """The operands of `least` and `greatest`, which the typed form takes two by two."""
    found = []
    for argument in node.arguments:
        found += _flat(argument) if argument.operation == node.operation else [argument]
    return found


def _digits(step: Fraction) -> int | None:
    """The decimals to which a step rounds: 2 for 0.01, -1 for 10; None where it is no power of ten."""
    return next((digits for digits in range(-8, 9) if step == Fraction(10) ** -digits), None)
