"""Differences between two versions: in words, from what they mean; in money, cell by cell."""

from __future__ import annotations

import copy
import io
import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import yaml
from rich.console import Console
from typer.testing import CliRunner
from xian import DISTRICT, ID, facility, stay

import subsidy
from subsidy.cli import app
from subsidy.finding import Language, Refusal, RosterError
from subsidy.report.comparison import print_cost
from subsidy.schedule.difference import Difference, difference
from subsidy.schedule.load import Version, load_text

BASE = """
schedule: test/beds
document: {number: 测〔2023〕1号, issuer: 某市民政局, issued: 2022-12-20}
in_force: {from: 2023-01-01}
revision: 1
place: CN-000000
payers:
  city: {label: {zh: 市级, en: city}}
  district: {label: {zh: 区级, en: district}, of: district}
facts:
  homes: {home: key, district: {ref: districts, blank: none}, opened: date, beds: {bed: 1..500}, kind: [new, old]}
values:
  rate: {item: "1", unit: yuan / bed, by: [kind], is: {new: 5000, old: 100}, label: {zh: 床位补助, en: bed rate}}
  share: {item: "2", unit: percent, is: 30%}
  few: {item: "1", unit: bed, is: 10}
  many: {item: "1", unit: bed, is: 400}
  most: {item: "4", unit: yuan, is: 100000}
  thirds: {item: "1", unit: percent, by: [instalment], is: {1: 50%, 2: 50%}}
clauses:
  beds_paid:
    item: "1"
    label: {zh: 建床补助, en: Beds}
    for: homes
    every: once
    dated: opened
    when: beds >= few and kind = 'new'
    amount: beds * rate
    split: {city: 5, district: 5}
    pay: {shares: thirds, every: year}
    reading: {zh: 按竣工床位, en: beds as built}
  extra: {item: "2", for: homes, every: once, dated: opened, amount: beds * rate, split: {city: 1}}
limits:
  higher: {item: "3", among: [beds_paid, extra], per: [home], keep: highest}
  ceiling: {item: "4", among: [beds_paid], per: [home], at_most: most, when_short: pro_rata}
words: {new: 新建}
notes: [{item: 附表, text: {zh: 不清, en: unclear}}]
"""
LATER = {"in_force.from": "2024-07-01"}
BEDS, EXTRA = (
    ("[1] 条款“建床补助”（beds_paid）：", "[1] Clause “Beds” (beds_paid): "),
    ("[2] 条款 extra：", "[2] Clause extra: "),
)
COLUMN = "{type: number, unit: bed, low: 1, high: "
RATE = ("[1] 标准“床位补助”（rate）", "[1] Figure “bed rate” (rate)")


def version(changes: dict[str, Any] | None = None) -> Version:
    """The version above with the contents at dotted paths replaced; None takes them away."""
    content = yaml.load(BASE, yaml.BaseLoader)
    for path, new in (changes or {}).items():
        *way, last = path.split(".")
        inner = content
        for step in way:
            inner = inner[step]
        if new is None:
            del inner[last]
        else:
            inner[last] = new
    return load_text(yaml.safe_dump(content, allow_unicode=True, sort_keys=False), "beds.yaml")


def pinned(one: Version) -> subsidy.Schedule:
    return subsidy.Schedule((one,), (Path("beds.yaml"),))


def between(changes: dict[str, Any], before: dict[str, Any] | None = None) -> Difference:
    return difference(pinned(version(before)), pinned(version({**(before or {}), **changes})))


# --- in words ------------------------------------------------------------------------------------------------------

