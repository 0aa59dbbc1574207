"""Aggregates as queries: the rows that count, and what they come to for each link and period."""

from __future__ import annotations

from sqlglot import exp

from subsidy import sql
from subsidy.engine.base import COUNT, PERIOD, SUBJECT
from subsidy.engine.cells import MONTH
from subsidy.engine.layers import ref
from subsidy.engine.row import RowCompiler
from subsidy.schedule.column import MONTHS_IN
from subsidy.schedule.node import Aggregate
from subsidy.sql import Sql

PACKED = 32  # a month number and a day of the month as one number that grows with the date


def addend_query(aggregate: Aggregate, rows: RowCompiler) -> exp.Select:
    """The rows that may count: link, count (how many each stands for), counts (whether it does), measure.

    Beside them period (of the aggregate, where it has one); for the row's own periods `each`; for dates `packed`; for
    a running total `day` and `per0`, `per1`, ….
    """
    one = sql.whole(1)
    counts = sql.boolean(True) if aggregate.where is None else rows.condition(aggregate.where)
    measure = None if aggregate.measure is None else rows.value(aggregate.measure)
    chosen: list[tuple[str, Sql]] = [("counts", counts), ("measure", one if measure is None else measure.main)]
    if measure is not None and measure.month is not None and measure.day_of_month is not None:
        chosen.append(("packed", sql.add(sql.scaled(measure.month, PACKED), measure.day_of_month)))
    if aggregate.each:
        wider = MONTHS_IN[aggregate.every or "year"] // MONTHS_IN[aggregate.each]
        period = sql.int_div(ref(PERIOD), sql.whole(wider))
        return rows.layers.query(
            [("link", ref(SUBJECT)), ("count", one), *chosen, ("period", period), ("each", ref(PERIOD))]
        )
    if aggregate.by is None:
        period_columns = [("period", ref(PERIOD))] if aggregate.every else []
        return rows.layers.query([("link", ref(aggregate.link)), ("count", ref(COUNT)), *chosen, *period_columns])
    groups = [rows.value(node).main for node in aggregate.per]
    if aggregate.every:
        chosen.append(("period", sql.int_div(ref(MONTH), sql.whole(MONTHS_IN[aggregate.every]))))
    chosen += [(f"per{number}", tree) for number, tree in enumerate(groups)]
    there = sql.all_of([sql.is_known(ref(PERIOD)), *(sql.is_known(tree) for tree in groups)])
    return rows.layers.query([("link", ref(SUBJECT)), ("count", ref(COUNT)), *chosen, ("day", ref(PERIOD))], there)


def aggregate_query(aggregate: Aggregate, addends: exp.Select) -> exp.Select:
    """One row per link (and period): result, for an average also rows, for a date also result#m and result#d."""
    return _running(aggregate, addends) if aggregate.by is not None else _grouped(aggregate, addends)


def _of(name: str) -> Sql:
    return sql.column(name, "r")


def _unclear() -> Sql:
    """1 where a row may count, or counts with an unknown measure; else 0."""
    unclear = sql.any_of([sql.is_missing(_of("counts")), sql.all_of([_of("counts"), sql.is_missing(_of("measure"))])])
    return sql.case([(unclear, sql.whole(1))], sql.whole(0))


def _weighted() -> Sql:
    return sql.case([(_of("counts"), sql.mul(_of("measure"), _of("count")))], sql.whole(0))


def _grouped(aggregate: Aggregate, addends: exp.Select) -> exp.Select:
    keys = ["link", "period"] if aggregate.every else ["link"]
    all_known = sql.compare("=", sql.total(_unclear()), sql.whole(0))
    how_many = sql.total(sql.case([(_of("counts"), _of("count"))], sql.whole(0)))
    results: dict[str, Sql] = {}
    if aggregate.kind in ("min", "max"):
        furthest = sql.lowest if aggregate.kind == "min" else sql.highest
        results["result"] = furthest(sql.case([(_of("counts"), _of("measure"))]))
        if aggregate.measure is not None and aggregate.measure.type.kind == "date":
            packed = furthest(sql.case([(_of("counts"), _of("packed"))]))
            month = sql.int_div(packed, sql.whole(PACKED))
            results |= {"result#m": month, "result#d": sql.sub(packed, sql.scaled(month, PACKED))}
    else:
        results["result"] = how_many if aggregate.kind == "count" else sql.total(_weighted())
    some_rows = sql.all_of([all_known, sql.compare(">", how_many, sql.whole(0))])
    columns = [
        *(sql.alias(_of(key), key) for key in keys),
        *(sql.alias(sql.case([(all_known, tree)]), name) for name, tree in results.items()),
        sql.alias(sql.case([(some_rows, how_many)]), "rows"),
    ]
    where = sql.is_known(_of("link"))
    return sql.select(columns, sql.subquery(addends, "r"), where=where, group=[_of(key) for key in keys])


def _running(aggregate: Aggregate, addends: exp.Select) -> exp.Select:
    """Totals up to each row, in order of day and key; none for a row that stands for several."""
    group = [_of(f"per{number}") for number in range(len(aggregate.per))]
    if aggregate.every:
        group.append(_of("period"))
    link = _of("link")
    order = [(_of("day"), False), (link, False)]
    all_known = sql.compare("=", sql.running_total(_unclear(), group, order), sql.whole(0))
    total = sql.running_total(_weighted(), group, order)
    single = sql.compare("=", _of("count"), sql.whole(1))
    result = sql.case([(sql.all_of([all_known, single]), total)])
    return sql.select([sql.alias(link, "link"), sql.alias(result, "result")], sql.subquery(addends, "r"))
