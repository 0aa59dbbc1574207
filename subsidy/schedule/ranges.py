"""Ranges as keys of figures are written: `10..20`, `..<60`, `>36000..144000`, `2023-07..`."""

from __future__ import annotations

import datetime
import re
from dataclasses import dataclass
from fractions import Fraction

from subsidy.finding import Refusal, Text
from subsidy.money import exact_number
from subsidy.schedule.expression import plain_number
from subsidy.schedule.node import MONTH, Type
from subsidy.schedule.written import read_date

LOWEST, HIGHEST = -(2**62), 2**62
Range = tuple[int, int]  # whole numbers, both included


@dataclass(frozen=True)
class WrittenRange:
    """The two ends as written, empty where there is none, and whether each belongs to the range."""

    low: str
    high: str
    has_low: bool = True
    has_high: bool = True

    @classmethod
    def read(cls, written: str) -> WrittenRange:
        if ".." not in written:
            if written[:1] in "<>":
                raise _open_end_misplaced()
            return cls(written, written)
        low, high = written.split("..", 1)
        ends = cls(low.removeprefix(">"), high.removeprefix("<"), not low.startswith(">"), not high.startswith("<"))
        if any(sign in ends.low + ends.high for sign in "<>") or low == ">" or high == "<":
            raise _open_end_misplaced()
        return ends


def _open_end_misplaced() -> Refusal:
    return Refusal(
        Text("不含端点的写法不明", "an end that does not belong to the range is written otherwise"),
        Text("请写成 >80..（80 以上，不含 80）或 ..<60（不满 60）", "write >80.. (above 80) or ..<60 (below 60)"),
    )


def month_number(written: str) -> int:
    match = re.fullmatch(r"([0-9]{4})-(0[1-9]|1[0-2])", written)
    if not match:
        raise Refusal(Text("不是月份", "this is not a month"), Text("请写成 2023-03", "write it like 2023-03"))
    return int(match[1]) * 12 + int(match[2]) - 1


def day_number(day: datetime.date) -> int:
    """Days since 1970-01-01."""
    return day.toordinal() - datetime.date(1970, 1, 1).toordinal()


def day_of(number: int) -> datetime.date:
    return datetime.date.fromordinal(number + datetime.date(1970, 1, 1).toordinal())


def number_of(written: str) -> Fraction:
    """An end of a range of numbers: 12.5 or 60%."""
    return exact_number(written.removesuffix("%")) / (100 if written.endswith("%") else 1)


def _end(written: str, key: Type) -> int:
    if key.kind == "date":
        return day_number(read_date(written))
    if key.unit.over == (MONTH,):
        return month_number(written)
    number = number_of(written) * key.scale
    if number.denominator != 1:
        raise Refusal(Text("小数位多于该事实", "more decimals than the fact has"), _coarser(written, key.scale))
    return number.numerator


def _coarser(written: str, scale: int) -> Text:
    if scale == 1:
        return Text("请写整数", "write a whole number")
    percent = written.endswith("%")
    step = plain_number(Fraction(100 if percent else 1, scale)) + "%" * percent
    return Text(
        f"该事实以 {step} 为最小单位，请改写界限，或给该事实更多小数位",
        f"the fact goes in steps of {step}: write another end, or give the fact more decimals",
    )


def read_range(written: str, key: Type) -> Range:
    """The whole numbers, in the scale of the key, that lie in a range; an end that is left out is one step in."""
    ends = WrittenRange.read(written)
    low = _end(ends.low, key) + (not ends.has_low) if ends.low else LOWEST
    high = _end(ends.high, key) - (not ends.has_high) if ends.high else HIGHEST
    if low > high:
        if low - (not ends.has_low) <= high + (not ends.has_high):
            raise Refusal(
                Text("范围内没有任何值", "there is nothing in this range"),
                Text("请放宽一端，或去掉 < 或 >", "widen it, or leave out < or >"),
            )
        raise Refusal(Text("范围上下限颠倒", "the range ends before it begins"), Text("请交换两端", "swap its ends"))
    return low, high


def gaps(ranges: list[Range]) -> list[Range]:
    """What no range covers."""
    found, start = [], LOWEST
    for low, high in sorted(ranges):
        if low > start:
            found.append((start, low - 1))
        start = high + 1
    if start <= HIGHEST:
        found.append((start, HIGHEST))
    return found
