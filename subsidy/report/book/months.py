"""The calendar of payments: what falls due in which month, by clause and by payer, and what is still to come."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial

from subsidy.budget.payment_calendar import Due, PaymentCalendar
from subsidy.finding import Text
from subsidy.report.book.budget_sheets import CHECKED, PAYER
from subsidy.report.book.context import Context
from subsidy.report.book.detail import TOTAL
from subsidy.report.book.page import Cell, Column, Formula, Page
from subsidy.report.book.payments import CLAUSE

TITLE = Text("拨付日历", "Calendar of payments")
NOTE = Text(
    "按到期月列示，不论预算按何口径；追回为负数。“以后年度”是本年及以前各期尚未到期的部分。",
    "By the month in which it is due, whatever the basis of the budget. What is taken back is negative. Later: what of"
    " this and earlier periods falls due after the year.",
)
LATER = Text("以后年度", "later")
MONTH = Text("{month} 月", "{year}-{month:02d}")
BY_PAYER = Text("按承担主体", "By payer")


@dataclass(frozen=True)
class Months:
    """Writes the sheet."""

    context: Context
    calendar: PaymentCalendar

    def write(self, name: str) -> Page:
        say = self.context.say
        page = self.context.page(name, say(TITLE), [say(NOTE), say(Text("单位：元", "in yuan"))])
        year = self.context.result.year
        months = [Column(say(MONTH, year=year, month=month), "money") for month in range(1, 13)]
        rest = [*months, Column(say(TOTAL), "money"), Column(say(LATER), "money")]
        page.head([Column(say(CLAUSE)), *rest], freeze=1)
        clauses = dict.fromkeys(one.clause for one in (*self.calendar.due, *self.calendar.later))
        order = list(self.context.result.items)
        for clause in sorted(clauses, key=order.index):
            self._add(page, self.context.clause_title(clause), partial(_of_clause, clause))
        total = page.total(say(TOTAL))
        page.row += 1
        page.line(say(BY_PAYER), self.context.look.title)
        page.head([Column(say(PAYER)), *rest], freeze=None)
        for payer in self.calendar.payers:
            self._add(page, self.context.payer(payer), partial(_of_payer, payer))
        page.total(say(TOTAL))
        self._check(page, total, page.row - 1)
        return page

    def _add(self, page: Page, label: str, amount: Callable[[Due], int]) -> None:
        def total(entries: Iterable[Due]) -> int:
            return sum(map(amount, entries))

        months = [total(one for one in self.calendar.due if one.day.month == month) for month in range(1, 13)]
        first, last = page.at(page.row, 1), page.at(page.row, 12)
        later = total(self.calendar.later)
        cells: list[Cell] = [label, *(month or None for month in months)]
        page.add([*cells, Formula(f"SUM({first}:{last})", sum(months)), later or None])

    def _check(self, page: Page, one: int, two: int) -> None:
        """That clauses and payers add up to the same in every month."""
        positions = range(1, len(page.columns))
        page.check(self.context.say(CHECKED), {at: f"{page.at(one, at)}-{page.at(two, at)}" for at in positions})


def _of_clause(clause: str, due: Due) -> int:
    return due.amount if due.clause == clause else 0


def _of_payer(payer: str, due: Due) -> int:
    high, _ = due.payers.get(payer, (0, 0))
    return high
