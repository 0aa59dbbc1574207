"""How one payment line is shared among payers: the ratio, the odd fen, named parts, and what pots cut."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from subsidy import sql
from subsidy.engine.explain_words import Words, money
from subsidy.engine.explanation import Line
from subsidy.engine.lines import Ledger
from subsidy.engine.run import Run
from subsidy.finding import Text
from subsidy.money import odd_units, split, split_with_rest, yuan_text
from subsidy.schedule.checked import NOT_STATED
from subsidy.schedule.column import MONTHS_IN
from subsidy.schedule.date_words import MONTH_OF_YEAR

PAYER_COLUMNS = ("payer", "position", "place", "owed", "cut", "amount")
RATIO = Text("分担：{ratio}", "shared {ratio}")
BY_VALUE = Text("，见 {value}", ", as {value} says")
IN_STEPS = Text("，取整到 {step}，{last} 承担余数", ", to multiples of {step}; {last} takes the rest")
OF = Text("{amount}（{owed} 的 {weight}/{weights}）", "{amount} ({weight}/{weights} of {owed})")
ODD = Text("，含除不尽的一分：{why}", ", with the odd fen: {why}")
LARGEST = Text("余数最大", "the largest remainder")
FIRST = Text("余数相同，按次序在前", "equal remainders, first in order")
FUND = Text("，资金：{fund}", ", fund: {fund}")
TOOK_OVER = Text("，由资金总额的规定转来", ", moved here by a pot")
ADJUSTED = Text("，资金总额的规定再转来 {difference}，为 {owed}", ", {difference} moved by a pot, which makes {owed}")
NAMED_PARTS = Text(
    "各承担主体按上列各自的部分；金额减少或分期的，按各部分的比例",
    "each payer its own part as above; of what is cut or paid in instalments, in proportion to the parts",
)
WAYS = {
    "report": Text("超出 {over}，只报告", "{over} above it, reported only"),
    "pro_rata": Text("按比例减少", "all cut in proportion"),
    "in_order": Text("按先后满足", "paid in order"),
    "by_rank": Text("按顺位满足", "paid by rank"),
    "refund": Text("返还", "refunded"),
}
POT = Text(
    "资金总额 {label}{item}：{at_most}{used}，共申请 {asked}，{outcome}",
    "pot {label}{item}: {at_most}{used}, asked for {asked} in all, {outcome}",
)
POT_CUT = Text("{way}，此处减少 {cut}", "{way}; {cut} of it taken here")
IN_TURN = Text(
    "轮到本顺位时余 {left}，本顺位申请 {wanted}", "{left} is left when its turn comes, its rank asks for {wanted}"
)
ENOUGH = Text("够用，不减少", "which is enough; nothing taken")
USED = Text("（已用 {used}）", " ({used} used before)")


@dataclass(frozen=True)
class PotCut:
    """What a pot took from one payer's part of one line (fen), and the pot's own figures."""

    pot: str
    cut: int
    at_most: int | None
    used_before: int
    asked: int
    when_short: str
    left: int = 0  # when its rank's turn came
    wanted: int = 0  # by its rank


Cuts = Mapping[tuple[int, str, int, str], Sequence[PotCut]]  # by version, clause, line and payer


def payer_lines(run: Run, relation: str, ledger: Ledger, line: int, words: Words, cuts: Cuts) -> Iterator[Line]:
    """Each payer's part of the line with this number."""
    where = [
        sql.equals("clause", ledger.clause.name),
        sql.equals("version", ledger.version_index),
        sql.equals("line", line),
    ]
    columns = [sql.column(name) for name in (*PAYER_COLUMNS, "due#m", "due")]
    rows = run.prepared.rows(sql.select(columns, sql.table(relation), where=sql.all_of(where)))
    rows.sort(key=lambda row: (row[1], row[0]))
    weights = _weights(run, ledger, line)
    total = _line_total(run, ledger, line)
    yield from _ratio(ledger, weights, words)
    for payer, _, place, owed, cut, amount, *_ in rows:
        yield _payer_line(ledger, words, payer, place, owed, cut, amount, weights, total)
        for one in cuts.get((ledger.version_index, ledger.clause.name, line, payer), ()):
            yield _pot_line(ledger, one, words)


def _payer_line(
    ledger: Ledger,
    words: Words,
    payer: str,
    place: str | None,
    owed: int,
    cut: int,
    amount: int,
    weights: Mapping[str, int],
    total: int,
) -> Line:
    data: dict[str, Any] = {"payer": payer, "place": place, "owed": yuan_text(owed), "cut": yuan_text(cut)}
    data["amount"] = yuan_text(amount)
    shown, own = money(owed), _share(ledger, payer, weights, total)
    if weights.get(payer) and sum(1 for weight in weights.values() if weight) > 1:
        shares = {"weight": weights[payer], "weights": sum(weights.values())}
        data |= shares | {"share": yuan_text(own)}
        shown = words(OF, amount=money(own), owed=money(total), **shares)
        why = _odd(payer, weights, total) if ledger.clause.sharing and not ledger.clause.sharing.step else None
        if why is not None:
            data["odd_fen"] = True
            shown += words(ODD, why=words(why))
        if own != owed:
            shown += words(ADJUSTED, difference=money(owed - own), owed=money(owed))
    elif payer not in ledger.clause.payers:
        data["took_over"] = True
        shown += words(TOOK_OVER)
    if cut:
        shown += f" - {money(cut)} = {money(amount)}"
    fund = ledger.version.fund(ledger.clause.name, payer)
    if fund:
        data["fund"] = fund
        shown += words(FUND, fund=fund)
    return Line("payments", f"{words.payer(payer)} {place or ''}".strip(), shown, depth=1, data=data)


