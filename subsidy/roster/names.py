"""Which table a sheet is and which column a heading is: by identifier or Chinese word, with a unit in brackets or not."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from subsidy.finding import Refusal, Text, nearest

if TYPE_CHECKING:
    from subsidy.schedule.check import Checker
    from subsidy.schedule.load import RosterColumn, Version

_IN_BRACKETS = re.compile(r"(.+?)\s*[(（\[【]([^()（）\[\]【】]*)[)）\]】]\s*")
_REMARKS = ("note", "remark", "备注", "说明")
_MAGNITUDE = re.compile(r"[十百千万亿].*")
_OTHER_SIZES = {
    "yuan": {"角", "分", "jiao", "fen"},
    "percent": {"‰", "小数"},
    "m2": {"亩", "公顷", "mu", "ha"},
    "mu": {"平方米", "㎡", "m²", "m2", "公顷", "ha"},
    "hour": {"分钟", "天", "日", "minute", "min", "day"},
}


def normal(name: str) -> str:
    """A name without what people write differently: case, spaces, hyphens and underscores."""
    return re.sub(r"[\s_\-]+", "", name).casefold()


def is_remark(name: str) -> bool:
    """Whether a column or sheet holds remarks, which nothing reads."""
    return name.strip().casefold().startswith(_REMARKS)


@dataclass(frozen=True)
class Shape:
    """What of a table decides how its rows are checked. `link` says whom a row of a history is about."""

    key: str | None
    life: tuple[str, str] | None
    is_history: bool
    link: str | None
    columns: Mapping[str, RosterColumn]
    conflicts: tuple[str, ...] = ()

    @property
    def references(self) -> dict[str, str]:
        return {
            name: spec.column.table or ""
            for name, spec in self.columns.items()
            if spec.column.type == "ref" and spec.origin == "own"
        }

    @property
    def has_persons(self) -> bool:
        """Whether its rows are lives of persons, to be joined into spells."""
        return self.key is not None and self.life is not None and "person" in self.columns


@dataclass
class _Cached:
    words: Mapping[str, str] = field(default_factory=dict)
    shapes: dict[str, Shape] = field(default_factory=dict)


_CACHE: WeakKeyDictionary[Checker, _Cached] = WeakKeyDictionary()


class Names:
    """The names of all tables and columns that `versions` know."""

    def __init__(self, versions: Sequence[Version]) -> None:
        self.versions = versions
        self.words: dict[str, str] = {}
        for version in versions:
            cached = _CACHE.get(version.checker)
            if cached is None:
                cached = _CACHE[version.checker] = _Cached(version.words)
            self.words.update(cached.words)
        self._tables = self._known(dict.fromkeys(name for version in versions for name in version.tables))

    def _known(self, names: Mapping[str, object]) -> dict[str, str]:
        known = {normal(name): name for name in names}
        for name in names:
            if name in self.words:
                known.setdefault(normal(self.words[name]), name)
        return known

    def table(self, written: str) -> str | None:
        return self._tables.get(normal(written))

    def shape(self, table: str) -> Shape:
        """The table as all versions together know it. `conflicts` are columns on which they disagree."""
        shapes = [_shape(version, table) for version in self.versions if table in version.tables]
        if all(shape.columns == shapes[0].columns for shape in shapes[1:]):
            return shapes[-1]
        merged: dict[str, RosterColumn] = {}
        conflicts: dict[str, None] = {}
        for shape in shapes:
            for name, spec in shape.columns.items():
                if name in merged:
                    joined = _joined(merged[name], spec)
                    if joined is None:
                        conflicts[name] = None
                        continue
                    spec = joined
                merged[name] = spec
        last = shapes[-1]
        return Shape(last.key, last.life, last.is_history, last.link, merged, tuple(conflicts))

    def columns(self, shape: Shape, headings: Sequence[str]) -> list[str | Refusal | None]:
        """The column each heading stands for, None for remarks and empty headings, or why there is none."""
        known = self._known(shape.columns)
        return [self._column(shape, known, heading) for heading in headings]

    def _column(self, shape: Shape, known: Mapping[str, str], heading: str) -> str | Refusal | None:
        found = known.get(normal(heading))
        if found is not None:
            return found
        if not heading or is_remark(heading):
            return None
        match = _IN_BRACKETS.fullmatch(heading)
        found = known.get(normal(match[1])) if match else None
        if match is None or found is None:
            stem = match[1] if match else heading
            return Refusal(
                Text(f"没有名为 {stem} 的列", f"there is no column {stem}"), self._nearest(stem, shape.columns)
            )
        column = shape.columns[found].column
        unit = match[2].strip().casefold()
        if column.type == "number" and (_MAGNITUDE.fullmatch(unit) or unit in _OTHER_SIZES.get(column.unit, ())):
            right = self.words.get(column.unit, column.unit)
            return Refusal(
                Text(f"单位是 {match[2]},应为 {right}", f"this is in {match[2]} and should be in {column.unit}"),
                Text(f"请换算为 {right},并更改标题", f"convert the figures to {column.unit} and change the heading"),
            )
        return found

    def unknown_table(self, written: str) -> Refusal:
        tables = {name: None for version in self.versions for name in version.tables}
        return Refusal(Text(f"没有名为 {written} 的表", f"there is no table {written}"), self._nearest(written, tables))

    def _nearest(self, written: str, names: Mapping[str, object]) -> Text:
        if any("\u4e00" <= letter <= "\u9fff" for letter in written):
            return nearest(written, [self.words.get(name, name) for name in names])
        return nearest(written, names)

    def label(self, name: str) -> Text:
        """A name for messages: with its Chinese word in Chinese."""
        word = self.words.get(name)
        return Text(f"{word}({name})" if word else name, name)


def _shape(version: Version, table: str) -> Shape:
    shapes = _CACHE[version.checker].shapes
    if table not in shapes:
        model = version.tables[table]
        references = list(model.references)
        link = references[0] if len(references) == 1 else ("person" if "person" in model.columns else None)
        shapes[table] = Shape(
            model.key, model.life, model.is_history, link if model.is_history else None, version.columns_of(table)
        )
    return shapes[table]


def _joined(one: RosterColumn, two: RosterColumn) -> RosterColumn | None:
    """One column that holds what two versions may give, None where a cell would mean two different things."""
    from dataclasses import replace
    from fractions import Fraction

    def meaning(spec: RosterColumn) -> tuple[object, ...]:
        column = spec.column
        return spec.origin, column.type, column.table, column.blank, column.unit, spec.type.kind, spec.type.scale

    if meaning(one) != meaning(two):
        return None
    a, b = one.type, two.type
    options = tuple(dict.fromkeys((*a.options, *b.options)))
    kind = replace(b, low=min(a.low, b.low), high=max(a.high, b.high), options=options)
    changes: dict[str, object] = {"options": options} if two.column.options else {}
    for end, pick in (("low", min), ("high", max)):
        ends = [getattr(one.column, end), getattr(two.column, end)]
        if ends[0] != ends[1]:
            literal = all(re.fullmatch(r"-?[0-9.]+", text) for text in ends)
            changes[end] = pick(ends, key=Fraction) if literal else next(text for text in ends if not text[-1:].isdigit())
    return replace(two, column=two.column.model_copy(update=changes), type=kind)
