from collections.abc import Callable

import pytest
from playwright.sync_api import Browser

from tests.browser.pages import MUST_RUN, opened, wake_charts
from tests.paths import ROOT

Address = Callable[[str], str]
AXE = ROOT / "node_modules" / "axe-core" / "axe.min.js"
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


@pytest.fixture(scope="module")
def axe() -> str:
    if not AXE.is_file():
        (pytest.fail if MUST_RUN else pytest.skip)("axe-core is not installed: npm install --no-package-lock")
    return AXE.read_text(encoding="utf-8")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [320, 390, 768, 1280])
@pytest.mark.parametrize("name", ["compared", "empty"])
def test_axe_finds_nothing(browser: Browser, address_of: Address, axe: str, name: str, width: int, scheme: str) -> None:
    with opened(browser, address_of(name), viewport={"width": width, "height": 800}, color_scheme=scheme) as (page, _):
        wake_charts(page)
        for details in page.locator("details").all()[:14]:
            details.evaluate("details => { details.open = true; }")
        page.evaluate(axe)
        found = page.evaluate("tags => axe.run(document, { runOnly: tags })", TAGS)
        said = [(rule["id"], [node["html"][:120] for node in rule["nodes"][:3]]) for rule in found["violations"]]
        assert said == []


def test_nothing_moves_for_those_who_ask_for_that(browser: Browser, address_of: Address) -> None:
    with opened(browser, address_of("sample"), reduced_motion="reduce") as (page, _):
        wake_charts(page)
        moving = page.evaluate(
            """() => [...document.querySelectorAll('*')].filter(element => { const style = getComputedStyle(element);
            return parseFloat(style.transitionDuration) > 0 || style.animationName !== 'none'
              || style.scrollBehavior === 'smooth'; }).length"""
        )
        assert moving == 0


def test_the_ground_follows_the_system_and_then_the_reader(browser: Browser, address_of: Address) -> None:
    def ground() -> str:
        colour: str = page.evaluate("getComputedStyle(document.body).backgroundColor")
        return colour

    with opened(browser, address_of("sample"), color_scheme="dark") as (page, _):
        assert ground() == "rgb(21, 24, 28)"
        page.get_by_role("button", name="Light").click()
        assert ground() == "rgb(255, 255, 255)"
        page.get_by_role("button", name="Dark").click()
        assert ground() == "rgb(21, 24, 28)"
        page.get_by_role("button", name="Light").click()
        page.reload()
        assert ground() == "rgb(255, 255, 255)", "the reader's choice outlives the page"


def test_with_forced_colours_figures_and_marks_are_seen(browser: Browser, address_of: Address) -> None:
    with opened(browser, address_of("sample"), forced_colors="active") as (page, heard):
        for mark in ("td.bar rect", ".timeline rect", ".answers rect"):
            painted = page.locator(mark).first.evaluate("mark => getComputedStyle(mark).fill")
            assert painted not in {"none", page.evaluate("getComputedStyle(document.body).backgroundColor")}, mark
        name = page.locator(".timeline text").first
        assert name.evaluate("name => getComputedStyle(name).fill") != page.evaluate(
            "getComputedStyle(document.body).backgroundColor"
        )
        assert heard.messages == []
