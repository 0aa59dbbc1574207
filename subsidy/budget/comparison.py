"""Two results of one roster and year side by side: what each cell, payee and subject gets under both."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from subsidy.budget.cells import Cell
from subsidy.budget.frames import Frames, Table, to_pandas
from subsidy.budget.recipients import owed_to, paid_to
from subsidy.budget.result import Result
from subsidy.finding import Finding
from subsidy.money import yuan_column, yuan_text

if TYPE_CHECKING:
    import pandas as pd

    from subsidy.budget.receipt import Receipt

DIMENSIONS = ("clause", "payer", "district", "facility")
AMOUNTS = ("baseline", "reform", "difference", "baseline_low", "reform_low", "difference_low")
Key = tuple[str | None, ...]
Fen = tuple[int, int]  # in the high and in the low calculation


@dataclass(frozen=True)
class Compared:
    """One cell under what was before (`baseline`) and what comes after (`reform`), in fen.

    `…_low`: with every open amount at its lower end.
    """

    key: Key
    baseline: int
    reform: int
    baseline_low: int
    reform_low: int

    @property
    def difference(self) -> int:
        return self.reform - self.baseline

    @property
    def difference_low(self) -> int:
        return self.reform_low - self.baseline_low

    @property
    def is_changed(self) -> bool:
        return bool(self.difference or self.difference_low)

    def to_dict(self) -> dict[str, str]:
        """JSON-ready: baseline, reform, difference, and the same with `_low`, as strings in yuan."""
        return {name: yuan_text(getattr(self, name)) for name in AMOUNTS}


@dataclass(frozen=True)
class Outcomes:
    """Who gets more and who less, largest difference first, then who gets the same. `dimensions`: what a key is of."""

    dimensions: tuple[str, ...]
    cells: tuple[Compared, ...]

    @property
    def winners(self) -> list[Compared]:
        return [cell for cell in self.cells if cell.difference > 0]

    @property
    def losers(self) -> list[Compared]:
        return [cell for cell in self.cells if cell.difference < 0]

    @property
    def unchanged(self) -> list[Compared]:
        return [cell for cell in self.cells if not cell.difference]

    def frame(self) -> pd.DataFrame:
        """Columns: what a key is of, then baseline, reform, difference and their low in yuan; everybody, in order."""
        return to_pandas(_beside_each_other(self.dimensions, self.cells))

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready: winners, losers, unchanged (how many), gained, lost (yuan), and the list of all that differ."""
        return {
            "winners": len(self.winners),
            "losers": len(self.losers),
            "unchanged": len(self.unchanged),
            "gained": yuan_text(sum(cell.difference for cell in self.winners)),
            "lost": yuan_text(sum(cell.difference for cell in self.losers)),
            "list": listed(self.dimensions, (cell for cell in self.cells if cell.is_changed)),
        }


