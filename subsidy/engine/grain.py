"""One grain: the rows of a table in the periods of one kind, with the columns of every clause that is read there."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from sqlglot import exp

from subsidy import sql
from subsidy.engine.aggregate import addend_query, aggregate_query
from subsidy.engine.base import (
    COUNT,
    COUNTED,
    DUE,
    DUE_DAY,
    DUE_MONTH,
    PERIOD,
    SUBJECT,
    VERSION_DAY,
    RowNumbers,
    dated_rows,
    period_rows,
    plain_rows,
    rebased,
)
from subsidy.engine.blanks import missing_facts, nothing_there
from subsidy.engine.calendar import Span
from subsidy.engine.cells import DAY, DAY_MONTH, DAY_OF_MONTH, End, RosterShape
from subsidy.engine.layers import Layers, ref
from subsidy.engine.row import RowCompiler
from subsidy.schedule.checked import CheckedAllocation, CheckedClause, CheckedClawback, CheckedLimit, Reach
from subsidy.schedule.column import MONTHS_IN
from subsidy.schedule.load import Version
from subsidy.schedule.node import Aggregate, Node
from subsidy.sql import Sql

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
class AllocationColumns:
    """Where what a sum is distributed by stands: whether a row takes part, and its numbers."""

    pays: str
    sum: str
    keys: tuple[str, ...]
    factors: tuple[tuple[str, str], ...]  # (amount, weight of the factor)
    coefficient: str
    floor: str
    ceiling: str

    @property
    def names(self) -> list[str]:
        pairs = [name for pair in self.factors for name in pair]
        return [
            name
            for name in (self.pays, self.sum, *self.keys, *pairs, self.coefficient, self.floor, self.ceiling)
            if name
        ]


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
    chunk: str
    clawback: tuple[str, ...]  # the day, its month and day of the month, the share; empty where nothing is taken back
    limits: Mapping[str, LimitColumns]
    pots: Mapping[str, str]
    allocation: AllocationColumns | None

    @property
    def needed(self) -> list[str]:
        """All columns of the grain that what follows needs."""
        return [self.owed, *self.carried, *(self.allocation.names if self.allocation else ())]

    @property
    def carried(self) -> list[str]:
        """The columns that go along with each amount, each once."""
        limits = [name for one in self.limits.values() for name in (*one.keys, one.by, one.ceiling)]
        names = [
            self.payee,
            self.facility,
            self.district,
            *self.places.values(),
            *self.split_keys,
            *self.parts.values(),
            self.chunk,
            *self.clawback,
            *limits,
            *self.pots.values(),
        ]
        return [name for name in dict.fromkeys(names) if name]


@dataclass(frozen=True)
class CompiledGrain:
    grain: Grain
    version: Version
    names: tuple[str, ...]  # the columns of the query
    query: exp.Select
    layers: Layers
    rows: RowCompiler
    columns: Mapping[str, ClauseColumns]
    in_force: Sql


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
        """Columns link, period (where it has one), result and what belongs to it: one row per link and period."""
        return aggregate_query(aggregate, self.addends(aggregate))

    def addends(self, aggregate: Aggregate) -> exp.Select:
        """The rows behind an aggregate; see `addend_query`."""
        over, every = aggregate.over, aggregate.each or aggregate.every
        if aggregate.by is not None:
            plain = plain_rows(self.version, self.shape, over)
            day = self.rows(plain, over).value(aggregate.by)
            layers = dated_rows(plain, day, day)
        elif every:
            always = bool(aggregate.each) or self.version.tables[over].is_timeless
            layers = period_rows(self.version, self.shape, over, every, self.aggregate_span, always=always)
        else:
            layers = plain_rows(self.version, self.shape, over)
        return addend_query(aggregate, self.rows(layers, over))

    def compile(self, grain: Grain, clauses: list[CheckedClause], limits: Iterable[CheckedLimit]) -> CompiledGrain:
        layers = self._base(grain, clauses[0])
        rows = self.rows(layers, grain.table)
        columns = {clause.name: self._clause(clause, rows, list(limits)) for clause in clauses}
        days = [
            sql.is_known(ref(PERIOD)),
            sql.compare(">=", ref(VERSION_DAY), sql.whole(self.in_force.first)),
            sql.compare("<=", ref(VERSION_DAY), sql.whole(self.in_force.last)),
        ]
        in_force = sql.all_of([*days, *_placed(clauses[0])])
        names = list(dict.fromkeys([*HEAD, *(name for one in columns.values() for name in one.needed)]))
        query = layers.query([(name, ref(name)) for name in names], in_force)
        return CompiledGrain(grain, self.version, tuple(names), query, layers, rows, columns, in_force)

    def rows_with(self, compiled: CompiledGrain, numbers: RowNumbers) -> Layers:
        """The columns of a grain of periods, on rows that bring numbers along."""
        sample = compiled.version.clauses[next(iter(compiled.columns))]
        return compiled.layers.on(self._base(compiled.grain, sample, numbers))

    def _base(self, grain: Grain, sample: CheckedClause, numbers: RowNumbers | None = None) -> Layers:
        if grain.every in MONTHS_IN:
            reads_at = grain.reads_at if sample.reads_at is None else "last_day"
            span = self.span
            layers = period_rows(
                self.version, self.shape, grain.table, grain.every, span, reads_at, numbers=numbers
            )
            if sample.reads_at is not None:
                layers = self._read_on(layers, grain.table, sample.reads_at)
        else:
            layers = self._dated(plain_rows(self.version, self.shape, grain.table), grain.table, sample)
        if sample.version_by is not None:
            by = self.rows(layers, grain.table).value(sample.version_by)
            layers = rebased(layers, {VERSION_DAY: by.main})
        return layers

    def _read_on(self, layers: Layers, table: str, node: Node) -> Layers:
        date = self.rows(layers, table).value(node)
        assert date.month is not None
        assert date.day_of_month is not None
        return rebased(layers, {DAY: date.main, DAY_MONTH: date.month, DAY_OF_MONTH: date.day_of_month})

    def _dated(self, layers: Layers, table: str, sample: CheckedClause) -> Layers:
        assert sample.dated is not None
        compiler = self.rows(layers, table)
        dated = compiler.value(sample.dated)
        return dated_rows(layers, dated, compiler.value(sample.reads_at) if sample.reads_at is not None else dated)

    # --- clauses -----------------------------------------------------------------------------------------------

    def _clause(self, clause: CheckedClause, rows: RowCompiler, limits: list[CheckedLimit]) -> ClauseColumns:
        rows.within(clause.name)
        expose = _Exposer(rows)
        owed = self._owed(clause, rows)
        parts = {payer: expose.fen(node) for payer, node in clause.parts.items()}
        mine = [limit for limit in limits if clause.name in limit.model.among]
        return ClauseColumns(
            owed=owed,
            payee=expose.payee(clause),
            facility=expose.value(clause.facility),
            district=expose.value(clause.district),
            places={of: expose.value(node) for of, node in clause.places.items()},
            split_keys=expose.split_keys(clause),
            parts=parts,
            chunk=expose.fen(clause.instalments.chunk) if clause.instalments and clause.instalments.chunk else "",
            clawback=expose.clawback(clause.clawback) if clause.clawback else (),
            limits={limit.name: self._limit(limit, clause, expose) for limit in mine if not limit.is_pot},
            pots={limit.name: self._rank(limit, clause.name, expose) for limit in mine if limit.is_pot and limit.by},
            allocation=self._allocation(clause, clause.allocation, expose) if clause.allocation else None,
        )

    def _allocation(self, clause: CheckedClause, allocation: CheckedAllocation, expose: _Exposer) -> AllocationColumns:
        scale = math.lcm(*(weight.type.scale for _, weight in allocation.factors.values()))
        return AllocationColumns(
            pays=f"pays:{clause.name}",
            sum=expose.fen(allocation.sum),
            keys=tuple(expose.value(key) for key in allocation.keys),
            factors=tuple(
                (expose.value(amount), expose.scaled(weight, scale)) for amount, weight in allocation.factors.values()
            ),
            coefficient=expose.value(allocation.coefficient) if allocation.coefficient else "",
            floor=expose.fen(allocation.floor) if allocation.floor else "",
            ceiling=expose.fen(allocation.ceiling) if allocation.ceiling else "",
        )

    def _rank(self, pot: CheckedLimit, clause: str, expose: _Exposer) -> str:
        """What a pot ranks a clause by; one of another schedule as its last version says that names the clause."""
        said = [one for _, one in pot.dated if clause in one.model.among] or [pot]
        return expose.rank(said[-1].by[clause], False)

    def _limit(self, limit: CheckedLimit, clause: CheckedClause, expose: _Exposer) -> LimitColumns:
        """The columns of a limit. One of another schedule has its keys only where and when that is in force."""
        if not limit.dated:
            return self._limit_columns(limit, clause.name, expose)
        there = [
            (self._within(reach, clause, expose.rows), self._limit_columns(one, clause.name, expose))
            for reach, one in limit.dated
            if clause.name in one.model.among
        ]

        def chosen(names: Iterable[str]) -> str:
            branches = [(within, ref(name)) for (within, _), name in zip(there, names, strict=True)]
            return expose.rows.layers.named(sql.case(branches))

        return LimitColumns(
            tuple(map(chosen, zip(*(columns.keys for _, columns in there), strict=True))),
            chosen(columns.by for _, columns in there) if limit.by else "",
            chosen(columns.ceiling for _, columns in there) if limit.ceiling else "",
        )

    def _limit_columns(self, limit: CheckedLimit, clause: str, expose: _Exposer) -> LimitColumns:
        keys = tuple(expose.value(node) for node in limit.keys.get(clause, ()))
        by = expose.rank(limit.by[clause], limit.keep == "most") if limit.by else ""
        ceiling = ""
        if limit.ceiling:
            node = limit.ceiling[clause]
            ceiling = expose.fen(node) if limit.counts == "money" else expose.value(node)
        return LimitColumns(keys, by, ceiling)

    def _within(self, reach: Reach, clause: CheckedClause, rows: RowCompiler) -> Sql:
        """That a row's date and district are those of a version of another schedule."""
        days = Span.between(reach.first, reach.last)
        conditions = [
            sql.compare(">=", ref(DUE), sql.whole(days.first)),
            sql.compare("<=", ref(DUE), sql.whole(days.last)),
        ]
        if reach.districts:
            assert clause.district is not None
            district = rows.value(clause.district).main
            conditions.append(sql.any_of(sql.compare("=", district, sql.text(one)) for one in reach.districts))
        return sql.all_of(conditions)

    def _owed(self, clause: CheckedClause, rows: RowCompiler) -> str:
        layers = rows.layers
        conditions = [
            ref(layers.put(f"when:{clause.name}:{i}", rows.condition(node))) for i, node in enumerate(clause.when)
        ]
        amount = ref(layers.put(f"amount:{clause.name}", self._amount(clause, rows)))
        stands: list[Sql] = []
        if clause.replaced_by:
            replaced = [
                (self._within(one.reach, clause, rows), sql.whole(number))
                for number, one in enumerate(clause.replaced_by)
            ]
            stands = [sql.is_missing(ref(layers.put(replaced_column(clause.name), sql.case(replaced))))]
        pays = ref(layers.put(f"pays:{clause.name}", sql.all_of([*stands, *conditions])))
        branches = [(pays, amount), (sql.negation(pays), sql.whole(0))]
        nothing = self._knowingly_nothing(clause, rows, conditions)
        if nothing is not None:
            branches.append((nothing, sql.whole(0)))
        return layers.put(f"owed:{clause.name}", sql.case(branches))

    def _amount(self, clause: CheckedClause, rows: RowCompiler) -> Sql:
        """The amount in fen; missing where a payer's part of it, its chunk or the share taken back is, and where a
        sum is to be distributed over rows that stand for several."""
        amount = rows.number_at(clause.amount, 100)
        known = [sql.is_known(rows.number(node)) for node in clause.made_of]
        if clause.clawback:
            stays = sql.is_missing(rows.value(clause.clawback.on).main)
            known.append(sql.any_of([stays, sql.is_known(rows.number(clause.clawback.share))]))
        if clause.allocation:
            known.append(sql.negation(ref(COUNTED)))
        return sql.case([(sql.all_of(known), amount)]) if known else amount

    def _knowingly_nothing(self, clause: CheckedClause, rows: RowCompiler, conditions: list[Sql]) -> Sql | None:
        """True where the first missing condition is so because a fact is blank that may be nothing."""
        branches = []
        for node, condition in zip(clause.when, conditions, strict=True):
            if node.type.can_be_missing:
                missing = sql.any_of(tree for _, tree in missing_facts(node, rows))
                nothing = sql.any_of(nothing_there(node, rows))
                branches.append((sql.is_missing(condition), sql.all_of([nothing, sql.negation(missing)])))
        return sql.case(branches) if branches else None


