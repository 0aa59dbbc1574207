"""What was paid before: ledgers that were saved, settlements, and files of payments."""

from __future__ import annotations

import datetime
import os
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

from subsidy.budget.compared import ANY, Entry, ends_of, values_of
from subsidy.budget.paid_file import payments_in
from subsidy.budget.paid_words import Words, period_of
from subsidy.budget.receipt import Receipt
from subsidy.budget.saved import ENTITLEMENTS, PAYMENTS, RECEIPT
from subsidy.csv_file import unguarded
from subsidy.finding import Finding, Place, ReceiptError, RosterError, Text, nearest
from subsidy.money import fen
from subsidy.roster.raw import RawTable
from subsidy.roster.read import read_path
from subsidy.roster.refusal import CodedRefusal
from subsidy.roster.tables import Roster
from subsidy.schedule.written import PERIOD

NEEDED = {
    ENTITLEMENTS: ("schedule", "clause", "table", "subject", "payee", "period", "due"),
    PAYMENTS: ("schedule", "clause", "payee", "period", "due", "payer", "place", "fund", "amount"),
}


@dataclass
class Paid:
    """`entitlements` by subject and `payments` by payer: of a ledger two tables, of a file the same rows twice.

    `unpaid`: by schedule, clause, subject and period, why a ledger owed nothing. `findings`: warnings. `from_ledgers`:
    whether everything comes from ledgers, which say by which version it was calculated.
    """

    entitlements: list[Entry] = field(default_factory=list)
    payments: list[Entry] = field(default_factory=list)
    unpaid: dict[tuple[str, ...], str] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)
    from_ledgers: bool = True
    receipts: list[Mapping[str, Any]] = field(default_factory=list)  # of the ledgers


def read_paid(sources: Iterable[Any], words: Words) -> Paid:
    """Everything that was paid, by paths of ledgers and files or frames. Raises RosterError with all that is wrong."""
    paid = Paid()
    seen: set[str] = set()
    for number, source in enumerate(sources):
        path = Path(source) if isinstance(source, (str, os.PathLike)) else None
        if path is not None:
            place = os.path.realpath(path)  # of links in a circle too
            paid.findings += [_twice(path)] if place in seen else []
            seen.add(place)
        try:
            if path is not None and _is_ledger(path):
                _take_ledger(paid, path, words, number)
            else:
                tables = Roster(paid=source).raw if path is None else read_path(path)
                entries, findings = payments_in(tables, words)
                entries = [replace(entry, source=number) for entry in entries]
                paid.entitlements += entries
                paid.payments += entries
                paid.findings += findings
                paid.from_ledgers = False
        except (RosterError, ReceiptError) as error:
            paid.findings += error.findings
    if any(finding.severity == "error" for finding in paid.findings):
        raise RosterError(paid.findings)
    return paid


def _twice(path: Path) -> Finding:
    why = Text("同一已拨文件给了两次，两次都已计入", "this is given twice, and counted twice")
    return Finding(Place(str(path)), "same-paid", why, Text("请只给一次", "give it once"), severity="warning")


def _is_ledger(path: Path) -> bool:
    return (path / f"{RECEIPT}.json").is_file()


def _take_ledger(paid: Paid, path: Path, words: Words, source: int) -> None:
    tables = {table.name: table for table in read_path(path)}
    findings = [finding for name in NEEDED for finding in _missing(path, name, tables.get(name))]
    if findings:
        raise RosterError(findings)
    paid.receipts.append(Receipt.load(path / f"{RECEIPT}.json").content)
    wrong: dict[tuple[str, str], Finding] = {}
    for name in (ENTITLEMENTS, PAYMENTS):
        table, entries = tables[name], paid.entitlements if name == ENTITLEMENTS else paid.payments
        for position, row in enumerate(_rows(table)):
            if (mistake := _mistake(row)) is not None:
                wrong.setdefault((name, mistake), _damaged(table, position, mistake, row))
            elif row["schedule"] not in (ANY, *words.schedules):
                wrong[name, row["schedule"]] = _foreign(table, row["schedule"], words)
            elif row["due"] is None and "state" in row:
                key = (row["schedule"], _present(words, row), row["subject"], row["period"])
                paid.unpaid[key] = row.get("reason") or ""
            elif amount := _fen(_amount(row)):
                entries.append(_entry(row, amount, words, source))
    if wrong:
        raise RosterError(wrong.values())


