"""One schedule being checked: its findings so far, its facts and figures, its clauses when they are first asked for."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from fractions import Fraction
from typing import Literal

from subsidy.finding import Finding, Refusal, Text, nearest
from subsidy.schedule import expression as ex
from subsidy.schedule.aggregate_check import AggregateChecker
from subsidy.schedule.checked import NOT_STATED, CheckedClause, Reported, Sharing, in_districts
from subsidy.schedule.clause_check import ClauseChecker
from subsidy.schedule.column import Column, Table
from subsidy.schedule.figures import Figures, KeyForm, each_figure, read_figures
from subsidy.schedule.infer import infer, refusal
from subsidy.schedule.model import ScheduleFile
from subsidy.schedule.node import MONTH, YEAR, Node, Type, Unit
from subsidy.schedule.roster_check import CheckedRosterCheck
from subsidy.schedule.scope import History, Hops, Scope, type_of_unit
from subsidy.schedule.slices import SliceTable, read_slices
from subsidy.schedule.source import Path, Source


class Checker:
    """One schedule being checked; afterwards, what the checks found out."""

    def __init__(self, model: ScheduleFile, tables: Mapping[str, Table], sources: tuple[Source, ...]) -> None:
        self.model = model
        self.tables = tables
        self.sources = sources
        self.findings: list[Finding] = []
        self.known_figures: dict[tuple[str, tuple[Type, ...]], Figures] = {}
        self.known_slices: dict[tuple[str, tuple[Type, ...]], SliceTable] = {}
        self.known_facts: dict[tuple[object, ...], Node] = {}  # derived ones
        self.clauses: dict[str, CheckedClause] = {}
        self.roster_checks: dict[str, CheckedRosterCheck] = {}
        self.entered: list[str] = []
        self.histories: dict[str, list[History]] = {}
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
        except Reported:
            pass

    @contextmanager
    def entering(self, what: str, path: Path) -> Iterator[None]:
        if what in self.entered:
            members = self.entered[self.entered.index(what) :]
            if frozenset(members) in self.circles:
                raise Reported
            self.circles.add(frozenset(members))
            circle = " → ".join([*members, what])
            raise refusal(
                f"循环引用：{circle}", f"these read each other: {circle}", "请断开循环", "break the circle", 0
            )
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

    def aggregate(self, table: str, name: str, hops: Hops) -> Node:
        """The aggregate that is the fact `name` of `table`, read through `hops`."""
        return AggregateChecker(self, table, name, hops).checked()

    def histories_of(self, table: str) -> list[History]:
        """The tables of dated rows that can be read from a row of `table`."""
        if table not in self.histories:
            self.histories[table] = self._histories_of(table)
        return self.histories[table]

    def _histories_of(self, table: str) -> list[History]:
        found: list[History] = []
        if self.tables[table].is_history:
            return found
        for name, model in self.tables.items():
            link = model.link
            if link is None:
                continue
            if model.references.get(link) == table:
                found.append(History(name, model, link, True))
            elif link == "person" and "person" in self.tables[table].columns:
                found.append(History(name, model, "person", False))
        return found

    def placed(self, table: str, every: str | None) -> Node | None:
        """The condition that a row stands in a district of the document; None where that is in force everywhere.

        Raises Refusal where rows of the table have no district.
        """
        districts = self.model.districts
        if districts is None:
            return None
        scope = Scope(self, table, every, reads_facts_only=True)
        try:
            scope.resolve(ex.Name(("district",), 0))
        except Refusal:
            raise refusal(
                f"表 {table} 没有 district，无法判断该行是否在文件施行的区县",
                f"the rows of {table} have no district, so nothing says whether the document is in force for them",
                "请给表加 district 列，或加对有 district 的表的引用",
                "add a column district, or a reference to a table that has one",
                0,
            ) from None
        try:
            return infer(in_districts(districts), scope)
        except Refusal as refused:
            raise refused.at(("districts",)) from None

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
            scale = (
                10 ** (column.decimals + (2 if column.unit == "percent" else 0))
                if column.decimals is not None
                else scale
            )
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

    def numbers(self, name: str) -> list[Fraction]:
        """Every number that a value lists, whatever its keys."""
        model = self.model.values[name]
        found = [] if model.unit == "date" else each_figure(model.figures, model.unit)
        return [figure for figure in found if isinstance(figure, Fraction)]

    def figures(self, name: str, keys: tuple[Type, ...]) -> Figures:
        if (name, keys) not in self.known_figures:
            value = self.model.values[name]
            with _placed(name):
                self.known_figures[name, keys] = read_figures(value.figures, value.unit, keys)
        return self.known_figures[name, keys]

    def look_up(self, name: str, keys: tuple[Node, ...], at: int = 0) -> Node:
        value = self.model.values[name]
        figures = self.figures(name, _key_types(name, keys, at))
        _check_named(name, keys, figures.forms)
        missing = bool(keys)
        if value.unit == "date":
            return Node("value", Type("date", can_be_missing=missing), keys, name)
        unit = Unit.parse(value.unit)
        numbers = figures.numbers or [Fraction(0)]
        kind = Type("number", unit, figures.scale, min(numbers), max(numbers), can_be_missing=missing)
        return Node("value", kind, keys, name)

    def slices(self, name: str, keys: tuple[Node, ...], at: int) -> SliceTable:
        """The slices of a value, by the keys before its last one."""
        kinds = _key_types(name, keys, at)
        if (name, kinds) not in self.known_slices:
            value = self.model.values[name]
            with _placed(name):
                self.known_slices[name, kinds] = read_slices(value.figures, value.unit, kinds)
        table = self.known_slices[name, kinds]
        _check_named(name, keys, table.forms)
        return table

    def figures_of(self, node: Node) -> Figures:
        """The figures behind a look-up."""
        return self.figures(node.name, _key_types(node.name, node.arguments, 0))

    def shares_of(self, sharing: Sharing) -> Node:
        """The look-up of a split's value, by its keys and then the payer."""
        payer = Node("category", Type("category", options=(*self.model.payers, NOT_STATED)), name="payer")
        return self.look_up(sharing.value, (*sharing.keys, payer))

    def slices_of(self, node: Node) -> SliceTable:
        """The slices behind a node `slices`, whose first argument is what is sliced."""
        return self.slices(node.name, node.arguments[1:], 0)

    # --- clauses -----------------------------------------------------------------------------------------------

    def clause(self, name: str) -> CheckedClause:
        if name not in self.clauses:
            with self.entering(name, ("clauses", name)):
                self.clauses[name] = ClauseChecker(self, name).checked()
        return self.clauses[name]


