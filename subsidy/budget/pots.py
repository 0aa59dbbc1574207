"""Pots: a sum of money that payers' parts share, in whole numbers of fen."""

from __future__ import annotations

import functools
import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import Any

from subsidy.budget.payer_parts import Numbers, PayerPart, PayerParts
from subsidy.engine.limits import clauses_among
from subsidy.money import round_to, split_column, total_of, yuan_text
from subsidy.schedule.catalogue import Schedule
from subsidy.schedule.checked import CheckedLimit
from subsidy.schedule.column import MONTHS_IN
from subsidy.schedule.figures import day_of
from subsidy.schedule.limit_check import pot_key_types
from subsidy.schedule.load import Version
from subsidy.schedule.model import Refund

Key = tuple[str | int | None, ...]
IN_TURN = ("due", "payee", "district", "facility", "version", "line", "position", "payer")  # after the clause


@dataclass(frozen=True)
class PotShare:
    """A part that a pot is over: what of it was asked for, what the pot took from it, and, where the turn of its rank
    came, what was `left` and what its rank `wanted` (fen)."""

    part: PayerPart
    asked: int
    taken: int
    left: int
    wanted: int


@dataclass(frozen=True)
class PotShares:
    """The parts that a pot is over in one group, in their order: `numbers` among `parts`, and columns of PotShare."""

    parts: PayerParts
    numbers: Numbers
    asked: Numbers
    taken: Numbers
    room: Sequence[tuple[int, int, int]] = ()  # how many parts of one rank, what was left for them, what they wanted

    def __iter__(self) -> Iterator[PotShare]:
        rooms = [(left, wanted) for count, left, wanted in self.room for _ in range(count)]
        columns = (column.tolist() for column in (self.numbers, self.asked, self.taken))
        for place, (number, asked, taken) in enumerate(zip(*columns, strict=True)):
            yield PotShare(self.parts.part(number), asked, taken, *(rooms[place] if rooms else (0, 0)))


@dataclass(frozen=True)
class PotResult:
    """What a pot did in one group: fen available (None: without a ceiling), asked for, over it, cut, refunded."""

    pot: str
    item: str | None
    years: str | None
    key: Mapping[str, str | int | None]
    at_most: int | None
    used_before: int
    asked: int
    cut: int
    when_short: str
    refunded: int = 0
    goes_to: str | None = None  # the payer that owes what the pot took from others
    columns: PotShares | None = field(default=None, repr=False, compare=False)

    @functools.cached_property
    def shares(self) -> tuple[PotShare, ...]:
        """What the pot did to each part."""
        return tuple(self.columns or ())

    @property
    def over(self) -> int:
        return 0 if self.at_most is None else max(0, self.asked - max(0, self.at_most - self.used_before))

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready; amounts are strings in yuan."""
        return {
            "pot": self.pot,
            "item": self.item,
            "years": self.years,
            "key": dict(self.key),
            "at_most": None if self.at_most is None else yuan_text(self.at_most),
            "used_before": yuan_text(self.used_before),
            "asked": yuan_text(self.asked),
            "over": yuan_text(self.over),
            "cut": yuan_text(self.cut),
            "refunded": yuan_text(self.refunded),
            "when_short": self.when_short,
        }


def apply_pots(schedules: Sequence[Schedule], parts: PayerParts) -> list[tuple[str, PotResult]]:
    """Cut the parts (in place) as the pots say: each schedule's own in its order, then those over several schedules.

    What each pot did, with the schedule that has it, in that order. Where a pot names another payer for the rest
    (`rest_to`), parts are added by which that payer owes it.
    """
    results: list[tuple[str, PotResult]] = []
    pots = [_Pot(schedule, version, limit) for schedule in schedules for version, limit in _pots(schedule)]
    versions = {schedule.id: schedule.versions for schedule in schedules}
    for pot in sorted(pots, key=lambda pot: bool(pot.limit.whole)):
        results += [(pot.schedule.id, result) for result in _apply(pot, pot.concerned(parts, versions), parts)]
    return results


@dataclass(frozen=True)
class _Pot:
    """A pot as the last version that has it says."""

    schedule: Schedule
    version: Version
    limit: CheckedLimit

    @property
    def name(self) -> str:
        return self.limit.name

    def concerned(self, parts: PayerParts, versions: Mapping[str, Sequence[Version]]) -> Numbers:
        """The numbers of the parts that it is over and of which something is left."""
        import numpy as np

        found = np.zeros(len(parts), bool)
        year = parts.columns["due#m"] // 12
        for rows, (schedule, clause, payer, version) in _alike(parts, ("schedule", "clause", "payer", "version")):
            of = versions[str(schedule)][int(version or 0)]
            limit = of.limits.get(self.name) if self.limit.whole or of.id == self.schedule.id else None
            if limit is None or self.limit.model.payer not in (None, payer):
                continue
            if not limit.dated:
                found[rows] = clause in limit.model.among
                continue
            for days, (due, district) in _alike(parts, ("due", "district"), rows):
                found[rows[days]] = self._is_dated(limit, str(clause), int(due or 0), district)
        if self.limit.years is not None:
            first, last = self.limit.years
            found &= (first <= year) & (year <= last)
        return np.flatnonzero(found & (parts.left > 0))

    @staticmethod
    def _is_dated(limit: CheckedLimit, clause: str, due: int, district: object) -> bool:
        """Whether a limit of another schedule is over a clause, as its version for the day and the place says."""
        day, place = day_of(due), None if district is None else str(district)
        return any(clause in one.model.among and reach.has(day, place) for reach, one in limit.dated)


def clauses_under_pots(schedule: Schedule) -> set[str]:
    """The clauses whose payments a pot may change: its own ones that can act, and those of other schedules."""
    acting = {limit.name for _, limit in _pots(schedule)}
    pots = [limit for version in schedule.versions for limit in version.limits.values() if limit.is_pot]
    return {clause for pot in pots if pot.dated or pot.name in acting for clause in pot.model.among}


def _can_act(version: Version, limit: CheckedLimit) -> bool:
    """Whether a pot refunds, or has a ceiling for anybody."""
    name = limit.model.at_most
    if limit.model.refund is not None or name is None:
        return limit.model.refund is not None
    figures = version.checker.figures(name, pot_key_types(version.model.values[name].by))
    return any(isinstance(row.figure, Fraction) for row in figures.rows)


def _pots(schedule: Schedule) -> list[tuple[Version, CheckedLimit]]:
    """Each of a schedule's own pots that can act, as its last version has it."""
    found: dict[str, tuple[Version, CheckedLimit]] = {}
    for version in schedule.versions:
        own = {name: limit for name, limit in version.limits.items() if limit.is_pot and not limit.dated}
        found |= {name: (version, limit) for name, limit in own.items()}
    return [(version, limit) for version, limit in found.values() if _can_act(version, limit)]


