"""What stands behind an aggregate, for explanations: how it is written, and its value in each period of the row."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from subsidy import sql
from subsidy.engine import calendar
from subsidy.engine.calendar import EVER
from subsidy.engine.grain import GrainCompiler
from subsidy.engine.run import Prepared
from subsidy.schedule.column import Column
from subsidy.schedule.load import Version
from subsidy.schedule.node import Aggregate


def written(column: Column) -> str:
    """An aggregate as a schedule writes it: `average: occupancy, over: month, every: year`."""
    over, kind = column.each or column.table, column.aggregate or ""
    parts = {
        kind: over if kind == "count" else column.formula,
        "over": None if kind == "count" else over,
        "per": f"[{', '.join(column.per)}]" if column.per else None,
        "every": column.every,
        "by": column.by,
        "where": column.where,
    }
    return ", ".join(f"{key}: {text}" for key, text in parts.items() if text)


def own_periods(
    prepared: Prepared, version: Version, aggregate: Aggregate, key: str, period: int
) -> Sequence[tuple[str, bool | None, Any]]:
    """Label, whether it counts, and what is read there, for each period of the row `key` within the longer one."""
    compiler = GrainCompiler(version, prepared.shape, "high", EVER, EVER, EVER, lambda _: None)
    mine = sql.all_of(
        [
            sql.compare("=", sql.column("link"), sql.text(key)),
            sql.compare("=", sql.column("period"), sql.whole(period)),
        ]
    )
    columns = [sql.column(name) for name in ("each", "counts", "measure")]
    found = prepared.rows(sql.select(columns, sql.subquery(compiler.addends(aggregate), "a"), where=mine))
    label = aggregate.each or "month"
    return [(calendar.period_label(label, each), counts, measure) for each, counts, measure in sorted(found)]
