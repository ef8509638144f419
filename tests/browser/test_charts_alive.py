from collections.abc import Callable

from playwright.sync_api import Browser, Page

from tests.browser.pages import NARROW, opened, wake_charts

Address = Callable[[str], str]

COUNT_MARKS = """() => Object.fromEntries([...document.querySelectorAll('[data-chart]')].map(frame =>
  [frame.dataset.chart, [...frame.querySelectorAll('path')].filter(element => element.__data__?.tooltip).length]))"""


def choose_in_chart(page: Page, chart: str, function: str) -> None:
    """Clicks the first mark of a function in a chart."""
    page.locator(f"[data-chart={chart}]").scroll_into_view_if_needed()
    place = page.evaluate(
        """([chart, name]) => {
            const frame = document.querySelector(`[data-chart=${chart}]`);
            const mark = [...frame.querySelectorAll('path')].find(path =>
                path.__data__?.tooltip && path.__data__.datum?.function === name);
            const box = mark.getBoundingClientRect();
            return [box.x + box.width / 2, box.y + box.height / 2];
        }""",
        [chart, function],
    )
    page.mouse.click(*place)


def faded(page: Page, chart: str) -> int:
    """Marks of a chart that stand back."""
    count: int = page.evaluate(
        """chart => [...document.querySelectorAll(`[data-chart=${chart}] path`)]
        .filter(path => path.__data__?.tooltip && Number(path.getAttribute('opacity') ?? 1) < 0.5).length""",
        chart,
    )
    return count


def test_every_chart_is_drawn_with_marks_and_nothing_is_said_about_it(browser: Browser, address_of: Address) -> None:
    with opened(browser, address_of("compared")) as (page, heard):
        assert wake_charts(page) == 11
        marks = page.evaluate(COUNT_MARKS)
        assert marks["function-calls"] >= 22
        assert all(count >= 2 for count in marks.values()), marks
        assert heard.messages == []


def test_charts_of_a_crowded_report_are_drawn_too(browser: Browser, address_of: Address) -> None:
    with opened(browser, address_of("crowded")) as (page, heard):
        assert wake_charts(page) == 10
        assert all(page.evaluate(COUNT_MARKS).values())
        assert heard.messages == []


def test_a_chart_takes_the_place_of_its_picture_without_a_shift(browser: Browser, address_of: Address) -> None:
    with opened(browser, address_of("sample")) as (page, _):
        page.evaluate(
            """() => { window.shifts = 0; new PerformanceObserver(list => {
                for (const entry of list.getEntries()) if (!entry.hadRecentInput) window.shifts += entry.value;
            }).observe({ type: 'layout-shift', buffered: true }); }"""
        )
        wake_charts(page)
        assert page.evaluate("window.shifts") <= 0.05


def test_charts_fit_a_phone(browser: Browser, address_of: Address) -> None:
    with opened(browser, address_of("sample"), viewport=NARROW) as (page, _):
        wake_charts(page)
        for frame in page.locator("[data-chart]").all():
            assert frame.evaluate("frame => frame.scrollWidth - frame.clientWidth") <= 1


def test_choosing_a_function_filters_the_tables_and_the_other_charts(browser: Browser, address_of: Address) -> None:
    with opened(browser, address_of("sample")) as (page, heard):
        wake_charts(page)
        assert faded(page, "function-times") == 0
        choose_in_chart(page, "function-calls", "load_node")
        assert page.url.endswith("#function=load_node")
        assert page.locator(".chosen").inner_text().startswith("Only load_node")
        rows = page.locator("#functions table tr[data-function]:visible")
        assert rows.count() == 1
        assert "load_node" in rows.inner_text()
        for chart in ("function-times", "latencies", "caller-calls", "edges", "tree"):
            assert faded(page, chart) > 0, chart
        page.get_by_role("button", name="Show all functions").click()
        assert page.locator("#functions table tr[data-function]:visible").count() > 5
        assert faded(page, "function-times") == 0
        assert "#" not in page.url
        assert heard.messages == []


def test_choosing_a_function_in_a_table_does_the_same(browser: Browser, address_of: Address) -> None:
    with opened(browser, address_of("sample")) as (page, _):
        button = page.locator("#functions").get_by_role("button", name="query_records", exact=True)
        button.click()
        assert button.get_attribute("aria-pressed") == "true"
        assert page.locator("#functions table tr[data-function]:visible").count() == 1
        button.click()
        assert page.locator("#functions table tr[data-function]:visible").count() > 5


def test_a_box_of_the_tree_becomes_the_whole_width_and_gives_it_back(browser: Browser, address_of: Address) -> None:
    def width(path: str) -> float:
        found: float = page.evaluate(
            """path => { const mark = [...document.querySelectorAll('[data-chart=tree] path')]
            .find(element => element.__data__?.tooltip?.path === path);
            return mark?.getBoundingClientRect().width ?? 0; }""",
            path,
        )
        return found

    with opened(browser, address_of("sample")) as (page, _):
        wake_charts(page)
        before = width("get_next_version_for_node")
        choose_in_chart(page, "tree", "get_next_version_for_node")
        page.wait_for_timeout(100)
        assert width("get_next_version_for_node") > 3 * before
        assert width("load_node") == 0
        choose_in_chart(page, "tree", "get_next_version_for_node")
        page.wait_for_timeout(100)
        assert abs(width("get_next_version_for_node") - before) < 1


def test_a_mark_says_its_figures(browser: Browser, address_of: Address) -> None:
    with opened(browser, address_of("sample")) as (page, _):
        wake_charts(page)
        page.locator("[data-chart=asked-again]").scroll_into_view_if_needed()
        page.locator("[data-chart=asked-again] path[fill^=var]").first.hover()
        tip = page.locator("#vg-tooltip-element")
        assert tip.is_visible()
        assert "unchanged repeats" in tip.inner_text()


def test_the_pointer_of_the_cache_curve_reads_its_values(browser: Browser, address_of: Address) -> None:
    with opened(browser, address_of("sample")) as (page, _):
        wake_charts(page)
        frame = page.locator("[data-chart=cache-curves]")
        frame.scroll_into_view_if_needed()
        before = set(frame.locator("text").all_text_contents())
        box = frame.bounding_box()
        assert box is not None
        page.mouse.move(box["x"] + box["width"] * 0.55, box["y"] + box["height"] * 0.5)
        page.mouse.move(box["x"] + box["width"] * 0.56, box["y"] + box["height"] * 0.55)
        page.wait_for_timeout(100)
        assert [text for text in set(frame.locator("text").all_text_contents()) - before if text.endswith("%")]


def test_a_wider_window_widens_the_charts(browser: Browser, address_of: Address) -> None:
    with opened(browser, address_of("sample"), viewport=NARROW) as (page, _):
        wake_charts(page)
        page.set_viewport_size({"width": 1000, "height": 800})
        page.wait_for_timeout(200)
        chart = page.locator("[data-chart=function-calls] svg").bounding_box()
        assert chart is not None
        assert chart["width"] > 600
