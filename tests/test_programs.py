"""For other programs: their frames in, exact Arrow and Parquet out, schedules of packages."""

from __future__ import annotations

import datetime
import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import subsidy
from subsidy import sql
from subsidy.budget import frames, ledger, ledger_query
from subsidy.budget.result import Result
from subsidy.engine import database
from subsidy.schedule.origins import USERS_FOLDER
from tests.settling import JUNE, stay, town
from tests.settling import result as settled_result

ROOT = Path(__file__).parent.parent
FACILITIES = {"facility": ["F1", "F2"], "district": ["D1", "D1"], "star": [5, None]}
RESIDENTS = {
    "resident": ["R1", "R2"],
    "person": ["P1", "P2"],
    "facility": ["F1", "F1"],
    "ability": ["disabled", "self_caring"],
    "from": [datetime.date(2023, 1, 10), datetime.date(2023, 1, 10)],
    "to": [datetime.date(2023, 3, 4), None],
}
Columns = dict[str, list[Any]]


# --- in ------------------------------------------------------------------------------------------------------------


def as_dates(columns: Columns) -> pd.DataFrame:
    frame = pd.DataFrame(columns)
    return frame.assign(**{name: pd.to_datetime(frame[name]) for name in ("from", "to") if name in frame})


def as_duckdb(columns: Columns) -> Any:
    connection = duckdb.connect()
    connection.register("rows", pa.table(columns))
    return connection.sql("SELECT * FROM rows")


KINDS: dict[str, Callable[[Columns], Any]] = {
    "pandas": pd.DataFrame,
    "pandas with times": as_dates,
    "pandas, nullable": lambda columns: as_dates(columns).convert_dtypes(),
    "pandas, Arrow": lambda columns: pa.table(columns).to_pandas(types_mapper=pd.ArrowDtype),
    "pandas, categories": lambda columns: pd.DataFrame(columns).astype(dict.fromkeys(("facility",), "category")),
    "pandas with an index": lambda columns: pd.DataFrame(columns).set_index(next(iter(columns))),
    "Polars": pl.DataFrame,
    "Polars, lazy": lambda columns: pl.LazyFrame(columns),
    "Polars, categories": lambda columns: pl.DataFrame(columns).with_columns(pl.col("facility").cast(pl.Categorical)),
    "Arrow": pa.table,
    "an Arrow reader": lambda columns: pa.table(columns).to_reader(),
    "a relation of DuckDB": as_duckdb,
}


def taken(kind: Callable[[Columns], Any]) -> Result:
    roster = subsidy.Roster(districts=[{"district": "D1"}], facilities=kind(FACILITIES), residents=kind(RESIDENTS))
    return subsidy.calculate(subsidy.schedule("cn/xian/elderly-care"), roster, 2023, proceed=True)


@pytest.fixture(scope="module")
def result() -> Result:
    return taken(pd.DataFrame)


@pytest.mark.parametrize("kind", KINDS)
def test_frames_of_every_kind_are_one_roster(kind: str, result: Result) -> None:
    assert result.total == Decimal("1635.00")
    assert taken(KINDS[kind]).receipt == result.receipt


# --- out -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", Result.frames)
def test_arrow_holds_what_the_frames_of_pandas_hold(name: str, result: Result) -> None:
    table, frame = result.to_arrow(name), getattr(result, name)()
    assert list(table.column_names) == list(frame.columns)
    for column in table.column_names:
        days_are_texts = table[column].cast(pa.string()) if table[column].type == pa.date32() else table[column]
        assert days_are_texts.to_pylist() == pa.array(frame[column]).to_pylist()
    assert pl.from_arrow(table).shape == frame.shape


def test_types_and_meaning_go_along(result: Result, tmp_path: Path) -> None:
    result.to_parquet(tmp_path / "payments.parquet", "payments")
    table = pq.read_table(tmp_path / "payments.parquet")
    assert table.equals(result.to_arrow("payments"), check_metadata=True)
    amount, due = table.schema.field("amount"), table.schema.field("due")
    assert (amount.type, due.type) == (pa.decimal128(18, 2), pa.date32())
    assert (amount.metadata[b"unit"], due.metadata[b"zh"].decode()) == (b"yuan", "应拨日")
    result.receipt.save(tmp_path / "receipt.json")
    digest = hashlib.sha256((tmp_path / "receipt.json").read_bytes()).hexdigest()
    assert table.schema.metadata == {b"table": b"payments", b"receipt_sha256": digest.encode()}


