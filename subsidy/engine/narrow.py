"""Amounts of periods held narrow, for limits: in whole numbers, without what a roster row or a period tells.

What limits read has a row for every subject and period. Texts (subject, person, payee, district) are the same in all
periods of a roster row; so each roster row has a number, in order of its key, and texts that limits and lines group by
have a number too: that of the first row with the same ones.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from sqlglot import exp

from subsidy import sql
from subsidy.engine.base import (
    COUNT,
    COUNTED,
    DUE,
    DUE_DAY,
    DUE_MONTH,
    PERIOD,
    SUBJECT,
    RowNumbers,
    period_words,
    plain_rows,
)
from subsidy.engine.cells import MONTH, YEAR
from subsidy.engine.grain import ClauseColumns, CompiledGrain, GrainCompiler, LimitColumns
from subsidy.engine.layers import FARTHEST, Layers, ref
from subsidy.schedule.column import MONTHS_IN
from subsidy.sql import Sql

NUMBER = "#row"
LEDGER_HEAD = ("subject", "period", "piece", "count", "counted", "unit", "owed", "cut_by", "due", "due#m")
Coded = Mapping[str, Sequence[bool]]  # by limit: which of its keys go by number


@dataclass(frozen=True)
class Narrow:
    """A grain of periods as three relations.

    `numbers`: `_row`, NUMBER, the numbers of texts. `rows`: NUMBER and what a roster row tells. `amounts`: a row for
    every subject and period, with NUMBER, period and the rest.
    """

    compiled: CompiledGrain
    relation: str  # of the grain, with all its columns
    of_row: frozenset[str]
    constants: Mapping[str, Sql]
    stored: tuple[str, ...]
    lines: Mapping[tuple[str, ...], str]  # columns of a roster row that tell lines apart -> the column with a number
    keys: Mapping[str, str]  # a column that limits group by -> the column with a number for it
    coded: Coded
    early: tuple[str, ...]  # what `numbers` brings along from other tables, for the amounts

    @property
    def numbers(self) -> str:
        return f"{self.relation}/numbers"

    @property
    def rows(self) -> str:
        return f"{self.relation}/rows"

    @property
    def amounts(self) -> str:
        return f"{self.relation}/amounts"

    @classmethod
    def of(cls, compiled: CompiledGrain, compiler: GrainCompiler, relation: str, coded: Coded) -> Narrow:
        layers = compiled.layers
        plain = _plain(compiled, compiler)
        is_near = layers.unfolded() <= FARTHEST  # else what is computed is not written into a view
        of_row = layers.told_by(plain.level) if is_near else set(plain.level)
        constants = {name: tree for name in compiled.names if (tree := _constant(name, layers, plain)) is not None}
        lines: dict[tuple[str, ...], str] = {}
        keys: dict[str, str] = {}
        stored = [COUNT, COUNTED]
        for columns in compiled.columns.values():
            lines.setdefault(_line_keys(columns, of_row - constants.keys()), f"lines:{len(lines)}")
            stored += [columns.owed, *columns.pots.values()]
            for name, limit in columns.limits.items():
                stored += [limit.by, limit.ceiling]
                for key, is_coded in zip(limit.keys, coded[name], strict=True):
                    if is_coded and key in of_row and key not in constants:
                        keys[key] = f"key:{key}"
                    else:
                        stored.append(key)
        stored += [name for name in compiled.names if name not in of_row]
        apart = {"", *constants, *_words(ref(PERIOD), compiled), DUE, DUE_DAY}
        kept = tuple(dict.fromkeys(name for name in stored if name not in apart))
        early = layers.joined_early(of_row, [*map(ref, kept), compiled.in_force])
        return cls(compiled, relation, frozenset(of_row), constants, kept, lines, keys, coded, tuple(early))

    # --- relations -----------------------------------------------------------------------------------------------

    def numbers_query(self, compiler: GrainCompiler) -> exp.Select:
        read = dict.fromkeys([SUBJECT, *self.keys, *(name for group in self.lines for name in group), *self.early])
        rows = self._row_columns(compiler, ["_row", *read])
        order = [(sql.column(SUBJECT), False), (sql.column("_row"), False)]
        numbered = sql.select(
            [sql.all_columns("t"), sql.alias(sql.row_number([], order), NUMBER)], sql.subquery(rows, "t")
        )
        found = {name: _first_alike(group) for group, name in self.lines.items()}
        for key, name in self.keys.items():
            found[name] = sql.case([(sql.is_known(sql.column(key)), _first_alike([key]))])
        alike = [sql.alias(tree, name) for name, tree in found.items()]
        own = [sql.column(name) for name in ("_row", NUMBER, *self.early)]
        return sql.select([*own, *alike], sql.subquery(numbered, "n"))

    def rows_query(self, compiler: GrainCompiler) -> exp.Select:
        names = [name for name in self.compiled.names if self._is_of_row(name)]
        rows = sql.subquery(self._row_columns(compiler, ["_row", *names]), "t")
        same = sql.compare("=", sql.column("_row", "t"), sql.column("_row", "n"))
        chosen = [sql.column(NUMBER, "n"), *(sql.column(name, "t") for name in names)]
        return sql.select(chosen, sql.table(self.numbers, "n"), [("inner", rows, same)])

    def amounts_query(self, compiler: GrainCompiler) -> exp.Select:
        numbers = (NUMBER, *self.keys.values(), *self.lines.values())
        layers = compiler.rows_with(self.compiled, RowNumbers(self.numbers, (*numbers, *self.early)))
        columns = [(name, ref(name)) for name in (*numbers, PERIOD, *self.stored)]
        needed = layers.needed_for([*(tree for _, tree in columns), self.compiled.in_force])
        return needed.query(columns, self.compiled.in_force)

    def grain_query(self) -> exp.Select:
        """All columns of the grain."""
        found = {name: self.looked_up(name, sql.column(name, "a")) for name in self.compiled.names}
        return self.beside_rows(found, sql.table(self.amounts, "a"), NUMBER, PERIOD)

    def ledger_query(self, columns: ClauseColumns) -> exp.Select:
        """The amounts other than 0 of a clause: LEDGER_HEAD and `x:…`, with the row's number for its subject."""
        owed, period = sql.column(columns.owed), sql.column(PERIOD)
        count, counted = (self.constants.get(name, sql.column(name)) for name in (COUNT, COUNTED))
        words = _words(period, self.compiled)
        head = {
            "subject": sql.column(NUMBER),
            "period": period,
            "piece": sql.whole(1),
            "count": count,
            "counted": counted,
            "unit": owed,
            "owed": owed,
            "cut_by": sql.missing_text(),
            "due": period,
            "due#m": words[DUE_MONTH],
        }
        held = {name: self.constants.get(name, words.get(name, sql.column(name))) for name in self._extras(columns)}
        chosen = head | {f"x:{name}": tree for name, tree in held.items()}
        there = [sql.compare("<>", amount, sql.whole(0)) for amount in (owed, count)]
        return sql.select(
            [sql.alias(tree, name) for name, tree in chosen.items()], sql.table(self.amounts), where=sql.all_of(there)
        )

    def ledger_columns(self, columns: ClauseColumns) -> list[str]:
        return [*LEDGER_HEAD, *(f"x:{name}" for name in self._extras(columns))]

    def wide_ledger(self, relation: str, columns: ClauseColumns) -> exp.Select:
        """The ledger `relation` with all columns of one."""
        own = ("period", "piece", "count", "counted", "unit", "owed", "cut_by")
        found: dict[str, Sql] = {"subject": sql.column(SUBJECT, "r")} | {name: sql.column(name, "a") for name in own}
        found |= {"due": sql.column(DUE, "p"), "due#m": sql.column(DUE_MONTH, "p"), "due#d": sql.column(DUE_DAY, "p")}
        found["accrued#m"] = sql.column(DUE_MONTH, "p")
        found |= {f"x:{name}": self.looked_up(name, sql.column(f"x:{name}", "a")) for name in columns.carried}
        return self.beside_rows(found, sql.table(relation, "a"), "subject", "period")

    def limit_columns(self, limit: str, columns: LimitColumns) -> LimitColumns:
        """The columns of a limit in the narrow ledger."""
        keys = [
            self.keys[key] if is_coded and key in self.keys else key
            for key, is_coded in zip(columns.keys, self.coded[limit], strict=True)
        ]
        by, ceiling = (f"x:{name}" if name else "" for name in (columns.by, columns.ceiling))
        return LimitColumns(tuple(f"x:{key}" for key in keys), by, ceiling)

    def known(self, columns: LimitColumns) -> dict[str, Sql]:
        """What columns of a limit's rows are on all of them: days stand in the order of periods."""
        found = {"due": sql.column("period")}
        if columns.ceiling in self.constants:
            found["ceiling"] = self.constants[columns.ceiling]
        for name, constant in (("count", COUNT), ("counted", COUNTED)):
            if constant in self.constants:
                found[name] = self.constants[constant]
        return found

    # --- lines ---------------------------------------------------------------------------------------------------

    def line_group(self, columns: ClauseColumns) -> str:
        """The column that tells the lines of a roster row apart."""
        return self.lines[_line_keys(columns, self.of_row - self.constants.keys())]

    def is_held(self, name: str) -> bool:
        """Whether a column differs within the periods of a row, so that lines must be grouped by it."""
        return name in self.stored

    def looked_up(self, name: str, held: Sql) -> Sql:
        """A column of the grain, for `beside_rows`; `held`: where it stands if periods of a row differ in it."""
        if name in self.constants:
            return self.constants[name]
        if self._is_of_row(name):
            return sql.column(name, "r")
        return held if name in self.stored else sql.column(name, "p")

    def beside_rows(self, found: Mapping[str, Sql], source: Sql, row: str, period: str) -> exp.Select:
        """These columns of `source` (by an alias `a`), of its row (`r`) and its period (`p`)."""
        same_row = sql.compare("=", sql.column(NUMBER, "r"), sql.column(row, "a"))
        same_period = sql.compare("=", sql.column(PERIOD, "p"), sql.column(period, "a"))
        calendar = {name: sql.column(name, "c") for name in ("period", "last", "last#m", "last#d")}
        words = [sql.alias(tree, name) for name, tree in period_words(calendar).items()]
        periods = sql.select(words, sql.table(f"calendar:{self.compiled.grain.every}", "c"))
        joins = [
            ("inner", sql.table(self.rows, "r"), same_row),
            ("inner", sql.subquery(periods, "p"), same_period),
        ]
        return sql.select([sql.alias(tree, name) for name, tree in found.items()], source, joins)

    # --- parts ---------------------------------------------------------------------------------------------------

    def _row_columns(self, compiler: GrainCompiler, names: Sequence[str]) -> exp.Select:
        trees = [ref(name) for name in names]
        layers = self.compiled.layers.needed_for(trees).on(_plain(self.compiled, compiler))
        return layers.query(list(zip(names, trees, strict=True)))

    def _is_of_row(self, name: str) -> bool:
        return name in self.of_row and name not in self.stored and name not in self.constants

    def _extras(self, columns: ClauseColumns) -> list[str]:
        """What the narrow ledger has beside LEDGER_HEAD."""
        limits = [name for one in columns.limits.values() for name in (*one.keys, one.by, one.ceiling) if name]
        names = [*columns.carried, *limits]
        here = [name for name in names if not self._is_of_row(name) and name not in (DUE, DUE_DAY)]
        return list(dict.fromkeys([*here, *self.keys.values(), self.line_group(columns)]))


