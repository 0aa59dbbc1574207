"""The reason of any number of a result: which cell is asked about, and its breakdown."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import TypedDict

from subsidy.budget.beside import blocked_rows, versions_of
from subsidy.budget.breakdown import Breakdown, Node
from subsidy.budget.breakdown_context import DEPTHS, Context
from subsidy.budget.cell_query import payer_sums
from subsidy.budget.cell_tree import cell_tree
from subsidy.budget.pot_tree import chosen_pot, pot_tree
from subsidy.budget.relief_tree import relief_tree
from subsidy.budget.selection import KIND_WORDS, CellError, Chooser, Selection, cell_error, unknown
from subsidy.budget.subject_tree import first_in_full, periods_of, person_tree, subject_tree
from subsidy.engine.explain_words import money
from subsidy.engine.explanation import Explanation
from subsidy.finding import Refusal, Text

Facts = tuple[tuple[str, str], ...]
CELL = ("clause", "payer", "district", "facility", "fund", "payee", "due")
TOGETHER = {
    "person": ("period",),
    "subject": ("clause", "period"),
    "pot": ("clause", "payer", "district", "facility", "payee", "due"),
    "relief": ("clause", "district", "facility"),
    "cell": CELL,
}


class Narrowed(TypedDict, total=False):
    """By what a cell is narrowed down beside clause, subject and period."""

    person: str | None
    payer: str | None
    district: str | None
    facility: str | None
    fund: str | None
    payee: str | None
    due: str | None
    pot: str | None
    relief: bool


@dataclass(frozen=True)
class Question:
    """What is asked about, as a user writes it: names or labels; an empty text for what belongs to none."""

    clause: str | None = None
    subject: str | None = None
    period: str | None = None
    person: str | None = None
    payer: str | None = None
    district: str | None = None
    facility: str | None = None
    fund: str | None = None
    payee: str | None = None
    due: str | None = None
    pot: str | None = None
    relief: bool = False

    @property
    def given(self) -> dict[str, str]:
        """What is written, by key."""
        named = {field.name: getattr(self, field.name) for field in fields(self) if field.name != "relief"}
        return {name: value for name, value in named.items() if value is not None}

    @property
    def kind(self) -> str:
        """What it is about: person, subject, pot, relief or cell."""
        about = [name for name in ("person", "subject", "pot") if name in self.given]
        return about[0] if about else "relief" if self.relief else "cell"

    @property
    def wrong(self) -> Refusal | None:
        """What does not go together."""
        kind = self.kind
        odd = [name for name in self.given if name != kind and name not in TOGETHER[kind]]
        if self.relief and kind != "relief":
            odd.append("relief")
        if not odd:
            return None
        if odd == ["period"]:
            why = Text("有 period 而无 subject", "there is a period, but no subject")
            return Refusal(why, Text("请再给出 subject 或 person", "give a subject or a person too"))
        beside = {"cell": Text("预算格", "a cell of the budget")}.get(kind, Text(kind, kind))
        why = Text(f"{'、'.join(odd)} 不能与 {beside.zh} 一起用", f"{', '.join(odd)} does not go with {beside.en}")
        allowed = ", ".join(TOGETHER[kind])
        return Refusal(why, Text(f"可一起用的有：{allowed}", f"what goes with it: {allowed}"))


def explained(context: Context, question: Question) -> Breakdown | Explanation:
    """An Explanation where clause, subject and period are given, else a Breakdown.

    Raises CellError for what is unknown, ambiguous, or not there.
    """
    _check_depth(context)
    _check_question(question)
    kind = question.kind
    chooser = Chooser(context.names, context.ends)
    if kind == "subject":
        return _subject(context, question, chooser)
    if kind == "person":
        root = person_tree(context, question.person or "", question.period, _title(context, question.given))
        return _broken_down(context, _of_its_years(context, root, question.given), question.given)
    written = {name: question.given[name] for name in CELL if name in question.given}
    selection = chooser.selection(written)
    if kind == "pot":
        pot = chosen_pot(context, chooser, question.pot or "")
        given = {"pot": pot, **selection.keys}
        return _broken_down(context, pot_tree(context, pot, selection, _title(context, given)), given)
    if question.relief or _is_relief(context, selection.clause):
        _check_question(replace(question, relief=True))
        root = relief_tree(context, selection, _title(context, selection.keys, relief=True))
        return _broken_down(context, root, selection.keys)
    root = cell_tree(context, selection, _title(context, selection.keys))
    root = replace(root, facts=context.findings_of({selection.facility or "", selection.payee or ""} - {""}))
    root, more = _with_other_end(context, selection, root)
    return _broken_down(context, root, selection.keys, more)


def _check_question(question: Question) -> None:
    wrong = question.wrong
    if wrong is not None:
        raise cell_error("wrong-selection", wrong.why, wrong.remedy)


def _check_depth(context: Context) -> None:
    if context.depth is not None and context.depth not in DEPTHS:
        why = Text(f"没有 {context.depth} 这一层", f"there is no depth {context.depth}")
        listed = ", ".join(DEPTHS)
        raise cell_error("depth", why, Text(f"可用：{listed}", f"possible: {listed}"), context.depth)


def _subject(context: Context, question: Question, chooser: Chooser) -> Breakdown | Explanation:
    subject = question.subject or ""
    clause = None if question.clause is None else chooser.clause(question.clause)
    chooser.stop()
    given = {**question.given, **({"clause": clause} if clause else {})}
    if clause is not None and question.period is not None:
        one, own = context.names.clauses[clause]
        try:
            return context.in_full(one, own, subject, question.period)
        except KeyError:
            subject_tree(context, subject, clause, None, "")
            raise CellError([unknown("period", question.period, periods_of(context, subject, clause))]) from None
    try:
        root = subject_tree(context, subject, clause, question.period, _title(context, given))
    except CellError as error:
        return _why_no_period(context, subject, clause, error)
    root = _of_its_years(context, root, given)
    in_full = first_in_full(context, root) if clause is not None and context.depth != "clauses" else None
    return _broken_down(context, replace(root, explanation=in_full), given)


def _why_no_period(context: Context, subject: str, clause: str | None, error: CellError) -> Explanation:
    """Why a subject of the clause's table has no period at all; the error itself where it is of another table."""
    if clause is None:
        raise error
    one, own = context.names.clauses[clause]
    try:
        return context.in_full(one, own, subject, None)
    except KeyError:
        raise error from None


