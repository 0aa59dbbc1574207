"""One limit: on subjects or, where it acts on payers' parts, a pot."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from subsidy.finding import Refusal, Text, nearest
from subsidy.schedule import expression as ex
from subsidy.schedule.checked import NOT_STATED, PERIOD_WORDS, CheckedLimit
from subsidy.schedule.figures import Figures
from subsidy.schedule.infer import infer, refusal
from subsidy.schedule.model import Value
from subsidy.schedule.node import MONTH, YEAR, Node, Type, Unit
from subsidy.schedule.scope import Scope
from subsidy.schedule.source import Path

if TYPE_CHECKING:
    from subsidy.schedule.checker import Checker


class LimitChecker:
    def __init__(self, checker: Checker, name: str) -> None:
        self.checker = checker
        self.name = name
        self.model = checker.model.limits[name]
        self.path: Path = ("limits", name)

    def wrong(self, zh: str, en: str, fix_zh: str, fix_en: str, *path: str) -> Refusal:
        return refusal(zh, en, fix_zh, fix_en, 0).at((*self.path, *path))

    def checked(self) -> CheckedLimit:
        model, checker = self.model, self.checker
        for clause in model.among:
            if clause not in checker.model.clauses:
                raise Refusal(
                    Text(f"没有条款 {clause}", f"there is no clause {clause}"), nearest(clause, checker.model.clauses)
                ).at((*self.path, "among"))
        if (model.keep is None) == (model.at_most is None):
            raise self.wrong(
                "须有且只有 keep 或 at_most 之一",
                "exactly one of keep and at_most is needed",
                "请写一个",
                "write one of them",
            )
        clauses = {name: checker.clause(name) for name in model.among}
        scopes = {name: Scope(checker, one.table, one.model.every, clause=name) for name, one in clauses.items()}
        is_pot = self._is_pot()
        keep, most = self._way(model.keep, ("highest", "first"), ("most",), "keep")
        short, ranked = self._way(model.when_short, ("report", "pro_rata"), ("in_order", "by_rank"), "when_short")
        if keep and is_pot:
            raise self.wrong("资金池不能用 keep", "a pot has no keep", "请用 at_most", "use at_most", "keep")
        counts_months = self._counts_months(is_pot)
        if model.at_most and not counts_months and not short:
            raise self.wrong(
                "缺少 when_short",
                "when_short is missing",
                "请写 report、pro_rata 或 in_order 事实",
                "write report, pro_rata or in_order FACT",
            )
        self._check_pot(is_pot)
        fact = most or ranked
        keys = {} if is_pot else {name: self._keys(scope) for name, scope in scopes.items()}
        way = "keep" if most else "when_short"
        by = {name: self._fact(fact, scope, way) for name, scope in scopes.items()} if fact else {}
        ceiling = (
            {}
            if is_pot or not model.at_most
            else {name: scope.value(model.at_most, None, 0) for name, scope in scopes.items()}
        )
        return CheckedLimit(
            self.name,
            model,
            is_pot,
            keep,
            short,
            keys,
            by,
            ceiling,
            counts_months,
            self._years(),
        )

    def _is_pot(self) -> bool:
        return self.model.payer is not None or all(key in PERIOD_WORDS | {"district"} for key in self.model.per)

    def _way(
        self, written: str | None, plain: tuple[str, ...], with_fact: tuple[str, ...], key: str
    ) -> tuple[str, str]:
        if written is None:
            return "", ""
        first, _, fact = written.partition(" ")
        if first in plain and not fact:
            return first, ""
        if first in with_fact and fact.strip():
            return first, fact.strip()
        options = ", ".join((*plain, *(f"{way} FACT" for way in with_fact)))
        raise self.wrong(
            f"{key} 不能是 {written}", f"{key} cannot be {written}", f"可用：{options}", f"possible: {options}", key
        )

    def _counts_months(self, is_pot: bool) -> bool:
        name = self.model.at_most
        if name is None:
            return False
        unit = Unit.parse(self._value(name, "at_most").unit).over
        if unit not in (("yuan",), ("month",)) or (is_pot and unit != ("yuan",)):
            raise self.wrong(
                f"{name} 的单位应为 yuan 或 month",
                f"{name} should be in yuan or month",
                "请核对单位",
                "check its unit",
                "at_most",
            )
        return unit == ("month",)

    def _value(self, name: str, key: str) -> Value:
        known = self.checker.model.values
        if name not in known:
            raise Refusal(Text(f"没有数值 {name}", f"there is no value {name}"), nearest(name, known)).at(
                (*self.path, key)
            )
        return known[name]

    def _check_pot(self, is_pot: bool) -> None:
        model = self.model
        payers = self.checker.model.payers
        for key, payer in (("payer", model.payer), ("rest_to", model.rest_to)):
            if payer and payer != NOT_STATED and payer not in payers:
                raise Refusal(Text(f"没有承担主体 {payer}", f"there is no payer {payer}"), nearest(payer, payers)).at(
                    (*self.path, key)
                )
        for key in ("years", "used_before", "rest_to"):
            if not is_pot and getattr(model, key) is not None:
                raise self.wrong(f"{key} 只用于资金池", f"{key} is for pots only", "请写 payer", "name a payer", key)
        if is_pot and model.at_most:
            for key, name in (("at_most", model.at_most), ("used_before", model.used_before)):
                if name is None:
                    continue
                if any(by not in model.per for by in self._value(name, key).by):
                    raise self.wrong(
                        f"{name} 的键须在 per 之内",
                        f"the keys of {name} must be among per",
                        "请核对",
                        "check them",
                        key,
                    )
                if coarse := [by for by in self._value(name, key).by if by in ("quarter", "half_year")]:
                    raise self.wrong(
                        f"{name} 不能以 {coarse[0]} 为键",
                        f"{name} cannot have the key {coarse[0]}",
                        "per 与 by 请用 year 或 month",
                        "write year or month in per and by",
                        key,
                    )
                self.pot_figures(name)

    def pot_figures(self, name: str) -> Figures:
        return self.checker.figures(name, pot_key_types(self.checker.model.values[name].by))

    def _keys(self, scope: Scope) -> tuple[Node, ...]:
        return tuple(self._key(key, scope) for key in self.model.per)

    def _key(self, key: str, scope: Scope) -> Node:
        if key in PERIOD_WORDS:
            kind = Type("number", Unit((YEAR if key == "year" else MONTH,)))
            return Node("time", kind, name=key)
        try:
            node = infer(ex.parse(key), scope)
        except Refusal as refused:
            raise refused.at((*self.path, "per")) from None
        if node.type.quotient:
            raise self.wrong(
                f"{key} 是未舍入的商，不能分组",
                f"{key} is a quotient that is not rounded and makes no groups",
                "请先舍入",
                "round it first",
                "per",
            )
        return node

    def _fact(self, written: str, scope: Scope, way: str) -> Node:
        try:
            node = infer(ex.parse(written), scope)
        except Refusal as refused:
            raise refused.at((*self.path, way)) from None
        if node.type.kind not in ("number", "yes_no", "date") or node.type.quotient:
            raise self.wrong(
                f"{written} 不能排序",
                f"{written} cannot be put in order",
                "请用数量、日期或是否",
                "use a number, a date or a yes_no",
                way,
            )
        return node

    def _years(self) -> tuple[int, int] | None:
        if self.model.years is None:
            return None
        match = re.fullmatch(r"([0-9]{4})\.\.([0-9]{4})", self.model.years)
        if not match or match[1] > match[2]:
            raise self.wrong(
                "years 写法不明",
                "this is not a range of years",
                "请写成 2022..2023",
                "write it like 2022..2023",
                "years",
            )
        return int(match[1]), int(match[2])


def pot_key_types(keys: tuple[str, ...]) -> tuple[Type, ...]:
    """How the figures of a pot are keyed: periods by number, districts by text."""
    return tuple(
        Type("number", Unit((YEAR if key == "year" else MONTH,))) if key in PERIOD_WORDS else Type("text")
        for key in keys
    )
