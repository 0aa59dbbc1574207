"""Budgets, schedules and findings as tables for a terminal, wide characters aligned."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any

from rich.box import SIMPLE_HEAD
from rich.cells import cell_len
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from subsidy.budget.result import Result
from subsidy.budget.shares import ends_of_shares
from subsidy.engine.checks import CheckReport
from subsidy.finding import Finding, Language, Text
from subsidy.roster.layout import layout
from subsidy.schedule.catalogue import Schedule
from subsidy.schedule.column import Column
from subsidy.schedule.load import Version

LEAST_TEXT = 8  # cells that a column of texts may be folded to
FEW = 5  # findings that stand before a result
COUNTED = {"error": Text("错误 {} 处", "errors {}"), "warning": Text("提示 {} 处", "warnings {}")}
REST = Text("其余 {} 处：加 --findings 全部列出，或用 subsidy check", "{} more: --findings or subsidy check lists them")
BASES = {"due": Text("按拨付到期年", "by due day"), "accrued": Text("按所属年", "by period")}
WORDS = {
    "amount": ("金额（元）", "amount (yuan)"),
    "low": ("下限", "low"),
    "item": ("条", "item"),
    "clause": ("条款", "clause"),
    "district": ("区县", "district"),
    "payer": ("承担主体", "payer"),
    "total": ("合计", "total"),
    "relief": ("减免（非现金）", "relief (no cash)"),
    "limits": ("限制", "limits"),
    "pots": ("资金总额", "pots"),
    "none": ("（无）", "(none)"),
    "unquantified": ("无标准、未计算的条款", "promised without a figure, not calculated"),
    "readings": ("所作理解", "readings taken"),
    "findings": ("疑点", "findings"),
    "heading": ("标题", "heading"),
    "cell": ("内容", "cell"),
    "blank": ("空白表示", "a blank means"),
    "unread": ("也可有，但没有条款读取", "may be there too, read by nothing"),
    "missing": ("缺失", "missing"),
    "open": ("尚未核定", "not yet assessed"),
    "ongoing": ("至今", "ongoing"),
    "key": ("编号", "key"),
    "text": ("文字", "text"),
    "date": ("日期", "date"),
    "month": ("月份", "month"),
    "year": ("年份", "year"),
    "yes_no": ("是 / 否", "yes / no"),
    "overlay": ("临时改动，非文件原文", "overlay, not in the document"),
    "blocked": ("未计算的行", "rows left out"),
    "asked": ("需求", "asked for"),
    "over": ("超出", "over"),
    "cut": ("核减", "cut"),
    "refunded": ("退还", "refunded"),
    "at most": ("总额", "at most"),
}


def word(name: str, language: Language) -> str:
    zh, en = WORDS.get(name, (name, name))
    return zh if language == "zh" else en


def money(amount: str) -> str:
    """An amount with separators, for reading."""
    return f"{Decimal(amount):,.2f}"


def shown_table(title: str, headings: Sequence[str], right: Iterable[int]) -> Table:
    table = Table(title=escape(title) or None, title_justify="left", box=SIMPLE_HEAD, pad_edge=False)
    numbers = set(right)
    for index, heading in enumerate(headings):
        table.add_column(
            escape(heading), justify="right" if index in numbers else "left", no_wrap=index in numbers, overflow="fold"
        )
    return table


def print_table(table: Table, console: Console) -> None:
    """A table; on a terminal that is narrower than its numbers the lines are longer than that, and no number is cut."""
    width, needed = console.width, _least_width(table)
    console.width = max(width, needed)
    console.print(table)
    console.width = width


def _least_width(table: Table) -> int:
    """What numbers take, and texts folded into narrow columns."""
    columns = [[str(one) for one in (column.header, *column.cells)] for column in table.columns]
    numbers = [column.no_wrap for column in table.columns]
    widths = [max(map(cell_len, own)) if kept else LEAST_TEXT for own, kept in zip(columns, numbers, strict=True)]
    return sum(widths) + 3 * len(widths)


def print_budget(result: Result, console: Console, language: Language) -> None:
    """Clauses with who pays them, districts, reliefs, limits, pots, and what stands beside the numbers."""
    content = result.to_dict()
    for schedule, version in zip(content["schedules"], result.versions, strict=True):
        edition = f"{schedule['id']} {schedule['version']} r{schedule['revision']}"
        head = f"{edition} · {result.year} · {BASES[result.basis].in_(language)}"
        console.print(escape(head), highlight=False)
        for line in overlay_lines(version, language):
            console.print(escape(line), highlight=False, soft_wrap=True)
    print_table(_clause_table(result, content, console.width, language), console)
    _print_list(console, content["by_district"], "district", language)
    if content["relief"]:
        relief = [{**entry, "clause": result.names.label(entry["clause"], language)} for entry in content["relief"]]
        _print_list(console, relief, "clause", language, word("relief", language))
    _print_limits(console, result, content, language)
    _print_pots(console, result, content, language)
    _print_beside(console, content, language)
    print_ends_of_shares(result.versions, result.year, console, language)


def print_ends_of_shares(versions: Iterable[Version], last: int, console: Console, language: Language) -> None:
    """A line where a document says who pays only up to a year before the last that is reported."""
    for one in ends_of_shares(versions, last):
        console.print(escape(one.text.in_(language)), highlight=False, soft_wrap=True)


def overlay_lines(version: Version, language: Language) -> list[str]:
    """What is laid over a version: values by path, and files with their names, each with what it changes."""
    lines = []
    for file in version.overlay_files:
        lines.append(f"  {word('overlay', language)}: {file.file} {file.label.in_(language)}")
        lines += [f"    {entry}" for entry in file.entries()]
    return [*lines, *(f"  {word('overlay', language)}: {path} = {value}" for path, value in version.overlays)]


def _clause_table(result: Result, content: dict[str, Any], width: int, language: Language) -> Table:
    """One row for each clause; payers in columns where the terminal is wide enough, else in rows of their own."""
    payers = {entry["payer"]: result.names.payer(entry["payer"], language) for entry in content["by_payer"]}
    wide = width >= 70 + 18 * len(payers)
    columns = list(payers.values()) if wide else []
    headings = [word("item", language), word("clause", language), *columns]
    headings += [word("amount", language), word("low", language)]
    table = shown_table("", headings, range(2, len(headings)))
    totals = {
        "item": "",
        "payers": {entry["payer"]: entry["amount"] for entry in content["by_payer"]},
        "amount": content["total"],
        "low": content["low"],
    }
    rows = [(result.names.label(entry["clause"], language), entry) for entry in content["by_clause"]]
    for label, entry in [*rows, (word("total", language), totals)]:
        if entry is totals:
            table.add_section()
        shares = [money(entry["payers"][payer]) if payer in entry["payers"] else "" for payer in payers]
        amounts = (money(entry["amount"]), money(entry["low"]))
        table.add_row(entry["item"], escape(label), *(shares if wide else ()), *amounts)
        if not wide:
            for payer, share in zip(payers.values(), shares, strict=True):
                if share:
                    table.add_row("", f"  {escape(payer)}", share, "", style="dim")
    return table


def _print_list(console: Console, entries: list[dict[str, Any]], by: str, language: Language, title: str = "") -> None:
    table = shown_table(title, [word(by, language), word("amount", language), word("low", language)], (1, 2))
    for entry in entries:
        name = entry[by] if entry[by] is not None else word("none", language)
        table.add_row(escape(str(name)), money(entry["amount"]), money(entry["low"]))
    console.print()
    print_table(table, console)


def _print_limits(console: Console, result: Result, content: dict[str, Any], language: Language) -> None:
    cut = [entry for entry in content["limits"] if "0.00" not in (entry["cut"], entry.get("over", entry["cut"]))]
    if not cut:
        return
    headings = [word("item", language), "", word("cut", language), word("over", language)]
    table = shown_table(word("limits", language), headings, (2, 3))
    for entry in cut:
        over = money(entry["over"]) if "over" in entry else ""
        table.add_row(
            entry["item"] or "", escape(result.names.label(entry["limit"], language)), money(entry["cut"]), over
        )
    console.print()
    print_table(table, console)


def _print_pots(console: Console, result: Result, content: dict[str, Any], language: Language) -> None:
    if not content["pots"]:
        return
    table = shown_table(word("pots", language), [word("item", language), "", word("amount", language)], (2,))
    for entry in content["pots"]:
        label = f"{result.names.label(entry['pot'], language)} {entry['years'] or ''}".strip()
        table.add_row(entry["item"] or "", escape(label), "")
        refunds = entry["when_short"] == "refund"
        for name in ("at_most", "asked", "refunded") if refunds else ("at_most", "asked", "over", "cut"):
            if entry[name] is not None:
                table.add_row("", f"  {word(name.replace('_', ' '), language)}", money(entry[name]))
    console.print()
    print_table(table, console)


def _print_beside(console: Console, content: dict[str, Any], language: Language) -> None:
    console.print()
    shown = [
        f"{entry['item']} {entry['label'][language] if entry['label'] else entry['name']}"
        for entry in content["unquantified"]
    ]
    if shown:
        console.print(escape(f"{word('unquantified', language)}: {'; '.join(shown)}"), highlight=False)
    counts = {
        "readings": len(content["readings"]),
        "findings": len(content["findings"]),
        "blocked": sum(content["blocked"].values()),
    }
    console.print(" · ".join(f"{word(name, language)}: {number}" for name, number in counts.items()), highlight=False)


def print_checks(
    checks: Sequence[CheckReport], day: datetime.date, console: Console, language: Language, *, each: bool
) -> None:
    """How many checks across rows ran, as of which day; with `each` which ones, and what the others lacked."""
    ran = [one.label.in_(language) for one in checks if one.lacking is None]
    missing = len(checks) - len(ran)
    hint = "" if each else {"zh": "（--checks 列出）", "en": " (--checks lists them)"}[language]
    summary = {
        "zh": f"核查日 {day}：跨行核查已查 {len(ran)} 项，因花名册缺表或缺列未查 {missing} 项",
        "en": f"checks across rows as of {day}: {len(ran)} ran, {missing} could not",
    }[language]
    console.print(escape(f"{summary}{hint}"), highlight=False, soft_wrap=True)
    if each:
        for line in _each_check(checks, ran, language):
            console.print(escape(line), highlight=False, soft_wrap=True)


def _each_check(checks: Sequence[CheckReport], ran: Sequence[str], language: Language) -> Iterator[str]:
    if ran:
        yield {"zh": f"  已查：{'；'.join(ran)}", "en": f"  ran: {'; '.join(ran)}"}[language]
    lacking: dict[str, list[str]] = {}
    for one in checks:
        if one.lacking is not None:
            lacking.setdefault(one.lacking.in_(language), []).append(one.label.in_(language))
    for what, names in lacking.items():
        yield {"zh": f"  缺{what}：{'；'.join(names)}", "en": f"  without {what}: {'; '.join(names)}"}[language]


def print_not_in_force(result: Result, console: Console, language: Language) -> None:
    """A line for each schedule of which nothing is in force in the year: its amounts are of other years, or 0."""
    for one in result.calculated:
        spans = one.schedule.periods()
        if not any(
            first.year <= result.year and (last is None or result.year <= last.year) for _, first, last in spans
        ):
            line = {
                "zh": f"{one.schedule.id} 在 {result.year} 年未施行（自 {spans[0][1]} 起），请核对年度",
                "en": f"{one.schedule.id} is not in force in {result.year} (from {spans[0][1]}): check the year",
            }[language]
            console.print(escape(line), highlight=False)


def print_findings(findings: Sequence[Finding], console: Console, language: Language) -> None:
    """One line each: place, severity, code, value, why, what would be right."""
    for finding in findings:
        console.print(escape(finding.line(language)), highlight=False, soft_wrap=True)


def print_first_findings(findings: Sequence[Finding], console: Console, language: Language) -> None:
    """The findings where they are few; else how many there are of each kind, and the first ones."""
    if len(findings) <= FEW:
        print_findings(findings, console, language)
        return
    kinds: dict[tuple[str, str], int] = {}
    for one in findings:
        kinds[one.severity, one.code] = kinds.get((one.severity, one.code), 0) + 1
    for severity in ("error", "warning"):
        counts = [f"{code} {count:,}" for (kind, code), count in kinds.items() if kind == severity]
        if counts:
            number = sum(count for (kind, _), count in kinds.items() if kind == severity)
            words = COUNTED[severity].in_(language).format(f"{number:,}")
            console.print(escape(f"{words}: {', '.join(counts)}"), highlight=False, soft_wrap=True)
    print_findings(sorted(findings, key=lambda one: one.severity)[:FEW], console, language)
    console.print(escape(REST.in_(language).format(f"{len(findings) - FEW:,}")), highlight=False, soft_wrap=True)


def print_schedule(schedule: Schedule, console: Console, language: Language) -> None:
    """Every clause of every version in words, with the figures it reads."""
    for version in schedule.versions:
        document = version.model.document
        head = f"{version.id} · {version.first_day} · r{version.model.revision}"
        console.print(escape(f"{head} · {document.cited(language)} {document.part or ''}"), highlight=False)
        if version.model.districts:
            console.print(
                escape(f"  {word('district', language)}: {', '.join(version.model.districts)}"), highlight=False
            )
        for entry in described(version)["clauses"]:
            label = entry["label"][language] if entry["label"] else entry["name"]
            console.print(escape(f"\n[{entry['item']}] {label} ({entry['name']})"), highlight=False, markup=True)
            for key in ("for", "every", "dated", "when", "amount", "parts", "split", "pay", "replaces", "reading"):
                value = entry.get(key)
                if value:
                    shown = value[language] if isinstance(value, dict) and set(value) == {"zh", "en"} else value
                    console.print(escape(f"  {key}: {shown}"), highlight=False, soft_wrap=True)
            for name, value in entry["values"].items():
                console.print(escape(f"  {name} ({value['unit']}): {value['is']}"), highlight=False, soft_wrap=True)


def print_examples(rows: Mapping[str, int], console: Console, language: Language) -> None:
    """How many example rows were left aside, where there were any."""
    if rows:
        count = sum(rows.values())
        words = {"zh": f"示例 {count} 行，未计入", "en": f"example rows left aside: {count}"}
        console.print(words[language], highlight=False)


def print_tables(schedule: Schedule, console: Console, language: Language) -> None:
    """The tables and columns of a roster, as its template has them: headings, what may stand in a cell, blanks.

    Columns that are known but read by nothing are named below.
    """
    words, tables = schedule.latest.words, layout([schedule]).tables
    for needed, (name, heading, columns) in zip(tables, shown_columns(schedule, language), strict=True):
        console.print(escape(f"\n{heading} · {name}"), highlight=False)
        table = shown_table("", [word("heading", language), "", word("cell", language), word("blank", language)], ())
        for cells in columns:
            table.add_row(*map(escape, cells))
        print_table(table, console)
        read = {one.name for one in needed.columns}
        own = [name for name, spec in needed.shape.columns.items() if spec.origin == "own" and name != "count"]
        unread = [f"{words[name]} {name}" if name in words else name for name in own if name not in read]
        if unread:
            console.print(escape(f"{word('unread', language)}: {', '.join(unread)}"), highlight=False)


def shown_columns(schedule: Schedule, language: Language) -> Iterator[tuple[str, str, list[tuple[str, str, str, str]]]]:
    """Each table's name and heading, and of each of its columns heading, name, what may stand in a cell, and blanks."""
    words = schedule.latest.words
    for needed in layout([schedule]).tables:
        columns = []
        for one in needed.columns:
            column = one.spec.column
            if one.name != "count":
                blank = words.get(column.blank, "") if language == "zh" else ""
                cell, meaning = _cell(column, words, language), blank or word(column.blank, language)
                columns.append((words.get(one.name, one.name), one.name, cell, meaning))
        yield needed.name, words.get(needed.name, needed.name), columns


