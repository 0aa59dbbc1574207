"""A roster of typed columns is taken in as the same roster is whose cells are texts: tables, findings and all else."""

from __future__ import annotations

import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as parquet
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from subsidy.roster.arrays import is_coded
from subsidy.roster.characters import characters_of
from subsidy.roster.intake import Intake, intake
from subsidy.roster.raw import plain_text
from subsidy.roster.tables import Roster, read_roster
from subsidy.schedule.load import Version, load_text
from tests.conftest import THOROUGH
from tests.test_intake import SCHEDULE

TEXT, CODED = pa.string(), pa.dictionary(pa.int32(), pa.string())
DAY = datetime.date
Columns = dict[str, pa.Array]


def texts(*options: str) -> st.SearchStrategy[pa.Array]:
    return columns([TEXT, pa.large_string(), CODED], options)


def columns(kinds: list[pa.DataType], options: Any) -> st.SearchStrategy[Any]:
    """What a column may be of: its type, and the cells to draw from."""
    return st.tuples(st.sampled_from(kinds), st.just((*options, None)))


def numbers(*more: Any) -> st.SearchStrategy[Any]:
    decimals = [Decimal(text) for text in ("0.00", "12.50", "-1.00", "99999.99")]
    fine = [Decimal(text) for text in ("0.005", "12.500", "40.000")]
    return st.one_of(
        columns([pa.int64(), pa.int16(), pa.uint8()], [0, 1, 12, 40, 120]),
        columns([pa.int64(), pa.float64()], [-1, 0, 500, 2_000_000]),
        columns([pa.decimal128(12, 2)], decimals),
        columns([pa.decimal128(30, 3)], fine),
        columns([pa.float64()], [0.0, 1.0, 12.5, float("nan"), 1e17]),
        columns([TEXT, CODED], ["12", "12.50", "１２", "1,200", "40%", " 7 ", "3万", *more]),
    )


DAYS = [DAY(2023, 1, 1), DAY(2023, 5, 31), DAY(2023, 6, 1), DAY(1800, 1, 1)]
DATES = st.one_of(
    columns([pa.date32()], DAYS),
    columns(
        [pa.timestamp("us"), pa.timestamp("ns")], [datetime.datetime(day.year, day.month, day.day) for day in DAYS]
    ),
    columns([pa.timestamp("ms")], [datetime.datetime(2023, 1, 1), datetime.datetime(2023, 1, 1, 5)]),
    columns([TEXT, CODED], ["2023-01-01", "2023/5/31", "45000", "至今", " 2023-06-01"]),
    columns([pa.int64()], [20230101, 45000]),
)
YES_NO = st.one_of(columns([pa.bool_()], [True, False]), columns([pa.int8()], [0, 1, 2]), texts("是", "no", "?"))
HOMES = texts("H1", "H2", "H3", "h1", " H2", "Ｈ1", "0012", "12", "示例：H9", "合计", "注：说明", "1E+10", "=A1")
PERSONS = texts("甲", "乙", "甲 ", "P1", "p1", "EXAMPLE: 丙", "x\u200b")
TABLES: dict[str, dict[str, st.SearchStrategy[Any]]] = {
    "regions": {"region": st.one_of(texts("R1", "R2", "r2"), columns([pa.int64()], [1, 2])), "name": texts("东", "=1")},
    "homes": {
        "home": HOMES, "region": st.one_of(texts("R1", "R2", "R9"), columns([pa.int32()], [1, 2])),
        "grade": texts("good", "好", "bad", " fair"), "opened": DATES, "licensed": YES_NO,
        "cost": numbers(), "share": numbers("0.5"), "area": numbers(),
    },
    "stays": {"stay": texts("S1", "S2", "S3", "S4", "S5"), "person": PERSONS, "home": HOMES, "from": DATES, "to": DATES,
              "room": texts("101", "N/A", "#N/A")},
    "gradings": {"home": HOMES, "from": DATES, "stars": numbers(), "mark": texts("high", "low")},
    "conditions": {"person": PERSONS, "from": DATES, "frail": YES_NO},
    "visits": {"visit": texts("V1", "V2", "V3"), "home": HOMES, "visitors": numbers(),
               "month": st.one_of(texts("2023-01", "2023年2月", "2023-13"), columns([pa.int32()], [202301, 2023]),
                                  columns([pa.date32()], DAYS))},
}  # fmt: skip


@st.composite
def rosters(draw: st.DrawFn) -> dict[str, Columns]:
    found = {}
    for table, kinds in TABLES.items():
        count = draw(st.integers(1, 6))
        found[table] = {name: _column(draw, draw(kind), count) for name, kind in kinds.items()}
    return found


