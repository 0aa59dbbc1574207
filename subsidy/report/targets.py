"""Targets for a terminal: a heading for each, and what came out in sentences."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING

from rich.console import Console
from rich.markup import escape

from subsidy.budget.target_words import sentences
from subsidy.finding import Language, Text
from subsidy.report.text import overlay_lines

if TYPE_CHECKING:
    from subsidy.budget.targets import Targets
    from subsidy.schedule.target_check import CheckedTarget

STATES = {
    "reached": Text("达标", "met"),
    "missed": Text("未达标", "not met"),
    "agrees": Text("与所载相符", "as printed"),
    "differs": Text("与所载不符", "not as printed"),
    "unknown": Text("无法计算", "not measurable"),
}
REPLACED = Text("以所给的表取代文件自带的数", "instead of the document's own figures, those given are used")
WITHOUT_FIGURES = Text("没有数据、未计算的目标", "targets without any figures, not measured")


def print_targets(found: Targets, console: Console, language: Language) -> None:
    """Every target with its item, in the order of the schedule; then how many came out how, and those without rows."""
    model = found.version.model
    head = f"{found.version.id} {found.version.first_day} r{model.revision} · {model.document.cited(language)}"
    for line in (head, *overlay_lines(found.version, language)):
        console.print(escape(line), highlight=False, soft_wrap=True)
    for target, outcomes in groupby(found.outcomes, key=lambda outcome: outcome.target):
        console.print(escape(f"\n{_heading(target, language)}"), highlight=False, soft_wrap=True)
        for outcome in outcomes:
            for sentence in sentences(outcome, found.version, language):
                console.print(escape(f"  {sentence}"), highlight=False, soft_wrap=True)
    counts = [f"{STATES[state].in_(language)} {number}" for state, number in found.counts().items() if number]
    console.print(escape(f"\n{' · '.join(counts)}"), highlight=False)
    if found.replaced:
        tables = ", ".join(found.version.words.get(one, one) if language == "zh" else one for one in found.replaced)
        console.print(escape(f"{REPLACED.in_(language)}: {tables}"), highlight=False, soft_wrap=True)
    if found.unmeasured:
        names = "; ".join(_heading(target, language) for target in found.unmeasured)
        console.print(escape(f"{WITHOUT_FIGURES.in_(language)}: {names}"), highlight=False, soft_wrap=True)


def _heading(target: CheckedTarget, language: Language) -> str:
    model = target.model
    label = model.label.in_(language) if model.label else target.name
    return f"[{' '.join(part for part in (model.part, model.item) if part)}] {label}"
