"""What a finding of a check says: which cells were compared, and what stands in them, in Chinese and English."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Any

from subsidy.engine.calendar import END_OF_TIME as ONGOING
from subsidy.engine.explain_words import NO, YES, exact
from subsidy.engine.row_reader import Stored
from subsidy.finding import Language, Text
from subsidy.schedule.expression import plain_number
from subsidy.schedule.figures import day_of
from subsidy.schedule.load import Version
from subsidy.schedule.node import Node, Unit
from subsidy.schedule.roster_check import CheckedRosterCheck


class CheckWords:
    """The words of one check of a version."""

    def __init__(self, version: Version, check: CheckedRosterCheck) -> None:
        self.version = version
        self.check = check

    def column(self) -> str:
        """The column of the table itself whose cell is the first to look at."""
        nodes = [self.check.condition, self.check.bound, *reversed(self.check.keys)]
        facts = [leaf.fact for node in nodes if node is not None for leaf in node.all_leaves() if leaf.fact is not None]
        for fact in facts:
            if fact.home == self.check.table and not fact.hops:
                return fact.column_name
        model = self.version.tables[self.check.table]
        return model.key or model.link or ""

    def told(self, nodes: Sequence[Node], values: Sequence[Any]) -> Text:
        pairs = [(node, value) for node, value in zip(nodes, values, strict=True) if value is not None]
        return Text(
            "，".join(f"{self._named(node).zh} {self._shown(node, value, 'zh')}" for node, value in pairs),
            ", ".join(f"{self._named(node).en} {self._shown(node, value, 'en')}" for node, value in pairs),
        )

    def same_as(self, nodes: Sequence[Node], values: Sequence[Any], number: int, subject: str) -> Text:
        """That a row agrees in these values with another one."""
        shared, other = self.told(nodes, values), _row(number, subject)
        return Text(f"{shared.zh}，与{other.zh}相同", f"{shared.en}, the same as {other.en}")

    def at_the_same_time(
        self, nodes: Sequence[Node], values: Sequence[Any], day: int, number: int, subject: str
    ) -> Text:
        """That a row agrees in these values with another one which is there on the day."""
        shared, other = self.told(nodes, values), _row(number, subject)
        return Text(
            f"{shared.zh}，自 {day_of(day)} 起与{other.zh}同时占用",
            f"{shared.en}, from {day_of(day)} on at the same time as {other.en}",
        )

    def unlisted(self, nodes: Sequence[Node], values: Sequence[Any]) -> Text:
        """That these values are not found in the other table."""
        told, over = self.told(nodes, values), self.check.over
        return Text(f"{told.zh} 不在{self.version.words.get(over, over)}中", f"{told.en} is not in {over}")

    def _named(self, node: Node) -> Text:
        words = self.version.words
        if node.operation == "time" and node.name == "date":
            return Text("核查日", "the day of the check")
        if node.aggregate is not None and self.check.total and node.aggregate.name == self.check.total.name:
            over = self.check.over
            if self.check.kind == "count":
                return Text(f"{words.get(over, over)}共", f"{over} counted")
            measured = self.check.model.sum or ""
            return Text(
                f"{words.get(over, over)}的{words.get(measured, measured)}合计", f"the sum of {measured} of {over}"
            )
        return Text(words.get(node.name.rpartition(".")[2], node.name), node.name)

    def _shown(self, node: Node, value: Any, language: Language) -> str:
        kind, words = node.type, self.version.words if language == "zh" else {}
        if kind.kind == "date" and value == ONGOING:
            return words.get("ongoing", "ongoing")
        if kind.kind == "category":
            return words.get(value, str(value))
        if node.fact is not None and node.fact.column.unit == "percent":
            return f"{plain_number(Fraction(value, kind.scale) * 100)}%"
        if kind.kind == "yes_no":
            return (YES if value else NO).in_(language)
        text = exact(kind, Stored(value)) or ""
        return f"{text} {words.get('yuan', 'yuan')}" if kind.unit == Unit(("yuan",)) else text

    def peak(self, node: Node, bound: int, peak: int, day: int) -> Text:
        name, words = self._named(node), self.version.words
        over = self.check.over
        return Text(
            f"{day_of(day)} 当日{words.get(over, over)} {peak}，{name.zh} {self._shown(node, bound, 'zh')}",
            f"{peak} {over} on {day_of(day)}, {name.en} {self._shown(node, bound, 'en')}",
        )


def _row(number: int, subject: str) -> Text:
    return Text(f"第 {number} 行（{subject}）", f"row {number} ({subject})")
