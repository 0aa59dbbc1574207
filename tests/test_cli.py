"""The command line: data on stdout, words on stderr, exit codes 0 (done), 1 (findings that stop), 2 (wrong use)."""

from __future__ import annotations

import csv
import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner
from xian import DISTRICT, FILE, ID, Tables, facility, household, stay

import subsidy
from subsidy.cli import app

GOOD: Tables = {
    "districts": [DISTRICT],
    "facilities": [facility("F", star="5"), facility("G", star="1")],
    "residents": [
        stay("2022-02-01", "2022-03-10", ability="disabled"),
        stay("2022-03-11", "2022-03-31", key="T", home="G", ability="disabled"),
    ],
    "households": [household(actual_cost="1999.99")],
}
BAD = {**GOOD, "households": [household(actual_cost="1999.99"), household(household="I", actual_cost="")]}

SMALL = """
schedule: cn/nowhere/beds
document: {number: 测试〔2022〕1号, issuer: 测试局, issued: 2022-01-01}
in_force: {from: 2022-01-01}
revision: 1
place: CN-0000
payers: {city: {label: {zh: 市级, en: city}}}
values:
  rate: {unit: yuan / bed, is: RATE}
clauses:
  grant:
    item: "1"
    for: projects
    every: once
    dated: accepted
    amount: beds * rate
    split: {city: 1}
    examples:
      - amount: "1000.00"
        rows:
          districts: [{district: D}]
          projects: [{project: B, district: D, beds: "10", accepted: 2022-06-01}]
"""


def folder(path: Path, tables: Tables) -> Path:
    path.mkdir()
    for table, rows in tables.items():
        with (path / f"{table}.csv").open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, list(rows[0]))
            writer.writeheader()
            writer.writerows(rows)
    return path


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> str:
    return str(folder(tmp_path_factory.mktemp("rosters") / "good", GOOD))


@pytest.fixture(scope="module")
def bad(tmp_path_factory: pytest.TempPathFactory) -> str:
    return str(folder(tmp_path_factory.mktemp("rosters") / "bad", BAD))


@dataclass(frozen=True)
class Done:
    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


def run(*arguments: str) -> Done:
    done = CliRunner().invoke(app, list(arguments))
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    return Done(done.exit_code, done.stdout, done.stderr)


def budget(roster: str, *more: str) -> Done:
    return run("budget", roster, "--schedule", ID, "--year", "2022", *more)


def explain(roster: str, *more: str) -> Done:
    return run("explain", roster, "--schedule", ID, "--year", "2022", *more)


# --- help and version ----------------------------------------------------------------------------------------------


def test_version() -> None:
    assert run("--version") == Done(0, f"subsidy {subsidy.__version__}\n", "")