def _cell(column: Column, words: Mapping[str, str], language: Language) -> str:
    """What may stand in a cell of a column."""
    if column.type == "one_of":
        return " / ".join(words.get(option, option) if language == "zh" else option for option in column.options)
    if column.type == "number":
        unit = words.get(column.unit, column.unit) if language == "zh" else column.unit
        return f"{column.low}..{column.high} {unit}"
    if column.type == "ref":
        table = column.table or ""
        return f"→ {words.get(table, table) if language == 'zh' else table}"
    return word(column.type, language)


def described(version: Version) -> dict[str, Any]:
    """A version as JSON: its clauses each with the values they read inlined."""
    content = version.canonical()
    clauses = []
    for name, clause in version.clauses.items():
        entry = {key: value for key, value in content["clauses"][name].items() if value not in (None, {}, [])}
        entry.pop("examples", None)
        clauses.append({"name": name, "label": None, **entry, "values": _values_read(version, name, content)})
        assert clause.name == name
    head = {
        key: content[key] for key in ("schedule", "document", "in_force", "revision", "place", "districts", "payers")
    }
    rest = {key: content[key] for key in ("limits", "unquantified", "rules", "targets", "notes")}
    return {**head, "clauses": clauses, **rest}


def _values_read(version: Version, name: str, content: dict[str, Any]) -> dict[str, Any]:
    clause = version.clauses[name]
    nodes = [*clause.when, clause.amount, *clause.steps.values(), *clause.parts.values()]
    if clause.instalments:
        nodes += clause.instalments.conditions
    names = {leaf.name for node in nodes for leaf in node.all_leaves() if leaf.operation in ("value", "slices")}
    names |= {clause.sharing.value} if clause.sharing and clause.sharing.value else set()
    names |= {clause.model.pay.shares} if clause.model.pay and clause.model.pay.shares else set()
    return {value: {k: v for k, v in content["values"][value].items() if v is not None} for value in sorted(names)}
