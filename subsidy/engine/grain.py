"""One grain: the rows of a table in the periods of one kind, with the columns of every clause that is read there."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from sqlglot import exp

from subsidy import sql
from subsidy.engine.calendar import Span
from subsidy.engine.layers import Layers, ref
from subsidy.engine.row import (
    DAY,
    DAY_MONTH,
    DAY_OF_MONTH,
    FIRST,
    LAST,
    MONTH,
    YEAR,
    End,
    RosterShape,
    RowCompiler,
    roster_table,
)
from subsidy.schedule.checked import CheckedClause, CheckedLimit
from subsidy.schedule.figures import day_of
from subsidy.schedule.load import Version
from subsidy.schedule.model import MONTHS_IN
from subsidy.schedule.node import Aggregate, Node, Type
from subsidy.sql import Sql

SUBJECT, PERIOD, COUNT, COUNTED, VERSION_DAY = "#subject", "#period", "#count", "#counted", "#version_day"
DUE, DUE_MONTH, DUE_DAY = "#due", "#due#m", "#due#d"
HEAD = (SUBJECT, PERIOD, DUE, DUE_MONTH, DUE_DAY, COUNT, COUNTED)


@dataclass(frozen=True, order=True)
class Grain:
    """What makes rows the same: table, kind of period, and the days on which they are read and versioned."""

    table: str
    every: str
    dated: str = ""
    reads_at: str = "last_day"
    version_by: str = ""

    @classmethod
    def of(cls, clause: CheckedClause) -> Grain:
        model = clause.model
        return cls(model.for_, model.every, model.dated or "", model.reads_at, model.version_by or "")


@dataclass(frozen=True)
class LimitColumns:
    keys: tuple[str, ...]
    by: str = ""
    ceiling: str = ""


@dataclass(frozen=True)
class ClauseColumns:
    """The names of the columns of a grain's table in which a clause's results stand."""

    owed: str
    payee: str
    facility: str
    district: str
    places: Mapping[str, str]
    split_keys: tuple[str, ...]
    parts: Mapping[str, str]
    limits: Mapping[str, LimitColumns]
    pots: Mapping[str, str]


@dataclass(frozen=True)
class CompiledGrain:
    grain: Grain
    version: Version
    query: exp.Select
    layers: Layers
    rows: RowCompiler
    columns: Mapping[str, ClauseColumns]
    in_force: Sql


def _base_columns(shape: RosterShape, table: str, alias: str) -> dict[str, Sql]:
    columns = {}
    for column in sorted(shape.columns[table]):
        given = shape.is_given(table, column.split("#")[0])
        columns[f"given:{column}" if given else column] = sql.column(column, alias)
    return columns


def _identity(version: Version, shape: RosterShape, table: str, alias: str) -> dict[str, Sql]:
    key = version.tables[table].key
    count = sql.column("count", alias) if shape.has(table, "count") else sql.missing()
    subject = sql.column(key, alias) if key else sql.missing_text()
    return {
        SUBJECT: subject,
        COUNT: sql.first_known(count, sql.whole(1)),
        COUNTED: sql.is_known(count),
    }


def _select(columns: Mapping[str, Sql], source: Sql, joins: Iterable[tuple[str, Sql, Sql]] = ()) -> exp.Select:
    return sql.select([sql.alias(tree, name) for name, tree in columns.items()], source, list(joins))


def plain_rows(version: Version, shape: RosterShape, table: str) -> Layers:
    """Each roster row once, with no period and no reading day."""
    columns = {**_base_columns(shape, table, "t"), **_identity(version, shape, table, "t")}
    return Layers(_select(columns, sql.table(roster_table(table), "t")), list(columns))


def period_rows(version: Version, shape: RosterShape, table: str, every: str, span: Span, reads_at: str) -> Layers:
    """Each roster row in every period that its life touches, or in the one that its month or year names."""
    life = version.tables[table].life
    columns = {**_base_columns(shape, table, "t"), **_identity(version, shape, table, "t")}
    p = {name: sql.column(name, "p") for name in ("period", "first", "last", "first#m", "last#m", "last#d")}
    if life:
        overlap = [
            sql.compare("<=", sql.column("life#from", "t"), p["last"]),
            sql.compare(">=", sql.column("life#to", "t"), p["first"]),
            sql.compare("<=", sql.column("life#from", "t"), sql.whole(span.last)),
            sql.compare(">=", sql.column("life#to", "t"), sql.whole(span.first)),
        ]
        first, last = _cut_life(p, span)
    else:
        overlap = [sql.compare("=", _named_period(version, table, every), p["period"])]
        one = sql.whole(1)
        first, last = (p["first"], p["first#m"], one), (p["last"], p["last#m"], p["last#d"])
    day = first if reads_at == "first_day" else last
    columns |= {
        PERIOD: p["period"],
        MONTH: p["last#m"],
        YEAR: sql.int_div(p["last#m"], sql.whole(12)),
        DUE: p["last"],
        DUE_MONTH: p["last#m"],
        DUE_DAY: p["last#d"],
        FIRST: first[0],
        LAST: last[0],
        VERSION_DAY: sql.smaller(p["last"], sql.whole(span.last)),
        DAY: day[0],
        DAY_MONTH: day[1],
        DAY_OF_MONTH: day[2],
    }
    overlap += [
        sql.compare(">=", p["last"], sql.whole(span.first)),
        sql.compare("<=", p["first"], sql.whole(span.last)),
    ]
    joins = [("inner", sql.table(f"calendar:{every}", "p"), sql.all_of(overlap))]
    return Layers(_select(columns, sql.table(roster_table(table), "t"), joins), list(columns))


def _named_period(version: Version, table: str, every: str) -> Sql:
    """The period that a row's own month or year column names."""
    if every not in version.tables[table].columns:
        return sql.int_div(sql.column("month", "t"), sql.whole(MONTHS_IN[every]))
    return sql.column(every, "t")


