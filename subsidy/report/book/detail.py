"""The sheet of one clause: every entitlement with the facts, figures and formulas that its amount is made of."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from fractions import Fraction

from subsidy.engine import calendar
from subsidy.engine.explain_sheet import told_by
from subsidy.engine.explain_words import grouped
from subsidy.engine.row_reader import ReadRow
from subsidy.finding import Text
from subsidy.money import yuan_text
from subsidy.report.book.context import Context
from subsidy.report.book.entries import Entry
from subsidy.report.book.formula import ROW
from subsidy.report.book.page import Cell, Column, Formula, Page, cell_name
from subsidy.report.book.row_cells import Part, RowCells

MOST_ROWS = 50_000  # of one sheet; above it, rows that differ in nothing but the person are written as one

NUMBER = Text("序号", "no.")
SUBJECT = Text("对象", "subject")
PERSON = Text("人员", "person")
FACILITY = Text("机构", "facility")
DISTRICT = Text("区县", "district")
PERIOD = Text("所属期", "period")
UNIT = Text("单份金额", "amount of one")
COUNT = Text("份数", "count")
OWED = Text("应补助额", "owed")
CHANGE = Text("限制或分期调整", "by limits, instalments")
HERE = Text("计入拨付", "in the payment")
WHY = Text("算式与说明", "calculation")
TOTAL = Text("合计", "total")
SEVERAL = Text("{count} 份", "{count} of them")
GROUPED = Text(
    "本条超过 {most} 行，除对象外均相同的行合并为一行，“份数”为合并的份数。",
    "More than {most} rows: rows that differ in the subject only are written as one, with their count.",
)
MADE = Text("依据：{cited}。{label} = {expression}", "By {cited}. {label} = {expression}")
NO_EXPRESSION = Text("按因素分配，见各行数额", "distributed by factors, see each row")
INSTALMENT = Text("第 {n} 期", "instalment {n}")
RECOVERY = Text("追回", "recovered")
BY_LIMIT = Text("限制：{label}", "limit: {label}")
AS_CALCULATED = Text("数额取自计算结果", "the number of the calculation")


@dataclass(frozen=True)
class _Row:
    """An entitlement, or several alike (fen): `owed` of all units before limits, `here` what stands in the line."""

    line: int | None  # position among the lines; None for what a limit leaves nothing of
    subject: str | None
    period: int
    units: int
    owed: int
    here: int
    notes: tuple[str, ...]
    read: ReadRow | None

    @property
    def unit(self) -> int:
        return self.owed // self.units


class Detail:
    """Writes the sheet. Afterwards `amounts` has, for each line, the cells that add up to it on this sheet, and `parts`
    the same of each payer where the payers' parts make the amount."""

    def __init__(self, context: Context, entry: Entry, sheet_name: str) -> None:
        self.context, self.entry = context, entry
        self.name = sheet_name
        self.amounts: dict[int, str] = {}
        self.parts: dict[tuple[int, str], str] = {}
        self.part_sums: dict[tuple[int, str], int] = {}  # what these come to (fen)
        keys = [(share.subject, share.period) for line in entry.lines for share in line.shares]
        keys += [(one.subject, one.period) for one in entry.lost]
        self.cells = RowCells.of(entry, context.language, keys)
        self.rows = list(self._read())
        self.is_grouped = len(self.rows) > MOST_ROWS
        if self.is_grouped:
            self.rows = self._grouped()

    # --- rows --------------------------------------------------------------------------------------------------

    def _read(self) -> Iterator[_Row]:
        say = self.context.say
        for position, line in enumerate(self.entry.lines):
            for share in line.shares:
                notes = [say(INSTALMENT, n=share.instalment)] if share.instalment else []
                notes += [say(RECOVERY)] if share.recovery else []
                row = self.cells.rows.get((share.subject, share.period))
                yield _Row(
                    position, share.subject, share.period, share.units, share.whole, share.amount, tuple(notes), row
                )
        for one in self.entry.lost:
            row = self.cells.rows.get((one.subject, one.period))
            note = say(BY_LIMIT, label=self.context.label(self._limit(one.limit)))
            yield _Row(None, one.subject, one.period, one.units, one.whole, 0, (note,), row)

    def _limit(self, limit: str) -> str:
        return limit if ":" in limit else f"{self.entry.one.schedule.id}:{limit}"

    def _grouped(self) -> list[_Row]:
        found: dict[object, _Row] = {}
        for row in self.rows:
            shown = tuple(self.cells.cells(row.read)) if row.read else ()
            key = (row.line, row.period, row.unit, row.here * 1000 // row.units, row.notes, shown)
            before = found.get(key)
            if before is None:
                found[key] = row
                continue
            sums = {name: getattr(before, name) + getattr(row, name) for name in ("units", "owed", "here")}
            found[key] = replace(before, subject=None, **sums)
        return list(found.values())

    # --- the sheet ---------------------------------------------------------------------------------------------

    def write(self) -> Page:
        self._choose()
        page = self.page = self.context.page(self.name, self._title(), self._notes())
        page.head(self.columns, freeze=2)
        first: dict[int, int] = {}
        last: dict[int, int] = {}
        for number, row in enumerate(self.rows, 1):
            at = page.add(self._cells(number, row, page.row + 1))
            if row.line is not None:
                first.setdefault(row.line, at)
                last[row.line] = at
                self._add_parts(row.line, row)
        for line in first:
            self._name_cells(line, first[line], last[line])
        page.filter()
        amounts = ["unit", *(f"payer:{payer}" for payer in self.cells.payers)]
        of_one = [name for name in amounts if self._is_of_one(name)]
        page.total(self.context.say(TOTAL), left=[self.at[name] for name in of_one])
        return page

    def _is_of_one(self, name: str) -> bool:
        """Whether a column holds amounts of one unit, which do not add up to anything."""
        return "count" in self.at or (name != "unit" and "change" in self.at)

    def _add_parts(self, line: int, row: _Row) -> None:
        for payer, part in self.cells.payers.items():
            own = self._money(part, row)
            self.part_sums[line, payer] = self.part_sums.get((line, payer), 0) + (own or 0) * row.units

    def _name_cells(self, line: int, first: int, last: int) -> None:
        page = self.page
        self.amounts[line] = page.elsewhere(page.range(self.at["here"], first, last))
        for payer in self.cells.payers:
            part = page.range(self.at[f"payer:{payer}"], first, last)
            sheet = page.elsewhere(part)
            if "count" in self.at:
                count = page.elsewhere(page.range(self.at["count"], first, last))
                self.parts[line, payer] = f"SUMPRODUCT({sheet},{count})"
            else:
                self.parts[line, payer] = f"SUM({sheet})"

    def _choose(self) -> None:
        """The columns, those that would be empty left out, and where each stands."""
        say, entry, rows = self.context.say, self.entry, self.rows
        chosen: list[tuple[str, Column]] = [("number", Column(say(NUMBER), "whole")), ("subject", Column(say(SUBJECT)))]
        optional: list[tuple[str, Column, bool]] = [
            ("person", Column(say(PERSON)), bool(entry.persons) and not self.is_grouped),
            ("facility", Column(say(FACILITY)), any(line.facility for line in entry.lines)),
            ("district", Column(say(DISTRICT)), any(line.district for line in entry.lines)),
        ]
        chosen += [(name, column) for name, column, wanted in optional if wanted]
        chosen.append(("period", Column(say(PERIOD))))
        chosen += [(f"part:{index}", part.column) for index, part in enumerate(self.cells.parts)]
        chosen.append(("unit", Column(say(UNIT), "money")))
        chosen += [(f"payer:{payer}", part.column) for payer, part in self.cells.payers.items()]
        if any(row.units != 1 for row in rows):
            chosen += [("count", Column(say(COUNT), "whole")), ("owed", Column(say(OWED), "money"))]
        if any(row.owed != row.here for row in rows):
            chosen += [("change", Column(say(CHANGE), "money")), ("here", Column(say(HERE), "money"))]
        chosen.append(("why", Column(say(WHY))))
        self.names = [name for name, _ in chosen]
        self.columns = [column for _, column in chosen]
        self.at = {name: position for position, (name, _) in enumerate(chosen)}
        self.at.setdefault("owed", self.at["unit"])
        self.at.setdefault("here", self.at["owed"])
        self._formulas()

    def _formulas(self) -> None:
        """The formulas of the columns that have one, with a mark for the number of the row."""
        cells: dict[tuple[str, ...], str] = {("step", "amount"): self._letters("unit")}
        own = {f"part:{index}": part for index, part in enumerate(self.cells.parts)}
        own |= {f"payer:{payer}": part for payer, part in self.cells.payers.items()}
        cells |= {told_by(part.node): self._letters(name) for name, part in own.items()}
        self.formulas = {name: self.cells.formula_of(part, cells) for name, part in own.items()}
        self.formulas["unit"] = self.cells.amount_formula(cells)
        self._own = own

    def _letters(self, name: str) -> str:
        return cell_name(0, self.at[name]).rstrip("1")

    def _cells(self, number: int, row: _Row, at: int) -> list[Cell]:
        """The cells of a row that stands in the row `at` of the sheet, counted from 1."""
        line = None if row.line is None else self.entry.lines[row.line]
        place = {"facility": line.facility, "district": line.district} if line else {}
        cells: dict[str, Cell] = {
            "number": number,
            "subject": row.subject or self.context.say(SEVERAL, count=row.units),
            "person": self.entry.persons.get(row.subject or ""),
            "facility": self.context.facility(place.get("facility")),
            "district": self.context.district(place.get("district")),
            "period": calendar.period_label(self.entry.ledger.clause.model.every, row.period),
            "count": row.units,
            "why": self._why(row),
        }
        cells |= {name: self._part_cell(name, row, at) for name in self._own}
        cells["unit"] = self._calculated("unit", row.unit, at) if self._unit_is_calculated(row) else row.unit
        if "count" in self.at:
            product = f"ROUND({self._letters('unit')}{at}*{self._letters('count')}{at},2)"
            cells["owed"] = Formula(product, row.owed)
        if "change" in self.at:
            cells["change"] = row.here - row.owed
            added = f"ROUND({self._letters('owed')}{at}+{self._letters('change')}{at},2)"
            cells["here"] = Formula(added, row.here)
        return [cells[name] for name in self.names]

    def _part_cell(self, name: str, row: _Row, at: int) -> Cell:
        part = self._own[name]
        if row.read is None:
            return None
        value = self._money(part, row) if part.column.kind == "money" else self.cells.cell(part.node, row.read)
        if self.formulas[name] is not None and self.cells.is_calculated(part, row.read):
            return self._calculated(name, value, at)
        return value

    def _money(self, part: Part, row: _Row) -> int | None:
        """A payer's part of one unit (fen)."""
        value = self.cells.cell(part.node, row.read) if row.read else None
        return int(value * 100) if isinstance(value, Fraction) else None

    def _calculated(self, name: str, value: object, at: int) -> Cell:
        text = self.formulas[name]
        assert text is not None
        return Formula(text.replace(ROW, str(at)), value)

    def _unit_is_calculated(self, row: _Row) -> bool:
        return (
            row.read is not None
            and self.formulas["unit"] is not None
            and self.cells.amount_is_calculated(row.read, row.unit)
        )

    # --- words -------------------------------------------------------------------------------------------------

    def _why(self, row: _Row) -> str:
        text = self.cells.with_numbers(row.read) if row.read else ""
        if not self._unit_is_calculated(row):
            text = f"{text} = {grouped(yuan_text(row.unit))}".removeprefix(" = ")
            text += self.context.say(Text("（{why}）", " ({why})"), why=self.context.say(AS_CALCULATED))
        return self.context.say(Text("；", "; ")).join([text, *row.notes] if text else row.notes)

    def _title(self) -> str:
        return self.context.clause_title(self.entry.name)

    def _notes(self) -> list[str]:
        say, version = self.context.say, self.entry.ledger.version
        clause = self.entry.ledger.clause
        notes = [
            say(
                MADE,
                cited=self.context.cited(version, clause.model.item, clause.model.part),
                label=say(UNIT),
                expression=self.cells.expression() or say(NO_EXPRESSION),
            ),
            self.context.unit_line(),
        ]
        return [*notes, say(GROUPED, most=f"{MOST_ROWS:,}")] if self.is_grouped else notes
