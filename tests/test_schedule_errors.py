"""Schedules with mistakes: each in `bad_schedules/` has one, and its first lines say what must be reported."""

from __future__ import annotations

import hashlib
import json
import time
from itertools import pairwise
from pathlib import Path

import pytest

from subsidy.finding import Finding, ScheduleError
from subsidy.schedule.catalogue import schedule
from subsidy.schedule.limit_check import pot_key_types
from subsidy.schedule.load import json_schema, load_file, load_text

HERE = Path(__file__).parent
BAD = sorted((HERE / "bad_schedules").glob("*.yaml"))
GOOD = """\
schedule: test/good
document: {number: 测〔2024〕1号, issuer: 某市民政局, issued: 2024-01-01}
in_force: {from: 2024-01-01}
revision: 1
place: CN-000000
payers: {city: {label: {zh: 市级, en: city}}, district: {label: {zh: 区级, en: district}}}
facts:
  homes: {home: key, approved_on: {date: .., blank: none}, places: {place: 1..500}, cost: {yuan: 0..1000000}}
values:
  rate: {unit: yuan / place, is: 500}
clauses:
  grant:
    item: "1"
    for: homes
    every: once
    dated: approved_on
    amount: places * rate
    split: {city: 1}
"""


def findings(text: str) -> list[Finding]:
    with pytest.raises(ScheduleError) as error:
        load_text(text, "bad.yaml")
    return error.value.findings


def told(finding: Finding) -> dict[str, str]:
    return {
        "code": finding.code,
        "place": f"{finding.place.row}:{finding.place.column}",
        "en": f"{finding.why.en}; {finding.remedy.en}",
        "zh": f"{finding.why.zh}；{finding.remedy.zh}",
    }


