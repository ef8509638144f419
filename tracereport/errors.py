"""What can go wrong, in the user's words: each error says what is wrong and what to do about it.

The command prints the two as two lines, without a traceback, and exits with the class's ``exit_code``.
"""

from enum import IntEnum
from pathlib import Path
from typing import ClassVar, Final

INTERRUPTED_LINE: Final = "tracereport: interrupted\n"
"""What is said where Ctrl-C ends a run."""


class ExitCode(IntEnum):
    """How a run ended. If several apply: 130, 2, 4, 3, 1."""

    DONE = 0
    GATE_FAILED = 1
    WRONG_USAGE = 2
    """Or a configuration or baseline that can't be used."""
    INCOMPLETE_INPUT = 3
    NOT_WRITTEN = 4
    """A document, or whatever else the system refused; or an error of our own making."""
    INTERRUPTED = 130


class TracereportError(Exception):
    """Something that the user can fix.

    Args:
        message: what is wrong, naming the file, option or expression.
        remedy: what to do about it, as an imperative.
    """

    exit_code: ClassVar[ExitCode] = ExitCode.WRONG_USAGE

    def __init__(self, message: str, remedy: str) -> None:
        super().__init__(message, remedy)
        self.message = message
        self.remedy = remedy

    def __str__(self) -> str:
        """Both lines, as the command prints them."""
        return f"{self.message}\n{self.remedy}"


class UsageError(TracereportError):
    """The command line, or the call from Python, asks for what can't be given."""

    exit_code = ExitCode.WRONG_USAGE


class InputError(TracereportError):
    """A log or calls table can't be read in full, or holds no traces."""

    exit_code = ExitCode.INCOMPLETE_INPUT


class OutputError(TracereportError):
    """A document can't be written; what stood there before still does."""

    exit_code = ExitCode.NOT_WRITTEN


class BaselineError(TracereportError):
    """The baseline can't be read, or can't be compared with this report."""

    exit_code = ExitCode.WRONG_USAGE


class ConfigError(TracereportError):
    """The configuration can't be read, or contains an invalid key or value."""

    exit_code = ExitCode.WRONG_USAGE


class InstallationError(TracereportError):
    """A piece of tracereport itself is missing or isn't of its version."""

    exit_code = ExitCode.NOT_WRITTEN


FAULT_REMEDY: Final = (
    "This is a fault of tracereport: please open an issue where you got it from, with this line, the command and "
    "`tracereport --version`."
)
_LONGEST_FAULT: Final = 300


def describe_fault(error: BaseException) -> tuple[str, str]:
    """What to say of an exception that isn't ours: what it is and where it came from, and where to report it.

    A library that isn't there is no fault: somebody left it out.
    """
    if isinstance(error, ModuleNotFoundError) and error.name and not error.name.startswith("tracereport"):
        library = error.name.partition(".")[0]
        return f"needs {library}, which isn't installed", f"Add it: pip install {library}"
    import traceback  # noqa: PLC0415 - most runs have no use for it

    said = "nested too deeply" if isinstance(error, RecursionError) else " ".join(str(error).split())
    text = said[:_LONGEST_FAULT]
    frames = traceback.extract_tb(error.__traceback__)
    own = [frame for frame in frames if Path(frame.filename).is_relative_to(Path(__file__).parent)]
    place = f" ({Path(own[-1].filename).relative_to(Path(__file__).parent).as_posix()}:{own[-1].lineno})" if own else ""
    return f"internal error: {type(error).__name__}{f': {text}' * bool(text)}{place}", FAULT_REMEDY
