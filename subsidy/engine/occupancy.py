"""Who is there at once: rows that share something while both are alive, and how many are alive at most.

A row takes its place from its first day up to the day before its last, so that on the day on which one leaves another
may come; a row of one day takes that day.
"""

from __future__ import annotations

from typing import Any

from subsidy.roster.rows import DAYS

BEFORE_1970 = 1_000_000  # days, more than a roster can name


def end_of_stay(first: Any, last: Any) -> Any:
    """The day from which the place of each row is free again."""
    import numpy as np

    return np.maximum(last, first + 1)


def clashes(groups: Any, first: Any, last: Any, names: Any) -> tuple[Any, Any]:
    """Positions of rows that take a place of their group while another row has it, and for each that other row.

    In the order of first day, last day and name, each row that begins while an earlier one is there, beside the one of
    these that stays longest. Every row that shares its place with any other is in one of the two arrays.
    """
    import numpy as np

    until = end_of_stay(first, last)
    by_day = np.lexsort((first, groups))
    suspected = np.flatnonzero(np.isin(groups, groups[by_day][1:][_begins_early(groups, first, until, by_day)]))
    order = suspected[np.lexsort((names[suspected], last[suspected], first[suspected], groups[suspected]))]
    reach = until[order] + groups[order] * DAYS
    furthest = np.maximum.accumulate(reach)
    holder = np.maximum.accumulate(np.where(_is_new_high(reach, furthest), np.arange(len(order)), 0))
    again = np.flatnonzero(_begins_early(groups, first, until, order)) + 1
    return order[again], order[holder[again - 1]]


def _begins_early(groups: Any, first: Any, until: Any, order: Any) -> Any:
    """For each row but the first in `order`: whether it begins before the earlier ones of its group have left."""
    import numpy as np

    shift = groups[order] * DAYS  # one running maximum for all groups: the days of each lie above those before
    reach = np.maximum.accumulate(until[order] + shift)
    return (groups[order][1:] == groups[order][:-1]) & (reach[:-1] > first[order][1:] + shift[1:])


def _is_new_high(reach: Any, furthest: Any) -> Any:
    import numpy as np

    return np.append(True, furthest[1:] > furthest[:-1])[: len(reach)]


def peaks(groups: Any, first: Any, last: Any, count: Any) -> tuple[Any, Any, Any]:
    """Each group that has rows, the largest number that is there at once, and the first day on which it is."""
    import numpy as np

    days = np.concatenate((first, end_of_stay(first, last)))
    keys = np.concatenate((groups, groups)) * DAYS + days + BEFORE_1970
    order = np.argsort(keys, kind="stable")
    keys = keys[order]
    there = np.cumsum(np.concatenate((count, -count))[order])  # all of a group leave: each begins with nobody
    ends = np.append(keys[1:] != keys[:-1], True)[: len(keys)]
    keys, there = keys[ends], there[ends]
    of, starts = np.unique(keys // DAYS, return_index=True)
    if not len(of):
        return of, of, of
    most = np.maximum.reduceat(there, starts)
    lengths = np.diff(np.append(starts, len(keys)))
    reached = np.flatnonzero(there == np.repeat(most, lengths))
    _, at = np.unique(keys[reached] // DAYS, return_index=True)
    return of, most, keys[reached][at] % DAYS - BEFORE_1970
