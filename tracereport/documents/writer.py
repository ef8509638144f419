"""Writes documents whole or not at all: first each beside its target, then all are renamed.

What stood at a target still does after any failure, and no temporary file outlives one.
"""

import errno
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import BinaryIO

import msgspec

from tracereport.errors import OutputError, UsageError

STDOUT = "-"


class Document(msgspec.Struct, frozen=True):
    """What is to be written, and where.

    Attributes:
        target: a path, or ``-`` for standard output.
        content: the bytes, or what writes them to the path that it is given.
    """

    target: str
    content: bytes | Callable[[Path], None]


def write_documents(documents: Sequence[Document], stdout: BinaryIO, stack: ExitStack | None = None) -> None:
    """Writes all documents; the files are in place before anything goes to standard output or a device.

    Args:
        documents: each with a target of its own.
        stdout: what ``-`` stands for.
        stack: is told to take away what isn't in place yet, should the caller be interrupted.

    Raises:
        UsageError: two documents have the same target.
        OutputError: a document can't be written; what stood at each target that isn't replaced yet still does.
        BrokenPipeError: whoever reads standard output has stopped.
    """
    _refuse_same_targets(documents)
    files = [document for document in documents if not _is_stream(document.target)]
    streams = [document for document in documents if _is_stream(document.target)]
    with ExitStack() as temporaries:
        if stack is not None:
            stack.callback(temporaries.close)
        written = [
            (_write_beside(index, document, temporaries), document.target) for index, document in enumerate(files)
        ]
        for temporary, target in written:
            with _explained(target):
                temporary.replace(os.path.realpath(target))
    for document in streams:
        with _explained(document.target):
            if document.target == STDOUT:
                _write_into(stdout, document.content)
            else:
                with Path(document.target).open("wb") as stream:
                    _write_into(stream, document.content)


def require_folder(target: str) -> None:
    """Says before a long run that a target has no folder to be written into.

    Raises:
        OutputError: there is none.
    """
    if target != STDOUT and not _folder_of(target).is_dir():
        raise _explain(target, FileNotFoundError(errno.ENOENT, ""))


def _folder_of(target: str) -> Path:
    """The folder that the document comes to stand in: that of the file which a link points to."""
    path = Path(target)
    return Path(os.path.realpath(path)).parent if path.is_symlink() else path.parent


def _refuse_same_targets(documents: Sequence[Document]) -> None:
    seen: set[str] = set()
    for document in documents:
        place = document.target if document.target == STDOUT else os.path.realpath(document.target)
        if place in seen:
            raise UsageError(f"Two documents would go to {_name(document.target)}.", "Give each a name of its own.")
        seen.add(place)


def _is_stream(target: str) -> bool:
    """Whether the target is standard output, a device or a pipe, which is written into and never replaced."""
    path = Path(target)
    return target == STDOUT or (path.exists() and not path.is_file() and not path.is_dir())


def _write_beside(index: int, document: Document, temporaries: ExitStack) -> Path:
    """The document in a new file beside its target, with the target's mode; it goes when the stack does."""
    target = Path(os.path.realpath(document.target))
    if target.is_dir():
        raise OutputError(f"{document.target} can't be written: it is a folder.", "Name a file in it.")
    temporary = target.with_name(f".tracereport-{os.getpid()}-{index}.tmp")
    temporaries.callback(temporary.unlink, missing_ok=True)
    with _explained(document.target):
        if isinstance(document.content, bytes):
            temporary.write_bytes(document.content)
        else:
            document.content(temporary)
        if target.exists():
            shutil.copymode(target, temporary)
    return temporary


def _write_into(stream: BinaryIO, content: bytes | Callable[[Path], None]) -> None:
    if isinstance(content, bytes):
        stream.write(content)
    else:
        with tempfile.TemporaryDirectory(prefix="tracereport-") as folder:
            temporary = Path(folder, "document")
            content(temporary)
            with temporary.open("rb") as written:
                shutil.copyfileobj(written, stream)
    stream.flush()


def _name(target: str) -> str:
    return "standard output" if target == STDOUT else target


@contextmanager
def _explained(target: str) -> Iterator[None]:
    """Turns what the system says into the user's words; a closed pipe is no error of the document."""
    try:
        yield
    except BrokenPipeError:
        raise
    except OSError as error:
        raise _explain(target, error) from error


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
