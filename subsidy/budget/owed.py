"""What a calculation owes now, as entries to be compared, and why it does not owe the rest."""

from __future__ import annotations

import functools
from collections.abc import Iterator
from dataclasses import dataclass

from subsidy.budget.cells import Calculated
from subsidy.budget.compared import ANY, Entry, calendar_of, values_of
from subsidy.budget.dues import dues, persons
from subsidy.budget.ledger import FINDING, PAID, entitlement_table
from subsidy.budget.paid_words import renamed
from subsidy.budget.result import Result
from subsidy.budget.saved import payment_rows
from subsidy.money import fen


@dataclass(frozen=True)
class Owed:
    """Entitlements before pots, payments after them, of all years."""

    entitlements: list[Entry]
    payments: list[Entry]

    def cut(self, since: str, until: str) -> int:
        """What pots cut (fen) of what is due within two days, and no other payer took over."""
        entitled, paid = (
            sum(entry.fen for entry in side if since <= entry.until <= until)
            for side in (self.entitlements, self.payments)
        )
        return entitled - paid


def owed_now(result: Result) -> Owed:
    """What a result owes in cash. Clauses have their last names."""
    owed = Owed([], [])
    for one in result.calculated:
        names = renamed(one.schedule)
        owed.entitlements.extend(_entitlements(one, names))
        owed.payments.extend(_payment(row, names) for row in payment_rows(one))
    return owed


Names = dict[tuple[str, str], str]


def _entitlements(one: Calculated, names: Names) -> Iterator[Entry]:
    for due in dues(one.high.run):
        version = one.schedule.versions[due.version]
        known = {
            "schedule": one.schedule.id,
            "clause": names.get((one.schedule.id, due.clause), due.clause),
            "table": due.table,
            "subject": due.subject,
            "person": due.person,
            "payee": due.payee,
            "period": due.period,
            "due": due.due,
        }
        yield Entry(
            values_of(known),
            due.fen,
            due.due,
            version.first_day.isoformat(),
            version.issued.isoformat(),
            version.clauses[due.clause].model.item,
            due.facility,
            due.district,
        )


def _payment(row: dict[str, str], names: Names) -> Entry:
    known: dict[str, str | None] = {
        name: row[name] for name in ("schedule", "payee", "period", "due", "payer", "place", "fund")
    }
    known["clause"] = names.get((row["schedule"], row["clause"]), row["clause"])
    about = {name: row[name] for name in ("version", "issued", "item", "facility", "district")}
    return Entry(values_of(known), fen(row["amount"]), row["due"], **about)  # type: ignore[arg-type]


def keys_by_name(result: Result) -> dict[str, str]:
    """By the name of a facility, district or other row of the roster its key, where there is only one."""
    found: dict[str, set[str]] = {}
    keys: set[str] = set()
    for one in result.calculated:
        tables = {name: table for version in one.schedule.versions for name, table in version.tables.items()}
        for table, rows in one.high.run.prepared.intake.tables.items():
            key = tables[table].key
            if key in rows.column_names and "name" in rows.column_names:
                own = rows.column(key).to_pylist()
                keys.update(own)
                for name, one_key in zip(rows.column("name").to_pylist(), own, strict=True):
                    found.setdefault(name, set()).add(one_key)
    return {name: next(iter(own)) for name, own in found.items() if name and len(own) == 1 and name not in keys}


def _may_be_of(entry: Entry, period: str) -> bool:
    """Whether an entry may be about a period: its own one, or one that lies in it or around it."""
    own, times = str(entry["period"]), calendar_of(period)
    if own != ANY and len(own) == len(period):
        return own == period
    return all(entry[name] in (time, ANY) for name, time in times.items())


class States:
    """What became of each entitlement that is not paid, and which subjects there are; asked for when it is needed."""

    def __init__(self, result: Result) -> None:
        self.result = result
        self.blocked: set[tuple[str | None, str | None]] = set()
        for one in result.calculated:
            for table, keys in one.high.run.prepared.intake.blocked_keys().items():
                self.blocked |= {(table, key) for key in keys - self._present(one, table)}

    @staticmethod
    def _present(one: Calculated, table: str) -> set[str]:
        version = next(version for version in reversed(one.schedule.versions) if table in version.tables)
        rows, key = one.high.run.prepared.intake.tables.get(table), version.tables[table].key
        return set() if rows is None or key not in rows.column_names else set(rows.column(key).to_pylist())

    @functools.cached_property
    def _unpaid(self) -> dict[tuple[str | None, ...], tuple[str, str]]:
        found: dict[tuple[str | None, ...], tuple[str, str]] = {}
        for one in self.result.calculated:
            names = renamed(one.schedule)
            versions = one.schedule.versions
            cash = {name for version in versions for name, clause in version.clauses.items() if clause.model.cash}
            table = entitlement_table(one.schedule, one.high.run).select(
                ["clause", "subject", "period", "state", "reason"]
            )
            for clause, subject, period, state, reason in zip(*table.to_pydict().values(), strict=True):
                if state != PAID and clause in cash:
                    name = names.get((one.schedule.id, clause), clause)
                    found[one.schedule.id, name, subject, period] = state, reason
        return found

    def of(self, entry: Entry) -> tuple[str, str] | None:
        """State and reason where a row is there and is not paid."""
        return self._unpaid.get(tuple(entry[name] for name in ("schedule", "clause", "subject", "period")))

    def is_blocked(self, entry: Entry) -> bool:
        """Whether a row that an entry may be about has an error, or lacks what it takes to know what it is owed."""
        subject, table = entry["subject"], entry["table"]
        if (table, subject) in self.blocked or (table == ANY and subject in {key for _, key in self.blocked}):
            return True
        return any(
            entry["schedule"] in (schedule, ANY)
            for schedule, clause, period in self._unknown.get(subject, ())
            if entry["clause"] in (clause, ANY) and _may_be_of(entry, period)
        )

    @property
    def has_blocked(self) -> bool:
        """Whether there is any such row."""
        return bool(self.blocked or self._unknown)

    @functools.cached_property
    def _unknown(self) -> dict[str | None, list[tuple[str | None, str | None, str]]]:
        """By subject the schedules, clauses and periods of what cannot be known."""
        found: dict[str | None, list[tuple[str | None, str | None, str]]] = {}
        for (schedule, clause, subject, period), (state, _) in self._unpaid.items():
            if state == FINDING:
                found.setdefault(subject, []).append((schedule, clause, str(period)))
        return found

    def has(self, name: str) -> bool:
        """Whether a name is a subject or person of the roster, be it one of a row with errors."""
        return any(name == key for _, key in self.blocked) or name in self._names

    @functools.cached_property
    def _names(self) -> set[str]:
        people = [who.values() for one in self.result.calculated for who in persons(one.high.run).values()]
        return set().union(*self._subjects.values(), *people)

    def is_present(self, entry: Entry) -> bool:
        """Whether the roster has the subject of an entry."""
        return entry["subject"] in self._subjects.get(str(entry["table"]), ())

    @functools.cached_property
    def _subjects(self) -> dict[str, set[str]]:
        found: dict[str, set[str]] = {}
        for one in self.result.calculated:
            for table in one.high.run.prepared.intake.tables:
                found.setdefault(table, set()).update(self._present(one, table))
        return found