def _amount(row: Mapping[str, Any]) -> str:
    """A ledger's payments and a settlement have an amount, a ledger's entitlements what is owed."""
    return row.get("amount") or row.get("owed") or ""


def _mistake(row: Mapping[str, Any]) -> str | None:
    """The column of a row that no ledger holds like this: one that was changed by hand or by a spreadsheet."""
    for name in ("schedule", "clause", "period"):
        if row[name] is None:
            return name
    if row["period"] != ANY and not _is_sound(_is_period, row["period"]):
        return "period"
    if row["due"] is not None and not _is_sound(datetime.date.fromisoformat, row["due"]):
        return "due"
    return None if _is_sound(_fen, _amount(row)) else "amount"


@lru_cache(65536)
def _is_sound(read: Callable[[str], object], written: str) -> bool:
    try:
        read(written)
    except ValueError:
        return False
    return True


def _is_period(written: str) -> None:
    if not PERIOD.fullmatch(written):
        raise ValueError
    for day in ends_of(written):
        datetime.date.fromisoformat(day)


def _damaged(table: RawTable, position: int, column: str, row: Mapping[str, Any]) -> Finding:
    shown = next(name for name in (column, "owed", "amount") if name in row)
    why = Text("不是台账里会有的内容", "a ledger does not hold this")
    return Finding(table.place(int(table.rows[position].as_py()), shown), "not-a-ledger", why, _WHOLE, row[shown] or "")


_WHOLE = Text("请给出 --ledger 或 -o 保存的完整文件夹", "give the whole folder, as --ledger or -o saved it")


def _missing(path: Path, name: str, table: RawTable | None) -> list[Finding]:
    if table is None:
        why = Text(f"台账缺少 {name}", f"the ledger has no {name}")
        return [Finding(Place(str(path)), "not-a-ledger", why, _WHOLE)]
    lacking = [column for column in NEEDED[name] if column not in table.headings]
    why = Text(f"台账缺少列 {', '.join(lacking)}", f"the ledger has no column {', '.join(lacking)}")
    return [Finding(Place(table.file), "not-a-ledger", why, _WHOLE)] if lacking else []


def _rows(table: RawTable) -> Iterable[dict[str, Any]]:
    headings = table.headings
    columns = [table.column(i).to_pylist() for i in range(len(headings))]
    if table.file.endswith(".csv"):
        columns = [[cell and unguarded(cell) for cell in column] for column in columns]
    for cells in zip(*columns, strict=True):
        yield dict(zip(headings, cells, strict=True))


@lru_cache(65536)
def _fen(written: str) -> int:
    return fen(written)


def _present(words: Words, row: Mapping[str, Any]) -> str:
    name: str = row["clause"]
    return words.renamed.get((row["schedule"], name), name)


def _entry(row: Mapping[str, Any], amount: int, words: Words, source: int) -> Entry:
    known = {
        name: row[name]
        for name in ("schedule", "table", "subject", "person", "payee", "period", "due", "payer", "place", "fund")
        if name in row
    }
    if known.get("subject") == ANY and known.get("person") is None:
        known["person"] = ANY  # what is about several says of whom for none of them
    known["clause"] = _present(words, row)
    every = words.every.get((row["schedule"], known["clause"]))
    if known["clause"] == ANY or every is not None:
        with suppress(CodedRefusal):  # a month of what is now calculated by quarter stays what it is
            known |= {"period": ANY, **period_of(row["period"], every)} if row["period"] != ANY else {}
    return Entry(
        values_of(known),
        amount,
        row["due"] or "",
        row.get("version") or "",
        row.get("issued") or "",
        row.get("item"),
        row.get("facility"),
        row.get("district"),
        source,
    )


def _foreign(table: RawTable, schedule: str, words: Words) -> Finding:
    why = Text(
        f"台账中的补贴标准 {schedule} 没有计算", f"the ledger has the schedule {schedule}, which is not calculated"
    )
    near = nearest(schedule, words.schedules)
    remedy = Text(f"请用 --schedule 一并给出；{near.zh}", f"give it with --schedule too; {near.en}")
    return Finding(Place(table.file, column="schedule"), "unknown-schedule", why, remedy, schedule)
