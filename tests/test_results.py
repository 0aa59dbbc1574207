"""What a calculation gives back: lists that add up, exact frames, reasons, findings and receipts."""

from __future__ import annotations

import csv
import datetime
import functools
import json
import operator
import random
import subprocess
import sys
from collections.abc import Callable, Iterable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.parquet as parquet
import pytest
import xlsxwriter
from hypothesis import given, settings
from hypothesis import strategies as st
from xian import (
    DISTRICT,
    ID,
    XIAN,
    Row,
    Tables,
    calculated,
    carer,
    facility,
    household,
    owed,
    paid,
    project,
    rows_of,
    stay,
)

from subsidy import (
    FindingsError,
    Result,
    Roster,
    RosterError,
    Schedule,
    ScheduleError,
    calculate,
    catalogue,
    check,
    read_roster,
    schedule,
)
from subsidy.budget.cells import Basis

ROWS: Tables = {
    "districts": [DISTRICT, {"district": "E", "name": "乙区", "six_urban": "no"}],
    "facilities": [
        facility("F", star="5"), facility("G", star="1"), facility("H", district="E", star="3"),
        facility("K", type="meal_point", star="0"),
    ],
    "residents": [
        stay("2022-02-01", "2022-03-10", ability="disabled"),
        stay("2022-03-11", "2022-05-31", key="T", home="G", ability="disabled"),
        stay("2021-12-15", "2022-02-02", key="U", person="Q", home="H", ability="semi_disabled"),
        stay("2022-06-01", "2022-06-30", key="V", person="V", home="K", ability="self_caring"),
    ],
    "households": [
        household(actual_cost="1999.99"), household(household="I", actual_cost=""),
        household(household="J", group="low_income", actual_cost="900"),
    ],
    "meals": [{"meal": "M", "facility": "K", "month": "2022-03", "person_days": "1235"}],
    "staff": [carer("2021-12-01", "2023-05-31", education="college", graduated="2021-07-01", level="junior")],
    "projects": [project("centre", build_mode="new", public_money="no", beds="80", facility="")],
    "premiums": [{"premium": "P", "facility": "H", "year": "2022", "premium_paid": "12346.25"}],
    "taxes": [
        {"tax": "X", "facility": "K", "year": "2022", "kind": "vat", "purpose": "community_care", "due": "77.07"},
    ],
}  # fmt: skip


FEW: Tables = {table: ROWS[table] for table in ("districts", "facilities", "residents")}


@pytest.fixture(scope="module")
def result() -> Result:
    return calculate(XIAN, Roster(**ROWS), 2022, proceed=True)


@pytest.fixture(scope="module")
def content(result: Result) -> Any:
    return result.to_dict()


def total(amounts: Iterable[Any]) -> Decimal:
    return functools.reduce(operator.add, (Decimal(amount) for amount in amounts), Decimal(0))


# --- budgets -------------------------------------------------------------------------------------------------------


def test_the_year_by_hand(content: Any) -> None:
    """Item 16: February 225 at F, March to May 80 at G, January and February 90 at H. Item 14: 1,999.99.
    Item 19: 1,235 × 2. Item 26: 40,000, of which 30 % in 2021 and 30 % in 2022. Item 27: 300 in December.
    Item 21: 8,642.375 half up. Items 9 and 10: the centre, 0 to 1,500,000, against 800,000 for its beds."""
    amounts = {entry["clause"]: (entry["item"], entry["amount"], entry["low"]) for entry in content["by_clause"]}
    assert amounts == {
        "operating_grant": ("16", "645.00", "645.00"), "home_adaptation": ("14", "1999.99", "1999.99"),
        "meal_subsidy": ("19", "2470.00", "2470.00"), "entry_award": ("26", "12000.00", "12000.00"),
        "post_allowance": ("27", "300.00", "300.00"), "liability_insurance": ("21", "8642.38", "8642.38"),
        "centre_grant": ("10", "1500000.00", "0.00"), "bed_grant": ("9", "0.00", "800000.00"),
    }  # fmt: skip
    assert (content["total"], content["low"]) == ("1526057.37", "826057.37")
    assert content["relief"] == [{"clause": "community_vat", "item": "6", "amount": "77.07", "low": "77.07"}]


def test_the_object_has_the_promised_keys(content: Any) -> None:
    assert list(content) == [
        "schedules", "year", "basis", "total", "low", "by_clause", "by_district", "by_facility", "by_payer", "relief",
        "limits", "pots", "blocked", "findings", "readings", "unquantified", "rules",
    ]  # fmt: skip
    xian = {"id": "cn/xian/elderly-care", "version": "2021-11-05", "revision": 1, "overlays": {}}
    assert content["schedules"] == [xian]
    assert (content["year"], content["basis"]) == (2022, "due")
    assert json.loads(json.dumps(content)) == content


