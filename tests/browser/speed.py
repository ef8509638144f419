"""Measures how soon the showcase page can be used on a slow machine: ``python -m tests.browser.speed [RUNS]``.

It prints; what it finds depends on the machine, so no test asks for it.
"""

import statistics
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

from tests.browser.pages import launch, opened, report_of, write_page
from tests.browser.screenshots import LOG
from tracereport.documents.page.page import render_html

THROTTLE = 4
OBSERVE = """
window.shifts = 0;
new PerformanceObserver(list => {
  for (const entry of list.getEntries()) if (!entry.hadRecentInput) window.shifts += entry.value;
}).observe({ type: 'layout-shift', buffered: true });
new MutationObserver((_, observer) => {
  const explorer = document.querySelector('#explorer');
  if (explorer && !explorer.hidden) { window.ready = performance.now(); observer.disconnect(); }
}).observe(document, { subtree: true, attributes: true, attributeFilter: ['hidden'] });
"""


def measure_speed(browser: Browser, address: str) -> tuple[float, float]:
    """Milliseconds until every control works on a processor four times slower, and the layout shift until then."""
    with opened(browser, "about:blank") as (page, _):
        page.context.new_cdp_session(page).send("Emulation.setCPUThrottlingRate", {"rate": THROTTLE})
        page.add_init_script(OBSERVE)
        page.goto(address)
        page.wait_for_function("window.ready")
        measured: tuple[float, float] = tuple(page.evaluate("[window.ready, window.shifts]"))
        return measured


def main() -> None:
    """Opens the page some times and prints the medians."""
    runs = int(sys.argv[1]) if len(sys.argv) > 1 else 7
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        address = write_page(Path(folder), "page", render_html(report_of(LOG)))
        browser = launch(playwright)
        measured = [measure_speed(browser, address) for _ in range(runs)]
        browser.close()
    ready, shifts = ([run[at] for run in measured] for at in (0, 1))
    print(f"interactive at CPU x {THROTTLE}: median {statistics.median(ready):.0f} ms of {runs} runs", end=" ")
    print(f"({min(ready):.0f} to {max(ready):.0f} ms), layout shift at most {max(shifts):.3f}")


if __name__ == "__main__":
    main()
