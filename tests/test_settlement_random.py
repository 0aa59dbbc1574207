"""What always holds of a settlement, on policies and rosters drawn at random."""

from __future__ import annotations

import datetime
import os
import tempfile
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from random_schedules import Case, cases
from settling import RAISED, first_half, result, stay, town

import subsidy
from subsidy import Result, Roster, Settlement, settle
from subsidy.budget.compared import OF_PAYMENTS
from subsidy.budget.settlement import Sums
from subsidy.schedule.catalogue import Schedule
from subsidy.schedule.load import load_text

THOROUGH = bool(os.environ.get("CHECK_ALL"))

DRAWN = settings(
    max_examples=60 if THOROUGH else 3,
    suppress_health_check=list(HealthCheck),
    phases=[Phase.explicit, Phase.generate],
    derandomize=True,
)


def drawn(case: Case, last: int, dropped: int = 0) -> Result:
    """A case calculated with all its versions, or with the first alone, and with a part of its rows."""
    versions = tuple(load_text(text, f"version-{position}") for position, text in enumerate(case.texts[:last]))
    residents = case.rows.get("residents", [])
    tables = {**case.rows, "residents": residents[dropped:]} if dropped < len(residents) else case.rows
    known = Schedule(versions, tuple(Path(f"{position}") for position in range(len(versions))))
    return subsidy.calculate(known, Roster(**tables), case.year, proceed=True)


Owed = Counter[tuple[object, ...]]


def paid_by(result: Result, until: str, *names: str) -> Owed:
    sums: Owed = Counter()
    frame = result.payments()
    for row in frame[frame["due"] <= until].to_dict("records"):
        key = tuple(row[name] if isinstance(row[name], str) else None for name in names)
        sums[key] += int(row["amount"] * 100)
    return sums


def change(found: Settlement, *names: str) -> Owed:
    sums: Owed = Counter()
    for line in found.payments:
        sums[tuple(line.key[name] for name in names)] += line.difference - line.held
    return sums


def unequal(sums: Owed) -> Owed:
    return Counter({key: amount for key, amount in sums.items() if amount})


@DRAWN
@given(cases(), st.integers(0, 2), st.integers(1, 12))
def test_settlements_add_up(case: Case, dropped: int, month: int) -> None:
    until = datetime.date(case.year, month, 28)
    then, now = drawn(case, 1, dropped), drawn(case, len(case.texts))
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        then.save_ledger(folder / "then", until=until)
        now.save_ledger(folder / "now", until=until, form="csv")
        itself = settle(now, folder / "now", until=until)
        assert (itself.entitlements, itself.payments) == ((), ())

        found = settle(now, folder / "then", until=until)
        for names in (("payee",), ("payer", "place"), ("clause", "payee", "payer"), ()):
            before, after = paid_by(then, str(until), *names), paid_by(now, str(until), *names)
            after.subtract(before)
            assert unequal(change(found, *names)) == unequal(after)
        (owed, was), net = found.totals[0], Sums.of(found.entitlements)
        assert net.net - net.held == owed - was

        found.save(folder / "settled")
        again = settle(now, [folder / "then", folder / "settled"], until=until)
        held = Sums.of(found.payments).held
        assert Sums.of(again.payments).net == 0
        at_once = settle(then, folder / "now", until=until)
        in_two = settle(then, [folder / "then", folder / "settled"], until=until)
        if not held:
            assert again.payments == ()
            assert again.entitlements == ()
            assert change(in_two, *OF_PAYMENTS) == change(at_once, *OF_PAYMENTS)


ROWS = st.lists(
    st.fixed_dictionaries(
        {
            "payee": st.sampled_from("FG"),
            "amount": st.sampled_from(["50", "100", "250", "600", "-100"]),
            "period": st.sampled_from(["2024-01", "2024-05", "2024-Q1", "2024-Q2", "2024-H1", "2024", "2023", ""]),
            "subject": st.sampled_from(["A", "B", "C", "", ""]),
            "clause": st.sampled_from(["care", ""]),
            "payer": st.sampled_from(["city", "district", "", ""]),
        }
    ),
    min_size=1,
    max_size=6,
)


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[Result]]:
    """A ledger, and what is owed after a raise: to residents one of whom has left, and with one row blocked."""
    folder = tmp_path_factory.mktemp("small")
    base, raised = town(folder / "base"), town(folder / "raised", raised=RAISED)
    half = first_half(base, folder / "ledger")
    left = result(raised, stay("A"), stay("C", last="2024-05-10"), stay("B", "G"))
    wrong = result(raised, stay("A", first="2024-13-01"), stay("C"), stay("B", "G"), proceed=True)
    return half, [left, wrong]


@settings(DRAWN, max_examples=600 if THOROUGH else 15)
@given(
    ROWS,
    st.booleans(),
    st.integers(0, 1),
    st.sampled_from([None, "2024-01-01", "2024-02-01", "2024-04-01"]),
    st.sampled_from(["2024-04-30", "2024-05-31", "2024-06-30", "2024-12-31"]),
)
def test_settled_again_nothing_differs(
    small: tuple[Path, list[Result]],
    file: list[dict[str, str]],
    with_ledger: bool,
    which: int,
    since: str | None,
    until: str,
) -> None:
    ledger, results = small
    paid = [file, *([ledger] if with_ledger else [])]
    first, last = since and datetime.date.fromisoformat(since), datetime.date.fromisoformat(until)
    found = settle(results[which], paid, since=first or None, until=last)
    for lines, (owed, before) in ((found.entitlements, found.totals[0]), (found.payments, found.totals[1])):
        assert Sums.of(lines).net - Sums.of(lines).held == owed - before
    with tempfile.TemporaryDirectory() as name:
        found.save(Path(name) / "settled")
        again = settle(results[which], [*paid, Path(name) / "settled"], since=first or None, until=last)
    assert {line.difference for line in (*again.entitlements, *again.payments)} <= {0}
