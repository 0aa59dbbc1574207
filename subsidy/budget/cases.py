"""Cases: files of rows with what several clauses owe for them and who pays it, run against schedules.

A file is one case or a list of cases. What is wrong in it is a finding with file and line, as in a schedule.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field

from subsidy.budget.calculate import calculate
from subsidy.budget.examples import run_examples
from subsidy.budget.expected import Compared, Expected, Ledgers, Outcome
from subsidy.budget.result import Result
from subsidy.finding import Finding, Refusal, ScheduleError, Text, nearest
from subsidy.roster.tables import Roster
from subsidy.schedule.catalogue import Schedule, catalogue, overlay_each, schedule
from subsidy.schedule.checked import NOT_STATED
from subsidy.schedule.form import validated
from subsidy.schedule.load import load_source
from subsidy.schedule.source import KEY, Source, read_file
from subsidy.schedule.source import Path as KeyPath
from subsidy.schedule.written import Date, Filled, Name, Part, Reading, Whole

CASES = Path("tests") / "cases"  # of a working directory
OWN_KEYS = ("name", "rows", "expected")  # which no schedule has


def _schedules(written: object) -> tuple[object, ...]:
    several = tuple(written) if isinstance(written, (list, tuple)) else (written,)
    if not several or not all(isinstance(one, dict) or (isinstance(one, str) and one.strip()) for one in several):
        raise Refusal(
            Text("此处应为补贴标准", "a schedule is expected here"),
            Text(
                "请写 id、YAML 文件、标准全文，或它们的列表",
                "give an id, a YAML file, the text of a schedule, or a list of these",
            ),
        )
    return several


class Case(Part):
    """Rows of a roster, the schedules they are calculated with, and what is right for them."""

    name: Reading
    source: Filled  # where the expected figures come from
    schedule: Annotated[tuple[Any, ...], BeforeValidator(_schedules)]
    on: Date | None = None
    set_: dict[Filled, str] = Field(default_factory=dict, alias="set")
    year: Whole
    basis: Literal["due", "accrued"] = "due"
    rows: dict[Name, tuple[dict[str, str], ...]]
    expected: tuple[Expected, ...]
    findings: tuple[Filled, ...] = ()  # the codes of all that is found in the rows


@dataclass(frozen=True)
class ReadCase:
    """A case as it stands in its file."""

    model: Case
    source: Source

    @property
    def file(self) -> Path:
        return Path(self.source.file)


def run_tests(target: str) -> Iterator[Outcome]:
    """The outcomes of a schedule's examples (an id, a file, a folder of versions) or of cases (a file, a folder).

    Raises ScheduleError for what is neither, or has mistakes.
    """
    files = _case_files(target)
    if not files:
        yield from run_examples(schedule(target))
    for file in files:
        for case in read_cases(file):
            yield run_case(case)


def _case_files(target: str) -> list[Path]:
    path = Path(target)
    if target in catalogue():
        return []
    if path.is_dir():
        return case_files(path)
    return [path] if path.is_file() and _is_case_file(path) else []


def case_files(folder: Path) -> list[Path]:
    """The files of cases in a folder and those below it. Schedules that stand among them are not."""
    return sorted(path for path in folder.glob("**/*.yaml") if _is_case_file(path))


def _is_case_file(path: Path) -> bool:
    data = read_file(path)[0].data
    return not isinstance(data, dict) or any(key in data for key in OWN_KEYS)


def read_cases(file: Path) -> list[ReadCase]:
    """The cases of a file. Raises ScheduleError with every mistake of form in it."""
    whole, _ = read_file(file)
    single = isinstance(whole.data, dict)
    paths: list[KeyPath] = [()] if single else [(position,) for position in range(len(whole.data or ()))]
    if not paths or not all(isinstance(whole.part(path).data, dict) for path in paths):
        why = Text("文件应为一个算例或算例的列表", "the file is one case or a list of cases")
        remedy = Text("请以 name: … 或 - name: … 开头", "begin with name: …, or with - name: …")
        raise ScheduleError([Finding(whole.place(()), "not-a-case", why, remedy)])
    cases, findings = [], []
    for path in paths:
        source = whole.part(path)
        try:
            cases.append(ReadCase(validated(Case, source), source))
        except ScheduleError as error:
            findings += error.findings
    if findings:
        raise ScheduleError(findings)
    return cases


def load_case(case: ReadCase) -> tuple[list[Schedule], Result]:
    """The schedules of a case and the result for its rows. Raises ScheduleError where they cannot be used."""
    model, source = case.model, case.source
    schedules = _loaded(case)
    roster = Roster(**{table: [dict(row) for row in rows] for table, rows in model.rows.items()})
    try:
        with _placing(source, ("schedule",)):
            return schedules, calculate(schedules, roster, model.year, basis=model.basis, proceed=True)
    except Refusal as refusal:
        raise ScheduleError([Finding(source.place(("year",)), "value", refusal.why, refusal.remedy)]) from None


def run_case(case: ReadCase) -> Outcome:
    """Calculate a case and compare. Raises ScheduleError where its schedules, names or year cannot be used."""
    model, source = case.model, case.source
    schedules, result = load_case(case)
    _check_names(case, schedules, result.items)
    findings = [_placed(finding, source) for finding in result.findings]
    ledgers = Ledgers(result)
    compared = [one for expected in model.expected for one in ledgers.compared(expected)]
    compared.append(_codes(model.findings, findings))
    name = Text(model.name.zh, model.name.en)
    return Outcome(name, source.place(()), model.source, tuple(compared), tuple(findings))


def _codes(expected: Sequence[str], findings: Sequence[Finding]) -> Compared:
    """The codes of the findings, each once."""
    wanted, found = (", ".join(sorted(set(codes))) or "—" for codes in (expected, [one.code for one in findings]))
    return Compared(Text("疑点", "findings"), wanted, found, lambda language: [])


def _placed(finding: Finding, source: Source) -> Finding:
    """A finding of the rows with its place in the case's file."""
    place = finding.place
    if place.file or not place.row:
        return finding
    return replace(finding, place=source.place(("rows", place.sheet, place.row - 1, place.column)))


