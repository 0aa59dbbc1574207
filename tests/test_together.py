"""Schedules calculated together: districts of a document, limits and pots over several, local overrides."""

from __future__ import annotations

import copy
import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

import subsidy
from subsidy.cli import app
from subsidy.finding import ScheduleError
from subsidy.schedule.catalogue import Schedule
from subsidy.schedule.load import load_text

Document = dict[str, Any]
PROVINCE, CITY = "test/province", "test/city"


def document(name: str, first_day: str, **sections: Any) -> Document:
    head = {
        "schedule": name,
        "document": {"number": name, "issuer": "测", "issued": "2021-01-01"},
        "in_force": {"from": first_day},
        "revision": "1",
        "place": "CN",
        "payers": {
            "province": {"label": {"zh": "省级", "en": "province"}},
            "city": {"label": {"zh": "市级", "en": "city"}, "of": "district"},
        },
    }
    return {**head, **sections}


def clause(table: str, amount: str, payer: str = "province", **more: Any) -> Document:
    return {"item": "3", "for": table, "every": "month", "amount": amount, "split": {payer: "1"}, **more}


def value(figure: str, unit: str = "yuan", **more: Any) -> Document:
    return {"unit": unit, "is": figure, **more}


def province(**changes: Any) -> Document:
    """Meals at 3 yuan, a monthly allowance of 100 yuan for whoever is present."""
    values = {"meal_rate": value("3", "yuan / person_day"), "allowance_rate": value("100")}
    clauses = {
        "meal_subsidy": clause("meals", "person_days * meal_rate"),
        "allowance": clause("residents", "allowance_rate", reads_at="last_day"),
    }
    limits = {"one_home": {"among": ["allowance"], "per": ["person", "month"], "keep": "most days_present"}}
    return document(PROVINCE, "2022-01-01", values=values, clauses=clauses, limits=limits) | changes


def city(limits: Document | None = None, **changes: Any) -> Document:
    """In D1 from March: meals at 5 yuan instead of the province's, and a supplement of 80 yuan a month."""
    label = {"zh": "市助餐补贴", "en": "City meals"}
    values = {
        "meal_rate": value("5", "yuan / person_day"), "supplement_rate": value("80"), "most": value("150"),
        "pot_sum": value("400"),
    }  # fmt: skip
    meals = {"replaces": f"{PROVINCE}:meal_subsidy", "label": label}
    own = {
        "city_meals": clause("meals", "person_days * meal_rate", "city", **meals),
        "supplement": clause("residents", "supplement_rate", "city"),
    }  # fmt: skip
    always = {"own_home": {"among": ["supplement"], "per": ["person", "month"], "keep": "first"}}
    content = {"values": values, "clauses": own, "limits": {**always, **(limits or {})}, "districts": ["D1"]}
    return document(CITY, "2022-03-01", **content) | changes


BOTH = ["supplement", f"{PROVINCE}:allowance"]
ROWS: dict[str, list[dict[str, str]]] = {
    "districts": [{"district": "D1", "name": "甲"}, {"district": "D2", "name": "乙"}],
    "facilities": [{"facility": "F1", "district": "D1"}, {"facility": "F2", "district": "D2"}],
    "residents": [
        {"resident": "R1", "person": "P1", "facility": "F1", "from": "2022-02-01", "to": "2022-03-31"},
        {"resident": "R2", "person": "P2", "facility": "F2", "from": "2022-02-01", "to": "2022-03-31"},
    ],
    "meals": [
        {"meal": "M1", "facility": "F1", "month": "2022-02", "person_days": "10"},
        {"meal": "M2", "facility": "F1", "month": "2022-03", "person_days": "10"},
        {"meal": "M3", "facility": "F2", "month": "2022-03", "person_days": "10"},
    ],
}


def schedule(*documents: Document) -> Schedule:
    versions = tuple(load_text(json.dumps(one, ensure_ascii=False), f"{one['schedule']}.yaml") for one in documents)
    return Schedule(versions, tuple(Path("case.yaml") for _ in versions))


def calculated(*documents: Document, rows: Any = ROWS, proceed: bool = False) -> Any:
    return subsidy.calculate([schedule(one) for one in documents], subsidy.Roster(**rows), 2022, proceed=proceed)


def owed(result: Any) -> dict[tuple[str, str, str], str]:
    rows = result.entitlements().itertuples()
    return {(row.clause, row.subject, row.period): str(row.owed) for row in rows}


