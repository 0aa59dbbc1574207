"""The reason of a payment line: who pays which part of it, and from which amount."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from subsidy import sql
from subsidy.engine.explanation import Explanation, Line
from subsidy.engine.run import Run
from subsidy.finding import Language
from subsidy.money import odd_units, yuan_text
from subsidy.schedule.figures import day_of


def explain_line(run: Run, relation: str, clause: str, payee: str, due: str, language: Language) -> Explanation:
    """Raises KeyError where no such line is due on that day (ISO date)."""
    names = ("version", "line", "due", "accrued", "payer", "position", "place", "owed", "cut", "amount")
    where = sql.all_of(
        [
            sql.compare("=", sql.column("clause"), sql.text(clause)),
            sql.compare("=", sql.column("payee"), sql.text(payee)),
        ]
    )
    rows = run.prepared.rows(sql.select([sql.column(name) for name in names], sql.table(relation), where=where))
    rows = sorted((row for row in rows if day_of(row[2]).isoformat() == due), key=lambda row: (row[0], row[1], row[5]))
    if not rows:
        raise KeyError(due)
    version = run.prepared.schedule.versions[rows[0][0]]
    checked = version.clauses[clause]
    label = checked.model.label.in_(language) if checked.model.label else clause
    item = checked.model.item
    total = sum(row[-1] for row in rows)
    document = version.model.document
    part = checked.model.part or document.part or ""
    edition = f"{version.id} {version.first_day} r{version.model.revision}"
    lines = [Line("document", f"{document.cited(language)} {part} {item}", edition)]
    for number in dict.fromkeys((row[0], row[1]) for row in rows):
        lines += _part_lines(
            checked.sharing.weights if checked.sharing else (), [row for row in rows if row[:2] == number], language
        )
    title = f"{label} · {payee} · {due}: {yuan_text(total)}"
    facts = {"clause": clause, "item": checked.model.item, "payee": payee, "due": due}
    return Explanation(title, tuple(lines), language, total, facts)


def _part_lines(weights: Sequence[tuple[str, int]], rows: list[tuple[Any, ...]], language: Language) -> Iterator[Line]:
    owed = sum(row[7] for row in rows)
    shares = [weight for _, weight in weights]
    odd = {weights[index][0] for index in odd_units(owed, shares)} if weights else set()
    ratio = " : ".join(f"{payer} {weight}" for payer, weight in weights)
    yield Line("payments", yuan_text(owed), ratio)
    for _, _, _, _, payer, _, place, part, cut, amount in rows:
        note = f" ({yuan_text(part)} - {yuan_text(cut)})" if cut else ""
        fen = {"zh": ",含除不尽的一分", "en": ", with the odd fen"}[language] if payer in odd else ""
        yield Line("payments", f"{payer} {place or ''}".strip(), f"{yuan_text(amount)}{note}{fen}")
