"""A breakdown or an explanation as one page of HTML: no script, nothing from outside, printable on A4."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape

from subsidy.budget.breakdown import Breakdown, Node
from subsidy.budget.breakdown_text import rest_text
from subsidy.engine.explain_words import money
from subsidy.engine.explanation import SECTIONS, Explanation, Line
from subsidy.finding import Language

OPEN_LEVELS = 2  # so deep the tree is open at first

STYLE = """
:root { color-scheme: light; }
* { box-sizing: border-box; } html { font-size: 15px; }
body { margin: 2rem auto; max-width: 60rem; padding: 0 1.25rem; color: #1c2430; background: #fff;
  font: 1rem/1.5 "Noto Sans", "Noto Sans CJK SC", "Source Han Sans SC", "Microsoft YaHei", "PingFang SC", sans-serif; }
header { border-bottom: 2px solid #1f4e79; margin-bottom: 1rem; padding-bottom: .75rem; }
h1 { font-size: 1.15rem; margin: 0; font-weight: 600; }
.total { font-size: 1.7rem; font-weight: 600; font-variant-numeric: tabular-nums; }
.total small { font-size: .95rem; font-weight: 400; color: #5a6675; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .1rem 1rem; margin: .5rem 0; font-size: .875rem; }
dt { color: #5a6675; } dd { margin: 0; overflow-wrap: anywhere; }
details { border-left: 1px solid #d6dde6; margin-left: .45rem; padding-left: .9rem; }
main > details, main > .row { border-left: 0; margin-left: 0; padding-left: 0; }
summary { cursor: pointer; list-style-position: outside; }
.row, summary { padding: .18rem 0; border-bottom: 1px solid #eef1f5; break-inside: avoid; }
.entry { display: inline-grid; grid-template-columns: minmax(0, 1fr) 9.5rem; gap: 1rem; width: 100%;
  vertical-align: top; }
.what { overflow-wrap: anywhere; } .note { display: block; color: #5a6675; font-size: .85rem; }
.amount { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
div.row { margin-left: .45rem; padding-left: .9rem; } .clause > summary { font-weight: 600; }
.clause > summary .note { font-weight: 400; } .rest { color: #5a6675; font-style: italic; }
section { background: #f6f8fb; border: 1px solid #e2e8f0; border-radius: 4px; margin: .4rem 0 .8rem .9rem;
  padding: .5rem .9rem; font-size: .85rem; break-inside: avoid; }
section h2 { font-size: .9rem; margin: 0 0 .3rem; } section h3 { font-size: .8rem; color: #1f4e79; margin: .45rem 0 0; }
section table { width: 100%; border-collapse: collapse; } td { vertical-align: top; padding: .05rem .75rem .05rem 0;
  overflow-wrap: anywhere; } td.source { color: #5a6675; width: 34%; font-size: .78rem; } td.name { width: 40%; }
.in1 td:first-child { padding-left: 1rem; } .in2 td:first-child { padding-left: 2rem; }
@media print { @page { size: A4; margin: 16mm; }
  html { font-size: 11px; } body { margin: 0; max-width: none; padding: 0; }
  summary { list-style: none; } section { break-inside: auto; padding: .3rem .6rem; } tr { break-inside: avoid; } }
"""


def page_of(explained: Breakdown | Explanation) -> str:
    """The whole page. What comes from a roster is escaped."""
    language = explained.language
    name = explained.root.name if isinstance(explained, Breakdown) else explained.title
    lang = {"zh": "zh-CN", "en": "en"}[language]
    unit = {"zh": "元", "en": "yuan"}[language]
    amount = f'<div class="total">{money(explained.amount)} <small>{unit}</small></div>'
    head = (*explained.head, *explained.root.facts) if isinstance(explained, Breakdown) else ()
    body = (
        [*_tree(explained.root, language), *_in_full(explained.root.explanation)]
        if isinstance(explained, Breakdown)
        else _in_full(explained)
    )
    return "\n".join(
        [
            "<!DOCTYPE html>",
            f'<html lang="{lang}">',
            "<head>",
            '<meta charset="utf-8">',
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            f"<title>{escape(explained.title)}</title>",
            f"<style>{STYLE}</style>",
            "</head>",
            "<body>",
            f"<header><h1>{escape(name)}</h1>{amount}{_facts(head)}</header>",
            "<main>",
            *body,
            "</main>",
            "</body>",
            "</html>",
            "",
        ]
    )


def _facts(facts: tuple[tuple[str, str], ...]) -> str:
    if not facts:
        return ""
    return "<dl>" + "".join(f"<dt>{escape(name)}</dt><dd>{escape(value)}</dd>" for name, value in facts) + "</dl>"


def _tree(root: Node, language: Language) -> Iterator[str]:
    for child in root.children:
        yield from _node(child, 1, language)
    if root.rest is not None:
        yield _row(rest_text(root.rest, language), root.rest.amount, kind="rest")


def _node(node: Node, level: int, language: Language) -> Iterator[str]:
    note = " · ".join(part for part in (node.note, node.see) if part)
    if not (node.children or node.rest or node.of or node.explanation or node.facts):
        yield _row(node.name, node.amount, note)
        return
    is_open = " open" if level <= OPEN_LEVELS or node.kind in ("line", "share", "whole line") else ""
    yield f'<details class="{node.kind.replace(" ", "-")}"{is_open}>'
    yield f"<summary>{_line(node.name, node.amount, note)}</summary>"
    yield _facts(node.facts)
    for child in (*node.children, *((node.of,) if node.of else ())):
        yield from _node(child, level + 1, language)
    if node.rest is not None:
        yield _row(rest_text(node.rest, language), node.rest.amount, kind="rest")
    yield from _in_full(node.explanation)
    yield "</details>"


def _row(name: str, amount: int, note: str = "", kind: str = "") -> str:
    return f'<div class="{f"row {kind}".strip()}">{_line(name, amount, note)}</div>'


def _line(name: str, amount: int, note: str) -> str:
    below = f'<span class="note">{escape(note)}</span>' if note else ""
    what = f'<span class="what">{escape(name)}{below}</span>'
    return f'<span class="entry">{what}<span class="amount">{money(amount)}</span></span>'


def _in_full(explanation: Explanation | None) -> Iterator[str]:
    """An explanation as tables, one for each of its sections."""
    if explanation is None:
        return
    yield f"<section><h2>{escape(explanation.title)}</h2>"
    for section in dict.fromkeys(line.section for line in explanation.lines):
        title = SECTIONS[section][explanation.language]
        yield f"<h3>{escape(title)}</h3><table>"
        for line in explanation.lines:
            if line.section == section:
                yield _explained(line)
        yield "</table>"
    yield "</section>"


def _explained(line: Line) -> str:
    row = f'<tr class="in{line.depth}">' if line.depth else "<tr>"
    if not (line.value or line.source):
        return f'{row}<td colspan="3">{escape(line.name)}</td></tr>'
    cells = [("name", line.name), ("value", line.value), ("source", line.source)]
    return row + "".join(f'<td class="{kind}">{escape(text)}</td>' for kind, text in cells) + "</tr>"
