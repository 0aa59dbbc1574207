"""Workbooks as officers have them: however the tables lie in the file, the same rows are read."""

from __future__ import annotations

import datetime
import io
import struct
import zipfile
from pathlib import Path
from typing import Any

import pytest
from bad_roster_files import loaded, write_book
from typer.testing import CliRunner

import subsidy
from subsidy.cli import app
from subsidy.roster.intake import Intake, intake
from subsidy.roster.tables import Roster, read_roster
from subsidy.roster.unseen import unseen_in

SCHEDULE = str(Path(__file__).parent / "bad_rosters" / "homes.schedule.yaml")
HOMES = [["院号", "院名", "床位数", "实际费用"], ["H1", "甲院", 5, 1200.5], ["H2", "乙院", 7, 3000]]
STAYS = [["编号", "姓名", "院号", "入住日期"], ["S1", "P1", "H1", "2023-01-05"], ["S2", "P2", "H2", "2023-02-01"]]


def taken_in(path: Path, mapping: Path | None = None) -> Intake:
    return intake(read_roster(path, mapping), loaded(SCHEDULE).versions)


def read(path: Path, sheets: dict[str, Any], mapping: Path | None = None) -> Intake:
    write_book(path, {name: rows if isinstance(rows, dict) else {"rows": rows} for name, rows in sheets.items()})
    return taken_in(path, mapping)


def rows(result: Intake, table: str, *columns: str) -> list[tuple[Any, ...]]:
    data = result.tables[table]
    return list(zip(*(data.column(name).to_pylist() for name in columns), strict=True))


def assert_plain(result: Intake, *codes: str) -> None:
    """The two homes and, where there are stays, the two stays; and no findings but these warnings."""
    assert [finding.code for finding in result.findings] == list(codes), [one.line() for one in result.findings]
    assert rows(result, "homes", "home", "places", "cost") == [("H1", 5, 120050), ("H2", 7, 300000)]
    if "stays" in result.tables:
        assert rows(result, "stays", "stay", "person", "home") == [("S1", "P1", "H1"), ("S2", "P2", "H2")]


# --- where the table is --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("suffix", [".xlsx", ".xlsm", ".xls", ".et", ".ods"])
def test_titles_blank_rows_and_columns_totals_and_signatures(tmp_path: Path, suffix: str) -> None:
    title = ["某区2023年养老院花名册", None, None, None]
    sheet = [title, ["填报单位：某区民政局", None, "2023年12月31日", "单位：元"], HOMES[0], [], *HOMES[1:]]
    sheet += [["合 计", None, 12, "4,200.50"], [], ["制表人：甲", None, "审核人：乙", None]]
    shifted = [[None, *row] for row in sheet]
    result = read(tmp_path / f"r{suffix}", {"Sheet1": {"rows": shifted, "merge": ["B1:E1"]}})
    assert_plain(result, "footer-row")
    assert str(result.place("homes", "cost", 5)) == f"{tmp_path}/r{suffix}:Sheet1:E5:实际费用"


def test_headings_over_two_rows(tmp_path: Path) -> None:
    upper = ["院号", "院名", "规模与费用", None]
    lower = [None, None, "床位数", "实际费用（元）"]
    merge = ["A2:A3", "B2:B3", "C2:D2"]
    sheet = {"rows": [["花名册"], upper, lower, *HOMES[1:]], "merge": merge}
    assert_plain(read(tmp_path / "r.xlsx", {"Sheet1": sheet}))
    assert_plain(read(tmp_path / "s.xlsx", {"Sheet1": [upper, lower, *HOMES[1:]]}))
    assert_plain(read(tmp_path / "t.xlsx", {"养老院": {**sheet, "rows": [["花名册"], upper, lower, *HOMES[1:]]}}))


def test_tables_below_each_other(tmp_path: Path) -> None:
    sheet = [["一、养老院"], *HOMES, ["合计", None, 12, None], [], ["二、入住人员"], [], *STAYS]
    assert_plain(read(tmp_path / "r.xlsx", {"Sheet1": sheet}))
    assert_plain(read(tmp_path / "s.xlsx", {"养老院": [*HOMES, [], *STAYS]}))
    assert_plain(read(tmp_path / "t.xlsx", {"养老院": [*HOMES, ["入住"], *STAYS]}), "title-row")