PAIRS: list[tuple[dict[str, Any], str, str, str]] = [
    (
        {"values.rate.is.new": "10000"},
        "figure",
        f"{RATE[0]}〔新建〕：由 5,000 调整为 10,000（元/床）",
        f"{RATE[1]} [new]: 5,000 → 10,000 yuan / bed",
    ),
    ({"values.share.is": "25%"}, "figure", "[2] 标准 share：由 30% 调整为 25%", "[2] Figure share: 30% → 25%"),
    (
        {"values.rate.label": {"zh": "床位费", "en": "bed rate"}},
        "wording",
        "[1] 标准“床位费”（rate）：名称由 床位补助 改为 床位费",
        f"{RATE[1]}: label bed rate / 床位补助 → bed rate / 床位费",
    ),
    (
        {"values.new_sum": {"item": "9", "unit": "yuan", "is": "1500"}},
        "value_added",
        "[9] 标准 new_sum：新增，为 1,500（元）",
        "[9] Figure new_sum: added, 1,500 yuan",
    ),
    (
        {"values.share": None},
        "value_removed",
        "[2] 标准 share：删除，原为 30%",
        "[2] Figure share: removed, it was 30%",
    ),
    (
        {"values.share.unit": "percent / year"},
        "unit",
        "[2] 标准 share：单位由 percent 改为 percent / year",
        "[2] Figure share: unit percent → percent / year",
    ),
    (
        {"clauses.beds_paid.when": "kind='new' and beds >= few and beds <= many"},
        "condition_narrowed",
        f"{BEDS[0]}条件收紧，增加 beds <= many",
        f"{BEDS[1]}condition narrowed: … and beds <= many",
    ),
    (
        {"clauses.beds_paid.when": "(kind = 'new')"},
        "condition_widened",
        f"{BEDS[0]}条件放宽，不再要求 beds >= few",
        f"{BEDS[1]}condition widened: without beds >= few",
    ),
    (
        {"clauses.beds_paid.when": "kind = 'new' and beds > few"},
        "condition_changed",
        f"{BEDS[0]}条件由 beds >= few 改为 beds > few",
        f"{BEDS[1]}condition changed: beds >= few → beds > few",
    ),
    (
        {"clauses.beds_paid.when": None},
        "condition_removed",
        f"{BEDS[0]}取消条件，原为 beds >= few and kind = 'new'",
        f"{BEDS[1]}condition removed, it was beds >= few and kind = 'new'",
    ),
    (
        {"clauses.extra.when": "beds >= few"},
        "condition_added",
        f"{EXTRA[0]}新增条件：beds >= few",
        f"{EXTRA[1]}condition added: beds >= few",
    ),
    (
        {"clauses.beds_paid.split": {"city": "6", "district": "4"}},
        "payers",
        f"{BEDS[0]}分担比例（市级:区级）由 5:5 调整为 6:4",
        f"{BEDS[1]}who pays (city:district) 5:5 → 6:4",
    ),
    (
        {"clauses.extra.split": {"city": "7", "district": "3"}},
        "payers",
        f"{EXTRA[0]}分担比例由 市级 1 调整为 市级 7、区级 3",
        f"{EXTRA[1]}who pays city 1 → city 7, district 3",
    ),
    (
        {"clauses.extra.amount": "beds * rate + most"},
        "amount",
        f"{EXTRA[0]}金额由 beds * rate 改为 beds * rate + most",
        f"{EXTRA[1]}amount beds * rate → beds * rate + most",
    ),
    (
        {"clauses.beds_paid.pay.every": "month"},
        "instalments",
        f"{BEDS[0]}拨付方式由 {{shares: thirds, every: year}} 改为 {{shares: thirds, every: month}}",
        f"{BEDS[1]}payment {{shares: thirds, every: year}} → {{shares: thirds, every: month}}",
    ),
    (
        {"clauses.beds_paid.reading": {"zh": "按批复床位", "en": "beds as approved"}},
        "reading",
        f"{BEDS[0]}理解由 按竣工床位 改为 按批复床位",
        f"{BEDS[1]}reading beds as built → beds as approved",
    ),
    (
        {"clauses.extra.item": "2之一"},
        "wording",
        "[2之一] 条款 extra：条款号由 2 改为 2之一",
        "[2之一] Clause extra: item 2 → 2之一",
    ),
    (
        {
            "clauses.third": {
                "item": "5",
                "for": "homes",
                "every": "once",
                "dated": "opened",
                "amount": "most",
                "split": {"city": "1"},
            }
        },
        "clause_added",
        "[5] 条款 third：新增，金额为 most",
        "[5] Clause third: added, amount most",
    ),
    ({"limits.ceiling": None}, "limit_removed", "[4] 限制 ceiling：删除", "[4] Limit ceiling: removed"),
    (
        {"limits.higher.keep": "first"},
        "limit",
        "[3] 限制 higher：保留由 highest 改为 first",
        "[3] Limit higher: keep highest → first",
    ),
    (
        {"payers.county": {"label": {"zh": "县级", "en": "county"}}},
        "payer_added",
        "承担主体“县级”（county）：新增",
        "Payer “county” (county): added",
    ),
    (
        {"facts.homes.beds": {"bed": "1..900"}},
        "fact",
        f"花名册列“homes.床位数”（homes.beds）：由 {COLUMN}500}} 改为 {COLUMN}900}}",
        f"Column homes.beds: {COLUMN}500}} → {COLUMN}900}}",
    ),
    (
        {"document.number": "测〔2024〕3号", "document.issued": "2024-06-01"},
        "document",
        "本标准：文号由 测〔2023〕1号 改为 测〔2024〕3号",
        "The schedule: document 测〔2023〕1号 → 测〔2024〕3号",
    ),
    (
        {"in_force.to": "2025-12-31"},
        "in_force",
        "本标准：新增施行止日：2025-12-31",
        "The schedule: in force to added: 2025-12-31",
    ),
    (
        {"notes": [{"item": "附表", "text": {"zh": "已补", "en": "legible"}}]},
        "wording",
        "[附表] 备注 附表：内容由 不清 改为 已补",
        "[附表] Note 附表: text unclear → legible",
    ),
]


