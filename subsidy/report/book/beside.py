"""The sheets beside the numbers: limits and pots, reliefs, findings, provisions without figures, the receipt."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from subsidy.budget.cells import sums_by
from subsidy.finding import Text
from subsidy.money import fen
from subsidy.report.book.budget_sheets import LOW
from subsidy.report.book.context import Context
from subsidy.report.book.detail import DISTRICT, FACILITY, TOTAL
from subsidy.report.book.page import Cell, Column, Page
from subsidy.report.book.payments import CLAUSE, ITEM
from subsidy.report.text import word

LIMITS = Text("限制与资金总额", "Limits and pots")
POTS = Text("资金总额", "Pots")
LIMIT = Text("限制", "limit")
RELIEFS = Text("减免（非现金）", "Reliefs, no cash")
RELIEF = Text("减免额", "relief")
FINDINGS = Text("疑点", "Findings")
BLOCKED = Text("因有错误未计算的行：{rows}", "rows left out because something in them is wrong: {rows}")
PROVISIONS = Text("未计算的条款与理解", "Provisions and readings")
RECEIPT = Text("计算凭证", "Receipt")
YEARS = Text("年度", "years")
KIND = Text("类别", "kind")
UNQUANTIFIED = Text("无标准，未计算", "promised without a figure")
RULE = Text("不涉及计算", "calculates nothing")
READING = Text("所作理解", "reading")
TEXT = Text("内容", "text")
PART = Text("部分", "part")
NOTHING = Text("无", "none")
SEVERITY = {"error": Text("错误", "error"), "warning": Text("提示", "warning")}


class Beside:
    """Writes these sheets."""

    def __init__(self, context: Context) -> None:
        self.context = context
        self.say = context.say

    # --- money that is not paid --------------------------------------------------------------------------------

    def limits(self, name: str) -> Page:
        page = self.context.page(name, self.say(LIMITS), [self.context.unit_line()])
        language, result = self.context.language, self.context.result
        cut, over = word("cut", language), word("over", language)
        page.head(
            [Column(self.say(ITEM)), Column(self.say(LIMIT)), Column(cut, "money"), Column(over, "money")], freeze=2
        )
        for entry in result.limits:
            page.add([entry["item"], self.context.label(entry["limit"]), fen(entry["cut"]), _fen(entry.get("over"))])
        page.total(self.say(TOTAL))
        if result.pots:
            page.row += 1
            page.line(self.say(POTS), self.context.look.title)
            names = ("at_most", "asked", "over", "cut", "refunded")
            amounts = [Column(word(one.replace("_", " "), language), "money") for one in names]
            page.head([Column(self.say(ITEM)), Column(self.say(POTS)), Column(self.say(YEARS)), *amounts], freeze=None)
            for pot in result.pots:
                years = pot["years"] or ""
                sums = [_fen(pot.get(one)) for one in names]
                page.add([pot["item"], self.context.label(pot["pot"]), str(years), *sums])
        return page

    def reliefs(self, name: str) -> Page:
        page = self.context.page(name, self.say(RELIEFS), [self.context.unit_line()])
        heads = [Column(self.say(one)) for one in (ITEM, CLAUSE, DISTRICT, FACILITY)]
        page.head([*heads, Column(self.say(RELIEF), "money"), Column(self.say(LOW), "money")], freeze=2)
        cells = self.context.result.relief_cells
        for (clause, district, facility), (high, low) in sums_by(
            cells, lambda cell: (cell.clause, cell.district, cell.facility)
        ).items():
            page.add(
                [
                    self.context.result.items[clause],
                    self.context.label(clause),
                    self.context.or_none(self.context.district(district)),
                    self.context.or_none(self.context.facility(facility)),
                    high,
                    low,
                ]
            )
        page.filter()
        page.total(self.say(TOTAL))
        return page

    # --- words -------------------------------------------------------------------------------------------------

    def findings(self, name: str) -> Page:
        result, language = self.context.result, self.context.language
        blocked = self.say(Text("、", ", ")).join(f"{table} {rows}" for table, rows in result.blocked.items())
        notes = [self.say(BLOCKED, rows=blocked)] if blocked else []
        notes += [] if result.findings else [self.say(NO_FINDINGS)]
        page = self.context.page(name, self.say(FINDINGS), notes)
        page.head(_heads(self.say, FINDING_HEADS), freeze=1)
        for finding in result.findings:
            page.add(
                [
                    self.say(SEVERITY[finding.severity]),
                    str(finding.place),
                    finding.value[:200],
                    finding.why.in_(language),
                    finding.remedy.in_(language),
                    finding.code,
                ]
            )
        page.filter()
        return page

    def provisions(self, name: str) -> Page:
        page = self.context.page(name, self.say(PROVISIONS))
        page.head([*_heads(self.say, (KIND, PART, ITEM)), Column(self.say(TEXT), width=100)], freeze=1)
        for row in self._provisions():
            page.add(row)
        return page

    def _provisions(self) -> Iterator[list[Cell]]:
        result, language = self.context.result, self.context.language
        for kind, entries in ((UNQUANTIFIED, result.unquantified), (RULE, result.rules)):
            for entry in entries:
                label = entry["label"][language] if entry["label"] else entry["name"]
                yield [self.say(kind), entry["part"], entry["item"], label]
        for entry in result.readings:
            yield [self.say(READING), entry["part"], entry["item"], entry["reading"][language]]
        for version in result.versions:
            for note in version.model.notes:
                yield [self.say(NOTE), note.part or version.model.document.part, note.item, note.text.in_(language)]

    def receipt(self, name: str) -> Page:
        """The receipt as a list of paths and values."""
        page = self.context.page(name, self.say(RECEIPT), landscape=False)
        page.head([Column(self.say(ENTRY)), Column(self.say(TEXT), width=72)], freeze=0)
        for path, value in _flat(json.loads(self.context.result.receipt.to_json())):
            page.add([path, value])
        return page


NOTE = Text("说明", "note")
ENTRY = Text("项", "entry")
NO_FINDINGS = Text("没有疑点。", "There are no findings.")
FINDING_HEADS = (
    KIND, Text("位置", "place"), Text("填写的内容", "value"), Text("问题", "why"), Text("应为", "what would be right"),
    Text("代码", "code"),
)  # fmt: skip


def _heads(say: Any, texts: Sequence[Text]) -> list[Column]:
    return [Column(say(text)) for text in texts]


def _fen(amount: str | None) -> int | None:
    return None if amount is None else fen(amount)


def _flat(content: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """Every value of nested lists and objects, with the way to it: totals.by_payer.1.amount."""
    if isinstance(content, Mapping):
        pairs: list[tuple[str, Any]] = list(content.items())
    elif isinstance(content, list):
        pairs = [(str(number), one) for number, one in enumerate(content, 1)]
    else:
        yield path, "" if content is None else json.dumps(content) if isinstance(content, bool) else str(content)
        return
    for key, value in pairs:
        yield from _flat(value, f"{path}.{key}" if path else key)
