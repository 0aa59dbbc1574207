"""Checks across rows: what a schedule declares in `checks`, run on a roster before anything is calculated.

A check whose columns the roster does not have does not run. A blank cell says nothing: the row passes. The rows that an
error is about are blocked, and where two rows are at odds both are, because which is right is not known.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from subsidy import sql
from subsidy.engine.check_query import CheckCompiler, Query
from subsidy.engine.explanation import value_text
from subsidy.engine.findings import place_of
from subsidy.engine.occupancy import clashes, peaks
from subsidy.engine.run import Prepared
from subsidy.finding import Finding, Language, Text
from subsidy.money import yuan_text
from subsidy.roster.arrays import joint_codes, repeated
from subsidy.roster.sheet import MOST_FINDINGS, unlisted
from subsidy.schedule.figures import day_of
from subsidy.schedule.load import Version
from subsidy.schedule.node import Node, Unit
from subsidy.schedule.roster_check import CheckedRosterCheck, UnfitCheck

if TYPE_CHECKING:
    from subsidy.roster.intake import Intake

ONGOING = datetime.date.max


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
    """All checks of a version on a roster, read on a day: the findings, the rows they block, what ran and what did not."""
    found = Checked()
    for check in version.roster_checks:
        label = Text(check.model.label.zh, check.model.label.en)
        lacking = check.why if isinstance(check, UnfitCheck) else what_is_lacking(check, version, prepared.intake)
        found.reports.append(CheckReport(check.name, label, check.model.severity, lacking))
        if lacking is None and isinstance(check, CheckedRosterCheck):
            _Run(prepared, version, check, day, found).run()
    found.findings.sort()
    return found


# --- what a roster lacks -------------------------------------------------------------------------------------------


def what_is_lacking(check: CheckedRosterCheck, version: Version, intake: Intake) -> Text | None:
    """The first table, or else the columns, that a check needs and a roster does not have."""
    tables = [check.table, *([check.over] if check.over else [])]
    columns = dict.fromkeys([*_columns(check.own, check.table, intake), *_columns(check.elsewhere, check.over, intake)])
    absent = [table for table in (*tables, *(table for table, _ in columns)) if table not in intake.tables]
    if absent:
        word = version.words.get(absent[0], absent[0])
        return Text(f"表 {word}({absent[0]})", f"the table {absent[0]}")
    missing = [(table, column) for table, column in columns if column not in intake.headings[table]]
    if not missing:
        return None
    words = version.words
    by_table = {table: [column for one, column in missing if one == table] for table, _ in missing}
    return Text(
        "、".join(f"{words.get(table, table)}的{'、'.join(words.get(one, one) for one in columns)}"
                 for table, columns in by_table.items()),
        ", ".join(f"{table}.{column}" for table, column in missing),
    )  # fmt: skip


def _columns(nodes: Iterable[Node], table: str, intake: Intake) -> list[tuple[str, str]]:
    """The (table, column) whose cells the expressions cannot do without."""
    found: list[tuple[str, str]] = []
    ahead = [(node, table) for node in nodes]
    while ahead:
        node, own = ahead.pop(0)
        before = own
        for hop, to in node.way:
            found.append((before, hop))
            before = to
        fact = node.fact or node.aggregate
        if fact is not None and fact.column_name in intake.headings.get(fact.table, {}):
            continue
        if node.operation == "fact" and node.fact is not None:
            if node.fact.column.blank in ("missing", "none", "open"):
                found.append((node.fact.home, node.fact.column_name))
        elif node.aggregate is not None:
            inner = node.aggregate.over
            found.append((inner, node.aggregate.link)) if inner != node.aggregate.table else None
            ahead += [(one, inner) for one in node.aggregate.nodes]
        ahead += [(one, own) for one in node.arguments]
    return found


def last_day_mentioned(intakes: Sequence[Intake], versions: Sequence[Version]) -> datetime.date:
    """The last day, month or year that a roster names; where it names none, the first day of the versions."""
    days = [version.first_day for version in versions]
    for intake, version in ((intake, version) for intake in intakes for version in versions):
        for name, table in intake.tables.items():
            if name in version.tables:
                columns = version.tables[name].columns.items()
                days += [day for column, model in columns for day in _last(table, column, model.type)]
    return max(days)


def _last(table: Any, column: str, kind: str) -> list[datetime.date]:
    import pyarrow.compute as pc

    if kind not in ("date", "month", "year") or column not in table.column_names:
        return []
    cells = table[column]
    if kind == "date":
        cells = cells.filter(pc.less(cells, _day_number(ONGOING)))
    last = pc.max(cells).as_py()
    if last is None:
        return []
    if kind == "date":
        return [day_of(last)]
    year, month = divmod(last, 12) if kind == "month" else (last, 11)
    return [datetime.date(year + (month == 11), (month + 1) % 12 + 1, 1) - datetime.timedelta(days=1)]


def _day_number(day: datetime.date) -> int:
    return day.toordinal() - datetime.date(1970, 1, 1).toordinal()


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
        self.compiler = CheckCompiler(version, prepared.shape, check, _day_number(day))
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
        query = self.compiler.failing()
        for row, subject, *values in sorted(self.prepared.rows(query.query)):
            self._report(row, subject, lambda values=values: self._told(query.told, values))  # type: ignore[misc]

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

        query = self.compiler.bounds()
        table, lives = self._table(query), self._arrow(self.compiler.lives())
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
            self._report(rows[group].as_py(), subjects[group].as_py(), lambda told=told: told)  # type: ignore[misc]

    def _listed_in(self) -> None:
        import numpy as np
        import pyarrow as pa

        query, table = self._keyed()
        listed = self._arrow(self.compiler.listed())
        columns = map(pa.concat_arrays, zip(self._keys(table), self._keys(listed), strict=True))
        codes = joint_codes(columns, table.num_rows + listed.num_rows)
        missing = ~np.isin(codes[: table.num_rows], codes[table.num_rows :])
        word = self.version.words.get(self.check.over, self.check.over)
        for row in np.flatnonzero(missing).tolist():
            told = self._told(query.told, [column[row].as_py() for column in self._keys(table)])
            told = Text(f"{told.zh} 不在{word}中", f"{told.en} is not in {self.check.over}")
            self._report(
                table["row"][row].as_py(), table["subject"][row].as_py(), lambda told=told: told  # type: ignore[misc]
            )

    # --- tables ------------------------------------------------------------------------------------------------

    def _arrow(self, query: Any) -> Any:
        return self.prepared.connection.sql(sql.printed(query)).to_arrow_table()

    def _table(self, query: Query) -> Any:
        """The rows of a query in the order of the roster."""
        return self._arrow(query.query).sort_by("row")

    def _keyed(self) -> tuple[Query, Any]:
        query = self.compiler.keyed()
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
        for leaf in (leaf for node in nodes if node is not None for leaf in node.all_leaves()):
            if leaf.fact is not None and leaf.operation == "fact" and leaf.fact.home == self.check.table and not leaf.way:
                return leaf.fact.column_name
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
        if node.aggregate is not None and node.aggregate is self.check.total:
            over = self.check.over
            if self.check.kind == "count":
                return Text(f"{words.get(over, over)}共", f"{over} counted")
            measured = self.check.model.sum or ""
            return Text(
                f"{words.get(over, over)}的{words.get(measured, measured)}合计", f"the sum of {measured} of {over}"
            )
        return Text(words.get(node.name.rpartition(".")[2], node.name), node.name)

    def _shown(self, node: Node, value: Any, language: Language) -> str:
        kind = node.type
        if kind.kind == "date" and value == _day_number(ONGOING):
            return {"zh": "至今", "en": "ongoing"}[language]
        if kind.kind == "category" and language == "zh":
            return self.version.words.get(value, value)
        if kind.kind == "number" and kind.unit.over == ("yuan",):
            return f"{yuan_text(value * 100 // kind.scale)} {self.version.words['yuan'] if language == 'zh' else 'yuan'}"
        plain = replace(kind, unit=Unit()) if kind.unit.over and kind.unit.over[0] in self.version.words else kind
        return value_text(plain, value, None, {}, language)

    def _peak(self, node: Node, bound: int, peak: int, day: int) -> Text:
        name, words = self._named(node), self.version.words
        over = self.check.over
        return Text(
            f"{day_of(day)} 当日{words.get(over, over)} {peak}，{name.zh} {self._shown(node, bound, 'zh')}",
            f"{peak} {over} on {day_of(day)}, {name.en} {self._shown(node, bound, 'en')}",
        )
