"""Cases: files of rows and what is right for them. Each in `cases/` is a test; the rest is how they are told."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from subsidy.budget.cases import ReadCase, case_files, read_cases, run_case
from subsidy.budget.expected import Outcome
from subsidy.cli import app
from subsidy.finding import ScheduleError
from subsidy.report.outcomes import outcome_text
from subsidy.schedule import catalogue

FOLDER = Path(__file__).parent / "cases"
CASES = [case for file in case_files(FOLDER) for case in read_cases(file)]


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.file.stem}: {case.model.name.en}")
def test_case(case: ReadCase) -> None:
    outcome = run_case(case)
    if not outcome.passed:
        pytest.fail(f"\n{outcome_text(outcome, 'en')}", pytrace=False)


def test_the_cases_are_many() -> None:
    counts = {
        folder.name: sum(len(case.model.expected) for case in CASES if folder in case.file.parents)
        for folder in FOLDER.iterdir()
    }
    assert counts["dmn-tck"] >= 50
    assert counts["xian"] >= 25


# --- how a case is told --------------------------------------------------------------------------------------------

SCHEDULE = """\
schedule: test/beds
document: {number: 测〔2022〕1号, issuer: 测试局, issued: 2022-01-01}
in_force: {from: 2022-01-01}
revision: 1
place: CN-0000
payers: {city: {label: {zh: 市级, en: city}}, county: {label: {zh: 县级, en: county}}}
facts: {homes: {home: key, opened: date, beds: {bed: 1..500}}}
values: {rate: {item: "1", unit: yuan / bed, is: 100.01}}
clauses:
  grant:
    item: "1"
    label: {zh: 床位补助, en: Grant for beds}
    for: homes
    every: once
    dated: opened
    when: beds >= 1
    amount: beds * rate
    split: {city: 5, county: 5}
"""
CASE = """\
name: {zh: 一家, en: one home}
source: 手工
schedule: beds.yaml
year: 2022
rows:
  homes:
    - {home: H, opened: 2022-06-01, beds: "3"}
    - {home: I, opened: 2022-06-01, beds: "1"}
expected:
  - {clause: grant, subject: H, amount: "300.03"}
  - {clause: grant, payee: H, payer: city, due: 2022-06-01, amount: "150.02"}
  - {clause: grant, payer: county, amount: "200.01"}
  - {clause: grant, subject: I, state: paid}
"""


def written(path: Path, case: str = CASE, schedule: str = SCHEDULE) -> Path:
    (path / "beds.yaml").write_text(schedule, encoding="utf-8")
    file = path / "case.yaml"
    file.write_text(case, encoding="utf-8")
    return file


def outcomes(file: Path) -> list[Outcome]:
    return [run_case(case) for case in read_cases(file)]


def run(*arguments: str) -> tuple[int, str, str]:
    done = CliRunner().invoke(app, list(arguments), env={"COLUMNS": "100"})
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    return done.exit_code, done.stdout, done.stderr


def test_a_case_that_holds(tmp_path: Path) -> None:
    (outcome,) = outcomes(written(tmp_path))
    assert outcome.passed
    assert (outcome.name.zh, outcome.name.en, outcome.source) == ("一家", "one home", "手工")
    assert [(one.what.en, one.found) for one in outcome.compared] == [
        ("grant H", "300.03"),
        ("grant H city 2022-06-01", "150.02"),
        ("grant county", "200.01"),
        ("grant I", "paid"),
        ("findings", "—"),
    ]


TOLD = {
    "en": """\
{file}:1 one home
source: 手工
+-------------------------------------------------------------------------------------+
|                         | expected | found, and how                                 |
|-------------------------+----------+------------------------------------------------|
| grant H                 | 300.04   | 300.03                                         |
|                         |          | Grant for beds · H · 2022-06-01: 300.03        |
|                         |          |   document                                     |
|                         |          |     测〔2022〕1号 item 1: test/beds 2022-01-01 |
|                         |          | r1                                             |
|                         |          |   facts                                        |
|                         |          |     beds: 3 beds   [homes:1:beds]              |
|                         |          |   figures                                      |
|                         |          |     rate: 100.01 yuan / bed, item 1            |
|                         |          |   conditions                                   |
|                         |          |     beds >= 1: 3 >= 1, met                     |
|                         |          |   calculation                                  |
|                         |          |     amount = beds × rate: 3 × 100.01 = 300.03  |
|                         |          | yuan                                           |
|                         |          |   result                                       |
|                         |          |     300.03                                     |
|                         |          |   payments                                     |
|                         |          |     H 2022-06-01: 300.03, and nothing else is  |
|                         |          | in it                                          |
|                         |          |       shared city 5 : county 5                 |
|                         |          |       city: 150.02 (5/10 of 300.03), with the  |
|                         |          | odd fen: equal remainders, first in order      |
|                         |          |       county: 150.01 (5/10 of 300.03)          |
|-------------------------+----------+------------------------------------------------|
| grant H city 2022-06-01 | 150.01   | 150.02                                         |
|                         |          | Grant for beds · H · 2022-06-01: 300.03        |
|                         |          |   document                                     |
|                         |          |     测〔2022〕1号 item 1: test/beds 2022-01-01 |
|                         |          | r1                                             |
|                         |          |   payments                                     |
|                         |          |     H 2022-06-01: 300.03, entitlements: 1      |
|                         |          |       H: 300.03                                |
|                         |          |       shared city 5 : county 5                 |
|                         |          |       city: 150.02 (5/10 of 300.03), with the  |
|                         |          | odd fen: equal remainders, first in order      |
|                         |          |       county: 150.01 (5/10 of 300.03)          |
+-------------------------------------------------------------------------------------+
  3 hold, 2 do not
