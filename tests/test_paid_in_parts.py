"""Chunks, catch-up, clawback, places, all-or-nothing, refunds and whole steps: amounts worked out by hand."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from test_engine_cases import GRANT, amounts, calculated, document, schedule

VALUES = {
    "chunk": {"item": "1", "unit": "yuan", "is": "30"},
    "most": {"item": "1", "unit": "yuan", "is": "1000"},
    "two_years": {"item": "1", "unit": "year", "is": "2"},
    "back": {"item": "1", "unit": "percent", "is": "33.3%"},
    "all": {"item": "1", "unit": "percent", "is": "100%"},
    "thirds": {"item": "1", "unit": "percent", "by": ["instalment"], "is": {"1": "33.3%", "2": "33.3%", "3": "33.4%"}},
    "places": {"item": "1", "unit": "work", "is": "2"},
    "budget": {"item": "1", "unit": "yuan", "is": "250"},
    "half": {"item": "1", "unit": "percent", "is": "50%"},
    "refund_cap": {"item": "1", "unit": "yuan", "is": "70"},
    "hundred": {"item": "1", "unit": "yuan", "is": "100"},
}
CAPPED = {**GRANT, "amount": "least(cost, most)"}


def work(key: str, **cells: str) -> dict[str, str]:
    return {"work": key, "district": "D", "done": "2022-03-31", "late": "", "cost": "100", "fee": "", **cells}


def paid(clause: dict[str, Any], *works: dict[str, str], limits: Any = None) -> list[tuple[str, str, Decimal]]:
    """Due day, payer and amount of every payment, in order."""
    policy = schedule(document(values=VALUES, clauses={"grant": {**CAPPED, **clause}}, limits=limits or {}))
    frame = calculated(policy, works=list(works)).payments()
    return sorted(zip(frame["due"], frame["payer"], frame["amount"], strict=True))


def test_chunks_until_the_amount_is_used_up() -> None:
    assert paid({"pay": {"chunk": "chunk", "every": "half_year"}}, work("W")) == [
        ("2022-03-31", "city", Decimal(30)), ("2022-09-30", "city", Decimal(30)),
        ("2023-03-31", "city", Decimal(30)), ("2023-09-30", "city", Decimal(10)),
    ]  # fmt: skip


def test_the_first_instalment_covers_the_time_before_it() -> None:
    assert paid({"pay": {"shares": "thirds", "every": "year", "not_before": "two_years"}}, work("W")) == [
        ("2024-03-31", "city", Decimal(100))
    ]
    assert paid({"pay": {"chunk": "chunk", "every": "year", "not_before": "two_years"}}, work("W")) == [
        ("2024-03-31", "city", Decimal(90)), ("2025-03-31", "city", Decimal(10)),
    ]  # fmt: skip


def test_what_was_paid_by_the_day_is_taken_back_by_the_same_payers() -> None:
    clawback = {"clawback": {"on": "late", "share": "back"}, "pay": {"chunk": "chunk", "every": "year"}}
    split = {"split": {"city": "1", "county": "1"}}
    found = paid({**clawback, **split}, work("W", late="2023-03-31", cost="40"))
    assert found == [
        ("2022-03-31", "city", Decimal(15)), ("2022-03-31", "county", Decimal(15)),
        ("2023-03-31", "city", Decimal("-1.66")), ("2023-03-31", "county", Decimal("-1.66")),
    ]  # fmt: skip


def test_nothing_is_taken_back_where_the_day_never_comes_or_lies_before_payment() -> None:
    clawback = {"clawback": {"on": "late", "share": "all"}}
    assert paid(clawback, work("W")) == [("2022-03-31", "city", Decimal(100))]
    assert paid(clawback, work("W", late="2022-03-30")) == [("2022-03-31", "city", Decimal(100))]


def test_all_taken_back_is_the_exact_opposite_of_all_paid() -> None:
    split = {"split": {"city": "2", "county": "1"}, "clawback": {"on": "late", "share": "all"}}
    found = paid(split, work("W", cost="0.05", late="2022-12-01"))
    assert found == [
        ("2022-03-31", "city", Decimal("0.03")), ("2022-03-31", "county", Decimal("0.02")),
        ("2022-12-01", "city", Decimal("-0.03")), ("2022-12-01", "county", Decimal("-0.02")),
    ]  # fmt: skip


def kept(limit: dict[str, Any], *works: dict[str, str]) -> dict[str, Decimal]:
    limits = {"one": {"item": "2", "among": ["grant"], **limit}}
    policy = schedule(document(values=VALUES, clauses={"grant": CAPPED}, limits=limits))
    frame = calculated(policy, works=list(works)).entitlements()
    return dict(zip(frame["subject"], frame["owed"], strict=True))


def test_places_go_to_the_highest_rank_and_ties_to_the_earlier() -> None:
    works = [work("A", cost="1"), work("B", cost="3"), work("C", cost="3"), work("E", cost="3", done="2022-01-01")]
    assert kept({"per": [], "at_most": "places", "when_short": "by_rank -cost"}, *works) == {
        "A": 0, "B": 3, "C": 0, "E": 3,
    }  # fmt: skip
    assert kept({"per": ["district"], "at_most": "places"}, *works) == {"A": 1, "B": 0, "C": 0, "E": 3}


def test_places_count_head_counts() -> None:
    two = [work("A", count="3"), work("B")]
    assert kept({"per": [], "at_most": "places"}, *two) == {"A": 200, "B": 0}


@pytest.mark.parametrize(("last", "second"), [("partly", 50), ("nothing", 0)])
def test_the_last_one_gets_what_is_left_or_nothing(last: str, second: int) -> None:
    works = [work("A", cost="200"), work("B", cost="100", done="2022-04-01"), work("C", cost="10", done="2022-05-01")]
    limit = {"at_most": "budget", "when_short": "in_order done", "last": last}
    assert kept({**limit, "per": ["work"]}, *works) == {"A": 200, "B": 100, "C": 10}
    assert kept({**limit, "per": ["fee"]}, *(one | {"fee": "1"} for one in works)) == {"A": 200, "B": second, "C": 0}
    policy = schedule(document(values=VALUES, clauses={"grant": CAPPED}, limits={
        "pot": {"item": "2", "among": ["grant"], "per": ["year"], **limit},
    }))  # fmt: skip
    frame = calculated(policy, works=works).payments()
    assert dict(zip(frame["payee"], frame["amount"], strict=True)) == {"A": 200, "B": second, "C": 0}


def test_a_refund_moves_money_between_payers_up_to_its_cap() -> None:
    refund = {"item": "2", "among": ["grant"], "payer": "county", "per": ["year"]}
    refund |= {"refund": {"by": "city", "share": "half"}}
    works = [work("A", cost="100"), work("B", cost="50.01")]
    own = {"split": {"county": "1"}}
    assert paid(own, *works, limits={"back": refund}) == [
        ("2022-03-31", "city", Decimal("25.01")), ("2022-03-31", "city", Decimal(50)),
        ("2022-03-31", "county", Decimal(25)), ("2022-03-31", "county", Decimal(50)),
    ]  # fmt: skip
    capped = paid(own, *works, limits={"back": {**refund, "at_most": "refund_cap"}})
    assert sum(amount for _, payer, amount in capped if payer == "city") == 70
    assert sum(amount for _, _, amount in capped) == Decimal("150.01")


def test_parts_in_whole_steps_add_up_in_rows_and_columns() -> None:
    clause = {**CAPPED, "split": {"city": "3", "county": "7"}, "split_to": "hundred"}
    works = [work("A", cost="990"), work("B", cost="345.67")]
    policy = schedule(document(values=VALUES, clauses={"grant": clause}))
    result = calculated(policy, works=works)
    frame = result.payments()
    assert sorted(zip(frame["payee"], frame["payer"], frame["amount"], strict=True)) == [
        ("A", "city", Decimal(300)), ("A", "county", Decimal(690)),
        ("B", "city", Decimal(100)), ("B", "county", Decimal("245.67")),
    ]  # fmt: skip
    assert result.total == sum(amounts(result).values())


def test_a_payer_may_have_a_fund_of_its_own() -> None:
    grant = {**CAPPED, "fund": "养老专项", "split": {"city": "1", "county": "1"}}
    policy = document(values=VALUES, clauses={"grant": grant})
    policy["payers"] = {**policy["payers"], "city": {**policy["payers"]["city"], "fund": "福彩公益金"}}
    result = calculated(schedule(policy), works=[work("W")])
    assert dict(zip(result.payments()["payer"], result.payments()["fund"], strict=True)) == {
        "city": "福彩公益金", "county": "养老专项",
    }  # fmt: skip
    by_fund = result.by_fund()
    assert dict(zip(by_fund["fund"], by_fund["amount"], strict=True)) == {"养老专项": 50, "福彩公益金": 50}


def test_a_refund_is_told_among_the_pots() -> None:
    refund = {"item": "2", "among": ["grant"], "payer": "county", "per": ["year"], "at_most": "refund_cap"}
    refund |= {"refund": {"by": "city", "share": "half"}}
    clauses = {"grant": {**CAPPED, "split": {"county": "1"}}}
    policy = schedule(document(values=VALUES, clauses=clauses, limits={"back": refund}))
    (told,) = calculated(policy, works=[work("A", cost="200")]).to_dict()["pots"]
    assert (told["when_short"], told["at_most"], told["asked"], told["refunded"], told["cut"]) == (
        "refund", "70.00", "100.00", "70.00", "0.00",
    )  # fmt: skip


def test_the_order_of_limits_is_part_of_the_meaning_and_that_of_values_is_not() -> None:
    limits = {name: {"item": "2", "among": ["grant"], "per": ["work"], "keep": name} for name in ("first", "highest")}

    def meaning(values: dict[str, Any], limits: dict[str, Any]) -> str:
        return schedule(document(values=values, clauses={"grant": CAPPED}, limits=limits)).latest.meaning_hash

    turned = dict(reversed(VALUES.items())), dict(reversed(limits.items()))
    assert meaning(VALUES, limits) == meaning(turned[0], limits) != meaning(VALUES, turned[1])


def test_whole_fen_are_whole_steps_too() -> None:
    values = {**VALUES, "a_fen": {"item": "1", "unit": "yuan", "is": "0.01"}}
    clause = {**CAPPED, "split": {"city": "1", "county": "1"}, "split_to": "a_fen"}
    policy = schedule(document(values=values, clauses={"grant": clause}))
    frame = calculated(policy, works=[work("W", cost="0.03")]).payments()
    assert dict(zip(frame["payer"], frame["amount"], strict=True)) == {
        "city": Decimal("0.02"), "county": Decimal("0.01"),
    }  # fmt: skip


def test_what_has_not_ended_is_not_taken_back() -> None:
    policy = document(values=VALUES, clauses={"grant": {**CAPPED, "clawback": {"on": "late", "share": "all"}}})
    works = {**policy["facts"]["works"], "late": {"date": "..", "blank": "ongoing"}}
    result = calculated(schedule({**policy, "facts": {"works": works}}), works=[work("W")])
    assert [str(amount) for amount in result.payments()["amount"]] == ["100.00"]


@pytest.mark.parametrize("year", [2022, 2024])
def test_a_condition_looks_ahead_whatever_year_is_asked(year: int) -> None:
    """The guest never leaves, so all three instalments will be paid."""
    pay = {"shares": "thirds", "every": "year", "while": "guests >= one"}
    homes = {"home": "key", "district": "districts", "done": "date", "guests": {"count": "stays", "every": "month"}}
    stays = {"stay": "key", "home": "homes", "from": "date", "to": {"date": "..", "blank": "ongoing"}}
    values = {**VALUES, "one": {"item": "1", "unit": "stays", "is": "1"}}
    grant = {**GRANT, "for": "homes", "amount": "most", "pay": pay}
    policy = document(values=values, clauses={"grant": grant}) | {"facts": {"homes": homes, "stays": stays}}
    result = calculated(
        schedule(policy),
        year,
        homes=[{"home": "H", "district": "D", "done": "2022-03-31"}],
        stays=[{"stay": "S", "home": "H", "from": "2022-01-01", "to": ""}],
    )
    assert sum(result.payments()["amount"]) == 1000
