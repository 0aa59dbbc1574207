"""From a parsed expression to a typed one: names are resolved, units agree, decimals and ranges are known.

What is proved here, once, at load: no product can pass 2^63, no amount has a part of a fen, no unit is mixed.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from typing import Protocol

from subsidy.finding import Refusal, Text, nearest
from subsidy.schedule import expression as ex
from subsidy.schedule.bounds import at_scale, bounded, fits, held, refusal
from subsidy.schedule.date_words import DATE_WORDS, PARTS, date_call
from subsidy.schedule.node import Node, Type, Unit
from subsidy.schedule.slices import SliceTable, sliced_node

ROUNDING_STEPS = {"fen": Fraction(1, 100), "jiao": Fraction(1, 10), "yuan": Fraction(1)}
EXTREMES = ("lowest_of", "highest_of")
NUMBER_WORDS = frozenset({"known", "least", "greatest", "nullif", "slices", *EXTREMES})
LITERALS = {("", Fraction(0)), ("", Fraction(1)), ("percent", Fraction(1)), ("month", Fraction(12))}
NO_UNIT = Unit()


class Names(Protocol):
    """Where an expression stands: what its names mean, and which units a row there makes superfluous."""

    row_names: frozenset[str]

    def resolve(self, name: ex.Name) -> Node: ...

    def value(self, name: str, keys: tuple[Node, ...] | None, at: int) -> Node: ...

    def is_value(self, name: str) -> bool: ...

    def has_keys(self, name: str) -> bool: ...

    def slices(self, name: str, keys: tuple[Node, ...] | None, at: int) -> tuple[SliceTable, tuple[Node, ...]]: ...

    def figures(self, name: str) -> list[Fraction]: ...

    def unit_of(self, name: str) -> Unit: ...

    def has_reading_day(self) -> bool: ...


def infer(tree: ex.Expression, names: Names) -> Node:
    """The typed form of `tree`. Raises Refusal with the offset of the mistake."""
    node = _infer(tree, names)
    bounded(node, tree.at)
    return node


def _infer(tree: ex.Expression, names: Names) -> Node:
    match tree:
        case ex.Number():
            return _literal(tree)
        case ex.DateLiteral(value, at):
            raise refusal(
                f"日期 {value} 不能写在公式里",
                f"the date {value} cannot stand in an expression",
                "请在 values 中命名(unit: date)并引用",
                "name it under values (unit: date) and use the name",
                at,
            )
        case ex.Category(value, at):
            raise refusal(
                f"类别 '{value}' 只能用于比较",
                f"the category '{value}' can only be compared with",
                "请写成 事实 = '类别'",
                "write fact = 'category'",
                at,
            )
        case ex.Name():
            return names.resolve(tree)
        case ex.Call():
            return _call(tree, names)
        case ex.Unary("not", operand, at):
            inner = _condition(operand, names)
            return Node("not", inner.type, (inner,))
        case ex.Unary(_, operand, at):
            inner = _number(operand, names)
            return Node("neg", replace(inner.type, low=-inner.type.high, high=-inner.type.low), (inner,))
        case ex.Binary("and" | "or", left, right):
            both = (_condition(left, names), _condition(right, names))
            return Node("and" if tree.operator == "and" else "or", _yes_no(*both), both)
        case ex.Binary("+" | "-" | "*" | "/"):
            return _arithmetic(tree, names)
        case ex.Binary(operator, left, right, at):
            return _comparison(operator, left, right, at, names)
        case ex.Between(operand, low, high, at):
            ends = (
                _comparison(">=", operand, low, at, names),
                _comparison("<=", operand, high, at, names),
            )
            return Node("between", _yes_no(*ends), ends)
        case ex.In(operand, options, at):
            tests = tuple(_comparison("=", operand, option, at, names) for option in options)
            return Node("in", _yes_no(*tests), tests)
        case ex.If(condition, then, otherwise, at):
            return _choice(condition, then, otherwise, at, names)
        case ex.Round():
            return _rounded(tree, names)


def _literal(tree: ex.Number) -> Node:
    if (tree.unit, tree.value) not in LITERALS:
        raise refusal(
            "公式里只能出现 0、1、100%、12 months",
            "only 0, 1, 100% and 12 months may stand in an expression",
            "请在 values 中命名这个数并引用",
            "name the figure under values and use its name",
            tree.at,
        )
    unit = Unit(("month",)) if tree.unit == "month" else NO_UNIT
    kind = Type("number", unit, 1, tree.value, tree.value, any_unit=tree.unit == "")
    return Node("number", kind, constant=tree.value)


def _yes_no(*nodes: Node) -> Type:
    return Type("yes_no", can_be_missing=any(node.type.can_be_missing for node in nodes))


def _condition(tree: ex.Expression, names: Names) -> Node:
    node = _infer(tree, names)
    if node.type.kind != "yes_no":
        raise refusal(
            f"{ex.shown(tree)} 不是条件",
            f"{ex.shown(tree)} is not a condition",
            "请写成比较，例如 … >= 1",
            "make it a comparison, such as … >= 1",
            tree.at,
        )
    return node


def _number(tree: ex.Expression, names: Names) -> Node:
    node = _infer(tree, names)
    if node.type.kind != "number":
        raise refusal(
            f"{ex.shown(tree)} 不是数量",
            f"{ex.shown(tree)} is not a number",
            "此处需要数量或金额",
            "a quantity or an amount is needed here",
            tree.at,
        )
    return node


def _same_unit(one: Node, two: Node, names: Names, at: int) -> Unit:
    if one.type.any_unit:
        return two.type.unit
    if two.type.any_unit:
        return one.type.unit
    left, right = one.type.unit.within(names.row_names), two.type.unit.within(names.row_names)
    if left != right:
        raise refusal(
            f"单位不同：{left} 与 {right}",
            f"the units differ: {left} and {right}",
            "请核对两边的单位",
            "compare like with like",
            at,
        )
    return left


def _unrounded(node: Node, at: int) -> Node:
    if node.type.quotient:
        raise refusal(
            "除法的结果须先舍入",
            "a quotient must be rounded first",
            "请写 round … to fen half_up（或其他单位、方式）",
            "write round … to fen half_up (or another unit or way)",
            at,
        )
    return node


def _arithmetic(tree: ex.Binary, names: Names) -> Node:
    left, right = _number(tree.left, names), _number(tree.right, names)
    if tree.operator == "*":
        return bounded(_product(left, right), tree.at)
    if tree.operator == "/":
        return _quotient(left, right, tree)
    _unrounded(left, tree.at), _unrounded(right, tree.at)
    unit = _same_unit(left, right, names, tree.at)
    a, b = left.type, right.type
    scale = math.lcm(a.scale, b.scale)
    fits((left, right), tree.at, *at_scale(scale, left, right))
    low, high = (a.low + b.low, a.high + b.high) if tree.operator == "+" else (a.low - b.high, a.high - b.low)
    kind = Type(
        "number",
        unit,
        scale,
        low,
        high,
        can_be_missing=a.can_be_missing or b.can_be_missing,
        any_unit=a.any_unit and b.any_unit,
    )
    return bounded(Node("add" if tree.operator == "+" else "sub", kind, (left, right)), tree.at)


def _product(left: Node, right: Node) -> Node:
    a, b = left.type, right.type
    ends = [x * y for x in (a.low, a.high) for y in (b.low, b.high)]
    kind = Type(
        "number",
        a.unit.times(b.unit),
        a.scale * b.scale,
        min(ends),
        max(ends),
        can_be_missing=a.can_be_missing or b.can_be_missing,
        any_unit=a.any_unit and b.any_unit,
        quotient=a.quotient or b.quotient,
    )
    return Node("mul", kind, (left, right))


def _quotient(left: Node, right: Node, tree: ex.Binary) -> Node:
    _unrounded(right, tree.at)
    a, b = left.type, right.type
    if b.low < 0:
        raise refusal(
            "除数可能为负",
            "the divisor may be negative",
            "除数须声明为非负",
            "divide by a fact declared not negative",
            tree.at,
        )
    smallest = max(b.low, Fraction(1, b.scale))
    ends = (min(a.low, Fraction(0)) / smallest, max(a.high, Fraction(0)) / smallest)
    is_count = a.any_unit and bool(a.unit.over)
    kind = Type("number", a.unit.per(b.unit), a.scale, *ends, can_be_missing=True, any_unit=is_count, quotient=True)
    return bounded(Node("div", kind, (left, right)), tree.at)


def _text_side(node: Node, literal: ex.Category) -> Node:
    kind = node.type
    if kind.kind not in ("category", "text"):
        raise refusal(
            f"不能与类别 '{literal.value}' 比较",
            f"this cannot be compared with the category '{literal.value}'",
            "只有类别和文字可以",
            "only categories and texts can",
            literal.at,
        )
    if kind.options and literal.value not in kind.options:
        raise Refusal(
            Text(f"没有类别 '{literal.value}'", f"there is no category '{literal.value}'"),
            nearest(literal.value, kind.options),
            literal.at,
        )
    return Node("category", Type("category", options=(literal.value,)), name=literal.value)


def _comparison(operator: str, left: ex.Expression, right: ex.Expression, at: int, names: Names) -> Node:
    if isinstance(left, ex.Category):
        left, right = right, left
        operator = {"<": ">", ">": "<", "<=": ">=", ">=": "<="}.get(operator, operator)
    one = _infer(left, names)
    two = _text_side(one, right) if isinstance(right, ex.Category) else _infer(right, names)
    if one.type.kind == "number" and two.type.kind == "number":
        _same_unit(one, two, names, at)
        a, b = at_scale(math.lcm(one.type.scale, two.type.scale), one, two)
        fits((one, two), at, a * held(two)[1], b * held(one)[1])
    elif {one.type.kind, two.type.kind} <= {"category", "text"}:
        if operator not in ("=", "<>"):
            raise refusal("类别没有大小", "categories have no order", "请用 =、<> 或 in", "use =, <> or in", at)
    elif one.type.kind != two.type.kind:
        raise refusal(
            f"{ex.shown(left)} 与 {ex.shown(right)} 不能比较",
            f"{ex.shown(left)} and {ex.shown(right)} cannot be compared",
            "数与数、日期与日期、类别与类别才可比较",
            "compare numbers, dates, or categories with their like",
            at,
        )
    return Node("compare", _yes_no(one, two), (one, two), name=operator)


def _choice(condition: ex.Expression, then: ex.Expression, otherwise: ex.Expression, at: int, names: Names) -> Node:
    test, one, two = _condition(condition, names), _infer(then, names), _infer(otherwise, names)
    if one.type.kind != two.type.kind:
        raise refusal(
            "then 与 else 的类型不同",
            "then and else are of different kinds",
            "两支须同为金额、条件或日期",
            "make both amounts, conditions or dates",
            at,
        )
    missing = test.type.can_be_missing or one.type.can_be_missing or two.type.can_be_missing
    return Node("if", replace(_merged(one, two, names, at), can_be_missing=missing), (test, one, two))


def _merged(one: Node, two: Node, names: Names, at: int) -> Type:
    if one.type.kind != "number":
        return replace(one.type, options=tuple(dict.fromkeys((*one.type.options, *two.type.options))))
    _unrounded(one, at), _unrounded(two, at)
    a, b = one.type, two.type
    scale = math.lcm(a.scale, b.scale)
    fits((one, two), at, *at_scale(scale, one, two))
    return Type(
        "number",
        _same_unit(one, two, names, at),
        scale,
        min(a.low, b.low),
        max(a.high, b.high),
        can_be_missing=a.can_be_missing or b.can_be_missing,
        any_unit=a.any_unit and b.any_unit,
    )


def _rounded(tree: ex.Round, names: Names) -> Node:
    inner = _number(tree.operand, names)
    step, by = _rounding_step(tree, inner, names)
    above, divisor = held(inner)
    stored_step = step * inner.type.scale
    per_step = divisor * stored_step.numerator
    fits((inner,), tree.at, above * stored_step.denominator + per_step / 2, per_step)  # both are doubled
    kind = replace(
        inner.type,
        unit=_same_unit(inner, by, names, tree.at) if by else inner.type.unit,
        scale=step.denominator,
        low=inner.type.low - step if inner.type.low < 0 else Fraction(0),
        high=inner.type.high + step,
        quotient=False,
    )
    return Node("round", kind, (inner, *([by] if by else [])), name=tree.to, step=step, rounding=tree.rounding)


def _rounding_step(tree: ex.Round, inner: Node, names: Names) -> tuple[Fraction, Node | None]:
    """The step a rounding is made by, and the value that states it. Raises Refusal for what cannot be one."""
    in_yuan = "yuan" in inner.type.unit.over
    if tree.to == "1":
        return Fraction(1), None
    if tree.to in ROUNDING_STEPS:
        if not in_yuan and not inner.type.any_unit:
            raise refusal(
                f"{tree.to} 只用于金额，此处单位是 {inner.type.unit}",
                f"{tree.to} is a step of yuan and this is in {inner.type.unit}",
                "请写 1，或 values 中单位相同的一个数",
                "write 1, or a value in the same unit",
                tree.at,
            )
        return ROUNDING_STEPS[tree.to], None
    if not names.is_value(tree.to):
        raise refusal(
            f"不认识的舍入单位 {tree.to}",
            f"unknown unit of rounding {tree.to}",
            "可用 fen、jiao、yuan、1，或 values 中单位相同的一个数",
            "use fen, jiao, yuan, 1, or a value in the same unit",
            tree.at,
        )
    if names.has_keys(tree.to):
        raise refusal(
            f"{tree.to} 按键取数，不能作舍入单位",
            f"{tree.to} has keys and cannot be a rounding step",
            "请用不分键的一个数",
            "use a value without keys",
            tree.at,
        )
    by = names.value(tree.to, None, tree.at)
    if by.type.kind != "number" or by.type.low <= 0:
        raise refusal(
            f"舍入单位 {tree.to} 须大于零",
            f"the rounding step {tree.to} must be greater than zero",
            "请改正该数值",
            "correct the value",
            tree.at,
        )
    _same_unit(inner, by, names, tree.at)
    if (in_yuan or "yuan" in by.type.unit.over) and 100 % by.type.low.denominator:
        raise refusal(
            "舍入单位须为一分的整数倍",
            "a rounding step is a multiple of a fen",
            "例如 fen、jiao、yuan",
            "such as fen, jiao, yuan",
            tree.at,
        )
    return by.type.low, by


def _arity(tree: ex.Call, low: int, high: int) -> None:
    if not low <= len(tree.arguments) <= high:
        few = len(tree.arguments) < low
        raise refusal(
            f"{tree.name} 的参数个数不对",
            f"{tree.name} has the wrong number of arguments",
            f"请给出 {low} 个" if low == high else f"请至少给出 {low} 个" if few else f"请至多给出 {high} 个",
            f"give {low}" if low == high else f"give at least {low}" if few else f"give at most {high}",
            tree.at,
        )


def _call(tree: ex.Call, names: Names) -> Node:
    if tree.name in ("least", "greatest"):
        _arity(tree, 2, 20)
        node = _number(tree.arguments[0], names)
        for argument in tree.arguments[1:]:
            other = _number(argument, names)
            kind = _merged(node, other, names, argument.at)
            low, high = node.type, other.type
            pick: Callable[..., Fraction] = min if tree.name == "least" else max
            kind = replace(kind, low=pick(low.low, high.low), high=pick(low.high, high.high))
            node = Node("least" if tree.name == "least" else "greatest", kind, (node, other))
        return node
    if tree.name == "known":
        _arity(tree, 1, 1)
        inner = _infer(tree.arguments[0], names)
        return Node("known", Type("yes_no"), (inner,))
    if tree.name == "nullif":
        _arity(tree, 2, 2)
        inner, zero = _number(tree.arguments[0], names), tree.arguments[1]
        if not isinstance(zero, ex.Number) or zero.value != 0:
            raise refusal(
                "nullif 的第二个参数只能是 0",
                "the second argument of nullif is 0",
                "请写 nullif(…, 0)",
                "write nullif(…, 0)",
                zero.at,
            )
        return Node("nullif", replace(inner.type, can_be_missing=True), (inner,))
    if tree.name in DATE_WORDS:
        _arity(tree, 2 if tree.name == "month" else 1, 1 if tree.name in PARTS else 2)
        arguments = tuple(_infer(argument, names) for argument in tree.arguments)
        return bounded(date_call(tree, arguments, names.has_reading_day()), tree.at)
    if tree.name == "slices":
        return _slices(tree, names)
    if tree.name in EXTREMES:
        return _extreme(tree, names)
    if names.is_value(tree.name):
        keys = tuple(_key_argument(argument, names) for argument in tree.arguments)
        return replace(names.value(tree.name, keys, tree.at), written=ex.shown(tree))
    raise Refusal(
        Text(f"没有函数或数值 {tree.name}", f"there is no function or value {tree.name}"),
        nearest(tree.name, {*NUMBER_WORDS, *DATE_WORDS}),
        tree.at,
    )


def _slices(tree: ex.Call, names: Names) -> Node:
    """`slices(x, rates)`: each part of x at its own rate."""
    _arity(tree, 2, 2)
    sliced, rates = _unrounded(_number(tree.arguments[0], names), tree.at), tree.arguments[1]
    match rates:
        case ex.Name((name,)) if names.is_value(name):
            table, keys = names.slices(name, None, rates.at)
        case ex.Call(name, arguments) if names.is_value(name):
            table, keys = names.slices(name, tuple(_key_argument(argument, names) for argument in arguments), rates.at)
        case _:
            raise refusal(
                f"{ex.shown(rates)} 不是数值的名称",
                f"{ex.shown(rates)} is not the name of a value",
                "请写 slices(数量, 数值)，该数值列出各级的比率",
                "write slices(QUANTITY, VALUE), where the value lists the rate of each slice",
                rates.at,
            )
    node = sliced_node(sliced, name, table, keys, tree.at)
    return bounded(replace(node, written=ex.shown(tree)), tree.at)


def _extreme(tree: ex.Call, names: Names) -> Node:
    """`lowest_of(rates)`, `highest_of(rates)`: the smallest or the largest figure of a value, whatever its keys."""
    _arity(tree, 1, 1)
    argument = tree.arguments[0]
    name = argument.path[0] if isinstance(argument, ex.Name) and len(argument.path) == 1 else ""
    figures = names.figures(name) if names.is_value(name) else []
    if not figures:
        raise refusal(
            f"{ex.shown(argument)} 不是列出数的数值",
            f"{ex.shown(argument)} is no value that lists numbers",
            f"请写 {tree.name}(数值)",
            f"write {tree.name}(VALUE)",
            argument.at,
        )
    figure = min(figures) if tree.name == "lowest_of" else max(figures)
    kind = Type("number", names.unit_of(name), math.lcm(*(one.denominator for one in figures)), figure, figure)
    return bounded(Node("value", kind, (), name, constant=figure, written=ex.shown(tree)), tree.at)


def _key_argument(argument: ex.Expression, names: Names) -> Node:
    if isinstance(argument, ex.Category):
        return Node("category", Type("text"), name=argument.value)
    return _infer(argument, names)


__all__ = ["NUMBER_WORDS", "Names", "infer", "refusal"]
