"""The budget book: recalculated by another program it gives the engine's numbers, and a roster's text stays text."""

from __future__ import annotations

import csv
import shutil
import subprocess
import sys
from decimal import Decimal
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from random_schedules import Case, cases
from test_together_equals_oracle import THOROUGH, randomly, schedule
from typer.testing import CliRunner

import subsidy
from subsidy.budget.cases import load_case, read_cases
from subsidy.cli import app
from subsidy.finding import Language, RosterError
from subsidy.report.book import detail
from subsidy.report.capitals import in_capitals

CASES = Path(__file__).parent / "cases"
RECALCULATE = Path(sys.executable).parent / "formualizer"
XIAN = "cn/xian/elderly-care"
DISTRICTS = [{"district": "D1", "name": "东区"}, {"district": "D2", "name": "西区"}]
FACILITIES = [
    {"facility": "F1", "name": "康宁养老院", "district": "D1", "star": "5"},
    {"facility": "F2", "name": "福寿养老院", "district": "D1", "star": "3"},
    {"facility": "F3", "name": "安康养老院", "district": "D2", "star": "1"},
]


def stay(number: str, facility: str, ability: str, first: str, last: str = "") -> dict[str, str]:
    return {
        "resident": f"R{number}", "person": f"P{number}", "facility": facility, "ability": ability,
        "from": first, "to": last,
    }  # fmt: skip


def small(**tables: Any) -> subsidy.Roster:
    stays = [
        stay("1", "F1", "disabled", "2023-01-10", "2023-03-04"),
        stay("2", "F2", "semi_disabled", "2022-01-10"),
        stay("3", "F3", "self_caring", "2023-05-10"),
    ]
    return subsidy.Roster(**{"districts": DISTRICTS, "facilities": FACILITIES, "residents": stays, **tables})


def xian(roster: subsidy.Roster) -> Any:
    return subsidy.calculate(subsidy.schedule(XIAN), roster, year=2023)


