"""The sheet of payment lines: what is paid to whom and when, and each payer's part of it by its share."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from subsidy.engine import calendar
from subsidy.finding import Text
from subsidy.money import round_to, yuan_text
from subsidy.report.book.context import Context
from subsidy.report.book.detail import DISTRICT, FACILITY, PERIOD, TOTAL, Detail
from subsidy.report.book.entries import Line
from subsidy.report.book.page import Cell, Column, Formula, Page
from subsidy.schedule.figures import day_of

TITLE = Text("拨付明细", "Payments")
NOTE = Text(
    "每行一笔拨付。各承担主体按分担比例计算并四舍五入到分，除不尽的一分和资金总额的核减以加减数列在公式中。",
    "A payment a row. Each payer's part is its share rounded to the fen; an odd fen and what pots cut stand in the"
    " formula.",
)
ITEM = Text("条", "item")
CLAUSE = Text("条款", "clause")
PAYEE = Text("收款方", "payee")
DUE = Text("到期日", "due")
SHARE = Text("分担", "shares")
DIVIDED = Text("应拨付额", "owed")
MOVED = Text("资金总额转移", "moved by pots")
CUT = Text("资金总额核减", "cut by pots")
PAID = Text("实拨付额", "paid")
CHECK = Text("核对", "check")
OWN_PARTS = Text("按各自部分", "own parts")


class PaymentSheet:
    """Writes the sheet. `spans`: by clause, its first and last row; `at`: by payer, the column of what it pays."""

    def __init__(self, context: Context, name: str, details: Sequence[Detail], payers: Sequence[str]) -> None:
        self.context, self.details, self.payers = context, details, payers
        self.spans: dict[str, tuple[int, int]] = {}
        lines = [line for detail in details for line in detail.entry.lines]
        self.has_moved, self.has_cut = any(line.moved for line in lines), any(line.cut for line in lines)
        self.page = context.page(name, context.say(TITLE), [context.say(NOTE), context.unit_line()])

    def write(self) -> Page:
        page, say = self.page, self.context.say
        heads = [
            Column(say(ITEM)), Column(say(CLAUSE)), Column(say(PAYEE)), Column(say(FACILITY)),
            Column(say(DISTRICT)), Column(say(PERIOD)), Column(say(DUE), "date"),
            Column(say(SHARE)), Column(say(DIVIDED), "money"),
        ]  # fmt: skip
        heads += [Column(say(MOVED), "money")] if self.has_moved else []
        heads += [Column(say(CUT), "money")] if self.has_cut else []
        first = len(heads)
        self.at = {payer: first + index for index, payer in enumerate(self.payers)}
        heads += [Column(self.context.payer(payer), "money") for payer in self.payers]
        self.paid = len(heads)
        heads += [Column(say(PAID), "money"), Column(say(CHECK), "check")]
        page.head(heads, freeze=3)
        for detail in self.details:
            for position, line in enumerate(detail.entry.lines):
                at = page.add(self._cells(detail, position, line))
                start, _ = self.spans.get(detail.entry.name, (at, at))
                self.spans[detail.entry.name] = (start, at)
        page.filter()
        page.total(say(TOTAL))
        return page

    def _cells(self, detail: Detail, position: int, line: Line) -> list[Cell]:
        context, row, entry = self.context, self.page.row, detail.entry
        divided = self.page.at(row, 8)
        own = [self._part(detail, position, line, payer, divided) for payer in self.payers]
        first, last = (self.page.at(row, self.at[self.payers[end]]) for end in (0, -1))
        paid = self.page.at(row, self.paid)
        expected = divided
        cells: list[Cell] = [
            context.result.items[entry.name],
            context.label(entry.name),
            self._payee(line),
            context.facility(line.facility),
            context.district(line.district),
            calendar.period_label(entry.ledger.clause.model.every, line.accrued),
            day_of(line.due),
            self._shares(line),
            Formula(f"SUM({detail.amounts[position]})", line.division.total),
        ]
        if self.has_moved:
            expected += f"+{self.page.at(row, len(cells))}"
            cells.append(line.moved)
        if self.has_cut:
            expected += f"-{self.page.at(row, len(cells))}"
            cells.append(line.cut)
        difference = line.division.total + line.moved - line.cut - line.paid
        return [
            *cells,
            *own,
            Formula(f"SUM({first}:{last})", line.paid),
            Formula(f"ROUND({expected}-{paid},2)", difference),
        ]

    def _payee(self, line: Line) -> str | None:
        return self.context.facility(line.payee) if line.payee == line.facility else line.payee

    def _shares(self, line: Line) -> str:
        weights = {payer: weight for payer, weight in line.division.weights.items() if weight}
        if not weights:
            return self.context.say(OWN_PARTS)
        return " : ".join(f"{self.context.payer(payer)} {weight}" for payer, weight in weights.items())

    def _part(self, detail: Detail, position: int, line: Line, payer: str, divided: str) -> Cell:
        """What a payer pays: its share or own part, and what is added to it or taken from it."""
        part, weights = line.parts.get(payer), line.division.weights
        paid = part.amount if part else 0
        all_weights = sum(weights.values())
        if weights.get(payer) and all_weights:
            share = divided if weights[payer] == all_weights else f"ROUND({divided}*{weights[payer]}/{all_weights},2)"
            value = int(round_to(Fraction(line.division.total * weights[payer], all_weights), Fraction(1), "half_up"))
            return _adjusted(share, value, paid)
        own = detail.parts.get((position, payer))
        if own is not None and paid:
            return _adjusted(own, detail.part_sums[position, payer], paid)
        return paid if part else None


def _adjusted(formula: str, value: int, wanted: int) -> Formula:
    """A formula that gives `value`, with what it differs from `wanted` by (fen)."""
    difference = wanted - value
    if not difference:
        return Formula(formula, wanted)
    return Formula(f"ROUND({formula}{'+' if difference > 0 else '-'}{yuan_text(abs(difference))},2)", wanted)
