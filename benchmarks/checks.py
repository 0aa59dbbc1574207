"""How long reading and checking a large roster takes: rows, seconds and peak memory. The roster is made up and seeded.

python benchmarks/checks.py [ROWS]
"""

from __future__ import annotations

import resource
import sys
import time
from functools import partial

import numpy as np
import pyarrow as pa

import subsidy
from subsidy.engine.check_inputs import last_day_mentioned
from subsidy.engine.checks import run_checks
from subsidy.engine.run import prepare
from subsidy.roster.intake import intake

PER_FACILITY = 200
DAY = np.datetime64("2020-01-01")


def texts(prefix: str, numbers: np.ndarray) -> pa.Array:
    return pa.array(np.char.add(prefix, numbers.astype(str)))


def roster(rows: int) -> subsidy.Roster:
    """Stays of `rows` persons in beds of their facilities, and a register of them, with some mistakes of each kind."""
    random = np.random.default_rng(7)
    numbers = np.arange(rows)
    facilities = np.arange(max(rows // PER_FACILITY, 1))
    facility, bed = numbers // PER_FACILITY % len(facilities), numbers % PER_FACILITY
    wrong = np.where(random.random(rows) < 1e-4, bed // 2, bed)
    first = DAY + random.integers(0, 1000, rows)
    last = first + random.integers(1, 1000, rows)
    died = np.where(random.random(rows) < 0.1, last + random.integers(-1, 50, rows), None)
    return subsidy.Roster(
        districts=pa.table({"district": ["D1"], "beds_reported": ["900000"]}),
        facilities=pa.table(
            {
                "facility": texts("F", facilities),
                "district": pa.array(["D1"] * len(facilities)),
                "type": pa.array(["institution"] * len(facilities)),
                "beds": pa.array(random.integers(PER_FACILITY - 60, PER_FACILITY, len(facilities)).astype(str)),
                "residents_reported": pa.array(random.integers(50, 60, len(facilities)).astype(str)),
                "reported_on": pa.array(["2022-06-30"] * len(facilities)),
                "closed": pa.array([None if number % 100 else "2022-12-31" for number in facilities], pa.string()),
            }
        ),
        residents=pa.table(
            {
                "resident": texts("R", numbers),
                "person": texts("P", numbers),
                "facility": texts("F", facility),
                "from": pa.array(first.astype(str)),
                "to": pa.array(last.astype(str)),
                "bed_number": texts("B", wrong),
            }
        ),
        persons=pa.table(
            {
                "person": texts("P", numbers),
                "identity_number": texts("X", np.where(random.random(rows) < 1e-4, numbers - 1, numbers)),
                "born": pa.array((np.datetime64("1940-01-01") + random.integers(0, 5000, rows)).astype(str)),
                "died": pa.array([None if day is None else str(day) for day in died.tolist()], pa.string()),
            }
        ),
    )


def main(rows: int) -> None:
    made = roster(rows)
    xian = subsidy.schedule("cn/xian/elderly-care")
    start = time.perf_counter()
    taken_in = intake(made, xian.versions)
    read = time.perf_counter()
    day = last_day_mentioned([taken_in], [xian.latest])
    checked = run_checks(taken_in, xian.latest, day, partial(prepare, xian, taken_in, 2023))
    done = time.perf_counter()
    checked.applied(taken_in, checked.blocked)
    applied = time.perf_counter()
    ran = sum(report.lacking is None for report in checked.reports)
    print(f"rows: {rows} stays, {rows} persons, {made.row_count('facilities')} facilities")
    print(f"checks that ran: {ran}, rows blocked: {len(checked.blocked)}, findings listed: {len(checked.findings)}")
    print(f"intake {read - start:.2f} s, checks {done - read:.2f} s, blocked rows left out {applied - done:.2f} s")
    print(f"peak memory {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024} MiB")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000)
