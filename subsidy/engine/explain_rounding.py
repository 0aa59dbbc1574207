"""Every rounding of an expression with the number before and after it."""

from __future__ import annotations

from collections.abc import Iterator

from subsidy.engine.explain_words import Words, exact_number, number_of
from subsidy.engine.explanation import Line
from subsidy.engine.row_reader import ReadRow
from subsidy.finding import Text
from subsidy.schedule.node import Node

ROUNDED = Text("{way}到{to}", "rounded to {to}, {way}")
WAYS = {
    "half_up": Text("四舍五入", "half up"),
    "down": Text("只舍不入", "down"),
    "up": Text("只入不舍", "up"),
}
ROUNDING_UNITS = {
    "fen": Text("分", "the fen"),
    "jiao": Text("角", "the jiao"),
    "yuan": Text("元", "the yuan"),
    "1": Text("个位", "a whole number"),
}


def roundings(section: str, node: Node, row: ReadRow, words: Words) -> Iterator[Line]:
    """Every rounding within an expression that changed a number, the inner ones first."""
    found = [one for one in _expressions(node) if one.operation == "round"]
    for one in reversed(found):
        inner = one.arguments[0]
        before, after = number_of(inner.type, row.of(inner)), number_of(one.type, row.of(one))
        if before is None or after is None or before == after:
            continue
        by = words.version.model.values.get(one.name)
        in_percent = by is not None and by.unit.startswith("percent")
        to = words(ROUNDING_UNITS[one.name]) if one.name in ROUNDING_UNITS else one.name
        if len(one.arguments) > 1:
            step = one.arguments[1]
            to = f"{words.value(step.type, row.of(step), None, in_percent)} {one.name}"
            to = f" {to}" if words.language == "zh" else to
        name = words(ROUNDED, way=words(WAYS[one.rounding]), to=to)
        in_yuan = "yuan" in one.type.unit.over
        data = {
            "rounded_to": one.name,
            "way": one.rounding,
            "before": exact_number(before, in_yuan),
            "after": exact_number(after, in_yuan),
        }
        ends = (words.rounded(number, kind, in_percent) for number, kind in ((before, inner.type), (after, one.type)))
        shown = " → ".join(ends)
        yield Line(section, name, shown, depth=1, data=data)


def _expressions(node: Node) -> Iterator[Node]:
    """What is written in an expression itself, not in the steps it reads by name and the keys it looks up by."""
    yield node
    if node.operation in ("step", "derived", "value", "slices"):
        return
    for argument in node.arguments:
        yield from _expressions(argument)
