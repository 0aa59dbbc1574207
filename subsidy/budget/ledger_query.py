"""Entitlements as a query: one row per subject and period of a grain, four columns for each of its clauses."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from sqlglot import exp

from subsidy import sql
from subsidy.engine.allocations import DECIDED, OWED
from subsidy.engine.base import COUNT, PERIOD, SUBJECT
from subsidy.engine.grain import CompiledGrain, replaced_column
from subsidy.engine.layers import ref
from subsidy.engine.lines import Ledger
from subsidy.engine.run import Run
from subsidy.schedule import expression as ex
from subsidy.schedule.checked import CheckedClause, Replacement
from subsidy.sql import Sql

PAID, WHY_NOT, FINDING = "paid", "why-not", "finding"
HEAD = ("subject", "period", "count")
STATUS = ("place", "owed", "state", "reason")  # of a clause; `owed` in fen, of all units, after limits
Joins = list[tuple[str, Sql, Sql]]


def entitlement_query(run: Run, compiled: CompiledGrain, subjects: Collection[str] | None = None) -> exp.Select:
    """The columns HEAD, then STATUS of each clause with its number (`owed0`, `state0`, …); or of these `subjects`."""
    head = [("subject", ref(SUBJECT)), ("period", ref(PERIOD)), ("count", ref(COUNT))]
    stored = {column: ref(column) for name in compiled.columns for column in _read(compiled, name)}
    where = sql.all_of([compiled.in_force, *_those(ref(SUBJECT), subjects)])
    rows = compiled.layers.query([*head, *stored.items()], where)
    joins: Joins = []
    columns = [sql.column(name, "g") for name in HEAD]
    for number, name in enumerate(compiled.columns):
        status = _status(_ledger(run, compiled, name), number, joins, subjects)
        columns += [sql.alias(tree, f"{column}{number}") for column, tree in zip(STATUS, status, strict=True)]
    return sql.select(columns, sql.subquery(rows, "g"), joins)


def _read(compiled: CompiledGrain, name: str) -> list[str]:
    clause = compiled.version.clauses[name]
    replaced = [replaced_column(name)] if clause.replaced_by else []
    return [compiled.columns[name].district, compiled.columns[name].owed, *replaced, *_conditions(clause)]


def _conditions(clause: CheckedClause) -> list[str]:
    return [f"when:{clause.name}:{index}" for index in range(len(clause.when))]


def _status(ledger: Ledger, number: int, joins: Joins, subjects: Collection[str] | None) -> tuple[Sql, ...]:
    """The trees of STATUS for one clause, and what they need joined."""
    clause, columns = ledger.clause, ledger.columns
    owed, decided = sql.column(columns.owed, "g"), sql.text("")
    if ledger.allocated:
        alias = f"a{number}"
        joins.append(("left", sql.table(ledger.allocated, alias), _same_row(alias, SUBJECT, PERIOD)))
        owed = sql.first_known(sql.column(OWED, alias), owed)
        decided = sql.first_known(sql.column(DECIDED, alias), decided)
    left = sql.mul(sql.first_known(owed, sql.whole(0)), sql.column("count", "g"))
    cuts: list[tuple[Sql, Sql]] = []
    if columns.limits:
        alias = f"l{number}"
        joins.append(("left", sql.subquery(_after_limits(ledger, subjects), alias), _same_row(alias, *HEAD[:2])))
        left = sql.first_known(sql.column("left", alias), left)
        cut_by = sql.column("cut_by", alias)
        cuts = [(sql.compare("=", cut_by, sql.text(limit)), sql.text(f"limit: {limit}")) for limit in columns.limits]
    missing, pays, failed = sql.is_missing(owed), *_outcome(clause)
    texts = [ex.shown(tree) for tree in clause.conditions]
    tests = [sql.column(name, "g") for name in _conditions(clause)]
    unknown = [(sql.is_missing(test), sql.text(f"missing: {text}")) for test, text in zip(tests, texts, strict=True)]
    why_missing = sql.case(unknown, sql.text("missing: amount")) if unknown else sql.text("missing: amount")
    is_cut = sql.any_of(test for test, _ in cuts)
    gone = sql.all_of([is_cut, sql.compare("=", left, sql.whole(0))])
    states = [(missing, sql.text(FINDING)), (sql.negation(pays), sql.text(WHY_NOT)), (gone, sql.text(WHY_NOT))]
    reasons = [(missing, why_missing), (sql.negation(pays), failed), *cuts]
    instead = [
        (sql.compare("=", sql.column(replaced_column(clause.name), "g"), sql.whole(index)), _instead_of(one))
        for index, one in enumerate(clause.replaced_by)
    ]
    states = [*((test, sql.text(WHY_NOT)) for test, _ in instead), *states]
    reason = sql.case([*instead, *reasons], decided)
    return sql.column(columns.district, "g"), left, sql.case(states, sql.text(PAID)), reason


def _outcome(clause: CheckedClause) -> tuple[Sql, Sql]:
    """Whether every condition is known to hold, and the first that is known not to, or else is unknown."""
    tests = [sql.column(name, "g") for name in _conditions(clause)]
    texts = [sql.text(f"not met: {ex.shown(tree)}") for tree in clause.conditions]
    false = [(sql.negation(test), text) for test, text in zip(tests, texts, strict=True)]
    blank = [(sql.is_missing(test), text) for test, text in zip(tests, texts, strict=True)]
    holds = sql.all_of(sql.first_known(test, sql.boolean(False)) for test in tests)
    return holds, sql.case([*false, *blank], sql.text("not met: ")) if tests else sql.text("")


def _instead_of(one: Replacement) -> Sql:
    return sql.text(f"replaced by: {one.schedule}:{one.clause}, item {one.item}")


def _same_row(alias: str, subject: str, period: str) -> Sql:
    pairs = zip((subject, period), HEAD, strict=False)
    return sql.all_of(sql.compare("=", sql.column(own, alias), sql.column(head, "g")) for own, head in pairs)


def _after_limits(ledger: Ledger, subjects: Collection[str] | None) -> exp.Select:
    keys: Sequence[Sql] = [sql.column("subject"), sql.column("period")]
    total = sql.total(sql.mul(sql.column("unit"), sql.column("count")))
    columns = [*keys, sql.alias(total, "left"), sql.alias(sql.highest(sql.column("cut_by")), "cut_by")]
    those = sql.all_of(_those(sql.column("subject"), subjects))
    return sql.select(columns, sql.table(ledger.relation), where=those, group=keys)


def _those(column: Sql, subjects: Collection[str] | None) -> list[Sql]:
    """That a column is one of these; no condition where all are wanted."""
    if subjects is None:
        return []
    return [sql.any_of(sql.compare("=", column, sql.text(one)) for one in sorted(subjects))]


def _ledger(run: Run, compiled: CompiledGrain, name: str) -> Ledger:
    return next(one for one in run.ledgers if one.clause.name == name and one.version is compiled.version)
