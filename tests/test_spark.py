"""Spark as an engine: the same to the fen as on one machine, over the whole language, and a good guest in a session."""

from __future__ import annotations

import datetime
import gc
import sys
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as parquet
import pytest
from conftest import THOROUGH
from hypothesis import HealthCheck, Phase, given, settings
from random_schedules import Case, cases
from random_together import Pair, pairs
from test_intake import SCHEDULE as MANY_TABLES
from test_typed_rosters import as_texts, rosters

import subsidy
from subsidy.engine.take_in import taken_in_cluster
from subsidy.finding import Refusal
from subsidy.roster.intake import Intake, intake
from subsidy.schedule.catalogue import Schedule
from subsidy.schedule.load import load_text

pytestmark = pytest.mark.everyday
XIAN = Path(__file__).parent.parent / "examples" / "xian" / "roster"
GRANTS = """
schedule: test/spark
document: {number: "1", issuer: test, issued: 2022-12-01}
in_force: {from: 2023-01-01}
revision: 1
place: CN
payers: {city: {label: {zh: 市, en: city}}, county: {label: {zh: 县, en: county}, fund: care}}
facts:
  homes: {home: key, kind: [care, "play"], opened: date, beds: {bed: 0..1000}, need: {number: 0..100}}
values:
  bed_rate: {unit: yuan / bed, is: "333.33"}
  play_rate: {unit: yuan, is: "1000.01"}
  portions: {unit: percent, by: [instalment], is: {1: 30%, 2: 70%}}
  sum: {unit: yuan, is: 10000}
  city_pays: {unit: yuan, is: 4000}
clauses:
  places:
    item: "1"
    for: homes
    every: once
    dated: opened
    when: kind = 'care' and beds > 0
    amount: beds * bed_rate
    split: {city: 1, county: 2}
    pay: {shares: portions, every: year}
    fund: building
  play: {item: "2", for: homes, every: once, dated: opened, when: beds > 0, amount: play_rate, split: {city: 1}}
limits:
  either: {item: "3", among: [places, play], per: [home], keep: highest, reading: the higher one}
  envelope: {item: "4", among: [places, play], payer: city, at_most: city_pays, when_short: pro_rata}
"""
HOMES = [
    {"home": "H1", "kind": "care", "opened": "2023-05-01", "beds": "7", "need": "3"},
    {"home": "H2", "kind": "care", "opened": "2023-06-01", "beds": "1", "need": "1"},
    {"home": "H3", "kind": "play", "opened": "2023-06-30", "beds": "20", "need": "0"},
    {"home": "H4", "kind": "care", "opened": "2024-01-31", "beds": "100", "need": None},
    {"home": "H${5}\\'", "kind": "care", "opened": "2023-01-01", "beds": None, "need": "9"},
]


def of(texts: tuple[str, ...]) -> Schedule:
    versions = tuple(load_text(written) for written in texts)
    return Schedule(versions, tuple(Path(f"{number}.yaml") for number in range(len(versions))))


@pytest.fixture(scope="module")
def grants() -> Schedule:
    return of((GRANTS,))


@pytest.fixture(scope="module")
def by_spark(spark: Any, grants: Schedule) -> subsidy.Result:
    return subsidy.calculate(grants, subsidy.Roster(homes=HOMES), year=2023, proceed=True, engine="spark")


def assert_same(schedules: Schedule | list[Schedule], roster: subsidy.Roster, year: int) -> None:
    there = subsidy.calculate(schedules, roster, year=year, proceed=True, engine="spark")
    here = subsidy.calculate(schedules, roster, year=year, proceed=True, engine="duckdb")
    assert there.to_dict() == here.to_dict()
    assert there.entitlements().equals(here.entitlements())
    assert there.payments().equals(here.payments())


def in_order(table: Any) -> list[str]:
    return sorted(map(repr, table.to_pylist()))


def randomly(examples: int) -> Callable[[Any], Any]:
    return settings(
        max_examples=examples,
        derandomize=not THOROUGH,
        phases=tuple(Phase) if THOROUGH else (Phase.generate,),
        suppress_health_check=list(HealthCheck),
    )


# --- the same amounts ----------------------------------------------------------------------------------------------


