"""The same in NumPy: texts as codes, rows as arrays of whole numbers, sums by place."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as parquet

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

ABILITIES = list(CARE[0])
BEGINS = np.arange("2023-01", "2024-01", dtype="datetime64[M]").astype("datetime64[D]").astype(np.int64)
ENDS = np.append(BEGINS[1:], BEGINS[-1] + 31) - 1
LENGTHS = ENDS - BEGINS + 1
Array = Any
Sums = dict[str, Array]  # clause -> fen by facility and month


class Tables:
    """The columns of a roster: texts as positions in the list of what they may be, days as whole numbers."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.facilities = self.column("facilities", "facility")

    def column(self, table: str, name: str) -> Any:
        return parquet.read_table(self.folder / f"{table}.parquet", columns=[name]).column(0).combine_chunks()

    def numbers(self, table: str, name: str) -> Array:
        return self.column(table, name).to_numpy()

    def days(self, table: str, name: str) -> Array:
        return self.column(table, name).cast(pa.int32()).fill_null(10**6).to_numpy().astype(np.int64)

    def codes(self, table: str, name: str, options: Any) -> Array:
        return pc.index_in(self.column(table, name), value_set=pa.array(options)).to_numpy()

    def homes(self, table: str) -> Array:
        return self.codes(table, "facility", self.facilities)

    def months(self, table: str) -> Array:
        return self.codes(table, "month", [f"2023-{month:02}" for month in range(1, 13)])

    def sums(self, homes: Array, months: Array, amounts: Array) -> Array:
        found = np.zeros(len(self.facilities) * 12, np.int64)
        np.add.at(found, homes * 12 + months, amounts)
        return found

    def meals(self, rate: int) -> Array:
        return self.sums(self.homes("meals"), self.months("meals"), self.numbers("meals", "person_days") * rate)


def totals(form: str, folder: Path) -> Any:
    """Columns facility, payer, fen, as an Arrow table."""
    tables = Tables(folder)
    parts = _parts(form, FORMS[form](tables))
    if form == "shares":
        parts["meals"]["city"] = _under_pot(parts["meals"]["city"], tables)
    payers = list(dict.fromkeys(payer for by in parts.values() for payer in by))
    fen = [sum(by[payer] for by in parts.values() if payer in by).reshape(-1, 12).sum(axis=1) for payer in payers]
    return pa.table(
        {
            "facility": pa.concat_arrays([tables.facilities] * len(payers)),
            "payer": pa.array(np.repeat(payers, len(tables.facilities))),
            "fen": pa.array(np.concatenate(fen)),
        }
    )


def _months(tables: Tables) -> Sums:
    homes = tables.homes("resident_months")
    rates = np.array([list(by.values()) for by in CARE.values()])
    care = rates[tables.numbers("facilities", "grade")[homes], tables.codes("resident_months", "ability", ABILITIES)]
    posts = np.array(list(POST.values()))[tables.codes("staff_months", "post", list(POST))]
    return {
        "care": tables.sums(homes, tables.months("resident_months"), care),
        "posts": tables.sums(tables.homes("staff_months"), tables.months("staff_months"), posts),
        "meals": tables.meals(MEAL),
    }


def _stays(tables: Tables) -> Sums:
    persons = pc.unique(tables.column("assessments", "person"))
    workers = pc.unique(tables.column("certificates", "person"))
    rates = np.array([list(by.values()) for by in CARE.values()])
    row, month, present, read_on = _in_months(tables.days("residents", "from"), tables.days("residents", "to"))
    homes, who = tables.homes("residents")[row], tables.codes("residents", "person", persons)[row]
    stars = _read(tables.homes("ratings"), tables.days("ratings", "from"), homes, read_on)
    able = _read(tables.codes("assessments", "person", persons), tables.days("assessments", "from"), who, read_on)
    care = rates[tables.numbers("ratings", "star")[stars], tables.codes("assessments", "ability", ABILITIES)[able]]
    best = _longest(who, month, present, _ranked(tables.column("residents", "resident"))[row], care > 0)
    row, worked, present, read_on = _in_months(tables.days("staff", "hired"), tables.days("staff", "left"))
    who = tables.codes("staff", "person", workers)[row]
    level = _read(tables.codes("certificates", "person", workers), tables.days("certificates", "from"), who, read_on)
    posts = np.array(list(LEVEL.values()))[tables.codes("certificates", "level", list(LEVEL))[level]]
    first = _longest(who, worked, present, _ranked(tables.column("staff", "staff"))[row], posts > 0)
    return {
        "care": tables.sums(homes[best], month[best], care[best]),
        "posts": tables.sums(tables.homes("staff")[row][first], worked[first], posts[first]),
        "meals": tables.meals(MEAL),
    }