@dataclass(frozen=True)
class Comparison(Frames):
    """The year's cash under both. A clause that was renamed (`renamed`: former → present) stands under its new name."""

    baseline: Result
    reform: Result
    renamed: Mapping[str, str]

    frames = ("comparison", "comparison_payees", "comparison_subjects")

    def _table(self, name: str) -> Table:
        if name == "comparison":
            return Table.of(name, _beside_each_other(DIMENSIONS, self.cells(DIMENSIONS)))
        found = self.payees() if name == "comparison_payees" else self.subjects()
        return Table.of(name, _beside_each_other(found.dimensions, found.cells))

    def receipts(self) -> dict[str, Receipt]:
        return {"baseline_receipt_sha256": self.baseline.receipt, "reform_receipt_sha256": self.reform.receipt}

    def by(self, *dimensions: str) -> pd.DataFrame:
        """Columns: the dimensions (of clause, payer, district, facility), then baseline, reform, difference in yuan.

        Then the same three with `_low`. Without dimensions one row, of the total. Amounts are exact decimals; what has
        no district or facility stands under a missing one.
        """
        return to_pandas(_beside_each_other(dimensions, self.cells(dimensions)))

    def cells(self, dimensions: Sequence[str]) -> list[Compared]:
        """The cash of both years added up by the dimensions: clauses as they stand in the documents, else by name."""
        return self._compared(self.baseline.cells, self.reform.cells, dimensions)

    def relief(self, *dimensions: str) -> list[Compared]:
        """The reliefs of both years, which are no cash, added up by the dimensions."""
        return self._compared(self.baseline.relief_cells, self.reform.relief_cells, dimensions)

    def _compared(self, before: Iterable[Cell], after: Iterable[Cell], dimensions: Sequence[str]) -> list[Compared]:
        unknown = sorted(set(dimensions) - set(DIMENSIONS))
        if unknown:
            raise KeyError(unknown[0])
        found = _beside(_sums(before, dimensions, self.renamed), _sums(after, dimensions, {}))
        if "clause" not in dimensions:
            found.sort(key=lambda cell: _by_name(cell.key))
        return found or ([] if dimensions else [Compared((), 0, 0, 0, 0)])

    @property
    def total(self) -> Compared:
        return self.cells(())[0]

    def payees(self) -> Outcomes:
        """What each payee is paid in the year. Key: the payee."""
        return self._outcomes(("payee",), paid_to)

    def subjects(self) -> Outcomes:
        """What each subject is owed for the periods of the year, after limits and before pots. Key: table, subject."""
        return self._outcomes(("table", "subject"), owed_to)

    def _outcomes(self, dimensions: tuple[str, ...], read: Callable[[Result], dict[Key, Fen]]) -> Outcomes:
        cells = _beside(read(self.baseline), read(self.reform))
        cells.sort(key=lambda cell: (-abs(cell.difference), -abs(cell.difference_low), _by_name(cell.key)))
        return Outcomes(dimensions, tuple(cells))

    @property
    def findings(self) -> list[Finding]:
        """What was found under either, each once."""
        return sorted({*self.baseline.findings, *self.reform.findings})

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready: year, basis, total, by_clause, by_payer, by_district, by_facility, cells (by all four), relief,
        payees, subjects, blocked, findings. Amounts are strings in yuan with two decimals.
        """
        lists = {f"by_{name}": listed((name,), self.cells((name,))) for name in DIMENSIONS}
        return {
            "year": self.baseline.year,
            "basis": self.baseline.basis,
            "total": self.total.to_dict(),
            **lists,
            "cells": listed(DIMENSIONS, self.cells(DIMENSIONS)),
            "relief": listed(("clause",), self.relief("clause")),
            "payees": self.payees().to_dict(),
            "subjects": self.subjects().to_dict(),
            "blocked": {"baseline": self.baseline.blocked, "reform": self.reform.blocked},
            "findings": [finding.to_dict() for finding in self.findings],
        }


def listed(dimensions: Sequence[str], cells: Iterable[Compared]) -> list[dict[str, Any]]:
    """JSON-ready cells: what each is of, then its amounts."""
    return [{**dict(zip(dimensions, cell.key, strict=True)), **cell.to_dict()} for cell in cells]


def _sums(cells: Iterable[Cell], dimensions: Sequence[str], renamed: Mapping[str, str]) -> dict[Key, Fen]:
    sums: dict[Key, Fen] = {}
    for cell in cells:
        of = {name: getattr(cell, name) for name in dimensions}
        if "clause" in of:
            of["clause"] = renamed.get(cell.clause, cell.clause)
        key = tuple(of.values())
        amount, low = sums.get(key, (0, 0))
        sums[key] = (amount + cell.amount, low + cell.low)
    return sums


def _beside(before: Mapping[Key, Fen], after: Mapping[Key, Fen]) -> list[Compared]:
    found = []
    for key in [*after, *(key for key in before if key not in after)]:
        (baseline, baseline_low), (reform, reform_low) = (side.get(key, (0, 0)) for side in (before, after))
        found.append(Compared(key, baseline, reform, baseline_low, reform_low))
    return found


def _by_name(key: Key) -> tuple[tuple[bool, str], ...]:
    return tuple((part is None, part or "") for part in key)


def _beside_each_other(dimensions: Sequence[str], cells: Sequence[Compared]) -> Any:
    import pyarrow as pa

    columns: dict[str, Any] = {
        name: pa.array([cell.key[position] for cell in cells], pa.string()) for position, name in enumerate(dimensions)
    }
    for name in AMOUNTS:
        columns[name] = yuan_column(getattr(cell, name) for cell in cells)
    return pa.table(columns)
