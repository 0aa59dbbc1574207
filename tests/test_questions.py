"""What people ask about a number is answered by the text of one explanation (`questions.yaml`)."""

from __future__ import annotations

import functools
import io
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml
from rich.console import Console

import subsidy
from subsidy import Result, Roster
from subsidy.budget.cases import case_files, load_case, read_cases
from subsidy.finding import Language
from subsidy.report.calendar import print_calendar

HERE = Path(__file__).parent
CASES = {case.model.name.en: case for file in case_files(HERE / "cases") for case in read_cases(file)}


@dataclass(frozen=True)
class Question:
    """A question, how the text is made that is to answer it, and what stands in it, both in two languages."""

    id: str
    question: dict[Language, str]
    asked: dict[str, Any]
    answer: dict[Language, list[str]]

    def text(self, language: Language) -> str:
        result = self._result()
        if "explain" in self.asked:
            return str(result.explain(**self.asked["explain"], language=language))
        if "explain_payment" in self.asked:
            return str(result.explain_payment(**self.asked["explain_payment"], language=language))
        written = io.StringIO()
        print_calendar(result.calendar(**self.asked["calendar"]), "month", Console(file=written, width=120), language)
        return written.getvalue()

    def _result(self) -> Result:
        asked = self.asked
        if "case" in asked:
            return of_case(asked["case"], int(asked["year"]) if "year" in asked else None)
        if "roster" in asked:
            return of_roster(asked["schedule"], asked["roster"], int(asked["year"]))
        roster = Roster(**asked["rows"])
        return subsidy.calculate(subsidy.schedule(asked["schedule"]), roster, int(asked["year"]), proceed=True)


@functools.cache
def of_case(name: str, year: int | None) -> Result:
    case = CASES[name]
    own = case.model if year is None else case.model.model_copy(update={"year": year})
    return load_case(type(case)(own, case.source))[1]


@functools.cache
def of_roster(schedule: str, roster: str, year: int) -> Result:
    return subsidy.calculate(subsidy.schedule(schedule), subsidy.read_roster(HERE.parent / roster), year, proceed=True)


# dates and months stay as they are written
QUESTIONS = [
    Question(**one) for one in yaml.load((HERE / "questions.yaml").read_text(encoding="utf-8"), Loader=yaml.BaseLoader)
]


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("question", QUESTIONS, ids=lambda question: question.id)
def test_the_text_answers_the_question(question: Question, language: Language) -> None:
    lines = question.text(language).splitlines()
    missing = [part for part in question.answer[language] if not any(part in line for line in lines)]
    assert not missing, "\n".join(lines)


def test_every_question_is_asked_once_in_both_languages() -> None:
    assert len({question.id for question in QUESTIONS}) == len(QUESTIONS) == 20
    for question in QUESTIONS:
        assert set(question.question) == set(question.answer) == {"zh", "en"}
        assert all(question.answer.values())
