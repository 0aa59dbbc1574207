"""Results as the rows of one table each, for CSV: the finest cells there are, so that every sum can be made of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from subsidy.budget.cells import Cell
from subsidy.budget.comparison import AMOUNTS, DIMENSIONS, Comparison
from subsidy.budget.names import clause_label, payer_label
from subsidy.budget.payment_calendar import By, PaymentCalendar, label
from subsidy.budget.settlement import SAVED_PAYMENTS, Settlement
from subsidy.csv_file import Rows
from subsidy.engine.explanation import Explanation
from subsidy.finding import Finding, Language
from subsidy.money import yuan
from subsidy.report.text import shown_columns
from subsidy.schedule.catalogue import Schedule, origin_of

if TYPE_CHECKING:
    from subsidy.budget.breakdown import Breakdown, Node
    from subsidy.budget.forecast_result import Forecast
    from subsidy.budget.result import Result
    from subsidy.budget.targets import Targets
    from subsidy.budget.verify import Verification
    from subsidy.budget.what_if import WhatIf
    from subsidy.schedule.difference import Difference
    from subsidy.schedule.load import Version

Row = dict[str, Any]
COLUMN = ("table", "table_heading", "heading", "column", "cell", "blank")
CELL = ("clause", "item", "label", "payer", "payer_label", "district", "facility", "fund", "amount", "low")
FINDING = (
    "severity",
    "code",
    "file",
    "sheet",
    "row",
    "column",
    "cell",
    "path",
    "table",
    "subject",
    "value",
    "why",
    "remedy",
)
OUTCOME = (
    "schedule",
    "item",
    "part",
    "target",
    "subject",
    "period",
    "state",
    "measure",
    "at_least",
    "at_most",
    "printed",
)


def schedule_rows(schedules: Iterable[Schedule]) -> Rows:
    """A row for each version."""
    rows = [entry(version) for one in schedules for version in one.versions]
    return ("id", "version", "revision", "document", "issuer", "clauses", "source"), rows


def entry(version: Version) -> Row:
    """A version in the catalogue."""
    document = version.model.document
    return {
        "id": version.id,
        "version": version.first_day.isoformat(),
        "revision": version.model.revision,
        "document": document.number,
        "issuer": document.issuer,
        "clauses": len(version.clauses),
        "source": origin_of(version.id).name,
    }


def clause_rows(schedule: Schedule, language: Language) -> Rows:
    """A row for each clause of each version."""
    rows = [
        {
            "version": version.first_day.isoformat(),
            "item": clause.model.item,
            "part": clause.model.part or version.model.document.part,
            "clause": name,
            "label": clause_label([schedule], name, language),
            "for": clause.model.for_,
            "every": clause.model.every,
            "when": clause.model.when,
            "amount": clause.model.amount,
        }
        for version in schedule.versions
        for name, clause in version.clauses.items()
    ]
    return ("version", "item", "part", "clause", "label", "for", "every", "when", "amount"), rows


def column_rows(schedule: Schedule, language: Language) -> Rows:
    """A row for each column that a roster of the schedule may have."""
    rows = [
        {"table": table, "table_heading": heading, **dict(zip(COLUMN[2:], cells, strict=True))}
        for table, heading, columns in shown_columns(schedule, language)
        for cells in columns
    ]
    return COLUMN, rows


def finding_rows(findings: Iterable[Finding], language: Language) -> Rows:
    """A row for each finding, with its words in one language."""
    words = ({"why": one.why.in_(language), "remedy": one.remedy.in_(language)} for one in findings)
    return FINDING, [{**one.to_dict(), **said} for one, said in zip(findings, words, strict=True)]


def budget_rows(result: Result, language: Language) -> Rows:
    """The cash of the year by clause, payer, district and facility."""
    schedules = [one.schedule for one in result.calculated]
    return CELL, [_cell(cell, result.items, schedules, language) for cell in result.cells]


def _cell(cell: Cell, items: Mapping[str, str], schedules: Sequence[Schedule], language: Language) -> Row:
    return {
        "clause": cell.clause,
        "item": items[cell.clause],
        "label": clause_label(schedules, cell.clause, language),
        "payer": cell.payer,
        "payer_label": payer_label(schedules, cell.payer, language),
        "district": cell.district,
        "facility": cell.facility,
        "fund": cell.fund,
        "amount": yuan(cell.amount),
        "low": yuan(cell.low),
    }


def forecast_rows(found: Forecast, language: Language) -> Rows:
    """The cash of every year by clause, payer, district and facility."""
    rows = [
        {"year": one.year, **_cell(cell, found.items, found.schedules, language)}
        for one in found.years
        for cell in one.cells
    ]
    return ("year", *CELL), rows


def calendar_rows(found: PaymentCalendar, by: By, language: Language) -> Rows:
    """What each payer pays when under a clause: in the year by month or day, afterwards by year."""
    schedules = [one.schedule for one in found.result.calculated]
    rows = [
        {
            "due": label(one.day, by) if one.day.year == found.result.year else str(one.day.year),
            "clause": one.clause,
            "item": found.result.items[one.clause],
            "label": clause_label(schedules, one.clause, language),
            "kind": one.kind,
            "payments": one.payments,
            "payer": payer,
            "payer_label": payer_label(schedules, payer, language),
            "amount": yuan(amount),
            "low": yuan(low),
        }
        for one in (*found.entries(by), *found.by_year())
        for payer, (amount, low) in one.payers.items()
    ]
    return ("due", "clause", "item", "label", "kind", "payments", "payer", "payer_label", "amount", "low"), rows


def difference_rows(found: Difference, language: Language) -> Rows:
    """A row for each change between two versions."""
    rows = [{**one.to_dict(), "sentence": one.sentence(language)} for one in found.changes]
    return ("part", "item", "path", "kind", "before", "after", "sentence"), rows


def comparison_rows(found: Comparison) -> Rows:
    """The cash under both by clause, payer, district and facility."""
    return (*DIMENSIONS, *AMOUNTS), list(_compared(found))


def what_if_rows(found: WhatIf, language: Language) -> Rows:
    """The same for each step: what one overlay adds to those before it."""
    rows = [
        {"step": number, "overlay": step.label.in_(language), **row}
        for number, step in enumerate(found.steps, 1)
        for row in _compared(step)
    ]
    return ("step", "overlay", *DIMENSIONS, *AMOUNTS), rows


def _compared(found: Comparison) -> Iterator[Row]:
    for cell in found.cells(DIMENSIONS):
        amounts = {name: yuan(getattr(cell, name)) for name in AMOUNTS}
        yield {**dict(zip(DIMENSIONS, cell.key, strict=True)), **amounts}


def settlement_rows(found: Settlement) -> Rows:
    """The payments that differ, with the columns in which they are saved."""
    return SAVED_PAYMENTS, [line.row() for line in found.payments]


def target_rows(several: Iterable[Targets]) -> Rows:
    """A row for each target and subject; numbers as exact texts."""
    return OUTCOME, [
        {"schedule": found.version.id, **outcome} for found in several for outcome in found.to_dict()["outcomes"]
    ]


def verification_rows(found: Verification, language: Language) -> Rows:
    """A row for each difference between a receipt and what is calculated now."""
    rows = [{**one.to_dict(), "path": ".".join(one.path), "text": one.text.in_(language)} for one in found.differences]
    return ("path", "receipt", "now", "decisive", "text"), rows


def explanation_rows(found: Breakdown | Explanation) -> Rows:
    """The tree of a breakdown, each part with its depth; or the lines of one explanation."""
    if isinstance(found, Explanation):
        columns = ("section", "depth", "name", "value", "source")
        return columns, [{name: getattr(line, name) for name in columns} for line in found.lines]
    return ("depth", "kind", "name", "amount", "note"), list(_nodes(found.root, 0))


def _nodes(node: Node, depth: int) -> Iterator[Row]:
    yield {"depth": depth, "kind": node.kind, "name": node.name, "amount": yuan(node.amount), "note": node.note}
    for child in node.children:
        yield from _nodes(child, depth + 1)
    if node.rest is not None:
        rest = {"kind": "rest", "name": str(node.rest.count), "amount": yuan(node.rest.amount), "note": ""}
        yield {"depth": depth + 1, **rest}
