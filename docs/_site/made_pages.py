"""The pages of the site that are made from the repository: schedules in words, findings, mistakes in schedules.

`docs/NAME.md` with a line `<!-- made: PART -->` is a page by hand around a part that is made.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import yaml

from subsidy.finding import Language
from subsidy.report.markdown import table
from subsidy.report.schedule_page import schedule_page
from subsidy.schedule.catalogue import catalogue, schedule
from subsidy.schedule.load import Version

HERE = Path(__file__).parent
DOCS = HERE.parent
TESTS = DOCS.parent / "tests"
SEVERITIES = {"zh": {"error": "错误", "warning": "提示"}, "en": {"error": "error", "warning": "warning"}}
WORDS = {
    "zh": {"why": "原因", "do": "处理", "checks": "跨行核查", "roster": "花名册", "more": "说明"},
    "en": {"why": "Why", "do": "What to do", "checks": "Checks across rows", "roster": "The roster", "more": "more"},
}
HEADINGS = {
    "zh": ("补贴标准", "文件", "发文机关", "施行", "条款", "目标"),
    "en": ("schedule", "document", "issued by", "in force from", "clauses", "targets"),
}


def made_pages(language: Language) -> dict[str, str]:
    """Whole pages by their names, such as `schedules/cn-xian-elderly-care.md`."""
    pages = {f"schedules/{name}.md": schedule_page(version, language) for name, version in _versions()}
    return {**pages, "schemas/README.md": _schemas(language)}


def _schemas(language: Language) -> str:
    """The folder of JSON Schemas, to which other pages lead."""
    title = {"zh": "JSON 的格式（JSON Schema）", "en": "The forms of the JSON (JSON Schema)"}[language]
    files = sorted(path.name for path in (DOCS / "schemas").glob("*.json"))
    return "\n".join([f"# {title}", "", *(f"- [{name}]({name})" for name in files), ""])


def made_part(part: str, language: Language) -> str:
    """What stands in the place of `<!-- made: PART -->`."""
    parts: dict[str, Callable[[Language], Iterator[str]]] = {
        "schedules": _schedules,
        "findings": _findings,
        "mistakes": _mistakes,
    }
    return "\n".join(parts[part](language))


# --- schedules -----------------------------------------------------------------------------------------------------


def _versions() -> Iterator[tuple[str, Version]]:
    """Every version with the name of its page; that of the latest one has no date."""
    for name in catalogue():
        *earlier, latest = schedule(name).versions
        page = name.replace("/", "-")
        yield page, latest
        yield from ((f"{page}-{version.first_day}", version) for version in earlier)


def _schedules(language: Language) -> Iterator[str]:
    rows = []
    for name, version in _versions():
        document = version.model.document
        title = document.title.in_(language) if document.title else document.number
        rows.append([f"[{title}]({name}.md)", document.number, document.issuer, str(version.first_day),
                     str(len(version.clauses)), str(len(version.targets))])  # fmt: skip
    yield from table(HEADINGS[language], rows, right=2)


# --- findings ------------------------------------------------------------------------------------------------------


def _findings(language: Language) -> Iterator[str]:
    words, printed = WORDS[language], _printed("bad_rosters", language)
    yield from (f"## {words['roster']}", "")
    for codes, why, do in _intake_rows(language):
        yield from _finding(codes, why, do, [line for code in codes for line in printed.pop(code, [])[:2]], language)
    yield from (f"## {words['checks']}", "")
    for name, check in _shipped_checks().items():
        model = check.model
        severity, more = SEVERITIES[language][model.severity], f"[{words['more']}](checks/{name}.md)"
        why = f"{model.label.in_(language)} ({severity}). {model.practice.in_(language)} {more}"
        yield from _finding([name], why, model.remedy.in_(language), printed.pop(name, []), language)
    for group in yaml.safe_load((HERE / "findings.yaml").read_text(encoding="utf-8")):
        yield from (f"## {group[language]}", "")
        for code, texts in group["codes"].items():
            yield from _finding([code], *texts[language], [], language)


def _finding(codes: list[str], why: str, do: str, printed: list[str], language: Language) -> Iterator[str]:
    words, colon = WORDS[language], {"zh": "：", "en": ": "}[language]
    yield from (f"### {' · '.join(f'`{code}`' for code in codes)}", "")
    yield from (f"**{words['why']}**{colon}{why}", "", f"**{words['do']}**{colon}{do}", "")
    for line in printed[:6]:
        yield from (f"> {line}", ">")
    yield ""


def _intake_rows(language: Language) -> Iterator[tuple[list[str], str, str]]:
    """The table of findings of the page about intake: codes, why, what to do."""
    page, heading = {"zh": ("intake.zh.md", "## 全部疑点"), "en": ("intake.md", "## Every finding")}[language]
    part = (DOCS / page).read_text(encoding="utf-8").partition(heading)[2]
    for codes, why, do in re.findall(r"^\| (`.*?) \| (.*?) \| (.*?) \|$", part, flags=re.MULTILINE):
        here = (text.replace("](#", f"]({page}#") for text in (why, do))
        yield re.findall(r"`([a-z-]+)`", codes), *here


def _shipped_checks() -> dict[str, Any]:
    names = [name for name in catalogue() if not name.startswith("template-city/")]
    return {check.name: check for name in names for check in schedule(name).latest.roster_checks}


def _printed(folder: str, language: Language) -> dict[str, list[str]]:
    """By code: what the cases of a folder of the tests must report, with its place."""
    found: dict[str, list[str]] = {}
    for path in sorted((TESTS / folder).iterdir()):
        head = dict(re.findall(r"^# (\w+): (.*)$", path.read_text(encoding="utf-8")[:2000], flags=re.MULTILINE))
        if "code" in head:
            place = f"`{head['place']}` " if folder == "bad_rosters" else ""
            found.setdefault(head["code"], []).append(f"{place}{_escaped(head[language])}")
    return found


def _escaped(text: str) -> str:
    return re.sub(r"([\\<*_\[\]|])", r"\\\1", text)


# --- mistakes ------------------------------------------------------------------------------------------------------


def _mistakes(language: Language) -> Iterator[str]:
    printed = _printed("bad_schedules", language)
    separator = {"zh": "；", "en": "; "}[language]
    for code, title in yaml.safe_load((HERE / "mistakes.yaml").read_text(encoding="utf-8")).items():
        told = sorted(set(printed.pop(code)))
        rows = [[why, do] for why, _, do in (one.partition(separator) for one in told)]
        yield from (f"## `{code}` {title[language]}", "")
        yield from table((WORDS[language]["why"], WORDS[language]["do"]), rows)
        yield ""
    if printed:
        raise ValueError(f"docs/_site/mistakes.yaml does not say what these are about: {', '.join(printed)}")
