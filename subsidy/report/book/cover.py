"""The cover: which policy, which year, how much in figures and in words, who pays it, and where everything is."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from fractions import Fraction

from subsidy import __version__
from subsidy.finding import Text
from subsidy.money import fen
from subsidy.report.book.budget_sheets import LOW, PAYER, Sums
from subsidy.report.book.context import Context
from subsidy.report.book.detail import TOTAL
from subsidy.report.book.look import WAN
from subsidy.report.book.page import Cell, Column, Formula, Link, Page
from subsidy.report.book.wan import FEN_PER_WAN
from subsidy.report.capitals import in_capitals
from subsidy.report.text import BASES

TITLE = Text("{year} 年度补贴资金预算", "Budget of subsidies, {year}")
DOCUMENT = Text("文件", "document")
NUMBER = Text("文号", "number")
ISSUER = Text("印发机关", "issuer")
VERSION = Text("施行日期", "in force from")
REVISION = Text("编码修订", "revision")
BASIS = Text("口径", "basis")
AMOUNT = Text("金额（元）", "amount (yuan)")
IN_WAN = Text("金额（万元）", "amount (10,000 yuan)")
WORDS = Text("大写", "in Chinese capitals")
MADE_ON = Text(
    "计算程序 subsidy {version}；计算凭证 SHA-256：{hash}",
    "calculated by subsidy {version}; SHA-256 of the receipt: {hash}",
)
CONTENTS = Text("目录", "Contents")
OPEN_ERRORS = Text(
    "注意：有 {rows} 行因错误未计算，见“{sheet}”。", "Note: {rows} rows were left out because of errors, see “{sheet}”."
)


class Cover:
    """Writes the sheet."""

    def __init__(self, context: Context, name: str) -> None:
        self.context = context
        self.page = context.page(
            name, context.say(TITLE, year=context.result.year), [BASES[context.result.basis].in_(context.language)],
            landscape=False,
        )  # fmt: skip

    def write(self, sums: Sums, by_clause: Page, findings: str, contents: Sequence[tuple[str, str]]) -> Page:
        """`contents`: the sheets with what is on them."""
        page, context, result = self.page, self.context, self.context.result
        if result.blocked:
            page.line(context.say(OPEN_ERRORS, rows=sum(result.blocked.values()), sheet=findings))
        context.look.set_up_print(page.sheet, context.header, landscape=False, repeated=None)
        self._documents()
        self._amounts(sums, by_clause)
        receipt = hashlib.sha256(result.receipt.to_json().encode()).hexdigest()
        page.row += 1
        page.line(context.say(MADE_ON, version=__version__, hash=receipt))
        page.row += 1
        page.head([Column(context.say(CONTENTS)), Column("")], freeze=None)
        for sheet, title in contents:
            page.add([Link(sheet, sheet), title])
        return page

    def _documents(self) -> None:
        page, say = self.page, self.context.say
        page.row += 1
        page.head([Column(say(one)) for one in (DOCUMENT, NUMBER, ISSUER, VERSION, REVISION)], freeze=None)
        for version in self.context.result.versions:
            document = version.model.document
            title = document.title.in_(self.context.language) if document.title else version.id
            number = " ".join(filter(None, (document.cited(self.context.language), document.part)))
            page.add([title, number, document.issuer, version.first_day.isoformat(), str(version.model.revision)])

    def _amounts(self, sums: Sums, by_clause: Page) -> None:
        page, say = self.page, self.context.say
        page.row += 1
        amounts = [Column(say(AMOUNT), "money"), Column(say(IN_WAN), "number", WAN), Column(say(LOW), "money")]
        page.head([Column(say(PAYER)), Column(say(WORDS)), *amounts], freeze=None)
        total = by_clause.rows[-1]
        result = self.context.result
        names = {payer: self.context.payer(payer) for payer in sums.payers}
        lows = {payer: sum(cell.low for cell in result.cells if cell.payer == payer) for payer in sums.payers}
        for position, payer in enumerate(sums.payers, 2):
            self._amount(names[payer], by_clause, total[0], position, _value(total[1][position]), lows[payer])
        self._amount(say(TOTAL), by_clause, total[0], 2 + len(names), fen(result.total), fen(result.low), bold=True)

    def _amount(
        self, label: str, by_clause: Page, row: int, position: int, amount: int, low: int, *, bold: bool = False
    ) -> None:
        page = self.page
        yuan = Formula(by_clause.elsewhere(by_clause.at(row, position)), amount)
        wan = Formula(f"{page.at(page.row, 2)}/10000", Fraction(amount, FEN_PER_WAN))
        page.add([label, in_capitals(amount), yuan, wan, low], bold=bold)


def _value(cell: Cell) -> int:
    value = cell.value if isinstance(cell, Formula) else cell
    return value if isinstance(value, int) else 0
