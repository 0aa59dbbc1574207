"""A receipt: what was calculated, from what, by which versions. The same inputs give the same bytes."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from subsidy import __version__
from subsidy.finding import Finding, Place, RosterError, Text
from subsidy.roster.names import is_remark
from subsidy.roster.tables import Roster
from subsidy.schedule.catalogue import Schedule

if TYPE_CHECKING:
    from subsidy.budget.result import Result


@dataclass(frozen=True)
class Receipt:
    """`content` is JSON-ready: engine, schedules and roster with their hashes, options, readings, totals."""

    content: Mapping[str, Any]

    def to_json(self) -> str:
        return json.dumps(self.content, ensure_ascii=False, indent=2, sort_keys=True) + "\n"

    def save(self, path: str | Path) -> None:
        """Write the receipt to a file, whole or not at all. Raises RosterError when it cannot be written."""
        write_whole(Path(path), self.to_json())


def write_whole(path: Path, text: str) -> None:
    """Write a text file by way of a temporary one, so that nothing half-written is ever seen.

    A link is followed. Raises RosterError where the file cannot be written or is no ordinary one.
    """
    check_writable(path)
    target = path.resolve()
    try:
        mode = target.stat().st_mode & 0o777 if target.exists() else 0o666 & ~_umask()
        handle, temporary = tempfile.mkstemp(dir=target.parent, prefix=".", suffix=target.suffix)
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                file.write(text)
            Path(temporary).chmod(mode)
            Path(temporary).replace(target)
        except BaseException:
            Path(temporary).unlink(missing_ok=True)
            raise
    except OSError as error:
        raise _unwritable(path, error.strerror or "") from None


def check_writable(path: Path) -> None:
    """Raises RosterError where a file could not be written: asked before the work begins."""
    target = path.resolve()
    if target.exists() and not target.is_file():
        raise _unwritable(path, "not an ordinary file")
    if not target.parent.is_dir():
        raise _unwritable(path, "no such folder")
    if not os.access(target.parent, os.W_OK):
        raise _unwritable(path, "no permission")


def _unwritable(path: Path, cause: str) -> RosterError:
    why = Text(f"无法写入（{cause}）", f"this cannot be written ({cause})")
    remedy = Text("请检查路径和权限", "check the path and its permissions")
    return RosterError([Finding(Place(str(path)), "unwritable", why, remedy)])


def _umask() -> int:
    current = os.umask(0)
    os.umask(current)
    return current


def make_receipt(
    result: Result,
    schedules: Sequence[Schedule],
    roster: Roster,
    given: Mapping[str, Any],
    options: Mapping[str, Any],
) -> Receipt:
    """The receipt of a result. `given`: by table, the derived facts that the roster gave ready."""
    versions = [version for schedule in schedules for version in schedule.versions]
    budget = result.to_dict()
    return Receipt(
        {
            "engine": {"name": "subsidy", "version": __version__},
            "schedules": [
                {
                    "id": version.id,
                    "version": version.first_day.isoformat(),
                    "revision": version.model.revision,
                    "document": version.model.document.number,
                    "bytes_sha256": version.text_hash,
                    "meaning_sha256": version.meaning_hash,
                    "overlays": dict(version.overlays),
                }
                for version in versions
            ],
            "roster": {
                table: {"rows": roster.row_count(table), "sha256": roster.content_hash(table)}
                for table in sorted(roster.tables)
                if not is_remark(table)
            },
            **({"mapping": roster.mapping.sha256} if roster.mapping else {}),
            "given_facts": {table: sorted(columns) for table, columns in sorted(given.items()) if columns},
            "options": dict(options),
            "readings": [entry["name"] for entry in budget["readings"]],
            "findings": len(budget["findings"]),
            "totals": {
                key: budget[key] for key in ("total", "low", "by_clause", "by_payer", "by_district", "relief", "pots")
            },
        }
    )
