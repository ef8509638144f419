from collections.abc import Callable

from playwright.sync_api import Browser

from tests.browser.pages import opened
from tests.sample_report import sample_report
from tests.waiting import wait_until

Address = Callable[[str], str]
FIRST = sample_report().findings.rows[0].fingerprint
SECOND = sample_report().findings.rows[1].fingerprint


def test_a_finding_opens_in_place(browser: Browser, address_of: Address) -> None:
    with opened(browser, address_of("sample")) as (page, _):
        card = page.locator(f"#f-{FIRST}")
        assert not card.get_by_text("How to fix it.").is_visible()
        card.locator("summary").click()
        assert card.get_by_text("How to fix it.").is_visible()
        assert card.get_by_role("table", name="Calls that show it").is_visible()


def test_its_own_link_opens_it(browser: Browser, address_of: Address) -> None:
    with opened(browser, f"{address_of('sample')}#f-{SECOND}") as (page, _):
        assert page.locator(f"#f-{SECOND} details").get_attribute("open") is not None
        assert page.locator(f"#f-{FIRST} details").get_attribute("open") is None
        box = page.locator(f"#f-{SECOND} summary").bounding_box()
        assert box is not None
        assert 0 <= box["y"] < 400


def test_it_is_copied_as_markdown(browser: Browser, address_of: Address) -> None:
    with opened(browser, address_of("sample"), permissions=["clipboard-read", "clipboard-write"]) as (page, _):
        page.locator(f"#f-{FIRST} summary").click()
        button = page.locator(f"#f-{FIRST}").get_by_role("button", name="Copy as Markdown")
        button.click()
        page.locator(f"#f-{FIRST}").get_by_role("button", name="Copied").wait_for()
        copied = page.evaluate("navigator.clipboard.readText()")
        assert copied.startswith("### `metadata` asks `query_records` again for what is known\n")


def test_every_figure_leads_to_its_definition_and_back(browser: Browser, address_of: Address) -> None:
    with opened(browser, address_of("sample")) as (page, _):
        page.locator(".figures a").nth(1).click()
        box = page.locator("#def-redundant").bounding_box()
        assert box is not None
        assert 0 <= box["y"] < 800
        page.go_back()
        assert page.evaluate("scrollY") == 0


def test_a_finding_that_the_choice_hides_is_shown_where_a_link_asks_for_it(
    browser: Browser, address_of: Address
) -> None:
    with opened(browser, address_of("sample") + "#function=nowhere") as (page, _):
        card = page.locator(".card").first
        assert card.is_hidden()
        identifier = card.get_attribute("id")
        page.evaluate("id => { location.hash = id; }", identifier)
        card.wait_for()
        assert card.locator("details").get_attribute("open") is not None
        assert page.url.endswith(f"#{identifier}")


def test_a_definition_leaves_what_is_chosen_and_an_empty_address_clears_it(
    browser: Browser, address_of: Address
) -> None:
    with opened(browser, address_of("sample") + "#function=load_node") as (page, _):
        page.locator("#functions thead a").first.click()
        wait_until(lambda: page.url.endswith("#def-calls&function=load_node"), "the choice isn't in the address")
        assert page.locator(".chosen").is_visible()
        page.evaluate("location.hash = ''")
        page.locator(".chosen").wait_for(state="hidden")
    with opened(browser, address_of("sample") + "#def-calls&function=load_node") as (page, _):
        assert page.locator(".chosen").is_visible()
        assert page.evaluate("scrollY") > 2_000


def test_copied_is_said_and_taken_back(browser: Browser, address_of: Address) -> None:
    with opened(browser, address_of("sample"), permissions=["clipboard-write"]) as (page, _):
        page.locator(".card summary").first.click()
        button = page.locator("[data-copy]").first
        button.evaluate(
            """button => { window.said = []; new MutationObserver(() => window.said.push(button.innerText))
            .observe(button, { childList: true }); }"""
        )
        button.click()
        wait_until(lambda: page.evaluate("window.said") == ["Copied", "Copy as Markdown"], "it isn't taken back")
        assert page.locator(".spoken").inner_text() == "Copied"
