"""What is approved for each facility in a year: amounts by clause and what they are made of, when, what is unpaid."""

from __future__ import annotations

import datetime
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field

from subsidy import sql
from subsidy.budget.behind import due_rows
from subsidy.budget.cells import Calculated, in_year
from subsidy.budget.ledger_query import FINDING, HEAD, STATUS, Outcomes, entitlement_query
from subsidy.budget.result import Result
from subsidy.engine.database import Query
from subsidy.engine.lines import Ledger
from subsidy.finding import Finding
from subsidy.schedule.column import MONTHS_IN
from subsidy.schedule.figures import day_number, day_of

FACILITIES = "facilities"
LIMIT = "limit: "


@dataclass(frozen=True)
class Equal:
    """How many amounts of a clause are the same one (fen)."""

    amount: int
    number: int


@dataclass(frozen=True)
class ClauseApproved:
    """A clause's amounts of a facility: of how many subjects, `equals` from the largest on, and their sum (fen).

    After limits on subjects; pots take from payments.
    """

    clause: str
    table: str
    subjects: int
    equals: tuple[Equal, ...]

    @property
    def owed(self) -> int:
        return sum(one.amount * one.number for one in self.equals)


@dataclass(frozen=True)
class Payment:
    """What a payer pays on a day for a clause, and what pots took from it before (fen)."""

    day: datetime.date
    clause: str
    payer: str
    amount: int
    cut: int


@dataclass(frozen=True)
class Unpaid:
    """Amounts of a clause that are less, or unknown, by a limit (its name) or for want of a fact."""

    clause: str
    limit: str | None
    number: int


@dataclass
class Approved:
    """All of one facility. `low`: with open amounts at their lower ends; `findings`: in rows that are about it."""

    facility: str
    low: int = 0
    clauses: list[ClauseApproved] = field(default_factory=list)
    payments: list[Payment] = field(default_factory=list)
    unpaid: list[Unpaid] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)

    @property
    def amount(self) -> int:
        return sum(one.amount for one in self.payments)


def approved(result: Result) -> list[Approved]:
    """Of every facility that is paid anything in the year, or has rows with a finding; in order of their keys."""
    found: dict[str, Approved] = {}

    def of(facility: str) -> Approved:
        return found.setdefault(facility, Approved(facility))

    for one in result.calculated:
        for facility, clause in _clauses(result, one):
            of(facility).clauses.append(clause)
        for facility, payment in _payments(result, one):
            of(facility).payments.append(payment)
    for cell in result.cells:
        if cell.facility is not None:
            of(cell.facility).low += cell.low
    for facility, finding in _findings(result):
        if finding not in of(facility).findings:
            of(facility).findings.append(finding)
    for one in result.calculated:
        for facility, unpaid in _unpaid(result, one):
            if facility in found:
                found[facility].unpaid.append(unpaid)
    order = {clause: place for place, clause in enumerate(result.items)}
    for each in found.values():
        each.clauses.sort(key=lambda clause: order[clause.clause])
        each.payments.sort(key=lambda payment: (payment.day, order[payment.clause], payment.payer))
        each.unpaid.sort(key=lambda unpaid: (order[unpaid.clause], unpaid.limit or ""))
    return [found[facility] for facility in sorted(found)]


# --- amounts -------------------------------------------------------------------------------------------------------


def _clauses(result: Result, one: Calculated) -> Iterator[tuple[str, ClauseApproved]]:
    by_clause: dict[str, list[Ledger]] = {}
    for ledger in one.high.run.ledgers:
        if ledger.clause.model.cash:
            by_clause.setdefault(ledger.clause.name, []).append(ledger)
    facility, rows = sql.column("of:facility"), one.high.run.prepared.rows
    for name, ledgers in by_clause.items():
        source = due_rows(result, one, ledgers, by_facility=True)
        number = sql.alias(sql.total(sql.column("count")), "number")
        equal: dict[str, list[Equal]] = {}
        unit = sql.column("unit")
        for key, amount, several in rows(sql.select([facility, unit, number], source, group=[facility, unit])):
            if key is not None:
                equal.setdefault(key, []).append(Equal(amount, int(several)))
        heads = sql.alias(sql.highest(sql.column("count")), "heads")
        each = sql.select([facility, heads], source, group=[facility, sql.column("subject")])
        total = sql.alias(sql.total(sql.column("heads")), "subjects")
        subjects = dict(rows(sql.select([facility, total], sql.subquery(each, "e"), group=[facility])))
        shown = result.clause_name(one.schedule, name)
        for key, several in equal.items():
            ranked = tuple(sorted(several, key=lambda same: -same.amount))
            yield key, ClauseApproved(shown, ledgers[0].clause.table, int(subjects[key]), ranked)


