"""Targets of a plan measured on its own figures or on a small roster."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Any

from subsidy import Roster, Schedule, targets

Row = dict[str, str]


def states(schedule: Schedule, **tables: list[Row]) -> dict[tuple[str, str], str]:
    """What becomes of each target, by target and subject."""
    return {(one.target.name, one.subject): one.state for one in targets(schedule, Roster(**tables)).outcomes}


def figures(schedule: Schedule, value: str) -> Any:
    """The figures of a value as they are written."""
    return schedule.latest.model.values[value].figures


def at_the_edge(goals: Mapping[str, str], year: str) -> list[Row]:
    """For each kind of share a row that just meets its goal, and one that just misses it."""
    return [
        {"indicator_share": f"{kind} {state}", "year": year, "kind": kind, "numerator": number, "denominator": "1000"}
        for kind, goal in goals.items()
        for state, number in (("reached", per_mille(goal)), ("missed", per_mille(goal, less=1)))
    ]


def per_mille(goal: str, less: int = 0) -> str:
    return str(Fraction(goal.removesuffix("%")) * 10 - less)


def counted(goals: Mapping[str, int], year: str) -> list[Row]:
    """For each kind of count a row that just meets its goal, and one that just misses it."""
    return [
        {"indicator_count": f"{kind} {state}", "year": year, "kind": kind, "achieved": str(number)}
        for kind, goal in goals.items()
        for state, number in (("reached", goal), ("missed", goal - 1))
    ]


def otherwise(found: Mapping[tuple[str, str], str]) -> dict[tuple[str, str], str]:
    """What was measured and has become something else than the end of its key says."""
    return {key: state for key, state in found.items() if state != "unknown" and not key[1].endswith(state)}


def measured(found: Mapping[tuple[str, str], str]) -> set[str]:
    """The targets of which one row is reached and another one is missed."""
    each = {state: {target for (target, _), one in found.items() if one == state} for state in ("reached", "missed")}
    return each["reached"] & each["missed"]
