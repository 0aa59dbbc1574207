"""Checks across rows: what a schedule declares in `checks`, run on a roster before anything is calculated.

A check whose columns the roster does not have does not run. A blank cell says nothing: the row passes. The rows that an
error is about are blocked, and where two rows are at odds both are, because which is right is not known.
"""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from subsidy.engine.calendar import END_OF_TIME as ONGOING
from subsidy.engine.check_inputs import what_is_lacking
from subsidy.engine.check_query import Query, QueryPart, query_for
from subsidy.engine.explanation import rate_text, value_text
from subsidy.engine.findings import place_of
from subsidy.engine.occupancy import clashes, peaks
from subsidy.engine.run import Prepared
from subsidy.finding import Finding, Language, Text
from subsidy.roster.arrays import joint_codes, repeated
from subsidy.roster.sheet import MOST_FINDINGS, unlisted
from subsidy.schedule.figures import day_number, day_of
from subsidy.schedule.load import Version
from subsidy.schedule.node import Node
from subsidy.schedule.roster_check import CheckedRosterCheck, UnfitCheck

if TYPE_CHECKING:
    from subsidy.roster.intake import Intake


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

    def applied(self, intake: Intake) -> Intake:
        """The roster without the blocked rows, its findings with those of the checks."""
        without = intake.without(self.blocked) if self.blocked else intake
        return replace(without, findings=sorted({*without.findings, *self.findings})) if self.findings else without


def run_checks(prepared: Prepared, version: Version, day: datetime.date) -> Checked:
    """All checks of a version on a roster, read on a day: what they found, which ran, and what the others lacked."""
    found = Checked()
    for check in version.roster_checks:
        label = Text(check.model.label.zh, check.model.label.en)
        lacking = check.why if isinstance(check, UnfitCheck) else what_is_lacking(check, version, prepared.intake)
        found.reports.append(CheckReport(check.name, label, check.model.severity, lacking))
        if lacking is None and isinstance(check, CheckedRosterCheck):
            _Run(prepared, version, check, day, found).run()
    found.findings.sort()
    return found


# --- one check -----------------------------------------------------------------------------------------------------


