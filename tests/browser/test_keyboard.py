from collections.abc import Callable

from playwright.sync_api import Browser, FloatRect

from tests.browser.pages import draw, opened, wake_charts
from tests.waiting import wait_until

Address = Callable[[str], str]
FOCUSED = "document.activeElement"


def test_the_first_stop_skips_to_the_findings(browser: Browser, address_of: Address) -> None:
    with opened(browser, address_of("sample")) as (page, _):
        page.keyboard.press("Tab")
        assert page.evaluate(f"{FOCUSED}.textContent") == "Skip to the findings"
        page.keyboard.press("Enter")
        page.keyboard.press("Tab")
        assert page.evaluate(f"{FOCUSED}.closest('.card, .findings') !== null")


def test_a_finding_opens_and_closes_by_key(browser: Browser, address_of: Address) -> None:
    with opened(browser, address_of("sample")) as (page, _):
        page.locator(".card summary").first.focus()
        page.keyboard.press("Enter")
        assert page.locator(".card details").first.get_attribute("open") is not None
        page.keyboard.press("Space")
        assert page.locator(".card details").first.get_attribute("open") is None


def test_arrow_keys_read_the_marks_of_a_chart(browser: Browser, address_of: Address) -> None:
    with opened(browser, address_of("sample")) as (page, heard):
        wake_charts(page)
        page.locator("[data-chart=latencies]").focus()
        page.keyboard.press("ArrowRight")
        first = page.locator(".spoken").inner_text()
        assert "function ensure_partition_cached" in first
        assert "calls 1,212" in first
        assert page.locator(".tip").is_visible()
        page.keyboard.press("ArrowDown")
        assert page.locator(".spoken").inner_text() != first
        page.keyboard.press("ArrowUp")
        assert page.locator(".spoken").inner_text() == first
        assert page.locator("[data-chart=latencies] .reached").count() == 1
        assert heard.messages == []


def test_enter_chooses_what_a_click_chooses(browser: Browser, address_of: Address) -> None:
    with opened(browser, address_of("sample")) as (page, _):
        wake_charts(page)
        page.locator("[data-chart=latencies]").focus()
        page.keyboard.press("ArrowRight")
        page.keyboard.press("Enter")
        assert page.url.endswith("#function=ensure_partition_cached")


def test_the_tooltip_goes_when_the_focus_goes(browser: Browser, address_of: Address) -> None:
    with opened(browser, address_of("sample")) as (page, _):
        wake_charts(page)
        page.locator("[data-chart=latencies]").focus()
        page.keyboard.press("ArrowRight")
        page.keyboard.press("Tab")
        assert page.locator(".tip").is_hidden()


def test_what_is_cut_is_read_in_place_on_focus(browser: Browser, address_of: Address) -> None:
    with opened(browser, address_of("sample"), java_script_enabled=True) as (page, _):
        cut = page.locator("#slowest .elided").first
        before = cut.bounding_box()
        cut.focus()
        after = cut.bounding_box()
        assert before is not None
        assert after is not None
        assert after["height"] >= before["height"]
        assert cut.evaluate("code => getComputedStyle(code, '::after').content") != "none"


def test_every_control_can_be_reached_and_shows_it(browser: Browser, address_of: Address) -> None:
    with opened(browser, address_of("sample")) as (page, _):
        page.locator("#explorer").scroll_into_view_if_needed()
        for control in page.locator("#explorer :is(button, input, select):visible").all():
            control.focus()
            assert control.evaluate("control => control === document.activeElement")


def test_enter_zooms_into_the_tree_and_out_again(browser: Browser, address_of: Address) -> None:
    with opened(browser, address_of("sample")) as (page, _):
        wake_charts(page)
        frame = page.locator("[data-chart=tree]")
        frame.focus()
        for _ in range(3):
            page.keyboard.press("ArrowRight")

        def reached() -> FloatRect:
            box = frame.locator("path.reached").bounding_box()
            assert box is not None
            return box

        before = reached()
        page.keyboard.press("Enter")
        wait_until(lambda: reached()["width"] > before["width"], "it isn't zoomed")
        page.keyboard.press("Enter")
        wait_until(lambda: reached() == before, "it isn't as before")


def test_escape_goes_back_one_step_at_a_time(browser: Browser, address_of: Address) -> None:
    with opened(browser, address_of("sample") + "#function=load_node") as (page, _):
        wake_charts(page)
        frame = page.locator("[data-chart=tree]")
        frame.focus()
        page.keyboard.press("ArrowLeft")
        page.keyboard.press("Enter")
        page.keyboard.press("ArrowRight")
        whole = page.get_by_role("button", name="Show the whole tree")
        whole.wait_for()
        draw(page)
        page.keyboard.press("Escape")
        assert page.locator(".tip").is_hidden()
        assert whole.is_visible()
        page.keyboard.press("Escape")
        assert whole.count() == 0
        assert page.locator(".chosen").is_visible()
        page.keyboard.press("Escape")
        assert page.locator(".chosen").is_hidden()


def test_only_what_scrolls_is_a_stop(browser: Browser, address_of: Address) -> None:
    with opened(browser, address_of("sample")) as (page, _):
        draw(page)
        wrong = page.locator(".frame:visible").evaluate_all(
            "frames => frames.filter(one => (one.tabIndex === 0) !== (one.scrollWidth > one.clientWidth)).length"
        )
        assert wrong == 0
