"""What a cell of a result is made of, read from the relations of a calculation: only the rows of that cell."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from subsidy import sql
from subsidy.budget.payments import Payments
from subsidy.engine.lines import LineSource, line_key_columns, weights_query
from subsidy.engine.run import Run

FEW = 64  # so many payees at most are written into a query
c = sql.column


class PayerSum(NamedTuple):
    """What a payer pays under a clause: how many parts of lines, and their sum (fen)."""

    clause: str
    payer: str
    parts: int
    amount: int


class Part(NamedTuple):
    """A payer's part of a payment line (fen)."""

    clause: str
    version: int
    line: int
    payee: str | None
    facility: str | None
    district: str | None
    due: int
    accrued: int
    payer: str
    position: int
    place: str | None
    owed: int
    cut: int
    amount: int

    @property
    def key(self) -> tuple[int, str, int, str]:
        return self.version, self.clause, self.line, self.payer


class Share(NamedTuple):
    """What of an entitlement stands in a payment line, or in a payer's part of it (fen, all units); `whole` is all of
    the entitlement before limits."""

    subject: str | None
    period: int
    instalment: int | None
    recovery: int  # 1 where it is taken back
    units: int
    amount: int
    whole: int


@dataclass(frozen=True)
class Shares:
    """The largest shares, and how many there are in all, and their sum."""

    shown: tuple[Share, ...]
    count: int
    amount: int


@dataclass(frozen=True)
class Division:
    """How a line is divided: its sum (fen), and the weight of each payer where weights divide it."""

    total: int
    weights: dict[str, int]


def payer_sums(payments: Payments, where: sql.Sql) -> list[PayerSum]:
    """Clause by payer; in no order."""
    keys = [c("clause"), c("payer")]
    sums = [sql.alias(sql.how_many(), "parts"), sql.alias(sql.total(c("amount")), "amount")]
    query = sql.select([*keys, *sums], sql.table(payments.relation), where=where, group=keys)
    return [PayerSum(*row) for row in payments.run.prepared.rows(query)]


def largest_parts(payments: Payments, where: sql.Sql, most: int | None) -> list[Part]:
    """The largest parts of each clause and payer, `most` of them or all; equal ones by day, payee, place and line."""
    names = Part._fields
    order = ["due", "payee", "facility", "district", "version", "line"]
    rank = sql.row_number(
        [c("clause"), c("payer")], [(sql.absolute(c("amount")), True), *((c(n), False) for n in order)]
    )
    ranked = sql.select([*map(c, names), sql.alias(rank, "rank")], sql.table(payments.relation), where=where)
    chosen = None if most is None else sql.compare("<=", c("rank"), sql.whole(most))
    rows = payments.run.prepared.rows(sql.select([*map(c, names), c("rank")], sql.subquery(ranked, "r"), where=chosen))
    return [Part(*row[:-1]) for row in sorted(rows, key=lambda row: (row[0], row[8], row[-1]))]


def different(payments: Payments, value: sql.Sql, where: sql.Sql | None = None) -> list[Any]:
    """The different values that a column of the payments has."""
    query = sql.select([sql.alias(value, "value")], sql.table(payments.relation), where=where, distinct=True)
    return [one for (one,) in payments.run.prepared.rows(query)]


def parts_before_pots(run: Run, parts: Sequence[Part]) -> dict[tuple[int, str, int, str], int]:
    """What the division of the lines gave each payer, before any pot."""
    keys = ("version", "clause", "line", "payer")
    asked = _ask(run, "parts", {name: [part.key[index] for part in parts] for index, name in enumerate(keys)})
    on = sql.all_of(sql.compare("=", sql.column(key, "p"), sql.column(key, "a")) for key in keys)
    columns = [*(sql.column(key, "p") for key in keys), sql.column("owed", "p")]
    query = sql.select(columns, sql.table(run.plan.parts, "p"), [("inner", sql.table(asked, "a"), on)])
    return {row[:4]: row[4] for row in run.prepared.rows(query)}


def divisions(run: Run, source: LineSource, lines: Iterable[int]) -> dict[int, Division]:
    """How each of these lines is divided among payers."""
    sharing = source.ledger.clause.sharing
    asked = _asked_lines(run, lines)
    on = sql.compare("=", sql.column("line", "l"), sql.column("line", "a"))
    join = [("inner", sql.table(asked, "a"), on)]
    totals = sql.select([sql.column("line", "l"), sql.column("owed", "l")], sql.table(source.lines, "l"), join)
    same_for_all = dict(sharing.weights) if sharing is not None else {}
    found = {line: Division(total, dict(same_for_all)) for line, total in run.prepared.rows(totals)}
    if sharing is not None and sharing.value:
        query = sql.subquery(weights_query(source.ledger, source.lines), "l")
        columns = [sql.column(name, "l") for name in ("line", "position", "payer", "weight")]
        for line, _, payer, weight in sorted(run.prepared.rows(sql.select(columns, query, join))):
            found[line].weights[payer] = weight
    return found


