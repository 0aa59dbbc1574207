"""The library itself: the roster from Parquet, checked and calculated, to the parts of each facility and payer."""

from __future__ import annotations

from pathlib import Path
from typing import Any


def totals(form: str, folder: Path) -> Any:
    """Columns facility, payer, fen, as an Arrow table."""
    import pyarrow as pa
    import pyarrow.parquet as parquet

    import subsidy
    from benchmarks.workload import YEAR, schedule_file

    roster = subsidy.Roster(**{file.stem: parquet.read_table(file) for file in sorted(folder.glob("*.parquet"))})
    result = subsidy.calculate(subsidy.schedule(schedule_file(form)), roster, YEAR)
    sums: dict[tuple[str | None, str], int] = {}
    for cell in result.cells:
        key = (cell.facility, cell.payer)
        sums[key] = sums.get(key, 0) + cell.amount
    return pa.table(
        {
            "facility": pa.array([facility for facility, _ in sums], pa.string()),
            "payer": pa.array([payer for _, payer in sums], pa.string()),
            "fen": pa.array(list(sums.values()), pa.int64()),
        }
    )
