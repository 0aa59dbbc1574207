"""Memos and notices into files: what could stop them is asked before the calculation, files are written whole."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from subsidy.budget.result import Result
from subsidy.files import check_folder, check_writable, write_folder, write_whole
from subsidy.finding import Finding, Language, Place, RosterError, Text
from subsidy.report.memo.fonts import chinese_fonts, fonts_for
from subsidy.report.memo.memo import memo_of
from subsidy.report.memo.notice import notices_of
from subsidy.report.memo.paper import Paper
from subsidy.report.memo.typeset import check_installed, pdfs_of
from subsidy.report.memo.word import check_template, docxs_of

Form = Literal["pdf", "docx"]
FORMS: tuple[Form, ...] = ("pdf", "docx")
NOTICE = "notice-"
NOT_IN_A_NAME = re.compile(r"[^\w.-]")


@dataclass(frozen=True)
class Look:
    """How papers are written. `template`: an edited Word template; `font`: a family, or the file of a font."""

    language: Language = "zh"
    font: str | None = None
    template: Path | None = None


def check_look(look: Look) -> None:
    """Raises RosterError for what is not installed, no font with Chinese, or a template that cannot be used."""
    check_installed()
    if look.font is not None or look.language == "zh":
        chinese_fonts(look.font)
    if look.template is not None:
        check_template(look.template)


def save_memo(
    result: Result, path: str | Path, look: Look = Look(), *, to: str = "", office: str = "", day: str = ""
) -> None:
    """Write the memo of a result as .pdf or .docx. `to`, `office` and `day` as they are to be printed.

    Raises RosterError where it cannot be written, or for another ending.
    """
    target = Path(path)
    form = form_of(target)
    check_look(look)
    check_writable(target)
    written = _written([memo_of(result, look.language, to=to, office=office, day=day)], form, look)
    write_whole(target, next(written))


def save_notices(
    result: Result,
    folder: str | Path,
    look: Look = Look(),
    *,
    form: Form = "pdf",
    office: str = "",
    day: str = "",
) -> int:
    """Write a notice for each facility into a folder of their own, notice-KEY.pdf or .docx; how many there are.

    A folder with earlier notices is replaced. Raises RosterError where it cannot be written.
    """
    target = Path(folder)
    check_look(look)
    check_notices(target)
    notices = dict(notices_of(result, look.language, office=office, day=day))
    names = [f"{NOTICE}{stem}.{form}" for stem in _stems(notices)]
    write_folder(target, dict(zip(names, _written(list(notices.values()), form, look), strict=True)))
    return len(names)


def form_of(path: Path) -> Form:
    """What a file's ending asks for. Raises RosterError for another one."""
    found = next((form for form in FORMS if path.suffix.lower() == f".{form}"), None)
    if found is None:
        why = Text("不是 .pdf 或 .docx", "neither .pdf nor .docx")
        raise RosterError([Finding(Place(str(path)), "form", why, Text("请以其一结尾", "name it one of these"))])
    return found


def check_notices(folder: Path, *inputs: Path | None) -> None:
    """Raises RosterError where a folder of notices could not be written: asked before the work begins."""
    earlier: list[str] = []
    with suppress(OSError):
        earlier = [one.name for one in folder.iterdir() if one.name.startswith(NOTICE)]
    check_folder(folder, earlier, *inputs)


def _written(papers: list[Paper], form: Form, look: Look) -> Iterator[bytes]:
    fonts = fonts_for((text for paper in papers for text in paper.texts), look.font)
    return pdfs_of(papers, fonts) if form == "pdf" else docxs_of(papers, fonts, look.template)


def _stems(keys: Iterable[str]) -> list[str]:
    """A name of a file for each key, none twice whatever the case of letters."""
    found: list[str] = []
    taken: set[str] = set()
    for key in keys:
        own = name = NOT_IN_A_NAME.sub("_", key)[:80]
        number = 2
        while name.lower() in taken:
            name, number = f"{own}-{number}", number + 1
        taken.add(name.lower())
        found.append(name)
    return found
