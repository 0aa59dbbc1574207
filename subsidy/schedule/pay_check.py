"""In which parts and when a clause is paid, and what is taken back, checked."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import TYPE_CHECKING

from subsidy.finding import Refusal, Text, nearest
from subsidy.schedule.checked import CheckedClawback, Instalments, Reported
from subsidy.schedule.column import MONTHS_IN
from subsidy.schedule.infer import refusal
from subsidy.schedule.model import Pay, Value
from subsidy.schedule.node import Node, Type, Unit
from subsidy.schedule.scope import Scope

if TYPE_CHECKING:
    from subsidy.schedule.clause_check import ClauseChecker

LONGEST_MONTHS = 1200


class PayChecker:
    """`facts`: the clause's row with its facts and values only."""

    def __init__(self, clause: ClauseChecker, facts: Scope) -> None:
        self.clause = clause
        self.checker = clause.checker
        self.model = clause.model
        self.facts = facts

    def wrong(self, zh: str, en: str, fix_zh: str, fix_en: str, *path: str) -> Refusal:
        return refusal(zh, en, fix_zh, fix_en, 0).at((*self.clause.path, *path))

    # --- instalments -------------------------------------------------------------------------------------------

    def instalments(self) -> Instalments | None:
        pay = self.model.pay
        if pay is None or not (pay.shares or pay.chunk or pay.while_ or pay.every or pay.not_before):
            return None
        if (pay.shares is None) == (pay.chunk is None) or pay.every is None:
            raise self.wrong(
                "分期须有 every，并有 shares 或 chunk 之一",
                "instalments need every, and either shares or chunk",
                "请写 shares: 数值（或 chunk: 数值）, every: year",
                "add shares: VALUE (or chunk: VALUE), every: year",
                "pay",
            )
        weights = self._weights(pay.shares) if pay.shares else ()
        chunk = self._chunk(pay.chunk) if pay.chunk else None
        number = len(weights) if chunk is None else self._most_chunks(chunk, MONTHS_IN[pay.every])
        first = self._not_before(pay)
        months = tuple(max(n * MONTHS_IN[pay.every], first) for n in range(number))
        if months[-1] > LONGEST_MONTHS:
            raise self.wrong(
                "最后一期在一百年之后",
                "the last instalment is due after more than a hundred years",
                "请减少期数，或缩短 every、not_before",
                "take fewer instalments, or a shorter every or not_before",
                "pay",
            )
        due_scope = Scope(self.checker, self.model.for_, "event", reads_facts_only=True)
        return Instalments(months, weights, chunk, self.clause.conditions(pay.while_, ("pay", "while"), due_scope))

    def _value(self, name: str, key: str) -> Value:
        known = self.checker.model.values
        if name not in known:
            raise Refusal(Text(f"没有数值 {name}", f"there is no value {name}"), nearest(name, known)).at(
                (*self.clause.path, "pay", key)
            )
        return known[name]

    def _weights(self, name: str) -> tuple[int, ...]:
        value = self.checker.model.values.get(name)
        if value is None or value.by != ("instalment",):
            known = [name for name, one in self.checker.model.values.items() if one.by == ("instalment",)]
            raise Refusal(
                Text(f"{name} 不是按 instalment 的数值", f"{name} is no value by instalment"), nearest(name, known)
            ).at((*self.clause.path, "pay", "shares"))
        figures = self.checker.figures(name, (Type("number"),))
        ordered = sorted(figures.rows, key=lambda row: row.keys)
        if (
            sum(figures.numbers) != 1
            or min(figures.numbers) < 0
            or [row.keys[0] for row in ordered] != [(n, n) for n in range(1, len(ordered) + 1)]
        ):
            raise refusal(
                "各期比例不得为负，之和须为 100%，期次从 1 起连续",
                "the shares of instalments 1, 2, … are not negative and add up to 100%",
                "请核对",
                "check them",
                0,
            ).at(("values", name, "is"))
        return tuple(int((row.figure or 0) * figures.scale) for row in ordered)  # type: ignore[operator]

    def _chunk(self, name: str) -> Node:
        self._value(name, "chunk")
        node = self.facts.value(name, None, 0)
        self.clause.check_money(node, ("pay", "chunk"))
        if node.type.low <= 0:
            raise self.wrong(
                f"每期金额 {name} 须大于零",
                f"the chunk {name} must be greater than zero",
                "请核对",
                "check it",
                "pay",
                "chunk",
            )
        return node

    def _most_chunks(self, chunk: Node, months_apart: int) -> int:
        if self.clause.amount is None:
            raise Reported
        amount = self.clause.amount.type
        largest = max(abs(amount.low), abs(amount.high))
        number = math.ceil(largest / chunk.type.low)
        if number * months_apart > LONGEST_MONTHS:
            raise self.wrong(
                f"最多可能要 {number} 期，超过一百年",
                f"this may take {number} instalments, more than a hundred years",
                "请用 least(…, 上限) 限制金额，或缩小其声明范围",
                "cap the amount with least(…, cap), or declare smaller ranges for its facts",
                "pay",
                "chunk",
            )
        return max(number, 1)

    def _not_before(self, pay: Pay) -> int:
        if pay.not_before is None:
            return 0
        value = self._value(pay.not_before, "not_before")
        lengths: dict[tuple[str, ...], int] = {("month",): 1, ("year",): 12}
        months = lengths.get(Unit.parse(value.unit).over)
        if value.by or months is None:
            raise self.wrong(
                f"{pay.not_before} 须为无键的月数或年数",
                f"{pay.not_before} should be in months or years, without keys",
                "请写 {unit: month, is: 24}",
                "write {unit: month, is: 24}",
                "pay",
                "not_before",
            )
        figure = self.checker.figures(pay.not_before, ()).rows[0].figure
        if not isinstance(figure, Fraction) or figure < 0 or figure.denominator != 1:
            raise refusal("须为非负整数", "this is no whole number from 0", "请写 24", "write 24", 0).at(
                ("values", pay.not_before, "is")
            )
        return int(figure) * months

    # --- clawback ----------------------------------------------------------------------------------------------

    def clawback(self) -> CheckedClawback | None:
        model = self.model.clawback
        if model is None:
            return None
        on = self.clause.date(model.on, "clawback", "on")
        assert on is not None
        share = self.clause.expression(model.share, ("clawback", "share"), self.facts)
        kind = share.type
        if kind.kind != "number" or kind.quotient or kind.unit != Unit() or kind.low < 0 or kind.high > 1:
            raise self.wrong(
                "追回比例须在 0 至 100% 之间",
                "the share taken back is from 0 to 100%",
                "请引用单位为 percent 的数值",
                "use a value in percent",
                "clawback",
                "share",
            )
        return CheckedClawback(on, share)
