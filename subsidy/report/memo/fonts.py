"""Fonts for a paper: one that has Chinese characters where the paper has them, or a refusal that says what to install.

A family is asked what it draws: one without Chinese draws the same empty box for any two characters.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from subsidy.finding import Finding, Language, Place, RosterError, Text, nearest

CHINESE = re.compile(r"[\u2e80-\u9fff\uf900-\ufaff\uff00-\uffef\U00020000-\U0003ffff]")
BODY = (
    "FangSong", "FangSong_GB2312", "STFangsong", "Noto Serif CJK SC", "Source Han Serif SC", "Source Han Serif CN",
    "SimSun", "Songti SC", "STSong", "Noto Sans CJK SC", "Source Han Sans SC", "Source Han Sans CN", "Microsoft YaHei",
    "PingFang SC", "WenQuanYi Zen Hei", "WenQuanYi Micro Hei",
)  # fmt: skip
HEADING = ("SimHei", "STHeiti", "Heiti SC", "Noto Sans CJK SC", "Source Han Sans SC", "Source Han Sans CN",
           "Microsoft YaHei", "PingFang SC")  # fmt: skip
SMALL_PAGE = """#set page(width: 1cm, height: 1cm, margin: 0pt)
#set text(font: sys.inputs.family, fallback: false)
"""
LATIN = "Libertinus Serif"  # comes with typst


@dataclass(frozen=True)
class Chosen:
    """Families for text and headings, in the order in which they are tried, and folders that hold them."""

    body: tuple[str, ...]
    heading: tuple[str, ...]
    folders: tuple[str, ...] = ()

    def to_dict(self, language: Language) -> dict[str, Any]:
        """JSON-ready. English is written in Latin letters first, Chinese only where there are none."""
        latin = [LATIN] if language == "en" else []
        return {"body": [*latin, *self.body], "heading": [*latin, *self.heading]}


def fonts_for(texts: Iterable[str], wanted: str | None) -> Chosen:
    """Fonts for these texts. `wanted`: a family, or the file of a font.

    Raises RosterError where the texts have Chinese characters and no font has, or where `wanted` is not there.
    """
    needs_chinese = any(CHINESE.search(text) for text in texts)
    if wanted is not None:
        return _wanted(wanted, needs_chinese)
    return chinese_fonts() if needs_chinese else Chosen((), ())


def chinese_fonts(wanted: str | None = None) -> Chosen:
    """Fonts for Chinese. Raises RosterError."""
    if wanted is not None:
        return _wanted(wanted, True)
    families = _families(())
    body = next((family for family in (*BODY, *families) if family in families and _draws_chinese(family, ())), None)
    if body is None:
        raise _no_font()
    heading = next((family for family in HEADING if family in families and _draws_chinese(family, ())), body)
    return Chosen((body,), (heading, body))


def _wanted(wanted: str, needs_chinese: bool) -> Chosen:
    path = Path(wanted)
    folders: tuple[str, ...] = ()
    family: str | None = wanted
    if path.suffix.lower() in (".ttf", ".otf", ".ttc", ".otc"):
        folders = (str(path.resolve().parent),)
        family = next(iter(_in_file(path)), None) if path.is_file() else None
    families = _families(folders)
    if family not in families:
        why = Text("没有这个字体", "there is no such font")
        raise _refused(why, nearest(wanted, families), wanted)
    assert family is not None
    if needs_chinese and not _draws_chinese(family, folders):
        raise _refused(Text("该字体没有汉字", "this font has no Chinese characters"), INSTALL, wanted)
    return Chosen((family,), (family,), folders)


INSTALL = Text(
    "请安装中文字体（Debian、Ubuntu：apt install fonts-noto-cjk；Windows 自带宋体），或用 --font 给出字体名或字体文件",
    "install one (Debian, Ubuntu: apt install fonts-noto-cjk; Windows has SimSun), or give --font a family or a file",
)


def _no_font() -> RosterError:
    return _refused(Text("没有含汉字的字体，汉字会变成方框", "no font has Chinese characters"), INSTALL, "")


def _refused(why: Text, remedy: Text, value: str) -> RosterError:
    return RosterError([Finding(Place(), "font", why, remedy, value)])


@functools.cache
def installed(folders: tuple[str, ...]) -> Any:
    """The fonts of the system, of typst, and in these folders; looked for once."""
    import typst

    return typst.Fonts(font_paths=[*folders])


def _families(folders: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(sorted(installed(folders).families()))


def _in_file(path: Path) -> list[str]:
    import typst

    folder = str(path.resolve().parent)
    known = typst.Fonts(include_system_fonts=False, include_embedded_fonts=False, font_paths=[folder])
    return [font.family for font in known.fonts() if font.path is not None and Path(font.path).name == path.name]


@functools.cache
def _draws_chinese(family: str, folders: tuple[str, ...]) -> bool:
    """Whether two characters are drawn, and not alike."""
    import typst

    compiler = typst.Compiler(font_paths=installed(folders), sys_inputs={"family": family})
    one, two = (compiler.compile(f"{SMALL_PAGE}{character}".encode(), format="svg") for character in "补贴")
    return bool(one != two)
