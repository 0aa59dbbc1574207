"""What differs between two versions of a policy, from what they mean and not from how their files are written."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from subsidy.finding import Language, Refusal, Text
from subsidy.schedule.catalogue import Schedule
from subsidy.schedule.conditions import compared, mean_the_same
from subsidy.schedule.difference_words import SECTIONS, Words
from subsidy.schedule.figures import read_figure
from subsidy.schedule.load import Version

Nature = Literal["policy", "correction", "overlay", "other_schedule"]

WORDING = ("item", "part", "label", "source", "title")
KINDS = {
    **dict.fromkeys(("for", "every", "dated", "version_by", "reads_at"), "timing"),
    **dict.fromkeys(("amount", "allocation", "steps", "parts"), "amount"),
    **dict.fromkeys(("split", "split_to"), "payers"),
    "pay": "instalments",
    "clawback": "clawback",
    "reading": "reading",
    **dict.fromkeys(WORDING, "wording"),
}
SECTION_KINDS = {
    "payers": "payer",
    "words": "wording",
    "facts": "fact",
    "values": "value",
    "clauses": "clause",
    "limits": "limit",
    "unquantified": "provision",
    "rules": "rule",
    "targets": "target",
    "checks": "check",
    "rows": "rows",
    "notes": "wording",
}
FORMULAS = ("amount", "measure", "at_least", "at_most", "printed")
NATURES = {
    "policy": Text("政策调整", "a change of policy"),
    "correction": Text(
        "施行起日相同：以下均为本库编码的更正，不是政策调整",
        "the same first day: everything here is a correction of our encoding, not a change of policy",
    ),
    "overlay": Text("临时改动，非文件原文", "overlays, which are in no document"),
    "other_schedule": Text("提示：比较的是两份不同的补贴标准", "warning: two different schedules are compared"),
}


@dataclass(frozen=True)
class Change:
    """One difference: where, of what kind, what was there and what is there now (None: nothing), and the sentence."""

    path: str
    kind: str
    before: Any
    after: Any
    text: Text
    item: str | None = None
    part: str | None = None

    def sentence(self, language: Language) -> str:
        cited = " ".join(one for one in (self.part, self.item) if one)
        return f"[{cited}] {self.text.in_(language)}" if cited else self.text.in_(language)

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready: path, kind, before, after, part, item, sentence in both languages."""
        return {
            "path": self.path,
            "kind": self.kind,
            "before": self.before,
            "after": self.after,
            "part": self.part,
            "item": self.item,
            "sentence": {"zh": self.sentence("zh"), "en": self.sentence("en")},
        }


