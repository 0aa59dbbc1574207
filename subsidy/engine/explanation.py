"""What an explanation is made of, and how it is shown: as text, as Markdown, as JSON."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

from subsidy.engine import calendar
from subsidy.finding import Language
from subsidy.money import yuan_text
from subsidy.schedule.date_words import MONTH_OF_YEAR
from subsidy.schedule.expression import plain_number
from subsidy.schedule.figures import day_of
from subsidy.schedule.node import MONTH, YEAR, Type, Unit

WORDS = {
    "clause": {"zh": "条款", "en": "clause"},
    "item": {"zh": "第 {} 条", "en": "item {}"},
    "facts": {"zh": "事实", "en": "facts"},
    "values": {"zh": "标准", "en": "figures"},
    "conditions": {"zh": "条件", "en": "conditions"},
    "steps": {"zh": "计算", "en": "calculation"},
    "result": {"zh": "结果", "en": "result"},
    "limits": {"zh": "限制", "en": "limits"},
    "payments": {"zh": "拨付", "en": "payments"},
    "met": {"zh": "满足", "en": "met"},
    "not met": {"zh": "不满足", "en": "not met"},
    "missing": {"zh": "缺失", "en": "missing"},
    "share": {"zh": "按权重应得", "en": "share by weight"},
    "floor": {"zh": "下限", "en": "floor"},
    "ceiling": {"zh": "上限", "en": "ceiling"},
    "decided": {"zh": "决定金额的是", "en": "decided by"},
    "reading": {"zh": "理解", "en": "reading"},
    "overlay": {"zh": "临时改动，非文件原文", "en": "overlay, not in the document"},
    "replaces": {"zh": "在施行范围内替代 {}", "en": "instead of {} where it is in force"},
    "replaced": {"zh": "{}由 {} 替代", "en": "{1} is paid instead {0}"},
    "since": {"zh": "自 {} 起", "en": "from {} on"},
    "since in": {"zh": "自 {} 起在 {} ", "en": "from {} on in {}"},
    "document": {"zh": "依据", "en": "document"},
}


@dataclass(frozen=True)
class Line:
    """One line of an explanation: its section, what is named, what it is, and where it comes from."""

    section: str
    name: str
    value: str
    source: str = ""


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
            out.append(f"  {WORDS[section][self.language]}")
            for line in lines:
                source = f"   [{line.source}]" if line.source else ""
                shown = f"{line.name}: {line.value}" if line.value else line.name
                out.append(f"    {shown}{source}")
        return "\n".join(out)

    __repr__ = __str__

    def _sections(self) -> list[tuple[str, list[Line]]]:
        names = dict.fromkeys(line.section for line in self.lines)
        return [(name, [line for line in self.lines if line.section == name]) for name in names]

    def to_dict(self) -> dict[str, Any]:
        return {
            "title": self.title,
            "amount": yuan_text(self.amount),
            **self.facts,
            "lines": [
                {"section": line.section, "name": line.name, "value": line.value, "source": line.source}
                for line in self.lines
            ],
        }

    def to_markdown(self) -> str:
        out = [f"### {self.title}"]
        for section, lines in self._sections():
            out += ["", f"**{WORDS[section][self.language]}**", ""]
            for line in lines:
                source = f" ({line.source})" if line.source else ""
                out.append(f"- {line.name}: {line.value}{source}" if line.value else f"- {line.name}{source}")
        return "\n".join(out) + "\n"


def value_text(kind: Type, main: Any, divisor: int | None, words: Mapping[str, str], language: Language) -> str:
    """A stored value in words: 225.00 yuan, 2023-03, yes, 失能."""
    if main is None or (kind.quotient and not divisor):
        return WORDS["missing"][language]
    if kind.kind == "yes_no":
        return {"zh": ("否", "是"), "en": ("no", "yes")}[language][bool(main)]
    if kind.kind == "date":
        return day_of(main).isoformat()
    if kind.kind in ("text", "category"):
        return f"{words[main]} {main}" if language == "zh" and main in words else str(main)
    if kind.unit.over == (MONTH,):
        return calendar.period_label("month", main)
    if kind.unit.over in ((YEAR,), (MONTH_OF_YEAR,)):
        return str(main)
    return quantity_text(Fraction(main, kind.scale * (divisor or 1)), kind.unit)


def quantity_text(number: Fraction, unit: Unit) -> str:
    """A number with its unit: 225.00 yuan, 12.5 m2, 0.6."""
    if "yuan" in unit.over and (number * 100).denominator == 1:
        return f"{yuan_text(int(number * 100))} {unit}"
    return f"{plain_number(number)} {unit}" if unit.over or unit.under else plain_number(number)


def rate_text(number: Fraction, unit: Unit, in_percent: bool) -> str:
    """A figure as the document prints it: 3%, 2 yuan / m2."""
    if not in_percent:
        return quantity_text(number, unit)
    return f"{plain_number(number * 100)}%{''.join(f' / {word}' for word in unit.under)}"
