"""The command that writes papers for an office: report."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from subsidy.cli.command import REASONS, command
from subsidy.cli.findings import findings_reported, tell
from subsidy.cli.help import OUTPUT
from subsidy.cli.language import said, spoken
from subsidy.cli.option import option
from subsidy.cli.options import Basis, Calculation
from subsidy.cli.usage import WrongUse
from subsidy.finding import Text

if TYPE_CHECKING:
    from subsidy.report.memo.save import Form, Look

app = typer.Typer()

OUTCOME = Text("没有写出文件。", "Nothing was written.")


def _write_templates(folder: Path | None) -> None:
    if folder is None:
        return
    from subsidy.report.memo.typeset import check_installed
    from subsidy.report.memo.word import write_templates

    with findings_reported(spoken(), OUTCOME):
        check_installed()
        write_templates(folder)
    sys.stdout.write(f"{folder}\n")
    raise typer.Exit


@command(app, REASONS)
def report(
    asked: Calculation,
    output: Annotated[
        Path | None,
        option(
            "--output", "-o", zh="测算说明：.pdf 或 .docx", en="the memo: .pdf or .docx", group=OUTPUT, metavar="FILE"
        ),
    ] = None,
    notices: Annotated[
        Path | None,
        option(
            "--notices",
            zh="各机构核定通知的文件夹",
            en="a folder with a notice for each facility",
            group=OUTPUT,
            metavar="FOLDER",
        ),
    ] = None,
    notices_as: Annotated[
        Literal["pdf", "docx"], option("--notices-as", zh="通知的格式", en="form of the notices", group=OUTPUT)
    ] = "pdf",
    template: Annotated[
        Path | None,
        option(
            "--template",
            zh="改过的 Word 模板（说明）",
            en="an edited Word template for the memo",
            group=OUTPUT,
            metavar="FILE",
        ),
    ] = None,
    notice_template: Annotated[
        Path | None,
        option(
            "--notice-template",
            zh="改过的 Word 模板（通知）",
            en="an edited Word template for notices",
            group=OUTPUT,
            metavar="FILE",
        ),
    ] = None,
    template_out: Annotated[
        Path | None,
        option(
            "--template-out",
            callback=_write_templates,
            is_eager=True,
            zh="只写出 Word 模板到此文件夹，供修改",
            en="only write the Word templates into this folder, to be edited",
            group=OUTPUT,
            metavar="FOLDER",
        ),
    ] = None,
    to: Annotated[
        str,
        option("--to", zh="主送机关，如 市财政局：", en="to whom the memo is addressed", group=OUTPUT, metavar="NAME"),
    ] = "",
    office: Annotated[
        str, option("--office", zh="落款单位", en="the office at the end", group=OUTPUT, metavar="NAME")
    ] = "",
    day: Annotated[
        str,
        option(
            "--date", zh="落款日期，如 2024年1月15日", en="the date at the end, as printed", group=OUTPUT, metavar="DAY"
        ),
    ] = "",
    font: Annotated[
        str | None,
        option("--font", zh="字体名或字体文件", en="a font by name, or the file of one", group=OUTPUT, metavar="NAME"),
    ] = None,
    basis: Basis = "due",
) -> None:
    """测算说明和核定通知 · A memo for the finance bureau, and a notice for each facility, as PDF or Word.

    subsidy report examples/story/roster-june -s examples/story/schedule -y 2024 -o memo.pdf
    """
    from subsidy.files import check_writable
    from subsidy.report.memo.save import Look, check_look, check_notices, form_of, save_memo, save_notices

    language = asked.language
    if output is None and notices is None:
        why = Text("没有写明要写什么", "it is not said what is to be written")
        remedy = Text(
            "请给出 -o memo.pdf（或 .docx），或 --notices 文件夹", "give -o memo.pdf (or .docx), or --notices FOLDER"
        )
        raise WrongUse("--output / --notices", why, remedy)
    memo_look, notice_look = Look(language, font, template), Look(language, font, notice_template)
    _check_templates(output, notices, notices_as, memo_look, notice_look)
    with findings_reported(language, OUTCOME):
        if output is not None:
            form_of(output)
            check_writable(output, template, notice_template, *asked.inputs)
            check_look(memo_look)
        if notices is not None:
            check_notices(notices, asked.roster)
            check_look(notice_look)
    with findings_reported(language):
        result = asked.result(basis)
    tell(result.findings, result.example_rows, every=asked.findings)
    with findings_reported(language, OUTCOME):
        if output is not None:
            save_memo(result, output, memo_look, to=to, office=office, day=day)
            sys.stdout.write(f"{output}\n")
        if notices is not None:
            number = save_notices(result, notices, notice_look, form=notices_as, office=office, day=day)
            words = Text(f"{notices}：{number} 份通知", f"{notices}: {number} notices")
            sys.stdout.write(f"{said(words)}\n")


def _check_templates(output: Path | None, notices: Path | None, form: Form, memo: Look, notice: Look) -> None:
    """A template that nothing is written by is a mistake."""
    is_word = output is not None and output.suffix.lower() == ".docx"
    why = Text("没有用到这个模板", "nothing is written by this template")
    if memo.template is not None and not is_word:
        raise WrongUse("--template", why, Text("只与 -o memo.docx 同用", "only together with -o memo.docx"))
    if notice.template is not None and (notices is None or form != "docx"):
        both = "--notices, --notices-as docx"
        raise WrongUse("--notice-template", why, Text(f"只与 {both} 同用", f"only together with {both}"))
