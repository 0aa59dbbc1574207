"""A cell of the budget as a tree: clauses by payer, payment lines, the entitlements in them, and their rows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from math import gcd
from typing import Any

from subsidy import sql
from subsidy.budget.breakdown import Node, Rest
from subsidy.budget.breakdown_context import Context, Depth, added_up, rest_of
from subsidy.budget.cell_query import (
    Division,
    Part,
    PayerSum,
    Share,
    Shares,
    different,
    divisions,
    largest_parts,
    parts_before_pots,
    payer_sums,
    shares_of_lines,
)
from subsidy.budget.cells import Calculated
from subsidy.budget.pot_effects import Effect, pot_effects
from subsidy.budget.selection import COLUMNS, Selection, alternatives, funds, nothing_there
from subsidy.engine.explain_words import money
from subsidy.engine.lines import LineSource
from subsidy.finding import Text
from subsidy.money import odd_units, split, split_with_rest, yuan_text
from subsidy.schedule.figures import day_of

UP_TO_ENTITLEMENTS, UP_TO_LINES = 12, 400  # so many parts of lines may a cell have to be shown that deep by itself


def cell_tree(context: Context, selection: Selection, name: str) -> Node:
    """The tree of a cell. Raises CellError where the year has no amount with these keys."""
    wheres = [
        (one, where)
        for one in context.calculated
        for where in [selection.where(context.names, one, context.year, context.basis)]
        if where is not None
    ]
    sums = [(one, where, payer_sums(context.payments(one), where)) for one, where in wheres]
    parts = sum(payer.parts for _, _, own in sums for payer in own)
    if not parts:
        raise nothing_there(selection, context.year, _alternatives(context, selection))
    if context.depth is None:
        context.depth = _default_depth(parts)
    clauses = [node for one, where, own in sums if own for node in _clauses(context, one, where, own)]
    order = list(context.names.clauses)
    clauses.sort(key=lambda node: order.index(str(node.key["clause"])))
    return added_up("cell", name, clauses)


def _default_depth(parts: int) -> Depth:
    if parts == 1:
        return "rows"
    if parts <= UP_TO_ENTITLEMENTS:
        return "entitlements"
    return "lines" if parts <= UP_TO_LINES else "clauses"


def _alternatives(context: Context, selection: Selection) -> Text:
    def values(rest: Selection, key: str) -> list[str]:
        found: set[str] = set()
        for one, payments in context.ends:
            where = rest.where(context.names, one, context.year, context.basis)
            if where is None:
                continue
            if key in ("clause", "payer", "fund"):
                own = funds(one.schedule)
                for row in payer_sums(payments, where):
                    clause = context.names.clause(one.schedule.id, row.clause)
                    fund = own.get((row.clause, row.payer)) or ""
                    found.add({"clause": clause, "payer": row.payer, "fund": fund}[key])
            else:
                named = different(payments, sql.column(COLUMNS.get(key, key)), where)
                found |= {day_of(value).isoformat() if key == "due" else value or "" for value in named}
        return sorted(found, key=lambda value: (not value, value))

    def years() -> list[int]:
        month = sql.column("due#m" if context.basis == "due" else "accrued#m")
        year = sql.int_div(month, sql.whole(12))
        return sorted({value for _, payments in context.ends for value in different(payments, year)})

    return alternatives(selection, context.year, values, years)


# --- clauses and payers --------------------------------------------------------------------------------------------


def _clauses(context: Context, one: Calculated, where: sql.Sql, sums: Sequence[PayerSum]) -> list[Node]:
    lines: dict[tuple[str, str], list[Node]] = {}
    if context.goes_to("lines"):
        parts = largest_parts(context.payments(one), where, context.extent.lines)
        lines = LineBuilder(context, one).by_payer(_in_order(parts, sums))
    own_funds = funds(one.schedule)
    found = []
    for clause in dict.fromkeys(row.clause for row in sums):
        payers = []
        for row in sorted(
            (row for row in sums if row.clause == clause), key=lambda row: _place(one, clause, row.payer)
        ):
            children = lines.get((clause, row.payer), [])
            rest = rest_of(children, row.parts, row.amount) if children else None
            fund = own_funds.get((clause, row.payer))
            note = context.listed(row.parts, "笔", "payment")
            if fund:
                note += context.said(f"，资金来源 {fund}", f", fund {fund}")
            key = {"payer": row.payer, "fund": fund, "count": row.parts}
            label = context.names.payer(row.payer, context.language)
            payers.append(Node("payer", label, row.amount, note, key, children=tuple(children), rest=rest))
        name = context.names.clause(one.schedule.id, clause)
        item = context.names.items[name]
        key = {"clause": name, "item": item, "schedule": one.schedule.id}
        label = context.names.label(name, context.language)
        found.append(added_up("clause", label, payers, context.cited(one, clause), key))
    return found


def _in_order(parts: Sequence[Part], sums: Sequence[PayerSum]) -> list[Part]:
    """Parts of which some are left out by size, all the others by day and payee; payers in the order of the clause."""
    counts = {(row.clause, row.payer): row.parts for row in sums}
    listed = Counter((part.clause, part.payer) for part in parts)

    def by_day(part: Part) -> tuple[int, str]:
        key = (part.clause, part.payer)
        return (part.due, part.payee or "") if listed[key] == counts[key] else (0, "")

    return sorted(parts, key=lambda part: (part.clause, part.position, part.payer, by_day(part)))


def _place(one: Calculated, clause: str, payer: str) -> tuple[int, str]:
    """Payers in the order of the clause; those to whom a pot passes the rest come last."""
    version = next(version for version in reversed(one.schedule.versions) if clause in version.clauses)
    payers = version.clauses[clause].payers
    return (payers.index(payer) if payer in payers else len(payers), payer)


# --- payment lines -------------------------------------------------------------------------------------------------


@dataclass
class LineBuilder:
    """The nodes of payers' parts of payment lines of one schedule."""

    context: Context
    one: Calculated
    shown_under: dict[tuple[str, int, int], str] = field(default_factory=dict)

    def by_payer(self, parts: Sequence[Part]) -> dict[tuple[str, str], list[Node]]:
        """The nodes of these parts by clause and payer, in their order."""
        self._read(parts)
        found: dict[tuple[str, str], list[Node]] = {}
        for part in parts:
            found.setdefault((part.clause, part.payer), []).append(self._node(part))
        return found

    def _read(self, parts: Sequence[Part]) -> None:
        """All that the nodes need, with a few queries for each clause."""
        payments = self.context.payments(self.one)
        run = payments.run
        self.effects = pot_effects(self.context.calculated, self.one, self.context.low)
        touched = [part for part in parts if part.key in self.effects]
        self.before = parts_before_pots(run, touched) if touched else {}
        self.divisions: dict[tuple[str, int, int], Division] = {}
        self.shares: dict[tuple[str, int, int, str], Shares] = {}
        for source, own in self._by_source(parts):
            clause, version = source.ledger.clause.name, source.ledger.version_index
            numbers = list(dict.fromkeys(part.line for part in own))
            for line, division in divisions(run, source, numbers).items():
                self.divisions[clause, version, line] = division
            if self.context.goes_to("entitlements"):
                self._read_shares(source, own, numbers)

    def _by_source(self, parts: Sequence[Part]) -> Iterator[tuple[LineSource, list[Part]]]:
        by_ledger: dict[tuple[str, int], list[Part]] = {}
        for part in parts:
            by_ledger.setdefault((part.clause, part.version), []).append(part)
        for source in self.context.payments(self.one).run.plan.sources:
            own = by_ledger.get((source.ledger.clause.name, source.ledger.version_index))
            if own:
                yield source, own

    def _read_shares(self, source: LineSource, own: Sequence[Part], numbers: list[int]) -> None:
        clause, version = source.ledger.clause.name, source.ledger.version_index
        run, most = self.context.payments(self.one).run, self.context.extent.entitlements
        for payer in source.ledger.clause.parts or [None]:
            lines = numbers if payer is None else [part.line for part in own if part.payer == payer]
            if lines:
                for line, shares in shares_of_lines(run, source, lines, most, payer).items():
                    self.shares[clause, version, line, payer or ""] = shares

    def _node(self, part: Part) -> Node:
        due = day_of(part.due).isoformat()
        period = self.context.period_label(self.one, part.clause, part.version, part.accrued)
        name = f"{part.payee or '—'} {due}" + ("" if due.startswith(period) else f" ({period})")
        key = {
            "payee": part.payee,
            "due": due,
            "period": period,
            "facility": part.facility,
            "district": part.place,
            "line": part.line,
            "owed": yuan_text(part.owed),
            "cut": yuan_text(part.cut),
        }
        effects = self.effects.get(part.key, [])
        before = self.before.get(part.key, 0) if effects else part.amount
        share = self._share_node(part, before, effects)
        if not effects:
            return replace(share, kind="line", name=name, key=key)
        children = [*([share] if before else []), *(self._effect(effect) for effect in effects)]
        note = self.context.said(f"应拨 {money(part.owed)}", f"owed {money(part.owed)}")
        if part.cut:
            note += self.context.said(f"，核减 {money(part.cut)}", f", cut {money(part.cut)}")
        return Node("line", name, part.amount, note, key, children=tuple(children))

    def _effect(self, effect: Effect) -> Node:
        pot = self.context.names.label(effect.pot, self.context.language)
        payer = self.context.names.payer(effect.other, self.context.language) if effect.other else ""
        names = {
            "cut": (f"资金总额“{pot}”核减", f"cut by the pot “{pot}”"),
            "refunded": (f"按“{pot}”由{payer}退还", f"refunded by {payer} under “{pot}”"),
            "taken over": (f"按“{pot}”承接{payer}的部分", f"taken over from {payer} under “{pot}”"),
        }
        return Node("pot effect", self.context.said(*names[effect.kind]), effect.amount, key={"pot": effect.pot})

    def _share_node(self, part: Part, amount: int, effects: Sequence[Effect]) -> Node:
        """The payer's part as the line's division gives it, before any pot."""
        context, clause = self.context, self.one.schedule.versions[part.version].clauses[part.clause]
        division = self.divisions[part.clause, part.version, part.line]
        name = context.said("分担部分", "part of the line")
        if clause.parts:
            shares = self.shares.get((part.clause, part.version, part.line, part.payer))
            children = self._entitlements(part, shares)
            note = context.said(f"该笔共 {money(division.total)}，各主体的部分由条款规定", "")
            note = note or f"the line is {money(division.total)}; the clause says each payer's part"
            return Node("share", name, amount, note, children=children, rest=_rest(children, shares))
        check_division(clause.sharing, division, part.payer, amount)
        note = self._division_note(part, division, clause.sharing)
        line = (part.clause, part.version, part.line)
        if amount == division.total:
            shares = self.shares.get((*line, ""))
            children = self._entitlements(part, shares)
            counted = context.listed(shares.count, "项应补助额", "entitlement") if shares and shares.count > 1 else ""
            return Node("share", name, amount, counted, children=children, rest=_rest(children, shares))
        whole = context.said("该笔合计", "the line in all")
        if line in self.shown_under:
            see = context.said(f"明细见{self.shown_under[line]}", f"its parts stand under {self.shown_under[line]}")
            of = Node("whole line", whole, division.total, see=see)
        else:
            shares = self.shares.get((*line, ""))
            if shares:
                self.shown_under[line] = context.names.payer(part.payer, context.language)
            children = self._entitlements(part, shares)
            counted = context.listed(shares.count, "项应补助额", "entitlement") if shares else ""
            of = Node("whole line", whole, division.total, counted, children=children, rest=_rest(children, shares))
        return Node("share", name, amount, note, of=of if of.children or of.see else None)

    def _division_note(self, part: Part, division: Division, sharing: Any) -> str:
        context = self.context
        total = money(division.total)
        common = gcd(*division.weights.values()) if sharing.value else 1
        weights = {payer: weight // common for payer, weight in division.weights.items() if weight}
        note = f"{total} × {weights.get(part.payer, 0)}/{sum(weights.values())}"
        note += context.said(f"（{context.pay_ratio(weights)}）", f" ({context.pay_ratio(weights)})")
        if sharing.step:
            return note + context.said("，余数归最后一方", ", the remainder to the last")
        odd = odd_units(division.total, list(weights.values()))
        if part.payer in [list(weights)[position] for position in odd]:
            note += context.said("，含除不尽的一分", ", with the odd fen")
        return note

    def _entitlements(self, part: Part, shares: Shares | None) -> tuple[Node, ...]:
        """The largest first; all of them by subject."""
        if shares is None:
            return ()
        listed = list(shares.shown)
        if len(listed) == shares.count:
            listed.sort(key=lambda share: (share.subject or "", share.period, share.instalment or 0))
        return tuple(self._entitlement(part, share) for share in listed)

    def _entitlement(self, part: Part, share: Share) -> Node:
        context = self.context
        period = context.period_label(self.one, part.clause, part.version, share.period)
        notes = []
        if share.units != 1:
            notes.append(context.said(f"{share.units:,} 份", f"{share.units:,} units"))
        if share.instalment is not None:
            whole = money(share.whole)
            notes.append(
                context.said(f"第 {share.instalment} 期，全额 {whole}", f"instalment {share.instalment} of {whole}")
            )
        if share.recovery:
            notes.append(context.said("追回", "taken back"))
        key = {"subject": share.subject, "period": period, "count": share.units, "instalment": share.instalment}
        explanation = context.explanation(self.one, part.clause, share.subject, period)
        name = f"{share.subject or '—'} {period}"
        return Node("entitlement", name, share.amount, ", ".join(notes), key, explanation=explanation)


def check_division(sharing: Any, division: Division, payer: str, amount: int) -> None:
    """That a payer's part is what the one split gives. Raises AssertionError where it is not."""
    payers, weights = list(division.weights), list(division.weights.values())
    total, step = division.total, sharing.step
    parts = split_with_rest(total, weights, step) if step else split(total, weights)
    given = dict(zip(payers, parts, strict=True)).get(payer, 0)
    if given != amount:
        raise AssertionError(f"{payer}: {amount} is not its part of {division.total}, {given}")


def _rest(children: Iterable[Node], shares: Shares | None) -> Rest | None:
    return rest_of(children, shares.count, shares.amount) if shares else None
