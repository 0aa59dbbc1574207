"""What a calculation on Spark costs beside one by DuckDB, in local mode: processor seconds of rosters that grow.

python -m benchmarks.spark [ROWS ...]

Python and the JVM are counted together. The first line warms the JVM up. Both must come to the same fen.
"""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import subsidy
from benchmarks.measure import DisagreementError
from benchmarks.workload import YEAR, schedule_file, written

FORMS, SIZES = ("stays", "months", "shares"), (10_000, 100_000, 1_000_000)
ROWS_OF_A_RESIDENT = {"stays": 3.1, "months": 14.4, "shares": 1.7}
CORES, MEMORY = 2, "8g"


def session() -> Any:
    from pyspark.sql import SparkSession

    settings = {
        "spark.driver.memory": MEMORY,
        "spark.driver.extraJavaOptions": "-Xss16m",
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
        "spark.sql.shuffle.partitions": str(2 * CORES),
        "spark.log.level": "ERROR",
    }
    builder = SparkSession.builder.master(f"local[{CORES}]")
    for name, value in settings.items():
        builder = builder.config(name, value)
    return builder.getOrCreate()


def processor_seconds(spark: Any) -> float:
    """Of this process and of its JVM, since they began."""
    of_jvm = spark.sparkContext._jvm.java.lang.ProcessHandle.current().info().totalCpuDuration().get().toMillis()
    return time.process_time() + float(of_jvm) / 1000


def calculated(spark: Any, form: str, folder: Path) -> tuple[dict[str, float], int]:
    """Processor seconds by engine, and the rows of the roster. Raises DisagreementError."""
    schedule = subsidy.schedule(schedule_file(form))
    files = sorted(folder.glob("*.parquet"))
    frames = {file.stem: spark.read.parquet(str(file)) for file in files}
    spent, totals = {}, {}
    for engine, roster in (("spark", subsidy.Roster(**frames)), ("duckdb", subsidy.read_roster(folder))):
        begun = processor_seconds(spark)
        totals[engine] = subsidy.calculate(schedule, roster, year=YEAR, engine=engine).total  # type: ignore[arg-type]
        spent[engine] = processor_seconds(spark) - begun
    if len(set(totals.values())) > 1:
        raise DisagreementError(f"{form}: {totals}")
    return spent, sum(frame.count() for frame in frames.values())


def main(sizes: tuple[int, ...]) -> None:
    spark = session()
    with tempfile.TemporaryDirectory() as folder:
        for form in FORMS:
            for size in sizes:
                residents = int(size / ROWS_OF_A_RESIDENT[form])
                spent, rows = calculated(spark, form, written(form, residents, Path(folder)))
                told = ", ".join(f"{engine} {seconds:.1f} s" for engine, seconds in spent.items())
                sys.stdout.write(f"{form:>7} {rows:>10,} rows, processor: {told}\n")
                sys.stdout.flush()
    spark.stop()


if __name__ == "__main__":
    main(tuple(map(int, sys.argv[1:])) or SIZES)
