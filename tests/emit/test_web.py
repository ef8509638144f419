"""Requests are frames, named by method and route, whose statements hang below them: Starlette, FastAPI, Flask."""

import asyncio
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any
from unittest.mock import Mock, patch

import pytest

from tests.tracing import tracing
from tracereport.emit import Origin, trace
from tracereport.emit.askers import find_outside
from tracereport.emit.hooks import extend

pytest.importorskip("fastapi")
pytest.importorskip("flask")
httpx = pytest.importorskip("httpx")

import flask  # noqa: E402  # only where it is installed
from fastapi import APIRouter, FastAPI  # noqa: E402
from jinja2 import Environment  # noqa: E402
from starlette.applications import Starlette  # noqa: E402
from starlette.requests import Request  # noqa: E402
from starlette.responses import PlainTextResponse, StreamingResponse  # noqa: E402
from starlette.routing import Route  # noqa: E402

from tracereport.emit import flask as flask_hook  # noqa: E402
from tracereport.emit import starlette as starlette_hook  # noqa: E402


@pytest.fixture(scope="module", autouse=True)
def hooks() -> None:
    for _ in range(2):
        starlette_hook.trace_requests()
        flask_hook.trace_requests()


def load(key: object) -> object:
    with trace("load", key=key):
        return key


def make_application() -> FastAPI:
    application, router = FastAPI(), APIRouter(prefix="/books")

    @router.get("/{book_id}")
    def get_book(book_id: int) -> object:  # in a thread
        return load(book_id)

    @application.get("/authors")
    async def list_authors() -> object:
        return [load(1), load(2)]

    @application.get("/broken")
    async def fail() -> object:
        raise LookupError

    async def stream(_: Request) -> StreamingResponse:
        async def parts() -> Any:  # an iterator of texts
            for part in "ab":
                load(part)
                yield part

        return StreamingResponse(parts())

    async def show(_: Request) -> PlainTextResponse:
        return PlainTextResponse(str(load("mounted")))

    application.include_router(router)
    outer = APIRouter(prefix="/v1")
    outer.include_router(router)
    application.include_router(outer, prefix="/api")
    application.mount("/old", Starlette(routes=[Route("/page/{name}", show), Route("/stream", stream)]))
    return application