def test_the_installed_command() -> None:
    command = [sys.executable, "-c", "from subsidy.cli import main; main()"]
    done = subprocess.run([*command, "--version"], capture_output=True, text=True)
    assert (done.returncode, done.stdout, done.stderr) == (0, f"subsidy {subsidy.__version__}\n", "")
    done = subprocess.run([*command, "validate", "no-such-file.yaml"], capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (1, "")
    assert "no-such-file.yaml" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("command", ["list", "show", "validate", "test", "check", "budget", "verify", "explain"])
def test_every_command_has_help(command: str) -> None:
    done = run(command, "--help")
    assert done.code == 0
    assert "--lang" in done.out


@pytest.mark.parametrize(
    "arguments",
    [
        ["no-such-command"],
        ["show"],
        ["list", "--lang", "fr"],
        ["budget", "ROSTER", "--schedule", ID],                                         # no year
        ["budget", "ROSTER", "--year", "2022"],                                         # no schedule
        ["budget", "ROSTER", "--schedule", ID, "--year", "soon"],
        ["budget", "ROSTER", "--schedule", ID, "--year", "22"],
        ["budget", "ROSTER", "--schedule", ID, "--year", "2022", "--basis", "cash"],
        ["budget", "ROSTER", "--schedule", ID, "--year", "2022", "--set", "values.meal_rate.is"],
        ["explain", "ROSTER", "--schedule", ID, "--year", "2022", "--period", "2022-01"],
        ["explain", "ROSTER", "--schedule", ID, "--year", "2022", "--subject", "R", "--payer", "city"],
        ["explain", "ROSTER", "--schedule", ID, "--year", "2022", "--depth", "deep"],
        ["explain", "ROSTER", "--schedule", ID, "--year", "2022", "-o", "why.pdf"],
    ],
)  # fmt: skip
def test_wrong_use(arguments: list[str], good: str) -> None:
    done = run(*(good if argument == "ROSTER" else argument for argument in arguments))
    assert (done.code, done.out) == (2, "")
    assert done.err


@pytest.mark.parametrize(
    ("arguments", "zh", "en"),
    [
        (["bugdet"], "没有命令 bugdet；是否应为 budget", "there is no command bugdet; perhaps budget is meant"),
        (["list", "--jsn"], "没有选项 --jsn；是否应为 --json", "there is no option --jsn; perhaps --json is meant"),
        (["budget"], "缺少 花名册", "ROSTER is missing; a workbook, or a folder"),
        (["budget", "R", "-y", "2022"], "缺少 -s, --schedule 标准|文件", "-s, --schedule ID|FILE is missing"),
        (["budget", "R", "-s", ID, "-y"], "-y 后面要有值", "-y needs a value after it"),
        (["budget", "R", "-s", ID, "-y", "22"], "--year / -y «22»", "write a whole number of 1950–2150"),
        (["budget", "R", "-s", ID, "-y", "soon"], "请写 1950–2150 的整数", "«soon» this is no whole number"),
        (["budget", "R", "S", "-s", ID, "-y", "2022"], "多出参数 S", "there is an argument too many: S"),
        (["budget", "R", "-s", ID, "-y", "2022", "--json", "--csv"], "不能同用；请选其一", "do not go together"),
        (["check", "R", "-s", ID, "--as-of", "2023-13-01"], "不是日期；请写成 2023-12-31", "there is no such day"),
        (["budget", "R", "-s", ID, "-y", "2022", "--basis", "paid"], "请写 due、accrued 之一", "write one of due, acc"),
        (["budget", "R", "-s", ID, "-y", "2022", "--set", "a.b"], "请写成 路径=值", "write PATH=VALUE"),
        (["explain", "R", "-s", ID, "-y", "2022", "--period", "2022-01"], "请再给出 subject", "give a subject"),
        (["explain", "R", "-s", ID, "-y", "2022", "--depth", "deep"], "请写 clauses、", "write one of clauses, lines"),
        (["explain", "R", "-s", ID, "-y", "2022", "-o", "why.pdf"], "应以 .html、.md、", "name it .html, .md,"),
        (["targets", "-s", ID, "--cost", "abc"], "请写成 new_beds=", "write it like new_beds="),
        (["budget", "R", "-s", ID, "-y", "2022", "--memory", "much"], "--memory", "--memory"),
    ],
)
def test_wrong_use_is_told_in_the_language_of_the_run(arguments: list[str], zh: str, en: str, good: str) -> None:
    for language, words in (("zh", zh), ("en", en)):
        done = run(f"--lang={language}", *(good if one == "R" else one for one in arguments))
        assert (done.code, done.out) == (2, "")
        assert words in done.err
        assert ("error" in done.err, "错误" in done.err) == (language == "en", language == "zh")
        assert "--help" in done.err


def test_a_language_that_there_is_not() -> None:
    done = run("list", "--lang", "fr")
    assert (done.code, done.out) == (2, "")
    assert "--lang «fr»" in done.err
    assert "zh, en" in done.err


@pytest.mark.parametrize("option", ["--mapping", "--schedule"])
def test_a_file_of_an_option_that_is_not_there(good: str, option: str, tmp_path: Path) -> None:
    arguments = ["check", good, "--schedule", ID, option, str(tmp_path / "none.yaml")]
    assert "[file] 没有这个文件；请检查路径。" in "".join(run(*arguments, "--lang", "zh").err.split("\n"))
    assert "[file] there is no such file; check the path." in " ".join(run(*arguments, "--lang", "en").err.split())


def test_a_template_into_a_folder_that_is_not_there(tmp_path: Path) -> None:
    arguments = ["template", ID, "-o", str(tmp_path / "none" / "x.xlsx"), "--lang", "zh"]
    assert "无法写入（文件夹不存在）" in "".join(run(*arguments).err.split("\n"))


# --- schedules -----------------------------------------------------------------------------------------------------


def test_list() -> None:
    done = run("list")
    assert (done.code, done.err) == (0, "")
    assert any(
        line.startswith(f"{ID}  2021-11-05") and "市政办发〔2021〕47号" in line for line in done.out.splitlines()
    )


def test_list_as_json() -> None:
    (entry,) = [one for one in run("list", "--json").json if one["id"] == ID]
    assert (entry["version"], entry["revision"], entry["document"]) == ("2021-11-05", 1, "市政办发〔2021〕47号")


@pytest.mark.parametrize(("language", "label"), [("zh", "养老机构运营补助"), ("en", "Operating grant")])
def test_show(language: str, label: str) -> None:
    done = run("show", ID, "--lang", language)
    assert (done.code, done.err) == (0, "")
    assert f"[16] {label} (operating_grant)" in done.out
    assert "225" in done.out


def test_show_as_json_has_the_figures_inlined() -> None:
    (version,) = run("show", ID, "--json").json
    clauses = {clause["name"]: clause for clause in version["clauses"]}
    operating = clauses["operating_grant"]
    assert operating["item"] == "16"
    assert operating["values"]["operating_rate"]["is"]["5"] == {
        "disabled": "225",
        "semi_disabled": "150",
        "self_caring": "80",
    }
    assert set(clauses["entry_award"]["values"]) >= {"entry_rate", "entry_instalments", "entry_start", "entry_window"}
    assert set(clauses["cooperation"]["values"]) == {"cooperation_rate", "medical_payers"}


def test_show_on_a_day() -> None:
    assert run("show", ID, "--on", "2023-01-01", "--json").json[0]["in_force"]["from"] == "2021-11-05"
    for day in ("2021-11-04", "2023-13-01"):
        done = run("show", ID, "--on", day)
        assert (done.code, done.out) == (1, "")
        assert day in done.err


@pytest.mark.parametrize(("language", "words"), [("zh", "没有补贴标准"), ("en", "there is no schedule")])
def test_an_unknown_schedule(language: str, words: str) -> None:
    done = run("show", "cn/xian/elderly", "--lang", language)
    assert (done.code, done.out) == (1, "")
    assert words in done.err
    assert ID in done.err


# --- validate and test ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("language", "words"), [("zh", "无误"), ("en", "no mistakes")])
def test_validate_a_good_file(language: str, words: str) -> None:
    done = run("validate", str(FILE), "--lang", language)
    assert (done.code, done.err) == (0, "")
    assert ID in done.out
    assert words in done.out


@pytest.mark.parametrize("language", ["zh", "en"])
def test_validate_a_bad_file(language: str, tmp_path: Path) -> None:
    path = tmp_path / "bad.yaml"
    other = '  other: {item: "2", for: projects, every: once, dated: opened, amount: rate * beds, split: {city: 1}}\n'
    path.write_text(SMALL.replace("RATE", "100").replace("beds * rate", "bedz * rate") + other)
    done = run("validate", str(path), "--lang", language)
    assert (done.code, done.out) == (1, "")
    for words in (f"{path}:", "bedz", "opened", "beds"):
        assert words in done.err
    assert ("错误" in done.err) == (language == "zh")


def test_validate_what_is_no_schedule(tmp_path: Path) -> None:
    path = tmp_path / "list.yaml"
    path.write_text("- 1\n- 2\n")
    for wanted in (path, tmp_path / "none.yaml", tmp_path):
        done = run("validate", str(wanted))
        assert (done.code, done.out) == (1, "")
        assert str(wanted) in done.err


def test_the_examples_of_a_schedule(tmp_path: Path) -> None:
    path = tmp_path / "beds.yaml"
    path.write_text(SMALL.replace("RATE", "100"))
    assert run("test", str(path)) == Done(0, "1 passed, 0 failed\n", "")
    path.write_text(SMALL.replace("RATE", "99"))
    done = run("test", str(path))
    assert done.code == 1
    assert "grant [1] #1" in done.out
    assert "1000.00 " in done.out
    assert "amount = beds × rate: 10 × 99.00 = 990.00 yuan" in done.out
    assert done.out.endswith("0 passed, 1 failed\n")


def test_the_examples_of_an_unknown_schedule() -> None:
    assert run("test", "cn/nowhere/at-all").code == 1


# --- check ---------------------------------------------------------------------------------------------------------


def test_check_a_good_roster(good: str) -> None:
    done = run("check", good, "--schedule", ID, "--lang", "en")
    assert (done.code, done.out) == (0, "")
    assert "0 findings" in done.err
    assert run("check", good, "--schedule", ID, "--json").json["findings"] == []


@pytest.mark.parametrize(("language", "words"), [("zh", "实际费用 空白"), ("en", "actual_cost is blank")])
def test_check_a_bad_roster(bad: str, language: str, words: str) -> None:
    done = run("check", bad, "--schedule", ID, "--lang", language)
    assert done.code == 1
    assert words in done.out
    assert "households.csv" in done.out
    (finding,) = run("check", bad, "-s", ID, "--json", "--lang", language).json["findings"]
    assert (finding["severity"], finding["table"], finding["subject"], finding["column"]) == (
        "error",
        "households",
        "I",
        "actual_cost",
    )
    assert finding["row"] == 3  # the line of the file


def test_check_what_is_no_roster(tmp_path: Path) -> None:
    done = run("check", str(tmp_path / "none"), "--schedule", ID)
    assert (done.code, done.out) == (1, "")
    assert str(tmp_path / "none") in done.err


# --- budget --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("zh", ["养老机构运营补助", "居家适老化改造补助", "合计", "市级财政"]),
        ("en", ["Operating grant", "Home adaptation", "total", "district or development zone"]),
    ],
)
def test_budget(good: str, language: str, words: list[str]) -> None:
    """February 225 at F, March 80 at G (item 16), and 1,999.99 (item 14)."""
    done = budget(good, "--lang", language)
    assert (done.code, done.err) == (0, "")
    joined = " ".join(done.out.split())
    assert "2,304.99" in joined
    for word in words:
        assert all(part in joined for part in word.split()), word