def test_a_second_table_far_below(tmp_path: Path) -> None:
    many = [[f"H{i}", None, 5, 1] for i in range(3, 103)]
    result = read(tmp_path / "r.xlsx", {"养老院": [*HOMES, *many, [], *STAYS]})
    assert [finding.code for finding in result.findings] == []
    assert (len(result.tables["homes"]), len(result.tables["stays"])) == (102, 2)


def test_tables_side_by_side(tmp_path: Path) -> None:
    sheet = [[*one, None, *two] for one, two in zip(HOMES, STAYS, strict=True)]
    assert_plain(read(tmp_path / "r.xlsx", {"Sheet1": [["养老院", *[None] * 4, "入住人员"], *sheet]}))


def test_sheets_with_names_of_their_own(tmp_path: Path) -> None:
    result = read(tmp_path / "r.xlsx", {"院": HOMES, "2023名单": STAYS, "说明": [["任意文字"]], "空": []})
    assert_plain(result)
    assert result.sources["stays"] == (str(tmp_path / "r.xlsx"), "2023名单")


def test_a_title_decides_between_two_tables(tmp_path: Path) -> None:
    sheet = [["某区面包车一览表"], ["车号", "院号", "座位数"], ["V1", "H1", 9]]
    result = read(tmp_path / "r.xlsx", {"养老院": HOMES, "Sheet2": sheet})
    assert_plain(result)
    assert rows(result, "vans", "van", "seats") == [("V1", 9)]


@pytest.mark.parametrize(
    "title", ["金额单位 万元", "（金额单位万元）", "单位：万", "单位：人、万元", "单位为千元", "单位：万，人"]
)
def test_a_title_that_states_a_larger_unit(tmp_path: Path, title: str) -> None:
    result = read(tmp_path / "r.xlsx", {"养老院": [[title], *HOMES]})
    assert [one.code for one in result.findings] == ["title-unit"]


@pytest.mark.parametrize(
    "title", ["填报单位：千阳县民政局", "单位：元", "填报单位 万州区", "单位：万州区，元", "单位数 3"]
)
def test_a_title_that_names_a_place_or_yuan(tmp_path: Path, title: str) -> None:
    assert_plain(read(tmp_path / "r.xlsx", {"养老院": [[title], *HOMES]}))


@pytest.mark.parametrize("name", ["备注及补充名单", "说明2", "notes and homes"])
def test_a_sheet_whose_name_begins_like_remarks_is_read(tmp_path: Path, name: str) -> None:
    assert_plain(read(tmp_path / "r.xlsx", {name: HOMES, "备注": [["院号"], ["H9"]]}))


def test_a_merge_down_a_column_is_read_for_all_its_rows(tmp_path: Path) -> None:
    stays = [*STAYS, ["S3", "P3", None, "2023-03-01"]]
    result = read(tmp_path / "r.xlsx", {"养老院": HOMES, "入住": {"rows": stays, "merge": ["C3:C4"]}})
    assert rows(result, "stays", "stay", "home") == [("S1", "H1"), ("S2", "H2"), ("S3", "H2")]
    (finding,) = result.findings
    assert (finding.code, finding.severity, finding.value) == ("merged-cells", "warning", "H2")
    assert finding.why.zh.startswith("C3:C4 ")


def test_a_merged_figure_blocks_all_its_rows(tmp_path: Path) -> None:
    homes = [*HOMES[:2], ["H2", "乙院", 7, None]]
    result = read(tmp_path / "r.xlsx", {"养老院": {"rows": homes, "merge": ["D2:D3"]}})
    assert result.blocked == {"homes": 2}


@pytest.mark.parametrize("first", ["某区养老院花名册\n单位：元,,,\n", "某区养老院花名册,,,\n,,,\n"])
def test_csv_with_titles_and_a_total(tmp_path: Path, first: str) -> None:
    body = "\n".join(",".join(str(cell) for cell in row) for row in [*HOMES, ["合计", "", 12, "4200.5"]])
    (tmp_path / "名单.csv").write_text(first + body, encoding="gb18030")
    assert_plain(taken_in(tmp_path / "名单.csv"))


