"""A receipt run again: equal, or the first difference in order of cause; bad files; the same bytes everywhere."""

from __future__ import annotations

import copy
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner
from xian import DISTRICT, FILE, ID, XIAN, Tables, facility, household, stay

import subsidy
from subsidy import Receipt, ReceiptError, Roster, ScheduleError, Verification, calculate, schedule, verify
from subsidy.budget import receipt_file
from subsidy.cli import app

ROWS: Tables = {
    "districts": [DISTRICT],
    "facilities": [facility("F", star="5"), facility("G", star="1")],
    "residents": [
        stay("2022-02-01", "2022-03-10", ability="disabled"),
        stay("2022-03-11", "2022-03-31", key="T", home="G", ability="disabled"),
    ],
}
Change = Callable[[dict[str, Any]], Any]


@pytest.fixture(scope="module")
def receipt() -> Receipt:
    return calculate(XIAN, Roster(**ROWS), 2022).receipt


def with_change(receipt: Receipt, change: Change) -> Receipt:
    content = copy.deepcopy(json.loads(receipt.to_json()))
    change(content)
    return Receipt(content)


def said(found: Verification) -> list[str]:
    return [one.text.en for one in found.decisive]


# --- equal ---------------------------------------------------------------------------------------------------------


def test_the_same_input_is_equal(receipt: Receipt) -> None:
    found = verify(receipt, Roster(**{table: rows[::-1] for table, rows in ROWS.items()}))
    assert (found.equal, found.differences, found.findings) == (True, (), ())
    assert found.recalculated == receipt
    assert found.to_dict() == {"equal": True, "recalculated": True, "differences": [], "findings": []}


def test_overlays_and_options_are_those_of_the_receipt() -> None:
    by = XIAN.overlay({"values.operating_rate.is.5.disabled": "226"})
    blank = {**ROWS, "households": [household(actual_cost="1999.99"), household(household="I", actual_cost="")]}
    for basis in ("due", "accrued"):
        made = calculate(by, Roster(**blank), 2022, basis=basis, proceed=True).receipt  # type: ignore[arg-type]
        assert verify(made, Roster(**blank)).equal
        assert made.content["blocked_rows"] == {}


def test_blocked_rows_stand_in_the_receipt() -> None:
    wrong = {**ROWS, "facilities": [*ROWS["facilities"], facility("H", star="9")]}
    made = calculate(XIAN, Roster(**wrong), 2022, proceed=True).receipt
    assert made.content["blocked_rows"] == {"facilities": 1}
    assert verify(made, Roster(**wrong)).equal


def test_several_schedules_in_the_order_of_the_receipt() -> None:
    linze = next(name for name in subsidy.catalogue() if "linze" in name)
    made = calculate([schedule(linze), XIAN], Roster(**ROWS), 2022, proceed=True).receipt
    found = verify(made, Roster(**ROWS))
    assert found.equal, said(found)


def test_a_version_that_came_later_is_not_calculated(receipt: Receipt, tmp_path: Path) -> None:
    text = FILE.read_text("utf-8").replace("in_force: {from: 2021-11-05", "in_force: {from: 2022-03-01", 1)
    (tmp_path / "1.yaml").write_text(FILE.read_text("utf-8"), encoding="utf-8")
    (tmp_path / "2.yaml").write_text(text, encoding="utf-8")
    line = schedule(tmp_path)
    assert len(line.versions) == 2
    assert verify(receipt, Roster(**ROWS), line).equal
    both = calculate(line, Roster(**ROWS), 2022).receipt
    found = verify(both, Roster(**ROWS))
    assert (found.equal, found.recalculated) == (False, None)
    assert said(found) == [f"schedule {ID} 2022-03-01: the receipt has this version, it is not there now"]
    assert found.decisive[0].text.zh == f"补贴标准 {ID} 2022-03-01：凭证用了这一版，现在没有"


# --- what is told and decides nothing ------------------------------------------------------------------------------


def test_another_version_of_the_program_is_a_note(receipt: Receipt) -> None:
    found = verify(with_change(receipt, lambda content: content["engine"].update(version="0.0.9")), Roster(**ROWS))
    assert found.equal
    (note,) = found.notes
    assert note.text.en == f"program version: 0.0.9 in the receipt, {subsidy.__version__} now"
    assert note.text.zh == f"程序版本：凭证为 0.0.9，现为 {subsidy.__version__}"


