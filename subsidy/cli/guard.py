"""What ends a command before its time, in one line: errors that no command expects, Ctrl-C, a full disk."""

from __future__ import annotations

import errno
import os
import signal
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from types import FrameType
from typing import Any

import typer
from typer.core import TyperGroup
from typer.exceptions import TyperException

from subsidy.cli import language
from subsidy.cli.findings import report_findings
from subsidy.cli.help import COMMAND, group_page, welcome_page
from subsidy.cli.language import spoken
from subsidy.cli.usage import no_such_command, told
from subsidy.files import cause_of, clear_unfinished
from subsidy.finding import FindingsError, Refusal, Text
from subsidy.resources import remove_spilled

WRONG_USE, FAULT = 2, 70
SHOW_FAULTS = "SUBSIDY_TRACEBACK"
STOPPED = Text("已中断，没有留下写了一半的文件。", "Stopped; nothing half-written is left.")


class Guarded(TyperGroup):
    """The group of all commands: what they do not catch is told here, and no traceback is shown."""

    def main(self, args: Sequence[str] | None = None, *_: Any, standalone_mode: bool = True, **more: Any) -> Any:
        """Run a command line; wrong use is told in the language that it asks for."""
        arguments = sys.argv[1:] if args is None else list(args)
        language.choose(arguments)
        try:
            with _told_in_one_line():
                try:
                    code = super().main(arguments, **{**more, "prog_name": COMMAND, "standalone_mode": False})
                finally:
                    sys.stdout.flush()
        except typer.Exit as end:
            code = end.exit_code
        except typer.Abort:
            _tell(STOPPED)
            code = 1
        except TyperException as error:
            sys.stderr.write(told(error, [one for one in arguments if one in self.commands][:1]))
            code = error.exit_code
        if standalone_mode:
            sys.exit(code or 0)
        return code

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Without a command, what to begin with."""
        rest = super().parse_args(ctx, args)
        if not ctx._protected_args and not ctx.resilient_parsing:
            sys.stdout.write(welcome_page())
            raise typer.Exit
        return rest

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """The command that is named, or which one may be meant."""
        if self.get_command(ctx, args[0]) is None and not ctx.resilient_parsing:
            raise no_such_command(args[0], self.commands, ctx)
        return super().resolve_command(ctx, args)

    def format_help(self, ctx: Any, formatter: Any) -> None:
        formatter.write(group_page(self, ctx))


@contextmanager
def _told_in_one_line() -> Iterator[None]:
    try:
        yield
    except (TyperException, typer.Exit, typer.Abort):
        raise
    except FindingsError as error:
        report_findings(error, spoken())
        raise typer.Exit(1) from None
    except Refusal as error:
        _tell(Text(f"{error.why.zh}；{error.remedy.zh}。", f"{error.why.en}; {error.remedy.en}."))
        raise typer.Exit(WRONG_USE) from None
    except MemoryError:
        _tell(Text("内存不足，未计算完。", "Out of memory; the calculation is not finished."))
        raise typer.Exit(1) from None
    except OSError as error:
        if error.errno == errno.EPIPE:
            raise
        _drop_output()
        cause = cause_of(error)
        _tell(Text(f"无法读写（{cause.zh}）。", f"Reading or writing failed ({cause.en})."))
        raise typer.Exit(1) from None
    except Exception as error:
        if os.environ.get(SHOW_FAULTS):
            raise
        what = f"{type(error).__name__}: {error}".splitlines()[0][:200]
        _tell(
            Text(
                f"程序错误（{what}）。请报告；设 {SHOW_FAULTS}=1 再运行可见详情。",
                f"A fault of the program ({what}). Please report it; with {SHOW_FAULTS}=1 it shows where.",
            ),
        )
        raise typer.Exit(FAULT) from None


def _tell(words: Text) -> None:
    sys.stderr.write(f"{words.in_(spoken())}\n")


def _drop_output() -> None:
    """What could not be printed is not tried again when Python ends."""
    try:
        sys.stdout.flush()
    except OSError:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())


# --- signals -------------------------------------------------------------------------------------------------------


def end_cleanly_on_signals() -> None:
    """Ctrl-C, kill and a closed terminal end the process at once; what is half-written is removed."""
    for name in ("SIGINT", "SIGTERM", "SIGHUP"):
        number = getattr(signal, name, None)
        if number is not None and signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, _end)


def _end(number: int, frame: FrameType | None) -> None:
    """An exception could be swallowed where Python or a library calls back; this cannot."""
    clear_unfinished()
    remove_spilled()
    clear_line = "\r\x1b[2K\x1b[?25h" if sys.stderr.isatty() else ""
    with suppress(OSError):
        os.write(sys.stderr.fileno(), f"{clear_line}{STOPPED.in_(spoken())}\n".encode())
    os._exit(128 + number)
