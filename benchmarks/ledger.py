"""Writing the ledgers: Xi'an's example, and a large roster of `workload.stays`.

    python -m benchmarks.ledger [residents] [limit of memory]

Prints processor seconds, and the peak of memory while calculating and while writing.
"""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path

import pyarrow.parquet as parquet

import subsidy
from benchmarks.measure import ROOT
from benchmarks.workload import YEAR, schedule_file, written


def peak() -> float:
    """The most memory held since it was last asked, in MiB."""
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    most = next(int(line.split()[1]) for line in lines if line.startswith("VmHWM")) / 1024
    Path("/proc/self/clear_refs").write_text("5", encoding="ascii")
    return most


def measure(name: str, schedule: str | Path, roster: Path, folder: Path) -> None:
    start = time.process_time()
    result = subsidy.calculate(subsidy.schedule(schedule), subsidy.read_roster(roster), YEAR, proceed=True)
    result.receipt  # noqa: B018 - it belongs to the calculation
    calculated, before = time.process_time() - start, peak()
    start = time.process_time()
    result.save_ledger(folder / name)
    saved, after = time.process_time() - start, peak()
    rows = [
        parquet.ParquetFile(folder / name / f"{one}.parquet").metadata.num_rows for one in ("entitlements", "payments")
    ]
    print(f"{name:8} calculated in {calculated:6.1f} s, {before:5.0f} MiB; saved in {saved:6.1f} s, {after:5.0f} MiB")
    print(f"{'':8} {rows[0]:,} entitlements, {rows[1]:,} payments", flush=True)


def main(residents: int, memory: str | None) -> None:
    subsidy.limits(memory=memory)
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        measure("xian", "cn/xian/elderly-care", ROOT / "examples/xian/roster", folder)
        measure("stays", schedule_file("stays"), written("stays", residents, folder), folder)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000, sys.argv[2] if len(sys.argv) > 2 else None)
