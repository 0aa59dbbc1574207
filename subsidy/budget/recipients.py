"""What each payee is paid, and each subject is owed, in the year of a result."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from subsidy import sql
from subsidy.budget.cells import Basis, in_year
from subsidy.budget.payments import Payments
from subsidy.budget.result import Result

Key = tuple[str | None, ...]
Fen = tuple[int, int]


def paid_to(result: Result) -> dict[Key, Fen]:
    """Fen paid to each payee in the year, in the high and the low calculation. Key: the payee."""
    return _both(result, lambda payments: _paid(payments, result.year, result.basis))


def owed_to(result: Result) -> dict[Key, Fen]:
    """Fen owed in cash to each subject for the periods of the year, after limits. Key: table, subject."""
    return _both(result, lambda payments: _owed(payments, result.year))


def _both(result: Result, read: Callable[[Payments], Mapping[Key, int]]) -> dict[Key, Fen]:
    sums: dict[Key, Fen] = {}
    for one in result.calculated:
        high = read(one.high)
        low = high if one.low is one.high else read(one.low)
        for key in {**high, **low}:
            before = sums.get(key, (0, 0))
            sums[key] = (before[0] + high.get(key, 0), before[1] + low.get(key, 0))
    return sums


def _paid(payments: Payments, year: int, basis: Basis) -> dict[Key, int]:
    payee = sql.column("payee")
    month = sql.column("due#m" if basis == "due" else "accrued#m")
    query = sql.select(
        [payee, sql.alias(sql.total(sql.column("amount")), "amount")],
        sql.table(payments.relation),
        where=in_year(month, year),
        group=[payee],
    )
    return {(name,): amount for name, amount in payments.run.prepared.rows(query)}


def _owed(payments: Payments, year: int) -> dict[Key, int]:
    sums: dict[Key, int] = {}
    subject, owed = sql.column("subject"), sql.total(sql.mul(sql.column("unit"), sql.column("count")))
    for ledger in payments.run.ledgers:
        if not ledger.clause.model.cash:
            continue
        query = sql.select(
            [subject, sql.alias(owed, "owed")],
            sql.table(ledger.relation),
            where=in_year(sql.column("accrued#m"), year),
            group=[subject],
        )
        for name, amount in payments.run.prepared.rows(query):
            key = (ledger.clause.table, name)
            sums[key] = sums.get(key, 0) + amount
    return sums
