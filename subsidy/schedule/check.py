"""The meaning of a whole schedule: every name, unit, figure and condition in it, checked at load, all at once."""

from __future__ import annotations

from collections.abc import Mapping

from subsidy.finding import Finding, Refusal, ScheduleError, Text, nearest
from subsidy.schedule import expression as ex
from subsidy.schedule.checked import CheckedClause, CheckedLimit
from subsidy.schedule.checker import Checker
from subsidy.schedule.column import MONTHS_IN, PERIODS, Table
from subsidy.schedule.date_words import DATE_WORDS, TIME_WORDS
from subsidy.schedule.depth import DEEPEST, Depth
from subsidy.schedule.figures import check_each_figure
from subsidy.schedule.infer import NUMBER_WORDS, refusal
from subsidy.schedule.limit_check import LimitChecker
from subsidy.schedule.model import ScheduleFile
from subsidy.schedule.roster_check import RosterCheckChecker
from subsidy.schedule.scope import Scope
from subsidy.schedule.source import KEY, Path, Source
from subsidy.schedule.target_check import CheckedTarget, TargetChecker

RESERVED_COLUMNS = ("count", "valid_to")


def check(
    model: ScheduleFile, tables: Mapping[str, Table], sources: tuple[Source, ...]
) -> tuple[Checker, dict[str, CheckedClause], dict[str, CheckedLimit], dict[str, CheckedTarget]]:
    """Everything a schedule means. Raises ScheduleError with every mistake that was found."""
    checker = Checker(model, tables, sources)
    limits: dict[str, CheckedLimit] = {}
    targets: dict[str, CheckedTarget] = {}
    try:
        for name in model.clauses:
            with checker.reporting(("clauses", name), "clause"):
                checker.clause(name)
        _check_facts(checker)
        _check_values(checker)
        _check_one_meaning(checker)
        _check_letter_case(checker)
        for name in model.targets:
            with checker.reporting(("targets", name), "target"):
                targets[name] = TargetChecker(checker, name).checked()
        _check_roster_checks(checker)
        _check_own_rows(checker)
        if not checker.findings:
            for name in model.limits:
                with checker.reporting(("limits", name), "limit"):
                    limits[name] = LimitChecker(checker, name).checked()
        if not checker.findings:
            _check_two_rows_in_a_period(checker, limits)
            _check_rules(checker)
            _check_depth(checker)
    except RecursionError:
        why, remedy = Text("引用层次过深", "names lead too deep"), Text("请减少中间事实", "use fewer facts in between")
        checker.findings.append(Finding(sources[0].place(()), "too-deep", why, remedy))
    if checker.findings:
        raise ScheduleError(checker.findings)
    return checker, dict(checker.clauses), limits, targets


def _check_facts(checker: Checker) -> None:
    for table, own in checker.model.facts.items():
        model = checker.tables[table]
        with checker.reporting(("facts", table), "fact"):
            _check_table(table, model)
        scope = Scope(checker, table, "month" if model.life else "event", reads_facts_only=True)
        for name, column in own.columns.items():
            with checker.reporting(("facts", table, name), "fact"):
                if column.table is not None and column.table not in checker.tables:
                    raise Refusal(
                        Text(f"没有表 {column.table}", f"there is no table {column.table}"),
                        nearest(column.table, checker.tables),
                    )
                if column.derived:
                    scope.resolve(ex.Name((name,), 0))
                else:
                    checker.type_of(column, table, name)


