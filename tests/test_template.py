"""The workbook to be filled in: what it holds, that the intake reads it back, and that examples are never counted."""

from __future__ import annotations

import datetime
import json
import os
import re
import sys
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import openpyxl
import pypdf
import pytest
from typer.testing import CliRunner

import subsidy
from subsidy.cli import app
from subsidy.finding import Language
from subsidy.roster.intake import intake
from subsidy.roster.layout import layout
from subsidy.roster.names import is_remark_sheet
from subsidy.schedule.load import Version, load_text
from subsidy.schedule.reads import readers

XIAN = "cn/xian/elderly-care"
LANGUAGES: tuple[Language, ...] = ("zh", "en")
SHIPPED = tuple(subsidy.catalogue())
LINZE = tuple(name for name in SHIPPED if name.startswith("cn/linze/"))
SEVERAL = (XIAN, "template-city/city", "template-city/city-works")  # which call some things by the same words
CALCULATED = SHIPPED if "CHECK_ALL" in os.environ else (XIAN, LINZE[0])  # of the others the intake is asked

SCHEDULE = """
schedule: cn/nowhere/homes
document: {number: 测试〔2023〕1号, part: 附件, issuer: 测试局, issued: 2023-01-01}
in_force: {from: 2023-01-01}
revision: 3
place: CN-0000
payers: {city: {label: {zh: 市级, en: city}, of: seat}}
words: {homes: 养老院, home: 院, beds: 床位, kind: 种类, kept: 留存, lamp: 灯, stays: 住宿, closed: =1+1}
facts:
  homes:
    span: [opened, closed]
    home: key
    opened: date
    closed: {date: .., blank: ongoing}
    seat: districts
    owner: {ref: operators, blank: none}
    beds: {bed: 1..50}
    kept: {percent: 0..100}
    lamp: {one_of: [OPTIONS], blank: none}
    cost: {yuan: cost_floor..cost_cap, blank: open}
    kind: [big, small]
    colour: [red, blue]
    shade: [dark, bright]
    idle: {yes_no: .., blank: no}
    unread: text
    guests: {count: stays, where: longest > opened_long}
    wide: {formula: beds >= many}
  ranks: {home: homes, from: date, rank: {rank: 0..3}, unread_rank: text}
  stays: {stay: key, person: text, home: homes, from: date, to: {date: .., blank: ongoing}, longest: {day: 0..99}}
values:
  many: {item: "1", unit: bed, is: 20}
  opened_long: {item: "1", unit: day, is: 7}
  rate: {item: "1", unit: yuan, by: [rank], is: {0: 0, other: 10}}
  cost_floor: {item: "2", unit: yuan, is: 0}
  cost_cap: {item: "2", unit: yuan, by: [kind], is: {big: 900.50, small: 500}}
  payer_weights:
    {item: "3", unit: weight, by: [colour, payer], is: {red: {city: 1, other: 0}, blue: {city: 2, other: 0}}}
  one: {item: "3", unit: yuan, is: 1}
  share: {item: "4", unit: percent, is: 50%}
  most: {item: "5", unit: yuan, is: 70}
clauses:
  ranked:
    {item: "1", label: {zh: "=1+1", en: "=1+1"}, for: homes, every: month, when: wide and guests >= 1, amount: rate,
     split: {city: 1}}
  costly: {item: "2", for: homes, every: once, dated: opened, amount: cost, split: {city: 1}}
  shared: {item: "3", for: homes, every: year, when: known(lamp), amount: one, split: payer_weights}
  after: {item: "3", for: homes, every: month, when: ranked > 0, amount: one, split: {city: 1}}
limits:
  most_of_a_shade: {item: "5", among: [costly], per: [home, shade], at_most: most, when_short: in_order idle}
targets:
  kept_share: {item: "4", for: homes, every: year, measure: kept, at_least: share}
"""
OPTIONS = [f"a_lamp_of_a_long_name_{number}" for number in range(15)]


def version(text: str = SCHEDULE) -> Version:
    return load_text(text.replace("OPTIONS", ", ".join(OPTIONS)))


def schedule(text: str = SCHEDULE) -> subsidy.Schedule:
    return subsidy.Schedule((version(text),), (Path("homes.yaml"),))


