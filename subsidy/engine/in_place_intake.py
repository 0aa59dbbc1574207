"""The intake of a roster that stays where it is: frames in a cluster, large files.

What can be proved there is proved there: that each cell can be read, keys are unique, references lead somewhere, lives
do not overlap. Rows of which it is not proved are suspects. They come here together with the rows they are to be read
beside (those they refer to, other rows of the same person), and the intake of whole tables says what is wrong with
them. So each error has one wording, and a roster without errors stays where it is.
"""

from __future__ import annotations

import functools
import itertools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from copy import copy
from dataclasses import dataclass, field, fields, replace
from typing import TYPE_CHECKING, Any

from subsidy import sql, sql_cells
from subsidy.engine import in_place_lives
from subsidy.engine.database import Kind, Query
from subsidy.engine.in_place import NUMBER, InPlaceTable, Place
from subsidy.engine.in_place_columns import TypedColumns
from subsidy.engine.in_place_doubts import Converted, suspects
from subsidy.finding import Finding
from subsidy.finding import Place as FoundAt
from subsidy.roster.footers import WORDED
from subsidy.roster.intake import Intake, intake
from subsidy.roster.names import Shape, names_of
from subsidy.roster.raw import RawTable, kept, raw_table
from subsidy.roster.rows import FEW_KEYS
from subsidy.roster.sheet import Collector
from subsidy.roster.suspect import check_largest, is_of_yuan
from subsidy.roster.tables import Roster

if TYPE_CHECKING:
    from sqlglot import exp

    from subsidy.schedule.load import Version

MOST_SUSPECTS = 100_000  # rows of a table
OF_WHOLE_COLUMNS = ("magnitude",)  # codes of findings that a part of the rows does not tell
Rows = dict[str, set[int]]  # by table, numbers of rows
_COUNTER = itertools.count(1)


class UnfitError(Exception):
    """A roster that cannot be taken in where it is: one of two."""


class TooManySuspectsError(UnfitError):
    """A table with more suspects than can be brought here, and where it stands."""

    def __init__(self, table: str, place: FoundAt) -> None:
        super().__init__(table)
        self.table, self.place = table, place


@dataclass(frozen=True)
class UnfitColumn:
    """A column of a type that is not read in place: the engine's word for it, and how its cells are written."""

    table: str
    place: FoundAt
    kind: str
    form: str


class UnfitColumnsError(UnfitError):
    def __init__(self, columns: Sequence[UnfitColumn]) -> None:
        super().__init__(", ".join(one.kind for one in columns))
        self.columns = columns


@dataclass(frozen=True, eq=False)
class InPlaceIntake(Intake):
    """An intake whose tables stay where they are. Its sheets hold the suspects and what they are read beside."""

    rows: InPlaceRows = field(kw_only=True, repr=False)
    without_rows: frozenset[tuple[str, int]] = field(default=frozenset(), kw_only=True)

    @functools.cached_property
    def solid(self) -> Mapping[str, frozenset[str]]:
        """By table, the columns without a blank."""
        return {name: table.solid for name, table in self.tables.items()}

    def written(self, table: str, column: str, row: int) -> str:
        """The cell of a source row as written; empty where the roster does not have the column."""
        if row in self.rows.brought.get(table, ()):
            return super().written(table, column, row)
        heading = self.headings.get(table, {}).get(column)
        return self.rows.written(table, heading, self._row_of(table, column, row))

    def joined_into(self, key: str) -> str | None:
        """The key of the row that a row with this key was joined to: a stay that the same person's next one goes on."""
        return self.rows.around_key(key).joined_into(key)

    def _row_of(self, table: str, column: str, row: int) -> int:
        """The source row that a cell comes from: the end of joined rows is that of the last."""
        life = self._sheets[table].shape.life
        if life is None or column != life[1] or row in self.rows.brought.get(table, ()):
            return super()._row_of(table, column, row)
        return self.rows.around({table: {row}})._row_of(table, column, row)

    def without(self, rows: Iterable[tuple[str, int]]) -> InPlaceIntake:
        """The same with these rows blocked, and with them the rows that refer to them."""
        found = self.rows.taken_in(self.without_rows | set(rows))
        return replace(found, findings=sorted({*self.findings, *found.findings}))


def in_place_intake(
    roster: Roster, place: Place, versions: Sequence[Version], others: Sequence[Version] = ()
) -> InPlaceIntake:
    """As `intake`, of a roster whose tables stay in a place. Raises UnfitError."""
    return InPlaceRows(roster, place, versions, others).taken_in(frozenset())


