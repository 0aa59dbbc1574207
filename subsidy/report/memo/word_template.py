"""The Word template that comes with the library, made when it is needed: an office edits a copy of it.

It places the variables of `Paper.to_dict` with the tags of docxtpl. Everything else in it is Word's own: page, styles,
fonts, what stands at the foot. There is one for each language, for memos and notices alike.
"""

from __future__ import annotations

import functools
import io
from collections.abc import Sequence
from typing import Any

from subsidy.finding import Language

LATIN, SANS = "Times New Roman", "Arial"
CHINESE = {"zh": "仿宋", "en": "宋体"}
CHINESE_HEADING = "黑体"
SIZES = {"Normal": 11, "Title": 16, "Heading 1": 13, "Heading 2": 11.5, "Body Text": 11, "Caption": 10}
OWN_STYLES = {"Plain": 11, "Picture": 11, "After Table": 4, "Cell": 8.5, "Signature Line": 11}
SANS_STYLES = ("Title", "Heading 1", "Heading 2")

TOP = (
    ("{{ title }}", "Title"),
    ("{%p if address %}", "Plain"),
    ("{{ address }}", "Plain"),
    ("{%p endif %}", "Plain"),
    ("{%p for section in sections %}", "Plain"),
    ("{%p if section.title %}", "Plain"),
    ("{{ section.title }}", "Heading 1"),
    ("{%p endif %}", "Plain"),
    ("{%p for block in section.blocks %}", "Plain"),
    ("{%p if block.block == 'paragraph' and block.kind == 'heading' %}", "Plain"),
    ("{{ block.text }}", "Heading 2"),
    ("{%p elif block.block == 'paragraph' and block.kind == 'note' %}", "Plain"),
    ("{{ block.text }}", "Plain"),
    ("{%p elif block.block == 'paragraph' %}", "Plain"),
    ("{{ block.text }}", "Body Text"),
    ("{%p elif block.block == 'chart' %}", "Plain"),
    ("{{ block.caption }}", "Caption"),
    ("{{ block.picture }}", "Picture"),
    ("{%p else %}", "Plain"),
    ("{%p if block.caption %}", "Plain"),
    ("{{ block.caption }}", "Caption"),
    ("{%p endif %}", "Plain"),
)
BOTTOM = (
    ("", "After Table"),
    ("{%p endif %}", "Plain"),
    ("{%p endfor %}", "Plain"),
    ("{%p endfor %}", "Plain"),
    ("{%p for line in closing %}", "Plain"),
    ("{{ line }}", "Signature Line"),
    ("{%p endfor %}", "Plain"),
)


@functools.cache
def template_of(language: Language) -> bytes:
    """The template as a Word file."""
    from docx import Document

    document = Document()
    _page(document.sections[0])
    _styles(document.styles, language)
    for text, style in TOP:
        document.add_paragraph(text, style)
    _table(document)
    for text, style in BOTTOM:
        document.add_paragraph(text, style)
    document.core_properties.author = document.core_properties.title = document.core_properties.comments = ""
    written = io.BytesIO()
    document.save(written)
    return written.getvalue()


# --- page and styles -----------------------------------------------------------------------------------------------


def _page(section: Any) -> None:
    """A4; at the foot the receipt and the page's number."""
    from docx.shared import Mm, Pt

    section.page_width, section.page_height = Mm(210), Mm(297)
    section.left_margin = section.right_margin = Mm(23)
    section.top_margin, section.bottom_margin = Mm(22), Mm(20)
    foot = section.footer.paragraphs[0]
    foot.add_run("{{ footer }}    ").font.size = Pt(8)
    foot._p.append(_element("w:fldSimple", instr="PAGE"))


