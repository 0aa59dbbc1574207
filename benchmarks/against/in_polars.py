"""The same in Polars: lazy frames from Parquet, whole fen."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import polars as pl

from benchmarks.against.figures import (
    CARE,
    CARE_MOST,
    GRADE,
    LEVEL,
    MEAL,
    MEAL_MONEY,
    ODD_MEAL,
    POST,
    SPLIT,
    WAGE_SHARE,
    rest_parts,
)

Read = Callable[[str], pl.LazyFrame]
LINE = ("facility", "month")


def totals(form: str, folder: Path) -> Any:
    """Columns facility, payer, fen, as an Arrow table."""

    def read(name: str) -> pl.LazyFrame:
        return pl.scan_parquet(folder / f"{name}.parquet")

    found = FORMS[form](read).group_by("facility", "payer").agg(pl.col("part").sum().alias("fen"))
    return found.collect(engine="streaming").to_arrow()


def _months(read: Read) -> pl.LazyFrame:
    care = (
        read("resident_months")
        .join(read("facilities"), on="facility")
        .join(_care_rates("grade"), on=["grade", "ability"])
    )
    posts = read("staff_months").join(_rates("post", POST), on="post")
    return _parts("months", {"care": _lines(care), "posts": _lines(posts), "meals": _meals(read, MEAL)})


def _stays(read: Read) -> pl.LazyFrame:
    care = _read_on(_in_months(read("residents"), "from", "to"), read("ratings"), "facility")
    care = _read_on(care, read("assessments"), "person").join(_care_rates("star"), on=["star", "ability"])
    posts = _read_on(_in_months(read("staff"), "hired", "left"), read("certificates"), "person")
    posts = posts.join(_rates("level", LEVEL), on="level")
    one_home = _longest(care.filter(pl.col("rate") > 0), "resident")
    one_post = _longest(posts, "staff")
    return _parts("stays", {"care": _lines(one_home), "posts": _lines(one_post), "meals": _meals(read, MEAL)})


def _shares(read: Read) -> pl.LazyFrame:
    days, of_month = pl.col("present"), pl.col("month_days")
    care = (
        _in_months(read("residents"), "from", "to")
        .join(read("facilities"), on="facility")
        .join(_rates("grade", GRADE), on="grade")
    )
    care = care.with_columns(((2 * pl.col("rate") * days + of_month) // (2 * of_month)).alias("rate"))
    wage = (pl.col("wage") * 100).cast(pl.Int64)
    posts = _in_months(read("staff"), "hired", "left").with_columns(
        ((2 * wage * WAGE_SHARE * days + 1000 * of_month) // (2000 * of_month)).alias("rate")
    )
    lines = {"care": _lines(_under_ceiling(care)), "posts": _lines(posts), "meals": _meals(read, ODD_MEAL)}
    return _under_pot(_parts("shares", lines))


FORMS: Mapping[str, Callable[[Read], pl.LazyFrame]] = {"months": _months, "stays": _stays, "shares": _shares}


def _rates(key: str, rates: Mapping[Any, int]) -> pl.LazyFrame:
    return pl.LazyFrame({key: list(rates), "rate": list(rates.values())})


def _care_rates(key: str) -> pl.LazyFrame:
    rows = [(star, ability, rate) for star, by in CARE.items() for ability, rate in by.items()]
    return pl.LazyFrame(rows, schema={key: pl.Int64, "ability": pl.String, "rate": pl.Int64}, orient="row")


def _in_months(rows: pl.LazyFrame, first: str, last: str) -> pl.LazyFrame:
    """Each row in every month that it touches: when it is read, and how many days it is there."""
    begins = pl.date_range(pl.date(2023, 1, 1), pl.date(2023, 12, 1), "1mo", eager=True)
    calendar = pl.LazyFrame({"month": begins, "month_ends": begins.dt.month_end()})
    ends = pl.min_horizontal(pl.col(last), pl.col("month_ends"))
    starts = pl.max_horizontal(pl.col(first), pl.col("month"))
    there = (pl.col(first) <= pl.col("month_ends")) & (pl.col(last).is_null() | (pl.col(last) >= pl.col("month")))
    return (
        rows.join(calendar, how="cross")
        .filter(there)
        .with_columns(
            ends.alias("read_on"),
            ((ends - starts).dt.total_days() + 1).alias("present"),
            ((pl.col("month_ends") - pl.col("month")).dt.total_days() + 1).alias("month_days"),
            pl.col("month").dt.strftime("%Y-%m"),
        )
    )


def _read_on(rows: pl.LazyFrame, history: pl.LazyFrame, key: str) -> pl.LazyFrame:
    """The last row of a history that began by the day of reading."""
    dated = history.rename({"from": "valid_from"}).sort("valid_from")
    found = rows.sort("read_on").join_asof(
        dated, left_on="read_on", right_on="valid_from", by=key, check_sortedness=False
    )
    return found.drop("valid_from")


def _longest(rows: pl.LazyFrame, key: str) -> pl.LazyFrame:
    """One row of a person and month: the most days, then the smaller key."""
    best = (pl.col("present") == pl.col("present").max().over("person", "month")).alias("is_longest")
    longest = rows.with_columns(best).filter("is_longest")
    return longest.filter(pl.col(key) == pl.col(key).min().over("person", "month"))


def _under_ceiling(rows: pl.LazyFrame) -> pl.LazyFrame:
    asked = rows.with_columns(pl.col("rate").sum().over("person").alias("asked"))
    product = CARE_MOST * pl.col("rate")
    cut = asked.filter(pl.col("asked") > CARE_MOST).with_columns(
        (product // pl.col("asked")).alias("floor"), (product % pl.col("asked")).alias("odd")
    )
    ordered = cut.sort(["person", "odd", "month", "resident"], descending=[False, True, False, False])
    rank = pl.int_range(pl.len()).over("person")
    left = CARE_MOST - pl.col("floor").sum().over("person")
    limited = ordered.with_columns((pl.col("floor") + (rank < left).cast(pl.Int64)).alias("rate"))
    columns = ["facility", "month", "rate"]
    return pl.concat([asked.filter(pl.col("asked") <= CARE_MOST).select(columns), limited.select(columns)])


def _lines(rows: pl.LazyFrame) -> pl.LazyFrame:
    return rows.group_by(LINE).agg(pl.col("rate").sum().alias("owed"))


def _meals(read: Read, rate: int) -> pl.LazyFrame:
    return _lines(read("meals").with_columns((pl.col("person_days") * rate).alias("rate")))


def _parts(form: str, lines: Mapping[str, pl.LazyFrame]) -> pl.LazyFrame:
    found = []
    for clause, weights in SPLIT[form].items():
        whole = sum(weights.values())
        rests = rest_parts(list(weights.values()))
        for position, (payer, weight) in enumerate(weights.items()):
            rest = pl.lit(pl.Series([parts[position] for parts in rests])).gather(pl.col("owed") % whole)
            part = pl.col("owed") // whole * weight + rest
            found.append(
                lines[clause].select(
                    *LINE, pl.lit(clause).alias("clause"), pl.lit(payer).alias("payer"), part.alias("part")
                )
            )
    return pl.concat(found)


def _under_pot(parts: pl.LazyFrame) -> pl.LazyFrame:
    concerned = (pl.col("clause") == "meals") & (pl.col("payer") == "city")
    product = MEAL_MONEY * pl.col("part")
    pot = parts.filter(concerned).with_columns(
        (product // pl.col("part").sum()).alias("floor"), (product % pl.col("part").sum()).alias("odd")
    )
    ordered = pot.sort(["odd", "month", "facility"], descending=[True, False, False])
    left = MEAL_MONEY - pl.col("floor").sum()
    paid = ordered.with_columns((pl.col("floor") + (pl.int_range(pl.len()) < left).cast(pl.Int64)).alias("part"))
    return pl.concat([parts.filter(~concerned), paid.select(parts.collect_schema().names())])
