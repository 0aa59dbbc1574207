"""YAML text to plain texts, lists and mappings, with the place of each; nothing is interpreted.

`5:5` stays `5:5`. Equal keys twice, aliases and tags are refused.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import yaml

from subsidy.finding import Finding, Place, ScheduleError, Text

LARGEST_FILE = 2_000_000
DEEPEST = 40
MOST_FINDINGS = 200
KEY = "[key]"  # after a path: the key of the entry, not its content
Path = tuple[str | int, ...]


@dataclass(frozen=True)
class Source:
    """A file's content as texts, lists and mappings, and where each part of it stands (line, column from 1).

    A text stands where it starts, a list or mapping where its key does. `verbatim`: the texts whose characters follow
    one another in the file as in `data`, so that an offset may be added to the column.
    """

    file: str
    data: Any
    places: dict[Path, tuple[int, int]]
    verbatim: frozenset[Path] = frozenset()

    def place(self, path: Path, offset: int = 0) -> Place:
        """Where `path`, or the nearest part around it, stands."""
        at = path
        while at not in self.places and at:
            at = at[:-1]
        line, column = self.places.get(at, (1, 1))
        shift = offset if at == path and at in self.verbatim else 0
        shown = ".".join(str(part) for part in path if part != KEY)
        return Place(self.file, row=line, column=str(column + shift), path=shown)


class _Reader:
    def __init__(self, text: str, file: str) -> None:
        self.file = file
        self.lines = text.splitlines()
        self.findings: list[Finding] = []
        self.mistakes = 0
        self.places: dict[Path, tuple[int, int]] = {}
        self.verbatim: set[Path] = set()

    def refuse(self, mark: Any, code: str, value: str, why: Text, remedy: Text) -> None:
        self.mistakes += 1
        if self.mistakes > MOST_FINDINGS:
            return
        place = Place(self.file, row=mark.line + 1, column=str(mark.column + 1))
        self.findings.append(Finding(place, code, why, remedy, value))

    def read(self, node: Any, path: Path) -> Any:
        self.place(node, path)
        if isinstance(node, yaml.ScalarNode):
            return node.value
        if isinstance(node, yaml.SequenceNode):
            return [self.read(item, (*path, i)) for i, item in enumerate(node.value)]
        mapping: dict[str, Any] = {}
        for key_node, value_node in node.value:
            if not isinstance(key_node, yaml.ScalarNode):
                self.refuse(
                    key_node.start_mark,
                    "key-not-text",
                    "",
                    Text("键必须是文字", "a key is a text"),
                    Text("请写成 名称： 内容", "write name: content"),
                )
                continue
            key = key_node.value
            if key in mapping:
                self.refuse(
                    key_node.start_mark,
                    "duplicate-key",
                    key,
                    Text("同一键出现两次", "this key stands here twice"),
                    Text("请合并或改名", "merge the two or rename one"),
                )
                continue
            mapping[key] = self.read(value_node, (*path, key))
            key_place = (key_node.start_mark.line + 1, key_node.start_mark.column + 1)
            self.places[(*path, key, KEY)] = key_place
            if not isinstance(value_node, yaml.ScalarNode):
                self.places[(*path, key)] = key_place
        return mapping

    def place(self, node: Any, path: Path) -> None:
        line, column = node.start_mark.line, node.start_mark.column
        if isinstance(node, yaml.ScalarNode):
            column += node.style in ("'", '"')
            if self.lines[line : line + 1] and self.lines[line].startswith(node.value, column):
                self.verbatim.add(path)
        self.places[path] = (line + 1, column + 1)


def _forbidden_events(text: str, reader: _Reader) -> None:
    event: Any
    depth = 0
    for event in yaml.parse(text, Loader=yaml.CSafeLoader):
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if depth > DEEPEST:
            reader.refuse(
                event.start_mark,
                "too-deep",
                "",
                Text("嵌套过深", "nested too deeply"),
                Text("补贴标准最多几层", "a schedule has a few levels only"),
            )
            return
        if isinstance(event, yaml.AliasEvent):
            reader.refuse(
                event.start_mark,
                "alias",
                str(event.anchor),
                Text("不允许 YAML 别名", "YAML aliases are not allowed"),
                Text("请把内容写全", "write the content out"),
            )
        elif getattr(event, "anchor", None):
            reader.refuse(
                event.start_mark,
                "anchor",
                event.anchor,
                Text("不允许 YAML 锚点", "YAML anchors are not allowed"),
                Text("请删除 &…", "remove the &…"),
            )
        elif getattr(event, "tag", None):
            reader.refuse(
                event.start_mark,
                "tag",
                event.tag,
                Text("不允许 YAML 标签", "YAML tags are not allowed"),
                Text("请删除 !…", "remove the !…"),
            )


def error_of(findings: list[Finding], total: int, file: str) -> ScheduleError:
    """The error with the first findings, and how many more there are."""
    if more := total - len(findings):
        why = Text(f"另有 {more} 处错误", f"there are {more} more mistakes")
        remedy = Text("请先改正已列出的", "correct those listed first")
        return ScheduleError([*findings, Finding(Place(file), "too-many", why, remedy)])
    return ScheduleError(findings)


def read_source(text: str, file: str = "") -> Source:
    """The content of a YAML text. Raises ScheduleError with every mistake of form in it."""
    reader = _Reader(text, file)
    if len(text) > LARGEST_FILE:
        why = Text(f"文件超过 {LARGEST_FILE} 个字符", f"the file has more than {LARGEST_FILE} characters")
        remedy = Text("请拆分补贴标准", "divide the schedule")
        raise ScheduleError([Finding(Place(file), "too-large", why, remedy)])
    try:
        _forbidden_events(text, reader)
        if reader.findings:
            raise error_of(reader.findings, reader.mistakes, file)
        node = yaml.compose(text, Loader=yaml.CSafeLoader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = Place(file, row=mark.line + 1, column=str(mark.column + 1)) if mark else Place(file)
        problem = ", ".join(part for part in (error.context, error.problem) if part)
        why = Text(f"YAML 格式错误：{problem}", f"this is not YAML: {problem}")
        raise ScheduleError(
            [Finding(place, "not-yaml", why, Text("请检查缩进、冒号和引号", "check indents, colons and quotes"))]
        ) from None
    except yaml.YAMLError as error:
        why = Text("不是可读的 YAML", f"this is not readable YAML ({type(error).__name__})")
        remedy = Text("请检查文件编码和嵌套", "check the file's encoding and nesting")
        raise ScheduleError([Finding(Place(file), "not-yaml", why, remedy)]) from None
    if not isinstance(node, yaml.MappingNode):
        why = Text("文件应为 名称： 内容 的列表", "the file is a list of name: content")
        remedy = Text("请以 schedule: … 开头", "begin with schedule: …")
        line, column = (node.start_mark.line + 1, node.start_mark.column + 1) if node else (1, 1)
        raise ScheduleError([Finding(Place(file, row=line, column=str(column)), "not-a-mapping", why, remedy)])
    data = reader.read(node, ())
    if reader.findings:
        raise error_of(reader.findings, reader.mistakes, file)
    return Source(file, data, reader.places, frozenset(reader.verbatim))
