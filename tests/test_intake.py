"""What becomes of a roster's cells and rows, and every finding about them in both languages."""

from __future__ import annotations

import datetime
import random
from dataclasses import replace
from typing import Any

import polars as pl
import pytest

from subsidy.finding import Finding, Place
from subsidy.roster.cells import LAST_DAY
from subsidy.roster.intake import Intake, intake
from subsidy.roster.raw import raw_table, text_array
from subsidy.roster.tables import Roster
from subsidy.schedule.load import Version, load_text

SCHEDULE = """
schedule: cn/nowhere/homes
document: {number: 测试〔2023〕1号, issuer: 测试, issued: 2023-01-01}
in_force: {from: 2023-01-01}
revision: 1
place: CN-0000
facts:
  regions: {region: key, name: text}
  homes:
    home: key
    region: regions
    grade: {one_of: [good, fair, plain], blank: plain}
    opened: {date: .., blank: none}
    licensed: {yes_no: .., blank: no}
    cost: {yuan: 0..1000000, blank: 0}
    share: {percent: 0..100}
    area: {m2: 0..price_cap, blank: open}
    guests: {count: stays}
    large: {formula: "cost >= 1"}
  gradings: {home: homes, from: date, stars: {star: 0..5}, mark: {one_of: [high, low], blank: low}}
  stays:
    stay: key
    person: text
    home: homes
    from: date
    to: {date: .., blank: ongoing}
    room: {text: .., blank: none}
  conditions: {person: text, from: date, frail: yes_no}
  visits: {visit: key, home: homes, month: month, visitors: {visitor: 0..1000}}
  reports: {report: key, home: homes, year: year, filed: yes_no, home_region: {ref: districts, blank: none}}
  workers:
    span: [hired, left]
    worker: key
    person: text
    home: homes
    hired: date
    left: {date: .., blank: ongoing}
values:
  price_cap: {unit: yuan, is: 500}
words: {homes: 养老院, stays: 入住, home: 院号, stay: 编号, person: 姓名, from: 入住日期, to: 离开日期, good: 好,
  fair: 中, cost: 实际费用, yuan: 元, grade: 等级, region: 区域, opened: 开业日期, licensed: 持证}
"""
HOME = {"home": "H1", "region": "R1", "share": "40"}
STAY = {"stay": "S1", "person": "甲", "home": "H1", "from": "2023-01-01"}
REGIONS = [{"region": "R1"}]


@pytest.fixture(scope="module")
def version() -> Version:
    return load_text(SCHEDULE)


def days(text: str) -> int:
    return datetime.date.fromisoformat(text).toordinal() - 719_163


def read(version: Version, **tables: Any) -> Intake:
    tables.setdefault("regions", REGIONS)
    return intake(Roster(**tables), [version])


def homes(version: Version, *rows: dict[str, Any]) -> Intake:
    return read(version, homes=[{**HOME, "home": f"H{i}", **row} for i, row in enumerate(rows, 1)])


def stays(version: Version, *rows: dict[str, Any], **tables: Any) -> Intake:
    named = [{**STAY, "stay": f"S{i}", **row} for i, row in enumerate(rows, 1)]
    return read(version, homes=[HOME, {**HOME, "home": "H2"}], stays=named, **tables)


def column(result: Intake, table: str, name: str) -> list[Any]:
    return list(result.tables[table].column(name).to_pylist())


def only(result: Intake) -> Finding:
    assert len(result.findings) == 1, [finding.line() for finding in result.findings]
    return result.findings[0]


def lines(finding: Finding) -> tuple[str, str]:
    """Both languages without the place."""
    placeless = replace(finding, place=Place())
    return placeless.line("zh"), placeless.line("en")


# --- cells that are right ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "written", "stored"),
    [
        ("cost", "12", 1200), ("cost", "12.50", 1250), ("cost", "12.500", 1250), ("cost", "0", 0),
        ("share", "25%", 2500), ("share", "25", 2500), ("share", "33.33 %", 3333), ("share", 100, 10000),
        ("grade", "good", "good"), ("grade", "好", "good"), ("grade", "Fair", "fair"),
        ("licensed", "是", True), ("licensed", "无", False), ("licensed", "1", True), ("licensed", "FALSE", False),
        ("licensed", True, True), ("area", "12.25", 1225),
    ],
)  # fmt: skip
def test_a_cell_becomes_what_its_column_stores(version: Version, name: str, written: object, stored: object) -> None:
    result = homes(version, {name: written})
    assert not result.findings
    assert column(result, "homes", name) == [stored]


@pytest.mark.parametrize(
    "written",
    ["2023-03-05", "2023/3/5", "20230305", "2023年3月5日", "2023.3.5", "2023-03-05 00:00:00", "2023-3-5",
     " 2023-03-05 ", datetime.date(2023, 3, 5), datetime.datetime(2023, 3, 5)],
)  # fmt: skip
def test_a_date_becomes_three_columns(version: Version, written: object) -> None:
    result = homes(version, {"opened": written})
    assert not result.findings
    parts = [column(result, "homes", name)[0] for name in ("opened", "opened#m", "opened#d")]
    assert parts == [days("2023-03-05"), 2023 * 12 + 2, 5]