def test_a_folder_holds_every_table(result: Result, tmp_path: Path) -> None:
    result.to_parquet(tmp_path / "all")
    assert {path.stem for path in (tmp_path / "all").iterdir()} == set(Result.frames)
    for name in Result.frames:
        assert pq.read_table(tmp_path / "all" / f"{name}.parquet").equals(result.to_arrow(name))
    result.to_parquet(tmp_path / "all")  # in place of what it wrote before
    (tmp_path / "all" / "mine.txt").touch()
    with pytest.raises(subsidy.RosterError, match="it holds other files"):
        result.to_parquet(tmp_path / "all")


def test_subjects_in_parts_are_everybody() -> None:
    """Each subject, or none, is in one part."""
    parts = [ledger_query.Subjects(None, "B"), ledger_query.Subjects("B", "乙"), ledger_query.Subjects("乙", None)]
    for subject in (None, "", "A", "B", "C", "乙", "养"):
        conditions = [part.hold(sql.missing_text() if subject is None else sql.text(subject)) for part in parts]
        named = [sql.alias(one, f"x{nth}") for nth, one in enumerate(conditions)]
        query = sql.select(named, sql.inline_rows(["n"], [[1]], "r"))
        assert duckdb.sql(sql.printed(query)).fetchall()[0].count(True) == 1


def test_a_ledger_longer_than_a_batch_is_the_same(result: Result, tmp_path: Path, monkeypatch: Any) -> None:
    whole = {name: result.to_arrow(name) for name in ("entitlements", "payments")}
    result.save_ledger(tmp_path / "whole")
    monkeypatch.setattr(frames, "ROWS_OF_A_GROUP", 3)
    monkeypatch.setattr(database, "ROWS_AT_ONCE", 2)
    monkeypatch.setattr(ledger, "ROWS_SORTED", 4)  # more are sorted in parts
    monkeypatch.setattr(ledger, "SAMPLED", 2)
    roster = subsidy.Roster(districts=[{"district": "D1"}], facilities=FACILITIES, residents=RESIDENTS)
    by_duckdb = subsidy.calculate(subsidy.schedule("cn/xian/elderly-care"), roster, 2023, proceed=True, engine="duckdb")
    by_duckdb.save_ledger(tmp_path / "parts")
    for name, table in whole.items():
        assert by_duckdb.to_arrow(name).equals(table)
        parts = tmp_path / "parts" / f"{name}.parquet"
        assert pq.ParquetFile(parts).metadata.num_row_groups > 2
        assert pq.read_table(parts).equals(pq.read_table(tmp_path / "whole" / f"{name}.parquet"))


def test_other_results_have_tables_too(result: Result, tmp_path: Path) -> None:
    calendar = result.calendar()
    assert calendar.to_arrow("day")["amount"].to_pylist() == list(calendar.frame("day")["amount"])
    schedule, roster = subsidy.schedule("cn/xian/elderly-care"), subsidy.read_roster(ROOT / "examples/forecast/roster")
    compared = subsidy.what_if(schedule, roster, 2023, {"values.operating_rate.is.5.disabled": "250"})
    compared.to_parquet(tmp_path / "compared")
    assert pq.read_table(tmp_path / "compared/comparison_payees.parquet").num_rows == len(compared.payees().cells)
    assert {b"baseline_receipt_sha256", b"reform_receipt_sha256"} < set(compared.to_arrow().schema.metadata)
    forecast = subsidy.forecast(schedule, roster, 2023, ROOT / "examples/forecast/drivers.yaml", years=1)
    before, after = (
        sum(row["amount"] for row in forecast.to_arrow("forecast").to_pylist() if row["year"] == year)
        for year in (2023, 2024)
    )
    assert before == forecast.by()["amount"][0]
    assert sum(forecast.to_arrow("forecast_changes")["amount"].to_pylist()) == after - before


