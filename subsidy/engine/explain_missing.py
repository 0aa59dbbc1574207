"""Where an amount cannot be calculated: which cell has to be filled, and what may stand there."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from subsidy.engine.explain_inputs import Inputs
from subsidy.engine.explain_sheet import LOOK_UPS, ClauseSheet, cell_place, shown_leaves
from subsidy.engine.explain_words import Words, exact, grouped, money
from subsidy.engine.explanation import Line
from subsidy.engine.findings import place_of
from subsidy.engine.row_reader import Stored
from subsidy.engine.trials import Trials, told
from subsidy.finding import Text
from subsidy.money import yuan_text
from subsidy.schedule.figures import day_of
from subsidy.schedule.node import Node

FILL = Text("空白，请填写：{domain}", "blank; fill in: {domain}")
NO_ROW = Text(
    "截至 {day} 没有记录，请在 {table} 中补一行：{domain}", "nothing on or before {day}; add a row to {table}: {domain}"
)
NO_REFERENCE = Text(
    "{reference} 空白或没有对应的行，请先填写", "{reference} is blank or leads to no row; fill that in first"
)
NO_FIGURE = Text(
    "没有对应的标准，请核对所用的键", "there is no figure for these keys; check the facts it is looked up by"
)
OF_ROWS = Text(
    "无法确定，请核对 {table} 中的各行，或直接给出", "cannot be determined; check the rows of {table}, or give it ready"
)
DIVISOR = Text("除数为零，或所得超出其范围", "a divisor is 0, or a result lies outside its range")
MOST_OPTIONS = 12
OF_SEVERAL = Text(
    "代表多个对象（count）的行不能参加分配，请拆成单行",
    "a row that stands for several (count) has no share of a sum; make single rows of it",
)
DOMAINS = {
    "date": Text("日期", "a date"),
    "yes_no": Text("是 或 否", "yes or no"),
    "text": Text("文字", "a text"),
    "month": Text("月份", "a month"),
    "year": Text("年份", "a year"),
}
RANGE = Text("{low} 至 {high}", "{low} to {high}")
WOULD_OWE = Text("{option} → {amount}", "{option} → {amount}")


def missing_lines(sheet: ClauseSheet, inputs: Inputs, count: int) -> Iterator[Line]:
    """The cells without which the amount is unknown. `count`: how many equal units the row stands for."""
    clause, row = sheet.clause, inputs.row
    unknown = [node for node in clause.when if row.of(node).main is None]
    nodes = unknown or [clause.amount, *clause.made_of, *([clause.clawback.share] if clause.clawback else [])]
    leaves = [leaf for leaf in shown_leaves(nodes) if row.of(leaf).main is None and leaf.operation != "derived"]
    known_keys = [leaf for leaf in leaves if not _waits(leaf, inputs)]
    for leaf in known_keys:
        yield _line(sheet, inputs, leaf, count, alone=len(known_keys) == 1)
    if not known_keys:
        of_several = clause.allocation is not None and row.value(sheet.counted).main
        yield Line("missing", "", inputs.words(OF_SEVERAL if of_several else DIVISOR))


def _waits(leaf: Node, inputs: Inputs) -> bool:
    """Whether a look-up or a word of time is missing only because something it reads is."""
    return any(
        inputs.row.of(key).main is None for key in leaf.arguments if key.operation in ("fact", "aggregate", "derived")
    )


def _line(sheet: ClauseSheet, inputs: Inputs, leaf: Node, count: int, alone: bool) -> Line:
    words, row, fact = inputs.words, inputs.row, leaf.fact
    cells = sheet.cells.get(id(leaf))
    data: dict[str, Any] = {"missing": leaf.name}
    name, place, place_row = words.fact(leaf.name), cell_place(inputs.run, sheet, row, leaf), None
    if cells is not None:
        place_row = row.value(cells.row).main
    if leaf.operation in LOOK_UPS:
        return Line("missing", leaf.written or leaf.name, words(NO_FIGURE), data=data)
    if leaf.way and place_row is None:
        reference = leaf.way[-1][0]
        return Line("missing", name, words(NO_REFERENCE, reference=words.fact(reference)), data=data)
    if leaf.aggregate is not None:
        return Line("missing", name, words(OF_ROWS, table=words.word(leaf.aggregate.over)), data=data)
    if fact is None:
        return Line("missing", name, words(DIVISOR), data=data)
    options = _options(sheet, inputs, leaf, count) if alone else []
    shown = [words(WOULD_OWE, option=text, amount=money(fen)) for text, _, fen in options]
    data["would_owe"] = {option: yuan_text(fen) for _, option, fen in options}
    domain = words.list.join(shown) if shown else _domain(leaf, words)
    if cells is not None and cells.history_row is not None and row.value(cells.history_row).main is None:
        day = day_of(row.value(sheet.times[0]).main)
        text = words(NO_ROW, day=day, table=words.word(fact.history), domain=domain)
        return Line("missing", name, text, data=data)
    if place is None and place_row is not None:
        place = place_of(inputs.run.prepared.intake, fact.table, fact.column_name, place_row)
    return Line("missing", name, words(FILL, domain=domain), "" if place is None else str(place), data=data)


def _options(sheet: ClauseSheet, inputs: Inputs, leaf: Node, count: int) -> list[tuple[str, str, int]]:
    """For a fact of few options, each with what would then be owed (fen)."""
    kind = leaf.type
    values: list[Any] = list(kind.options) if kind.kind == "category" else []
    if kind.kind == "yes_no":
        values = [True, False]
    elif kind.kind == "number" and kind.scale == 1 and kind.high - kind.low < MOST_OPTIONS:
        values = list(range(int(kind.low), int(kind.high) + 1))
    if not values:
        return []
    outcomes = Trials(inputs.run, sheet, inputs.row).outcomes([{told(leaf): Stored(value)} for value in values])
    found = []
    for value, outcome in zip(values, outcomes, strict=True):
        holds = all(one is True for one in outcome.holds)
        if holds and outcome.amount is None:
            return []
        amount = (outcome.amount or 0) if holds else 0
        found.append((inputs.words.value(kind, Stored(value)), exact(kind, Stored(value)) or "", amount * count))
    return found


def _domain(leaf: Node, words: Words) -> str:
    assert leaf.fact is not None
    kind, column = leaf.type, leaf.fact.column
    if kind.kind == "category":
        return words.list.join(words.category(option) for option in kind.options)
    if column.type != "number":
        return words(DOMAINS.get(column.type, DOMAINS["text"]))
    low, high = grouped(column.low), grouped(column.high)
    return f"{words(RANGE, low=low, high=high)} {words.unit(column.unit, is_many=True)}".rstrip()
