"""Targets: what is measured, what would do, what a document prints, and how it is said."""

from __future__ import annotations

import json
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

import subsidy
from subsidy.budget.targets import Outcome, Targets
from subsidy.cli import app
from subsidy.engine.turn import Turn, turn

HEAD = """\
schedule: test/plan
document: {number: 测〔2024〕1号, issuer: 某市民政局, issued: 2024-01-01}
in_force: {from: 2024-01-01}
revision: 1
place: CN-000000
"""
STOCK = """\
facts:
  stock:
    stock: key
    year: year
    beds: {bed: 0..100000}
    nursing: {bed: 0..100000}
    more: {bed: 0..1000, blank: 0}
    more_nursing: {bed: 0..1000, blank: 0}
    stated: {percent: 0..1000, blank: none}
values:
  goal: {item: "1", unit: percent, is: 60%}
  roof: {item: "1", unit: percent, is: 80%}
  tenth: {item: "1", unit: percent, is: 0.1%}
  price: {item: "1", unit: yuan / bed, by: [kind], is: {new: 10000, old: 5000.50}}
"""
SHARE = """\
targets:
  share:
    item: "1"
    label: {zh: 占比, en: share}
    for: stock
    every: year
    measure: (nursing + more_nursing) / (beds + more)
    at_least: goal
    additions: [more_nursing, more]
    costs: {more_nursing: price}
"""


def measured(tmp_path: Path, text: str, rows: list[dict[str, str]] | None = None, **options: Any) -> Targets:
    path = tmp_path / "plan.yaml"
    path.write_text(HEAD + text, encoding="utf-8")
    roster = None if rows is None else subsidy.Roster(stock=rows)
    return subsidy.targets(subsidy.schedule(path), roster, **options)


def one(found: Targets) -> Outcome:
    (outcome,) = found.outcomes
    return outcome


YINCHUAN = {"stock": "A", "year": "2023", "beds": "9688", "nursing": "5586", "more": "700", "more_nursing": "300"}


def test_what_would_do_is_found(tmp_path: Path) -> None:
    """银政办发〔2023〕: 9,688 beds and 5,586 nursing beds, 700 and 300 to be added, 60 % wanted."""
    outcome = one(measured(tmp_path, STOCK + SHARE, [YINCHUAN]))
    assert outcome.state == "missed"
    assert outcome.measured is not None
    assert (outcome.measured.above, outcome.measured.below) == (5886, 10388)
    nursing, beds = outcome.bounds[0].additions
    assert (nursing.kind, nursing.number, nursing.planned) == ("at_least", 647, 300)
    assert nursing.then is not None
    assert nursing.then.above == 6233
    assert nursing.costs == ((647 * Fraction("5000.50"), 6470000), (347 * Fraction("5000.50"), 3470000))
    assert (beds.kind, beds.number) == ("at_most", 122)
    assert beds.without is not None
    assert beds.without.result == Fraction(5886, 9688)


def test_it_is_said_in_both_languages(tmp_path: Path) -> None:
    found = measured(tmp_path, STOCK + SHARE, [YINCHUAN])
    assert found.sentences("zh") == [
        "未达标：占比（A，2023）为56.66%（5,886 / 10,388：nursing5,586张，more_nursing300张，"
        "床位数9,688张，more700张），"
        "低于60%，差3.34个百分点。",
        "其他按计划不变，more_nursing须为647张（计划300张，多347张），即60.002%（6,233 / 10,388）；"
        "按标准需323.53235万元–647万元，其中超出计划的部分173.51735万元–347万元。",
        "其他按计划不变，more至多122张（计划700张，少578张），即60%（5,886 / 9,810）；"
        "不增则为60.76%（5,886 / 9,688）。",
    ]
    assert found.sentences("en")[2] == (
        "All else as planned, more may be 122 beds at most (planned 700 beds, 578 beds less), "
        "which gives 60% (5,886 / 9,810); with none of it 60.76% (5,886 / 9,688)."
    )


def test_a_target_that_is_met_says_how_far_others_may_grow(tmp_path: Path) -> None:
    row = {**YINCHUAN, "more": "0"}
    outcome = one(measured(tmp_path, STOCK + SHARE, [row]))
    nursing, beds = outcome.bounds[0].additions
    assert outcome.state == "reached"
    assert (nursing.kind, nursing.number) == ("at_least", 227)  # 5,813 of 9,688 are the first 60 %
    assert (beds.kind, beds.number) == ("at_most", 122)
    row = {**YINCHUAN, "nursing": "0", "beds": "100000"}
    outcome = one(measured(tmp_path, STOCK + SHARE, [row]))
    assert [addition.kind for addition in outcome.bounds[0].additions] == [None, None]


