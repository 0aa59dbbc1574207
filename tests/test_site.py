"""The site: schedules in words, findings that are all explained, pictures as they would be made, the built pages."""

from __future__ import annotations

import ast
import functools
import json
import os
import re
import runpy
import shutil
import subprocess
import sys
from collections.abc import Iterator
from decimal import Decimal
from html.parser import HTMLParser
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest
from typer.testing import CliRunner

import subsidy
from subsidy.cli import app
from subsidy.engine.explain_words import Words
from subsidy.finding import Language
from subsidy.report.phrases import Phrases
from subsidy.report.schedule_page import schedule_page
from subsidy.schedule.catalogue import catalogue, schedule
from subsidy.schedule.load import Version

ROOT = Path(__file__).parent.parent
DOCS = ROOT / "docs"
THOROUGH = bool(os.environ.get("CHECK_ALL"))
LANGUAGES: tuple[Language, ...] = ("zh", "en")
VERSIONS = [version for name in catalogue() for version in schedule(name).versions]
CITY = schedule("template-city/city").versions[0]
XIAN = schedule("cn/xian/elderly-care").latest

# --- schedules in words --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("version", VERSIONS, ids=lambda one: f"{one.id}@{one.first_day}")
@pytest.mark.parametrize("language", LANGUAGES)
def test_a_page_has_every_provision_and_figure(version: Version, language: Language) -> None:
    page = schedule_page(version, language)
    model = version.model
    for provisions in (model.clauses, model.unquantified, model.rules, model.targets):
        for one in provisions.values():
            assert one.item in page
            assert one.label is None or one.label.in_(language) in page
            assert one.reading is None or " ".join(one.reading.in_(language).split()) in page.replace("\\|", "|")
    for clause in model.clauses.values():
        assert all(f"{Decimal(example.amount):,}" in page for example in clause.examples)
    assert re.search(r"[{}]|\bNone\b|Fraction", page) is None


@pytest.mark.parametrize("language", LANGUAGES)
def test_links_within_a_page_lead_somewhere(language: Language) -> None:
    page = schedule_page(XIAN, language)
    assert set(re.findall(r"\]\(#([^)]+)\)", page)) <= set(re.findall(r'<a id="([^"]+)">', page))


@pytest.mark.parametrize(
    ("version", "written", "zh", "en"),
    [
        (XIAN, "facility.star >= 1", "机构的星级 ≥ 1", "facility's star ≥ 1"),
        (XIAN, "post = 'carer'", "岗位为养老护理员", "post is carer"),
        (XIAN, "level <> 'uncertified'", "技能等级不为无证书", "level is not uncertified"),
        (XIAN, "not public_money", "使用财政资金：否", "public money: no"),
        (XIAN, "very_old or disabled and handicapped", "高龄：是 或 （失能：是 且 残疾：是）",
         "very old: yes or (disabled: yes and handicapped: yes)"),
        (XIAN, "kind in ('station', 'centre')", "类别为社区养老服务站或综合养老服务中心", "kind is station or centre"),
        (XIAN, "not kind in ('station', 'centre')", "类别不为社区养老服务站或综合养老服务中心",
         "kind is not station or centre"),
        (XIAN, "full_months_since(hired) < entry_window", "自入职日期起的满月数 < 12 个月",
         "full months since hired < 12 months"),
        (XIAN, "least(actual_cost, adaptation_cap)", "实际费用 与 每户上限 取小",
         "the lesser of actual cost and cap per household"),
        (XIAN, "round premium_paid * insurance_share to fen half_up", "保费 × 70%（四舍五入到一分）",
         "premium paid × 70% (rounded half up to the fen)"),
        (XIAN, "beds * (100% - counted_revenue)", "床位数 × （100% − 90%）", "beds × (100% − 90%)"),
        (CITY, "greatest(person_line - earned, 0)", "（900 元/月 − 月收入） 与 0 取大",
         "the greater of (900 yuan / month − earned) and 0"),
        (CITY, "if mode = 'new' then new_sum else -malus", "如果建设方式为新建，为 70 元；否则为 −50.01 元",
         "70 yuan if mode is new; otherwise −50.01 yuan"),
        (CITY, "minimum_wage(year - 1)", "最低工资（当年 − 1）", "minimum wage (the year − 1)"),
    ],
)  # fmt: skip
def test_an_expression_in_words(version: Version, written: str, zh: str, en: str) -> None:
    told = [Phrases(Words(version, language)).told(written) for language in LANGUAGES]
    assert [" ".join(text.split()) for text in told] == [" ".join(text.split()) for text in (zh, en)]


