"""A pot as a tree: its sum, what was asked for, its rule, and each recipient with what is owed, cut and paid."""

from __future__ import annotations

from collections.abc import Sequence

from subsidy.budget.breakdown import Key, Node
from subsidy.budget.breakdown_context import Context, added_up, rest_of
from subsidy.budget.pots import PotResult, PotShare
from subsidy.budget.selection import KIND_WORDS, CellError, Chooser, Selection, nothing_there, unknown
from subsidy.engine import calendar
from subsidy.engine.explain_words import money
from subsidy.finding import Text
from subsidy.schedule.column import MONTHS_IN
from subsidy.schedule.figures import day_of

RULES = {
    "report": Text("超出只报告，不核减", "what is over is only reported, nothing is cut"),
    "pro_rata": Text("不足时按比例核减", "where it is short, all are cut pro rata"),
    "in_order": Text("按次序先后满足", "those first in order are paid first"),
    "by_rank": Text("按名次先后满足", "those of the first rank are paid first"),
    "refund": Text("按比例退还各承担主体", "a share is refunded to the payers"),
}
UP_TO_LINES = 12


def chosen_pot(context: Context, chooser: Chooser, written: str) -> str:
    """A pot by its name or label. Raises CellError for an unknown one."""
    known = list(dict.fromkeys(pot.pot for _, payments in context.ends for pot in payments.pots))
    if not known and not any(limit.is_pot for one in context.calculated for version in one.schedule.versions
                             for limit in version.limits.values()):  # fmt: skip
        raise CellError([unknown("pot", written, [])])
    pot = chooser.pot(written, known)
    chooser.stop()
    return pot


def pot_tree(context: Context, pot: str, selection: Selection, name: str) -> Node:
    """The groups of a pot, over all years it runs. `selection`: of one payee, payer, clause, district or facility."""
    context.depth = context.depth or "lines"
    groups = [one for _, payments in context.ends for one in payments.pots if one.pot == pot]
    nodes = [node for group in groups for node in [_group(context, group, selection)] if node is not None]
    if not nodes:
        payees = sorted({share.part.payee or "—" for group in groups for share in group.shares})[:5]
        listed = ", ".join(payees)
        raise nothing_there(selection, None, Text(f"其收款方有：{listed}", f"its payees are {listed}"))
    refunds = groups[0].when_short == "refund"
    after = context.said("退还", "refunded") if refunds else context.said("核减后", "after the pot")
    return added_up("pot", f"{name} · {after}", nodes)


def _group(context: Context, pot: PotResult, selection: Selection) -> Node | None:
    shares = [share for share in pot.shares if _is_meant(context, share, selection)]
    if not shares:
        return None
    by_payee: dict[str, list[PotShare]] = {}
    for share in shares:
        by_payee.setdefault(share.part.payee or "—", []).append(share)
    is_refund = pot.when_short == "refund"
    ordered = sorted(by_payee.items(), key=lambda pair: (-_amount(pair[1], is_refund), pair[0]))
    most = context.extent.lines
    if most is not None and len(ordered) > max(most, UP_TO_LINES):
        ordered = ordered[:most]
    payees = [_payee(context, payee, own, is_refund) for payee, own in ordered]
    amount = sum(_amount([share], is_refund) for share in shares)
    keys = " ".join(_key_text(context, name, value) for name, value in pot.key.items())
    title = " ".join(part for part in (keys, _years(context, pot)) if part)
    title = title or context.said("全部", "all of it")
    key: Key = {"pot": pot.pot, "item": pot.item, **pot.key}
    note = context.listed(len(by_payee), "个收款方", "payee")
    rest = rest_of(payees, len(by_payee), amount)
    return Node("pot group", title, amount, note, key, _facts(context, pot), tuple(payees), rest)


def _years(context: Context, pot: PotResult) -> str:
    years = (pot.years or "").replace("..", "–")
    return context.said(f"{years} 年", years) if years else ""


def _key_text(context: Context, name: str, value: str | int | None) -> str:
    """A key of a pot's group in words: 2024, 2024-03, 区县 CN-610102."""
    if name in MONTHS_IN and isinstance(value, int):
        return calendar.period_label(name, value)
    word = KIND_WORDS[name].in_(context.language) if name in KIND_WORDS else name
    return f"{word} {value if value is not None else context.said('（无）', '(none)')}"


def _is_meant(context: Context, share: PotShare, selection: Selection) -> bool:
    part = share.part
    clause = context.names.clause(part.schedule, part.clause)
    due = day_of(part.due).isoformat()
    own = {"clause": clause, "payer": part.payer, "district": part.district or "", "facility": part.facility or "",
           "payee": part.payee or "", "due": due}  # fmt: skip
    return all(own.get(name) == value for name, value in selection.keys.items())


def _amount(shares: Sequence[PotShare], is_refund: bool) -> int:
    """What the payers pay after the pot; of a refund what they get back."""
    return sum(share.taken if is_refund else share.asked - share.taken for share in shares)


def _facts(context: Context, pot: PotResult) -> tuple[tuple[str, str], ...]:
    said = context.said
    facts = []
    if pot.item:
        facts.append((said("条", "item"), pot.item))
    facts.append((said("办法", "rule"), RULES[pot.when_short].in_(context.language)))
    if pot.at_most is not None:
        facts.append((said("总额", "sum"), money(pot.at_most)))
        facts.append((said("此前已用", "used before"), money(pot.used_before)))
    facts.append((said("需求", "asked for"), money(pot.asked)))
    if pot.when_short == "refund":
        facts.append((said("退还", "refunded"), money(pot.refunded)))
    else:
        facts.append((said("超出", "over"), money(pot.over)))
        facts.append((said("核减", "cut"), money(pot.cut)))
    if pot.goes_to is not None:
        payer = context.names.payer(pot.goes_to, context.language)
        way = ("由其退还", "refunded by") if pot.when_short == "refund" else ("差额由其承担", "the rest is paid by")
        facts.append((said(*way), payer))
    return tuple(facts)


def _payee(context: Context, payee: str, shares: Sequence[PotShare], is_refund: bool) -> Node:
    lines = []
    for share in shares if context.goes_to("lines") else ():
        part = share.part
        clause = context.names.label(context.names.clause(part.schedule, part.clause), context.language)
        payer = context.names.payer(part.payer, context.language)
        due = day_of(part.due).isoformat()
        key: Key = {"clause": context.names.clause(part.schedule, part.clause), "payer": part.payer, "due": due,
               "line": part.line}  # fmt: skip
        amount = _amount([share], is_refund)
        lines.append(Node("pot line", f"{due} {clause} · {payer}", amount, _taken(context, [share], is_refund), key))
    amount = _amount(shares, is_refund)
    return Node("payee", payee, amount, _taken(context, shares, is_refund), {"payee": payee}, children=tuple(lines))


def _taken(context: Context, shares: Sequence[PotShare], is_refund: bool) -> str:
    asked, taken = sum(share.asked for share in shares), sum(share.taken for share in shares)
    if is_refund:
        return context.said(f"原付 {money(asked)}", f"of {money(asked)} paid before")
    if not taken:
        return ""
    return context.said(f"应拨 {money(asked)}，核减 {money(taken)}", f"owed {money(asked)}, cut {money(taken)}")
