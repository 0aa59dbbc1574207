"""On what conditions a clause pays, in words: instalments, what must hold on a due day, time limits, clawback."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from subsidy.budget.result import Result
from subsidy.finding import Text
from subsidy.schedule.checked import CheckedClause
from subsidy.schedule.expression import parse, shown
from subsidy.schedule.load import Version
from subsidy.schedule.model import Pay
from subsidy.schedule.spoken import spoken

EVERY = {
    "month": Text("每月一期", "a month apart"),
    "quarter": Text("每季一期", "a quarter apart"),
    "half_year": Text("每半年一期", "half a year apart"),
    "year": Text("每年一期", "a year apart"),
}


@dataclass(frozen=True)
class Condition:
    """What a clause says about when it pays."""

    clause: str
    item: str
    text: Text

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready: clause, item, condition in both languages."""
        return {"clause": self.clause, "item": self.item, "condition": {"zh": self.text.zh, "en": self.text.en}}


def conditions(result: Result) -> list[Condition]:
    """The conditions of every clause that has any, each wording once."""
    found: dict[Condition, None] = {}
    for one in result.calculated:
        for version in one.schedule.versions:
            for name, clause in version.clauses.items():
                said = list(_said(clause, version))
                if said and clause.model.cash:
                    text = Text("；".join(part.zh for part in said), "; ".join(part.en for part in said))
                    shown_name = result.clause_name(one.schedule, name)
                    found[Condition(shown_name, clause.model.item, text)] = None
    return list(found)


def _said(clause: CheckedClause, version: Version) -> Iterator[Text]:
    pay, plan = clause.model.pay, clause.instalments
    if pay is not None and plan is not None:
        yield _instalments(pay, version)
        if plan.months[0]:
            months = plan.months[0]
            yield Text(f"满 {months} 个月起付，届时补付此前各期", f"not before {months} months, then with what was due")
        if pay.while_ is not None:
            condition = spoken(parse(pay.while_), version)
            yield Text(f"到期日须{condition.zh}", f"paid while {condition.en} on the due day")
    for tree in clause.conditions:
        if "_since(" in shown(tree):
            words = spoken(tree, version)
            yield Text(f"期限：{words.zh}", f"time limit: {words.en}")
    if clause.model.clawback is not None:
        back = clause.model.clawback
        share = _share(back.share, version)
        on = spoken(parse(back.on), version)
        yield Text(f"{on.zh}之日追回 {share.zh}", f"taken back on {on.en}: {share.en}")


def _share(written: str, version: Version) -> Text:
    """A share as its figure, or as the value that says it."""
    value = version.model.values.get(written)
    if value is None:
        return Text(written, written)
    label = (value.label.zh, value.label.en) if value.label else (written, written)
    figure = f" {value.figures}" if isinstance(value.figures, str) else ""
    return Text(f"{label[0]}{figure}", f"{label[1]}{figure}")


def _instalments(pay: Pay, version: Version) -> Text:
    every = EVERY[pay.every or "year"]
    if pay.chunk is not None:
        value = version.model.values[pay.chunk]
        zh, en = (value.label.zh, value.label.en) if value.label else (pay.chunk, pay.chunk)
        return Text(f"{every.zh}，每期 {zh}，付完为止", f"{en} each time, {every.en}, until it is used up")
    shares = list(version.model.values[pay.shares or ""].figures.values())
    listed = ("、".join(map(str, shares)), ", ".join(map(str, shares)))
    return Text(f"分 {len(shares)} 期，{every.zh}：{listed[0]}", f"{len(shares)} instalments, {every.en}: {listed[1]}")
