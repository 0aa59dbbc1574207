"""Names, figures and expressions of a schedule in words for people who read policies, in Chinese or English."""

from __future__ import annotations

import re
from collections.abc import Sequence
from fractions import Fraction

from subsidy.engine.explain_words import NO, YES, Words, exact_number, grouped
from subsidy.finding import Text
from subsidy.schedule import expression as ex
from subsidy.schedule.date_words import TIME_WORDS

NO_FIGURE = "—"
OTHER, ANY = Text("其他", "other"), Text("任何", "any")
JOINTS = {"or": Text("或", " or "), "and": Text("与", " and ")}
BRACKETS = Text("（{0}）", " ({0})")
OF = Text("的", "'s ")
RANGES = {
    (False, False): Text("{low} 至 {high}", "{low} to {high}"),
    (True, False): Text("超过 {low} 至 {high}", "over {low} to {high}"),
    (False, True): Text("{low} 至不足 {high}", "{low} to below {high}"),
    (True, True): Text("超过 {low} 至不足 {high}", "over {low} to below {high}"),
}
TIMES = {
    (True, False): Text("{low} 起", "from {low} on"),
    (False, False): Text("至 {high}", "until {high}"),
    (False, True): Text("{high} 以前", "before {high}"),
}
FROM = {False: Text("{low} 及以上", "{low} and over"), True: Text("超过 {low}", "over {low}")}
TO = {False: Text("{high} 及以下", "up to {high}"), True: Text("不足 {high}", "below {high}")}
_RANGE = re.compile(r"(?P<over>>?)(?P<low>.*?)\.\.(?P<below><?)(?P<high>.*)")
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}")
_NUMBERED = re.compile(r"[0-9一二三四五六七八九十（(]")
_NUMBER = re.compile(r"-?[0-9]+(\.[0-9]+)?")

COMPARISONS = {"=": "=", "<>": "≠", "<": "<", "<=": "≤", ">": ">", ">=": "≥"}
IS, IS_NOT = Text("{0}为{1}", "{0} is {1}"), Text("{0}不为{1}", "{0} is not {1}")
AND, OR = Text("{0} 且 {1}", "{0} and {1}"), Text("{0} 或 {1}", "{0} or {1}")
NOT = Text("不符合（{0}）", "not ({0})")
BETWEEN = Text("{0}在 {1} 至 {2} 之间", "{0} is from {1} to {2}")
STATED = Text("{0}：{1}", "{0}: {1}")
IF = Text("如果{0}，为 {1}；否则为 {2}", "{1} if {0}; otherwise {2}")
CALLS = {
    "known": Text("{0}已填", "{0} is filled in"),
    "full_months_since": Text("自{0}起的满月数", "full months since {0}"),
    "full_years_since": Text("自{0}起的满年数", "full years since {0}"),
    "days_since": Text("自{0}起的天数", "days since {0}"),
    "year_of": Text("{0}所在年份", "the year of {0}"),
    "month_of": Text("{0}所在月份", "the month of {0}"),
    "month_of_year": Text("{0}在一年中的月份", "the month of the year of {0}"),
    "month": Text("{0}的第 {1} 个月", "month {1} of {0}"),
    "lowest_of": Text("“{0}”中最低的数", "the lowest of “{0}”"),
    "highest_of": Text("“{0}”中最高的数", "the highest of “{0}”"),
    "slices": Text("{0}按“{1}”分段累进计算", "{0} charged slice by slice at “{1}”"),
}
UNTIL = {
    "full_months_since": Text("自{0}至{1}的满月数", "full months from {0} to {1}"),
    "full_years_since": Text("自{0}至{1}的满年数", "full years from {0} to {1}"),
    "days_since": Text("自{0}至{1}的天数", "days from {0} to {1}"),
}
CHOICES = {
    "least": Text("{0} 取小", "the lesser of {0}"),
    "greatest": Text("{0} 取大", "the greater of {0}"),
}
BETWEEN_CHOICES = Text(" 与 ", " and ")
ROUNDINGS = {
    "half_up": Text("{0}（四舍五入到{1}）", "{0} (rounded half up to {1})"),
    "down": Text("{0}（不足{1}的舍去）", "{0} (rounded down to {1})"),
    "up": Text("{0}（不足{1}的按{1}计）", "{0} (rounded up to {1})"),
}
STEPS = {
    "fen": Text("一分", "the fen"),
    "jiao": Text("一角", "the jiao"),
    "yuan": Text("一元", "the yuan"),
    "1": Text("整数 1", "a whole number"),
}
OWN_WORDS = {
    "year": Text("当年", "the year"),
    "month": Text("当月", "the month"),
    "date": Text("取数日", "the reading day"),
    "month_of_year": Text("一年中的月份", "the month of the year"),
    "rest": Text("其余", "the rest"),
    "present": Text("在册", "present"),
}
MONTHS = Text("{0} 个月", "{0} months")


