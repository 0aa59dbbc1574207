"""The plan of a calculation: every query from facts to payers' parts, in order, made once for a schedule and a
shape of roster and used again for every roster of that shape."""

from __future__ import annotations

import functools
from collections.abc import Hashable, Sequence
from dataclasses import dataclass, field
from typing import Any

from subsidy import sql
from subsidy.engine.allocations import AllocationStep, with_allocated
from subsidy.engine.calendar import EVER, Span
from subsidy.engine.cells import DAY, DAY_MONTH, DAY_OF_MONTH, FIRST, LAST, MONTH, YEAR, End, RosterShape, roster_table
from subsidy.engine.database import Database, Kind, Query
from subsidy.engine.grain import CompiledGrain, Grain, GrainCompiler
from subsidy.engine.instalments import every_instalment, instalment_query, paid_instalments, with_recoveries
from subsidy.engine.layers import FARTHEST, Layers, ref
from subsidy.engine.limit_plan import SharedLimit, plan_limits
from subsidy.engine.line_sums import can_be_summed_first, line_query, narrow_line_query, sums_of_view
from subsidy.engine.lines import (
    PART_COLUMNS,
    Ledger,
    LineSource,
    is_divided_alike,
    ledger_columns,
    ledger_query,
    line_order,
    numbered,
    parts_query,
    row_parts_query,
)
from subsidy.engine.narrow import Coded, Narrow
from subsidy.engine.narrow_choice import chosen_narrow
from subsidy.finding import Finding, Place, ScheduleError, Text
from subsidy.schedule.catalogue import Schedule
from subsidy.schedule.checked import CheckedClause, CheckedLimit
from subsidy.schedule.load import Version


@dataclass(frozen=True)
class Statement:
    """A relation to create, as a query."""

    name: str
    query: Query
    kind: Kind

    def run(self, database: Database) -> None:
        database.create(self.name, self.query, self.kind)


@dataclass(frozen=True)
class PlanKey:
    """What a plan depends on; schedules are told apart by the bytes of their files and their overlays."""

    files: tuple[Hashable, ...]
    beside: tuple[Hashable, ...]
    shared: tuple[str, ...]
    columns: frozenset[tuple[str, frozenset[str]]]
    given: frozenset[tuple[str, frozenset[str]]]
    filled: frozenset[tuple[str, frozenset[str]]]
    few: bool
    end: End
    schedule: Schedule = field(compare=False, repr=False)
    shape: RosterShape = field(compare=False, repr=False)


@dataclass
class Plan:
    """The statements of one calculation, and what its relations hold.

    A stage is what can be calculated without the other schedules: up to the first limit over several, from there to the
    second, and so on.
    """

    schedule: Schedule
    shape: RosterShape
    end: End
    stages: list[list[Statement | AllocationStep]] = field(default_factory=lambda: [[]])
    shared: dict[str, SharedLimit] = field(default_factory=dict)
    grains: list[tuple[CompiledGrain, str]] = field(default_factory=list)
    amounts: dict[str, str] = field(default_factory=dict)  # by grain: where its amounts stand, if not in it
    ledgers: list[Ledger] = field(default_factory=list)
    limit_tables: dict[str, tuple[CheckedLimit, str]] = field(default_factory=dict)
    limit_steps: dict[str, list[tuple[str, str]]] = field(default_factory=dict)  # ledgers before and after a limit
    excesses: dict[str, sql.Sql] = field(default_factory=dict)
    sources: list[LineSource] = field(default_factory=list)
    pots: tuple[str, ...] = ()
    dues: dict[tuple[int, str], str] = field(default_factory=dict)  # version and clause -> its units by due day

    def named(self, *words: object) -> str:
        return ":".join((self.end, *(str(word) for word in words)))

    def source_of(self, ledger: Ledger) -> LineSource:
        """What the payment lines of a ledger are made of."""
        return next(one for one in self.sources if one.ledger is ledger)

    @property
    def parts(self) -> str:
        return self.named("parts")

    @functools.cached_property
    def span(self) -> Span:
        spans = self.in_force
        return Span(spans[0].first, spans[-1].last)

    @functools.cached_property
    def in_force(self) -> tuple[Span, ...]:
        return tuple(Span.between(first, last) for _, first, last in self.schedule.periods())

    def create(self, name: str, query: sql.Sql, kind: Kind = "table") -> str:
        self.stages[-1].append(Statement(name, Query(query), kind))
        return name

    def view(self, name: str, query: sql.Sql) -> str:
        return self.create(name, query, "view")


