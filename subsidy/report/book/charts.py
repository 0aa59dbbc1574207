"""Charts of the sums: by clause, by district, by payer; native ones, drawn from the cells of the other sheets."""

from __future__ import annotations

from typing import Any

from subsidy.finding import Text
from subsidy.report.book.budget_sheets import BY_CLAUSE, BY_DISTRICT
from subsidy.report.book.context import Context
from subsidy.report.book.look import FONT
from subsidy.report.book.page import Page

TITLE = Text("图表", "Charts")
BY_PAYER = Text("按承担主体", "By payer")
UNIT = Text("{what}（元）", "{what} (yuan)")
WIDTH, ROWS_HIGH, ROW_PIXELS, LEAST = 900, 26, 20, 320


def write_charts(context: Context, name: str, by_clause: Page, by_district: Page, payers: int) -> Page:
    """One chart below another: bars by clause and by district, a ring by payer."""
    page = context.page(name, context.say(TITLE), [context.unit_line()])
    context.look.set_up_print(page.sheet, context.header, landscape=False, repeated=None)
    for source, title, label, value in (
        (by_clause, BY_CLAUSE, 1, 2 + payers),
        (by_district, BY_DISTRICT, 0, 1 + payers),
    ):
        rows = [row for row, _, bold in source.rows if not bold]
        if rows:
            chart = context.book.add_chart({"type": "bar"})
            span = (rows[0], rows[-1])
            chart.add_series(
                {
                    "categories": [source.name, span[0], label, span[1], label],
                    "values": [source.name, span[0], value, span[1], value],
                    "fill": {"color": "#2E75B6"},
                    "gap": 40,
                }
            )
            chart.set_legend({"none": True})
            chart.set_y_axis({"reverse": True, "num_font": _font(context, 9)})
            chart.set_x_axis({"num_format": "#,##0", "num_font": _font(context, 9), "label_position": "high"})
            _insert(context, page, chart, context.say(UNIT, what=context.say(title)), len(rows))
    total = by_clause.rows[-1][0]
    if payers:
        ring = context.book.add_chart({"type": "pie"})
        ring.add_series(
            {
                "categories": [by_clause.name, by_clause.headed, 2, by_clause.headed, 1 + payers],
                "values": [by_clause.name, total, 2, total, 1 + payers],
                "data_labels": {"percentage": True, "font": _font(context, 10)},
            }
        )
        ring.set_legend({"font": _font(context, 10)})
        _insert(context, page, ring, context.say(UNIT, what=context.say(BY_PAYER)), 10)
    return page


def _font(context: Context, size: int) -> dict[str, Any]:
    return {"name": FONT[context.language], "size": size}


def _insert(context: Context, page: Page, chart: Any, title: str, bars: int) -> None:
    height = max(LEAST, bars * ROWS_HIGH + 100)
    chart.set_title({"name": title, "name_font": _font(context, 14)})
    chart.set_size({"width": WIDTH, "height": height})
    page.sheet.insert_chart(page.row + 1, 0, chart)
    page.row += height // ROW_PIXELS + 2