def _plain(compiled: CompiledGrain, compiler: GrainCompiler) -> Layers:
    return plain_rows(compiled.version, compiler.shape, compiled.grain.table)


def _constant(name: str, layers: Layers, plain: Layers) -> Sql | None:
    """What a column is on every row, where no cell is read for it."""
    tree = layers.tree(name)
    if tree is None:
        tree = next((one.unalias() for one in plain.base.expressions if one.alias == name), None)
    return tree if tree is not None and tree.find(exp.Column) is None else None


def _line_keys(columns: ClauseColumns, of_row: Iterable[str]) -> tuple[str, ...]:
    """What a roster row tells of the lines that its amounts stand in."""
    keys = (columns.payee, columns.facility, columns.district, *columns.places.values(), *columns.split_keys)
    return tuple(name for name in dict.fromkeys(keys) if name in set(of_row))


def _words(period: Sql, compiled: CompiledGrain) -> dict[str, Sql]:
    """Words of time that are a matter of counting, given the number of a period."""
    length = MONTHS_IN[compiled.grain.every]
    last = period if length == 1 else sql.add(sql.scaled(period, length), sql.whole(length - 1))
    return {PERIOD: period, MONTH: last, DUE_MONTH: last, YEAR: sql.int_div(last, sql.whole(12))}


def _first_alike(group: Sequence[str]) -> Sql:
    """The number of the first row that has the same in these columns."""
    return sql.over(sql.lowest(sql.column(NUMBER)), [sql.column(name) for name in group])
