"""Checks across rows: against an oracle over rows, by property, and what they do to a calculation."""

from __future__ import annotations

import datetime
import itertools
import random
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

import subsidy
from subsidy.budget.calculate import examine
from subsidy.cli import app
from subsidy.engine.occupancy import clashes, peaks
from subsidy.finding import Finding, RosterError
from subsidy.roster.sheet import MOST_FINDINGS
from subsidy.schedule.load import _shared, load_text
from subsidy.schedule.roster_check import CheckedRosterCheck

HERE = Path(__file__).parent
SMALL = subsidy.schedule(HERE / "bad_rosters" / "checks.schedule.yaml")
Rows = list[dict[str, str]]
DAY = datetime.date(2023, 1, 1)


def found(code: str = "", **tables: Rows) -> list[Finding]:
    findings = subsidy.check(SMALL, subsidy.Roster(**tables))
    return [finding for finding in findings if not code or finding.code == code]


def day(number: int) -> str:
    return (DAY + datetime.timedelta(days=number)).isoformat()


# --- an oracle over rows -------------------------------------------------------------------------------------------

Stay = tuple[int, int, str, str]  # first day, last day, home, room


def occupied(stay: Stay) -> range:
    """The days on which a stay has its place: the last one is left to the next, a single one is its own."""
    first, last, *_ = stay
    return range(first, max(last, first + 1))


STAYS = st.lists(
    st.tuples(st.integers(-3, 12), st.integers(0, 9), st.sampled_from("AB"), st.sampled_from("12")), max_size=12
).map(lambda rows: [(first, first + length, home, room) for first, length, home, room in rows])


def clashing(stays: Sequence[Stay]) -> set[tuple[int, int]]:
    """Each pair that is in one room of one home on one day, the one that begins later first."""
    pairs = itertools.combinations(range(len(stays)), 2)
    return {
        tuple(sorted(pair, key=lambda number: (*stays[number][:2], number), reverse=True))  # type: ignore[misc]
        for pair in pairs
        if stays[pair[0]][2:] == stays[pair[1]][2:] and {*occupied(stays[pair[0]])} & {*occupied(stays[pair[1]])}
    }


def most_at_once(stays: Sequence[Stay], home: str) -> tuple[int, int]:
    """The largest number in a home, and the first day on which it is there."""
    mine = [stay for stay in stays if stay[2] == home]
    days = sorted({day for stay in mine for day in occupied(stay)})
    counts = {day: sum(day in occupied(stay) for stay in mine) for day in days}
    return max(counts.values()), next(day for day in days if counts[day] == max(counts.values()))


@given(STAYS)
def test_rows_that_share_a_place_by_an_oracle(stays: list[Stay]) -> None:
    groups = np.array([ord(home) * 100 + ord(room) for _, _, home, room in stays], np.int64)
    first, last = (np.array([stay[end] for stay in stays], np.int64) for end in (0, 1))
    later, earlier = clashes(groups, first, last, np.arange(len(stays)))
    pairs = clashing(stays)
    assert set(zip(later.tolist(), earlier.tolist(), strict=True)) <= pairs
    assert sorted(later.tolist()) == sorted({pair[0] for pair in pairs}), "each later one is named once"
    assert {*later.tolist(), *earlier.tolist()} == {number for pair in pairs for number in pair}


@given(STAYS)
def test_the_most_at_once_by_an_oracle(stays: list[Stay]) -> None:
    groups = np.array([ord(home) for _, _, home, _ in stays], np.int64)
    first, last = (np.array([stay[end] for stay in stays], np.int64) for end in (0, 1))
    of, most, days = peaks(groups, first, last, np.ones(len(stays), np.int64))
    crowds = zip(of.tolist(), most.tolist(), days.tolist(), strict=True)
    expected = {home: most_at_once(stays, home) for home in {stay[2] for stay in stays}}
    assert {chr(home): (number, first) for home, number, first in crowds} == expected


