"""The two ledgers as Arrow tables: entitlements (who is owed what, why, or why not) and payments."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from subsidy import sql
from subsidy.budget.ledger_query import FINDING, HEAD, PAID, STATUS, WHY_NOT, entitlement_query
from subsidy.budget.payments import Payments
from subsidy.engine import calendar
from subsidy.engine.grain import CompiledGrain
from subsidy.engine.run import Run
from subsidy.money import yuan_column
from subsidy.schedule.catalogue import Schedule
from subsidy.schedule.figures import day_of

__all__ = ["FINDING", "PAID", "WHY_NOT"]
ENTITLEMENT = (
    "schedule",
    "version",
    "revision",
    "clause",
    "item",
    "table",
    "subject",
    "place",
    "period",
    "count",
    "owed",
    "state",
    "reason",
)

PAYMENT = (
    "schedule",
    "version",
    "clause",
    "item",
    "line",
    "payee",
    "facility",
    "district",
    "due",
    "accrued",
    "payer",
    "place",
    "fund",
    "owed",
    "cut",
    "amount",
)
PAYMENT_ROW = (
    "version",
    "clause",
    "line",
    "payee",
    "facility",
    "district",
    "due",
    "accrued",
    "payer",
    "position",
    "place",
    "owed",
    "cut",
    "amount",
)


def entitlement_table(schedule: Schedule, run: Run) -> Any:
    """Columns schedule, version, revision, clause, item, table, subject, place, period, count, owed (yuan, all units,
    after limits), state (paid, why-not, finding), reason."""
    return _table(list(ENTITLEMENT), entitlement_rows(schedule, run), whole={"revision", "count"}, money={"owed"})


def entitlement_rows(
    schedule: Schedule, run: Run, subjects: Mapping[str, Collection[str]] | None = None
) -> list[tuple[Any, ...]]:
    """The columns ENTITLEMENT of all rows, `owed` in fen; or of these `subjects` of each table only."""
    rows: list[tuple[Any, ...]] = []
    for compiled, _ in run.grains:
        if subjects is None:
            rows += _grain_rows(schedule, run, compiled, None)
        elif compiled.grain.table in subjects:
            rows += _grain_rows(schedule, run, compiled, subjects[compiled.grain.table])
    rows.sort(key=lambda row: (row[3], row[6] or "", row[8], row[1]))
    return rows


def _grain_rows(
    schedule: Schedule, run: Run, compiled: CompiledGrain, subjects: Collection[str] | None
) -> list[tuple[Any, ...]]:
    """The entitlements of all clauses of a grain, which are columns of one query."""
    found: list[tuple[Any, ...]] = []
    results = run.prepared.rows(entitlement_query(run, compiled, subjects))
    model = compiled.version.model
    for number, name in enumerate(compiled.columns):
        clause, first = compiled.version.clauses[name], len(HEAD) + number * len(STATUS)
        head = (schedule.id, compiled.version.first_day.isoformat(), model.revision, name, clause.model.item)
        for row in results:
            subject, period, count = row[: len(HEAD)]
            place, *status = row[first : first + len(STATUS)]
            label = calendar.period_label(clause.model.every, period)
            found.append((*head, clause.table, subject, place, label, count, *status))
    return found


def payment_table(schedule: Schedule, payments: Payments) -> Any:
    """Columns schedule, version, clause, item, line, payee, facility, district, due, accrued, payer, place, fund, owed,
    cut, amount (yuan)."""
    query = sql.select([sql.column(name) for name in PAYMENT_ROW], sql.table(payments.relation))
    rows = []
    for (
        version,
        clause,
        line,
        payee,
        facility,
        district,
        due,
        accrued,
        payer,
        position,
        place,
        *money,
    ) in payments.run.prepared.rows(query):
        model = schedule.versions[version].model.clauses[clause]
        period = calendar.period_label(model.every, accrued)
        order = (clause, due, payee or "", period, version, line, position, payer, place or "")
        rows.append(
            (
                order,
                (
                    schedule.id,
                    schedule.versions[version].first_day.isoformat(),
                    clause,
                    model.item,
                    line,
                    payee,
                    facility,
                    district,
                    day_of(due).isoformat(),
                    period,
                    payer,
                    place,
                    schedule.versions[version].fund(clause, payer),
                    *money,
                ),
            )
        )
    rows.sort(key=lambda row: row[0])
    return _table(
        list(PAYMENT),
        [row for _, row in rows],
        whole={"line"},
        money={"owed", "cut", "amount"},
    )


def _table(names: list[str], rows: list[tuple[Any, ...]], whole: set[str], money: set[str]) -> Any:
    import pyarrow as pa

    columns: dict[str, Any] = {}
    for index, name in enumerate(names):
        values = [row[index] for row in rows]
        if name in money:
            columns[name] = yuan_column(values)
        else:
            columns[name] = pa.array(values, pa.int64() if name in whole else pa.string())
    return pa.table(columns)
