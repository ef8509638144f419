"""Writes documents whole or not at all: first each beside its target, then all are renamed.

What stood at a target still does after any failure, and no temporary file outlives one. A document that can't be made
or written doesn't lose the others.
"""

import errno
import os
import stat
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import BinaryIO, Final

import msgspec

from tracereport.documents.interface import STDOUT
from tracereport.errors import OutputError, TracereportError, UsageError, describe_fault

_PRIVATE_MODE: Final = 0o600
_USUAL_MODE: Final = 0o666
"""Of a new file, less what the process's mask takes away."""


class Rendered(msgspec.Struct, frozen=True):
    """A document that is made when its turn comes, so that only one is in memory at a time."""

    render: Callable[[], bytes]


Content = bytes | Rendered | Callable[[Path], None]


class Document(msgspec.Struct, frozen=True):
    """What is to be written, and where.

    Attributes:
        target: a path, or ``-`` for standard output.
        content: the bytes, or what makes them, or what writes them to the path that it is given.
    """

    target: str
    content: Content


def write_documents(
    documents: Sequence[Document],
    stdout: BinaryIO,
    stack: ExitStack | None = None,
    before_output: Callable[[], None] | None = None,
) -> list[TracereportError]:
    """Makes and writes all documents; the files are in place before anything goes to standard output or a device.

    Args:
        documents: each with a target of its own.
        stdout: what ``-`` stands for.
        stack: is told to take away what isn't in place yet, should the caller be interrupted.
        before_output: called once everything is made, before anything is put into place.

    Returns:
        Why documents couldn't be made or written; what stood at their targets still does, and all others are written.

    Raises:
        UsageError: two documents have the same target.
        BrokenPipeError: whoever reads standard output has stopped.
    """
    _refuse_same_targets(documents)
    failures: list[TracereportError] = []
    with ExitStack() as temporaries:
        if stack is not None:
            stack.callback(temporaries.close)
        files: list[tuple[Path, str]] = []
        streams: list[tuple[str, bytes | Path]] = []
        for document in documents:
            with _noted(document.target, failures):
                if _is_stream(document.target):
                    streams.append((document.target, _prepare(document, temporaries)))
                else:
                    files.append((_write_beside(document, temporaries), document.target))
        if before_output is not None:
            before_output()
        for temporary, target in files:
            with _noted(target, failures):
                temporary.replace(_real_path(target))
        for target, content in streams:
            with _noted(target, failures):
                _write_stream(target, content, stdout)
    return failures


def _write_stream(target: str, content: bytes | Path, stdout: BinaryIO) -> None:
    """Writes to standard output or a device, which can't be replaced."""
    if target == STDOUT:
        _write_into(stdout, content)
        return
    with Path(target).open("wb") as stream:
        _write_into(stream, content)


def write_document(target: Path, content: bytes) -> None:
    """Writes a single file, whole or not at all.

    Raises:
        OutputError: it can't be written; what stood there still does.
    """
    for failure in write_documents([Document(str(target), content)], _no_stream()):
        raise failure


def _no_stream() -> BinaryIO:
    import io  # noqa: PLC0415 - stands for standard output where nothing goes there

    return io.BytesIO()


def require_folder(target: str) -> None:
    """Says before a long run that a target has no folder to be written into.

    Raises:
        OutputError: there is none.
    """
    if target == STDOUT:
        return
    _real_path(target)
    if not _folder_of(target).is_dir():
        raise _explain(target, FileNotFoundError(errno.ENOENT, ""))


def _real_path(target: str) -> str:
    """Where the target really is.

    Raises:
        OutputError: nobody can tell.
    """
    try:
        return os.path.realpath(target)
    except OSError as error:
        raise OutputError(
            f"{target} can't be written: the working folder is gone.", "Change to another one, or name a whole path."
        ) from error


def _folder_of(target: str) -> Path:
    """The folder that the document comes to stand in: that of the file which a link points to."""
    path = Path(target)
    return Path(os.path.realpath(path)).parent if path.is_symlink() else path.parent


