"""A small town with two versions of its grants, and rosters and payments for settling them."""

from __future__ import annotations

import datetime
from pathlib import Path
from typing import Any

from subsidy import Result, Roster, Settlement, calculate, schedule

BASE = """\
schedule: test/town
document: {number: 测〔2023〕1号, issuer: 某市民政局, issued: 2022-12-01}
in_force: {from: 2023-01-01}
revision: 1
place: CN-000000
payers:
  city: {label: {zh: 市级财政, en: city}}
  district: {label: {zh: 区县财政, en: district}, of: district}
values:
  rate: {item: "1", unit: yuan / person / month, is: 100}
  opening: {item: "2", unit: yuan, is: 900}
  thirds: {item: "2", unit: percent, by: [instalment], is: {1: 30%, 2: 30%, 3: 40%}}
clauses:
  care:
    item: "1"
    label: {zh: 运营补助, en: Operating grant}
    for: residents
    every: month
    when: days_present >= 1
    amount: rate
    split: {city: 5, district: 5}
  opening_gift:
    item: "2"
    label: {zh: 开办补助, en: Opening grant}
    for: projects
    every: once
    dated: accepted
    amount: opening
    pay: {to: facility, shares: thirds, every: year}
    split: {city: 1}
limits:
  one_home: {item: "1", among: [care], per: [person, month], keep: most days_present}
"""
RAISED = """\
schedule: test/town
document: {number: 测〔2024〕6号, issuer: 某市民政局, issued: 2024-06-15}
in_force: {from: 2024-01-01}
revision: 1
amends: 2023-01-01
changes: {values.rate.is: 150}
"""
CORRECTED = """\
schedule: test/town
document: {number: 测〔2024〕9号, issuer: 某市民政局, issued: 2024-09-10}
in_force: {from: 2024-01-01}
revision: 1
amends: 2024-01-01
changes: {values.rate.is: 140}
"""
FILES = {"2023-01-01": BASE, "2024-01-01": RAISED, "2024-01-01.2024-09-10": CORRECTED}

JUNE = datetime.date(2024, 6, 30)

Rows = dict[str, list[dict[str, str]]]


def town(folder: Path, **texts: str) -> Path:
    """A folder with the versions of the town's schedule: only the first, or those named `raised`, `corrected`."""
    folder.mkdir(exist_ok=True)
    for name, text in {"base": BASE, **texts}.items():
        stem = {"base": "2023-01-01", "raised": "2024-01-01", "corrected": "2024-01-01.2024-09-10"}[name]
        (folder / f"{stem}.yaml").write_text(text, encoding="utf-8")
    return folder


def stay(key: str, home: str = "F", first: str = "2024-01-01", last: str = "", person: str = "") -> dict[str, str]:
    return {"resident": key, "person": person or f"P{key}", "facility": home, "from": first, "to": last}


def rows(*stays: dict[str, str], **more: Any) -> Rows:
    homes = [{"facility": name, "district": "D" if name == "F" else "E", "type": "institution"} for name in "FGH"]
    districts = [{"district": name, "name": name} for name in "DE"]
    return {"districts": districts, "facilities": homes, "residents": list(stays), **more}


def result(
    folder: Path, *stays: dict[str, str], known_on: str | None = None, proceed: bool = False, **more: Any
) -> Result:
    return calculate(schedule(folder, known_on=known_on), Roster(**rows(*stays, **more)), 2024, proceed=proceed)


def months(first: int, last: int) -> list[str]:
    return [f"2024-{month:02d}" for month in range(first, last + 1)]


def first_half(folder: Path, saved: Path) -> Path:
    """A ledger of two residents, paid until June."""
    result(folder, stay("A"), stay("B", "G")).save_ledger(saved, until=JUNE)
    return saved


def told(settlement: Settlement) -> dict[tuple[str, ...], str]:
    """The differences by subject, payee and period, in yuan."""
    lines = settlement.to_dict()["entitlements"]["lines"]
    return {
        (line["subject"], line["payee"], line["period"]): _signed(line["arrears"], line["recovery"]) for line in lines
    }


def borne(settlement: Settlement) -> dict[str, str]:
    """The differences by payer, in yuan."""
    return {entry["payer"]: entry["net"] for entry in settlement.to_dict()["by_payer"]}


def _signed(arrears: str, recovery: str) -> str:
    return arrears if recovery == "0.00" else f"-{recovery}"
