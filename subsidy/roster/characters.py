"""Which characters occur in a column of texts: what it cannot hold need not be looked for row by row."""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from subsidy.roster.arrays import APOSTROPHES, FEW, is_coded

if TYPE_CHECKING:
    import pyarrow as pa

PART = 1 << 16  # bytes looked at together
SMALL = b"abcdefghijklmnopqrstuvwxyz"
LAST_BLANK = 32  # bytes up to it are white space or control characters


@dataclass(frozen=True)
class Characters:
    """The bytes (of UTF-8) that occur in the texts of a column, those that texts begin with, and whether one of them
    may be empty; or some more."""

    seen: frozenset[int]
    first: frozenset[int] = frozenset()
    may_be_empty: bool = False

    def and_those(self, other: Characters) -> Characters:
        """Those of two columns."""
        return Characters(self.seen | other.seen, self.first | other.first, self.may_be_empty or other.may_be_empty)

    @cached_property
    def are_ascii(self) -> bool:
        return max(self.seen, default=0) < 128

    @cached_property
    def may_be_blank(self) -> bool:
        """Whether there may be white space in a text."""
        return not self.are_ascii or min(self.seen, default=LAST_BLANK + 1) <= LAST_BLANK

    @cached_property
    def _letters(self) -> frozenset[int]:
        """Those that occur, in lower case."""
        return frozenset(bytes(self.seen).lower())

    def any_of(self, signs: str) -> bool:
        """Whether one of these may occur; of signs that are not ASCII it is enough that there is any such."""
        return not self.are_ascii or not self.seen.isdisjoint(signs.encode())

    def may_begin_with(self, sign: str) -> bool:
        """Whether a text may begin with a sign of ASCII, white space before it left out."""
        return self.may_be_blank or ord(sign) in self.first

    def may_spell(self, *words: str) -> bool:
        """Whether one of these words, in whatever case, or any that is not ASCII may occur."""
        return not self.are_ascii or any(self._letters.issuperset(word.encode().lower()) for word in words)

    def may_hold(self, texts: Iterable[str]) -> bool:
        """Whether one of these texts may occur."""
        return any(self.seen.issuperset(text.encode()) for text in texts)

    @property
    def fold_apart(self) -> bool:
        """Whether no two different texts are alike without case, width, blanks and an apostrophe in front."""
        is_mixed = not (self.seen.isdisjoint(SMALL) or self.seen.isdisjoint(SMALL.upper()))
        return not self.may_be_blank and not self.any_of(APOSTROPHES) and not is_mixed


def characters_of(column: pa.Array) -> Characters:
    """Those of a column of texts."""
    import numpy as np

    texts = column.dictionary if is_coded(column) else column
    count = len(texts)
    _, offsets, content = texts.buffers()
    if not count or content is None:
        return Characters(frozenset(), may_be_empty=bool(count))
    bounds = np.frombuffer(offsets, np.int32, count + 1, texts.offset * 4)
    there, last, seen = memoryview(content), int(bounds[-1]), b""
    for start in range(int(bounds[0]), last, PART):
        unseen = there[start : min(start + PART, last)].tobytes().translate(None, seen)
        seen += bytes(set(unseen))
    if count >= FEW:
        return Characters(frozenset(seen), frozenset(seen), bool((bounds[:-1] == bounds[1:]).any()))
    first = [there[start] for start, end in itertools.pairwise(bounds.tolist()) if start < end]
    return Characters(frozenset(seen), frozenset(first), len(first) < count)