Triple = tuple[Sql, Sql, Sql]


def _cut_life(p: Mapping[str, Sql], span: Span) -> tuple[Triple, Triple]:
    """The first and the last day of the life within the period and the schedule's days, each with month and day."""

    def parts(day: int) -> Triple:
        date = day_of(day)
        return sql.whole(day), sql.whole(date.year * 12 + date.month - 1), sql.whole(date.day)

    def life(end: str) -> Triple:
        return tuple(sql.column(f"life#{end}{part}", "t") for part in ("", "#m", "#d"))  # type: ignore[return-value]

    def outermost(operator: str, options: list[Triple]) -> Triple:
        def beats(own: Triple) -> Sql:
            return sql.all_of(sql.compare(operator, own[0], other[0]) for other in options if other is not own)

        chosen = [sql.case([(beats(option), option[part]) for option in options]) for part in range(3)]
        return chosen[0], chosen[1], chosen[2]

    first = outermost(">=", [(p["first"], p["first#m"], sql.whole(1)), life("from"), parts(span.first)])
    last = outermost("<=", [(p["last"], p["last#m"], p["last#d"]), life("to"), parts(span.last)])
    return first, last


class GrainCompiler:
    """Compiles the clauses of one grain and version."""

    def __init__(
        self,
        version: Version,
        shape: RosterShape,
        end: End,
        span: Span,
        in_force: Span,
        aggregate_span: Span,
        clause_rows: Callable[[str], str | None],
    ) -> None:
        self.version = version
        self.shape = shape
        self.end = end
        self.span = span  # of the whole schedule
        self.in_force = in_force  # of this version
        self.aggregate_span = aggregate_span
        self.clause_rows = clause_rows

    def rows(self, layers: Layers, table: str) -> RowCompiler:
        return RowCompiler(self.version, self.shape, layers, table, self.end, self.aggregated, self.clause_rows)

    def aggregated(self, aggregate: Aggregate) -> exp.Select:
        """Columns link, period (where the aggregate has one), result, rows: one row per link and period."""
        over, every = aggregate.over, aggregate.every
        if every:
            layers = period_rows(self.version, self.shape, over, every, self.aggregate_span, "last_day")
        else:
            layers = plain_rows(self.version, self.shape, over)
        rows = self.rows(layers, over)
        counts = sql.boolean(True) if aggregate.where is None else rows.condition(aggregate.where)
        measure = sql.whole(1) if aggregate.measure is None else rows.number(aggregate.measure)
        chosen = [("link", ref(aggregate.link)), ("count", ref(COUNT)), ("counts", counts), ("measure", measure)]
        if every:
            chosen.append(("period", ref(PERIOD)))
        inner = layers.query(chosen)
        return _grouped(inner, aggregate.kind, bool(every))

    def compile(self, grain: Grain, clauses: list[CheckedClause], limits: Iterable[CheckedLimit]) -> CompiledGrain:
        layers = self._base(grain, clauses[0])
        rows = self.rows(layers, grain.table)
        columns = {clause.name: self._clause(clause, rows, list(limits)) for clause in clauses}
        in_force = sql.all_of(
            [
                sql.is_known(ref(PERIOD)),
                sql.compare(">=", ref(VERSION_DAY), sql.whole(self.in_force.first)),
                sql.compare("<=", ref(VERSION_DAY), sql.whole(self.in_force.last)),
            ]
        )
        names = list(dict.fromkeys([*HEAD, *(name for one in columns.values() for name in _all_columns(one))]))
        query = layers.query([(name, ref(name)) for name in names], in_force)
        return CompiledGrain(grain, self.version, query, layers, rows, columns, in_force)

    def _base(self, grain: Grain, sample: CheckedClause) -> Layers:
        if grain.every in MONTHS_IN:
            reads_at = grain.reads_at if sample.reads_at is None else "last_day"
            layers = period_rows(self.version, self.shape, grain.table, grain.every, self.span, reads_at)
            if sample.reads_at is not None:
                layers = self._read_on(layers, grain.table, sample.reads_at)
        else:
            layers = self._dated(plain_rows(self.version, self.shape, grain.table), grain.table, sample)
        if sample.version_by is not None:
            by = self.rows(layers, grain.table).value(sample.version_by)
            layers = _rebased(layers, {VERSION_DAY: by.main})
        return layers

    def _read_on(self, layers: Layers, table: str, node: Node) -> Layers:
        date = self.rows(layers, table).value(node)
        assert date.month is not None
        assert date.day_of_month is not None
        return _rebased(layers, {DAY: date.main, DAY_MONTH: date.month, DAY_OF_MONTH: date.day_of_month})

    def _dated(self, layers: Layers, table: str, sample: CheckedClause) -> Layers:
        assert sample.dated is not None
        compiler = self.rows(layers, table)
        dated = compiler.value(sample.dated)
        read = compiler.value(sample.reads_at) if sample.reads_at is not None else dated
        assert dated.month is not None
        assert dated.day_of_month is not None
        assert read.month is not None
        assert read.day_of_month is not None
        return _rebased(
            layers,
            {
                PERIOD: dated.main,
                DUE: dated.main,
                DUE_MONTH: dated.month,
                DUE_DAY: dated.day_of_month,
                VERSION_DAY: dated.main,
                DAY: read.main,
                DAY_MONTH: read.month,
                DAY_OF_MONTH: read.day_of_month,
                FIRST: read.main,
                LAST: read.main,
                MONTH: read.month,
                YEAR: sql.int_div(read.month, sql.whole(12)),
            },
        )

    # --- clauses -----------------------------------------------------------------------------------------------

    def _clause(self, clause: CheckedClause, rows: RowCompiler, limits: list[CheckedLimit]) -> ClauseColumns:
        rows.within(clause.name)
        expose = _Exposer(rows)
        owed = self._owed(clause, rows)
        parts = {payer: expose.fen(node) for payer, node in clause.parts.items()}
        split_keys = tuple(
            expose.value(node) for node in (clause.sharing.keys if clause.sharing else ()) if node.operation != "time"
        )
        mine = [limit for limit in limits if clause.name in limit.model.among]
        return ClauseColumns(
            owed=owed,
            payee=expose.payee(clause),
            facility=expose.value(clause.facility),
            district=expose.value(clause.district),
            places={of: expose.value(node) for of, node in clause.places.items()},
            split_keys=split_keys,
            parts=parts,
            limits={limit.name: self._limit(limit, clause.name, expose) for limit in mine if not limit.is_pot},
            pots={limit.name: expose.rank(limit.by[clause.name], False) for limit in mine if limit.is_pot and limit.by},
        )

    def _limit(self, limit: CheckedLimit, clause: str, expose: _Exposer) -> LimitColumns:
        keys = tuple(expose.value(node) for node in limit.keys[clause])
        by = expose.rank(limit.by[clause], limit.keep == "most") if limit.by else ""
        ceiling = ""
        if limit.ceiling:
            node = limit.ceiling[clause]
            ceiling = expose.value(node) if limit.counts_months else expose.fen(node)
        return LimitColumns(keys, by, ceiling)

    def _owed(self, clause: CheckedClause, rows: RowCompiler) -> str:
        layers = rows.layers
        conditions = [
            ref(layers.put(f"when:{clause.name}:{i}", rows.condition(node))) for i, node in enumerate(clause.when)
        ]
        amount = ref(layers.put(f"amount:{clause.name}", self._amount(clause, rows)))
        pays = ref(layers.put(f"pays:{clause.name}", sql.all_of(conditions)))
        branches = [(pays, amount), (sql.negation(pays), sql.whole(0))]
        nothing = self._knowingly_nothing(clause, rows, conditions)
        if nothing is not None:
            branches.append((nothing, sql.whole(0)))
        return layers.put(f"owed:{clause.name}", sql.case(branches))

    def _amount(self, clause: CheckedClause, rows: RowCompiler) -> Sql:
        """The amount in fen; missing where a payer's part of it is."""
        amount = rows.number_at(clause.amount, 100)
        if not clause.parts:
            return amount
        known = sql.all_of(sql.is_known(rows.number(part)) for part in clause.parts.values())
        return sql.case([(known, amount)])

    def _knowingly_nothing(self, clause: CheckedClause, rows: RowCompiler, conditions: list[Sql]) -> Sql | None:
        """True where the first missing condition is so because a fact is blank that may be nothing."""
        branches = []
        for node, condition in zip(clause.when, conditions, strict=True):
            if node.type.can_be_missing:
                missing = sql.any_of(tree for _, tree in missing_facts(node, rows))
                nothing = sql.any_of(_nothing_there(node, rows))
                branches.append((sql.is_missing(condition), sql.all_of([nothing, sql.negation(missing)])))
        return sql.case(branches) if branches else None


