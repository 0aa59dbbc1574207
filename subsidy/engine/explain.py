"""The reason of a number: the same query as the calculation, for one subject, with its columns shown."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction
from typing import Any

from subsidy import sql
from subsidy.engine import calendar
from subsidy.engine.addends import own_periods, written
from subsidy.engine.base import COUNT, PERIOD, SUBJECT
from subsidy.engine.cells import MONTH as MONTH_COLUMN
from subsidy.engine.cells import Value
from subsidy.engine.explanation import WORDS, Explanation, Line, quantity_text, rate_text, value_text
from subsidy.engine.findings import place_of
from subsidy.engine.grain import CompiledGrain, replaced_column
from subsidy.engine.layers import ref
from subsidy.engine.lines import Ledger
from subsidy.engine.row import RowCompiler
from subsidy.engine.run import Run
from subsidy.finding import Language
from subsidy.money import yuan_text
from subsidy.schedule.column import MONTHS_IN
from subsidy.schedule.date_words import DATE_WORDS
from subsidy.schedule.figures import day_of
from subsidy.schedule.node import Aggregate, Node, Type

SHOWN = {"fact", "aggregate", "life", "time", "clause", "value", "slices", *DATE_WORDS}


# --- one entitlement -----------------------------------------------------------------------------------------------


def explain_entitlement(
    runs: Sequence[Run], clause: str, subject: str, period: str | None, year: int, language: Language
) -> Explanation:
    """`runs`: of the clause's schedule, then of those calculated together with it. Raises KeyError naming what is not
    there: the clause, the subject, or its period."""
    compiled, number = _row_of(runs[0], clause, subject, period, year)
    return _Explainer(runs, compiled, clause, subject, number, language).explained()


def _row_of(run: Run, clause: str, subject: str, period: str | None, year: int) -> tuple[CompiledGrain, int]:
    compiled_grains = [compiled for compiled, _ in run.grains if clause in compiled.columns]
    if not compiled_grains:
        raise KeyError(clause)
    found: list[tuple[int, CompiledGrain]] = []
    for compiled in compiled_grains:
        where = sql.all_of([compiled.in_force, sql.compare("=", ref(SUBJECT), sql.text(subject))])
        rows = run.prepared.rows(compiled.layers.query([("period", ref(PERIOD))], where))
        found += [(row[0], compiled) for row in rows]
    if not found:
        raise KeyError(subject)
    every = found[0][1].version.clauses[clause].model.every
    if period is not None:
        matching = [one for one in found if calendar.period_label(every, one[0]) == period]
    else:
        matching = [one for one in found if calendar.period_year(every, one[0]) == year] or found
    if not matching:
        raise KeyError(period)
    number, compiled = min(matching, key=lambda one: one[0])
    return compiled, number


class _Explainer:
    def __init__(
        self, runs: Sequence[Run], compiled: CompiledGrain, name: str, subject: str, period: int, language: Language
    ) -> None:
        self.run, *self.beside = runs
        self.compiled = compiled
        self.clause = compiled.version.clauses[name]
        self.subject = subject
        self.period = period
        self.language: Language = language
        self.rows: RowCompiler = compiled.rows.fork()
        self.rows.within(name)
        self.words = compiled.version.words

    def explained(self) -> Explanation:
        ledger = next(
            (one for one in self.run.ledgers if one.clause is self.clause and one.version is self.compiled.version),
            None,
        )
        lines = [*self._head(), *self._replaced(), *self._calculation()]
        owed, count = self._owed()
        recipient = self.run.allocated(ledger).get((self.subject, self.period)) if ledger is not None else None
        if recipient is not None:
            owed, decided, share = recipient
            lines += self._allocation(decided, share)
        lines += self._outcome(owed, count)
        after = (owed or 0) * count
        if ledger is not None and owed:
            after, limit_lines = self._limits(ledger, owed, count)
            lines += limit_lines
            lines += self._payments(ledger, after)
        label = calendar.period_label(self.clause.model.every, self.period)
        title = f"{self._label()} · {self.subject} · {label}: {yuan_text(after)}"
        facts = {
            "clause": self.clause.name,
            "item": self.clause.model.item,
            "subject": self.subject,
            "period": label,
            "schedule": self.compiled.version.id,
            "version": self.compiled.version.first_day.isoformat(),
        }
        return Explanation(title, tuple(lines), self.language, after, facts)

    def _label(self) -> str:
        label = self.clause.model.label
        return label.in_(self.language) if label else self.clause.name

    def _head(self) -> Iterator[Line]:
        version, model = self.compiled.version, self.clause.model
        document = version.model.document
        part = model.part or document.part or ""
        item = WORDS["item"][self.language].format(model.item)
        yield Line(
            "document",
            f"{document.cited(self.language)} {part} {item}",
            f"{version.id} {version.first_day} r{version.model.revision}",
        )
        if model.replaces is not None:
            yield Line("document", WORDS["replaces"][self.language].format(model.replaces), "")
        for path, value in version.described_overlays():
            yield Line("overlay", path, value)
        if model.reading is not None:
            yield Line("reading", model.reading.in_(self.language), "")

    def _replaced(self) -> Iterator[Line]:
        """The clause of another schedule that is paid instead in this row."""
        if not self.clause.replaced_by:
            return
        ((number, *_),) = self._fetch([Value(ref(replaced_column(self.clause.name)))])
        if number is not None:
            by = self.clause.replaced_by[number]
            item = WORDS["item"][self.language].format(by.item)
            label = f" {by.label.in_(self.language)}" if by.label else ""
            where = ", ".join(by.reach.districts)
            since = WORDS["since in" if where else "since"][self.language].format(by.reach.first, where)
            shown = WORDS["replaced"][self.language].format(since, f"{by.schedule}:{by.clause} ({item}{label})")
            yield Line("conditions", shown, "")

    def _fetch(self, values: Sequence[Value]) -> list[tuple[Any, ...]]:
        """The stored parts of each value in this row."""
        layers = self.rows.layers
        columns = []
        for index, value in enumerate(values):
            trees = (value.main, value.divisor, value.month, value.day_of_month)
            columns += [
                (f"c{index}.{part}", ref(layers.named(tree)) if tree is not None else sql.missing())
                for part, tree in enumerate(trees)
            ]
        where = sql.all_of(
            [
                self.compiled.in_force,
                sql.compare("=", ref(SUBJECT), sql.text(self.subject)),
                sql.compare("=", ref(PERIOD), sql.whole(self.period)),
            ]
        )
        row = self.run.prepared.rows(layers.query(columns, where))[0]
        return [row[4 * index : 4 * index + 4] for index in range(len(values))]

    def _calculation(self) -> list[Line]:
        clause = self.clause
        nodes = [*clause.when, *clause.steps.values(), clause.amount, *clause.parts.values()]
        leaves = shown_leaves(nodes)
        steps = [node for name, node in clause.steps.items() if name in clause.model.steps]
        shown = [*leaves, *clause.when, *steps, clause.amount, *clause.parts.values()]
        results = self._fetch([self.rows.value(node) for node in shown])
        by_node = list(zip(shown, results, strict=True))
        lines = [line for leaf, result in by_node[: len(leaves)] for line in self._leaf_lines(leaf, result)]
        lines.sort(key=lambda line: line.section != "facts")
        rest = iter(by_node[len(leaves) :])
        for text in clause.conditions():
            _, result = next(rest)
            state = {True: "met", False: "not met", None: "missing"}[result[0]]
            lines.append(Line("conditions", text, WORDS[state][self.language]))
        for node in steps:
            _, result = next(rest)
            text = clause.model.steps.get(node.name, clause.model.amount or "")
            lines.append(Line("steps", f"{node.name} = {text}", self.shown(node.type, result)))
        node, result = next(rest)
        if clause.model.amount:
            lines.append(Line("steps", f"amount = {clause.model.amount}", self.shown(node.type, result)))
        for payer, text in (clause.model.parts or {}).items():
            node, result = next(rest)
            lines.append(Line("steps", f"{payer} = {text}", self.shown(node.type, result)))
        return lines

    def _allocation(self, decided: str, share: int) -> Iterator[Line]:
        """What a recipient's weight alone would give, its floor and its ceiling, and which of them decided."""
        allocation = self.clause.allocation
        assert allocation is not None
        yield Line("steps", WORDS["share"][self.language], yuan_text(share))
        for word, node in (("floor", allocation.floor), ("ceiling", allocation.ceiling)):
            if node is not None:
                (result,) = self._fetch([self.rows.value(node)])
                yield Line("steps", WORDS[word][self.language], self.shown(node.type, result))
        yield Line("steps", WORDS["decided"][self.language], WORDS[decided][self.language])

    def _period_lines(self, aggregate: Aggregate) -> list[Line]:
        """What the fact is in each of the row's own periods."""
        version, measure = self.compiled.version, aggregate.measure
        key = self.rows.cell(aggregate.hops, aggregate.table, aggregate.link, Type("text"))
        period = sql.int_div(ref(MONTH_COLUMN), sql.whole(MONTHS_IN[aggregate.every or "year"]))
        (whose, *_), (when, *_) = self._fetch([Value(ref(key)), Value(period)])
        if whose is None:
            return []
        lines = []
        for label, counts, value in own_periods(self.run.prepared, version, aggregate, whose, when):
            state = {True: "met", False: "not met", None: "missing"}[counts]
            shown = WORDS[state][self.language]
            if counts and measure is not None:
                shown = self.shown(measure.type, (value, None, None, None))
            lines.append(Line("facts", f"  {label}", shown))
        return lines

    def _leaf_lines(self, leaf: Node, result: tuple[Any, ...]) -> Iterator[Line]:
        value = self.shown(leaf.type, result)
        if leaf.operation in ("value", "slices"):
            model = self.compiled.version.model.values[leaf.name]
            in_percent = model.unit.startswith("percent")
            if in_percent and leaf.operation == "value" and result[0] is not None:
                value = rate_text(Fraction(result[0], leaf.type.scale), leaf.type.unit, in_percent)
            item = f", {WORDS['item'][self.language].format(model.item)}" if model.item else ""
            by = f"({', '.join(model.by)})" if model.by else ""
            yield Line("values", leaf.written or f"{leaf.name}{by}", f"{value}{item}")
            if leaf.operation == "slices" and result[0] is not None:
                yield from self._slice_lines(leaf, in_percent)
            return
        word = self.words.get(leaf.name.rsplit(".", 1)[-1], "") if self.language == "zh" else ""
        name = leaf.written or (f"{word} {leaf.name}" if word else leaf.name)
        place = self._cell_place(leaf)
        if leaf.aggregate is not None and not place:
            column = self.compiled.version.tables[leaf.aggregate.table].columns[leaf.aggregate.column_name]
            place = written(column)
        yield Line("facts", name, value + self._open_note(leaf), place)
        if leaf.aggregate is not None and leaf.aggregate.each and not self._cell_place(leaf):
            yield from self._period_lines(leaf.aggregate)

    def _slice_lines(self, leaf: Node, in_percent: bool) -> Iterator[Line]:
        """What lies in each slice, at which rate."""
        sliced = leaf.arguments[0].type
        keys, quantity = self.rows.keys_of(leaf), self.rows.value(leaf.arguments[0])
        *own, found = [main for main, *_ in self._fetch([*keys, quantity])]
        table = self.compiled.version.checker.slices_of(leaf)
        for one in table.look_up(own):
            part = one.part(Fraction(found, sliced.scale))
            if part:
                rate = rate_text(one.rate, table.unit, in_percent)
                result = quantity_text(part * one.rate, leaf.type.unit)
                yield Line("values", f"  {one.written}", f"{quantity_text(part, sliced.unit)} × {rate} = {result}")

    def _open_note(self, leaf: Node) -> str:
        """Says so where the cell is blank and its range's end stands in for it."""
        fact = leaf.fact
        if fact is None or fact.column.blank != "open" or fact.history:
            return ""
        cell = self._fetch([Value(ref(self.rows.cell(fact.hops, fact.table, fact.column_name, leaf.type)))])[0][0]
        note = {"zh": "（未核定，取上限）", "en": " (not assessed: the high end)"}[self.language]
        return note if cell is None else ""

    def _cell_place(self, leaf: Node) -> str:
        fact, rows, intake = leaf.fact, self.rows, self.run.prepared.intake
        if leaf.aggregate is not None:
            return self._ready_place(leaf.aggregate, leaf.type)
        if fact is None or leaf.operation != "fact":
            return ""
        given = rows.shape.is_given(fact.table, fact.column_name)
        own = ref(rows.cell(fact.hops, fact.table, fact.column_name, leaf.type)) if given else sql.missing()
        read_there = bool(fact.history) and self._fetch([Value(own)])[0][0] is None
        table = fact.history if read_there else fact.table
        number = rows.history_row(fact) if read_there else rows.cell(fact.hops, table, "_row", Type("number"))
        row = self._fetch([Value(ref(number))])[0][0]
        return "" if row is None else str(place_of(intake, table, fact.column_name, row))

    def _ready_place(self, aggregate: Aggregate, kind: Type) -> str:
        """The cell with which the roster gives an aggregate ready; empty where it does not."""
        rows, table, name = self.rows, aggregate.table, aggregate.column_name
        if not rows.shape.is_given(table, name):
            return ""
        cells = [rows.cell(aggregate.hops, table, name, kind), rows.cell(aggregate.hops, table, "_row", Type("number"))]
        (ready, *_), (row, *_) = self._fetch([Value(ref(cell)) for cell in cells])
        return "" if ready is None else str(place_of(self.run.prepared.intake, table, name, row))

    def shown(self, kind: Type, result: tuple[Any, ...]) -> str:
        """A stored value in words: 225.00 yuan, 2023-03, met, 失能."""
        main, divisor, _, _ = result
        return value_text(kind, main, divisor, self.words, self.language)

    def _owed(self) -> tuple[int | None, int]:
        (owed, *_), (count, *_) = self._fetch([Value(ref(f"owed:{self.clause.name}")), Value(ref(COUNT))])
        return owed, count

    def _outcome(self, owed: int | None, count: int) -> Iterator[Line]:
        if owed is None:
            yield Line("result", WORDS["missing"][self.language], "")
            return
        yield Line("result", yuan_text(owed), f"× {count} = {yuan_text(owed * count)}" if count != 1 else "")

    # --- after the amount --------------------------------------------------------------------------------------

    def _limits(self, ledger: Ledger, owed: int, count: int) -> tuple[int, list[Line]]:
        names = list(dict.fromkeys(name for one in ledger.columns.limits.values() for name in one.keys))
        columns = [sql.column(name) for name in ("unit", "count", "cut_by")] + [
            sql.column(f"x:{name}") for name in names
        ]
        mine = sql.all_of(
            [
                sql.compare("=", sql.column("subject"), sql.text(self.subject)),
                sql.compare("=", sql.column("period"), sql.whole(self.period)),
            ]
        )
        pieces = self.run.prepared.rows(sql.select(columns, sql.table(ledger.relation), where=mine))
        after = sum(unit * number for unit, number, *_ in pieces)
        lines = []
        for name in dict.fromkeys(cut_by for _, _, cut_by, *_ in pieces if cut_by):
            keys = dict(zip(names, pieces[0][3:], strict=True))
            winners = self._winners(name, ledger, keys)
            lost = yuan_text(owed * count - after)
            label = self.compiled.version.limits[name].model.label
            shown = label.in_(self.language) if label else name
            lines.append(Line("limits", shown, f"-{lost}" + (f" ← {', '.join(winners)}" if winners else "")))
        return after, lines

    def _winners(self, limit: str, own: Ledger, keys: dict[str, Any]) -> list[str]:
        found = []
        for run, ledger in [(one, ledger) for one in (self.run, *self.beside) for ledger in one.ledgers]:
            columns = ledger.columns.limits.get(limit)
            if columns is None:
                continue
            own_name = ledger.clause.name
            clause = own_name if run is self.run else f"{ledger.version.id}:{own_name}"
            wanted = [keys[name] for name in own.columns.limits[limit].keys]
            where = [
                sql.compare(
                    "=", sql.column(f"x:{name}"), sql.text(value) if isinstance(value, str) else sql.whole(value)
                )
                for name, value in zip(columns.keys, wanted, strict=True)
                if value is not None
            ]
            where.append(sql.compare(">", sql.column("unit"), sql.whole(0)))
            query = sql.select(
                [sql.column("subject"), sql.column("period"), sql.column("unit")],
                sql.table(ledger.relation),
                where=sql.all_of(where),
                distinct=True,
            )
            for subject, period, unit in sorted(run.prepared.rows(query))[:5]:
                label = calendar.period_label(ledger.clause.model.every, period)
                found.append(f"{clause} {subject} {label} {yuan_text(unit)}")
        return found

    def _payments(self, ledger: Ledger, after: int) -> Iterator[Line]:
        payee = self._fetch([Value(ref(self.compiled.columns[self.clause.name].payee))])[0][0]
        relation = self.run.plan.named("payments")
        columns = [sql.column(name) for name in ("due", "line", "payer", "owed", "cut", "amount")]
        where = sql.all_of(
            [
                sql.compare("=", sql.column("clause"), sql.text(self.clause.name)),
                sql.compare("=", sql.column("version"), sql.whole(ledger.version_index)),
                sql.compare("=", sql.column("payee"), sql.text(payee))
                if payee
                else sql.is_missing(sql.column("payee")),
                sql.compare("=", sql.column("accrued"), sql.whole(self.period)),
            ]
        )
        rows = sorted(self.run.prepared.rows(sql.select(columns, sql.table(relation), where=where)))
        own = {"zh": ",其中本项 ", "en": ", of which "}[self.language] + yuan_text(after)
        for line in dict.fromkeys((due, line) for due, line, *_ in rows):
            parts = [row[2:] for row in rows if row[:2] == line]
            share = own if self.clause.instalments is None else ""
            total = yuan_text(sum(amount for *_, amount in parts))
            yield Line("payments", f"{payee or ''} {day_of(line[0])}".strip(), f"{total}{share}")
            for payer, owed, cut, amount in parts:
                note = f" ({yuan_text(owed)} - {yuan_text(cut)})" if cut else ""
                yield Line("payments", f"  {payer}", f"{yuan_text(amount)}{note}")


def _told_by(leaf: Node) -> tuple[str, ...]:
    """What tells one line of an explanation from another."""
    return leaf.operation, leaf.written or leaf.name, *(argument.name for argument in leaf.arguments)


def shown_leaves(nodes: Sequence[Node]) -> list[Node]:
    """The facts, words of time and figures that expressions read, each once, a figure after its keys."""
    found: dict[tuple[str, ...], Node] = {}
    seen: set[int] = set()

    def read(node: Node) -> None:
        if id(node) in seen:
            return
        seen.add(id(node))
        if node.operation == "derived":
            found.setdefault(_told_by(node), node)
        for argument in node.arguments:
            read(argument)
        if node.operation in SHOWN:
            found.setdefault(_told_by(node), node)

    for node in nodes:
        read(node)
    return list(found.values())