def _column(draw: st.DrawFn, kind: tuple[pa.DataType, tuple[Any, ...]], count: int) -> pa.Array:
    return pa.array(draw(st.lists(st.sampled_from(kind[1]), min_size=count, max_size=count)), kind[0])


def as_texts(columns: Columns) -> pa.Table:
    """Each cell as a person would write it."""
    return pa.table(
        {name: pa.array([plain_text(cell) for cell in cells.to_pylist()], TEXT) for name, cells in columns.items()}
    )


def told(result: Intake) -> dict[str, Any]:
    """All that an intake says."""
    return {
        "tables": {name: table.to_pydict() for name, table in result.tables.items()},
        "findings": [(finding, finding.line("zh"), finding.line("en")) for finding in result.findings],
        "given": result.given, "blocked": result.blocked, "solid": result.solid, "examples": result.example_rows,
        "keys": result.blocked_keys(),
        "written": {
            (name, column, row): result.written(name, column, row)
            for name, table in result.tables.items() for column in table.column_names for row in range(1, 4)
            if "#" not in column and row in table["_row"].to_pylist()
        },
    }  # fmt: skip


@pytest.fixture(scope="module")
def version() -> Version:
    return load_text(SCHEDULE)


RUNS = settings(
    max_examples=300 if THOROUGH else 25, deadline=None, derandomize=not THOROUGH,
    suppress_health_check=list(HealthCheck),
)  # fmt: skip


@RUNS
@given(roster=rosters())
def test_typed_frames_say_what_their_texts_say(version: Version, roster: dict[str, Columns]) -> None:
    typed = Roster(**{name: pa.table(columns) for name, columns in roster.items()})
    written = Roster(**{name: as_texts(columns) for name, columns in roster.items()})
    for name in roster:
        assert typed.content_hash(name) == written.content_hash(name)
    assert told(intake(typed, [version])) == told(intake(written, [version]))


@RUNS
@given(roster=rosters())
def test_typed_parquet_says_what_its_texts_say(
    version: Version, tmp_path_factory: pytest.TempPathFactory, roster: dict[str, Columns]
) -> None:
    folder = tmp_path_factory.getbasetemp() / "typed"
    tables = {name: pa.table(columns) for name, columns in roster.items()}
    typed = told(intake(_through(folder, tables), [version]))
    assert typed == told(intake(_through(folder, {name: as_texts(one) for name, one in roster.items()}), [version]))


def _through(folder: Path, tables: dict[str, pa.Table]) -> Roster:
    folder.mkdir(exist_ok=True)
    for name, table in tables.items():
        parquet.write_table(table, folder / f"{name}.parquet", row_group_size=2)
    return read_roster(folder)


def test_parquet_texts_that_stand_many_times_are_coded_once(tmp_path: Path) -> None:
    number = range(30_000)
    table = pa.table({"home": [f"H{i % 50}" for i in number], "stay": [f"S{i}" for i in number]})
    parquet.write_table(table, tmp_path / "stays.parquet", row_group_size=7_000)
    raw = read_roster(tmp_path).table("stays")
    assert is_coded(raw.cells(0))
    assert len(raw.cells(0).dictionary) == 50
    assert raw.cells(1).type == TEXT
    assert raw.column(0).to_pylist() == table["home"].to_pylist()


@pytest.mark.parametrize("order", [1, 7_919], ids=["counting upwards", "in no order"])
def test_a_key_given_twice_is_found_among_many(version: Version, order: int) -> None:
    numbers = [position * order % 20_011 for position in range(20_011)]
    for twice in (False, True):
        keys = [f"R{number}" for number in numbers]
        if twice:
            keys[15_000] = keys[4_000]
        result = intake(Roster(regions=pa.table({"region": keys})), [version])
        found = [(finding.code, finding.place.row, finding.why.en) for finding in result.findings]
        assert found == [("duplicate-key", 15_001, "this key is given twice, first in row 4001")] * twice
        assert result.blocked == ({"regions": 2} if twice else {})


@pytest.mark.parametrize("kind", [TEXT, CODED])
def test_what_cannot_occur_in_a_column_is_known_by_its_characters(kind: pa.DataType) -> None:
    ids = characters_of(pa.array(["F-2", None, "TAL1", "0"], kind))
    assert ids.seen == set(b"F-2TAL10")
    assert ids.fold_apart
    assert not ids.may_be_blank
    assert (ids.any_of("+="), ids.any_of("+-")) == (False, True)
    assert (ids.may_hold(["FO"]), ids.may_hold(["FO", "FAT"])) == (False, True)
    assert (ids.may_spell("total", "sum"), ids.may_spell("flat")) == (False, True)
    for mixed in ("aB", "A 1", "'A", "甲"):
        assert not characters_of(pa.array([mixed], kind)).fold_apart
    assert characters_of(pa.array(["甲"], kind)).may_spell("total")  # 合计
