"""A roster's typed table that stays in a cluster, where `Intake.tables` otherwise has an Arrow table."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

from subsidy.roster.cells import LAST_DAY

if TYPE_CHECKING:
    import pyarrow as pa
    from pyspark.sql import DataFrame

    from subsidy.engine.spark import Spark


class ClusterTable:
    """Rows of a kept frame. A column comes to the driver when somebody asks for it."""

    def __init__(self, database: Spark, frame: DataFrame) -> None:
        self.database = database  # which holds what the frame reads
        self.frame = frame

    @property
    def column_names(self) -> list[str]:
        return list(self.frame.columns)

    @functools.cached_property
    def num_rows(self) -> int:
        return self.frame.count()

    def column(self, name: str) -> pa.ChunkedArray:
        return self.frame.select(f"`{name}`").toArrow()[name]

    __getitem__ = column

    @functools.cached_property
    def ends(self) -> pa.Table:
        """A table of the same columns that holds the least and largest cells of each, and a blank where it has one."""
        import pyarrow as pa
        from pyspark.sql import functions as f

        asked = [f.count(f.lit(1))]
        for name, kind in self.frame.dtypes:
            cell = f.col(f"`{name}`")
            asked.append(f.count(cell))
            if kind == "bigint":
                dated = f.when(~cell.isin(*LAST_DAY[:2]), cell)
                asked += [f.min(cell), f.max(dated), f.max(cell)]
        count, *found = self.frame.select(*asked).collect()[0]
        columns: dict[str, Any] = {}
        for name, kind in self.frame.dtypes:
            known = found.pop(0)
            cells = [found.pop(0) for _ in range(3)] if kind == "bigint" else [""] * 3
            of_type = pa.int64() if kind == "bigint" else pa.string()
            columns[name] = pa.array([*cells, cells[0] if known == count else None], of_type)
        table = pa.table(columns)
        return table if count else table.slice(0, 0)


def ends_of(table: pa.Table | ClusterTable) -> pa.Table:
    """For one in a cluster, a small table with its ends and blanks; one on this machine as it is."""
    return table.ends if isinstance(table, ClusterTable) else table
