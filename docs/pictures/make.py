"""The pictures of the documentation, each in Chinese and English: `python docs/pictures/make.py [NAME …]`.

They are plain SVG without fonts or scripts of their own. A test compares them with what this makes.
"""

from __future__ import annotations

import os
import re
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from decimal import Decimal
from html import escape
from pathlib import Path

import subsidy
from subsidy.finding import Language, Text

HERE = Path(__file__).parent
ROOT = HERE.parent.parent
LANGUAGES: tuple[Language, ...] = ("zh", "en")
SANS = "font-family=\"system-ui, 'Noto Sans', 'Noto Sans CJK SC', 'Microsoft YaHei', sans-serif\""
MONO = "font-family=\"'Noto Sans Mono CJK SC', 'DejaVu Sans Mono', Consolas, monospace\""
TEAL, PALE, GREY, INK = "#009485", "#e0f2f1", "#90a4ae", "#263238"
COLOURS = (TEAL, "#ffb300", "#7e57c2", "#90a4ae")


def svg(width: int, height: int, title: str, body: Sequence[str]) -> str:
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" '
    head += f'role="img" aria-label="{escape(title)}">'
    ground = f'<rect width="{width}" height="{height}" rx="8" fill="#ffffff"/>'
    return "\n".join([head, f"<title>{escape(title)}</title>", ground, *body, "</svg>", ""])


def words(x: float, y: float, text: str, size: int = 14, anchor: str = "middle", more: str = "") -> str:
    place = f'x="{x:g}" y="{y:g}" font-size="{size}" text-anchor="{anchor}"'
    return f'<text {place} fill="{INK}" {SANS} {more}>{escape(text)}</text>'


# --- architecture --------------------------------------------------------------------------------------------------

INPUTS = (
    (Text("补贴标准", "schedule"), Text("YAML，逐条注明出处", "YAML, cited item by item")),
    (Text("花名册", "roster"), Text("工作簿、CSV、数据框", "workbook, CSV, frames")),
)
READ = (Text("载入、检查", "load, check"), Text("读取、核对", "read, check"))
STATIONS = (
    Text("事实", "facts"),
    Text("金额", "amounts"),
    Text("限制", "limits"),
    Text("分期", "instalments"),
    Text("拨付行", "payment lines"),
    Text("各方承担", "who pays"),
    Text("资金总额", "pots"),
)
OUTPUTS = (Text("预算、清算、预测", "budgets, settlements"), Text("每个数的来由", "reasons of numbers"))
TITLE = Text("从补贴标准和花名册到预算和报告", "From schedule and roster to budget and reports")
UNDER = (
    Text("schedule、roster：小而有类型，全部疑点一次报出", "schedule, roster: small and typed, every mistake at once"),
    Text(
        "engine：一个粒度一条查询（DuckDB、SQLite、Spark）", "engine: one query for each grain (DuckDB, SQLite, Spark)"
    ),
    Text("budget、report", "budget, report"),
)
BARS = ((14, 272), (304, 480), (826, 160))  # where the layers' names stand: from, how wide


def box(x: float, y: float, width: float, height: float, lines: Sequence[str], fill: str = PALE) -> Iterator[str]:
    yield f'<rect x="{x:g}" y="{y:g}" width="{width:g}" height="{height:g}" rx="6" fill="{fill}" stroke="{TEAL}"/>'
    for number, line in enumerate(lines):
        middle = y + height / 2 + 5 + (number - (len(lines) - 1) / 2) * 17
        yield words(x + width / 2, middle, line, 14 if number == 0 else 11)


def arrow(x1: float, y1: float, x2: float, y2: float) -> str:
    ends = f'x1="{x1:g}" y1="{y1:g}" x2="{x2:g}" y2="{y2:g}"'
    return f'<line {ends} stroke="{GREY}" stroke-width="2" marker-end="url(#tip)"/>'


def architecture(language: Language) -> str:
    """The seven stations, what enters and what leaves."""
    tip = '<defs><marker id="tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="6" markerHeight="6" orient="auto">'
    body = [f'{tip}<path d="M0 0 8 4 0 8z" fill="{GREY}"/></marker></defs>']
    body.append(words(500, 34, TITLE.in_(language), 18, more='font-weight="bold"'))
    for number, ((name, what), read) in enumerate(zip(INPUTS, READ, strict=True)):
        y = 60 + number * 110
        body += box(14, y, 150, 62, [name.in_(language), what.in_(language)], "#fff8e1")
        body.append(arrow(164, y + 31, 300, 150 + (number * 2 - 1) * 12))
        body.append(words(254, 100 + number * 102, read.in_(language), 11))
    for number, station in enumerate(STATIONS):
        row, column = divmod(number, 4)
        x, y = 304 + column * 124 + row * 62, 120 + row * 94
        body += box(x, y, 108, 50, [station.in_(language)])
        if number not in (3, 6):
            body.append(arrow(x + 108, y + 25, x + 122, y + 25))
    turn = f'fill="none" stroke="{GREY}" stroke-width="2" marker-end="url(#tip)"'
    body.append(f'<path d="M730 170 V192 H420 V212" {turn}/>')
    for number, output in enumerate(OUTPUTS):
        body += box(826, 110 + number * 100, 160, 62, [output.in_(language)], "#fff8e1")
        body.append(arrow(722, 239, 822, 152 + number * 88))
    for text, (x, width) in zip(UNDER, BARS, strict=True):
        body.append(f'<rect x="{x}" y="290" width="{width}" height="4" rx="2" fill="{TEAL}"/>')
        halves = re.split(r"(?<=：)|(?<=: )", text.in_(language))
        body += [words(x + width / 2, 314 + 17 * row, half.strip(), 12) for row, half in enumerate(halves)]
    return svg(1000, 346, TITLE.in_(language), body)


