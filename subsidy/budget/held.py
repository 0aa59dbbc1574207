"""What was paid before for rows that are blocked now: stated, and not taken back until the rows are mended."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from subsidy.budget.compared import ANY, Entry, Group
from subsidy.budget.owed import States
from subsidy.finding import Finding, Place, Text
from subsidy.money import split

LINE = ("schedule", "clause", "payee", "period")


class Held:
    """Amounts in fen that are held, found on entitlements and divided over the payments of the same lines."""

    def __init__(self, states: States) -> None:
        self.states = states
        self._of_lines: Counter[tuple[str | None, ...]] = Counter()
        self._untold = 0

    def of_entitlement(self, group: Group) -> int:
        """What was paid before for blocked rows of a group that owes them nothing now."""
        paid_now = {entry["subject"] for entry in group.now}
        held = 0
        for entry in group.before:
            if entry["subject"] == ANY:
                self._untold += 1
            elif entry["subject"] not in paid_now and self.states.is_blocked(entry):
                held += entry.fen
                self._of_lines[_line(entry)] += entry.fen
        return held

    def of_payments(self, groups: Sequence[Group]) -> list[int]:
        """The same by payer, in proportion to what each paid of the line before."""
        held = [0] * len(groups)
        paid: dict[tuple[str | None, ...], list[tuple[str, int, int]]] = {}
        for position, group in enumerate(groups):
            for entry in group.before:
                line = _line(entry)
                if line in self._of_lines:
                    paid.setdefault(line, []).append((repr(entry.values), position, max(entry.fen, 0)))
        for line, amount in self._of_lines.items():
            parts = sorted(paid.get(line, []))
            weights = [weight for _, _, weight in parts]
            if any(weights):
                for (_, position, _), part in zip(parts, split(amount, weights), strict=True):
                    held[position] += part
        return held

    @property
    def findings(self) -> list[Finding]:
        """A warning where rows are blocked and payments do not say whom they were for."""
        if not self._untold or not self.states.blocked:
            return []
        why = Text(
            "有行因错误未计算，而已拨款项没有写明对象：这些行此前拨付的可能列为追回",
            "rows are left out for their errors, and what was paid does not say for whom: "
            "what these rows were paid before may stand among the recoveries",
        )
        remedy = Text("请先改正花名册再清算，或在已拨文件中写明对象", "mend the roster first, or name the subjects")
        return [Finding(Place(), "blocked-and-untold", why, remedy, severity="warning")]


def _line(entry: Entry) -> tuple[str | None, ...]:
    return tuple(entry[name] for name in LINE)
