"""A mapping to begin with: what is known of a roster's headings filled in, the rest as comments to decide on."""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, field

from subsidy.finding import Language, Text
from subsidy.roster.grid import Grid, grid_of
from subsidy.roster.header import FEWEST, Header, headers_at
from subsidy.roster.locate import fitting_for, located
from subsidy.roster.mapping import ColumnMapping, TableMapping
from subsidy.roster.names import IGNORED, Names, is_read_by_nothing, is_remark_sheet, is_row_number, known_names, normal
from subsidy.roster.sheet import Collector
from subsidy.roster.tables import Roster
from subsidy.schedule.load import Version

LIKE, MOST_SUGGESTED = 0.34, 4
MOST_ROWS = 20  # among which headings are guessed
MOST_WORDS = 200  # of one column that are looked at
_PLAIN = re.compile(r"(?!(?:true|false|null|yes|no|on|off|~)$)[A-Za-z_\u4e00-\u9fff][\w\u4e00-\u9fff|]*")
_INTRODUCTION = Text(
    "# 列名对照表：左边是文件中的标题，右边是列名；不用的列写 ignore。以 # 开头的行尚未决定，决定后删去 #。",
    "# What the headings of the file (left) stand for; write ignore for a column that nothing reads.\n"
    "# Lines that begin with # are not decided yet: decide, and remove the #.",
)


@dataclass
class _Entry:
    """A table of the proposal: decided headings, and open ones with what they may be."""

    sheet: str
    decided: dict[str, str] = field(default_factory=dict)
    open: dict[str, list[str]] = field(default_factory=dict)


def proposed_mapping(
    roster: Roster, versions: Sequence[Version], previous: ColumnMapping | None, language: Language
) -> str:
    """A mapping for a roster as YAML. What `previous` has decided stays."""
    names = Names(versions)
    paid = {clause.model.for_ for version in versions for clause in version.clauses.values()}
    entries: dict[str, _Entry] = {}
    words: dict[str, dict[str, list[str]]] = {}
    unknown: list[str] = []
    for raw in roster.raw:
        if is_remark_sheet(raw.name):
            continue
        sections = located(raw, names, fitting_for(raw, names, previous), Collector(names))
        for section in sections:
            entry = entries.setdefault(section.table, _Entry(raw.sheet or raw.name))
            columns = names.columns(section.table, section.raw.means or section.raw.headings)
            known = [column if isinstance(column, str) else None for column in columns]
            _decide(entry, section.table, section.raw.headings, known, names)
            for position, column in enumerate(known):
                if column:
                    texts = section.raw.column(position).dictionary_encode().dictionary.to_pylist()
                    _open_words(words, section.table, column, texts[:MOST_WORDS], names)
        if not sections:
            guessed = _guessed(grid_of(raw), names, paid)
            if guessed is None or guessed[0] in entries:
                unknown.append(raw.sheet or raw.name)
                continue
            table, header = guessed
            entries[table] = _Entry(raw.sheet or raw.name)
            headings = list(header.headings.values())
            known = [one if isinstance(one, str) else None for one in names.columns(table, headings)]
            _decide(entries[table], table, headings, known, names)
    _keep(entries, previous, names)
    return _written(entries, words, unknown, previous, names, language)


def _decide(entry: _Entry, table: str, headings: Sequence[str], columns: Sequence[str | None], names: Names) -> None:
    free = [column for column in names.shape(table).columns if column not in columns]
    needed = [column for column in (*names.shape(table).needed, "person") if column in free]
    for heading, column in zip(headings, columns, strict=True):
        if column:
            entry.decided[heading] = column
        elif is_row_number(heading) and (key := names.shape(table).key) in free:
            entry.open[heading] = [key] if key else []
        elif heading and not is_read_by_nothing(heading):
            entry.open[heading] = _suggested(heading, free, needed, names)


def _suggested(heading: str, free: Iterable[str], needed: Sequence[str], names: Names) -> list[str]:
    """The columns whose names are most like a heading, then those without which the table cannot be read."""
    likeness = {column: _likeness(heading, column, names) for column in free}
    like = sorted((column for column in likeness if likeness[column] >= LIKE), key=lambda column: -likeness[column])
    return list(dict.fromkeys([*like[:MOST_SUGGESTED], *needed]))[:MOST_SUGGESTED]


def _likeness(heading: str, name: str, names: Names) -> float:
    spellings = {name, names.words.get(name, name)}
    return max(difflib.SequenceMatcher(None, normal(heading), normal(one)).ratio() for one in spellings)


def _open_words(
    words: dict[str, dict[str, list[str]]], table: str, column: str, texts: Iterable[str | None], names: Names
) -> None:
    """The words in a column of categories that are none of its categories."""
    options = names.shape(table).columns[column].type.options
    known, _ = known_names(options, names.words)
    for text in texts:
        if options and text and normal(text.strip()) not in known:
            likely = sorted(options, key=lambda option: -_likeness(text, option, names))
            words.setdefault(column, {})[text.strip()] = likely[:MOST_SUGGESTED]


