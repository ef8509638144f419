"""The page of a history in a browser: what it shows at every width, to everyone, and without scripts."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from tests.browser.pages import WIDE, opened, wake_charts, write_page
from tests.browser.test_accessible import TAGS, axe
from tests.documents.test_history import HOSTILE, labelled
from tests.judging.test_history import history_of, runs_that_repeat
from tests.runs import suite
from tracereport.documents.history.page import render_history_html

__all__ = ["axe"]


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A history with everything in it: steps, pages, names that hurt, findings behind a click, a run set apart."""
    functions = {("page", f"load{HOSTILE}"): "aab", (f"page{HOSTILE}", "other"): "xyy"}
    more = {(f"caller_{number}", "load"): "ab" * (number + 2) for number in range(25)}
    reports = [*runs_that_repeat(2, 2, 40), suite(functions), suite(more), *runs_that_repeat(3, 3)]
    history = labelled(history_of(*reports), "feature/long-branch-name", page="runs/one.html")
    return write_page(tmp_path_factory.mktemp("history"), "history", render_history_html(history, top=10))


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [320, 390, 768, 1280])
def test_axe_finds_nothing(browser: Browser, address: str, axe: str, width: int, scheme: str) -> None:
    with opened(browser, address, viewport={"width": width, "height": 800}, color_scheme=scheme) as (page, _):
        wake_charts(page)
        for details in page.locator("details").all():
            details.evaluate("details => { details.open = true; }")
        page.evaluate(axe)
        found = page.evaluate("tags => axe.run(document, { runOnly: tags })", TAGS)
        said = [(rule["id"], [node["html"][:120] for node in rule["nodes"][:3]]) for rule in found["violations"]]
        assert said == []


@pytest.mark.parametrize("width", [320, 390, 768, 1280])
@pytest.mark.parametrize("scripts", [True, False])
def test_nothing_scrolls_sideways_but_tables_in_their_frames(
    browser: Browser, address: str, width: int, *, scripts: bool
) -> None:
    with opened(browser, address, viewport={"width": width, "height": 800}, java_script_enabled=scripts) as (page, _):
        if scripts:
            wake_charts(page)
        assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_the_page_says_nothing_and_asks_nothing(browser: Browser, address: str) -> None:
    with opened(browser, address) as (page, heard):
        assert wake_charts(page) == 3
        for summary in page.locator("summary").all():
            summary.click()
        assert page.locator("img, iframe, object").count() == 0
        assert heard.messages == []
        assert heard.requests == [address]


def test_a_run_says_its_figure_under_the_pointer(browser: Browser, address: str) -> None:
    with opened(browser, address) as (page, _):
        wake_charts(page)
        chart = page.locator("[data-chart=history-calls]")
        box = chart.bounding_box()
        assert box is not None
        for across in (24, 22):
            chart.hover(position={"x": box["width"] - across, "y": 60})
        page.locator(".tip").wait_for()
        said = page.locator(".tip").inner_text()
        assert "feature/long-branch-name-6" in said
        assert "7 May" in said


def test_arrow_keys_go_from_step_to_step(browser: Browser, address: str) -> None:
    with opened(browser, address) as (page, _):
        wake_charts(page)
        page.locator("[data-chart=history-calls]").focus()
        page.keyboard.press("ArrowRight")
        assert re.search(
            r"run feature/long-branch-name-\d, day \d May, calls \d+, change [+-]\d+",
            page.locator("p.spoken").inner_text(),
        )


def test_a_finding_s_link_opens_it_where_it_is_behind_a_click(browser: Browser, address: str) -> None:
    with opened(browser, address) as (page, _):
        hidden = page.locator(".rest .course").last.get_attribute("id")
    with opened(browser, f"{address}#{hidden}") as (page, _):
        assert page.locator(".rest").get_attribute("open") is not None


def test_all_of_it_is_there_without_scripts(browser: Browser, address: str) -> None:
    with opened(browser, address, java_script_enabled=False, viewport=WIDE) as (page, _):
        assert page.locator(".picture svg path").count() > 3
        assert page.locator(".course").count() > 25
        words = page.locator("main").inner_text()
        assert "Runs that changed most" in words
        assert "since feature/long-branch-name-3 on 4 May" in words or "gone with" in words
        assert page.get_by_role("button", name="Dark").count() == 0


def test_in_print_every_finding_keeps_its_row(browser: Browser, address: str, tmp_path: Path) -> None:
    with opened(browser, address) as (page, _):
        wake_charts(page)
        page.pdf(path=tmp_path / "history.pdf")
        assert (tmp_path / "history.pdf").stat().st_size > 10_000
