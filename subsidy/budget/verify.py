"""A receipt run again: the same schedules, overlays and options on a roster, and what differs."""

from __future__ import annotations

import datetime
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from subsidy.budget.calculate import calculate
from subsidy.budget.receipt import Receipt, inputs
from subsidy.budget.receipt_differences import Difference, differences
from subsidy.budget.receipt_file import check_form
from subsidy.budget.receipt_words import OWN_FILE
from subsidy.finding import Finding, FindingsError, Place, ReceiptError, ScheduleError, Text, nearest
from subsidy.roster.tables import Roster
from subsidy.schedule.catalogue import Schedule, catalogue, schedule
from subsidy.schedule.load import Version, overlaid
from subsidy.schedule.overlay import overlay_of


@dataclass(frozen=True)
class Verification:
    """What came of running a receipt again.

    `differences`: in order of cause. `recalculated`: the receipt that was made now, None where it could not be
    calculated; then `findings` says why, unless a schedule's version is not there.
    """

    receipt: Receipt
    recalculated: Receipt | None
    differences: tuple[Difference, ...]
    findings: tuple[Finding, ...] = ()

    @property
    def equal(self) -> bool:
        """Whether it was calculated again and gave the same, whatever the program's version and the files' bytes."""
        return self.recalculated is not None and not self.decisive

    @property
    def decisive(self) -> tuple[Difference, ...]:
        """The differences because of which it is not equal."""
        return tuple(one for one in self.differences if one.decisive)

    @property
    def notes(self) -> tuple[Difference, ...]:
        """The differences that are told and decide nothing: of the program's version, of bytes without meaning."""
        return tuple(one for one in self.differences if not one.decisive)

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready: equal, recalculated (whether it could be), differences, findings."""
        return {
            "equal": self.equal,
            "recalculated": self.recalculated is not None,
            "differences": [one.to_dict() for one in self.differences],
            "findings": [finding.to_dict() for finding in self.findings],
        }


def verify(receipt: Receipt, roster: Roster, schedules: Schedule | Sequence[Schedule] | None = None) -> Verification:
    """Calculate again what a receipt is about, and compare.

    `schedules`: in place of those of the catalogue that the receipt names. Only the versions named in it are
    calculated, so that a version that came later changes nothing. Raises ReceiptError for a receipt of the wrong form
    or with a schedule that is not known, and ScheduleError for one given twice, or that the receipt does not name.
    """
    check_form(receipt.content, receipt.file)
    given = (schedules,) if isinstance(schedules, Schedule) else tuple(schedules or ())
    named = _named(receipt, given)
    again = [_as_in_receipt(one, receipt) for one in named]
    used = [one for one, _ in again if one.versions]
    findings = [finding for _, found in again for finding in found]
    now: Mapping[str, Any] = inputs(used, roster)
    recalculated = None
    if not findings and not _versions(receipt) - _there(used):
        try:
            recalculated = _recalculated(receipt, used, roster)
            now = recalculated.content
        except FindingsError as error:
            findings = error.findings
    return Verification(
        receipt, recalculated, tuple(differences(_plain(receipt.content), _plain(now))), tuple(findings)
    )


def _recalculated(receipt: Receipt, schedules: Sequence[Schedule], roster: Roster) -> Receipt:
    options = receipt.content["options"]
    as_of = datetime.date.fromisoformat(options["as_of"]) if "as_of" in options else None
    result = calculate(
        schedules, roster, options["year"], basis=options["basis"], proceed=options["proceed"], as_of=as_of
    )
    return result.receipt


def _named(receipt: Receipt, given: Sequence[Schedule]) -> list[Schedule]:
    """The schedules that a receipt names, in its order."""
    wanted = list(dict.fromkeys(entry["id"] for entry in receipt.content["schedules"]))
    _check_given(wanted, given)
    known, chosen = catalogue(), {one.id: one for one in given}
    unknown = [
        Finding(
            Place(receipt.file, path="schedules"),
            "unknown-schedule",
            Text(f"没有补贴标准 {name}", f"there is no schedule {name}"),
            Text(f"{nearest(name, known).zh}；{OWN_FILE.zh}", f"{nearest(name, known).en}; {OWN_FILE.en}"),
            name,
        )
        for name in wanted
        if name not in chosen and name not in known
    ]
    if unknown:
        raise ReceiptError(unknown)
    return [chosen[name] if name in chosen else schedule(name) for name in wanted]


def _check_given(wanted: Sequence[str], given: Sequence[Schedule]) -> None:
    ids = [one.id for one in given]
    foreign = [
        Finding(
            Place(str(one.paths[0]) if one.paths else ""),
            "not-in-receipt",
            Text("凭证没有用这个补贴标准", "the receipt does not name this schedule"),
            Text(f"凭证用的是：{', '.join(wanted)}", f"it names: {', '.join(wanted)}"),
            one.id,
        )
        for one in given
        if one.id not in wanted
    ]
    twice = [
        Finding(
            Place(),
            "schedule-twice",
            Text("同一补贴标准给了两次", "this schedule is given twice"),
            Text("请只给一次；几个版本请给所在文件夹", "give it once; for several versions, give their folder"),
            name,
        )
        for name in sorted({name for name in ids if ids.count(name) > 1})
    ]
    if foreign or twice:
        raise ScheduleError([*foreign, *twice])


def _as_in_receipt(one: Schedule, receipt: Receipt) -> tuple[Schedule, list[Finding]]:
    """A schedule with the versions that the receipt names, each with its overlays; and overlays that do not fit now.

    Of several with one first day: that issued on the day the receipt names, if it is there.
    """
    entries = {(entry["id"], entry["version"]): entry for entry in receipt.content["schedules"]}
    named = {
        _key(pair[0]): pair
        for pair in one.replaced
        if _key(pair[0]) in entries and pair[0].issued.isoformat() == entries[_key(pair[0])]["issued"]
    }
    kept = [
        named.get(_key(version), (version, path))
        for version, path in zip(one.versions, one.paths, strict=True)
        if _key(version) in entries
    ]
    versions, findings = [], []
    for version, _ in kept:
        try:
            changed, absent = _with_overlays(version, entries[_key(version)])
        except ScheduleError as error:
            changed, absent = version, error.findings
        versions.append(changed)
        findings += absent
    known_on = receipt.content["options"].get("known_on")
    day = datetime.date.fromisoformat(known_on) if known_on else None
    paths = tuple(path for _, path in kept)
    return replace(one, versions=tuple(versions), paths=paths, known_on=day), findings


def _with_overlays(version: Version, entry: Mapping[str, Any]) -> tuple[Version, list[Finding]]:
    files = [overlay_of(one["text"], one["file"], one["bytes_sha256"]) for one in entry.get("overlay_files", ())]
    findings: list[Finding] = []
    for one in files:
        count = len(version.overlay_files)
        version, absent = overlaid(version, one)
        if len(version.overlay_files) == count:
            findings += absent.values()
    version, absent = overlaid(version, entry["overlays"])
    return version, [*findings, *absent.values()]


def _key(version: Version) -> tuple[str, str]:
    return version.id, version.first_day.isoformat()


def _versions(receipt: Receipt) -> set[tuple[str, str]]:
    return {(entry["id"], entry["version"]) for entry in receipt.content["schedules"]}


def _there(schedules: Sequence[Schedule]) -> set[tuple[str, str]]:
    return {_key(version) for one in schedules for version in one.versions}


def _plain(content: Mapping[str, Any]) -> dict[str, Any]:
    """As it comes back from a file: lists where there were tuples, keys in order."""
    plain: dict[str, Any] = json.loads(json.dumps(content, sort_keys=True))
    return plain
