"""The payment lines of a ledger: its amounts summed by payee, due day, period, places and facts that pots need.

Sums go by as few columns as tell lines apart; what these tell is looked up for the lines, which are far fewer.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlglot import exp

from subsidy import sql
from subsidy.engine.base import COUNT as ROW_COUNT
from subsidy.engine.base import DUE, DUE_MONTH, PERIOD, period_words
from subsidy.engine.layers import Layers, ref
from subsidy.engine.lines import COUNT, MONTHS, UNIT, Ledger, c, extra, line_key_columns
from subsidy.engine.narrow import NUMBER
from subsidy.schedule.column import MONTHS_IN
from subsidy.sql import Sql


def line_query(ledger: Ledger, rows: Sql, pots: Sequence[str]) -> exp.Select:
    """Payment lines of a clause: the sum of its rows by payee, due day, period, places and facts that pots need.

    With `parts`, one column for each payer's part beside the amount.
    """
    columns, clause, keys = ledger.columns, ledger.clause, line_key_columns(ledger)
    months = {name: sql.lowest(keys[name]) for name in MONTHS}  # each day and period has but one
    ranks = {f"pot:{pot}": sql.lowest(extra(columns.pots[pot])) for pot in pots if pot in columns.pots}
    sums = {**ranks, "owed": sql.total(sql.mul(c(UNIT), c(COUNT)))}
    if clause.parts:
        sums |= {f"part:{payer}": sql.total(sql.mul(c(f"part:{payer}"), c(COUNT))) for payer in clause.payers}
    selected = [sql.alias(tree, name) for name, tree in {**keys, **months, **sums}.items()]
    group = {tree.name: tree for name, tree in keys.items() if name not in MONTHS}
    return sql.select(selected, rows, where=sql.compare("<>", c(UNIT), sql.whole(0)), group=list(group.values()))


def narrow_line_query(ledger: Ledger, pots: Sequence[str]) -> exp.Select:
    """The same from a ledger that is held narrow: summed by numbers, to which the texts are looked up afterwards."""
    narrow, columns = ledger.narrow, ledger.columns
    assert narrow is not None
    texts = _texts(ledger)
    held = dict.fromkeys(name for name in texts.values() if narrow.is_held(name))
    is_left = bool(ledger.left) and not held and not any(pot in columns.pots for pot in pots)
    group = sql.column(narrow.line_group(columns), "n") if is_left else extra(narrow.line_group(columns))
    own_row = sql.compare("=", sql.column(NUMBER, "n"), c("subject"))
    own = [group, c("period"), *map(extra, held)]
    ranks = {f"pot:{pot}": sql.lowest(extra(columns.pots[pot])) for pot in pots if pot in columns.pots}
    sums = {**ranks, "owed": sql.total(sql.mul(c(UNIT), c(COUNT)))}
    summed = sql.select(
        [*own, *(sql.alias(tree, name) for name, tree in sums.items())],
        sql.table(ledger.left if is_left else ledger.held),
        [("inner", sql.table(narrow.numbers, "n"), own_row)] if is_left else (),
        where=sql.compare("<>", c(UNIT), sql.whole(0)),
        group=own,
    )
    found = {name: narrow.looked_up(text, sql.column(f"x:{text}", "a")) for name, text in texts.items()}
    due, month = sql.column(DUE, "p"), sql.column(DUE_MONTH, "p")
    found |= {"due": due, "due#m": month, "accrued": sql.column("period", "a"), "accrued#m": month}
    chosen = {name: found[name] for name in line_key_columns(ledger)} | {name: sql.column(name, "a") for name in sums}
    return narrow.beside_rows(chosen, sql.subquery(summed, "a"), group.name, "period")


def can_be_summed_first(ledger: Ledger) -> bool:
    """Whether lines can be summed before their places are looked up: of what falls due in its own period."""
    return ledger.compiled.grain.every in MONTHS_IN and not ledger.is_limited


def sums_of_view(ledger: Ledger, pots: Sequence[str]) -> exp.Select:
    """The same where the grain is a view, without the columns and joins that the sums do not need."""
    columns, layers = ledger.columns, ledger.compiled.layers
    texts = _texts(ledger)
    is_cell = layers.level.get(columns.facility) == 0
    told = layers.told_by({columns.facility}) - {columns.facility} if is_cell else set()
    late = [name for name in dict.fromkeys(texts.values()) if name in told]
    held = [name for name in dict.fromkeys(texts.values()) if name not in told]
    ranks = {f"pot:{pot}": columns.pots[pot] for pot in pots if pot in columns.pots}
    read = [(name, ref(name)) for name in dict.fromkeys([*held, PERIOD, columns.owed, ROW_COUNT, *ranks.values()])]
    owed, count = c(columns.owed), c(ROW_COUNT)
    there = [sql.compare("<>", ref(name), sql.whole(0)) for name in (columns.owed, ROW_COUNT)]
    rows_there = sql.all_of([ledger.compiled.in_force, *there])
    rows = layers.needed_for([*(tree for _, tree in read), rows_there]).query(read, rows_there)
    sums = {name: sql.lowest(c(rank)) for name, rank in ranks.items()} | {"owed": sql.total(sql.mul(owed, count))}
    own = [*map(c, held), c(PERIOD)]
    summed = sql.select(
        [*own, *(sql.alias(tree, name) for name, tree in sums.items())], sql.subquery(rows, "r"), group=own
    )
    lines = layers.needed_for([ref(name) for name in late]).on(Layers(summed, [*held, PERIOD, *sums]))
    looked_up = lines.query([(name, ref(name)) for name in (*held, *late, PERIOD, *sums)])
    found = {name: sql.column(text, "a") for name, text in texts.items()}
    return _beside_period(ledger, found, list(sums), sql.subquery(looked_up, "a"))


def _beside_period(ledger: Ledger, found: dict[str, Sql], sums: Sequence[str], lines: Sql) -> exp.Select:
    """Lines `a` by the number of their period, with the words of time that it tells."""
    p = {name: sql.column(name, "p") for name in ("period", "last", "last#m", "last#d")}
    words = period_words(p)
    month = words[DUE_MONTH]
    found = {**found, "due": words[DUE], "due#m": month, "accrued": p["period"], "accrued#m": month}
    keys = [sql.alias(found[name], name) for name in line_key_columns(ledger)]
    calendar = sql.table(f"calendar:{ledger.compiled.grain.every}", "p")
    same = sql.compare("=", p["period"], sql.column(PERIOD, "a"))
    return sql.select([*keys, *(sql.column(name, "a") for name in sums)], lines, [("inner", calendar, same)])


def _texts(ledger: Ledger) -> dict[str, str]:
    """By the key of a line: the column of the grain where it stands, but for words of time."""
    trees = line_key_columns(ledger)
    return {name: tree.name.removeprefix("x:") for name, tree in trees.items() if tree.name.startswith("x:")}
