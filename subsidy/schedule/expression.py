"""The expression language of schedules: text in, a tree out. About fifteen productions, nothing else.

    expression  = "if" expression "then" expression "else" expression | or
    or          = and { "or" and }                      and = not { "and" not }
    not         = "not" not | comparison
    comparison  = sum [ ("=" | "<>" | "<" | "<=" | ">" | ">=") sum
                      | ["not"] "between" sum "and" sum
                      | ["not"] "in" "(" sum { "," sum } ")" ]
    sum         = product { ("+" | "-") product }       product = unary { ("*" | "/") unary }
    unary       = "-" unary | primary
    primary     = number ["%" | "months"] | date | 'category' | name ["(" [expression {"," expression}] ")"]
                | "round" sum "to" name ("half_up" | "down" | "up") | "(" expression ")"

`and` binds before `or`. Names are dotted paths; Chinese names are names.
"""

from __future__ import annotations

import datetime
import re
import unicodedata
from dataclasses import dataclass
from fractions import Fraction
from typing import get_args

from subsidy.finding import Refusal, Text
from subsidy.money import Rounding

LONGEST = 4000
DEEPEST = 60
MOST_OPERATORS = 100
RESERVED = frozenset(("if", "then", "else", "and", "or", "not", "between", "in", "round", "known", "least", "greatest"))
COMPARISONS = ("<>", "<=", ">=", "=", "<", ">")
_OPERATORS = frozenset((*COMPARISONS, *"+-*/,", "and", "or", "not"))
_MEANT = {"!": "<>", "≠": "<>", "≤": "<=", "≥": ">=", "×": "*", "÷": "/", "−": "-", **dict.fromkeys('"‘’“”', "'")}


@dataclass(frozen=True)
class Number:
    value: Fraction
    unit: str  # "", "percent" or "month"
    at: int


@dataclass(frozen=True)
class Category:
    value: str
    at: int


@dataclass(frozen=True)
class DateLiteral:
    value: datetime.date
    at: int


@dataclass(frozen=True)
class Name:
    path: tuple[str, ...]
    at: int

    def __str__(self) -> str:
        return ".".join(self.path)


@dataclass(frozen=True)
class Call:
    name: str
    arguments: tuple[Expression, ...]
    at: int


@dataclass(frozen=True)
class Unary:
    operator: str  # "-" or "not"
    operand: Expression
    at: int


@dataclass(frozen=True)
class Binary:
    operator: str  # + - * / = <> < <= > >= and or
    left: Expression
    right: Expression
    at: int


@dataclass(frozen=True)
class Between:
    operand: Expression
    low: Expression
    high: Expression
    at: int


@dataclass(frozen=True)
class In:
    operand: Expression
    options: tuple[Expression, ...]
    at: int


@dataclass(frozen=True)
class If:
    condition: Expression
    then: Expression
    otherwise: Expression
    at: int


@dataclass(frozen=True)
class Round:
    operand: Expression
    to: str
    rounding: Rounding
    at: int


Expression = Number | Category | DateLiteral | Name | Call | Unary | Binary | Between | In | If | Round

_TOKEN = re.compile(
    r"""
    (?P<space>\s+)
  | (?P<date>[0-9]{4}-[0-9]{2}-[0-9]{2})
  | (?P<number>[0-9]+(?:\.[0-9]+)?)
  | (?P<text>'[^'\n]*')
  | (?P<name>[^\W\d]\w*(?:\.[^\W\d]\w*)*)
  | (?P<symbol><>|<=|>=|[-+*/=<>(),%])
    """,
    re.VERBOSE,
)


@dataclass(frozen=True)
class _Token:
    kind: str
    text: str
    at: int


def _refuse(zh: str, en: str, fix_zh: str, fix_en: str, at: int) -> Refusal:
    return Refusal(Text(zh, en), Text(fix_zh, fix_en), at)


def _tokens(source: str) -> list[_Token]:
    if len(source) > LONGEST:
        raise _refuse(
            f"表达式过长（超过 {LONGEST} 个字符）",
            f"the expression is longer than {LONGEST} characters",
            "请拆成若干步骤(steps)",
            "divide it into steps",
            0,
        )
    tokens, position = [], 0
    while position < len(source):
        match = _TOKEN.match(source, position)
        if not match:
            raise _unknown_character(source[position], position)
        kind = match.lastgroup or ""
        text = match.group()
        if kind == "name" and unicodedata.normalize("NFKC", text) != text:
            plain = unicodedata.normalize("NFKC", text)
            raise _refuse(
                f"名称 {text} 含有形近字符",
                f"the name {text} has look-alike characters",
                f"请写 {plain}",
                f"write {plain}",
                position,
            )
        if kind != "space":
            tokens.append(_Token(kind, text, position))
        position = match.end()
    if sum(token.kind != "text" and token.text in _OPERATORS for token in tokens) > MOST_OPERATORS:
        raise _refuse(
            f"表达式的运算符超过 {MOST_OPERATORS} 个",
            f"the expression has more than {MOST_OPERATORS} operators",
            "请拆成若干步骤(steps)",
            "divide it into steps",
            0,
        )
    tokens.append(_Token("end", "", len(source)))
    return tokens


