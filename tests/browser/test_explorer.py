from collections.abc import Callable

from playwright.sync_api import Browser, Page

from tests.browser.pages import opened

Address = Callable[[str], str]


def column(page: Page, name: str) -> list[str]:
    index = ["function", "parameters", "calls"].index(name) + 1
    cells = page.locator(f"#explorer tbody tr > *:nth-child({index})").all_inner_texts()
    return [cell.splitlines()[0] for cell in cells]


def test_the_explorer_starts_with_the_most_calls_and_says_what_is_left_out(
    browser: Browser, address_of: Address
) -> None:
    with opened(browser, address_of("sample")) as (page, _):
        calls = [int(cell.replace(",", "")) for cell in column(page, "calls")]
        assert calls == sorted(calls, reverse=True)
        assert page.locator("#explorer .count").inner_text() == (
            "6 of 6 signatures that match; this page holds the 6 with most calls of 856."
        )


def test_the_explorer_stands_for_the_tables_that_it_holds(browser: Browser, address_of: Address) -> None:
    with opened(browser, address_of("sample")) as (page, _):
        assert page.locator("[data-explored]:visible").count() == 0


def test_sorting_goes_both_ways_and_says_so(browser: Browser, address_of: Address) -> None:
    with opened(browser, address_of("sample")) as (page, _):
        page.locator("#explorer thead").get_by_role("button", name="function").click()
        assert column(page, "function") == sorted(column(page, "function"), key=str.casefold)
        heading = page.locator("#explorer thead th").first
        assert heading.get_attribute("aria-sort") == "ascending"
        page.keyboard.press("Enter")
        assert heading.get_attribute("aria-sort") == "descending"
        assert column(page, "function") == sorted(column(page, "function"), key=str.casefold, reverse=True)
        assert "sort=-function" in page.url


def test_filters_work_together(browser: Browser, address_of: Address) -> None:
    with opened(browser, address_of("sample")) as (page, _):
        form = page.locator("#explorer form")
        form.get_by_label("Parameters hold").fill("PART_ID=0000")
        assert len(column(page, "function")) == 3
        form.get_by_label("Calls, at least").fill("200")
        assert column(page, "calls") == ["267", "236"]
        form.get_by_label("Caller").select_option("query_latest_record")
        assert column(page, "calls") == ["267"]
        form.get_by_label("Answers").select_option("unchanged")
        assert column(page, "calls") == []
        assert page.locator("#explorer .count").inner_text().startswith("0 of 0 signatures")
        form.get_by_role("button", name="Clear").click()
        assert len(column(page, "function")) == 6


def test_lookups_are_the_other_table(browser: Browser, address_of: Address) -> None:
    with opened(browser, address_of("sample")) as (page, _):
        page.get_by_label("lookups", exact=True).check()
        assert column(page, "calls") == ["679", "3"]
        page.locator("#explorer").get_by_label("Caller").select_option("query_records")
        assert column(page, "calls") == ["679"]


def test_a_link_shows_the_same_view(browser: Browser, address_of: Address) -> None:
    with opened(browser, address_of("sample")) as (page, _):
        page.get_by_label("lookups", exact=True).check()
        page.locator("#explorer").get_by_label("Parameters hold").fill("part")
        page.locator("#explorer thead").get_by_role("button", name="time").click()
        link, shown = page.url, column(page, "parameters")
    with opened(browser, link) as (page, heard):
        assert column(page, "parameters") == shown == ["part_id=00000000-0000-7100-8000-000000000000"]
        assert page.get_by_label("lookups", exact=True).is_checked()
        assert page.locator("#explorer").get_by_label("Parameters hold").input_value() == "part"
        assert heard.messages == []


def test_a_link_made_by_someone_else_does_no_harm(browser: Browser, address_of: Address) -> None:
    hostile = "#function=<img src=x onerror=alert(1)>&sort=-__proto__&table=constructor&least=x&kind=toString&text=%00"
    with opened(browser, address_of("sample") + hostile) as (page, heard):
        assert page.locator("img").count() == 0
        assert page.locator(".chosen code").inner_text() == "<img src=x onerror=alert(1)>"
        assert heard.messages == []


def test_many_rows_wait_behind_a_button(browser: Browser, address_of: Address) -> None:
    with opened(browser, address_of("many")) as (page, _):
        assert len(column(page, "function")) == 20
        page.get_by_role("button", name="Show all 300").click()
        assert len(column(page, "function")) == 300
        assert page.locator("#explorer .more").is_hidden()
        assert "the 300 with most calls of 1,000" in page.locator("#explorer .count").inner_text()


def test_filtering_many_rows_is_instant(browser: Browser, address_of: Address) -> None:
    with opened(browser, address_of("many")) as (page, _):
        took_ms = page.evaluate(
            """() => { const field = document.querySelector('#explorer [name=text]'); const start = performance.now();
            field.value = 'p0'; field.dispatchEvent(new Event('input', { bubbles: true }));
            document.body.getBoundingClientRect(); return performance.now() - start; }"""
        )
        assert took_ms < 250
