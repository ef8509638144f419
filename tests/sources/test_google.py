"""Inputs and parts in a store of Google's: a server on loopback that speaks as much of its XML API as is asked for."""

import hashlib
import json
import os
import re
import threading
from collections.abc import Iterator
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import ClassVar
from unittest.mock import patch
from urllib.parse import parse_qs, unquote, urlsplit
from xml.sax.saxutils import escape

import pytest

from tests.ports import LOOPBACK
from tests.sources.stores import LOGS, hold_store
from tracereport.command.cli import main
from tracereport.sources import object_file
from tracereport.sources.object_file import ObjectFile

BIG = os.urandom(1 << 20)


class GoogleHandler(BaseHTTPRequestHandler):
    """Objects of one bucket, by their keys."""

    protocol_version = "HTTP/1.1"
    objects: ClassVar[dict[str, bytes]] = {}
    asked: ClassVar[list[tuple[str, str]]] = []

    def do_PUT(self) -> None:
        content = self.rfile.read(int(self.headers["Content-Length"]))
        self.objects[self._key] = content
        self._answer(HTTPStatus.OK, ETag=_tag(content))

    def do_HEAD(self) -> None:
        self.do_GET()

    def do_GET(self) -> None:
        bucket, key = urlsplit(self.path).path.split("/", 2)[1:] if self.path.count("/") > 1 else (self.path[1:], "")
        self.asked.append((self.command, self.headers.get("Range", "")))
        if not bucket.startswith("logs"):
            self._answer(HTTPStatus.NOT_FOUND, b"<Error><Code>NoSuchBucket</Code></Error>")
        elif not key:
            self._list(parse_qs(urlsplit(self.path).query))
        elif self._key not in self.objects:
            self._answer(HTTPStatus.NOT_FOUND, b"<Error><Code>NoSuchKey</Code></Error>")
        else:
            self._give(self.objects[self._key])

    def _give(self, content: bytes) -> None:
        tag = _tag(content)
        if self.headers.get("If-Match", tag) != tag:
            self._answer(HTTPStatus.PRECONDITION_FAILED)
            return
        told = {"ETag": tag, "Last-Modified": "Thu, 26 Nov 2026 10:00:00 GMT"}
        wanted = re.fullmatch(r"bytes=(\d+)-(\d*)", self.headers.get("Range", ""))
        if wanted is None:
            self._answer(HTTPStatus.OK, content, **told)
            return
        start, end = int(wanted[1]), int(wanted[2] or len(content) - 1) + 1
        told["Content-Range"] = f"bytes {start}-{end - 1}/{len(content)}"
        self._answer(HTTPStatus.PARTIAL_CONTENT, content[start:end], **told)

    def _list(self, query: dict[str, list[str]]) -> None:
        prefix = query.get("prefix", [""])[0]
        is_flat = "delimiter" in query
        keys = [key for key in sorted(self.objects) if key.startswith(prefix)]
        found = [key for key in keys if not (is_flat and "/" in key.removeprefix(prefix))]
        rows = "".join(
            f"<Contents><Key>{escape(key)}</Key><LastModified>2026-11-26T10:00:00.000Z</LastModified>"
            f"<ETag>{escape(_tag(self.objects[key]))}</ETag><Size>{len(self.objects[key])}</Size></Contents>"
            for key in found
        )
        self._answer(HTTPStatus.OK, f"<ListBucketResult>{rows}</ListBucketResult>".encode())

    @property
    def _key(self) -> str:
        return unquote(urlsplit(self.path).path.split("/", 2)[2])

    def _answer(self, status: HTTPStatus, body: bytes = b"", **told: str) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        for name, value in told.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Nothing."""


def _tag(content: bytes) -> str:
    return f'"{hashlib.md5(content, usedforsecurity=False).hexdigest()}"'


@pytest.fixture
def store(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A bucket with three logs; its URL. This process is led to it."""
    monkeypatch.setattr(GoogleHandler, "objects", {key: path.read_bytes() for key, path in LOGS.items()})
    monkeypatch.setattr(GoogleHandler, "asked", [])
    with ThreadingHTTPServer((LOOPBACK, 0), GoogleHandler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        account = {
            "gcs_base_url": f"http://{LOOPBACK}:{server.server_port}",
            "disable_oauth": True,
            **dict.fromkeys(("client_email", "private_key", "private_key_id"), ""),
        }
        with patch.dict(os.environ, GOOGLE_SERVICE_ACCOUNT_KEY=json.dumps(account)):
            yield "gs://logs"
        server.shutdown()


def test_objects_are_listed_measured_and_joined(store: str, tmp_path: Path) -> None:
    hold_store(store, tmp_path)


def test_a_large_object_is_fetched_in_pieces(store: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(object_file, "PIECE_BYTES", 1 << 18)
    monkeypatch.setattr(object_file, "LOOK_BYTES", 1 << 16)
    GoogleHandler.objects["big"] = BIG
    with ObjectFile(f"{store}/big") as file:
        assert b"".join(iter(lambda: file.read(1 << 16), b"")) == BIG
    assert sorted(GoogleHandler.asked) == [
        ("GET", ""), ("GET", "bytes=262144-524287"), ("GET", "bytes=524288-786431"), ("GET", "bytes=786432-1048575"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("gs://logs/none.log", "gs://logs/none.log: no such object"),
        ("gs://none/a.log", "gs://none/a.log: there is no bucket none"),
        ("gs://logs/none*.log", "gs://logs/none*.log: no object matches"),
    ],
)
@pytest.mark.usefixtures("store")
def test_what_isnt_there_is_named(url: str, message: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([url]) == 3
    assert message in capsys.readouterr().err
