"""Settlement: what is owed now against what was paid before, per subject and per payer. Payees are never set off."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from subsidy.budget.frames import Frames, Table, to_pandas
from subsidy.budget.ledger import ledger_schema
from subsidy.budget.result import Result
from subsidy.budget.saved import LEDGER_FILES, write_ledger, written
from subsidy.files import check_folder, check_writable, write_whole
from subsidy.finding import Finding, Text
from subsidy.money import yuan, yuan_text

if TYPE_CHECKING:
    import pandas as pd

    from subsidy.budget.receipt import Receipt

GROUPINGS = ("clause", "district", "payer", "facility", "payee")
SAVED_ENTITLEMENTS = (
    "schedule", "version", "issued", "clause", "item", "table", "subject", "person", "payee", "facility", "period",
    "due", "now", "before", "held", "amount", "reason",
)  # fmt: skip
SAVED_PAYMENTS = (
    "schedule", "version", "issued", "clause", "item", "payee", "facility", "district", "due", "period", "payer",
    "place", "fund", "now", "before", "held", "amount", "reason",
)  # fmt: skip
NO_REASON = Text("", "")


@dataclass(frozen=True)
class Line:
    """One thing that is compared, in fen. `key`: what it is about, `*` where it is about several.

    `held`: paid before for rows that are blocked now, and not taken back until they are mended. `due`: the last day on
    which any of it is due, where that is known.
    """

    key: Mapping[str, str | None]
    now: int
    before: int
    held: int = 0
    due: str = ""
    version: str = ""
    issued: str = ""
    item: str | None = None
    person: str | None = None
    facility: str | None = None
    district: str | None = None
    reason: Text = NO_REASON

    @property
    def difference(self) -> int:
        """What is to be paid (above 0) or taken back (below 0)."""
        return self.now + self.held - self.before

    @property
    def arrears(self) -> int:
        return max(self.difference, 0)

    @property
    def recovery(self) -> int:
        return max(-self.difference, 0)

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready; amounts are strings in yuan."""
        about = {name: getattr(self, name) for name in ("item", "person", "facility", "district", "due")}
        reason = {"zh": self.reason.zh, "en": self.reason.en}
        return {**self.key, **about, **_amounts([self]), "reason": reason}

    def row(self) -> dict[str, Any]:
        """As it is saved: amounts as decimals in yuan."""
        amounts = {name: yuan(getattr(self, name)) for name in ("now", "before", "held")}
        about = {
            name: getattr(self, name) for name in ("version", "issued", "item", "person", "facility", "district", "due")
        }
        return {**about, **self.key, **amounts, "amount": yuan(self.difference), "reason": self.reason.en}


@dataclass(frozen=True)
class Sums:
    """Sums of lines in fen; `arrears` less `recovery` is `now` plus `held` less `before`."""

    now: int = 0
    before: int = 0
    held: int = 0
    arrears: int = 0
    recovery: int = 0

    @classmethod
    def of(cls, lines: Iterable[Line]) -> Sums:
        lines = list(lines)
        return cls(
            *(sum(getattr(line, name) for line in lines) for name in ("now", "before", "held", "arrears", "recovery"))
        )

    @property
    def net(self) -> int:
        return self.arrears - self.recovery


