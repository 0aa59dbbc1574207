"""The built site in Chromium without a network: `python tests/site_browser.py SITE [SCREENSHOTS]`.

Raises AssertionError for a request to anywhere but the site itself, an error in a page, or a search without hits.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

CHROMIUM = Path("/usr/bin/chromium")
QUIET = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
SEARCHES = {"": ("床位", "失能老人", "清算", "wrong-total"), "en/": ("beds", "settlement", "rounding", "wrong-total")}
WIDTHS = {"desktop": (1300, 1000), "phone": (390, 844)}
SHOWN = ("index", "schedules/cn-xian-elderly-care", "first-budget", "findings", "reference")


class _Silent(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:
        pass


@contextmanager
def served(site: Path) -> Iterator[str]:
    """The site on a port of this machine."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Silent, directory=str(site)))
    Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/"
    finally:
        server.shutdown()


@contextmanager
def browser() -> Iterator[Any]:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=str(CHROMIUM), args=QUIET)
        try:
            yield chromium
        finally:
            chromium.close()


def check(site: Path) -> None:
    """Pages and searches of both languages, served and from the folder."""
    with served(site) as address, browser() as chromium:
        for root in (address, f"{site.resolve().as_uri()}/"):
            page = chromium.new_page()
            asked: list[str] = []
            wrong: list[str] = []
            page.on("request", lambda request, asked=asked: asked.append(request.url))
            page.on("pageerror", lambda error, wrong=wrong: wrong.append(str(error)))
            for language, texts in SEARCHES.items():
                page.goto(f"{root}{language}index.html")
                for text in texts:
                    assert has_hits(page, text), f"no hit for {text} in {root}{language}"
            outside = [url for url in asked if not url.startswith((root, "data:", "blob:", "about:"))]
            assert outside == []
            assert wrong == []
            page.close()


def has_hits(page: Any, text: str) -> bool:
    """Whether a search finds something, typed as a reader does."""
    from playwright.sync_api import TimeoutError as NothingCame

    field = page.locator("input.md-search__input")
    field.fill("")
    field.click()
    page.keyboard.type(text)
    page.keyboard.press("End")  # an input method ends with a key, which the search waits for
    try:
        page.locator("li.md-search-result__item").first.wait_for(timeout=20_000)
    except NothingCame:
        return False
    return True


def screenshots(site: Path, folder: Path) -> None:
    """Some pages in both languages, wide and narrow."""
    folder.mkdir(parents=True, exist_ok=True)
    with served(site) as address, browser() as chromium:
        for name, (width, height) in WIDTHS.items():
            page = chromium.new_page(viewport={"width": width, "height": height})
            for language in SEARCHES:
                for shown in SHOWN:
                    page.goto(f"{address}{language}{shown}.html")
                    page.wait_for_timeout(300)
                    file = f"{shown.replace('/', '-')}.{language.strip('/') or 'zh'}.{name}.png"
                    page.screenshot(
                        path=str(folder / file),
                        clip={"x": 0, "y": 0, "width": width, "height": height * 2},
                        full_page=True,
                    )
            page.close()


if __name__ == "__main__":
    check(Path(sys.argv[1]))
    if len(sys.argv) > 2:
        screenshots(Path(sys.argv[1]), Path(sys.argv[2]))