def test_budget_as_json(good: str) -> None:
    done = budget(good, "--json")
    assert (done.code, done.err) == (0, "")
    assert (done.json["total"], done.json["low"], done.json["basis"]) == ("2304.99", "2304.99", "due")
    assert {entry["payer"]: entry["amount"] for entry in done.json["by_payer"]} == {
        "city": "1152.50",
        "district": "1152.49",
    }


@pytest.mark.parametrize(
    ("language", "words"),
    [("zh", ["实际费用 空白", "未计算"]), ("en", ["actual_cost is blank", "nothing was calculated"])],
)
def test_budget_stops_at_errors(bad: str, language: str, words: list[str]) -> None:
    for more in ([], ["--json"]):
        done = budget(bad, "--lang", language, *more)
        assert (done.code, done.out) == (1, "")
        assert all(word in done.err for word in words)


def test_budget_proceeds_when_told(bad: str) -> None:
    done = budget(bad, "--proceed", "--json", "--lang", "en")
    assert done.code == 0
    assert done.json["total"] == "2304.99"
    assert [finding["subject"] for finding in done.json["findings"]] == ["I"]
    assert "actual_cost is blank" in done.err


def test_budget_with_an_overlay(good: str) -> None:
    done = budget(
        good,
        "--json",
        "--set",
        "values.operating_rate.is.5.disabled=250",
        "--set",
        "values.adaptation_cap.is.rural=1000",
    )
    assert done.json["total"] == "1330.00"  # 250 + 80 + 1,000
    assert budget(good, "--json").json["total"] == "2304.99"


