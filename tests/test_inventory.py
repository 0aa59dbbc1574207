"""Every provision of the documents stands in a schedule under its item with its figures, and nothing else does.

`inventory.csv`: the provision (A: Xi'an, of which A1 to A34 are the items of annex 1, A35 the lottery fund, A36 the
plan, AD the deadlines, AE the envelope for medical care, AU what is promised without a figure; B: Linze; C: Guichi;
D: Yinchuan; E: Ningbo; F: the other parts of the collection that Xi'an's plan stands in; X: what else a document has),
the schedule, the entry that encodes it, the part and item that the entry cites, and every figure that it must have.
"""

from __future__ import annotations

import csv
import re
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from xian import ID as XIAN_ID
from xian import XIAN

from subsidy import Schedule, schedule

IDS = {
    *(f"A{number}" for number in range(1, 37)), "AD", "AE", "AU",
    *(f"B{number}" for number in range(1, 10)), "BX",
    *(f"C{number}" for number in range(1, 8)), "CX",
    "D1", "D2", "D3", "E1", "E2", "EX", "F1", "F2", "F3",
}  # fmt: skip
NAMED = ("clauses", "values", "limits", "rules", "unquantified", "targets")
NUMBER = re.compile(r"[0-9]+(?:\.[0-9]+)?%?")
Row = dict[str, str]

with (Path(__file__).parent / "inventory.csv").open(encoding="utf-8", newline="") as file:
    INVENTORY = list(csv.DictReader(file))

DOCUMENTS = sorted({row["schedule"] for row in INVENTORY})
PROVISIONS = sorted({(row["id"], row["schedule"]) for row in INVENTORY})


def leaves(figures: Any) -> Iterator[str]:
    if isinstance(figures, dict):
        for inner in figures.values():
            yield from leaves(inner)
    elif figures != "none":
        yield str(figures)


def figures_of(section: str, entry: Any) -> list[str]:
    """Every figure of an entry: what a value lists, what a row of the document holds, who pays how many shares."""
    if section == "values":
        return list(leaves(entry.figures))
    if section == "clauses":
        return [f"{payer}={share}" for payer, share in entry.split.items()] if isinstance(entry.split, dict) else []
    texts = [entry.text] if section == "notes" else [entry.label, entry.reading]
    return [figure for text in texts if text is not None for figure in NUMBER.findall(text.zh)]


def figures_of_rows(path: Path) -> list[str]:
    with path.open(encoding="utf-8", newline="") as rows:
        return [cell for row in csv.DictReader(rows) for cell in row.values() if NUMBER.fullmatch(cell)]


def entries(found: Schedule) -> dict[tuple[str, str, str], list[str]]:
    """Where something stands (notes by their item alone), its part and its item: and the figures there."""
    model, standing = found.latest.model, defaultdict[tuple[str, str, str], list[str]](list)
    for section in NAMED:
        for name, entry in getattr(model, section).items():
            figures = [] if section in ("limits", "targets") else figures_of(section, entry)
            standing[f"{section}.{name}", entry.part or "", entry.item or ""] += figures
    for note in model.notes:
        standing["notes", note.part or "", note.item or ""] += figures_of("notes", note)
    for table, name in model.rows.items():
        standing[f"rows.{table}", "", ""] += figures_of_rows(found.paths[-1].parent / name)
    return standing


@pytest.fixture(scope="module")
def standing() -> dict[str, dict[tuple[str, str, str], list[str]]]:
    return {name: entries(XIAN if name == XIAN_ID else schedule(name)) for name in DOCUMENTS}


def test_no_provision_is_missing() -> None:
    assert {row["id"] for row in INVENTORY} == IDS
    assert all(row["where"] for row in INVENTORY)


@pytest.mark.parametrize(("id_", "document"), PROVISIONS)
def test_a_provision_stands_under_its_item_with_its_figures(id_: str, document: str, standing: Any) -> None:
    for row in INVENTORY:
        if (row["id"], row["schedule"]) == (id_, document):
            place = row["where"], row["part"], row["item"]
            assert place in standing[document]
            assert set(row["figures"].split()) <= set(standing[document][place]), place


@pytest.mark.parametrize("document", DOCUMENTS)
def test_nothing_else_stands_in_a_schedule(document: str, standing: Any) -> None:
    listed = defaultdict[tuple[str, str, str], set[str]](set)
    for row in INVENTORY:
        if row["schedule"] == document:
            listed[row["where"], row["part"], row["item"]] |= set(row["figures"].split())
    assert set(listed) == set(standing[document])
    unlisted = {place: extra for place in listed if (extra := set(standing[document][place]) - listed[place])}
    assert unlisted == {}


# --- Xi'an ----------------------------------------------------------------------------------------------------------


def sections_of(id_: str) -> set[str]:
    return {row["where"].partition(".")[0] for row in INVENTORY if row["id"] == id_}


def test_an_item_of_annex_1_is_cited_by_its_own_number() -> None:
    for row in INVENTORY:
        own = row["id"][1:]
        in_annex_1 = row["schedule"] == XIAN_ID and own.isdigit() and int(own) <= 34 and not row["part"]
        if in_annex_1 and row["where"] != "notes":
            assert own in row["item"].split("、")


@pytest.mark.parametrize("number", range(5, 30))
def test_every_item_with_an_amount_is_a_clause(number: int) -> None:
    """Items 5 to 8 are reliefs (no cash), 9 to 29 are paid."""
    names = [row["where"].split(".") for row in INVENTORY if row["id"] == f"A{number}"]
    clauses = [XIAN.latest.model.clauses[name[1]] for name in names if name[0] == "clauses"]
    assert clauses
    assert all(clause.cash == (number >= 9) for clause in clauses)


@pytest.mark.parametrize("id_", ["A1", "A2", "A3", "A4", "A30", "A31", "A32", "A33", "A34", "A35", "A36", "AD", "AU"])
def test_what_is_no_amount_is_no_clause(id_: str) -> None:
    assert "clauses" not in sections_of(id_)


def test_no_cash_clause_may_read_the_profit_status_or_foreign_capital() -> None:
    """Items 32 and 33."""
    rules = XIAN.latest.model.rules
    assert rules["equal_treatment"].unread == ("profit_status", "facility.profit_status")
    assert rules["foreign_capital_alike"].unread == ("foreign_capital", "facility.foreign_capital")
