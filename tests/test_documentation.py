"""The documentation is true: every block of Python, console, table and schedule in it is run, in order, page by page.

What a fence says:

    python                      a doctest, or plain code
    console                     `$ subsidy …`, `$ cp …`, `$ echo $?` and what they print; a line `...` is any lines
    csv title="FILE"            a file
    yaml title="FILE"           a schedule file, or one of overlays, which loads without a mistake
    yaml … mistakes             the same, with mistakes
    yaml case="FILE"            a file of cases, which hold; `merged.yaml` is the schedule with the piece before it
    yaml add="FILE"             lines to put at the head of the sections of a schedule file, which then loads
    yaml append="FILE"          lines to put at the end of its sections
    yaml                        a piece of a schedule: merged with the last `yaml title`, it loads, its examples hold;
                                on the pages of the language, where there is none before it, with that of the overview
    yaml quote="FILE#PATH …"    what stands at these dotted paths in a file of the repository, under their keys
    sh                          `make` and what it leads to: only looked at
    text                        nothing to run

With UPDATE_DOCS=1 in the environment, what a command now prints is written into the page (not where there is a `...`),
and so is what now stands in a file that is quoted.
"""

from __future__ import annotations

import doctest
import functools
import os
import re
import shlex
import shutil
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from pathlib import Path
from typing import Any, get_args

import pytest
import yaml
from sybil import Document, Example, Region, Sybil
from sybil.parsers.markdown import PythonCodeBlockParser
from sybil.parsers.markdown.lexers import FencedCodeBlockLexer
from typer.testing import CliRunner

import subsidy
from subsidy.budget import calculate as calculation
from subsidy.budget.cases import Case, run_tests
from subsidy.budget.examples import run_examples
from subsidy.budget.expected import Expected, Outcome
from subsidy.cli import app
from subsidy.money import Rounding
from subsidy.report.outcomes import outcome_text
from subsidy.schedule import catalogue
from subsidy.schedule.amendment import AmendmentFile
from subsidy.schedule.column import COLUMN_KEYS
from subsidy.schedule.date_words import DATE_WORDS, TIME_WORDS
from subsidy.schedule.expression import RESERVED
from subsidy.schedule.infer import NUMBER_WORDS, ROUNDING_STEPS
from subsidy.schedule.load import json_schema, load_file, load_text
from subsidy.schedule.model import Every
from subsidy.schedule.overlay import OverlayForm, read_overlay
from subsidy.schedule.scope import LIFE_FACTS

ROOT = Path(__file__).parent.parent
LANGUAGE = ROOT / "docs" / "language"
CHECKS = ROOT / "docs" / "checks"
SCHEDULES = ROOT / "docs" / "schedules"
OVERVIEW = LANGUAGE / "README.md"
PAGES = sorted(
    path.relative_to(ROOT).as_posix()
    for path in (
        *ROOT.glob("README*.md"),
        *ROOT.glob("docs/*.md"),
        *LANGUAGE.glob("*.md"),
        *CHECKS.glob("*.md"),
        *SCHEDULES.glob("*.md"),
    )
)
BLOCK = re.compile(r'(csv|yaml|console|sh|text)(?: (title|case|add|append|quote)="([^"]+)")?(?: (mistakes))?')
MERGED = Path("merged.yaml")  # the last piece merged into its schedule, for the case after it


def fences(document: Document) -> Iterator[Region]:
    """Every fenced block but Python."""
    for region in FencedCodeBlockLexer(language=r".+", mapping={"language": "info", "source": "source"})(document):
        if region.lexemes["info"] == "python":
            continue
        match = BLOCK.fullmatch(region.lexemes["info"])
        assert match, f"{document.path}: unknown block {region.lexemes['info']}"
        region.parsed = (match.groups(), region.lexemes["source"])
        region.evaluator = run_block
        yield region


