"""What a memo or a notice says, however it is written: sections of paragraphs, tables and charts."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

from subsidy.finding import Language

CONTROLS = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\ufffe\uffff]")


@dataclass(frozen=True)
class Paragraph:
    text: str
    kind: Literal["body", "heading", "note"] = "body"


@dataclass(frozen=True)
class Column:
    """`wide` texts take the room that is left; `short` ones and numbers as much as they need."""

    heading: str
    kind: Literal["wide", "short", "number"] = "number"


@dataclass(frozen=True)
class Row:
    """`part`: of the row above it; `total`: of the rows above it."""

    cells: tuple[str, ...]
    kind: Literal["plain", "part", "total"] = "plain"


@dataclass(frozen=True)
class Table:
    caption: str
    columns: tuple[Column, ...]
    rows: tuple[Row, ...]

    def __post_init__(self) -> None:
        if any(len(row.cells) != len(self.columns) for row in self.rows):
            raise AssertionError(f"a row of {self.caption} does not fit its columns")


@dataclass(frozen=True)
class Bar:
    """A bar of a chart: each part's amount (fen), and their sum as it is written."""

    label: str
    parts: tuple[int, ...]
    shown: str


@dataclass(frozen=True)
class Chart:
    """Bars, one under another. `legend`: what the parts are; empty where there is but one."""

    caption: str
    legend: tuple[str, ...]
    bars: tuple[Bar, ...]


Block: TypeAlias = "Paragraph | Table | Chart"


@dataclass(frozen=True)
class Section:
    """`name`: what a template calls it."""

    name: str
    title: str
    blocks: tuple[Block, ...]


@dataclass(frozen=True)
class Paper:
    """A memo or a notice. `address`: to whom, empty for nobody in particular; `closing`: office and day at its end;
    `footer`: at the foot of every page; `facts`: single words and amounts that a template may place anywhere."""

    kind: Literal["memo", "notice"]
    language: Language
    title: str
    address: str
    sections: tuple[Section, ...]
    closing: tuple[str, ...]
    footer: str
    facts: Mapping[str, str] = field(default_factory=dict)

    def to_dict(self, picture: Callable[[Chart], Any] | None = None) -> dict[str, Any]:
        """JSON-ready, without control characters; a chart also has what `picture` makes of it."""
        return {
            "kind": self.kind,
            "language": self.language,
            "title": clean(self.title),
            "address": clean(self.address),
            "sections": [
                {
                    "name": section.name,
                    "title": clean(section.title),
                    "blocks": [block_dict(block, picture) for block in section.blocks],
                }
                for section in self.sections
            ],
            "closing": [clean(line) for line in self.closing],
            "footer": clean(self.footer),
            **{name: clean(text) for name, text in self.facts.items()},
        }

    @property
    def texts(self) -> list[str]:
        """Everything that is written in it."""
        found: list[str] = []
        _collect(self.to_dict(), found)
        return found


def clean(text: str) -> str:
    """A text without characters that no file of Word may hold."""
    return CONTROLS.sub("\ufffd", text)


def block_dict(block: Block, picture: Callable[[Chart], Any] | None = None) -> dict[str, Any]:
    """A block, JSON-ready."""
    if isinstance(block, Paragraph):
        return {"block": "paragraph", "kind": block.kind, "text": clean(block.text)}
    if isinstance(block, Table):
        columns = [{"heading": clean(one.heading), "kind": one.kind} for one in block.columns]
        rows = [{"kind": row.kind, "cells": _cells(block.columns, row.cells)} for row in block.rows]
        return {"block": "table", "caption": clean(block.caption), "columns": columns, "rows": rows}
    bars = [{"label": clean(bar.label), "parts": list(bar.parts), "shown": bar.shown} for bar in block.bars]
    content = {"caption": clean(block.caption), "legend": [clean(one) for one in block.legend], "bars": bars}
    return {"block": "chart", **content, **({"picture": picture(block)} if picture else {})}


def _cells(columns: Sequence[Column], cells: Sequence[str]) -> list[dict[str, str]]:
    return [{"text": clean(text), "kind": column.kind} for column, text in zip(columns, cells, strict=True)]


def _collect(content: Any, found: list[str]) -> None:
    if isinstance(content, str):
        found.append(content)
    elif isinstance(content, dict):
        for one in content.values():
            _collect(one, found)
    elif isinstance(content, list):
        for one in content:
            _collect(one, found)
