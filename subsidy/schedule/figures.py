"""Figures of a value by its keys: nested mappings to flat rows that meet no key twice.

Every key position becomes either texts to be equal to, or whole-number ranges with both ends included.
"""

from __future__ import annotations

import datetime
import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from typing import Any

from subsidy.finding import Refusal, Text, nearest
from subsidy.money import exact_number
from subsidy.schedule.model import read_date
from subsidy.schedule.node import MONTH, Type
from subsidy.schedule.source import KEY

LOWEST, HIGHEST = -(2**62), 2**62
ELSE = "*"  # stands for every text that no branch of the figures names
Range = tuple[int, int]
Figure = Fraction | datetime.date | None


@dataclass(frozen=True)
class KeyForm:
    """How one key position is matched: `texts` (named ones, to be equal to) or ranges of whole numbers."""

    ranged: bool
    texts: tuple[str, ...] = ()


@dataclass(frozen=True)
class FigureRow:
    keys: tuple[str | Range, ...]
    figure: Figure


@dataclass(frozen=True)
class Figures:
    forms: tuple[KeyForm, ...]
    rows: tuple[FigureRow, ...]

    @property
    def numbers(self) -> list[Fraction]:
        return [row.figure for row in self.rows if isinstance(row.figure, Fraction)]

    @property
    def scale(self) -> int:
        return math.lcm(*(number.denominator for number in self.numbers)) if self.numbers else 1

    def look_up(self, keys: Sequence[str | int]) -> Figure:
        """The figure for these keys, or None where none is given."""
        for row in self.rows:
            if all(_meets(form, own, key) for form, own, key in zip(self.forms, row.keys, keys, strict=True)):
                return row.figure
        return None


def _meets(form: KeyForm, own: str | Range, key: str | int) -> bool:
    if isinstance(own, tuple):
        return isinstance(key, int) and own[0] <= key <= own[1]
    return own == (key if key in form.texts else ELSE)


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


def _end(written: str, key: Type) -> int:
    if key.kind == "date":
        return day_number(read_date(written))
    if key.unit.over == (MONTH,):
        return month_number(written)
    number = exact_number(written.removesuffix("%")) / (100 if written.endswith("%") else 1) * key.scale
    if number.denominator != 1:
        raise Refusal(
            Text("小数位多于该事实", "more decimals than the fact has"),
            Text(f"该事实以 1/{key.scale} 计", f"the fact is counted in {key.scale}ths")
            if key.scale > 1
            else Text("请写整数", "write a whole number"),
        )
    return number.numerator


def _range(written: str, key: Type) -> Range:
    if ".." not in written:
        return (_end(written, key), _end(written, key))
    low, high = written.split("..", 1)
    ends = (_end(low, key) if low else LOWEST, _end(high, key) if high else HIGHEST)
    if ends[0] > ends[1]:
        raise Refusal(Text("范围上下限颠倒", "the range ends before it begins"), Text("请交换两端", "swap its ends"))
    return ends


def _gaps(ranges: list[Range]) -> list[Range]:
    gaps, start = [], LOWEST
    for low, high in sorted(ranges):
        if low > start:
            gaps.append((start, low - 1))
        start = high + 1
    if start <= HIGHEST:
        gaps.append((start, HIGHEST))
    return gaps


def _is_ranged(key: Type) -> bool:
    return key.kind in ("number", "date")


def read_figure(written: Any, unit: str) -> Figure:
    """One printed figure in the unit of its value. `none` is no figure."""
    if not isinstance(written, str) or not written:
        raise Refusal(
            Text("此处应为一个数", "a figure is expected here"), Text("键的层数与 by 一致", "nest as deep as `by` says")
        )
    if written == "none":
        return None
    if unit == "date":
        return read_date(written)
    if unit.split("/")[0].strip() == "percent":
        if not written.endswith("%"):
            raise Refusal(Text("百分比须带 %", "a percentage has its %"), Text("请写成 30%", "write it like 30%"))
        return exact_number(written[:-1]) / 100
    return exact_number(written)


