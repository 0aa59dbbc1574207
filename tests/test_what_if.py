"""What-if: overlays by path and by file, stacked; baseline, reform and difference, exactly."""

from __future__ import annotations

import hashlib
import io
import json
import os
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from random_schedules import Case, cases
from rich.console import Console
from test_differences import HOMES, pinned, roster, version
from typer.testing import CliRunner
from xian import DISTRICT, ID

import subsidy
from subsidy.budget.comparison import AMOUNTS, Comparison
from subsidy.budget.receipt import Receipt
from subsidy.cli import app
from subsidy.finding import ScheduleError
from subsidy.report.comparison import print_what_if
from subsidy.schedule.catalogue import overlay_each
from subsidy.schedule.load import Version, load_text
from subsidy.schedule.overlay import read_overlay

GROUPINGS = ((), ("clause",), ("payer",), ("district",), ("facility",), ("clause", "payer", "district", "facility"))
REFORM = """
overlay: {zh: 提高床位补助, en: Dearer beds}
schedule: test/beds
changes:
  values.rate.is.new: 6000.01
  limits.ceiling.at_most: higher_most
adds:
  values.higher_most: {item: 新1, unit: yuan, is: 150000}
  values.bonus: {item: 新2, unit: yuan, is: 77.77}
  clauses.bonus_paid: {item: 新2, for: homes, every: once, dated: opened, amount: bonus, split: {district: 1, city: 2}}
repeals: [clauses.extra, limits.higher]
"""
PLAIN = pinned(version())


def written(folder: Path, text: str, name: str = "reform.yaml") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def opened(homes: list[dict[str, str]]) -> subsidy.Roster:
    return subsidy.Roster(districts=[{"district": "D"}, {"district": "E"}], homes=homes)


def figure(of: Version, name: str) -> Any:
    return of.canonical()["values"][name]["is"]


# --- overlays as files ---------------------------------------------------------------------------------------------


def test_a_file_changes_adds_and_repeals(tmp_path: Path) -> None:
    changed = PLAIN.overlay(written(tmp_path, REFORM))
    assert list(changed.latest.clauses) == ["beds_paid", "bonus_paid"]
    result = subsidy.calculate(changed, roster(), 2024)
    amounts = {entry["clause"]: Decimal(entry["amount"]) for entry in result.to_dict()["by_clause"]}
    half = Decimal("150000.00") / 2
    assert amounts == {"beds_paid": Decimal("60000.10") + half, "bonus_paid": 3 * Decimal("77.77")}
    assert list(PLAIN.latest.clauses) == ["beds_paid", "extra"]


def test_later_ones_win_whether_files_or_paths(tmp_path: Path) -> None:
    file, path = written(tmp_path, REFORM), {"values.rate.is.new": "1"}
    assert figure(PLAIN.overlay(file, path).latest, "rate")["new"] == "1"
    last = PLAIN.overlay(path, file).latest
    assert figure(last, "rate")["new"] == "6000.01"
    assert last.overlays == ()  # what a later file replaces is not an overlay any more
    assert PLAIN.overlay({"values.share.is": "25%"}, file).latest.overlays == (("values.share.is", "25%"),)


def test_an_entry_counts_in_every_version_that_has_its_path(tmp_path: Path) -> None:
    city = subsidy.schedule("template-city/city")
    head, change = (
        "overlay: {zh: 改, en: change}\nschedule: template-city/city\n",
        "changes: {values.bed_price.is: 50}\n",
    )
    both = city.overlay(written(tmp_path, head + change))
    assert [figure(one, "bed_price") for one in both.versions] == ["50", "50"]
    later = city.overlay(written(tmp_path, f"{head}on: 2024-12-31\n{change}"))
    assert [figure(one, "bed_price") for one in later.versions] == ["33.33", "50"]
    only_new = city.overlay({"values.top_up_most.is": "1", "values.bed_price.is": "50"})
    assert [one.overlays for one in only_new.versions] == [
        (("values.bed_price.is", "50"),),
        (("values.bed_price.is", "50"), ("values.top_up_most.is", "1")),
    ]


