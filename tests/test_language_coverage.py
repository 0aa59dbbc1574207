"""Every feature of the language stands in Template City with an amount; every operation is checked by the oracle."""

from __future__ import annotations

import typing
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
import yaml
from oracle import calculate
from pydantic import BaseModel
from test_engine_equals_oracle import engine_entitlements, engine_payments, oracle_entitlements

import subsidy
from subsidy.budget.examples import run_examples
from subsidy.money import Rounding
from subsidy.report.outcomes import outcome_text
from subsidy.schedule import expression as ex
from subsidy.schedule.catalogue import Schedule, catalogue, schedule
from subsidy.schedule.column import AGGREGATES, PERIODS, Column
from subsidy.schedule.date_words import DATE_WORDS, DISTANCES, TIME_WORDS
from subsidy.schedule.infer import NUMBER_WORDS, ROUNDING_STEPS
from subsidy.schedule.load import Version
from subsidy.schedule.model import ScheduleFile, Value
from subsidy.schedule.node import Node, Operation
from subsidy.schedule.scope import LIFE_FACTS

CASES = Path(__file__).parent / "cases"
IDS = [name for name in catalogue() if name.startswith("template-city/")]
VERSIONS = [version for name in IDS for version in schedule(name).versions]


def written_expressions(version: Version) -> Iterator[str]:
    for table in version.model.facts.values():
        for column in table.columns.values():
            yield from (one for one in (column.formula, column.where) if one)
    for clause in version.model.clauses.values():
        yield from (one for one in (clause.when, clause.amount, *clause.steps.values()) if one)
        yield from (one for one in (clause.parts or {}).values() if one != "rest")
        if clause.pay and clause.pay.while_:
            yield clause.pay.while_
        if clause.clawback:
            yield clause.clawback.share
        if clause.allocation:
            one = clause.allocation
            yield from (text for text in (one.coefficient, one.at_least, one.at_most) if text)
    for target in version.model.targets.values():
        named = (target.when, target.measure, target.at_least, target.at_most, target.printed)
        yield from (text for text in named if text)
    for value in version.model.values.values():
        yield from (key for key in value.by if key not in ("payer", "instalment", "years"))


def trees(tree: Any) -> Iterator[Any]:
    yield tree
    for name in getattr(tree, "__dataclass_fields__", ()):
        inner = getattr(tree, name)
        for one in inner if isinstance(inner, tuple) else (inner,):
            if hasattr(one, "__dataclass_fields__"):
                yield from trees(one)


ALL_TREES = [
    tree
    for version in VERSIONS
    for text in written_expressions(version)
    for tree in trees(ex.parse(text))
]  # fmt: skip


def models(kind: Any, seen: dict[type, None]) -> dict[type, None]:
    """Every model a schedule may hold."""
    is_model = isinstance(kind, type) and issubclass(kind, BaseModel) and kind is not Column
    if is_model and kind not in seen:
        seen[kind] = None
        for field in kind.model_fields.values():
            models(field.annotation, seen)
    for inner in typing.get_args(kind):
        models(inner, seen)
    return seen


def filled(content: Any) -> Iterator[tuple[type, str]]:
    """The keys that a schedule writes: those of each model whose content is not the default."""
    if isinstance(content, BaseModel):
        for name, field in type(content).model_fields.items():
            value = getattr(content, name)
            if field.is_required() or value != field.get_default(call_default_factory=True):
                yield type(content), field.alias or name
            yield from filled(value)
    elif isinstance(content, Mapping):
        for inner in content.values():
            yield from filled(inner)
    elif isinstance(content, (list, tuple)):
        for inner in content:
            yield from filled(inner)


# --- the form ------------------------------------------------------------------------------------------------------


def test_every_key_of_the_form_is_written_in_template_city() -> None:
    written = {pair for version in VERSIONS for pair in filled(version.model)}
    known = {
        (model, field.alias or name)
        for model in models(ScheduleFile, {})
        for name, field in model.model_fields.items()
    }  # fmt: skip
    assert {f"{model.__name__}.{name}" for model, name in known - written} == set()


