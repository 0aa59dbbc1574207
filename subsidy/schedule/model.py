"""The form of a schedule: what may stand where. Meaning (names, units, ranges) is checked in `check`."""

from __future__ import annotations

import datetime
import re
import unicodedata
from collections.abc import Mapping
from fractions import Fraction
from typing import Annotated, Any, Literal

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Discriminator,
    Field,
    Tag,
    ValidationInfo,
    WithJsonSchema,
    model_validator,
)

from subsidy.finding import Refusal, Text, nearest
from subsidy.money import fen
from subsidy.schedule.expression import RESERVED

NAME = re.compile(r"[^\W\d]\w*")
PERIOD = re.compile(r"[0-9]{4}(-([0-9]{2}(-[0-9]{2})?|Q[1-4]|H[12]))?")
Every = Literal["month", "quarter", "half_year", "year", "once", "event"]
PERIODS: tuple[str, ...] = ("month", "quarter", "half_year", "year")
MONTHS_IN: dict[str, int] = {"month": 1, "quarter": 3, "half_year": 6, "year": 12}
AGGREGATES = ("count", "sum", "average", "min", "max")
RUNNING = "running"
AS_WRITTEN = {"form": "written"}  # the context of validation for what a user wrote, as against a model's own dump
_AGGREGATE_KEYS = (*AGGREGATES, RUNNING, "over", "where", "every", "by", "per")
COLUMN_KEYS = (*_AGGREGATE_KEYS, "formula", "one_of", "ref", "date", "blank", "decimals")


def _whole(value: object) -> int:
    if isinstance(value, int):
        return value
    if not isinstance(value, str) or not re.fullmatch(r"-?(0|[1-9][0-9]{0,17})", value):
        raise Refusal(Text("不是整数", "this is not a whole number"), Text("请写成 5 的形式", "write it like 5"))
    return int(value)


def read_date(value: object) -> datetime.date:
    """The day of a text such as `2021-11-05`. Raises Refusal for any other way to write it."""
    if isinstance(value, datetime.date):
        return value
    remedy = Text("请写成 2021-11-05", "write it like 2021-11-05")
    if not isinstance(value, str) or not re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", value):
        raise Refusal(Text("不是日期", "this is not a date"), remedy)
    try:
        return datetime.date.fromisoformat(value)
    except ValueError:
        raise Refusal(Text("没有这一天", "there is no such day"), remedy) from None


def _yes_no(value: object) -> bool:
    if isinstance(value, bool):
        return value
    if value not in ("yes", "no", "true", "false"):
        raise Refusal(Text("不是 yes 或 no", "this is neither yes nor no"), Text("请写 yes 或 no", "write yes or no"))
    return value in ("yes", "true")


def _name(value: object) -> str:
    if not isinstance(value, str) or not NAME.fullmatch(value) or value in RESERVED:
        raise Refusal(
            Text("不能用作名称", "this cannot be a name"),
            Text(
                "名称由文字、数字和下划线组成，不以数字开头，不用保留字",
                "a name is made of letters, digits and _, does not begin with a digit and is no reserved word",
            ),
        )
    plain = unicodedata.normalize("NFKC", value)
    if plain != value:
        raise Refusal(
            Text("名称含有形近字符", "the name has look-alike characters"), Text(f"请写 {plain}", f"write {plain}")
        )
    return value


def _clause_anywhere(value: object) -> str:
    schedule, colon, name = value.rpartition(":") if isinstance(value, str) else ("", "", "")
    return f"{schedule.strip()}:{_name(name.strip())}" if colon and schedule.strip() else _name(value)


def _clause_elsewhere(value: object) -> str:
    written = _clause_anywhere(value)
    if ":" not in written:
        raise Refusal(
            Text("此处须写另一份补贴标准的条款", "a clause of another schedule belongs here"),
            Text(
                "请写成 补贴标准:条款，例如 cn/province/care:meals",
                "write SCHEDULE:CLAUSE, like cn/province/care:meals",
            ),
        )
    return written


