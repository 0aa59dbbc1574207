"""A schedule file to a checked version: read, amend or overlay, validate, check. Every mistake has its place."""

from __future__ import annotations

import datetime
import functools
import hashlib
import json
import pathlib
from collections.abc import Hashable, Mapping, Sequence, Set
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any, Literal, NamedTuple

from subsidy.finding import Finding, ScheduleError, Text
from subsidy.schedule import expression
from subsidy.schedule.amendment import amended, check_consolidated, is_amendment
from subsidy.schedule.catalogue import schedules_root
from subsidy.schedule.check import check
from subsidy.schedule.checked import CheckedClause, CheckedLimit
from subsidy.schedule.checker import Checker
from subsidy.schedule.column import Column, Table
from subsidy.schedule.form import validated
from subsidy.schedule.model import RosterCheck, ScheduleFile, SharedFacts
from subsidy.schedule.node import READY_PARTS, Type
from subsidy.schedule.overlay import Overlay, OverlayFile, is_overlay, laid_over
from subsidy.schedule.roster_check import CheckedRosterCheck, UnfitCheck, fitted
from subsidy.schedule.scope import Scope
from subsidy.schedule.source import Path, Source, mapping, parsed, path_in, read_bytes, read_source
from subsidy.schedule.target_check import CheckedTarget

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
    targets: Mapping[str, CheckedTarget]
    text_hash: str  # of the file's bytes; for an amendment also of those it changes
    overlays: tuple[tuple[str, str], ...] = ()  # values given by path, over the files
    overlay_files: tuple[OverlayFile, ...] = ()

    @property
    def id(self) -> str:
        return self.model.schedule

    @property
    def first_day(self) -> datetime.date:
        return self.model.in_force.from_

    @property
    def issued(self) -> datetime.date:
        """The day from which it is known."""
        return self.model.document.issued

    @property
    def identity(self) -> Hashable:
        """What tells this version from others in a cache."""
        return self.text_hash, self.overlays, self.overlay_files

    def described_overlays(self) -> list[tuple[str, str]]:
        """What is laid over the file, in order: path and value, or the name of an overlay file and an entry."""
        of_files = [(one.file, entry) for one in self.overlay_files for entry in one.entries()]
        return [*of_files, *self.overlays]

    def overlays_dict(self) -> dict[str, Any]:
        """JSON-ready: overlays (path → value) and, where there are any, overlay_files."""
        files = [one.to_dict() for one in self.overlay_files]
        return {"overlays": dict(self.overlays), **({"overlay_files": files} if files else {})}

    @property
    def tables(self) -> Mapping[str, Table]:
        return self.checker.tables

    def only(self, clauses: Set[str]) -> Version:
        """The version with these clauses only, and the limits over none but them."""
        kept = {name: clause for name, clause in self.clauses.items() if name in clauses}
        limits = {
            name: limit
            for name, limit in self.limits.items()
            if all(one in clauses for one in limit.model.among if ":" not in one)
        }
        return replace(self, clauses=kept, limits=limits, text_hash=f"{self.text_hash} {' '.join(kept)}")

    def fund(self, clause: str, payer: str) -> str | None:
        """The budget line from which a payer pays a clause."""
        own = self.model.payers[payer].fund if payer in self.model.payers else None
        return own or self.model.clauses[clause].fund

    @property
    def words(self) -> Mapping[str, str]:
        return {**shared_words(), **self.model.words}

    @functools.cached_property
    def unit_words(self) -> Mapping[str, str]:
        """The Chinese words for units: measure words, else what the table of that key or the name itself is called."""
        words = self.words
        tables = {table.key: words[name] for name, table in self.tables.items() if table.key and name in words}
        return {**words, **tables, **shared_units()}

    @functools.cached_property
    def roster_checks(self) -> tuple[CheckedRosterCheck | UnfitCheck, ...]:
        """The checks of a roster's rows: the shared ones, where the schedule has none of that name, and its own."""
        own = self.checker.roster_checks
        shared = {name: model for name, model in _shared().checks.items() if name not in own}
        return (*(fitted(self.checker, name, model) for name, model in shared.items()), *own.values())

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
        checks = {check.name: check.model.model_dump(mode="json", by_alias=True) for check in self.roster_checks}
        return {**content, "facts": tables, "checks": checks}

    @functools.cached_property
    def meaning_hash(self) -> str:
        """Of what the schedule means: the order of entries counts only where it decides about money."""
        content = self.canonical()
        for section in (content, *content["clauses"].values()):
            for name in ("limits", "payers", "parts", "split", "steps"):
                if isinstance(section.get(name), dict):
                    section[name] = list(section[name].items())
        canonical = json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(canonical.encode()).hexdigest()


