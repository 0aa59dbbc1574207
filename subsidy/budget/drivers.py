"""Drivers of a forecast as a file states them: what grows, by how much, which figures and versions change when.

drivers:
  residents: {table: residents, where: {district: D1}, growth: {low: 2%, high: 5%}}
  beds:      {table: facilities, column: beds, totals: {2024: 1200, 2025: 1250}}
  wage:      {value: minimum_wage, growth: {2025: 4%}}
  rates:     {overlay: {values.bed_rate.is: 6000}, from: 2025}
  reform:    {version: next/2025-01-01.yaml}
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from os import PathLike
from pathlib import Path
from typing import Annotated, Any, Literal, TypeAlias

from pydantic import BeforeValidator, Field, WithJsonSchema, model_validator

from subsidy.engine.cells import End
from subsidy.finding import DriversError, Finding, Place, Refusal, ScheduleError, Text, nearest
from subsidy.money import exact_number
from subsidy.schedule.form import validated
from subsidy.schedule.source import Source, read_file
from subsidy.schedule.written import Filled, Label, Name, Part, name_of

ENDS: tuple[End, End] = ("low", "high")
ByYear: TypeAlias = "Fraction | Mapping[int, Fraction]"
Kind = Literal["table", "value", "overlay", "version"]
_OPTIONS: dict[Kind, tuple[str, ...]] = {
    "table": ("column", "where", "growth", "totals"),
    "value": ("growth", "figures"),
    "overlay": ("from",),
    "version": (),
}
_YEAR = re.compile(r"[0-9]{4}")


@dataclass(frozen=True)
class Stated:
    """A number for each year at the low and at the high end; one number stands for every year."""

    low: ByYear
    high: ByYear

    def at(self, end: End, year: int) -> Fraction | None:
        """The number of a year; None where none is stated."""
        stated = self.low if end == "low" else self.high
        return stated.get(year) if isinstance(stated, Mapping) else stated

    @property
    def years(self) -> set[int]:
        """The years that are named."""
        return {year for stated in (self.low, self.high) if isinstance(stated, Mapping) for year in stated}


# --- how they are written ------------------------------------------------------------------------------------------


def _rate(written: object) -> Fraction:
    if not isinstance(written, str) or not written.endswith("%"):
        raise Refusal(Text("增长率须带 %", "a growth has its %"), Text("请写成 5% 或 -2%", "write it like 5% or -2%"))
    rate = exact_number(written.removesuffix("%")) / 100
    if rate < -1:
        raise Refusal(
            Text("减少不能超过100%", "nothing shrinks by more than 100 %"),
            Text("最低为 -100%", "-100% is the lowest"),
        )
    return rate


def _quantity(written: object) -> Fraction:
    if not isinstance(written, str):
        raise Refusal(Text("此处应为一个数", "a number is expected here"), Text("请写成 1200", "write it like 1200"))
    number = exact_number(written)
    if number < 0:
        raise Refusal(Text("不能为负数", "this cannot be negative"), Text("请写 0 或以上", "write 0 or more"))
    return number


def _figure(written: object) -> Fraction:
    if isinstance(written, str) and written.endswith("%"):
        return _quantity(written.removesuffix("%")) / 100
    return _quantity(written)


def _stated(leaf: Callable[[object], Fraction], by_year_only: bool) -> Callable[[object], Stated]:
    def read(written: object) -> Stated:
        if isinstance(written, dict) and set(written) & set(ENDS):
            if set(written) != set(ENDS):
                raise Refusal(
                    Text("low 和 high 须同时写，且不与年度并列", "low and high stand together, and not beside years"),
                    Text("请写成 {low: …, high: …}", "write {low: …, high: …}"),
                )
            return Stated(*(_by_year(written[end], leaf) for end in ENDS))
        if not isinstance(written, dict):
            if by_year_only:
                raise Refusal(
                    Text("此处须按年度写", "this is stated year by year"),
                    Text("请写成 {2024: 1200, 2025: 1250}", "write it like {2024: 1200, 2025: 1250}"),
                )
            return Stated(leaf(written), leaf(written))
        years = {_year(year): _both_ends(content, leaf) for year, content in written.items()}
        return Stated(*({year: ends[end] for year, ends in years.items()} for end in ENDS))

    return read


def _both_ends(written: object, leaf: Callable[[object], Fraction]) -> dict[End, Fraction]:
    if isinstance(written, dict) and set(written) == set(ENDS):
        return {end: leaf(written[end]) for end in ENDS}
    return dict.fromkeys(ENDS, leaf(written))


def _by_year(written: object, leaf: Callable[[object], Fraction]) -> ByYear:
    if isinstance(written, dict):
        return {_year(year): leaf(content) for year, content in written.items()}
    return leaf(written)


def _year(written: object) -> int:
    if isinstance(written, int):
        return written
    if not isinstance(written, str) or not _YEAR.fullmatch(written):
        raise Refusal(Text("不是年度", "this is not a year"), Text("请写成 2024", "write it like 2024"))
    return int(written)


def _choices(written: object) -> tuple[str, ...]:
    several = written if isinstance(written, (list, tuple)) else [written]
    if not several or not all(isinstance(one, str) and one.strip() for one in several):
        raise Refusal(
            Text("此处应为一个值或几个值", "a content, or a list of them, is expected here"),
            Text("请写成 disabled 或 [disabled, semi_disabled]", "write disabled, or [disabled, semi_disabled]"),
        )
    return tuple(str(one).strip() for one in several)


def _dotted(written: object) -> str:
    text = written if isinstance(written, str) else ""
    return ".".join(name_of(part) for part in text.split("."))


def _stated_schema(number: str, by_year_only: bool) -> WithJsonSchema:
    """How numbers of years are written: one for all, by year, and each of these with a low and a high end.

    `number`: the pattern of one. Editors read numbers where this program reads texts, but for those with a %.
    """
    kinds = ["string"] if number.endswith("%$") else ["string", "number"]
    leaf: dict[str, Any] = {"type": kinds, "pattern": number}

    def ends(of_each: dict[str, Any]) -> dict[str, Any]:
        both = {"type": "object", "properties": dict.fromkeys(ENDS, of_each), "required": list(ENDS)}
        return {**both, "additionalProperties": False}

    by_year = {
        "type": "object",
        "patternProperties": {"^[0-9]{4}$": {"anyOf": [leaf, ends(leaf)]}},
        "additionalProperties": False,
        "minProperties": 1,
    }
    of_one_end = {"anyOf": [leaf, {**by_year, "patternProperties": {"^[0-9]{4}$": leaf}}]}
    alone = [] if by_year_only else [leaf]
    return WithJsonSchema({"anyOf": [*alone, by_year, ends(of_one_end)]})


Growth = Annotated[
    Any, BeforeValidator(_stated(_rate, by_year_only=False)), _stated_schema(r"^-?[0-9]+(\.[0-9]+)?%$", False)
]
Quantities = Annotated[
    Any, BeforeValidator(_stated(_quantity, by_year_only=True)), _stated_schema(r"^[0-9]+(\.[0-9]+)?$", True)
]
FigureByYear = Annotated[
    Any, BeforeValidator(_stated(_figure, by_year_only=True)), _stated_schema(r"^[0-9]+(\.[0-9]+)?%?$", True)
]
Year = Annotated[int, BeforeValidator(_year)]
Choices = Annotated[
    tuple[str, ...],
    BeforeValidator(_choices),
    WithJsonSchema({"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}, "minItems": 1}]}),
]
Dotted = Annotated[str, BeforeValidator(_dotted)]


class Driver(Part):
    """One thing that changes: the rows or a column of a `table`, a `value`, options (`overlay`), or a new `version`."""

    label: Label | None = None
    table: Filled | None = None
    column: Filled | None = None
    where: dict[Dotted, Choices] = Field(default={}, min_length=1)
    growth: Growth = None
    totals: Quantities = None
    value: Name | None = None
    figures: FigureByYear = None
    overlay: dict[Filled, Filled] | None = Field(default=None, min_length=1)
    from_: Year | None = Field(default=None, alias="from")
    version: Filled | None = None

    @model_validator(mode="after")
    def _one_kind(self) -> Driver:
        found = [kind for kind in _OPTIONS if getattr(self, kind) is not None]
        if len(found) != 1:
            names = ", ".join(_OPTIONS)
            raise Refusal(
                Text("没有写明是什么在变化", "it does not say what changes")
                if not found
                else Text(f"{found[0]} 与 {found[1]} 不能并列", f"{found[0]} and {found[1]} cannot stand together"),
                Text(f"请写其中一个：{names}", f"write one of {names}"),
            )
        kind = found[0]
        given = {"from" if name == "from_" else name for name in self.model_fields_set} - {"label", kind}
        for option in sorted(given - set(_OPTIONS[kind])):
            raise Refusal(
                Text(f"{kind} 没有 {option}", f"a driver of a {kind} has no {option}"),
                nearest(option, _OPTIONS[kind]),
            )
        numbers = [name for name in ("growth", "totals", "figures") if name in _OPTIONS[kind]]
        if numbers and len(given & set(numbers)) != 1:
            either = " / ".join(numbers)
            raise Refusal(
                Text(f"须写且只写一个：{either}", f"exactly one of {either} is needed"),
                Text("例如 growth: 5%", "for example growth: 5%"),
            )
        if kind == "overlay" and self.from_ is None:
            raise Refusal(
                Text("缺少 from（自哪一年起）", "from (the first year) is missing"),
                Text("请写 from: 2025", "add from: 2025"),
            )
        return self

    @property
    def kind(self) -> Kind:
        return next(kind for kind in _OPTIONS if getattr(self, kind) is not None)

    @property
    def stated(self) -> Stated:
        """What is stated of the years. Of tables and values only."""
        stated: Stated = self.growth or self.totals or self.figures
        return stated


class DriversFile(Part):
    """The drivers in the order in which the changes are explained."""

    drivers: dict[Name, Driver] = Field(min_length=1)


def drivers_schema() -> dict[str, Any]:
    """JSON Schema of a file of drivers, for editors: each driver says what changes, and has what goes with it."""
    schema = DriversFile.model_json_schema(by_alias=True)
    schema["$defs"]["Driver"]["oneOf"] = [
        {
            "required": [kind],
            "properties": dict.fromkeys((kind, "label", *options), True),
            "additionalProperties": False,
        }
        for kind, options in _OPTIONS.items()
    ]
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "drivers", **schema}


@dataclass(frozen=True)
class Drivers:
    """Drivers in their order, and where each stands."""

    by_name: Mapping[str, Driver]
    source: Source

    def finding(self, name: str, option: str, code: str, refused: Refusal, value: str = "") -> Finding:
        place = self.source.place(tuple(part for part in ("drivers", name, option) if part))
        return Finding(place, code, refused.why, refused.remedy, value)

    @property
    def folder(self) -> Path:
        return Path(self.source.file).parent


_NO_DRIVERS = (
    Text("文件中没有驱动因素", "there are no drivers in it"),
    Text("请以 drivers: 开头，逐个写出", "begin with drivers: and list them"),
)


def read_drivers(written: str | PathLike[str] | Mapping[str, Any]) -> Drivers:
    """The drivers of a YAML file, or of a mapping of the same form with texts and whole numbers in it.

    Raises DriversError with every mistake of form, by file, line and column.
    """
    try:
        if isinstance(written, Mapping):
            source = Source("", _as_texts(written, ()), {})
        else:
            source, _ = read_file(Path(written))
        if not isinstance(source.data, dict):
            raise ScheduleError([Finding(source.place(()), "form", *_NO_DRIVERS)])
        file: DriversFile = validated(DriversFile, source)
    except ScheduleError as error:
        raise DriversError(error.findings) from None
    return Drivers(file.drivers, source)


def _as_texts(content: Any, path: tuple[str, ...]) -> Any:
    """What YAML would have given for the same content."""
    if isinstance(content, Mapping):
        return {str(key): _as_texts(inner, (*path, str(key))) for key, inner in content.items()}
    if isinstance(content, (list, tuple)):
        return [_as_texts(inner, path) for inner in content]
    if isinstance(content, str):
        return content
    if isinstance(content, int) and not isinstance(content, bool):
        return str(content)
    kind = type(content).__name__
    why = Text(f"{kind} 不是文字或整数", f"a {kind} is neither text nor a whole number")
    remedy = Text('请写成文字，例如 "5%"', 'write it as a text, such as "5%"')
    raise DriversError([Finding(Place(path=".".join(path)), "form", why, remedy, str(content))])
