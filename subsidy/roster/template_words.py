"""What a template calls things, so that the intake reads it back, and what it says of them, in one language."""

from __future__ import annotations

import re
from collections.abc import Sequence
from fractions import Fraction

from subsidy.finding import Finding, Language, Place, ScheduleError, Text
from subsidy.roster.example_rows import MARKS
from subsidy.roster.layout import Layout, LayoutColumn, LayoutTable, Provision
from subsidy.roster.names import known_names, normal

LONGEST_SHEET_NAME = 31
MOST_PROVISIONS = 8
_NOT_IN_SHEET_NAMES = re.compile(r"[\[\]:*?/\\']")


class Words:
    """The words of one template."""

    def __init__(self, layout: Layout, language: Language) -> None:
        self.layout = layout
        self.language = language
        self._tables = {table.name: table for table in layout.tables}

    def pick(self, zh: str, en: str) -> str:
        return zh if self.language == "zh" else en

    # --- names -------------------------------------------------------------------------------------------------

    def word(self, name: str) -> str:
        """A name for reading: its Chinese word where there is one."""
        return next(iter(self._words(name)), name)

    def _words(self, name: str) -> list[str]:
        if self.language == "en":
            return []
        return list(dict.fromkeys(own.words[name] for own in self.layout.names if name in own.words))

    def sheet(self, table: str) -> str:
        """The name of a table's sheet, by which every schedule knows the table. Raises ScheduleError for none."""
        knowing = self.layout.knowing(table)
        for name in (*self._words(table), table, table.replace("_", "")):
            fits = len(name) <= LONGEST_SHEET_NAME and not _NOT_IN_SHEET_NAMES.search(name)
            known = all(own.table(name) == table for own in knowing)
            if fits and known and all(own.is_left_aside(name) for own in self.layout.names if own not in knowing):
                return name
        why = Text(
            f"工作表名不能超过 {LONGEST_SHEET_NAME} 字", f"a sheet's name has at most {LONGEST_SHEET_NAME} letters"
        )
        remedy = Text("请为该表起短名，或用 CSV 文件夹", "give the table a shorter name, or use a folder of CSV files")
        raise ScheduleError([Finding(Place(), "long-table-name", why, remedy, table)])

    def heading(self, table: str, column: LayoutColumn) -> str:
        """The heading of a column, its unit in brackets."""
        words = [*self._words(column.name), column.name]
        unit = self.word(column.spec.column.unit)
        with_unit = [
            self.pick(f"{word}（{unit}）", f"{word} ({unit})") if unit not in ("", word) else word for word in words
        ]
        candidates = [*with_unit[:-1], *words[:-1], with_unit[-1], column.name]
        return next(one for one in candidates if self._is_heading(one, table, column.name))

    def _is_heading(self, heading: str, table: str, column: str) -> bool:
        """Whether every schedule that has a column reads it by a heading, and the others leave it aside."""
        return all(
            own.columns(table, [heading])[0] == (column if column in own.shape(table).columns else None)
            for own in self.layout.knowing(table)
        )

    def options(self, table: str, column: LayoutColumn) -> list[str]:
        """The categories of a column as they are offered."""
        if column.form == "yes_no":
            return [self.pick("是", "yes"), self.pick("否", "no")]
        return [self._option(table, column, option) for option in column.options]

    def _option(self, table: str, column: LayoutColumn, option: str) -> str:
        knowing = [own for own in self.layout.knowing(table) if column.name in own.shape(table).columns]
        for word in self._words(option):
            read = [known_names(own.shape(table).columns[column.name].type.options, own.words)[0] for own in knowing]
            if all(known.get(normal(word)) == option for known in read):
                return word
        return option

    def example(self, table: str, column: LayoutColumn) -> str | None:
        """The text of a key, reference or text in an example row; the same thing has the same everywhere."""
        if column.form != "text":
            return None
        named = self._tables[column.refers_to].shape.key if column.refers_to in self._tables else column.name
        return f"{MARKS[self.language]}{self.word(named or column.name)}"

    # --- provisions --------------------------------------------------------------------------------------------

    def named(self, one: Provision) -> str:
        """Its name, and that it is a limit or a target."""
        kind = {"limit": self.pick("限制：", "limit: "), "target": self.pick("目标：", "target: ")}
        return f"{kind.get(one.reader.kind, '')}{one.label(self.language)}"

    def items(self, several: Sequence[str]) -> str:
        """Numbers of a document: those that are plain numbers come first, in order, and share one word."""
        plain_ones = [item for item in several if re.fullmatch(r"[0-9][0-9、,，\-–]*", item)]
        plain_ones.sort(key=lambda item: int(re.split("[^0-9]", item)[0]))
        others = [item for item in several if item not in plain_ones]
        if self.language == "en":
            return f"item{'s' * (len(several) > 1)} {', '.join([*plain_ones, *others])}"
        shared = [f"第 {'、'.join(plain_ones)} 条"] if plain_ones else []
        return "、".join([*shared, *others])

    def listed(self, several: Sequence[str]) -> str:
        return self.pick("、", ", ").join(several)

    def provisions(self, several: Sequence[Provision]) -> str:
        """Provisions under the numbers of their documents, the first few of them."""
        by_document: dict[str, list[str]] = {}
        for one in several[:MOST_PROVISIONS]:
            document = one.schedule.latest.model.document.number
            item = f"{self.items([one.item])} " if one.item else ""
            by_document.setdefault(document, []).append(f"{item}{self.named(one)}")
        parts = [
            self.pick(f"{document}：{'；'.join(found)}", f"{document}: {'; '.join(found)}")
            for document, found in by_document.items()
        ]
        more = len(several) - MOST_PROVISIONS
        if more > 0:
            parts.append(self.pick(f"另有 {more} 条，见首页", f"and {more} more, see the first sheet"))
        return "\n".join(parts)

    # --- what to write -----------------------------------------------------------------------------------------

    def how(self, column: LayoutColumn) -> str:
        """What may stand in a cell."""
        unit = self.word(column.spec.column.unit)
        if column.refers_to:
            sheet = self.sheet(column.refers_to)
            return self.pick(
                f"《{sheet}》表中某一行的编号，从下拉列表选", f"a key of the sheet {sheet}: choose from the list"
            )
        if column.spec.column.type == "key":
            return self.pick("编号，每行一个，不得重复", "the key: each row has its own")
        if column.name == "count":
            return self.pick(
                "本行代表几个相同的对象（只有人数、没有名册时用）",
                "how many equal subjects the row stands for (where there is only a head-count)",
            )
        if column.name == "person":
            return self.pick(
                "人员代码或证件号码，按文本填写；同一人在各表中写法须一致",
                "a code for the person, as text, written the same way in every sheet",
            )
        ends = f"{plain(column.low)}–{plain(column.high)}"
        number = self.pick(f"数字，{ends}", f"a number, {ends}") + (f" {unit}" if unit else "")
        places = self.pick(f"，最多 {column.decimals} 位小数", f", at most {column.decimals} decimals")
        whole = self.pick("，整数", ", whole")
        return {
            "text": self.pick("文字", "text"),
            "date": self.pick("日期，如 2023-03-05", "a date, such as 2023-03-05"),
            "month": self.pick("月份，如 2023-03", "a month, such as 2023-03"),
            "year": self.pick("年份，如 2023", "a year, such as 2023"),
            "yes_no": self.pick("是 或 否", "yes or no"),
            "category": self.pick("从下拉列表选一项", "one of the list"),
            "number": self.pick(f"百分比，{ends}，如 25%", f"a percentage, {ends}, such as 25%")
            if column.spec.column.unit == "percent"
            else number + (places if column.decimals else whole),
        }[column.form]

    def blank(self, table: str, column: LayoutColumn) -> str:
        """What an empty cell means."""
        if column.required:
            return self.pick("不能空白", "must not be blank")
        if column.name == "count":
            return self.pick("1 个", "one")
        if column.name == "person" and self._tables[table].shape.has_persons:
            return self.pick("只有填了“数量”的行可以空白", "only where the row has a count")
        known = {
            "missing": self.pick("缺失；有条款要用到时为错误", "missing: an error where a provision needs it"),
            "none": self.pick("无（确知没有）", "knowingly nothing"),
            "ongoing": self.pick("至今（尚未结束）", "has not ended"),
            "open": self.pick("尚未核定，按上下限各算一次", "not assessed yet: calculated at both ends of the range"),
            "yes": self.pick("是", "yes"),
            "no": self.pick("否", "no"),
        }
        return known.get(column.blank) or self.word(column.blank)

    def rows(self, table: LayoutTable) -> str:
        """What a row of a table is."""
        shape = table.shape
        if shape.is_history:
            about = self.word(shape.link or "")
            return self.pick(
                f"每个{about}每次变化一行：自起始日期起有效，至该{about}的下一行为止",
                f"one row per change of a {about}: it holds from its day until the next row of the same {about}",
            )
        name = self.word(shape.key or table.name)
        if shape.life:
            first, last = (self.word(day) for day in shape.life)
            return self.pick(
                f"每个{name}一行，{first}与{last}两天都算在内",
                f"one row per {name}; both days, {first} and {last}, count",
            )
        for period, zh in (("month", "每月"), ("year", "每年")):
            if any(column.form == period and column.name == period for column in table.columns):
                return self.pick(f"每个{name}一行，{zh}分行填写", f"one row per {name}; each belongs to one {period}")
        return self.pick(f"每个{name}一行", f"one row per {name}")

    def note(self, table: str, column: LayoutColumn) -> str:
        """What is told at a heading."""
        lines = [
            self.word(column.name) if self.language == "en" else f"{self.word(column.name)}  {column.name}",
            self.pick(f"填写：{self.how(column)}", f"Write: {self.how(column)}"),
            self.pick(f"空白：{self.blank(table, column)}", f"Blank: {self.blank(table, column)}"),
        ]
        if column.provisions:
            lines.append(self.pick("用于：", "Needed by: ") + self.provisions(column.provisions))
        return "\n".join(lines)


def plain(number: Fraction) -> str:
    """A number as exact decimals; one that has no end is cut."""
    if number.denominator == 1:
        return str(number.numerator)
    scaled = number.numerator * 10**10 // number.denominator
    return f"{'-' if scaled < 0 else ''}{abs(scaled) // 10**10}.{abs(scaled) % 10**10:010d}".rstrip("0").rstrip(".")
