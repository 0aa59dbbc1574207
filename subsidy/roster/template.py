"""The workbook to be filled in for one or several schedules: a sheet per table that they read, with what they need."""

from __future__ import annotations

import datetime
import io
from collections.abc import Sequence
from fractions import Fraction
from os import PathLike
from pathlib import Path
from typing import Any

from subsidy.files import check_writable, write_whole
from subsidy.finding import Finding, Language, Place, Refusal, RosterError, Text
from subsidy.roster.cells import FIRST_YEAR, LAST_YEAR
from subsidy.roster.layout import Layout, LayoutColumn, LayoutTable, layout
from subsidy.roster.template_guide import write_guide
from subsidy.roster.template_look import Look, width_of
from subsidy.roster.template_words import Words, plain
from subsidy.schedule.catalogue import Schedule

LAST_ROW = 50_000  # of drop-downs and checks; cells below it are read all the same
LIST_SHEETS = {"zh": "备注选项", "en": "note options"}  # hidden; the names make the intake leave them aside
LONGEST_LIST = 255
CREATED = datetime.datetime(2020, 1, 1)  # so that the same input gives the same bytes


def template(
    schedules: Schedule | Sequence[Schedule],
    path: str | PathLike[str],
    language: Language = "zh",
    *,
    force: bool = False,
) -> list[str]:
    """Write the workbook to be filled in for one schedule or several; give the names of its sheets.

    It has a sheet of instructions, then one for each table that the schedules read, in the order of filling in. An
    existing file is replaced only with `force`. Raises RosterError where the file cannot be written, and ScheduleError
    where two schedules need different things under one name.
    """
    several = [schedules] if isinstance(schedules, Schedule) else list(schedules)
    if not several:
        raise Refusal(Text("没有补贴标准", "there is no schedule"), Text("请至少给出一个", "give one at least"))
    target = Path(path)
    _check_target(target, force)
    content, sheets = _workbook(layout(several), language, target.name)
    write_whole(target, content)
    return sheets


def _check_target(path: Path, force: bool) -> None:
    if path.suffix.lower() != ".xlsx":
        why = Text("模板只能存为 .xlsx", "a template is an .xlsx file")
        raise _refused(path, "not-xlsx", why, Text("请改用扩展名 .xlsx", "end the name with .xlsx"))
    check_writable(path)
    if path.exists() and not force:
        why = Text("文件已存在，未覆盖", "this file is there already and was not replaced")
        remedy = Text("请换一个文件名，或用 --force 覆盖", "choose another name, or replace it with --force")
        raise _refused(path, "file-exists", why, remedy)


def _refused(path: Path, code: str, why: Text, remedy: Text) -> RosterError:
    return RosterError([Finding(Place(str(path)), code, why, remedy)])


def _workbook(made: Layout, language: Language, file_name: str) -> tuple[bytes, list[str]]:
    try:
        import xlsxwriter
    except ImportError:
        why = Text("制作模板需要 XlsxWriter", "making a template needs XlsxWriter")
        remedy = Text("请执行 pip install XlsxWriter", "pip install XlsxWriter")
        raise _refused(Path(file_name), "no-workbook-writer", why, remedy) from None
    buffer = io.BytesIO()
    book = xlsxwriter.Workbook(buffer, {"in_memory": True})
    book.set_properties({"created": CREATED})
    words, look = Words(made, language), Look(book)
    write_guide(book, made, words, look, file_name)
    lists = _Lists(book, LIST_SHEETS[language])
    for table in made.tables:
        _TableSheet(book, table, words, look, lists, made).write()
    sheets = [sheet.get_name() for sheet in book.worksheets()]
    lists.write()
    book.close()
    return buffer.getvalue(), sheets


class _Lists:
    """Drop-downs too long to stand in a cell's own rule: columns of a hidden sheet."""

    def __init__(self, book: Any, name: str) -> None:
        self.book, self.name = book, name
        self.columns: list[list[str]] = []

    def source(self, options: list[str]) -> list[str] | str:
        """What a rule refers to."""
        if len(",".join(options)) <= LONGEST_LIST and not any("," in option for option in options):
            return options
        if options not in self.columns:
            self.columns.append(options)
        return f"={_range(self.name, self.columns.index(options), 0, len(options) - 1)}"

    def write(self) -> None:
        if not self.columns:
            return
        sheet = self.book.add_worksheet(self.name)
        sheet.hide()
        for column, options in enumerate(self.columns):
            for row, option in enumerate(options):
                sheet.write_string(row, column, option)


def _range(sheet: str, column: int, first: int, last: int) -> str:
    from xlsxwriter.utility import xl_range_abs

    return f"'{sheet}'!{xl_range_abs(first, column, last, column)}"