@pytest.mark.parametrize(
    ("key", "of", "zh", "en"),
    [
        ("..<60%", "score", "不足 60%", "below 60%"),
        ("60%..<80%", "score", "60% 至不足 80%", "60% to below 80%"),
        ("80%..", "score", "80% 及以上", "80% and over"),
        (">36000..144000", "income", "超过 36,000 至 144,000", "over 36,000 to 144,000"),
        ("..2023", "year", "至 2023", "until 2023"),
        ("2023-07..", "month", "2023-07 起", "from 2023-07 on"),
        ("..<2023-05-01", "date", "2023-05-01 以前", "before 2023-05-01"),
        ("other", "area", "其他", "other"),
    ],
)
def test_a_key_in_words(key: str, of: str, zh: str, en: str) -> None:
    assert [Phrases(Words(CITY, language)).key(key, of) for language in LANGUAGES] == [zh, en]


def test_the_command_writes_the_page_or_nothing(tmp_path: Path) -> None:
    file = tmp_path / "page.md"
    done = CliRunner().invoke(app, ["document", "template-city/district", "-o", str(file), "--lang", "zh"])
    assert (done.exit_code, done.output) == (0, "")
    assert file.read_text(encoding="utf-8") == schedule_page(schedule("template-city/district").latest, "zh")
    shown = CliRunner().invoke(app, ["document", "template-city/district", "--lang", "zh"])
    assert shown.output == file.read_text(encoding="utf-8")
    refused = CliRunner().invoke(app, ["document", "template-city/district", "-o", str(tmp_path / "no" / "page.md")])
    assert refused.exit_code == 1
    assert "unwritable" in refused.output


# --- pages that are made -------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def made() -> Iterator[dict[str, object]]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "dont_write_bytecode", True)
        yield runpy.run_path(str(DOCS / "_site" / "made_pages.py"))


@functools.cache
def codes_in_the_program() -> set[str]:
    """The codes that are written where a finding is made."""
    found = set()
    for file in (ROOT / "subsidy").rglob("*.py"):
        text = file.read_text(encoding="utf-8")
        for node in ast.walk(ast.parse(text)) if re.search(r"(Finding|CodedRefusal)\(", text) else ():
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") in ("Finding", "CodedRefusal"):
                texts = [one.value for one in node.args[:2] if isinstance(one, ast.Constant)]
                found |= {text for text in texts if isinstance(text, str) and re.fullmatch(r"[a-z]+(-[a-z]+)*", text)}
    return found


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_code_of_a_finding_is_explained(made: dict[str, object], language: Language) -> None:
    pages = "".join(made["made_part"](part, language) for part in ("findings", "mistakes"))  # type: ignore[operator]
    explained = set(re.findall(r"`([a-z_-]+)`", "".join(re.findall(r"^##.*$", pages, flags=re.MULTILINE))))
    assert codes_in_the_program() - explained == set()


def test_the_reference_has_every_public_name() -> None:
    page = (DOCS / "reference.md").read_text(encoding="utf-8")
    assert sorted(re.findall(r"^::: subsidy\.(?:\w+\.)*(\w+)$", page, flags=re.MULTILINE)) == sorted(subsidy.__all__)


