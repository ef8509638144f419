from collections.abc import Callable

import pytest
from playwright.sync_api import Browser

from tests.browser.pages import opened, wake_charts

Address = Callable[[str], str]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", ["compared", "empty", "crowded", "deep", "hostile"])
def test_no_page_asks_the_network_or_says_anything(
    browser: Browser, address_of: Address, name: str, scheme: str
) -> None:
    address = address_of(name)
    with opened(browser, address, color_scheme=scheme) as (page, heard):
        wake_charts(page)
        for summary in page.locator("summary").all()[:4]:
            summary.click()
        assert heard.messages == []
        assert heard.requests == [address]


@pytest.mark.parametrize("name", ["sample", "hostile"])
def test_nothing_of_the_log_becomes_an_element(browser: Browser, address_of: Address, name: str) -> None:
    with opened(browser, address_of(name)) as (page, heard):
        wake_charts(page)
        for details in page.locator("details").all():
            details.evaluate("details => { details.open = true; }")
        assert page.locator("img, iframe, object, embed, link, base, marquee").count() == 0
        assert page.locator("a:not([href^='#'])").count() == 0
        assert page.locator("script").count() == 4, "data, page, library as text, library as it runs"
        for frame in page.locator("[data-chart]").all():
            frame.focus()
            for _ in range(6):
                page.keyboard.press("ArrowRight")
        assert heard.messages == []


def test_the_policy_stops_what_it_does_not_name(browser: Browser, address_of: Address) -> None:
    with opened(browser, address_of("sample")) as (page, heard):
        page.evaluate(
            """() => { const script = document.createElement('script'); script.textContent = 'window.ran = true';
            document.head.append(script); }"""
        )
        assert page.evaluate("window.ran") is None
        assert any("Content Security Policy" in message for message in heard.messages)
