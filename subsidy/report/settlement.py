"""A settlement for a terminal: what differs and why, whom to pay or to ask back, who bears it, what is to come."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from subsidy.budget.compared import ANY
from subsidy.budget.names import clause_label, payer_label
from subsidy.budget.settlement import Line, Settlement, Sums
from subsidy.finding import Language, Text
from subsidy.money import yuan_text
from subsidy.report.text import money, print_table, shown_table, word
from subsidy.schedule.catalogue import Schedule

MOST_LINES = 60
MEMO_WIDTH = 12  # cells for a payee
HEAD = Text("比较 {since}{until} 及以前到期的款项{known}", "compared: what is due {since}until {until}{known}")
SINCE = Text("{} 起、", "from {} ")
KNOWN = Text("（按 {} 已印发的文件）", ", as known on {}")
TOTAL = Text("应拨 {now} 元，已拨 {before} 元", "owed {now} yuan, paid before {before} yuan")
NOTHING = Text("没有差额", "nothing differs")
REASONS = Text("原因", "reasons")
SUBJECTS = Text("按对象（元）", "by subject (yuan)")
MEMO = Text("清算表：按收款方", "memo: by payee")
BEARS = Text("清算表：按承担主体", "memo: by payer")
TO_COME = Text("{} 之后到期，未比较", "due after {}, not compared")
MORE = Text("另有 {} 行，见 --json 或 -o", "{} more lines: see --json or -o")
CUT = Text(
    "资金总额核减 {} 元：对象的金额为核减前，拨付的金额为核减后",
    "cut by pots: {} yuan; amounts of subjects are before, payments after it",
)
UNTOLD = Text(
    "其中 {} 元在已拨记录开始之前到期：请用 --paid 补上此前的拨付，或用 --since 排除",
    "{} yuan of the arrears were due before anything that was paid: add earlier payments with --paid, or use --since",
)
PAYMENTS_ALONE = Text("{}（仅承担主体的拨付）", "{} (payments by payer only)")
SEVERAL = Text("多项", "several")
WORDS = {
    "arrears": Text("补发（元）", "arrears (yuan)"),
    "recovery": Text("追回（元）", "recovery (yuan)"),
    "held": Text("暂不追回（元）", "held (yuan)"),
    "net": Text("净额（元）", "net (yuan)"),
    "now": Text("应拨（元）", "owed now (yuan)"),
    "before": Text("已拨（元）", "paid before (yuan)"),
    "subject": Text("对象", "subject"),
    "payee": Text("收款方", "payee"),
    "period": Text("期次", "period"),
    "facility": Text("机构", "facility"),
    "place": Text("承担地", "place"),
    "fund": Text("资金来源", "fund"),
    "month": Text("到期月份", "due in"),
    "owed": Text("应拨", "owed"),
    "paid": Text("已拨", "paid"),
    "withheld": Text("暂不追回", "held"),
    "difference": Text("差额", "net"),
    "why": Text("原因", "why"),
}


def print_settlement(found: Settlement, console: Console, language: Language) -> None:
    """The totals, reasons, subjects, sums by clause and district, the memo, the payers, and what is still to come."""
    _say(console, _head(found, language))
    owed, paid = (money(yuan_text(amount)) for amount in found.totals[1])
    _say(console, TOTAL.in_(language).format(now=owed, before=paid))
    if found.payments or found.entitlements:
        _print_reasons(found, console, language)
        for name in ("clause", "district", "facility"):
            sums = found.by(name)
            if name != "facility" or sums != found.by("payee"):
                print_table(_table(found, name, sums, language), console)
        print_table(_memo(found, console.width, language), console)
        print_table(_payers(found, language), console)
    else:
        _say(console, NOTHING.in_(language))
    if found.cut:
        _say(console, CUT.in_(language).format(money(yuan_text(found.cut))))
    if found.untold:
        _say(console, UNTOLD.in_(language).format(money(yuan_text(found.untold))))
    if found.to_come:
        print_table(_to_come(found, language), console)


def _say(console: Console, text: str) -> None:
    console.print(escape(text), highlight=False, soft_wrap=True)


def _head(found: Settlement, language: Language) -> str:
    known_on = found.result.calculated[0].schedule.known_on
    since = SINCE.in_(language).format(found.since) if found.since else ""
    known = KNOWN.in_(language).format(known_on) if known_on else ""
    return HEAD.in_(language).format(since=since, until=found.until, known=known)


def _heading(name: str, language: Language) -> str:
    return WORDS[name].in_(language) if name in WORDS else word(name, language)


def _amount(fen: int) -> str:
    return money(yuan_text(fen)) if fen else ""


def _sums(sums: Sums, with_held: bool) -> list[str]:
    held = [_amount(sums.held)] if with_held else []
    return [_amount(sums.arrears), _amount(sums.recovery), *held, money(yuan_text(sums.net))]


def _has_held(found: Settlement) -> bool:
    return any(line.held for line in found.payments)


def _columns(found: Settlement) -> list[str]:
    return ["arrears", "recovery", *(["held"] if _has_held(found) else []), "net"]


# --- why, by subject -----------------------------------------------------------------------------------------------


def _print_reasons(found: Settlement, console: Console, language: Language) -> None:
    """The reasons, numbered, and the subjects with the number of theirs."""
    lines = found.entitlements or found.payments
    numbers = {reason: number for number, reason in enumerate(dict.fromkeys(line.reason for line in lines), 1)}
    _say(console, f"\n{REASONS.in_(language)}")
    for reason, number in numbers.items():
        _say(console, f"  {number}. {reason.in_(language)}")
    for number, reason in enumerate(_of_payments_alone(found, numbers), len(numbers) + 1):
        _say(console, f"  {number}. {PAYMENTS_ALONE.in_(language).format(reason.in_(language))}")
    print_table(_subjects(found, lines, numbers, language), console)


def _of_payments_alone(found: Settlement, told: Iterable[Text]) -> list[Text]:
    """Reasons of payers' parts that are no reason of any subject's amount."""
    reasons = dict.fromkeys(line.reason for line in found.payments)
    return [one for one in reasons if not any(other.en in one.en for other in told)]


def _subjects(found: Settlement, lines: Sequence[Line], numbers: Mapping[Text, int], language: Language) -> Table:
    names = ["subject", "payee", "period"]
    if len({found.named(line, "clause") for line in lines}) > 1:
        names.insert(2, "clause")
    shown = ["owed", "paid", *(["withheld"] if _has_held(found) else []), "difference", "why"]
    columns = range(len(names), len(names) + len(shown))
    table = shown_table(SUBJECTS.in_(language), [_heading(name, language) for name in (*names, *shown)], columns)
    runs = _runs(lines)
    for run in runs[:MOST_LINES]:
        sums = Sums.of(run)
        held = [_amount(sums.held)] if "withheld" in shown else []
        amounts = [money(yuan_text(amount)) for amount in (sums.now, sums.before)]
        cells = [_cell(found, name, run, language) for name in names]
        table.add_row(*map(escape, cells), *amounts, *held, _amount(sums.net), str(numbers[run[0].reason]))
    if len(runs) > MOST_LINES:
        table.add_row(MORE.in_(language).format(len(runs) - MOST_LINES))
    return table


def _cell(found: Settlement, name: str, run: Sequence[Line], language: Language) -> str:
    if name == "clause":
        return _clause(found, found.named(run[0], "clause"), language)
    ends = dict.fromkeys(_named(line.key.get(name), language) for line in (run[0], run[-1]))
    return " – ".join(ends)


def _runs(lines: Iterable[Line]) -> list[list[Line]]:
    """Lines of one subject that follow each other and say the same of another period, together."""

    def same(line: Line) -> tuple[object, ...]:
        key = {name: value for name, value in line.key.items() if name != "period"}
        return (*key.values(), line.reason, line.now, line.before, line.held)

    runs: list[list[Line]] = []
    for line in lines:
        if runs and same(runs[-1][-1]) == same(line):
            runs[-1].append(line)
        else:
            runs.append([line])
    return runs


# --- sums ----------------------------------------------------------------------------------------------------------


def _named(name: str | None, language: Language) -> str:
    if name is None:
        return word("none", language)
    return SEVERAL.in_(language) if name == ANY else name


def _schedules(found: Settlement) -> list[Schedule]:
    return [one.schedule for one in found.result.calculated]


def _clause(found: Settlement, clause: str | None, language: Language) -> str:
    """A clause's label, with its schedule where several have one of that name (SCHEDULE:CLAUSE)."""
    if clause is None or clause == ANY:
        return _named(clause, language)
    label, schedule = clause_label(_schedules(found), clause, language), clause.rpartition(":")[0]
    return f"{label} ({schedule})" if schedule else label


