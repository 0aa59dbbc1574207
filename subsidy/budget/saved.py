"""Ledgers in a folder: entitlements by due day, payments, and the receipt of the calculation."""

from __future__ import annotations

import csv
import datetime
import io
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from subsidy.budget.dues import Due, dues, persons
from subsidy.budget.ledger import PAID, entitlement_table, payment_table
from subsidy.files import check_folder, write_folder
from subsidy.money import decimal_column, yuan
from subsidy.schedule.catalogue import Schedule

if TYPE_CHECKING:
    from subsidy.budget.cells import Calculated
from subsidy.budget.result import Result

Form = Literal["parquet", "csv"]
ENTITLEMENTS, PAYMENTS, RECEIPT = "entitlements", "payments", "receipt"
LEDGER_FILES = (ENTITLEMENTS, PAYMENTS, RECEIPT)
WHOLE, MONEY = ("revision", "count", "line"), ("owed", "cut", "now", "before", "held", "amount")
ENTITLEMENT_COLUMNS = (
    "schedule", "version", "issued", "revision", "clause", "item", "table", "subject", "person", "place", "period",
    "count", "payee", "facility", "due", "owed", "state", "reason",
)  # fmt: skip
PAYMENT_COLUMNS = (
    "schedule", "version", "issued", "clause", "item", "line", "payee", "facility", "district", "due", "period",
    "payer", "place", "fund", "owed", "cut", "amount",
)  # fmt: skip
LIKE_A_FORMULA = ("=", "+", "-", "@", "\t", "\r", "'")

Row = dict[str, Any]


def save_ledger(result: Result, folder: Path, until: datetime.date, form: Form) -> None:
    """Write what is due up to a day, with the receipt. Raises RosterError when it cannot be written."""
    check_folder(folder, LEDGER_FILES)
    last = until.isoformat()
    entitlements = [row for one in result.calculated for row in _entitlements(one) if (row["due"] or "") <= last]
    payments = [row for one in result.calculated for row in payment_rows(one) if row["due"] <= last]
    write_ledger(folder, (ENTITLEMENT_COLUMNS, entitlements), (PAYMENT_COLUMNS, payments), result, form)


Table = tuple[Sequence[str], Iterable[Row]]


def write_ledger(folder: Path, entitlements: Table, payments: Table, result: Result, form: Form) -> None:
    """Write both tables and the receipt as one folder, whole or not at all."""
    files = {
        f"{ENTITLEMENTS}.{form}": written(*entitlements, form),
        f"{PAYMENTS}.{form}": written(*payments, form),
        f"{RECEIPT}.json": result.receipt.to_json().encode(),
    }
    write_folder(folder, files)


def payment_rows(one: Calculated) -> list[Row]:
    """The payments of one schedule, with the version that each is of, and amounts as decimals in yuan."""
    issued = _issued(one.schedule)
    rows: list[Row] = payment_table(one.schedule, one.high).to_pylist()
    return [{**row, "period": row["accrued"], "issued": issued[row["version"]]} for row in rows]


def _issued(schedule: Schedule) -> dict[str, str]:
    return {version.first_day.isoformat(): version.issued.isoformat() for version in schedule.versions}


def _entitlements(one: Calculated) -> list[Row]:
    """Each entitlement, in as many rows as it has due days."""
    run, issued = one.high.run, _issued(one.schedule)
    by_entitlement: dict[tuple[str, str, str, str], list[Due]] = {}
    for due in dues(run):
        version = one.schedule.versions[due.version].first_day.isoformat()
        by_entitlement.setdefault((version, due.clause, due.subject, due.period), []).append(due)
    who = persons(run)
    found: list[Row] = []
    for row in entitlement_table(one.schedule, run).to_pylist():
        row |= {"issued": issued[row["version"]], "person": who.get(row["table"], {}).get(row["subject"])}
        parts = by_entitlement.get((row["version"], row["clause"], row["subject"], row["period"]), [])
        if row["state"] != PAID or not parts:
            found.append({**row, "payee": None, "facility": None, "due": None})
            continue
        found += [
            {**row, "payee": part.payee, "facility": part.facility, "due": part.due, "owed": yuan(part.fen)}
            for part in sorted(parts, key=lambda part: (part.due, part.payee or "", part.facility or ""))
        ]
    return found


def written(columns: Sequence[str], rows: Iterable[Row], form: Form) -> bytes:
    """Rows as the bytes of a Parquet or CSV file, with exact amounts."""
    return _parquet(columns, list(rows)) if form == "parquet" else _csv(columns, rows)


def _parquet(columns: Sequence[str], rows: Sequence[Row]) -> bytes:
    import pyarrow as pa
    import pyarrow.parquet as pq

    def column(name: str) -> Any:
        cells = [row[name] for row in rows]
        if name in MONEY:
            return decimal_column(cells)
        return pa.array(cells, pa.int64() if name in WHOLE else pa.string())

    table = pa.table({name: column(name) for name in columns})
    sink = io.BytesIO()
    pq.write_table(table, sink, compression="zstd")
    return sink.getvalue()


def _csv(columns: Sequence[str], rows: Iterable[Row]) -> bytes:
    """UTF-8 with a mark, so that spreadsheets read it. A text that they would take for a formula begins with '."""
    sink = io.StringIO()
    writer = csv.writer(sink, lineterminator="\n")
    writer.writerow(columns)
    for row in rows:
        writer.writerow([_cell(row[name]) for name in columns])
    return sink.getvalue().encode("utf-8-sig")


def _cell(value: Any) -> str:
    if isinstance(value, str):
        return f"'{value}" if value.startswith(LIKE_A_FORMULA) else value
    return "" if value is None else format(value, "f") if hasattr(value, "quantize") else str(value)


def unguarded(cell: str) -> str:
    """A text as it was before it was written to a CSV file."""
    return cell[1:] if cell[:1] == "'" and cell[1:].startswith(LIKE_A_FORMULA) else cell
