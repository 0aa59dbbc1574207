"""Ledgers in a folder: entitlements by due day, payments, and the receipt of the calculation."""

from __future__ import annotations

import csv
import datetime
from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from subsidy.budget.ledger import DUE_ENTITLEMENT, SAVED_PAYMENT, due_batches, ledger_schema, payment_batches
from subsidy.files import Content, check_folder, write_folder
from subsidy.schedule.figures import day_number

if TYPE_CHECKING:
    from subsidy.budget.cells import Calculated
from subsidy.budget.result import Result

Form = Literal["parquet", "csv"]
ENTITLEMENTS, PAYMENTS, RECEIPT = "entitlements", "payments", "receipt"
LEDGER_FILES = (ENTITLEMENTS, PAYMENTS, RECEIPT)
LIKE_A_FORMULA = ("=", "+", "-", "@", "\t", "\r", "'")
ROWS_OF_A_GROUP = 122_880  # rows that a Parquet file keeps together, and that are held at a time

Row = dict[str, Any]
Table = tuple[Sequence[str], Iterable[Any]]  # columns, and Arrow batches of them


def save_ledger(result: Result, folder: Path, until: datetime.date, form: Form) -> None:
    """Write what is due up to a day, with the receipt. Raises RosterError when it cannot be written."""
    check_folder(folder, LEDGER_FILES)
    last = day_number(until)
    entitlements = chain.from_iterable(due_batches(one.schedule, one.high.run, last) for one in result.calculated)
    payments = chain.from_iterable(payment_batches(one.schedule, one.high, last) for one in result.calculated)
    write_ledger(folder, (DUE_ENTITLEMENT, entitlements), (SAVED_PAYMENT, payments), result, form)


def write_ledger(folder: Path, entitlements: Table, payments: Table, result: Result, form: Form) -> None:
    """Write both tables and the receipt as one folder, whole or not at all."""
    files = {
        f"{ENTITLEMENTS}.{form}": written(*entitlements, form),
        f"{PAYMENTS}.{form}": written(*payments, form),
        f"{RECEIPT}.json": result.receipt.to_json(),
    }
    write_folder(folder, files)


def payment_rows(one: Calculated) -> Iterator[Row]:
    """The payments of one schedule, with the version that each is of, and amounts as decimals in yuan."""
    for batch in payment_batches(one.schedule, one.high, day_number(datetime.date.max)):
        yield from batch.to_pylist()


def written(columns: Sequence[str], batches: Iterable[Any], form: Form) -> Content:
    """What writes a Parquet or CSV file of these batches, with exact amounts."""
    return partial(_parquet if form == "parquet" else _csv, columns, batches)


def _parquet(columns: Sequence[str], batches: Iterable[Any], path: Path) -> None:
    import pyarrow.parquet as pq

    with pq.ParquetWriter(path, ledger_schema(columns), compression="zstd") as writer:
        for group in _groups(batches):
            writer.write_table(group)


def _groups(batches: Iterable[Any]) -> Iterator[Any]:
    """Batches as tables of ROWS_OF_A_GROUP rows, or somewhat more."""
    import pyarrow as pa

    held: list[Any] = []
    for batch in batches:
        held.append(batch)
        if sum(one.num_rows for one in held) >= ROWS_OF_A_GROUP:
            yield pa.Table.from_batches(held)
            held = []
    if held:
        yield pa.Table.from_batches(held)


def _csv(columns: Sequence[str], batches: Iterable[Any], path: Path) -> None:
    """UTF-8 with a mark, so that spreadsheets read it. A text that they would take for a formula begins with '."""
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(columns)
        for batch in batches:
            writer.writerows(zip(*([_cell(cell) for cell in column.to_pylist()] for column in batch), strict=True))


def _cell(value: Any) -> str:
    if isinstance(value, str):
        return f"'{value}" if value.startswith(LIKE_A_FORMULA) else value
    return "" if value is None else format(value, "f") if hasattr(value, "quantize") else str(value)


def unguarded(cell: str) -> str:
    """A text as it was before it was written to a CSV file."""
    return cell[1:] if cell[:1] == "'" and cell[1:].startswith(LIKE_A_FORMULA) else cell
