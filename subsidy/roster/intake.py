"""Raw tables to typed columns, checked cell by cell, row by row and against each other.

A schedule's versions say what may stand where. All findings are collected; rows with an error stay outside. What a
number, a blank, a spell and a history are is laid down in docs/design/001-semantics.md.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar

from subsidy.finding import Finding, Place
from subsidy.roster import columns
from subsidy.roster.example_rows import leave_examples_aside
from subsidy.roster.mapping import check_headings, check_mapping
from subsidy.roster.names import Names, names_of
from subsidy.roster.raw import text_array
from subsidy.roster.refusal import CodedRefusal, refusal
from subsidy.roster.sheet import Collector, Sheet
from subsidy.roster.tables import Roster

if TYPE_CHECKING:
    import pyarrow as pa

    from subsidy.schedule.load import Version

Made = TypeVar("Made")
Words = Mapping[str, Mapping[str, str]]  # column -> word in the file -> what it stands for
Change: TypeAlias = "Callable[[Mapping[str, pa.Table]], Mapping[str, pa.Table]]"


@dataclass(frozen=True, eq=False)
class Intake:
    """A roster as the engine reads it.

    `tables`: typed columns per table. Texts, references and categories are strings, as they are or as an Arrow
    dictionary, yes/no booleans, all else int64:
    numbers times their scale, months as year * 12 + month - 1, dates as three columns `name` (days since 1970-01-01),
    `name#m` (month) and `name#d` (day of month). Besides: `_row` (source row), `count`, the life of a row as
    `life#from`, `life#to` (dates, its own even where the start column reads the spell's), and `valid_to` in histories
    (last day until which a row is read). Tables the roster does not have are absent.
    """

    tables: Mapping[str, pa.Table]
    findings: Sequence[Finding]
    given: Mapping[str, frozenset[str]]  # columns that are ready figures
    blocked: Mapping[str, int]  # rows with an error
    example_rows: Mapping[str, int]  # rows of a template, left aside
    sources: Mapping[str, tuple[str, str]]  # table -> file, sheet
    names: Mapping[str, str]  # table -> its name in the roster
    headings: Mapping[str, Mapping[str, str]]  # table -> column -> heading as written
    _sheets: Mapping[str, Sheet] = field(repr=False)
    _words: Names = field(repr=False)
    _change: Change | None = field(default=None, repr=False)  # what was made of the tables as they were read
    _kept: dict[tuple[object, ...], Any] = field(default_factory=dict, repr=False)

    @property
    def columns(self) -> Mapping[str, frozenset[str]]:
        """By table, its typed columns."""
        tables = self.tables
        return self.once(("columns",), lambda: {name: frozenset(table.column_names) for name, table in tables.items()})

    @functools.cached_property
    def solid(self) -> Mapping[str, frozenset[str]]:
        """By table, the columns without a blank."""
        return {
            table: frozenset(name for name in data.column_names if not data.column(name).null_count)
            for table, data in self.tables.items()
        }

    @property
    def vocabulary(self) -> Names:
        """The names of the tables and columns that it was read by."""
        return self._words

    def changed(self, change: Change) -> Intake:
        """The same rows with something else in some of their cells."""
        return replace(self, tables=change(self.tables), _change=change, _kept={})

    def once(self, name: tuple[object, ...], make: Callable[[], Made]) -> Made:
        """What is made of its tables, the first time only."""
        if name not in self._kept:
            self._kept[name] = make()
        made: Made = self._kept[name]
        return made

    def heading(self, table: str, column: str) -> str:
        """A column's heading as the roster has it; its own name where the roster does not."""
        return self.headings.get(table, {}).get(column, column)

    def place(self, table: str, column: str, row: int) -> Place:
        """Where the cell of a source row stands in the officer's file."""
        return self._sheets[table].raw.place(self._row_of(table, column, row), self.heading(table, column))

    def written(self, table: str, column: str, row: int) -> str:
        """The cell of a source row as written; empty where the roster does not have the column."""
        import numpy as np

        sheet = self._sheets[table]
        return sheet.written(column, int(np.searchsorted(sheet.raw.rows.to_numpy(), self._row_of(table, column, row))))

    def joined_into(self, key: str) -> str | None:
        """The key of the row that a row with this key was joined to: a stay that the same person's next one goes on."""
        import pyarrow.compute as pc

        for table, sheet in self._sheets.items():
            name = sheet.shape.key or ""
            cells = sheet.cells(name) if sheet.joined else None
            position = -1 if cells is None else pc.index(text_array(cells), key).as_py()
            number = sheet.raw.rows[position].as_py() if position >= 0 else None
            for leader, joined in sheet.joined.items():
                if number in joined:
                    return self.written(table, name, leader)
        return None

    def _row_of(self, table: str, column: str, row: int) -> int:
        """The source row that a cell comes from: the end of joined rows is that of the last."""
        sheet = self._sheets[table]
        is_end = sheet.shape.life is not None and column == sheet.shape.life[1]
        return sheet.joined.get(row, [row])[-1] if is_end else row

    def without(self, rows: Iterable[tuple[str, int]]) -> Intake:
        """The same with these rows (table, source row) blocked, and with them the rows that refer to them.

        `findings` has the warnings about the latter besides.
        """
        import numpy as np

        from subsidy.roster.rows import block_dependents

        sheets = {
            table: replace(sheet, wrong=sheet.wrong.copy(), lost=sheet.lost.copy(), joined={})
            for table, sheet in self._sheets.items()
        }
        numbers: dict[str, list[int]] = {}
        for table, number in set(rows):
            numbers.setdefault(table, []).extend([number, *self._sheets[table].joined.get(number, ())])
        for table, blocked in numbers.items():
            sheets[table].block(np.isin(sheets[table].raw.rows.to_numpy(), blocked), "")
        found = Collector(self._words)
        block_dependents(sheets, found)
        without = _taken_in(sheets, self._words, sorted({*self.findings, *found.all()}))
        return without.changed(self._change) if self._change else without

    def blocked_keys(self) -> dict[str, set[str]]:
        """By table, the keys of rows with an error; in a history whom they are about."""
        return {
            table: {sheet.subject(row) for row in sheet.wrong.nonzero()[0].tolist()}
            for table, sheet in self._sheets.items()
            if sheet.wrong.any()
        }

    @property
    def errors(self) -> list[Finding]:
        return [finding for finding in self.findings if finding.severity == "error"]


def intake(roster: Roster, versions: Sequence[Version], others: Sequence[Version] = ()) -> Intake:
    """What a roster says in the words of a schedule's versions, and everything that is wrong with it.

    `others` are the versions of other schedules that the roster is for as well: what only they know is left aside.
    Nothing is raised: rows with an error are counted in `blocked` and left out. In a history such a row stays where
    its date and link are sound, with its facts blank, so that no older row is read in its place.
    """
    from subsidy.roster import lives, rows
    from subsidy.roster.read import wrong_folder

    names = names_of(versions, others)
    found = Collector(names)
    sheets = _matched(roster, names, found)
    if not sheets and (wrong := wrong_folder(roster.raw)) is not None:
        return _taken_in({}, names, wrong.findings)
    for sheet in sheets.values():
        words = roster.mapping.words_of(sheet.table, names) if roster.mapping else {}
        _read(sheet, names, words, found)
    usable = {table: sheet for table, sheet in sheets.items() if sheet.usable}
    for sheet in usable.values():
        rows.check_blanks(sheet, found)
        rows.check_keys(sheet, found)
        lives.check(sheet, found)
    rows.check_references(sheets, found)
    rows.check_persons(usable, found)
    return _taken_in(sheets, names, found.all())


def joined_example_rows(intakes: Iterable[Intake]) -> dict[str, int]:
    """By table, the example rows that were left aside of one roster for several schedules."""
    found: dict[str, int] = {}
    for one in intakes:
        found |= one.example_rows
    return dict(sorted(found.items()))


def _taken_in(sheets: Mapping[str, Sheet], names: Names, findings: Sequence[Finding]) -> Intake:
    from subsidy.roster import lives, rows

    usable = {table: sheet for table, sheet in sheets.items() if sheet.usable}
    given = {table: frozenset(_ready(sheet)) for table, sheet in usable.items()}
    tables = {table: lives.finished(sheet, rows.kept(sheet)) for table, sheet in usable.items()}
    return Intake(
        tables=tables,
        findings=findings,
        given={table: columns for table, columns in given.items() if columns},
        blocked={table: int(sheet.wrong.sum()) for table, sheet in sheets.items() if sheet.wrong.any()},
        example_rows={table: sheet.examples for table, sheet in sheets.items() if sheet.examples},
        sources={table: (sheet.raw.file, sheet.raw.sheet) for table, sheet in sheets.items()},
        names={table: sheet.raw.name for table, sheet in sheets.items()},
        headings={table: sheet.headings for table, sheet in sheets.items()},
        _sheets=sheets,
        _words=names,
    )


def _ready(sheet: Sheet) -> list[str]:
    return [name for name in sheet.headings if sheet.shape.columns[name].origin != "own"]


# --- headings ------------------------------------------------------------------------------------------------------


def _matched(roster: Roster, names: Names, found: Collector) -> dict[str, Sheet]:
    """The tables of a roster by name, wherever they stand in it."""
    import numpy as np

    from subsidy.roster.header import Fitting
    from subsidy.roster.locate import fitting_for, located

    mapping, plain = roster.mapping, names.once(("fitting",), lambda: Fitting(names))
    if mapping is not None:
        check_mapping(mapping, roster.raw, names, found)
    sheets: dict[str, Sheet] = {}
    there: dict[str, list[str]] = {}
    for raw in roster.raw:
        fitting = plain if mapping is None else fitting_for(raw, names, mapping)
        for section in located(raw, names, fitting, found):
            table, count = section.table, len(section.raw)
            sheet = Sheet(table, section.raw, names.shape(table), np.zeros(count, bool), np.zeros(count, bool))
            sheet.titles = section.titles
            there.setdefault(table, []).extend(section.raw.headings)
            _add(sheet, sheets, names, found)
    if mapping is not None:
        for written in mapping.tables:
            named = names.table(written)
            if named is not None:
                check_headings(mapping, roster.raw, written, there.get(named), found)
    return sheets


def _add(sheet: Sheet, sheets: dict[str, Sheet], names: Names, found: Collector) -> None:
    table = sheet.table
    if table in sheets:
        other = sheets[table].raw.name
        why = refusal(
            f"{other} 也是表 {table}", f"{other} is the table {table} too",
            "请合并为一张表", "join the two into one",
        )  # fmt: skip
        found.add(sheet.place(), "duplicate-table", why, table, sheet.raw.name)
        sheets[table].usable = False
        return
    sheets[table] = sheet
    for column in sheet.shape.conflicts:
        why = refusal(
            f"各版本对列 {column} 的定义不同", f"the versions define the column {column} in different ways",
            "请分别计算各版本", "calculate them one by one",
        )  # fmt: skip
        found.add(sheet.place(column=column), "versions-differ", why, table)


def _assigned(sheet: Sheet, names: Names, found: Collector) -> dict[str, int]:
    """Column -> position in the raw table."""
    assigned: dict[str, int] = {}
    headings = sheet.raw.headings
    meant = names.columns(sheet.table, sheet.raw.means or headings)
    for position, (heading, column) in enumerate(zip(headings, meant, strict=True)):
        if isinstance(column, CodedRefusal):
            found.add(sheet.place(column=heading), column.code, column, sheet.table, heading)
        elif column is None:
            if not heading and sheet.raw.cells(position).null_count < len(sheet.raw):
                why = refusal(
                    f"第 {position + 1} 列有内容而无标题", f"column {position + 1} has cells and no heading",
                    "请填写标题，或删除该列", "give it a heading, or delete it",
                )  # fmt: skip
                found.add(sheet.place(column=heading), "no-heading", why, sheet.table)
        elif column in assigned:
            other = headings[assigned[column]]
            why = refusal(
                f"{other} 也是列 {column}", f"{other} is the column {column} too", "请只保留一列", "keep one of the two"
            )
            found.add(sheet.place(column=heading), "duplicate-column", why, sheet.table, heading)
            sheet.usable = False
        else:
            assigned[column] = position
            sheet.headings[column] = heading
    return assigned


def _check_needed(sheet: Sheet, names: Names, found: Collector) -> None:
    """Without its key, references and dates a table cannot be used; one without headings is just empty."""
    needed = sheet.shape.needed if sheet.raw.headings else ()
    if sheet.shape.has_persons and "count" not in sheet.headings and needed:
        needed = (*needed, "person")
    for name in needed:
        if name not in sheet.headings:
            sheet.usable = False
            label = names.label(name)
            why = refusal(
                f"缺少列 {label.zh}", f"the column {label.en} is missing",
                f"请补上 {label.zh} 列", f"add the column {label.en}",
            )  # fmt: skip
            found.add(sheet.place(), "missing-column", why, sheet.table, name)


# --- cells ---------------------------------------------------------------------------------------------------------


def _read(sheet: Sheet, names: Names, words: Words, found: Collector) -> None:
    from subsidy.roster import footers, merged
    from subsidy.roster.locate import check_units

    assigned = _assigned(sheet, names, found)
    check_units(sheet, assigned, names, found)
    leave_examples_aside(sheet, assigned, found)
    footers.set_aside(sheet, assigned, found)
    merged.fill(sheet, assigned, found)
    shape = sheet.shape
    _check_needed(sheet, names, found)
    if not sheet.usable:
        sheet.wrong[:] = True
        return
    first = [shape.key] if shape.key else []
    for name in dict.fromkeys([*first, *shape.columns]):
        spec = shape.columns[name]
        if name in assigned:
            columns.read(sheet, name, assigned[name], words.get(name, {}), found)
        elif spec.origin == "own":
            columns.store_nothing(sheet, name)
    sheet.columns["_row"] = sheet.raw.rows
