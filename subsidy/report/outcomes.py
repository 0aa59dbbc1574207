"""Examples and cases that do not hold, as text: what is expected and what was found side by side, with the steps."""

from __future__ import annotations

import io

from rich.box import ASCII
from rich.console import Console
from rich.table import Table
from rich.text import Text

from subsidy.budget.expected import Outcome
from subsidy.finding import Language

WORDS = {
    "expected": {"zh": "预期", "en": "expected"},
    "found": {"zh": "计算结果及步骤", "en": "found, and how"},
    "source": {"zh": "依据", "en": "source"},
    "held": {"zh": "相符 {} 项，不符 {} 项", "en": "{} hold, {} do not"},
}


def outcome_text(outcome: Outcome, language: Language, width: int = 120) -> str:
    """A failed example or case: where it stands, and each comparison that does not hold. `width`: in characters."""
    failed = [one for one in outcome.compared if not one.passed]
    table = Table(box=ASCII, show_lines=True)
    for heading in ("", WORDS["expected"][language], WORDS["found"][language]):
        table.add_column(heading, overflow="fold")
    for one in failed:
        found = "\n".join([one.found, *one.steps(language)])
        table.add_row(Text(one.what.in_(language)), Text(one.expected), Text(found))
    console = Console(file=io.StringIO(), width=width, emoji=False, color_system=None)
    head = f"{outcome.place.file}:{outcome.place.row} {outcome.name.in_(language)}"
    console.print(head, highlight=False, markup=False, soft_wrap=True)
    if outcome.source:
        console.print(f"{WORDS['source'][language]}: {outcome.source}", highlight=False, markup=False, soft_wrap=True)
    console.print(table)
    for finding in {(one.place, one.code): one for one in reversed(outcome.findings)}.values():
        console.print(f"  {finding.line(language)}", highlight=False, markup=False, soft_wrap=True)
    held = len(outcome.compared) - len(failed)
    console.print(f"  {WORDS['held'][language].format(held, len(failed))}", highlight=False, markup=False)
    return console.file.getvalue()  # type: ignore[attr-defined,no-any-return]
