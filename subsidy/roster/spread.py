"""Quantities of a group of rows scaled to another total: whole units that add up, whatever the order of the rows.

The total is divided by the one split, first among the widest groups (districts), then within each of them (facilities,
categories), at last among the rows. So each group has its own share to within a unit. Equal rows take the odd units in
the order of a digest of their keys, which favours neither early nor late ones.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from subsidy.money import split

Within = tuple[str, ...]  # the groups that a row is in, from the widest; at last the row itself


def spread(total: int, weights: Sequence[int], within: Sequence[Within]) -> list[int]:
    """Divide `total` over rows in proportion to `weights` (>= 0), group by group.

    Raises ValueError where no weight is positive and the total is not zero.
    """
    parts = [0] * len(weights)

    def divide(amount: int, rows: Sequence[int], depth: int) -> None:
        groups: dict[str, list[int]] = {}
        for row in rows:
            groups.setdefault(within[row][depth], []).append(row)
        ordered = [groups[name] for name in sorted(groups)]
        shares = split(amount, [sum(weights[row] for row in group) for group in ordered])
        for share, group in zip(shares, ordered, strict=True):
            if depth + 1 < len(within[group[0]]):
                divide(share, group, depth + 1)
            else:
                for row, own in zip(group, split(share, [weights[row] for row in group]), strict=True):
                    parts[row] = own

    if weights:
        divide(total, range(len(weights)), 0)
    return parts


def tie_breaker(table: str, key: str) -> str:
    """What stands for a row at the end of `Within`: the same for the same key, and without a pattern."""
    return hashlib.sha256(f"{table} {key}".encode()).hexdigest()
