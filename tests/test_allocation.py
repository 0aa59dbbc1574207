"""Distribution of a fixed sum: exact, between floors and ceilings, and fair when a weight is raised."""

from __future__ import annotations

import itertools
import json
import random
from fractions import Fraction
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from oracle import distributed

import subsidy
from subsidy.allocation import Recipient, allocate, factor_weights
from subsidy.schedule.catalogue import Schedule
from subsidy.schedule.load import load_text

ends = st.tuples(st.integers(0, 300), st.integers(0, 300)).map(sorted)
recipients = st.lists(
    st.builds(
        lambda weight, ends, capped: Recipient(weight, ends[0], ends[1] if capped else None),
        st.one_of(st.integers(0, 9), st.integers(0, 10**30)), ends, st.booleans(),
    ),
    min_size=1, max_size=7,
)  # fmt: skip
steps = st.sampled_from([1, 7, 100])
places = st.integers(0, 1000)


@given(places, recipients, steps)
def test_all_of_it_is_distributed_unless_ceilings_forbid(total: int, among: list[Recipient], step: int) -> None:
    amounts = [amount for amount, _ in allocate(total * step, among, step)]
    assert all(amount % step == 0 for amount in amounts)
    assert sum(amounts) <= total * step
    if any(one.weight and one.ceiling is None for one in among):
        assert sum(amounts) == total * step


