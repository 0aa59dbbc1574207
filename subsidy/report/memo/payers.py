"""Who pays what from which fund, and when it falls due."""

from __future__ import annotations

from collections.abc import Sequence

from subsidy.budget.cells import sums_by
from subsidy.budget.payment_calendar import Due
from subsidy.engine.explain_words import money
from subsidy.report.memo.amounts import share
from subsidy.report.memo.needs import MOST_PAYERS_IN_COLUMNS
from subsidy.report.memo.paper import Bar, Block, Chart, Column, Paragraph, Row, Table
from subsidy.report.memo.told import Told


def paying(told: Told) -> tuple[Block, ...]:
    """Payers with their funds, then quarters and months, then what is still to come."""
    blocks: list[Block] = []
    if told.result.cells:
        blocks += [_payer_table(told)]
        if told.has_nobody:
            blocks.append(
                Paragraph(
                    told(
                        "“未明确”为文件没有写明由谁承担的部分，须另行商定后列入有关预算。",
                        "“Not stated” is what the documents do not say who is to pay. This has to be settled before it "
                        "can stand in a budget.",
                    )
                )
            )
    return (*blocks, *_calendar(told))


def _payer_table(told: Told) -> Table:
    total = sum(cell.amount for cell in told.result.cells)
    sums = sums_by(told.result.cells, lambda cell: (cell.payer, cell.fund))
    order = {payer: place for place, payer in enumerate(told.payers)}
    keys = sorted(sums, key=lambda key: (order[key[0]], key[1] is None, key[1] or ""))
    has_funds = any(fund for _, fund in keys)
    rows = []
    for payer, fund in keys:
        amount = sums[payer, fund][0]
        funds = (fund or told("未指定", "none named"),) if has_funds else ()
        rows.append(Row((told.payer(payer), *funds, money(amount), share(amount, total))))
    rows.append(Row((told("合计", "Total"), *([""] if has_funds else []), money(total), share(total, total)), "total"))
    columns = (
        Column(told("承担主体", "Payer"), "wide"),
        *([Column(told("资金来源", "Fund"), "wide")] if has_funds else []),
        Column(told("金额（元）", "Amount (yuan)")),
        Column(told("占比", "Share")),
    )
    return Table(told("各承担主体资金（元）", "Who pays what (yuan)"), columns, tuple(rows))


def _calendar(told: Told) -> tuple[Block, ...]:
    calendar = told.result.calendar()
    blocks: list[Block] = []
    if calendar.due:
        blocks += [_quarters(told, calendar.due), _months(told, calendar.due)]
    if told.result.basis == "accrued":
        blocks.append(
            Paragraph(
                told(
                    "拨付进度按到期日列示，与按所属期归年的合计口径不同。",
                    "Payments stand by the day on which they fall due, which is not the year to which they belong.",
                )
            )
        )
    later = sum(one.amount for one in calendar.later)
    if later:
        years = sorted({one.day.year for one in calendar.later})
        span = str(years[0]) if len(years) == 1 else told(f"{years[0]}至{years[-1]}", f"{years[0]} to {years[-1]}")
        blocks.append(
            Paragraph(
                told(
                    f"本年度及以前各期形成、在{span}年到期的资金另有{told.full(later)}，不计入本年度合计。",
                    f"Beside this, {told.full(later)} of this and earlier years fall due in {span}. They are not in "
                    f"the total.",
                )
            )
        )
    return tuple(blocks)


def _quarters(told: Told, due: Sequence[Due]) -> Table:
    payers = [payer for payer in told.result.names.payers if any(payer in one.payers for one in due)]
    in_columns = payers if len(payers) <= MOST_PAYERS_IN_COLUMNS else []
    rows, so_far = [], 0
    for number in range(1, 5):
        own = [one for one in due if (one.day.month + 2) // 3 == number]
        amount = sum(one.amount for one in own)
        so_far += amount
        name = told(f"第{'一二三四'[number - 1]}季度", f"Quarter {number}")
        rows.append(Row((name, *_parts(own, in_columns), money(amount), money(so_far))))
    total = sum(one.amount for one in due)
    rows.append(Row((told("全年", "Year"), *_parts(due, in_columns), money(total), money(total)), "total"))
    columns = (
        Column(told("到期", "Due"), "wide"),
        *(Column(told.payer(payer)) for payer in in_columns),
        Column(told("合计（元）", "Total (yuan)")),
        Column(told("累计（元）", "So far (yuan)")),
    )
    return Table(told("按季度拨付进度（元）", "Payments by quarter (yuan)"), columns, tuple(rows))


def _parts(due: Sequence[Due], payers: Sequence[str]) -> list[str]:
    return [money(sum(one.payers[payer][0] for one in due if payer in one.payers)) for payer in payers]


def _months(told: Told, due: Sequence[Due]) -> Chart:
    bars = []
    for month in range(1, 13):
        amount = sum(one.amount for one in due if one.day.month == month)
        bars.append(Bar(told(f"{month}月", f"{told.result.year}-{month:02}"), (amount,), told.prose(amount)))
    return Chart(told("按月拨付进度", "Payments by month"), (), tuple(bars))