@contextmanager
def _placed(name: str) -> Iterator[None]:
    """A refusal within is one of the figures of this value."""
    try:
        yield
    except Refusal as refused:
        inner = refused.path or ("is",)
        refused.path = None
        raise refused.at(("values", name, *inner)) from None


def _check_named(name: str, keys: tuple[Node, ...], forms: tuple[KeyForm, ...]) -> None:
    """That each text given as a key is one that the figures know."""
    for key, form in zip(keys, forms, strict=True):
        if key.operation == "category" and key.type.kind == "text" and key.name not in form.texts:
            raise Refusal(
                Text(f"{name} 没有 '{key.name}' 的数", f"{name} has no figure for '{key.name}'"),
                nearest(key.name, form.texts),
            )


def _key_types(name: str, keys: tuple[Node, ...], at: int) -> tuple[Type, ...]:
    """What of the keys' types decides how figures are matched."""
    for key in keys:
        if key.type.quotient:
            raise refusal(
                f"{name} 的键是未舍入的商，与界限比较会不准",
                f"a key of {name} is a quotient that is not rounded",
                "请按文件口径先舍入，例如 round … to whole_percent half_up",
                "round it as the document does, such as round … to whole_percent half_up",
                at,
            )
    return tuple(_key_type(key.type) for key in keys)


def _key_type(kind: Type) -> Type:
    """What of a key's type decides how figures are matched."""
    if kind.kind == "category":
        return Type("category", options=kind.options)
    if kind.kind == "number":
        return Type("number", kind.unit if kind.unit.over in ((YEAR,), (MONTH,)) else Unit(), kind.scale)
    return Type(kind.kind)
