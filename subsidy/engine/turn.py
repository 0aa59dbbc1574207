"""Where an answer turns as one number grows: the first that gives another, found by trying few."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

AT_ONCE = 64  # numbers tried in one go

Reaches = Callable[[Sequence[int]], Sequence[bool | None]]  # None: nothing can be measured with this number


@dataclass(frozen=True)
class Turn:
    """The number nearest to the planned one on the other side of the target, or the last on its own side.

    `at_least`: from this number on it is reached; `at_most`: up to this number.
    """

    kind: Literal["at_least", "at_most"]
    number: int


def turn(reaches: Reaches, planned: int, low: int, high: int) -> Turn | None:
    """Where a target turns between reached and missed as one number goes from `low` to `high`, seen from `planned`.

    With the planned number it can be measured; between it and each end the answer changes at most once, and so does
    whether it can be measured. Of two turns the nearer one counts. None where the answer is the same everywhere.
    """
    (now,) = reaches([planned])
    turns = []
    for end in (high, low):
        last = _last_alike(lambda numbers: [one is not None for one in reaches(numbers)], planned, end)
        if reaches([last])[0] is not now:
            turns.append(_seen_from(bool(now), _last_alike(reaches, planned, last), 1 if end == high else -1))
    return min(turns, key=lambda found: abs(found.number - planned), default=None)


def _seen_from(now: bool, last: int, step: int) -> Turn:
    """The turn after `last`, the last number with the same answer on the way up (`step` 1) or down (-1)."""
    number = last if now else last + step
    return Turn("at_most" if (step > 0) is now else "at_least", number)


def _last_alike(answers: Reaches, near: int, far: int) -> int:
    """The number farthest from `near` on the way to `far` that has the same answer as `near`."""
    answer, end = answers([near, far])
    if end is answer:
        return far
    while abs(far - near) > 1:
        between = _between(near, far)
        first_other = next((index for index, one in enumerate(answers(between)) if one is not answer), len(between))
        known = [near, *between, far]
        near, far = known[first_other], known[first_other + 1]
    return near


def _between(near: int, far: int) -> list[int]:
    """At most `AT_ONCE` numbers strictly between two, evenly apart, in order."""
    apart = abs(far - near)
    step = 1 if far > near else -1
    parts = min(AT_ONCE + 1, apart)
    return [near + step * (apart * part // parts) for part in range(1, parts)]
