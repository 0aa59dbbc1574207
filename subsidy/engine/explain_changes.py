"""Why nothing is owed, and what would have to change: for each fact of a failed condition, what alone would do."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import ceil, floor
from typing import Any

from subsidy.engine import calendar
from subsidy.engine.explain_inputs import Inputs
from subsidy.engine.explain_sheet import ClauseSheet, cell_place, inner_nodes, shown_leaves
from subsidy.engine.explain_words import Words, exact, money
from subsidy.engine.explanation import Line
from subsidy.engine.put_in import written
from subsidy.engine.row_reader import Stored
from subsidy.engine.trials import Outcome, Told, Trials, told
from subsidy.engine.turn import turn
from subsidy.finding import Text
from subsidy.money import yuan_text
from subsidy.schedule.column import MONTHS_IN
from subsidy.schedule.date_words import FIRST_YEAR, LAST_YEAR
from subsidy.schedule.figures import day_number, day_of
from subsidy.schedule.node import Node
from subsidy.schedule.ranges import HIGHEST, LOWEST

FIRST_DAY = day_number(datetime.date(FIRST_YEAR, 1, 1))
LAST_DAY = day_number(datetime.date(LAST_YEAR, 12, 31))
MOST_TRIED = 200  # categories and texts of one fact
LONGEST_PERIOD = 31

ALONE = Text("只改变一项即可", "one change alone would do")
TOGETHER = Text("只改变一项不够，以下条件须同时满足", "no single change would do; all of these would have to be met")
NO_FACT = Text(
    "{condition}：花名册中没有一项事实能单独使其满足", "{condition}: no fact of the roster alone can meet it"
)
FROM = Text("{value}起（现为 {now}，差 {gap}）", "from {value} on (now {now}, {gap} more)")
UP_TO = Text("不超过 {value}（现为 {now}，多 {gap}）", "up to {value} (now {now}, {gap} less)")
SINCE = Text("{value} 或以后（现为 {now}）", "on {value} or later (now {now})")
UNTIL = Text("{value} 或以前（现为 {now}）", "on {value} or earlier (now {now})")
BETWEEN = Text("{low} 至 {high}（现为空白）", "{low} to {high} (now blank)")
REFERENCE = Text("须先填写 {reference}，且其{shown}", "fill in {reference} first, with {shown}")
ONE_OF = Text("{values}（现为 {now}）", "{values} (now {now})")
WOULD_PAY = Text("→ {amount}", "→ {amount}")
WOULD_PAY_EACH = Text("→ {amount} × {count} = {total}", "→ {amount} × {count} = {total}")
STILL_UNKNOWN = Text("→ 金额尚无法计算", "→ the amount is still unknown")


@dataclass(frozen=True)
class Change:
    """What one fact would have to be: texts for people and exact values, and what would then be owed (fen)."""

    leaf: Node
    shown: str
    to: dict[str, Any]
    amount: int | None
    several: tuple[tuple[str, int | None], ...] = ()  # each option, where they lead to different amounts


class Changes:
    """What would make the conditions of a clause hold in one row."""

    def __init__(self, sheet: ClauseSheet, inputs: Inputs, count: int) -> None:
        self.sheet = sheet
        self.inputs = inputs
        self.row = inputs.row
        self.words: Words = inputs.words
        self.count = count
        self.trials = Trials(inputs.run, sheet, inputs.row)

    def lines(self) -> Iterator[Line]:
        clause, words = self.sheet.clause, self.words
        failed = [index for index, node in enumerate(clause.when) if self.row.of(node).main is not True]
        alone = self._changes(failed, lambda outcome: all(one is True for one in outcome.holds))
        if alone:
            yield Line("changes", words(ALONE))
            for change in alone:
                yield self._line(change, 1, with_amount=True)
            return
        depth = int(len(failed) > 1)
        if depth:
            yield Line("changes", words(TOGETHER))
        for index in failed:
            condition = written(clause.conditions[index])
            found = self._changes([index], lambda outcome, own=index: outcome.holds[own] is True)  # type: ignore[misc]
            if not found:
                yield Line("changes", words(NO_FACT, condition=condition), depth=depth)
                continue
            yield Line("changes", condition, depth=depth)
            for change in found:
                yield self._line(change, depth + 1, with_amount=False)

    def _line(self, change: Change, depth: int, with_amount: bool) -> Line:
        leaf, words = change.leaf, self.words
        place = cell_place(self.inputs.run, self.sheet, self.row, leaf)
        data: dict[str, Any] = {"change": leaf.name, "now": exact(leaf.type, self.row.of(leaf)), **change.to}
        shown = change.shown
        if with_amount:
            data["would_owe"] = None if change.amount is None else yuan_text(change.amount * self.count)
            if change.several:
                data["each"] = {
                    name: None if fen is None else yuan_text(fen * self.count) for name, fen in change.several
                }
            else:
                shown = f"{shown} {self._amount(change.amount)}"
        name = words.fact(leaf.name)
        cells = self.sheet.cells.get(id(leaf))
        if leaf.way and cells is not None and self.row.value(cells.row).main is None:
            name, shown = (
                words.fact(leaf.way[-1][0]),
                words(REFERENCE, reference=leaf.way[-1][0], shown=f"{name}: {shown}"),
            )
        return Line("changes", name, shown, "" if place is None else str(place), depth, data)

    def _amount(self, fen: int | None) -> str:
        if fen is None:
            return self.words(STILL_UNKNOWN)
        if self.count == 1:
            return self.words(WOULD_PAY, amount=money(fen))
        return self.words(WOULD_PAY_EACH, amount=money(fen), count=self.count, total=money(fen * self.count))

    # --- trying ------------------------------------------------------------------------------------------------

    def _changes(self, failed: Sequence[int], holds: Callable[[Outcome], bool]) -> list[Change]:
        """For each fact that the failed conditions read, what it alone would have to be."""
        conditions = [self.sheet.clause.when[index] for index in failed]
        leaves = [self.trials.leaves[key] for key in dict.fromkeys(map(told, shown_leaves(conditions)))
                  if key in self.trials.leaves]  # fmt: skip
        tried = [(leaf, one) for leaf in leaves for one in self._candidates(leaf, conditions)]
        if not tried:
            return []
        outcomes = self.trials.outcomes([{told(leaf): one} for leaf, one in tried])
        found: dict[Told, list[tuple[Stored, Outcome]]] = {}
        missed: dict[Told, set[int]] = {}
        for (leaf, one), outcome in zip(tried, outcomes, strict=True):
            if holds(outcome):
                found.setdefault(told(leaf), []).append((one, outcome))
            else:
                missed.setdefault(told(leaf), set()).add(one.main)
        return [
            change
            for leaf in leaves
            if told(leaf) in found
            for change in self._of_leaf(leaf, found[told(leaf)], missed.get(told(leaf), set()), holds)
        ]

    def _candidates(self, leaf: Node, conditions: Sequence[Node]) -> list[Stored]:
        now, kind = self.row.of(leaf).main, leaf.type
        if leaf.operation in ("time", "clause") or (leaf.fact is not None and leaf.fact.column.type in ("key", "ref")):
            return [Stored(one) for one in self._compared_texts(leaf, conditions)] if kind.kind == "text" else []
        if kind.kind == "yes_no":
            return [Stored(one) for one in (True, False) if one is not now]
        if kind.kind == "category":
            return [Stored(one) for one in kind.options if one != now][:MOST_TRIED]
        if kind.kind == "text":
            return [Stored(one) for one in self._compared_texts(leaf, conditions) if one != now][:MOST_TRIED]
        low, high = self._ends(leaf)
        numbers = {low, high}
        for bound in (*self._compared_numbers(leaf, conditions), *self._other_days(leaf)):
            numbers |= {number for number in (bound - 1, bound, bound + 1) if low <= number <= high}
        return [self._stored(leaf, number) for number in sorted(numbers - {now})]

    def _other_days(self, leaf: Node) -> list[int]:
        """For a date, the other days of the row: conditions may set it against them in many ways."""
        if leaf.type.kind != "date":
            return []
        days = [self.row.of(one).main for one in self.trials.leaves.values() if one.type.kind == "date"]
        return [day for day in (*days, self.trials.times[0]) if day is not None]

    def _stored(self, leaf: Node, number: int) -> Stored:
        if leaf.type.kind == "date":
            day = day_of(number)
            return Stored(number, None, calendar.month_of(day), day.day)
        return Stored(number, self.row.of(leaf).divisor or 1)

    def _ends(self, leaf: Node) -> tuple[int, int]:
        kind, dated = leaf.type, self.sheet.clause.dated
        if dated is not None and told(leaf) == told(dated):
            plan, version = self.inputs.run.plan, self.sheet.compiled.version
            span = plan.in_force[plan.schedule.versions.index(version)]
            return max(span.first, FIRST_DAY), min(span.last, LAST_DAY)
        if kind.kind == "date":
            return FIRST_DAY, LAST_DAY
        if leaf.operation == "life" and leaf.name == "days_present":
            return 1, LONGEST_PERIOD * MONTHS_IN.get(self.sheet.clause.model.every, 12)
        scale = kind.scale * (self.row.of(leaf).divisor or 1)
        return max(ceil(kind.low * scale), LOWEST), min(floor(kind.high * scale), HIGHEST)

    def _compared_numbers(self, leaf: Node, conditions: Sequence[Node]) -> Iterator[int]:
        """What the fact is compared with, in the scale it is stored in."""
        scale = leaf.type.scale * (self.row.of(leaf).divisor or 1)
        for node in inner_nodes(conditions):
            if node.operation != "compare" or not any(told(side) == told(leaf) for side in node.arguments):
                continue
            for side in node.arguments:
                stored = self._read(side)
                if told(side) == told(leaf) or stored.main is None:
                    continue
                if leaf.type.kind == "date":
                    yield stored.main
                elif not side.type.quotient or stored.divisor:
                    yield floor(Fraction(stored.main, side.type.scale * (stored.divisor or 1)) * scale)

    def _read(self, node: Node) -> Stored:
        if node.operation == "number":
            return Stored(int((node.constant or 0) * node.type.scale))  # type: ignore[operator]
        return self.row.of(node)

    def _compared_texts(self, leaf: Node, conditions: Sequence[Node]) -> list[str]:
        compared = [
            side.name
            for node in inner_nodes(conditions)
            if node.operation == "compare" and any(told(one) == told(leaf) for one in node.arguments)
            for side in node.arguments
            if side.operation == "category"
        ]
        return list(dict.fromkeys(compared))

    # --- telling -----------------------------------------------------------------------------------------------

    def _of_leaf(
        self,
        leaf: Node,
        found: list[tuple[Stored, Outcome]],
        missed: set[int],
        holds: Callable[[Outcome], bool],
    ) -> Iterator[Change]:
        if leaf.type.kind not in ("number", "date"):
            yield self._one_of(leaf, found)
            return
        now = self.row.of(leaf).main
        if now is None:
            yield self._interval(leaf, found, missed, holds)
            return
        above = [(one, outcome) for one, outcome in found if one.main > now]
        below = [(one, outcome) for one, outcome in found if one.main < now]
        for side, step in ((above, 1), (below, -1)):
            if not side:
                continue
            one, outcome = min(side, key=lambda pair: abs(pair[0].main - now))
            if one.main - step != now and one.main - step not in missed:
                one, outcome = self._nearest(leaf, now, one, outcome, holds)
            yield self._threshold(leaf, one, step, outcome)

    def _interval(
        self,
        leaf: Node,
        found: list[tuple[Stored, Outcome]],
        missed: set[int],
        holds: Callable[[Outcome], bool],
    ) -> Change:
        """For a blank fact: from where to where it would do, around the middle one of those that were found."""
        one, outcome = found[len(found) // 2]
        ends = []
        for step in (-1, 1):
            beyond = [number for number in missed if (number - one.main) * step > 0]
            far = min(beyond, key=lambda number: abs(number - one.main), default=None)
            if far is None:
                ends.append(self._ends(leaf)[step > 0])
            else:
                nearest, _ = self._nearest(leaf, far, one, outcome, holds)
                ends.append(nearest.main)
        low, high = (self._stored(leaf, end) for end in ends)
        parts = {name: self.words.value(leaf.type, end) for name, end in (("low", low), ("high", high))}
        to = {"at_least": exact(leaf.type, low), "at_most": exact(leaf.type, high)}
        return Change(leaf, self.words(BETWEEN, **parts), to, outcome.amount)

    def _nearest(
        self, leaf: Node, now: int, one: Stored, outcome: Outcome, holds: Callable[[Outcome], bool]
    ) -> tuple[Stored, Outcome]:
        """The number nearest to the present one that will do, from one that does."""
        seen: dict[int, Outcome] = {one.main: outcome}

        def reaches(numbers: Sequence[int]) -> list[bool]:
            changes = [{told(leaf): self._stored(leaf, number)} for number in numbers]
            seen.update(zip(numbers, self.trials.outcomes(changes), strict=True))
            return [holds(seen[number]) for number in numbers]

        turned = turn(reaches, now, min(now, one.main), max(now, one.main))
        number = one.main if turned is None else turned.number
        if number not in seen:
            reaches([number])
        return self._stored(leaf, number), seen[number]

    def _threshold(self, leaf: Node, one: Stored, step: int, outcome: Outcome) -> Change:
        words, now, kind = self.words, self.row.of(leaf), leaf.type
        if kind.kind == "date":
            text = SINCE if step > 0 else UNTIL
            shown = words(text, value=words.value(kind, one), now=words.value(kind, now))
        else:
            gap = Stored(abs(one.main - now.main), one.divisor)
            text = FROM if step > 0 else UP_TO
            parts = {name: words.value(kind, stored) for name, stored in (("value", one), ("now", now), ("gap", gap))}
            shown = words(text, **parts)
        return Change(leaf, shown, {"at_least" if step > 0 else "at_most": exact(kind, one)}, outcome.amount)

    def _one_of(self, leaf: Node, found: list[tuple[Stored, Outcome]]) -> Change:
        words, kind = self.words, leaf.type
        amounts = [outcome.amount for _, outcome in found]
        names = [exact(kind, one) or "" for one, _ in found]
        shown = [words.value(kind, one) for one, _ in found]
        several: tuple[tuple[str, int | None], ...] = ()
        if len(set(amounts)) > 1:
            several = tuple(zip(names, amounts, strict=True))
            shown = [f"{text} {self._amount(fen)}" for text, fen in zip(shown, amounts, strict=True)]
        values = {"zh": " 或 ", "en": " or "}[words.language].join(shown)
        text = words(ONE_OF, values=values, now=words.value(kind, self.row.of(leaf)))
        return Change(leaf, text, {"one_of": names}, amounts[0], several)
