"""What an officer meets first: the page without a command, help, examples, completion, CSV, tables that fit."""

from __future__ import annotations

import csv
import io
import os
import re
import shlex
from pathlib import Path
from typing import Any

import pytest
from commands import commands
from rich.cells import cell_len
from typer.testing import CliRunner

from subsidy.cli import app
from subsidy.cli.command import Command
from subsidy.cli.help import examples_of
from subsidy.csv_file import csv_bytes, neutral, unguarded
from subsidy.report.text import shown_table

ROOT = Path(__file__).parent.parent
THOROUGH = bool(os.environ.get("CHECK_ALL"))
STORY = ["examples/story/roster-june", "-s", "examples/story/schedule", "-y", "2024"]
HAN = re.compile(r"[\u4e00-\u9fff]")
COMMANDS = commands()
EXAMPLES = [line for one in COMMANDS.values() for line in examples_of(one)]


@pytest.fixture(autouse=True)
def _in_the_repository(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    monkeypatch.setenv("LC_ALL", "C.UTF-8")


def run(*arguments: str) -> Any:
    done = CliRunner().invoke(app, list(arguments))
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    return done


def rows(*arguments: str) -> list[dict[str, str]]:
    done = run(*arguments, "--csv")
    assert done.exit_code == 0, done.output
    assert done.stdout_bytes.startswith(b"\xef\xbb\xbf")
    return list(csv.DictReader(io.StringIO(done.stdout_bytes.decode("utf-8-sig"))))


# --- pages ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("language", ["zh", "en"])
def test_without_a_command_it_says_what_to_begin_with(language: str) -> None:
    page = run("--lang", language).stdout
    asked = [line.split()[1] for line in page.splitlines() if line.startswith("  subsidy ")]
    assert asked[:5] == ["template", "check", "budget", "calendar", "settle"]
    assert set(asked) - {"--help", "--lang"} <= set(COMMANDS)
    assert bool(HAN.search(page.replace("中文", ""))) == (language == "zh")


def test_the_example_to_copy_works() -> None:
    page = run().stdout
    (line,) = [line for line in page.splitlines() if "examples/" in line]
    assert run(*shlex.split(line)[1:]).exit_code == 0


@pytest.mark.parametrize("name", COMMANDS)
def test_help_is_in_one_language_and_has_examples(name: str) -> None:
    assert isinstance(COMMANDS[name], Command)
    chinese, english = (run(name, "--help", "--lang", language).stdout for language in ("zh", "en"))
    examples = examples_of(COMMANDS[name])
    assert 1 <= len(examples) <= 3
    for page in (chinese, english):
        assert all(f"\n  {line}\n" in page for line in examples)
        assert all(option in page for one in COMMANDS[name].params for option in one.opts if option[0] == "-")
        assert " · " not in page
    without = "".join(line for line in english.splitlines() if not line.startswith("  subsidy "))
    assert not HAN.search(without)
    assert all(HAN.search(line) for line in chinese.splitlines() if re.match(r"  -.* {2,}\S", line))


def test_the_list_of_commands_has_a_line_for_each() -> None:
    page = run("--help").stdout
    assert all(re.search(rf"^  {name} +\S", page, re.MULTILINE) for name in COMMANDS)
    assert not HAN.search(page)


@pytest.mark.parametrize("line", EXAMPLES if THOROUGH else EXAMPLES[::5])
def test_examples_of_help_run(line: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("examples", "schedules"):
        (tmp_path / name).symlink_to(ROOT / name)
    monkeypatch.chdir(tmp_path)
    if "--paid ledger" in line:
        run("budget", *STORY, "--ledger", "ledger")
    if " receipt.json " in line:
        run("budget", *STORY[:3], "-y", "2024", "--receipt", "receipt.json")
    done = run(*shlex.split(line)[1:])
    assert done.exit_code == 0 or " check " in line or " verify " in line, done.output


@pytest.mark.parametrize("page", ["command-line.md", "command-line.zh.md"])
def test_the_page_has_every_command_and_every_common_option(page: str) -> None:
    text = (ROOT / "docs" / page).read_text(encoding="utf-8")
    assert [name for name in COMMANDS if f"| `{name}` |" not in text] == []
    common = [name for one in COMMANDS["budget"].params for name in one.opts]
    own = {"--receipt", "--ledger", "--ledger-format", "--until"}
    assert [name for name in common if name[0] == "-" and name not in own and f"`{name}`" not in text] == []


# --- completion ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("line", "first"),
    [
        ("subsidy budg", "budget"),
        ("subsidy budget r --schedule cn/xian", "cn/xian/elderly-care"),
        ("subsidy show cn/yin", "cn/yinchuan/elderly-care"),
        ("subsidy budget r -s examples/story/s", "examples/story/schedule/"),
        ("subsidy explain r -s cn/xian/elderly-care --clause ent", "entry_award"),
        ("subsidy explain r -s cn/xian/elderly-care --payer ci", "city"),
        ("subsidy whatif r -s cn/xian/elderly-care --set values.meal", "values.meal_rate.is"),
        ("subsidy diff template-city/city@", "template-city/city@2023-01-01"),
        ("subsidy explain r -s no/such/schedule --clause ent", ""),
    ],
)
def test_completion(line: str, first: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("_SUBSIDY_COMPLETE", "complete_bash")
    monkeypatch.setenv("COMP_WORDS", line)
    monkeypatch.setenv("COMP_CWORD", str(len(line.split()) - 1))
    assert run().stdout.partition("\n")[0] == first


@pytest.mark.parametrize("shell", ["zsh", "fish", "powershell"])
def test_completion_of_other_shells(shell: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("_SUBSIDY_COMPLETE", f"complete_{shell}")
    monkeypatch.setenv("_TYPER_COMPLETE_ARGS", "subsidy show cn/yin")
    monkeypatch.setenv("_TYPER_COMPLETE_FISH_ACTION", "get-args")
    monkeypatch.setenv("_TYPER_COMPLETE_WORD_TO_COMPLETE", "cn/yin")
    assert "cn/yinchuan/elderly-care" in run().stdout


# --- CSV -----------------------------------------------------------------------------------------------------------


def test_the_csv_of_a_budget_adds_up() -> None:
    found = rows("budget", *STORY)
    total = run("budget", *STORY, "--json").stdout
    fen = sum(round(float(row["amount"]) * 100) for row in found)
    assert f'"total": "{fen // 100}.{fen % 100:02d}"' in total
    assert {row["payer_label"] for row in found} == {"city", "district"}


@pytest.mark.parametrize(
    ("arguments", "column"),
    [
        (["list"], "id"),
        (["show", "cn/xian/elderly-care"], "clause"),
        (["show", "cn/xian/elderly-care", "--tables"], "heading"),
        (["targets", "-s", "cn/yinchuan/elderly-care"], "state"),
        (["calendar", *STORY], "due"),
        (["explain", *STORY], "amount"),
        (["explain", *STORY, "--subject", "R01", "--clause", "operating", "--period", "2024-01"], "value"),
        (["diff", "template-city/city@2023-01-01", "template-city/city@2024-07-01"], "sentence"),
        (["whatif", *STORY, "--set", "values.rate.is.disabled=300"], "difference"),
    ],
)
def test_every_table_is_csv_too(arguments: list[str], column: str) -> None:
    found = rows(*arguments)
    assert found
    assert any(row[column] for row in found)


def test_findings_as_csv(tmp_path: Path) -> None:
    (tmp_path / "districts.csv").write_text("district\n=D1\n", encoding="utf-8")
    (tmp_path / "facilities.csv").write_text("facility,district\nF,=D2\n", encoding="utf-8")
    done = run("check", str(tmp_path), "-s", "cn/xian/elderly-care", "--csv")
    found = csv.DictReader(io.StringIO(done.stdout_bytes.decode("utf-8-sig")))
    assert done.exit_code == 1
    assert ("formula-cell", "'=D2") in [(row["code"], row["value"]) for row in found]


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@sum", "\tx", "\rx", "'=1", "plain", "", "示例"])
def test_no_cell_is_a_formula(text: str) -> None:
    assert not neutral(text).startswith(("=", "+", "-", "@", "\t", "\r"))
    assert unguarded(neutral(text)) == text
    written = csv_bytes((["a", "b"], [{"a": text, "b": "x"}])).decode("utf-8-sig")
    assert list(csv.reader(io.StringIO(written, newline=""))) == [["a", "b"], [neutral(text), "x"]]


# --- tables --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("width", [60, 80, 200])
@pytest.mark.parametrize("language", ["zh", "en"])
def test_no_number_is_cut(width: int, language: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", str(width))
    shown = run("budget", *STORY, "--lang", language).stdout
    amounts = re.findall(r"\S*\d,\d{3}\S*", shown)
    assert amounts
    assert all(re.fullmatch(r"[\d,]+\.\d\d", one) for one in amounts)
    assert "…" not in shown
    assert width < 80 or max(map(cell_len, shown.splitlines())) <= width


def test_wide_and_narrow_letters_are_aligned() -> None:
    from rich.console import Console

    table = shown_table("", ["name", "amount"], (1,))
    for name in ("阳光 Home 一号", "ＡＢＣ", "abc", "（括号）", "ｱｲｳ"):
        table.add_row(name, "1.00")
    console = Console(file=io.StringIO(), width=80, color_system=None)
    console.print(table)
    lines = console.file.getvalue().splitlines()  # type: ignore[attr-defined]
    assert len({cell_len(line) for line in lines if line.strip()}) == 1
    assert {line.rstrip()[-4:] for line in lines[3:] if line.strip()} == {"1.00"}


def test_a_pipe_gets_a_row_in_a_line_and_no_colour(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("COLUMNS", raising=False)
    shown = run("budget", *STORY).stdout
    assert "\x1b" not in shown
    (line,) = [line for line in shown.splitlines() if "Operating" in line]
    assert len(re.findall(r"[\d,]+\.\d\d", line)) == 4  # both payers, amount, low


# --- findings before a result --------------------------------------------------------------------------------------


def many_findings(folder: Path) -> str:
    folder.mkdir()
    (folder / "districts.csv").write_text("district\nD1\n", encoding="utf-8")
    lines = [
        "household,district,accepted,actual_cost",
        *(f"H{number},D{number},2023-01-01,5" for number in range(1, 21)),
    ]
    (folder / "households.csv").write_text("\n".join(lines), encoding="utf-8")
    return str(folder)


def test_findings_are_counted_before_a_result_and_listed_where_they_stop_it(tmp_path: Path) -> None:
    asked = ["budget", many_findings(tmp_path / "roster"), "-s", "cn/xian/elderly-care", "-y", "2023"]
    told = run(*asked, "--proceed").stderr
    assert told.count(": error [") == 5
    assert "errors 20: blank-cell 1, unknown-reference 19" in told
    assert "16 more: --findings" in told
    for more in (["--proceed", "--findings"], []):
        assert run(*asked, *more).stderr.count("[unknown-reference]") == 19


# --- names ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("key", "written", "code"),
    [
        ("--clause", "operatin", "no-such-clause"),
        ("--payer", "cty", "no-such-payer"),
        ("--district", "Eest", "no-such-district"),
        ("--facility", "Lakside", "no-such-facility"),
        ("--person", "P99", "no-such-person"),
        ("--pot", "envelope", "no-such-pot"),
        ("--due", "2024-13-01", "date"),
    ],
)
def test_a_slip_is_told_before_anything_is_calculated(
    key: str, written: str, code: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def calculated(*_: object, **__: object) -> None:
        raise AssertionError("it is calculated")

    monkeypatch.setattr("subsidy.budget.calculate.calculate", calculated)
    done = run("explain", *STORY, key, written)
    assert (done.exit_code, done.stdout) == (1, "")
    assert f"[{code}]" in done.stderr


def test_districts_by_name_and_clauses_by_item(tmp_path: Path) -> None:
    (tmp_path / "districts.csv").write_text("district,name\nD1,碑林区\nD2,一区\nD3,一区\n", encoding="utf-8")
    cells = "household,district,hardship,elder_in_need,area,accepted,actual_cost\n"
    (tmp_path / "households.csv").write_text(f"{cells}H1,D1,yes,yes,urban,2023-03-01,1000\n", encoding="utf-8")
    asked = ["explain", str(tmp_path), "-s", "cn/xian/elderly-care", "-y", "2023", "--district"]
    done = run(*asked, "碑林区", "--clause", "14")
    assert done.stdout.startswith("Home adaptation · district D1 · 2023: 1,000.00")
    assert "choose one of D2, D3" in run(*asked, "一区").stderr
    assert "[which-clause]" in run(*asked, "D1", "--clause", "6").stderr


def test_a_folder_that_is_no_roster_names_the_one_that_is() -> None:
    done = run("budget", "examples/xian", "-s", "cn/xian/elderly-care", "-y", "2023")
    assert (done.exit_code, done.stdout) == (1, "")
    assert "perhaps examples/xian/roster is meant" in done.stderr
    assert "--proceed" not in done.stderr