def test_a_schedule_with_limits_pots_and_instalments(by_spark: subsidy.Result, grants: Schedule) -> None:
    here = subsidy.calculate(grants, subsidy.Roster(homes=HOMES), year=2023, proceed=True, engine="duckdb")
    assert here.total > 0
    assert any(pot["cut"] != "0.00" for pot in here.pots)
    assert by_spark.to_dict() == here.to_dict()
    assert by_spark.entitlements().equals(here.entitlements())
    assert by_spark.payments().equals(here.payments())
    assert by_spark.receipt.to_json() == here.receipt.to_json()
    assert by_spark.explain("places", "H1").to_dict() == here.explain("places", "H1").to_dict()


@pytest.mark.skipif(not THOROUGH, reason="in check-all")
@randomly(60)
@given(cases())
def test_any_schedule(spark: Any, case: Case) -> None:
    assert_same(of(case.texts), subsidy.Roster(**case.rows), case.year)


@pytest.mark.skipif(not THOROUGH, reason="in check-all")
@randomly(20)
@given(pairs())
def test_any_two_schedules_together(spark: Any, pair: Pair) -> None:
    assert_same([of(texts) for texts in pair.texts], subsidy.Roster(**pair.rows), pair.year)


@pytest.mark.skipif(not THOROUGH, reason="in check-all")
def test_the_example_of_xian(spark: Any) -> None:
    assert_same(subsidy.schedule("cn/xian/elderly-care"), subsidy.read_roster(XIAN), 2023)


# --- frames --------------------------------------------------------------------------------------------------------


def test_ledgers_as_frames_are_the_ledgers(by_spark: subsidy.Result, tmp_path: Path) -> None:
    for name in ("entitlements", "payments"):
        frame = getattr(by_spark, f"{name}_frame")()
        here = getattr(by_spark, name)()
        frame.write.parquet(str(tmp_path / name))
        written = parquet.read_table(tmp_path / name)
        assert written.column_names == list(here.columns)
        assert in_order(written) == in_order(pa.Table.from_pandas(here, preserve_index=False))


def test_frames_are_refused_by_another_engine(grants: Schedule) -> None:
    here = subsidy.calculate(grants, subsidy.Roster(homes=HOMES), year=2023, proceed=True)
    with pytest.raises(Refusal, match="not calculated in Spark"):
        here.payments_frame()


# --- rosters of frames ---------------------------------------------------------------------------------------------

TYPED = pa.table(
    {
        "home": ["H1", "H2", "H3", "H4", "H5", "H6", "H6"],
        "类别": ["care", "care", "play", "care", "nursery", "care", "care"],
        "opened": [datetime.date(2023, month, 1) for month in (5, 6, 6, 7, 1, 3, 4)],
        "beds": [7, 1, 20, 2000, 9, 3, 4],
        "need": pa.array([Decimal("3"), Decimal("1"), None, Decimal("2.5"), None, None, None], pa.decimal128(10, 2)),
    }
)


def in_order_of_spark(table: pa.Table) -> pa.Table:
    """By all columns from left to right, blanks first: so the rows of a frame are numbered."""
    rows = sorted(table.to_pylist(), key=lambda row: [(cell is not None, cell) for cell in row.values()])
    return pa.Table.from_pylist(rows, schema=table.schema)


def test_a_roster_of_frames_stays_in_spark(spark: Any) -> None:
    """Rows with errors are told of as they are here, and left out; all others never leave the cluster."""
    schedule = of((GRANTS + "words: {kind: 类别}\n",))
    frames = subsidy.Roster(homes=spark.createDataFrame(TYPED))
    there = subsidy.calculate(schedule, frames, year=2023, proceed=True, engine="spark")
    here = subsidy.calculate(schedule, subsidy.Roster(homes=TYPED), year=2023, proceed=True, engine="duckdb")
    assert {one.code for one in here.findings} >= {"unknown-category", "out-of-range", "duplicate-key"}
    assert there.to_dict() == here.to_dict()
    assert there.payments().equals(here.payments())
    assert "raw" not in vars(frames)
    with pytest.raises(subsidy.RosterError):
        subsidy.calculate(schedule, frames, year=2023, engine="spark")


def test_a_column_of_floats_is_to_be_cast(spark: Any, grants: Schedule) -> None:
    floats = spark.createDataFrame(pa.table({**{name: TYPED[name] for name in ("home", "opened")}, "beds": [0.1] * 7}))
    with pytest.raises(subsidy.RosterError, match=r"double.*cast it to long, decimal") as refused:
        subsidy.calculate(grants, subsidy.Roster(homes=floats), year=2023, engine="spark")
    assert [(one.code, one.place.column) for one in refused.value.findings] == [("column-type", "beds")]


