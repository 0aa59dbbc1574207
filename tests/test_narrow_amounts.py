"""Amounts of periods under limits are held in whole numbers: what texts, blanks and counts make of them."""

from __future__ import annotations

import calendar
import datetime
from collections import Counter
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

import subsidy
from subsidy.budget.result import Result
from subsidy.engine.never_missing import is_never_missing
from subsidy.money import split, yuan_text
from tests.engines import on_each_engine

STAYS = [  # key, person, facility, first and last day
    ("R10", "P10", "F2", "2023-01-01", "2023-04-30"),
    ("R20", "P10", "F1", "2023-05-01", "2023-12-31"),
    ("R2", "P2", "F10", "2023-01-01", "2023-03-31"),
    ("R1", "P2", "F1", "2023-04-01", "2023-12-31"),
    ("R3", "P9", "F2", "2023-01-01", "2023-02-28"),
    ("R5", "P5", "F10", "2023-01-01", "2023-12-31"),
    ("R9", "P1", "F1", "2023-01-01", "2023-06-15"),  # the same rate and days in June
    ("R11", "P1", "F3", "2023-06-16", "2023-12-31"),
]
KEYS, PERSONS, PLACES, FIRST, LAST = zip(*STAYS, strict=True)
MOST = 100_001
AMOUNT = "round rate * days_present / days_in_month to fen half_up"


def schedule_of(folder: Path, limits: str, more: str = "") -> Any:
    file = folder / "care.yaml"
    file.write_text(
        f"""
schedule: cn/nowhere/care
document: {{number: 测试〔2023〕1号, issuer: 测试局, issued: 2023-01-01}}
in_force: {{from: 2023-01-01, to: 2023-12-31}}
revision: 1
place: CN-0000
payers: {{city: {{label: {{zh: 市级, en: city}}}}, district: {{label: {{zh: 区级, en: district}}, of: district}}}}
facts: {{facilities: {{grade: {{level: 1..3}}}}}}
values:
  rate: {{unit: yuan / person / month, by: [facility.grade], is: {{1: 100.01, 2: 133.37, 3: 99.99}}}}
  most: {{unit: yuan, is: {yuan_text(MOST)}}}
clauses:
  care: {{item: "1", for: residents, every: month, amount: "{AMOUNT}", split: {{city: 3, district: 4}}}}
{more}
limits:
{limits}
""",
        encoding="utf-8",
    )
    return subsidy.schedule(file)


def roster_of(**more: Any) -> subsidy.Roster:
    residents = {
        "resident": list(KEYS),
        "person": list(PERSONS),
        "facility": list(PLACES),
        "from": list(FIRST),
        "to": list(LAST),
    }
    return subsidy.Roster(
        districts=pa.table({"district": ["D1", "D2"], "name": ["甲区", "乙区"]}),
        facilities=pa.table(
            {"facility": ["F1", "F2", "F10", "F3"], "district": ["D1", "D2", "D1", "D2"], "type": ["institution"] * 4,
             "grade": [1, 2, 3, 1]}
        ),
        residents=pa.table(residents | more),
    )  # fmt: skip


def both_ways(schedule: Any, roster: subsidy.Roster, **options: Any) -> list[tuple[Counter[Any], Counter[Any]]]:
    """On each engine what each facility's entitlements come to, and what it is paid (in fen, by month)."""

    homes = dict(zip(KEYS, PLACES, strict=True))

    def sums() -> tuple[Counter[Any], Counter[Any]]:
        result: Result = subsidy.calculate(schedule, roster, 2023, **options)
        entitled, paid = Counter[Any](), Counter[Any]()
        for row in result.entitlements().to_dict("records"):
            entitled[homes[row["subject"]], row["period"]] += int(row["owed"] * 100)
        for row in result.payments().to_dict("records"):
            paid[row["facility"], row["accrued"]] += int(row["amount"] * 100)
        return +entitled, +paid

    return on_each_engine(sums)


RATES = {"F1": 10_001, "F2": 13_337, "F10": 9_999, "F3": 10_001}