def _payer(found: Settlement, payer: str | None, language: Language) -> str:
    return _named(payer, language) if payer in (ANY, None) else payer_label(_schedules(found), str(payer), language)


def _table(found: Settlement, name: str, by: Mapping[str | None, Sums], language: Language) -> Table:
    columns = _columns(found)
    headings = [_heading(one, language) for one in (name, *columns)]
    table = shown_table("", headings, range(1, len(headings)))
    for key, sums in by.items():
        shown = _clause(found, key, language) if name == "clause" else _named(key, language)
        table.add_row(escape(shown), *_sums(sums, "held" in columns))
    _add_total(table, 1, found, language)
    return table


def _add_total(table: Table, texts: int, found: Settlement, language: Language) -> None:
    table.add_section()
    sums = _sums(Sums.of(found.payments), _has_held(found))
    table.add_row(word("total", language), *[""] * (texts - 1), *sums)


def _memo(found: Settlement, width: int, language: Language) -> Table:
    """Per payee what is to be paid or taken back, and what of the net each payer bears: beside it, or below."""
    columns, payers = _columns(found), {payer: _payer(found, payer, language) for payer in found.by("payer")}
    wide = width >= MEMO_WIDTH + 15 * (len(columns) + len(payers))
    names = [_heading("payee", language), *(_heading(one, language) for one in columns)]
    names += payers.values() if wide else ()
    table = shown_table(MEMO.in_(language), names, range(1, len(names)))
    shares: dict[str | None, dict[str | None, int]] = {}
    for line in found.payments:
        own = shares.setdefault(line.key["payee"], {})
        own[line.key["payer"]] = own.get(line.key["payer"], 0) + line.difference

    def add(name: str, sums: Sums, own: Mapping[str | None, int]) -> None:
        parts = [_amount(own.get(payer, 0)) for payer in payers]
        table.add_row(escape(name), *_sums(sums, "held" in columns), *(parts if wide else ()))
        for payer, part in zip(payers.values(), parts, strict=True) if not wide else ():
            if part:
                table.add_row(f"  {escape(payer)}", *[""] * (len(columns) - 1), part, style="dim")

    for payee, sums in found.by("payee").items():
        add(_named(payee, language), sums, shares[payee])
    table.add_section()
    totals = {payer: sums.net for payer, sums in found.by("payer").items()}
    add(word("total", language), Sums.of(found.payments), totals)
    return table


