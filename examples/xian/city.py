"""A made-up city of elderly care on the map of Xi'an: places, money and papers of 2022 to 2024. No number is real."""

from __future__ import annotations

import datetime
from dataclasses import dataclass, field
from random import Random
from typing import Any

Date = datetime.date
Cell = str | int | bool | Date | None
Row = dict[str, Any]

YEARS = (2022, 2023, 2024)
END = Date(2024, 12, 31)
DISTRICTS = (  # code, name, one of the six urban districts, how much of the city it has, mostly rural
    ("CN-610102", "新城区", True, 7, False),
    ("CN-610103", "碑林区", True, 8, False),
    ("CN-610104", "莲湖区", True, 8, False),
    ("CN-610111", "灞桥区", True, 7, False),
    ("CN-610112", "未央区", True, 8, False),
    ("CN-610113", "雁塔区", True, 9, False),
    ("CN-610114", "阎良区", False, 4, False),
    ("CN-610115", "临潼区", False, 6, True),
    ("CN-610116", "长安区", False, 8, False),
    ("CN-610117", "高陵区", False, 4, True),
    ("CN-610118", "鄠邑区", False, 5, True),
    ("CN-610122", "蓝田县", False, 5, True),
    ("CN-610124", "周至县", False, 5, True),
    ("XA-GX", "高新区", False, 5, False),
    ("XA-JK", "经开区", False, 3, False),
    ("XA-QJ", "曲江新区", False, 2, False),
    ("XA-CB", "浐灞生态区", False, 2, False),
    ("XA-HT", "航天基地", False, 1, False),
    ("XA-GW", "国际港务区", False, 1, False),
    ("XA-HK", "航空基地", False, 1, False),
)
SIX_URBAN = [code for code, _, six_urban, _, _ in DISTRICTS if six_urban]
RURAL = [code for code, _, _, _, rural in DISTRICTS if rural]
FACILITIES = {  # how many of each type, and what they are called
    "institution": (112, "示例养老院"),
    "rural_home": (14, "示例敬老院"),
    "centre": (40, "示例综合养老服务中心"),
    "station": (66, "示例社区养老服务站"),
    "mutual_aid_home": (30, "示例农村互助幸福院"),
    "meal_point": (48, "示例助餐点"),
}
HOMES = ("institution", "rural_home")
CHAINS = (  # institutions, community facilities, good quality, evaluated
    (5, 2, True, Date(2022, 6, 20)),
    (3, 0, True, Date(2022, 11, 8)),
    (1, 12, True, Date(2023, 3, 15)),
    (0, 10, True, Date(2023, 9, 1)),
    (4, 4, True, Date(2024, 5, 30)),
    (2, 9, True, Date(2022, 9, 9)),  # too small
    (6, 1, False, Date(2023, 4, 18)),  # large, but not good
    (3, 5, True, None),  # not evaluated
)
SMALL_OPERATORS = 30
CAPS = {("centre", "new"): 1_500_000, ("centre", "converted"): 1_500_000, ("station", "new"): 600_000,
        ("station", "converted"): 300_000, ("meal_point", "new"): 100_000}  # fmt: skip


@dataclass
class City:
    """The tables, filled one after the other from one source of chance."""

    rng: Random
    tables: dict[str, list[Row]] = field(default_factory=dict)

    def add(self, table: str, **cells: Cell) -> Row:
        self.tables.setdefault(table, []).append(cells)
        return cells

    def next_code(self, table: str, letter: str, width: int = 4) -> str:
        return f"{letter}{len(self.tables.get(table, [])) + 1:0{width}}"

    def chance(self, percent: int) -> bool:
        return self.rng.randrange(100) < percent

    def day(self, first: Date, last: Date) -> Date:
        return first + datetime.timedelta(days=self.rng.randint(0, (last - first).days))

    def day_in(self, year: int) -> Date:
        return self.day(Date(year, 1, 1), Date(year, 12, 31))

    def pick(self, weights: dict[str, int]) -> str:
        return self.rng.choices(list(weights), list(weights.values()))[0]

    def yuan(self, low: int, high: int) -> str:
        """An amount with fen."""
        fen = self.rng.randint(low * 100, high * 100)
        return f"{fen // 100}.{fen % 100:02}"

    def district(self) -> str:
        return self.pick({code: weight for code, _, _, weight, _ in DISTRICTS})

    def facilities(self, *types: str) -> list[Row]:
        return [row for row in self.tables["facilities"] if row["type"] in types]


