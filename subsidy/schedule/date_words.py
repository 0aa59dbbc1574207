"""The words of the language about time: how far apart two days are, and the calendar's years and months."""

from __future__ import annotations

from fractions import Fraction

from subsidy.schedule import expression as ex
from subsidy.schedule.bounds import refusal
from subsidy.schedule.node import MONTH, YEAR, Node, Type, Unit

MONTH_OF_YEAR = "month_of_year"
TIME_WORDS = ("year", "month", MONTH_OF_YEAR, "date")
DISTANCES = {"full_months_since": "month", "full_years_since": "year", "days_since": "day"}
PARTS = {"year_of": YEAR, "month_of": MONTH, MONTH_OF_YEAR: MONTH_OF_YEAR}
DATE_WORDS = frozenset({*DISTANCES, *PARTS, "month"})
FIRST_YEAR, LAST_YEAR, NEVER = 1900, 2200, 9999  # of a day in a roster or schedule; of one that has not come
ENDS = {
    YEAR: (Fraction(FIRST_YEAR), Fraction(LAST_YEAR)),
    MONTH: (Fraction(FIRST_YEAR * 12), Fraction(LAST_YEAR * 12 + 11)),
    MONTH_OF_YEAR: (Fraction(1), Fraction(12)),
    "year": (Fraction(-NEVER), Fraction(NEVER)),
    "month": (Fraction(-NEVER * 12), Fraction(NEVER * 12)),
    "day": (Fraction(-NEVER * 366), Fraction(NEVER * 366)),
}


def time_node(word: str) -> Node:
    """`year`, `month` and `month_of_year` of the reading day, or the day itself (`date`)."""
    if word == "date":
        return Node("time", Type("date"), name=word)
    unit = PARTS.get(word) or {"year": YEAR, "month": MONTH}[word]
    return Node("time", Type("number", Unit((unit,)), 1, *ENDS[unit]), name=word)


def date_call(tree: ex.Call, arguments: tuple[Node, ...], has_reading_day: bool) -> Node:
    """A word of `DATE_WORDS` over typed arguments. Raises Refusal where they do not fit it."""
    if tree.name == "month":
        return _month(tree, arguments)
    for argument in arguments:
        if argument.type.kind != "date":
            raise refusal(
                f"{tree.name} 需要一个日期",
                f"{tree.name} needs a date",
                "请给出日期类事实",
                "give a fact that is a date",
                tree.at,
            )
    if tree.name in DISTANCES and len(arguments) == 1 and not has_reading_day:
        raise refusal(
            f"{tree.name} 在此处没有读取日",
            f"{tree.name} has no reading day here",
            f"请给出另一日期，写成 {tree.name}(…, 日期)，或用于按期计算的条款",
            f"give the other day, as in {tree.name}(…, DATE), or use it in clauses, which are read on a day",
            tree.at,
        )
    unit = DISTANCES.get(tree.name) or PARTS[tree.name]
    low, high = ENDS[unit]
    if tree.name in ("year_of", "month_of"):
        high = Fraction(NEVER) if tree.name == "year_of" else Fraction(NEVER * 12 + 11)
    missing = any(argument.type.can_be_missing for argument in arguments)
    kind = Type("number", Unit((unit,)), 1, low, high, can_be_missing=missing)
    return Node(tree.name, kind, arguments, written=ex.shown(tree))  # type: ignore[arg-type]


def _month(tree: ex.Call, arguments: tuple[Node, ...]) -> Node:
    """`month(YEAR, MONTH_OF_YEAR)`: a month of the calendar."""
    for argument, unit, zh, en in (
        (arguments[0], YEAR, "年份", "a year"),
        (arguments[1], MONTH_OF_YEAR, "1 至 12 的月份", "a month of the year, 1 to 12"),
    ):
        kind = argument.type
        low, high = ENDS[unit]
        if kind.kind != "number" or kind.unit != Unit((unit,)) or kind.scale != 1 or kind.quotient:
            raise refusal(
                f"month 在此处需要{zh}",
                f"month needs {en} here",
                f"请写 month(year, 7 月的名称)，后者的单位为 {MONTH_OF_YEAR}",
                f"write month(year, NAME), where the unit of NAME is {MONTH_OF_YEAR}",
                tree.at,
            )
        if unit == MONTH_OF_YEAR and not (low <= kind.low and kind.high <= high):
            raise refusal(
                "月份可能超出 1 至 12",
                "the month may lie outside 1 to 12",
                "请把它声明为 1..12，或改正该数值",
                "declare it as 1..12, or correct the value",
                tree.at,
            )
    year, month = (argument.type for argument in arguments)
    kind = Type(
        "number",
        Unit((MONTH,)),
        1,
        year.low * 12 + month.low - 1,
        year.high * 12 + month.high - 1,
        can_be_missing=year.can_be_missing or month.can_be_missing,
    )
    return Node("month", kind, arguments, written=ex.shown(tree))
