"""Every provision of Xi'an's document stands in the schedule, and nothing stands there that is no provision of it.

`xian_inventory.csv`: ids of the provisions (A1 to A34 are the items of annex 1; A35 the lottery fund, A36 the plan, AD
the deadlines, AE the envelope for medical care, AU what the main text promises without a figure), and the entries that
encode them, each with its own item.
"""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
from xian import XIAN

IDS = {*(f"A{number}" for number in range(1, 37)), "AD", "AE", "AU"}
NAMED = ("clauses", "values", "limits", "rules", "unquantified", "targets")
MODEL = XIAN.latest.model

with (Path(__file__).parent / "xian_inventory.csv").open(encoding="utf-8", newline="") as file:
    INVENTORY = list(csv.DictReader(file))


def test_no_provision_is_missing() -> None:
    assert {row["id"] for row in INVENTORY} == IDS


@pytest.mark.parametrize("row", INVENTORY, ids=lambda row: f"{row['id']}-{row['section']}-{row['name'] or row['item']}")
def test_the_entry_stands_in_the_schedule_under_its_item(row: dict[str, str]) -> None:
    if row["section"] == "notes":
        assert row["item"] in {note.item for note in MODEL.notes}
    else:
        assert row["section"] in NAMED
        assert getattr(MODEL, row["section"])[row["name"]].item == row["item"]


def test_an_item_of_annex_1_is_cited_by_its_own_number() -> None:
    for row in INVENTORY:
        entry = getattr(MODEL, row["section"])[row["name"]] if row["name"] else None
        if entry is not None and entry.part is None and row["id"][1:].isdigit():
            assert row["id"][1:] in row["item"].split("、")


@pytest.mark.parametrize("section", NAMED)
def test_nothing_else_stands_in_the_schedule(section: str) -> None:
    assert set(getattr(MODEL, section)) == {row["name"] for row in INVENTORY if row["section"] == section}


def test_every_note_is_listed() -> None:
    assert {note.item for note in MODEL.notes} == {row["item"] for row in INVENTORY if row["section"] == "notes"}


@pytest.mark.parametrize("number", range(5, 30))
def test_every_item_with_an_amount_is_a_clause(number: int) -> None:
    """Items 5 to 8 are reliefs (no cash), 9 to 29 are paid."""
    clauses = [
        MODEL.clauses[row["name"]] for row in INVENTORY if (row["id"], row["section"]) == (f"A{number}", "clauses")
    ]
    assert clauses
    assert all(clause.cash == (number >= 9) for clause in clauses)


@pytest.mark.parametrize("id_", ["A1", "A2", "A3", "A4", "A30", "A31", "A32", "A33", "A34", "A35", "A36", "AD", "AU"])
def test_what_is_no_amount_is_no_clause(id_: str) -> None:
    assert "clauses" not in {row["section"] for row in INVENTORY if row["id"] == id_}


def test_no_cash_clause_may_read_the_profit_status_or_foreign_capital() -> None:
    """Items 32 and 33."""
    assert MODEL.rules["equal_treatment"].unread == ("profit_status", "facility.profit_status")
    assert MODEL.rules["foreign_capital_alike"].unread == ("foreign_capital", "facility.foreign_capital")
