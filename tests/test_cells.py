"""Any cell of any output is explained: the parts add up to it, and each part reaches a clause, a figure and a row."""

from __future__ import annotations

import json
import os
import random
from collections import defaultdict
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from random_schedules import Case, cases
from typer.testing import CliRunner
from xian import city_result

import subsidy
from subsidy import Roster
from subsidy.budget import cases as case_files
from subsidy.budget.breakdown import Node, Rest
from subsidy.budget.breakdown_context import WHOLE, Extent
from subsidy.budget.examples import example_results
from subsidy.budget.ledger import PAID, entitlement_table
from subsidy.budget.result import Result
from subsidy.budget.selection import CellError
from subsidy.cli import app
from subsidy.engine.explain_sheet import shown_leaves
from subsidy.engine.findings import place_of
from subsidy.finding import Language
from subsidy.money import fen
from subsidy.report.explanation_page import page_of
from subsidy.schedule.catalogue import Schedule, catalogue
from subsidy.schedule.load import load_text

THOROUGH = bool(os.environ.get("CHECK_ALL"))
UPDATE = bool(os.environ.get("UPDATE_EXPLANATIONS"))
HERE = Path(__file__).parent


@pytest.fixture(scope="module")
def xian() -> Result:
    return city_result()


def city_cases() -> Iterator[case_files.ReadCase]:
    for file in case_files.case_files(HERE / "cases"):
        yield from case_files.read_cases(file)


CASES = list(city_cases())
EVERYDAY = [number for number, case in enumerate(CASES) if THOROUGH or case.file.stem == "pots" or number % 6 == 0]


def result_of(case: case_files.ReadCase, year: int | None = None) -> Result:
    schedules = case_files._loaded(case)
    roster = Roster(**{table: [dict(row) for row in rows] for table, rows in case.model.rows.items()})
    return subsidy.calculate(schedules, roster, year or case.model.year, basis=case.model.basis, proceed=True)


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
        if not any((low and cell.low) or (not low and cell.amount) for cell in result.cells):
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
        rows = entitlement_table(one.schedule, one.high.run).to_pylist() if len(result.cells) < 200 else []
        for row in rows:
            if row["owed"]:
                assert row["state"] == PAID
                assert row["item"]
                assert row["subject"] in rows_of(result, result.names.clause(one.schedule.id, row["clause"]))


def test_every_amount_of_the_example_reaches_its_rows(xian: Result) -> None:
    check_all(xian)


@pytest.mark.parametrize("number", EVERYDAY, ids=lambda number: CASES[number].model.name.en)
def test_every_amount_of_the_cases_reaches_its_rows(number: int) -> None:
    check_all(result_of(CASES[number]))


@pytest.mark.skipif(not THOROUGH, reason="CHECK_ALL=1 walks the examples of all schedules")
@pytest.mark.parametrize("name", sorted(catalogue()))
def test_every_amount_of_the_examples_reaches_its_rows(name: str) -> None:
    for example in example_results(subsidy.schedule(name)):
        check_all(example.result)


