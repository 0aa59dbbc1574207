"""Facts as a schedule declares them: the columns of a table in all their written forms."""

from __future__ import annotations

import re
from collections.abc import Mapping
from fractions import Fraction
from typing import Any, Literal

from pydantic import ValidationInfo, model_validator

from subsidy.finding import Refusal, Text, nearest
from subsidy.schedule.written import NAME, TEXT_SCHEMA, Filled, Name, Part, Whole, filled, name_of

MONTHS_IN: dict[str, int] = {"month": 1, "quarter": 3, "half_year": 6, "year": 12}
PERIODS = tuple(MONTHS_IN)
AGGREGATES = ("count", "sum", "average", "min", "max")
RUNNING = "running"
AS_WRITTEN = {"form": "written"}  # the context of validation for what a user wrote, as against a model's own dump
_AGGREGATE_KEYS = (*AGGREGATES, RUNNING, "over", "where", "every", "by", "per")
COLUMN_KEYS = (*_AGGREGATE_KEYS, "formula", "one_of", "ref", "date", "blank", "decimals")


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
    return {"type": "ref", "table": name_of(written)}


def _options(written: Any) -> tuple[str, ...]:
    if not isinstance(written, (list, tuple)) or not written or len(set(written)) != len(written):
        raise Refusal(
            Text("类别列表为空或有重复", "the list of categories is empty or has a category twice"),
            Text("请写成 [a, b]", "write it like [a, b]"),
        )
    return tuple(name_of(option) for option in written)


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
    measured = filled(written.pop(kind))
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
    return {"table": name_of(over), "formula": formula, **written}


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
        return {"type": "formula", **written, "formula": filled(written["formula"])}
    if form in (*AGGREGATES, RUNNING):
        return {"type": "aggregate", "aggregate": form, **_aggregated(form, written)}
    if "one_of" in written:
        options = _options(written.pop("one_of"))
        allowed: tuple[str, ...] = (*options, "none")
        column: dict[str, Any] = {"type": "one_of", "options": options, **written}
    elif "ref" in written:
        column = {"type": "ref", "table": name_of(written.pop("ref")), **written}
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
    return {"type": "number", "unit": name_of(kind), "low": low, "high": high, "decimals": decimals}


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
            "properties": {"span": {"type": "array", "items": TEXT_SCHEMA, "minItems": 2, "maxItems": 2}},
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