def guests(stays: Sequence[Stay]) -> Rows:
    return [
        {
            "guest": f"G{number:03}", "person": f"P{number}", "home": home, "from": day(first), "to": day(last),
            "room": room, "private": "yes",
        }
        for number, (first, last, home, room) in enumerate(stays)
    ]  # fmt: skip


def many_stays(seed: int) -> list[Stay]:
    chosen = random.Random(seed)
    firsts = [chosen.randint(-60, 300) for _ in range(150)]
    return [
        (first, first + chosen.randint(0, 30), chosen.choice("AB"), str(chosen.randint(1, 9))) for first in firsts
    ]  # fmt: skip


HOMES = [{"home": home, "places": "1", "fewest": "200"} for home in "AB"]
BILLS = [
    {"bill": f"B{n}", "home": "A", "person": f"P{n}", "month": "2023-01", "cost": str(3 * n % 2)} for n in range(5)
]


def test_a_roster_of_many_stays_by_an_oracle() -> None:
    stays = many_stays(1)
    findings = found("", homes=HOMES, guests=guests(stays))
    pairs = clashing(stays)
    shared = [finding for finding in findings if finding.code == "room_twice"]
    assert len(pairs) > 40
    assert [finding.subject for finding in shared] == sorted({f"G{later:03}" for later, _ in pairs})
    for finding in shared:
        other = re.search(r"row (\d+) \(G(\d+)\)$", finding.why.en)
        assert other is not None
        assert int(other[1]) == int(other[2]) + 1, "a frame's rows are numbered from 1"
        assert (int(finding.subject[1:]), int(other[2])) in pairs
    for home in "AB":
        most, first = most_at_once(stays, home)
        (crowd,) = (one for one in findings if (one.code, one.subject) == ("private_rooms", home))
        assert crowd.why.en == f"Too many in private rooms: {most} guests on {day(first)}, places 1"


def told(findings: Sequence[Finding]) -> list[tuple[str, str, str]]:
    """What does not depend on where a row stands: of rows that are the same, which one is the first does."""
    return sorted(
        (one.code, "", one.why.en.partition(", the same as")[0])
        if "the same as" in one.why.en
        else (one.code, one.subject, re.sub(r"row \d+ ", "", one.why.en))
        for one in findings
    )


def test_the_order_of_rows_is_irrelevant() -> None:
    rows = guests(many_stays(2)[:60])
    before = told(found("", homes=HOMES, guests=rows, bills=BILLS))
    assert {code for code, _, _ in before} == {"room_twice", "private_rooms", "too_few", "bill_twice"}
    for seed in range(3):
        mixed = [random.Random(seed).sample(table, len(table)) for table in (HOMES, rows, BILLS)]
        assert told(found("", homes=mixed[0], guests=mixed[1], bills=mixed[2])) == before


@settings(max_examples=5)
@given(st.lists(st.tuples(st.integers(0, 5), st.integers(1, 9)), min_size=3, max_size=8))
def test_a_clean_roster_has_no_findings(lengths: list[tuple[int, int]]) -> None:
    """One after the other in one bed, each leaving on the day on which the next comes, or before."""
    start, residents, persons = 0, [], []
    for number, (gap, length) in enumerate(lengths):
        start += gap
        residents.append(
            {
                "resident": f"R{number}", "person": f"P{number}", "facility": "F", "from": day(start),
                "to": day(start + length), "bed_number": "1",
            }
        )  # fmt: skip
        persons.append({"person": f"P{number}", "born": "1940-01-01", "died": day(start + length)})
        start += length
    facilities = [{"facility": "F", "district": "D", "beds": "1", "closed": day(start)}]
    assert found("", districts=[{"district": "D"}], facilities=facilities, residents=residents, persons=persons) == []


