"""The tables and columns a roster for one or several schedules needs, and the provisions that need each of them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from subsidy.finding import Finding, Place, ScheduleError, Text
from subsidy.roster import cells
from subsidy.roster.names import Names, Shape, names_of
from subsidy.schedule.catalogue import Schedule
from subsidy.schedule.load import RosterColumn
from subsidy.schedule.reads import Cell, Reader, readers
from subsidy.schedule.together import together


@dataclass(frozen=True)
class Provision:
    """A clause, limit or target of a schedule, by its latest version: what it counts, and all the cells it needs."""

    schedule: Schedule
    reader: Reader
    cells: frozenset[Cell]

    @property
    def item(self) -> str:
        return self.reader.model.item or ""

    def label(self, language: str) -> str:
        label = self.reader.model.label
        return self.reader.name if label is None else label.zh if language == "zh" else label.en


@dataclass(frozen=True)
class LayoutColumn:
    """A column as every schedule of the roster accepts it. `blank` is what an empty cell means."""

    name: str
    spec: RosterColumn
    form: cells.Form
    options: tuple[str, ...]
    low: Fraction
    high: Fraction
    required: bool  # for every row
    blank: str
    provisions: tuple[Provision, ...]

    @property
    def refers_to(self) -> str:
        """The table whose keys stand here; empty where it is no reference."""
        return self.spec.column.table or "" if self.spec.column.type == "ref" else ""

    @property
    def decimals(self) -> int:
        scale = self.spec.type.scale // (100 if self.spec.column.unit == "percent" else 1)
        return len(str(scale)) - 1


@dataclass(frozen=True)
class LayoutTable:
    """A table: its columns in order, the one that names its rows (key, link or reference) first."""

    name: str
    shape: Shape
    columns: tuple[LayoutColumn, ...]
    provisions: tuple[Provision, ...]


@dataclass(frozen=True)
class Layout:
    """`tables` in the order in which they are filled in: what is referred to comes first."""

    schedules: tuple[Schedule, ...]
    names: tuple[Names, ...]  # of each schedule, beside the others
    tables: tuple[LayoutTable, ...]
    provisions: tuple[Provision, ...]

    def knowing(self, table: str) -> list[Names]:
        """The names of the schedules that know a table."""
        return [one for one in self.names if table in one.all_tables()]


def layout(schedules: Sequence[Schedule]) -> Layout:
    """What a roster for these schedules (all versions of each) needs.

    Raises ScheduleError where one column would have to hold different things for two of them.
    """
    several = tuple({one.id: one for one in schedules}.values())
    woven = together(several).schedules
    names = tuple(_names(schedule, woven) for schedule in woven)
    provisions = [one for schedule, own in zip(woven, names, strict=True) for one in _provisions(schedule, own)]
    needed = frozenset[Cell]().union(*(one.cells for one in provisions))
    counted = frozenset[str]().union(*(one.reader.tables for one in provisions))
    findings: list[Finding] = []
    tables = {}
    read = {table for table, _ in needed}
    for table in dict.fromkeys(name for own in names for name in own.all_tables() if name in read):
        knowing = [own for own in names if table in own.all_tables()]
        wanted = {column for name, column in needed if name == table}
        if table in counted and knowing[0].shape(table).key:
            wanted.add("count")
        tables[table] = _table(table, knowing, wanted, provisions, findings)
    if findings:
        raise ScheduleError(findings)
    return Layout(several, names, tuple(_in_order(tables)), tuple(provisions))


def _names(schedule: Schedule, several: Sequence[Schedule]) -> Names:
    """What a schedule calls things, and what it leaves aside for the others: as the intake will read the roster."""
    return names_of(
        schedule.versions, [version for other in several if other is not schedule for version in other.versions]
    )


def _provisions(schedule: Schedule, names: Names) -> list[Provision]:
    """Each provision once, as the last version has it, with the cells that any version reads."""
    found: dict[tuple[str, str], Reader] = {}
    read: dict[tuple[str, str], frozenset[Cell]] = {}
    for version in schedule.versions:
        for reader in readers(version):
            which = reader.kind, reader.name
            found[which] = reader
            read[which] = read.get(which, frozenset()) | reader.cells
    return [Provision(schedule, reader, _with_rows(read[which], names)) for which, reader in found.items()]


def _with_rows(read: frozenset[Cell], names: Names) -> frozenset[Cell]:
    """With what the rows need that are read: keys, references, dates, persons, and the rows referred to."""
    found = {cell for cell in read if cell[1]}
    ahead = sorted({table for table, _ in read})
    done: set[str] = set()
    while ahead:
        table = ahead.pop()
        if table in done:
            continue
        done.add(table)
        shape = names.shape(table)
        columns = {*shape.needed, *(shape.life or ()), *(["person"] if shape.has_persons else [])}
        found |= {(table, column) for column in columns}
        ahead += [shape.references[column] for name, column in found if name == table and column in shape.references]
    return frozenset(found)


def _table(
    table: str, knowing: Sequence[Names], wanted: set[str], provisions: Sequence[Provision], findings: list[Finding]
) -> LayoutTable:
    shapes = [own.shape(table) for own in knowing]
    first = shapes[0].row_name
    order = [
        *([first] if first else []),
        *(name for shape in shapes for name in shape.columns if name != "count"),
        "count",
    ]
    columns = []
    for name in dict.fromkeys(one for one in order if one in wanted):
        specs = [shape.columns[name] for shape in shapes if name in shape.columns]
        own = [spec for spec in specs if spec.origin == "own"]
        if any(name in shape.conflicts for shape in shapes):
            findings.append(_versions_differ(table, name))
        if len({_meaning(spec) for spec in own}) != 1 or bool(own[0].type.options) != bool(_shared_options(own)):
            findings.append(_schedules_differ(table, name))
            continue
        using = tuple(one for one in provisions if (table, name) in one.cells)
        columns.append(_column(name, own, _is_required(name, shapes), using))
    using = tuple(one for one in provisions if any(cell[0] == table for cell in one.cells))
    return LayoutTable(table, shapes[0], tuple(columns), using)


def _is_required(name: str, shapes: Sequence[Shape]) -> bool:
    found = False
    for shape in shapes:
        may_be_blank = name in shape.columns and shape.columns[name].column.blank != "missing"
        found |= name in shape.needed and not may_be_blank
    return found


def _column(name: str, specs: Sequence[RosterColumn], required: bool, using: tuple[Provision, ...]) -> LayoutColumn:
    options = _shared_options(specs)
    ends = [_ends(spec) for spec in specs]
    low, high = max(low for low, _ in ends), min(high for _, high in ends)
    blanks = [spec.column.blank for spec in specs]
    blank = "missing" if "missing" in blanks else blanks[0]
    return LayoutColumn(name, specs[0], cells.form_of(specs[0]), options, low, high, required, blank, using)


def _shared_options(specs: Sequence[RosterColumn]) -> tuple[str, ...]:
    """The categories that all of them accept."""
    return tuple(one for one in specs[0].type.options if all(one in spec.type.options for spec in specs))


def _ends(spec: RosterColumn) -> tuple[Fraction, Fraction]:
    """The declared range in the column's unit; an end that is a value is taken at its lowest or highest figure."""
    parts = 100 if spec.column.unit == "percent" else 1
    written = ((spec.column.low, spec.type.low), (spec.column.high, spec.type.high))
    low, high = (Fraction(end) if re.fullmatch(r"-?[0-9.]+", end) else bound * parts for end, bound in written)
    return low, high


