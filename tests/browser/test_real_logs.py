from collections.abc import Callable

import pytest
from playwright.sync_api import Browser

from tests.browser.pages import opened, wake_charts

Address = Callable[[str], str]


def test_the_showcase_names_what_to_change_and_by_how_much(browser: Browser, address_of: Address) -> None:
    with opened(browser, address_of("deep")) as (page, _):
        assert page.locator("h1").inner_text() == "Three changes would remove 221 calls"
        asked, kept = page.locator(".front .sum").all_inner_texts()
        assert asked.startswith("5,878 of 7,050 calls ask again")
        assert kept == (
            "147 repeats could go if each caller kept its own answer, 282 with one cache for all, cleared by writes."
        )
        assert page.locator(".card-list > .cards > .card").count() == 19
        assert page.locator(".card").count() == 40
        assert page.get_by_text("metadata asks query_records again for what is known").is_visible()
        assert wake_charts(page) == 6


@pytest.mark.parametrize("name", ["parallel", "stress", "captured", "ten-thousand"])
def test_real_logs_show_all_their_charts_and_nothing_is_said(browser: Browser, address_of: Address, name: str) -> None:
    with opened(browser, address_of(name)) as (page, heard):
        assert wake_charts(page) >= 3
        assert page.evaluate("document.documentElement.scrollWidth") <= 1280
        assert heard.messages == []


def test_a_log_of_ten_thousand_functions_says_what_it_leaves_out(browser: Browser, address_of: Address) -> None:
    with opened(browser, address_of("ten-thousand")) as (page, _):
        assert "10 of 10,000" in page.locator("#functions > .frame caption").first.inner_text()
        assert "16 of 10,000" in (page.locator("#chart-latencies caption").text_content() or "")


def test_what_could_not_be_judged_is_said_first(browser: Browser, address_of: Address) -> None:
    with opened(browser, address_of("torn")) as (page, _):
        assert page.locator("h1").inner_text() == "No call could be judged: processes wrote at the same time"
        assert "Not judged: 11,678 calls" in page.locator(".warnings").inner_text()
        assert page.locator(".answers").count() == 0
