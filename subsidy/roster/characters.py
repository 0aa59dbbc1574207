"""Which characters occur in a column of texts: what it cannot hold need not be looked for row by row."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from subsidy.roster.arrays import APOSTROPHES, is_coded

if TYPE_CHECKING:
    import pyarrow as pa

PART = 1 << 16  # bytes looked at together
LAST_BLANK = 32  # bytes up to it are white space or control characters


@dataclass(frozen=True)
class Characters:
    """The bytes (of UTF-8) that occur in the texts of a column, or some more."""

    seen: frozenset[int]

    @property
    def are_ascii(self) -> bool:
        return max(self.seen, default=0) < 128

    @property
    def may_be_blank(self) -> bool:
        """Whether there may be white space in a text."""
        return not self.are_ascii or min(self.seen, default=LAST_BLANK + 1) <= LAST_BLANK

    def any_of(self, signs: str) -> bool:
        """Whether one of these may occur; of signs that are not ASCII it is enough that there is any such."""
        return not self.are_ascii or any(ord(sign) in self.seen for sign in signs)

    def may_spell(self, *words: str) -> bool:
        """Whether one of these words, in whatever case, or any that is not ASCII may occur."""
        return not self.are_ascii or any(
            all(ord(letter.lower()) in self.seen or ord(letter.upper()) in self.seen for letter in word)
            for word in words
        )

    def may_hold(self, texts: Iterable[str]) -> bool:
        """Whether one of these texts may occur."""
        return any(self.seen.issuperset(text.encode()) for text in texts)

    @property
    def fold_apart(self) -> bool:
        """Whether no two different texts are alike without case, width, blanks and an apostrophe in front."""
        cases = [any(byte in self.seen for byte in range(ord(a), ord(z) + 1)) for a, z in ("az", "AZ")]
        return not self.may_be_blank and not self.any_of(APOSTROPHES) and not all(cases)


def characters_of(column: pa.Array) -> Characters:
    """Those of a column of texts."""
    content, seen = _bytes(column.dictionary if is_coded(column) else column), b""
    for start in range(0, len(content), PART):
        unseen = content[start : start + PART].tobytes().translate(None, seen)
        seen += bytes(set(unseen))
    return Characters(frozenset(seen))


def _bytes(texts: pa.StringArray) -> Any:
    import numpy as np

    _, offsets, content = texts.buffers()
    if not len(texts) or content is None:
        return np.empty(0, np.uint8)
    ends = np.frombuffer(offsets, np.int32)
    return np.frombuffer(content, np.uint8)[ends[texts.offset] : ends[texts.offset + len(texts)]]
