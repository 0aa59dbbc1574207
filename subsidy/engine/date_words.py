"""The words about time as SQL, over days that are a number, a month number and a day of the month."""

from __future__ import annotations

from typing import NamedTuple

from subsidy import sql
from subsidy.sql import Sql


class Day(NamedTuple):
    number: Sql  # since 1970-01-01
    month: Sql  # year * 12 + month - 1
    of_month: Sql


def month_of_year(month: Sql) -> Sql:
    """1 to 12 of a month number."""
    years = sql.int_div(month, sql.whole(12))
    return sql.add(sql.sub(month, sql.scaled(years, 12)), sql.whole(1))


def apart(since: Day, on: Day, length: Sql) -> Sql:
    """Full months from `since` to `on`, a day in a month of `length` days, the last of which counts as reached."""
    not_reached = sql.all_of([sql.compare("<", on.of_month, since.of_month), sql.compare("<", on.of_month, length)])
    months = sql.sub(on.month, since.month)
    return sql.sub(months, sql.case([(not_reached, sql.whole(1))], sql.whole(0)))