def _payers(found: Settlement, language: Language) -> Table:
    """Per payer, place and fund what it bears."""
    columns = _columns(found)
    has_fund = any(line.key["fund"] not in (None, ANY) for line in found.payments)
    names = ["payer", "place", *(["fund"] if has_fund else [])]
    headings = [_heading(one, language) for one in (*names, *columns)]
    table = shown_table(BEARS.in_(language), headings, range(len(names), len(headings)))
    by: dict[tuple[str | None, ...], list[Line]] = {}
    for line in found.payments:
        by.setdefault(tuple(line.key[name] for name in names), []).append(line)
    for key in sorted(by, key=lambda key: tuple((part is None, part or "") for part in key)):
        payer, *others = key
        shown = [_payer(found, payer, language), *(_named(one, language) for one in others)]
        table.add_row(*map(escape, shown), *_sums(Sums.of(by[key]), "held" in columns))
    _add_total(table, len(names), found, language)
    return table


def _to_come(found: Settlement, language: Language) -> Table:
    """By month: what is owed then, and what of it was paid already."""
    title = TO_COME.in_(language).format(found.until)
    headings = [_heading(name, language) for name in ("month", "now", "before")]
    table = shown_table(title, headings, (1, 2))
    by: dict[str, list[Line]] = {}
    for line in found.to_come:
        by.setdefault(line.due[:7], []).append(line)
    for month in sorted(by):
        sums = Sums.of(by[month])
        table.add_row(month, money(yuan_text(sums.now)), _amount(sums.before))
    table.add_section()
    sums = Sums.of(found.to_come)
    table.add_row(word("total", language), money(yuan_text(sums.now)), _amount(sums.before))
    return table
