"""A query that grows layer by layer: each column stands one layer above the columns it is computed from."""

from __future__ import annotations

import itertools
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

from sqlglot import exp

from subsidy import sql
from subsidy.sql import Sql

FARTHEST = 1_000  # columns that one column of a view may read when written out
ROW = "q"  # every expression refers to the columns of the layer below by this alias


def ref(name: str) -> Sql:
    """A column of the layer below."""
    return sql.column(name, ROW)


def _columns_of(tree: Sql, source: str) -> list[str]:
    return [node.name for node in tree.find_all(exp.Column) if node.table == source]


@dataclass
class _Layer:
    columns: dict[str, Sql] = field(default_factory=dict)
    joins: dict[str, tuple[Sql, Sql]] = field(default_factory=dict)

    def keep_joins_read(self) -> None:
        """Without the joins of which no column is read."""
        read = {column.table for tree in self.columns.values() for column in tree.find_all(exp.Column)}
        self.joins = {alias: join for alias, join in self.joins.items() if alias in read}


class Layers:
    """`base` with the columns `known`, and what is put on top of it, in order of dependence."""

    def __init__(self, base: exp.Select, known: list[str]) -> None:
        self.base = base
        self.level: dict[str, int] = dict.fromkeys(known, 0)
        self.join_level: dict[str, int] = {}
        self.layers: list[_Layer] = []
        self.unnamed: dict[str, str] = {}

    def fork(self) -> Layers:
        """The same layers, to put more columns on without changing these."""
        copy = Layers(self.base, [])
        copy.level, copy.join_level, copy.unnamed = dict(self.level), dict(self.join_level), dict(self.unnamed)
        copy.layers = [_Layer(dict(layer.columns), dict(layer.joins)) for layer in self.layers]
        return copy

    def needed_for(self, trees: Sequence[Sql]) -> Layers:
        """The same rows with only those columns and joins on top of the base that the trees need."""
        copy = self.fork()
        wanted = {name for tree in trees for name in _columns_of(tree, ROW)}
        for layer in reversed(copy.layers):
            layer.columns = {name: tree for name, tree in layer.columns.items() if name in wanted}
            layer.keep_joins_read()
            conditions = [condition for _, condition in layer.joins.values()]
            wanted |= {name for tree in (*layer.columns.values(), *conditions) for name in _columns_of(tree, ROW)}
        copy.layers = [layer for layer in copy.layers if layer.columns]
        return copy

    def on(self, base: Layers) -> Layers:
        """The same columns, and joins, on top of another base that has those they need, and perhaps some of them."""
        copy = self.fork()
        copy.base = base.base
        for layer in copy.layers:
            layer.columns = {name: tree for name, tree in layer.columns.items() if name not in base.level}
            layer.keep_joins_read()
        copy.level |= dict.fromkeys(base.level, 0)
        return copy

    def tree(self, name: str) -> Sql | None:
        """What a column on top of the base is computed as; None for a column of the base."""
        return next((layer.columns[name] for layer in self.layers if name in layer.columns), None)

    def joined_early(self, told: Collection[str], trees: Sequence[Sql]) -> list[str]:
        """Columns of joined tables among those told that other columns are computed from, for these trees."""
        needed = self.needed_for(trees).layers
        columns = {name: tree for layer in needed for name, tree in layer.columns.items()}
        joined = {name for name, tree in columns.items() if isinstance(tree, exp.Column) and tree.table != ROW}
        others = [tree for name, tree in columns.items() if name not in told]
        others += [condition for layer in needed for _, condition in layer.joins.values()]
        read = {name for tree in (*others, *trees) for name in _columns_of(tree, ROW)}
        return sorted(joined & read & set(told))

    def told_by(self, base: Collection[str]) -> set[str]:
        """The columns that these columns of the base tell, alone or through rows of tables; and they themselves."""
        told = set(base)
        for layer in self.layers:
            joined = {
                alias
                for alias, (source, on) in layer.joins.items()
                if isinstance(source, exp.Table) and told.issuperset(_columns_of(on, ROW))
            }
            for name, tree in layer.columns.items():
                read = [node for node in tree.find_all(exp.Column) if node.name not in told or node.table != ROW]
                if all(node.table in joined for node in read):
                    told.add(name)
        return told

    def __contains__(self, name: str) -> bool:
        return name in self.level

    def _above(self, *trees: Sql) -> int:
        return max((self.level[name] for tree in trees for name in _columns_of(tree, ROW)), default=0) + 1

    def _layer(self, level: int) -> _Layer:
        while len(self.layers) < level:
            self.layers.append(_Layer())
        return self.layers[level - 1]

    def put(self, name: str, tree: Sql) -> str:
        """Add a computed column, unless it stands already."""
        if name not in self.level:
            level = self._above(tree)
            self._layer(level).columns[name] = tree
            self.level[name] = level
        return name

    def join(self, alias: str, source: Sql, condition: Sql) -> None:
        """Left-join `source`; `condition` relates its columns (by alias) to columns below."""
        if alias not in self.join_level:
            level = self._above(condition)
            self._layer(level).joins[alias] = (source, condition)
            self.join_level[alias] = level

    def put_joined(self, name: str, alias: str, column: str) -> str:
        """Add a column of a joined source."""
        if name not in self.level:
            level = self.join_level[alias]
            self._layer(level).columns[name] = sql.column(column, alias)
            self.level[name] = level
        return name

    def named(self, tree: Sql) -> str:
        """The name of a column that holds the tree: its own where it is one, else a new one."""
        if isinstance(tree, exp.Column) and tree.table == ROW:
            return tree.name
        text = sql.printed(tree)
        if text not in self.unnamed:
            self.unnamed[text] = next(name for n in itertools.count(1) if (name := f"#{n}") not in self.level)
        return self.put(self.unnamed[text], tree)

    def hoisted(self, tree: Sql) -> Sql:
        """The tree itself where it is simple, else a reference to a column that holds it."""
        if isinstance(tree, (exp.Column, exp.Cast, exp.Literal, exp.Boolean)):
            return tree
        return ref(self.named(tree))

    def unfolded(self) -> int:
        """How many columns the largest one reads with all it is computed from written out in it, and so on down."""
        sizes: dict[str, int] = {}
        for layer in self.layers:
            sizes |= {
                name: 1 + sum(sizes.get(below, 1) for below in _columns_of(tree, ROW))
                for name, tree in layer.columns.items()
            }
        return max(sizes.values(), default=0)

    def query(self, columns: list[tuple[str, Sql]] | None = None, where: Sql | None = None) -> exp.Select:
        """The whole query; `columns` (name, expression over the top layer) or all of them."""
        current = self.base
        for layer in self.layers:
            chosen = [sql.all_columns(ROW), *(sql.alias(tree, name) for name, tree in layer.columns.items())]
            joins = [("left", source, condition) for source, condition in layer.joins.values()]
            current = sql.select(chosen, sql.subquery(current, ROW), joins)
        outer = [sql.all_columns(ROW)] if columns is None else [sql.alias(tree, name) for name, tree in columns]
        return sql.select(outer, sql.subquery(current, ROW), where=where)
