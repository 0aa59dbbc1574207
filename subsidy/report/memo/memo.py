"""The memo for a finance bureau: its sections, in the order in which they are read."""

from __future__ import annotations

from subsidy.budget.behind import behind
from subsidy.budget.result import Result
from subsidy.budget.sensitivity import sensitivities
from subsidy.finding import Language
from subsidy.report.capitals import in_capitals
from subsidy.report.memo.basis import documents, drivers, purpose
from subsidy.report.memo.needs import needs
from subsidy.report.memo.paper import Block, Paper, Section
from subsidy.report.memo.payers import paying
from subsidy.report.memo.ranges import ranges
from subsidy.report.memo.risks import risks
from subsidy.report.memo.told import Told, numbered
from subsidy.report.memo.understanding import checking, readings, unquantified


def memo_of(result: Result, language: Language = "zh", *, to: str = "", office: str = "", day: str = "") -> Paper:
    """The memo of a result. `to`, `office` and `day` as they are to be printed; what is not given is left out."""
    told = Told(result, language)
    contents: list[tuple[str, str, tuple[Block, ...]]] = [
        ("purpose", told("测算目的和结果", "Purpose and result"), purpose(told)),
        ("basis", told("测算依据", "Basis"), documents(told)),
        ("drivers", told("测算基础", "What is behind it"), drivers(told, behind(result))),
        ("needs", told("资金需求", "What is needed"), needs(told)),
        ("payers", told("资金分担和拨付进度", "Who pays, and when"), paying(told)),
        ("ranges", told("测算区间和影响因素", "How far it may move"), ranges(told, sensitivities(result))),
        ("risks", told("风险和疑点", "Risks and findings"), risks(told)),
        ("readings", told("政策理解", "Readings"), readings(told)),
        ("unquantified", told("未量化事项", "Promised without a figure"), unquantified(told)),
        ("checking", told("复核", "Checking"), checking(told)),
    ]
    filled = [one for one in contents if one[2]]
    sections = tuple(
        Section(name, f"{numbered(number, language)}{title}", blocks)
        for number, (name, title, blocks) in enumerate(filled, 1)
    )
    title = told(f"关于{told.titles}\n{result.year}年度补助资金的测算说明", f"Budget memo {result.year}: {told.titles}")
    closing = tuple(line for line in (office, day) if line)
    return Paper("memo", language, title, to, sections, closing, told.footer, facts(told))


def facts(told: Told) -> dict[str, str]:
    """Single words and amounts of a result, for templates."""
    total, low = (sum(getattr(cell, end) for cell in told.result.cells) for end in ("amount", "low"))
    return {
        "year": str(told.result.year),
        "documents": told.titles,
        "total": told.full(total),
        "total_short": told.prose(total),
        "total_capitals": in_capitals(total) if told.language == "zh" else told.full(total),
        "low": told.full(low),
        "receipt": told.receipt_hash,
    }
