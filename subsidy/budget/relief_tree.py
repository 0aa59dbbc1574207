"""A cell of the reliefs, which are no cash: clauses, and the entitlements of the year."""

from __future__ import annotations

from typing import Any

from subsidy import sql
from subsidy.budget.breakdown import Node
from subsidy.budget.breakdown_context import Context, added_up, rest_of
from subsidy.budget.cells import Calculated, in_year
from subsidy.budget.selection import Selection, nothing_there
from subsidy.engine import calendar
from subsidy.engine.lines import Ledger
from subsidy.finding import Text

FEW = 12  # so many entitlements may a cell have to be listed by itself


def relief_tree(context: Context, selection: Selection, name: str) -> Node:
    """The tree of a relief's cell. Raises CellError where the year has no relief with these keys."""
    found: dict[str, list[tuple[Calculated, Ledger, list[tuple[Any, ...]]]]] = {}
    for one, payments in context.ends:
        for ledger in payments.run.ledgers:
            clause = context.names.clause(one.schedule.id, ledger.clause.name)
            if ledger.clause.model.cash or selection.clause not in (None, clause):
                continue
            rows = _rows(context, one, ledger, selection)
            if rows:
                found.setdefault(clause, []).append((one, ledger, rows))
    if not found:
        remedy = Text("请核对条款、区县、机构和年度", "check clause, district, facility and year")
        raise nothing_there(selection, context.year, remedy)
    count = sum(rows[0][4] for several in found.values() for _, _, rows in several)
    if context.depth is None:
        context.depth = "entitlements" if count <= FEW else "clauses"
    return added_up("relief", name, [_clause(context, clause, several) for clause, several in found.items()])


def _clause(context: Context, clause: str, several: list[tuple[Calculated, Ledger, list[tuple[Any, ...]]]]) -> Node:
    one, first, _ = several[0]
    children = []
    for own, ledger, rows in several if context.goes_to("lines") else ():
        for subject, period, units, amount, *_ in rows:
            label = calendar.period_label(ledger.clause.model.every, period)
            note = context.said(f"{units:,} 份", f"{units:,} units") if units != 1 else ""
            key = {"subject": subject, "period": label, "count": units}
            explanation = context.explanation(own, ledger.clause.name, subject, label)
            name = f"{subject or '—'} {label}"
            children.append(Node("entitlement", name, amount, note, key, explanation=explanation))
    amount, count = (sum(rows[0][place] for _, _, rows in several) for place in (5, 4))
    counted = context.listed(count, "项", "entitlement")
    note = context.said(f"{context.cited(one, first.clause.name)}，{counted}，不是现金", "")
    note = note or f"{context.cited(one, first.clause.name)}, {counted}, no cash"
    key = {"clause": clause, "item": context.names.items[clause], "schedule": one.schedule.id, "count": count}
    rest = rest_of(children, count, amount) if children else None
    label = context.names.label(clause, context.language)
    return Node("clause", label, amount, note, key, children=tuple(children), rest=rest)


def _rows(context: Context, one: Calculated, ledger: Ledger, selection: Selection) -> list[tuple[Any, ...]]:
    """Subject, period, units and amount of the largest, then how many there are and their sum."""
    where = [in_year(sql.column("accrued#m"), context.year), sql.compare("<>", sql.column("unit"), sql.whole(0))]
    for name, wanted in (("district", selection.district), ("facility", selection.facility)):
        column = sql.column(f"x:{getattr(ledger.columns, name)}")
        if wanted is not None:
            where.append(sql.compare("=", column, sql.text(wanted)) if wanted else sql.is_missing(column))
    keys = [sql.column("subject"), sql.column("period")]
    units = sql.total(sql.column("count"))
    amount = sql.total(sql.mul(sql.column("unit"), sql.column("count")))
    grouped = sql.select(
        [*keys, sql.alias(units, "units"), sql.alias(amount, "amount")],
        sql.table(ledger.relation),
        where=sql.all_of(where),
        group=keys,
    )
    order = [(sql.absolute(sql.column("amount")), True), (keys[0], False), (keys[1], False)]
    measures = {
        "all": sql.window_total(sql.whole(1), []),
        "sum": sql.window_total(sql.column("amount"), []),
        "rank": sql.row_number([], order),
    }
    columns = [*keys, sql.column("units"), sql.column("amount")]
    measured = sql.select([*columns, *(sql.alias(tree, name) for name, tree in measures.items())],
                          sql.subquery(grouped, "g"))  # fmt: skip
    most = context.extent.entitlements
    chosen = None if most is None else sql.compare("<=", sql.column("rank"), sql.whole(most))
    query = sql.select([*columns, *map(sql.column, measures)], sql.subquery(measured, "m"), where=chosen)
    return sorted(context.payments(one).run.prepared.rows(query), key=lambda row: row[-1])
