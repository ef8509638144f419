"""The engine from the command: workers, parts, shares of the work, and what can go wrong."""

import json
import re
import signal
import socket
import threading
from contextlib import suppress
from pathlib import Path

import pytest

from tests.truth import log_path
from tests.waiting import PATIENCE_SECONDS
from tracereport import __version__
from tracereport.command.cli import main
from tracereport.engine import workers
from tracereport.engine.local_workers import make_local_executor
from tracereport.engine.part_file import MAGIC, PartWriter, StoredPart
from tracereport.engine.tasks import Task, run_task
from tracereport.errors import InputError
from tracereport.measures.top import Top
from tracereport.model import CallReference, Settings

LOGS = [str(log_path(name)) for name in ("duckpond-nextest", "single-thread", "hostile")]


def report_of(tmp_path: Path, *arguments: str) -> bytes:
    document = tmp_path / "report.json"
    assert main([*arguments, "-q", "-o", str(document)]) == 0
    return document.read_bytes()


def test_workers_and_parts_give_the_report_of_one_process(tmp_path: Path) -> None:
    parts = str(tmp_path / "parts")
    whole = report_of(tmp_path, *LOGS)
    assert report_of(tmp_path, *LOGS, "--workers", "2") == whole
    assert report_of(tmp_path, *LOGS, "--parts", parts) == whole
    assert report_of(tmp_path, *LOGS, "--parts", parts) == whole


def test_shares_that_are_measured_apart_are_joined(tmp_path: Path) -> None:
    parts = str(tmp_path / "parts")
    for share in ("2/3", "1/3", "3/3"):
        assert main(["measure", *LOGS, "--parts", parts, "--shard", share, "-q"]) == 0
    assert report_of(tmp_path, "join", parts) == report_of(tmp_path, *LOGS)