def run_block(example: Example) -> str | None:
    (language, key, name, mistakes), source = example.parsed
    if language == "console":
        return run_console(source, Path(example.path))
    if language == "sh":
        return None if all(line in shell_lines() for line in source.splitlines()) else f"not in the Makefile:\n{source}"
    if key == "quote":
        return check_quote(name, source, Path(example.path))
    if key in ("add", "append"):
        add_to(Path(name), source, at_end=key == "append")
        if not mistakes:
            load_file(Path(name))
    elif key:
        Path(name).parent.mkdir(parents=True, exist_ok=True)
        Path(name).write_text(source, encoding="utf-8")
        if key == "case":
            return failures(run_tests(name))
        if language == "yaml" and not mistakes:
            if source.startswith("overlay:"):
                read_overlay(Path(name))
                return None
            example.namespace["_schedule"] = name
            load_file(Path(name))
    elif language == "yaml":
        return run_piece(Path(example.namespace["_schedule"]), source)
    return None


# --- schedules -----------------------------------------------------------------------------------------------------


def run_piece(base: Path, piece: str) -> str | None:
    """Load a schedule with a piece merged into it, and run the examples of the piece's clauses."""
    addition = yaml.load(piece, yaml.BaseLoader)
    whole = yaml.load(base.read_text(encoding="utf-8"), yaml.BaseLoader)
    for name in whole["clauses"].keys() - addition.get("clauses", {}).keys():
        whole["clauses"][name].pop("examples", None)
    merged = merge(whole, addition)
    text = yaml.safe_dump(merged, allow_unicode=True, sort_keys=False)
    MERGED.write_text(text, encoding="utf-8")
    version = load_text(text, MERGED.name)
    return failures(run_examples(subsidy.Schedule((version,), (base,))))


def failures(outcomes: Iterable[Outcome]) -> str | None:
    return "\n".join(outcome_text(one, "en") for one in outcomes if not one.passed) or None


def merge(one: Any, two: Any) -> Any:
    if isinstance(one, dict) and isinstance(two, dict):
        return {**one, **{key: merge(one[key], value) if key in one else value for key, value in two.items()}}
    return two


def add_to(path: Path, addition: str, at_end: bool) -> None:
    """Put the lines under each top-level key of `addition` under that key of the file, new keys at its end."""
    lines = path.read_text(encoding="utf-8").splitlines()
    for section in re.split(r"^(?=\w+:$)", addition, flags=re.MULTILINE):
        head, *rest = section.splitlines() or [""]
        if head and head not in lines:
            lines += ["", head]
        if head:
            place = lines.index(head) + 1
            while at_end and place < len(lines) and lines[place].startswith(" "):
                place += 1
            lines[place:place] = rest
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


# --- quotations ----------------------------------------------------------------------------------------------------


def check_quote(what: str, source: str, page: Path) -> str | None:
    """Compare a block with what the repository holds, or put that into the page."""
    file, _, paths = what.partition("#")
    now = quoted(ROOT / file, paths.split())
    if source.strip() == now.strip():
        return None
    if "UPDATE_DOCS" not in os.environ:
        return f"{what} is now:\n{now}"
    replace_block(page, f'yaml quote="{what}"', source, now)
    return None


def quoted(file: Path, paths: list[str]) -> str:
    """The lines of a YAML file at these dotted paths, each under the lines of the keys above it."""
    lines, whole = parsed(file)
    shown = set[int]()
    for path in paths:
        node, place, rest = whole, range(len(lines)), path
        while rest and isinstance(node, yaml.MappingNode):
            entries = {key.value: (key, value) for key, value in node.value}
            name = max((name for name in entries if f"{rest}.".startswith(f"{name}.")), key=len, default=None)
            assert name is not None, f"{file.name} has no {path}"
            key, value = entries[name]
            if not node.flow_style:
                place = range(key.start_mark.line, last_line(value) + 1)
                shown.add(place.start)
            node, rest = value, rest[len(name) + 1 :]
        assert not rest, f"{file.name} has no {path}"
        shown |= set(place)
    return "".join(f"{lines[number]}\n" for number in sorted(shown))


@functools.cache
def parsed(file: Path) -> tuple[list[str], yaml.Node]:
    text = file.read_text(encoding="utf-8")
    whole = yaml.compose(text, yaml.CSafeLoader)
    assert whole is not None
    return text.splitlines(), whole