@pytest.mark.parametrize(
    "change", ["values.no_such_rate.is=1", "values.meal_rate.is=a lot", "values.operating_rate.is.7.disabled=1"]
)
def test_budget_with_an_overlay_that_does_not_fit(good: str, change: str) -> None:
    done = budget(good, "--json", "--set", change)
    assert (done.code, done.out) == (1, "")
    assert change.split("=")[0].rsplit(".", 1)[0] in done.err


def test_budget_of_a_year_by_basis(good: str) -> None:
    assert budget(good, "--json", "--basis", "accrued").json["basis"] == "accrued"
    assert run("budget", good, "-s", ID, "-y", "2021", "--json").json["total"] == "0.00"


def test_budget_of_a_schedule_file(good: str) -> None:
    assert run("budget", good, "--schedule", str(FILE), "--year", "2022", "--json").json["total"] == "2304.99"


def test_budget_saves_a_receipt(good: str, tmp_path: Path) -> None:
    path = tmp_path / "receipt.json"
    done = budget(good, "--json", "--receipt", str(path))
    assert (done.code, done.json["total"]) == (0, "2304.99")
    saved = path.read_bytes()
    assert json.loads(saved)["totals"]["total"] == "2304.99"
    budget(good, "--receipt", str(path))
    assert path.read_bytes() == saved


