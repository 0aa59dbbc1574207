"""One check of a roster's rows: what it reads, checked against the tables, in the form in which the engine takes it."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Literal

from subsidy.finding import Refusal, Text, nearest
from subsidy.schedule.bounds import at_scale, bounded, fits
from subsidy.schedule.column import Table
from subsidy.schedule.infer import refusal
from subsidy.schedule.model import RosterCheck
from subsidy.schedule.node import MOST_ROWS, Aggregate, Node, Type, Unit
from subsidy.schedule.scope import Scope
from subsidy.schedule.source import Path

if TYPE_CHECKING:
    from subsidy.schedule.checker import Checker

CheckKind = Literal["holds", "unique", "unshared", "count", "sum", "at_once", "listed_in"]
KINDS: tuple[CheckKind, ...] = ("holds", "unique", "unshared", "count", "sum", "at_once", "listed_in")
BOUNDS = {"equals": "=", "at_least": ">=", "at_most": "<="}
REGISTER = "person"  # the key of a register of persons, and the column of other tables that is looked up in it
_ALLOWED: dict[CheckKind, tuple[str, ...]] = {
    "holds": (),
    "unique": (),
    "unshared": (),
    "count": ("where", *BOUNDS),
    "sum": ("over", "where", *BOUNDS),
    "at_once": ("where", "at_most"),
    "listed_in": ("by", "where"),
}


@dataclass(frozen=True)
class CheckedRosterCheck:
    """A check with its expressions typed.

    `condition` must hold on each row (for `count` and `sum` it compares the total with the bound). `keys` are what rows
    must not agree in, or what must be listed; `other_keys` are the columns of the table `over` they are listed in.
    `over` is the other table with its column `link` to this one, and `where` says which of its rows count.
    """

    name: str
    model: RosterCheck
    kind: CheckKind
    when: Node | None
    condition: Node | None = None
    keys: tuple[Node, ...] = ()
    over: str = ""
    link: str = ""
    where: Node | None = None
    total: Aggregate | None = None
    bound: Node | None = None
    other_keys: tuple[Node, ...] = ()

    @property
    def table(self) -> str:
        return self.model.for_

    @property
    def own(self) -> list[Node]:
        """What is read from a row of the table itself, the total of other rows apart."""
        read = (self.when, self.condition, self.bound, *self.keys)
        return [node for node in read if node is not None]

    @property
    def elsewhere(self) -> list[Node]:
        """What is read from a row of the table `over`."""
        measure = self.total.measure if self.total else None
        return [node for node in (self.where, measure, *self.other_keys) if node is not None]


@dataclass(frozen=True)
class UnfitCheck:
    """A shared check that a schedule cannot use, because it has a table or column of its own in the place of one."""

    name: str
    model: RosterCheck
    why: Text


class CheckScope(Scope):
    """A row as checks read it: on the day of the check, and beside references through `person` to the register."""

    def __init__(self, checker: Checker, table: str) -> None:
        super().__init__(checker, table, "event", reads_facts_only=True)

    def references_of(self, table: str) -> dict[str, str]:
        tables = self.checker.tables
        references = dict(super().references_of(table))
        register = next((name for name, model in tables.items() if model.key == REGISTER), None)
        if register is not None and register != table and REGISTER in tables[table].columns:
            references.setdefault(REGISTER, register)
        return references


class RosterCheckChecker:
    """Raises Refusal, placed at the part of the check that is wrong."""

    def __init__(self, checker: Checker, name: str, model: RosterCheck) -> None:
        self.checker = checker
        self.name = name
        self.model = model
        self.path: Path = ("checks", name)

    def checked(self) -> CheckedRosterCheck:
        model = self.model
        kind = self._kind()
        self._check_options(kind)
        self._table(model.for_, "for")
        self.scope = CheckScope(self.checker, model.for_)
        build: dict[CheckKind, Callable[[CheckKind, Node | None], CheckedRosterCheck]] = {
            "holds": self._holds,
            "unique": self._agreeing,
            "unshared": self._agreeing,
            "count": self._total,
            "sum": self._total,
            "at_once": self._at_once,
            "listed_in": self._listed,
        }
        return build[kind](kind, self._condition("when", self.scope))

    # --- form --------------------------------------------------------------------------------------------------

    def _kind(self) -> CheckKind:
        found = [kind for kind in KINDS if getattr(self.model, kind) is not None]
        if len(found) != 1:
            names = ", ".join(KINDS)
            why = (
                Text(f"{found[0]} 与 {found[1]} 只能写一个", f"{found[0]} and {found[1]} cannot stand together")
                if found
                else Text("没有写明查什么", "it does not say what is checked")
            )
            raise Refusal(why, Text(f"请写其中一个：{names}", f"write one of {names}")).at(self.path)
        return found[0]

    def _check_options(self, kind: CheckKind) -> None:
        for option in ("over", "by", "where", *BOUNDS):
            if getattr(self.model, option) is not None and option not in _ALLOWED[kind]:
                allowed = ("when", *_ALLOWED[kind])
                raise Refusal(
                    Text(f"{kind} 没有 {option}", f"{kind} has no {option}"),
                    Text(f"可用：{', '.join(allowed)}", f"possible: {', '.join(allowed)}"),
                ).at((*self.path, option))
        for option, of in (("over", "sum"), ("by", "listed_in")):
            if kind == of and getattr(self.model, option) is None:
                raise self._lacks(kind, option)

    def _lacks(self, kind: CheckKind, option: str) -> Refusal:
        why = Text(f"{kind} 缺少 {option}", f"{kind} needs {option}")
        return Refusal(why, Text(f"请补上 {option}: …", f"add {option}: …")).at((*self.path, kind))

    def _table(self, name: str, option: str) -> Table:
        tables = self.checker.tables
        if name not in tables:
            raise Refusal(Text(f"没有表 {name}", f"there is no table {name}"), nearest(name, tables)).at(
                (*self.path, option)
            )
        return tables[name]

    # --- expressions -------------------------------------------------------------------------------------------

    def _expression(self, written: str, scope: Scope, *path: str | int) -> Node:
        return self.checker.formula(written, (*self.path, *path), scope)

    def _condition(self, option: Literal["when", "where", "holds"], scope: Scope) -> Node | None:
        written = getattr(self.model, option)
        if written is None:
            return None
        node = self._expression(written, scope, option)
        if node.type.kind != "yes_no":
            raise refusal(
                f"{written} 不是条件", f"{written} is not a condition", "请写成比较", "make it a comparison", 0
            ).at((*self.path, option))
        return node

    def _number(self, written: str, scope: Scope, *path: str | int) -> Node:
        node = self._expression(written, scope, *path)
        if node.type.kind != "number" or node.type.quotient:
            raise refusal(
                f"{written} 不是数量",
                f"{written} is not a number",
                "此处需要数量或金额，商须先舍入",
                "a quantity or an amount is needed here; round a quotient first",
                0,
            ).at((*self.path, *path))
        return node

    def _comparable(self, node: Node, written: str, *path: str | int) -> Node:
        if node.type.quotient:
            raise refusal(
                f"{written} 是未舍入的商，不能逐行比较是否相同",
                f"{written} is a quotient that is not rounded, which rows cannot agree in",
                "请先舍入",
                "round it first",
                0,
            ).at((*self.path, *path))
        return node

    def _bound(self) -> tuple[str, Node]:
        given = [option for option in BOUNDS if getattr(self.model, option) is not None]
        if len(given) != 1:
            raise Refusal(
                Text("须写且只写一个界限", "it needs exactly one bound"),
                Text("请写 equals、at_least、at_most 之一", "write one of equals, at_least, at_most"),
            ).at(self.path)
        return BOUNDS[given[0]], self._number(getattr(self.model, given[0]), self.scope, given[0])

    def _link(self, over: str, option: str) -> str:
        links = [name for name, to in self._table(over, option).references.items() if to == self.model.for_]
        if len(links) != 1:
            raise refusal(
                f"{over} 须有且只有一列引用 {self.model.for_}",
                f"{over} must have exactly one column that refers to {self.model.for_}",
                "请核对引用列",
                "check its references",
                0,
            ).at((*self.path, option))
        return links[0]

    # --- kinds -------------------------------------------------------------------------------------------------

    def _holds(self, kind: CheckKind, when: Node | None) -> CheckedRosterCheck:
        return CheckedRosterCheck(self.name, self.model, kind, when, self._condition("holds", self.scope))

    def _agreeing(self, kind: CheckKind, when: Node | None) -> CheckedRosterCheck:
        written = (self.model.unique if kind == "unique" else self.model.unshared) or ()
        if kind == "unshared":
            self._check_life(self.model.for_, kind)
        keys = tuple(
            self._comparable(self._expression(one, self.scope, kind, number), one, kind, number)
            for number, one in enumerate(written)
        )
        return CheckedRosterCheck(self.name, self.model, kind, when, keys=keys)

    def _check_life(self, table: str, option: str) -> None:
        if self.checker.tables[table].life is None:
            raise refusal(
                f"表 {table} 没有起止日期，无从判断是否同时",
                f"the rows of {table} have no first and last day, so none are there at once",
                "请用有起止日期的表",
                "use a table whose rows have a life",
                0,
            ).at((*self.path, option))

    def _total(self, kind: CheckKind, when: Node | None) -> CheckedRosterCheck:
        model = self.model
        over, option = (model.count, "count") if kind == "count" else (model.over, "over")
        assert over is not None
        link = self._link(over, option)
        scope = CheckScope(self.checker, over)
        measure = None if model.sum is None else self._number(model.sum, scope, "sum")
        aggregate = Aggregate(
            (), model.for_, f"check:{self.name}", "count" if measure is None else "sum", over, link, None,
            self._condition("where", scope), measure,
        )  # fmt: skip
        operator, bound = self._bound()
        total = Node("aggregate", self._total_type(measure, over), name=aggregate.name, aggregate=aggregate)
        bounded(total, 0)
        fits((total, bound), 0, *at_scale(math.lcm(total.type.scale, bound.type.scale), total, bound))
        unit, wanted = total.type.unit, bound.type.unit.within(self.scope.row_names)
        if measure is not None and not bound.type.any_unit and unit != wanted:
            raise refusal(
                f"单位不同：{unit} 与 {wanted}", f"the units differ: {unit} and {wanted}",
                "请核对两边的单位", "compare like with like", 0,
            ).at((*self.path, "sum"))  # fmt: skip
        condition = Node("compare", Type("yes_no", can_be_missing=True), (total, bound), name=operator)
        return CheckedRosterCheck(
            self.name, model, kind, when, condition, over=over, link=link, where=aggregate.where, total=aggregate,
            bound=bound,
        )  # fmt: skip

    def _total_type(self, measure: Node | None, over: str) -> Type:
        if measure is None:
            return Type("number", Unit((over,)), high=Fraction(MOST_ROWS), can_be_missing=True, any_unit=True)
        kind = measure.type
        return Type("number", kind.unit, kind.scale, kind.low * MOST_ROWS, kind.high * MOST_ROWS, can_be_missing=True)

    def _at_once(self, kind: CheckKind, when: Node | None) -> CheckedRosterCheck:
        over = self.model.at_once or ""
        link = self._link(over, kind)
        self._check_life(over, kind)
        if self.model.at_most is None:
            raise self._lacks(kind, "at_most")
        _, bound = self._bound()
        where = self._condition("where", CheckScope(self.checker, over))
        return CheckedRosterCheck(self.name, self.model, kind, when, over=over, link=link, where=where, bound=bound)

    def _listed(self, kind: CheckKind, when: Node | None) -> CheckedRosterCheck:
        over = self.model.listed_in or ""
        self._table(over, kind)
        scope = CheckScope(self.checker, over)
        keys, others = [], []
        for number, name in enumerate(self.model.by or ()):
            key, other = (self._expression(name, one, "by", number) for one in (self.scope, scope))
            keys.append(self._comparable(key, name, "by", number))
            others.append(self._comparable(other, name, "by", number))
            if _form(key.type) != _form(other.type):
                raise refusal(
                    f"两表的 {name} 不能比较", f"{name} of the two tables cannot be compared",
                    "请用两表中同一种类的列", "use a column that both tables have in the same form", 0,
                ).at((*self.path, "by", number))  # fmt: skip
        where = self._condition("where", scope)
        return CheckedRosterCheck(
            self.name, self.model, kind, when, keys=tuple(keys), over=over, where=where, other_keys=tuple(others)
        )


def _form(kind: Type) -> tuple[str, int]:
    """How a cell is held: two that are held in one way can be compared."""
    return "text" if kind.kind == "category" else kind.kind, kind.scale


def fitted(checker: Checker, name: str, model: RosterCheck) -> CheckedRosterCheck | UnfitCheck:
    """A shared check as it reads the tables of a schedule, or why it cannot."""
    try:
        return RosterCheckChecker(checker, name, model).checked()
    except Refusal as refused:
        return UnfitCheck(name, model, refused.why)