def replaced_column(clause: str) -> str:
    """The column with the number of the replacement that is paid instead of a clause; missing where none is."""
    return f"replaced:{clause}"


def _placed(sample: CheckedClause) -> list[Sql]:
    """That a row exists for a document of some districts: it stands in one of them, or in none that is known."""
    placed = ref(f"when:{sample.name}:0")
    return [sql.any_of([placed, sql.is_missing(placed)])] if sample.districts else []


class _Exposer:
    """Names the columns under which results leave the grain."""

    def __init__(self, rows: RowCompiler) -> None:
        self.rows = rows

    def value(self, node: Node | None) -> str:
        return self.rows.layers.named(sql.missing_text() if node is None else self.rows.value(node).main)

    def split_keys(self, clause: CheckedClause) -> tuple[str, ...]:
        """What the shares of the payers are looked up by, apart from words of time: these are of the due day."""
        if clause.sharing is None or not clause.sharing.value:
            return ()
        checker = self.rows.version.checker
        node = checker.shares_of(clause.sharing)
        keys = zip(clause.sharing.keys, checker.figures_of(node).forms, strict=False)  # the last form is the payer's
        trees = [self.rows.key(key, form.texts) for key, form in keys if key.operation != "time"]
        return tuple(self.rows.layers.named(tree) for tree in trees)

    def payee(self, clause: CheckedClause) -> str:
        """The payee; where the facility is the default but there is none, the subject itself."""
        named = self.rows.value(clause.payee).main
        by_default = clause.facility is not None and (clause.model.pay is None or clause.model.pay.to is None)
        fact, shape = clause.payee.fact, self.rows.shape
        is_own = fact is not None and not (fact.hops or fact.history)
        is_there = is_own and fact is not None and shape.is_filled(fact.table, fact.column_name)
        return self.rows.layers.named(sql.first_known(named, ref(SUBJECT)) if by_default and not is_there else named)

    def clawback(self, clawback: CheckedClawback) -> tuple[str, ...]:
        day = self.rows.value(clawback.on)
        trees = (day.main, day.month, day.day_of_month, self.rows.number(clawback.share))
        return tuple(self.rows.layers.named(tree) for tree in trees if tree is not None)

    def fen(self, node: Node) -> str:
        return self.scaled(node, 100)

    def scaled(self, node: Node, scale: int) -> str:
        return self.rows.layers.named(self.rows.number_at(node, scale))

    def rank(self, node: Node, largest_first: bool) -> str:
        tree = self.rows.value(node).main
        if node.type.kind == "yes_no":
            yes, no = (1, 0) if largest_first else (0, 1)
            tree = sql.case([(tree, sql.whole(yes)), (sql.negation(tree), sql.whole(no))])
        return self.rows.layers.named(tree)