@pytest.mark.parametrize("written", ["2023-03", "202303", "2023年3月", "2023/3", "2023-3", datetime.date(2023, 3, 1)])
def test_months(version: Version, written: object) -> None:
    result = read(version, homes=[HOME], visits=[{"visit": "V1", "home": "H1", "month": written, "visitors": 5}])
    assert not result.findings
    assert column(result, "visits", "month") == [2023 * 12 + 2]


@pytest.mark.parametrize("written", ["2023", "2023年", 2023, 2023.0])
def test_years(version: Version, written: object) -> None:
    result = read(version, homes=[HOME], reports=[{"report": "V1", "home": "H1", "year": written}])
    assert not result.findings
    assert column(result, "reports", "year") == [2023]


def test_blanks_are_what_the_schedule_says(version: Version) -> None:
    result = homes(version, {"grade": None, "licensed": " ", "cost": "", "share": None, "area": None, "opened": None})
    assert not result.findings
    row = result.tables["homes"].to_pylist()[0]
    assert (row["grade"], row["licensed"], row["cost"]) == ("plain", False, 0)
    assert row["share"] is row["area"] is row["opened"] is row["opened#m"] is None
    assert "cost" in result.solid["homes"]
    assert "share" not in result.solid["homes"]


def test_columns_not_given_are_blank(version: Version) -> None:
    row = read(version, homes=[HOME]).tables["homes"].to_pylist()[0]
    assert (row["grade"], row["cost"], row["count"], row["opened#d"], row["_row"]) == ("plain", 0, None, None, 1)


def test_an_end_that_is_ongoing(version: Version) -> None:
    result = stays(version, {"to": None}, {"person": "乙", "to": "9999-12-31"}, {"person": "丙", "to": "2023-02-01"})
    assert not result.findings
    assert column(result, "stays", "to") == [LAST_DAY[0], LAST_DAY[0], days("2023-02-01")]
    assert column(result, "stays", "life#to#m") == [9999 * 12 + 11, 9999 * 12 + 11, 2023 * 12 + 1]
    assert {"life#from", "life#to", "to", "to#d"} <= result.solid["stays"]


def test_a_life_named_otherwise(version: Version) -> None:
    worker = {"worker": "W1", "person": "甲", "home": "H1", "hired": "2023-01-05"}
    result = read(version, homes=[HOME], workers=[worker])
    assert column(result, "workers", "life#from") == column(result, "workers", "hired") == [days("2023-01-05")]


def test_texts_are_stripped_and_otherwise_kept(version: Version) -> None:
    result = stays(version, {"room": " 007 "})
    assert column(result, "stays", "room") == ["007"]


def test_ready_figures_are_taken_where_given(version: Version) -> None:
    result = homes(version, {"stars": 3, "guests": 12, "large": "是"}, {"stars": None, "guests": None, "large": None})
    assert not result.findings
    assert result.given == {"homes": {"stars", "guests", "large"}}
    assert column(result, "homes", "guests") == [12, None]
    assert column(result, "homes", "large") == [True, None]
    assert "guests" not in homes(version, {}).tables["homes"].column_names


def test_a_blank_ready_figure_stays_blank_whatever_its_history_says(version: Version) -> None:
    result = homes(version, {"mark": "high"}, {"mark": None})
    assert column(result, "homes", "mark") == ["high", None]


def test_chinese_names_units_and_remarks(version: Version) -> None:
    result = read(
        version,
        养老院=[
            {
                "院号": "H1",
                "区域": "R1",
                "实际费用（元）": "12.5",
                "share (%)": "5",
                "备注": "无",
                "Note 2": "x",
                "等级": "中",
            }
        ],
        说明=[{"x": "y"}],
    )
    assert not result.findings
    assert column(result, "homes", "cost") == [1250]
    assert column(result, "homes", "grade") == ["fair"]
    assert result.heading("homes", "cost") == "实际费用（元）"
    assert result.heading("homes", "opened") == "opened"
    assert result.names["homes"] == "养老院"


def test_names_may_differ_in_case_and_spaces(version: Version) -> None:
    result = read(version, Reports=[{"Report": "1", "Home": None, "YEAR": 2023, "Home Region": "碑林"}], homes=[HOME])
    assert only(result).code == "blank-cell"
    assert result.headings["reports"]["home_region"] == "Home Region"


def test_a_table_without_headings_is_empty(version: Version) -> None:
    result = read(version, homes=[HOME], stays=[])
    assert not result.findings
    assert result.tables["stays"].num_rows == 0
    assert "life#from" in result.tables["stays"].column_names


