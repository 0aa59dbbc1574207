"""Measures the library against other ways to calculate the same, and writes docs/benchmarks.md and its Chinese page.

python -m benchmarks.bench [RESIDENTS ...]
"""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path

from benchmarks.measure import CONTENDERS, ROOT, Measured, Totals, check_same, measured
from benchmarks.page import LANGUAGES, Figures, page
from benchmarks.small import small_calls
from benchmarks.workload import FORMS, written

SIZES = (10_000, 100_000, 1_000_000)
LOOP_AT_MOST = 10_000  # residents, for the loop in Python
REPEATS, ENOUGH_SECONDS = 5, 15


def fastest(contender: str, form: str, folder: Path, expected: dict[str, Totals]) -> Measured:
    """The fastest of several runs; its totals are those `expected` by who came first, to the fen, or are put there."""
    runs: list[Measured] = []
    start = time.perf_counter()
    while not runs or (len(runs) < REPEATS and time.perf_counter() - start < ENOUGH_SECONDS):
        run, totals = measured(contender, form, folder)
        runs.append(run)
        for other, of_other in expected.items():
            check_same(other, of_other, contender, totals)
    expected.setdefault(contender, totals)
    return min(runs, key=lambda one: one.seconds)


def measure_all(sizes: tuple[int, ...], folder: Path) -> Figures:
    found: Figures = {}
    for residents in sizes:
        for form in FORMS:
            roster, expected = written(form, residents, folder), dict[str, Totals]()
            for contender in CONTENDERS:
                if contender == "decimal_loop" and residents > LOOP_AT_MOST:
                    continue
                one = found[residents, form, contender] = fastest(contender, form, roster, expected)
                sys.stderr.write(f"{residents:>9,} {form:7} {contender:13} {one.seconds:8.2f} s {one.peak:7,.0f} MiB\n")
    return found


def main(sizes: tuple[int, ...]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        figures = measure_all(sizes, Path(folder))
    small = small_calls()
    for language, name in LANGUAGES.items():
        (ROOT / "docs" / name).write_text(page(language, figures, small), encoding="utf-8")


if __name__ == "__main__":
    main(tuple(map(int, sys.argv[1:])) or SIZES)
