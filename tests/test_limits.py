"""What a calculation may take: memory, threads, the largest amounts."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from decimal import Decimal, localcontext
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

import subsidy
from subsidy import resources
from subsidy.cli import app
from subsidy.finding import Refusal, RosterError
from subsidy.money import LARGEST_SHOWN, check_total, yuan, yuan_column

THOROUGH = bool(os.environ.get("CHECK_ALL"))
STAYS = """
schedule: cn/nowhere/stays
document: {number: 测试〔2019〕1号, issuer: 测试局, issued: 2019-01-01}
in_force: {from: 2019-01-01}
revision: 1
place: CN-0000
payers: {city: {label: {zh: 市级, en: city}}, district: {label: {zh: 区级, en: district}, of: district}}
values:
  rate: {unit: yuan / person / month, is: 100}
  most: {unit: yuan, is: 900}
clauses:
  grant: {item: "1", for: residents, every: month, amount: rate, split: {city: 3, district: 2}}
limits:
  one_home: {item: "2", among: [grant], per: [person, month], keep: most days_present}
  yearly: {item: "3", among: [grant], per: [person, year], at_most: most, when_short: pro_rata}
"""
CALCULATED = """
import json, os, resource, sys, time
import pyarrow as pa, pyarrow.compute, pyarrow.parquet, duckdb
import subsidy
file, rows, memory, threads = sys.argv[1], int(sys.argv[2]), sys.argv[3] or None, int(sys.argv[4]) or None
def peak():  # of this process alone: ru_maxrss begins with that of the one it was started from
    return int(next(line for line in open("/proc/self/status") if line.startswith("VmHWM")).split()[1])
def tasks(): return len(os.listdir("/proc/self/task"))
before = tasks()
subsidy.limits(memory=memory, threads=threads)
names = [str(number) for number in range(rows)]
same = lambda text: [text] * rows
roster = subsidy.Roster(
    districts=pa.table({"district": ["D"], "name": ["甲区"]}),
    facilities=pa.table({"facility": ["F"], "district": ["D"], "type": ["institution"]}),
    residents=pa.table({"resident": names, "person": names, "facility": same("F"),
                        "from": same("2019-01-01"), "to": same("2023-12-31")}),
)
wall, processor = time.monotonic(), time.process_time()
result = subsidy.calculate(subsidy.schedule(file), roster, 2023)
total = str(result.total)
busy = (time.process_time() - processor) / (time.monotonic() - wall)
from subsidy.resources import spill_folder
print(json.dumps({"total": total, "busy": busy, "threads": tasks() - before, "spill": str(spill_folder()),
                  "peak": peak() * 1024}))
