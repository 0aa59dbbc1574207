"""Where the work is: its stations in words, told to whoever watches."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from subsidy.finding import Text

Watcher = Callable[[tuple[Text, ...]], None]

_watcher: ContextVar[Watcher | None] = ContextVar("watcher", default=None)
_around: ContextVar[tuple[Text, ...]] = ContextVar("around", default=())


def station(zh: str, en: str) -> None:
    """Tell that this begins now."""
    watcher = _watcher.get()
    if watcher is not None:
        watcher((*_around.get(), Text(zh, en)))


@contextmanager
def within(zh: str, en: str) -> Iterator[None]:
    """What the stations in this block are part of: a year of several, one of two versions."""
    token = _around.set((*_around.get(), Text(zh, en)))
    try:
        yield
    finally:
        _around.reset(token)


@contextmanager
def watched(watcher: Watcher) -> Iterator[None]:
    """Give the watcher each station in this block, behind what it is part of."""
    token = _watcher.set(watcher)
    try:
        yield
    finally:
        _watcher.reset(token)
