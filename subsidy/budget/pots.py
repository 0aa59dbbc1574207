"""Pots: a sum of money that payers' parts share. Whole numbers of fen in Python, on parts of payment lines."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction

from subsidy.engine.limits import clauses_among
from subsidy.money import round_to, split
from subsidy.schedule.catalogue import Schedule
from subsidy.schedule.checked import CheckedLimit
from subsidy.schedule.limit_check import pot_key_types
from subsidy.schedule.load import Version
from subsidy.schedule.model import MONTHS_IN, Refund

Key = tuple[str | int | None, ...]
LAST = 1_000_000  # the position of a payer that only took over


@dataclass
class PayerPart:
    """One payer's part of one payment line: `owed` before pots, `left` after those applied so far (fen)."""

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


@dataclass(frozen=True)
class PotResult:
    """What a pot did in one group: fen available (None: without a ceiling), asked for, over it, cut, refunded."""

    pot: str
    item: str | None
    key: Mapping[str, str | int | None]
    at_most: int | None
    used_before: int
    asked: int
    cut: int
    when_short: str
    refunded: int = 0

    @property
    def over(self) -> int:
        return 0 if self.at_most is None else max(0, self.asked - max(0, self.at_most - self.used_before))


def apply_pots(schedule: Schedule, parts: list[PayerPart]) -> list[PotResult]:
    """Cut the parts (in place) as the schedule's pots say, in its order; what each pot did.

    Where a pot names another payer for the rest (`rest_to`), parts are added to the list by which that payer owes it.
    """
    for part in parts:
        part.left = part.owed
    results: list[PotResult] = []
    for name, (version, limit) in _pots(schedule).items():
        results += _apply(schedule, version, name, limit, parts)
        if limit.model.rest_to is not None:
            _take_over(name, limit.model.rest_to, parts)
    return results


def _take_over(pot: str, payer: str, parts: list[PayerPart]) -> None:
    """What the pot cut from each line is owed by `payer`: added to its part of the line, or a part of its own."""
    _owe_instead(payer, [(part, part.cuts[pot]) for part in parts if pot in part.cuts], parts)


def _owe_instead(payer: str, taken: Iterable[tuple[PayerPart, int]], parts: list[PayerPart]) -> None:
    """`payer` owes these amounts (fen) on the lines of these parts."""
    own = {(part.version, part.clause, part.line): part for part in parts if part.payer == payer}
    for part, amount in taken:
        line = (part.version, part.clause, part.line)
        if line in own:
            own[line].owed += amount
            own[line].left += amount
        else:
            own[line] = replace(part, payer=payer, position=LAST, owed=amount, left=amount, cuts={})
            parts.append(own[line])


def _refund(version: Version, refund: Refund, group: Sequence[PayerPart], available: int | None) -> tuple[int, int]:
    """What the payers of the group are to get back, and what of it there is money for (fen)."""
    share = version.checker.figures(refund.share, ()).rows[0].figure
    assert isinstance(share, Fraction)
    asked = int(round_to(sum(part.left for part in group) * share, Fraction(1), "half_up"))
    return asked, asked if available is None else min(asked, available)


def _pots(schedule: Schedule) -> dict[str, tuple[Version, CheckedLimit]]:
    """Each pot as its last version has it."""
    found: dict[str, tuple[Version, CheckedLimit]] = {}
    for version in schedule.versions:
        found |= {name: (version, limit) for name, limit in version.limits.items() if limit.is_pot}
    return found


def _apply(
    schedule: Schedule, version: Version, name: str, limit: CheckedLimit, parts: list[PayerPart]
) -> list[PotResult]:
    concerned = [part for part in parts if part.left > 0 and _concerns(schedule, name, limit, part)]
    groups: dict[Key, list[PayerPart]] = {}
    for part in concerned:
        groups.setdefault(_key(limit, part), []).append(part)
    clauses = clauses_among(schedule, name)
    results = []
    for key in sorted(groups, key=_sortable):
        ceiling = _figure(version, limit.model.at_most, limit.model.per, key)
        before = _figure(version, limit.model.used_before, limit.model.per, key) or 0
        available = None if ceiling is None else max(0, ceiling - before)
        group = sorted(groups[key], key=lambda part: _order(clauses, part))
        shown = dict(zip(limit.model.per, key, strict=True))
        result = PotResult(name, limit.model.item, shown, ceiling, before, 0, 0, limit.when_short)
        if limit.model.refund is not None:
            asked, refunded = _refund(version, limit.model.refund, group, available)
            shares = list(zip(group, split(refunded, [part.left for part in group]), strict=True))
            for part, share in shares:
                part.owed -= share
                part.left -= share
            _owe_instead(limit.model.refund.by, [(part, share) for part, share in shares if share], parts)
            results.append(replace(result, asked=asked, refunded=refunded))
        elif available is not None:
            asked = sum(part.left for part in group)
            cut = 0 if limit.when_short == "report" else _cut(name, limit, group, available)
            results.append(replace(result, asked=asked, cut=cut))
    return results


def _concerns(schedule: Schedule, name: str, limit: CheckedLimit, part: PayerPart) -> bool:
    own = schedule.versions[part.version].limits.get(name)
    if own is None or part.clause not in own.model.among:
        return False
    if limit.model.payer is not None and part.payer != limit.model.payer:
        return False
    year = part.due_month // 12
    return limit.years is None or limit.years[0] <= year <= limit.years[1]


def _key(limit: CheckedLimit, part: PayerPart) -> Key:
    return tuple(part.due_month // MONTHS_IN[word] if word in MONTHS_IN else part.district for word in limit.model.per)


def _sortable(key: Key) -> tuple[tuple[bool, str | int], ...]:
    return tuple((part is None, part if part is not None else "") for part in key)


def _order(clauses: Sequence[str], part: PayerPart) -> tuple[object, ...]:
    return (
        clauses.index(part.clause),
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
        available -= given
        if given < wanted and limit.last_gets_nothing:
            given = available = 0
        for part, share in zip(members, split(given, [part.left for part in members]), strict=True):
            if share < part.left:
                part.cuts[name] = part.left - share
                cut += part.left - share
                part.left = share
    return cut
