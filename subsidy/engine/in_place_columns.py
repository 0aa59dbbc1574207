"""The cells of a table that stays where it is as the engine reads them, and which of them cannot be taken as they are.

Numbers and days are converted there. In all other columns that are no texts the distinct cells are fetched and read by
the one reader there is. What is doubtful is told by the intake of whole tables.
"""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from sqlglot import exp

from subsidy import sql, sql_cells
from subsidy.engine.database import Query
from subsidy.engine.in_place import NUMBER, Place
from subsidy.finding import Refusal
from subsidy.roster.arrays import APOSTROPHES
from subsidy.roster.cells import DATE_PARTS, Read, form_of, reader, stored_range
from subsidy.roster.columns import blank_value
from subsidy.roster.damaged import SUSPECT
from subsidy.roster.example_rows import MAY_BE_MARKED
from subsidy.roster.footers import WORDED
from subsidy.roster.names import Names, Shape
from subsidy.roster.raw import text_array
from subsidy.roster.suspect import WIDE
from subsidy.roster.typed import DIGITS
from subsidy.sql import Sql

if TYPE_CHECKING:
    from subsidy.schedule.load import RosterColumn

DOUBTFUL = "#doubtful"
MOST_SPELLINGS = 100_000  # of a column that is read by its distinct cells
YEARS = datetime.date(1900, 1, 1), datetime.date(2200, 12, 31)
SPACES_AROUND = rf"^{sql_cells.BLANKS}+|{sql_cells.BLANKS}+$"
_WIDE_LETTERS = "".join(chr(letter) for first in "０Ａａ" for letter in range(ord(first), ord(first) + 26))
_PLAIN_LETTERS = "".join(chr(ord(letter) - 0xFEE0) for letter in _WIDE_LETTERS)


