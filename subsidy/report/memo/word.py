"""A paper as a Word file, by a template that the office may edit. The same paper and template give the same bytes.

A template reads the variables of `Paper.to_dict`: title, address, sections with their blocks, closing, footer, and
single amounts. A chart is a picture, drawn as in the PDF. What is wrong with an edited template is a finding.
"""

from __future__ import annotations

import functools
import io
import re
import zipfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, NoReturn

from subsidy.files import write_folder
from subsidy.finding import Finding, Language, Place, RosterError, Text, nearest
from subsidy.report.memo.fonts import Chosen
from subsidy.report.memo.paper import Chart, Paper, Table
from subsidy.report.memo.typeset import picture_of
from subsidy.report.memo.word_template import template_of
from subsidy.report.memo.word_widths import set_widths

KINDS: Sequence[str] = ("memo", "notice")
LANGUAGES: Sequence[Language] = ("zh", "en")

MOMENT = (1980, 1, 1, 0, 0, 0)  # of every part of the file, so that its bytes do not change with the day
WIDTH = 160  # of a picture, in millimetres
UNDEFINED = re.compile(r"'([^']+)' is undefined|has no attribute '([^']+)'")


def docx_of(paper: Paper, fonts: Chosen, template: Path | None = None) -> bytes:
    """The paper as a Word file. Raises RosterError for a template that cannot be used."""
    return next(docxs_of([paper], fonts, template))


def docxs_of(papers: Iterable[Paper], fonts: Chosen, template: Path | None = None) -> Iterator[bytes]:
    """Papers as Word files, one after another. Raises RosterError for a template that cannot be used."""
    for paper in papers:
        yield _rendered(template, paper, functools.partial(picture_of, fonts=fonts, language=paper.language))


def check_template(path: Path) -> None:
    """Raises RosterError for a file that is no Word file or in which a tag is not written well."""
    import jinja2

    content = _opened(path)
    _check_tags(path, content)
    try:
        content.get_undeclared_template_variables(_environment())
    except jinja2.TemplateError as error:
        _refuse(path, error)


def _check_tags(path: Path, template: Any) -> None:
    """Raises RosterError for a tag that is begun and not ended within its paragraph: it would be printed as it is."""
    from docx.oxml.ns import qn

    document = template.docx
    parts = [document.element.body]
    parts += [part._element for one in document.sections for part in (one.header, one.footer)]
    for part in parts:
        for paragraph in part.iter(qn("w:p")):
            text = "".join(one.text or "" for one in paragraph.iter(qn("w:t")))
            if any(text.count(first) != text.count(last) for first, last in (("{{", "}}"), ("{%", "%}"))):
                why = Text(f"标记没有写完整：{text}", f"a tag is not ended: {text}")
                remedy = Text("请写成 {{ … }} 或 {% … %}", "write it like {{ … }} or {% … %}")
                raise RosterError([Finding(Place(str(path)), "template", why, remedy, text)])


def write_templates(folder: Path) -> None:
    """Templates to be edited: of memos and notices, in Chinese and English. Raises RosterError."""
    write_folder(folder, {f"{kind}.{language}.docx": template_of(language) for kind in KINDS for language in LANGUAGES})


# --- rendering -----------------------------------------------------------------------------------------------------


def _rendered(path: Path | None, paper: Paper, draw: Callable[[Chart], bytes]) -> bytes:
    import jinja2
    from docx.shared import Mm
    from docxtpl import InlineImage

    template = _opened(path, paper.language)

    def picture(chart: Chart) -> Any:
        return InlineImage(template, io.BytesIO(draw(chart)), width=Mm(WIDTH))

    content = paper.to_dict(picture)
    try:
        template.render(content, _environment(), autoescape=True)
    except jinja2.TemplateError as error:
        _refuse(path, error, content)
    set_widths(template.docx, [block for one in paper.sections for block in one.blocks if isinstance(block, Table)])
    written = io.BytesIO()
    template.save(written)
    return _without_times(written.getvalue())


def _opened(path: Path | None, language: Language = "en") -> Any:
    from docx.opc.exceptions import PackageNotFoundError
    from docxtpl import DocxTemplate

    try:
        template = DocxTemplate(io.BytesIO(template_of(language)) if path is None else path)
        template.init_docx()
    except (PackageNotFoundError, zipfile.BadZipFile, ValueError, KeyError, OSError):
        why = Text("不是 Word 文件（.docx）", "this is no Word file (.docx)")
        remedy = Text("请用 --template-out 取出模板再修改", "get a template by --template-out and edit that")
        raise RosterError([Finding(Place(str(path or "")), "template", why, remedy)]) from None
    return template


def _environment() -> Any:
    """What a template may do: read what it is given, and nothing else."""
    import jinja2
    from jinja2.sandbox import SandboxedEnvironment

    return SandboxedEnvironment(undefined=jinja2.StrictUndefined, autoescape=True)


def _refuse(path: Path | None, error: Exception, content: dict[str, Any] | None = None) -> NoReturn:
    said = str(error)
    match = UNDEFINED.search(said)
    if match is None:
        why = Text(f"模板的标记写得不对（{said}）", f"a tag of the template is not written well ({said})")
        remedy = Text("请对照 docs/report.zh.md 所列的写法", "compare it with what docs/report.md lists")
        raise RosterError([Finding(Place(str(path or "")), "template", why, remedy)]) from None
    name = match[1] or match[2]
    why = Text(f"模板用了没有的变量 {name}", f"the template reads {name}, which there is not")
    known = set(_names(content or {}))
    raise RosterError([Finding(Place(str(path or "")), "template", why, nearest(name, known), name)]) from None


def _names(content: Any) -> Iterator[str]:
    """What a template may name, at any depth."""
    if isinstance(content, dict):
        for name, inner in content.items():
            yield name
            yield from _names(inner)
    elif isinstance(content, list):
        for inner in content:
            yield from _names(inner)


def _without_times(content: bytes) -> bytes:
    """The same file with one moment for all its parts, and none for when it was made."""
    sink = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as read, zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED) as write:
        for name in read.namelist():
            write.writestr(zipfile.ZipInfo(name, MOMENT), read.read(name), zipfile.ZIP_DEFLATED)
    return sink.getvalue()