def missing_facts(node: Node, rows: RowCompiler) -> list[tuple[Node, Sql]]:
    """The facts and look-ups whose absence is a finding, each with the condition that it is missing there."""
    found = []
    for leaf in _cells(node):
        if not leaf.type.can_be_missing:
            continue
        if leaf.fact is not None and leaf.fact.column.blank == "none":
            continue
        tree = sql.is_missing(rows.value(leaf).main)
        present = [*_blank_references(leaf, rows), *_known_keys(leaf, rows)]
        found.append((leaf, sql.all_of([tree, *present]) if present else tree))
    return found


def _known_keys(leaf: Node, rows: RowCompiler) -> list[Sql]:
    """That the keys of a look-up are known: without them it is they that are missing, not the figure."""
    keys = [key for key in leaf.arguments if key.type.can_be_missing] if leaf.operation in ("value", "slices") else []
    return [sql.is_known(rows.layers.hoisted(rows.value(key).main)) for key in keys]


def _nothing_there(node: Node, rows: RowCompiler) -> list[Sql]:
    """For each fact that may knowingly be nothing, itself or by a reference on the way: that it is."""
    found = []
    for leaf in _cells(node):
        if leaf.fact is not None and leaf.fact.column.blank == "none":
            found.append(sql.is_missing(rows.value(leaf).main))
        found += [sql.negation(known) for known in _blank_references(leaf, rows)]
    return found