def _filled(value: object) -> str:
    if not isinstance(value, str) or not value.strip():
        raise Refusal(Text("此处不能为空", "this cannot be empty"), Text("请填写文字", "write a text"))
    return value


def _amount(value: object) -> str:
    text = _filled(value)
    fen(text)
    return text


def _period(value: object) -> str:
    if not isinstance(value, str) or not PERIOD.fullmatch(value):
        raise Refusal(
            Text("不是期次", "this is not a period"),
            Text(
                "请写成 2022-03、2022-Q1、2022-H1、2022 或某一日",
                "write it like 2022-03, 2022-Q1, 2022-H1, 2022, or a day",
            ),
        )
    return value


def _both_languages(value: object) -> object:
    return {"zh": value, "en": value} if isinstance(value, str) else value


_text = {"type": "string", "minLength": 1}
Whole = Annotated[int, BeforeValidator(_whole), WithJsonSchema({"type": "integer"})]
Date = Annotated[datetime.date, BeforeValidator(read_date), WithJsonSchema({"type": "string", "format": "date"})]
YesNo = Annotated[bool, BeforeValidator(_yes_no), WithJsonSchema({"type": "boolean"})]
Name = Annotated[str, BeforeValidator(_name), WithJsonSchema({"type": "string", "pattern": "^[^0-9\\W]\\w*$"})]
_clause = {"type": "string", "minLength": 1, "description": "a clause, or SCHEDULE:CLAUSE of another schedule"}
ClauseAnywhere = Annotated[str, BeforeValidator(_clause_anywhere), WithJsonSchema(_clause)]
ClauseElsewhere = Annotated[
    str, BeforeValidator(_clause_elsewhere), WithJsonSchema({**_clause, "description": "SCHEDULE:CLAUSE"})
]
Filled = Annotated[str, BeforeValidator(_filled), WithJsonSchema(_text)]
Amount = Annotated[str, BeforeValidator(_amount), WithJsonSchema({**_text, "description": "yuan, exact to the fen"})]
Period = Annotated[str, BeforeValidator(_period), WithJsonSchema({"type": "string", "pattern": f"^{PERIOD.pattern}$"})]
Formula = Annotated[str, BeforeValidator(_filled), WithJsonSchema({**_text, "description": "an expression"})]
Figures = Annotated[
    Any, WithJsonSchema({"anyOf": [{"type": ["string", "number"]}, {"type": "object"}], "description": "figures"})
]


class Part(BaseModel):
    """Anything in a schedule: frozen, and no key that is not known."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


class Label(Part):
    zh: Filled
    en: Filled

    def in_(self, language: str) -> str:
        return self.zh if language == "zh" else self.en


Reading = Annotated[Label, BeforeValidator(_both_languages)]


class Document(Part):
    number: Filled
    part: Filled | None = None
    title: Label | None = None
    issuer: Filled
    issued: Date
    amended: tuple[Filled, ...] = ()  # numbers of the documents that this one amends

    def cited(self, language: Literal["zh", "en"]) -> str:
        """Its number, and those of the documents that it amends."""
        if not self.amended:
            return self.number
        return {
            "zh": f"{self.number}（修改{'、'.join(self.amended)}）",
            "en": f"{self.number} (amending {', '.join(self.amended)})",
        }[language]


class InForce(Part):
    from_: Date = Field(alias="from")
    to: Date | None = None

    @model_validator(mode="after")
    def _not_backwards(self) -> InForce:
        if self.to is not None and self.to < self.from_:
            raise Refusal(
                Text("止日早于起日", "the last day is before the first"), Text("请核对", "check the two days")
            )
        return self


class Payer(Part):
    """Who pays: `of` is the fact that names its place, `fund` the budget line where it is not the clause's."""

    label: Label
    of: Name | None = None
    fund: Filled | None = None