def made(path: Path, schedules: Any, language: Language = "zh") -> Path:
    subsidy.template(schedules, path / "roster.xlsx", language)
    return path / "roster.xlsx"


def findings(error: pytest.ExceptionInfo[subsidy.FindingsError]) -> list[tuple[str, str, str]]:
    return [(one.code, one.line("zh"), one.line("en")) for one in error.value.findings]


# --- what a schedule reads -----------------------------------------------------------------------------------------


def test_the_cells_that_each_provision_reads() -> None:
    read = {one.name: one.cells for one in readers(version())}
    row = {("homes", "home"), ("homes", "seat"), ("districts", "district")}
    history = {("ranks", "home"), ("ranks", "from"), ("ranks", "rank")}
    aggregate = {("stays", "home"), ("stays", "longest")}
    assert read == {
        "ranked": row | {("homes", "beds")} | history | aggregate,
        "costly": row | {("homes", "opened"), ("homes", "cost"), ("homes", "kind")},  # kind: of the range's end
        "shared": row | {("homes", "lamp"), ("homes", "colour")},  # colour: of the payers' weights
        "after": row | {("homes", "beds")} | history | aggregate,  # through the other clause
        "most_of_a_shade": {("homes", "home"), ("homes", "shade"), ("homes", "idle")},
        "kept_share": {("homes", "home"), ("homes", "kept")},
    }


def test_tables_and_columns_are_those_that_are_read_and_what_their_rows_need() -> None:
    tables = {table.name: [column.name for column in table.columns] for table in layout([schedule()]).tables}
    assert tables == {
        "districts": ["district"],
        "homes": [
            "home", "opened", "closed", "seat", "beds", "kept", "lamp", "cost", "kind", "colour", "shade", "idle",
            "count",
        ],
        "ranks": ["home", "from", "rank"],
        "stays": ["stay", "person", "home", "from", "to", "longest", "count"],
    }  # fmt: skip
    assert list(tables) == ["districts", "homes", "ranks", "stays"]


def test_the_rows_of_the_document_itself_are_not_asked_for() -> None:
    works = subsidy.schedule("template-city/city-works")
    assert "plans" in works.latest.model.rows
    assert "plans" not in {table.name for table in layout([works]).tables}


@pytest.mark.parametrize("language", LANGUAGES)
def test_show_tables_has_the_same_tables_and_columns(language: Language, tmp_path: Path) -> None:
    file = tmp_path / "homes.yaml"
    file.write_text(SCHEDULE.replace("OPTIONS", ", ".join(OPTIONS)), encoding="utf-8")
    shown = CliRunner().invoke(app, ["show", str(file), "--tables", "--lang", language]).output
    assert re.findall(r"^.* · (\w+)$", shown, re.MULTILINE) == ["districts", "homes", "ranks", "stays"]
    assert {"zh": "没有条款读取: unread_rank", "en": "read by nothing: unread_rank"}[language] in shown


# --- the untouched template ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", CALCULATED)
def test_an_untouched_template_is_accepted_and_costs_nothing(name: str, tmp_path: Path) -> None:
    one = subsidy.schedule(name, on=subsidy.schedule(name).latest.first_day)
    roster = subsidy.read_roster(made(tmp_path, one))
    result = subsidy.calculate(one, roster, one.latest.first_day.year)
    assert (result.total, result.low, sum(result.blocked.values())) == (0, 0, 0)
    assert {finding.code for finding in result.findings} <= {"absent-schedule"}
    assert result.example_rows == dict.fromkeys(sorted(table.name for table in layout([one]).tables), 1)
    assert result.receipt.content["example_rows"] == result.example_rows


READ_BACK = [(names, language) for names in (*((name,) for name in SHIPPED), LINZE) for language in LANGUAGES]


