"""Typed expressions: what `infer` makes of a parsed one and what the engine prints as SQL.

A number is stored as a whole number over a denominator known at load time (`scale`): 12.50 yuan is 1250 over 100.
"""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

from subsidy.money import Rounding
from subsidy.schedule.column import MONTHS_IN, Column

Kind = Literal["number", "yes_no", "category", "text", "date"]
MOST_ROWS = 10_000_000  # an aggregate adds up
READY_PARTS = 100  # a quotient that the roster gives ready has two decimals more than what was divided
DIMENSIONLESS_WORDS = frozenset({"percent", "weight"})
YEAR, MONTH = "calendar_year", "calendar_month"  # units of points in time, as against lengths


@dataclass(frozen=True)
class Unit:
    """Words over words, such as yuan / person / month."""

    over: tuple[str, ...] = ()
    under: tuple[str, ...] = ()

    @classmethod
    def parse(cls, written: str) -> Unit:
        first, *rest = [word.strip() for word in written.split("/")]
        over = () if first in DIMENSIONLESS_WORDS else (first,)
        return cls(over, tuple(sorted(rest)))

    def times(self, other: Unit) -> Unit:
        return Unit((*self.over, *other.over), (*self.under, *other.under))._reduced()

    def per(self, other: Unit) -> Unit:
        return Unit((*self.over, *other.under), (*self.under, *other.over))._reduced()

    def _reduced(self) -> Unit:
        over, under = list(self.over), []
        for word in self.under:
            if word in over:
                over.remove(word)
            else:
                under.append(word)
        return Unit(tuple(sorted(over)), tuple(sorted(under)))

    def within(self, row_names: frozenset[str]) -> Unit:
        """The unit of one row: per row, per its references, per person and per period need not be said."""
        return Unit(self.over, tuple(word for word in self.under if word not in row_names))

    def __str__(self) -> str:
        return " / ".join((" ".join(self.over) or "1", *self.under))


@dataclass(frozen=True)
class Type:
    """`low` and `high` bound a number's value; `any_unit` marks 0 and 1; `quotient` is an unrounded division."""

    kind: Kind
    unit: Unit = Unit()
    scale: int = 1
    low: Fraction = Fraction(0)
    high: Fraction = Fraction(0)
    options: tuple[str, ...] = ()
    table: str = ""
    can_be_missing: bool = False
    any_unit: bool = False
    quotient: bool = False


@dataclass(frozen=True)
class Fact:
    """A column of the roster as seen from a row: the references to follow, then a table or one of its histories."""

    hops: tuple[tuple[str, str], ...]  # (reference column, the table it leads to)
    table: str
    column_name: str
    column: Column
    history: str = ""  # the table of dated rows that holds the column
    history_key: tuple[str, str] = ("", "")  # (column of the history, column of `table`) that link them

    @property
    def name(self) -> str:
        return ".".join((*(hop for hop, _ in self.hops), self.column_name))

    @property
    def home(self) -> str:
        """The table whose cells hold the fact."""
        return self.history or self.table


@dataclass(frozen=True)
class Aggregate:
    """A fact of a table that sums up rows: of another table, those that refer to this row; or (`each`) this very row
    in each such period; or (`running`) those of its own table that agree in `per`, up to this row in the order `by`."""

    hops: tuple[tuple[str, str], ...]
    table: str
    column_name: str
    kind: Literal["count", "sum", "average", "min", "max", "running"]
    over: str
    link: str
    every: str | None
    where: Node | None
    measure: Node | None
    each: str | None = None
    by: Node | None = None
    per: tuple[Node, ...] = ()

    @property
    def name(self) -> str:
        return ".".join((*(hop for hop, _ in self.hops), self.column_name))

    @property
    def most_rows(self) -> int:
        return MONTHS_IN[self.every or "year"] // MONTHS_IN[self.each] if self.each else MOST_ROWS

    @property
    def nodes(self) -> tuple[Node, ...]:
        """Every expression it is made of."""
        return (*(node for node in (self.where, self.measure, self.by) if node is not None), *self.per)


Operation = Literal[
    "number",
    "category",
    "date",
    "fact",
    "derived",
    "aggregate",
    "life",
    "time",
    "value",
    "step",
    "clause",
    "add",
    "sub",
    "mul",
    "div",
    "neg",
    "compare",
    "and",
    "or",
    "not",
    "least",
    "greatest",
    "if",
    "round",
    "known",
    "full_months_since",
    "full_years_since",
    "days_since",
    "year_of",
    "month_of",
    "month_of_year",
    "month",
    "slices",
    "not_negative",
    "nullif",
    "allocated",
    "between",
    "in",
]


@dataclass(frozen=True)
class Node:
    operation: Operation
    type: Type
    arguments: tuple[Node, ...] = ()
    name: str = ""  # of a fact, value, step, clause, category; a comparison's sign
    constant: Fraction | datetime.date | None = None
    fact: Fact | None = None
    aggregate: Aggregate | None = None
    step: Fraction = Fraction(0)
    rounding: Rounding = "half_up"
    hops: tuple[tuple[str, str], ...] = ()
    written: str = ""  # of a call, as the expression has it

    @property
    def way(self) -> tuple[tuple[str, str], ...]:
        """The references that lead to what is read, each with the table it leads to."""
        if self.fact is not None:
            return self.fact.hops
        return self.aggregate.hops if self.aggregate is not None else self.hops

    def leaves(self) -> list[Node]:
        """The facts, values, steps and clauses read, in order of reading, through derived facts."""
        found: list[Node] = []
        self._read(found, set())
        return found

    def _read(self, found: list[Node], seen: set[int]) -> None:
        if id(self) in seen:
            return
        seen.add(id(self))
        is_end = self.operation in ("fact", "aggregate", "step", "clause", "life", "time")
        for argument in () if is_end else self.arguments:
            argument._read(found, seen)
        if is_end or self.operation in ("value", "slices"):
            found.append(self)

    def all_leaves(self) -> list[Node]:
        """The same, and what their own arguments read: the keys of look-ups, the expressions of steps."""
        found: dict[int, Node] = {}
        ahead = [self]
        while ahead:
            for leaf in ahead.pop().leaves():
                if id(leaf) not in found:
                    found[id(leaf)] = leaf
                    ahead += leaf.arguments
        return list(found.values())
