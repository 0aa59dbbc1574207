"""What all sheets share: the result, the language, names of clauses, payers and places, and the workbook itself."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from subsidy.budget.result import Result
from subsidy.finding import Language, Text
from subsidy.report.book.look import Look
from subsidy.report.book.page import Page
from subsidy.report.text import BASES
from subsidy.schedule.load import Version

LONGEST_NAME = 31
UNIT_LINE = Text("{year} 年度　{basis}　单位：元", "{year}, {basis}, in yuan")
WAN_LINE = Text(
    "{year} 年度　{basis}　单位：万元（由元折算；合计按元加总后折算）",
    "{year}, {basis}, in 10,000 yuan (converted; totals are added up in yuan)",
)
NONE = Text("（无）", "(none)")
ITEM = Text("第 {item} 条　{label}", "item {item}, {label}")
CITED_ITEM = Text("第 {item} 条", "item {item}")


class Context:
    """A book in the making."""

    def __init__(self, result: Result, language: Language, book: Any) -> None:
        self.result, self.language, self.book = result, language, book
        self.look = Look(book, language)
        self.pages: list[Page] = []
        self._sheets: dict[str, Any] = {}
        self._called = {table: self._names_of(table) for table in ("facilities", "districts")}

    def say(self, text: Text, /, **parts: object) -> str:
        """A sentence with its parts put in."""
        return text.in_(self.language).format(**parts)

    # --- sheets ------------------------------------------------------------------------------------------------

    def reserve(self, name: str) -> str:
        """Give a sheet its place in the workbook; its name, made one that a workbook takes."""
        plain = re.sub(r"[\[\]:*?/\\]", " ", name).strip("' ")[:LONGEST_NAME]
        taken = {one.casefold() for one in self._sheets}
        chosen, number = plain, 1
        while chosen.casefold() in taken:
            number += 1
            chosen = f"{plain[: LONGEST_NAME - 4]} ({number})"
        self._sheets[chosen] = self.book.add_worksheet(chosen)
        return chosen

    def page(self, name: str, title: str, notes: Sequence[str] = (), *, landscape: bool = True) -> Page:
        """Begin the sheet that was reserved under a name."""
        page = Page(self._sheets[name], self.look, title, self.header, notes, landscape=landscape)
        self.pages.append(page)
        return page

    @property
    def header(self) -> str:
        """What stands above every printed page."""
        return " ".join([self.documents, self._year])

    @property
    def _year(self) -> str:
        return self.say(Text("{year} 年度", "{year}"), year=self.result.year)

    @property
    def documents(self) -> str:
        numbers = dict.fromkeys(version.model.document.cited(self.language) for version in self.result.versions)
        return self.say(Text("、", ", ")).join(numbers)

    def unit_line(self, *, wan: bool = False) -> str:
        basis = BASES[self.result.basis].in_(self.language)
        return self.say(WAN_LINE if wan else UNIT_LINE, year=self.result.year, basis=basis)

    # --- names -------------------------------------------------------------------------------------------------

    def label(self, name: str) -> str:
        return self.result.names.label(name, self.language)

    def payer(self, name: str) -> str:
        return self.result.names.payer(name, self.language)

    def clause_title(self, name: str) -> str:
        return self.say(ITEM, item=self.result.items[name], label=self.label(name))

    def cited(self, version: Version, item: str, part: str | None) -> str:
        document = version.model.document
        words = (document.cited(self.language), part or document.part or "", self.say(CITED_ITEM, item=item))
        return " ".join(filter(None, words))

    def facility(self, key: str | None) -> str | None:
        """A facility with its name, where the roster has one."""
        return self._named("facilities", key)

    def district(self, key: str | None) -> str | None:
        return self._named("districts", key)

    def or_none(self, name: str | None) -> str:
        return name if name else self.say(NONE)

    def _named(self, table: str, key: str | None) -> str | None:
        name = self._called[table].get(key or "")
        return f"{key} {name}" if name and name != key else key

    def _names_of(self, table: str) -> dict[str, str]:
        found: dict[str, str] = {}
        for one in self.result.calculated:
            rows = one.high.run.prepared.intake.tables.get(table)
            key = next(
                (version.tables[table].key for version in one.schedule.versions if table in version.tables), None
            )
            if rows is not None and key in rows.column_names and "name" in rows.column_names:
                pairs = zip(rows.column(key).to_pylist(), rows.column("name").to_pylist(), strict=True)
                found |= {own: name for own, name in pairs if own and name}
        return found