@pytest.mark.parametrize(("names", "language"), [*READ_BACK, (SEVERAL, "zh")])
def test_the_intake_reads_back_the_tables_and_columns_it_was_made_from(
    names: tuple[str, ...], language: Language, tmp_path: Path
) -> None:
    several = [subsidy.schedule(name) for name in names]
    plan = layout(several)
    roster = subsidy.read_roster(made(tmp_path, several, language))
    read: dict[str, set[str]] = {}
    for one in several:
        others = [version for other in several if other is not one for version in other.versions]
        taken_in = intake(roster, one.versions, others)
        assert taken_in.findings == []
        assert taken_in.example_rows == dict.fromkeys(taken_in.headings, 1)
        for table, headings in taken_in.headings.items():
            read.setdefault(table, set()).update(headings)
            assert table not in taken_in.tables or not len(taken_in.tables[table])
    assert read == {table.name: {column.name for column in table.columns} for table in plan.tables}


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_same_input_gives_the_same_bytes(language: Language, tmp_path: Path) -> None:
    first = made(tmp_path, schedule(), language).read_bytes()
    subsidy.template(schedule(), tmp_path / "roster.xlsx", language, force=True)
    assert (tmp_path / "roster.xlsx").read_bytes() == first
    assert [path.name for path in tmp_path.iterdir()] == ["roster.xlsx"]


# --- what a cell accepts -------------------------------------------------------------------------------------------


def rules(book: Any, sheet: str) -> dict[str, Any]:
    """Heading -> the rule of the cells below it."""
    found = {}
    for rule in book[sheet].data_validations.dataValidation:
        column = re.match("[A-Z]+", str(rule.sqref))
        assert column is not None
        found[book[sheet][f"{column[0]}1"].value] = rule
    return found


def offered(book: Any, rule: Any) -> list[str]:
    if rule.formula1.startswith('"'):
        return rule.formula1.strip('"').split(",")  # type: ignore[no-any-return]
    sheet, cells = re.fullmatch(r"'(.+)'!(.+)", rule.formula1).groups()  # type: ignore[union-attr]
    assert book[sheet].sheet_state == "hidden"
    assert is_remark_sheet(sheet)
    return [cell.value for (cell,) in book[sheet][cells.replace("$", "")]]


@pytest.mark.parametrize("language", LANGUAGES)
def test_drop_downs_are_the_categories(language: Language, tmp_path: Path) -> None:
    for several in ([subsidy.schedule(XIAN)], [schedule()]):
        book = openpyxl.load_workbook(made(tmp_path, several, language))
        (tmp_path / "roster.xlsx").unlink()
        words = several[0].latest.words if language == "zh" else {}
        for table in layout(several).tables:
            found = rules(book, words.get(table.name, table.name))
            for column in table.columns:
                if column.form in ("category", "yes_no"):
                    options = column.options or ("yes", "no")
                    rule = found[words.get(column.name, column.name)]
                    assert offered(book, rule) == [words.get(option, option) for option in options]
                    assert rule.error.startswith({"zh": "请填写：", "en": "Write "}[language])


def test_rules_of_numbers_days_references_and_percentages(tmp_path: Path) -> None:
    book = openpyxl.load_workbook(made(tmp_path, schedule()))
    found = rules(book, "养老院")
    told = {heading: (rule.type, rule.formula1, rule.formula2) for heading, rule in found.items()}
    assert told["床位（床）"] == ("whole", "1", "50")
    assert told["cost（元）"] == ("decimal", "0", "900.5")
    assert told["opened"][0] == "date"
    assert told["留存（百分比）"][0] == "custom"
    assert told["数量"] == ("whole", "1", "10000000")
    assert found["床位（床）"].error == "请填写：数字，1–50 床，整数。"
    names = {name: defined.attr_text for name, defined in book.defined_names.items()}
    assert "'区县名录'!$A$2" in names[told["seat"][1]]
    assert "'养老院'!$A$2" in names[rules(book, "住宿")["院"].formula1]
    month = openpyxl.load_workbook(made(tmp_path / "..", subsidy.schedule("template-city/district")))
    assert rules(month, "助餐")["月"].type == "custom"


def formats_of(sheet: Any) -> dict[str, str]:
    """Heading -> the format of a column."""
    return {
        sheet.cell(1, position).value: columns.number_format
        for columns in sheet.column_dimensions.values()
        for position in range(columns.min, columns.max + 1)
    }


