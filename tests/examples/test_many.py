"""The examples for many logs: jobs that share the work by themselves, and one that joins what they measured."""

import os
import stat
import sys
from collections.abc import Iterator

import pytest

from tests.ci_runner import Bench, read_yaml
from tests.object_server import ObjectServer, serving_objects
from tests.paths import ROOT
from tests.running import BARE, SINGLE
from tests.truth import log_path
from tracereport.engine.stores import open_store

LOGS = (SINGLE, BARE, log_path("hostile"), log_path("millis"), log_path("ansi"))


@pytest.fixture
def server() -> Iterator[ObjectServer]:
    with serving_objects() as found:
        found.make_bucket("BUCKET")
        for path in LOGS:
            found.put("BUCKET", f"logs/night/{path.name}.log.gz", path.read_bytes())
        yield found


def use_the_real_command(bench: Bench) -> dict[str, str]:
    """Puts ``tracereport`` of this checkout in the place of its stand-in; what it needs to know."""
    program = bench.folder.parent / "bin" / "tracereport"
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m tracereport "$@"\n')
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    aws = {name: value for name, value in os.environ.items() if name.startswith("AWS_")}
    return {"PYTHONPATH": str(ROOT), **aws}


@pytest.mark.usefixtures("server")
def test_the_pods_of_the_job_share_the_logs(bench: Bench) -> None:
    job = read_yaml("kubernetes/job.yaml")
    assert (job["apiVersion"], job["kind"]) == ("batch/v1", "Job")
    spec = job["spec"]
    assert spec["completionMode"] == "Indexed"
    pod = spec["template"]["spec"]
    assert pod["restartPolicy"] == "Never", "what counting tries per index asks for"
    (container,) = pod["containers"]
    told = {each["name"]: each["value"] for each in container["env"]}
    assert int(told["SHARES"]) == spec["completions"]
    shell, flag = container["command"]
    assert (shell, flag) == ("/bin/sh", "-c")
    (script,) = container["args"]
    environment = use_the_real_command(bench) | told
    for index in range(spec["completions"]):
        assert bench.shell(script, {**environment, "JOB_COMPLETION_INDEX": str(index)}) == 0
    assert len(open_store(told["PARTS"]).names()) == len(LOGS)
    assert bench.shell(f"tracereport join {told['PARTS']} -o report.html -q", environment) == 0
    assert (bench.folder / "report.html").exists()


@pytest.mark.usefixtures("server")
def test_the_matrix_measures_and_joins(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    workflow = read_yaml("github/tracereport-many.yml")
    measure, join = (workflow["jobs"][name] for name in ("measure", "join"))
    shares = measure["strategy"]["matrix"]["share"]
    assert shares == list(range(1, len(shares) + 1))
    assert join["needs"] == "measure"
    context = {"github.repository": "o/r", "strategy.job-total": str(len(shares))}
    environment = use_the_real_command(bench) | {
        "LOGS": "s3://BUCKET/logs/**/*.gz",
        "PARTS": workflow["env"]["PARTS"].replace("${{ github.run_id }}", "17"),
        "TRACEREPORT": workflow["env"]["TRACEREPORT"],
    }
    shell = Bench.shell

    def shell_with(bench: Bench, script: str, own: dict[str, str], *options: str) -> int:
        return shell(bench, script, {**environment, **own}, *options)

    monkeypatch.setattr(Bench, "shell", shell_with)
    for share in shares:
        bench.run_steps(measure["steps"], {**context, "matrix.share": str(share)})
    bench.run_steps(join["steps"], context)
    assert bench.failed == []
    assert bench.uploaded == {"tracereport": ["report.html"]}
    assert "calls ask again" in (bench.answers / "step-summary").read_text()
    assert [call.arguments for call in bench.calls("pipx")] == [["install", environment["TRACEREPORT"]]] * 5
