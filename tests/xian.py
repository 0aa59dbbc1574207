"""Xi'an's schedule, and small rosters and the whole city of the example calculated against it."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import Any

from subsidy import Result, Roster, Schedule, calculate, read_roster, schedule
from subsidy.budget.cells import Basis

ID = "cn/xian/elderly-care"
FILE = Path(__file__).parent.parent / "schedules" / ID / "2021-11-05.yaml"
XIAN = schedule(ID)
EXAMPLE = Path(__file__).parent.parent / "examples" / "xian"

Row = dict[str, Any]
Tables = dict[str, Any]
DISTRICT: Row = {"district": "D", "name": "甲区", "six_urban": "yes"}


def facility(key: str = "F", **more: str) -> Row:
    return {"facility": key, "district": "D", "type": "institution", **more}


def stay(first: str, last: str = "", key: str = "R", person: str = "P", home: str = "F", **more: str) -> Row:
    return {"resident": key, "person": person, "facility": home, "from": first, "to": last, **more}


def carer(hired: str, left: str = "", key: str = "S", person: str = "P", **more: str) -> Row:
    row = {"staff": key, "person": person, "facility": "F", "hired": hired, "left": left}
    return {**row, "post": "carer", "full_time": "yes", "education": "other", **more}


def project(kind: str, **more: str) -> Row:
    return {"project": "B", "district": "D", "kind": kind, "accepted": "2022-06-01", **more}


def household(**more: str) -> Row:
    row = {"household": "H", "district": "D", "area": "rural", "group": "subsistence", "accepted": "2022-06-01"}
    return {**row, "very_old": "no", "disabled": "yes", "handicapped": "no", **more}


def roster(**tables: Any) -> Roster:
    """A roster of these rows and the district D."""
    return Roster(**{"districts": [DISTRICT], **tables})


def calculated(
    year: int = 2022, *, by: Schedule = XIAN, basis: Basis = "due", proceed: bool = False, **tables: Any
) -> Result:
    return calculate(by, roster(**tables), year, basis=basis, proceed=proceed)


@functools.cache
def city() -> Roster:
    """The roster of the example: it is read once for all test files of a process."""
    return read_roster(EXAMPLE / "roster")


@functools.cache
def city_result() -> Result:
    """The budget of the example, calculated once as well."""
    return calculate(XIAN, city(), 2023, proceed=True)


@functools.cache
def city_entitlements() -> Any:
    """Its ledger as a frame, which nobody may change."""
    return city_result().entitlements()


def rows_of(frame: Any) -> list[Any]:
    """The rows of a frame, with columns as attributes."""
    return list(frame.itertuples())


def paid(result: Result) -> dict[str, str]:
    """What each payer pays in the reported year; payers of nothing are left out."""
    return {entry["payer"]: entry["amount"] for entry in result.to_dict()["by_payer"] if entry["amount"] != "0.00"}


def owed(result: Result, clause: str) -> dict[tuple[str, str], str]:
    """Amounts above 0 of a clause, of all years, by subject and period."""
    frame = result.entitlements()
    rows = frame[(frame["clause"] == clause) & (frame["owed"] > 0)]
    return {(row.subject, row.period): str(row.owed) for row in rows_of(rows)}


def status(result: Result, clause: str, subject: str, period: str) -> tuple[str, str]:
    """State and reason of one entitlement."""
    frame = result.entitlements()
    (row,) = rows_of(frame[(frame["clause"] == clause) & (frame["subject"] == subject) & (frame["period"] == period)])
    return row.state, row.reason


def instalments(result: Result, clause: str) -> list[tuple[str, str]]:
    """Due day and amount of every payment of a clause."""
    frame = result.payments()
    return [(row.due, str(row.amount)) for row in rows_of(frame[frame["clause"] == clause])]
