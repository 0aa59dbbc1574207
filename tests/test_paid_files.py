"""What can be given as paid: files of an officer, and what is wrong with them, ledgers that were saved."""

from __future__ import annotations

from pathlib import Path

import pytest
from settling import BASE, JUNE, RAISED, borne, first_half, months, result, rows, stay, told, town

import subsidy
from subsidy import Roster, RosterError, settle


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return town(tmp_path / "town")


@pytest.fixture
def ledger(folder: Path, tmp_path: Path) -> Path:
    return first_half(folder, tmp_path / "ledger")


# --- files of an officer -------------------------------------------------------------------------------------------


def test_one_lump_to_a_payee(folder: Path, tmp_path: Path) -> None:
    found = settle(
        result(folder, stay("A"), stay("C"), stay("B", "G")), [{"收款单位": "F", "拨付金额（元）": "1000"}], until=JUNE
    )
    assert {name: (sums.arrears, sums.recovery) for name, sums in found.by("payee").items()} == {
        "F": (20000, 0),
        "G": (60000, 0),
    }
    (line,) = (line for line in found.entitlements if line.key["payee"] == "F")
    assert (line.key["subject"], line.key["period"], line.now, line.before) == ("*", "2024-H1", 120000, 100000)
    for name in ("settled", "settled.csv"):
        found.save(tmp_path / name)
        again = settle(
            result(folder, stay("A"), stay("C"), stay("B", "G")),
            [[{"payee": "F", "amount": "1000"}], tmp_path / name],
            until=JUNE,
        )
        assert again.payments == ()


def test_nothing_paid_is_all_arrears(folder: Path) -> None:
    found = settle(result(folder, stay("A")), [], until=JUNE)
    assert told(found) == {("A", "F", month): "100.00" for month in months(1, 6)}
    assert borne(found) == {"city": "300.00", "district": "300.00"}


def test_paid_to_somebody_unknown(folder: Path, tmp_path: Path) -> None:
    paid = [{"payee": "F", "amount": "600"}, {"payee": "X", "amount": "50"}]
    found = settle(result(folder, stay("A")), paid, until=JUNE)
    (line,) = found.payments
    assert (line.key["payee"], line.difference, line.reason.en) == (
        "X",
        -5000,
        "the calculation owes this payee nothing",
    )
    assert found.totals == ((60000, 65000), (60000, 65000))
    for name in ("settled", "settled.csv"):
        found.save(tmp_path / name)
        again = settle(result(folder, stay("A")), [paid, tmp_path / name], until=JUNE)
        assert (again.payments, again.totals[1]) == ((), (60000, 60000))


def test_a_quarter_paid_at_once_covers_its_months(folder: Path) -> None:
    paid = [{"条款": "运营补助", "对象": "A", "期次": "2024年第一季度", "金额": "250"}]
    found = settle(result(folder, stay("A")), paid, until=JUNE)
    assert told(found) == {("A", "F", "2024-Q1"): "50.00"} | {("A", "F", month): "100.00" for month in months(4, 6)}


def test_a_person_is_the_rows_of_the_person(folder: Path) -> None:
    paid = [{"person": "PA", "payee": "F", "amount": "500"}]
    found = settle(result(folder, stay("A"), stay("C")), paid, until=JUNE)
    assert told(found)["A", "F", "2024-H1"] == "100.00"
    assert sum(line.arrears for line in found.entitlements if line.key["subject"] == "C") == 60000


def test_payers_of_a_file(folder: Path) -> None:
    paid = [
        {"payee": "F", "period": "2024年上半年", "承担主体": name, "amount": "310"} for name in ("市级财政", "district")
    ]
    found = settle(result(folder, stay("A")), paid, until=JUNE)
    assert borne(found) == {"city": "-10.00", "district": "-10.00"}
    assert [(line.key["subject"], line.recovery) for line in found.entitlements] == [("*", 2000)]
    paid = [
        {"payee": "F", "承担主体": name, "amount": amount} for name, amount in (("city", "320"), ("district", "280"))
    ]
    found = settle(result(folder, stay("A")), paid, until=JUNE)
    assert borne(found) == {"city": "-20.00", "district": "20.00"}
    assert {line.reason.en for line in found.payments} == {"what was paid is not what is owed"}


