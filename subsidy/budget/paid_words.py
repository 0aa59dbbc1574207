"""What a file of payments calls its columns, and what the words in it stand for in a calculation."""

from __future__ import annotations

import datetime
import difflib
import functools
import re
from collections.abc import Callable, Iterable, Mapping, Sequence

from subsidy.budget.compared import ANY, Entry
from subsidy.finding import Text, nearest
from subsidy.roster.names import normal, stem_of
from subsidy.roster.refusal import CodedRefusal
from subsidy.schedule.catalogue import Schedule
from subsidy.schedule.checked import NOT_STATED
from subsidy.schedule.column import MONTHS_IN
from subsidy.schedule.load import Version

HEADINGS = {
    "schedule": ("补贴标准", "标准", "政策"),
    "clause": ("条款", "补贴项目", "补助项目", "项目", "项目名称", "补贴名称"),
    "table": ("表", "表名"),
    "subject": ("对象", "补贴对象", "对象编号"),
    "person": ("人员", "身份证号", "身份证号码", "公民身份号码", "证件号码"),
    "payee": ("收款方", "收款人", "收款单位", "领取人", "领取单位", "领款人", "领款单位"),
    "facility": ("机构", "机构编号", "养老机构"),
    "district": ("区县", "所在区县"),
    "period": ("期次", "所属期", "属期", "所属月份", "补贴月份", "月份", "accrued"),
    "due": ("到期日", "应拨付日", "应付日"),
    "payer": ("承担主体", "承担方", "出资方", "付款方"),
    "place": ("承担地", "出资地区", "payingplace"),
    "fund": ("资金来源", "资金渠道"),
    "amount": ("金额", "拨付金额", "已拨金额", "已拨付金额", "实拨金额", "已付金额", "实付金额", "发放金额", "paid"),
}
LEDGERS_OWN = (
    "version", "issued", "revision", "item", "line", "count", "owed", "cut", "now", "before", "held", "state", "reason",
)  # fmt: skip
_COLUMN = {normal(word): column for column, words in HEADINGS.items() for word in (column, *words)}
_PERIODS = {
    "month": re.compile(r"(\d{4})(?:-(\d{1,2})|/(\d{1,2})|年(\d{1,2})月份?|(\d{2}))"),
    "quarter": re.compile(r"(\d{4})(?:-?[Qq]([1-4])|年第?([一二三四1-4])季度?)"),
    "half_year": re.compile(r"(\d{4})(?:-?[Hh]([12])|年([上下])半年)"),
    "year": re.compile(r"(\d{4})(?:年度?)?"),
    "day": re.compile(r"(\d{4}-\d{2}-\d{2})"),
}
_UNIT_AT_END = re.compile(r"(?P<stem>.+?)\s*[/／:：]?\s*(?P<unit>[十百千万亿]*元)")
_CHINESE_NUMBERS = {"一": "1", "二": "2", "三": "3", "四": "4", "上": "1", "下": "2"}
LIKENESS = 0.8
_LETTERS = {"quarter": "Q", "half_year": "H"}


