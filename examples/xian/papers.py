"""The papers of the made-up city: projects, households, yearly operations, premiums, taxes, medical care, lottery."""

from __future__ import annotations

from city import DISTRICTS, HOMES, RURAL, SIX_URBAN, YEARS, City, Row

CAPS = {("centre", "new"): 1_500_000, ("centre", "converted"): 1_500_000, ("station", "new"): 600_000,
        ("station", "converted"): 300_000, ("meal_point", "new"): 100_000}  # fmt: skip


def build_papers(city: City) -> None:
    """Fill every table that is about neither places nor persons; the places must be there."""
    add_projects(city)
    add_households(city)
    add_operations_and_meals(city)
    add_awards(city)
    add_premiums_and_taxes(city)
    add_medical_care(city)
    add_traineeships(city)
    add_lottery(city)


# --- construction --------------------------------------------------------------------------------------------------


def add_projects(city: City) -> None:
    for kind, share in (("institution", 45), ("centre", 85), ("station", 80), ("meal_point", 85), ("rural_home", 80)):
        for facility in city.facilities(kind):
            if city.chance(share):
                add_project(city, kind, facility)
    for _ in range(16):
        district = city.rng.choice(SIX_URBAN) if city.chance(80) else city.district()
        add_project(city, "home_care_beds", {"facility": None, "district": district, "beds": city.rng.randint(10, 60)})


def add_project(city: City, kind: str, facility: Row) -> None:
    build_mode = "new" if city.chance(55) and kind not in ("rural_home", "home_care_beds") else "converted"
    beds = int(facility["beds"] or 0) if kind in ("institution", "centre", "home_care_beds") else 0
    if kind == "institution":
        beds = beds * city.rng.randint(30, 100) // 100
    cap = CAPS.get((kind, build_mode), 0)
    assessed = cap and city.chance(82)
    city.add(
        "projects",
        project=city.next_code("projects", "J"),
        facility=facility["facility"],
        district=facility["district"],
        kind=kind,
        build_mode=build_mode,
        accepted=city.day_in(city.rng.choice(YEARS)) if city.chance(90) else None,
        public_money=city.chance({"institution": 20, "centre": 40, "rural_home": 100}.get(kind, 30)),
        beds=beds or None,
        actual_investment=city.yuan(150_000, 2_500_000) if kind == "rural_home" else city.rng.randint(5, 400) * 10_000,
        meets_standard=city.chance(92),
        approved=cap * city.rng.randint(5, 20) // 20 if assessed else None,
    )


def add_households(city: City) -> None:
    groups = {"destitute_scattered": 20, "lifted_from_poverty": 22, "subsistence": 38, "low_income": 14, "other": 6}
    for _ in range(2400):
        district = city.district()
        is_rural = city.chance(75 if district in RURAL else 5)
        city.add(
            "households",
            household=city.next_code("households", "Z"),
            district=district,
            area="rural" if is_rural else "urban",
            group=city.pick(groups),
            very_old=city.chance(55),
            disabled=city.chance(35),
            handicapped=city.chance(25),
            accepted=city.day_in(city.rng.choice(YEARS)) if city.chance(94) else None,
            actual_cost=city.yuan(900, 3200) if is_rural else city.yuan(2200, 6800),
        )


# --- operating -----------------------------------------------------------------------------------------------------


def add_operations_and_meals(city: City) -> None:
    for facility in city.facilities("station", "mutual_aid_home"):
        kind = str(facility["type"])
        floor, ceiling = (15, 100) if kind == "station" else (15, 25)
        for year in YEARS:
            city.add(
                "operations",
                operation=city.next_code("operations", "Q"),
                facility=facility["facility"],
                year=year,
                kind=kind,
                operating=city.chance(93),
                assessed=None if year == 2024 and city.chance(50) else city.rng.randint(floor, ceiling) * 1000,
            )
    for facility in city.facilities("meal_point", "centre"):
        if facility["type"] == "centre" and city.chance(60):
            continue
        opened, a_day = city.rng.randint(0, 17), city.rng.randint(12, 90)
        for month in range(opened, 36):
            city.add(
                "meals",
                meal=city.next_code("meals", "M"),
                facility=facility["facility"],
                month=f"{2022 + month // 12}-{month % 12 + 1:02}",
                person_days=a_day * city.rng.randint(20, 31),
            )


def add_awards(city: City) -> None:
    kinds = {"national_standard": 8, "industry_standard": 10, "local_standard": 34, "pilot": 26}
    for kind, count in kinds.items():
        is_pilot = kind == "pilot"
        for number in range(1, count + 1):
            code = f"{kind.split('_')[0].upper()}-{number - (number % 7 == 0):03}"  # every seventh standard twice
            city.add(
                "awards",
                award=city.next_code("awards", "W", 3),
                district=city.district(),
                kind=kind,
                awarded=city.day_in(city.rng.choice(YEARS)) if city.chance(92) else None,
                city_organisation=city.chance(90),
                standard=None if is_pilot else code,
                first_drafter=not is_pilot and city.chance(70),
                passed=is_pilot and city.chance(80),
                assessed=city.rng.randint(4, 10) * 10_000 if is_pilot and city.chance(70) else None,
            )


