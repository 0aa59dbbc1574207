"""The difference between two versions for a terminal: sentences, then what it costs."""

from __future__ import annotations

from collections.abc import Mapping

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from subsidy.budget.cost import DIMENSIONS, Compared, Cost
from subsidy.finding import Language, Text
from subsidy.money import yuan_text
from subsidy.report.text import money, overlay_lines, shown_table, word
from subsidy.schedule.difference import NATURES, Difference
from subsidy.schedule.load import Version
from subsidy.schedule.model import Clause, Payer

NONE = Text("两个版本内容相同", "the two versions say the same")
UNDER = Text(
    "{year} 年度，同一花名册（{basis}），全年分别按两个版本计算",
    "{year} ({basis}): the same roster, each version throughout",
)
UNCHANGED = Text("无增减的 {count} 项", "unchanged: {count}")
BASES = {"due": Text("按拨付到期年", "by due day"), "accrued": Text("按所属年", "by period")}
HEADINGS = {
    "baseline": Text("原版本（元）", "baseline (yuan)"),
    "reform": Text("新版本（元）", "reform (yuan)"),
    "difference": Text("增减（元）", "difference (yuan)"),
    "facility": Text("机构", "facility"),
}


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


def print_cost(found: Cost, console: Console, language: Language) -> None:
    """Tables of baseline, reform and difference by clause, payer, district and facility, each with its total.

    Facilities that gain and lose nothing are one line.
    """
    result = found.baseline
    console.print()
    console.print(
        escape(UNDER.in_(language).format(year=result.year, basis=BASES[result.basis].in_(language))),
        highlight=False,
        soft_wrap=True,
    )
    for dimension in DIMENSIONS:
        console.print(_table(found, dimension, language))
    blocked = max(sum(one.blocked.values()) for one in (found.baseline, found.reform))
    if blocked:
        console.print(f"{word('blocked', language)}: {blocked}", highlight=False)


def _table(found: Cost, dimension: str, language: Language) -> Table:
    heading = HEADINGS[dimension].in_(language) if dimension in HEADINGS else word(dimension, language)
    amounts = [HEADINGS[name].in_(language) for name in ("baseline", "reform", "difference")]
    shown = shown_table("", [heading, *amounts], (1, 2, 3))
    cells = found.cells((dimension,))
    folded = dimension == "facility"
    unchanged = [cell for cell in cells if folded and not cell.difference]
    for cell in cells:
        if cell.difference or not folded:
            shown.add_row(escape(_name(found, dimension, cell.key[0], language)), *_amounts(cell))
    if unchanged:
        together = Compared((), *(sum(getattr(cell, name) for cell in unchanged) for name in ("baseline", "reform")))
        shown.add_row(UNCHANGED.in_(language).format(count=len(unchanged)), *_amounts(together))
    shown.add_section()
    shown.add_row(word("total", language), *_amounts(found.total))
    return shown


def _amounts(cell: Compared) -> tuple[str, str, str]:
    sign = "+" if cell.difference > 0 else ""
    baseline, reform, difference = (
        money(yuan_text(amount)) for amount in (cell.baseline, cell.reform, cell.difference)
    )
    return baseline, reform, f"{sign}{difference}"


def _name(found: Cost, dimension: str, name: str | None, language: Language) -> str:
    if name is None:
        return word("none", language)
    if dimension not in ("clause", "payer"):
        return name
    for version in (found.change.two, found.change.one):
        entries: Mapping[str, Clause | Payer] = version.model.clauses if dimension == "clause" else version.model.payers
        label = entries[name].label if name in entries else None
        if label is not None:
            return label.in_(language)
    return word(name, language)
