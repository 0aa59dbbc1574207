"""The expression language: what it reads, how it prints, and what it refuses, quickly."""

from __future__ import annotations

import dataclasses
import datetime
import time
from fractions import Fraction
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from subsidy.finding import Refusal
from subsidy.money import Rounding
from subsidy.schedule import expression as ex
from subsidy.schedule.expression import (
    Between,
    Binary,
    Call,
    Category,
    DateLiteral,
    Expression,
    If,
    In,
    Name,
    Number,
    Round,
    Unary,
    conjuncts,
    parse,
    shown,
)


def placeless(tree: Any) -> Any:
    """The same tree without offsets."""
    if isinstance(tree, tuple):
        return tuple(placeless(part) for part in tree)
    if not isinstance(tree, Expression):
        return tree
    fields = {field.name: placeless(getattr(tree, field.name)) for field in dataclasses.fields(tree)}
    return dataclasses.replace(tree, **{**fields, "at": 0})


def same(one: str, two: str) -> bool:
    return bool(placeless(parse(one)) == placeless(parse(two)))


# --- printing and reading back -------------------------------------------------------------------------------------

WORDS = st.sampled_from(["a", "beds", "days_present", "x1", "机构", "星级", "_q", "month", "months", "to", "half_up"])
NAMES = st.lists(WORDS, min_size=1, max_size=3).map(lambda words: Name(tuple(words), 0))
NUMBERS = st.one_of(
    st.builds(Number, st.integers(0, 10**6).map(Fraction), st.sampled_from(["", "month"]), st.just(0)),
    st.builds(Number, st.decimals(0, 1000, places=3).map(Fraction), st.sampled_from(["", "percent"]), st.just(0)),
)
LEAVES = st.one_of(
    NAMES,
    NUMBERS,
    st.builds(Category, st.text("ab 养老_-", max_size=4), st.just(0)),
    st.builds(DateLiteral, st.dates(datetime.date(1000, 1, 1)), st.just(0)),
)


def _grown(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    arguments = st.lists(inner, max_size=3).map(tuple)
    options = st.lists(inner, min_size=1, max_size=3).map(tuple)
    operators = st.sampled_from(["+", "-", "*", "/", "and", "or", *ex.COMPARISONS])
    return st.one_of(
        st.builds(Call, st.sampled_from(["least", "known", "rate", "f.g"]), arguments, st.just(0)),
        st.builds(Unary, st.sampled_from(["-", "not"]), inner, st.just(0)),
        st.builds(Binary, operators, inner, inner, st.just(0)),
        st.builds(Between, inner, inner, inner, st.just(0)),
        st.builds(In, inner, options, st.just(0)),
        st.builds(If, inner, inner, inner, st.just(0)),
        st.builds(Round, inner, st.sampled_from(["fen", "1", "step"]), st.sampled_from(get_args(Rounding)), st.just(0)),
    )


@given(st.recursive(LEAVES, _grown, max_leaves=12))
def test_a_shown_tree_reads_back_as_the_same_tree(tree: Expression) -> None:
    assert placeless(parse(shown(tree))) == placeless(tree), shown(tree)


@pytest.mark.parametrize(
    "written",
    [
        "facility.star >= 1 and days_present >= 1",
        "(a or b) and not c",
        "least(actual_cost, adaptation_cap)",
        "if group = 'destitute' then full_rate else half_rate",
        "round (cost * share) to fen half_up",
        "type in ('institution', 'centre')",
        "a between low and high",
        "100% - share",
        "full_months_since(hired) >= 12 months",
        "consumption(year - 1)",
        "机构.星级 >= 1",
        "not known(left)",
    ],
)
def test_usual_expressions_print_as_they_are_written(written: str) -> None:
    assert shown(parse(written)) == written


# --- precedence ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("a or b and c", "a or (b and c)"),
        ("a and b or c", "(a and b) or c"),
        ("not a and b", "(not a) and b"),
        ("not a = b", "not (a = b)"),
        ("not not a", "not (not a)"),
        ("a + b * c", "a + (b * c)"),
        ("a - b - c", "(a - b) - c"),
        ("a / b / c", "(a / b) / c"),
        ("a * b / c", "(a * b) / c"),
        ("-a * b", "(-a) * b"),
        ("a - -b", "a - (-b)"),
        ("a + b < c * d", "(a + b) < (c * d)"),
        ("a between b and c and d", "(a between b and c) and d"),
        ("a not between b and c", "not (a between b and c)"),
        ("a not in ('x', 'y')", "not (a in ('x', 'y'))"),
        ("if a then b else c + d", "if a then b else (c + d)"),
        ("if a then b else if c then d else e", "if a then b else (if c then d else e)"),
        ("round a + b to fen down", "round (a + b) to fen down"),
        ("round a to fen down * b", "(round a to fen down) * b"),
        ("a  <>\n b", "a <> b"),
    ],
)
def test_precedence(written: str, meant: str) -> None:
    assert same(written, meant)


