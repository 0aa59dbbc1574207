"""A clause's row as cells: the facts and figures that its amount is made from, and its steps, in columns."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import NamedTuple

from subsidy.engine import calendar
from subsidy.engine.explain_inputs import Inputs
from subsidy.engine.explain_sheet import ClauseSheet, clause_sheet, inner_nodes, is_given, shown_leaves, told_by
from subsidy.engine.explain_words import NO, YES, Words, number_of
from subsidy.engine.put_in import put_in
from subsidy.engine.row_reader import ReadRow
from subsidy.finding import Language
from subsidy.report.book.entries import Entry
from subsidy.report.book.formula import Inexpressible, formula, is_safe, to_the_fen
from subsidy.report.book.look import DATE, MONEY, WHOLE
from subsidy.report.book.page import Cell, Column, Kind
from subsidy.schedule import expression as ex
from subsidy.schedule.figures import day_of
from subsidy.schedule.node import MONTH, YEAR, Node

Key = tuple[str | None, int]  # subject and period


class Part(NamedTuple):
    """A column: what it holds, and what it is calculated from where that is an expression over the other columns."""

    node: Node
    column: Column
    inner: Node | None = None


@dataclass
class RowCells:
    """What is shown of the rows of one clause. `parts`: facts and figures, then steps; `payers`: of an amount that is
    made of the payers' parts."""

    parts: list[Part]
    payers: dict[str, Part]
    rows: Mapping[Key, ReadRow]
    _sheet: ClauseSheet
    _entry: Entry
    _words: Words
    _tree: ex.Expression | None  # the amount as it is written

    @classmethod
    def of(cls, entry: Entry, language: Language, keys: Sequence[Key]) -> RowCells:
        clause, run = entry.ledger.clause, entry.run
        compiled = next(
            one for one, _ in run.grains if one.version is entry.ledger.version and clause.name in one.columns
        )
        sheet, words = clause_sheet(run, compiled, clause), Words(entry.ledger.version, language)
        rows: dict[Key, ReadRow] = {}
        if any(subject is not None for subject, _ in keys):
            periods = [period for _, period in keys]
            wanted = set(keys)
            for row in sheet.reader.read(run, (), (min(periods), max(periods))):
                if row.keys in wanted and row.keys[0] is not None:
                    rows[row.keys[0], row.keys[1]] = row
        tree = ex.parse(clause.model.amount) if clause.model.amount else None
        made = cls([], {}, rows, sheet, entry, words, tree)
        made._choose()
        return made

    def _choose(self) -> None:
        clause = self._entry.ledger.clause
        nodes = [clause.amount, *clause.parts.values()]
        read = {told_by(node) for node in inner_nodes(nodes) if node.operation == "step"}
        steps = [clause.steps[name] for name in clause.model.steps if told_by(clause.steps[name]) in read]
        for leaf in shown_leaves(nodes):
            inner = leaf.arguments[0] if leaf.operation == "derived" and leaf.type.kind == "number" else None
            self.parts.append(Part(leaf, self._column(leaf), inner))
        self.parts += [Part(step, self._column(step), step.arguments[0]) for step in steps]
        self.payers = {
            payer: Part(node, Column(self._words.payer(payer), "money"), node.arguments[0])
            for payer, node in clause.parts.items()
        }

    # --- columns -----------------------------------------------------------------------------------------------

    def _column(self, node: Node) -> Column:
        kind: Kind = "number" if _is_number(node) else "date" if node.type.kind == "date" else "text"
        shown = _number_format(node, self._in_percent(node)) if kind == "number" else DATE if kind == "date" else ""
        return Column(self.heading(node), kind, shown)

    def _in_percent(self, node: Node) -> bool:
        if node.operation == "value":
            return self._words.version.model.values[node.name].unit.startswith("percent")
        return node.operation in ("fact", "derived") and node.fact is not None and node.fact.column.unit == "percent"

    def heading(self, node: Node) -> str:
        """What a fact, figure or step is called: 机构·星级, 补助标准."""
        words, name = self._words, node.name
        model = words.version.model
        if node.operation in ("value", "slices") and name in model.values:
            label = model.values[name].label
            return label.in_(words.language) if label else words.word(name)
        clause = model.clauses.get(name.rpartition(".")[2]) if node.operation == "clause" else None
        if clause is not None and clause.label is not None:
            return clause.label.in_(words.language)
        shown = node.written or name
        if words.language == "zh":
            return "·".join(words.known.get(one, one) for one in shown.split("."))
        return shown.replace("_", " ")

    # --- cells -------------------------------------------------------------------------------------------------

    def cells(self, row: ReadRow) -> Iterator[Cell]:
        """What stands in the columns of `parts`."""
        for part in self.parts:
            yield self.cell(part.node, row)

    def cell(self, node: Node, row: ReadRow) -> Cell:
        stored, kind = row.of(node), node.type.kind
        if stored.main is None:
            return None
        if _is_number(node):
            return number_of(node.type, stored)
        if kind == "number":
            return calendar.period_label("month", stored.main)
        if kind == "yes_no":
            return self._words(YES if stored.main else NO)
        if kind == "date":
            return day_of(stored.main)
        return self.spelled(str(stored.main)) if kind == "category" else str(stored.main)

    def spelled(self, category: str) -> str:
        return self._words.known.get(category, category)

    def is_calculated(self, part: Part, row: ReadRow) -> bool:
        """Whether the number is what its expression gives, and a spreadsheet comes to it too."""
        if part.inner is None or row.of(part.node).main is None or is_given(self._sheet, row, part.node):
            return False
        return is_safe(part.inner, row)

    def amount_is_calculated(self, row: ReadRow, fen: int) -> bool:
        clause = self._entry.ledger.clause
        value = number_of(clause.amount.type, row.of(clause.amount))
        return value is not None and value * 100 == fen and is_safe(clause.amount, row)

    # --- formulas ----------------------------------------------------------------------------------------------

    def formula_of(self, part: Part, cells: Mapping[tuple[str, ...], str]) -> str | None:
        """The formula of a calculated column, with a mark for the number of the row; None where there is none."""
        if part.inner is None:
            return None
        return self._or_none(part.inner, cells, in_fen=part.column.kind == "money")

    def amount_formula(self, cells: Mapping[tuple[str, ...], str]) -> str | None:
        return self._or_none(self._entry.ledger.clause.amount, cells, in_fen=True)

    def _or_none(self, node: Node, cells: Mapping[tuple[str, ...], str], in_fen: bool) -> str | None:
        make = to_the_fen if in_fen else formula
        try:
            return make(node, cells, self.spelled, self._words(YES))
        except Inexpressible:
            return None

    # --- in words ----------------------------------------------------------------------------------------------

    def expression(self) -> str:
        """How the amount is made, with the headings of the columns: 床位数 × 补助标准."""
        return self._told(self.heading)

    def with_numbers(self, row: ReadRow) -> str:
        """The same with the numbers of a row."""
        return self._told(Inputs(self._entry.run, self._sheet, row, self._words).told)

    def _told(self, told: Callable[[Node], str]) -> str:
        clause = self._entry.ledger.clause
        if self._tree is not None:
            return put_in(self._tree, clause.amount, told)
        if clause.parts:
            return " + ".join(told(node) for node in clause.parts.values())
        return ""


def _is_number(node: Node) -> bool:
    return node.type.kind == "number" and node.type.unit.over != (MONTH,)


def _number_format(node: Node, in_percent: bool) -> str:
    kind = node.type
    if in_percent:
        return "0%" if kind.scale <= 100 else "0.00%"
    if kind.unit.over == (YEAR,):
        return "0"
    if "yuan" in kind.unit.over:
        return MONEY if kind.scale <= 100 else "#,##0.00##"
    if kind.scale == 1 and not kind.quotient:
        return WHOLE
    return "#,##0.00##" if Fraction(1, kind.scale) < Fraction(1, 10) or kind.quotient else "#,##0.0"
