"""The bad rosters in `bad_rosters/` as real files. Each has one mistake; its first lines say what must be reported.

    # code: not-a-number            the finding's code
    # place: homes.csv:3:cost       its place as printed, without the folder
    # severity: error               or warning
    # en: why; remedy
    # zh: why；remedy
    # schedule: homes               a schedule beside it (the default), or the id of a shipped one
    # file: homes.csv               of a case that is the CSV file itself

A case in YAML describes what is written:

    files: {homes.csv: "home,cost\\nH1,1\\n"}      texts of files
    book: {SHEET: {rows: [[…]], merge: [A1:B1]}}  a workbook. A cell is a text, a number, null, or one of
                                                  {date: 2023-01-05}, {time: "05:05"}, {error: "#N/A"}, {formula: =1+1}
    name: roster.ods                              its name and format (.xlsx, .xlsm, .xls, .et, .ods), if not .xlsx
    mapping: "tables: …"                          a mapping file, map.yaml
    bytes: {a.xls: hexadecimal}                   files as they are
"""

from __future__ import annotations

import datetime
import functools
import zipfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

import xlsxwriter
import yaml
from xlsxwriter.utility import xl_cell_to_rowcol

import subsidy
from subsidy.schedule.catalogue import Schedule

FOLDER = Path(__file__).parent / "bad_rosters"
CASES = sorted(path for path in FOLDER.iterdir() if path.name[:1].isdigit())
XLS_ERRORS = {"#DIV/0!": 7, "#VALUE!": 15, "#REF!": 23, "#NAME?": 29, "#N/A": 42}


@dataclass(frozen=True)
class BadRoster:
    """A case on disk: what to read, with which mapping, for which schedule, and what must be reported."""

    roster: Path
    mapping: Path | None
    schedule_id: str
    expected: dict[str, str] = field(default_factory=dict)

    @property
    def schedule(self) -> Schedule:
        return loaded(self.schedule_id)


@functools.cache
def loaded(schedule_id: str) -> Schedule:
    return subsidy.schedule(schedule_id)


def head(path: Path) -> dict[str, str]:
    """What the first lines of a case say."""
    lines = path.read_text(encoding="utf-8").splitlines()
    said: dict[str, str] = {}
    for line in lines:
        if not line.startswith("# "):
            break
        key, _, value = line.removeprefix("# ").partition(": ")
        said[key] = value
    return said


def written(path: Path, folder: Path) -> BadRoster:
    """The case written into an empty folder."""
    said = head(path)
    shipped = "/" in said.get("schedule", "")
    schedule_id = said["schedule"] if shipped else str(FOLDER / f"{said.get('schedule', 'homes')}.schedule.yaml")
    expected = {key: said[key] for key in ("code", "place", "severity", "en", "zh")}
    files = folder / "roster"
    files.mkdir()
    if path.suffix == ".csv":
        body = path.read_text(encoding="utf-8").split("\n", len(said))[-1]
        (files / said["file"]).write_text(body, encoding="utf-8")
        return BadRoster(files / said["file"], None, schedule_id, expected)
    case = yaml.load(path.read_text(encoding="utf-8"), yaml.SafeLoader)
    for name, text in case.get("files", {}).items():
        (files / name).write_text(text, encoding="utf-8")
    for name, digits in case.get("bytes", {}).items():
        (files / name).write_bytes(bytes.fromhex(digits))
    roster = files
    if "book" in case:
        roster = files / case.get("name", "roster.xlsx")
        write_book(roster, case["book"])
    elif len(case.get("files", case.get("bytes", {}))) == 1:
        (roster,) = files.iterdir()
    mapping = None
    if "mapping" in case:
        mapping = folder / "map.yaml"
        mapping.write_text(case["mapping"], encoding="utf-8")
    return BadRoster(roster, mapping, schedule_id, expected)


# --- workbooks -----------------------------------------------------------------------------------------------------


def write_book(path: Path, sheets: dict[str, Any]) -> None:
    """A workbook of the format that its name says."""
    if path.suffix == ".ods":
        _write_ods(path, sheets)
    elif path.suffix in (".xls", ".et"):
        _write_xls(path, sheets)
    else:
        _write_xlsx(path, sheets)


