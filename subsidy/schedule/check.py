"""The meaning of a schedule: every name, unit, figure and condition in it, checked at load, all mistakes at once."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Literal

from subsidy.finding import Finding, Refusal, ScheduleError, Text, nearest
from subsidy.schedule import expression as ex
from subsidy.schedule.figures import Figures, check_each_figure, read_figures
from subsidy.schedule.infer import infer, refusal
from subsidy.schedule.model import MONTHS_IN, PERIODS, Clause, Column, Limit, ScheduleFile, Table, Value
from subsidy.schedule.node import MONTH, YEAR, Node, Type, Unit
from subsidy.schedule.scope import History, Scope, type_of_unit
from subsidy.schedule.source import KEY, Path, Source

NOT_STATED = "not_stated"
PERIOD_WORDS = frozenset(PERIODS)


@dataclass(frozen=True)
class Instalments:
    """Weights in order of the instalments, the months between two, and the conditions on the due day."""

    weights: tuple[int, ...]
    months_apart: int
    conditions: tuple[Node, ...]


@dataclass(frozen=True)
class Sharing:
    """Who pays what share: fixed weights, or a value whose last key is the payer."""

    weights: tuple[tuple[str, int], ...] = ()
    value: str = ""
    keys: tuple[Node, ...] = ()


@dataclass(frozen=True)
class CheckedClause:
    name: str
    model: Clause
    when: tuple[Node, ...]  # all must hold
    steps: Mapping[str, Node]
    amount: Node
    parts: Mapping[str, Node]  # empty unless the payers' parts make the amount
    sharing: Sharing | None
    payers: tuple[str, ...]  # in the order in which ties are settled
    places: Mapping[str, Node]  # fact that names a payer's place -> the fact
    payee: Node
    payee_kind: str
    facility: Node | None
    district: Node | None
    dated: Node | None
    version_by: Node | None
    reads_at: Node | None  # where it is a date fact
    instalments: Instalments | None

    @property
    def table(self) -> str:
        return self.model.for_

    def conditions(self) -> list[str]:
        return [ex.shown(tree) for tree in ex.conjuncts(ex.parse(self.model.when))] if self.model.when else []


@dataclass(frozen=True)
class CheckedLimit:
    name: str
    model: Limit
    is_pot: bool
    keep: str  # "", highest, first, most
    when_short: str  # "", report, pro_rata, in_order, by_rank
    keys: Mapping[str, tuple[Node, ...]]  # clause -> its keys, for a limit on subjects
    by: Mapping[str, Node]  # clause -> the fact of `most`, `in_order`, `by_rank`
    ceiling: Mapping[str, Node]  # clause -> at_most, for a limit on subjects
    per_unit: bool  # each unit of a `count` row is a subject of its own
    counts_months: bool
    years: tuple[int, int] | None


class Checker:
    """One schedule being checked; afterwards, what the checks found out."""

    def __init__(self, model: ScheduleFile, tables: Mapping[str, Table], sources: tuple[Source, ...]) -> None:
        self.model = model
        self.tables = tables
        self.sources = sources
        self.findings: list[Finding] = []
        self.value_types: dict[tuple[str, tuple[Type, ...]], Figures] = {}
        self.clauses: dict[str, CheckedClause] = {}
        self.entered: list[str] = []
        self.circles: set[frozenset[str]] = set()

    # --- findings ----------------------------------------------------------------------------------------------

    def report(self, path: Path, refused: Refusal, code: str, value: str = "") -> None:
        at = refused.path if refused.path is not None else path
        source = next((source for source in self.sources if at in source.places), self.sources[0])
        if refused.path is not None:
            code = {"facts": "fact", "values": "value"}.get(str(at[0]), code)
        finding = Finding(source.place(at, refused.offset), code, refused.why, refused.remedy, value)
        if finding not in self.findings:
            self.findings.append(finding)

    @contextmanager
    def reporting(self, path: Path, code: str) -> Iterator[None]:
        try:
            yield
        except Refusal as refused:
            self.report(path, refused, code)
        except _Reported:
            pass

    @contextmanager
    def entering(self, what: str, path: Path) -> Iterator[None]:
        if what in self.entered:
            members = self.entered[self.entered.index(what) :]
            if frozenset(members) in self.circles:
                raise _Reported
            self.circles.add(frozenset(members))
            circle = " → ".join([*members, what])
            raise refusal(f"循环引用:{circle}", f"these read each other: {circle}", "请断开循环", "break the circle", 0)
        self.entered.append(what)
        try:
            yield
        except Refusal as refused:
            raise refused.at(path) if path[0] == "facts" else refused from None
        finally:
            self.entered.pop()

    # --- facts and values --------------------------------------------------------------------------------------

    def formula(self, written: str, path: Path, scope: Scope) -> Node:
        """The typed form of the expression that stands at `path`."""
        try:
            return infer(ex.parse(written), scope)
        except Refusal as refused:
            raise refused.at(path, refused.offset) from None

    def histories_of(self, table: str) -> list[History]:
        found: list[History] = []
        if self.tables[table].is_history:
            return found
        for name, model in self.tables.items():
            if not model.is_history:
                continue
            links = [column for column, to in model.references.items() if to == table]
            if len(links) == 1:
                found.append(History(name, model, links[0], True))
            elif "person" in model.columns and "person" in self.tables[table].columns:
                found.append(History(name, model, "person", False))
        return found

    def type_of(self, column: Column, table: str, name: str) -> Type:
        missing = column.blank in ("missing", "none")
        if column.type == "yes_no":
            return Type("yes_no", can_be_missing=missing)
        if column.type == "date":
            return Type("date", can_be_missing=missing)
        if column.type == "one_of":
            return Type("category", options=column.options, can_be_missing=missing)
        if column.type in ("month", "year"):
            low, high = (1900, 2200) if column.type == "year" else (1900 * 12, 2200 * 12)
            unit = Unit((YEAR if column.type == "year" else MONTH,))
            return Type("number", unit, 1, Fraction(low), Fraction(high), can_be_missing=missing)
        if column.type == "number":
            unit, scale = type_of_unit(column.unit)
            scale = 10**column.decimals if column.decimals is not None else scale
            path = ("facts", table, name)
            low_end = self.range_end(column, "low", table, path)
            high_end = self.range_end(column, "high", table, path)
            numbers = [node.type for node in (low_end, high_end)]
            return Type(
                "number",
                unit,
                scale,
                min(kind.low for kind in numbers),
                max(kind.high for kind in numbers),
                can_be_missing=missing,
            )
        return Type("text", table=column.table or table, can_be_missing=missing)

    def range_end(
        self,
        column: Column,
        end: Literal["low", "high"],
        table: str,
        path: Path,
        hops: tuple[tuple[str, str], ...] = (),
    ) -> Node:
        """An end of a declared range: a number, or a value looked up by the keys of the row at the end of `hops`."""
        written = column.low if end == "low" else column.high
        if re.fullmatch(r"-?[0-9.]+", written):
            number = Fraction(written) / (100 if column.unit == "percent" else 1)
            return Node("number", Type("number", scale=number.denominator, low=number, high=number), constant=number)
        if written not in self.model.values:
            raise Refusal(
                Text(f"没有数值 {written}", f"there is no value {written}"), nearest(written, self.model.values)
            ).at(path)
        return Scope(self, table, None, hops, reads_facts_only=True).value(written, None, 0)

    def figures(self, name: str, keys: tuple[Type, ...]) -> Figures:
        known = self.value_types.get((name, keys))
        if known is None:
            value = self.model.values[name]
            try:
                known = read_figures(value.figures, value.unit, keys)
            except Refusal as refused:
                inner = refused.path or ("is",)
                refused.path = None
                raise refused.at(("values", name, *inner)) from None
            self.value_types[(name, keys)] = known
        return known

    def look_up(self, name: str, keys: tuple[Node, ...]) -> Node:
        value = self.model.values[name]
        kinds = tuple(_key_type(key.type) for key in keys)
        figures = self.figures(name, kinds)
        for key, form in zip(keys, figures.forms, strict=True):
            if key.operation == "category" and key.type.kind == "text" and key.name not in form.texts:
                raise Refusal(
                    Text(f"{name} 没有 '{key.name}' 的数", f"{name} has no figure for '{key.name}'"),
                    nearest(key.name, form.texts),
                )
        missing = bool(keys)
        if value.unit == "date":
            return Node("value", Type("date", can_be_missing=missing), keys, name)
        unit = Unit.parse(value.unit)
        numbers = figures.numbers or [Fraction(0)]
        kind = Type("number", unit, figures.scale, min(numbers), max(numbers), can_be_missing=missing)
        return Node("value", kind, keys, name)

    def figures_of(self, node: Node) -> Figures:
        """The figures behind a look-up."""
        return self.figures(node.name, tuple(_key_type(key.type) for key in node.arguments))

    # --- clauses -----------------------------------------------------------------------------------------------

    def clause(self, name: str) -> CheckedClause:
        if name not in self.clauses:
            with self.entering(name, ("clauses", name)):
                self.clauses[name] = _ClauseChecker(self, name).checked()
        return self.clauses[name]


def _key_type(kind: Type) -> Type:
    """What of a key's type decides how figures are matched."""
    if kind.kind == "category":
        return Type("category", options=kind.options)
    if kind.kind == "number":
        return Type("number", kind.unit if kind.unit.over in ((YEAR,), (MONTH,)) else Unit(), kind.scale)
    return Type(kind.kind)