def test_keys_persons_months_and_percentages_are_kept_as_text_and_days_as_days(tmp_path: Path) -> None:
    book = openpyxl.load_workbook(made(tmp_path, schedule()))
    formats = {
        cell.value: book["养老院"].column_dimensions[cell.column_letter].number_format for cell in book["养老院"][1]
    }
    assert [formats[heading] for heading in ("院", "seat", "留存（百分比）")] == ["@"] * 3
    assert (formats["opened"], formats["床位（床）"], formats["cost（元）"]) == ("yyyy-mm-dd", "0", "#,##0.00")
    assert formats_of(book["住宿"])["人员"] == "@"


# --- what it tells -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("language", "sheet", "heading", "lines"),
    [
        ("zh", "养老院", "床位（床）", ["床位  beds", "填写：数字，1–50 床，整数", "空白：缺失；有条款要用到时为错误"]),
        ("en", "homes", "beds (bed)", ["beds", "Write: a number, 1–50 bed, whole", "Blank: missing: an error where"]),
        ("zh", "养老院", "cost（元）", ["最多 2 位小数", "空白：尚未核定", "用于：测试〔2023〕1号：第 2 条 costly"]),
        ("en", "homes", "cost (yuan)", ["at most 2 decimals", "not assessed yet", "测试〔2023〕1号: item 2 costly"]),
        ("zh", "养老院", "seat", ["《区县名录》表中某一行的编号", "空白：不能空白"]),
        ("en", "homes", "seat", ["a key of the sheet districts", "must not be blank"]),
        ("zh", "住宿", "人员", ["按文本填写", "只有填了“数量”的行可以空白"]),
        ("en", "stays", "person", ["as text", "only where the row has a count"]),
        ("zh", "养老院", "=1+1", ["空白：至今（尚未结束）"]),
        ("en", "homes", "idle", ["yes or no", "Blank: no", "limit: most_of_a_shade"]),
        ("zh", "养老院", "留存（百分比）", ["百分比，0–100，如 25%", "第 4 条 目标：kept_share"]),
    ],
)
def test_notes_at_headings(language: Language, sheet: str, heading: str, lines: list[str], tmp_path: Path) -> None:
    book = openpyxl.load_workbook(made(tmp_path, schedule(), language))
    note = next(cell.comment.text for cell in book[sheet][1] if cell.value == heading)
    assert [line for line in lines if line not in note] == []


@pytest.mark.parametrize(
    ("language", "told"),
    [
        (
            "zh",
            [
                "测试〔2023〕1号 附件",
                "测试局",
                "必填",
                "示例",
                "第 1、2、3、4、5 条",
                "院：",
                "subsidy check roster.xlsx",
            ],
        ),
        ("en", ["测试〔2023〕1号 附件", "测试局", "required", "EXAMPLE", "items 1, 2, 3, 4, 5", "--year 2023"]),
    ],
)
def test_the_first_sheet(language: Language, told: list[str], tmp_path: Path) -> None:
    book = openpyxl.load_workbook(made(tmp_path, schedule(), language))
    sheet = book.worksheets[0]
    assert sheet.title == {"zh": "填写说明", "en": "How to fill in"}[language]
    text = "\n".join(str(cell.value) for row in sheet.rows for cell in row if cell.value is not None)
    assert [one for one in told if one not in text] == []


def test_every_name_of_the_first_sheet_is_there(tmp_path: Path) -> None:
    """The provisions of both schedules, with a sheet that exists."""
    several = [subsidy.schedule(XIAN), subsidy.schedule("template-city/city-care")]
    book = openpyxl.load_workbook(made(tmp_path, several))
    rows = [[cell.value for cell in row[:4]] for row in book.worksheets[0].rows]
    named = {str(row[1]).rpartition("：")[2] for row in rows if row[1] is not None}
    for one in layout(several).provisions:
        assert not one.cells or one.label("zh").rpartition("：")[2] in named
    sheets = {match for row in rows for match in re.findall(r"(?:^|；)([^：；]+)：", str(row[2] or ""))}
    assert sheets >= set(book.sheetnames[1:])