@pytest.mark.parametrize(("changes", "kind", "zh", "en"), PAIRS, ids=[f"{kind}-{en[:40]}" for _, kind, _, en in PAIRS])
def test_one_change_has_one_sentence(changes: dict[str, Any], kind: str, zh: str, en: str) -> None:
    found = between(changes)
    assert [change.kind for change in found.changes] == [kind]
    assert (found.sentences("zh"), found.sentences("en")) == ([zh], [en])


def test_keys_come_and_go() -> None:
    by_year = {
        "values.rate.by": ["kind", "year"],
        "values.rate.is": {"new": {"2023": "5000", "other": "1"}, "old": {"other": "100"}},
    }
    changed = between({"values.rate.is": {"new": {"2024": "6000", "other": "1"}, "old": {"other": "100"}}}, by_year)
    assert [(one.kind, one.path) for one in changed.changes] == [
        ("figure_removed", "values.rate.is.new.2023"),
        ("figure_added", "values.rate.is.new.2024"),
    ]
    assert changed.sentences("en")[1] == f"{RATE[1]} [new, 2024]: added, 6,000 yuan / bed"
    assert changed.sentences("zh")[0] == f"{RATE[0]}〔新建、2023〕：删除，原为 5,000（元/床）"


def test_a_renamed_clause_is_the_same_clause() -> None:
    content = yaml.load(BASE, yaml.BaseLoader)["clauses"]["extra"]
    moved = {
        "clauses.extra": None,
        "clauses.top_up": {**content, "formerly": ["extra"]},
        "limits.higher.among": ["beds_paid", "top_up"],
    }
    found = between(moved)
    assert [(one.kind, one.path) for one in found.changes] == [
        ("clause_renamed", "clauses.top_up"),
        ("limit", "limits.higher.among"),
    ]
    assert found.sentences("en")[0] == "[2] Clause top_up: formerly called extra"
    assert found.sentences("zh")[0] == "[2] 条款 top_up：由 extra 更名而来"