@pytest.mark.skipif(not THOROUGH, reason="in check-all")
@randomly(10)
@given(cases())
def test_any_schedule_of_frames(spark: Any, case: Case) -> None:
    tables = {name: in_order_of_spark(pa.Table.from_pylist(rows)) for name, rows in case.rows.items() if rows}
    frames = subsidy.Roster(**{name: spark.createDataFrame(table) for name, table in tables.items()})
    there = subsidy.calculate(of(case.texts), frames, year=case.year, proceed=True, engine="spark")
    here = subsidy.calculate(of(case.texts), subsidy.Roster(**tables), year=case.year, proceed=True, engine="duckdb")
    assert there.to_dict() == here.to_dict()
    assert there.entitlements().equals(here.entitlements())
    assert there.payments().equals(here.payments())


@pytest.mark.skipif(not THOROUGH, reason="in check-all")
@randomly(20)
@given(roster=rosters())
def test_any_wrong_roster_of_frames(spark: Any, roster: dict[str, Any]) -> None:
    version = load_text(MANY_TABLES)
    tables = {name: in_order_of_spark(_readable(columns)) for name, columns in roster.items()}
    frames = subsidy.Roster(**{name: spark.createDataFrame(table) for name, table in tables.items()})
    assert _told(taken_in_cluster(frames, [version])) == _told(intake(subsidy.Roster(**tables), [version]))


def _readable(columns: dict[str, Any]) -> pa.Table:
    """Columns of types that are not read in Spark as texts."""
    types = pa.types
    reads = (types.is_string, types.is_signed_integer, types.is_boolean, types.is_date32, types.is_decimal)
    fits = {name: any(is_read(cells.type) for is_read in reads) for name, cells in columns.items()}
    written = as_texts(columns)
    return pa.table({name: cells if fits[name] else written[name] for name, cells in columns.items()})


def _told(found: Intake) -> dict[str, Any]:
    """What an intake says, the rows of each table by their numbers."""
    tables = {}
    for name, table in found.tables.items():
        cells = {column: table.column(column).to_pylist() for column in sorted(table.column_names)}
        order = sorted(range(len(cells["_row"])), key=cells["_row"].__getitem__)
        tables[name] = {column: [of_column[row] for row in order] for column, of_column in cells.items()}
    lines = [(one, one.line("zh"), one.line("en")) for one in found.findings if one.code != "magnitude"]
    return {"tables": tables, "findings": lines, "blocked": found.blocked, "keys": found.blocked_keys()}


# --- a guest in a session ------------------------------------------------------------------------------------------


def test_the_callers_session_stays_as_it_was(spark: Any, by_spark: subsidy.Result) -> None:
    assert spark.catalog.listTables() == []
    assert spark.conf.get("spark.sql.variable.substitute") == "true"


def test_tables_are_let_go_with_the_result(spark: Any, grants: Schedule) -> None:
    def kept() -> int:
        return int(spark.sparkContext._jsc.getPersistentRDDs().size())

    gc.collect()  # what other tests left behind
    before = kept()
    result = subsidy.calculate(grants, subsidy.Roster(homes=HOMES), year=2023, proceed=True, engine="spark")
    assert result.total > 0
    assert kept() > before
    del result
    gc.collect()
    assert kept() == before


@pytest.mark.skipif(not THOROUGH, reason="in check-all")
def test_a_number_past_2_to_the_63_is_a_finding(spark: Any) -> None:
    text = GRANTS.replace("bed: 0..1000", "bed: 0..900000000000").replace('"333.33"', '"100000.00"')
    rows = [{**HOMES[0], "home": f"H{number}", "beds": "900000000000"} for number in range(2)]
    with pytest.raises(subsidy.RosterError) as refused:
        _ = subsidy.calculate(of((text,)), subsidy.Roster(homes=rows), year=2023, proceed=True, engine="spark").total
    assert [one.code for one in refused.value.findings] == ["too-large"]


# --- without Spark -------------------------------------------------------------------------------------------------


def test_an_engine_that_is_not_there(grants: Schedule, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(Refusal, match="no engine polars"):
        subsidy.calculate(grants, subsidy.Roster(homes=HOMES), year=2023, engine="polars")  # type: ignore[arg-type]
    for name in [name for name in sys.modules if name.split(".")[0] == "pyspark"]:
        monkeypatch.setitem(sys.modules, name, None)
    monkeypatch.setitem(sys.modules, "pyspark", None)
    with pytest.raises(Refusal, match="pyspark is not installed"):
        subsidy.calculate(grants, subsidy.Roster(homes=HOMES), year=2023, engine="spark")
