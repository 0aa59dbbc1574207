"""The printed figures of a value as a table: its last key across, the others down."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from subsidy.finding import Text
from subsidy.report.markdown import table
from subsidy.report.phrases import Phrases
from subsidy.schedule.model import Value

MOST_ACROSS = 6
FIGURE = Text("数额", "figure")


def figure_table(model: Value, phrases: Phrases) -> list[str]:
    """The figures of a value with keys, as Markdown."""
    found = list(_figures(model.figures, len(model.by)))
    names = [phrases.told(key) for key in model.by]
    across = list(dict.fromkeys(keys[-1] for keys, _ in found))
    if len(names) == 1 or len(across) > MOST_ACROSS:
        unit = phrases.words.unit(model.unit)
        heading = phrases.say(FIGURE) + (phrases.in_brackets(unit) if unit else "")
        rows = [[*_told(model, phrases, keys), phrases.figure(figure, model.unit, bare=True)] for keys, figure in found]
        return table([*names, heading], rows, right=1)
    down: dict[tuple[str, ...], dict[str, str]] = {}
    for keys, figure in found:
        down.setdefault(keys[:-1], {})[keys[-1]] = phrases.figure(figure, model.unit, bare=True)
    last = [_told(model, phrases, (*found[0][0][:-1], key))[-1] for key in across]
    rows = [[*_told(model, phrases, keys), *(one.get(key, "") for key in across)] for keys, one in down.items()]
    return table([*names[:-1], *last], rows, right=len(across))


def _figures(figures: Any, depth: int) -> Iterator[tuple[tuple[str, ...], str]]:
    """Every figure with its keys, as they are written."""
    if not depth:
        yield (), str(figures)
        return
    assert isinstance(figures, Mapping)
    for key, inner in figures.items():
        for keys, figure in _figures(inner, depth - 1):
            yield (str(key), *keys), figure


def _told(model: Value, phrases: Phrases, keys: tuple[str, ...]) -> list[str]:
    """Keys in words, from the first on."""
    return [
        phrases.words.payer(key) if name == "payer" and key != "other" else phrases.key(key, name)
        for name, key in zip(model.by, keys, strict=False)
    ]