def plan_for(schedule: Schedule, shape: RosterShape, end: End) -> Plan:
    """The plan for a schedule, a shape of roster, and one end of open amounts."""
    return _plan(_plan_key(schedule, shape, end))


def kept_for(schedule: Schedule, shape: RosterShape) -> dict[tuple[object, ...], Any]:
    """A place for what is made once for a schedule and a shape of roster, beside the plan."""
    return _kept(_plan_key(schedule, shape, "high"))


def _plan_key(schedule: Schedule, shape: RosterShape, end: End) -> PlanKey:
    files = tuple(version.identity for version in schedule.versions)
    columns, given, filled = (frozenset(one.items()) for one in (shape.columns, shape.given, shape.filled))
    return PlanKey(files, schedule.beside, schedule.shared, columns, given, filled, shape.few, end, schedule, shape)


@functools.lru_cache(maxsize=64)
def _kept(key: PlanKey) -> dict[tuple[object, ...], Any]:
    return {}


@functools.lru_cache(maxsize=64)
def _plan(key: PlanKey) -> Plan:
    plan = Plan(key.schedule, key.shape, key.end)
    plan.pots = _pot_names(key.schedule)
    _plan_grains(plan)
    plan_limits(plan)
    _plan_parts(plan)
    return plan


def _pot_names(schedule: Schedule) -> tuple[str, ...]:
    names = [name for version in schedule.versions for name, one in version.limits.items() if one.is_pot and one.by]
    return tuple(dict.fromkeys(names))


# --- grains --------------------------------------------------------------------------------------------------------


def clauses_read(clause: CheckedClause) -> list[tuple[str, bool]]:
    """The clauses whose amounts a clause reads, and whether from its own row (not through a reference)."""
    leaves = [leaf for node in clause.expressions for leaf in node.all_leaves() if leaf.operation == "clause"]
    return [(leaf.name.rsplit(".", 1)[-1], not leaf.hops) for leaf in leaves]


def _levels(versions: Sequence[Version]) -> dict[str, int]:
    """How many other grains stand below each clause. Raises ScheduleError for a circle over the versions."""
    edges: dict[str, set[tuple[str, int]]] = {}
    for version in versions:
        for name, clause in version.clauses.items():
            own = edges.setdefault(name, set())
            for read, same_row in clauses_read(clause):
                known_later = version.clauses[read].allocation is not None
                same_grain = same_row and not known_later and Grain.of(version.clauses[read]) == Grain.of(clause)
                own.add((read, 0 if same_grain else 1))
    levels: dict[str, int] = {}

    def level(name: str, entered: tuple[str, ...]) -> int:
        if name in entered:
            circle = " → ".join([*entered[entered.index(name) :], name])
            why = Text(f"各版本合起来循环引用：{circle}", f"over its versions these read each other: {circle}")
            remedy = Text("请给改动的条款另起名称", "give the changed clause a new name")
            raise ScheduleError([Finding(Place(), "circle", why, remedy)])
        if name not in levels:
            found = [level(read, (*entered, name)) + more for read, more in edges.get(name, ())]
            levels[name] = max(found, default=0)
        return levels[name]

    for name in edges:
        level(name, ())
    return levels


def _in_order_of_reading(clauses: Sequence[CheckedClause]) -> list[CheckedClause]:
    by_name = {clause.name: clause for clause in clauses}
    ordered: dict[str, CheckedClause] = {}

    def add(clause: CheckedClause) -> None:
        if clause.name in ordered:
            return
        for read, same_row in clauses_read(clause):
            if same_row and read in by_name:
                add(by_name[read])
        ordered[clause.name] = clause

    for clause in clauses:
        add(clause)
    return list(ordered.values())


def _plan_grains(plan: Plan) -> None:
    versions = plan.schedule.versions
    stages: dict[tuple[int, Grain], dict[int, list[CheckedClause]]] = {}
    levels = _levels(versions)
    for index, version in enumerate(versions):
        for name, clause in version.clauses.items():
            if plan.shape.has(clause.table):
                stages.setdefault((levels[name], Grain.of(clause)), {}).setdefault(index, []).append(clause)
    groups = [
        (grain, index, _in_order_of_reading(clauses))
        for (_, grain), by_version in sorted(stages.items(), key=lambda item: item[0])
        for index, clauses in by_version.items()
    ]
    narrow = {} if plan.shape.few else chosen_narrow(versions, groups, plan.schedule.shared)
    for number, (grain, index, clauses) in enumerate(groups):
        _plan_grain(plan, grain, index, clauses, narrow.get(number))


