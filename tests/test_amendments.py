"""Amendments: a version written as what it changes in the one before, and the proof against a consolidated text."""

from __future__ import annotations

import hashlib
import tempfile
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, Phase, given, settings
from random_schedules import cases
from typer.testing import CliRunner

import subsidy
from subsidy.cli import app
from subsidy.finding import ScheduleError
from subsidy.schedule.load import load_file
from subsidy.schedule.source import path_in

BASE = """\
schedule: test/homes
document: {number: 测〔2021〕1号, issuer: 某市民政局, issued: 2021-01-01}
in_force: {from: 2021-01-01}
revision: 1
place: CN-000000
payers: {city: {label: {zh: 市级, en: city}}}
facts:
  homes: {home: key, opened: date, places: {place: 1..500}, kind: [new, other_kind]}
values:
  rate:
    item: "1"
    unit: yuan / place
    by: [kind, year]
    is: {new: {2021..2023: 500, other: 400}, other_kind: {other: 50}}
clauses:
  grant:
    item: "1"
    for: homes
    every: once
    dated: opened
    amount: places * rate
    split: {city: 1}
    examples:
      - {amount: "1000.00", rows: {homes: [{home: H, opened: 2021-03-01, places: "2", kind: new}]}}
  extra: {item: "2", for: homes, every: once, dated: opened, amount: places * rate, split: {city: 1}}
limits:
  higher: {item: "2", among: [grant, extra], per: [home], keep: highest}
"""
AMENDMENT = """\
schedule: test/homes
document: {number: 测〔2022〕9号, issuer: 某市民政局, issued: 2021-12-20}
in_force: {from: 2022-01-01}
revision: 1
amends: 2021-01-01
changes:
  values.rate.is.new.2021..2023: 600
  clauses.grant.item: 一之一
adds:
  values.rate.is.new.2024..2025: 450
  clauses.door:
    item: "3"
    for: homes
    every: once
    dated: opened
    amount: round door_cost * share to fen half_up
    split: {city: 1}
    examples:
      - {amount: "3.34", rows: {homes: [{home: H, opened: 2022-03-01, places: "2", kind: new}]}}
  values.door_cost: {item: "3", unit: yuan, is: 10}
  values.share: {item: "3", unit: percent, is: 33.35%}
  notes: [{text: {zh: 新增, en: new}}]
repeals: [clauses.extra, limits]
"""
CONSOLIDATED = """\
schedule: test/homes
document: {number: 测〔2022〕10号, issuer: 某市民政局, issued: 2022-01-10}
in_force: {from: 2022-01-01}
revision: 7
place: CN-000000
payers: {city: {label: {zh: 市级, en: city}}}
facts:
  homes: {home: key, opened: date, places: {place: 1..500}, kind: [new, other_kind]}
values:
  rate:
    item: "1"
    unit: yuan / place
    by: [kind, year]
    is: {new: {2021..2023: 600, 2024..2025: 450, other: 400}, other_kind: {other: 50}}
  door_cost: {item: "3", unit: yuan, is: 10}
  share: {item: "3", unit: percent, is: 33.35%}
clauses:
  door:
   {item: "3", for: homes, every: once, dated: opened, amount: round door_cost * share to fen half_up, split: {city: 1}}
  grant: {item: 一之一, for: homes, every: once, dated: opened, amount: places * rate, split: {city: 1}}
notes: [{text: {zh: 新增, en: new}}]
"""
FIRST, SECOND, THIRD = "2021-01-01.yaml", "2022-01-01.yaml", "2023-01-01.yaml"
HOME = {"home": "H", "opened": "2022-05-01", "places": "3", "kind": "new"}


def folder(path: Path, **texts: str) -> Path:
    """The files of versions in a folder: `first`, `second`, `third`, `consolidated`."""
    names = {"first": FIRST, "second": SECOND, "third": THIRD, "consolidated": "2022-01-01.consolidated.yaml"}
    for name, text in {"first": BASE, **texts}.items():
        (path / names[name]).write_text(text, encoding="utf-8")
    return path


def owed(schedule: Any, **row: str) -> dict[str, str]:
    result = subsidy.calculate(schedule, subsidy.Roster(homes=[{**HOME, **row}]), 2022)
    return {row.clause: str(row.owed) for row in result.entitlements().itertuples()}


# --- what an amendment means ---------------------------------------------------------------------------------------


