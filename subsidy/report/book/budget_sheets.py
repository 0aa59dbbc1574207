"""The sheets of sums: clause by payer, district by payer with funds, facility by clause, low and high."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from subsidy.budget.cells import Cell as BudgetCell
from subsidy.budget.cells import in_order_of_key, sums_by
from subsidy.finding import Text
from subsidy.report.book.context import Context
from subsidy.report.book.detail import DISTRICT, FACILITY, TOTAL
from subsidy.report.book.page import Cell, Column, Formula, Page
from subsidy.report.book.payments import CLAUSE, ITEM, PaymentSheet

BY_CLAUSE = Text("分条款汇总", "By clause")
BY_DISTRICT = Text("分区县汇总", "By district")
BY_FACILITY = Text("分机构明细", "By facility")
BY_FUND = Text("资金来源", "Funds")
LOW_HIGH = Text("上限与下限", "High and low")
LOW = Text("下限", "low")
HIGH = Text("上限", "high")
DIFFERENCE = Text("差额", "difference")
FUND = Text("资金来源", "fund")
PAYER = Text("承担主体", "payer")
CHECKED = Text("核对（应为 0）", "check (must be 0)")
OPEN = Text(
    "尚未核定的金额，上限按其最高、下限按其最低计算；两次计算各自完整，故个别条款的下限可能高于上限。",
    "Amounts not yet assessed stand at their highest and at their lowest. Each is a whole calculation, so that the low"
    " of one clause may exceed its high.",
)


class Sums:
    """Adds up the cells of the budget in different ways, each on a sheet of its own."""

    def __init__(self, context: Context, payers: Sequence[str]) -> None:
        self.context, self.payers = context, payers
        self.cells = context.result.cells
        self.grand = ""  # the cell of the grand total, as other sheets name it

    # --- clause by payer ---------------------------------------------------------------------------------------

    def by_clause(self, name: str, payments: PaymentSheet) -> Page:
        """Each payer's sum of a clause adds up its payments; all other sheets are compared with this one."""
        say = self.context.say
        page = self.context.page(name, say(BY_CLAUSE), [self.context.unit_line()])
        page.head([Column(say(ITEM)), Column(say(CLAUSE)), *self._payer_columns()], freeze=2)
        order = list(self.context.result.items)
        sums = sums_by(self.cells, lambda cell: (cell.clause, cell.payer))
        lows = sums_by(self.cells, lambda cell: (cell.clause,))
        for clause in sorted({clause for clause, _ in sums}, key=order.index):
            head: list[Cell] = [self.context.result.items[clause], self.context.label(clause)]
            parts: list[Cell] = []
            for payer in self.payers:
                amount = sums.get((clause, payer), (0, 0))[0] if (clause, payer) in sums else None
                if amount is not None and clause in payments.spans:
                    span = payments.page.range(payments.at[payer], *payments.spans[clause])
                    parts.append(Formula(f"SUM({payments.page.elsewhere(span)})", amount))
                else:
                    parts.append(amount)
            page.add(self._row(page, head, parts, lows[clause,]), keep=True)
        row = page.total(say(TOTAL), keep=True)
        self.grand = page.elsewhere(page.at(row, 2 + len(self.payers)))
        return page

    def _payer_columns(self) -> list[Column]:
        say = self.context.say
        own = [Column(self.context.payer(payer), "money") for payer in self.payers]
        return [*own, Column(say(TOTAL), "money"), Column(say(LOW), "money")]

    def _row(self, page: Page, head: list[Cell], parts: list[Cell], sums: tuple[int, int]) -> list[Cell]:
        """A row of payers' amounts with their sum, and the low one."""
        first, last = (page.at(page.row, len(head) + end) for end in (0, len(parts) - 1))
        return [*head, *parts, Formula(f"SUM({first}:{last})", sums[0]), sums[1]]

    # --- places ------------------------------------------------------------------------------------------------

    def by_district(self, name: str) -> Page:
        """District by payer; below it, the same by fund."""
        say = self.context.say
        page = self.context.page(name, say(BY_DISTRICT), [self.context.unit_line()])
        page.head([Column(say(DISTRICT)), *self._payer_columns()], freeze=1)
        self._by_payer(page, lambda cell: (cell.district,), lambda key: [self._place(self.context.district, key[0])])
        self._check(page, 1)
        self._by_fund(page)
        return page

    def _by_fund(self, page: Page) -> None:
        say = self.context.say
        page.row += 1
        page.line(say(BY_FUND), self.context.look.title)
        page.head([Column(say(FUND)), *self._payer_columns()], freeze=None)
        self._by_payer(page, lambda cell: (cell.fund,), lambda key: [self.context.or_none(key[0])], keep=False)
        self._check(page, 1)

    def by_facility(self, name: str) -> Page:
        """District and facility by payer."""
        say = self.context.say
        page = self.context.page(name, say(BY_FACILITY), [self.context.unit_line()])
        page.head([Column(say(DISTRICT)), Column(say(FACILITY)), *self._payer_columns()], freeze=2)

        def head(key: tuple[Any, ...]) -> list[Cell]:
            return [self._place(self.context.district, key[0]), self._place(self.context.facility, key[1])]

        self._by_payer(page, lambda cell: (cell.district, cell.facility), head, filtered=True)
        self._check(page, 2)
        return page

    def _place(self, named: Callable[[str | None], str | None], key: str | None) -> str:
        return self.context.or_none(named(key))

    def _by_payer(
        self,
        page: Page,
        key: Callable[[BudgetCell], tuple[Any, ...]],
        head: Callable[[tuple[Any, ...]], list[Cell]],
        *,
        filtered: bool = False,
        keep: bool = True,
    ) -> None:
        sums = sums_by(self.cells, lambda cell: (*key(cell), cell.payer))
        for own, amounts in in_order_of_key(sums_by(self.cells, key)).items():
            parts: list[Cell] = [sums[*own, payer][0] if (*own, payer) in sums else None for payer in self.payers]
            page.add(self._row(page, head(own), parts, amounts), keep=keep)
        if filtered:
            page.filter()
        page.total(self.context.say(TOTAL), keep=keep)

    def _check(self, page: Page, before: int) -> None:
        """A row that compares the total with that of the sheet by clause."""
        position = before + len(self.payers)
        own = page.at(page.row - 1, position)
        page.check(self.context.say(CHECKED), {position: f"{own}-{self.grand}"})

    # --- low and high ------------------------------------------------------------------------------------------

    def low_and_high(self, name: str) -> Page:
        say = self.context.say
        page = self.context.page(name, say(LOW_HIGH), [say(OPEN), self.context.unit_line()])
        page.head(
            [Column(say(ITEM)), Column(say(CLAUSE)), *(Column(say(one), "money") for one in (HIGH, LOW, DIFFERENCE))],
            freeze=2,
        )
        for (clause,), (high, low) in sums_by(self.cells, lambda cell: (cell.clause,)).items():
            one, two = (page.at(page.row, position) for position in (2, 3))
            difference = Formula(f"ROUND({one}-{two},2)", high - low)
            page.add([self.context.result.items[clause], self.context.label(clause), high, low, difference])
        page.total(say(TOTAL))
        page.check(say(CHECKED), {2: f"{page.at(page.row - 1, 2)}-{self.grand}"})
        return page


def payers_of(cells: Iterable[BudgetCell], known: Sequence[str]) -> list[str]:
    """The payers that pay anything, in the order of the documents."""
    found = {cell.payer for cell in cells}
    return [*(payer for payer in known if payer in found), *sorted(found - {*known})]
