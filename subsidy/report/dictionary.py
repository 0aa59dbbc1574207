"""The data dictionary as a page, as lines on the terminal, and as JSON."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from subsidy.dictionary.columns import Column, Table, made_of, objects, outputs, tables
from subsidy.finding import Language, Refusal, Text, nearest

TITLE = {"zh": "数据字典", "en": "Data dictionary"}
INTRODUCTION = {
    "zh": """程序给出的每一列、每一个键：类型、单位、含义、何时为空。`subsidy columns` 打印同样的内容，
加 `--json` 供程序用。Arrow 和 Parquet 的列在元数据中带有含义和单位。\
`--json` 输出和计算凭证各有 JSON Schema，在 [schemas](schemas) 中。

| 类型 | 数据框、Arrow、Parquet | JSON |
|---|---|---|
| text | 文字 | 文字 |
| whole | int64 | 整数 |
| yuan | decimal128(18, 2)，单位元，精确 | 文字，两位小数：`"1234.50"` |
| date | date32；pandas 数据框中为文字 | 文字：`"2023-03-31"` |
| yes_no | bool | true、false |
| number | 文字，精确：`0.2`、`60/107` | 同左 |
| texts | | `{"zh": …, "en": …}` |
| list of …、map of … | | 列表；按名称 |
| any | | 依内容而定 |
""",
    "en": """Every column and every key that the program gives out: its type, its unit, what it means, when it is
blank. `subsidy columns` prints the same; with `--json`, for programs. In Arrow and Parquet, meaning and unit of a
column are in its metadata. For each `--json` output, and for the receipt, there is a JSON Schema in [schemas](schemas).

| type | in frames, Arrow, Parquet | in JSON |
|---|---|---|
| text | text | text |
| whole | int64 | whole number |
| yuan | decimal128(18, 2) in yuan, exact | text with two decimals: `"1234.50"` |
| date | date32; text in frames of pandas | text: `"2023-03-31"` |
| yes_no | bool | true, false |
| number | text, exact: `0.2`, `60/107` | the same |
| texts | | `{"zh": …, "en": …}` |
| list of …, map of … | | list; by name |
| any | | as it comes |
""",
}
TABLES = {"zh": "表", "en": "Tables"}
OF_COMMAND = {"zh": "`{} --json`", "en": "`{} --json`"}
OF_RECEIPT = {"zh": "计算凭证", "en": "The receipt"}
HEADINGS = {
    "zh": ("列", "类型", "单位", "含义", "为空"),
    "en": ("column", "type", "unit", "meaning", "blank when"),
}
NOT_THERE = {"zh": "可无此键", "en": "may not be there"}


def page(language: Language) -> str:
    """The whole dictionary in Markdown."""
    parts = [f"# {TITLE[language]}\n", INTRODUCTION[language], f"## {TABLES[language]}\n"]
    parts += [_section(table, language) for table in tables().values()]
    told: set[str] = set()
    for command, alternatives in outputs().items():
        heading = OF_RECEIPT[language] if command == "receipt" else OF_COMMAND[language].format(command)
        parts.append(f"## {heading}\n")
        for table in (one for top in alternatives for one in (top, *made_of(top))):
            if table.name not in told:
                told.add(table.name)
                parts.append(_section(table, language))
    return "\n".join(parts)


def _section(table: Table, language: Language) -> str:
    head, rule = " | ".join(HEADINGS[language]), "|".join("---" for _ in HEADINGS[language])
    rows = "\n".join(f"| {' | '.join(_cells(column, language))} |" for column in table.columns.values())
    return f"### {table.name}\n\n{table.meaning.in_(language)}\n\n| {head} |\n|{rule}|\n{rows}\n"


def _cells(column: Column, language: Language) -> tuple[str, ...]:
    kind = ", ".join(column.values) or column.type
    return f"`{column.name}`", kind, column.unit, column.meaning.in_(language), _blank(column, language)


def _blank(column: Column, language: Language) -> str:
    said = [column.blank.in_(language)] if column.blank.en else []
    return {"zh": "；", "en": "; "}[language].join([*([NOT_THERE[language]] if column.optional else []), *said])


def chosen(name: str | None) -> list[Table]:
    """The table or object of a name, what a command prints, or all. Raises Refusal for another name."""
    everything = {**tables(), **objects()}
    if name is None:
        return list(everything.values())
    if name in everything:
        return [everything[name]]
    if name in outputs():
        return outputs()[name]
    known = [*everything, *outputs()]
    raise Refusal(Text(f"数据字典中没有 {name}", f"the data dictionary has no {name}"), nearest(name, known))


def as_text(found: Iterable[Table], language: Language) -> Iterator[str]:
    """Lines: each table with its columns."""
    for table in found:
        yield f"{table.name}: {table.meaning.in_(language)}"
        width = max(map(len, table.columns))
        for column in table.columns.values():
            name, kind, unit, meaning, blank = _cells(column, language)
            sort = f"{kind}, {unit}" if unit and unit != kind else kind
            when = f" [{HEADINGS[language][4]}: {blank}]" if blank else ""
            yield f"  {name.strip('`'):{width}}  {meaning} ({sort}){when}"


def as_json(found: Iterable[Table]) -> list[dict[str, Any]]:
    """The same for programs, in both languages."""
    return [
        {
            "table": table.name,
            "meaning": _both(table.meaning),
            "columns": [
                {
                    "column": column.name,
                    "type": column.type,
                    "values": list(column.values),
                    "unit": column.unit,
                    "meaning": _both(column.meaning),
                    "blank": _both(column.blank) if column.blank.en else None,
                    "optional": column.optional,
                }
                for column in table.columns.values()
            ],
        }
        for table in found
    ]


def _both(text: Text) -> dict[str, str]:
    return {"zh": text.zh, "en": text.en}