def test_conjuncts_are_what_and_joins_at_the_top() -> None:
    joined = parse("a and (b or c) and (d and not e)")
    assert [shown(tree) for tree in conjuncts(joined)] == ["a", "b or c", "d", "not e"]
    assert [shown(tree) for tree in conjuncts(parse("a or b"))] == ["a or b"]


def test_offsets_are_of_the_text() -> None:
    tree = parse("beds * rate + 40% of_cost".replace("of_cost", "* cost"))
    assert isinstance(tree, Binary)
    assert (tree.at, tree.left.at, tree.right.at) == (12, 5, 18)
    assert placeless(parse("40%")) == Number(Fraction(2, 5), "percent", 0)
    assert placeless(parse("0.1")) == Number(Fraction(1, 10), "", 0)


# --- mistakes ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("written", "offset", "en", "zh"),
    [
        ("", 0, "expected a number, a name or a bracket, found the end; check the operator before it",
         "此处应为数、名称或括号，却是 结尾;请检查此处之前的运算符"),
        ("a +", 3, "expected a number, a name or a bracket, found the end; check the operator before it",
         "此处应为数、名称或括号，却是 结尾;请检查此处之前的运算符"),
        ("(a + b", 6, "expected ), found the end; add )", "此处应为 )，却是 结尾;请补上 )"),
        ("a b", 2, "unexpected b; check operators and quotes (categories stand in single quotes)",
         "多余的内容 b;请检查运算符和引号（类别要写在单引号内）"),
        ("a < b < c", 6, "comparisons cannot be chained; use between … and …, or join two with and",
         "比较不能连写;请用 between … and …,或用 and 连接两个比较"),
        ("a not b", 2, "after not, between or in is expected; put not before the comparison",
         "not 之后应为 between 或 in;把 not 写在比较之前"),
        ("if a then b", 11, "expected else, found the end; add else", "此处应为 else，却是 结尾;请补上 else"),
        ("a in 'x'", 5, "expected (, found 'x'; add (", "此处应为 (，却是 'x';请补上 ("),
        ("a between b or c", 12, "expected and, found or; add and", "此处应为 and，却是 or;请补上 and"),
        ("round a to fen nearest", 11,
         "a rounding names its unit and its way; write round … to fen half_up (or down, up)",
         "舍入须写明单位和方式;请写成 round … to fen half_up（或 down、up）"),
        ("round a to", 10, "a rounding names its unit and its way; write round … to fen half_up (or down, up)",
         "舍入须写明单位和方式;请写成 round … to fen half_up（或 down、up）"),
        ("d >= 2021-02-30", 5, "there is no day 2021-02-30; write it like 2021-11-05",
         "没有 2021-02-30 这一天;请写成 2021-11-05"),
        ("a = 'x", 4, "this quotation has no end; close it with '", "引号没有结束;请补上 '"),
        ("a == b", 3, "expected a number, a name or a bracket, found =; check the operator before it",
         "此处应为数、名称或括号，却是 =;请检查此处之前的运算符"),
        ("a != b", 2, "unknown character !; write <>", "不能识别的字符 !;请写 <>"),
        ("a \uff0b b", 2, "unknown character \uff0b; write +", "不能识别的字符 \uff0b;请写 +"),
        ("a \uff1e= b", 2, "unknown character \uff1e; write >", "不能识别的字符 \uff1e;请写 >"),
        ("a \u2265 b", 2, "unknown character \u2265; write >=", "不能识别的字符 \u2265;请写 >="),
        ("a \u00d7 b", 2, "unknown character \u00d7; write *", "不能识别的字符 \u00d7;请写 *"),
        ("f\uff08a)", 1, "unknown character \uff08; write (", "不能识别的字符 \uff08;请写 ("),
        ("a = \u2018x\u2019", 4, "unknown character \u2018; write '", "不能识别的字符 \u2018;请写 '"),
        ('a = "x"', 4, 'unknown character "; write \'', '不能识别的字符 ";请写 \''),
        ("\uff41 + b", 0, "the name \uff41 has look-alike characters; write a", "名称 \uff41 含有形近字符;请写 a"),
        ("b + \uff11", 4, "unknown character \uff11; write 1", "不能识别的字符 \uff11;请写 1"),
        ("a; b", 1, "unknown character ;; remove it", "不能识别的字符 ;;请删除"),
        ("a.b.", 3, "unknown character .; remove it", "不能识别的字符 .;请删除"),
        ("and", 0, "expected a number, a name or a bracket, found and; check the operator before it",
         "此处应为数、名称或括号，却是 and;请检查此处之前的运算符"),
    ],
)  # fmt: skip
def test_mistakes_are_placed_and_told_in_two_languages(written: str, offset: int, en: str, zh: str) -> None:
    with pytest.raises(Refusal) as refused:
        parse(written)
    error = refused.value
    assert f"{error.why.en}; {error.remedy.en}" == en
    assert f"{error.why.zh};{error.remedy.zh}" == zh
    assert error.why.zh != error.why.en
    assert error.offset == offset