def last_line(node: yaml.Node) -> int:
    """Where a node ends, without the blank lines and comments that follow a block."""
    if isinstance(node, yaml.CollectionNode) and not node.flow_style and node.value:
        last = node.value[-1]
        return last_line(last[1] if isinstance(last, tuple) else last)
    end = node.end_mark
    return int(end.line - (end.column == 0 and end.line > node.start_mark.line))


# --- the console ---------------------------------------------------------------------------------------------------


def run_console(source: str, page: Path) -> str | None:
    last_code, block = 0, source
    for part in re.split(r"^\$ ", source, flags=re.MULTILINE)[1:]:
        command, expected = re.fullmatch(r"((?:.*\\\n)*.*)\n?((?s:.*))", part).groups()  # type: ignore[union-attr]
        printed, last_code = run_command(command.replace("\\\n", ""), last_code)
        if re.fullmatch(pattern(expected), plain(printed)):
            continue
        if "UPDATE_DOCS" not in os.environ or "..." in expected.splitlines():
            return f"$ {command}\nshould print:\n{expected}\nand prints:\n{printed}"
        now = "\n".join(line.rstrip() for line in printed.strip().splitlines())
        block = block.replace(f"$ {part}", f"$ {command}\n{now}\n", 1)
    if block != source:
        replace_block(page, "console", source, block)
    return None


def replace_block(page: Path, info: str, source: str, now: str) -> None:
    """Put `now` into the page where `source` stands in a block that says `info`."""
    before, after = (f"```{info}\n{text}```" for text in (source, now))
    text = page.read_text(encoding="utf-8")
    assert before in text, f"{page} has no such block:\n{before}"
    page.write_text(text.replace(before, after, 1), encoding="utf-8")


def run_command(command: str, last_code: int) -> tuple[str, int]:
    program, *arguments = shlex.split(command)
    if program == "subsidy":
        result = CliRunner().invoke(app, arguments, prog_name="subsidy")
        if result.exception and not isinstance(result.exception, SystemExit):
            raise result.exception
        return result.output, result.exit_code
    if program == "cp":
        shutil.copyfile(*arguments)
        return "", 0
    assert command == "echo $?", f"cannot run {command}"
    return str(last_code), 0


def plain(printed: str) -> str:
    """The text without what only makes columns: runs of spaces, rules, blank lines."""
    lines = (re.sub(r"─+", "─", " ".join(line.split())) for line in printed.splitlines())
    return "".join(f"{line}\n" for line in lines if line)


def pattern(expected: str) -> str:
    """A regular expression of the expected output, `...` standing for any lines."""
    return "".join(r"(?:.*\n)*" if line == "..." else re.escape(line + "\n") for line in plain(expected).splitlines())


def shell_lines() -> set[str]:
    """What may stand in a block of sh: targets of the Makefile, and what they make possible."""
    targets = re.findall(r"^(\w[\w-]*):", (ROOT / "Makefile").read_text(encoding="utf-8"), flags=re.MULTILINE)
    return {*(f"make {target}" for target in targets), ". .venv/bin/activate"}


# --- the pages -----------------------------------------------------------------------------------------------------

PYTHON = PythonCodeBlockParser(doctest_optionflags=doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE)
SYBIL = Sybil(parsers=[PYTHON, fences])


