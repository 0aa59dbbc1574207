"""What is behind a clause's amount of a year: how many subjects, how many amounts, and what these add up to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from subsidy import sql
from subsidy.budget.cells import Calculated, in_year
from subsidy.budget.result import Result
from subsidy.engine.lines import Ledger


@dataclass(frozen=True)
class Behind:
    """Subjects of `table` (each with its head-count), amounts of theirs that fall in the year, and their sum (fen).

    After limits on subjects and before pots.
    """

    clause: str
    table: str
    subjects: int
    amounts: int
    owed: int


def behind(result: Result) -> list[Behind]:
    """Of every cash clause with an amount in the year, as they stand in the documents."""
    found = []
    for one in result.calculated:
        by_clause: dict[str, list[Ledger]] = {}
        for ledger in one.high.run.ledgers:
            if ledger.clause.model.cash:
                by_clause.setdefault(ledger.clause.name, []).append(ledger)
        for name, ledgers in by_clause.items():
            subjects, amounts, owed = _sums(result, one, ledgers)
            if amounts:
                shown = result.clause_name(one.schedule, name)
                found.append(Behind(shown, ledgers[0].clause.table, subjects, amounts, owed))
    order = list(result.items)
    return sorted(found, key=lambda each: order.index(each.clause))


def due_rows(result: Result, one: Calculated, ledgers: Sequence[Ledger], *, by_facility: bool = False) -> sql.Sql:
    """The amounts of a clause in the reported year: subject, unit, count, owed (fen), and `of:facility`."""
    month = sql.column("due#m" if result.basis == "due" else "accrued#m")
    owed = sql.mul(sql.column("unit"), sql.column("count"))
    queries = []
    for ledger in ledgers:
        columns = [sql.column("subject"), sql.column("unit"), sql.column("count"), sql.alias(owed, "owed")]
        if by_facility:
            columns.append(sql.alias(sql.column(f"x:{ledger.columns.facility}"), "of:facility"))
        relation = one.high.run.plan.dues[ledger.version_index, ledger.clause.name]
        is_owed = sql.compare("<>", sql.column("unit"), sql.whole(0))
        where = sql.all_of([in_year(month, result.year), is_owed])
        queries.append(sql.select(columns, sql.table(relation), where=where))
    return sql.subquery(sql.union_all(queries) if len(queries) > 1 else queries[0], "d")


def _sums(result: Result, one: Calculated, ledgers: Sequence[Ledger]) -> tuple[int, int, int]:
    by_subject = sql.select(
        [
            sql.alias(sql.highest(sql.column("count")), "heads"),
            sql.alias(sql.total(sql.column("count")), "amounts"),
            sql.alias(sql.total(sql.column("owed")), "owed"),
        ],
        due_rows(result, one, ledgers),
        group=[sql.column("subject")],
    )
    sums = [sql.alias(sql.total(sql.column(name)), f"all:{name}") for name in ("heads", "amounts", "owed")]
    row = one.high.run.prepared.rows(sql.select(sums, sql.subquery(by_subject, "s")))[0]
    heads, amounts, owed = (int(value or 0) for value in row)
    return heads, amounts, owed
