"""Made-up rosters to measure with, seeded: N residents over a year, N/40 facilities in 20 districts, N/6 staff, meals.

Three forms, each with a schedule of its own beside this file: `months` (one row per person and month), `stays` (moves,
stars, abilities and levels that change) and `shares` (amounts and parts with odd fen, a ceiling, a pot).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as parquet

YEAR, SEED, DISTRICTS = 2023, 11, 20
PER_FACILITY, PER_STAFF = 40, 6
ABILITIES = ("disabled", "semi_disabled", "self_caring")
POSTS = ("carer", "nurse", "other")
LEVELS = ("junior", "intermediate", "senior")
PART = 500_000  # residents
OWN_OF_A_PART = ("facility", "person", "resident", "staff", "meal", "resident_month", "staff_month")
MONTHS = tuple(f"{YEAR}-{month:02}" for month in range(1, 13))
START = np.datetime64(f"{YEAR}-01-01")
SCHEDULES = Path(__file__).parent / "schedules"

Numbers = Any  # a NumPy array of whole numbers
Tables = dict[str, pa.Table]


def tables(form: str, residents: int) -> Tables:
    """The roster of a form with so many residents, as Arrow tables with dates, texts and whole numbers."""
    return FORMS[form](residents, np.random.default_rng(SEED))


def schedule_file(form: str) -> Path:
    return SCHEDULES / f"{form}.yaml"


def written(form: str, residents: int, folder: Path) -> Path:
    """The same as Parquet files in a folder of their own, which is made unless it is there."""
    target = folder / f"{form}-{residents}"
    if not (target / "done").exists():
        target.mkdir(parents=True, exist_ok=True)
        for name, table in tables(form, residents).items():
            parquet.write_table(table, target / f"{name}.parquet")
        (target / "done").touch()
    return target


def written_in_parts(form: str, residents: int, folder: Path) -> Path:
    """As `written`, for more residents than fit into memory: in parts that have persons and homes of their own."""
    target = folder / f"{form}-{residents}-in-parts"
    target.mkdir(parents=True)
    writers: dict[str, parquet.ParquetWriter] = {}
    for number, begun in enumerate(range(0, residents, PART)):
        random = np.random.default_rng([SEED, number])
        for name, table in FORMS[form](min(PART, residents - begun), random).items():
            if name == "districts" and number:
                continue
            named = _of_part(table, number)
            if name not in writers:
                writers[name] = parquet.ParquetWriter(target / f"{name}.parquet", named.schema)
            writers[name].write_table(named)
    for writer in writers.values():
        writer.close()
    return target


def _of_part(table: pa.Table, number: int) -> pa.Table:
    """The table with the part's number in its keys and references but those of districts."""
    for position, name in enumerate(table.column_names):
        if name in OWN_OF_A_PART:
            column = pc.binary_join_element_wise(table[name], pa.scalar(f".{number}"), "")
            table = table.set_column(position, name, column)
    return table


def months(residents: int, random: np.random.Generator) -> Tables:
    count, staff = residents * 12, residents // PER_STAFF
    who, when = np.repeat(np.arange(residents), 12), np.tile(np.arange(12), residents)
    home = random.integers(0, _facilities(residents), residents)[who]
    worker, shift = np.repeat(np.arange(staff), 12), np.tile(np.arange(12), staff)
    return {
        **_places(residents, random, {"grade": lambda n: random.integers(1, 6, n)}),
        "resident_months": pa.table(
            {
                "resident_month": _names("M", np.arange(count)),
                "person": _names("P", who),
                "facility": _names("F", home),
                "month": _choice(MONTHS, when),
                "ability": _choice(ABILITIES, random.integers(0, 3, count)),
            }
        ),
        "staff_months": pa.table(
            {
                "staff_month": _names("N", np.arange(staff * 12)),
                "person": _names("W", worker),
                "facility": _names("F", random.integers(0, _facilities(residents), staff)[worker]),
                "month": _choice(MONTHS, shift),
                "post": _choice(POSTS, random.integers(0, 3, staff * 12)),
            }
        ),
    }


def stays(residents: int, random: np.random.Generator) -> Tables:
    facilities, staff = _facilities(residents), residents // PER_STAFF
    ratings = _history("facility", "F", facilities, 0.5, random)
    assessments = _history("person", "P", residents, 0.4, random)
    certificates = _history("person", "W", staff, 0.3, random)
    return {
        **_places(residents, random),
        "ratings": ratings.append_column("star", pa.array(random.integers(0, 6, len(ratings)))),
        "residents": _stays(residents, random),
        "assessments": assessments.append_column("ability", _drawn(ABILITIES, len(assessments), random)),
        "staff": _staff(residents, random),
        "certificates": certificates.append_column("level", _drawn(LEVELS, len(certificates), random)),
    }


