"""What a name means where it stands: a fact of the row, of what it refers to, a value, a step or another clause."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from fractions import Fraction
from typing import TYPE_CHECKING

from subsidy.finding import Refusal, Text, nearest
from subsidy.schedule import expression as ex
from subsidy.schedule.column import MONTHS_IN, RUNNING, Column, Table
from subsidy.schedule.date_words import TIME_WORDS, time_node
from subsidy.schedule.infer import infer, refusal
from subsidy.schedule.node import DIMENSIONLESS_WORDS, MONTH, YEAR, Fact, Node, Type, Unit
from subsidy.schedule.slices import SliceTable

if TYPE_CHECKING:
    from subsidy.schedule.checker import Checker

Hops = tuple[tuple[str, str], ...]
UNIT_DECIMALS = {"yuan": 2, "percent": 2, "m2": 2, "mu": 2, "hour": 2}
LIFE_FACTS = {
    "days_present": Type("number", Unit(("day",)), 1, Fraction(0), Fraction(366)),
    "days_in_month": Type("number", Unit(("day",)), 1, Fraction(28), Fraction(31)),
    "entry_month": Type("number", Unit((MONTH,)), 1, Fraction(1900 * 12), Fraction(2200 * 12)),
    "present": Type("yes_no"),
}


class Scope:
    """A row of `table`: in a period of `every`, on a due day, or (every is None) by itself."""

    def __init__(
        self,
        checker: Checker,
        table: str,
        every: str | None,
        hops: Hops = (),
        steps: Mapping[str, Node] | None = None,
        clause: str = "",
        reads_facts_only: bool = False,
    ) -> None:
        self.checker = checker
        self.table = table
        self.every = every
        self.hops = hops
        self.steps = {} if steps is None else steps
        self.clause = clause
        self.reads_facts_only = reads_facts_only
        model = checker.tables[table]
        period = {every} if every in MONTHS_IN else set()
        self.row_names = frozenset({*model.references, *([model.key] if model.key else []), *period}) | (
            {"person"} if "person" in model.columns else set()
        )

    def has_reading_day(self) -> bool:
        return self.every is not None

    # --- values ------------------------------------------------------------------------------------------------

    def is_value(self, name: str) -> bool:
        return name in self.checker.model.values

    def has_keys(self, name: str) -> bool:
        return bool(self.checker.model.values[name].by)

    def value(self, name: str, keys: tuple[Node, ...] | None, at: int) -> Node:
        by = self.checker.model.values[name].by
        return self.checker.look_up(name, self._keys(name, by, keys, at), at)

    def figures(self, name: str) -> list[Fraction]:
        return self.checker.numbers(name)

    def unit_of(self, name: str) -> Unit:
        return Unit.parse(self.checker.model.values[name].unit)

    def slices(self, name: str, keys: tuple[Node, ...] | None, at: int) -> tuple[SliceTable, tuple[Node, ...]]:
        """The slices of a value whose last key is what is sliced, and the keys before it."""
        by = self.checker.model.values[name].by
        if not by:
            raise refusal(
                f"{name} 没有分级",
                f"{name} has no slices",
                '请按级列出，例如 "..36000": 3%, ">36000..": 10%',
                'list them, such as "..36000": 3%, ">36000..": 10%',
                at,
            )
        own = self._keys(name, by[:-1], keys, at)
        return self.checker.slices(name, own, at), own

    def _keys(self, name: str, by: Sequence[str], keys: tuple[Node, ...] | None, at: int) -> tuple[Node, ...]:
        """The keys given, or where none are those that `by` names."""
        if keys is None:
            return tuple(self._key(key, name, at) for key in by)
        if len(keys) != len(by):
            whole = f"{name}({', '.join(by)})" if by else name
            raise refusal(
                f"{name} 有 {len(by)} 个键，却给出 {len(keys)} 个",
                f"{name} has {len(by)} key{'s' * (len(by) != 1)} and is given {len(keys)}",
                f"请写 {whole}",
                f"write {whole}",
                at,
            )
        return keys

    def step_in_fen(self, name: str) -> int | None:
        """The whole number of fen that a value in yuan without keys is, or None where it is no such thing."""
        model = self.checker.model.values.get(name)
        if model is None or model.by or model.unit != "yuan":
            return None
        figure = self.checker.figures(name, ()).rows[0].figure
        is_step = isinstance(figure, Fraction) and figure > 0 and (figure * 100).denominator == 1
        return int(figure * 100) if is_step else None  # type: ignore[operator]

    def _key(self, written: str, value: str, at: int) -> Node:
        try:
            return infer(ex.parse(written), self)
        except Refusal as cause:
            raise Refusal(
                Text(f"{value} 的键 {written}:{cause.why.zh}", f"key {written} of {value}: {cause.why.en}"),
                cause.remedy,
                at,
            ) from None

    # --- names -------------------------------------------------------------------------------------------------

    def resolve(self, name: ex.Name) -> Node:
        path = name.path
        if len(path) == 1 and path[0] in self.steps:
            return self.steps[path[0]]
        table, hops = self._follow(path[:-1], name.at)
        last = path[-1]
        node = self._on_table(table, hops, last, name.at)
        if node is None and len(path) == 1:
            node = self._word(last, name.at) or self._through_references(table, hops, last, name.at)
        if node is None:
            raise Refusal(
                Text(f"没有名称 {name}", f"there is no name {name}"), nearest(last, self._known(table)), name.at
            )
        return node

    def _known(self, table: str) -> set[str]:
        near = set(self._readable(table))
        for column, to in self.checker.tables[table].references.items():
            near |= {f"{column}.{far}" for far in self._readable(to)}
        if self.every is not None:
            near |= {*TIME_WORDS, *(LIFE_FACTS if self.checker.tables[table].life else ())}
        clauses = set() if self.reads_facts_only else set(self.checker.model.clauses)
        return near | set(self.steps) | set(self.checker.model.values) | clauses

    def _readable(self, table: str) -> list[str]:
        histories = self.checker.histories_of(table)
        return [*self.checker.tables[table].columns, *(name for history in histories for name in history.facts)]

    def references_of(self, table: str) -> dict[str, str]:
        """The columns of a table through which a dotted name may lead, each with the table it leads to."""
        return self.checker.tables[table].references

    def _follow(self, path: tuple[str, ...], at: int) -> tuple[str, Hops]:
        table, hops = self.table, self.hops
        for hop in path:
            references = self.references_of(table)
            to = references.get(hop)
            if to is None:
                raise Refusal(
                    Text(f"{table} 没有引用列 {hop}", f"{table} has no reference {hop}"),
                    nearest(hop, references),
                    at,
                )
            table, hops = to, (*hops, (hop, to))
        return table, hops

    def _word(self, word: str, at: int) -> Node | None:
        if word in TIME_WORDS and self.every is not None:
            return time_node(word)
        if self.is_value(word):
            return self.value(word, None, at)
        return None

    def _through_references(self, table: str, hops: Hops, last: str, at: int) -> Node | None:
        found = []
        for column, to in self.checker.tables[table].references.items():
            node = self._on_table(to, (*hops, (column, to)), last, at)
            if node is not None:
                found.append((column, node))
        if len(found) > 1:
            options = " / ".join(f"{column}.{last}" for column, _ in found)
            raise refusal(
                f"{last} 不只一处有",
                f"{last} is found by more than one reference",
                f"请写明 {options}",
                f"say which: {options}",
                at,
            )
        return found[0][1] if found else None

    def _on_table(self, table: str, hops: Hops, last: str, at: int) -> Node | None:
        model = self.checker.tables[table]
        column = model.columns.get(last)
        if column is not None and not column.derived:
            return self._stored(Fact(hops, table, last, column))
        for history in self.checker.histories_of(table):
            if last in history.facts:
                if self.every is None:
                    raise refusal(
                        f"{last} 随日期变化，此处没有读取日",
                        f"{last} changes by date and there is no reading day here",
                        "只能用于按期计算的条款",
                        "use it in clauses, which are read on a day",
                        at,
                    )
                link = (history.link, model.key if history.to_key else history.link)
                fact = Fact(hops, table, last, history.facts[last], history.table, (link[0], link[1] or ""))
                return self._stored(fact)
        if column is not None:
            return self._derived(table, hops, last, column)
        if not hops and last in LIFE_FACTS and self.every is not None and model.life:
            return Node("life", LIFE_FACTS[last], name=last)
        if last in self.checker.model.clauses and not self.reads_facts_only:
            return self._other_clause(table, hops, last, at)
        return None

    def _stored(self, fact: Fact) -> Node:
        kind = self.checker.type_of(fact.column, fact.table, fact.column_name)
        missing = kind.can_be_missing or bool(fact.hops)  # whatever its blank is called, a reference may have none
        return Node("fact", replace(kind, can_be_missing=missing), name=fact.name, fact=fact)

    def _derived(self, table: str, hops: Hops, last: str, column: Column) -> Node:
        known = self.checker.known_facts
        key = (table, last, self.every, hops)
        if key not in known:
            with self.checker.entering(f"{table}.{last}", ("facts", table, last)):
                known[key] = (
                    self._formula(table, hops, last, column)
                    if column.type == "formula"
                    else self._aggregate(table, hops, last, column)
                )
        return known[key]

    def _formula(self, table: str, hops: Hops, last: str, column: Column) -> Node:
        inner_scope = Scope(self.checker, table, self.every, hops, reads_facts_only=True)
        inner = self.checker.formula(column.formula or "", ("facts", table, last, "formula"), inner_scope)
        full_name = ".".join((*(hop for hop, _ in hops), last))
        return Node("derived", inner.type, (inner,), name=full_name, fact=Fact(hops, table, last, column))

    def _aggregate(self, table: str, hops: Hops, last: str, column: Column) -> Node:
        if column.every and self.every is None and column.aggregate != RUNNING:
            raise refusal(
                f"{last} 按 {column.every} 计算，此处没有周期",
                f"{last} is of a {column.every} and there is no period here",
                "请给读取它的汇总加 every",
                "give the aggregate that reads it every",
                0,
            )
        return self.checker.aggregate(table, last, hops)

    def _other_clause(self, table: str, hops: Hops, last: str, at: int) -> Node:
        checker = self.checker
        clause = checker.model.clauses[last]
        if last == self.clause:
            raise refusal(f"{last} 读取自己", f"{last} reads itself", "请去掉", "remove it", at)
        if clause.for_ != table:
            raise refusal(
                f"{last} 是 {clause.for_} 的条款",
                f"{last} is a clause for {clause.for_}",
                f"请经引用读取，例如 引用.{last}",
                f"read it through a reference, such as reference.{last}",
                at,
            )
        own, other = MONTHS_IN.get(self.every or "", 0), MONTHS_IN.get(clause.every, 0)
        if not other or not own or other % own or (own > other):
            raise refusal(
                f"{last} 的周期须与本条款相同或更长",
                f"the period of {last} must be the same or longer",
                "请读取同周期或更长周期的条款",
                "read clauses of the same or a coarser period",
                at,
            )
        amount = checker.clause(last).amount
        name = ".".join((*(hop for hop, _ in hops), last))
        low, high = min(amount.type.low, Fraction(0)), max(amount.type.high, Fraction(0))
        kind = Type("number", Unit(("yuan",)), 100, low, high, can_be_missing=True)
        return Node("clause", kind, name=name, hops=hops)


class History:
    """A table of dated rows, as read from the table it is about."""

    def __init__(self, table: str, model: Table, link: str, to_key: bool) -> None:
        self.table = table
        self.link = link  # its own column that says whom it is about
        self.to_key = to_key  # that column refers to the key of the other table
        self.facts = {name: column for name, column in model.columns.items() if name not in ("from", link, "count")}


def type_of_unit(unit: str) -> tuple[Unit, int]:
    """The unit and the number of parts (scale) a fact of this unit is counted in."""
    scale = 10 ** UNIT_DECIMALS.get(unit, 0)
    if unit in DIMENSIONLESS_WORDS:
        return Unit(), scale * (100 if unit == "percent" else 1)
    return Unit((unit,)), scale


__all__ = ["LIFE_FACTS", "YEAR", "History", "Scope", "type_of_unit"]
