"""Which table a sheet is and which column a heading is: by identifier or Chinese word, a unit in brackets aside."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar
from weakref import WeakKeyDictionary

from subsidy.finding import Refusal, Text, nearest
from subsidy.roster.refusal import CodedRefusal, coded

if TYPE_CHECKING:
    from subsidy.schedule.checker import Checker
    from subsidy.schedule.column import Column
    from subsidy.schedule.load import RosterColumn, Version

_IN_BRACKETS = re.compile(r"(.+?)\s*[(（\[【]([^()（）\[\]【】]*)[)）\]】]\s*")
_REMARKS = ("note", "remark", "备注", "说明", "填写说明", "how to fill in")
_REMARK_SHEETS = (*_REMARKS, "notes", "remarks", "填表说明", "编制说明", "备注选项", "note options")
_ROW_NUMBERS = ("序号", "序", "no", "no.")
Made = TypeVar("Made")
IGNORED = "ignore"  # what a mapping says of a column that nothing reads
_IGNORED_WORD = "忽略"
_MAGNITUDE = re.compile(r"[十百千万亿].*")
_OTHER_SIZES = {
    "yuan": {"角", "分", "jiao", "fen"},
    "percent": {"‰", "小数"},
    "m2": {"亩", "公顷", "mu", "ha"},
    "mu": {"平方米", "㎡", "m²", "m2", "公顷", "ha"},
    "hour": {"分钟", "天", "日", "minute", "min", "day"},
}


@functools.lru_cache(4096)
def normal(name: str) -> str:
    """A name without what people write differently: case, spaces, hyphens and underscores."""
    return re.sub(r"[\s_\-]+", "", name).casefold()


def known_names(names: Iterable[str], words: Mapping[str, str]) -> tuple[dict[str, str], dict[str, list[str]]]:
    """Normal form -> name, for identifiers and Chinese words; and the words that stand for more than one name."""
    known = {normal(name): name for name in names}
    by_word: dict[str, list[str]] = {}
    for name in known.values():
        if name in words and known.get(normal(words[name]), name) == name:
            by_word.setdefault(normal(words[name]), []).append(name)
    known |= {word: found[0] for word, found in by_word.items() if len(found) == 1}
    return known, {word: found for word, found in by_word.items() if len(found) > 1}


def is_chinese(text: str) -> bool:
    """Whether there is a Chinese character in a text."""
    return any("\u4e00" <= letter <= "\u9fff" for letter in text)


def is_remark(name: str) -> bool:
    """Whether a column holds remarks, which nothing reads."""
    return name.strip().casefold().startswith(_REMARKS)


def is_remark_sheet(name: str) -> bool:
    """Whether a sheet or file holds remarks alone, by its whole name."""
    return name.strip().casefold() in _REMARK_SHEETS


def is_ignored(said: str) -> bool:
    """Whether a mapping says that nothing reads a column."""
    return normal(said) in (IGNORED, _IGNORED_WORD)


def is_row_number(heading: str) -> bool:
    """Whether a column holds the numbers of rows."""
    return normal(heading) in _ROW_NUMBERS


def is_read_by_nothing(heading: str) -> bool:
    """Whether a column holds remarks or the numbers of rows, or is to be ignored."""
    return is_remark(heading) or is_row_number(heading) or heading == IGNORED


def stem_of(heading: str) -> tuple[str, str]:
    """A heading without the unit in brackets after it, and that unit."""
    match = _IN_BRACKETS.fullmatch(heading)
    return (match[1], match[2].strip()) if match else (heading, "")


@dataclass(frozen=True)
class Shape:
    """What of a table decides how its rows are checked. `link` says whom a row of a history is about."""

    key: str | None
    life: tuple[str, str] | None
    is_history: bool
    link: str | None
    columns: Mapping[str, RosterColumn]
    conflicts: tuple[str, ...] = ()

    @functools.cached_property
    def references(self) -> dict[str, str]:
        return {
            name: spec.column.table or ""
            for name, spec in self.columns.items()
            if spec.column.type == "ref" and spec.origin == "own"
        }

    @functools.cached_property
    def needed(self) -> tuple[str, ...]:
        """The columns without which a row means nothing, `person` apart."""
        found = [self.key, self.link, "from" if self.is_history else None]
        found += [name for name in self.references if self._blank(name) == "missing"]
        if self.life:
            found += [self.life[0], self.life[1] if self._blank(self.life[1]) == "missing" else None]
        elif self.key:
            periods = [name for name in ("month", "year") if name in self.columns]
            found += [name for name in periods if self.columns[name].column.type == name]
        return tuple(dict.fromkeys(name for name in found if name))

    def _blank(self, name: str) -> str:
        return self.columns[name].column.blank

    @property
    def row_name(self) -> str | None:
        """The column that says which row it is: the key; in a history the link; else the first reference."""
        return self.key or self.link or next(iter(self.references), None)

    @property
    def has_persons(self) -> bool:
        """Whether its rows are lives of persons, to be joined into spells."""
        return self.key is not None and self.life is not None and "person" in self.columns


@dataclass
class _Cached:
    words: Mapping[str, str] = field(default_factory=dict)
    shapes: dict[str, Shape] = field(default_factory=dict)


_CACHE: WeakKeyDictionary[Checker, _Cached] = WeakKeyDictionary()


def names_of(versions: Sequence[Version], others: Sequence[Version] = ()) -> Names:
    """The names of these versions, made once for the same files."""
    own, aside = (tuple(version.identity for version in some) for some in (versions, others))
    return _names_of(_Given(own, aside, versions, others))


@dataclass(frozen=True)
class _Given:
    own: tuple[Hashable, ...]
    aside: tuple[Hashable, ...]
    versions: Sequence[Version] = field(compare=False, repr=False)
    others: Sequence[Version] = field(compare=False, repr=False)


@functools.lru_cache(maxsize=32)
def _names_of(given: _Given) -> Names:
    return Names(given.versions, given.others)


class Names:
    """The names of all tables and columns that `versions` know; what only `others` know is left aside."""

    def __init__(self, versions: Sequence[Version], others: Sequence[Version] = ()) -> None:
        self.others = Names(others) if others else None
        self.versions = versions
        self.words: dict[str, str] = {}
        for version in versions:
            cached = _CACHE.get(version.checker)
            if cached is None:
                cached = _CACHE[version.checker] = _Cached(version.words)
            self.words.update(cached.words)
        self._tables, _ = known_names(self.all_tables(), self.words)
        self._known: dict[str, tuple[dict[str, str], dict[str, list[str]]]] = {}
        self._shapes: dict[str, Shape] = {}
        self._kept: dict[tuple[object, ...], Any] = {}

    def once(self, name: tuple[object, ...], make: Callable[[], Made]) -> Made:
        """What is the same for every roster that is read by these names, made the first time only."""
        if name not in self._kept:
            self._kept[name] = make()
        made: Made = self._kept[name]
        return made

    def all_tables(self) -> list[str]:
        return list(dict.fromkeys(name for version in self.versions for name in version.tables))

    def table(self, written: str) -> str | None:
        return self._tables.get(normal(written))

    def known_table(self, written: str) -> str | None:
        """The table of this name, be it for another schedule."""
        return self.table(written) or (self.others.table(written) if self.others else None)

    def columns_known(self, table: str) -> tuple[Mapping[str, str], Mapping[str, Sequence[str]]]:
        """`known_columns`, also of a table that is there for another schedule."""
        if table in self.all_tables() or self.others is None:
            return self.known_columns(table)
        return self.others.known_columns(table)

    def columns_named(self, written: str) -> list[RosterColumn]:
        """The columns of this name in all tables."""
        found = self.others.columns_named(written) if self.others else []
        for table in self.all_tables():
            column = self.known_columns(table)[0].get(normal(written))
            found += [self.shape(table).columns[column]] if column else []
        return found

    def shape(self, table: str) -> Shape:
        """The table as all versions together know it. `conflicts` are columns on which they disagree."""
        if table not in self._shapes:
            self._shapes[table] = self._shape(table)
        return self._shapes[table]

    def _shape(self, table: str) -> Shape:
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

    def is_left_aside(self, table: str) -> bool:
        """Whether a table is there for another schedule."""
        return self.others is not None and self.others.table(table) is not None

    def columns(self, table: str, headings: Sequence[str]) -> list[str | CodedRefusal | None]:
        """The column each heading of a table stands for, or why there is none.

        None for remarks, empty headings and columns that are there for another schedule.
        """
        shape = self.shape(table)
        known, ambiguous = self.known_columns(table)
        found = [self._column(shape, known, ambiguous, heading) for heading in headings]
        if self.others is None or not self.is_left_aside(table):
            return found
        elsewhere = self.others.columns(table, headings)
        return [
            None if isinstance(own, CodedRefusal) and not isinstance(other, CodedRefusal) else own
            for own, other in zip(found, elsewhere, strict=True)
        ]

    def known_columns(self, table: str) -> tuple[Mapping[str, str], Mapping[str, Sequence[str]]]:
        """Normal form of a heading -> column of a table; and the words that may be more than one."""
        if table not in self._known:
            self._known[table] = known_names(self.shape(table).columns, self.words)
        return self._known[table]

    def _column(
        self, shape: Shape, known: Mapping[str, str], ambiguous: Mapping[str, Sequence[str]], heading: str
    ) -> str | CodedRefusal | None:
        if normal(heading) in known or not heading or is_read_by_nothing(heading):
            return known.get(normal(heading))
        stem, unit = stem_of(heading)
        found = known.get(normal(stem))
        if found is not None:
            return self._wrong_unit(shape.columns[found].column, unit) or found
        if options := ambiguous.get(normal(stem)):
            either = " / ".join(options)
            return coded(
                "ambiguous-column", f"{stem} 可指 {either}", f"{stem} may be {either}",
                "请以英文列名为标题", "use the identifier as the heading",
            )  # fmt: skip
        why = Text(f"没有名为 {stem} 的列", f"there is no column {stem}")
        return CodedRefusal("unknown-column", why, self.nearest(stem, shape.columns))

    def _wrong_unit(self, column: Column, unit: str) -> CodedRefusal | None:
        right = self.words.get(column.unit, column.unit)
        other = _MAGNITUDE.fullmatch(unit) or unit.casefold() in _OTHER_SIZES.get(column.unit, ())
        if column.type != "number" or unit == right or not other:
            return None
        return coded(
            "wrong-unit", f"单位是 {unit}，应为 {right}", f"this is in {unit} and should be in {column.unit}",
            f"请换算为 {right}，并更改标题", f"convert the figures to {column.unit} and change the heading",
        )  # fmt: skip

    def unknown_table(self, written: str) -> Refusal:
        why = Text(f"没有名为 {written} 的表", f"there is no table {written}")
        return Refusal(why, self.nearest(written, self.all_tables()))

    def nearest(self, written: str, names: Iterable[str]) -> Text:
        """The remedy for an unknown name, with names in Chinese where it or the language is Chinese."""
        words = {IGNORED: _IGNORED_WORD, **self.words}
        known = [words.get(name, name) for name in names] if is_chinese(written) else names
        return nearest(written, known, words)

    def label(self, name: str) -> Text:
        """A name for messages: with its Chinese word in Chinese."""
        word = self.words.get(name)
        return Text(f"{word}({name})" if word else name, name)


def _shape(version: Version, table: str) -> Shape:
    shapes = _CACHE[version.checker].shapes
    if table not in shapes:
        model = version.tables[table]
        shapes[table] = Shape(model.key, model.life, model.is_history, model.link, version.columns_of(table))
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
            named = [text for text in ends if not re.fullmatch(r"-?[0-9.]+", text)]
            changes[end] = named[0] if named else pick(ends, key=Fraction)
    return replace(two, column=two.column.model_copy(update=changes), type=kind)
