"""Whether time grows with the rows, and memory stays within its limit: the stays of up to ten million residents.

python -m benchmarks.large [MEMORY] [RESIDENTS ...]
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path

from benchmarks.measure import ROOT
from benchmarks.workload import written_in_parts

FORM, MEMORY, SIZES = "stays", "800MB", (1_000_000, 3_000_000, 10_000_000)


def measured(folder: Path, memory: str) -> dict[str, float]:
    """Seconds by the clock and of the processor, peak MiB, and stations, of a process under a limit of memory."""
    code = f"from benchmarks.large import calculated; calculated({str(folder)!r}, {memory!r})"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, stdout=subprocess.PIPE, text=True)
    found: dict[str, float] = json.loads(done.stdout)
    return found


def calculated(folder: str, memory: str) -> None:
    """Prints what `measured` gives; where the memory does not suffice, the station that ended with it has none."""
    import time

    import subsidy
    from benchmarks.against import library
    from benchmarks.measure import peak_memory

    subsidy.limits(memory=memory)
    stations: dict[str, float] = {}
    start, processor = time.perf_counter(), time.process_time()
    try:
        library.totals(FORM, Path(folder), stations)
    except subsidy.RosterError as error:
        sys.stderr.write(f"{error}\n")
    seconds, processor = time.perf_counter() - start, time.process_time() - processor
    sys.stdout.write(json.dumps({"seconds": seconds, "processor": processor, "peak": peak_memory(), **stations}))


def main(memory: str, sizes: tuple[int, ...]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        for residents in sizes:
            one = measured(written_in_parts(FORM, residents, Path(folder)), memory)
            told = ", ".join(f"{name} {one[name]:.1f} s" for name in ("read", "check", "calculate") if name in one)
            sys.stdout.write(
                f"{residents:>10,} residents, {memory}: {one['processor']:.1f} s of the processor, "
                f"{one['peak']:,.0f} MiB; {told}\n"
            )


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else MEMORY, tuple(map(int, sys.argv[2:])) or SIZES)