class Words:
    """What a calculation calls its clauses, payers and tables, and whom it pays for which subject."""

    def __init__(
        self,
        schedules: Sequence[Schedule],
        now: Iterable[Entry],
        key_of: Mapping[str, str],
        has: Callable[[str], bool],
    ) -> None:
        """`now`: the entitlements of the calculation, which say whom each subject's go to. `key_of`: keys by names.

        `has`: whether the roster has a subject or person, be it with errors.
        """
        self.key_of, self.has = key_of, has
        self.schedules = tuple(one.id for one in schedules)
        self.renamed: dict[tuple[str, str], str] = {}
        self.clauses: dict[str, set[tuple[str, str]]] = {}  # normal form -> schedule, clause
        self.every: dict[tuple[str, str], str] = {}
        self.in_instalments: set[tuple[str, str]] = set()
        self.tables: dict[tuple[str, str], str] = {}
        self.labels: dict[str, None] = {}
        self.payers = {normal(text): NOT_STATED for text in (NOT_STATED, "未明确", "not stated")}
        self.payer_labels: dict[str, None] = {}
        self.keys: set[str] = set()  # headings of the tables' keys, in normal form
        self._now = now
        for one in schedules:
            self.renamed |= renamed(one)
            for version in one.versions:
                self._take(one.id, version)

    def _take(self, schedule: str, version: Version) -> None:
        for name, clause in version.clauses.items():
            if not clause.model.cash:
                continue
            present = schedule, self.renamed.get((schedule, name), name)
            label, key = clause.model.label, version.tables[clause.table].key
            for text in (name, *clause.model.formerly, *((label.zh, label.en) if label else ())):
                self.clauses.setdefault(normal(text), set()).add(present)
                self.labels[text] = None
            self.every[present], self.tables[present] = clause.model.every, clause.table
            self.in_instalments |= {present} if clause.instalments else set()
            for text in (key, version.words.get(key, key)) if key else ():
                self.keys |= {normal(text)} - set(_COLUMN)
        for name, payer in version.model.payers.items():
            for text in (name, payer.label.zh, payer.label.en):
                self.payers[normal(text)] = name
                self.payer_labels[text] = None

    def column_of(self, heading: str) -> str | None:
        """The column that a heading names; a table's key is its subject."""
        written, stem = normal(heading), normal(unit_of(heading)[0])
        return _COLUMN.get(written) or _COLUMN.get(stem) or ("subject" if written in self.keys else None)

    def payees(self, who: str, name: str, clause: tuple[str, str] | None) -> set[str | None]:
        """Whom the calculation pays for a subject or person (`who` says which), under one clause or under any."""
        return self._payees.get((who, name, clause), set())

    def likely(self, column: str, written: str) -> Text | None:
        """For a payee or subject that the calculation does not have, the one that is perhaps meant."""
        known = self._known[column]
        if written in known or not difflib.get_close_matches(written, known, n=1, cutoff=LIKENESS):
            return None
        return nearest(written, known, likeness=LIKENESS)

    @functools.cached_property
    def _known(self) -> dict[str, list[str]]:
        entries = list(self._now)
        return {
            column: sorted({name for entry in entries if (name := entry[column])}) for column in ("payee", "subject")
        }

    @functools.cached_property
    def _payees(self) -> dict[tuple[str, str, tuple[str, str] | None], set[str | None]]:
        found: dict[tuple[str, str, tuple[str, str] | None], set[str | None]] = {}
        for entry in self._now:
            for who in ("subject", "person"):
                for clause in ((str(entry["schedule"]), str(entry["clause"])), None):
                    found.setdefault((who, str(entry[who]), clause), set()).add(entry["payee"])
        return found


def unit_of(heading: str) -> tuple[str, str]:
    """A heading without its unit, and the unit, in brackets or at the end: 金额（万元）, 金额/万元, 金额万元."""
    stem, unit = stem_of(heading)
    match = _UNIT_AT_END.fullmatch(stem) if not unit else None
    return (match["stem"], match["unit"]) if match else (stem, unit)


def renamed(schedule: Schedule) -> dict[tuple[str, str], str]:
    """Earlier names of clauses of a schedule, with the last one."""
    now: dict[tuple[str, str], str] = {}
    for version in schedule.versions:
        for name, clause in version.clauses.items():
            for former in clause.model.formerly:
                if former not in version.clauses:
                    now = {key: name if last == former else last for key, last in now.items()}
                    now[schedule.id, former] = name
    return now


