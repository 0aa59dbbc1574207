"""Subsidy policy to money, exactly: a schedule and a roster in, budgets with their reasons out.

import subsidy

xian = subsidy.schedule("cn/xian/elderly-care")
roster = subsidy.read_roster("examples/xian/roster")
result = subsidy.calculate(xian, roster, year=2023, proceed=True)
result.by_payer()
"""

from typing import TYPE_CHECKING, Any

from subsidy.schedule.catalogue import Schedule, catalogue, schedule

if TYPE_CHECKING:
    from subsidy.budget.advance import Advance
    from subsidy.budget.calculate import calculate, check
    from subsidy.budget.cost import Cost, cost
    from subsidy.budget.forecast import forecast
    from subsidy.budget.forecast_result import Forecast
    from subsidy.budget.receipt import Receipt
    from subsidy.budget.result import Result
    from subsidy.budget.settle import settle
    from subsidy.budget.settlement import Settlement
    from subsidy.budget.targets import Targets, targets
    from subsidy.budget.verify import Verification, verify
    from subsidy.budget.what_if import WhatIf, what_if
    from subsidy.engine.explanation import Explanation
    from subsidy.finding import DriversError, Finding, FindingsError, ReceiptError, RosterError, ScheduleError
    from subsidy.resources import limits
    from subsidy.roster.tables import Roster, read_roster
    from subsidy.roster.template import template
    from subsidy.schedule.difference import Difference, difference

__version__ = "0.1.0"

_HOMES = {
    "Advance": "subsidy.budget.advance",
    "calculate": "subsidy.budget.calculate",
    "check": "subsidy.budget.calculate",
    "Receipt": "subsidy.budget.receipt",
    "Cost": "subsidy.budget.cost",
    "cost": "subsidy.budget.cost",
    "Difference": "subsidy.schedule.difference",
    "difference": "subsidy.schedule.difference",
    "Forecast": "subsidy.budget.forecast_result",
    "forecast": "subsidy.budget.forecast",
    "Result": "subsidy.budget.result",
    "Settlement": "subsidy.budget.settlement",
    "settle": "subsidy.budget.settle",
    "Verification": "subsidy.budget.verify",
    "verify": "subsidy.budget.verify",
    "WhatIf": "subsidy.budget.what_if",
    "what_if": "subsidy.budget.what_if",
    "Explanation": "subsidy.engine.explanation",
    "DriversError": "subsidy.finding",
    "Finding": "subsidy.finding",
    "FindingsError": "subsidy.finding",
    "ReceiptError": "subsidy.finding",
    "RosterError": "subsidy.finding",
    "ScheduleError": "subsidy.finding",
    "Roster": "subsidy.roster.tables",
    "Targets": "subsidy.budget.targets",
    "limits": "subsidy.resources",
    "read_roster": "subsidy.roster.tables",
    "targets": "subsidy.budget.targets",
    "template": "subsidy.roster.template",
}
__all__ = [
    "Advance",
    "Cost",
    "Difference",
    "DriversError",
    "Explanation",
    "Finding",
    "FindingsError",
    "Forecast",
    "Receipt",
    "ReceiptError",
    "Result",
    "Roster",
    "RosterError",
    "Schedule",
    "ScheduleError",
    "Settlement",
    "Targets",
    "Verification",
    "WhatIf",
    "calculate",
    "catalogue",
    "check",
    "cost",
    "difference",
    "forecast",
    "limits",
    "read_roster",
    "schedule",
    "settle",
    "targets",
    "template",
    "verify",
    "what_if",
]


def __getattr__(name: str) -> Any:
    """Other public names are imported when first used, so that `import subsidy` stays light.

    `schedule` is bound at once: it would else be the package of that name as soon as a part of it is imported.
    """
    if name not in _HOMES:
        raise AttributeError(f"module 'subsidy' has no attribute {name!r}")
    from importlib import import_module

    value = getattr(import_module(_HOMES[name]), name)
    globals()[name] = value
    return value
