"""Memos and notices: their numbers are those of the result, texts stand as they are written, files are reproducible."""

from __future__ import annotations

import io
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import xian
from commands import run

import subsidy
from subsidy.budget.approved import approved
from subsidy.budget.behind import behind
from subsidy.budget.cases import load_case, read_cases
from subsidy.budget.cells import Basis
from subsidy.budget.sensitivity import MORE, sensitivities
from subsidy.finding import Language, RosterError
from subsidy.money import fen, yuan
from subsidy.report.capitals import in_capitals
from subsidy.report.memo import fonts, typeset
from subsidy.report.memo.amounts import in_prose, share
from subsidy.report.memo.memo import memo_of
from subsidy.report.memo.notice import notices_of
from subsidy.report.memo.paper import Chart, Paper, Table
from subsidy.report.memo.save import Look, save_memo, save_notices
from subsidy.report.memo.typeset import pdf_of
from subsidy.report.memo.word import docx_of
from subsidy.report.memo.word_template import template_of
from subsidy.schedule.load import load_text
from subsidy.schedule.series import grown

THOROUGH = "CHECK_ALL" in os.environ
SLOW = pytest.mark.skipif(not THOROUGH, reason="slow; CHECK_ALL=1")
ROOT = Path(__file__).parent.parent
CASES = Path(__file__).parent / "cases"
WILD = '#set $x$ *b* _i_ <a&b> =HYPERLINK("u") {{ 7*7 }} {% if %} \\ @k 养老'
LANGUAGES: tuple[Language, ...] = ("zh", "en")
AMOUNT = re.compile(r"-?[0-9][0-9,]*\.[0-9]{2}")
TOWN = """
schedule: test/town
document: {number: 测〔2022〕1号, issuer: 某市民政局, issued: 2022-01-01}
in_force: {from: 2022-01-01}
revision: 1
place: example
payers:
  city: {label: {zh: 财政, en: budget}}
  district: {label: {zh: 财政, en: budget}, of: district}
  province: {label: {zh: 省级, en: province}}
facts:
  projects: {approved: {yuan: 0..most}}
values:
  most: {unit: yuan, is: 10000}
  share: {unit: percent, is: 50%}
  ladder: {unit: percent, by: [instalment], is: {1: 30%, 2: 30%, 3: 40%}}
  sum: {unit: yuan, is: 500}
clauses:
  grant:
    item: "1"
    for: projects
    every: once
    dated: accepted
    amount: round least(approved, most) * share to fen half_up
    split: {city: 3, province: 1}
    pay: {shares: ladder, every: year}
limits:
  envelope:
    item: "2"
    among: [grant]
    payer: city
    years: 2022..2024
    at_most: sum
    when_short: pro_rata
    rest_to: district
"""


def town(basis: Basis = "due", approved: str = "10000") -> subsidy.Result:
    """A grant in three instalments of 30, 30 and 40 %; the district takes over what is more than the city's sum."""
    dated = (("B1", "2022-03-01", "10000"), ("B2", "2023-03-01", approved))
    roster = subsidy.Roster(
        districts=[{"district": "D"}],
        facilities=[{"facility": "F", "district": "D", "type": "institution"}],
        projects=[
            {"project": key, "district": "D", "facility": "F", "accepted": day, "approved": amount}
            for key, day, amount in dated
        ],
    )
    schedule = subsidy.Schedule((load_text(TOWN),), (Path("town.yaml"),))
    return subsidy.calculate(schedule, roster, 2023, basis=basis, proceed=True)


def rich() -> subsidy.Result:
    """Open amounts, a pot that is short, a limit that takes away, a row with an error, and a wild name."""
    return xian.calculated(
        2023,
        proceed=True,
        facilities=[
            xian.facility("F1", name=WILD, star="5"),
            xian.facility("F2", name="示例养老院", star="3"),
            xian.facility("F3", star="1"),
        ],
        residents=[
            xian.stay("2023-01-05", key="R1", person="P1", home="F1", ability="disabled"),
            xian.stay("2023-02-01", "2023-03-10", key="R2", person="P2", home="F1", ability="self_caring"),
            xian.stay("2023-03-11", "2023-05-02", key="R3", person="P2", home="F2", ability="self_caring"),
            xian.stay("2023-07-09", "2023-06-01", key="R4", person="P3", home="F3", ability="disabled"),
        ],
        projects=[
            xian.project("station", project="B1", facility="F1", build_mode="new", accepted="2023-06-01", approved=""),
            xian.project("meal_point", project="B2", facility="F2", build_mode="new", accepted="2023-06-01",
                         meets_standard="yes", approved="80000.55"),
        ],
        hospitals=[{"hospital": f"H{n}", "district": "D", "hospital_level": "level_3_a"} for n in range(16)],
        medical_projects=[
            {"medical_project": f"Y{n}", "hospital": f"H{n}", "district": "D", "kind": "demonstration_base",
             "completed": "2023-05-01"}
            for n in range(16)
        ],
    )  # fmt: skip


