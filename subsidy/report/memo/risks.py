"""What may be wrong or fall short: rows left out, findings by kind, limits, pots."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from subsidy.engine.explain_words import money
from subsidy.finding import Finding
from subsidy.money import fen
from subsidy.report.memo.paper import Block, Column, Paragraph, Row, Table
from subsidy.report.memo.told import Told


def risks(told: Told) -> tuple[Block, ...]:
    """In this order: rows without payment, what the checks found, limits that took something away, pots."""
    blocks = [*_blocked(told), *_findings(told), *_limits(told), *_pots(told)]
    if not blocks:
        return (
            Paragraph(
                told(
                    "花名册核对未发现疑点，没有未参与测算的行，也没有限制或资金总额使应补金额减少。",
                    "The checks of the roster found nothing, no row was left out, and no limit or pot took anything "
                    "away.",
                )
            ),
        )
    return tuple(blocks)


def _blocked(told: Told) -> tuple[Block, ...]:
    blocked = told.result.blocked
    if not blocked:
        return ()
    each = told.listed(
        told(f"{told.table(table)}{rows:,}行", f"{told.table(table)} {rows:,}") for table, rows in blocked.items()
    )
    return (
        Paragraph(
            told(
                f"因错误未参与测算的行共{sum(blocked.values()):,}行：{each}。这些行所涉金额均未计入，更正后应重新测算。",
                f"{sum(blocked.values()):,} rows were left out because of errors: {each}. Nothing is paid for them; "
                f"once they are corrected the budget has to be calculated again.",
            )
        ),
    )


def _findings(told: Told) -> tuple[Block, ...]:
    """By kind of error: how many, and one of them."""
    by_kind: dict[tuple[str, str], list[Finding]] = {}
    for finding in told.result.findings:
        by_kind.setdefault((finding.severity, finding.code), []).append(finding)
    if not by_kind:
        return ()
    rows = []
    for (severity, _), several in sorted(by_kind.items(), key=lambda pair: (pair[0][0], -len(pair[1]), pair[0][1])):
        kind = told("错误", "error") if severity == "error" else told("提示", "warning")
        rows.append(Row((kind, f"{len(several):,}", where(told, several[0]), several[0].why.in_(told.language))))
    columns = (
        Column(told("性质", "Kind"), "short"),
        Column(told("数量", "Number")),
        Column(told("例（表、行）", "One of them"), "wide"),
        Column(told("情况", "What was found"), "wide"),
    )
    return (Table(told("花名册疑点", "Findings in the roster"), columns, tuple(rows)),)


def where(told: Told, finding: Finding) -> str:
    """The table, row and column of a finding, without the path of the file."""
    place = finding.place
    parts = [told.table(finding.table)] if finding.table else []
    if place.row:
        parts.append(told(f"第{place.row}行", f"row {place.row}"))
    if place.column:
        parts.append(told(f"“{told.column(place.column)}”", f"“{place.column}”"))
    return told("", " ").join(parts) or "—"


def _limits(told: Told) -> tuple[Block, ...]:
    rows = []
    for entry in told.result.limits:
        cut, over = fen(entry["cut"]), fen(entry.get("over", "0.00"))
        if cut or over:
            rows.append(Row((*_item_and_label(told, entry, "limit"), money(cut), money(over) if over else "—")))
    if not rows:
        return ()
    columns = (
        Column(told("条", "Item"), "short"),
        Column(told("限制", "Limit"), "wide"),
        Column(told("减少（元）", "Taken away (yuan)")),
        Column(told("超出（元）", "Over (yuan)")),
    )
    note = told(
        "不重复享受和上限等限制已在测算中执行，减少的金额按所属年度统计，不在合计之内。",
        "Limits on subjects are applied in the calculation; what they took away of the year's amounts is in no total.",
    )
    return (
        Paragraph(note),
        Table(told("限制的作用（元）", "What limits took away (yuan)"), columns, tuple(rows)),
    )


def _pots(told: Told) -> tuple[Block, ...]:
    pots = told.result.pots
    if not pots:
        return ()
    rows, short = [], []
    for entry in pots:
        at_most, asked, over, cut = (
            None if entry[name] is None else fen(entry[name]) for name in ("at_most", "asked", "over", "cut")
        )
        item, label = _item_and_label(told, entry, "pot")
        name = f"{label} {_span(entry)}".strip()
        shown = [told("不限", "none") if at_most is None else money(at_most)]
        rows.append(Row((item, name, *shown, *(money(one or 0) for one in (asked, over, cut)))))
        if over:
            short.append(_short(told, name, over, cut or 0))
    columns = (
        Column(told("条", "Item"), "short"),
        Column(told("资金总额", "Pot"), "wide"),
        Column(told("总额（元）", "Holds (yuan)")),
        Column(told("需求（元）", "Asked for (yuan)")),
        Column(told("超出（元）", "Over (yuan)")),
        Column(told("核减（元）", "Cut (yuan)")),
    )
    table = Table(told("资金总额的使用（元）", "Pots (yuan)"), columns, tuple(rows))
    return (*map(Paragraph, short), table)


def _short(told: Told, name: str, over: int, cut: int) -> str:
    if cut:
        return told(
            f"{name}不足：需求超出总额{told.full(over)}，已按文件规定核减{told.full(cut)}。",
            f"{name} falls short by {told.full(over)}; {told.full(cut)} were cut as the document says.",
        )
    return told(
        f"{name}不足：需求超出总额{told.full(over)}。文件未规定如何核减，本测算未核减，须另行明确资金来源。",
        f"{name} falls short by {told.full(over)}. Nothing was cut, as the document does not say how; where the money "
        f"is to come from has to be settled.",
    )


def _span(entry: Mapping[str, Any]) -> str:
    key = "、".join(str(part) for part in entry["key"].values() if part is not None)
    years = (entry["years"] or "").replace("..", "—")
    return f"{years} {key}".strip()


def _item_and_label(told: Told, entry: Mapping[str, Any], kind: str) -> tuple[str, str]:
    return entry["item"] or "", told.clause(entry[kind])