class _ClauseChecker:
    def __init__(self, checker: Checker, name: str) -> None:
        self.checker = checker
        self.name = name
        self.model = checker.model.clauses[name]
        self.path: Path = ("clauses", name)

    def checked(self) -> CheckedClause:
        model, checker = self.model, self.checker
        if model.for_ not in checker.tables:
            raise self.refused("for", model.for_, checker.tables, "没有表", "there is no table")
        self._check_rows(checker.tables[model.for_])
        steps: dict[str, Node] = {}
        scope = Scope(checker, model.for_, model.every, steps=steps, clause=self.name)
        self.scope = scope
        for step, written in model.steps.items():
            node = self.expression(written, ("steps", step), scope)
            steps[step] = Node("step", node.type, (node,), name=step)
        when = self._conditions(model.when, ("when",), scope)
        amount, parts = self._amount(scope, steps)
        self._check_money(amount)
        payee, payee_kind = self._payee(scope)
        return CheckedClause(
            name=self.name,
            model=model,
            when=when,
            steps=dict(steps),
            amount=amount,
            parts=parts,
            sharing=self._sharing(scope),
            payers=self._payers(parts),
            places=self._places(scope),
            payee=payee,
            payee_kind=payee_kind,
            facility=self._facility(scope),
            district=self._named("district", scope),
            dated=self._date(model.dated, "dated"),
            version_by=self._date(model.version_by, "version_by"),
            reads_at=None if model.reads_at in ("last_day", "first_day") else self._date(model.reads_at, "reads_at"),
            instalments=self._instalments(scope),
        )

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
                raise _Reported from None
            raise

    def _conditions(self, written: str | None, path: Path, scope: Scope) -> tuple[Node, ...]:
        if written is None:
            return ()
        node = self.expression(written, path, scope)
        if node.type.kind != "yes_no":
            raise refusal(
                f"{written} 不是条件", f"{written} is not a condition", "请写成比较", "make it a comparison", 0
            ).at((*self.path, *path))
        return tuple(_and_parts(node))

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
                f"表 {model.for_} 既无起止日期,也无 {model.every} 列",
                f"the table {model.for_} has neither a first and last day nor a column {model.every}",
                "请改 every,或给表加列",
                "change every, or add the column",
                0,
            ).at((*self.path, "every"))

    def _amount(self, scope: Scope, steps: dict[str, Node]) -> tuple[Node, dict[str, Node]]:
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
                "请删除 amount,或让最后一个为 rest",
                "remove amount, or let the last part be rest",
                0,
            ).at((*self.path, "amount"))
        return (given if given is not None else _sum(list(parts.values()))), parts

    def _check_part(self, node: Node, payer: str) -> None:
        self._check_money(node, ("parts", payer))
        if node.type.low < 0:
            raise refusal(
                "分担部分可能为负", "this part may be negative", "请用 greatest(…, 0)", "use greatest(…, 0)", 0
            ).at((*self.path, "parts", payer))

    def _check_money(self, node: Node, path: Path = ("amount",)) -> None:
        kind = node.type
        full = (*self.path, *path)
        if kind.kind != "number":
            raise refusal(
                "此处须为金额", "this is not an amount", "请写单位为 yuan 的数量", "write a quantity in yuan", 0
            ).at(full)
        found = kind.unit.within(self.scope.row_names)
        if not kind.any_unit and found != Unit(("yuan",)):
            raise refusal(
                f"金额的单位是 {found},应为 yuan",
                f"the amount is in {found} and should be in yuan",
                "请核对单位;按行计的单位(如 / person / month)自动消去",
                "check the units; those of the row (such as / person / month) cancel by themselves",
                0,
            ).at(full)
        if kind.quotient or 100 % kind.scale:
            raise refusal(
                "金额可能不足一分",
                "the amount may have parts of a fen",
                "请写 round … to fen half_up(或其他单位、方式)",
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
            for key, given in (("split", model.split), ("parts", model.parts), ("pay", model.pay)):
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
                "请写谁承担,例如 split: {city: 5, district: 5}",
                "say who pays, such as split: {city: 5, district: 5}",
                0,
            ).at(self.path)
        if isinstance(model.split, str):
            return self._sharing_by_value(model.split, scope)
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
        return Sharing(weights)

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

    def _payee(self, scope: Scope) -> tuple[Node, str]:
        table = self.checker.tables[self.model.for_]
        to = self.model.pay.to if self.model.pay else None
        if to is None:
            facility = self._facility(scope)
            if facility is not None:
                return facility, "facilities"
            return scope.resolve(ex.Name((table.key or "",), 0)), self.model.for_
        column = table.columns.get(to)
        if column is None or (column.type not in ("key", "ref") and to != "person"):
            raise refusal(
                f"不能付给 {to}",
                f"{to} cannot be paid",
                "to 须为本表的 key、引用列或 person",
                "to is the key, a reference or person of the clause's table",
                0,
            ).at((*self.path, "pay", "to"))
        kind = column.table if column.type == "ref" else ("person" if to == "person" else self.model.for_)
        return scope.resolve(ex.Name((to,), 0)), kind or ""

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

    def _date(self, name: str | None, key: str) -> Node | None:
        if name is None:
            return None
        node = self.expression(name, (key,), Scope(self.checker, self.model.for_, None, reads_facts_only=True))
        if node.type.kind != "date":
            raise refusal(f"{name} 不是日期", f"{name} is not a date", "请用日期列", "use a date column", 0).at(
                (*self.path, key)
            )
        return node

    def _instalments(self, scope: Scope) -> Instalments | None:
        pay = self.model.pay
        if pay is None or (pay.shares is None and pay.while_ is None and pay.every is None):
            return None
        if pay.shares is None or pay.every is None:
            raise refusal(
                "分期须有 shares 和 every",
                "instalments need shares and every",
                "请写 shares: 数值, every: year",
                "add shares: VALUE, every: year",
                0,
            ).at((*self.path, "pay"))
        value = self.checker.model.values.get(pay.shares)
        if value is None or value.by != ("instalment",):
            known = [name for name, one in self.checker.model.values.items() if one.by == ("instalment",)]
            raise Refusal(
                Text(f"{pay.shares} 不是按 instalment 的数值", f"{pay.shares} is no value by instalment"),
                nearest(pay.shares, known),
            ).at((*self.path, "pay", "shares"))
        figures = self.checker.figures(pay.shares, (Type("number"),))
        if sum(figures.numbers) != 1 or [row.keys[0] for row in sorted(figures.rows, key=lambda r: str(r.keys))] != [
            (n, n) for n in range(1, len(figures.rows) + 1)
        ]:
            raise refusal(
                "各期比例之和须为 100%,期次从 1 起连续",
                "the shares of instalments 1, 2, … must add up to 100%",
                "请核对",
                "check them",
                0,
            ).at(("values", pay.shares, "is"))
        ordered = sorted(figures.rows, key=lambda row: row.keys)
        weights = tuple(int((row.figure or 0) * figures.scale) for row in ordered)  # type: ignore[operator]
        due_scope = Scope(self.checker, self.model.for_, "event", reads_facts_only=True)
        conditions = self._conditions(pay.while_, ("pay", "while"), due_scope)
        return Instalments(weights, MONTHS_IN[pay.every], conditions)


