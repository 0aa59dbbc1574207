"""What every breakdown of one question shares: the calculation, its end, how much to list, and the words."""

from __future__ import annotations

import functools
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Literal, get_args

from subsidy.budget.breakdown import Key, Node, Rest
from subsidy.budget.cells import Basis, Calculated
from subsidy.budget.names import Names
from subsidy.budget.payments import Payments
from subsidy.engine import calendar
from subsidy.engine.explain import explain_entitlement
from subsidy.engine.explanation import Explanation
from subsidy.finding import Finding, Language
from subsidy.schedule.load import Version

Depth = Literal["clauses", "lines", "entitlements", "rows"]
DEPTHS: tuple[Depth, ...] = get_args(Depth)


@dataclass(frozen=True)
class Extent:
    """How many parts of one amount are listed, and how many entitlements are explained in full; None: all."""

    lines: int | None
    entitlements: int | None
    rows: int | None


BRIEF = Extent(5, 10, 3)
PAGE = Extent(100, 100, 30)
WHOLE = Extent(None, None, None)


@dataclass
class Context:
    """One question about one calculation."""

    calculated: Sequence[Calculated]
    names: Names[Calculated]
    year: int
    basis: Basis
    language: Language
    low: bool = False
    extent: Extent = BRIEF
    depth: Depth | None = None
    findings: Sequence[Finding] = ()
    explained: int = 0

    def said(self, zh: str, en: str) -> str:
        return zh if self.language == "zh" else en

    def payments(self, one: Calculated) -> Payments:
        return one.low if self.low else one.high

    @functools.cached_property
    def ends(self) -> list[tuple[Calculated, Payments]]:
        """Each schedule with the calculation that is asked about."""
        return [(one, self.payments(one)) for one in self.calculated]

    def goes_to(self, depth: Depth) -> bool:
        """Whether the tree goes down to a depth."""
        return self.depth is not None and DEPTHS.index(self.depth) >= DEPTHS.index(depth)

    def cited(self, one: Calculated, clause: str) -> str:
        """The document and item of a clause, of each version that has it."""
        found = [version for version in one.schedule.versions if clause in version.clauses]
        return self.said("；", "; ").join(dict.fromkeys(self._cited(version, clause) for version in found))

    def _cited(self, version: Version, clause: str) -> str:
        model, document = version.model.clauses[clause], version.model.document
        item = self.said(f"第 {model.item} 条", f"item {model.item}")
        return " ".join(part for part in (document.cited(self.language), model.part or document.part, item) if part)

    def findings_of(self, subjects: Collection[str]) -> tuple[tuple[str, str], ...]:
        """What was found in the rows of these subjects, as facts of a node."""
        found = [one for one in self.findings if one.subject in subjects]
        return tuple((self.said("疑点", "finding"), one.line(self.language)) for one in found)

    def listed(self, number: int, zh: str, en: str, plural: str = "") -> str:
        """A count with its word: 12 笔, 12 parts."""
        return self.said(f"{number:,} {zh}", f"{number:,} {en if number == 1 else plural or en + 's'}")

    def explanation(self, one: Calculated, clause: str, subject: str | None, period: str) -> Explanation | None:
        """An entitlement in full, where the depth asks for it and not too many have been shown."""
        if not self.goes_to("rows") or subject is None:
            return None
        if self.extent.rows is not None and self.explained >= self.extent.rows:
            return None
        self.explained += 1
        return self.in_full(one, clause, subject, period)

    def in_full(self, one: Calculated, clause: str, subject: str, period: str | None) -> Explanation:
        runs = [self.payments(one).run, *(self.payments(other).run for other in self.calculated if other is not one)]
        cuts = self.payments(one).cuts
        return explain_entitlement(runs, clause, subject, period, self.year, self.language, cuts)

    def period_label(self, one: Calculated, clause: str, version: int, period: int) -> str:
        return calendar.period_label(one.schedule.versions[version].clauses[clause].model.every, period)

    def pay_ratio(self, weights: dict[str, int]) -> str:
        """Who pays which share of a line: 市级财政 5 : 区县财政 5."""
        return " : ".join(f"{self.names.payer(payer, self.language)} {weight}" for payer, weight in weights.items())


def rest_of(children: Iterable[Node], count: int, amount: int) -> Rest | None:
    """What of `count` parts that add up to `amount` is not among the children."""
    listed = list(children)
    if len(listed) == count:
        return None
    return Rest(count - len(listed), amount - sum(child.amount for child in listed))


def added_up(kind: str, name: str, children: Sequence[Node], note: str = "", key: Key | None = None) -> Node:
    """A node that is the sum of these."""
    return Node(kind, name, sum(child.amount for child in children), note, key or {}, children=tuple(children))
