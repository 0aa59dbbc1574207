"""One limit: on subjects or, where it acts on payers' parts, a pot."""

from __future__ import annotations

import re
from fractions import Fraction
from typing import TYPE_CHECKING, Literal

from subsidy.finding import Refusal, Text, nearest
from subsidy.schedule import expression as ex
from subsidy.schedule.checked import NOT_STATED, PERIOD_WORDS, CheckedLimit
from subsidy.schedule.figures import Figures
from subsidy.schedule.infer import infer, refusal
from subsidy.schedule.model import Refund, Value
from subsidy.schedule.node import MONTH, YEAR, Node, Type, Unit
from subsidy.schedule.scope import Scope
from subsidy.schedule.source import Path

if TYPE_CHECKING:
    from subsidy.schedule.checker import Checker


Counts = Literal["money", "months", "subjects"]


class LimitChecker:
    def __init__(self, checker: Checker, name: str) -> None:
        self.checker = checker
        self.name = name
        self.model = checker.model.limits[name]
        self.path: Path = ("limits", name)

    def wrong(self, zh: str, en: str, fix_zh: str, fix_en: str, *path: str | int) -> Refusal:
        return refusal(zh, en, fix_zh, fix_en, 0).at((*self.path, *path))

    def checked(self) -> CheckedLimit:
        model, checker = self.model, self.checker
        own = [clause for clause in model.among if ":" not in clause]
        for clause in model.among:
            schedule, _, name = clause.rpartition(":")
            if schedule == checker.model.schedule:
                raise self.wrong(
                    f"{name} 是本标准自己的条款",
                    f"{name} is a clause of this schedule itself",
                    f"请写 {name}",
                    f"write {name}",
                    "among",
                )
        for clause in own:
            if clause not in checker.model.clauses:
                raise Refusal(
                    Text(f"没有条款 {clause}", f"there is no clause {clause}"), nearest(clause, checker.model.clauses)
                ).at((*self.path, "among"))
        if (model.keep is not None) + (model.at_most is not None or model.refund is not None) != 1:
            raise self.wrong(
                "须有且只有 keep 或 at_most 之一",
                "exactly one of keep and at_most is needed",
                "请写一个",
                "write one of them",
            )
        clauses = {name: checker.clause(name) for name in own}
        scopes = {
            name: Scope(checker, one.table, one.model.every, reads_facts_only=True) for name, one in clauses.items()
        }
        keep, most = self._way(model.keep, ("highest", "first"), ("most",), "keep")
        short, ranked = self._way(model.when_short, ("report", "pro_rata"), ("in_order", "by_rank"), "when_short")
        counts = self._counts({one.table for one in clauses.values()})
        is_pot = counts == "money" and self._is_over_money()
        if keep and is_pot:
            raise self.wrong("资金池不能用 keep", "a pot has no keep", "请用 at_most", "use at_most", "keep")
        if model.refund:
            self._check_refund(model.refund, short)
        elif model.at_most and counts == "money" and not short:
            raise self.wrong(
                "缺少 when_short",
                "when_short is missing",
                "请写 report、pro_rata 或 in_order 事实",
                "write report, pro_rata or in_order FACT",
            )
        self._check_ways(counts, short)
        self._check_pot(is_pot)
        fact = most or ranked
        keys = {} if is_pot else {name: self._keys(scope) for name, scope in scopes.items()}
        way = "keep" if most else "when_short"
        by = {name: self._fact(fact, scope, way) for name, scope in scopes.items()} if fact else {}
        at_most = "" if is_pot else model.at_most
        ceiling = {name: self._ceiling(at_most, scope) for name, scope in scopes.items()} if at_most else {}
        for node in ceiling.values():
            if counts != "money" and node.type.scale != 1:
                raise self.wrong(
                    f"{model.at_most} 须为整数",
                    f"{model.at_most} should be a whole number",
                    "请核对",
                    "check it",
                    "at_most",
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
            counts,
            self._years(),
        )

    def _is_over_money(self) -> bool:
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

    def _counts(self, tables: set[str]) -> Counts:
        """What the ceiling is in: yuan, months, or the subjects of the clauses."""
        name = self.model.at_most
        if name is None:
            return "money"
        value = self._value(name, "at_most")
        over = Unit.parse(value.unit).over
        keys = {self.checker.tables[table].key or "" for table in tables}
        subjects = keys if len(keys) == 1 else set()
        known: dict[str, Counts] = {"yuan": "money"}
        if not self._is_over_money():
            known["month"] = "months"
        if self.model.payer is None:
            known |= dict.fromkeys(subjects, "subjects")
        counts = known.get(over[0]) if len(over) == 1 else None
        if counts is None:
            raise self.wrong(
                f"{name} 的单位应为 {' 或 '.join(known)}",
                f"{name} should be in {' or '.join(known)}",
                "请核对单位",
                "check its unit",
                "at_most",
            )
        return counts

    def _check_ways(self, counts: Counts, short: str) -> None:
        if counts == "months" and short:
            raise self.wrong(
                "以月计的上限没有 when_short",
                "a ceiling in months has no when_short",
                "请删除；保留最早的月份",
                "remove it: the earliest months are kept",
                "when_short",
            )
        if counts == "subjects" and short not in ("", "in_order", "by_rank"):
            raise self.wrong(
                f"名额不能 {short}",
                f"a number of places cannot be shared {short}",
                "请写 in_order 事实 或 by_rank 事实",
                "write in_order FACT or by_rank FACT",
                "when_short",
            )
        if self.model.last and (counts != "money" or short not in ("in_order", "by_rank")):
            raise self.wrong(
                "last 只用于金额上限的 in_order 或 by_rank",
                "last goes with in_order or by_rank of a ceiling in yuan",
                "请删除，或改 when_short",
                "remove it, or change when_short",
                "last",
            )

    def _check_refund(self, refund: Refund, short: str) -> None:
        model, payers = self.model, self.checker.model.payers
        if model.payer is None:
            raise self.wrong(
                "refund 须写明 payer（谁得到退还）",
                "a refund needs payer: who gets it",
                "请写 payer: 承担主体",
                "add payer: PAYER",
                "refund",
            )
        if refund.by not in payers or refund.by == model.payer:
            raise Refusal(
                Text(f"{refund.by} 不是另一个承担主体", f"{refund.by} is no other payer"),
                nearest(refund.by, set(payers) - {model.payer}),
            ).at((*self.path, "refund", "by"))
        if short or model.rest_to:
            key = "when_short" if short else "rest_to"
            raise self.wrong(f"refund 没有 {key}", f"a refund has no {key}", "请删除", "remove it", key)
        value = self._value(refund.share, "refund")
        if value.by or Unit.parse(value.unit) != Unit():
            raise self.wrong(
                f"{refund.share} 须为无键的百分比",
                f"{refund.share} should be a percentage without keys",
                "请写 {unit: percent, is: 50%}",
                "write {unit: percent, is: 50%}",
                "refund",
                "share",
            )
        figure = self.checker.figures(refund.share, ()).rows[0].figure
        if not isinstance(figure, Fraction) or not 0 <= figure <= 1:
            raise refusal("退还比例须在 0 至 100% 之间", "a refund is from 0 to 100%", "请核对", "check it", 0).at(
                ("values", refund.share, "is")
            )

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
        if model.used_before and not model.at_most:
            raise self.wrong(
                "used_before 须与 at_most 同用",
                "used_before goes with at_most",
                "请写 at_most，或删除 used_before",
                "add at_most, or remove used_before",
                "used_before",
            )
        if is_pot:
            self._check_taker("rest_to", model.rest_to)
            self._check_taker("refund", model.refund.by if model.refund else None)
        for position, word in enumerate(model.per if is_pot else ()):
            if word not in PERIOD_WORDS | {"district"}:
                raise self.wrong(
                    f"资金池的 per 不能有 {word}",
                    f"a pot cannot be per {word}",
                    "可用 district、year、half_year、quarter、month；按对象限制请删除 payer",
                    "possible: district, year, half_year, quarter, month; without payer it is a limit on subjects",
                    "per",
                    position,
                )
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

    def _check_taker(self, key: str, payer: str | None) -> None:
        """A payer that takes over what another one owed stands at the district of the row."""
        if payer is None:
            return
        if payer == self.model.payer:
            raise self.wrong(
                f"{payer} 不能接替自己",
                f"{payer} cannot take over from itself",
                "请写另一个承担主体",
                "name another payer",
                key,
            )
        of = self.checker.model.payers[payer].of if payer in self.checker.model.payers else None
        if of not in (None, "district"):
            raise self.wrong(
                f"{payer} 的所在地是 {of}，不能接替他人承担",
                f"{payer} is of {of} and cannot take over what another one owed",
                "只有无 of 或 of: district 的承担主体可以",
                "only a payer without of, or of: district, can",
                key,
            )

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

    def _ceiling(self, name: str, scope: Scope) -> Node:
        try:
            return scope.value(name, None, 0)
        except Refusal as refused:
            raise refused.at((*self.path, "at_most")) from None

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
