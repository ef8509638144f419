"""Inputs and parts in a store of Azure's: Azurite on loopback, Microsoft's own emulator of it."""

import base64
import hashlib
import hmac
import http.client
import shutil
from collections.abc import Iterator
from email.utils import formatdate
from pathlib import Path

import obstore
import pytest
from obstore.store import from_url

from tests.paths import ROOT
from tests.ports import LOOPBACK, free_port, wait_for_port
from tests.sources.stores import LOGS, hold_store
from tests.waiting import PATIENCE_SECONDS, started
from tracereport.command.cli import main

ACCOUNT = "devstoreaccount1"
KEY = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="
"""What Azurite's documentation gives as its account and that one's key."""


def find_azurite() -> str:
    """The program; it is an npm package."""
    local = ROOT / "node_modules" / ".bin" / "azurite-blob"
    found = str(local) if local.exists() else shutil.which("azurite-blob")
    if found is None:
        pytest.skip("needs Azurite: npm install")
    return found


def make_container(port: int, name: str) -> None:
    """Makes a container, by a request that is signed as Azure wants it: obstore makes none."""
    date, version = formatdate(usegmt=True), "2021-08-06"
    signed = (
        f"PUT{chr(10) * 12}x-ms-date:{date}\nx-ms-version:{version}\n/{ACCOUNT}/{ACCOUNT}/{name}\nrestype:container"
    )
    digest = hmac.new(base64.b64decode(KEY), signed.encode(), hashlib.sha256).digest()
    told = {
        "x-ms-date": date,
        "x-ms-version": version,
        "Authorization": f"SharedKey {ACCOUNT}:{base64.b64encode(digest).decode()}",
        "Content-Length": "0",
    }
    connection = http.client.HTTPConnection(LOOPBACK, port, timeout=PATIENCE_SECONDS)
    connection.request("PUT", f"/{ACCOUNT}/{name}?restype=container", headers=told)
    assert connection.getresponse().status == http.client.CREATED
    connection.close()


@pytest.fixture(scope="module")
def store() -> Iterator[str]:
    """A container with three logs; its URL. This process is led to it."""
    program = find_azurite()
    port = free_port()
    options = ("--inMemoryPersistence", "--silent", "--skipApiVersionCheck", "--disableTelemetry")
    variables = {
        "AZURE_STORAGE_USE_EMULATOR": "true",
        "AZURITE_BLOB_STORAGE_URL": f"http://{LOOPBACK}:{port}",
        "AZURE_STORAGE_ACCOUNT_NAME": ACCOUNT,
        "AZURE_STORAGE_ACCOUNT_KEY": KEY,
    }
    with (
        started([program, "--blobPort", str(port), *options]) as server,
        pytest.MonkeyPatch.context() as patch,
    ):
        wait_for_port(port, server)
        make_container(port, "logs")
        for name, value in variables.items():
            patch.setenv(name, value)
        container = from_url("az://logs", client_options={"allow_http": True})
        for key, path in LOGS.items():
            obstore.put(container, key, path.read_bytes())
        yield "az://logs"


def test_objects_are_listed_measured_and_joined(store: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    hold_store(store, tmp_path)
    assert f"{store}/parts: 1 part measured" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("url", "message", "remedy"),
    [
        ("az://logs/none.log", "az://logs/none.log: no such object", "Check its name"),
        ("az://none/a.log", "az://none/a.log: there is no container none", "Check its name."),
        ("az://logs/none*.log", "no object matches", "Check the pattern"),
    ],
)
def test_what_isnt_there_is_named(
    store: str, url: str, message: str, remedy: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert store.startswith("az://")
    assert main([url]) == 3
    said = capsys.readouterr().err
    assert message in said
    assert remedy in said


def test_a_wrong_key_is_refused(
    store: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("AZURE_STORAGE_ACCOUNT_KEY", base64.b64encode(b"another").decode())
    assert main([f"{store}/night/single.log"]) == 3
    said = capsys.readouterr().err
    assert "access is denied" in said
    assert "AZURE_STORAGE_ACCOUNT_KEY" in said