def _of_its_years(context: Context, root: Node, given: Mapping[str, str]) -> Node:
    """The tree of a subject with its year in its name, or that it has no period in the reported year."""
    if "period" in given:
        return root
    own = any(str(node.key.get("period", "")).startswith(str(context.year)) for node in root.walk())
    years = context.said(f"{context.year} 年", str(context.year))
    if not own:
        years = context.said(f"各年（{years}无）", f"all years (none in {years})")
    return replace(root, name=f"{root.name} · {years}")


def _is_relief(context: Context, clause: str | None) -> bool:
    if clause is None:
        return False
    one, name = context.names.clauses[clause]
    return not any(version.clauses[name].model.cash for version in one.schedule.versions if name in version.clauses)


# --- title and head ------------------------------------------------------------------------------------------------


def _title(context: Context, given: Mapping[str, str], relief: bool = False) -> str:
    """养老机构运营补助 · 市级财政 · 机构 F0093 · 2023 年."""
    language = context.language
    parts = []
    for name, value in given.items():
        word = KIND_WORDS[name].in_(language)
        if name == "clause" or (name == "pot" and value):
            parts.append(context.names.label(value, language))
        elif name == "payer":
            parts.append(context.names.payer(value, language))
        else:
            parts.append(f"{word} {value}" if value else context.said(f"无{word}", f"no {word}"))
    if relief:
        parts.append(context.said("减免（非现金）", "relief (no cash)"))
    if not parts:
        parts.append(context.said("合计", "total"))
    if not {"due", "pot", "period", "subject", "person"} & set(given):
        parts.append(context.said(f"{context.year} 年", str(context.year)))
    if context.low:
        parts.append(context.said("下限", "low"))
    return " · ".join(parts)


def _broken_down(context: Context, root: Node, given: Mapping[str, str], more: Facts = ()) -> Breakdown:
    return Breakdown(root, (*_head(context, root, given), *more), given, context.language)


def _head(context: Context, root: Node, given: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    """What holds for all of the tree: how the year is meant, the schedules, what was left out."""
    said = context.said
    basis = {
        "due": ("按拨付到期日归年", "by the day it is due"),
        "accrued": ("按所属期归年", "by the period it is for"),
    }
    head: list[tuple[str, str]] = []
    if root.kind == "cell" and all(name != "due" for name in given):
        head.append((said("年度口径", "year"), said(*basis[context.basis])))
    if root.kind == "relief":
        head.append((said("年度口径", "year"), said("按所属期归年", "by the period it is for")))
    if root.kind == "subject":
        head.append(
            (
                said("年度口径", "year"),
                said("按所属期归年，限制之后、分担之前", "by the period it is for; after limits, before payers"),
            )
        )
    head.append((said("单位", "unit"), said("元", "yuan")))
    used = {str(node.key["schedule"]) for node in root.walk() if "schedule" in node.key}
    for version in versions_of(context.calculated):
        if version.id in used or not used:
            head.append((said("标准", "schedule"), f"{version.id} {version.first_day} r{version.model.revision}"))
            overlaid = said("临时改动，非文件原文", "overlay, not in the document")
            head += [(overlaid, f"{path} = {value}") for path, value in version.overlays]
    left_out = sum(blocked_rows(context.calculated).values())
    if left_out:
        head.append((said("因有错误未计算的行", "rows left out because of errors"), f"{left_out:,}"))
    entitlements = sum(node.kind == "entitlement" for node in root.walk())
    if context.explained and context.explained < entitlements:
        listed = said(
            f"所列 {entitlements:,} 项中的 {context.explained} 项", f"{context.explained} of {entitlements:,} listed"
        )
        head.append((said("逐项说明", "explained in full"), listed))
    return tuple(head)


def _with_other_end(context: Context, selection: Selection, root: Node) -> tuple[Node, Facts]:
    """The cell with what is different with open amounts at the other end: each of its clauses, and its total."""
    if all(one.low is one.high for one in context.calculated):
        return root, ()
    said, other, sums = context.said, replace(context, low=not context.low), Counter[str]()
    for one, payments in other.ends:
        where = selection.where(context.names, one, context.year, context.basis)
        for row in payer_sums(payments, where) if where is not None else ():
            sums[context.names.clause(one.schedule.id, row.clause)] += row.amount
    zh, en = ("上限", "high") if context.low else ("下限", "low")
    name = said(f"未核定金额取{zh}时", f"with open amounts at their {en} end")
    here = {str(node.key["clause"]): node for node in root.children}
    if len({*here, *sums}) > 1:
        clauses = [
            node if sums[clause] == node.amount else replace(node, facts=(*node.facts, (name, money(sums[clause]))))
            for clause, node in here.items()
        ]
        root = replace(root, children=tuple(clauses))
    total = sum(sums.values())
    head = [] if total == root.amount else [(name, money(total))]
    for clause in context.names.clauses:
        if clause not in here and sums[clause]:
            label = context.names.label(clause, context.language)
            head.append((f"{name}{said('，', ', ')}{label}", money(sums[clause])))
    return root, tuple(head)
