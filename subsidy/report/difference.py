"""The difference between two versions for a terminal, in sentences."""

from __future__ import annotations

from rich.console import Console
from rich.markup import escape

from subsidy.finding import Language, Text
from subsidy.report.text import overlay_lines
from subsidy.schedule.difference import NATURES, Difference
from subsidy.schedule.load import Version

NONE = Text("两个版本内容相同", "the two versions say the same")


def print_difference(found: Difference, console: Console, language: Language) -> None:
    """Which two versions, of what nature their difference is, and a sentence for each change."""
    for sign, version in (("-", found.one), ("+", found.two)):
        console.print(escape(f"{sign} {_head(version, language)}"), highlight=False, soft_wrap=True)
    if found.changes:
        console.print(escape(NATURES[found.nature].in_(language)), highlight=False, soft_wrap=True)
    for sentence in found.sentences(language) or [NONE.in_(language)]:
        console.print(escape(f"  {sentence}"), highlight=False, soft_wrap=True)


def _head(version: Version, language: Language) -> str:
    head = f"{version.id} {version.first_day} r{version.model.revision} · {version.model.document.cited(language)}"
    return "\n".join([head, *overlay_lines(version, language)])