def test_order_counts_where_it_decides_about_money() -> None:
    limits = yaml.load(BASE, yaml.BaseLoader)["limits"]
    (change,) = between({"limits": dict(reversed(limits.items()))}).changes
    assert (change.kind, change.before, change.after) == ("order", ["higher", "ceiling"], ["ceiling", "higher"])
    swapped = between({"clauses.beds_paid.split": {"district": "5", "city": "5"}})
    assert [one.kind for one in swapped.changes] == ["order"]


def test_notes_on_one_item_are_told_apart() -> None:
    notes = [{"item": "附表", "text": {"zh": text, "en": text}} for text in ("甲", "乙", "丙")]
    found = between({"notes": notes[:1] + notes[2:]}, {"notes": notes[:2]})
    assert found.sentences("en") == ["[附表] Note 附表 (2): text 乙 → 丙"]


@pytest.mark.parametrize(
    "changes",
    [
        {"clauses.beds_paid.when": "kind = 'new'  and beds>=few"},
        {"clauses.beds_paid.when": "(kind = 'new' and beds >= few)"},
        {"clauses.beds_paid.when": "( (beds >= few) and kind = 'new' )"},
        {"clauses.extra.amount": "(beds*rate)"},
        {"values.rate.is.new": "5000.00"},
        {"clauses.extra.examples": []},
    ],
)
def test_another_way_to_write_the_same_is_no_change(changes: dict[str, Any]) -> None:
    assert between(changes).changes == ()


def test_a_later_day_is_a_change_of_policy_and_figures_say_from_when() -> None:
    found = between({**LATER, "values.share.is": "25%"})
    assert found.nature == "policy"
    assert found.sentences("en")[-1] == "[2] Figure share: 30% → 25% from 2024-07-01"
    assert found.sentences("zh")[-1] == "[2] 标准 share：自 2024-07-01 起由 30% 调整为 25%"


def test_another_revision_of_the_same_day_is_a_correction_of_ours() -> None:
    found = between({"revision": "2", "values.share.is": "25%"})
    assert (found.nature, len(found.changes)) == ("correction", 1)
    assert between({"schedule": "test/other", **LATER}).nature == "other_schedule"


def test_a_change_as_json() -> None:
    (change,) = between({"values.share.is": "25%"}).to_dict()["changes"]
    assert {name: change[name] for name in ("path", "kind", "before", "after", "item")} == {
        "path": "values.share.is",
        "kind": "figure",
        "before": "30%",
        "after": "25%",
        "item": "2",
    }


ORDERED = {"limits", "payers", "split", "parts", "steps"}


def turned(content: Any, key: str = "") -> Any:
    """The same with its mappings in the other order, where order means nothing."""
    if isinstance(content, list):
        return [turned(one) for one in content]
    if not isinstance(content, dict):
        return content
    entries = [(name, turned(inner, name)) for name, inner in content.items()]
    return dict(entries if key in ORDERED else reversed(entries))


@pytest.mark.parametrize("name", sorted(subsidy.catalogue()))
def test_a_schedule_does_not_differ_from_itself_in_whatever_order(name: str) -> None:
    for one, path in zip(subsidy.schedule(name).versions, subsidy.catalogue()[name], strict=True):
        source = one.checker.sources[0]
        text = yaml.safe_dump(turned(copy.deepcopy(source.data)), allow_unicode=True, sort_keys=False)
        other = load_text(text, str(path))
        assert difference(pinned(one), pinned(other)).sentences() == []


def test_the_versions_of_template_city_differ_as_the_amendment_says() -> None:
    before, after = (subsidy.schedule("template-city/city", on=day) for day in ("2023-01-01", "2024-07-01"))
    found = difference(before, after)
    amendment = yaml.load(after.paths[0].read_text("utf-8"), yaml.BaseLoader)
    stated = {path for part in ("changes", "adds") for path in amendment[part] if not path.endswith(".examples")}
    stated |= {*amendment["repeals"], "document.number", "in_force.from"}
    told = {change.path for change in found.changes}
    renamed = {"clauses.repairs", "clauses.mending"}
    assert told - {"clauses.mending.label"} == stated - {"clauses.repairs"}
    assert {change.kind for change in found.changes if change.path in renamed} == {"clause_renamed"}


