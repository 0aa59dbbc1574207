"""Findings of the calculation: given amounts outside a range of the policy, and blank cells that a clause needed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from subsidy import sql
from subsidy.engine import calendar
from subsidy.engine.base import COUNT, DUE_MONTH, PERIOD, SUBJECT, plain_rows
from subsidy.engine.blanks import missing_facts
from subsidy.engine.calendar import EVER
from subsidy.engine.database import Query
from subsidy.engine.grain import CompiledGrain, GrainCompiler
from subsidy.engine.layers import ref
from subsidy.engine.never_missing import is_never_missing
from subsidy.engine.row import RowCompiler
from subsidy.engine.run import Prepared, Run
from subsidy.finding import Finding, Place, Refusal, Text
from subsidy.money import yuan_text
from subsidy.schedule.checked import CheckedClause
from subsidy.schedule.column import Column
from subsidy.schedule.expression import plain_number
from subsidy.schedule.load import Version
from subsidy.schedule.node import Aggregate, Node, Type

if TYPE_CHECKING:
    from subsidy.roster.intake import Intake

OUTSIDE = "outside-policy-range"


@dataclass
class _Blank:
    """What one blank cell keeps from being calculated: how many units of a clause, from and to which period."""

    compiled: CompiledGrain
    clause: CheckedClause
    leaf: Node
    units: int = 0
    periods: set[int] = field(default_factory=set)


@dataclass(frozen=True)
class Cell:
    """A cell that a clause needed: its table, fact and row."""

    table: str
    fact: str
    key: str
    row: int


def place_of(intake: Intake, table: str, column: str, row: int) -> Place:
    """Where a cell stands in the officer's file."""
    if table in intake.tables:
        return intake.place(table, column, row)
    file, sheet = intake.sources.get(table, ("", table))
    return Place(file, sheet, row, column)


# --- ranges --------------------------------------------------------------------------------------------------------


def outside_ranges(prepared: Prepared) -> list[Finding]:
    """Given numbers beyond an end of their range that is a value of the policy."""
    found: dict[tuple[str, str, int], Finding] = {}
    for version, table, name, column in prepared.once(("ranges",), lambda: _looked_up(prepared)):
        for finding in _outside(prepared, version, table, name, column):
            found.setdefault((table, name, finding.place.row), finding)
    return list(found.values())


def _looked_up(prepared: Prepared) -> list[tuple[Version, str, str, Column]]:
    """The columns of numbers of this shape of roster that have such an end."""
    return [
        (version, table, name, column)
        for version in prepared.schedule.versions
        for table, model in version.tables.items()
        for name, column in model.columns.items()
        if column.type == "number" and prepared.shape.has(table, name) and _is_looked_up(column)
    ]


def _is_looked_up(column: Column) -> bool:
    return any(not end.lstrip("-").replace(".", "").isdigit() for end in (column.low, column.high))


def _outside(prepared: Prepared, version: Version, table: str, name: str, column: Column) -> list[Finding]:
    kind = version.checker.type_of(column, table, name)

    def query_beyond() -> Query:
        compiler = GrainCompiler(version, prepared.shape, "high", EVER, EVER, EVER, lambda _: None)
        layers = plain_rows(version, prepared.shape, table)
        rows = compiler.rows(layers, table)
        placed = _placed(rows)
        cell = ref(rows.cell((), table, name, kind))
        low, high = (ref(layers.named(rows.range_end(column, table, (), kind, end))) for end in ("low", "high"))
        beyond = sql.any_of([sql.compare("<", cell, low), sql.compare(">", cell, high)])
        columns = [("subject", ref(SUBJECT)), ("row", ref("_row")), ("cell", cell), ("low", low), ("high", high)]
        return Query(layers.query(columns, sql.all_of([beyond, *placed])))

    query = prepared.once(("beyond its range", version.first_day, table, name), query_beyond)
    return [
        _range_finding(prepared.intake, table, name, kind, row)
        for row in sorted(prepared.rows(query), key=lambda row: int(row[1]))
    ]


