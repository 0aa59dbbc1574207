"""The explanations that are kept as texts in `tests/explanations`: what is calculated, which number is explained."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from test_results import ROWS
from xian import XIAN, calculated, facility, stay

from subsidy import Result, Roster, calculate, schedule
from subsidy.budget.cases import case_files, load_case, read_cases
from subsidy.finding import Language

FOLDER = Path(__file__).parent / "explanations"


@functools.cache
def xian() -> Result:
    """A small roster of Xi'an."""
    return calculate(XIAN, Roster(**ROWS), 2022, proceed=True)


@functools.cache
def counted() -> Result:
    """A home with twelve equal residents, and one whose ability is not known."""
    guests = stay("2022-02-01", "2022-03-10", person="", ability="semi_disabled") | {"count": "12"}
    unknown = stay("2022-02-01", "2022-03-10", key="U", person="Q", ability="")
    return calculated(facilities=[facility(star="3")], residents=[guests, unknown], proceed=True)


@functools.cache
def city(name: str, table: str, **row: str) -> Result:
    """Template City with one row."""
    return calculate(schedule(f"template-city/{name}", on="2023-01-01"), Roster(**{table: [row]}), 2024, proceed=True)


@functools.cache
def case(name: str) -> Result:
    """The result of the case of this English name."""
    files = case_files(Path(__file__).parent / "cases")
    (found,) = [one for file in files for one in read_cases(file) if one.model.name.en == name]
    return load_case(found)[1]


@dataclass(frozen=True)
class Explained:
    """What a text explains: an entitlement of a subject in a period, or (`is_line`) what is due to a payee on a day."""

    result: Callable[[], Result]
    clause: str
    whose: str
    when: str | None = None
    is_line: bool = False

    def text(self, language: Language) -> str:
        result = self.result()
        if self.is_line:
            return str(result.explain_payment(self.clause, self.whose, self.when or "", language))
        return str(result.explain(self.clause, self.whose, self.when or self.only_period(), language))

    def only_period(self) -> str:
        """The period of the first row of the subject."""
        rows = self.result().entitlements().itertuples()
        return min(row.period for row in rows if (row.clause, row.subject) == (self.clause, self.whose))


def of_case(name: str, clause: str, whose: str, when: str | None = None) -> Explained:
    return Explained(functools.partial(case, name), clause, whose, when)


HOME = {"home": "H", "opened": "2023-01-01"}
HOMES = functools.partial(city, "city", "homes", **HOME)
PENSIONERS = functools.partial(city, "city-people", "pensioners", pensioner="P")
FIRST_OF_TWO = "The first of two, three months at most, a ceiling of the year"
MOVER = "A mover's month goes to the home of more days"
FORMER_MEALS = "The district's own meals in place of the province's"

EXPLAINED = {
    "rate-by-keys": Explained(xian, "operating_grant", "R", "2022-02"),
    "head-count": Explained(counted, "operating_grant", "R", "2022-02"),
    "bands": Explained(functools.partial(HOMES, beds="200", used="119"), "occupancy", "H", "2023"),
    "slices": Explained(functools.partial(HOMES, area="urban", income="100000.15"), "levy_back", "H", "2023"),
    "rounding": Explained(functools.partial(HOMES, used="13", rank="third"), "weighted_beds", "H", "2023"),
    "converted-unit": Explained(functools.partial(HOMES, floor_area="119.99", beds="5"), "beds_by_area", "H", "2023"),
    "dated-figure": Explained(HOMES, "wage_linked", "H", "2024-03"),
    "cap-on-cost": of_case("Home adaptation: the lower of cost and cap, odd fen to the city", "home_adaptation", "H2"),
    "open-amount": Explained(xian, "centre_grant", "B"),
    "missing-cost": Explained(xian, "home_adaptation", "I"),
    "missing-category": Explained(counted, "operating_grant", "U", "2022-02"),
    "failed-condition": Explained(xian, "home_adaptation", "J"),
    "failed-threshold": Explained(functools.partial(PENSIONERS, entered="2023-01-18"), "fifteen_days", "P", "2023-01"),
    "failed-twice": Explained(functools.partial(HOMES, food="20", care="30"), "score_grant", "H", "2023"),
    "failed-date": of_case("The entry award: within a year of graduation, once per person", "entry_award", "S2"),
    "not-there": Explained(xian, "operating_grant", "R", "2022-06"),
    "replaced": of_case(FORMER_MEALS, "meal_subsidy", "M2"),
    "limit-most": of_case(MOVER, "operating_grant", "R1", "2022-03"),
    "limit-highest": Explained(xian, "bed_grant", "B"),
    "limit-pro-rata": of_case(
        "A ceiling over the province's and the district's, and who pays less", "care_allowance", "R"
    ),
    "limit-over-two": of_case("Insurance first, a share of the rest, a ceiling over both", "medical_help", "T"),
    "limit-in-order": of_case(FIRST_OF_TWO, "bathing", "P", "2023-11"),
    "limit-months": of_case(FIRST_OF_TWO, "respite", "P", "2023-11"),
    "limit-places": of_case("Ranks and places", "prizes", "E1"),
    "instalments": Explained(xian, "entry_award", "S"),
    "chunks": of_case("30,000 a year until it is used up", "centre", "J1"),
    "taken-back": of_case("Taken back on closing, less with each year, by the same payers", "bed_building", "J1"),
    "odd-fen": Explained(xian, "home_adaptation", "H", "2022-06-01", is_line=True),
    "line-of-several": Explained(
        functools.partial(case, "Operating grant: one line per home and month, divided once"),
        "operating_grant",
        "F",
        "2022-01-31",
        is_line=True,
    ),
    "named-parts": of_case("At least a fifth, at least 1,000, at most all", "playground", "J1"),
    "parts-in-steps": of_case("Parts in whole hundreds, the last takes the rest", "housing", "J"),
    "pot-pro-rata": of_case("A pot per district and year, pro rata, the rest to the district", "ramp", "J1"),
    "pot-in-order": of_case("In order of the day, the last one partly", "library", "J1"),
    "refund": of_case("Fixed shares, a refund with a cap, an envelope that only reports", "lift", "J1"),
    "by-factors": of_case("By factors: one at its floor", "transfer", "A"),
}
