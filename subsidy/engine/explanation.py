"""What an explanation is made of, and how it is shown: as text, as Markdown, as JSON."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from subsidy.finding import Language
from subsidy.money import yuan_text

SECTIONS = {
    "document": {"zh": "依据", "en": "document"},
    "overlay": {"zh": "临时改动，非文件原文", "en": "overlay, not in the document"},
    "reading": {"zh": "理解", "en": "reading"},
    "facts": {"zh": "事实", "en": "facts"},
    "values": {"zh": "标准", "en": "figures"},
    "conditions": {"zh": "条件", "en": "conditions"},
    "changes": {"zh": "怎样才能享受", "en": "what would have to change"},
    "missing": {"zh": "须补全", "en": "to be filled in"},
    "steps": {"zh": "计算", "en": "calculation"},
    "result": {"zh": "结果", "en": "result"},
    "limits": {"zh": "限制", "en": "limits"},
    "instalments": {"zh": "分期", "en": "instalments"},
    "payments": {"zh": "拨付", "en": "payments"},
}


def markdown_text(text: str) -> str:
    """A text for Markdown in which no name is a tag, an entity or a link."""
    for meant, written in _MEANT:
        text = meant.sub(written, text)
    return text


_MEANT = (
    (re.compile(r"&(?=#?\w+;)"), "&amp;"),
    (re.compile(r"<(?=[A-Za-z/!?])"), "&lt;"),
    (re.compile(r"\[(?=[^\]]*\][(\[])"), r"\\["),
    (re.compile(r"[\r\n]+"), " "),
)


@dataclass(frozen=True)
class Line:
    """One line of an explanation: its section, what is named, what it is, and where it comes from.

    `depth`: 1 for a line that belongs to the one above it. `data`: the same for machines, with exact values as texts.
    """

    section: str
    name: str
    value: str = ""
    source: str = ""
    depth: int = 0
    data: Mapping[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        shown = f"{self.name}: {self.value}" if self.value and self.name else self.name or self.value
        source = f"   [{self.source}]" if self.source else ""
        return f"{shown}{source}"

    def to_dict(self) -> dict[str, Any]:
        named = {"section": self.section, "name": self.name, "value": self.value, "source": self.source}
        return {**named, "depth": self.depth, **self.data}


@dataclass(frozen=True)
class Explanation:
    """How a number came about. Shown as text by `print`; also as a dict and as Markdown."""

    title: str
    lines: tuple[Line, ...]
    language: Language
    amount: int = 0  # fen, of the entitlement or line
    facts: dict[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        out = [self.title]
        for section, lines in self._sections():
            out.append(f"  {SECTIONS[section][self.language]}")
            out += [f"    {'  ' * line.depth}{line}" for line in lines]
        return "\n".join(out)

    __repr__ = __str__

    def _sections(self) -> list[tuple[str, list[Line]]]:
        names = dict.fromkeys(line.section for line in self.lines)
        return [(name, [line for line in self.lines if line.section == name]) for name in names]

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready: title, amount (yuan), what is explained, and the lines with their exact values."""
        return {
            "title": self.title,
            "amount": yuan_text(self.amount),
            **self.facts,
            "lines": [line.to_dict() for line in self.lines],
        }

    def to_markdown(self) -> str:
        out = [f"### {markdown_text(self.title)}"]
        for section, lines in self._sections():
            out += ["", f"**{SECTIONS[section][self.language]}**", ""]
            for line in lines:
                shown = f"{line.name}: {line.value}" if line.value and line.name else line.name or line.value
                source = f" ({line.source})" if line.source else ""
                out.append(f"{'  ' * line.depth}- {markdown_text(f'{shown}{source}')}")
        return "\n".join(out) + "\n"
