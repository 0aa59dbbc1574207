"""What the sheets of details are made of: the payment lines of the year by clause, and the entitlements in each."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from subsidy import sql
from subsidy.budget.cell_query import Division, Part, Share, divisions, largest_parts, shares_of_lines
from subsidy.budget.cells import Calculated, in_year
from subsidy.budget.dues import persons
from subsidy.budget.result import Result
from subsidy.engine.lines import Ledger
from subsidy.engine.run import Run


@dataclass(frozen=True)
class Line:
    """One payment line: what is divided among payers, each payer's part, and the entitlements it adds up (fen)."""

    number: int
    payee: str | None
    facility: str | None
    district: str | None
    due: int
    accrued: int
    division: Division
    parts: Mapping[str, Part]
    shares: Sequence[Share]

    @property
    def paid(self) -> int:
        return sum(part.amount for part in self.parts.values())

    @property
    def cut(self) -> int:
        """What pots took away."""
        return sum(part.cut for part in self.parts.values())

    @property
    def moved(self) -> int:
        """What pots made others owe beside what is divided."""
        return sum(part.owed for part in self.parts.values()) - self.division.total


@dataclass(frozen=True)
class Lost:
    """An entitlement of the year of which a limit leaves nothing (fen, all units)."""

    subject: str | None
    period: int
    units: int
    whole: int
    limit: str


@dataclass(frozen=True)
class Entry:
    """One clause in one version, in the high calculation. `name` is its name in the result."""

    one: Calculated
    name: str
    ledger: Ledger
    lines: Sequence[Line]
    lost: Sequence[Lost]
    persons: Mapping[str, str]

    @property
    def run(self) -> Run:
        return self.one.high.run


def entries(result: Result) -> list[Entry]:
    """The clauses with anything paid or lost in the year, in the order of the documents, then by version."""
    found = [entry for one in result.calculated for entry in _of(result, one)]
    order = list(result.items)
    return sorted(found, key=lambda entry: (order.index(entry.name), entry.ledger.version_index))


def _of(result: Result, one: Calculated) -> Iterator[Entry]:
    month = sql.column("due#m" if result.basis == "due" else "accrued#m")
    by_ledger: dict[tuple[int, str], list[Part]] = {}
    for part in largest_parts(one.high, in_year(month, result.year), None):
        by_ledger.setdefault((part.version, part.clause), []).append(part)
    run = one.high.run
    who = persons(run)
    for ledger in run.ledgers:
        if ledger.clause.model.cash:
            clause = ledger.clause
            parts = by_ledger.get((ledger.version_index, clause.name), [])
            lines, lost = _lines(run, ledger, parts), _lost(run, ledger, result.year)
            if lines or lost:
                name = result.clause_name(one.schedule, clause.name)
                yield Entry(one, name, ledger, lines, lost, who.get(clause.table, {}))


def _lines(run: Run, ledger: Ledger, parts: Sequence[Part]) -> list[Line]:
    by_line: dict[int, dict[str, Part]] = {}
    for part in parts:
        by_line.setdefault(part.line, {})[part.payer] = part
    if not by_line:
        return []
    source, numbers = run.plan.source_of(ledger), list(by_line)
    divided, shares = divisions(run, source, numbers), shares_of_lines(run, source, numbers, None)
    lines = []
    for number, own in by_line.items():
        first = next(iter(own.values()))
        in_order = sorted(shares[number].shown, key=lambda share: (share.period, share.subject or ""))
        lines.append(
            Line(
                number,
                first.payee,
                first.facility,
                first.district,
                first.due,
                first.accrued,
                divided[number],
                own,
                in_order,
            )
        )
    keys = ("district", "facility", "payee", "due", "accrued", "number")
    return sorted(lines, key=lambda line: [(getattr(line, key) is None, getattr(line, key) or 0) for key in keys])


def _lost(run: Run, ledger: Ledger, year: int) -> list[Lost]:
    """The entitlements of the year's periods that a limit leaves nothing of."""
    if not ledger.columns.limits:
        return []
    names = ["subject", "period", "count", "owed", "cut_by"]
    nothing = sql.equals("unit", 0)
    where = sql.all_of([nothing, in_year(sql.column("accrued#m"), year)])
    query = sql.select([sql.column(name) for name in names], sql.table(ledger.relation), where=where)
    found = [
        Lost(subject, period, units, owed * units, limit)
        for subject, period, units, owed, limit in run.prepared.rows(query)
        if owed
    ]
    return sorted(found, key=lambda one: (one.period, one.subject or ""))