def test_totals_of_parts_and_of_all(tmp_path: Path) -> None:
    sheet = [["合计", None, 12, None], HOMES[1], ["小计", None, 5, None], HOMES[2], ["小计", None, 7, 3000]]
    assert_plain(read(tmp_path / "r.xlsx", {"养老院": [HOMES[0], *sheet]}))


@pytest.mark.parametrize(
    "total",
    [
        ["甲区合计", None, 12, 4200.5],
        ["合计：2家", None, 12, 4200.5],
        ["全市总计", None, 12, None],
        ["District A total", None, 12, None],
        ["Grand total: 2", None, 12, None],
        ["小 计（2家）", "略", 12, 4200.5],
    ],
)
def test_a_total_by_whatever_name_is_no_row(tmp_path: Path, total: list[Any]) -> None:
    assert_plain(read(tmp_path / "r.xlsx", {"养老院": [*HOMES, total]}))


def test_a_total_beside_a_remark_or_a_count_in_the_column_of_the_key_is_no_row(tmp_path: Path) -> None:
    noted = [["备注", *HOMES[0]], ["无", *HOMES[1]], [None, *HOMES[2]], ["见附件", "合计", None, 12, 4200.5]]
    assert_plain(read(tmp_path / "r.xlsx", {"养老院": noted}))
    counted = [[row[1], row[0], *row[2:]] for row in HOMES]
    assert_plain(read(tmp_path / "r.xlsx", {"养老院": [*counted, ["合计", 2, 12, 4200.5]]}))
    numbered = [["序号", *counted[0]], [1, *counted[1]], [2, *counted[2]], [None, "合计", 2, 12, 4200.5]]
    assert_plain(read(tmp_path / "r.xlsx", {"养老院": numbered}))


def test_a_total_in_a_frame_is_no_row() -> None:
    homes = [{"home": "H1", "places": 5}, {"home": "H2", "places": 7}]
    buses = [{"home": "H1", "bus": "B1", "seats": 20}, {"home": "H1", "bus": "合计", "seats": 20}]
    result = intake(Roster(homes=homes, buses=buses), loaded(SCHEDULE).versions)
    assert (list(result.findings), rows(result, "buses", "bus")) == ([], [("B1",)])


@pytest.mark.parametrize(
    "column",
    [
        "1 小计=1 2 小计=2 合计=3 4 小计=4 合计=4 总计=7",
        "1 街道合计=1 2 街道合计=2 甲区合计=3 4 街道合计=4 乙区合计=4 全市合计=7",
        "1 小计=1 2 小计=2 合计=3",
        "总计=3 1 小计=1 2 小计=2",
        "1 本页总计=1 2 本页总计=2 总计=3",
    ],
)
def test_totals_within_totals(tmp_path: Path, column: str) -> None:
    assert wrong_totals(tmp_path, column) == []


@pytest.mark.parametrize(
    ("column", "wrong"),
    [
        ("1 小计=1 2 小计=2 合计=2 总计=3", ["合计"]),
        ("1 合计=1 2 小计=3 4 总计=6", ["总计"]),
        ("1 小计=1 2 小计=2 小计=0 4 总计=7", ["小计"]),
        ("合计=0 1 2", ["合计"]),
    ],
)
def test_totals_of_too_little(tmp_path: Path, column: str, wrong: list[str]) -> None:
    assert wrong_totals(tmp_path, column) == wrong


def wrong_totals(folder: Path, column: str) -> list[str]:
    """Rows such as `5` and totals such as `小计=5` under one heading: the totals that are wrong."""
    lines: list[list[Any]] = [["院号", "床位数"]]
    for i, part in enumerate(column.split()):
        name, _, figure = part.rpartition("=")
        lines.append([name or f"H{i}", int(figure)])
    found = read(folder / "r.xlsx", {"养老院": lines}).findings
    assert {one.code for one in found} <= {"wrong-total"}
    return [lines[one.place.row - 1][0] for one in found]


def test_a_sum_that_a_spreadsheet_made_in_binary_agrees(tmp_path: Path) -> None:
    sheet = [HOMES[0], ["H1", None, 1, 0.1], ["H2", None, 1, 0.2], ["合计", None, 2, 0.1 + 0.2]]
    assert [one.code for one in read(tmp_path / "r.xlsx", {"养老院": sheet}).findings] == []


