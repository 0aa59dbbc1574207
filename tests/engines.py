"""The engines that a roster may be calculated by, whatever its size."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar
from unittest.mock import patch

from subsidy.engine import run

EVERY, NONE = 10**9, -1  # rosters of so many rows go to SQLite
Result = TypeVar("Result")


def on_each_engine(calculated: Callable[[], Result]) -> list[Result]:
    """What a calculation gives by SQLite, and by DuckDB."""
    results = []
    for rows in (EVERY, NONE):
        with patch.object(run, "FEW", rows):
            results.append(calculated())
    return results