def add_premiums_and_taxes(city: City) -> None:
    for facility in city.facilities(*HOMES, "centre"):
        for year in YEARS:
            if city.chance(80):
                beds = int(facility["beds"] or 0)
                city.add(
                    "premiums", premium=city.next_code("premiums", "I"), facility=facility["facility"], year=year,
                    premium_paid=city.yuan(beds * 60, beds * 180),
                )  # fmt: skip
    for facility in city.facilities(*HOMES, "station"):
        is_home = facility["type"] in HOMES
        care = ("vat", "care_service") if is_home else ("vat", "community_care")
        due = [care, ("property_tax", "own_use" if is_home else "community_care")]
        due += [("income_tax", "qualifying_income" if is_home else "community_care")] if city.chance(40) else []
        due += [(fee, "construction") for fee in ("termite_fee", "air_defence_fee") if is_home and city.chance(12)]
        due += [("infrastructure_fee", "community_care")] if not is_home and city.chance(10) else []
        due += [("deed_tax", "other")] if city.chance(5) else []
        for kind, purpose in due:
            add_tax(city, facility, kind, purpose, city.rng.choice(YEARS))


def add_tax(city: City, facility: Row, kind: str, purpose: str, year: int) -> None:
    has_income = kind == "income_tax"
    city.add(
        "taxes",
        tax=city.next_code("taxes", "T"),
        facility=facility["facility"],
        year=year,
        kind=kind,
        purpose=purpose,
        due=city.yuan(500, 60_000),
        revenue=city.yuan(200_000, 3_000_000) if has_income else None,
        income_tax_rate=city.rng.choice(("20%", "25%")) if has_income else None,
        shelter_impossible=city.chance(50) if kind == "air_defence_fee" else None,
    )


# --- medical care, staff rounds, lottery ---------------------------------------------------------------------------


def add_medical_care(city: City) -> None:
    """Far more than the envelope of 30 million yuan in 2022 and 2023 together, and as much again in 2024."""
    by_level: dict[str, list[Row]] = {}
    for hospital in city.tables["hospitals"]:
        by_level.setdefault(str(hospital["hospital_level"]), []).append(hospital)
    for kind, level, count in (("demonstration_base", "level_3_a", 7), ("conversion", "level_2", 10)):
        for hospital in city.rng.sample(by_level[level], count):
            add_medical_project(city, kind, hospital=hospital)
    for hospital in city.tables["hospitals"]:
        for _ in range(city.rng.choices((0, 1, 2), (20, 76, 4))[0]):  # recognised twice, rewarded once
            add_medical_project(city, "age_friendly", hospital=hospital)
    units = {"clinic": 26, "consulting_room": 20, "nursing_post": 14, "rehabilitation_centre": 8, "nursing_centre": 10,
             "geriatric_hospital": 4, "general_hospital": 3}  # fmt: skip
    for _ in range(66):
        add_medical_project(city, city.pick(units), facility=city.rng.choice(city.facilities(*HOMES)))
    near = {str(row["hospital"]): row for row in city.tables["hospitals"] if row["hospital_level"] != "unclassified"}
    for facility in city.facilities(*HOMES):
        partners = [code for code, row in near.items() if row["district"] == facility["district"]] or list(near)
        partner = city.rng.choice(partners)
        for year in YEARS:
            for _ in range(city.rng.choices((0, 1, 2), (12, 85, 3))[0]):  # two papers are one agreement
                city.add(
                    "agreements", agreement=city.next_code("agreements", "A"), hospital=partner,
                    facility=facility["facility"], year=year, fulfilled=city.chance(91),
                )  # fmt: skip


def add_medical_project(city: City, kind: str, hospital: Row | None = None, facility: Row | None = None) -> None:
    place = hospital or facility or {}
    city.add(
        "medical_projects",
        medical_project=city.next_code("medical_projects", "Y"),
        hospital=hospital["hospital"] if hospital else None,
        facility=facility["facility"] if facility else None,
        district=place["district"],
        kind=kind,
        completed=city.day_in(city.rng.choice(YEARS)) if city.chance(95) else None,
    )


def add_traineeships(city: City) -> None:
    for facility in city.rng.sample(city.facilities("institution"), 50):
        trainees = city.rng.randint(4, 24)
        city.add(
            "traineeships",
            traineeship=city.next_code("traineeships", "X", 3),
            facility=facility["facility"],
            ended=city.day_in(city.rng.choice(YEARS)),
            trainees=trainees,
            kept=city.rng.randint(trainees // 4, trainees),
        )


def add_lottery(city: City) -> None:
    governments: list[tuple[str, str | None]] = [("city", None)]
    governments += [("county", code) for code, *_ in DISTRICTS if code.startswith("CN-")]
    for government, district in governments:
        for year in YEARS:
            retained = city.rng.randint(40, 90) * (1_000_000 if government == "city" else 50_000)
            city.add(
                "lottery", account=city.next_code("lottery", "L", 3), government=government, district=district,
                year=year, retained=retained, elderly_care=retained * city.rng.randint(50, 72) // 100,
            )  # fmt: skip