def test_a_comment_more_in_the_file_is_a_note(receipt: Receipt, tmp_path: Path) -> None:
    own = tmp_path / "own.yaml"
    own.write_text(FILE.read_text("utf-8").replace("rows: {", "rows: {", 1) + "\n# a comment\n", encoding="utf-8")
    found = verify(receipt, Roster(**ROWS), schedule(own))
    assert found.equal, said(found)
    (note,) = found.notes
    assert note.text.en.startswith(f"schedule {ID} 2021-11-05: the file was changed (hash: ")
    assert note.text.zh.startswith(f"补贴标准 {ID} 2021-11-05 的文件有改动（校验值：凭证为 ")


# --- the first difference ------------------------------------------------------------------------------------------

A = "a" * 64
NAME = f"{ID} 2021-11-05"
CHANGED: list[tuple[Change, str, str]] = [
    (
        lambda content: content["schedules"][0].update(revision=2),
        f"schedule {NAME} · revision: 2 in the receipt, 1 now",
        f"补贴标准 {NAME} · 修订号：凭证为 2，现为 1",
    ),
    (
        lambda content: content["schedules"][0].update(document="1号"),
        f"schedule {NAME} · document: 1号 in the receipt, 市政办发〔2021〕47号 now",
        f"补贴标准 {NAME} · 文号：凭证为 1号，现为 市政办发〔2021〕47号",
    ),
    (
        lambda content: content["schedules"][0].update(meaning_sha256=A),
        "the file is the same: shared tables, overlays or the program differ",
        "文件未变，变的是共用的表、临时改动或程序",
    ),
    (
        lambda content: content["schedules"][0].update(meaning_sha256=A, bytes_sha256=A),
        "if a file of one's own was used, give it with --schedule",
        "如当时用的是自己的文件，请用 --schedule 给出",
    ),
    (
        lambda content: content["roster"].pop("residents"),
        "table residents: not in the receipt, 2 rows now",
        "表 residents：凭证没有这张表，现有 2 行",
    ),
    (
        lambda content: content["roster"].update(meals={"rows": 3, "sha256": A}),
        "table meals: 3 rows in the receipt, no such table now",
        "表 meals：凭证有 3 行，现在没有这张表",
    ),
    (
        lambda content: content["roster"]["residents"].update(rows=3, sha256=A),
        "table residents · rows: 3 in the receipt, 2 now",
        "表 residents · 行数：凭证为 3，现为 2",
    ),
    (
        lambda content: content["roster"]["residents"].update(sha256=A),
        "the content of the table residents was changed, with as many rows as before (hash: aaaaaaaaaaaa… ",
        "表 residents 的内容有改动，行数未变（校验值：凭证为 aaaaaaaaaaaa…，现为 ",
    ),
    (
        lambda content: content.update(mapping=A),
        "mapping: aaaaaaaaaaaa… in the receipt, none now",
        "列名对照表：凭证为 aaaaaaaaaaaa…，现为 无",
    ),
    (
        lambda content: content.update(example_rows={"staff": 1}),
        "example rows in the table staff: 1 in the receipt, none now",
        "示例行数，表 staff：凭证为 1，现为 无",
    ),
    (
        lambda content: content.update(given_facts={"facilities": ["beds", "star"]}),
        "table facilities: beds, star in the receipt, star now",
        "表 facilities：凭证为 beds、star，现为 star",
    ),
    (
        lambda content: content["readings"].clear(),
        "readings taken: none in the receipt, ",
        "所作理解：凭证为 无，现为 ",
    ),
    (
        lambda content: content.update(findings=7),
        "number of findings: 7 in the receipt, 0 now",
        "疑点数：凭证为 7，现为 0",
    ),
    (
        lambda content: content.update(blocked_rows={"staff": 2}),
        "rows left out for their errors, table staff: 2 in the receipt, none now",
        "因错误未计算的行数，表 staff：凭证为 2，现为 无",
    ),
    (
        lambda content: content["totals"]["by_clause"][0].update(amount="0.01"),
        "clause operating_grant · amount: 0.01 yuan in the receipt, 305.00 yuan now",
        "条款 operating_grant · 金额：凭证为 0.01 元，现为 305.00 元",
    ),
    (
        lambda content: content["totals"]["by_clause"].clear(),
        "clause operating_grant: none in the receipt, 305.00 yuan now",
        "条款 operating_grant：凭证为 无，现为 305.00 元",
    ),
    (
        lambda content: content["totals"]["by_payer"][0]["clauses"].update(operating_grant="1.00"),
        "payer city · clause operating_grant: 1.00 yuan in the receipt, 152.50 yuan now",
        "承担主体 city · 条款 operating_grant：凭证为 1.00 元，现为 152.50 元",
    ),
    (
        lambda content: content["totals"]["by_district"][0].update(district=None),
        "district D: none in the receipt, 305.00 yuan now",
        "区县 D：凭证为 无，现为 305.00 元",
    ),
    (
        lambda content: content["totals"]["relief"].append({"clause": "vat", "amount": "1.00"}),
        "relief vat: 1.00 yuan in the receipt, none now",
        "减免 vat：凭证为 1.00 元，现为 无",
    ),
    (
        lambda content: content["totals"].update(total="1.00"),
        "total: 1.00 yuan in the receipt, 305.00 yuan now",
        "合计：凭证为 1.00 元，现为 305.00 元",
    ),
    (
        lambda content: content["totals"].update(low="1.00"),
        "low: 1.00 yuan in the receipt, 305.00 yuan now",
        "下限：凭证为 1.00 元，现为 305.00 元",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("change", "en", "zh"), CHANGED, ids=[en for _, en, _ in CHANGED])
def test_the_first_difference(receipt: Receipt, change: Change, en: str, zh: str) -> None:
    found = verify(with_change(receipt, change), Roster(**ROWS))
    assert not found.equal
    assert en in found.decisive[0].text.en
    assert zh in found.decisive[0].text.zh
    assert found.recalculated == receipt


def test_the_first_difference_in_a_pot() -> None:
    wave = [
        {
            "medical_project": "Y", "district": "D", "kind": "age_friendly", "completed": "2022-12-31",
            "hospital_level": "level_3", "count": "200",
        }
    ]  # fmt: skip
    made = calculate(XIAN, Roster(districts=[DISTRICT], medical_projects=wave), 2022).receipt
    changed = with_change(made, lambda content: content["totals"]["pots"][0].update(at_most="1.00"))
    (one,) = verify(changed, Roster(districts=[DISTRICT], medical_projects=wave)).decisive
    assert one.text.en == "pot medical_envelope · at most: 1.00 yuan in the receipt, 30,000,000.00 yuan now"
    assert one.text.zh == "资金总额 medical_envelope · 总额：凭证为 1.00 元，现为 30,000,000.00 元"


def test_an_entry_twice_is_a_difference(receipt: Receipt) -> None:
    changed = with_change(receipt, lambda content: content["totals"]["by_payer"].append({"payer": "city"}))
    assert said(verify(changed, Roster(**ROWS))) == ["payer city #2: there in the receipt, none now"]


def test_causes_come_before_effects(receipt: Receipt) -> None:
    residents = [{**ROWS["residents"][0], "to": "2022-02-28"}]
    found = verify(receipt, Roster(**{**ROWS, "residents": residents}))
    assert said(found)[0] == "table residents · rows: 2 in the receipt, 1 now"
    assert said(found)[-1].startswith("low: 305.00 yuan in the receipt, ")
    assert [one.path[-1] for one in found.decisive].count("sha256") == 0


def test_a_roster_that_no_longer_calculates(receipt: Receipt) -> None:
    residents = [{**ROWS["residents"][0], "from": "soon"}, ROWS["residents"][1]]
    found = verify(receipt, Roster(**{**ROWS, "residents": residents}))
    assert (found.equal, found.recalculated) == (False, None)
    assert [one.path for one in found.decisive] == [("roster", "residents", "sha256")]
    assert {finding.table for finding in found.findings} == {"residents"}


def test_an_overlay_that_no_longer_fits(receipt: Receipt) -> None:
    change: Change = lambda content: content["schedules"][0]["overlays"].update({"values.no_such.is": "1"})  # noqa: E731
    found = verify(with_change(receipt, change), Roster(**ROWS))
    assert found.recalculated is None
    assert found.decisive[0].text.en == f"schedule {NAME} · overlay values.no_such.is: 1 in the receipt, none now"
    assert found.decisive[0].text.zh == f"补贴标准 {NAME} · 临时改动 values.no_such.is：凭证为 1，现为 无"
    assert [finding.code for finding in found.findings] == ["overlay"]


# --- schedules that are not known ----------------------------------------------------------------------------------


def test_an_unknown_schedule(receipt: Receipt) -> None:
    changed = with_change(receipt, lambda content: content["schedules"][0].update(id="cn/xian/x"))
    made = Receipt(changed.content, "r.json")
    with pytest.raises(ReceiptError) as caught:
        verify(made, Roster(**ROWS))
    (finding,) = caught.value.findings
    assert finding.line("en").startswith("r.json (schedules): error [unknown-schedule] «cn/xian/x» there is no ")
    assert finding.line("zh").endswith("如当时用的是自己的文件，请用 --schedule 给出。")


def test_a_path_is_no_schedule_of_a_receipt(receipt: Receipt) -> None:
    with pytest.raises(ReceiptError):
        verify(with_change(receipt, lambda content: content["schedules"][0].update(id=str(FILE))), Roster(**ROWS))


def test_a_schedule_given_that_the_receipt_does_not_name(receipt: Receipt) -> None:
    with pytest.raises(ScheduleError) as caught:
        verify(receipt, Roster(**ROWS), [schedule("cn/yinchuan/elderly-care"), XIAN, XIAN])
    assert sorted(finding.code for finding in caught.value.findings) == ["not-in-receipt", "schedule-twice"]
    (foreign,) = (finding for finding in caught.value.findings if finding.code == "not-in-receipt")
    assert (foreign.why.en, foreign.why.zh) == ("the receipt does not name this schedule", "凭证没有用这个补贴标准")
    assert ID in foreign.remedy.zh


# --- bad files -----------------------------------------------------------------------------------------------------


def changed(**entries: Any) -> Callable[[str], str]:
    return lambda good: json.dumps({**json.loads(good), **entries})


BAD: list[tuple[bytes | Callable[[str], str | bytes], str, str]] = [
    (b"", "this is not whole JSON", "不是完整的 JSON"),
    (lambda good: good[: len(good) // 2], "this is not whole JSON", "不是完整的 JSON"),
    (b"PK\x03\x04 \xff", "this is not UTF-8, from byte 6 on", "第 6 个字节起不是 UTF-8"),
    (lambda good: good.encode("gbk"), "this is not UTF-8", "不是 UTF-8"),
    (b"[" * 100_000, "this JSON does not come from a receipt", "JSON 的内容不会出自凭证"),
    (b'{"a": 1, "a": 2}', "this JSON does not come from a receipt", "JSON 的内容不会出自凭证"),
    (b"1" * 5000, "this JSON does not come from a receipt", "JSON 的内容不会出自凭证"),
    (b"[]", "this is not a receipt of this program", "不是本程序的计算凭证"),
    (b'{"name": "other"}', "this is not a receipt of this program", "不是本程序的计算凭证"),
    (changed(engine={"name": "other", "version": "1"}), "not a receipt of this program", "不是本程序的计算凭证"),
    (lambda good: good.replace('"totals"', '"other"'), "totals is missing", "缺少 totals"),
    (changed(more=1), "a receipt has no more", "凭证没有 more 这一项"),
    (changed(options={"year": 1, "basis": "due", "proceed": True}), "options.year cannot", "options.year 的内容不对"),
    (
        changed(options={"year": 2022, "basis": "due", "proceed": True, "as_of": "2022-2-1"}),
        "options.as_of cannot be this", "options.as_of 的内容不对",
    ),
    (changed(findings=1.5), "findings cannot be this", "findings 的内容不对"),
    (changed(schedules=[]), "schedules cannot be this", "schedules 的内容不对"),
]  # fmt: skip


@pytest.mark.parametrize(("content", "en", "zh"), BAD, ids=range(len(BAD)))
def test_bad_files(
    receipt: Receipt, tmp_path: Path, content: bytes | Callable[[str], str | bytes], en: str, zh: str
) -> None:
    file = tmp_path / "receipt.json"
    made = content if isinstance(content, bytes) else content(receipt.to_json())
    file.write_bytes(made if isinstance(made, bytes) else made.encode())
    with pytest.raises(ReceiptError) as caught:
        Receipt.load(file)
    assert all(finding.place.file == str(file) for finding in caught.value.findings)
    assert any(en in finding.line("en") and zh in finding.line("zh") for finding in caught.value.findings)


def test_a_huge_file_and_no_file(receipt: Receipt, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "receipt.json"
    file.write_text(receipt.to_json(), encoding="utf-8-sig")
    assert Receipt.load(file) == receipt  # an editor's mark at the head is no content
    monkeypatch.setattr(receipt_file, "MOST_BYTES", 100)
    with pytest.raises(ReceiptError, match="more than 100 bytes is no receipt"):
        Receipt.load(file)
    for path in (tmp_path, tmp_path / "none.json"):
        with pytest.raises(ReceiptError, match="check the path and its permissions"):
            Receipt.load(path)


# --- the command ---------------------------------------------------------------------------------------------------


def written(folder: Path, rows: Tables) -> str:
    folder.mkdir()
    for table, entries in rows.items():
        lines = [",".join(entries[0]), *(",".join(row.values()) for row in entries)]
        (folder / f"{table}.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return str(folder)


def test_the_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    run = CliRunner().invoke
    same = written(Path("same"), ROWS)
    residents = [{**ROWS["residents"][0], "ability": "self_caring"}, ROWS["residents"][1]]
    other = written(Path("other"), {**ROWS, "residents": residents})
    made = run(app, ["budget", same, "-s", ID, "-y", "2022", "--receipt", "r.json", "--lang", "en"])
    assert made.exit_code == 0, made.output
    equal = run(app, ["verify", "r.json", same, "--lang", "en"])
    assert (equal.exit_code, equal.stdout) == (0, "r.json: equal: total 305.00 yuan\n")
    by_file = run(app, ["verify", "r.json", same, "-s", str(FILE), "--lang", "zh"])
    assert by_file.stdout == "r.json: 一致：合计 305.00 元\n"
    unequal = run(app, ["verify", "r.json", other, "--lang", "zh"])
    assert unequal.exit_code == 1
    first, second, third, fourth = unequal.stdout.splitlines()
    assert first == "r.json: 不一致"
    assert second.startswith("表 residents 的内容有改动，")
    as_json = run(app, ["verify", "r.json", other, "--json", "--lang", "zh"])
    assert as_json.exit_code == 1
    differences = json.loads(as_json.stdout)["differences"]
    assert third == "合计：凭证为 305.00 元，现为 160.00 元。"
    assert fourth == f"另有 {len(differences) - 2} 处不同，用 --json 列出。"
    Path("r.json").write_text("{", encoding="utf-8")
    damaged = run(app, ["verify", "r.json", same, "--lang", "zh"])
    assert (damaged.exit_code, damaged.stdout) == (1, "")
    assert "r.json:1:2: 错误 [not-json] 不是完整的 JSON；请用 --receipt 保存的原文件。" in damaged.stderr
    assert "凭证未核对。" in damaged.stderr


# --- the same bytes everywhere -------------------------------------------------------------------------------------

MAKE = """
import json, sys, subsidy
rows = json.loads(sys.argv[1])
made = subsidy.calculate(subsidy.schedule(sys.argv[2]), subsidy.Roster(**rows), 2022, proceed=True).receipt
sys.stdout.buffer.write(made.to_json().encode())
"""


def test_the_same_bytes_whatever_the_order_the_seed_the_locale_and_the_time_zone(receipt: Receipt) -> None:
    backwards = {table: rows[::-1] for table, rows in reversed(ROWS.items())}
    variations = [
        (ROWS, {"PYTHONHASHSEED": "0", "LC_ALL": "C", "TZ": "UTC"}),
        (backwards, {"PYTHONHASHSEED": "1", "LC_ALL": "zh_CN.GB18030", "TZ": "Asia/Shanghai"}),
        (backwards, {"PYTHONHASHSEED": "4242", "LC_ALL": "tr_TR.UTF-8", "TZ": "America/St_Johns"}),
    ]
    running = [
        subprocess.Popen(
            [sys.executable, "-c", MAKE, json.dumps(rows), ID], stdout=subprocess.PIPE, env={**os.environ, **settings}
        )
        for rows, settings in variations
    ]
    printed = [process.communicate()[0] for process in running]
    assert printed == [receipt.to_json().replace('"proceed": false', '"proceed": true').encode()] * 3
