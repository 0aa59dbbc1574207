"""The calendars of `calendar` as queries, from nothing but whole numbers, for whoever runs the statements alone."""

from __future__ import annotations

from sqlglot import exp

from subsidy import sql
from subsidy.schedule.column import MONTHS_IN
from subsidy.sql import Sql

MARCH_OF_YEAR_0 = 2
DAYS_TO_1970 = 719_468  # from 0000-03-01


def months_query(first_year: int, last_year: int) -> exp.Select:
    """Columns month, first, days: one row for each month."""
    digits = sql.inline_rows(["n"], [[digit] for digit in range(10)], "d0")
    places = [1, 10, 100, 1000]
    number = sql.whole(first_year * 12)
    for index, place in enumerate(places):
        number = sql.add(number, sql.scaled(sql.column("n", f"d{index}"), place))
    joins = [
        ("inner", sql.inline_rows(["n"], [[digit] for digit in range(10)], f"d{index}"), sql.boolean(True))
        for index in range(1, len(places))
    ]
    numbers = sql.select([sql.alias(number, "month")], digits, joins)
    month = sql.column("month", "m")
    first, following = _first_day(month), _first_day(sql.add(month, sql.whole(1)))
    columns = [month, sql.alias(first, "first"), sql.alias(sql.sub(following, first), "days")]
    within = sql.compare("<", month, sql.whole((last_year + 1) * 12))
    return sql.select(columns, sql.subquery(numbers, "m"), where=within)


def _first_day(month: Sql) -> Sql:
    """The day number of a month's first day: years are counted from March, so that a leap day is the last of one."""
    since = sql.sub(month, sql.whole(MARCH_OF_YEAR_0))
    year = sql.int_div(since, sql.whole(12))
    nth = sql.sub(since, sql.scaled(year, 12))
    days = sql.int_div(sql.add(sql.scaled(nth, 153), sql.whole(2)), sql.whole(5))
    leap = sql.add(
        sql.sub(sql.int_div(year, sql.whole(4)), sql.int_div(year, sql.whole(100))), sql.int_div(year, sql.whole(400))
    )
    return sql.sub(sql.add(sql.add(sql.scaled(year, 365), leap), days), sql.whole(DAYS_TO_1970))


def periods_query(every: str, first_year: int, last_year: int) -> exp.Select:
    """Columns period, first, last (days), first#m, last#m, last#d: one row for each period, from the table `months`."""
    length = MONTHS_IN[every]
    begins, ends = sql.column("month", "a"), sql.column("month", "b")
    period = sql.int_div(begins, sql.whole(length))
    columns = {
        "period": period,
        "first": sql.column("first", "a"),
        "last": sql.sub(sql.add(sql.column("first", "b"), sql.column("days", "b")), sql.whole(1)),
        "first#m": begins,
        "last#m": ends,
        "last#d": sql.column("days", "b"),
    }
    within = [
        sql.compare("=", begins, sql.scaled(period, length)),
        sql.compare(">=", begins, sql.whole(first_year * 12)),
        sql.compare("<", begins, sql.whole((last_year + 1) * 12)),
    ]
    on = sql.compare("=", ends, sql.add(begins, sql.whole(length - 1)))
    return sql.select(
        [sql.alias(tree, name) for name, tree in columns.items()],
        sql.table("months", "a"),
        [("inner", sql.table("months", "b"), on)],
        where=sql.all_of(within),
    )