def test_a_note_without_the_word_for_it_is_no_row(tmp_path: Path) -> None:
    result = read(tmp_path / "r.xlsx", {"养老院": [*HOMES, [], ["以上数据截至年末，供参考。"]]})
    assert [(one.code, one.place.cell or one.place.row) for one in result.findings] == [("stray-row", 5)]
    assert result.blocked == {"homes": 1}


@pytest.mark.parametrize("key", ["注2", "注2023001", "单位1（东区）", "110101199001010011", "主管（西）"])
def test_a_key_that_looks_like_a_note_is_a_key(tmp_path: Path, key: str) -> None:
    homes = [HOMES[0], [key, None, 5, 1], ["H2", None, 7, 3000], [f"{key}0"]]
    result = read(tmp_path / "r.xlsx", {"养老院": homes})
    assert (list(result.findings), len(rows(result, "homes", "home"))) == ([], 3)


def test_a_row_with_the_cells_it_needs_is_no_note(tmp_path: Path) -> None:
    stays = [STAYS[0], ["单位：1", "P1", "H1", "2023-01-05"], ["注：见附件"]]
    result = read(tmp_path / "r.xlsx", {"养老院": HOMES, "入住": stays})
    assert ([one.code for one in result.findings], len(rows(result, "stays", "stay"))) == (["footer-row"], 1)


def test_characters_that_cannot_be_seen_in_a_name_are_only_odd(tmp_path: Path) -> None:
    (finding,) = read(tmp_path / "r.xlsx", {"养老院": [HOMES[0], ["H1", "甲\u00a0院", 5, 1]]}).findings
    assert (finding.code, finding.severity) == ("invisible-characters", "warning")


def test_a_file_is_what_it_holds_whatever_its_name(tmp_path: Path) -> None:
    write_book(tmp_path / "r.ods", {"养老院": {"rows": HOMES}})
    (tmp_path / "r.ods").rename(tmp_path / "r.xls")
    assert_plain(taken_in(tmp_path / "r.xls"))


def test_of_many_merges_two_hundred_are_listed(tmp_path: Path) -> None:
    rows = [[f"H{number}", "甲院" if number % 2 else None] for number in range(1, 411)]
    merge = [f"B{row}:B{row + 1}" for row in range(2, 412, 2)]
    result = read(tmp_path / "r.xlsx", {"养老院": {"rows": [["院号", "院名"], *rows], "merge": merge}})
    assert [one.code for one in result.findings] == ["merged-cells"] * 201
    assert "5 more findings" in result.findings[0].why.en
    assert result.tables["homes"].column("name").null_count == 0


@pytest.mark.parametrize(
    ("more", "zh", "en"),
    [([], "", ""), (["homes.csv"], "；或把它移出文件夹", "; or move it out of the folder")],
)
def test_a_workbook_in_a_folder_is_not_passed_over(tmp_path: Path, more: list[str], zh: str, en: str) -> None:
    for name in ("good.xlsx", "~$good.xlsx", *more):
        (tmp_path / name).write_text("home\nH1\n")
    with pytest.raises(subsidy.RosterError) as caught:
        read_roster(tmp_path)
    (finding,) = caught.value.findings
    assert finding.line("zh") == (
        f"{tmp_path}: 错误 [workbook-in-folder] 文件夹只读取 CSV 和 Parquet 文件，其中的工作簿 good.xlsx 不会读取；"
        f"请直接给出工作簿的路径：{tmp_path}/good.xlsx{zh}。"
    )
    assert finding.line("en") == (
        f"{tmp_path}: error [workbook-in-folder] of a folder CSV and Parquet are read, and not the workbook good.xlsx "
        f"in it; give the path of the workbook: {tmp_path}/good.xlsx{en}."
    )


def test_everything_that_is_wrong_with_files_and_mapping_is_told_at_once(tmp_path: Path) -> None:
    folder = tmp_path / "roster"
    folder.mkdir()
    (folder / "a.csv").write_text("home,name\nH1\n")
    (folder / "b.parquet").write_text("none")
    (tmp_path / "map.yaml").write_text("tabels: {}\n")
    with pytest.raises(subsidy.RosterError) as caught:
        read_roster(folder, tmp_path / "map.yaml")
    assert [one.code for one in caught.value.findings] == ["mapping-form", "row-width", "unreadable-file"]