def _plan_grain(plan: Plan, grain: Grain, index: int, clauses: list[CheckedClause], narrow: Coded | None) -> None:
    """`narrow`: which keys of its limits go by number, if the grain is to be held narrow."""
    version = plan.schedule.versions[index]
    own = {clause.name for clause in clauses}

    def clause_rows(name: str) -> str | None:
        return None if name in own else _clause_relation(plan, name)

    compiler = GrainCompiler(version, plan.shape, plan.end, plan.span, plan.in_force[index], EVER, clause_rows)
    compiled = compiler.compile(grain, clauses, version.limits.values())
    relation = plan.named("grain", len(plan.grains))
    if narrow is not None:
        _plan_narrow(plan, compiler, clauses, index, Narrow.of(compiled, compiler, relation, narrow))
        return
    allocations = _plan_allocations(plan, compiled, clauses, relation)
    kind = _grain_kind(clauses, compiled)
    if not allocations:
        plan.create(relation, compiled.query, kind)
    plan.grains.append((compiled, relation))
    for clause in clauses:
        name = plan.named("ledger", index, clause.name)
        allocated = allocations.get(clause.name, "")
        columns, is_view = compiled.columns[clause.name], kind == "view" and not allocations
        ledger = Ledger(name, clause, version, index, columns, compiled, allocated, is_view)
        plan.view(ledger.relation, ledger_query(ledger, relation))
        plan.ledgers.append(ledger)


def _plan_narrow(
    plan: Plan, compiler: GrainCompiler, clauses: Sequence[CheckedClause], index: int, narrow: Narrow
) -> None:
    """The relations of a grain that is held narrow, and its ledgers: each narrow and, for those who ask, wide."""
    compiled = narrow.compiled
    plan.create(narrow.numbers, narrow.numbers_query(compiler))
    plan.view(narrow.rows, narrow.rows_query(compiler))
    plan.create(narrow.amounts, narrow.amounts_query(compiler))
    plan.view(narrow.relation, narrow.grain_query())
    plan.grains.append((compiled, narrow.relation))
    plan.amounts[narrow.relation] = narrow.amounts
    for clause in clauses:
        columns = compiled.columns[clause.name]
        name, held = (plan.named(kind, index, clause.name) for kind in ("ledger", "held"))
        plan.view(held, narrow.ledger_query(columns))
        plan.view(name, narrow.wide_ledger(held, columns))
        plan.ledgers.append(Ledger(name, clause, compiled.version, index, columns, compiled, narrow=narrow, held=held))


def _grain_kind(clauses: Sequence[CheckedClause], compiled: CompiledGrain) -> Kind:
    """A table where several queries read its rows: the limits, or the payment lines of more than one clause.

    Also where a condition on its rows would be written out too far: the database puts one into a view column by column.
    """
    limited = any(columns.limits for columns in compiled.columns.values())
    return "table" if limited or len(clauses) > 1 or compiled.layers.unfolded() > FARTHEST else "view"


def _plan_allocations(
    plan: Plan, compiled: CompiledGrain, clauses: list[CheckedClause], relation: str
) -> dict[str, str]:
    """Where the grain's clauses distribute sums: the steps that do so; the relation of each clause's recipients."""
    distributing = [(clause.name, clause.allocation) for clause in clauses if clause.allocation is not None]
    if not distributing:
        return {}
    asked = plan.create(f"{relation}/asked", compiled.query)
    steps = {}
    for name, allocation in distributing:
        columns = compiled.columns[name]
        assert columns.allocation is not None
        steps[name] = AllocationStep(f"{relation}/{name}", asked, columns.owed, columns.allocation, allocation.step)
    plan.stages[-1] += steps.values()
    plan.create(relation, with_allocated(compiled, asked, list(steps.values())))
    return {name: step.name for name, step in steps.items()}


def _clause_relation(plan: Plan, name: str) -> str:
    """Subject, period and amount of a clause over all versions."""
    column = f"owed:{name}"
    found = [relation for compiled, relation in plan.grains if name in compiled.columns]
    empty = sql.inline_rows(["#subject", "#period", column], [["", 0, 0]], "e")
    queries = [
        sql.select([sql.column("#subject"), sql.column("#period"), sql.column(column)], sql.table(relation))
        for relation in found
    ] or [sql.select([sql.all_columns()], empty, where=sql.boolean(False))]
    return plan.view(plan.named("clause", name), sql.union_all(queries))