@pytest.fixture(scope="module")
def shared_calculations() -> Iterator[None]:
    """What the repository holds is read once, and what is the same is calculated once."""
    from subsidy.roster import tables

    schedule, read, calculate = catalogue.schedule, tables.read_roster, calculation.calculate
    known: dict[Any, Any] = {}

    def once(key: Any, made: Callable[[], Any]) -> Any:
        if key not in known:
            known[key] = made()
        return known[key]

    def schedule_once(name: Any, on: Any = None, *, known_on: Any = None) -> Any:
        made = partial(schedule, name, on, known_on=known_on)
        return made() if Path(name).suffix or Path(name).is_dir() else once((name, on, known_on), made)

    def read_once(path: Any, mapping: Any = None) -> Any:
        place = Path(path).resolve()
        return once(place, partial(read, path)) if place.is_relative_to(ROOT) and not mapping else read(path, mapping)

    def calculate_once(schedules: Any, roster: Any, year: int, **options: Any) -> Any:
        several = (schedules,) if isinstance(schedules, subsidy.Schedule) else tuple(schedules)
        meaning = tuple(version.meaning_hash for one in several for version in one.versions)
        content = tuple((table, roster.content_hash(table)) for table in roster.tables)
        proceed = options.pop("proceed", False)
        known_on = tuple(one.known_on for one in several)
        key = (meaning, content, year, options.get("basis", "due"), options.get("as_of"), known_on)
        if (key, False) in known:  # it had no errors: there is nothing to proceed in spite of
            return known[key, False]
        return once((key, proceed), partial(calculate, several, roster, year, proceed=proceed, **options))

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(catalogue, "schedule", schedule_once)
        patch.setattr(tables, "read_roster", read_once)
        patch.setattr(calculation, "calculate", calculate_once)
        patch.setattr(subsidy, "read_roster", read_once, raising=False)
        patch.setattr(subsidy, "calculate", calculate_once, raising=False)
        patch.setattr(subsidy, "schedule", schedule_once)
        yield


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.usefixtures("shared_calculations")
def test_every_block_is_true(page: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("examples", "schedules"):
        (tmp_path / name).symlink_to(ROOT / name)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setenv("LC_ALL", "zh_CN.UTF-8" if ".zh." in page else "C.UTF-8")
    document = SYBIL.parse(ROOT / page)
    if (ROOT / page).is_relative_to(LANGUAGE):
        name, source = re.findall(r'^```yaml title="([^"]+)"\n(.*?)^```$', OVERVIEW.read_text("utf-8"), re.M | re.S)[0]
        Path(name).write_text(source, encoding="utf-8")
        document.namespace["_schedule"] = name
    for example in document.examples():
        example.evaluate()


# --- words and links -----------------------------------------------------------------------------------------------

LINK = re.compile(r"\]\(([^)#\s]*)(?:#([^)\s]*))?\)")
NOT_WRITTEN = {"columns", "type", "table", "options", "low", "high", "aggregate", "each"}  # of a column once it is read
CHOICES = """
    key text yes_no percent weight months other missing none ongoing open first_day last_day rest not_stated payer
    instalment highest first most report pro_rata in_order by_rank partly nothing due accrued paid why-not finding
"""


def words() -> set[str]:
    """Every word of the language that the program knows by name."""
    found = {*RESERVED, *NUMBER_WORDS, *DATE_WORDS, *TIME_WORDS, *LIFE_FACTS, *ROUNDING_STEPS, *COLUMN_KEYS}
    found |= {*get_args(Every), *get_args(Rounding), *CHOICES.split()}
    for form in (json_schema(), *(model.model_json_schema() for model in (AmendmentFile, OverlayForm, Case, Expected))):
        for model in (form, *form.get("$defs", {}).values()):
            found |= model.get("properties", {}).keys()
    return found - NOT_WRITTEN


def anchors(page: Path) -> set[str]:
    """The headings of a page as GitHub links to them."""
    text = re.sub(r"^```.*?^```$", "", page.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)
    headings = re.findall(r"^#+ (.*)$", text, flags=re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def test_the_index_has_every_word_and_leads_to_it() -> None:
    index = OVERVIEW.read_text(encoding="utf-8").partition("\n## Index\n")[2]
    entries = dict(re.findall(r"^\| `([^`]+)` \| (.*) \|$", index, flags=re.MULTILINE))
    assert words() - entries.keys() == set()
    assert list(entries) == sorted(entries)
    for word, explained in entries.items():
        for name, _ in LINK.findall(explained):
            page = (LANGUAGE / name if name else OVERVIEW).read_text(encoding="utf-8").partition("\n## Index\n")[0]
            assert re.search(rf"(?<!\w){re.escape(word)}(?!\w)", page), f"{name} does not explain {word}"


@pytest.mark.parametrize("page", PAGES)
def test_every_link_leads_somewhere(page: str) -> None:
    here = ROOT / page
    for name, anchor in LINK.findall(here.read_text(encoding="utf-8")):
        if "://" not in name:
            there = here.parent / name if name else here
            assert there.exists(), name
            assert not anchor or anchor in anchors(there), f"{name}#{anchor}"
