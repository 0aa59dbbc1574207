"""A receipt in a file: read, and checked for its form. Every mistake of form has its path."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, JsonValue, ValidationError

from subsidy.budget.calculate import FIRST_YEAR, LAST_YEAR
from subsidy.finding import Finding, Place, ReceiptError, Text

MOST_BYTES = 100_000_000
MOST_FINDINGS = 20


def _is_day(written: str) -> str:
    if date.fromisoformat(written).isoformat() != written:
        raise ValueError
    return written


Day = Annotated[str, AfterValidator(_is_day)]
Sha256 = Annotated[str, Field(pattern="^[0-9a-f]{64}$")]
Count = Annotated[int, Field(ge=0)]
Entries = list[dict[str, JsonValue]]


class _Form(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class _Engine(_Form):
    name: Literal["subsidy"]
    version: str


class _Label(_Form):
    zh: str
    en: str


class _OverlayFile(_Form):
    file: str
    label: _Label
    bytes_sha256: Sha256
    meaning_sha256: Sha256
    text: str


class _Version(_Form):
    id: str
    version: Day
    issued: Day
    revision: int
    document: str | None
    bytes_sha256: Sha256
    meaning_sha256: Sha256
    overlays: dict[str, str]
    overlay_files: list[_OverlayFile] = []


class _Table(_Form):
    rows: Count
    sha256: Sha256


class _Options(_Form):
    year: Annotated[int, Field(ge=FIRST_YEAR, le=LAST_YEAR)]
    basis: Literal["due", "accrued"]
    proceed: bool
    as_of: Day = ""
    known_on: Day = ""


class _Totals(_Form):
    total: str
    low: str
    by_clause: Entries
    by_payer: Entries
    by_district: Entries
    relief: Entries
    pots: Entries


class _Receipt(_Form):
    engine: _Engine
    schedules: Annotated[list[_Version], Field(min_length=1)]
    roster: dict[str, _Table]
    mapping: Sha256 = ""
    example_rows: dict[str, Count]
    given_facts: dict[str, list[str]]
    options: _Options
    readings: list[str]
    findings: Count
    blocked_rows: dict[str, Count]
    totals: _Totals


def read_receipt(path: Path) -> dict[str, Any]:
    """The content of a receipt's file. Raises ReceiptError."""
    try:
        with path.open("rb") as file:
            content = file.read(MOST_BYTES + 1)
        if len(content) > MOST_BYTES:
            most = f"{MOST_BYTES:,}"
            why = Text(f"文件超过 {most} 字节，不会是凭证", f"a file of more than {most} bytes is no receipt")
            raise _refused(path, "receipt-size", why)
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        why = Text(f"第 {error.start + 1} 个字节起不是 UTF-8", f"this is not UTF-8, from byte {error.start + 1} on")
        raise _refused(path, "not-utf-8", why) from None
    except OSError as error:
        why = Text("文件无法读取", f"the file cannot be read ({type(error).__name__})")
        raise ReceiptError(
            [Finding(Place(str(path)), "file", why, Text("请检查路径和权限", "check the path and its permissions"))]
        ) from None
    try:
        read = json.loads(text, object_pairs_hook=_each_key_once)
    except json.JSONDecodeError as error:
        why = Text("不是完整的 JSON", "this is not whole JSON")
        raise _refused(path, "not-json", why, row=error.lineno, column=str(error.colno)) from None
    except (RecursionError, ValueError):
        why = Text("JSON 的内容不会出自凭证", "this JSON does not come from a receipt")
        raise _refused(path, "not-json", why) from None
    check_form(read, str(path))
    return dict(read)


def check_form(content: Any, file: str) -> None:
    """Raises ReceiptError where the content is not that of a whole receipt."""
    try:
        _Receipt.model_validate(content)
    except ValidationError as error:
        raise ReceiptError(_mistakes(error, file)) from None


def _mistakes(error: ValidationError, file: str) -> list[Finding]:
    found = []
    for detail in error.errors(include_url=False)[:MOST_FINDINGS]:
        path = ".".join(map(str, detail["loc"]))
        place = Place(file, path=path)
        if not path or path == "engine" or path == "engine.name":
            why = Text("不是本程序的计算凭证", "this is not a receipt of this program")
        elif detail["type"] == "missing":
            why = Text(f"缺少 {path}", f"{path} is missing")
        elif detail["type"] == "extra_forbidden":
            why = Text(f"凭证没有 {path} 这一项", f"a receipt has no {path}")
        else:
            why = Text(f"{path} 的内容不对", f"{path} cannot be this")
        scalar = detail["input"] if isinstance(detail["input"], (str, int, float)) else ""
        found.append(Finding(place, "receipt-form", why, _ORIGINAL, str(scalar)))
    return found


_ORIGINAL = Text("请用 --receipt 保存的原文件", "give the file as --receipt saved it")


def _refused(path: Path, code: str, why: Text, row: int = 0, column: str = "") -> ReceiptError:
    return ReceiptError([Finding(Place(str(path), row=row, column=column), code, why, _ORIGINAL)])


def _each_key_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    content = dict(pairs)
    if len(content) < len(pairs):
        raise ValueError
    return content
