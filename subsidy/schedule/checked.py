"""What the checks found a schedule's clauses and limits to mean: the form in which the engine takes them."""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from subsidy.schedule import expression as ex
from subsidy.schedule.column import PERIODS
from subsidy.schedule.model import Clause, Limit
from subsidy.schedule.node import Node
from subsidy.schedule.written import Label

NOT_STATED = "not_stated"
PERIOD_WORDS = frozenset(PERIODS)


@dataclass(frozen=True)
class Instalments:
    """What an amount is paid in: `weights` (shares in order) or a `chunk` each, and the conditions on each due day.

    `months`: how long after the clause's own date each instalment is due.
    """

    months: tuple[int, ...]
    weights: tuple[int, ...]
    chunk: Node | None
    conditions: tuple[Node, ...]


@dataclass(frozen=True)
class CheckedClawback:
    """The day on which money is taken back, and the share of it (0 to 1)."""

    on: Node
    share: Node


@dataclass(frozen=True)
class CheckedAllocation:
    """A sum shared by factors: the expressions of one row, and the step (fen) all amounts are multiples of."""

    sum: Node
    keys: tuple[Node, ...]  # rows that agree in them, and in the period, share one sum
    factors: Mapping[str, tuple[Node, Node]]  # name -> (amount of the factor, its weight)
    coefficient: Node | None
    floor: Node | None
    ceiling: Node | None
    step: int

    @property
    def nodes(self) -> tuple[Node, ...]:
        rest = [node for node in (self.coefficient, self.floor, self.ceiling) if node is not None]
        return (self.sum, *self.keys, *(node for pair in self.factors.values() for node in pair), *rest)


@dataclass(frozen=True)
class Sharing:
    """Who pays what share: fixed weights, or a value whose last key is the payer."""

    weights: tuple[tuple[str, int], ...] = ()
    value: str = ""
    keys: tuple[Node, ...] = ()
    step: int = 0  # fen; all parts but the last are whole multiples of it, where it is not 0


@dataclass(frozen=True)
class Reach:
    """The days (`last` None: open) and the districts (none: everywhere) in which a version is in force."""

    first: datetime.date
    last: datetime.date | None
    districts: tuple[str, ...]

    def has(self, day: datetime.date, district: str | None) -> bool:
        there = not self.districts or district in self.districts
        return there and self.first <= day and (self.last is None or day <= self.last)


@dataclass(frozen=True)
class Replacement:
    """A clause of another schedule, calculated together with this one, that is paid instead within its reach."""

    reach: Reach
    schedule: str
    clause: str
    item: str
    label: Label | None


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
    facility: Node | None
    district: Node | None
    dated: Node | None
    version_by: Node | None
    reads_at: Node | None  # where it is a date fact
    instalments: Instalments | None
    clawback: CheckedClawback | None
    allocation: CheckedAllocation | None
    districts: tuple[str, ...] = ()  # of the schedule: the first condition is that the row stands in one of them
    replaced_by: tuple[Replacement, ...] = ()

    @property
    def table(self) -> str:
        return self.model.for_

    @property
    def made_of(self) -> list[Node]:
        """What must be known beside the amount before anything is owed: the payers' parts and the chunk."""
        chunk = self.instalments.chunk if self.instalments else None
        return [*self.parts.values(), *([chunk] if chunk else [])]

    @property
    def expressions(self) -> list[Node]:
        """Every expression that decides about the clause's money."""
        nodes = [*self.when, self.amount, *self.made_of, *self.steps.values()]
        if self.sharing:
            nodes += self.sharing.keys
        if self.instalments:
            nodes += self.instalments.conditions
        return nodes + ([self.clawback.on, self.clawback.share] if self.clawback else [])

    @property
    def conditions(self) -> list[ex.Expression]:
        """`when` as it is written, part by part."""
        placed = [in_districts(self.districts)] if self.districts else []
        return [*placed, *(ex.conjuncts(ex.parse(self.model.when)) if self.model.when else [])]


def in_districts(districts: Sequence[str]) -> ex.Expression:
    """The condition `district in (…)`."""
    return ex.In(ex.Name(("district",), 0), tuple(ex.Category(one, 0) for one in districts), 0)


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
    counts: Literal["money", "months", "subjects"]
    years: tuple[int, int] | None
    whole: tuple[str, ...] = ()  # of a limit over several schedules: all its clauses as SCHEDULE:CLAUSE, in order
    dated: tuple[tuple[Reach, CheckedLimit], ...] = ()  # for clauses of another schedule: each version's limit

    @property
    def is_shared(self) -> bool:
        """Whether it names clauses of other schedules."""
        return any(":" in clause for clause in self.model.among)

    @property
    def last_gets_nothing(self) -> bool:
        """Whether the first that no longer fits whole, in order or by rank, gets nothing rather than what is left."""
        return self.model.last == "nothing"


class Reported(Exception):  # noqa: N818 - not an error: it was handled
    """The mistake is in the list of findings already."""
