"""What a command is made of: a function, groups of options that several have in common, and pages of help."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from dataclasses import MISSING, Field, fields, is_dataclass
from typing import Any, get_type_hints

import typer
from typer.core import TyperCommand

from subsidy.cli.help import command_page
from subsidy.cli.language import both
from subsidy.finding import Text

Function = Callable[..., None]

ROSTERS = Text("花名册", "rosters")
CALCULATIONS = Text("计算与拨付", "calculation and payment")
REASONS = Text("来由", "reasons")
CHANGES = Text("变动与预测", "change and forecast")
SCHEDULES = Text("补贴标准", "schedules")


class Command(TyperCommand):
    """A command whose help is in one language, with its options by purpose and its examples."""

    def format_help(self, ctx: Any, formatter: Any) -> None:
        formatter.write(command_page(self, ctx))


def command(app: typer.Typer, panel: Text, name: str | None = None) -> Callable[[Function], Function]:
    """Make a function a command. Its docstring is `中文 · English`, then examples, each a line `subsidy …`."""

    def register(function: Function) -> Function:
        app.command(name, cls=Command, rich_help_panel=both(panel))(spread(function))
        return function

    return register


def spread(function: Function) -> Function:
    """The function as Typer reads it: in place of a parameter that is a dataclass stand the fields of that class."""
    hints = get_type_hints(function, include_extras=True)
    groups: dict[str, Any] = {name: hint for name, hint in hints.items() if is_dataclass(hint)}
    parameters: dict[str, inspect.Parameter] = {}
    for name, parameter in inspect.signature(function).parameters.items():
        if name in groups:
            own = get_type_hints(groups[name], include_extras=True)
            parameters |= {one.name: _parameter(one.name, own[one.name], _default(one)) for one in fields(groups[name])}
        else:
            parameters[name] = _parameter(name, hints[name], parameter.default)

    @functools.wraps(function)
    def whole(**given: Any) -> None:
        parts = {name: group(**{one.name: given[one.name] for one in fields(group)}) for name, group in groups.items()}
        function(**parts, **{name: given[name] for name in hints if name in given})

    del whole.__wrapped__
    whole.__annotations__ = {name: parameter.annotation for name, parameter in parameters.items()}
    whole.__signature__ = inspect.Signature(list(parameters.values()))  # type: ignore[attr-defined]
    return whole


def _default(field: Field[Any]) -> Any:
    return inspect.Parameter.empty if field.default is MISSING else field.default


def _parameter(name: str, annotation: Any, default: Any) -> inspect.Parameter:
    return inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, annotation=annotation, default=default)
