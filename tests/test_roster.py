"""Rosters from frames and files: every cell as text, exactly, with its place."""

from __future__ import annotations

import datetime
import subprocess
import sys
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.parquet as parquet
import pytest
import xlsxwriter

from subsidy.finding import RosterError
from subsidy.roster.intake import intake
from subsidy.roster.tables import Roster, read_roster
from subsidy.schedule.load import load_text

SCHEDULE = """
schedule: cn/nowhere/stays
document: {number: 测试〔2023〕1号, issuer: 测试, issued: 2023-01-01}
in_force: {from: 2023-01-01}
revision: 1
place: CN-0000
facts:
  rooms: {room: key, fee: {yuan: 0..10000}, rate: {percent: 0..100}, opened: date}
words: {rooms: 房间, room: 房号, fee: 费用, opened: 启用日期}
"""


def cells(roster: Roster, table: str) -> dict[str, list[str | None]]:
    raw = roster.table(table)
    return {heading: raw.column(i).to_pylist() for i, heading in enumerate(raw.headings)}


def refusal(path: Path) -> tuple[str, str]:
    """The only finding in both languages, without the folder."""
    with pytest.raises(RosterError) as caught:
        read_roster(path)
    (finding,) = caught.value.findings
    return finding.line("zh").replace(f"{path.parent}/", ""), finding.line("en").replace(f"{path.parent}/", "")


# --- frames --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("12,5", "12,5"), (" a ", " a "), ("  ", None), ("", None), (None, None), (float("nan"), None),
        (True, "yes"), (False, "no"), (3, "3"), (3.0, "3"), (1234.5, "1234.5"), (0.1, "0.1"), (1e-7, "0.0000001"),
        (610102195501011234.0, "6.101021955010112e+17"), (Decimal("12.50"), "12.50"), (Decimal("1E+3"), "1000"),
        (datetime.date(2023, 5, 1), "2023-05-01"), (datetime.datetime(2023, 5, 1), "2023-05-01"),
        (datetime.datetime(2023, 5, 1, 8, 30), "2023-05-01 08:30:00"), (datetime.time(8, 30), "08:30:00"),
        (float("inf"), "inf"), ("2023-05", "2023-05"),
    ],
)  # fmt: skip
def test_typed_values_become_the_text_one_would_write(value: object, text: str | None) -> None:
    assert cells(Roster(t=[{"a": value, "b": "x"}]), "t")["a"] == [text]


def test_pandas() -> None:
    frame = pd.DataFrame({
        "whole": [1, 2], "gap": [1, None], "money": [Decimal("1.50"), None], "flag": [True, False],
        "day": [pd.Timestamp("2023-05-01"), pd.NaT], "mixed": ["a", 2], "kind": pd.Categorical(["u", None]),
        "missing": [pd.NA, pd.NaT], "words": ["甲", " "],
    }, index=[7, 8])  # fmt: skip
    roster = Roster(t=frame)
    assert cells(roster, "t") == {
        "whole": ["1", "2"], "gap": ["1", None], "money": ["1.50", None], "flag": ["yes", "no"],
        "day": ["2023-05-01", None], "mixed": ["a", "2"], "kind": ["u", None], "missing": [None, None],
        "words": ["甲", None],
    }  # fmt: skip
    assert roster.table("t").rows.to_pylist() == [1, 2]


def test_a_roster_does_not_change_with_the_frame_it_was_made_from() -> None:
    beds = np.array([1, 2])
    roster = Roster(t=pd.Series(beds, name="beds", copy=False).to_frame())
    beds[0] = 9
    assert cells(roster, "t") == {"beds": ["1", "2"]}


def test_polars_and_arrow_agree() -> None:
    frame = pl.DataFrame({
        "f": [1.5, 3.0], "day": [datetime.date(2023, 1, 1), None], "money": [Decimal("1.20"), None],
        "flag": [True, None], "text": ["a", " "],
        "at": [datetime.datetime(2023, 1, 1), datetime.datetime(2023, 1, 1, 3)],
        "kind": pl.Series(["u", "v"], dtype=pl.Categorical),
    })  # fmt: skip
    expected = {
        "f": ["1.5", "3"], "day": ["2023-01-01", None], "money": ["1.20", None], "flag": ["yes", None],
        "text": ["a", None], "at": ["2023-01-01", "2023-01-01 03:00:00"], "kind": ["u", "v"],
    }  # fmt: skip
    assert cells(Roster(t=frame), "t") == cells(Roster(t=frame.to_arrow()), "t") == expected


