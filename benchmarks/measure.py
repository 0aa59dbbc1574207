"""One way to calculate one roster, in a process of its own: seconds, peak memory, and the totals it comes to.

python -m benchmarks.measure CONTENDER FORM FOLDER TOTALS
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
CONTENDERS = ("hand_sql", "checked_sql", "library", "in_polars", "in_numpy", "in_pandas", "decimal_loop")
Totals = Mapping[tuple[str, str], int]


class DisagreementError(Exception):
    """Two ways to calculate one roster do not come to the same fen."""


@dataclass(frozen=True)
class Measured:
    """Seconds from Parquet files to totals, by the clock and of the processor (all threads); peak memory in MiB."""

    seconds: float
    processor: float
    peak: float
    stations: Mapping[str, float] = field(default_factory=dict)


def measured(contender: str, form: str, folder: Path) -> tuple[Measured, Totals]:
    """A contender in a process of its own."""
    file = folder.parent / f"{folder.name}-{contender}.parquet"
    command = [sys.executable, "-m", "benchmarks.measure", contender, form, str(folder), str(file)]
    done = subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True)
    return Measured(**json.loads(done.stdout)), read_totals(file)


def read_totals(file: Path) -> Totals:
    """Fen by facility and payer, as a contender wrote them."""
    import pyarrow.parquet as parquet

    table = parquet.read_table(file)
    columns = [table[name].to_pylist() for name in ("facility", "payer", "fen")]
    return {(facility, payer): fen for facility, payer, fen in zip(*columns, strict=True) if fen}


def check_same(one: str, of_one: Totals, other: str, of_other: Totals) -> None:
    """Raises DisagreementError where any facility's part of any payer is off by a fen."""
    keys = sorted(of_one.keys() | of_other.keys())
    off = [key for key in keys if of_one.get(key, 0) != of_other.get(key, 0)]
    if off:
        shown = "; ".join(f"{key}: {of_one.get(key, 0)} and {of_other.get(key, 0)}" for key in off[:3])
        raise DisagreementError(f"{one} and {other} differ in {len(off)} of {len(keys)} amounts (fen): {shown}")


def peak_memory() -> float:
    """Of this process, in MiB. (What `getrusage` says begins with that of the process it was started from.)"""
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM")) / 1024


def _child(contender: str, form: str, folder: str, file: str) -> None:
    import pyarrow.parquet as parquet

    module = import_module(f"benchmarks.against.{contender}")
    stations: dict[str, float] = {}
    more: dict[str, Any] = {"stations": stations} if contender == "library" else {}
    start, processor = time.perf_counter(), time.process_time()
    table = module.totals(form, Path(folder), **more)
    seconds, processor = time.perf_counter() - start, time.process_time() - processor
    peak = peak_memory()
    parquet.write_table(table, file)
    sys.stdout.write(json.dumps({"seconds": seconds, "processor": processor, "peak": peak, "stations": stations}))


if __name__ == "__main__":
    _child(*sys.argv[1:])
