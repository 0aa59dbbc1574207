"""What a competent analyst writes in pandas: merges and groups, whole fen."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

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

Read = Callable[[str], pd.DataFrame]


def totals(form: str, folder: Path) -> Any:
    """Columns facility, payer, fen, as an Arrow table."""
    import pyarrow as pa

    def read(name: str) -> pd.DataFrame:
        return pd.read_parquet(folder / f"{name}.parquet")

    found = FORMS[form](read).groupby(["facility", "payer"], as_index=False)["part"].sum()
    return pa.Table.from_pandas(found.rename(columns={"part": "fen"}), preserve_index=False)


def _months(read: Read) -> pd.DataFrame:
    care = read("resident_months").merge(read("facilities"), on="facility").merge(_care_rates("grade"))
    posts = read("staff_months")
    posts["rate"] = posts["post"].map(POST)
    return _parts("months", {"care": _lines(care), "posts": _lines(posts), "meals": _meals(read, MEAL)})


def _stays(read: Read) -> pd.DataFrame:
    care = _in_months(read("residents"), "from", "to")
    care = _read_on(_read_on(care, read("ratings"), "facility"), read("assessments"), "person")
    care = care.merge(_care_rates("star"), on=["star", "ability"])
    posts = _read_on(_in_months(read("staff"), "hired", "left"), read("certificates"), "person")
    posts["rate"] = posts["level"].map(LEVEL)
    lines = {"care": _lines(_longest(care[care["rate"] > 0], "resident")), "posts": _lines(_longest(posts, "staff"))}
    return _parts("stays", {**lines, "meals": _meals(read, MEAL)})


def _shares(read: Read) -> pd.DataFrame:
    care = _in_months(read("residents"), "from", "to").merge(read("facilities"), on="facility")
    product = 2 * care["grade"].map(GRADE) * care["present"]
    care["rate"] = (product + care["month_days"]) // (2 * care["month_days"])
    posts = _in_months(read("staff"), "hired", "left")
    wage = (posts["wage"] * 100).astype("int64")
    posts["rate"] = (2 * wage * WAGE_SHARE * posts["present"] + 1000 * posts["month_days"]) // (
        2000 * posts["month_days"]
    )
    lines = {"care": _lines(_under_ceiling(care)), "posts": _lines(posts), "meals": _meals(read, ODD_MEAL)}
    return _under_pot(_parts("shares", lines))


FORMS: Mapping[str, Callable[[Read], pd.DataFrame]] = {"months": _months, "stays": _stays, "shares": _shares}


def _care_rates(key: str) -> pd.DataFrame:
    rows = [(star, ability, rate) for star, by in CARE.items() for ability, rate in by.items()]
    return pd.DataFrame(rows, columns=[key, "ability", "rate"])


def _in_months(rows: pd.DataFrame, first: str, last: str) -> pd.DataFrame:
    """Each row in every month that it touches: when it is read, and how many days it is there."""
    begins, ends = pd.to_datetime(rows[first]), pd.to_datetime(rows[last]).fillna(pd.Timestamp("2023-12-31"))
    found = []
    for month in pd.date_range("2023-01-01", periods=12, freq="MS"):
        month_ends = month + pd.offsets.MonthEnd()
        there = (begins <= month_ends) & (ends >= month)
        one = rows[there].drop(columns=[first, last])
        one["read_on"] = ends[there].clip(upper=month_ends).astype("datetime64[s]")
        one["present"] = (one["read_on"] - begins[there].clip(lower=month)).dt.days + 1
        one["month"], one["month_days"] = month.strftime("%Y-%m"), month.days_in_month
        found.append(one)
    return pd.concat(found, ignore_index=True)


def _read_on(rows: pd.DataFrame, history: pd.DataFrame, key: str) -> pd.DataFrame:
    """The last row of a history that began by the day of reading."""
    history["from"] = pd.to_datetime(history["from"]).astype("datetime64[s]")
    dated = history.sort_values("from")
    found = pd.merge_asof(rows.sort_values("read_on"), dated, left_on="read_on", right_on="from", by=key)
    return found.drop(columns="from")


def _longest(rows: pd.DataFrame, key: str) -> pd.DataFrame:
    """One row of a person and month: the most days, then the smaller key."""
    ordered = rows.sort_values(["present", key], ascending=[False, True])
    return ordered.drop_duplicates(["person", "month"])


def _under_ceiling(rows: pd.DataFrame) -> pd.DataFrame:
    asked = rows.groupby("person")["rate"].transform("sum")
    cut = rows[asked > CARE_MOST].assign(asked=asked[asked > CARE_MOST])
    product = CARE_MOST * cut["rate"]
    cut["floor"], cut["odd"] = product // cut["asked"], product % cut["asked"]
    cut = cut.sort_values(["odd", "month", "resident"], ascending=[False, True, True])
    persons = cut.groupby("person")
    cut["rate"] = cut["floor"] + (persons.cumcount() < CARE_MOST - persons["floor"].transform("sum"))
    return pd.concat([rows[asked <= CARE_MOST], cut])


def _lines(rows: pd.DataFrame) -> pd.DataFrame:
    return rows.groupby(["facility", "month"], as_index=False)["rate"].sum().rename(columns={"rate": "owed"})


def _meals(read: Read, rate: int) -> pd.DataFrame:
    meals = read("meals")
    return _lines(meals.assign(rate=meals["person_days"] * rate))


def _parts(form: str, lines: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    found = []
    for clause, weights in SPLIT[form].items():
        whole, rests = sum(weights.values()), np.array(rest_parts(list(weights.values())))
        owed = lines[clause]["owed"]
        for position, (payer, weight) in enumerate(weights.items()):
            part = owed // whole * weight + rests[owed % whole, position]
            found.append(lines[clause].assign(clause=clause, payer=payer, part=part))
    return pd.concat(found)


def _under_pot(parts: pd.DataFrame) -> pd.DataFrame:
    concerned = (parts["clause"] == "meals") & (parts["payer"] == "city")
    pot = parts[concerned]
    product, asked = MEAL_MONEY * pot["part"], pot["part"].sum()
    pot = pot.assign(floor=product // asked, odd=product % asked)
    pot = pot.sort_values(["odd", "month", "facility"], ascending=[False, True, True])
    pot["part"] = pot["floor"] + (np.arange(len(pot)) < MEAL_MONEY - pot["floor"].sum())
    return pd.concat([parts[~concerned], pot])
