"""Pots: a sum of money that payers' parts share. Whole numbers of fen in Python, on parts of payment lines."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import Any

from subsidy.engine.limits import clauses_among
from subsidy.money import round_to, split, yuan_text
from subsidy.schedule.catalogue import Schedule
from subsidy.schedule.checked import CheckedLimit
from subsidy.schedule.column import MONTHS_IN
from subsidy.schedule.figures import day_of
from subsidy.schedule.limit_check import pot_key_types
from subsidy.schedule.load import Version
from subsidy.schedule.model import Refund

Key = tuple[str | int | None, ...]
LAST = 1_000_000  # the position of a payer that only took over


@dataclass
class PayerPart:
    """One payer's part of one payment line: `owed` before pots, `left` after those applied so far (fen)."""

    schedule: str
    clause: str
    version: int
    due: int
    due_month: int
    payee: str
    district: str | None
    facility: str | None
    line: int
    payer: str
    position: int  # of the payer in the clause, which settles ties
    owed: int
    ranks: Mapping[str, int | None]
    left: int = 0
    cuts: dict[str, int] = field(default_factory=dict)
    room: dict[str, tuple[int, int]] = field(default_factory=dict)  # by pot: left for its rank, wanted by its rank
    groups: dict[str, PotResult] = field(default_factory=dict)  # by pot: what it did in the group of this part


@dataclass(frozen=True)
class PotShare:
    """A part that a pot is over: what of it was asked for, and what the pot took from it (fen)."""

    part: PayerPart
    asked: int
    taken: int


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
    shares: tuple[PotShare, ...] = field(default=(), repr=False, compare=False)

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


def apply_pots(schedules: Sequence[Schedule], parts: list[PayerPart]) -> dict[str, list[PotResult]]:
    """Cut the parts (in place) as the pots say: each schedule's own in its order, then those over several schedules.

    What each pot did, by the schedule that has it. Where a pot names another payer for the rest (`rest_to`), parts are
    added to the list by which that payer owes it.
    """
    for part in parts:
        part.left = part.owed
    results: dict[str, list[PotResult]] = {schedule.id: [] for schedule in schedules}
    versions = {schedule.id: schedule.versions for schedule in schedules}
    pots = [_Pot(schedule, version, limit) for schedule in schedules for version, limit in _pots(schedule)]
    for pot in sorted(pots, key=lambda pot: bool(pot.limit.whole)):
        concerned = [
            part for part in parts if part.left > 0 and pot.concerns(part, versions[part.schedule][part.version])
        ]
        results[pot.schedule.id] += _apply(pot, concerned, parts)
        if pot.limit.model.rest_to is not None:
            _take_over(pot.name, pot.limit.model.rest_to, concerned, parts)
    return results


def _take_over(pot: str, payer: str, concerned: Sequence[PayerPart], parts: list[PayerPart]) -> None:
    """What the pot cut from each line is owed by `payer`: added to its part of the line, or a part of its own."""
    _owe_instead(payer, [(part, part.cuts[pot]) for part in concerned if pot in part.cuts], parts)


def _owe_instead(payer: str, taken: Iterable[tuple[PayerPart, int]], parts: list[PayerPart]) -> None:
    """`payer` owes these amounts (fen) on the lines of these parts."""
    own = {_line(part): part for part in parts if part.payer == payer}
    for part, amount in taken:
        line = _line(part)
        if line in own:
            own[line].owed += amount
            own[line].left += amount
        else:
            own[line] = replace(part, payer=payer, position=LAST, owed=amount, left=amount, cuts={}, room={}, groups={})
            parts.append(own[line])


def _refund(version: Version, refund: Refund, group: Sequence[PayerPart], available: int | None) -> tuple[int, int]:
    """What the payers of the group are to get back, and what of it there is money for (fen)."""
    share = version.checker.figures(refund.share, ()).rows[0].figure
    assert isinstance(share, Fraction)
    asked = int(round_to(sum(part.left for part in group) * share, Fraction(1), "half_up"))
    return asked, asked if available is None else min(asked, available)


def _line(part: PayerPart) -> tuple[str, int, str, int]:
    return part.schedule, part.version, part.clause, part.line


@dataclass(frozen=True)
class _Pot:
    """A pot as the last version that has it says."""

    schedule: Schedule
    version: Version
    limit: CheckedLimit

    @property
    def name(self) -> str:
        return self.limit.name

    def concerns(self, part: PayerPart, of: Version) -> bool:
        """Whether it is over a part of a line of the version `of`. For a clause of another schedule: as the version of
        the pot's own schedule says that is in force on the due day in that district."""
        year, years, payer = part.due_month // 12, self.limit.years, self.limit.model.payer
        limit = of.limits.get(self.name) if self.limit.whole or of.id == self.schedule.id else None
        if limit is None or payer not in (None, part.payer) or not (years is None or years[0] <= year <= years[1]):
            return False
        if not limit.dated:
            return part.clause in limit.model.among
        day = day_of(part.due)
        return any(part.clause in one.model.among and reach.has(day, part.district) for reach, one in limit.dated)