def nothing() -> subsidy.Result:
    return xian.calculated(2023, facilities=[xian.facility()])


@pytest.fixture(scope="module")
def result() -> subsidy.Result:
    return rich()


@pytest.fixture(scope="module")
def written(memo: Paper) -> tuple[bytes, bytes]:
    """The memo as PDF and as a Word file."""
    used = fonts.fonts_for(memo.texts, None)
    return pdf_of(memo, used), docx_of(memo, used)


@pytest.fixture(scope="module")
def empty() -> subsidy.Result:
    return nothing()


@pytest.fixture(scope="module", params=LANGUAGES)
def memo(request: pytest.FixtureRequest, result: subsidy.Result) -> Paper:
    return memo_of(result, request.param, to="某局", office="某处", day="2024-01-15")


def tables(paper: Paper, section: str) -> list[Table]:
    return [block for one in paper.sections if one.name == section for block in one.blocks if isinstance(block, Table)]


def column(table: Table, place: int = -1) -> list[int]:
    """The amounts of a column (fen), without rows that are parts of another."""
    rows = [row for row in table.rows if row.kind != "part"]
    return [fen(row.cells[place].replace(",", "")) for row in rows if AMOUNT.fullmatch(row.cells[place])]


def text_of(pdf: bytes) -> str:
    from pypdf import PdfReader

    return "\n".join(page.extract_text() for page in PdfReader(io.BytesIO(pdf)).pages)


def pages_of(pdf: bytes) -> int:
    from pypdf import PdfReader

    return len(PdfReader(io.BytesIO(pdf)).pages)


def bars(paper: Paper) -> list[str]:
    """What charts say, which in a Word file are pictures."""
    charts = [block for one in paper.sections for block in one.blocks if isinstance(block, Chart)]
    return [bar.shown for chart in charts for bar in chart.bars]


def typeset_pdf(paper: Paper) -> bytes:
    return pdf_of(paper, fonts.fonts_for(paper.texts, None))


def word_text(content: bytes) -> str:
    from docx import Document

    document = Document(io.BytesIO(content))
    cells = [cell.text for table in document.tables for row in table.rows for cell in row.cells]
    return "\n".join([*(paragraph.text for paragraph in document.paragraphs), *cells])


# --- numbers -------------------------------------------------------------------------------------------------------


def test_every_table_of_the_total_adds_up_to_it(memo: Paper, result: subsidy.Result) -> None:
    total = fen(result.total)
    needs = tables(memo, "needs")
    by_clause, by_district, by_facility = needs[:3]
    payers, quarters = tables(memo, "payers")
    low_high = tables(memo, "ranges")[0]
    for table, place in (
        (by_clause, -1),
        (by_district, 1),
        (by_facility, 2),
        (payers, 1),
        (quarters, -2),
        (low_high, 3),
    ):
        *parts, whole = column(table, place)
        assert whole == total == sum(parts), table.caption
    *parts, whole = column(low_high, 2)
    assert whole == fen(result.low) == sum(parts) != total
    (drivers,) = tables(memo, "drivers")
    assert column(drivers)[-1] == sum(column(drivers)[:-1]) == total


def test_a_clause_is_divided_among_its_payers_and_the_chart_shows_the_same(memo: Paper, result: subsidy.Result) -> None:
    by_clause = tables(memo, "needs")[0]
    for row in by_clause.rows:
        *parts, whole = (fen(cell.replace(",", "")) for cell in row.cells[2:] if AMOUNT.fullmatch(cell))
        assert sum(parts) == whole
    charts = [block for one in memo.sections for block in one.blocks if isinstance(block, Chart)]
    assert [sum(sum(bar.parts) for bar in chart.bars) for chart in charts] == [fen(result.total)] * 2


