"""Rosters that stay in their files: what is told of them, and what is calculated, is as if they had been read."""

from __future__ import annotations

import datetime
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
from subsidy.engine.take_in import taken_in_place
from subsidy.roster.intake import intake
from subsidy.roster.parquet_file import ParquetFile, read_parquet
from subsidy.schedule.load import load_text


def randomly(examples: int) -> Any:
    often = 50 if THOROUGH else 1
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
@randomly(3)
@given(roster=rosters())
def test_any_wrong_roster_of_files(roster: dict[str, Any]) -> None:
    version = load_text(MANY_TABLES)
    with tempfile.TemporaryDirectory() as folder:
        files = files_of({name: _readable(columns) for name, columns in roster.items()}, Path(folder))
        there = taken_in_place(subsidy.Roster.of(files), [version])
        assert _told(there) == _told(intake(subsidy.read_roster(folder), [version]))


@randomly(2)
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


@pytest.fixture
def large(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every file is large."""
    monkeypatch.setattr("subsidy.roster.parquet_file.MANY_ROWS", 1)


STAYS = """
schedule: test/in-place
document: {number: "1", issuer: test, issued: 2022-12-01}
in_force: {from: 2023-01-01}
revision: 1
place: CN
payers: {city: {label: {zh: 市, en: city}}}
facts:
  homes: {home: key, cost: {yuan: 0..10000000}}
  stays: {stay: key, person: text, home: homes, from: date, to: {date: .., blank: ongoing}}
values: {rate: {unit: yuan / person / month, is: 100}}
clauses:
  care: {item: "1", for: stays, every: month, amount: rate, split: {city: 1}}
limits:
  once: {item: "2", among: [care], per: [person, month], keep: highest, reading: one home a month}
"""


def stays(*rows: tuple[str, str, str, tuple[int, int, int], tuple[int, int, int] | None]) -> pa.Table:
    names = ("stay", "person", "home", "from", "to")
    cells = [[*texts, datetime.date(*first), last and datetime.date(*last)] for *texts, first, last in rows]
    kinds = [pa.string()] * 3 + [pa.date32()] * 2
    return pa.table({name: pa.array([row[n] for row in cells], kinds[n]) for n, name in enumerate(names)})


HOMES = pa.table({"home": ["H1", "H2"], "cost": [5_000_000, 6_000_000]})
JOINED = stays(
    ("R1", "P1", "H1", (2023, 1, 1), (2023, 3, 31)), ("R2", "P2", "H2", (2023, 2, 1), None),
    ("R3", "P1", "H1", (2023, 4, 1), (2023, 8, 31)), ("R4", "P1", "H2", (2023, 9, 1), None),
)  # fmt: skip


@pytest.mark.usefixtures("large")
def test_rows_that_are_joined_are_named_as_if_they_had_been_read(tmp_path: Path) -> None:
    files = files_of({"homes": HOMES, "stays": JOINED}, tmp_path)
    there = in_place_intake(subsidy.Roster.of(files), ParquetFiles(files), [load_text(STAYS)])
    here = intake(subsidy.Roster(homes=HOMES, stays=JOINED), [load_text(STAYS)])
    assert there.rows.brought == {"homes": set(), "stays": set()}
    for found in (there, here):
        assert [found.joined_into(key) for key in ("R1", "R2", "R3", "R4")] == [None, None, "R1", None]
        assert found.place("stays", "to", 1).row == 3
        assert found.written("stays", "to", 1) == "2023-08-31"
        assert found.written("stays", "from", 1) == "2023-01-01"
    year = subsidy.calculate(of((STAYS,)), subsidy.read_roster(tmp_path), year=2023)
    for key in ("R1", "R2", "R4"):
        assert year.explain("care", key).to_dict() == _read_whole(tmp_path).explain("care", key).to_dict()
    with pytest.raises(KeyError, match="ask for R1"):
        year.explain("care", "R3")
    assert year.receipt.to_json() == _read_whole(tmp_path).receipt.to_json()


def _read_whole(folder: Path) -> subsidy.Result:
    roster = subsidy.Roster.of([read_parquet(file) for file in sorted(folder.glob("*.parquet"))])
    return subsidy.calculate(of((STAYS,)), roster, year=2023)


@pytest.mark.parametrize("at_once", [1, 2, 100])
def test_the_content_of_a_file_is_hashed_piece_by_piece(at_once: int, tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.setattr("subsidy.roster.parquet_file.AT_ONCE", at_once)
    for table in (JOINED, pa.table({"b": ["\x1e", None, " ", "\\"], "a": [0.5, 3.0, None, 1e300]}), JOINED.slice(0, 0)):
        (file,) = files_of({"stays": table}, tmp_path)
        whole = subsidy.Roster.of([file.raw])
        assert subsidy.Roster.of([file]).content_hash("stays") == whole.content_hash("stays")
        assert subsidy.Roster.of([file]).row_count("stays") == whole.row_count("stays")


@pytest.mark.usefixtures("large")
def test_what_only_a_whole_column_tells_is_told(tmp_path: Path) -> None:
    homes = pa.table({"home": [f"H{number}" for number in range(4)], "cost": [5, 12, 0, 7]})
    files = files_of({"homes": homes, "stays": JOINED.slice(0, 2)}, tmp_path)
    there = in_place_intake(subsidy.Roster.of(files), ParquetFiles(files), [load_text(STAYS)])
    assert [finding.code for finding in there.findings] == ["magnitude"]
    assert there.findings == intake(subsidy.Roster.of([one.raw for one in files]), [load_text(STAYS)]).findings


@pytest.mark.usefixtures("large")
@pytest.mark.parametrize("cost", [[0.5, 12.25], [b"5", b"7"], ["五", None]])
def test_columns_that_are_not_read_in_place_are_read_whole(cost: list[Any], tmp_path: Path) -> None:
    files_of({"homes": pa.table({"home": ["H1", "H2"], "cost": cost}), "stays": JOINED}, tmp_path)
    roster = subsidy.read_roster(tmp_path)
    found = [(one.code, one.place) for one in subsidy.check(of((STAYS,)), roster)]
    assert roster.files
    assert found == [(one.code, one.place) for one in subsidy.check(of((STAYS,)), subsidy.Roster.of(list(roster.raw)))]


@pytest.mark.usefixtures("large")
def test_keys_are_suggested_only_where_all_are_known(tmp_path: Path) -> None:
    """Of a table with many keys a few are brought; the nearest one may be among the others."""
    homes = pa.table({"home": [f"H{number}" for number in range(3_000)], "cost": [5_000_000] * 3_000})
    stays = JOINED.set_column(2, "home", pa.array(["H1", "H99999", "H2", "H3"]))
    files_of({"homes": homes, "stays": stays}, tmp_path)
    roster = subsidy.read_roster(tmp_path)
    found = subsidy.check(of((STAYS,)), roster)
    assert [one.code for one in found] == ["unknown-reference"]
    assert found == subsidy.check(of((STAYS,)), subsidy.Roster.of(list(roster.raw)))


@pytest.mark.usefixtures("large")
def test_a_total_is_compared_with_all_rows(tmp_path: Path) -> None:
    homes = pa.table({"home": ["H1", "H2", "合计"], "cost": [5_000_000, 6_000_000, 11_000_001]})
    files_of({"homes": homes, "stays": JOINED}, tmp_path)
    roster = subsidy.read_roster(tmp_path)
    found = subsidy.check(of((STAYS,)), roster)
    assert found
    assert found == subsidy.check(of((STAYS,)), subsidy.Roster.of(list(roster.raw)))


@pytest.mark.usefixtures("large")
def test_headings_that_differ_in_case_are_two(tmp_path: Path) -> None:
    """The engine that reads files in place would take them for one."""
    stays = JOINED.add_column(0, "Person", pa.array(["Q"] * 4)).add_column(0, "FILE_ROW_NUMBER", pa.array([7] * 4))
    files_of({"homes": HOMES, "stays": stays}, tmp_path)
    roster = subsidy.read_roster(tmp_path)
    found = subsidy.check(of((STAYS,)), roster)
    assert found == subsidy.check(of((STAYS,)), subsidy.Roster.of(list(roster.raw)))
    assert [one.name for one in roster.files] == ["homes"]


@pytest.mark.usefixtures("large")
def test_a_table_given_twice_is_refused_as_ever(tmp_path: Path) -> None:
    files_of({"homes": HOMES, "stays": JOINED}, tmp_path)
    (tmp_path / "homes.csv").write_text("home,cost\nH1,5\n", encoding="utf-8")
    assert "duplicate-table" in {one.code for one in subsidy.check(of((STAYS,)), subsidy.read_roster(tmp_path))}


@pytest.mark.usefixtures("large")
def test_a_file_that_changes_meanwhile_is_refused(tmp_path: Path) -> None:
    files_of({"homes": HOMES, "stays": JOINED}, tmp_path)
    roster = subsidy.read_roster(tmp_path)
    files_of({"stays": JOINED.slice(0, 1)}, tmp_path)
    with pytest.raises(subsidy.RosterError, match=r"stays.parquet.*changed"):
        subsidy.calculate(of((STAYS,)), roster, year=2023)


def test_texts_that_repeat_are_not_unique(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """By order or by hashes, some at a time: no repeated id is overlooked, and of different ones it is certain."""
    monkeypatch.setattr("subsidy.engine.parquet_files.HASHES_AT_ONCE", 300)
    ids = [f"A{number:04}" for number in range(2_000)]
    for texts, expected in ((ids, True), (ids[::-1], True), ([*ids[::-1], "A0007"], False), (["A1"] * 2_000, False)):
        files = files_of({"homes": pa.table({"home": texts})}, tmp_path)
        place = ParquetFiles(files)
        place.number("given", files[0])
        assert place.are_unique("given", "c0") is expected
