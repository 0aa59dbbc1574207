"""The library itself: the roster from Parquet, checked and calculated, to the parts of each facility and payer."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import duckdb  # noqa: F401 (what is imported before the clock starts)
import pyarrow.compute  # noqa: F401
import sqlglot.dialects.duckdb  # noqa: F401

import subsidy
from benchmarks.workload import YEAR, schedule_file
from subsidy import sql
from subsidy.budget.calculate import calculated, checked_intakes, stop_at_errors
from subsidy.budget.cells import cash_query
from subsidy.engine.parquet_files import ParquetFiles  # noqa: F401
from subsidy.engine.take_in import taken_in_place
from subsidy.schedule.together import together


def totals(form: str, folder: Path, stations: dict[str, float] | None = None) -> Any:
    """Columns facility, payer, fen, as an Arrow table. `stations` receives the seconds of each part of the way."""
    spent = {} if stations is None else stations
    clock = time.perf_counter()

    def passed(station: str) -> None:
        nonlocal clock
        spent[station] = time.perf_counter() - clock
        clock = time.perf_counter()

    schedules = [subsidy.schedule(schedule_file(form))]
    roster = subsidy.read_roster(folder)
    passed("read")
    intakes, _, _ = checked_intakes(schedules, roster, YEAR, None, take_in=taken_in_place)
    stop_at_errors(intakes[0].findings)
    passed("check")
    (both,), findings = calculated(together(schedules), intakes, YEAR)
    stop_at_errors(findings)
    keys = [sql.column(name) for name in ("facility", "payer")]
    cash = sql.subquery(cash_query(both.high, YEAR, "due").tree, "c")
    sums = sql.select([*keys, sql.alias(sql.total(sql.column("amount")), "fen")], cash, group=keys)
    found = both.high.run.prepared.arrow(sums)
    passed("calculate")
    return found