def test_an_amendment_is_a_version(tmp_path: Path) -> None:
    schedule = subsidy.schedule(folder(tmp_path, second=AMENDMENT))
    assert [str(version.first_day) for version in schedule.versions] == ["2021-01-01", "2022-01-01"]
    first, second = schedule.versions
    assert (list(first.clauses), list(second.clauses)) == (["grant", "extra"], ["grant", "door"])
    assert owed(schedule, opened="2021-05-01") == {"grant": "1500.00", "extra": "0.00"}  # 3 × 500, once of two
    assert owed(schedule) == {"grant": "1800.00", "door": "3.34"}  # 3 × 600; 10 × 33.35 % = 3.335
    assert owed(schedule, opened="2025-05-01") == {"grant": "1350.00", "door": "3.34"}
    assert owed(schedule, opened="2026-05-01", kind="other_kind") == {"grant": "150.00", "door": "3.34"}
    assert subsidy.schedule(tmp_path, on="2021-12-31").latest.meaning_hash == first.meaning_hash


def test_it_cites_both_documents(tmp_path: Path) -> None:
    schedule = subsidy.schedule(folder(tmp_path, second=AMENDMENT))
    result = subsidy.calculate(schedule, subsidy.Roster(homes=[HOME]), 2022)
    assert "测〔2022〕9号 (amending 测〔2021〕1号) item 一之一" in str(result.explain("grant", "H"))
    assert "测〔2022〕9号（修改测〔2021〕1号） 第 一之一 条" in str(result.explain("grant", "H", language="zh"))


def test_its_hash_is_of_the_bytes_of_both_files(tmp_path: Path) -> None:
    path = folder(tmp_path, second=AMENDMENT) / SECOND
    one = load_file(path)
    digests = [hashlib.sha256(text.encode()).hexdigest() for text in (BASE, AMENDMENT)]
    assert one.text_hash == hashlib.sha256(" ".join(digests).encode()).hexdigest()
    folder(tmp_path, first=f"# a remark\n{BASE}")
    two = load_file(path)
    assert (one.text_hash == two.text_hash, one.meaning_hash == two.meaning_hash) == (False, True)
    roster = subsidy.Roster(homes=[HOME])
    receipt = subsidy.calculate(subsidy.schedule(path), roster, 2022).receipt.content
    assert receipt["schedules"][0]["bytes_sha256"] == two.text_hash


@pytest.mark.parametrize(
    ("written", "path", "rest"),
    [
        ("is.2022.city", ("is", "2022", "city"), ""),
        ("is.2022..2023", ("is", "2022..2023"), ""),
        ("is.2022..2024", ("is",), "2022..2024"),
        ("is.2022..", ("is",), "2022.."),
        ("is.2022...50", ("is", "2022", "..50"), ""),
        ("is.2022.town", ("is", "2022"), "town"),
        ("other", (), "other"),
    ],
)
def test_a_key_may_hold_dots(written: str, path: tuple[str, ...], rest: str) -> None:
    assert path_in({"is": {"2022": {"city": "1", "..50": "2"}, "2022..2023": "3"}}, written) == (path, rest)


def test_amendments_in_a_chain(tmp_path: Path) -> None:
    third = AMENDMENT[: AMENDMENT.index("changes:")].replace("2022-01-01", "2023-01-01").replace("9号", "20号")
    third = third.replace("amends: 2021-01-01", "amends: 2022-01-01")
    third += "changes: {values.door_cost.is: 20}\nrepeals: [values.rate.is.new.2024..2025]\n"
    schedule = subsidy.schedule(folder(tmp_path, second=AMENDMENT, third=third))
    assert schedule.latest.model.document.amended == ("测〔2022〕9号", "测〔2021〕1号")
    assert owed(schedule, opened="2023-05-01") == {"grant": "1800.00", "door": "6.67"}
    assert owed(schedule, opened="2025-05-01") == {"grant": "1200.00", "door": "6.67"}


def test_an_overlay_on_an_amended_version(tmp_path: Path) -> None:
    schedule = subsidy.schedule(folder(tmp_path, second=AMENDMENT))
    changed = schedule.overlay({"values.door_cost.is": "100"}).overlay({"values.rate.is.new.2021..2023": "1"})
    assert owed(changed) == {"grant": "3.00", "door": "33.35"}
    assert dict(changed.latest.overlays) == {"values.door_cost.is": "100", "values.rate.is.new.2021..2023": "1"}
    assert owed(schedule) == {"grant": "1800.00", "door": "3.34"}


def test_the_commands_take_an_amendment(tmp_path: Path) -> None:
    folder(tmp_path, second=AMENDMENT)
    path = str(tmp_path / SECOND)
    done = CliRunner().invoke(app, ["validate", path, "--lang", "en"])
    assert done.stdout == "test/homes 2022-01-01: 2 clauses, 0 limits, no mistakes\n"
    done = CliRunner().invoke(app, ["show", path, "--lang", "en"])
    assert "测〔2022〕9号 (amending 测〔2021〕1号)" in done.stdout
    for arguments, passed in (([path], 1), ([str(tmp_path)], 2)):  # the base's example is of the base alone
        assert CliRunner().invoke(app, ["test", *arguments]).stdout == f"{passed} passed, 0 failed\n"


