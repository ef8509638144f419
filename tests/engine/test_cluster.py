"""A cluster's workers give the same report as this process, and one that dies is named."""

import os
from collections.abc import Iterator
from pathlib import Path
from unittest.mock import patch

import dask
import pytest
from distributed import LocalCluster

from tests.paths import LOGS
from tracereport.command.cli import main
from tracereport.engine import workers
from tracereport.engine.cores import CLUSTER_SCHEME
from tracereport.engine.tasks import Task
from tracereport.errors import InputError
from tracereport.model import Settings

SOME = sorted(LOGS.glob("*.log"))[:4]


@pytest.fixture(scope="module")
def cluster() -> Iterator[str]:
    with (
        patch.dict(os.environ),  # a cluster sets some for its workers, and leaves them
        dask.config.set({"distributed.scheduler.allowed-failures": 0}),
        LocalCluster(
            n_workers=2, threads_per_worker=1, dashboard_address=None, host="127.0.0.1", silence_logs=50
        ) as found,
    ):
        yield found.scheduler_address.replace("tcp://", CLUSTER_SCHEME)


@pytest.mark.parametrize("parts", [False, True], ids=["sent-back", "in-a-folder"])
def test_a_cluster_gives_the_same_report(cluster: str, tmp_path: Path, *, parts: bool) -> None:
    logs = [str(path) for path in SOME]
    kept = ["--parts", str(tmp_path / "parts")] if parts else []
    here, there = tmp_path / "here.json", tmp_path / "there.json"
    assert main([*logs, "-q", "--title", "t", "-o", str(here)]) == 0
    assert main([*logs, "-q", "--title", "t", "-o", str(there), "--workers", cluster, *kept]) == 0
    assert here.read_bytes() == there.read_bytes()


def test_an_input_that_a_cluster_gives_up_is_named(cluster: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workers, "run_task", die)
    task = Task(input="a.log", title="a.log", index=0, inputs=1, settings=Settings(), row_limit=10)
    with (
        workers.connect_cluster(cluster) as (make_executor, _),
        pytest.raises(InputError, match=r"a\.log: a worker died"),
    ):
        workers.run_tasks([task], make_executor, 1, lambda *_: None)


def die(_task: Task) -> None:
    os._exit(9)
