"""The targets of a schedule: what is measured, what it should reach, and what a plan may add to get there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING

from subsidy.finding import Refusal, Text, nearest
from subsidy.schedule.infer import refusal
from subsidy.schedule.model import Target
from subsidy.schedule.node import Node, Unit
from subsidy.schedule.scope import Scope
from subsidy.schedule.source import Path

if TYPE_CHECKING:
    from subsidy.schedule.checker import Checker

Cost = tuple[Fraction, Fraction]  # yuan for one: the lowest and the highest figure


@dataclass(frozen=True)
class CheckedTarget:
    """A target ready to be measured. `at_least`, `at_most` and `printed` are in the unit of `measure`."""

    name: str
    model: Target
    when: Node | None
    measure: Node
    at_least: Node | None
    at_most: Node | None
    printed: Node | None
    additions: Mapping[str, Node]
    costs: Mapping[str, Cost]

    @property
    def expressions(self) -> list[Node]:
        """Every expression of it."""
        return [one for one in (self.when, self.measure, self.at_least, self.at_most, self.printed) if one is not None]


class TargetChecker:
    """Checks one target of a schedule."""

    def __init__(self, checker: Checker, name: str) -> None:
        self.checker = checker
        self.name = name
        self.model = checker.model.targets[name]
        self.path: Path = ("targets", name)

    def checked(self) -> CheckedTarget:
        """Raises Refusal for the first mistake."""
        model = self.model
        if model.for_ not in self.checker.tables:
            why = Text(f"没有表 {model.for_}", f"there is no table {model.for_}")
            raise Refusal(why, nearest(model.for_, self.checker.tables)).at((*self.path, "for"))
        every = None if model.every == "once" else model.every
        scope = Scope(self.checker, model.for_, every, reads_facts_only=True)
        measure = self._number(model.measure, "measure", scope)
        if model.at_least is None and model.at_most is None and model.printed is None:
            raise refusal(
                "缺少 at_least、at_most 或 printed",
                "at_least, at_most or printed is missing",
                "请补上",
                "add one",
                0,
            )
        target = CheckedTarget(
            self.name,
            model,
            self._condition(scope),
            measure,
            self._alike(model.at_least, "at_least", measure, scope),
            self._alike(model.at_most, "at_most", measure, scope),
            self._alike(model.printed, "printed", measure, scope),
            {fact: self._addition(fact, scope, index) for index, fact in enumerate(model.additions)},
            {fact: self._cost(fact, value, scope) for fact, value in model.costs.items()},
        )
        for node in target.expressions:
            self._check_closed(node)
        return target

    def _number(self, written: str, key: str, scope: Scope) -> Node:
        node = self.checker.formula(written, (*self.path, key), scope)
        if node.type.kind != "number":
            raise refusal(
                f"{written} 不是数量",
                f"{written} is not a number",
                "此处需要数量或金额",
                "a quantity or an amount is needed here",
                0,
            ).at((*self.path, key))
        return node

    def _condition(self, scope: Scope) -> Node | None:
        written, path = self.model.when, (*self.path, "when")
        if written is None:
            return None
        node = self.checker.formula(written, path, scope)
        if node.type.kind != "yes_no":
            raise refusal(
                f"{written} 不是条件",
                f"{written} is no condition",
                "请写成可判断是否的条件",
                "write what is true or false",
                0,
            ).at(path)
        return node

    def _alike(self, written: str | None, key: str, measure: Node, scope: Scope) -> Node | None:
        """A number in the unit of the measure."""
        if written is None:
            return None
        node = self._number(written, key, scope)
        left, right = (one.type.unit.within(scope.row_names) for one in (measure, node))
        if left != right and not (measure.type.any_unit or node.type.any_unit):
            raise refusal(
                f"单位不同：{left} 与 {right}",
                f"the units differ: {left} and {right}",
                "请核对两边的单位",
                "compare like with like",
                0,
            ).at((*self.path, key))
        return node

    def _addition(self, fact: str, scope: Scope, index: int) -> Node:
        column = self.checker.tables[self.model.for_].columns.get(fact)
        path = (*self.path, "additions", index)
        own = {
            name
            for name, one in self.checker.tables[self.model.for_].columns.items()
            if one.type == "number" and not one.derived
        }
        if column is None or fact not in own:
            why = Text(f"{fact} 不是该表的数量列", f"{fact} is no column of numbers of this table")
            raise Refusal(why, nearest(fact, own)).at(path)
        return self.checker.formula(fact, path, scope)

    def _cost(self, fact: str, value: str, scope: Scope) -> Cost:
        path = (*self.path, "costs", fact)
        if fact not in self.model.additions:
            why = Text(f"{fact} 不在 additions 中", f"{fact} is not among the additions")
            raise Refusal(why, nearest(fact, self.model.additions)).at(path)
        unit = self.checker.formula(fact, path, scope).type.unit
        try:
            return cost_of_one(self.checker, value, unit)
        except Refusal as refused:
            raise refused.at(path) from None

    def _check_closed(self, node: Node) -> None:
        for leaf in node.all_leaves():
            if leaf.fact is not None and leaf.fact.column.blank == "open":
                raise refusal(
                    f"{leaf.name} 可能尚未核定，不能用于目标",
                    f"{leaf.name} may still be open and cannot be measured",
                    "请改用确定的数",
                    "use a fact that is known or blank",
                    0,
                )


def cost_of_one(checker: Checker, value: str, unit: Unit) -> Cost:
    """What one of a unit costs by a value of the schedule: its lowest and its highest figure, in yuan.

    Raises Refusal for an unknown value, one without figures, or one in another unit than yuan per that unit.
    """
    known = checker.model.values
    if value not in known:
        raise Refusal(Text(f"没有数值 {value}", f"there is no value {value}"), nearest(value, known))
    written = known[value].unit
    own = Unit.parse(written)
    if own.over != ("yuan",) or not set(own.under) <= set(unit.over):
        wanted = Unit(("yuan",), unit.over)
        raise refusal(
            f"{value} 的单位是 {written}，应为 {wanted}",
            f"{value} is in {written} and should be in {wanted}",
            "请选用单位相符的数值",
            "choose a value in that unit",
            0,
        )
    figures = checker.numbers(value)
    if not figures:
        raise refusal(f"{value} 没有数", f"{value} has no figures", "请先给出", "give them first", 0)
    return min(figures), max(figures)