# --- bad files -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("row", "code"),
    [
        ({"clause": "cares", "payee": "F", "amount": "1"}, "unknown-clause"),
        ({"payer": "town", "payee": "F", "amount": "1"}, "unknown-payer"),
        ({"schedule": "test/other", "payee": "F", "amount": "1"}, "unknown-schedule"),
        ({"table": "staffs", "payee": "F", "amount": "1"}, "unknown-table"),
        ({"payee": "F", "amount": "1,000"}, "thousands-separator"),
        ({"payee": "F", "amount": "1.005"}, "too-many-decimals"),
        ({"payee": "F", "amount": ""}, "blank-amount"),
        ({"payee": "F", "amount": "many"}, "not-a-number"),
        ({"payee": "", "amount": "1"}, "no-payee"),
        ({"subject": "X", "clause": "care", "amount": "1"}, "unknown-subject"),
        ({"person": "X", "amount": "1"}, "unknown-subject"),
        ({"payee": "F", "period": "spring", "amount": "1"}, "not-a-period"),
        ({"clause": "care", "payee": "F", "period": "2024-03-31", "amount": "1"}, "period-kind"),
        *(
            ({"clause": clause, "payee": "F", "period": period, "amount": "1"}, "not-a-period")
            for clause in ("care", "opening_gift", "")
            for period in ("2024-13-01", "2024-00-01", "2023-02-30", "0000-01", "0000", "2024年13月")
        ),
        ({"payee": "F", "due": "2024-02-30", "amount": "1"}, "no-such-day"),
        ({"payee": "F", "收款方": "F", "amount": "1"}, "same-column"),
        *(
            ({"payee": "F", heading: "1"}, "wrong-unit")
            for heading in ("金额（万元）", "金额/万元", "金额万元", "拨付金额(单位:万元)", "实拨金额 千元")
        ),
        ({"payee": "F", "sum": "1"}, "no-headings"),
    ],
)
def test_what_cannot_be_read_is_a_finding(folder: Path, row: dict[str, str], code: str) -> None:
    with pytest.raises(RosterError) as error:
        settle(result(folder, stay("A")), [[row]], until=JUNE)
    assert [finding.code for finding in error.value.findings if finding.severity == "error"] == [code]


@pytest.mark.parametrize("title", ["单位：万元", "2024年拨付表（单位：千元）", "补贴拨付表 单位：万元"])
def test_a_title_that_says_another_unit(folder: Path, tmp_path: Path, title: str) -> None:
    file = tmp_path / "paid.csv"
    file.write_text(f"拨付表,,\n{title},,\n收款方,期次,金额\nF,2024,0.12\n", encoding="utf-8")
    with pytest.raises(RosterError) as error:
        settle(result(folder, stay("A")), file)
    (finding,) = error.value.findings
    assert (finding.code, finding.place.row, finding.value) == ("title-unit", 2, title)
    file.write_text(f"{title},,\n收款方,期次,金额（元）\nF,2024,1200\n", encoding="utf-8")
    assert settle(result(folder, stay("A")), file).payments == ()
    file.write_text("单位：元,,\n收款方,期次,金额/元\nF,2024,1200\n", encoding="utf-8")
    assert settle(result(folder, stay("A")), file).payments == ()


def test_the_nearest_name_is_told(folder: Path) -> None:
    with pytest.raises(RosterError) as error:
        settle(result(folder, stay("A")), [[{"clause": "运营补贴", "payee": "F", "amount": "1"}]], until=JUNE)
    (finding,) = error.value.findings
    assert (finding.place.row, finding.place.column, finding.remedy.zh) == (1, "clause", "是否应为 运营补助")


def test_a_payee_may_be_given_by_name(folder: Path) -> None:
    names = {"F": "湖畔养老院", "G": "山下养老院", "H": "山下养老院"}
    homes = [{"facility": key, "name": name, "district": "D", "type": "institution"} for key, name in names.items()]
    people = {**rows(stay("A"), stay("B", "G")), "facilities": homes}
    paid = [{"机构": name, "amount": "600"} for name in ("湖畔养老院", "山下养老院")]
    found = settle(subsidy.calculate(subsidy.schedule(folder), Roster(**people), 2024), paid, until=JUNE)
    assert {name: sums.net for name, sums in found.by("payee").items()} == {"G": 60000, "山下养老院": -60000}