# --- in money ------------------------------------------------------------------------------------------------------

HOMES = [
    {"home": "A", "district": "D", "opened": "2024-03-01", "beds": "20", "kind": "new"},
    {"home": "B", "district": "E", "opened": "2024-09-01", "beds": "33", "kind": "new"},
    {"home": "C", "district": "E", "opened": "2024-09-01", "beds": "7", "kind": "old"},
]
RAISED = {
    **LATER,
    "values.rate.is": {"new": "6000.01", "old": "99.99"},
    "values.most.is": "150000",
    "clauses.beds_paid.split": {"city": "6", "district": "4"},
}


def roster() -> subsidy.Roster:
    return subsidy.Roster(districts=[{"district": "D"}, {"district": "E"}], homes=HOMES)


def test_baseline_and_difference_make_the_reform_in_every_cell() -> None:
    one, two = pinned(version()), pinned(version(RAISED))
    found = subsidy.cost(one, two, roster(), 2024)
    assert found.total.difference != 0
    for dimensions in ((), ("clause",), ("payer",), ("district",), ("facility",), ("clause", "payer", "district")):
        frame = found.by(*dimensions)
        assert (frame["baseline"] + frame["difference"] == frame["reform"]).all()
        assert sum(frame["difference"]) == found.reform.total - found.baseline.total
    assert sum(found.by("payer")["reform"]) == found.reform.total


def test_each_version_counts_for_the_whole_year() -> None:
    """Home A opened in March, before the later version: it is paid by its rates all the same."""
    found = subsidy.cost(pinned(version()), pinned(version({**LATER, "values.rate.is.old": "200"})), roster(), 2024)
    frame = found.by("clause")
    assert list(frame["clause"]) == ["beds_paid", "extra"]
    assert list(frame["reform"]) == [Decimal("100000.00"), Decimal("1400.00")]
    assert list(frame["difference"]) == [Decimal("0.00"), Decimal("700.00")]


def test_a_version_that_ends_within_the_year_counts_until_its_end() -> None:
    ended = pinned(version({"in_force.to": "2024-06-30"}))
    assert subsidy.cost(ended, pinned(version(LATER)), roster(), 2024).total.difference == 0


def test_a_renamed_clause_is_one_row() -> None:
    content = yaml.load(BASE, yaml.BaseLoader)["clauses"]["extra"]
    moved = {
        "clauses.extra": None,
        "clauses.top_up": {**content, "formerly": ["extra"]},
        "limits.higher.among": ["beds_paid", "top_up"],
    }
    frame = subsidy.cost(pinned(version()), pinned(version({**LATER, **moved})), roster(), 2024).by("clause")
    assert "extra" not in list(frame["clause"])
    assert set(frame["difference"]) == {Decimal("0.00")}


def test_errors_under_both_versions_are_told_together() -> None:
    stricter = pinned(version({**LATER, "facts.homes.beds": {"bed": "1..18"}}))
    wrong = subsidy.Roster(districts=[{"district": "D"}], homes=[{**HOMES[0], "kind": "odd"}])
    with pytest.raises(RosterError) as error:
        subsidy.cost(pinned(version()), stricter, wrong, 2024)
    assert sorted(finding.value for finding in error.value.findings) == ["20", "odd"]


def test_several_versions_are_refused() -> None:
    with pytest.raises(Refusal, match="choose one by its first day: 2023-01-01, 2024-07-01"):
        difference(subsidy.schedule("template-city/city"), subsidy.schedule("template-city/city"))


