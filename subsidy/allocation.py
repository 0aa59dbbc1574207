"""The distribution of a fixed sum by weights, between a floor and a ceiling for each, solved exactly (因素法).

Each recipient gets its weight times one common rate, but not less than its floor and not more than its ceiling; the
rate is the one at which everything adds up to the sum. It is found on the sorted break points, in whole numbers.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from subsidy.money import split

Decided = Literal["share", "floor", "ceiling"]


@dataclass(frozen=True)
class Recipient:
    """What one takes part with: a weight (>= 0), the least and the most it can get (fen; None: no ceiling)."""

    weight: int
    floor: int = 0
    ceiling: int | None = None


def factor_weights(
    factors: Sequence[Sequence[int]], of_factors: Sequence[int], coefficients: Sequence[int]
) -> list[int]:
    """The weight of each recipient: its share of every factor's total, times that factor's weight, added up and
    multiplied by its coefficient. Factors that nobody has count for nothing. Only the ratios of the result mean
    anything.

    `factors`: for each recipient its amounts of each factor; `of_factors`: the weight of each factor.
    """
    totals = [sum(column) for column in zip(*factors, strict=True)]
    everything = 1
    for total in totals:
        everything *= total or 1
    per_unit = [
        weight * (everything // total) if total else 0 for weight, total in zip(of_factors, totals, strict=True)
    ]
    return [
        coefficient * sum(amount * each for amount, each in zip(amounts, per_unit, strict=True))
        for amounts, coefficient in zip(factors, coefficients, strict=True)
    ]


def allocate(total: int, recipients: Sequence[Recipient], step: int = 1) -> list[tuple[int, Decided]]:
    """What each recipient gets of `total` (fen, a multiple of `step`), and whether its share, floor or ceiling decided.

    All amounts are multiples of `step`; floors are rounded up to one, ceilings down, and a floor goes before a ceiling.
    They add up to `total`, except that nobody gets more than the ceiling, and nobody without weight more than the
    floor, even if something is left. Floors that add up to more than `total` share it in proportion. What is smaller
    than a step goes to the largest remainders, ties to the earlier recipient.
    """
    places = total // step
    low = [-(-one.floor // step) for one in recipients]
    high = [_most(one, least, step) for one, least in zip(recipients, low, strict=True)]
    if sum(low) >= places:
        return [(share * step, "floor") for share in split(places, low)]
    if None not in high and sum(most or 0 for most in high) <= places:
        return [
            ((most or 0) * step, "ceiling" if one.weight and most != least else "floor")
            for one, least, most in zip(recipients, low, high, strict=True)
        ]
    return [(units * step, decided) for units, decided in _at_common_rate(places, recipients, low, high)]


def _most(one: Recipient, least: int, step: int) -> int | None:
    if one.weight == 0:
        return least
    return None if one.ceiling is None else max(one.ceiling // step, least)


def _at_common_rate(
    places: int, recipients: Sequence[Recipient], low: Sequence[int], high: Sequence[int | None]
) -> list[tuple[int, Decided]]:
    weights = [one.weight for one in recipients]
    above, below = _common_rate(places, weights, low, high)
    found: list[tuple[int, Decided]] = []
    remainders: list[tuple[int, int]] = []
    for index, (weight, least, most) in enumerate(zip(weights, low, high, strict=True)):
        units, remainder = divmod(weight * above, below)
        if units < least:
            found.append((least, "floor"))
        elif most is not None and units >= most:
            found.append((most, "ceiling" if weight else "floor"))
        else:
            found.append((units, "share"))
            remainders.append((-remainder, index))
    left = places - sum(units for units, _ in found)
    for _, index in sorted(remainders)[:left]:
        found[index] = (found[index][0] + 1, "share")
    return found


def _common_rate(
    places: int, weights: Sequence[int], low: Sequence[int], high: Sequence[int | None]
) -> tuple[int, int]:
    """The rate (a numerator and a denominator) at which the recipients' amounts add up to `places`.

    Break points are the rates at which a recipient leaves its floor or reaches its ceiling. They are compared as whole
    numbers with so many binary places that no two different ones look alike.
    """
    binary_places = 2 * max(weight.bit_length() for weight in weights) + 1
    events: list[tuple[int, int, int, int]] = []
    for weight, least, most in zip(weights, low, high, strict=True):
        if weight:
            events.append(((least << binary_places) // weight, least, weight, 1))
            if most is not None:
                events.append(((most << binary_places) // weight, most, weight, -1))
    events.sort()
    fixed, slope = sum(low), 0
    for _, units, weight, sign in events:
        if fixed * weight + slope * units >= places * weight:
            break
        fixed -= sign * units
        slope += sign * weight
    return places - fixed, slope
