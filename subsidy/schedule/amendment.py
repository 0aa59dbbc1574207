"""Amendments: a version written as what it changes in the one before it, and the proof against a consolidated text."""

from __future__ import annotations

import copy
import hashlib
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import permutations
from pathlib import Path
from typing import Any

from pydantic import Field

from subsidy.finding import Finding, ScheduleError, Text, nearest
from subsidy.schedule.catalogue import CONSOLIDATED
from subsidy.schedule.form import validated
from subsidy.schedule.model import Document, InForce, ScheduleFile
from subsidy.schedule.source import KEY, Source, mapping, path_in, put, read_file, unknown_path
from subsidy.schedule.source import Path as KeyPath
from subsidy.schedule.written import Date, Filled, Part, Whole

HEAD = ("schedule", "document", "in_force", "revision")
SECTIONS = (
    "payers", "words", "facts", "values", "clauses", "limits", "unquantified", "rules", "targets", "checks", "rows",
)  # fmt: skip
NOT_COMPARED = (("document",), ("revision",))  # of a consolidated text: they are its own
LONGEST_SHOWN = 100
ONE_KEY = re.compile(r"[0-9.<>%-]+|[^.]+")  # a range or a name, as against a path


class AmendmentFile(Part):
    """What an amendment changes in the version that begins on the day `amends`, by dotted path."""

    schedule: Filled
    document: Document
    in_force: InForce
    revision: Whole
    amends: Date
    changes: dict[Filled, Any] = Field(default_factory=dict)
    adds: dict[Filled, Any] = Field(default_factory=dict)
    repeals: tuple[Filled, ...] = ()
    consolidated: Filled | None = None


@dataclass(frozen=True)
class Amended:
    """A whole text, the digest of all bytes it was made from, and the published text it must equal."""

    source: Source
    digest: str
    consolidated: Path | None


def is_amendment(source: Source) -> bool:
    return any(key in source.data for key in ("amends", "changes", "adds", "repeals"))


def amended(source: Source, digest: str) -> Amended:
    """The text of the version that an amendment changes, itself perhaps an amendment, with the changes laid over it.

    Raises ScheduleError with every mistake of the amendment: a change or repeal of what is not there, an addition of
    what is, or a version to change that cannot be.
    """
    model: AmendmentFile = validated(AmendmentFile, source)
    consolidated = _consolidated(source, model)
    base, base_digest = _base(source, model)
    both = hashlib.sha256(f"{base_digest} {digest}".encode()).hexdigest()
    return Amended(_Amending(base, source, model).whole(), both, consolidated)


def _refused(source: Source, path: KeyPath, why: Text, remedy: Text, value: str = "") -> ScheduleError:
    return ScheduleError([Finding(source.place(path), "amendment", why, remedy, value)])


def _consolidated(source: Source, model: AmendmentFile) -> Path | None:
    name = model.consolidated
    if name is None:
        return None
    if not name.endswith(CONSOLIDATED):
        why = Text(
            f"合并文本的文件名应以 {CONSOLIDATED} 结尾", f"a consolidated text has a name that ends in {CONSOLIDATED}"
        )
        remedy = Text("否则会被当作一个版本，请改名", "it would be taken for a version: rename the file")
        raise _refused(source, ("consolidated",), why, remedy, name)
    return Path(source.file).parent / name