# --- tables and columns that are wrong -----------------------------------------------------------------------------


def test_unknown_table(version: Version) -> None:
    assert lines(only(read(version, home_s=[HOME], homess=[HOME]))) == (
        "错误 [unknown-table] «homess» 没有名为 homess 的表；是否应为 homes。",
        "error [unknown-table] «homess» there is no table homess; perhaps homes is meant.",
    )


def test_unknown_column(version: Version) -> None:
    finding = only(homes(version, {"入住曰期": "1"}))
    assert finding.code == "unknown-column"
    assert finding.why.zh == "没有名为 入住曰期 的列"
    finding = only(homes(version, {"licenced": "1"}))
    assert lines(finding) == (
        "错误 [unknown-column] «licenced» 没有名为 licenced 的列；是否应为 licensed。",
        "error [unknown-column] «licenced» there is no column licenced; perhaps licensed is meant.",
    )
    assert (finding.place.sheet, finding.place.row, finding.place.column) == ("homes", 0, "licenced")


def test_nearest_name_is_chinese_for_a_chinese_heading(version: Version) -> None:
    assert only(homes(version, {"开业日": "1"})).remedy.en == "perhaps 开业日期 is meant"


def test_duplicate_table(version: Version) -> None:
    assert lines(only(read(version, homes=[HOME], 养老院=[HOME]))) == (
        "错误 [duplicate-table] «养老院» homes 也是表 homes；请合并为一张表。",
        "error [duplicate-table] «养老院» homes is the table homes too; join the two into one.",
    )


def test_duplicate_column(version: Version) -> None:
    assert lines(only(homes(version, {"cost": 1, "实际费用(元)": 2}))) == (
        "错误 [duplicate-column] «实际费用(元)» cost 也是列 cost；请只保留一列。",
        "error [duplicate-column] «实际费用(元)» cost is the column cost too; keep one of the two.",
    )


def test_ambiguous_column() -> None:
    version = load_text(SCHEDULE.replace("持证}", "持证, area: 面积, share: 面积}"))
    assert lines(only(read(version, homes=[{**HOME, "面积": "1"}]))) == (
        "错误 [ambiguous-column] «面积» 面积 可指 share / area；请以英文列名为标题。",
        "error [ambiguous-column] «面积» 面积 may be share / area; use the identifier as the heading.",
    )


@pytest.mark.parametrize("unit", ["万元", "千元", "角"])
def test_wrong_unit(version: Version, unit: str) -> None:
    heading = f"实际费用({unit})"
    result = homes(version, {heading: "12"})
    assert lines(only(result)) == (
        f"错误 [wrong-unit] «{heading}» 单位是 {unit}，应为 元；请换算为 元，并更改标题。",
        f"error [wrong-unit] «{heading}» this is in {unit} and should be in yuan; "
        "convert the figures to yuan and change the heading.",
    )


def test_missing_column(version: Version) -> None:
    result = read(version, homes=[HOME], stays=[{"stay": "S1", "person": "甲", "home": "H1"}, {"stay": "S2"}])
    assert lines(only(result)) == (
        "错误 [missing-column] «from» 缺少列 入住日期(from)；请补上 入住日期(from) 列。",
        "error [missing-column] «from» the column from is missing; add the column from.",
    )
    assert result.blocked == {"stays": 2}
    assert "stays" not in result.tables


@pytest.mark.parametrize(
    ("table", "row", "missing"),
    [
        ("homes", {"region": "R1"}, {"home"}),
        ("homes", {"home": "H1"}, {"region"}),
        ("stays", {"stay": "S1", "home": "H1", "from": "2023-01-01"}, {"person"}),
        ("stays", {"stay": "S1", "home": "H1", "from": "2023-01-01", "count": 5}, set()),
        ("visits", {"visit": "V1", "home": "H1"}, {"month"}),
        ("reports", {"report": "V1", "home": "H1"}, {"year"}),
        ("conditions", {"frail": "yes"}, {"person", "from"}),
    ],
)
def test_which_columns_are_needed(version: Version, table: str, row: dict[str, Any], missing: set[str]) -> None:
    result = read(version, **{"homes": [HOME], table: [row]})
    assert {finding.value for finding in result.findings if finding.code == "missing-column"} == missing


def test_no_heading(version: Version) -> None:
    raw = raw_table("regions", ["region", ""], [text_array(pl.Series(["R1"]).to_arrow())] * 2, [1])
    assert lines(only(intake(Roster.of([raw]), [version]))) == (
        "错误 [no-heading] 第 2 列有内容而无标题；请填写标题，或删除该列。",
        "error [no-heading] column 2 has cells and no heading; give it a heading, or delete it.",
    )