def test_blank_cells_say_nothing() -> None:
    persons = [{"person": "P1", "identity_number": "", "born": "", "died": "", "entitled": ""}, {"person": "P2"}]
    residents = [
        {"resident": f"R{n}", "person": f"P{n}", "facility": "F", "from": "1900-01-01", "to": "", "bed_number": ""}
        for n in (1, 2, 3)
    ]  # fmt: skip
    facilities = [{"facility": "F", "district": "D", "beds": "", "nursing_beds": "7", "closed": "", "reported_on": ""}]
    assert found("", districts=[{"district": "D"}], persons=persons, residents=residents, facilities=facilities) == []


# --- the day of the check ------------------------------------------------------------------------------------------

FUTURE = {
    "certificates": [{"person": "P1", "from": "2023-06-01", "level": "junior"}],
    "assessments": [{"person": "P1", "from": "2023-06-02", "ability": "disabled"}],
    "persons": [{"person": "P1", "born": "1950-01-01"}],
}


def test_the_day_of_the_check_is_an_input() -> None:
    roster = subsidy.Roster(**FUTURE)
    assert subsidy.check(SMALL, roster) == []
    assert examine(SMALL, roster).as_of == datetime.date(2023, 6, 2), "the last day that the roster mentions"
    late, later = subsidy.check(SMALL, roster, as_of=datetime.date(2023, 5, 31))
    assert (late.code, late.severity, str(late.place)) == ("assessed_in_the_future", "warning", "assessments:1:from")
    assert late.why.en == (
        "Assessed after the day of the check: from 2023-06-02, the day of the check 2023-05-31"
    )  # fmt: skip
    assert late.why.zh == "能力评估日期晚于核查日：起始日期 2023-06-02，核查日 2023-05-31"
    assert (later.code, later.why.zh) == (
        "certified_in_the_future", "证书日期晚于核查日：起始日期 2023-06-01，核查日 2023-05-31"
    )  # fmt: skip
    assert later.why.en.startswith("Certified after the day of the check: from 2023-06-01")


@pytest.mark.parametrize(
    ("column", "cell", "last"),
    [("month", "2024-02", "2024-02-29"), ("to", "2024-05-04", "2024-05-04"), ("to", "", "2023-01-01")],
)
def test_the_last_day_mentioned(column: str, cell: str, last: str) -> None:
    guest = {"guest": "G", "person": "P", "home": "H", "from": "2023-01-01", "to": cell if column == "to" else ""}
    bill = {"bill": "B", "home": "H", "person": "P", "month": cell if column == "month" else "2022-12", "cost": "1"}
    roster = subsidy.Roster(homes=[{"home": "H"}], guests=[guest], bills=[bill])
    assert examine(SMALL, roster).as_of.isoformat() == last


# --- what ran ------------------------------------------------------------------------------------------------------


def test_a_check_without_its_columns_does_not_run_and_says_so() -> None:
    roster = subsidy.Roster(
        districts=[{"district": "D"}],
        facilities=[{"facility": "F", "district": "D", "beds": "1", "beds_filed": "1"}],
        residents=[{"resident": "R", "person": "P", "facility": "F", "from": "2023-01-01"}],
    )
    reports = {one.name: one for one in examine(SMALL, roster).checks}
    assert reports["more_residents_than_beds"].lacking is None, "a blank last day means ongoing, so it may be absent"
    lacking = {name: (one.lacking.en, one.lacking.zh) for name, one in reports.items() if one.lacking}
    assert lacking["one_bed_twice"] == ("residents.bed_number", "入住老人的床号")
    assert lacking["more_in_use_than_filed"] == ("facilities.beds_in_use", "机构与设施的在用床位数")
    assert lacking["resident_after_death"] == ("the table persons", "表 人员名册(persons)")
    assert lacking["entitled_but_unpaid"] == ("the table persons", "表 人员名册(persons)")
    assert lacking["too_few"] == ("the table homes", "表 养老院(homes)")