def shares(residents: int, random: np.random.Generator) -> Tables:
    staff = _staff(residents, random)
    fen = pa.array(random.integers(200000, 900000, len(staff))).cast(pa.decimal128(19, 0))
    wages = pc.multiply(fen, pa.scalar(Decimal("0.01"), pa.decimal128(3, 2))).cast(pa.decimal128(10, 2))
    return {
        **_places(residents, random, {"grade": lambda n: random.integers(1, 6, n)}),
        "residents": _stays(residents, random),
        "staff": staff.append_column("wage", wages),
    }


FORMS: Mapping[str, Callable[[int, np.random.Generator], Tables]] = {
    "months": months,
    "stays": stays,
    "shares": shares,
}


# --- tables ------------------------------------------------------------------------------------------------------


def _facilities(residents: int) -> int:
    return max(residents // PER_FACILITY, 1)


def _places(
    residents: int, random: np.random.Generator, more: Mapping[str, Callable[[int], Numbers]] | None = None
) -> Tables:
    """Districts, facilities and the meals of each facility and month."""
    count = _facilities(residents)
    number = np.arange(count)
    facilities = {"facility": _names("F", number), "district": _names("D", number % DISTRICTS)}
    facilities |= {name: pa.array(make(count)) for name, make in (more or {}).items()}
    return {
        "districts": pa.table({"district": _names("D", np.arange(DISTRICTS))}),
        "facilities": pa.table(facilities),
        "meals": pa.table(
            {
                "meal": _names("E", np.arange(count * 12)),
                "facility": _names("F", np.repeat(number, 12)),
                "month": _choice(MONTHS, np.tile(np.arange(12), count)),
                "person_days": pa.array(random.integers(1, 900, count * 12)),
            }
        ),
    }


def _stays(residents: int, random: np.random.Generator) -> pa.Table:
    """A stay each; one person in five moves once, to another home, within the last two months."""
    moves = random.random(residents) < 0.2
    begins = np.where(random.random(residents) < 0.1, random.integers(1, 300, residents), -400)
    moved = random.integers(305, 360, residents)
    who = np.concatenate([np.arange(residents), np.flatnonzero(moves)])
    facilities = _facilities(residents)
    home = random.integers(0, facilities, residents)
    further = random.integers(1, max(facilities, 2), residents)
    first = np.concatenate([begins, moved[moves] + 1])
    last = np.concatenate([np.where(moves, moved, 10**6), np.full(int(moves.sum()), 10**6)])
    return pa.table(
        {
            "resident": _names("R", np.arange(len(who))),
            "person": _names("P", who),
            "facility": _names("F", np.concatenate([home, ((home + further) % facilities)[moves]])),
            "from": _days(first),
            "to": _days(last),
        }
    )


def _staff(residents: int, random: np.random.Generator) -> pa.Table:
    count = residents // PER_STAFF
    hired = random.integers(-2000, 200, count)
    left = np.where(random.random(count) < 0.1, random.integers(201, 364, count), 10**6)
    return pa.table(
        {
            "staff": _names("S", np.arange(count)),
            "person": _names("W", np.arange(count)),
            "facility": _names("F", random.integers(0, _facilities(residents), count)),
            "hired": _days(hired),
            "left": _days(left),
        }
    )


def _history(key: str, prefix: str, count: int, changing: float, random: np.random.Generator) -> pa.Table:
    """Whom or what, and from when; some have a second row that begins within the year."""
    changes = np.flatnonzero(random.random(count) < changing)
    who = np.concatenate([np.arange(count), changes])
    first = np.concatenate([np.full(count, -800), random.integers(1, 360, len(changes))])
    return pa.table({key: _names(prefix, who), "from": _days(first)})


# --- columns -----------------------------------------------------------------------------------------------------


def _names(prefix: str, numbers: Numbers) -> pa.Array:
    digits = pa.array(numbers).cast(pa.string())
    return pc.binary_join_element_wise(pa.scalar(prefix), digits, "")


def _choice(options: tuple[str, ...], which: Numbers) -> pa.Array:
    return pa.array(options).take(pa.array(which))


def _drawn(options: tuple[str, ...], count: int, random: np.random.Generator) -> pa.Array:
    return _choice(options, random.integers(0, len(options), count))


def _days(numbers: Numbers) -> pa.Array:
    """Days counted from the first of the year; a million is none."""
    return pa.array(np.where(numbers == 10**6, np.datetime64("NaT"), START + numbers.astype("timedelta64[D]")))
