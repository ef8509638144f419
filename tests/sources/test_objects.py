"""Inputs in object stores: found, streamed, taken up again where a connection breaks, and refused in plain words."""

import gzip
import os
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import chain
from pathlib import Path
from typing import ClassVar

import msgspec
import pytest

from tests.object_server import ObjectServer, road_to, serving_objects
from tests.ports import LOOPBACK
from tests.running import BARE, DEEP, SINGLE, run
from tests.sources.stores import report_of
from tests.waiting import wait_until
from tracereport.command import rendering
from tracereport.command.cli import main
from tracereport.command.job import Job, Result
from tracereport.command.rendering import make_documents
from tracereport.documents.writer import Document
from tracereport.errors import InputError, UsageError
from tracereport.model import Report
from tracereport.sources import object_file, objects
from tracereport.sources.object_file import ObjectFile
from tracereport.sources.objects import describe_objects, list_objects
from tracereport.sources.urls import is_url, without_secrets

BIG = os.urandom(1 << 20) * 4
HALF_MEGABYTE = 1 << 19


@pytest.fixture(scope="module")
def server() -> Iterator[ObjectServer]:
    with serving_objects() as found:
        yield found


@pytest.fixture(scope="module")
def logs(server: ObjectServer) -> str:
    bucket = server.make_bucket("logs")
    for path in (SINGLE, BARE, DEEP):
        server.put("logs", f"night/{path.name}", path.read_bytes())
    server.put("logs", "night/packed/single.log.gz", gzip.compress(SINGLE.read_bytes()))
    server.put("logs", "night/", b"")
    server.put("logs", "big", BIG)
    return bucket


def read(url: str) -> bytes:
    with ObjectFile(url) as file:
        return b"".join(iter(lambda: file.read(1 << 16), b""))


def read_on(file: ObjectFile, came: bytearray) -> None:
    """Adds what comes, up to the end or an error."""
    while piece := file.read(1 << 16):
        came += piece


