"""Rosters that stay in their files: what is told of them, and what is calculated, is as if they had been read."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as parquet
import pytest
from conftest import THOROUGH
from hypothesis import HealthCheck, given, settings
from random_schedules import Case, cases
from test_intake import SCHEDULE as MANY_TABLES
from test_spark import _readable, _told, of
from test_typed_rosters import rosters

import subsidy
from subsidy.engine.in_place_intake import in_place_intake
from subsidy.engine.parquet_files import ParquetFiles
from subsidy.roster.intake import intake
from subsidy.roster.parquet_file import ParquetFile
from subsidy.schedule.load import load_text


def randomly(examples: int) -> Any:
    often = 20 if THOROUGH else 1
    return settings(max_examples=examples * often, suppress_health_check=list(HealthCheck), deadline=None)


def files_of(tables: dict[str, pa.Table], folder: Path) -> list[ParquetFile]:
    files = []
    for name, table in tables.items():
        parquet.write_table(table, folder / f"{name}.parquet")
        files.append(ParquetFile.of(folder / f"{name}.parquet"))
    return files


@pytest.fixture(params=[0, 2_000], ids=["in-parts", "small-tables-whole"])
def small(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """How many rows a table has at most that comes whole, and among whose keys the nearest one is looked for."""
    monkeypatch.setattr("subsidy.engine.in_place_intake.FEW_KEYS", request.param)
    monkeypatch.setattr("subsidy.roster.rows.FEW_KEYS", request.param)


@pytest.mark.usefixtures("small")
@randomly(40)
@given(roster=rosters())
def test_any_wrong_roster_of_files(roster: dict[str, Any]) -> None:
    version = load_text(MANY_TABLES)
    with tempfile.TemporaryDirectory() as folder:
        files = files_of({name: _readable(columns) for name, columns in roster.items()}, Path(folder))
        there = in_place_intake(subsidy.Roster.of(files), ParquetFiles(files), [version])
        assert _told(there) == _told(intake(subsidy.read_roster(folder), [version]))


@randomly(20)
@given(case=cases())
def test_any_schedule_of_files(case: Case) -> None:
    tables = {name: pa.Table.from_pylist(rows) for name, rows in case.rows.items() if rows}
    with tempfile.TemporaryDirectory() as folder:
        files = files_of(tables, Path(folder))
        there = subsidy.calculate(of(case.texts), subsidy.Roster.of(files), year=case.year, proceed=True)
        whole = subsidy.read_roster(folder)
        here = subsidy.calculate(of(case.texts), whole, year=case.year, proceed=True, engine="duckdb")
        assert there.to_dict() == here.to_dict()
        assert there.entitlements().equals(here.entitlements())
        assert there.payments().equals(here.payments())
