"""Parquet files: read into raw tables, or left where they are where they are large."""

from __future__ import annotations

import functools
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from subsidy.finding import RosterError, Text
from subsidy.roster.arrays import distinct, grow, is_coded
from subsidy.roster.characters import Characters, characters_of
from subsidy.roster.raw import RawTable, empty_table, kept, raw_table, refused_file, unreadable

if TYPE_CHECKING:
    import pyarrow as pa

MANY_ROWS = 200_000  # from which a file is read piece by piece
CODED_BYTES = 3  # of a cell, in a file
AT_ONCE = 2**17  # rows


@dataclass(frozen=True)
class TextsOfColumn:
    """Of texts: which characters occur, whether each comes after the one before (so that no two are the same), and
    whether one begins with a zero."""

    characters: Characters = field(default_factory=lambda: Characters(frozenset()))
    grow: bool = True
    have_zeros: bool = False

    def and_those(self, texts: pa.Array, last: pa.Array | None) -> tuple[TextsOfColumn, pa.Array | None]:
        """With more texts, which follow those that end with `last`; and the last of them."""
        import pyarrow as pa
        import pyarrow.compute as pc

        more = self.characters.and_those(characters_of(texts))
        zeros = self.have_zeros or pc.any(pc.starts_with(distinct(texts), "0")).as_py() is True
        if is_coded(texts) or not self.grow:
            return TextsOfColumn(more, False, zeros), None
        known = texts.drop_null()
        joined = known if last is None else pa.concat_arrays([last, known])
        return TextsOfColumn(more, grow(joined), zeros), joined[-1:]


@dataclass(frozen=True)
class ParquetFile:
    """A table of a roster that stays in its file until somebody needs it here; `rows` counts all of them."""

    path: Path
    headings: tuple[str, ...]
    rows: int
    version: tuple[int, int] | None  # size and time of change

    @classmethod
    def of(cls, path: Path) -> ParquetFile:
        """Raises RosterError for a file that is not of this kind, OSError."""
        import pyarrow as pa
        import pyarrow.parquet as parquet

        try:
            file = parquet.ParquetFile(path)
        except (pa.ArrowException, UnicodeDecodeError) as error:  # the latter for names of columns
            raise _unreadable(path, error) from None
        return cls(path, tuple(file.schema_arrow.names), file.metadata.num_rows, _version(path))

    @property
    def name(self) -> str:
        return self.path.stem

    @property
    def has_plain_headings(self) -> bool:
        """Whether no two headings differ in case only, and none is what the engine numbers rows by."""
        folded = {heading.casefold() for heading in self.headings}
        return len(folded) == len(self.headings) and "file_row_number" not in folded

    def __len__(self) -> int:
        return self.rows

    def empty(self) -> RawTable:
        """Its headings and place, without its rows."""
        return empty_table(self.name, self.headings, str(self.path))

    def look_over(self, heading: str) -> TextsOfColumn:
        """What is known of a column of texts when it has been read once, a piece at a time."""
        import pyarrow as pa
        import pyarrow.parquet as parquet

        found, last = TextsOfColumn(), None
        file = parquet.ParquetFile(self.path, pre_buffer=False)
        for batch in file.iter_batches(AT_ONCE, columns=[heading]):
            found, last = found.and_those(kept(batch.column(0)), last)
        pa.default_memory_pool().release_unused()
        return found

    @functools.cached_property
    def of_few_texts(self) -> frozenset[str]:
        """The headings of columns of texts most of which stand there many times."""
        import pyarrow.parquet as parquet

        return frozenset(_of_few_texts(parquet.ParquetFile(self.path)))

    @functools.cached_property
    def raw(self) -> RawTable:
        """The raw table. Raises RosterError."""
        self.check_unchanged()
        return read_parquet(self.path)

    def pieces(self) -> Iterator[RawTable]:
        """The raw table in parts, one after the other. Raises RosterError."""
        import numpy as np
        import pyarrow as pa
        import pyarrow.parquet as parquet

        self.check_unchanged()
        yield self.empty()
        before = 0
        try:
            for batch in parquet.ParquetFile(self.path, pre_buffer=False).iter_batches(AT_ONCE):
                numbers = np.arange(before + 1, before + len(batch) + 1)
                yield raw_table(self.name, self.headings, [kept(one) for one in batch.columns], numbers, str(self.path))
                before += len(batch)
        except pa.ArrowException as error:
            raise _unreadable(self.path, error) from None

    def check_unchanged(self) -> None:
        """Raises RosterError where the file is no longer the one that was opened."""
        if _version(self.path) != self.version:
            raise refused_file(
                self.path, "file-changed",
                Text("计算期间该文件被改动", "this file was changed while it was being calculated"),
                Text("请在文件不再变动后重新计算", "calculate again when nothing writes to it"),
            )  # fmt: skip


def opened(path: Path) -> ParquetFile | RawTable:
    """A Parquet file's table, which stays in the file where it is large. Raises RosterError, OSError."""
    file = ParquetFile.of(path)
    return file if file.rows >= MANY_ROWS and file.has_plain_headings else file.raw


def read_parquet(path: Path) -> RawTable:
    """The raw table of a Parquet file. Raises RosterError, OSError."""
    import numpy as np
    import pyarrow as pa
    import pyarrow.parquet as parquet

    try:
        coded = _of_few_texts(parquet.ParquetFile(path))
        table = parquet.ParquetFile(path, read_dictionary=coded).read()
    except pa.ArrowException as error:
        raise _unreadable(path, error) from None
    headings, count = table.column_names, table.num_rows
    chunks = table.columns
    del table  # so that each column is let go as soon as it is in one piece
    columns = [kept(chunks.pop(0)) for _ in headings]
    return raw_table(path.stem, headings, columns, np.arange(1, count + 1), str(path))


def _unreadable(path: Path, error: Exception) -> RosterError:
    return unreadable(path, str(error).split("\n")[0][:100])


def _version(path: Path) -> tuple[int, int] | None:
    """Size and time of change; None where there is no such file."""
    try:
        state = path.stat()
    except OSError:
        return None
    return state.st_size, state.st_mtime_ns


def _of_few_texts(file: Any) -> list[str]:
    """The columns of texts that take so little room in the file that most of them stand there many times."""
    sizes: dict[str, int] = {}
    for group in range(file.metadata.num_row_groups):
        for position in range(file.metadata.num_columns):
            column = file.metadata.row_group(group).column(position)
            if column.physical_type == "BYTE_ARRAY" and column.has_dictionary_page:
                sizes[column.path_in_schema] = sizes.get(column.path_in_schema, 0) + column.total_uncompressed_size
    return [name for name, size in sizes.items() if size <= CODED_BYTES * file.metadata.num_rows]
