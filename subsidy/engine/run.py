"""Running a plan on one roster."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping, Sequence, Set
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, TypeVar, get_args

from subsidy import sql
from subsidy.allocation import Decided
from subsidy.engine import calendar
from subsidy.engine.allocations import AllocationStep
from subsidy.engine.cells import End, RosterShape, roster_table
from subsidy.engine.check_inputs import dated_columns, days_mentioned
from subsidy.engine.database import Database, DuckDB, Engine, Query
from subsidy.engine.few_rows import FewRows, Held
from subsidy.engine.grain import CompiledGrain
from subsidy.engine.in_place import InPlaceTable, ends_of
from subsidy.engine.limits import Rows, excess, pieces
from subsidy.engine.lines import Ledger
from subsidy.engine.plan import Plan, kept_for, plan_for
from subsidy.finding import Refusal, Text
from subsidy.progress import station
from subsidy.schedule.catalogue import Schedule
from subsidy.schedule.checked import CheckedLimit
from subsidy.schedule.column import PERIODS

if TYPE_CHECKING:
    from subsidy.roster.intake import Intake

Made = TypeVar("Made")
FARTHEST_YEARS = 10
YEARS_OF_MONTHS = 1900, 2310
FEW = 2_000  # rows of a roster
SPARE, READING = ("spare",), ("reading",)  # names of what is kept


@dataclass
class Prepared:
    """A roster at the engine's door: a database that holds its tables and the calendars."""

    database: Database
    schedule: Schedule
    intake: Intake
    shape: RosterShape
    has_open: bool
    kept: dict[tuple[object, ...], Any]

    def once(self, name: tuple[object, ...], make: Callable[[], Made]) -> Made:
        """What is the same for every roster of this shape, made the first time only: queries and what tells them."""
        if name not in self.kept:
            self.kept[name] = make()
        made: Made = self.kept[name]
        return made

    def rows(self, query: sql.Sql | Query) -> list[tuple[Any, ...]]:
        """The rows of a query; yes and no may be 1 and 0."""
        return self.database.rows(query if isinstance(query, Query) else Query(query))

    def arrow(self, query: sql.Sql) -> Any:
        """The rows of a query as an Arrow table."""
        return self.database.arrow(Query(query))


def prepare(schedule: Schedule, intake: Intake, year: int, engine: Engine = "auto") -> Prepared:
    """Put the roster's typed tables and the calendars up to the horizon into a database of their own.

    Raises Refusal where the engine is not there.
    """
    shape = shape_of(schedule, intake, engine)
    kept = kept_for(schedule, shape)
    reading = kept.get(READING) or kept.setdefault(READING, _Reading.of(schedule, shape.columns))
    database = _opened(engine, intake.tables, reading.years_covered(intake, year), kept.setdefault(SPARE, []))
    for name, table in intake.tables.items():
        database.register(roster_table(name), table)
    return Prepared(database, schedule, intake, shape, reading.has_open(intake), kept)


def shape_of(schedule: Schedule, intake: Intake, engine: Engine = "auto") -> RosterShape:
    """The shape of a roster, with what its cells tell: whether a row stands for several, which references are filled.

    For few rows, plans that do for any roster with these columns are worth more.
    """
    if _are_few(engine, intake.tables):
        return RosterShape(intake.columns, dict(intake.given), few=True)
    columns = dict(intake.columns)
    models = {name: model for version in schedule.versions for name, model in version.tables.items()}
    filled = {}
    for name, table in ((name, ends_of(table)) for name, table in intake.tables.items()):
        if "count" in columns[name] and table["count"].null_count == table.num_rows:
            columns[name] -= {"count"}
        references = {column for column, model in models[name].columns.items() if model.type == "ref"}
        filled[name] = frozenset(column for column in references & columns[name] if not table[column].null_count)
    return RosterShape(columns, dict(intake.given), filled)


