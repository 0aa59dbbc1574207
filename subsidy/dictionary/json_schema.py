"""JSON Schemas of what the commands print with --json, and of a receipt."""

from __future__ import annotations

from typing import Any

from subsidy.dictionary.columns import Column, Table, made_of, objects, outputs

DIALECT = "https://json-schema.org/draft/2020-12/schema"
LISTS = frozenset({"list", "targets", "show"})  # commands that print a list of their objects
_TYPES: dict[str, dict[str, Any]] = {
    "text": {"type": "string"},
    "whole": {"type": "integer"},
    "yuan": {"type": "string", "pattern": r"^-?[0-9]+\.[0-9]{2}$"},
    "date": {"type": "string", "pattern": r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$"},
    "yes_no": {"type": "boolean"},
    "number": {"type": "string", "pattern": r"^-?[0-9]+(\.[0-9]+|/[0-9]+)?$"},
    "texts": {
        "type": "object",
        "properties": {"zh": {"type": "string"}, "en": {"type": "string"}},
        "required": ["zh", "en"],
        "additionalProperties": False,
    },
    "any": {},
}


def json_schemas() -> dict[str, dict[str, Any]]:
    """By command the JSON Schema of its output."""
    return {command: _schema(command, alternatives) for command, alternatives in outputs().items()}


def _schema(command: str, alternatives: list[Table]) -> dict[str, Any]:
    named = {one.name: one for table in alternatives for one in (table, *made_of(table))}
    one_of = [{"$ref": f"#/$defs/{table.name}"} for table in alternatives]
    root: dict[str, Any] = one_of[0] if len(one_of) == 1 else {"anyOf": one_of}
    if command in LISTS:
        root = {"type": "array", "items": root}
    meaning = " · ".join(table.meaning.en for table in alternatives)
    definitions = {name: _object(table) for name, table in sorted(named.items())}
    return {"$schema": DIALECT, "title": f"subsidy {command}", "description": meaning, **root, "$defs": definitions}


def _object(table: Table) -> dict[str, Any]:
    return {
        "type": "object",
        "description": f"{table.meaning.en} · {table.meaning.zh}",
        "properties": {column.name: _property(column) for column in table.columns.values()},
        "required": [column.name for column in table.columns.values() if not column.optional],
        "additionalProperties": table.is_open,
    }


def _property(column: Column) -> dict[str, Any]:
    of_type = _of_type(column.type)
    if column.values:
        of_type = {**of_type, "enum": list(column.values)}
    unit = f" ({column.unit})" if column.unit else ""
    described = {"description": f"{column.meaning.en}{unit} · {column.meaning.zh}"}
    if column.blank.en:
        return {**described, "anyOf": [of_type, {"type": "null", "description": column.blank.en}]}
    return {**described, **of_type}


def _of_type(written: str) -> dict[str, Any]:
    way, _, inner = written.partition(" of ")
    if way == "list" and inner:
        return {"type": "array", "items": _of_type(inner)}
    if way == "map" and inner:
        return {"type": "object", "additionalProperties": _of_type(inner)}
    return {"$ref": f"#/$defs/{written}"} if written in objects() else dict(_TYPES[written])