def _styles(styles: Any, language: Language) -> None:
    from docx.enum.style import WD_STYLE_TYPE
    from docx.enum.text import WD_ALIGN_PARAGRAPH as ALIGN
    from docx.shared import Pt

    for name in OWN_STYLES:
        styles.add_style(name, WD_STYLE_TYPE.PARAGRAPH).base_style = styles["Normal"]
    for name, size in {**SIZES, **OWN_STYLES}.items():
        is_sans = name in SANS_STYLES
        families = (SANS, CHINESE_HEADING) if is_sans else (LATIN, CHINESE[language])
        _font(styles[name], size, families, is_bold=is_sans or name == "Caption")
        form = styles[name].paragraph_format
        form.space_before, form.space_after, form.line_spacing = Pt(0), Pt(0), 1.0
    form = {name: styles[name].paragraph_format for name in {**SIZES, **OWN_STYLES}}
    form["Title"].alignment, form["Title"].space_after = ALIGN.CENTER, Pt(14)
    for border in styles["Title"].element.xpath(".//w:pBdr"):
        border.getparent().remove(border)
    for name, before in (("Heading 1", 12), ("Heading 2", 8), ("Caption", 6)):
        form[name].space_before, form[name].space_after, form[name].keep_with_next = Pt(before), Pt(4), True
    form["Plain"].keep_with_next = True
    form["Caption"].alignment = form["Picture"].alignment = ALIGN.CENTER
    form["Body Text"].line_spacing, form["Body Text"].alignment = 1.3, ALIGN.JUSTIFY
    if language == "zh":
        form["Body Text"].first_line_indent = Pt(2 * SIZES["Body Text"])
    else:
        form["Body Text"].space_after = Pt(4)
    form["Signature Line"].alignment, form["Signature Line"].space_before = ALIGN.RIGHT, Pt(12)


def _font(style: Any, size: float, families: tuple[str, str], *, is_bold: bool) -> None:
    from docx.oxml.ns import qn
    from docx.shared import Pt, RGBColor

    latin, chinese = families
    style.font.name, style.font.size, style.font.bold, style.font.italic = latin, Pt(size), is_bold, False
    style.font.color.rgb = RGBColor(0, 0, 0)
    fonts = style.element.rPr.rFonts
    for name in [name for name in fonts.attrib if name.endswith("Theme")]:
        del fonts.attrib[name]
    fonts.set(qn("w:cs"), latin)
    fonts.set(qn("w:eastAsia"), chinese)


# --- the table -----------------------------------------------------------------------------------------------------


def _table(document: Any) -> None:
    """A row for each row of a block, its totals bold, numbers to the right; headings are repeated on every page."""
    from docx.oxml.ns import qn

    table = document.add_table(rows=0, cols=1)
    table.style = "Table Grid"
    width = table._tbl.tblPr.find(qn("w:tblW"))
    width.set(qn("w:type"), "pct")
    width.set(qn("w:w"), "5000")
    _row(table, ["{%tc for column in block.columns %}", "{{ column.heading }}", "{%tc endfor %}"], bold=True, center=1)
    table.rows[0]._tr.get_or_add_trPr().append(_element("w:tblHeader"))
    cells = ["{%tc for cell in row.cells %}", "{%tc if cell.kind == 'number' %}", "{{ cell.text }}", "{%tc else %}",
             "{{ cell.text }}", "{%tc endif %}", "{%tc endfor %}"]  # fmt: skip
    _row(table, ["{%tr for row in block.rows %}"])
    _row(table, ["{%tr if row.kind == 'total' %}"])
    _row(table, cells, bold=True, right=2)
    _row(table, ["{%tr else %}"])
    _row(table, cells, right=2)
    _row(table, ["{%tr endif %}"])
    _row(table, ["{%tr endfor %}"])


def _row(table: Any, texts: Sequence[str], *, bold: bool = False, center: int = -1, right: int = -1) -> None:
    from docx.enum.text import WD_ALIGN_PARAGRAPH as ALIGN
    from docx.table import _Cell

    row = table.add_row()._tr
    row.get_or_add_trPr().append(_element("w:cantSplit"))
    for _ in texts[1:]:
        cell = _element("w:tc")
        cell.append(_element("w:p"))
        row.append(cell)
    for place, (cell, text) in enumerate(zip(row.tc_lst, texts, strict=True)):
        paragraph = _Cell(cell, table).paragraphs[0]
        paragraph.style = table.part.document.styles["Cell"]
        paragraph.add_run(text).bold = bold or None
        paragraph.alignment = ALIGN.CENTER if place == center else ALIGN.RIGHT if place == right else None


def _element(name: str, **attributes: str) -> Any:
    from docx.oxml import OxmlElement
    from docx.oxml.ns import qn

    element = OxmlElement(name)
    for key, value in attributes.items():
        element.set(qn(f"w:{key}"), value)
    return element