@pytest.mark.parametrize("name", ["by_clause", "by_district", "by_facility", "by_payer"])
def test_every_list_adds_up_to_the_total(content: Any, name: str) -> None:
    assert total(entry["amount"] for entry in content[name]) == Decimal(content["total"])
    assert total(entry["low"] for entry in content[name]) == Decimal(content["low"])
    for entry in content[name]:
        for parts in ("payers", "clauses"):
            if parts in entry:
                assert total(entry[parts].values()) == Decimal(entry["amount"])


def test_lists_say_where_and_who(content: Any) -> None:
    districts = {entry["district"]: entry["amount"] for entry in content["by_district"]}
    assert districts == {"D": "1504934.99", "E": "180.00", None: "20942.38"}  # what nobody is said to pay has no place
    facilities = {entry["facility"]: entry["amount"] for entry in content["by_facility"]}
    assert facilities["K"] == "2470.00"
    assert facilities["G"] == "240.00"
    assert facilities["H"] == "8822.38"
    assert facilities[None] == "1501999.99"  # the project without a facility and the household
    payers = {entry["payer"]: entry["amount"] for entry in content["by_payer"]}
    assert payers == {"city": "1502557.50", "district": "2557.49", "not_stated": "20942.38"}


def test_amounts_are_texts_with_two_decimals(content: Any) -> None:
    def amounts(part: Any) -> Iterable[str]:
        if isinstance(part, dict):
            for key, value in part.items():
                if key in ("amount", "low", "total", "cut", "over", "asked", "at_most", "used_before"):
                    yield value
                yield from amounts(value)
        elif isinstance(part, list):
            for one in part:
                yield from amounts(one)

    found = list(amounts({key: value for key, value in content.items() if key not in ("findings", "readings")}))
    assert len(found) > 20
    assert all(isinstance(amount, str) and amount[-3] == "." for amount in found)


@pytest.mark.parametrize("name", ["budget", "by_facility", "by_district", "by_payer"])
def test_frames_are_exact_and_add_up(result: Result, name: str) -> None:
    frame = getattr(result, name)()
    for column, whole in (("amount", result.total), ("low", result.low)):
        assert frame[column].dtype == pd.ArrowDtype(pa.decimal128(18, 2))
        assert all(isinstance(amount, Decimal) for amount in frame[column])
        assert sum(frame[column], Decimal(0)) == whole


def test_columns_of_frames(result: Result) -> None:
    assert list(result.budget().columns) == ["district", "clause", "item", "payer", "amount", "low"]
    assert list(result.by_facility().columns) == ["facility", "amount", "low"]
    assert list(result.by_district().columns) == ["district", "amount", "low"]
    assert list(result.by_payer().columns) == ["payer", "amount", "low"]
    assert not result.budget()["clause"].isin(["community_vat"]).any()


def test_frames_of_nothing_keep_their_columns() -> None:
    empty = calculated(2030)
    assert list(empty.by_payer().columns) == ["payer", "amount", "low"]
    assert (len(empty.budget()), len(empty.payments()), len(empty.entitlements())) == (0, 0, 0)
    assert f"{empty.total:.2f}" == "0.00"


# --- ledgers -------------------------------------------------------------------------------------------------------


def test_entitlements_say_paid_or_why_not_or_finding(result: Result) -> None:
    frame = result.entitlements()
    seen = {(row.clause, row.subject, row.period): (row.state, row.reason, str(row.owed)) for row in rows_of(frame)}
    assert seen["operating_grant", "R", "2022-02"] == ("paid", "", "225.00")
    assert seen["operating_grant", "R", "2022-03"] == ("why-not", "limit: one_home", "0.00")
    assert seen["operating_grant", "V", "2022-06"] == ("why-not", "not met: facility.star >= 1", "0.00")
    assert seen["home_adaptation", "H", "2022-06-01"] == ("paid", "", "1999.99")
    assert seen["home_adaptation", "I", "2022-06-01"] == ("finding", "missing: amount", "0.00")
    assert seen["home_adaptation", "J", "2022-06-01"] == ("why-not", "not met: hardship", "0.00")
    assert set(result.entitlements()["state"]) == {"paid", "why-not", "finding"}


