"""Why what is owed now is not what was paid before, in words: another version, another roster, or neither."""

from __future__ import annotations

import functools
import json
import re
from collections.abc import Iterable, Mapping
from typing import Any

from subsidy.budget.compared import ANY, Entry, Group
from subsidy.budget.held import LINE
from subsidy.budget.ledger import FINDING
from subsidy.budget.owed import States
from subsidy.budget.paid import Paid
from subsidy.budget.result import Result
from subsidy.finding import Text
from subsidy.schedule.catalogue import Schedule
from subsidy.schedule.difference import Change, difference
from subsidy.schedule.load import Version

MOST_SENTENCES = 3
HELD = Text(
    "该行有错误未计算，改正前不追回", "the row is left out for its errors: nothing is taken back until it is mended"
)
NOTHING_BEFORE = Text("此前没有拨付", "nothing was paid before")
NOT_OWED = Text("计算中没有这一项应拨", "the calculation owes nothing of this kind")
NO_SUCH_CLAUSE = Text("现行标准没有这一条款", "the schedule has no such clause now")
NO_SUCH_SUBJECT = Text("花名册中没有这个对象", "the roster does not have this subject")
OUT_OF_DATES = Text("对象在该期已无应计算的日期", "the row's dates do not reach this period")
ANOTHER_MEANING = Text(
    "同一版本，但编码有更正或临时改动",
    "the same version with another meaning: a correction of its encoding, or an overlay",
)
ANOTHER_ROSTER = Text("花名册内容有变", "the roster has changed")
ANOTHER_CALCULATION = Text(
    "版本和花名册相同，计算选项、限制或其他对象不同",
    "the same version and roster: options, limits or other rows differ",
)
NOT_AS_PAID = Text("此前所拨与应拨不同", "what was paid is not what is owed")
BY_POTS = Text("资金总额的核减不同", "pots cut another sum")
NO_SUCH_PAYEE = Text("计算中没有应拨给该收款方的款项", "the calculation owes this payee nothing")

Names = set[str]
Applied = tuple[str | None, str, str]  # a schedule, the first day of its version, and the day that was issued


class Reasons:
    """The reason for each group of a settlement."""

    def __init__(self, result: Result, paid: Paid, states: States) -> None:
        self.result, self.paid, self.states = result, paid, states
        self._of_lines: dict[tuple[str | None, ...], dict[Text, None]] = {}
        self._told: dict[tuple[str, Applied, Applied], Text] = {}

    def of_entitlement(self, group: Group, held: int) -> Text:
        """Why a subject's amount differs; it is remembered for the payment lines that it is part of."""
        reason = HELD if held else self._of_subject(group)
        for entry in group.entries:
            line = tuple(entry[name] for name in LINE)
            self._of_lines.setdefault(line, {})[reason] = None
        return reason

    def of_payment(self, group: Group, held: int) -> Text:
        """Why a payer's part differs: the reasons of the subjects in its lines, else its own."""
        found: dict[Text, None] = {}
        for entry in group.entries:
            found |= self._of_lines.get(tuple(entry[name] for name in LINE), {})
        if found:
            return _joined(sorted(found), Text("；", "; "))
        if held:
            return HELD
        if group.now and group.before:
            is_known = all(entry.version for entry in group.before)
            return self._of_versions(group) or (BY_POTS if is_known else NOT_AS_PAID)
        return self._of_versions(group) or (NOTHING_BEFORE if group.now else NOT_OWED)

    # --- of one subject ----------------------------------------------------------------------------------------

    def _of_subject(self, group: Group) -> Text:
        if not group.before:
            return self._of_unpaid(_first(group.now))
        if not group.now:
            return self._of_unowed(_first(group.before))
        by_version = self._of_versions(group)
        if by_version is not None:
            return by_version
        is_known = all(entry.version for entry in group.before)
        return self._of_one_version(_first(group.now)) if is_known else NOT_AS_PAID

    def _of_unpaid(self, entry: Entry) -> Text:
        """Owed now and not paid before: a ledger may say why it was not owed then."""
        key = tuple(str(entry[name]) for name in ("schedule", "clause", "subject", "period"))
        reason = self.paid.unpaid.get(key)
        if not reason:
            return NOTHING_BEFORE
        return Text(f"此前未享受（{reason}）", f"nothing was owed before ({reason})")

    def _of_unowed(self, entry: Entry) -> Text:
        """Paid before and not owed now."""
        if entry["subject"] in (ANY, None):
            return NO_SUCH_PAYEE if self._is_unknown_payee(entry) else NOT_OWED
        if not self._has_clause(entry):
            return NO_SUCH_CLAUSE
        state = self.states.of(entry)
        if state is not None:
            kind, reason = state
            zh, en = ("缺少", "unknown") if kind == FINDING else ("现不应享受", "not owed now")
            because = Text(f"{zh}（{reason}）", f"{en} ({reason})")
            version = self._of_versions(Group([], [entry]))
            return because if version is None else _joined([version, because], Text("；", "; "))
        if not self.states.is_present(entry):
            return NO_SUCH_SUBJECT
        return OUT_OF_DATES

    def _has_clause(self, entry: Entry) -> bool:
        return (
            any(
                entry["clause"] in version.clauses
                for one in self.result.calculated
                if entry["schedule"] in (one.schedule.id, ANY)
                for version in one.schedule.versions
            )
            or entry["clause"] == ANY
        )

    def _is_unknown_payee(self, entry: Entry) -> bool:
        return entry["payee"] not in self._known_payees

    @functools.cached_property
    def _known_payees(self) -> set[str | None]:
        from subsidy.budget.dues import dues

        return {due.payee for one in self.result.calculated for due in dues(one.high.run)}

    def _of_one_version(self, entry: Entry) -> Text:
        """What differs where the version is the same: what it means, the roster, or something else."""
        applied = entry["schedule"], entry.version, entry.issued
        now = self._version(*applied)
        before = {
            one["meaning_sha256"]
            for receipt in self.paid.receipts
            for one in receipt["schedules"]
            if (one["id"], one["version"], one["issued"]) == applied
        }
        if now is not None and before and now.meaning_hash not in before:
            return ANOTHER_MEANING
        rosters = [receipt["roster"] for receipt in self.paid.receipts]
        return ANOTHER_CALCULATION if self._roster in rosters else ANOTHER_ROSTER

    @functools.cached_property
    def _roster(self) -> Any:
        return self.result.receipt.content["roster"]

    # --- versions ----------------------------------------------------------------------------------------------

    def _of_versions(self, group: Group) -> Text | None:
        """The version that applies now where another one was applied before, with what it changes for the clause."""
        before = {(entry["schedule"], entry.version, entry.issued) for entry in group.before if entry.version}
        now = {(entry["schedule"], entry.version, entry.issued) for entry in group.now} or self._in_force(group.before)
        clauses = {entry["clause"] for entry in group.entries}
        if not before or not now or before & now or len(clauses) != 1 or len(now) != 1:
            return None
        pair = str(clauses.pop()), max(before, key=str), now.pop()
        if pair not in self._told:
            self._told[pair] = self._of_version(*pair)
        return self._told[pair]

    def _in_force(self, before: Iterable[Entry]) -> set[Applied]:
        """The versions that are in force now on the days by which entries were due."""
        found: set[Applied] = set()
        for entry in before:
            for one in self.result.calculated:
                if one.schedule.id == entry["schedule"]:
                    versions = [one for one in one.schedule.versions if one.first_day.isoformat() <= entry.until]
                    found |= {(entry["schedule"], str(one.first_day), str(one.issued)) for one in versions[-1:]}
        return found

    def _of_version(self, clause: str, before: Applied, after: Applied) -> Text:
        old, new = self._version(*before), self._version(*after)
        if new is None:
            return Text(f"版本 {after[1]}", f"the version of {after[1]}")
        document = new.model.document
        head = Text(
            f"{document.number}（{document.issued} 印发，自 {new.first_day} 起施行）",
            f"{document.number} (issued {document.issued}, in force from {new.first_day})",
        )
        if old is None:
            return head
        changes = _concerning(clause, old, new)
        if not changes:
            return head
        sentences = [Text(change.sentence("zh"), change.sentence("en")) for change in changes]
        told = _joined(sentences, Text("；", "; "))
        return Text(f"{head.zh}：{told.zh}", f"{head.en}: {told.en}")

    def _version(self, schedule: str | None, first_day: str, issued: str) -> Version | None:
        for one in self.result.calculated:
            known = [*one.schedule.versions, *(version for version, _ in one.schedule.replaced)]
            for version in known if one.schedule.id == schedule else ():
                if (version.first_day.isoformat(), version.issued.isoformat()) == (first_day, issued):
                    return version
        return None


