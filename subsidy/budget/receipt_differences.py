"""What differs between two receipts, in order of cause: what went in before what came out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from subsidy.budget.receipt_words import sentence
from subsidy.finding import Text

INPUTS = ("engine", "schedules", "roster", "mapping")
OUTCOMES = ("example_rows", "given_facts", "options", "readings", "findings", "blocked_rows")
TOTALS = ("by_clause", "by_payer", "by_district", "relief", "pots", "total", "low")
OF_A_VERSION = ("issued", "revision", "document", "overlay_files", "overlays", "meaning_sha256", "bytes_sha256")
NAMES = {
    "schedules": ("id", "version"),
    "by_clause": ("clause",),
    "by_payer": ("payer",),
    "by_district": ("district",),
    "relief": ("clause",),
    "pots": ("pot", "key"),
}


@dataclass(frozen=True)
class Difference:
    """`path`: where in the receipt, lists by what their entries are about. `receipt` and `now` are JSON-ready, None
    where there is nothing. `decisive` is False for what is told but makes no difference to what was calculated.
    """

    path: tuple[str, ...]
    receipt: Any
    now: Any
    decisive: bool
    text: Text

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready: path, receipt, now, decisive, text in both languages."""
        return {
            "path": list(self.path),
            "receipt": self.receipt,
            "now": self.now,
            "decisive": self.decisive,
            "text": {"zh": self.text.zh, "en": self.text.en},
        }


def differences(receipt: Mapping[str, Any], now: Mapping[str, Any]) -> list[Difference]:
    """Every difference between a receipt's content and what `now` holds; only inputs where it was not calculated."""
    found = [pair for section in INPUTS for pair in _of_section(section, receipt, now)]
    if "totals" in now:
        found += [pair for section in OUTCOMES for pair in _of_section(section, receipt, now)]
        found += [pair for section in TOTALS for pair in _of_section(section, receipt["totals"], now["totals"])]
    changed = {path for path, _, _ in found}
    return [
        Difference(path, kept, new, _is_decisive(path), sentence(path, kept, new, changed))
        for path, kept, new in found
        if not (path[0] == "roster" and path[-1] == "sha256" and (*path[:-1], "rows") in changed)
    ]


def _is_decisive(path: tuple[str, ...]) -> bool:
    return path[0] != "engine" and not (path[0] == "schedules" and path[-1] == "bytes_sha256")


Pair = tuple[tuple[str, ...], Any, Any]


def _of_section(section: str, receipt: Mapping[str, Any], now: Mapping[str, Any]) -> Iterator[Pair]:
    kept, new = receipt.get(section), now.get(section)
    if section in NAMES:
        kept, new = _by_name(kept or [], NAMES[section]), _by_name(new or [], NAMES[section])
    return _pairs((section,), kept, new)


def _pairs(path: tuple[str, ...], kept: Any, new: Any) -> Iterator[Pair]:
    if isinstance(kept, dict) and isinstance(new, dict):
        for key in sorted({*kept, *new}, key=_order):
            yield from _pairs((*path, key), kept.get(key), new.get(key))
    elif type(kept) is not type(new) or kept != new:
        yield path, kept, new


def _order(key: str) -> tuple[int, str]:
    return (OF_A_VERSION.index(key) if key in OF_A_VERSION else -1, key)


def _by_name(entries: Sequence[dict[str, Any]], names: tuple[str, ...]) -> dict[str, Any]:
    """Entries by what they are about; a second one of the same name is kept under that name with a number."""
    found: dict[str, Any] = {}
    for entry in entries:
        name = " ".join(filter(None, (_name(entry.get(key)) for key in names)))
        same = sum(1 for other in found if other == name or other.startswith(f"{name} #"))
        found[f"{name} #{same + 1}" if same else name] = entry
    return found


def _name(value: Any) -> str:
    if isinstance(value, dict):
        return " ".join(map(_name, value.values()))
    return "—" if value is None else str(value)