def reasons(result: Any, name: str) -> dict[tuple[str, str], tuple[str, str]]:
    rows = result.entitlements().itertuples()
    return {(row.subject, row.period): (row.state, row.reason) for row in rows if row.clause == name}


def errors(*documents: Document) -> list[tuple[str, str, str]]:
    with pytest.raises(ScheduleError) as error:
        calculated(*documents)
    return [(one.place.file, one.place.path, f"{one.why.en}; {one.remedy.en}") for one in error.value.findings]


# --- districts of a document ---------------------------------------------------------------------------------------


def test_a_document_is_in_force_in_its_districts_only() -> None:
    result = calculated(city())
    assert owed(result) == {
        ("city_meals", "M2", "2022-03"): "50.00",
        ("supplement", "R1", "2022-03"): "80.00",
    }
    assert "D2: the schedule is in force in D1 only" in str(result.explain("supplement", "R2"))
    assert "district in ('D1')" in str(result.explain("supplement", "R1"))


def test_rows_of_other_districts_have_no_findings_and_those_of_none_do() -> None:
    rows = copy.deepcopy(ROWS)
    rows["meals"][2]["person_days"] = ""
    assert not calculated(city(), rows=rows).findings
    rows["meals"][1]["person_days"] = ""
    assert len(calculated(city(), rows=rows, proceed=True).findings) == 1
    visits = city(facts={"visits": {"visit": "key", "done": {"date": "..", "blank": "missing"}, "district": "text"}})
    visits["clauses"]["visiting"] = clause("visits", "supplement_rate", "city", every="once", dated="done")
    rows["visits"] = [
        {"visit": "V1", "done": "2022-05-01", "district": "D1"}, {"visit": "V2", "done": "2022-05-01", "district": ""},
        {"visit": "V3", "done": "", "district": "D2"}, {"visit": "V4", "done": "2022-05-01", "district": "D2"},
    ]  # fmt: skip
    rows["meals"] = []
    result = calculated(visits, rows=rows, proceed=True)
    (finding,) = result.findings
    assert finding.why.en.startswith("V2: district is blank")
    assert reasons(result, "visiting") == {
        ("V1", "2022-05-01"): ("paid", ""), ("V2", "2022-05-01"): ("finding", "missing: district in ('D1')"),
    }  # fmt: skip


# --- a local clause instead of the province's ----------------------------------------------------------------------


def test_a_clause_replaces_anothers_where_and_when_its_document_is_in_force() -> None:
    result = calculated(province(), city())
    meals = {key[1:]: amount for key, amount in owed(result).items() if key[0] in ("meal_subsidy", "city_meals")}
    assert meals == {("M1", "2022-02"): "30.00", ("M2", "2022-03"): "50.00", ("M3", "2022-03"): "30.00"}
    why = ("why-not", "replaced by: test/city:city_meals, item 3")
    assert reasons(result, "meal_subsidy")["M2", "2022-03"] == why
    assert reasons(result, "meal_subsidy")["M3", "2022-03"] == ("paid", "")
    instead = "test/city:city_meals (item 3 City meals) is paid instead from 2022-03-01 on in D1"
    assert instead in str(result.explain("meal_subsidy", "M2"))
    chinese = str(result.explain("meal_subsidy", "M2", language="zh"))
    assert "自 2022-03-01 起在 D1 由 test/city:city_meals (第 3 条 市助餐补贴) 替代" in chinese
    assert "instead of test/province:meal_subsidy where it is in force" in str(result.explain("city_meals", "M2"))
    assert "instead" not in str(result.explain("meal_subsidy", "M3"))


def test_alone_neither_is_replaced() -> None:
    assert owed(calculated(province()))["meal_subsidy", "M2", "2022-03"] == "30.00"
    assert not calculated(city()).findings


def test_a_document_without_districts_replaces_everywhere() -> None:
    everywhere = city()
    del everywhere["districts"]
    assert owed(calculated(everywhere, province()))["meal_subsidy", "M3", "2022-03"] == "0.00"


def test_a_replaced_row_is_no_finding() -> None:
    conditional = province()
    conditional["clauses"]["meal_subsidy"]["when"] = "facility.public_money"
    conditional["clauses"]["allowance"]["when"] = "known(facility)"
    result = calculated(conditional, city(), proceed=True)
    states = {key: state for key, (state, _) in reasons(result, "meal_subsidy").items()}
    assert states == {("M1", "2022-02"): "finding", ("M2", "2022-03"): "why-not", ("M3", "2022-03"): "finding"}


