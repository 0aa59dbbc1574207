"""Findings: what is wrong, where, why, and what would be right, in Chinese and English.

One class serves schedules (file, line, column) and rosters (file, sheet, row, column).
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

Language = Literal["zh", "en"]


@dataclass(frozen=True, order=True)
class Text:
    """A sentence in Chinese and in English."""

    zh: str
    en: str

    def in_(self, language: Language) -> str:
        return self.zh if language == "zh" else self.en


class Refusal(ValueError):  # noqa: N818 - its message reaches a finding; no user catches it
    """A value that cannot be accepted: why, and what would be right."""

    def __init__(self, why: Text, remedy: Text, offset: int = 0) -> None:
        super().__init__(f"{why.en}; {remedy.en}")
        self.why = why
        self.remedy = remedy
        self.offset = offset  # into the text that was refused
        self.path: tuple[str | int, ...] | None = None  # of the entry, where it is not the one being read

    def at(self, path: tuple[str | int, ...], offset: int = 0) -> Refusal:
        """The same refusal, placed `offset` characters into `path` unless a place further in is known already."""
        if self.path is None:
            self.path, self.offset = path, offset
        return self


@dataclass(frozen=True, order=True)
class Place:
    """Where something stands; what does not apply is empty or 0. `column` is a number in YAML, a heading in tables.

    `cell` is the address in a workbook, such as B7: of the row and column, or of the column's heading.
    """

    file: str = ""
    sheet: str = ""
    row: int = 0
    column: str = ""
    path: str = ""
    cell: str = field(default="", compare=False)

    def __str__(self) -> str:
        parts = [part for part in (self.file, self.sheet) if part]
        if self.row or self.cell:
            parts.append(self.cell or str(self.row))
        if self.column:
            parts.append(self.column)
        place = ":".join(parts)
        return f"{place} ({self.path})" if self.path else place


@dataclass(frozen=True, order=True)
class Finding:
    """One thing that is wrong (`error` stops the calculation) or odd (`warning` rides along into every report)."""

    place: Place
    code: str
    why: Text
    remedy: Text
    value: str = ""
    severity: Literal["error", "warning"] = "error"
    table: str = field(default="", compare=False)
    subject: str = field(default="", compare=False)

    def line(self, language: Language = "en") -> str:
        value = f" «{self.value[:80]}»" if self.value else ""
        stop = {"zh": "。", "en": "."}[language]
        separator = "；" if language == "zh" else "; "
        label = {"zh": {"error": "错误", "warning": "提示"}}.get(language, {}).get(self.severity, self.severity)
        where = f"{self.place}: " if str(self.place) else ""
        text = f"{self.why.in_(language)}{separator}{self.remedy.in_(language)}{stop}"
        return f"{where}{label} [{self.code}]{value} {text}"

    def to_dict(self) -> dict[str, object]:
        return {
            "severity": self.severity,
            "code": self.code,
            "file": self.place.file,
            "sheet": self.place.sheet,
            "row": self.place.row,
            "column": self.place.column,
            "cell": self.place.cell,
            "path": self.place.path,
            "table": self.table,
            "subject": self.subject,
            "value": self.value,
            "why": {"zh": self.why.zh, "en": self.why.en},
            "remedy": {"zh": self.remedy.zh, "en": self.remedy.en},
        }


class FindingsError(Exception):
    """Input that cannot be used. `findings` holds every mistake that was found, not only the first."""

    def __init__(self, findings: Iterable[Finding]) -> None:
        self.findings = sorted(set(findings))
        super().__init__("\n".join(finding.line("en") for finding in self.findings))


class ScheduleError(FindingsError):
    """A schedule that does not load."""


class RosterError(FindingsError):
    """A roster that cannot be read or calculated."""


class ReceiptError(FindingsError):
    """A receipt that cannot be read, or names what is not there."""


class DriversError(FindingsError):
    """Drivers of a forecast that cannot be read, or do not fit the schedules and the roster."""


def nearest(name: str, known: Iterable[str], words: Mapping[str, str] | None = None, likeness: float = 0.6) -> Text:
    """The remedy for an unknown name: the most similar known one if it is similar enough, or the list of them.

    `words`: names in Chinese, for a list in Chinese.
    """
    names = sorted(set(known))
    close = difflib.get_close_matches(name, names, n=1, cutoff=likeness)
    if close:
        return Text(f"是否应为 {close[0]}", f"perhaps {close[0]} is meant")
    if not names:
        return Text("没有可选的名称", "there are none to choose from")
    chinese = [(words or {}).get(one, one) for one in names]
    return Text(f"可用：{_listed(chinese)}", f"known here: {_listed(names)}")


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names[:20]) + (" …" if len(names) > 20 else "")
