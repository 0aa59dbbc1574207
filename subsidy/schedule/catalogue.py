"""Schedules by id: all versions of one, in order of the day they come into force."""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

from subsidy.finding import Finding, Place, ScheduleError, Text, nearest
from subsidy.schedule.checked import PERIOD_WORDS, CheckedLimit

if TYPE_CHECKING:
    from subsidy.schedule.load import Overlay, Version


@dataclass(frozen=True)
class Schedule:
    """All versions of one policy, oldest first, each in force until the day before the next."""

    versions: tuple[Version, ...]
    paths: tuple[Path, ...]

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
        from subsidy.schedule.load import load_file

        versions = []
        unknown: list[Finding] = []
        for version, path in zip(self.versions, self.paths, strict=True):
            try:
                versions.append(load_file(path, {**dict(version.overlays), **changes}))
            except ScheduleError as error:
                if any(finding.code != "overlay" for finding in error.findings):
                    raise
                unknown += error.findings
                versions.append(version)
        if len(unknown) >= len(self.versions):
            raise ScheduleError(unknown)
        _check_line(versions)
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
    for path in sorted(root.glob("**/*.yaml")):
        folder = path.parent.relative_to(root).as_posix()
        if not folder.startswith("_"):
            found.setdefault(folder, []).append(path)
    return found


def schedule(name: str | Path, on: str | datetime.date | None = None) -> Schedule:
    """A schedule by id (`cn/xian/elderly-care`) or by the path of a YAML file or a folder of versions.

    `on`: pins the version in force on that day (a date or `2024-01-01`). Raises ScheduleError for an unknown id,
    a day before the first version, files with mistakes, or versions that do not make one line.
    """
    from subsidy.schedule.load import load_file

    paths = _paths(str(name))
    loaded = sorted(((load_file(path), path) for path in paths), key=lambda pair: pair[0].first_day)
    found = Schedule(tuple(version for version, _ in loaded), tuple(path for _, path in loaded))
    _check_line(found.versions, with_limits=on is None)
    return found if on is None else _pinned(found, on)


def _check_line(versions: Sequence[Version], with_limits: bool = True) -> None:
    """Versions are of one schedule, begin on different days, and have each limit in one form."""
    findings: list[Finding] = []
    for earlier, later in pairwise(versions):
        one, two = (version.checker.sources[0] for version in (earlier, later))
        if earlier.id != later.id:
            why = Text(f"{one.file} 是 {earlier.id} 的版本", f"{one.file} is a version of {earlier.id}")
            remedy = Text("一个文件夹只放同一补贴标准的版本", "keep the versions of one schedule in a folder")
            findings.append(Finding(two.place(("schedule",)), "another-schedule", why, remedy, later.id))
        elif earlier.first_day == later.first_day:
            why = Text(f"{one.file} 也自 {later.first_day} 起", f"{one.file} is in force from {later.first_day} too")
            remedy = Text("请更正起日，或只保留一个文件", "correct the first day, or keep one of the two files")
            place = two.place(("in_force", "from"))
            findings.append(Finding(place, "same-first-day", why, remedy, str(later.first_day)))
    if with_limits:
        findings += _changed_limits(versions)
    if findings:
        raise ScheduleError(findings)


def _changed_limits(versions: Sequence[Version]) -> Iterator[Finding]:
    latest: dict[str, Version] = {}
    for version in versions:
        for name, limit in version.limits.items():
            earlier = latest.get(name)
            latest[name] = version
            if earlier is None:
                continue
            before, after = _form(earlier.limits[name]), _form(limit)
            changed = [key for key in after if before[key] != after[key]]
            if changed:
                days, keys = (earlier.first_day, version.first_day), ", ".join(changed)
                yield Finding(
                    version.checker.sources[0].place(("limits", name)),
                    "changed-limit",
                    Text(
                        f"上限 {name} 在 {days[0]} 与 {days[1]} 两版中的 {keys} 不同",
                        f"the limit {name} has another {keys} in the version of {days[1]} than in that of {days[0]}",
                    ),
                    Text("请给改变后的上限另起名称", "give the changed limit a new name"),
                    name,
                )


def _form(limit: CheckedLimit) -> dict[str, object]:
    """What of a limit must be the same in all versions, for its groups may reach from one into the next."""
    return {
        "payer": limit.model.payer,
        "per": (limit.is_pot, [word if word in PERIOD_WORDS else "" for word in limit.model.per]),
        "keep": limit.keep,
        "when_short": limit.when_short,
        "at_most": limit.counts_months,
    }


def _paths(name: str) -> list[Path]:
    if name.endswith((".yaml", ".yml")):
        return [Path(name)]
    known = catalogue()
    if name in known:
        return known[name]
    if Path(name).is_dir() and any(Path(name).glob("*.yaml")):
        return sorted(Path(name).glob("*.yaml"))
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