# --- limits over several schedules ---------------------------------------------------------------------------------


def test_whoever_gets_the_provinces_does_not_get_the_citys_too() -> None:
    limits = {"one": {"item": "9", "among": BOTH, "per": ["person", "month"], "keep": "highest"}}
    for documents in ((province(), city(limits)), (city(limits), province())):
        result = calculated(*documents)
        assert owed(result)["allowance", "R1", "2022-03"] == "100.00"
        assert reasons(result, "supplement") == {("R1", "2022-03"): ("why-not", "limit: test/city:one")}
        assert {"limit": "test/city:one", "item": "9", "cut": "80.00"} in result.limits
        lost = "test/province:allowance R1 2022-03: 100.00, kept, the higher amount, by 20.00"
        assert lost in str(result.explain("supplement", "R1"))
        assert not result.findings


def test_a_provinces_amount_is_cut_by_a_citys_limit_where_and_when_that_is_in_force() -> None:
    limits = {"first": {"among": BOTH, "per": ["person", "month"], "keep": "first"}}
    result = calculated(province(), city(limits))
    assert {key[1:]: amount for key, amount in owed(result).items() if key[0] == "allowance"} == {
        ("R1", "2022-02"): "100.00", ("R1", "2022-03"): "0.00",
        ("R2", "2022-02"): "100.00", ("R2", "2022-03"): "100.00",
    }  # fmt: skip
    lines = str(result.explain("allowance", "R1", "2022-03"))
    assert "test/city:first (person P1, month 2022-03): 100.00 → 0.00" in lines
    assert "test/city:supplement R1 2022-03: 80.00, kept, listed first among the clauses" in lines
    assert result.by_payer().to_dict("records") == [
        {"payer": "city", "amount": Decimal("130.00"), "low": Decimal("130.00")},
        {"payer": "province", "amount": Decimal("360.00"), "low": Decimal("360.00")},
    ]


@pytest.mark.parametrize(
    ("when_short", "supplement", "allowance"),
    [("in_order days_present", "66.67", "83.33"), ("pro_rata", "66.67", "83.33"), ("report", "80.00", "100.00")],
)
def test_a_ceiling_over_both(when_short: str, supplement: str, allowance: str) -> None:
    limits = {"cap": {"among": BOTH, "per": ["person", "month"], "at_most": "most", "when_short": when_short}}
    result = calculated(province(), city(limits))
    assert owed(result)["supplement", "R1", "2022-03"] == supplement
    assert owed(result)["allowance", "R1", "2022-03"] == allowance
    (found,) = [one for one in result.limits if one["limit"] == "test/city:cap"]
    assert (found["cut"], found.get("over")) == (("0.00", "30.00") if when_short == "report" else ("30.00", None))


def test_a_ceiling_by_keys_is_looked_up_in_the_rows_of_both() -> None:
    limits = {"cap": {"among": BOTH, "per": ["person", "month"], "at_most": "most", "when_short": "pro_rata"}}
    changed = city(limits)
    changed["values"]["most"] = {"unit": "yuan", "by": ["facility.area"], "is": {"urban": "90", "other": "none"}}
    rows = copy.deepcopy(ROWS)
    rows["facilities"][0]["area"] = "urban"
    assert owed(calculated(province(), changed, rows=rows))["allowance", "R1", "2022-03"] == "50.00"
    changed["values"]["most"]["by"] = ["own_key"]
    changed["values"]["most"]["is"] = {"other": "90"}
    changed["facts"] = {"residents": {"own_key": {"one_of": ["a"], "blank": "a"}}}
    ((file, path, text),) = errors(province(), changed)
    assert (file, path) == ("test/city.yaml", "limits.cap.at_most")
    assert text.startswith("key own_key of test/city:most 2022-03-01: there is no name own_key")


def test_a_limit_names_a_schedule_that_is_not_calculated() -> None:
    limits = {"one": {"among": BOTH, "per": ["person", "month"], "keep": "highest"}}
    result = calculated(city(limits))
    assert owed(result)["supplement", "R1", "2022-03"] == "80.00"
    (finding,) = result.findings
    assert (finding.severity, finding.code, finding.place.path) == ("warning", "absent-schedule", "limits.one.among.1")
    assert finding.why.en == "test/province is not part of this calculation; one acts on the other clauses only"
    assert subsidy.check(schedule(city(limits)), subsidy.Roster(**ROWS)) == [finding]


