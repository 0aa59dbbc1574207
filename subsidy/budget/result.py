"""What a calculation gives: budgets, ledgers, findings, readings, and the reason of every number."""

from __future__ import annotations

import datetime
import functools
from collections.abc import Callable, Iterable, Sequence
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Unpack, overload

from subsidy.budget import spark_ledgers
from subsidy.budget.beside import blocked_rows, limits, provisions, readings, versions_of
from subsidy.budget.breakdown import Breakdown
from subsidy.budget.breakdown_context import BRIEF, Context, Depth, Extent
from subsidy.budget.cells import Basis, Calculated, Cell, cash_rows, in_order_of_key, listed, relief_rows, sums_by
from subsidy.budget.explain import Narrowed, Question, explained
from subsidy.budget.frames import Frames, Table, to_pandas
from subsidy.budget.ledger import (
    ENTITLEMENT,
    PAYMENT,
    entitlement_batches,
    entitlement_table,
    payment_batches,
    payment_table,
)
from subsidy.budget.names import Names
from subsidy.engine.explain_line import explain_line
from subsidy.engine.explanation import Explanation
from subsidy.finding import Finding, Language
from subsidy.money import check_total, yuan, yuan_column
from subsidy.roster.intake import joined_example_rows
from subsidy.schedule.catalogue import Schedule
from subsidy.schedule.load import Version

if TYPE_CHECKING:
    import pandas as pd
    from pyspark.sql import DataFrame

    from subsidy.budget.advance import Advance
    from subsidy.budget.payment_calendar import PaymentCalendar
    from subsidy.budget.receipt import Receipt


