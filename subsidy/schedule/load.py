"""A schedule file to a checked version: read, overlay, validate, check. Every mistake at once, with its place."""

from __future__ import annotations

import datetime
import functools
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from typing import Any, Literal

from pydantic import ValidationError

from subsidy.finding import Finding, Place, Refusal, ScheduleError, Text, nearest
from subsidy.schedule import expression
from subsidy.schedule.catalogue import schedules_root
from subsidy.schedule.check import check
from subsidy.schedule.checked import CheckedClause, CheckedLimit
from subsidy.schedule.checker import Checker
from subsidy.schedule.model import AS_WRITTEN, COLUMN_KEYS, Column, ScheduleFile, SharedFacts, Table
from subsidy.schedule.node import READY_PARTS, Type
from subsidy.schedule.scope import Scope
from subsidy.schedule.source import KEY, MOST_FINDINGS, Source, error_of, read_source

Overlay = Mapping[str, str]


COUNT = Type("number", low=Fraction(1), high=Fraction(10_000_000))


@dataclass(frozen=True)
class RosterColumn:
    """A column a roster may have. A ready figure (`history`, `derived`) goes before what would be derived."""

    column: Column
    type: Type
    origin: Literal["own", "history", "derived"]


@dataclass(frozen=True)
class Version:
    """One version of one schedule, checked and ready to calculate."""

    model: ScheduleFile
    checker: Checker
    clauses: Mapping[str, CheckedClause]
    limits: Mapping[str, CheckedLimit]
    text_hash: str  # of the file's bytes
    overlays: tuple[tuple[str, str], ...] = ()

    @property
    def id(self) -> str:
        return self.model.schedule

    @property
    def first_day(self) -> datetime.date:
        return self.model.in_force.from_

    @property
    def tables(self) -> Mapping[str, Table]:
        return self.checker.tables

    def fund(self, clause: str, payer: str) -> str | None:
        """The budget line from which a payer pays a clause."""
        own = self.model.payers[payer].fund if payer in self.model.payers else None
        return own or self.model.clauses[clause].fund

    @property
    def words(self) -> Mapping[str, str]:
        return {**shared_words(), **self.model.words}

    def columns_of(self, table: str) -> dict[str, RosterColumn]:
        """What a roster may give for a table: its own columns, `count`, and ready figures for derived facts."""
        model = self.tables[table]
        scope = Scope(self.checker, table, "month" if model.life else "event", reads_facts_only=True)
        found = {
            name: RosterColumn(column, self.checker.type_of(column, table, name), "own")
            for name, column in model.columns.items()
            if not column.derived
        }
        if model.key is not None:
            found["count"] = RosterColumn(Column(type="number", blank="none"), COUNT, "own")
        for history in self.checker.histories_of(table):
            for name, column in history.facts.items():
                found.setdefault(name, RosterColumn(column, self.checker.type_of(column, table, name), "history"))
        for name, column in model.columns.items():
            if column.derived:
                kind = scope.resolve(expression.Name((name,), 0)).type
                if kind.quotient:
                    kind = replace(kind, scale=kind.scale * READY_PARTS)
                found[name] = RosterColumn(column, kind, "derived")
        return found

    def canonical(self) -> dict[str, Any]:
        """The validated schedule with every table it may read, as JSON-ready texts, numbers, lists and mappings."""
        content = self.model.model_dump(mode="json", by_alias=True)
        tables = {name: table.model_dump(mode="json", by_alias=True) for name, table in self.tables.items()}
        return {**content, "facts": tables}

    @functools.cached_property
    def meaning_hash(self) -> str:
        canonical = json.dumps(self.canonical(), ensure_ascii=False, sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(canonical.encode()).hexdigest()


@functools.cache
def _shared() -> tuple[dict[str, Table], dict[str, str], tuple[Source, ...]]:
    tables: dict[str, Table] = {}
    words: dict[str, str] = {}
    sources = []
    for path in sorted((schedules_root() / "_facts").glob("*.yaml")):
        source = read_source(path.read_text(encoding="utf-8"), str(path))
        shared = _validated(SharedFacts, source)
        tables |= shared.facts
        words |= shared.words
        sources.append(source)
    return tables, words, tuple(sources)


def shared_words() -> dict[str, str]:
    return _shared()[1]


def _validated(model: type[Any], source: Source) -> Any:
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
        return Finding(source.place((*path, KEY)), "unknown-key", why, nearest(name, known))
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
    import typing

    current: Any = model
    for part in path:
        if isinstance(current, type) and hasattr(current, "model_fields"):
            field = next((one for name, one in current.model_fields.items() if (one.alias or name) == part), None)
            current = field.annotation if field else None
        else:
            arguments = [one for one in typing.get_args(current) if one is not type(None)]
            current = arguments[-1] if arguments else None
        while current is not None and not hasattr(current, "model_fields"):
            inner = [one for one in typing.get_args(current) if hasattr(one, "model_fields")]
            if typing.get_origin(current) in (dict, tuple) or not inner:
                break
            current = inner[0]
    if isinstance(current, type) and hasattr(current, "model_fields"):
        return [one.alias or name for name, one in current.model_fields.items()]
    return []


def _overlaid(source: Source, overlay: Overlay) -> Source:
    """The source with the values at dotted paths replaced; limits and clauses may also be given further options."""
    data = json.loads(json.dumps(source.data))
    places = dict(source.places)
    findings = []
    for written, value in overlay.items():
        path = tuple(written.split("."))
        at: Any = data
        for depth, part in enumerate(path):
            is_new_option = depth == len(path) - 1 and depth == 2 and path[0] in ("limits", "clauses")
            if not isinstance(at, dict) or (part not in at and not is_new_option):
                why = Text(f"{written} 中没有 {part}", f"there is no {part} in {written}")
                known = at if isinstance(at, dict) else ()
                findings.append(Finding(Place(source.file, path=written), "overlay", why, nearest(part, known)))
                break
            if depth == len(path) - 1:
                at[part] = value
                places.setdefault(path, places[path[:depth]])
            at = at.get(part)
    if findings:
        raise ScheduleError(findings)
    return replace(source, data=data, places=places)


def load_text(text: str, file: str = "", overlay: Overlay | None = None) -> Version:
    """A version from the text of a schedule file. Raises ScheduleError with every mistake in it."""
    return _loaded(text, hashlib.sha256(text.encode()).hexdigest(), file, overlay)


def _loaded(text: str, digest: str, file: str, overlay: Overlay | None) -> Version:
    source = read_source(text, file)
    if overlay:
        source = _overlaid(source, overlay)
    model: ScheduleFile = _validated(ScheduleFile, source)
    shared, _, shared_sources = _shared()
    tables = dict(shared)
    for name, table in model.facts.items():
        known = tables.get(name)
        tables[name] = (
            Table(span=table.span or known.span, columns={**known.columns, **table.columns}) if known else table
        )
    checker, clauses, limits = check(model, tables, (source, *shared_sources))
    return Version(model, checker, clauses, limits, digest, tuple(sorted((overlay or {}).items())))


def load_file(path: Path, overlay: Overlay | None = None) -> Version:
    """A version from a file. Raises ScheduleError, also when the file cannot be read."""
    try:
        content = path.read_bytes()
        text = content.decode("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        why = Text("文件无法读取", f"the file cannot be read ({type(error).__name__})")
        remedy = Text("请检查路径，并用 UTF-8 保存", "check the path, and save it as UTF-8")
        raise ScheduleError([Finding(Place(str(path)), "file", why, remedy)]) from None
    return _loaded(text, hashlib.sha256(content).hexdigest(), str(path), overlay)


def json_schema() -> dict[str, Any]:
    """JSON Schema of a schedule file, for editors."""
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **ScheduleFile.model_json_schema(by_alias=True)}