def test_entitlements_carry_their_clause_and_place(result: Result) -> None:
    frame = result.entitlements()
    assert list(frame.columns) == [
        "schedule", "version", "revision", "clause", "item", "table", "subject", "place", "period", "count", "owed",
        "state", "reason",
    ]  # fmt: skip
    (row,) = rows_of(
        frame[(frame["clause"] == "operating_grant") & (frame["subject"] == "U") & (frame["period"] == "2022-01")]
    )
    assert (row.schedule, row.version, row.item, row.table, row.place) == (
        "cn/xian/elderly-care",
        "2021-11-05",
        "16",
        "residents",
        "E",
    )


def test_the_payments_ledger_adds_up_to_the_budget(result: Result) -> None:
    frame = result.payments()
    assert all(row.owed - row.cut == row.amount for row in rows_of(frame))
    of_year = frame[frame["due"].str.startswith("2022")]
    assert sum(of_year["amount"], Decimal(0)) == result.total
    by_payer = {payer: sum(rows["amount"]) for payer, rows in of_year.groupby("payer")}
    assert by_payer == {row.payer: row.amount for row in rows_of(result.by_payer())}


def test_the_payments_ledger_holds_every_year() -> None:
    rows = {table: ROWS[table] for table in ("districts", "facilities", "residents", "staff")}
    results = {year: calculate(XIAN, Roster(**rows), year) for year in (2021, 2022, 2023)}
    for other in results.values():
        frame = other.payments()
        for year, of_year in results.items():
            assert sum(frame[frame["due"].str.startswith(str(year))]["amount"], Decimal(0)) == of_year.total


def test_payments_say_who_pays_whom_when(result: Result) -> None:
    frame = result.payments()
    found = {(row.clause, row.payee, row.due, row.payer): str(row.amount) for row in rows_of(frame)}
    assert found["entry_award", "P", "2021-12-01", "not_stated"] == "12000.00"
    assert found["entry_award", "P", "2022-12-01", "not_stated"] == "12000.00"
    assert found["home_adaptation", "H", "2022-06-01", "city"] == "1000.00"
    assert found["home_adaptation", "H", "2022-06-01", "district"] == "999.99"
    assert found["meal_subsidy", "K", "2022-03-31", "city"] == "1235.00"
    assert ("entry_award", "P", "2023-12-01", "not_stated") not in found  # left in May 2023


def test_limits_say_what_they_took(content: Any) -> None:
    cut = {entry["limit"]: entry["cut"] for entry in content["limits"] if entry["cut"] != "0.00"}
    assert cut == {"one_home": "225.00", "bed_or_centre": "800000.00"}


# --- reasons -------------------------------------------------------------------------------------------------------

