"""The pay list of persons: who is paid how much under which clause and when, with room for a signature."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from subsidy.engine import calendar
from subsidy.finding import Text
from subsidy.report.book.context import Context
from subsidy.report.book.detail import DISTRICT, FACILITY, NUMBER, PERIOD, TOTAL
from subsidy.report.book.entries import Entry, Line
from subsidy.report.book.page import Cell, Column, Formula, Page
from subsidy.report.book.payments import CLAUSE, DUE
from subsidy.schedule.figures import day_of

TITLE = Text("个人发放名册", "Pay list by person")
PERSON = Text("领取人", "person")
AMOUNT = Text("金额", "amount")
SIGNATURE = Text("签名", "signature")
SUBTOTAL = Text("小计：{place}", "subtotal: {place}")


def is_paid_to_persons(entry: Entry) -> bool:
    """Whether the payee of a clause is a person: a column of that name, or the key of a row that is one person's."""
    pay, fact = entry.ledger.clause.model.pay, entry.ledger.clause.payee.fact
    if fact is None or pay is None or pay.to is None:
        return False
    table = entry.ledger.version.tables[fact.table]
    return fact.column_name == "person" or (fact.column_name == table.key and "person" in table.columns)


@dataclass(frozen=True)
class _Paid:
    place: str
    entry: Entry
    line: Line


class PayList:
    """Writes the sheet: by district and facility, each with its sum, then all."""

    def __init__(self, context: Context, entries: Sequence[Entry], payers: Sequence[str]) -> None:
        self.context, self.payers = context, payers
        paid = [
            _Paid(self._place(line), entry, line)
            for entry in entries
            if is_paid_to_persons(entry)
            for line in entry.lines
        ]
        self.paid = sorted(
            paid, key=lambda one: (one.line.district or "", one.place, one.line.payee or "", one.line.due)
        )

    def _place(self, line: Line) -> str:
        own = [self.context.district(line.district), self.context.facility(line.facility)]
        return " ".join(filter(None, own)) or self.context.or_none(None)

    def write(self, name: str) -> Page:
        say = self.context.say
        page = self.context.page(name, say(TITLE), [self.context.unit_line()])
        own = [Column(self.context.payer(payer), "money") for payer in self.payers]
        page.head(
            [
                Column(say(NUMBER), "whole"), Column(say(PERSON)), Column(say(CLAUSE)), Column(say(PERIOD)),
                Column(say(DUE), "date"), Column(say(DISTRICT)), Column(say(FACILITY)),
                *own, Column(say(AMOUNT), "money"), Column(say(SIGNATURE), width=16),
            ],
            freeze=2,
        )  # fmt: skip
        groups: dict[str, list[_Paid]] = {}
        for one in self.paid:
            groups.setdefault(one.place, []).append(one)
        start, number = page.row, 0
        for place, group in groups.items():
            first = page.row
            for one in group:
                number += 1
                page.add(self._cells(page, number, one))
            self._sum(page, say(SUBTOTAL, place=place), group, first)
        self._sum(page, say(TOTAL), self.paid, start)
        return page

    def _cells(self, page: Page, number: int, one: _Paid) -> list[Cell]:
        entry, line = one.entry, one.line
        first, last = page.at(page.row, 7), page.at(page.row, 6 + len(self.payers))
        parts = [line.parts[payer].amount if payer in line.parts else None for payer in self.payers]
        return [
            number,
            line.payee,
            self.context.label(entry.name),
            calendar.period_label(entry.ledger.clause.model.every, line.accrued),
            day_of(line.due),
            self.context.district(line.district),
            self.context.facility(line.facility),
            *parts,
            Formula(f"SUM({first}:{last})", line.paid),
            None,
        ]

    def _sum(self, page: Page, label: str, paid: Sequence[_Paid], first: int) -> None:
        """A row that adds up those above it from `first` on, but for sums among them."""
        amounts = [
            sum(one.line.parts[payer].amount for one in paid if payer in one.line.parts) for payer in self.payers
        ]
        amounts.append(sum(one.line.paid for one in paid))
        cells: list[Cell] = [None, label, *([None] * 5)]
        for position, amount in enumerate(amounts, 7):
            cells.append(Formula(f"SUBTOTAL(9,{page.range(position, first)})", amount))
        page.add([*cells, None], bold=True)