def _loaded(case: ReadCase) -> list[Schedule]:
    """The schedules of a case, at their day, with its overlays."""
    found = []
    is_list = isinstance(case.source.data["schedule"], list)
    for position, written in enumerate(case.model.schedule):
        path: KeyPath = ("schedule", position) if is_list else ("schedule",)
        with _placing(case.source, path):
            found.append(_schedule(case, written, path))
    for changed, value in case.model.set_.items():
        with _placing(case.source, ("set", changed, KEY)):
            found = overlay_each(found, {changed: value})
    return found


@contextmanager
def _placing(source: Source, path: KeyPath) -> Iterator[None]:
    """What is wrong with an overlay stands at `set`, what has no place at `path`."""
    try:
        yield
    except ScheduleError as error:
        findings = []
        for finding in error.findings:
            of_overlay = ("set", finding.place.path, KEY)
            if of_overlay in source.places:
                finding = replace(finding, place=source.place(of_overlay))
            findings.append(finding if finding.place.file else replace(finding, place=source.place(path)))
        raise ScheduleError(findings) from None


def _schedule(case: ReadCase, written: Any, path: KeyPath) -> Schedule:
    if isinstance(written, dict):
        digest = hashlib.sha256(json.dumps(written, ensure_ascii=False).encode()).hexdigest()
        return Schedule((load_source(case.source.part(path), digest),), (case.file,))
    beside = case.file.parent / written
    return schedule(beside if written.endswith((".yaml", ".yml")) or beside.is_dir() else written, case.model.on)


def _check_names(case: ReadCase, schedules: Sequence[Schedule], clauses: Iterable[str]) -> None:
    """A name that is nowhere would be owed nothing, and an expected 0 would hold."""
    payers = {payer for one in schedules for version in one.versions for payer in version.model.payers} | {NOT_STATED}
    cells = {cell for rows in case.model.rows.values() for row in rows for cell in row.values()}
    findings = []
    for position, expected in enumerate(case.model.expected):
        for key, known in {"clause": set(clauses), "payer": payers, "subject": cells, "payee": cells}.items():
            name = getattr(expected, key)
            if name is not None and name not in known:
                place = case.source.place(("expected", position, key))
                findings.append(Finding(place, "case", *_unknown(key, name, known), name))
    if findings:
        raise ScheduleError(findings)


def _unknown(key: str, name: str, known: set[str]) -> tuple[Text, Text]:
    why = {
        "clause": Text(f"没有条款 {name}", f"there is no clause {name}"),
        "payer": Text(f"没有承担主体 {name}", f"there is no payer {name}"),
    }
    return why.get(key, Text(f"各行中没有 {name}", f"there is no {name} in the rows")), nearest(name, known)