def _range_finding(intake: Intake, table: str, name: str, kind: Type, row: tuple[Any, ...]) -> Finding:
    subject, number, cell, low, high = row

    def shown(value: int) -> str:
        return yuan_text(value) if "yuan" in kind.unit.over else plain_number(Fraction(value, kind.scale))

    return Finding(
        place_of(intake, table, name, number),
        OUTSIDE,
        Text(f"超出政策范围 {shown(low)} 至 {shown(high)}", f"the policy allows {shown(low)} to {shown(high)}"),
        Text("请核对；尚未核定的留空", "check it; leave it blank while it is not assessed"),
        shown(cell),
        "error",
        table,
        subject,
    )


# --- blanks --------------------------------------------------------------------------------------------------------


def blank_cells(run: Run, year: int | None = None) -> list[Finding]:
    """For every amount (of periods that end in `year`) that could not be calculated, the missing cell, each once."""
    found: dict[tuple[Cell, str], _Blank] = {}
    for compiled, grain in run.grains:
        relation = run.plan.amounts.get(grain, grain)
        doubtful = [name for name in compiled.columns if not _is_known(run.prepared, compiled, name)]
        for name in _with_missing(run.prepared, relation, doubtful) if doubtful else ():
            _collect(run.prepared, compiled, grain, compiled.version.clauses[name], year, found)
    findings = [_blank_finding(run.prepared.intake, cell, blank) for (cell, _), blank in found.items()]
    findings += _undated(run)
    return sorted(findings)


def _is_known(prepared: Prepared, compiled: CompiledGrain, name: str) -> bool:
    """Whether it is proved that all amounts of a clause are known; of few rows it is quicker to look."""
    version = compiled.version
    return not prepared.shape.few and is_never_missing(version.clauses[name], version, prepared.intake.solid)


def _with_missing(prepared: Prepared, relation: str, clauses: Sequence[str]) -> list[str]:
    """The clauses of a grain with an amount that could not be calculated."""

    def query() -> Query:
        owed = [sql.column(f"owed:{name}") for name in clauses]
        columns = [sql.highest(sql.case([(sql.is_missing(one), sql.whole(1))], sql.whole(0))) for one in owed]
        return Query(sql.select(columns, sql.table(relation)))

    (found,) = prepared.rows(prepared.once(("with missing", relation, *clauses), query))
    return [name for name, has_missing in zip(clauses, found, strict=True) if has_missing]


def _collect(
    prepared: Prepared,
    compiled: CompiledGrain,
    relation: str,
    clause: CheckedClause,
    year: int | None,
    found: dict[tuple[Cell, str], _Blank],
) -> None:
    """What keeps the amounts of a clause of a grain from being calculated, into `found`."""

    def query() -> tuple[Query, list[Node]]:
        rows = compiled.rows.fork()
        rows.within(clause.name)
        suspects = _suspects(rows, clause)
        columns = [("subject", ref(SUBJECT)), ("period", ref(PERIOD)), ("count", ref(COUNT)), ("row", ref("_row"))]
        for index, (_, leaf, tree) in enumerate(suspects):
            key, row = _whose_cell(rows, leaf)
            columns += [
                (f"missing{index}", ref(rows.layers.named(tree))),
                (f"key{index}", ref(key)),
                (f"row{index}", ref(row)),
            ]
        where = sql.all_of([compiled.in_force, sql.is_missing(ref(f"owed:{clause.name}")), *_ends_in(year)])
        return Query(rows.layers.query(columns, where)), [leaf for _, leaf, _ in suspects]

    asked, leaves = prepared.once(("missing", relation, clause.name, year), query)
    for subject, period, count, own_row, *flags in prepared.rows(asked):
        for index, leaf in enumerate(leaves):
            is_missing, key, row = flags[3 * index : 3 * index + 3]
            if is_missing:
                home = _home(leaf, clause)
                cell = Cell(home, leaf.name, key or subject, row or (own_row if _is_own(leaf) else 0))
                if not prepared.shape.has(home):
                    cell = Cell(home, leaf.name, "", 0)
                blank = found.setdefault((cell, clause.name), _Blank(compiled, clause, leaf))
                blank.units += count
                blank.periods.add(period)
                break


