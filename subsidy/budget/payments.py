"""The payments ledger of one calculation: every payer's part of every line, after pots."""

from __future__ import annotations

import operator
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from subsidy import sql
from subsidy.budget.pots import PayerPart, PotResult, apply_pots
from subsidy.engine.database import Query
from subsidy.engine.explain_payers import Cuts, PotCut
from subsidy.engine.lines import PART_COLUMNS
from subsidy.engine.run import Run
from subsidy.progress import station
from subsidy.schedule.checked import NOT_STATED

KEY = ("version", "clause", "line", "payer")


@dataclass(frozen=True)
class Payments:
    """A finished calculation: `relation` has PART_COLUMNS, cut and amount (fen); `pots` says what each pot did, and
    `cuts` what they took from which part of which line."""

    run: Run
    relation: str
    pots: tuple[PotResult, ...]
    cuts: Cuts


def make_payments(runs: Sequence[Run]) -> list[Payments]:
    """Apply the pots to the parts of schedules that are calculated together."""
    station("资金总额与拨付", "pots and payments")
    parts = [part for run in runs for part in _read(run)]
    owed_before = [part.owed for part in parts]
    pots = apply_pots([run.prepared.schedule for run in runs], parts)
    known = len(owed_before)
    changed = [
        part
        for part, owed in zip(parts[:known], owed_before, strict=True)
        if part.cuts or (part.left, part.owed) != (owed, owed)
    ]
    found = []
    for run in runs:
        relation, schedule = run.plan.named("payments"), run.prepared.schedule.id
        own, added = ([part for part in some if part.schedule == schedule] for some in (changed, parts[known:]))
        _write(run, relation, own, added)
        found.append(
            Payments(run, relation, tuple(pots[schedule]), _cuts([part for part in parts if part.schedule == schedule]))
        )
    return found


def _cuts(parts: Sequence[PayerPart]) -> Cuts:
    """By version, clause, line and payer: what each pot took, with what it holds and was asked for."""
    return {
        (part.version, part.clause, part.line, part.payer): [
            PotCut(
                pot,
                part.cuts.get(pot, 0),
                group.at_most,
                group.used_before,
                group.asked,
                group.when_short,
                *part.room.get(pot, (0, 0)),
            )
            for pot, group in part.groups.items()
        ]
        for part in parts
        if part.groups
    }


def _read(run: Run) -> list[PayerPart]:
    """The parts that any pot is over."""
    pots = [limit for version in run.prepared.schedule.versions for limit in version.limits.values() if limit.is_pot]
    clauses = {clause for pot in pots for clause in pot.model.among}
    if not clauses:
        return []
    for_others = any(pot.model.payer is None or pot.model.rest_to or pot.model.refund for pot in pots)
    names = ["clause", "version", "due", "due#m", "payee", "district", "facility", "line", "payer", "position", "owed"]

    def query() -> Query:
        columns = [sql.column(name) for name in (*names, *(f"pot:{pot}" for pot in run.plan.pots))]
        concerned = sql.any_of(sql.compare("=", sql.column("clause"), sql.text(name)) for name in sorted(clauses))
        if not for_others:
            payers = sorted({str(pot.model.payer) for pot in pots})
            paying = sql.any_of(sql.compare("=", sql.column("payer"), sql.text(payer)) for payer in payers)
            concerned = sql.all_of([concerned, paying])
        return Query(sql.select(columns, sql.table(run.plan.parts), where=concerned))

    rows = run.prepared.rows(run.prepared.once(("parts", run.plan.parts), query))
    found = []
    place = operator.itemgetter(*(names.index(name) for name in ("clause", "version", "line", "position", "payer")))
    for row in sorted(rows, key=place):
        clause, version, due, month, payee, district, facility, line, payer, position, owed, *ranks = row
        found.append(
            PayerPart(
                run.prepared.schedule.id,
                clause,
                version,
                due,
                month,
                payee,
                district,
                facility,
                line,
                payer,
                position,
                owed,
                dict(zip(run.plan.pots, ranks, strict=True)),
            )
        )
    return found


def _write(run: Run, relation: str, changed: list[PayerPart], added: list[PayerPart]) -> None:
    if not changed and not added:
        run.view(relation, run.prepared.once(("uncut", relation), lambda: _uncut(run.plan.parts)))
        return
    cuts = run.plan.named("cuts")
    _register(run, cuts, changed)
    on = sql.all_of(sql.compare("=", sql.column(name, "c"), sql.column(name, "p")) for name in KEY)
    cut = sql.first_known(sql.column("cut", "c"), sql.whole(0))
    owed = sql.first_known(sql.column("owed", "c"), sql.column("owed", "p"))
    columns = [sql.alias(owed if name == "owed" else sql.column(name, "p"), name) for name in PART_COLUMNS]
    columns += [sql.alias(cut, "cut"), sql.alias(sql.sub(owed, cut), "amount")]
    query = sql.select(columns, sql.table(run.plan.parts, "p"), [("left", sql.table(cuts, "c"), on)])
    if not added:
        run.create(relation, Query(query))
        return
    rests = run.plan.named("rests")
    _register(run, rests, added)
    run.create(relation, Query(sql.union_all([query, _rest_rows(run, rests)])))


def _uncut(parts: str) -> Query:
    columns = [
        *(sql.column(name, "p") for name in PART_COLUMNS),
        sql.alias(sql.whole(0), "cut"),
        sql.alias(sql.column("owed", "p"), "amount"),
    ]
    return Query(sql.select(columns, sql.table(parts, "p")))


def _register(run: Run, name: str, parts: list[PayerPart]) -> None:
    import pyarrow as pa

    content: dict[str, Any] = {
        "version": pa.array([part.version for part in parts], pa.int64()),
        "clause": pa.array([part.clause for part in parts], pa.string()),
        "line": pa.array([part.line for part in parts], pa.int64()),
        "payer": pa.array([part.payer for part in parts], pa.string()),
        "cut": pa.array([sum(part.cuts.values()) for part in parts], pa.int64()),
        "owed": pa.array([part.owed for part in parts], pa.int64()),
    }
    run.prepared.database.register(name, pa.table(content))


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
