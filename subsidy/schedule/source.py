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
Path = tuple[str | int, ...]


@dataclass(frozen=True)
class Source:
    """A file's content as texts, lists and mappings, and where each part of it starts (line, column from 1)."""

    file: str
    data: Any
    places: dict[Path, tuple[int, int]]

    def place(self, path: Path, offset: int = 0) -> Place:
        """Where `path`, or the nearest part around it, stands."""
        at = path
        while at not in self.places and at:
            at = at[:-1]
        line, column = self.places.get(at, (1, 1))
        shift = offset if at == path else 0
        return Place(self.file, row=line, column=str(column + shift), path=".".join(str(part) for part in path))


class _Reader:
    def __init__(self, file: str) -> None:
        self.file = file
        self.findings: list[Finding] = []
        self.places: dict[Path, tuple[int, int]] = {}

    def refuse(self, mark: Any, code: str, value: str, why: Text, remedy: Text) -> None:
        place = Place(self.file, row=mark.line + 1, column=str(mark.column + 1))
        self.findings.append(Finding(place, code, why, remedy, value))

    def read(self, node: Any, path: Path) -> Any:
        quoted = isinstance(node, yaml.ScalarNode) and node.style in ("'", '"')
        self.places[path] = (node.start_mark.line + 1, node.start_mark.column + 1 + (1 if quoted else 0))
        if len(path) > DEEPEST:
            self.refuse(
                node.start_mark, "too-deep", "", Text("嵌套过深", "nested too deeply"),
                Text("补贴标准最多几层", "a schedule has a few levels only"),
            )
            return ""
        if isinstance(node, yaml.ScalarNode):
            return node.value
        if isinstance(node, yaml.SequenceNode):
            return [self.read(item, (*path, i)) for i, item in enumerate(node.value)]
        mapping: dict[str, Any] = {}
        for key_node, value_node in node.value:
            if not isinstance(key_node, yaml.ScalarNode):
                self.refuse(
                    key_node.start_mark, "key-not-text", "", Text("键必须是文字", "a key is a text"),
                    Text("请写成 名称: 内容", "write name: content"),
                )
                continue
            key = key_node.value
            if key in mapping:
                self.refuse(
                    key_node.start_mark, "duplicate-key", key, Text("同一键出现两次", "this key stands here twice"),
                    Text("请合并或改名", "merge the two or rename one"),
                )
                continue
            mapping[key] = self.read(value_node, (*path, key))
        return mapping


def _forbidden_events(text: str, reader: _Reader) -> None:
    event: Any
    for event in yaml.parse(text, Loader=yaml.CSafeLoader):
        if isinstance(event, yaml.AliasEvent):
            reader.refuse(
                event.start_mark, "alias", str(event.anchor), Text("不允许 YAML 别名", "YAML aliases are not allowed"),
                Text("请把内容写全", "write the content out"),
            )
        elif getattr(event, "anchor", None):
            reader.refuse(
                event.start_mark, "anchor", event.anchor, Text("不允许 YAML 锚点", "YAML anchors are not allowed"),
                Text("请删除 &…", "remove the &…"),
            )
        elif getattr(event, "tag", None):
            reader.refuse(
                event.start_mark, "tag", event.tag, Text("不允许 YAML 标签", "YAML tags are not allowed"),
                Text("请删除 !…", "remove the !…"),
            )


def read_source(text: str, file: str = "") -> Source:
    """The content of a YAML text. Raises ScheduleError with every mistake of form in it."""
    reader = _Reader(file)
    if len(text) > LARGEST_FILE:
        why = Text(f"文件超过 {LARGEST_FILE} 个字符", f"the file has more than {LARGEST_FILE} characters")
        remedy = Text("请拆分补贴标准", "divide the schedule")
        raise ScheduleError([Finding(Place(file), "too-large", why, remedy)])
    try:
        _forbidden_events(text, reader)
        if reader.findings:
            raise ScheduleError(reader.findings)
        node = yaml.compose(text, Loader=yaml.CSafeLoader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = Place(file, row=mark.line + 1, column=str(mark.column + 1)) if mark else Place(file)
        problem = str(error.problem or error)
        why = Text(f"YAML 格式错误:{problem}", f"this is not YAML: {problem}")
        raise ScheduleError(
            [Finding(place, "not-yaml", why, Text("请检查缩进、冒号和引号", "check indents, colons and quotes"))]
        ) from None
    except (yaml.YAMLError, RecursionError) as error:
        why = Text("不是可读的 YAML", f"this is not readable YAML ({type(error).__name__})")
        remedy = Text("请检查文件编码和嵌套", "check the file's encoding and nesting")
        raise ScheduleError([Finding(Place(file), "not-yaml", why, remedy)]) from None
    if not isinstance(node, yaml.MappingNode):
        why = Text("文件应为 名称: 内容 的列表", "the file is a list of name: content")
        remedy = Text("请以 schedule: … 开头", "begin with schedule: …")
        raise ScheduleError([Finding(Place(file, row=1), "not-a-mapping", why, remedy)])
    try:
        data = reader.read(node, ())
    except RecursionError:
        why = Text("嵌套过深", "nested too deeply")
        remedy = Text("补贴标准最多几层", "a schedule has a few levels only")
        raise ScheduleError([Finding(Place(file), "too-deep", why, remedy)]) from None
    if reader.findings:
        raise ScheduleError(reader.findings)
    return Source(file, data, reader.places)
