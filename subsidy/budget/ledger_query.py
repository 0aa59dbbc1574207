"""Entitlements and payments as queries, the same for every engine.

Entitlements are first a row per subject and period of a grain, with three columns for each of its clauses; then, clause
by clause, a row for each. What says little in many rows is a number in them: a state with its reason, a version.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, get_args

from sqlglot import exp

from subsidy import sql
from subsidy.allocation import Decided
from subsidy.engine.allocations import DECIDED, OWED
from subsidy.engine.base import COUNT, PERIOD, SUBJECT
from subsidy.engine.cells import roster_table
from subsidy.engine.grain import CompiledGrain, replaced_column
from subsidy.engine.layers import ref
from subsidy.engine.lines import Ledger
from subsidy.engine.run import Run
from subsidy.schedule import expression as ex
from subsidy.schedule.checked import CheckedClause
from subsidy.sql import Sql

PAID, WHY_NOT, FINDING = "paid", "why-not", "finding"
HEAD = ("subject", "period", "count")
STATUS = ("place", "owed", "outcome")  # of a clause; `owed` in fen, of all units, after limits
DUE_KEYS = ("due", "payee", "facility", "district")
LABELS = ("every", "of", "label")
PAYMENT_ROW = (
    "version", "clause", "line", "payee", "facility", "district", "due", "accrued", "payer", "position", "place",
    "owed", "cut", "amount",
)  # fmt: skip
Joins = list[tuple[str, Sql, Sql]]


@dataclass(frozen=True)
class Subjects:
    """Those that come after one in their order, up to another; the first ones and the last ones have no such end."""

    after: str | None = None
    up_to: str | None = None

    def hold(self, subject: Sql) -> Sql:
        """That a column's subject is among them; one that is missing is among the first."""
        if self == Subjects():
            return sql.boolean(True)
        ends = [(">", self.after), ("<=", self.up_to)]
        within = sql.all_of(sql.compare(sign, subject, sql.text(end)) for sign, end in ends if end is not None)
        return sql.any_of([sql.is_missing(subject), within]) if self.after is None else within


EVERYBODY = Subjects()


class Outcomes:
    """What may become of an entitlement: state and reason, numbered as they come up."""

    def __init__(self) -> None:
        self._numbers: dict[tuple[str, str], int] = {}

    def number(self, state: str, reason: str) -> Sql:
        """The number of an outcome, as queries write it."""
        return sql.whole(self._numbers.setdefault((state, reason), len(self._numbers)))

    @property
    def known(self) -> list[tuple[str, str]]:
        """State and reason, in order of their numbers."""
        return list(self._numbers)

    def table(self) -> Any:
        """Columns outcome (the number), state, reason, as an Arrow table."""
        import pyarrow as pa

        numbers, texts = pa.array(range(len(self.known)), pa.int64()), pa.string()
        columns = [pa.array([one[place] for one in self.known], texts) for place in range(2)]
        return pa.table([numbers, *columns], names=["outcome", "state", "reason"])

    def is_paid(self, outcome: Sql) -> Sql:
        """That an outcome is one of those that are paid."""
        paid = [number for (state, _), number in self._numbers.items() if state == PAID]
        return sql.any_of(sql.compare("=", outcome, sql.whole(number)) for number in paid)


def entitlement_query(
    run: Run, compiled: CompiledGrain, outcomes: Outcomes, subjects: Collection[str] | None = None
) -> exp.Select:
    """The columns HEAD, then STATUS of each clause with its number (`owed0`, …), of all rows or of these `subjects`.

    Outcomes that come up are added to `outcomes`.
    """
    head = [("subject", ref(SUBJECT)), ("period", ref(PERIOD)), ("count", ref(COUNT))]
    stored = {column: ref(column) for name in compiled.columns for column in _read(compiled, name)}
    where = sql.all_of([compiled.in_force, *_those(ref(SUBJECT), subjects)])
    rows = compiled.layers.query([*head, *stored.items()], where)
    joins: Joins = []
    columns = [sql.column(name, "g") for name in HEAD]
    for number, name in enumerate(compiled.columns):
        status = _status(_ledger(run, compiled, name), number, outcomes, joins, subjects)
        columns += [sql.alias(tree, f"{column}{number}") for column, tree in zip(STATUS, status, strict=True)]
    return sql.select(columns, sql.subquery(rows, "g"), joins)


def _read(compiled: CompiledGrain, name: str) -> list[str]:
    clause = compiled.version.clauses[name]
    replaced = [replaced_column(name)] if clause.replaced_by else []
    return [compiled.columns[name].district, compiled.columns[name].owed, *replaced, *_conditions(clause)]


def _conditions(clause: CheckedClause) -> list[str]:
    return [f"when:{clause.name}:{index}" for index in range(len(clause.when))]


