"""A table on its way in: its columns as they become typed, its wrong rows, and the findings about them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from subsidy.finding import Finding, Place, Refusal, Text
from subsidy.roster.names import Names, Shape
from subsidy.roster.raw import RawTable

Severity = Literal["error", "warning"]
MOST_FINDINGS = 200  # per code and table


@dataclass
class Sheet:
    """`wrong` rows have an error. Of those a history loses only the `lost`; the others stay but say nothing."""

    table: str
    raw: RawTable
    shape: Shape
    wrong: Any  # numpy, bool per row
    lost: Any
    headings: dict[str, str] = field(default_factory=dict)  # column -> as written
    columns: dict[str, Any] = field(default_factory=dict)  # name -> Arrow array
    joined: dict[int, list[int]] = field(default_factory=dict)  # row's number -> numbers of those joined to it
    usable: bool = True
    titles: Sequence[tuple[Place, str]] = ()  # the lines over the headings
    examples: int = 0  # rows of a template that were left aside
    half_examples: frozenset[int] = frozenset()  # numbers of rows that are one in part only

    def place(self, row: int | None = None, column: str = "") -> Place:
        number = self.number(row) if row is not None else 0
        return self.raw.place(number, self.headings.get(column, column))

    def number(self, row: int) -> int:
        """The row's number as the user sees it."""
        return int(self.raw.rows[row].as_py())

    def subject(self, row: int) -> str:
        """The row's key; in a history whom it is about."""
        names = self.columns.get(self.shape.key or self.shape.link or "")
        return str(names[row].as_py() or "") if names is not None else ""

    def cells(self, column: str) -> Any:
        """A column's cells as the raw table keeps them; None where the roster does not have it."""
        position = self._position(column)
        return None if position is None else self.raw.cells(position)

    def written(self, column: str, row: int) -> str:
        """A cell as written; empty where the roster does not have the column."""
        position = self._position(column)
        return "" if position is None else self.raw.text(position, row)

    def _position(self, column: str) -> int | None:
        heading = self.headings.get(column)
        return None if heading is None else self.raw.headings.index(heading)

    def block(self, rows: Any, column: str) -> None:
        """Mark rows (positions or a mask) as wrong because of a column."""
        self.wrong[rows] = True
        if not self.shape.is_history or column in ("from", self.shape.link):
            self.lost[rows] = True


class Collector:
    """All findings of a roster, at most `MOST_FINDINGS` of one code in one table."""

    def __init__(self, names: Names) -> None:
        self.names = names
        self._found: list[Finding] = []
        self._counts: Counter[tuple[str, str]] = Counter()
        self._last: dict[tuple[str, str], Finding] = {}

    def add(
        self, place: Place, code: str, refused: Refusal, table: str = "", value: str = "", severity: Severity = "error"
    ) -> None:
        """A finding about a table, a column or a place as a whole; it blocks no row."""
        self._found.append(Finding(place, code, refused.why, refused.remedy, value, severity, table))

    def rows(
        self,
        sheet: Sheet,
        code: str,
        rows: Any,
        refused: Refusal | Callable[[int], Refusal],
        column: str = "",
        severity: Severity = "error",
    ) -> None:
        """The same finding about each of these rows, in a column; an error blocks them."""
        if not len(rows):
            return
        if severity == "error":
            sheet.block(rows, column)
        kind = code, sheet.table
        for row in rows[: max(MOST_FINDINGS - self._counts[kind], 0)].tolist():
            reason = refused if isinstance(refused, Refusal) else refused(row)
            self._last[kind] = Finding(
                sheet.place(row, column), code, reason.why, reason.remedy, sheet.written(column, row), severity,
                sheet.table, sheet.subject(row),
            )  # fmt: skip
            self._found.append(self._last[kind])
        self._counts[kind] += len(rows)

    def __len__(self) -> int:
        return len(self._found)

    def all(self) -> list[Finding]:
        return sorted({*self._found, *self._closing()})

    def _closing(self) -> Iterable[Finding]:
        for kind, count in self._counts.items():
            if count > MOST_FINDINGS:
                yield unlisted(self._last[kind], count - MOST_FINDINGS)


def unlisted(last: Finding, more: int) -> Finding:
    """What stands for `more` findings of the kind of `last`, which are not listed."""
    return Finding(
        Place(last.place.file, last.place.sheet), last.code,
        Text(f"此类疑点另有 {more} 处，未逐一列出", f"{more} more findings of this kind are not listed"),
        Text("请先改正已列出的", "correct those that are listed first"),
        severity=last.severity, table=last.table,
    )  # fmt: skip
