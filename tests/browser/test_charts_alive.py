import re
from collections.abc import Callable

from playwright.sync_api import Browser, Page

from tests.browser.pages import NARROW, draw, opened, wake_charts
from tests.waiting import wait_until

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
        assert wake_charts(page) == 6
        marks = page.evaluate(COUNT_MARKS)
        assert marks["latencies"] >= 22
        assert all(count >= 2 for count in marks.values()), marks
        assert heard.messages == []


def test_charts_of_a_crowded_report_are_drawn_too(browser: Browser, address_of: Address) -> None:
    with opened(browser, address_of("crowded")) as (page, heard):
        assert wake_charts(page) == 6
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
        assert faded(page, "latencies") == 0
        choose_in_chart(page, "latencies", "load_node")
        assert page.url.endswith("#function=load_node")
        assert page.locator(".chosen").inner_text().startswith("Only load_node")
        rows = page.locator("#functions table tr[data-function]:visible").all_inner_texts()
        assert len(rows) == 2, "calls and times"
        assert all("load_node" in row for row in rows)
        for chart in ("latencies", "edges", "tree"):
            assert faded(page, chart) > 0, chart
        page.get_by_role("button", name="Show all functions").click()
        assert page.locator("#functions table tr[data-function]:visible").count() > 5
        assert faded(page, "latencies") == 0
        assert "#" not in page.url
        assert heard.messages == []


def test_choosing_a_function_in_a_table_does_the_same(browser: Browser, address_of: Address) -> None:
    with opened(browser, address_of("sample")) as (page, _):
        button = page.locator("#functions").get_by_role("button", name="query_records", exact=True).first
        button.click()
        assert button.get_attribute("aria-pressed") == "true"
        assert page.locator("#functions table tr[data-function]:visible").count() == 2
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
        wait_until(lambda: width("get_next_version_for_node") > 3 * before, "it isn't as wide as the tree")
        assert width("load_node") == 0
        assert page.get_by_role("button", name="Show the whole tree").is_visible()
        choose_in_chart(page, "tree", "get_next_version_for_node")
        wait_until(lambda: abs(width("get_next_version_for_node") - before) < 1, "it isn't as wide as before")


def test_a_mark_says_its_figures(browser: Browser, address_of: Address) -> None:
    with opened(browser, address_of("sample")) as (page, _):
        wake_charts(page)
        page.locator("[data-chart=asked-again]").scroll_into_view_if_needed()
        page.locator("[data-chart=asked-again] path[fill^=var]").first.hover()
        tip = page.locator(".tip")
        assert tip.is_visible()
        assert "unchanged repeats" in tip.inner_text()


def test_the_pointer_of_the_cache_curve_reads_every_function_at_once(browser: Browser, address_of: Address) -> None:
    with opened(browser, address_of("sample")) as (page, _):
        wake_charts(page)
        frame = page.locator("[data-chart=cache]")
        frame.scroll_into_view_if_needed()
        box = frame.bounding_box()
        assert box is not None
        rules = frame.locator("line[stroke-dasharray='3,3']").count()
        page.mouse.move(box["x"] + box["width"] * 0.55, box["y"] + box["height"] * 0.5)
        page.mouse.move(box["x"] + box["width"] * 0.56, box["y"] + box["height"] * 0.55)
        wait_until(lambda: frame.locator("line[stroke-dasharray='3,3']").count() == rules + 1, "there is no rule")
        said = page.locator(".tip").inner_text()
        assert "entries" in said
        for name in page.locator("#chart-cache .legend span").all_inner_texts():
            assert name.strip() in said


def test_a_wider_window_widens_the_charts(browser: Browser, address_of: Address) -> None:
    with opened(browser, address_of("sample"), viewport=NARROW) as (page, _):
        wake_charts(page)
        page.set_viewport_size({"width": 1000, "height": 800})
        chart = page.locator("[data-chart=edges] svg")
        wait_until(lambda: (chart.bounding_box() or {"width": 0})["width"] > 600, "it isn't wider")


def test_a_page_without_the_chosen_function_says_so(browser: Browser, address_of: Address) -> None:
    with opened(browser, address_of("sample") + "#function=nowhere") as (page, heard):
        said = page.locator(".findings .none").all_inner_texts()
        assert said
        assert all(re.fullmatch(r"None of the \d+ findings shown is of nowhere\.", text) for text in said)
        assert page.locator("#functions .frame:visible").count() == 2
        assert (
            page.locator("#functions .frame + .none").all_inner_texts()
            == ["None of the 10 rows shown is of nowhere."] * 2
        )
        assert page.locator("#chart-latencies .picture + .none").is_visible()
        page.get_by_role("button", name="Show all functions").click()
        assert page.locator(".none").count() == 0
        assert heard.messages == []


