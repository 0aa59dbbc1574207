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
from subsidy.schedule.node import MONTH, READY_PARTS, YEAR, Node, Type, Unit

SAFE = 2**62
ROUNDING_STEPS = {"fen": Fraction(1, 100), "jiao": Fraction(1, 10), "yuan": Fraction(1)}
NUMBER_WORDS = frozenset({"known", "least", "greatest", "nullif"})
DATE_WORDS = {"full_months_since": "month", "full_years_since": "year", "days_since": "day", "year_of": YEAR}
LITERALS = {("", Fraction(0)), ("", Fraction(1)), ("percent", Fraction(1)), ("month", Fraction(12))}
NO_UNIT = Unit()


class Names(Protocol):
    """Where an expression stands: what its names mean, and which units a row there makes superfluous."""

    row_names: frozenset[str]

    def resolve(self, name: ex.Name) -> Node: ...

    def value(self, name: str, keys: tuple[Node, ...] | None, at: int) -> Node: ...

    def is_value(self, name: str) -> bool: ...

    def rounding_step(self, name: str) -> Fraction | None: ...

    def has_reading_day(self) -> bool: ...


def refusal(zh: str, en: str, fix_zh: str, fix_en: str, at: int) -> Refusal:
    return Refusal(Text(zh, en), Text(fix_zh, fix_en), at)


def infer(tree: ex.Expression, names: Names) -> Node:
    """The typed form of `tree`. Raises Refusal with the offset of the mistake."""
    node = _infer(tree, names)
    _bounded(node, tree.at)
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


def _held(node: Node) -> tuple[Fraction, Fraction]:
    """The largest whole number that stands for a number in a calculation, and the largest divisor beside it."""
    kind = node.type
    if not kind.quotient:
        return max(abs(kind.low), abs(kind.high)) * kind.scale, Fraction(1)
    if node.aggregate is not None:  # an average: the sum of all rows, over their number
        rows = Fraction(max(node.aggregate.most_rows, READY_PARTS))
        return max(abs(kind.low), abs(kind.high)) * kind.scale * rows, rows
    above, divisor = _held(node.arguments[0])
    if node.operation == "derived":
        ready = max(abs(kind.low), abs(kind.high)) * kind.scale * READY_PARTS
        return max(above, ready), max(divisor, Fraction(READY_PARTS))
    if node.operation == "div":
        right = node.arguments[1]
        return above * right.type.scale, divisor * _held(right)[0]
    if node.operation == "mul":
        other, other_divisor = _held(node.arguments[1])
        return above * other, divisor * other_divisor
    return above, divisor


def _bounded(node: Node, at: int) -> Node:
    if node.type.kind == "number":
        _fits((node,), at, *_held(node))
    return node


def _fits(nodes: tuple[Node, ...], at: int, *numbers: Fraction) -> None:
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
    return max(facts, key=lambda leaf: _held(leaf)[0], default=nodes[0])


def _arithmetic(tree: ex.Binary, names: Names) -> Node:
    left, right = _number(tree.left, names), _number(tree.right, names)
    if tree.operator == "*":
        return _bounded(_product(left, right), tree.at)
    if tree.operator == "/":
        return _quotient(left, right, tree)
    _unrounded(left, tree.at), _unrounded(right, tree.at)
    unit = _same_unit(left, right, names, tree.at)
    a, b = left.type, right.type
    scale = math.lcm(a.scale, b.scale)
    _fits((left, right), tree.at, *_at_scale(scale, left, right))
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
    return _bounded(Node("add" if tree.operator == "+" else "sub", kind, (left, right)), tree.at)


