"""The library itself: the roster from Parquet, checked and calculated, to the parts of each facility and payer."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any


def totals(form: str, folder: Path, stations: dict[str, float] | None = None) -> Any:
    """Columns facility, payer, fen, as an Arrow table. `stations` receives the seconds of each part of the way."""
    import pyarrow as pa

    import subsidy
    from benchmarks.workload import YEAR, schedule_file
    from subsidy.budget.calculate import calculated, checked_intakes, stop_at_errors
    from subsidy.budget.cells import cash_rows
    from subsidy.engine.take_in import taken_in_place
    from subsidy.schedule.together import together

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
    sums: dict[tuple[str | None, str], int] = {}
    for (_, payer, _, facility), fen in cash_rows(both.high, YEAR, "due").items():
        sums[facility, payer] = sums.get((facility, payer), 0) + fen
    passed("calculate")
    return pa.table(
        {
            "facility": pa.array([facility for facility, _ in sums], pa.string()),
            "payer": pa.array([payer for _, payer in sums], pa.string()),
            "fen": pa.array(list(sums.values()), pa.int64()),
        }
    )
