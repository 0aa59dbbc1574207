"""One complete calculation in DuckDB: grains, limits, instalments, lines, parts. Pots come after it."""

from __future__ import annotations

import datetime
import functools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from subsidy import sql
from subsidy.engine import calendar
from subsidy.engine.calendar import Span
from subsidy.engine.grain import CompiledGrain, Grain, GrainCompiler, LimitColumns
from subsidy.engine.layers import Layers, ref
from subsidy.engine.limits import Competitor, excess, limited, pieces
from subsidy.engine.lines import (
    PART_COLUMNS,
    Ledger,
    instalment_query,
    ledger_columns,
    ledger_query,
    line_keys,
    line_query,
    numbered,
    parts_query,
    row_parts_query,
)
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
    roster_table,
)
from subsidy.schedule.catalogue import Schedule
from subsidy.schedule.checked import CheckedClause, CheckedLimit
from subsidy.schedule.figures import day_number
from subsidy.schedule.load import Version
from subsidy.schedule.model import PERIODS
from subsidy.schedule.node import Node

if TYPE_CHECKING:
    import duckdb

    from subsidy.roster.intake import Intake

EVER = Span(day_number(datetime.date(1, 1, 1)), calendar.END_OF_TIME)
FARTHEST_YEARS = 10


@functools.cache
def _database() -> duckdb.DuckDBPyConnection:
    import duckdb

    base = duckdb.connect(":memory:")
    base.execute("SET enable_external_access = false")
    base.execute("SET preserve_insertion_order = false")
    base.execute("SET lock_configuration = true")
    return base


@dataclass
class Prepared:
    """A roster at the engine's door: a connection that holds its tables and the calendars."""

    connection: Any
    schedule: Schedule
    intake: Intake
    shape: RosterShape
    has_open: bool
    span: Span
    in_force: tuple[Span, ...]

    def rows(self, query: sql.Sql) -> list[tuple[Any, ...]]:
        return list(self.connection.execute(sql.printed(query)).fetchall())

    def create(self, name: str, query: sql.Sql) -> str:
        self.connection.execute(f'CREATE OR REPLACE TEMP TABLE "{name}" AS {sql.printed(query)}')
        return name

    def view(self, name: str, query: sql.Sql) -> str:
        self.connection.execute(f'CREATE OR REPLACE TEMP VIEW "{name}" AS {sql.printed(query)}')
        return name


def prepare(schedule: Schedule, intake: Intake, year: int) -> Prepared:
    """Put the roster's typed tables and the calendars up to the horizon into a connection of their own."""
    connection = _database().cursor()
    shape = RosterShape(
        {name: frozenset(table.column_names) for name, table in intake.tables.items()}, dict(intake.given)
    )
    for name, table in intake.tables.items():
        connection.register(roster_table(name), table)
    first, last = _years_mentioned(intake, schedule)
    horizon = max(year, min(last, year + FARTHEST_YEARS))
    for name, content in _calendars(min(first, year), horizon).items():
        connection.register(name, content)
    spans = tuple(
        Span(day_number(start), calendar.END_OF_TIME if end is None else day_number(end))
        for _, start, end in schedule.periods()
    )
    return Prepared(
        connection, schedule, intake, shape, _has_open(schedule, intake), Span(spans[0].first, spans[-1].last), spans
    )


@functools.lru_cache(maxsize=16)
def _calendars(first_year: int, last_year: int) -> dict[str, Any]:
    import pyarrow as pa

    tables = {f"calendar:{every}": pa.table(calendar.periods(every, first_year, last_year)) for every in PERIODS}
    return {"months": pa.table(calendar.months(1900, 2210)), **tables}