# --- pictures ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(
    "name",
    ["architecture", "terminal", pytest.param("budget", marks=pytest.mark.skipif(not THOROUGH, reason="a whole city"))],
)
def test_a_picture_is_what_would_be_made(name: str, language: Language) -> None:
    make = runpy.run_path(str(DOCS / "pictures" / "make.py"))
    kept = (DOCS / "pictures" / f"{name}.{language}.svg").read_text(encoding="utf-8")
    assert make["PICTURES"][name](language) == kept
    assert re.findall(r'https?://(?!www\.w3\.org/2000/svg")', kept) == []


# --- the built site ------------------------------------------------------------------------------------------------

built = pytest.mark.skipif(
    not THOROUGH or not find_spec("mkdocs"), reason="CHECK_ALL=1 and subsidy[docs] build the site"
)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("built") / "site"
    for file, folder in (("mkdocs.yml", place), ("mkdocs.en.yml", place / "en")):
        command = [sys.executable, "-m", "mkdocs", "build", "--quiet", "--config-file", file, "--site-dir", str(folder)]
        told = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
        assert told.returncode == 0, told.stderr
    return place


class Loads(HTMLParser):
    """What a page loads by itself, and what it links to."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.loads: list[str] = []
        self.links: list[str] = []
        self.ids: set[str] = set()
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        self.ids |= {given[name] for name in ("id", "name") if name in given}
        if tag == "a":
            self.links.append(given.get("href", ""))
        elif tag == "link" and given.get("rel") in ("canonical", "alternate", "prev", "next"):
            return
        else:
            self.loads += [given[name] for name in ("src", "href", "srcset", "data") if name in given]


@built
def test_the_site_loads_nothing_from_outside_and_no_link_is_broken(site: Path) -> None:
    pages = {path: Loads(path.read_text(encoding="utf-8")) for path in site.rglob("*.html")}
    assert len(pages) > 200
    outside = {load for page in pages.values() for load in page.loads if urlsplit(load).netloc}
    assert outside == set()
    broken = []
    for path, page in pages.items():
        for link in page.links:
            target = urlsplit(link)
            there = (path.parent / unquote(target.path)).resolve() if target.path else path
            there = there / "index.html" if there.is_dir() else there
            if not target.netloc and target.scheme == "" and path.name != "404.html":
                anchor = unquote(target.fragment)
                if not there.exists() or (anchor and there in pages and anchor not in pages[there].ids):
                    broken.append(f"{path.relative_to(site)}: {link}")
    assert broken == []
    for path, page in pages.items():
        if path.name != "404.html":
            is_english = path.is_relative_to(site / "en")
            other = site / path.relative_to(site / "en") if is_english else site / "en" / path.relative_to(site)
            assert other.resolve() in {(path.parent / unquote(link)).resolve() for link in page.links}, path
    styles = "".join(path.read_text(encoding="utf-8") for path in site.rglob("*.css"))
    assert re.findall(r"url\([\"']?https?:", styles) == []


@built
@pytest.mark.parametrize(("folder", "words"), [("", ("床位", "失能老人", "rounding")), ("en", ("settlement", "beds"))])
def test_the_search_index_has_the_words(site: Path, folder: str, words: tuple[str, ...]) -> None:
    index = json.loads((site / folder / "search" / "search_index.json").read_text(encoding="utf-8"))
    text = "\u200b".join(f"{one['title']}\u200b{one['text']}" for one in index["docs"])
    terms = set(re.split(index["config"]["separator"], re.sub(r"<[^>]+>", " ", text)))
    for word in words:
        parts = {word} if word in terms else {"失能", "老人"}
        assert parts <= terms
    assert {one["location"].split("/")[0] for one in index["docs"]} & {"en"} == set()


@built
@pytest.mark.skipif(not shutil.which("chromium") or not find_spec("playwright"), reason="needs Chromium and playwright")
def test_the_site_in_a_browser_without_a_network(site: Path) -> None:
    import site_browser

    site_browser.check(site)
