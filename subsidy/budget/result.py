"""What a calculation gives: budgets, ledgers, findings, readings, and the reason of every number."""

from __future__ import annotations

import datetime
import functools
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from subsidy import sql
from subsidy.budget.ledger import entitlement_table, payment_table
from subsidy.budget.payments import Payments
from subsidy.engine.database import Query
from subsidy.engine.explain import explain_entitlement
from subsidy.engine.explain_line import explain_line
from subsidy.engine.explanation import Explanation
from subsidy.engine.run import Run
from subsidy.finding import Finding, Language
from subsidy.money import yuan, yuan_text
from subsidy.roster.intake import joined_example_rows
from subsidy.schedule.catalogue import Schedule
from subsidy.schedule.load import Version
from subsidy.schedule.model import Provision
from subsidy.schedule.written import Reading

if TYPE_CHECKING:
    import pandas as pd

    from subsidy.budget.advance import Advance
    from subsidy.budget.payment_calendar import PaymentCalendar
    from subsidy.budget.receipt import Receipt

Basis = Literal["due", "accrued"]


@dataclass(frozen=True)
class Cell:
    """One cell of the budget: fen in the high and in the low calculation."""

    clause: str
    payer: str
    district: str | None
    facility: str | None
    amount: int
    low: int
    fund: str | None = None


@dataclass(frozen=True)
class Calculated:
    """One schedule's two calculations; the same one twice where no amount is open."""

    schedule: Schedule
    high: Payments
    low: Payments