""",
    "zh": """\
{file}:1 一家
依据: 手工
+-------------------------------------------------------------------------------------+
|                         | 预期   | 计算结果及步骤                                   |
|-------------------------+--------+--------------------------------------------------|
| grant H                 | 300.04 | 300.03                                           |
|                         |        | 床位补助 · H · 2022-06-01: 300.03                |
""",
}


@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_case_that_fails_shows_both_sides_and_the_steps(tmp_path: Path, language: Any) -> None:
    file = written(tmp_path, CASE.replace("300.03", "300.04").replace("150.02", "150.01"))
    (outcome,) = outcomes(file)
    told, expected = outcome_text(outcome, language, 87), TOLD[language].format(file=file)
    assert told[: len(expected)] == expected
    code, out, _ = run("test", str(file), "--lang", language)
    assert code == 1
    assert out.endswith("0 passed, 1 failed\n")
    assert {"en": "Grant for beds · H", "zh": "床位补助 · H"}[language] in out


def test_what_has_no_row_and_what_has_many(tmp_path: Path) -> None:
    homes = "".join(f'    - {{home: "{number}", opened: 2022-06-01, beds: "1"}}\n' for number in range(5))
    case = CASE.replace("  homes:\n", f"  homes:\n{homes}")
    case = case[: case.index("expected:")] + "expected:\n"
    case += '  - {clause: grant, period: 2021-01-01, amount: "1.00"}\n  - {clause: grant, amount: "1.00"}\n'
    (outcome,) = outcomes(written(tmp_path, case))
    none, many, _ = outcome.compared
    assert (none.found, none.steps("zh"), none.steps("en")) == (
        "0.00",
        ["没有这样的一行；请核对对象、期次和施行期"],
        ["there is no such row: check subject and period, and the days in force"],
    )
    assert many.found == "900.09"
    assert (len(many.steps("en")), many.steps("en")[-1], many.steps("zh")[-1]) == (4, "and 4 more", "另有 4 项")


def test_findings_that_nobody_expects_fail_a_case(tmp_path: Path) -> None:
    blank = CASE.replace('beds: "1"', 'beds: ""').replace("200.01", "150.01").replace("state: paid", "state: finding")
    file = written(tmp_path, blank)
    (outcome,) = outcomes(file)
    (failed,) = [one for one in outcome.compared if not one.passed]
    assert (failed.what.zh, failed.expected, failed.found) == ("疑点", "—", "blank-cell")
    assert f"{file}:8:44 (rows.homes.1.beds): 错误 [blank-cell] I：床位数 空白" in outcome_text(outcome, "zh")
    assert outcomes(written(tmp_path, f"{blank}findings: [blank-cell]\n"))[0].passed


def test_an_example_that_fails_is_told_in_the_same_way(tmp_path: Path) -> None:
    example = '    examples: [{amount: "9.00", rows: {homes: [{home: H, opened: 2022-06-01, beds: "3"}]}}]\n'
    file = written(tmp_path, schedule=SCHEDULE + example).parent / "beds.yaml"
    code, out, _ = run("test", str(file), "--lang", "zh")
    assert code == 1
    assert f"{file}:19 test/beds 2022-01-01 grant [1] #1" in out
    assert "9.00" in out
    assert "amount = beds × rate: 3 × 100.01 = 300.03 元" in out


# --- schedules of a case -------------------------------------------------------------------------------------------


def inline(text: str) -> str:
    return "".join(f"    {line}\n" for line in text.splitlines())


def test_a_schedule_written_in_the_case(tmp_path: Path) -> None:
    case = CASE.replace("schedule: beds.yaml\n", f"schedule:\n{inline(SCHEDULE)}")
    assert outcomes(written(tmp_path, case))[0].passed
    with pytest.raises(ScheduleError) as error:
        outcomes(written(tmp_path, case.replace("beds * rate", "beds * rat")))
    (found,) = error.value.findings
    assert (Path(found.place.file).name, found.place.row, found.place.path) == ("case.yaml", 20, "clauses.grant.amount")


def test_overlays_and_a_basis(tmp_path: Path) -> None:
    case = CASE.replace("year: 2022", "year: 2022\nset: {values.rate.is: '1'}\nbasis: accrued")
    case = case.replace("300.03", "3.00").replace("150.02", "1.50").replace("200.01", "2.00")
    assert outcomes(written(tmp_path, case))[0].passed


def test_several_schedules(tmp_path: Path) -> None:
    other = SCHEDULE.replace("test/beds", "test/other").replace("100.01", "1")
    case = CASE.replace("schedule: beds.yaml\n", f"schedule:\n  - beds.yaml\n  -\n{inline(other)}")
    case = case.replace("clause: grant", "clause: 'test/beds:grant'")
    case += '  - {clause: "test/other:grant", amount: "4.00"}\n'
    assert outcomes(written(tmp_path, case))[0].passed
    with pytest.raises(ScheduleError, match="there is no clause grant; known here: test/beds:grant, test/other:grant"):
        outcomes(written(tmp_path, case.replace('"test/other:grant"', "grant")))


def test_a_version_by_its_day(tmp_path: Path) -> None:
    folder = tmp_path / "versions"
    folder.mkdir()
    later = SCHEDULE.replace("in_force: {from: 2022-01-01}", "in_force: {from: 2022-03-01}").replace("100.01", "200")
    for name, text in (("a", SCHEDULE), ("b", later)):
        (folder / f"{name}.yaml").write_text(text, encoding="utf-8")
    case = CASE.replace("beds.yaml", "versions")
    assert not outcomes(written(tmp_path, case))[0].passed
    assert outcomes(written(tmp_path, case.replace("year:", "on: 2022-02-01\nyear:")))[0].passed


# --- what the command takes ----------------------------------------------------------------------------------------


def test_the_command_takes_ids_files_and_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    example = '    examples: [{amount: "300.03", rows: {homes: [{home: H, opened: 2022-06-01, beds: "3"}]}}]\n'
    inner = tmp_path / "tests" / "cases" / "inner"
    inner.mkdir(parents=True)
    several = "".join(f"- {CASE}".replace("\n", "\n  ").rstrip(" ") for _ in range(2))
    file = written(inner, several, SCHEDULE + example)
    assert run("test", str(file)) == (0, "2 passed, 0 failed\n", "")
    assert run("test", str(tmp_path)) == (0, "2 passed, 0 failed\n", "")
    assert run("test", str(file), str(inner / "beds.yaml")) == (0, "3 passed, 0 failed\n", "")
    monkeypatch.chdir(tmp_path)
    (shipped := tmp_path / "shipped" / "beds").mkdir(parents=True)
    written(shipped, "", SCHEDULE + example).unlink()
    monkeypatch.setattr(catalogue, "schedules_root", lambda: shipped.parent)
    assert run("test") == (0, "3 passed, 0 failed\n", "")
    assert run("test", "beds") == (0, "1 passed, 0 failed\n", "")


# --- mistakes ------------------------------------------------------------------------------------------------------

BAD = [
    (
        "no case",
        (CASE, "just a text\n"),
        "1:1",
        "not-a-case",
        "the file is one case or a list of cases; begin with name: …, or with - name: …",
        "文件应为一个算例或算例的列表；请以 name: … 或 - name: … 开头",
    ),
    (
        "an unknown key",
        ("subject: I", "subjct: I"),
        "13:21",
        "unknown-key",
        "there is no key subjct; perhaps subject is meant",
        "没有 subjct 这个键；是否应为 subject",
    ),
    (
        "a missing key",
        ("source: 手工\n", ""),
        "1:1",
        "missing-key",
        "source is missing; add source: …",
        "缺少 source；请补上 source: …",
    ),
    (
        "a part of a fen",
        ("300.03", "300.031"),
        "10:42",
        "value",
        "the amount has a part of a fen; give at most two decimals",
        "金额不足一分的部分无法入账；最多两位小数",
    ),
    (
        "no amount",
        (", state: paid", ""),
        "13:5",
        "value",
        "there is no amount and no state to expect; add amount: …, or state: why-not",
        "没有预期金额或状态；请写 amount: 金额，或 state: why-not",
    ),
    (
        "a state of a payment",
        ("subject: I, state", "payer: city, state"),
        "13:5",
        "value",
        "a payment has no subject and no state; write two: one with payer, payee or due, one without",
        "拨付没有对象（subject）和状态（state）；payer、payee、due 与 subject、state 请分两项写",
    ),
    (
        "an unknown state",
        ("state: paid", "state: payed"),
        "13:40",
        "value",
        "state cannot be payed; possible: paid, why-not, finding",
        "state 不能是 payed；可用：paid, why-not, finding",
    ),
    (
        "no period",
        ("subject: I", "period: 2022-6"),
        "13:29",
        "value",
        "this is not a period; write it like 2022-03, 2022-Q1, 2022-H1, 2022, or a day",
        "不是期次；请写成 2022-03、2022-Q1、2022-H1、2022 或某一日",
    ),
    (
        "no schedule",
        ("schedule: beds.yaml", "schedule: []"),
        "3:1",
        "value",
        "a schedule is expected here; give an id, a YAML file, the text of a schedule, or a list of these",
        "此处应为补贴标准；请写 id、YAML 文件、标准全文，或它们的列表",
    ),
    (
        "an unknown clause",
        ("clause: grant, subject: I", "clause: grnat, subject: I"),
        "13:14",
        "case",
        "there is no clause grnat; perhaps grant is meant",
        "没有条款 grnat；是否应为 grant",
    ),
    (
        "an unknown payer",
        ("payer: county", "payer: country"),
        "12:28",
        "case",
        "there is no payer country; perhaps county is meant",
        "没有承担主体 country；是否应为 county",
    ),
    (
        "an unknown subject",
        ("subject: I", "subject: J"),
        "13:30",
        "case",
        "there is no J in the rows; known here: 1, 2022-06-01, 3, H, I",
        "各行中没有 J；可用：1, 2022-06-01, 3, H, I",
    ),
    (
        "an unknown id",
        ("schedule: beds.yaml", "schedule: cn/xian/elderly"),
        "3:11",
        "unknown-schedule",
        "there is no schedule cn/xian/elderly; perhaps cn/xian/elderly-care is meant",
        "没有补贴标准 cn/xian/elderly；是否应为 cn/xian/elderly-care",
    ),
    (
        "an unknown path of an overlay",
        ("year: 2022", "year: 2022\nset: {values.rat.is: '1'}"),
        "5:7",
        "overlay",
        "there is no rat in values.rat.is; perhaps rate is meant",
        "values.rat.is 中没有 rat；是否应为 rate",
    ),
    (
        "an overlay that does not fit",
        ("year: 2022", "year: 2022\nset: {values.rate.is: dear}"),
        "5:7",
        "value",
        "this is not a plain decimal number; write it like 12 or 12.50",
        "不是普通的十进制数；请写成 12 或 12.50 的形式",
    ),
    (
        "no year",
        ("year: 2022", "year: 202"),
        "4:7",
        "value",
        "202 is no year to report; give one from 1950 to 2150",
        "没有 202 年度；请给 1950 至 2150 之间的年度",
    ),
    (
        "one schedule twice",
        ("schedule: beds.yaml", "schedule: [beds.yaml, beds.yaml]"),
        "3:1",
        "schedule-twice",
        "this schedule is given twice; give it once",
        "同一补贴标准给了两次；请只给一次",
    ),
]


@pytest.mark.parametrize(("change", "place", "code", "en", "zh"), [one[1:] for one in BAD], ids=[one[0] for one in BAD])
def test_a_mistake_of_a_case(tmp_path: Path, change: Any, place: str, code: str, en: str, zh: str) -> None:
    assert change[0] in CASE
    file = written(tmp_path, CASE.replace(*change))
    with pytest.raises(ScheduleError) as error:
        outcomes(file)
    (found,) = error.value.findings
    assert found.code == code
    assert f"{found.why.en}; {found.remedy.en}" == en
    assert f"{found.why.zh}；{found.remedy.zh}" == zh
    assert (found.place.file, f"{found.place.row}:{found.place.column}") == (str(file), place)


def test_all_mistakes_of_all_cases_of_a_file(tmp_path: Path) -> None:
    wrong = CASE.replace("year: 2022", "year: soon").replace("state: paid", "state: payed")
    both = "".join(f"- {wrong}".replace("\n", "\n  ").rstrip(" ") for _ in range(2))
    with pytest.raises(ScheduleError) as error:
        read_cases(written(tmp_path, both))
    assert [found.place.row for found in error.value.findings] == [4, 13, 17, 26]


def test_a_case_that_cannot_be_read_stops_the_command(tmp_path: Path) -> None:
    file = written(tmp_path, CASE.replace("year: 2022", "year: soon"))
    code, out, err = run("test", str(file), "--lang", "zh")
    assert (code, out) == (1, "")
    assert f"{file}:4:7 (year)" in err.replace("\n", "")
    assert "测试未完成。" in err


def test_an_overlay_is_of_the_schedules_that_have_its_path(tmp_path: Path) -> None:
    other = SCHEDULE.replace("test/beds", "test/other").replace("grant:", "gift:").replace("rate", "price")
    (tmp_path / "other.yaml").write_text(other, encoding="utf-8")
    case = CASE.replace("schedule: beds.yaml", 'schedule: [beds.yaml, other.yaml]\nset: {values.price.is: "1"}')
    case += '  - {clause: gift, subject: H, amount: "3.00"}\n'
    (outcome,) = outcomes(written(tmp_path, case))
    assert outcome.passed


@pytest.mark.parametrize(("row", "told"), [("bedz: '3'", "finding"), ("beds: '3', opened: 2021-12-31", "no such row")])
def test_an_example_of_nothing_needs_a_row_that_owes_nothing(tmp_path: Path, row: str, told: str) -> None:
    """A heading that is misspelled leaves a finding, a day out of force no row; neither is an amount of 0."""
    opened = "" if "opened" in row else "opened: 2022-06-01, "
    example = f'    examples: [{{rows: {{homes: [{{home: H, {opened}{row}}}]}}, amount: "0.00"}}]\n'
    file = tmp_path / "beds.yaml"
    file.write_text(SCHEDULE + example, encoding="utf-8")
    code, shown, _ = run("test", str(file), "--lang", "en")
    assert code == 1
    assert told in shown