def test_findings_of_all_sheets_come_together_with_their_cells(tmp_path: Path) -> None:
    homes = [HOMES[0], ["H1", {"error": "#N/A"}, "5张", {"time": "05:05"}]]
    stays = [STAYS[0], ["S1", "P1", "H1", 45000], ["S2", "P2", "H9", datetime.date(2023, 1, 1).isoformat()]]
    found = read(tmp_path / "r.xlsx", {"养老院": homes, "入住": stays}).findings
    assert [(one.code, one.to_dict()["cell"]) for one in found if one.severity == "error"] == [
        ("serial-date", "D2"), ("unknown-reference", "C3"),
        ("became-time", "D2"), ("unit-in-cell", "C2"), ("error-cell", "B2"),
    ]  # fmt: skip


def test_a_plain_roster_without_a_workbook_has_no_cells() -> None:
    (finding,) = intake(Roster(homes=[{"home": "H1", "places": "x"}]), loaded(SCHEDULE).versions).findings
    assert (finding.place.cell, str(finding.place)) == ("", "homes:1:places")


def test_errors_and_merges_in_a_binary_workbook_are_seen() -> None:
    def record(kind: int, content: bytes) -> bytes:
        coded = bytes([kind]) if kind < 128 else bytes([kind & 0x7F | 0x80, kind >> 7])
        return coded + bytes([len(content)]) + content

    def text(written: str) -> bytes:
        return struct.pack("<I", len(written)) + written.encode("utf-16-le")

    cells = record(0, struct.pack("<I", 6)) + record(3, struct.pack("<IIB", 2, 0, 42))
    cells += record(11, struct.pack("<IIB", 3, 0, 7)) + record(176, struct.pack("<4I", 1, 4, 0, 0))
    relation = '<Relationships><Relationship Id="rId1" Target="worksheets/sheet1.bin"/></Relationships>'
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("xl/workbook.bin", record(156, struct.pack("<II", 0, 1) + text("rId1") + text("名单")))
        archive.writestr("xl/_rels/workbook.bin.rels", relation)
        archive.writestr("xl/worksheets/sheet1.bin", cells)
    found = unseen_in(packed.getvalue(), "xlsb", ["名单"])
    assert found.texts == {"名单": {(6, 2): "#N/A", (6, 3): "#DIV/0!"}}
    assert [str(area) for area in found.merges["名单"]] == ["A2:A5"]


def test_a_formula_whose_result_is_an_empty_text_is_a_blank_cell(tmp_path: Path) -> None:
    path, sheet = tmp_path / "r.xlsx", "xl/worksheets/sheet1.xml"
    write_book(path, {"养老院": {"rows": [["院号", "床位数"], ["H1", {"formula": '=IF(A3="","",1)'}]]}})
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    assert b'<c r="B2"><f>' in parts[sheet]
    parts[sheet] = parts[sheet].replace(b'<c r="B2">', b'<c r="B2" t="str">')
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    result = taken_in(path)
    assert (list(result.findings), rows(result, "homes", "home", "places")) == ([], [("H1", 0)])


# --- mappings ------------------------------------------------------------------------------------------------------

FOREIGN = [["院", "机构全称", "张数", "花费", "民族"], ["H1", "甲院", 5, 1200.5, "x"], ["H2", "乙院", 7, 3000, "x"]]
MAPPING = """\
tables:
  homes:
    sheet: 名单
    columns: {院: home, 机构全称: 院名, 张数: places, 花费: cost, 民族: ignore}
  stays:
    columns: {入住人: person}
values:
  person: {老王: P1}
"""


def test_a_mapping_names_sheets_headings_and_words(tmp_path: Path) -> None:
    (tmp_path / "map.yaml").write_text(MAPPING, encoding="utf-8")
    stays = [["编号", "入住人", *STAYS[0][2:]], ["S1", "老王", *STAYS[1][2:]], STAYS[2]]
    result = read(tmp_path / "r.xlsx", {"名单": FOREIGN, "Sheet2": stays}, tmp_path / "map.yaml")
    assert_plain(result)
    assert result.heading("homes", "cost") == "花费"


