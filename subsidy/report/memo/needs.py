"""The money of a memo: by clause with who pays, by district, the largest facilities, reliefs."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from subsidy.budget.cells import Cell, sums_by
from subsidy.engine.explain_words import money
from subsidy.report.memo.amounts import share
from subsidy.report.memo.paper import Bar, Block, Chart, Column, Paragraph, Row, Table
from subsidy.report.memo.told import Told, sub_numbered

MOST_BARS = 10
MOST_FACILITIES = 10
MOST_PAYERS_IN_COLUMNS = 3


def needs(told: Told) -> tuple[Block, ...]:
    """Tables that each add up to the total, and a chart of the largest clauses."""
    if not told.result.cells:
        return (Paragraph(told("本年度没有应拨付的资金。", "Nothing is to be paid in the year.")), *_reliefs(told, 1))
    blocks: list[Block] = [_heading(told, 1, told("按条款", "By clause")), clause_table(told), _clause_chart(told)]
    blocks += [_heading(told, 2, told("按区县", "By district")), _district_table(told)]
    number = 3
    if any(cell.facility is not None for cell in told.result.cells):
        blocks += [_heading(told, number, told("金额最大的机构", "The largest facilities")), _facility_table(told)]
        number += 1
    return (*blocks, *_reliefs(told, number))


def _heading(told: Told, number: int, text: str) -> Paragraph:
    return Paragraph(f"{sub_numbered(number, told.language)}{text}", "heading")


def clause_table(told: Told) -> Table:
    """Clauses with their payers: in columns where these are few, else in rows below."""
    cells, payers = told.result.cells, told.payers
    in_columns = len(payers) <= MOST_PAYERS_IN_COLUMNS
    sums = sums_by(cells, lambda cell: (cell.clause,))
    by_payer = sums_by(cells, lambda cell: (cell.clause, cell.payer))
    columns = [Column(told("条", "Item"), "short"), Column(told("条款", "Clause"), "wide")]
    columns += [Column(told.payer(payer)) for payer in payers] if in_columns else []
    rows = []
    for (clause,), (amount, _) in sums.items():
        own = [by_payer[clause, payer][0] if (clause, payer) in by_payer else None for payer in payers]
        shown = [_or_dash(part) for part in own] if in_columns else []
        rows.append(Row((told.item(clause), told.clause(clause), *shown, money(amount))))
        if not in_columns:
            rows += [
                Row(("", told.payer(payer), money(part)), "part")
                for payer, part in zip(payers, own, strict=True)
                if part is not None
            ]
    of_payers = sums_by(cells, lambda cell: (cell.payer,))
    totals = [money(of_payers[(payer,)][0]) for payer in payers] if in_columns else []
    total = sum(cell.amount for cell in cells)
    rows.append(Row(("", told("合计", "Total"), *totals, money(total)), "total"))
    columns.append(Column(told("合计（元）", "Total (yuan)")))
    caption = told("各条款资金需求和承担主体（元）", "What each clause costs, and who pays it (yuan)")
    return Table(caption, tuple(columns), tuple(rows))


def _or_dash(fen: int | None) -> str:
    return "—" if fen is None else money(fen)


def _clause_chart(told: Told) -> Chart:
    caption = told("各条款资金需求，按承担主体分", "What each clause costs, by payer")
    return stacked(told, caption, lambda cell: cell.clause, told.clause)


def stacked(told: Told, caption: str, key: Callable[[Cell], str], label: Callable[[str], str]) -> Chart:
    """A bar for each of the largest, divided among payers, and one for the others."""
    by_key: dict[str, dict[str, int]] = {}
    for cell in told.result.cells:
        own = by_key.setdefault(key(cell), {})
        own[cell.payer] = own.get(cell.payer, 0) + cell.amount
    ranked = sorted(by_key, key=lambda one: -sum(by_key[one].values()))
    bars = [_bar(told, label(one), [by_key[one]]) for one in ranked[:MOST_BARS]]
    rest = ranked[MOST_BARS:]
    if rest:
        others = told(f"其余{len(rest)}项", f"{len(rest)} others")
        bars.append(_bar(told, others, [by_key[one] for one in rest]))
    return Chart(caption, tuple(map(told.payer, told.payers)) if len(told.payers) > 1 else (), tuple(bars))


def _bar(told: Told, label: str, sums: Sequence[dict[str, int]]) -> Bar:
    parts = tuple(sum(one.get(payer, 0) for one in sums) for payer in told.payers)
    return Bar(label, parts, told.prose(sum(parts)))


def _district_table(told: Told) -> Table:
    total = sum(cell.amount for cell in told.result.cells)
    sums = sums_by(told.result.cells, lambda cell: (cell.district,))
    keys = sorted((key for (key,) in sums), key=lambda key: (key is None, -sums[(key,)][0], key or ""))
    rows = [Row((told.district(key), *_amount_and_share(sums[(key,)][0], total))) for key in keys]
    rows.append(Row((told("合计", "Total"), *_amount_and_share(total, total)), "total"))
    columns = (
        Column(told("区县", "District"), "wide"),
        Column(told("金额（元）", "Amount (yuan)")),
        Column(told("占比", "Share")),
    )
    return Table(told("各区县资金（元）", "By district (yuan)"), columns, tuple(rows))


def _amount_and_share(fen: int, total: int) -> tuple[str, str]:
    return money(fen), share(fen, total)


def _facility_table(told: Told) -> Table:
    total = sum(cell.amount for cell in told.result.cells)
    sums = sums_by(told.result.cells, lambda cell: (cell.facility,))
    none = sums.pop((None,), (0, 0))[0]
    ranked = sorted((key for (key,) in sums), key=lambda key: (-sums[(key,)][0], key))
    clauses = sums_by(told.result.cells, lambda cell: (cell.facility, cell.clause))
    rows = []
    for key in ranked[:MOST_FACILITIES]:
        largest = max((one for one in clauses if one[0] == key), key=lambda one: clauses[one][0])[1]
        rows.append(Row((told.facility(key), told.clause(largest), *_amount_and_share(sums[(key,)][0], total))))
    rest = ranked[MOST_FACILITIES:]
    if rest:
        others = sum(sums[(key,)][0] for key in rest)
        rows.append(Row((told(f"其余{len(rest):,}家", f"{len(rest):,} others"), "", *_amount_and_share(others, total))))
    if none:
        rows.append(Row((told.facility(None), "", *_amount_and_share(none, total))))
    rows.append(Row((told("合计", "Total"), "", *_amount_and_share(total, total)), "total"))
    columns = (
        Column(told("机构", "Facility"), "wide"),
        Column(told("其中最大的条款", "Largest clause"), "wide"),
        Column(told("金额（元）", "Amount (yuan)")),
        Column(told("占比", "Share")),
    )
    return Table(told("金额最大的机构（元）", "The largest facilities (yuan)"), columns, tuple(rows))


def _reliefs(told: Told, number: int) -> tuple[Block, ...]:
    sums = sums_by(told.result.relief_cells, lambda cell: (cell.clause,))
    if not sums:
        return ()
    rows = [Row((told.item(clause), told.clause(clause), money(amount))) for (clause,), (amount, _) in sums.items()]
    rows.append(Row(("", told("合计", "Total"), money(sum(amount for amount, _ in sums.values()))), "total"))
    columns = (
        Column(told("条", "Item"), "short"),
        Column(told("条款", "Clause"), "wide"),
        Column(told("减免额（元）", "Relief (yuan)")),
    )
    caption = told("减免税费（不是现金支出，不计入合计）", "Reliefs of taxes and fees (no cash, in no total)")
    return _heading(told, number, told("减免", "Reliefs")), Table(caption, columns, tuple(rows))
