"""YAML text to plain texts, lists and mappings, with the place of each; nothing is interpreted.

`5:5` stays `5:5`. Equal keys twice, aliases and tags are refused.
"""

from __future__ import annotations

import hashlib
import pathlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, NoReturn

import yaml

from subsidy.finding import Finding, Place, ScheduleError, Text, nearest

LARGEST_FILE = 2_000_000
DEEPEST = 40
MOST_FINDINGS = 200
TOO_DEEP = Text("嵌套过深", "nested too deeply"), Text("补贴标准最多几层", "a schedule has a few levels only")
KEY = "[key]"  # after a path: the key of the entry, not its content
Path = tuple[str | int, ...]


@dataclass(frozen=True)
class Source:
    """A file's content as texts, lists and mappings, and where each part of it stands (line, column from 1).

    A text stands where it starts, a list or mapping where its key does. `verbatim`: the texts whose characters follow
    one another in the file as in `data`, so that an offset may be added to the column. `files`: where a part stands in
    another file than `file`.
    """

    file: str
    data: Any
    places: dict[Path, tuple[int, int]]
    verbatim: frozenset[Path] = frozenset()
    files: Mapping[Path, str] = field(default_factory=dict)

    def place(self, path: Path, offset: int = 0) -> Place:
        """Where `path`, or the nearest part around it, stands."""
        at = path
        while at not in self.places and at:
            at = at[:-1]
        line, column = self.places.get(at, (1, 1))
        shift = offset if at == path and at in self.verbatim else 0
        shown = ".".join(str(part) for part in path if part != KEY)
        return Place(self.files.get(at, self.file), row=line, column=str(column + shift), path=shown)

    def part(self, path: Path) -> Source:
        """What stands at `path`, as a source of its own."""
        data = self.data
        for step in path:
            data = data[step]
        inside = {at: at[len(path) :] for at in self.places if at[: len(path)] == path}
        return Source(
            self.file,
            data,
            {short: self.places[at] for at, short in inside.items()},
            frozenset(short for at, short in inside.items() if at in self.verbatim),
            {short: self.files[at] for at, short in inside.items() if at in self.files},
        )


def path_in(data: Any, written: str) -> tuple[Path, str]:
    """The path of a dotted text as far as `data` has it, and the rest of the text. A key may hold dots."""
    path: Path = ()
    while written and isinstance(data, dict):
        fitting = [key for key in data if written == key or _goes_on(written, key)]
        if not fitting:
            break
        key = max(fitting, key=len)
        path, data, written = (*path, key), data[key], written[len(key) + 1 :]
    return path, written


def _goes_on(written: str, key: str) -> bool:
    """Whether another key follows after a dot: `2022...50` goes on after the key `2022`, `2022..2023` does not."""
    return re.match(rf"{re.escape(key)}\.(\.\.|[^.]|$)", written) is not None


def unknown_path(data: Any, written: str) -> tuple[Text, Text]:
    """Why a dotted text is no path in `data`, and what would be right."""
    path, rest = path_in(data, written)
    for step in path:
        data = data[step]
    part = rest.split(".")[0]
    why = Text(f"{written} 中没有 {part}", f"there is no {part} in {written}")
    return why, nearest(part, data if isinstance(data, dict) else ())


def put(data: Any, path: Path, content: Any) -> None:
    """Let `content` stand at a path whose last key may be new."""
    for step in path[:-1]:
        data = data[step]
    data[path[-1]] = content


def in_one_line(content: Any) -> str:
    """Content in one line, as it would be written."""
    if isinstance(content, dict):
        entries = (f"{key}: {in_one_line(value)}" for key, value in content.items() if value not in (None, [], {}))
        return f"{{{', '.join(entries)}}}"
    if isinstance(content, list):
        return f"[{', '.join(in_one_line(one) for one in content)}]"
    return str(content)


def _start(event: Any) -> tuple[int, int]:
    return event.start_mark.line + 1, event.start_mark.column + 1


class _TooDeepError(Exception):
    """Reading stops here: the finding is noted already."""