class _TableSheet:
    """One table: headings with notes, an example row, and what each column accepts."""

    def __init__(self, book: Any, table: LayoutTable, words: Words, look: Look, lists: _Lists, made: Layout) -> None:
        self.book, self.table, self.words, self.look, self.lists = book, table, words, look, lists
        self.name = words.sheet(table.name)
        self.sheet = book.add_worksheet(self.name)
        self.keys = {one.name: f"keys_{number}" for number, one in enumerate(made.tables, 1)}
        self.day = max(schedule.latest.first_day for schedule in made.schedules)

    def write(self) -> None:
        self.sheet.set_tab_color(self.look.tab)
        for position, column in enumerate(self.table.columns):
            self._write_column(position, column)
        self.sheet.set_row(0, 24)
        self.sheet.freeze_panes(1, 1)
        last = len(self.table.columns) - 1
        self.sheet.ignore_errors({"number_stored_as_text": f"A1:{_cell(LAST_ROW - 1, last)}"})
        self._mark_examples(last)
        self._name_keys()
        self.sheet.hide_gridlines(0)
        self.sheet.repeat_rows(0)
        self.look.set_up_print(self.sheet)

    def _write_column(self, position: int, column: LayoutColumn) -> None:
        heading = self.words.heading(self.table.name, column)
        example = self._example(column)
        self.sheet.set_column(position, position, width_of(heading, str(example)), self.look.cells(column))
        self.sheet.write_string(0, position, heading, self.look.heading(column))
        self.sheet.write_comment(0, position, *self.look.comment(self.words.note(self.table.name, column)))
        self._write_example(position, column, example)
        rule = self._rule(column)
        if rule:
            self.sheet.data_validation(1, position, LAST_ROW - 1, position, {**rule, **self._told(column)})

    # --- the example row ---------------------------------------------------------------------------------------

    def _example(self, column: LayoutColumn) -> Any:
        """What stands in the example row; None for a blank cell."""
        if column.name == "count" or column.blank == "ongoing":
            return None
        if column.form in ("category", "yes_no"):
            return self.words.options(self.table.name, column)[0]
        if column.form == "number":
            within = min(max(Fraction(100), column.low), column.high)
            return "25%" if column.spec.column.unit == "percent" else int(within)
        known: dict[str, Any] = {"date": self.day, "month": f"{self.day:%Y-%m}", "year": self.day.year}
        return known.get(column.form) or self.words.example(self.table.name, column)

    def _write_example(self, position: int, column: LayoutColumn, example: Any) -> None:
        cells = self.look.cells(column)
        if isinstance(example, datetime.date):
            self.sheet.write_datetime(1, position, datetime.datetime.combine(example, datetime.time()), cells)
        elif isinstance(example, int):
            self.sheet.write_number(1, position, example, cells)
        elif example is not None:
            self.sheet.write_string(1, position, example, cells)

    def _mark_examples(self, last: int) -> None:
        rule = {
            "type": "formula",
            "criteria": '=OR(LEFT($A2,2)="示例",LEFT($A2,7)="EXAMPLE")',
            "format": self.look.example,
        }
        self.sheet.conditional_format(1, 0, LAST_ROW - 1, last, rule)

    # --- what a cell accepts -----------------------------------------------------------------------------------

    def _rule(self, column: LayoutColumn) -> dict[str, Any] | None:
        """The rule by which the workbook itself refuses a cell."""
        at = _cell(1, self.table.columns.index(column))
        if column.form in ("category", "yes_no"):
            return {"validate": "list", "source": self.lists.source(self.words.options(self.table.name, column))}
        if column.refers_to:
            return {"validate": "list", "source": f"={self.keys[column.refers_to]}"}
        if column.form == "number":
            return _number_rule(column, at)
        years = {"criteria": "between", "minimum": FIRST_YEAR, "maximum": LAST_YEAR}
        days = {"minimum": datetime.date(FIRST_YEAR, 1, 1), "maximum": datetime.date(LAST_YEAR, 12, 31)}
        known: dict[str, dict[str, Any]] = {
            "year": {"validate": "integer", **years},
            "date": {"validate": "date", "criteria": "between", **days},
            "month": {"validate": "custom", "value": _where_all(_is_month(at))},
        }
        return known.get(column.form)

    def _told(self, column: LayoutColumn) -> dict[str, str]:
        """What is told where a cell is refused."""
        title = self.words.pick("此格填写有误", "This cell is not right")
        message = self.words.pick(f"请填写：{self.words.how(column)}。", f"Write {self.words.how(column)}.")
        return {"error_title": title, "error_message": message[:255]}

    def _name_keys(self) -> None:
        """A name for the keys given so far, for the drop-downs of sheets that refer to them."""
        if self.table.shape.key is None:
            return
        rows = _range(self.name, 0, 1, LAST_ROW - 1)
        first = rows.partition(":")[0]
        filled = f'SUMPRODUCT(MAX(({rows}<>"")*(ROW({rows})-ROW({first})+1)))'
        self.book.define_name(self.keys[self.table.name], f"=OFFSET({first},0,0,MAX(1,{filled}),1)")


def _number_rule(column: LayoutColumn, at: str) -> dict[str, Any]:
    low, high = plain(column.low), plain(column.high)
    if column.spec.column.unit == "percent":
        number = f"--LEFT({at},LEN({at})-1)"
        inside = _where_all([f'RIGHT({at},1)="%"', f"{number}>={low}", f"{number}<={high}"])
        return {"validate": "custom", "value": inside}
    kind = "decimal" if column.decimals else "integer"
    return {"validate": kind, "criteria": "between", "minimum": f"={low}", "maximum": f"={high}"}


def _is_month(at: str) -> list[str]:
    year, month = f"--LEFT({at},4)", f"--MID({at},6,2)"
    return [f"LEN({at})<=7", f'MID({at},5,1)="-"', f"{year}>={FIRST_YEAR}", f"{month}>=1", f"{month}<=12"]


def _where_all(conditions: Sequence[str]) -> str:
    """The formula of a rule: true where all conditions hold, false where one cannot be calculated."""
    return f"=IFERROR(AND({','.join(conditions)}),FALSE)"


def _cell(row: int, column: int) -> str:
    from xlsxwriter.utility import xl_rowcol_to_cell

    cell: str = xl_rowcol_to_cell(row, column)
    return cell
