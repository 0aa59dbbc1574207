"""Schedules by id: all versions of one, in order of the day they come into force."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from subsidy.finding import Finding, Place, ScheduleError, Text, nearest

if TYPE_CHECKING:
    from subsidy.schedule.load import Overlay, Version

CONSOLIDATED = ".consolidated.yaml"


@dataclass(frozen=True)
class Schedule:
    """All versions of one policy, oldest first, each in force until the day before the next."""

    versions: tuple[Version, ...]
    paths: tuple[Path, ...]
    shared: tuple[str, ...] = ()  # limits over several schedules that concern it, where it is calculated with others
    beside: tuple[tuple[str, tuple[tuple[str, str], ...]], ...] = ()  # the files whose words are woven into it then

    @property
    def id(self) -> str:
        return self.versions[0].id

    @property
    def latest(self) -> Version:
        return self.versions[-1]

    def periods(self) -> list[tuple[Version, datetime.date, datetime.date | None]]:
        """Each version with its first and last day in force (None: open)."""
        spans = []
        for index, version in enumerate(self.versions):
            last = version.model.in_force.to
            if index + 1 < len(self.versions):
                day_before = self.versions[index + 1].first_day - datetime.timedelta(days=1)
                last = day_before if last is None else min(last, day_before)
            spans.append((version, version.first_day, last))
        return spans

    def overlay(self, changes: Overlay) -> Schedule:
        """The same with figures or options changed, by dotted path: {"values.operating_rate.is.5.disabled": "250"}.

        The files stay as they are. Raises ScheduleError for a path that does not exist or a value that does not fit.
        """
        from subsidy.schedule.load import overlaid
        from subsidy.schedule.versions import check_line

        versions = []
        unknown: list[Finding] = []
        for version in self.versions:
            try:
                versions.append(overlaid(version, changes))
            except ScheduleError as error:
                if any(finding.code != "overlay" for finding in error.findings):
                    raise
                unknown += error.findings
                versions.append(version)
        if len(unknown) >= len(self.versions):
            raise ScheduleError(unknown)
        check_line(versions)
        return replace(self, versions=tuple(versions))


def schedules_root() -> Path:
    """Where the shipped schedules are: inside the installed package, or beside it in a working copy."""
    package = Path(__file__).resolve().parent.parent
    installed = package / "_schedules"
    return installed if installed.is_dir() else package.parent / "schedules"


def catalogue() -> Mapping[str, list[Path]]:
    """The id of every known schedule and the files of its versions."""
    found: dict[str, list[Path]] = {}
    root = schedules_root()
    for path in _versions_in(root, "**/*.yaml"):
        folder = path.parent.relative_to(root).as_posix()
        if not folder.startswith("_"):
            found.setdefault(folder, []).append(path)
    return found


def _versions_in(folder: Path, pattern: str = "*.yaml") -> list[Path]:
    """The files of versions: a consolidated text stands beside the version that it proves."""
    return sorted(path for path in folder.glob(pattern) if not path.name.endswith(CONSOLIDATED))


def schedule(name: str | Path, on: str | datetime.date | None = None) -> Schedule:
    """A schedule by id (`cn/xian/elderly-care`) or by the path of a YAML file or a folder of versions.

    `on`: pins the version in force on that day (a date or `2024-01-01`). Raises ScheduleError for an unknown id,
    a day before the first version, files with mistakes, or versions that do not make one line.
    """
    from subsidy.schedule.load import load_file
    from subsidy.schedule.versions import check_line

    paths = _paths(str(name))
    loaded = sorted(((load_file(path), path) for path in paths), key=lambda pair: pair[0].first_day)
    found = Schedule(tuple(version for version, _ in loaded), tuple(path for _, path in loaded))
    check_line(found.versions, with_limits=on is None)
    return found if on is None else _pinned(found, on)


def _paths(name: str) -> list[Path]:
    if name.endswith((".yaml", ".yml")):
        return [Path(name)]
    known = catalogue()
    if name in known:
        return known[name]
    if Path(name).is_dir() and (versions := _versions_in(Path(name))):
        return versions
    why = Text(f"没有补贴标准 {name}", f"there is no schedule {name}")
    raise ScheduleError([Finding(Place(), "unknown-schedule", why, nearest(name, known), name)])


def _pinned(found: Schedule, on: str | datetime.date) -> Schedule:
    try:
        day = datetime.date.fromisoformat(on) if isinstance(on, str) else on
    except ValueError:
        why, remedy = Text("不是日期", "this is not a date"), Text("请写成 2024-01-01", "write it like 2024-01-01")
        raise ScheduleError([Finding(Place(), "date", why, remedy, str(on))]) from None
    for version, path in reversed(list(zip(found.versions, found.paths, strict=True))):
        if version.first_day <= day and (version.model.in_force.to is None or day <= version.model.in_force.to):
            return Schedule((version,), (path,))
    first = found.versions[0].first_day
    why = Text(f"{found.id} 在 {day} 无有效版本", f"no version of {found.id} is in force on {day}")
    remedy = Text(f"最早版本自 {first} 起", f"the first one is in force from {first}")
    raise ScheduleError([Finding(Place(), "not-in-force", why, remedy, str(day))])
