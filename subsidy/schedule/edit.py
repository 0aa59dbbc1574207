"""Changes, additions and repeals by dotted path, as amendments and overlays write them, laid over a text."""

from __future__ import annotations

import copy
import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import permutations
from typing import Any, NamedTuple

from pydantic import Field

from subsidy.finding import Finding, Text
from subsidy.schedule.source import KEY, Path, Source, path_in, put, unknown_path
from subsidy.schedule.written import Filled, Part

SECTIONS = (
    "payers", "words", "facts", "values", "clauses", "limits", "unquantified", "rules", "targets", "checks", "rows",
)  # fmt: skip
ONE_KEY = re.compile(r"[0-9.<>%-]+|[^.]+")  # a range or a name, as against a path


class Changes(Part):
    """What is changed (path → new content), added (path → content) and repealed (paths)."""

    changes: dict[Filled, Any] = Field(default_factory=dict)
    adds: dict[Filled, Any] = Field(default_factory=dict)
    repeals: tuple[Filled, ...] = ()


class Fitting(NamedTuple):
    """The paths of the text to be dropped, and those to be filled, each with where its content stands."""

    repealed: list[Path]
    taken: list[tuple[Path, Path]]


class Edit:
    """A text being changed by what stands in another file, `own`.

    `findings`: mistakes. `absent`: by the place in `own`, entries that do not fit this text: a change or repeal of what
    is not there, an addition of what is. `head`: what may not be changed, because `own` states it itself.
    """

    def __init__(self, base: Source, own: Source, code: str, name: Text, head: Sequence[str]) -> None:
        self.own, self.code, self.name, self.head = own, code, name, head
        self.data = copy.deepcopy(base.data)
        self.places = dict(base.places)
        self.verbatim = set(base.verbatim)
        self.files = {path: base.files.get(path, base.file) for path in base.places if path}
        self.findings: list[Finding] = []
        self.absent: dict[Path, Finding] = {}

    def fitting(self, model: Changes) -> Fitting:
        """What of the changes fits the text; what does not is in `findings` or `absent` afterwards."""
        repealed = list(self._known("repeals", model.repeals))
        taken = [*self._known("changes", model.changes), *self._new(model)]
        self._check_apart([*repealed, *taken])
        return Fitting([path for path, _ in repealed], taken)

    def source(self, file: str) -> Source:
        return Source(file, self.data, self.places, frozenset(self.verbatim), self.files)

    # --- paths -------------------------------------------------------------------------------------------------

    def _known(self, section: str, written: Mapping[str, Any] | tuple[str, ...]) -> Iterator[tuple[Path, Path]]:
        """The path of the text that each entry names, and where the entry stands."""
        for position, text in enumerate(written):
            at: Path = (section, text if isinstance(written, Mapping) else position)
            path, rest = path_in(self.data, text)
            if rest:
                why, remedy = unknown_path(self.data, text)
                if section == "changes" and ONE_KEY.fullmatch(rest):
                    remedy = Text(f"{remedy.zh}；新增的写在 adds 下", f"{remedy.en}; what is new goes under adds")
                self.absent[at] = self._finding(at, text, why, remedy)
            elif self._may_be_named(at, text, path):
                yield path, at

    def _new(self, model: Changes) -> Iterator[tuple[Path, Path]]:
        for text in model.adds:
            at = ("adds", text)
            section = text.split(".")[0]
            if section in SECTIONS and section != text:
                self.data.setdefault(section, {})
            path, rest = path_in(self.data, text)
            if not rest:
                why = Text(f"{text} 已存在", f"{text} is there already")
                self.absent[at] = self._finding(at, text, why, Text("请写在 changes 下", "put it under changes"))
            elif not ONE_KEY.fullmatch(rest) or not isinstance(self._content(path), dict):
                self.absent[at] = self._finding(at, text, *unknown_path(self.data, text))
            elif self._may_be_named(at, text, path):
                yield (*path, rest), at

    def _may_be_named(self, at: Path, text: str, path: Path) -> bool:
        if path and path[0] in self.head:
            why = Text(f"{path[0]} 由{self.name.zh}自己写明", f"{self.name.en} states its own {path[0]}")
            remedy = Text("请写在文件开头", "write it at the top of the file")
            self.findings.append(self._finding(at, text, why, remedy))
            return False
        return True

    def _check_apart(self, named: Sequence[tuple[Path, Path]]) -> None:
        for (outer, _), (inner, at) in permutations(named, 2):
            if inner[: len(outer)] == outer:
                inside, around = (".".join(map(str, path)) for path in (inner, outer))
                why = Text(f"{inside} 在 {around} 之内", f"{inside} lies within {around}")
                if inner == outer:
                    why = Text("同一路径出现两次", "this path stands here twice")
                remedy = Text("两处只写一处", "keep one of the two")
                self.findings.append(self._finding(at, inside, why, remedy))

    def _finding(self, at: Path, text: str, why: Text, remedy: Text) -> Finding:
        place = self.own.place((*at, KEY) if (*at, KEY) in self.own.places else at)
        return Finding(place, self.code, why, remedy, text)

    # --- contents ----------------------------------------------------------------------------------------------

    def _content(self, path: Path) -> Any:
        content = self.data
        for step in path:
            content = content[step]
        return content

    def take(self, path: Path, at: Path) -> None:
        """Put what stands at `at` in the file of changes where `path` is, with its places."""
        taken = self.own.part(at)
        self._forget(path)
        put(self.data, path, copy.deepcopy(taken.data))
        self.places |= {(*path, *inside): place for inside, place in taken.places.items()}
        self.files |= {(*path, *inside): self.own.file for inside in taken.places}
        self.verbatim |= {(*path, *inside) for inside in taken.verbatim}

    def drop(self, path: Path) -> None:
        """Take away what is at `path`."""
        del self._content(path[:-1])[path[-1]]
        self._forget(path)

    def _forget(self, path: Path) -> None:
        for known in [one for one in self.places if one[: len(path)] == path]:
            del self.places[known]
            self.files.pop(known, None)
            self.verbatim.discard(known)