def _status(
    ledger: Ledger, number: int, outcomes: Outcomes, joins: Joins, subjects: Collection[str] | None
) -> tuple[Sql, ...]:
    """The trees of STATUS for one clause, and what they need joined."""
    clause, columns = ledger.clause, ledger.columns
    owed, otherwise = sql.column(columns.owed, "g"), outcomes.number(PAID, "")
    if ledger.allocated:
        alias = f"a{number}"
        joins.append(("left", sql.table(ledger.allocated, alias), _same_row(alias, SUBJECT, PERIOD)))
        owed = sql.first_known(sql.column(OWED, alias), owed)
        decided = sql.column(DECIDED, alias)
        ways = [(sql.compare("=", decided, sql.text(way)), outcomes.number(PAID, way)) for way in get_args(Decided)]
        otherwise = sql.case(ways, otherwise)
    left = sql.mul(sql.first_known(owed, sql.whole(0)), sql.column("count", "g"))
    cuts: list[tuple[Sql, Sql]] = []
    if columns.limits:
        alias = f"l{number}"
        joins.append(("left", sql.subquery(_after_limits(ledger, subjects), alias), _same_row(alias, *HEAD[:2])))
        left = sql.first_known(sql.column("left", alias), left)
        gone = sql.compare("=", left, sql.whole(0))
        for limit in columns.limits:
            reason = f"limit: {limit}"
            outcome = sql.case([(gone, outcomes.number(WHY_NOT, reason))], outcomes.number(PAID, reason))
            cuts.append((sql.compare("=", sql.column("cut_by", alias), sql.text(limit)), outcome))
    instead = [
        (
            sql.compare("=", sql.column(replaced_column(clause.name), "g"), sql.whole(index)),
            outcomes.number(WHY_NOT, f"replaced by: {one.schedule}:{one.clause}, item {one.item}"),
        )
        for index, one in enumerate(clause.replaced_by)
    ]
    missing = (sql.is_missing(owed), _why_missing(clause, outcomes))
    outcome = sql.case([*instead, missing, *_why_not(clause, outcomes), *cuts], otherwise)
    return sql.column(columns.district, "g"), left, outcome


def _tests(clause: CheckedClause) -> list[tuple[Sql, str]]:
    """Each condition of a clause, and how it is shown."""
    columns = (sql.column(name, "g") for name in _conditions(clause))
    return list(zip(columns, map(ex.shown, clause.conditions), strict=True))


def _why_missing(clause: CheckedClause, outcomes: Outcomes) -> Sql:
    """The first condition that is not known; or else it is the amount."""
    amount = outcomes.number(FINDING, "missing: amount")
    unknown = [(sql.is_missing(test), outcomes.number(FINDING, f"missing: {shown}")) for test, shown in _tests(clause)]
    return sql.case(unknown, amount) if unknown else amount


def _why_not(clause: CheckedClause, outcomes: Outcomes) -> list[tuple[Sql, Sql]]:
    """That a condition does not hold: the first that is known not to, or else is unknown."""
    told = [(test, outcomes.number(WHY_NOT, f"not met: {shown}")) for test, shown in _tests(clause)]
    return [*((sql.negation(test), number) for test, number in told), *((sql.is_missing(test), n) for test, n in told)]


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


# --- one clause in all versions --------------------------------------------------------------------------------------


@dataclass(frozen=True)
class ClauseRows:
    """The entitlements of a clause in one version: the relation of its grain, and the number of its columns there."""

    ledger: Ledger
    relation: str
    number: int

    def columns(self) -> dict[str, Sql]:
        """nth (version), HEAD and STATUS."""
        status = {name: sql.column(f"{name}{self.number}", "r") for name in STATUS}
        head = {name: sql.column(name, "r") for name in HEAD}
        return {"nth": sql.whole(self.ledger.version_index), **head, **status}


def clause_query(parts: Iterable[ClauseRows], labels: str, subjects: Subjects = EVERYBODY) -> Sql:
    """Columns nth (version), subject, period, count, place, owed (fen), outcome, label (of the period).

    `labels`: a relation of LABELS; what it has not has none.
    """
    those = subjects.hold(sql.column("subject", "r"))
    return sql.union_all([_labelled(part, labels, part.columns(), [], those) for part in parts])


def due_query(
    run: Run, parts: Iterable[ClauseRows], labels: str, outcomes: Outcomes, last: int, subjects: Subjects
) -> Sql:
    """The same and person, due (a day, up to `last`), payee, facility, district: what is paid in as many rows as it has
    due days, with the part that is due then."""
    return sql.union_all([_due(run, part, labels, outcomes, last, subjects) for part in parts])


def _labelled(
    part: ClauseRows, labels: str, columns: Mapping[str, Sql], joins: Joins, where: Sql
) -> exp.Select:
    every = sql.compare("=", sql.column("every", "n"), sql.text(part.ledger.clause.model.every))
    label = sql.all_of([every, sql.compare("=", sql.column("of", "n"), sql.column("period", "r"))])
    named = {**columns, "label": sql.column("label", "n")}
    return sql.select(
        [sql.alias(tree, name) for name, tree in named.items()],
        sql.table(part.relation, "r"),
        [("left", sql.table(labels, "n"), label), *joins],
        where,
    )