def _unknown_character(character: str, at: int) -> Refusal:
    if character == "'":
        return _refuse("引号没有结束", "this quotation has no end", "请补上 '", "close it with '", at)
    meant = _MEANT.get(character) or unicodedata.normalize("NFKC", character)
    fix = (f"请写 {meant}", f"write {meant}") if meant != character else ("请删除", "remove it")
    return _refuse(f"不能识别的字符 {character}", f"unknown character {character}", *fix, at)


class _Parser:
    def __init__(self, source: str) -> None:
        self.tokens = _tokens(source)
        self.index = 0
        self.depth = 0

    @property
    def token(self) -> _Token:
        return self.tokens[self.index]

    def advance(self) -> _Token:
        token = self.token
        if token.kind != "end":
            self.index += 1
        return token

    def found(self) -> tuple[str, str]:
        """The current token, in Chinese and in English."""
        return (self.token.text, self.token.text) if self.token.text else ("结尾", "the end")

    def accept(self, *texts: str) -> _Token | None:
        if self.token.kind in ("name", "symbol") and self.token.text in texts:
            return self.advance()
        return None

    def expect(self, text: str) -> _Token:
        token = self.accept(text)
        if token is None:
            found_zh, found = self.found()
            raise _refuse(
                f"此处应为 {text}，却是 {found_zh}",
                f"expected {text}, found {found}",
                f"请补上 {text}",
                f"add {text}",
                self.token.at,
            )
        return token

    def deeper(self) -> None:
        self.depth += 1
        if self.depth > DEEPEST:
            raise _refuse(
                "表达式嵌套过深",
                "the expression is nested too deeply",
                "请拆成若干步骤(steps)",
                "divide it into steps",
                self.token.at,
            )

    def expression(self) -> Expression:
        self.deeper()
        start = self.accept("if")
        if start:
            condition = self.expression()
            self.expect("then")
            then = self.expression()
            self.expect("else")
            result: Expression = If(condition, then, self.expression(), start.at)
        else:
            result = self.disjunction()
        self.depth -= 1
        return result

    def disjunction(self) -> Expression:
        left = self.conjunction()
        while token := self.accept("or"):
            left = Binary("or", left, self.conjunction(), token.at)
        return left

    def conjunction(self) -> Expression:
        left = self.negation()
        while token := self.accept("and"):
            left = Binary("and", left, self.negation(), token.at)
        return left

    def negation(self) -> Expression:
        negations = []
        while token := self.accept("not"):
            negations.append(token.at)
        result = self.comparison()
        for at in reversed(negations):
            result = Unary("not", result, at)
        return result

    def comparison(self) -> Expression:
        left = self.sum()
        if token := self.accept(*COMPARISONS):
            right = self.sum()
            if second := self.accept(*COMPARISONS):
                raise _refuse(
                    "比较不能连写",
                    "comparisons cannot be chained",
                    "请用 between … and …,或用 and 连接两个比较",
                    "use between … and …, or join two with and",
                    second.at,
                )
            return Binary(token.text, left, right, token.at)
        denied = self.accept("not")
        if token := self.accept("between"):
            low = self.sum()
            self.expect("and")
            result: Expression = Between(left, low, self.sum(), token.at)
        elif token := self.accept("in"):
            self.expect("(")
            options = [self.sum()]
            while self.accept(","):
                options.append(self.sum())
            self.expect(")")
            result = In(left, tuple(options), token.at)
        elif denied:
            raise _refuse(
                "not 之后应为 between 或 in",
                "after not, between or in is expected",
                "把 not 写在比较之前",
                "put not before the comparison",
                denied.at,
            )
        else:
            return left
        return Unary("not", result, denied.at) if denied else result

    def sum(self) -> Expression:
        left = self.product()
        while token := self.accept("+", "-"):
            left = Binary(token.text, left, self.product(), token.at)
        return left

    def product(self) -> Expression:
        left = self.unary()
        while token := self.accept("*", "/"):
            left = Binary(token.text, left, self.unary(), token.at)
        return left

    def unary(self) -> Expression:
        signs = []
        while token := self.accept("-"):
            signs.append(token.at)
        result = self.primary()
        for at in reversed(signs):
            result = Unary("-", result, at)
        return result

    def primary(self) -> Expression:
        token = self.token
        if token.kind == "number":
            self.advance()
            if self.accept("%"):
                return Number(Fraction(token.text) / 100, "percent", token.at)
            if self.accept("months", "month"):
                return Number(Fraction(token.text), "month", token.at)
            return Number(Fraction(token.text), "", token.at)
        if token.kind == "date":
            self.advance()
            try:
                return DateLiteral(datetime.date.fromisoformat(token.text), token.at)
            except ValueError:
                raise _refuse(
                    f"没有 {token.text} 这一天",
                    f"there is no day {token.text}",
                    "请写成 2021-11-05",
                    "write it like 2021-11-05",
                    token.at,
                ) from None
        if token.kind == "text":
            self.advance()
            return Category(token.text[1:-1], token.at)
        if self.accept("("):
            inner = self.expression()
            self.expect(")")
            return inner
        if self.accept("round"):
            return self.rounding(token.at)
        if token.kind == "name" and token.text not in RESERVED - {"known", "least", "greatest"}:
            self.advance()
            if self.accept("("):
                return self.call(token)
            return Name(tuple(token.text.split(".")), token.at)
        found_zh, found = self.found()
        raise _refuse(
            f"此处应为数、名称或括号，却是 {found_zh}",
            f"expected a number, a name or a bracket, found {found}",
            "请检查此处之前的运算符",
            "check the operator before it",
            token.at,
        )

    def call(self, token: _Token) -> Expression:
        arguments: list[Expression] = []
        if not self.accept(")"):
            arguments.append(self.expression())
            while self.accept(","):
                arguments.append(self.expression())
            self.expect(")")
        return Call(token.text, tuple(arguments), token.at)

    def rounding(self, at: int) -> Expression:
        self.deeper()
        operand = self.sum()
        self.depth -= 1
        self.expect("to")
        to = self.advance()
        mode = self.advance()
        if to.kind not in ("name", "number") or mode.text not in get_args(Rounding):
            raise _refuse(
                "舍入须写明单位和方式",
                "a rounding names its unit and its way",
                "请写成 round … to fen half_up（或 down、up）",
                "write round … to fen half_up (or down, up)",
                to.at,
            )
        return Round(operand, to.text, mode.text, at)  # type: ignore[arg-type]


