"""What the command says on standard error, and readers of its output that leave."""

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import TextIO

import click


def print_line(text: str) -> None:
    """A line on standard error; a name's control characters are escaped, and it can't command a CI's runner."""
    from tracereport.wording.units import defuse_commands, escape_controls  # noqa: PLC0415

    with suppress(OSError):  # where nobody can be told, the exit code still tells
        click.echo(defuse_commands(escape_controls(text)), err=True)


def print_error(message: str, remedy: str) -> None:
    """Says on standard error what is wrong, without a full stop, and what to do: in two lines."""
    print_line(f"tracereport: {message.removesuffix('.')}")
    print_line(f"  {remedy}")


@contextmanager
def readers_may_leave(stream: TextIO) -> Iterator[None]:
    """Whoever read our output may have enough: nothing is wrong then."""
    try:
        yield
    except BrokenPipeError:
        # Python would complain when it flushes at its end.
        with suppress(OSError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