class _Reader:
    """Reads the events of a YAML text in one pass; recursion goes no deeper than DEEPEST."""

    def __init__(self, text: str, file: str) -> None:
        self.file = file
        self.lines = text.splitlines()
        self.events: Iterator[Any] = yaml.parse(text, Loader=yaml.CSafeLoader)
        self.findings: list[Finding] = []
        self.mistakes = 0
        self.places: dict[Path, tuple[int, int]] = {}
        self.verbatim: set[Path] = set()

    def refuse(self, event: Any, code: str, value: str, why: Text, remedy: Text) -> None:
        self.mistakes += 1
        if self.mistakes > MOST_FINDINGS:
            return
        mark = event.start_mark
        place = Place(self.file, row=mark.line + 1, column=str(mark.column + 1))
        self.findings.append(Finding(place, code, why, remedy, value))

    def document(self) -> Any:
        """The content of the only document; None where there is none."""
        event = next(self.events)
        while isinstance(event, (yaml.StreamStartEvent, yaml.DocumentStartEvent)):
            event = next(self.events)
        if isinstance(event, yaml.StreamEndEvent):
            return None
        data = self.read(event, ())
        next(self.events)
        if not isinstance(after := next(self.events), yaml.StreamEndEvent):
            self.refuse(
                after,
                "not-yaml",
                "",
                Text("YAML 格式错误：有第二个文档", "this is not YAML: there is a second document"),
                Text("一个文件一个补贴标准，请删除 ---", "a file is one schedule; remove the ---"),
            )
        return data

    def read(self, event: Any, path: Path) -> Any:
        self.check(event, path)
        if isinstance(event, yaml.ScalarEvent):
            self.place(event, path)
            return event.value
        self.places[path] = _start(event)
        if isinstance(event, yaml.SequenceStartEvent):
            items: list[Any] = []
            while not isinstance(item := next(self.events), yaml.SequenceEndEvent):
                items.append(self.read(item, (*path, len(items))))
            return items
        return self.mapping(path) if isinstance(event, yaml.MappingStartEvent) else ""

    def mapping(self, path: Path) -> dict[str, Any]:
        mapping: dict[str, Any] = {}
        key_event: Any
        while not isinstance(key_event := next(self.events), yaml.MappingEndEvent):
            self.check(key_event, path)
            if not isinstance(key_event, yaml.ScalarEvent):
                self.refuse(
                    key_event,
                    "key-not-text",
                    "",
                    Text("键必须是文字", "a key is a text"),
                    Text("请写成 名称: 内容", "write name: content"),
                )
                self.skip(key_event)
                self.skip(next(self.events))
                continue
            key = key_event.value
            if key in mapping:
                self.refuse(
                    key_event,
                    "duplicate-key",
                    key,
                    Text("同一键出现两次", "this key stands here twice"),
                    Text("请合并或改名", "merge the two or rename one"),
                )
                self.skip(next(self.events))
                continue
            value_event = next(self.events)
            mapping[key] = self.read(value_event, (*path, key))
            key_place = _start(key_event)
            self.places[(*path, key, KEY)] = key_place
            if not isinstance(value_event, yaml.ScalarEvent):
                self.places[(*path, key)] = key_place
        return mapping

    def skip(self, event: Any) -> None:
        """Pass over the content that begins with `event`."""
        depth = int(isinstance(event, yaml.CollectionStartEvent))
        while depth:
            event = next(self.events)
            depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
            if depth > DEEPEST:
                self.stop_too_deep(event)

    def stop_too_deep(self, event: Any) -> NoReturn:
        self.refuse(event, "too-deep", "", *TOO_DEEP)
        raise _TooDeepError

    def check(self, event: Any, path: Path) -> None:
        if len(path) > DEEPEST:
            self.stop_too_deep(event)
        if isinstance(event, yaml.AliasEvent):
            self.refuse(
                event,
                "alias",
                str(event.anchor),
                Text("不允许 YAML 别名", "YAML aliases are not allowed"),
                Text("请把内容写全", "write the content out"),
            )
        elif event.anchor:
            self.refuse(
                event,
                "anchor",
                event.anchor,
                Text("不允许 YAML 锚点", "YAML anchors are not allowed"),
                Text("请删除 &…", "remove the &…"),
            )
        elif event.tag:
            self.refuse(
                event,
                "tag",
                event.tag,
                Text("不允许 YAML 标签", "YAML tags are not allowed"),
                Text("请删除 !…", "remove the !…"),
            )

    def place(self, event: Any, path: Path) -> None:
        line, column = event.start_mark.line, event.start_mark.column
        column += event.style in ("'", '"')
        if self.lines[line : line + 1] and self.lines[line].startswith(event.value, column):
            self.verbatim.add(path)
        self.places[path] = (line + 1, column + 1)


