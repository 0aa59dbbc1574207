"""What is wrong in the roster on purpose, one function for each trouble, with the findings it must give.

Rows that exist only for this have numbers from 9001 on, persons from P900001 on.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from city import Cell, City, Date, Row


@dataclass(frozen=True)
class Expected:
    """A finding that must come; `row` is None where what is missing is a whole row."""

    table: str
    row: Row | None
    column: str
    code: str
    subject: str
    severity: str = "error"


def plant(city: City) -> list[Expected]:
    """Plant every trouble; what must be found."""
    return [expected for trouble in TROUBLES for expected in trouble(city)]


def first(rows: Iterable[Row], **wanted: Cell) -> Row:
    return next(row for row in rows if all(row[column] == cell for column, cell in wanted.items()))


def rated(city: City, number: int) -> str:
    """The n-th institution with one rating only, and that of at least three stars."""
    ratings = city.tables["ratings"]
    times = [row["facility"] for row in ratings]
    good = [row for row in ratings if times.count(row["facility"]) == 1 and int(row["star"] or 0) >= 3]
    return str(good[number]["facility"])


def stay(city: City, number: int, person: int, facility: Cell, start: Date, end: Date | None, note: str) -> Row:
    return city.add(
        "residents", resident=f"R{number}", person=f"P{person}", facility=facility, **{"from": start}, to=end, note=note
    )


def assess(city: City, person: int, day: Date) -> None:
    city.add("assessments", person=f"P{person}", **{"from": day}, ability="semi_disabled")


# --- people --------------------------------------------------------------------------------------------------------


def plant_readmission(city: City) -> list[Expected]:
    """Back in the same home within the month: paid once, no finding."""
    assess(city, 900001, Date(2023, 1, 10))
    stay(city, 90001, 900001, rated(city, 0), Date(2023, 2, 1), Date(2023, 5, 9), "readmitted")
    stay(city, 90002, 900001, rated(city, 0), Date(2023, 5, 20), Date(2023, 11, 30), "left")
    return []


def plant_mover(city: City) -> list[Expected]:
    """Two homes in March: paid once, to the home of more days, no finding."""
    assess(city, 900002, Date(2022, 12, 1))
    stay(city, 90003, 900002, rated(city, 1), Date(2023, 1, 5), Date(2023, 3, 10), "moved")
    stay(city, 90004, 900002, rated(city, 2), Date(2023, 3, 11), None, "")
    return []


def plant_death(city: City) -> list[Expected]:
    """The stay ends on the first of June: June is the last month paid, no finding."""
    assess(city, 900003, Date(2022, 3, 1))
    stay(city, 90005, 900003, rated(city, 1), Date(2022, 3, 15), Date(2023, 6, 1), "death")
    return []


def plant_overlapping_stays(city: City) -> list[Expected]:
    """Two rows for one stay: the later row is refused."""
    assess(city, 900004, Date(2022, 5, 1))
    stay(city, 90006, 900004, rated(city, 3), Date(2022, 5, 2), Date(2023, 8, 31), "left")
    twice = stay(city, 90007, 900004, rated(city, 3), Date(2023, 4, 1), Date(2023, 12, 31), "left")
    return [Expected("residents", twice, "from", "overlapping-stays", "R90007")]


def plant_reversed_dates(city: City) -> list[Expected]:
    assess(city, 900005, Date(2023, 6, 1))
    row = stay(city, 90008, 900005, rated(city, 3), Date(2023, 9, 12), Date(2023, 6, 12), "left")
    return [Expected("residents", row, "to", "reversed-dates", "R90008")]


def plant_never_assessed(city: City) -> list[Expected]:
    """A resident without an assessment: no rate can be looked up."""
    stay(city, 90009, 900006, rated(city, 4), Date(2023, 2, 3), Date(2023, 7, 15), "left")
    return [Expected("assessments", None, "ability", "blank-cell", "R90009")]


def plant_second_job(city: City) -> list[Expected]:
    """One carer in two homes at a time: odd, and paid once a month."""
    one: Row = {"person": "P900007", "post": "carer", "full_time": True, "education": "college", "graduated": None}
    city.add("staff", **one, staff="S9001", facility=rated(city, 0), hired=Date(2020, 4, 1), left=None)
    two = city.add("staff", **one, staff="S9002", facility=rated(city, 1), hired=Date(2022, 1, 1), left=None)
    return [Expected("staff", two, "hired", "two-places", "S9002", "warning")]


def plant_mistyped_post(city: City) -> list[Expected]:
    row = first(city.tables["staff"], post="carer", left=None)
    row["post"] = "carrer"
    return [Expected("staff", row, "post", "unknown-category", str(row["staff"]))]


def plant_impossible_day(city: City) -> list[Expected]:
    row = first(city.tables["staff"], post="nurse", left=None)
    row["hired"] = "2021-02-30"
    return [Expected("staff", row, "hired", "no-such-day", str(row["staff"]))]


# --- places and money ----------------------------------------------------------------------------------------------


def plant_blank_star(city: City) -> list[Expected]:
    """Rated again in 2023, and nobody wrote down the stars: half a year of grants cannot be calculated."""
    home = rated(city, 5)
    city.add("ratings", facility=home, **{"from": Date(2023, 10, 1)}, star=4)
    row = city.add("ratings", facility=home, **{"from": Date(2023, 4, 1)}, star=None)
    return [Expected("ratings", row, "star", "blank-cell", home)]


def plant_home_without_beds(city: City) -> list[Expected]:
    """A home with 0 beds is refused, and so is all that refers to it."""
    model = first(city.facilities("institution"), facility=rated(city, 0))
    changes: Row = {"facility": "F9001", "name": "示例养老院901", "operator": None, "beds": 0}
    home = city.add("facilities", **{**model, **changes})
    rating = city.add("ratings", facility="F9001", **{"from": Date(2021, 1, 1)}, star=3)
    premium = city.add("premiums", premium="I9001", facility="F9001", year=2023, premium_paid="5000.00")
    expected = [
        Expected("facilities", home, "beds", "out-of-range", "F9001"),
        Expected("ratings", rating, "facility", "blocked-reference", "F9001", "warning"),
        Expected("premiums", premium, "facility", "blocked-reference", "I9001", "warning"),
    ]
    for number in (1, 2, 3):
        assess(city, 900010 + number, Date(2022, 1, 1))
        row = stay(city, 90010 + number, 900010 + number, "F9001", Date(2022, 1, number), None, "")
        expected.append(Expected("residents", row, "facility", "blocked-reference", f"R{90010 + number}", "warning"))
    return expected


def plant_absurd_beds(city: City) -> list[Expected]:
    row = first(city.tables["projects"], kind="institution", public_money=False)
    row["beds"] = 50_000
    return [Expected("projects", row, "beds", "out-of-range", str(row["project"]))]


def plant_absurd_cost(city: City) -> list[Expected]:
    row = first(city.tables["households"], group="subsistence", area="urban")
    row["actual_cost"] = "38500000"
    return [Expected("households", row, "actual_cost", "out-of-range", str(row["household"]))]


def plant_blank_cost(city: City) -> list[Expected]:
    """Accepted, in need, and no cost: not the cap, but a finding."""
    rows = city.tables["households"]
    row = next(row for row in rows if row["group"] == "destitute_scattered" and row["very_old"] and row["accepted"])
    row["actual_cost"] = None
    return [Expected("households", row, "actual_cost", "blank-cell", str(row["household"]))]


def plant_unknown_district(city: City) -> list[Expected]:
    row = first(city.tables["households"], group="lifted_from_poverty")
    row["district"] = "CN-610199"
    return [Expected("households", row, "district", "unknown-reference", str(row["household"]))]


def plant_above_cap(city: City) -> list[Expected]:
    """A centre is approved at more than the printed cap of 1,500,000 yuan."""
    row = next(row for row in city.tables["projects"] if row["kind"] == "centre" and row["accepted"])
    row["approved"] = 1_800_000
    return [Expected("projects", row, "approved", "outside-policy-range", str(row["project"]))]


def plant_below_floor(city: City) -> list[Expected]:
    """A station is assessed at less than the printed 15,000 yuan."""
    row = first(city.tables["operations"], kind="station", operating=True, year=2023)
    row["assessed"] = 9_000
    return [Expected("operations", row, "assessed", "outside-policy-range", str(row["operation"]))]


TROUBLES: tuple[Callable[[City], list[Expected]], ...] = (
    plant_readmission,
    plant_mover,
    plant_death,
    plant_overlapping_stays,
    plant_reversed_dates,
    plant_never_assessed,
    plant_second_job,
    plant_mistyped_post,
    plant_impossible_day,
    plant_blank_star,
    plant_home_without_beds,
    plant_absurd_beds,
    plant_absurd_cost,
    plant_blank_cost,
    plant_unknown_district,
    plant_above_cap,
    plant_below_floor,
)