WRONG = [
    ("overlay: x\nschedule: test/beds\nrepeals: [values.few]\n", ["1:10 (overlay): error [form] «x»"]),
    (
        "overlay: {zh: a, en: b}\nschedule: test/beds\nchange: {values.few.is: 1}\n",
        ["3:1 (change): error [unknown-key] there is no key change; perhaps changes is meant"],
    ),
    (
        "overlay: {zh: a, en: b}\nschedule: test/beds\n",
        ["1:1: error [overlay] it changes nothing; write changes, adds or repeals."],
    ),
    (
        "overlay: {zh: a, en: b}\nschedule: test/bed\nchanges: {values.few.is: 1}\n",
        ["2:11 (schedule): error [overlay] «test/bed» this overlay is for test/bed; what is calculated: test/beds."],
    ),
    (
        "overlay: {zh: a, en: b}\nschedule: test/beds\non: 2022-01-01\nchanges: {values.few.is: 1}\n",
        ["3:5 (on): error [overlay] «2022-01-01» no version of test/beds is in force on this day"],
    ),
    (
        "overlay: {zh: a, en: b}\nschedule: test/beds\nchanges: {values.fw.is: 1, clauses.extra.whn: few}\n"
        "adds: {values.few: 1}\nrepeals: [limits.ceilng]\n",
        [
            "3:11 (changes.values.fw.is): error [overlay] «values.fw.is» there is no fw in values.fw.is; perhaps few",
            "3:28 (changes.clauses.extra.whn): error [overlay] «clauses.extra.whn» there is no whn",
            "4:8 (adds.values.few): error [overlay] «values.few» values.few is there already; put it under changes.",
            "5:11 (repeals.0): error [overlay] «limits.ceilng» there is no ceilng in limits.ceilng; perhaps ceiling",
        ],
    ),
    (
        "overlay: {zh: a, en: b}\nschedule: test/beds\n"
        "changes: {values.rate.is.new: much, clauses.extra.amount: bed * rate}\n",
        [
            "3:31 (values.rate.is.new): error [value] this is not a plain decimal number",
            "3:59 (clauses.extra.amount): error [expression] «bed * rate» there is no name bed; perhaps beds",
        ],
    ),
    (
        "overlay: {zh: a, en: b}\nschedule: test/beds\n"
        "changes: {schedule: other/one, values.rate: 1, values.rate.is.new: 2}\n",
        [
            "3:11 (changes.schedule): error [overlay] «schedule» an overlay states its own schedule;",
            "3:48 (changes.values.rate.is.new): error [overlay] «values.rate.is.new» values.rate.is.new lies within",
        ],
    ),
]  # fmt: skip


@pytest.mark.parametrize(("text", "expected"), WRONG, ids=[str(number) for number in range(len(WRONG))])
def test_mistakes_of_a_file_have_their_place(text: str, expected: list[str], tmp_path: Path) -> None:
    path = written(tmp_path, text)
    with pytest.raises(ScheduleError) as error:
        PLAIN.overlay(path)
    lines = [finding.line("en") for finding in error.value.findings]
    assert len(lines) == len(expected), lines
    for line, start in zip(lines, expected, strict=True):
        assert line.startswith(f"{path}:{start}"), line


def test_a_file_of_the_other_kind_is_one_mistake(tmp_path: Path) -> None:
    schedule = written(tmp_path, yaml.safe_dump(version().checker.sources[0].data, allow_unicode=True), "beds.yaml")
    with pytest.raises(ScheduleError, match="is a schedule and no file of overlays") as error:
        PLAIN.overlay(schedule)
    assert len(error.value.findings) == 1
    with pytest.raises(ScheduleError, match="give it with --overlay") as error:
        subsidy.schedule(written(tmp_path, REFORM))
    assert len(error.value.findings) == 1


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(ScheduleError, match="there is no such file"):
        PLAIN.overlay(tmp_path / "none.yaml")


def test_of_several_schedules_a_file_concerns_its_own(tmp_path: Path) -> None:
    city, district = subsidy.schedule("template-city/city"), subsidy.schedule("template-city/district")
    text = "overlay: {zh: 改, en: change}\nschedule: template-city/city\nchanges: {values.bed_price.is: 50}\n"
    changed = overlay_each([district, city], written(tmp_path, text))
    assert changed[0] == district
    assert changed[1].latest.overlay_files


# --- receipts ------------------------------------------------------------------------------------------------------


