"""Two results side by side for a terminal: tables of baseline, reform and difference, and who gains and loses."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from subsidy.budget.comparison import DIMENSIONS, Compared, Comparison, Outcomes
from subsidy.budget.cost import Cost
from subsidy.budget.names import payer_label
from subsidy.budget.what_if import WhatIf
from subsidy.finding import Language, Text
from subsidy.money import yuan_text
from subsidy.report.difference import NONE, print_difference
from subsidy.report.text import BASES, money, print_table, shown_table, word
from subsidy.schedule.model import Clause, Payer

MOST_ROWS = 25  # clauses, payers or districts
MOST_RECIPIENTS = 10  # facilities, payees or subjects
UNDER = Text(
    "{year} 年度，同一花名册（{basis}），全年分别按两个版本计算",
    "{year} ({basis}): the same roster, each version throughout",
)
WITHOUT_AND_WITH = Text(
    "{year} 年度，同一花名册（{basis}），按现行标准和改动后各算一遍",
    "{year} ({basis}): the same roster, as it is and with the overlays",
)
UNCHANGED = Text("无增减的 {count} 项", "unchanged: {count}")
OTHERS = Text("其余 {count} 项", "others: {count}")
STEPS = Text("改动（依次叠加）", "overlay")
STEPS_BY_DISTRICT = Text("各步增减，按区县", "each step by district")
DISTRICT_WIDTH = 30
RELIEF = Text("减免（不计入合计）", "reliefs (not in the total)")
HEADINGS = {
    "baseline": Text("原版本（元）", "baseline (yuan)"),
    "reform": Text("新版本（元）", "reform (yuan)"),
    "difference": Text("增减（元）", "difference (yuan)"),
    "facility": Text("机构", "facility"),
    "payee": Text("收款方", "payee"),
    "subject": Text("对象", "subject"),
}
OUTCOMES = {
    "payee": Text(
        "收款方：{0} 个增加，共 {1} 元；{2} 个减少，共 {3} 元；{4} 个不变",
        "payees: {0} get more, {1} yuan; {2} less, {3} yuan; {4} the same",
    ),
    "subject": Text(
        "对象（当年各期应补助额）：{0} 个增加，共 {1} 元；{2} 个减少，共 {3} 元；{4} 个不变",
        "subjects (owed for the periods of the year): {0} get more, {1} yuan; {2} less, {3} yuan; {4} the same",
    ),
}


def print_cost(found: Cost, console: Console, language: Language) -> None:
    """What a change of policy costs: tables by clause, payer, district and facility, and who gains and loses."""
    _print_comparison(found, UNDER, console, language)


def print_what_if(found: WhatIf, console: Console, language: Language) -> None:
    """What the overlays change in words, what each adds to those before it, then the tables."""
    for change in found.changes:
        print_difference(change, console, language)
    if not found.changes:
        _say(NONE.in_(language), console)
    if len(found.steps) > 1:
        print_table(_step_table(found, language), console)
        _print_districts(found, console, language)
    _print_comparison(found, WITHOUT_AND_WITH, console, language)


def _say(line: str, console: Console) -> None:
    console.print(escape(line), highlight=False, soft_wrap=True)


def _print_comparison(found: Comparison, head: Text, console: Console, language: Language) -> None:
    """Each table has its total, and where an amount is open, the same with open amounts at their lower end.

    Facilities that gain and lose nothing are one line; of long tables the largest differences are shown.
    """
    result = found.baseline
    console.print()
    _say(head.in_(language).format(year=result.year, basis=BASES[result.basis].in_(language)), console)
    for dimension in DIMENSIONS:
        most, is_folded = (MOST_RECIPIENTS, True) if dimension == "facility" else (MOST_ROWS, False)
        cells = found.cells((dimension,))
        print_table(_table(found, dimension, cells, found.total, language, most, is_folded), console)
    relief = found.relief("clause")
    if relief:
        _say(RELIEF.in_(language), console)
        print_table(_table(found, "clause", relief, found.relief()[0], language, MOST_ROWS, is_folded=True), console)
    words = found.reform.versions[0].words if language == "zh" else {}
    for outcomes in (found.payees(), found.subjects()):
        _print_outcomes(outcomes, words, console, language)
    blocked = max(sum(one.blocked.values()) for one in (found.baseline, found.reform))
    if blocked:
        console.print(f"{word('blocked', language)}: {blocked}", highlight=False)


def _step_table(found: WhatIf, language: Language) -> Table:
    shown = _empty_table(STEPS.in_(language), language)
    for number, step in enumerate(found.steps, 1):
        shown.add_row(escape(f"{number} {step.label.in_(language)}"), *_amounts(step.total))
    _add_total(shown, found.total, language)
    return shown


def _print_districts(found: WhatIf, console: Console, language: Language) -> None:
    """What each step adds in each district, the steps by number; in several tables where the terminal is narrow."""
    by_step = [{cell.key[0]: cell.difference for cell in step.cells(("district",))} for step in found.steps]
    districts = [cell.key[0] for cell in found.cells(("district",)) if any(step.get(cell.key[0]) for step in by_step)]
    columns = [[_signed(yuan_text(step.get(one, 0))) for one in districts] for step in by_step]
    columns = [
        [*own, _signed(yuan_text(step.total.difference))] for own, step in zip(columns, found.steps, strict=True)
    ]
    widest = max(len(amount) for own in columns for amount in own)
    size = max((console.width - DISTRICT_WIDTH) // (widest + 3), 1)
    for start in range(0, len(columns), size):
        part = range(start, min(start + size, len(columns)))
        headings = [STEPS_BY_DISTRICT.in_(language), *(str(number + 1) for number in part)]
        shown = shown_table("", headings, range(1, len(headings)))
        for row, district in enumerate(districts):
            name = word("none", language) if district is None else district
            shown.add_row(escape(name), *(columns[number][row] for number in part))
        shown.add_section()
        shown.add_row(word("total", language), *(columns[number][-1] for number in part))
        print_table(shown, console)


def _table(
    found: Comparison,
    dimension: str,
    cells: Sequence[Compared],
    total: Compared,
    language: Language,
    most: int,
    is_folded: bool,
) -> Table:
    heading = HEADINGS[dimension].in_(language) if dimension in HEADINGS else word(dimension, language)
    shown = _empty_table(heading, language)
    folded = [cell for cell in cells if is_folded and not cell.is_changed]
    _add_rows(shown, cells, folded, most, lambda cell: _name(found, dimension, cell.key[0], language), language)
    _add_total(shown, total, language)
    return shown


def _empty_table(heading: str, language: Language) -> Table:
    amounts = [HEADINGS[name].in_(language) for name in ("baseline", "reform", "difference")]
    return shown_table("", [heading, *amounts], (1, 2, 3))


def _add_rows(
    shown: Table,
    cells: Sequence[Compared],
    folded: Sequence[Compared],
    most: int,
    name: Callable[[Compared], str],
    language: Language,
) -> None:
    """A row for each cell, or for the `most` largest differences; the others together, and the folded together."""
    together = {cell.key for cell in folded}
    rest = [cell for cell in cells if cell.key not in together]
    largest = {cell.key for cell in sorted(rest, key=lambda cell: -abs(cell.difference))[:most]}
    for cell in rest:
        if cell.key in largest:
            shown.add_row(escape(name(cell)), *_amounts(cell))
    for words, left in ((OTHERS, [cell for cell in rest if cell.key not in largest]), (UNCHANGED, folded)):
        if left:
            shown.add_row(words.in_(language).format(count=len(left)), *_amounts(_together(left)))


def _together(cells: Sequence[Compared]) -> Compared:
    names = ("baseline", "reform", "baseline_low", "reform_low")
    return Compared((), *(sum(getattr(cell, name) for cell in cells) for name in names))


def _add_total(shown: Table, total: Compared, language: Language) -> None:
    shown.add_section()
    shown.add_row(word("total", language), *_amounts(total))
    if (total.baseline, total.reform) != (total.baseline_low, total.reform_low):
        low = Compared((), total.baseline_low, total.reform_low, total.baseline_low, total.reform_low)
        shown.add_row(word("low", language), *_amounts(low))


def _print_outcomes(found: Outcomes, words: Mapping[str, str], console: Console, language: Language) -> None:
    content, kind = found.to_dict(), found.dimensions[-1]
    counts = [content[name] for name in ("winners", "gained", "losers", "lost", "unchanged")]
    amounts = [_signed(one) if isinstance(one, str) else str(one) for one in counts]
    _say(OUTCOMES[kind].in_(language).format(*amounts), console)
    changed = [cell for cell in found.cells if cell.is_changed]
    if changed:
        shown = _empty_table(HEADINGS[kind].in_(language), language)
        _add_rows(shown, changed, [], MOST_RECIPIENTS, lambda cell: _recipient(cell, words, language), language)
        print_table(shown, console)


def _recipient(cell: Compared, words: Mapping[str, str], language: Language) -> str:
    """The payee; or the subject, with its table before it."""
    *tables, name = cell.key
    return " ".join([*(words.get(table or "", table or "") for table in tables), name or word("none", language)])


def _amounts(cell: Compared) -> tuple[str, str, str]:
    baseline, reform, difference = (yuan_text(amount) for amount in (cell.baseline, cell.reform, cell.difference))
    return money(baseline), money(reform), _signed(difference)


def _signed(amount: str) -> str:
    shown = money(amount)
    return shown if amount.startswith("-") or amount == "0.00" else f"+{shown}"


def _name(found: Comparison, dimension: str, name: str | None, language: Language) -> str:
    if name is None:
        return word("none", language)
    if dimension not in ("clause", "payer"):
        return name
    schedule, _, short = name.rpartition(":")
    for version in (*found.reform.versions, *found.baseline.versions):
        entries: Mapping[str, Clause | Payer] = version.model.clauses if dimension == "clause" else version.model.payers
        label = entries[short].label if short in entries and schedule in ("", version.id) else None
        if label is not None:
            return label.in_(language)
    return payer_label((), name, language) if dimension == "payer" else word(name, language)