def _cells(node: Node) -> list[Node]:
    """Facts first, then the look-ups that read them, so that a blank cell is named before the look-up it spoils."""
    found: dict[int, Node] = {}
    steps: set[int] = set()

    def read(inner: Node) -> None:
        for leaf in inner.leaves():
            if leaf.operation != "step":
                found.setdefault(id(leaf), leaf)
            elif id(leaf) not in steps:
                steps.add(id(leaf))
                read(leaf.arguments[0])

    read(node)
    return list(found.values())


def _blank_references(leaf: Node, rows: RowCompiler) -> list[Sql]:
    """For each reference on the way that may be nothing: that it is something."""
    if leaf.fact is None:
        return []
    conditions, table = [], rows.table
    for index, (hop, to) in enumerate(leaf.fact.hops):
        if rows.version.tables[table].columns[hop].blank == "none":
            cell = rows.cell(leaf.fact.hops[:index], table, hop, Type("text"))
            conditions.append(sql.is_known(ref(cell)))
        table = to
    return conditions


class _Exposer:
    """Names the columns under which results leave the grain."""

    def __init__(self, rows: RowCompiler) -> None:
        self.rows = rows

    def value(self, node: Node | None) -> str:
        return self.rows.layers.named(sql.missing_text() if node is None else self.rows.value(node).main)

    def payee(self, clause: CheckedClause) -> str:
        """The payee; where the facility is the default but there is none, the subject itself."""
        named = self.rows.value(clause.payee).main
        by_default = clause.facility is not None and (clause.model.pay is None or clause.model.pay.to is None)
        return self.rows.layers.named(sql.first_known(named, ref(SUBJECT)) if by_default else named)

    def fen(self, node: Node) -> str:
        return self.rows.layers.named(self.rows.number_at(node, 100))

    def rank(self, node: Node, largest_first: bool) -> str:
        tree = self.rows.value(node).main
        if node.type.kind == "yes_no":
            yes, no = (1, 0) if largest_first else (0, 1)
            tree = sql.case([(tree, sql.whole(yes)), (sql.negation(tree), sql.whole(no))])
        return self.rows.layers.named(tree)