def recalculated(path: Path) -> None:
    """Every formula gives what stands in its cell. Fails with what the program says."""
    done = subprocess.run(
        [RECALCULATE, "recalc", "--check", "--json", path], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


def cells(path: Path, sheet: str, *, formulas: bool = False) -> list[list[Any]]:
    book = openpyxl.load_workbook(path, data_only=not formulas)
    return [[cell.value for cell in row] for row in book[sheet].iter_rows()]


def row_of(rows: list[list[Any]], first: str) -> list[Any]:
    return next(row for row in rows if row[0] == first)


def amount(cell: object) -> Decimal:
    return round(Decimal(str(cell)), 2)


# --- recalculated --------------------------------------------------------------------------------------------------

SHOWN_CASES = [
    "template-city/who-pays.yaml",
    "template-city/pay.yaml",
    "template-city/pots.yaml",
    "dmn-tck/numbers.yaml",
]


@pytest.mark.parametrize("file", SHOWN_CASES)
def test_other_programs_come_to_the_same_numbers(file: str, tmp_path: Path) -> None:
    for number, case in enumerate(read_cases(CASES / file)[:2]):
        _, result = load_case(case)
        result.to_excel(tmp_path / f"{number}.xlsx", "en")
        recalculated(tmp_path / f"{number}.xlsx")


@randomly(1)
@given(cases())
def test_also_with_any_schedule_and_roster(tmp_path_factory: pytest.TempPathFactory, case: Case) -> None:
    result = subsidy.calculate(schedule(case.texts), subsidy.Roster(**case.rows), case.year, proceed=True)
    path = tmp_path_factory.mktemp("book") / "budget.xlsx"
    result.to_excel(path)
    recalculated(path)
    assert amount(row_of(cells(path, "分条款汇总"), "合计")[-2]) == result.total


@pytest.mark.skipif(not THOROUGH, reason="slow: with CHECK_ALL=1")
@pytest.mark.skipif(shutil.which("soffice") is None, reason="LibreOffice is not installed")
def test_libreoffice_comes_to_the_same_numbers(tmp_path: Path) -> None:
    path = tmp_path / "budget.xlsx"
    xian(small()).to_excel(path)
    _always_recalculating(tmp_path / "profile")
    where = f"-env:UserInstallation={(tmp_path / 'profile').as_uri()}"
    (tmp_path / "out").mkdir()
    subprocess.run(
        ["soffice", where, "--headless", "--convert-to", "xlsx", "--outdir", tmp_path / "out", str(path)],
        check=True, capture_output=True,
    )  # fmt: skip
    for sheet in openpyxl.load_workbook(tmp_path / "budget.xlsx").sheetnames:
        one, two = (cells(tmp_path / name, sheet) for name in ("budget.xlsx", "out/budget.xlsx"))
        for here, there in zip(one, two, strict=False):
            for own, other in zip(here, there, strict=False):
                if isinstance(own, (int, float)):
                    assert abs(own - other) < 0.001


def _always_recalculating(profile: Path) -> None:
    """The settings of a LibreOffice that does not believe the numbers in a file."""
    (profile / "user").mkdir(parents=True)
    (profile / "user" / "registrymodifications.xcu").write_text(
        '<?xml version="1.0" encoding="UTF-8"?><oor:items xmlns:oor="http://openoffice.org/2001/registry">'
        '<item oor:path="/org.openoffice.Office.Calc/Formula/Load"><prop oor:name="OOXMLRecalcMode" oor:op="fuse">'
        "<value>0</value></prop></item></oor:items>",
        encoding="utf-8",
    )


# --- what stands in it ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("language", ["zh", "en"])
def test_every_sheet_of_sums_has_the_total(language: Language, tmp_path: Path) -> None:
    result = xian(small())
    path = tmp_path / "budget.xlsx"
    result.to_excel(path, language)
    names = {
        "zh": ("合计", "分条款汇总", "分区县汇总", "分机构明细"),
        "en": ("total", "By clause", "By district", "By facility"),
    }[language]
    total, *sheets = names
    for sheet in sheets:
        rows = cells(path, sheet)
        assert amount(row_of(rows, total)[-2]) == result.total
        assert amount(row_of(rows, total)[-1]) == result.low
    high_low = {"zh": "上限与下限", "en": "High and low"}[language]
    assert [amount(cell) for cell in row_of(cells(path, high_low), total)[2:4]] == [result.total, result.low]


def test_an_amount_is_a_formula_of_the_facts_and_figures_beside_it(tmp_path: Path) -> None:
    households = [
        {"household": "H1", "district": "D1", "area": "rural", "accepted": "2023-04-01", "hardship": "yes",
         "elder_in_need": "yes", "actual_cost": "1500.50"},
        {"household": "H2", "district": "D2", "area": "urban", "accepted": "2023-05-01", "hardship": "yes",
         "elder_in_need": "yes", "actual_cost": "9000"},
    ]  # fmt: skip
    path = tmp_path / "budget.xlsx"
    xian(small(households=households)).to_excel(path)
    rows, shown = cells(path, "明细 14 居家适老化改造补助", formulas=True), cells(path, "明细 14 居家适老化改造补助")
    head = next(row for row in rows if row[0] == "序号")
    position = head.index("单份金额")
    formulas = [row[position] for row in rows if isinstance(row[0], int)]
    assert all(formula.startswith("=MIN(") for formula in formulas)
    assert [row[position] for row in shown if isinstance(row[0], int)] == [1500.5, 4000]


def test_details_add_up_to_payments_and_payments_to_the_sums(tmp_path: Path) -> None:
    path = tmp_path / "budget.xlsx"
    xian(small()).to_excel(path)
    assert "拨付明细" in row_of(cells(path, "分条款汇总", formulas=True), "16")[2]
    lines = [row for row in cells(path, "拨付明细", formulas=True) if row[0] == "16"]
    assert lines
    assert all("明细 16" in row[8] and row[9] == f"=ROUND(I{at}*5/10,2)" for at, row in enumerate(lines, 5))


def test_amounts_in_10_000_yuan_are_formulas_of_those_in_yuan(tmp_path: Path) -> None:
    path = tmp_path / "budget.xlsx"
    result = xian(small())
    result.to_excel(path)
    formula = row_of(cells(path, "分条款汇总（万元）", formulas=True), "合计")[-2]
    assert formula.startswith("='分条款汇总'!")
    assert formula.endswith("/10000")
    shown = row_of(cells(path, "分条款汇总（万元）"), "合计")[-2]
    assert Decimal(str(shown)) == result.total / 10000
    assert row_of(cells(path, "分区县汇总（万元）"), "区县")[-1] == "下限"


def test_many_rows_that_differ_in_the_person_only_are_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(detail, "MOST_ROWS", 3)
    stays = [stay(str(number), "F1", "disabled", "2023-01-01") for number in range(5)]
    result = xian(small(residents=stays))
    path = tmp_path / "budget.xlsx"
    result.to_excel(path)
    recalculated(path)
    rows = cells(path, "明细 16 养老机构运营补助")
    assert any(row[0] and "超过 3 行" in str(row[0]) for row in rows)
    shown = [row for row in rows if isinstance(row[0], int)]
    assert len(shown) == 12
    assert {row[1] for row in shown} == {"5 份"}


def test_persons_have_a_pay_list(tmp_path: Path) -> None:
    _, result = load_case(read_cases(CASES / "xian" / "staff.yaml")[0])
    path = tmp_path / "budget.xlsx"
    result.to_excel(path)
    recalculated(path)
    rows = cells(path, "个人发放名册")
    assert rows[2][-1] == "签名"
    assert amount(rows[-1][-2]) <= result.total
    assert amount(rows[-1][-2]) == sum(amount(row[-2]) for row in rows if isinstance(row[0], int))
    assert {row[1] for row in rows if isinstance(row[0], int)} <= set(result.payments().payee)


# --- text stays text -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["+1+cmd", "-2+3", "@SUM(1)", '=HYPERLINK("http://x","y")'])
def test_no_text_of_a_roster_becomes_a_formula(name: str, tmp_path: Path) -> None:
    path = tmp_path / "budget.xlsx"
    at_facility(name).to_excel(path)
    found = [
        cell
        for sheet in openpyxl.load_workbook(path)
        for row in sheet.iter_rows()
        for cell in row
        if name in str(cell.value) and cell.value[0] == name[0]
    ]
    assert found
    assert all(cell.data_type == "s" for cell in found)


def test_csv_ledgers_are_guarded_and_read_back_as_they_were(tmp_path: Path) -> None:
    result = at_facility("-2+3")
    result.save_ledger(tmp_path / "ledger", form="csv")
    with (tmp_path / "ledger" / "payments.csv").open(encoding="utf-8-sig", newline="") as file:
        written = {row["payee"] for row in csv.DictReader(file)}
    assert written == {"'-2+3"}
    settled = subsidy.settle(result, tmp_path / "ledger")
    assert not settled.payments
    assert settled.totals == ((67_500, 67_500), (67_500, 67_500))


def at_facility(key: str) -> Any:
    """The result of a resident in a facility of this key; one that is refused is in the findings."""
    stays = [stay("1", key, "disabled", "2023-01-10", "2023-03-04")]
    roster = small(facilities=[{"facility": key, "district": "D1", "star": "5"}], residents=stays)
    return subsidy.calculate(subsidy.schedule(XIAN), roster, year=2023, proceed=True)


# --- the file ------------------------------------------------------------------------------------------------------


def test_the_same_result_gives_the_same_bytes(tmp_path: Path) -> None:
    for name in ("one.xlsx", "two.xlsx"):
        xian(small()).to_excel(tmp_path / name)
    assert (tmp_path / "one.xlsx").read_bytes() == (tmp_path / "two.xlsx").read_bytes()


@pytest.mark.parametrize("name", ["budget.xls", "budget.csv", "budget"])
def test_another_kind_of_file_is_refused(name: str, tmp_path: Path) -> None:
    with pytest.raises(RosterError, match="xlsx"):
        xian(small()).to_excel(tmp_path / name)
    assert not list(tmp_path.iterdir())


def test_a_target_that_cannot_be_written_is_told_before_the_roster_is_read(tmp_path: Path) -> None:
    command = ["budget", str(tmp_path / "nowhere"), "-s", XIAN, "-y", "2023", "-o"]
    for name in ("no/budget.xlsx", "budget.ods"):
        done = CliRunner().invoke(app, [*command, str(tmp_path / name), "--lang", "en"])
        assert done.exit_code == 1
        assert name in done.output.replace("\n", "")
        assert "nowhere:" not in done.output


def test_amounts_that_a_workbook_does_not_keep_are_refused(tmp_path: Path) -> None:
    from subsidy.report.book.page import LARGEST, Column, _plain

    column = Column("", "money")
    assert _plain(column, LARGEST) == Decimal("9999999999999.99")
    with pytest.raises(RosterError, match="15 digits"):
        _plain(column, LARGEST + 1)


# --- in capitals ---------------------------------------------------------------------------------------------------

DIGITS = {digit: number for number, digit in enumerate("零壹贰叁肆伍陆柒捌玖")}
PLACES = {"拾": 10, "佰": 100, "仟": 1000}


def read_capitals(words: str) -> int:
    """Fen, read from an amount in capitals as a person would."""
    sign = -1 if words.startswith("负") else 1
    whole, yuan, rest = words.removeprefix("负").rpartition("元")
    total = section = digit = 0
    for letter in whole:
        if letter in DIGITS:
            digit = DIGITS[letter]
        elif letter in PLACES:
            section, digit = section + digit * PLACES[letter], 0
        elif letter == "万":
            total, section, digit = total + (section + digit) * 10**4, 0, 0
        else:
            assert letter == "亿"
            total, section, digit = (total + section + digit) * 10**8, 0, 0
    fen = (total + section + digit) * 100 if yuan else 0
    for number, unit in zip(rest.removeprefix("零")[::2], rest.removeprefix("零")[1::2], strict=False):
        fen += DIGITS[number] * {"角": 10, "分": 1}[unit] if number in DIGITS else 0
    return sign * fen


@given(st.integers(-(10**15), 10**15) | st.integers(-1000, 1000) | st.integers(1, 10**6).map(lambda n: n * 10**7))
def test_amounts_in_capitals_are_read_as_what_they_are(fen: int) -> None:
    assert read_capitals(in_capitals(fen)) == fen


@pytest.mark.parametrize(
    ("fen", "words"),
    [
        (0, "零元整"), (5, "伍分"), (50, "伍角"), (-1230, "负壹拾贰元叁角"), (1000, "壹拾元整"), (10_010, "壹佰元壹角"),
        (10_000_000_005, "壹亿元零伍分"), (1_240_00, "壹仟贰佰肆拾元整"),
    ],
)  # fmt: skip
def test_capitals(fen: int, words: str) -> None:
    assert in_capitals(fen) == words
