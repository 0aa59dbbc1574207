"""What the limits on subjects did to one entitlement: who else was there, who won and why, what was left."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from subsidy import sql
from subsidy.engine import calendar
from subsidy.engine.explain_words import READING, Words, money
from subsidy.engine.explanation import Line
from subsidy.engine.grain import LimitColumns
from subsidy.engine.limits import clauses_among
from subsidy.engine.lines import Ledger
from subsidy.engine.row_reader import Stored
from subsidy.engine.run import Run
from subsidy.finding import Text
from subsidy.money import yuan_text
from subsidy.schedule.checked import CheckedLimit

MOST_SHOWN = 5

UNCUT = Text("{amount}，未减少", "{amount}, nothing taken")
CUT = Text("{before} → {after}，减少 {cut}", "{before} → {after}, {cut} taken")
NOBODY = Text("没有与之竞争的项目", "nothing else competes with it")
KEPT, LOST = Text("保留", "kept"), Text("不享受", "loses")
RULES = {
    "highest": Text("只保留金额最高的一项", "only the highest amount is kept"),
    "first": Text("只保留列在最前的条款", "only the clause listed first is kept"),
    "most": Text("只保留 {fact} 最大的一项", "only the one with the most {fact} is kept"),
}
DECIDED = {
    "amount": Text("金额较高，多 {gap}", "the higher amount, by {gap}"),
    "by": Text("{fact} 较大，多 {gap}", "more {fact}, by {gap}"),
    "position": Text("按列出的条款顺序在前", "listed first among the clauses"),
    "due": Text("日期较早", "the earlier date"),
    "subject": Text("编号较小", "the smaller key"),
    "piece": Text("同一项中的前一份", "an earlier unit of the same row"),
}
CEILINGS = {
    "money": Text(
        "上限 {ceiling}，本组 {number} 项共 {asked}", "at most {ceiling}; the {number} of the group come to {asked}"
    ),
    "months": Text("至多 {ceiling} 个月，这是第 {rank} 个月", "at most {ceiling} months; this is month {rank}"),
    "subjects": Text("至多 {ceiling} 个名额，这是第 {rank} 个", "{ceiling} places at most; this is number {rank}"),
}
FITS = Text("没有超出", "which is within it")
WAYS = {
    "report": Text("超出 {over}，只报告、不减少", "{over} above it, which is reported and not cut"),
    "pro_rata": Text(
        "超出部分按比例减少：{before} × {available} ÷ {wanted}", "cut in proportion: {before} × {available} ÷ {wanted}"
    ),
    "in_order": Text(
        "排在前面的共 {earlier}，余 {left}", "those before it in order come to {earlier}, which leaves {left}"
    ),
    "by_rank": Text(
        "排在前面的共 {earlier}，余 {left}", "those ranked before it come to {earlier}, which leaves {left}"
    ),
}
SHARED_RANK = Text(
    "同一顺位共 {wanted}，按比例：{before} × {left} ÷ {wanted}",
    "those of its own rank come to {wanted}, in proportion: {before} × {left} ÷ {wanted}",
)
NOTHING_LEFT = Text("不足一整份的不再发放", "what no longer fits whole gets nothing")


@dataclass(frozen=True, eq=False)
class _Competitor:
    """A ledger that takes part in a limit: its rows before and after, and its place among the clauses."""

    run: Run
    ledger: Ledger
    before: str
    after: str
    columns: LimitColumns
    position: int
    is_own: bool


@dataclass(frozen=True)
class _Member:
    """One row of a limit's group."""

    of: _Competitor
    subject: str
    period: int
    piece: int
    count: int
    unit: int
    due: int
    month: int
    by: int | None
    after: int

    def told(self, words: Words) -> str:
        clause = self.of.ledger.clause
        named = words.clause(clause) if self.of.is_own else f"{self.of.ledger.version.id}:{words.clause(clause)}"
        label = calendar.period_label(clause.model.every, self.period)
        return f"{named} {self.subject} {label}"

    def to_dict(self) -> dict[str, Any]:
        clause = self.of.ledger.clause
        found = {"schedule": self.of.ledger.version.id, "clause": clause.name, "subject": self.subject}
        label = calendar.period_label(clause.model.every, self.period)
        return {**found, "period": label, "owed": yuan_text(self.unit * self.count), "after": yuan_text(self.after)}