def test_missing_table(version: Version) -> None:
    result = intake(Roster(homes=[HOME, {**HOME, "home": "H2"}]), [version])
    assert lines(only(result)) == (
        "错误 [missing-table] 缺少表 regions；请补上工作表 regions。",
        "error [missing-table] the table regions is missing; add a sheet regions.",
    )
    assert result.blocked == {"homes": 2}


def test_districts_may_be_absent(version: Version) -> None:
    report = {"report": "V1", "home": "H1", "year": 2023, "home_region": "碑林区"}
    result = read(version, homes=[HOME], reports=[report])
    assert not result.findings
    assert column(result, "reports", "home_region") == ["碑林区"]


def test_versions_that_differ_cannot_be_read_together(version: Version) -> None:
    more = SCHEDULE.replace("[good, fair, plain]", "[good, fair, plain, new]").replace("0..1000000", "0..2000000")
    wider = load_text(more)
    result = intake(Roster(regions=REGIONS, homes=[{**HOME, "grade": "new", "cost": 2000000}]), [version, wider])
    assert not result.findings
    finer = load_text(SCHEDULE.replace("share: {percent: 0..100}", "share: {percent: 0..100, decimals: 5}"))
    assert lines(only(intake(Roster(regions=REGIONS, homes=[HOME]), [version, finer]))) == (
        "错误 [versions-differ] 各版本对列 share 的定义不同；请分别计算各版本。",
        "error [versions-differ] the versions define the column share in different ways; calculate them one by one.",
    )


# --- cells that are wrong ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "written", "zh", "en"),
    [
        ("cost", "十二", "错误 [not-a-number] «十二» 不是数字；请写成 12 或 12.50 的形式，不带单位。",
         "error [not-a-number] «十二» this is not a number; write it like 12 or 12.50, without a unit."),
        ("cost", "1,234.50", "错误 [thousands-separator] «1,234.50» 数字中有千位分隔符；请写成 1234.50。",
         "error [thousands-separator] «1,234.50» this number has thousands separators; write 1234.50."),
        ("cost", "１２", "错误 [full-width] «１２» 含有全角数字或符号；请改用半角，例如 12.50。",
         "error [full-width] «１２» there are full-width digits or signs; use plain digits, such as 12.50."),
        ("cost", "0.125", "错误 [too-many-decimals] «0.125» 小数位过多；最多 2 位小数。",
         "error [too-many-decimals] «0.125» there are too many decimals; give at most 2 decimals."),
        ("stars", "2.5", "错误 [too-many-decimals] «2.5» 此列须为整数；请写成 12 的形式。",
         "error [too-many-decimals] «2.5» this column holds whole numbers; write it like 12."),
        ("cost", "-1", "错误 [out-of-range] «-1» 超出范围 0..1000000 元；请核对数值和单位。",
         "error [out-of-range] «-1» this is outside the range 0..1000000 yuan; check the figure and its unit."),
        ("share", "100.01", "错误 [out-of-range] «100.01» 超出范围 0..100 %；请核对数值和单位。",
         "error [out-of-range] «100.01» this is outside the range 0..100 percent; check the figure and its unit."),
        ("opened", "2023-13-01", "错误 [no-such-day] «2023-13-01» 没有这一天；请核对年月日。",
         "error [no-such-day] «2023-13-01» there is no such day; check year, month and day."),
        ("opened", "5 March", "错误 [not-a-date] «5 March» 不是日期；请写成 2023-03-05。",
         "error [not-a-date] «5 March» this is not a date; write it like 2023-03-05."),
        ("opened", datetime.datetime(2023, 3, 5, 8),
         "错误 [time-of-day] «2023-03-05 08:00:00» 日期带有时刻；请只写日期，例如 2023-03-05。",
         "error [time-of-day] «2023-03-05 08:00:00» this date has a time of day; "
         "write the day alone, such as 2023-03-05."),
        ("opened", "1023-01-01", "错误 [year-out-of-range] «1023-01-01» 年份不在 1900–2200 之间；请核对年份。",
         "error [year-out-of-range] «1023-01-01» the year is not in 1900–2200; check the year."),
        ("licensed", "maybe", "错误 [not-yes-or-no] «maybe» 不是“是”或“否”；请写 是 或 否。",
         "error [not-yes-or-no] «maybe» this is neither yes nor no; write yes or no."),
        ("grade", "goood", "错误 [unknown-category] «goood» 没有类别 goood；是否应为 good。",
         "error [unknown-category] «goood» there is no category goood; perhaps good is meant."),
        ("home", "6.10102E+17", "错误 [lost-digits] «6.10102E+17» 长数字变成了科学计数法，末尾数位已丢失；"
         "请把该列设为文本格式后重新填写。",
         "error [lost-digits] «6.10102E+17» a long number became an exponent and lost its last digits; "
         "format the column as text and enter it again."),
    ],
)  # fmt: skip
def test_a_wrong_cell_names_its_place(version: Version, name: str, written: object, zh: str, en: str) -> None:
    result = homes(version, {}, {name: written})
    finding = only(result)
    assert finding.line("zh") == f"homes:2:{name}: {zh}"
    assert finding.line("en") == f"homes:2:{name}: {en}"
    assert (finding.table, result.blocked) == ("homes", {"homes": 1})
    assert column(result, "homes", "home") == ["H1"]


