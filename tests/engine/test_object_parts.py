"""Parts in an object store: whole or not there, measured once, by whoever can reach it."""

import os
from collections.abc import Iterator
from pathlib import Path
from unittest.mock import patch

import dask
import pytest
from distributed import LocalCluster

from tests.object_server import ObjectServer, road_to, serving_objects
from tests.running import BARE, SINGLE
from tests.truth import log_path
from tracereport.command.cli import main
from tracereport.engine import tasks
from tracereport.engine.cores import CLUSTER_SCHEME
from tracereport.engine.stores import ObjectPartStore, open_store
from tracereport.errors import OutputError, UsageError

LOGS = [str(path) for path in (SINGLE, BARE, log_path("hostile"))]


@pytest.fixture
def server() -> Iterator[ObjectServer]:
    with serving_objects() as found:
        found.make_bucket("store")
        for name in LOGS:
            found.put("store", f"logs/{Path(name).name}", Path(name).read_bytes())
        yield found


def report_of(tmp_path: Path, *arguments: str, code: int = 0) -> bytes:
    document = tmp_path / "report.json"
    assert main([*arguments, "-q", "--title", "t", "-o", str(document)]) == code
    return document.read_bytes()


@pytest.mark.usefixtures("server")
def test_parts_in_a_store_give_the_report_of_one_process(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = report_of(tmp_path, "s3://store/logs/*")
    parts = "s3://store/runs/17"
    assert report_of(tmp_path, "s3://store/logs/*", "--parts", parts, "--workers", "2") == whole
    assert len(open_store(parts).names()) == len(LOGS)
    # What is done stays done.
    monkeypatch.setattr(tasks, "read_sets", None)
    assert report_of(tmp_path, "s3://store/logs/*", "--parts", parts, "--workers", "1") == whole
    assert report_of(tmp_path, "join", parts) == whole


def test_an_object_that_has_changed_is_measured_again(server: ObjectServer, tmp_path: Path) -> None:
    logs, parts = "s3://store/logs/*", "s3://store/runs/18"
    report_of(tmp_path, logs, "--parts", parts)
    before = set(open_store(parts).names())
    server.put("store", f"logs/{SINGLE.name}", BARE.read_bytes())
    report_of(tmp_path, logs, "--parts", parts)
    after = set(open_store(parts).names())
    assert before < after
    assert len(after) == len(LOGS) + 1
    assert main(["join", parts, "-q"]) == 2, "two parts are of one input"


@pytest.mark.usefixtures("server")
def test_shares_measured_apart_are_joined_from_a_store(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    parts = "s3://store/runs/19/"
    assert main(["measure", "s3://store/logs/*", "--parts", parts, "--shard", "2/2", "-q"]) == 0
    report_of(tmp_path, "join", parts, code=3)
    assert "its part is missing" in capsys.readouterr().err
    assert main(["measure", "s3://store/logs/*", "--parts", parts, "--shard", "1/2", "-q"]) == 0
    assert report_of(tmp_path, "join", parts) == report_of(tmp_path, "s3://store/logs/*")


@pytest.mark.usefixtures("server")
def test_a_clusters_workers_read_and_write_the_store_themselves(tmp_path: Path) -> None:
    whole = report_of(tmp_path, "s3://store/logs/*")
    with (
        patch.dict(os.environ),
        dask.config.set({"distributed.scheduler.allowed-failures": 0}),
        LocalCluster(
            n_workers=2, threads_per_worker=1, dashboard_address=None, host="127.0.0.1", silence_logs=50
        ) as cluster,
    ):
        workers = cluster.scheduler_address.replace("tcp://", CLUSTER_SCHEME)
        arguments = ("s3://store/logs/*", "--workers", workers, "--parts", "s3://store/runs/20")
        assert report_of(tmp_path, *arguments) == whole


def test_a_part_that_cant_be_written_is_no_part(server: ObjectServer, tmp_path: Path) -> None:
    store = open_store("s3://store/runs/21")
    with road_to(server, lambda _: 0), pytest.raises(OutputError, match=r"runs/21/a\.part: "):
        store.write("a.part", b"x" * 100)
    assert [store.read(name) for name in store.names()] in ([], [b"x" * 100]), "whole, or not there"
    store.write("a.part", b"x" * (12 << 20))
    assert store.read("a.part") == b"x" * (12 << 20)
    server.put("store", "runs/21/deeper/b.part", b"x")
    server.put("store", "runs/21/notes.txt", b"x")
    assert store.names() == ["a.part"]
    assert main(["join", "s3://store/none", "-q", "-o", str(tmp_path / "report.txt")]) == 3
    assert main(["join", "s3://nowhere/parts", "-q"]) == 3


def test_parts_are_kept_where_they_can_be_listed() -> None:
    with pytest.raises(UsageError, match="parts can't be kept there"):
        open_store("https://example.com/parts?signature=1")
    assert isinstance(open_store("gs://bucket/parts"), ObjectPartStore)


def test_the_configuration_takes_a_store_for_parts(server: ObjectServer, tmp_path: Path) -> None:
    config = tmp_path / "tracereport.toml"
    config.write_text('parts = "s3://store/runs/22"\n')
    assert main(["measure", SINGLE.as_posix(), "--config", str(config), "-q"]) == 0
    assert server.port
    assert len(open_store("s3://store/runs/22").names()) == 1
