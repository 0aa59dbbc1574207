"""Versions of one schedule against each other: what only shows when they stand in a line."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

from subsidy.finding import Finding, ScheduleError, Text
from subsidy.schedule.checked import PERIOD_WORDS, CheckedLimit
from subsidy.schedule.load import Version


def check_line(versions: Sequence[Version], with_limits: bool = True) -> None:
    """Versions, in order of first day and day of issue, are of one schedule and no two agree in both days; each limit
    has one form in all of them."""
    findings: list[Finding] = []
    for earlier, later in pairwise(versions):
        one, two = (version.checker.sources[0] for version in (earlier, later))
        if earlier.id != later.id:
            why = Text(f"{one.file} 是 {earlier.id} 的版本", f"{one.file} is a version of {earlier.id}")
            remedy = Text("一个文件夹只放同一补贴标准的版本", "keep the versions of one schedule in a folder")
            findings.append(Finding(two.place(("schedule",)), "another-schedule", why, remedy, later.id))
        elif (earlier.first_day, earlier.issued) == (later.first_day, later.issued):
            why = Text(
                f"{one.file} 也自 {later.first_day} 起，印发日相同（{later.issued}）",
                f"{one.file} is in force from {later.first_day} too, and issued on the same day ({later.issued})",
            )
            remedy = Text(
                "请更正起日或印发日，或只保留一个文件", "correct one of the days, or keep one of the two files"
            )
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
        "last": limit.last_gets_nothing,
        "refund": limit.model.refund,
        "at_most": limit.counts,
    }
