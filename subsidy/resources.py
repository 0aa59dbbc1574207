"""How much memory and how many threads a calculation may take, and where it puts what does not fit."""

from __future__ import annotations

import atexit
import functools
import os
import re
import shutil
import tempfile
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

from subsidy.finding import Finding, Place, Refusal, RosterError, Text

LEAST_MEMORY = 64_000_000  # that the engine needs beside the roster, in bytes
UNITS = {
    "": 1, "KB": 10**3, "MB": 10**6, "GB": 10**9, "TB": 10**12,
    "KIB": 2**10, "MIB": 2**20, "GIB": 2**30, "TIB": 2**40,
}  # fmt: skip
_SIZE = re.compile(r"(\d{1,15}(?:\.\d{1,3})?) ?([KMGT]I?B|)", re.IGNORECASE | re.ASCII)


@dataclass(frozen=True)
class Limits:
    """What this process may take; None where nothing is set. `memory`: bytes."""

    memory: int | None = None
    threads: int | None = None


_limits = Limits()


def current() -> Limits:
    """What is set now."""
    return _limits


def limits(*, memory: str | int | None = None, threads: int | None = None) -> None:
    """Set what calculations of this process may take from now on; what is not given is not limited.

    `memory`: of the whole process, in bytes or as "800MB", "1.5GB", "2GiB": the engine gets what reading the roster
    left of it (elsewhere than on Linux, all of it) and spills the rest into a temporary folder. `threads`: how many
    work at a time. Results that are there already keep theirs. Raises Refusal (a ValueError) for what is no amount of
    memory or no number of threads.
    """
    global _limits
    chosen = Limits(None if memory is None else memory_of(memory), None if threads is None else threads_of(threads))
    if chosen.threads != _limits.threads:
        import pyarrow as pa

        pa.set_cpu_count(chosen.threads or os.cpu_count() or 1)
        pa.set_io_thread_count(chosen.threads or 8)
    _limits = chosen


def memory_of(written: str | int) -> int:
    """Bytes. Raises Refusal."""
    match = _SIZE.fullmatch(str(written).strip())
    size = 0 if match is None else int(Decimal(match[1]) * UNITS[match[2].upper()])
    if size < LEAST_MEMORY:
        raise Refusal(
            Text(f"{written} 不能作为内存上限", f"{written} cannot be a limit of memory"),
            Text("请写成 800MB、2GB 等，至少 64MB", "write it like 800MB or 2GB, 64MB at least"),
        )
    return size


def threads_of(number: int) -> int:
    """The number itself. Raises Refusal."""
    if not 1 <= number <= 1024:
        raise Refusal(
            Text(f"{number} 不能作为线程数", f"{number} cannot be a number of threads"),
            Text("请写 1 至 1024", "write one from 1 to 1024"),
        )
    return number


def engine_memory(limit: int) -> int:
    """What a limit leaves to the engine beside what the process holds already, in bytes. Raises RosterError."""
    held = _held()
    if limit - held < LEAST_MEMORY:
        raise too_little_memory(
            Text(f"读入花名册已占 {_megabytes(held)}", f"with the roster read, {_megabytes(held)} are in use")
        )
    return (limit - held) * 4 // 5  # the engine does not count all that it takes


def too_little_memory(why: Text) -> RosterError:
    remedy = Text("请提高 --memory，或分批计算", "raise --memory, or calculate in parts")
    set_to = "" if _limits.memory is None else _megabytes(_limits.memory)
    return RosterError([Finding(Place(), "memory", why, remedy, set_to)])


def _held() -> int:
    """The memory this process holds now, in bytes; 0 where the system does not tell."""
    try:
        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    except OSError:
        return 0
    return pages * os.sysconf("SC_PAGE_SIZE")


def _megabytes(size: int) -> str:
    return f"{-(-size // 10**6)}MB"


@functools.cache
def spill_folder() -> Path:
    """A folder of this process's own for what does not fit into memory, in the system's temporary folder.

    Nobody else can read it. It is removed when the process ends.
    """
    folder = Path(tempfile.mkdtemp(prefix="subsidy-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


def remove_spilled() -> None:
    """Remove the folder, when the process must end at once."""
    if spill_folder.cache_info().currsize:
        shutil.rmtree(spill_folder(), ignore_errors=True)
