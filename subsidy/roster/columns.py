"""A column of a table on its way in: its cells read, each distinct one once, and stored as the engine reads them."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from subsidy.roster import cells, damaged, suspect
from subsidy.roster.arrays import (
    FEW,
    blank_numbers,
    code_type,
    coded,
    is_coded,
    is_text,
    plain,
    trimmed,
    where,
    where_text,
)
from subsidy.roster.characters import Characters, characters_of
from subsidy.roster.raw import text_array
from subsidy.roster.refusal import CodedRefusal
from subsidy.roster.sheet import Collector, Severity, Sheet
from subsidy.roster.typed import numbers

if TYPE_CHECKING:
    from subsidy.schedule.load import RosterColumn

MOST_KNOWN = 10_000  # texts of a column that are remembered


def read(sheet: Sheet, name: str, position: int, words: Mapping[str, str], found: Collector) -> None:
    """Read the column at a position of the raw table. `words`: what a mapping says that words in it stand for."""
    cells_there = sheet.raw.cells(position)
    written = _translated(cells_there, words)
    form = cells.form_of(sheet.shape.columns[name])
    if form == "text" and not is_text(written):
        written = text_array(written)
    characters = sheet.raw.characters(position) if written is cells_there else characters_of(written)
    if form == "text":
        _read_text(sheet, name, written, characters, found)
    else:
        _read_typed(sheet, name, written, characters.may_be_blank, found)


def store_nothing(sheet: Sheet, name: str) -> None:
    """Store a column that the roster does not have: what blank cells mean."""
    count, spec = len(sheet.raw), sheet.shape.columns[name]
    make = _nothing if count <= FEW else _nothing.__wrapped__
    for suffix, column in make(cells.form_of(spec), blank_value(spec), count).items():
        sheet.columns[name + suffix] = column


@functools.lru_cache(maxsize=1024)
def _nothing(form: cells.Form, blank: Any, count: int) -> dict[str, Any]:
    """By suffix the columns of so many blank cells."""
    import pyarrow as pa

    if blank is None and form in ("number", "month", "year"):
        return {"": blank_numbers(count)}
    return _typed(form, blank, [], pa.nulls(count, pa.int32()))


def _translated(written: Any, words: Mapping[str, str]) -> Any:
    """Cells with the words of a mapping replaced by what they stand for."""
    import pyarrow as pa

    if not words:
        return written
    encoded = coded(written)
    said = {word.strip(): meaning for word, meaning in words.items()}
    meant = [said.get(text.strip(), text) for text in text_array(encoded.dictionary).to_pylist()]
    return pa.array(meant, pa.string()).take(encoded.indices)


def _read_text(sheet: Sheet, name: str, written: Any, characters: Characters, found: Collector) -> None:
    """A column of texts: keys plain, since no two are alike, references and persons coded, all else as it is kept."""
    if name == sheet.shape.key:
        written = plain(written)
    elif _is_id(sheet, name):
        written = coded(written)
    sheet.columns[name] = trimmed(written) if characters.may_be_blank else written
    if characters.any_of(damaged.SIGNS):
        _report_damaged_texts(sheet, name, characters, found)
    if _is_id(sheet, name):
        suspect.check_ids(sheet, name, written, characters, found)


def _read_typed(sheet: Sheet, name: str, written: Any, may_be_white: bool, found: Collector) -> None:
    import numpy as np
    import pyarrow as pa
    import pyarrow.compute as pc

    spec = sheet.shape.columns[name]
    form, blank = cells.form_of(spec), blank_value(spec)
    if (ready := numbers(spec, written)) is not None:
        sheet.columns[name] = ready if blank is None else ready.fill_null(blank)
        suspect.check_magnitude(sheet, name, found)
        return
    in_workbook = bool(sheet.raw.file and sheet.raw.sheet)
    names = found.names
    read = names.once(
        ("reader", sheet.table, name, in_workbook), lambda: _Reader(cells.reader(spec, names.words, in_workbook))
    )
    texts, indices = _each_once(written, may_be_white or not is_text(written))
    values: list[Any] = []
    errors: dict[int, CodedRefusal] = {}
    for position, text in enumerate(texts):
        if text is None:
            values.append(blank)
            continue
        try:
            values.append(read(text))
        except CodedRefusal as error:
            errors[position] = damaged.instead(form, text) or error
            values.append(None)
    for suffix, column in _typed(form, blank, values, indices).items():
        sheet.columns[name + suffix] = column
    suspect.check_magnitude(sheet, name, found)
    by_code: dict[str, list[int]] = {}
    for position, wrong in errors.items():
        by_code.setdefault(wrong.code, []).append(position)
    for code, positions in by_code.items():
        rows = np.array(positions)
        if indices is not None:
            rows = where(pc.is_in(indices, value_set=pa.array(positions, indices.type)))
        found.rows(sheet, code, rows, lambda row: errors[row if indices is None else indices[row].as_py()], name)


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


class _Reader:
    """Reads a text as `read` does, one that was read before from memory."""

    def __init__(self, read: cells.Read) -> None:
        self.read = read
        self.known: dict[str, Any] = {}

    def __call__(self, text: str) -> Any:
        value = self.known.get(text)
        if value is None:
            value = self.read(text)
            if len(self.known) < MOST_KNOWN:
                self.known[text] = value
        return value


def _each_once(written: Any, may_be_white: bool) -> tuple[list[str | None], Any]:
    """The texts of a column without white space around them, if there is any: of a long one each text once, with the
    codes of its rows; of a short one row by row, without codes."""
    import pyarrow.compute as pc

    indices = None
    if is_coded(written) or len(written) > FEW:
        encoded = coded(written)
        written, indices = encoded.dictionary, encoded.indices
    texts = text_array(written)
    trimmed: list[str | None] = (pc.utf8_trim_whitespace(texts) if may_be_white else texts).to_pylist()
    return trimmed, indices


def _typed(form: cells.Form, blank: Any, values: list[Any], indices: Any) -> dict[str, Any]:
    """By suffix the typed columns of values (None: not readable), taken by row where there are `indices`; a blank row
    is `blank`."""
    import pyarrow as pa

    if blank is not None and indices is not None and indices.null_count:
        values, indices = [*values, blank], indices.cast(pa.int32()).fill_null(len(values))
    if form == "category":
        return {"": _categories(values, indices)}
    if form == "date":
        parts = {
            suffix: pa.array([value and value[part] for value in values], pa.int64())
            for part, suffix in enumerate(cells.DATE_PARTS)
        }
    else:
        kind = {"text": pa.string(), "yes_no": pa.bool_()}.get(form, pa.int64())
        parts = {"": pa.array(values, kind)}
    return parts if indices is None else {suffix: column.take(indices) for suffix, column in parts.items()}


def _categories(values: list[Any], indices: Any) -> Any:
    """A coded column of the categories that values are."""
    import pyarrow as pa

    meant = list(dict.fromkeys(value for value in values if value is not None))
    position = {value: code for code, value in enumerate(meant)}
    codes = pa.array([position.get(value) for value in values], code_type(len(meant)))
    return pa.DictionaryArray.from_arrays(
        codes if indices is None else codes.take(indices), pa.array(meant, pa.string())
    )


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
