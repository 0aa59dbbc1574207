"""The text of `subsidy sql` runs as it is, alone, and comes to the same payments."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest
import yaml
from typer.testing import CliRunner

import subsidy
from subsidy import sql
from subsidy.cli import app
from subsidy.engine import calendar
from subsidy.engine.calendar_query import months_query, periods_query
from subsidy.engine.cells import roster_table
from subsidy.report.statements import Dialect, statements
from subsidy.roster.intake import Intake, intake
from subsidy.schedule.column import PERIODS

CASES = Path(__file__).parent / "cases" / "template-city"
Payments = list[tuple[Any, ...]]


def cases() -> Iterator[Any]:
    """Those of one schedule by itself, without a sum that is distributed or money that a pot moves outside SQL."""
    for name in ("who-pays", "pay"):
        for case in yaml.safe_load((CASES / f"{name}.yaml").read_text(encoding="utf-8")):
            schedule = case["schedule"]
            whole = isinstance(schedule, str) and "refund" not in case["name"]["en"]
            versions = subsidy.schedule(schedule).versions if whole else ()
            if whole and not any(clause.allocation for one in versions for clause in one.clauses.values()):
                yield pytest.param(case, id=f"{name}: {case['name']['en']}")


def expected(result: subsidy.Result) -> Payments:
    """The parts of every line before pots, as the ledger shows them, in fen."""
    rows = result.payments().astype(object).where(lambda frame: frame.notna(), None).to_dict("records")
    names = ("clause", "line", "payee", "facility", "district", "payer", "place")
    return sorted(((*(row[name] for name in names), int(row["owed"] * 100)) for row in rows), key=repr)


def found(rows: Iterable[tuple[Any, ...]]) -> Payments:
    return sorted((((*row[:5], *row[7:])) for row in rows), key=repr)


def by_duckdb(text: str, taken_in: Intake) -> Payments:
    connection = duckdb.connect()
    for name, table in taken_in.tables.items():
        connection.register("given", table)
        connection.execute(f'CREATE TABLE "{roster_table(name)}" AS SELECT * FROM given')
    return found(connection.execute(text).fetchall())


def by_sqlite(text: str, taken_in: Intake) -> Payments:
    connection = sqlite3.connect(":memory:")
    for name, table in taken_in.tables.items():
        columns = ", ".join(f'"{column}"' for column in table.column_names)
        connection.execute(f'CREATE TABLE "{roster_table(name)}" ({columns})')
        marks = ", ".join("?" * table.num_columns)
        rows = zip(*(column.to_pylist() for column in table.columns), strict=True)
        connection.executemany(f'INSERT INTO "{roster_table(name)}" VALUES ({marks})', rows)
    *before, last = text.strip().split(";\n\n")
    for statement in before:
        connection.execute(statement)
    return found(connection.execute(last.rstrip(";")).fetchall())


@pytest.mark.parametrize("case", list(cases()))
def test_the_text_alone_comes_to_the_same_payments(case: Any) -> None:
    schedule, roster = subsidy.schedule(case["schedule"]), subsidy.Roster(**case["rows"])
    result = subsidy.calculate(schedule, roster, year=case["year"], proceed=True, engine="duckdb")
    taken_in = result.calculated[0].high.run.prepared.intake
    assert expected(result)
    for dialect, run in (("duckdb", by_duckdb), ("sqlite", by_sqlite)):
        assert run(statements(schedule, dialect, case["year"], "en", taken_in), taken_in) == expected(result)


def test_without_a_roster_the_tables_of_the_text_can_be_filled() -> None:
    """Of the columns that a schedule reads: the text makes the tables, and then they are filled and it runs again."""
    (case,) = (one.values[0] for one in cases() if str(one.id).startswith("who-pays: Shares by an attribute"))
    schedule, roster = subsidy.schedule(case["schedule"]), subsidy.Roster(**case["rows"])
    text = statements(schedule, "duckdb", case["year"], "en")
    connection = duckdb.connect()
    assert connection.execute(text).fetchall() == []
    for name, table in intake(roster, schedule.versions).tables.items():
        connection.register("given", table)
        there = connection.execute(f'SELECT * FROM "{roster_table(name)}"').description
        columns = ", ".join(f'"{column}"' for column, *_ in there if column in table.column_names)
        connection.execute(f'INSERT INTO "{roster_table(name)}" ({columns}) SELECT {columns} FROM given')
    result = subsidy.calculate(schedule, roster, year=case["year"], proceed=True)
    assert found(connection.execute(text).fetchall()) == expected(result)


def test_calendars_as_queries_are_those_of_the_calculation() -> None:
    connection = duckdb.connect()
    connection.execute(f"CREATE TABLE months AS {sql.printed(months_query(1900, 2310))}")
    months = calendar.months(1900, 2310)
    query = sql.select([sql.column(name) for name in months], sql.table("months"))
    assert sorted(connection.execute(sql.printed(query)).fetchall()) == list(zip(*months.values(), strict=True))
    for every in PERIODS:
        rows = connection.execute(sql.printed(periods_query(every, 1999, 2101))).fetchall()
        assert sorted(rows) == list(zip(*calendar.periods(every, 1999, 2101).values(), strict=True))


@pytest.mark.parametrize("dialect", ["duckdb", "spark", "sqlite"])
def test_every_statement_names_its_items(dialect: Dialect) -> None:
    schedule = subsidy.schedule("template-city/city-works")
    shown = CliRunner().invoke(app, ["sql", schedule.id, "--dialect", dialect, "--lang", "en"])
    assert shown.exit_code == 0
    for name, clause in schedule.latest.clauses.items():
        assert f"{name} " in shown.stdout
        assert f"(item {clause.model.item})" in shown.stdout
    blocks = [block for block in shown.stdout.split("\n\n") if not block.startswith("--")]
    assert not blocks


def test_an_unknown_dialect_is_wrong_use() -> None:
    shown = CliRunner().invoke(app, ["sql", "template-city/city", "--dialect", "oracle"])
    assert shown.exit_code == 2
    assert "oracle" in shown.output
