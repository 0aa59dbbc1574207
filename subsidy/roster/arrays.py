"""Arrow columns as numpy masks and codes."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa

APOSTROPHES = "'‘’＇"  # in front of a cell they make it a text, and may be left over in it


def filled(column: pa.Array) -> np.ndarray[Any, Any]:
    """Which cells are not blank."""
    mask: np.ndarray[Any, Any] = column.is_valid().to_numpy(zero_copy_only=False)
    return mask


def where(mask: pa.BooleanArray) -> np.ndarray[Any, Any]:
    """The positions at which a mask is true."""
    import numpy as np

    return np.flatnonzero(mask.fill_null(False).to_numpy(zero_copy_only=False))


def codes(column: pa.Array) -> np.ndarray[Any, Any]:
    """A whole number per row, equal where the cells are; -1 for a blank."""
    import numpy as np

    indices: np.ndarray[Any, Any] = column.dictionary_encode().indices.fill_null(-1).to_numpy()
    return indices.astype(np.int64)


def folded(texts: pa.StringArray) -> pa.StringArray:
    """Texts without what a reader overlooks: case, width, blanks and an apostrophe in front."""
    import pyarrow.compute as pc

    if not pc.all(pc.string_is_ascii(texts)).as_py():
        texts = pc.utf8_normalize(texts, "NFKC")
    return pc.utf8_lower(pc.replace_substring_regex(texts, rf"^\s*[{APOSTROPHES}]|\s", ""))


def folds_apart(texts: pa.StringArray) -> bool:
    """Whether it is seen at once that no two different texts are alike when folded: plain, and of one case."""
    import pyarrow.compute as pc

    def every(mask: pa.BooleanArray) -> bool:
        return bool(pc.all(mask).as_py())

    if not every(pc.string_is_ascii(texts)) or pc.any(pc.match_substring_regex(texts, rf"[\s{APOSTROPHES}]")).as_py():
        return False
    return every(pc.equal(pc.ascii_upper(texts), texts)) or every(pc.equal(pc.ascii_lower(texts), texts))


def joint_codes(columns: Iterable[pa.Array], count: int) -> np.ndarray[Any, Any]:
    """A whole number per row, equal where the rows agree in all columns (two blanks agree)."""
    import numpy as np

    joint = np.zeros(count, np.int64)
    for column in columns:
        more = codes(column) + 1
        _, joint = np.unique(joint * (int(more.max(initial=0)) + 1) + more, return_inverse=True)
    return joint


def repeated(numbers: np.ndarray[Any, Any]) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    """The positions whose number stood before, and for each the position where it stood first."""
    import numpy as np

    order = np.argsort(numbers, kind="stable")
    ordered = numbers[order]
    starts = np.ones(len(numbers), bool)
    starts[1:] = ordered[1:] != ordered[:-1]
    firsts = order[np.maximum.accumulate(np.where(starts, np.arange(len(numbers)), 0))]
    later, first = order[~starts], firsts[~starts]
    by_position = np.argsort(later)
    return later[by_position], first[by_position]
