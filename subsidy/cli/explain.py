"""The command that gives the reason of a number: explain."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from subsidy.cli.options import (
    AsJson,
    AsOf,
    Basis,
    Changes,
    Ids,
    KnownOn,
    Lang,
    MappingPath,
    Memory,
    RosterPath,
    Threads,
    Year,
    calculated,
    findings_reported,
    language_of,
)

if TYPE_CHECKING:
    from subsidy.budget.breakdown_context import Depth

app = typer.Typer()

FORMATS = ("html", "md", "json", "txt")
OUTCOME = {"zh": "未作说明。", "en": "Nothing was explained."}


def _option(flag: str, zh: str, en: str, *more: str) -> Any:
    return typer.Option(flag, *more, help=f"{zh} · {en}")


@app.command()
def explain(
    roster: RosterPath,
    schedule_ids: Ids,
    year: Year,
    clause: Annotated[str | None, _option("--clause", "条款名或标题", "clause, by name or label", "-c")] = None,
    subject: Annotated[str | None, _option("--subject", "对象的编号", "key of a subject")] = None,
    period: Annotated[str | None, _option("--period", "期次", "2023-03, 2023-Q1, 2023-H1, 2023 or a day")] = None,
    person: Annotated[str | None, _option("--person", "人员：各条款各期次", "a person, under every clause")] = None,
    district: Annotated[str | None, _option("--district", "承担区县", "the paying district")] = None,
    facility: Annotated[str | None, _option("--facility", "机构", "facility")] = None,
    payer: Annotated[str | None, _option("--payer", "承担主体", "payer, by name or label")] = None,
    fund: Annotated[str | None, _option("--fund", "资金来源", "fund")] = None,
    payee: Annotated[str | None, _option("--payee", "收款方", "payee of payment lines")] = None,
    due: Annotated[str | None, _option("--due", "到期日", "due day of payment lines")] = None,
    pot: Annotated[str | None, _option("--pot", "资金总额", "pot, by name or label")] = None,
    relief: Annotated[bool, _option("--relief", "减免（非现金）", "reliefs, which are no cash")] = False,
    low: Annotated[bool, _option("--low", "未核定金额取下限", "with open amounts at their lower end")] = False,
    basis: Basis = "due",
    depth: Annotated[str | None, _option("--depth", "层次", "clauses, lines, entitlements or rows")] = None,
    everything: Annotated[bool, _option("--all", "全部列出", "list every part")] = False,
    as_json: AsJson = False,
    as_markdown: Annotated[bool, typer.Option("--markdown", help="Markdown")] = False,
    output: Annotated[Path | None, _option("--output", "写入文件", "a file: .html .md .json .txt", "-o")] = None,
    changes: Changes = None,
    mapping: MappingPath = None,
    as_of: AsOf = None,
    known_on: KnownOn = None,
    memory: Memory = None,
    threads: Threads = None,
    lang: Lang = "",
) -> None:
    """说明任何一个数怎么来的 · Explain any number: the total, or what it is narrowed down to.

    subsidy explain examples/xian/roster --schedule cn/xian/elderly-care --year 2023 --district CN-610102
    """
    from subsidy.budget.breakdown_context import BRIEF, PAGE, WHOLE
    from subsidy.budget.explain import Question
    from subsidy.files import check_writable, write_whole

    language = language_of(lang)
    shape = _format(output, as_json, as_markdown)
    question = Question(clause, subject, period, person, payer, district, facility, fund, payee, due, pot, relief)
    wrong = question.wrong
    if wrong is not None:
        raise typer.BadParameter(f"{wrong.why.zh}；{wrong.remedy.zh} · {wrong.why.en}; {wrong.remedy.en}")
    chosen = _depth(depth)
    extent = WHOLE if everything else PAGE if shape == "html" else BRIEF
    with findings_reported(language, OUTCOME):
        if output is not None:
            check_writable(output, roster, mapping)
    with findings_reported(language):
        result = calculated(roster, mapping, schedule_ids, year, basis, True, changes, as_of, known_on)
    with findings_reported(language, OUTCOME):
        found = result.answer(question, language, low, chosen, extent)
        content = _written(found, shape)
        if output is not None:
            write_whole(output, content)
    sys.stdout.write(content if output is None else f"{output}\n")


def _format(output: Path | None, as_json: bool, as_markdown: bool) -> str:
    if output is None:
        return "json" if as_json else "md" if as_markdown else "txt"
    shape = output.suffix.removeprefix(".").lower()
    if shape not in FORMATS:
        raise typer.BadParameter(
            f"{output}：文件名应以 .html、.md、.json 或 .txt 结尾 · name it .html, .md, .json or .txt",
            param_hint="--output",
        )
    return shape


def _depth(written: str | None) -> Depth | None:
    from subsidy.budget.breakdown_context import DEPTHS

    if written is None:
        return None
    found = next((depth for depth in DEPTHS if depth == written), None)
    if found is None:
        listed = ", ".join(DEPTHS)
        raise typer.BadParameter(f"{written}：请写其一 · write one of {listed}", param_hint="--depth")
    return found


def _written(found: Any, shape: str) -> str:
    from subsidy.report.explanation_page import page_of

    if shape == "html":
        return page_of(found)
    if shape == "json":
        return json.dumps(found.to_dict(), ensure_ascii=False, indent=2) + "\n"
    if shape == "md":
        markdown: str = found.to_markdown()
        return markdown
    return f"{found}\n"