def _base(source: Source, model: AmendmentFile) -> tuple[Source, str]:
    """The whole text of the version to be changed, and its digest."""
    path = ("amends",)
    if model.amends >= model.in_force.from_:
        why = Text("被修改的版本不早于本版本", "the version it changes does not begin before this one")
        raise _refused(source, path, why, Text("请核对两个起日", "check the two first days"), str(model.amends))
    folder = Path(source.file).parent
    file = folder / f"{model.amends}.yaml"
    if not file.is_file():
        days = [one.stem for one in folder.glob("*.yaml") if one != Path(source.file) and "." not in one.stem]
        why = Text(f"旁边没有文件 {file.name}", f"there is no file {file.name} beside it")
        raise _refused(source, path, why, nearest(str(model.amends), days))
    base, digest = read_file(file)
    in_force = mapping(base).data.get("in_force")
    if isinstance(in_force, dict) and in_force.get("from") != str(model.amends):
        first_day = in_force.get("from")
        why = Text(f"{file.name} 自 {first_day} 起施行", f"{file.name} is in force from {first_day}")
        remedy = Text("文件应以起日命名", "a file is named by its first day in force")
        raise _refused(source, path, why, remedy, str(model.amends))
    if is_amendment(base):
        whole = amended(base, digest)
        base, digest = whole.source, whole.digest
    changed: ScheduleFile = validated(ScheduleFile, base)
    if changed.schedule != model.schedule:
        why = Text(f"{file.name} 是 {changed.schedule} 的版本", f"{file.name} is a version of {changed.schedule}")
        remedy = Text("一个文件夹只放同一补贴标准的版本", "keep the versions of one schedule in a folder")
        raise _refused(source, ("schedule",), why, remedy, model.schedule)
    return base, digest


class _Amending:
    """An amendment being laid over the text that it changes."""

    def __init__(self, base: Source, own: Source, model: AmendmentFile) -> None:
        self.own, self.model = own, model
        self.data = copy.deepcopy(base.data)
        self.places = dict(base.places)
        self.verbatim = set(base.verbatim)
        self.files = {path: base.files.get(path, base.file) for path in base.places if path}
        self.places[()] = own.places[()]
        self.findings: list[Finding] = []
        for clause in self.data.get("clauses", {}).values():
            clause.pop("examples", None)  # they belong to the version that states them

    def whole(self) -> Source:
        repealed = list(self._known("repeals", self.model.repeals))
        taken = [*self._known("changes", self.model.changes), *self._new()]
        self._check_apart([*repealed, *taken])
        if self.findings:
            raise ScheduleError(self.findings)
        document = self.data["document"]
        for path, _ in repealed:
            self._drop(path)
        for key in HEAD:
            self._take((key,), (key,))
        self.data["document"].setdefault("amended", [document["number"], *document.get("amended", ())])
        for path, at in taken:
            self._take(path, at)
        return Source(self.own.file, self.data, self.places, frozenset(self.verbatim), self.files)

    # --- paths -------------------------------------------------------------------------------------------------

    def _known(self, section: str, written: Mapping[str, Any] | tuple[str, ...]) -> Iterator[tuple[KeyPath, KeyPath]]:
        """The path of the base that each entry names, and where the entry stands in the amendment."""
        for position, text in enumerate(written):
            at: KeyPath = (section, text if isinstance(written, Mapping) else position)
            path, rest = path_in(self.data, text)
            if rest:
                self._refuse(at, text, *unknown_path(self.data, text))
            elif self._may_be_named(at, text, path):
                yield path, at

    def _new(self) -> Iterator[tuple[KeyPath, KeyPath]]:
        for text in self.model.adds:
            at = ("adds", text)
            section = text.split(".")[0]
            if section in SECTIONS and section != text:
                self.data.setdefault(section, {})
            path, rest = path_in(self.data, text)
            if not rest:
                why = Text(f"{text} 已存在", f"{text} is there already")
                self._refuse(at, text, why, Text("请写在 changes 下", "put it under changes"))
            elif not ONE_KEY.fullmatch(rest) or not isinstance(self._content(path), dict):
                self._refuse(at, text, *unknown_path(self.data, text))
            elif self._may_be_named(at, text, path):
                yield (*path, rest), at

    def _may_be_named(self, at: KeyPath, text: str, path: KeyPath) -> bool:
        if path and path[0] in HEAD:
            why = Text(f"{path[0]} 由修改文件自己写明", f"an amendment states its own {path[0]}")
            self._refuse(at, text, why, Text("请写在文件开头", "write it at the top of the file"))
            return False
        return True

    def _check_apart(self, named: Sequence[tuple[KeyPath, KeyPath]]) -> None:
        for (outer, _), (inner, at) in permutations(named, 2):
            if inner[: len(outer)] == outer:
                inside, around = (".".join(map(str, path)) for path in (inner, outer))
                why = Text(f"{inside} 在 {around} 之内", f"{inside} lies within {around}")
                if inner == outer:
                    why = Text("同一路径出现两次", "this path stands here twice")
                self._refuse(at, inside, why, Text("两处只写一处", "keep one of the two"))

    def _refuse(self, at: KeyPath, text: str, why: Text, remedy: Text) -> None:
        place = self.own.place((*at, KEY) if (*at, KEY) in self.own.places else at)
        self.findings.append(Finding(place, "amendment", why, remedy, text))

    # --- contents ----------------------------------------------------------------------------------------------

    def _content(self, path: KeyPath) -> Any:
        content = self.data
        for step in path:
            content = content[step]
        return content

    def _take(self, path: KeyPath, at: KeyPath) -> None:
        """Put what stands at `at` in the amendment where `path` is, with its places."""
        taken = self.own.part(at)
        self._forget(path)
        put(self.data, path, copy.deepcopy(taken.data))
        self.places |= {(*path, *inside): place for inside, place in taken.places.items()}
        self.verbatim |= {(*path, *inside) for inside in taken.verbatim}

    def _drop(self, path: KeyPath) -> None:
        del self._content(path[:-1])[path[-1]]
        self._forget(path)

    def _forget(self, path: KeyPath) -> None:
        for known in [one for one in self.places if one[: len(path)] == path]:
            del self.places[known]
            self.files.pop(known, None)
            self.verbatim.discard(known)