class _Shared(NamedTuple):
    tables: dict[str, Table]
    words: dict[str, str]
    units: dict[str, str]
    checks: dict[str, RosterCheck]
    sources: tuple[Source, ...]


@functools.cache
def _shared() -> _Shared:
    tables: dict[str, Table] = {}
    words: dict[str, str] = {}
    units: dict[str, str] = {}
    checks: dict[str, RosterCheck] = {}
    sources = []
    for path in sorted((schedules_root() / "_facts").glob("*.yaml")):
        source = read_source(path.read_text(encoding="utf-8"), str(path))
        shared = validated(SharedFacts, source)
        tables |= shared.facts
        words |= shared.words
        units |= shared.units
        checks |= shared.checks
        sources.append(source)
    return _Shared(tables, words, units, checks, tuple(sources))


def shared_words() -> dict[str, str]:
    return _shared().words


def shared_units() -> dict[str, str]:
    return _shared().units


def load_text(text: str, file: str = "") -> Version:
    """A version from the text of a schedule file. Raises ScheduleError with every mistake in it."""
    return load_source(read_source(text, file), hashlib.sha256(text.encode()).hexdigest())


def load_file(path: pathlib.Path) -> Version:
    """A version from a file. Raises ScheduleError, also when the file cannot be read.

    The file is read every time; a text that is still the same is not checked again.
    """
    content = read_bytes(path)
    return _whole(path, content) or load_source(*_parsed(path, content))


@functools.lru_cache(maxsize=64)
def _whole(path: pathlib.Path, content: bytes) -> Version | None:
    """The version that a file is by itself; None for an amendment, which is what other files make of it."""
    source, digest = _parsed(path, content)
    return None if is_amendment(source) else load_source(source, digest)


def _parsed(path: pathlib.Path, content: bytes) -> tuple[Source, str]:
    source, digest = parsed(path, content)
    return mapping(source), digest


def load_source(source: Source, digest: str) -> Version:
    """A version from a whole text or an amendment. `digest`: of the bytes. Raises ScheduleError."""
    if is_overlay(source):
        why = Text("这是改动文件，不是补贴标准", "this is a file of overlays and no schedule")
        remedy = Text("请用 --overlay 给出", "give it with --overlay")
        raise ScheduleError([Finding(source.place(()), "not-a-schedule", why, remedy)])
    if not is_amendment(source):
        return _checked(source, digest)
    whole = amended(source, digest)
    version = _checked(whole.source, whole.digest)
    if whole.consolidated is not None:
        published = load_file(whole.consolidated)
        check_consolidated(whole.source, version.canonical(), published.checker.sources[0], published.canonical())
    return version


def overlaid(version: Version, overlay: Overlay) -> tuple[Version, Mapping[Path, Finding]]:
    """The version with what of an overlay fits it, and by entry what does not. Raises ScheduleError.

    Files are kept in their order, and after them the values given by path that no later file replaces.
    """
    laid = laid_over(version.checker.sources[0], overlay)
    if not laid.paths:
        return version, laid.absent
    before, files = version.checker.sources[0].data, version.overlay_files
    given = {path: value for path, value in version.overlays if not _within(path_in(before, path)[0], laid.paths)}
    if isinstance(overlay, OverlayFile):
        files = (*files, overlay)
    else:
        given |= {path: value for path, value in overlay.items() if ("changes", path) not in laid.absent}
    fresh = _checked(laid.source, version.text_hash)
    return replace(fresh, overlays=tuple(sorted(given.items())), overlay_files=files), laid.absent


def _within(path: Path, others: Sequence[Path]) -> bool:
    return any(path[: len(other)] == other for other in others)


def _checked(source: Source, digest: str) -> Version:
    model: ScheduleFile = validated(ScheduleFile, source)
    shared = _shared()
    tables = dict(shared.tables)
    for name, table in model.facts.items():
        known = tables.get(name)
        tables[name] = (
            Table(span=table.span or known.span, columns={**known.columns, **table.columns}) if known else table
        )
    checker, clauses, limits, targets = check(model, tables, (source, *shared.sources))
    return Version(model, checker, clauses, limits, targets, digest)


def json_schema() -> dict[str, Any]:
    """JSON Schema of a schedule file, for editors."""
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **ScheduleFile.model_json_schema(by_alias=True)}
