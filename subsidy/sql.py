"""The closed list of SQL that the library emits, as builders of sqlglot trees.

SELECT, CASE, joins on equality and ranges, GROUP BY, plain window functions, integer + - * and integer division,
comparisons. Integers are BIGINT. No engine rounding, no engine dates, no DOUBLE. A builder takes its operands over, or
copies those that belong to another tree already; so one operand may be used twice. Each is tested on DuckDB and Spark.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import reduce

from sqlglot import exp
from sqlglot.dialects.dialect import DialectType

Sql = exp.Expression


def _bigint() -> exp.DataType:
    return exp.DataType(this=exp.DataType.Type.BIGINT)


def _own(tree: Sql) -> Sql:
    """The tree, or a copy where it is part of another one already."""
    return tree if tree.parent is None else tree.copy()


def name(text: str) -> exp.Identifier:
    return exp.to_identifier(text, quoted=True)


def column(text: str, table: str = "") -> Sql:
    return exp.Column(this=name(text), table=name(table) if table else None)


def whole(number: int) -> Sql:
    literal: Sql = exp.Literal.number(abs(number))
    return exp.Cast(this=exp.Neg(this=literal) if number < 0 else literal, to=_bigint())


def missing() -> Sql:
    return exp.Cast(this=exp.Null(), to=_bigint())


def missing_text() -> Sql:
    return exp.Cast(this=exp.Null(), to=exp.DataType(this=exp.DataType.Type.TEXT))


def missing_condition() -> Sql:
    return exp.Cast(this=exp.Null(), to=exp.DataType(this=exp.DataType.Type.BOOLEAN))


def text(value: str) -> Sql:
    return exp.Literal.string(value)


def boolean(value: bool) -> Sql:
    return exp.Boolean(this=value)


def _closed(tree: Sql) -> Sql:
    owned = _own(tree)
    simple = isinstance(owned, (exp.Column, exp.Literal, exp.Cast, exp.Paren, exp.Case, exp.Boolean, exp.Window))
    return owned if simple else exp.Paren(this=owned)


def add(left: Sql, right: Sql) -> Sql:
    return exp.Add(this=_closed(left), expression=_closed(right))


def sub(left: Sql, right: Sql) -> Sql:
    return exp.Sub(this=_closed(left), expression=_closed(right))


def mul(left: Sql, right: Sql) -> Sql:
    return exp.Mul(this=_closed(left), expression=_closed(right))


def scaled(number: Sql, factor: int) -> Sql:
    return number if factor == 1 else mul(number, whole(factor))


def int_div(left: Sql, right: Sql) -> Sql:
    """Whole quotient; the dividend is not negative, the divisor is positive or NULL."""
    return exp.IntDiv(this=_closed(left), expression=_closed(right))


def int_div_floor(left: Sql, positive: int) -> Sql:
    """Whole quotient rounded towards minus infinity, for month and day numbers from -1,000,000 divisors up."""
    shifted = 1_000_000 * positive
    return sub(int_div(add(left, whole(shifted)), whole(positive)), whole(1_000_000))


_COMPARISONS: dict[str, type[exp.Expression]] = {
    "=": exp.EQ,
    "<>": exp.NEQ,
    "<": exp.LT,
    "<=": exp.LTE,
    ">": exp.GT,
    ">=": exp.GTE,
}


def compare(operator: str, left: Sql, right: Sql) -> Sql:
    return _COMPARISONS[operator](this=_closed(left), expression=_closed(right))


def same(left: Sql, right: Sql) -> Sql:
    """Equal, or both missing: never NULL."""
    return exp.NullSafeEQ(this=_closed(left), expression=_closed(right))


def equals(column_name: str, value: int | str | bool | None) -> Sql:
    """That a column holds a value; that it is NULL for None."""
    if value is None:
        return is_missing(column(column_name))
    if isinstance(value, bool):
        return compare("=", column(column_name), boolean(value))
    return compare("=", column(column_name), text(value) if isinstance(value, str) else whole(value))


def all_of(conditions: Iterable[Sql]) -> Sql:
    """Three-valued AND; TRUE of none."""
    return reduce(lambda a, b: exp.And(this=_closed(a), expression=_closed(b)), conditions, boolean(True))


def any_of(conditions: Iterable[Sql]) -> Sql:
    """Three-valued OR; FALSE of none."""
    return reduce(lambda a, b: exp.Or(this=_closed(a), expression=_closed(b)), conditions, boolean(False))


def negation(condition: Sql) -> Sql:
    return exp.Not(this=_closed(condition))


def is_missing(tree: Sql) -> Sql:
    return exp.Is(this=_closed(tree), expression=exp.Null())


def is_known(tree: Sql) -> Sql:
    return negation(is_missing(tree))


def case(branches: Sequence[tuple[Sql, Sql]], otherwise: Sql | None = None) -> Sql:
    whens = [exp.If(this=_own(condition), true=_own(value)) for condition, value in branches]
    return exp.Case(ifs=whens, default=_own(otherwise) if otherwise is not None else None)


def smaller(left: Sql, right: Sql) -> Sql:
    """The smaller of two; NULL when either is (the engines' own LEAST would take the other one)."""
    return case([(compare("<=", left, right), left), (compare("<", right, left), right)])


def larger(left: Sql, right: Sql) -> Sql:
    return case([(compare(">=", left, right), left), (compare(">", right, left), right)])


def absolute(number: Sql) -> Sql:
    zero = whole(0)
    return case([(compare(">=", number, zero), number), (compare("<", number, zero), sub(zero, number))])


def with_sign_of(signed: Sql, size: Sql) -> Sql:
    zero = whole(0)
    return case([(compare(">=", signed, zero), size), (compare("<", signed, zero), sub(zero, size))])


def first_known(*options: Sql) -> Sql:
    return exp.Coalesce(this=_own(options[0]), expressions=[_own(option) for option in options[1:]])


def total(number: Sql) -> Sql:
    return exp.Cast(this=exp.Sum(this=_own(number)), to=_bigint())


def lowest(number: Sql) -> Sql:
    return exp.Min(this=_own(number))


def highest(number: Sql) -> Sql:
    return exp.Max(this=_own(number))


def how_many(tree: Sql | None = None) -> Sql:
    return exp.Cast(this=exp.Count(this=_own(tree) if tree else exp.Star()), to=_bigint())


def _ordered(tree: Sql, descending: bool) -> Sql:
    return exp.Ordered(this=_own(tree), desc=descending, nulls_first=False)


def over(
    function: Sql,
    partition: Sequence[Sql],
    order: Sequence[tuple[Sql, bool]] = (),
    rows: bool = False,
) -> Sql:
    """A window function; `order` is (column, descending). `rows`: a running frame up to and with this row."""
    frame = exp.WindowSpec(kind="ROWS", start="UNBOUNDED", start_side="PRECEDING", end="CURRENT ROW") if rows else None
    return exp.Window(
        this=function,
        partition_by=[_own(tree) for tree in partition],
        order=exp.Order(expressions=[_ordered(tree, descending) for tree, descending in order]) if order else None,
        spec=frame,
    )


def row_number(partition: Sequence[Sql], order: Sequence[tuple[Sql, bool]]) -> Sql:
    return exp.Cast(this=over(exp.RowNumber(), partition, order), to=_bigint())


def dense_rank(partition: Sequence[Sql], order: Sequence[tuple[Sql, bool]]) -> Sql:
    return exp.Cast(this=over(exp.DenseRank(expressions=[]), partition, order), to=_bigint())


def window_total(number: Sql, partition: Sequence[Sql]) -> Sql:
    return exp.Cast(this=over(exp.Sum(this=_own(number)), partition), to=_bigint())


def running_total(number: Sql, partition: Sequence[Sql], order: Sequence[tuple[Sql, bool]]) -> Sql:
    """The sum of this row and those before it; the order must be total."""
    summed = over(exp.Sum(this=_own(number)), partition, order, rows=True)
    return exp.Cast(this=summed, to=_bigint())


def highest_before(number: Sql, partition: Sequence[Sql], order: Sequence[tuple[Sql, bool]]) -> Sql:
    """The highest of the rows before this one; the order must be total."""
    window = over(exp.Max(this=_own(number)), partition, order, rows=True)
    window.args["spec"].set("end", exp.Literal.number(1))
    window.args["spec"].set("end_side", "PRECEDING")
    return window


def following(tree: Sql, partition: Sequence[Sql], order: Sequence[tuple[Sql, bool]]) -> Sql:
    return over(exp.Lead(this=_own(tree)), partition, order)


def preceding(tree: Sql, partition: Sequence[Sql], order: Sequence[tuple[Sql, bool]]) -> Sql:
    return over(exp.Lag(this=_own(tree)), partition, order)


def alias(tree: Sql, as_name: str) -> Sql:
    return exp.Alias(this=_own(tree), alias=name(as_name))


def table(table_name: str, as_name: str = "") -> exp.Table:
    return exp.Table(this=name(table_name), alias=exp.TableAlias(this=name(as_name)) if as_name else None)


def subquery(query: Sql, as_name: str) -> exp.Subquery:
    return exp.Subquery(this=_own(query), alias=exp.TableAlias(this=name(as_name)))


_JOINS = {"inner": {}, "left": {"side": "LEFT"}, "semi": {"kind": "SEMI"}, "anti": {"kind": "ANTI"}}


def select(
    columns: Sequence[Sql],
    source: Sql,
    joins: Sequence[tuple[str, Sql, Sql]] = (),
    where: Sql | None = None,
    group: Sequence[Sql] = (),
    distinct: bool = False,
) -> exp.Select:
    """SELECT columns FROM source [joins as (`left` | `inner`, source, condition)] [WHERE] [GROUP BY].

    A join may be `semi` or `anti` too: the rows that have a partner, or none.
    """
    query = exp.Select(expressions=[_own(tree) for tree in columns])
    query.set("from_", exp.From(this=_own(source)))
    query.set(
        "joins",
        [exp.Join(this=_own(right), **_JOINS[kind], on=_own(on)) for kind, right, on in joins],
    )
    if where is not None:
        query.set("where", exp.Where(this=_own(where)))
    if group:
        query.set("group", exp.Group(expressions=[_own(tree) for tree in group]))
    if distinct:
        query.set("distinct", exp.Distinct())
    return query


def ordered(query: exp.Select, by: Sequence[Sql]) -> exp.Select:
    """The query with its rows in ascending order; a number that is missing comes last."""
    query.set("order", exp.Order(expressions=[_ordered(tree, False) for tree in by]))
    return query


def first_rows(query: exp.Select, count: int) -> exp.Select:
    """So many rows of a query at most."""
    query.set("limit", exp.Limit(expression=exp.Literal.number(count)))
    return query


def union_all(queries: Sequence[exp.Select]) -> Sql:
    return reduce(lambda a, b: exp.Union(this=_own(a), expression=_own(b), distinct=False), queries)  # type: ignore[arg-type, return-value]


def all_columns(of: str = "") -> Sql:
    return exp.Column(this=exp.Star(), table=name(of)) if of else exp.Star()


def inline_rows(columns: Sequence[str], rows: Sequence[Sequence[int | str | None]], as_name: str) -> exp.Subquery:
    """A small table (one row at least) written into the query, from whole numbers and texts; None is NULL."""
    holds_text = [any(isinstance(row[i], str) for row in rows) for i in range(len(columns))]

    def cell(value: int | str | None, is_text: bool) -> Sql:
        if value is None:
            return missing_text() if is_text else missing()
        return whole(value) if isinstance(value, int) else text(value)

    values = exp.Values(
        expressions=[exp.Tuple(expressions=list(map(cell, row, holds_text))) for row in rows],
        alias=exp.TableAlias(this=name("rows"), columns=[name(column_name) for column_name in columns]),
    )
    return subquery(select([all_columns()], values), as_name)


def printed(tree: Sql, dialect: DialectType = "duckdb", pretty: bool = False) -> str:
    """The tree as SQL. It stays as it is: sqlglot rewrites none of these operations in a tree before it prints them."""
    return tree.sql(dialect=dialect, pretty=pretty, copy=False, comments=False)