def test_every_table_follows_the_choice(browser: Browser, address_of: Address) -> None:
    with opened(browser, address_of("sample") + "#function=query_records") as (page, _):
        for details in page.locator(".as-table").all():
            details.evaluate("details => { details.open = true; }")
        callers = page.locator("#callers-by-calls").locator("tbody tr:visible th").all_inner_texts()
        assert "metadata" in callers
        assert "load_node" not in callers
        assert page.locator("#chart-latencies tbody tr:visible th").all_inner_texts() == ["query_records"]


def test_what_is_clicked_stays_where_it_is(browser: Browser, address_of: Address) -> None:
    with opened(browser, address_of("sample")) as (page, _):
        wake_charts(page)
        button = page.locator("#redundancy").get_by_role("button", name="query_records", exact=True).first
        button.scroll_into_view_if_needed()
        before = button.bounding_box()
        button.click()
        draw(page)
        after = button.bounding_box()
        assert before is not None
        assert after is not None
        assert abs(after["y"] - before["y"]) <= 2


def test_a_row_says_its_name_in_full_and_is_chosen_as_a_whole(browser: Browser, address_of: Address) -> None:
    name = "exact_node_ids_of_all_directories_under_the_root_of_a_pond"
    with opened(browser, address_of("long")) as (page, _):
        wake_charts(page)
        frame = page.locator("[data-chart=latencies]")
        frame.scroll_into_view_if_needed()
        box = frame.locator(".mark-rect path[fill=transparent]").first.bounding_box()
        assert box is not None
        page.mouse.move(box["x"] + 20, box["y"] + box["height"] / 2)
        assert name in page.locator(".tip").inner_text()
        page.mouse.click(box["x"] + 20, box["y"] + box["height"] / 2)
        assert "#function=" in page.url
        assert page.locator(".chosen code").inner_text() == name


def test_names_get_less_room_where_there_is_less(browser: Browser, address_of: Address) -> None:
    with opened(browser, address_of("long")) as (page, _):
        wake_charts(page)
        wide = page.locator("[data-chart=latencies] text").first.text_content() or ""
        page.set_viewport_size({"width": 640, "height": 800})
        assert len(wide) > 0
        frame = page.locator("[data-chart=latencies]")
        wait_until(lambda: frame.evaluate("frame => frame.scrollWidth - frame.clientWidth") <= 1, "it has no room")
        draw(page)
        shortened = [text for text in frame.locator("text").all_text_contents() if "\u2026" in text]
        assert shortened
        assert all(len(text) <= 36 for text in shortened)


def test_the_tooltip_can_be_reached_and_sent_away(browser: Browser, address_of: Address) -> None:
    with opened(browser, address_of("sample")) as (page, _):
        wake_charts(page)
        page.locator("[data-chart=asked-again]").scroll_into_view_if_needed()
        page.locator("[data-chart=asked-again] path[fill^=var]").first.hover()
        tip = page.locator(".tip")
        box = tip.bounding_box()
        assert box is not None
        page.mouse.move(box["x"] + 5, box["y"] + 5)
        page.wait_for_timeout(500)  # twice as long as it stays where nobody points to it
        assert tip.is_visible()
        page.keyboard.press("Escape")
        assert tip.is_hidden()


def test_what_is_searched_for_is_marked_in_the_whole_tree(browser: Browser, address_of: Address) -> None:
    with opened(browser, address_of("sample")) as (page, heard):
        wake_charts(page)
        page.get_by_label("Mark boxes whose function holds").fill("QUERY_")
        count = """() => [...document.querySelectorAll('[data-chart=tree] path')]
            .filter(path => path.__data__?.tooltip && path.getAttribute('stroke')?.includes('--ink')).length"""
        wait_until(lambda: page.evaluate(count) == 2, "not the two are marked")
        assert page.locator(".marked").inner_text() == "2 of 8 boxes"
        page.get_by_label("Mark boxes whose function holds").fill("")
        assert page.locator(".marked").inner_text() == ""
        assert heard.messages == []
