"""Documents are written whole or not at all, and nothing that existed is lost."""

import errno
import io
import os
import stat
from pathlib import Path
from typing import Any

import pytest

from tracereport.documents.writer import Document, write_documents
from tracereport.errors import OutputError, UsageError


def write(*documents: tuple[object, Any]) -> bytes:
    stdout = io.BytesIO()
    write_documents([Document(str(target), content) for target, content in documents], stdout)
    return stdout.getvalue()


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


def test_a_missing_folder_is_named_and_nothing_is_printed(tmp_path: Path) -> None:
    stdout = io.BytesIO()
    target = str(tmp_path / "missing" / "report.html")
    with pytest.raises(OutputError, match="there is no folder") as caught:
        write_documents([Document("-", b"text"), Document(target, b"page")], stdout)
    assert caught.value.exit_code == 4
    assert caught.value.remedy == f"Make it: mkdir -p {tmp_path / 'missing'}"
    assert stdout.getvalue() == b""


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
        write_documents([Document("-", b"text")], Full())


def test_a_closed_pipe_is_left_to_the_command() -> None:
    class Closed(io.BytesIO):
        def write(self, _: object) -> int:
            raise BrokenPipeError

    with pytest.raises(BrokenPipeError):
        write_documents([Document("-", b"text")], Closed())
