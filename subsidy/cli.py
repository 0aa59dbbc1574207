"""The command line. Data on stdout, words on stderr. Exit codes: 0 done, 1 findings that stop, 2 wrong use."""

from __future__ import annotations

import datetime
import io
import json
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from subsidy.finding import FindingsError, Language

if TYPE_CHECKING:
    from subsidy.budget.result import Result
    from subsidy.schedule.catalogue import Schedule

app = typer.Typer(
    help="补贴政策算成钱，精确到分 · Subsidy policy to money, exactly.",
    no_args_is_help=True,
    add_completion=True,
    pretty_exceptions_enable=False,
)

Lang = Annotated[str, typer.Option("--lang", help="zh 或 en · zh or en; the locale's by default")]
Ids = Annotated[list[str], typer.Option("--schedule", "-s", help="补贴标准 id 或 YAML 文件 · schedule id or YAML file")]
RosterPath = Annotated[
    Path, typer.Argument(help="花名册：工作簿或文件夹 · roster: workbook or folder of CSV or Parquet")
]
AsJson = Annotated[bool, typer.Option("--json", help="JSON")]
Changes = Annotated[
    list[str] | None, typer.Option("--set", help="临时改动 · overlay: values.operating_rate.is.5.disabled=250")
]
MappingPath = Annotated[
    Path | None, typer.Option("--mapping", help="列名对照表 · what the file's own headings stand for (YAML)")
]
OnDay = Annotated[str | None, typer.Option("--on", help="该日有效的版本 · the version in force on this day")]
AsOf = Annotated[
    str | None,
    typer.Option("--as-of", help="核查日，默认取花名册最晚日期 · day of the checks; the roster's last by default"),
]


def _default_language() -> str:
    locale = next((os.environ[name] for name in ("LC_ALL", "LC_MESSAGES", "LANG") if os.environ.get(name)), "")
    return "zh" if locale.lower().startswith("zh") else "en"


def _language(lang: str) -> Language:
    chosen = lang or _default_language()
    if chosen not in ("zh", "en"):
        raise typer.BadParameter(f"{chosen}: zh | en", param_hint="--lang")
    return "zh" if chosen == "zh" else "en"


def _console(stderr: bool = False) -> Any:
    from rich.console import Console

    return Console(stderr=stderr, emoji=False)


@contextmanager
def _findings_reported(language: Language, outcome: dict[str, str] | None = None) -> Iterator[None]:
    """Findings and what did not happen because of them on stderr, and exit code 1, instead of a traceback."""
    try:
        yield
    except FindingsError as error:
        from subsidy.report.text import print_findings

        console = _console(stderr=True)
        print_findings(error.findings, console, language)
        errors = sum(finding.severity == "error" for finding in error.findings)
        words = outcome or {"zh": f"共 {errors} 处错误，未计算。", "en": f"errors: {errors}; nothing was calculated."}
        console.print(words[language], highlight=False)
        raise typer.Exit(1) from None


def _print_json(content: Any) -> None:
    sys.stdout.write(json.dumps(content, ensure_ascii=False, indent=2) + "\n")


def _schedules(ids: list[str], changes: list[str] | None, on: str | None = None) -> list[Schedule]:
    from subsidy.schedule.catalogue import schedule

    overlay = {}
    for change in changes or []:
        path, sign, value = change.partition("=")
        if not sign or not path:
            raise typer.BadParameter(f"{change}: PATH=VALUE", param_hint="--set")
        overlay[path] = value
    found = [schedule(name, on) for name in ids]
    return [one.overlay(overlay) for one in found] if overlay else found


def _version(wanted: bool) -> None:
    if wanted:
        from subsidy import __version__

        sys.stdout.write(f"subsidy {__version__}\n")
        raise typer.Exit


@app.callback()
def _main(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="版本 · version")
    ] = False,
) -> None:
    pass


@app.command("list")
def list_schedules(as_json: AsJson = False, lang: Lang = "") -> None:
    """有哪些补贴标准 · Which schedules there are, with their versions."""
    from subsidy.schedule.catalogue import catalogue, schedule

    language = _language(lang)
    with _findings_reported(language):
        found = [schedule(name) for name in catalogue()]
    entries = [
        {
            "id": one.id,
            "version": version.first_day.isoformat(),
            "revision": version.model.revision,
            "document": version.model.document.number,
            "issuer": version.model.document.issuer,
            "clauses": len(version.clauses),
        }
        for one in found
        for version in one.versions
    ]
    if as_json:
        _print_json(entries)
        return
    for entry in entries:
        sys.stdout.write(
            f"{entry['id']}  {entry['version']}  r{entry['revision']}  {entry['document']}  ({entry['clauses']})\n"
        )


