"""A breakdown as text for a terminal, amounts aligned, and as Markdown."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from subsidy.budget.breakdown import Breakdown, Node, Rest
from subsidy.engine.explain_words import money
from subsidy.engine.explanation import markdown_text
from subsidy.finding import Language
from subsidy.roster.template_look import display_width

WIDEST = 72


@dataclass(frozen=True)
class _Row:
    depth: int
    name: str
    amount: str = ""
    note: str = ""
    block: str = ""  # several lines that stand as they are


def text_of(breakdown: Breakdown) -> str:
    """Title, head, and one line for each node; explanations in full below theirs."""
    rows = list(_rows(breakdown.root, 0, breakdown.language))[1:]
    named = [_width(row) for row in rows if row.amount]
    left = min(max(named, default=0), WIDEST)
    right = max((len(row.amount) for row in rows), default=0)
    head = [f"  {name}: {value}" if value else f"  {name}" for name, value in breakdown.head]
    facts = [f"  {name}: {value}" for name, value in breakdown.root.facts]
    return "\n".join([breakdown.title, *head, *facts, *(line for row in rows for line in _lines(row, left, right))])


def _lines(row: _Row, left: int, right: int) -> Iterator[str]:
    indent = "  " * row.depth
    if row.block:
        yield from (f"{indent}{line}".rstrip() for line in row.block.splitlines())
    elif not row.amount:
        yield f"{indent}{row.name}"
    else:
        gap = " " * max(left - _width(row), 0)
        yield f"{indent}{row.name}{gap}  {row.amount.rjust(right)}  {row.note}".rstrip()


def _width(row: _Row) -> int:
    return 2 * row.depth + display_width(row.name)


def _rows(node: Node, depth: int, language: Language) -> Iterator[_Row]:
    yield _Row(depth, node.name, money(node.amount), " · ".join(part for part in (node.note, node.see) if part))
    yield from (_Row(depth + 1, f"{name}: {value}") for name, value in node.facts if depth)
    for child in node.children:
        yield from _rows(child, depth + 1, language)
    if node.rest is not None:
        yield _rest_row(node.rest, depth + 1, language)
    if node.of is not None:
        yield from _rows(node.of, depth + 1, language)
    if node.explanation is not None:
        yield _Row(depth + 1, "", block=str(node.explanation))


def _rest_row(rest: Rest, depth: int, language: Language) -> _Row:
    return _Row(depth, rest_text(rest, language), money(rest.amount))


def rest_text(rest: Rest, language: Language) -> str:
    """How many parts are not listed."""
    return {"zh": f"其余 {rest.count:,} 项", "en": f"{rest.count:,} more"}[language]


def markdown_of(breakdown: Breakdown) -> str:
    """A heading, then nested lists."""
    out = [f"### {markdown_text(breakdown.title)}", ""]
    facts = (*breakdown.head, *breakdown.root.facts)
    out += [f"- {markdown_text(f'{name}: {value}' if value else name)}" for name, value in facts]
    out.append("")
    for row in list(_rows(breakdown.root, 0, breakdown.language))[1:]:
        indent = "  " * (row.depth - 1)
        if row.block:
            fence = _fence(row.block)
            out += [f"{indent}  {line}".rstrip() for line in (f"{fence}text", *row.block.splitlines(), fence)]
        elif not row.amount:
            out.append(f"{indent}- {markdown_text(row.name)}")
        else:
            note = f" ({markdown_text(row.note)})" if row.note else ""
            out.append(f"{indent}- {markdown_text(row.name)}: **{row.amount}**{note}")
    return "\n".join(out) + "\n"


def _fence(block: str) -> str:
    """A fence that no line of the block closes."""
    longest = max((len(one) for one in re.findall("`+", block)), default=0)
    return "`" * max(3, longest + 1)