@pytest.mark.parametrize(
    ("language", "heading", "rest"), [("en", "facility", "unchanged: 1"), ("zh", "机构", "无增减的 1 项")]
)
def test_facilities_without_a_difference_are_one_line(language: Language, heading: str, rest: str) -> None:
    january = ("2023-01-01", "2023-01-31")
    stays = [stay(*january, ability="disabled"), stay(*january, key="T", person="Q", home="G", ability="disabled")]
    homes = [facility("F", star="5"), facility("G", star="1")]
    given = subsidy.Roster(districts=[DISTRICT], facilities=homes, residents=stays)
    before = subsidy.schedule(ID)
    found = subsidy.cost(before, before.overlay({"values.operating_rate.is.5.disabled": "250"}), given, 2023)
    console = Console(width=100, record=True, file=io.StringIO())
    print_cost(found, console, language)
    lines = [" ".join(line.split()) for line in console.export_text().splitlines()]
    start = next(number for number, line in enumerate(lines) if line.startswith(heading))
    assert lines[start + 2 : start + 4] == [
        "F 225.00 250.00 +25.00",
        f"{rest} 80.00 80.00 0.00",
    ]


# --- the command ---------------------------------------------------------------------------------------------------


def run(*arguments: str, language: str = "en") -> tuple[int, str]:
    result = CliRunner().invoke(app, ["diff", *arguments, "--lang", language])
    return result.exit_code, " ".join(result.output.split())


@pytest.mark.parametrize(
    ("names", "en", "zh"),
    [
        (
            ("template-city/city", "template-city/city"),
            "has 2 versions; choose one: template-city/city@2023-01-01",
            "有 2 个版本；请写明其中之一：template-city/city@2023-01-01",
        ),
        (
            ("template-city/city@2023-01-02", "template-city/city@2024-07-01"),
            "has no version from 2023-01-02; perhaps 2023-01-01 is meant",
            "没有自 2023-01-02 起的版本；是否应为 2023-01-01",
        ),
        (
            ("template-city/cty@2023-01-01", "template-city/city@2024-07-01"),
            "there is no schedule template-city/cty",
            "没有补贴标准 template-city/cty",
        ),
    ],
)
def test_wrong_names_and_days(names: tuple[str, str], en: str, zh: str) -> None:
    for language, why, outcome in (("en", en, "Nothing was compared."), ("zh", zh, "未比较。")):
        code, printed = run(*names, language=language)
        assert code == 1
        assert why in printed
        assert outcome in printed


def test_a_roster_needs_a_year(tmp_path: Path) -> None:
    assert run("template-city/city@2023-01-01", "template-city/city@2024-07-01", str(tmp_path))[0] == 2
    assert run("template-city/city@2023-01-01", "template-city/city@2024-07-01", "--year", "2024")[0] == 2


def test_different_schedules_are_compared_with_a_warning() -> None:
    code, printed = run("template-city/district", "template-city/province")
    assert code == 0
    assert "warning: two different schedules are compared" in printed
    assert (
        "提示：比较的是两份不同的补贴标准" in run("template-city/district", "template-city/province", language="zh")[1]
    )


def test_words_and_money_as_json(tmp_path: Path) -> None:
    files = []
    for name, changes in (("one", {}), ("two", RAISED)):
        content = version(changes).checker.sources[0].data
        files.append(tmp_path / f"{name}.yaml")
        files[-1].write_text(yaml.safe_dump(content, allow_unicode=True, sort_keys=False), encoding="utf-8")
    rows = tmp_path / "rows"
    rows.mkdir()
    (rows / "districts.csv").write_text("district\nD\nE\n", encoding="utf-8")
    lines = [",".join(HOMES[0]), *(",".join(home.values()) for home in HOMES)]
    (rows / "homes.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    arguments = [str(file) for file in files] + [str(rows), "--year", "2024"]
    result = CliRunner().invoke(app, ["diff", *arguments, "--json"])
    content = json.loads(result.stdout)
    total = {name: Decimal(amount) for name, amount in content["cost"]["total"].items()}
    assert total["baseline"] + total["difference"] == total["reform"] != total["baseline"]
    assert {cell["payer"] for cell in content["cost"]["by_payer"]} == {"city", "district"}
    code, printed = run(*arguments, language="zh")
    assert code == 0
    assert "建床补助" in printed
    assert f"{total['difference']:+,.2f}" in printed
