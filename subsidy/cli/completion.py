"""What a shell may complete: schedules, versions, clauses, payers, pots and overlays, as the catalogue has them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from subsidy.schedule.load import Version

Items = list[tuple[str, str]]  # each with a word on it


def schedules(incomplete: str) -> Items:
    """Ids, and where the beginning of a path is written, YAML files and folders."""
    from subsidy.schedule.catalogue import catalogue

    return [*((name, "") for name in catalogue()), *((path, "") for path in _paths(incomplete))]


def versions(incomplete: str) -> Items:
    """ID@DAY, each with the number of its document."""
    from subsidy.schedule.catalogue import catalogue, schedule

    name = incomplete.partition("@")[0]
    ids = [name] if name in catalogue() else [one for one in catalogue() if one.startswith(incomplete)]
    if len(ids) > 1:
        return [(one, "") for one in ids]
    found = [version for one in ids for version in schedule(one).versions]
    return [(f"{one.id}@{one.first_day}", one.model.document.number) for one in found]


def clauses(ctx: typer.Context) -> Items:
    return _named(ctx, lambda version: version.model.clauses.items())


def payers(ctx: typer.Context) -> Items:
    return _named(ctx, lambda version: version.model.payers.items())


def pots(ctx: typer.Context) -> Items:
    return _named(ctx, lambda version: version.model.limits.items())


def overlays(ctx: typer.Context) -> Items:
    """The paths of the values of the schedules."""
    return _named(ctx, lambda version: ((f"values.{name}.is", None) for name in version.model.values))


def _named(ctx: typer.Context, entries: Callable[[Version], Iterable[tuple[str, object]]]) -> Items:
    """Names with their labels, of all versions of the schedules that are on the line already."""
    from subsidy.cli.language import said
    from subsidy.finding import FindingsError
    from subsidy.schedule.catalogue import schedule

    found: dict[str, str] = {}
    for name in ctx.params.get("schedule_ids") or ():
        try:
            for version in schedule(name).versions:
                for key, entry in entries(version):
                    label = getattr(entry, "label", None)
                    found[key] = said(label) if label is not None else ""
        except FindingsError:
            continue
    return list(found.items())


def _paths(incomplete: str) -> list[str]:
    path = Path(incomplete)
    folder = path if incomplete.endswith("/") else path.parent
    if not incomplete or not folder.is_dir():
        return []
    shown = [one for one in sorted(folder.iterdir()) if one.is_dir() or one.suffix in (".yaml", ".yml")]
    return [f"{one}/" if one.is_dir() else str(one) for one in shown]
