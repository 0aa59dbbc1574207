"""The names in a question, checked against schedules and roster alone: a slip is told before anything is calculated."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from subsidy.budget.explain import Question
from subsidy.budget.names import Names
from subsidy.budget.selection import TABLES, CellError, Chooser, unknown
from subsidy.finding import Finding, Place, Text
from subsidy.roster.intake import intake
from subsidy.roster.tables import Roster
from subsidy.schedule.catalogue import Schedule
from subsidy.schedule.together import together
from subsidy.schedule.written import PERIOD

OF_ROSTER = ("subject", "person", "district", "facility", "payee")


@dataclass(frozen=True)
class _Part:
    """One schedule of what is to be calculated."""

    schedule: Schedule


def check_names(question: Question, schedules: Sequence[Schedule], roster: Roster) -> None:
    """Raises CellError with all that is unknown: clauses, payers, pots and funds by the schedules, all else by roster.

    What passes may still be nothing that is paid, or of another table.
    """
    woven = together(schedules).schedules
    chooser = Chooser(Names([_Part(one) for one in woven]), [])
    pots = [name for one in woven for version in one.versions for name, limit in version.limits.items() if limit.is_pot]
    readers: dict[str, Callable[[str], object]] = {
        "clause": chooser.clause,
        "payer": chooser.payer,
        "fund": chooser.fund,
        "due": chooser.due,
        "pot": lambda written: chooser.pot(written, list(dict.fromkeys(pots))),
        "period": lambda written: chooser.findings.extend(_no_period(written)),
    }
    for kind, written in question.given.items():
        if kind in readers:
            readers[kind](written)
        elif written and not _is_in(roster, written) and not any(_is_said(one, written) for one in woven):
            chooser.findings.append(_unknown(kind, written, woven, roster))
    if chooser.findings:
        raise CellError(chooser.findings)


def _no_period(written: str) -> list[Finding]:
    if PERIOD.fullmatch(written):
        return []
    why = Text(f"没有期次 {written}", f"there is no period {written}")
    examples = ("2023-03", "2023-Q1", "2023-H1", "2023", "2023-03-31")
    remedy = Text(f"请写成 {'、'.join(examples)} 之一", f"write it like one of {', '.join(examples)}")
    return [Finding(Place(), "no-such-period", why, remedy, written)]


def _is_in(roster: Roster, written: str) -> bool:
    """Whether any cell of the roster says this."""
    import pyarrow.compute as pc

    return any(
        pc.any(pc.equal(pc.utf8_trim_whitespace(table.column(position)), written)).as_py()
        for table in roster.raw
        for position in range(table.data.num_columns)
    )


def _is_said(schedule: Schedule, written: str) -> bool:
    """Whether a schedule says this anywhere: a place that is no cell."""
    return any(written in str(version.canonical()) for version in schedule.versions)


def _unknown(kind: str, written: str, schedules: Sequence[Schedule], roster: Roster) -> Finding:
    """That there is no such name, and the nearest one of those in its columns."""
    known: dict[str, None] = {}
    for schedule in schedules:
        for name, table in intake(roster, schedule.versions).tables.items():
            if kind == "subject":
                key = schedule.latest.checker.tables[name].key if name in schedule.latest.checker.tables else None
                columns = [key] if key else []
            else:
                columns = [kind, "name"] if name == TABLES.get(kind) else [kind]
            for column in columns:
                if column in table.column_names:
                    known |= dict.fromkeys(str(one) for one in table[column].unique().to_pylist() if one is not None)
    return unknown(kind, written, known)
