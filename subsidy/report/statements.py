"""All statements of a calculation as text that anyone can run: input tables, calendars, then every step in order."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from subsidy import sql
from subsidy.engine.allocations import AllocationStep
from subsidy.engine.calendar_query import months_query, periods_query
from subsidy.engine.cells import RosterShape, roster_table
from subsidy.engine.database import WITHOUT_WRONG_PLANS
from subsidy.engine.plan import Plan, Statement, plan_for
from subsidy.engine.run import YEARS_OF_MONTHS, shape_of, years_covered
from subsidy.finding import Language
from subsidy.roster.cells import DATE_PARTS, form_of
from subsidy.roster.intake import Intake
from subsidy.roster.layout import layout
from subsidy.roster.names import Names
from subsidy.schedule.catalogue import Schedule
from subsidy.schedule.checked import CheckedClause
from subsidy.schedule.column import PERIODS
from subsidy.schedule.load import RosterColumn
from subsidy.schedule.together import together

Dialect = Literal["duckdb", "spark", "sqlite"]
PAYMENT = ("clause", "line", "payee", "facility", "district", "due", "accrued", "payer", "place", "owed")
TYPES = {"text": "TEXT", "whole": "BIGINT", "yes_no": "BOOLEAN"}
_SHORT = re.compile(r"\(\n *([^\n]{1,80})\n *\)")
SPARK_TYPES = TYPES | {"text": "STRING"}


def statements(
    schedule: Schedule, dialect: Dialect, year: int, language: Language, intake: Intake | None = None
) -> str:
    """The statements of a schedule's calculation in the SQL of an engine, each under a comment.

    Of the shape of a roster that was taken in, or of one that has every column that the schedule reads. The calendars
    go up to what the roster mentions or `year`. Open amounts stand at their high end.
    """
    woven = together((schedule,)).schedules[0]
    shape = _shape_read(schedule) if intake is None else shape_of(woven, intake)
    years = years_covered(woven, intake, year)
    plan = plan_for(woven, shape, "high")
    return _Script(plan, dialect, language, years).text()


def _shape_read(schedule: Schedule) -> RosterShape:
    """Every table with all columns that the schedule reads, as the intake would store them."""
    columns = {}
    for table in layout([schedule]).tables:
        names = {"_row"}
        for column in table.columns:
            is_date = form_of(column.spec) == "date"
            names |= {column.name + part for part in (DATE_PARTS if is_date else ("",))}
        if table.shape.life:
            names |= {f"life#{end}{part}" for end in ("from", "to") for part in DATE_PARTS}
        if table.shape.is_history:
            names.add("valid_to")
        columns[table.name] = frozenset(names)
    return RosterShape(columns)


_OF_GRAIN = {
    "": ("每个对象、每个期间一行：各步骤和金额", "One row per subject and period: steps and amounts"),
    "numbers": ("每行的编号，以及文本相同的首行编号", "A number for each row, and that of the first one alike"),
    "rows": ("每行在各期间都相同的内容", "What is the same in all periods of a row"),
    "amounts": ("每行、每个期间的金额", "One row per row and period: amounts"),
}
_OF_LIMIT = {
    "": ("限制 {} 留下的部分", "What the limit {} keeps"),
    "groups": ("限制 {} 中不能全额享受的各组", "The groups in which the limit {} leaves not everybody everything"),
    "left": ("限制 {} 之后的数额", "What is left after the limit {}"),
}


@dataclass(frozen=True)
class _Stored:
    """A column of an input table: its type, and what its numbers or texts are."""

    type: str
    meaning: str


@dataclass(frozen=True)
class _Script:
    plan: Plan
    dialect: Dialect
    language: Language
    years: tuple[int, int]

    def text(self) -> str:
        parts = [self._head(), *self._settings(), *self._inputs(), *self._calendars()]
        parts += [part for stage in self.plan.stages for step in stage for part in self._step(step)]
        return "\n\n".join([*parts, self._payments()]) + "\n"

    def _say(self, zh: str, en: str) -> str:
        return zh if self.language == "zh" else en

    # --- parts -------------------------------------------------------------------------------------------------

    def _head(self) -> str:
        schedule = self.plan.schedule
        versions = ", ".join(f"{one.first_day.isoformat()} (r{one.model.revision})" for one in schedule.versions)
        lines = [
            f"{schedule.id} {versions}",
            self._say(
                "金额一律为整数分；月份编号 = 年 × 12 + 月 − 1；日期编号 = 自 1970-01-01 起的天数。",
                "Money is in whole fen. A month is year × 12 + month − 1, a day the days since 1970-01-01.",
            ),
            self._say("尚未核定的金额取上限。", "Amounts that are not assessed yet stand at their high end."),
        ]
        return _comment(*lines)

    def _settings(self) -> Iterator[str]:
        if self.dialect == "duckdb":
            why = self._say(
                "此项优化在 DuckDB 2.0.1 中会漏掉应有的行，须关闭",
                "DuckDB 2.0.1 loses rows with this optimisation: it must be off",
            )
            yield f"{_comment(why)}\n{WITHOUT_WRONG_PLANS};"

    def _inputs(self) -> Iterator[str]:
        names = Names(self.plan.schedule.versions)
        for table in names.all_tables():
            if not self.plan.shape.has(table):
                continue
            shape = names.shape(table)
            stored = {
                column: self._stored(column, shape.columns, names) for column in sorted(self.plan.shape.columns[table])
            }
            label = names.words.get(table, table) if self.language == "zh" else table
            what = self._say(f"输入表：{label}", f"Input: {label}")
            types = SPARK_TYPES if self.dialect == "spark" else TYPES
            columns = [
                f"  {self._name(column)} {types[one.type]}{',' if number < len(stored) else ''} -- {one.meaning}"
                for number, (column, one) in enumerate(stored.items(), 1)
            ]
            created = [f"CREATE TABLE IF NOT EXISTS {self._name(roster_table(table))} (", *columns, ");"]
            if self.dialect == "spark":
                view = self._say("请先建立同名临时视图：", "make a temporary view of this name first:")
                yield _comment(f"{what}，{view}" if self.language == "zh" else f"{what}; {view}", *created[1:-1])
            else:
                yield "\n".join([_comment(what), *created])

    def _calendars(self) -> Iterator[str]:
        every_month = months_query(*YEARS_OF_MONTHS)
        yield self._created(
            self._say("每月的首日和天数", "Each month's first day and number of days"), "months", every_month
        )
        first, last = self.years
        for every in PERIODS:
            what = self._say(f"{first} 至 {last} 年的期间：{every}", f"Periods of {first} to {last}: {every}")
            yield self._created(what, f"calendar:{every}", periods_query(every, first, last))

    def _step(self, step: Statement | AllocationStep) -> Iterator[str]:
        if isinstance(step, Statement):
            yield self._created(self._about(step.name), step.name, step.query.tree, step.kind == "view")
            return
        what = self._say(
            f"{self._about(step.name)}：此步按整数在 SQL 之外分配，从 {step.asked} 读入，结果填入此表",
            f"{self._about(step.name)}: a sum is distributed outside SQL, in whole numbers, from {step.asked} to this",
        )
        columns = {"#subject": "text", "#period": "whole", "owed": "whole", "decided": "text", "share": "whole"}
        nothing = [
            sql.alias(sql.missing_text() if kind == "text" else sql.missing(), name) for name, kind in columns.items()
        ]
        empty = sql.select(nothing, sql.inline_rows(["n"], [[0]], "e"), where=sql.boolean(False))
        yield self._created(what, step.name, empty)

    def _payments(self) -> str:
        what = self._say(
            "各承担主体在每笔拨付中应承担的数额（分）", "What each payer owes of each payment line, in fen"
        )
        if self.plan.pots:
            cut = self._say("资金总额的核减在此之后按整数计算", "pots cut it afterwards, in whole numbers")
            what = f"{what}；{cut}" if self.language == "zh" else f"{what}; {cut}"
        query = sql.select([sql.column(name) for name in PAYMENT], sql.table(self.plan.parts))
        return f"{_comment(what)}\n{self._printed(query)};"

    # --- comments ----------------------------------------------------------------------------------------------

    def _about(self, relation: str) -> str:
        """What a relation of the plan holds, and by which items."""
        for compiled, name in self.plan.grains:
            if relation.split("/")[0] == name:
                clauses = [compiled.version.clauses[clause] for clause in compiled.columns]
                what = self._say(*_OF_GRAIN.get(relation.partition("/")[2], _OF_GRAIN[""]))
                return f"{what}: {self._clauses(clauses)}"
        kind, *rest = relation.split(":")[1:]
        if kind == "limit":
            name, _, part = rest[0].partition("/")
            limit, _ = self.plan.limit_tables[name]
            item = limit.model.item
            what = self._say(*(told.format(name) for told in _OF_LIMIT[part]))
            return f"{what}{self._item(item)}" if item else what
        if kind == "parts":
            return self._say("各承担主体的数额", "Each payer's part of each line")
        if kind == "clause":
            return self._say(f"各版本中 {rest[0]} 的金额", f"Amounts of {rest[0]} over all versions")
        index, (name, *after) = int(rest[0]), rest[1].split("/")
        clause = self.plan.schedule.versions[index].clauses[name]
        return f"{self._held(kind, after[-1] if after else '')}: {self._clauses([clause])}"

    def _held(self, kind: str, last: str) -> str:
        if last in self.plan.limit_tables:
            return self._say(f"限制 {last} 之后的应补助额", f"Entitlements after the limit {last}")
        told = {
            "instalments": ("分期", "Instalments on their due days"),
            "due": ("到期日满足条件的分期", "Instalments whose conditions hold on the due day"),
            "recovered": ("连同追回的金额", "With what is taken back"),
            "parts": ("各承担主体的部分", "Each payer's part of a unit"),
            "lines": ("拨付明细", "Payment lines"),
            "ledger": ("应补助额", "Entitlements"),
            "held": ("应补助额，以编号表示", "Entitlements, in numbers"),
        }
        return self._say(*told[last or kind])

    def _clauses(self, clauses: Sequence[CheckedClause]) -> str:
        return ", ".join(f"{self._label(clause)}{self._item(clause.model.item)}" for clause in clauses)

    def _label(self, clause: CheckedClause) -> str:
        label = clause.model.label
        words = "" if label is None else label.zh if self.language == "zh" else label.en
        return f"{clause.name} {words}".strip()

    def _item(self, item: str) -> str:
        return self._say(f"（第 {item} 条）", f" (item {item})")

    def _stored(self, column: str, known: Mapping[str, RosterColumn], names: Names) -> _Stored:
        say, (name, _, part) = self._say, column.partition("#")
        if column == "_row":
            return _Stored("whole", say("源表行号", "row in the source"))
        if column == "valid_to":
            return _Stored("whole", say("读取此行的最后一日", "last day on which this row is read"))
        if name == "life":
            return _Stored("whole", say("本行自身的起止日期", "own first or last day of the row"))
        spec = known[name]
        word = names.words.get(name, "") if self.language == "zh" else ""
        return _Stored(_type(spec), " ".join(filter(None, [word, self._meaning(spec, part)])))

    def _meaning(self, spec: RosterColumn, part: str) -> str:
        say, column = self._say, spec.column
        if part:
            return say("其月份编号", "its month") if part == "m" else say("其日", "its day of the month")
        form = form_of(spec)
        if column.type == "ref":
            return say(f"{column.table} 的编号", f"key of {column.table}")
        if form == "category":
            return " | ".join(spec.type.options)
        if form == "number":
            unit = column.unit or say("数", "number")
            return unit if spec.type.scale == 1 else f"{unit} × {spec.type.scale}"
        told = {
            "text": ("编号" if column.type == "key" else "文本", "key" if column.type == "key" else "text"),
            "yes_no": ("是否", "yes or no"),
            "month": ("月份编号", "month"),
            "year": ("年", "year"),
            "date": ("日期编号", "day"),
        }
        return say(*told[form])

    # --- SQL ---------------------------------------------------------------------------------------------------

    def _created(self, what: str, name: str, tree: sql.Sql, is_view: bool = False) -> str:
        kind = "VIEW" if is_view else "TABLE"
        begins = {
            "duckdb": f"CREATE OR REPLACE TEMP {kind}",
            "sqlite": f"CREATE TEMP {kind}",
            "spark": "CREATE OR REPLACE TEMPORARY VIEW",
        }
        return f"{_comment(what)}\n{begins[self.dialect]} {self._name(name)} AS\n{self._printed(tree)};"

    def _name(self, name: str) -> str:
        return sql.printed(sql.name(name), self.dialect)

    def _printed(self, tree: sql.Sql) -> str:
        if self.dialect == "sqlite":
            from subsidy.engine.few_rows import unguarded

            return _short(unguarded(tree))
        return _short(sql.printed(tree, self.dialect, pretty=True))


def _type(spec: RosterColumn) -> str:
    form = form_of(spec)
    return "text" if form in ("text", "category") else "yes_no" if form == "yes_no" else "whole"


def _short(text: str) -> str:
    """Brackets around what fits into a line, in that line."""
    while (shorter := _SHORT.sub(r"(\1)", text)) != text:
        text = shorter
    return text


def _comment(*lines: str) -> str:
    return "\n".join(f"-- {' '.join(line.split())}" for line in lines)