def _ends_in(year: int | None) -> list[sql.Sql]:
    """That a row's period ends in a year."""
    if year is None:
        return []
    month = ref(DUE_MONTH)
    return [
        sql.compare(">=", month, sql.whole(year * 12)),
        sql.compare("<", month, sql.whole((year + 1) * 12)),
    ]


def _is_own(leaf: Node) -> bool:
    """Whether the cell stands in the clause's own row."""
    return not leaf.way and not (leaf.fact is not None and leaf.fact.history)


def _home(leaf: Node, clause: CheckedClause) -> str:
    hops = leaf.way
    if leaf.fact is not None and leaf.fact.history:
        return leaf.fact.history
    return hops[-1][1] if hops else clause.table


def _suspects(rows: RowCompiler, clause: CheckedClause) -> list[tuple[str, Node, sql.Sql]]:
    """Facts and look-ups in order of reading, each with the condition that it is the one to name."""
    suspects: list[tuple[str, Node, sql.Sql]] = []
    before: list[sql.Sql] = []
    for index, node in enumerate(clause.when):
        condition = ref(f"when:{clause.name}:{index}")
        here = [*before, sql.is_missing(condition)]
        suspects += [("when", leaf, sql.all_of([*here, tree])) for leaf, tree in missing_facts(node, rows)]
        before.append(sql.is_known(condition))
    for node in [clause.amount, *clause.made_of, *([clause.clawback.share] if clause.clawback else [])]:
        suspects += [("amount", leaf, sql.all_of([*before, tree])) for leaf, tree in missing_facts(node, rows)]
    suspects.append(("amount", clause.amount, sql.boolean(True)))
    return suspects


def _whose_cell(rows: RowCompiler, leaf: Node) -> tuple[str, str]:
    """The columns with the key and the row number of the record whose cell is read."""
    hops = leaf.way
    table = hops[-1][1] if hops else rows.table
    key = rows.cell(hops, table, rows.version.tables[table].key or "", Type("text"))
    if leaf.fact is not None and leaf.fact.history:
        return key, rows.history_row(leaf.fact)
    return key, rows.cell(hops, table, "_row", Type("number"))


def _blank_finding(intake: Intake, cell: Cell, blank: _Blank) -> Finding:
    clause, leaf, units = blank.clause, blank.leaf, blank.units
    every = clause.model.every
    first, last = (calendar.period_label(every, end(blank.periods)) for end in (min, max))
    when = first if first == last else f"{first} … {last}"
    label = clause.model.label
    zh, en = (label.zh, label.en) if label else (clause.name, clause.name)
    word = blank.compiled.version.words.get(leaf.name.rsplit(".", 1)[-1], leaf.name)
    effect = Text(
        f"{zh}（第 {clause.model.item} 条）因此无法计算：共 {units} 人次（项），{when}",
        f"so {en} (item {clause.model.item}) cannot be calculated: {units} × subject and period, {when}",
    )
    if leaf.operation in ("value", "slices"):
        why = Text(f"{cell.key}：{word} 没有对应的标准", f"{cell.key}: {leaf.name} has no figure for its keys")
        remedy = Text("请核对其各键", "check the facts it is looked up by")
    elif not cell.key:
        table = blank.compiled.version.words.get(cell.table, cell.table)
        why = Text(
            f"缺少表 {table}（{cell.table}），没有{word}",
            f"the table {cell.table} is missing, and {leaf.name} with it",
        )
        remedy = Text("请补上该表", "add the table")
    elif leaf.fact is not None and leaf.fact.history and not cell.row:
        why = Text(f"{cell.key}：截至该日没有{word}", f"{cell.key}: no {leaf.name} on or before that day")
        history = blank.compiled.version.words.get(leaf.fact.history, leaf.fact.history)
        remedy = Text(f"请在{history}中补一行", f"add a row to {leaf.fact.history}")
    elif leaf.aggregate is not None:
        why = Text(f"{cell.key}：{word} 无法确定", f"{cell.key}: {leaf.name} cannot be determined")
        remedy = _aggregate_remedy(leaf.aggregate)
    elif leaf.fact is not None:
        why = Text(f"{cell.key}：{word} 空白", f"{cell.key}: {leaf.name} is blank")
        remedy = Text("请填写", "fill it in")
    else:
        why = Text(f"{cell.key}：金额无法确定", f"{cell.key}: the amount cannot be determined")
        remedy = Text(
            "请核对所用的事实和标准，除数可能为零", "check the facts and figures it reads; a divisor may be 0"
        )
    column = leaf.fact.column_name if leaf.fact else ""
    place = place_of(intake, cell.table, column, cell.row)
    return Finding(
        place,
        "blank-cell",
        Text(f"{why.zh}，{effect.zh}", f"{why.en}, {effect.en}"),
        remedy,
        "",
        "error",
        cell.table,
        cell.key,
    )