# --- a terminal ----------------------------------------------------------------------------------------------------

EXPLAINED = (
    "subsidy explain home --schedule cn/xian/elderly-care --year 2023 --clause operating_grant "
    "--subject R1 --period 2023-03"
)
CELL, LINE = 8.2, 19


def terminal(language: Language) -> str:
    """The reason of one amount, as a terminal shows it."""
    from rich.cells import cell_len
    from typer.testing import CliRunner

    from subsidy.cli import app

    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder) / "home"
        home.mkdir()
        for name, text in ROSTER.items():
            (home / f"{name}.csv").write_text(text, encoding="utf-8")
        here = Path.cwd()
        os.chdir(folder)
        try:
            shown = CliRunner().invoke(app, [*EXPLAINED.split()[1:], "--lang", language]).output
        finally:
            os.chdir(here)
    lines = [f"$ {EXPLAINED}", *(line for line in shown.splitlines() if cell_len(line) < 132)]
    body = ['<rect width="1120" height="100%" rx="8" fill="#263238"/>']
    for number, line in enumerate(lines):
        y = 30 + number * LINE
        strong = number < 2 or not line.startswith("    ")
        for run in re.finditer(r"\S+(?: \S+)*", line):
            x = 18 + CELL * cell_len(line[: run.start()])
            size = CELL * cell_len(run[0])
            fill = "#80cbc4" if strong else "#eceff1"
            body.append(
                f'<text x="{x:.1f}" y="{y}" font-size="13.6" textLength="{size:.1f}" lengthAdjust="spacingAndGlyphs" '
                f'fill="{fill}" {MONO}>{escape(run[0])}</text>'
            )
    return svg(1120, 44 + len(lines) * LINE, lines[1], body)


ROSTER = {
    "districts": "district,name\nD1,East\n",
    "facilities": "facility,name,district,type,star\nF1,Sunny Home,D1,institution,4\n",
    "residents": "resident,person,facility,from,to\nR1,P1,F1,2022-05-01,\n",
    "assessments": "person,from,ability\nP1,2022-04-20,disabled\n",
}

# --- a chart -------------------------------------------------------------------------------------------------------

CHART = Text(
    "西安示例花名册 2023 年预算（万元，虚构数据）",
    "Budget of 2023 for Xi'an's example roster (10,000 yuan, made-up data)",
)


def chart(language: Language) -> str:
    """What each clause costs, and which government pays it."""
    result = example_budget()
    names = result.names
    amounts: dict[str, dict[str, Decimal]] = {}
    for entry in result.to_dict()["by_clause"]:
        parts = {payer: Decimal(amount) for payer, amount in entry["payers"].items() if Decimal(amount)}
        if parts:
            amounts[f"{entry['item']} {names.label(entry['clause'], language)}"] = parts
    payers = sorted({payer for parts in amounts.values() for payer in parts})
    most = max(sum(parts.values()) for parts in amounts.values())
    body = [words(24, 34, CHART.in_(language), 17, "start", 'font-weight="bold"')]
    for number, payer in enumerate(payers):
        x = 24 + number * 230
        body.append(f'<rect x="{x}" y="52" width="14" height="14" fill="{COLOURS[number]}"/>')
        body.append(words(x + 20, 64, names.payer(payer, language), 13, "start"))
    for row, (label, parts) in enumerate(amounts.items()):
        x, y = 390.0, 84 + row * 28
        body.append(words(380, y + 15, label if len(label) < 52 else f"{label[:50]}…", 12, "end"))
        for payer, amount in parts.items():
            width, fill = float(amount / most * 480), COLOURS[payers.index(payer)]
            body.append(f'<rect x="{x:.1f}" y="{y}" width="{width:.1f}" height="20" fill="{fill}"/>')
            x += width
        body.append(words(x + 8, y + 15, f"{sum(parts.values()) / 10000:,.2f}", 12, "start"))
    return svg(980, 104 + len(amounts) * 28, CHART.in_(language), body)


def example_budget() -> subsidy.Result:
    roster = subsidy.read_roster(ROOT / "examples/xian/roster")
    return subsidy.calculate(subsidy.schedule("cn/xian/elderly-care"), roster, 2023, proceed=True)


PICTURES: dict[str, Callable[[Language], str]] = {"architecture": architecture, "terminal": terminal, "budget": chart}


def main(names: Sequence[str]) -> None:
    for name in names or PICTURES:
        for language in LANGUAGES:
            (HERE / f"{name}.{language}.svg").write_text(PICTURES[name](language), encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
