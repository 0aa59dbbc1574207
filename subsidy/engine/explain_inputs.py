"""What an amount is made from: the facts with their cells, and the figures with their keys and their neighbours."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from subsidy.engine.addends import own_periods
from subsidy.engine.addends import written as aggregate_text
from subsidy.engine.calendar import END_OF_TIME
from subsidy.engine.explain_rounding import roundings
from subsidy.engine.explain_sheet import LOOK_UPS, NodeSheet, cell_place, is_given, is_open, told_by
from subsidy.engine.explain_words import MISSING, READING, Words, exact, exact_number, number_of
from subsidy.engine.explanation import Line
from subsidy.engine.findings import place_of
from subsidy.engine.put_in import put_in, written
from subsidy.engine.row_reader import ReadRow, Stored
from subsidy.engine.run import Run
from subsidy.finding import Text
from subsidy.schedule import expression as ex
from subsidy.schedule.date_words import DISTANCES
from subsidy.schedule.figures import ELSE, FigureRow, Figures, day_of, meet
from subsidy.schedule.model import Value
from subsidy.schedule.node import MONTH, Aggregate, Node, Type
from subsidy.schedule.ranges import HIGHEST, LOWEST, Range
from subsidy.schedule.slices import Slice

MOST_NEIGHBOURS = 5
READY = Text("花名册直接给出", "given ready in the roster")
OPEN = {
    "high": Text("未核定，取上限 {high}（{low} 至 {high}）", "not assessed: {high}, the high end of {low} to {high}"),
    "low": Text("未核定，取下限 {low}（{low} 至 {high}）", "not assessed: {low}, the low end of {low} to {high}"),
}
PLACE_OF = Text("承担主体“{payer}”即在此地", "this is the place of the payer “{payer}”")
ONGOING = Text("至今", "ongoing")
NO_DAY = Text("日期空白，随日期变化的事实无从读取", "the day is blank on which what changes by date would be read")
READ_ON = Text("随日期变化的事实以 {day} 为准", "what changes by date is read as of {day}")
OTHER = Text("其他", "other")
NO_FIGURE = Text("没有数", "no figure")
COUNTS = {
    True: Text("满足", "met"),
    False: Text("不满足", "not met"),
    None: Text("缺失", "missing"),
}


def is_percent(model: Value) -> bool:
    return model.unit.startswith("percent")


@dataclass(frozen=True)
class Inputs:
    """The facts and figures of one row, line by line."""

    run: Run
    sheet: NodeSheet
    row: ReadRow
    words: Words

    def lines(self, section: str | None = None) -> list[Line]:
        """Facts first, then figures; all of them in `section` where one is named."""
        facts = [*self._reading_day()]
        facts += [line for leaf in self.sheet.leaves if leaf.operation not in LOOK_UPS for line in self._fact(leaf)]
        figures = [line for leaf in self.sheet.leaves if leaf.operation in LOOK_UPS for line in self._figure(leaf)]
        found = [*facts, *figures]
        return found if section is None else [Line(section, *_rest(line)) for line in found]

    def told(self, node: Node) -> str:
        """What stands for a fact, figure or step in an expression with numbers."""
        return self.words.bare(node.type, self.row.of(node), self.in_percent(node))

    def in_percent(self, node: Node) -> bool:
        """Whether a fact or figure is stated in percent."""
        if node.operation == "value":
            return is_percent(self.words.version.model.values[node.name])
        return node.operation == "fact" and node.fact is not None and node.fact.column.unit == "percent"

    def _reading_day(self) -> Iterator[Line]:
        """The day on which facts that change are read, where there are any."""
        changing = [leaf for leaf in self.sheet.leaves if (leaf.fact is not None and leaf.fact.history)
                    or leaf.operation in DISTANCES or leaf.name == "present"]  # fmt: skip
        if changing and self.sheet.day is not None:
            number = self.row.value(self.sheet.day).main
            if number is None:
                yield Line("facts", self.words(NO_DAY))
                return
            day = day_of(number).isoformat()
            yield Line("facts", self.words(READ_ON, day=day), data={"read_on": day})

    # --- facts -------------------------------------------------------------------------------------------------

    def _fact(self, leaf: Node) -> Iterator[Line]:
        words, stored = self.words, self.row.of(leaf)
        place = cell_place(self.run, self.sheet, self.row, leaf)
        given = is_given(self.sheet, self.row, leaf)
        notes = [words.value(leaf.type, stored, in_percent=self.in_percent(leaf))]
        if given:
            notes.append(words(READY))
        notes += self._of_a_blank(leaf)
        notes += [words(PLACE_OF, payer=words.payer(payer)) for payer in self.sheet.payers_at.get(told_by(leaf), ())]
        source = "" if place is None else str(place)
        if leaf.aggregate is not None and not given:
            column = words.version.tables[leaf.aggregate.table].columns[leaf.aggregate.column_name]
            source = aggregate_text(column)
        data: dict[str, Any] = {
            "fact": leaf.written or leaf.name,
            "exact": exact(leaf.type, stored),
            "unit": str(leaf.type.unit) if leaf.type.kind == "number" and leaf.type.unit.over else "",
            "given": given,
        }
        if place is not None:
            data["place"] = {"file": place.file, "sheet": place.sheet, "row": place.row, "column": place.column}
        name = leaf.written or self._called(leaf)
        yield Line("facts", name, words.comma.join(notes), source, data=data)
        if leaf.operation == "life":
            yield from self._life()
        if leaf.operation == "derived" and not given:
            yield from self._formula(leaf)
        if leaf.aggregate is not None and leaf.aggregate.each and not given:
            yield from self._own_periods(leaf.aggregate)

    def _called(self, leaf: Node) -> str:
        clause = self.words.version.clauses.get(leaf.name.rpartition(".")[2])
        if leaf.operation == "clause" and clause is not None and clause.model.label:
            return f"{self.words.clause(clause)} {leaf.name}"
        return self.words.fact(leaf.name)

    def _of_a_blank(self, leaf: Node) -> Iterator[str]:
        """What stands for a blank cell, where something does."""
        cells, fact, words = self.sheet.cells.get(id(leaf)), leaf.fact, self.words
        if cells is None or fact is None or not is_open(leaf) or cells.own is None:
            return
        if self.row.value(cells.own).main is not None:
            return
        low, high = (words.value(leaf.type, self.row.value(end)) for end in self.sheet.range_ends[id(leaf)])
        yield words(OPEN[self.run.plan.end], low=low, high=high)

    def _life(self) -> Iterator[Line]:
        """The first and the last day of the row, with their cells."""
        words, rows = self.words, self.sheet.rows
        model = words.version.tables[rows.table]
        number = self.row.value(self.sheet.row_number).main
        for name, end in zip(model.life or (), self.sheet.life, strict=False):
            day = self.row.value(end).main
            shown = words(ONGOING) if day >= END_OF_TIME else day_of(day).isoformat()
            place = place_of(self.run.prepared.intake, rows.table, name, number)
            yield Line(
                "facts", words.fact(name), shown, str(place), 1, {"life": name, "exact": day_of(day).isoformat()}
            )

    def _formula(self, leaf: Node) -> Iterator[Line]:
        fact = leaf.fact
        assert fact is not None
        tree = ex.parse(fact.column.formula or "")
        if isinstance(tree, ex.Name):
            return
        shown = put_in(tree, leaf.arguments[0], self.told)
        data = {"formula_of": leaf.name, "expression": ex.shown(tree), "with_values": shown}
        yield Line("facts", f"= {written(tree)}", shown, depth=1, data=data)
        yield from roundings("facts", leaf.arguments[0], self.row, self.words)

    def _own_periods(self, aggregate: Aggregate) -> Iterator[Line]:
        """What the fact is in each of the row's own periods."""
        run, words, measure = self.run, self.words, aggregate.measure
        whose, when = (self.row.value(number).main for number in self.sheet.own_periods[aggregate.name])
        if whose is None:
            return
        for label, counts, value in own_periods(run.prepared, words.version, aggregate, whose, when):
            shown = words(COUNTS[counts])
            if counts and measure is not None:
                shown = words.value(measure.type, Stored(value))
            yield Line("facts", label, shown, depth=1)

    # --- figures -----------------------------------------------------------------------------------------------

    def _figure(self, leaf: Node) -> Iterator[Line]:
        words, stored = self.words, self.row.of(leaf)
        model = words.version.model.values[leaf.name]
        sliced = leaf.operation == "slices"
        in_percent = is_percent(model) and not sliced
        unit = None if sliced else model.unit
        notes = [words.value(leaf.type, stored, unit, in_percent)]
        if stored.main is None and all(self.row.of(key).main is not None for key in leaf.arguments):
            notes = [words(NO_FIGURE)]
        if model.item:
            notes.append(words.item(model.item, model.part))
        keys = self._keys(leaf, model)
        label = f"{model.label.in_(words.language)} " if model.label else ""
        shown_keys = ", ".join(f"{key} = {shown}" if key != shown else key for key, shown, _ in keys)
        data: dict[str, Any] = {
            "figure": leaf.written or leaf.name,
            "value": leaf.name,
            "keys": {key: told for key, _, told in keys},
            "exact": exact(leaf.type, stored),
            "unit": model.unit,
            "item": model.item,
        }
        name = f"{label}{leaf.name}({shown_keys})" if keys else f"{label}{leaf.written or leaf.name}"
        yield Line("values", name, words.comma.join(notes), model.source or "", data=data)
        if model.reading is not None:
            yield Line("values", "", words(READING, text=model.reading.in_(words.language)), depth=1)
        if sliced:
            yield from self._slices(leaf, model)
        elif keys:
            for key in leaf.arguments:
                yield from roundings("values", key, self.row, words)
            yield from self._neighbours(leaf, model, [key for key, _, _ in keys])

    def _keys(self, leaf: Node, model: Value) -> list[tuple[str, str, str | None]]:
        """Each key as it is written, in words and exactly."""
        names = list(model.by)
        if leaf.written:
            tree = ex.parse(leaf.written)
            assert isinstance(tree, ex.Call)
            names = [ex.shown(argument) for argument in tree.arguments]
            if leaf.operation == "slices":
                rates = tree.arguments[1]
                own = rates.arguments if isinstance(rates, ex.Call) else ()
                names = [names[0], *(map(ex.shown, own) if own else model.by[:-1])]
        found: list[tuple[str, str, str | None]] = []
        for position, (key, name) in enumerate(zip(leaf.arguments, names, strict=False)):
            if key.operation == "category":
                found.append((name, name, key.name))
                continue
            stored = self.row.of(key)
            shown = words_of_key(self.words, key.type, stored, _has_percent(model.figures, position))
            found.append((name, shown, exact(key.type, stored)))
        return found

    def _neighbours(self, leaf: Node, model: Value, names: list[str]) -> Iterator[Line]:
        """The figures beside the one that was chosen, along each key."""
        words = self.words
        figures = words.version.checker.figures_of(leaf)
        keys = [_matched(key, self.row) for key in leaf.arguments]
        if any(key is None for key in keys):
            return
        at = next((row for row in figures.rows if meet(figures.forms, row.keys, keys)), None)  # type: ignore[arg-type]
        if at is None:
            return
        for position, (name, key) in enumerate(zip(names, leaf.arguments, strict=True)):
            if key.operation == "category":
                continue
            near = _along(figures, at, position)
            if not near:
                continue
            has_percent = _has_percent(model.figures, position)
            labels = [_key_text(words, row.keys[position], key.type, has_percent) for row in near]
            shown = [_figure_text(words, row, leaf.type, model) for row in near]
            text = words.list.join(f"{label} → {figure}" for label, figure in zip(labels, shown, strict=True))
            listed = [
                {"is": label, "exact": _figure_exact(row, leaf.type)} for label, row in zip(labels, near, strict=True)
            ]
            yield Line("values", name, text, depth=1, data={"beside": leaf.name, "along": name, "figures": listed})

    def _slices(self, leaf: Node, model: Value) -> Iterator[Line]:
        """What lies in each slice, at which rate."""
        words = self.words
        quantity_node, *key_nodes = leaf.arguments
        table = words.version.checker.slices_of(leaf)
        quantity = number_of(quantity_node.type, self.row.of(quantity_node))
        keys = [_matched(key, self.row) for key in key_nodes]
        if quantity is None or any(key is None for key in keys):
            return
        for one in table.look_up(keys):  # type: ignore[arg-type]
            part = one.part(quantity)
            if part:
                yield self._slice(one, part, leaf, quantity_node.type, is_percent(model))

    def _slice(self, one: Slice, part: Fraction, leaf: Node, kind: Type, in_percent: bool) -> Line:
        words = self.words
        rate = words.number(one.rate, Type("number"), in_percent)
        result = part * one.rate
        shown = f"{words.number(part, kind)} × {rate} = {words.number(result, leaf.type)}"
        data = {
            "slice": one.written,
            "part": exact_number(part, "yuan" in kind.unit.over),
            "rate": ex.plain_number(one.rate),
            "exact": exact_number(result, "yuan" in leaf.type.unit.over),
        }
        return Line("values", one.written, shown, depth=1, data=data)


