"""Opens pages in Debian's Chromium and keeps what it has to say about them."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Dialog, Page, Playwright, ViewportSize

from tests.waiting import PATIENCE_SECONDS
from tracereport.engine.report import make_report
from tracereport.model import Report, Settings
from tracereport.sources.inputs import read_inputs
from tracereport.sources.streams.names import expand_inputs

FLAGS = (
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--hide-scrollbars"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
)
WIDE: ViewportSize = {"width": 1280, "height": 800}
NARROW: ViewportSize = {"width": 390, "height": 844}
MUST_RUN = os.environ.get("CI") == "true"
"""Where a missing browser is a failure rather than a reason to skip."""


def chromium_path() -> str | None:
    """Debian's Chromium, where there is one."""
    return shutil.which("chromium")


def launch(playwright: Playwright) -> Browser:
    return playwright.chromium.launch(executable_path=chromium_path(), args=list(FLAGS))


@dataclass
class Heard:
    """What the browser said while a page was open; nothing, if all is well."""

    messages: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)

    def note_dialog(self, dialog: Dialog) -> None:
        """Keep what a dialog says, and close it."""
        self.messages.append(f"dialog: {dialog.message}")
        dialog.dismiss()


@contextmanager
def opened(browser: Browser, address: str, **context: Any) -> Iterator[tuple[Page, Heard]]:
    """The page at an address, and what the browser says about it; ``context`` goes to ``Browser.new_context``."""
    heard = Heard()
    surroundings = browser.new_context(**({"viewport": WIDE} | context))
    surroundings.set_default_timeout(PATIENCE_SECONDS * 1000)
    page = surroundings.new_page()
    page.on("console", lambda message: heard.messages.append(f"{message.type}: {message.text}"))
    page.on("pageerror", lambda error: heard.messages.append(str(error)))
    page.on("dialog", heard.note_dialog)
    page.on("request", lambda request: heard.requests.append(request.url))
    page.goto(address)
    try:
        yield page, heard
    finally:
        surroundings.close()


def wake_charts(page: Page) -> int:
    """Scroll past every chart that is shown and wait until it is alive; gives how many there are."""
    names = [frame.get_attribute("data-chart") for frame in page.locator("[data-chart]:visible").all()]
    for name in names:
        page.locator(f"[data-chart={name}]").scroll_into_view_if_needed()
        page.locator(f"[data-chart={name}][role=application]").wait_for()
    page.evaluate("scrollTo(0, 0)")
    return len(names)


def draw(page: Page) -> None:
    """Lets the page draw what was done to it: nothing that was to come with the next frame is still to come then."""
    for _ in range(3):
        page.evaluate("() => new Promise(done => requestAnimationFrame(() => setTimeout(done)))")


def write_page(folder: Path, name: str, source: str) -> str:
    """Keeps a page as a file and gives its address."""
    path = folder / f"{name}.html"
    path.write_text(source, encoding="utf-8")
    return path.as_uri()


def report_of(log: Path) -> Report:
    """The report on a log, called by its name alone."""
    return make_report(read_inputs(expand_inputs([str(log)])), Settings(), log.name.partition(".")[0], None)
