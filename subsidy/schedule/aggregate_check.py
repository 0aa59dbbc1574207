"""One aggregate: over the rows of another table, over the periods of the row itself, or running up to it."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from typing import TYPE_CHECKING

from subsidy.finding import Refusal, Text, nearest
from subsidy.schedule.column import RUNNING
from subsidy.schedule.infer import refusal
from subsidy.schedule.node import Aggregate, Node, Type, Unit
from subsidy.schedule.scope import Hops, Scope

if TYPE_CHECKING:
    from subsidy.schedule.checker import Checker


class AggregateChecker:
    def __init__(self, checker: Checker, table: str, name: str, hops: Hops) -> None:
        self.checker = checker
        self.table = table
        self.name = name
        self.hops = hops
        self.column = checker.tables[table].columns[name]
        self.path = ("facts", table, name)
        self.full_name = ".".join((*(hop for hop, _ in hops), name))

    def checked(self) -> Node:
        """Raises Refusal, placed at the part of the column that is wrong."""
        if self.column.aggregate == RUNNING:
            return self._running()
        return self._over_own_periods() if self.column.each else self._over_rows()

    # --- the three kinds ---------------------------------------------------------------------------------------

    def _over_rows(self) -> Node:
        column, tables = self.column, self.checker.tables
        over = column.table or ""
        if over not in tables:
            raise Refusal(Text(f"没有表 {over}", f"there is no table {over}"), nearest(over, tables), 0)
        links = [name for name, to in tables[over].references.items() if to == self.table]
        if len(links) != 1:
            raise refusal(
                f"{over} 须有且只有一列引用 {self.table}",
                f"{over} must have exactly one column that refers to {self.table}",
                "请核对引用列",
                "check its references",
                0,
            )
        if column.every and not (tables[over].has_rows_every(column.every) or tables[over].is_timeless):
            raise refusal(
                f"{over} 没有可归入 {column.every} 的日期",
                f"the rows of {over} have no {column.every}",
                "请去掉 every，或给该表加起止日期（一日之事写 span: [日, 日]）、month 或 year 列",
                "remove every, or give the table a first and last day (span: [day, day] for one day), a month "
                "or a year",
                0,
            )
        return self._node(over, links[0], Scope(self.checker, over, column.every, reads_facts_only=True))

    def _over_own_periods(self) -> Node:
        model, each = self.checker.tables[self.table], self.column.each
        if model.life is None and "month" in model.columns and model.columns["month"].type == "month":
            raise refusal(
                f"{self.table} 的一行只属于一个月",
                f"a row of {self.table} belongs to one month only",
                "请在其所引用的表上汇总",
                "aggregate on the table it refers to",
                0,
            )
        return self._node(self.table, self._key(), Scope(self.checker, self.table, each, reads_facts_only=True))

    def _running(self) -> Node:
        key = self._key()
        scope = Scope(self.checker, self.table, "event", reads_facts_only=True)
        by = self._day(self.column.by or "")
        per = tuple(self._group(written, scope, number) for number, written in enumerate(self.column.per))
        return self._node(self.table, key, scope, by, per)

    def _key(self) -> str:
        key = self.checker.tables[self.table].key
        if key is None:
            raise refusal(
                f"表 {self.table} 没有 key 列",
                f"the table {self.table} has no key column",
                "此类汇总需要能指明行的表",
                "such an aggregate needs a table whose rows have a key",
                0,
            )
        return key

    def _day(self, written: str) -> Node:
        path = (*self.path, "by")
        node = self.checker.formula(written, path, Scope(self.checker, self.table, None, reads_facts_only=True))
        if node.type.kind != "date":
            raise refusal(
                f"{written} 不是日期", f"{written} is not a date", "by 须为日期列", "by names a date column", 0
            ).at(path)
        return node

    def _group(self, written: str, scope: Scope, number: int) -> Node:
        path = (*self.path, "per", number)
        node = self.checker.formula(written, path, scope)
        if node.operation not in ("fact", "derived") or node.type.quotient:
            raise refusal(
                f"不能按 {written} 分组",
                f"rows cannot be grouped by {written}",
                "请用人员、引用或类别列",
                "use a column of persons, references or categories",
                0,
            ).at(path)
        return node

    # --- what is aggregated ------------------------------------------------------------------------------------

    def _node(self, over: str, link: str, scope: Scope, by: Node | None = None, per: tuple[Node, ...] = ()) -> Node:
        column, kind = self.column, self.column.aggregate or "count"
        where, measure = self._where(scope), self._measure(scope)
        aggregate = Aggregate(
            self.hops, self.table, self.name, kind, over, link, column.every, where, measure, column.each, by, per
        )
        return Node("aggregate", self._type(aggregate, scope), name=self.full_name, aggregate=aggregate)

    def _where(self, scope: Scope) -> Node | None:
        written, path = self.column.where, (*self.path, "where")
        if not written:
            return None
        node = self.checker.formula(written, path, scope)
        if node.type.kind != "yes_no":
            raise refusal(
                f"{written} 不是条件",
                f"{written} is not a condition",
                "请写成比较",
                "make it a comparison",
                0,
            ).at(path)
        return node

    def _measure(self, scope: Scope) -> Node | None:
        written, kind = self.column.formula, self.column.aggregate or ""
        if not written:
            return None
        path = (*self.path, kind)
        node = self.checker.formula(written, path, scope)
        if node.type.kind == "date" and kind not in ("min", "max"):
            raise refusal(
                f"{written} 是日期，不能用 {kind}",
                f"{written} is a date, which has no {kind}",
                "日期只能用 min（最早）或 max（最晚）",
                "of dates there are min (the first) and max (the last)",
                0,
            ).at(path)
        if node.type.kind not in ("number", "date"):
            raise refusal(
                f"{written} 不是数量",
                f"{written} is not a number",
                "此处需要数量或金额",
                "a quantity or an amount is needed here",
                0,
            ).at(path)
        if node.type.quotient:
            raise refusal(
                "除法的结果须先舍入",
                "a quotient must be rounded first",
                "请写 round … to fen half_up（或其他单位、方式）",
                "write round … to fen half_up (or another unit or way)",
                0,
            ).at(path)
        return node

    def _type(self, aggregate: Aggregate, scope: Scope) -> Type:
        measure, where, rows = aggregate.measure, aggregate.where, Fraction(aggregate.most_rows)
        unknown = bool(self.hops) or (where is not None and where.type.can_be_missing)
        if measure is None:
            unit = Unit((aggregate.each or aggregate.over,))
            return Type("number", unit, 1, Fraction(0), rows, can_be_missing=unknown, any_unit=True)
        kind = replace(measure.type, can_be_missing=unknown or measure.type.can_be_missing)
        if aggregate.kind in ("min", "max"):
            return replace(kind, can_be_missing=True)
        if aggregate.kind == "average":
            return replace(kind, can_be_missing=True, quotient=True)
        if aggregate.kind == "sum" and not aggregate.each and _counts_rows_once(measure):
            rows = Fraction(1)
        ends = (min(kind.low * rows, Fraction(0)), max(kind.high * rows, Fraction(0)))
        summed = replace(kind, unit=kind.unit.within(scope.row_names), low=ends[0], high=ends[1])
        return replace(summed, can_be_missing=True) if aggregate.kind == RUNNING else summed


def _counts_rows_once(measure: Node) -> bool:
    """Whether it is itself a count or sum of rows that refer to the row: all of these together are no more rows."""
    inner = measure.aggregate
    return inner is not None and not inner.hops and not inner.each and inner.kind in ("count", "sum")
