"""A calendar of payments for a terminal: months, clauses, what is still to come, conditions, instalments not paid."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import groupby

from rich.console import Console
from rich.markup import escape

from subsidy.budget.names import clause_label, payer_label
from subsidy.budget.payment_calendar import By, Due, PaymentCalendar, cumulated, label
from subsidy.finding import Language, Text
from subsidy.money import yuan_text
from subsidy.report.text import money, overlay_lines, print_ends_of_shares, print_table, shown_table, word
from subsidy.schedule.catalogue import Schedule

MOST_REFUSED = 10
WORDS = {
    "month": Text("月份", "month"),
    "due": Text("到期", "due"),
    "payments": Text("笔数", "payments"),
    "cumulated": Text("累计", "cumulated"),
    "still to come": Text("以后年度到期", "still to come"),
    "conditions": Text("条件", "conditions"),
    "refused": Text("不付的各期：{count} 期，共 {total} 元", "instalments not paid: {count}, {total} yuan"),
    "others": Text("其余 {count} 期，共 {total} 元", "others: {count}, {total} yuan"),
    "instalment": Text("第 {number} 期", "instalment {number}"),
    "recovery": Text("追回", "recovery"),
    "advance": Text("预拨", "advance"),
    "settlement": Text("清算", "settlement"),
    "advances": Text("预拨与次年清算", "advances and their settlement in the next year"),
    "estimate": Text("估算", "estimate"),
    "owed": Text("应拨", "owed"),
    "arrears": Text("补发 {more} 元，追回 {less} 元", "to be paid: {more} yuan, to be taken back: {less} yuan"),
}


def _word(name: str, language: Language) -> str:
    return WORDS[name].in_(language) if name in WORDS else word(name, language)


def print_calendar(found: PaymentCalendar, by: By, console: Console, language: Language) -> None:
    """Months with who pays, then each clause by day or month, later years, advances, conditions, what is not paid."""
    for version in found.result.versions:
        head = f"{version.id} {version.first_day} r{version.model.revision} · {found.result.year}"
        for line in (head, *overlay_lines(version, language)):
            _say(line, console)
    _print_months(found, console, language)
    _print_clauses(found, by, console, language)
    if found.later:
        _print_later(found, console, language)
    last = max([found.result.year, *(one.day.year for one in found.later)])
    print_ends_of_shares(found.result.versions, last, console, language)
    if found.advances:
        _print_advances(found, console, language)
    if found.conditions:
        console.print()
        _say(_word("conditions", language), console)
        for condition in found.conditions:
            name = clause_label(_schedules(found), condition.clause, language)
            _say(f"  [{condition.item}] {name}: {condition.text.in_(language)}", console)
    if found.refused:
        _print_refused(found, console, language)


def _schedules(found: PaymentCalendar) -> list[Schedule]:
    return [one.schedule for one in found.result.calculated]


def _say(line: str, console: Console) -> None:
    console.print(escape(line), highlight=False, soft_wrap=True)


def _sums(entries: Sequence[Due]) -> dict[str, int]:
    sums: dict[str, int] = {}
    for one in entries:
        for payer, (high, _) in one.payers.items():
            sums[payer] = sums.get(payer, 0) + high
    return sums


def _by_payer(
    title: str,
    headings: Sequence[str],
    rows: Sequence[tuple[Sequence[str], Mapping[str, int], Sequence[int]]],
    found: PaymentCalendar,
    console: Console,
    language: Language,
    *,
    has_total: bool,
) -> None:
    """A table whose rows have words, an amount for each payer, and sums: payers in columns where these fit, else below.

    The last of the words is a number; with `has_total` the last row is set off.
    """
    payers = {payer: payer_label(_schedules(found), payer, language) for payer in found.payers}
    wide = console.width >= 60 + 18 * len(payers)
    own = list(payers.values()) if wide else []
    first, texts = len(rows[0][0]), len(headings) - len(rows[0][2])
    shown = [*headings[:texts], *own, *headings[texts:]]
    table = shown_table(title, shown, range(first - 1, len(shown)))
    table.columns[0].no_wrap = True
    for number, (words, amounts, sums) in enumerate(rows, 1):
        if has_total and number == len(rows):
            table.add_section()
        parts = [_money(amounts[payer])[0] if payer in amounts else "" for payer in payers]
        table.add_row(*words, *(parts if wide else ()), *_money(*sums))
        for payer, part in zip(payers.values(), parts, strict=True) if not wide else ():
            if part:
                below = ["", f"  {escape(payer)}"] if first > 2 else [f"  {escape(payer)}"]
                table.add_row(*below, *[""] * (first - len(below)), part, style="dim")
    if title:
        console.print()
    print_table(table, console)


def _print_months(found: PaymentCalendar, console: Console, language: Language) -> None:
    headings = [_word(name, language) for name in ("month", "payments", "amount", "cumulated")]
    rows: list[tuple[Sequence[str], Mapping[str, int], Sequence[int]]] = []
    so_far = 0
    for month, several in groupby(found.entries("month"), key=lambda one: label(one.day, "month")):
        entries = list(several)
        amount = sum(one.amount for one in entries)
        so_far += amount
        rows.append(((month, f"{sum(one.payments for one in entries):,}"), _sums(entries), (amount, so_far)))
    payments = f"{sum(one.payments for one in found.due):,}"
    rows.append(((word("total", language), payments), _sums(found.due), (found.total, so_far)))
    _by_payer("", headings, rows, found, console, language, has_total=True)


def _print_clauses(found: PaymentCalendar, by: By, console: Console, language: Language) -> None:
    headings = [_word(name, language) for name in ("due", "clause", "payments", "amount", "cumulated")]
    table = shown_table("", headings, (2, 3, 4))
    entries, last = found.entries(by), ""
    for one, so_far in zip(entries, cumulated(entries), strict=True):
        day = label(one.day, by)
        table.add_row(
            "" if day == last else day,
            escape(_name(found, one, language)),
            f"{one.payments:,}",
            *_money(one.amount, so_far),
        )
        last = day
    print_table(table, console)


def _print_later(found: PaymentCalendar, console: Console, language: Language) -> None:
    headings = [_word(name, language) for name in ("year", "clause", "payments", "amount")]
    rows = [
        ((str(one.day.year), escape(_name(found, one, language)), f"{one.payments:,}"), _sums([one]), (one.amount,))
        for one in found.by_year()
    ]
    _by_payer(_word("still to come", language), headings, rows, found, console, language, has_total=False)


def _print_advances(found: PaymentCalendar, console: Console, language: Language) -> None:
    headings = [_word(name, language) for name in ("clause", "estimate", "advance", "owed", "settlement")]
    table = shown_table(_word("advances", language), headings, (1, 2, 3, 4))
    for clause in dict.fromkeys(one.clause for one in found.advances):
        own = [one for one in found.advances if one.clause == clause]
        sums = (
            sum(one.estimate for one in own),
            sum(sum(one.advance) for one in own),
            sum(one.owed for one in own),
            sum(one.settlement for one in own),
        )
        table.add_row(escape(clause_label(_schedules(found), clause, language)), *_money(*sums))
    console.print()
    print_table(table, console)
    more, less = (sum(amount for one in found.advances if (amount := sign * one.settlement) > 0) for sign in (1, -1))
    _say(_word("arrears", language).format(more=_money(more)[0], less=_money(less)[0]), console)


def _print_refused(found: PaymentCalendar, console: Console, language: Language) -> None:
    total = sum(one.amount for one in found.refused)
    console.print()
    _say(_word("refused", language).format(count=len(found.refused), total=_money(total)[0]), console)
    for one in found.refused[:MOST_REFUSED]:
        name = clause_label(_schedules(found), one.clause, language)
        number = _word("instalment", language).format(number=one.instalment)
        _say(f"  {one.day} {name} {one.subject} {number} {_money(one.amount)[0]}: {one.reason.in_(language)}", console)
    left = found.refused[MOST_REFUSED:]
    if left:
        others = sum(one.amount for one in left)
        _say(f"  {_word('others', language).format(count=len(left), total=_money(others)[0])}", console)


def _name(found: PaymentCalendar, one: Due, language: Language) -> str:
    name = clause_label(_schedules(found), one.clause, language)
    return name if one.kind == "payment" else f"{name} ({_word(one.kind, language)})"


def _money(*amounts: int) -> list[str]:
    return [money(yuan_text(amount)) for amount in amounts]
