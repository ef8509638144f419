"""What is asked of other servers, by requests and httpx: one call a request, with what the answer depends on."""

import asyncio
import threading
from asyncio.base_events import BaseEventLoop
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from tests.tracing import tracing

requests = pytest.importorskip("requests")
httpx = pytest.importorskip("httpx")

from tracereport.emit import httpx as httpx_hook  # noqa: E402  # only where it is installed
from tracereport.emit import requests as requests_hook  # noqa: E402
from tracereport.emit.threads import hand_on_runs  # noqa: E402

STATUSES = {"/broken": 503, "/busy": 429, "/slow": 408, "/unchanged": 304, "/none": 404}


class Answers(BaseHTTPRequestHandler):
    def do_GET(self) -> None:  # the server's name
        if self.path == "/moved":
            self.send_response(302)
            self.send_header("Location", "/here")
        else:
            self.send_response(STATUSES.get(self.path, 200))
        body = f"{self.path} {self.headers.get('Accept-Language', '')}".encode()
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_POST(self) -> None:  # as above
        self.rfile.read(int(self.headers["Content-Length"]))
        self.do_GET()

    def log_message(self, *_: object) -> None: ...


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    requests_hook.trace_sending()
    httpx_hook.trace_sending()
    with ThreadingHTTPServer(("127.0.0.1", 0), Answers) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def name_of(server: str) -> str:
    return server.removeprefix("http://")


@pytest.mark.parametrize("library", ["requests", "httpx"])
def test_a_request_is_a_question_by_method_and_server_whose_path_is_a_parameter(
    tmp_path: Path, server: str, library: str
) -> None:
    get = (requests if library == "requests" else httpx).get
    with tracing(tmp_path) as calls:
        texts = [get(f"{server}/users/{number}?full=1").text for number in (1, 2, 1)]
        get(f"{server}/users/1?full=1", headers={"Accept-Language": "de"})
    assert texts == [f"/users/{number}?full=1 " for number in (1, 2, 1)]
    assert {call.function for call in calls} == {f"GET {name_of(server)}"}
    assert [dict(call.params)["path"] for call in calls] == [f"/users/{number}?full=1" for number in (1, 2, 1, 1)]
    assert calls[0].params == calls[2].params != calls[3].params
    assert calls[0].metrics == {**calls[2].metrics, "status": 200, "bytes": len(texts[0])}
    assert calls[0].metrics["digest"] != calls[1].metrics["digest"]
    assert {(call.caller.rpartition(".")[2], call.reserved["via"]) for call in calls} == {
        ("test_a_request_is_a_question_by_method_and_server_whose_path_is_a_parameter", library)
    }


@pytest.mark.parametrize("library", ["requests", "httpx"])
def test_what_is_sent_to_a_server_is_a_write_and_its_error_no_answer(tmp_path: Path, server: str, library: str) -> None:
    module = requests if library == "requests" else httpx
    with tracing(tmp_path) as calls:
        module.post(f"{server}/users", data={"name": "a"})
        module.get(f"{server}/broken")
        with pytest.raises((requests.ConnectionError, httpx.ConnectError)):
            module.get("http://127.0.0.1:9/")
    assert [call.reserved.get("write") for call in calls] == [name_of(server), None, None]
    assert [call.reserved.get("failed") for call in calls] == [None, "1", "1"]


@pytest.mark.parametrize("library", ["requests", "httpx"])
def test_to_be_told_to_try_again_is_no_answer_and_what_is_unchanged_is_one_that_is_kept(
    tmp_path: Path, server: str, library: str
) -> None:
    get = (requests if library == "requests" else httpx).get
    with tracing(tmp_path) as calls:
        codes = [get(server + path).status_code for path in ("/busy", "/slow", "/unchanged", "/none")]
    assert codes == [429, 408, 304, 404]
    assert [call.reserved.get("failed") for call in calls] == ["1", "1", None, None]
    assert [call.reserved.get("cached") for call in calls] == [None, None, "1", None]


def test_requests_that_are_gathered_are_asked_by_the_line_that_gathers_them(
    tmp_path: Path, server: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(BaseEventLoop, "create_task", BaseEventLoop.create_task)  # what follows goes on without

    async def load_all() -> None:
        async with httpx.AsyncClient() as client:
            await asyncio.gather(*(client.get(f"{server}/{key}") for key in range(3)))

    hand_on_runs()
    with tracing(tmp_path) as calls:
        asyncio.run(load_all())
    assert {call.caller.rpartition(".")[2] for call in calls} == {"load_all"}
    assert {call.reserved["at"].rpartition(":")[0] for call in calls} == {"tests/emit/test_http.py"}
    assert len({call.reserved["activation"] for call in calls}) == 1


def test_what_a_redirection_asks_is_inside_the_request(tmp_path: Path, server: str) -> None:
    with tracing(tmp_path) as calls:
        assert requests.get(f"{server}/moved").text == "/here "
    assert [(dict(call.params)["path"], call.parent) for call in calls] == [("/here", 0), ("/moved", None)]


def test_an_answer_that_is_streamed_is_left_to_the_program(tmp_path: Path, server: str) -> None:
    with tracing(tmp_path) as calls:
        with requests.get(f"{server}/a", stream=True) as response:
            assert b"".join(response.iter_content(1)) == b"/a "
        with httpx.stream("GET", f"{server}/a") as response:
            assert b"".join(response.iter_bytes(1)) == b"/a "
    assert [call.metrics for call in calls] == [{"status": 200}] * 2


def test_asynchronous_clients_are_traced_and_those_of_an_application_in_this_process_not(
    tmp_path: Path, server: str
) -> None:
    async def application(_scope: object, _receive: object, send: object) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})  # type: ignore[operator]
        await send({"type": "http.response.body", "body": b"inside"})  # type: ignore[operator]

    async def main() -> list[str]:
        async with httpx.AsyncClient() as client:
            outside = await client.get(f"{server}/a")
        transport = httpx.ASGITransport(application)
        async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
            inside = await client.get("/a")
        async with httpx.AsyncClient(transport=httpx.MockTransport(lambda _: httpx.Response(200))) as client:
            await client.get("http://payments.test/state")
        return [outside.text, inside.text]

    with tracing(tmp_path) as calls:
        assert asyncio.run(main()) == ["/a ", "inside"]
    assert [call.function for call in calls] == [f"GET {name_of(server)}", "GET payments.test"]


@pytest.mark.parametrize("library", ["requests", "httpx"])
def test_what_the_library_refuses_it_refuses_in_its_own_words(tmp_path: Path, library: str) -> None:
    client = requests.Session() if library == "requests" else httpx.Client()

    def refusal() -> str:
        with pytest.raises((ValueError, AttributeError, TypeError)) as caught:
            client.send("no request")
        return f"{caught.type} {caught.value}"

    untraced = refusal()
    with tracing(tmp_path):
        assert refusal() == untraced
    client.close()
