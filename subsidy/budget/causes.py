"""Why a printed figure may differ from the one calculated: the mistakes that plans and reports usually make."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from subsidy.finding import Text
from subsidy.money import round_to
from subsidy.schedule.expression import plain_number
from subsidy.schedule.node import Node

SHARE_OF_LATER = Text(
    "所载数是增量占后值的比重，不是增幅", "the printed figure is the increase as a share of the later figure"
)
CUT_OFF = Text("所载数是直接截去尾数，未四舍五入", "the printed figure is cut off, not rounded")
SWAPPED = Text("两数只是相邻数字颠倒", "two neighbouring digits are swapped")


@dataclass(frozen=True)
class Parts:
    """What a measure is made of: the quotient it is or rounds, and the two numbers whose difference is divided."""

    rounding: Node | None
    quotient: Node | None

    @classmethod
    def of(cls, measure: Node) -> Parts:
        rounding = measure if measure.operation == "round" else None
        inner = measure.arguments[0] if rounding else measure
        while inner.operation == "derived":
            inner = inner.arguments[0]
        return cls(rounding, inner if inner.operation == "div" else None)

    @property
    def above(self) -> Node | None:
        return self.quotient.arguments[0] if self.quotient else None

    @property
    def below(self) -> Node | None:
        return self.quotient.arguments[1] if self.quotient else None

    @property
    def later(self) -> Node | None:
        """The first of the two numbers of a difference that is divided."""
        return self.above.arguments[0] if self.above is not None and self.above.operation == "sub" else None

    def rounded(self, number: Fraction) -> Fraction:
        """A number rounded as the measure is."""
        return number if self.rounding is None else round_to(number, self.rounding.step, self.rounding.rounding)


@dataclass(frozen=True)
class Found:
    """What the parts of a measure are for one row."""

    measured: Fraction
    above: Fraction | None = None
    below: Fraction | None = None
    later: Fraction | None = None


def cause(parts: Parts, found: Found, printed: Fraction) -> Text | None:
    """The usual mistake that makes a printed figure of what was measured; None where none does."""
    if found.above is not None and found.later and parts.rounded(found.above / found.later) == printed:
        return SHARE_OF_LATER
    if _is_cut_off(parts, found, printed):
        return CUT_OFF
    return _of_writing(printed, found.measured)


def _is_cut_off(parts: Parts, found: Found, printed: Fraction) -> bool:
    if parts.rounding is None or found.above is None or not found.below:
        return False
    return round_to(found.above / found.below, parts.rounding.step, "down") == printed


def _of_writing(printed: Fraction, measured: Fraction) -> Text | None:
    if _swapped(plain_number(printed), plain_number(measured)):
        return SWAPPED
    for power in (10, 100, 1000, 10000):
        if printed == measured * power:
            return Text(
                f"所载数大了 {power} 倍，请核对单位", f"the printed figure is {power} times as large: check its unit"
            )
        if printed * power == measured:
            return Text(
                f"所载数小了 {power} 倍，请核对单位", f"the printed figure is {power} times too small: check its unit"
            )
    return None


def _swapped(one: str, two: str) -> bool:
    different = [index for index, (a, b) in enumerate(zip(one, two, strict=False)) if a != b]
    return (
        len(one) == len(two)
        and len(different) == 2
        and different[1] == different[0] + 1
        and one[different[0]] == two[different[1]]
        and one[different[1]] == two[different[0]]
    )
