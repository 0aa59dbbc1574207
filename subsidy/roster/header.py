"""Rows of headings: which table one may be, from one row or from two of which the upper names groups."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from subsidy.roster.grid import Grid
from subsidy.roster.names import IGNORED, Names, is_read_by_nothing, normal, stem_of

FEWEST = 2  # headings that make a table known


@dataclass(frozen=True)
class Header:
    """Headings by column of the grid, which stand in `depth` rows from `row` on. `full`: with the name of the group."""

    row: int
    depth: int
    headings: Mapping[int, str]
    full: Mapping[int, str]

    def part(self, columns: Iterable[int]) -> Header:
        """The header of some of the columns."""
        wanted = set(columns)
        return Header(
            self.row,
            self.depth,
            {i: heading for i, heading in self.headings.items() if i in wanted},
            {i: heading for i, heading in self.full.items() if i in wanted},
        )


@dataclass(frozen=True)
class Fit:
    """How well a header fits a table: which of its columns are there, and how many headings it does not know."""

    table: str
    matched: frozenset[str]
    missing: tuple[str, ...]
    unknown: int
    named: int  # 2: the sheet has the table's name; 1: a title or the sheet's name holds it

    @property
    def rank(self) -> tuple[int, int, bool]:
        return len(self.matched), self.named, not self.missing

    @property
    def is_table(self) -> bool:
        """Whether this is a row of headings at all, and not a row of cells one of which is a heading elsewhere."""
        if self.named == 2 and self.matched and not self.unknown:
            return True
        return len(self.matched) >= FEWEST and (not self.missing or len(self.matched) >= self.unknown)


class Fitting:
    """The tables that headings may stand for: those of the schedule, and those only others know."""

    def __init__(
        self, names: Names, renamed: Mapping[str, Mapping[str, str]] | None = None, expected: Iterable[str] = ()
    ) -> None:
        """`renamed`: by table what a mapping says headings (normal form) stand for; `expected`: tables it sees."""
        self.renamed = renamed or {}
        self.expected = frozenset(expected)
        self._known: dict[str, Mapping[str, str]] = {}
        self._needed: dict[str, tuple[str, ...]] = {}
        self.own = set(names.all_tables())
        for source in (names, names.others):
            for table in source.all_tables() if source else ():
                if source is not None and table not in self._known:
                    self._known[table] = source.known_columns(table)[0]
                    self._needed[table] = source.shape(table).needed
        self.words = {table: {normal(table), normal(names.words.get(table, table))} for table in self._known}
        self.headings = {heading for known in (*self._known.values(), *self.renamed.values()) for heading in known}
        columns = {column for known in self._known.values() for column in known.values()}
        self.spelled = sorted(columns | {names.words[column] for column in columns if column in names.words})

    def is_heading(self, text: str) -> bool:
        return bool(text) and (normal(text) in self.headings or normal(stem_of(text)[0]) in self.headings)

    def fits(self, header: Header, name: str, titles: Sequence[str]) -> list[Fit]:
        """The fits of all tables that know any of the headings, best first."""
        found = [self._fit(table, header, name, titles) for table in self._known]
        known = [fit for fit in found if fit.matched]
        return sorted(known, key=lambda fit: (fit.rank, fit.table in self.own), reverse=True)

    def _fit(self, table: str, header: Header, name: str, titles: Sequence[str]) -> Fit:
        matched: set[str] = set()
        unknown = 0
        for position, heading in header.headings.items():
            column = self.column(table, heading, header.full[position])
            if column:
                unknown += column in matched
                matched.add(column)
            elif column is None and not is_read_by_nothing(heading):
                unknown += 1
        missing = tuple(column for column in self._needed[table] if column not in matched)
        return Fit(table, frozenset(matched), missing, unknown, self._named(table, name, titles))

    def column(self, table: str, heading: str, full: str = "") -> str | None:
        """The column that a heading names in a table; "" where a mapping ignores it, None where there is none."""
        said = self.mapped(table, heading, full)
        if said is not None:
            return "" if said == IGNORED else said
        known = self._known[table]
        return known.get(normal(heading)) or known.get(normal(stem_of(heading)[0]))

    def mapped(self, table: str, heading: str, full: str = "") -> str | None:
        """What a mapping says that a heading stands for."""
        renamed = self.renamed.get(table, {})
        return renamed.get(normal(full), renamed.get(normal(heading)))

    def _named(self, table: str, name: str, titles: Sequence[str]) -> int:
        if table in self.expected or normal(name) in self.words[table]:
            return 2
        shown = [normal(text) for text in (name, *titles)]
        return int(any(word in text for word in self.words[table] for text in shown))


def headers_at(grid: Grid, row: int) -> Iterator[Header]:
    """The headings that stand in a row, alone or together with the row below."""
    upper = grid.row(row)
    single = {i: heading for i, heading in enumerate(upper) if heading}
    yield Header(row, 1, single, single)
    if row + 1 >= len(grid):
        return
    lower = grid.row(row + 1)
    groups = _groups(grid, row, upper, lower)
    headings = {i: low or up for i, (low, up) in enumerate(zip(lower, upper, strict=True)) if low or up}
    full = {
        i: f"{groups[i]}|{lower[i]}" if lower[i] and groups[i] and groups[i] != lower[i] else heading
        for i, heading in headings.items()
    }
    twice = {heading for heading in headings.values() if list(headings.values()).count(heading) > 1}
    shown = {i: full[i] if heading in twice else heading for i, heading in headings.items()}
    yield Header(row, 2, shown, full)


def states_two_rows(grid: Grid, row: int) -> bool:
    """Whether merged cells say that the headings stand in this row and the one below."""
    return any(area.top == row and area.bottom == row + 1 for area in grid.merges)


def _groups(grid: Grid, row: int, upper: Sequence[str], lower: Sequence[str]) -> list[str]:
    """The upper heading over each column: its own, or that of the group to its left which spans it."""
    spanned = {
        column: upper[area.left]
        for area in grid.merges
        if area.top == area.bottom == row and area.left < len(upper)
        for column in range(area.left, area.right + 1)
    }
    groups, last = [], ""
    for i, (up, low) in enumerate(zip(upper, lower, strict=True)):
        last = up if up else (last if low else "")
        groups.append(spanned.get(i, last if not grid.merges or up else ""))
    return groups