def test_single_precision_keeps_its_shortest_form() -> None:
    assert cells(Roster(t=pa.table({"f": pa.array([0.1, 2], pa.float32())})), "t") == {"f": ["0.1", "2"]}


def test_mappings_may_lack_cells() -> None:
    roster = Roster(t=[{"a": 1}, {"b": 2}, {"a": None}], 房间=[])
    assert cells(roster, "t") == {"a": ["1", None], "b": [None, "2"]}
    assert (roster.row_count("t"), roster.row_count("房间"), roster.tables) == (2, 0, ("t", "房间"))
    assert repr(roster) == "Roster(t: 2, 房间: 0)"


@pytest.mark.parametrize("frame", [5, "text", [1, 2]])
def test_what_is_no_table(frame: Any) -> None:
    with pytest.raises(RosterError) as caught:
        Roster(stays=frame)
    (finding,) = caught.value.findings
    assert finding.line("en").startswith(f"stays: error [not-a-table] «{type(frame).__name__}» this cannot be read")
    assert finding.line("zh").endswith("请给出数据框或字典列表。")


# --- CSV and Parquet -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_csv_in_any_encoding_keeps_its_text(tmp_path: Path, encoding: str) -> None:
    (tmp_path / "房间.csv").write_bytes("房号,费用(元)\r\n007,1.50\r\n㐀,\r\n".encode(encoding))
    roster = read_roster(tmp_path)
    assert cells(roster, "房间") == {"房号": ["007", "㐀"], "费用(元)": ["1.50", None]}
    assert roster.table("房间").rows.to_pylist() == [2, 3]
    assert roster.table("房间").file == str(tmp_path / "房间.csv")


