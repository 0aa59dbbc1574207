"""The command that gives the reason of a number: explain."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from subsidy.cli import completion
from subsidy.cli.command import REASONS, command
from subsidy.cli.findings import findings_reported
from subsidy.cli.help import HOW, OUTPUT, WHICH
from subsidy.cli.language import said
from subsidy.cli.option import option
from subsidy.cli.options import Basis, Calculation
from subsidy.cli.output import Output, json_text
from subsidy.cli.usage import WrongUse
from subsidy.finding import Text

app = typer.Typer()

FORMATS = ("html", "md", "json", "csv", "txt")
LEFT_OUT = Text(
    "有 {} 行因错误未计算，其中的金额不含这些行；subsidy check 列出疑点。",
    "{} rows have errors and are not in these amounts; subsidy check lists the findings.",
)
OUTCOME = Text("未作说明。", "Nothing was explained.")


def _key(flag: str, zh: str, en: str, *more: str, complete: Any = None, metavar: str = "NAME") -> Any:
    return option(flag, *more, zh=zh, en=en, group=WHICH, complete=complete, metavar=metavar)


@command(app, REASONS)
def explain(
    asked: Calculation,
    shown: Output,
    clause: Annotated[
        str | None,
        _key("--clause", "条款：名称、标题或条号", "clause: name, label or item", "-c", complete=completion.clauses),
    ] = None,
    subject: Annotated[str | None, _key("--subject", "对象的编号", "key of a subject")] = None,
    period: Annotated[
        str | None,
        _key(
            "--period",
            "期次：2023-03、2023-Q1、2023-H1、2023 或日期",
            "2023-03, 2023-Q1, 2023-H1, 2023 or a day",
            metavar="PERIOD",
        ),
    ] = None,
    person: Annotated[str | None, _key("--person", "人员：各条款各期次", "a person, under every clause")] = None,
    district: Annotated[
        str | None, _key("--district", "承担区县：代码或名称", "the paying district: code or name")
    ] = None,
    facility: Annotated[str | None, _key("--facility", "机构：编号或名称", "facility: key or name")] = None,
    payer: Annotated[
        str | None,
        _key("--payer", "承担主体：名称或标题", "payer: name or label", complete=completion.payers),
    ] = None,
    fund: Annotated[str | None, _key("--fund", "资金来源", "fund")] = None,
    payee: Annotated[str | None, _key("--payee", "收款方", "payee of payment lines")] = None,
    due: Annotated[str | None, _key("--due", "到期日", "due day of payment lines", metavar="DAY")] = None,
    pot: Annotated[
        str | None,
        _key("--pot", "资金总额：名称或标题", "pot: name or label", complete=completion.pots),
    ] = None,
    relief: Annotated[
        bool, option("--relief", zh="减免（非现金）", en="reliefs, which are no cash", group=WHICH)
    ] = False,
    basis: Basis = "due",
    low: Annotated[
        bool, option("--low", zh="未核定金额取下限", en="with open amounts at their lower end", group=HOW)
    ] = False,
    depth: Annotated[
        Literal["clauses", "lines", "entitlements", "rows"] | None,
        option(
            "--depth",
            zh="分解到哪一层：clauses 条款、lines 拨付、entitlements 应享、rows 行",
            en="how far it is taken apart: clauses, lines, entitlements or rows",
            group=OUTPUT,
            metavar="DEPTH",
        ),
    ] = None,
    everything: Annotated[bool, option("--all", zh="全部列出", en="list every part", group=OUTPUT)] = False,
    as_markdown: Annotated[bool, option("--markdown", zh="输出 Markdown", en="print Markdown", group=OUTPUT)] = False,
    output: Annotated[
        Path | None,
        option(
            "--output",
            "-o",
            zh="写入文件：.html、.md、.json、.csv、.txt",
            en="a file: .html .md .json .csv .txt",
            group=OUTPUT,
            metavar="FILE",
        ),
    ] = None,
) -> None:
    """说明任何一个数怎么来的：合计，或某区县、某机构、某人、某笔
    · Explain any number: the total, or what it is narrowed down to.

    subsidy explain examples/story/roster-june -s examples/story/schedule -y 2024
    subsidy explain examples/story/roster-june -s examples/story/schedule -y 2024 --subject R01
    subsidy explain examples/xian/roster -s cn/xian/elderly-care -y 2023 --district 碑林区 --clause 16 -o why.html
    """
    from subsidy.budget.asked import check_names
    from subsidy.budget.breakdown_context import BRIEF, PAGE, WHOLE
    from subsidy.budget.calculate import calculate
    from subsidy.budget.explain import Question
    from subsidy.files import check_writable, write_whole

    language = asked.language
    shape = _format(output, shown, as_markdown)
    question = Question(clause, subject, period, person, payer, district, facility, fund, payee, due, pot, relief)
    wrong = question.wrong
    if wrong is not None:
        raise WrongUse("", wrong.why, wrong.remedy)
    extent = WHOLE if everything or shape == "csv" else PAGE if shape == "html" else BRIEF
    with findings_reported(language, OUTCOME):
        if output is not None:
            check_writable(output, *asked.inputs)
        day, schedules, rows = asked.day, asked.schedules(), asked.rows()
        check_names(question, schedules, rows)
    with findings_reported(language):
        result = calculate(schedules, rows, asked.year, basis=basis, proceed=True, as_of=day)
    with findings_reported(language, OUTCOME):
        found = result.answer(question, language, low, depth, extent)
        content = _written(found, shape)
        if output is not None:
            write_whole(output, content)
    if output is not None:
        sys.stdout.write(f"{output}\n")
        if result.blocked:
            sys.stderr.write(said(LEFT_OUT).format(sum(result.blocked.values())) + "\n")
    else:
        sys.stdout.flush()
        sys.stdout.buffer.write(content) if isinstance(content, bytes) else sys.stdout.write(content)


def _format(output: Path | None, shown: Output, as_markdown: bool) -> str:
    if output is None:
        return "json" if shown.as_json else "csv" if shown.as_csv else "md" if as_markdown else "txt"
    shape = output.suffix.removeprefix(".").lower()
    if shape not in FORMATS:
        why = Text("不能写成这种文件", "no file of this kind can be written")
        names = Text("文件名应以 .html、.md、.json、.csv 或 .txt 结尾", "name it .html, .md, .json, .csv or .txt")
        raise WrongUse("--output", why, names, str(output))
    return shape


def _written(found: Any, shape: str) -> str | bytes:
    from subsidy.csv_file import csv_bytes
    from subsidy.report.explanation_page import page_of
    from subsidy.report.rows import explanation_rows

    if shape == "html":
        return page_of(found)
    if shape == "json":
        return json_text(found.to_dict())
    if shape == "csv":
        return csv_bytes(explanation_rows(found))
    if shape == "md":
        markdown: str = found.to_markdown()
        return markdown
    return f"{found}\n"
