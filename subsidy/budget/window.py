"""The days that are compared, and payments that may be for something on both sides of the first or the last of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

from subsidy.budget.compared import Entry, Group, days_of, grouped


@dataclass(frozen=True)
class Window:
    """The first (empty: none) and the last day on which what is compared is due.

    `is_blocked`: whether a payment is for rows that are blocked now, and is held rather than for something else.
    """

    since: str
    until: str
    is_blocked: Callable[[Entry], bool]

    def groups(
        self,
        now: Sequence[Entry],
        before: Sequence[Entry],
        key: Sequence[str],
        held_of: Callable[[Sequence[Group]], Sequence[int]],
    ) -> tuple[list[Group], list[Entry]]:
        """What is compared, and what of the payments is for entries of `now` that are due later.

        A payment that may be for something earlier is compared with all of it from the beginning. `held_of`: what of
        the payments of each group is held (fen), and so for nothing else.
        """
        apart = grouped(now, before, key) if any(self._is_across(entry) for entry in before) else []
        across = [group for group in apart if any(self._is_across(entry) for entry in group.before)]
        taken = {id(entry) for group in across for entry in group.entries}
        owed, paid = ([entry for entry in side if id(entry) not in taken] for side in (now, before))
        inside = grouped(self._inside(owed, self.since), self._inside(paid, self.since), key)
        held = zip(across, held_of(across), strict=True)
        ahead = [entry for group, amount in held for entry in self._narrowed(group, amount)]
        return inside + [group for group in across if group.entries], ahead

    def held_of_entitlements(self, groups: Sequence[Group]) -> list[int]:
        """What of the payments of groups of entitlements is for rows that are blocked now."""
        return [_sum(self._inside(filter(self.is_blocked, group.before), self._since(group))) for group in groups]

    def is_later(self, entry: Entry) -> bool:
        days = days_of(entry)
        return days is not None and days[0] > self.until

    def _since(self, group: Group) -> str:
        """The first day of a group: none where a payment may be for something earlier."""
        return "" if any(self._is_across_first(entry) for entry in group.before) else self.since

    def _is_across(self, entry: Entry) -> bool:
        return self._is_across_first(entry) or self._is_across_last(entry)

    def _is_across_first(self, entry: Entry) -> bool:
        days = days_of(entry)
        return days is not None and days[0] < self.since <= days[1] and days[0] <= self.until

    def _is_across_last(self, entry: Entry) -> bool:
        days = days_of(entry)
        return days is not None and days[0] <= self.until < days[1] and self.since <= days[1]

    def _inside(self, entries: Iterable[Entry], since: str) -> list[Entry]:
        """What is or may be due within the days that are compared."""
        timed = ((entry, days_of(entry)) for entry in entries)
        return [entry for entry, days in timed if not days or (since <= days[1] and days[0] <= self.until)]

    def _narrowed(self, group: Group, held: int) -> list[Entry]:
        """Cut a group to the days; what was paid beyond what is due by then is for what is due next."""
        since = self._since(group)
        across = filter(self._is_across_last, group.before)
        beyond = sorted((entry for entry in across if not self.is_blocked(entry)), key=_order)
        later = [[entry for entry in side if self.is_later(entry)] for side in (group.now, group.before)]
        group.now, group.before = self._inside(group.now, since), self._inside(group.before, since)
        unpaid = _sum(later[0]) - _sum(later[1])
        left = min(group.paid - held - group.owed, unpaid, _sum(beyond))
        ahead: list[Entry] = []
        for entry in sorted(later[0], key=_order):
            part = min(entry.fen, left)
            if part > 0:
                ahead.append(replace(entry, fen=part))
                left -= part
        if ahead:
            group.before.append(replace(beyond[0], fen=-_sum(ahead)))
        return ahead


def _order(entry: Entry) -> tuple[str, str, int]:
    return entry.until, repr(entry.values), entry.fen


def _sum(entries: Iterable[Entry]) -> int:
    return sum(entry.fen for entry in entries)
