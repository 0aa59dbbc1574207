"""The worked examples that a clause carries as a table: the rows in words, and the amount they are owed."""

from __future__ import annotations

from collections.abc import Mapping

from subsidy.engine.explain_words import NO, YES, grouped
from subsidy.finding import Text
from subsidy.report.markdown import table
from subsidy.report.phrases import Phrases
from subsidy.schedule.checked import CheckedClause
from subsidy.schedule.load import Version
from subsidy.schedule.model import Example

HEADINGS = (Text("花名册中", "in the roster"), Text("期间", "period"), Text("金额（元）", "amount (yuan)"))
WHOLE = Text("全部", "in all")
BLANK = Text("空白", "blank")
COUNT = Text("数量", "count")


def example_table(version: Version, clause: CheckedClause, phrases: Phrases) -> list[str]:
    """One row for each example. `subsidy test` calculates them."""
    rows = [
        [_rows(version, example, phrases), example.period or phrases.say(WHOLE), grouped(str(example.amount))]
        for example in clause.model.examples
    ]
    return table([phrases.say(heading) for heading in HEADINGS], rows, right=1)


def _rows(version: Version, example: Example, phrases: Phrases) -> str:
    """The rows of an example without keys and references: 入住老人：能力等级 失能、起始日期 2022-03-01."""
    told = []
    for name, rows in example.rows.items():
        shown = [cells for row in rows if (cells := _cells(version, name, row, phrases))]
        if shown:
            told.append(f"{phrases.word(name)}{phrases.colon}{' / '.join(shown)}")
    text = phrases.semicolon.join(told)
    return f"{text}{phrases.in_brackets(example.source)}" if example.source else text


def _cells(version: Version, name: str, row: Mapping[str, str], phrases: Phrases) -> str:
    columns = version.columns_of(name)
    found = []
    for heading, written in row.items():
        column = columns[heading].column if heading in columns else None
        if heading == "count":
            found.append(f"{phrases.say(COUNT)} {grouped(written)}")
        elif column is not None and column.type not in ("key", "ref") and heading != "person":
            found.append(f"{phrases.word(heading)} {_cell(column.type, written, phrases)}")
    return phrases.words.list.join(found)


def _cell(form: str, written: str, phrases: Phrases) -> str:
    if not written:
        return phrases.say(BLANK)
    if form == "one_of":
        return phrases.word(written)
    if form == "yes_no":
        return phrases.say(YES if written == "yes" else NO)
    return grouped(written) if form == "number" else written