def test_what_is_counted_is_what_is_owed(result: subsidy.Result) -> None:
    entitlements = result.entitlements()
    for one in behind(result):
        owed = entitlements[(entitlements.clause == one.clause) & (entitlements.owed > 0)]
        assert (one.subjects, one.amounts) == (owed.subject.nunique(), len(owed))


def test_the_pdf_and_the_word_file_say_what_the_paper_says(memo: Paper, written: tuple[bytes, bytes]) -> None:
    pdf, word = (re.sub(r"\s", "", text) for text in (text_of(written[0]), word_text(written[1])))
    amounts, drawn = ({amount for text in some for amount in AMOUNT.findall(text)} for some in (memo.texts, bars(memo)))
    assert len(amounts) > 30
    assert [amount for amount in sorted(amounts) if amount not in pdf] == []
    assert [amount for amount in sorted(amounts - drawn) if amount not in word] == []


def test_a_pot_that_is_short_and_rows_left_out_are_told(memo: Paper, result: subsidy.Result) -> None:
    (pot,) = result.pots
    told = " ".join(memo.texts)
    assert fen(pot["over"]) > 0
    assert f"{yuan(fen(pot['over'])):,.2f}" in told
    assert result.blocked == {"residents": 1}
    findings = tables(memo, "risks")[0]
    assert sum(int(row.cells[1]) for row in findings.rows) == len(result.findings)


def test_a_year_without_money(empty: subsidy.Result) -> None:
    for language, said in (("zh", "零元整"), ("en", "comes to 0.00 yuan")):
        paper = memo_of(empty, language)  # type: ignore[arg-type]
        assert said in " ".join(paper.texts)
        assert pages_of(typeset_pdf(paper)) <= 2
    assert dict(notices_of(empty)) == {}


def test_on_the_accrued_basis_payments_lead_to_the_total() -> None:
    result = town("accrued")
    paper = memo_of(result, "en")
    _, quarters = tables(paper, "payers")
    assert [(row.cells[0], row.cells[-2]) for row in quarters.rows[4:]] == [
        ("Year", "3,000.00"),
        ("Less: of earlier years", "-1,500.00"),
        ("Plus: falls due in later years", "3,500.00"),
        ("Total of the year", "5,000.00"),
    ]
    for row in quarters.rows:
        *parts, whole, _ = (fen(cell.replace(",", "")) for cell in row.cells[1:])
        assert sum(parts) == whole
    told = " ".join(paper.texts)
    assert "Of the total, 3,500.00 yuan fall due in 2024 to 2025." in told
    assert "Beside this, 2,000.00 yuan of earlier years fall due in 2024." in told


def test_on_the_due_basis_what_is_due_later_is_beside_the_total() -> None:
    told = " ".join(memo_of(town(), "en").texts)
    assert "Beside this, 5,500.00 yuan of this and earlier years fall due in 2024 to 2025." in told
    assert "Of the total, " not in told


def test_payers_of_one_label_are_told_apart() -> None:
    result = town()
    (by_clause, *_) = tables(memo_of(result, "zh"), "needs")
    assert [one.heading for one in by_clause.columns[2:-1]] == ["财政（city）", "财政（district）", "省级"]
    (payments,) = tables(dict(notices_of(result, "en"))["F"], "payments")
    assert [one.heading for one in payments.columns[1:-1]] == ["Budget (city)", "Budget (district)", "Province"]


def test_amounts_as_a_bureau_writes_them() -> None:
    assert in_capitals(5712310927) == "伍仟柒佰壹拾贰万叁仟壹佰零玖元贰角柒分"
    assert in_capitals(-1250) == "负壹拾贰元伍角"
    assert in_prose(5712310927, "zh") == "5,712.31万元"
    assert in_prose(123456, "zh") == "1,234.56元"
    assert in_prose(5712310927, "en") == "57.12 million yuan"
    assert (share(1, 3), share(2, 3), share(0, 0)) == ("33.33%", "66.67%", "—")


# --- what would change it most -------------------------------------------------------------------------------------


def case(file: str, name: str) -> tuple[list[subsidy.Schedule], subsidy.Result, Any]:
    found = next(one for one in read_cases(CASES / file) if name in one.model.name.zh)
    schedules, result = load_case(found)
    rows = {table: [dict(row) for row in rows] for table, rows in found.model.rows.items()}
    return schedules, result, subsidy.Roster(**rows)


