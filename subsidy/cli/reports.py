"""The command that writes papers for an office: report."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from subsidy.cli.options import (
    AsOf,
    Basis,
    Changes,
    Ids,
    KnownOn,
    Lang,
    MappingPath,
    Memory,
    Proceed,
    RosterPath,
    Threads,
    Year,
    calculated,
    console,
    findings_reported,
    language_of,
    spoken,
)

if TYPE_CHECKING:
    from subsidy.report.memo.save import Form, Look

app = typer.Typer()

OUTCOME = {"zh": "没有写出文件。", "en": "Nothing was written."}


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


@app.command()
def report(
    roster: RosterPath,
    schedule_ids: Ids,
    year: Year,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="测算说明：memo.pdf 或 memo.docx · the memo: .pdf or .docx")
    ] = None,
    notices: Annotated[
        Path | None, typer.Option("--notices", help="各机构核定通知的文件夹 · a folder with a notice for each facility")
    ] = None,
    notices_as: Annotated[str, typer.Option("--notices-as", help="pdf · docx")] = "pdf",
    template: Annotated[
        Path | None, typer.Option("--template", help="改过的 Word 模板（说明） · an edited Word template for the memo")
    ] = None,
    notice_template: Annotated[
        Path | None,
        typer.Option("--notice-template", help="改过的 Word 模板（通知） · an edited Word template for notices"),
    ] = None,
    template_out: Annotated[
        Path | None,
        typer.Option(
            "--template-out",
            callback=_write_templates,
            is_eager=True,
            help="只写出 Word 模板到此文件夹，供修改 · only write the Word templates into this folder, to be edited",
        ),
    ] = None,
    to: Annotated[str, typer.Option("--to", help="主送机关：市财政局： · to whom the memo is addressed")] = "",
    office: Annotated[str, typer.Option("--office", help="落款单位 · the office at the end")] = "",
    day: Annotated[str, typer.Option("--date", help="落款日期：2024年1月15日 · the date at the end, as printed")] = "",
    font: Annotated[
        str | None, typer.Option("--font", help="字体名或字体文件 · a font by name, or the file of one")
    ] = None,
    basis: Basis = "due",
    proceed: Proceed = False,
    as_of: AsOf = None,
    known_on: KnownOn = None,
    changes: Changes = None,
    mapping: MappingPath = None,
    memory: Memory = None,
    threads: Threads = None,
    lang: Lang = "",
) -> None:
    """测算说明和核定通知 · A memo for the finance bureau, and a notice for each facility, as PDF or Word.

    subsidy report examples/xian/roster -s cn/xian/elderly-care -y 2023 --proceed -o memo.pdf
    """
    from subsidy.files import check_writable
    from subsidy.report.memo.save import Look, check_look, check_notices, form_of, save_memo, save_notices
    from subsidy.report.text import print_findings

    language, form = language_of(lang), _form(notices_as)
    if output is None and notices is None:
        raise typer.BadParameter(
            "请给出 -o memo.pdf（或 .docx），或 --notices 文件夹 · give -o memo.pdf (or .docx), or --notices FOLDER",
            param_hint="--output / --notices",
        )
    memo_look, notice_look = Look(language, font, template), Look(language, font, notice_template)
    _check_templates(output, notices, form, memo_look, notice_look)
    with findings_reported(language, OUTCOME):
        if output is not None:
            form_of(output)
            check_writable(output, roster, mapping, template, notice_template, *map(Path, schedule_ids))
            check_look(memo_look)
        if notices is not None:
            check_notices(notices, roster)
            check_look(notice_look)
    with findings_reported(language):
        result = calculated(roster, mapping, schedule_ids, year, basis, proceed, changes, as_of, known_on)
    print_findings(result.findings, console(stderr=True), language)
    with findings_reported(language, OUTCOME):
        if output is not None:
            save_memo(result, output, memo_look, to=to, office=office, day=day)
            sys.stdout.write(f"{output}\n")
        if notices is not None:
            number = save_notices(result, notices, notice_look, form=form, office=office, day=day)
            words = {"zh": f"{notices}：{number} 份通知\n", "en": f"{notices}: {number} notices\n"}
            sys.stdout.write(words[language])


def _form(written: str) -> Form:
    if written not in ("pdf", "docx"):
        raise typer.BadParameter(f"{written}：请写 pdf 或 docx · write pdf or docx", param_hint="--notices-as")
    return "docx" if written == "docx" else "pdf"


def _check_templates(output: Path | None, notices: Path | None, form: Form, memo: Look, notice: Look) -> None:
    """A template that nothing is written by is a mistake."""
    is_word = output is not None and output.suffix.lower() == ".docx"
    if memo.template is not None and not is_word:
        raise typer.BadParameter("只与 -o memo.docx 同用 · only together with -o memo.docx", param_hint="--template")
    if notice.template is not None and (notices is None or form != "docx"):
        raise typer.BadParameter(
            "只与 --notices 和 --notices-as docx 同用 · only together with --notices and --notices-as docx",
            param_hint="--notice-template",
        )
