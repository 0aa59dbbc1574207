"""Ledgers in a folder: entitlements by due day, payments, and the receipt of the calculation."""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from functools import partial
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from subsidy.budget.frames import Table, write_parquet
from subsidy.budget.ledger import DUE_ENTITLEMENT, SAVED_PAYMENT, due_batches, payment_batches
from subsidy.csv_file import ENCODING, write_csv
from subsidy.files import Content, check_folder, write_folder
from subsidy.schedule.figures import day_number

if TYPE_CHECKING:
    from subsidy.budget.cells import Calculated
    from subsidy.budget.receipt import Receipt
    from subsidy.budget.result import Result

Form = Literal["parquet", "csv"]
ENTITLEMENTS, PAYMENTS, RECEIPT = "entitlements", "payments", "receipt"
LEDGER_FILES = (ENTITLEMENTS, PAYMENTS, RECEIPT)

Row = dict[str, Any]


def save_ledger(result: Result, folder: Path, until: datetime.date, form: Form) -> None:
    """Write what is due up to a day, with the receipt. Raises RosterError when it cannot be written."""
    check_folder(folder, LEDGER_FILES)
    last = day_number(until)
    entitlements = chain.from_iterable(due_batches(one.schedule, one.high.run, last) for one in result.calculated)
    payments = chain.from_iterable(payment_batches(one.schedule, one.high, last) for one in result.calculated)
    write_ledger(
        folder,
        Table("ledger_entitlements", DUE_ENTITLEMENT, entitlements),
        Table("ledger_payments", SAVED_PAYMENT, payments),
        result.receipt,
        form,
    )


def write_ledger(folder: Path, entitlements: Table, payments: Table, receipt: Receipt, form: Form) -> None:
    """Write both tables and the receipt as one folder, whole or not at all."""
    files = {
        f"{ENTITLEMENTS}.{form}": written(entitlements, receipt, form),
        f"{PAYMENTS}.{form}": written(payments, receipt, form),
        f"{RECEIPT}.json": receipt.to_json(),
    }
    write_folder(folder, files)


def payment_rows(one: Calculated) -> Iterator[Row]:
    """The payments of one schedule, with the version that each is of, and amounts as decimals in yuan."""
    for batch in payment_batches(one.schedule, one.high, day_number(datetime.date.max)):
        yield from batch.to_pylist()


def written(table: Table, receipt: Receipt, form: Form) -> Content:
    """What writes a table to a file of Parquet, with the receipt it is of, or of CSV; amounts are exact."""
    if form == "csv":
        return partial(_csv, table)
    return partial(write_parquet, table, {"receipt_sha256": receipt.sha256})


def _csv(table: Table, path: Path) -> None:
    with path.open("w", encoding=ENCODING, newline="") as file:
        rows = (zip(*(column.to_pylist() for column in batch), strict=True) for batch in table.batches)
        write_csv(file, table.columns, chain.from_iterable(rows))
