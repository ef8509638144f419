"""Documents whose lines are read from the log once more: only where it still holds what the calls were read from."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.running import SINGLE
from tracereport.command import rendering
from tracereport.command.cli import main
from tracereport.command.job import Job, Result
from tracereport.command.rendering import make_documents
from tracereport.documents.writer import Document
from tracereport.errors import ExitCode


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (lambda log: log + b"PERF_TRACE|1|more|caller=later|elapsed_ms=0\n", ExitCode.DONE),
        (lambda log: log[: len(log) // 2], ExitCode.NOT_WRITTEN),
    ],
    ids=["longer", "shorter"],
)
def test_a_log_may_grow_before_its_lines_are_shown_and_not_lose_some(
    change: Callable[[bytes], bytes],
    code: ExitCode,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    log, lines = tmp_path / "a.log", tmp_path / "lines.raw"
    log.write_bytes(SINGLE.read_bytes())

    def change_before(job: Job, result: Result) -> list[Document]:
        log.write_bytes(change(log.read_bytes()))
        return make_documents(job, result)

    monkeypatch.setattr(rendering, "make_documents", change_before)
    assert main([str(log), "-q", "--format", "raw", "-o", str(lines)]) == code
    assert lines.exists() == (code == ExitCode.DONE)
    assert (f"{log}: it was changed after its calls were read" in capsys.readouterr().err) == (code != ExitCode.DONE)
