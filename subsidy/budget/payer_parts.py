"""Payers' parts of payment lines as columns of whole numbers: what pots work on."""

from __future__ import annotations

import bisect
from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any

TEXTS = ("schedule", "clause", "payee", "district", "facility", "payer")
NUMBERS = ("version", "due", "due#m", "line", "position")
LINE = ("schedule", "version", "clause", "line")
LAST = 1_000_000  # the position of a payer that only took over

Numbers = Any  # a NumPy array of whole numbers


@dataclass(frozen=True)
class PayerPart:
    """One payer's part of one payment line."""

    schedule: str
    clause: str
    version: int
    due: int
    payee: str | None
    district: str | None
    facility: str | None
    line: int
    payer: str


class PayerParts:
    """Parts by number: `owed` after those pots that move it between payers, `left` after all applied so far (fen).

    `table`: columns TEXTS, NUMBERS, `owed` and `pot:…` (ranks). A text is held as its place among the `names` of its
    column, which are in order, a missing one first.
    """

    def __init__(self, table: Any) -> None:
        self.names: dict[str, list[str | None]] = {}
        self.columns: dict[str, Numbers] = {}
        self.ranks: dict[str, tuple[Numbers, Numbers]] = {}  # by pot: whether there is one, and which
        for name in TEXTS:
            self.columns[name], self.names[name] = _coded(table[name])
        for name in NUMBERS:
            self.columns[name] = table[name].to_numpy()
        for name in table.column_names:
            if name.startswith("pot:"):
                rank = table[name].combine_chunks()
                known = rank.is_valid().to_numpy(zero_copy_only=False)
                self.ranks[name.removeprefix("pot:")] = known, rank.fill_null(0).to_numpy()
        self.owed: Numbers = table["owed"].to_numpy().copy()
        self.left: Numbers = self.owed.copy()
        self.before: Numbers = self.owed.copy()  # what was owed without any pot; 0 of who only took over

    def __len__(self) -> int:
        return len(self.owed)

    def code(self, column: str, text: str) -> int:
        """What stands for a text; one that is new takes its place among the others."""
        names = self.names[column]
        place = bisect.bisect_left([name or "" for name in names], text)
        if text not in names:
            names.insert(place, text)
            self.columns[column][self.columns[column] >= place] += 1
        return names.index(text)

    def value(self, column: str, held: int) -> str | int | None:
        """What a number in a column stands for."""
        return self.names[column][held] if column in self.names else held

    def part(self, number: int) -> PayerPart:
        names = [one.name for one in fields(PayerPart)]
        values: list[Any] = [self.value(name, int(self.columns[name][number])) for name in names]
        return PayerPart(*values)

    def owe_instead(self, payer: str, parts: Numbers, amounts: Numbers) -> None:
        """`payer` owes these amounts (fen) on the lines of these parts, on top of its own part or as a new one."""
        import numpy as np

        code = self.code("payer", payer)
        own = {self._line(number): number for number in np.flatnonzero(self.columns["payer"] == code).tolist()}
        fresh: dict[tuple[int, ...], tuple[int, int]] = {}
        for number, amount in zip(parts.tolist(), amounts.tolist(), strict=True):
            line = self._line(number)
            if line in own:
                self.owed[own[line]] += amount
                self.left[own[line]] += amount
            else:
                fresh[line] = number, fresh.get(line, (0, 0))[1] + amount
        if fresh:
            self._add(code, *map(np.array, zip(*fresh.values(), strict=True)))

    def _line(self, number: int) -> tuple[int, ...]:
        return tuple(int(self.columns[name][number]) for name in LINE)

    def _add(self, payer: int, beside: Numbers, amounts: Numbers) -> None:
        import numpy as np

        replaced = {"payer": payer, "position": LAST}
        for name, column in self.columns.items():
            added = np.full(len(beside), replaced[name]) if name in replaced else column[beside]
            self.columns[name] = np.concatenate([column, added])
        for pot, (known, rank) in self.ranks.items():
            self.ranks[pot] = np.concatenate([known, known[beside]]), np.concatenate([rank, rank[beside]])
        self.owed, self.left = (np.concatenate([column, amounts]) for column in (self.owed, self.left))
        self.before = np.concatenate([self.before, np.zeros_like(amounts)])

    def changed_and_added(self, schedule: str) -> tuple[Numbers, Numbers]:
        """The parts of a schedule that pots changed, and those that they added."""
        import numpy as np

        own = self.columns["schedule"] == self.code("schedule", schedule)
        is_new = self.before == 0
        is_changed = (self.owed != self.before) | (self.left != self.before)
        return np.flatnonzero(own & is_changed & ~is_new), np.flatnonzero(own & is_new)

    def clauses_and_payers(self, numbers: Numbers) -> list[tuple[str, str]]:
        """Which clauses and payers these parts are of, in pairs."""
        pairs = zip(*(self.columns[name][numbers].tolist() for name in ("clause", "payer")), strict=True)
        names = ((self.names["clause"][clause], self.names["payer"][payer]) for clause, payer in sorted(set(pairs)))
        return [(clause, payer) for clause, payer in names if clause and payer]

    def table(self, numbers: Numbers) -> Any:
        """Columns version, clause, line, payer, cut and owed (fen) of these parts."""
        import pyarrow as pa

        def texts(name: str) -> Any:
            return pa.array(self.names[name], pa.string()).take(pa.array(self.columns[name][numbers]))

        return pa.table(
            {
                "version": pa.array(self.columns["version"][numbers], pa.int64()),
                "clause": texts("clause"),
                "line": pa.array(self.columns["line"][numbers], pa.int64()),
                "payer": texts("payer"),
                "cut": pa.array(self.owed[numbers] - self.left[numbers], pa.int64()),
                "owed": pa.array(self.owed[numbers], pa.int64()),
            }
        )


def joined(tables: Sequence[Any]) -> PayerParts:
    """The parts of several schedules; a table may lack ranks, and a column of blanks its type."""
    import pyarrow as pa

    whole = pa.concat_tables(tables, promote_options="permissive")
    kinds = [(name, pa.string() if name in TEXTS else pa.int64()) for name in whole.column_names]
    return PayerParts(whole.cast(pa.schema(kinds)))


def _coded(texts: Any) -> tuple[Numbers, list[str | None]]:
    """For each text its place among the distinct ones, in order."""
    import numpy as np

    encoded = texts.combine_chunks().dictionary_encode(null_encoding="encode")
    found = encoded.dictionary.to_pylist()
    order = sorted(range(len(found)), key=lambda place: (found[place] is not None, found[place] or ""))
    places = np.empty(len(found), np.int64)
    places[order] = np.arange(len(found))
    return places[encoded.indices.to_numpy()], [found[place] for place in order]
