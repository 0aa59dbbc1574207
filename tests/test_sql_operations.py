"""Every builder of `subsidy.sql`, and rounding and the one split in SQL, on DuckDB and Spark against plain Python.

All operations over one data set are columns of one query, so that Spark plans once.
"""

from __future__ import annotations

import inspect
import random
import re
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from itertools import groupby, product
from types import SimpleNamespace
from typing import Any, get_args

import pytest
from sqlglot import exp

from subsidy import money, sql
from subsidy.engine import few_rows

Engine = Callable[[sql.Sql], list[tuple[Any, ...]]]
LARGEST, SMALLEST = 2**63 - 1, -(2**63)
a, b, t, u = (sql.column(name) for name in "abtu")
zero, one = sql.whole(0), sql.whole(1)
true, false = sql.boolean(True), sql.boolean(False)


@dataclass(frozen=True)
class Operation:
    """A builder at work on the columns of a row, and what plain Python makes of the same row (None is NULL)."""

    label: str
    builders: str  # the builders under test, by name
    tree: sql.Sql
    expected: Callable[[Any], Any]


def strict(function: Callable[..., Any], *names: str) -> Callable[[Any], Any]:
    """NULL in, NULL out."""

    def expected(row: Any) -> Any:
        values = [getattr(row, name) for name in names]
        return None if None in values else function(*values)

    return expected


def three_valued(row: Any, name: str) -> bool | None:
    value = getattr(row, name)
    return None if value is None else value > 0


def conjunction(*truths: bool | None) -> bool | None:
    return False if False in truths else (None if None in truths else True)


def disjunction(*truths: bool | None) -> bool | None:
    return True if True in truths else (None if None in truths else False)


def sign_of(signed: int, size: int) -> int:
    return size if signed >= 0 else -size


def compared(engine: Engine, operations: list[Operation], columns: str, rows: list[tuple[Any, ...]]) -> None:
    """Run all operations over the rows as one query and compare cell by cell."""
    source = sql.inline_rows(["n", *columns], [(n, *row) for n, row in enumerate(rows)], "r")
    named = [sql.alias(operation.tree, f"x{i}") for i, operation in enumerate(operations)]
    result = {row[0]: row[1:] for row in engine(sql.select([sql.column("n"), *named], source))}
    assert len(result) == len(rows)
    wrong = []
    for n, row in enumerate(rows):
        given = SimpleNamespace(**dict(zip(columns, row, strict=True)))
        for operation, found in zip(operations, result[n], strict=True):
            expected = operation.expected(given)
            if found != expected or type(found) is not type(expected):
                wrong.append(f"{operation.label} of {row}: {found!r}, not {expected!r}")
    assert not wrong, "\n".join(wrong)


# --- one row at a time ---------------------------------------------------------------------------------------------

