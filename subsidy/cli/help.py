"""Pages of help in the language of the run: what to begin with, all commands, one command."""

from __future__ import annotations

import inspect
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from subsidy.cli.language import half, said, spoken
from subsidy.finding import Text

if TYPE_CHECKING:
    from rich.console import Console

COMMAND = "subsidy"
LONGEST_CHOICE = 20
WHAT = Text("输入", "input")
HOW = Text("计算", "calculation")
OUTPUT = Text("输出", "output")
GENERAL = Text("通用", "general")
WHICH = Text("说明哪个数", "which number")
GROUPS = (WHAT, WHICH, HOW, OUTPUT, GENERAL)
OTHER = Text("其他", "other")
USAGE = Text("用法", "usage")
EXAMPLES = Text("示例", "examples")
ARGUMENTS = Text("参数", "arguments")
OPTIONS = Text("[选项]", "[options]")
REQUIRED = Text("必填", "required")
REPEATED = Text("可重复", "may be repeated")
DEFAULT = Text("默认 {}", "by default {}")
COMMANDS = Text("命令 [参数] [选项]", "COMMAND [arguments] [options]")
MORE = Text(
    "一个命令的选项和示例：subsidy 命令 --help（如 subsidy budget --help）",
    "options and examples of a command: subsidy COMMAND --help (subsidy budget --help)",
)
OWN = {
    "help": Text("显示本页", "show this page"),
    "install_completion": Text("为当前终端安装命令补全", "install completion for this shell"),
    "show_completion": Text("显示命令补全脚本", "print the script of the completion"),
}
METAVARS = {
    "ROSTER": "花名册",
    "ID": "标准",
    "ID|FILE": "标准|文件",
    "ID@DAY": "标准@起日",
    "YEAR": "年度",
    "YEARS": "年数",
    "DAY": "日期",
    "FILE": "文件",
    "FOLDER": "文件夹",
    "NAME": "名称",
    "PATH=VALUE|FILE": "路径=值|文件",
    "SIZE": "大小",
    "NUMBER": "数目",
    "RECEIPT": "凭证",
    "PERIOD": "期次",
    "DEPTH": "层次",
    "SHARE": "比例",
    "MM-DD": "月-日",
    "PAID": "已拨",
    "FACT=ID:VALUE": "事实=标准:数值",
}
WELCOME = Text(
    """补贴政策算成钱，精确到分，每个数都说得出来由。

一年的工作，按先后：
  subsidy template cn/xian/elderly-care -o 花名册.xlsx
  subsidy check 花名册.xlsx -s cn/xian/elderly-care
  subsidy budget 花名册.xlsx -s cn/xian/elderly-care -y 2023 --ledger 台账
  subsidy calendar 花名册.xlsx -s cn/xian/elderly-care -y 2023
  subsidy settle 花名册.xlsx -s cn/xian/elderly-care -y 2023 --paid 台账
即：制作待填的花名册；查错；算预算并存台账；何时拨付；与已拨比较，多退少补。

在程序文件夹中可先试：
  subsidy budget examples/story/roster-june -s examples/story/schedule -y 2024

接下来：
  subsidy list             有哪些补贴标准
  subsidy --help           全部命令
  subsidy budget --help    一个命令的选项和示例
  subsidy --lang en        in English""",
    """Subsidy policy to money, exactly to the fen, with the reason of every number.

A year's work, in order:
  subsidy template cn/xian/elderly-care -o roster.xlsx
  subsidy check roster.xlsx -s cn/xian/elderly-care
  subsidy budget roster.xlsx -s cn/xian/elderly-care -y 2023 --ledger ledger
  subsidy calendar roster.xlsx -s cn/xian/elderly-care -y 2023
  subsidy settle roster.xlsx -s cn/xian/elderly-care -y 2023 --paid ledger
That is: the workbook to fill in; its mistakes; the budget, and a ledger of it; what falls due when;
what is owed against what was paid.

To try it, in the program's folder:
  subsidy budget examples/story/roster-june -s examples/story/schedule -y 2024

From here:
  subsidy list             which schedules there are
  subsidy --help           all commands
  subsidy budget --help    options and examples of one command
  subsidy --lang zh        中文""",
)


def welcome_page() -> str:
    """What a run without a command prints."""
    return f"{said(WELCOME)}\n"


def group_page(group: Any, ctx: Any) -> str:
    """All commands with a line each, by what they are for, and the options before them."""
    panels: dict[str, list[tuple[str, str]]] = {}
    for name, command in group.commands.items():
        panel = half(command.rich_help_panel) if command.rich_help_panel else said(OTHER)
        panels.setdefault(panel, []).append((name, _about(command)))
    console = _console()
    with console.capture() as captured:
        _print_usage(console, f"{COMMAND} {said(COMMANDS)}")
        width = max(len(name) for name in group.commands)
        for panel, rows in panels.items():
            _print_rows(console, panel, rows, width)
        _print_rows(console, said(GENERAL), [row_of(one) for one in group.get_params(ctx)], width)
        console.print(said(MORE), highlight=False)
    return _trimmed(captured.get())


