"""What the made-up city has reached of its plan: tasks, beds and people, new estates, shares and counts by year."""

from __future__ import annotations

from random import Random

from city import YEARS, City

SEED = 4  # chance of its own: the other tables stay as they are
SHARES = {  # what is reached in 2022 and gained each year, in percent
    "urban_coverage": (88, 3),
    "urban_communities_with_station": (90, 5),
    "urban_streets_with_centre": (75, 10),
    "districts_with_model_home": (60, 25),
    "centre_coverage": (45, 9),
    "estates_up_to_standard": (94, 3),
    "homes_adapted": (97, 1),
    "stations_run_by_society": (66, 4),
    "meals_coverage": (58, 8),
    "geriatric_departments": (49, 6),
    "primary_care_nursing_beds": (27, 3),
    "three_star_institutions": (52, 5),
    "rural_coverage": (78, 4),
    "staff_trained": (96, 2),
}
COUNTS = {
    "geriatric_hospitals": 1,
    "friendly_medical_institutions": 190,
    "smart_bases": 2,
    "smart_streets": 3,
    "smart_enterprises": 4,
    "chains": 3,
    "property_companies": 3,
    "property_models": 1,
    "schools": 4,
    "integration_bases": 4,
    "training_bases": 9,
}
TASKS = (("centre", "new", 40), ("station", "new", 130), ("station", "converted", 150), ("age_friendly", "new", 190))


def build_goals(city: City) -> None:
    """Fill the tables that the targets of the plan are measured on."""
    rng = Random(SEED)
    add_plan(city)
    add_stock(city, rng)
    add_estates(city, rng)
    add_indicators(city, rng)


def add_plan(city: City) -> None:
    city.add("plan_totals", plan_total="2022", year=2022)
    for kind, build_mode, planned in TASKS:
        task = city.next_code("plan", "J", 2)
        city.add("plan", task=task, plan_total="2022", year=2022, kind=kind, build_mode=build_mode, planned=planned)


def add_stock(city: City, rng: Random) -> None:
    for number, year in enumerate(YEARS):
        beds = 30_000 + 2_500 * number
        city.add(
            "stock", stock=f"city {year}", district=None, year=year, elders=1_600_000 + 40_000 * number,
            inhabitants=9_000_000, beds=beds, nursing_beds=beds * (50 + 4 * number) // 100, public_beds=9_000,
            new_beds=2_500, new_nursing_beds=rng.randint(1_500, 2_300), social_workers=1_500 + 120 * number,
            care_land=1_200_000, land_supplied=rng.randint(260, 340),
        )  # fmt: skip


def add_estates(city: City, rng: Random) -> None:
    districts = [row["district"] for row in city.tables["districts"]]
    for year in YEARS:
        for _ in range(12):
            households = rng.randint(200, 3_000)
            city.add(
                "housing", estate=city.next_code("housing", "E", 3), district=rng.choice(districts), year=year,
                households_there=households, care_area=households * rng.randint(17, 26) // 100,
            )  # fmt: skip


def add_indicators(city: City, rng: Random) -> None:
    for number, year in enumerate(YEARS):
        for kind, (reached, gained) in SHARES.items():
            whole = rng.randint(100, 900)
            city.add(
                "indicator_shares", indicator_share=city.next_code("indicator_shares", "G", 3), district=None,
                year=year, kind=kind, numerator=whole * min(reached + gained * number, 100) // 100, denominator=whole,
            )  # fmt: skip
        for kind, achieved in COUNTS.items():
            code = city.next_code("indicator_counts", "N", 3)
            city.add("indicator_counts", indicator_count=code, district=None, year=year, kind=kind, achieved=achieved)