"""
ON_LINUX = pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="memory and threads are read from /proc")


@pytest.fixture(autouse=True)
def _unlimited() -> Any:
    yield
    subsidy.limits()


@pytest.fixture
def stays(tmp_path: Path) -> Path:
    file = tmp_path / "stays.yaml"
    file.write_text(STAYS, encoding="utf-8")
    return file


def calculated(stays: Path, rows: int, memory: str = "", threads: int = 0) -> dict[str, Any]:
    """What a process of its own says of itself after calculating so many stays of five years."""
    command = [sys.executable, "-c", CALCULATED, str(stays), str(rows), memory, str(threads)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    told: dict[str, Any] = json.loads(done.stdout)
    return told


# --- memory and threads ---------------------------------------------------------------------------------------------


@ON_LINUX
def test_memory_and_threads_hold(stays: Path) -> None:
    rows = 40_000 if THOROUGH else 12_000
    free = calculated(stays, rows)
    held = calculated(stays, rows, "300MB", 1)
    assert held["total"] == free["total"] == f"{rows * 900}.00"
    assert free["peak"] > 400e6  # else nothing is proved
    assert held["peak"] < 330e6  # the limit and a tenth
    assert held["busy"] < 1.1
    assert held["threads"] <= 3  # beside the main one: of the engine and of Arrow, which wait
    assert not Path(held["spill"]).exists()


@ON_LINUX
def test_too_little_memory_is_said_before_the_calculation(stays: Path) -> None:
    command = [sys.executable, "-c", CALCULATED, str(stays), "3000", "100MB", "1"]
    done = subprocess.run(command, capture_output=True, text=True)
    assert "raise --memory" in done.stderr
    assert "[memory]" in done.stderr


def test_memory_that_runs_out_is_a_finding(monkeypatch: pytest.MonkeyPatch) -> None:
    from subsidy import sql
    from subsidy.engine.database import DuckDB, Query

    monkeypatch.setattr(resources, "engine_memory", lambda _: 2_000_000)
    subsidy.limits(memory="70MB", threads=1)
    big = sql.select([sql.alias(sql.row_number([], [(sql.column("n"), True)]), "rank")], sql.table("numbers"))
    database = DuckDB()
    import pyarrow as pa

    database.register("numbers", pa.table({"n": range(5_000_000)}))
    with pytest.raises(RosterError) as error:
        database.create("ranks", Query(big), "table")
    assert [(finding.code, finding.value) for finding in error.value.findings] == [("memory", "70MB")]


@pytest.mark.parametrize(
    ("written", "size"),
    [("800MB", 800_000_000), ("1.5GB", 1_500_000_000), ("2 GiB", 2**31), ("64mb", 64_000_000), (10**9, 10**9)],
)
def test_amounts_of_memory(written: str | int, size: int) -> None:
    assert resources.memory_of(written) == size


@pytest.mark.parametrize("written", ["", "many", "-1GB", "1e9", "10MB", "１GB", "1,000MB", 0, "99999999999999999GB"])
def test_what_is_no_amount_of_memory(written: str | int) -> None:
    with pytest.raises(Refusal):
        subsidy.limits(memory=written)
    assert resources.current() == resources.Limits()


@pytest.mark.parametrize("number", [0, -1, 100_000])
def test_what_is_no_number_of_threads(number: int) -> None:
    with pytest.raises(Refusal):
        subsidy.limits(threads=number)


def test_limits_of_a_command_are_those_of_its_options(tmp_path: Path) -> None:
    check = ["check", str(tmp_path), "--schedule", "cn/xian/elderly-care"]
    CliRunner().invoke(app, [*check, "--memory", "2GB", "--threads", "1"])
    assert resources.current() == resources.Limits(2_000_000_000, 1)
    CliRunner().invoke(app, check)
    assert resources.current() == resources.Limits()
    wrong = CliRunner().invoke(app, [*check, "--memory", "much"])
    assert (wrong.exit_code, wrong.stdout) == (2, "")
    assert "800MB" in wrong.stderr


# --- the largest amounts --------------------------------------------------------------------------------------------


@given(st.lists(st.integers(-LARGEST_SHOWN, LARGEST_SHOWN)))
def test_a_column_of_amounts_is_exact(amounts: list[int]) -> None:
    assert [int(cell * 100) for cell in yuan_column(amounts).to_pylist()] == amounts


@pytest.mark.parametrize("amount", [LARGEST_SHOWN + 1, -LARGEST_SHOWN - 1, 2**63, 2**200])
def test_larger_amounts_are_refused(amount: int) -> None:
    for refuse in (yuan_column, check_total):
        with pytest.raises(RosterError) as error:
            refuse([1, amount])
        assert [finding.code for finding in error.value.findings] == ["too-large"]
    with pytest.raises(RosterError):
        check_total([LARGEST_SHOWN, -LARGEST_SHOWN])  # sums of a part of them may be too large
    check_total([LARGEST_SHOWN - 1, -1])


def test_yuan_do_not_depend_on_the_precision_of_the_program() -> None:
    with localcontext() as context:
        context.prec = 4
        assert yuan(123_456_789) == Decimal("1234567.89")


WORKS = """
schedule: cn/nowhere/works
document: {number: 测试〔2019〕1号, issuer: 测试局, issued: 2019-01-01}
in_force: {from: 2019-01-01}
revision: 1
place: CN-0000
payers: {city: {label: {zh: 市级, en: city}}}
facts: {works: {work: key, done: date, cost: {yuan: 0..80000000000000}}}
clauses:
  grant: {item: "1", for: works, every: once, dated: done, amount: cost, split: {city: 1}}
"""


@pytest.mark.parametrize(("works", "fits"), [(124, True), (125, False), (1200, False)])
def test_totals_are_exact_or_refused(tmp_path: Path, works: int, fits: bool) -> None:
    (tmp_path / "works.yaml").write_text(WORKS, encoding="utf-8")
    folder = tmp_path / "roster"
    folder.mkdir()
    lines = [f"{number},2023-05-01,80000000000000" for number in range(works)]
    (folder / "works.csv").write_text("\n".join(["work,done,cost", *lines]), encoding="utf-8")
    command = ["budget", str(folder), "--schedule", str(tmp_path / "works.yaml"), "--year", "2023", "--json"]
    done = CliRunner().invoke(app, command)
    if fits:
        assert json.loads(done.stdout)["total"] == f"{works * 80_000_000_000_000}.00"
    else:
        assert (done.exit_code, done.stdout) == (1, "")
        assert "[too-large]" in done.stderr