class _Reported(Exception):  # noqa: N818 - not an error: it was handled
    """The mistake is in the list of findings already."""


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


# --- limits --------------------------------------------------------------------------------------------------------


class _LimitChecker:
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
            any(self._per_unit(clauses[name].table) for name in model.among),
            counts_months,
            self._years(),
        )

    def _is_pot(self) -> bool:
        return self.model.payer is not None or all(key in PERIOD_WORDS | {"district"} for key in self.model.per)

    def _per_unit(self, table: str) -> bool:
        return self.checker.tables[table].key in self.model.per

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
            f"{key} 不能是 {written}", f"{key} cannot be {written}", f"可用:{options}", f"possible: {options}", key
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
            return infer(ex.parse(key), scope)
        except Refusal as refused:
            raise refused.at((*self.path, "per")) from None

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


# --- the whole -----------------------------------------------------------------------------------------------------


def check(
    model: ScheduleFile, tables: Mapping[str, Table], sources: tuple[Source, ...]
) -> tuple[Checker, dict[str, CheckedClause], dict[str, CheckedLimit]]:
    """Everything a schedule means. Raises ScheduleError with every mistake that was found."""
    checker = Checker(model, tables, sources)
    limits: dict[str, CheckedLimit] = {}
    try:
        for name in model.clauses:
            with checker.reporting(("clauses", name), "clause"):
                checker.clause(name)
        _check_facts(checker)
        _check_values(checker)
        _check_one_meaning(checker)
        _check_targets(checker)
        if not checker.findings:
            for name in model.limits:
                with checker.reporting(("limits", name), "limit"):
                    limits[name] = _LimitChecker(checker, name).checked()
        if not checker.findings:
            _check_two_rows_in_a_period(checker, limits)
            _check_rules(checker)
    except RecursionError:
        why, remedy = Text("引用层次过深", "names lead too deep"), Text("请减少中间事实", "use fewer facts in between")
        checker.findings.append(Finding(sources[0].place(()), "too-deep", why, remedy))
    if checker.findings:
        raise ScheduleError(checker.findings)
    return checker, dict(checker.clauses), limits