def ask(application: Any, *paths: str) -> list[int]:  # of any framework that speaks ASGI
    async def main() -> list[int]:
        transport = httpx.ASGITransport(application, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
            return [(await client.get(path)).status_code for path in paths]

    return asyncio.run(main())


@pytest.mark.parametrize(
    ("path", "name", "loads"),
    [
        ("/authors", "GET /authors", 2),
        ("/books/3?full=1", "GET /books/{book_id}", 1),
        ("/api/v1/books/3", "GET /api/v1/books/{book_id}", 1),
        ("/old/page/a", "GET /old/page/{name}", 1),
        ("/old/stream", "GET /old/stream", 2),
        ("/nowhere", "GET /nowhere", 0),
    ],
)
def test_a_request_is_one_frame_named_by_its_route(tmp_path: Path, path: str, name: str, loads: int) -> None:
    with tracing(tmp_path) as calls:
        assert ask(make_application(), path) == [404 if path == "/nowhere" else 200]
    *loaded, request = calls
    assert (request.function, request.params) == (name, (("path", path.partition("?")[0]),))
    assert (request.reserved["frame"], request.reserved["via"], request.parent) == ("1", "starlette", None)
    assert [(call.function, call.parent) for call in loaded] == [("load", request.number)] * loads


def test_a_request_that_raises_is_written_and_the_next_one_is_not_inside_it(tmp_path: Path) -> None:
    with tracing(tmp_path) as calls:
        assert ask(make_application(), "/broken", "/books/1") == [500, 200]
    assert [(call.function, call.parent, "failed" in call.reserved) for call in calls] == [
        ("GET /broken", None, True),
        ("load", 1, False),
        ("GET /books/{book_id}", None, False),
    ]


def test_requests_at_the_same_time_are_told_apart(tmp_path: Path) -> None:
    application = FastAPI()

    @application.get("/{name}")
    async def show(name: str) -> object:
        first = load(name)
        await asyncio.sleep(0.01)
        return [first, load(name)]

    async def main() -> None:
        transport = httpx.ASGITransport(application)
        async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
            await asyncio.gather(*(client.get(f"/{name}") for name in "abc"))

    with tracing(tmp_path) as calls:
        asyncio.run(main())
    requests = {call.number: dict(call.params)["path"] for call in calls if "frame" in call.reserved}
    assert sorted(requests.values()) == ["/a", "/b", "/c"]
    for call in calls:
        if call.function == "load":
            assert call.parent is not None
            assert requests[call.parent] == f"/{dict(call.params)['key']}"


@pytest.fixture
def shop() -> flask.Flask:
    shop = flask.Flask("shop")

    @shop.before_request
    def look_up_user() -> None:
        load("user")

    @shop.get("/orders/<int:number>")
    def show_order(number: int) -> str:
        return str(load(number))

    @shop.get("/broken")
    def fail() -> str:
        raise LookupError

    return shop


def test_flask_s_request_holds_what_is_done_before_it(tmp_path: Path, shop: flask.Flask) -> None:
    with tracing(tmp_path) as calls:
        assert shop.test_client().get("/orders/3").text == "3"
        assert shop.test_client().get("/broken").status_code == 500
        assert shop.test_client().get("/nowhere").status_code == 404
    assert [(call.function, call.parent) for call in calls] == [
        ("load", 0),
        ("load", 0),
        ("GET /orders/<int:number>", None),
        ("load", 3),
        ("GET /broken", None),
        ("load", 5),
        ("GET /nowhere", None),
    ]
    assert calls[2].params == (("path", "/orders/3"),)
    assert {call.reserved["via"] for call in calls if "frame" in call.reserved} == {"flask"}


def test_while_it_is_off_requests_are_answered_as_ever(shop: flask.Flask) -> None:
    assert ask(make_application(), "/authors", "/broken") == [200, 500]
    assert shop.test_client().get("/orders/3").text == "3"


def test_a_method_is_extended_where_it_is_defined_and_what_is_no_function_left_alone(tmp_path: Path) -> None:
    class Above:
        def ask(self) -> str:
            return "asked"

        mocked = Mock(return_value="mocked")

    class Below(Above):
        pass

    def around(method: Callable[..., str], *args: object) -> str:
        return f"around {method(*args)}"

    for _ in range(2):
        for owner in (Below, Above):
            extend(owner, "ask", around)
            extend(owner, "mocked", around)
            extend(owner, "missing", around)
    with tracing(tmp_path):
        assert (Below().ask(), Above().ask(), Below().mocked()) == ("around asked", "around asked", "mocked")
        with patch.object(Above, "ask", lambda _: "replaced"):
            assert Below().ask() == "replaced"
    assert "ask" not in vars(Below)
    assert (Below().ask(), Above().ask()) == ("asked", "asked")


def test_what_a_template_of_jinja_s_asks_is_asked_by_who_renders_it() -> None:
    found: list[Origin | None] = []
    template = Environment(autoescape=True).from_string("{% for _ in 'ab' %}{{ ask() }}{% endfor %}")

    def ask() -> None:
        found.append(find_outside(("sqlalchemy",), sys._getframe(1)))

    def show_page() -> None:
        template.render(ask=ask)

    show_page()
    own_name = sys._getframe().f_code.co_name
    assert [origin and origin.caller for origin in found] == [f"{own_name}.show_page"] * 2


@pytest.mark.parametrize(("module", "is_asker"), [("factory.base", False), ("factory.orders", True)])
def test_what_makes_a_test_s_rows_is_not_who_writes_them(module: str, is_asker: bool) -> None:
    found: list[Origin | None] = []
    own: dict[str, Any] = {
        "__name__": module,
        "write": lambda: found.append(find_outside(("sqlalchemy",), sys._getframe(1))),
    }
    exec(compile("def create_batch(): write()", f"/packages/{module}.py", "exec"), own)  # noqa: S102
    own["create_batch"]()
    here = sys._getframe().f_code.co_name
    assert [origin and origin.caller for origin in found] == ["create_batch" if is_asker else here]