def _pots(schedule: Schedule) -> list[tuple[Version, CheckedLimit]]:
    """Each of a schedule's own pots as its last version has it."""
    found: dict[str, tuple[Version, CheckedLimit]] = {}
    for version in schedule.versions:
        own = {name: limit for name, limit in version.limits.items() if limit.is_pot and not limit.dated}
        found |= {name: (version, limit) for name, limit in own.items()}
    return list(found.values())


def _apply(pot: _Pot, concerned: Iterable[PayerPart], parts: list[PayerPart]) -> list[PotResult]:
    """What the pot did to the parts it is over. What a refund makes another payer owe is added to all `parts`."""
    name, version, limit = pot.name, pot.version, pot.limit
    groups: dict[Key, list[PayerPart]] = {}
    for part in concerned:
        groups.setdefault(_key(limit, part), []).append(part)
    clauses = clauses_among(pot.schedule, name)
    taken: list[tuple[PayerPart, int]] = []
    results = []
    for key in sorted(groups, key=_sortable):
        ceiling = _figure(version, limit.model.at_most, limit.model.per, key)
        before = _figure(version, limit.model.used_before, limit.model.per, key) or 0
        available = None if ceiling is None else max(0, ceiling - before)
        group = sorted(groups[key], key=lambda part: _order(clauses, part))
        shown = dict(zip(limit.model.per, key, strict=True))
        way = "refund" if limit.model.refund else limit.when_short
        result = PotResult(name, limit.model.item, limit.model.years, shown, ceiling, before, 0, 0, way)
        lefts = [part.left for part in group]
        if limit.model.refund is not None:
            asked, refunded = _refund(version, limit.model.refund, group, available)
            for part, share in zip(group, split(refunded, lefts), strict=True):
                part.owed -= share
                part.left -= share
                if share:
                    taken.append((part, share))
            shares = tuple(PotShare(part, left, left - part.left) for part, left in zip(group, lefts, strict=True))
            by = limit.model.refund.by
            results.append(replace(result, asked=asked, refunded=refunded, goes_to=by, shares=shares))
        elif available is not None:
            cut = 0 if limit.when_short == "report" else _cut(name, limit, group, available)
            shares = tuple(PotShare(part, left, left - part.left) for part, left in zip(group, lefts, strict=True))
            rest_to = limit.model.rest_to
            results.append(replace(result, asked=sum(lefts), cut=cut, goes_to=rest_to, shares=shares))
            for part in group:
                part.groups[name] = results[-1]
    if limit.model.refund is not None:
        _owe_instead(limit.model.refund.by, taken, parts)
    return results


def _key(limit: CheckedLimit, part: PayerPart) -> Key:
    return tuple(part.due_month // MONTHS_IN[word] if word in MONTHS_IN else part.district for word in limit.model.per)


def _sortable(key: Key) -> tuple[tuple[bool, str | int], ...]:
    return tuple((part is None, part if part is not None else "") for part in key)


def _order(clauses: Sequence[str], part: PayerPart) -> tuple[object, ...]:
    return (
        clauses.index(part.clause if part.clause in clauses else f"{part.schedule}:{part.clause}"),
        part.due,
        part.payee or "",
        part.district or "",
        part.facility or "",
        part.version,
        part.line,
        part.position,
        part.payer,
    )


def _figure(version: Version, name: str | None, per: Sequence[str], key: Key) -> int | None:
    """A pot's value in fen for a group; None where the value gives no figure."""
    if name is None:
        return None
    model = version.model.values[name]
    by = dict(zip(per, key, strict=True))
    figures = version.checker.figures(name, pot_key_types(model.by))
    figure = figures.look_up([by[one] if by[one] is not None else "" for one in model.by])  # type: ignore[misc]
    return int(figure * 100) if isinstance(figure, Fraction) else None


def _cut(name: str, limit: CheckedLimit, group: Sequence[PayerPart], available: int) -> int:
    classes: dict[tuple[bool, int], list[PayerPart]] = {}
    for part in group:
        rank = part.ranks.get(name) if limit.by else 0
        classes.setdefault((rank is None, rank or 0), []).append(part)
    cut = 0
    for rank_key in sorted(classes):
        members = classes[rank_key]
        wanted = sum(part.left for part in members)
        given = min(wanted, available)
        for part in members:
            part.room[name] = (available, wanted)
        available -= given
        if given < wanted and limit.last_gets_nothing:
            given = available = 0
        for part, share in zip(members, split(given, [part.left for part in members]), strict=True):
            if share < part.left:
                part.cuts[name] = part.left - share
                cut += part.left - share
                part.left = share
    return cut