def test_a_range_says_which_end_is_missed(tmp_path: Path) -> None:
    text = STOCK + SHARE.replace("at_least: goal\n", "at_least: goal\n    at_most: roof\n")
    row = {"stock": "A", "year": "2023", "beds": "100", "nursing": "90"}
    found = measured(tmp_path, text, [row])
    assert [(bound.kind, bound.reached) for bound in one(found).bounds] == [("at_least", True), ("at_most", False)]
    assert found.sentences("en")[0].endswith("above 80% by 10 points.")
    assert all("60%" not in sentence for sentence in found.sentences("en"))


@pytest.mark.parametrize(
    ("printed", "state", "cause"),
    [
        ("52.9%", "agrees", None),
        ("34.6%", "differs", "the printed figure is the increase as a share of the later figure"),
        ("25.9%", "differs", "two neighbouring digits are swapped"),
        ("25%", "differs", None),
        ("5.29%", "differs", "the printed figure is 10 times too small: check its unit"),
        ("529%", "differs", "the printed figure is 10 times as large: check its unit"),
    ],
)
def test_what_is_wrong_with_a_printed_growth(tmp_path: Path, printed: str, state: str, cause: str | None) -> None:
    """51 day centres became 78: by 52.9 %."""
    target = """\
targets:
  growth: {item: "1", for: stock, every: once, measure: round (nursing - beds) / beds to tenth half_up, printed: stated}
"""
    rows = [{"stock": "A", "year": "2020", "beds": "51", "nursing": "78", "stated": printed}]
    outcome = one(measured(tmp_path, STOCK + target, rows))
    assert outcome.state == state
    assert (outcome.cause.en if outcome.cause else None) == cause


@pytest.mark.parametrize(
    ("nursing", "stated", "cause"),
    [
        ("5586", "57.6%", "the printed figure is cut off, not rounded"),
        ("5586", "57.7%", None),
        ("5586", "57.5%", None),
    ],
)
def test_a_share_that_is_cut_off(tmp_path: Path, nursing: str, stated: str, cause: str | None) -> None:
    target = """\
targets:
  share: {item: "1", for: stock, every: once, measure: round nursing / beds to tenth half_up, printed: stated}
"""
    rows = [{"stock": "A", "year": "2020", "beds": "9688", "nursing": nursing, "stated": stated}]
    outcome = one(measured(tmp_path, STOCK + target, rows))
    assert (outcome.cause.en if outcome.cause else None) == cause


def test_two_figures_of_one_quantity_and_the_row_that_alone_agrees(tmp_path: Path) -> None:
    """临政办发〔2022〕69号: 1,279 beds in one plan, 1,297 in the other; with 23,701 elders only the first gives 54."""
    text = """\
facts:
  stock:
    {stock: key, year: year, beds: {bed: 0..10000}, other: {bed: 0..10000}, elders: {person: 1..100000},
     stated: {bed: 0..100}}
values: {thousand: {item: "1", unit: person, is: 1000}, whole: {item: "1", unit: bed, is: 1}}
targets:
  per_thousand:
    {item: "1", for: stock, every: year, measure: round beds * thousand / elders to whole half_up, printed: stated}
  two_places: {item: "1", for: stock, every: year, measure: beds, printed: other}
"""
    row = {"year": "2020", "elders": "23701", "stated": "54"}
    rows = [
        {**row, "stock": "A", "beds": "1279", "other": "1279"},
        {**row, "stock": "B", "beds": "1279", "other": "1297"},
    ]
    rows.append({**row, "stock": "C", "beds": "1297", "other": "1297"})
    found = measured(tmp_path, text, [rows[0], rows[2]])
    assert [(outcome.subject, outcome.state, outcome.alone) for outcome in found.outcomes[:2]] == [
        ("A", "agrees", True),
        ("C", "differs", False),
    ]
    swapped = measured(tmp_path, text, rows[1:2]).outcomes[1]
    assert swapped.cause is not None
    assert swapped.cause.en == "two neighbouring digits are swapped"
    assert found.sentences("en")[0].startswith("As printed, and the only one that gives it: per_thousand (A, 2020)")


def test_the_documents_own_rows_are_measured_unless_a_roster_has_the_table(tmp_path: Path) -> None:
    (tmp_path / "own.csv").write_text("stock,year,beds,nursing\nX,2022,10,9\n", encoding="utf-8")
    text = STOCK + SHARE + "rows: {stock: own.csv}\n"
    assert one(measured(tmp_path, text)).subject == "X"
    assert one(measured(tmp_path, text, [YINCHUAN])).subject == "A"
    (tmp_path / "own.csv").write_text("stock,year,beds,nursing\nX,2022,ten,9\n", encoding="utf-8")
    with pytest.raises(subsidy.RosterError) as error:
        measured(tmp_path, text)
    assert str(error.value.findings[0].place) == f"{tmp_path}/own.csv:2:beds"
    assert measured(tmp_path, text, proceed=True).unmeasured[0].name == "share"