def test_no_text_becomes_a_formula(tmp_path: Path) -> None:
    book = openpyxl.load_workbook(made(tmp_path, schedule()))
    cells = [cell for sheet in book.worksheets for row in sheet.rows for cell in row if cell.value is not None]
    assert [cell.coordinate for cell in cells if cell.data_type == "f"] == []
    assert sum(cell.value == "=1+1" for cell in cells) >= 2


# --- example rows --------------------------------------------------------------------------------------------------


def roster(**first: dict[str, str]) -> subsidy.Roster:
    """The example rows of three tables with some cells typed over."""
    rows: dict[str, dict[str, str]] = {
        "districts": {"district": "示例：区县", "name": "示例：名称"},
        "facilities": {"facility": "EXAMPLE: facility", "district": "示例：区县", "type": "institution"},
        "ratings": {"facility": "示例: 机构", "from": "2023-01-01", "star": "5"},
    }
    return subsidy.Roster(**{table: [row | first.get(table, {})] for table, row in rows.items()})


def test_examples_are_left_aside_whatever_their_language() -> None:
    taken_in = intake(roster(), subsidy.schedule(XIAN).versions)
    assert taken_in.findings == []
    assert taken_in.example_rows == {"districts": 1, "facilities": 1, "ratings": 1}
    assert {table: len(data) for table, data in taken_in.tables.items()} == dict.fromkeys(taken_in.example_rows, 0)


def test_what_is_typed_over_wholly_is_a_real_row() -> None:
    typed = roster(districts={"district": "D", "name": "甲区"}, facilities={"facility": "F", "district": "D"})
    taken_in = intake(typed, subsidy.schedule(XIAN).versions)
    assert taken_in.findings == []
    assert {table: len(data) for table, data in taken_in.tables.items()} == {
        "districts": 1,
        "facilities": 1,
        "ratings": 0,
    }


@pytest.mark.parametrize("half", [{"facility": "F"}, {"district": "D"}, {"name": "甲"}])
def test_what_is_typed_over_in_part_is_an_error(half: dict[str, str]) -> None:
    given = intake(roster(facilities={"name": "示例：甲", **half}), subsidy.schedule(XIAN).versions).findings
    (found,) = (one for one in given if one.code == "half-example")
    assert (found.code, found.table, found.place.row) == ("half-example", "facilities", 1)
    assert found.why.zh == "该行只有部分内容仍是示例"
    assert found.why.en == "only a part of this row is still the example"
    assert (found.remedy.zh[:4], found.remedy.en[:7]) == ("请把仍以", "replace")
    assert found.value.startswith(("示例：", "EXAMPLE:"))


def test_a_row_that_refers_to_an_example_is_told_so_once() -> None:
    own = [{"resident": "R", "person": "P1", "facility": "EXAMPLE: facility", "from": "2023-01-01"}]
    known = [{"facility": "F", "district": "D"}]
    given = subsidy.Roster(districts=[{"district": "D"}], facilities=known, residents=own)
    (found,) = intake(given, subsidy.schedule(XIAN).versions).findings
    assert (found.code, found.table, found.place.column) == ("half-example", "residents", "facility")


@pytest.mark.parametrize("mark", [" 示例：", "\u3000示例:", "\u00a0EXAMPLE: ", "Example: ", "example："])
def test_an_example_row_costs_nothing_whatever_stands_before_the_mark_and_in_any_case(mark: str) -> None:
    rows = {"facility": f"{mark}F", "district": f"{mark}D", "name": f"{mark}甲", "type": "institution"}
    given = subsidy.Roster(districts=[{"district": "D"}], facilities=[rows])
    taken_in = intake(given, subsidy.schedule(XIAN).versions)
    assert (taken_in.findings, taken_in.example_rows) == ([], {"facilities": 1})


def test_a_reference_to_an_example_after_a_blank_is_not_excused() -> None:
    own = [{"resident": "R", "person": "P1", "facility": " 示例：甲", "from": "2023-01-01"}]
    given = subsidy.Roster(
        districts=[{"district": "D"}], facilities=[{"facility": "F", "district": "D"}], residents=own
    )
    (found,) = intake(given, subsidy.schedule(XIAN).versions).errors
    assert (found.code, found.table, found.place.column) == ("half-example", "residents", "facility")


