"""Which blank cell keeps an expression from being known: a finding, or knowingly nothing."""

from __future__ import annotations

from subsidy import sql
from subsidy.engine.layers import ref
from subsidy.engine.row import RowCompiler
from subsidy.schedule.node import Node, Type
from subsidy.sql import Sql


def missing_facts(node: Node, rows: RowCompiler) -> list[tuple[Node, Sql]]:
    """The facts and look-ups whose absence is a finding, each with the condition that it is missing there."""
    found = []
    for leaf in _cells(node):
        if not leaf.type.can_be_missing:
            continue
        if leaf.fact is not None and leaf.fact.column.blank == "none":
            continue
        tree = sql.is_missing(rows.value(leaf).main)
        present = [*_blank_references(leaf, rows), *_known_keys(leaf, rows)]
        found.append((leaf, sql.all_of([tree, *present]) if present else tree))
    return found


def _known_keys(leaf: Node, rows: RowCompiler) -> list[Sql]:
    """That the keys of a look-up are known: without them it is they that are missing, not the figure."""
    keys = [key for key in leaf.arguments if key.type.can_be_missing] if leaf.operation in ("value", "slices") else []
    return [sql.is_known(rows.layers.hoisted(rows.value(key).main)) for key in keys]


def nothing_there(node: Node, rows: RowCompiler) -> list[Sql]:
    """For each fact that may knowingly be nothing, itself or by a reference on the way: that it is."""
    found = []
    for leaf in _cells(node):
        if leaf.fact is not None and leaf.fact.column.blank == "none":
            found.append(sql.is_missing(rows.value(leaf).main))
        found += [sql.negation(known) for known in _blank_references(leaf, rows)]
    return found


def _cells(node: Node) -> list[Node]:
    """Facts first, then the look-ups that read them, so that a blank cell is named before the look-up it spoils."""
    found: dict[int, Node] = {}
    steps: set[int] = set()

    def read(inner: Node) -> None:
        for leaf in inner.leaves():
            if leaf.operation != "step":
                found.setdefault(id(leaf), leaf)
            elif id(leaf) not in steps:
                steps.add(id(leaf))
                read(leaf.arguments[0])

    read(node)
    return list(found.values())


def _blank_references(leaf: Node, rows: RowCompiler) -> list[Sql]:
    """For each reference on the way that may be nothing: that it is something."""
    conditions, table = [], rows.table
    for index, (hop, to) in enumerate(leaf.way):
        if rows.version.tables[table].columns[hop].blank == "none":
            cell = rows.cell(leaf.way[:index], table, hop, Type("text"))
            conditions.append(sql.is_known(ref(cell)))
        table = to
    return conditions