def build_places(city: City) -> None:
    """Fill every table about places and papers; people come after them."""
    for code, name, six_urban, _, _ in DISTRICTS:
        city.add("districts", district=code, name=name, six_urban=six_urban)
    add_operators(city)
    add_facilities(city)
    add_ratings(city)
    add_hospitals(city)
    add_projects(city)
    add_households(city)
    add_operations_and_meals(city)
    add_awards(city)
    add_premiums_and_taxes(city)
    add_medical_care(city)
    add_traineeships(city)
    add_lottery(city)


# --- who and where -------------------------------------------------------------------------------------------------


def add_operators(city: City) -> None:
    for _, _, good_quality, evaluated in CHAINS:
        code = city.next_code("operators", "O")
        city.add(
            "operators", operator=code, name=f"示例养老集团{code[-3:]}", good_quality=good_quality, evaluated=evaluated
        )
    for _ in range(SMALL_OPERATORS):
        code = city.next_code("operators", "O")
        evaluated = city.day_in(2023) if city.chance(20) else None
        name, is_good = f"示例服务中心{code[-3:]}", city.chance(70)
        city.add("operators", operator=code, name=name, good_quality=is_good, evaluated=evaluated)


def add_facilities(city: City) -> None:
    owners = operators_by_type(city)
    for kind, (count, name) in FACILITIES.items():
        for number in range(1, count + 1):
            add_facility(city, kind, f"{name}{number:03}", owners[kind in HOMES].pop())


def operators_by_type(city: City) -> dict[bool, list[str | None]]:
    """An operator for every home (True) and every community facility (False): the chains' first, then small ones."""
    codes = [str(row["operator"]) for row in city.tables["operators"]]
    small = codes[len(CHAINS) :]
    owners: dict[bool, list[str | None]] = {}
    for is_home in (True, False):
        places = sum(count for kind, (count, _) in FACILITIES.items() if (kind in HOMES) == is_home)
        chains = [
            code for code, (homes, others, _, _) in zip(codes, CHAINS, strict=False)
            for _ in range(homes if is_home else others)
        ]  # fmt: skip
        pairs = small * 2 if is_home else small * 3
        alone: list[str | None] = [None] * (places - len(chains) - len(pairs))
        owners[is_home] = [*chains, *pairs, *alone]
        city.rng.shuffle(owners[is_home])
    return owners


def add_facility(city: City, kind: str, name: str, operator: str | None) -> None:
    in_the_country = kind in ("rural_home", "mutual_aid_home")
    district = city.rng.choice(RURAL) if in_the_country else city.district()
    beds: int | None = None
    if kind in ("institution", "rural_home"):
        beds = city.rng.choice((30, 40, 50, 60, 80, 100, 120))
    elif kind in ("centre", "station", "mutual_aid_home"):
        beds = city.rng.randint(*{"centre": (30, 60), "station": (10, 20), "mutual_aid_home": (8, 15)}[kind])
    city.add(
        "facilities",
        facility=city.next_code("facilities", "F"),
        name=name,
        district=district,
        operator=operator,
        type=kind,
        profit_status="non_profit" if in_the_country or city.chance(60) else "for_profit",
        public_money=kind == "rural_home" or city.chance(25),
        basic_care=kind == "rural_home" or city.chance(45),
        registered=city.chance(97),
        filed=city.chance(93),
        area="rural" if in_the_country or (district in RURAL and city.chance(40)) else "urban",
        floor_area=(beds or 4) * city.rng.randint(28, 42),
        beds=beds,
        nursing_beds=None if beds is None else beds * city.rng.randint(30, 80) // 100,
        foreign_capital=city.chance(3),
    )


def add_ratings(city: City) -> None:
    """Every home and centre has stars from before the policy's first day, 0 for none; many are rated again."""
    for row in city.facilities("institution", "rural_home", "centre"):
        is_home = row["type"] in HOMES
        star = city.rng.choices((0, 1, 2, 3, 4, 5), (15, 10, 22, 30, 15, 8) if is_home else (80, 5, 10, 5, 0, 0))[0]
        city.add("ratings", facility=row["facility"], **{"from": city.day_in(2020)}, star=star)
        day = city.day_in(2021)
        while city.chance(40):
            day = city.day(day + datetime.timedelta(days=270), day + datetime.timedelta(days=720))
            if day > END:
                break
            star = min(5, max(0, star + city.rng.choice((-1, 1, 1))))
            city.add("ratings", facility=row["facility"], **{"from": day}, star=star)


def add_hospitals(city: City) -> None:
    levels = {"unclassified": 12, "level_1": 60, "level_2": 44, "level_3": 14, "level_3_a": 10}
    for level, count in levels.items():
        for _ in range(count):
            code = city.next_code("hospitals", "H", 3)
            city.add(
                "hospitals", hospital=code, name=f"示例医院{code[1:]}", district=city.district(), hospital_level=level
            )


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