EXPLAINED: dict[str, tuple[Callable[[Result, Any], Any], list[str], list[str]]] = {
    "paid": (
        lambda result, language: result.explain("operating_grant", "R", period="2022-02", language=language),
        ["225.00", "item 16", "〔2021〕47号", "facility.star", "disabled", "residents:1:ability", "met", "112.50"],
        ["225.00", "第 16 条", "〔2021〕47号", "星级", "失能", "residents:1:ability", "满足", "112.50"],
    ),
    "why-not": (
        lambda result, language: result.explain("home_adaptation", "J", language=language),
        ["0.00", "item 14", "hardship: not met", "low_income", "households:3:group", "(now low_income) → 900.00"],
        ["0.00", "第 14 条", "hardship: 不满足", "低收入", "households:3:group", "（现为 低收入 low_income） → 900.00"],
    ),
    "finding": (
        lambda result, language: result.explain("home_adaptation", "I", language=language),
        ["0.00", "actual_cost: blank", "households:2:actual_cost", "adaptation_cap(area = rural): 2,000.00"],
        ["0.00", "实际费用 actual_cost: 空白", "households:2:actual_cost", "(area = 农村 rural): 2,000.00 元/户"],
    ),
    "lost to another home": (
        lambda result, language: result.explain("operating_grant", "R", period="2022-03", language=language),
        ["0.00", "one home per person and month", "225.00 → 0.00", "T 2022-03: 80.00", "by 11 days"],
        ["0.00", "每人每月一家机构", "225.00 → 0.00", "T 2022-03: 80.00", "多 11 天"],
    ),
    "lost to another clause": (
        lambda result, language: result.explain("bed_grant", "B", language=language),
        ["800,000.00 → 0.00", "centre grant B 2022-06-01: 1,500,000.00, kept, the higher amount, by 700,000.00"],
        ["800,000.00 → 0.00", "综合养老服务中心建设补助 B 2022-06-01: 1,500,000.00，保留，金额较高，多 700,000.00"],
    ),
    "relief": (
        lambda result, language: result.explain("community_vat", "X", language=language),
        ["77.07", "item 6", "community_relief"],
        ["77.07", "第 6 条", "community_relief"],
    ),
    "instalments": (
        lambda result, language: result.explain("entry_award", "S", language=language),
        ["40,000.00", "2021-12-01", "2022-12-01", "30% × 40,000.00 = 12,000.00, due", "= 16,000.00, not due"],
        ["40,000.00", "2021-12-01", "2022-12-01", "30% × 40,000.00 = 12,000.00，应付", "= 16,000.00，不付"],
    ),
    "line": (
        lambda result, language: result.explain_payment("home_adaptation", "H", "2022-06-01", language),
        ["1,999.99", "item 14", "city 5 : district or development zone 5",
         "city D: 1,000.00 (5/10 of 1,999.99), with the odd fen"],
        ["1,999.99", "第 14 条", "市级财政 5 : 区县（开发区）财政 5",
         "市级财政 D: 1,000.00（1,999.99 的 5/10），含除不尽的一分"],
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", EXPLAINED)
@pytest.mark.parametrize("language", ["en", "zh"])
def test_explanations(result: Result, case: str, language: str) -> None:
    explain, english, chinese = EXPLAINED[case]
    explanation = explain(result, language)
    printed = str(explanation)
    for words in chinese if language == "zh" else english:
        assert words in printed
    as_dict = explanation.to_dict()
    assert json.loads(json.dumps(as_dict)) == as_dict
    assert as_dict["title"] == printed.splitlines()[0]
    assert as_dict["title"].replace(",", "").endswith(as_dict["amount"])
    markdown = explanation.to_markdown()
    assert markdown.startswith(f"### {as_dict['title']}\n")
    lines = as_dict.get("explanation", as_dict)["lines"]
    assert all(line["name"] in markdown and line["value"] in markdown for line in lines)


def test_an_odd_fen_is_not_named_where_there_is_none(result: Result) -> None:
    assert "odd fen" not in str(result.explain_payment("meal_subsidy", "K", "2022-03-31"))


def test_an_explanation_in_figures(result: Result) -> None:
    as_dict = result.explain("operating_grant", "U", period="2022-01").to_dict()
    assert {key: as_dict[key] for key in ("amount", "clause", "item", "subject", "period", "schedule", "version")} == {
        "amount": "90.00", "clause": "operating_grant", "item": "16", "subject": "U", "period": "2022-01",
        "schedule": "cn/xian/elderly-care", "version": "2021-11-05",
    }  # fmt: skip


def test_without_a_period_the_first_of_the_year_is_explained(result: Result) -> None:
    as_dict = result.explain("operating_grant", "U").to_dict()
    assert as_dict["explanation"]["period"] == "2022-01"
    (clause,) = as_dict["parts"]
    assert {part["period"]: (part["state"], part["amount"]) for part in clause["parts"]}["2022-01"] == ("paid", "90.00")


@pytest.mark.parametrize(
    ("wanted", "missing"),
    [
        (("no_clause", "R"), "no_clause"), (("operating_grant", "nobody"), "nobody"),
        (("operating_grant", "R", "2022-13"), "2022-13"), (("operating_grant", "R", "March"), "March"),
        (("home_adaptation", "J", "2022-06"), "2022-06"),
    ],
)  # fmt: skip
def test_what_is_not_there_cannot_be_explained(result: Result, wanted: tuple[str, ...], missing: str) -> None:
    with pytest.raises(KeyError) as caught:
        result.explain(*wanted)  # type: ignore[arg-type]
    assert missing in str(caught.value)


def test_lines_that_are_not_there_cannot_be_explained(result: Result) -> None:
    for wanted in (
        ("no_clause", "H", "2022-06-01"),
        ("home_adaptation", "nobody", "2022-06-01"),
        ("home_adaptation", "H", "2022-06-02"),
    ):
        with pytest.raises(KeyError):
            result.explain_payment(*wanted)


def test_explanations_of_every_entitlement_agree_with_the_ledger(result: Result) -> None:
    frame = result.entitlements()
    chosen = frame[frame["clause"].isin(["home_adaptation", "centre_grant", "bed_grant"])]
    for row in rows_of(chosen):
        assert result.explain(row.clause, row.subject, row.period).to_dict()["amount"] == str(row.owed)


# --- findings ------------------------------------------------------------------------------------------------------

BAD: Tables = {
    **ROWS,
    "residents": [
        *ROWS["residents"],
        stay("2022-02-30", key="A", person="A", ability="disabled"),
        stay("2022-05-01", "2022-04-01", key="B", person="B", ability="disabled"),
        stay("2022-05-01", "2022-06-01", key="C", person="C", home="nowhere", ability="disabled"),
        stay("2022-05-01", "2022-05-31", key="E", person="E", ability="disable"),
        stay("2022-05-01", "2022-05-31", key="W", person="W", ability="self_caring"),
    ],
    "meals": [*ROWS["meals"], {"meal": "N", "facility": "K", "month": "2022-04", "person_days": "12.5"}],
}


def test_errors_stop_the_calculation_with_all_findings_at_once() -> None:
    with pytest.raises(RosterError) as caught:
        calculate(XIAN, Roster(**BAD), 2022)
    assert isinstance(caught.value, FindingsError)
    places = {(finding.place.sheet, finding.place.row, finding.place.column) for finding in caught.value.findings}
    assert places >= {
        ("residents", 5, "from"),
        ("residents", 7, "facility"),
        ("residents", 8, "ability"),
        ("meals", 2, "person_days"),
    }  # fmt: skip
    assert any(place[:2] == ("residents", 6) for place in places)
    for finding in caught.value.findings:
        assert finding.why.zh
        assert finding.why.en
        assert finding.remedy.zh
        assert finding.remedy.en


def test_check_finds_the_same_and_more() -> None:
    with pytest.raises(RosterError) as caught:
        calculate(XIAN, Roster(**BAD), 2022)
    assert set(caught.value.findings) <= set(check(XIAN, Roster(**BAD)))
    assert check(XIAN, Roster(districts=[DISTRICT])) == []


def test_proceeding_pays_the_rest_and_lists_what_is_blocked(result: Result) -> None:
    proceeded = calculate(XIAN, Roster(**BAD), 2022, proceed=True)
    assert proceeded.total == result.total + 80  # W at F: 80 for one month
    assert {finding.place.row for finding in proceeded.findings if finding.place.sheet == "residents"} >= {5, 6, 7, 8}
    assert [entry["code"] for entry in proceeded.to_dict()["findings"]] == [
        finding.code for finding in proceeded.findings
    ]
    assert set(result.findings) <= set(proceeded.findings)


def test_what_is_blank_but_not_needed_stops_nothing() -> None:
    assert f"{calculated(households=[household(group='other', actual_cost='')]).total:.2f}" == "0.00"


def test_unknown_schedules_and_overlays() -> None:
    with pytest.raises(ScheduleError) as unknown:
        schedule("cn/xian/elderly-cares")
    assert "cn/xian/elderly-care" in unknown.value.findings[0].line("en")
    for path in ("values.no_such.is", "values.operating_rate.is.6.disabled", "nothing.at.all"):
        with pytest.raises(ScheduleError) as caught:
            XIAN.overlay({path: "1"})
        assert caught.value.findings[0].place.path == path
    with pytest.raises(ScheduleError):
        XIAN.overlay({"values.operating_rate.is.5.disabled": "a lot"})
    with pytest.raises(ScheduleError):
        XIAN.overlay({"limits.medical_envelope.when_short": "perhaps"})
    with pytest.raises(ScheduleError):
        schedule("cn/xian/elderly-care", on="2021-11-04")
    with pytest.raises(ScheduleError):
        schedule("cn/xian/elderly-care", on="yesterday")
    assert "cn/xian/elderly-care" in catalogue()


def test_an_overlay_changes_the_figure_and_leaves_the_schedule_as_it_is() -> None:
    dearer = XIAN.overlay({"values.operating_rate.is.5.disabled": "250.50"})
    totals = [calculate(by, Roster(**FEW), 2022).total for by in (XIAN, dearer, XIAN)]
    assert totals == [Decimal("645.00"), Decimal("670.50"), Decimal("645.00")]


def test_importing_the_package_in_any_order() -> None:
    for first in (
        "subsidy.Roster",
        "subsidy.calculate",
        "subsidy.read_roster",
        "subsidy.ScheduleError",
        "subsidy.catalogue",
    ):
        code = f"import subsidy; {first}; print(subsidy.schedule('cn/xian/elderly-care').id)"
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
        assert done.stdout == "cn/xian/elderly-care\n", (first, done.stderr.splitlines()[-1:])


def test_importing_the_package_loads_nothing_heavy() -> None:
    heavy = ("pandas", "pyarrow", "duckdb", "sqlglot", "typer", "pydantic", "yaml")
    code = f"import sys, subsidy; print([name for name in {heavy} if name in sys.modules])"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"


# --- receipts ------------------------------------------------------------------------------------------------------


def shuffled(rows: Tables, seed: int = 7) -> Tables:
    chance = random.Random(seed)
    return {table: chance.sample(entries, len(entries)) for table, entries in rows.items()}


def receipt_of(by: Schedule = XIAN, year: int = 2022, basis: Basis = "due", rows: Tables = FEW) -> str:
    return calculate(by, Roster(**rows), year, basis=basis).receipt.to_json()


def test_a_receipt_is_the_same_whatever_the_order_of_rows() -> None:
    assert receipt_of(rows=shuffled(FEW)) == receipt_of() == receipt_of()


def test_a_result_is_the_same_whatever_the_order_of_rows_that_contradict_each_other() -> None:
    twice = [facility("F", star="5"), facility("F", star="1"), facility("G", star="1")]
    stays = [
        stay("2022-02-01", "2022-03-10", ability="disabled"),
        stay("2022-03-01", "2022-04-30", key="T", home="G", ability="disabled"),
        stay("2022-03-01", "2022-05-31", key="U", home="G", ability="disabled"),
        stay("2022-03-01", "2022-05-31", key="V", home="G", ability="semi_disabled"),
        stay("2022-07-01", "2022-07-31", key="W", home="G", ability="disabled"),
    ]
    tables: Tables = {"districts": [DISTRICT], "facilities": twice, "residents": stays}
    backwards = {table: rows[::-1] for table, rows in tables.items()}
    one, other = (calculate(XIAN, Roster(**rows), 2022, proceed=True) for rows in (tables, backwards))
    assert one.total > 0
    assert one.blocked == other.blocked
    assert one.receipt.to_json() == other.receipt.to_json()


def test_a_receipt_changes_with_a_cell_an_overlay_and_an_option() -> None:
    one_cell = {**FEW, "residents": [{**FEW["residents"][0], "to": "2022-03-09"}, *FEW["residents"][1:]]}
    receipts = [
        receipt_of(),
        receipt_of(rows=one_cell),  # the same money
        receipt_of(XIAN.overlay({"values.operating_rate.is.4.disabled": "151"})),  # a figure nobody gets
        receipt_of(basis="accrued"),
        receipt_of(year=2023),
    ]
    assert [json.loads(one)["totals"]["total"] for one in receipts[:4]] == ["645.00"] * 4
    assert len(set(receipts)) == 5


def test_what_a_receipt_holds(result: Result, content: Any) -> None:
    receipt = json.loads(result.receipt.to_json())
    (used,) = receipt["schedules"]
    assert (used["id"], used["version"], used["revision"], used["overlays"]) == (ID, "2021-11-05", 1, {})
    hashes = [used["bytes_sha256"], used["meaning_sha256"], *(table["sha256"] for table in receipt["roster"].values())]
    assert all(len(one) == 64 and set(one) <= set("0123456789abcdef") for one in hashes)
    assert {table: entry["rows"] for table, entry in receipt["roster"].items()} == {
        table: len(rows) for table, rows in ROWS.items()
    }
    assert receipt["options"] == {"year": 2022, "basis": "due", "proceed": True}
    assert receipt["totals"]["total"] == content["total"]
    assert receipt["totals"]["by_payer"] == content["by_payer"]
    assert set(receipt["given_facts"]) == {"facilities", "residents", "staff"}


def test_a_receipt_names_its_overlays() -> None:
    plain, overlaid = (json.loads(receipt_of(by)) for by in (XIAN, XIAN.overlay({"values.meal_rate.is": "3"})))
    (used,), (changed,) = plain["schedules"], overlaid["schedules"]
    assert changed["overlays"] == {"values.meal_rate.is": "3"}
    assert changed["bytes_sha256"] == used["bytes_sha256"]
    assert changed["meaning_sha256"] != used["meaning_sha256"]


def test_saving_a_receipt(result: Result, tmp_path: Path) -> None:
    result.receipt.save(tmp_path / "receipt.json")
    assert (tmp_path / "receipt.json").read_text(encoding="utf-8") == result.receipt.to_json()
    with pytest.raises(RosterError) as caught:
        result.receipt.save(tmp_path / "none" / "receipt.json")
    assert str(tmp_path / "none" / "receipt.json") in caught.value.findings[0].line("en")
    assert [path.name for path in tmp_path.iterdir()] == ["receipt.json"]


# --- where a roster comes from -------------------------------------------------------------------------------------

GOOD: Tables = {**ROWS, "households": [row for row in ROWS["households"] if row["actual_cost"]]}
DATES = ("from", "to", "hired", "left", "graduated", "accepted")
WHOLE = ("star", "person_days", "beds", "year")
MONEY = ("actual_cost", "premium_paid", "due")


def typed(column: str, cell: Any) -> Any:
    if cell in (None, ""):
        return None
    if column in DATES:
        return datetime.date.fromisoformat(cell)
    if column in WHOLE:
        return int(cell)
    return Decimal(cell) if column in MONEY else cell


def columns(rows: list[Row]) -> dict[str, list[Any]]:
    names = list(dict.fromkeys(name for row in rows for name in row))
    return {name: [typed(name, row.get(name)) for row in rows] for name in names}


def csv_folder(folder: Path) -> Roster:
    for table, rows in GOOD.items():
        names = list(dict.fromkeys(name for row in rows for name in row))
        with (folder / f"{table}.csv").open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, names, restval="")
            writer.writeheader()
            writer.writerows(rows)
    return read_roster(folder)


def parquet_folder(folder: Path) -> Roster:
    for table, rows in GOOD.items():
        parquet.write_table(pa.table(columns(rows)), folder / f"{table}.parquet")
    return read_roster(folder)


def chinese_workbook(folder: Path) -> Roster:
    words = dict(XIAN.latest.words)
    book = xlsxwriter.Workbook(str(folder / "花名册.xlsx"))
    day = book.add_format({"num_format": "yyyy-mm-dd"})
    for table, rows in GOOD.items():
        sheet = book.add_worksheet(words[table])
        for number, (name, cells) in enumerate(columns(rows).items()):
            sheet.write(0, number, words[name])
            for row, cell in enumerate(cells, 1):
                if isinstance(cell, datetime.date):
                    sheet.write_datetime(row, number, datetime.datetime.combine(cell, datetime.time()), day)
                elif cell is not None:
                    sheet.write(
                        row, number, words.get(cell, cell) if isinstance(cell, str) and not cell.isupper() else cell
                    )
    book.close()
    return read_roster(folder / "花名册.xlsx")


SOURCES: dict[str, Callable[[Path], Roster]] = {
    "pandas": lambda _: Roster(**{table: pd.DataFrame(columns(rows)) for table, rows in GOOD.items()}),
    "polars": lambda _: Roster(**{table: pl.DataFrame(columns(rows)) for table, rows in GOOD.items()}),
    "arrow": lambda _: Roster(**{table: pa.table(columns(rows)) for table, rows in GOOD.items()}),
    "csv": csv_folder, "parquet": parquet_folder, "workbook": chinese_workbook,
}  # fmt: skip


@pytest.fixture(scope="module")
def plain() -> Result:
    return calculate(XIAN, Roster(**GOOD), 2022)


@pytest.mark.parametrize("source", SOURCES)
def test_the_budget_does_not_depend_on_where_the_roster_comes_from(source: str, plain: Result, tmp_path: Path) -> None:
    other = calculate(XIAN, SOURCES[source](tmp_path), 2022)
    assert other.to_dict() == plain.to_dict()
    assert other.entitlements().equals(plain.entitlements())
    assert other.payments().equals(plain.payments())


# --- what holds for every roster -----------------------------------------------------------------------------------

HOMES = [facility(key, star=star, district=district) for key, star, district in
         (("F", "5", "D"), ("G", "3", "D"), ("H", "1", "E"), ("K", "0", "E"))]  # fmt: skip
first_days = st.dates(datetime.date(2021, 12, 1), datetime.date(2022, 12, 31))


@st.composite
def guests(draw: st.DrawFn, prefix: str = "R", most: int = 6) -> list[Row]:
    """Stays in 2022; one person in at most one home a day."""
    rows = []
    for number in range(draw(st.integers(0, most))):
        day, key = draw(first_days), f"{prefix}{number}"
        last = day + datetime.timedelta(days=draw(st.integers(0, 120)))
        home, ability = (
            draw(st.sampled_from("FGHK")),
            draw(st.sampled_from(["disabled", "semi_disabled", "self_caring"])),
        )
        rows.append(stay(str(day), str(last), key, f"person of {key}", home, ability=ability))
        if draw(st.booleans()):
            again = last + datetime.timedelta(days=draw(st.integers(2, 20)))
            end, moved = again + datetime.timedelta(days=draw(st.integers(0, 40))), draw(st.sampled_from("FGHK"))
            rows.append(stay(str(again), str(end), f"{key} again", f"person of {key}", moved, ability=ability))
    return rows


@st.composite
def adaptations(draw: st.DrawFn, prefix: str = "H") -> list[Row]:
    return [
        household(household=f"{prefix}{number}", actual_cost=str(Decimal(draw(st.integers(0, 500000))) / 100),
                  area=draw(st.sampled_from(["rural", "urban"])))
        for number in range(draw(st.integers(0, 4)))
    ]  # fmt: skip


def run(residents: list[Row], households: list[Row], year: int = 2022) -> Result:
    tables = {"districts": ROWS["districts"], "facilities": HOMES, "residents": residents, "households": households}
    return calculate(XIAN, Roster(**tables), year)


few = settings(max_examples=8, deadline=None)


@few
@given(guests(), adaptations(), st.integers(0, 100))
def test_the_order_of_rows_is_irrelevant(residents: list[Row], households: list[Row], seed: int) -> None:
    one, other = run(residents, households), run(**shuffled({"residents": residents, "households": households}, seed))
    assert one.to_dict() == other.to_dict()
    assert one.payments().equals(other.payments())
    assert one.receipt.to_json() == other.receipt.to_json()


@few
@given(guests())
def test_twelve_months_make_the_year(residents: list[Row]) -> None:
    result = run(residents, [])
    year = [
        Decimal(amount) for (_, month), amount in owed(result, "operating_grant").items() if month.startswith("2022")
    ]
    assert sum(year, Decimal(0)) == result.total


@few
@given(guests("A"), guests("B"), adaptations("A"), adaptations("B"))
def test_rosters_that_share_nothing_add_up(a: list[Row], b: list[Row], c: list[Row], d: list[Row]) -> None:
    parts, whole = (run(a, c), run(b, d)), run([*a, *b], [*c, *d])
    assert whole.total == sum(part.total for part in parts)
    assert {**owed(parts[0], "operating_grant"), **owed(parts[1], "operating_grant")} == owed(whole, "operating_grant")


@few
@given(guests("A"), guests("B", most=1))
def test_one_more_resident_never_gives_less(residents: list[Row], more: list[Row]) -> None:
    assert run([*residents, *more], []).total >= run(residents, []).total


@few
@given(guests(), adaptations())
def test_parts_add_up_and_differ_by_a_fen_at_most(residents: list[Row], households: list[Row]) -> None:
    result = run(residents, households)
    lines: dict[tuple[str, int], dict[str, Decimal]] = {}
    for row in rows_of(result.payments()):
        lines.setdefault((row.clause, row.line), {})[row.payer] = row.amount
    for parts in lines.values():
        assert set(parts) <= {"city", "district"}
        assert Decimal(0) <= parts["city"] - parts.get("district", Decimal(0)) <= Decimal("0.01")
    whole = sum(
        (
            Decimal(amount)
            for clause in ("operating_grant", "home_adaptation")
            for amount in owed(result, clause).values()
        ),
        Decimal(0),
    )
    assert sum((sum(parts.values()) for parts in lines.values()), Decimal(0)) == whole
    assert sum(map(Decimal, paid(result).values()), Decimal(0)) == result.total


# --- several schedules ---------------------------------------------------------------------------------------------

DISTRICTS_OWN = """
schedule: cn/nowhere/own
document: {number: 测试〔2022〕2号, issuer: 测试区, issued: 2022-01-01}
in_force: {from: 2022-01-01}
revision: 1
place: CN-0000
payers: {district: {label: {zh: 区级, en: district}, of: district}}
values: {rate: {unit: yuan / person / month, is: 33.33}}
clauses:
  CLAUSE: {item: "一", for: residents, every: month, amount: rate, split: {district: 1}}
limits: {one: {among: [CLAUSE], per: [person, month], keep: highest}}
"""


@pytest.mark.parametrize("clause", ["own_grant", "operating_grant"])
def test_several_schedules_add_up(clause: str, tmp_path: Path) -> None:
    """The district adds 33.33 a month for seven resident-months of 2022, whatever it calls its clause."""
    path = tmp_path / "own.yaml"
    path.write_text(DISTRICTS_OWN.replace("CLAUSE", clause), encoding="utf-8")
    shared = {**FEW, "districts": [{"district": "D"}, {"district": "E"}]}
    result = calculate([XIAN, schedule(path)], Roster(**shared), 2022)
    content = result.to_dict()
    assert content["total"] == "878.31"  # 645.00 + 7 × 33.33
    assert [entry["id"] for entry in content["schedules"]] == [ID, "cn/nowhere/own"]
    assert {entry["item"]: entry["amount"] for entry in content["by_clause"]} == {"16": "645.00", "一": "233.31"}
    assert len(json.loads(result.receipt.to_json())["schedules"]) == 2


def test_several_schedules_each_with_columns_of_its_own(tmp_path: Path) -> None:
    path = tmp_path / "own.yaml"
    path.write_text(DISTRICTS_OWN.replace("CLAUSE", "own_grant"), encoding="utf-8")
    assert f"{calculate([XIAN, schedule(path)], Roster(**FEW), 2022).total}" == "878.31"