def command_page(command: Any, ctx: Any) -> str:
    """Usage, what it does, examples, arguments, and the options by what they are for."""
    shown = sorted((one for one in command.get_params(ctx) if not one.hidden), key=lambda one: not one.required)
    console = _console()
    with console.capture() as captured:
        _print_usage(console, usage_of(command, ctx))
        console.print(_about(command), highlight=False, markup=False)
        examples = examples_of(command)
        if examples:
            console.print(f"\n[bold]{said(EXAMPLES)}[/bold]", highlight=False)
            for line in examples:
                console.print(f"  {line}", highlight=False, markup=False, soft_wrap=True)
        console.print()
        groups: dict[str, list[tuple[str, str]]] = {said(ARGUMENTS): [], **{said(one): [] for one in GROUPS}}
        for one in shown:
            groups.setdefault(_group_of(one), []).append(row_of(one))
        width = min(max((len(name) for rows in groups.values() for name, _ in rows), default=0), 34)
        for title, rows in groups.items():
            if rows:
                _print_rows(console, title, rows, width)
    return _trimmed(captured.get())


def _trimmed(page: str) -> str:
    return "".join(f"{line.rstrip()}\n" for line in page.rstrip().splitlines())


def usage_of(command: Any, ctx: Any) -> str:
    """How a command is written: its arguments, the options it needs, and that there are others."""
    parts = [COMMAND, command.name or ""]
    for one in command.get_params(ctx):
        if one.param_type_name == "argument":
            parts.append(_metavar(one) if one.required else f"[{_metavar(one)}]")
        elif one.required:
            parts.append(f"{_shortest(one)} {_metavar(one)}")
    return " ".join([*parts, said(OPTIONS)])


def examples_of(command: Any) -> list[str]:
    """The lines of a command's docstring that can be typed."""
    lines = inspect.cleandoc(command.help or "").splitlines()
    return [" ".join(line.split()) for line in lines if line.startswith(f"{COMMAND} ")]


def _about(command: Any) -> str:
    """The first paragraph of a command's docstring, in the language of the run."""
    return half(inspect.cleandoc(command.help or "").partition("\n\n")[0].replace("\n", " "))


def _group_of(parameter: Any) -> str:
    if parameter.param_type_name == "argument":
        return said(ARGUMENTS)
    return half(parameter.rich_help_panel) if parameter.rich_help_panel else said(GENERAL)


def row_of(parameter: Any) -> tuple[str, str]:
    """An argument or option as it is written, and what it is for."""
    if parameter.param_type_name == "argument":
        written = _metavar(parameter)
    else:
        names = ", ".join(sorted(parameter.opts, key=len))
        written = names if parameter.is_flag else f"{names} {_metavar(parameter)}"
    own = OWN.get(parameter.name)
    text = said(own) if own else half(parameter.help or "")
    notes = [said(REQUIRED)] if parameter.required and parameter.param_type_name == "option" else []
    notes += [said(REPEATED)] if parameter.multiple else []
    if parameter.default not in (None, False, "") and not callable(parameter.default):
        notes.append(said(DEFAULT).format(parameter.default))
    return written, f"{text} [{'; '.join(notes)}]" if notes else text


def _metavar(parameter: Any) -> str:
    choices = "|".join(map(str, parameter.type_descriptor.choices or ()))
    if choices and len(choices) <= LONGEST_CHOICE:
        return choices
    english = (parameter.metavar or parameter.name.upper()).removesuffix("...")
    shown = METAVARS.get(english, english) if spoken() == "zh" else english
    return f"{shown}..." if parameter.nargs == -1 else shown


def _shortest(parameter: Any) -> str:
    shortest: str = min(parameter.opts, key=len)
    return shortest


def _print_usage(console: Console, usage: str) -> None:
    console.print(f"{said(USAGE)}: {usage}\n", highlight=False, markup=False, soft_wrap=True)


def _print_rows(console: Console, title: str, rows: Iterable[tuple[str, str]], width: int) -> None:
    from rich.markup import escape
    from rich.table import Table

    table = Table.grid(padding=(0, 2))
    table.add_column(min_width=width + 2, no_wrap=True)
    table.add_column(overflow="fold")
    for name, text in rows:
        table.add_row(f"  {escape(name)}", escape(text))
    console.print(f"[bold]{escape(title)}[/bold]", highlight=False)
    console.print(table, highlight=False)
    console.print()


def _console() -> Console:
    from subsidy.cli.console import console

    shown: Console = console()
    return shown