# --- hostile input -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "hostile",
    [
        "(" * 10_000 + "a" + ")" * 10_000,
        "(" * 1_900 + "a" + ")" * 1_900,
        "least(" * 600 + "a" + ")" * 600,
        "if a then " * 390 + "a",
        "a + " * 1_000_000 + "a",
        "a" * 1_000_000,
        "9" * 1_000_000,
        " " * 1_000_000,
        "'" * 3_999,
        "-" * 3_999,
        "not " * 900,
        "round " * 600,
        "\u202eab\u202c",
        "a\u200bb",
        "a\x00b",
        "\u0430 = \uff41",
        "\ud800",
        "\U0001f600",
        "__import__('os').system('true')",
        "a; DROP TABLE residents --",
    ],
    ids=lambda text: ascii(text[:12]),
)
def test_hostile_input_is_refused_at_once(hostile: str) -> None:
    start = time.process_time()
    with pytest.raises(Refusal):
        parse(hostile)
    assert time.process_time() - start < 0.2


@pytest.mark.parametrize("repeated", ["a + ", "a and ", "-", "not "])
def test_a_hundred_operators_are_enough(repeated: str) -> None:
    longest = repeated * 100 + "a"
    assert shown(parse(longest)).replace("(", "").replace(")", "") == longest
    with pytest.raises(Refusal, match="more than 100 operators; divide it into steps"):
        parse(repeated + longest)


@given(st.text(max_size=60))
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        tree = parse(text)
    except Refusal as refused:
        offset = refused.offset
    else:
        offset = 0
        assert placeless(parse(shown(tree))) == placeless(tree)
    assert 0 <= offset <= len(text)