@dataclass(frozen=True)
class _Reading:
    """What is looked for in a roster of one shape before it is calculated: the columns that name days, those of open
    amounts, and whether an amount is open in any such roster."""

    dated: Sequence[tuple[str, str, str]]
    opened: Sequence[tuple[str, str]]
    is_open: bool
    first_year: int
    years_ahead: int

    @classmethod
    def of(cls, schedule: Schedule, columns: Mapping[str, Set[str]]) -> _Reading:
        opened = [
            (table, name, model.is_history)
            for version in schedule.versions
            for table, model in version.tables.items()
            for name, form in model.columns.items()
            if form.blank == "open"
        ]
        return cls(
            dated_columns(schedule.versions, columns),
            [(table, name) for table, name, _ in opened if name in columns.get(table, ())],
            any(history or (table in columns and name not in columns[table]) for table, name, history in opened),
            schedule.versions[0].first_day.year,
            _years_looked_ahead(schedule),
        )

    def years_covered(self, intake: Intake, year: int) -> tuple[int, int]:
        days = [day for table, name, kind in self.dated for day in days_mentioned(intake, table, name, kind)]
        years = [self.first_year, *(day.year for day in days)]
        return min(year, *years), max(year, min(max(years), year + FARTHEST_YEARS)) + self.years_ahead

    def has_open(self, intake: Intake) -> bool:
        """Whether an open amount may stand anywhere: a blank cell, or no row in a history."""
        return self.is_open or any(ends_of(intake.tables[table])[name].null_count for table, name in self.opened)


def years_covered(schedule: Schedule, intake: Intake | None, year: int) -> tuple[int, int]:
    """The first and last year of the calendars for a roster, or for one that names no day, where `year` is reported."""
    if intake is None:
        return min(schedule.versions[0].first_day.year, year), year + _years_looked_ahead(schedule)
    return _Reading.of(schedule, intake.columns).years_covered(intake, year)


