"""Files written whole or not at all: nothing half-written is ever seen."""

from __future__ import annotations

import errno
import os
import secrets
import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

from subsidy.finding import Finding, Place, RosterError, Text

_unfinished: dict[Path, Path | None] = {}  # what is temporary now, and where it was before


Content = str | bytes | Callable[[Path], object]  # of a file; or what writes it to a path


def write_whole(path: Path, content: Content) -> None:
    """Write a file by way of a temporary one; text becomes UTF-8.

    A link is followed. Raises RosterError where the file cannot be written or is no ordinary one.
    """
    check_writable(path)
    with _refused(path):
        target = path.resolve()
        mode = target.stat().st_mode & 0o777 if target.exists() else 0o666 & ~_umask()
        with unfinished(target.parent) as temporary:
            _put(temporary, content)
            temporary.chmod(mode)
            temporary.replace(target)


def write_folder(folder: Path, files: Mapping[str, Content]) -> None:
    """Write a folder of files by way of a temporary one. A folder of the same files is replaced.

    Raises RosterError where it cannot be written, or where a folder with other files is there.
    """
    check_folder(folder, files)
    with _refused(folder):
        target = folder.resolve()
        with unfinished(target.parent) as made, unfinished(target.parent, home=target) as before:
            made.mkdir()
            for name, content in files.items():
                _put(made / name, content)
            made.chmod(0o777 & ~_umask())
            if target.exists():
                target.replace(before)
            made.replace(target)


def _put(path: Path, content: Content) -> None:
    """Write a file that is not there yet."""
    if callable(content):
        content(path)
        return
    with path.open("xb") as file:
        file.write(content.encode() if isinstance(content, str) else content)


def check_folder(folder: Path, names: Iterable[str], *inputs: Path | None) -> None:
    """Raises RosterError where a folder of such files could not be written: asked before the work begins.

    `inputs`: what is read, none of which may be written over.
    """
    with _refused(folder):
        target, stems = folder.resolve(), {Path(name).stem for name in names}
        _check_not_read(target, inputs)
        if target.exists() and not target.is_dir():
            raise _unwritable(folder, Text("不是文件夹", "not a folder"))
        if not target.parent.is_dir():
            raise _unwritable(folder, Text("上级文件夹不存在", "no such folder above it"))
        if target.is_dir() and (others := sorted(one.name for one in target.iterdir() if one.stem not in stems)):
            raise _unwritable(folder, Text(f"其中有其他文件：{others[0]}", f"it holds other files: {others[0]}"))
        _try_to_write_in(target.parent)


def check_writable(path: Path, *inputs: Path | None) -> None:
    """Raises RosterError where a file could not be written: asked before the work begins.

    `inputs`: what is read, none of which may be written over.
    """
    with _refused(path):
        target = path.resolve()
        _check_not_read(target, inputs)
        if target.exists() and not target.is_file():
            raise _unwritable(path, Text("不是普通文件", "not an ordinary file"))
        if not target.parent.is_dir():
            raise _unwritable(path, Text("文件夹不存在", "no such folder"))
        if target.exists():
            target.open("r+b").close()
        _try_to_write_in(target.parent)


def _check_not_read(target: Path, inputs: Iterable[Path | None]) -> None:
    if target in [one.resolve() for one in inputs if one is not None]:
        raise _unwritable(target, Text("这是要读取的文件", "it is one of those that are read"))


def _try_to_write_in(folder: Path) -> None:
    with unfinished(folder) as temporary:
        temporary.touch(exist_ok=False)


@contextmanager
def unfinished(folder: Path, home: Path | None = None) -> Iterator[Path]:
    """A path in a folder for what is temporary. Whatever is still there afterwards is removed.

    `home`: where it was before; it goes back if nothing has come in its place.
    """
    path = folder / f".subsidy-{secrets.token_hex(8)}"
    _unfinished[path] = home
    try:
        yield path
    finally:
        _clear(path, home)
        del _unfinished[path]


def clear_unfinished() -> None:
    """Clear what is temporary away, when the process must end at once."""
    for path, home in tuple(_unfinished.items()):
        with suppress(OSError):
            _clear(path, home)


def _clear(path: Path, home: Path | None) -> None:
    if home is not None and path.exists() and not home.exists():
        path.replace(home)
    elif path.is_dir():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)


@contextmanager
def _refused(path: Path) -> Iterator[None]:
    """Turns what the system says into a finding."""
    try:
        yield
    except (OSError, RuntimeError) as error:  # a RuntimeError for links in a circle
        raise _unwritable(path, cause_of(error)) from None


def cause_of(error: Exception) -> Text:
    """What the system says, in words."""
    code = error.errno if isinstance(error, OSError) else None
    if code in _CAUSES:
        return _CAUSES[code]
    said = (error.strerror if isinstance(error, OSError) else None) or type(error).__name__
    return Text(said, said)


_CAUSES = {
    errno.EACCES: Text("没有权限", "no permission"),
    errno.EPERM: Text("没有权限", "no permission"),
    errno.EROFS: Text("磁盘只读", "the disk is read-only"),
    errno.ENOSPC: Text("磁盘已满", "the disk is full"),
    errno.EDQUOT: Text("超出磁盘配额", "the disk quota is used up"),
    errno.EFBIG: Text("文件太大", "the file would be too large"),
    errno.ENAMETOOLONG: Text("文件名太长", "the name is too long"),
}


def _unwritable(path: Path, cause: Text) -> RosterError:
    why = Text(f"无法写入（{cause.zh}）", f"this cannot be written ({cause.en})")
    remedy = Text("请检查路径和权限", "check the path and its permissions")
    return RosterError([Finding(Place(str(path)), "unwritable", why, remedy)])


def _umask() -> int:
    current = os.umask(0)
    os.umask(current)
    return current
