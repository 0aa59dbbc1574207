"""A forecast for a terminal: what drivers come to, money by year, and why each year differs from the one before."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from subsidy.budget.cells import Cell
from subsidy.budget.driver_check import CALENDAR, POLICY
from subsidy.budget.forecast_result import Forecast
from subsidy.budget.names import clause_label, payer_label
from subsidy.finding import Language, Text
from subsidy.money import yuan_text
from subsidy.report.text import BASES, money, print_ends_of_shares, print_table, shown_table, word

HEAD = Text("{base} 年度花名册，预测至 {last} 年（{basis}，元）", "from the roster of {base} to {last} ({basis}, yuan)")
STEPS = {
    CALENDAR: Text("年度推移、按日期变化的标准", "calendar and dated figures"),
    POLICY: Text("新版本施行", "versions that begin"),
}
DRIVER = Text("驱动因素", "driver")
REASON = Text("较上年增减的原因", "change from the year before, by")
CHANGE = Text("增减合计", "change")
LABEL_WIDTH = 28

Columns = Sequence[Mapping[str | None, tuple[int, int]]]  # by year: name -> amount and low


def print_forecast(found: Forecast, console: Console, language: Language) -> None:
    """Tables of drivers, clauses, payers and districts by year, and of the steps from year to year.

    Years that the terminal is too narrow for are in tables of their own.
    """
    years = [one.year for one in found.years]
    head = HEAD.in_(language).format(base=years[0], last=years[-1], basis=BASES[found.basis].in_(language))
    console.print(escape(head), highlight=False, soft_wrap=True)
    longest = max(len(_amount(_total(found, one.cells)[0])) for one in found.years)
    wide = max((console.width - LABEL_WIDTH) // (longest + 3), 2)
    for part in _parts(years, wide):
        _print(console, _driver_table(found, part, language))
    names: dict[str, Callable[[str], str]] = {
        "clause": lambda name: f"[{found.items[name]}] {clause_label(found.schedules, name, language)}",
        "payer": lambda name: payer_label(found.schedules, name, language),
        "district": lambda name: name,
    }
    for dimension, label in names.items():
        for part in _parts(years, wide):
            shown = [one.cells for one in found.years if one.year in part]
            _print(console, _money_table(found, dimension, part, shown, label, language))
    for part in _parts(years[1:], wide):
        _print(console, _step_table(found, part, language))
    versions = [version for one in found.schedules for version in one.versions]
    print_ends_of_shares(versions, years[-1], console, language)
    if found.blocked:
        console.print(f"{word('blocked', language)}: {sum(found.blocked.values())}", highlight=False)


def _parts(years: Sequence[int], size: int) -> Iterator[Sequence[int]]:
    for start in range(0, len(years), size):
        yield years[start : start + size]


def _print(console: Console, table: Table) -> None:
    if table.row_count:
        print_table(table, console)


def _table(first: str, years: Sequence[int]) -> Table:
    return shown_table("", [first, *map(str, years)], range(1, len(years) + 1))


def _driver_table(found: Forecast, years: Sequence[int], language: Language) -> Table:
    table = _table(DRIVER.in_(language), years)
    totals = {(one.driver, one.year): one for one in found.totals}
    for name in dict.fromkeys(driver for driver, _ in totals):
        own = [totals[name, year] for year in years]
        table.add_row(_step_label(found, name, language), *(one.high for one in own))
        if any(one.low != one.high for one in own):
            table.add_row(f"  {word('low', language)}", *(one.low for one in own))
    return table


def _money_table(
    found: Forecast, by: str, years: Sequence[int], cells: Sequence[Sequence[Cell]], label: Callable[[str], str],
    language: Language,
) -> Table:  # fmt: skip
    table = _table(word(by, language), years)
    every = [cell for one in found.years for cell in one.cells]
    columns: Columns = [{key[0]: sums for key, sums in found.sums(own, (by,))} for own in cells]
    for (name,), _ in found.sums(every, (by,)):
        shown = word("none", language) if name is None else label(name)
        table.add_row(escape(shown), *(_amount(column.get(name, (0, 0))[0]) for column in columns))
    if table.row_count:
        _add_totals(table, [_total(found, own) for own in cells], word("total", language), language)
    return table


def _step_table(found: Forecast, years: Sequence[int], language: Language) -> Table:
    table = _table(REASON.in_(language), years)
    steps = {(step.name, step.year): step.cells for step in found.steps}
    for name in found.step_names:
        columns = [_total(found, steps[name, year]) for year in years]
        table.add_row(_step_label(found, name, language), *(_change(high) for high, _ in columns))
        if any(high != low for high, low in columns):
            table.add_row(f"  {word('low', language)}", *(_change(low) for _, low in columns), style="dim")
    sums = [
        tuple(map(sum, zip(*(_total(found, steps[name, year]) for name in found.step_names), strict=True)))
        for year in years
    ]
    _add_totals(table, [(high, low) for high, low in sums], CHANGE.in_(language), language, _change)
    return table


def _add_totals(
    table: Table, sums: Sequence[tuple[int, int]], label: str, language: Language,
    shown: Callable[[int], str] | None = None,
) -> None:  # fmt: skip
    written = shown or _amount
    table.add_section()
    table.add_row(label, *(written(high) for high, _ in sums))
    if any(high != low for high, low in sums):
        table.add_row(f"  {word('low', language)}", *(written(low) for _, low in sums))


def _total(found: Forecast, cells: Sequence[Cell]) -> tuple[int, int]:
    ((_, sums),) = found.sums(cells, ())
    return sums


def _step_label(found: Forecast, name: str, language: Language) -> str:
    if name in STEPS:
        return STEPS[name].in_(language)
    label = found.drivers.by_name[name].label
    return escape(label.in_(language) if label else name)


def _amount(fen: int) -> str:
    return money(yuan_text(fen))


def _change(fen: int) -> str:
    return f"{'+' if fen > 0 else ''}{_amount(fen)}"