def _rest(line: Line) -> tuple[str, str, str, int, Any]:
    return line.name, line.value, line.source, line.depth, line.data


def words_of_key(words: Words, kind: Type, stored: Stored, in_percent: bool) -> str:
    if stored.main is None:
        return words(MISSING)
    if kind.kind == "category":
        return words.category(stored.main)
    return words.bare(kind, stored, in_percent and not kind.unit.over)


def _has_percent(figures: Any, position: int) -> bool:
    """Whether the keys at a position are written in percent."""
    if not isinstance(figures, dict):
        return False
    if position == 0:
        return any("%" in str(key) for key in figures)
    return any(_has_percent(inner, position - 1) for inner in figures.values())


def _matched(key: Node, row: ReadRow) -> str | int | None:
    """A key as figures are matched with it."""
    if key.operation == "category":
        return key.name
    main = row.of(key).main
    if key.type.kind == "yes_no" and main is not None:
        return "yes" if main else "no"
    return main  # type: ignore[no-any-return]


def _along(figures: Figures, at: FigureRow, position: int) -> list[FigureRow]:
    """The rows nearest to `at` that differ from it in one key only, in the order of the schedule."""
    line = [
        row
        for row in figures.rows
        if all(one == other for n, (one, other) in enumerate(zip(row.keys, at.keys, strict=True)) if n != position)
    ]
    here = next(number for number, row in enumerate(line) if row is at)
    near = sorted((row for row in line if row is not at), key=lambda row: abs(line.index(row) - here))
    chosen = near[:MOST_NEIGHBOURS]
    return [row for row in line if row in chosen]


def _key_text(words: Words, key: str | Range, kind: Type, in_percent: bool) -> str:
    if isinstance(key, str):
        if key == ELSE:
            return words(OTHER)
        return words.category(key) if kind.kind != "yes_no" else words.value(kind, Stored(key == "yes"))
    low, high = key

    def end(number: int) -> str:
        if kind.kind == "date":
            return day_of(number).isoformat()
        if kind.unit.over == (MONTH,):
            return exact(kind, Stored(number)) or ""
        return words.bare(kind, Stored(number), in_percent and not kind.unit.over)

    if low == high:
        return end(low)
    return f"{'' if low == LOWEST else end(low)}..{'' if high == HIGHEST else end(high)}"


def _figure_text(words: Words, row: FigureRow, kind: Type, model: Value) -> str:
    if row.figure is None:
        return words(NO_FIGURE)
    if not isinstance(row.figure, Fraction):
        return row.figure.isoformat()
    return words.number(row.figure, kind, is_percent(model))


def _figure_exact(row: FigureRow, kind: Type) -> str | None:
    if row.figure is None:
        return None
    if not isinstance(row.figure, Fraction):
        return row.figure.isoformat()
    return exact_number(row.figure, "yuan" in kind.unit.over)
