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


def _groups(limit: CheckedLimit, rows: Sql) -> exp.Select:
    """For each group what is `asked` of the limit, and what is `there`."""
    one, keys = sql.whole(1), [c(key) for key in _keys(limit)]
    if limit.keep:
        asked, there = c("units"), one
    else:
        asked = {"months": one, "subjects": c("units"), "money": sql.mul(c(UNIT), c("units"))}[limit.counts]
        there = sql.lowest(c("ceiling"))
    return sql.select([*keys, sql.alias(sql.total(asked), "asked"), sql.alias(there, "there")], rows, group=keys)


def _contested(limit: CheckedLimit, rows: Sql) -> Sql:
    """The rows of the groups in which not everybody gets everything, as a source called `u`."""
    asked, there = sql.column("asked", "g"), sql.column("there", "g")
    on = [sql.compare("=", sql.column(key, "u"), sql.column(key, "g")) for key in _keys(limit)]
    on.append(sql.compare(">", asked, there))
    joined = [("inner", sql.subquery(_groups(limit, rows), "g"), sql.all_of(on))]
    return sql.subquery(sql.select([sql.all_columns("u"), asked, there], rows, joined), "u")


def _result(source: Sql, kept_units: Sql, unit_a: Sql, unit_b: Sql, changed: Sql | None = None) -> exp.Select:
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
    halves = sql.inline_rows(["half"], [[0], [1]], "h")

    def of_half(name: str) -> Sql:
        first = sql.compare("=", sql.column("half", "h"), sql.whole(0))
        return sql.case([(first, sql.column(f"{name}_a", "d"))], sql.column(f"{name}_b", "d"))

    columns = {
        **{name: sql.column(name, "d") for name in IDENTITY},
        "half": sql.column("half", "h"),
        COUNT: of_half("count"),
        UNIT: of_half("unit"),
    }
    chosen = [sql.alias(tree, name) for name, tree in columns.items()]
    some = sql.compare(">", of_half("count"), sql.whole(0))
    return sql.select(chosen, sql.subquery(divided, "d"), [("inner", halves, sql.boolean(True))], where=some)


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
    before = _units_before(limit, group, [(c("by"), False), *ORDER])
    ranked = sql.select([sql.all_columns("u"), sql.alias(sql.sub(c("ceiling"), before), "places")], rows)
    kept, too_few = _at_least_0(c("places"), c("units")), sql.compare("<", c("places"), c("units"))
    return _result(sql.subquery(ranked, "r"), kept, c(UNIT), sql.whole(0), too_few)


def _at_least_0(number: Sql, most: Sql) -> Sql:
    """The number, but not below 0 and not above `most`."""
    zero = sql.whole(0)
    return sql.case([(sql.compare("<=", number, zero), zero), (sql.compare("<", number, most), number)], most)


def excess(limit: CheckedLimit, rows: Sql) -> exp.Select:
    """What a ceiling that only reports is exceeded by, over all groups (fen); `rows` as for `pieces`."""
    over = sql.sub(c("asked"), sql.larger(c("there"), sql.whole(0)))
    exceeded = sql.first_known(sql.total(sql.larger(over, sql.whole(0))), sql.whole(0))
    return sql.select([sql.alias(exceeded, "over")], sql.subquery(_groups(limit, rows), "g"))


def _under_ceiling(limit: CheckedLimit, rows: Sql) -> exp.Select:
    """Largest remainders, as `money.split` has them, within the classes that get less than they want."""
    if limit.when_short == "report":
        return _result(rows, c("units"), c(UNIT), c(UNIT), sql.boolean(False))
    group = [c(key) for key in _keys(limit)]
    if limit.by:
        shared = _by_class(limit, rows)
        group.append(c("by"))
    else:
        given = _given(limit, c("there"), c("asked"))
        shared = sql.select([sql.all_columns("u"), sql.alias(c("asked"), "wanted"), sql.alias(given, "given")], rows)
    short = sql.compare("<", c("given"), c("wanted"))
    floor = sql.int_div(sql.mul(c("given"), c(UNIT)), c("wanted"))
    floored = sql.select([sql.all_columns("s"), sql.alias(floor, "floor")], sql.subquery(shared, "s"), where=short)
    remainder = sql.sub(sql.mul(c("given"), c(UNIT)), sql.mul(c("floor"), c("wanted")))
    measured = sql.select([sql.all_columns("f"), sql.alias(remainder, "remainder")], sql.subquery(floored, "f"))
    left_over = sql.sub(c("given"), sql.window_total(sql.mul(c("floor"), c("units")), group))
    odd = sql.sub(left_over, _units_before(limit, group, [(c("remainder"), True), *ORDER]))
    ranked = sql.select([sql.all_columns("m"), sql.alias(odd, "odd")], sql.subquery(measured, "m"))
    odd_units = _at_least_0(c("odd"), c("units"))
    return _result(sql.subquery(ranked, "r"), odd_units, sql.add(c("floor"), sql.whole(1)), c("floor"))


def _given(limit: CheckedLimit, left: Sql, wanted: Sql) -> Sql:
    """What a class gets that wants so much where so much is left."""
    zero = sql.whole(0)
    short = zero if limit.last_gets_nothing else left
    return sql.case([(sql.compare("<=", left, zero), zero), (sql.compare("<", left, wanted), short)], wanted)


def _by_class(limit: CheckedLimit, rows: Sql) -> exp.Select:
    """The rows, each with what all of equal rank in its group want and what they are given."""
    keys = [c(key) for key in _keys(limit)]
    wanted = sql.alias(sql.total(sql.mul(c(UNIT), c("units"))), "wanted")
    ceiling = sql.alias(sql.lowest(c("ceiling")), "ceiling")
    classes = sql.select([*keys, c("by"), wanted, ceiling], rows, group=[*keys, c("by")])
    before = sql.sub(sql.running_total(c("wanted"), keys, [(c("by"), False)]), c("wanted"))
    left = sql.alias(sql.sub(c("ceiling"), before), "left")
    ranked = sql.select([*keys, c("by"), c("wanted"), left], sql.subquery(classes, "s"))
    given = sql.alias(_given(limit, c("left"), c("wanted")), "given")
    shared = sql.subquery(sql.select([*keys, c("by"), c("wanted"), given], sql.subquery(ranked, "t")), "s")
    same = sql.all_of(sql.compare("=", sql.column(key, "u"), sql.column(key, "s")) for key in (*_keys(limit), "by"))
    chosen = [sql.all_columns("u"), sql.column("wanted", "s"), sql.column("given", "s")]
    return sql.select(chosen, rows, [("inner", shared, same)])


def _units_before(limit: CheckedLimit, group: Sequence[Sql], order: Sequence[tuple[Sql, bool]]) -> Sql:
    """How many units of its group come before a row; under a limit per person each row is one."""
    if "person" in limit.model.per:
        return sql.sub(sql.row_number(group, order), sql.whole(1))
    return sql.sub(sql.running_total(c("units"), group, order), c("units"))


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
