"""How a template looks: formats, widths, heights."""

from __future__ import annotations

import unicodedata
from typing import Any, ClassVar

from subsidy.roster.layout import LayoutColumn

DARK, MIDDLE, LIGHT, GREY = "#1F4E79", "#BDD7EE", "#F2F2F2", "#808080"
LINE_HEIGHT = 16


class Look:
    """The formats of one workbook."""

    tab = "#9DB7D5"
    _heading: ClassVar[dict[str, object]] = {
        "bold": True, "border": 1, "border_color": GREY, "valign": "vcenter", "align": "center"
    }  # fmt: skip
    required: ClassVar[dict[str, object]] = {**_heading, "bg_color": DARK, "font_color": "#FFFFFF"}  # in every row
    needed: ClassVar[dict[str, object]] = {**_heading, "bg_color": MIDDLE}  # where a provision reads the row
    optional: ClassVar[dict[str, object]] = {**_heading, "bg_color": LIGHT}  # a blank has a meaning

    def __init__(self, book: Any) -> None:
        self._book = book
        self._known: dict[tuple[tuple[str, object], ...], Any] = {}
        self.example = book.add_format({"italic": True, "font_color": GREY, "bg_color": LIGHT})

    def format(self, **properties: object) -> Any:
        """A format, made once."""
        key = tuple(sorted(properties.items()))
        if key not in self._known:
            self._known[key] = self._book.add_format(dict(properties))
        return self._known[key]

    def heading(self, column: LayoutColumn) -> Any:
        """The look of a heading by what a blank in its column is."""
        needed = self.needed if column.blank == "missing" else self.optional
        return self.format(**(self.required if column.required else needed))

    def set_up_print(self, sheet: Any) -> None:
        """Landscape on A4, as wide as a page."""
        sheet.set_landscape()
        sheet.set_paper(9)
        sheet.fit_to_pages(1, 0)
        sheet.set_footer("&L&A&R&P / &N")

    def cells(self, column: LayoutColumn) -> Any:
        """How cells are shown and, more important, kept: nothing that Excel would change is left to it."""
        unit = column.spec.column.unit
        if column.form in ("text", "month") or unit == "percent":
            return self.format(num_format="@")
        if column.form == "date":
            return self.format(num_format="yyyy-mm-dd", align="left")
        if column.form == "number" and column.decimals:
            return self.format(num_format=f"#,##0.{'0' * column.decimals}")
        if column.form == "year":
            return self.format(num_format="0", align="left")
        return self.format(num_format="0") if column.form == "number" else self.format()

    def comment(self, text: str) -> tuple[str, dict[str, object]]:
        """A note and the box that holds it."""
        width = 44
        height = 14 * lines_of(text, width) + 14
        return text, {"x_scale": 2.4, "height": height, "font_size": 9, "author": "subsidy", "color": "#FFFFE1"}


def display_width(text: str) -> int:
    """How many letters wide a text is; Chinese characters count two."""
    return sum(2 if unicodedata.east_asian_width(letter) in "WF" else 1 for letter in text)


def width_of(*texts: str) -> int:
    """The width of a column that shows these texts."""
    return min(max(10, *(display_width(text) + 4 for text in texts)), 40)


def lines_of(text: str, width: int) -> int:
    """How many lines a text takes in a cell of a width."""
    return sum(max(1, -(-display_width(line) // width)) for line in text.split("\n"))
