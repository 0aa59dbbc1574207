"""The two ledgers in Arrow batches: entitlements (who is owed what, why, or why not) and payments.

What is not in the query of a ledger is put to its rows by column: what is the same for all of a version, state and
reason by their number, days as texts, fen as yuan.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from subsidy import sql
from subsidy.budget.ledger_query import (
    DUE_KEYS,
    EVERYBODY,
    FINDING,
    HEAD,
    LABELS,
    PAID,
    STATUS,
    WHY_NOT,
    ClauseRows,
    Outcomes,
    Subjects,
    clause_query,
    due_query,
    entitlement_query,
    in_order,
    payment_query,
)
from subsidy.budget.payments import Payments
from subsidy.engine import calendar
from subsidy.engine.database import Query
from subsidy.engine.grain import CompiledGrain
from subsidy.engine.run import Run
from subsidy.money import yuan_of_fen
from subsidy.progress import station
from subsidy.schedule.catalogue import Schedule

__all__ = ["FINDING", "PAID", "WHY_NOT"]
ENTITLEMENT = (
    "schedule", "version", "revision", "clause", "item", "table", "subject", "place", "period", "count", "owed",
    "state", "reason",
)  # fmt: skip
DUE_ENTITLEMENT = (
    "schedule", "version", "issued", "revision", "clause", "item", "table", "subject", "person", "place", "period",
    "count", "payee", "facility", "due", "owed", "state", "reason",
)  # fmt: skip
PAYMENT = (
    "schedule", "version", "clause", "item", "line", "payee", "facility", "district", "due", "accrued", "payer",
    "place", "fund", "owed", "cut", "amount",
)  # fmt: skip
SAVED_PAYMENT = (
    "schedule", "version", "issued", "clause", "item", "line", "payee", "facility", "district", "due", "period",
    "payer", "place", "fund", "owed", "cut", "amount",
)  # fmt: skip
WHOLE, MONEY = frozenset({"revision", "count", "line"}), frozenset({"owed", "cut", "now", "before", "held", "amount"})
SAMPLED, ROWS_SORTED = 100, 1_000_000  # of rows, one in how many is looked at; and how many are sorted together
Batches = Iterator[Any]  # of Arrow record batches


def entitlement_table(schedule: Schedule, run: Run) -> Any:
    """Columns ENTITLEMENT of every subject × clause × period: owed (yuan, all units, after limits), state (paid,
    why-not, finding), reason."""
    return _table(ENTITLEMENT, entitlement_batches(schedule, run))


def payment_table(schedule: Schedule, payments: Payments) -> Any:
    """Columns PAYMENT of every payer's part of every payment line: owed, cut, amount (yuan)."""
    return _table(PAYMENT, payment_batches(schedule, payments))


def entitlement_batches(schedule: Schedule, run: Run) -> Batches:
    """The columns ENTITLEMENT in order of clause, subject, period and version."""
    with _Clauses.of(schedule, run) as clauses:
        for name, subjects in clauses.in_turn():
            rows = clause_query(clauses.parts(name), clauses.labels, subjects)
            query = in_order(rows, {"subject"}, "subject", "label", "nth")
            yield from clauses.batches(name, query, ENTITLEMENT)


def due_batches(schedule: Schedule, run: Run, last: int) -> Batches:
    """The columns DUE_ENTITLEMENT: what is paid in as many rows as it has due days up to `last` (a day number)."""
    with _Clauses.of(schedule, run) as clauses:
        for name, subjects in clauses.in_turn():
            rows = due_query(run, clauses.parts(name), clauses.labels, clauses.outcomes, last, subjects)
            texts = {"subject", *DUE_KEYS[1:]}
            query = in_order(rows, texts, "subject", "label", "nth", *DUE_KEYS)
            yield from clauses.batches(name, query, DUE_ENTITLEMENT)


def payment_batches(schedule: Schedule, payments: Payments, last: int | None = None) -> Batches:
    """The columns PAYMENT in order of clause and due day; or SAVED_PAYMENT of those due up to `last` (a day number)."""
    run, relation = payments.run, payments.relation
    clauses, funds, labels = (f"{relation}/{name}" for name in ("clauses", "funds", "labels"))
    columns = PAYMENT if last is None else SAVED_PAYMENT
    with _registered(run, words_of(schedule), (clauses, funds)):
        every = [sql.column("every", "c"), sql.column("accrued", "p")]
        same = sql.all_of(sql.compare("=", sql.column(a, "c"), sql.column(b, "p")) for a, b in _SAME_CLAUSE)
        joined = sql.select(every, sql.table(relation, "p"), [("inner", sql.table(clauses, "c"), same)], distinct=True)
        with _registered(run, [labels_of(run.prepared.rows(joined))], [labels]):
            rows = payment_query(relation, clauses, funds, labels)
            if last is not None:
                due = sql.compare("<=", sql.column("due", "w"), sql.whole(last))
                rows = sql.select([sql.all_columns("w")], sql.subquery(rows, "w"), where=due)
            query = in_order(rows, {"payee", "place"}, *_ORDER_OF_PAYMENTS)
            for batch in run.prepared.database.batches(Query(query)):
                yield _finished(batch, columns, _of_versions(schedule, batch))


