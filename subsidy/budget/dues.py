"""What is owed to whom on which day: the cash entitlements of a calculation at their finest, by instalment."""

from __future__ import annotations

from dataclasses import dataclass

from subsidy.budget.ledger_query import due_amounts
from subsidy.engine import calendar
from subsidy.engine.lines import Ledger
from subsidy.engine.run import Run
from subsidy.schedule.figures import day_of


@dataclass(frozen=True)
class Due:
    """What a subject is owed for a period, due on a day (`2024-03-31`) to a payee, after limits and before pots."""

    version: int  # its position in the schedule
    clause: str
    table: str
    subject: str
    person: str | None
    period: str
    payee: str | None
    facility: str | None
    district: str | None
    due: str
    fen: int


def dues(run: Run) -> list[Due]:
    """Every amount other than 0 that a calculation owes in cash."""
    return [due for ledger in run.ledgers if ledger.clause.model.cash for due in _of(run, ledger, persons(run))]


def persons(run: Run) -> dict[str, dict[str, str]]:
    """By table, who the subject of each row is, where the roster says it."""
    found = {}
    tables = {name: table for version in run.prepared.schedule.versions for name, table in version.tables.items()}
    for name, rows in run.prepared.intake.tables.items():
        key = tables[name].key
        if key in rows.column_names and "person" in rows.column_names:
            pairs = zip(rows.column(key).to_pylist(), rows.column("person").to_pylist(), strict=True)
            found[name] = dict(pairs)
    return found


def _of(run: Run, ledger: Ledger, known: dict[str, dict[str, str]]) -> list[Due]:
    query = due_amounts(run, ledger)
    every, table = ledger.clause.model.every, ledger.clause.table
    who = known.get(table, {})
    return [
        Due(
            ledger.version_index,
            ledger.clause.name,
            table,
            subject,
            who.get(subject),
            calendar.period_label(every, period),
            payee,
            facility,
            district,
            day_of(due).isoformat(),
            fen,
        )
        for subject, period, due, payee, facility, district, fen in run.prepared.rows(query)
    ]