def test_a_receipt_holds_the_file_and_is_verified_without_it(tmp_path: Path) -> None:
    file = tmp_path / "beds.yaml"
    file.write_text(yaml.safe_dump(version().checker.sources[0].data, allow_unicode=True, sort_keys=False), "utf-8")
    plain, reform = subsidy.schedule(file), written(tmp_path, REFORM)
    by = plain.overlay({"values.few.is": "9"}, reform, {"values.bonus.is": "78.01"})
    receipt = subsidy.calculate(by, roster(), 2024).receipt
    receipt.save(tmp_path / "receipt.json")
    digest = hashlib.sha256(reform.read_bytes()).hexdigest()
    reform.unlink()
    (entry,) = json.loads(receipt.to_json())["schedules"]
    assert entry["overlays"] == {"values.bonus.is": "78.01", "values.few.is": "9"}
    (kept,) = entry["overlay_files"]
    assert (kept["file"], kept["bytes_sha256"], kept["text"]) == ("reform.yaml", digest, REFORM)
    read = Receipt.load(tmp_path / "receipt.json")
    found = subsidy.verify(read, roster(), plain)
    assert (found.equal, found.differences) == (True, ())
    other = {**HOMES[0], "beds": "21"}
    assert not subsidy.verify(read, opened([other, *HOMES[1:]]), plain).equal


def test_the_meaning_of_a_file_is_not_its_spelling(tmp_path: Path) -> None:
    spelt = REFORM.replace("is: 77.77", "is:   '77.77'")
    one, two = (read_overlay(written(tmp_path, text)) for text in (REFORM, spelt))
    assert one.bytes_sha256 != two.bytes_sha256
    assert one.meaning_sha256 == two.meaning_sha256
    other = read_overlay(written(tmp_path, REFORM.replace("77.77", "77.78")))
    assert other.meaning_sha256 != one.meaning_sha256


def test_an_explanation_and_a_report_name_the_file(tmp_path: Path) -> None:
    result = subsidy.calculate(PLAIN.overlay(written(tmp_path, REFORM)), roster(), 2024)
    explained = str(result.explain("bonus_paid", "A"))
    assert "reform.yaml" in explained
    assert "+ clauses.bonus_paid" in explained


def test_targets_name_their_overlays() -> None:
    change = ("cn/yinchuan/elderly-care", "--set", "values.health_age.is=66")
    code, printed = run("targets", "--schedule", *change)
    assert code == 0
    assert "overlay, not in the document: values.health_age.is = 66" in printed
    (content,) = json.loads(CliRunner().invoke(app, ["targets", "--schedule", *change, "--json"]).stdout)
    assert content["overlays"] == {"values.health_age.is": "66"}


# --- baseline, reform, difference ----------------------------------------------------------------------------------


FIGURES = st.integers(0, 10**7).map(lambda fen: f"{fen // 100}.{fen % 100:02d}")
CHANGES = st.lists(
    st.one_of(
        st.fixed_dictionaries({"values.rate.is.new": FIGURES}),
        st.fixed_dictionaries({"values.rate.is.old": FIGURES}),
        st.fixed_dictionaries({"values.most.is": FIGURES, "values.few.is": st.integers(0, 30).map(str)}),
        st.sampled_from([{"limits.higher.keep": "first"}, {"clauses.extra.when": "beds > few"}]),
    ),
    max_size=3,
)
ROWS = st.lists(
    st.fixed_dictionaries(
        {
            "home": st.uuids().map(str),
            "district": st.sampled_from(["D", "E", ""]),
            "opened": st.sampled_from(["2023-06-30", "2024-02-29", "2025-01-01"]),
            "beds": st.integers(1, 40).map(str),
            "kind": st.sampled_from(["new", "old"]),
        }
    ),
    max_size=4,
    unique_by=lambda row: row["home"],
)


def sums(found: Comparison, grouping: tuple[str, ...]) -> dict[Any, tuple[int, ...]]:
    return {cell.key: tuple(getattr(cell, name) for name in AMOUNTS) for cell in found.cells(grouping)}


@settings(max_examples=100 if "CHECK_ALL" in os.environ else 6)
@given(rows=ROWS, overlays=CHANGES)
def test_baseline_and_difference_are_the_reform_and_steps_add_up(
    rows: list[dict[str, str]], overlays: list[dict[str, str]]
) -> None:
    found = subsidy.what_if(PLAIN, opened(rows), 2024, *overlays)
    assert yuan_total(found, "reform") == found.reform.total
    for grouping in GROUPINGS:
        cells = found.cells(grouping)
        assert all(cell.baseline + cell.difference == cell.reform for cell in cells)
        assert sum(cell.difference for cell in cells) == found.total.difference
        by_step = [sums(step, grouping) for step in found.steps]
        for cell in cells:
            assert cell.difference == sum(step.get(cell.key, (0, 0, 0))[2] for step in by_step)
    payees = found.payees()
    assert sum(cell.difference for cell in payees.cells) == found.total.difference
    sizes = [abs(cell.difference) for cell in payees.cells]
    assert sizes == sorted(sizes, reverse=True)
    owed = {side: getattr(found, side).entitlements() for side in ("baseline", "reform")}
    accrued = {side: sum(frame["owed"][frame["period"].str.startswith("2024")]) for side, frame in owed.items()}
    assert yuan_of(found.subjects().cells) == accrued["reform"] - accrued["baseline"]
    if not overlays:
        assert not any(cell.is_changed for cell in found.cells(GROUPINGS[-1]))
        assert found.changes == ()


