"""What facts are on the rows of a table on one day, for the choice of rows outside any clause."""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence

from subsidy import sql
from subsidy.engine.base import dated_rows, plain_rows
from subsidy.engine.calendar import EVER, month_of
from subsidy.engine.cells import Value
from subsidy.engine.grain import GrainCompiler
from subsidy.engine.layers import ref
from subsidy.engine.run import Prepared
from subsidy.schedule.figures import day_number
from subsidy.schedule.load import Version
from subsidy.schedule.node import Node

Content = str | bool | None


def facts_by_row(
    prepared: Prepared, version: Version, table: str, nodes: Sequence[Node], day: datetime.date
) -> Mapping[int, tuple[Content, ...]]:
    """By source row what each node (a category, text, or yes or no) is on a day; None is missing."""
    when = Value(sql.whole(day_number(day)), None, sql.whole(month_of(day)), sql.whole(day.day))
    layers = dated_rows(plain_rows(version, prepared.shape, table), when, when)
    rows = GrainCompiler(version, prepared.shape, "high", EVER, EVER, EVER, lambda _: None).rows(layers, table)
    columns = [(f"fact{number}", rows.value(node).main) for number, node in enumerate(nodes)]
    found = prepared.rows(layers.query([("row", ref("_row")), *columns]))
    return {row[0]: row[1:] for row in found}
