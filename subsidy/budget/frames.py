"""Tables as Arrow and Parquet, with exact types, and with what each column is in the schema."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from subsidy.dictionary.arrow import arrow_schema
from subsidy.files import write_folder, write_whole
from subsidy.finding import Refusal, Text, nearest

if TYPE_CHECKING:
    import pandas as pd

    from subsidy.budget.receipt import Receipt

ROWS_OF_A_GROUP = 122_880  # rows that a Parquet file keeps together, and that are held at a time


@dataclass(frozen=True)
class Table:
    """A table of the data dictionary on its way out: its columns, and Arrow batches of them, to be read once."""

    name: str
    columns: Sequence[str]
    batches: Iterable[Any]

    @classmethod
    def of(cls, name: str, table: Any) -> Table:
        """An Arrow table."""
        return cls(name, table.column_names, table.to_batches())

    def typed(self, metadata: Mapping[str, str]) -> tuple[Any, Iterator[Any]]:
        """The schema and the batches, cast to it: days are texts up to here."""
        schema = arrow_schema(self.name, self.columns, metadata)
        return schema, (_cast(batch, schema) for batch in self.batches)


class Frames(ABC):
    """What has tables to give out. `frames`: their names, the one that is meant if none is named first."""

    frames: ClassVar[tuple[str, ...]]

    @abstractmethod
    def _table(self, name: str) -> Table:
        """The table of one of these names."""

    def receipts(self) -> Mapping[str, Receipt]:
        """The receipts of the calculations that the tables are of, by the name under which their SHA-256 goes along."""
        return {}

    def to_arrow(self, table: str | None = None) -> Any:
        """A table as an Arrow table: amounts are decimals in yuan, days date32.

        `table`: one of `frames`, by default the first. The metadata of its columns say what they are; those of the
        schema hold the SHA-256 of the receipt. Raises Refusal (a ValueError) for a table that there is not.
        """
        import pyarrow as pa

        schema, batches = self._known(table).typed(self._metadata())
        return pa.Table.from_batches(batches, schema)

    def to_parquet(self, path: str | PathLike[str], table: str | None = None) -> None:
        """Write a table to a file of Parquet; or, where the path does not end with .parquet, all into a folder.

        A large table is written as it is read, a part at a time. Files are written whole or not at all. Raises
        RosterError where they cannot be written, and Refusal (a ValueError) for a table that there is not.
        """
        target = Path(path)
        if target.suffix.lower() == ".parquet":
            write_whole(target, partial(write_parquet, self._known(table), self._metadata()))
            return
        names = self.frames if table is None else (table,)
        writers = {f"{name}.parquet": partial(self._write, name) for name in names}
        write_folder(target, writers)

    def _write(self, name: str, path: Path) -> None:
        write_parquet(self._known(name), self._metadata(), path)

    def _known(self, name: str | None) -> Table:
        if name is not None and name not in self.frames:
            raise Refusal(Text(f"没有 {name} 表", f"there is no table {name}"), nearest(name, self.frames))
        return self._table(name or self.frames[0])

    def _metadata(self) -> dict[str, str]:
        return {name: receipt.sha256 for name, receipt in self.receipts().items()}


def write_parquet(table: Table, metadata: Mapping[str, str], path: Path) -> None:
    """Write a table to a Parquet file, some rows at a time."""
    import pyarrow.parquet as pq

    schema, batches = table.typed(metadata)
    with pq.ParquetWriter(path, schema, compression="zstd") as writer:
        for group in _groups(batches):
            writer.write_table(group)


def to_pandas(table: Any) -> pd.DataFrame:
    """An Arrow table as a frame of pandas that keeps its types."""
    import pandas as pd

    frame: pd.DataFrame = table.to_pandas(types_mapper=pd.ArrowDtype)
    return frame


def _groups(batches: Iterable[Any]) -> Iterator[Any]:
    """Batches as tables of ROWS_OF_A_GROUP rows, or somewhat more."""
    import pyarrow as pa

    held: list[Any] = []
    rows = 0
    for batch in batches:
        held.append(batch)
        rows += batch.num_rows
        if rows >= ROWS_OF_A_GROUP:
            yield pa.Table.from_batches(held)
            held, rows = [], 0
    if held:
        yield pa.Table.from_batches(held)


def _cast(batch: Any, schema: Any) -> Any:
    import pyarrow as pa

    columns = [column.cast(field.type) for column, field in zip(batch.columns, schema, strict=True)]
    return pa.record_batch(columns, schema=schema)