@app.command()
def show(
    schedule_id: Annotated[str, typer.Argument(metavar="ID")],
    on: OnDay = None,
    tables: Annotated[bool, typer.Option("--tables", help="花名册的表和列 · tables and columns of the roster")] = False,
    as_json: AsJson = False,
    lang: Lang = "",
) -> None:
    """补贴标准的条款和数值 · A schedule's clauses with the figures they read."""
    from subsidy.report.text import described, print_schedule, print_tables

    language = _language(lang)
    with _findings_reported(language):
        found = _schedules([schedule_id], None, on)[0]
    if as_json:
        _print_json([described(version) for version in found.versions])
    elif tables:
        print_tables(found, _console(), language)
    else:
        print_schedule(found, _console(), language)


@app.command()
def validate(file: Path, lang: Lang = "") -> None:
    """检查一个补贴标准文件 · Check a schedule file; every mistake at once."""
    from subsidy.schedule.load import load_file

    language = _language(lang)
    with _findings_reported(language):
        version = load_file(file)
    counts = len(version.clauses), len(version.limits)
    words = {
        "zh": "{} 个条款，{} 个限制，无误".format(*counts),
        "en": "{} clauses, {} limits, no mistakes".format(*counts),
    }
    sys.stdout.write(f"{version.id} {version.first_day}: {words[language]}\n")


@app.command()
def template(
    schedule_ids: Annotated[list[str], typer.Argument(metavar="ID...")],
    output: Annotated[Path, typer.Option("--output", "-o", help="模板文件 · the workbook to write, .xlsx")],
    on: OnDay = None,
    force: Annotated[bool, typer.Option("--force", help="覆盖已有文件 · replace a file that is there")] = False,
    lang: Lang = "",
) -> None:
    """制作待填的花名册工作簿 · Make the workbook that is to be filled in for one or several schedules."""
    from subsidy.roster.template import template as make

    language = _language(lang)
    with _findings_reported(language, {"zh": "模板未保存。", "en": "The template was not saved."}):
        sheets = make(_schedules(schedule_ids, None, on), output, language, force=force)
    words = {"zh": f"{len(sheets)} 个工作表", "en": f"{len(sheets)} sheets"}
    sys.stdout.write(f"{output}: {words[language]}\n")


@app.command("test")
def run_tests(
    targets: Annotated[
        list[str] | None,
        typer.Argument(metavar="[ID | FILE | FOLDER]...", help="补贴标准，或算例的文件、文件夹 · schedules, or cases"),
    ] = None,
    lang: Lang = "",
) -> None:
    """计算标准自带的例子和算例 · Run the examples that schedules carry, and cases.

    Without arguments: the examples of all shipped schedules, and the cases in tests/cases where there are any.
    """
    from subsidy.budget.cases import CASES
    from subsidy.budget.cases import run_tests as outcomes
    from subsidy.report.outcomes import outcome_text
    from subsidy.schedule.catalogue import catalogue

    language, width = _language(lang), _console().width
    failed = passed = 0
    with _findings_reported(language, {"zh": "测试未完成。", "en": "The tests were not finished."}):
        for target in targets or [*catalogue(), *([str(CASES)] if CASES.is_dir() else [])]:
            for outcome in outcomes(target):
                passed, failed = passed + outcome.passed, failed + (not outcome.passed)
                if not outcome.passed:
                    sys.stdout.write(f"{outcome_text(outcome, language, width)}\n")
    sys.stdout.write(f"{passed} passed, {failed} failed\n")
    if failed:
        raise typer.Exit(1)


def _day(written: str | None) -> datetime.date | None:
    try:
        return None if written is None else datetime.date.fromisoformat(written)
    except ValueError:
        raise typer.BadParameter(f"{written}: 2023-12-31", param_hint="--as-of") from None