# --- the consolidated text -----------------------------------------------------------------------------------------


def check_consolidated(one: Source, whole: Mapping[str, Any], two: Source, published: Mapping[str, Any]) -> None:
    """An amended version means what its consolidated text means. Raises ScheduleError with every path that differs.

    `whole` and `published`: both in canonical form. The documents, the revisions and the examples are not compared.
    """
    findings = []
    for path, ours, theirs in _differences(whole, published, ()):
        beside = two.place(path)
        theirs_at = f"{beside.file}:{beside.row}:{beside.column}"
        zh, en = ((_shown(ours, absent), _shown(theirs, absent)) for absent in ("无", "absent"))
        why = Text(
            f"修改后为 {zh[0]}，合并文本（{theirs_at}）为 {zh[1]}",
            f"with the changes it is {en[0]}, in the consolidated text ({theirs_at}) {en[1]}",
        )
        remedy = Text("请更正修改内容或合并文本", "correct the changes or the consolidated text")
        findings.append(Finding(one.place(path), "consolidated", why, remedy))
    if findings:
        raise ScheduleError(findings)


def _differences(ours: Any, theirs: Any, path: KeyPath) -> Iterator[tuple[KeyPath, Any, Any]]:
    if path in NOT_COMPARED or (path[:1] == ("clauses",) and path[2:] == ("examples",)):
        return
    if not isinstance(ours, dict) or not isinstance(theirs, dict):
        if ours != theirs:
            yield _as_written(path), ours, theirs
        return
    for key in {**ours, **theirs}:
        yield from _differences(ours.get(key), theirs.get(key), (*path, key))
    shared = [[key for key in side if key in ours and key in theirs] for side in (ours, theirs)]
    if _is_ordered(path) and shared[0] != shared[1]:
        yield path, ", ".join(shared[0]), ", ".join(shared[1])


def _is_ordered(path: KeyPath) -> bool:
    """Whether the order of the entries there means something: of limits, and of payers where a fen is left."""
    return path in (("limits",), ("payers",)) or (path[:1] == ("clauses",) and path[2:] in (("parts",), ("split",)))


def _as_written(path: KeyPath) -> KeyPath:
    return (*path[:2], *path[3:]) if path[:1] == ("facts",) and path[2:3] == ("columns",) else path


def _shown(content: Any, absent: str) -> str:
    text = absent if content is None else _flow(content)
    return text if len(text) <= LONGEST_SHOWN else f"{text[: LONGEST_SHOWN - 1]}…"


def _flow(content: Any) -> str:
    """Content in one line, as it would be written."""
    if isinstance(content, dict):
        entries = (f"{key}: {_flow(value)}" for key, value in content.items() if value not in (None, [], {}))
        return f"{{{', '.join(entries)}}}"
    if isinstance(content, list):
        return f"[{', '.join(_flow(one) for one in content)}]"
    return str(content)
