"""From amounts to what falls due when: shares or chunks on their due days, and what is taken back of them."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from fractions import Fraction

from sqlglot import exp

from subsidy import sql
from subsidy.engine.lines import UNIT, Ledger, ledger_columns
from subsidy.money import round_to_sql, split_sql
from subsidy.schedule.checked import Instalments
from subsidy.schedule.figures import day_number
from subsidy.sql import Sql

INSTALMENT_KEY = ("subject", "period", "piece", "instalment")
ONGOING = day_number(datetime.date(9999, 12, 31))


def instalment_query(ledger: Ledger) -> exp.Select:
    """The ledger with one row for each instalment: its part of the unit, and its own due day."""
    plan = ledger.clause.instalments
    assert plan is not None
    names = ledger_columns(ledger)
    shared = _shares(ledger, plan, names) if plan.chunk is None else _chunks(ledger, plan, names)
    fits = sql.compare("<=", sql.column("due#d", "i"), sql.column("days", "m"))
    day = sql.case([(fits, sql.column("due#d", "i"))], sql.column("days", "m"))
    replaced = {
        UNIT: sql.column("share", "i"),
        "due": sql.sub(sql.add(sql.column("first", "m"), day), sql.whole(1)),
        "due#m": sql.column("later#m", "i"),
        "due#d": day,
    }
    columns = [sql.alias(replaced.get(name, sql.column(name, "i")), name) for name in names]
    on = sql.compare("=", sql.column("month", "m"), sql.column("later#m", "i"))
    return sql.select(
        [*columns, sql.column("instalment", "i")], sql.subquery(shared, "i"), [("inner", sql.table("months", "m"), on)]
    )


def every_instalment(ledger: Ledger) -> str:
    """The name of the relation of all instalments of a ledger."""
    return f"{ledger.relation}/instalments"


def paid_instalments(ledger: Ledger) -> str:
    """The name of the relation of those whose conditions hold."""
    return f"{every_instalment(ledger)}/due"


def refused_query(ledger: Ledger, year: int) -> exp.Select:
    """Due day, subject, number and amount (fen, all units) of the instalments whose conditions do not hold.

    Those due in the year or later of what is for a period up to its end.
    """
    same = [sql.compare("=", sql.column(name, "p"), sql.column(name, "i")) for name in INSTALMENT_KEY]
    keys = [sql.column(name, "i") for name in ("due", "subject", "instalment")]
    amount = sql.total(sql.mul(sql.column(UNIT, "i"), sql.column("count", "i")))
    where = [
        sql.is_missing(sql.column("subject", "p")),
        sql.compare(">=", sql.column("due#m", "i"), sql.whole(year * 12)),
        sql.compare("<", sql.column("accrued#m", "i"), sql.whole((year + 1) * 12)),
        sql.compare("<>", sql.column(UNIT, "i"), sql.whole(0)),
    ]
    return sql.select(
        [*keys, sql.alias(amount, "amount")],
        sql.table(every_instalment(ledger), "i"),
        [("left", sql.table(paid_instalments(ledger), "p"), sql.all_of(same))],
        sql.all_of(where),
        group=keys,
    )


def _crossed(ledger: Ledger, names: Sequence[str], figures: Sequence[str], rows: list[list[int]]) -> exp.Select:
    """Each unit of the ledger beside each of the rows (instalment, months, figures)."""
    table = sql.inline_rows(["instalment", "months", *figures], rows, "s")
    later = sql.add(sql.column("due#m", "l"), sql.column("months", "s"))
    chosen = [
        *(sql.column(name, "l") for name in names),
        sql.column("instalment", "s"),
        sql.alias(later, "later#m"),
        *(sql.column(name, "s") for name in figures),
    ]
    nonzero = sql.compare("<>", sql.column(UNIT, "l"), sql.whole(0))
    return sql.select(chosen, sql.table(ledger.relation, "l"), [("inner", table, sql.boolean(True))], where=nonzero)


def _shares(ledger: Ledger, plan: Instalments, names: Sequence[str]) -> exp.Select:
    rows = [[n + 1, months, plan.weights[n]] for n, months in enumerate(plan.months)]
    keep = [*names, "instalment", "later#m"]
    crossed = _crossed(ledger, names, ["weight"], rows)
    return split_sql(crossed, keep, ["subject", "period", "piece"], UNIT, "weight", ["instalment"], "share")


def _chunks(ledger: Ledger, plan: Instalments, names: Sequence[str]) -> exp.Select:
    """Each instalment takes a chunk of what the earlier ones left, until nothing is left."""
    rows = [[n + 1, months] for n, months in enumerate(plan.months)]
    crossed = sql.subquery(_crossed(ledger, names, [], rows), "c")
    chunk = sql.column(f"x:{ledger.columns.chunk}", "c")
    unit = sql.column(UNIT, "c")
    taken = sql.mul(sql.sub(sql.column("instalment", "c"), sql.whole(1)), chunk)
    left = sql.sub(sql.absolute(unit), taken)
    share = sql.with_sign_of(unit, sql.smaller(left, chunk))
    columns = [sql.column(name, "c") for name in (*names, "instalment", "later#m")]
    return sql.select([*columns, sql.alias(share, "share")], crossed, where=sql.compare(">", left, sql.whole(0)))


def with_recoveries(ledger: Ledger, relation: str, names: Sequence[str]) -> Sql:
    """The rows of `relation` and, of those paid up to the day of the clawback, what is taken back on that day."""
    clawback = ledger.clause.clawback
    assert clawback is not None
    day, month, day_of_month, share = (sql.column(f"x:{name}") for name in ledger.columns.clawback)
    scale = clawback.share.type.scale
    back = round_to_sql(sql.mul(sql.column(UNIT), share), sql.whole(scale), Fraction(1), "half_up")
    replaced = {
        UNIT: sql.sub(sql.whole(0), back),
        "piece": sql.sub(sql.whole(0), sql.column("piece")),
        "due": day,
        "due#m": month,
        "due#d": day_of_month,
    }
    has_come = sql.compare("<", day, sql.whole(ONGOING))
    paid = sql.all_of([sql.compare("<=", sql.column("due"), day), has_come])
    recovered = sql.select(
        [sql.alias(replaced.get(name, sql.column(name)), name) for name in names], sql.table(relation), where=paid
    )
    return sql.union_all([sql.select([sql.column(name) for name in names], sql.table(relation)), recovered])
