"""Rosters: named tables of raw text, from files or from frames in memory."""

from __future__ import annotations

import functools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import chain
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any

from subsidy.finding import Finding, Place, RosterError, Text
from subsidy.progress import station
from subsidy.roster.content import content_hash
from subsidy.roster.mapping import ColumnMapping, read_mapping
from subsidy.roster.parquet_file import ParquetFile
from subsidy.roster.raw import RawTable, kept, plain_text, raw_table
from subsidy.roster.read import read_path, tables_in

if TYPE_CHECKING:
    import pyarrow as pa

    from subsidy.schedule.load import Version


class Roster:
    """The input of a calculation: tables by name, each cell as text until a schedule says what it is.

    `Roster(residents=df, facilities=df2)` takes pandas, Polars and Arrow frames, anything else that speaks the Arrow
    stream protocol (relations of DuckDB), and lists of mappings; an index of pandas that has a name is a column. Frames
    of Spark stay where they are until somebody needs them here. Table and column names may be English or Chinese.
    Typed cells stand for the text a person would write, exactly (2023-05-01, yes, 12.50); None, NaN and white space are
    blank cells. Nothing is checked here. Raises RosterError for what is no table.
    """

    mapping: ColumnMapping | None = None

    def __init__(self, **frames: Any) -> None:
        self.given: list[tuple[str, Any]] = [
            (name, frame if is_in_cluster(frame) else _from_frame(name, frame)) for name, frame in frames.items()
        ]

    @classmethod
    def of(cls, tables: Sequence[RawTable | ParquetFile], mapping: ColumnMapping | None = None) -> Roster:
        """A roster of tables as a reader made them, and what a mapping says about their headings."""
        roster = cls()
        roster.given = [(table.name, table) for table in tables]
        roster.mapping = mapping
        return roster

    @functools.cached_property
    def raw(self) -> tuple[RawTable, ...]:
        """The raw tables, in order; two may have one name (which `intake` refuses). Collects frames of Spark, and
        reads files that are large."""
        return tuple(self._at(position) for position in range(len(self.given)))

    @functools.cached_property
    def _read(self) -> dict[int, RawTable]:
        return {}

    def _at(self, position: int) -> RawTable:
        if position not in self._read:
            self._read[position] = _raw(*self.given[position])
        return self._read[position]

    @property
    def frames(self) -> dict[str, Any]:
        """The tables that are frames of Spark that stay where they are."""
        return {name: table for name, table in self.given if is_in_cluster(table)}

    @property
    def files(self) -> list[ParquetFile]:
        """The tables that stay in files that are large."""
        return [table for _, table in self.given if isinstance(table, ParquetFile)]

    @property
    def tables(self) -> tuple[str, ...]:
        """The names of the tables, as given."""
        return tuple(name for name, _ in self.given)

    def table(self, name: str) -> RawTable:
        """The raw table of this name. Raises KeyError."""
        for position, (own, _) in enumerate(self.given):
            if own == name:
                return self._at(position)
        raise KeyError(name)

    def row_count(self, table: str) -> int:
        """How many rows that are not blank a table has. Raises KeyError."""
        return sum(len(piece) for piece in self._pieces(table))

    def content_hash(self, table: str) -> str:
        """SHA-256 of a table's headings and cells, whatever the order of its rows and columns. Raises KeyError."""
        return content_hash(self._pieces(table))

    def _pieces(self, name: str) -> Iterator[RawTable]:
        """A table, piece by piece where it stays in a large file. Raises KeyError."""
        large = next((table for own, table in self.given if own == name and isinstance(table, ParquetFile)), None)
        yield from large.pieces() if large is not None else (self.table(name),)

    def __repr__(self) -> str:
        counts = ", ".join(f"{name}: {'Spark' if is_in_cluster(one) else len(one)}" for name, one in self.given)
        return f"Roster({counts})"


