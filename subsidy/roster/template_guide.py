"""The first sheet of a template: what it is for, how to fill it in, and which provision needs which sheet."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence
from typing import Any

from subsidy.finding import Language, Text
from subsidy.roster import template_texts as texts
from subsidy.roster.layout import Layout, LayoutTable, Provision
from subsidy.roster.template_look import DARK, LIGHT, LINE_HEIGHT, MIDDLE, Look, lines_of
from subsidy.roster.template_words import Words
from subsidy.schedule.catalogue import Schedule, catalogue

GUIDE_SHEETS: dict[Language, str] = {"zh": "填写说明", "en": "How to fill in"}  # the intake leaves them aside
WIDTHS = (12, 26, 24, 24, 24, 24)
LAST = len(WIDTHS) - 1


def write_guide(book: Any, made: Layout, words: Words, look: Look, file_name: str) -> None:
    """Write the sheet of instructions as the first of the workbook."""
    _Guide(book, made, words, look, file_name).write()


class _Guide:
    def __init__(self, book: Any, made: Layout, words: Words, look: Look, file_name: str) -> None:
        self.made, self.words, self.look, self.file_name = made, words, look, file_name
        self.sheet = book.add_worksheet(GUIDE_SHEETS[words.language])
        self.row = 0

    def write(self) -> None:
        for column, width in enumerate(WIDTHS):
            self.sheet.set_column(column, column, width)
        self.sheet.hide_gridlines(2)
        self.sheet.set_tab_color(DARK)
        self._merged(0, self._in(texts.TITLE), 30, bold=True, font_size=16, font_color=DARK, valign="vcenter")
        self._text(self._in(texts.PURPOSE))
        self._documents()
        self._part(texts.FILLING, texts.HOW_TO_FILL)
        self._colours()
        self._sheets()
        self._part(texts.WRITING, texts.HOW_TO_WRITE)
        self._part(texts.NEXT, texts.WHAT_COMES_NEXT)
        self._commands()
        self._provisions()
        self.look.set_up_print(self.sheet)

    def _in(self, text: Text) -> str:
        return text.in_(self.words.language)

    # --- rows --------------------------------------------------------------------------------------------------

    def _heading(self, text: Text) -> None:
        looks = {"font_size": 12, "font_color": DARK, "bottom": 1, "border_color": DARK, "valign": "vcenter"}
        self.row += 1
        self._merged(0, self._in(text), 22, bold=True, **looks)

    def _text(self, text: str, **properties: object) -> None:
        height = LINE_HEIGHT * lines_of(text, sum(WIDTHS) - 4)
        self._merged(0, text, height, text_wrap=True, valign="top", **properties)

    def _merged(self, first: int, text: str, height: float, **properties: object) -> None:
        """A text from a column to the last, in a row of its own."""
        cells = self.look.format(**properties)
        self.sheet.set_row(self.row, height)
        self.sheet.merge_range(self.row, first, self.row, LAST, "", cells)
        self.sheet.write_string(self.row, first, text, cells)
        self.row += 1

    def _part(self, heading: Text, sentences: Sequence[Text]) -> None:
        self._heading(heading)
        for sentence in sentences:
            self._text(self._in(sentence))

    def _table_row(self, cells: Sequence[str], is_heading: bool = False) -> None:
        """Cells of the first columns, the last of them over all that are left."""
        looks: dict[str, object] = {"text_wrap": True, "valign": "top", "border": 1, "border_color": "#BFBFBF"}
        looks |= {"bold": True, "bg_color": MIDDLE} if is_heading else {}
        *firsts, last = cells
        widths = [*WIDTHS[: len(firsts)], sum(WIDTHS[len(firsts) :])]
        height = LINE_HEIGHT * max(lines_of(cell, width - 2) for cell, width in zip(cells, widths, strict=True))
        for column, cell in enumerate(firsts):
            self.sheet.write_string(self.row, column, cell, self.look.format(**looks))
        if len(firsts) < LAST:
            self._merged(len(firsts), last, height, **looks)
        else:
            self.sheet.set_row(self.row, height)
            self.sheet.write_string(self.row, LAST, last, self.look.format(**looks))
            self.row += 1

    def _table_headings(self, headings: Sequence[Text]) -> None:
        self._table_row([self._in(heading) for heading in headings], is_heading=True)

    # --- parts -------------------------------------------------------------------------------------------------

    def _documents(self) -> None:
        self._heading(texts.DOCUMENTS)
        self._table_headings(texts.DOCUMENT_HEADINGS)
        versions = [version for schedule in self.made.schedules for version in schedule.versions]
        for number, version in enumerate(versions, 1):
            document = version.model.document
            cited = f"{document.cited(self.words.language)} {document.part or ''}".strip()
            day, revision = str(version.first_day), str(version.model.revision)
            self._table_row([str(number), cited, version.id, document.issuer, day, revision])

    def _colours(self) -> None:
        self._heading(texts.COLOURS)
        for (name, meaning), properties in (
            (texts.REQUIRED, self.look.required),
            (texts.NEEDED, self.look.needed),
            (texts.OPTIONAL, self.look.optional),
        ):
            self.sheet.write_string(self.row, 0, self._in(name), self.look.format(**properties))
            self._merged(1, self._in(meaning), LINE_HEIGHT + 2, indent=1, valign="vcenter")

    def _sheets(self) -> None:
        self._heading(texts.SHEETS)
        self._table_headings(texts.SHEET_HEADINGS)
        for number, table in enumerate(self.made.tables, 1):
            told = "\n".join([self.words.rows(table), *self._needing(table)])
            self._table_row([str(number), self.words.sheet(table.name), told])

    def _needing(self, table: LayoutTable) -> Iterator[str]:
        """The items of each document that need a table."""
        for schedule in self.made.schedules:
            own = [one for one in table.provisions if one.schedule.id == schedule.id]
            items = list(dict.fromkeys(one.item for one in own if one.item))
            names = [one.label(self.words.language) for one in own if not one.item]
            if own:
                document = f"{schedule.latest.model.document.number} " if len(self.made.schedules) > 1 else ""
                yield document + self.words.listed([*([self.words.items(items)] if items else []), *names])

    def _commands(self) -> None:
        chosen = " ".join(f"--schedule {shlex.quote(_reference(one))}" for one in self.made.schedules)
        last = max(version.first_day for one in self.made.schedules for version in one.versions)
        year = last.year + (last.month > 1 or last.day > 1)
        name = shlex.quote(self.file_name)
        for command in (f"check {name} {chosen}", f"budget {name} {chosen} --year {year}"):
            self._text(f"subsidy {command}", font_name="Consolas", bg_color=LIGHT)

    def _provisions(self) -> None:
        self._heading(texts.PROVISIONS)
        for schedule in self.made.schedules:
            if len(self.made.schedules) > 1:
                document = schedule.latest.model.document
                self._text(f"{document.number} {document.part or ''}".strip(), bold=True)
            self._table_headings(texts.PROVISION_HEADINGS)
            for one in self.made.provisions:
                if one.schedule.id == schedule.id and one.cells:
                    columns = self.words.pick("；", "; ").join(self._columns(one))
                    self._table_row([one.item, self.words.named(one), columns])

    def _columns(self, one: Provision) -> Iterator[str]:
        """Each sheet that a provision needs, with the columns."""
        for table in self.made.tables:
            read = [self.words.word(column.name) for column in table.columns if (table.name, column.name) in one.cells]
            if read:
                yield self.words.pick("：", ": ").join([self.words.sheet(table.name), self.words.listed(read)])


def _reference(schedule: Schedule) -> str:
    """What names a schedule on the command line."""
    if schedule.id in catalogue():
        return schedule.id
    return str(schedule.paths[0] if len(schedule.paths) == 1 else schedule.paths[0].parent)