@pytest.mark.parametrize(
    ("file", "name"),
    [
        ("xian/pots.yaml", "总额按比例扣减"),
        ("xian/amounts-and-payers.yaml", "只享受较高一项"),
        ("template-city/together.yaml", "两项合计上限"),
        pytest.param("template-city/versions-and-findings.yaml", "修改后的数额", marks=SLOW),
    ],
)
def test_a_figure_a_tenth_higher_changes_what_the_whole_calculation_changes(file: str, name: str) -> None:
    schedules, result, roster = case(file, name)
    found = sensitivities(result)
    assert found
    for one in found if THOROUGH else found[:1]:
        again = []
        for schedule in schedules:
            for version in schedule.versions:
                if one.value in version.model.values and result.names.clauses[one.clause][0].schedule.id == schedule.id:
                    figures = grown(version.model.values[one.value], MORE, more_decimals=one.exact)
                    schedule = schedule.overlay({f"values.{one.value}.is": figures})
            again.append(schedule)
        other = subsidy.calculate(again, roster, result.year, basis=result.basis, proceed=True)
        assert one.change == fen(other.total) - fen(result.total)


def test_a_bound_of_a_column_is_no_figure_to_raise_where_rows_are_beyond_it() -> None:
    assert {one.value for one in sensitivities(town())} == {"most", "share"}
    result = town(approved="10001")
    assert result.blocked == {"projects": 1}
    assert [one.value for one in sensitivities(result)] == ["share"]


# --- notices -------------------------------------------------------------------------------------------------------


def test_notices_add_up_to_what_facilities_are_paid(result: subsidy.Result) -> None:
    found = {one.facility: one for one in approved(result)}
    paid = {row.facility: (row.amount, row.low) for row in result.by_facility().dropna().itertuples()}
    assert {name: (yuan(one.amount), yuan(one.low)) for name, one in found.items() if one.amount} == paid
    for one in found.values():
        assert sum(clause.owed for clause in one.clauses) == one.amount + sum(payment.cut for payment in one.payments)
    assert [unpaid.limit for unpaid in found["F1"].unpaid] == ["one_home"]
    assert [finding.subject for finding in found["F3"].findings] == ["R4"]


def test_a_notice_says_how_the_amount_comes_about(result: subsidy.Result) -> None:
    notice = dict(notices_of(result, "zh"))["F1"]
    (made_of,) = tables(notice, "made_of")
    assert ("225.00", "12", "2,700.00") in [row.cells[2:] for row in made_of.rows]
    said = text_of(typeset_pdf(notice)).replace("\n", "")
    assert "核定通知" in said
    assert "盖章" in said


def test_notices_of_pots_that_cut() -> None:
    _, result, _ = case("xian/pots.yaml", "总额按比例扣减")
    for one in approved(result):
        assert sum(payment.cut for payment in one.payments) > 0
        table = tables(dict(notices_of(result, "zh"))[one.facility], "approved")[0]
        assert column(table, -1)[-1] + column(table, -2)[-1] == column(table, -3)[-1]


def test_what_another_payer_takes_over_is_not_cut() -> None:
    result = town()
    (one,) = approved(result)
    assert sum(payment.cut for payment in one.payments) > 0
    notice = dict(notices_of(result, "en"))["F"]
    (amounts,) = tables(notice, "approved")
    (made_of,) = tables(notice, "made_of")
    assert [column.heading for column in amounts.columns[4:]] == ["Approved (yuan)"]
    assert column(amounts) == [one.amount, one.amount]
    assert column(made_of)[-1] == one.amount


def test_a_file_for_each_facility_whatever_its_key(tmp_path: Path) -> None:
    keys = ["../a", "A/a", "a_a", "甲"]
    result = xian.calculated(
        2023,
        facilities=[xian.facility(key, star="1") for key in keys],
        residents=[
            xian.stay("2023-01-01", key=f"R{n}", person=f"P{n}", home=key, ability="disabled")
            for n, key in enumerate(keys)
        ],
    )
    assert save_notices(result, tmp_path / "notices") == 4
    names = [path.name for path in (tmp_path / "notices").iterdir()]
    assert len({name.lower() for name in names}) == 4
    assert [path.name for path in tmp_path.iterdir()] == ["notices"]
    assert save_notices(result, tmp_path / "notices") == 4
    (tmp_path / "notices" / "mine.txt").touch()
    with pytest.raises(RosterError, match=re.escape("mine.txt")):
        save_notices(result, tmp_path / "notices")


