"""How an entitlement is paid: its instalments, the payment lines it is in, and who pays them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction
from typing import Any

from subsidy import sql
from subsidy.engine.calendar import EVER
from subsidy.engine.explain_inputs import Inputs
from subsidy.engine.explain_payers import Cuts, payer_lines
from subsidy.engine.explain_sheet import ClauseSheet, NodeSheet
from subsidy.engine.explain_steps import condition_lines
from subsidy.engine.explain_words import Words, money
from subsidy.engine.explanation import Line
from subsidy.engine.grain import GrainCompiler
from subsidy.engine.lines import Ledger, line_key_columns
from subsidy.engine.plan import due_rows
from subsidy.engine.row_reader import ReadRow
from subsidy.engine.run import Run
from subsidy.finding import Text
from subsidy.money import yuan_text
from subsidy.schedule import expression as ex
from subsidy.schedule.expression import plain_number
from subsidy.schedule.figures import day_of

SHARES = Text("分期比例 {name}：{shares}", "shares of the instalments, {name}: {shares}")
CHUNKS = Text("每期至多 {chunk}，直到付完", "{chunk} each time until all is paid")
NUMBERED = Text("第 {number} 期 {day}", "instalment {number}, {day}")
SHARE_OF = Text("{share} × {total} = {amount}", "{share} × {total} = {amount}")
DUE, NOT_DUE = Text("应付", "due"), Text("不付", "not due")
TAKEN_BACK = Text("追回 {day}", "taken back on {day}")
SHARE_BACK = Text(
    "{amount}，为此前已付 {paid} 的 {share}，四舍五入到分",
    "{amount}, {share} of the {paid} paid until then, to the fen, half up",
)
OF_IT = Text(
    "{total}，其中本项 {own}，另有 {number} 项共 {others}",
    "{total}, of which {own}; the other {number} come to {others}",
)
ALONE = Text("{total}，只有本项", "{total}, and nothing else is in it")
NO_LINE = Text("各项相抵为零，不成一笔", "nothing is left in sum, so there is no line")


class Paid:
    """The money of one subject and period from the amount to the payers."""

    def __init__(self, run: Run, ledger: Ledger, subject: str, period: int, words: Words, cuts: Cuts) -> None:
        self.run = run
        self.ledger = ledger
        self.subject, self.period = subject, period
        self.words = words
        self.cuts = cuts

    # --- instalments -------------------------------------------------------------------------------------------

    def instalments(self, row: ReadRow, sheet: ClauseSheet) -> Iterator[Line]:
        plan, words = self.ledger.clause.instalments, self.words
        if plan is None:
            return
        every = f"{self.ledger.relation}/instalments"
        names = ["instalment", "piece", "due", "unit", "count"]
        found = sorted(self._mine(every, names))
        total = sum(unit * count for _, _, _, unit, count in found)
        model = self.ledger.clause.model.pay
        if plan.weights and model is not None and model.shares:
            scale = sum(plan.weights)
            shares = words.list.join(f"{plain_number(Fraction(100 * one, scale))}%" for one in plan.weights)
            yield Line("instalments", "", words(SHARES, name=model.shares, shares=shares))
        elif plan.chunk is not None:
            chunk = words.value(plan.chunk.type, row.of(plan.chunk))
            yield Line("instalments", "", words(CHUNKS, chunk=chunk))
        states = self._due_states(every)
        numbers = dict.fromkeys((number, due) for number, _, due, _, _ in found)
        for number, due in numbers:
            amount = sum(unit * count for one, _, _, unit, count in found if one == number)
            yield from self._instalment(number, due, amount, total, states)

    def _instalment(
        self, number: int, due: int, amount: int, total: int, states: dict[int, tuple[bool, list[Line]]]
    ) -> Iterator[Line]:
        words, plan = self.words, self.ledger.clause.instalments
        assert plan is not None
        is_due, conditions = states.get(number, (True, []))
        shown = money(amount)
        data: dict[str, Any] = {"instalment": number, "due": day_of(due).isoformat(), "exact": yuan_text(amount)}
        if plan.weights:
            share = Fraction(100 * plan.weights[number - 1], sum(plan.weights))
            data["share"] = f"{plain_number(share)}%"
            shown = words(SHARE_OF, share=data["share"], total=money(total), amount=shown)
        data["is_due"] = is_due
        name = words(NUMBERED, number=number, day=day_of(due))
        yield Line("instalments", name, f"{shown}{words.comma}{words(DUE if is_due else NOT_DUE)}", data=data)
        yield from conditions

    def _due_states(self, every: str) -> dict[int, tuple[bool, list[Line]]]:
        """By number of the instalment: whether it is due, and the conditions on that day."""
        model, plan = self.ledger.clause.model.pay, self.ledger.clause.instalments
        if plan is None or model is None or not plan.conditions or not model.while_:
            return {}
        sheet = self._due_sheet(every)
        trees = ex.conjuncts(ex.parse(model.while_))
        states: dict[int, tuple[bool, list[Line]]] = {}
        for row in sheet.reader.read(self.run, (self.subject, self.period)):
            inputs = Inputs(self.run, sheet, row, self.words)
            lines = [line for tree, node in zip(trees, plan.conditions, strict=True)
                     for line in condition_lines("instalments", tree, node, inputs)]  # fmt: skip
            holds = all(row.of(node).main is True for node in plan.conditions)
            shown = [replace(line, depth=line.depth + 1) for line in lines]
            if not holds:
                shown += [replace(line, depth=line.depth + 1) for line in inputs.lines("instalments")]
            states[row.keys[2]] = (holds, shown)
        return states

    def _due_sheet(self, every: str) -> NodeSheet:
        """The conditions of instalments, over one row for each of them on its due day."""
        plan, ledger = self.run.plan, self.ledger

        def made() -> NodeSheet:
            layers, _ = due_rows(plan, ledger, every)
            compiler = GrainCompiler(ledger.version, plan.shape, plan.end, EVER, EVER, EVER, lambda _: None)
            rows = compiler.rows(layers, ledger.clause.table)
            assert ledger.clause.instalments is not None
            sheet = NodeSheet(rows, sql.boolean(True), ledger.clause.instalments.conditions)
            sheet.reader.finish(plan.named("reading", every), ("i:subject", "i:period", "i:instalment"))
            return sheet

        return self.run.prepared.once(("instalments", every), made)

    def _mine(self, relation: str, names: list[str]) -> list[tuple[Any, ...]]:
        where = [sql.equals("subject", self.subject), sql.equals("period", self.period)]
        columns = [sql.alias(sql.column(name), f"c{number}") for number, name in enumerate(names)]
        return self.run.prepared.rows(sql.select(columns, sql.table(relation), where=sql.all_of(where)))

    # --- payment lines -----------------------------------------------------------------------------------------

    def lines(self, row: ReadRow) -> Iterator[Line]:
        """Every payment line that the entitlement is in, with its part and the parts of its payers."""
        keys = {key: column.name for key, column in line_key_columns(self.ledger).items()}
        relation = self.run.plan.source_of(self.ledger).rows
        found: dict[tuple[Any, ...], int] = {}
        for unit, count, *values in sorted(self._mine(relation, ["unit", "count", *keys.values()]), key=repr):
            if unit:
                own = tuple(values)
                found[own] = found.get(own, 0) + unit * count
        due_at = list(keys).index("due")
        for own, amount in sorted(found.items(), key=lambda item: (item[0][due_at], repr(item[0]))):
            if amount < 0 and self.ledger.clause.clawback is not None:
                paid = sum(one for key, one in found.items() if one > 0 and key[due_at] <= own[due_at])
                yield self._taken_back(row, own[due_at], amount, paid)
            yield from self._line(dict(zip(keys, own, strict=True)), dict(zip(keys.values(), own, strict=True)), amount)

    def _line(self, line: dict[str, Any], row: dict[str, Any], own: int) -> Iterator[Line]:
        words, plan = self.words, self.run.plan
        same = sql.all_of([sql.equals(name, value) for name, value in line.items()])
        table = sql.table(plan.source_of(self.ledger).lines)
        numbers = self.run.prepared.rows(sql.select([sql.column("line"), sql.column("owed")], table, where=same))
        day = day_of(line["due"])
        name = f"{line['payee'] or ''} {day}".strip()
        if not numbers:
            yield Line("payments", name, words(NO_LINE))
            return
        ((number, owed),) = numbers
        others = self._others(row)
        parts = {"total": money(owed), "own": money(own), "number": others, "others": money(owed - own)}
        shown = words(OF_IT if others else ALONE, **parts)
        data = {
            "payee": line["payee"],
            "due": day.isoformat(),
            "line_owed": yuan_text(owed),
            "own": yuan_text(own),
            "others": others,
            "others_owed": yuan_text(owed - own),
        }
        yield Line("payments", name, shown, data=data)
        yield from payer_lines(self.run, plan.named("payments"), self.ledger, number, words, self.cuts)

    def _taken_back(self, row: ReadRow, due: int, amount: int, paid: int) -> Line:
        """What is taken back on a day of what was paid until then."""
        words, clawback = self.words, self.ledger.clause.clawback
        assert clawback is not None
        share = words.bare(clawback.share.type, row.of(clawback.share), in_percent=True)
        shown = words(SHARE_BACK, amount=money(amount), share=share, paid=money(paid))
        return Line("payments", words(TAKEN_BACK, day=day_of(due)), shown)

    def _others(self, row: dict[str, Any]) -> int:
        """How many other subjects are in the same line."""
        relation = self.run.plan.source_of(self.ledger).rows
        same = [sql.equals(name, value) for name, value in row.items()]
        same += [
            sql.compare("<>", sql.column("unit"), sql.whole(0)),
            sql.compare("<>", sql.column("subject"), sql.text(self.subject)),
        ]
        query = sql.select([sql.column("subject")], sql.table(relation), where=sql.all_of(same), distinct=True)
        counted = sql.select([sql.alias(sql.how_many(), "number")], sql.subquery(query, "s"))
        return int(self.run.prepared.rows(counted)[0][0])
