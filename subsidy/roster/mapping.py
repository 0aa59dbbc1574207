"""A mapping: what the headings and words of an officer's own file stand for, as YAML beside it.

tables:
  residents:
    sheet: 老人名单
    columns: {老人姓名: person, 院: facility, 民族: ignore}
values:
  ability: {全失能: disabled}
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from subsidy.finding import Finding, Place, Refusal, RosterError, ScheduleError, Text, nearest
from subsidy.roster.names import IGNORED, Names, is_ignored, normal
from subsidy.roster.raw import RawTable
from subsidy.roster.refusal import refusal
from subsidy.schedule.source import KEY, Source, read_file

if TYPE_CHECKING:
    from subsidy.roster.sheet import Collector


@dataclass(frozen=True)
class TableMapping:
    """What one table is in the file: the sheet it stands on ("": any), and heading -> column or `ignore`."""

    sheet: str = ""
    columns: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class ColumnMapping:
    """`tables` by name as written; `values`: column -> word in the file -> what it stands for."""

    tables: Mapping[str, TableMapping]
    values: Mapping[str, Mapping[str, str]]
    source: Source
    sha256: str = ""

    def is_for(self, table: str, raw: RawTable) -> bool:
        """Whether the mapping of a table is about this sheet or file."""
        sheet = self.tables[table].sheet
        return not sheet or normal(sheet) in (normal(raw.name), normal(raw.sheet))

    def renamed(self, raw: RawTable, names: Names) -> tuple[dict[str, dict[str, str]], set[str]]:
        """By table, what headings (normal form) of this sheet stand for; and the tables said to be on it."""
        renamed: dict[str, dict[str, str]] = {}
        expected: set[str] = set()
        for written, mapped in self.tables.items():
            table = names.known_table(written)
            if table is None or not self.is_for(written, raw):
                continue
            if mapped.sheet:
                expected.add(table)
            renamed[table] = _meanings(mapped, names.columns_known(table)[0])
        return renamed, expected

    def words_of(self, table: str, names: Names) -> dict[str, dict[str, str]]:
        """By column of a table, by whichever of its names, what the words in the file stand for."""
        known, _ = names.columns_known(table)
        words: dict[str, dict[str, str]] = {}
        for written, said in self.values.items():
            if (column := known.get(normal(written))) is not None:
                words.setdefault(column, {}).update(said)
        return words


def _meanings(mapped: TableMapping, known: Mapping[str, str]) -> dict[str, str]:
    """What each heading stands for; what `check_mapping` refuses is ignored."""
    meanings: dict[str, str] = {}
    for heading, said in mapped.columns.items():
        column = known.get(normal(said), IGNORED)
        meanings[normal(heading)] = IGNORED if column in meanings.values() else column
    return meanings


def read_mapping(path: str | Path) -> ColumnMapping:
    """The mapping in a YAML file. Raises RosterError with every mistake of form, by file and line."""
    try:
        source, sha256 = read_file(Path(path))
    except ScheduleError as error:
        raise RosterError(error.findings) from None
    findings = list(_mistakes_of_form(source))
    if findings:
        raise RosterError(findings)
    data = source.data or {}
    tables = {
        table: TableMapping((entry or {}).get("sheet", ""), (entry or {}).get("columns") or {})
        for table, entry in (data.get("tables") or {}).items()
    }
    values = {column: words or {} for column, words in (data.get("values") or {}).items()}
    return ColumnMapping(tables, values, source, sha256)


def _mistakes_of_form(source: Source) -> Iterator[Finding]:
    data = source.data or {}
    if not isinstance(data, dict):
        yield _shape(source, (), "tables: {…}")
        return
    yield from _unknown_keys(source, (), data, ("tables", "values"))
    tables, values = data.get("tables") or {}, data.get("values") or {}
    if not isinstance(tables, dict):
        yield _shape(source, ("tables",), "residents: {sheet: …, columns: {…}}")
    for table, entry in tables.items() if isinstance(tables, dict) else ():
        path = ("tables", table)
        if not isinstance(entry or {}, dict):
            yield _shape(source, path, "{sheet: …, columns: {…}}")
            continue
        yield from _unknown_keys(source, path, entry or {}, ("sheet", "columns"))
        if not isinstance((entry or {}).get("sheet", ""), str):
            yield _shape(source, (*path, "sheet"), "sheet: Sheet1")
        yield from _pairs(source, (*path, "columns"), (entry or {}).get("columns") or {})
    if not isinstance(values, dict):
        yield _shape(source, ("values",), "ability: {全失能: disabled}")
    for column, words in values.items() if isinstance(values, dict) else ():
        yield from _pairs(source, ("values", column), words or {})


def _pairs(source: Source, path: tuple[str, ...], pairs: Any) -> Iterator[Finding]:
    if not isinstance(pairs, dict):
        yield _shape(source, path, "{老人姓名: person}")
        return
    for key, said in pairs.items():
        if not isinstance(said, str) or not said.strip():
            yield _shape(source, (*path, key), f"{key}: person")


def _unknown_keys(
    source: Source, path: tuple[str, ...], entry: Mapping[str, Any], known: Iterable[str]
) -> Iterator[Finding]:
    for key in entry:
        if key not in known:
            why = Text(f"不认识 {key}", f"there is no {key} here")
            yield Finding(source.place((*path, key, KEY)), "mapping-form", why, nearest(key, known), key)


def _shape(source: Source, path: tuple[str, ...], right: str) -> Finding:
    why, remedy = Text("写法不对", "this is not written as it should be"), Text(f"请写成 {right}", f"write {right}")
    return Finding(source.place(path), "mapping-form", why, remedy)


# --- against the schedule and the roster ---------------------------------------------------------------------------


def check_mapping(mapping: ColumnMapping, roster: Iterable[RawTable], names: Names, found: Collector) -> None:
    """Tables, columns, sheets and categories that a mapping names and nobody knows, and columns given twice."""
    sheets = {name for raw in roster for name in (raw.name, raw.sheet) if name}
    for written, mapped in mapping.tables.items():
        table = names.known_table(written)
        if table is None:
            _report(mapping, ("tables", written, KEY), "mapping-table", names.unknown_table(written), written, found)
            continue
        if mapped.sheet and normal(mapped.sheet) not in {normal(sheet) for sheet in sheets}:
            why = Refusal(Text("没有这个工作表", "there is no such sheet"), nearest(mapped.sheet, sheets))
            _report(mapping, ("tables", written, "sheet"), "mapping-sheet", why, mapped.sheet, found)
        _check_columns(mapping, written, table, names, found)
    for column, words in mapping.values.items():
        _check_words(mapping, column, words, names, found)


def _check_columns(mapping: ColumnMapping, written: str, table: str, names: Names, found: Collector) -> None:
    known, _ = names.columns_known(table)
    given: dict[str, str] = {}
    for heading, said in mapping.tables[written].columns.items():
        path = ("tables", written, "columns", heading)
        column = known.get(normal(said))
        if is_ignored(said):
            continue
        if column is None:
            why = Text(f"表 {table} 没有列 {said}", f"the table {table} has no column {said}")
            remedy = names.nearest(said, [*set(known.values()), IGNORED])
            _report(mapping, path, "mapping-column", Refusal(why, remedy), said, found)
        elif column in given:
            why_twice = refusal(
                f"{given[column]} 也对应列 {column}", f"{given[column]} stands for the column {column} too",
                f"请只保留一个，另一个写 {IGNORED}", f"keep one of the two, and write {IGNORED} for the other",
            )  # fmt: skip
            _report(mapping, path, "mapping-twice", why_twice, heading, found)
        else:
            given[column] = heading


def _check_words(
    mapping: ColumnMapping, written: str, words: Mapping[str, str], names: Names, found: Collector
) -> None:
    specs = names.columns_named(written)
    if not specs:
        why = Text(f"没有列 {written}", f"there is no column {written}")
        everything = {column for table in names.all_tables() for column in names.shape(table).columns}
        _report(
            mapping,
            ("values", written, KEY),
            "mapping-column",
            Refusal(why, names.nearest(written, everything)),
            written,
            found,
        )
        return
    options = {option for spec in specs for option in spec.type.options}
    known = {normal(option) for option in options} | {normal(names.words.get(option, option)) for option in options}
    for word, said in words.items():
        if options and normal(said) not in known:
            why = Text(f"列 {written} 没有类别 {said}", f"the column {written} has no category {said}")
            why_no_category = Refusal(why, names.nearest(said, options))
            _report(mapping, ("values", written, word), "mapping-value", why_no_category, said, found)


def check_headings(
    mapping: ColumnMapping, roster: Iterable[RawTable], written: str, headings: Iterable[str] | None, found: Collector
) -> None:
    """Headings of a mapping that its table does not have in the file; None where the table is not there at all."""
    mapped = mapping.tables[written]
    if headings is None:
        if any(mapping.is_for(written, raw) for raw in roster):
            why = refusal(
                "花名册中没有找到此表", "this table is not found in the roster",
                "请核对工作表和标题", "compare sheet and headings with the file",
            )  # fmt: skip
            _report(mapping, ("tables", written, KEY), "mapping-heading", why, written, found)
        return
    there = list(headings)
    known = {normal(heading) for heading in there} | {normal(heading.split("|")[-1]) for heading in there}
    for heading in mapped.columns:
        if normal(heading) not in known and normal(heading.split("|")[-1]) not in known:
            why_absent = Text("文件中没有这个标题", "the file has no such heading")
            shown = nearest(heading, [name for name in there if name])
            path = ("tables", written, "columns", heading, KEY)
            _report(mapping, path, "mapping-heading", Refusal(why_absent, shown), heading, found)


def _report(
    mapping: ColumnMapping, path: tuple[str | int, ...], code: str, refused: Refusal, value: str, found: Collector
) -> None:
    place: Place = mapping.source.place(path)
    found.add(place, code, refused, value=value)
