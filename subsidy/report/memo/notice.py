"""The notice to one facility: what is approved for it, how it comes about, who pays when, what is not paid and why."""

from __future__ import annotations

from collections.abc import Iterator

from subsidy.budget.approved import Approved, ClauseApproved, Payment, approved
from subsidy.budget.result import Result
from subsidy.engine.explain_words import money
from subsidy.finding import Language
from subsidy.report.capitals import in_capitals
from subsidy.report.memo.memo import facts
from subsidy.report.memo.paper import Block, Column, Paper, Paragraph, Row, Section, Table
from subsidy.report.memo.risks import where
from subsidy.report.memo.told import Told, numbered

MOST_EQUALS = 8  # of one clause
MOST_DAYS = 12  # else the table goes by month
MOST_FINDINGS = 10


def notices_of(
    result: Result, language: Language = "zh", *, office: str = "", day: str = ""
) -> Iterator[tuple[str, Paper]]:
    """By the key of each facility its notice. `office` and `day` as they are to be printed; else there is room."""
    told = Told(result, language)
    common = facts(told)
    for one in approved(result):
        yield one.facility, _notice(told, one, common, office, day)


def _notice(told: Told, one: Approved, common: dict[str, str], office: str, day: str) -> Paper:
    contents: list[tuple[str, str, tuple[Block, ...]]] = [
        ("approved", told("核定金额", "What is approved"), _amounts(told, one)),
        ("made_of", told("计算过程", "How it comes about"), _made_of(told, one)),
        ("payments", told("承担主体和拨付时间", "Who pays, and when"), _payments(told, one)),
        ("unpaid", told("未计发部分和疑点", "What is not paid, and findings"), _unpaid(told, one)),
        ("basis", told("依据", "Basis"), _basis(told, one)),
    ]
    filled = [content for content in contents if content[2]]
    sections = tuple(
        Section(name, f"{numbered(number, told.language)}{title}", blocks)
        for number, (name, title, blocks) in enumerate(filled, 1)
    )
    title = told(f"{told.result.year}年度补助资金核定通知", f"Notice of subsidies approved for {told.result.year}")
    seal, date = told("（核定单位盖章）", "(office and seal)"), told("年　　月　　日", "Date:　　　　　　")
    name = told.facility(one.facility)
    own = {
        "facility": name,
        "amount": told.full(one.amount),
        "amount_capitals": in_capitals(one.amount) if told.language == "zh" else told.full(one.amount),
    }
    opening = Section("opening", "", (Paragraph(_opening(told, one)),))
    address = f"{name}{told('：', ':')}"
    return Paper(
        "notice",
        told.language,
        title,
        address,
        (opening, *sections),
        (office or seal, day or date),
        told.footer,
        common | own,
    )


def _opening(told: Told, one: Approved) -> str:
    year = told.result.year
    if not one.amount and not one.clauses:
        return told(
            f"根据{told.titles}，经审核，你单位{year}年度没有核定的补助资金，原因见下。",
            f"Under {told.titles} nothing is approved for you in {year}, for the reasons given below.",
        )
    text = told(
        f"根据{told.titles}，经审核，核定你单位{year}年度补助资金合计{told.full(one.amount)}"
        f"（大写：{in_capitals(one.amount)}）。",
        f"Under {told.titles}, {told.full(one.amount)} are approved for you for {year}.",
    )
    if one.low != one.amount:
        text += told(
            f"其中有金额尚未最后核定，此处按上限计列；均取下限时合计{told.full(one.low)}。",
            f" Some amounts are still to be assessed and stand at their upper ends; at their lower ends the sum is "
            f"{told.full(one.low)}.",
        )
    return text


def _amounts(told: Told, one: Approved) -> tuple[Block, ...]:
    clauses = dict.fromkeys([*(clause.clause for clause in one.clauses), *(pay.clause for pay in one.payments)])
    if not clauses:
        return ()
    by_name = {clause.clause: clause for clause in one.clauses}
    amounts = {name: _sum([payment for payment in one.payments if payment.clause == name]) for name in clauses}
    owed = {name: by_name[name].owed if name in by_name else 0 for name in clauses}
    has_cuts = owed != amounts
    rows = []
    for name, amount in amounts.items():
        clause = by_name.get(name)
        counts = ("—", "—") if clause is None else (f"{clause.subjects:,}", f"{_number(clause):,}")
        cuts = (money(owed[name]), money(owed[name] - amount)) if has_cuts else ()
        rows.append(Row((told.item(name), told.clause(name), *counts, *cuts, money(amount))))
    total_owed = sum(owed.values())
    totals = (money(total_owed), money(total_owed - one.amount)) if has_cuts else ()
    rows.append(Row(("", told("合计", "Total"), "", "", *totals, money(one.amount)), "total"))
    columns = [
        Column(told("条", "Item"), "short"),
        Column(told("条款", "Clause"), "wide"),
        Column(told("对象数", "Subjects")),
        Column(told("计发数", "Amounts")),
    ]
    if has_cuts:
        columns += [Column(told("应补（元）", "Owed (yuan)")), Column(told("资金不足核减（元）", "Cut by pots (yuan)"))]
    columns.append(Column(told("核定（元）", "Approved (yuan)")))
    return (Table("", tuple(columns), tuple(rows)),)


def _number(clause: ClauseApproved) -> int:
    return sum(equal.number for equal in clause.equals)