def test_csv_rows_are_named_by_their_lines(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text('\n"a\nb", c\n1,"x\ny"\n\n ,\n3,"4,""5"\n', encoding="utf-8")
    table = read_roster(tmp_path / "t.csv").table("t")
    assert table.headings == ["a\nb", "c"]
    assert table.data.to_pydict() == {"a\nb": ["1", "3"], "c": ["x\ny", '4,"5']}
    assert table.rows.to_pylist() == [4, 8]


@pytest.mark.parametrize("content", ["", "a,b\n", "a,b"])
def test_csv_without_rows(tmp_path: Path, content: str) -> None:
    (tmp_path / "t.csv").write_text(content)
    assert read_roster(tmp_path).row_count("t") == 0


def test_csv_row_of_another_width(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("a,b\n1,2\n\n1,2,3\n")
    assert refusal(path) == (
        "t.csv:4: 错误 [row-width] «1,2,3» 此行有 3 格，标题行有 2 格；请补齐或删去多余的逗号；文字中的逗号要加引号。",
        "t.csv:4: error [row-width] «1,2,3» this row has 3 cells, the heading row has 2; "
        "add or remove commas; quote a text that has commas.",
    )


def test_csv_with_another_separator(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("a;b\n1;2\n")
    assert refusal(path) == (
        "t.csv:1:a;b: 错误 [separator] 列之间不是英文逗号；请另存为以逗号分隔的 CSV。",
        "t.csv:1:a;b: error [separator] the columns are not separated by commas; save it as CSV separated by commas.",
    )


@pytest.mark.parametrize("content", ["a,b\n".encode("utf-16"), b"a\n\xff\xff\n"])
def test_csv_in_an_unknown_encoding(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "t.csv"
    path.write_bytes(content)
    assert refusal(path) == (
        "t.csv: 错误 [encoding] 文件编码既不是 UTF-8 也不是 GB18030；请另存为“CSV UTF-8”。",
        "t.csv: error [encoding] the file is neither UTF-8 nor GB18030; save it as CSV UTF-8.",
    )


def test_parquet(tmp_path: Path) -> None:
    table = pa.table({"room": ["1", "2"], "fee": [Decimal("1.50"), None], "opened": [datetime.date(2023, 1, 1)] * 2})
    parquet.write_table(table, tmp_path / "rooms.parquet")
    roster = read_roster(tmp_path)
    assert cells(roster, "rooms") == {"room": ["1", "2"], "fee": ["1.50", None], "opened": ["2023-01-01"] * 2}
    assert roster.table("rooms").rows.to_pylist() == [1, 2]


# --- what is no roster ---------------------------------------------------------------------------------------------


def test_no_file(tmp_path: Path) -> None:
    assert refusal(tmp_path / "none") == (
        "none: 错误 [no-file] 没有这个文件或文件夹；请检查路径。",
        "none: error [no-file] there is no such file or folder; check the path.",
    )


def test_no_tables(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    assert refusal(tmp_path / "empty") == (
        "empty: 错误 [no-tables] 文件夹中没有 CSV 或 Parquet 文件；每张表一个文件，文件名即表名，如 residents.csv。",
        "empty: error [no-tables] this folder holds no CSV and no Parquet file; "
        "one file per table, such as residents.csv.",
    )


def test_not_a_roster(tmp_path: Path) -> None:
    (tmp_path / "a.pdf").write_text("x")
    assert refusal(tmp_path / "a.pdf") == (
        "a.pdf: 错误 [not-a-roster] 不认识的文件类型 .pdf；"
        "请给出 .xlsx、.xls、.et、.ods 工作簿，或 CSV、Parquet 文件夹。",
        "a.pdf: error [not-a-roster] a file of type .pdf is no roster; "
        "give a workbook (.xlsx, .xls, .et, .ods), or a folder of CSV or Parquet.",
    )


def test_unreadable_file(tmp_path: Path) -> None:
    parquet.write_table(pa.table({"fund": ["x"]}), tmp_path / "a.parquet")
    (tmp_path / "a.parquet").write_bytes((tmp_path / "a.parquet").read_bytes().replace(b"fund", b"f\xa4nd"))
    assert "[unreadable-file]" in refusal(tmp_path / "a.parquet")[1]
    (tmp_path / "a.parquet").write_text("this is something else")
    zh, en = refusal(tmp_path / "a.parquet")
    assert zh.startswith("a.parquet: 错误 [unreadable-file] 文件无法读取(")
    assert en.endswith("; check that it is whole and not protected by a password.")


def test_all_files_that_cannot_be_read_are_named_at_once(tmp_path: Path) -> None:
    for name in ("a.csv", "b.csv"):
        (tmp_path / name).write_text("x\n1,2\n")
    with pytest.raises(RosterError) as caught:
        read_roster(tmp_path)
    assert [finding.place.file for finding in caught.value.findings] == [
        str(tmp_path / "a.csv"),
        str(tmp_path / "b.csv"),
    ]


# --- workbooks -----------------------------------------------------------------------------------------------------


def workbook(path: Path, rows: list[list[Any]], top: int = 0, left: int = 0) -> Path:
    book = xlsxwriter.Workbook(str(path))
    day = book.add_format({"num_format": "yyyy-mm-dd"})
    sheet = book.add_worksheet("房间")
    for i, row in enumerate(rows):
        for j, cell in enumerate(row):
            if isinstance(cell, (datetime.date, datetime.datetime)):
                sheet.write_datetime(top + i, left + j, cell, day)
            elif cell is not None:
                sheet.write(top + i, left + j, cell)
    book.add_worksheet("Sheet2")
    book.close()
    return path


def test_workbook_with_chinese_headings(tmp_path: Path) -> None:
    rows: list[list[Any]] = [
        ["房号", "费用（元）", "启用日期", "备注"],
        ["001", 12.5, datetime.date(2023, 1, 5), "x"],
        [],
        ["002", 3, None, None],
    ]
    roster = read_roster(workbook(tmp_path / "r.xlsx", rows, top=2, left=1))
    assert roster.tables == ("房间",)
    table = roster.table("房间")
    assert table.headings == ["房号", "费用（元）", "启用日期", "备注"]
    assert table.data.to_pydict()["费用（元）"] == ["12.5", "3"]
    assert table.data.to_pydict()["启用日期"] == ["2023-01-05", None]
    assert (table.rows.to_pylist(), table.sheet) == ([4, 6], "房间")


def test_a_finding_in_a_workbook_names_sheet_row_and_heading(tmp_path: Path) -> None:
    path = workbook(tmp_path / "r.xlsx", [["房号", "费用（元）"], ["001", "十二"]])
    (finding,) = intake(read_roster(path), [load_text(SCHEDULE)]).findings
    assert str(finding.place) == f"{path}:房间:B2:费用（元）"


def test_a_percentage_in_a_workbook_may_be_a_fraction(tmp_path: Path) -> None:
    version = load_text(SCHEDULE)
    good = intake(
        read_roster(workbook(tmp_path / "r.xlsx", [["房号", "rate"], ["1", "25%"], ["2", 25], ["3", 0]])), [version]
    )
    assert good.tables["rooms"].column("rate").to_pylist() == [2500, 2500, 0]
    path = workbook(tmp_path / "s.xlsx", [["房号", "rate"], ["1", 0.25]])
    (finding,) = intake(read_roster(path), [version]).findings
    assert finding.line("zh").endswith(
        "错误 [percent-or-fraction] «0.25» 无法判断是百分数还是小数（Excel 把 25% 存为 0.25）；"
        "请以文本填写，例如 25% 或 0.25%。"
    )
    assert finding.line("en").endswith(
        "error [percent-or-fraction] «0.25» this may be a percentage or a fraction (Excel stores 25% as 0.25); "
        "write it as text, such as 25% or 0.25%."
    )
    assert not intake(Roster(rooms=[{"room": "1", "rate": "0.25"}]), [version]).findings


def test_errors_and_unfinished_formulas_in_cells_are_no_blanks(tmp_path: Path) -> None:
    path = tmp_path / "r.xlsx"
    book = xlsxwriter.Workbook(str(path))
    sheet = book.add_worksheet("房间")
    sheet.write_row(0, 0, ["房号", "费用"])
    sheet.write_formula(1, 1, "=NA()", None, "#N/A")
    sheet.write_formula(2, 1, "=1+1", None, "")
    sheet.write_formula(3, 1, "=1+1", None, 2)
    sheet.write_column(1, 0, ["1", "2", "3"])
    book.close()
    findings = intake(read_roster(path), [load_text(SCHEDULE)]).findings
    assert [(str(finding.place), finding.code, finding.value) for finding in findings] == [
        (f"{path}:房间:B2:费用", "error-cell", "#N/A"),
        (f"{path}:房间:B3:费用", "formula-cell", "=1+1"),
    ]


# --- hashes and imports --------------------------------------------------------------------------------------------


def test_the_hash_does_not_depend_on_the_order_of_rows_and_columns() -> None:
    rows: list[dict[str, Any]] = [{"a": "1", "b": None}, {"a": "2", "b": "x"}, {"a": "2", "b": "x"}]
    turned = [{"b": row["b"], "a": row["a"]} for row in reversed(rows)]
    assert Roster(t=rows).content_hash("t") == Roster(u=turned).content_hash("u")


@pytest.mark.parametrize(
    "other",
    [
        [{"a": "1", "b": "2"}],
        [{"a": "1", "b": "2"}, {"a": "1", "b": "2"}, {"a": "3", "b": None}],
        [{"a": "1", "b": "2"}, {"a": None, "b": "3"}],
        [{"a": "1", "c": "2"}, {"a": "3", "c": None}],
        [{"a": "1\x1f2", "b": "\x1e3"}, {"a": "\\0", "b": None}],
        [{"a": "1", "b": "2"}, {"a": "3", "b": "\x00"}],
    ],
)
def test_the_hash_depends_on_everything_else(other: list[dict[str, Any]]) -> None:
    rows = [{"a": "1", "b": "2"}, {"a": "3", "b": None}]
    assert Roster(t=rows).content_hash("t") != Roster(t=other).content_hash("t")


def test_equal_content_has_one_hash_whatever_it_came_from(tmp_path: Path) -> None:
    frame = pd.DataFrame({"a": ["1", "2"], "b": [Decimal("1.50"), None]})
    (tmp_path / "t.csv").write_text("a,b\n2,\n1,1.50\n")
    assert Roster(t=frame).content_hash("t") == read_roster(tmp_path).content_hash("t")


def test_importing_loads_nothing_heavy() -> None:
    code = (
        "import sys, subsidy.roster, subsidy.roster.tables, subsidy.roster.intake; "
        "print([m for m in ('pyarrow', 'numpy', 'pandas', 'polars', 'duckdb', 'python_calamine') if m in sys.modules])"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"