def test_words_that_only_look_like_an_example_are_real() -> None:
    rows = [{"district": "示例区", "name": "EXAMPLES"}, {"district": "EXAMPLE", "name": "示例市：东"}]
    taken_in = intake(subsidy.Roster(districts=rows), subsidy.schedule(XIAN).versions)
    assert (len(taken_in.tables["districts"]), taken_in.findings) == (2, [])


# --- filled in -----------------------------------------------------------------------------------------------------


def fill(book: Any, sheet: str, *rows: list[Any]) -> None:
    """Type rows into a sheet from its first row on, over the example."""
    for cell in book[sheet][2]:
        cell.value = None
    for number, row in enumerate(rows, 2):
        for column, value in enumerate(row, 1):
            book[sheet].cell(number, column, value)


def filled(path: Path) -> Path:
    """The template of Xi'an as an officer would fill it: days and numbers, pasted texts, a column of notes, titles."""
    file = made(path, subsidy.schedule(XIAN))
    book = openpyxl.load_workbook(file)
    day = datetime.datetime
    fill(book, "区县名录", ["D1", "是"])
    fill(
        book, "机构与设施",
        ["F1", "D1", None, "养老机构", "非营利性", "是", "是", "是"],
        ["F2", "D1", None, "敬老院", "非营利性", "否", "是", "是"],
        ["F3", "D1", None, "养老机构", "营利性", "否", "是", "是"],
    )  # fmt: skip
    fill(book, "星级评定", ["F1", day(2022, 1, 1), 5], ["F2", day(2022, 1, 1), "3"], ["F3", "2022年1月1日", 0])
    fill(
        book, "入住老人",
        ["R1", "000000000000000001", "F1", day(2023, 1, 10), day(2023, 3, 4)],
        ["R2", "000000000000000002", "F2", "2023-01-01"],
        ["R3", "000000000000000003", "F3", "2023/1/1"],
    )  # fmt: skip
    fill(
        book, "能力评估",
        ["000000000000000001", day(2022, 12, 1), "失能"],
        ["000000000000000002", "2022-12-01", "自理"],
        ["000000000000000003", "2022-12-01", "失能"],
    )  # fmt: skip
    fill(
        book, "建设项目",
        ["B1", "F1", "D1", day(2023, 5, 10), "否", "20", None, "养老机构", "新建", "是", None],
    )  # fmt: skip
    book["入住老人"]["H1"], book["入住老人"]["H2"] = "备注姓名", "甲"
    for sheet in (book["入住老人"], book["建设项目"], book["助餐"]):
        sheet.insert_rows(1)
        sheet["A1"] = "2023年度花名册"
        sheet.merge_cells("A1:E1")
    book.save(file)
    return file


def test_three_homes_filled_in_give_the_amounts_by_hand(tmp_path: Path) -> None:
    xian = subsidy.schedule(XIAN)
    given = subsidy.read_roster(filled(tmp_path))
    result = subsidy.calculate(xian, given, 2023)
    assert result.findings == ()
    amounts = {entry["clause"]: entry["amount"] for entry in result.to_dict()["by_clause"] if entry["amount"] != "0.00"}
    operating = 3 * 225 + 12 * 40  # five stars and disabled for three months; three stars and self-caring for twelve
    assert amounts == {"operating_grant": f"{operating}.00", "bed_grant": f"{20 * 10000}.00"}
    assert result.total == Decimal(operating + 20 * 10000)
    assert set(result.example_rows) == {table.name for table in layout([xian]).tables} - {
        "districts", "facilities", "ratings", "residents", "assessments", "projects",
    }  # fmt: skip


