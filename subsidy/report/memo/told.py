"""What things of a result are called in one language: clauses, payers, places, documents, items."""

from __future__ import annotations

import datetime
import functools
import hashlib
import re
from collections.abc import Iterable, Sequence

from subsidy import __version__
from subsidy.budget.result import Result
from subsidy.finding import Language, Text
from subsidy.report.memo.amounts import in_full, in_prose
from subsidy.schedule.checked import NOT_STATED
from subsidy.schedule.load import Version

NUMBERS = re.compile(r"[0-9][0-9.、—-]*")
NO_DISTRICT = Text("（未明确到区县）", "(no district stated)")
NO_FACILITY = Text("（不属于机构）", "(of no facility)")


class Told:
    """A result and the language in which it is told."""

    def __init__(self, result: Result, language: Language) -> None:
        self.result = result
        self.language: Language = language

    def __call__(self, zh: str, en: str) -> str:
        return zh if self.language == "zh" else en

    def full(self, fen: int) -> str:
        return in_full(fen, self.language)

    def prose(self, fen: int) -> str:
        return in_prose(fen, self.language)

    def listed(self, parts: Iterable[str]) -> str:
        return self("、", ", ").join(parts)

    def stop(self, sentences: Iterable[str]) -> str:
        """Sentences, one after another."""
        return self("", " ").join(sentences)

    # --- names -------------------------------------------------------------------------------------------------

    def clause(self, name: str) -> str:
        return capital(self.result.names.label(name, self.language))

    def payer(self, name: str) -> str:
        return capital(self.result.names.payer(name, self.language))

    def item(self, clause: str) -> str:
        return self.result.items[clause]

    def items(self, items: Iterable[str]) -> str:
        """第9、10条; items 9, 10. What is no number stands in Chinese as it is."""
        each = list(dict.fromkeys(items))
        if self.language == "en":
            return f"item{'s' * (len(each) > 1)} {', '.join(each)}"
        numbers = [item for item in each if NUMBERS.fullmatch(item)]
        return "、".join([*([f"第{'、'.join(numbers)}条"] if numbers else []), *(i for i in each if i not in numbers)])

    def table(self, name: str) -> str:
        """What a table of the roster is called."""
        word = next((v.words[name] for v in reversed(self.result.versions) if name in v.words), name)
        return self(word, name.replace("_", " "))

    def column(self, name: str) -> str:
        word = next((v.words[name] for v in reversed(self.result.versions) if name in v.words), name)
        return self(word, name.replace("_", " "))

    def district(self, key: str | None) -> str:
        return NO_DISTRICT.in_(self.language) if key is None else self._named("districts", key)

    def facility(self, key: str | None) -> str:
        return NO_FACILITY.in_(self.language) if key is None else self._named("facilities", key)

    def _named(self, table: str, key: str) -> str:
        name = self.names.get((table, key))
        return key if name in (None, "", key) else f"{name}（{key}）" if self.language == "zh" else f"{name} ({key})"

    @functools.cached_property
    def names(self) -> dict[tuple[str, str], str]:
        """By table and key, the name that the roster gives to a row."""
        found: dict[tuple[str, str], str] = {}
        for one in self.result.calculated:
            keys = {name: table.key for version in one.schedule.versions for name, table in version.tables.items()}
            for table, rows in one.high.run.prepared.intake.tables.items():
                key = keys[table]
                if key in rows.column_names and "name" in rows.column_names:
                    pairs = zip(rows.column(key).to_pylist(), rows.column("name").to_pylist(), strict=True)
                    found |= {(table, own): name for own, name in pairs if own and name}
        return found

    # --- documents ---------------------------------------------------------------------------------------------

    @functools.cached_property
    def versions(self) -> list[Version]:
        """The versions in force in the year; all of them where none is."""
        year, found = self.result.year, []
        for one in self.result.calculated:
            spans = one.schedule.periods()
            own = [v for v, first, last in spans if first.year <= year and (last is None or year <= last.year)]
            found += own or list(one.schedule.versions)
        return found

    def title(self, version: Version) -> str:
        document = version.model.document
        if document.title is None:
            return document.number
        title = document.title.in_(self.language)
        return f"《{title}》" if self.language == "zh" else title

    @property
    def titles(self) -> str:
        """The documents, or the first of them and that there are others."""
        each = list(dict.fromkeys(self.title(version) for version in self.versions))
        if len(each) <= 2:
            return self("和", " and ").join(each)
        return self(f"{each[0]}等{len(each)}份文件", f"{each[0]} and {len(each) - 1} other documents")

    def cited(self, version: Version) -> str:
        return version.model.document.cited(self.language)

    def day(self, day: datetime.date) -> str:
        return self(f"{day.year}年{day.month}月{day.day}日", day.isoformat())

    # --- payers ------------------------------------------------------------------------------------------------

    @functools.cached_property
    def payers(self) -> list[str]:
        """Who pays in the year, as the documents list them; nobody stated comes last."""
        there = {cell.payer for cell in self.result.cells}
        return [payer for payer in self.result.names.payers if payer in there]

    @functools.cached_property
    def has_nobody(self) -> bool:
        return NOT_STATED in self.payers

    # --- receipt -----------------------------------------------------------------------------------------------

    @functools.cached_property
    def receipt_hash(self) -> str:
        """SHA-256 of the receipt as it is saved."""
        return hashlib.sha256(self.result.receipt.to_json().encode()).hexdigest()

    @property
    def footer(self) -> str:
        short = self.receipt_hash[:16]
        return self(f"计算凭证 {short} · subsidy {__version__}", f"receipt {short} · subsidy {__version__}")


def capital(label: str) -> str:
    """A label at the beginning of a cell or a sentence."""
    return label[:1].upper() + label[1:]


def numbered(number: int, language: Language) -> str:
    """一、 or 1. for a section."""
    if language == "en":
        return f"{number}. "
    digits = "零一二三四五六七八九十"
    return f"{digits[number] if number <= 10 else '十' + digits[number - 10]}、"


def sub_numbered(number: int, language: Language) -> str:
    """（一） or (1) for what stands below a section."""
    return f"（{numbered(number, 'zh')[:-1]}）" if language == "zh" else f"({number}) "


def listed_with_numbers(texts: Sequence[str], language: Language) -> list[str]:
    """1. and so on before each, where there are several."""
    return [f"{place}. {text}" for place, text in enumerate(texts, 1)] if len(texts) > 1 else list(texts)
