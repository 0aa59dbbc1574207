"""Which grains are held narrow: those of rows with a life, in periods, whose limits are over such grains alone."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

from subsidy.engine.grain import Grain
from subsidy.engine.narrow import Coded
from subsidy.schedule.checked import CheckedClause, CheckedLimit
from subsidy.schedule.column import MONTHS_IN
from subsidy.schedule.load import Version
from subsidy.schedule.node import Node

Group = tuple[Grain, int, list[CheckedClause]]  # a grain, the number of its version, and the clauses in it


def chosen_narrow(versions: Sequence[Version], groups: Sequence[Group], shared: Collection[str]) -> dict[int, Coded]:
    """By the number of a group that is to be held narrow: which keys of its limits may go by number.

    `shared`: limits over several schedules, whose rows leave the database.
    """
    members: dict[str, list[tuple[int, CheckedLimit, CheckedClause]]] = {}
    for number, group in enumerate(groups):
        for limit, clause in _limits_of(versions, group):
            members.setdefault(limit.name, []).append((number, limit, clause))
    limited = {number for found in members.values() for number, _, _ in found}
    chosen = {number for number in limited if _may_be(versions, groups[number])}
    while True:
        mixed = {
            number
            for name, found in members.items()
            if name in shared or not {number for number, _, _ in found} <= chosen
            for number, _, _ in found
        }
        if mixed.isdisjoint(chosen):
            break
        chosen -= mixed
    coded = {name: _coded([(limit, clause) for _, limit, clause in found]) for name, found in members.items()}
    return dict.fromkeys(chosen, coded)


def _may_be(versions: Sequence[Version], group: Group) -> bool:
    grain, index, clauses = group
    has_periods = grain.every in MONTHS_IN and bool(versions[index].tables[grain.table].life)
    return has_periods and not any(clause.allocation for clause in clauses)


def _limits_of(versions: Sequence[Version], group: Group) -> Iterator[tuple[CheckedLimit, CheckedClause]]:
    _, index, clauses = group
    for limit in versions[index].limits.values():
        if not limit.is_pot:
            yield from ((limit, clause) for clause in clauses if clause.name in limit.model.among)


def _coded(members: Sequence[tuple[CheckedLimit, CheckedClause]]) -> list[bool]:
    """For each key of a limit, whether it is the same cell of one table in all clauses."""
    cells = [[_cell(clause, node) for node in limit.keys.get(clause.name, ())] for limit, clause in members]
    return [None not in one and len(set(one)) == 1 for one in zip(*cells, strict=True)]


def _cell(clause: CheckedClause, node: Node) -> tuple[str, str] | None:
    """Table and column of a text in the clause's own row."""
    fact, is_text = node.fact, node.type.kind in ("text", "category")
    if node.operation != "fact" or fact is None or fact.hops or fact.history or not is_text:
        return None
    return clause.table, fact.column_name
