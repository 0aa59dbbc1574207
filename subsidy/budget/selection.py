"""Which cell of a result is asked about: names and labels as a user writes them, checked against what there is."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

from subsidy import sql
from subsidy.budget.cells import Basis, Calculated, in_year
from subsidy.budget.names import BETWEEN_LABELS, Names
from subsidy.budget.payments import Payments
from subsidy.engine.cells import roster_table
from subsidy.finding import Finding, FindingsError, Place, Text, nearest
from subsidy.roster.intake import Intake
from subsidy.schedule.catalogue import Schedule
from subsidy.schedule.checked import NOT_STATED
from subsidy.schedule.figures import day_number

MANY = 5000  # more names than this are not searched for a similar one unless they begin alike
COLUMNS = {"payer": "payer", "district": "place", "facility": "facility", "payee": "payee"}
TABLES = {"district": "districts", "facility": "facilities"}
KIND_WORDS = {
    "clause": Text("条款", "clause"),
    "payer": Text("承担主体", "payer"),
    "district": Text("区县", "district"),
    "facility": Text("机构", "facility"),
    "fund": Text("资金来源", "fund"),
    "payee": Text("收款方", "payee"),
    "due": Text("到期日", "due day"),
    "subject": Text("对象", "subject"),
    "person": Text("人员", "person"),
    "pot": Text("资金总额", "pot"),
    "period": Text("期次", "period"),
}


class CellError(FindingsError, KeyError):
    """A cell that cannot be explained, because there is none like it or more than one: what there is instead."""

    def __str__(self) -> str:
        return str(self.args[0])


def cell_error(code: str, why: Text, remedy: Text, value: str = "") -> CellError:
    return CellError([Finding(Place(), code, why, remedy, value)])


def unknown(kind: str, written: str, known: Iterable[str], words: dict[str, str] | None = None) -> Finding:
    """That there is no such name, and the nearest one, or what there is."""
    names = list(known)
    if len(names) > MANY:
        names = [name for name in names if name[: max(len(written) // 2, 1)] == written[: max(len(written) // 2, 1)]]
    word = KIND_WORDS[kind]
    why = Text(f"没有{word.zh} {written}", f"there is no {word.en} {written}")
    return Finding(Place(), f"no-such-{kind}", why, nearest(written, names, words), written)


@dataclass(frozen=True)
class Selection:
    """A cell by its keys: None where a key is left open, an empty text for what has none of it (no facility)."""

    clause: str | None = None
    payer: str | None = None
    district: str | None = None
    facility: str | None = None
    fund: str | None = None
    payee: str | None = None
    due: str | None = None

    @property
    def keys(self) -> dict[str, str]:
        """The keys that are given."""
        named = {field.name: getattr(self, field.name) for field in fields(self)}
        return {name: value for name, value in named.items() if value is not None}

    def where(self, names: Names[Calculated], one: Calculated, year: int, basis: Basis) -> sql.Sql | None:
        """The condition on the payments of one schedule; None where nothing of it is meant."""
        conditions = [] if self.due else [in_year(sql.column("due#m" if basis == "due" else "accrued#m"), year)]
        if self.clause is not None:
            meant, name = names.clauses[self.clause]
            if meant is not one:
                return None
            conditions.append(sql.compare("=", sql.column("clause"), sql.text(name)))
        conditions += [_is(column, getattr(self, key)) for key, column in COLUMNS.items() if key in self.keys]
        if self.due is not None:
            day = day_number(datetime.date.fromisoformat(self.due))
            conditions.append(sql.compare("=", sql.column("due"), sql.whole(day)))
        if self.fund is not None:
            conditions.append(self._of_fund(one))
        return sql.all_of(conditions)

    def _of_fund(self, one: Calculated) -> sql.Sql:
        """The clauses and payers whose money comes from the fund."""
        return sql.any_of(
            sql.all_of([_is("clause", clause), _is("payer", payer)])
            for (clause, payer), fund in funds(one.schedule).items()
            if fund == (self.fund or None)
        )


def _is(column: str, value: str) -> sql.Sql:
    if not value:
        return sql.is_missing(sql.column(column))
    return sql.compare("=", sql.column(column), sql.text(value))


def _which(kind: str, written: str, options: Text) -> Finding:
    """That several are meant by what is written, and which."""
    word = KIND_WORDS[kind]
    why = Text(f"{word.zh} {written} 有多个", f"there are several of this {word.en}: {written}")
    remedy = Text(f"请选其一：{options.zh}", f"choose one of {options.en}")
    return Finding(Place(), f"which-{kind}", why, remedy, written)


def funds(schedule: Schedule) -> dict[tuple[str, str], str | None]:
    """The fund of every clause and payer of a schedule, as its last version with that clause says."""
    found: dict[tuple[str, str], str | None] = {}
    for version in schedule.versions:
        for name, clause in version.clauses.items():
            for payer in (*clause.payers, *version.model.payers, NOT_STATED):
                found[name, payer] = version.fund(name, payer)
    return found


class Chooser:
    """Reads what a user wrote, against the names and the payments of a result. Collects everything that is wrong."""

    def __init__(self, names: Names[Any], ends: Sequence[tuple[Calculated, Payments]]) -> None:
        self.names = names
        self.ends = ends
        self.findings: list[Finding] = []

    def selection(self, written: Mapping[str, str]) -> Selection:
        """Raises CellError where a name is unknown or ambiguous."""
        readers: dict[str, Callable[[str], str]] = {
            "clause": self.clause,
            "payer": self.payer,
            "fund": self.fund,
            "due": self.due,
            "district": lambda value: self._existing("district", value),
            "facility": lambda value: self._existing("facility", value),
            "payee": lambda value: self._existing("payee", value),
        }
        found = {key: readers[key](value) for key, value in written.items()}
        self.stop()
        return Selection(**found)

    def stop(self) -> None:
        if self.findings:
            raise CellError(self.findings)

    def clause(self, written: str) -> str:
        """A clause by its name, its label or its item."""
        items = self.names.items
        own = [name for name in self.names.clauses if written in (name.rpartition(":")[2], items[name])]
        return self._labelled("clause", written, list(self.names.clauses), self.names.label, own)

    def payer(self, written: str) -> str:
        return self._labelled("payer", written, list(self.names.payers), self.names.payer)

    def pot(self, written: str, known: list[str]) -> str:
        return self._labelled("pot", written, known, self.names.label)

    def _labelled(
        self, kind: str, written: str, known: list[str], label: Callable[..., str], own: Sequence[str] = ()
    ) -> str:
        if written in known:
            return written
        labels = {
            name: {*label(name, "zh").split(BETWEEN_LABELS), *label(name, "en").casefold().split(BETWEEN_LABELS)}
            for name in known
        }
        found = list(dict.fromkeys([*own, *(name for name in known if written.casefold() in labels[name])]))
        if len(found) == 1:
            return found[0]
        if found:
            shown = [tuple(f"{name} ({label(name, language)})" for language in ("zh", "en")) for name in found]
            zh, en = (", ".join(one) for one in zip(*shown, strict=True))
            self.findings.append(_which(kind, written, Text(zh, en)))
        else:
            chinese = not written.isascii()
            words = {name: label(name, "zh") for name in known}
            options = words.values() if chinese else [*known, *(label(name, "en") for name in known)]
            own_names = list(options) if chinese or nearest(written, options).en.startswith("perhaps") else known
            self.findings.append(unknown(kind, written, own_names, words))
        return written

    def fund(self, written: str) -> str:
        known = {fund for one in self.names.calculated for fund in funds(one.schedule).values() if fund}
        if written and written not in known:
            self.findings.append(unknown("fund", written, known))
        return written

    def due(self, written: str) -> str:
        try:
            return datetime.date.fromisoformat(written).isoformat()
        except ValueError:
            why, remedy = Text("不是日期", "this is not a date"), Text("请写成 2023-03-31", "write it like 2023-03-31")
            self.findings.append(Finding(Place(), "date", why, remedy, written))
            return written

    def _existing(self, kind: str, written: str) -> str:
        """A key that stands in the payments, of any year, or in its table; or the key of what is called so there."""
        if not written or any(self._has(payments, kind, written) for _, payments in self.ends):
            return written
        called = called_so(kind, written, [payments.run.prepared.intake for _, payments in self.ends])
        if len(called) == 1:
            return called[0]
        if called:
            listed = ", ".join(called)
            self.findings.append(_which(kind, written, Text(listed, listed)))
        else:
            known = {name for _, payments in self.ends for name in self._all(payments, kind)}
            self.findings.append(unknown(kind, written, known))
        return written

    def _has(self, payments: Payments, kind: str, value: str) -> bool:
        return any(
            payments.run.prepared.rows(
                sql.select([sql.column(column)], sql.table(relation), where=_is(column, value), distinct=True)
            )
            for relation, column in self._sources(payments, kind)
        )

    def _all(self, payments: Payments, kind: str) -> list[str]:
        return [
            name
            for relation, column in self._sources(payments, kind)
            for (name,) in payments.run.prepared.rows(
                sql.select([sql.column(column)], sql.table(relation), distinct=True)
            )
            if name is not None
        ]

    def _sources(self, payments: Payments, kind: str) -> list[tuple[str, str]]:
        run = payments.run
        found = [(payments.relation, COLUMNS[kind])]
        if kind != "payee":
            table = TABLES[kind]
            if run.prepared.shape.has(table, kind):
                found.append((roster_table(table), kind))
            for ledger in run.ledgers:
                column = ledger.columns.facility if kind == "facility" else ledger.columns.district
                if not ledger.clause.model.cash:
                    found.append((ledger.relation, f"x:{column}"))
        return found


def called_so(kind: str, written: str, intakes: Iterable[Intake]) -> list[str]:
    """The keys of the districts or facilities of this name, as their table in the roster has it."""
    import pyarrow.compute as pc

    found: dict[str, None] = {}
    for intake in intakes:
        table = intake.tables.get(TABLES.get(kind, ""))
        if table is not None and "name" in table.column_names and kind in table.column_names:
            found |= dict.fromkeys(table.filter(pc.equal(table["name"], written))[kind].to_pylist())
    return list(found)


def nothing_there(selection: Selection, year: int | None, remedy: Text) -> CellError:
    """That no amount of the year has these keys; none at all, where there is no year."""
    zh = "、".join(f"{KIND_WORDS[key].zh} {value or '（无）'}" for key, value in selection.keys.items())
    en = ", ".join(f"{KIND_WORDS[key].en} {value or '(none)'}" for key, value in selection.keys.items())
    is_of_year = year is not None and selection.due is None
    when = Text(f"{year} 年", f" in {year}") if is_of_year else Text("", "")
    of = Text(f"：{zh}", f" for {en}") if zh else Text("", "")
    why = Text(f"{when.zh}没有金额{of.zh}", f"there is no amount{when.en}{of.en}")
    return cell_error("no-such-cell", why, remedy)


def alternatives(
    selection: Selection, year: int, values: Callable[[Selection, str], list[str]], years: Callable[[], list[int]]
) -> Text:
    """What there is where one key less is asked for, or in other years."""
    zh, en = [], []
    for key in selection.keys if len(selection.keys) > 1 else ():
        rest = Selection(**{name: value for name, value in selection.keys.items() if name != key})
        found = values(rest, key)
        if found:
            more = " …" if len(found) > 5 else ""
            zh.append(f"去掉{KIND_WORDS[key].zh}则有：{', '.join(one or '（无）' for one in found[:5])}{more}")
            en.append(
                f"without the {KIND_WORDS[key].en} there are: {', '.join(one or '(none)' for one in found[:5])}{more}"
            )
    if not zh and (others := [one for one in years() if one != year]):
        zh.append(f"有金额的年度：{', '.join(map(str, others))}")
        en.append(f"years with amounts: {', '.join(map(str, others))}")
    if not zh:
        return Text("花名册中没有这样的应付项", "nothing of the kind is owed for this roster")
    return Text("；".join(zh), "; ".join(en))