_COLUMN_FORMS = {
    "anyOf": [
        {"type": "string", "description": "key, date, month, year, yes_no, text, or the name of a table"},
        {"type": "array", "items": {"type": "string"}, "minItems": 1, "description": "categories"},
        {"type": "object", "description": "{unit: low..high}, {one_of: […]}, {ref: table}, {formula: …}, {count: …} …"},
    ]
}


class Column(Part):
    """A fact of a table.

    `type`: key, ref, date, month, year, yes_no, text, one_of, number, formula, aggregate. `blank` says what an empty
    cell is: missing, none, open, ongoing, 0 or a category. An aggregate is over the rows of `table`, over the periods
    `each` of the row itself, or (running) over the rows of its own table up to itself.
    """

    type: Literal["key", "ref", "date", "month", "year", "yes_no", "text", "one_of", "number", "formula", "aggregate"]
    blank: str = "missing"
    table: str | None = None  # of a reference, or aggregated over
    options: tuple[str, ...] = ()
    unit: str = ""
    low: str = ""
    high: str = ""
    decimals: Whole | None = None
    formula: str | None = None
    aggregate: Literal["count", "sum", "average", "min", "max", "running"] | None = None
    each: Literal["month", "quarter", "half_year"] | None = None  # the periods of the row itself that are aggregated
    where: str | None = None
    every: Literal["month", "quarter", "half_year", "year"] | None = None
    by: Name | None = None  # the day that orders a running total
    per: tuple[Filled, ...] = ()  # what the rows of a running total agree in

    @model_validator(mode="before")
    @classmethod
    def _from_written_form(cls, written: Any, info: ValidationInfo) -> Any:
        if isinstance(written, str):
            return _plain_column(written)
        if isinstance(written, list):
            return {"type": "one_of", "options": _options(written)}
        if isinstance(written, Mapping) and (info.context is AS_WRITTEN or "type" not in written):
            return _long_column(dict(written))
        return written

    @classmethod
    def __get_pydantic_json_schema__(cls, core_schema: Any, handler: Any) -> dict[str, Any]:
        return dict(_COLUMN_FORMS)

    @property
    def derived(self) -> bool:
        return self.type in ("formula", "aggregate")


def _plain_column(written: str) -> dict[str, Any]:
    if written in ("key", "date", "month", "year", "yes_no", "text"):
        return {"type": written}
    return {"type": "ref", "table": _name(written)}


def _options(written: Any) -> tuple[str, ...]:
    if not isinstance(written, (list, tuple)) or not written or len(set(written)) != len(written):
        raise Refusal(
            Text("类别列表为空或有重复", "the list of categories is empty or has a category twice"),
            Text("请写成 [a, b]", "write it like [a, b]"),
        )
    return tuple(_name(option) for option in written)


_BLANKS = {
    "key": (),
    "ref": ("none",),
    "date": ("none", "ongoing"),
    "month": ("none",),
    "year": ("none",),
    "yes_no": ("yes", "no", "none"),
    "text": ("none",),
    "number": ("0", "none", "open"),
}


_OVER_ROWS = ("over", "where", "every")
_KEYS_OF: dict[str, tuple[str, ...]] = {
    "count": ("count", "where", "every"),
    **{kind: (kind, *_OVER_ROWS) for kind in AGGREGATES if kind != "count"},
    RUNNING: (RUNNING, "by", "per", "every", "where"),
    "formula": ("formula",),
    "one_of": ("one_of", "blank"),
    "ref": ("ref", "blank"),
}


def _no_key(name: str, known: tuple[str, ...]) -> Refusal:
    return Refusal(Text(f"没有 {name} 这个键", f"there is no key {name}"), nearest(name, known))


def _misplaced(name: str, form: str, allowed: tuple[str, ...]) -> Refusal:
    options = ", ".join(allowed)
    return Refusal(
        Text(f"{form} 的列没有 {name}", f"a column with {form} has no {name}"),
        Text(f"可用：{options}", f"possible: {options}"),
    )