def test_a_mistake_is_placed_where_it_was_written(tmp_path: Path) -> None:
    wrong = AMENDMENT.replace("door_cost * share to", "door_cots * share to")
    wrong = wrong.replace("[clauses.extra, limits]", "[values.rate]")
    for line in ("  values.rate.is.new.2021..2023: 600\n", "  values.rate.is.new.2024..2025: 450\n"):
        wrong = wrong.replace(line, "")
    with pytest.raises(ScheduleError) as error:
        load_file(folder(tmp_path, second=wrong) / SECOND)
    places = [(Path(found.place.file).name, found.place.row, found.place.path) for found in error.value.findings]
    assert places == [
        (FIRST, 21, "clauses.grant.amount"),
        (FIRST, 25, "clauses.extra.amount"),
        (SECOND, 14, "clauses.door.amount"),
    ]


# --- the consolidated text -----------------------------------------------------------------------------------------

PROVEN = f"{AMENDMENT}consolidated: 2022-01-01.consolidated.yaml\n"


def test_an_amendment_that_equals_its_consolidated_text(tmp_path: Path) -> None:
    folder(tmp_path, second=PROVEN, consolidated=CONSOLIDATED)
    schedule = subsidy.schedule(tmp_path)
    assert [path.name for path in schedule.paths] == [FIRST, SECOND]
    assert load_file(tmp_path / "2022-01-01.consolidated.yaml").first_day == schedule.latest.first_day


def test_an_amendment_that_does_not(tmp_path: Path) -> None:
    other = CONSOLIDATED.replace("2021..2023: 600", "2021..2023: 650").replace("{place: 1..500}", "{place: 1..400}")
    other = other.replace("to fen half_up", "to yuan half_up").replace("place: CN-000000", "place: CN-000001")
    other = other.replace("  share: {item", "  spare: {item: 甲, unit: yuan, is: 1}\n  share: {item")
    other += "limits:\n  higher: {item: '2', among: [grant], per: [home], keep: first}\n"
    path = folder(tmp_path, second=PROVEN, consolidated=other) / SECOND
    with pytest.raises(ScheduleError) as error:
        load_file(path)
    file = tmp_path / "2022-01-01.consolidated.yaml"
    base = tmp_path / FIRST
    lines = sorted(found.line() for found in error.value.findings)
    expected = {
        f"{base}:5:8 (place)": ("CN-000000", "5:8", "CN-000001"),
        f"{base}:8:36 (facts.homes.places.high)": ("500", "8:36", "400"),
        f"{path}:7:34 (values.rate.is.new.2021..2023)": ("600", "14:28", "650"),
        f"{base}:9:1 (values.spare)": ("absent", "16:3", "{unit: yuan, is: 1, item: 甲}"),
        f"{path}:16:13 (clauses.door.amount)": (
            "round door_cost * share to fen half_up",
            "20:64",
            "round door_cost * share to yuan half_up",
        ),
        f"{path}:1:1 (limits.higher)": ("absent", "24:3", "{item: 2, among: [grant], per: [home], keep: first}"),
    }
    assert lines == sorted(
        f"{at}: error [consolidated] with the changes it is {ours}, in the consolidated text ({file}:{place}) {theirs}"
        "; correct the changes or the consolidated text."
        for at, (ours, place, theirs) in expected.items()
    )
    why = next(found.why.zh for found in error.value.findings if found.place.path == "place")
    assert why == f"修改后为 CN-000000，合并文本（{file}:5:8）为 CN-000001"


def test_the_order_of_limits_is_compared(tmp_path: Path) -> None:
    limit = "{item: '2', among: [grant], per: [home], keep: first}"
    second = PROVEN.replace(", limits]", "]").replace("adds:\n", f"adds:\n  limits.second: {limit}\n")
    second = second.replace("changes:\n", "changes:\n  limits.higher.among: [grant]\n")
    higher = limit.replace("first", "highest")
    right = f"{CONSOLIDATED}limits:\n  higher: {higher}\n  second: {limit}\n"
    wrong = f"{CONSOLIDATED}limits:\n  second: {limit}\n  higher: {higher}\n"
    assert load_file(folder(tmp_path, second=second, consolidated=right) / SECOND).limits
    with pytest.raises(ScheduleError) as error:
        load_file(folder(tmp_path, second=second, consolidated=wrong) / SECOND)
    (found,) = error.value.findings
    assert found.place.path == "limits"
    assert "with the changes it is higher, second, in the consolidated text" in found.why.en