def shares_of_lines(
    run: Run, source: LineSource, lines: Sequence[int], most: int | None, payer: str | None = None
) -> dict[int, Shares]:
    """The entitlements in each of these lines; what they are of the payer's part where parts make the amount."""
    grouped = _grouped(run, source, lines, payer)
    line, amount = c("line"), c("amount")
    order = [(sql.absolute(amount), True), *((c(name), False) for name in ("subject", "instalment", "recovery"))]
    measures = {
        "rank": sql.row_number([line], order),
        "shares": sql.window_total(sql.whole(1), [line]),
        "sum": sql.window_total(amount, [line]),
    }
    names = ("line", "subject", "period", "instalment", "recovery", "count", "amount", "whole")
    measured = sql.select(
        [*map(c, names), *(sql.alias(tree, name) for name, tree in measures.items())], sql.subquery(grouped, "g")
    )
    chosen = None if most is None else sql.compare("<=", c("rank"), sql.whole(most))
    columns = [*map(c, names), *map(c, measures)]
    found: dict[int, list[tuple[Any, ...]]] = {}
    for row in run.prepared.rows(sql.select(columns, sql.subquery(measured, "m"), where=chosen)):
        found.setdefault(row[0], []).append(row)
    return {
        line_number: Shares(tuple(Share(*row[1:8]) for row in sorted(rows, key=lambda row: row[8])), *rows[0][9:])
        for line_number, rows in found.items()
    }


def _grouped(run: Run, source: LineSource, lines: Sequence[int], payer: str | None) -> sql.Sql:
    """One row for each line, subject and instalment."""
    ledger = source.ledger
    keys = line_key_columns(ledger)
    has_instalments = ledger.clause.instalments is not None
    unit = c("unit" if payer is None else f"part:{payer}")
    columns = {
        **{f"key:{name}": tree for name, tree in keys.items()},
        "subject": c("subject"),
        "period": c("period"),
        "instalment": c("instalment") if has_instalments else sql.missing(),
        "recovery": sql.case([(sql.compare("<", c("piece"), sql.whole(0)), sql.whole(1))], sql.whole(0)),
        "count": c("count"),
        "amount": sql.mul(unit, c("count")),
        "whole": sql.mul(c("owed"), c("count")),
    }
    where = [sql.compare("<>", c("unit"), sql.whole(0)), sql.compare("<>", unit, sql.whole(0))]
    asked = _asked_lines(run, lines)
    payees = _payees(run, source, asked) if len(lines) <= FEW else None
    if payees:
        where.append(sql.any_of(sql.compare("=", keys["payee"], sql.text(payee)) for payee in payees))
    rows = sql.select(
        [sql.alias(tree, name) for name, tree in columns.items()], sql.table(source.rows), where=sql.all_of(where)
    )
    on_line = sql.compare("=", sql.column("line", "l"), sql.column("line", "a"))
    on_keys = sql.all_of(sql.same(sql.column(name, "l"), sql.column(f"key:{name}", "r")) for name in keys)
    group = [sql.column("line", "l"), *(sql.column(n, "r") for n in ("subject", "period", "instalment", "recovery"))]
    sums = [sql.alias(sql.total(sql.column(name, "r")), name) for name in ("count", "amount", "whole")]
    joins = [("inner", sql.table(asked, "a"), on_line), ("inner", sql.subquery(rows, "r"), on_keys)]
    return sql.select([*group, *sums], sql.table(source.lines, "l"), joins, group=group)


def _payees(run: Run, source: LineSource, asked: str) -> list[str]:
    """The payees of the lines asked for; none where one of them has no payee."""
    on = sql.compare("=", sql.column("line", "l"), sql.column("line", "a"))
    payee = sql.column("payee", "l")
    query = sql.select([payee], sql.table(source.lines, "l"), [("inner", sql.table(asked, "a"), on)], distinct=True)
    found = [name for (name,) in run.prepared.rows(query)]
    return [] if None in found else sorted(found)


def _asked_lines(run: Run, lines: Iterable[int]) -> str:
    return _ask(run, "lines", {"line": list(dict.fromkeys(lines))})


def _ask(run: Run, name: str, content: dict[str, list[Any]]) -> str:
    """A relation that holds what is asked for, to be joined with."""
    import pyarrow as pa

    relation = run.plan.named("asked", name)
    run.prepared.database.register(relation, pa.table(content))
    return relation