def _aggregated(kind: str, written: dict[str, Any]) -> dict[str, Any]:
    measured = _filled(written.pop(kind))
    if kind == RUNNING:
        if "by" not in written:
            raise Refusal(
                Text("缺少 by（按哪个日期累计）", "by (the date that orders the rows) is missing"),
                Text("请写 by: 日期列", "add by: a date column"),
            )
        return {"formula": measured, **written}
    over = measured if kind == "count" else written.pop("over", None)
    if over is None:
        raise Refusal(
            Text("缺少 over（汇总哪张表）", "over (the table) is missing"),
            Text("请写 over: 表名", "add over: TABLE"),
        )
    formula = None if kind == "count" else measured
    if over in PERIODS:
        _check_longer(str(over), written.get("every"))
        return {"each": over, "formula": formula, **written}
    return {"table": _name(over), "formula": formula, **written}


def _check_longer(each: str, every: Any) -> None:
    """Periods of the row itself are aggregated within a longer one."""
    if every is None:
        raise Refusal(
            Text(f"按 {each} 汇总须写 every", f"an aggregate over each {each} needs every"),
            Text("请写更长的周期，例如 every: year", "add the longer period, such as every: year"),
        )
    if every in PERIODS and MONTHS_IN[every] <= MONTHS_IN[each]:
        raise Refusal(
            Text(f"every: {every} 不比 {each} 长", f"every: {every} is not longer than {each}"),
            Text("请写更长的周期，例如 every: year", "write a longer period, such as over: month, every: year"),
        )


def _long_column(written: dict[str, Any]) -> dict[str, Any]:
    blank = str(written.pop("blank", "missing"))
    own = [name for name in ("type", "table", "options", "aggregate", "each", "unit", "low", "high") if name in written]
    form = next((name for name in (*AGGREGATES, RUNNING, "formula", "one_of", "ref") if name in written), None)
    if own and form:
        raise _no_key(own[0], COLUMN_KEYS)
    allowed_keys = _KEYS_OF.get(form or "")
    for name in written:
        if allowed_keys is not None and name in COLUMN_KEYS and name not in allowed_keys:
            raise _misplaced(name, form or "", allowed_keys)
    if form == "formula":
        return {"type": "formula", **written, "formula": _filled(written["formula"])}
    if form in (*AGGREGATES, RUNNING):
        return {"type": "aggregate", "aggregate": form, **_aggregated(form, written)}
    if "one_of" in written:
        options = _options(written.pop("one_of"))
        allowed: tuple[str, ...] = (*options, "none")
        column: dict[str, Any] = {"type": "one_of", "options": options, **written}
    elif "ref" in written:
        column = {"type": "ref", "table": _name(written.pop("ref")), **written}
        allowed = _BLANKS["ref"]
    else:
        decimals = written.pop("decimals", None)
        if len(written) != 1:
            raise Refusal(
                Text("列的写法不明", "this is not a column"),
                Text(
                    "例如 {bed: 0..5000}、{date: .., blank: none}",
                    "for example {bed: 0..5000}, {date: .., blank: none}",
                ),
            )
        ((kind, limits),) = written.items()
        column = _ranged_column(kind, limits, decimals)
        allowed = _BLANKS[column["type"]]
    if blank != "missing" and blank not in allowed:
        raise Refusal(
            Text(f"空白不能表示 {blank}", f"a blank here cannot mean {blank}"),
            Text(f"可用：{', '.join(allowed) or '无'}", f"possible: {', '.join(allowed) or 'nothing'}"),
        )
    return {**column, "blank": blank}


def _is_number(written: str) -> bool:
    return re.fullmatch(r"-?(0|[1-9][0-9]{0,30})(\.[0-9]{1,10})?", written) is not None


