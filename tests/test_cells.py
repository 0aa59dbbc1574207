"""Any cell of any output is explained: the parts add up to it, and each part reaches a clause, a figure and a row."""

from __future__ import annotations

import json
import os
import random
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from random_schedules import Case, cases
from typer.testing import CliRunner

import subsidy
from subsidy import Roster
from subsidy.budget import cases as case_files
from subsidy.budget.breakdown import Breakdown, Node, Rest
from subsidy.budget.breakdown_context import WHOLE, Extent
from subsidy.budget.ledger import PAID, entitlement_rows
from subsidy.budget.result import Result
from subsidy.budget.selection import CellError
from subsidy.cli import app
from subsidy.engine.explain import shown_leaves
from subsidy.engine.findings import place_of
from subsidy.money import fen
from subsidy.report.explanation_page import page_of
from subsidy.schedule.catalogue import Schedule
from subsidy.schedule.load import load_text

THOROUGH = bool(os.environ.get("CHECK_ALL"))
UPDATE = bool(os.environ.get("UPDATE_EXPLANATIONS"))
HERE = Path(__file__).parent
XIAN = ("examples/xian/roster", "cn/xian/elderly-care")


@pytest.fixture(scope="module")
def xian() -> Result:
    roster = subsidy.read_roster(HERE.parent / XIAN[0])
    return subsidy.calculate(subsidy.schedule(XIAN[1]), roster, 2023, proceed=True)


def city_cases() -> Iterator[case_files.ReadCase]:
    for file in case_files.case_files(HERE / "cases"):
        yield from case_files.read_cases(file)


CASES = list(city_cases())


def result_of(case: case_files.ReadCase) -> Result:
    schedules = case_files._loaded(case)
    roster = Roster(**{table: [dict(row) for row in rows] for table, rows in case.model.rows.items()})
    return subsidy.calculate(schedules, roster, case.model.year, basis=case.model.basis, proceed=True)


# --- everything adds up, and reaches a clause, a figure and a row --------------------------------------------------

Cells = dict[tuple[str, str, str | None, str | None], int]


def cells_of(root: Node) -> Cells:
    """The cells of a tree: what its payment lines add up to."""
    found: Cells = defaultdict(int)
    for clause in root.children:
        for payer in clause.children:
            for line in payer.children:
                cell = (clause.key["clause"], payer.key["payer"], line.key["district"], line.key["facility"])
                found[cell] += line.amount  # type: ignore[index]
    return {cell: amount for cell, amount in found.items() if amount}


def check_all(result: Result) -> None:
    """Every amount of every output of a result, walked as a whole."""
    for low in (False, True) if THOROUGH or len(result.cells) < 200 else (False,):
        expected: Cells = defaultdict(int)
        for cell in result.cells:
            expected[cell.clause, cell.payer, cell.district, cell.facility] += cell.low if low else cell.amount
        expected = {cell: amount for cell, amount in expected.items() if amount}
        if not any(low and cell.low or not low and cell.amount for cell in result.cells):
            continue
        tree = result.explain(low=low, depth="entitlements", extent=WHOLE).root
        assert tree.amount == fen(result.low if low else result.total)
        assert cells_of(tree) == expected
        check_leaves(result, tree)
    if any(cell.amount for cell in result.relief_cells):
        reliefs = result.explain(relief=True, depth="entitlements", extent=WHOLE).root
        assert reliefs.amount == sum(cell.amount for cell in result.relief_cells)
        assert all(clause.rest is None for clause in reliefs.children)
        check_leaves(result, reliefs)
    for pot in {one["pot"] for one in result.pots}:
        check_pot(result, pot)
    check_ledger(result)


def check_leaves(result: Result, tree: Node) -> None:
    """Nothing is left out, and every payment line comes down to entitlements whose rows the roster holds."""
    subjects = {clause: rows_of(result, clause) for clause in result.items}
    for clause in tree.children:
        name = str(clause.key["clause"])
        assert clause.key["item"] == result.items[name]
        assert str(clause.key["item"]) in clause.note
        assert reads_something(result, name)
        reached = 0
        for node in clause.walk():
            assert node.rest is None
            if node.kind == "line":
                assert entitlements_below(node), node
            if node.kind == "entitlement":
                reached += 1
                assert node.key["subject"] in subjects[name], node
        assert reached


def entitlements_below(line: Node) -> bool:
    """Whether a line, or what it is a part of, or what it was taken over from, comes down to entitlements."""
    return any(node.kind in ("entitlement", "pot effect") or node.see for node in line.walk())


def rows_of(result: Result, clause: str) -> set[str]:
    """The keys of the rows of a clause's table that stand somewhere in the roster."""
    one, name = result.names.clauses[clause]
    version = next(version for version in one.schedule.versions if name in version.clauses)
    table = version.clauses[name].table
    prepared = one.high.run.prepared
    if not prepared.shape.has(table):
        return set()
    key = version.tables[table].key or ""
    content = prepared.intake.tables[table]
    return {
        subject
        for subject, row in zip(content[key].to_pylist(), content["_row"].to_pylist(), strict=True)
        if str(place_of(prepared.intake, table, key, row))
    }


def reads_something(result: Result, clause: str) -> bool:
    """Whether every version of a clause reads a figure of the document or a fact."""
    one, name = result.names.clauses[clause]
    versions = [version.clauses[name] for version in one.schedule.versions if name in version.clauses]
    return all(shown_leaves([*own.when, *own.steps.values(), own.amount, *own.parts.values()]) for own in versions)


def check_pot(result: Result, pot: str) -> None:
    tree = result.explain(pot=pot, depth="lines", extent=WHOLE).root
    groups = [one for one in result.pots if one["pot"] == pot]
    assert len(tree.children) == len([one for one in groups if one["asked"] != "0.00"] or groups)
    for node in tree.walk():
        assert node.rest is None
    refunds = groups[0]["when_short"] == "refund"
    left = sum(fen(one["refunded"]) if refunds else fen(one["asked"]) - fen(one["cut"]) for one in groups)
    assert tree.amount == left


def check_ledger(result: Result) -> None:
    """Every amount in the ledger of entitlements is of a clause with an item and of a row of the roster."""
    for one in result.calculated:
        rows = entitlement_rows(one.schedule, one.high.run) if len(result.cells) < 200 else []
        for _, _, _, clause, item, _, subject, *_, owed, state, _ in rows:
            if owed:
                assert state == PAID
                assert item
                assert subject in rows_of(result, result.names.clause(one.schedule.id, clause))


def test_every_amount_of_the_example_reaches_its_rows(xian: Result) -> None:
    check_all(xian)


@pytest.mark.parametrize("number", range(len(CASES)), ids=lambda number: CASES[number].model.name.en)
def test_every_amount_of_the_cases_reaches_its_rows(number: int) -> None:
    check_all(result_of(CASES[number]))


@settings(
    max_examples=300 if THOROUGH else 5,
    derandomize=not THOROUGH,
    phases=tuple(Phase) if THOROUGH else (Phase.explicit, Phase.generate),
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
@given(cases())
def test_the_parts_of_every_amount_add_up_on_random_schedules(case: Case) -> None:
    versions = tuple(load_text(written) for written in case.texts)
    schedule = Schedule(versions, tuple(Path(f"{number}.yaml") for number in range(len(versions))))
    check_all(subsidy.calculate(schedule, Roster(**case.rows), year=case.year, proceed=True))