_SAME_CLAUSE = (("nth", "version"), ("clause", "clause"))
_ORDER_OF_PAYMENTS = ("clause", "due", "payee", "label", "nth", "line", "position", "payer", "place")


def entitlement_rows(schedule: Schedule, run: Run, subjects: Mapping[str, Collection[str]]) -> list[tuple[Any, ...]]:
    """The columns ENTITLEMENT of these `subjects` of each table, `owed` in fen."""
    rows: list[tuple[Any, ...]] = []
    for compiled, _ in run.grains:
        if compiled.grain.table in subjects:
            rows += _grain_rows(schedule, run, compiled, subjects[compiled.grain.table])
    rows.sort(key=lambda row: (row[3], row[6] or "", row[8], row[1]))
    return rows


def _grain_rows(
    schedule: Schedule, run: Run, compiled: CompiledGrain, subjects: Collection[str]
) -> list[tuple[Any, ...]]:
    """The entitlements of all clauses of a grain, which are columns of one query."""
    found: list[tuple[Any, ...]] = []
    outcomes = Outcomes()
    results = run.prepared.rows(entitlement_query(run, compiled, outcomes, subjects))
    model, known = compiled.version.model, outcomes.known
    for number, name in enumerate(compiled.columns):
        clause, first = compiled.version.clauses[name], len(HEAD) + number * len(STATUS)
        head = (schedule.id, compiled.version.first_day.isoformat(), model.revision, name, clause.model.item)
        for row in results:
            subject, period, count = row[: len(HEAD)]
            place, owed, outcome = row[first : first + len(STATUS)]
            label = calendar.period_label(clause.model.every, period)
            found.append((*head, clause.table, subject, place, label, count, owed, *known[outcome]))
    return found


# --- relations that are there for a while ----------------------------------------------------------------------------


@contextmanager
def _registered(run: Run, tables: Iterable[Any], names: Sequence[str]) -> Iterator[None]:
    """Arrow tables in the database, until they are read."""
    database = run.prepared.database
    for name, table in zip(names, tables, strict=True):
        database.register(name, table)
    try:
        yield
    finally:
        for name in names:
            database.drop(name)