def _years_mentioned(intake: Intake, schedule: Schedule) -> tuple[int, int]:
    import pyarrow.compute as pc

    years = [schedule.versions[0].first_day.year]
    tables = schedule.latest.tables
    for name, table in intake.tables.items():
        if table.num_rows == 0 or name not in tables:
            continue
        months = [f"{column}#m" for column, model in tables[name].columns.items() if model.type == "date"]
        months += [column for column, model in tables[name].columns.items() if model.type == "month"]
        ends = [(column, 12) for column in months]
        ends += [(column, 1) for column, model in tables[name].columns.items() if model.type == "year"]
        for column, divisor in ends:
            if column in table.column_names:
                found = pc.min_max(pc.if_else(pc.less(table[column], 9999 * divisor), table[column], None)).as_py()
                years += [value // divisor for value in found.values() if value is not None]
    return min(years), max(years)


def _has_open(schedule: Schedule, intake: Intake) -> bool:
    for name, table in intake.tables.items():
        for version in schedule.versions:
            for column, model in version.tables[name].columns.items() if name in version.tables else ():
                if model.blank == "open" and (column not in table.column_names or table[column].null_count):
                    return True
    return False


@dataclass
class Run:
    """The tables of one calculation, with open amounts at one end."""

    prepared: Prepared
    end: End
    grains: list[tuple[CompiledGrain, str]] = field(default_factory=list)
    ledgers: list[Ledger] = field(default_factory=list)
    limit_tables: dict[str, tuple[CheckedLimit, str]] = field(default_factory=dict)
    exceeded: dict[str, int] = field(default_factory=dict)  # by limits that only report, in fen
    pots: tuple[str, ...] = ()

    @property
    def parts(self) -> str:
        return f"{self.end}:parts"

    def named(self, *words: object) -> str:
        return ":".join((self.end, *(str(word) for word in words)))


def calculate(prepared: Prepared, end: End) -> Run:
    """Facts to payers' parts. Tables: one for each grain, ledger and limit, and `parts`."""
    run = Run(prepared, end)
    run.pots = _pot_names(prepared.schedule)
    _calculate_grains(run)
    _apply_limits(run)
    _make_parts(run)
    return run


def _pot_names(schedule: Schedule) -> tuple[str, ...]:
    names = [name for version in schedule.versions for name, one in version.limits.items() if one.is_pot and one.by]
    return tuple(dict.fromkeys(names))


# --- grains --------------------------------------------------------------------------------------------------------


def clauses_read(clause: CheckedClause) -> list[tuple[str, bool]]:
    """The clauses whose amounts a clause reads, and whether from its own row (not through a reference)."""
    nodes = [*clause.when, clause.amount, *clause.parts.values(), *clause.steps.values()]
    return [(leaf.name.rsplit(".", 1)[-1], not leaf.hops) for node in nodes for leaf in _leaves(node)]


def _leaves(node: Node) -> Iterator[Node]:
    if node.operation == "clause":
        yield node
    for argument in node.arguments:
        yield from _leaves(argument)


def _levels(version: Version) -> dict[str, int]:
    """How many other grains stand below each clause."""
    levels: dict[str, int] = {}

    def level(name: str) -> int:
        if name not in levels:
            clause = version.clauses[name]
            own = Grain.of(clause)
            levels[name] = max(
                (
                    level(read) + (0 if same_row and Grain.of(version.clauses[read]) == own else 1)
                    for read, same_row in clauses_read(clause)
                ),
                default=0,
            )
        return levels[name]

    for name in version.clauses:
        level(name)
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


def _calculate_grains(run: Run) -> None:
    versions = run.prepared.schedule.versions
    stages: dict[tuple[int, Grain], dict[int, list[CheckedClause]]] = {}
    all_levels = [_levels(version) for version in versions]
    for index, version in enumerate(versions):
        for name, clause in version.clauses.items():
            if run.prepared.shape.has(clause.table):
                level = max(levels[name] for levels in all_levels if name in levels)
                stages.setdefault((level, Grain.of(clause)), {}).setdefault(index, []).append(clause)
    for (level, grain), by_version in sorted(stages.items(), key=lambda item: item[0]):
        for index, clauses in by_version.items():
            _calculate_grain(run, level, grain, index, _in_order_of_reading(clauses))


def _calculate_grain(run: Run, level: int, grain: Grain, index: int, clauses: list[CheckedClause]) -> None:
    prepared = run.prepared
    version = prepared.schedule.versions[index]
    own = {clause.name for clause in clauses}

    def clause_rows(name: str) -> str | None:
        return None if name in own else _clause_relation(run, name)

    compiler = GrainCompiler(
        version, prepared.shape, run.end, prepared.span, prepared.in_force[index], EVER, clause_rows
    )
    compiled = compiler.compile(grain, clauses, version.limits.values())
    relation = prepared.create(run.named("grain", len(run.grains)), compiled.query)
    run.grains.append((compiled, relation))
    for clause in clauses:
        ledger = Ledger(run.named("ledger", index, clause.name), clause, version, index, compiled.columns[clause.name])
        prepared.view(ledger.relation, ledger_query(ledger, relation))
        run.ledgers.append(ledger)


def _clause_relation(run: Run, name: str) -> str:
    """Subject, period and amount of a clause over all versions."""
    column = f"owed:{name}"
    found = [relation for compiled, relation in run.grains if name in compiled.columns]
    empty = sql.inline_rows(["#subject", "#period", column], [["", 0, 0]], "e")
    queries = [
        sql.select([sql.column("#subject"), sql.column("#period"), sql.column(column)], sql.table(relation))
        for relation in found
    ] or [sql.select([sql.all_columns()], empty, where=sql.boolean(False))]
    return run.prepared.view(run.named("clause", name), sql.union_all(queries))


# --- limits --------------------------------------------------------------------------------------------------------


def _apply_limits(run: Run) -> None:
    merged: dict[str, CheckedLimit] = {}
    for version in run.prepared.schedule.versions:
        merged |= {name: limit for name, limit in version.limits.items() if not limit.is_pot}
    for name, limit in merged.items():
        concerned = [
            index
            for index, ledger in enumerate(run.ledgers)
            if name in ledger.version.limits and ledger.clause.name in ledger.version.limits[name].model.among
        ]
        if concerned:
            _apply_limit(run, name, limit, concerned)


def _competitor(run: Run, ledger: Ledger, limit: CheckedLimit) -> Competitor:
    columns = ledger.columns.limits[limit.name]
    prefixed = LimitColumns(
        tuple(f"x:{key}" for key in columns.keys),
        f"x:{columns.by}" if columns.by else "",
        f"x:{columns.ceiling}" if columns.ceiling else "",
    )
    per_person = "person" in limit.model.per
    own_key = ledger.version.tables[ledger.clause.table].key in limit.model.per
    position = limit.model.among.index(ledger.clause.name) * 1000 + ledger.version_index
    return Competitor(ledger.relation, position, prefixed, own_key or per_person, per_person and not own_key)


def _apply_limit(run: Run, name: str, limit: CheckedLimit, concerned: list[int]) -> None:
    prepared = run.prepared
    competitors = [_competitor(run, run.ledgers[index], limit) for index in concerned]
    table = prepared.create(run.named("limit", name), pieces(limit, competitors))
    run.limit_tables[name] = (limit, table)
    if limit.when_short == "report":
        run.exceeded[name] = int(prepared.rows(excess(limit, competitors))[0][0])
    for competitor, index in zip(competitors, concerned, strict=True):
        ledger = run.ledgers[index]
        columns = ledger_columns(ledger)
        after = prepared.create(
            f"{ledger.relation}/{name}", limited(ledger.relation, columns, competitor.position, name, table)
        )
        run.ledgers[index] = replace(ledger, relation=after)


# --- lines and parts -----------------------------------------------------------------------------------------------


def _make_parts(run: Run) -> None:
    queries = [
        query
        for ledger in run.ledgers
        if ledger.clause.model.cash and _has_rows(run, ledger.relation)
        for query in [_parts_of(run, ledger)]
    ]
    if not queries:
        texts = {"clause", "payee", "facility", "district", "payer", "place"}
        columns = [
            sql.alias(sql.missing_text() if name in texts else sql.missing(), name)
            for name in (*PART_COLUMNS, *(f"pot:{pot}" for pot in run.pots))
        ]
        nothing = sql.inline_rows(["nothing"], [[0]], "e")
        queries = [sql.select(columns, nothing, where=sql.boolean(False))]
    run.prepared.create(run.parts, sql.union_all(queries))


def _has_rows(run: Run, relation: str) -> bool:
    return run.prepared.connection.execute(f'SELECT 1 FROM "{relation}" LIMIT 1').fetchone() is not None


def _parts_of(run: Run, ledger: Ledger) -> Any:
    prepared = run.prepared
    names = ledger_columns(ledger)
    relation = ledger.relation
    if ledger.clause.instalments is not None:
        relation = instalments(run, ledger)
        names = [*names, "instalment"]
    rows: sql.Sql = sql.table(relation, "l")
    if ledger.clause.parts:
        divided = prepared.create(f"{relation}/parts", row_parts_query(ledger, rows, names))
        rows = sql.table(divided, "l")
    lines = numbered(line_query(ledger, rows, run.pots), line_keys(ledger, run.pots))
    line_table = prepared.create(run.named("lines", ledger.version_index, ledger.clause.name), lines)
    return parts_query(ledger, line_table, run.pots)


def instalments(run: Run, ledger: Ledger) -> str:
    """The instalments of a ledger whose conditions hold on their due days."""
    prepared = run.prepared
    every = prepared.create(f"{ledger.relation}/instalments", instalment_query(ledger))
    plan = ledger.clause.instalments
    assert plan is not None
    if not plan.conditions:
        return every
    layers, columns = due_rows(run, ledger, every)
    compiler = GrainCompiler(ledger.version, prepared.shape, run.end, EVER, EVER, EVER, lambda _: None)
    rows = compiler.rows(layers, ledger.clause.table)
    holds = sql.all_of(ref(layers.named(rows.condition(node))) for node in plan.conditions)
    chosen = [(name, ref(f"i:{name}")) for name in columns]
    return prepared.create(f"{every}/due", layers.query(chosen, holds))


def due_rows(run: Run, ledger: Ledger, relation: str) -> tuple[Layers, list[str]]:
    """Instalments (columns `i:…`) beside the roster row of their subject, read on the due day."""
    columns = [*ledger_columns(ledger), "instalment"]
    table = ledger.clause.table
    shape = run.prepared.shape
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


def clause_versions(schedule: Schedule) -> Mapping[str, list[tuple[int, CheckedClause]]]:
    """Each clause name with the versions that have it."""
    found: dict[str, list[tuple[int, CheckedClause]]] = {}
    for index, version in enumerate(schedule.versions):
        for name, clause in version.clauses.items():
            found.setdefault(name, []).append((index, clause))
    return found