def _all_columns(columns: ClauseColumns) -> list[str]:
    limits = [name for one in columns.limits.values() for name in (*one.keys, one.by, one.ceiling) if name]
    return [
        columns.owed,
        columns.payee,
        columns.facility,
        columns.district,
        *columns.places.values(),
        *columns.split_keys,
        *columns.parts.values(),
        *limits,
        *columns.pots.values(),
    ]


def _rebased(layers: Layers, columns: Mapping[str, Sql]) -> Layers:
    """The rows so far as the base of further layers, with these columns added or replaced."""
    kept = [name for name in layers.level if name not in columns]
    base = layers.query([*((name, ref(name)) for name in kept), *columns.items()])
    return Layers(base, [*kept, *columns])


def _grouped(inner: exp.Select, kind: str, has_period: bool) -> exp.Select:
    counts, measure, count = (sql.column(name, "r") for name in ("counts", "measure", "count"))
    keys = ["link", "period"] if has_period else ["link"]
    unclear = sql.any_of([sql.is_missing(counts), sql.all_of([counts, sql.is_missing(measure)])])
    unknown = sql.total(sql.case([(unclear, sql.whole(1))], sql.whole(0)))
    all_known = sql.compare("=", unknown, sql.whole(0))
    how_many = sql.total(sql.case([(counts, count)], sql.whole(0)))
    summed = sql.total(sql.case([(counts, sql.mul(measure, count))], sql.whole(0)))
    chosen = sql.case([(counts, measure)])
    result = {
        "count": how_many,
        "sum": summed,
        "average": summed,
        "min": sql.lowest(chosen),
        "max": sql.highest(chosen),
    }[kind]
    some_rows = sql.all_of([all_known, sql.compare(">", how_many, sql.whole(0))])
    columns = [
        *(sql.alias(sql.column(key, "r"), key) for key in keys),
        sql.alias(sql.case([(all_known, result)]), "result"),
        sql.alias(sql.case([(some_rows, how_many)]), "rows"),
    ]
    where = sql.is_known(sql.column("link", "r"))
    return sql.select(columns, sql.subquery(inner, "r"), where=where, group=[sql.column(key, "r") for key in keys])