@pytest.mark.parametrize(
    ("written", "zh", "en"),
    [
        ("March", "错误 [not-a-month] «March» 不是月份；请写成 2023-03。",
         "error [not-a-month] «March» this is not a month; write it like 2023-03."),
        ("2023-13", "错误 [no-such-month] «2023-13» 没有这个月；月份为 1 至 12。",
         "error [no-such-month] «2023-13» there is no such month; months are 1 to 12."),
        ("2023-03-05", "错误 [not-a-month] «2023-03-05» 不是月份；请写成 2023-03。",
         "error [not-a-month] «2023-03-05» this is not a month; write it like 2023-03."),
    ],
)  # fmt: skip
def test_wrong_months(version: Version, written: str, zh: str, en: str) -> None:
    finding = only(read(version, homes=[HOME], visits=[{"visit": "V1", "home": "H1", "month": written}]))
    assert (finding.line("zh"), finding.line("en")) == (f"visits:1:month: {zh}", f"visits:1:month: {en}")
    assert finding.subject == "V1"


def test_wrong_year(version: Version) -> None:
    finding = only(read(version, homes=[HOME], reports=[{"report": "V1", "home": "H1", "year": "23"}]))
    assert finding.line("zh") == "reports:1:year: 错误 [not-a-year] «23» 不是年份；请写成 2023。"
    assert finding.line("en") == "reports:1:year: error [not-a-year] «23» this is not a year; write it like 2023."


def test_a_range_that_ends_in_a_value_is_not_checked_here(version: Version) -> None:
    assert not homes(version, {"area": "99999"}).findings
    assert only(homes(version, {"area": "9" * 30})).code == "out-of-range"


def test_blank_cells_that_cannot_be(version: Version) -> None:
    result = stays(version, {"home": None}, {"from": None, "person": "乙"}, {"stay": None, "person": "丙"})
    assert [finding.line("zh") for finding in result.findings] == [
        "stays:1:home: 错误 [blank-cell] 此格不能为空；请填写 院号(home)。",
        "stays:2:from: 错误 [blank-cell] 此格不能为空；请填写 入住日期(from)。",
        "stays:3:stay: 错误 [blank-cell] 此格不能为空；请填写 编号(stay)。",
    ]
    assert result.findings[0].line("en") == "stays:1:home: error [blank-cell] this cell cannot be blank; fill in home."
    assert result.blocked == {"stays": 3}


def test_nobody(version: Version) -> None:
    result = stays(version, {"person": None}, {"person": None, "count": 3})
    finding = only(result)
    assert finding.line("zh") == "stays:1:person: 错误 [blank-cell] 既无人员，也无人数；请填写人员，或填写人数 count。"
    assert finding.line("en") == (
        "stays:1:person: error [blank-cell] neither a person nor a count is given; give the person, or a count."
    )
    assert column(result, "stays", "count") == [3]


def test_a_count_is_a_positive_whole_number(version: Version) -> None:
    assert only(stays(version, {"person": None, "count": 0})).why.en == "this is outside the range 1..10000000"


# --- rows against each other ---------------------------------------------------------------------------------------


def test_duplicate_key(version: Version) -> None:
    result = homes(version, {}, {"home": "H1", "cost": 5}, {})
    finding = only(result)
    assert finding.line("zh") == "homes:2:home: 错误 [duplicate-key] «H1» 编号重复，首次在第 1 行；每行须有自己的编号。"
    assert finding.line("en") == (
        "homes:2:home: error [duplicate-key] «H1» this key is given twice, first in row 1; "
        "give each row a key of its own."
    )
    assert column(result, "homes", "_row") == [3]
    assert result.blocked == {"homes": 2}


DOUBLE_HOMES = [{**HOME, "cost": 1}, {**HOME, "cost": 2}, {**HOME, "home": "H2"}]
DOUBLE_GRADINGS = [
    {"home": "H2", "from": "2023-01-01", "stars": 9}, {"home": "H2", "from": "2023-01-01", "stars": 4},
    {"home": "H2", "from": "2022-01-01", "stars": 1},
]  # fmt: skip
DOUBLE_STAYS = [
    {**STAY, "home": "H2", "room": "1"},
    {**STAY, "home": "H2", "stay": "S2", "to": "2023-03-31"},
    {**STAY, "home": "H2", "stay": "S3", "to": "2023-03-31", "room": "2"},
    {**STAY, "stay": "S4", "person": "乙"},
]


