"""The head of a memo: what it is for and what came out, on which documents, from how many of what."""

from __future__ import annotations

from subsidy.budget.behind import Behind
from subsidy.budget.cells import sums_by
from subsidy.engine.explain_words import money
from subsidy.report.capitals import in_capitals
from subsidy.report.memo.amounts import average, share
from subsidy.report.memo.paper import Block, Column, Paragraph, Row, Table
from subsidy.report.memo.told import Told, listed_with_numbers
from subsidy.schedule.load import Version


def purpose(told: Told) -> tuple[Block, ...]:
    """What is asked for, by whom it is to be paid, within which ends."""
    result = told.result
    total, low = (sum(getattr(cell, end) for cell in result.cells) for end in ("amount", "low"))
    year = result.year
    counted = "in which it falls due" if result.basis == "due" else "to which it belongs"
    first = told(
        f"为做好{year}年度补助资金预算安排，依据{told.titles}，以花名册为基础逐项测算，金额精确到分，"
        f"按{'拨付到期日' if result.basis == 'due' else '所属期'}归入年度。",
        f"This memo gives the budget for {year} under {told.titles}. Every amount is calculated from the roster, to "
        f"the fen, and counted in the year {counted}.",
    )
    paragraphs = [first, _outcome(told, total)]
    if total != low:
        paragraphs.append(
            told(
                f"上述金额中含尚未核定的项目，按上限计列。未核定金额均取下限时，合计{told.full(low)}，"
                f"两者相差{told.full(abs(total - low))}。除注明外，本说明各表均按上限计列。",
                f"This includes amounts still to be assessed, at their upper ends. With all of them at their lower "
                f"ends the total is {told.full(low)}; the two differ by {told.full(abs(total - low))}. Unless it says "
                f"otherwise, every table shows the upper ends.",
            )
        )
    blocked = sum(result.blocked.values())
    if blocked:
        paragraphs.append(
            told(
                f"花名册中另有{blocked:,}行因存在错误未参与测算，不在上述合计之内，核实后可能增加支出，见“风险和疑点”。",
                f"{blocked:,} rows of the roster have errors and are not in this total. Once corrected they may add to "
                f"it; see “Risks and findings”.",
            )
        )
    return tuple(map(Paragraph, paragraphs))


def _outcome(told: Told, total: int) -> str:
    year = told.result.year
    if not total:
        return told(
            f"经测算，{year}年度应安排补助资金合计0.00元（大写：{in_capitals(0)}）。",
            f"The budget for {year} comes to 0.00 yuan.",
        )
    by_payer = sums_by(told.result.cells, lambda cell: (cell.payer,))
    parts = []
    for payer in told.payers:
        name, own = told.payer(payer), by_payer[(payer,)][0]
        amount, percent = told.prose(own), share(own, total)
        parts.append(told(f"{name}{amount}（{percent}）", f"{name} {amount} ({percent})"))
    return told(
        f"经测算，{year}年度应安排补助资金{told.full(total)}（大写：{in_capitals(total)}），约合{told.prose(total)}。"
        f"按承担主体分：{'、'.join(parts)}。",
        f"The budget for {year} comes to {told.full(total)} ({told.prose(total)}). By payer: {', '.join(parts)}.",
    )


def documents(told: Told) -> tuple[Block, ...]:
    """Each document with its number, days, and the items that pay in the year; overlays; the roster."""
    texts = [_document(told, version) for version in told.versions]
    blocks = [Paragraph(text) for text in listed_with_numbers(texts, told.language)]
    changes = [f"{path} = {value}" for version in told.versions for path, value in version.described_overlays()]
    if changes:
        blocks.append(
            Paragraph(
                told(
                    f"本次测算对文件所列标准作了以下临时改动，结果不是现行标准下的数：{'；'.join(changes)}。",
                    f"This calculation departs from the documents as follows, so it is not what they provide: "
                    f"{'; '.join(changes)}.",
                )
            )
        )
    rows = told.result.receipt.content["roster"]
    number = sum(table["rows"] for table in rows.values())
    blocks.append(
        Paragraph(
            told(
                f"测算所用花名册共{len(rows)}张表、{number:,}行，各表行数和校验值载于计算凭证。",
                f"The roster has {len(rows)} tables with {number:,} rows; the receipt holds the hash of each.",
            )
        )
    )
    return tuple(blocks)


def _document(told: Told, version: Version) -> str:
    document = version.model.document
    paying = {cell.clause for cell in told.result.cells}
    names = [told.result.names.clause(version.id, name) for name in version.clauses]
    items = [told.item(name) for name in names if name in paying]
    part = document.part or ""
    if told.language == "zh":
        title = f"《{document.title.zh}》（{told.cited(version)}）" if document.title else told.cited(version)
        text = f"{title}，{document.issuer}{told.day(document.issued)}印发，自{told.day(version.first_day)}起施行"
        return f"{text}。本年度有支出的条款为{part}{told.items(items)}。" if items else f"{text}。本年度无支出。"
    title = f"{document.title.en} ({told.cited(version)})" if document.title else told.cited(version)
    text = f"{title}, {document.issuer}, issued {told.day(document.issued)}, in force from "
    text += told.day(version.first_day)
    where = f" of {part}" if part else ""
    paid = f"What is paid in the year: {told.items(items)}{where}." if items else "It pays nothing in the year."
    return f"{text}. {paid}"


def drivers(told: Told, behind: list[Behind]) -> tuple[Block, ...]:
    """How many subjects and amounts are behind each clause, and what one amount is on average."""
    if not behind:
        return (Paragraph(told("本年度没有应补助的对象。", "Nobody is owed anything in the year.")),)
    columns = (
        Column(told("条", "Item"), "short"),
        Column(told("条款", "Clause"), "wide"),
        Column(told("对象（花名册表）", "Of table"), "short"),
        Column(told("对象数", "Subjects")),
        Column(told("计发数", "Amounts")),
        Column(told("平均（元）", "Average (yuan)")),
        Column(told("应补金额（元）", "Owed (yuan)")),
    )
    rows = [
        Row(
            (
                told.item(one.clause),
                told.clause(one.clause),
                told.table(one.table),
                f"{one.subjects:,}",
                f"{one.amounts:,}",
                money(average(one.owed, one.amounts)),
                money(one.owed),
            )
        )
        for one in behind
    ]
    total = money(sum(one.owed for one in behind))
    rows.append(Row(("", told("合计", "Total"), "", "", "", "", total), "total"))
    note = told(
        "对象数为本年度有应补金额的不重复对象；计发数为应补金额的个数，按月计发的为人月数；"
        "应补金额为扣除不重复享受等限制之后、资金总额核减之前的数。",
        "Subjects are those owed anything in the year, each once. Amounts are what they are owed, one for each month "
        "where a clause pays by the month. Owed is after limits on subjects and before cuts by pots.",
    )
    return (
        Paragraph(note),
        Table(told("各条款的对象数、计发数和平均额", "Subjects, amounts and averages by clause"), columns, tuple(rows)),
    )