@pytest.mark.parametrize("language", ["zh", "en"])
def test_budget_with_a_receipt_that_cannot_be_written(good: str, tmp_path: Path, language: str) -> None:
    for path in (tmp_path / "none" / "receipt.json", tmp_path):
        done = budget(good, "--json", "--receipt", str(path), "--lang", language)
        assert (done.code, done.out) == (1, "")
        assert str(path) in done.err
        assert ("无法写入" in done.err) == (language == "zh")
    assert list(tmp_path.iterdir()) == []


def test_a_receipt_follows_a_link_and_keeps_away_from_devices(good: str, tmp_path: Path) -> None:
    real, link = tmp_path / "real.json", tmp_path / "link.json"
    real.write_text("old", encoding="utf-8")
    link.symlink_to(real)
    assert budget(good, "--receipt", str(link)).code == 0
    assert link.is_symlink()
    assert json.loads(real.read_text(encoding="utf-8"))["engine"]["name"] == "subsidy"
    assert (real.stat().st_mode & 0o400, budget(good, "--receipt", "/dev/null").code) == (0o400, 1)
    assert Path("/dev/null").is_char_device()


def test_a_what_if_is_marked_as_one(good: str) -> None:
    change = ("--set", "values.operating_rate.is.5.disabled=250")
    assert "values.operating_rate.is.5.disabled = 250" in budget(good, *change, "--lang", "en").out
    assert budget(good, *change, "--json").json["schedules"][0]["overlays"] == {change[1].split("=")[0]: "250"}
    cell = ("--clause", "operating_grant", "--subject", "R", "--period", "2022-02", "--lang", "en")
    told = explain(good, *cell, *change)
    assert "values.operating_rate.is.5.disabled: 250" in told.out


@pytest.mark.parametrize(("language", "words"), [("zh", "失能 / 半失能 / 自理"), ("en", "disabled / semi_disabled")])
def test_show_tables(language: str, words: str) -> None:
    done = run("show", ID, "--tables", "--lang", language)
    assert (done.code, words in done.out, "residents" in done.out) == (0, True, True)


