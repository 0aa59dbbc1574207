"""The language of a run: what `--lang` says, else that of the locale."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from itertools import pairwise

from subsidy.finding import Language, Text

SEPARATOR = " · "

_chosen: Language | None = None


def choose(arguments: Sequence[str]) -> None:
    """Take the language from the arguments before they are read: help and wrong arguments are told in it too."""
    global _chosen
    written = [after for before, after in pairwise(arguments) if before == "--lang"]
    written += [one.removeprefix("--lang=") for one in arguments if one.startswith("--lang=")]
    _chosen = "zh" if written[-1:] == ["zh"] else "en" if written[-1:] == ["en"] else None


def spoken() -> Language:
    """The language of this run, whether or not a command has begun."""
    return _chosen or _of_the_locale()


def said(words: Text) -> str:
    """The words in the language of this run."""
    return words.in_(spoken())


def both(words: Text) -> str:
    """Words in both languages as one text, for a library that keeps one: see `half`."""
    return f"{words.zh}{SEPARATOR}{words.en}"


def half(text: str) -> str:
    """What of a text in both languages is in that of this run."""
    zh, _, en = text.partition(SEPARATOR)
    return said(Text(zh, en or zh))


def _of_the_locale() -> Language:
    locale = next((os.environ[name] for name in ("LC_ALL", "LC_MESSAGES", "LANG") if os.environ.get(name)), "")
    return "zh" if (locale or _of_windows()).lower().startswith("zh") else "en"


def _of_windows() -> str:
    """The language of the desktop, which sets no variable on Windows; empty elsewhere."""
    if sys.platform != "win32":
        return ""
    import ctypes
    import locale

    return locale.windows_locale.get(ctypes.windll.kernel32.GetUserDefaultUILanguage(), "")
