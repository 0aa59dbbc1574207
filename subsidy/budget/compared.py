"""What is owed now beside what was paid before, at the finest key that both say.

An entry says what it knows; `ANY` stands for what it does not. One that knows less covers all that agree with it in
what it knows, and is compared with them together.
"""

from __future__ import annotations

import calendar
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

ANY = "*"
NEVER = "9999-12-31"  # the last day of what has none
KEY = ("schedule", "clause", "table", "subject", "payee", "period", "payer", "place", "fund")
CALENDAR = ("month", "quarter", "half_year", "year")  # what a period lies in, from short to long
COLUMNS = (*KEY, "person", *CALENDAR, "due")
IMPLIED = {"subject": ("person",), "clause": ("table",), "period": (*CALENDAR, "due")} | {
    name: CALENDAR[position + 1 :] for position, name in enumerate(CALENDAR)
}
OF_ENTITLEMENTS = ("schedule", "clause", "table", "subject", "payee", "period")
OF_PAYMENTS = ("schedule", "clause", "payee", "period", "payer", "place", "fund")

Values = tuple[str | None, ...]


@dataclass(frozen=True, slots=True)
class Entry:
    """An amount in fen that is owed now, or was paid before. `values`: what it knows, in the order of COLUMNS.

    `until`: the day by which it is due, empty where that is not known. `source`: the number of what was given as
    paid that it is of. `is_instalment`: whether it is one of several of its period, of which it does not say which.
    """

    values: Values
    fen: int
    until: str = ""
    version: str = ""
    issued: str = ""
    item: str | None = None
    facility: str | None = None
    district: str | None = None
    source: int = 0
    is_instalment: bool = False

    def __getitem__(self, column: str) -> str | None:
        return self.values[_POSITIONS[column]]


@dataclass
class Group:
    """Entries that can only be compared together."""

    now: list[Entry] = field(default_factory=list)
    before: list[Entry] = field(default_factory=list)

    @property
    def entries(self) -> list[Entry]:
        return [*self.now, *self.before]

    @property
    def owed(self) -> int:
        return sum(entry.fen for entry in self.now)

    @property
    def paid(self) -> int:
        return sum(entry.fen for entry in self.before)

    def key(self, columns: Sequence[str]) -> dict[str, str | None]:
        """What its entries agree in, ANY where there are several; for periods then the time they all lie in."""
        key = {name: _shared(self.entries, name) for name in columns}
        if key["period"] == ANY:
            times = (_shared(self.entries, name) for name in CALENDAR)
            key["period"] = next((time for time in times if time not in (ANY, None)), ANY)
        return key


_NOTHING: dict[str, str | None] = dict.fromkeys(COLUMNS, ANY)
_POSITIONS = {name: position for position, name in enumerate(COLUMNS)}


def values_of(known: dict[str, str | None]) -> Values:
    """What an entry knows, from its columns; a period says in which month, quarter and year it lies."""
    period = known.get("period", ANY)
    if period in (ANY, None):
        return tuple({**_NOTHING, **known}.values())
    return tuple({**_NOTHING, **known, **calendar_of(str(period))}.values())


@lru_cache(4096)
def calendar_of(period: str) -> dict[str, str | None]:
    """The month, quarter, half year and year of a period such as 2023-03, 2023-Q1, 2023-H1, 2023 or 2023-03-31."""
    year, _, rest = period.partition("-")
    found: dict[str, str | None] = {"year": year}
    if rest.startswith("H"):
        return {**found, "half_year": period}
    quarter = int(rest[1]) if rest.startswith("Q") else 0
    if re.match(r"\d\d", rest):
        found["month"] = f"{year}-{rest[:2]}"
        quarter = (int(rest[:2]) + 2) // 3
    if quarter:
        found |= {"quarter": f"{year}-Q{quarter}", "half_year": f"{year}-H{(quarter + 1) // 2}"}
    return found


def days_of(entry: Entry) -> tuple[str, str] | None:
    """The first and the last day that an entry may be due: one day where it is known, None where nothing is."""
    if entry.until:
        return entry.until, entry.until
    if (period := entry["period"]) not in (ANY, None):
        first, last = ends_of(str(period))
        return (first, NEVER) if entry.is_instalment else (last, last)
    times = (ends_of(str(time)) for name in CALENDAR if (time := entry[name]) not in (ANY, None))
    known = next(times, None)
    return (known[0], NEVER) if known and entry.is_instalment else known


