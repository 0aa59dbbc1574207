"""The figures of the schedules to measure with, once more by hand, in fen; who pays what, and where odd fen go."""

from __future__ import annotations

from collections.abc import Sequence

CARE = {  # star or grade -> ability -> a month
    0: {"disabled": 0, "semi_disabled": 0, "self_caring": 0},
    1: {"disabled": 80_00, "semi_disabled": 50_00, "self_caring": 20_00},
    2: {"disabled": 100_00, "semi_disabled": 70_00, "self_caring": 30_00},
    3: {"disabled": 120_00, "semi_disabled": 90_00, "self_caring": 40_00},
    4: {"disabled": 150_00, "semi_disabled": 120_00, "self_caring": 60_00},
    5: {"disabled": 225_00, "semi_disabled": 150_00, "self_caring": 80_00},
}
POST = {"carer": 100_00, "nurse": 80_00, "other": 0}
LEVEL = {"junior": 60_00, "intermediate": 100_00, "senior": 150_00}
MEAL = 2_50
GRADE = {1: 80_08, 2: 100_10, 3: 120_20, 4: 150_15, 5: 225_25}  # a month, by days
CARE_MOST = 1300_13  # a person and year
WAGE_SHARE = 17  # of a thousand
ODD_MEAL = 2_53
MEAL_MONEY = 100_000_01  # of the city for a year
EVEN = {
    "care": {"city": 5, "district": 5},
    "posts": {"city": 6, "district": 4},
    "meals": {"city": 1, "district": 1},
}
ODD = {
    "care": {"province": 3, "city": 3, "district": 4},
    "posts": {"city": 1, "district": 2},
    "meals": {"province": 3, "city": 3, "district": 4},
}
SPLIT = {"months": EVEN, "stays": EVEN, "shares": ODD}


def rest_parts(weights: Sequence[int]) -> list[list[int]]:
    """For every rest that a division by the sum of the weights leaves: what of it each payer bears.

    A part of n is n // sum * weight, and its part of the rest n % sum: the largest remainder first, then the earlier.
    """
    whole = sum(weights)
    found = []
    for rest in range(whole):
        parts = [rest * weight // whole for weight in weights]
        largest = sorted(range(len(weights)), key=lambda i: (-(rest * weights[i] % whole), i))
        for i in largest[: rest - sum(parts)]:
            parts[i] += 1
        found.append(parts)
    return found