def test_a_payee_that_is_nearly_another_is_told(folder: Path) -> None:
    paid = [{"payee": "Lakeside Hom", "amount": "600"}, {"payee": "Elsewhere", "amount": "1"}]
    homes = [{"facility": "Lakeside Home", "district": "D", "type": "institution"}]
    people = {**rows(stay("A", "Lakeside Home")), "facilities": homes}
    found = settle(subsidy.calculate(subsidy.schedule(folder), Roster(**people), 2024), paid, until=JUNE)
    (finding,) = found.findings
    assert (finding.code, finding.severity, finding.value) == ("unknown-payee", "warning", "Lakeside Hom")
    assert finding.remedy.en == "perhaps Lakeside Home is meant"
    assert {name: sums.net for name, sums in found.by("payee").items()} == {
        "Elsewhere": -100,
        "Lakeside Hom": -60000,
        "Lakeside Home": 60000,
    }


def test_a_row_of_a_total_is_left_aside_or_wrong(folder: Path) -> None:
    paid = [{"payee": "F", "amount": "400"}, {"payee": "G", "amount": "100"}, {"payee": "合计", "amount": "500"}]
    found = settle(result(folder, stay("A")), paid, until=JUNE)
    assert found.totals[1] == (60000, 50000)
    assert [finding.code for finding in found.findings] == ["total"]
    with pytest.raises(RosterError) as error:
        settle(result(folder, stay("A")), [*paid[:2], {"payee": "合计", "amount": "600"}], until=JUNE)
    assert [finding.code for finding in error.value.findings] == ["wrong-total"]


def test_totals_of_several_levels_and_a_blank_one(folder: Path) -> None:
    def table(*sums: str) -> list[dict[str, str]]:
        month = [("F", "100"), ("小计", "100"), ("G", "150"), ("小计", "150"), ("合计", sums[0])]
        return [{"payee": payee, "amount": amount} for payee, amount in [*month, *month, ("总计", sums[1])]]

    for sums in (("250", "500"), ("", "500"), ("250", "")):
        found = settle(result(folder, stay("A")), [table(*sums)], until=JUNE)
        assert found.totals[1] == (60000, 50000)
        assert {finding.code for finding in found.findings} == {"total", "identical-rows"}
    for sums in (("260", "500"), ("250", "510")):
        with pytest.raises(RosterError) as error:
            settle(result(folder, stay("A")), [table(*sums)], until=JUNE)
        assert {finding.code for finding in error.value.findings if finding.severity == "error"} == {"wrong-total"}


def test_what_is_there_twice_is_told(folder: Path, ledger: Path) -> None:
    row = {"payee": "F", "period": "2024-01", "amount": "100"}
    found = settle(result(folder, stay("A")), [[row, {**row, "amount": "90"}, row]], until=JUNE)
    (finding,) = found.findings
    assert (finding.code, finding.place.row, finding.severity) == ("identical-rows", 3, "warning")
    assert found.totals[1][1] == 29000
    found = settle(result(folder, stay("A")), [ledger, ledger.parent / "." / ledger.name], until=JUNE)
    assert [finding.code for finding in found.findings] == ["same-paid"]


def test_a_link_in_a_circle_is_a_finding(folder: Path, tmp_path: Path) -> None:
    circle = tmp_path / "paid.csv"
    circle.symlink_to(circle)
    with pytest.raises(RosterError, match=r"paid\.csv"):
        settle(result(folder, stay("A")), circle, until=JUNE)


def test_a_lump_is_not_told_as_one_residents(folder: Path, tmp_path: Path) -> None:
    found = settle(result(folder, stay("A")), [{"payee": "F", "clause": "care", "amount": "700"}], until=JUNE)
    (line,) = found.entitlements
    assert (line.key["subject"], line.person, line.recovery) == ("*", None, 10000)
    found.save(tmp_path / "settled")
    paid = [[{"payee": "F", "clause": "care", "amount": "700"}], tmp_path / "settled"]
    again = settle(result(folder, stay("A")), paid, until=JUNE)
    assert (again.entitlements, again.payments) == ((), ())


def test_a_ledger_of_a_schedule_that_is_not_calculated(ledger: Path, tmp_path: Path) -> None:
    other = town(tmp_path / "other", base=BASE.replace("test/town", "test/village"))
    with pytest.raises(RosterError) as error:
        settle(result(other, stay("A")), ledger, until=JUNE)
    assert {finding.code for finding in error.value.findings} == {"unknown-schedule"}
    (ledger / "payments.parquet").unlink()
    with pytest.raises(RosterError) as error:
        settle(result(other, stay("A")), ledger, until=JUNE)
    assert {finding.code for finding in error.value.findings} == {"not-a-ledger"}


