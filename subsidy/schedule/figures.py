"""Figures of a value by its keys: nested mappings to flat rows that meet no key twice.

Every key position becomes either texts to be equal to, or whole-number ranges with both ends included.
"""

from __future__ import annotations

import datetime
import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from typing import Any, TypeVar

from subsidy.finding import Refusal, Text, nearest
from subsidy.money import exact_number
from subsidy.schedule.date_words import FIRST_YEAR, LAST_YEAR
from subsidy.schedule.node import Type
from subsidy.schedule.ranges import HIGHEST, Range, day_number, day_of, gaps, read_range
from subsidy.schedule.source import KEY
from subsidy.schedule.written import read_date

ELSE = "*"  # stands for every text that no branch of the figures names
Keys = tuple[str | Range, ...]
Figure = Fraction | datetime.date | None
Leaf = TypeVar("Leaf")


@dataclass(frozen=True)
class KeyForm:
    """How one key position is matched: `texts` (named ones, to be equal to) or ranges of whole numbers."""

    ranged: bool
    texts: tuple[str, ...] = ()


@dataclass(frozen=True)
class FigureRow:
    keys: Keys
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
            if meet(self.forms, row.keys, keys):
                return row.figure
        return None


def meet(forms: Sequence[KeyForm], own: Keys, keys: Sequence[str | int]) -> bool:
    return all(_meets(form, one, key) for form, one, key in zip(forms, own, keys, strict=True))


def _meets(form: KeyForm, own: str | Range, key: str | int) -> bool:
    if isinstance(own, tuple):
        return isinstance(key, int) and own[0] <= key <= own[1]
    return own == (key if key in form.texts else ELSE)


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
        return _read_day(written)
    if unit.split("/")[0].strip() == "percent":
        if not written.endswith("%"):
            raise Refusal(Text("百分比须带 %", "a percentage has its %"), Text("请写成 30%", "write it like 30%"))
        return exact_number(written[:-1]) / 100
    return exact_number(written)


def _read_day(written: str) -> datetime.date:
    day = read_date(written)
    if not FIRST_YEAR <= day.year <= LAST_YEAR:
        raise Refusal(
            Text(f"日期不在 {FIRST_YEAR} 至 {LAST_YEAR} 年", f"a date outside {FIRST_YEAR} to {LAST_YEAR}"),
            Text("请核对年份；没有日期写 none", "check the year; write none for no date"),
        )
    return day


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


def each_figure(written: Any, unit: str) -> Iterator[Figure]:
    """Every figure, whatever its keys."""
    if isinstance(written, dict):
        for inner in written.values():
            yield from each_figure(inner, unit)
    else:
        yield read_figure(written, unit)


def read_figures(written: Any, unit: str, keys: Sequence[Type]) -> Figures:
    """Flat rows of a value's figures. Raises Refusal (with `path` of the keys) for what does not fit the keys."""
    forms = key_forms(written, keys)
    found = flattened(written, keys, forms, lambda figure: read_figure(figure, unit))
    return Figures(forms, tuple(FigureRow(own, figure) for own, figure in found))


def key_forms(written: Any, keys: Sequence[Type]) -> tuple[KeyForm, ...]:
    return tuple(
        KeyForm(True) if _is_ranged(key) else KeyForm(False, tuple(sorted(_texts_at(written, depth))))
        for depth, key in enumerate(keys)
    )


def _texts_at(written: Any, depth: int) -> set[str]:
    if not isinstance(written, dict):
        return set()
    if depth == 0:
        return {key for key in written if key != "other"}
    return set().union(*(_texts_at(inner, depth - 1) for inner in written.values())) if written else set()


def flattened(
    written: Any,
    keys: Sequence[Type],
    forms: Sequence[KeyForm],
    leaf: Callable[[Any], Leaf],
    path: tuple[str, ...] = (),
) -> Iterator[tuple[Keys, Leaf]]:
    """What `leaf` reads at the end of each way through the keys. Raises Refusal with the `path` of the keys."""
    try:
        if not keys:
            yield (), leaf(written)
            return
        matches = _branch(written, keys[0], forms[0])
    except Refusal as refusal:
        inner, refusal.path = refusal.path or (), None
        raise refusal.at(("is", *path, *inner)) from None
    for name, own_keys in matches.items():
        for rest, figure in flattened(written[name], keys[1:], forms[1:], leaf, (*path, name)):
            for own in own_keys:
                yield (own, *rest), figure


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
            ranges[name] = read_range(name, key)
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
        branches["other"] = list(gaps(list(ranges.values())))
    return branches


__all__ = [
    "HIGHEST",
    "Figure",
    "FigureRow",
    "Figures",
    "KeyForm",
    "Keys",
    "check_each_figure",
    "day_number",
    "day_of",
    "each_figure",
    "flattened",
    "key_forms",
    "meet",
    "read_figure",
    "read_figures",
]
