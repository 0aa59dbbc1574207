"""The cells of a budget: what is paid, and relieved, in a year, by clause, payer, district and facility (fen)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from subsidy import sql
from subsidy.budget.payments import Payments
from subsidy.engine.database import Query
from subsidy.engine.run import Run
from subsidy.money import yuan_text
from subsidy.schedule.catalogue import Schedule
from subsidy.schedule.figures import day_of

Basis = Literal["due", "accrued"]


@dataclass(frozen=True)
class Calculated:
    """One schedule's two calculations; the same one twice where no amount is open."""

    schedule: Schedule
    high: Payments
    low: Payments


@dataclass(frozen=True)
class Cell:
    """One cell of the budget: fen in the high and in the low calculation."""

    clause: str
    payer: str
    district: str | None
    facility: str | None
    amount: int
    low: int
    fund: str | None = None


Key = tuple[str, str, str | None, str | None]


def cash_rows(payments: Payments, year: int, basis: Basis) -> dict[Key, int]:
    """What is paid in a year, by clause, payer, district and facility (fen)."""
    return {row[:4]: row[4] for row in payments.run.prepared.rows(cash_query(payments, year, basis))}


def cash_query(payments: Payments, year: int, basis: Basis) -> Query:
    """Columns clause, payer, place, facility and amount (fen) of what is paid in a year."""

    def query() -> Query:
        keys = [sql.column(name) for name in ("clause", "payer", "place", "facility")]
        month = sql.column("due#m" if basis == "due" else "accrued#m")
        amount = sql.alias(sql.total(sql.column("amount")), "amount")
        return Query(sql.select([*keys, amount], sql.table(payments.relation), where=in_year(month, year), group=keys))

    return payments.run.prepared.once(("cash", payments.relation, year, basis), query)


def accrued_by_due_year(payments: Payments, year: int) -> dict[tuple[str, int], int]:
    """What belongs to a year, by payer and the year in which it falls due."""
    keys = [sql.column(name) for name in ("payer", "due")]
    amount = sql.alias(sql.total(sql.column("amount")), "amount")
    query = sql.select(
        [*keys, amount], sql.table(payments.relation), where=in_year(sql.column("accrued#m"), year), group=keys
    )
    found: dict[tuple[str, int], int] = {}
    for payer, due, fen in payments.run.prepared.rows(query):
        key = payer, day_of(due).year
        found[key] = found.get(key, 0) + fen
    return found


def relief_rows(payments: Payments, year: int, basis: Basis) -> dict[Key, int]:
    found: dict[Key, int] = {}
    run = payments.run
    for ledger in run.ledgers:
        if ledger.clause.model.cash:
            continue
        columns = ledger.columns
        keys = [sql.column(f"x:{name}") for name in (columns.district, columns.facility)]
        owed = sql.total(sql.mul(sql.column("unit"), sql.column("count")))
        query = sql.select(
            [*dict.fromkeys(keys), sql.alias(owed, "owed")],
            sql.table(ledger.relation),
            where=in_year(sql.column("accrued#m"), year),
            group=keys,
        )
        for row in run.prepared.rows(query):
            key: Key = (ledger.clause.name, "", row[0], row[len(row) - 2])
            found[key] = found.get(key, 0) + row[-1]
    return found


def in_year(month: sql.Sql, year: int) -> sql.Sql:
    return sql.all_of(
        [sql.compare(">=", month, sql.whole(year * 12)), sql.compare("<", month, sql.whole((year + 1) * 12))]
    )


def owed_in(run: Run, ledger: str, year: int) -> int:
    """What a ledger's units of a year add up to (fen)."""
    owed = sql.total(sql.mul(sql.column("unit"), sql.column("count")))
    query = sql.select([sql.alias(owed, "owed")], sql.table(ledger), where=in_year(sql.column("accrued#m"), year))
    return int(run.prepared.rows(query)[0][0] or 0)


def sums_by(cells: Iterable[Cell], key: Callable[[Cell], tuple[Any, ...]]) -> dict[tuple[Any, ...], tuple[int, int]]:
    sums: dict[tuple[Any, ...], tuple[int, int]] = {}
    for cell in cells:
        amount, low = sums.get(key(cell), (0, 0))
        sums[key(cell)] = (amount + cell.amount, low + cell.low)
    return sums


def in_order_of_key(sums: dict[tuple[Any, ...], tuple[int, int]]) -> dict[tuple[Any, ...], tuple[int, int]]:
    return dict(sorted(sums.items(), key=lambda item: tuple((part is None, part or "") for part in item[0])))


def listed(by: str, cells: Iterable[Cell], items: Mapping[str, str]) -> list[dict[str, Any]]:
    """Cells added up by clause, district, facility or payer, JSON-ready. `items`: the item of every clause."""
    groups: dict[str | None, list[Cell]] = {}
    for cell in cells:
        groups.setdefault(getattr(cell, by), []).append(cell)
    sums = {(key,): (sum(one.amount for one in own), sum(one.low for one in own)) for key, own in groups.items()}
    entries = []
    for (key,), (amount, low) in (sums if by == "clause" else in_order_of_key(sums)).items():
        own = groups[key]
        entry: dict[str, Any] = {by: key}
        if by == "clause":
            entry["item"] = items[str(key)]
        entry |= {"amount": yuan_text(amount), "low": yuan_text(low)}
        if by != "payer" and any(cell.payer for cell in own):
            entry["payers"] = _by_name(own, "payer")
        if by != "clause":
            entry["clauses"] = _by_name(own, "clause")
        entries.append(entry)
    return entries


def _by_name(cells: Iterable[Cell], name: str) -> dict[str, str]:
    return {
        str(key): yuan_text(amounts[0])
        for (key,), amounts in sums_by(cells, lambda cell: (getattr(cell, name),)).items()
    }