class Result:
    """The result of `subsidy.calculate`. Amounts in frames are exact decimals in yuan."""

    def __init__(
        self,
        calculated: Sequence[Calculated],
        year: int,
        basis: Basis,
        findings: Sequence[Finding],
        receipt: Callable[[Result], Receipt],
    ) -> None:
        self.calculated = tuple(calculated)
        self.year = year
        self.basis: Basis = basis
        self.findings = tuple(findings)
        self._receipt = receipt

    # --- budgets -----------------------------------------------------------------------------------------------

    @functools.cached_property
    def cells(self) -> tuple[Cell, ...]:
        """The year's cash by clause, payer, district and facility."""
        found = [cell for one in self.calculated for cell in self._cells(one, relief=False)]
        return tuple(sorted(found, key=self._order))

    @functools.cached_property
    def relief_cells(self) -> tuple[Cell, ...]:
        """The year's reliefs, which are no cash, by clause, district and facility."""
        found = [cell for one in self.calculated for cell in self._cells(one, relief=True)]
        return tuple(sorted(found, key=self._order))

    def _cells(self, one: Calculated, relief: bool) -> list[Cell]:
        read = _relief_rows if relief else _cash_rows
        high = read(one.high, self.year, self.basis)
        low = high if one.low is one.high else read(one.low, self.year, self.basis)
        found = []
        for key in {**high, **low}:
            clause, payer, district, facility = key
            name = self.clause_name(one.schedule, clause)
            fund = next(
                version.fund(clause, payer) for version in reversed(one.schedule.versions) if clause in version.clauses
            )
            found.append(Cell(name, payer, district, facility, high.get(key, 0), low.get(key, 0), fund))
        return found

    def clause_name(self, schedule: Schedule, clause: str) -> str:
        """A clause's name; with that of its schedule before it where several have a clause of that name."""
        having = [one for one in self.calculated if any(clause in version.clauses for version in one.schedule.versions)]
        return clause if len(having) == 1 else f"{schedule.id}:{clause}"

    def _order(self, cell: Cell) -> tuple[object, ...]:
        """Clauses as they stand in the document, then payer, district and facility by name."""
        place = list(self.items).index(cell.clause)
        return (
            place,
            cell.payer,
            cell.district is None,
            cell.district or "",
            cell.facility is None,
            cell.facility or "",
        )

    @property
    def total(self) -> Any:
        """All cash of the year, in yuan (Decimal)."""
        return yuan(sum(cell.amount for cell in self.cells))

    @property
    def low(self) -> Any:
        """The same with every open amount at its lower end."""
        return yuan(sum(cell.low for cell in self.cells))

    def budget(self) -> pd.DataFrame:
        """District × clause × payer: columns district, clause, item, payer, amount, low."""
        order = list(self.items)
        sums = _sums(self.cells, lambda cell: (cell.district, cell.clause, cell.payer))
        rows = [
            {"district": key[0], "clause": key[1], "item": self.items.get(str(key[1])), "payer": key[2], "fen": amounts}
            for key, amounts in sorted(
                sums.items(), key=lambda item: (item[0][0] is None, item[0][0] or "", order.index(item[0][1]))
            )
        ]
        return _frame(["district", "clause", "item", "payer"], rows)

    def by_facility(self) -> pd.DataFrame:
        """Columns facility, amount, low; what belongs to no facility stands under a missing one."""
        return self._by("facility", lambda cell: (cell.facility,))

    def by_district(self) -> pd.DataFrame:
        """Columns district, amount, low."""
        return self._by("district", lambda cell: (cell.district,))

    def by_payer(self) -> pd.DataFrame:
        """Columns payer, amount, low."""
        return self._by("payer", lambda cell: (cell.payer,))

    def by_fund(self) -> pd.DataFrame:
        """Columns fund, amount, low; what no budget line is named for stands under a missing one."""
        return self._by("fund", lambda cell: (cell.fund,))

    def _by(self, name: str, key: Callable[[Cell], tuple[Any, ...]]) -> pd.DataFrame:
        rows = [{name: keys[0], "fen": amounts} for keys, amounts in _by_key(_sums(self.cells, key)).items()]
        return _frame([name], rows)

    # --- ledgers -----------------------------------------------------------------------------------------------

    def entitlements(self) -> pd.DataFrame:
        """Every subject × clause × period of the roster with what is owed after limits, its state and reason."""
        return _joined([entitlement_table(one.schedule, one.high.run) for one in self.calculated])

    def payments(self) -> pd.DataFrame:
        """Every payer's part of every payment line: owed, cut by pots, amount."""
        return _joined([payment_table(one.schedule, one.high) for one in self.calculated])

    def calendar(self, advance: Advance | None = None) -> PaymentCalendar:
        """What falls due when in the year, on what condition, by whom, and what is still to come.

        With `advance`, what recurs is paid in advance and settled in the next year. Raises Refusal for an advance that
        cannot be.
        """
        from subsidy.budget.payment_calendar import payment_calendar

        return payment_calendar(self, advance)

    def save_ledger(
        self, folder: str | Path, *, until: datetime.date | None = None, form: Literal["parquet", "csv"] = "parquet"
    ) -> None:
        """Write entitlements and payments that are due up to a day, and the receipt, into a folder of their own.

        `until`: by default the last day of the reported year. Amounts are exact decimals in yuan. The folder is written
        whole or not at all; one with an earlier ledger is replaced. Raises RosterError when it cannot be written.
        """
        from subsidy.budget.saved import save_ledger

        save_ledger(self, Path(folder), until or datetime.date(self.year, 12, 31), form)

    # --- reasons -----------------------------------------------------------------------------------------------

    def explain(self, clause: str, subject: str, period: str | None = None, language: Language = "en") -> Explanation:
        """How the amount of one entitlement came about. `period`: 2023-03, 2023-Q1, 2023-H1, 2023 or a day.

        Without a period: the first one in the reported year, or of all where none is in it. Raises KeyError for an
        unknown clause, subject or period.
        """
        one, name = self._of_clause(clause)
        runs = [one.high.run, *(other.high.run for other in self.calculated if other is not one)]
        return explain_entitlement(runs, name, subject, period, self.year, language)

    def explain_payment(self, clause: str, payee: str, due: str, language: Language = "en") -> Explanation:
        """What a payment line adds up, who pays which part, and who got the odd fen. `due`: a day, 2023-03-31."""
        one, name = self._of_clause(clause)
        return explain_line(one.high.run, one.high.relation, name, payee, due, language)

    def _of_clause(self, written: str) -> tuple[Calculated, str]:
        for one in self.calculated:
            for version in one.schedule.versions:
                for name in version.clauses:
                    if written == self.clause_name(one.schedule, name):
                        return one, name
        raise KeyError(written)

    # --- what stands beside the numbers ------------------------------------------------------------------------

    @property
    def blocked(self) -> dict[str, int]:
        """By table, the rows left out of the calculation because something in them is wrong."""
        found: dict[str, int] = {}
        for one in self.calculated:
            for table, rows in one.high.run.prepared.intake.blocked.items():
                found[table] = max(rows, found.get(table, 0))
        return {table: rows for table, rows in sorted(found.items()) if rows}

    @property
    def example_rows(self) -> dict[str, int]:
        """By table, the example rows of a template that were left aside."""
        return joined_example_rows(one.high.run.prepared.intake for one in self.calculated)

    @functools.cached_property
    def items(self) -> dict[str, str]:
        """The item of every clause."""
        return {
            self.clause_name(one.schedule, name): clause.model.item
            for one in self.calculated
            for version in one.schedule.versions
            for name, clause in version.clauses.items()
        }

    @property
    def versions(self) -> list[Version]:
        """All versions that were calculated, in the order of their schedules."""
        return [version for one in self.calculated for version in one.schedule.versions]

    @property
    def readings(self) -> list[dict[str, Any]]:
        """Every reading taken where a text leaves room: entry, item, text in both languages."""
        found = []
        for version in self.versions:
            model = version.model
            for section in (model.clauses, model.limits, model.values, model.rules):
                for name, entry in section.items():
                    reading: Reading | None = entry.reading
                    if reading is not None:
                        text = {"zh": reading.zh, "en": reading.en}
                        found.append({"name": name, "item": entry.item, "part": _part(entry, version), "reading": text})
        return _each_once(found)

    @property
    def unquantified(self) -> list[dict[str, Any]]:
        """Provisions that promise money without a figure."""
        return self._provisions("unquantified")

    @property
    def rules(self) -> list[dict[str, Any]]:
        """Provisions that calculate nothing."""
        return self._provisions("rules")

    def _provisions(self, section: str) -> list[dict[str, Any]]:
        found = []
        for version in self.versions:
            entries: Mapping[str, Provision] = getattr(version.model, section)
            for name, entry in entries.items():
                label = {"zh": entry.label.zh, "en": entry.label.en} if entry.label else None
                found.append({"name": name, "item": entry.item, "part": _part(entry, version), "label": label})
        return _each_once(found)

    @property
    def limits(self) -> list[dict[str, Any]]:
        """What each limit on subjects took away in the year; where it only reports, what it is exceeded by in all.

        One over several schedules is listed once, as SCHEDULE:LIMIT, with what it took away in all of them.
        """
        cuts: dict[tuple[str, str], int] = {}
        items: dict[tuple[str, str], str | None] = {}
        over: dict[tuple[str, str], int] = {}
        for one in self.calculated:
            run = one.high.run
            for name, (limit, _) in run.limit_tables.items():
                key = ("" if limit.whole else one.schedule.id, name)
                items[key] = limit.model.item
                for before, after in run.plan.limit_steps[name]:
                    cut = _owed(run, before, self.year) - _owed(run, after, self.year)
                    cuts[key] = cuts.get(key, 0) + cut
                if name in run.exceeded:
                    over[key] = run.exceeded[name]
        return [
            {"limit": key[1], "item": items[key], "cut": yuan_text(cut)}
            | ({"over": yuan_text(over[key])} if key in over else {})
            for key, cut in cuts.items()
        ]

    @property
    def pots(self) -> list[dict[str, Any]]:
        """What each pot holds, was asked for, is over and was cut, over the years it runs."""
        return [
            {
                "pot": pot.pot,
                "item": pot.item,
                "years": pot.years,
                "key": dict(pot.key),
                "at_most": None if pot.at_most is None else yuan_text(pot.at_most),
                "used_before": yuan_text(pot.used_before),
                "asked": yuan_text(pot.asked),
                "over": yuan_text(pot.over),
                "cut": yuan_text(pot.cut),
                "refunded": yuan_text(pot.refunded),
                "when_short": pot.when_short,
            }
            for one in self.calculated
            for pot in one.high.pots
        ]

    @functools.cached_property
    def receipt(self) -> Receipt:
        """What was calculated, from what, by which versions, with which totals."""
        return self._receipt(self)

    def to_dict(self) -> dict[str, Any]:
        """The budget as one JSON-ready object; amounts are strings in yuan with two decimals."""
        return {
            "schedules": [
                {
                    "id": version.id,
                    "version": version.first_day.isoformat(),
                    "revision": version.model.revision,
                    **version.overlays_dict(),
                }
                for version in self.versions
            ],
            "year": self.year,
            "basis": self.basis,
            "total": f"{self.total:.2f}",
            "low": f"{self.low:.2f}",
            **{f"by_{by}": listed(by, self.cells, self.items) for by in ("clause", "district", "facility", "payer")},
            "relief": listed("clause", self.relief_cells, self.items),
            "limits": self.limits,
            "pots": self.pots,
            "blocked": self.blocked,
            "findings": [finding.to_dict() for finding in self.findings],
            "readings": self.readings,
            "unquantified": self.unquantified,
            "rules": self.rules,
        }


