"""The data dictionary is true: everything that goes out is in it, and everything in it goes out."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml
from typer.testing import CliRunner

import subsidy
from subsidy.budget.frames import Frames
from subsidy.cli import app
from subsidy.dictionary.columns import EACH_PAYER, Column, made_of, objects, outputs, tables
from subsidy.dictionary.json_schema import json_schemas
from subsidy.report.generated import generated
from tests.conftest import THOROUGH

ROOT = Path(__file__).parent.parent
FORECAST = ("examples/forecast/roster", "--schedule", "cn/xian/elderly-care", "--year", "2023")
STORY = ("--schedule", "examples/story/schedule", "--year", "2024")
CHANGE = ("--set", "values.operating_rate.is.5.disabled=250")
Seen = set[tuple[str, str]]  # object and key

OVERLAY = """
overlay: {zh: 降低助餐标准, en: Cheaper meals}
schedule: cn/xian/elderly-care
changes:
  values.meal_rate.is: 2
"""


def test_the_generated_files_are_those_of_the_program() -> None:
    for path, content in generated().items():
        assert (ROOT / "docs" / path).read_text(encoding="utf-8") == content, f"{path}: make schema"
    kept = {path.relative_to(ROOT / "docs").as_posix() for path in (ROOT / "docs" / "schemas").iterdir()}
    assert kept == {path for path in generated() if path.startswith("schemas/")}


def test_everything_is_said_in_both_languages() -> None:
    for table in (*tables().values(), *objects().values()):
        for told in (table.meaning, *(column.meaning for column in table.columns.values())):
            assert told.zh
            assert told.en
        for column in table.columns.values():
            assert bool(column.blank.zh) == bool(column.blank.en)
    used = {one.name for tops in outputs().values() for top in tops for one in (top, *made_of(top))}
    assert used == set(objects())


# --- tables --------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def with_tables(tmp_path_factory: pytest.TempPathFactory) -> list[Frames]:
    """One of everything that has tables."""
    folder = tmp_path_factory.mktemp("ledgers")
    xian, roster = subsidy.schedule("cn/xian/elderly-care"), subsidy.read_roster(ROOT / FORECAST[0])
    result = subsidy.calculate(xian, roster, 2023)
    result.save_ledger(folder / "ledger")
    changed = subsidy.calculate(xian.overlay({"values.operating_rate.is.5.disabled": "250"}), roster, 2023)
    return [
        result,
        result.calendar(),
        subsidy.settle(changed, folder / "ledger"),
        subsidy.what_if(xian, roster, 2023, {"values.operating_rate.is.5.disabled": "250"}),
        subsidy.forecast(xian, roster, 2023, ROOT / "examples/forecast/drivers.yaml", years=1),
        subsidy.targets(subsidy.schedule("template-city/city-works")),
    ]


def test_every_column_of_a_table_is_in_the_dictionary_and_there(with_tables: list[Frames], tmp_path: Path) -> None:
    found = {}
    for one in with_tables:
        for name in one.frames:
            schema = one.to_arrow(name).schema
            found[schema.metadata[b"table"].decode()] = schema
    with_tables[0].save_ledger(tmp_path / "ledger")  # type: ignore[attr-defined]
    import pyarrow.parquet as pq

    for path in (tmp_path / "ledger").glob("*.parquet"):
        schema = pq.read_schema(path)
        found[schema.metadata[b"table"].decode()] = schema
    assert found.keys() == tables().keys()
    for name, schema in found.items():
        known = tables()[name].columns
        assert [column for column in schema.names if column in known] == [one for one in known if one != EACH_PAYER]
        others = set(schema.names) - set(known)
        assert not others or (EACH_PAYER in known and others == {"city", "district"})


# --- JSON ----------------------------------------------------------------------------------------------------------


def printed(*arguments: str) -> Any:
    done = CliRunner().invoke(app, [*arguments, "--json", "--lang", "en"])
    assert done.stdout, done.output
    return json.loads(done.stdout)


@pytest.fixture(scope="module")
def real(tmp_path_factory: pytest.TempPathFactory) -> list[tuple[str, Any]]:
    """Outputs of Xi'an, Template City and a story, with the command that prints each."""
    folder = tmp_path_factory.mktemp("outputs")
    overlay = folder / "change.yaml"
    overlay.write_text(OVERLAY, encoding="utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(ROOT)
        return list(_outputs(folder, overlay))


def _outputs(folder: Path, overlay: Path) -> Iterator[tuple[str, Any]]:
    ledger, receipt, mapping = folder / "ledger", folder / "receipt.json", folder / "map.yaml"
    CliRunner().invoke(app, ["map", *FORECAST[:3], "-o", str(mapping)])
    options = ("--overlay", str(overlay), "--mapping", str(mapping), "--as-of", "2023-12-31")
    yield "budget", printed("budget", *FORECAST, *options, "--receipt", str(receipt))
    yield "receipt", json.loads(receipt.read_text(encoding="utf-8"))
    yield "verify", printed("verify", str(receipt), "examples/forecast/roster")
    known = ("--known-on", "2024-06-10", "--ledger", str(ledger), "--until", "2024-06-30", "--receipt", str(receipt))
    yield "budget", printed("budget", "examples/story/roster-june", *STORY, *known)
    yield "receipt", json.loads(receipt.read_text(encoding="utf-8"))
    later = ("examples/story/roster-september", *STORY, "--paid", str(ledger), "--until", "2024-09-30")
    yield "settle", printed("settle", *later)
    yield "check", printed("check", "examples/story/roster-june", *STORY[:2])
    advance = ("--advance", "70%", "--on", "03-31", "--settle", "03-31")
    yield "calendar", printed("calendar", *FORECAST, *advance)
    yield "forecast", printed("forecast", *FORECAST, "--drivers", "examples/forecast/drivers.yaml", "--years", "1")
    yield "whatif", printed("whatif", *FORECAST, "--overlay", str(overlay))
    days = ("examples/story/schedule@2023-01-01", "examples/story/schedule@2024-01-01")
    yield "diff", printed("diff", *days, "examples/story/roster-june", "--year", "2024")
    yield "explain", printed("explain", *FORECAST)
    one = ("--clause", "operating_grant", "--subject", "F1 disabled", "--period", "2023-03")
    yield "explain", printed("explain", *FORECAST, *one)
    cost = ("--cost", "new_nursing_beds=cn/xian/elderly-care:bed_rate")
    yield "targets", printed("targets", "--schedule", "template-city/city-works", *cost)
    yield "list", printed("list")
    yield "show", printed("show", "template-city/city")
    yield "show", printed("show", "cn/xian/elderly-care")
    for result in _of_template_city():
        yield "budget", result.to_dict()
        yield "receipt", json.loads(result.receipt.to_json())
        yield "calendar", result.calendar().to_dict()
        if result.total:
            yield "explain", result.explain(depth="rows").to_dict()
        for pot in result.pots[:1]:
            yield "explain", result.explain(pot=pot["pot"]).to_dict()
        for line in result.payments().to_dict("records")[:1]:
            yield "explain", result.explain_payment(line["clause"], line["payee"], line["due"]).to_dict()


def _of_template_city() -> Iterator[subsidy.Result]:
    """What the examples of Template City's schedules come to."""
    for name in (name for name in subsidy.catalogue() if name.startswith("template-city/")):
        schedule = subsidy.schedule(name)
        clauses = [clause.model for version in schedule.versions for clause in version.clauses.values()]
        examples = [one for clause in clauses for one in clause.examples[:1]]
        for example in examples if THOROUGH else examples[:1]:
            roster = subsidy.Roster(**{table: [dict(row) for row in rows] for table, rows in example.rows.items()})
            year = int(str(example.period or schedule.latest.first_day)[:4])
            yield subsidy.calculate(schedule, roster, year, proceed=True)


def test_real_outputs_fit_their_schemas(real: list[tuple[str, Any]]) -> None:
    schemas = json_schemas()
    for command, schema in schemas.items():
        jsonschema.Draft202012Validator.check_schema(schema)
        assert command in {printed_by for printed_by, _ in real}
    for command, content in real:
        errors = list(jsonschema.Draft202012Validator(schemas[command]).iter_errors(content))
        assert not errors, f"{command}: {errors[0].json_path}: {errors[0].message[:300]}"


@pytest.mark.skipif(not THOROUGH, reason="CHECK_ALL=1 looks at the outputs of all examples")
def test_every_key_of_the_dictionary_is_there_somewhere(real: list[tuple[str, Any]]) -> None:
    seen: Seen = set()
    for command, content in real:
        tops = [top.name for top in outputs()[command]]
        top = next(name for name in tops if name != "explanation" or "lines" in content)
        for one in content if isinstance(content, list) else [content]:
            note(one, top, seen)
    unseen = {(table.name, column) for table in objects().values() for column in table.columns} - seen
    assert {table for table, _ in unseen} <= {"breakdown", "calendar_refused", "targets_json"}
    assert len(unseen) <= 13  # parts of a part at the root of an explanation, instalments refused, overlays of targets


def note(content: Any, written: str, seen: Seen) -> None:
    """Which keys of which objects there are in what is of a type."""
    way, _, inner = written.partition(" of ")
    if content is None or written == "any":
        return
    if inner:
        for one in content if way == "list" else content.values():
            note(one, inner, seen)
    elif written in objects():
        columns = objects()[written].columns
        for key, value in content.items():
            column: Column | None = columns.get(key)
            if column is not None:
                seen.add((written, key))
                note(value, column.type, seen)


# --- drivers, and the command --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("driver", "fits"),
    [
        ("{table: residents, growth: 5%}", True),
        ("{table: residents, where: {ability: disabled}, growth: {2024: 2%, 2025: {low: 1%, high: 3%}}}", True),
        ("{table: meals, column: person_days, totals: {low: {2024: 1}, high: {2024: 2}}}", True),
        ("{value: rate, figures: {2024: 2.5}}", True),
        ("{overlay: {values.rate.is: '3'}, from: 2025}", True),
        ("{version: next.yaml}", True),
        ("{table: residents, growth: 5}", False),
        ("{table: residents, value: rate, growth: 5%}", False),
        ("{value: rate, column: beds, growth: 5%}", False),
        ("{table: meals, totals: 100}", False),
        ("{label: {zh: 甲, en: a}}", False),
    ],
)
def test_the_schema_of_drivers_knows_right_from_wrong(driver: str, fits: bool) -> None:
    schema = json.loads((ROOT / "docs/schemas/drivers.json").read_text(encoding="utf-8"))
    content = json.loads(json.dumps({"drivers": {"one": yaml.safe_load(driver)}}))
    assert jsonschema.Draft202012Validator(schema).is_valid(content) == fits


def test_the_command_says_what_columns_mean() -> None:
    (table,) = printed("columns", "by_fund")
    assert [one["column"] for one in table["columns"]] == ["fund", "amount", "low"]
    assert table["columns"][1]["unit"] == "yuan"
    assert {one["table"] for one in printed("columns")} == {*tables(), *objects()}
    shown = CliRunner().invoke(app, ["columns", "settle", "--lang", "zh"])
    assert "已拨给出错行、暂不追回" in CliRunner().invoke(app, ["columns", "settled", "--lang", "zh"]).stdout
    assert shown.stdout.startswith("settle_json: 清算")
    refused = CliRunner().invoke(app, ["columns", "paymets"])
    assert refused.exit_code == 2
    assert "perhaps payments is meant" in refused.output
