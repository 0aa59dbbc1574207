"""Settlement at the command line: what is printed, saved, refused; payments in workbooks and files with titles."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import xlsxwriter
from typer.testing import CliRunner, Result

from subsidy.cli import app

ROOT = Path(__file__).parent.parent
STORY = ROOT / "examples" / "story"
COMMON = ("--schedule", str(STORY / "schedule"), "--year", "2024", "--lang", "en")


def run(*arguments: object) -> Result:
    return CliRunner().invoke(app, [str(one) for one in arguments])


def settled(*arguments: object) -> Result:
    return run("settle", STORY / "roster-september", *COMMON, "--until", "2024-06-30", *arguments)


@pytest.fixture(scope="module")
def ledger(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("saved") / "ledger"
    options = ("--known-on", "2024-06-10", "--ledger", folder, "--until", "2024-06-30", "--ledger-format", "csv")
    done = run("budget", STORY / "roster-june", *COMMON, *options)
    assert done.exit_code == 0, done.output
    return folder


def test_what_is_saved_is_paid_next_time(ledger: Path, tmp_path: Path) -> None:
    since = ("--since", "2024-01-01")
    first = settled("--paid", ledger, *since, "-o", tmp_path / "settlement", "--json")
    content = json.loads(first.stdout)
    assert (content["payments"]["now"], content["payments"]["before"]) == ("10480.00", "9100.00")
    assert content["payments"]["net"] == content["entitlements"]["net"] == "1380.00"
    assert (content["since"], content["until"]) == ("2024-01-01", "2024-06-30")
    assert f"{tmp_path / 'settlement'}: " in first.stderr
    assert "nothing differs" in settled("--paid", ledger, "--paid", tmp_path / "settlement").stdout
    settled("--paid", ledger, "-o", tmp_path / "settlement.csv")
    again = json.loads(settled("--paid", ledger, "--paid", tmp_path / "settlement.csv", "--json").stdout)
    assert again["payments"]["lines"] == []
    assert (again["payments"]["now"], again["payments"]["before"]) == ("19330.00", "19330.00")


def test_in_chinese(ledger: Path) -> None:
    printed = run("settle", STORY / "roster-september", *COMMON[:4], "--paid", ledger, "--lang", "zh").stdout
    assert "比较 2024-12-31 及以前到期的款项" in printed
    assert "江湾民〔2024〕7号（2024-06-20 印发，自 2024-01-01 起施行）" in printed
    for word in ("补发（元）", "追回（元）", "清算表：按收款方", "市级财政"):
        assert word in printed


def test_a_workbook_with_a_title_and_a_total(tmp_path: Path) -> None:
    path = tmp_path / "paid.xlsx"
    with xlsxwriter.Workbook(path) as book:
        sheet = book.add_worksheet("拨付")
        rows: list[list[object]] = [
            ["2024年上半年拨付表"], ["序号", "收款单位", "补贴项目", "承担主体", "拨付金额（元）", "备注"],
            [1, "Lakeside", "运营补助", "市级财政", 5000, ""], [2, "Lakeside", "运营补助", "区级财政", 3000.5, ""],
            ["", "Hillside", "运营补助", "市级财政", 800, "现金"], ["合计", "", "", "", 8800.5, ""],
        ]  # fmt: skip
        for position, row in enumerate(rows):
            sheet.write_row(position, 0, row)
    content = json.loads(settled("--paid", path, "--json").stdout)
    assert content["payments"]["before"] == "8800.50"
    lines = {(line["payee"], line["payer"]): line["before"] for line in content["payments"]["lines"]}
    assert lines["Lakeside", "district"] == "3000.50"
    assert lines["Hillside", "city"] == "800.00"
    assert [finding["code"] for finding in content["findings"]] == ["total"]
    assert content["findings"][0]["cell"] == "E6"


def test_merged_cells_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "paid.xlsx"
    with xlsxwriter.Workbook(path) as book:
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, ["payee", "payer", "amount"])
        sheet.merge_range(1, 0, 2, 0, "Lakeside")
        sheet.write_row(1, 1, ["city", 1])
        sheet.write_row(2, 1, ["district", 2])
    refused = settled("--paid", path)
    assert refused.exit_code == 1
    assert "[merged-cells]" in refused.stderr
    assert "Nothing was settled." in refused.stderr


def test_everything_that_is_wrong_at_once(ledger: Path, tmp_path: Path) -> None:
    path = tmp_path / "paid.csv"
    path.write_text("收款单位,补贴项目,金额\nLakeside,运营补贴,12\nHillside,运营补助,1 000\n", encoding="utf-8")
    refused = settled("--paid", ledger, "--paid", path, "--paid", tmp_path / "nothing")
    assert refused.exit_code == 1
    assert "paid.csv:2:补贴项目: error [unknown-clause] «运营补贴»" in refused.stderr.replace("\n", "")
    for code in ("not-a-number", "no-file"):
        assert f"[{code}]" in refused.stderr


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (("--since", "2024-07-01"), 2, "--since"),
        (("--until", "2024-06-31"), 2, "2024-06-31"),
        (("-o", "no-such-folder/settlement"), 1, "cannot be written"),
        (("--known-on", "2020-01-01"), 1, "no document of story/river-bend was issued by 2020-01-01"),
    ],
)
def test_wrong_use(ledger: Path, arguments: tuple[str, ...], code: int, words: str) -> None:
    refused = settled("--paid", ledger, *arguments)
    assert (refused.exit_code, words in refused.stderr) == (code, True), refused.stderr


def test_options_of_a_ledger_without_one() -> None:
    for option in (("--until", "2024-06-30"), ("--ledger-format", "csv"), ("--ledger-format", "xml", "--ledger", "x")):
        assert run("budget", STORY / "roster-june", *COMMON, *option).exit_code == 2