def listed(by: str, cells: Iterable[Cell], items: Mapping[str, str]) -> list[dict[str, Any]]:
    """Cells added up by clause, district, facility or payer, JSON-ready. `items`: the item of every clause."""
    cells = list(cells)
    entries = []
    sums = _sums(cells, lambda cell: (getattr(cell, by),))
    for (key,), (amount, low) in (sums if by == "clause" else _by_key(sums)).items():
        own = [cell for cell in cells if getattr(cell, by) == key]
        entry: dict[str, Any] = {by: key}
        if by == "clause":
            entry["item"] = items[str(key)]
        entry |= {"amount": yuan_text(amount), "low": yuan_text(low)}
        if by != "payer" and any(cell.payer for cell in own):
            entry["payers"] = _by_name(own, "payer")
        if by != "clause":
            entry["clauses"] = _by_name(own, "clause")
        entries.append(entry)
    return entries


def _part(entry: Any, version: Any) -> str | None:
    part: str | None = entry.part or version.model.document.part
    return part


def _each_once(entries: list[dict[str, Any]]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    for entry in entries:
        if entry not in found:
            found.append(entry)
    return found


def _by_name(cells: Iterable[Cell], name: str) -> dict[str, str]:
    return {
        str(key): yuan_text(amounts[0]) for (key,), amounts in _sums(cells, lambda cell: (getattr(cell, name),)).items()
    }


def _sums(cells: Iterable[Cell], key: Callable[[Cell], tuple[Any, ...]]) -> dict[tuple[Any, ...], tuple[int, int]]:
    sums: dict[tuple[Any, ...], tuple[int, int]] = {}
    for cell in cells:
        amount, low = sums.get(key(cell), (0, 0))
        sums[key(cell)] = (amount + cell.amount, low + cell.low)
    return sums


def _by_key(sums: dict[tuple[Any, ...], tuple[int, int]]) -> dict[tuple[Any, ...], tuple[int, int]]:
    return dict(sorted(sums.items(), key=lambda item: tuple((part is None, part or "") for part in item[0])))


# --- reading the calculations --------------------------------------------------------------------------------------


Key = tuple[str, str, str | None, str | None]


def _cash_rows(payments: Payments, year: int, basis: Basis) -> dict[Key, int]:
    def query() -> Query:
        keys = [sql.column(name) for name in ("clause", "payer", "place", "facility")]
        month = sql.column("due#m" if basis == "due" else "accrued#m")
        amount = sql.alias(sql.total(sql.column("amount")), "amount")
        return Query(sql.select([*keys, amount], sql.table(payments.relation), where=_in_year(month, year), group=keys))

    prepared = payments.run.prepared
    return {row[:4]: row[4] for row in prepared.rows(prepared.once(("cash", payments.relation, year, basis), query))}


def _relief_rows(payments: Payments, year: int, basis: Basis) -> dict[Key, int]:
    found: dict[Key, int] = {}
    run = payments.run
    for ledger in run.ledgers:
        if ledger.clause.model.cash:
            continue
        columns = ledger.columns
        keys = [sql.column(f"x:{name}") for name in (columns.district, columns.facility)]
        owed = sql.total(sql.mul(sql.column("unit"), sql.column("count")))
        query = sql.select(
            [*dict.fromkeys(keys), sql.alias(owed, "owed")],
            sql.table(ledger.relation),
            where=_in_year(sql.column("accrued#m"), year),
            group=keys,
        )
        for row in run.prepared.rows(query):
            key: Key = (ledger.clause.name, "", row[0], row[len(row) - 2])
            found[key] = found.get(key, 0) + row[-1]
    return found


def _in_year(month: sql.Sql, year: int) -> sql.Sql:
    return sql.all_of(
        [sql.compare(">=", month, sql.whole(year * 12)), sql.compare("<", month, sql.whole((year + 1) * 12))]
    )


def _owed(run: Run, ledger: str, year: int) -> int:
    """What a ledger's units of a year add up to (fen)."""
    owed = sql.total(sql.mul(sql.column("unit"), sql.column("count")))
    query = sql.select([sql.alias(owed, "owed")], sql.table(ledger), where=_in_year(sql.column("accrued#m"), year))
    return int(run.prepared.rows(query)[0][0] or 0)


def _frame(keys: list[str], rows: list[dict[str, Any]]) -> pd.DataFrame:
    import pyarrow as pa

    columns: dict[str, Any] = {key: pa.array([row[key] for row in rows], pa.string()) for key in keys}
    for index, name in enumerate(("amount", "low")):
        columns[name] = pa.array([yuan(row["fen"][index]) for row in rows], pa.decimal128(18, 2))
    return _to_pandas(pa.table(columns))


def _joined(tables: list[Any]) -> pd.DataFrame:
    import pyarrow as pa

    return _to_pandas(pa.concat_tables(tables))


def _to_pandas(table: Any) -> pd.DataFrame:
    import pandas as pd

    frame: pd.DataFrame = table.to_pandas(types_mapper=pd.ArrowDtype)
    return frame
