"""Schedules of plans: what stands in them, and what their own figures come to as targets."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

from subsidy import Schedule, targets

Entry = tuple[str, str, str, str]  # schedule, section, name, item
NAMED = ("clauses", "limits", "values", "unquantified", "rules", "targets")


def entries(*schedules: Schedule) -> set[Entry]:
    """Every entry that a document became, with its item."""
    found: set[Entry] = set()
    for one in schedules:
        model = one.latest.model
        for section in NAMED:
            for name, entry in getattr(model, section).items():
                found.add((one.id, section, name, entry.item or ""))
        found |= {(one.id, "notes", "", note.item or "") for note in model.notes}
    return found


def inventory(name: str) -> tuple[set[str], set[Entry]]:
    """The ids of provisions in an inventory, and the entries that encode them."""
    with (Path(__file__).parent / name).open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    return {row["id"] for row in rows}, {(row["schedule"], row["section"], row["name"], row["item"]) for row in rows}


def outcomes(schedule: Schedule, roster: Any = None) -> dict[tuple[str, str], dict[str, Any]]:
    """What is measured, by target and subject."""
    measured = targets(schedule, roster).to_dict()["outcomes"]
    return {(one["target"], one["subject"]): one for one in measured}


def of_target(measured: dict[tuple[str, str], dict[str, Any]], target: str) -> dict[str, tuple[str, str]]:
    """State and measure of a target, by subject."""
    return {subject: (one["state"], one["measure"]) for (name, subject), one in measured.items() if name == target}
