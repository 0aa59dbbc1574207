"""Findings on stderr: all of them where they stop a command, else how many and the first ones."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

import typer

from subsidy.cli.console import console
from subsidy.cli.language import said, spoken
from subsidy.cli.watch import progress_shown
from subsidy.finding import Finding, FindingsError, Language, RosterError, Text

NOT_CALCULATED = Text("共 {} 处错误，未计算。", "errors: {}; nothing was calculated.")
FOUND = Text("共 {} 处错误。", "errors: {}.")
PROCEED = Text("加 --proceed 则撇开出错的行，先算其余。", "--proceed leaves these rows out and calculates the rest.")


@contextmanager
def findings_reported(language: Language, outcome: Text = NOT_CALCULATED) -> Iterator[None]:
    """Findings and what did not happen because of them on stderr, and exit code 1, instead of a traceback."""
    try:
        with progress_shown(console(stderr=True), language):
            yield
    except FindingsError as error:
        report_findings(error, language, outcome)
        raise typer.Exit(1) from None


def report_findings(error: FindingsError, language: Language, outcome: Text = NOT_CALCULATED) -> None:
    """All findings on stderr, and what did not happen because of them."""
    from subsidy.report.text import print_findings

    stderr = console(stderr=True)
    print_findings(error.findings, stderr, language)
    errors = sum(finding.severity == "error" for finding in error.findings)
    stderr.print(outcome.in_(language).format(errors), highlight=False, soft_wrap=True)
    if (
        outcome is NOT_CALCULATED
        and isinstance(error, RosterError)
        and all(finding.table for finding in error.findings)
    ):
        stderr.print(said(PROCEED), highlight=False, soft_wrap=True)


def tell(findings: Sequence[Finding], examples: Mapping[str, int], *, every: bool = False) -> None:
    """What a result rests on: its findings, and the example rows that were left aside."""
    from subsidy.report.text import print_examples, print_findings, print_first_findings

    stderr = console(stderr=True)
    (print_findings if every else print_first_findings)(findings, stderr, spoken())
    print_examples(examples, stderr, spoken())
