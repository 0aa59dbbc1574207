"""The whole way: schedules and a roster in, a result out."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from subsidy.budget.cells import Basis, Calculated
from subsidy.budget.checked import checked
from subsidy.budget.payments import make_payments
from subsidy.budget.receipt import make_receipt
from subsidy.budget.result import Result
from subsidy.engine.cells import End
from subsidy.engine.checks import CheckReport
from subsidy.engine.database import Engine
from subsidy.engine.findings import blank_cells, outside_ranges
from subsidy.engine.run import Prepared, check_engine, prepare
from subsidy.engine.run import calculate as run_engine
from subsidy.engine.take_in import taken_in_cluster, taken_in_place
from subsidy.finding import Finding, Place, Refusal, RosterError, ScheduleError, Text
from subsidy.progress import station
from subsidy.roster.intake import Intake, intake, joined_example_rows
from subsidy.roster.tables import Roster
from subsidy.schedule.catalogue import Schedule
from subsidy.schedule.load import Version
from subsidy.schedule.together import Together, together

FIRST_YEAR, LAST_YEAR = 1950, 2150
TakeIn: TypeAlias = Callable[[Roster, Sequence[Version], Sequence[Version]], Intake]


def calculate(
    schedules: Schedule | Sequence[Schedule],
    roster: Roster,
    year: int,
    *,
    basis: Basis = "due",
    proceed: bool = False,
    as_of: datetime.date | None = None,
    engine: Engine = "auto",
) -> Result:
    """Calculate everything a roster is owed, and report one year of it.

    `basis`: the year of an amount is that of its due day (`due`, cash) or of its period (`accrued`). Findings that are
    errors stop the calculation with RosterError, which holds all of them; with `proceed` the rest is calculated, the
    blocked rows stay unpaid, and the result lists the findings. `as_of`: the day on which the checks across rows read
    the roster; by default the last day that it mentions. `engine`: `auto` is this machine (a handful of rows in SQLite,
    more in DuckDB), `duckdb` always DuckDB, `spark` the cluster of the active Spark session; the amounts are the same
    by each. Raises ScheduleError for one schedule given twice or for schedules as they were known on different days,
    and Refusal (a ValueError) for a year out of range or an engine that is not there.
    """
    several = (schedules,) if isinstance(schedules, Schedule) else tuple(schedules)
    check_request(several, year)
    check_engine(engine)
    woven = together(several)
    take_in = taken_in_cluster if engine == "spark" else taken_in_place
    intakes = checked_intakes(several, roster, year, as_of, take_in=take_in)[0]
    if not proceed:
        stop_at_errors(list(dict.fromkeys(finding for taken_in in intakes for finding in taken_in.findings)))
    given: dict[str, frozenset[str]] = {}
    for taken_in in intakes:
        given |= {table: given.get(table, frozenset()) | columns for table, columns in taken_in.given.items()}
    both, findings = calculated(woven, intakes, year, engine=engine)
    for file in roster.files:
        file.check_unchanged()
    if not proceed:
        stop_at_errors(findings)
    options: dict[str, object] = {"year": year, "basis": basis, "proceed": proceed}
    if as_of is not None:
        options["as_of"] = as_of.isoformat()
    if several[0].known_on is not None:
        options["known_on"] = several[0].known_on.isoformat()
    return Result(
        both,
        year,
        basis,
        sorted(findings),
        lambda result: make_receipt(result, several, roster, given, options),
        several,
    )


def check(
    schedules: Schedule | Sequence[Schedule],
    roster: Roster,
    year: int | None = None,
    as_of: datetime.date | None = None,
) -> list[Finding]:
    """Everything that is wrong or odd with a roster for these schedules, in order of place.

    `as_of`: the day on which the checks across rows read it; by default the last day that the roster mentions.
    """
    return examine(schedules, roster, year, as_of).findings


@dataclass(frozen=True)
class Examination:
    """What a roster was found to be: the findings, the day of the checks across rows, which of these ran, and by table
    the example rows that were left aside."""

    findings: list[Finding]
    as_of: datetime.date
    checks: list[CheckReport]
    example_rows: dict[str, int]

    def to_dict(self) -> dict[str, object]:
        """JSON-ready: as_of, checks, example_rows, findings."""
        return {
            "as_of": self.as_of.isoformat(),
            "checks": [one.to_dict() for one in self.checks],
            "example_rows": self.example_rows,
            "findings": [finding.to_dict() for finding in self.findings],
        }


def examine(
    schedules: Schedule | Sequence[Schedule],
    roster: Roster,
    year: int | None = None,
    as_of: datetime.date | None = None,
) -> Examination:
    """What `check` finds, and beside it which checks across rows ran, and what the others lacked."""
    several = (schedules,) if isinstance(schedules, Schedule) else tuple(schedules)
    year = year or max(schedule.latest.first_day.year for schedule in several)
    check_request(several, year)
    intakes, day, reports = checked_intakes(several, roster, year, as_of, take_in=taken_in_place)
    _, findings = calculated(together(several), intakes, year)
    return Examination(sorted(findings), day, reports, joined_example_rows(intakes))


def checked_intakes(
    several: Sequence[Schedule],
    roster: Roster,
    year: int,
    as_of: datetime.date | None,
    with_later: Sequence[Schedule] | None = None,
    *,
    take_in: TakeIn = intake,
) -> tuple[list[Intake], datetime.date, list[CheckReport]]:
    """The roster as each schedule reads it, without the rows that checks across rows block; their day and reports.

    `with_later`: the same schedules with further versions, whose tables and columns are read too. `take_in`: how
    the roster is taken in, by default whole.
    """
    reading = several if with_later is None else with_later
    station("核对每一格", "checking every cell")
    intakes = [take_in(roster, schedule.versions, _others(reading, schedule)) for schedule in reading]
    return checked(several, intakes, year, as_of)


def check_request(several: Sequence[Schedule], year: int) -> None:
    """Raises ScheduleError for one schedule given twice, and Refusal for a year out of range."""
    ids = [schedule.id for schedule in several]
    twice = sorted({name for name in ids if ids.count(name) > 1})
    if twice:
        why = Text("同一补贴标准给了两次", "this schedule is given twice")
        remedy = Text("请只给一次", "give it once")
        raise ScheduleError([Finding(Place(), "schedule-twice", why, remedy, name) for name in twice])
    days = {schedule.known_on for schedule in several}
    if len(days) > 1:
        shown = ", ".join(f"{schedule.id}: {schedule.known_on or '—'}" for schedule in several)
        why = Text("各补贴标准的知悉日不同", "these schedules are as they were known on different days")
        remedy = Text("请给出同一 known_on", "give them the same known_on")
        raise ScheduleError([Finding(Place(), "known-on", why, remedy, shown)])
    if not FIRST_YEAR <= year <= LAST_YEAR:
        raise Refusal(
            Text(f"没有 {year} 年度", f"{year} is no year to report"),
            Text(f"请给 {FIRST_YEAR} 至 {LAST_YEAR} 之间的年度", f"give one from {FIRST_YEAR} to {LAST_YEAR}"),
        )


def _others(several: Sequence[Schedule], own: Schedule) -> list[Version]:
    return [version for schedule in several if schedule is not own for version in schedule.versions]


def calculated(
    woven: Together,
    intakes: Sequence[Intake],
    year: int,
    ends: Sequence[End] = ("high", "low"),
    *,
    only: bool = False,
    engine: Engine = "auto",
) -> tuple[list[Calculated], list[Finding]]:
    """All schedules with open amounts at both ends, and everything that was found, each finding once.

    With one of the `ends` both calculations are the same. `only`: blank cells of other years than `year` are not told.
    """
    prepared: list[Prepared] = []
    findings = dict.fromkeys(woven.absent)
    wrong: list[set[tuple[str, int, str]]] = []
    for schedule, taken_in in zip(woven.schedules, intakes, strict=True):
        one, outside = _prepared(schedule, taken_in, year, engine)
        prepared.append(one)
        found = (*taken_in.findings, *outside)
        findings |= dict.fromkeys(found)
        wrong.append({_cell(finding) for finding in found})
    runs = run_engine(prepared, ends[0], woven.shared)
    for run, known in zip(runs, wrong, strict=True):
        station("查缺项", "looking for what is missing")
        blanks = blank_cells(run, year if only else None)
        findings |= dict.fromkeys(finding for finding in blanks if _cell(finding) not in known)
    paid = low = make_payments(runs)
    if len(ends) > 1 and any(one.has_open for one in prepared):
        low = make_payments(run_engine(prepared, ends[1], woven.shared))
    return list(map(Calculated, woven.schedules, paid, low)), list(findings)


def _prepared(schedule: Schedule, taken_in: Intake, year: int, engine: Engine) -> tuple[Prepared, list[Finding]]:
    """The roster without rows that hold an amount the policy does not allow, and these findings."""
    prepared = prepare(schedule, taken_in, year, engine)
    outside = outside_ranges(prepared)
    if outside:
        without = taken_in.without((found.table, found.place.row) for found in outside)
        outside += [found for found in without.findings if found not in taken_in.findings]
        prepared = prepare(schedule, without, year, engine)
    return prepared, outside


def _cell(finding: Finding) -> tuple[str, int, str]:
    return finding.table, finding.place.row, finding.place.column


def stop_at_errors(findings: Sequence[Finding]) -> None:
    """Raises RosterError with all findings where one of them is an error."""
    if any(finding.severity == "error" for finding in findings):
        raise RosterError(findings)
