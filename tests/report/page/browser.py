"""A headless Chromium for tests of the report page; absent where it is not installed, with the reason."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")


@contextmanager
def started() -> Iterator[Any]:
    """A browser, or a skipped test."""
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    if CHROMIUM is None:
        pytest.skip("Chromium is not installed: on Debian, apt install chromium")
    with playwright.sync_playwright() as engine:
        browser = engine.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


class Watched:
    """An open page that notes every request and every message of the console."""

    def __init__(self, browser: Any, path: Path, fragment: str = "", **options: Any) -> None:
        self.context = browser.new_context(**{"viewport": {"width": 1200, "height": 900}, **options})
        self.context.set_default_timeout(120_000)
        self.page = self.context.new_page()
        self.requests: list[str] = []
        self.messages: list[str] = []
        self.address = path.absolute().as_uri()
        self.page.on("request", lambda request: self.requests.append(request.url))
        self.page.on("console", lambda message: self.messages.append(message.text))
        self.page.on("pageerror", lambda error: self.messages.append(str(error)))
        self.page.route("**/*", self._only_the_file)
        self.open(fragment)

    def open(self, fragment: str = "") -> None:
        """Open the page anew."""
        self.page.goto("about:blank")
        self.page.goto(self.address + fragment)
        self.page.wait_for_selector("#loading", state="detached")

    def close(self) -> None:
        """Close it; nothing may have been requested or said."""
        self.context.close()
        elsewhere = [url for url in self.requests if not url.startswith((self.address, "data:", "about:", "blob:"))]
        assert elsewhere == []
        assert self.messages == []

    def _only_the_file(self, route: Any) -> None:
        if route.request.url.startswith((self.address, "about:")):
            route.continue_()
        else:
            route.abort()