def _guessed(grid: Grid, names: Names, paid: Set[str]) -> tuple[str, Header] | None:
    """The table whose columns are most like the headings of a sheet in which none was found.

    Tables that are `paid` or that the name of the sheet hints at come first.
    """
    filled = [sum(map(bool, grid.row(row))) for row in range(min(len(grid), MOST_ROWS))]
    widest = max(filled, default=0)
    if widest < FEWEST:
        return None
    header = next(headers_at(grid, next(row for row, count in enumerate(filled) if count * 2 > widest)))
    headings = list(header.headings.values())

    def score(table: str) -> tuple[bool, float]:
        columns = names.shape(table).columns
        named = _is_hinted_at(table, [grid.name], names)
        exact = sum(isinstance(column, str) for column in names.columns(table, headings))
        best = [max(_likeness(heading, column, names) for column in columns) for heading in headings]
        likeness = sum(one for one in best if one >= LIKE) + _is_hinted_at(table, [grid.name, *headings], names)
        return likeness > 0 and (table in paid or named), likeness + exact

    table = max(names.all_tables(), key=score)
    return (table, header) if score(table)[1] else None


def _is_hinted_at(table: str, texts: Iterable[str], names: Names) -> bool:
    """Whether two letters of a table's Chinese word stand in any of the texts."""
    word = names.words.get(table, "")
    return any(word[i : i + 2] in text for text in texts for i in range(len(word) - 1))


def _keep(entries: dict[str, _Entry], previous: ColumnMapping | None, names: Names) -> None:
    """What was decided before comes first and as it was."""
    for written, mapped in (previous.tables if previous else {}).items():
        table = names.table(written) or written
        entry = entries.setdefault(table, _Entry(mapped.sheet))
        entry.sheet = mapped.sheet or entry.sheet
        entry.decided = {**mapped.columns, **{k: v for k, v in entry.decided.items() if k not in mapped.columns}}
        taken = set(entry.decided.values())
        entry.open = {
            heading: [column for column in likely if column not in taken]
            for heading, likely in entry.open.items()
            if not _is_decided(heading, mapped)
        }


def _is_decided(heading: str, mapped: TableMapping) -> bool:
    return normal(heading) in {normal(written) for written in mapped.columns}


# --- as YAML -------------------------------------------------------------------------------------------------------


def _written(
    entries: Mapping[str, _Entry], words: Mapping[str, Mapping[str, Sequence[str]]], unknown: Sequence[str],
    previous: ColumnMapping | None, names: Names, language: Language,
) -> str:  # fmt: skip
    known = "、".join(_shown(names.all_tables(), names))
    tables = Text(f"# 表可以更换，可用的表：{known}", f"# Tables may be changed; there are: {known}")
    lines = [_INTRODUCTION.in_(language), tables.in_(language), "tables:"]
    for table, entry in entries.items():
        lines += [f"  {table}:" + _word(table, names), f"    sheet: {_quoted(entry.sheet)}", "    columns:"]
        lines += [f"      {_quoted(heading)}: {_quoted(said)}" for heading, said in entry.decided.items()]
        lines += _open_lines(entry.open, [IGNORED], names)
    for sheet in unknown:
        say = Text(f"  # 工作表 {sheet} 认不出是哪张表", f"  # it is not known which table the sheet {sheet} is")
        lines.append(say.in_(language))
    decided = _decided_words(previous, names) if previous else {}
    columns = list(dict.fromkeys([*decided, *words]))
    lines += ["values:"] if columns else []
    for column in columns:
        lines.append(f"  {column}:" + _word(column, names))
        said = decided.get(column, {})
        lines += [f"      {_quoted(word)}: {_quoted(meaning)}" for word, meaning in said.items()]
        lines += _open_lines(
            {word: likely for word, likely in words.get(column, {}).items() if word not in said}, [], names
        )
    return "\n".join(lines) + "\n"


def _decided_words(previous: ColumnMapping, names: Names) -> dict[str, dict[str, str]]:
    """By identifier of the column, or as written where there is none, what words were said to stand for."""
    decided = {column: dict(said) for column, said in previous.values.items() if not names.columns_named(column)}
    for table in names.all_tables():
        for column, said in previous.words_of(table, names).items():
            decided.setdefault(column, {}).update(said)
    return decided


def _word(name: str, names: Names) -> str:
    return f"  # {names.words[name]}" if name in names.words else ""


def _open_lines(entries: Mapping[str, Sequence[str]], more: Sequence[str], names: Names) -> Iterator[str]:
    for heading, likely in entries.items():
        yield f"      # {_quoted(heading)}: ?  # {' | '.join([*_shown(likely, names), *more])}"


def _shown(listed: Iterable[str], names: Names) -> list[str]:
    return [f"{name}（{names.words[name]}）" if name in names.words else name for name in listed]


def _quoted(text: str) -> str:
    return text if _PLAIN.fullmatch(text) else json.dumps(text, ensure_ascii=False)
