"""What the checks found a schedule's clauses and limits to mean: the form in which the engine takes them."""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from subsidy.schedule import expression as ex
from subsidy.schedule.model import PERIODS, Clause, Label, Limit
from subsidy.schedule.node import Node

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
    districts: tuple[str, ...] = ()  # of the schedule: the first condition is that the row stands in one of them
    replaced_by: tuple[Replacement, ...] = ()

    @property
    def table(self) -> str:
        return self.model.for_

    def conditions(self) -> list[str]:
        placed = [in_districts(self.districts)] if self.districts else []
        written = ex.conjuncts(ex.parse(self.model.when)) if self.model.when else []
        return [ex.shown(tree) for tree in (*placed, *written)]


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
    counts_months: bool
    years: tuple[int, int] | None
    whole: tuple[str, ...] = ()  # of a limit over several schedules: all its clauses as SCHEDULE:CLAUSE, in order
    dated: tuple[tuple[Reach, CheckedLimit], ...] = ()  # for clauses of another schedule: each version's limit

    @property
    def is_shared(self) -> bool:
        """Whether it names clauses of other schedules."""
        return any(":" in clause for clause in self.model.among)


class Reported(Exception):  # noqa: N818 - not an error: it was handled
    """The mistake is in the list of findings already."""
