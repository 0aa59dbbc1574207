"""What stands beside the numbers of a result: readings, provisions without money, what limits took away."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

from subsidy.budget.cells import Calculated, owed_in
from subsidy.money import yuan_text
from subsidy.schedule.load import Version
from subsidy.schedule.model import Provision
from subsidy.schedule.written import Reading


def blocked_rows(calculated: Sequence[Calculated]) -> dict[str, int]:
    """By table, the rows left out of the calculation because something in them is wrong."""
    found: dict[str, int] = {}
    for one in calculated:
        for table, rows in one.high.run.prepared.intake.blocked.items():
            found[table] = max(rows, found.get(table, 0))
    return {table: rows for table, rows in sorted(found.items()) if rows}


def versions_of(calculated: Sequence[Calculated]) -> list[Version]:
    """The versions of all schedules, in order."""
    return [version for one in calculated for version in one.schedule.versions]


def readings(calculated: Sequence[Calculated]) -> list[dict[str, Any]]:
    """Every reading taken where a text leaves room: entry, item, text in both languages."""
    found = []
    for version in versions_of(calculated):
        model = version.model
        for section in (model.clauses, model.limits, model.values, model.rules):
            for name, entry in section.items():
                reading: Reading | None = entry.reading
                if reading is not None:
                    text = {"zh": reading.zh, "en": reading.en}
                    found.append({"name": name, "item": entry.item, "part": _part(entry, version), "reading": text})
    return _each_once(found)


def provisions(calculated: Sequence[Calculated], section: Literal["unquantified", "rules"]) -> list[dict[str, Any]]:
    """Provisions without money: name, item, part, label in both languages."""
    found = []
    for version in versions_of(calculated):
        entries: Mapping[str, Provision] = getattr(version.model, section)
        for name, entry in entries.items():
            label = {"zh": entry.label.zh, "en": entry.label.en} if entry.label else None
            found.append({"name": name, "item": entry.item, "part": _part(entry, version), "label": label})
    return _each_once(found)


def limits(calculated: Sequence[Calculated], year: int) -> list[dict[str, Any]]:
    """What each limit on subjects took away in the year; where it only reports, what it is exceeded by in all."""
    cuts: dict[tuple[str, str], int] = {}
    items: dict[tuple[str, str], str | None] = {}
    over: dict[tuple[str, str], int] = {}
    for one in calculated:
        run = one.high.run
        for name, (limit, _) in run.limit_tables.items():
            key = ("" if limit.whole else one.schedule.id, name)
            items[key] = limit.model.item
            for before, after in run.plan.limit_steps[name]:
                cut = owed_in(run, before, year) - owed_in(run, after, year)
                cuts[key] = cuts.get(key, 0) + cut
            if name in run.exceeded:
                over[key] = run.exceeded[name]
    return [
        {"limit": key[1], "item": items[key], "cut": yuan_text(cut)}
        | ({"over": yuan_text(over[key])} if key in over else {})
        for key, cut in cuts.items()
    ]


def _part(entry: Any, version: Any) -> str | None:
    part: str | None = entry.part or version.model.document.part
    return part


def _each_once(entries: list[dict[str, Any]]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    for entry in entries:
        if entry not in found:
            found.append(entry)
    return found
