"""Files written whole or not at all: nothing half-written is ever seen."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path

from subsidy.finding import Finding, Place, RosterError, Text


def write_whole(path: Path, content: str | bytes) -> None:
    """Write a file by way of a temporary one; text becomes UTF-8.

    A link is followed. Raises RosterError where the file cannot be written or is no ordinary one.
    """
    check_writable(path)
    target = path.resolve()
    try:
        mode = target.stat().st_mode & 0o777 if target.exists() else 0o666 & ~_umask()
        handle, temporary = tempfile.mkstemp(dir=target.parent, prefix=".", suffix=target.suffix)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(content.encode() if isinstance(content, str) else content)
            Path(temporary).chmod(mode)
            Path(temporary).replace(target)
        except BaseException:
            Path(temporary).unlink(missing_ok=True)
            raise
    except OSError as error:
        cause = error.strerror or type(error).__name__
        raise _unwritable(path, Text(cause, cause)) from None


def write_folder(folder: Path, files: Mapping[str, bytes]) -> None:
    """Write a folder of files by way of a temporary one. A folder of the same files is replaced.

    Raises RosterError where it cannot be written, or where a folder with other files is there.
    """
    check_folder(folder, files)
    target = folder.resolve()
    try:
        made = Path(tempfile.mkdtemp(dir=target.parent, prefix="."))
        try:
            for name, content in files.items():
                (made / name).write_bytes(content)
            made.chmod(0o777 & ~_umask())
            if target.exists():
                before = Path(tempfile.mkdtemp(dir=target.parent, prefix="."))
                target.replace(before)
                made.replace(target)
                shutil.rmtree(before)
            else:
                made.replace(target)
        except BaseException:
            shutil.rmtree(made, ignore_errors=True)
            raise
    except OSError as error:
        cause = error.strerror or type(error).__name__
        raise _unwritable(folder, Text(cause, cause)) from None


def check_folder(folder: Path, names: Iterable[str]) -> None:
    """Raises RosterError where a folder of such files could not be written: asked before the work begins."""
    target, stems = folder.resolve(), {Path(name).stem for name in names}
    if target.exists() and not target.is_dir():
        raise _unwritable(folder, Text("不是文件夹", "not a folder"))
    if not target.parent.is_dir():
        raise _unwritable(folder, Text("上级文件夹不存在", "no such folder above it"))
    if not os.access(target.parent, os.W_OK):
        raise _unwritable(folder, Text("没有权限", "no permission"))
    if target.is_dir() and (others := sorted(one.name for one in target.iterdir() if one.stem not in stems)):
        raise _unwritable(folder, Text(f"其中有其他文件：{others[0]}", f"it holds other files: {others[0]}"))


def check_writable(path: Path) -> None:
    """Raises RosterError where a file could not be written: asked before the work begins."""
    target = path.resolve()
    if target.exists() and not target.is_file():
        raise _unwritable(path, Text("不是普通文件", "not an ordinary file"))
    if not target.parent.is_dir():
        raise _unwritable(path, Text("文件夹不存在", "no such folder"))
    if not os.access(target.parent, os.W_OK):
        raise _unwritable(path, Text("没有权限", "no permission"))


def _unwritable(path: Path, cause: Text) -> RosterError:
    why = Text(f"无法写入（{cause.zh}）", f"this cannot be written ({cause.en})")
    remedy = Text("请检查路径和权限", "check the path and its permissions")
    return RosterError([Finding(Place(str(path)), "unwritable", why, remedy)])


def _umask() -> int:
    current = os.umask(0)
    os.umask(current)
    return current
