"""A receipt that was run again, for a terminal: equal, or the first difference and how many more there are."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import Console
from rich.markup import escape

from subsidy.finding import Language, Text
from subsidy.report.text import money

if TYPE_CHECKING:
    from subsidy.budget.verify import Verification

TOTAL = ("total",)
SAME = Text("一致", "equal")
DIFFERENT = Text("不一致", "not equal")
NOT_CALCULATED = Text("未能重算", "not calculated again")
NOTE = Text("提示", "note")


def print_verification(found: Verification, console: Console, language: Language) -> None:
    """The verdict, the first difference that decides, the total's, how many more there are, and what is only told."""
    stop = "。" if language == "zh" else "."
    decisive = found.decisive
    lines = [_verdict(found).in_(language)]
    lines += [f"{one.text.in_(language)}{stop}" for one in decisive[:1]]
    lines += [f"{one.text.in_(language)}{stop}" for one in decisive[1:] if one.path == TOTAL]
    more = len(decisive) - len(lines) + 1
    if more > 0:
        further = Text(f"另有 {more} 处不同，用 --json 列出。", f"Further differences: {more}; --json lists them.")
        lines.append(further.in_(language))
    lines += [f"{NOTE.in_(language)}: {one.text.in_(language)}{stop}" for one in found.notes]
    for line in lines:
        console.print(escape(line), highlight=False, soft_wrap=True)


def _verdict(found: Verification) -> Text:
    if found.recalculated is None:
        verdict = Text(f"{DIFFERENT.zh}，{NOT_CALCULATED.zh}", f"{DIFFERENT.en}, {NOT_CALCULATED.en}")
    elif not found.equal:
        verdict = DIFFERENT
    else:
        total = money(found.recalculated.content["totals"]["total"])
        verdict = Text(f"{SAME.zh}：合计 {total} 元", f"{SAME.en}: total {total} yuan")
    where = f"{found.receipt.file}: " if found.receipt.file else ""
    return Text(f"{where}{verdict.zh}", f"{where}{verdict.en}")