def _share(ledger: Ledger, payer: str, weights: Mapping[str, int], total: int) -> int:
    """What the split gives a payer, before any pot."""
    sharing = ledger.clause.sharing
    if sharing is None or not weights.get(payer):
        return 0
    shares = list(weights.values())
    parts = split_with_rest(total, shares, sharing.step) if sharing.step else split(total, shares)
    return parts[list(weights).index(payer)]


def _odd(payer: str, weights: Mapping[str, int], total: int) -> Text | None:
    """Why a payer got one fen more than the whole part of its share; None where it did not."""
    names, shares = list(weights), list(weights.values())
    odd = {names[index] for index in odd_units(total, shares)}
    if payer not in odd:
        return None
    remainders = {name: abs(total) * share % sum(shares) for name, share in weights.items()}
    tied = any(remainders[name] == remainders[payer] for name in names if name not in odd and weights[name])
    return FIRST if tied else LARGEST


def _ratio(ledger: Ledger, weights: Mapping[str, int], words: Words) -> Iterator[Line]:
    clause = ledger.clause
    if clause.parts:
        yield Line("payments", "", words(NAMED_PARTS), depth=1)
        return
    shown = {payer: weight for payer, weight in weights.items() if weight}
    if len(shown) < 2:
        return
    text = words(RATIO, ratio=" : ".join(f"{words.payer(payer)} {weight}" for payer, weight in shown.items()))
    sharing = clause.sharing
    if sharing is not None and sharing.value:
        text += words(BY_VALUE, value=sharing.value)
    if sharing is not None and sharing.step:
        text += words(IN_STEPS, step=money(sharing.step), last=words.payer(list(shown)[-1]))
    yield Line("payments", "", text, depth=1, data={"ratio": shown})


def _line_total(run: Run, ledger: Ledger, line: int) -> int:
    table = sql.table(run.plan.source_of(ledger).lines)
    ((owed,),) = run.prepared.rows(sql.select([sql.column("owed")], table, where=sql.equals("line", line)))
    return int(owed)


def _weights(run: Run, ledger: Ledger, line: int) -> dict[str, int]:
    """Each payer's weight in a line, in the order in which ties are settled."""
    sharing = ledger.clause.sharing
    if sharing is None:
        return {}
    if not sharing.value:
        return dict(sharing.weights)
    names = ["due", "due#m", *(f"split:{index}" for index in range(len(ledger.columns.split_keys)))]
    query = sql.select([sql.column(name) for name in names], sql.table(run.plan.source_of(ledger).lines),
                       where=sql.equals("line", line))  # fmt: skip
    ((due, month, *stored),) = run.prepared.rows(query)
    ahead = iter(stored)
    keys = [_due_key(key.name, due, month) if key.operation == "time" else next(ahead) for key in sharing.keys]
    by = ledger.version.checker
    figures = by.figures_of(by.shares_of(sharing))
    found = {}
    for payer in ledger.clause.payers:
        figure = figures.look_up([*keys, payer])
        found[payer] = int(figure) if isinstance(figure, Fraction) else 0
    if not any(found.values()) and NOT_STATED in found:
        found[NOT_STATED] = 1
    return found


def _due_key(word: str, due: int, month: int) -> int:
    if word == "date":
        return due
    return month % 12 + 1 if word == MONTH_OF_YEAR else month // MONTHS_IN.get(word, 1)


def _pot_line(ledger: Ledger, one: PotCut, words: Words) -> Line:
    checked = ledger.version.limits.get(one.pot)
    limit = checked.model if checked is not None else None
    label = limit.label.in_(words.language) if limit and limit.label else one.pot
    bracket = {"zh": "（{}）", "en": " ({})"}[words.language]
    item = bracket.format(words.item(limit.item, limit.part)) if limit and limit.item else ""
    over = 0 if one.at_most is None else one.asked - max(0, one.at_most - one.used_before)
    is_over = one.when_short == "report" and over > 0
    outcome = words(WAYS["report"], over=money(over)) if is_over else words(ENOUGH)
    if one.cut:
        outcome = words(POT_CUT, way=words(WAYS[one.when_short]), cut=money(one.cut))
    if one.when_short in ("in_order", "by_rank") and one.wanted:
        outcome = f"{words(IN_TURN, left=money(one.left), wanted=money(one.wanted))}{words.comma}{outcome}"
    text = words(
        POT,
        label=label,
        item=item,
        at_most="—" if one.at_most is None else money(one.at_most),
        used=words(USED, used=money(one.used_before)) if one.used_before else "",
        asked=money(one.asked),
        outcome=outcome,
    )
    data: dict[str, Any] = {
        "pot": one.pot,
        "pot_cut": yuan_text(one.cut),
        "asked": yuan_text(one.asked),
        "when_short": one.when_short,
    }
    data["at_most"] = None if one.at_most is None else yuan_text(one.at_most)
    return Line("payments", "", text, depth=2, data=data)
