"""How long it takes to explain a cell of a large result: the total, a district, a facility, a payer of a district.

The roster is made up and seeded. Seconds, the second time each is asked for: python benchmarks/explain_cells.py [ROWS]
"""

from __future__ import annotations

import resource
import sys
import time
from collections.abc import Callable

import numpy as np
import pyarrow as pa

import subsidy

PER_FACILITY, DISTRICTS = 200, 20
DAY = np.datetime64("2023-01-01")


def texts(prefix: str, numbers: np.ndarray) -> pa.Array:
    return pa.array(np.char.add(prefix, numbers.astype(str)))


def roster(rows: int) -> subsidy.Roster:
    """Stays of `rows` persons, each in a part of 2023, in rated facilities of some districts."""
    random = np.random.default_rng(7)
    numbers = np.arange(rows)
    facilities = np.arange(max(rows // PER_FACILITY, 1))
    first = DAY + random.integers(0, 300, rows)
    last = first + random.integers(1, 120, rows)
    abilities = np.array(["disabled", "semi_disabled", "self_caring"])
    return subsidy.Roster(
        facilities=pa.table(
            {
                "facility": texts("F", facilities),
                "district": texts("D", facilities % DISTRICTS),
                "type": pa.array(["institution"] * len(facilities)),
            }
        ),
        ratings=pa.table(
            {
                "facility": texts("F", facilities),
                "from": pa.array(["2020-01-01"] * len(facilities)),
                "star": pa.array((facilities % 5 + 1).astype(str)),
            }
        ),
        residents=pa.table(
            {
                "resident": texts("R", numbers),
                "person": texts("P", numbers),
                "facility": texts("F", numbers // PER_FACILITY % len(facilities)),
                "from": pa.array(first.astype(str)),
                "to": pa.array(last.astype(str)),
                "ability": pa.array(abilities[random.integers(0, 3, rows)]),
            }
        ),
    )


def timed(what: str, work: Callable[[], object]) -> None:
    work()
    start = time.perf_counter()
    work()
    sys.stdout.write(f"{what}: {time.perf_counter() - start:.3f} s\n")


def main(rows: int) -> None:
    start = time.perf_counter()
    result = subsidy.calculate(subsidy.schedule("cn/xian/elderly-care"), roster(rows), 2023, proceed=True)
    total = result.total
    sys.stdout.write(f"{rows:,} residents calculated: {time.perf_counter() - start:.1f} s, total {total:,}\n")
    one = result.by_facility()["facility"][0]
    timed("grand total", result.explain)
    timed("a district", lambda: result.explain(district="D7"))
    timed("a facility", lambda: result.explain(facility=one))
    timed("a facility, to its entitlements", lambda: result.explain(facility=one, depth="entitlements"))
    timed("a payer of a district", lambda: result.explain(district="D7", payer="city"))
    timed(
        "a payer of a district, to its entitlements",
        lambda: result.explain(district="D7", payer="city", depth="entitlements"),
    )
    timed("a payment line", lambda: result.explain(payee=one, due="2023-06-30", depth="entitlements"))
    timed("a person", lambda: result.explain(person="P77"))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    sys.stdout.write(f"peak memory: {peak:,.0f} MiB\n")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000)