def _check_facts(checker: Checker) -> None:
    for table, own in checker.model.facts.items():
        model = checker.tables[table]
        with checker.reporting(("facts", table), "fact"):
            _check_table(table, model)
        scope = Scope(checker, table, "month" if model.life else "event", reads_facts_only=True)
        for name, column in own.columns.items():
            with checker.reporting(("facts", table, name), "fact"):
                if column.type in ("ref", "aggregate") and column.table not in checker.tables:
                    raise Refusal(
                        Text(f"没有表 {column.table}", f"there is no table {column.table}"),
                        nearest(column.table or "", checker.tables),
                    )
                if column.derived:
                    scope.resolve(ex.Name((name,), 0))
                else:
                    checker.type_of(column, table, name)


def _check_table(name: str, model: Table) -> None:
    keys = [column_name for column_name, column in model.columns.items() if column.type == "key"]
    if len(keys) > 1:
        raise refusal(
            f"表 {name} 有两列 key:{keys[0]} 与 {keys[1]}",
            f"the table {name} has two keys: {keys[0]} and {keys[1]}",
            "请只留一列",
            "keep one of them",
            0,
        ).at(("facts", name, keys[1]))
    for day in model.life or ():
        if day not in model.columns or model.columns[day].type != "date":
            raise refusal(
                f"起止列 {day} 不是日期列",
                f"the life of a row needs {day} to be a date",
                f"请写 {day}: date",
                f"write {day}: date",
                0,
            )