# --- texts ---------------------------------------------------------------------------------------------------------


def test_a_name_is_never_read_as_markup(memo: Paper, written: tuple[bytes, bytes], result: subsidy.Result) -> None:
    used = fonts.fonts_for(memo.texts, None)
    wild = re.sub(r"\s", "", WILD)
    notice = dict(notices_of(result, memo.language))["F1"]
    for pdf, word in (written, (pdf_of(notice, used), docx_of(notice, used))):
        for text in (text_of(pdf), word_text(word)):
            assert wild in re.sub(r"\s", "", text).replace("”", '"').replace("“", '"')


def test_control_characters_do_not_break_a_word_file(empty: subsidy.Result) -> None:
    paper = Paper("memo", "en", "a\x00\x0bb", "", memo_of(empty, "en").sections, (), "")
    assert "a\ufffd\ufffdb" in word_text(docx_of(paper, fonts.Chosen((), ())))


def test_each_language_for_itself(memo: Paper, result: subsidy.Result) -> None:
    other, given = {
        "en": (r"[\u4e00-\u9fff]+", "市政办发 号 西安市人民政府办公室 附件 四 三 资金 甲区 示例养老院 养老 某局 某处"),
        "zh": (r"[A-Za-z_]{3,}", "subsidy SHA xian elderly care set HYPERLINK _i_"),
    }[memo.language]
    papers = [memo, *dict(notices_of(result, memo.language)).values()]
    foreign = {word for paper in papers for text in words(paper) for word in re.findall(other, text)}
    assert {word for word in foreign if not re.fullmatch(r"[0-9a-f]+", word)} <= {*given.split()}


def words(paper: Paper) -> Iterator[str]:
    """What is written, without the names that templates use."""
    yield from (paper.title, paper.footer)
    for section in paper.sections:
        yield section.title
        for block in section.blocks:
            if isinstance(block, Table):
                yield from (block.caption, *(one.heading for one in block.columns))
                yield from (cell for row in block.rows for cell in row.cells)
            elif isinstance(block, Chart):
                yield from (block.caption, *block.legend, *(bar.label for bar in block.bars))
            else:
                yield block.text


# --- files ---------------------------------------------------------------------------------------------------------


def test_the_same_result_gives_the_same_bytes(memo: Paper, written: tuple[bytes, bytes]) -> None:
    again = memo_of(rich(), memo.language, to="某局", office="某处", day="2024-01-15") if THOROUGH else memo
    used = fonts.fonts_for(again.texts, None)
    assert (pdf_of(again, used), docx_of(again, used)) == written


def edited(folder: Path, old: str, new: str) -> Path:
    """A copy of the template with a text of it changed."""
    from docx import Document

    document = Document(io.BytesIO(template_of("zh")))
    paragraph = next(one for one in document.paragraphs if one.text == old)
    paragraph.runs[0].text = new
    path = folder / "my.docx"
    document.save(str(path))
    return path


def test_an_edited_template_is_used(empty: subsidy.Result, tmp_path: Path) -> None:
    template = edited(tmp_path, "{{ title }}", "〔2024〕3号 {{ total_capitals }} {{ year }}")
    save_memo(empty, tmp_path / "memo.docx", Look("zh", template=template))
    assert "〔2024〕3号 零元整 2023" in word_text((tmp_path / "memo.docx").read_bytes())


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("{{ title }}", "{{ titel }}", "titel"),
        ("{{ section.title }}", "{{ section.titel }}", "titel"),
        ("{{ title }}", "{{ title", "{{ title"),
        ("{%p endfor %}", "{%p endfro %}", "endfro"),
        ("{{ title }}", "{{ title.__class__.__mro__ }}", "__class__"),
    ],
)
def test_what_is_wrong_with_a_template_is_told(
    empty: subsidy.Result, tmp_path: Path, old: str, new: str, said: str
) -> None:
    template = edited(tmp_path, old, new)
    with pytest.raises(RosterError) as caught:
        save_memo(empty, tmp_path / "memo.docx", Look("zh", template=template))
    (finding,) = caught.value.findings
    assert (finding.code, finding.place.file) == ("template", str(template))
    assert said in finding.why.en
    assert "titel" not in said or "title" in finding.remedy.en
    assert not (tmp_path / "memo.docx").exists()