HEAD = ("schedule", "document", "in_force", "revision")


def difference(one: dict[str, Any], two: dict[str, Any], path: str = "") -> dict[str, Any]:
    """What an amendment would say to make `two` out of `one`."""
    found: dict[str, Any] = {"changes": {}, "adds": {}, "repeals": []}
    for key in {**one, **two}:
        written = f"{path}{key}"
        old, new = one.get(key), two.get(key)
        if old == new or written in HEAD:
            continue
        if key not in two:
            found["repeals"].append(written)
        elif key not in one:
            found["adds"][written] = new
        elif isinstance(old, dict) and isinstance(new, dict) and in_order(old, new) and path.count(".") < 4:
            inner = difference(old, new, f"{written}.")
            found["repeals"] += inner["repeals"]
            found["changes"] |= inner["changes"]
            found["adds"] |= inner["adds"]
        else:
            found["changes"][written] = new
    return found


def in_order(old: dict[str, Any], new: dict[str, Any]) -> bool:
    """Whether taking away and adding at the end leads from one order to the other."""
    kept = [key for key in old if key in new]
    return list(new) == [*kept, *(key for key in new if key not in old)]


@settings(max_examples=6, phases=[Phase.generate], suppress_health_check=list(HealthCheck))
@given(cases(), cases())
def test_any_schedule_is_an_amendment_of_any_other(one: Any, two: Any) -> None:
    base, whole = (yaml.load(case.texts[0], yaml.BaseLoader) for case in (one, two))
    base["in_force"], whole["in_force"] = {"from": "2001-01-01"}, {"from": "2002-01-01"}
    amendment = {key: whole[key] for key in HEAD} | {"schedule": base["schedule"], "amends": "2001-01-01"}
    amendment |= {"consolidated": "2002-01-01.consolidated.yaml", **difference(base, whole)}
    whole["schedule"] = base["schedule"]
    with tempfile.TemporaryDirectory() as name:
        files = {"2001-01-01": base, "2002-01-01": amendment, "2002-01-01.consolidated": whole}
        for stem, content in files.items():
            text = yaml.safe_dump(content, allow_unicode=True, sort_keys=False)
            (Path(name) / f"{stem}.yaml").write_text(text, encoding="utf-8")
        amended = load_file(Path(name) / "2002-01-01.yaml")
        published = load_file(Path(name) / "2002-01-01.consolidated.yaml")
    assert list(amended.limits) == list(published.limits)


# --- refusals ------------------------------------------------------------------------------------------------------