def expected_of_a_yearly_ceiling(without: str = "") -> Counter[Any]:
    """The same by hand: a person's months in order of day and key share the ceiling."""
    asked: dict[str, list[tuple[int, str, str, int]]] = {}
    for key, person, place, *days in STAYS:
        first, last = map(datetime.date.fromisoformat, days)
        for month in range(first.month, last.month + 1):
            length = calendar.monthrange(2023, month)[1]
            begins = first.day if month == first.month else 1
            present = (last.day if month == last.month else length) - begins + 1
            unit = (2 * RATES[place] * present + length) // (2 * length)
            asked.setdefault(person, []).append((month, key, place, unit))
    asked.pop(without, None)
    found: Counter[Any] = Counter()
    for rows in asked.values():
        rows.sort()
        units = [unit for *_, unit in rows]
        if sum(units) > MOST:
            units = split(MOST, units)
        for (month, _, place, _), unit in zip(rows, units, strict=True):
            found[place, f"2023-{month:02}"] += unit
    return found


def test_a_yearly_ceiling_is_shared_in_order_of_keys(tmp_path: Path) -> None:
    schedule = schedule_of(
        tmp_path, '  yearly: {item: "2", among: [care], per: [person, year], at_most: most, when_short: pro_rata}'
    )
    expected = expected_of_a_yearly_ceiling()
    counted = {"count": [None] * 5 + [2] + [None] * 2, "person": [None if one == "P5" else one for one in PERSONS]}
    for entitled, paid in both_ways(schedule, roster_of()):
        assert entitled == paid == expected
    for entitled, paid in both_ways(schedule, roster_of(**counted)):
        assert entitled == paid
        of_two = Counter({("F10", f"2023-{month:02}"): 2 * RATES["F10"] for month in range(1, 13)})
        assert paid == expected_of_a_yearly_ceiling(without="P5") + of_two


def test_limits_after_one_another(tmp_path: Path) -> None:
    limits = """  one: {item: "2", among: [care], per: [person, month], keep: highest}
  yearly: {item: "3", among: [care], per: [person, year], at_most: most, when_short: in_order days_present}
  placed: {item: "4", among: [care], per: [facility, month], at_most: most, when_short: pro_rata}"""
    for entitled, paid in both_ways(schedule_of(tmp_path, limits), roster_of()):
        assert entitled == paid
        assert ("F1", "2023-06") in paid  # of P1 the smaller key is kept, R11
        assert paid["F3", "2023-06"] == (RATES["F3"] + 1) // 2


# --- amounts that are all known ---------------------------------------------------------------------------------------

SOLID = {"residents": frozenset({"facility"}), "facilities": frozenset({"grade"})}
WITH_BEDS = SOLID | {"facilities": frozenset({"grade", "beds_in_use"})}


@pytest.mark.parametrize(
    ("amount", "solid", "proved"),
    [
        ("rate", SOLID, True),
        ("(if facility.grade > 1 then rate else 0)", SOLID, True),
        ("rate", SOLID | {"residents": frozenset()}, False),
        ("rate", SOLID | {"facilities": frozenset()}, False),
        ("rate", {}, False),
        ("rate * (facility.grade / facility.grade)", SOLID, True),
        ("rate * (facility.beds_in_use / facility.beds_in_use)", WITH_BEDS, False),
    ],
)
def test_amounts_are_proved_to_be_known(tmp_path: Path, amount: str, solid: Any, proved: bool) -> None:
    schedule_of(tmp_path, "  {}")
    file = tmp_path / "care.yaml"
    file.write_text(file.read_text("utf-8").replace("round rate", f"round {amount}"), encoding="utf-8")
    version = subsidy.schedule(file).versions[-1]
    assert is_never_missing(version.clauses["care"], version, solid) is proved


def test_a_gap_in_a_value_is_no_proof(tmp_path: Path) -> None:
    schedule_of(tmp_path, "  {}")
    file = tmp_path / "care.yaml"
    file.write_text(file.read_text("utf-8").replace("3: 99.99", "3: none"), encoding="utf-8")
    version = subsidy.schedule(file).versions[-1]
    assert not is_never_missing(version.clauses["care"], version, SOLID)
