"""Every shipped check has its page, stands in both indexes, and has a bad roster that shows its finding."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from bad_roster_files import CASES, head

from subsidy.schedule.catalogue import catalogue, schedule
from subsidy.schedule.model import RosterCheck

PAGES = Path(__file__).parent.parent / "docs" / "checks"
SHIPPED: dict[str, RosterCheck] = {
    check.name: check.model
    for name in catalogue()
    if not name.startswith("template-city/")
    for check in schedule(name).latest.roster_checks
}
ON_THE_DAY = {  # of `as_of`, which a bad roster cannot give
    "assessed_in_the_future", "certified_in_the_future", "stay_in_the_future", "hired_in_the_future",
}  # fmt: skip
ROW = re.compile(r"^\| \[([^\]]+)\]\((\w+)\.md\) \| (\S+) \| `(\w+)` \|$", flags=re.MULTILINE)


def test_every_shipped_check_has_a_page_and_no_other() -> None:
    assert {page.stem for page in PAGES.glob("*.md")} == {*SHIPPED, "README", "README.zh"}


@pytest.mark.parametrize("language", ["en", "zh"])
def test_every_shipped_check_stands_in_the_index(language: str) -> None:
    index = (PAGES / ("README.md" if language == "en" else "README.zh.md")).read_text(encoding="utf-8")
    severities = {"en": {}, "zh": {"error": "错误", "warning": "提示"}}[language]
    assert {name: (label, severity, table) for label, name, severity, table in ROW.findall(index)} == {
        name: (model.label.in_(language), severities.get(model.severity, model.severity), model.for_)
        for name, model in SHIPPED.items()
    }


@pytest.mark.parametrize("name", SHIPPED)
def test_a_page_shows_the_check_and_its_finding_in_both_languages(name: str) -> None:
    """That its blocks are true is tested with all documentation."""
    page, model = (PAGES / f"{name}.md").read_text(encoding="utf-8"), SHIPPED[name]
    assert page.startswith(f"# {model.label.en} · {model.label.zh}\n")
    assert f"#checks.{name}" in page
    for language in ("en", "zh"):
        assert re.search(rf"^home/.*\[{name}\].* {model.label.in_(language)}", page, flags=re.MULTILINE)
        assert model.practice.in_(language) in page


def test_every_shipped_check_has_a_bad_roster() -> None:
    assert SHIPPED.keys() - ON_THE_DAY <= {head(path)["code"] for path in CASES}