def test_what_ran_is_said_at_the_end_and_in_json(tmp_path: Path) -> None:
    (tmp_path / "homes.csv").write_text("home,places,fewest\nH1,3,0\n", encoding="utf-8")
    (tmp_path / "guests.csv").write_text("guest,person,home,from\nG1,P1,H1,2023-01-01\n", encoding="utf-8")
    arguments = ["check", str(tmp_path), "--schedule", str(HERE / "bad_rosters" / "checks.schedule.yaml")]
    english = CliRunner().invoke(app, [*arguments, "--lang", "en", "--as-of", "2023-05-31"]).output
    assert "checks across rows as of 2023-05-31: 2 ran, 32 could not" in english
    assert "--checks lists them" in english
    english = CliRunner().invoke(app, [*arguments, "--lang", "en", "--checks"]).output
    assert "ran: Too few guests; Too many in private rooms" in english
    assert "without guests.room: A private room for two" in english
    chinese = CliRunner().invoke(app, [*arguments, "--lang", "zh"]).output
    assert "核查日 2023-01-01：跨行核查已查 2 项，因花名册缺表或缺列未查 32 项" in chinese
    chinese = CliRunner().invoke(app, [*arguments, "--lang", "zh", "--checks"]).output
    assert "缺住客的房号：单间住两人" in chinese
    printed = CliRunner().invoke(app, [*arguments, "--json"]).output
    assert '"as_of": "2023-01-01"' in printed
    assert '"ran": true' in printed
    assert CliRunner().invoke(app, [*arguments, "--as-of", "31.5.2023"]).exit_code == 2


# --- what an error and a warning do --------------------------------------------------------------------------------

XIAN = subsidy.schedule("cn/xian/elderly-care")
HOME = {
    "districts": [{"district": "D", "six_urban": "yes"}],
    "facilities": [{"facility": "F", "district": "D", "type": "institution", "beds": "1"}],
    "ratings": [{"facility": "F", "from": "2022-01-01", "star": "5"}],
}


def stay(number: int, bed: str, last: str = "2023-01-31") -> dict[str, str]:
    return {
        "resident": f"R{number}", "person": f"P{number}", "facility": "F", "from": "2023-01-01", "to": last,
        "bed_number": bed, "ability": "disabled",
    }  # fmt: skip


def test_an_error_stops_and_with_proceed_both_rows_are_unpaid() -> None:
    roster = subsidy.Roster(**HOME, residents=[stay(1, "1"), stay(2, "1"), stay(3, "2")])
    with pytest.raises(RosterError) as error:
        subsidy.calculate(XIAN, roster, 2023)
    assert [one.code for one in error.value.findings] == ["more_residents_than_beds", "one_bed_twice"]
    result = subsidy.calculate(XIAN, roster, 2023, proceed=True)
    rights = result.entitlements()
    assert set(rights.loc[rights["clause"] == "operating_grant", "subject"]) == {"R3"}
    assert result.to_dict()["total"] == "225.00"


def test_a_warning_rides_along_and_nothing_is_left_out() -> None:
    roster = subsidy.Roster(**HOME, residents=[stay(1, "1"), stay(2, "2")])
    result = subsidy.calculate(XIAN, roster, 2023)
    assert [(one.code, one.severity) for one in result.findings] == [("more_residents_than_beds", "warning")]
    assert result.to_dict()["total"] == "450.00"


def test_the_day_of_the_check_is_in_the_receipt() -> None:
    roster = subsidy.Roster(**HOME, residents=[stay(1, "1")])
    result = subsidy.calculate(XIAN, roster, 2023, as_of=datetime.date(2023, 3, 1))
    assert result.receipt.content["options"]["as_of"] == "2023-03-01"
    assert "as_of" not in subsidy.calculate(XIAN, roster, 2023).receipt.content["options"]


def test_joined_stays_are_blocked_as_one() -> None:
    """Two rows that are one spell are read as one, and an error of it blocks both."""
    residents = [stay(1, "1", "2023-01-15"), {**stay(1, "1"), "resident": "R9", "from": "2023-01-16"}, stay(2, "1")]
    persons = [{"person": "P1", "died": "2023-01-20"}]
    result = subsidy.calculate(XIAN, subsidy.Roster(**HOME, residents=residents, persons=persons), 2023, proceed=True)
    assert result.entitlements().empty


