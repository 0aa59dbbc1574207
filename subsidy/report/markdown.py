"""Pieces of Markdown: tables and cells."""

from __future__ import annotations

from collections.abc import Sequence


def cell(text: str) -> str:
    """What may stand in a cell of a table."""
    return " ".join(text.split()).replace("|", "\\|")


def table(headings: Sequence[str], rows: Sequence[Sequence[str]], right: int = 0) -> list[str]:
    """A table as lines, the last `right` columns of it to the right. Blank lines around it are the caller's."""
    rule = ["---"] * (len(headings) - right) + ["---:"] * right
    return [f"| {' | '.join(map(cell, row))} |" for row in (headings, rule, *rows)]