def check_each_figure(written: Any, unit: str, path: tuple[str, ...]) -> None:
    """Raises Refusal for the first figure that is none, however deep; the keys are not looked at."""
    if isinstance(written, dict):
        for name, inner in written.items():
            check_each_figure(inner, unit, (*path, name))
        return
    try:
        read_figure(written, unit)
    except Refusal as refusal:
        raise refusal.at(path) from None


def read_figures(written: Any, unit: str, keys: Sequence[Type]) -> Figures:
    """Flat rows of a value's figures. Raises Refusal (with `path` of the keys) for what does not fit the keys."""
    forms = tuple(
        KeyForm(True) if _is_ranged(key) else KeyForm(False, tuple(sorted(_texts_at(written, depth))))
        for depth, key in enumerate(keys)
    )
    rows = tuple(_flatten(written, unit, list(zip(keys, forms, strict=True)), ()))
    return Figures(forms, rows)


def _texts_at(written: Any, depth: int) -> set[str]:
    if not isinstance(written, dict):
        return set()
    if depth == 0:
        return {key for key in written if key != "other"}
    return set().union(*(_texts_at(inner, depth - 1) for inner in written.values())) if written else set()


def _flatten(written: Any, unit: str, keys: list[tuple[Type, KeyForm]], path: tuple[str, ...]) -> Iterator[FigureRow]:
    try:
        if not keys:
            yield FigureRow((), read_figure(written, unit))
            return
        matches = _branch(written, *keys[0])
    except Refusal as refusal:
        inner, refusal.path = refusal.path or (), None
        raise refusal.at(("is", *path, *inner)) from None
    for name, own_keys in matches.items():
        for row in _flatten(written[name], unit, keys[1:], (*path, name)):
            for own in own_keys:
                yield FigureRow((own, *row.keys), row.figure)


def _branch(written: Any, key: Type, form: KeyForm) -> dict[str, list[str | Range]]:
    if not isinstance(written, dict) or not written:
        raise Refusal(
            Text("此处应按键列出", "figures by key are expected here"),
            Text("键的层数与 by 一致", "nest as deep as `by` says"),
        )
    named = [name for name in written if name != "other"]
    if form.ranged:
        return _ranged_branch(named, "other" in written, key)
    options = {"yes_no": ("no", "yes")}.get(key.kind, key.options)
    for name in named:
        if options and name not in options:
            raise Refusal(Text(f"没有类别 {name}", f"there is no category {name}"), nearest(name, options)).at(
                (name, KEY)
            )
    every = options or (*form.texts, ELSE)
    rest: list[str | Range] = [name for name in every if name not in named]
    if "other" in written:
        return {**{name: [name] for name in named}, "other": rest}
    if options and rest:
        raise Refusal(
            Text(f"缺少类别 {', '.join(map(str, rest))}", f"no figure for {', '.join(map(str, rest))}"),
            Text("请补上，或写 other", "add them, or other"),
        )
    return {name: [name] for name in named}


def _ranged_branch(named: list[str], has_other: bool, key: Type) -> dict[str, list[str | Range]]:
    ranges = {}
    for name in named:
        try:
            ranges[name] = _range(name, key)
        except Refusal as refusal:
            raise refusal.at((name, KEY)) from None
    ordered = sorted(ranges.items(), key=lambda item: item[1])
    for (one, first), (two, second) in pairwise(ordered):
        if second[0] <= first[1]:
            raise Refusal(Text(f"{one} 与 {two} 重叠", f"{one} and {two} overlap"), Text("请分开", "separate them")).at(
                (two, KEY)
            )
        if second[0] > first[1] + 1 and not has_other:
            raise Refusal(
                Text(f"{one} 与 {two} 之间有空档", f"there is a gap between {one} and {two}"),
                Text("请补上，或写 other", "fill it, or add other"),
            ).at((two, KEY))
    branches: dict[str, list[str | Range]] = {name: [own] for name, own in ranges.items()}
    if has_other:
        branches["other"] = list(_gaps(list(ranges.values())))
    return branches
