"""Checks across rows: what a schedule declares in `checks`, run on a roster before anything is calculated.

A check whose columns the roster does not have does not run. A blank cell says nothing: the row passes. The rows that an
error is about are blocked, and where two rows are at odds both are, because which is right is not known.
"""

from __future__ import annotations

import datetime
from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from subsidy.engine.base import READING
from subsidy.engine.calendar import month_of
from subsidy.engine.check_inputs import what_is_lacking
from subsidy.engine.check_query import Query, QueryPart, query_for
from subsidy.engine.check_words import CheckWords
from subsidy.engine.findings import place_of
from subsidy.engine.occupancy import clashes, peaks
from subsidy.engine.run import Prepared
from subsidy.finding import Finding, Text
from subsidy.roster.arrays import filled, filled_with, folded, joint_codes, repeated
from subsidy.roster.sheet import MOST_FINDINGS, unlisted
from subsidy.schedule.figures import day_number
from subsidy.schedule.load import Version
from subsidy.schedule.roster_check import CheckedRosterCheck, UnfitCheck

if TYPE_CHECKING:
    from subsidy.roster.intake import Intake


TEXTS = ("text", "category")  # kinds of what is compared


@dataclass(frozen=True)
class CheckReport:
    """Whether a check ran, and what it lacked where it did not."""

    name: str
    label: Text
    severity: str
    lacking: Text | None = None

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready: name, label, severity, whether it ran, and what it lacked."""
        return {
            "check": self.name,
            "label": {"zh": self.label.zh, "en": self.label.en},
            "severity": self.severity,
            "ran": self.lacking is None,
            "lacking": None if self.lacking is None else {"zh": self.lacking.zh, "en": self.lacking.en},
        }


@dataclass
class Checked:
    """What the checks of a schedule found in a roster, and the rows (table, source row) that are blocked by it."""

    findings: list[Finding] = field(default_factory=list)
    blocked: set[tuple[str, int]] = field(default_factory=set)
    reports: list[CheckReport] = field(default_factory=list)

    def applied(self, intake: Intake, blocked: Iterable[tuple[str, int]]) -> Intake:
        """The roster without the blocked rows that it has, its findings with those of the checks."""
        rows = [(table, row) for table, row in blocked if table in intake.tables]
        without = intake.without(rows) if rows else intake
        return replace(without, findings=sorted({*without.findings, *self.findings})) if self.findings else without


def run_checks(intake: Intake, version: Version, day: datetime.date, prepared: Callable[[], Prepared]) -> Checked:
    """All checks of a version on a roster, read on a day: what they found, which ran, and what the others lacked.

    `prepared` puts the roster at the engine's door; it is called only if a check can run.
    """
    columns = frozenset((table, frozenset(headings)) for table, headings in intake.headings.items())
    reports, able = _which_run(_Given(version.identity, frozenset(intake.tables), columns, version))
    found = Checked(reports=list(reports))
    if able:
        at_the_door = prepared()
        at_the_door.database.register(READING, _reading(day))
        for check in able:
            _Run(at_the_door, version, check, found).run()
    found.findings.sort()
    return found


@dataclass(frozen=True)
class _Given:
    """What decides which checks can run: a version, the tables of a roster, and the columns of each."""

    file: Hashable
    tables: frozenset[str]
    columns: frozenset[tuple[str, frozenset[str]]]
    version: Version = field(compare=False, repr=False)


@lru_cache(maxsize=64)
def _which_run(given: _Given) -> tuple[list[CheckReport], list[CheckedRosterCheck]]:
    """The reports of all checks, and the checks that can run."""
    reports, able = list[CheckReport](), list[CheckedRosterCheck]()
    for check in given.version.roster_checks:
        label = Text(check.model.label.zh, check.model.label.en)
        if isinstance(check, UnfitCheck):
            lacking: Text | None = check.why
        else:
            lacking = what_is_lacking(check, given.version, given.tables, dict(given.columns))
            able += [check] if lacking is None else []
        reports.append(CheckReport(check.name, label, check.model.severity, lacking))
    return reports, able


@lru_cache(maxsize=64)
def _reading(day: datetime.date) -> Any:
    """The relation READING."""
    import pyarrow as pa

    return pa.table({"day": [day_number(day)], "month": [month_of(day)], "day_of_month": [day.day]})


# --- one check -----------------------------------------------------------------------------------------------------


class _Run:
    """One check on one roster."""

    def __init__(self, prepared: Prepared, version: Version, check: CheckedRosterCheck, found: Checked) -> None:
        self.prepared = prepared
        self.version = version
        self.check = check
        self.found = found
        self.words = CheckWords(version, check)

    def run(self) -> None:
        kinds = {
            "unique": self._unique,
            "unshared": self._unshared,
            "at_once": self._at_once,
            "listed_in": self._listed_in,
        }
        kinds.get(self.check.kind, self._holds)()

    # --- kinds -------------------------------------------------------------------------------------------------

    def _holds(self) -> None:
        query = self._query("failing")
        table = self._table(query)
        if not len(table):
            return

        def describe(row: int) -> Text:
            return self.words.told(query.told, [table[f"told{n}"][row].as_py() for n in range(len(query.told))])

        self._report(table, range(table.num_rows), describe)

    def _unique(self) -> None:
        query, table = self._keyed()
        later, first = repeated(joint_codes(self._keys(table), table.num_rows))

        def describe(row: int) -> Text:
            other = int(first[later == row][0])
            return self.words.same_as(query.told, self._values(table, row), *self._other(table, other))

        self._report(table, later.tolist(), describe, first.tolist())

    def _unshared(self) -> None:
        import pyarrow.compute as pc

        query, table = self._keyed()
        groups = joint_codes(self._keys(table), table.num_rows)
        first, last = (table[name].to_numpy() for name in ("first", "last"))
        names = pc.rank(table["subject"], tiebreaker="dense").to_numpy()
        later, earlier = clashes(groups, first, last, names)

        def describe(row: int) -> Text:
            other = self._other(table, int(earlier[later == row][0]))
            return self.words.at_the_same_time(query.told, self._values(table, row), int(first[row]), *other)

        self._report(table, sorted(later.tolist()), describe, earlier.tolist())

    def _at_once(self) -> None:
        import numpy as np
        import pyarrow.compute as pc

        query = self._query("bounds")
        table, lives = self._table(query), self._arrow(self._query("lives"))
        if not len(table) or not len(lives):
            return
        groups = pc.index_in(lives["link"], value_set=table["subject"]).combine_chunks()
        known = filled(groups)
        groups = filled_with(groups, 0).to_numpy().astype(np.int64)[known]
        first, last, count = (lives[name].to_numpy()[known] for name in ("first", "last", "count"))
        (node,), bounds = query.told, table["bound"].to_numpy()
        everybody = np.zeros(len(table), np.int64)
        np.add.at(everybody, groups, count)
        crowded = (everybody * node.type.scale > bounds)[groups]
        if not crowded.any():  # not even if all were there at once
            return
        of, most, days = peaks(groups[crowded], first[crowded], last[crowded], count[crowded])

        def describe(row: int) -> Text:
            return self.words.peak(node, int(bounds[row]), int(most[of == row][0]), int(days[of == row][0]))

        self._report(table, of[most * node.type.scale > bounds[of]].tolist(), describe)

    def _listed_in(self) -> None:
        import numpy as np
        import pyarrow as pa

        query, table = self._keyed()
        listed = self._arrow(self._query("listed"))
        columns = map(pa.concat_arrays, zip(self._keys(table), self._keys(listed), strict=True))
        codes = joint_codes(columns, table.num_rows + listed.num_rows)
        missing = np.flatnonzero(~np.isin(codes[: table.num_rows], codes[table.num_rows :]))
        self._report(
            table, missing.tolist(), lambda row: self.words.unlisted(query.told, self._values(table, row))
        )  # fmt: skip

    # --- tables ------------------------------------------------------------------------------------------------

    def _query(self, part: QueryPart) -> Query:
        version, check = self.version, self.check
        return self.prepared.once(
            ("check", version.first_day, check.name, part),
            lambda: query_for(version, self.prepared.shape, check, part),
        )

    def _arrow(self, query: Query) -> Any:
        import pyarrow as pa

        table = self.prepared.database.arrow(query.query)
        unknown = [place for place, kind in enumerate(table.schema.types) if pa.types.is_null(kind)]
        if not unknown:
            return table
        texts = {"subject", "link", *(f"key{n}" for n, key in enumerate(self.check.keys) if key.type.kind in TEXTS)}
        for place in unknown:  # of no rows, or of blanks only
            name = table.column_names[place]
            cells = pa.nulls(len(table), pa.string() if name in texts else pa.int64())
            table = table.set_column(place, name, cells)
        return table

    def _table(self, query: Query) -> Any:
        """The rows of a query in the order of the roster."""
        table = self._arrow(query)
        return table.sort_by("row") if len(table) > 1 else table

    def _keyed(self) -> tuple[Query, Any]:
        query = self._query("keyed")
        return query, self._table(query)

    def _keys(self, table: Any) -> list[Any]:
        """The columns that are compared, texts without their case, width and blanks."""
        import pyarrow as pa

        keys = [table[f"key{number}"].combine_chunks() for number in range(len(self.check.keys))]
        return [folded(key) if pa.types.is_string(key.type) else key for key in keys]

    def _values(self, table: Any, row: int) -> list[Any]:
        return [table[f"key{number}"][row].as_py() for number in range(len(self.check.keys))]

    def _other(self, table: Any, row: int) -> tuple[int, str]:
        return table["row"][row].as_py(), table["subject"][row].as_py()

    # --- findings ----------------------------------------------------------------------------------------------

    def _report(
        self, table: Any, rows: Sequence[int], describe: Callable[[int], Text], others: Sequence[int] = ()
    ) -> None:
        """A finding about each of these rows (positions) of a query; an error blocks them and the others."""
        if not rows:
            return
        check, numbers = self.check, table["row"].to_numpy()
        if check.model.severity == "error":
            self.found.blocked.update((check.table, int(numbers[row])) for row in (*rows, *others))
        findings = [
            self._finding(int(numbers[row]), str(table["subject"][row]), describe(row)) for row in rows[:MOST_FINDINGS]
        ]
        if len(rows) > MOST_FINDINGS:
            findings.append(unlisted(findings[-1], len(rows) - MOST_FINDINGS))
        self.found.findings += findings

    def _finding(self, row: int, subject: str, told: Text) -> Finding:
        model, table, intake, column = self.check.model, self.check.table, self.prepared.intake, self.words.column()
        return Finding(
            place_of(intake, table, column, row),
            self.check.name,
            Text(f"{model.label.zh}：{told.zh}", f"{model.label.en}: {told.en}"),
            Text(model.remedy.zh, model.remedy.en),
            intake.written(table, column, row),
            model.severity,
            table,
            subject,
        )
