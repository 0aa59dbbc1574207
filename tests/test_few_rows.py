"""What a handful of rows is calculated with, and when DuckDB takes over."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pytest

import subsidy
from subsidy import sql
from subsidy.engine.database import DuckDB, Query
from subsidy.engine.few_rows import FewRows, Held
from subsidy.schedule.ranges import HIGHEST, LOWEST

A, B = sql.column("a"), sql.column("b")


def with_numbers(*rows: tuple[int | None, int | None]) -> FewRows:
    few = FewRows()
    few.register("t", pa.table({"a": pa.array([a for a, _ in rows], pa.int64()), "b": [b for _, b in rows]}))
    return few


def query(tree: sql.Sql) -> Query:
    return Query(sql.select([sql.alias(tree, "x")], sql.table("t")))


def test_numbers_and_open_ends_stay() -> None:
    few = with_numbers((2**40, 3), (-7, None))
    between = sql.all_of([sql.compare(">=", A, sql.whole(LOWEST)), sql.compare("<=", A, sql.whole(HIGHEST))])
    assert few.rows(query(between)) == [(True,), (True,)]
    assert few.rows(query(sql.mul(A, B))) == [(3 * 2**40,), (None,)]
    assert few.rows(query(sql.total(A))) == [(2**40 - 7,)]
    assert few.instead is None


@pytest.mark.parametrize(
    ("rows", "tree", "expected"),
    [
        pytest.param([(2**30, 2**31)], sql.mul(A, B), 2**61, id="product"),
        pytest.param([(2**52, 0), (2**52, 0), (2**52, 0)], sql.total(A), 3 * 2**52, id="total"),
        pytest.param([(2**61, 1)], sql.add(A, B), 2**61 + 1, id="given"),
        pytest.param([(1, 1)], sql.add(A, sql.whole(2**54)), 2**54 + 1, id="written"),
    ],
)
def test_large_numbers_are_left_to_duckdb(rows: Any, tree: sql.Sql, expected: int) -> None:
    few = with_numbers(*rows)
    few.create("kept", query(sql.add(B, B)), "table")
    assert few.rows(query(tree)) == [(expected,)]
    assert isinstance(few.instead, DuckDB)
    kept = Query(sql.select([sql.total(sql.column("x"))], sql.table("kept")))
    assert few.rows(kept) == [(2 * sum(b for _, b in rows),)]


def test_a_copy_begins_with_what_the_first_holds() -> None:
    begun = with_numbers((5, 6))
    few = FewRows(begun)
    few.register("u", pa.table({"c": [2**60]}))  # too large: everything moves
    joined = sql.select([A, sql.column("c")], sql.table("t"), [("inner", sql.table("u"), sql.boolean(True))])
    assert few.rows(Query(joined)) == [(5, 2**60)]
    assert begun.instead is None


def test_a_spare_database_is_filled_anew() -> None:
    spare: list[Held] = []
    doubled, seen = query(sql.mul(A, sql.whole(2))), Query(sql.select([sql.column("x")], sql.table("v")))
    held: list[Held] = []
    for number in (5, 6):
        few = FewRows(spare=spare)
        held.append(few.held)
        assert not spare
        few.register("t", pa.table({"a": pa.array([number, None], pa.int64())}))
        few.create("s", doubled, "table")
        few.create("v", Query(sql.select([sql.all_columns()], sql.table("s"))), "view")
        assert few.rows(seen) == [(2 * number,), (None,)]
        del few
    assert held[0] is held[1]  # the second began with what the first left
    assert spare == [held[0]]


def test_a_spare_database_may_become_another_one() -> None:
    spare: list[Held] = []
    few = FewRows(spare=spare)
    few.register("t", pa.table({"a": [1], "b": [2]}))
    few.create("s", query(A), "view")
    few.register("t", pa.table({"a": [2**60], "b": [2]}))  # too large: everything moves
    assert few.rows(query(A)) == [(2**60,)]
    del few
    again = FewRows(spare=spare)
    again.register("t", pa.table({"b": ["x"], "a": [7]}))
    again.create("s", query(B), "table")
    assert again.rows(Query(sql.select([sql.all_columns()], sql.table("s")))) == [("x",)]
    assert again.instead is None


def test_a_result_that_is_kept_stays_what_it_is() -> None:
    xian = subsidy.schedule("cn/xian/elderly-care")

    def calculated(star: int) -> subsidy.Result:
        home = {"facility": "F", "district": "D", "type": "institution", "beds": 9, "area": "urban"}
        stay = {"resident": "R", "person": "P", "facility": "F", "from": "2023-01-11", "to": None}
        roster = subsidy.Roster(
            districts=[{"district": "D"}],
            facilities=[home],
            ratings=[{"facility": "F", "from": "2020-01-01", "star": star}],
            residents=[stay],
            assessments=[{"person": "P", "from": "2022-01-01", "ability": "disabled"}],
        )
        return subsidy.calculate(xian, roster, 2023, proceed=True)

    five, one = calculated(5), calculated(1)
    assert (five.total, one.total) == (12 * 225, 12 * 80)
    assert set(five.entitlements()["owed"]) == {225}
    assert set(one.entitlements()["owed"]) == {80}