def test_two_mistakes_are_found_mended_and_then_there_is_a_budget(tmp_path: Path) -> None:
    """The whole way on the command line: a home that does not exist, and stars that stand for words."""
    file = filled(tmp_path)
    book = openpyxl.load_workbook(file)
    stays, stars = book["入住老人"], book["星级评定"]
    right = stays["C4"].value, stars["C2"].value
    stays["C4"].value, stars["C2"].value = "F9", "五星"
    book.save(file)
    found = CliRunner().invoke(app, ["check", str(file), "--schedule", XIAN, "--lang", "zh", "--json"])
    assert found.exit_code == 1
    errors = [one for one in json.loads(found.stdout)["findings"] if one["severity"] == "error"]
    assert [(one["sheet"], one["cell"], one["value"], one["code"]) for one in errors] == [
        ("入住老人", "C4", "F9", "unknown-reference"),
        ("星级评定", "C2", "五星", "not-a-number"),
    ]
    budget = ["budget", str(file), "--schedule", XIAN, "--year", "2023", "--json"]
    stopped = CliRunner().invoke(app, budget)
    assert (stopped.exit_code, stopped.stdout) == (1, "")
    stays["C4"].value, stars["C2"].value = right
    book.save(file)
    assert CliRunner().invoke(app, ["check", str(file), "--schedule", XIAN]).exit_code == 0
    done = CliRunner().invoke(app, budget)
    assert done.exit_code == 0
    assert json.loads(done.stdout)["total"] == "201155.00"
    for command, name in (("budget", "budget.xlsx"), ("report", "memo.pdf")):
        about = [str(file), "--schedule", XIAN, "--year", "2023"]
        assert CliRunner().invoke(app, [command, *about, "-o", str(tmp_path / name), "--lang", "zh"]).exit_code == 0
    cover = openpyxl.load_workbook(tmp_path / "budget.xlsx", data_only=True).worksheets[0]
    assert 201155 in [cell for row in cover.iter_rows(values_only=True) for cell in row]
    assert "201,155.00" in "".join(page.extract_text() for page in pypdf.PdfReader(tmp_path / "memo.pdf").pages)


# --- several schedules ---------------------------------------------------------------------------------------------

OTHER = """
schedule: cn/nowhere/other
document: {number: 测试〔2023〕2号, issuer: 测试局, issued: 2023-01-01}
in_force: {from: 2023-01-01}
revision: 1
place: CN-0000
payers: {city: {label: {zh: 市级, en: city}}}
words: {homes: 福利院, home: 院, kind: 种类, beds: 床位}
facts: {homes: {home: key, opened: date, kind: [small, big, huge], BEDS}}
values: {rate: {item: "1", unit: yuan / bed, is: 1}}
clauses:
  grant: {item: "1", for: homes, every: once, dated: opened, when: kind = 'big', amount: beds * rate, split: {city: 1}}
"""


def test_a_sheet_for_two_schedules_has_what_both_accept(tmp_path: Path) -> None:
    both = [schedule(), schedule(OTHER.replace("BEDS", "beds: {bed: 5..90}"))]
    book = openpyxl.load_workbook(made(tmp_path, both))
    found = rules(book, "homes")  # the two call it by different words
    assert (found["床位（床）"].formula1, found["床位（床）"].formula2) == ("5", "50")
    assert offered(book, found["种类"]) == ["big", "small"]
    given = subsidy.read_roster(tmp_path / "roster.xlsx")
    assert intake(given, both[0].versions, both[1].versions).findings == []
    assert intake(given, both[1].versions, both[0].versions).findings == []


@pytest.mark.parametrize(
    ("column", "changed"),
    [
        ("homes.beds", OTHER.replace("BEDS", "beds: {m2: 5..90}").replace("yuan / bed", "yuan / m2")),
        ("homes.kind", OTHER.replace("BEDS", "beds: {bed: 5..90}").replace("big", "tall").replace("small", "low")),
    ],
    ids=["another unit", "no category in common"],
)
def test_a_column_that_means_two_things_is_refused(column: str, changed: str, tmp_path: Path) -> None:
    both = [schedule(), schedule(changed)]
    with pytest.raises(subsidy.ScheduleError) as error:
        made(tmp_path, both)
    ((code, zh, en),) = findings(error)
    assert (code, column in zh, column in en) == ("schedules-differ", True, True)
    assert "请为各标准分别制作模板" in zh
    assert "make a template for each of them" in en
    assert list(tmp_path.iterdir()) == []


