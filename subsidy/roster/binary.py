"""The cells of a binary workbook (.xlsb) that hold an error, and its merged cells: the reader shows neither.

A part is a row of records: type and length, each in bytes of seven bits, and content.
"""

from __future__ import annotations

import struct
import zipfile
from collections.abc import Iterator
from xml.etree import ElementTree

from subsidy.roster.compound import ERRORS
from subsidy.roster.grid import Area

ROW, CELL_ERROR, FORMULA_ERROR, MERGE, SHEET = 0, 3, 11, 176, 156


def scanned(archive: zipfile.ZipFile) -> Iterator[tuple[str, tuple[int, int, str] | Area]]:
    """The sheet, and a cell with an error (row, column, error) or merged cells. Raises KeyError for missing parts."""
    relations = ElementTree.fromstring(archive.read("xl/_rels/workbook.bin.rels"))
    targets = {relation.get("Id"): relation.get("Target", "") for relation in relations}
    for kind, content in records(archive.read("xl/workbook.bin")):
        if kind == SHEET:
            relation, end = _text(content, 8)
            name, _ = _text(content, end)
            target = targets.get(relation, "")
            part = target.removeprefix("/") if target.startswith("/") else f"xl/{target}"
            if part in archive.namelist():
                yield from ((name, one) for one in _cells(archive.read(part)))


def records(part: bytes) -> Iterator[tuple[int, bytes]]:
    """The records of a part."""
    at = 0
    while at < len(part):
        kind, at = _number(part, at, 2)
        length, at = _number(part, at, 4)
        yield kind, part[at : at + length]
        at += length


def _cells(part: bytes) -> Iterator[tuple[int, int, str] | Area]:
    row = 0
    for kind, content in records(part):
        if kind == ROW:
            row = struct.unpack_from("<I", content)[0]
        elif kind in (CELL_ERROR, FORMULA_ERROR):
            yield row, struct.unpack_from("<I", content)[0], ERRORS.get(content[8], "#ERROR!")
        elif kind == MERGE:
            top, bottom, left, right = struct.unpack_from("<4I", content)
            yield Area(top, left, bottom, right)


def _number(part: bytes, at: int, most: int) -> tuple[int, int]:
    number = 0
    for place in range(most):
        if at >= len(part):
            break
        byte = part[at]
        number |= (byte & 0x7F) << (7 * place)
        at += 1
        if not byte & 0x80:
            break
    return number, at


def _text(content: bytes, at: int) -> tuple[str, int]:
    end = at + 4 + 2 * struct.unpack_from("<I", content, at)[0]
    return content[at + 4 : end].decode("utf-16-le"), end