@pytest.mark.parametrize(
    ("was", "becomes", "column"),
    [
        (",2024-05,", ",2024-13,", "period"),
        (",2024-05,", ",,", "period"),
        (",2024-05-31,", ",May,", "due"),
        (",100.00,", ',"1,000",', "owed"),
        (",100.00,", ",,", "owed"),
        (",care,", ",,", "clause"),
    ],
)
def test_a_ledger_that_was_edited(folder: Path, tmp_path: Path, was: str, becomes: str, column: str) -> None:
    result(folder, stay("A")).save_ledger(tmp_path / "ledger", until=JUNE, form="csv")
    file = tmp_path / "ledger" / "entitlements.csv"
    file.write_text(file.read_text("utf-8").replace(was, becomes, 1), encoding="utf-8")
    with pytest.raises(RosterError) as error:
        settle(result(folder, stay("A")), tmp_path / "ledger", until=JUNE)
    (finding,) = error.value.findings
    assert (finding.code, finding.place.column, finding.place.file) == ("not-a-ledger", column, str(file))


# --- files that are written ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("form", ["parquet", "csv"])
def test_a_ledger_is_the_same_bytes_whatever_the_order_of_rows(folder: Path, tmp_path: Path, form: str) -> None:
    people = [stay("-A"), stay("B", "G"), stay("C")]
    for name, order in (("one", people), ("two", people[::-1])):
        result(folder, *order).save_ledger(tmp_path / name, form=form)  # type: ignore[arg-type]
    files = sorted(path.name for path in (tmp_path / "one").iterdir())
    assert files == [f"entitlements.{form}", f"payments.{form}", "receipt.json"]
    for name in files[:2]:
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()
    found = settle(result(folder, *people), tmp_path / "one")
    assert (found.entitlements, found.payments) == ((), ())


def test_a_settlement_is_the_same_bytes_whatever_the_order_of_rows(folder: Path, ledger: Path, tmp_path: Path) -> None:
    town(folder, raised=RAISED)
    people = [stay("A", last="2024-04-30"), stay("A2", "G", "2024-05-01", person="PA"), stay("C"), stay("D", "H")]
    paid = [{"payee": "F", "amount": "10"}, {"payee": "G", "amount": "5"}, {"payee": "X", "amount": "7"}]
    for name, turn in (("one", 1), ("two", -1)):
        settle(result(folder, *people[::turn]), [ledger, paid[::turn]], until=JUNE).save(tmp_path / name)
    for name in ("entitlements.parquet", "payments.parquet"):
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()


def test_a_ledger_replaces_only_a_ledger(folder: Path, tmp_path: Path) -> None:
    calculated = result(folder, stay("A"))
    calculated.save_ledger(tmp_path / "ledger")
    calculated.save_ledger(tmp_path / "ledger", form="csv")
    assert sorted(path.suffix for path in (tmp_path / "ledger").iterdir()) == [".csv", ".csv", ".json"]
    with pytest.raises(RosterError) as error:
        calculated.save_ledger(folder)
    assert "it holds other files: 2023-01-01.yaml" in str(error.value)
    (tmp_path / "file").write_text("", encoding="utf-8")
    for target in (tmp_path / "file", tmp_path / "no" / "ledger"):
        with pytest.raises(RosterError):
            calculated.save_ledger(target)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["file", "ledger", "town"]


def test_several_schedules_and_their_ledger(folder: Path, tmp_path: Path) -> None:
    other = town(tmp_path / "other", base=BASE.replace("test/town", "test/village").replace("is: 100", "is: 30"))
    both = [subsidy.schedule(folder), subsidy.schedule(other)]
    calculated = subsidy.calculate(both, subsidy.Roster(**rows(stay("A"))), 2024)
    calculated.save_ledger(tmp_path / "ledger")
    found = settle(calculated, tmp_path / "ledger")
    assert (found.payments, found.totals[1]) == ((), (156000, 156000))
    with pytest.raises(RosterError) as error:
        settle(calculated, [[{"clause": "care", "payee": "F", "amount": "1"}]])
    assert [finding.code for finding in error.value.findings] == ["ambiguous-clause"]
