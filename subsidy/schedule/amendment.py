"""Amendments: a version written as what it changes in the one before it, and the proof against a consolidated text."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from subsidy.finding import Finding, ScheduleError, Text, nearest
from subsidy.schedule.catalogue import CONSOLIDATED
from subsidy.schedule.edit import Changes, Edit
from subsidy.schedule.form import validated
from subsidy.schedule.model import Document, InForce, ScheduleFile
from subsidy.schedule.source import Path as KeyPath
from subsidy.schedule.source import Source, in_one_line, mapping, read_file
from subsidy.schedule.written import Date, Filled, Whole

HEAD = ("schedule", "document", "in_force", "revision")
NOT_COMPARED = (("document",), ("revision",))  # of a consolidated text: they are its own
LONGEST_SHOWN = 100


class AmendmentFile(Changes):
    """What an amendment changes in the version that begins on the day `amends`, by dotted path."""

    schedule: Filled
    document: Document
    in_force: InForce
    revision: Whole
    amends: Date
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
    return Amended(_laid_over(base, source, model), both, consolidated)


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


def _laid_over(base: Source, own: Source, model: AmendmentFile) -> Source:
    """The text of `base` with the head of the amendment and what it changes."""
    edit = Edit(base, own, "amendment", Text("修改文件", "an amendment"), HEAD)
    for clause in edit.data.get("clauses", {}).values():
        clause.pop("examples", None)  # they belong to the version that states them
    changes = edit.fitting(model)
    findings = [*edit.findings, *edit.absent.values()]
    if findings:
        raise ScheduleError(findings)
    document = edit.data["document"]
    for path in changes.repealed:
        edit.drop(path)
    for key in HEAD:
        edit.take((key,), (key,))
    edit.data["document"].setdefault("amended", [document["number"], *document.get("amended", ())])
    for path, at in changes.taken:
        edit.take(path, at)
    return replace(edit.source(own.file), places={**edit.places, (): own.places[()]})


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
    text = absent if content is None else in_one_line(content)
    return text if len(text) <= LONGEST_SHOWN else f"{text[: LONGEST_SHOWN - 1]}…"
