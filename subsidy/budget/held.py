"""What was paid before for rows that are blocked now: stated, and not taken back until the rows are mended."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from subsidy.budget.compared import ANY, Entry, Group
from subsidy.budget.owed import States
from subsidy.finding import Finding, Place, Text
from subsidy.money import split

LINE = ("schedule", "clause", "payee", "period")

Source = tuple[int, tuple[str | None, ...]]  # which of what was given as paid, and the payment line in it
Part = tuple[str, int, int]  # an order, the position of a group, and what was paid in it


class Held:
    """Amounts in fen that are held, found on entitlements and divided over the payments that they were paid with."""

    def __init__(self, states: States) -> None:
        self.states = states
        self._held: list[tuple[Entry, int]] = []
        self._paid: Counter[Source] = Counter()
        self._untold = 0

    def of_entitlement(self, group: Group) -> int:
        """What was paid before for blocked rows of a group, beyond what it owes them now."""
        owed: Counter[str | None] = Counter()
        for entry in group.now:
            owed[entry["subject"]] += entry.fen
        blocked: dict[str | None, list[Entry]] = {}
        for entry in group.before:
            self._paid[_source(entry)] += entry.fen
            if entry["subject"] == ANY:
                self._untold += 1
            elif self.states.is_blocked(entry):
                blocked.setdefault(entry["subject"], []).append(entry)
        return sum(self._of_subject(entries, owed[subject]) for subject, entries in blocked.items())

    def _of_subject(self, entries: list[Entry], owed: int) -> int:
        held = sum(entry.fen for entry in entries) - owed
        if owed and held <= 0:
            return 0
        entries = sorted(entries, key=lambda entry: (repr(entry.values), entry.source, entry.fen))
        parts = split(owed, [abs(entry.fen) for entry in entries])
        self._held += [(entry, entry.fen - part) for entry, part in zip(entries, parts, strict=True)]
        return held

    def of_payments(self, groups: Sequence[Group]) -> list[int]:
        """The same by payer: of a row of a file its own payer's, of a ledger as its line was paid there."""
        held = [0] * len(groups)
        own: dict[int, int] = {}
        paid: dict[Source, list[Part]] = {}
        for position, group in enumerate(groups):
            for entry in group.before:
                own[id(entry)] = position
                paid.setdefault(_source(entry), []).append((repr(entry.values), position, entry.fen))
        of_lines: Counter[Source] = Counter()
        for entry, amount in self._held:
            if id(entry) in own:
                held[own[id(entry)]] += amount
            else:
                of_lines[_source(entry)] += amount
        first = {line: (source, line) for source, line in sorted(paid, key=lambda one: -one[0])}
        for source, amount in of_lines.items():
            parts = sorted(paid.get(source) or paid.get(first.get(source[1], source), []))
            after_pots = self._after_pots(amount, self._paid[source], sum(fen for _, _, fen in parts))
            for (_, position, _), part in zip(parts, _divided(after_pots, parts), strict=True):
                held[position] += part
        return held

    @staticmethod
    def _after_pots(amount: int, owed: int, paid: int) -> int:
        """What was paid of an amount, where pots cut the line that it was in."""
        return split(paid, [amount, owed - amount])[0] if 0 < paid < owed and 0 < amount <= owed else amount

    @property
    def findings(self) -> list[Finding]:
        """A warning where rows are blocked and payments do not say whom they were for."""
        if not self._untold or not self.states.has_blocked:
            return []
        why = Text(
            "有行因错误或缺少事实未计算，而已拨款项没有写明对象：这些行此前拨付的可能列为追回",
            "rows are left out for their errors or lack facts, and what was paid does not say for whom: "
            "what these rows were paid before may stand among the recoveries",
        )
        remedy = Text("请先改正花名册再清算，或在已拨文件中写明对象", "mend the roster first, or name the subjects")
        return [Finding(Place(), "blocked-and-untold", why, remedy, severity="warning")]


def _source(entry: Entry) -> Source:
    return entry.source, tuple(entry[name] for name in LINE)


def _divided(amount: int, parts: Sequence[Part]) -> list[int]:
    """An amount over the payers of a line in proportion to what each paid, of the amount's own sign if any did."""
    weights = [max(fen if amount > 0 else -fen, 0) for _, _, fen in parts]
    if not any(weights):
        weights = [abs(fen) for _, _, fen in parts]
    return split(amount, weights) if any(weights) else [0] * len(parts)
