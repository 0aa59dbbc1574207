"""The part of a plan between amounts and payment lines: limits on subjects, in order, and the ledgers after each."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from subsidy import sql
from subsidy.engine.grain import LimitColumns
from subsidy.engine.limits import (
    Competitor,
    Rows,
    clauses_among,
    competing,
    contested_groups,
    excess,
    left,
    limited,
    pieces,
)
from subsidy.engine.lines import Ledger, ledger_columns
from subsidy.schedule.checked import CheckedLimit

if TYPE_CHECKING:
    from subsidy.engine.plan import Plan


@dataclass(frozen=True)
class SharedLimit:
    """How a schedule takes part in a limit over several: the rows it brings, and what must be there for it to go on."""

    limit: CheckedLimit
    rows: Rows
    pieces: str  # the relation with what becomes of them, which `stage` reads
    stage: int


def plan_limits(plan: Plan) -> None:
    """Add the statements of all limits on subjects to a plan that has its ledgers, each after those that it follows."""
    merged: dict[str, CheckedLimit] = {}
    for version in plan.schedule.versions:
        merged |= {name: limit for name, limit in version.limits.items() if not limit.is_pot}
    own = [name for name in merged if name not in plan.schedule.shared]
    names = [*own, *(name for name in plan.schedule.shared if name in merged)]
    for number, name in enumerate(names):
        concerned = [index for index, ledger in enumerate(plan.ledgers) if name in ledger.columns.limits]
        if concerned:
            _plan_limit(plan, merged[name], concerned, frozenset(names[number + 1 :]))


def _competitor(ledger: Ledger, limit: CheckedLimit, order: list[str]) -> Competitor:
    columns = ledger.columns.limits[limit.name]
    if ledger.narrow is not None:
        prefixed = ledger.narrow.limit_columns(limit.name, columns)
    else:
        prefixed = LimitColumns(
            tuple(f"x:{key}" for key in columns.keys),
            f"x:{columns.by}" if columns.by else "",
            f"x:{columns.ceiling}" if columns.ceiling else "",
        )
    per_person = "person" in limit.model.per
    own_key = ledger.version.tables[ledger.clause.table].key in limit.model.per
    name = f"{ledger.version.id}:{ledger.clause.name}" if limit.whole else ledger.clause.name
    position = order.index(name) * 1000 + ledger.version_index
    known = ledger.narrow.known(columns) if ledger.narrow else {}
    if not ledger.is_limited:
        known = {**known, "piece": sql.whole(1)}
    skips_counted, is_single = per_person and not own_key, own_key or per_person
    return Competitor(ledger.held or ledger.relation, position, prefixed, is_single, skips_counted, known)


def _plan_limit(plan: Plan, limit: CheckedLimit, concerned: list[int], later: frozenset[str]) -> None:
    """`later`: the limits that come after this one, which read what it leaves several times."""
    name, table = limit.name, plan.named("limit", limit.name)
    order = clauses_among(plan.schedule, name)
    competitors = [_competitor(plan.ledgers[index], limit, order) for index in concerned]
    rows = competing(limit, competitors, "" if limit.whole else f"{table}/groups")
    if limit.whole:
        plan.stages.append([])
        plan.shared[name] = SharedLimit(limit, rows, table, len(plan.stages) - 1)
    else:
        plan.create(rows.groups, contested_groups(rows))
        plan.create(table, pieces(rows))
        if limit.when_short == "report":
            plan.excesses[name] = excess(rows)
    plan.limit_tables[name] = (limit, table)
    for competitor, index in zip(competitors, concerned, strict=True):
        ledger, narrow = plan.ledgers[index], plan.ledgers[index].narrow
        columns = narrow.ledger_columns(ledger.columns) if narrow else ledger_columns(ledger)
        is_read_once = later.isdisjoint(ledger.columns.limits)
        after = held = plan.create(
            f"{competitor.relation}/{name}",
            limited(competitor.relation, columns, competitor.position, rows, table),
            "view" if is_read_once else "table",
        )
        if narrow:
            after = plan.view(f"{ledger.relation}/{name}", narrow.wide_ledger(held, ledger.columns))
        plan.limit_steps.setdefault(name, []).append((ledger.relation, after))
        ledger = replace(ledger, relation=after, held=held if narrow else "", left="", is_limited=True)
        if narrow and len(competitors) == 1 and rows.change_together and "piece" in rows.known:
            ledger = replace(ledger, left=plan.view(f"{table}/left", left(rows, competitor, table)))
        plan.ledgers[index] = ledger