@dataclass(frozen=True)
class Difference:
    """All differences from version `one` to version `two`, in the order of the sections of a schedule."""

    one: Version
    two: Version
    changes: tuple[Change, ...]

    @property
    def nature(self) -> Nature:
        """A change of policy, a correction of our encoding (same schedule and same two days), overlays, or neither."""
        if self.one.id != self.two.id:
            return "other_schedule"
        if self.one.text_hash == self.two.text_hash:
            return "overlay"
        clocks = [(version.first_day, version.issued) for version in (self.one, self.two)]
        return "correction" if clocks[0] == clocks[1] else "policy"

    @property
    def renamed(self) -> dict[str, str]:
        """Earlier names of clauses that have another name now."""
        return _renamed(_content(self.one)["clauses"], _content(self.two)["clauses"])

    def sentences(self, language: Language = "en") -> list[str]:
        """One sentence for each change, with its item."""
        return [change.sentence(language) for change in self.changes]

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready: the two versions, the nature of the difference, the changes."""
        return {
            "one": _described(self.one),
            "two": _described(self.two),
            "nature": self.nature,
            "changes": [change.to_dict() for change in self.changes],
        }


def difference(one: Schedule, two: Schedule) -> Difference:
    """What changes from `one` to `two`, each with one version (`subsidy.schedule(name, on="2024-07-01")`, or a file).

    Raises Refusal (a ValueError) for a schedule with several versions.
    """
    before, after = only_version(one), only_version(two)
    return Difference(before, after, tuple(_Comparison(before, after).changes()))


def only_version(schedule: Schedule) -> Version:
    """The version of a schedule that has one. Raises Refusal, with the first days of those there are."""
    if len(schedule.versions) == 1:
        return schedule.latest
    days = ", ".join(str(version.first_day) for version in schedule.versions)
    raise Refusal(
        Text(
            f"{schedule.id} 有 {len(schedule.versions)} 个版本", f"{schedule.id} has {len(schedule.versions)} versions"
        ),
        Text(f"请指定其中一个的起日：{days}", f"choose one by its first day: {days}"),
    )


def _described(version: Version) -> dict[str, Any]:
    return {
        "id": version.id,
        "version": version.first_day.isoformat(),
        "revision": version.model.revision,
        "document": version.model.document.number,
        **version.overlays_dict(),
    }


def _content(version: Version) -> dict[str, Any]:
    """What a version states: nothing that goes without saying, and no examples, which are no policy."""
    content = version.model.model_dump(mode="json", by_alias=True, exclude_defaults=True)
    for name in SECTIONS:
        content.setdefault(name, {})
    for clause in content["clauses"].values():
        clause.pop("examples", None)
    tables = content["facts"].items()
    content["facts"] = {
        f"{table}.{name}": column for table, inner in tables for name, column in inner["columns"].items()
    } | {f"{table}.span": {"span": inner["span"]} for table, inner in tables if inner.get("span")}
    content["notes"] = _by_item(content["notes"] or ())
    return content


def _by_item(notes: Iterable[dict[str, Any]]) -> dict[str, Any]:
    """Notes by their item; further ones on the same item are numbered."""
    found: dict[str, Any] = {}
    counts: Counter[str] = Counter()
    for note in notes:
        name = note.get("item") or note.get("part") or ""
        counts[name] += 1
        found[name if counts[name] == 1 else f"{name} ({counts[name]})"] = note
    return found


def _renamed(before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, str]:
    return {
        former: name
        for name, clause in after.items()
        if name not in before
        for former in clause.get("formerly", ())
        if former in before and former not in after
    }


def _parts_of_document(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterable[str]:
    """Of another document the number says all; of the same one every particular is compared."""
    return ("number",) if before["number"] != after["number"] else {**before, **after}


class _Comparison:
    """Two versions being compared."""

    def __init__(self, one: Version, two: Version) -> None:
        self.before, self.after = _content(one), _content(two)
        self.words = Words(one, two)
        self.renamed = _renamed(self.before["clauses"], self.after["clauses"])

    def changes(self) -> Iterator[Change]:
        yield from self._head()
        for section in SECTIONS:
            yield from self._section(section, self.before[section], self.after[section])

    def _head(self) -> Iterator[Change]:
        yield from self._inner("document", _parts_of_document(self.before["document"], self.after["document"]))
        yield from self._inner("in_force", ("from", "to"))
        for field in ("place", "districts"):
            yield from self._changed(field, "place", field, self.before.get(field), self.after.get(field))

    def _inner(self, section: str, names: Iterable[str]) -> Iterator[Change]:
        for name in names:
            before, after = (side[section].get(name) for side in (self.before, self.after))
            yield from self._changed(f"{section}.{name}", section, name, before, after)

    def _changed(self, path: str, kind: str, field: str, before: Any, after: Any) -> Iterator[Change]:
        if before != after:
            subject = Text("本标准", "The schedule")
            yield Change(path, kind, before, after, self.words.field(subject, field, "", before, after))

    def _section(self, section: str, before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[Change]:
        now = self.renamed if section == "clauses" else {}
        earlier = {now.get(name, name): entry for name, entry in before.items()}
        former = {new: old for old, new in now.items()}
        for name in {**earlier, **after}:
            old, new = earlier.get(name), after.get(name)
            entry = _Entry(self.words, section, name, old, new)
            if name in former:
                yield entry.renamed(former[name])
            yield from entry.changes()
        if section in ("limits", "payers"):
            yield from _order(self.words, section, earlier, after)


def _order(words: Words, section: str, before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[Change]:
    old, new = [name for name in before if name in after], [name for name in after if name in before]
    if old != new:
        text = words.field(SECTIONS[section], "order", "", old, new)
        yield Change(section, "order", old, new, text)


class _Entry:
    """One entry of a section in both versions; None where it is not there."""

    def __init__(self, words: Words, section: str, name: str, before: Any, after: Any) -> None:
        self.words, self.section, self.name = words, section, name
        self.before, self.after = before, after
        shown = before if after is None else after
        self.fields = shown if isinstance(shown, dict) else {}
        label = self.fields.get("label") if section != "notes" else None
        self.subject = words.subject(section, name, label)
        self.kind = SECTION_KINDS[section]

    def changes(self) -> Iterator[Change]:
        if self.before == self.after:
            yield from self._orders()
        elif self.before is None:
            text = self.words.added(self.subject, self.section, self.after)
            yield self._change("", f"{self.kind}_added", None, self.after, text)
        elif self.after is None:
            kind = "clause_repealed" if self.section == "clauses" else f"{self.kind}_removed"
            yield self._change("", kind, self.before, None, self.words.removed(self.subject, self.section, self.before))
        elif self.section in ("facts", "words", "rows"):
            text = self.words.field(self.subject, "", "", self.before, self.after)
            yield self._change("", self.kind, self.before, self.after, text)
        else:
            for field in {**self.before, **self.after}:
                yield from self._field(field, self.before.get(field), self.after.get(field))
            yield from self._orders()

    def renamed(self, former: str) -> Change:
        return self._change("", "clause_renamed", former, self.name, self.words.renamed(self.subject, former))

    def _change(self, inside: str, kind: str, before: Any, after: Any, text: Text) -> Change:
        path = ".".join(part for part in (self.section, self.name, inside) if part)
        return Change(path, kind, before, after, text, self.fields.get("item"), self.fields.get("part"))

    def _field(self, field: str, before: Any, after: Any) -> Iterator[Change]:
        if before == after or field == "formerly":
            return
        if self.section == "values" and field in ("unit", "by", "is"):
            yield from self._figures(field, before, after)
        elif field == "when" and before is not None and after is not None:
            yield from self._condition(before, after)
        elif field == "split" and isinstance(before, dict) and isinstance(after, dict):
            text = self.words.split(self.subject, before, after)
            yield self._change(field, "payers", before, after, text)
        elif field in ("steps", "parts"):
            for name in {**(before or {}), **(after or {})}:
                yield from self._plain(field, name, (before or {}).get(name), (after or {}).get(name))
        else:
            yield from self._plain(field, "", before, after)

    def _plain(self, field: str, name: str, before: Any, after: Any) -> Iterator[Change]:
        formula = name or (field in FORMULAS and self.section in ("clauses", "targets"))
        both = isinstance(before, str) and isinstance(after, str)
        if before == after or (formula and both and mean_the_same(before, after)):
            return
        if field == "per" and sorted(before or ()) == sorted(after or ()):
            return
        kind = KINDS.get(field, self.kind)
        if field == "when":
            kind = "condition_added" if before is None else "condition_removed"
        inside = f"{field}.{name}" if name else field
        yield self._change(inside, kind, before, after, self.words.field(self.subject, field, name, before, after))

    def _condition(self, before: str, after: str) -> Iterator[Change]:
        change = compared(before, after)
        if not change.added and not change.removed:
            return
        kind = "condition_changed"
        if not change.removed:
            kind = "condition_narrowed"
        elif not change.added:
            kind = "condition_widened"
        yield self._change("when", kind, before, after, self.words.condition(self.subject, kind, change))

    def _orders(self) -> Iterator[Change]:
        for field in ("split", "parts"):
            old, new = (side.get(field) if isinstance(side, dict) else None for side in (self.before, self.after))
            if isinstance(old, dict) and isinstance(new, dict) and set(old) == set(new) and list(old) != list(new):
                if field == "split" and old != new:
                    continue  # the shares in their new order are said already
                text = self.words.field(self.subject, "order", "", list(old), list(new))
                yield self._change(field, "order", list(old), list(new), text)

    # --- figures -----------------------------------------------------------------------------------------------

    def _figures(self, field: str, before: Any, after: Any) -> Iterator[Change]:
        same_keys = self.before.get("by") == self.after.get("by")
        same_unit = self.before["unit"] == self.after["unit"]
        if field == "is" and same_keys:
            yield from self._leaves((), before, after)
        elif field == "by" or (field == "unit" and not same_unit):
            kind = "keys" if field == "by" else "unit"
            yield self._change(field, kind, before, after, self.words.field(self.subject, field, "", before, after))
        else:
            text = self.words.figure(self.subject, (), before, after, self.after["unit"])
            yield self._change("is", "figure", before, after, text)

    def _leaves(self, keys: tuple[str, ...], before: Any, after: Any) -> Iterator[Change]:
        inside, unit = ".".join(("is", *keys)), self.after["unit"]
        if isinstance(before, dict) and isinstance(after, dict):
            for key in {**before, **after}:
                yield from self._leaves((*keys, key), before.get(key), after.get(key))
        elif before is None:
            text = self.words.key_added(self.subject, keys, after, unit)
            yield self._change(inside, "figure_added", None, after, text)
        elif after is None:
            text = self.words.key_removed(self.subject, keys, before, self.before["unit"])
            yield self._change(inside, "figure_removed", before, None, text)
        elif not _same_figure(before, after, self.before["unit"], unit):
            text = self.words.figure(self.subject, keys, before, after, unit)
            yield self._change(inside, "figure", before, after, text)


def _same_figure(before: Any, after: Any, old_unit: str, unit: str) -> bool:
    if isinstance(before, dict) or isinstance(after, dict):
        return False
    return read_figure(before, old_unit) == read_figure(after, unit)
