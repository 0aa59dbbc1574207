"""Limits on subjects: who keeps an amount when several compete, and how far amounts reach under a ceiling.

A ledger row stands for `count` equal units. A limit divides it into at most two pieces of equal units again; most rows
it leaves as they are.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlglot import exp

from subsidy import sql
from subsidy.engine.grain import LimitColumns
from subsidy.schedule.catalogue import Schedule
from subsidy.schedule.checked import CheckedLimit
from subsidy.schedule.figures import HIGHEST
from subsidy.sql import Sql

SUBJECT, PERIOD, PIECE, COUNT, UNIT, CUT_BY = "subject", "period", "piece", "count", "unit", "cut_by"
GROUP = "k"


@dataclass(frozen=True)
class Competitor:
    """A ledger whose rows a limit concerns, in the order of `among`."""

    relation: str
    position: int
    columns: LimitColumns
    each_unit_alone: bool  # the group holds the row's own key: equal units do not compete
    skips_counted: bool  # a limit per person says nothing of rows without names


def clauses_among(schedule: Schedule, limit: str) -> list[str]:
    """The clauses a limit names in any version, in the order of the latest; those it no longer names come last.

    Those of a limit over several schedules are SCHEDULE:CLAUSE.
    """
    versions = [version.limits[limit] for version in reversed(schedule.versions) if limit in version.limits]
    return list(dict.fromkeys(clause for one in versions for clause in one.whole or one.model.among))


def c(name: str) -> Sql:
    return sql.column(name)


def _keys(limit: CheckedLimit) -> list[str]:
    return [f"{GROUP}{index}" for index in range(len(limit.model.per))]


def competing(limit: CheckedLimit, competitors: Sequence[Competitor]) -> Sql:
    """The rows that take part in a limit, from all ledgers it concerns."""
    queries = []
    for one in competitors:
        count, single = c(COUNT), sql.whole(1)
        key_columns = [c(name) for name in one.columns.keys]
        by = c(one.columns.by) if one.columns.by else sql.whole(0)
        takes_part = [sql.compare(">", c(UNIT), sql.whole(0)), *(sql.is_known(key) for key in key_columns)]
        if one.skips_counted:
            takes_part.append(sql.negation(c("counted")))
        if one.columns.ceiling:
            takes_part.append(sql.is_known(c(one.columns.ceiling)))
        columns = {
            "position": sql.whole(one.position),
            SUBJECT: c(SUBJECT),
            PERIOD: c(PERIOD),
            PIECE: c(PIECE),
            "due": c("due"),
            "month": c("due#m"),
            "units": single if one.each_unit_alone else count,
            "each": count if one.each_unit_alone else single,
            UNIT: c(UNIT),
            "by": by if limit.keep == "most" else sql.first_known(by, sql.whole(HIGHEST)),
            "ceiling": c(one.columns.ceiling) if one.columns.ceiling else sql.missing(),
            **dict(zip(_keys(limit), key_columns, strict=True)),
        }
        queries.append(
            sql.select(
                [sql.alias(tree, name) for name, tree in columns.items()],
                sql.table(one.relation),
                where=sql.all_of(takes_part),
            )
        )
    return sql.union_all(queries)


def pieces(limit: CheckedLimit, rows: Sql) -> Sql:
    """What the rows of `competing` (as a source called `u`) become that the limit changes: one row for each piece.

    Columns IDENTITY of the row it is a piece of, then half (0 or 1), count, unit.
    """
    ways = {"months": _earliest_months, "subjects": _first_places, "money": _under_ceiling}
    divide = _kept if limit.keep else ways[limit.counts]
    return _in_long_form(divide(limit, _contested(limit, rows)))


IDENTITY = ("position", SUBJECT, PERIOD, PIECE)
PIECE_COLUMNS = (*IDENTITY, "half", COUNT, UNIT)
ORDER: list[tuple[Sql, bool]] = [(c("position"), False), (c("due"), False), (c(SUBJECT), False), (c(PIECE), False)]


def _contested(limit: CheckedLimit, rows: Sql) -> Sql:
    """The rows of the groups in which not everybody gets everything, as a source called `u`."""
    one, keys = sql.whole(1), _keys(limit)
    if limit.keep:
        asked, there = c("units"), one
    else:
        asked = {"months": one, "subjects": c("units"), "money": sql.mul(c(UNIT), c("units"))}[limit.counts]
        there = sql.lowest(c("ceiling"))
    measured = [sql.alias(sql.total(asked), "asked"), sql.alias(there, "there")]
    groups = sql.select([*map(c, keys), *measured], rows, group=[c(key) for key in keys])
    on = [sql.compare("=", sql.column(key, "u"), sql.column(key, "g")) for key in keys]
    on.append(sql.compare(">", sql.column("asked", "g"), sql.column("there", "g")))
    joined = [("inner", sql.subquery(groups, "g"), sql.all_of(on))]
    return sql.subquery(sql.select([sql.all_columns("u")], rows, joined), "u")


def _result(source: Sql, kept_units: Sql, unit_a: Sql, unit_b: Sql, changed: Sql) -> exp.Select:
    columns = {
        **{name: c(name) for name in IDENTITY},
        "count_a": sql.mul(kept_units, c("each")),
        "unit_a": unit_a,
        "count_b": sql.mul(sql.sub(c("units"), kept_units), c("each")),
        "unit_b": unit_b,
    }
    return sql.select([sql.alias(tree, name) for name, tree in columns.items()], source, where=changed)


def _in_long_form(divided: exp.Select) -> Sql:
    """A row for each half that has units."""

    def half(which: str, number: int) -> exp.Select:
        columns = {"half": sql.whole(number), COUNT: c(f"count_{which}"), UNIT: c(f"unit_{which}")}
        chosen = [*map(c, IDENTITY), *(sql.alias(tree, name) for name, tree in columns.items())]
        some = sql.compare(">", c(f"count_{which}"), sql.whole(0))
        return sql.select(chosen, sql.subquery(divided, "d"), where=some)

    return sql.union_all([half("a", 0), half("b", 1)])


def _kept(limit: CheckedLimit, rows: Sql) -> exp.Select:
    measure: list[tuple[Sql, bool]] = {
        "highest": [(c(UNIT), True)],
        "first": [],
        "most": [(c("by"), True)],
    }[limit.keep]
    rank = sql.row_number([c(key) for key in _keys(limit)], [*measure, *ORDER])
    ranked = sql.select([sql.all_columns("u"), sql.alias(rank, "rank")], rows)
    winner = sql.case([(sql.compare("=", c("rank"), sql.whole(1)), sql.whole(1))], sql.whole(0))
    return _result(sql.subquery(ranked, "r"), winner, c(UNIT), sql.whole(0), sql.compare("<>", winner, c("units")))


def _earliest_months(limit: CheckedLimit, rows: Sql) -> exp.Select:
    rank = sql.dense_rank([c(key) for key in _keys(limit)], [(c("month"), False)])
    ranked = sql.select([sql.all_columns("u"), sql.alias(rank, "rank")], rows)
    kept = sql.case([(sql.compare("<=", c("rank"), c("ceiling")), c("units"))], sql.whole(0))
    lost = sql.compare(">", c("rank"), c("ceiling"))
    return _result(sql.subquery(ranked, "r"), kept, c(UNIT), sql.whole(0), lost)


def _first_places(limit: CheckedLimit, rows: Sql) -> exp.Select:
    """The first units in order of rank keep theirs, as many as there are places."""
    group = [c(key) for key in _keys(limit)]
    before = sql.sub(sql.running_total(c("units"), group, [(c("by"), False), *ORDER]), c("units"))
    ranked = sql.select([sql.all_columns("u"), sql.alias(sql.sub(c("ceiling"), before), "places")], rows)
    kept, too_few = _at_least_0(c("places"), c("units")), sql.compare("<", c("places"), c("units"))
    return _result(sql.subquery(ranked, "r"), kept, c(UNIT), sql.whole(0), too_few)


def _at_least_0(number: Sql, most: Sql) -> Sql:
    """The number, but not below 0 and not above `most`."""
    zero = sql.whole(0)
    return sql.case([(sql.compare("<=", number, zero), zero), (sql.compare("<", number, most), number)], most)


def _classes(limit: CheckedLimit, rows: Sql) -> exp.Select:
    """For each class of equal rank: what its units add up to and what is left for it."""
    keys = [c(key) for key in _keys(limit)]
    total = sql.total(sql.mul(c(UNIT), c("units")))
    summed = sql.select(
        [*keys, c("by"), sql.alias(total, "wanted"), sql.alias(sql.lowest(c("ceiling")), "ceiling")],
        rows,
        group=[*keys, c("by")],
    )
    before = sql.sub(sql.running_total(c("wanted"), keys, [(c("by"), False)]), c("wanted"))
    ranked = sql.select([sql.all_columns("s"), sql.alias(before, "before")], sql.subquery(summed, "s"))
    left = sql.sub(c("ceiling"), c("before"))
    short = sql.whole(0) if limit.last_gets_nothing else left
    given = sql.case(
        [(sql.compare("<=", left, sql.whole(0)), sql.whole(0)), (sql.compare("<", left, c("wanted")), short)],
        c("wanted"),
    )
    return sql.select([*keys, c("by"), c("wanted"), sql.alias(given, "given")], sql.subquery(ranked, "t"))


def excess(limit: CheckedLimit, rows: Sql) -> exp.Select:
    """What a ceiling that only reports is exceeded by, over all groups (fen); `rows` as for `pieces`."""
    rows = sql.subquery(_one_class(limit, rows), "u")
    over = sql.sub(sql.total(c("wanted")), sql.total(c("given")))
    return sql.select(
        [sql.alias(sql.first_known(over, sql.whole(0)), "over")], sql.subquery(_classes(limit, rows), "s")
    )


def _under_ceiling(limit: CheckedLimit, rows: Sql) -> exp.Select:
    keys = [*_keys(limit), "by"]
    if limit.when_short in ("pro_rata", "report"):
        rows = sql.subquery(_one_class(limit, rows), "u")
    classes = sql.subquery(_classes(limit, rows), "s")
    joined = sql.select(
        [sql.all_columns("u"), sql.column("wanted", "s"), sql.column("given", "s")],
        rows,
        [("inner", classes, sql.all_of(sql.compare("=", sql.column(k, "u"), sql.column(k, "s")) for k in keys))],
    )
    wanted = c("wanted") if limit.when_short == "report" else c("given")
    fits = sql.compare("=", wanted, c("wanted"))
    base = sql.case([(fits, c(UNIT))], sql.int_div(sql.mul(wanted, c(UNIT)), c("wanted")))
    floored = sql.select(
        [sql.all_columns("j"), sql.alias(base, "floor"), sql.alias(wanted, "sum")], sql.subquery(joined, "j")
    )
    group = [c(key) for key in keys]
    exact = sql.sub(sql.mul(c("sum"), c(UNIT)), sql.mul(c("floor"), c("wanted")))
    remainder = sql.case([(sql.compare("=", c("sum"), c("wanted")), sql.whole(0))], exact)
    left_over = sql.sub(c("sum"), sql.window_total(sql.mul(c("floor"), c("units")), group))
    measured = sql.select(
        [sql.all_columns("f"), sql.alias(remainder, "remainder"), sql.alias(left_over, "left_over")],
        sql.subquery(floored, "f"),
    )
    before = sql.sub(sql.running_total(c("units"), group, [(c("remainder"), True), *ORDER]), c("units"))
    ranked = sql.select(
        [sql.all_columns("m"), sql.alias(sql.sub(c("left_over"), before), "odd")], sql.subquery(measured, "m")
    )
    odd_units = _at_least_0(c("odd"), c("units"))
    short = sql.compare("<", c("sum"), c("wanted"))
    return _result(sql.subquery(ranked, "r"), odd_units, sql.add(c("floor"), sql.whole(1)), c("floor"), short)


def _one_class(limit: CheckedLimit, rows: Sql) -> exp.Select:
    columns = [
        "position",
        SUBJECT,
        PERIOD,
        PIECE,
        "due",
        "month",
        "units",
        "each",
        UNIT,
        "ceiling",
        *_keys(limit),
    ]
    return sql.select([*(c(name) for name in columns), sql.alias(sql.whole(0), "by")], rows)


def limited(relation: str, columns: Sequence[str], position: int, limit: str, pieces_table: str) -> Sql:
    """The ledger `relation` after a limit: rows that it changes in their pieces, all others as they were."""
    on = sql.all_of(
        [
            sql.compare("=", sql.column("position", "p"), sql.whole(position)),
            *(sql.compare("=", sql.column(name, "p"), sql.column(name, "l")) for name in (SUBJECT, PERIOD, PIECE)),
        ]
    )
    half = sql.first_known(sql.column("half", "p"), sql.whole(0))
    was_cut = sql.compare("<", sql.column(UNIT, "p"), sql.column(UNIT, "l"))
    replaced = {
        PIECE: sql.add(sql.scaled(sql.column(PIECE, "l"), 2), half),
        COUNT: sql.first_known(sql.column(COUNT, "p"), sql.column(COUNT, "l")),
        UNIT: sql.first_known(sql.column(UNIT, "p"), sql.column(UNIT, "l")),
        CUT_BY: sql.case([(was_cut, sql.text(limit))], sql.column(CUT_BY, "l")),
    }
    chosen = [sql.alias(replaced.get(name, sql.column(name, "l")), name) for name in columns]
    return sql.select(chosen, sql.table(relation, "l"), [("left", sql.table(pieces_table, "p"), on)])
