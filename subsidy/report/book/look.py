"""How a budget book looks: formats, numbers, widths, the print set-up."""

from __future__ import annotations

from typing import Any

from subsidy.finding import Language
from subsidy.roster.template_look import lines_of

DARK, LIGHT, GREY = "#1F4E79", "#EAF1F8", "#A6A6A6"
A4 = 9
NARROWEST, WIDEST, PADDING = 6, 44, 4
LEGIBLE = 200  # letters across a page of A4, landscape: print of about six points
HEADING = 16  # letters of a heading in one line
LINE = 14.5
FONT = {"zh": "宋体", "en": "Calibri"}
FOOTER = {"zh": "&C第 &P 页 共 &N 页", "en": "&Cpage &P of &N"}
MONEY, WAN, WHOLE, DATE = "#,##0.00", "#,##0.00", "#,##0", '[>=2958465]"—";yyyy-mm-dd'
CHECK = "[Red][<>0]#,##0.00;#,##0.00"


class Look:
    """The formats of one workbook, each made once."""

    def __init__(self, book: Any, language: Language) -> None:
        self._book = book
        self._language = language
        self._known: dict[tuple[tuple[str, object], ...], Any] = {}
        self.title = self.format(bold=True, font_size=16)
        self.note = self.format(font_color="#595959")
        self.link = self.format(font_color="#0563C1", underline=1)
        self.heading = self.format(
            bold=True, bg_color=DARK, font_color="#FFFFFF", border=1, border_color=GREY, align="center",
            valign="vcenter", text_wrap=True,
        )  # fmt: skip

    def format(self, **properties: object) -> Any:
        key = tuple(sorted(properties.items()))
        if key not in self._known:
            self._known[key] = self._book.add_format({"font_name": FONT[self._language], **properties})
        return self._known[key]

    def cell(self, number_format: str = "", *, bold: bool = False, wrapped: bool = True) -> Any:
        """A cell of a table; a text where there is no number format."""
        properties: dict[str, object] = {"border": 1, "border_color": GREY, "valign": "vcenter"}
        text = {"text_wrap": wrapped, "num_format": "@", "indent": 1}
        properties |= {"num_format": number_format} if number_format else text
        if bold:
            properties |= {"bold": True, "bg_color": LIGHT}
        return self.format(**properties)

    def set_up_print(self, sheet: Any, header: str, *, landscape: bool, repeated: tuple[int, int] | None) -> None:
        """A4, as wide as a page, with a header, the page numbers and repeated headings."""
        if landscape:
            sheet.set_landscape()
        sheet.set_paper(A4)
        sheet.set_margins(left=0.5, right=0.5, top=0.8, bottom=0.7)
        sheet.fit_to_pages(1, 0)
        sheet.set_header(f"&L{header.replace('&', '&&')[:200]}&R&A")
        sheet.set_footer(FOOTER[self._language])
        if repeated:
            sheet.repeat_rows(*repeated)

    def fit_to_width(self, sheet: Any, width: int, repeated: int) -> None:
        """On one page where that can be read, else on several, each with the first `repeated` columns."""
        pages = -(-width // LEGIBLE)
        if pages > 1:
            sheet.fit_to_pages(pages, 0)
            if repeated:
                sheet.repeat_columns(0, repeated - 1)


def width_of(letters: int) -> int:
    """The width of a column for texts of so many letters (Chinese characters count two)."""
    return min(max(NARROWEST, letters + PADDING), WIDEST)


def height_of(lines: int) -> float:
    """The height of a row of so many lines of text."""
    return LINE * lines + 2


def lines_in(text: str, width: int) -> int:
    """How many lines a text takes in a column of a width."""
    return max(1, lines_of(text, max(1, width - PADDING)))
