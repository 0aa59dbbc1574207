"""Conditions in words: full_months_since(hired) >= service is 自入职日期起满的月数不少于连续从事时间（12 个月）."""

from __future__ import annotations

from subsidy.finding import Language, Text
from subsidy.schedule import expression as ex
from subsidy.schedule.load import Version
from subsidy.schedule.units import unit_text

OPERATORS = {
    "and": Text("，且", " and "),
    "or": Text("，或", " or "),
    "=": Text("为", " is "),
    "<>": Text("不为", " is not "),
    "<": Text("少于", " is less than "),
    "<=": Text("不超过", " is at most "),
    ">": Text("多于", " is more than "),
    ">=": Text("不少于", " is at least "),
    "+": Text("加", " plus "),
    "-": Text("减", " minus "),
    "*": Text("乘", " times "),
    "/": Text("除以", " over "),
}
CALLS = {
    "full_months_since": Text("自{0}起满的月数", "full months since {0}"),
    "full_years_since": Text("自{0}起满的年数", "full years since {0}"),
    "days_since": Text("自{0}起的天数", "days since {0}"),
    "year_of": Text("{0}的年份", "year of {0}"),
    "month_of": Text("{0}的月份", "month of {0}"),
    "known": Text("{0}已知", "{0} is known"),
    "least": Text("{all}中最小的", "the least of {all}"),
    "greatest": Text("{all}中最大的", "the greatest of {all}"),
}
BRACKETS = Text("（{}）", "({})")
FIGURE = Text("{}（{}）", "{} ({})")
NOT = Text("非{}", "not {}")
BETWEEN = Text("{}在 {} 至 {} 之间", "{} between {} and {}")
IN = Text("{}为 {} 之一", "{} is one of {}")
IF = Text("如{}则{}，否则{}", "{1} if {0}, else {2}")
OF = Text("{}的{}", "{1} of the {0}")
SEPARATOR = Text("、", ", ")


def spoken(tree: ex.Expression, version: Version) -> Text:
    """An expression in the words of a version, in both languages."""
    return Text(_Speaker(version, "zh").said(tree), _Speaker(version, "en").said(tree))


class _Speaker:
    def __init__(self, version: Version, language: Language) -> None:
        self.version = version
        self.language: Language = language

    def said(self, tree: ex.Expression) -> str:
        match tree:
            case ex.Category(value):
                return self._name(value)
            case ex.Name(path):
                return self._value(path[0]) if path[0] in self.version.model.values else self._fact(path)
            case ex.Call(name, arguments):
                return self._call(name, [self.said(argument) for argument in arguments])
            case ex.Unary("not", operand):
                return self._put(NOT, self._inner(operand))
            case ex.Binary(operator, left, right) if operator in OPERATORS:
                between = OPERATORS[operator].in_(self.language)
                return f"{self._inner(left, operator)}{between}{self._inner(right, operator)}"
            case ex.Between(operand, low, high):
                return self._put(BETWEEN, *map(self._inner, (operand, low, high)))
            case ex.In(operand, options):
                listed = SEPARATOR.in_(self.language).join(map(self.said, options))
                return self._put(IN, self._inner(operand), listed)
            case ex.If(condition, then, otherwise):
                return self._put(IF, *map(self.said, (condition, then, otherwise)))
            case _:
                return ex.shown(tree)

    def _inner(self, tree: ex.Expression, operator: str = "") -> str:
        """A part, in brackets where `and` and `or` are mixed."""
        mixed = isinstance(tree, ex.Binary) and tree.operator in ("and", "or") and tree.operator != operator
        return self._put(BRACKETS, self.said(tree)) if mixed or isinstance(tree, ex.If) else self.said(tree)

    def _put(self, sentence: Text, *parts: str) -> str:
        return sentence.in_(self.language).format(*parts)

    def _call(self, name: str, arguments: list[str]) -> str:
        listed = SEPARATOR.in_(self.language).join(arguments)
        if name in CALLS and arguments:
            return CALLS[name].in_(self.language).format(*arguments, all=listed)
        return f"{self._name(name)}{self._put(BRACKETS, listed)}"

    def _fact(self, path: tuple[str, ...]) -> str:
        *tables, name = map(self._name, path)
        return self._put(OF, tables[-1], name) if tables else name

    def _value(self, name: str) -> str:
        """A value by its label, with its figure where it has but one."""
        value = self.version.model.values[name]
        label = value.label.in_(self.language) if value.label else self._name(name)
        if not isinstance(value.figures, str):
            return label
        unit = "" if value.unit in ("date", "percent") else f" {self._unit(value.unit, value.figures)}"
        return self._put(FIGURE, label, f"{value.figures}{unit}")

    def _unit(self, unit: str, figure: str) -> str:
        return unit_text(unit, self.version.words, self.language, is_many=figure != "1")

    def _name(self, name: str) -> str:
        """A name or category by its word in Chinese, its own letters apart in English."""
        return self.version.words.get(name, name) if self.language == "zh" else name.replace("_", " ")