def error_of(findings: list[Finding], total: int, file: str) -> ScheduleError:
    """The error with the first findings, and how many more there are."""
    if more := total - len(findings):
        why = Text(f"另有 {more} 处错误", f"there are {more} more mistakes")
        remedy = Text("请先改正已列出的", "correct those listed first")
        return ScheduleError([*findings, Finding(Place(file), "too-many", why, remedy)])
    return ScheduleError(findings)


def read_yaml(text: str, file: str = "") -> Source:
    """The content of a YAML text. Raises ScheduleError with every mistake of form in it."""
    if len(text) > LARGEST_FILE:
        why = Text(f"文件超过 {LARGEST_FILE} 个字符", f"the file has more than {LARGEST_FILE} characters")
        remedy = Text("请拆分补贴标准", "divide the schedule")
        raise ScheduleError([Finding(Place(file), "too-large", why, remedy)])
    try:
        reader = _Reader(text, file)
        data = reader.document()
    except _TooDeepError:
        raise error_of(reader.findings, reader.mistakes, file) from None
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = Place(file, row=mark.line + 1, column=str(mark.column + 1)) if mark else Place(file)
        problem = ", ".join(part for part in (error.context, error.problem) if part)
        if "nesting depth" in problem:
            raise ScheduleError([Finding(place, "too-deep", *TOO_DEEP)]) from None
        why = Text(f"YAML 格式错误：{problem}", f"this is not YAML: {problem}")
        raise ScheduleError(
            [Finding(place, "not-yaml", why, Text("请检查缩进、冒号和引号", "check indents, colons and quotes"))]
        ) from None
    except yaml.YAMLError as error:
        why = Text("不是可读的 YAML", f"this is not readable YAML ({type(error).__name__})")
        remedy = Text("请检查文件编码和嵌套", "check the file's encoding and nesting")
        raise ScheduleError([Finding(Place(file), "not-yaml", why, remedy)]) from None
    if reader.findings:
        raise error_of(reader.findings, reader.mistakes, file)
    return Source(file, data, reader.places, frozenset(reader.verbatim))


def read_source(text: str, file: str = "") -> Source:
    """The content of a YAML text that is a mapping. Raises ScheduleError."""
    return mapping(read_yaml(text, file))


def mapping(source: Source) -> Source:
    """The same source. Raises ScheduleError where it is no mapping."""
    if not isinstance(source.data, dict):
        why = Text("文件应为 名称: 内容 的列表", "the file is a list of name: content")
        remedy = Text("请以 schedule: … 开头", "begin with schedule: …")
        line, column = source.places.get((), (1, 1))
        place = Place(source.file, row=line, column=str(column))
        raise ScheduleError([Finding(place, "not-a-mapping", why, remedy)])
    return source


def read_file(path: pathlib.Path) -> tuple[Source, str]:
    """A YAML file's content, and the SHA-256 of its bytes. Raises ScheduleError, also when it cannot be read."""
    return parsed(path, read_bytes(path))


def parsed(path: pathlib.Path, content: bytes) -> tuple[Source, str]:
    """The content of a YAML file with these bytes, and their SHA-256. Raises ScheduleError."""
    return read_yaml(decoded(content, path), str(path)), hashlib.sha256(content).hexdigest()


def read_bytes(path: pathlib.Path) -> bytes:
    """The bytes of a file. Raises ScheduleError when it cannot be read."""
    try:
        return path.read_bytes()
    except FileNotFoundError:
        why, remedy = Text("没有这个文件", "there is no such file"), Text("请检查路径", "check the path")
        raise ScheduleError([Finding(Place(str(path)), "file", why, remedy)]) from None
    except OSError as error:
        raise _unreadable(path, error) from None


def decoded(content: bytes, path: pathlib.Path) -> str:
    """The text of a file's bytes. Raises ScheduleError when it is no UTF-8."""
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise _unreadable(path, error) from None


def _unreadable(path: pathlib.Path, error: Exception) -> ScheduleError:
    why = Text("文件无法读取", f"the file cannot be read ({type(error).__name__})")
    remedy = Text("请检查路径，并用 UTF-8 保存", "check the path, and save it as UTF-8")
    return ScheduleError([Finding(Place(str(path)), "file", why, remedy)])