class _Run:
    """One check on one roster."""

    def __init__(
        self, prepared: Prepared, version: Version, check: CheckedRosterCheck, day: datetime.date, found: Checked
    ) -> None:
        self.prepared = prepared
        self.version = version
        self.check = check
        self.found = found
        self.day = day_number(day)
        self.count = 0

    def run(self) -> None:
        kinds = {
            "unique": self._unique,
            "unshared": self._unshared,
            "at_once": self._at_once,
            "listed_in": self._listed_in,
        }
        kinds.get(self.check.kind, self._holds)()
        if self.count > MOST_FINDINGS:
            self.found.findings.append(unlisted(self.found.findings[-1], self.count - MOST_FINDINGS))

    # --- kinds -------------------------------------------------------------------------------------------------

    def _holds(self) -> None:
        query = self._query("failing")
        for row, subject, *values in sorted(self.prepared.connection.execute(query.text).fetchall()):
            self._report(row, subject, lambda values=values: self._told(query.told, values))

    def _unique(self) -> None:
        query, table = self._keyed()
        later, first = repeated(joint_codes(self._keys(table), table.num_rows))
        for row, other in zip(later.tolist(), first.tolist(), strict=True):
            self._report_pair(query, table, row, other, Text("与{}相同", "the same as {}"))

    def _unshared(self) -> None:
        import numpy as np

        query, table = self._keyed()
        groups = joint_codes(self._keys(table), table.num_rows)
        first, last = (table[name].to_numpy() for name in ("first", "last"))
        names = np.unique(table["subject"].to_numpy(zero_copy_only=False).astype(str), return_inverse=True)[1]
        later, earlier = clashes(groups, first, last, names)
        for row, other in sorted(zip(later.tolist(), earlier.tolist(), strict=True)):
            day = day_of(int(first[row]))
            told = Text(f"自 {day} 起与{{}}同时占用", f"from {day} on at the same time as {{}}")
            self._report_pair(query, table, row, other, told)

    def _at_once(self) -> None:
        import numpy as np
        import pyarrow.compute as pc

        query = self._query("bounds")
        table, lives = self._table(query), self._arrow(self._query("lives"))
        groups = pc.index_in(lives["link"], value_set=table["subject"]).combine_chunks()
        known = groups.is_valid().to_numpy(zero_copy_only=False)
        groups = groups.fill_null(0).to_numpy().astype(np.int64)[known]
        first, last, count = (lives[name].to_numpy()[known] for name in ("first", "last", "count"))
        of, most, days = peaks(groups, first, last, count)
        bounds = table["bound"].to_numpy()
        node = query.told[0]
        over = most * node.type.scale > bounds[of]
        rows, subjects = table["row"], table["subject"]
        for group, peak, day in zip(of[over].tolist(), most[over].tolist(), days[over].tolist(), strict=True):
            told = self._peak(node, int(bounds[group]), peak, day)
            self._report(rows[group].as_py(), subjects[group].as_py(), lambda told=told: told)

    def _listed_in(self) -> None:
        import numpy as np
        import pyarrow as pa

        query, table = self._keyed()
        listed = self._arrow(self._query("listed"))
        columns = map(pa.concat_arrays, zip(self._keys(table), self._keys(listed), strict=True))
        codes = joint_codes(columns, table.num_rows + listed.num_rows)
        missing = ~np.isin(codes[: table.num_rows], codes[table.num_rows :])
        word = self.version.words.get(self.check.over, self.check.over)
        for row in np.flatnonzero(missing).tolist():
            told = self._told(query.told, [column[row].as_py() for column in self._keys(table)])
            told = Text(f"{told.zh} 不在{word}中", f"{told.en} is not in {self.check.over}")
            self._report(
                table["row"][row].as_py(), table["subject"][row].as_py(), lambda told=told: told
            )

    # --- tables ------------------------------------------------------------------------------------------------

    def _query(self, part: QueryPart) -> Query:
        return query_for(self.version, self.prepared.shape, self.check, part, self.day)

    def _arrow(self, query: Query) -> Any:
        return self.prepared.connection.sql(query.text).to_arrow_table()

    def _table(self, query: Query) -> Any:
        """The rows of a query in the order of the roster."""
        return self._arrow(query).sort_by("row")

    def _keyed(self) -> tuple[Query, Any]:
        query = self._query("keyed")
        return query, self._table(query)

    def _keys(self, table: Any) -> list[Any]:
        return [table[f"key{number}"].combine_chunks() for number in range(len(self.check.keys))]

    # --- findings ----------------------------------------------------------------------------------------------

    def _report(self, row: int, subject: str, told: Any) -> None:
        check, intake = self.check, self.prepared.intake
        model = check.model
        if model.severity == "error":
            self.found.blocked.add((check.table, row))
        self.count += 1
        if self.count > MOST_FINDINGS:
            return
        text, column = told(), self._column()
        self.found.findings.append(
            Finding(
                place_of(intake, check.table, column, row),
                check.name,
                Text(f"{model.label.zh}：{text.zh}", f"{model.label.en}: {text.en}"),
                Text(model.remedy.zh, model.remedy.en),
                intake.written(check.table, column, row),
                model.severity,
                check.table,
                str(subject),
            )
        )

    def _report_pair(self, query: Query, table: Any, row: int, other: int, told: Text) -> None:
        """A finding about a row and another one, both of which an error blocks."""
        number, subject = table["row"][other].as_py(), table["subject"][other].as_py()

        def text() -> Text:
            shared = self._told(query.told, [column[row].as_py() for column in self._keys(table)])
            which = Text(f"第 {number} 行（{subject}）", f"row {number} ({subject})")
            return Text(f"{shared.zh}，{told.zh.format(which.zh)}", f"{shared.en}, {told.en.format(which.en)}")

        self._report(table["row"][row].as_py(), table["subject"][row].as_py(), text)
        if self.check.model.severity == "error":
            self.found.blocked.add((self.check.table, number))

    def _column(self) -> str:
        """The column of the table itself whose cell is the first to look at."""
        nodes = [self.check.condition, self.check.bound, *reversed(self.check.keys)]
        facts = [leaf.fact for node in nodes if node is not None for leaf in node.all_leaves() if leaf.fact is not None]
        for fact in facts:
            if fact.home == self.check.table and not fact.hops:
                return fact.column_name
        model = self.version.tables[self.check.table]
        return model.key or model.link or ""

    def _told(self, nodes: Sequence[Node], values: Sequence[Any]) -> Text:
        pairs = [(node, value) for node, value in zip(nodes, values, strict=True) if value is not None]
        return Text(
            "，".join(f"{self._named(node).zh} {self._shown(node, value, 'zh')}" for node, value in pairs),
            ", ".join(f"{self._named(node).en} {self._shown(node, value, 'en')}" for node, value in pairs),
        )

    def _named(self, node: Node) -> Text:
        words = self.version.words
        if node.operation == "time" and node.name == "date":
            return Text("核查日", "the day of the check")
        if node.aggregate is not None and self.check.total and node.aggregate.name == self.check.total.name:
            over = self.check.over
            if self.check.kind == "count":
                return Text(f"{words.get(over, over)}共", f"{over} counted")
            measured = self.check.model.sum or ""
            return Text(
                f"{words.get(over, over)}的{words.get(measured, measured)}合计", f"the sum of {measured} of {over}"
            )
        return Text(words.get(node.name.rpartition(".")[2], node.name), node.name)

    def _shown(self, node: Node, value: Any, language: Language) -> str:
        kind, words = node.type, self.version.words if language == "zh" else {}
        if kind.kind == "date" and value == ONGOING:
            return words.get("ongoing", "ongoing")
        if kind.kind == "category":
            return words.get(value, str(value))
        if node.fact is not None and node.fact.column.unit == "percent":
            return rate_text(Fraction(value, kind.scale), kind.unit, in_percent=True)
        text = value_text(kind, value, None, {}, language)
        if kind.kind != "number":
            return text
        number, _, unit = text.partition(" ")
        return f"{number} {words.get(unit, unit)}" if unit == "yuan" else number

    def _peak(self, node: Node, bound: int, peak: int, day: int) -> Text:
        name, words = self._named(node), self.version.words
        over = self.check.over
        return Text(
            f"{day_of(day)} 当日{words.get(over, over)} {peak}，{name.zh} {self._shown(node, bound, 'zh')}",
            f"{peak} {over} on {day_of(day)}, {name.en} {self._shown(node, bound, 'en')}",
        )