KEYS = "adds, amends, changes, consolidated, document, in_force, repeals, revision, schedule"
BAD = [
    (
        "a change of what is not there",
        ("clauses.grant.item: 一", "clauses.grnat.item: 一"),
        "8:3 changes.clauses.grnat.item",
        "there is no grnat in clauses.grnat.item; perhaps grant is meant",
        "clauses.grnat.item 中没有 grnat；是否应为 grant",
    ),
    (
        "a repeal of what is not there",
        ("[clauses.extra, limits]", "[clauses.extra, limits.heigher]"),
        "23:26 repeals.1",
        "there is no heigher in limits.heigher; perhaps higher is meant",
        "limits.heigher 中没有 heigher；是否应为 higher",
    ),
    (
        "an addition of what is there",
        ("values.door_cost: {", "values.rate: {"),
        "20:3 adds.values.rate",
        "values.rate is there already; put it under changes",
        "values.rate 已存在；请写在 changes 下",
    ),
    (
        "an addition to what is not there",
        ("values.share: {", "valeus.share: {"),
        "21:3 adds.valeus.share",
        "there is no valeus in valeus.share; perhaps values is meant",
        "valeus.share 中没有 valeus；是否应为 values",
    ),
    (
        "an addition inside a figure",
        ("values.rate.is.new.2024..2025: 450", "values.rate.is.new.other.2024: 450"),
        "10:3 adds.values.rate.is.new.other.2024",
        "there is no 2024 in values.rate.is.new.other.2024; there are none to choose from",
        "values.rate.is.new.other.2024 中没有 2024；没有可选的名称",
    ),
    (
        "a path within another",
        ("[clauses.extra, limits]", "[clauses.extra, clauses.grant]"),
        "8:3 changes.clauses.grant.item",
        "clauses.grant.item lies within clauses.grant; keep one of the two",
        "clauses.grant.item 在 clauses.grant 之内；两处只写一处",
    ),
    (
        "the head by a path",
        ("clauses.grant.item: 一之一", "document.number: 一之一"),
        "8:3 changes.document.number",
        "an amendment states its own document; write it at the top of the file",
        "document 由修改文件自己写明；请写在文件开头",
    ),
    (
        "no such version",
        ("amends: 2021-01-01", "amends: 2021-01-02"),
        "5:9 amends",
        "there is no file 2021-01-02.yaml beside it; perhaps 2021-01-01 is meant",
        "旁边没有文件 2021-01-02.yaml；是否应为 2021-01-01",
    ),
    (
        "a version that is not earlier",
        ("amends: 2021-01-01", "amends: 2022-01-01"),
        "5:9 amends",
        "the version it changes does not begin before this one; check the two first days",
        "被修改的版本不早于本版本；请核对两个起日",
    ),
    (
        "another schedule",
        ("schedule: test/homes", "schedule: test/other"),
        "1:11 schedule",
        "2021-01-01.yaml is a version of test/homes; keep the versions of one schedule in a folder",
        "2021-01-01.yaml 是 test/homes 的版本；一个文件夹只放同一补贴标准的版本",
    ),
    (
        "a consolidated text that would be a version",
        ("revision: 1\n", "revision: 1\nconsolidated: new.yaml\n"),
        "5:15 consolidated",
        "a consolidated text has a name that ends in .consolidated.yaml; "
        "it would be taken for a version: rename the file",
        "合并文本的文件名应以 .consolidated.yaml 结尾；否则会被当作一个版本，请改名",
    ),
    (
        "a section beside the changes",
        ("changes:\n", "values: {}\nchanges:\n"),
        "6:1 values",
        f"there is no key values; known here: {KEYS}",
        f"没有 values 这个键；可用：{KEYS}",
    ),
    (
        "no word of what is changed",
        ("amends: 2021-01-01\n", ""),
        "1:1 ",
        "amends is missing; add amends: …",
        "缺少 amends；请补上 amends: …",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("change", "place", "en", "zh"), [one[1:] for one in BAD], ids=[one[0] for one in BAD])
def test_what_is_refused(tmp_path: Path, change: tuple[str, str], place: str, en: str, zh: str) -> None:
    assert change[0] in AMENDMENT
    with pytest.raises(ScheduleError) as error:
        load_file(folder(tmp_path, second=AMENDMENT.replace(*change)) / SECOND)
    (found,) = error.value.findings
    assert f"{found.place.row}:{found.place.column} {found.place.path}" == place
    assert Path(found.place.file).name == SECOND
    assert f"{found.why.en}; {found.remedy.en}" == en
    assert f"{found.why.zh}；{found.remedy.zh}" == zh


def test_a_base_in_a_file_of_another_name(tmp_path: Path) -> None:
    first = BASE.replace("from: 2021-01-01", "from: 2021-02-01")
    path = folder(tmp_path, first=first, second=AMENDMENT) / SECOND
    with pytest.raises(ScheduleError) as error:
        load_file(path)
    (found,) = error.value.findings
    assert found.line() == (
        f"{path}:5:9 (amends): error [amendment] «2021-01-01» "
        "2021-01-01.yaml is in force from 2021-02-01; a file is named by its first day in force."
    )
    assert f"{found.why.zh}；{found.remedy.zh}" == "2021-01-01.yaml 自 2021-02-01 起施行；文件应以起日命名"


def test_two_that_amend_each_other(tmp_path: Path) -> None:
    later = AMENDMENT.replace("from: 2022-01-01", "from: 2023-01-01").replace(
        "amends: 2021-01-01", "amends: 2022-01-01"
    )
    path = folder(tmp_path, first=later, second=AMENDMENT) / SECOND
    with pytest.raises(ScheduleError, match="is in force from 2023-01-01"):
        load_file(path)


def test_the_same_path_twice(tmp_path: Path) -> None:
    with pytest.raises(ScheduleError) as error:
        load_file(folder(tmp_path, second=AMENDMENT.replace("[clauses.extra, limits]", "[limits, limits]")) / SECOND)
    assert {f"{found.why.en}; {found.remedy.en}" for found in error.value.findings} == {
        "this path stands here twice; keep one of the two"
    }


def test_mistakes_of_the_base_are_its_own(tmp_path: Path) -> None:
    first = BASE.replace("revision: 1", "revision: one")
    with pytest.raises(ScheduleError) as error:
        load_file(folder(tmp_path, first=first, second=AMENDMENT) / SECOND)
    assert [(found.place.file, found.place.row) for found in error.value.findings] == [(str(tmp_path / FIRST), 4)]
