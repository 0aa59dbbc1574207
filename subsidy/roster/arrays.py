"""Arrow columns as numpy masks and codes.

A column of texts is plain, or coded: an Arrow dictionary, each text in it once and none of them blank. What is asked of
texts is asked of a coded column once for each distinct one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa

FAR = 2**40  # joint codes are below, so that there is room for a day beside them
FEW = 10_000  # rows from which a column is worth more thought than looking at each of its cells
APOSTROPHES = "'‘’＇"  # in front of a cell they make it a text, and may be left over in it


def filled(column: pa.Array) -> np.ndarray[Any, Any]:
    """Which cells are not blank."""
    mask: np.ndarray[Any, Any] = column.is_valid().to_numpy(zero_copy_only=False)
    return mask


def filled_with(column: pa.Array, value: Any) -> pa.Array:
    """A column with a value in its blank cells."""
    return column.fill_null(value) if column.null_count else column


def ends(column: pa.ChunkedArray, below: int) -> tuple[int, int] | tuple[()]:
    """The least and the largest of the numbers of a column that are below a limit; nothing where there are none."""
    import numpy as np
    import pyarrow.compute as pc

    if column.null_count or column.num_chunks != 1:
        least, largest = pc.min_max(pc.if_else(pc.less(column, below), column, None)).as_py().values()
        return () if least is None else (least, largest)
    numbers = column.chunk(0).to_numpy()
    if not len(numbers) or numbers.min() >= below:
        return ()
    least = int(numbers.min())
    return least, int(np.max(numbers, where=numbers < below, initial=least))


def where(mask: pa.BooleanArray) -> np.ndarray[Any, Any]:
    """The positions at which a mask is true."""
    import numpy as np

    return np.flatnonzero(filled_with(mask, False).to_numpy(zero_copy_only=False))


# --- texts ---------------------------------------------------------------------------------------------------------


def is_coded(column: pa.Array) -> bool:
    return type(column).__name__ == "DictionaryArray"


def is_text(column: pa.Array) -> bool:
    return type(column).__name__ in ("DictionaryArray", "StringArray")


def coded(column: pa.Array) -> pa.DictionaryArray:
    """A column coded by its values. Some of them may have lost their rows since."""
    return column if is_coded(column) else column.dictionary_encode()


def distinct(column: pa.Array) -> pa.Array:
    """The texts that occur in a coded column; of a plain one all its cells."""
    import numpy as np
    import pyarrow as pa

    if not is_coded(column):
        return column
    there = np.zeros(len(column.dictionary), bool)
    there[(column.indices.drop_null() if column.null_count else column.indices).to_numpy()] = True
    return column.dictionary if there.all() else column.dictionary.filter(pa.array(there))


def code_type(count: int) -> pa.DataType:
    """The narrowest type that has room for so many codes."""
    import pyarrow as pa

    return pa.int8() if count < 2**7 else pa.int16() if count < 2**15 else pa.int32()


def blank_numbers(count: int) -> pa.Int64Array:
    """A column of blanks, which takes hardly any room: memory of zeros that nobody writes to is not there."""
    import numpy as np
    import pyarrow as pa

    validity, numbers = np.zeros((count + 7) // 8, np.uint8), np.zeros(count, np.int64)
    return pa.Array.from_buffers(pa.int64(), count, [pa.py_buffer(validity), pa.py_buffer(numbers)])


def plain(column: pa.Array) -> pa.StringArray:
    return column.dictionary_decode() if is_coded(column) else column


def each(column: pa.Array, measure: Callable[[pa.StringArray], pa.Array]) -> pa.Array:
    """What a measure is of each text."""
    return measure(column.dictionary).take(column.indices) if is_coded(column) else measure(column)


def where_text(column: pa.Array, test: Callable[[pa.StringArray], pa.BooleanArray]) -> np.ndarray[Any, Any]:
    """The positions of the texts that pass a test."""
    import pyarrow as pa
    import pyarrow.compute as pc

    if not is_coded(column):
        return where(test(column))
    passed = where(test(column.dictionary))
    return where(pc.is_in(column.indices, value_set=pa.array(passed, column.indices.type))) if len(passed) else passed


def trimmed(column: pa.Array) -> pa.Array:
    """Texts without white space around them; the same array where there is none."""
    import pyarrow.compute as pc

    if is_coded(column):
        inner = trimmed(column.dictionary)
        return column if inner is column.dictionary else inner.take(column.indices).dictionary_encode()
    short = pc.utf8_trim_whitespace(column)
    return column if pc.sum(pc.binary_length(short)) == pc.sum(pc.binary_length(column)) else short


def folded(texts: pa.StringArray) -> pa.StringArray:
    """Texts without what a reader overlooks: case, width, blanks and an apostrophe in front."""
    import pyarrow.compute as pc

    if not pc.all(pc.string_is_ascii(texts)).as_py():
        texts = pc.utf8_normalize(texts, "NFKC")
    return pc.utf8_lower(pc.replace_substring_regex(texts, rf"^\s*[{APOSTROPHES}]|\s", ""))


# --- codes ---------------------------------------------------------------------------------------------------------


def codes(column: pa.Array) -> np.ndarray[Any, Any]:
    """A whole number per row, equal where the cells are; -1 for a blank."""
    import numpy as np

    indices = coded(column).indices
    numbers: np.ndarray[Any, Any] = filled_with(indices, -1).to_numpy()
    return numbers.astype(np.int64)


def joint_codes(columns: Iterable[pa.Array], count: int) -> np.ndarray[Any, Any]:
    """A whole number below FAR per row, equal where the rows agree in all columns (two blanks agree)."""
    import numpy as np

    joint, end = np.zeros(count, np.int64), 1
    for column in columns:
        more = codes(column) + 1
        options = int(more.max(initial=0)) + 1
        joint = joint * options + more
        end *= options
        if end > FAR:
            _, joint = np.unique(joint, return_inverse=True)
            end = int(joint.max(initial=0)) + 1
    return joint


def repeated(numbers: np.ndarray[Any, Any]) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    """The positions whose number stood before, and for each the position where it stood first."""
    import numpy as np

    if are_different(numbers):
        return np.empty(0, np.int64), np.empty(0, np.int64)
    order = np.argsort(numbers, kind="stable")
    ordered = numbers[order]
    starts = np.ones(len(numbers), bool)
    starts[1:] = ordered[1:] != ordered[:-1]
    firsts = order[np.maximum.accumulate(np.where(starts, np.arange(len(numbers)), 0))]
    later, first = order[~starts], firsts[~starts]
    by_position = np.argsort(later)
    return later[by_position], first[by_position]


def are_different(numbers: np.ndarray[Any, Any]) -> bool:
    """Whether no number stands twice."""
    import numpy as np

    ordered = np.sort(numbers)
    return bool((ordered[1:] != ordered[:-1]).all())


def are_unique(texts: pa.StringArray) -> bool:
    """Whether it is sure that no text stands twice: ids that count upwards, or texts no two of which have one hash."""

    known = texts.drop_null() if texts.null_count else texts
    if len(known) < FEW:
        return len(set(known.to_pylist())) == len(known)
    return grow(known) or are_different(_hashes(known))


def grow(texts: pa.StringArray) -> bool:
    """Whether each text comes after the one before, by length and then by letters."""
    import pyarrow.compute as pc

    lengths = pc.binary_length(texts)
    before, after = lengths[:-1], lengths[1:]
    is_later = pc.or_(pc.less(before, after), pc.and_(pc.equal(before, after), pc.less(texts[:-1], texts[1:])))
    return bool(pc.all(is_later).as_py())


def _hashes(texts: pa.StringArray) -> np.ndarray[Any, Any]:
    import duckdb
    import pyarrow as pa

    with duckdb.connect(config={"threads": 1}) as connection:
        connection.register("texts", pa.table({"text": texts}))
        found = connection.sql("SELECT hash(text) AS hash FROM texts").to_arrow_table()["hash"]
    numbers: np.ndarray[Any, Any] = found.to_numpy()
    return numbers
