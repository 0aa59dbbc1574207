"""Money: the one split, named rounding, and the edges between fen and yuan."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from subsidy.finding import Refusal
from subsidy.money import (
    Rounding,
    exact_number,
    fen,
    odd_units,
    round_to,
    split,
    split_column,
    split_with_rest,
    total_of,
    yuan,
    yuan_text,
)

totals = st.integers(-(10**15), 10**15)
weights = st.lists(st.one_of(st.integers(0, 9), st.integers(0, 10**9)), min_size=1, max_size=8).filter(any)
numbers = st.fractions(-(10**9), 10**9, max_denominator=10**6)
steps = st.one_of(
    st.sampled_from([Fraction(1, 100), Fraction(1, 10), Fraction(1), Fraction(5), Fraction(100)]),
    st.fractions(Fraction(1, 1000), 1000, max_denominator=1000),
)
ways = st.sampled_from(["half_up", "down", "up"])


def remainders(total: int, by: list[int]) -> list[int]:
    return [abs(total) * weight % sum(by) for weight in by]


# --- the one split -------------------------------------------------------------------------------------------------


@given(total=totals, by=st.lists(st.one_of(st.integers(0, 9), st.integers(0, 2**62)), max_size=8).filter(any))
def test_a_column_is_split_alike(total: int, by: list[int]) -> None:
    """Also where products pass 2^63."""
    import numpy as np

    column = np.array(by, np.int64)
    assert split_column(total, column).tolist() == split(total, by)
    assert total_of(column) == sum(by)


@given(totals, weights)
def test_split_adds_up_and_each_part_is_within_one_unit_of_its_quota(total: int, by: list[int]) -> None:
    parts = split(total, by)
    assert sum(parts) == total
    for part, weight in zip(parts, by, strict=True):
        quota = Fraction(total * weight, sum(by))
        assert abs(part - quota) < 1
        assert part == quota or quota.denominator != 1
        assert weight or part == 0


@given(totals, weights)
def test_split_of_the_opposite_is_the_opposite(total: int, by: list[int]) -> None:
    assert split(-total, by) == [-part for part in split(total, by)]


@given(totals, weights, st.integers(1, 10**6))
def test_a_split_with_a_rest_adds_up_in_whole_steps(total: int, by: list[int], step: int) -> None:
    parts = split_with_rest(total, by, step)
    last = max(i for i, weight in enumerate(by) if weight)
    assert sum(parts) == total
    assert all(part % step == 0 for i, part in enumerate(parts) if i != last)
    assert all(part == 0 or (part > 0) == (total > 0) for part in parts)
    assert split_with_rest(-total, by, step) == [-part for part in parts]


def test_the_last_with_a_weight_takes_the_rest() -> None:
    assert split_with_rest(1_234_567, [3, 7, 0], 10_000) == [370_000, 864_567, 0]
    assert split_with_rest(90, [6, 4], 100) == [0, 90]


@given(totals, weights, st.randoms())
def test_order_matters_only_for_equal_remainders(total: int, by: list[int], random: Any) -> None:
    order = list(range(len(by)))
    random.shuffle(order)
    before, after = split(total, by), split(total, [by[i] for i in order])
    left = [remainder for remainder in remainders(total, by) if remainder]
    if len(set(left)) == len(left):
        assert after == [before[i] for i in order]
    assert all(abs(part - before[i]) <= 1 for part, i in zip(after, order, strict=True))


@given(totals, weights)
def test_ties_go_to_the_earlier_position(total: int, by: list[int]) -> None:
    size, left = abs(total), remainders(total, by)
    extra = [abs(part) - size * weight // sum(by) for part, weight in zip(split(total, by), by, strict=True)]
    assert set(extra) <= {0, 1}
    for i in range(len(by)):
        for j in range(i + 1, len(by)):
            if left[i] == left[j]:
                assert extra[i] >= extra[j]
            else:
                assert (extra[i] >= extra[j]) == (left[i] > left[j]) or extra[i] == extra[j]


@given(totals, weights, st.integers(1, 1000))
def test_only_the_proportion_of_weights_counts(total: int, by: list[int], factor: int) -> None:
    assert split(total, [weight * factor for weight in by]) == split(total, by)


@given(st.integers(0, 2**53 - 1), weights)
def test_split_agrees_with_another_implementation(total: int, by: list[int]) -> None:
    vn_money = pytest.importorskip("vn_money", reason="the second opinion on split needs vn-money")
    assert split(total, by) == vn_money.allocate(total, by)


@pytest.mark.parametrize(
    ("total", "by", "parts", "odd"),
    [
        (1, [5, 5], [1, 0], [0]),                               # 1 fen over 5:5
        (10_001, [3, 3, 4], [3000, 3000, 4001], [2]),           # 100.01 over 3:3:4
        (-101, [1, 1], [-51, -50], [0]),                        # a recovery
        (101, [1, 1], [51, 50], [0]),                           # cancels the payment
        (2, [1, 1, 1], [1, 1, 0], [0, 1]),
        (100, [1, 0, 2], [33, 0, 67], [2]),
        (100, [0, 0, 7], [0, 0, 100], []),
        (0, [1, 2], [0, 0], []),
        (0, [0, 0], [0, 0], []),
        (0, [], [], []),
        (2**70, [1, 1, 1], [2**70 // 3 + 1, 2**70 // 3, 2**70 // 3], [0]),
    ],
)  # fmt: skip
def test_named_splits(total: int, by: list[int], parts: list[int], odd: list[int]) -> None:
    assert split(total, by) == parts
    assert odd_units(total, by) == odd


@given(totals, weights)
def test_odd_units_names_who_got_one_more(total: int, by: list[int]) -> None:
    odd = odd_units(total, by)
    floors = [abs(total) * weight // sum(by) for weight in by]
    assert [abs(part) for part in split(total, by)] == [
        floor + (position in odd) for position, floor in enumerate(floors)
    ]


@pytest.mark.parametrize(("total", "by"), [(1, [0, 0]), (1, []), (1, [2, -1]), (0, [-1])])
def test_split_refuses_zero_and_negative_weights(total: int, by: list[int]) -> None:
    with pytest.raises(ValueError, match="weights"):
        split(total, by)


# --- rounding ------------------------------------------------------------------------------------------------------


@given(numbers, steps, ways)
def test_rounding_gives_a_multiple_of_the_step_and_is_odd(value: Fraction, step: Fraction, way: Rounding) -> None:
    rounded = round_to(value, step, way)
    assert (rounded / step).denominator == 1
    assert abs(rounded - value) < step
    assert round_to(-value, step, way) == -rounded
    assert round_to(rounded, step, way) == rounded


@given(numbers, steps)
def test_each_way_of_rounding_is_what_its_name_says(value: Fraction, step: Fraction) -> None:
    down, up, half_up = (round_to(value, step, way) for way in ("down", "up", "half_up"))
    assert abs(down) <= abs(value) <= abs(up)
    assert abs(up - down) == (0 if down == value else step)
    assert half_up == (up if abs(value - down) >= step / 2 else down)


@pytest.mark.parametrize(
    ("value", "way", "rounded"),
    [
        ("0.005", "half_up", "0.01"), ("-0.005", "half_up", "-0.01"), ("0.0049", "half_up", "0"),
        ("2.675", "half_up", "2.68"), ("1.005", "half_up", "1.01"), ("0.019", "down", "0.01"),
        ("-0.019", "down", "-0.01"), ("0.0101", "up", "0.02"), ("-0.0101", "up", "-0.02"), ("0.01", "up", "0.01"),
    ],
)  # fmt: skip
def test_named_roundings_to_the_fen(value: str, way: Rounding, rounded: str) -> None:
    assert round_to(Fraction(value), Fraction(1, 100), way) == Fraction(rounded)


@pytest.mark.parametrize("step", [Fraction(0), Fraction(-1)])
def test_a_rounding_step_is_positive(step: Fraction) -> None:
    with pytest.raises(ValueError, match="greater than zero"):
        round_to(Fraction(1), step, "down")


# --- fen and yuan --------------------------------------------------------------------------------------------------


@given(st.integers(-(2**63), 2**63 - 1))
def test_fen_to_yuan_and_back(amount: int) -> None:
    assert fen(yuan(amount)) == amount
    assert fen(yuan_text(amount)) == amount
    assert yuan(amount).as_tuple().exponent == -2


@pytest.mark.parametrize(
    ("amount", "text"),
    [(0, "0.00"), (1, "0.01"), (-1, "-0.01"), (-101, "-1.01"), (100, "1.00"), (10**18, f"1{'0' * 16}.00")],
)
def test_yuan_as_text(amount: int, text: str) -> None:
    assert yuan_text(amount) == text


@pytest.mark.parametrize(
    ("amount", "whole"),
    [
        ("12", 1200), ("12.5", 1250), ("12.500", 1250), ("-0.01", -1), (12, 1200), (Decimal("1E+2"), 10_000),
        (Decimal("0.10"), 10),
    ],
)  # fmt: skip
def test_yuan_to_fen(amount: Decimal | int | str, whole: int) -> None:
    assert fen(amount) == whole


@pytest.mark.parametrize(
    "amount",
    [
        1.0, 0.1, float("nan"), None, [1], b"1", True,                              # kinds
        "1e3", "1E3", "١٢", "\uff11\uff12", "1\uff0e2", "一", "1,000", "1 000", "¥12", "12元",     # spellings
        "+1", "--1", "−1", ".5", "5.", "", " 1", "1 ", "1\n", "0x10", "1_000", "007", "nan", "inf", "Infinity",
        "0.001", "12.345", Decimal("0.005"), Decimal("1E-3"),                        # parts of a fen
        Decimal("NaN"), Decimal("Infinity"), "9" * 41,
    ],
)  # fmt: skip
def test_fen_refuses_what_is_not_plain_money(amount: Any) -> None:
    with pytest.raises(Refusal) as refused:
        fen(amount)
    for text in (refused.value.why, refused.value.remedy):
        assert text.zh
        assert text.en


@given(st.floats())
def test_fen_refuses_every_float(amount: float) -> None:
    with pytest.raises(Refusal, match="never a float"):
        fen(amount)  # type: ignore[arg-type]


@given(st.decimals(allow_nan=False, allow_infinity=False, places=2, min_value=-(10**15), max_value=10**15))
def test_exact_number_reads_what_decimal_prints(number: Decimal) -> None:
    assert exact_number(f"{number:f}") == Fraction(number)
