"""What a reader must know of the lines of a log: those that couldn't be read, and those that may read wrongly."""

from collections.abc import Iterator, Mapping
from typing import Final

import msgspec

from tracereport.model import QualityWarning
from tracereport.wording.phrases import format_counted


class _Notice(msgspec.Struct, frozen=True):
    """What is said of some lines."""

    code: str
    """Of the notice that counts them."""
    one: str
    many: str
    """Behind the number: ``records have``."""
    rest: str
    """Behind that, to the end of the sentence."""
    remedy: str
    misleading: bool = False
    """Their calls are missing from every figure, or may be told apart wrongly; the others change no figure."""


_NOTICES: Final = (
    _Notice(
        "captured",
        "test binary",
        "test binaries",
        "left no traces while child processes did: libtest keeps the output of passing tests to itself.",
        "Run cargo test -- --nocapture 2> perf_trace.log",
        misleading=True,
    ),
    _Notice(
        "torn-lines",
        "line is lost,",
        "lines are lost,",
        "torn by several processes that write to one file.",
        "Write each line with one write, or give each process a log of its own.",
        misleading=True,
    ),
    _Notice(
        "cut-off",
        "record is lost that breaks",
        "records are lost that break",
        "off before the elapsed time.",
        "Let the program end before the log is taken.",
        misleading=True,
    ),
    _Notice(
        "malformed",
        "record has",
        "records have",
        "a number beyond 2^63 - 1 and can't be read.",
        "Look at the malformed lines below: the emitter, or what stands between it and the log, damages them.",
        misleading=True,
    ),
    _Notice(
        "bad-value",
        "record has",
        "records have",
        "an elapsed time that is no number, and can't be read.",
        "Print times in digits, with a point before decimals whatever the language; the malformed lines are below.",
        misleading=True,
    ),
    _Notice(
        "doubled-output",
        "test's output was",
        "tests' outputs were",
        "printed twice by nextest and counted once.",
        "Nothing to do; --failure-output immediate prints it once.",
    ),
    _Notice(
        "quoted",
        "line is not",
        "lines are not",
        "counted: a trace quoted in other text.",
        "Nothing to do, unless the line was a call: then its elapsed time is damaged.",
    ),
    _Notice(
        "dropped-metrics",
        "metric was",
        "metrics were",
        "dropped: no unsigned 64-bit integer.",
        "Record counts, sizes and flags as integers.",
    ),
    _Notice(
        "text-behind",
        "line has",
        "lines have",
        "text behind the last value that is none of the record's: it may read as a part of the answer.",
        "Give the logger a format that ends with the message, or cut the rest off: sed 's/ request_id=.*//'.",
        misleading=True,
    ),
    _Notice(
        "split-lines",
        "record holds",
        "records hold",
        "a time stamp inside, as where a collector cuts long lines: equal questions may look different.",
        "Collect without time stamps (docker logs without -t), or keep traced values shorter.",
        misleading=True,
    ),
    _Notice(
        "invalid-utf8",
        "log holds",
        "logs hold",
        "bytes that are no UTF-8; they are shown as \\xNN.",
        "Nothing to do: different values stay different.",
    ),
)


def describe_lines(notices: Mapping[str, int]) -> Iterator[QualityWarning]:
    """A warning for each kind of line that occurs.

    Args:
        notices: how often the sources saw what is worth one, by code.
    """
    for own in _NOTICES:
        if count := notices.get(own.code, 0):
            yield QualityWarning(
                code=own.code,
                message=f"{format_counted(count, own.one, own.many)} {own.rest}",
                remedy=own.remedy,
                count=count,
                misleading=own.misleading,
            )