def test_a_group_and_its_heading_may_be_mapped_together(tmp_path: Path) -> None:
    upper, lower = ["院号", "城镇", None, "农村", None], [None, "张数", "花费", "张数", "花费"]
    merge = ["A1:A2", "B1:C1", "D1:E1"]
    (tmp_path / "map.yaml").write_text(
        "tables:\n  homes:\n    sheet: S\n"
        "    columns: {城镇|张数: places, 城镇|花费: cost, 农村|张数: ignore, 农村|花费: ignore}\n",
        encoding="utf-8",
    )
    body = [["H1", 5, 1200.5, 1, 2], ["H2", 7, 3000, 3, 4]]
    sheet = {"rows": [upper, lower, *body], "merge": merge}
    assert_plain(read(tmp_path / "r.xlsx", {"S": sheet}, tmp_path / "map.yaml"))


def test_a_mapping_is_proposed_decided_and_kept(tmp_path: Path) -> None:
    roster, mapping = tmp_path / "r.xlsx", tmp_path / "map.yaml"
    write_book(roster, {"名单": {"rows": FOREIGN}, "入住": {"rows": STAYS}})
    run = ["map", str(roster), "--schedule", SCHEDULE, "-o", str(mapping), "--lang", "zh"]
    assert CliRunner().invoke(app, run).exit_code == 0
    proposed = mapping.read_text(encoding="utf-8")
    assert "  stays:  # 入住\n    sheet: 入住\n    columns:\n      编号: stay\n" in proposed
    assert "      # 院: ?  # " in proposed
    assert CliRunner().invoke(app, ["check", str(roster), "-s", SCHEDULE, "--mapping", str(mapping)]).exit_code == 1
    decided = proposed.replace("# 院: ?", "院: home")
    for heading, column in (("机构全称", "name"), ("张数", "places"), ("花费", "cost"), ("民族", "ignore")):
        decided = decided.replace(f"# {heading}: ?", f"{heading}: {column}")
    mapping.write_text(decided, encoding="utf-8")
    assert_plain(taken_in(roster, mapping))
    assert CliRunner().invoke(app, run).exit_code == 0
    assert "花费: cost" in mapping.read_text(encoding="utf-8")
    assert "?" not in mapping.read_text(encoding="utf-8")
    budget = ["budget", str(roster), "-s", SCHEDULE, "-y", "2023", "--mapping", str(mapping)]
    assert CliRunner().invoke(app, budget).exit_code == 0


def test_a_sheet_of_foreign_headings_says_how_to_map_it(tmp_path: Path) -> None:
    (finding,) = read(tmp_path / "r.xlsx", {"Sheet1": [["老人", "楼层", "房间"], ["P1", 1, 2]]}).findings
    assert finding.why.zh == "没有名为 Sheet1 的表"
    assert finding.remedy.zh.startswith("可用：")
    assert "养老院" in finding.remedy.zh
    assert "homes" not in finding.remedy.zh
    assert finding.remedy.zh.endswith("；标题是自拟的，可用 subsidy map 文件 --schedule ID -o map.yaml 起草列名对照表")
    assert finding.remedy.en.startswith("known here: ")
    assert "homes" in finding.remedy.en
    ending = "; for headings of its own, subsidy map FILE --schedule ID -o map.yaml drafts a mapping"
    assert finding.remedy.en.endswith(ending)


def test_a_proposal_asks_about_words(tmp_path: Path) -> None:
    write_book(tmp_path / "r.xlsx", {"养老院": {"rows": [["院号", "性质"], ["H1", "公办的"], ["H2", "民办"]]}})
    run = ["map", str(tmp_path / "r.xlsx"), "--schedule", SCHEDULE, "--lang", "en"]
    proposed = CliRunner().invoke(app, run).stdout
    assert proposed.endswith("values:\n  kind:  # 性质\n      # 公办的: ?  # public（公办） | private（民办）\n")


