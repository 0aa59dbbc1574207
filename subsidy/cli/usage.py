"""Wrong use of a command, in the language of the run: what is wrong, what would be right, where to look."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import typer

from subsidy.cli.help import COMMAND, row_of, usage_of
from subsidy.cli.language import half, said
from subsidy.finding import Refusal, Text, nearest

ERROR = Text("错误：", "error: ")
HELP = Text("帮助和示例：{} --help", "help and examples: {} --help")
STOP = Text("。", ".")
SEMICOLON = Text("；", "; ")


class WrongUse(typer.BadParameter):
    """An option or argument that cannot be used as it was."""

    def __init__(self, option: str, why: Text, remedy: Text, value: str = "") -> None:
        super().__init__(f"{why.en}; {remedy.en}", param_hint=option)
        self.option = option
        self.why = why
        self.remedy = remedy
        self.value = value


@contextmanager
def refused_as(option: str) -> Iterator[None]:
    """A Refusal in this block is a wrong use of the option."""
    try:
        yield
    except Refusal as error:
        raise WrongUse(option, error.why, error.remedy) from None


def told(error: Any, command: Sequence[str]) -> str:
    """The lines that tell an error of the option parser, or of our own: what is wrong, the usage, where to look."""
    context = getattr(error, "ctx", None)
    lines = [f"{said(ERROR)}{_sentence(*_words(error))}"]
    if context is not None and context.parent:
        lines.append(usage_of(context.command, context))
    lines.append(said(HELP).format(" ".join([COMMAND, *command])))
    return "".join(f"{line}\n" for line in lines)


def no_such_command(written: str, known: Iterable[str], context: Any) -> typer.BadParameter:
    why = Text(f"没有命令 {written}", f"there is no command {written}")
    found = WrongUse("", why, nearest(written, known))
    found.ctx = context
    return found


def _sentence(option: str, value: str, why: str, remedy: str) -> str:
    where = " ".join(part for part in (option, f"«{value}»" if value else "") if part)
    text = said(SEMICOLON).join(part for part in (why, remedy) if part)
    return f"{where} {text}{said(STOP)}".strip()


def _words(error: Any) -> tuple[str, str, str, str]:
    """The option, what was written, why that is wrong, and what would be right."""
    if isinstance(error, WrongUse):
        return error.option, error.value, said(error.why), said(error.remedy)
    match type(error).__name__:
        case "NoSuchOption":
            names = [name for one in error.ctx.command.get_params(error.ctx) for name in one.opts]
            why = Text(f"没有选项 {error.option_name}", f"there is no option {error.option_name}")
            return "", "", said(why), said(nearest(error.option_name, names))
        case "MissingParameter":
            return _missing(error.param)
        case "BadParameter" if error.param is not None and error.__cause__ is not None:
            return _unfit(error)
        case "BadOptionUsage":
            takes_none = "does not take" in error.message
            why = Text("不带值", "takes no value") if takes_none else Text("后面要有值", "needs a value after it")
            return error.option_name, "", said(why), ""
    extra = "unexpected extra argument(s) ("
    if extra in error.message:
        written = error.message.partition(extra)[2].removesuffix(")")
        why = Text(f"多出参数 {written}", f"there is an argument too many: {written}")
        remedy = Text("含空格的名称请加引号", "put names with blanks in quotes")
        return "", "", said(why), said(remedy)
    return str(getattr(error, "param_hint", None) or ""), "", half(error.message.rstrip(".")), ""


def _missing(parameter: Any) -> tuple[str, str, str, str]:
    name = row_of(parameter)[0]
    return "", "", said(Text(f"缺少 {name}", f"{name} is missing")), half(parameter.help or "")


def _unfit(error: Any) -> tuple[str, str, str, str]:
    """A value that is no number, or out of range, or none of those to choose from."""
    parameter = error.param
    option, choices = " / ".join(parameter.opts), parameter.type_descriptor.choices
    mistake = error.__cause__.errors()[0]
    value = str(mistake.get("input", ""))
    if choices:
        listed = [str(one) for one in choices]
        remedy = Text(f"请写 {'、'.join(listed)} 之一", f"write one of {', '.join(listed)}")
        return option, value, said(Text("不能选用", "this cannot be chosen")), said(remedy)
    if mistake["type"].startswith(("int", "greater", "less")):
        ends = f"{parameter.min}–{parameter.max}" if parameter.max is not None else f"{parameter.min or 0}–"
        why = Text("不在范围内或不是整数", "this is no whole number, or out of range")
        return option, value, said(why), said(Text(f"请写 {ends} 的整数", f"write a whole number of {ends}"))
    return option, value, str(mistake["msg"]), ""