def _payments(result: Result, one: Calculated) -> Iterator[tuple[str, Payment]]:
    month = sql.column("due#m" if result.basis == "due" else "accrued#m")
    keys = [sql.column(name) for name in ("facility", "due", "clause", "payer")]
    sums = [sql.alias(sql.total(sql.column(name)), f"all:{name}") for name in ("amount", "cut")]
    query = sql.select([*keys, *sums], sql.table(one.high.relation), where=in_year(month, result.year), group=keys)
    for facility, due, clause, payer, amount, cut in one.high.run.prepared.rows(query):
        if facility is not None:
            yield facility, Payment(day_of(due), result.clause_name(one.schedule, clause), payer, int(amount), int(cut))


# --- what is not paid ----------------------------------------------------------------------------------------------


def _unpaid(result: Result, one: Calculated) -> Iterator[tuple[str, Unpaid]]:
    """What limits took from, and what could not be calculated, of the periods of the year."""
    run = one.high.run
    found: dict[tuple[str, str, str | None], int] = {}
    for compiled, _ in run.grains:
        homes = _homes(one, compiled.grain.table)
        if not homes:
            continue
        relation = run.plan.named("states", compiled.grain.table, compiled.version.first_day, *compiled.columns)
        outcomes = Outcomes()
        run.create(relation, Query(entitlement_query(run, compiled, outcomes)))
        wanted = {number: told for number, told in enumerate(outcomes.known) if _is_unpaid(*told)}
        for place, name in enumerate(compiled.columns):
            clause = compiled.version.clauses[name].model
            if clause.cash and wanted:
                for subject, number, periods in _states(result.year, one, relation, place, clause.every, wanted):
                    if subject in homes:
                        state, reason = wanted[number]
                        limit = None if state == FINDING else reason.removeprefix(LIMIT)
                        key = (homes[subject], result.clause_name(one.schedule, name), limit)
                        found[key] = found.get(key, 0) + periods
    for (facility, name, limit), number in found.items():
        yield facility, Unpaid(name, limit, number)


def _is_unpaid(state: str, reason: str) -> bool:
    return state == FINDING or reason.startswith(LIMIT)


def _states(
    year: int, one: Calculated, relation: str, place: int, every: str, wanted: Collection[int]
) -> Iterator[tuple[str, int, int]]:
    """By subject, how many periods of the year of a clause came out in which of these ways."""
    subject, period, count = (sql.column(name) for name in HEAD)
    outcome = sql.column(f"{STATUS[-1]}{place}")
    first, last = _periods(every, year)
    where = sql.all_of(
        [
            sql.compare(">=", period, sql.whole(first)),
            sql.compare("<=", period, sql.whole(last)),
            sql.any_of([sql.compare("=", outcome, sql.whole(number)) for number in sorted(wanted)]),
        ]
    )
    columns = [subject, outcome, sql.alias(sql.total(count), "number")]
    query = sql.select(columns, sql.table(relation), where=where, group=[subject, outcome])
    for key, number, periods in one.high.run.prepared.rows(query):
        yield key, int(number), int(periods)


def _periods(every: str, year: int) -> tuple[int, int]:
    """The first and last period of a year, as a grain numbers them."""
    if every in MONTHS_IN:
        per_year = 12 // MONTHS_IN[every]
        return year * per_year, (year + 1) * per_year - 1
    return day_number(datetime.date(year, 1, 1)), day_number(datetime.date(year, 12, 31))


def _homes(one: Calculated, table: str) -> Mapping[str, str]:
    """By the key of a row, the facility that it is about; empty where the table knows none."""
    model = next((v.tables[table] for v in reversed(one.schedule.versions) if table in v.tables), None)
    rows = one.high.run.prepared.intake.tables.get(table)
    if model is None or rows is None or model.key not in rows.column_names:
        return {}
    column = model.key if table == FACILITIES else _reference(one, table)
    if column is None or column not in rows.column_names:
        return {}
    pairs = zip(rows.column(model.key).to_pylist(), rows.column(column).to_pylist(), strict=True)
    return {key: home for key, home in pairs if home is not None}


def _reference(one: Calculated, table: str) -> str | None:
    """The column of a table that names a facility."""
    for version in reversed(one.schedule.versions):
        if table in version.tables:
            columns = version.tables[table].columns
            return next((name for name, column in columns.items() if column.table == FACILITIES), None)
    return None


def _findings(result: Result) -> Iterator[tuple[str, Finding]]:
    """The findings in rows that name a facility."""
    for finding in result.findings:
        for one in result.calculated:
            facility = _facility_of(one, finding)
            if facility:
                yield facility, finding
                break


def _facility_of(one: Calculated, finding: Finding) -> str | None:
    intake = one.high.run.prepared.intake
    if finding.table not in intake.sources or not finding.place.row:
        return None
    own = [v.tables[finding.table].key for v in one.schedule.versions if finding.table in v.tables]
    column = own[-1] if finding.table == FACILITIES and own else _reference(one, finding.table)
    return None if column is None else intake.written(finding.table, column, finding.place.row) or None
