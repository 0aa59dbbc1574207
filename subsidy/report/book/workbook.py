"""The whole book: which sheets there are, in which order, and the file."""

from __future__ import annotations

import datetime
import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from subsidy.budget.result import Result
from subsidy.files import check_writable, write_whole
from subsidy.finding import Finding, Language, Place, RosterError, Text
from subsidy.progress import station
from subsidy.report.book import beside, budget_sheets, charts, cover, months, pay_lists, payments
from subsidy.report.book.beside import Beside
from subsidy.report.book.budget_sheets import Sums, payers_of
from subsidy.report.book.context import Context
from subsidy.report.book.detail import Detail
from subsidy.report.book.entries import entries
from subsidy.report.book.page import Page
from subsidy.report.book.wan import in_wan

CREATED = datetime.datetime(2020, 1, 1)  # so that the same result gives the same bytes
COVER = Text("封面", "Cover")
WAN = Text("{sheet}（万元）", "{sheet} (10k yuan)")
DETAIL = Text("明细 {item} {label}", "Detail {item} {label}")


def check_target(path: Path, *inputs: Path | None) -> None:
    """Raises RosterError where a book could not be written: asked before the work begins.

    `inputs`: what is read, none of which may be written over.
    """
    if path.suffix.lower() != ".xlsx":
        why = Text("预算只能存为 .xlsx 工作簿", "a budget book is an .xlsx file")
        remedy = Text("请改用扩展名 .xlsx", "end the name with .xlsx")
        raise RosterError([Finding(Place(str(path)), "not-xlsx", why, remedy)])
    check_writable(path, *inputs)


def write_book(result: Result, path: Path, language: Language) -> None:
    """Write the budget book of a result, whole or not at all.

    Raises RosterError where it cannot be written, or an amount has more than the 15 digits that a workbook keeps.
    """
    check_target(path)
    station("编制预算工作簿", "writing the budget book")
    write_whole(path, _bytes(result, language))


def _bytes(result: Result, language: Language) -> bytes:
    import xlsxwriter
    from xlsxwriter.exceptions import FileCreateError

    buffer = io.BytesIO()
    book = xlsxwriter.Workbook(buffer, {"constant_memory": True})
    book.set_properties({"created": CREATED})
    _Book(Context(result, language, book)).write()
    failed: OSError | None = None
    try:
        book.close()
    except FileCreateError as error:
        failed = OSError(*error.args[0].args)  # of a temporary file
    if failed is not None:  # by now the archive is let go, which writes its end into the buffer
        raise failed
    return buffer.getvalue()


class _Book:
    """Reserves the sheets in their order, then writes them in the order in which they need each other."""

    def __init__(self, context: Context) -> None:
        self.context, self.result = context, context.result
        self.entries = entries(context.result)
        self.payers = payers_of(context.result.cells, context.result.names.payers)
        self.by_persons = [entry for entry in self.entries if pay_lists.is_paid_to_persons(entry) and entry.lines]

    def write(self) -> None:
        names = self._reserve()
        context = self.context
        first = cover.Cover(context, names["cover"])
        details = [Detail(context, entry, names[f"detail:{index}"]) for index, entry in enumerate(self.entries)]
        for detail in details:
            detail.write()
        lines = payments.PaymentSheet(context, names["payments"], details, self.payers)
        lines.write()
        sums = Sums(context, self.payers)
        by_clause = sums.by_clause(names["by_clause"], lines)
        by_district = sums.by_district(names["by_district"])
        sums.by_facility(names["by_facility"])
        in_wan(context, names["by_clause_wan"], by_clause, freeze=2)
        in_wan(context, names["by_district_wan"], by_district, freeze=1)
        sums.low_and_high(names["low_high"])
        charts.write_charts(context, names["charts"], by_clause, by_district, len(self.payers))
        months.Months(context, self.result.calendar()).write(names["months"])
        self._write_beside(names)
        first.write(sums, by_clause, names["findings"], self._contents(names, first.page))
        for page in context.pages:
            page.close()

    def _write_beside(self, names: dict[str, str]) -> None:
        if "pay_list" in names:
            pay_lists.PayList(self.context, self.by_persons, self.payers).write(names["pay_list"])
        others = Beside(self.context)
        others.limits(names["limits"])
        if "reliefs" in names:
            others.reliefs(names["reliefs"])
        others.findings(names["findings"])
        others.provisions(names["provisions"])
        others.receipt(names["receipt"])

    def _reserve(self) -> dict[str, str]:
        """The names of all sheets, in their order."""
        say = self.context.say
        by_clause, by_district = say(budget_sheets.BY_CLAUSE), say(budget_sheets.BY_DISTRICT)
        wanted: list[tuple[str, str]] = [
            ("cover", say(COVER)),
            ("by_clause", by_clause),
            ("by_clause_wan", say(WAN, sheet=by_clause)),
            ("by_district", by_district),
            ("by_district_wan", say(WAN, sheet=by_district)),
            ("by_facility", say(budget_sheets.BY_FACILITY)),
            ("charts", say(charts.TITLE)),
            ("low_high", say(budget_sheets.LOW_HIGH)),
            ("months", say(months.TITLE)),
            *([("pay_list", say(pay_lists.TITLE))] if self.by_persons else []),
            ("payments", say(payments.TITLE)),
            *((f"detail:{index}", self._detail_name(index)) for index in range(len(self.entries))),
            ("limits", say(beside.LIMITS)),
            *([("reliefs", say(beside.RELIEFS))] if self.result.relief_cells else []),
            ("findings", say(beside.FINDINGS)),
            ("provisions", say(beside.PROVISIONS)),
            ("receipt", say(beside.RECEIPT)),
        ]
        return {key: self.context.reserve(name) for key, name in wanted}

    def _detail_name(self, index: int) -> str:
        name = self.entries[index].name
        return self.context.say(DETAIL, item=self.result.items[name], label=self.context.label(name))

    def _contents(self, names: dict[str, str], own: Page) -> Sequence[tuple[str, str]]:
        titles: dict[str, Any] = {page.name: page.title for page in self.context.pages}
        return [(name, titles[name]) for name in names.values() if name != own.name]