def test_own_rows_that_are_not_there_are_missed_when_they_are_measured(tmp_path: Path) -> None:
    text = STOCK + SHARE + "rows: {stock: own.csv}\n"
    (tmp_path / "plan.yaml").write_text(HEAD + text, encoding="utf-8")
    plan = subsidy.schedule(tmp_path / "plan.yaml")
    with pytest.raises(subsidy.RosterError) as error:
        subsidy.targets(plan)
    assert [(finding.code, finding.place.file) for finding in error.value.findings] == [
        ("no-file", str(tmp_path / "own.csv"))
    ]


def test_what_cannot_be_measured_says_why(tmp_path: Path) -> None:
    rows = [
        {"stock": "A", "year": "2023", "beds": "10"},
        {"stock": "B", "year": "2023", "beds": "0", "nursing": "0"},
    ]
    found = measured(tmp_path, STOCK + SHARE, rows)
    assert found.counts()["unknown"] == 2
    assert found.sentences("en") == [
        "Cannot be measured: share (A, 2023): nursing is blank.",
        "Cannot be measured: share (B, 2023): the divisor is 0.",
    ]


def test_before_there_is_a_goal_it_is_measured_and_not_compared(tmp_path: Path) -> None:
    dated = STOCK.replace("is: 60%}", "by: [year], is: {'2024..': 60%, other: none}}")
    assert dated != STOCK
    found = measured(tmp_path, dated + SHARE, [{"stock": "A", "year": "2023", "beds": "10", "nursing": "9"}])
    assert (one(found).state, one(found).bounds) == ("unknown", ())
    (english,), (chinese,) = found.sentences("en"), found.sentences("zh")
    assert english.startswith("Nothing to compare with: share (A, 2023) is 90% (9 / 10")
    assert chinese.startswith("无从比较：占比（A，2023）为90%（9 / 10")


def test_when_says_which_rows_it_is_about_and_the_order_of_rows_is_irrelevant(tmp_path: Path) -> None:
    text = STOCK + SHARE.replace("    measure", "    when: beds >= nursing and known(stated)\n    measure")
    rows = [
        {"stock": name, "year": "2023", "beds": beds, "nursing": "6", "stated": stated}
        for name, beds, stated in (("A", "10", "1%"), ("B", "5", "1%"), ("C", "10", ""), ("D", "20", "2%"))
    ]
    states = {outcome.subject: outcome.state for outcome in measured(tmp_path, text, rows).outcomes}
    assert states == {"A": "reached", "D": "missed"}
    again = measured(tmp_path, text, rows[::-1])
    assert {outcome.subject: outcome.state for outcome in again.outcomes} == states


def test_costs_of_another_schedule(tmp_path: Path) -> None:
    text = STOCK + SHARE.replace("    costs: {more_nursing: price}\n", "")
    xian = subsidy.schedule("cn/xian/elderly-care")
    found = measured(tmp_path, text, [YINCHUAN], costs={"more_nursing": (xian, "bed_rate")})
    assert one(found).bounds[0].additions[0].costs == ((3235000, 6470000), (1735000, 3470000))
    with pytest.raises(subsidy.ScheduleError, match="yuan / bed"):
        measured(tmp_path, text, [YINCHUAN], costs={"more_nursing": (xian, "meal_rate")})


def test_lowest_and_highest_are_ends_of_a_list(tmp_path: Path) -> None:
    target = """\
targets:
  dearest: {item: "1", for: stock, every: year, measure: more * highest_of(price), at_most: budget}
  fewest: {item: "1", for: stock, every: year, measure: more * lowest_of(price), at_most: budget}
"""
    text = STOCK.replace("values:", 'values:\n  budget: {item: "1", unit: yuan, is: 5000000}') + target
    most, least = measured(tmp_path, text, [YINCHUAN]).outcomes
    assert most.measured is not None
    assert least.measured is not None
    assert (most.measured.result, most.state) == (7_000_000, "missed")
    assert (least.measured.result, least.state) == (3_500_350, "reached")


# --- the command ---------------------------------------------------------------------------------------------------


