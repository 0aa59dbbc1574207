"""Typed expressions as SQL over the rows of one grain: every fact, look-up and step becomes a column of its own."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction

from sqlglot import exp

from subsidy import sql
from subsidy.engine.cells import (
    DAY,
    DAY_MONTH,
    DAY_OF_MONTH,
    FIRST,
    LAST,
    MONTH,
    YEAR,
    CellReader,
    End,
    RosterShape,
    Value,
)
from subsidy.engine.date_words import Day, apart, month_of_year
from subsidy.engine.layers import Layers, ref
from subsidy.engine.lookup import figure_parts, figure_table, slice_table
from subsidy.money import round_to_sql
from subsidy.schedule.column import MONTHS_IN
from subsidy.schedule.figures import ELSE, Figures
from subsidy.schedule.load import Version
from subsidy.schedule.node import READY_PARTS, Aggregate, Node, Type
from subsidy.schedule.scope import Hops
from subsidy.sql import Sql


class RowCompiler(CellReader):
    """Puts the columns that expressions need on top of the base rows of `table`.

    `aggregated(aggregate)` gives the query (columns link, period?, result, divisor?) behind an aggregate;
    `clause_rows(clause)` the relation with the amounts of another grain, or None where it is this very grain.
    """

    def __init__(
        self,
        version: Version,
        shape: RosterShape,
        layers: Layers,
        table: str,
        end: End,
        aggregated: Callable[[Aggregate], exp.Select],
        clause_rows: Callable[[str], str | None],
    ) -> None:
        super().__init__(version, shape, layers, table, end)
        self.aggregated = aggregated
        self.clause_rows = clause_rows
        self.values: dict[str, Value] = {}

    def fork(self) -> RowCompiler:
        """The same rows, to put more columns on without changing these."""
        layers = self.layers.fork()
        copy = RowCompiler(self.version, self.shape, layers, self.table, self.end, self.aggregated, self.clause_rows)
        copy.values, copy._clause = dict(self.values), self._clause
        return copy

    # --- expressions -------------------------------------------------------------------------------------------

    def value(self, node: Node) -> Value:
        match node.operation:
            case "number":
                return Value(sql.whole(int((node.constant or 0) * node.type.scale)))  # type: ignore[operator]
            case "category":
                return Value(sql.text(node.name))
            case "fact":
                return self.fact(node)
            case "derived":
                return self._derived(node)
            case "aggregate":
                return self._aggregate(node)
            case "life":
                return Value(self._life(node.name))
            case "time":
                return self._time(node)
            case "value":
                return self._figure(node)
            case "slices":
                return self._sliced(node)
            case "step":
                return self._step(node)
            case "clause":
                return Value(self._other_clause(node))
            case _:
                return self._computed(node)

    def number(self, node: Node) -> Sql:
        return self.value(node).main

    def condition(self, node: Node) -> Sql:
        return self.value(node).main

    def number_at(self, node: Node, scale: int) -> Sql:
        return sql.scaled(self.number(node), scale // node.type.scale)

    def stored(self, name: str, value: Value) -> Value:
        """The same value, held in columns so that later expressions refer to it."""
        layers = self.layers
        main = ref(layers.put(name, value.main))
        rest = [
            ref(layers.put(name + part, tree)) if tree is not None else None
            for part, tree in (("#divisor", value.divisor), ("#m", value.month), ("#d", value.day_of_month))
        ]
        return Value(main, *rest)

    def _derived(self, node: Node) -> Value:
        known = self.values.get(node.name)
        if known is None:
            fact = node.fact
            assert fact is not None
            computed = self.value(node.arguments[0])
            known = self.stored(node.name, self._ready_or(computed, fact.hops, fact.table, fact.column_name, node.type))
            self.values[node.name] = known
        return known

    def _ready_or(self, computed: Value, hops: Hops, table: str, column: str, kind: Type) -> Value:
        if not self.shape.is_given(table, column):
            return computed
        ready = [ref(self.cell(hops, table, column + part, kind)) for part in self._parts_of(kind)]
        if computed.divisor is not None:
            divisor = sql.case([(sql.is_known(ready[0]), sql.whole(READY_PARTS))], computed.divisor)
            return Value(sql.first_known(ready[0], computed.main), divisor)
        trees = [computed.main, computed.month, computed.day_of_month]
        both = [sql.first_known(own, tree) for own, tree in zip(ready, trees, strict=False) if tree is not None]
        return Value(both[0], None, *both[1:])

    def _aggregate(self, node: Node) -> Value:
        known = self.values.get(node.name)
        if known is not None:
            return known
        aggregate = node.aggregate
        assert aggregate is not None
        key = ref(
            self.cell(aggregate.hops, aggregate.table, self.version.tables[aggregate.table].key or "", Type("text"))
        )
        compiled = self._joined_aggregate if self.shape.has(aggregate.over) else self._of_no_rows
        computed = compiled(aggregate, node, key)
        ready = self._ready_or(computed, aggregate.hops, aggregate.table, aggregate.column_name, node.type)
        known = self.values[node.name] = self.stored(node.name, ready)
        return known

    def _joined_aggregate(self, aggregate: Aggregate, node: Node, key: Sql) -> Value:
        alias = f"aggregate:{node.name}"
        matches = [sql.compare("=", sql.column("link", alias), key)]
        there = [sql.is_known(key)]
        if aggregate.every and aggregate.by is None:
            period = sql.int_div(ref(MONTH), sql.whole(MONTHS_IN[aggregate.every]))
            matches.append(sql.compare("=", sql.column("period", alias), period))
            there.append(sql.is_known(ref(MONTH)))
        self.layers.join(alias, sql.subquery(self.aggregated(aggregate), alias), sql.all_of(matches))
        parts = self._parts_of(node.type)
        found = [self.layers.put_joined(f"{alias}#result{part}", alias, f"result{part}") for part in parts]
        if aggregate.kind == "average":
            divisor = self.layers.put_joined(f"{alias}#rows", alias, "rows")
            return Value(ref(found[0]), ref(divisor))
        if aggregate.kind in ("count", "sum"):
            has_rows = self.layers.put_joined(f"{alias}#link", alias, "link")
            nothing = sql.all_of([sql.is_missing(ref(has_rows)), *there])
            return Value(sql.case([(nothing, sql.whole(0))], ref(found[0])))
        return self._from_columns(found)

    def _of_no_rows(self, aggregate: Aggregate, node: Node, key: Sql) -> Value:
        if aggregate.kind in ("count", "sum"):
            return Value(sql.case([(sql.is_known(key), sql.whole(0))]) if aggregate.hops else sql.whole(0))
        if node.type.kind == "date":
            return Value(sql.missing(), None, sql.missing(), sql.missing())
        return Value(sql.missing(), sql.whole(1) if aggregate.kind == "average" else None)

    def _life(self, name: str) -> Sql:
        if name == "days_present":
            return sql.add(sql.sub(ref(LAST), ref(FIRST)), sql.whole(1))
        if name == "days_in_month":
            return ref(self.month_length(ref(DAY_MONTH)))
        if name == "entry_month":
            life = self.version.tables[self.table].life
            assert life is not None
            return ref(f"{life[0]}#m")
        return sql.all_of([sql.compare("<=", ref("life#from"), ref(DAY)), sql.compare(">=", ref("life#to"), ref(DAY))])

    def month_length(self, month: Sql) -> str:
        """The column with the days of a month, given by its number in a column."""
        name = _told(month)
        alias = f"months:{name}"
        self.layers.join(alias, sql.table("months", alias), sql.compare("=", sql.column("month", alias), month))
        return self.layers.put_joined(f"#days:{name}", alias, "days")

    def _time(self, node: Node) -> Value:
        if node.name == "date":
            return Value(ref(DAY), None, ref(DAY_MONTH), ref(DAY_OF_MONTH))
        if node.name == "year":
            return Value(ref(YEAR))
        if node.name == "month_of_year":
            return Value(month_of_year(ref(MONTH)))
        months = MONTHS_IN[node.name]
        return Value(ref(MONTH) if months == 1 else sql.int_div(ref(MONTH), sql.whole(months)))

    def _step(self, node: Node) -> Value:
        inner = node.arguments[0]
        name = f"step:{self._clause}.{node.name}"
        known = self.values.get(name)
        if known is None:
            known = self.values[name] = self.stored(name, self.value(inner))
        return known

    _clause = ""

    def within(self, clause: str) -> None:
        """Steps from here on are those of this clause."""
        self._clause = clause

    def _other_clause(self, node: Node) -> Sql:
        clause = node.name.rsplit(".", 1)[-1]
        relation = self.clause_rows(clause)
        if relation is None:
            return ref(f"owed:{clause}")
        model = self.version.model.clauses[clause]
        table = model.for_
        key = self.cell(node.hops, table, self.version.tables[table].key or "", Type("text"))
        alias = f"clause:{node.name}"
        period = sql.int_div(ref(MONTH), sql.whole(MONTHS_IN[model.every]))
        self.layers.join(
            alias,
            sql.table(relation, alias),
            sql.all_of(
                [
                    sql.compare("=", sql.column("#subject", alias), ref(key)),
                    sql.compare("=", sql.column("#period", alias), period),
                ]
            ),
        )
        row = self.layers.put_joined(f"{alias}#row", alias, "#subject")
        owed = self.layers.put_joined(f"{alias}#owed", alias, f"owed:{clause}")
        nothing = sql.all_of([sql.is_missing(ref(row)), sql.is_known(ref(key))])
        return sql.case([(nothing, sql.whole(0))], ref(owed))

    # --- look-ups ----------------------------------------------------------------------------------------------

    def _figure(self, node: Node) -> Value:
        if node.constant is not None:
            return Value(sql.whole(int(node.constant * node.type.scale)))  # type: ignore[operator]
        figures = self.version.checker.figures_of(node)
        if not node.arguments:
            return self._constant(figures, node)
        keys = [self.key(key, form.texts) for key, form in zip(node.arguments, figures.forms, strict=True)]
        name = f"{node.name}({', '.join(map(_told, keys))})"
        known = self.values.get(name)
        if known is None:
            known = self.values[name] = self._looked_up(name, figures, node, keys)
        return known

    def _constant(self, figures: Figures, node: Node) -> Value:
        trees = [
            sql.missing() if part is None else sql.whole(part)
            for part in figure_parts(figures.rows[0].figure, node.type)
        ]
        return Value(trees[0], None, *trees[1:])

    def _looked_up(self, name: str, figures: Figures, node: Node, keys: list[Sql]) -> Value:
        source, conditions = figure_table(figures, node.type, name)
        self.layers.join(name, source, sql.all_of(match(key) for match, key in zip(conditions, keys, strict=True)))
        if node.type.kind == "date":
            columns = [self.layers.put_joined(name + part, name, f"figure{part}") for part in ("", "#m", "#d")]
            return self._from_columns(columns)
        return Value(ref(self.layers.put_joined(name, name, "figure")))

    def _sliced(self, node: Node) -> Value:
        sliced, *keys = node.arguments
        table = self.version.checker.slices_of(node)
        scale = node.type.scale // table.rate_scale
        zero = sql.whole(0)
        given = self.layers.hoisted(self.number_at(sliced, scale))
        quantity = self.layers.hoisted(sql.larger(given, zero))
        own = [self.key(key, form.texts) for key, form in zip(keys, table.forms, strict=True)]
        alias = f"slices:{node.name}({', '.join(map(_told, (*own, quantity)))})"
        source, matches = slice_table(table, sliced.type.high, scale, alias)
        joined = sql.all_of(match(key) for match, key in zip(matches, (*own, quantity), strict=True))
        self.layers.join(alias, source, joined)
        above, before, rate = (
            ref(self.layers.put_joined(f"{alias}#{part}", alias, part)) for part in ("above", "before", "rate")
        )
        return Value(sql.add(before, sql.mul(sql.sub(quantity, above), rate)))

    def keys_of(self, node: Node) -> list[Value]:
        """The keys by which the slices of a node `slices` are chosen, as the figures hold them."""
        forms = self.version.checker.slices_of(node).forms
        return [Value(self.key(key, form.texts)) for key, form in zip(node.arguments[1:], forms, strict=True)]

    def key(self, key: Node, named: tuple[str, ...]) -> Sql:
        """A key as figures are matched with it; `named`: the texts that have figures of their own."""
        tree = self.value(key).main
        if key.type.kind == "yes_no":
            tree = sql.case([(tree, sql.text("yes")), (sql.negation(tree), sql.text("no"))])
        elif key.type.kind == "text":
            is_named = sql.any_of(sql.compare("=", tree, sql.text(text)) for text in named)
            tree = sql.case([(is_named, tree), (sql.is_known(tree), sql.text(ELSE))])
        return self.layers.hoisted(tree)

    # --- operations --------------------------------------------------------------------------------------------

    def _computed(self, node: Node) -> Value:
        arguments = node.arguments
        kind = node.type
        match node.operation:
            case "add" | "sub":
                left, right = (self.number_at(argument, kind.scale) for argument in arguments)
                return Value(sql.add(left, right) if node.operation == "add" else sql.sub(left, right))
            case "neg":
                inner = self.value(arguments[0])
                return Value(sql.sub(sql.whole(0), inner.main), inner.divisor)
            case "mul":
                return self._product(*(self.value(argument) for argument in arguments))
            case "div":
                return self._quotient(arguments[0], arguments[1])
            case "compare":
                return Value(self._comparison(node))
            case "and":
                return Value(sql.all_of(self.condition(argument) for argument in arguments))
            case "or":
                return Value(sql.any_of(self.condition(argument) for argument in arguments))
            case "between" | "in":
                return Value(self._strict(node))
            case "nullif":
                inner = self.value(arguments[0])
                main = self.layers.hoisted(inner.main)
                return Value(sql.case([(sql.compare("<>", main, sql.whole(0)), main)]), inner.divisor)
            case "not":
                return Value(sql.negation(self.condition(arguments[0])))
            case "known":
                inner = self.value(arguments[0])
                known = [inner.main] if inner.divisor is None else [inner.main, inner.divisor]
                return Value(sql.all_of(sql.is_known(tree) for tree in known))
            case "least" | "greatest":
                one, two = (self.layers.hoisted(self.number_at(argument, kind.scale)) for argument in arguments)
                return Value(sql.smaller(one, two) if node.operation == "least" else sql.larger(one, two))
            case "if":
                return self._choice(node)
            case "round":
                return Value(self._rounded(node))
            case "allocated":
                all_known = sql.all_of(sql.is_known(self.value(argument).main) for argument in arguments)
                return Value(sql.case([(all_known, sql.whole(0))]))
            case "not_negative":
                inner_tree = self.layers.hoisted(self.number(arguments[0]))
                return Value(sql.case([(sql.compare(">=", inner_tree, sql.whole(0)), inner_tree)]))
            case _:
                return Value(self._date_word(node))

    def _strict(self, node: Node) -> Sql:
        """`between` and `in`: missing as soon as one end or option is, unlike `and` and `or`."""
        tests = [self.layers.hoisted(self.condition(argument)) for argument in node.arguments]
        joined = sql.all_of(tests) if node.operation == "between" else sql.any_of(tests)
        return sql.case([(sql.all_of(sql.is_known(test) for test in tests), joined)])

    def _product(self, one: Value, two: Value) -> Value:
        divisors = [value.divisor for value in (one, two) if value.divisor is not None]
        divisor = divisors[0] if len(divisors) == 1 else (sql.mul(*divisors) if divisors else None)
        return Value(sql.mul(one.main, two.main), divisor)

    def _quotient(self, left: Node, right: Node) -> Value:
        above, below = self.value(left), self.layers.hoisted(self.number(right))
        positive = sql.case([(sql.compare(">", below, sql.whole(0)), below)])
        divisor = positive if above.divisor is None else sql.mul(above.divisor, positive)
        return Value(sql.scaled(above.main, right.type.scale), divisor)

    def _comparison(self, node: Node) -> Sql:
        left, right = node.arguments
        one, two = self.value(left), self.value(right)
        if left.type.kind != "number":
            return sql.compare(node.name, one.main, two.main)
        shared = _least_common(left.type.scale, right.type.scale)
        a, b = sql.scaled(one.main, shared // left.type.scale), sql.scaled(two.main, shared // right.type.scale)
        if two.divisor is not None:
            a = sql.mul(a, two.divisor)
        if one.divisor is not None:
            b = sql.mul(b, one.divisor)
        return sql.compare(node.name, a, b)

    def _choice(self, node: Node) -> Value:
        test = self.layers.hoisted(self.condition(node.arguments[0]))
        branches = []
        for argument in node.arguments[1:]:
            value = self.value(argument)
            main = (
                sql.scaled(value.main, node.type.scale // argument.type.scale)
                if node.type.kind == "number"
                else value.main
            )
            branches.append((main, value.month, value.day_of_month))
        trees = [
            sql.case([(test, one), (sql.negation(test), two)]) if one is not None and two is not None else None
            for one, two in zip(*branches, strict=True)
        ]
        assert trees[0] is not None
        return Value(trees[0], None, trees[1], trees[2])

    def _rounded(self, node: Node) -> Sql:
        inner = self.value(node.arguments[0])
        scale = node.arguments[0].type.scale
        below = sql.whole(1) if inner.divisor is None else self.layers.hoisted(inner.divisor)
        count = round_to_sql(self.layers.hoisted(inner.main), below, node.step * scale, node.rounding)
        return sql.scaled(count, node.step.numerator)

    def _date_word(self, node: Node) -> Sql:
        if node.operation == "month":
            year, month = (self.number(argument) for argument in node.arguments)
            return sql.sub(sql.add(sql.scaled(year, 12), month), sql.whole(1))
        days = [self._day(argument) for argument in node.arguments]
        if node.operation == "year_of":
            return sql.int_div(days[0].month, sql.whole(12))
        if node.operation == "month_of":
            return days[0].month
        if node.operation == "month_of_year":
            return month_of_year(days[0].month)
        on = days[1] if len(days) == 2 else Day(ref(DAY), ref(DAY_MONTH), ref(DAY_OF_MONTH))
        if node.operation == "days_since":
            return sql.sub(on.number, days[0].number)
        months = apart(days[0], on, ref(self.month_length(self.layers.hoisted(on.month))))
        return months if node.operation == "full_months_since" else sql.int_div_floor(months, 12)

    def _day(self, node: Node) -> Day:
        value = self.value(node)
        assert value.month is not None
        assert value.day_of_month is not None
        return Day(value.main, value.month, value.day_of_month)


def _told(tree: Sql) -> str:
    """A short text that tells a column or constant from others."""
    return tree.name if isinstance(tree, exp.Column) else sql.printed(tree)


def _least_common(one: int, two: int) -> int:
    return Fraction(one, two).numerator * two