def columns() -> list[Column]:
    tables = [table for version in VERSIONS for table in version.model.facts.values()]
    return [column for table in tables for column in table.columns.values()]


@pytest.mark.parametrize(
    ("what", "found", "known"),
    [
        (
            "types of columns",
            {one.type for one in columns()},
            {*typing.get_args(Column.model_fields["type"].annotation)},
        ),
        ("meanings of blank", {one.blank for one in columns()}, {"missing", "none", "0", "ongoing", "open", "yes"}),
        ("aggregates", {one.aggregate for one in columns()}, {*AGGREGATES}),
        (
            "periods of rows",
            {clause.every for version in VERSIONS for clause in version.model.clauses.values()},
            {*PERIODS, "once", "event"},
        ),
        (
            "ways to keep",
            {(limit.keep or "").split(" ")[0] for version in VERSIONS for limit in version.model.limits.values()},
            {"highest", "first", "most"},
        ),
        (
            "ways when short",
            {(limit.when_short or "").split(" ")[0] for version in VERSIONS for limit in version.model.limits.values()},
            {"report", "pro_rata", "in_order", "by_rank"},
        ),
        (
            "what ceilings count, on subjects and in pots",
            {(limit.counts, limit.is_pot) for version in VERSIONS for limit in version.limits.values()},
            {("money", False), ("money", True), ("months", False), ("subjects", False)},
        ),
        (
            "reading days",
            {
                clause.reads_at if clause.reads_at in ("first_day", "last_day") else "a date"
                for version in VERSIONS
                for clause in version.model.clauses.values()
            },
            {"first_day", "last_day", "a date"},
        ),
        (
            "units without dimension",
            {value.unit.split(" ")[0] for version in VERSIONS for value in version.model.values.values()},
            {"percent", "weight", "date", "yuan", "month_of_year"},
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_every_choice_is_made_somewhere(what: str, found: set[Any], known: set[Any]) -> None:
    assert known - found == set(), what


def keys_of(figures: Any) -> Iterator[str]:
    if isinstance(figures, Mapping):
        for key, inner in figures.items():
            yield str(key)
            yield from keys_of(inner)


def test_every_form_of_key_is_written() -> None:
    values: list[Value] = [value for version in VERSIONS for value in version.model.values.values()]
    keys = {key for value in values for key in keys_of(value.figures)}
    assert "other" in keys
    for form in ("closed..closed", "..closed", "closed..", ">open", "<open"):
        low, _, high = form.partition("..")
        assert any(
            (".." in key)
            and (form[0] not in "<>" or form[0] in key)
            and (form[0] in "<>" or (bool(key.split("..")[0]), bool(key.split("..")[1])) == (bool(low), bool(high)))
            for key in keys
        ), form
    assert {len(value.by) for value in values} >= {0, 1, 2, 3}
    assert any(value.figures == "none" or "none" in str(value.figures) for value in values)


# --- the grammar ---------------------------------------------------------------------------------------------------


def test_every_production_of_the_grammar_is_used() -> None:
    kinds = {type(tree) for tree in ALL_TREES}
    assert set(typing.get_args(ex.Expression)) - kinds == {ex.DateLiteral}, "a date in an expression is always refused"
    operators = {tree.operator for tree in ALL_TREES if isinstance(tree, (ex.Binary, ex.Unary))}
    assert {*"+-*/", *ex.COMPARISONS, "and", "or", "not"} - operators == set()
    assert {tree.unit for tree in ALL_TREES if isinstance(tree, ex.Number)} == {"", "percent", "month"}


def test_every_word_is_used() -> None:
    called = {tree.name for tree in ALL_TREES if isinstance(tree, ex.Call)}
    assert {*NUMBER_WORDS, *DATE_WORDS} - called == set()
    two_days = {tree.name for tree in ALL_TREES if isinstance(tree, ex.Call) and len(tree.arguments) == 2}
    assert {*DISTANCES} - two_days == set()
    named = {str(tree) for tree in ALL_TREES if isinstance(tree, ex.Name)}
    assert {*TIME_WORDS, *LIFE_FACTS} - named == set()
    roundings = [tree for tree in ALL_TREES if isinstance(tree, ex.Round)]
    assert {*ROUNDING_STEPS, "1"} - {tree.to for tree in roundings} == set()
    assert {tree.to for tree in roundings} - {*ROUNDING_STEPS, "1"}, "a step that is a value"
    assert {tree.rounding for tree in roundings} == set(typing.get_args(Rounding))


# --- amounts and the oracle ----------------------------------------------------------------------------------------


def test_every_clause_has_an_amount_worked_out_by_hand() -> None:
    in_cases = {
        line["clause"].rpartition(":")[2]
        for path in (CASES / "template-city").glob("*.yaml")
        for case in as_list(yaml.load(path.read_text(encoding="utf-8"), yaml.BaseLoader))
        for line in case["expected"]
    }
    with_examples = {
        (version.id, name)
        for version in VERSIONS
        for name, clause in version.model.clauses.items()
        if clause.examples or name in in_cases
    }
    every = {(version.id, name) for version in VERSIONS for name in version.model.clauses}
    assert every - with_examples == set()


def as_list(content: Any) -> list[Any]:
    return content if isinstance(content, list) else [content]


@pytest.mark.parametrize("name", IDS)
def test_the_examples_of_template_city(name: str) -> None:
    results = list(run_examples(schedule(name)))
    assert [outcome_text(one, "en") for one in results if not one.passed] == []


def nodes_of(version: Version) -> Iterator[Node]:
    ahead = [node for clause in version.clauses.values() for node in clause.expressions]
    ahead += [node for limit in version.limits.values() for by in (limit.by, limit.ceiling) for node in by.values()]
    seen: set[int] = set()
    while ahead:
        node = ahead.pop()
        if id(node) in seen:
            continue
        seen.add(id(node))
        yield node
        ahead += node.arguments
        if node.aggregate is not None:
            ahead += [one for one in (node.aggregate.where, node.aggregate.measure) if one is not None]


def test_every_operation_is_checked_by_the_oracle() -> None:
    """The next test compares them."""
    used = {node.operation for version in VERSIONS for node in nodes_of(version)}
    assert set(typing.get_args(Operation)) - used - {"date"} == set()


@pytest.mark.parametrize("version", VERSIONS, ids=lambda version: f"{version.id}-{version.first_day}")
def test_the_oracle_agrees_on_template_city(version: Version) -> None:
    """All examples of a version in one roster: the rows of each under names of its own."""
    rows: dict[str, list[dict[str, str]]] = {}
    examples = [example for clause in version.model.clauses.values() for example in clause.examples]
    for number, example in enumerate(examples):
        for table, content in example.rows.items():
            known = rows.setdefault(table, [])
            known += [row for row in renamed(version, table, content, number) if row not in known]
    year = version.first_day.year + 1
    alone = Schedule((version,), (Path("template.yaml"),))
    result = subsidy.calculate(alone, subsidy.Roster(**rows), year, proceed=True)
    expected = calculate([version.canonical()], rows, "high", year)
    first_days = [version.first_day.isoformat()]
    assert engine_entitlements(result, first_days) == oracle_entitlements(expected)
    assert engine_payments(result) == expected.payments


def renamed(
    version: Version, table: str, rows: Sequence[Mapping[str, str]], number: int
) -> Iterator[dict[str, str]]:  # fmt: skip
    """The rows with key, person and references made their example's own; districts stay where a document names some."""
    shared = {"districts"} if version.model.districts else set()
    model = version.tables[table]
    own = {"person", *(name for name, to in model.references.items() if to not in shared)}
    if model.key and table not in shared:
        own.add(model.key)
    for row in rows:
        yield {name: f"{cell}-{number}" if name in own and cell else cell for name, cell in row.items()}