# --- lines and parts -----------------------------------------------------------------------------------------------


def _plan_parts(plan: Plan) -> None:
    queries = [query for ledger in plan.ledgers if ledger.clause.model.cash for query in [_parts_of(plan, ledger)]]
    if not queries:
        texts = {"clause", "payee", "facility", "district", "payer", "place"}
        columns = [
            sql.alias(sql.missing_text() if name in texts else sql.missing(), name)
            for name in (*PART_COLUMNS, *(f"pot:{pot}" for pot in plan.pots))
        ]
        nothing = sql.inline_rows(["nothing"], [[0]], "e")
        queries = [sql.select(columns, nothing, where=sql.boolean(False))]
    by_windows = any(not is_divided_alike(ledger) for ledger in plan.ledgers if ledger.clause.model.cash)
    plan.create(plan.parts, sql.union_all(queries), "table" if by_windows else "quick")


def _parts_of(plan: Plan, ledger: Ledger) -> Any:
    names = ledger_columns(ledger)
    relation = ledger.relation
    if ledger.clause.instalments is not None:
        relation = instalments(plan, ledger)
        names = [*names, "instalment"]
    if ledger.clause.clawback is not None:
        relation = plan.create(f"{relation}/recovered", with_recoveries(ledger, relation, names), "step")
    plan.dues[ledger.version_index, ledger.clause.name] = relation
    if ledger.clause.parts:
        divided = row_parts_query(ledger, sql.table(relation, "l"), names)
        relation = plan.create(f"{relation}/parts", divided, "step")
    if relation == ledger.relation and ledger.narrow is not None:
        summed = narrow_line_query(ledger, plan.pots)
    elif relation == ledger.relation and ledger.is_view and can_be_summed_first(ledger):
        summed = sums_of_view(ledger, plan.pots)
    else:
        summed = line_query(ledger, sql.table(relation, "l"), plan.pots)
    lines = numbered(summed, line_order(ledger))
    line_table = plan.create(plan.named("lines", ledger.version_index, ledger.clause.name), lines, "step")
    plan.sources.append(LineSource(ledger, relation, line_table))
    return parts_query(ledger, line_table, plan.pots)


def instalments(plan: Plan, ledger: Ledger) -> str:
    """The instalments of a ledger whose conditions hold on their due days."""
    due = ledger.clause.instalments
    last: Kind = "step" if ledger.clause.clawback is None else "table"
    assert due is not None
    every = plan.create(every_instalment(ledger), instalment_query(ledger), "step" if due.conditions else last)
    if not due.conditions:
        return every
    layers, columns = due_rows(plan, ledger, every)
    compiler = GrainCompiler(ledger.version, plan.shape, plan.end, EVER, EVER, EVER, lambda _: None)
    rows = compiler.rows(layers, ledger.clause.table)
    holds = sql.all_of(ref(layers.named(rows.condition(node))) for node in due.conditions)
    chosen = [(name, ref(f"i:{name}")) for name in columns]
    return plan.create(paid_instalments(ledger), layers.query(chosen, holds), last)


def due_rows(plan: Plan, ledger: Ledger, relation: str) -> tuple[Layers, list[str]]:
    """Instalments (columns `i:…`) beside the roster row of their subject, read on the due day."""
    columns = [*ledger_columns(ledger), "instalment"]
    table = ledger.clause.table
    shape = plan.shape
    chosen: dict[str, sql.Sql] = {f"i:{name}": sql.column(name, "i") for name in columns}
    for name in sorted(shape.columns[table]):
        given = shape.is_given(table, name.split("#")[0])
        chosen[f"given:{name}" if given else name] = sql.column(name, "t")
    due, month, day = (sql.column(name, "i") for name in ("due", "due#m", "due#d"))
    chosen |= {
        DAY: due,
        DAY_MONTH: month,
        DAY_OF_MONTH: day,
        FIRST: due,
        LAST: due,
        MONTH: month,
        YEAR: sql.int_div(month, sql.whole(12)),
    }
    key = ledger.version.tables[table].key or ""
    on = sql.compare("=", sql.column(key, "t"), sql.column("subject", "i"))
    base = sql.select(
        [sql.alias(tree, name) for name, tree in chosen.items()],
        sql.table(relation, "i"),
        [("inner", sql.table(roster_table(table), "t"), on)],
    )
    return Layers(base, list(chosen)), columns
