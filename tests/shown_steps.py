"""An amount worked out again from nothing but the steps that an explanation shows, and what of it does not add up."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Any

from oracle import MISSING, STEPS, Missing, Value, kleene, plain_value, rounded

from subsidy.schedule import expression as ex

Shown = Mapping[str, Any]  # an explanation as a dict


def read(exact: str | None) -> Value:
    if exact is None:
        return MISSING
    if "/" in exact:
        above, below = exact.split("/")
        return Fraction(int(above), int(below))
    return plain_value(exact)


class Steps:
    """The facts, figures and steps of an explanation by the names that expressions have for them."""

    def __init__(self, shown: Shown) -> None:
        self.lines = shown["lines"]
        self.known: dict[str, Value] = {}
        for line in self.lines:
            for kind in ("fact", "figure"):
                if kind in line and line["section"] in ("facts", "values"):
                    self.known[line[kind]] = read(line["exact"])

    def named(self, name: str) -> Value:
        if name in self.known:
            return self.known[name]
        found = {key for key in self.known if key.endswith(f".{name}")}
        assert len(found) == 1, f"{name} is not shown: {sorted(self.known)}"
        return self.known[found.pop()]

    def value(self, tree: ex.Expression) -> Value:
        match tree:
            case ex.Number(value, _):
                return value
            case ex.Category(value):
                return value
            case ex.Name():
                return self.named(str(tree))
            case ex.Call("known", (argument,)):
                return not isinstance(self.value(argument), Missing)
            case ex.Call("least" | "greatest" | "nullif"):
                return self.call(tree)
            case ex.Call():
                return self.known[ex.shown(tree)]
            case ex.Unary("not", operand):
                inner = self.value(operand)
                return inner if isinstance(inner, Missing) else not inner
            case ex.Unary(_, operand):
                inner = self.value(operand)
                return inner if isinstance(inner, Missing) else -inner  # type: ignore[operator]
            case ex.Binary("and" | "or", left, right):
                return kleene([self.value(left), self.value(right)], tree.operator == "or")
            case ex.Binary():
                return self.binary(tree.operator, self.value(tree.left), self.value(tree.right))
            case ex.Between(operand, low, high):
                return self.strictly([ex.Binary(">=", operand, low, 0), ex.Binary("<=", operand, high, 0)], all)
            case ex.In(operand, options):
                return self.strictly([ex.Binary("=", operand, option, 0) for option in options], any)
            case ex.If(condition, then, otherwise):
                test = self.value(condition)
                return test if isinstance(test, Missing) else self.value(then if test else otherwise)
            case ex.Round(operand, to, way):
                inner = self.value(operand)
                step = STEPS[to] if to in STEPS else self.named(to)
                if isinstance(inner, Missing):
                    return inner
                return rounded(inner, step, way)  # type: ignore[arg-type]
        raise TypeError(tree)

    def strictly(self, trees: list[ex.Expression], joined: Any) -> Value:
        found = [self.value(tree) for tree in trees]
        return MISSING if any(isinstance(one, Missing) for one in found) else bool(joined(found))

    def call(self, tree: ex.Call) -> Value:
        found: list[Any] = [self.value(argument) for argument in tree.arguments]
        if any(isinstance(one, Missing) for one in found):
            return MISSING
        if tree.name == "nullif":
            return MISSING if found[0] == 0 else found[0]
        return min(found) if tree.name == "least" else max(found)  # type: ignore[no-any-return]

    def binary(self, operator: str, left: Any, right: Any) -> Value:
        if isinstance(left, Missing) or isinstance(right, Missing):
            return MISSING
        if operator in ("=", "<>"):
            same = str(left) == str(right) if isinstance(left, str) or isinstance(right, str) else left == right
            return same is (operator == "=")
        comparisons = {"<": left < right, "<=": left <= right, ">": left > right, ">=": left >= right}
        if operator in comparisons:
            return bool(comparisons[operator])
        if operator == "/":
            return left / right if right > 0 else MISSING  # type: ignore[no-any-return]
        return {"+": lambda: left + right, "-": lambda: left - right, "*": lambda: left * right}[operator]()  # type: ignore[no-any-return]


def fen(text: str) -> int:
    return int(Fraction(text) * 100)


def amount_of(shown: Shown) -> int:
    """The amount (fen) that the steps of an entitlement lead to. Raises AssertionError where they contradict."""
    steps = Steps(shown)
    held: list[Any] = []
    worked: dict[str, Value] = {}
    for line in sorted(steps.lines, key=lambda one: one["section"] == "conditions"):  # which may read steps
        if "formula_of" in line:
            assert_same(steps.value(ex.parse(line["expression"])), steps.known[line["formula_of"]], line)
        elif line["section"] == "conditions" and "expression" in line:
            held.append(steps.value(ex.parse(line["expression"])))
            assert_same(held[-1], MISSING if line["holds"] is None else line["holds"], line)
        elif line["section"] == "steps" and "expression" in line:
            steps.known[line["step"]] = worked[line["step"]] = steps.value(ex.parse(line["expression"]))
            assert_same(worked[line["step"]], read(line["exact"]), line)
    (result,) = [line for line in steps.lines if line["section"] == "result"]
    replaced = any("replaced_by" in line for line in steps.lines)
    if result["owed"] is None:
        unknown = [one for one in (*held, *steps.known.values()) if isinstance(one, Missing)]
        assert unknown or "amount" not in worked  # a sum is not distributed over rows that stand for several
        return 0
    if replaced or any(one is not True for one in held):
        assert result["owed"] == "0.00"
    elif any("decided" in line for line in steps.lines):
        pass  # the share of a sum depends on all other recipients
    else:
        amount = worked["amount"]
        assert isinstance(amount, Fraction)
        assert amount * 100 == fen(result["owed"])
    left = fen(result["owed"]) * result["count"]
    assert left == fen(result["total"])
    for line in steps.lines:
        if "limit" in line:
            assert fen(line["before"]) == left
            left = fen(line["after"])
    check_payments(shown, left)
    return left


def assert_same(found: Value, said: Value, line: Shown) -> None:
    same = isinstance(said, Missing) if isinstance(found, Missing) else found == said
    assert same, line


def check_payments(shown: Shown, left: int) -> None:
    """That instalments add up to the amount, lines to what is due of it, and payers to each line."""
    instalments = [line for line in shown["lines"] if "instalment" in line]
    lines = [line for line in shown["lines"] if "own" in line]
    taken_back = any(fen(line["own"]) < 0 for line in lines)
    if instalments:
        assert sum(fen(line["exact"]) for line in instalments) == left
        left = sum(fen(line["exact"]) for line in instalments if line["is_due"])
    if lines and not taken_back:
        assert sum(fen(line["own"]) for line in lines) == left
    for line in lines:
        assert fen(line["own"]) + fen(line["others_owed"]) == fen(line["line_owed"])
    check_payers(shown)


def check_payers(shown: Shown) -> None:
    """That the payers' parts of each line add up to it, and that what pots cut is what is missing from them."""
    groups: list[tuple[int, list[Shown]]] = []
    for line in shown["lines"]:
        if "line_owed" in line:
            groups.append((fen(line["line_owed"]), []))
        elif "payer" in line:
            groups[-1][1].append(line)
    for owed, payers in groups:
        if any("share" in one for one in payers):
            assert sum(fen(one["share"]) for one in payers if "share" in one) == owed
        for one in payers:
            assert fen(one["owed"]) - fen(one["cut"]) == fen(one["amount"])