def parse(source: str) -> Expression:
    """The tree of an expression. Raises Refusal with the offset of the mistake in `source`."""
    parser = _Parser(source)
    tree = parser.expression()
    if parser.token.kind != "end":
        raise _refuse(
            f"多余的内容 {parser.token.text}",
            f"unexpected {parser.token.text}",
            "请检查运算符和引号（类别要写在单引号内）",
            "check operators and quotes (categories stand in single quotes)",
            parser.token.at,
        )
    return tree


def conjuncts(tree: Expression) -> list[Expression]:
    """The conditions that `and` joins at the top of a tree, in order."""
    if isinstance(tree, Binary) and tree.operator == "and":
        return [*conjuncts(tree.left), *conjuncts(tree.right)]
    return [tree]


def shown(tree: Expression) -> str:
    """The expression as text again, with no more brackets than needed to read it."""

    def inner(node: Expression) -> str:
        is_open = isinstance(node, (Binary, Between, In, If, Round)) or (
            isinstance(node, Unary) and node.operator == "not"
        )
        return f"({shown(node)})" if is_open else shown(node)

    match tree:
        case Number(value, unit):
            if unit == "percent":
                return f"{_plain(value * 100)}%"
            return f"{_plain(value)} months" if unit == "month" else _plain(value)
        case Category(value):
            return f"'{value}'"
        case DateLiteral(value):
            return value.isoformat()
        case Name(path):
            return ".".join(path)
        case Call(name, arguments):
            return f"{name}({', '.join(shown(argument) for argument in arguments)})"
        case Unary(operator, operand):
            return f"{operator}{' ' if operator == 'not' else ''}{inner(operand)}"
        case Binary(operator, left, right):
            if operator in ("and", "or"):
                return f"{_joined(left, operator)} {operator} {_joined(right, '')}"
            return f"{inner(left)} {operator} {inner(right)}"
        case Between(operand, low, high):
            return f"{inner(operand)} between {inner(low)} and {inner(high)}"
        case In(operand, options):
            return f"{inner(operand)} in ({', '.join(inner(option) for option in options)})"
        case If(condition, then, otherwise):
            return f"if {shown(condition)} then {shown(then)} else {shown(otherwise)}"
        case Round(operand, to, rounding):
            return f"round {inner(operand)} to {to} {rounding}"


def _joined(node: Expression, operator: str) -> str:
    """A side of `and` or `or`: bare where it is a chain of this very operator, or binds more tightly."""
    is_open = isinstance(node, If) or (
        isinstance(node, Binary) and node.operator in ("and", "or") and node.operator != operator
    )
    return f"({shown(node)})" if is_open else shown(node)


def _plain(value: Fraction) -> str:
    if value.denominator == 1:
        return str(value.numerator)
    for places in range(1, 20):
        scaled = value * 10**places
        if scaled.denominator == 1:
            digits = f"{abs(scaled.numerator):0{places + 1}d}"
            return f"{'-' if value < 0 else ''}{digits[:-places]}.{digits[-places:]}"
    return f"{value.numerator}/{value.denominator}"


plain_number = _plain