def test_a_settlement_as_tables(tmp_path: Path) -> None:
    folder = town(tmp_path / "town")
    settled_result(folder, stay("A")).save_ledger(tmp_path / "ledger", until=JUNE)
    found = subsidy.settle(settled_result(folder, stay("A", last="2024-03-12")), tmp_path / "ledger", until=JUNE)
    for name in ("payments", "entitlements"):
        assert found.to_arrow(name)["amount"].to_pylist() == list(found.frame(name)["amount"])
        assert found.to_arrow(name).num_rows


def test_a_table_that_there_is_not(result: Result, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="there is no table paymnts; perhaps payments is meant"):
        result.to_arrow("paymnts")
    with pytest.raises(ValueError, match="there is no table"):
        result.to_parquet(tmp_path / "x.parquet", "paymnts")
    with pytest.raises(subsidy.RosterError, match="no such folder"):
        result.to_parquet(tmp_path / "nowhere" / "x.parquet")
    assert not list(tmp_path.iterdir())


def test_the_example_of_another_system(tmp_path: Path) -> None:
    script = ROOT / "examples/other_system/payroll.py"
    done = run([str(script), str(tmp_path / "out")], {})
    assert done.stdout == (script.parent / "printed.txt").read_text(encoding="utf-8")


# --- schedules of packages -----------------------------------------------------------------------------------------


def run(command: list[str], environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    path = os.pathsep.join([str(ROOT), environment.get("PYTHONPATH", "")])
    whole = {**os.environ, **environment, "PYTHONPATH": path}
    return subprocess.run([sys.executable, *command], env=whole, capture_output=True, text=True, check=True)


def subsidy_command(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return run(["-c", "from subsidy.cli import main; main()", *arguments, "--lang", "en"], environment)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The example package, built and installed in a folder of its own."""
    pytest.importorskip("hatchling")
    target = tmp_path_factory.mktemp("site")
    options = ["--quiet", "--no-deps", "--no-build-isolation", "--no-index", "--target", str(target)]
    run(["-m", "pip", "install", *options, str(ROOT / "examples/schedules_package")], {})
    return target


def test_an_installed_package_ships_its_schedules(site: Path, tmp_path: Path) -> None:
    listed = json.loads(subsidy_command("list", "--json", PYTHONPATH=str(site)).stdout)
    assert {one["id"]: one["source"] for one in listed}["example-county/meals"] == "example-county"
    assert {one["source"] for one in listed} == {"shipped", "example-county"}
    tested = subsidy_command("test", "example-county/meals", PYTHONPATH=str(site))
    assert tested.stdout == "1 passed, 0 failed\n"


def test_of_two_with_one_id_the_users_own_goes_first(site: Path, tmp_path: Path) -> None:
    own = tmp_path / "example-county" / "meals"
    own.mkdir(parents=True)
    shipped = site / "example_county_schedules/example-county/meals/2024-01-01.yaml"
    (own / shipped.name).write_text(shipped.read_text(encoding="utf-8").replace("revision: 1", "revision: 2"), "utf-8")
    environment = {"PYTHONPATH": str(site), USERS_FOLDER: str(tmp_path)}
    done = subsidy_command("list", **environment)
    assert "example-county/meals  2024-01-01  r2  示例县发〔2023〕9号  (1)  [user]" in done.stdout
    assert "r1  示例县发" not in done.stdout
    assert "[hidden-schedule] «example-county/meals»" in done.stderr
    shown = subsidy_command("show", "example-county/meals", "--json", **environment)
    assert json.loads(shown.stdout)[0]["revision"] == 2
    assert "is taken from the user's folder, and this one is not used" in shown.stderr


def test_a_package_whose_schedules_are_not_there(tmp_path: Path) -> None:
    about = tmp_path / "broken-1.dist-info"
    about.mkdir()
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: broken\nVersion: 1\n", encoding="utf-8")
    (about / "entry_points.txt").write_text("[subsidy.schedules]\nbroken = not_there\n", encoding="utf-8")
    done = subsidy_command("list", PYTHONPATH=str(tmp_path))
    assert "[lost-schedules] «broken»" in done.stderr
    assert "cn/xian/elderly-care" in done.stdout
