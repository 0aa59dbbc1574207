"""A number taken apart: a tree in which the parts of every amount add up to it, to the fen."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from subsidy.engine.explain_words import money
from subsidy.engine.explanation import Explanation
from subsidy.finding import Language
from subsidy.money import yuan_text

Key = Mapping[str, "str | int | None"]


@dataclass(frozen=True)
class Rest:
    """What is not listed one by one: how many, and their sum (fen)."""

    count: int
    amount: int


@dataclass(frozen=True)
class Node:
    """An amount (fen), what it is, how it came about (`note`, `facts`), and the parts it is the sum of.

    `of`: a larger amount of which this one is a share, as the note says; `see`: that it stands in full elsewhere.
    """

    kind: str
    name: str
    amount: int
    note: str = ""
    key: Key = field(default_factory=dict)
    facts: tuple[tuple[str, str], ...] = ()
    children: tuple[Node, ...] = ()
    rest: Rest | None = None
    of: Node | None = None
    see: str = ""
    explanation: Explanation | None = None

    def __post_init__(self) -> None:
        if self.children or self.rest:
            total = sum(child.amount for child in self.children) + (self.rest.amount if self.rest else 0)
            if total != self.amount:
                raise AssertionError(f"{self.kind} {self.name}: {self.amount} is not the sum of its parts, {total}")

    def walk(self) -> Iterator[Node]:
        """This node and all below it."""
        waiting = [self]
        while waiting:
            node = waiting.pop()
            yield node
            if node.of is not None:
                waiting.append(node.of)
            waiting += reversed(node.children)

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready; amounts are strings in yuan with two decimals. What is empty is left out."""
        content: dict[str, Any] = {"kind": self.kind, "name": self.name, **self.key, "amount": yuan_text(self.amount)}
        optional = {
            "note": self.note,
            "facts": [{"name": name, "value": value} for name, value in self.facts],
            "parts": [child.to_dict() for child in self.children],
            "rest": {"count": self.rest.count, "amount": yuan_text(self.rest.amount)} if self.rest else None,
            "of": self.of.to_dict() if self.of else None,
            "see": self.see,
            "explanation": self.explanation.to_dict() if self.explanation else None,
        }
        return content | {name: value for name, value in optional.items() if value}


@dataclass(frozen=True)
class Breakdown:
    """How a number of a result is made of smaller ones. Shown as text by `print`; also as a dict and as Markdown.

    `root.amount` in fen; `head`: what holds for all of it (year, basis, versions of the schedules).
    """

    root: Node
    head: tuple[tuple[str, str], ...]
    selection: Mapping[str, str]
    language: Language

    @property
    def title(self) -> str:
        return f"{self.root.name}: {money(self.root.amount)}"

    @property
    def amount(self) -> int:
        """In fen."""
        return self.root.amount

    def __str__(self) -> str:
        from subsidy.budget.breakdown_text import text_of

        return text_of(self)

    __repr__ = __str__

    def to_markdown(self) -> str:
        from subsidy.budget.breakdown_text import markdown_of

        return markdown_of(self)

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready: title, amount, selection, head, then the tree under `parts`."""
        root = self.root.to_dict()
        head = [{"name": name, "value": value} for name, value in self.head]
        return {"title": self.title, **root, "selection": dict(self.selection), "head": head}
