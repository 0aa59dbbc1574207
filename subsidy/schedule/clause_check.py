"""One clause: its rows, conditions, amount, payers, payee and instalments, checked."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from subsidy.finding import Refusal, Text, nearest
from subsidy.schedule import expression as ex
from subsidy.schedule.allocation_check import AllocationChecker
from subsidy.schedule.checked import NOT_STATED, CheckedAllocation, CheckedClause, Reported, Sharing
from subsidy.schedule.column import Table
from subsidy.schedule.infer import infer, refusal
from subsidy.schedule.node import Node, Type, Unit
from subsidy.schedule.pay_check import PayChecker
from subsidy.schedule.scope import Scope
from subsidy.schedule.source import KEY, Path

if TYPE_CHECKING:
    from subsidy.schedule.checker import Checker

WHOLE_LIFE = ("last_day", "first_day")


class ClauseChecker:
    def __init__(self, checker: Checker, name: str) -> None:
        self.checker = checker
        self.name = name
        self.model = checker.model.clauses[name]
        self.path: Path = ("clauses", name)
        self.amount: Node | None = None

    def checked(self) -> CheckedClause:
        model, checker = self.model, self.checker
        if model.for_ not in checker.tables:
            raise self.refused("for", model.for_, checker.tables, "没有表", "there is no table")
        self._check_rows(checker.tables[model.for_])
        self._check_replaced()
        steps: dict[str, Node] = {}
        scope = Scope(checker, model.for_, model.every, steps=steps, clause=self.name)
        self.scope = scope
        for step, written in model.steps.items():
            node = self.expression(written, ("steps", step), scope)
            steps[step] = Node("step", node.type, (node,), name=step)
        facts = Scope(checker, model.for_, model.every, reads_facts_only=True)
        found = self._each(
            when=lambda: (*self._placed(), *self.conditions(model.when, ("when",), scope)),
            money=lambda: self._amount(scope, steps),
            sharing=lambda: self._sharing(facts),
            places=lambda: self._places(facts),
            payee=lambda: self._payee(facts),
            facility=lambda: self._facility(facts),
            district=lambda: self._named("district", facts),
            dated=lambda: self.date(model.dated, "dated"),
            version_by=lambda: self.date(model.version_by, "version_by"),
            reads_at=lambda: self.date(None if model.reads_at in WHOLE_LIFE else model.reads_at, "reads_at"),
            instalments=lambda: PayChecker(self, facts).instalments(),
            clawback=lambda: PayChecker(self, facts).clawback(),
        )
        amount, parts, allocation = found.pop("money")
        return CheckedClause(
            name=self.name,
            model=model,
            steps=dict(steps),
            amount=amount,
            parts=parts,
            payers=self._payers(parts),
            allocation=allocation,
            districts=checker.model.districts or (),
            **found,
        )

    def _each(self, **checks: Callable[[], Any]) -> dict[str, Any]:
        """The results of all checks; where any fails, each failure is reported before Reported is raised."""
        found, failed = {}, False
        for name, check in checks.items():
            try:
                found[name] = check()
            except Refusal as refused:
                self.checker.report(self.path, refused, "clause")
                failed = True
            except Reported:
                failed = True
        if failed:
            raise Reported
        return found

    def refused(self, key: str, value: str, known: object, zh: str, en: str) -> Refusal:
        names = list(known) if isinstance(known, (list, tuple, set, frozenset, dict, Mapping)) else []
        return Refusal(Text(f"{zh} {value}", f"{en} {value}"), nearest(value, names)).at((*self.path, key))

    def expression(self, written: str, path: Path, scope: Scope) -> Node:
        full = (*self.path, *path)
        try:
            return infer(ex.parse(written), scope)
        except Refusal as refused:
            if refused.path is None:
                self.checker.report(full, refused, "expression", written)
                raise Reported from None
            raise

    def conditions(self, written: str | None, path: Path, scope: Scope) -> tuple[Node, ...]:
        if written is None:
            return ()
        node = self.expression(written, path, scope)
        if node.type.kind != "yes_no":
            raise refusal(
                f"{written} 不是条件", f"{written} is not a condition", "请写成比较", "make it a comparison", 0
            ).at((*self.path, *path))
        return tuple(_and_parts(node))

    def _placed(self) -> tuple[Node, ...]:
        try:
            placed = self.checker.placed(self.model.for_, self.model.every)
        except Refusal as refused:
            raise refused.at((*self.path, "for")) from None
        return () if placed is None else (placed,)

    def _check_replaced(self) -> None:
        replaced = self.model.replaces or ""
        schedule, _, clause = replaced.rpartition(":")
        if schedule == self.checker.model.schedule:
            raise refusal(
                f"{clause} 是本标准自己的条款",
                f"{clause} is a clause of this schedule itself",
                "请直接修改或删除该条款",
                "change or remove it; replaces is for clauses of another schedule",
                0,
            ).at((*self.path, "replaces"))

    def _check_rows(self, table: Table) -> None:
        model = self.model
        if table.key is None:
            raise refusal(
                f"表 {model.for_} 没有 key 列",
                f"the table {model.for_} has no key column",
                "条款需要能指明对象的表",
                "a clause needs a table whose rows have a key",
                0,
            ).at((*self.path, "for"))
        if model.every in ("once", "event"):
            if model.dated is None:
                raise refusal(
                    f"every: {model.every} 须写 dated",
                    f"every: {model.every} needs dated",
                    "请写 dated: 日期列",
                    "add dated: a date column",
                    0,
                ).at(self.path)
        elif not table.life and not _period_column(table, model.every):
            raise refusal(
                f"表 {model.for_} 既无起止日期，也无 {model.every} 列",
                f"the table {model.for_} has neither a first and last day nor a column {model.every}",
                "请改 every，或给表加列",
                "change every, or add the column",
                0,
            ).at((*self.path, "every"))

    def _amount(self, scope: Scope, steps: dict[str, Node]) -> tuple[Node, dict[str, Node], CheckedAllocation | None]:
        if self.model.allocation is not None:
            for key in ("amount", "parts"):
                if getattr(self.model, key) is not None:
                    raise refusal(
                        f"有 allocation 时没有 {key}", f"with an allocation there is no {key}", "请删除", "remove it", 0
                    ).at((*self.path, key))
            self.amount, allocation = AllocationChecker(self, self.model.allocation, scope).checked()
            return self.amount, {}, allocation
        self.amount, parts = self._amount_and_parts(scope, steps)
        self.check_money(self.amount)
        return self.amount, parts, None

    def _amount_and_parts(self, scope: Scope, steps: dict[str, Node]) -> tuple[Node, dict[str, Node]]:
        model = self.model
        given = self.expression(model.amount, ("amount",), scope) if model.amount else None
        if model.parts is None:
            if given is None:
                raise refusal("缺少 amount", "amount is missing", "请写 amount 或 parts", "add amount or parts", 0).at(
                    self.path
                )
            return given, {}
        parts: dict[str, Node] = {}
        if given is not None:
            steps["amount"] = Node("step", given.type, (given,), name="amount")
        for position, (payer, written) in enumerate(model.parts.items()):
            self._check_payer(payer, ("parts", payer))
            if written == "rest":
                if position != len(model.parts) - 1:
                    raise refusal("rest 不在最后", "rest is not the last part", "请移到最后", "put it last", 0).at(
                        (*self.path, "parts", payer)
                    )
                if given is None:
                    raise refusal("rest 需要 amount", "rest needs an amount", "请给出 amount", "add amount", 0).at(
                        (*self.path, "parts", payer)
                    )
                node = _rest(steps["amount"], list(parts.values()))
            else:
                node = self.expression(written, ("parts", payer), scope)
                self._check_part(node, payer)
            parts[payer] = steps[payer] = Node("step", node.type, (node,), name=payer)
        has_rest = "rest" in model.parts.values()
        if given is not None and not has_rest:
            raise refusal(
                "有 parts 时金额是各部分之和",
                "with parts the amount is their sum",
                "请删除 amount，或让最后一个为 rest",
                "remove amount, or let the last part be rest",
                0,
            ).at((*self.path, "amount"))
        return (given if given is not None else _sum(list(parts.values()))), parts

    def _check_part(self, node: Node, payer: str) -> None:
        self.check_money(node, ("parts", payer))
        if node.type.low < 0:
            raise refusal(
                "分担部分可能为负", "this part may be negative", "请用 greatest(…, 0)", "use greatest(…, 0)", 0
            ).at((*self.path, "parts", payer))

    def check_money(self, node: Node, path: Path = ("amount",)) -> None:
        kind = node.type
        full = (*self.path, *path)
        if kind.kind != "number":
            raise refusal(
                "此处须为金额", "this is not an amount", "请写单位为 yuan 的数量", "write a quantity in yuan", 0
            ).at(full)
        found = kind.unit.within(self.scope.row_names)
        is_nothing = kind.any_unit and kind.low == kind.high == 0
        if found != Unit(("yuan",)) and not is_nothing:
            raise refusal(
                f"金额的单位是 {found}，应为 yuan",
                f"the amount is in {found} and should be in yuan",
                "请核对单位；按行计的单位（如 / person / month）自动消去",
                "check the units; those of the row (such as / person / month) cancel by themselves",
                0,
            ).at(full)
        if kind.quotient or 100 % kind.scale:
            raise refusal(
                "金额可能不足一分",
                "the amount may have parts of a fen",
                "请写 round … to fen half_up（或其他单位、方式）",
                "write round … to fen half_up (or another unit or way)",
                0,
            ).at(full)

    # --- who pays, whom, when ----------------------------------------------------------------------------------

    def _check_payer(self, payer: str, path: Path) -> None:
        if payer != NOT_STATED and payer not in self.checker.model.payers:
            raise Refusal(
                Text(f"没有承担主体 {payer}", f"there is no payer {payer}"),
                nearest(payer, {*self.checker.model.payers, NOT_STATED}),
            ).at((*self.path, *path, KEY))

    def _sharing(self, scope: Scope) -> Sharing | None:
        model = self.model
        both = (model.split is not None) + (model.parts is not None)
        if not model.cash:
            for key in ("split", "split_to", "parts", "pay", "clawback"):
                given = getattr(model, key)
                if given is not None:
                    raise refusal(f"cash: no 不能有 {key}", f"cash: no has no {key}", "请删除", "remove it", 0).at(
                        (*self.path, key)
                    )
            return None
        if both == 2:
            raise refusal(
                "split 与 parts 不能并存",
                "split and parts cannot stand together",
                "请删除一个",
                "remove one of them",
                0,
            ).at((*self.path, "split"))
        if both == 0:
            raise refusal(
                "缺少 split 或 parts",
                "split or parts is missing",
                "请写谁承担，例如 split: {city: 5, district: 5}",
                "say who pays, such as split: {city: 5, district: 5}",
                0,
            ).at(self.path)
        step = self._split_step(scope)
        if isinstance(model.split, str):
            return replace(self._sharing_by_value(model.split, scope), step=step)
        weights = tuple((model.split or {}).items())
        for payer, weight in weights:
            self._check_payer(payer, ("split", payer))
            if weight < 0:
                raise refusal("份额为负", "a negative share", "请写非负整数", "write a whole number from 0", 0).at(
                    (*self.path, "split", payer)
                )
        if weights and not sum(weight for _, weight in weights):
            raise refusal("份额全为零", "all shares are zero", "至少一个大于零", "make one positive", 0).at(
                (*self.path, "split")
            )
        return Sharing(weights, step=step)

    def _split_step(self, scope: Scope) -> int:
        """The fen that `split_to` names; 0 where there is none."""
        name = self.model.split_to
        if name is None:
            return 0
        known = self.checker.model.values
        if name not in known:
            raise self.refused("split_to", name, known, "没有数值", "there is no value")
        step = scope.step_in_fen(name)
        if self.model.split is None or step is None:
            raise refusal(
                f"split_to 须与 split 同用，{name} 须为无键的金额",
                f"split_to goes with split, and {name} should be yuan without keys",
                "例如 {unit: yuan, is: 100}（0.01万元）",
                "such as {unit: yuan, is: 100} (0.01万元)",
                0,
            ).at((*self.path, "split_to"))
        return step

    def _sharing_by_value(self, name: str, scope: Scope) -> Sharing:
        checker = self.checker
        value = checker.model.values.get(name)
        if value is None or not value.by or value.by[-1] != "payer":
            raise Refusal(
                Text(f"{name} 不是最后一键为 payer 的数值", f"{name} is no value whose last key is payer"),
                nearest(name, [key for key, one in checker.model.values.items() if one.by[-1:] == ("payer",)]),
            ).at((*self.path, "split"))
        keys = [infer(ex.parse(key), scope) for key in value.by[:-1]]
        payer = Node("category", Type("category", options=(*checker.model.payers, NOT_STATED)), name="payer")
        node = checker.look_up(name, (*keys, payer))
        if node.type.scale != 1 or node.type.low < 0:
            raise refusal("份额须为非负整数", "shares are whole numbers from 0", "请写 5、3、0", "write 5, 3, 0", 0).at(
                ("values", name)
            )
        return Sharing(value=name, keys=tuple(keys))

    def _payers(self, parts: Mapping[str, object]) -> tuple[str, ...]:
        if parts:
            return tuple(parts)
        if isinstance(self.model.split, Mapping):
            return tuple(self.model.split)
        return (*self.checker.model.payers, NOT_STATED) if self.model.split else ()

    def _places(self, scope: Scope) -> dict[str, Node]:
        known = self.checker.model.payers
        payers = [known[payer] for payer in self._payers(self.model.parts or {}) if payer in known]
        places = {}
        for payer in payers:
            if payer.of and self.model.cash:
                name = next(name for name, one in known.items() if one is payer)
                places[payer.of] = self.checker.formula(payer.of, ("payers", name, "of"), scope)
        return places

    def _payee(self, scope: Scope) -> Node:
        table = self.checker.tables[self.model.for_]
        to = self.model.pay.to if self.model.pay else None
        if to is None:
            facility = self._facility(scope)
            if facility is not None:
                return facility
            return scope.resolve(ex.Name((table.key or "",), 0))
        column = table.columns.get(to)
        if column is None or (column.type not in ("key", "ref") and to != "person"):
            raise refusal(
                f"不能付给 {to}",
                f"{to} cannot be paid",
                "to 须为本表的 key、引用列或 person",
                "to is the key, a reference or person of the clause's table",
                0,
            ).at((*self.path, "pay", "to"))
        return scope.resolve(ex.Name((to,), 0))

    def _facility(self, scope: Scope) -> Node | None:
        if self.model.for_ == "facilities":
            return scope.resolve(ex.Name((self.checker.tables["facilities"].key or "",), 0))
        references = self.checker.tables[self.model.for_].references
        homes = [name for name, to in references.items() if to == "facilities"]
        return scope.resolve(ex.Name((homes[0],), 0)) if len(homes) == 1 else None

    def _named(self, name: str, scope: Scope) -> Node | None:
        try:
            return scope.resolve(ex.Name((name,), 0))
        except Refusal:
            return None

    def date(self, name: str | None, *path: str) -> Node | None:
        if name is None:
            return None
        node = self.expression(name, path, Scope(self.checker, self.model.for_, None, reads_facts_only=True))
        if node.type.kind != "date":
            raise refusal(f"{name} 不是日期", f"{name} is not a date", "请用日期列", "use a date column", 0).at(
                (*self.path, *path)
            )
        return node


def _and_parts(node: Node) -> list[Node]:
    if node.operation == "and":
        return [part for argument in node.arguments for part in _and_parts(argument)]
    return [node]


def _period_column(table: Table, every: str) -> bool:
    column = table.columns.get(every)
    return column is not None and column.type == every


def _sum(nodes: list[Node]) -> Node:
    total = nodes[0]
    for node in nodes[1:]:
        a, b = total.type, node.type
        kind = replace(
            a, scale=100, low=a.low + b.low, high=a.high + b.high, can_be_missing=a.can_be_missing or b.can_be_missing
        )
        total = Node("add", kind, (total, node))
    return total


def _rest(amount: Node, others: list[Node]) -> Node:
    if not others:
        return amount
    taken = _sum(others)
    kind = replace(amount.type, scale=100, low=Fraction(0), can_be_missing=True)
    difference = Node("sub", replace(kind, low=amount.type.low - taken.type.high), (amount, taken))
    return Node("not_negative", kind, (difference,))