def read_roster(path: str | PathLike[str], mapping: str | PathLike[str] | None = None) -> Roster:
    """A roster from a folder of CSV or Parquet files (one per table) or a workbook.

    Text is kept exactly as it stands in the file. `mapping`: a YAML file that says which of the file's own headings and
    words stand for which columns and categories. Raises RosterError for what cannot be read, with its place: everything
    that is wrong with the files and with the mapping at once.
    """
    findings: list[Finding] = []
    tables: list[RawTable | ParquetFile] = []
    said: ColumnMapping | None = None
    station(f"读入 {path}", f"reading {path}")
    try:
        tables = tables_in(Path(path))
    except RosterError as error:
        findings += error.findings
    if mapping is not None:
        try:
            said = read_mapping(Path(mapping))
        except RosterError as error:
            findings += error.findings
    if findings:
        raise RosterError(findings)
    return Roster.of(tables, said)


def document_rows(version: Version) -> Roster:
    """The tables that stand beside a schedule's version: the document's own figures.

    Raises RosterError for files that are not there or cannot be read.
    """
    folder = Path(version.checker.sources[0].file).parent
    tables, findings = [], []
    for table, name in version.model.rows.items():
        try:
            tables += [replace(raw, name=table) for raw in read_path(folder / name)]
        except RosterError as error:
            findings += error.findings
    if findings:
        raise RosterError(findings)
    return Roster.of(tables)


def is_in_cluster(frame: Any) -> bool:
    """Whether it is a frame of Spark."""
    return type(frame).__module__.startswith("pyspark.") and hasattr(frame, "toArrow")


def _raw(name: str, given: Any) -> RawTable:
    if isinstance(given, RawTable):
        return given
    return given.raw if isinstance(given, ParquetFile) else _from_frame(name, given)


def _from_frame(name: str, frame: Any) -> RawTable:
    import numpy as np

    try:
        headings, columns, count = _columns(frame)
    except RosterError:
        raise
    except (TypeError, ValueError, NotImplementedError) as error:
        reason = f"{type(error).__name__}: {str(error)[:100]}"
        why = Text(f"无法作为表读取({reason})", f"this cannot be read as a table ({reason})")
        remedy = Text("请给出数据框或字典列表", "pass a frame of pandas, Polars or Arrow, or a list of mappings")
        raise RosterError([Finding(Place(sheet=name), "not-a-table", why, remedy, type(frame).__name__)]) from None
    return raw_table(name, headings, columns, np.arange(1, count + 1), sheet=name)


def _columns(frame: Any) -> tuple[list[str], list[pa.Array], int]:
    import pyarrow as pa

    if isinstance(frame, (list, tuple)):
        return _from_mappings(frame)
    if type(frame).__module__.startswith("pandas"):
        named = [name for name in frame.index.names if name is not None]
        frame = frame.reset_index(level=named) if named else frame
        columns = [_from_series(frame.iloc[:, i]) for i in range(frame.shape[1])]
        return [str(name) for name in frame.columns], columns, len(frame)
    if not hasattr(frame, "__arrow_c_stream__"):
        way = next((name for name in ("toArrow", "collect") if hasattr(frame, name)), None)  # of Spark, of lazy Polars
        frame = getattr(frame, way)() if way else frame
    table = pa.table(frame)
    return table.column_names, [kept(column) for column in table.columns], table.num_rows


def _from_mappings(rows: Sequence[Any]) -> tuple[list[str], list[pa.Array], int]:
    import pyarrow as pa

    if not all(issubclass(kind, Mapping) for kind in set(map(type, rows))):
        raise TypeError("a list of mappings is expected")
    headings = list(dict.fromkeys(chain.from_iterable(rows)))
    columns = [pa.array(_plain_texts([row.get(heading) for row in rows]), pa.string()) for heading in headings]
    return [str(heading) for heading in headings], columns, len(rows)


def _plain_texts(values: Iterable[Any]) -> list[str | None]:
    """`plain_text` of each value."""
    return [value if value is None or value.__class__ is str else plain_text(value) for value in values]


def _from_series(series: Any) -> pa.Array:
    import pyarrow as pa

    if series.dtype != object:
        return kept(pa.array(series.copy(), from_pandas=True))  # which may share the memory of the frame
    return pa.array(_plain_texts(series), pa.string())
