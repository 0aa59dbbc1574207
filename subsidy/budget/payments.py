"""The payments ledger of one calculation: every payer's part of every line, after pots."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlglot import exp

from subsidy import sql
from subsidy.budget.payer_parts import NUMBERS, TEXTS, PayerParts, joined
from subsidy.budget.pots import PotResult, apply_pots, clauses_under_pots
from subsidy.engine.database import Query
from subsidy.engine.explain_payers import Cuts, PotCut
from subsidy.engine.lines import PART_COLUMNS
from subsidy.engine.run import Run
from subsidy.progress import station
from subsidy.schedule.checked import NOT_STATED

KEY = ("version", "clause", "line", "payer")


@dataclass(frozen=True)
class Payments:
    """A finished calculation: `relation` has PART_COLUMNS, cut and amount (fen); `pots` says what each of the
    schedule's pots did, `applied` what each of all schedules did, in that order."""

    run: Run
    relation: str
    pots: tuple[PotResult, ...]
    applied: tuple[PotResult, ...]

    @functools.cached_property
    def cuts(self) -> Cuts:
        """By version, clause, line and payer: what each pot took, with what it holds and was asked for."""
        found: dict[tuple[int, str, int, str], list[PotCut]] = {}
        for pot in self.applied:
            for share in pot.shares if pot.when_short != "refund" else ():
                part = share.part
                if part.schedule == self.run.prepared.schedule.id:
                    key = part.version, part.clause, part.line, part.payer
                    figures = pot.at_most, pot.used_before, pot.asked, pot.when_short
                    cut = PotCut(pot.pot, share.taken, *figures, share.left, share.wanted)
                    found.setdefault(key, []).append(cut)
        return found


def make_payments(runs: Sequence[Run]) -> list[Payments]:
    """Apply the pots to the parts of schedules that are calculated together."""
    station("资金总额与拨付", "pots and payments")
    tables = [table for run in runs for table in [_read(run)] if table is not None]
    parts = joined(tables) if any(table.num_rows for table in tables) else None
    results = apply_pots([run.prepared.schedule for run in runs], parts) if parts is not None else []
    applied = tuple(result for _, result in results)
    found = []
    for run in runs:
        relation, schedule = run.plan.named("payments"), run.prepared.schedule.id
        _write(run, relation, parts)
        found.append(Payments(run, relation, tuple(result for of, result in results if of == schedule), applied))
    return found


def _read(run: Run) -> Any:
    """The parts that any pot is over, as an Arrow table; None where there is no pot."""

    def query() -> Query | None:
        own = run.prepared.schedule
        clauses = clauses_under_pots(own)
        if not clauses:
            return None
        pots = [limit for version in own.versions for limit in version.limits.values() if limit.is_pot]
        for_others = any(pot.model.payer is None or pot.model.rest_to or pot.model.refund for pot in pots)
        names = (*TEXTS[1:], *NUMBERS, "owed", *(f"pot:{pot}" for pot in run.plan.pots))
        schedule = sql.alias(sql.text(run.prepared.schedule.id), "schedule")
        columns = [schedule, *(sql.column(name) for name in names)]
        concerned = sql.any_of(sql.compare("=", sql.column("clause"), sql.text(name)) for name in sorted(clauses))
        if not for_others:
            payers = sorted({str(pot.model.payer) for pot in pots})
            paying = sql.any_of(sql.compare("=", sql.column("payer"), sql.text(payer)) for payer in payers)
            concerned = sql.all_of([concerned, paying])
        return Query(sql.select(columns, sql.table(run.plan.parts), where=concerned))

    asked = run.prepared.once(("parts", run.plan.parts), query)
    return None if asked is None else run.prepared.database.arrow(asked)


def _write(run: Run, relation: str, parts: PayerParts | None) -> None:
    changed, added = parts.changed_and_added(run.prepared.schedule.id) if parts is not None else ((), ())
    if parts is None or not len(changed) + len(added):
        run.view(relation, run.prepared.once(("uncut", relation), lambda: Query(_uncut(run.plan.parts))))
        return
    cuts, after = run.plan.named("cuts"), run.plan.named("after pots")
    run.prepared.database.register(cuts, parts.table(changed))
    clause, payer = sql.column("clause", "p"), sql.column("payer", "p")
    concerned = sql.any_of(
        sql.all_of([sql.compare("=", clause, sql.text(one)), sql.compare("=", payer, sql.text(two))])
        for one, two in parts.clauses_and_payers(changed)
    )
    on = sql.all_of(sql.compare("=", sql.column(name, "c"), sql.column(name, "p")) for name in KEY)
    cut = sql.first_known(sql.column("cut", "c"), sql.whole(0))
    owed = sql.first_known(sql.column("owed", "c"), sql.column("owed", "p"))
    columns = [sql.alias(owed if name == "owed" else sql.column(name, "p"), name) for name in PART_COLUMNS]
    columns += [sql.alias(cut, "cut"), sql.alias(sql.sub(owed, cut), "amount")]
    queries = [sql.select(columns, sql.table(run.plan.parts, "p"), [("left", sql.table(cuts, "c"), on)], concerned)]
    if len(added):
        rests = run.plan.named("rests")
        run.prepared.database.register(rests, parts.table(added))
        queries.append(_rest_rows(run, rests))
    run.create(after, Query(sql.union_all(queries)))
    others = _uncut(run.plan.parts, sql.negation(concerned))
    run.view(relation, Query(sql.union_all([others, sql.select([sql.all_columns()], sql.table(after))])))


def _uncut(parts: str, where: sql.Sql | None = None) -> exp.Select:
    columns = [
        *(sql.column(name, "p") for name in PART_COLUMNS),
        sql.alias(sql.whole(0), "cut"),
        sql.alias(sql.column("owed", "p"), "amount"),
    ]
    return sql.select(columns, sql.table(parts, "p"), where=where)


def _rest_rows(run: Run, rests: str) -> Any:
    """The parts of payers that took over what a pot cut: beside another part of the same line."""
    line = ("version", "clause", "line")
    first = sql.select(
        [
            sql.all_columns("p"),
            sql.alias(sql.row_number([sql.column(key) for key in line], [(sql.column("position"), False)]), "nth"),
        ],
        sql.table(run.plan.parts, "p"),
    )
    on = sql.all_of(
        [
            *(sql.compare("=", sql.column(key, "p"), sql.column(key, "r")) for key in line),
            sql.compare("=", sql.column("nth", "p"), sql.whole(1)),
        ]
    )
    is_nobody = sql.compare("=", sql.column("payer", "r"), sql.text(NOT_STATED))
    replaced = {
        "payer": sql.column("payer", "r"),
        "place": sql.case([(is_nobody, sql.missing_text())], sql.column("district", "p")),
        "owed": sql.column("owed", "r"),
    }
    columns = [sql.alias(replaced.get(name, sql.column(name, "p")), name) for name in PART_COLUMNS]
    owed, cut = sql.column("owed", "r"), sql.column("cut", "r")
    columns += [sql.alias(cut, "cut"), sql.alias(sql.sub(owed, cut), "amount")]
    return sql.select(columns, sql.table(rests, "r"), [("inner", sql.subquery(first, "p"), on)])