@app.command()
def check(
    roster: RosterPath,
    schedule_ids: Ids,
    as_of: AsOf = None,
    mapping: MappingPath = None,
    checks: Annotated[
        bool, typer.Option("--checks", help="列出已查和未查的跨行核查 · list the checks across rows, ran or not")
    ] = False,
    as_json: AsJson = False,
    lang: Lang = "",
) -> None:
    """检查花名册 · Check a roster: everything that is wrong, with its place and what would be right."""
    from subsidy.budget.calculate import examine
    from subsidy.report.text import print_checks, print_examples, print_findings
    from subsidy.roster.tables import read_roster

    language, day = _language(lang), _day(as_of)
    with _findings_reported(language):
        examined = examine(_schedules(schedule_ids, None), read_roster(roster, mapping), as_of=day)
    findings = examined.findings
    if as_json:
        _print_json(examined.to_dict())
    else:
        print_findings(findings, _console(), language)
        words = {"zh": f"疑点 {len(findings)} 处", "en": f"{len(findings)} findings"}
        _console(stderr=True).print(words[language], highlight=False)
        print_checks(examined.checks, examined.as_of, _console(stderr=True), language, each=checks)
    print_examples(examined.example_rows, _console(stderr=True), language)
    if any(finding.severity == "error" for finding in findings):
        raise typer.Exit(1)


@app.command("map")
def propose_mapping(
    roster: RosterPath,
    schedule_ids: Ids,
    output: Annotated[Path | None, typer.Option("--output", "-o", help="写入文件 · write to this file")] = None,
    lang: Lang = "",
) -> None:
    """列名对照表 · Propose a mapping for a roster with headings of its own; what the file has decided already stays.

    subsidy map 花名册.xlsx --schedule cn/xian/elderly-care -o map.yaml
    """
    from subsidy.files import write_whole
    from subsidy.roster.mapping import read_mapping
    from subsidy.roster.propose import proposed_mapping
    from subsidy.roster.tables import read_roster

    language = _language(lang)
    with _findings_reported(language, {"zh": "对照表未写入。", "en": "The mapping was not written."}):
        versions = [version for one in _schedules(schedule_ids, None) for version in one.versions]
        previous = read_mapping(output) if output is not None and output.exists() else None
        text = proposed_mapping(read_roster(roster), versions, previous, language)
        if output is None:
            sys.stdout.write(text)
        else:
            write_whole(output, text)


def _calculated(
    roster: Path,
    mapping: Path | None,
    ids: list[str],
    year: int,
    basis: str,
    proceed: bool,
    changes: list[str] | None,
    as_of: str | None = None,
) -> Result:
    from subsidy.budget.calculate import calculate
    from subsidy.roster.tables import read_roster

    if basis not in ("due", "accrued"):
        raise typer.BadParameter(f"{basis}: due | accrued", param_hint="--basis")
    chosen = "due" if basis == "due" else "accrued"
    return calculate(
        _schedules(ids, changes),
        read_roster(roster, mapping),
        year,
        basis=chosen,  # type: ignore[arg-type]
        proceed=proceed,
        as_of=_day(as_of),
    )


Proceed = Annotated[
    bool, typer.Option("--proceed", help="有错误的行不付，其余照算 · calculate the rest in spite of errors")
]
Year = Annotated[int, typer.Option("--year", "-y", min=1950, max=2150, help="年度 · year to report")]


@app.command()
def budget(
    roster: RosterPath,
    schedule_ids: Ids,
    year: Year,
    basis: Annotated[str, typer.Option("--basis", help="due 按拨付到期年 · accrued 按所属年")] = "due",
    proceed: Proceed = False,
    as_of: AsOf = None,
    as_json: AsJson = False,
    receipt: Annotated[Path | None, typer.Option("--receipt", help="另存计算凭证 · save a receipt")] = None,
    changes: Changes = None,
    mapping: MappingPath = None,
    lang: Lang = "",
) -> None:
    """计算预算 · Calculate a budget.

    subsidy budget examples/xian/roster --schedule cn/xian/elderly-care --year 2023 --proceed
    """
    from subsidy.files import check_writable
    from subsidy.report.text import print_budget, print_examples, print_findings

    language = _language(lang)
    with _findings_reported(language):
        if receipt is not None:
            check_writable(receipt)
        result = _calculated(roster, mapping, schedule_ids, year, basis, proceed, changes, as_of)
    print_findings(result.findings, _console(stderr=True), language)
    print_examples(result.example_rows, _console(stderr=True), language)
    if as_json:
        _print_json(result.to_dict())
    else:
        print_budget(result, _console(), language)
    if receipt is not None:
        with _findings_reported(language, {"zh": "凭证未保存。", "en": "The receipt was not saved."}):
            result.receipt.save(receipt)