def _first(entries: Iterable[Entry]) -> Entry:
    """The one that speaks for all, whatever the order of rows."""
    return min(entries, key=lambda entry: repr(entry.values))


def _joined(texts: list[Text], mark: Text) -> Text:
    shown, more = texts[:MOST_SENTENCES], len(texts) - MOST_SENTENCES
    rest = Text(f"{mark.zh}另有 {more} 项", f"{mark.en}and {more} more") if more > 0 else Text("", "")
    return Text(mark.zh.join(one.zh for one in shown) + rest.zh, mark.en.join(one.en for one in shown) + rest.en)


def _concerning(clause: str, old: Version, new: Version) -> list[Change]:
    """What of the difference between two versions a clause is made of: itself, and the figures and facts it reads."""
    both = difference(Schedule((old,), ()), Schedule((new,), ()))
    former = {name for name, now in both.renamed.items() if now == clause}
    read = _read_by({clause, *former}, old) | _read_by({clause, *former}, new)
    return [change for change in both.changes if _entry_of(change.path) in read]


def _entry_of(path: str) -> tuple[str, str]:
    section, _, rest = path.partition(".")
    parts = rest.split(".")
    return section, parts[1] if section == "facts" and len(parts) > 1 else parts[0]


def _read_by(clauses: Names, version: Version) -> set[tuple[str, str]]:
    """The entries (section, name) that clauses are made of, whatever stands between."""
    content = version.model.model_dump(mode="json", by_alias=True, exclude_defaults=True)
    facts = {
        name: column
        for table in (content.get("facts") or {}).values()
        for name, column in (table.get("columns") or {}).items()
    }
    sections: dict[str, Mapping[str, Any]] = {"values": content.get("values") or {}, "facts": facts}
    found: set[tuple[str, str]] = set()
    waiting: list[Any] = []
    for name, clause in (content.get("clauses") or {}).items():
        if name in clauses:
            found.add(("clauses", name))
            waiting.append({key: value for key, value in clause.items() if key not in ("label", "reading", "examples")})
    for name, limit in (content.get("limits") or {}).items():
        if clauses & set(limit["among"]):
            found.add(("limits", name))
            waiting.append(limit)
    while waiting:
        named = set(re.findall(r"[^\W\d]\w*", json.dumps(waiting.pop(), ensure_ascii=False)))
        for section, entries in sections.items():
            for name in named & set(entries):
                if (section, name) not in found:
                    found.add((section, name))
                    waiting.append(entries[name])
    return found
