"""Why a subject has no row at all in a period: not there yet or any more, no date, another day, no version in force."""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from subsidy import sql
from subsidy.engine import calendar
from subsidy.engine.base import SUBJECT, plain_rows
from subsidy.engine.calendar import EVER, Span
from subsidy.engine.explain_inputs import Inputs
from subsidy.engine.explain_sheet import NodeSheet, cell_place
from subsidy.engine.explain_words import Words
from subsidy.engine.explanation import Line
from subsidy.engine.findings import place_of
from subsidy.engine.grain import GrainCompiler
from subsidy.engine.row_reader import ReadRow
from subsidy.engine.run import Run
from subsidy.finding import Refusal, Text
from subsidy.schedule.checked import CheckedClause
from subsidy.schedule.column import MONTHS_IN
from subsidy.schedule.figures import day_number, day_of
from subsidy.schedule.load import Version
from subsidy.schedule.node import Node, Type

BEFORE = Text("{period} 早于本标准施行之日 {day}", "{period} is before the schedule is in force, from {day} on")
AFTER = Text("{period} 晚于本标准施行的最后一日 {day}", "{period} is after the last day of the schedule, {day}")
NO_CLAUSE = Text(
    "{version} 版没有本条款，该版自 {day} 起施行", "the version {version}, in force from {day} on, has no such clause"
)
NOT_ALIVE = Text("{period} 不在册", "not there in {period}")
ONGOING = Text("至今", "ongoing")
OTHER_PERIOD = Text("该行属于 {own}，不属于 {period}", "the row belongs to {own}, not to {period}")
NO_DAY = Text("空白，因此不属于任何一期", "blank, so it belongs to no period")
OTHER_DAY = Text("{day}，不在 {period}", "{day}, which is not in {period}")
BY_ANOTHER_DAY = Text("{day}，由此日确定适用的版本", "{day}, the day that picks the version")
ELSEWHERE = Text("{district}：本标准只在 {districts} 施行", "{district}: the schedule is in force in {districts} only")
HAS_ROWS = Text("有记录的各期：{first} 至 {last}", "there are rows from {first} to {last}")
HAS_ROW = Text("有记录的一期：{first}", "there is a row for {first}")
NOT_CALCULATED = Text(
    "{period} 在本次计算的年度（至 {year} 年）之后",
    "{period} is after the years of this calculation, which end with {year}",
)
LEFT_OUT = Text("该行有误，未参加计算（{code}）", "the row is wrong and was left out ({code})")
NO_ROW = Text("{period} 没有记录", "there is no row in {period}")


@dataclass(frozen=True)
class Asked:
    """A period that was asked for, with its first and last day."""

    label: str
    days: Span