def test_two_versions_of_a_limit_each_hold_in_their_time() -> None:
    def cap(figure: str, first_day: str) -> Document:
        limits = {"cap": {"among": BOTH, "per": ["person", "month"], "at_most": "most", "when_short": "pro_rata"}}
        changed = city(limits, in_force={"from": first_day})
        changed["values"]["most"]["is"] = figure
        return changed

    line = schedule(cap("90", "2022-02-01"), cap("45", "2022-03-01"))
    result = subsidy.calculate([line, schedule(province())], subsidy.Roster(**ROWS), 2022)
    amounts = {key[2]: amount for key, amount in owed(result).items() if key[:2] == ("allowance", "R1")}
    assert amounts == {"2022-02": "50.00", "2022-03": "25.00"}


# --- pots over several schedules -----------------------------------------------------------------------------------


def pot(**more: Any) -> Document:
    among = ["city_meals", f"{PROVINCE}:meal_subsidy", f"{PROVINCE}:allowance"]
    return {"envelope": {"among": among, "payer": "province", "per": ["year"], "at_most": "pot_sum", **more}}


def test_one_pot_over_the_clauses_of_both() -> None:
    document_of_city = city(pot(when_short="pro_rata"), in_force={"from": "2022-01-01"})
    del document_of_city["districts"], document_of_city["clauses"]["city_meals"]["replaces"]
    document_of_city["clauses"]["city_meals"]["split"] = {"province": "1"}
    result = calculated(province(), document_of_city)
    (found,) = result.pots  # the province is asked for 150 + 90 + 400
    asked = (found["pot"], found["asked"], found["over"], found["cut"])
    assert asked == ("test/city:envelope", "640.00", "240.00", "240.00")
    parts = result.payments()
    assert parts[parts["payer"] == "province"]["amount"].sum() == Decimal("400.00")
    assert {row.schedule for row in parts.itertuples() if row.cut} == {PROVINCE, CITY}
    assert sum(Decimal(one["amount"]) for one in result.to_dict()["by_clause"]) == result.total


def test_a_pot_reaches_anothers_parts_only_where_its_document_is_in_force() -> None:
    result = calculated(province(), city(pot(when_short="report")))
    (found,) = result.pots
    assert found["asked"] == "100.00"  # in D1 from March: one allowance; the province's meals are replaced


def test_pots_of_one_name_are_of_their_own_schedules() -> None:
    def with_pot(content: Document, clause_name: str, **more: Any) -> Document:
        own = {"among": [clause_name], "per": ["year"], "at_most": "own_sum", "when_short": "pro_rata", **more}
        content["limits"] = {**content["limits"], "envelope": own}
        content["values"] = {**content["values"], "own_sum": value("30")}
        return content

    result = calculated(with_pot(province(), "meal_subsidy", rest_to="city"), with_pot(city(), "supplement"))
    assert [one["cut"] for one in result.pots] == ["30.00", "50.00"]
    amounts = result.by_payer().set_index("payer")["amount"]
    assert (amounts["city"], amounts["province"]) == (Decimal("110.00"), Decimal("430.00"))


# --- what is refused -----------------------------------------------------------------------------------------------


def limit(**changes: Any) -> Document:
    return city({"one": {"among": BOTH, "per": ["person", "month"], "keep": "highest", **changes}})


def replacing(**changes: Any) -> Document:
    changed = city()
    changed["clauses"]["city_meals"] |= changes
    return changed


@pytest.mark.parametrize(
    ("changed", "path", "text"),
    [
        (limit(among=["supplement", f"{PROVINCE}:alowance"]), "limits.one.among.1",
         "test/province has no clause alowance; perhaps allowance is meant"),
        (limit(per=["resident", "month"], among=["supplement", f"{PROVINCE}:meal_subsidy"]), "limits.one.per",
         "there is no name resident"),
        (replacing(replaces=f"{PROVINCE}:meals"), "clauses.city_meals.replaces", "test/province has no clause meals"),
        (replacing(replaces=f"{PROVINCE}:allowance"), "clauses.city_meals.replaces",
         "that clause is for residents, every: month; a clause that replaces it is for the same table and period"),
    ],
)  # fmt: skip
def test_what_does_not_fit_the_other_schedule(changed: Document, path: str, text: str) -> None:
    ((file, found, message),) = errors(province(), changed)
    assert (file, found) == ("test/city.yaml", path)
    assert message.startswith(text)


