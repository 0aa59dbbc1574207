"""Rows in time, where they stay: lives joined into spells, and how long a row of a history is valid.

Only the rows of those who have several are put beside each other.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlglot import exp

from subsidy import sql, sql_cells
from subsidy.engine.in_place import NUMBER
from subsidy.roster.cells import DATE_PARTS, LAST_DAY
from subsidy.roster.names import Shape
from subsidy.sql import Sql

FIRST, LAST, VALID_TO = "life#from", "life#to", "valid_to"
Columns = Mapping[str, Sql]


def rows_meet_by(shape: Shape) -> tuple[str, ...]:
    """The columns that say which rows are put beside each other in time; none where no rows are."""
    if shape.is_history:
        return (shape.link,) if shape.link else ()
    return ("person", *shape.references) if shape.has_persons else ()


def several(source: str, by: Sequence[str], shape: Shape) -> exp.Select:
    """Those who have several rows in a relation: the columns `by`, the first of which is not blank."""
    rows, whose = sql.alias(sql.how_many(), "#rows"), [sql.column(name) for name in by]
    is_one = sql.is_known(whose[0]) if shape.is_history else _is_single()
    counted = sql.select([*whose, rows], sql.table(source), where=is_one, group=whose)
    return sql.select(whose, sql.subquery(counted, "g"), where=sql.compare(">", sql.column("#rows"), sql.whole(1)))


def alone(source: exp.Select, columns: Sequence[str], again: str, shape: Shape) -> exp.Select:
    """The finished rows of those who are not `again`, a relation of those who have several."""
    return _selected(_with_ends(columns, shape), source, "anti", again, shape)


def together(source: exp.Select, columns: Sequence[str], again: str, shape: Shape) -> exp.Select:
    """The finished rows of those who have several: spells joined, rows of histories valid until the next."""
    rows = _selected(_with_ends(columns, shape), source, "semi", again, shape)
    return _valid(rows, columns, shape) if shape.is_history else _with_spells(rows, columns, shape)


def in_time(source: exp.Select, columns: Sequence[str], shape: Shape) -> exp.Select:
    """The finished rows of a table in which no rows meet, or of a history about nothing but itself."""
    rows = sql.select(_aliased(_with_ends(columns, shape)), sql.subquery(source, "s"))
    return _valid(rows, columns, shape) if shape.is_history else rows


def overlapping(source: str, shape: Shape) -> exp.Select:
    """The rows (`_row`) of persons that begin before an earlier life of theirs has ended."""
    start, end = shape.life or ("", "")
    person, first = sql.column("person"), sql.column(start)
    columns = [
        sql.column(NUMBER),
        person,
        sql.alias(first, "first"),
        sql.alias(sql.first_known(sql.column(end), sql.whole(LAST_DAY[0])), "last"),
    ]
    singles = sql.all_of([_is_single(), sql.is_known(first)])
    same = sql.compare("=", sql.column("person", "t"), sql.column("person", "a"))
    meeting = [("semi", sql.subquery(several(source, ("person",), shape), "a"), same)]
    lives = sql.select(_of("t", columns), sql.table(source, "t"), meeting, _of("t", [singles])[0])
    order = [(sql.column("first"), False), (sql.column(NUMBER), False)]
    reach = sql.highest_before(sql.column("last"), [person], order)
    reached = sql.select([sql.column(NUMBER), sql.column("first"), sql.alias(reach, "reach")], sql.subquery(lives, "l"))
    late = sql.compare(">=", sql.column("reach"), sql.column("first"))
    return sql.select([sql.column(NUMBER)], sql.subquery(reached, "r"), where=late)


def _selected(columns: Columns, source: exp.Select, kind: str, again: str, shape: Shape) -> exp.Select:
    first, *further = rows_meet_by(shape)
    same = [sql.compare("=", sql.column(first, "s"), sql.column(first, "a"))]
    same += [sql.same(sql.column(name, "s"), sql.column(name, "a")) for name in further]
    return sql.select(_aliased(columns), sql.subquery(source, "s"), [(kind, sql.table(again, "a"), sql.all_of(same))])


def _of(source: str, trees: Sequence[Sql]) -> list[Sql]:
    """The trees with their columns taken from one source of several."""
    found = [tree.copy() for tree in trees]
    for tree in found:
        for column in tree.find_all(exp.Column):
            column.set("table", sql.name(source))
    return found


def _with_ends(columns: Sequence[str], shape: Shape) -> dict[str, Sql]:
    """The columns of a row by itself: with its life, and valid for ever."""
    found = {name: sql.column(name, "s") for name in columns}
    if shape.life:
        start, end = shape.life
        for suffix, last in zip(DATE_PARTS, LAST_DAY, strict=True):
            found[FIRST + suffix] = sql.column(start + suffix, "s")
            found[LAST + suffix] = sql.first_known(sql.column(end + suffix, "s"), sql.whole(last))
    if shape.is_history:
        found[VALID_TO] = sql.whole(LAST_DAY[0])
    return found


def _valid(rows: exp.Select, columns: Sequence[str], shape: Shape) -> exp.Select:
    names = [name for name in rows.named_selects if name != VALID_TO]
    link = [sql.column(shape.link)] if shape.link else []
    following = sql.following(sql.column("from"), link, [(sql.column("from"), False)])
    until = sql.first_known(sql.sub(following, sql.whole(1)), sql.whole(LAST_DAY[0]))
    chosen = [*(sql.column(name) for name in names), sql.alias(sql_cells.as_whole(until), VALID_TO)]
    return sql.select(chosen, sql.subquery(rows, "v"))


def _with_spells(rows: exp.Select, columns: Sequence[str], shape: Shape) -> exp.Select:
    """Adjoining rows of a person with the same references begin with the first; those that agree in all else join."""
    start, end = shape.life or ("", "")
    names = rows.named_selects
    whose = [sql.column(name) for name in (*rows_meet_by(shape), "#single")]
    in_order = [(sql.column(FIRST), False), (sql.column(NUMBER), False)]
    single = sql.all_of([_is_single(), sql.is_known(sql.column(FIRST))])
    layer = _on_top(rows, {"#single": single})

    before = sql.preceding(sql.column(LAST), whose, in_order)
    follows = sql.compare("=", sql.add(before, sql.whole(1)), sql.column(FIRST))
    adjoins = sql.all_of([sql.column("#single"), sql.first_known(follows, sql.boolean(False))])
    apart = {NUMBER, shape.key, start, end, FIRST, LAST}
    agree = [
        sql.same(sql.column(name), sql.preceding(sql.column(name), whose, in_order))
        for name in names
        if _of_date(name) not in apart
    ]
    layer = _on_top(layer, {"#adjoins": adjoins, "#agrees": sql.all_of(agree)})
    merges = sql.all_of([sql.column("#adjoins"), sql.column("#agrees")])
    layer = _on_top(layer, {"#merges": merges})

    def begun(condition: str) -> Sql:
        begins = sql.case([(sql.column(condition), sql.whole(0))], sql.whole(1))
        return sql.running_total(begins, whose, in_order)

    layer = _on_top(layer, {"#spell": begun("#adjoins"), "#stay": begun("#merges")})
    spell, stay = [*whose, sql.column("#spell")], [*whose, sql.column("#stay")]
    backwards = [(sql.column(FIRST), True), (sql.column(NUMBER), True)]
    layer = _on_top(layer, {"#nth": sql.row_number(spell, in_order), "#from_last": sql.row_number(stay, backwards)})
    taken = {start + suffix: _of_first(start + suffix, "#nth", spell) for suffix in DATE_PARTS}
    taken |= {
        part + suffix: _of_first(part + suffix, "#from_last", stay) for part in (end, LAST) for suffix in DATE_PARTS
    }
    layer = _on_top(layer, {f"taken:{name}": cell for name, cell in taken.items()})
    chosen = [
        sql.alias(sql.case([(sql.column("#single"), sql.column(f"taken:{name}"))], sql.column(name)), name)
        if name in taken
        else sql.column(name)
        for name in names
    ]
    return sql.select(chosen, sql.subquery(layer, "m"), where=sql.negation(sql.column("#merges")))


def _of_first(name: str, place: str, group: Sequence[Sql]) -> Sql:
    """The cell of that row of a group whose place in it is 1."""
    cell = sql.case([(sql.equals(place, 1), sql.column(name))])
    return sql.over(sql.highest(cell), group)


def _on_top(rows: exp.Select, columns: Columns) -> exp.Select:
    return sql.select([sql.all_columns("m"), *_aliased(columns)], sql.subquery(rows, "m"))


def _aliased(columns: Columns) -> list[Sql]:
    return [sql.alias(tree, name) for name, tree in columns.items()]


def _is_single() -> Sql:
    """Whether a row is the life of one named person."""
    return sql.all_of([sql.is_known(sql.column("person")), sql.is_missing(sql.column("count"))])


def _of_date(name: str) -> str:
    return name[:-2] if name.endswith(DATE_PARTS[1:]) else name