def _check_values(checker: Checker) -> None:
    read = {name for name, _ in checker.value_types}
    for name, value in checker.model.values.items():
        if name not in read:
            with checker.reporting(("values", name), "value"):
                check_each_figure(value.figures, value.unit, ("values", name, "is"))
                if not value.by:
                    checker.figures(name, ())


def _check_two_rows_in_a_period(checker: Checker, limits: Mapping[str, CheckedLimit]) -> None:
    for name, clause in checker.clauses.items():
        table = checker.tables[clause.table]
        if not (table.life and "person" in table.columns and clause.model.every in MONTHS_IN and clause.model.cash):
            continue
        by_day = any(leaf.name == "days_present" for leaf in clause.amount.leaves())
        limited = any(name in one.model.among and "person" in one.model.per for one in limits.values())
        if not by_day and not limited:
            with checker.reporting(("clauses", name), "two-rows"):
                raise refusal(
                    "同一人同一期可能有两行",
                    "one person may have two rows in one period",
                    "请加 limit(per: [person, 周期]),或按 days_present 计算",
                    "add a limit per person and period, or pay by days_present",
                    0,
                )


def _check_rules(checker: Checker) -> None:
    for rule, model in checker.model.rules.items():
        for position, written in enumerate(model.unread):
            forbidden = _columns_named(checker, written)
            with checker.reporting(("rules", rule, "unread", position), "rule"):
                if not forbidden:
                    known = {name for table in checker.tables.values() for name in table.columns}
                    last = written.rpartition(".")[2]
                    raise Refusal(Text(f"没有事实 {written}", f"there is no fact {written}"), nearest(last, known))
            for name, clause in checker.clauses.items():
                if clause.model.cash and forbidden & _columns_read(clause):
                    with checker.reporting(("clauses", name), "rule"):
                        raise refusal(
                            f"规则 {rule}(第 {model.item} 条)不允许补贴条款读取 {written}",
                            f"rule {rule} (item {model.item}) forbids a subsidy clause to read {written}",
                            "请去掉该条件",
                            "remove the condition",
                            0,
                        )


