"""Amendments: a version written as what it changes in the one before it, and the proof against a consolidated text."""

from __future__ import annotations

import datetime
import hashlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Any

from pydantic import BeforeValidator, WithJsonSchema

from subsidy.finding import Finding, Refusal, ScheduleError, Text, nearest
from subsidy.schedule.edit import Changes, Edit
from subsidy.schedule.form import validated
from subsidy.schedule.model import Document, InForce, ScheduleFile
from subsidy.schedule.origins import CONSOLIDATED
from subsidy.schedule.source import Path as KeyPath
from subsidy.schedule.source import Source, in_one_line, mapping, read_file
from subsidy.schedule.written import Filled, Whole, read_date

HEAD = ("schedule", "document", "in_force", "revision")
NOT_COMPARED = (("document",), ("revision",))  # of a consolidated text: they are its own
LONGEST_SHOWN = 100
VERSION_FILE_PATTERN = r"^\d{4}-\d{2}-\d{2}(\.\d{4}-\d{2}-\d{2})?$"


def _version_file(value: object) -> str:
    """A first day, or a first day and a day of issue, joined by a dot."""
    days = str(value).split(".")
    if len(days) > 2:
        remedy = Text("请写成 2021-11-05 或 2021-11-05.2022-03-01", "write it like 2021-11-05 or 2021-11-05.2022-03-01")
        raise Refusal(Text("不是版本文件的名称", "this is not the name of a version's file"), remedy)
    return ".".join(read_date(day).isoformat() for day in days)


VersionFile = Annotated[
    str, BeforeValidator(_version_file), WithJsonSchema({"type": "string", "pattern": VERSION_FILE_PATTERN})
]


class AmendmentFile(Changes):
    """What an amendment changes in the version in the file named `amends`, by dotted path."""

    schedule: Filled
    document: Document
    in_force: InForce
    revision: Whole
    amends: VersionFile
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
    first_day = datetime.date.fromisoformat(model.amends.partition(".")[0])
    if first_day > model.in_force.from_ or model.amends == Path(source.file).stem:
        why = Text("被修改的版本不早于本版本", "the version it changes does not begin before this one")
        raise _refused(source, path, why, Text("请核对两个起日", "check the two first days"), model.amends)
    folder = Path(source.file).parent
    file = folder / f"{model.amends}.yaml"
    if not file.is_file():
        names = [one.stem for one in folder.glob("*.yaml") if one != Path(source.file)]
        days = [name for name in names if re.fullmatch(VERSION_FILE_PATTERN, name)]
        why = Text(f"旁边没有文件 {file.name}", f"there is no file {file.name} beside it")
        raise _refused(source, path, why, nearest(model.amends, days))
    base, digest = read_file(file)
    _check_days(source, model, mapping(base), file.name)
    if is_amendment(base):
        whole = amended(base, digest)
        base, digest = whole.source, whole.digest
    changed: ScheduleFile = validated(ScheduleFile, base)
    if changed.schedule != model.schedule:
        why = Text(f"{file.name} 是 {changed.schedule} 的版本", f"{file.name} is a version of {changed.schedule}")
        remedy = Text("一个文件夹只放同一补贴标准的版本", "keep the versions of one schedule in a folder")
        raise _refused(source, ("schedule",), why, remedy, model.schedule)
    return base, digest


def _check_days(source: Source, model: AmendmentFile, base: Source, file: str) -> None:
    """The version to be changed has the days of its file's name, and is the earlier of two with one first day."""
    first_day, _, issued = model.amends.partition(".")
    starts, states = (_stated(base, *path) for path in (("in_force", "from"), ("document", "issued")))
    if starts not in ("", first_day):
        why = Text(f"{file} 自 {starts} 起施行", f"{file} is in force from {starts}")
        remedy = Text("文件应以起日命名", "a file is named by its first day in force")
        raise _refused(source, ("amends",), why, remedy, model.amends)
    if issued and states not in ("", issued):
        why = Text(f"{file} 印发于 {states}", f"{file} was issued on {states}")
        remedy = Text("文件名的第二个日期应为印发日", "the second day in a file's name is its day of issue")
        raise _refused(source, ("amends",), why, remedy, model.amends)
    if first_day == model.in_force.from_.isoformat() and states >= model.document.issued.isoformat():
        why = Text(
            f"{file} 起日相同，印发却不早于本版本", f"{file} has the same first day and was not issued before this one"
        )
        raise _refused(source, ("amends",), why, Text("请核对两个印发日", "check the two days of issue"), model.amends)


def _stated(base: Source, section: str, key: str) -> str:
    content = base.data.get(section)
    return str(content.get(key, "")) if isinstance(content, dict) else ""


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