def _made_of(told: Told, one: Approved) -> tuple[Block, ...]:
    """Each amount times how often it was owed."""
    rows = []
    for clause in one.clauses:
        label = told.clause(clause.clause)
        for equal in clause.equals[:MOST_EQUALS]:
            product = money(equal.amount * equal.number)
            rows.append(Row((label, told.table(clause.table), money(equal.amount), f"{equal.number:,}", product)))
            label = ""
        rest = clause.equals[MOST_EQUALS:]
        if rest:
            others = sum(equal.amount * equal.number for equal in rest)
            number = sum(equal.number for equal in rest)
            rows.append(Row((label, "", told("其余", "others"), f"{number:,}", money(others))))
    if not rows:
        return ()
    owed = sum(clause.owed for clause in one.clauses)
    rows.append(Row((told("应补合计", "Owed in all"), "", "", "", money(owed)), "total"))
    columns = (
        Column(told("条款", "Clause"), "wide"),
        Column(told("对象", "Of table"), "short"),
        Column(told("每份金额（元）", "Each (yuan)")),
        Column(told("份数", "How many")),
        Column(told("小计（元）", "Product (yuan)")),
    )
    note = told(
        "每份金额由有关标准按花名册所载事实算出，按月计发的每人每月为一份，已扣除不重复享受等限制。",
        "Each amount follows from the figures of the clause and the facts of the roster. Where a clause pays by the "
        "month there is one for each person and month. Limits are applied already.",
    )
    return Paragraph(note), Table("", columns, tuple(rows))


def _payments(told: Told, one: Approved) -> tuple[Block, ...]:
    if not one.payments:
        return ()
    payers = [payer for payer in told.result.names.payers if any(pay.payer == payer for pay in one.payments)]
    is_daily = len({payment.day for payment in one.payments}) <= MOST_DAYS
    by_day: dict[str, list[Payment]] = {}
    for payment in one.payments:
        day = payment.day.isoformat()
        by_day.setdefault(day if is_daily else day[:7], []).append(payment)
    rows = [Row((day, *_by_payer(own, payers), money(_sum(own)))) for day, own in by_day.items()]
    rows.append(Row((told("合计", "Total"), *_by_payer(one.payments, payers), money(one.amount)), "total"))
    columns = (
        Column(told("到期", "Due"), "wide"),
        *(Column(told.payer(payer)) for payer in payers),
        Column(told("合计（元）", "Total (yuan)")),
    )
    return (Table("", columns, tuple(rows)),)


def _by_payer(payments: list[Payment], payers: list[str]) -> list[str]:
    sums = (_sum([payment for payment in payments if payment.payer == payer]) for payer in payers)
    return [money(amount) if amount else "—" for amount in sums]


def _sum(payments: list[Payment]) -> int:
    return sum(payment.amount for payment in payments)


def _unpaid(told: Told, one: Approved) -> tuple[Block, ...]:
    texts = []
    for unpaid in one.unpaid:
        clause = told.clause(unpaid.clause)
        if unpaid.limit is None:
            texts.append(
                told(
                    f"{clause}：{unpaid.number:,}份缺少必要数据，未能计算。",
                    f"{clause}: {unpaid.number:,} could not be calculated, as something needed is missing.",
                )
            )
        else:
            limit = told.clause(unpaid.limit)
            texts.append(
                told(
                    f"{clause}：{unpaid.number:,}份受“{limit}”限制，未计发或减少计发。",
                    f"{clause}: {unpaid.number:,} were taken away or made less by the limit “{limit}”.",
                )
            )
    for finding in one.findings[:MOST_FINDINGS]:
        why, remedy = finding.why.in_(told.language), finding.remedy.in_(told.language)
        value = told(f"（“{finding.value}”）", f" (“{finding.value}”)") if finding.value else ""
        place = f"{where(told, finding)}{value}"
        texts.append(told(f"{place}：{why}；{remedy}。", f"{place}: {why}; {remedy}."))
    rest = len(one.findings) - MOST_FINDINGS
    if rest > 0:
        texts.append(told(f"另有{rest}处疑点。", f"There are {rest} more findings."))
    if one.findings:
        texts.append(told("上述疑点更正后可重新核定。", "What is corrected can be approved anew."))
    return tuple(map(Paragraph, texts))


def _basis(told: Told, one: Approved) -> tuple[Block, ...]:
    own = {payment.clause for payment in one.payments} | {clause.clause for clause in one.clauses}
    blocks = []
    for version in told.versions:
        names = [told.result.names.clause(version.id, name) for name in version.clauses]
        items = [told.item(name) for name in names if name in own]
        document = version.model.document
        part = document.part or ""
        cited = f"{told.title(version)}（{told.cited(version)}）" if document.title else told.cited(version)
        if told.language == "en":
            cited = f"{told.title(version)} ({told.cited(version)})" if document.title else told.cited(version)
        if items:
            of_part = f" of {part}" if part else ""
            text = told(f"{cited}{part}{told.items(items)}。", f"{cited}: {told.items(items)}{of_part}.")
            blocks.append(Paragraph(text))
        elif not own:
            blocks.append(Paragraph(f"{cited}{told('。', '.')}"))
    return (*blocks, Paragraph(told(f"计算凭证 {told.receipt_hash}", f"Receipt {told.receipt_hash}"), "note"))