def _base(run: Run, ledger: Ledger) -> str:
    return run.plan.named("ledger", ledger.version_index, ledger.clause.name)


def _steps_of(run: Run, name: str, ledger: Ledger) -> tuple[str, str] | None:
    """The relations of a ledger before and after a limit."""
    base = _base(run, ledger)
    steps = run.plan.limit_steps.get(name, ())
    return next(((one, two) for one, two in steps if one == base or one.startswith(f"{base}/")), None)


class Limits:
    """What each limit did to the amounts of a clause for one subject and period."""

    def __init__(self, runs: Sequence[Run], ledger: Ledger, subject: str, period: int, words: Words) -> None:
        self.run, *_ = self.runs = list(runs)
        self.ledger = ledger
        self.subject, self.period = subject, period
        self.words = words

    def lines(self) -> tuple[list[Line], int]:
        """What each limit did, and what is left of the amount after all of them (fen, all units)."""
        rows = self._rows(_base(self.run, self.ledger), ["counted"])
        left = sum(count * unit for count, unit, _ in rows)
        lines: list[Line] = []
        for name in self.run.plan.limit_steps:
            if name in self.ledger.columns.limits and left > 0:
                group = self._group(name)
                if group is not None:
                    found, left = self._limit(name, group, left)
                    lines += found
        return lines, left

    def _rows(self, relation: str, more: Sequence[str]) -> list[tuple[Any, ...]]:
        """Count, unit and more of the own rows in a relation."""
        where = [sql.equals("subject", self.subject), sql.equals("period", self.period)]
        names = ["count", "unit", *more]
        columns = [sql.alias(sql.column(name), f"c{number}") for number, name in enumerate(names)]
        return self.run.prepared.rows(sql.select(columns, sql.table(relation), where=sql.all_of(where)))

    def _group(self, name: str) -> tuple[tuple[Any, ...], int | None] | None:
        """The keys of the group that the own rows belong to, and its ceiling; None where the limit passes them by."""
        columns = self.ledger.columns.limits[name]
        more = [f"x:{key}" for key in columns.keys] + ([f"x:{columns.ceiling}"] if columns.ceiling else [])
        (row, *_) = self._rows(_base(self.run, self.ledger), ["counted", *more])
        _, _, is_counted, *values = row
        keys, ceiling = tuple(values[: len(columns.keys)]), values[-1] if columns.ceiling else None
        limit = self._said(name)
        own_key = self.ledger.version.tables[self.ledger.clause.table].key in limit.model.per
        left_aside = is_counted and "person" in limit.model.per and not own_key
        if left_aside or any(key is None for key in keys) or (columns.ceiling and ceiling is None):
            return None
        return keys, ceiling

    def _said(self, name: str) -> CheckedLimit:
        return self.ledger.version.limits.get(name) or self.run.limit_tables[name][0]

    def _limit(self, name: str, group: tuple[tuple[Any, ...], int | None], before: int) -> tuple[list[Line], int]:
        words, limit = self.words, self._said(name)
        keys, ceiling = group
        members = self._members(limit, keys)
        after = sum(member.after for member in members if self._is_mine(member))
        model = limit.model
        nodes = limit.keys.get(self.ledger.clause.name, ())
        yes_no = {key for key, node in zip(model.per, nodes, strict=False) if node.type.kind == "yes_no"}
        shown_keys = {
            key: words.key(key, bool(value) if key in yes_no else value)
            for key, value in zip(model.per, keys, strict=True)
        }
        label = model.label.in_(words.language) if model.label else name
        notes = [words.item(model.item, model.part)] if model.item else []
        notes += [f"{words.word(key)} {value}" for key, value in shown_keys.items()]
        bracket = {"zh": "（{}）", "en": " ({})"}[words.language].format(words.list.join(notes)) if notes else ""
        shown = {"before": money(before), "after": money(after), "cut": money(before - after), "amount": money(before)}
        data: dict[str, Any] = {"limit": name, "item": model.item, "keys": shown_keys}
        data |= {"before": yuan_text(before), "after": yuan_text(after)}
        reasons = self._keeping(limit, members) if limit.keep else self._capped(limit, members, ceiling or 0, before)
        sub = list(reasons)
        for line in sub:
            data |= line.data
        if model.reading is not None:
            sub.append(Line("limits", "", words(READING, text=model.reading.in_(words.language)), depth=1))
        head = Line("limits", f"{label}{bracket}", words(CUT if before != after else UNCUT, **shown), data=data)
        return [head, *sub], after

    def _competitors(self, name: str) -> list[_Competitor]:
        found = []
        order = clauses_among(self.run.prepared.schedule, name)
        for run in self.runs:
            for ledger in run.ledgers:
                steps = _steps_of(run, name, ledger) if name in ledger.columns.limits else None
                if steps is None:
                    continue
                named = (
                    ledger.clause.name if ledger.clause.name in order else f"{ledger.version.id}:{ledger.clause.name}"
                )
                if named not in order:
                    continue
                position = order.index(named) * 1000 + ledger.version_index
                columns = ledger.columns.limits[name]
                found.append(_Competitor(run, ledger, *steps, columns, position, run is self.run))
        return found

    def _members(self, limit: CheckedLimit, keys: tuple[Any, ...]) -> list[_Member]:
        """The rows of the group, as they were before the limit and what became of them."""
        found = []
        for one in self._competitors(limit.name):
            same = [sql.equals(f"x:{key}", value) for key, value in zip(one.columns.keys, keys, strict=True)]
            by = sql.column(f"x:{one.columns.by}") if one.columns.by else sql.missing()
            names = ["subject", "period", "piece", "count", "unit", "due", "due#m"]
            columns = [*(sql.column(column) for column in names), sql.alias(by, "by")]
            where = sql.all_of([sql.compare(">", sql.column("unit"), sql.whole(0)), *same])
            rows = one.run.prepared.rows(sql.select(columns, sql.table(one.before), where=where))
            found += [(one, row) for row in rows]
        if len(found) == 1 and limit.keep:
            ((one, row),) = found
            return [_member(one, row, row[3] * row[4])]
        left = {one: self._left(one, keys) for one in dict.fromkeys(one for one, _ in found)}
        return [_member(one, row, left[one].get(row[:3], 0)) for one, row in found]

    def _left(self, one: _Competitor, keys: tuple[Any, ...]) -> dict[tuple[Any, ...], int]:
        """What the limit left of each row, by subject, period and the number of the row."""
        same = [sql.equals(f"x:{key}", value) for key, value in zip(one.columns.keys, keys, strict=True)]
        total = sql.total(sql.mul(sql.column("unit"), sql.column("count")))
        identity = [sql.column("subject"), sql.column("period"), sql.int_div(sql.column("piece"), sql.whole(2))]
        chosen = [sql.alias(tree, f"c{number}") for number, tree in enumerate([*identity, total])]
        query = sql.select(chosen, sql.table(one.after), where=sql.all_of(same), group=identity)
        return {row[:3]: row[3] for row in one.run.prepared.rows(query)}

    # --- keep --------------------------------------------------------------------------------------------------

    def _keeping(self, limit: CheckedLimit, members: list[_Member]) -> Iterator[Line]:
        words = self.words
        fact = words.fact((limit.model.keep or "").partition(" ")[2]) if limit.keep == "most" else ""

        def rank(member: _Member) -> tuple[Any, ...]:
            measure = {"highest": -member.unit, "first": 0, "most": -(member.by or 0)}[limit.keep]
            return measure, member.of.position, member.due, member.subject, member.piece

        members = sorted(members, key=rank)
        if len(members) <= 1:
            yield Line("limits", "", words(NOBODY), depth=1)
            return
        data: dict[str, Any] = {"keep": limit.keep, "winner": members[0].to_dict()}
        decided = self._decided(limit, members[0], members[1], fact)
        yield Line("limits", "", words(RULES[limit.keep], fact=fact), depth=1, data=data)
        shown = members[:MOST_SHOWN]
        shown += [one for one in members[MOST_SHOWN:] if self._is_mine(one)][:1]
        for member in shown:
            wins = member is members[0]
            outcome = f"{words(KEPT)}{words.comma}{decided}" if wins else words(LOST)
            by = f"{words.comma}{fact} {self._by(limit, member)}" if fact else ""
            yield Line("limits", member.told(words), f"{money(member.unit)}{by}{words.comma}{outcome}", depth=1)

    def _is_mine(self, member: _Member) -> bool:
        is_own = member.of.run is self.run and member.of.ledger.clause is self.ledger.clause
        return is_own and (member.subject, member.period) == (self.subject, self.period)

    def _by(self, limit: CheckedLimit, member: _Member) -> str:
        node = limit.by.get(member.of.ledger.clause.name) or next(iter(limit.by.values()))
        stored = Stored(bool(member.by) if node.type.kind == "yes_no" else member.by)
        return self.words.value(node.type, stored)

    def _decided(self, limit: CheckedLimit, winner: _Member, next_one: _Member, fact: str) -> str:
        """What set the winner apart from the next one."""
        words = self.words
        if limit.keep == "highest" and winner.unit != next_one.unit:
            return words(DECIDED["amount"], gap=money(winner.unit - next_one.unit))
        if limit.keep == "most" and winner.by != next_one.by:
            node = limit.by[winner.of.ledger.clause.name]
            gap = words.value(node.type, Stored((winner.by or 0) - (next_one.by or 0)))
            return words(DECIDED["by"], fact=fact, gap=gap)
        for name, one, two in (
            ("position", winner.of.position, next_one.of.position),
            ("due", winner.due, next_one.due),
            ("subject", winner.subject, next_one.subject),
        ):
            if one != two:
                return words(DECIDED[name])
        return words(DECIDED["piece"])

    # --- at most -----------------------------------------------------------------------------------------------

    def _capped(self, limit: CheckedLimit, members: list[_Member], most: int, before: int) -> Iterator[Line]:
        words = self.words
        mine = [member for member in members if self._is_mine(member)]
        data: dict[str, Any] = {"at_most": str(most), "when_short": limit.when_short or limit.counts}
        if limit.counts == "months":
            months = sorted({member.month for member in members})
            text = words(CEILINGS["months"], ceiling=most, rank=months.index(mine[0].month) + 1)
            yield Line("limits", "", text, depth=1, data=data)
            return
        if limit.counts == "subjects":
            ahead = sorted(members, key=lambda one: (_rank(one), one.of.position, one.due, one.subject, one.piece))
            rank = 1 + sum(one.count for one in ahead[: ahead.index(mine[0])])
            text = words(CEILINGS["subjects"], ceiling=most, rank=rank)
            yield Line("limits", "", text, depth=1, data=data)
            return
        asked = sum(member.unit * member.count for member in members)
        data |= {"at_most": yuan_text(most), "asked": yuan_text(asked), "members": len(members)}
        name = limit.model.at_most or ""
        value = self.ledger.version.model.values.get(name)
        label = f"{value.label.in_(words.language)} {name}" if value and value.label else name
        text = words(CEILINGS["money"], ceiling=f"{label} {money(most)}", number=len(members), asked=money(asked))
        if asked <= most:
            text = f"{text}{words.comma}{words(FITS)}"
        yield Line("limits", "", text, depth=1, data=data)
        if asked > most:
            yield from self._short(limit, members, mine, most, asked, before)

    def _short(
        self, limit: CheckedLimit, members: list[_Member], mine: list[_Member], most: int, asked: int, before: int
    ) -> Iterator[Line]:
        words, way = self.words, limit.when_short
        if way == "report":
            yield Line("limits", "", words(WAYS[way], over=money(asked - most)), depth=1)
            return
        if way == "pro_rata":
            text = words(WAYS[way], before=money(before), available=money(most), wanted=money(asked))
            yield Line("limits", "", text, depth=1)
            return
        own = _rank(mine[0])
        earlier = sum(one.unit * one.count for one in members if _rank(one) < own)
        wanted = sum(one.unit * one.count for one in members if _rank(one) == own)
        left = max(0, most - earlier)
        data = {"earlier": yuan_text(earlier), "left": yuan_text(left), "own_rank": yuan_text(wanted)}
        yield Line("limits", "", words(WAYS[way], earlier=money(earlier), left=money(left)), depth=1, data=data)
        if 0 < left < wanted:
            if limit.last_gets_nothing:
                yield Line("limits", "", words(NOTHING_LEFT), depth=1)
            elif wanted != before:
                text = words(SHARED_RANK, wanted=money(wanted), before=money(before), left=money(left))
                yield Line("limits", "", text, depth=1)


def _member(of: _Competitor, row: tuple[Any, ...], after: int) -> _Member:
    subject, period, piece, count, unit, due, month, by = row
    return _Member(of, subject, period, piece, count, unit, due, month, by, after)


def _rank(member: _Member) -> tuple[bool, int]:
    return member.by is None, member.by or 0
