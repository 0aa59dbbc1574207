"""What mkdocs does not do by itself: one language of the pages in docs/, their order, and pages that are made.

`x.zh.md` is the Chinese page and `x.md` the English one; a page without a Chinese one is shown in English on both
sites. A link out of docs/ leads to a copy of the file under `repository/`.
"""

from __future__ import annotations

import logging
import posixpath
import re
import sys
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import yaml
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.exceptions import PluginError
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

HERE = Path(__file__).parent
ROOT = HERE.parent.parent
sys.path[:0] = [str(HERE), str(ROOT)]

from made_pages import made_pages, made_part  # noqa: E402 - it lies beside this file

logging.getLogger("jieba").setLevel(logging.WARNING)
LINK = re.compile(r"(\]\()([^)\s]+)(\))")
FENCE = re.compile(r"^(```|~~~).*?^\1[ ]*$", re.MULTILINE | re.DOTALL)
INFO = re.compile(r'^```(\w+)(?: (\w+)="([^"]*)")?[^\n]*$', re.MULTILINE)
MADE = re.compile(r"^<!-- made: (\w+) -->$", re.MULTILINE)
CHINESE = "[\u3000-\u303f\u4e00-\u9fff\uff00-\uffef“”‘’—…]"
BREAK = re.compile(rf"(?<={CHINESE})\n *(?={CHINESE})")
OTHER = {"zh": "en", "en": "zh"}
NAMES = {"zh": "中文", "en": "English"}


def language_of(config: MkDocsConfig) -> str:
    return str(config.theme["language"])


# --- files ---------------------------------------------------------------------------------------------------------


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """The pages of this language under their common names, and the pages that are made."""
    language = language_of(config)
    made = made_pages(language)
    chosen: dict[str, File] = {}
    for file in files:
        name = file.src_uri.removesuffix(".md").removesuffix(".zh") + ".md" if file.src_uri.endswith(".md") else ""
        if not name:
            chosen[file.src_uri] = file
        elif name not in chosen or file.src_uri.endswith(".zh.md") == (language == "zh"):
            if name in made:
                continue
            chosen[name] = File.generated(config, name, abs_src_path=file.abs_src_path)
    for name, text in made.items():
        chosen[name] = File.generated(config, name, content=text)
    pages = [name.removesuffix(".md") for name in chosen if name.endswith(".md")]
    for target in sorted({one for file in chosen.values() for one in _linked_outside(file)}):
        chosen[_copy(target)] = File.generated(config, _copy(target), content=(ROOT / target).read_bytes())
    order = yaml.safe_load((HERE / "nav.yaml").read_text(encoding="utf-8"))
    config.nav = _Order(pages, language).nav(order)
    return Files(list(chosen.values()))


def _linked_outside(file: File) -> list[str]:
    """The files out of docs/ that a page links to."""
    if not file.src_uri.endswith(".md"):
        return []
    found = [_outside(target, file.src_uri) for _, target, _ in LINK.findall(FENCE.sub("", file.content_string))]
    return [one for one in found if one]


def _copy(path: str) -> str:
    """What the copy of a file is called: browsers show a text, and offer to save what they do not know."""
    return f"repository/{path}.txt"


def _outside(target: str, page: str) -> str | None:
    """The path in the repository of what is linked to, where that is a file out of docs/."""
    if "://" in target or target.startswith(("#", "mailto:")):
        return None
    path = posixpath.normpath(posixpath.join("docs", posixpath.dirname(page), target.partition("#")[0]))
    return path if not path.startswith("docs/") and (ROOT / path).is_file() else None


class _Order:
    """The navigation in one language, from the names and patterns of nav.yaml."""

    def __init__(self, pages: list[str], language: str) -> None:
        self.pages = pages
        self.language = language
        self.left = list(pages)

    def nav(self, order: list[Any]) -> list[Any]:
        named = set(_names(order))
        missing = sorted(named - set(self.pages))
        if missing:
            raise PluginError(f"docs/_site/nav.yaml names pages that do not exist: {', '.join(missing)}")
        self.left = [page for page in self.pages if page not in named]
        return self._part(order)

    def _part(self, order: list[Any]) -> list[Any]:
        found: list[Any] = []
        for entry in order:
            if isinstance(entry, dict) and "page" in entry:
                found.append({entry[self.language]: f"{entry['page']}.md"})
            elif isinstance(entry, dict):
                inner = self._part(entry["pages"])
                if inner:
                    found.append({entry[self.language]: inner if len(inner) > 1 or "*" in str(entry) else inner[0]})
            elif "*" in entry:
                fitting = sorted(page for page in self.left if fnmatchcase(page, entry))
                self.left = [page for page in self.left if page not in fitting]
                found += [f"{page}.md" for page in fitting]
            else:
                found.append(f"{entry}.md")
        return found


def _names(order: list[Any]) -> list[str]:
    """The pages named, without patterns."""
    found: list[str] = []
    for entry in order:
        if isinstance(entry, dict):
            found += [entry["page"]] if "page" in entry else _names(entry["pages"])
        elif "*" not in entry:
            found.append(entry)
    return found


# --- pages ---------------------------------------------------------------------------------------------------------


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Links lead to pages of the site, and fences have a title where they had a file for the tests."""
    language = language_of(config)
    markdown = MADE.sub(lambda part: made_part(part[1], language), markdown)
    pieces, last = [], 0
    for fence in FENCE.finditer(markdown):
        pieces += [_relinked(markdown[last : fence.start()], page, language), INFO.sub(_fence, fence[0], count=1)]
        last = fence.end()
    return "".join([*pieces, _relinked(markdown[last:], page, language)])


def _fence(info: re.Match[str]) -> str:
    language, key, name = info.groups()
    return f'```{language} title="{name.partition("#")[0]}"' if key else f"```{language}"


def _relinked(text: str, page: Page, language: str) -> str:
    """Links as they are on the site; where a line of Chinese is broken, no space comes of it."""
    text = BREAK.sub("", text)
    return LINK.sub(lambda link: f"{link[1]}{_target(link[2], page, language)}{link[3]}", text)


def _target(target: str, page: Page, language: str) -> str:
    src = page.file.src_uri
    outside = _outside(target, src)
    if outside:
        return f"{'../' * src.count('/')}{_copy(outside)}"
    path, mark, anchor = target.partition("#")
    if "://" in target or not path.endswith(".md"):
        return target
    here = ROOT / "docs" / posixpath.dirname(src)
    chinese = path if path.endswith(".zh.md") else f"{path.removesuffix('.md')}.zh.md"
    asked = "zh" if path.endswith(".zh.md") else "en"
    name = chinese.removesuffix(".zh.md")
    if asked == language or not (here / chinese).exists():
        return f"{name}.md{mark}{anchor}"
    return f"{_other_site(src, language)}{posixpath.join(posixpath.dirname(src), _page_of(name))}{mark}{anchor}"


def _page_of(name: str) -> str:
    return f"{'index' if posixpath.basename(name) == 'README' else name}.html"


def _other_site(src: str, language: str) -> str:
    """The way from a page to the root of the site in the other language."""
    return "../" * src.count("/") + ("en/" if language == "zh" else "../")


def on_page_context(context: dict[str, Any], page: Page, config: MkDocsConfig, nav: Any) -> dict[str, Any]:
    """The choice of language leads to the same page."""
    language = language_of(config)
    here = posixpath.basename(page.url)
    there = {language: here, OTHER[language]: _other_site(page.url, language) + page.url}
    config.extra["languages"] = [{"name": NAMES[one], "link": there[one], "lang": one} for one in ("zh", "en")]
    return context
