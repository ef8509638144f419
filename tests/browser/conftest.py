import tempfile
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

import msgspec
import pytest
from playwright.sync_api import Browser, sync_playwright

from tests.browser.pages import MUST_RUN, chromium_path, launch, report_of, write_page
from tests.crowded_report import crowded_report
from tests.paths import EXAMPLES, LOGS
from tests.sample_report import sample_report
from tests.sample_report.compared import compared_report
from tests.sample_report.empty import empty_report
from tracereport.documents.page.page import render_html
from tracereport.model import Report, Rows, Selection


def many_signatures() -> Report:
    """The sample with 300 signatures."""
    sample = sample_report()
    first = sample.redundant_signatures.rows[0]
    rows = tuple(msgspec.structs.replace(first, calls=400 - index) for index in range(300))
    return msgspec.structs.replace(sample, redundant_signatures=Rows(1_000, rows))


def ten_thousand_functions() -> Report:
    """A log in which no function is called twice."""
    lines = (
        f"PERF_TRACE|{number}|function_{number}|caller=caller_{number % 700}|id={number}|elapsed_ms={number % 9}\n"
        for number in range(10_000)
    )
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder) / "ten-thousand.log"
        log.write_text("".join(lines), encoding="utf-8")
        return report_of(log)


def long_names() -> Report:
    """The sample with a function whose name has no room in any chart."""
    name = "exact_node_ids_of_all_directories_under_the_root_of_a_pond"
    sample = sample_report()
    rows = (msgspec.structs.replace(sample.functions.rows[0], function=name), *sample.functions.rows[1:])
    return msgspec.structs.replace(sample, functions=Rows(sample.functions.total, rows))


REPORTS: dict[str, Callable[[], Report]] = {
    "sample": sample_report,
    "compared": compared_report,
    "empty": empty_report,
    "crowded": lambda: crowded_report(top=10),
    "many": many_signatures,
    "long": long_names,
    "ten-thousand": ten_thousand_functions,
    "deep": lambda: report_of(EXAMPLES / "logs" / "duckpond-deep-single-thread.log.zst"),
    "parallel": lambda: report_of(LOGS / "duckpond-parallel.log"),
    "hostile": lambda: report_of(LOGS / "hostile.log"),
    "stress": lambda: report_of(LOGS / "stress-4-threads.log.gz"),
    "captured": lambda: report_of(LOGS / "bare-captured.log"),
    "torn": lambda: report_of(LOGS / "torn-lines.log.gz"),
    "narrowed": lambda: msgspec.structs.replace(sample_report(), selection=Selection(functions=("query_*",))),
}


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    if chromium_path() is None:
        (pytest.fail if MUST_RUN else pytest.skip)("there is no chromium on the path")
    with sync_playwright() as playwright:
        chromium = launch(playwright)
        yield chromium
        chromium.close()


@pytest.fixture(scope="session")
def address_of(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], str]:
    """The address of the page that is made of one of ``REPORTS``, by its name."""
    folder = tmp_path_factory.mktemp("pages")

    @cache
    def write(name: str) -> str:
        return write_page(folder, name, render_html(REPORTS[name]()))

    return write
