"""A column of a table on its way in: its cells read, each distinct one once, and stored as the engine reads them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from subsidy.roster import cells, damaged, suspect
from subsidy.roster.arrays import blank_numbers, code_type, coded, is_text, plain, trimmed, where, where_text
from subsidy.roster.characters import Characters, characters_of
from subsidy.roster.raw import text_array
from subsidy.roster.refusal import CodedRefusal
from subsidy.roster.sheet import Collector, Severity, Sheet
from subsidy.roster.typed import numbers

if TYPE_CHECKING:
    from subsidy.schedule.load import RosterColumn


def read(sheet: Sheet, name: str, position: int, words: Mapping[str, str], found: Collector) -> None:
    """Read the column at a position of the raw table. `words`: what a mapping says that words in it stand for."""
    written = _translated(sheet.raw.cells(position), words)
    if cells.form_of(sheet.shape.columns[name]) == "text":
        _read_text(sheet, name, written if is_text(written) else text_array(written), found)
    else:
        _read_typed(sheet, name, written, found)


def store_nothing(sheet: Sheet, name: str) -> None:
    """Store a column that the roster does not have: what blank cells mean."""
    import pyarrow as pa

    spec = sheet.shape.columns[name]
    if blank_value(spec) is None and cells.form_of(spec) in ("number", "month", "year"):
        sheet.columns[name] = blank_numbers(len(sheet.raw))
    else:
        _store(sheet, name, [], pa.nulls(len(sheet.raw), pa.int32()))


def _translated(written: Any, words: Mapping[str, str]) -> Any:
    """Cells with the words of a mapping replaced by what they stand for."""
    import pyarrow as pa

    if not words:
        return written
    encoded = coded(written)
    said = {word.strip(): meaning for word, meaning in words.items()}
    meant = [said.get(text.strip(), text) for text in text_array(encoded.dictionary).to_pylist()]
    return pa.array(meant, pa.string()).take(encoded.indices)


def _read_text(sheet: Sheet, name: str, written: Any, found: Collector) -> None:
    """A column of texts: keys plain, since no two are alike, references and persons coded, all else as it is kept."""
    if name == sheet.shape.key:
        written = plain(written)
    elif _is_id(sheet, name):
        written = coded(written)
    characters = characters_of(written)
    sheet.columns[name] = trimmed(written) if characters.may_be_blank else written
    if characters.any_of(damaged.SIGNS):
        _report_damaged_texts(sheet, name, characters, found)
    if _is_id(sheet, name):
        suspect.check_ids(sheet, name, written, characters, found)


def _read_typed(sheet: Sheet, name: str, written: Any, found: Collector) -> None:
    import pyarrow as pa
    import pyarrow.compute as pc

    spec = sheet.shape.columns[name]
    if (ready := numbers(spec, written)) is not None:
        blank = blank_value(spec)
        sheet.columns[name] = ready if blank is None else ready.fill_null(blank)
        suspect.check_magnitude(sheet, name, found)
        return
    form = cells.form_of(spec)
    read = cells.reader(spec, found.names.words, bool(sheet.raw.file and sheet.raw.sheet))
    encoded = coded(written)
    indices = encoded.indices
    values: list[Any] = []
    errors: dict[int, CodedRefusal] = {}
    for position, text in enumerate(pc.utf8_trim_whitespace(text_array(encoded.dictionary)).to_pylist()):
        try:
            values.append(read(text))
        except CodedRefusal as error:
            errors[position] = damaged.instead(form, text) or error
            values.append(None)
    _store(sheet, name, values, indices)
    suspect.check_magnitude(sheet, name, found)
    by_code: dict[str, list[int]] = {}
    for position, wrong in errors.items():
        by_code.setdefault(wrong.code, []).append(position)
    for code, positions in by_code.items():
        rows = where(pc.is_in(indices, value_set=pa.array(positions, indices.type)))
        found.rows(sheet, code, rows, lambda row: errors[indices[row].as_py()], name)


def _is_id(sheet: Sheet, name: str) -> bool:
    return name in (sheet.shape.key, "person", *sheet.shape.references)


def _report_damaged_texts(sheet: Sheet, name: str, characters: Characters, found: Collector) -> None:
    import numpy as np
    import pyarrow as pa
    import pyarrow.compute as pc

    texts = sheet.columns[name]
    by_code: dict[str, list[int]] = {}
    refused: dict[int, CodedRefusal] = {}
    pattern = damaged.SUSPECT_ASCII if characters.are_ascii else damaged.SUSPECT
    for row in where_text(texts, lambda texts: pc.match_substring_regex(texts, pattern)).tolist():
        if (error := damaged.instead("text", texts[row].as_py())) is not None:
            refused[row] = error
            by_code.setdefault(error.code, []).append(row)
    for code, positions in by_code.items():
        odd_only = code == "invisible-characters" and not _is_id(sheet, name)
        severity: Severity = "warning" if odd_only else "error"
        found.rows(sheet, code, np.array(positions), lambda row: refused[row], name, severity)
    if refused and name in sheet.shape.references:
        unread = np.zeros(len(texts), bool)
        unread[list(refused)] = True
        sheet.columns[name] = pc.if_else(pa.array(unread), pa.scalar(None, texts.type), texts)


def _store(sheet: Sheet, name: str, values: list[Any], indices: Any) -> None:
    """The typed columns of distinct values (None: not readable), taken by row; blanks are what a blank means."""
    import pyarrow as pa

    spec = sheet.shape.columns[name]
    form, blank = cells.form_of(spec), blank_value(spec)
    if blank is not None and indices.null_count:
        values, indices = [*values, blank], indices.cast(pa.int32()).fill_null(len(values))
    if form == "category":
        sheet.columns[name] = _categories(values, indices)
    elif form == "date":
        for part, suffix in enumerate(cells.DATE_PARTS):
            parts = pa.array([value and value[part] for value in values], pa.int64())
            sheet.columns[name + suffix] = parts.take(indices)
    else:
        kind = {"text": pa.string(), "yes_no": pa.bool_()}.get(form, pa.int64())
        sheet.columns[name] = pa.array(values, kind).take(indices)


def _categories(values: list[Any], indices: Any) -> Any:
    """A coded column of the categories that distinct values are."""
    import pyarrow as pa

    meant = list(dict.fromkeys(value for value in values if value is not None))
    position = {value: code for code, value in enumerate(meant)}
    codes = pa.array([position.get(value) for value in values], code_type(len(meant)))
    return pa.DictionaryArray.from_arrays(codes.take(indices), pa.array(meant, pa.string()))


def blank_value(spec: RosterColumn) -> Any:
    """What a blank cell of a table's own column holds; None where it stays blank, as it does in a ready figure."""
    blank = spec.column.blank
    if spec.origin != "own" or blank in ("missing", "none", "open"):
        return None
    form = cells.form_of(spec)
    if form == "date":
        return cells.LAST_DAY
    if form == "number":
        return int(blank)
    return blank == "yes" if form == "yes_no" else blank