def _check_table(name: str, model: Table) -> None:
    keys = [column_name for column_name, column in model.columns.items() if column.type == "key"]
    if len(keys) > 1:
        raise refusal(
            f"表 {name} 有两列 key:{keys[0]} 与 {keys[1]}",
            f"the table {name} has two keys: {keys[0]} and {keys[1]}",
            "请只留一列",
            "keep one of them",
            0,
        ).at(("facts", name, keys[1]))
    if name in PERIODS:
        raise Refusal(
            Text(f"表名 {name} 是周期的名称", f"the table {name} has the name of a period"),
            Text("请改名", "choose another name"),
        )
    if model.is_history and model.link is None:
        raise refusal(
            f"历史表 {name} 须有且只有一列引用，或有 person 列",
            f"the history {name} needs exactly one reference, or a column person",
            "请写明是谁的历史；记两者之间关系的表请加 key",
            "say whose history it is; a table about two of them needs a key",
            0,
        )
    for column_name in model.columns:
        if column_name in RESERVED_COLUMNS or column_name.startswith("_"):
            raise _reserved(column_name).at(("facts", name, column_name, KEY))
    for day in model.life or ():
        if day not in model.columns or model.columns[day].type != "date":
            raise refusal(
                f"起止列 {day} 不是日期列",
                f"the life of a row needs {day} to be a date",
                f"请写 {day}: date",
                f"write {day}: date",
                0,
            )


def _reserved(column: str) -> Refusal:
    why = Text(f"列名 {column} 已被保留", f"the column name {column} is taken")
    if column == "count":
        return Refusal(
            why,
            Text("有 key 的表自带 count，请删除该列", "every table with a key has count by itself: remove the column"),
        )
    return Refusal(why, Text("请改名；列名不以 _ 开头", "choose another name, which does not begin with _"))


def _check_values(checker: Checker) -> None:
    read = {name for name, _ in checker.known_figures}
    for name, value in checker.model.values.items():
        if name not in read:
            with checker.reporting(("values", name), "value"):
                check_each_figure(value.figures, value.unit, ("values", name, "is"))
                if not value.by:
                    checker.figures(name, ())


def _check_two_rows_in_a_period(checker: Checker, limits: Mapping[str, CheckedLimit]) -> None:
    for name, clause in checker.clauses.items():
        table = checker.tables[clause.table]
        if not (table.life and "person" in table.columns and clause.model.every in MONTHS_IN and clause.model.cash):
            continue
        by_day = any(leaf.name == "days_present" for leaf in clause.amount.leaves())
        limited = any(
            name in one.model.among and "person" in one.model.per and (one.keep or one.counts == "months")
            for one in limits.values()
        )
        if not by_day and not limited:
            with checker.reporting(("clauses", name), "two-rows"):
                raise refusal(
                    "同一人同一期可能有两行",
                    "one person may have two rows in one period",
                    "请加 limit（per: [person, 周期]，keep: …；或以月计的 at_most），或按 days_present 计算",
                    "add a limit per person (keep, or at_most in months), or pay by days_present",
                    0,
                )


def _check_own_rows(checker: Checker) -> None:
    """The tables of the document's own figures are known. Their files are read when targets are measured."""
    for table in checker.model.rows:
        with checker.reporting(("rows", table), "rows"):
            if table not in checker.tables:
                why = Text(f"没有表 {table}", f"there is no table {table}")
                raise Refusal(why, nearest(table, checker.tables))


def _check_rules(checker: Checker) -> None:
    for rule, model in checker.model.rules.items():
        for position, written in enumerate(model.unread):
            forbidden = _columns_named(checker, written)
            with checker.reporting(("rules", rule, "unread", position), "rule"):
                if not forbidden:
                    known = {name for table in checker.tables.values() for name in table.columns}
                    last = written.rpartition(".")[2]
                    raise Refusal(Text(f"没有事实 {written}", f"there is no fact {written}"), nearest(last, known))
            for name, clause in checker.clauses.items():
                if clause.model.cash and forbidden & _columns_read(clause):
                    with checker.reporting(("clauses", name), "rule"):
                        raise refusal(
                            f"规则 {rule}（第 {model.item} 条）不允许补贴条款读取 {written}",
                            f"rule {rule} (item {model.item}) forbids a subsidy clause to read {written}",
                            "请去掉该条件",
                            "remove the condition",
                            0,
                        )