def _ranged_column(kind: str, limits: Any, decimals: Any) -> dict[str, Any]:
    if not isinstance(limits, str) or limits.count("..") != 1:
        raise Refusal(
            Text("范围写法不明", "this is not a range"), Text("请写成 0..5000 或 ..", "write it like 0..5000, or ..")
        )
    if kind in ("date", "month", "year", "yes_no", "text"):
        if limits != "..":
            raise Refusal(Text("此类列没有范围", "such a column has no range"), Text("请写 ..", "write .."))
        return {"type": kind}
    low, high = limits.split("..")
    if not low or not high:
        raise Refusal(
            Text("数量必须有上下限", "a quantity has a low and a high end"),
            Text("请写成 0..5000;计算前由此证明不会溢出", "write it like 0..5000: it proves that nothing overflows"),
        )
    for end in (low, high):
        if not _is_number(end) and not NAME.fullmatch(end):
            raise Refusal(
                Text(f"{end} 不是数也不是名称", f"{end} is neither a number nor a name"),
                Text("请写成 0..5000", "write it like 0..5000"),
            )
    if _is_number(low) and _is_number(high) and Fraction(low) > Fraction(high):
        raise Refusal(Text("范围上下限颠倒", "the range ends before it begins"), Text("请交换两端", "swap its ends"))
    return {"type": "number", "unit": _name(kind), "low": low, "high": high, "decimals": decimals}


class Table(Part):
    """A table of the roster: its columns, and the two dates of a row's life where they are not `from` and `to`."""

    span: tuple[Name, Name] | None = None
    columns: dict[Name, Column]

    @model_validator(mode="before")
    @classmethod
    def _columns_beside_span(cls, written: Any, info: ValidationInfo) -> Any:
        if isinstance(written, Mapping) and (info.context is AS_WRITTEN or "columns" not in written):
            columns = {name: column for name, column in written.items() if name != "span"}
            return {"span": written.get("span"), "columns": columns}
        return written

    @classmethod
    def __get_pydantic_json_schema__(cls, core_schema: Any, handler: Any) -> dict[str, Any]:
        return {
            "type": "object",
            "properties": {"span": {"type": "array", "items": _text, "minItems": 2, "maxItems": 2}},
            "additionalProperties": _COLUMN_FORMS,
        }

    @property
    def key(self) -> str | None:
        return next((name for name, column in self.columns.items() if column.type == "key"), None)

    @property
    def life(self) -> tuple[str, str] | None:
        """The columns of the first and the last day of a row."""
        if self.span:
            return self.span
        return ("from", "to") if "from" in self.columns and "to" in self.columns else None

    def has_rows_every(self, period: str) -> bool:
        """Whether each row belongs to such a period: by its life, its month, or (for years) its year."""
        names = ("month", period)
        return self.life is not None or any(name in self.columns and self.columns[name].type == name for name in names)

    @property
    def is_timeless(self) -> bool:
        """Whether there is no day, month or year that could say when a row is there, so that it always is."""
        return all(column.type not in ("date", "month", "year") for column in self.columns.values())

    @property
    def is_history(self) -> bool:
        return self.key is None and "from" in self.columns

    @property
    def link(self) -> str | None:
        """The column that says whom a history is about: the person, or else the one it refers to."""
        if not self.is_history:
            return None
        if "person" in self.columns:
            return "person"
        return next(iter(self.references)) if len(self.references) == 1 else None

    @property
    def references(self) -> dict[str, str]:
        return {name: column.table or "" for name, column in self.columns.items() if column.type == "ref"}


class Value(Part):
    """A printed figure, or a table of them by keys. `is: none` is no figure until an overlay gives one."""

    unit: Filled
    by: tuple[Filled, ...] = ()
    figures: Figures = Field(alias="is")
    item: Filled | None = None
    part: Filled | None = None
    label: Label | None = None
    source: Filled | None = None
    reading: Reading | None = None


Split = Annotated[
    Annotated[dict[Name, Whole], Tag("weights")] | Annotated[Name, Tag("value")],
    Discriminator(lambda written: "value" if isinstance(written, str) else "weights"),
]


class Allocation(Part):
    """A fixed `sum` distributed by factors (facts, derived facts or steps, each with its weight) over all rows."""

    sum: Name
    per: tuple[Filled, ...] = ()
    factors: dict[Name, Name] = Field(min_length=1)
    coefficient: Formula | None = None
    at_least: Formula | None = None
    at_most: Formula | None = None
    to: Name | None = None


