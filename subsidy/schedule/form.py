"""A file's content in the form of a model: every key and value that does not fit, with its place."""

from __future__ import annotations

import typing
from typing import Any

from pydantic import ValidationError

from subsidy.finding import Finding, Refusal, Text, nearest
from subsidy.schedule.column import AS_WRITTEN, COLUMN_KEYS
from subsidy.schedule.source import KEY, MOST_FINDINGS, Source, error_of


def validated(model: type[Any], source: Source) -> Any:
    """The content of a source as a model. Raises ScheduleError with the place of everything that has the wrong form."""
    try:
        return model.model_validate(source.data, context=AS_WRITTEN)
    except ValidationError as error:
        details = error.errors(include_url=False)
        findings = [_form_finding(model, source, detail) for detail in details[:MOST_FINDINGS]]
        raise error_of(findings, len(details), source.file) from None


def _form_finding(model: type[Any], source: Source, detail: Any) -> Finding:
    path = _written_path(source, detail["loc"], is_missing=detail["type"] == "missing")
    value = detail["input"] if isinstance(detail["input"], str) else ""
    cause = detail.get("ctx", {}).get("error")
    if isinstance(cause, Refusal):
        return Finding(source.place(path), "value", cause.why, cause.remedy, value)
    kind = detail["type"]
    name = str(path[-1]) if path else ""
    if kind == "extra_forbidden":
        is_column = path[:1] == ("facts",) and len(path) == 4
        known = COLUMN_KEYS if is_column else _fields_at(model, path[:-1])
        why = Text(f"没有 {name} 这个键", f"there is no key {name}")
        remedy = COMMA if name.count("(") != name.count(")") else nearest(name, known)
        return Finding(source.place((*path, KEY)), "unknown-key", why, remedy)
    if kind == "missing":
        why = Text(f"缺少 {name}", f"{name} is missing")
        remedy = (
            Text('请写文件中的条目编号，例如 item: "16"', 'give the number in the document, such as item: "16"')
            if name == "item"
            else Text(f"请补上 {name}: …", f"add {name}: …")
        )
        return Finding(source.place(path[:-1]), "missing-key", why, remedy)
    if kind == "literal_error":
        expected = detail["ctx"]["expected"].replace("'", "").replace(" or ", ", ")
        return Finding(
            source.place(path),
            "value",
            Text(f"{name} 不能是 {value}", f"{name} cannot be {value}"),
            Text(f"可用：{expected}", f"possible: {expected}"),
            value,
        )
    if kind == "too_short" and isinstance(detail["input"], dict):
        kind = "dict"
    remedy = next((text for words, text in _FORMS.items() if kind.startswith(words)), _FORMS[("string",)])
    return Finding(source.place(path), "form", Text(f"{name} 的形式不对", f"{name} has the wrong form"), remedy, value)


COMMA = Text("花括号内带逗号的文字须加引号", "a text with a comma inside { } needs quotes")
_FORMS = {
    ("dict", "model"): Text("请写成 名称: 内容", "write name: content"),
    ("tuple", "list", "too_"): Text("请写成 [a, b]，至少一项", "write a list like [a, b], with one item at least"),
    ("string",): Text("请写文字", "write a text"),
}


def _written_path(source: Source, loc: tuple[str | int, ...], is_missing: bool) -> tuple[str | int, ...]:
    """The path as it stands in the file: without pydantic's names for branches of a union and our own for columns."""
    path: tuple[str | int, ...] = ()
    for part in loc:
        if (*path, part) in source.places:
            path = (*path, part)
    return (*path, loc[-1]) if is_missing else path


def _fields_at(model: Any, path: tuple[str | int, ...]) -> list[str]:
    current: Any = model
    for part in path:
        if isinstance(current, type) and hasattr(current, "model_fields"):
            field = next((one for name, one in current.model_fields.items() if (one.alias or name) == part), None)
            current = field.annotation if field else None
        else:
            arguments = [one for one in typing.get_args(current) if one not in (type(None), ...)]
            current = arguments[-1] if arguments else None
        while current is not None and not hasattr(current, "model_fields"):
            inner = [one for one in typing.get_args(current) if hasattr(one, "model_fields")]
            if typing.get_origin(current) in (dict, tuple) or not inner:
                break
            current = inner[0]
    if isinstance(current, type) and hasattr(current, "model_fields"):
        return [one.alias or name for name, one in current.model_fields.items()]
    return []