@settings(
    max_examples=20 if "CHECK_ALL" in os.environ else 2,
    derandomize="CHECK_ALL" not in os.environ,
    phases=tuple(Phase) if "CHECK_ALL" in os.environ else (Phase.generate,),
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
@given(cases())
def test_payees_and_subjects_of_any_schedule_add_up(case: Case) -> None:
    versions = tuple(load_text(written) for written in case.texts)
    schedule = subsidy.Schedule(versions, tuple(Path(f"{number}.yaml") for number in range(len(versions))))
    found = subsidy.what_if(schedule, subsidy.Roster(**case.rows), case.year, proceed=True)
    assert sum(cell.baseline for cell in found.payees().cells) == found.total.baseline
    assert sum(cell.baseline_low for cell in found.payees().cells) == found.total.baseline_low
    cash = {name for one in versions for name, clause in one.clauses.items() if clause.model.cash}
    rows = found.baseline.entitlements()
    owed = rows["owed"][rows["period"].str.startswith(str(case.year)) & rows["clause"].isin(cash)]
    assert Decimal(sum(cell.baseline for cell in found.subjects().cells)) / 100 == sum(owed)


def yuan_total(found: Comparison, side: str) -> Decimal:
    return Decimal(getattr(found.total, side)) / 100


def yuan_of(cells: Any) -> Decimal:
    return Decimal(sum(cell.difference for cell in cells)) / 100


@settings(max_examples=10)
@given(one=FIGURES, two=FIGURES)
def test_the_order_matters_only_where_paths_overlap(one: str, two: str) -> None:
    apart = [{"values.rate.is.new": one}, {"values.most.is": two}]
    assert PLAIN.overlay(*apart).latest.meaning_hash == PLAIN.overlay(*reversed(apart)).latest.meaning_hash
    same = [{"values.most.is": one}, {"values.most.is": two}]
    forth, back = PLAIN.overlay(*same).latest, PLAIN.overlay(*reversed(same)).latest
    assert (forth.meaning_hash == back.meaning_hash) == (one == two)


def test_the_files_of_schedules_stay_as_they_are(tmp_path: Path) -> None:
    city = subsidy.schedule("template-city/city")
    before = [path.read_bytes() for path in city.paths]
    text = "overlay: {zh: 改, en: change}\nschedule: template-city/city\nrepeals: [clauses.person_top_up]\n"
    city.overlay(written(tmp_path, text), {"values.bed_price.is": "50"})
    assert [path.read_bytes() for path in city.paths] == before


def test_a_clause_that_is_written_anew_is_one_row(tmp_path: Path) -> None:
    content = yaml.load(REFORM, yaml.BaseLoader)
    extra = {"item": "2", "for": "homes", "every": "once", "dated": "opened", "amount": "beds * rate"}
    content["adds"] = {"clauses.top_up": {**extra, "split": {"city": "1"}, "formerly": ["extra"]}}
    content["changes"] = {"values.few.is": "9"}
    text = yaml.safe_dump(content, allow_unicode=True, sort_keys=False)
    found = subsidy.what_if(PLAIN, roster(), 2024, written(tmp_path, text))
    frame = found.by("clause").set_index("clause")
    assert "extra" not in frame.index
    assert frame["difference"]["top_up"] == found.reform.total - found.baseline.total - frame["difference"]["beds_paid"]
    (change,) = found.changes
    assert change.nature == "overlay"
    assert "[2] Clause top_up: formerly called extra" in change.sentences()


def test_open_amounts_stand_in_low() -> None:
    xian = subsidy.schedule(ID)
    approved = {"kind": "centre", "build_mode": "new", "accepted": "2023-05-01", "public_money": "yes", "approved": ""}
    rows = subsidy.Roster(districts=[DISTRICT], projects=[{"project": "P", "district": "D", **approved}])
    total = subsidy.what_if(xian, rows, 2023, {"values.project_cap.is.centre.other": "2000000"}).total
    assert (total.baseline, total.reform, total.difference) == (150_000_000, 200_000_000, 50_000_000)
    assert (total.baseline_low, total.reform_low, total.difference_low) == (0, 0, 0)


def test_reliefs_are_compared_beside_the_cash() -> None:
    relieved = {"clauses.extra.cash": "no", "clauses.extra.split": None, "limits.higher.among": ["beds_paid"]}
    found = subsidy.what_if(pinned(version(relieved)), roster(), 2024, {"values.rate.is.old": "200"})
    assert found.total.difference == 0
    assert [(cell.key, cell.difference) for cell in found.relief("clause")] == [(("extra",), 7 * 100_00)]
    assert found.to_dict()["relief"][0]["difference"] == "700.00"


# --- the command ---------------------------------------------------------------------------------------------------


@pytest.fixture
def files(tmp_path: Path) -> list[str]:
    file = tmp_path / "beds.yaml"
    file.write_text(yaml.safe_dump(version().checker.sources[0].data, allow_unicode=True, sort_keys=False), "utf-8")
    rows = tmp_path / "rows"
    rows.mkdir()
    (rows / "districts.csv").write_text("district\nD\nE\n", encoding="utf-8")
    lines = [",".join(HOMES[0]), *(",".join(home.values()) for home in HOMES)]
    (rows / "homes.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    written(tmp_path, REFORM)
    return [str(rows), "--schedule", str(file), "--year", "2024"]


def run(*arguments: str, language: str = "en") -> tuple[int, str]:
    result = CliRunner().invoke(app, [*arguments, "--lang", language], env={"COLUMNS": "200"})
    return result.exit_code, " ".join(result.output.split())


def test_overlays_and_values_stack_in_the_order_given(files: list[str], tmp_path: Path) -> None:
    reform = str(tmp_path / "reform.yaml")
    totals = {}
    value, file = ("--set", "values.rate.is.new=1"), ("--overlay", reform)
    for first, second in ((value, file), (file, value)):
        output = CliRunner().invoke(app, ["budget", *files, *first, *second, "--json"]).stdout
        totals[first[0]] = json.loads(output)["total"]
    by = {"--set": PLAIN.overlay(Path(reform)), "--overlay": PLAIN.overlay(Path(reform), {"values.rate.is.new": "1"})}
    assert totals == {name: f"{subsidy.calculate(one, roster(), 2024).total:.2f}" for name, one in by.items()}
    assert totals["--set"] != totals["--overlay"]


def test_what_if_as_text_and_json(files: list[str], tmp_path: Path) -> None:
    stack = ["--overlay", str(tmp_path / "reform.yaml"), "--set", "values.bonus.is=1", "--set", "values.share.is=25%"]
    code, printed = run("whatif", *files, *stack)
    assert code == 0
    content = json.loads(CliRunner().invoke(app, ["whatif", *files, *stack, "--json"]).stdout)
    labels = ["Dearer beds (reform.yaml)", "values.bonus.is = 1", "values.share.is = 25%"]
    assert [step["overlay"]["en"] for step in content["steps"]] == labels
    added = [Decimal(step["total"]["difference"]) for step in content["steps"]]
    total = {name: Decimal(amount) for name, amount in content["total"].items()}
    assert sum(added) == total["difference"] == total["reform"] - total["baseline"]
    assert f"{total['difference']:+,.2f}" in printed
    assert "3 Dearer" not in printed
    assert "Clause bonus_paid: added" in printed
    gains = content["payees"]
    assert f"payees: {gains['winners']} get more, {Decimal(gains['gained']):+,.2f} yuan" in printed
    assert "收款方" in run("whatif", *files, *stack, language="zh")[1]


def test_what_if_needs_an_overlay(files: list[str]) -> None:
    assert run("whatif", *files)[0] == 2
    code, printed = run("whatif", *files, "--set", "values.fw.is=1", "--set", "values.fe.is=2")
    assert code == 1
    assert "there is no fw" in printed
    assert "there is no fe" in printed


def test_a_long_table_says_what_it_leaves_out() -> None:
    homes = [{**HOMES[0], "home": f"H{number:02d}", "beds": str(10 + number)} for number in range(14)]
    found = subsidy.what_if(PLAIN, opened(homes), 2024, {"values.rate.is.new": "3000"})
    console = Console(width=120, record=True, file=io.StringIO())
    print_what_if(found, console, "en")
    lines = [" ".join(line.split()) for line in console.export_text().splitlines()]
    start = next(number for number, line in enumerate(lines) if line.startswith("payees:"))
    shown = lines[start : start + 18]
    left = sum(cell.difference for cell in found.payees().cells[10:])
    assert left < 0
    assert any(line.startswith("others: ") and line.endswith(f"{Decimal(left) / 100:+,.2f}") for line in shown), shown
