"""A clause that distributes a fixed sum by factors, checked."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

from subsidy.finding import Refusal, Text, nearest
from subsidy.schedule import expression as ex
from subsidy.schedule.checked import PERIOD_WORDS, CheckedAllocation
from subsidy.schedule.column import MONTHS_IN
from subsidy.schedule.infer import infer, refusal
from subsidy.schedule.model import Allocation
from subsidy.schedule.node import Node, Type, Unit
from subsidy.schedule.scope import Scope

if TYPE_CHECKING:
    from subsidy.schedule.clause_check import ClauseChecker


class AllocationChecker:
    def __init__(self, clause: ClauseChecker, model: Allocation, scope: Scope) -> None:
        self.clause = clause
        self.checker = clause.checker
        self.model = model
        self.scope = scope

    def wrong(self, zh: str, en: str, fix_zh: str, fix_en: str, *path: str) -> Refusal:
        return refusal(zh, en, fix_zh, fix_en, 0).at((*self.clause.path, "allocation", *path))

    def checked(self) -> tuple[Node, CheckedAllocation]:
        """The clause's amount (known once all rows are), and what it is distributed by."""
        if self.clause.model.every not in MONTHS_IN:
            raise self.wrong(
                "因素分配须按期（month、quarter、half_year、year）",
                "a sum is distributed over the rows of a period",
                "请把 every 改为 year 等",
                "make every a period, such as year",
            )
        step = self._step()
        total = self._sum(step)
        checked = CheckedAllocation(
            sum=total,
            keys=tuple(self._key(key) for key in self.model.per),
            factors={
                name: (self._factor(name), self._weight(weight, name)) for name, weight in self.model.factors.items()
            },
            coefficient=self._coefficient(),
            floor=self._bound(self.model.at_least, "at_least"),
            ceiling=self._bound(self.model.at_most, "at_most"),
            step=step,
        )
        kind = Type("number", Unit(("yuan",)), 100, Fraction(0), max(total.type.high, Fraction(0)), can_be_missing=True)
        return Node("allocated", kind, checked.nodes, name=self.clause.name), checked

    def _step(self) -> int:
        if self.model.to is None:
            return 1
        step = self.scope.step_in_fen(self.model.to)
        if step is None:
            raise self.wrong(
                f"{self.model.to} 不是无键的金额",
                f"{self.model.to} is no amount of yuan without keys",
                "请引用 {unit: yuan, is: 10000} 这样的数值",
                "name a value such as {unit: yuan, is: 10000}",
                "to",
            )
        return step

    def _group_value(self, name: str, *path: str) -> Node:
        """A value that is the same for all rows that share one sum."""
        known = self.checker.model.values
        if name not in known:
            raise Refusal(Text(f"没有数值 {name}", f"there is no value {name}"), nearest(name, known)).at(
                (*self.clause.path, "allocation", *path)
            )
        apart = [key for key in known[name].by if key not in (*self.model.per, *PERIOD_WORDS)]
        if apart:
            raise self.wrong(
                f"{name} 的键 {apart[0]} 不在 per 之内",
                f"the key {apart[0]} of {name} is not among per",
                f"请写 per: [{apart[0]}]",
                f"write per: [{apart[0]}]",
                *path,
            )
        return self.scope.value(name, None, 0)

    def _sum(self, step: int) -> Node:
        node = self._group_value(self.model.sum, "sum")
        self.clause.check_money(node, ("allocation", "sum"))
        figures = self.checker.figures_of(node).numbers
        if any(figure < 0 or (figure * 100) % step for figure in figures):
            raise self.wrong(
                f"{self.model.sum} 须为非负，且为最小单位的整数倍",
                f"{self.model.sum} should not be negative, and a multiple of the step in `to`",
                "请核对总额和 to",
                "check the sum and `to`",
                "sum",
            )
        return node

    def _key(self, key: str) -> Node:
        try:
            node = infer(ex.parse(key), self.scope)
        except Refusal as refused:
            raise refused.at((*self.clause.path, "allocation", "per")) from None
        if node.type.quotient:
            raise self.wrong(
                f"{key} 不能作键", f"{key} cannot be a key", "请用类别或数量", "use a category or a number", "per"
            )
        return node

    def _factor(self, name: str) -> Node:
        node = self.clause.expression(name, ("allocation", "factors", name), self.scope)
        self._check_not_negative(node, "factors", name)
        return node

    def _weight(self, weight: str, factor: str) -> Node:
        node = self._group_value(weight, "factors", factor)
        self._check_not_negative(node, "factors", factor)
        self._check_plain(node, "factors", factor)
        return node

    def _coefficient(self) -> Node | None:
        if self.model.coefficient is None:
            return None
        node = self.clause.expression(self.model.coefficient, ("allocation", "coefficient"), self.scope)
        self._check_not_negative(node, "coefficient")
        self._check_plain(node, "coefficient")
        return node

    def _bound(self, written: str | None, key: str) -> Node | None:
        if written is None:
            return None
        node = self.clause.expression(written, ("allocation", key), self.scope)
        self.clause.check_money(node, ("allocation", key))
        self._check_not_negative(node, key)
        return node

    def _check_not_negative(self, node: Node, *path: str) -> None:
        kind = node.type
        if kind.kind != "number" or kind.quotient or kind.low < 0:
            raise self.wrong(
                "此处须为不会为负的数量，除法须先舍入",
                "this should be a number that is never negative; a quotient is rounded first",
                "请核对声明的范围",
                "check the declared range",
                *path,
            )

    def _check_plain(self, node: Node, *path: str) -> None:
        if node.type.unit.within(self.scope.row_names) != Unit():
            raise self.wrong(
                f"此处的单位是 {node.type.unit}，应无单位",
                f"this is in {node.type.unit} and should have no unit",
                "请用单位为 percent 或 weight 的数值",
                "use a value in percent or weight",
                *path,
            )
