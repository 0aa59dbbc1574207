"""Schedules by id: all versions of one, in order of the day they come into force."""

from __future__ import annotations

import datetime
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from subsidy.finding import Finding, Place, ScheduleError, Text, nearest
from subsidy.schedule.origins import Origin, findings, origins, versions_in

if TYPE_CHECKING:
    from subsidy.schedule.load import Version
    from subsidy.schedule.overlay import Overlay


@dataclass(frozen=True)
class Schedule:
    """All versions of one policy, oldest first, each in force until the day before the next.

    `known_on`: the day whose knowledge it has, None for today's. `replaced`: known versions in whose place another with
    the same first day stands, issued later.
    """

    versions: tuple[Version, ...]
    paths: tuple[Path, ...]
    known_on: datetime.date | None = None
    replaced: tuple[tuple[Version, Path], ...] = ()
    shared: tuple[str, ...] = ()  # limits over several schedules that concern it, where it is calculated with others
    beside: tuple[Hashable, ...] = ()  # the files whose words are woven into it then

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

    def overlay(self, *overlays: Overlay | str | Path) -> Schedule:
        """The same with figures or options changed, by dotted path: {"values.operating_rate.is.5.disabled": "250"}.

        Or by files of overlays. They are laid one over another; each of their entries counts in every version that it
        fits. The files stay as they are. Raises ScheduleError for an entry that fits none, a value that does not fit,
        or a file that is wrong or for another schedule.
        """
        return overlay_each([self], *overlays)[0]


def overlay_each(schedules: Sequence[Schedule], *overlays: Overlay | str | Path) -> list[Schedule]:
    """The schedules with overlays, each entry in all that it fits. Raises ScheduleError for one that fits nowhere."""
    from subsidy.schedule.overlay import overlay_from

    found = list(schedules)
    for one in overlays:
        found = _overlaid(found, overlay_from(one))
    return found


def _overlaid(schedules: Sequence[Schedule], overlay: Overlay) -> list[Schedule]:
    from subsidy.schedule.load import overlaid
    from subsidy.schedule.versions import check_line

    chosen = [version for schedule in schedules for version in _meant(schedule, overlay)]
    if not chosen:
        raise ScheduleError([_meant_for_none(schedules, overlay)])
    found = []
    absent: dict[object, list[Finding]] = {}
    for schedule in schedules:
        versions = list(schedule.versions)
        for number, version in enumerate(versions):
            if any(version is one for one in chosen):
                versions[number], missing = overlaid(version, overlay)
                for entry, finding in missing.items():
                    absent.setdefault(entry, []).append(finding)
        check_line(versions, with_limits=len(versions) > 1)
        found.append(replace(schedule, versions=tuple(versions)))
    nowhere = [finding for findings in absent.values() if len(findings) == len(chosen) for finding in findings]
    if nowhere:
        raise ScheduleError({(one.place, one.value): one for one in nowhere}.values())
    return found


def _meant(schedule: Schedule, overlay: Overlay) -> list[Version]:
    """The versions that an overlay is for."""
    if isinstance(overlay, Mapping):
        return list(schedule.versions)
    on = overlay.model.on
    return [
        version
        for version, first, last in schedule.periods()
        if schedule.id == overlay.model.schedule and (on is None or (first <= on and (last is None or on <= last)))
    ]


def _meant_for_none(schedules: Sequence[Schedule], overlay: Overlay) -> Finding:
    assert not isinstance(overlay, Mapping)
    wanted, ids = overlay.model.schedule, [schedule.id for schedule in schedules]
    if wanted not in ids:
        why = Text(f"改动文件是 {wanted} 的", f"this overlay is for {wanted}")
        remedy = Text(f"所算的是：{'、'.join(ids)}", f"what is calculated: {', '.join(ids)}")
        return Finding(overlay.source.place(("schedule",)), "overlay", why, remedy, wanted)
    days = [str(one.first_day) for schedule in schedules if schedule.id == wanted for one in schedule.versions]
    why = Text(f"{wanted} 当日没有施行的版本", f"no version of {wanted} is in force on this day")
    remedy = Text(f"各版本起日：{'、'.join(days)}", f"versions begin on {', '.join(days)}")
    return Finding(overlay.source.place(("on",)), "overlay", why, remedy, str(overlay.model.on))