PLUS_A, PLUS_B = sql.compare(">", a, zero), sql.compare(">", b, zero)
ROW_OPERATIONS = [
    Operation("a", "column", a, lambda r: r.a),
    Operation("r.a", "column name", sql.column("a", "r"), lambda r: r.a),
    Operation("-7", "whole", sql.whole(-7), lambda r: -7),
    Operation("2^63 - 1", "whole", sql.whole(LARGEST), lambda r: LARGEST),
    Operation("-2^63", "whole", sql.whole(SMALLEST), lambda r: SMALLEST),
    Operation("missing", "missing", sql.missing(), lambda r: None),
    Operation("missing condition", "missing_condition", sql.missing_condition(), lambda r: None),
    Operation("unknown and b", "all_of missing_condition", sql.all_of([sql.missing_condition(), PLUS_B]),
              lambda r: conjunction(None, three_valued(r, "b"))),
    Operation("missing text", "missing_text", sql.missing_text(), lambda r: None),
    Operation("text", "text", sql.text("it's \\ \"西安\"\n%_"), lambda r: "it's \\ \"西安\"\n%_"),
    Operation("empty text", "text", sql.text(""), lambda r: ""),
    Operation("true", "boolean", true, lambda r: True),
    Operation("false", "boolean", false, lambda r: False),
    Operation("a + b", "add", sql.add(a, b), strict(int.__add__, "a", "b")),
    Operation("a - b", "sub", sql.sub(a, b), strict(int.__sub__, "a", "b")),
    Operation("a - (b - a)", "sub", sql.sub(a, sql.sub(b, a)), strict(lambda a, b: a - (b - a), "a", "b")),
    Operation("a * b", "mul", sql.mul(a, b), strict(int.__mul__, "a", "b")),
    Operation(
        "(a + b) * (a - b)", "mul", sql.mul(sql.add(a, b), sql.sub(a, b)),
        strict(lambda a, b: (a + b) * (a - b), "a", "b"),
    ),
    Operation("a scaled by 1", "scaled", sql.scaled(a, 1), lambda r: r.a),
    Operation("a scaled by 100", "scaled", sql.scaled(a, 100), strict(lambda a: a * 100, "a")),
    Operation(
        "|a| // positive b", "int_div absolute case", sql.int_div(sql.absolute(a), sql.case([(PLUS_B, b)])),
        lambda r: abs(r.a) // r.b if r.a is not None and (r.b or 0) > 0 else None,
    ),
    Operation("a // 12, down", "int_div_floor", sql.int_div_floor(a, 12), strict(lambda a: a // 12, "a")),
    *(
        Operation(f"a {sign} b", "compare", sql.compare(sign, a, b), strict(python, "a", "b"))
        for sign, python in {
            "=": int.__eq__, "<>": int.__ne__, "<": int.__lt__, "<=": int.__le__, ">": int.__gt__, ">=": int.__ge__,
        }.items()
    ),
    *(
        Operation(f"t {sign} u", "compare", sql.compare(sign, t, u), strict(python, "t", "u"))
        for sign, python in {"=": str.__eq__, "<>": str.__ne__, "<": str.__lt__, ">=": str.__ge__}.items()
    ),
    Operation(
        "a and b", "all_of", sql.all_of([PLUS_A, PLUS_B]),
        lambda r: conjunction(three_valued(r, "a"), three_valued(r, "b")),
    ),
    Operation(
        "a or b", "any_of", sql.any_of([PLUS_A, PLUS_B]),
        lambda r: disjunction(three_valued(r, "a"), three_valued(r, "b")),
    ),
    Operation(
        "a and (b or a)", "all_of any_of", sql.all_of([PLUS_A, sql.any_of([PLUS_B, PLUS_A])]),
        lambda r: conjunction(three_valued(r, "a"), disjunction(three_valued(r, "b"), three_valued(r, "a"))),
    ),
    Operation("all of none", "all_of", sql.all_of([]), lambda r: True),
    Operation("any of none", "any_of", sql.any_of([]), lambda r: False),
    Operation("not a", "negation", sql.negation(PLUS_A), strict(lambda a: not a > 0, "a")),
    Operation(
        "not (a or b)", "negation", sql.negation(sql.any_of([PLUS_A, PLUS_B])),
        lambda r: {True: False, False: True, None: None}[disjunction(three_valued(r, "a"), three_valued(r, "b"))],
    ),
    Operation("a is missing", "is_missing", sql.is_missing(a), lambda r: r.a is None),
    Operation("a + b is missing", "is_missing", sql.is_missing(sql.add(a, b)), lambda r: None in (r.a, r.b)),
    Operation("t is missing", "is_missing", sql.is_missing(t), lambda r: r.t is None),
    Operation("a is the same as b", "same", sql.same(a, b), lambda r: r.a == r.b),
    Operation("t is the same as u", "same", sql.same(t, u), lambda r: r.t == r.u),
    Operation("a holds 1", "equals", sql.equals("a", 1), strict((1).__eq__, "a")),
    Operation("a holds nothing", "equals", sql.equals("a", None), lambda r: r.a is None),
    Operation("t holds x", "equals", sql.equals("t", "x"), strict("x".__eq__, "t")),
    Operation("a > 0 is known", "is_known", sql.is_known(PLUS_A), lambda r: r.a is not None),
    Operation(
        "case with else", "case", sql.case([(PLUS_A, a), (PLUS_B, b)], zero),
        lambda r: r.a if (r.a or 0) > 0 else (r.b if (r.b or 0) > 0 else 0),
    ),
    Operation("case without else", "case", sql.case([(PLUS_A, t)]), lambda r: r.t if (r.a or 0) > 0 else None),
    Operation("smaller", "smaller", sql.smaller(a, b), strict(min, "a", "b")),
    Operation("larger", "larger", sql.larger(a, b), strict(max, "a", "b")),
    Operation("absolute", "absolute", sql.absolute(a), strict(abs, "a")),
    Operation("b with the sign of a", "with_sign_of", sql.with_sign_of(a, b), strict(sign_of, "a", "b")),
    Operation(
        "first known", "first_known", sql.first_known(a, b, zero),
        lambda r: r.a if r.a is not None else (r.b if r.b is not None else 0),
    ),
    Operation("first known of one", "first_known", sql.first_known(t), lambda r: r.t),
    Operation("alias", "alias", a, lambda r: r.a),
]  # fmt: skip

NUMBERS = (None, -(10**7), -13, -12, -1, 0, 1, 7, 12, 10**9)
TEXTS = (None, "", "a", "B", "a b", "it's", "back\\slash", '"', "养老", "𠮷", "é", "e\u0301")


@pytest.mark.everyday
def test_operations_on_a_row(engine: Engine) -> None:
    rng = random.Random(1)
    rows = [(*pair, rng.choice(TEXTS), rng.choice(TEXTS)) for pair in product(NUMBERS, NUMBERS)]
    rows += [(None, None, left, right) for left, right in product(TEXTS, TEXTS)]
    compared(engine, ROW_OPERATIONS, "abtu", rows)


EXACT_OPERATIONS = [
    Operation("a", "column", a, lambda r: r.a),
    Operation("a + -1 * sign", "add", sql.sub(a, sql.with_sign_of(a, one)), strict(lambda a: a - sign_of(a, 1), "a")),
    Operation("a // 3", "int_div", sql.int_div(sql.absolute(a), sql.whole(3)), strict(lambda a: abs(a) // 3, "a")),
    Operation("a * 1", "mul", sql.mul(a, one), lambda r: r.a),
    Operation("a + b", "add", sql.add(a, b), strict(int.__add__, "a", "b")),
    Operation("a = a + b", "compare", sql.compare("=", a, sql.add(a, b)), strict(lambda a, b: b == 0, "a", "b")),
    Operation("a < 2^53 + 1", "compare", sql.compare("<", a, sql.whole(2**53 + 1)), strict((2**53 + 1).__gt__, "a")),
    Operation("smaller", "smaller", sql.smaller(a, b), strict(min, "a", "b")),
    Operation("larger", "larger", sql.larger(a, b), strict(max, "a", "b")),
    Operation("absolute", "absolute", sql.absolute(a), strict(abs, "a")),
    Operation("first known", "first_known", sql.first_known(a, b), lambda r: r.b if r.a is None else r.a),
]


def test_values_near_the_end_of_the_range_are_exact(engine: Engine) -> None:
    large = [2**53, 2**53 + 1, 2**62, 2**62 + 1, LARGEST - 1, LARGEST]
    rows = [(sign * size, -sign * other) for sign in (1, -1) for size in large for other in (0, 1, 2, LARGEST)]
    compared(engine, EXACT_OPERATIONS, "ab", rows)


OVERFLOWS = {
    "add": sql.add(a, one),
    "sub": sql.sub(sql.sub(zero, a), sql.whole(2)),
    "mul": sql.mul(a, sql.whole(2)),
    "scaled": sql.scaled(a, 100),
    "absolute": sql.absolute(b),
    "int_div": sql.int_div(sql.add(a, a), sql.whole(2)),
    "total": sql.total(a),
    "window_total": sql.window_total(a, []),
    "running_total": sql.running_total(a, [], [(sql.column("n"), False)]),
    "round_to_sql half_up": money.round_to_sql(a, one, Fraction(1), "half_up"),
    "round_to_sql by the fen": money.round_to_sql(a, one, Fraction(1, 100), "down"),
}


@pytest.mark.parametrize("name", OVERFLOWS)
def test_an_overflow_is_an_error_and_never_wraps(engine: Engine, name: str) -> None:
    rows = sql.inline_rows(["n", "a", "b"], [(1, LARGEST, SMALLEST), (2, LARGEST, SMALLEST)], "r")
    with pytest.raises(Exception, match=r"(?i)overflow|out of range|can't be cast|too large"):
        engine(sql.select([sql.alias(OVERFLOWS[name], "x")], rows))


def test_a_partial_sum_out_of_range_is_exact_or_an_error(engine: Engine) -> None:
    """DuckDB adds in 128 bits and is exact, SQLite leaves it to DuckDB; Spark adds in 64 bits and refuses."""
    rows = sql.inline_rows("a", [(LARGEST,), (LARGEST,), (-LARGEST,)], "r")
    found: Any
    try:
        found = engine(sql.select([sql.total(a)], rows))
    except Exception as error:
        found = str(error).lower()
    assert found == [(LARGEST,)] or "overflow" in found


# --- rounding ------------------------------------------------------------------------------------------------------

STEPS = (Fraction(1, 100), Fraction(1, 10), Fraction(1), Fraction(5), Fraction(100))


def _rounding(step: Fraction, way: money.Rounding) -> Operation:
    divisor = sql.case([(PLUS_B, b)])

    def expected(row: Any) -> int | None:
        if row.a is None or (row.b or 0) <= 0:
            return None
        return int(money.round_to(Fraction(row.a, row.b), step, way) / step)

    return Operation(f"a / b to {step} {way}", "", money.round_to_sql(a, divisor, step, way), expected)


@pytest.mark.everyday
def test_rounding(engine: Engine) -> None:
    rng = random.Random(2)
    numerators = [None, 0, *range(-26, 27), *(rng.randint(-(10**14), 10**14) for _ in range(20))]
    denominators = [None, 0, 1, 2, 3, 7, 8, 20, 10**6]
    operations = [_rounding(step, way) for step in STEPS for way in get_args(money.Rounding)]
    compared(engine, operations, "ab", list(product(numerators, denominators)))


# --- groups, windows -----------------------------------------------------------------------------------------------

GroupRow = tuple[int, str | None, int | None, int | None, str | None]  # n, group, a, b, t


def _group_rows() -> list[GroupRow]:
    rng = random.Random(3)
    rows: list[GroupRow] = [
        (n, rng.choice("pqr"), rng.choice(NUMBERS), rng.choice((None, 0, 1, 2)), rng.choice(TEXTS)) for n in range(60)
    ]
    edges = [
        ("all null", None, None, None),
        ("all null", None, None, None),
        ("one", 5, 1, "x"),
        (None, 1, 1, "y"),
        (None, 2, None, "z"),
        ("large", LARGEST - 1, 0, "𠮷"),
        ("large", 1, 1, "\uffee"),
    ]
    return rows + [(60 + i, *edge) for i, edge in enumerate(edges)]


def _known(values: list[Any]) -> list[Any]:
    return [value for value in values if value is not None]


GROUP_OPERATIONS: dict[str, tuple[sql.Sql, Callable[[list[GroupRow]], Any]]] = {
    "total": (sql.total(a), lambda rows: sum(known) if (known := _known([r[2] for r in rows])) else None),
    "lowest": (sql.lowest(a), lambda rows: min(_known([r[2] for r in rows]), default=None)),
    "highest": (sql.highest(a), lambda rows: max(_known([r[2] for r in rows]), default=None)),
    "lowest of texts": (sql.lowest(t), lambda rows: min(_known([r[4] for r in rows]), default=None)),
    "highest of texts": (sql.highest(t), lambda rows: max(_known([r[4] for r in rows]), default=None)),
    "how_many": (sql.how_many(), len),
    "how_many known": (sql.how_many(a), lambda rows: len(_known([r[2] for r in rows]))),
    "total of those": (
        sql.total(sql.case([(PLUS_B, one)], zero)),
        lambda rows: sum(1 for r in rows if (r[3] or 0) > 0),
    ),
}


def test_groups(engine: Engine) -> None:
    rows = _group_rows()
    source = sql.inline_rows("ngabt", rows, "r")
    columns = [sql.alias(tree, label) for label, (tree, _) in GROUP_OPERATIONS.items()]
    key = sql.column("g")
    result = {row[0]: row[1:] for row in engine(sql.select([key, *columns], source, group=[key]))}
    groups = {group: [row for row in rows if row[1] == group] for group in {row[1] for row in rows}}
    assert result == {
        group: tuple(expected(members) for _, expected in GROUP_OPERATIONS.values())
        for group, members in groups.items()
    }


def test_groups_of_nothing(engine: Engine) -> None:
    """Without a group an aggregate of no rows is one row; with a group it is none."""
    source = sql.inline_rows("ngabt", _group_rows(), "r")
    columns = [sql.alias(tree, label) for label, (tree, _) in GROUP_OPERATIONS.items()]
    assert engine(sql.select(columns, source, where=false)) == [(None, None, None, None, None, 0, 0, None)]
    assert engine(sql.select(columns, source, where=false, group=[sql.column("g")])) == []


def _last(value: Any) -> tuple[bool, Any]:
    """A sort key with NULL last."""
    return (value is None, 0 if value is None else value)


def _descending(value: int | None) -> tuple[bool, int]:
    return (value is None, 0 if value is None else -value)


def _windows(rows: list[GroupRow]) -> dict[int, tuple[Any, ...]]:
    """Plain Python for the windows of `test_windows`, by n."""
    found: dict[int, tuple[Any, ...]] = {}
    by_text_alone = {text: _known([r[2] for r in rows if r[4] == text]) for text in {r[4] for r in rows}}
    by_group = sorted(rows, key=lambda r: _last(r[1]))
    for _, group in groupby(by_group, key=lambda r: r[1]):
        members = list(group)
        upwards = sorted(members, key=lambda r: (_last(r[2]), r[0]))
        downwards = sorted(members, key=lambda r: (_descending(r[2]), r[0]))
        by_text = sorted(members, key=lambda r: (_last(r[4]), r[0]))
        ranks = sorted({r[2] for r in members}, key=_descending)
        summed = _known([r[3] for r in members])
        for row in members:
            place, down = upwards.index(row), downwards.index(row)
            running = _known([r[3] for r in upwards[: place + 1]])
            found[row[0]] = (
                place + 1,
                down + 1,
                by_text.index(row) + 1,
                ranks.index(row[2]) + 1,
                sum(summed) if summed else None,
                sum(running) if running else None,
                upwards[place + 1][2] if place + 1 < len(members) else None,
                upwards[place - 1][4] if place else None,
                max(_known([r[2] for r in members]), default=None),
                max(_known([r[3] for r in upwards[:place]]), default=None),
                min(by_text_alone[row[4]], default=None),
            )
    return found


def test_windows(engine: Engine) -> None:
    rows = _group_rows()
    n, group = sql.column("n"), [sql.column("g")]
    upwards, downwards = [(a, False), (n, False)], [(a, True), (n, False)]
    windows = [
        sql.row_number(group, upwards),
        sql.row_number(group, downwards),
        sql.row_number(group, [(t, False), (n, False)]),
        sql.dense_rank(group, [(a, True)]),
        sql.window_total(b, group),
        sql.running_total(b, group, upwards),
        sql.following(a, group, upwards),
        sql.preceding(t, group, upwards),
        sql.over(sql.highest(a), group),
        sql.highest_before(b, group, upwards),
        sql.over(sql.lowest(a), [sql.column("t")]),
    ]
    named = [sql.alias(tree, f"x{i}") for i, tree in enumerate(windows)]
    result = engine(sql.select([n, *named], sql.inline_rows("ngabt", rows, "r")))
    assert {row[0]: row[1:] for row in result} == _windows(rows)


# --- the one split -------------------------------------------------------------------------------------------------


def _splits() -> list[tuple[int | None, list[int]]]:
    rng = random.Random(4)
    fixed: list[tuple[int | None, list[int]]] = [
        (1, [5, 5]), (10_001, [3, 3, 4]), (-101, [1, 1]), (101, [1, 1]), (0, [1, 2]), (7, [0, 0]), (0, [0, 0]),
        (None, [1, 1]), (5, [0, 3, 0]), (-5, [0, 3, 0]), (2, [1, 1, 1, 1, 1]), (10**17, [1, 30, 61]), (9, [4]),
    ]  # fmt: skip
    for _ in range(40):
        weights = [rng.choice((0, 1, 1, 2, 5, rng.randint(0, 10**5))) for _ in range(rng.randint(1, 6))]
        fixed.append((rng.randint(-(10**12), 10**12), weights))
    return fixed


@pytest.mark.everyday
def test_the_one_split(engine: Engine) -> None:
    """Rows stand in any order; the position decides ties. No positive weight: the parts are NULL."""
    splits = _splits()
    rows = [(g, -i, total, weight) for g, (total, weights) in enumerate(splits) for i, weight in enumerate(weights)]
    random.Random(5).shuffle(rows)
    backwards = sql.select(
        [sql.all_columns("r"), sql.alias(sql.sub(zero, sql.column("i")), "p")],
        sql.inline_rows(["g", "i", "sum", "weight"], rows, "r"),
    )
    query = money.split_sql(backwards, ["g", "p"], ["g"], "sum", "weight", ["p"], "part")
    expected = {
        (g, i): None if total is None or not any(weights) else money.split(total, weights)[i]
        for g, (total, weights) in enumerate(splits)
        for i in range(len(weights))
    }
    assert {(g, p): part for g, p, part in engine(query)} == expected


def test_a_split_over_several_keys(engine: Engine) -> None:
    rows = [("p", 1, "x", 5, 1), ("p", 1, "y", 5, 1), ("p", 2, "x", 3, 1), ("q", 1, "x", 9, 1), ("q", 1, "x", 9, 2)]
    source = sql.select([sql.all_columns("r")], sql.inline_rows(["g", "h", "k", "sum", "weight"], rows, "r"))
    query = money.split_sql(source, ["g", "h", "k", "weight"], ["g", "h"], "sum", "weight", ["k", "weight"], "part")
    assert sorted(engine(query)) == [
        ("p", 1, "x", 1, 3), ("p", 1, "y", 1, 2), ("p", 2, "x", 1, 3), ("q", 1, "x", 1, 3), ("q", 1, "x", 2, 6),
    ]  # fmt: skip


def test_a_split_by_the_same_weights_on_every_row(engine: Engine) -> None:
    totals = [0, 1, -1, 2, 7, 99, -100, 12_345_678_901]
    for _, weights in _splits()[:25]:
        if not any(weights):
            continue
        source = sql.select([sql.all_columns("r")], sql.inline_rows(["sum"], [(total,) for total in totals], "r"))
        names = {f"part{position}": weight for position, weight in enumerate(weights)}
        rows = engine(money.split_fixed_sql(source, ["sum"], "sum", names))
        assert {total: parts for total, *parts in rows} == {total: money.split(total, weights) for total in totals}


def test_a_split_with_a_rest(engine: Engine) -> None:
    splits = [(1_234_567, [3, 7, 0]), (-90, [6, 4]), (150, [1, 1]), (0, [1, 2]), (99, [0, 5, 0]), (149, [33, 33, 34])]
    rows = [(g, i, total, weight) for g, (total, by) in enumerate(splits) for i, weight in enumerate(by)]
    source = sql.select([sql.all_columns("r")], sql.inline_rows(["g", "i", "sum", "weight"], rows, "r"))
    query = money.split_with_rest_sql(source, ["g", "i"], ["g"], "sum", "weight", "i", 100, "part")
    expected = {
        (g, i): part
        for g, (total, by) in enumerate(splits)
        for i, part in enumerate(money.split_with_rest(total, by, 100))
    }
    assert {(g, i): part for g, i, part in engine(query)} == expected


# --- whole queries -------------------------------------------------------------------------------------------------


def test_joins_and_unions(engine: Engine) -> None:
    """A left join keeps what meets nothing; NULL meets nothing; a union keeps doubles, DISTINCT does not."""
    left = sql.inline_rows(["k", "v"], [(1, "x"), (2, "y"), (None, "z")], "l")
    right = sql.inline_rows(["low", "high", "w"], [(1, 1, 10), (0, 5, 20), (None, None, 30)], "r")
    k, low, high = sql.column("k", "l"), sql.column("low", "r"), sql.column("high", "r")
    within = sql.all_of([sql.compare("<=", low, k), sql.compare("<=", k, high)])
    columns = [sql.column("v", "l"), sql.column("w", "r")]
    outer = sql.select(columns, left, [("left", right, sql.compare("=", k, low))])
    inner = sql.select(columns, left, [("inner", right, within)], where=sql.compare(">", sql.column("w", "r"), zero))
    both = sql.union_all([outer, inner, inner])
    outer_rows: list[tuple[Any, ...]] = [("x", 10), ("y", None), ("z", None)]
    inner_rows: list[tuple[Any, ...]] = [("x", 10), ("x", 20), ("y", 20)]
    assert sorted(engine(both), key=str) == sorted(outer_rows + 2 * inner_rows, key=str)
    assert isinstance(both, exp.Query)
    once = sql.select([sql.all_columns()], both.subquery("u"), distinct=True)
    assert sorted(engine(once), key=str) == sorted({*outer_rows, *inner_rows}, key=str)


@pytest.mark.everyday
def test_the_order_of_rows(engine: Engine) -> None:
    """Texts in order of their characters, numbers by size with the missing ones last."""
    cells = [(1, "乙"), (None, "甲"), (-3, "B"), (10, "a"), (2, "B"), (None, "B"), (0, "")]
    source = sql.inline_rows(["n", "t"], cells, "r")
    query = sql.ordered(sql.select([sql.all_columns("r")], source), [sql.column("t"), sql.column("n")])
    by_text = sorted(cells, key=lambda cell: (cell[1], cell[0] is None, cell[0] or 0))
    assert engine(query) == by_text
    assert engine(sql.first_rows(query, 3)) == by_text[:3]


def test_named_tables(engine: Engine) -> None:
    rows = sql.select([sql.all_columns()], sql.inline_rows(["k"], [(1,), (2,)], "r"))
    query = sql.select(
        [sql.column("k", "one"), sql.alias(sql.column("k", "two"), "其他")], sql.table("台账", "one"),
        [("inner", sql.table("台账", "two"), sql.compare("<", sql.column("k", "one"), sql.column("k", "two")))],
    ).with_(sql.name("台账"), as_=rows)  # fmt: skip
    assert engine(query) == [(1, 2)]


def test_inline_rows_of_each_kind(engine: Engine) -> None:
    rows = [(1, None, "x", None), (None, "y", None, None), (2, "", "z", None)]
    source = sql.inline_rows(["i", "s", "u", "nothing"], rows, "r")
    assert sorted(engine(sql.select([sql.all_columns("r")], source)), key=str) == sorted(rows, key=str)


# --- the list is closed --------------------------------------------------------------------------------------------

IN_QUERIES = """
    printed select inline_rows alias name column compare table subquery union_all all_columns over row_number dense_rank
    window_total running_total following preceding total lowest highest how_many ordered highest_before first_rows
"""


def test_every_builder_is_tested() -> None:
    public = {
        name
        for name, member in inspect.getmembers(sql, inspect.isfunction)
        if member.__module__ == sql.__name__ and not name.startswith("_")
    }
    tested = {name for operation in ROW_OPERATIONS for name in operation.builders.split()} | set(IN_QUERIES.split())
    assert public == tested


def _queries() -> list[sql.Sql]:
    """Queries that use every operation."""
    trees = [operation.tree for operation in (*ROW_OPERATIONS, *EXACT_OPERATIONS)]
    trees += [_rounding(step, way).tree for step in STEPS for way in get_args(money.Rounding)]
    source = sql.inline_rows("nabtu", [(1, 1, 1, "t", None)], "r")
    windows = [sql.row_number([a], [(b, True)]), sql.running_total(a, [t], [(b, False)]), sql.following(a, [t], [])]
    joined = sql.select([a], source, [("left", sql.table("t", "s"), sql.same(a, b))], where=sql.is_known(a), group=[a])
    return [
        sql.select([sql.alias(tree, f"x{i}") for i, tree in enumerate(trees)], source),
        sql.select([tree for tree, _ in GROUP_OPERATIONS.values()], source),
        money.split_sql(sql.select([sql.all_columns("r")], source), ["n"], ["n"], "a", "b", ["n"], "part"),
        money.split_fixed_sql(sql.select([sql.all_columns("r")], source), ["n"], "a", {"one": 3, "two": 7}),
        money.split_with_rest_sql(sql.select([sql.all_columns("r")], source), ["n"], ["n"], "a", "b", "n", 7, "part"),
        sql.select([sql.alias(tree, f"x{i}") for i, tree in enumerate(windows)], source, distinct=True),
        sql.ordered(sql.select([a], sql.subquery(sql.union_all([joined, joined]), "u")), [a]),
    ]


def test_printing_leaves_a_tree_as_it_is() -> None:
    for query, dialect, pretty in product(_queries(), ("duckdb", "spark", "sqlite", few_rows.Exact), (False, True)):
        before, copied = repr(query), query.sql(dialect, pretty=pretty)
        assert sql.printed(query, dialect, pretty) == copied
        assert repr(query) == before


def test_printed_sql_holds_no_inexact_word() -> None:
    """No floating point, no decimals, no rounding or dates of the engine's own, no LEAST or GREATEST."""
    inexact = re.compile(
        r"\b(DOUBLE|FLOAT\w*|REAL|DECIMAL|NUMERIC|ROUND|FLOOR|CEIL\w*|TRUNC\w*|LEAST|GREATEST|DATE\w*|TIMESTAMP"
        r"|INTERVAL|TRY_CAST|IF|NULLIF)\b|(?<=[ )])/(?=[ (])",
        re.IGNORECASE,
    )
    for query, dialect, pretty in product(_queries(), ("duckdb", "spark"), (False, True)):
        printed = sql.printed(query, dialect, pretty)
        words = re.sub(r"'[^']*'|\"[^\"]*\"|`[^`]*`", "''", printed)
        assert not inexact.search(words), inexact.findall(words)


def test_one_operand_may_be_used_twice() -> None:
    """Whatever was built with it before, an operand prints the same, and so does what is built with it."""
    shared = sql.add(a, b)
    alone = sql.printed(shared)

    def built() -> list[str]:
        trees = [
            sql.mul(shared, shared),
            sql.case([(sql.compare(">", shared, zero), shared)], shared),
            sql.smaller(shared, shared),
            sql.total(shared),
            sql.running_total(shared, [shared], [(shared, True)]),
            sql.select([sql.alias(shared, "x"), shared], sql.table("t"), where=sql.is_known(shared), group=[shared]),
        ]
        return [sql.printed(tree) for tree in trees]

    first = built()
    assert built() == first
    assert first[0] == f"({alone}) * ({alone})"
    assert sql.printed(shared) == alone