def _refuse_same_targets(documents: Sequence[Document]) -> None:
    seen: set[str] = set()
    for document in documents:
        place = document.target if document.target == STDOUT else _real_path(document.target)
        if place in seen:
            raise UsageError(f"Two documents would go to {_name(document.target)}.", "Give each a name of its own.")
        seen.add(place)


def _is_stream(target: str) -> bool:
    """Whether the target is standard output, a device or a pipe, which is written into and never replaced."""
    path = Path(target)
    return target == STDOUT or (path.exists() and not path.is_file() and not path.is_dir())


def _write_beside(document: Document, temporaries: ExitStack) -> Path:
    """The document in a new file beside its target; it goes when the stack does.

    Its name can't be foreseen and nothing may stand there already, so that nobody else who writes to the folder can put
    a link in its way. From the start nobody may read it who may not read the target.
    """
    target = Path(_real_path(document.target))
    if target.is_dir():
        raise OutputError(f"{document.target} can't be written: it is a folder.", "Name a file in it.")
    temporary = target.with_name(f".tracereport-{os.urandom(8).hex()}.tmp")
    mode = stat.S_IMODE(target.stat().st_mode) if target.exists() else None
    temporaries.callback(temporary.unlink, missing_ok=True)
    flags = os.O_CREAT | os.O_EXCL | os.O_WRONLY | getattr(os, "O_BINARY", 0)
    with os.fdopen(os.open(temporary, flags, _USUAL_MODE if mode is None else _PRIVATE_MODE), "wb") as file:
        if mode is not None:
            temporary.chmod(mode & ~stat.S_IWUSR | stat.S_IWUSR)
        if not callable(document.content):
            file.write(_render(document.content))
    if callable(document.content):
        document.content(temporary)
    if mode is not None:
        temporary.chmod(mode)
    return temporary


def _prepare(document: Document, temporaries: ExitStack) -> bytes | Path:
    """What goes into a stream: made whole before any of it goes out."""
    if not callable(document.content):
        return _render(document.content)
    import tempfile  # noqa: PLC0415 - what is written to a file needs none

    folder = temporaries.enter_context(tempfile.TemporaryDirectory(prefix="tracereport-"))
    temporary = Path(folder, "document")
    document.content(temporary)
    return temporary


def _render(content: bytes | Rendered) -> bytes:
    return content if isinstance(content, bytes) else content.render()


def _write_into(stream: BinaryIO, content: bytes | Path) -> None:
    if isinstance(content, bytes):
        stream.write(content)
    else:
        import shutil  # noqa: PLC0415

        with content.open("rb") as written:
            shutil.copyfileobj(written, stream)
    stream.flush()


def _name(target: str) -> str:
    return "standard output" if target == STDOUT else target


@contextmanager
def _noted(target: str, failures: list[TracereportError]) -> Iterator[None]:
    """Notes why a document can't be made or written, in the user's words; a closed pipe is no error of the document."""
    try:
        yield
    except (BrokenPipeError, KeyboardInterrupt, SystemExit):
        raise
    except TracereportError as error:
        failures.append(error)
    except OSError as error:
        failures.append(_explain(target, error))
    except MemoryError:
        failures.append(OutputError(f"{_name(target)} can't be made: out of memory.", "Select fewer calls."))
    except BaseException as error:  # noqa: BLE001 - whatever went wrong with this one, the others are to be written
        message, remedy = describe_fault(error)
        failures.append(OutputError(f"{_name(target)} can't be made: {message}", remedy))


def _explain(target: str, error: OSError) -> OutputError:
    """The error in the user's words."""
    name, folder = _name(target), _folder_of(target)
    match error.errno:
        case errno.ENOENT | errno.ENOTDIR if not folder.is_dir():
            reason, remedy = f"there is no folder {folder}", f"Make it: mkdir -p {folder}"
        case errno.EACCES | errno.EPERM | errno.EROFS:
            reason, remedy = f"{folder} is not yours to write", "Name another place."
        case errno.ENOSPC | errno.EDQUOT:
            reason, remedy = "the disk is full", "Free some space, or name another disk."
        case _:
            reason, remedy = error.strerror or str(error), "Name another place."
    return OutputError(f"{name} can't be written: {reason}.", remedy)