def _columns_named(checker: Checker, written: str) -> set[tuple[str, str]]:
    """The (table, column) a fact may be: by the reference before its name, or in any table that has it."""
    *hops, last = written.split(".")
    tables = set(checker.tables)
    if hops:
        tables = {table.references[hops[-1]] for table in checker.tables.values() if hops[-1] in table.references}
    tables |= {history.table for table in tables & set(checker.tables) for history in checker.histories_of(table)}
    return {(table, last) for table in tables if table in checker.tables and last in checker.tables[table].columns}


def _columns_read(clause: CheckedClause) -> set[tuple[str, str]]:
    """Every (table, column) that decides about a clause's money, also through derived facts."""
    nodes = [*clause.when, clause.amount, *clause.parts.values(), *clause.steps.values()]
    if clause.sharing:
        nodes += clause.sharing.keys
    if clause.instalments:
        nodes += clause.instalments.conditions
    found, seen = set(), set()
    while nodes:
        node = nodes.pop()
        if id(node) in seen:
            continue
        seen.add(id(node))
        nodes += node.arguments
        if node.fact is not None:
            found.add((node.fact.home, node.fact.column_name))
        if node.aggregate is not None:
            found.add((node.aggregate.table, node.aggregate.column_name))
            nodes += [part for part in (node.aggregate.where, node.aggregate.measure) if part is not None]
    return found


def _check_targets(checker: Checker) -> None:
    for name, target in checker.model.targets.items():
        path = ("targets", name)
        with checker.reporting(path, "target"):
            if target.for_ not in checker.tables:
                raise Refusal(
                    Text(f"没有表 {target.for_}", f"there is no table {target.for_}"),
                    nearest(target.for_, checker.tables),
                ).at((*path, "for"))
            scope = Scope(checker, target.for_, target.every, reads_facts_only=True)
            measure = checker.formula(target.measure, (*path, "measure"), scope)
            if measure.type.kind != "number":
                raise refusal(
                    f"{target.measure} 不是数量",
                    f"{target.measure} is not a number",
                    "此处需要数量或金额",
                    "a quantity or an amount is needed here",
                    0,
                ).at((*path, "measure"))
            if target.at_least is None and target.at_most is None:
                raise refusal("缺少 at_least 或 at_most", "at_least or at_most is missing", "请补上", "add one", 0)
            for key, bound in (("at_least", target.at_least), ("at_most", target.at_most)):
                if bound is not None:
                    _check_bound(checker, scope, measure, bound, (*path, key))


def _check_bound(checker: Checker, scope: Scope, measure: Node, bound: str, path: Path) -> None:
    known = checker.model.values
    if bound not in known:
        raise Refusal(Text(f"没有数值 {bound}", f"there is no value {bound}"), nearest(bound, known)).at(path)
    try:
        kind = scope.value(bound, None, 0).type
    except Refusal as refused:
        raise refused.at(path) from None
    left, right = measure.type.unit.within(scope.row_names), kind.unit.within(scope.row_names)
    if not measure.type.any_unit and left != right:
        raise refusal(
            f"单位不同:{left} 与 {right}",
            f"the units differ: {left} and {right}",
            "请核对两边的单位",
            "compare like with like",
            0,
        ).at(path)


def _check_one_meaning(checker: Checker) -> None:
    """No name may be a word of time, a fact, a value or a clause at once."""
    taken = dict.fromkeys(("year", "month", "date"), Text("时间", "a time"))
    for table in checker.tables.values():
        taken |= dict.fromkeys(table.columns, Text("事实", "a fact"))
    model, value, clause = checker.model, Text("数值", "a value"), Text("条款", "a clause")
    for section, names, meaning in (("values", list(model.values), value), ("clauses", list(model.clauses), clause)):
        for name in names:
            also = taken.setdefault(name, meaning)
            if also is not meaning:
                with checker.reporting((section, name), "two-meanings"):
                    raise refusal(
                        f"{name} 已是{also.zh}的名称",
                        f"{name} is the name of {also.en} already",
                        "请改名",
                        "choose another name",
                        0,
                    )
