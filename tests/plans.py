"""What the own figures of a plan come to as targets."""

from __future__ import annotations

from typing import Any

from subsidy import Schedule, targets


def outcomes(schedule: Schedule, roster: Any = None) -> dict[tuple[str, str], dict[str, Any]]:
    """What is measured, by target and subject."""
    measured = targets(schedule, roster).to_dict()["outcomes"]
    return {(one["target"], one["subject"]): one for one in measured}


def of_target(measured: dict[tuple[str, str], dict[str, Any]], target: str) -> dict[str, tuple[str, str]]:
    """State and measure of a target, by subject."""
    return {subject: (one["state"], one["measure"]) for (name, subject), one in measured.items() if name == target}
