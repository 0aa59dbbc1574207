"""Every way to calculate the rosters that are measured comes to the same fen, and one that does not is told."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path

import pytest

from benchmarks.measure import CONTENDERS, DisagreementError, Totals, check_same, read_totals
from benchmarks.workload import FORMS, written

RESIDENTS = 2000  # with fewer the pot is not short, which those who wrote their own relied on


@pytest.fixture(scope="module", params=FORMS)
def totals(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Totals]:
    import pyarrow.parquet as parquet

    base = tmp_path_factory.mktemp("rosters")
    folder = written(request.param, RESIDENTS, base)
    found = {}
    for contender in CONTENDERS:
        table = import_module(f"benchmarks.against.{contender}").totals(request.param, folder)
        parquet.write_table(table, base / f"{contender}.parquet")
        found[contender] = read_totals(base / f"{contender}.parquet")
    return found


def test_all_come_to_the_same_fen(totals: dict[str, Totals]) -> None:
    assert sum(totals["library"].values()) > 0
    for contender, found in totals.items():
        check_same("library", totals["library"], contender, found)


def test_a_single_fen_is_told(totals: dict[str, Totals]) -> None:
    key = sorted(totals["hand_sql"])[3]
    planted = {**totals["hand_sql"], key: totals["hand_sql"][key] + 1}
    with pytest.raises(DisagreementError, match=rf"differ in 1 of .*{key[0]}"):
        check_same("library", totals["library"], "planted", planted)


def test_the_same_seed_gives_the_same_roster(tmp_path: Path) -> None:
    one, other = (written("shares", 100, tmp_path / name) for name in ("one", "other"))
    for file in one.glob("*.parquet"):
        assert file.read_bytes() == (other / file.name).read_bytes()


def test_a_roster_in_parts_is_one_roster(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import pyarrow.compute as pc
    import pyarrow.parquet as parquet

    from benchmarks import workload

    monkeypatch.setattr(workload, "PART", 300)
    folder = workload.written_in_parts("stays", 700, tmp_path)
    tables = {file.stem: parquet.read_table(file) for file in folder.glob("*.parquet")}
    for table, key in {
        "residents": "resident",
        "facilities": "facility",
        "staff": "staff",
        "districts": "district",
    }.items():
        assert len(tables[table][key].unique()) == len(tables[table])
    assert len(tables["residents"]["person"].unique()) == 700  # each has a stay at least
    for table, key in {"residents": "facility", "ratings": "facility", "facilities": "district"}.items():
        known = tables["facilities" if key == "facility" else "districts"][key]
        assert pc.all(pc.is_in(tables[table][key], value_set=known.combine_chunks())).as_py()