def _meaning(spec: RosterColumn) -> tuple[object, ...]:
    return cells.form_of(spec), spec.column.type == "key", spec.column.table, spec.column.unit, spec.type.scale


def _schedules_differ(table: str, name: str) -> Finding:
    why = Text(f"各标准对表 {table} 的列 {name} 定义不同", f"the schedules define {name} of {table} in different ways")
    remedy = Text("请为各标准分别制作模板", "make a template for each of them")
    return Finding(Place(), "schedules-differ", why, remedy, f"{table}.{name}")


def _versions_differ(table: str, name: str) -> Finding:
    why = Text(f"各版本对表 {table} 的列 {name} 定义不同", f"the versions define {name} of {table} in different ways")
    remedy = Text("请用 --on 选定一个版本", "choose one version with --on")
    return Finding(Place(), "versions-differ", why, remedy, f"{table}.{name}")


def _in_order(tables: Mapping[str, LayoutTable]) -> Iterator[LayoutTable]:
    """Each table after those that its rows refer to or, in a history of persons, that name the persons."""
    done: set[str] = set()

    def with_those_before(name: str) -> Iterator[LayoutTable]:
        if name in done:
            return
        done.add(name)
        table = tables[name]
        before = [column.refers_to for column in table.columns if column.refers_to]
        if table.shape.link == "person":
            before += [other for other, one in tables.items() if not one.shape.is_history and _has_person(one)]
        for other in before:
            if other in tables:
                yield from with_those_before(other)
        yield table

    for name in tables:
        yield from with_those_before(name)


def _has_person(table: LayoutTable) -> bool:
    return any(column.name == "person" for column in table.columns)