def _aggregate_remedy(aggregate: Aggregate) -> Text:
    if aggregate.by is not None:
        return Text(
            "请核对截至该行的各行；有人数 count 的行须拆成单行",
            "check the rows up to this one; a row with a count must become single rows",
        )
    what = Text("各期的事实", "its facts in each period")
    if not aggregate.each:
        what = Text(f"{aggregate.over} 中的各行", f"the rows of {aggregate.over} behind it")
    return Text(
        f"请核对{what.zh}，或在 {aggregate.column_name} 列直接给出",
        f"check {what.en}, or give it in a column {aggregate.column_name}",
    )


def _undated(run: Run) -> list[Finding]:
    """Rows without the day that dates them or picks their version, where a blank is not allowed to mean never."""
    prepared = run.prepared
    found: dict[Finding, None] = {}
    for compiled, _ in run.grains:
        for name in compiled.columns:
            clause = compiled.version.clauses[name]
            for node in (clause.dated, clause.version_by):
                if node is not None and node.type.can_be_missing:
                    found |= dict.fromkeys(_without_day(prepared, compiled.version, clause, node))
    return list(found)


def _placed(rows: RowCompiler) -> list[sql.Sql]:
    """That a row stands in a district of the document, as far as that can be said without a reading day."""
    try:
        node = rows.version.checker.placed(rows.table, None)
    except Refusal:
        return []
    if node is None:
        return []
    placed = ref(rows.layers.named(rows.condition(node)))
    return [sql.any_of([placed, sql.is_missing(placed)])]


def _without_day(prepared: Prepared, version: Version, clause: CheckedClause, node: Node) -> list[Finding]:
    def queries() -> list[tuple[Node, Query]]:
        compiler = GrainCompiler(version, prepared.shape, "high", EVER, EVER, EVER, lambda _: None)
        rows = compiler.rows(plain_rows(version, prepared.shape, clause.table), clause.table)
        no_day, placed = sql.is_missing(rows.value(node).main), _placed(rows)
        made = []
        for leaf, is_blank in missing_facts(node, rows):
            key, row = _whose_cell(rows, leaf)
            where = sql.all_of([no_day, is_blank, *placed])
            made.append((leaf, Query(rows.layers.query([("key", ref(key)), ("row", ref(row))], where))))
        return made

    found = []
    for leaf, query in prepared.once(("without day", version.first_day, clause.name, node.name), queries):
        for subject, number in sorted(set(prepared.rows(query))):
            why = Text(
                f"{subject}：{leaf.name} 空白，无法确定日期", f"{subject}: {leaf.name} is blank, so it has no date"
            )
            table, column = _home(leaf, clause), leaf.fact.column_name if leaf.fact else leaf.name
            place = place_of(prepared.intake, table, column, number or 0)
            remedy = Text("请填写日期", "fill in the date")
            found.append(Finding(place, "blank-date", why, remedy, "", "error", table, subject))
    return found
