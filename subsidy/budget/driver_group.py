"""The rows that a driver of a table is about, and these rows scaled: their head-count, or what a column adds up to."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import ceil, floor
from typing import TYPE_CHECKING, Any

from subsidy.engine.run import Prepared
from subsidy.engine.selection import Content, facts_by_row
from subsidy.finding import Refusal, Text, nearest
from subsidy.money import round_to
from subsidy.roster.cells import form_of, range_of
from subsidy.roster.intake import Change, Intake
from subsidy.roster.names import Shape, known_names, normal
from subsidy.roster.spread import Within, spread, tie_breaker
from subsidy.schedule import expression
from subsidy.schedule.checker import Checker
from subsidy.schedule.figures import day_number
from subsidy.schedule.load import COUNT, RosterColumn, Version
from subsidy.schedule.node import Node
from subsidy.schedule.roster_check import CheckScope

if TYPE_CHECKING:
    import pyarrow as pa

HEADS = "count"
Cells = Mapping[tuple[str, str], Mapping[int, int]]  # (table, column) -> source row -> what stands there


@dataclass(frozen=True)
class Scaling:
    """What becomes of a group: its quantities times `factor`, or its `total` of the year (in the column's unit)."""

    factor: Fraction = Fraction(1)
    total: Fraction | None = None


@dataclass(frozen=True)
class Group:
    """The rows of a table that a driver scales, and the quantity of each.

    `rows`: source rows; `current`: which of them belong to the base year, and count for its total; `within`: the groups
    in which each row shares; `base`: the quantities of all rows of the table, times `scale`; `least` and `most`: what
    a cell may hold.
    """

    driver: str
    table: str
    column: str
    scale: int
    rows: tuple[int, ...]
    current: tuple[bool, ...]
    within: tuple[Within, ...]
    base: Mapping[int, int]
    least: int
    most: int
    range_shown: str

    @property
    def total(self) -> Fraction:
        """The quantities of the base year, added up, in the column's unit."""
        return self.total_of(self.base)

    def total_of(self, cells: Mapping[int, int]) -> Fraction:
        return Fraction(sum(cells[row] for row, now in zip(self.rows, self.current, strict=True) if now), self.scale)

    def scaled(self, cells: Mapping[int, int], scaling: Scaling) -> dict[int, int]:
        """The quantities of its rows, scaled: those of the base year together, the others together."""
        found: dict[int, int] = {}
        factor = scaling.factor
        if scaling.total is not None:
            now = self.total_of(cells)
            factor = scaling.total / now if now else Fraction(0)
        for of_the_year in (True, False):
            own = [place for place, current in enumerate(self.current) if current is of_the_year]
            weights = [cells[self.rows[place]] for place in own]
            whole = int(round_to(sum(weights) * factor, Fraction(1), "half_up"))
            parts = spread(whole, weights, [self.within[place] for place in own])
            found |= {self.rows[place]: part for place, part in zip(own, parts, strict=True)}
        return found


def scaled(groups: Sequence[Group], scalings: Sequence[Scaling]) -> tuple[Cells, dict[str, Fraction]]:
    """All groups scaled, each on what those before it left; and by driver the total of the base year's rows then."""
    cells: dict[tuple[str, str], dict[int, int]] = {}
    for group, scaling in zip(groups, scalings, strict=True):
        own = cells.setdefault((group.table, group.column), dict(group.base))
        own |= group.scaled(own, scaling)
    return cells, {group.driver: group.total_of(cells[group.table, group.column]) for group in groups}


def out_of_range(groups: Sequence[Group], cells: Cells) -> Iterable[tuple[Group, int, Fraction]]:
    """Rows whose scaled quantity a cell may not hold: the group, the source row, the quantity."""
    for group in groups:
        own = cells[group.table, group.column]
        for row in group.rows:
            if own[row] != group.base[row] and not group.least <= own[row] <= group.most:
                yield group, row, Fraction(own[row], group.scale)


# --- back into the tables ------------------------------------------------------------------------------------------


def with_cells(cells: Cells, intake: Intake) -> Change:
    """The change that puts quantities into the tables of an intake. Rows of nobody are left out, unless referred to."""

    def change(tables: Mapping[str, pa.Table]) -> dict[str, pa.Table]:
        found = dict(tables)
        for (table, column), quantities in cells.items():
            if table in found and column in found[table].column_names:
                found[table] = _with_quantities(found[table], column, quantities, _is_referred_to(table, intake))
        return found

    return change


def _is_referred_to(table: str, intake: Intake) -> bool:
    return any(table in intake.vocabulary.shape(name).references.values() for name in intake.tables)


def _with_quantities(table: pa.Table, column: str, quantities: Mapping[int, int], keeps_all: bool) -> pa.Table:
    import pyarrow as pa
    import pyarrow.compute as pc

    heads = column == HEADS
    before = table[column].to_pylist()
    after = []
    for row, old in zip(table["_row"].to_pylist(), before, strict=True):
        was = 1 if old is None and heads else old
        new = quantities.get(row, was)
        after.append(old if new == was else new)
    cells = pa.array(after, pa.int64())
    changed = table.set_column(table.column_names.index(column), column, cells)
    if heads and not keeps_all:
        changed = changed.filter(pc.fill_null(pc.not_equal(cells, 0), True))
    return changed


# --- which rows ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Reader:
    """A schedule's latest version and the roster as it reads it, at the engine's door."""

    version: Version
    prepared: Prepared

    @property
    def intake(self) -> Intake:
        return self.prepared.intake


def find_group(
    driver: str, table: str, column: str | None, where: Mapping[str, Sequence[str]], reader: Reader, year: int
) -> Group:
    """The rows of a table of the roster that have certain contents, read on the last day of the base year.

    Raises Refusal, placed at the option of the driver that is wrong.
    """
    name, spec = (HEADS, None) if column is None else _column(reader, table, column)
    rows = _chosen(reader, table, where, year)
    data = reader.intake.tables[table]
    shape = reader.intake.vocabulary.shape(table)
    if spec is None and shape.key is None:
        raise Refusal(
            Text(f"表 {table} 的行没有编号，不能按数量增减", f"the rows of {table} have no key, and are not counted"),
            Text("请写 column: 数量列", "name a column: of quantities"),
        ).at(("table",))
    quantities = data[name].to_pylist() if name in data.column_names else [None] * data.num_rows
    base = {
        row: (1 if spec is None else 0) if quantity is None else quantity
        for row, quantity in zip(data["_row"].to_pylist(), quantities, strict=True)
    }
    scale, (least, most, shown) = (1, (0, int(COUNT.high), f"0..{COUNT.high}")) if spec is None else _bounds(spec)
    now, within = _current(data, shape, year), _within(reader, table)
    filled = {row for row, cell in zip(base, quantities, strict=True) if spec is None or cell is not None}
    ordered = [row for row in base if row in rows and row in filled]
    if not ordered:
        raise Refusal(
            Text("花名册中没有符合条件的行", "no row of the roster fits"),
            Text("请核对 where 的条件", "check the conditions of where"),
        ).at(("where",) if where else ("column",) if column else ("table",))
    return Group(
        driver, table, name, scale, tuple(ordered), tuple(now[row] for row in ordered),
        tuple(within[row] for row in ordered), base, least, most, shown,
    )  # fmt: skip


def table_named(written: str, readers: Sequence[Reader]) -> tuple[str, Reader]:
    """The table of this name, and who reads it. Raises Refusal."""
    for reader in readers:
        table = reader.intake.vocabulary.table(written)
        if table in reader.intake.tables and table is not None:
            return table, reader
    names = readers[0].intake.vocabulary
    if any(reader.intake.vocabulary.table(written) for reader in readers):
        there = {table for reader in readers for table in reader.intake.tables}
        why = Text(f"花名册中没有表 {written}", f"the roster has no table {written}")
        raise Refusal(why, names.nearest(written, there)).at(("table",))
    refused = names.unknown_table(written)
    raise Refusal(refused.why, refused.remedy).at(("table",))


def _column(reader: Reader, table: str, written: str) -> tuple[str, RosterColumn]:
    names = reader.intake.vocabulary
    column = names.known_columns(table)[0].get(normal(written))
    columns = names.shape(table).columns
    quantities = [name for name, spec in columns.items() if _is_quantity(name, spec)]
    if column is None:
        why = Text(f"表 {table} 没有列 {written}", f"the table {table} has no column {written}")
        raise Refusal(why, names.nearest(written, quantities)).at(("column",))
    if column not in quantities:
        why = Text(f"列 {written} 不是可以增减的数量", f"the column {written} holds no quantity that adds up")
        raise Refusal(why, names.nearest(written, quantities)).at(("column",))
    if column not in reader.intake.tables[table].column_names or column not in reader.intake.headings[table]:
        why = Text(f"花名册的表 {table} 没有列 {written}", f"the roster's table {table} has no column {written}")
        raise Refusal(why, Text("请补上该列", "add the column")).at(("column",))
    return column, columns[column]


def _is_quantity(name: str, spec: RosterColumn) -> bool:
    plain = spec.column.unit != "percent" and not spec.type.quotient
    return name != HEADS and form_of(spec) == "number" and plain


def _bounds(spec: RosterColumn) -> tuple[int, tuple[int, int, str]]:
    low, high, shown = range_of(spec)
    scale = spec.type.scale
    return scale, (ceil(low * scale), floor(high * scale), shown)


def _chosen(reader: Reader, table: str, where: Mapping[str, Sequence[str]], year: int) -> set[int]:
    rows = set(reader.intake.tables[table]["_row"].to_pylist())
    if not where:
        return rows
    nodes = [_fact(reader, table, written) for written in where]
    found = facts_by_row(reader.prepared, reader.version, table, nodes, datetime.date(year, 12, 31))
    for place, ((written, wanted), node) in enumerate(zip(where.items(), nodes, strict=True)):
        there = {contents[place] for contents in found.values()}
        allowed = {_content(reader.version.words, node, written, one, there) for one in wanted}
        rows = {row for row in rows if row in found and found[row][place] in allowed}
    return rows


def _fact(reader: Reader, table: str, written: str) -> Node:
    checker: Checker = reader.version.checker
    try:
        node = CheckScope(checker, table).resolve(expression.Name(tuple(written.split(".")), 0))
    except Refusal as refused:
        raise Refusal(refused.why, refused.remedy).at(("where", written)) from None
    if node.type.kind not in ("category", "text", "yes_no"):
        raise Refusal(
            Text(f"{written} 不是类别、编号或是否", f"{written} is no category, key, text or yes and no"),
            Text("请按类别、区县、机构等选行", "choose rows by category, district, facility and the like"),
        ).at(("where", written))
    return node


def _content(words: Mapping[str, str], node: Node, written: str, wanted: str, there: Iterable[Content]) -> Content:
    """What a fact is on the rows that are wanted."""
    known: Mapping[str, Content]
    if node.type.kind == "yes_no":
        known = {"yes": True, "no": False, "是": True, "否": False}
    elif node.type.options:
        known = dict(known_names(node.type.options, words)[0])
        wanted = normal(wanted)
    else:
        known = {str(content): content for content in there if content is not None}
    if wanted not in known:
        why = Text(f"{written} 没有 {wanted}", f"there is no {wanted} in {written}")
        options = node.type.options or known
        raise Refusal(why, nearest(wanted, options, words)).at(("where", written))
    return known[wanted]


# --- what decides how a total is spread ----------------------------------------------------------------------------


def _current(data: pa.Table, shape: Shape, year: int) -> dict[int, bool]:
    """Which rows belong to a year: by their life, their year or their month; all of them where they have none."""
    rows = data["_row"].to_pylist()
    if shape.life:
        first, last = (day_number(datetime.date(year, *day)) for day in ((1, 1), (12, 31)))
        lives = zip(data["life#from"].to_pylist(), data["life#to"].to_pylist(), strict=True)
        return {row: from_ <= last and to >= first for row, (from_, to) in zip(rows, lives, strict=True)}
    for name, divisor in (("year", 1), ("month", 12)):
        if name in shape.columns and shape.columns[name].column.type == name and name in data.column_names:
            return {row: when // divisor == year for row, when in zip(rows, data[name].to_pylist(), strict=True)}
    return dict.fromkeys(rows, True)


def _within(reader: Reader, table: str) -> dict[int, Within]:
    """By source row its district, references and categories, and at last what stands for the row itself."""
    data, shape = reader.intake.tables[table], reader.intake.vocabulary.shape(table)
    own = {name: data[name].to_pylist() for name in data.column_names if name != "_row"}
    categories = [name for name, spec in shape.columns.items() if spec.origin == "own" and form_of(spec) == "category"]
    columns = [
        *_districts(reader.intake, table, own),
        *(own[name] for name in (*shape.references, *categories) if name in own),
    ]
    keys = own[shape.key] if shape.key else [" ".join(map(str, cells)) for cells in zip(*own.values(), strict=True)]
    groups = zip(*columns, strict=True) if columns else ((),) * data.num_rows
    rows: Any = zip(data["_row"].to_pylist(), groups, keys, strict=True)
    return {row: (*map(str, group), tie_breaker(table, str(key))) for row, group, key in rows}


def _districts(intake: Intake, table: str, own: Mapping[str, list[Any]]) -> list[list[Any]]:
    """The districts of what the rows refer to, where that has one."""
    found = []
    for name, to in intake.vocabulary.shape(table).references.items():
        other, key = intake.tables.get(to), intake.vocabulary.shape(to).key if to in intake.tables else None
        if name in own and other is not None and key and "district" in other.column_names:
            of = dict(zip(other[key].to_pylist(), other["district"].to_pylist(), strict=True))
            found.append([of.get(reference) for reference in own[name]])
    return found


def range_refusal(group: Group, quantity: Fraction, year: int) -> Refusal:
    """Why a scaled quantity cannot stand in its cell."""
    number = expression.plain_number(quantity)
    return Refusal(
        Text(
            f"{year} 年此格将为 {number}，超出范围 {group.range_shown}",
            f"in {year} this cell would be {number}, outside the range {group.range_shown}",
        ),
        Text(f"请调整驱动因素 {group.driver} 或其范围", f"change the driver {group.driver}, or the rows it is about"),
    )
