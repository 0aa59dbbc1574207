"""Two conditions compared: which of the conditions joined by `and` came and which went."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, fields, is_dataclass
from typing import Any

from subsidy.schedule.expression import Binary, Expression, parse


@dataclass(frozen=True)
class Conjuncts:
    """What was added to the conditions joined by `and`, and what was taken from them, as written."""

    added: tuple[str, ...]
    removed: tuple[str, ...]


def mean_the_same(before: str, after: str) -> bool:
    """Whether two expressions differ at most in spaces and brackets."""
    return bool(_shape(parse(before)) == _shape(parse(after)))


def compared(before: str, after: str) -> Conjuncts:
    """What the one condition demands and the other does not. The order of conditions joined by `and` means nothing."""
    earlier, later = _conjuncts(before), _conjuncts(after)
    added = tuple(text for shape, text in later.items() if shape not in earlier)
    return Conjuncts(added, tuple(text for shape, text in earlier.items() if shape not in later))


def _conjuncts(condition: str) -> dict[Any, str]:
    tree = parse(condition)
    ends = [*_joints(tree), len(condition)]
    starts = [0, *(end + len("and") for end in ends[:-1])]
    pieces = [_without_open_brackets(condition[start:end]) for start, end in zip(starts, ends, strict=True)]
    return {_shape(parse(piece)): piece for piece in pieces}


def _without_open_brackets(piece: str) -> str:
    """A condition cut out of brackets around several: `(a` is a."""
    piece = " ".join(piece.split())
    unquoted = re.sub("'[^']*'", "", piece)
    for _ in range(unquoted.count("(") - unquoted.count(")")):
        piece = piece.removeprefix("(").lstrip()
    for _ in range(unquoted.count(")") - unquoted.count("(")):
        piece = piece.removesuffix(")").rstrip()
    return piece


def _joints(tree: Expression) -> Iterator[int]:
    """Where the outermost `and` stand."""
    if isinstance(tree, Binary) and tree.operator == "and":
        yield from _joints(tree.left)
        yield tree.at
        yield from _joints(tree.right)


def _shape(tree: Any) -> Any:
    """An expression without the places of its words."""
    if isinstance(tree, tuple):
        return tuple(_shape(one) for one in tree)
    if not is_dataclass(tree):
        return tree
    return (type(tree).__name__, *(_shape(getattr(tree, one.name)) for one in fields(tree) if one.name != "at"))