def test_what_is_blocked_does_not_depend_on_the_order_of_rows(version: Version) -> None:
    def usable(homes: Any, gradings: Any, stays: Any) -> Any:
        result = read(version, homes=homes, gradings=gradings, stays=stays)
        tables = {name: table.drop(["_row"]).to_pylist() for name, table in result.tables.items()}
        return {name: sorted(rows, key=str) for name, rows in tables.items()}, result.blocked

    first = usable(DOUBLE_HOMES, DOUBLE_GRADINGS, DOUBLE_STAYS)
    assert first == usable(DOUBLE_HOMES[::-1], DOUBLE_GRADINGS[::-1], DOUBLE_STAYS[::-1])
    assert first[1] == {"homes": 2, "gradings": 2, "stays": 3}
    assert [row["stay"] for row in first[0]["stays"]] == ["S2"]


def test_of_two_columns_or_tables_of_one_name_neither_is_used(version: Version) -> None:
    assert homes(version, {"cost": 1, "实际费用(元)": 2}).blocked == {"homes": 1}
    assert "homes" not in read(version, homes=[HOME], 养老院=[HOME]).tables


def test_blocking_a_row_later_blocks_those_that_refer_to_it(version: Version) -> None:
    gradings = [{"home": "H2", "from": f"202{year}-01-01", "stars": year} for year in (2, 3)]
    result = stays(version, {}, {"home": "H2", "person": "乙"}, gradings=gradings)
    less = result.without([("homes", 1), ("gradings", 2)])
    assert column(less, "homes", "home") == ["H2"]
    assert column(less, "stays", "stay") == ["S2"]
    assert column(less, "gradings", "stars") == [2, None]
    assert less.blocked == {"homes": 1, "stays": 1, "gradings": 1}
    assert [(finding.code, finding.table, finding.place.row) for finding in less.findings] == [
        ("blocked-reference", "stays", 1)
    ]
    assert "stars" in result.solid["gradings"]
    assert "stars" not in less.solid["gradings"]
    assert not result.blocked
    assert not result.findings


def test_blocking_a_row_blocks_those_joined_to_it(version: Version) -> None:
    days_of = [{"to": "2023-01-31"}, {"from": "2023-02-01", "to": "2023-02-28"}, {"from": "2023-03-01", "room": "1"}]
    result = stays(version, *days_of)
    less = result.without([("stays", 1)])
    assert column(less, "stays", "stay") == ["S3"]
    assert column(less, "stays", "from") == column(less, "stays", "life#from")
    assert less.blocked == {"stays": 2}


def test_unknown_reference(version: Version) -> None:
    result = stays(version, {"home": "H11"})
    finding = only(result)
    assert (
        finding.line("zh") == "stays:1:home: 错误 [unknown-reference] «H11» 表 养老院(homes) 中没有 H11；是否应为 H1。"
    )
    assert finding.line("en") == (
        "stays:1:home: error [unknown-reference] «H11» the table homes has no row H11; perhaps H1 is meant."
    )
    assert result.tables["stays"].num_rows == 0


def test_rows_that_refer_to_a_blocked_row_are_blocked_too(version: Version) -> None:
    result = read(
        version, homes=[{**HOME, "cost": "x"}, {**HOME, "home": "H2"}], gradings=[{"home": "H1", "from": "2023-01-01"}],
        stays=[STAY, {**STAY, "stay": "S2", "home": "H2", "person": "乙"}],
    )  # fmt: skip
    assert result.blocked == {"homes": 1, "stays": 1, "gradings": 1}
    assert [finding.code for finding in result.errors] == ["not-a-number"]
    warning = next(finding for finding in result.findings if finding.table == "stays")
    assert lines(warning) == (
        "提示 [blocked-reference] «H1» 所引用的 养老院(homes) H1 有错误；请先改正该行。",
        "warning [blocked-reference] «H1» the row H1 of homes, to which this refers, has an error; "
        "correct that row first.",
    )


def test_reversed_dates(version: Version) -> None:
    finding = only(stays(version, {"from": "2023-02-01", "to": "2023-01-31"}, {"person": "乙", "to": "2023-01-01"}))
    assert finding.line("zh") == "stays:1:to: 错误 [reversed-dates] «2023-01-31» 结束早于开始；请核对起止日期。"
    assert finding.line("en") == (
        "stays:1:to: error [reversed-dates] «2023-01-31» this ends before it begins; "
        "compare the first and the last day."
    )


def test_overlapping_stays(version: Version) -> None:
    result = stays(
        version, {"to": "2023-06-30"}, {"from": "2023-02-01", "to": "2023-02-28"}, {"from": "2023-06-30"},
        {"person": "乙"},
    )  # fmt: skip
    assert [finding.place.row for finding in result.findings] == [2, 3]
    finding = result.findings[1]
    assert finding.line("zh") == (
        "stays:3:from: 错误 [overlapping-stays] «2023-06-30» 同一人的起止日期重叠，另一行是第 1 行；"
        "请更正其中一行的起止日期。"
    )
    assert finding.line("en") == (
        "stays:3:from: error [overlapping-stays] «2023-06-30» the days of one person overlap, the other is row 1; "
        "correct the dates of one of the two."
    )
    assert column(result, "stays", "stay") == ["S1", "S4"]