def schedules_root() -> Path:
    """Where the shipped schedules are: inside the installed package, or beside it in a working copy."""
    package = Path(__file__).resolve().parent.parent
    installed = package / "_schedules"
    return installed if installed.is_dir() else package.parent / "schedules"


def catalogue() -> Mapping[str, list[Path]]:
    """The id of every known schedule and the files of its versions.

    Of one id in two places, that of the user's folder goes before that of a package, and this before the shipped one.
    """
    found: dict[str, list[Path]] = {}
    for origin in origins(schedules_root()):
        found = {**origin.schedules(), **found}
    return found


def origin_of(name: str) -> Origin:
    """Where the schedule of an id comes from. Raises KeyError."""
    for origin in origins(schedules_root()):
        if name in origin.schedules():
            return origin
    raise KeyError(name)


def findings_of_catalogue() -> list[Finding]:
    """Schedules of packages that are not there, and those hidden by another of the same id."""
    return findings(schedules_root())


def schedule(
    name: str | Path, on: str | datetime.date | None = None, *, known_on: str | datetime.date | None = None
) -> Schedule:
    """A schedule by id (`cn/xian/elderly-care`) or by the path of a YAML file or a folder of versions.

    `known_on`: as it was known on that day: versions whose documents were issued later do not exist. `on`: pins the
    version in force on that day. Both are a date or `2024-01-01`. Raises ScheduleError for an unknown id, a day before
    the first version or document, files with mistakes, or versions that do not make one line.
    """
    from subsidy.schedule.load import load_file
    from subsidy.schedule.versions import check_line

    paths = _paths(str(name))
    loaded = sorted(((load_file(path), path) for path in paths), key=lambda pair: _clocks(pair[0]))
    check_line([version for version, _ in loaded], with_limits=False)
    found = _known(loaded, None if known_on is None else _day(known_on))
    check_line(found.versions, with_limits=on is None)
    return found if on is None else _pinned(found, _day(on))


def _paths(name: str) -> list[Path]:
    if name.endswith((".yaml", ".yml")):
        return [Path(name)]
    known = catalogue()
    if name in known:
        return known[name]
    if Path(name).is_dir() and (versions := versions_in(Path(name))):
        return versions
    why = Text(f"没有补贴标准 {name}", f"there is no schedule {name}")
    raise ScheduleError([Finding(Place(), "unknown-schedule", why, nearest(name, known), name)])


def _clocks(version: Version) -> tuple[datetime.date, datetime.date]:
    return version.first_day, version.issued


def _known(loaded: Sequence[tuple[Version, Path]], day: datetime.date | None) -> Schedule:
    """The line of what was known: of versions with one first day, that issued last."""
    known = [pair for pair in loaded if day is None or pair[0].issued <= day]
    if not known:
        name, first = loaded[0][0].id, min(version.issued for version, _ in loaded)
        why = Text(f"{day} 时 {name} 尚无文件印发", f"no document of {name} was issued by {day}")
        remedy = Text(f"最早的文件印发于 {first}", f"the first one was issued on {first}")
        raise ScheduleError([Finding(Place(), "not-known", why, remedy, str(day))])
    last = {version.first_day: (version, path) for version, path in known}
    versions, paths = zip(*last.values(), strict=True)
    replaced = [pair for pair in known if last[pair[0].first_day] != pair]
    return Schedule(versions, paths, day, tuple(replaced))


def _day(written: str | datetime.date) -> datetime.date:
    try:
        return datetime.date.fromisoformat(written) if isinstance(written, str) else written
    except ValueError:
        why, remedy = Text("不是日期", "this is not a date"), Text("请写成 2024-01-01", "write it like 2024-01-01")
        raise ScheduleError([Finding(Place(), "date", why, remedy, str(written))]) from None


def _pinned(found: Schedule, day: datetime.date) -> Schedule:
    for version, path in reversed(list(zip(found.versions, found.paths, strict=True))):
        if version.first_day <= day and (version.model.in_force.to is None or day <= version.model.in_force.to):
            return replace(found, versions=(version,), paths=(path,))
    first = found.versions[0].first_day
    why = Text(f"{found.id} 在 {day} 无有效版本", f"no version of {found.id} is in force on {day}")
    remedy = Text(f"最早版本自 {first} 起", f"the first one is in force from {first}")
    raise ScheduleError([Finding(Place(), "not-in-force", why, remedy, str(day))])