def run_printed(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    assert main([*arguments]) == 0
    return capsys.readouterr().out


def test_an_object_gives_the_report_of_its_file(logs: str, tmp_path: Path) -> None:
    for path in (SINGLE, DEEP):
        url = f"{logs}/night/{path.name}"
        there = report_of(tmp_path, url).replace(url.encode(), str(path).encode())
        assert there == report_of(tmp_path, str(path))


def test_a_table_of_calls_is_read_from_a_store_as_well(server: ObjectServer, logs: str, tmp_path: Path) -> None:
    table = tmp_path / "calls.parquet"
    assert main([str(SINGLE), "-q", "-o", str(table)]) == 0
    url = server.put("logs", "tables/calls.parquet", table.read_bytes())
    assert logs in url
    assert report_of(tmp_path, url) == report_of(tmp_path, str(table))


@pytest.mark.parametrize(
    ("pattern", "found"),
    [
        ("night/*.log", [BARE.name, SINGLE.name]),
        ("night/**/*.gz", ["packed/single.log.gz"]),
        ("night/*/single*", ["packed/single.log.gz"]),
        ("nig?t/b*.log", [BARE.name]),
        ("night/[!b]*.log", [SINGLE.name]),
        ("night/[a-c]*", [BARE.name]),
        ("**/*.zst", [DEEP.name]),
        ("night/**", [BARE.name, DEEP.name, SINGLE.name, "packed/single.log.gz"]),
    ],
)
def test_globs_are_listed_in_the_store(logs: str, pattern: str, found: list[str]) -> None:
    assert list_objects(f"{logs}/{pattern}") == [f"{logs}/night/{name}" for name in found]


def test_an_object_whose_name_looks_like_a_pattern_is_named_by_it(server: ObjectServer, logs: str) -> None:
    server.put("logs", "odd/run[1].log", b"x")
    server.put("logs", "odd/run1.log", b"x")
    assert list_objects(f"{logs}/odd/run[1].log") == [f"{logs}/odd/run[1].log"]


def test_more_than_a_thousand_objects_are_listed(server: ObjectServer, logs: str) -> None:
    for number in range(1203):
        server.put("logs", f"many/{number:04}.log", b"x")
    for pattern in ("many/*.log", "many/**"):
        found = list_objects(f"{logs}/{pattern}")
        assert found == [f"{logs}/many/{number:04}.log" for number in range(1203)]
    assert {state.size for state in describe_objects(found[::100])} == {1}


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("s3://nowhere/a.log", "s3://nowhere/a.log: there is no bucket nowhere"),
        ("s3://nowhere/*.log", "s3://nowhere/: there is no bucket nowhere"),
        ("s3://logs/night/none.log", "s3://logs/night/none.log: no such object"),
        ("s3://logs/none/*.log", "s3://logs/none/*.log: no object matches"),
        (f"http://{LOOPBACK}:1/a.log?signature=secret", f"http://{LOOPBACK}:1/a.log: the server can't be reached"),
    ],
)
@pytest.mark.usefixtures("logs")
def test_what_isnt_there_is_named(url: str, message: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([url, "-q"]) == 3
    said = capsys.readouterr().err
    assert said.startswith(f"tracereport: {message}\n")
    assert "secret" not in said


def test_a_folder_of_a_store_is_no_input(logs: str) -> None:
    for folder in (logs, f"{logs}/", f"{logs}/night/"):
        with pytest.raises(UsageError, match="not an object"):
            list_objects(folder)


def test_wrong_credentials_are_told_from_missing_ones(
    server: ObjectServer, logs: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    server.demand_credentials()
    try:
        for name in (f"night/{SINGLE.name}", "night/*.log"):
            assert main([f"{logs}/{name}", "-q"]) == 3
            said = capsys.readouterr().err
            assert "access is denied (InvalidAccessKeyId)" in said
            assert "AWS_SECRET_ACCESS_KEY" in said
    finally:
        server.forgive()
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    assert main([f"{logs}/night/{SINGLE.name}", "-q"]) == 3
    assert "no credentials for this store are set" in capsys.readouterr().err
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    # Who asks is asked of the machine's cloud then: here it is one that knows nothing.
    monkeypatch.setenv("AWS_METADATA_ENDPOINT", f"http://{LOOPBACK}:{server.port}/169.254.169.254")
    assert main([f"{logs}/night/{SINGLE.name}", "-q"]) == 3
    assert "no credentials for this store are set" in capsys.readouterr().err


def test_without_the_package_the_error_says_what_to_install(tmp_path: Path) -> None:
    (tmp_path / "obstore.py").write_text("raise ImportError('not here')\n")
    done = run("s3://logs/a.log", PYTHONPATH=f"{tmp_path}{os.pathsep}{Path(__file__).parents[2]}")
    assert done.returncode == 2
    assert "object stores need the package obstore" in done.stderr.decode()
    assert "pip install 'tracereport[cloud]'" in done.stderr.decode()


def test_a_connection_that_breaks_is_taken_up_where_it_broke(server: ObjectServer, logs: str) -> None:
    with road_to(server, lambda number: HALF_MEGABYTE if number < 4 else None) as road:
        assert read(f"{logs}/big") == BIG
        assert road.used == 4
    with road_to(server, lambda _: HALF_MEGABYTE) as road:
        assert read(f"{logs}/big") == BIG, "however often, as long as something comes"
        assert road.used == len(BIG) // HALF_MEGABYTE + 1


def test_a_store_that_is_gone_in_the_middle_leaves_what_was_read(
    server: ObjectServer, logs: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    url = server.put("logs", "gone/a.log", SINGLE.read_bytes())
    size = SINGLE.stat().st_size

    def carries(number: int) -> int | None:
        """The first is asked what the object is, the second looks at its beginning."""
        return None if number < 3 else size // 2 if number == 3 else 0

    with road_to(server, carries):
        document = report_of(tmp_path, url, code=3)
    said = capsys.readouterr().err
    assert f"{url}: the server can't be reached and reading can't go on from there: only" in said
    assert f"of {size:,} bytes were read" in said
    report = msgspec.json.decode(document, type=Report)
    assert report.input is not None
    assert report.input.errors[0].startswith(f"{url}: ")
    assert 0 < report.totals.calls < 691
    assert logs in report.input.files[0]


def test_a_server_that_sends_nothing_more_is_given_up(
    server: ObjectServer, logs: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(objects, "READ_SECONDS", 5)  # a busy server answers within it
    with road_to(server, lambda number: HALF_MEGABYTE if number == 1 else None, stalls=True):
        assert read(f"{logs}/big") == BIG, "it goes on after a while"
    with (
        road_to(server, lambda number: HALF_MEGABYTE if number == 1 else 100, stalls=True),
        pytest.raises(OSError, match=r"took too long to answer.*: only"),
    ):
        read(f"{logs}/big")


def test_an_object_that_changes_while_it_is_read_is_noticed(server: ObjectServer) -> None:
    server.make_bucket("changing")
    url = server.put("changing", "log", BIG)

    def change(number: int) -> None:
        if number == 2:
            server.put("changing", "log", BIG[::-1])

    with (
        road_to(server, lambda number: HALF_MEGABYTE if number == 1 else None, before=change),
        pytest.raises(OSError, match=r"it was changed while it was read: only [0-9,]+ of 4,194,304 bytes were read"),
    ):
        read(url)
    state = describe_objects([url])[0]
    with pytest.raises(InputError, match="it was changed while it was read"):
        ObjectFile(url, version='"another"')
    assert ObjectFile(url, version=state.version).size == len(BIG)


@pytest.fixture
def small_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is four megabytes is read as if it were sixty-four."""
    monkeypatch.setattr(object_file, "PIECE_BYTES", HALF_MEGABYTE)
    monkeypatch.setattr(object_file, "LOOK_BYTES", HALF_MEGABYTE // 8)


@pytest.mark.usefixtures("small_pieces")
def test_of_a_large_object_the_next_pieces_are_fetched_meanwhile(server: ObjectServer, logs: str) -> None:
    with road_to(server, lambda _: None) as road, ObjectFile(f"{logs}/big") as file:
        head = file.read(1000)
        assert road.used == 1, "its format is told by what one connection brings"
        while len(head) < HALF_MEGABYTE // 2:
            head += file.read(1000)
        wait_until(lambda: road.used > 2, "the next piece isn't fetched")
        assert head + b"".join(iter(lambda: file.read(1 << 16), b"")) == BIG


@pytest.mark.usefixtures("small_pieces")
def test_every_piece_is_taken_up_where_its_connection_broke(server: ObjectServer, logs: str) -> None:
    with road_to(server, lambda _: HALF_MEGABYTE // 3) as road:
        assert read(f"{logs}/big") == BIG
        assert road.used >= 24, "three for each of eight"


@pytest.mark.usefixtures("small_pieces")
def test_of_pieces_that_cant_be_had_it_is_said_up_to_where_it_was_read(server: ObjectServer, logs: str) -> None:
    with (
        road_to(server, lambda number: None if number == 1 else HALF_MEGABYTE // 3 if number == 2 else 0),
        ObjectFile(f"{logs}/big") as file,
    ):
        came = bytearray()
        with pytest.raises(OSError, match=r": only [0-9,]+ of 4,194,304 bytes were read") as raised:
            read_on(file, came)
    assert f"only {len(came):,} of" in str(raised.value)
    assert HALF_MEGABYTE <= len(came) < 2 * HALF_MEGABYTE
    assert BIG.startswith(came)


@pytest.mark.usefixtures("small_pieces")
def test_pieces_are_of_one_version(server: ObjectServer) -> None:
    server.make_bucket("pieces")
    url = server.put("pieces", "log", BIG)
    with ObjectFile(url) as file:
        came = bytearray(file.read(1000))
        server.put("pieces", "log", BIG[::-1])
        with pytest.raises(OSError, match=r"it was changed while it was read: only 524,288 of 4,194,304 bytes"):
            read_on(file, came)
    assert came == BIG[:HALF_MEGABYTE]


@pytest.mark.parametrize("wanted", [["--format", "raw"], ["--explain", ""]])
def test_lines_are_read_again_only_of_an_object_that_is_still_the_same(
    server: ObjectServer, wanted: list[str], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    url = server.put("logs", "again/a.log", SINGLE.read_bytes())
    first = msgspec.json.decode(run_printed(capsys, url, "--format", "json"), type=Report).findings.rows[0].fingerprint
    arguments = [url, "-q", *(first if argument == "" else argument for argument in wanted)]
    assert "PERF_TRACE|" in run_printed(capsys, *arguments)

    def change_before(job: Job, result: Result) -> list[Document]:
        server.put("logs", "again/a.log", SINGLE.read_bytes().replace(b"PERF_TRACE|1|", b"PERF_TRACE|2|"))
        return make_documents(job, result)

    monkeypatch.setattr(rendering, "make_documents", change_before)
    assert main(arguments) != 0
    printed = capsys.readouterr()
    assert f"{url}: it was changed after its calls were read" in printed.err
    assert "PERF_TRACE|" not in printed.out


class WebHandler(BaseHTTPRequestHandler):
    """Gives one object, whatever it is asked for; as many servers do it knows no ranges, and its tags are weak."""

    content: ClassVar[bytes] = SINGLE.read_bytes()
    breaks_after: ClassVar[int | None] = None
    asked: ClassVar[list[tuple[str, str]]] = []

    def do_GET(self) -> None:
        self.asked.append((self.path, self.headers.get("Range", "")))
        self.send_response(200)
        self.send_header("Content-Length", str(len(self.content)))
        self.send_header("ETag", 'W/"7"')
        self.send_header("Last-Modified", "Thu, 26 Nov 2026 10:00:00 GMT")
        self.end_headers()
        self.wfile.write(self.content[: self.breaks_after])

    def log_message(self, *_: object) -> None:
        """Nothing."""


@pytest.fixture
def web(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    monkeypatch.setattr(WebHandler, "asked", [])
    with ThreadingHTTPServer((LOOPBACK, 0), WebHandler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://{LOOPBACK}:{server.server_port}"
        server.shutdown()


def test_a_signed_url_is_read_and_its_signature_is_in_no_document(web: str, tmp_path: Path) -> None:
    url = f"{web}/a%20log/single.log?X-Signature=s3cr3t"
    documents = [str(tmp_path / f"report.{suffix}") for suffix in ("json", "html", "md", "txt")]
    assert main([url, "-q", *chain(*(("-o", document) for document in documents))]) == 0
    for document in documents:
        assert b"s3cr3t" not in Path(document).read_bytes()
    report = msgspec.json.decode(Path(documents[0]).read_bytes(), type=Report)
    assert report.totals.calls == 691
    assert report.title == "single.log"
    assert report.input is not None
    assert report.input.files == (f"{web}/a%20log/single.log",)
    assert {path for path, _ in WebHandler.asked} == {"/a%20log/single.log?X-Signature=s3cr3t"}


def test_a_server_without_ranges_cant_be_taken_up_where_it_broke(web: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(WebHandler, "breaks_after", 40_000)
    with pytest.raises(OSError, match=r"the connection broke and reading can't go on from there: only [0-9,]+ of"):
        read(f"{web}/single.log")
    assert [asked for _, asked in WebHandler.asked if asked], "it was tried"


def test_what_a_url_keeps_secret_is_in_no_document() -> None:
    assert without_secrets("https://me:pass@host:8/a/b.log?X-Amz-Signature=1#x") == "https://host:8/a/b.log"
    assert without_secrets("s3://bucket/what?.log") == "s3://bucket/what?.log"
    assert [is_url(name) for name in ("s3://a/b", "https://a", "C://x", "a/b", "ftp://a/b", "-")] == [
        True, True, False, False, False, False,
    ]  # fmt: skip
