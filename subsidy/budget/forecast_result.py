"""What a forecast gives: money by year, clause, payer, district and facility, and the steps from year to year."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from subsidy.budget.cells import Basis, Cell, listed
from subsidy.budget.drivers import Drivers
from subsidy.budget.frames import Frames, Table, to_pandas
from subsidy.finding import Finding
from subsidy.money import yuan_column, yuan_text
from subsidy.schedule.catalogue import Schedule

if TYPE_CHECKING:
    import pandas as pd

DIMENSIONS = ("clause", "payer", "district", "facility")
Sums = dict[tuple[str | None, ...], tuple[int, int]]


@dataclass(frozen=True)
class YearForecast:
    """One year: cash and reliefs (fen, at the high and at the low ends), and what was found beyond the base year.

    `pots`: what each holds, was asked for and was cut at the high ends, as `Result.pots`.
    """

    year: int
    cells: tuple[Cell, ...]
    relief: tuple[Cell, ...]
    pots: tuple[Mapping[str, Any], ...]
    findings: tuple[Finding, ...]


@dataclass(frozen=True)
class Step:
    """What one step of the way from the year before to `year` adds: `calendar`, `policy`, or a driver."""

    year: int
    name: str
    cells: tuple[Cell, ...]


@dataclass(frozen=True)
class DriverTotal:
    """What a driver comes to in a year, at both ends: a total, a figure, or a factor in percent."""

    driver: str
    year: int
    high: str
    low: str


@dataclass(frozen=True)
class Forecast(Frames):
    """The base year and the years after it. Amounts in frames are exact decimals in yuan.

    Beside each amount stands the low one: drivers at their low ends, open amounts at theirs.
    """

    schedules: tuple[Schedule, ...]
    drivers: Drivers
    basis: Basis
    years: tuple[YearForecast, ...]
    steps: tuple[Step, ...]
    totals: tuple[DriverTotal, ...]
    items: Mapping[str, str]
    blocked: Mapping[str, int]
    findings: tuple[Finding, ...]  # of the base year

    frames = ("forecast", "forecast_changes")

    def _table(self, name: str) -> Table:
        return Table.of(name, self._by(DIMENSIONS) if name == "forecast" else self._changes(DIMENSIONS))

    def by(self, *dimensions: str) -> pd.DataFrame:
        """Columns: year, the dimensions (of clause, payer, district, facility), amount, low."""
        return to_pandas(self._by(dimensions))

    def _by(self, dimensions: Sequence[str]) -> Any:
        rows = [(one.year, *key, *sums) for one in self.years for key, sums in self.sums(one.cells, dimensions)]
        return _with_amounts(["year", *dimensions], rows)

    def changes(self, *dimensions: str) -> pd.DataFrame:
        """Columns: year, step, the dimensions, and what the step adds: amount, low.

        The steps of a year add up to the difference from the year before.
        """
        return to_pandas(self._changes(dimensions))

    def _changes(self, dimensions: Sequence[str]) -> Any:
        rows = [
            (step.year, step.name, *key, *sums)
            for step in self.steps
            for key, sums in self.sums(step.cells, dimensions)
        ]
        return _with_amounts(["year", "step", *dimensions], rows)

    def sums(
        self, cells: Sequence[Cell], dimensions: Sequence[str]
    ) -> list[tuple[tuple[str | None, ...], tuple[int, int]]]:
        """Cells added up by the dimensions, in fen: clauses as in the documents, all else by name.

        Raises KeyError for an unknown dimension.
        """
        unknown = sorted(set(dimensions) - set(DIMENSIONS))
        if unknown:
            raise KeyError(unknown[0])
        found: Sums = {} if dimensions else {(): (0, 0)}
        for cell in cells:
            key = tuple(getattr(cell, name) for name in dimensions)
            amount, low = found.get(key, (0, 0))
            found[key] = (amount + cell.amount, low + cell.low)
        places = {clause: place for place, clause in enumerate(self.items)}

        def order(dimension: str, name: str | None) -> tuple[int, str]:
            return (places[name or ""], "") if dimension == "clause" else (name is None, name or "")

        return sorted(found.items(), key=lambda item: tuple(map(order, dimensions, item[0])))

    @property
    def step_names(self) -> list[str]:
        """The steps in their order."""
        return list(dict.fromkeys(step.name for step in self.steps))

    @property
    def all_findings(self) -> list[Finding]:
        """Those of the base year, and those of later years that the base year does not have."""
        return [*self.findings, *(finding for one in self.years for finding in one.findings)]

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready: schedules, base_year, years, basis, drivers, by_year, changes, blocked, findings.

        Amounts are strings in yuan with two decimals.
        """
        return {
            "schedules": [
                {
                    "id": version.id,
                    "version": version.first_day.isoformat(),
                    "revision": version.model.revision,
                    "overlays": dict(version.overlays),
                }
                for schedule in self.schedules
                for version in schedule.versions
            ],
            "base_year": self.years[0].year,
            "years": [one.year for one in self.years],
            "basis": self.basis,
            "drivers": list(self._drivers()),
            "by_year": [self._year(one) for one in self.years],
            "changes": [self._change(before, after) for before, after in zip(self.years, self.years[1:], strict=False)],
            "blocked": dict(self.blocked),
            "findings": [finding.to_dict() for finding in self.findings],
        }

    def _drivers(self) -> Iterable[dict[str, Any]]:
        for name, driver in self.drivers.by_name.items():
            yield {
                "driver": name,
                "kind": driver.kind,
                "label": {"zh": driver.label.zh, "en": driver.label.en} if driver.label else None,
                "of": driver.table or driver.value or driver.version or sorted(driver.overlay or {}),
                "column": driver.column,
                "where": {fact: list(contents) for fact, contents in driver.where.items()},
                "totals": [
                    {"year": one.year, "high": one.high, "low": one.low} for one in self.totals if one.driver == name
                ],
            }

    def _year(self, one: YearForecast) -> dict[str, Any]:
        return {
            "year": one.year,
            **self._amounts(one.cells),
            **{f"by_{by}": listed(by, one.cells, self.items) for by in DIMENSIONS},
            "relief": listed("clause", one.relief, self.items),
            "pots": [dict(pot) for pot in one.pots],
            "findings": [finding.to_dict() for finding in one.findings],
        }

    def _change(self, before: YearForecast, after: YearForecast) -> dict[str, Any]:
        own = [step for step in self.steps if step.year == after.year]
        return {
            "year": after.year,
            "from": self._amounts(before.cells),
            "to": self._amounts(after.cells),
            "steps": [
                {
                    "step": step.name,
                    **{"amount" if key == "total" else key: text for key, text in self._amounts(step.cells).items()},
                    **{f"by_{by}": listed(by, step.cells, self.items) for by in DIMENSIONS},
                }
                for step in own
            ],
        }

    def _amounts(self, cells: Sequence[Cell]) -> dict[str, str]:
        ((_, (amount, low)),) = self.sums(cells, ())
        return {"total": yuan_text(amount), "low": yuan_text(low)}


def _with_amounts(keys: Sequence[str], rows: Sequence[tuple[Any, ...]]) -> Any:
    import pyarrow as pa

    columns: dict[str, Any] = {
        key: pa.array([row[place] for row in rows], pa.int64() if key == "year" else pa.string())
        for place, key in enumerate(keys)
    }
    for name, place in (("amount", len(keys)), ("low", len(keys) + 1)):
        columns[name] = yuan_column(row[place] for row in rows)
    return pa.table(columns)