def test_the_command_prints_sentences_and_json(tmp_path: Path) -> None:
    measured(tmp_path, STOCK + SHARE, [YINCHUAN])
    (tmp_path / "figures").mkdir()
    (tmp_path / "figures" / "stock.csv").write_text(
        ",".join(YINCHUAN) + "\n" + ",".join(YINCHUAN.values()) + "\n", encoding="utf-8"
    )
    command = ["targets", str(tmp_path / "figures"), "--schedule", str(tmp_path / "plan.yaml")]
    printed = CliRunner().invoke(app, [*command, "--lang", "en"])
    assert printed.exit_code == 0
    assert "Not met: share (A, 2023) is 56.66%" in printed.stdout
    as_json = json.loads(CliRunner().invoke(app, [*command, "--json"]).stdout)
    (outcome,) = as_json[0]["outcomes"]
    assert (outcome["measure"], outcome["at_least"], outcome["state"]) == ("2943/5194", "0.6", "missed")
    assert outcome["additions"][0]["extra_cost_high"] == "3470000.00"
    assert outcome["sentences"]["zh"][0].startswith("未达标")


@pytest.mark.parametrize("cost", ["more", "more=price", "more=cn/xian/elderly-care:", "=x:y"])
def test_a_cost_in_another_form_is_wrong_use(tmp_path: Path, cost: str) -> None:
    measured(tmp_path, STOCK + SHARE, [YINCHUAN])
    command = ["targets", "--schedule", str(tmp_path / "plan.yaml"), "--cost", cost]
    assert CliRunner().invoke(app, command).exit_code == 2


@pytest.mark.parametrize(
    "cost",
    ["more=cn/xian/elderly-care:bed_rat", "more=cn/xian/elderly-care:meal_rate", "beds=cn/xian/elderly-care:bed_rate"],
)
def test_a_cost_that_does_not_fit_is_a_finding(tmp_path: Path, cost: str) -> None:
    measured(tmp_path, STOCK + SHARE, [YINCHUAN])
    command = ["targets", "--schedule", str(tmp_path / "plan.yaml"), "--cost", cost, "--lang", "en"]
    printed = CliRunner().invoke(app, command)
    assert printed.exit_code == 1
    assert "error [cost]" in printed.stderr


# --- the search ----------------------------------------------------------------------------------------------------


def plainly(answers: dict[int, bool | None], planned: int) -> set[Turn]:
    """What a plain walk from the plan to both ends finds: the nearest numbers at which the answer turns."""
    now, found = answers[planned], []
    for step in (1, -1):
        number = planned
        while answers.get(number) is now:
            number += step
        if answers.get(number) is not None:
            last = number - step if now else number
            found.append(Turn("at_most" if (step > 0) is now else "at_least", last))
    nearest = min((abs(one.number - planned) for one in found), default=0)
    return {one for one in found if abs(one.number - planned) == nearest}


@given(
    below=st.integers(-5, 305), above=st.integers(-5, 305), first=st.integers(0, 40), last=st.integers(260, 300),
    inside=st.booleans(), planned=st.integers(40, 260),
)  # fmt: skip
def test_the_turn_is_where_a_plain_search_finds_it(
    below: int, above: int, first: int, last: int, inside: bool, planned: int
) -> None:
    """One turn on each side at most, and numbers near the ends with which nothing can be measured."""
    below, above = min(below, planned), max(above, planned)
    answers = {
        number: (below <= number <= above) is inside if first <= number <= last else None for number in range(301)
    }
    found = turn(lambda numbers: [answers[number] for number in numbers], planned, 0, 300)
    assert ({found} if found else set()) <= plainly(answers, planned)
    assert (found is None) is (plainly(answers, planned) == set())


def test_what_divides_may_go_down_to_where_nothing_can_be_measured(tmp_path: Path) -> None:
    """100 elders to 5 carers at most: with 30 beds planned, 20 would do, and with none there is no quotient."""
    target = """\
targets:
  crowd: {item: "1", for: stock, every: year, measure: nursing / more, at_least: line, additions: [more]}
"""
    text = STOCK.replace("values:", 'values:\n  line: {item: "1", unit: percent, is: 500%}') + target
    row = {"stock": "A", "year": "2023", "beds": "1", "nursing": "100", "more": "30"}
    (addition,) = one(measured(tmp_path, text, [row])).bounds[0].additions
    assert (addition.kind, addition.number) == ("at_most", 20)


def test_a_condition_that_is_blank_makes_nothing_disappear(tmp_path: Path) -> None:
    text = STOCK + SHARE.replace("    measure", "    when: stated >= goal\n    measure")
    text = text.replace("stated: {percent: 0..1000, blank: none}", "stated: {percent: 0..1000}")
    found = measured(tmp_path, text, [YINCHUAN])
    assert found.sentences("en") == ["Cannot be measured: share (A, 2023): stated is blank."]


def test_a_table_that_stands_instead_of_the_documents_is_told(tmp_path: Path) -> None:
    (tmp_path / "own.csv").write_text("stock,year,beds,nursing\nX,2022,10,9\n", encoding="utf-8")
    text = STOCK + SHARE + "rows: {stock: own.csv}\n"
    assert measured(tmp_path, text).replaced == ()
    assert measured(tmp_path, text, [YINCHUAN]).replaced == ("stock",)
