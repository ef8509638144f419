from collections.abc import Callable

from playwright.sync_api import Browser

from tests.browser.speed import measure_speed


def test_nothing_moves_once_the_page_is_there(browser: Browser, address_of: Callable[[str], str]) -> None:
    _, shifts = measure_speed(browser, address_of("sample"))
    assert shifts <= 0.05