class Phrases:
    """What is written in one version, in one language."""

    def __init__(self, words: Words) -> None:
        self.words = words
        self.values = words.version.model.values

    def say(self, sentence: Text, *parts: str) -> str:
        return sentence.in_(self.words.language).format(*parts)

    @property
    def colon(self) -> str:
        return "：" if self.words.language == "zh" else ": "

    @property
    def semicolon(self) -> str:
        return "；" if self.words.language == "zh" else "; "

    # --- names -------------------------------------------------------------------------------------------------

    def word(self, name: str) -> str:
        """A name: its Chinese word where there is one, in English without underscores."""
        return self.words.word(name) if self.words.language == "zh" else name.replace("_", " ")

    def fact(self, path: Sequence[str]) -> str:
        """A fact by the way to it: 机构的星级, facility's star."""
        if len(path) == 1 and path[0] in OWN_WORDS:
            return self.say(OWN_WORDS[path[0]])
        return self.say(OF).join(self.word(one) for one in path)

    def listed(self, several: Sequence[str], joint: str = "or") -> str:
        """a, b or c."""
        *first, last = several
        return f"{self.words.list.join(first)}{self.say(JOINTS[joint])}{last}" if first else last

    def in_brackets(self, text: str) -> str:
        return self.say(BRACKETS, text)

    def item(self, item: str | None, part: str | None) -> str:
        """Where something stands in the document: 第 16 条, 正文 第 三 条, 五 资金."""
        if item is None or _NUMBERED.match(item):
            return self.words.item(item, part) if item else part or ""
        return " ".join(filter(None, (part, item)))

    def value(self, name: str) -> str:
        label = self.values[name].label
        return label.in_(self.words.language) if label else f"`{name}`"

    # --- figures -----------------------------------------------------------------------------------------------

    def figure(self, written: str, unit: str, bare: bool = False) -> str:
        """A printed figure: 225 元/人/月, 33.33 元, 30%, 2021-11-05. `bare`: without its unit."""
        if written == "none":
            return NO_FIGURE
        if not _NUMBER.fullmatch(written):
            return written
        number = Fraction(written)
        text = grouped(exact_number(number, "yuan" in unit and number.denominator != 1))
        shown = "" if bare else self.words.unit(unit, abs(number) != 1)
        return f"{text}{shown}" if shown.startswith("/") else f"{text} {shown}".rstrip()

    def key(self, written: str, of: str = "") -> str:
        """A key of figures: a category, a range of numbers or days, `other`. `of`: the name of what is looked up."""
        if written == "other":
            return self.say(OTHER)
        match = _RANGE.fullmatch(written)
        if match is None:
            return written if _NUMBER.fullmatch(written) else self.word(written)
        over, below = bool(match["over"]), bool(match["below"])
        in_time = of in TIME_WORDS or _DAY.match(match["low"] or match["high"]) is not None
        ends = {end: match[end] if in_time else grouped(match[end]) for end in ("low", "high")}
        if all(ends.values()):
            sentence = RANGES[over, below]
        elif not any(ends.values()):
            sentence = ANY
        elif in_time:
            sentence = TIMES[bool(ends["low"]), below]
        else:
            sentence = FROM[over] if ends["low"] else TO[below]
        return sentence.in_(self.words.language).format(**ends)

    # --- expressions -------------------------------------------------------------------------------------------

    def told(self, written: str) -> str:
        """An amount, a measure or a key as the schedule writes it, in words."""
        return self.expression(ex.parse(written))

    def asked(self, written: str) -> str:
        """A condition as the schedule writes it, in words."""
        return self.condition(ex.parse(written))

    def expression(self, tree: ex.Expression) -> str:
        """An amount, a measure or a condition in words."""
        match tree:
            case ex.Number():
                return self._number(tree)
            case ex.Category():
                return self.word(tree.value)
            case ex.DateLiteral():
                return tree.value.isoformat()
            case ex.Name():
                return self._name(tree)
            case ex.Call():
                return self._call(tree)
            case ex.Unary(operator="-"):
                return f"−{self._inner(tree.operand, 7)}"
            case ex.Unary():
                return self._denied(tree.operand)
            case ex.Between():
                return self.say(BETWEEN, *map(self.expression, (tree.operand, tree.low, tree.high)))
            case ex.In():
                return self._one_of(tree, IS)
            case ex.If():
                return self.say(
                    IF, self.condition(tree.condition), self.expression(tree.then), self.expression(tree.otherwise)
                )
            case ex.Round():
                to = self.say(STEPS[tree.to]) if tree.to in STEPS else self._name(ex.Name((tree.to,), 0))
                return self.say(ROUNDINGS[tree.rounding], self._inner(tree.operand, 6), to)
            case _:
                return self._binary(tree)

    def condition(self, tree: ex.Expression) -> str:
        """The same where a name alone is a question: 高龄：是."""
        return self.say(STATED, self._name(tree), self.say(YES)) if isinstance(tree, ex.Name) else self.expression(tree)

    def _number(self, tree: ex.Number) -> str:
        if tree.unit == "percent":
            return f"{grouped(exact_number(tree.value * 100, False))}%"
        text = grouped(exact_number(tree.value, False))
        return self.say(MONTHS, text) if tree.unit == "month" else text

    def _name(self, tree: ex.Name) -> str:
        """A fact; a value of one figure as the figure; a clause by its label."""
        name = str(tree)
        if name in self.values:
            model = self.values[name]
            return self.value(name) if isinstance(model.figures, dict) else self.figure(model.figures, model.unit)
        clause = self.words.version.clauses.get(name)
        return f"“{self.words.clause(clause)}”" if clause is not None else self.fact(tree.path)

    def _call(self, tree: ex.Call) -> str:
        arguments = [self.expression(one) for one in tree.arguments]
        if tree.name in CHOICES:
            among = self.say(BETWEEN_CHOICES).join(self._inner(one, 6) for one in tree.arguments)
            return self.say(CHOICES[tree.name], among)
        if tree.name == "slices":
            return self.say(CALLS["slices"], self._inner(tree.arguments[0], 6), *arguments[1:])
        if tree.name in UNTIL and len(arguments) == 2:
            return self.say(UNTIL[tree.name], *arguments)
        if tree.name in CALLS:
            return self.say(CALLS[tree.name], *arguments)
        if tree.name == "nullif":
            return arguments[0]
        called = self.value(tree.name) if tree.name in self.values else self.word(tree.name)
        return f"{called}{self.in_brackets(self.words.list.join(arguments))}"

    def _one_of(self, tree: ex.In, sentence: Text) -> str:
        return self.say(
            sentence, self.expression(tree.operand), self.listed([self.expression(one) for one in tree.options])
        )

    def _denied(self, tree: ex.Expression) -> str:
        match tree:
            case ex.Name():
                return self.say(STATED, self._name(tree), self.say(NO))
            case ex.In():
                return self._one_of(tree, IS_NOT)
            case _:
                return self.say(NOT, self.expression(tree))

    def _binary(self, tree: ex.Binary) -> str:
        operator = tree.operator
        if operator in ("and", "or"):
            return self.say(
                AND if operator == "and" else OR, *(self._side(one, operator) for one in (tree.left, tree.right))
            )
        if isinstance(tree.right, ex.Category) and operator in ("=", "<>"):
            return self.say(IS if operator == "=" else IS_NOT, self.expression(tree.left), self.expression(tree.right))
        if operator in COMPARISONS:
            return f"{self._inner(tree.left, 4)} {COMPARISONS[operator]} {self._inner(tree.right, 4)}"
        binds = _binding(tree)
        sign = {"*": "×", "/": "÷", "-": "−", "+": "+"}[operator]
        right = self._inner(tree.right, binds + (operator in "-/"))
        return f"{self._inner(tree.left, binds)} {sign} {right}"

    def _side(self, tree: ex.Expression, operator: str) -> str:
        """A side of `and` or `or`, in brackets where it is a chain of the other one."""
        other = isinstance(tree, ex.Binary) and tree.operator in ("and", "or") and tree.operator != operator
        return self.in_brackets(self.condition(tree)).strip() if other else self.condition(tree)

    def _inner(self, tree: ex.Expression, binds: int) -> str:
        """A part of an expression, in brackets where it binds less than what it stands in."""
        text = self.expression(tree)
        return self.in_brackets(text).strip() if _binding(tree) < binds else text


def _binding(tree: ex.Expression) -> int:
    """How strongly what an expression is made of holds together."""
    match tree:
        case ex.If():
            return 0
        case ex.Call(name="slices" | "least" | "greatest"):
            return 4
        case ex.Binary(operator="+" | "-"):
            return 5
        case ex.Binary(operator="*" | "/"):
            return 6
        case ex.Binary() | ex.Between() | ex.In():
            return 3
        case _:
            return 9