def _years_looked_ahead(schedule: Schedule) -> int:
    """How many years after its own date an instalment may depend on what is added up in a period."""
    months = [
        max(plan.months)
        for version in schedule.versions
        for clause in version.clauses.values()
        for plan in [clause.instalments]
        if plan and any(leaf.aggregate and leaf.aggregate.every for one in plan.conditions for leaf in one.all_leaves())
    ]
    return -(-max(months, default=0) // 12)


def _are_few(engine: Engine, tables: Mapping[str, Any]) -> bool:
    """Whether these tables are for SQLite."""
    is_here = not any(isinstance(table, InPlaceTable) for table in tables.values())
    return is_here and engine == "auto" and sum(table.num_rows for table in tables.values()) <= FEW


def _opened(engine: Engine, tables: Mapping[str, Any], years: tuple[int, int], spare: list[Held]) -> Database:
    """A database for these tables, with the calendars in it: one beside the place where they stay. `spare`: of few
    rows."""
    place = next((table.place for table in tables.values() if isinstance(table, InPlaceTable)), None)
    if _are_few(engine, tables):
        database: Database = FewRows(_few_with_calendars(*years), spare)
    else:
        database = place.beside() if place else _spark() if engine == "spark" else DuckDB()
    for name, content in _calendars(*years).items():
        database.register(name, content)
    return database


def check_engine(engine: str) -> None:
    """Raises Refusal for an engine that there is not."""
    if engine not in get_args(Engine):
        known = ", ".join(get_args(Engine))
        raise Refusal(
            Text(f"没有引擎 {engine}", f"there is no engine {engine}"), Text(f"可用：{known}", f"one of {known}")
        )


def _spark() -> Database:
    from subsidy.engine.spark import Spark

    return Spark()


@functools.lru_cache(maxsize=16)
def _few_with_calendars(first_year: int, last_year: int) -> FewRows:
    database = FewRows()
    for name, content in _calendars(first_year, last_year).items():
        database.register(name, content)
    return database


@functools.lru_cache(maxsize=16)
def _calendars(first_year: int, last_year: int) -> dict[str, Any]:
    import pyarrow as pa

    tables = {f"calendar:{every}": pa.table(calendar.periods(every, first_year, last_year)) for every in PERIODS}
    return {"months": _months(), **tables}


@functools.cache
def _months() -> Any:
    import pyarrow as pa

    return pa.table(calendar.months(*YEARS_OF_MONTHS))


@dataclass(frozen=True)
class Run:
    """The tables of one schedule's calculation, with open amounts at one end."""

    prepared: Prepared
    plan: Plan
    exceeded: dict[str, int] = field(default_factory=dict)  # by limits that only report, in fen

    @functools.cached_property
    def views(self) -> set[str]:
        """The views of explanations that stand in the database."""
        return set()

    @property
    def grains(self) -> list[tuple[CompiledGrain, str]]:
        return self.plan.grains

    @property
    def ledgers(self) -> list[Ledger]:
        return self.plan.ledgers

    @property
    def limit_tables(self) -> dict[str, tuple[CheckedLimit, str]]:
        return self.plan.limit_tables

    def allocated(self, ledger: Ledger) -> dict[tuple[str, int], tuple[int, Decided, int]]:
        """For each recipient (subject, period) of a distributed sum: its amount, what decided it, its share alone."""
        if not ledger.allocated:
            return {}
        rows = self.prepared.rows(sql.select([sql.all_columns("a")], sql.table(ledger.allocated, "a")))
        return {(subject, period): (owed, decided, share) for subject, period, owed, decided, share in rows}

    def without_bound(self, ledger: Ledger, subject: str, period: int, bound: Literal["floor", "ceiling"]) -> int:
        """What a recipient of a distributed sum would get (fen) if it alone had no floor, or no ceiling."""
        steps = (one for stage in self.plan.stages for one in stage if isinstance(one, AllocationStep))
        step = next(one for one in steps if one.name == ledger.allocated)
        return step.without_bound(self.prepared.database, subject, period, bound)

    def create(self, name: str, query: Query) -> None:
        self.prepared.database.create(name, query, "table")

    def view(self, name: str, query: Query) -> None:
        self.prepared.database.create(name, query, "view")

    def execute(self, stage: int) -> None:
        statements, name = self.plan.stages[stage], self.prepared.schedule.id
        for number, statement in enumerate(statements, 1):
            progress = f"{number}/{len(statements)}"
            station(f"计算 {name}，第 {progress} 步", f"calculating {name}, step {progress}")
            statement.run(self.prepared.database)


def calculate(several: Sequence[Prepared], end: End, shared: Sequence[str] = ()) -> list[Run]:
    """Facts to payers' parts of schedules that are calculated together, which have the limits `shared` in common.

    Tables of each: one for each grain, ledger and limit, and `parts`.
    """
    runs = [Run(prepared, _plan(prepared, end)) for prepared in several]
    for run in runs:
        run.execute(0)
        run.exceeded.update({name: int(run.prepared.rows(query)[0][0]) for name, query in run.plan.excesses.items()})
    for name in shared:
        _apply_shared(name, [run for run in runs if name in run.plan.shared])
    return runs


def _plan(prepared: Prepared, end: End) -> Plan:
    return prepared.once(("plan", end), lambda: plan_for(prepared.schedule, prepared.shape, end))


def _apply_shared(name: str, runs: Sequence[Run]) -> None:
    """Bring the rows that a limit concerns together, apply it, and give each schedule what becomes of its own."""
    import pyarrow as pa

    if not runs:
        return
    first = runs[0]
    taking_part = [run.plan.shared[name] for run in runs]
    limit, together = taking_part[0].limit, first.plan.named("shared", name)
    tables = [run.prepared.arrow(one.rows.query) for run, one in zip(runs, taking_part, strict=True)]
    rows = pa.concat_tables(tables, promote_options="permissive")  # a column may be narrower in one of them
    first.prepared.database.register(together, rows)
    all_rows = Rows(limit, sql.select([sql.all_columns()], sql.table(together)))
    if limit.when_short == "report":
        first.exceeded[name] = int(first.prepared.rows(excess(all_rows))[0][0])
    kinds = [(name, pa.string() if name == "subject" else pa.int64()) for name in all_rows.piece_columns]
    pieces_of_all = first.prepared.arrow(pieces(all_rows)).cast(pa.schema(kinds))
    for run, one in zip(runs, taking_part, strict=True):
        run.prepared.database.register(one.pieces, pieces_of_all)
        run.execute(one.stage)
