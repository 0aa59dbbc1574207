"""The two ledgers as frames of Spark, which stay in the cluster: the rows and columns of `ledger`."""

from __future__ import annotations

import functools
from collections.abc import Iterable, Iterator
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from subsidy import sql
from subsidy.budget.cells import Calculated
from subsidy.budget.ledger import ENTITLEMENT, PAYMENT, PAYMENT_ROW
from subsidy.budget.ledger_query import STATUS, entitlement_query
from subsidy.engine import calendar
from subsidy.engine.database import Database, Query
from subsidy.engine.run import YEARS_OF_MONTHS
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

    run = one.high.run
    spark = _spark(run.prepared.database)
    for compiled, relation in run.grains:
        name = f"{relation}/entitlements"
        spark.create(name, Query(entitlement_query(run, compiled)), "table")
        rows = spark.frame(Query(sql.select([sql.all_columns()], sql.table(name))))
        for number, clause in enumerate(compiled.columns):
            model = compiled.version.model.clauses[clause]
            same = {
                "schedule": one.schedule.id,
                "version": compiled.version.first_day.isoformat(),
                "clause": clause,
                "item": model.item,
                "table": model.for_,
            }
            columns = {name: f.lit(text) for name, text in same.items()}
            columns |= {name: f.col(f"{name}{number}") for name in STATUS}
            columns["owed"] = _yuan(columns["owed"])
            columns["revision"] = f.lit(compiled.version.model.revision).cast("bigint")
            columns |= {name: f.col(name) for name in ("subject", "count")}
            every, labelled = f.lit(model.every), rows
            if model.every in MONTHS_IN:
                labelled = rows.join(_labels(spark), (f.col("every") == every) & (f.col("of") == f.col("period")))
                columns["period"] = f.col("label")
            else:
                columns["period"] = _day("period")
            yield labelled.select([columns[name].alias(name) for name in ENTITLEMENT])


def _payments(one: Calculated) -> DataFrame:
    from pyspark.sql import functions as f

    spark = _spark(one.high.run.prepared.database)
    names = [sql.column(name) for name in PAYMENT_ROW]
    rows = spark.frame(Query(sql.select(names, sql.table(one.high.relation)))).withColumnRenamed("version", "nth")
    clauses, funds = _words(one, spark)
    found = rows.join(f.broadcast(clauses), ["nth", "clause"]).join(
        f.broadcast(funds), ["nth", "clause", "payer"], "left"
    )
    labels = _labels(spark).withColumnsRenamed({"every": "label_every"})
    of_period = (f.col("label_every") == f.col("every")) & (f.col("of") == f.col("accrued"))
    columns = {name: f.col(name) for name in PAYMENT if name in (*PAYMENT_ROW, "version", "item", "fund")}
    columns |= {name: _yuan(f.col(name)) for name in ("owed", "cut", "amount")}
    columns["fund"] = f.coalesce(f.col("fund"), f.col("of_clause"))
    columns["schedule"] = f.lit(one.schedule.id)
    columns["due"] = _day("due")
    columns["accrued"] = f.coalesce(f.col("label"), _day("accrued"))
    return found.join(labels, of_period, "left").select([columns[name].alias(name) for name in PAYMENT])


def _words(one: Calculated, spark: Spark) -> tuple[DataFrame, DataFrame]:
    """What stands in the schedule: by version and clause, and by payer too."""
    import pyarrow as pa
    from pyspark.sql import functions as f

    versions = list(enumerate(one.schedule.versions))
    clauses = [
        {
            "nth": nth,
            "clause": name,
            "version": version.first_day.isoformat(),
            "item": clause.item,
            "every": clause.every,
            "of_clause": clause.fund,
        }
        for nth, version in versions
        for name, clause in version.model.clauses.items()
    ]
    funds = [
        {"nth": nth, "clause": name, "payer": payer, "fund": version.fund(name, payer)}
        for nth, version in versions
        for name in version.model.clauses
        for payer in version.model.payers
    ]

    def frame(rows: list[dict[str, Any]], *texts: str) -> DataFrame:
        schema = pa.schema([("nth", pa.int64()), *((name, pa.string()) for name in texts)])
        return f.broadcast(spark.of_arrow(pa.Table.from_pylist(rows, schema)))

    return (
        frame(clauses, "clause", "version", "item", "every", "of_clause"),
        frame(funds, "clause", "payer", "fund"),
    )


def _labels(spark: Spark) -> DataFrame:
    """Columns every, of (a period), label."""
    import pyarrow as pa
    from pyspark.sql import functions as f

    first, last = YEARS_OF_MONTHS
    rows: list[dict[str, Any]] = [
        {"every": every, "of": period, "label": calendar.period_label(every, period)}
        for every, length in MONTHS_IN.items()
        for period in range(first * 12 // length, (last + 1) * 12 // length)
    ]
    return f.broadcast(spark.of_arrow(pa.Table.from_pylist(rows)))


def _day(name: str) -> Column:
    """A day number as 2023-03-31."""
    from pyspark.sql import functions as f

    return f.date_add(f.lit("1970-01-01").cast("date"), f.col(name).cast("int")).cast("string")


def _yuan(fen: Column) -> Column:
    from pyspark.sql import functions as f

    return (fen.cast("decimal(18,0)") * f.lit(Decimal("0.01"))).cast("decimal(18,2)")
