"""A file of payments as an officer keeps it: each row an amount, and of whom, for what and from whom it says."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from fractions import Fraction
from typing import Literal, TypeVar

from subsidy.budget.compared import ANY, Entry, values_of
from subsidy.budget.paid_words import (
    HEADINGS,
    LEDGERS_OWN,
    Words,
    clause_of,
    payer_of,
    period_of,
    schedule_of,
    table_of,
    unit_of,
)
from subsidy.csv_file import unguarded
from subsidy.finding import Finding, Place, Text, nearest
from subsidy.money import LARGEST, yuan_text
from subsidy.roster import cells
from subsidy.roster.grid import Grid, grid_of
from subsidy.roster.locate import stated_magnitude
from subsidy.roster.names import is_read_by_nothing, is_remark_sheet, normal
from subsidy.roster.raw import RawTable
from subsidy.roster.refusal import CodedRefusal
from subsidy.roster.totals import level_of, wrong_totals
from subsidy.schedule.column import Column
from subsidy.schedule.load import RosterColumn
from subsidy.schedule.node import Type
from subsidy.schedule.ranges import day_of

Read = TypeVar("Read")
Severity = Literal["error", "warning"]
MOST_TITLES = 20
MOST_WARNED = 20  # names that are nearly others
MOST_YUAN = 10**12
_MOST = Fraction(MOST_YUAN)
_AMOUNT = RosterColumn(
    Column(type="number", unit="yuan", low=str(-MOST_YUAN), high=str(MOST_YUAN)),
    Type("number", scale=100, low=-_MOST, high=_MOST),
    "own",
)
_DAY = RosterColumn(Column(type="date"), Type("date"), "own")
assert MOST_YUAN * 100 < LARGEST


class PaymentFile:
    """One table of payments on its way in. `findings` grows with what is wrong."""

    def __init__(self, raw: RawTable, words: Words) -> None:
        self.words = words
        self.findings: list[Finding] = []
        self._seen: set[tuple[str, str]] = set()
        self._warned: set[str] = set()
        self._said: dict[object, int] = {}
        self.raw, self.columns = self._found(raw)

    def entries(self) -> list[Entry]:
        """What each row says was paid."""
        if "amount" not in self.columns:
            return []
        texts = {
            name: [unguarded((cell or "").strip()) for cell in self.raw.column(position).to_pylist()]
            for name, position in self.columns.items()
        }
        found: list[Entry] = []
        totals: dict[int, str] = {}
        amounts: list[int | None] = []
        for row in range(len(self.raw)):
            cell = {name: column[row] for name, column in texts.items()}
            label = next((self._written(row, i) for i in range(len(self.raw.headings)) if self._written(row, i)), "")
            if level_of(label) is not None:
                totals[row] = label
                amounts.append(0)
                continue
            amount = self._read(row, "amount", cell["amount"], self._amount)
            amounts.append(amount)
            if amount is not None:
                found += self._entry(row, cell, amount)
        self._check_totals(texts["amount"], totals, amounts)
        return found

    def _entry(self, row: int, cell: Mapping[str, str], amount: int) -> Iterator[Entry]:
        known: dict[str, str | None] = {
            name: cell[name] for name in ("subject", "person", "payee", "place", "fund") if cell.get(name)
        }
        if "payee" not in self.columns and cell.get("facility"):
            known["payee"] = cell["facility"]
        for name in known.keys() & {"subject", "payee", "place"}:
            known[name] = self.words.key_of.get(str(known[name]), known[name])
        readers: dict[str, Callable[[str], Mapping[str, str | None]]] = {
            "schedule": lambda text: {"schedule": schedule_of(self.words, text)},
            "clause": lambda text: self._clause(text, str(known.get("schedule", ANY))),
            "table": lambda text: {"table": table_of(self.words, text)},
            "payer": lambda text: {"payer": payer_of(self.words, text)},
            "period": lambda text: period_of(text, self._every(known)),
            "due": lambda text: {"due": _day(text)},
        }
        sound = True
        for name, reader in readers.items():
            if cell.get(name) and cell[name] != ANY:
                read = self._read(row, name, cell[name], reader)
                sound = sound and read is not None
                known |= read or {}
        if not sound or not self._with_payee(row, known):
            return
        for name in ("payee", "subject"):
            self._check_name(row, name, str(known[name]) if cell.get(name) else "")
        entry = Entry(
            values_of(known),
            amount,
            str(known.get("due", "")),
            facility=cell.get("facility") or None,
            district=cell.get("district") or None,
            is_instalment="due" not in known and self._clause_in(known) in self.words.in_instalments,
        )
        self._check_twice(row, entry)
        yield entry

    def _clause(self, text: str, schedule: str) -> dict[str, str | None]:
        found = clause_of(self.words, text, schedule)
        return {"schedule": found[0], "clause": found[1], "table": self.words.tables[found]}

    def _every(self, known: Mapping[str, str | None]) -> str | None:
        return self.words.every.get(self._clause_in(known))

    @staticmethod
    def _clause_in(known: Mapping[str, str | None]) -> tuple[str, str]:
        return str(known.get("schedule")), str(known.get("clause"))

    def _with_payee(self, row: int, known: dict[str, str | None]) -> bool:
        """Whom a row went to: as it says, else whom the calculation pays for its subject or person."""
        if known.get("payee", ANY) != ANY:
            return True
        who = next((name for name in ("subject", "person") if known.get(name, ANY) != ANY), "")
        if not who:
            why = Text("既没有收款方，也没有对象", "there is neither a payee nor a subject")
            remedy = Text(
                "请至少填写一项：不同收款方的款项不相抵",
                "fill in one of them: payees are never set off against each other",
            )
            self._add(row, "payee" if "payee" in self.columns else "amount", "no-payee", why, remedy)
            return False
        clause = (str(known["schedule"]), str(known["clause"])) if "clause" in known else None
        payees = self.words.payees(who, str(known[who]), clause)
        if len(payees) > 1:
            listed = ", ".join(sorted(str(one) for one in payees))
            why = Text(f"该对象有几个收款方：{listed}", f"this one has several payees: {listed}")
            self._add(row, who, "several-payees", why, Text("请加一列收款方", "add a column payee"), str(known[who]))
            return False
        if not payees and not self.words.has(str(known[who])):
            written = str(known[who])
            why = Text("花名册中没有这个对象，也没有收款方", "the roster does not have this one, and there is no payee")
            near = self.words.likely("subject", written) or Text(
                "请核对，或加一列收款方", "check it, or add a column payee"
            )
            self._add(row, who, "unknown-subject", why, near, written)
            return False
        known["payee"] = next(iter(payees), None)
        return True

    def _check_name(self, row: int, name: str, written: str) -> None:
        """A warning where a payee or subject is not in the calculation, and another has nearly the same name."""
        if not written or (name, written) in self._seen or len(self._warned) >= MOST_WARNED:
            return
        self._seen.add((name, written))
        likely = self.words.likely(name, written)
        if likely is not None:
            self._warned.add(written)
            why = Text("计算中没有应拨给它的款项", "the calculation owes it nothing")
            place = self.raw.place(int(self.raw.rows[row].as_py()), self.raw.headings[self.columns[name]])
            self.findings.append(Finding(place, f"unknown-{name}", why, likely, written, "warning"))

    # --- cells -------------------------------------------------------------------------------------------------

    def _amount(self, text: str) -> int:
        if not text:
            why = Text("金额为空", "the amount is blank")
            raise CodedRefusal(
                "blank-amount", why, Text("请填写金额，没有拨付写 0", "fill it in; 0 where nothing was paid")
            )
        read = cells.reader(_AMOUNT, {}, bool(self.raw.letters))
        return int(read(text))

    def _read(self, row: int, name: str, text: str, reader: Callable[[str], Read]) -> Read | None:
        try:
            return reader(text)
        except CodedRefusal as refused:
            self._add(row, name, refused.code, refused.why, refused.remedy, text)
            return None

    def _written(self, row: int, position: int) -> str:
        return (self.raw.column(position)[row].as_py() or "").strip()

    def _add(
        self, row: int, name: str, code: str, why: Text, remedy: Text, value: str = "", severity: Severity = "error"
    ) -> None:
        heading = self.raw.headings[self.columns[name]] if name in self.columns else name
        place = self.raw.place(int(self.raw.rows[row].as_py()), heading)
        self.findings.append(Finding(place, code, why, remedy, value, severity))

    def _check_totals(self, texts: Sequence[str], totals: Mapping[int, str], amounts: Sequence[int | None]) -> None:
        """Rows of totals are left aside, and each is an error where it is not the sum of rows that it may be about."""
        stated: dict[int, Fraction] = {}
        for row in totals:
            with suppress(CodedRefusal):
                stated[row] = Fraction(self._amount(texts[row].replace(",", "")))
        levels = {row: level_of(label) or 0 for row, label in totals.items()}
        wrong: dict[int, Fraction] = {}
        if None not in amounts:
            details = ["" if row in totals else str(amount) for row, amount in enumerate(amounts)]
            wrong = dict(wrong_totals(details, levels, set(), stated))
        for row, label in totals.items():
            if row in wrong:
                right = yuan_text(int(wrong[row]))
                why = Text(
                    f"合计与各行之和不符：各行之和为 {right} 元", f"this is not the sum of its rows: {right} yuan"
                )
                remedy = Text("请核对是否漏行、重行", "check whether a row is missing or there twice")
                self._add(row, "amount", "wrong-total", why, remedy, label)
            else:
                why = Text("合计行，未作为一笔拨付", "a row of a total, not taken for a payment")
                remedy = Text("如确是一笔拨付，请改写首格", "if it is a payment, write its first cell in another way")
                self._add(row, "amount", "total", why, remedy, label, "warning")

    def _check_twice(self, row: int, entry: Entry) -> None:
        """A warning where a row says the same as one above it."""
        said = entry.values, entry.fen, entry.facility, entry.district
        above = self._said.setdefault(said, row)
        if above != row and len(self._warned) < MOST_WARNED:
            self._warned.add(f"row {row}")
            number = int(self.raw.rows[above].as_py())
            why = Text(f"与第 {number} 行相同，两笔都已计入", f"the same as row {number}; both are counted")
            remedy = Text("如是重复，请删去一行", "if it is there twice, take one out")
            self._add(row, "amount", "identical-rows", why, remedy, severity="warning")

    # --- headings ----------------------------------------------------------------------------------------------

    def _found(self, raw: RawTable) -> tuple[RawTable, dict[str, int]]:
        """The table below its headings, and the column that stands where."""
        grid = grid_of(raw)
        for position in range(min(len(grid), MOST_TITLES)):
            headings = grid.row(position)
            means = [self.words.column_of(heading) if heading else None for heading in headings]
            if "amount" in means and len({one for one in means if one}) > 1:
                named = {i: heading for i, heading in enumerate(headings) if heading}
                table = grid.cut(named, position, position + 1, len(grid))
                columns = self._assigned(table)
                self._check_merges(grid, position, table, columns)
                self._check_titles(grid, position, table, columns)
                return table, columns
        if not is_remark_sheet(raw.name):
            why = Text("没有找到标题行", "there is no row of headings")
            remedy = Text(
                "至少要有金额和收款方（或对象）两列标题",
                "there must be a column amount at least, and payee or subject",
            )
            self.findings.append(Finding(Place(raw.file, raw.sheet), "no-headings", why, remedy))
        return raw, {}

    def _assigned(self, table: RawTable) -> dict[str, int]:
        columns: dict[str, int] = {}
        for position, heading in enumerate(table.headings):
            column = self.words.column_of(heading) if heading else None
            place = table.place(0, heading)
            if column is None:
                if heading and not is_read_by_nothing(heading) and normal(heading) not in map(normal, LEDGERS_OWN):
                    why = Text("此列不读取", "this column is not read")
                    self.findings.append(
                        Finding(place, "unread-column", why, nearest(heading, HEADINGS, _CHINESE), heading, "warning")
                    )
            elif column in columns:
                other = table.headings[columns[column]]
                why = Text(f"与“{other}”同义（{column}）", f"this means the same as {other} ({column})")
                remedy = Text("请只保留一列", "keep one of the two columns")
                self.findings.append(Finding(place, "same-column", why, remedy, heading))
            else:
                columns[column] = position
                unit = unit_of(heading)[1].removeprefix("单位").lstrip(":：")
                if column == "amount" and unit not in ("", "元", "yuan", "人民币元"):
                    why = Text(f"单位是 {unit}，应为元", f"this is in {unit} and should be in yuan")
                    remedy = Text("请换算为元，并更改标题", "convert the figures to yuan and change the heading")
                    self.findings.append(Finding(place, "wrong-unit", why, remedy, heading))
        return columns

    def _check_titles(self, grid: Grid, heading_row: int, table: RawTable, columns: Mapping[str, int]) -> None:
        """A title such as 单位：万元 over an amount whose heading does not state its own unit."""
        if unit_of(table.headings[columns["amount"]])[1]:
            return
        for row in range(heading_row):
            for title in filter(None, grid.row(row)):
                if unit := stated_magnitude(title):
                    why = Text(
                        f"表头注明单位为{unit}，金额应以元为单位", f"the title says {unit}; amounts should be in yuan"
                    )
                    remedy = Text("请换算为元，并更改此行", "convert the figures to yuan and change this line")
                    place = Place(grid.file, grid.sheet, grid.number(row))
                    self.findings.append(Finding(place, "title-unit", why, remedy, title))

    def _check_merges(self, grid: Grid, heading_row: int, table: RawTable, columns: Mapping[str, int]) -> None:
        """Merged cells leave blanks, and a blank cell here says nothing."""
        read = {table.headings[position] for position in columns.values()}
        headings = grid.row(heading_row)
        for area in grid.merges:
            if area.bottom > heading_row and area.left < len(headings) and headings[area.left] in read:
                place = Place(grid.file, grid.sheet, grid.number(area.top), headings[area.left], cell=str(area))
                why = Text("合并的单元格", "these cells are merged")
                remedy = Text("请取消合并，每行都填写", "unmerge them and fill in each row")
                self.findings.append(Finding(place, "merged-cells", why, remedy))


_CHINESE = {column: words[0] for column, words in HEADINGS.items()}


def _day(text: str) -> str:
    days: int = cells.reader(_DAY, {}, False)(text)[0]
    return day_of(days).isoformat()


def payments_in(tables: Sequence[RawTable], words: Words) -> tuple[list[Entry], list[Finding]]:
    """The payments of a file's tables, and everything that is wrong with them."""
    entries: list[Entry] = []
    findings: list[Finding] = []
    for raw in tables:
        table = PaymentFile(raw, words)
        entries += table.entries()
        findings += table.findings
    return entries, findings
