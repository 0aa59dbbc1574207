"""The first sheet of a template: what it is for, how to fill it in, and which provision needs which sheet."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence
from typing import Any

from subsidy.finding import Language
from subsidy.roster.layout import Layout, LayoutTable, Provision
from subsidy.roster.template_look import DARK, GREY, LIGHT, LINE_HEIGHT, MIDDLE, Look, lines_of
from subsidy.roster.template_words import Words
from subsidy.schedule.catalogue import Schedule, catalogue

GUIDE_SHEETS: dict[Language, str] = {"zh": "填写说明", "en": "How to fill in"}
WIDTHS = (12, 26, 24, 24, 24, 24)
LAST = len(WIDTHS) - 1


def write_guide(book: Any, made: Layout, words: Words, look: Look, file_name: str) -> None:
    """Write the sheet of instructions as the first of the workbook."""
    _Guide(book, made, words, look, file_name).write()


class _Guide:
    def __init__(self, book: Any, made: Layout, words: Words, look: Look, file_name: str) -> None:
        self.made, self.words, self.look, self.file_name = made, words, look, file_name
        self.sheet = book.add_worksheet(GUIDE_SHEETS[words.language])
        self.pick = words.pick
        self.row = 0

    def write(self) -> None:
        for column, width in enumerate(WIDTHS):
            self.sheet.set_column(column, column, width)
        self.sheet.hide_gridlines(2)
        self.sheet.set_tab_color(DARK)
        self._title(self.pick("补贴花名册填写说明", "A roster for subsidies: how to fill it in"))
        self._text(
            self.pick(
                "本工作簿用于填报下列文件所定补贴的计算依据，填好后由程序检查并计算到分。",
                "This workbook takes what the grants of the documents below are calculated from. A program then checks it and "
                "calculates every amount to the fen.",
            )
        )
        self._documents()
        self._part(self.pick("怎样填", "How to fill it in"), self._how_to_fill())
        self._colours()
        self._sheets()
        self._part(self.pick("每种内容怎样写", "How to write things"), self._how_to_write())
        self._part(self.pick("填好以后", "What comes next"), self._what_comes_next())
        self._commands()
        self._provisions()
        self._set_up_print()

    # --- rows --------------------------------------------------------------------------------------------------

    def _title(self, text: str) -> None:
        self._merged(0, text, 30, bold=True, font_size=16, font_color=DARK, valign="vcenter")

    def _heading(self, text: str) -> None:
        self.row += 1
        self._merged(
            0, text, 22, bold=True, font_size=12, font_color=DARK, bottom=1, border_color=DARK, valign="vcenter"
        )

    def _text(self, text: str, **properties: object) -> None:
        height = LINE_HEIGHT * lines_of(text, sum(WIDTHS) - 4)
        self._merged(0, text, height, text_wrap=True, valign="top", **properties)

    def _merged(self, first: int, text: str, height: float, **properties: object) -> None:
        cells = self.look.format(**properties)
        self.sheet.set_row(self.row, height)
        self.sheet.merge_range(self.row, first, self.row, LAST, "", cells)
        self.sheet.write_string(self.row, first, text, cells)
        self.row += 1

    def _part(self, heading: str, texts: Sequence[str]) -> None:
        self._heading(heading)
        for text in texts:
            self._text(text)

    def _table_row(self, texts: Sequence[str], is_heading: bool = False) -> None:
        """Texts in the first columns, the last of them over all that are left."""
        looks: dict[str, object] = {"text_wrap": True, "valign": "top", "border": 1, "border_color": "#BFBFBF"}
        looks |= {"bold": True, "bg_color": MIDDLE} if is_heading else {}
        *firsts, last = texts
        widths = [*WIDTHS[: len(firsts)], sum(WIDTHS[len(firsts) :])]
        height = LINE_HEIGHT * max(lines_of(text, width - 2) for text, width in zip(texts, widths, strict=True))
        for column, text in enumerate(firsts):
            self.sheet.write_string(self.row, column, text, self.look.format(**looks))
        if len(firsts) == LAST:
            self.sheet.set_row(self.row, height)
            self.sheet.write_string(self.row, LAST, last, self.look.format(**looks))
            self.row += 1
        else:
            self._merged(len(firsts), last, height, **looks)

    # --- parts -------------------------------------------------------------------------------------------------

    def _documents(self) -> None:
        pick = self.pick
        self._heading(pick("依据的文件", "Documents"))
        headings = (
            ("文号", "number"), ("标准编号", "schedule"), ("发文机关", "issuer"), ("施行日期（版本）", "in force from (version)"),
            ("本程序编码修订号", "revision of its encoding"),
        )  # fmt: skip
        first, *others = [pick(*heading) for heading in headings]
        self._table_row([pick("序号", "no."), first, *others], is_heading=True)
        versions = [version for schedule in self.made.schedules for version in schedule.versions]
        for number, version in enumerate(versions, 1):
            document = version.model.document
            cited = f"{document.cited(self.words.language)} {document.part or ''}".strip()
            days = str(version.first_day)
            cells = [str(number), cited, version.id, document.issuer, days, str(version.model.revision)]
            self._table_row(cells)

    def _how_to_fill(self) -> list[str]:
        if self.words.language == "zh":
            return [
                "1. 按“各工作表”所列顺序从上到下填写：先名录，后明细；被引用的编号要先有，下拉列表才选得到。",
                "2. 只填用得到的工作表；用不到的留空即可，也可删除。不需要某一条款时，只供该条款使用的列也可留空。",
                "3. 请勿改动工作表名和标题行。需要另记内容（姓名、电话等）时，可增加标题以“备注”开头的列，程序不读这些列。",
                "4. 各表第一行是示例（灰色斜体，编号以“示例：”开头），不参与计算；可直接在上面改成实际内容，也可删除或保留。"
                "只改一部分而仍留有“示例：”的行会报错。",
                "5. 把鼠标移到标题上，可看到该列填什么、空白表示什么、哪些条款要用。",
            ]
        return [
            "1. Fill in the sheets in the order of the list below, registers first: a key can be chosen from a drop-down only "
            "once it is there.",
            "2. Fill in only the sheets you need; leave the others empty, or delete them. A column that only serves provisions "
            "you do not need may stay empty too.",
            "3. Do not change the names of sheets and headings. For anything else (names, telephone numbers), add columns "
            "whose headings begin with “note”: the program does not read them.",
            "4. The first row of each sheet is an example (grey, in italics, its keys begin with EXAMPLE:) and is not "
            "calculated. Type over all of it, or delete it, or leave it. A row in which some cells still begin with EXAMPLE: "
            "is an error.",
            "5. Point at a heading to see what to write, what a blank means and which provisions need the column.",
        ]

    def _colours(self) -> None:
        colours = [
            ({"bg_color": DARK, "font_color": "#FFFFFF"}, "必填", "required", "每行都要填", "in every row"),
            ({"bg_color": MIDDLE}, "按需", "needed", "有条款要用到该行时必填，空白为错误",
             "where a provision reads the row: a blank is an error then"),
            ({"bg_color": LIGHT}, "可空", "may be blank", "空白有固定含义，见标题上的批注", "a blank has a meaning: see the note at the heading"),
        ]  # fmt: skip
        self._heading(self.pick("标题颜色", "Colours of headings"))
        for properties, zh, en, means_zh, means_en in colours:
            common: dict[str, object] = {"bold": True, "border": 1, "border_color": GREY, "align": "center"}
            self.sheet.write_string(self.row, 0, self.pick(zh, en), self.look.format(**common, **properties))
            self._merged(1, self.pick(means_zh, means_en), LINE_HEIGHT)

    def _sheets(self) -> None:
        pick, words = self.pick, self.words
        self._heading(pick("各工作表（按填写顺序）", "Sheets, in the order of filling in"))
        self._table_row(
            [pick("顺序", "order"), pick("工作表", "sheet"), pick("每行是什么；哪些条款需要", "what a row is; which provisions need it")],
            is_heading=True,
        )  # fmt: skip
        for number, table in enumerate(self.made.tables, 1):
            told = f"{words.rows(table)}\n{self._needing(table)}"
            self._table_row([str(number), words.sheet(table.name), told])

    def _needing(self, table: LayoutTable) -> str:
        items = dict.fromkeys(self.words.item(one) or one.label(self.words.language) for one in table.provisions)
        return self.pick("、", ", ").join(items)

    def _how_to_write(self) -> list[str]:
        if self.words.language == "zh":
            return [
                "日期：2023-03-05（2023/3/5、2023年3月5日也可）。月份：2023-03。年度：2023。",
                "金额：以元为单位，最多两位小数，如 12500.50；不写“万元”，不加千位分隔符。其他数量按标题括号里的单位填写。",
                "百分比：按文本填写，带百分号，如 25%。是否：填“是”或“否”。",
                "编号、证件号码：列已设为文本格式；从别处粘贴时请选“选择性粘贴—数值”，以免格式被改、长号码末位丢失。",
                "空白：含义见标题批注。“缺失”只在有金额要用到该格时才是错误；“至今”表示尚未结束；“无”表示确知没有；“待核定”按上下限各算一次。",
                "只有人数、没有名册时：在“数量”列填人数，一行代表若干相同的对象，人员列留空。",
            ]
        return [
            "Dates: 2023-03-05 (2023/3/5 is read too). Months: 2023-03. Years: 2023.",
            "Amounts: in yuan with at most two decimals, such as 12500.50, without thousands separators. Other quantities: in the "
            "unit that the heading has in brackets.",
            "Percentages: as text with the sign, such as 25%. Yes or no: “yes” or “no”.",
            "Keys and identity numbers: these columns are kept as text. Paste values only, so that the format stays and long "
            "numbers keep their last digits.",
            "Blanks: see the note at the heading. “Missing” is an error only where an amount needs the cell.",
            "Where there is only a head-count: give it in the column count; the row stands for so many equal subjects, and the "
            "person stays blank.",
        ]

    def _what_comes_next(self) -> list[str]:
        if self.words.language == "zh":
            return [
                "先检查，后计算。检查会一次列出全部疑点：工作表、行号、标题、原值、原因和改法。程序不会自行更正任何内容。",
                "有错误时不出预算，请改正后重新检查；也可加 --proceed，先算其余各行，有错误的行不付，并在结果中列明。",
                "在命令行中依次执行（年度改为所需的年度）：",
            ]
        return [
            "First check, then calculate. The check lists everything at once: sheet, row, heading, what stands there, why it is "
            "wrong and what would be right. The program corrects nothing by itself.",
            "With errors there is no budget: correct them and check again. With --proceed the other rows are calculated; rows "
            "with errors are not paid, and are listed.",
            "Type these commands (with the year you need):",
        ]

    def _commands(self) -> None:
        chosen = " ".join(f"--schedule {shlex.quote(_reference(one))}" for one in self.made.schedules)
        last = max(version.first_day for one in self.made.schedules for version in one.versions)
        year = last.year + (last.month > 1 or last.day > 1)
        name = shlex.quote(self.file_name)
        for command in (f"check {name} {chosen}", f"budget {name} {chosen} --year {year}"):
            self._text(f"subsidy {command}", font_name="Consolas", bg_color=LIGHT)

    def _provisions(self) -> None:
        pick = self.pick
        self._heading(pick("条款对照表", "Provisions and the columns they need"))
        headings = [pick("条", "item"), pick("条款", "provision"), pick("工作表：列", "sheet: columns")]
        several = len(self.made.schedules) > 1
        for schedule in self.made.schedules:
            if several:
                document = schedule.latest.model.document
                self._text(f"{document.number} {document.part or ''}".strip(), bold=True)
            self._table_row(headings, is_heading=True)
            for one in self.made.provisions:
                if one.schedule.id == schedule.id and one.cells:
                    self._table_row([one.item, self._named(one), "\n".join(self._columns(one))])

    def _named(self, one: Provision) -> str:
        kind = {"limit": self.pick("限制：", "limit: "), "target": self.pick("目标：", "target: ")}
        return f"{kind.get(one.reader.kind, '')}{one.label(self.words.language)}"

    def _columns(self, one: Provision) -> Iterator[str]:
        for table in self.made.tables:
            read = [column.name for column in table.columns if (table.name, column.name) in one.cells]
            if read:
                columns = self.pick("、", ", ").join(self.words.word(name) for name in read)
                yield self.pick(
                    f"{self.words.sheet(table.name)}：{columns}", f"{self.words.sheet(table.name)}: {columns}"
                )

    def _set_up_print(self) -> None:
        self.sheet.set_landscape()
        self.sheet.set_paper(9)
        self.sheet.fit_to_pages(1, 0)
        self.sheet.set_footer("&L&A&R&P / &N")


def _reference(schedule: Schedule) -> str:
    """What names a schedule on the command line."""
    if schedule.id in catalogue():
        return schedule.id
    return str(schedule.paths[0] if len(schedule.paths) == 1 else schedule.paths[0].parent)