class Result(Frames):
    """The result of `subsidy.calculate`. Amounts in frames are exact decimals in yuan."""

    frames = ("budget", "by_district", "by_facility", "by_payer", "by_fund", "entitlements", "payments")

    def __init__(
        self,
        calculated: Sequence[Calculated],
        year: int,
        basis: Basis,
        findings: Sequence[Finding],
        receipt: Callable[[Result], Receipt],
        schedules: Sequence[Schedule] = (),
    ) -> None:
        """`schedules`: as they were given; those of `calculated` know of each other."""
        self.calculated = tuple(calculated)
        self.year = year
        self.basis: Basis = basis
        self.findings = tuple(findings)
        self.schedules = tuple(schedules)
        self._receipt = receipt
        self.names = Names(self.calculated)

    # --- budgets -----------------------------------------------------------------------------------------------

    @functools.cached_property
    def cells(self) -> tuple[Cell, ...]:
        """The year's cash by clause, payer, district and facility."""
        found = [cell for one in self.calculated for cell in self._cells(one, relief=False)]
        check_total(max(abs(cell.amount), abs(cell.low)) for cell in found)
        return tuple(sorted(found, key=self._order))

    @functools.cached_property
    def relief_cells(self) -> tuple[Cell, ...]:
        """The year's reliefs, which are no cash, by clause, district and facility."""
        found = [cell for one in self.calculated for cell in self._cells(one, relief=True)]
        check_total(max(abs(cell.amount), abs(cell.low)) for cell in found)
        return tuple(sorted(found, key=self._order))

    def _cells(self, one: Calculated, relief: bool) -> list[Cell]:
        read = relief_rows if relief else cash_rows
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
        return self.names.clause(schedule.id, clause)

    def _order(self, cell: Cell) -> tuple[object, ...]:
        """Clauses as they stand in the document, then payer, district and facility by name."""
        return (
            self.names.places[cell.clause],
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
        return to_pandas(self._budget())

    def _budget(self) -> Any:
        order = list(self.items)
        sums = sums_by(self.cells, lambda cell: (cell.district, cell.clause, cell.payer))
        rows = [
            {"district": key[0], "clause": key[1], "item": self.items.get(str(key[1])), "payer": key[2], "fen": amounts}
            for key, amounts in sorted(
                sums.items(), key=lambda item: (item[0][0] is None, item[0][0] or "", order.index(item[0][1]))
            )
        ]
        return _with_amounts(["district", "clause", "item", "payer"], rows)

    def by_facility(self) -> pd.DataFrame:
        """Columns facility, amount, low; what belongs to no facility stands under a missing one."""
        return to_pandas(self._by("facility"))

    def by_district(self) -> pd.DataFrame:
        """Columns district, amount, low."""
        return to_pandas(self._by("district"))

    def by_payer(self) -> pd.DataFrame:
        """Columns payer, amount, low."""
        return to_pandas(self._by("payer"))

    def by_fund(self) -> pd.DataFrame:
        """Columns fund, amount, low; what no budget line is named for stands under a missing one."""
        return to_pandas(self._by("fund"))

    def _by(self, name: str) -> Any:
        sums = sums_by(self.cells, lambda cell: (getattr(cell, name),))
        rows = [{name: key, "fen": amounts} for (key,), amounts in in_order_of_key(sums).items()]
        return _with_amounts([name], rows)

    def _table(self, name: str) -> Table:
        if name == "entitlements":
            of_each = (entitlement_batches(one.schedule, one.high.run) for one in self.calculated)
            return Table(name, ENTITLEMENT, chain.from_iterable(of_each))
        if name == "payments":
            of_each = (payment_batches(one.schedule, one.high) for one in self.calculated)
            return Table(name, PAYMENT, chain.from_iterable(of_each))
        return Table.of(name, self._budget() if name == "budget" else self._by(name.removeprefix("by_")))

    def receipts(self) -> dict[str, Receipt]:
        return {"receipt_sha256": self.receipt}

    # --- ledgers -----------------------------------------------------------------------------------------------

    def entitlements(self) -> pd.DataFrame:
        """Every subject × clause × period of the roster with what is owed after limits, its state and reason."""
        return _joined(entitlement_table(one.schedule, one.high.run) for one in self.calculated)

    def payments(self) -> pd.DataFrame:
        """Every payer's part of every payment line: owed, cut by pots, amount."""
        return _joined(payment_table(one.schedule, one.high) for one in self.calculated)

    def entitlements_frame(self) -> DataFrame:
        """`entitlements` as a frame of Spark, in no order; nothing is collected. Raises Refusal by another engine."""
        return spark_ledgers.entitlements_frame(self.calculated)

    def payments_frame(self) -> DataFrame:
        """`payments` as a frame of Spark, in no order; nothing is collected. Raises Refusal by another engine."""
        return spark_ledgers.payments_frame(self.calculated)

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

    def to_excel(self, path: str | Path, language: Language = "zh") -> None:
        """Write the budget book: sums, payments and details with live formulas, for finance officers.

        It is written whole or not at all; an existing file is replaced. Raises RosterError when it cannot be written.
        """
        from subsidy.report.book import write_book

        write_book(self, Path(path), language)

    # --- reasons -----------------------------------------------------------------------------------------------

    @overload
    def explain(
        self, clause: str, subject: str, period: str, language: Language = "en", *, low: bool = False
    ) -> Explanation: ...

    @overload
    def explain(
        self,
        clause: str,
        subject: str | None = None,
        period: None = None,
        language: Language = "en",
        *,
        low: bool = False,
        depth: Depth | None = None,
        extent: Extent = BRIEF,
        **narrowed: Unpack[Narrowed],
    ) -> Breakdown: ...

    @overload
    def explain(
        self,
        clause: None = None,
        subject: str | None = None,
        period: str | None = None,
        language: Language = "en",
        *,
        low: bool = False,
        depth: Depth | None = None,
        extent: Extent = BRIEF,
        **narrowed: Unpack[Narrowed],
    ) -> Breakdown: ...

    def explain(
        self,
        clause: str | None = None,
        subject: str | None = None,
        period: str | None = None,
        language: Language = "en",
        *,
        low: bool = False,
        depth: Depth | None = None,
        extent: Extent = BRIEF,
        **narrowed: Unpack[Narrowed],
    ) -> Breakdown | Explanation:
        """How any amount of the result came about: the grand total, or what it is narrowed down to.

        `clause`, `subject` and `period` (2023-03, 2023-Q1, 2023-H1, 2023 or a day) are one entitlement, in full.
        Without a period: all of the year with state and amount, and the first that is paid in full. Without a clause:
        under all clauses. Otherwise any of `clause`, `payer`, `district`, `facility`, `fund`, `payee`, `due` (a day);
        or `person`; or `pot`; or `relief=True`. Clauses, payers and pots may be written by their labels; an empty text
        is what belongs to none. `low`: with open amounts at their lower end. `depth`: clauses, lines, entitlements or
        rows. `extent`: how many parts of one amount are listed.

        Raises CellError (a KeyError) for what is unknown, ambiguous or not there; it says what there is.
        """
        return self.answer(Question(clause, subject, period, **narrowed), language, low, depth, extent)

    def answer(
        self,
        question: Question,
        language: Language = "en",
        low: bool = False,
        depth: Depth | None = None,
        extent: Extent = BRIEF,
    ) -> Breakdown | Explanation:
        """As `explain`, for a question that is made already."""
        context = Context(
            self.calculated, self.names, self.year, self.basis, language, low, extent, depth, self.findings
        )
        return explained(context, question)

    def explain_payment(self, clause: str, payee: str, due: str, language: Language = "en") -> Explanation:
        """What a payment line adds up, who pays which part, and who got the odd fen. `due`: a day, 2023-03-31."""
        one, name = self.names.clauses[clause]
        return explain_line(one.high.run, one.high.relation, name, payee, due, language, one.high.cuts)

    # --- what stands beside the numbers ------------------------------------------------------------------------

    @property
    def blocked(self) -> dict[str, int]:
        """By table, the rows left out of the calculation because something in them is wrong."""
        return blocked_rows(self.calculated)

    @property
    def example_rows(self) -> dict[str, int]:
        """By table, the example rows of a template that were left aside."""
        return joined_example_rows(one.high.run.prepared.intake for one in self.calculated)

    @property
    def items(self) -> dict[str, str]:
        """The item of every clause."""
        return self.names.items

    @property
    def versions(self) -> list[Version]:
        """All versions that were calculated, in the order of their schedules."""
        return versions_of(self.calculated)

    @property
    def readings(self) -> list[dict[str, Any]]:
        """Every reading taken where a text leaves room: entry, item, text in both languages."""
        return readings(self.calculated)

    @property
    def unquantified(self) -> list[dict[str, Any]]:
        """Provisions that promise money without a figure."""
        return provisions(self.calculated, "unquantified")

    @property
    def rules(self) -> list[dict[str, Any]]:
        """Provisions that calculate nothing."""
        return provisions(self.calculated, "rules")

    @property
    def limits(self) -> list[dict[str, Any]]:
        """What each limit on subjects took away in the year; where it only reports, what it is exceeded by in all.

        One over several schedules is listed once, as SCHEDULE:LIMIT, with what it took away in all of them.
        """
        return limits(self.calculated, self.year)

    @property
    def pots(self) -> list[dict[str, Any]]:
        """What each pot holds, was asked for, is over and was cut, over the years it runs."""
        return [pot.to_dict() for one in self.calculated for pot in one.high.pots]

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


def _with_amounts(keys: list[str], rows: list[dict[str, Any]]) -> Any:
    import pyarrow as pa

    columns: dict[str, Any] = {key: pa.array([row[key] for row in rows], pa.string()) for key in keys}
    for index, name in enumerate(("amount", "low")):
        columns[name] = yuan_column(row["fen"][index] for row in rows)
    return pa.table(columns)


def _joined(tables: Iterable[Any]) -> pd.DataFrame:
    import pyarrow as pa

    return to_pandas(pa.concat_tables(tables))
