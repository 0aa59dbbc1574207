"""Up to which year documents say who pays: later money is nobody's, and reports say so."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from subsidy.finding import Text
from subsidy.schedule.checked import NOT_STATED
from subsidy.schedule.load import Version


@dataclass(frozen=True)
class EndOfShares:
    """Clauses whose document says who pays up to a year, and of later years nothing."""

    last: int
    items: tuple[str, ...]

    @property
    def text(self) -> Text:
        zh, en = "、".join(self.items), ", ".join(self.items)
        return Text(
            f"第 {zh} 条：文件只写明 {self.last} 年及以前由谁承担，以后各年列入“未明确”",
            f"items {en}: the document says who pays until {self.last}; later years stand under “not stated”",
        )


def ends_of_shares(versions: Iterable[Version], last: int) -> list[EndOfShares]:
    """Where shares by year end before the year `last`."""
    found: dict[int, dict[str, None]] = {}
    for version in versions:
        for clause in version.clauses.values():
            value = version.model.values.get(clause.sharing.value) if clause.sharing else None
            end = None if value is None or value.by[0] != "year" else _last_stated(value.figures)
            if end is not None and end < last:
                found.setdefault(end, {})[clause.model.item] = None
    return [EndOfShares(year, tuple(items)) for year, items in sorted(found.items())]


def _last_stated(figures: Mapping[str, Any]) -> int | None:
    """The last year that a table of shares states, where others are not stated; None where they all are."""
    other = figures.get("other")
    if not isinstance(other, Mapping) or NOT_STATED not in other:
        return None
    years = [str(key).rpartition("..")[2] for key in figures if key != "other"]
    return max((int(year) for year in years if year.isdigit()), default=None)