def _due(
    run: Run, part: ClauseRows, labels: str, outcomes: Outcomes, last: int, subjects: Subjects
) -> exp.Select:
    those = subjects.hold(sql.column("subject", "r"))
    columns = {**part.columns(), "person": sql.missing_text()}
    joins: Joins = []
    table, shape = part.ledger.clause.table, run.prepared.shape
    key = part.ledger.version.tables[table].key
    if key and shape.has(table, "person"):
        same = sql.compare("=", sql.column(key, "t"), sql.column("subject", "r"))
        joins.append(("left", sql.table(roster_table(table), "t"), same))
        columns["person"] = sql.column("person", "t")
    if not part.ledger.clause.model.cash:
        nothing = {"due": sql.missing(), **{name: sql.missing_text() for name in DUE_KEYS[1:]}}
        return _labelled(part, labels, {**columns, **nothing}, joins, those)
    same = sql.all_of(sql.compare("=", sql.column(name, "d"), sql.column(name, "r")) for name in HEAD[:2])
    is_paid = outcomes.is_paid(columns["outcome"])
    joins.append(("left", sql.subquery(due_amounts(run, part.ledger, subjects), "d"), sql.all_of([same, is_paid])))
    due = sql.column("due", "d")
    columns |= {name: sql.column(name, "d") for name in DUE_KEYS}
    columns["owed"] = sql.first_known(sql.column("fen", "d"), columns["owed"])
    in_time = sql.any_of([sql.is_missing(due), sql.compare("<=", due, sql.whole(last))])
    return _labelled(part, labels, columns, joins, sql.all_of([those, in_time]))


def due_amounts(run: Run, ledger: Ledger, subjects: Subjects = EVERYBODY) -> exp.Select:
    """Columns subject, period, due, payee, facility, district and fen: what is due when, other than 0."""
    columns = ledger.columns
    carried = {"payee": columns.payee, "facility": columns.facility, "district": columns.district}
    keys = {name: sql.column(name) for name in ("subject", "period", "due")}
    keys |= {name: sql.column(f"x:{column}") for name, column in carried.items()}
    owed = sql.total(sql.mul(sql.column("unit"), sql.column("count")))
    sums = sql.select(
        [*(sql.alias(tree, f"key:{name}") for name, tree in keys.items()), sql.alias(owed, "fen")],
        sql.table(run.plan.dues[ledger.version_index, ledger.clause.name]),
        where=subjects.hold(keys["subject"]),
        group=list(keys.values()),
    )
    named = [*(sql.alias(sql.column(f"key:{name}"), name) for name in keys), sql.column("fen")]
    return sql.select(named, sql.subquery(sums, "s"), where=sql.compare("<>", sql.column("fen"), sql.whole(0)))


# --- payments --------------------------------------------------------------------------------------------------------


def payment_query(relation: str, clauses: str, funds: str, labels: str) -> exp.Select:
    """Columns nth (version), clause, item, line, payee, facility, district, due (a day), accrued (a period) and its
    label, payer, position, place, fund, owed, cut, amount (fen).

    `clauses`: a relation of nth, clause, item, every, fund; `funds`: of nth, clause, payer, fund, where it is the
    payer's own; `labels`: of LABELS.
    """
    p = {name: sql.column(name, "p") for name in PAYMENT_ROW}
    c, f, n = ({name: sql.column(name, of) for name in ("every", "of", "label", "item", "fund")} for of in "cfn")

    def same(of: str, *names: str) -> Sql:
        pairs = {name: p["version" if name == "nth" else name] for name in names}
        return sql.all_of(sql.compare("=", sql.column(name, of), tree) for name, tree in pairs.items())

    labelled = sql.all_of([sql.compare("=", n["every"], c["every"]), sql.compare("=", n["of"], p["accrued"])])
    columns = {"nth" if name == "version" else name: tree for name, tree in p.items()}
    columns |= {"item": c["item"], "label": n["label"], "fund": sql.first_known(f["fund"], c["fund"])}
    return sql.select(
        [sql.alias(tree, name) for name, tree in columns.items()],
        sql.table(relation, "p"),
        [
            ("inner", sql.table(clauses, "c"), same("c", "nth", "clause")),
            ("left", sql.table(funds, "f"), same("f", "nth", "clause", "payer")),
            ("left", sql.table(labels, "n"), labelled),
        ],
    )


# --- order -----------------------------------------------------------------------------------------------------------


def in_order(rows: Sql, texts: Collection[str], *names: str) -> exp.Select:
    """Rows in order of these columns; of `texts` the missing ones come first."""
    keys = {name: sql.column(name, "o") for name in names}
    order = [sql.first_known(tree, sql.text("")) if name in texts else tree for name, tree in keys.items()]
    return sql.ordered(sql.select([sql.all_columns("o")], sql.subquery(rows, "o")), order)