class Pay(Part):
    """To whom and when: at once, by `shares`, or in a `chunk` each time until it is used up."""

    to: Name | None = None
    shares: Name | None = None
    chunk: Name | None = None
    every: Literal["month", "quarter", "half_year", "year"] | None = None
    not_before: Name | None = None
    while_: Formula | None = Field(default=None, alias="while")


class Clawback(Part):
    """What is taken back of everything paid up to the day `on`: the `share` of it."""

    on: Formula
    share: Formula


class Example(Part):
    """Rows of a roster and what a clause owes for them, in yuan, for one period or in all."""

    rows: dict[Name, tuple[dict[str, str], ...]]
    amount: Amount
    period: Period | None = None
    source: Filled | None = None


class Provision(Part):
    """What every entry has: its place in the document."""

    item: Filled
    part: Filled | None = None
    label: Label | None = None
    reading: Reading | None = None


class Clause(Provision):
    """One calculable provision: for whom, how often, when, how much, who pays and when."""

    for_: Name = Field(alias="for")
    every: Every
    dated: Name | None = None
    version_by: Name | None = None
    reads_at: Name = "last_day"
    when: Formula | None = None
    steps: dict[Name, Formula] = {}
    amount: Formula | None = None
    allocation: Allocation | None = None
    parts: dict[Name, Formula] | None = None
    split: Split | None = None
    split_to: Name | None = None
    pay: Pay | None = None
    clawback: Clawback | None = None
    cash: YesNo = True
    fund: Filled | None = None
    kind: Filled | None = None
    formerly: tuple[Name, ...] = ()
    replaces: ClauseElsewhere | None = None
    examples: tuple[Example, ...] = ()


class Refund(Part):
    """The `share` of what a payer pays that another payer (`by`) gives back to it."""

    by: Name
    share: Name


class Limit(Part):
    """Anything over a set of entitlements, or (a pot) over the parts of a payer."""

    item: Filled | None = None
    part: Filled | None = None
    label: Label | None = None
    reading: Reading | None = None
    among: tuple[ClauseAnywhere, ...] = Field(min_length=1)
    per: tuple[Filled, ...] = ()
    keep: Filled | None = None
    at_most: Name | None = None
    when_short: Filled | None = None
    last: Literal["partly", "nothing"] | None = None
    refund: Refund | None = None
    payer: Name | None = None
    years: Annotated[str, WithJsonSchema({"type": "string", "pattern": "^[0-9]{4}\\.\\.[0-9]{4}$"})] | None = None
    used_before: Name | None = None
    rest_to: Name | None = None


class Rule(Provision):
    """A provision that calculates nothing. `unread`: facts that no cash clause may read."""

    unread: tuple[Filled, ...] = ()


class Target(Provision):
    """A measure of a table and period with what it should reach."""

    for_: Name = Field(alias="for")
    every: Every
    measure: Formula
    at_least: Name | None = None
    at_most: Name | None = None
    printed: Filled | None = None


class Note(Part):
    item: Filled | None = None
    part: Filled | None = None
    text: Label


class ScheduleFile(Part):
    """One version of one policy document."""

    schedule: Filled
    document: Document
    in_force: InForce
    revision: Whole
    place: Filled
    districts: Annotated[tuple[Filled, ...], Field(min_length=1)] | None = None
    payers: dict[Name, Payer] = {}
    words: dict[str, Filled] = {}
    facts: dict[Name, Table] = {}
    values: dict[Name, Value] = {}
    clauses: dict[Name, Clause] = {}
    limits: dict[Name, Limit] = {}
    unquantified: dict[Name, Provision] = {}
    rules: dict[Name, Rule] = {}
    targets: dict[Name, Target] = {}
    notes: tuple[Note, ...] = ()


class SharedFacts(Part):
    """A file of `schedules/_facts`: tables every schedule may use, and the Chinese words for names."""

    facts: dict[Name, Table] = {}
    words: dict[str, Filled] = {}