def test_a_template_that_is_no_word_file(empty: subsidy.Result, tmp_path: Path) -> None:
    (tmp_path / "my.docx").write_text("no", encoding="utf-8")
    with pytest.raises(RosterError, match="Word"):
        save_memo(empty, tmp_path / "memo.docx", Look("zh", template=tmp_path / "my.docx"))


# --- fonts ---------------------------------------------------------------------------------------------------------


def test_without_a_chinese_font_nothing_is_drawn(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fonts, "_families", lambda folders: ("Libertinus Serif", "DejaVu Sans Mono"))
    with pytest.raises(RosterError, match="fonts-noto-cjk"):
        fonts.fonts_for(["补贴"], None)
    assert fonts.fonts_for(["subsidy"], None).body == ()


def test_a_font_that_is_asked_for() -> None:
    assert fonts.fonts_for(["补贴"], "Noto Sans CJK SC").body == ("Noto Sans CJK SC",)
    for wanted, said in (
        ("Noto Sans CJK SQ", "Noto Sans CJK SC"),
        ("Libertinus Serif", "no Chinese"),
        ("no.ttf", "no such font"),
    ):
        with pytest.raises(RosterError, match=said):
            fonts.fonts_for(["补贴"], wanted)


# --- the command ---------------------------------------------------------------------------------------------------


HOMES = str(Path(__file__).parent / "bad_rosters" / "homes.schedule.yaml")
SMALL = str(ROOT / "examples" / "forecast" / "roster")


def report(*more: str) -> Any:
    return run(["report", SMALL, "-s", xian.ID, "-y", "2023", *more])


def test_the_command_writes_memo_and_notices(tmp_path: Path) -> None:
    done = report("-o", str(tmp_path / "memo.pdf"), "--notices", str(tmp_path / "notices"), "--lang", "zh")
    assert done.exit_code == 0, done.output
    assert "3 份通知" in done.stdout
    assert 2 <= pages_of((tmp_path / "memo.pdf").read_bytes()) <= 6
    assert len(list((tmp_path / "notices").glob("notice-*.pdf"))) == 3


def test_wrong_use_of_the_command(tmp_path: Path) -> None:
    assert report().exit_code == 2
    assert report("-o", str(tmp_path / "memo.pdf"), "--template", "x.docx").exit_code == 2
    assert report("--notices", str(tmp_path / "n"), "--notices-as", "txt").exit_code == 2
    for name in ("memo.txt", "none/memo.pdf"):
        done = report("-o", str(tmp_path / name))
        assert done.exit_code == 1
        assert name in done.stderr.replace("\n", "")
    assert list(tmp_path.iterdir()) == []


def test_what_is_not_installed_is_told_before_the_work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(typeset, "NEEDED", ("typst", "no_such_library"))
    done = report("-o", str(tmp_path / "memo.pdf"), "--lang", "zh")
    assert done.exit_code == 1
    assert "no_such_library" in done.stderr
    assert "subsidy[report]" in done.stderr


def test_templates_to_be_edited(empty: subsidy.Result, tmp_path: Path) -> None:
    done = run(["report", "--template-out", str(tmp_path / "templates")])
    assert done.exit_code == 0, done.output
    names = sorted(path.name for path in (tmp_path / "templates").iterdir())
    assert names == ["memo.en.docx", "memo.zh.docx", "notice.en.docx", "notice.zh.docx"]
    save_memo(empty, tmp_path / "memo.docx", Look("zh", template=tmp_path / "templates" / "memo.zh.docx"))


@SLOW
@pytest.mark.parametrize("language", LANGUAGES)
def test_the_example_city(language: Language) -> None:
    result = xian.city_result()
    paper = memo_of(result, language)
    assert 3 <= pages_of(typeset_pdf(paper)) <= 6
    for table, place in zip(tables(paper, "needs")[:3], (-1, 1, 2), strict=True):
        *parts, whole = column(table, place)
        assert whole == fen(result.total) == sum(parts)
    facilities = approved(result)
    assert sum(one.amount for one in facilities) == sum(cell.amount for cell in result.cells if cell.facility)
