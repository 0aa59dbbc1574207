"""The two ledgers as Arrow tables: entitlements (who is owed what, why, or why not) and payments."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from subsidy import sql
from subsidy.budget.payments import Payments
from subsidy.engine import calendar
from subsidy.engine.base import COUNT, PERIOD, SUBJECT
from subsidy.engine.grain import CompiledGrain, replaced_column
from subsidy.engine.layers import ref
from subsidy.engine.lines import Ledger
from subsidy.engine.run import Run
from subsidy.money import yuan_column
from subsidy.schedule import expression as ex
from subsidy.schedule.catalogue import Schedule
from subsidy.schedule.figures import day_of

PAID, WHY_NOT, FINDING = "paid", "why-not", "finding"
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
    head = [("subject", ref(SUBJECT)), ("period", ref(PERIOD)), ("count", ref(COUNT))]
    by_clause = {name: _status_columns(compiled, name) for name in compiled.columns}
    columns = [*head, *(column for own in by_clause.values() for column in own)]
    where = sql.all_of([compiled.in_force, *_those(ref(SUBJECT), subjects)])
    results = run.prepared.rows(compiled.layers.query(columns, where))
    found: list[tuple[Any, ...]] = []
    first = len(head)
    for name, own in by_clause.items():
        found += _clause_rows(
            schedule, run, compiled, name, [(*row[:3], *row[first : first + len(own)]) for row in results], subjects
        )
        first += len(own)
    return found


def _status_columns(compiled: CompiledGrain, name: str) -> list[tuple[str, sql.Sql]]:
    clause = compiled.version.clauses[name]
    names = {f"place:{name}": compiled.columns[name].district}
    own = [f"owed:{name}", *(f"when:{name}:{index}" for index in range(len(clause.when)))]
    if clause.replaced_by:
        own.insert(1, replaced_column(name))
    return [(shown, ref(column)) for shown, column in {**names, **dict(zip(own, own, strict=True))}.items()]


def _clause_rows(
    schedule: Schedule,
    run: Run,
    compiled: CompiledGrain,
    name: str,
    rows: list[tuple[Any, ...]],
    subjects: Collection[str] | None,
) -> list[tuple[Any, ...]]:
    clause = compiled.version.clauses[name]
    conditions = [ex.shown(tree) for tree in clause.conditions]
    model = compiled.version.model
    after = _after_limits(run, compiled, name, subjects)
    allocated = run.allocated(_ledger(run, compiled, name))
    head = (schedule.id, compiled.version.first_day.isoformat(), model.revision, name, clause.model.item, clause.table)
    found = []
    for subject, period, count, place, owed, *results in rows:
        replaced = results.pop(0) if clause.replaced_by else None
        owed, decided, _ = allocated.get((subject, period), (owed, "", 0))
        unit = owed or 0
        left, cut_by = after.get((subject, period), (unit * count, None))
        state, reason = _state(owed, results, conditions, left, cut_by)
        reason = reason or decided
        if replaced is not None:
            by = clause.replaced_by[replaced]
            state, reason = WHY_NOT, f"replaced by: {by.schedule}:{by.clause}, item {by.item}"
        label = calendar.period_label(clause.model.every, period)
        found.append((*head, subject, place, label, count, left, state, reason))
    return found


def _state(
    owed: int | None, results: list[bool | None], conditions: list[str], left: int, cut_by: str | None
) -> tuple[str, str]:
    if owed is None:
        missing = next((text for result, text in zip(results, conditions, strict=True) if result is None), "amount")
        return FINDING, f"missing: {missing}"
    if all(results):
        if cut_by is not None:
            return (PAID if left else WHY_NOT), f"limit: {cut_by}"
        return PAID, ""
    failed = next(
        (text for result, text in zip(results, conditions, strict=True) if result is not None and not result),
        next((text for result, text in zip(results, conditions, strict=True) if result is None), ""),
    )
    return WHY_NOT, f"not met: {failed}"


def _after_limits(
    run: Run, compiled: CompiledGrain, name: str, subjects: Collection[str] | None
) -> dict[tuple[str, int], tuple[int, str | None]]:
    ledger = _ledger(run, compiled, name)
    if not ledger.columns.limits:
        return {}
    keys = [sql.column("subject"), sql.column("period")]
    total = sql.total(sql.mul(sql.column("unit"), sql.column("count")))
    cut_by = sql.highest(sql.column("cut_by"))
    columns = [*keys, sql.alias(total, "left"), sql.alias(cut_by, "cut_by")]
    those = sql.all_of(_those(sql.column("subject"), subjects))
    query = sql.select(columns, sql.table(ledger.relation), where=those, group=keys)
    return {(subject, period): (left, by) for subject, period, left, by in run.prepared.rows(query)}


def _those(column: sql.Sql, subjects: Collection[str] | None) -> list[sql.Sql]:
    """That a column is one of these; no condition where all are wanted."""
    if subjects is None:
        return []
    return [sql.any_of(sql.compare("=", column, sql.text(one)) for one in sorted(subjects))]


def _ledger(run: Run, compiled: CompiledGrain, name: str) -> Ledger:
    return next(one for one in run.ledgers if one.clause.name == name and one.version is compiled.version)


def payment_table(schedule: Schedule, payments: Payments) -> Any:
    """Columns schedule, version, clause, item, line, payee, facility, district, due, accrued, payer, place, fund, owed,
    cut, amount (yuan)."""
    names = (
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
    query = sql.select([sql.column(name) for name in names], sql.table(payments.relation))
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
        [
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
        ],
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