def test_keys_of_different_kinds_are_refused() -> None:
    changed = limit(per=["mark", "month"])
    changed["facts"] = {"residents": {"mark": "text"}}
    other = province(facts={"residents": {"mark": {"bed": "0..5"}}})
    ((_, path, text),) = errors(other, changed)
    assert path == "limits.one.per"
    assert text.startswith("mark is not the same kind of thing in the two schedules")


def test_a_document_that_limits_the_clauses_of_two_others() -> None:
    among = [f"{PROVINCE}:allowance", f"{CITY}:supplement"]
    limits = {"either": {"among": among, "per": ["person", "month"], "keep": "highest"}}
    third = document("test/third", "2022-01-01", limits=limits)
    result = calculated(third, city(), province())
    assert reasons(result, "supplement") == {("R1", "2022-03"): ("why-not", "limit: test/third:either")}
    limits["either"]["per"] = ["mark", "month"]
    several = (city(facts={"residents": {"mark": "text"}}), province(facts={"residents": {"mark": {"bed": "0..5"}}}))
    ((file, path, text),) = errors(document("test/third", "2022-01-01", limits=limits), *several)
    assert (file, path) == ("test/third.yaml", "limits.either.per")
    assert text.startswith("mark is not the same kind of thing")


def test_a_pot_needs_its_payer_in_both() -> None:
    changed = city(pot(when_short="report", rest_to="county"))
    changed["payers"]["county"] = {"label": {"zh": "县", "en": "county"}}
    ((_, path, text),) = errors(province(), changed)
    assert (path, text.partition(";")[0]) == ("limits.envelope.rest_to", "there is no payer county")


def test_two_clauses_cannot_replace_each_other() -> None:
    other = province()
    other["clauses"]["meal_subsidy"]["replaces"] = f"{CITY}:city_meals"
    found = errors(other, city())
    assert [path for _, path, _ in found] == ["clauses.city_meals.replaces", "clauses.meal_subsidy.replaces"]
    assert "replace each other" in found[0][2]


# --- names and totals ----------------------------------------------------------------------------------------------


def test_clauses_of_one_name_and_payers_of_one_name() -> None:
    renamed = city()
    renamed["clauses"]["allowance"] = renamed["clauses"].pop("supplement")
    renamed["limits"]["own_home"]["among"] = ["allowance"]
    result = calculated(province(), renamed)
    content = result.to_dict()
    clauses = {one["clause"]: one["amount"] for one in content["by_clause"]}
    assert clauses == {
        "meal_subsidy": "60.00", "city_meals": "50.00",
        "test/province:allowance": "400.00", "test/city:allowance": "80.00",
    }  # fmt: skip
    for by in ("clause", "payer", "district", "facility"):
        assert sum(Decimal(one["amount"]) for one in content[f"by_{by}"]) == Decimal(content["total"])
    assert "80.00" in result.explain("test/city:allowance", "R1").title


def test_the_command_line_takes_several_schedules(tmp_path: Path) -> None:
    limits = {"one": {"among": BOTH, "per": ["person", "month"], "keep": "highest"}}
    options = []
    for name, content in (("province", province()), ("city", city(limits))):
        (tmp_path / f"{name}.yaml").write_text(json.dumps(content, ensure_ascii=False), encoding="utf-8")
        options += ["--schedule", str(tmp_path / f"{name}.yaml")]
    roster = tmp_path / "roster"
    roster.mkdir()
    for table, rows in ROWS.items():
        lines = [",".join(rows[0]), *(",".join(row.values()) for row in rows)]
        (roster / f"{table}.csv").write_text("\n".join(lines), encoding="utf-8")
    run = CliRunner().invoke
    assert run(app, ["check", str(roster), *options]).exit_code == 0
    budget = run(app, ["budget", str(roster), *options, "--year", "2022", "--json", "--lang", "en"])
    assert json.loads(budget.stdout)["total"] == "510.00"  # meals 30 + 50 + 30, allowances 400, no supplement
    shown = run(app, ["budget", str(roster), *options, "--year", "2022", "--lang", "en"])
    assert "test/city:one" in shown.stdout or "one" in shown.stdout
    why = run(app, ["explain", str(roster), *options, "--year", "2022", "--clause", "supplement", "--subject", "R1"])
    assert "test/province:allowance R1 2022-03" in why.stdout