def _at_scale(scale: int, *nodes: Node) -> list[Fraction]:
    """The largest whole number of each node, once it is counted in `scale`."""
    return [_held(node)[0] * (scale // node.type.scale) for node in nodes]


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
    kind = Type("number", a.unit.per(b.unit), a.scale, *ends, can_be_missing=True, quotient=True)
    return _bounded(Node("div", kind, (left, right)), tree.at)


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
        a, b = _at_scale(math.lcm(one.type.scale, two.type.scale), one, two)
        _fits((one, two), at, a * _held(two)[1], b * _held(one)[1])
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
    _fits((one, two), at, *_at_scale(scale, one, two))
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
    if tree.to == "1":
        step: Fraction | None = Fraction(1)
    else:
        step = ROUNDING_STEPS.get(tree.to) or names.rounding_step(tree.to)
    if step is None:
        raise refusal(
            f"不认识的舍入单位 {tree.to}",
            f"unknown unit of rounding {tree.to}",
            "可用 fen、jiao、yuan、1，或 values 中单位为 yuan 的一个数",
            "use fen, jiao, yuan, 1, or a value whose unit is yuan",
            tree.at,
        )
    if 100 % step.denominator:
        raise refusal(
            "舍入单位须为一分的整数倍",
            "a rounding step is a multiple of a fen",
            "例如 fen、jiao、yuan",
            "such as fen, jiao, yuan",
            tree.at,
        )
    above, divisor = _held(inner)
    stored_step = step * inner.type.scale
    per_step = divisor * stored_step.numerator
    _fits((inner,), tree.at, above * stored_step.denominator + per_step / 2, per_step)  # both are doubled
    kind = replace(
        inner.type,
        scale=step.denominator,
        low=inner.type.low - step if inner.type.low < 0 else Fraction(0),
        high=inner.type.high + step,
        quotient=False,
    )
    return Node("round", kind, (inner,), name=tree.to, step=step, rounding=tree.rounding)


def _arity(tree: ex.Call, low: int, high: int) -> None:
    if not low <= len(tree.arguments) <= high:
        raise refusal(
            f"{tree.name} 的参数个数不对",
            f"{tree.name} has the wrong number of arguments",
            f"请给出 {low} 个" if low == high else f"请至少给出 {low} 个",
            f"give {low}" if low == high else f"give at least {low}",
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
        return _date_call(tree, names)
    if names.is_value(tree.name):
        keys = tuple(_key_argument(argument, names) for argument in tree.arguments)
        return names.value(tree.name, keys, tree.at)
    raise Refusal(
        Text(f"没有函数或数值 {tree.name}", f"there is no function or value {tree.name}"),
        nearest(tree.name, {*NUMBER_WORDS, *DATE_WORDS}),
        tree.at,
    )


def _key_argument(argument: ex.Expression, names: Names) -> Node:
    if isinstance(argument, ex.Category):
        return Node("category", Type("text"), name=argument.value)
    return _infer(argument, names)


def _date_call(tree: ex.Call, names: Names) -> Node:
    _arity(tree, 1, 1)
    inner = _infer(tree.arguments[0], names)
    if inner.type.kind != "date":
        raise refusal(
            f"{tree.name} 需要一个日期",
            f"{tree.name} needs a date",
            "请给出日期类事实",
            "give a fact that is a date",
            tree.at,
        )
    if tree.name != "year_of" and not names.has_reading_day():
        raise refusal(
            f"{tree.name} 在此处没有读取日",
            f"{tree.name} has no reading day here",
            "只能用于按期计算的条款",
            "use it in clauses, which are read on a day",
            tree.at,
        )
    low, high = (Fraction(1900), Fraction(2200)) if tree.name == "year_of" else (Fraction(-110_000), Fraction(110_000))
    kind = Type("number", Unit((DATE_WORDS[tree.name],)), 1, low, high, can_be_missing=inner.type.can_be_missing)
    operation = tree.name
    return Node(operation, kind, (inner,))  # type: ignore[arg-type]


def time_node(word: str) -> Node:
    """`year` and `month` of the reading day, or the day itself (`date`)."""
    if word == "date":
        return Node("time", Type("date"), name=word)
    unit = YEAR if word == "year" else MONTH
    ends = (Fraction(1900), Fraction(2200)) if word == "year" else (Fraction(1900 * 12), Fraction(2200 * 12))
    return Node("time", Type("number", Unit((unit,)), 1, *ends), name=word)
