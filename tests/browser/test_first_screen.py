from collections.abc import Callable

import pytest
from playwright.sync_api import Browser, ViewportSize

from tests.browser.pages import NARROW, WIDE, opened

Address = Callable[[str], str]


@pytest.mark.parametrize(("size", "findings"), [(WIDE, 5), (NARROW, 1)], ids=["wide", "narrow"])
def test_the_first_screen_answers_what_to_change_first(
    browser: Browser, address_of: Address, size: ViewportSize, findings: int
) -> None:
    with opened(browser, address_of("sample"), viewport=size) as (page, _):
        for selector in (".scope", "h1", ".figures div >> nth=3", ".answers", ".warnings", "#findings-title"):
            box = page.locator(selector).first.bounding_box()
            assert box is not None, selector
            assert box["y"] + box["height"] <= size["height"], selector
        bottoms = [
            box["y"] + box["height"] for box in (card.bounding_box() for card in page.locator(".card").all()) if box
        ]
        assert sum(bottom <= size["height"] for bottom in bottoms) >= findings


@pytest.mark.parametrize("width", [320, 390, 768, 1280, 1920])
@pytest.mark.parametrize("name", ["compared", "crowded"])
def test_nothing_but_framed_tables_scrolls_sideways(
    browser: Browser, address_of: Address, name: str, width: int
) -> None:
    with opened(browser, address_of(name), viewport={"width": width, "height": 800}) as (page, _):
        assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_at_four_hundred_percent_it_is_one_column(browser: Browser, address_of: Address) -> None:
    """1280 px at 400 % are 320 CSS px (WCAG 2.2, 1.4.10)."""
    with opened(browser, address_of("compared"), viewport={"width": 320, "height": 200}) as (page, _):
        page.locator(".card summary").first.click()
        assert page.evaluate("document.documentElement.scrollWidth") <= 320


def test_a_page_without_findings_says_so(browser: Browser, address_of: Address) -> None:
    with opened(browser, address_of("empty")) as (page, heard):
        assert page.locator("h1").inner_text() == "None of the 1,523 calls was made twice"
        assert page.locator(".good-news").first.is_visible()
        assert page.locator("#explorer").count() == 0
        assert heard.messages == []


def test_a_narrowed_page_says_to_what(browser: Browser, address_of: Address) -> None:
    with opened(browser, address_of("narrowed")) as (page, _):
        assert "function query_*" in page.locator(".narrowed").inner_text()


def test_numbers_stand_right_with_figures_of_one_width(browser: Browser, address_of: Address) -> None:
    with opened(browser, address_of("sample")) as (page, _):
        figure = page.locator("#functions td.figure").first
        assert figure.evaluate("cell => getComputedStyle(cell).textAlign") in {"end", "right"}
        assert "tabular-nums" in figure.evaluate("cell => getComputedStyle(cell).fontVariantNumeric")


def test_type_keeps_to_four_sizes(browser: Browser, address_of: Address) -> None:
    with opened(browser, address_of("compared")) as (page, _):
        sizes = page.evaluate(
            """() => [...new Set([...document.querySelectorAll('main *:not(svg *, svg, script)')]
            .filter(element => element.innerText).map(element => getComputedStyle(element).fontSize))]"""
        )
        assert set(sizes) <= {"13px", "16px", "20px", "28px"}