@given(places, recipients, steps)
def test_it_is_what_the_plain_search_for_the_rate_finds(total: int, among: list[Recipient], step: int) -> None:
    low = [-(-one.floor // step) for one in among]
    high = [
        least if not one.weight else None if one.ceiling is None else max(one.ceiling // step, least)
        for one, least in zip(among, low, strict=True)
    ]
    expected = distributed(total, [Fraction(one.weight) for one in among], low, high)
    assert [amount // step for amount, _ in allocate(total * step, among, step)] == expected


@given(places, recipients, steps)
def test_each_is_told_what_decided(total: int, among: list[Recipient], step: int) -> None:
    for one, (amount, decided) in zip(among, allocate(total * step, among, step), strict=True):
        if decided == "ceiling":
            assert one.ceiling is not None
            assert max(one.ceiling, one.floor) - step < amount <= max(one.ceiling, one.floor + step)
        elif decided == "share":
            assert one.weight
            assert amount >= one.floor


@given(places, recipients, steps, st.data())
def test_raising_one_weight_never_lowers_that_recipient(
    total: int, among: list[Recipient], step: int, data: st.DataObject
) -> None:
    index = data.draw(st.integers(0, len(among) - 1))
    more = data.draw(st.integers(1, 10**6))
    raised = [
        Recipient(one.weight + more * (i == index), one.floor, one.ceiling) for i, one in enumerate(among)
    ]  # fmt: skip
    before, after = allocate(total * step, among, step), allocate(total * step, raised, step)
    assert after[index][0] >= before[index][0]


def test_factors_count_by_each_recipients_share_of_them() -> None:
    weights = factor_weights([[1, 30, 0], [3, 10, 0]], [60, 40, 100], [1, 2])
    assert Fraction(*weights) == (Fraction(60, 4) + 30) / (2 * (Fraction(180, 4) + 10))


# --- as a clause ---------------------------------------------------------------------------------------------------

DOCUMENT: dict[str, Any] = {
    "schedule": "test/transfer",
    "document": {"number": "测", "issuer": "测", "issued": "2022-01-01"},
    "in_force": {"from": "2023-01-01"},
    "revision": "1",
    "place": "CN",
    "payers": {"province": {"label": {"zh": "省", "en": "province"}}},
    "facts": {"needs": {
        "need": "key", "district": "districts", "year": "year", "elderly": {"person": "0..1000000"},
        "hardship": {"weight": "0..3", "decimals": "2"}, "last_year": {"yuan": "0..100000000"},
    }},
    "values": {
        "fund": {"unit": "yuan", "is": "2757963613.00"},
        "all": {"unit": "percent", "is": "100%"},
        "lowest": {"unit": "percent", "is": "90%"},
        "highest": {"unit": "percent", "is": "120%"},
    },
    "clauses": {"transfer": {
        "item": "1", "for": "needs", "every": "year", "split": {"province": "1"},
        "allocation": {
            "sum": "fund", "factors": {"elderly": "all"}, "coefficient": "hardship",
            "at_least": "round last_year * lowest to fen up", "at_most": "round last_year * highest to fen down",
        },
    }},
}  # fmt: skip


def transfers(frame: pd.DataFrame) -> dict[str, tuple[int, str]]:
    version = load_text(json.dumps(DOCUMENT, ensure_ascii=False))
    roster = subsidy.Roster(districts=[{"district": "D"}], needs=frame)
    found = subsidy.calculate(Schedule((version,), (Path("case.yaml"),)), roster, 2023).entitlements()
    rows = zip(found["subject"], found["owed"], found["reason"], strict=True)
    return {subject: (int(owed * 100), reason) for subject, owed, reason in rows}


@pytest.fixture(scope="module")
def needs() -> pd.DataFrame:
    drawn = random.Random(2023)
    return pd.DataFrame([
        {
            "need": f"N{number:05}", "district": "D", "year": "2023", "elderly": str(drawn.randint(0, 9000)),
            "hardship": f"{drawn.randint(80, 200) / 100:.2f}", "last_year": str(drawn.randint(1000, 155_000)),
        }
        for number in range(35_000)
    ])  # fmt: skip


def test_a_large_sum_is_exact_in_any_order_of_rows(needs: pd.DataFrame) -> None:
    found = transfers(needs)
    assert sum(amount for amount, _ in found.values()) == 275_796_361_300
    assert {reason for _, reason in found.values()} == {"share", "floor", "ceiling"}
    assert transfers(needs.sample(frac=1, random_state=7)) == found
    last_year = dict(zip(needs["need"], needs["last_year"], strict=True))
    for subject, (amount, _) in itertools.islice(found.items(), 500):
        assert int(last_year[subject]) * 90 <= amount <= int(last_year[subject]) * 120


def test_a_higher_coefficient_never_lowers_that_recipient(needs: pd.DataFrame) -> None:
    few = needs.head(300).copy()
    before = transfers(few)
    for subject in few["need"].sample(3, random_state=1):
        more = few.copy()
        more.loc[more["need"] == subject, "hardship"] = "2.50"
        assert transfers(more)[subject][0] >= before[subject][0]


def test_a_recipient_without_a_factor_is_a_finding_and_a_head_count_too(needs: pd.DataFrame) -> None:
    few = needs.head(3).assign(count=["", "2", ""])
    few.loc[0, "elderly"] = ""
    version = load_text(json.dumps(DOCUMENT, ensure_ascii=False))
    roster = subsidy.Roster(districts=[{"district": "D"}], needs=few)
    result = subsidy.calculate(Schedule((version,), (Path("case.yaml"),)), roster, 2023, proceed=True)
    assert list(result.entitlements()["state"]) == ["finding", "finding", "paid"]
    assert {finding.code for finding in result.findings if finding.severity == "error"} == {"blank-cell"}


def test_another_clause_reads_what_was_distributed(needs: pd.DataFrame) -> None:
    document = json.loads(json.dumps(DOCUMENT))
    document["values"]["fund"]["is"] = "1000"
    document["clauses"]["transfer"]["allocation"] |= {"at_least": None, "at_most": None}
    document["clauses"]["matching"] = {
        "item": "2", "for": "needs", "every": "year", "amount": "transfer", "split": {"province": "1"}
    }  # fmt: skip
    for bound in ("at_least", "at_most"):
        del document["clauses"]["transfer"]["allocation"][bound]
    version = load_text(json.dumps(document, ensure_ascii=False))
    roster = subsidy.Roster(districts=[{"district": "D"}], needs=needs.head(7))
    found = subsidy.calculate(Schedule((version,), (Path("case.yaml"),)), roster, 2023).entitlements()
    by_clause = {clause: list(rows["owed"]) for clause, rows in found.groupby("clause")}
    assert by_clause["matching"] == by_clause["transfer"]
    assert sum(by_clause["matching"]) == 1000


def test_what_another_document_replaces_takes_no_part() -> None:
    document = json.loads(json.dumps(DOCUMENT))
    document["values"]["fund"]["is"] = "300"
    document["clauses"]["transfer"]["allocation"] = {"sum": "fund", "factors": {"elderly": "all"}}
    local = json.loads(json.dumps(DOCUMENT)) | {
        "schedule": "test/local",
        "districts": ["A"],
        "values": {"own": {"item": "1", "unit": "yuan", "is": "1"}},
        "clauses": {"own_transfer": {
            "item": "1", "for": "needs", "every": "year", "amount": "own", "split": {"province": "1"},
            "replaces": "test/transfer:transfer",
        }},
    }  # fmt: skip
    several = [
        Schedule((load_text(json.dumps(one, ensure_ascii=False)),), (Path("case.yaml"),)) for one in (document, local)
    ]
    row = {"year": "2023", "elderly": "10", "hardship": "1", "last_year": "0"}
    roster = subsidy.Roster(
        districts=[{"district": key} for key in "ABC"], needs=[{"need": key, "district": key, **row} for key in "ABC"]
    )
    found = subsidy.calculate(several, roster, 2023).entitlements()
    owed = {(row.clause, row.subject): int(row.owed) for row in found.itertuples()}
    assert owed == {
        ("transfer", "A"): 0, ("transfer", "B"): 150, ("transfer", "C"): 150, ("own_transfer", "A"): 1,
    }  # fmt: skip
