"""What can go wrong, in the user's words: each error says what is wrong and what to do about it.

The command prints the two as two lines, without a traceback, and exits with the class's ``exit_code``.
"""

from typing import ClassVar


class TracereportError(Exception):
    """Something that the user can mend.

    Args:
        message: what is wrong, naming the file, option or expression.
        remedy: what to do about it, as an imperative.
    """

    exit_code: ClassVar[int] = 2

    def __init__(self, message: str, remedy: str) -> None:
        super().__init__(message, remedy)
        self.message = message
        self.remedy = remedy

    def __str__(self) -> str:
        """Both lines, as the command prints them."""
        return f"{self.message}\n{self.remedy}"


class UsageError(TracereportError):
    """The command line, or the call from Python, asks for what can't be given."""

    exit_code = 2


class InputError(TracereportError):
    """A log or calls table can't be read in full, or holds no traces."""

    exit_code = 3


class OutputError(TracereportError):
    """A document can't be written; what stood there before still does."""

    exit_code = 4


class BaselineError(TracereportError):
    """The baseline can't be read, or can't be compared with this report."""

    exit_code = 2


class ConfigError(TracereportError):
    """The configuration can't be read, or holds what it may not."""

    exit_code = 2
