"""Limits on subjects: who keeps an amount when several compete, and how far amounts reach under a ceiling.

A ledger row stands for `count` equal units. A limit divides it into at most two pieces of equal units again; most rows
it leaves as they are.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

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
    """A ledger whose rows a limit concerns, in the order of `among`.

    `known`: what some columns of `competing` are on all of its rows.
    """

    relation: str
    position: int
    columns: LimitColumns
    each_unit_alone: bool  # the group holds the row's own key: equal units do not compete
    skips_counted: bool  # a limit per person says nothing of rows without names
    known: Mapping[str, Sql] = field(default_factory=dict)


def clauses_among(schedule: Schedule, limit: str) -> list[str]:
    """The clauses a limit names in any version, in the order of the latest; those it no longer names come last.

    Those of a limit over several schedules are SCHEDULE:CLAUSE.
    """
    versions = [version.limits[limit] for version in reversed(schedule.versions) if limit in version.limits]
    return list(dict.fromkeys(clause for one in versions for clause in one.whole or one.model.among))


def c(name: str) -> Sql:
    return sql.column(name)


@dataclass(frozen=True)
class Rows:
    """The rows that take part in a limit, from all ledgers it concerns.

    `known`: columns that `query` does not have, and what they are on every row.
    """

    limit: CheckedLimit
    query: Sql
    known: Mapping[str, Sql] = field(default_factory=dict)
    groups: str = ""  # the relation of `contested_groups`, where there is one

    def __getitem__(self, name: str) -> Sql:
        return self.known.get(name, c(name))

    @property
    def source(self) -> Sql:
        return sql.subquery(self.query, "u")

    @property
    def keys(self) -> list[str]:
        return [f"{GROUP}{index}" for index in range(len(self.limit.model.per))]

    @property
    def group(self) -> list[Sql]:
        return [c(key) for key in self.keys]

    @property
    def are_single(self) -> bool:
        """Whether each row is one unit, so that no row is divided."""
        return "units" in self.known

    @property
    def change_together(self) -> bool:
        """Whether a limit changes all rows of a contested group, and how many units they are needs not be sought."""
        limit = self.limit
        is_pro_rata = limit.counts == "money" and limit.when_short == "pro_rata" and not limit.keep and not limit.by
        return is_pro_rata and (not self.are_single or "each" in self.known)

    @property
    def identity(self) -> list[str]:
        """What tells the rows apart."""
        return [name for name in IDENTITY if name not in self.known]

    @property
    def piece_columns(self) -> list[str]:
        """The columns of `pieces`."""
        return [*self.identity, *(() if self.are_single else ("half", COUNT)), UNIT]

    def in_order(self, *measures: tuple[Sql, bool]) -> list[tuple[Sql, bool]]:
        """An order of all rows: by measures (descending or not) first."""
        ties = [(self[name], False) for name in ("position", "due", SUBJECT, PIECE)]
        return [(tree, descending) for tree, descending in (*measures, *ties) if isinstance(tree, exp.Column)]


IDENTITY = ("position", SUBJECT, PERIOD, PIECE)


def competing(limit: CheckedLimit, competitors: Sequence[Competitor], groups: str) -> Rows:
    """The rows that take part in a limit. `groups`: the relation of the contested ones; without it all columns stay."""
    found = [_competing(limit, one) for one in competitors]
    known = _known(competitors, found) if groups else {}
    queries = [
        sql.select(
            [sql.alias(tree, name) for name, tree in columns.items() if name not in known],
            sql.table(one.relation),
            where=_takes_part(one),
        )
        for one, columns in zip(competitors, found, strict=True)
    ]
    return Rows(limit, sql.union_all(queries), known, groups)


def _competing(limit: CheckedLimit, one: Competitor) -> dict[str, Sql]:
    count, single = one.known.get(COUNT, c(COUNT)), sql.whole(1)
    by = c(one.columns.by) if one.columns.by else sql.whole(0)
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
        "by": by if limit.keep == "most" or not one.columns.by else sql.first_known(by, sql.whole(HIGHEST)),
        "ceiling": c(one.columns.ceiling) if one.columns.ceiling else sql.missing(),
        **{f"{GROUP}{index}": c(key) for index, key in enumerate(one.columns.keys)},
    }
    return columns | {name: tree for name, tree in one.known.items() if name in columns}


def _known(competitors: Sequence[Competitor], found: Sequence[dict[str, Sql]]) -> dict[str, Sql]:
    """What is the same in all ledgers: one number, or another column of the row."""
    return {
        name: tree
        for name, tree in found[0].items()
        if all(columns[name] == tree for columns in found)
        and (tree.find(exp.Column) is None or all(name in one.known for one in competitors))
    }


def _takes_part(one: Competitor) -> Sql:
    conditions = [sql.compare(">", c(UNIT), sql.whole(0)), *(sql.is_known(c(key)) for key in one.columns.keys)]
    if one.skips_counted:
        conditions.append(sql.negation(one.known.get("counted", c("counted"))))
    if one.columns.ceiling:
        conditions.append(sql.is_known(one.known.get("ceiling", c(one.columns.ceiling))))
    return sql.all_of(conditions)


def pieces(rows: Rows) -> Sql:
    """What the rows of `competing` become that the limit changes: one row for each piece, `rows.piece_columns`.

    The identity of the row it is a piece of, half (0 or 1), count, unit.
    """
    limit = rows.limit
    ways = {"months": _earliest_months, "subjects": _first_places, "money": _under_ceiling}
    divided = (_kept if limit.keep else ways[limit.counts])(rows, _contested(rows))
    return divided if rows.are_single else _in_long_form(rows, divided)


def _groups(rows: Rows) -> exp.Select:
    """For each group what is `asked` of the limit, and what is `there`."""
    limit, one = rows.limit, sql.whole(1)
    if limit.keep:
        asked, there = rows["units"], one
    else:
        worth = c(UNIT) if rows.are_single else sql.mul(c(UNIT), rows["units"])
        asked = {"months": one, "subjects": rows["units"], "money": worth}[limit.counts]
        there = rows.known.get("ceiling", sql.lowest(c("ceiling")))
    chosen = [*rows.group, sql.alias(sql.total(asked), "asked"), sql.alias(there, "there")]
    return sql.select(chosen, rows.source, group=rows.group)


def contested_groups(rows: Rows) -> exp.Select:
    """The groups in which not everybody gets everything."""
    more = sql.compare(">", c("asked"), c("there"))
    return sql.select([sql.all_columns()], sql.subquery(_groups(rows), "g"), where=more)


def _contested(rows: Rows) -> Sql:
    """The rows of the groups in which not everybody gets everything, as a source called `u`."""
    asked, there = sql.column("asked", "g"), sql.column("there", "g")
    on = sql.all_of(sql.compare("=", sql.column(key, "u"), sql.column(key, "g")) for key in rows.keys)
    groups = sql.table(rows.groups, "g") if rows.groups else sql.subquery(contested_groups(rows), "g")
    joined = [("inner", groups, on)]
    return sql.subquery(sql.select([sql.all_columns("u"), asked, there], rows.source, joined), "u")


def _result(
    rows: Rows, source: Sql, kept_units: Sql, unit_a: Sql, unit_b: Sql, changed: Sql | None = None
) -> exp.Select:
    """What becomes of each row: `kept_units` have unit a, the others unit b."""
    columns = {name: c(name) for name in rows.identity}
    if rows.are_single:
        columns[UNIT] = sql.case([(sql.compare("=", kept_units, sql.whole(1)), unit_a)], unit_b)
    else:
        columns |= {
            "count_a": sql.mul(kept_units, rows["each"]),
            "unit_a": unit_a,
            "count_b": sql.mul(sql.sub(rows["units"], kept_units), rows["each"]),
            "unit_b": unit_b,
        }
    return sql.select([sql.alias(tree, name) for name, tree in columns.items()], source, where=changed)


def _in_long_form(rows: Rows, divided: exp.Select) -> Sql:
    """A row for each half that has units."""
    halves = sql.inline_rows(["half"], [[0], [1]], "h")

    def of_half(name: str) -> Sql:
        first = sql.compare("=", sql.column("half", "h"), sql.whole(0))
        return sql.case([(first, sql.column(f"{name}_a", "d"))], sql.column(f"{name}_b", "d"))

    columns = {
        **{name: sql.column(name, "d") for name in rows.identity},
        "half": sql.column("half", "h"),
        COUNT: of_half("count"),
        UNIT: of_half("unit"),
    }
    chosen = [sql.alias(tree, name) for name, tree in columns.items()]
    some = sql.compare(">", of_half("count"), sql.whole(0))
    return sql.select(chosen, sql.subquery(divided, "d"), [("inner", halves, sql.boolean(True))], where=some)


def _kept(rows: Rows, contested: Sql) -> exp.Select:
    measures: dict[str, list[tuple[Sql, bool]]] = {
        "highest": [(c(UNIT), True)],
        "first": [],
        "most": [(rows["by"], True)],
    }
    rank = sql.row_number(rows.group, rows.in_order(*measures[rows.limit.keep]))
    ranked = sql.select([sql.all_columns("u"), sql.alias(rank, "rank")], contested)
    winner = sql.case([(sql.compare("=", c("rank"), sql.whole(1)), sql.whole(1))], sql.whole(0))
    changed = sql.compare("<>", winner, rows["units"])
    return _result(rows, sql.subquery(ranked, "r"), winner, c(UNIT), sql.whole(0), changed)


def _earliest_months(rows: Rows, contested: Sql) -> exp.Select:
    rank = sql.dense_rank(rows.group, [(rows["month"], False)])
    ranked = sql.select([sql.all_columns("u"), sql.alias(rank, "rank")], contested)
    kept = sql.case([(sql.compare("<=", c("rank"), rows["ceiling"]), rows["units"])], sql.whole(0))
    lost = sql.compare(">", c("rank"), rows["ceiling"])
    return _result(rows, sql.subquery(ranked, "r"), kept, c(UNIT), sql.whole(0), lost)


def _first_places(rows: Rows, contested: Sql) -> exp.Select:
    """The first units in order of rank keep theirs, as many as there are places."""
    before = _units_before(rows, rows.group, (rows["by"], False))
    places = sql.alias(sql.sub(rows["ceiling"], before), "places")
    ranked = sql.select([sql.all_columns("u"), places], contested)
    kept, too_few = _at_least_0(c("places"), rows["units"]), sql.compare("<", c("places"), rows["units"])
    return _result(rows, sql.subquery(ranked, "r"), kept, c(UNIT), sql.whole(0), too_few)


def _at_least_0(number: Sql, most: Sql) -> Sql:
    """The number, but not below 0 and not above `most`."""
    zero = sql.whole(0)
    return sql.case([(sql.compare("<=", number, zero), zero), (sql.compare("<", number, most), number)], most)


def excess(rows: Rows) -> exp.Select:
    """What a ceiling that only reports is exceeded by, over all groups (fen)."""
    over = sql.sub(c("asked"), sql.larger(c("there"), sql.whole(0)))
    exceeded = sql.first_known(sql.total(sql.larger(over, sql.whole(0))), sql.whole(0))
    return sql.select([sql.alias(exceeded, "over")], sql.subquery(_groups(rows), "g"))


def _under_ceiling(rows: Rows, contested: Sql) -> exp.Select:
    """Largest remainders, as `money.split` has them, within the classes that get less than they want."""
    limit, group = rows.limit, rows.group
    if limit.when_short == "report":
        return _result(rows, contested, rows["units"], c(UNIT), c(UNIT), sql.boolean(False))
    if limit.by:
        shared = _by_class(rows, contested)
        group.append(c("by"))
    else:
        given = _given(limit, c("there"), c("asked"))
        chosen = [sql.all_columns("u"), sql.alias(c("asked"), "wanted"), sql.alias(given, "given")]
        shared = sql.select(chosen, contested)
    short = sql.compare("<", c("given"), c("wanted"))
    floor = sql.int_div(sql.mul(c("given"), c(UNIT)), c("wanted"))
    floored = sql.select([sql.all_columns("s"), sql.alias(floor, "floor")], sql.subquery(shared, "s"), where=short)
    remainder = sql.sub(sql.mul(c("given"), c(UNIT)), sql.mul(c("floor"), c("wanted")))
    measured = sql.select([sql.all_columns("f"), sql.alias(remainder, "remainder")], sql.subquery(floored, "f"))
    floors = c("floor") if rows.are_single else sql.mul(c("floor"), rows["units"])
    left_over = sql.sub(c("given"), sql.window_total(floors, group))
    odd = sql.sub(left_over, _units_before(rows, group, (c("remainder"), True)))
    ranked = sql.select([sql.all_columns("m"), sql.alias(odd, "odd")], sql.subquery(measured, "m"))
    odd_units = _at_least_0(c("odd"), rows["units"])
    return _result(rows, sql.subquery(ranked, "r"), odd_units, sql.add(c("floor"), sql.whole(1)), c("floor"))


def _given(limit: CheckedLimit, left: Sql, wanted: Sql) -> Sql:
    """What a class gets that wants so much where so much is left."""
    zero = sql.whole(0)
    short = zero if limit.last_gets_nothing else left
    return sql.case([(sql.compare("<=", left, zero), zero), (sql.compare("<", left, wanted), short)], wanted)


def _by_class(rows: Rows, contested: Sql) -> exp.Select:
    """The rows, each with what all of equal rank in its group want and what they are given."""
    keys = rows.group
    wanted = sql.alias(sql.total(sql.mul(c(UNIT), rows["units"])), "wanted")
    ceiling = sql.alias(rows.known.get("ceiling", sql.lowest(c("ceiling"))), "ceiling")
    classes = sql.select([*keys, c("by"), wanted, ceiling], contested, group=[*keys, c("by")])
    before = sql.sub(sql.running_total(c("wanted"), keys, [(c("by"), False)]), c("wanted"))
    left = sql.alias(sql.sub(c("ceiling"), before), "left")
    ranked = sql.select([*keys, c("by"), c("wanted"), left], sql.subquery(classes, "s"))
    given = sql.alias(_given(rows.limit, c("left"), c("wanted")), "given")
    shared = sql.subquery(sql.select([*keys, c("by"), c("wanted"), given], sql.subquery(ranked, "t")), "s")
    same = sql.all_of(sql.compare("=", sql.column(key, "u"), sql.column(key, "s")) for key in (*rows.keys, "by"))
    chosen = [sql.all_columns("u"), sql.column("wanted", "s"), sql.column("given", "s")]
    return sql.select(chosen, contested, [("inner", shared, same)])


def _units_before(rows: Rows, group: Sequence[Sql], *measures: tuple[Sql, bool]) -> Sql:
    """How many units of its group come before a row; where each row is one, its place is enough."""
    order = rows.in_order(*measures)
    if rows.are_single or "person" in rows.limit.model.per:
        return sql.sub(sql.row_number(group, order), sql.whole(1))
    return sql.sub(sql.running_total(c("units"), group, order), c("units"))


def limited(relation: str, columns: Sequence[str], position: int, rows: Rows, pieces_table: str) -> Sql:
    """The ledger `relation` after a limit: rows that it changes in their pieces, all others as they were."""
    own = {"position": sql.whole(position)}
    on = sql.all_of(
        sql.compare("=", sql.column(name, "p"), own.get(name, sql.column(name, "l"))) for name in rows.identity
    )
    was_cut = sql.compare("<", sql.column(UNIT, "p"), sql.column(UNIT, "l"))
    half = sql.first_known(sql.column("half", "p"), sql.whole(0))
    twice = sql.scaled(sql.column(PIECE, "l"), 2)
    replaced = {
        PIECE: twice if rows.are_single else sql.add(twice, half),
        UNIT: sql.first_known(sql.column(UNIT, "p"), sql.column(UNIT, "l")),
        CUT_BY: sql.case([(was_cut, sql.text(rows.limit.name))], sql.column(CUT_BY, "l")),
    }
    if not rows.are_single:
        replaced[COUNT] = sql.first_known(sql.column(COUNT, "p"), sql.column(COUNT, "l"))
    chosen = [sql.alias(replaced.get(name, sql.column(name, "l")), name) for name in columns]
    return sql.select(chosen, sql.table(relation, "l"), [("left", sql.table(pieces_table, "p"), on)])


def left(rows: Rows, one: Competitor, pieces_table: str) -> Sql:
    """Subject, period, count and unit of a ledger after a limit that is over it alone and changes whole groups.

    The pieces, and the rows of all other groups: these need not be sought among as many pieces.
    """
    own_group = [sql.compare("=", c(key), sql.column(f"{GROUP}{n}", "g")) for n, key in enumerate(one.columns.keys)]
    in_group = sql.all_of([_takes_part(one), *own_group])
    nobody = sql.is_missing(sql.column("asked", "g"))
    chosen = [c(SUBJECT), c(PERIOD), sql.alias(one.known.get(COUNT, c(COUNT)), COUNT), c(UNIT)]
    groups = [("left", sql.table(rows.groups, "g"), in_group)]
    others = sql.select(chosen, sql.table(one.relation), groups, where=nobody)
    return sql.union_all([others, sql.select(chosen, sql.table(pieces_table))])
