"""Takes the pictures of the pages that README and documentation show: ``python -m tests.browser.screenshots [FOLDER]``.

They are of real logs, those of the history with changes planted into one. They are meant to be looked at before they
are committed.
"""

import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from playwright.sync_api import Browser, Page, ViewportSize, sync_playwright

from tests.browser.pages import NARROW, WIDE, launch, opened, report_of, wake_charts, write_page
from tests.paths import ROOT
from tests.planted_history import planted_history
from tracereport.documents.history.page import render_history_html
from tracereport.documents.page.page import render_html

LOG = ROOT / "examples" / "logs" / "duckpond-deep-single-thread.log.zst"
FOLDER = ROOT / "examples" / "screenshots"


@dataclass(frozen=True)
class View:
    """What a picture shows: ``prepare`` brings the page there."""

    name: str
    prepare: Callable[[Page], None]
    size: ViewportSize
    ground: Literal["light", "dark"] = "light"
    page: Literal["report", "history"] = "report"


def stay(page: Page) -> None:
    """Leaves the page as it opens."""
    del page


def open_finding(page: Page) -> None:
    card = page.locator(".card", has_text="metadata asks query_records again").first
    card.locator("summary").click()
    card.evaluate("card => card.scrollIntoView()")
    page.mouse.move(0, 0)


def show(selector: str) -> Callable[[Page], None]:
    """Brings a part of the page to the top, its charts alive."""

    def prepare(page: Page) -> None:
        wake_charts(page)
        page.locator(selector).evaluate("element => element.scrollIntoView()")

    return prepare


def wake(page: Page) -> None:
    wake_charts(page)


def explore(page: Page) -> None:
    page.locator("#explorer").get_by_label("Answers").select_option("unchanged")
    page.locator("#explorer").evaluate("explorer => explorer.scrollIntoView()")


VIEWS = (
    View("first-screen", stay, WIDE),
    View("first-screen-dark", stay, WIDE, "dark"),
    View("phone", stay, NARROW),
    View("finding", open_finding, WIDE),
    View("charts", show("#functions"), WIDE),
    View("explorer", explore, WIDE),
    View("history", wake, WIDE, page="history"),
    View("history-dark", wake, WIDE, "dark", page="history"),
    View("history-phone", wake, NARROW, page="history"),
)


def take_screenshots(browser: Browser, folder: Path) -> None:
    """Writes a PNG of each view."""
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as pages:
        addresses = {
            "report": write_page(Path(pages), "report", render_html(report_of(LOG))),
            "history": write_page(Path(pages), "history", render_history_html(planted_history(), top=20)),
        }
        for view in VIEWS:
            with opened(browser, addresses[view.page], viewport=view.size, color_scheme=view.ground) as (page, _):
                view.prepare(page)
                page.screenshot(path=folder / f"{view.name}.png")


if __name__ == "__main__":
    with sync_playwright() as playwright:
        take_screenshots(launch(playwright), Path(sys.argv[1]) if len(sys.argv) > 1 else FOLDER)