def _apply(pot: _Pot, concerned: Numbers, parts: PayerParts) -> list[PotResult]:
    """What the pot did to the parts it is over, by group in order of key; `parts` has what others owe for it."""
    import numpy as np

    model, results = pot.limit.model, list[PotResult]()
    if not len(concerned):
        return results
    for key, group in sorted(_grouped(pot, parts, concerned), key=lambda pair: _sortable(pair[0])):
        result = _apply_to_group(pot, key, group, parts)
        if result is not None:
            results.append(result)
    payer = model.refund.by if model.refund is not None else model.rest_to
    if payer is not None and results:
        columns = [result.columns for result in results if result.columns is not None]
        numbers, taken = (np.concatenate([getattr(one, name) for one in columns]) for name in ("numbers", "taken"))
        parts.owe_instead(payer, numbers[taken > 0], taken[taken > 0])
    return results


def _apply_to_group(pot: _Pot, key: Key, group: Numbers, parts: PayerParts) -> PotResult | None:
    """What the pot did to the parts of one group, which are in their order; None where it has no ceiling for them."""
    limit, model = pot.limit, pot.limit.model
    ceiling = _figure(pot.version, model.at_most, model.per, key)
    before = _figure(pot.version, model.used_before, model.per, key) or 0
    available = None if ceiling is None else max(0, ceiling - before)
    shown = dict(zip(model.per, key, strict=True))
    way = "refund" if model.refund else limit.when_short
    result = PotResult(pot.name, model.item, model.years, shown, ceiling, before, 0, 0, way)
    asked = parts.left[group]
    if model.refund is not None:
        wanted = _share_of(pot.version, model.refund, total_of(asked))
        refunded = wanted if available is None else min(wanted, available)
        taken = split_column(refunded, asked)
        parts.owed[group] -= taken
        parts.left[group] -= taken
        shares = PotShares(parts, group, asked, taken)
        return replace(result, asked=wanted, refunded=refunded, goes_to=model.refund.by, columns=shares)
    if available is None:
        return None
    ranks, only_told = _ranks(pot, parts, group), limit.when_short == "report"
    left, room = (asked, []) if only_told else _cut(limit, asked, ranks, available)
    parts.left[group] = left
    shares = PotShares(parts, group, asked, asked - left, room)
    wanted, cut = total_of(asked), total_of(asked - left)
    return replace(result, asked=wanted, cut=cut, goes_to=model.rest_to, columns=shares)