def _write_xlsx(path: Path, sheets: dict[str, Any]) -> None:
    book = xlsxwriter.Workbook(str(path))
    day = book.add_format({"num_format": "yyyy-mm-dd"})
    hour = book.add_format({"num_format": "hh:mm"})
    for name, content in sheets.items():
        sheet = book.add_worksheet(name)
        for area in content.get("merge", ()):
            sheet.merge_range(area, "")
        for i, row in enumerate(content["rows"]):
            for j, cell in enumerate(row):
                if isinstance(cell, str):
                    sheet.write_string(i, j, cell)
                elif not isinstance(cell, dict):
                    if cell is not None:
                        sheet.write(i, j, cell)
                elif "date" in cell:
                    sheet.write_datetime(i, j, datetime.datetime.combine(cell["date"], datetime.time()), day)
                elif "time" in cell:
                    sheet.write_number(i, j, _fraction(cell["time"]), hour)
                elif "error" in cell:
                    sheet.write_formula(i, j, "=NA()", None, cell["error"])
                else:
                    sheet.write_formula(i, j, cell["formula"], None, "")
    book.close()


def _fraction(clock: str) -> float:
    hours, minutes = clock.split(":")
    return (int(hours) * 60 + int(minutes)) / 1440


def _write_xls(path: Path, sheets: dict[str, Any]) -> None:
    import xlwt

    book = xlwt.Workbook()
    day, hour = xlwt.easyxf(num_format_str="yyyy-mm-dd"), xlwt.easyxf(num_format_str="hh:mm")
    for name, content in sheets.items():
        sheet = book.add_sheet(name, cell_overwrite_ok=True)
        for area in content.get("merge", ()):
            (top, left), (bottom, right) = (xl_cell_to_rowcol(corner) for corner in area.split(":"))
            sheet.merge(top, bottom, left, right)
        for i, row in enumerate(content["rows"]):
            for j, cell in enumerate(row):
                if not isinstance(cell, dict):
                    if cell is not None:
                        sheet.write(i, j, cell)
                elif "date" in cell:
                    sheet.write(i, j, cell["date"], day)
                elif "time" in cell:
                    sheet.write(i, j, _fraction(cell["time"]), hour)
                elif "error" in cell:
                    sheet.row(i).set_cell_error(j, XLS_ERRORS[cell["error"]])
    with path.open("wb") as file:
        book.save(file)


_ODS = """<?xml version="1.0" encoding="UTF-8"?>
<office:document-content xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0"
 xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0"
 xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0"
 xmlns:calcext="urn:org:documentfoundation:names:experimental:calc:xmlns:calcext:1.0" office:version="1.2">
<office:body><office:spreadsheet>{sheets}</office:spreadsheet></office:body></office:document-content>"""

_MANIFEST = """<?xml version="1.0" encoding="UTF-8"?>
<manifest:manifest xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0" manifest:version="1.2">
<manifest:file-entry manifest:full-path="content.xml" manifest:media-type="text/xml"/></manifest:manifest>"""


def _write_ods(path: Path, sheets: dict[str, Any]) -> None:
    parts = []
    for name, content in sheets.items():
        spans = {}
        for area in content.get("merge", ()):
            (top, left), (bottom, right) = (xl_cell_to_rowcol(corner) for corner in area.split(":"))
            spans[top, left] = (
                f' table:number-rows-spanned="{bottom - top + 1}" table:number-columns-spanned="{right - left + 1}"'
            )
        rows = "".join(
            f"<table:table-row>{''.join(_ods_cell(cell, spans.get((i, j), '')) for j, cell in enumerate(row))}"
            "</table:table-row>"
            for i, row in enumerate(content["rows"])
        )
        parts.append(f'<table:table table:name="{escape(name)}">{rows}</table:table>')
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        archive.writestr("META-INF/manifest.xml", _MANIFEST)
        archive.writestr("content.xml", _ODS.format(sheets="".join(parts)))


def _ods_cell(cell: Any, span: str) -> str:
    if cell is None:
        return f"<table:table-cell{span}/>"
    if isinstance(cell, dict):
        if "date" in cell:
            kind, shown = f'office:value-type="date" office:date-value="{cell["date"]}"', str(cell["date"])
        elif "time" in cell:
            hours, minutes = cell["time"].split(":")
            kind = f'office:value-type="time" office:time-value="PT{hours}H{minutes}M00S"'
            shown = cell["time"]
        else:
            kind = 'table:formula="of:=NA()" office:value-type="string" calcext:value-type="error"'
            shown = cell["error"]
    elif isinstance(cell, str):
        kind, shown = 'office:value-type="string"', cell
    else:
        kind, shown = f'office:value-type="float" office:value="{cell}"', str(cell)
    return f"<table:table-cell {kind}{span}><text:p>{escape(shown)}</text:p></table:table-cell>"
