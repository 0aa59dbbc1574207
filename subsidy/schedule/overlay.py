"""Overlays: what is changed in a schedule for one calculation, by path or by a file. Its own file stays as it is."""

from __future__ import annotations

import copy
import functools
import hashlib
import json
import pathlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

from subsidy.finding import Finding, Place, ScheduleError, Text
from subsidy.schedule.edit import Changes, Edit
from subsidy.schedule.form import validated
from subsidy.schedule.source import (
    Path,
    Source,
    decoded,
    in_one_line,
    mapping,
    path_in,
    put,
    read_bytes,
    read_yaml,
    unknown_path,
)
from subsidy.schedule.written import Date, Filled, Label


class OverlayForm(Changes):
    """An overlay as it is written: its name, the schedule it is for, what it changes.

    `on`: only in the version in force on this day; without it in every version that has the path.
    """

    overlay: Label
    schedule: Filled
    on: Date | None = None


@dataclass(frozen=True)
class OverlayFile:
    """An overlay that was read from a file. `file`: its name, `bytes_sha256`: of its bytes."""

    file: str
    text: str
    bytes_sha256: str
    model: OverlayForm = field(compare=False)
    source: Source = field(compare=False, repr=False)

    @property
    def label(self) -> Text:
        return Text(self.model.overlay.zh, self.model.overlay.en)

    @functools.cached_property
    def meaning_sha256(self) -> str:
        """Of what it changes in which schedule and version, in this order."""
        content = [self.model.schedule, str(self.model.on), [*self.model.changes.items()], [*self.model.adds.items()]]
        canonical = json.dumps([*content, self.model.repeals], ensure_ascii=False, separators=(",", ":"))
        return hashlib.sha256(canonical.encode()).hexdigest()

    def entries(self) -> list[str]:
        """What it does, a line for each path: `values.rate.is = 250`, `+ clauses.top_up`, `- clauses.gift`."""
        changed = [f"{path} = {in_one_line(content)}" for path, content in self.model.changes.items()]
        return [*changed, *(f"+ {path}" for path in self.model.adds), *(f"- {path}" for path in self.model.repeals)]

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready: file, label, bytes_sha256, meaning_sha256, and the whole text."""
        return {
            "file": self.file,
            "label": {"zh": self.label.zh, "en": self.label.en},
            "bytes_sha256": self.bytes_sha256,
            "meaning_sha256": self.meaning_sha256,
            "text": self.text,
        }


Overlay = Mapping[str, str] | OverlayFile


class Laid(NamedTuple):
    """A text with an overlay over it, the paths that it changed, and by entry what does not fit this text."""

    source: Source
    paths: list[Path]
    absent: dict[Path, Finding]


def is_overlay(source: Source) -> bool:
    """Whether a text is one of overlays."""
    return "overlay" in source.data


def read_overlay(path: pathlib.Path) -> OverlayFile:
    """An overlay from a file. Raises ScheduleError with every mistake of form, also when it cannot be read."""
    content = read_bytes(path)
    return overlay_of(decoded(content, path), path.name, hashlib.sha256(content).hexdigest(), str(path))


def overlay_from(given: Overlay | str | pathlib.Path) -> Overlay:
    """What is given, or the overlay in a file of this path."""
    return read_overlay(pathlib.Path(given)) if isinstance(given, (str, pathlib.Path)) else given


def overlay_of(text: str, name: str, bytes_sha256: str, file: str = "") -> OverlayFile:
    """An overlay from its text. `name`: of its file, `file`: where that is. Raises ScheduleError."""
    source = mapping(read_yaml(text, file or name))
    if not is_overlay(source) and "in_force" in source.data:
        why = Text("这是补贴标准，不是改动文件", "this is a schedule and no file of overlays")
        remedy = Text("请以 overlay: … 开头", "begin with overlay: …")
        raise ScheduleError([Finding(source.place(()), "overlay", why, remedy)])
    model: OverlayForm = validated(OverlayForm, source)
    if not (model.changes or model.adds or model.repeals):
        why = Text("没有改动", "it changes nothing")
        remedy = Text("请写 changes、adds 或 repeals", "write changes, adds or repeals")
        raise ScheduleError([Finding(source.place(()), "overlay", why, remedy)])
    return OverlayFile(name, text, bytes_sha256, model, source)


def laid_over(source: Source, overlay: Overlay) -> Laid:
    """The text with what of the overlay fits it. Raises ScheduleError for an overlay with mistakes in any case."""
    if isinstance(overlay, OverlayFile):
        return _by_file(source, overlay)
    return _by_path(source, overlay)


def _by_file(source: Source, overlay: OverlayFile) -> Laid:
    edit = Edit(source, overlay.source, "overlay", Text("改动文件", "an overlay"), ("schedule",))
    fitting = edit.fitting(overlay.model)
    if edit.findings:
        raise ScheduleError([*edit.findings, *edit.absent.values()])
    for path in fitting.repealed:
        edit.drop(path)
    for path, at in fitting.taken:
        edit.take(path, at)
    paths = [*fitting.repealed, *(path for path, _ in fitting.taken)]
    return Laid(edit.source(source.file), paths, edit.absent)


def _by_path(source: Source, changes: Mapping[str, str]) -> Laid:
    """Limits and clauses may also be given an option that they do not have.

    A value that begins with `{` is a list of name: content, as YAML has it.
    """
    data = copy.deepcopy(source.data)
    places, files = dict(source.places), dict(source.files)
    paths: list[Path] = []
    absent: dict[Path, Finding] = {}
    for written, value in changes.items():
        path, rest = path_in(data, written)
        if rest and len(path) == 2 and path[0] in ("limits", "clauses") and "." not in rest:
            places[(*path, rest)] = places[path]
            files[(*path, rest)] = files.get(path, source.file)
            path, rest = (*path, rest), ""
        if rest or not path:
            absent[("changes", written)] = Finding(
                Place(source.file, path=written), "overlay", *unknown_path(data, written)
            )
        else:
            try:
                put(data, path, read_yaml(value).data if value.startswith("{") else value)
                paths.append(path)
            except ScheduleError as error:
                first = error.findings[0]
                raise ScheduleError(
                    [Finding(Place(source.file, path=written), "value", first.why, first.remedy, value)]
                ) from None
    return Laid(replace(source, data=data, places=places, files=files), paths, absent)
