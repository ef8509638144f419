"""Documents are written whole or not at all, and nothing that existed is lost."""

import errno
import io
import os
import stat
from pathlib import Path
from typing import Any

import pytest

from tracereport.documents.writer import Document, Rendered, require_folder, write_documents
from tracereport.errors import OutputError, UsageError


def write(*documents: tuple[object, Any], stdout: io.BytesIO | None = None) -> bytes:
    stream = stdout or io.BytesIO()
    for failure in write_documents([Document(str(target), content) for target, content in documents], stream):
        raise failure
    return stream.getvalue()


def test_each_document_goes_where_it_was_named(tmp_path: Path) -> None:
    printed = write(("-", b"text"), (tmp_path / "a.json", b"{}"), (tmp_path / "b.md", b"# b"))
    assert printed == b"text"
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == {"a.json": b"{}", "b.md": b"# b"}


def test_a_writer_is_given_a_path_of_its_own(tmp_path: Path) -> None:
    def to_file(path: Path) -> None:
        path.write_bytes(b"columns")

    assert write((tmp_path / "calls.parquet", to_file), ("-", to_file)) == b"columns"
    assert [path.name for path in tmp_path.iterdir()] == ["calls.parquet"]


def test_a_failure_leaves_what_existed_and_no_temporary_file(tmp_path: Path) -> None:
    existing = tmp_path / "report.html"
    existing.write_bytes(b"of yesterday")

    def fail(path: Path) -> None:
        path.write_bytes(b"half")
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write((existing, b"of today"), (tmp_path / "calls.parquet", fail))
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == {"report.html": b"of yesterday"}


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    target = str(tmp_path / "missing" / "report.html")
    with pytest.raises(OutputError, match="there is no folder") as caught:
        require_folder(target)
    assert caught.value.exit_code == 4
    assert caught.value.remedy == f"Make it: mkdir -p {tmp_path / 'missing'}"


def test_a_document_that_cannot_be_made_loses_none_of_the_others(tmp_path: Path) -> None:
    class PanicError(BaseException):
        """As a library in another language raises one."""

    def fail(error: BaseException) -> Rendered:
        def render() -> bytes:
            raise error

        return Rendered(render)

    contents: dict[str, Rendered | bytes] = {
        "first.md": Rendered(lambda: b"first"),
        "usage": fail(UsageError("no tree", "Trace more.")),
        "fault": fail(ZeroDivisionError("by zero")),
        "panic": fail(PanicError("unwrap")),
        "memory": fail(MemoryError()),
        "last.md": b"last",
    }
    stdout = io.BytesIO()
    documents = [Document(str(tmp_path / name), content) for name, content in contents.items()]
    failures = write_documents([*documents, Document("-", b"text")], stdout)
    assert stdout.getvalue() == b"text"
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == {"first.md": b"first", "last.md": b"last"}
    assert [failure.message.removeprefix(f"{tmp_path}/") for failure in failures] == [
        "no tree",
        "fault can't be made: internal error: ZeroDivisionError: by zero (documents/writer.py:"
        + failures[1].message.rpartition(":")[2],
        "panic can't be made: internal error: PanicError: unwrap (documents/writer.py:"
        + failures[2].message.rpartition(":")[2],
        "memory can't be made: out of memory.",
    ]
    assert "open an issue" in failures[1].remedy


def test_all_is_made_before_anything_is_put_into_place(tmp_path: Path) -> None:
    target, seen = tmp_path / "a.md", []
    stdout = io.BytesIO()

    def look() -> None:
        seen.append((target.exists(), stdout.getvalue(), len(list(tmp_path.iterdir()))))

    write_documents([Document(str(target), b"a"), Document("-", b"b")], stdout, before_output=look)
    assert seen == [(False, b"", 1)]


def test_nobody_can_foresee_a_temporary_file_or_read_what_may_not_be_read(tmp_path: Path) -> None:
    secret = tmp_path / "report.json"
    secret.write_bytes(b"old")
    secret.chmod(0o600)
    names, modes = set(), set()

    def look(path: Path) -> None:
        names.add(path.name)
        modes.add(stat.S_IMODE(path.stat().st_mode))
        path.write_bytes(b"new")

    for _ in range(3):
        write((secret, look))
    assert len(names) == 3
    assert modes == {0o600}
    assert secret.read_bytes() == b"new"


def test_nothing_is_written_through_a_link_in_the_way(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    victim = tmp_path / "victim"
    victim.write_bytes(b"mine")
    foreseen = b"foreseen"
    (tmp_path / f".tracereport-{foreseen.hex()}.tmp").symlink_to(victim)
    monkeypatch.setattr(os, "urandom", lambda _: foreseen)
    with pytest.raises(OutputError, match=r"a\.md can't be written: File exists"):
        write((tmp_path / "a.md", b"page"))
    assert victim.read_bytes() == b"mine"


def test_a_read_only_file_is_replaced_and_stays_one(tmp_path: Path) -> None:
    kept = tmp_path / "a.md"
    kept.write_bytes(b"old")
    kept.chmod(0o444)
    write((kept, lambda path: path.write_bytes(b"new")))
    assert (kept.read_bytes(), stat.S_IMODE(kept.stat().st_mode)) == (b"new", 0o444)


def test_a_folder_is_no_target(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="it is a folder"):
        write((tmp_path, b"page"))


@pytest.mark.parametrize(
    ("code", "said"),
    [(errno.ENOSPC, "the disk is full"), (errno.EACCES, "not yours to write"), (errno.EIO, "Input/output error")],
)
def test_what_the_system_says_is_put_into_words(tmp_path: Path, code: int, said: str) -> None:
    def fail(_: Path) -> None:
        raise OSError(code, os.strerror(code))

    with pytest.raises(OutputError, match=said):
        write((tmp_path / "calls.parquet", fail))


def test_two_documents_never_share_a_target(tmp_path: Path) -> None:
    (tmp_path / "alias.md").symlink_to(tmp_path / "report.md")
    for first, second in (("-", "-"), (tmp_path / "report.md", tmp_path / "alias.md")):
        with pytest.raises(UsageError, match="Two documents"):
            write((first, b""), (second, b""))


def test_a_link_stays_a_link_and_a_mode_stays_the_mode(tmp_path: Path) -> None:
    real = tmp_path / "real.md"
    real.write_bytes(b"old")
    real.chmod(0o640)
    link = tmp_path / "link.md"
    link.symlink_to(real)
    write((link, b"new"))
    assert link.is_symlink()
    assert real.read_bytes() == b"new"
    assert stat.S_IMODE(real.stat().st_mode) == 0o640


def test_a_device_is_written_into_and_never_replaced() -> None:
    write(("/dev/null", b"text"))
    assert stat.S_ISCHR(Path("/dev/null").stat().st_mode)


def test_a_full_disk_behind_standard_output_is_an_error_of_its_own() -> None:
    class Full(io.BytesIO):
        def write(self, _: object) -> int:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with pytest.raises(OutputError, match="standard output can't be written: the disk is full"):
        write(("-", b"text"), stdout=Full())


def test_a_closed_pipe_is_left_to_the_command() -> None:
    class Closed(io.BytesIO):
        def write(self, _: object) -> int:
            raise BrokenPipeError

    with pytest.raises(BrokenPipeError):
        write(("-", b"text"), stdout=Closed())
