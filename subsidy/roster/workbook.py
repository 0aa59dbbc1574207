"""Workbooks to raw tables, one per sheet."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from subsidy.finding import Finding, Place, RosterError, Text
from subsidy.roster.raw import RawTable, plain_text, raw_table, refused_file, unreadable

WORKBOOKS = (".xlsx", ".xlsm", ".xlsb", ".xls", ".ods")
_ERROR = re.compile(rb'<c ([^>]*\bt="e"[^>]*)>(?:(?:<f[^>]*(?:/>|>[^<]*</f>))?<v>([^<]*)</v>)?')
_NO_RESULT = re.compile(rb"<c ([^>]*)><f[^>]*(?:/>|>[^<]*</f>)(?:<v */>|<v></v>)?</c>")
_ADDRESS = re.compile(rb'\br="([A-Z]+)([0-9]+)"')
_RELATION = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"


def read_workbook(path: Path) -> list[RawTable]:
    """One table per sheet that is not empty; the heading row is the first that is not blank.

    Raises RosterError for a file that cannot be read, and for cells that hold an error instead of a value.
    """
    try:
        import python_calamine as calamine
    except ImportError:
        raise refused_file(
            path,
            "no-workbook-reader",
            Text("读取工作簿需要 python-calamine", "reading workbooks needs python-calamine"),
            Text("请安装 python-calamine，或另存为 CSV", "install python-calamine, or save the sheets as CSV"),
        ) from None
    tables = []
    try:
        book = calamine.CalamineWorkbook.from_path(str(path))
        for name in book.sheet_names:
            found = _sheet(path, name, book.get_sheet_by_name(name).to_python(skip_empty_area=False))
            if found is not None:
                tables.append(found)
    except (calamine.CalamineError, OSError) as error:
        raise unreadable(path, type(error).__name__) from None
    try:
        failed = _failed_cells(path) if path.suffix.lower() in (".xlsx", ".xlsm") else []
    except (zipfile.BadZipFile, ElementTree.ParseError, KeyError) as error:
        raise unreadable(path, type(error).__name__) from None
    if failed:
        raise RosterError(failed)
    return tables


def _sheet(path: Path, name: str, rows: list[list[Any]]) -> RawTable | None:
    import numpy as np
    import pyarrow as pa

    top = next((i for i, row in enumerate(rows) if any(cell not in ("", None) for cell in row)), None)
    if top is None:
        return None
    headings = [(plain_text(cell) or "").strip() for cell in rows[top]]
    below = rows[top + 1 :]
    cells = list(zip(*below, strict=True)) if below else [() for _ in headings]
    columns = [pa.array([plain_text(cell) for cell in column], pa.string()) for column in cells]
    used = [i for i, heading in enumerate(headings) if heading or any(cell not in ("", None) for cell in cells[i])]
    numbers = np.arange(top + 2, top + 2 + len(below))
    return raw_table(name.strip(), [headings[i] for i in used], [columns[i] for i in used], numbers, str(path), name)


# --- what the reader takes for blank cells -------------------------------------------------------------------------


def _failed_cells(path: Path) -> list[Finding]:
    """Cells of an .xlsx that hold an error such as #N/A, or a formula that was never calculated."""
    findings: list[Finding] = []
    with zipfile.ZipFile(path) as archive:
        for sheet, part in _sheet_parts(archive):
            content = archive.read(part)
            errors = _ERROR.finditer(content) if b't="e"' in content else ()
            for match in errors:
                why = Text("单元格是错误值", "this cell holds an error")
                findings += _failed(path, sheet, match[1], "error-cell", why, (match[2] or b"").decode())
            unfinished = _NO_RESULT.finditer(content) if b"<f" in content else ()
            for match in unfinished:
                why = Text("公式没有计算结果", "this formula has no result")
                findings += _failed(path, sheet, match[1], "formula-cell", why, "")
    return findings


def _failed(path: Path, sheet: str, attributes: bytes, code: str, why: Text, value: str) -> Iterator[Finding]:
    address = _ADDRESS.search(attributes)
    row, column = (int(address[2]), address[1].decode()) if address else (0, "")
    remedy = Text("请改为数值或清空该格", "enter the value, or clear the cell")
    yield Finding(Place(str(path), sheet, row, column), code, why, remedy, value)


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