def asked_for(every: str, period: str | None, year: int) -> Asked:
    """The period as days; the whole year where none is named. Raises KeyError for what is no period of this kind."""
    if period is None:
        return Asked(str(year), Span(day_number(datetime.date(year, 1, 1)), day_number(datetime.date(year, 12, 31))))
    if every not in MONTHS_IN:
        try:
            day = day_number(datetime.date.fromisoformat(period))
        except ValueError:
            raise KeyError(period) from None
        return Asked(period, Span(day, day))
    length = MONTHS_IN[every]
    if not period[:4].isdigit():
        raise KeyError(period)
    first = int(period[:4]) * 12 // length
    for number in range(first, first + 12 // length):
        if calendar.period_label(every, number) == period:
            return Asked(
                period, Span(calendar.first_day(number * length), calendar.first_day((number + 1) * length) - 1)
            )
    raise KeyError(period)


class Absence:
    """A subject of the roster that a clause has no row for in a period."""

    def __init__(self, run: Run, name: str, subject: str, asked: Asked, words: Words) -> None:
        self.run = run
        self.version = words.version
        self.clause: CheckedClause = words.version.clauses[name]
        self.subject = subject
        self.asked = asked
        self.words = words
        self.sheet = self._sheet()
        rows = self.sheet.reader.read(run, (subject,))
        if not rows:
            raise KeyError(subject)
        self.row: ReadRow = rows[0]
        self.placed = next((node for node in self.sheet.nodes if node.type.kind == "yes_no"), None)

    def _sheet(self) -> NodeSheet:
        """The roster's row by itself: its own cells and the days that put it into periods."""
        run, clause = self.run, self.clause

        def made() -> NodeSheet:
            shape = run.prepared.shape
            compiler = GrainCompiler(self.version, shape, "high", EVER, EVER, EVER, lambda _: None)
            rows = compiler.rows(plain_rows(self.version, shape, clause.table), clause.table)
            days = (clause.dated, clause.version_by, self._placed())
            sheet = NodeSheet(rows, sql.boolean(True), [node for node in days if node is not None])
            for name in self._own_columns():
                sheet.reader.ask_named(name, rows.cell((), clause.table, name, Type("number")))
            sheet.reader.ask_named("_row", rows.cell((), clause.table, "_row", Type("number")))
            sheet.reader.finish(run.plan.named("absence", self.version.first_day, clause.name), (SUBJECT,))
            return sheet

        return run.prepared.once(("absence", self.version.first_day, clause.name), made)

    def _placed(self) -> Node | None:
        """The condition that the row stands in a district of the document, as far as no reading day is needed."""
        try:
            return self.version.checker.placed(self.clause.table, None)
        except Refusal:
            return None

    def _own_columns(self) -> list[str]:
        """The cells that say when the row is there: its life, its month or its year."""
        model = self.version.tables[self.clause.table]
        if self.clause.dated is not None:
            return []
        if model.life:
            return ["life#from", "life#to"]
        every = self.clause.model.every
        return [every if every in model.columns else "month"]

    # --- reasons -----------------------------------------------------------------------------------------------

    def lines(self, periods: Sequence[int]) -> Iterator[Line]:
        """Why there is no row. `periods`: those for which there is one."""
        reasons = [*self._of_days(), *self._of_versions(), *self._of_place(), *self._of_calculation()]
        words, every = self.words, self.clause.model.every
        yield from reasons or [Line("conditions", words(NO_ROW, period=self.asked.label))]
        if periods:
            first, last = (calendar.period_label(every, end(periods)) for end in (min, max))
            yield Line("conditions", words(HAS_ROW if first == last else HAS_ROWS, first=first, last=last))

    def _of_calculation(self) -> Iterator[Line]:
        """That the calculation does not reach so far."""
        query = sql.select([sql.highest(sql.column("last#m"))], sql.table("calendar:month"))
        ((month,),) = self.run.prepared.rows(query)
        if self.clause.dated is None and self.asked.days.first > calendar.first_day(month + 1) - 1:
            text = self.words(NOT_CALCULATED, period=self.asked.label, year=month // 12)
            yield Line("conditions", text)

    def _of_days(self) -> Iterator[Line]:
        clause, words, days = self.clause, self.words, self.asked.days
        model = self.version.tables[clause.table]
        if clause.dated is not None:
            yield from self._of_date(clause.dated)
            return
        if model.life:
            first, last = (self.row.named(f"life#{end}").main for end in ("from", "to"))
            if first <= days.last and last >= days.first:
                return
            data = {"first": day_of(first).isoformat(), "last": day_of(last).isoformat()}
            yield Line("conditions", words(NOT_ALIVE, period=self.asked.label), data=data)
            for name, day in zip(model.life, (first, last), strict=True):
                shown = words(ONGOING) if day >= calendar.END_OF_TIME else day_of(day).isoformat()
                yield Line("conditions", words.fact(name), shown, self._cell(name), depth=1)
            return
        (name,) = self._own_columns()
        number = self.row.named(name).main
        own = "—" if number is None else calendar.period_label(name, number)
        if own != self.asked.label:
            text = words(OTHER_PERIOD, own=own, period=self.asked.label)
            yield Line("conditions", words.fact(name), text, self._cell(name))

    def _cell(self, column: str) -> str:
        row = self.row.named("_row").main
        return str(place_of(self.run.prepared.intake, self.clause.table, column, row))

    def _of_date(self, dated: Node) -> Iterator[Line]:
        words, stored = self.words, self.row.of(dated)
        place = cell_place(self.run, self.sheet, self.row, dated)
        source = "" if place is None else str(place)
        if stored.main is None:
            yield Line("conditions", words.fact(dated.name), words(NO_DAY), source)
        elif not self.asked.days.first <= stored.main <= self.asked.days.last:
            text = words(OTHER_DAY, day=day_of(stored.main), period=self.asked.label)
            yield Line("conditions", words.fact(dated.name), text, source)

    def _of_versions(self) -> Iterator[Line]:
        words, spans, by = self.words, self.run.plan.in_force, self.clause.version_by
        first, last = self.asked.days.first, self.asked.days.last
        label = self.asked.label
        if by is not None:
            day = self.row.of(by).main
            if day is None:
                yield Line("conditions", words.fact(by.name), words(NO_DAY))
                return
            first = last = day
            label = day_of(day).isoformat()
            yield Line("conditions", words.fact(by.name), words(BY_ANOTHER_DAY, day=label))
        if last < spans[0].first:
            yield Line("conditions", words(BEFORE, period=label, day=day_of(spans[0].first)))
            return
        if first > spans[-1].last:
            yield Line("conditions", words(AFTER, period=label, day=day_of(spans[-1].last)))
            return
        for span, version in zip(spans, self.run.plan.schedule.versions, strict=True):
            if span.first <= last <= span.last and self.clause.name not in version.clauses:
                name = f"{version.id}@{version.first_day}"
                yield Line("conditions", words(NO_CLAUSE, version=name, day=day_of(span.first)))

    def _of_place(self) -> Iterator[Line]:
        if self.placed is None or self.row.of(self.placed).main is not False:
            return
        inputs = Inputs(self.run, self.sheet, self.row, self.words)
        leaf = next(one for one in self.sheet.leaves if one.name.endswith("district"))
        place = cell_place(self.run, self.sheet, self.row, leaf)
        districts = self.words.list.join(self.version.model.districts or ())
        text = self.words(ELSEWHERE, district=inputs.told(leaf), districts=districts)
        yield Line("conditions", self.words.fact(leaf.name), text, "" if place is None else str(place))


def left_out_lines(run: Run, table: str, subject: str, words: Words) -> Iterator[Line]:
    """The findings because of which the row of a subject was left out of the calculation."""
    for finding in run.prepared.intake.findings:
        if finding.severity == "error" and (finding.table, finding.subject) == (table, subject):
            value = f"«{finding.value}» " if finding.value else ""
            shown = f"{value}{finding.why.in_(words.language)}{words.comma}{finding.remedy.in_(words.language)}"
            data = {"finding": finding.code, "found": finding.value}
            yield Line("missing", words(LEFT_OUT, code=finding.code), shown, str(finding.place), data=data)


def version_with(run: Run, clause: str, asked: Asked) -> Version:
    """The version in force in a period that has the clause; else the one nearest before, or the first."""
    having = [
        (span.first, version)
        for span, version in zip(run.plan.in_force, run.plan.schedule.versions, strict=True)
        if clause in version.clauses
    ]
    before = [version for first, version in having if first <= asked.days.last]
    return before[-1] if before else having[0][1]
