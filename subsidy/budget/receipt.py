"""A receipt: what was calculated, from what, by which versions. The same inputs give the same bytes."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from subsidy import __version__
from subsidy.files import write_whole
from subsidy.roster.names import is_remark_sheet
from subsidy.roster.tables import Roster
from subsidy.schedule.catalogue import Schedule

if TYPE_CHECKING:
    from subsidy.budget.result import Result


ENGINE = "subsidy"


@dataclass(frozen=True)
class Receipt:
    """`content` is JSON-ready: engine, schedules and roster with their hashes, options, readings, totals.

    `file`: where it was read from, empty for one that was just made.
    """

    content: Mapping[str, Any]
    file: str = field(default="", compare=False)

    @classmethod
    def load(cls, path: str | Path) -> Receipt:
        """The receipt in a file. Raises ReceiptError for a file that cannot be read or holds no whole receipt."""
        from subsidy.budget.receipt_file import read_receipt

        return cls(read_receipt(Path(path)), str(path))

    def to_json(self) -> str:
        return json.dumps(self.content, ensure_ascii=False, indent=2, sort_keys=True) + "\n"

    @property
    def sha256(self) -> str:
        """SHA-256 of the file that `save` writes."""
        return hashlib.sha256(self.to_json().encode()).hexdigest()

    def save(self, path: str | Path) -> None:
        """Write the receipt to a file, whole or not at all. Raises RosterError when it cannot be written."""
        write_whole(Path(path), self.to_json())


def make_receipt(
    result: Result,
    schedules: Sequence[Schedule],
    roster: Roster,
    given: Mapping[str, Any],
    options: Mapping[str, Any],
) -> Receipt:
    """The receipt of a result. `given`: by table, the derived facts that the roster gave ready."""
    budget = result.to_dict()
    return Receipt(
        {
            **inputs(schedules, roster),
            "example_rows": result.example_rows,
            "given_facts": {table: sorted(columns) for table, columns in sorted(given.items()) if columns},
            "options": dict(options),
            "readings": [entry["name"] for entry in budget["readings"]],
            "findings": len(budget["findings"]),
            "blocked_rows": result.blocked,
            "totals": {
                key: budget[key] for key in ("total", "low", "by_clause", "by_payer", "by_district", "relief", "pots")
            },
        }
    )


def inputs(schedules: Sequence[Schedule], roster: Roster) -> dict[str, Any]:
    """What a receipt says of a calculation before it is run: engine, schedules, roster, mapping."""
    return {
        "engine": {"name": ENGINE, "version": __version__},
        "schedules": [
            {
                "id": version.id,
                "version": version.first_day.isoformat(),
                "issued": version.issued.isoformat(),
                "revision": version.model.revision,
                "document": version.model.document.number,
                "bytes_sha256": version.text_hash,
                "meaning_sha256": version.meaning_hash,
                **version.overlays_dict(),
            }
            for schedule in schedules
            for version in schedule.versions
        ],
        "roster": {
            table: {"rows": roster.row_count(table), "sha256": roster.content_hash(table)}
            for table in sorted(roster.tables)
            if not is_remark_sheet(table)
        },
        **({"mapping": roster.mapping.sha256} if roster.mapping else {}),
    }
