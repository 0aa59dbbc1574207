"""A made-up city of elderly care on the map of Xi'an, 2020 to 2024: its districts and places. No number is real."""

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
    """Fill the tables of districts, operators, facilities, their stars, and hospitals."""
    for code, name, six_urban, _, _ in DISTRICTS:
        city.add("districts", district=code, name=name, six_urban=six_urban)
    add_operators(city)
    add_facilities(city)
    add_ratings(city)
    add_hospitals(city)


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
