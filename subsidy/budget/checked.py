"""A roster as schedules read it, in; the same without the rows that checks across rows block, out."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from functools import cache, partial

from subsidy.engine.check_inputs import last_day_mentioned
from subsidy.engine.checks import CheckReport, run_checks
from subsidy.engine.run import prepare
from subsidy.progress import station
from subsidy.roster.intake import Intake
from subsidy.schedule.catalogue import Schedule


def checked(
    schedules: Sequence[Schedule], intakes: Sequence[Intake], year: int, as_of: datetime.date | None = None
) -> tuple[list[Intake], datetime.date, list[CheckReport]]:
    """Each intake with the findings of its schedule's checks and without the rows that those of any schedule block; the
    day on which they were read (`as_of`, or else the last that the roster mentions); and of each check whether it ran
    anywhere."""
    day = as_of or last_day_mentioned(intakes, [schedule.latest for schedule in schedules])
    station("跨行核查", "checking across rows")
    every = [
        run_checks(taken_in, schedule.latest, day, cache(partial(prepare, schedule, taken_in, year)))
        for schedule, taken_in in zip(schedules, intakes, strict=True)
    ]
    blocked = {row for found in every for row in found.blocked}
    reports: dict[str, CheckReport] = {}
    for found in every:
        for report in found.reports:
            if report.name not in reports or report.lacking is None:
                reports[report.name] = report
    sound = [found.applied(taken_in, blocked) for found, taken_in in zip(every, intakes, strict=True)]
    return sound, day, list(reports.values())