# --- explain -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("language", "words"), [("zh", "第 16 条"), ("en", "item 16")])
def test_explain_an_entitlement(good: str, language: str, words: str) -> None:
    done = explain(good, "--clause", "operating_grant", "--subject", "R", "--period", "2022-02", "--lang", language)
    assert (done.code, done.err) == (0, "")
    assert words in done.out
    assert "225.00" in done.out


def test_explain_the_loser_of_a_limit_as_json(good: str) -> None:
    done = explain(good, "-c", "operating_grant", "--subject", "R", "--period", "2022-03", "--json")
    assert done.json["amount"] == "0.00"
    line = next(line for line in done.json["lines"] if line["section"] == "limits")
    assert (line["limit"], line["before"], line["after"]) == ("one_home", "225.00", "0.00")
    assert line["winner"] == {
        "schedule": ID, "clause": "operating_grant", "subject": "T", "period": "2022-03", "owed": "80.00",
        "after": "80.00",
    }  # fmt: skip


@pytest.mark.parametrize(("language", "words"), [("zh", "含除不尽的一分"), ("en", "with the odd fen")])
def test_explain_a_payment_line(good: str, language: str, words: str) -> None:
    done = explain(good, "--clause", "home_adaptation", "--payee", "H", "--due", "2022-06-01", "--lang", language)
    assert done.code == 0
    assert words in done.out
    done = explain(good, "--clause", "home_adaptation", "--payee", "H", "--due", "2022-06-01", "--json")
    assert done.json["amount"] == "1999.99"


def test_explain_in_spite_of_errors(bad: str) -> None:
    done = explain(bad, "--clause", "home_adaptation", "--subject", "I", "--lang", "en")
    assert done.code == 0
    assert "actual_cost: missing" in done.out


def test_explain_with_an_overlay(good: str) -> None:
    done = explain(
        good, "-c", "operating_grant", "--subject", "R", "--json", "--set", "values.operating_rate.is.5.disabled=250"
    )
    assert done.json["explanation"]["amount"] == "250.00"


@pytest.mark.parametrize(
    "arguments",
    [
        ["--clause", "no_clause", "--subject", "R"],
        ["--clause", "operating_grant", "--subject", "nobody"],
        ["--clause", "operating_grant", "--subject", "R", "--period", "January"],
        ["--clause", "home_adaptation", "--payee", "nobody", "--due", "2022-06-01"],
        ["--clause", "home_adaptation", "--payee", "H", "--due", "2022-06-02"],
    ],
)
def test_explain_what_is_not_there(good: str, arguments: list[str]) -> None:
    done = explain(good, *arguments, "--lang", "en")
    assert (done.code, done.out) == (1, "")
    assert "there is no" in done.err
    assert "没有" in explain(good, *arguments, "--lang", "zh").err


# --- language ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("locale", "words"), [("zh_CN.UTF-8", "无误"), ("en_GB.UTF-8", "no mistakes"), ("C", "no mistakes")]
)
def test_the_language_comes_from_the_locale(monkeypatch: pytest.MonkeyPatch, locale: str, words: str) -> None:
    for name in ("LC_MESSAGES", "LANG"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("LC_ALL", locale)
    assert words in run("validate", str(FILE)).out


def test_a_year_in_which_nothing_is_in_force_is_told(tmp_path: Path) -> None:
    (tmp_path / "districts.csv").write_text("district\nD1\n", encoding="utf-8")
    command = ["budget", str(tmp_path), "--schedule", "cn/xian/elderly-care", "--lang", "en", "--year"]
    before, after = (CliRunner().invoke(app, [*command, year]) for year in ("2020", "2021"))
    assert "cn/xian/elderly-care is not in force in 2020 (from 2021-11-05): check the year" in before.stderr
    assert "not in force" not in after.stderr