def clause_of(words: Words, written: str, schedule: str) -> tuple[str, str]:
    """Schedule and name of a clause, from its name or label. Raises CodedRefusal for one that is not known."""
    found = {one for one in words.clauses.get(normal(written), ()) if schedule in (ANY, one[0])}
    if len(found) == 1:
        return found.pop()
    if found:
        listed = ", ".join(":".join(one) for one in sorted(found))
        why = Text(f"“{written}”有几个条款", f"several clauses are called {written}")
        remedy = Text(f"请写条款名，并加一列补贴标准：{listed}", f"name the clause, with a column schedule: {listed}")
        raise CodedRefusal("ambiguous-clause", why, remedy)
    why = Text("计算中没有这个条款", "the calculation has no such clause")
    raise CodedRefusal("unknown-clause", why, nearest(written, words.labels))


def payer_of(words: Words, written: str) -> str:
    """A payer, from its name or label. Raises CodedRefusal for one that is not known."""
    found = words.payers.get(normal(written))
    if found is None:
        why = Text("计算中没有这个承担主体", "the calculation has no such payer")
        raise CodedRefusal("unknown-payer", why, nearest(written, words.payer_labels))
    return found


def table_of(words: Words, written: str) -> str:
    """A table. Raises CodedRefusal for one that is not known."""
    if written in words.tables.values():
        return written
    why = Text("计算中没有这张表", "the calculation has no such table")
    raise CodedRefusal("unknown-table", why, nearest(written, words.tables.values()))


def schedule_of(words: Words, written: str) -> str:
    """A schedule that is calculated. Raises CodedRefusal for another one."""
    if written in words.schedules:
        return written
    why = Text("这个补贴标准没有计算", "this schedule is not calculated")
    hint = nearest(written, words.schedules)
    remedy = Text(
        f"请用 --schedule 一并给出，或去掉这些行；{hint.zh}",
        f"give it with --schedule too, or take its rows out; {hint.en}",
    )
    raise CodedRefusal("unknown-schedule", why, remedy)


@functools.lru_cache(4096)
def period_of(written: str, every: str | None) -> dict[str, str | None]:
    """What a period says: the period itself where the clause has such ones, else the month or year that it is in.

    `every`: of the clause, None where it is not known. Raises CodedRefusal for what is no period, or too short a one.
    """
    kind, label = _period(written)
    own = "day" if every in ("once", "event") else every
    if kind == own:
        return {"period": label}
    if kind == "day" and label.endswith("-01") and own is not None:
        kind, label = "month", label[:7]  # as a spreadsheet keeps a month
        if own == "month":
            return {"period": label}
    lengths: Mapping[str, int] = {"day": 0, **MONTHS_IN}
    if kind == "day" or (own is not None and lengths[kind] < lengths[own]):
        why = Text("这一条款不是按这样的期次计算的", "the clause is not calculated for such a period")
        remedy = Text("请写所属月份、季度或年度", "write the month, quarter or year that it is for")
        raise CodedRefusal("period-kind", why, remedy)
    return {kind: label}


def _is_day(written: str) -> bool:
    try:
        datetime.date.fromisoformat(written)
    except ValueError:
        return False
    return True


def _period(written: str) -> tuple[str, str]:
    for kind, pattern in _PERIODS.items():
        match = pattern.fullmatch(written)
        if match is None:
            continue
        year, *rest = (part for part in match.groups() if part)
        if not _is_day(year if kind == "day" else f"{year}-01-01"):
            break
        if kind == "day" or not rest:
            return kind, year
        number = _CHINESE_NUMBERS.get(rest[0], rest[0])
        if kind != "month":
            return kind, f"{year}-{_LETTERS[kind]}{number}"
        if 1 <= int(number) <= 12:
            return kind, f"{year}-{int(number):02d}"
        break
    why = Text("不是期次，或没有这样的日期", "this is not a period, or there is no such time")
    remedy = Text("请写成 2023-03、2023-Q1、2023-H1 或 2023", "write it like 2023-03, 2023-Q1, 2023-H1 or 2023")
    raise CodedRefusal("not-a-period", why, remedy)
