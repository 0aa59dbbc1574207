"""How far the total may move: amounts still open, and figures a tenth higher."""

from __future__ import annotations

from collections.abc import Sequence

from subsidy.budget.cells import sums_by
from subsidy.budget.sensitivity import Sensitivity
from subsidy.engine.explain_words import money
from subsidy.report.memo.amounts import share
from subsidy.report.memo.paper import Block, Column, Paragraph, Row, Table
from subsidy.report.memo.told import Told


def ranges(told: Told, sensitivities: Sequence[Sensitivity]) -> tuple[Block, ...]:
    """Clauses whose low and high differ, then what each figure would change."""
    return (*_open(told), *_figures(told, sensitivities))


def _open(told: Told) -> tuple[Block, ...]:
    sums = sums_by(told.result.cells, lambda cell: (cell.clause,))
    differing = {clause: pair for (clause,), pair in sums.items() if pair[0] != pair[1]}
    if not differing:
        return (Paragraph(told("本年度各项金额均已确定，没有上下限之分。", "No amount of the year is open.")),)
    total, low = (sum(pair[end] for pair in sums.values()) for end in (0, 1))
    rows = [
        Row((told.item(clause), told.clause(clause), money(low), money(high), money(high - low)))
        for clause, (high, low) in differing.items()
    ]
    rest = (total - sum(pair[0] for pair in differing.values()), low - sum(pair[1] for pair in differing.values()))
    if len(differing) < len(sums):
        rows.append(Row(("", told("其余各条款", "All other clauses"), money(rest[1]), money(rest[0]), money(0))))
    rows.append(Row(("", told("合计", "Total"), money(low), money(total), money(total - low)), "total"))
    columns = (
        Column(told("条", "Item"), "short"),
        Column(told("条款", "Clause"), "wide"),
        Column(told("下限（元）", "Low (yuan)")),
        Column(told("上限（元）", "High (yuan)")),
        Column(told("相差（元）", "Difference (yuan)")),
    )
    blocks: list[Block] = [
        Paragraph(
            told(
                "下列条款含尚未核定的金额。上限和下限各为一次完整测算，未核定金额分别取其允许范围的上端和下端。",
                "These clauses have amounts still to be assessed. High and low are two complete calculations, with "
                "every open amount at the upper and at the lower end of what is allowed.",
            )
        ),
        Table(told("测算区间（元）", "Low and high (yuan)"), columns, tuple(rows)),
    ]
    if any(low > high for high, low in differing.values()):
        blocks.append(
            Paragraph(
                told(
                    "个别条款下限高于上限：该条款与其他条款共用同一限制或资金总额，其他条款取上限时，该条款所得减少。",
                    "Where low is above high, the clause shares a limit or a sum of money with others: with these at "
                    "their upper ends, less is left for it.",
                )
            )
        )
    return tuple(blocks)


def _figures(told: Told, sensitivities: Sequence[Sensitivity]) -> tuple[Block, ...]:
    if not sensitivities:
        return ()
    total = sum(cell.amount for cell in told.result.cells)
    rows = []
    for one in sensitivities:
        label = one.label.in_(told.language) if one.label else one.value
        exact = "" if one.exact else told("（按原小数位取整）", " (rounded as printed)")
        item = told.items([one.item or told.item(one.clause)])
        change = f"{'+' if one.change > 0 else ''}{money(one.change)}"
        rows.append(Row((told.clause(one.clause), f"{label}{exact}", item, change, share(one.change, total))))
    columns = (
        Column(told("条款", "Clause"), "wide"),
        Column(told("标准", "Figure"), "wide"),
        Column(told("出处", "Item"), "short"),
        Column(told("合计变动（元）", "Change of the total (yuan)")),
        Column(told("占合计", "Of the total")),
    )
    return (
        Paragraph(
            told(
                f"影响最大的因素：对金额最大、且按标准计算的{len({one.clause for one in sensitivities})}项条款，"
                "将其每项标准分别提高10%，其余不变，重新测算（含限制和资金总额的作用），合计的变动如下。",
                "What would change it most: each figure read by the largest clauses that are calculated by figures was "
                "raised by 10 %, all else as it is, and the budget calculated again with its limits and pots.",
            )
        ),
        Table(told("标准提高10%的影响（元）", "Figures 10 % higher (yuan)"), columns, tuple(rows)),
    )
