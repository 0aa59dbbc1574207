"""Where schedules come from: the user's folder, installed packages, and those that are shipped, in this order.

A package ships schedules by an entry point of the group `subsidy.schedules`, whose value is the package (or a folder
without code in it) that holds them as `cn/<place>/<subject>/<version>.yaml`.
"""

from __future__ import annotations

import functools
import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from subsidy.finding import Finding, Place, Text

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

GROUP = "subsidy.schedules"
USERS_FOLDER = "SUBSIDY_SCHEDULES"  # the variable of the environment that names it
CONSOLIDATED = ".consolidated.yaml"
Kind = Literal["user", "package", "shipped"]


@dataclass(frozen=True)
class Origin:
    """A folder of schedules. `name`: user, shipped, or what the package is called."""

    kind: Kind
    name: str
    folder: Path

    def schedules(self) -> dict[str, list[Path]]:
        """The id of every schedule and the files of its versions."""
        found: dict[str, list[Path]] = {}
        for path in versions_in(self.folder, "**/*.yaml"):
            name = path.parent.relative_to(self.folder).as_posix()
            if not name.startswith("_"):
                found.setdefault(name, []).append(path)
        return found


def versions_in(folder: Path, pattern: str = "*.yaml") -> list[Path]:
    """The files of versions: a consolidated text stands beside the version that it proves."""
    return sorted(path for path in folder.glob(pattern) if not path.name.endswith(CONSOLIDATED))


def origins(shipped: Path) -> list[Origin]:
    """All there are, the one that goes before the others first."""
    user = Path(os.environ.get(USERS_FOLDER) or os.path.expanduser("~/.subsidy/schedules"))
    found = [Origin("user", "user", user)] if user.is_dir() else []
    found += [Origin("package", name, folder) for name, folder in _packages().items() if folder is not None]
    return [*found, Origin("shipped", "shipped", shipped)]


def findings(shipped: Path) -> list[Finding]:
    """Packages whose schedules are not there, and schedules that are not used: another of that id goes before."""
    lost = [_lost(name) for name, folder in _packages().items() if folder is None]
    chosen: dict[str, Origin] = {}
    hidden = []
    for origin in origins(shipped):
        for name, paths in origin.schedules().items():
            first = chosen.setdefault(name, origin)
            if first is not origin:
                hidden.append(_hidden(name, first, paths[0]))
    return [*lost, *hidden]


def _hidden(name: str, chosen: Origin, path: Path) -> Finding:
    zh = {"user": "用户文件夹", "package": f"扩展包 {chosen.name}", "shipped": "自带"}[chosen.kind]
    en = {"user": "the user's folder", "package": f"the package {chosen.name}", "shipped": "shipped"}[chosen.kind]
    why = Text(f"{name} 用的是{zh}中的，此处的不用", f"{name} is taken from {en}, and this one is not used")
    remedy = Text("请改 id，或直接给出文件路径", "give it another id, or name it by its path")
    return Finding(Place(str(path.parent)), "hidden-schedule", why, remedy, name, severity="warning")


def _lost(name: str) -> Finding:
    why = Text(f"扩展包 {name} 的补贴标准不在其所指处", f"the schedules of the package {name} are not where it says")
    remedy = Text("请重新安装，或告知其维护者", "install it again, or tell who keeps it")
    return Finding(Place(), "lost-schedules", why, remedy, name, severity="warning")


def _packages() -> Mapping[str, Path | None]:
    return _packages_on(tuple(sys.path))


@functools.lru_cache(maxsize=4)
def _packages_on(_path: tuple[str, ...]) -> Mapping[str, Path | None]:
    """By the name of each package the folder of its schedules; None where there is none."""
    from importlib.metadata import entry_points

    points = sorted(entry_points(group=GROUP), key=lambda point: (point.dist.name if point.dist else "", point.name))
    return {_named(point): _folder(point) for point in points}


def _named(point: EntryPoint) -> str:
    return point.dist.name if point.dist and point.name in (point.dist.name, "schedules") else point.name


def _folder(point: EntryPoint) -> Path | None:
    """Found without importing the package itself. What goes wrong in those above it is no fault of this program."""
    from importlib.util import find_spec

    try:
        spec = find_spec(point.value)
    except Exception:
        return None
    places = map(Path, (spec.submodule_search_locations if spec else None) or ())
    return next((place for place in places if place.is_dir()), None)
