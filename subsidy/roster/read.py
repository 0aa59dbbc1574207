"""Files to raw tables: folders, CSV and Parquet."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from subsidy.finding import Finding, Place, RosterError, Text
from subsidy.roster.parquet_file import ParquetFile, opened
from subsidy.roster.raw import RawTable, raw_table, refused_file, text_array, unreadable
from subsidy.roster.sniff import COMPOUND, ZIP, kind_of, not_a_workbook
from subsidy.roster.workbook import WORKBOOKS, read_workbook

if TYPE_CHECKING:
    import pyarrow as pa

UTF8_MARK = b"\xef\xbb\xbf"
UTF16_MARKS = (b"\xff\xfe", b"\xfe\xff")
MOST_ROWS_NAMED = 50
MOST_FOLDERS = 3
TITLES = 20  # lines over the headings


def read_path(path: Path) -> list[RawTable]:
    """Every table of a folder, a workbook or a single file. Raises RosterError, with all files that cannot be read."""
    return [one.raw if isinstance(one, ParquetFile) else one for one in tables_in(path)]


def tables_in(path: Path) -> list[RawTable | ParquetFile]:
    """As `read_path`; large Parquet files are opened and not read."""
    if path.is_dir():
        files = sorted(file for file in path.iterdir() if file.suffix.lower() in (".csv", ".parquet"))
        if workbooks := _workbooks_in(path):
            raise _workbook_in_folder(path, workbooks, bool(files))
        if not files:
            why = Text("文件夹中没有 CSV 或 Parquet 文件", "this folder holds no CSV and no Parquet file")
            remedy = Text("每张表一个文件，文件名即表名，如 residents.csv", "one file per table, such as residents.csv")
            raise refused_file(path, "no-tables", why, _given_instead(path) or remedy)
    elif path.is_file():
        files = [path]
    else:
        raise refused_file(
            path,
            "no-file",
            Text("没有这个文件或文件夹", "there is no such file or folder"),
            Text("请检查路径", "check the path"),
        )
    tables: list[RawTable | ParquetFile] = []
    findings: list[Finding] = []
    for file in files:
        try:
            tables += _read_file(file)
        except RosterError as error:
            findings += error.findings
    if findings:
        raise RosterError(findings)
    return tables


def wrong_folder(tables: Sequence[RawTable]) -> RosterError | None:
    """That the folder of files that are no tables is not the roster, where a folder in it may be."""
    folders = {Path(one.file).parent for one in tables if one.file and not one.sheet}
    instead = _given_instead(folders.pop()) if len(folders) == 1 else None
    if instead is None:
        return None
    why = Text("其中没有花名册的表", "none of the files in it is a table of a roster")
    return refused_file(Path(tables[0].file).parent, "no-tables", why, instead)


def _given_instead(folder: Path) -> Text | None:
    """Which folders or workbooks in a folder may be meant in its place."""
    below = [one for pattern in ("*", "*/*") for one in sorted(folder.glob(pattern)) if one.is_dir()]
    counts = {one: count for one in below if (count := _tables_in(one))}
    several = [one for one, count in counts.items() if count > 1] or list(counts)
    listed = [str(one) for one in (*several, *(folder / name for name in _workbooks_in(folder)))][:MOST_FOLDERS]
    if not listed:
        return None
    return Text(f"是否应为 {' 或 '.join(listed)}", f"perhaps {' or '.join(listed)} is meant")


def _tables_in(folder: Path) -> int:
    """How many files of a folder may be tables."""
    try:
        return sum(file.suffix.lower() in (".csv", ".parquet", *WORKBOOKS) for file in folder.iterdir())
    except OSError:
        return 0


def _workbooks_in(folder: Path) -> list[str]:
    """The workbooks of a folder, apart from the hidden files that Excel keeps of open ones."""
    return sorted(
        file.name
        for file in folder.iterdir()
        if file.suffix.lower() in WORKBOOKS and not file.name.startswith(("~$", "."))
    )


def _workbook_in_folder(folder: Path, workbooks: Sequence[str], mixed: bool) -> RosterError:
    """A workbook beside other tables: which of them are the roster is not known."""
    shown, first = ", ".join(workbooks), folder / workbooks[0]
    why = Text(
        f"文件夹只读取 CSV 和 Parquet 文件，其中的工作簿 {shown} 不会读取",
        f"of a folder CSV and Parquet are read, and not the workbook {shown} in it",
    )
    remedy = Text(f"请直接给出工作簿的路径：{first}", f"give the path of the workbook: {first}")
    if mixed:
        remedy = Text(f"{remedy.zh}；或把它移出文件夹", f"{remedy.en}; or move it out of the folder")
    return refused_file(folder, "workbook-in-folder", why, remedy)


def _read_file(path: Path) -> Sequence[RawTable | ParquetFile]:
    suffix = path.suffix.lower()
    if suffix not in (".csv", ".parquet", *WORKBOOKS):
        raise refused_file(
            path,
            "not-a-roster",
            Text(f"不认识的文件类型 {suffix}", f"a file of type {suffix} is no roster"),
            Text(
                "请给出 .xlsx、.xls、.et、.ods 工作簿，或 CSV、Parquet 文件夹",
                "give a workbook (.xlsx, .xls, .et, .ods), or a folder of CSV or Parquet",
            ),
        )
    try:
        if suffix == ".parquet":
            return [opened(path)]
        if suffix == ".csv" and not _begins_like_a_workbook(path):
            return [read_csv(path)]
        data = path.read_bytes()
    except OSError as error:
        raise unreadable(path, type(error).__name__) from None
    kind = kind_of(path, data)
    if kind == "text":
        raise not_a_workbook(path)
    return read_workbook(path, data, kind)


def _begins_like_a_workbook(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(len(COMPOUND)).startswith((ZIP, COMPOUND))


# --- CSV -----------------------------------------------------------------------------------------------------------


def read_csv(path: Path) -> RawTable:
    """A CSV file in UTF-8 (with or without mark) or GB18030; each row is named by the line it starts on.

    Lines of another width over the headings, not all of whose cells are filled, are titles.
    """
    import pyarrow as pa

    data = _utf8(path)
    above, headings, heading_line, lines = _heading_record(data)
    if len(headings) == 1 and (";" in headings[0] or "\t" in headings[0]):
        raise refused_file(
            path,
            "separator",
            Text("列之间不是英文逗号", "the columns are not separated by commas"),
            Text("请另存为以逗号分隔的 CSV", "save it as CSV separated by commas"),
            lines,
            headings[0],
        )
    body = data[_offset_of_line(data, lines) :]
    if headings and body.strip():
        columns = _csv_columns(path, body, len(headings), lines)
        rows = _line_numbers(body, len(columns[0]), lines)
    else:
        columns = [pa.array([], pa.string()) for _ in headings]
        rows = []
    return raw_table(path.stem, headings, columns, rows, str(path), heading_row=heading_line, above=above)


def _utf8(path: Path) -> bytes:
    data = path.read_bytes()
    if data.startswith(UTF8_MARK):
        data = data[len(UTF8_MARK) :]
    try:
        if data.startswith(UTF16_MARKS):
            raise UnicodeError
        try:
            data.decode("utf-8")
        except UnicodeDecodeError:
            data = data.decode("gb18030").encode()
    except UnicodeError:
        raise refused_file(
            path,
            "encoding",
            Text("文件编码既不是 UTF-8 也不是 GB18030", "the file is neither UTF-8 nor GB18030"),
            Text("请另存为“CSV UTF-8”", "save it as CSV UTF-8"),
        ) from None
    return data.replace(b"\r", b"\n") if b"\n" not in data else data


def _heading_record(data: bytes) -> tuple[list[tuple[int, list[str]]], list[str], int, int]:
    """Titles (line, cells), headings, the line these start on, and the number of lines up to their end."""
    records = csv.reader(io.TextIOWrapper(io.BytesIO(data), "utf-8", newline=""))
    begun: list[tuple[int, list[str], int]] = []
    start = 1
    for record in records:
        if any(cell.strip() for cell in record):
            begun.append((start, [cell.strip() for cell in record], records.line_num))
            if len(begun) == TITLES + 2:
                break
        start = records.line_num + 1
    if not begun:
        return [], [], 0, records.line_num
    first = _first_wide(begun)
    line, headings, end = begun[first]
    return [(number, cells) for number, cells, _ in begun[:first]], headings, line, end


def _first_wide(records: Sequence[tuple[int, list[str], int]]) -> int:
    """The position of the headings: the first record of the usual width, if those before look like titles."""
    widths = [len(cells) for _, cells, _ in records]
    usual = max(widths, key=widths.count)
    first = widths.index(usual)
    titles = (cells for _, cells, _ in records[:first])
    is_sure = widths.count(usual) > 1 and all(sum(map(bool, cells)) < max(len(cells), 2) for cells in titles)
    return first if is_sure else 0


def _offset_of_line(data: bytes, lines: int) -> int:
    offset = 0
    for _ in range(lines):
        offset = data.find(b"\n", offset) + 1
        if offset == 0:
            return len(data)
    return offset


def _csv_columns(path: Path, body: bytes, width: int, lines: int) -> list[pa.Array]:
    import pyarrow as pa
    import pyarrow.csv as arrow_csv

    names = [str(position) for position in range(width)]
    odd: list[Any] = []

    def skip(row: Any) -> str:
        odd.append(row)
        return "skip"

    def read(threads: bool) -> pa.Table:
        return arrow_csv.read_csv(
            pa.py_buffer(body),
            arrow_csv.ReadOptions(use_threads=threads, column_names=names, block_size=1 << 24),
            arrow_csv.ParseOptions(newlines_in_values=b'"' in body, invalid_row_handler=skip),
            arrow_csv.ConvertOptions(
                column_types=dict.fromkeys(names, pa.string()), null_values=[""], strings_can_be_null=True
            ),
        )

    try:
        table = read(threads=True)
        if odd:
            odd.clear()
            read(threads=False)
    except pa.ArrowInvalid as error:
        raise unreadable(path, str(error).split("\n")[0][:100]) from None
    if odd:
        starts = list(islice(_record_starts(body, lines), (odd[-1].number or 0)))
        raise RosterError(_odd_row(path, row, starts[row.number - 1]) for row in odd[:MOST_ROWS_NAMED])
    return [text_array(column) for column in table.columns]


def _odd_row(path: Path, row: Any, line: int) -> Finding:
    why = Text(
        f"此行有 {row.actual_columns} 格，标题行有 {row.expected_columns} 格",
        f"this row has {row.actual_columns} cells, the heading row has {row.expected_columns}",
    )
    remedy = Text("请补齐或删去多余的逗号；文字中的逗号要加引号", "add or remove commas; quote a text that has commas")
    return Finding(Place(str(path), row=line), "row-width", why, remedy, row.text)


def _line_numbers(body: bytes, count: int, before: int) -> Any:
    import numpy as np

    if body.rstrip(b"\r\n").count(b"\n") + 1 == count:
        return np.arange(before + 1, before + 1 + count)
    return np.fromiter(islice(_record_starts(body, before), count), dtype=np.int64, count=count)


def _record_starts(body: bytes, before: int) -> Iterator[int]:
    records = csv.reader(io.TextIOWrapper(io.BytesIO(body), "utf-8", newline=""))
    start = 1
    for record in records:
        if record:
            yield before + start
        start = records.line_num + 1


# --- Parquet -----------------------------------------------------------------------------------------