def test_a_missing_part_is_named_and_the_report_is_of_the_others(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    parts = str(tmp_path / "parts")
    assert main(["measure", *LOGS, "--parts", parts, "--shard", "1/2", "-q"]) == 0
    assert main(["join", parts, "-q", "-o", str(tmp_path / "report.txt")]) == 3
    assert f"{LOGS[1]} (input 2 of 3): its part is missing from {parts}" in capsys.readouterr().err
    lines = (tmp_path / "report.txt").read_text().splitlines()
    misleading = lines.index("=== What Would Mislead ===")
    assert lines[misleading + 1].startswith(f"  {LOGS[1]} (input 2 of 3): its part is missing"[:60])


def test_of_many_missing_parts_the_first_is_named_and_the_others_are_counted(tmp_path: Path) -> None:
    logs = [tmp_path / f"{index}.log" for index in range(9)]
    for log in logs:
        log.write_text("PERF_TRACE|0|load|id=1|elapsed_ms=1\n")
    parts = str(tmp_path / "parts")
    assert main(["measure", *map(str, logs), "--parts", parts, "--shard", "9/9", "-q"]) == 0
    assert main(["join", parts, "-q", "-o", str(tmp_path / "report.json")]) == 3
    report = json.loads((tmp_path / "report.json").read_bytes())
    (warning,) = [row for row in report["quality"]["rows"] if row["code"] == "unreadable"]
    assert "(input 1 of 9): its part is missing" in warning["message"]
    assert "and so are 7 more" in warning["message"]
    assert warning["count"] == 8
    assert len(report["input"]["errors"]) == 8


def test_join_makes_no_folder(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name in ("not-there", "a.file"):
        place = tmp_path / name
        if name == "a.file":
            place.write_text("")
        assert main(["join", str(place)]) == 3
        assert f"{place}: no parts are there" in capsys.readouterr().err
    assert not (tmp_path / "not-there").exists()


def test_parts_are_measured_with_the_settings_that_they_are_joined_with(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    parts = str(tmp_path / "parts")
    assert main(["measure", *LOGS, "--parts", parts, "--unit", "root", "-q"]) == 0
    assert main(["join", parts, "-q"]) == 2
    assert "the parts were measured with another unit" in capsys.readouterr().err
    assert report_of(tmp_path, "join", parts, "--unit", "root") == report_of(tmp_path, *LOGS, "--unit", "root")


def test_of_parts_nothing_is_made_that_needs_the_calls(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    parts, config = str(tmp_path / "parts"), tmp_path / "tracereport.toml"
    assert main(["measure", LOGS[0], "--parts", parts, "-q"]) == 0
    for setting, said in (
        ('format = "raw"', "raw: it is made of the calls"),
        ('output = ["calls.parquet"]', "parquet: it is made of the calls"),
        ('function = ["load*"]', "nothing can be selected"),
        ('redact = ["path"]', "redact: parts hold the values that are to be hidden"),
    ):
        config.write_text(f"{setting}\n")
        assert main(["join", parts, "--config", str(config)]) == 2
        assert said in capsys.readouterr().err


def test_what_is_to_be_redacted_is_put_into_no_part(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    parts, config = tmp_path / "parts", tmp_path / "tracereport.toml"
    config.write_text('redact = ["all"]\n')
    assert main(["measure", LOGS[0], "--parts", str(parts), "--config", str(config)]) == 2
    assert "redact: parts hold the values that are to be hidden" in capsys.readouterr().err
    assert main([LOGS[0], "--parts", str(parts), "--redact", "all", "-q", "-o", str(tmp_path / "report.txt")]) == 0
    assert f"nothing is kept in {parts}" in capsys.readouterr().err
    assert not list(parts.glob("*"))


def test_parts_of_other_settings_are_refused_by_name(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    parts, config = str(tmp_path / "parts"), tmp_path / "tracereport.toml"
    config.write_text("fan-out-values = 3\n")
    assert main(["measure", LOGS[0], "--parts", parts, "-q"]) == 0
    assert main(["join", parts, "--config", str(config)]) == 2
    assert "measured with another fan-out-values" in capsys.readouterr().err
    assert main(["measure", LOGS[0], "--parts", parts, "--config", str(config), "-q"]) == 0
    assert main(["join", parts]) == 2
    assert "was measured with another fan-out-values than" in capsys.readouterr().err
    others = str(tmp_path / "others")
    for inputs in (LOGS, LOGS[:1]):
        assert main(["measure", *inputs, "--parts", others, "-q"]) == 0
    assert main(["join", others]) == 2
    assert re.search(r"is one of [13] inputs, \w+\.part one of [13]", capsys.readouterr().err)


def test_parts_of_another_version_are_refused_by_name(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    parts = tmp_path / "parts"
    assert main(["measure", LOGS[0], "--parts", str(parts), "-q"]) == 0
    (part,) = parts.iterdir()
    own = part.read_bytes()
    later = ".".join("9" * len(number) for number in __version__.split("."))
    part.write_bytes(own.replace(f'"version":"{__version__}"'.encode(), f'"version":"{later}"'.encode()))
    assert main(["join", str(parts)]) == 2
    said = capsys.readouterr().err
    assert f"{part.name} was measured by version {later}, this is {__version__}" in said
    assert "Measure again" in said
    part.write_bytes(own.replace(MAGIC, MAGIC.replace(b"part ", b"part 9"), 1))
    assert main(["join", str(parts)]) == 2
    assert f"{part.name}: a part of another version of tracereport" in capsys.readouterr().err
    part.write_bytes(b"something else")
    assert main(["join", str(parts)]) == 3
    assert f"{part.name}: not a part of tracereport" in capsys.readouterr().err


@pytest.mark.parametrize("share", ["0/2", "3/2", "x", "1/0", "1"])
def test_a_share_that_is_none_is_refused(tmp_path: Path, share: str) -> None:
    assert main(["measure", LOGS[0], "--parts", str(tmp_path), "--shard", share]) == 2


def test_measuring_for_others_needs_a_place_for_the_parts(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["measure", LOGS[0]]) == 2
    assert "--parts is missing" in capsys.readouterr().err


def test_a_folder_without_parts_is_none(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["join", str(tmp_path)]) == 3
    assert "no parts are there" in capsys.readouterr().err


@pytest.mark.parametrize("given", ["0", "-1", "many", "1.5", "²"])
def test_workers_that_are_no_number_are_refused(given: str) -> None:
    assert main([LOGS[0], "--workers", given]) == 2


def test_a_cluster_that_does_not_answer_is_said(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(workers, "_CONNECT_SECONDS", 0.5)
    assert main([LOGS[0], "--workers", "dask://127.0.0.1:9"]) == 2
    assert "dask://127.0.0.1:9" in capsys.readouterr().err


@pytest.mark.parametrize("answer", [None, b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n"])
def test_what_is_no_scheduler_is_said_whatever_it_answers(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], answer: bytes | None
) -> None:
    monkeypatch.setattr(workers, "_CONNECT_SECONDS", 0.5)
    monkeypatch.setattr(workers, "_ANSWER_SECONDS", 0.5)
    with socket.create_server(("127.0.0.1", 0)) as server:
        asked: list[socket.socket] = []

        def serve() -> None:
            with suppress(OSError):
                while True:
                    asked.append(server.accept()[0])
                    if answer is not None:
                        asked[-1].sendall(answer)

        threading.Thread(target=serve, daemon=True).start()
        arguments, codes = [LOGS[0], "--workers", f"dask://127.0.0.1:{server.getsockname()[1]}"], list[int]()
        asking = threading.Thread(target=lambda: codes.append(main(arguments)), daemon=True)
        asking.start()
        asking.join(PATIENCE_SECONDS)
        assert codes == [2], "it waits for an answer for ever"
    for one in asked:
        one.close()
    assert "no scheduler answers there" in capsys.readouterr().err


def test_an_input_that_memory_does_not_suffice_for_is_named(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def run_out(*_: object, **__: object) -> None:
        raise MemoryError

    monkeypatch.setattr("tracereport.engine.tasks.encode_sets", run_out)
    assert main([*LOGS[:2], "--parts", str(tmp_path), "--workers", "1"]) == 3
    assert f"{LOGS[0]}: there isn't enough memory to measure this input" in capsys.readouterr().err


def test_a_limit_of_threads_is_no_fault_of_ours(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def refuse(_thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", refuse)
    assert main([LOGS[0]]) == 4
    assert "No thread can be started" in capsys.readouterr().err


def kill_the_worker(_task: Task) -> bytes | None:
    signal.raise_signal(signal.SIGKILL)
    return None


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="nothing kills so here")
def test_an_input_that_kills_its_worker_is_named_after_three_tries(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workers, "run_task", kill_the_worker)
    task = Task(input="a.log", title="a.log", index=0, inputs=1, settings=Settings(), row_limit=10)
    with pytest.raises(InputError, match=r"a\.log: a worker died 3 times"):
        workers.run_tasks([task], make_local_executor, 1, lambda *_: None)


def part_of(name: str) -> bytes:
    path = str(log_path(name))
    data = run_task(Task(input=path, title=path, index=0, inputs=1, settings=Settings(), row_limit=10))
    assert data is not None
    return data


def test_a_damaged_part_is_an_error_of_ours() -> None:
    whole = part_of("single-thread")
    StoredPart(whole, "a").read("partials")
    for damaged in (b"", b"{}", MAGIC, whole[: len(MAGIC) + 4], whole[:2000], whole[:3000] + whole[3500:]):
        with pytest.raises(InputError):
            StoredPart(damaged, "a").read("partials")


def test_rows_of_a_part_stay_what_they_are_however_large_their_figures() -> None:
    header = StoredPart(part_of("single-thread"), "a").header
    rows = (CallReference(process=1 << 40, number=0, line=3), CallReference(process=0, number=1 << 70, line=4))
    for top in (Top(7, rows[:1]), Top(2, rows), Top(0, ()), Top(1, ("a",))):
        writer = PartWriter()
        writer.add("partials", {"own": top})
        read = StoredPart(writer.finish(header), "a").read("partials")["own"]
        assert (read.total, tuple(read.rows)) == (top.total, tuple(top.rows))


class Harmful:
    """What would do harm if it were unpickled."""

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return (eval, ("1 + 1",))


def test_a_part_makes_nothing_but_records_and_arrays() -> None:
    header = StoredPart(part_of("single-thread"), "a").header
    writer = PartWriter()
    writer.add("partials", Harmful())
    with pytest.raises(InputError, match="is no part of a part"):
        StoredPart(writer.finish(header), "a").read("partials")