def _shares(tables: Tables) -> Sums:
    row, month, present, _ = _in_months(tables.days("residents", "from"), tables.days("residents", "to"))
    homes = tables.homes("residents")[row]
    grades = np.array([0, *GRADE.values()])[tables.numbers("facilities", "grade")[homes]]
    care = (2 * grades * present + LENGTHS[month]) // (2 * LENGTHS[month])
    who = tables.column("residents", "person").dictionary_encode().indices.to_numpy()[row]
    care = _under_ceiling(who, month, _ranked(tables.column("residents", "resident"))[row], care)
    worked, when, present, _ = _in_months(tables.days("staff", "hired"), tables.days("staff", "left"))
    wage = (
        pc.multiply(tables.column("staff", "wage"), pa.scalar(100, pa.decimal128(3, 0)))
        .cast(pa.int64())
        .to_numpy()[worked]
    )
    posts = (2 * wage * WAGE_SHARE * present + 1000 * LENGTHS[when]) // (2000 * LENGTHS[when])
    return {
        "care": tables.sums(homes, month, care),
        "posts": tables.sums(tables.homes("staff")[worked], when, posts),
        "meals": tables.meals(ODD_MEAL),
    }


FORMS: Mapping[str, Callable[[Tables], Sums]] = {"months": _months, "stays": _stays, "shares": _shares}


def _in_months(first: Array, last: Array) -> tuple[Array, Array, Array, Array]:
    """Each row in every month that it touches: row, month, how many days it is there, when it is read."""
    row, month = np.nonzero((first[:, None] <= ENDS) & (last[:, None] >= BEGINS))
    read_on = np.minimum(last[row], ENDS[month])
    return row, month, read_on - np.maximum(first[row], BEGINS[month]) + 1, read_on


def _read(keys: Array, days: Array, of: Array, on: Array) -> Array:
    """The position of the last row of a history that began by the day of reading."""
    order = np.lexsort((days, keys))
    packed = keys[order].astype(np.int64) * 10**6 + days[order]
    return order[np.searchsorted(packed, of.astype(np.int64) * 10**6 + on, side="right") - 1]


def _ranked(texts: Any) -> Array:
    """The place of each text in the order of all."""
    return pc.rank(texts).to_numpy().astype(np.int64)


def _longest(who: Array, month: Array, present: Array, key: Array, counts: Array) -> Array:
    """Which rows of a person and month are kept: the most days, then the smaller key."""
    rows = np.flatnonzero(counts)
    group = who[rows].astype(np.int64) * 12 + month[rows]
    order = rows[np.lexsort((key[rows], -present[rows], group))]
    ordered = who[order].astype(np.int64) * 12 + month[order]
    return order[np.append(True, ordered[1:] != ordered[:-1])]


def _under_ceiling(who: Array, month: Array, key: Array, amounts: Array) -> Array:
    asked = np.zeros(who.max() + 1, np.int64)
    np.add.at(asked, who, amounts)
    cut = np.flatnonzero(asked[who] > CARE_MOST)
    floor, odd = np.divmod(CARE_MOST * amounts[cut], asked[who[cut]])
    order = np.lexsort((key[cut], month[cut], -odd, who[cut]))
    left = np.full(len(asked), CARE_MOST)
    np.subtract.at(left, who[cut], floor)
    ordered = who[cut][order]
    starts = np.flatnonzero(np.append(True, ordered[1:] != ordered[:-1]))
    rank = np.arange(len(order)) - np.repeat(starts, np.diff(np.append(starts, len(order))))
    floor[order] += rank < left[ordered]
    found = amounts.copy()
    found[cut] = floor
    return found


def _parts(form: str, sums: Sums) -> dict[str, dict[str, Array]]:
    found: dict[str, dict[str, Array]] = {}
    for clause, weights in SPLIT[form].items():
        whole, rests = sum(weights.values()), np.array(rest_parts(list(weights.values())))
        times, rest = np.divmod(sums[clause], whole)
        found[clause] = {
            payer: times * weight + rests[rest, position] for position, (payer, weight) in enumerate(weights.items())
        }
    return found


def _under_pot(parts: Array, tables: Tables) -> Array:
    floor, odd = np.divmod(MEAL_MONEY * parts, parts.sum())
    facility, month = np.divmod(np.arange(len(parts)), 12)
    order = np.lexsort((_ranked(tables.facilities)[facility], month, -odd))
    floor[order[: MEAL_MONEY - floor.sum()]] += 1
    return floor