def test_a_proposal_lists_the_tables_and_offers_the_numbers_of_rows_as_a_key(tmp_path: Path) -> None:
    write_book(
        tmp_path / "r.xlsx", {"名单": {"rows": [["序号", "机构全称", "性质", "地址"], [1, "甲院", "公办", "x"]]}}
    )
    run = ["map", str(tmp_path / "r.xlsx"), "--schedule", SCHEDULE, "--lang"]
    chinese, english = (CliRunner().invoke(app, [*run, language]).stdout for language in ("zh", "en"))
    assert "\n# 表可以更换，可用的表：" in chinese
    assert "\n# Tables may be changed; there are: " in english
    assert "homes（养老院）" in chinese
    assert "  homes:  # 养老院\n    sheet: 名单\n    columns:\n      性质: kind\n" in chinese
    assert "\n      # 序号: ?  # home（院号） | ignore\n" in chinese


def test_the_name_of_a_sheet_and_its_exact_headings_say_which_table_is_guessed(tmp_path: Path) -> None:
    write_book(tmp_path / "r.xlsx", {"机构名单": {"rows": [["机构名称", "地址", "星级"], ["甲院", "x", 3]]}})
    run = ["map", str(tmp_path / "r.xlsx"), "--schedule", "cn/xian/elderly-care", "--lang", "zh"]
    assert "\ntables:\n  facilities:  # 机构与设施\n" in CliRunner().invoke(app, run).stdout


def test_a_proposal_with_open_words_can_be_read_and_proposed_again(tmp_path: Path) -> None:
    roster, mapping = tmp_path / "r.xlsx", tmp_path / "map.yaml"
    write_book(roster, {"养老院": {"rows": [["院号", "性质"], ["H1", "公办的"], ["H2", "民办"]]}})
    run = ["map", str(roster), "--schedule", SCHEDULE, "-o", str(mapping), "--lang", "zh"]
    assert CliRunner().invoke(app, run).exit_code == 0
    proposed = mapping.read_text(encoding="utf-8")
    assert [finding.code for finding in taken_in(roster, mapping).findings] == ["unknown-category"]
    assert CliRunner().invoke(app, run).exit_code == 0
    assert mapping.read_text(encoding="utf-8") == proposed
    mapping.write_text(proposed.replace("# 公办的: ?", "公办的: 公办"), encoding="utf-8")
    assert taken_in(roster, mapping).tables["homes"].column("kind").to_pylist() == ["public", "private"]


def test_words_of_a_column_that_is_named_in_chinese(tmp_path: Path) -> None:
    roster, mapping = tmp_path / "r.xlsx", tmp_path / "map.yaml"
    write_book(roster, {"养老院": {"rows": [["院号", "性质", "民族"], ["H1", "国办", "x"]]}})
    mapping.write_text("tables: {养老院: {columns: {民族: 忽略}}}\nvalues: {性质: {国办: 公办}}\n", encoding="utf-8")
    read_in = taken_in(roster, mapping)
    assert (read_in.findings, read_in.tables["homes"].column("kind").to_pylist()) == ([], ["public"])
    run = ["map", str(roster), "--schedule", SCHEDULE, "-o", str(mapping), "--lang", "zh"]
    assert CliRunner().invoke(app, run).exit_code == 0
    assert mapping.read_text(encoding="utf-8").endswith("values:\n  kind:  # 性质\n      国办: 公办\n")
    assert (taken_in(roster, mapping).findings) == []


def test_a_proposal_for_an_existing_file_with_mistakes_leaves_it(tmp_path: Path) -> None:
    write_book(tmp_path / "r.xlsx", {"养老院": {"rows": HOMES}})
    (tmp_path / "map.yaml").write_text("tables: [1]\n")
    run = ["map", str(tmp_path / "r.xlsx"), "--schedule", SCHEDULE, "-o", str(tmp_path / "map.yaml")]
    assert CliRunner().invoke(app, run).exit_code == 1
    assert (tmp_path / "map.yaml").read_text() == "tables: [1]\n"


def test_the_receipt_names_the_mapping(tmp_path: Path) -> None:
    write_book(tmp_path / "r.xlsx", {"名单": {"rows": FOREIGN}})
    (tmp_path / "map.yaml").write_text(MAPPING.split("  stays")[0], encoding="utf-8")
    roster = read_roster(tmp_path / "r.xlsx", tmp_path / "map.yaml")
    receipt = subsidy.calculate(loaded(SCHEDULE), roster, 2023).receipt.content
    assert len(receipt["mapping"]) == 64
