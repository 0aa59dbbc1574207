"""Who pays what from which fund, and when it falls due."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from subsidy.budget.cells import accrued_by_due_year, sums_by
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
    is_accrued = told.result.basis == "accrued"
    own = _own_by_due_year(told) if is_accrued else {}
    blocks: list[Block] = []
    if calendar.due:
        blocks += [_quarters(told, calendar.due, own), _months(told, calendar.due)]
    if is_accrued:
        blocks.append(
            Paragraph(
                told(
                    "拨付进度按到期日列示，与按所属期归年的合计口径不同。",
                    "Payments stand by the day on which they fall due, which is not the year to which they belong.",
                )
            )
        )
    included = {year: sum(parts.values()) for year, parts in own.items() if year > told.result.year}
    beside = {year: -amount for year, amount in included.items()}
    for one in calendar.later:
        beside[one.day.year] = beside.get(one.day.year, 0) + one.amount
    if any(included.values()):
        amount, span = told.full(sum(included.values())), _span(told, included)
        blocks.append(
            Paragraph(told(f"本年度合计中有{amount}在{span}年到期。", f"Of the total, {amount} fall due in {span}."))
        )
    if any(beside.values()):
        amount, span = told.full(sum(beside.values())), _span(told, beside)
        formed = told("以前各期", "earlier years") if is_accrued else told("本年度及以前各期", "this and earlier years")
        blocks.append(
            Paragraph(
                told(
                    f"{formed}形成、在{span}年到期的资金另有{amount}，不计入本年度合计。",
                    f"Beside this, {amount} of {formed} fall due in {span}. They are not in the total.",
                )
            )
        )
    return tuple(blocks)


def _span(told: Told, sums: Mapping[int, int]) -> str:
    """From the first to the last year that has an amount."""
    years = sorted(year for year, amount in sums.items() if amount)
    return str(years[0]) if len(years) == 1 else told(f"{years[0]}至{years[-1]}", f"{years[0]} to {years[-1]}")


def _own_by_due_year(told: Told) -> dict[int, dict[str, int]]:
    """What belongs to the year, by the year in which it falls due, by payer (fen)."""
    found: dict[int, dict[str, int]] = {}
    for one in told.result.calculated:
        for (payer, year), amount in accrued_by_due_year(one.high, told.result.year).items():
            parts = found.setdefault(year, {})
            parts[payer] = parts.get(payer, 0) + amount
    return found


def _quarters(told: Told, due: Sequence[Due], own: Mapping[int, Mapping[str, int]]) -> Table:
    """With `own`, what belongs to the year by its due years, the table goes on from what falls due to the total."""
    paying = {payer for one in due for payer in one.payers} | {payer for parts in own.values() for payer in parts}
    payers = [payer for payer in told.result.names.payers if payer in paying]
    in_columns = payers if len(payers) <= MOST_PAYERS_IN_COLUMNS else []
    rows, so_far = [], 0
    for number in range(1, 5):
        in_quarter = [one for one in due if (one.day.month + 2) // 3 == number]
        amount = sum(one.amount for one in in_quarter)
        so_far += amount
        name = told(f"第{'一二三四'[number - 1]}季度", f"Quarter {number}")
        rows.append(Row((name, *_parts(in_quarter, in_columns), money(amount), money(so_far))))
    total = sum(one.amount for one in due)
    rows.append(Row((told("全年", "Year"), *_parts(due, in_columns), money(total), money(total)), "total"))
    if own:
        rows += _to_the_total(told, due, own, in_columns)
    columns = (
        Column(told("到期", "Due"), "wide"),
        *(Column(told.payer(payer)) for payer in in_columns),
        Column(told("合计（元）", "Total (yuan)")),
        Column(told("累计（元）", "So far (yuan)")),
    )
    return Table(told("按季度拨付进度（元）", "Payments by quarter (yuan)"), columns, tuple(rows))


def _to_the_total(
    told: Told, due: Sequence[Due], own: Mapping[int, Mapping[str, int]], in_columns: Sequence[str]
) -> Iterator[Row]:
    """From what falls due in the year to what belongs to it."""
    year = told.result.year
    this_year = _added([own.get(year, {})])
    falls_due = _added([{payer: high for payer, (high, _) in one.payers.items()} for one in due])
    steps = (
        (
            told("减：以前年度形成", "Less: of earlier years"),
            {payer: this_year.get(payer, 0) - falls_due.get(payer, 0) for payer in {**falls_due, **this_year}},
        ),
        (
            told("加：以前年度已到期", "Plus: fell due in earlier years"),
            _added([parts for due_year, parts in own.items() if due_year < year]),
        ),
        (
            told("加：以后年度到期", "Plus: falls due in later years"),
            _added([parts for due_year, parts in own.items() if due_year > year]),
        ),
    )
    so_far = sum(falls_due.values())
    for name, parts in steps:
        amount = sum(parts.values())
        so_far += amount
        if any(parts.values()):
            shown = [money(parts.get(payer, 0)) for payer in in_columns]
            yield Row((name, *shown, money(amount), money(so_far)))
    total = _added(own.values())
    shown = [money(total.get(payer, 0)) for payer in in_columns]
    yield Row((told("本年度合计", "Total of the year"), *shown, money(so_far), money(so_far)), "total")


def _added(several: Iterable[Mapping[str, int]]) -> dict[str, int]:
    """Amounts of payers, added up."""
    found: dict[str, int] = {}
    for parts in several:
        for payer, amount in parts.items():
            found[payer] = found.get(payer, 0) + amount
    return found


def _parts(due: Sequence[Due], payers: Sequence[str]) -> list[str]:
    return [money(sum(one.payers[payer][0] for one in due if payer in one.payers)) for payer in payers]


def _months(told: Told, due: Sequence[Due]) -> Chart:
    bars = []
    for month in range(1, 13):
        amount = sum(one.amount for one in due if one.day.month == month)
        bars.append(Bar(told(f"{month}月", f"{told.result.year}-{month:02}"), (amount,), told.prose(amount)))
    return Chart(told("按月拨付进度", "Payments by month"), (), tuple(bars))
