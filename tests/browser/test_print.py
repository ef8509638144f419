import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Browser

from tests.browser.pages import opened

Address = Callable[[str], str]


@pytest.mark.parametrize("with_scripts", [True, False], ids=["scripts", "none"])
@pytest.mark.parametrize("paper", ["A4", "Letter"])
def test_it_prints_on_a_bounded_number_of_pages(
    browser: Browser, address_of: Address, paper: str, with_scripts: bool
) -> None:
    with opened(browser, address_of("compared"), java_script_enabled=with_scripts) as (page, _):
        printed = page.pdf(format=paper, print_background=True)
        assert 8 <= len(re.findall(rb"/Type\s*/Page\b", printed)) <= 30


@pytest.mark.parametrize("width_px", [688, 710], ids=["A4", "Letter"])
@pytest.mark.parametrize("with_scripts", [True, False], ids=["scripts", "none"])
def test_nothing_is_clipped_on_paper(browser: Browser, address_of: Address, width_px: int, with_scripts: bool) -> None:
    """The width is that of the paper within its margins."""
    size = {"width": width_px, "height": 900}
    with opened(browser, address_of("compared"), viewport=size, java_script_enabled=with_scripts) as (page, _):
        page.emulate_media(media="print")
        for element in page.locator("main :is(table, pre, .picture > svg, h1, h3):visible").all():
            box = element.bounding_box()
            assert box is not None
            assert box["x"] + box["width"] <= width_px + 1, element.evaluate(
                "element => element.outerHTML.slice(0, 200)"
            )


def test_every_finding_is_opened_on_paper(browser: Browser, address_of: Address) -> None:
    with opened(browser, address_of("sample"), java_script_enabled=False) as (page, _):
        page.emulate_media(media="print")
        for advice in page.locator(".advice").all():
            box = advice.bounding_box()
            assert box is not None
            assert box["height"] > 100


def test_controls_stay_on_the_screen(browser: Browser, address_of: Address) -> None:
    with opened(browser, address_of("sample")) as (page, _):
        page.emulate_media(media="print")
        assert page.locator("button:not(.choose):visible, .contents:visible, #explorer:visible").count() == 0
        assert page.locator("[data-explored]:visible").count() == 2


BROKEN = """cells => cells.filter(cell => {
  const range = document.createRange();
  range.selectNodeContents(cell);
  const lines = new Set([...range.getClientRects()].map(box => Math.round(box.bottom))).size;
  return lines > (cell.matches('td') ? 1 : cell.innerText.split(/\\s+/).length);
}).map(cell => cell.innerText)"""


@pytest.mark.parametrize("width_px", [688, 710], ids=["A4", "Letter"])
@pytest.mark.parametrize("name", ["compared", "hostile"])
def test_no_figure_and_no_heading_breaks_inside_of_a_word(
    browser: Browser, address_of: Address, name: str, width_px: int
) -> None:
    with opened(browser, address_of(name), viewport={"width": width_px, "height": 900}) as (page, _):
        page.emulate_media(media="print")
        assert page.locator("main :is(td.figure, thead th)").evaluate_all(BROKEN) == []
