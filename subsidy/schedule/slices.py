"""Progressive slices: a value whose last key divides a quantity into parts, each with a rate of its own.

Unlike the ranges of a look-up, the bounds of slices are numbers, not steps: a slice begins where the one below ends.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from typing import Any

from subsidy.finding import Refusal, Text
from subsidy.schedule.bounds import fits, refusal
from subsidy.schedule.figures import KeyForm, Keys, flattened, key_forms, meet, read_figure
from subsidy.schedule.node import MONTH, YEAR, Node, Type, Unit
from subsidy.schedule.ranges import WrittenRange, number_of
from subsidy.schedule.source import KEY

MOST_SLICES = 50


@dataclass(frozen=True)
class Slice:
    """What lies above `above` and not above `up_to` (None: all above), at `rate`."""

    written: str
    above: Fraction
    up_to: Fraction | None
    rate: Fraction

    def part(self, quantity: Fraction) -> Fraction:
        """How much of the quantity lies in this slice."""
        top = quantity if self.up_to is None else min(quantity, self.up_to)
        return max(top - self.above, Fraction(0))


@dataclass(frozen=True)
class SliceTable:
    """The slices for each branch of the keys before the last."""

    forms: tuple[KeyForm, ...]
    rows: tuple[tuple[Keys, tuple[Slice, ...]], ...]
    unit: Unit  # of the rates

    @property
    def slices(self) -> list[Slice]:
        return [one for _, slices in self.rows for one in slices]

    @property
    def bound_scale(self) -> int:
        return math.lcm(*(one.above.denominator for one in self.slices))

    @property
    def rate_scale(self) -> int:
        return math.lcm(*(one.rate.denominator for one in self.slices))

    def look_up(self, keys: Sequence[str | int]) -> tuple[Slice, ...]:
        """The slices for these keys; none where there are no figures."""
        return next((slices for own, slices in self.rows if meet(self.forms, own, keys)), ())


def total(slices: Sequence[Slice], quantity: Fraction) -> Fraction:
    """Each part of the quantity at its rate; 0 for a quantity below 0."""
    return sum((one.part(quantity) * one.rate for one in slices), Fraction(0))


def read_slices(written: Any, unit: str, keys: Sequence[Type]) -> SliceTable:
    """Raises Refusal (with `path` of the keys) for what does not fit the keys, or does not cover all from 0."""
    forms = key_forms(written, keys)
    rows = flattened(written, keys, forms, lambda branch: _slices(branch, unit))
    return SliceTable(forms, tuple(rows), Unit.parse(unit))


def _slices(written: Any, unit: str) -> tuple[Slice, ...]:
    if not isinstance(written, dict) or not written:
        raise Refusal(
            Text("此处应按级列出", "slices are expected here"),
            Text('例如 "..36000": 3%, ">36000..": 10%', 'such as "..36000": 3%, ">36000..": 10%'),
        )
    if len(written) > MOST_SLICES:
        raise Refusal(
            Text(f"超过 {MOST_SLICES} 级", f"there are more than {MOST_SLICES} slices"),
            Text("请合并", "merge some of them"),
        )
    found = []
    for name, figure in written.items():
        try:
            found.append((_bounds(name), _slice(name, figure, unit)))
        except Refusal as refused:
            raise refused.at((name, KEY)) from None
    found.sort(key=lambda pair: (pair[1].above, pair[1].up_to is None, pair[1].up_to))
    _check_cover(found)
    return tuple(one for _, one in found)


def _bounds(name: str) -> WrittenRange:
    if name == "other":
        raise Refusal(Text("各级没有 other", "slices have no other"), Text("请写出每一级", "write every slice"))
    return WrittenRange.read(name)


def _slice(name: str, figure: Any, unit: str) -> Slice:
    ends = WrittenRange.read(name)
    above = number_of(ends.low) if ends.low else Fraction(0)
    up_to = number_of(ends.high) if ends.high else None
    if up_to is not None and up_to < above:
        raise Refusal(Text("范围上下限颠倒", "the range ends before it begins"), Text("请交换两端", "swap its ends"))
    try:
        rate = read_figure(figure, unit)
    except Refusal as refused:
        raise refused.at((name,)) from None
    if not isinstance(rate, Fraction):
        raise Refusal(Text("此级没有比率", "this slice has no rate"), Text("请写一个数", "write a figure")).at((name,))
    return Slice(name, above, up_to, rate)


def _check_cover(found: list[tuple[WrittenRange, Slice]]) -> None:
    """That the slices begin at 0 and each begins where the one below ends, which belongs to just one of the two."""
    first, last = found[0][1], found[-1][1]
    if first.above != 0:
        raise Refusal(
            Text("各级须从 0 起", "slices begin at 0"),
            Text("请补上最低的一级，不计的写 0", "add the lowest slice, with 0 where nothing is due"),
        ).at((first.written, KEY))
    for (one, below), (two, above) in pairwise(found):
        if below.up_to != above.above or one.has_high == two.has_low:
            raise Refusal(
                Text(
                    f"{below.written} 与 {above.written} 没有首尾相接",
                    f"{above.written} does not begin where {below.written} ends",
                ),
                Text(
                    f"请写成 >{one.high or two.low}..，界限本身只归一级",
                    f"write >{one.high or two.low}..; the bound itself belongs to one of the two",
                ),
            ).at((above.written, KEY))
    if last.up_to is not None:
        raise Refusal(
            Text(f"{last.written} 以上没有比率", f"above {last.written} there is no rate"),
            Text(
                f"请补上 >{found[-1][0].high}.. 一级，不再计的写 0",
                f"add >{found[-1][0].high}.., with 0 where nothing more is due",
            ),
        ).at((last.written, KEY))


def _extremes(slices: Sequence[Slice], low: Fraction, high: Fraction) -> list[Fraction]:
    """The results at both ends of a range of quantities, and at the bounds of slices between them."""
    results, below = [total(slices, low), total(slices, high)], Fraction(0)
    for one in slices:
        if low < one.above < high:
            results.append(below)
        if one.up_to is not None:
            below += (one.up_to - one.above) * one.rate
    return results


def sliced_node(sliced: Node, name: str, table: SliceTable, keys: tuple[Node, ...], at: int) -> Node:
    """The typed `slices(sliced, name)`, proved not to overflow."""
    kind = sliced.type
    if kind.unit.over in ((YEAR,), (MONTH,)):
        raise refusal(
            "年份、月份不能分级",
            "a point in time has no slices",
            "此处需要数量或金额",
            "give a quantity or an amount",
            at,
        )
    scale = math.lcm(kind.scale, table.bound_scale)
    ends = [end for _, slices in table.rows for end in _extremes(slices, kind.low, kind.high)]
    largest = max((abs(one.rate) for one in table.slices), default=Fraction(0)) * max(kind.high, Fraction(0))
    highest = max(abs(kind.low), abs(kind.high))
    fits((sliced,), at, highest * scale, largest * scale * table.rate_scale)
    missing = kind.can_be_missing or bool(keys)
    result = Type(
        "number",
        kind.unit.times(table.unit),
        scale * table.rate_scale,
        min(ends, default=Fraction(0)),
        max(ends, default=Fraction(0)),
        can_be_missing=missing,
    )
    return Node("slices", result, (sliced, *keys), name=name)
