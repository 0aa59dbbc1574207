"""What clauses, payers and pots are called: by name, by the labels of the documents, and over several schedules."""

from __future__ import annotations

import functools
from collections.abc import Iterable, Sequence
from typing import Any, Generic, Protocol, TypeVar

from subsidy.finding import Language
from subsidy.schedule.catalogue import Schedule
from subsidy.schedule.checked import NOT_STATED

BETWEEN_LABELS = " / "
LANGUAGES: tuple[Language, ...] = ("zh", "en")
NOBODY = {"zh": "未明确", "en": "not stated"}


class OfSchedule(Protocol):
    """Something of one schedule: what was calculated of it, or what is to be."""

    @property
    def schedule(self) -> Schedule: ...


Part = TypeVar("Part", bound=OfSchedule)


class Names(Generic[Part]):
    """The names of a calculation. A clause that several schedules have is SCHEDULE:CLAUSE."""

    def __init__(self, calculated: Sequence[Part]) -> None:
        self.calculated = calculated

    def clause(self, schedule_id: str, clause: str) -> str:
        """A clause's name; with that of its schedule before it where several have a clause of that name."""
        return clause if self._having[clause] == 1 else f"{schedule_id}:{clause}"

    @functools.cached_property
    def _having(self) -> dict[str, int]:
        """How many schedules have a clause of a name."""
        found: dict[str, int] = {}
        for one in self.calculated:
            for name in dict.fromkeys(name for version in one.schedule.versions for name in version.clauses):
                found[name] = found.get(name, 0) + 1
        return found

    @functools.cached_property
    def clauses(self) -> dict[str, tuple[Part, str]]:
        """Every clause by its name: the calculation it stands in, and what it is called there."""
        return {
            self.clause(one.schedule.id, name): (one, name)
            for one in self.calculated
            for version in one.schedule.versions
            for name in version.clauses
        }

    @functools.cached_property
    def items(self) -> dict[str, str]:
        """The item of every clause."""
        return {
            self.clause(one.schedule.id, name): clause.model.item
            for one in self.calculated
            for version in one.schedule.versions
            for name, clause in version.clauses.items()
        }

    @functools.cached_property
    def places(self) -> dict[str, int]:
        """Where each clause stands among all."""
        return {name: place for place, name in enumerate(self.items)}

    @functools.cached_property
    def schedules(self) -> list[Schedule]:
        return [one.schedule for one in self.calculated]

    def label(self, name: str, language: Language) -> str:
        """What a clause, a limit or a pot is called in its document; its name where it has no label."""
        return clause_label(self.schedules, name, language)

    @functools.cached_property
    def payers(self) -> tuple[str, ...]:
        """Every payer of a document, and that nobody is stated."""
        own = (name for one in self.calculated for version in one.schedule.versions for name in version.model.payers)
        return (*dict.fromkeys(own), NOT_STATED)

    def payer(self, name: str, language: Language) -> str:
        """What a payer is called in its document; with its key where another payer is called the same."""
        labels = self._payer_labels[language]
        return labels[name] if name in labels else payer_label(self.schedules, name, language)

    @functools.cached_property
    def _payer_labels(self) -> dict[Language, dict[str, str]]:
        return {
            language: {name: payer_label(self.schedules, name, language) for name in self.payers}
            for language in LANGUAGES
        }


def clause_label(schedules: Iterable[Schedule], clause: str, language: Language) -> str:
    """The label of a clause or limit, or of SCHEDULE:CLAUSE; its name where it has none."""
    schedule, _, own = clause.rpartition(":")
    for one in schedules:
        for version in one.versions if schedule in ("", one.id) else ():
            entry: Any = version.model.clauses.get(own) or version.model.limits.get(own)
            if entry is not None and entry.label is not None:
                label: str = entry.label.in_(language)
                return label
    return own


def payer_label(schedules: Iterable[Schedule], payer: str, language: Language) -> str:
    """The label of a payer; where documents differ, the labels of all; its name where it is in no document.

    With its name where another payer has the same label.
    """
    own = tuple(schedules)
    label = _labels(own, payer, language)
    payers = {name for one in own for version in one.versions for name in version.model.payers}
    if any(_labels(own, other, language) == label for other in payers - {payer}):
        return f"{label}（{payer}）" if language == "zh" else f"{label} ({payer})"
    if label:
        return label
    return NOBODY[language] if payer == NOT_STATED else payer


def _labels(schedules: Iterable[Schedule], payer: str, language: Language) -> str:
    labels = dict.fromkeys(_own_label(one, payer, language) for one in schedules)
    return BETWEEN_LABELS.join(label for label in labels if label)


def _own_label(schedule: Schedule, payer: str, language: Language) -> str | None:
    """What the last version that has the payer calls it."""
    for version in reversed(schedule.versions):
        if payer in version.model.payers:
            return version.model.payers[payer].label.in_(language)
    return None