@dataclass(frozen=True)
class Settlement(Frames):
    """What `subsidy.settle` found.

    `entitlements`: a line per subject, payee, period and clause that differs; `payments`: one per payment line and
    payer. `totals`: now and before (fen) of all that was compared, of entitlements and of payments. `to_come`: payments
    due after `until`. `cut`: what pots cut (fen), which is in entitlements and not in payments. `untold`: arrears (fen)
    from before the first day by which anything was paid.
    """

    result: Result
    until: datetime.date
    since: datetime.date | None
    entitlements: tuple[Line, ...]
    payments: tuple[Line, ...]
    totals: tuple[tuple[int, int], tuple[int, int]]
    to_come: tuple[Line, ...]
    cut: int
    untold: int
    findings: tuple[Finding, ...]

    frames = ("payments", "entitlements")

    def by(self, name: str) -> dict[str | None, Sums]:
        """Payments by clause, district (the payers' places), payer, facility or payee: only what differs."""
        found: dict[str | None, list[Line]] = {}
        for line in self.payments:
            found.setdefault(self.named(line, name), []).append(line)
        order = list(self.result.items) if name == "clause" else []
        keys = sorted(found, key=lambda key: (order.index(key) if key in order else len(order), key is None, key or ""))
        return {key: Sums.of(found[key]) for key in keys}

    def named(self, line: Line, name: str) -> str | None:
        """The facility, district, … of a line; a clause with its schedule where several have one of that name."""
        if name == "clause" and (full := f"{line.key['schedule']}:{line.key['clause']}") in self.result.items:
            return full
        return line.facility if name == "facility" else line.key["place" if name == "district" else name]

    def frame(self, which: Literal["entitlements", "payments"] = "payments") -> pd.DataFrame:
        """The lines that differ, with the columns in which they are saved; amounts are exact decimals in yuan."""
        return to_pandas(self._lines(which))

    def _table(self, name: str) -> Table:
        return Table.of(f"settlement_{name}", self._lines(name))

    def receipts(self) -> dict[str, Receipt]:
        return self.result.receipts()

    def _lines(self, which: str) -> Any:
        """The lines that differ as an Arrow table."""
        import pyarrow as pa

        saved = {"entitlements": (SAVED_ENTITLEMENTS, self.entitlements), "payments": (SAVED_PAYMENTS, self.payments)}
        columns, lines = saved[which]
        return pa.Table.from_pylist([line.row() for line in lines], ledger_schema(columns))

    def save(self, path: str | PathLike[str]) -> None:
        """Save what differs, so that it can be given as paid next time: a folder, or the payments alone as .csv.

        Raises RosterError when it cannot be written.
        """
        target = Path(path)
        if target.suffix.lower() == ".csv":
            write_whole(target, written(self._table("payments"), self.result.receipt, "csv"))
            return
        write_ledger(target, self._table("entitlements"), self._table("payments"), self.result.receipt, "parquet")

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready; amounts are strings in yuan with two decimals."""
        known_on = self.result.calculated[0].schedule.known_on
        return {
            "schedules": self.result.to_dict()["schedules"],
            "year": self.result.year,
            "known_on": None if known_on is None else known_on.isoformat(),
            "since": None if self.since is None else self.since.isoformat(),
            "until": self.until.isoformat(),
            "entitlements": self._listed(self.entitlements, self.totals[0]),
            "payments": self._listed(self.payments, self.totals[1]),
            "cut": yuan_text(self.cut),
            **{
                f"by_{name}": [{name: key, **_summed(sums)} for key, sums in self.by(name).items()]
                for name in GROUPINGS
            },
            "to_come": self._listed(self.to_come, _both(self.to_come)),
            "blocked": self.result.blocked,
            "findings": [finding.to_dict() for finding in self.findings],
        }

    @staticmethod
    def _listed(lines: Sequence[Line], totals: tuple[int, int]) -> dict[str, Any]:
        sums = replace(Sums.of(lines), now=totals[0], before=totals[1])
        return {**_summed(sums), "lines": [line.to_dict() for line in lines]}


def _both(lines: Iterable[Line]) -> tuple[int, int]:
    sums = Sums.of(lines)
    return sums.now, sums.before


def check_output(path: Path, *inputs: Path | None) -> None:
    """Raises RosterError where a settlement could not be saved: asked before the work begins.

    `inputs`: what is read, none of which may be written over.
    """
    if path.suffix.lower() == ".csv":
        check_writable(path, *inputs)
    else:
        check_folder(path, LEDGER_FILES, *inputs)


def _amounts(lines: Iterable[Line]) -> dict[str, str]:
    return _summed(Sums.of(lines))


def _summed(sums: Sums) -> dict[str, str]:
    return {name: yuan_text(getattr(sums, name)) for name in ("now", "before", "held", "arrears", "recovery", "net")}
