"""The two ledgers as frames of Spark, which stay in the cluster: the rows and columns of `ledger`."""

from __future__ import annotations

import functools
from collections.abc import Iterable, Iterator
from decimal import Decimal
from typing import TYPE_CHECKING

from subsidy.budget.cells import Calculated
from subsidy.budget.ledger import ENTITLEMENT, PAYMENT, clause_rows, labels_of, words_of
from subsidy.budget.ledger_query import Outcomes, clause_query, entitlement_query, payment_query
from subsidy.engine.database import Database, Query
from subsidy.engine.run import YEARS_OF_MONTHS, Run
from subsidy.finding import Refusal, Text
from subsidy.schedule.column import MONTHS_IN

if TYPE_CHECKING:
    from pyspark.sql import Column, DataFrame

    from subsidy.engine.spark import Spark


def entitlements_frame(calculated: Iterable[Calculated]) -> DataFrame:
    """Every subject × clause × period. Raises Refusal where another engine calculated."""
    return _joined(frame for one in calculated for frame in _entitlements(one))


def payments_frame(calculated: Iterable[Calculated]) -> DataFrame:
    """Every payer's part of every payment line. Raises Refusal where another engine calculated."""
    return _joined(map(_payments, calculated))


def _joined(frames: Iterable[DataFrame]) -> DataFrame:
    return functools.reduce(lambda one, two: one.unionByName(two), frames)


def _spark(database: Database) -> Spark:
    from subsidy.engine.spark import Spark

    if isinstance(database, Spark):
        return database
    why = Text("这次计算不在 Spark 中进行", "this was not calculated in Spark")
    raise Refusal(why, Text('请用 engine="spark" 计算', 'calculate with engine="spark"'))


def _entitlements(one: Calculated) -> Iterator[DataFrame]:
    from pyspark.sql import functions as f

    run, outcomes = one.high.run, Outcomes()
    spark, labels = _with_labels(run)
    rows = []
    for compiled, grain in run.grains:
        name = f"{grain}/entitlements"
        spark.create(name, Query(entitlement_query(run, compiled, outcomes)), "table")
        rows += [(compiled, part) for part in clause_rows(run, compiled, name)]
    told = spark.of_arrow(outcomes.table())
    for compiled, part in rows:
        clause = part.ledger.clause.model
        same = {
            "schedule": one.schedule.id,
            "version": compiled.version.first_day.isoformat(),
            "clause": part.ledger.clause.name,
            "item": clause.item,
            "table": clause.for_,
        }
        columns = {name: f.col(name) for name in ("subject", "place", "count", "state", "reason")}
        columns |= {name: f.lit(text) for name, text in same.items()}
        columns["revision"] = f.lit(compiled.version.model.revision).cast("bigint")
        columns["period"] = f.coalesce(f.col("label"), _day("period"))
        columns["owed"] = _yuan(f.col("owed"))
        frame = spark.frame(Query(clause_query([part], labels))).join(f.broadcast(told), "outcome")
        yield frame.select([columns[name].alias(name) for name in ENTITLEMENT])


def _payments(one: Calculated) -> DataFrame:
    from pyspark.sql import functions as f

    spark, labels = _with_labels(one.high.run)
    relation = one.high.relation
    clauses, funds = f"{relation}/clauses", f"{relation}/funds"
    for name, table in zip((clauses, funds), words_of(one.schedule), strict=True):
        spark.register(name, table)
    versions = {nth: version.first_day.isoformat() for nth, version in enumerate(one.schedule.versions)}
    version = f.coalesce(*(f.when(f.col("nth") == nth, f.lit(day)) for nth, day in versions.items()))
    columns = {name: f.col(name) for name in PAYMENT if name not in ("schedule", "version")}
    columns |= {"schedule": f.lit(one.schedule.id), "version": version, "due": _day("due")}
    columns |= {name: _yuan(f.col(name)) for name in ("owed", "cut", "amount")}
    columns["accrued"] = f.coalesce(f.col("label"), _day("accrued"))
    found = spark.frame(Query(payment_query(relation, clauses, funds, labels)))
    return found.select([columns[name].alias(name) for name in PAYMENT])


def _with_labels(run: Run) -> tuple[Spark, str]:
    """The cluster, and its relation of the labels of all months, quarters, half-years and years."""
    spark, name = _spark(run.prepared.database), run.plan.named("ledgers", "labels")
    first, last = YEARS_OF_MONTHS
    lengths = MONTHS_IN.items()
    spark.register(
        name,
        labels_of(
            (every, period)
            for every, length in lengths
            for period in range(first * 12 // length, (last + 1) * 12 // length)
        ),
    )
    return spark, name


def _day(name: str) -> Column:
    """A day number as 2023-03-31."""
    from pyspark.sql import functions as f

    return f.date_add(f.lit("1970-01-01").cast("date"), f.col(name).cast("int")).cast("string")


def _yuan(fen: Column) -> Column:
    from pyspark.sql import functions as f

    return (fen.cast("decimal(18,0)") * f.lit(Decimal("0.01"))).cast("decimal(18,2)")