def test_several_schedules_find_a_thing_once() -> None:
    roster = subsidy.Roster(**HOME, residents=[stay(1, "1"), stay(2, "1")])
    alone, together = subsidy.check(XIAN, roster), subsidy.check([XIAN, SMALL], roster)
    assert together == alone


def test_what_the_check_of_one_schedule_blocks_is_paid_by_none() -> None:
    own = """\
  one_bed_ever:
    label: {zh: 床位用过两次, en: A bed used twice}
    severity: error
    for: residents
    unique: [bed_number]
    practice: {zh: 试, en: a test}
    remedy: {zh: 请核对, en: check it}
"""
    residents = [stay(1, "1", "2023-01-15"), {**stay(2, "1"), "from": "2023-01-16"}, stay(3, "2", "2023-01-15")]
    roster = subsidy.Roster(**HOME, residents=residents)
    for schedules in ([XIAN, with_own(own)], [with_own(own), XIAN]):
        result = subsidy.calculate(schedules, roster, 2023, proceed=True)
        rights = result.entitlements()
        assert set(rights.loc[rights["clause"] == "operating_grant", "subject"]) == {"R3"}


def test_many_findings_are_counted_and_not_listed() -> None:
    rows = [{"person": f"P{n}", "identity_number": "X"} for n in range(MOST_FINDINGS + 11)]
    findings = found("one_identity_twice", persons=rows)
    assert len(findings) == MOST_FINDINGS + 1
    assert findings[0].why.en == "10 more findings of this kind are not listed"


# --- declarations --------------------------------------------------------------------------------------------------


def test_every_shared_check_fits_the_shared_tables() -> None:
    checks = [check for check in SMALL.latest.roster_checks if check.name in _shared().checks]
    assert len(checks) >= 24
    assert all(isinstance(check, CheckedRosterCheck) for check in checks)


def with_own(own: str) -> subsidy.Schedule:
    text = (HERE / "bad_rosters" / "checks.schedule.yaml").read_text(encoding="utf-8")
    before, after = text.split("checks:\n", 1)
    return subsidy.Schedule((load_text(f"{before}checks:\n{own}{after}"),), (Path("own.yaml"),))


def test_a_schedule_may_have_its_own_check_in_the_place_of_a_shared_one() -> None:
    own = """\
  more_residents_than_beds:
    label: {zh: 超员, en: Overfull}
    severity: error
    for: facilities
    at_once: residents
    at_most: nursing_beds
    practice: {zh: 试, en: a test}
    remedy: {zh: 请核对, en: check it}
"""
    roster = subsidy.Roster(
        districts=[{"district": "D"}],
        facilities=[{"facility": "F", "district": "D", "beds": "9", "nursing_beds": "0"}],
        residents=[stay(1, "1")],
    )
    assert [one.code for one in subsidy.check(SMALL, roster)] == []
    (finding, _) = subsidy.check(with_own(own), roster)
    assert (finding.why.en, finding.severity) == ("Overfull: 1 residents on 2023-01-01, nursing_beds 0", "error")


def test_a_shared_check_that_does_not_fit_is_named_and_the_rest_runs() -> None:
    text = (HERE / "bad_rosters" / "checks.schedule.yaml").read_text(encoding="utf-8")
    other = text.replace("facts:\n", "facts:\n  facilities: {beds: {room: 0..9}}\n", 1)
    version = load_text(other)
    facilities: list[Mapping[str, Any]] = [{"facility": "F", "district": "D", "beds": "1", "nursing_beds": "2"}]
    roster = subsidy.Roster(districts=[{"district": "D"}], facilities=facilities)
    examined = examine(subsidy.Schedule((version,), (Path("other.yaml"),)), roster)
    (report,) = (one for one in examined.checks if one.name == "more_nursing_beds_than_beds")
    assert report.lacking is not None
    assert report.lacking.en == "the units differ: bed and room"
    assert examined.findings == []
