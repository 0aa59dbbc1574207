"""What one addition of a plan would have to be: the first amount that reaches a target, or the last that keeps it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

Reaches = Callable[[int], bool | None]


@dataclass(frozen=True)
class Turn:
    """The number nearest to the planned one on the other side of the target, or the last on its own side.

    `at_least`: from this number on it is reached; `at_most`: up to this number.
    """

    kind: Literal["at_least", "at_most"]
    number: int


def turn(reaches: Reaches, planned: int, low: int, high: int) -> Turn | None:
    """Where a target turns between reached and missed as one number goes from `low` to `high`, seen from `planned`.

    `reaches` changes its answer at most once between `planned` and each end. None where neither end changes it.
    """
    now = reaches(planned)
    if reaches(high) is (not now):
        last = _last_alike(reaches, planned, high)
        return Turn("at_most", last) if now else Turn("at_least", last + 1)
    if reaches(low) is (not now):
        last = _last_alike(reaches, planned, low)
        return Turn("at_least", last) if now else Turn("at_most", last - 1)
    return None


def _last_alike(reaches: Reaches, near: int, far: int) -> int:
    """The number farthest from `near` with the same answer, where `far` has the other one."""
    answer = reaches(near)
    while abs(far - near) > 1:
        middle = (near + far) // 2
        if reaches(middle) is answer:
            near = middle
        else:
            far = middle
    return near
