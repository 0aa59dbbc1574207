"""How single things are written in a schedule: names, days, whole numbers, texts. Each reader says what is wrong."""

from __future__ import annotations

import datetime
import re
import unicodedata
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, WithJsonSchema

from subsidy.finding import Refusal, Text
from subsidy.money import fen
from subsidy.schedule.expression import RESERVED

NAME = re.compile(r"[^\W\d]\w*")
CSV_PATTERN = r"^[\w-]+(\.[\w-]+)*\.csv$"
CSV_NAME = re.compile(CSV_PATTERN)
PERIOD = re.compile(r"[0-9]{4}(-([0-9]{2}(-[0-9]{2})?|Q[1-4]|H[12]))?")


def _whole(value: object) -> int:
    if isinstance(value, int):
        return value
    if not isinstance(value, str) or not re.fullmatch(r"-?(0|[1-9][0-9]{0,17})", value):
        why = Text("不是整数", "this is not a whole number")
        if isinstance(value, str) and value.endswith("%"):
            raise Refusal(why, Text("请写整数份额，如 40 与 60", "write whole shares, such as 40 and 60"))
        raise Refusal(why, Text("请写成 5 的形式", "write it like 5"))
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


def name_of(value: object) -> str:
    if isinstance(value, str) and all(NAME.fullmatch(one) for one in value.split(".")) and "." in value:
        raise Refusal(
            Text("此处不能写路径", "a path cannot stand here"),
            Text("请写本表的列名", "write the name of a column of the table itself"),
        )
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
    return f"{schedule.strip()}:{name_of(name.strip())}" if colon and schedule.strip() else name_of(value)


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


def filled(value: object) -> str:
    if not isinstance(value, str) or not value.strip():
        raise Refusal(Text("此处不能为空", "this cannot be empty"), Text("请填写文字", "write a text"))
    return value


def _amount(value: object) -> str:
    text = filled(value)
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


def _csv_name(value: object) -> str:
    text = filled(value)
    if not CSV_NAME.fullmatch(text):
        raise Refusal(
            Text("不是 CSV 文件名", "this is no name of a CSV file"),
            Text("请写与本文件同一文件夹中的 .csv 文件名", "name a .csv file in the folder of this file"),
        )
    return text


def _both_languages(value: object) -> object:
    return {"zh": value, "en": value} if isinstance(value, str) else value


TEXT_SCHEMA = {"type": "string", "minLength": 1}
Whole = Annotated[int, BeforeValidator(_whole), WithJsonSchema({"type": "integer"})]
Date = Annotated[datetime.date, BeforeValidator(read_date), WithJsonSchema({"type": "string", "format": "date"})]
YesNo = Annotated[bool, BeforeValidator(_yes_no), WithJsonSchema({"type": "boolean"})]
Name = Annotated[str, BeforeValidator(name_of), WithJsonSchema({"type": "string", "pattern": "^[^0-9\\W]\\w*$"})]
_clause = {"type": "string", "minLength": 1, "description": "a clause, or SCHEDULE:CLAUSE of another schedule"}
ClauseAnywhere = Annotated[str, BeforeValidator(_clause_anywhere), WithJsonSchema(_clause)]
ClauseElsewhere = Annotated[
    str, BeforeValidator(_clause_elsewhere), WithJsonSchema({**_clause, "description": "SCHEDULE:CLAUSE"})
]
Filled = Annotated[str, BeforeValidator(filled), WithJsonSchema(TEXT_SCHEMA)]
Amount = Annotated[
    str, BeforeValidator(_amount), WithJsonSchema({**TEXT_SCHEMA, "description": "yuan, exact to the fen"})
]
Period = Annotated[str, BeforeValidator(_period), WithJsonSchema({"type": "string", "pattern": f"^{PERIOD.pattern}$"})]
CsvName = Annotated[str, BeforeValidator(_csv_name), WithJsonSchema({"type": "string", "pattern": CSV_PATTERN})]
Formula = Annotated[str, BeforeValidator(filled), WithJsonSchema({**TEXT_SCHEMA, "description": "an expression"})]
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
