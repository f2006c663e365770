"""Find and start the system's Chromium behind a gate, and keep what its pages ask for and complain of."""

import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from browser.gate import Gate

if TYPE_CHECKING:
    from playwright.sync_api import Browser, ConsoleMessage, Page

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
REQUIRED = "STANCE_BROWSER"
PATIENCE = 60_000  # milliseconds; a machine that trains beside is slow
# Root in a container has no sandbox; the rest keeps Chromium from asking its makers for anything by itself.
ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--force-color-profile=srgb",
    "--font-render-hinting=none",
)
# What Chromium itself asks of its makers all the same, whatever page is open.
OWN = re.compile(r"(update|content-autofill|optimizationguide-pa)\.googleapis\.com|(accounts|clients\d?)\.google\.com")
WIDE, NARROW = (1280, 900), (390, 844)


def find_chromium() -> Path | None:
    """Find the system's Chromium or Chrome on the path."""
    found = next(filter(None, map(shutil.which, NAMES)), None)
    return Path(found) if found else None


def is_required() -> bool:
    """Tell whether an absent browser is a failure (`STANCE_BROWSER=required`), as it is in CI."""
    return os.environ.get(REQUIRED) == "required"


@dataclass(slots=True)
class Visit:
    """One page in a context of its own, and what was asked for, complained of and opened on it."""

    page: "Page"
    gate: Gate
    requests: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)
    dialogs: list[str] = field(default_factory=list)

    @property
    def escaped(self) -> list[str]:
        """List what the page and its workers asked of other machines; the gate let none of it through."""
        return [request for request in self.gate.asked if not OWN.search(request)]

    def hear(self, said: "ConsoleMessage") -> None:
        """Keep an error that the page, or the browser about it, writes to the console."""
        if said.type == "error":
            self.complaints.append(f"{said.text} [{said.location.get('url', '')}]")


@dataclass(frozen=True, slots=True)
class Visitor:
    """Chromium, started; every visit is a fresh profile."""

    browser: "Browser"
    gate: Gate

    @contextmanager
    def visit(self, size: tuple[int, int] = WIDE, **settings: Any) -> Iterator[Visit]:
        """Open a blank page that is watched from its first request; settings are those of a Playwright context."""
        self.gate.asked.clear()
        viewport = {"width": size[0], "height": size[1]}
        context = self.browser.new_context(viewport=viewport, service_workers="block", **settings)
        try:
            visit = Visit(context.new_page(), self.gate)
            visit.page.set_default_timeout(PATIENCE)
            context.on("request", lambda request: visit.requests.append(request.url))
            context.on("console", lambda said: visit.hear(said))  # Playwright would write on a bound method's object
            context.on("weberror", lambda error: visit.complaints.append(f"uncaught: {error.error}"))
            visit.page.on("dialog", lambda dialog: (visit.dialogs.append(dialog.message), dialog.dismiss()))
            yield visit
        finally:
            context.close()


@contextmanager
def started(path: Path) -> Iterator[Visitor]:
    """Start Chromium without a window, with no way out of this machine; end it afterwards."""
    from playwright.sync_api import sync_playwright

    with Gate() as gate, sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=path, args=list(ARGUMENTS), proxy={"server": gate.address, "bypass": "127.0.0.1"}
        )
        try:
            yield Visitor(browser, gate)
        finally:
            browser.close()
