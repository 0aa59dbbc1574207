"""The reason of an entitlement: the same query as the calculation, for one subject, with its columns shown."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Literal, NamedTuple

from subsidy import sql
from subsidy.allocation import Decided
from subsidy.engine import calendar
from subsidy.engine.base import PERIOD, SUBJECT
from subsidy.engine.explain_absent import Absence, Asked, asked_for, left_out_lines, version_with
from subsidy.engine.explain_changes import Changes
from subsidy.engine.explain_inputs import Inputs
from subsidy.engine.explain_limits import Limits
from subsidy.engine.explain_missing import missing_lines
from subsidy.engine.explain_payers import Cuts
from subsidy.engine.explain_payments import Paid
from subsidy.engine.explain_sheet import ClauseSheet, clause_sheet
from subsidy.engine.explain_steps import Steps
from subsidy.engine.explain_words import Words, money
from subsidy.engine.explanation import Explanation, Line
from subsidy.engine.grain import CompiledGrain
from subsidy.engine.lines import Ledger
from subsidy.engine.row_reader import ReadRow
from subsidy.engine.run import Run
from subsidy.finding import Language, Text
from subsidy.money import yuan_text
from subsidy.schedule.checked import CheckedClause
from subsidy.schedule.load import Version

REPLACES = Text("在施行范围内替代 {clause}", "instead of {clause} where it is in force")
REPLACED = Text("自 {day} 起{where}由 {clause} 替代", "{clause} is paid instead from {day} on{where}")
UNKNOWN = Text("无法计算", "cannot be calculated")
UNITS = Text("{unit} × {count} = {total}", "{unit} × {count} = {total}")
SHARE = Text("按权重应得", "share by weight")
FLOOR, CEILING = Text("下限", "floor"), Text("上限", "ceiling")
DECIDED = Text("决定金额的是", "decided by")
WITHOUT: dict[Literal["floor", "ceiling"], Text] = {
    "floor": Text("没有下限时应得", "without the floor it would get"),
    "ceiling": Text("没有上限时应得", "without the ceiling it would get"),
}
DECIDED_BY = {"share": SHARE, "floor": FLOOR, "ceiling": CEILING}


def explain_entitlement(
    runs: Sequence[Run],
    clause: str,
    subject: str,
    period: str | None,
    year: int,
    language: Language,
    cuts: Cuts | None = None,
) -> Explanation:
    """How an entitlement came about and how it is paid.

    `runs`: of the clause's schedule, then of those calculated together with it. `cuts`: what pots took from payment
    lines. Raises KeyError naming what is not there: the clause, the subject, or its period.
    """
    found = _rows_of(runs[0], clause, subject)
    every = found.every
    if period is not None:
        matching = [one for one in found.rows if calendar.period_label(every, one[0]) == period]
    else:
        matching = [one for one in found.rows if calendar.period_year(every, one[0]) == year] or found.rows
    if not matching:
        return _absence(
            runs[0], clause, subject, asked_for(every, period, year), [row[0] for row in found.rows], language
        )
    number, compiled = min(matching, key=lambda one: one[0])
    return _Explainer(runs, compiled, clause, subject, number, language).explained(cuts or {})


class _Rows(NamedTuple):
    every: str
    rows: list[tuple[int, CompiledGrain]]


def _rows_of(run: Run, clause: str, subject: str) -> _Rows:
    """The periods in which a clause has a row for a subject, each with its grain. Raises KeyError for the clause."""
    having = [version for version in run.plan.schedule.versions if clause in version.clauses]
    if not having:
        raise KeyError(clause)
    found: list[tuple[int, CompiledGrain]] = []
    for compiled, relation in run.grains:
        if clause in compiled.columns:
            mine = sql.equals(SUBJECT, subject)
            rows = run.prepared.rows(sql.select([sql.column(PERIOD)], sql.table(relation), where=mine))
            found += [(row[0], compiled) for row in rows]
    return _Rows(having[-1].clauses[clause].model.every, found)


def _absence(
    run: Run, clause: str, subject: str, asked: Asked, periods: Sequence[int], language: Language
) -> Explanation:
    """Why there is no row. Raises KeyError for a subject that the roster does not have."""
    version = version_with(run, clause, asked)
    checked, words = version.clauses[clause], Words(version, language)
    if not run.prepared.shape.has(checked.table):
        raise KeyError(subject)
    left_out = list(left_out_lines(run, checked.table, subject, words))
    reasons = left_out or Absence(run, clause, subject, asked, words).lines(periods)
    lines = (*document_lines(version, checked, words), *reasons)
    title = f"{words.clause(checked)} · {subject} · {asked.label}: {money(0)}"
    return Explanation(title, lines, language, 0, _facts(version, checked, subject, asked.label))


def _facts(version: Version, clause: CheckedClause, subject: str, period: str) -> dict[str, Any]:
    return {
        "clause": clause.name,
        "item": clause.model.item,
        "subject": subject,
        "period": period,
        "schedule": version.id,
        "version": version.first_day.isoformat(),
    }


def document_lines(version: Version, clause: CheckedClause, words: Words) -> Iterator[Line]:
    """The document and item, what was changed for a trial, and how the text is read."""
    model, document = clause.model, version.model.document
    part = model.part or document.part or ""
    cited = " ".join(text for text in (document.cited(words.language), part, words.item(model.item)) if text)
    yield Line("document", cited, f"{version.id} {version.first_day} r{version.model.revision}")
    if model.replaces is not None:
        yield Line("document", words(REPLACES, clause=model.replaces))
    for path, value in version.described_overlays():
        yield Line("overlay", path, value)
    if model.reading is not None:
        yield Line("reading", model.reading.in_(words.language))


class _Explainer:
    def __init__(
        self, runs: Sequence[Run], compiled: CompiledGrain, name: str, subject: str, period: int, language: Language
    ) -> None:
        self.runs = runs
        self.run = runs[0]
        self.version = compiled.version
        self.clause = compiled.version.clauses[name]
        self.subject = subject
        self.period = period
        self.words = Words(compiled.version, language)
        self.sheet: ClauseSheet = clause_sheet(self.run, compiled, self.clause)
        self.row: ReadRow = self.sheet.reader.read(self.run, (subject, period))[0]
        self.inputs = Inputs(self.run, self.sheet, self.row, self.words)
        self.ledger = next(
            (one for one in self.run.ledgers if one.clause is self.clause and one.version is self.version), None
        )

    def explained(self, cuts: Cuts) -> Explanation:
        steps = Steps(self.clause, self.inputs)
        replaced = list(self._replaced())
        lines = [*document_lines(self.version, self.clause, self.words), *self.inputs.lines(), *replaced]
        lines += [*steps.conditions(), *steps.calculation()]
        owed, count = self.row.value(self.sheet.owed).main, self.row.value(self.sheet.count).main
        if self.ledger is not None:
            recipient = self.run.allocated(self.ledger).get((self.subject, self.period))
            if recipient is not None:
                owed, decided, share = recipient
                lines += self._allocation(self.ledger, decided, share)
        lines.append(self._outcome(owed, count))
        holds = all(self.row.of(node).main is True for node in self.clause.when)
        if owed == 0 and not replaced and not holds:
            lines += Changes(self.sheet, self.inputs, count).lines()
        if owed is None:
            missing = list(missing_lines(self.sheet, self.inputs, count))
            lines += missing
            if not holds and not any(line.data.get("would_owe") for line in missing):
                lines += Changes(self.sheet, self.inputs, count).lines()
        after = (owed or 0) * count
        if self.ledger is not None and owed:
            limits = Limits(self.runs, self.ledger, self.subject, self.period, self.words)
            limit_lines, after = limits.lines()
            lines += limit_lines
            if self.clause.model.cash:
                paid = Paid(self.run, self.ledger, self.subject, self.period, self.words, cuts)
                lines += [*paid.instalments(self.row, self.sheet), *paid.lines(self.row)]
        label = calendar.period_label(self.clause.model.every, self.period)
        title = f"{self.words.clause(self.clause)} · {self.subject} · {label}: {money(after)}"
        facts = _facts(self.version, self.clause, self.subject, label)
        return Explanation(title, tuple(lines), self.words.language, after, facts)

    def _replaced(self) -> Iterator[Line]:
        """The clause of another schedule that is paid instead in this row."""
        number = None if self.sheet.replaced is None else self.row.value(self.sheet.replaced).main
        if number is None:
            return
        words, by = self.words, self.clause.replaced_by[number]
        label = f" {by.label.in_(words.language)}" if by.label else ""
        where = {"zh": "在 {} ", "en": " in {}"}[words.language].format(words.list.join(by.reach.districts))
        named = f"{by.schedule}:{by.clause} ({words.item(by.item)}{label})"
        shown = words(REPLACED, day=by.reach.first, where=where if by.reach.districts else "", clause=named)
        yield Line("conditions", shown, data={"replaced_by": f"{by.schedule}:{by.clause}"})

    def _allocation(self, ledger: Ledger, decided: Decided, share: int) -> Iterator[Line]:
        """What a weight alone would give, the floor and the ceiling, which of them decided, and what it changed."""
        allocation, words = self.clause.allocation, self.words
        assert allocation is not None
        yield Line("steps", words(SHARE), money(share), data={"step": "share", "exact": yuan_text(share)})
        for text, node in ((FLOOR, allocation.floor), (CEILING, allocation.ceiling)):
            if node is not None:
                yield Line("steps", words(text), words.value(node.type, self.row.of(node)))
        yield Line("steps", words(DECIDED), words(DECIDED_BY[decided]), data={"decided": decided})
        if decided != "share":
            free = self.run.without_bound(ledger, self.subject, self.period, decided)
            yield Line(
                "steps", words(WITHOUT[decided]), money(free), data={"without": decided, "exact": yuan_text(free)}
            )

    def _outcome(self, owed: int | None, count: int) -> Line:
        if owed is None:
            return Line("result", self.words(UNKNOWN), data={"owed": None, "count": count})
        data = {"owed": yuan_text(owed), "count": count, "total": yuan_text(owed * count)}
        name = (
            money(owed) if count == 1 else self.words(UNITS, unit=money(owed), count=count, total=money(owed * count))
        )
        return Line("result", name, data=data)