def test_two_places_for_one_day_is_a_move(version: Version) -> None:
    assert not stays(version, {"to": "2023-01-31"}, {"from": "2023-01-31", "home": "H2"}).findings


def test_two_places_for_longer(version: Version) -> None:
    result = stays(version, {"to": "2023-01-31"}, {"from": "2023-01-30", "home": "H2"})
    finding = only(result)
    assert lines(finding) == (
        "提示 [two-places] «2023-01-30» 同一人同时在两处超过一天，另一行是第 1 行；请更正其中一行的起止日期。",
        "warning [two-places] «2023-01-30» one person is in two places for more than a day, the other is row 1; "
        "correct the dates of one of the two.",
    )
    assert not result.blocked


def test_a_row_whose_end_cannot_be_read_overlaps_nothing(version: Version) -> None:
    assert only(stays(version, {"to": "x"}, {"from": "2023-05-01"})).code == "not-a-date"


def test_rows_with_a_count_are_no_persons(version: Version) -> None:
    assert not stays(version, {"person": None, "count": 2}, {"person": None, "count": 3}).findings


def test_duplicate_history_leaves_neither_figure(version: Version) -> None:
    rows = [{"home": "H1", "from": "2023-01-01", "stars": 3}, {"home": "H1", "from": "2023/1/1", "stars": 4}]
    result = read(version, homes=[HOME], gradings=rows)
    finding = only(result)
    assert finding.line("zh") == (
        "gradings:2:from: 错误 [duplicate-history] «2023/1/1» 同一对象同一日有两行，首次在第 1 行；请只保留正确的一行。"
    )
    assert finding.line("en") == (
        "gradings:2:from: error [duplicate-history] «2023/1/1» there are two rows for the same subject and day, "
        "first in row 1; keep the one that is right."
    )
    assert finding.subject == "H1"
    assert column(result, "gradings", "stars") == [None]
    assert result.blocked == {"gradings": 2}


def test_a_wrong_row_of_a_history_stays_and_says_nothing(version: Version) -> None:
    rows = [{"home": "H1", "from": "2022-01-01", "stars": 3}, {"home": "H1", "from": "2023-01-01", "stars": 9}]
    result = read(version, homes=[HOME], gradings=rows)
    assert only(result).code == "out-of-range"
    assert column(result, "gradings", "stars") == [3, None]
    assert column(result, "gradings", "valid_to") == [days("2022-12-31"), LAST_DAY[0]]


def test_unknown_person(version: Version) -> None:
    rows = [{"person": name, "from": "2023-01-01", "frail": "yes"} for name in ("甲", "乙")]
    result = stays(version, {}, conditions=rows)
    finding = only(result)
    assert (
        finding.line("zh") == "conditions:2:person: 提示 [unknown-person] «乙» 没有其他表提到此人；请核对两处的写法。"
    )
    assert finding.line("en") == (
        "conditions:2:person: warning [unknown-person] «乙» no other table names this person; "
        "compare how the person is written in both."
    )
    assert result.tables["conditions"].num_rows == 2


def test_at_most_two_hundred_findings_of_a_kind(version: Version) -> None:
    result = homes(version, *({"cost": "x"} for _ in range(250)))
    assert len(result.findings) == 201
    closing = next(finding for finding in result.findings if not finding.place.row)
    assert lines(closing) == (
        "错误 [not-a-number] 此类疑点另有 50 处，未逐一列出；请先改正已列出的。",
        "error [not-a-number] 50 more findings of this kind are not listed; correct those that are listed first.",
    )
    assert result.blocked == {"homes": 250}
    assert result.findings == sorted(result.findings)


# --- spells and histories ------------------------------------------------------------------------------------------


def test_adjoining_rows_that_agree_are_one(version: Version) -> None:
    result = stays(
        version, {"from": "2023-03-01", "room": "1"}, {"from": "2023-02-01", "to": "2023-02-28", "room": "1"},
        {"from": "2023-01-01", "to": "2023-01-31", "room": "1"},
    )  # fmt: skip
    assert not result.findings
    row = result.tables["stays"].to_pylist()[0]
    assert result.tables["stays"].num_rows == 1
    assert (row["stay"], row["_row"], row["from"], row["life#from"]) == (
        "S3",
        3,
        days("2023-01-01"),
        days("2023-01-01"),
    )
    assert (row["to"], row["life#to"], row["life#to#d"]) == (LAST_DAY[0], LAST_DAY[0], 31)


