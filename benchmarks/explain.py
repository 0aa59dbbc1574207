"""How long one cell takes to explain after a calculation: residents, seconds and peak memory. The roster is made up.

python benchmarks/explain.py [RESIDENTS]
"""

from __future__ import annotations

import random
import resource
import sys
import time

import numpy as np
import pyarrow as pa

import subsidy

PER_FACILITY = 80
DAY = np.datetime64("2022-06-01")
ABILITIES = np.array(["disabled", "semi_disabled", "self_caring"])
CELLS = 30


def texts(prefix: str, numbers: np.ndarray) -> pa.Array:
    return pa.array(np.char.add(prefix, numbers.astype(str)))


def roster(residents: int) -> subsidy.Roster:
    """Stays of about a year in homes of 0 to 5 stars, with the assessments of their persons."""
    drawn = np.random.default_rng(7)
    numbers, homes = np.arange(residents), np.arange(max(residents // PER_FACILITY, 1))
    first = DAY + drawn.integers(0, 400, residents)
    districts = np.array(["D1", "D2", "D3"])
    return subsidy.Roster(
        districts=pa.table({"district": districts, "six_urban": ["yes", "no", "no"]}),
        facilities=pa.table(
            {
                "facility": texts("F", homes),
                "district": districts[drawn.integers(0, 3, len(homes))],
                "type": ["institution"] * len(homes),
                "star": drawn.integers(0, 6, len(homes)).astype(str),
            }
        ),
        residents=pa.table(
            {
                "resident": texts("R", numbers),
                "person": texts("P", numbers),
                "facility": texts("F", numbers % len(homes)),
                "from": pa.array(first.astype(str)),
                "to": pa.array((first + drawn.integers(1, 600, residents)).astype(str)),
            }
        ),
        assessments=pa.table(
            {
                "person": texts("P", numbers),
                "from": ["2022-01-01"] * residents,
                "ability": ABILITIES[drawn.integers(0, 3, residents)],
            }
        ),
    )


def main(residents: int) -> None:
    xian = subsidy.schedule("cn/xian/elderly-care")
    made = roster(residents)
    start = time.perf_counter()
    result = subsidy.calculate(xian, made, 2023, proceed=True)
    print(f"{residents} residents calculated in {time.perf_counter() - start:.1f} s")
    subjects = [f"R{number}" for number in random.Random(3).sample(range(residents), CELLS)]
    took = []
    for subject in subjects:
        start = time.perf_counter()
        result.explain("operating_grant", subject, language="zh")
        took.append(time.perf_counter() - start)
    first, *rest = took
    print(f"one cell explained: the first in {first:.3f} s, then {sorted(rest)[len(rest) // 2]:.3f} s (median)")
    print(f"the slowest of {CELLS}: {max(rest):.3f} s")
    print(f"peak memory {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024} MiB")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000)
