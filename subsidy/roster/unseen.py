"""What the reader of workbooks does not show: errors, formulas without a result, merged cells of .ods and .xlsb."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from html import unescape
from xml.etree import ElementTree

from subsidy.roster import binary, compound
from subsidy.roster.grid import Area, position
from subsidy.roster.sniff import Kind

_ERROR = re.compile(rb'<c ([^>]*\bt="e"[^>]*)>(?:(?:<f[^>]*(?:/>|>[^<]*</f>))?<v>([^<]*)</v>)?')
_NO_RESULT = re.compile(rb'<c ((?:(?!\bt="str")[^>])*)><f[^>]*(?:/>|>([^<]*)</f>)(?:<v */>|<v></v>)?</c>')
_ADDRESS = re.compile(rb'\br="([A-Z]+[0-9]+)"')
_RELATION = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"
_TABLE = "{urn:oasis:names:tc:opendocument:xmlns:table:1.0}"
_CALC = "{urn:org:documentfoundation:names:experimental:calc:xmlns:calcext:1.0}value-type"


@dataclass
class Unseen:
    """By sheet: texts of cells that would be read as blank (by row and column from 0), and merged cells."""

    texts: dict[str, dict[tuple[int, int], str]] = field(default_factory=dict)
    merges: dict[str, list[Area]] = field(default_factory=dict)

    def note(self, sheet: str, row: int, column: int, text: str) -> None:
        self.texts.setdefault(sheet, {})[row, column] = text


def unseen_in(data: bytes, kind: Kind, sheets: Sequence[str]) -> Unseen:
    """What is hidden in a workbook of this kind with these sheets."""
    found = Unseen()
    if kind == "xlsx":
        _from_xlsx(data, found)
    elif kind == "xls":
        for number, row, column, error in compound.failed_cells(data):
            found.note(sheets[number], row, column, error)
    elif kind == "xlsb":
        _from_xlsb(data, found)
    elif kind == "ods":
        _from_ods(data, found)
    return found


def _from_xlsx(data: bytes, found: Unseen) -> None:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        for sheet, part in _sheet_parts(archive):
            content = archive.read(part)
            for match in _ERROR.finditer(content) if b't="e"' in content else ():
                _note(found, sheet, match[1], unescape((match[2] or b"#ERROR!").decode()))
            for match in _NO_RESULT.finditer(content) if b"<f" in content else ():
                _note(found, sheet, match[1], "=" + unescape((match[2] or b"?").decode()))


def _note(found: Unseen, sheet: str, attributes: bytes, text: str) -> None:
    address = _ADDRESS.search(attributes)
    if address:
        found.note(sheet, *position(address[1].decode()), text)


def _sheet_parts(archive: zipfile.ZipFile) -> Iterator[tuple[str, str]]:
    """Each sheet's name and the part of the archive that holds it."""
    relations = ElementTree.fromstring(archive.read("xl/_rels/workbook.xml.rels"))
    targets = {relation.get("Id"): relation.get("Target", "") for relation in relations}
    for element in ElementTree.fromstring(archive.read("xl/workbook.xml")).iter():
        target = targets.get(element.get(_RELATION, ""))
        if element.tag.endswith("}sheet") and target:
            part = target.removeprefix("/") if target.startswith("/") else f"xl/{target}"
            if part in archive.namelist():
                yield element.get("name", ""), part


def _from_xlsb(data: bytes, found: Unseen) -> None:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        for sheet, one in binary.scanned(archive):
            if isinstance(one, Area):
                found.merges.setdefault(sheet, []).append(one)
            else:
                found.note(sheet, *one)


def _from_ods(data: bytes, found: Unseen) -> None:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        root = ElementTree.fromstring(archive.read("content.xml"))
    for table in root.iter(f"{_TABLE}table"):
        sheet, row = table.get(f"{_TABLE}name", ""), 0
        for line in table.iter(f"{_TABLE}table-row"):
            column = 0
            for cell in line:
                _look_at(cell, sheet, row, column, found)
                column += int(cell.get(f"{_TABLE}number-columns-repeated", "1"))
            row += int(line.get(f"{_TABLE}number-rows-repeated", "1"))


def _look_at(cell: ElementTree.Element, sheet: str, row: int, column: int, found: Unseen) -> None:
    if cell.get(_CALC) == "error":
        found.note(sheet, row, column, "".join(cell.itertext()).strip() or "#ERROR!")
    rows, columns = (int(cell.get(f"{_TABLE}number-{way}-spanned", "1")) for way in ("rows", "columns"))
    if rows > 1 or columns > 1:
        found.merges.setdefault(sheet, []).append(Area(row, column, row + rows - 1, column + columns - 1))