def test_adjoining_rows_that_differ_keep_their_days_and_share_the_start(version: Version) -> None:
    result = stays(
        version, {"to": "2023-01-31", "room": "1"}, {"from": "2023-02-01", "to": "2023-02-28", "room": "2"},
        {"from": "2023-03-01", "room": "2"},
    )  # fmt: skip
    assert column(result, "stays", "stay") == ["S1", "S2"]
    assert column(result, "stays", "from") == [days("2023-01-01")] * 2
    assert column(result, "stays", "from#m") == [2023 * 12] * 2
    assert column(result, "stays", "life#from") == [days("2023-01-01"), days("2023-02-01")]
    assert column(result, "stays", "life#to") == [days("2023-01-31"), LAST_DAY[0]]


@pytest.mark.parametrize(
    "later",
    [{"from": "2023-02-02"}, {"from": "2023-02-01", "home": "H2"}, {"from": "2023-02-01", "person": "乙"},
     {"from": "2023-02-01", "count": 1}],
)  # fmt: skip
def test_what_is_no_spell(version: Version, later: dict[str, Any]) -> None:
    result = stays(version, {"to": "2023-01-31"}, later)
    assert result.tables["stays"].num_rows == 2
    assert column(result, "stays", "from") == column(result, "stays", "life#from")


def test_a_history_is_valid_until_its_next_row(version: Version) -> None:
    rows = [("H1", "2023-05-01"), ("H2", "2023-02-01"), ("H1", "2023-01-01"), ("H1", "2023-03-01")]
    result = read(
        version, homes=[HOME, {**HOME, "home": "H2"}],
        gradings=[{"home": home, "from": day, "stars": 1} for home, day in rows],
    )  # fmt: skip
    assert column(result, "gradings", "valid_to") == [
        LAST_DAY[0], LAST_DAY[0], days("2023-02-28"), days("2023-04-30"),
    ]  # fmt: skip


@pytest.mark.parametrize("seed", range(30))
def test_lives_as_a_plain_reading_of_the_rules_has_them(version: Version, seed: int) -> None:
    chance = random.Random(seed)
    rows = []
    for i in range(12):
        start = chance.randint(1, 20)
        rows.append({
            "stay": f"S{i}", "person": chance.choice("甲乙"), "home": chance.choice(["H1", "H2"]),
            "from": f"2023-01-{start:02}", "to": f"2023-01-{start + chance.randint(0, 5):02}",
            "room": chance.choice(["1", "2", None]),
        })  # fmt: skip
    result = stays(version, *rows)
    same, elsewhere = plain_overlaps(rows)
    found = {
        code: {finding.place.row - 1 for finding in result.findings if finding.code == code}
        for code in ("overlapping-stays", "two-places")
    }
    assert found == {"overlapping-stays": same, "two-places": elsewhere}
    kept = [row for i, row in enumerate(rows) if i not in same]
    names = ("stay", "from", "life#from", "life#to")
    got = zip(*(column(result, "stays", name) for name in names), strict=True)
    assert sorted(got) == sorted(plain_spells(kept))


def plain_overlaps(rows: list[dict[str, Any]]) -> tuple[set[int], set[int]]:
    same, elsewhere = set(), set()
    for i, later in enumerate(rows):
        for earlier in rows:
            by_content = [tuple(row[name] for name in ("from", "to", "stay")) for row in (later, earlier)]
            if later["person"] == earlier["person"] and by_content[0] > by_content[1]:
                if later["home"] == earlier["home"]:
                    same |= {i} if earlier["to"] >= later["from"] else set()
                elif min(earlier["to"], later["to"]) > later["from"]:
                    elsewhere.add(i)
    return same, elsewhere


def plain_spells(rows: list[dict[str, Any]]) -> list[tuple[str, int, int, int]]:
    joined: list[dict[str, Any]] = []
    for written in sorted(rows, key=lambda row: (row["person"], row["home"], row["from"])):
        row = {**written, "first": days(written["from"]), "own": days(written["from"]), "to": days(written["to"])}
        before = joined[-1] if joined else None
        if before and all(before[name] == row[name] for name in ("person", "home")) and before["to"] + 1 == row["own"]:
            row["first"] = before["first"]
            if before["room"] == row["room"]:
                before["to"] = row["to"]
                continue
        joined.append(row)
    return [(row["stay"], row["first"], row["own"], row["to"]) for row in joined]


# --- many rows -----------------------------------------------------------------------------------------------------


def test_many_rows_are_read_and_their_stays_joined(version: Version) -> None:
    count = 100_000
    frame = pl.DataFrame({
        "stay": [f"S{i}" for i in range(count)], "person": [f"P{i % 70_000}" for i in range(count)],
        "home": ["H1"] * count, "from": ["2023-01-01" if i < 70_000 else "2023-07-01" for i in range(count)],
        "to": ["2023-06-30" if i < 70_000 else None for i in range(count)],
    })  # fmt: skip
    result = read(version, homes=[HOME], stays=frame)
    assert not result.findings
    assert result.tables["stays"].num_rows == 70_000