def test_a_column_that_means_two_things_in_two_versions_is_refused(tmp_path: Path) -> None:
    first = version(OTHER.replace("BEDS", "beds: {bed: 5..90}"))
    later = version(
        OTHER.replace("BEDS", "beds: {m2: 5..90}")
        .replace("yuan / bed", "yuan / m2")
        .replace("from: 2023", "from: 2024")
    )
    with pytest.raises(subsidy.ScheduleError) as error:
        made(tmp_path, subsidy.Schedule((first, later), (Path("a.yaml"), Path("b.yaml"))))
    ((code, zh, en),) = findings(error)
    assert (code, "请用 --on 选定一个版本" in zh, "choose one version with --on" in en) == (
        "versions-differ",
        True,
        True,
    )


def test_a_table_whose_name_is_too_long_for_a_sheet(tmp_path: Path) -> None:
    text = OTHER.replace("BEDS", "beds: {bed: 5..90}").replace("homes: 福利院, ", "")
    fits, too_long = "a" * 16 + "_" + "b" * 15, "a" * 32
    book = openpyxl.load_workbook(made(tmp_path, schedule(text.replace("homes", fits))))
    assert book.sheetnames[1:] == ["a" * 16 + "b" * 15]
    with pytest.raises(subsidy.ScheduleError) as error:
        subsidy.template(schedule(text.replace("homes", too_long)), tmp_path / "long.xlsx")
    ((code, zh, en),) = findings(error)
    assert (code, "不能超过 31 字" in zh, "at most 31 letters" in en, too_long in en) == ("long-table-name",) + (
        True,
    ) * 3


# --- the file ------------------------------------------------------------------------------------------------------


def refusals(path: Path) -> Iterator[tuple[Path, str, str, str]]:
    (path / "there.xlsx").write_text("work of an officer", encoding="utf-8")
    yield path / "there.xlsx", "file-exists", "未覆盖", "--force"
    yield path / "roster.xls", "not-xlsx", ".xlsx", ".xlsx"
    yield path / "nowhere" / "roster.xlsx", "unwritable", "无法写入", "no such folder"


def test_files_that_cannot_be_written(tmp_path: Path) -> None:
    for place, code, in_chinese, in_english in refusals(tmp_path):
        with pytest.raises(subsidy.RosterError) as error:
            subsidy.template(schedule(), place)
        ((found, zh, en),) = findings(error)
        assert (found, in_chinese in zh, in_english in en, str(place) in en) == (code, True, True, True)
    assert (tmp_path / "there.xlsx").read_text("utf-8") == "work of an officer"
    subsidy.template(schedule(), tmp_path / "there.xlsx", force=True)
    assert openpyxl.load_workbook(tmp_path / "there.xlsx").sheetnames[0] == "填写说明"


def test_without_the_library_it_says_what_is_missing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "xlsxwriter", None)
    with pytest.raises(subsidy.RosterError) as error:
        made(tmp_path, schedule())
    ((code, zh, en),) = findings(error)
    assert (code, "需要 XlsxWriter" in zh, "pip install XlsxWriter" in en) == ("no-workbook-writer", True, True)


@pytest.mark.parametrize(
    ("language", "written", "noted"),
    [("zh", "5 个工作表", "示例 4 行，未计入"), ("en", "5 sheets", "example rows left aside: 4")],
)
def test_the_command(language: Language, written: str, noted: str, tmp_path: Path) -> None:
    file, name = str(tmp_path / "roster.xlsx"), "template-city/district"
    make = ["template", name, "template-city/province", "-o", file, "--on", "2024-06-01", "--lang", language]
    assert CliRunner().invoke(app, ["template", name, "-o", file, "--lang", language]).stdout == f"{file}: {written}\n"
    again = CliRunner().invoke(app, make)
    assert (again.exit_code, "file-exists" in again.stderr, again.stdout) == (1, True, "")
    checked = CliRunner().invoke(app, ["check", file, "--schedule", name, "--json", "--lang", language])
    assert (checked.exit_code, noted in checked.stderr, noted in checked.stdout) == (0, True, False)
    assert CliRunner().invoke(app, [*make, "--force"]).exit_code == 0
    assert "资金测算" in openpyxl.load_workbook(file).sheetnames or language == "en"
    assert CliRunner().invoke(app, ["template", "-o", file]).exit_code == 2
