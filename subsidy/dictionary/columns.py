"""The data dictionary as it stands in `columns.yaml`."""

from __future__ import annotations

import functools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from subsidy.finding import Text

EACH_PAYER = "{payer}"  # stands for a column for each payer, which has its name
NOTHING = Text("", "")


@dataclass(frozen=True)
class Column:
    """A column or key. `type`: a word of `columns.yaml`; `values`: all there can be, where that is known.

    `blank`: when it is missing (empty texts: never); `optional`: a key that may not be there.
    """

    name: str
    type: str
    unit: str
    meaning: Text
    blank: Text
    optional: bool
    values: tuple[str, ...]

    @property
    def element(self) -> str:
        """The type without `list of` and `map of`."""
        return self.type.rpartition(" of ")[2]


@dataclass(frozen=True)
class Table:
    """A table, or a JSON object. `prints`: the command whose --json output it is; `is_open`: it has other keys too."""

    name: str
    meaning: Text
    columns: Mapping[str, Column]
    prints: str = ""
    is_open: bool = False

    def column(self, name: str) -> Column:
        """What a column is; one of no other name is that of a payer. Raises KeyError."""
        return self.columns[name if name in self.columns else EACH_PAYER]


def tables() -> Mapping[str, Table]:
    """The tables that go out as frames, Arrow and Parquet, by name."""
    return _read()["tables"]


def objects() -> Mapping[str, Table]:
    """The objects that go out as JSON, and those they are made of, by name."""
    return _read()["objects"]


def outputs() -> dict[str, list[Table]]:
    """By command, the objects that its --json output is, or is a list of."""
    found: dict[str, list[Table]] = {}
    for one in objects().values():
        if one.prints:
            found.setdefault(one.prints, []).append(one)
    return found


def made_of(table: Table) -> Iterator[Table]:
    """The objects that a table holds, at any depth, each once."""
    found: dict[str, Table] = {}
    waiting = [table]
    while waiting:
        for column in waiting.pop().columns.values():
            inner = objects().get(column.element)
            if inner is not None and inner.name not in found:
                found[inner.name] = inner
                waiting.append(inner)
    yield from found.values()


@functools.cache
def _read() -> dict[str, Mapping[str, Table]]:
    import yaml

    written = yaml.load(Path(__file__).with_name("columns.yaml").read_text(encoding="utf-8"), yaml.CSafeLoader)
    return {
        kind: {name: _table(name, content, written["shared"]) for name, content in written[kind].items()}
        for kind in ("tables", "objects")
    }


def _table(name: str, content: Mapping[str, Any], shared: Mapping[str, Any]) -> Table:
    own = content.get("own", {})
    columns = {one: _column(one, shared.get(one, {}), own.get(one, {})) for one in content["columns"]}
    meaning = Text(content["zh"], content["en"])
    return Table(name, meaning, columns, content.get("prints", ""), content.get("open", False))


def _column(name: str, shared: Mapping[str, Any], own: Mapping[str, Any]) -> Column:
    """`own` goes before `shared`; another type has no unit but its own."""
    both = {**shared, **own}
    unit = own.get("unit", "" if "type" in own else shared.get("unit", ""))
    blank = both.get("blank")
    return Column(
        name,
        both["type"],
        unit,
        Text(both["zh"], both["en"]),
        Text(blank["zh"], blank["en"]) if blank else NOTHING,
        both.get("optional", False),
        tuple(both.get("values", ())),
    )