@dataclass(frozen=True)
class _Clauses:
    """The entitlements of all clauses, a relation for each grain, with the labels of their periods."""

    schedule: Schedule
    run: Run
    outcomes: Outcomes
    rows: Mapping[str, Sequence[ClauseRows]]
    labels: str

    @classmethod
    @contextmanager
    def of(cls, schedule: Schedule, run: Run) -> Iterator[_Clauses]:
        station(f"列出 {schedule.id} 的应补助额", f"listing the entitlements of {schedule.id}")
        database, outcomes, names = run.prepared.database, Outcomes(), list[str]()
        rows: dict[str, list[ClauseRows]] = {}
        periods = set[tuple[str, int]]()
        for compiled, grain in run.grains:
            names.append(f"{grain}/entitlements")
            run.create(names[-1], Query(entitlement_query(run, compiled, outcomes)))
            for part in clause_rows(run, compiled, names[-1]):
                rows.setdefault(part.ledger.clause.name, []).append(part)
            every = {clause.model.every for clause in map(compiled.version.clauses.get, compiled.columns) if clause}
            found = run.prepared.rows(sql.select([sql.column("period")], sql.table(names[-1]), distinct=True))
            periods |= {(one, period) for one in every for (period,) in found}
        labels = run.plan.named("entitlements", "labels")
        try:
            with _registered(run, [labels_of(periods)], [labels]):
                yield cls(schedule, run, outcomes, rows, labels)
        finally:
            for name in names:
                database.drop(name)

    def in_turn(self) -> Iterator[tuple[str, Subjects]]:
        """The clauses in their order, each with subjects that follow each other, so many at a time as can be sorted."""
        for name in sorted(self.rows):
            for subjects in self._in_parts(name):
                yield name, subjects

    def _in_parts(self, clause: str) -> Iterator[Subjects]:
        import pyarrow as pa
        import pyarrow.compute as pc

        relations = sorted({part.relation for part in self.rows[clause]})
        counts = [self.run.prepared.rows(sql.select([sql.how_many()], sql.table(one)))[0][0] for one in relations]
        if sum(counts) <= ROWS_SORTED:
            yield EVERYBODY
            return
        queries = [sql.select([sql.column("subject")], sql.table(one)) for one in relations]
        sample = pa.chunked_array(
            [batch[0][::SAMPLED] for one in queries for batch in self.run.prepared.database.batches(Query(one))],
            pa.string(),
        )
        ordered = sample.take(pc.sort_indices(sample)).drop_null()
        ends = dict.fromkeys(ordered[ROWS_SORTED // SAMPLED :: ROWS_SORTED // SAMPLED].to_pylist())
        for after, up_to in pairwise([None, *ends, None]):
            yield Subjects(after, up_to)

    def parts(self, clause: str) -> Sequence[ClauseRows]:
        return self.rows[clause]

    def batches(self, clause: str, query: sql.Sql, columns: Sequence[str]) -> Batches:
        told = self.outcomes.table()
        for batch in self.run.prepared.database.batches(Query(query)):
            put = {name: told[name].combine_chunks().take(batch["outcome"]) for name in ("state", "reason")}
            yield _finished(batch, columns, put | _of_versions(self.schedule, batch, clause))


def clause_rows(run: Run, compiled: CompiledGrain, relation: str) -> Iterator[ClauseRows]:
    """Where each clause of a grain stands in the relation of its entitlements."""
    ledgers = {ledger.clause.name: ledger for ledger in run.ledgers if ledger.version is compiled.version}
    for number, name in enumerate(compiled.columns):
        yield ClauseRows(ledgers[name], relation, number)


def words_of(schedule: Schedule) -> tuple[Any, Any]:
    """What `payment_query` reads of a schedule: by version and clause, and the funds that are a payer's own."""
    import pyarrow as pa

    versions = list(enumerate(schedule.versions))
    clauses = [
        {"nth": nth, "clause": name, "item": clause.item, "every": clause.every, "fund": clause.fund}
        for nth, version in versions
        for name, clause in version.model.clauses.items()
    ]
    funds = [
        {"nth": nth, "clause": name, "payer": payer, "fund": model.fund}
        for nth, version in versions
        for name in version.model.clauses
        for payer, model in version.model.payers.items()
        if model.fund
    ]

    def table(rows: list[dict[str, Any]], *texts: str) -> Any:
        return pa.Table.from_pylist(rows, pa.schema([("nth", pa.int64()), *((name, pa.string()) for name in texts)]))

    return table(clauses, "clause", "item", "every", "fund"), table(funds, "clause", "payer", "fund")


def labels_of(periods: Iterable[tuple[str, int]]) -> Any:
    """LABELS of periods, each with how often there is one."""
    import pyarrow as pa

    rows = [(every, of, calendar.period_label(every, of)) for every, of in periods]
    kinds = (pa.string(), pa.int64(), pa.string())
    return pa.table({name: pa.array([row[place] for row in rows], kinds[place]) for place, name in enumerate(LABELS)})


# --- columns ---------------------------------------------------------------------------------------------------------


def _of_versions(schedule: Schedule, batch: Any, clause: str = "") -> dict[str, Any]:
    """What is the same for all rows of a version, by its number; with a clause, also what is the clause's."""
    import pyarrow as pa

    versions = schedule.versions
    texts: dict[str, list[Any]] = {
        "version": [version.first_day.isoformat() for version in versions],
        "issued": [version.issued.isoformat() for version in versions],
        "revision": [version.model.revision for version in versions],
    }
    if clause:
        models = [version.model.clauses.get(clause) for version in versions]
        texts |= {
            "item": [None if model is None else model.item for model in models],
            "table": [None if model is None else model.for_ for model in models],
        }
    put = {name: pa.array(cells).take(batch["nth"]) for name, cells in texts.items()}
    put["schedule"] = pa.repeat(schedule.id, batch.num_rows)
    return put | ({"clause": pa.repeat(clause, batch.num_rows)} if clause else {})


def _finished(batch: Any, columns: Sequence[str], put: Mapping[str, Any]) -> Any:
    """A batch with these columns, which it has or which are `put` to it."""
    import pyarrow as pa

    def finished(name: str) -> Any:
        column = put[name] if name in put else batch["label" if name in ("period", "accrued") else name]
        if name in MONEY:
            return yuan_of_fen(column)
        if name == "due":
            column = column.cast(pa.int32()).cast(pa.date32())
        return column.cast(pa.int64() if name in WHOLE else pa.string())

    return pa.record_batch([finished(name) for name in columns], names=list(columns))


def _table(columns: Sequence[str], batches: Batches) -> Any:
    import pyarrow as pa

    return pa.Table.from_batches(batches, ledger_schema(columns))


def ledger_schema(columns: Sequence[str]) -> Any:
    """The Arrow schema of a ledger's columns: whole numbers, amounts, and texts."""
    import pyarrow as pa

    kinds = {**dict.fromkeys(WHOLE, pa.int64()), **dict.fromkeys(MONEY, pa.decimal128(18, 2))}
    return pa.schema([(name, kinds.get(name, pa.string())) for name in columns])