# --- one mistake ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", BAD, ids=lambda path: path.stem)
def test_one_mistake_is_one_finding(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    expected = dict(line.removeprefix("# ").split(": ", 1) for line in text.splitlines()[:4])
    found = findings(text)
    assert [told(finding) for finding in found] == [expected]
    assert found[0].place.file == "bad.yaml"
    assert found[0].severity == "error"


def test_the_bad_schedules_are_many_and_numbered_once() -> None:
    numbers = [path.stem.split("-")[0] for path in BAD]
    assert len(BAD) >= 45
    assert len(set(numbers)) == len(numbers)


def test_without_mistakes_it_loads() -> None:
    version = load_text(GOOD)
    assert list(version.clauses) == ["grant"]
    assert version.meaning_hash == load_text("# a remark changes nothing\n" + GOOD).meaning_hash


# --- all mistakes at once ------------------------------------------------------------------------------------------


def test_five_mistakes_of_form_are_five_findings() -> None:
    text = (
        GOOD.replace("revision: 1", "revision: one")
        .replace("in_force: {from: 2024-01-01}", "in_force: {from: 2024-13-01}")
        .replace('    item: "1"\n', "")
        .replace("every: once", "every: day")
        .replace("unit: yuan / place", "unti: yuan / place, unit: yuan / place")
    )
    assert [(finding.code, finding.place.row, finding.place.path) for finding in findings(text)] == [
        ("value", 3, "in_force.from"),
        ("value", 4, "revision"),
        ("unknown-key", 10, "values.rate.unti"),
        ("missing-key", 12, "clauses.grant"),
        ("value", 14, "clauses.grant.every"),
    ]


def test_mistakes_of_meaning_are_found_in_every_clause_and_fact() -> None:
    clause = GOOD[GOOD.index("  grant:") :]
    text = (
        GOOD.replace("cost: {", "twice: {formula: cots + cots}, cost: {")
        + clause.replace("grant", "second").replace("places * rate", "placse * rate")
        + clause.replace("grant", "third").replace("places * rate", "places + cost")
        + clause.replace("grant", "fourth").replace("city: 1", "ctiy: 1")
    )
    assert [(finding.code, finding.place.row) for finding in findings(text)] == [
        ("fact", 8), ("expression", 24), ("expression", 31), ("clause", 39),
    ]  # fmt: skip


def test_every_mistake_of_one_clause_is_found() -> None:
    text = GOOD.replace("amount: places * rate", "amount: placse * rate").replace("city: 1", "ctiy: 1")
    text = text.replace("dated: approved_on", "dated: aproved_on")
    text = text.replace("every: once", "every: once\n    when: nothing")
    paths = {finding.place.path.removeprefix("clauses.grant.") for finding in findings(text)}
    assert paths == {"amount", "split.ctiy", "dated", "when"}


def test_mistakes_of_yaml_are_found_together() -> None:
    text = GOOD + "words: {a: &x 甲, b: *x, c: !t 乙}\n"
    assert [finding.code for finding in findings(text)] == ["anchor", "alias", "tag"]
    text = GOOD.replace("revision: 1", "revision: 1\nrevision: 2").replace("is: 500", "is: 500, is: 600")
    assert [finding.code for finding in findings(text)] == ["duplicate-key", "duplicate-key"]


def test_a_file_that_cannot_be_read(tmp_path: Path) -> None:
    (tmp_path / "latin.yaml").write_bytes("schedule: caf\xe9".encode("latin-1"))
    for path in (tmp_path / "latin.yaml", tmp_path / "none.yaml", tmp_path):
        with pytest.raises(ScheduleError) as error:
            load_file(path)
        assert [finding.code for finding in error.value.findings] == ["file"]


# --- versions of one line ------------------------------------------------------------------------------------------

LIMITS = "limits:\n  ceiling: {among: [grant], per: [home, year], at_most: most, when_short: pro_rata}\n"
LIMITED = GOOD.replace("is: 500}", "is: 500}\n  most: {unit: yuan, is: 900}") + LIMITS
LATER = LIMITED.replace("in_force: {from: 2024-01-01}", "in_force: {from: 2025-01-01}")


def line_of(folder: Path, *texts: str) -> Path:
    for number, text in enumerate(texts):
        (folder / f"{number}.yaml").write_text(text, encoding="utf-8")
    return folder


def test_versions_that_make_one_line(tmp_path: Path) -> None:
    renamed = LATER.replace("home, year", "approved_on, year")
    assert len(schedule(line_of(tmp_path, LATER.replace("2025", "2026"), LIMITED, renamed)).versions) == 3


@pytest.mark.parametrize(
    ("later", "code", "why"),
    [
        (LIMITED, "same-first-day", "is in force from 2024-01-01 too"),
        (LATER.replace("test/good", "test/other"), "another-schedule", "is a version of test/good"),
        (LATER.replace("home, year", "home"), "changed-limit", "another per"),
        (LATER.replace("home, year", "home, month"), "changed-limit", "another per"),
        (LATER.replace("home, year", "year"), "changed-limit", "another per"),
        (LATER.replace("pro_rata", "report"), "changed-limit", "another when_short"),
        (LATER.replace("at_most: most, when_short: pro_rata", "keep: first"), "changed-limit", "keep, when_short"),
        (LATER.replace("unit: yuan, is: 900", "unit: month, is: 9").replace(", when_short: pro_rata", ""),
         "changed-limit", "when_short, at_most"),
    ],
)  # fmt: skip
def test_versions_that_do_not(tmp_path: Path, later: str, code: str, why: str) -> None:
    with pytest.raises(ScheduleError) as error:
        schedule(line_of(tmp_path, LIMITED, later))
    (finding,) = error.value.findings
    assert finding.code == code
    assert why in finding.why.en
    assert finding.place.file == str(tmp_path / "1.yaml")
    if code == "changed-limit":
        assert "the limit ceiling" in finding.why.en
        assert "2024-01-01" in finding.why.zh
        assert "2025-01-01" in finding.why.zh
        assert schedule(tmp_path, on="2024-06-01").latest.id == "test/good"
    else:
        assert str(tmp_path / "0.yaml") in finding.why.en


# --- what a file holds ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("content", [GOOD.encode("utf-8-sig"), GOOD.replace("\n", "\r\n").encode(), GOOD.encode()])
def test_the_hash_of_a_file_is_that_of_its_bytes(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "good.yaml").write_bytes(content)
    version = load_file(tmp_path / "good.yaml")
    assert version.text_hash == hashlib.sha256(content).hexdigest()
    assert version.meaning_hash == load_text(GOOD).meaning_hash


def test_a_column_may_be_called_columns() -> None:
    version = load_text(GOOD.replace("cost: {yuan: 0..1000000}", "columns: {yuan: 0..9}, type: [a, b]"))
    assert list(version.tables["homes"].columns) == ["home", "approved_on", "places", "columns", "type"]


def test_a_choice_of_categories_has_those_of_both() -> None:
    text = GOOD.replace(
        "cost: {", "was: [a, b], will: [b, c], sort: {formula: if places >= 1 then was else will}, cost: {"
    )
    text = text.replace("unit: yuan / place, is: 500", "unit: yuan / place, by: [sort], is: {a: 1, b: 2, c: 3}")
    version = load_text(text)
    (key,) = version.clauses["grant"].amount.arguments[1].arguments
    assert key.type.options == ("a", "b", "c")
    assert key.type.can_be_missing
    assert [finding.why.en for finding in findings(text.replace(", c: 3", ""))] == ["no figure for c"]


def test_a_comparison_of_large_amounts_cannot_overflow() -> None:
    text = GOOD.replace("cost: {yuan: 0..1000000}", "cost: {yuan: 0..1000000000000}, paid: {yuan: 0..1000000000000}")
    assert load_text(text.replace("every: once", "every: once\n    when: paid <= cost")).clauses


def test_a_fact_behind_a_reference_may_be_missing() -> None:
    owners = "owners: {owner: key, large: {yes_no: .., blank: no}}"
    homes = "homes: {home: key, owner: {ref: owners, blank: none}, big: {formula: owner.large}, "
    beds = "beds: {bed: key, at: {ref: homes, blank: none}, made: date, number: {place: 0..5}}"
    text = GOOD.replace("  homes: {home: key, ", f"  {owners}\n  {beds}\n  {homes}").replace("for: homes", "for: beds")
    text = text.replace("dated: approved_on", "dated: made\n    when: at.big").replace("places * rate", "number * rate")
    (condition,) = load_text(text).clauses["grant"].when
    assert condition.type.can_be_missing


@pytest.mark.parametrize(("period", "key", "number"), [("month", "2024-03", 2024 * 12 + 2), ("year", "2024", 2024)])
def test_the_figures_of_a_pot_by_period(period: str, key: str, number: int) -> None:
    pot = f"limits:\n  pot: {{among: [grant], per: [{period}], at_most: most, when_short: pro_rata}}\n"
    figures = f"is: 500}}\n  most: {{unit: yuan, by: [{period}], is: {{{key}: 100, other: none}}}}"
    version = load_text(GOOD.replace("is: 500}", figures) + pot)
    found = version.checker.figures("most", pot_key_types((period,)))
    assert (found.look_up([number]), found.look_up([number + 1])) == (100, None)


# --- hostile files -------------------------------------------------------------------------------------------------

BOMB = "a: &a [x, x]\n" + "".join(f"{name}: &{name} [*{prior}, *{prior}]\n" for prior, name in pairwise("abcdefgh"))


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (BOMB, "anchor"),
        ("a: " * 50_000 + "x", "not-yaml"),
        ("[" * 500_000, "too-deep"),
        ("{" * 500_000, "too-deep"),
        ("- " * 200_000, "too-deep"),
        ("? " * 200_000, "too-deep"),
        ("x" * 2_000_001, "too-large"),
        ("x: '" + "y" * 1_900_000 + "'", "unknown-key"),
        ("".join(f"k{i}: 1\n" for i in range(50_000)), "too-many"),
        ("".join("k: 1\n" for i in range(20_000)), "duplicate-key"),
        ("\x00", "not-yaml"),
        ("\ufffe", "not-yaml"),
        ("a: b: c", "not-yaml"),
        ("%YAML 9.9\n---\na: b", "not-yaml"),
        ("", "not-a-mapping"),
        ("# only a remark", "not-a-mapping"),
        ("null", "not-a-mapping"),
    ],
    ids=lambda value: ascii(value[:10]),
)  # fmt: skip
def test_hostile_files_are_refused_quickly(text: str, code: str) -> None:
    start = time.process_time()
    found = findings(text)
    assert time.process_time() - start < 5  # a guard against hanging, not a measurement
    assert code in {finding.code for finding in found}


def test_a_long_chain_of_facts_is_refused() -> None:
    chain = "".join(f", f{i}: {{formula: f{i + 1} + f{i + 1}}}" for i in range(400))
    text = GOOD.replace("homes: {home: key", f"homes: {{home: key{chain}, f400: {{formula: cost}}")
    start = time.process_time()
    assert {finding.code for finding in findings(text)} <= {"too-deep", "fact"}
    assert time.process_time() - start < 5  # a guard against hanging, not a measurement


# --- JSON Schema ---------------------------------------------------------------------------------------------------


def test_the_json_schema_is_the_committed_one() -> None:
    committed = (HERE.parent / "docs" / "schedule.schema.json").read_text(encoding="utf-8")
    assert json.dumps(json_schema(), ensure_ascii=False, indent=2) + "\n" == committed


def test_the_json_schema_names_the_sections() -> None:
    schema = json_schema()
    assert schema["additionalProperties"] is False
    assert {"schedule", "document", "in_force", "revision", "place"} == set(schema["required"])
    assert {"facts", "values", "clauses", "limits", "rules", "targets", "notes"} < set(schema["properties"])