@settings(
    max_examples=60 if THOROUGH else 2,
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


def test_a_sum_that_is_not_one_is_no_node() -> None:
    parts = (Node("line", "A", 100), Node("line", "B", 250))
    assert Node("payer", "city", 350, children=parts).amount == 350
    assert Node("payer", "city", 400, children=parts, rest=Rest(2, 50)).amount == 400
    with pytest.raises(AssertionError, match="351 is not the sum of its parts, 350"):
        Node("payer", "city", 351, children=parts)
    with pytest.raises(AssertionError, match="400 is not the sum"):
        Node("payer", "city", 400, children=parts, rest=Rest(2, 51))


def test_entitlements_drawn_at_random_reach_a_figure_and_a_row(xian: Result) -> None:
    listed = xian.explain(depth="entitlements", extent=Extent(20, 20, 0)).root
    found = [(clause, node) for clause in listed.children for node in clause.walk() if node.kind == "entitlement"]
    for clause, node in random.Random(3).sample(found, 40 if THOROUGH else 5):
        name, subject, period = (str(key) for key in (clause.key["clause"], node.key["subject"], node.key["period"]))
        explanation = xian.explain(name, subject, period)
        assert any(line.section == "document" and str(clause.key["item"]) in line.name for line in explanation.lines)
        assert any(line.source for line in explanation.lines if line.section == "facts")


# --- what is left out is counted -----------------------------------------------------------------------------------


def test_what_is_left_out_is_counted_and_added_up(xian: Result) -> None:
    (clause,) = xian.explain("post_allowance", depth="lines").root.children
    (payer,) = clause.children
    assert (len(payer.children), payer.rest) == (
        5,
        Rest(8707, payer.amount - sum(one.amount for one in payer.children)),
    )
    every = xian.explain("post_allowance", depth="lines", extent=WHOLE).root.children[0].children[0]
    assert len(every.children) == 8712
    assert [one.amount for one in payer.children] == sorted((one.amount for one in every.children), reverse=True)[:5]
    listed = {(one.key["payee"], one.key["due"]) for one in payer.children}
    assert sum(one.amount for one in every.children if (one.key["payee"], one.key["due"]) not in listed) == (
        payer.rest.amount if payer.rest else 0
    )


def test_the_depth_is_chosen_by_how_much_there_is(xian: Result) -> None:
    def depth(**cell: Any) -> set[str]:
        return {node.kind for node in xian.explain(**cell).root.walk()}

    assert depth() == {"cell", "clause", "payer"}
    assert "line" in depth(facility="F0093")
    assert "entitlement" in depth(facility="F0093", payer="city", clause="operating_grant")
    assert depth(facility="F0093", depth="clauses") == {"cell", "clause", "payer"}


def test_the_entitlements_of_a_line_stand_once(xian: Result) -> None:
    (clause,) = xian.explain(payee="F0093", due="2023-03-31", depth="entitlements").root.children
    city, district = (payer.children[0] for payer in clause.children)
    assert city.of is not None
    assert district.of is not None
    assert (len(city.of.children), district.of.children) == (10, ())
    assert (city.amount, district.amount, city.of.amount) == (238500, 238500, 477000)
    assert district.of.see == "its parts stand under city"


# --- names ---------------------------------------------------------------------------------------------------------


def test_labels_stand_for_names(xian: Result) -> None:
    named = xian.explain(clause="operating_grant", payer="city", facility="F0093").to_dict()
    for clause, payer in (("养老机构运营补助", "市级财政"), ("Operating grant", "City"), ("operating grant", "city")):
        assert xian.explain(clause=clause, payer=payer, facility="F0093").to_dict() == named


def test_an_empty_text_is_what_belongs_to_none(xian: Result) -> None:
    frame = xian.by_facility()
    without = frame[frame["facility"].isna()]["amount"].iloc[0]
    assert xian.explain(facility="").amount == fen(without)
    assert xian.explain(fund="").amount == fen(xian.total)


def test_the_cells_of_the_output_are_the_cells_that_are_explained(xian: Result) -> None:
    for name in ("district", "payer"):
        frame = getattr(xian, f"by_{name}")()
        for cell, amount, low in frame.itertuples(index=False):
            chosen = {name: cell if isinstance(cell, str) else ""}
            assert xian.explain(**chosen, depth="clauses").amount == fen(amount)
            assert xian.explain(**chosen, depth="clauses", low=True).amount == fen(low)
    for cell in random.Random(1).sample(xian.cells, 12):
        if cell.amount:
            found = xian.explain(
                cell.clause, payer=cell.payer, district=cell.district or "", facility=cell.facility or "", depth="lines"
            )
            assert found.amount == cell.amount


def test_the_basis_is_that_of_the_result() -> None:
    case = next(case for case in CASES if case.model.name.en == "The entry award in three yearly parts")
    schedules = case_files._loaded(case)
    roster = Roster(**{table: [dict(row) for row in rows] for table, rows in case.model.rows.items()})
    for basis in ("due", "accrued"):
        result = subsidy.calculate(schedules, roster, case.model.year, basis=basis, proceed=True)  # type: ignore[arg-type]
        assert result.explain().amount == fen(result.total)


# --- wrong selections ----------------------------------------------------------------------------------------------

WRONG: dict[str, tuple[dict[str, Any], str, str]] = {
    "clause": (
        {"clause": "operating_grnt"},
        "there is no clause operating_grnt; perhaps operating_grant is meant",
        "没有条款 operating_grnt；是否应为 operating_grant",
    ),
    "clause in Chinese": (
        {"clause": "养老机构运行补助"},
        "there is no clause 养老机构运行补助; perhaps 养老机构运营补助 is meant",
        "没有条款 养老机构运行补助；是否应为 养老机构运营补助",
    ),
    "payer": (
        {"payer": "town"},
        "there is no payer town; known here: city, district, not_stated",
        "没有承担主体 town；可用：市级财政, 区县（开发区）财政, 未明确",
    ),
    "facility": (
        {"facility": "F00093"},
        "there is no facility F00093; perhaps F0093 is meant",
        "没有机构 F00093；是否应为 F0093",
    ),
    "district": (
        {"district": "CN-610199"},
        "there is no district CN-610199; perhaps CN-610",
        "没有区县 CN-610199；是否应为 CN-610",
    ),
    "payee": ({"payee": "Z999999"}, "there is no payee Z999999; perhaps Z", "没有收款方 Z999999；是否应为 Z"),
    "fund": (
        {"fund": "lottery"},
        "there is no fund lottery; there are none to choose from",
        "没有资金来源 lottery；没有可选的名称",
    ),
    "due day": ({"payee": "F0093", "due": "March"}, "this is not a date; write it like 2023-03-31", "不是日期；请写成"),
    "pot": (
        {"pot": "medical"},
        "there is no pot medical; perhaps medical_envelope is meant",
        "没有资金总额 medical；",
    ),
    "payee of a pot": (
        {"pot": "medical_envelope", "payee": "F0093"},
        "there is no amount for payee F0093; its payees are F0001, F0009",
        "没有金额：收款方 F0093；其收款方有：F0001, F0009",
    ),
    "person": ({"person": "P0086750"}, "there is no person P0086750; perhaps P00", "没有人员 P0086750；"),
    "subject": ({"subject": "R100440"}, "there is no subject R100440; perhaps R10", "没有对象 R100440；"),
    "a row that is left out": (
        {"subject": "R90008"},
        "the row of R90008 is left out because of what is wrong with it; mend what is listed here first",
        "R90008 的行因疑点未计入；请先按所列疑点更正",
    ),
    "subject of another clause": (
        {"clause": "home_adaptation", "subject": "R10044"},
        "R10044 (residents) has no period under home_adaptation; its clauses are operating_grant",
        "R10044（residents）没有条款 home_adaptation 的任何期次；该对象的条款有：operating_grant",
    ),
    "period": (
        {"clause": "operating_grant", "subject": "R10044", "period": "March"},
        "there is no period March; known here: 2022-03, 2022-04",
        "没有期次 March；可用：2022-03, 2022-04",
    ),
    "two that are there, but not together": (
        {"facility": "F0093", "district": "CN-610102"},
        "without the district there are: CN-610117, (none); without the facility there are: F00",
        "去掉区县则有：CN-610117, （无）；去掉机构则有：F00",
    ),
    "another year": (
        {"payee": "F0093", "due": "2023-03-30"},
        "there is no amount for payee F0093, due day 2023-03-30; without the due day there are: 2023-0",
        "没有金额：收款方 F0093、到期日 2023-03-30；去掉到期日则有：2023-0",
    ),
    "what does not go together": (
        {"person": "P008675", "payer": "city"},
        "payer does not go with person; what goes with it: period",
        "payer 不能与 person 一起用；可一起用的有：period",
    ),
    "a payer of a relief": (
        {"clause": "care_vat", "payer": "city"},
        "payer does not go with relief; what goes with it: clause, district, facility",
        "payer 不能与 relief 一起用；可一起用的有：clause, district, facility",
    ),
    "a period of nobody": (
        {"period": "2023-03"},
        "there is a period, but no subject; give a subject or a person too",
        "有 period 而无 subject；请再给出 subject 或 person",
    ),
    "a depth": (
        {"depth": "deep"},
        "there is no depth deep; possible: clauses, lines, entitlements, rows",
        "没有 deep 这一层；可用：clauses",
    ),
}


@pytest.mark.parametrize("wrong", WRONG)
def test_a_cell_that_is_not_there_is_told(xian: Result, wrong: str) -> None:
    selection, english, chinese = WRONG[wrong]
    with pytest.raises(CellError) as caught:
        xian.explain(**selection)
    told = {language: "".join(one.line(language) for one in caught.value.findings) for language in ("en", "zh")}  # type: ignore[arg-type]
    assert english in told["en"]
    assert chinese in told["zh"]
    assert english in str(caught.value)


def test_everything_that_is_wrong_is_told_at_once(xian: Result) -> None:
    with pytest.raises(CellError) as caught:
        xian.explain(clause="x", payer="y", facility="z")
    assert {one.code for one in caught.value.findings} == {"no-such-clause", "no-such-payer", "no-such-facility"}


# --- how it reads --------------------------------------------------------------------------------------------------

LANGUAGES: tuple[Language, ...] = ("zh", "en")
OF_XIAN: dict[str, dict[str, Any]] = {
    "total": {},
    "total-low": {"low": True},
    "district": {"district": "CN-610102", "depth": "clauses"},
    "facility": {"facility": "F0093"},
    "payer": {"payer": "not_stated"},
    "budget-cell": {"clause": "home_adaptation", "district": "CN-610102", "payer": "district"},
    "pot": {"pot": "medical_envelope"},
    "pot-recipient": {"pot": "medical_envelope", "payee": "H114"},
    "person": {"person": "P009999"},
    "payee-line": {"payee": "F0093", "due": "2023-03-31"},
    "relief": {"relief": True},
    "relief-of-a-facility": {"relief": True, "facility": "F0111"},
}
OF_CASES: dict[str, Any] = {
    "pot-pro-rata": ("A pot per district and year, pro rata, the rest to the district", {"pot": "ramp_pot"}),
    "cut-and-taken-over": ("A pot per district and year, pro rata, the rest to the district", {"payee": "J1"}),
    "refund": ("Fixed shares, a refund with a cap, an envelope that only reports", {"pot": "refund_to_districts"}),
    "refunded-line": ("Fixed shares, a refund with a cap, an envelope that only reports", {}),
    "fund": ("The lottery fund, another district, nobody stated", {"fund": "福利彩票公益金"}),
    "named-parts": ("At least a fifth, at least 1,000, at most all", {}),
    "taken-back": ("Taken back on closing, less with each year, by the same payers", {}, 2025),
    "instalments": ("Over three years, while the person stays", {}, 2024),
    "subject": ("A blank that is missing is a finding", {"subject": "V"}),
}


def check_golden(name: str, language: str, text: str) -> None:
    file = HERE / "explanations" / "cells" / f"{name}.{language}.txt"
    if UPDATE:
        file.parent.mkdir(exist_ok=True)
        file.write_text(text + "\n", encoding="utf-8")
    assert text + "\n" == file.read_text(encoding="utf-8")


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("name", OF_XIAN)
def test_how_a_cell_of_the_example_reads(xian: Result, name: str, language: Any) -> None:
    check_golden(name, language, str(xian.explain(language=language, **OF_XIAN[name])))


@pytest.mark.parametrize("name", OF_CASES)
def test_how_a_cell_of_a_case_reads(name: str) -> None:
    case, selection, *year = OF_CASES[name]
    result = result_of(next(one for one in CASES if one.model.name.en == case), *year)
    for language in LANGUAGES:
        check_golden(name, language, str(result.explain(language=language, depth="entitlements", **selection)))


# --- as a page, and from the command line --------------------------------------------------------------------------


class Page(HTMLParser):
    """Reads a page: that every element is closed, its text, and what it would fetch."""

    VOID = ("meta", "br")

    def __init__(self, content: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.seen: list[str] = []
        self.fetches: list[str] = []
        self.words: list[str] = []
        self.feed(content)
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append(tag)
        self.fetches += [str(value) for name, value in attrs if name in ("src", "href", "srcset", "data", "action")]
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.words.append(data)


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_page_stands_alone(xian: Result, language: Language) -> None:
    found = xian.explain(facility="F0093", clause="operating_grant", language=language, depth="rows")
    content = page_of(found)
    page = Page(content)
    assert page.fetches == []
    assert not {"script", "link", "img", "iframe"} & set(page.seen)
    assert "@import" not in content
    assert "url(" not in content
    text = " ".join(page.words)
    for words in ("57,650.00", "28,825.00", {"zh": "养老机构运营补助", "en": "Operating grant"}[language]):
        assert words in text
    assert page.seen.count("details") > 5
    assert page.seen.count("section") == 3
    explained = xian.explain("operating_grant", "R10044", "2022-03", language)
    assert "120.00" in " ".join(Page(page_of(explained)).words)


def test_what_a_roster_says_is_text_on_the_page() -> None:
    case = next(case for case in CASES if case.model.name.en == "Paid to a household, paid to the subject itself")
    evil = "<script>alert(1)</script>&"
    renamed = json.loads(json.dumps(case.model.rows).replace("lakeside", evil))
    roster = Roster(**renamed)
    result = subsidy.calculate(case_files._loaded(case), roster, case.model.year, proceed=True)
    for found in (result.explain(depth="rows"), result.explain(district=evil, depth="rows")):
        page = Page(page_of(found))
        assert "script" not in page.seen
    assert evil in "".join(page.words)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("home")
    (folder / "districts.csv").write_text("district\nD\n", encoding="utf-8")
    (folder / "households.csv").write_text(
        "household,district,area,group,very_old,disabled,handicapped,accepted,actual_cost\n"
        "H,D,rural,subsistence,no,yes,no,2022-06-01,1999.99\n",
        encoding="utf-8",
    )
    return folder


def run(home: Path, *arguments: str) -> Any:
    command = ["explain", str(home), "-s", "cn/xian/elderly-care", "-y", "2022", *arguments]
    done = CliRunner().invoke(app, command)
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    return done


def test_the_command_writes_what_the_name_of_the_file_says(home: Path, tmp_path: Path) -> None:
    for ending, begin in {
        "html": "<!DOCTYPE html>",
        "md": "### total",
        "json": "{",
        "txt": "total · 2022: 1,999.99",
    }.items():
        file = tmp_path / f"why.{ending}"
        done = run(home, "--lang", "en", "-o", str(file))
        assert (done.exit_code, done.stdout) == (0, f"{file}\n")
        assert file.read_text(encoding="utf-8").startswith(begin)
    assert run(home, "--lang", "en", "--markdown").stdout == (tmp_path / "why.md").read_text(encoding="utf-8")
    printed = json.loads(run(home, "--lang", "en", "--json").stdout)
    assert printed == json.loads((tmp_path / "why.json").read_text(encoding="utf-8"))
    assert (printed["amount"], printed["parts"][0]["parts"][0]["amount"]) == ("1999.99", "1000.00")


def test_the_command_takes_labels_and_all_the_rest(home: Path) -> None:
    done = run(
        home, "-c", "居家适老化改造补助", "--payer", "市级财政", "--district", "D", "--facility", "", "--lang", "zh"
    )
    assert done.exit_code == 0
    assert done.stdout.startswith("居家适老化改造补助 · 市级财政 · 区县 D · 无机构 · 2022 年: 1,000.00\n")
    assert "含除不尽的一分" in done.stdout
    for more in (["--low"], ["--basis", "accrued"], ["--all", "--depth", "entitlements"], ["--as-of", "2022-12-31"]):
        assert "1,999.99" in run(home, "--payee", "H", *more).stdout


def test_a_file_that_cannot_be_written_is_told_before_the_work(home: Path, tmp_path: Path) -> None:
    done = run(tmp_path / "no-roster-here", "-o", str(tmp_path / "none" / "why.html"), "--lang", "en")
    assert done.exit_code == 1
    assert "unwritable" in done.stderr
    assert "Nothing was explained." in done.stderr


def test_the_command_tells_what_there_is(home: Path) -> None:
    done = run(home, "--payer", "citi", "--lang", "en")
    assert (done.exit_code, done.stdout) == (1, "")
    assert "there is no payer citi; perhaps city is meant" in " ".join(done.stderr.split())
    assert "Nothing was explained." in done.stderr
