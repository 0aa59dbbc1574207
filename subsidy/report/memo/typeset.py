"""A paper as PDF, and its charts as pictures, by typst. The same paper and fonts give the same bytes."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from subsidy.finding import Finding, Language, Place, RosterError, Text
from subsidy.report.memo.fonts import Chosen, installed
from subsidy.report.memo.paper import Chart, Paper, block_dict

TEMPLATES = Path(__file__).parent / "typst"
DOTS_PER_INCH = 220
TIMESTAMP = 0  # of the file, so that its bytes do not change with the day
NEEDED = ("typst", "docxtpl")


def check_installed() -> None:
    """Raises RosterError where what writes papers is not installed."""
    missing = [name for name in NEEDED if find_spec(name) is None]
    if missing:
        why = Text(f"没有安装 {'、'.join(missing)}", f"{', '.join(missing)} is not installed")
        remedy = Text("请运行 pip install 'subsidy[report]'", "run pip install 'subsidy[report]'")
        raise RosterError([Finding(Place(), "not-installed", why, remedy)])


def pdf_of(paper: Paper, fonts: Chosen) -> bytes:
    """The paper as PDF."""
    return next(pdfs_of([paper], fonts))


def pdfs_of(papers: Iterable[Paper], fonts: Chosen) -> Iterator[bytes]:
    """Papers as PDF, one after another by one compiler."""
    compiler = _compiler("paper.typ", fonts)
    for paper in papers:
        inputs = {"paper": _json(paper.to_dict()), "fonts": _json(fonts.to_dict(paper.language))}
        yield compiler.compile(format="pdf", sys_inputs=inputs, timestamp=TIMESTAMP)


def picture_of(chart: Chart, fonts: Chosen, language: Language) -> bytes:
    """A chart as PNG, without its caption."""
    inputs = {"chart": _json(block_dict(chart)), "fonts": _json(fonts.to_dict(language))}
    drawn: bytes = _compiler("chart.typ", fonts).compile(format="png", ppi=DOTS_PER_INCH, sys_inputs=inputs)
    return drawn


def _compiler(template: str, fonts: Chosen) -> Any:
    import typst

    return typst.Compiler(str(TEMPLATES / template), root=str(TEMPLATES), font_paths=installed(fonts.folders))


def _json(content: Any) -> str:
    return json.dumps(content, ensure_ascii=False)
