import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.request import url2pathname

import pytest
from playwright.sync_api import Browser, Page

from tests.browser.pages import opened

Address = Callable[[str], str]
JENKINS = "sandbox allow-same-origin; default-src 'none'; img-src 'self'; style-src 'self';"
"""The Content-Security-Policy that Jenkins gives to archived pages by default."""


@pytest.fixture
def jenkins(address_of: Address) -> Iterator[str]:
    """The sample's page as Jenkins would serve it."""
    page = Path(url2pathname(address_of("compared").removeprefix("file://"))).read_bytes()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.send_header("Content-Security-Policy", JENKINS)
            self.end_headers()
            self.wfile.write(page)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()
    thread.join()
    server.server_close()


def sees_pictures(page: Page) -> None:
    """Every picture takes room and has its colours."""
    pictures = page.locator("[data-chart] > svg")
    assert pictures.count() == 6
    for picture in pictures.all():
        box = picture.bounding_box()
        assert box is not None
        assert box["width"] > 300
        assert box["height"] > 50
    assert page.locator("[data-chart=tree] path[fill*=unproven], [data-chart=tree] path[fill*=hatch]").count() > 0


def test_everything_but_interaction_is_there(browser: Browser, address_of: Address) -> None:
    with opened(browser, address_of("compared"), java_script_enabled=False) as (page, heard):
        sees_pictures(page)
        assert page.locator("[data-explored]:visible").count() == 2
        assert page.locator("button:visible").count() == 0
        page.locator(".card summary").first.click()
        assert page.get_by_text("How to fix it.").first.is_visible()
        page.locator(".as-table summary").first.click()
        assert page.locator(".as-table table").first.is_visible()
        assert heard.messages == []


def test_it_reads_well_in_jenkins(browser: Browser, jenkins: str) -> None:
    with opened(browser, jenkins) as (page, heard):
        assert page.evaluate("getComputedStyle(document.body).maxWidth") == "none", "the style sheet is not allowed"
        sees_pictures(page)
        order = page.locator("h1, h2").all_inner_texts()
        assert order[0] == "1 new and 1 worse findings"
        assert order[1:4] == ["Gates", "What to change first", "Comparison"]
        assert order[-1] == "How each figure is computed"
        assert page.locator("button:visible, #explorer:visible").count() == 0
        page.locator(".card summary").first.click()
        assert page.get_by_text("How to fix it.").first.is_visible()
        fills = page.evaluate(
            """() => [...document.querySelectorAll('.answers rect')].map(rect => getComputedStyle(rect).fill)"""
        )
        assert len(set(fills)) >= 3
        assert all("inline" in message or "sandboxed" in message for message in heard.messages)
        assert heard.requests == [jenkins]


@pytest.mark.parametrize("name", ["compared", "long", "crowded"])
def test_no_name_is_cut_off_by_the_edge_of_its_picture(browser: Browser, address_of: Address, name: str) -> None:
    with opened(browser, address_of(name), java_script_enabled=False) as (page, _):
        beyond = page.locator("[data-chart] > svg text").evaluate_all(
            """texts => texts.filter(text => { const own = text.getBoundingClientRect();
            const all = text.closest('svg').getBoundingClientRect();
            return own.left < all.left - 2 || own.right > all.right + 8; }).map(text => text.textContent)"""
        )
        assert beyond == []