def _share_of(version: Version, refund: Refund, paid: int) -> int:
    """What of an amount is to be refunded (fen)."""
    share = version.checker.figures(refund.share, ()).rows[0].figure
    assert isinstance(share, Fraction)
    return int(round_to(paid * share, Fraction(1), "half_up"))


def _grouped(pot: _Pot, parts: PayerParts, concerned: Numbers) -> Iterator[tuple[Key, Numbers]]:
    """The parts by the pot's keys, in the order in which they come."""
    import numpy as np

    columns = parts.columns
    keys = [
        columns["due#m"][concerned] // MONTHS_IN[word] if word in MONTHS_IN else columns["district"][concerned]
        for word in pot.limit.model.per
    ]
    clauses = clauses_among(pot.schedule, pot.name)
    place = np.zeros(len(concerned), np.int64)
    for rows, (clause, schedule) in _alike(parts, ("clause", "schedule"), concerned):
        place[rows] = clauses.index(str(clause) if clause in clauses else f"{schedule}:{clause}")
    ranks = _ranks(pot, parts, concerned)
    in_turn = [place, *(columns[name][concerned] for name in IN_TURN)]
    order = np.lexsort([*reversed(in_turn), *reversed(ranks), *reversed(keys)])
    for rows in _runs([key[order] for key in keys], len(order)):
        first = order[rows][0]
        key = tuple(
            int(column[first]) if word in MONTHS_IN else parts.names["district"][int(column[first])]
            for word, column in zip(pot.limit.model.per, keys, strict=True)
        )
        yield key, concerned[order[rows]]


def _runs(columns: Sequence[Numbers], length: int) -> Iterator[slice]:
    """Where ordered columns keep their values: from each change to the next."""
    import numpy as np

    changes = [np.flatnonzero(column[1:] != column[:-1]) + 1 for column in columns]
    bounds = np.unique(np.concatenate([[0, length], *changes])).tolist()
    yield from (slice(first, last) for first, last in itertools.pairwise(bounds))


def _alike(
    parts: PayerParts, names: Sequence[str], among: Numbers | None = None
) -> Iterator[tuple[Numbers, tuple[str | int | None, ...]]]:
    """The places (in `among`, or of all parts) that have the same in these columns, and what that is."""
    import numpy as np

    chosen = [parts.columns[name] if among is None else parts.columns[name][among] for name in names]
    order = np.lexsort(chosen)
    for rows in _runs([column[order] for column in chosen], len(order)):
        if rows.start == rows.stop:
            continue
        first = order[rows][0]
        yield (
            order[rows],
            tuple(parts.value(name, int(column[first])) for name, column in zip(names, chosen, strict=True)),
        )


def _sortable(key: Key) -> tuple[tuple[bool, str | int], ...]:
    return tuple((part is None, part if part is not None else "") for part in key)


def _figure(version: Version, name: str | None, per: Sequence[str], key: Key) -> int | None:
    """A pot's value in fen for a group; None where the value gives no figure."""
    if name is None:
        return None
    model = version.model.values[name]
    by = dict(zip(per, key, strict=True))
    figures = version.checker.figures(name, pot_key_types(model.by))
    figure = figures.look_up([by[one] if by[one] is not None else "" for one in model.by])  # type: ignore[misc]
    return int(figure * 100) if isinstance(figure, Fraction) else None


def _ranks(pot: _Pot, parts: PayerParts, numbers: Numbers) -> list[Numbers]:
    """What the pot puts parts in order by, before their turn: whether they have no rank, and their rank."""
    if not pot.limit.by:
        return []
    known, rank = parts.ranks[pot.name]
    return [~known[numbers], rank[numbers]]


def _cut(
    limit: CheckedLimit, asked: Numbers, ranks: Sequence[Numbers], available: int
) -> tuple[Numbers, list[tuple[int, int, int]]]:
    """What each part of a group keeps, those in order of rank; and the room of each rank, see PotShares."""
    import numpy as np

    kept, room = [asked[:0]], []
    for rows in _runs(ranks, len(asked)):
        members = asked[rows]
        wanted = total_of(members)
        room.append((len(members), available, wanted))
        given = min(wanted, available)
        available -= given
        if given < wanted and limit.last_gets_nothing:
            given = available = 0
        kept.append(split_column(given, members))
    return np.concatenate(kept), room
