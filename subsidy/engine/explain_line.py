"""The reason of a payment line: what it adds up, who pays which part of it, and what pots took from it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from subsidy import sql
from subsidy.engine import calendar
from subsidy.engine.explain import document_lines
from subsidy.engine.explain_payers import Cuts, payer_lines
from subsidy.engine.explain_words import Words, money
from subsidy.engine.explanation import Explanation, Line
from subsidy.engine.lines import Ledger, line_key_columns, line_keys
from subsidy.engine.run import Run
from subsidy.finding import Language, Text
from subsidy.money import yuan_text
from subsidy.schedule.figures import day_of

MOST_SHOWN = 20
ADDS_UP = Text("{total}，共 {number} 项", "{total}, entitlements: {number}")
AND_MORE = Text("另 {number} 项共 {total}", "the other {number} come to {total}")
OF_PERIOD = Text("{payee} {day}（{period}）", "{payee} {day} ({period})")


def explain_line(
    run: Run, relation: str, clause: str, payee: str, due: str, language: Language, cuts: Cuts | None = None
) -> Explanation:
    """What is paid to a payee on a day (ISO) under a clause: entitlements, payers, pots (`cuts`).

    Raises KeyError where no such line is due on that day.
    """
    where = [sql.equals("clause", clause), sql.equals("payee", payee)]
    names = ("version", "line", "due", "amount")
    query = sql.select([sql.column(name) for name in names], sql.table(relation), where=sql.all_of(where))
    rows = sorted(row for row in run.prepared.rows(query) if day_of(row[2]).isoformat() == due)
    if not rows:
        raise KeyError(due)
    total = sum(row[-1] for row in rows)
    lines: list[Line] = []
    for version_index in dict.fromkeys(row[0] for row in rows):
        ledger = next(one for one in run.ledgers if one.version_index == version_index and one.clause.name == clause)
        words = Words(ledger.version, language)
        lines += document_lines(ledger.version, ledger.clause, words)
        for line in dict.fromkeys(row[1] for row in rows if row[0] == version_index):
            lines += _line(run, relation, ledger, line, words, cuts or {})
    version = run.plan.schedule.versions[rows[0][0]]
    checked = version.clauses[clause]
    title = f"{Words(version, language).clause(checked)} · {payee} · {due}: {money(total)}"
    facts = {"clause": clause, "item": checked.model.item, "payee": payee, "due": due}
    return Explanation(title, tuple(lines), language, total, facts)


def _line(run: Run, relation: str, ledger: Ledger, line: int, words: Words, cuts: Cuts) -> Iterator[Line]:
    keys = line_keys(ledger)
    names = [*keys, "owed"]
    table = sql.table(run.plan.source_of(ledger).lines)
    query = sql.select([sql.column(name) for name in names], table, where=sql.equals("line", line))
    (found,) = run.prepared.rows(query)
    of = dict(zip(names, found, strict=True))
    period = calendar.period_label(ledger.clause.model.every, of["accrued"])
    day = day_of(of["due"]).isoformat()
    name = f"{of['payee'] or ''} {day}".strip()
    if period != day:
        name = words(OF_PERIOD, payee=of["payee"] or "", day=day, period=period).strip()
    data = {"payee": of["payee"], "due": day, "period": period}
    data["line_owed"] = yuan_text(of["owed"])
    members = _members(run, ledger, {key: of[key] for key in keys})
    shown = words(ADDS_UP, number=len(members), total=money(of["owed"]))
    yield Line("payments", name, shown, data=data | {"members": len(members)})
    listed = members if len(members) <= MOST_SHOWN + 1 else members[:MOST_SHOWN]
    for subject, amount in listed:
        yield Line("payments", subject, money(amount), depth=1, data={"subject": subject, "exact": yuan_text(amount)})
    rest = members[len(listed) :]
    if rest:
        others = sum(amount for _, amount in rest)
        text = words(AND_MORE, number=len(rest), total=money(others))
        yield Line("payments", "", text, depth=1, data={"more": len(rest), "exact": yuan_text(others)})
    yield from payer_lines(run, relation, ledger, line, words, cuts)


def _members(run: Run, ledger: Ledger, keys: dict[str, Any]) -> list[tuple[str, int]]:
    """The subjects in a line with their part of it (fen), the largest first."""
    relation = run.plan.source_of(ledger).rows
    same = [sql.equals(column.name, keys[key]) for key, column in line_key_columns(ledger).items()]
    subject = sql.column("subject")
    owed = sql.total(sql.mul(sql.column("unit"), sql.column("count")))
    where = sql.all_of([*same, sql.compare("<>", sql.column("unit"), sql.whole(0))])
    query = sql.select([subject, sql.alias(owed, "owed")], sql.table(relation), where=where, group=[subject])
    return sorted(run.prepared.rows(query), key=lambda row: (-row[1], row[0] or ""))