class InPlaceRows:
    """A roster's tables where they are, and the rows of them that were brought here."""

    def __init__(self, roster: Roster, place: Place, versions: Sequence[Version], others: Sequence[Version]) -> None:
        self.place = place
        self.versions, self.others = versions, others
        self.names = names_of(versions, others)
        self.given: dict[str, Any] = dict(roster.given)
        self.relations = {name: _new("given", name) for name in self.given}
        for name, given in roster.given:
            place.number(self.relations[name], given)
        empty = intake(Roster.of([self._raw_table(name, ()) for name in self.given]), versions, others)
        self.sheets = {table: sheet for table, sheet in empty._sheets.items() if sheet.usable}
        self.shapes: dict[str, Shape] = {table: sheet.shape for table, sheet in self.sheets.items()}
        self.unfit: list[UnfitColumn] = []
        self.tables = {table: self._converted(table) for table in self.sheets}
        if self.unfit:
            raise UnfitColumnsError(self.unfit)
        self.again = {table: self._again(table) for table in self.tables}
        self.brought: Rows = {table: set() for table in self.sheets}
        self.whole: set[str] = set()  # tables all of whose rows are here
        self.looked_at: set[str] = set()
        for table in self.tables:
            self._bring(table, self._numbers(suspects(table, place, self.tables)))

    def _converted(self, table: str) -> Converted:
        """A table with its cells converted, except for columns of types that are not read."""
        sheet, name, doubted = self.sheets[table], _new("typed", table), _new("doubted", table)
        headings = sheet.raw.headings
        positions = {column: f"c{headings.index(heading)}" for column, heading in sheet.headings.items()}
        given, kind = self.relations[sheet.raw.name], self._kind
        columns = TypedColumns(self.place, self.names, sheet.shape, given, positions)
        self.unfit += [
            UnfitColumn(table, sheet.place(column=column), *found) for column, found in columns.unfit.items()
        ]
        self.place.create(name, columns.query(), kind)
        self.place.create(doubted, columns.doubted(), kind)
        plain = {column: (given, positions[column]) for column in columns.plain}
        return Converted(name, doubted, sheet.shape, columns.names_of_columns, plain)

    @property
    def _kind(self) -> Kind:
        """Of what is made of given tables: it is kept, or made anew each time it is read."""
        return "view" if self.place.reads_again else "table"

    def _again(self, table: str) -> str | None:
        """The relation of those who have several rows in a table where rows of one meet in time."""
        shape = self.shapes[table]
        by, name = in_place_lives.rows_meet_by(shape), _new("again", table)
        if by:
            query = in_place_lives.several(self.tables[table].doubted, by, shape)
            self.place.create(name, Query(query), "table")
        return name if by else None

    def _numbers(self, query: exp.Select) -> list[int]:
        found: list[int] = self.place.arrow(Query(sql.first_rows(query, MOST_SUSPECTS + 1)))[NUMBER].to_pylist()
        return found

    def may_have_footers(self) -> bool:
        """Whether there may be totals or notes among the rows, which are judged by all the others."""
        for table in self.tables.values():
            for name in {table.shape.key, table.shape.link} - {None, *table.plain}:
                worded = sql_cells.matches(sql.column(name or ""), WORDED)
                found = sql.select([sql.column(NUMBER)], sql.table(table.doubted), where=worded)
                if self.place.rows(Query(sql.first_rows(found, 1))):
                    return True
        return False

    # --- what is brought here ----------------------------------------------------------------------------------

    def _bring(self, table: str, numbers: Iterable[int]) -> bool:
        """Whether there are new ones among these rows. Raises UnfitError."""
        before = len(self.brought[table])
        self.brought[table] |= set(numbers)
        if len(self.brought[table]) > MOST_SUSPECTS:
            raise TooManySuspectsError(table, self.sheets[table].place())
        return len(self.brought[table]) > before

    def _bring_company(self) -> None:
        """Bring what the rows that are here have to be read beside, until nothing is missing."""
        if not any(self.brought.values()):
            return
        self._bring_small_tables()
        asked: set[tuple[str, str, str]] = set()
        while wanted := {one for one in self._company() if one not in asked}:
            asked |= wanted
            for table, column in sorted({(table, column) for table, column, _ in wanted}):
                values = [value for one, other, value in wanted if (one, other) == (table, column)]
                self._bring(table, self._where(table, column, values))

    def _bring_small_tables(self) -> None:
        """Bring tables whole that have so few rows that among their keys the nearest one is looked for."""
        for table in self.tables.keys() - self.looked_at:
            numbers = sql.select([sql.column(NUMBER)], sql.table(self.tables[table].name))
            rows = self.place.rows(Query(sql.first_rows(numbers, FEW_KEYS + 1)))
            self.looked_at.add(table)
            if len(rows) <= FEW_KEYS:
                self.whole.add(table)
                self._bring(table, [row for (row,) in rows])

    def _company(self) -> Iterator[tuple[str, str, str]]:
        """Table, column and text of the rows that those which are here must be read beside."""
        for table in self.tables:
            leads = [lead for lead in self._leads(table) if lead[0] not in self.whole]
            if self.brought[table] and leads:
                texts = self._texts(table, {own for *_, own in leads})
                for other, column, own in leads:
                    yield from ((other, column, text) for text in texts[own])

    def _leads(self, table: str) -> Iterator[tuple[str, str, str]]:
        """Where a row leads: a table, the column by which its rows are found, and the row's own column that says it."""
        shape = self.shapes[table]
        for name, to in shape.references.items():
            if to in self.tables:
                yield to, self.shapes[to].key or "", name
        if shape.is_history and shape.link:
            yield table, shape.link, shape.link
        if shape.has_persons:
            yield table, "person", "person"
        if shape.is_history and shape.link == "person":
            for other, converted in self.tables.items():
                if not converted.shape.is_history and "person" in converted.columns:
                    yield other, "person", "person"

    def _texts(self, table: str, columns: Iterable[str]) -> dict[str, set[str]]:
        """The texts of columns in the rows that are here."""
        names = sorted(columns)
        chosen = [sql.column(name, "t") for name in names]
        query = sql.select(chosen, sql.table(self.tables[table].name, "t"), [self._brought_of("semi", table)])
        here = self.place.arrow(Query(query))
        return {name: set(here[name].drop_null().to_pylist()) for name in names}

    def _where(self, table: str, column: str, texts: Sequence[str]) -> list[int]:
        import pyarrow as pa

        wanted = _new("wanted", table)
        self.place.register(wanted, pa.table({"text": pa.array(texts, pa.string())}))
        same = sql.compare("=", sql.column(column, "t"), sql.column("text", "w"))
        found = sql.table(self.tables[table].name, "t"), [("semi", sql.table(wanted, "w"), same)]
        return self._numbers(sql.select([sql.column(NUMBER, "t")], *found))

    def _brought_of(self, kind: str, table: str) -> tuple[str, sql.Sql, sql.Sql]:
        """A join of typed rows (`t`) with the numbers of those that are here."""
        return kind, self._listed("brought", table, self.brought[table]), _same_number()

    def _listed(self, kind: str, name: str, numbers: Iterable[int]) -> sql.Sql:
        """A relation (`b`) of numbers of rows."""
        import pyarrow as pa

        relation = _new(kind, name)
        self.place.register(relation, pa.table({NUMBER: pa.array(sorted(numbers), pa.int64())}))
        return sql.table(relation, "b")

    def around_key(self, key: str) -> Intake:
        """Rows with this key, wherever they stand, with the rows that they are read beside."""
        keys = {table: shape.key for table, shape in self.shapes.items() if shape.key}
        return self.around({table: set(self._where(table, name, [key])) for table, name in keys.items()})

    def around(self, rows: Rows) -> Intake:
        """These rows and those that they are read beside, read here."""
        apart = copy(self)
        apart.brought, apart.whole, apart.looked_at = {table: set() for table in self.tables}, set(), set(self.tables)
        for table, numbers in rows.items():
            apart._bring(table, numbers)
        apart._bring_company()
        return intake(Roster.of(apart._raw_tables()), self.versions, self.others)

    # --- the intake --------------------------------------------------------------------------------------------

    def taken_in(self, blocked: frozenset[tuple[str, int]]) -> InPlaceIntake:
        """The roster without these rows and those that refer to them."""
        for table, number in blocked:
            self._bring(table, [number])
        while True:
            self._bring_company()
            local = intake(Roster.of(self._raw_tables()), self.versions, self.others)
            local = local.without(blocked) if blocked else local
            if not self._bring_dependents(local.blocked_keys()):
                break
        own = {one.name: getattr(local, one.name) for one in fields(Intake)}
        tables = {table: self._table(table, local) for table in self.tables}
        own |= {"tables": tables, "_kept": {}}
        told = [finding for finding in local.findings if finding.code not in OF_WHOLE_COLUMNS]
        own["findings"] = sorted({*told, *self._of_whole_columns()})
        return InPlaceIntake(**own, rows=self, without_rows=blocked)

    def _of_whole_columns(self) -> list[Finding]:
        """What only all the cells of a column tell."""
        found = Collector(self.names)
        for table, converted in self.tables.items():
            sheet = self.sheets[table]
            for name in sheet.headings:
                if is_of_yuan(sheet.shape.columns[name]):
                    cell = sql.column(name)
                    asked = [sql.alias(sql.how_many(), "count"), sql.alias(sql.highest(sql.absolute(cell)), "largest")]
                    figures = sql.select(asked, sql.table(converted.name), where=sql.compare("<>", cell, sql.whole(0)))
                    count, largest = self.place.rows(Query(figures))[0]
                    check_largest(sheet, name, count, largest, found)
        return found.all()

    def _bring_dependents(self, wrong: Mapping[str, set[str]]) -> bool:
        """Bring the rows that refer to wrong ones, which are blocked with them; whether there are new ones."""
        found = False
        for table, shape in self.shapes.items():
            for name, to in shape.references.items():
                if wrong.get(to) and table in self.tables.keys() - self.whole:
                    found |= self._bring(table, self._where(table, name, sorted(wrong[to])))
        return found

    def _raw_tables(self) -> list[RawTable]:
        by_name = {sheet.raw.name: table for table, sheet in self.sheets.items()}
        tables = []
        for name in self.given:
            table = by_name.get(name, "")
            raw = self._raw_table(name, self.brought.get(table, ()))
            tables.append(replace(raw, is_part=table not in self.whole))
        return tables

    def _raw_table(self, name: str, numbers: Iterable[int]) -> RawTable:
        """Rows as they were given, in order of their numbers."""
        given, wanted = self.given[name], sorted(numbers)
        if isinstance(given, RawTable):
            return given.chosen(wanted)
        empty, source = self.place.empty(name, given), sql.table(self.relations[name], "t")
        rows = sql.first_rows(sql.select([sql.all_columns("t")], source), 0)
        if wanted:
            joins = [("semi", self._listed("wanted", name, wanted), _same_number())]
            rows = sql.select([sql.all_columns("t")], source, joins)
        table = self.place.arrow(Query(rows)).sort_by(NUMBER)
        columns = [kept(table[f"c{position}"]) for position in range(len(empty.headings))]
        return raw_table(name, empty.headings, columns, table[NUMBER].combine_chunks(), empty.file, empty.sheet)

    def _table(self, table: str, local: Intake) -> InPlaceTable:
        """The sound rows, converted where they are, and those that were brought here and are sound too."""
        name, here = _new("table", table), _new("here", table)
        rows = [] if table in self.whole else self._sound(table)
        if self.brought[table] or not rows:
            self.place.register(here, local.tables[table])
            columns = rows[0].named_selects if rows else local.tables[table].column_names
            rows.append(sql.select([sql.column(one) for one in columns], sql.table(here)))
        self.place.create(name, Query(sql.union_all(rows)), self._kind)
        return InPlaceTable(self.place, name)

    def _sound(self, table: str) -> list[exp.Select]:
        """The rows that are not here, finished, as queries with the same columns."""
        converted, again, shape = self.tables[table], self.again[table], self.shapes[table]
        joins = [self._brought_of("anti", table)] if self.brought[table] else []
        columns = converted.columns
        sound = sql.select([sql.column(name, "t") for name in columns], sql.table(converted.name, "t"), joins)
        if again is None:
            return [in_place_lives.in_time(sound, columns, shape)]
        alone = in_place_lives.alone(sound, columns, again, shape)
        name, together = _new("together", table), in_place_lives.together(sound, columns, again, shape)
        self.place.create(name, Query(together), "table" if self.place.reads_again else "view")
        return [alone, sql.select([sql.column(one) for one in alone.named_selects], sql.table(name))]

    def written(self, table: str, heading: str | None, row: int) -> str:
        sheet = self.sheets[table]
        if heading is None:
            return ""
        one = self._raw_table(sheet.raw.name, [row])
        return one.text(one.headings.index(heading), 0) if len(one) else ""


def _new(kind: str, name: str) -> str:
    """A name for a relation that no other one has."""
    return f"{kind}:{next(_COUNTER)}:{name}"


def _same_number() -> sql.Sql:
    return sql.compare("=", sql.column(NUMBER, "t"), sql.column(NUMBER, "b"))
