"""A roster moved by whole years: every date, month and year of it, so that what it shows repeats itself later.

29 February becomes 28 February where a year has no other. The last day of a row's life that is the last of February
stays the last of February, so that whoever stays on until 1 March stays on.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from subsidy.roster.cells import DATE_PARTS, LAST_DAY, form_of
from subsidy.roster.names import Names, Shape

if TYPE_CHECKING:
    import pyarrow as pa

VALID_TO = "valid_to"


def moved(tables: Mapping[str, pa.Table], names: Names, years: int) -> dict[str, pa.Table]:
    """The typed tables of an intake, moved. Blank cells and ends that are still open stay what they are."""
    return {name: _moved_table(table, names.shape(name), years) for name, table in tables.items()}


def moved_days(days: Any, years: int, keeps_month_end: bool = False) -> Any:
    """Day numbers (numpy, since 1970-01-01) moved; 9999-12-31 stays. `keeps_month_end`: also 28 to 29 February."""
    import numpy as np

    day = days.astype("datetime64[D]")
    month = day.astype("datetime64[M]")
    later = month + 12 * years
    of_month = (day - month.astype("datetime64[D]")).astype(np.int64)
    last = _length(later) - 1
    kept = np.minimum(of_month, last)
    if keeps_month_end:
        kept = np.where(of_month == _length(month) - 1, last, kept)
    return np.where(days >= LAST_DAY[0], days, later.astype("datetime64[D]").astype(np.int64) + kept)


def _length(months: Any) -> Any:
    import numpy as np

    return ((months + 1).astype("datetime64[D]") - months.astype("datetime64[D]")).astype(np.int64)


def _moved_table(table: pa.Table, shape: Shape, years: int) -> pa.Table:
    ends = {shape.life[1], "life#to"} if shape.life else set()
    columns = {name: table[name] for name in table.column_names}
    for name in table.column_names:
        if f"{name}{DATE_PARTS[1]}" in columns:
            columns |= _moved_date(name, table[name], years, name in ends)
        elif name == VALID_TO:
            columns[name] = _with_numbers(table[name], lambda days: moved_days(days + 1, years) - 1, LAST_DAY[0])
        elif name in shape.columns and (form := form_of(shape.columns[name])) in ("month", "year"):
            distance = years * (12 if form == "month" else 1)
            columns[name] = _with_numbers(table[name], lambda numbers, by=distance: numbers + by)
    import pyarrow as pa

    return pa.table(columns)


def _moved_date(name: str, column: Any, years: int, is_end: bool) -> dict[str, Any]:
    """The three columns of a date."""
    import numpy as np

    def month(days: Any) -> Any:
        return days.astype("datetime64[D]").astype("datetime64[M]").astype(np.int64) + 1970 * 12

    def day_of_month(days: Any) -> Any:
        dates = days.astype("datetime64[D]")
        return (dates - dates.astype("datetime64[M]").astype("datetime64[D]")).astype(np.int64) + 1

    days = _with_numbers(column, lambda numbers: moved_days(numbers, years, is_end))
    parts = (days, _with_numbers(days, month), _with_numbers(days, day_of_month))
    return {name + suffix: part for suffix, part in zip(DATE_PARTS, parts, strict=True)}


def _with_numbers(column: Any, change: Any, kept_from: int | None = None) -> Any:
    """The numbers of a column changed; blanks, and numbers from `kept_from` on, stay."""
    import numpy as np
    import pyarrow as pa

    blank = np.asarray(column.is_null()) if column.null_count else None
    numbers = column.fill_null(0).to_numpy()
    found = change(numbers)
    if kept_from is not None:
        found = np.where(numbers >= kept_from, numbers, found)
    return pa.array(found, pa.int64(), mask=blank)
