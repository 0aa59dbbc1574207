"""A person, or one subject: every clause in every period of the year, paid or not, and why."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from subsidy import sql
from subsidy.budget.breakdown import Node
from subsidy.budget.breakdown_context import Context, added_up
from subsidy.budget.cells import Calculated
from subsidy.budget.ledger import ENTITLEMENT, PAID, entitlement_rows
from subsidy.budget.selection import CellError, cell_error, unknown
from subsidy.engine.cells import roster_table
from subsidy.engine.explanation import Explanation
from subsidy.finding import Finding, Place, Text
from subsidy.schedule.catalogue import Schedule

STATES = {
    "paid": Text("应享", "paid"),
    "why-not": Text("未享受", "why-not"),
    "finding": Text("疑点", "finding"),
}
REASONS = {
    "limit: ": ("受限制 {}", "limit {}"),
    "not met: ": ("条件不满足：{}", "not met: {}"),
    "missing: ": ("缺失：{}", "missing: {}"),
    "replaced by: ": ("由 {} 替代", "replaced by {}"),
}
Rows = Sequence[tuple[Calculated, dict[str, Any]]]
Subjects = Mapping[str, set[str]]


def person_tree(context: Context, person: str, period: str | None, name: str) -> Node:
    """Everything about a person: the rows of any table that name the person. Raises CellError for an unknown one."""
    found = [(one, _named(context, one, "person", person)) for one in context.calculated]
    if not any(subjects for _, subjects in found):
        raise _unknown(context, "person", person)
    return _tree(context, _of_period(context, _rows(context, found), period), name)


def subject_tree(context: Context, subject: str, clause: str | None, period: str | None, name: str) -> Node:
    """A subject under every clause of its table, or under one. Raises CellError for an unknown subject or period."""
    found = [(one, _named(context, one, "", subject)) for one in context.calculated]
    if not any(subjects for _, subjects in found):
        raise _unknown(context, "subject", subject)
    rows = [
        (one, row)
        for one, row in _rows(context, found)
        if clause is None or clause == context.names.clause(one.schedule.id, row["clause"])
    ]
    if not rows:
        raise _no_such_clause(context, found, subject, clause)
    return _tree(context, _of_period(context, rows, period), name)


def periods_of(context: Context, subject: str, clause: str) -> list[str]:
    """The periods in which a subject has a row under a clause."""
    one, own = context.names.clauses[clause]
    rows = _rows(context, [(one, _named(context, one, "", subject))])
    return list(dict.fromkeys(row["period"] for _, row in rows if row["clause"] == own))


def _unknown(context: Context, kind: str, written: str) -> CellError:
    """That there is no such one, or that its row is left out because of what was found in it."""
    own = [one for one in context.findings if one.subject == written]
    intakes = [payments.run.prepared.intake for _, payments in context.ends]
    leader = next((found for one in intakes if (found := one.joined_into(written)) is not None), None)
    if leader is not None and kind == "subject":
        why = Text(
            f"{written} 与 {leader} 首尾相接，合并为一段计算",
            f"{written} goes on from {leader} the day after, and is calculated with it as one",
        )
        return CellError([Finding(Place(), "joined", why, Text(f"请查询 {leader}", f"ask for {leader}"), written)])
    if not own:
        return CellError([unknown(kind, written, _all(context, "person" if kind == "person" else ""))])
    why = Text(f"{written} 的行因疑点未计入", f"the row of {written} is left out because of what is wrong with it")
    remedy = Text("请先按所列疑点更正", "mend what is listed here first")
    return CellError([Finding(Place(), "left-out", why, remedy, written), *own])


def first_in_full(context: Context, node: Node) -> Explanation | None:
    """The first paid entitlement of a tree with its reason, or the first where none is paid."""
    entitlements = [one for one in node.walk() if one.kind == "entitlement"]
    if not entitlements:
        return None
    first = next((one for one in entitlements if one.key["state"] == PAID and one.amount), entitlements[0])
    one, clause = context.names.clauses[str(first.key["clause"])]
    return context.in_full(one, clause, str(first.key["subject"]), str(first.key["period"]))


def _named(context: Context, one: Calculated, column: str, value: str) -> dict[str, set[str]]:
    """By table the keys of the rows whose column (or own key, where it is empty) holds a value."""
    prepared = context.payments(one).run.prepared
    found: dict[str, set[str]] = {}
    for table, key in _keys(one.schedule).items():
        name = column or key
        if prepared.shape.has(table, key) and prepared.shape.has(table, name):
            where = sql.compare("=", sql.column(name), sql.text(value))
            query = sql.select([sql.column(key)], sql.table(roster_table(table)), where=where, distinct=True)
            subjects = {subject for (subject,) in prepared.rows(query)}
            if subjects:
                found[table] = subjects
    return found


def _keys(schedule: Schedule) -> dict[str, str]:
    """The key columns of the tables that clauses are for."""
    return {
        clause.table: key
        for version in schedule.versions
        for clause in version.clauses.values()
        if (key := version.tables[clause.table].key)
    }


def _all(context: Context, column: str) -> list[str]:
    """All keys, or all values of a column, of the tables that clauses are for."""
    found: dict[str, None] = {}
    for one, payments in context.ends:
        prepared = payments.run.prepared
        for table, key in _keys(one.schedule).items():
            name = column or key
            if prepared.shape.has(table, name):
                query = sql.select([sql.column(name)], sql.table(roster_table(table)), distinct=True)
                found |= dict.fromkeys(value for (value,) in prepared.rows(query) if value is not None)
    return list(found)


def _rows(context: Context, found: Iterable[tuple[Calculated, Subjects]]) -> list[tuple[Calculated, dict[str, Any]]]:
    return [
        (one, dict(zip(ENTITLEMENT, row, strict=True)))
        for one, subjects in found
        if subjects
        for row in entitlement_rows(one.schedule, context.payments(one).run, subjects)
    ]


def _of_period(context: Context, rows: Rows, period: str | None) -> Rows:
    """Those of a period; without one those of the reported year, or all where none is in it."""
    if period is None:
        return [pair for pair in rows if pair[1]["period"][:4] == str(context.year)] or rows
    found = [pair for pair in rows if pair[1]["period"] == period]
    if not found:
        raise CellError([unknown("period", period, dict.fromkeys(row["period"] for _, row in rows))])
    return found


def _no_such_clause(
    context: Context, found: Iterable[tuple[Calculated, Subjects]], subject: str, clause: str | None
) -> CellError:
    """That a subject has no entitlement, paid or not, under a clause: it is of another table, or of no period."""
    tables = {table for _, subjects in found for table in subjects}
    listed = ", ".join(sorted(tables))
    fitting = [
        context.names.clause(one.schedule.id, name)
        for one in context.calculated
        for version in one.schedule.versions
        for name, checked in version.clauses.items()
        if checked.table in tables
    ]
    what = Text(f"条款 {clause} ", f"under {clause} ") if clause else Text("", "")
    why = Text(f"{subject}（{listed}）没有{what.zh}的任何期次", f"{subject} ({listed}) has no period {what.en}".strip())
    if clause is not None and clause not in fitting:
        options = ", ".join(dict.fromkeys(fitting))
        return cell_error(
            "no-such-cell", why, Text(f"该对象的条款有：{options}", f"its clauses are {options}"), subject
        )
    remedy = Text("请核对文件施行期和该行的日期", "check the days in force and the dates of its row")
    return cell_error("no-such-cell", why, remedy, subject)


def _tree(context: Context, rows: Rows, name: str) -> Node:
    context.depth = context.depth or "entitlements"
    by_clause: dict[str, list[tuple[Calculated, dict[str, Any]]]] = {}
    for one, row in rows:
        by_clause.setdefault(context.names.clause(one.schedule.id, row["clause"]), []).append((one, row))
    order = list(context.names.clauses)
    clauses = [_clause(context, clause, by_clause[clause]) for clause in sorted(by_clause, key=order.index)]
    subjects = {row["subject"] for _, row in rows}
    return replace(added_up("subject", name, clauses), facts=context.findings_of(subjects))


def _clause(context: Context, clause: str, rows: Rows) -> Node:
    one, own = context.names.clauses[clause]
    children = [_entitlement(context, clause, *pair) for pair in rows]
    cash = any(version.clauses[own].model.cash for version in one.schedule.versions if own in version.clauses)
    note = context.cited(one, own) + ("" if cash else context.said("，不是现金", ", no cash"))
    label = context.names.label(clause, context.language)
    key = {"clause": clause, "item": context.names.items[clause], "schedule": one.schedule.id}
    return added_up("clause", label, children, note, key)


def _entitlement(context: Context, clause: str, one: Calculated, row: dict[str, Any]) -> Node:
    reason = _reason(context, row["reason"])
    state = STATES[row["state"]].in_(context.language)
    notes = [state + (context.said(f"（{reason}）", f" ({reason})") if reason else "")]
    if row["count"] != 1:
        notes.append(context.said(f"{row['count']:,} 份", f"{row['count']:,} units"))
    key = {name: row[name] for name in ("subject", "period", "count", "state", "reason")} | {"clause": clause}
    name = f"{row['subject'] or '—'} {row['period']}"
    explanation = context.explanation(one, row["clause"], row["subject"], row["period"])
    return Node("entitlement", name, row["owed"], ", ".join(notes), key, explanation=explanation)


def _reason(context: Context, reason: str) -> str:
    for begin, (zh, en) in REASONS.items():
        if reason.startswith(begin):
            rest = reason.removeprefix(begin)
            if begin == "limit: ":
                rest = context.names.label(rest, context.language)
            return context.said(zh, en).format(rest)
    return reason