@app.command()
def explain(
    roster: RosterPath,
    schedule_ids: Ids,
    year: Year,
    clause: Annotated[str, typer.Option("--clause", "-c", help="条款名 · clause")],
    subject: Annotated[str, typer.Option("--subject", help="对象的 key · key of the subject")] = "",
    payee: Annotated[
        str, typer.Option("--payee", help="收款方（与 --due 一起） · payee of a payment line, with --due")
    ] = "",
    due: Annotated[str, typer.Option("--due", help="到期日 · due day of the line")] = "",
    period: Annotated[str | None, typer.Option("--period", help="2023-03 · 2023 · 2023-05-04")] = None,
    as_json: AsJson = False,
    changes: Changes = None,
    mapping: MappingPath = None,
    lang: Lang = "",
) -> None:
    """说明一个数怎么来的 · Explain one entitlement (--subject) or one payment line (--payee, --due)."""
    language = _language(lang)
    if bool(subject) == bool(payee and due):
        raise typer.BadParameter("--subject | --payee --due")
    with _findings_reported(language):
        result = _calculated(roster, mapping, schedule_ids, year, "due", True, changes)
    explained: Callable[[], Any] = (
        (lambda: result.explain(clause, subject, period, language))
        if subject
        else (lambda: result.explain_payment(clause, payee, due, language))
    )
    try:
        explanation = explained()
    except KeyError as missing:
        what = missing.args[0]
        words = {
            "zh": f"没有可说明的 {what}；请核对条款、对象和期次，对象须在文件施行期内",
            "en": f"there is no {what} to explain: check clause, subject and period, and the days in force",
        }
        _console(stderr=True).print(words[language], highlight=False)
        raise typer.Exit(1) from None
    if as_json:
        _print_json(explanation.to_dict())
    else:
        sys.stdout.write(f"{explanation}\n")


@app.command("targets")
def measure_targets(
    schedule_ids: Ids,
    roster: Annotated[
        Path | None, typer.Argument(help="花名册；不给则只用文件自带的数 · roster; else the document's own figures")
    ] = None,
    costs: Annotated[
        list[str] | None,
        typer.Option("--cost", help="新增一个的费用 · what one addition costs: new_beds=cn/xian/elderly-care:bed_rate"),
    ] = None,
    proceed: Proceed = False,
    on: OnDay = None,
    changes: Changes = None,
    mapping: MappingPath = None,
    as_json: AsJson = False,
    lang: Lang = "",
) -> None:
    """目标是否达到，所载数是否相符 · Whether targets are reached and printed figures follow from others.

    subsidy targets --schedule cn/yinchuan/elderly-care
    """
    from subsidy.budget.targets import targets
    from subsidy.report.targets import print_targets
    from subsidy.report.text import print_findings
    from subsidy.roster.tables import read_roster

    language = _language(lang)
    outcome = {"zh": "目标未计算。", "en": "The targets were not measured."}
    with _findings_reported(language, outcome):
        given = None if roster is None else read_roster(roster, mapping)
        prices = {fact: (_schedules([name], None)[0], value) for fact, name, value in map(_cost, costs or [])}
        found = [targets(one, given, costs=prices, proceed=proceed) for one in _schedules(schedule_ids, changes, on)]
    for one in found:
        print_findings(one.findings, _console(stderr=True), language)
    if as_json:
        _print_json([one.to_dict() for one in found])
        return
    for number, one in enumerate(found):
        sys.stdout.write("\n" * (number > 0))
        print_targets(one, _console(), language)


def _cost(written: str) -> tuple[str, str, str]:
    fact, _, rest = written.partition("=")
    name, _, value = rest.rpartition(":")
    if not (fact and name and value):
        raise typer.BadParameter(f"{written}: FACT=SCHEDULE:VALUE", param_hint="--cost")
    return fact, name, value


def main() -> None:
    """Entry point of the command `subsidy`."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")
    app()