def _check_depth(checker: Checker) -> None:
    depth = Depth(checker.clauses)
    for name, clause in checker.clauses.items():
        if depth.of_clause(clause) > DEEPEST:
            with checker.reporting(("clauses", name), "too-deep"):
                raise refusal(
                    f"计算的层次超过 {DEEPEST} 层",
                    f"the calculation has more than {DEEPEST} layers",
                    "请减少逐层引用的步骤、函数和取数",
                    "let fewer steps, functions and look-ups build on one another",
                    0,
                )


def _columns_named(checker: Checker, written: str) -> set[tuple[str, str]]:
    """The (table, column) a fact may be: by the reference before its name, or in any table that has it."""
    *hops, last = written.split(".")
    tables = set(checker.tables)
    if hops:
        tables = {table.references[hops[-1]] for table in checker.tables.values() if hops[-1] in table.references}
    tables |= {history.table for table in tables & set(checker.tables) for history in checker.histories_of(table)}
    return {(table, last) for table in tables if table in checker.tables and last in checker.tables[table].columns}


def _columns_read(clause: CheckedClause) -> set[tuple[str, str]]:
    """Every (table, column) that decides about a clause's money, also through derived facts."""
    nodes = clause.expressions
    found, seen = set(), set()
    while nodes:
        node = nodes.pop()
        if id(node) in seen:
            continue
        seen.add(id(node))
        nodes += node.arguments
        if node.fact is not None:
            found.add((node.fact.home, node.fact.column_name))
        if node.aggregate is not None:
            found.add((node.aggregate.table, node.aggregate.column_name))
            nodes += node.aggregate.nodes
    return found


def _check_roster_checks(checker: Checker) -> None:
    for name, model in checker.model.checks.items():
        with checker.reporting(("checks", name), "check"):
            checker.roster_checks[name] = RosterCheckChecker(checker, name, model).checked()


def _check_one_meaning(checker: Checker) -> None:
    """No name may be a function, a word of time, a fact, a value or a clause at once."""
    taken = dict.fromkeys((*DATE_WORDS, *NUMBER_WORDS), Text("函数", "a function"))
    taken |= dict.fromkeys(TIME_WORDS, Text("时间", "a time"))
    for table in checker.tables.values():
        taken |= dict.fromkeys(table.columns, Text("事实", "a fact"))
    model, value, clause = checker.model, Text("数值", "a value"), Text("条款", "a clause")
    for section, names, meaning in (("values", list(model.values), value), ("clauses", list(model.clauses), clause)):
        for name in names:
            also = taken.setdefault(name, meaning)
            if also is not meaning:
                with checker.reporting((section, name), "two-meanings"):
                    raise refusal(
                        f"{name} 已是{also.zh}的名称",
                        f"{name} is the name of {also.en} already",
                        "请改名",
                        "choose another name",
                        0,
                    )


def _check_letter_case(checker: Checker) -> None:
    """No two names of one kind may differ in case only: the engine takes them for one."""
    model = checker.model
    groups: list[list[Path]] = [
        [("clauses", name) for name in model.clauses],
        [("limits", name) for name in model.limits],
        [("values", name) for name in model.values],
        [("payers", name) for name in model.payers],
        [("facts", name) for name in checker.tables],
        [("checks", name) for name in model.checks],
    ]
    for name, clause in model.clauses.items():
        steps = [("clauses", name, "steps", step) for step in clause.steps]
        groups.append([*steps, *(("clauses", name, "parts", payer) for payer in clause.parts or ())])
    for name, table in checker.tables.items():
        histories = [("facts", one.table, column) for one in checker.histories_of(name) for column in one.facts]
        groups.append([*(("facts", name, column) for column in table.columns), *histories])
    for group in groups:
        taken: dict[str, str] = {}
        for path in group:
            name = str(path[-1])
            other = taken.setdefault(name.casefold(), name)
            if other != name:
                with checker.reporting((*path, KEY), "letter-case"):
                    raise refusal(
                        f"{name} 与 {other} 只有大小写不同",
                        f"{name} and {other} differ in case only",
                        "请改名",
                        "choose another name",
                        0,
                    )
