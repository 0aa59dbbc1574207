"""What pots did to each payer's part of each payment line, so that its amount can be told step by step."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from subsidy.budget.cells import Calculated


@dataclass(frozen=True)
class Effect:
    """A change of a part (fen) by a pot; `other` is the payer to whom it goes or from whom it comes."""

    pot: str
    kind: Literal["cut", "refunded", "taken over"]
    amount: int
    other: str | None


PartKey = tuple[int, str, int, str]


def pot_effects(calculated: Sequence[Calculated], own: Calculated, low: bool) -> dict[PartKey, list[Effect]]:
    """The effects on the parts of one schedule, by version, clause, line and payer, in the order of the pots."""
    found: dict[PartKey, list[Effect]] = {}
    for pot in (pot for one in calculated for pot in (one.low if low else one.high).pots):
        for share in pot.shares:
            part = share.part
            if not share.taken or part.schedule != own.schedule.id:
                continue
            kind: Literal["cut", "refunded"] = "refunded" if pot.when_short == "refund" else "cut"
            line = (part.version, part.clause, part.line)
            found.setdefault((*line, part.payer), []).append(Effect(pot.pot, kind, -share.taken, pot.goes_to))
            if pot.goes_to is not None:
                taken_over = Effect(pot.pot, "taken over", share.taken, part.payer)
                found.setdefault((*line, pot.goes_to), []).append(taken_over)
    return found