@lru_cache(4096)
def ends_of(period: str) -> tuple[str, str]:
    """The first and the last day of a period."""
    if len(period) == len("2023-03-31"):
        return period, period
    year, _, rest = period.partition("-")
    length = {"": 12, "H": 6, "Q": 3}.get(rest[:1], 1)
    last = length * int(rest[1:] or 1) if length > 1 else int(rest)
    days = calendar.monthrange(int(year), last)[1]
    return f"{year}-{last - length + 1:02d}-01", f"{year}-{last:02d}-{days:02d}"


def grouped(now: Iterable[Entry], before: Iterable[Entry], key: Sequence[str]) -> list[Group]:
    """Both sides in groups: an entry that knows less joins all that it covers.

    `key`: the columns that are compared, OF_ENTITLEMENTS or OF_PAYMENTS.
    """
    sides = [list(now), list(before)]
    looked_at = [_POSITIONS[name] for name in COLUMNS if name in key or name not in KEY]
    if "subject" not in key:
        looked_at.remove(_POSITIONS["person"])
    patterns = _Patterns(looked_at)
    nodes = [[patterns.node(entry.values) for entry in side] for side in sides]
    standing = patterns.joined([*zip(sides[0], nodes[0], strict=True), *zip(sides[1], nodes[1], strict=True)])
    groups: dict[int, Group] = {}
    for side, (entries, own) in enumerate(zip(sides, nodes, strict=True)):
        for entry, node in zip(entries, own, strict=True):
            group = groups.setdefault(standing(node), Group())
            (group.before if side else group.now).append(entry)
    return list(groups.values())


def _shared(entries: Iterable[Entry], column: str) -> str | None:
    """What entries agree in. Of a subject nothing is told where one says neither it nor the person."""
    if column == "subject" and any(entry["subject"] == entry["person"] == ANY for entry in entries):
        return ANY
    known = {entry[column] for entry in entries} - {ANY}
    return known.pop() if len(known) == 1 else ANY


class _Patterns:
    """Which columns entries know, and which entries are to be taken together because of it.

    A node is the number of what an entry is about: the columns that it knows and that do not follow from others (its
    pattern), with their values.
    """

    def __init__(self, columns: Sequence[int]) -> None:
        self.columns = columns
        self._nodes: dict[tuple[int, ...], dict[Values, int]] = {}  # pattern -> values -> node
        self._patterns: dict[tuple[bool, ...], tuple[int, ...]] = {}
        self._count = 0

    def node(self, values: Values) -> int:
        known = tuple([values[column] != ANY for column in self.columns])
        pattern = self._patterns.get(known)
        if pattern is None:
            pattern = self._patterns[known] = self._pattern(known)
        own = self._nodes.setdefault(pattern, {})
        self._count += 1
        return own.setdefault(tuple([values[column] for column in pattern]), self._count)

    def _pattern(self, known: Sequence[bool]) -> tuple[int, ...]:
        there = {column for column, is_known in zip(self.columns, known, strict=True) if is_known}
        implied = {_POSITIONS[name] for column in there for name in IMPLIED.get(COLUMNS[column], ())}
        return tuple(sorted(there - implied))

    def joined(self, entries: Iterable[tuple[Entry, int]]) -> _Union:
        """A function from a node to the one that stands for all that must be taken together with it."""
        union = _Union()
        if len(self._nodes) > 1:
            for entry, node in entries:
                for pattern, nodes in self._nodes.items():
                    if all(entry.values[column] != ANY for column in pattern):
                        covering = nodes.get(tuple([entry.values[column] for column in pattern]))
                        if covering is not None and covering != node:
                            union.join(node, covering)
        return union


class _Union:
    """Sets that are merged; calling it gives the node that stands for a set."""

    def __init__(self) -> None:
        self.parents: dict[int, int] = {}

    def __call__(self, node: int) -> int:
        root = node
        while (parent := self.parents.get(root)) is not None:
            root = parent
        while node != root:
            self.parents[node], node = root, self.parents[node]
        return root

    def join(self, one: int, two: int) -> None:
        one, two = self(one), self(two)
        if one != two:
            self.parents[one] = two
