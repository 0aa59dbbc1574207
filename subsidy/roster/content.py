"""What a table holds, as one hash: the same whatever the order of its rows and columns, and however it was typed."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from itertools import chain
from typing import TYPE_CHECKING, Any

from subsidy.roster.raw import RawTable

if TYPE_CHECKING:
    import pyarrow as pa

_ESCAPES = (("\\", "\\\\"), ("\x00", "\\0"), ("\x1f", "\\u"), ("\x1e", "\\r"), ("\x1d", "\\g"))
ROWS_AT_ONCE = 100_000
MEMORY = "64MB"  # for sorting, beside what a calculation holds; the rest is spilled


def content_hash(pieces: Iterable[RawTable]) -> str:
    """SHA-256 of the headings and cells of a table that comes in one piece or more.

    Cells are escaped, joined to one text per row, sorted, and hashed: no two contents give the same texts.
    """
    ahead = iter(pieces)
    first = next(ahead)
    written = first.headings
    order = sorted(range(len(written)), key=lambda i: (written[i], i))
    headings = [written[i] for i in order]
    digest = hashlib.sha256("\x1f".join(_escaped(heading) for heading in headings).encode() + b"\x1d")
    between = b""
    lines = (_lines(piece, order) for piece in chain([first], ahead) if order and len(piece))
    for part in _sorted(lines):
        digest.update(between + _joined(part, "\x1e"))
        between = b"\x1e"
    return digest.hexdigest()


def _lines(raw: RawTable, order: list[int]) -> Any:
    """A text per row."""
    import pyarrow as pa
    import pyarrow.compute as pc

    cells = []
    for i in order:
        column = raw.column(i).cast(pa.large_string())
        for plain, escaped in _ESCAPES:
            column = pc.replace_substring(column, plain, escaped)
        cells.append(pc.fill_null(column, "\x00"))
    return pc.binary_join_element_wise(*cells, pa.scalar("\x1f", pa.large_string()))


def _sorted(parts: Iterator[Any]) -> Iterator[Any]:
    """The texts of all parts in order of their bytes; of several parts, some at a time."""
    import pyarrow.compute as pc

    known = [part for _, part in zip(range(2), parts, strict=False)]
    if len(known) == 1:
        yield known[0].take(pc.sort_indices(known[0]))
    elif known:
        yield from _sorted_outside(chain(known, parts))


def _sorted_outside(parts: Iterable[Any]) -> Iterator[Any]:
    import duckdb
    import pyarrow as pa

    from subsidy import resources

    with duckdb.connect(config={"threads": 1}) as connection:
        connection.execute(f"SET temp_directory = '{resources.spill_folder()}'")
        connection.execute(f"SET memory_limit = '{MEMORY}'")
        connection.execute("CREATE TABLE lines (line VARCHAR)")
        for part in parts:
            connection.register("part", pa.table({"line": part}))
            connection.execute("INSERT INTO lines FROM part")
        for batch in connection.sql("FROM lines ORDER BY line").to_arrow_reader(ROWS_AT_ONCE):
            yield batch.column(0).cast(pa.large_string())


def _joined(texts: pa.Array, between: str) -> bytes:
    import pyarrow as pa
    import pyarrow.compute as pc

    whole = pa.LargeListArray.from_arrays([0, len(texts)], texts)
    joined: bytes = pc.binary_join(whole, pa.scalar(between, pa.large_string()))[0].as_buffer().to_pybytes()
    return joined


def _escaped(text: str) -> str:
    for plain, escaped in _ESCAPES:
        text = text.replace(plain, escaped)
    return text