class TypedColumns:
    """The columns of a table in the making.

    `source`: the relation of its cells as given and `_row`, whose columns are of these `kinds`; `positions`: where they
    stand; `typed`: the relation to be.
    """

    def __init__(self, place: Place, names: Names, shape: Shape, source: str, positions: Mapping[str, str]) -> None:
        self.place = place
        self.names = names
        self.shape = shape
        self.source = source
        self.positions = positions
        self.kinds = place.kinds(source)
        self.plain: set[str] = set()  # columns of ids that are `PLAIN`
        self.unfit: dict[str, tuple[str, str]] = {}  # columns of types that are not read: kind, form
        self._joins: list[tuple[str, Sql, Sql]] = []
        self._typed: dict[str, Sql] = {}
        self._doubts: list[Sql] = []
        plain = self._plain_positions()
        for name, spec in shape.columns.items():
            if name in positions:
                self._read(name, spec, positions[name] in plain)
            elif spec.origin == "own":
                self._store_nothing(name, spec)

    def query(self) -> Query:
        """The typed columns and `_row`."""
        return self._query(self._typed)

    def doubted(self) -> Query:
        """The columns that lead to other rows, `_row`, and whether any of a row's cells is doubtful."""
        shape = self.shape
        asked = (shape.key, shape.link, "from", "person", "count", *shape.references, *(shape.life or ()))
        doubtful = sql.any_of(sql.first_known(doubt, sql.boolean(False)) for doubt in self._doubts)
        return self._query({**{name: self._typed[name] for name in asked if name in self._typed}, DOUBTFUL: doubtful})

    def _query(self, columns: Mapping[str, Sql]) -> Query:
        """These columns and `_row`, with the joins that they need."""
        needed = {column.table for tree in columns.values() for column in tree.find_all(exp.Column)}
        joins = [(kind, source, on) for kind, source, on in self._joins if source.alias in needed]
        chosen = [*(sql.alias(tree, name) for name, tree in columns.items()), sql.column(NUMBER, "t")]
        return Query(sql.select(chosen, sql.table(self.source, "t"), joins))

    @property
    def names_of_columns(self) -> list[str]:
        """The typed columns and `_row`."""
        return [*self._typed, NUMBER]

    def _plain_positions(self) -> set[str]:
        """The columns of texts in which every cell is blank or plain."""
        texts = [
            position
            for name, position in self.positions.items()
            if form_of(self.shape.columns[name]) == "text" and self.kinds[position] == "text"
        ]
        return self.place.plain(self.source, texts)

    # --- columns -----------------------------------------------------------------------------------------------

    def _read(self, name: str, spec: RosterColumn, is_plain: bool) -> None:
        kind, form = self.kinds[self.positions[name]], form_of(spec)
        cell = sql.column(self.positions[name], "t")
        if kind == "nothing":
            self._store_nothing(name, spec)
        elif kind not in ("whole", "decimal", "text", "boolean", "date"):
            self.unfit[name] = kind, form
        elif form == "text" and is_plain:
            self.plain.add(name)
            self._typed[name] = cell
        elif form == "text":
            self._read_text(name, kind, cell)
        elif form == "date" and kind == "date":
            self._read_days(name, spec, cell)
        elif form == "number" and kind in ("whole", "decimal") and _places(spec) is not None:
            self._read_numbers(name, spec, kind, cell)
        else:
            self._read_spellings(name, spec, form)
        if name in self._typed and name in self.shape.needed and spec.column.blank == "missing":
            self._doubts.append(sql.is_missing(self._typed[name]))

    def _read_text(self, name: str, kind: str, cell: Sql) -> None:
        written = sql_cells.as_text(cell)
        if kind == "boolean":
            written = sql.case([(cell, sql.text("yes")), (sql.negation(cell), sql.text("no"))])
        trimmed = sql_cells.without(written, SPACES_AROUND)
        text = sql.case([(sql.compare("<>", trimmed, sql.text("")), trimmed)])
        self._typed[name] = text
        self._doubts += [sql_cells.matches(text, SUSPECT), sql_cells.matches(text, MAY_BE_MARKED)]
        if name in (self.shape.key, "person", *self.shape.references):
            self._doubts.append(sql.compare("<>", sql_cells.length(text), sql_cells.length(written)))
            self._doubts.append(sql_cells.matches(text, f"^[{APOSTROPHES}]|{WIDE}"))
        if name in (self.shape.key, self.shape.link):
            self._doubts.append(sql_cells.matches(text, WORDED))

    def _read_days(self, name: str, spec: RosterColumn, day: Sql) -> None:
        sound = sql_cells.between(day, *map(sql_cells.date, YEARS))
        if spec.column.blank == "ongoing":
            sound = sql.any_of([sound, sql.compare("=", day, sql_cells.date(datetime.date.max))])
        parts = (sql_cells.day_number(day), sql_cells.month_number(day), sql_cells.day_of_month(day))
        self._doubts.append(sql.negation(sound))
        self._put(name, spec, [sql.case([(sound, part)]) for part in parts])

    def _read_numbers(self, name: str, spec: RosterColumn, kind: str, cell: Sql) -> None:
        places = _places(spec) or 0
        _, least, most = stored_range(spec)
        ends = [Decimal(end).scaleb(-places) for end in (least, most)]
        if kind == "whole":
            sound = sql_cells.between(cell, sql.whole(-int(-ends[0] // 1)), sql.whole(int(ends[1] // 1)))
            stored = sql.scaled(sql_cells.as_whole(cell), 10**places)
            self._doubts.append(sql.negation(sound))
        else:
            in_range = sql_cells.between(cell, *map(sql_cells.decimal, ends))
            exact = sql_cells.as_decimal(sql.case([(in_range, cell)]), DIGITS, places)
            sound = sql.all_of([in_range, sql.compare("=", exact, cell)])
            stored = sql_cells.shifted(exact, places)
            self._doubts.append(sql.negation(sound))
        self._put(name, spec, [sql.case([(sound, stored)])])

    def _read_spellings(self, name: str, spec: RosterColumn, form: str) -> None:
        """Each distinct cell is read here; what it means is joined."""
        import pyarrow as pa

        position = self.positions[name]
        distinct = sql.select([sql.column(position)], sql.table(self.source), distinct=True)
        written = self.place.arrow(Query(sql.first_rows(distinct, MOST_SPELLINGS + 1)))[position]
        if len(written) > MOST_SPELLINGS:
            self.unfit[name] = self.kinds[position], form
            return
        read = reader(spec, self.names.words, in_workbook=False)
        blank, parts = blank_value(spec), DATE_PARTS if form == "date" else ("",)
        texts = text_array(written).to_pylist()
        values = [_meaning(read, text, blank) for text in texts]
        cell = sql.column(position, "t")
        if self.kinds[position] == "text" and form == "category" and all(
            is_read and value == text for (is_read, value), text in zip(values, texts, strict=True)
        ):
            self._typed[name] = cell
            return
        of_type = {"category": pa.string(), "yes_no": pa.bool_()}.get(form, pa.int64())
        means = {
            f"part{nth}": pa.array(
                [value if len(parts) == 1 or value is None else value[nth] for _, value in values], of_type
            )
            for nth in range(len(parts))
        }
        columns = {"written": written, "is_read": pa.array([is_read for is_read, _ in values]), **means}
        meant, alias = f"{self.source}:{position}", f"meant:{position}"
        self.place.register(meant, pa.table(columns))
        same = sql.same(cell, sql.column("written", alias))
        self._joins.append(("left", sql.table(meant, alias), same))
        if not all(is_read for is_read, _ in values):
            self._doubts.append(sql.negation(sql.column("is_read", alias)))
        for nth, part in enumerate(parts):
            self._typed[name + part] = sql.column(f"part{nth}", alias)

    def _put(self, name: str, spec: RosterColumn, parts: Sequence[Sql]) -> None:
        """Store the columns of a number or a date, with what a blank cell means."""
        blank = blank_value(spec)
        blanks: Sequence[Any] = blank if isinstance(blank, tuple) else (blank,) * len(parts)
        for suffix, part, filling in zip(DATE_PARTS, parts, blanks, strict=False):
            is_blank = sql.is_missing(sql.column(self.positions[name], "t"))
            self._typed[name + suffix] = part if filling is None else sql.case([(is_blank, sql.whole(filling))], part)

    def _store_nothing(self, name: str, spec: RosterColumn) -> None:
        form, blank = form_of(spec), blank_value(spec)
        of_type = {"text": "TEXT", "category": "TEXT", "yes_no": "BOOLEAN"}.get(form, "BIGINT")
        parts = DATE_PARTS if form == "date" else ("",)
        blanks: Sequence[Any] = blank if isinstance(blank, tuple) else (blank,) * len(parts)
        for suffix, filling in zip(parts, blanks, strict=True):
            self._typed[name + suffix] = sql_cells.constant(filling, of_type)


def folded(text: Sql) -> Sql:
    """A text without what a reader overlooks: case, width and blanks."""
    plain = sql_cells.with_letters(text, _WIDE_LETTERS, _PLAIN_LETTERS)
    return sql_cells.in_lower_case(sql_cells.without(plain, sql_cells.BLANKS))


def _meaning(read: Read, text: str | None, blank: Any) -> tuple[bool, Any]:
    """Whether a cell can be read, and what it means."""
    if text is None or not text.strip():
        return True, blank
    try:
        return True, read(text.strip())
    except Refusal:
        return False, None


def _places(spec: RosterColumn) -> int | None:
    """How many decimals are stored; None where numbers are not stored as decimals."""
    scale = stored_range(spec)[0]
    places = len(str(scale)) - 1
    return places if scale == 10**places else None
