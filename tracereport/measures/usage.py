"""How much of an input that other tools wrote could be used: said first, with what is missing and how to get it."""

from collections.abc import Iterator, Mapping
from typing import Final

import msgspec

from tracereport.model import QualityWarning
from tracereport.wording.phrases import format_counted


class _Lack(msgspec.Struct, frozen=True):
    """What some records don't say."""

    code: str
    one: str
    many: str
    """Behind the number: ``span holds no statement``."""
    remedy: str
    misleading: bool = True


class _Kind(msgspec.Struct, frozen=True):
    """One kind of record."""

    code: str
    """Of the notice that counts them all; that of the kinds begins with it."""
    one: str
    many: str
    lacks: tuple[_Lack, ...]
    callers: str
    """How its records come to say who asks."""
    apart: str = "Give each process a log of its own."
    """How processes that write at once are told apart."""


_KINDS: Final = (
    _Kind(
        "spans",
        "span",
        "spans",
        (
            _Lack(
                "spans-cut",
                "lacks its parent: sampled, or cut off; it isn't judged",
                "lack their parent: sampled, or cut off; they aren't judged",
                "Take whole traces: OTEL_TRACES_SAMPLER=always_on, and wait until all spans have arrived.",
            ),
            _Lack(
                "spans-without-statement",
                "holds no statement: what it asked isn't known",
                "hold no statement: what they asked isn't known",
                "Let the instrumentation record statements (OpenTelemetry .NET: SetDbStatementForText; "
                "Node: enhancedDatabaseReporting; Java: otel.instrumentation.common.db-statement-sanitizer.enabled).",
            ),
            _Lack(
                "spans-without-values",
                "holds no values: it is never known to ask the same as another one",
                "hold no values: they are never known to ask the same as others",
                "Record values where that is allowed: db.query.parameter.* (Java: "
                "otel.instrumentation.common.db-statement-sanitizer.enabled=false; Python: capture_parameters=True).",
            ),
            _Lack(
                "spans-unknown-client",
                "calls something else and doesn't say what",
                "call something else and don't say what",
                "Nothing to do, unless those calls matter: then name them by attributes (db.*, http.*, rpc.*).",
                misleading=False,
            ),
            _Lack(
                "spans-unfinished",
                "has no end and is left out",
                "have no end and are left out",
                "Let the program end its spans and shut its exporter down.",
                misleading=False,
            ),
        ),
        callers="Have spans carry code.function.name, or open one around the function that asks.",
    ),
    _Kind(
        "rails",
        "statement",
        "statements",
        (
            _Lack(
                "rails-interleaved",
                "request overlaps another one that no tag tells from it: neither is judged",
                "requests overlap others that no tag tells from them: none is judged",
                "Tag the lines: config.log_tags = [:request_id]; or serve one request at a time.",
            ),
            _Lack(
                "rails-without-values",
                "holds no values: it is never known to ask the same as another one",
                "hold no values: they are never known to ask the same as others",
                "Don't filter what isn't secret: config.filter_parameters; log at the level debug.",
            ),
            _Lack(
                "rails-without-place",
                "doesn't say which line asked: its action is the caller",
                "don't say which line asked: their action is the caller",
                "config.active_record.verbose_query_logs = true",
                misleading=False,
            ),
        ),
        callers="Let the log name the line that asks: config.active_record.verbose_query_logs = true.",
        apart="Let each line name its request: config.log_tags = [:request_id].",
    ),
    _Kind(
        "postgres",
        "statement",
        "statements",
        (
            _Lack(
                "postgres-sampled",
                "session's lines are counted with gaps: the log is a sample, and its repeats aren't judged",
                "sessions' lines are counted with gaps: the log is a sample, and its repeats aren't judged",
                "Log every statement: log_min_duration_statement = 0, log_statement_sample_rate = 1.",
            ),
            _Lack(
                "postgres-without-values",
                "holds no values: it is never known to ask the same as another one",
                "hold no values: they are never known to ask the same as others",
                "log_parameter_max_length = -1",
            ),
            _Lack(
                "postgres-without-session",
                "doesn't say its session: all of these are taken together and not judged",
                "don't say their session: all of these are taken together and not judged",
                "Put the process into each line: log_line_prefix = '%m [%p] %c ', or log_destination = 'jsonlog'.",
            ),
        ),
        callers="Let the program say who asks in a comment of each statement, as sqlcommenter does.",
        apart="Let each line say its session: %c in log_line_prefix.",
    ),
    _Kind(
        "mysql",
        "statement",
        "statements",
        (
            _Lack(
                "mysql-without-values",
                "holds no values: it is never known to ask the same as another one",
                "hold no values: they are never known to ask the same as others",
                "Prepare statements in the driver, or log what is executed.",
            ),
            _Lack(
                "mysql-without-session",
                "doesn't say its session: all of these are taken together and not judged",
                "don't say their session: all of these are taken together and not judged",
                "Let the log hold the connection's id, as MySQL 5.7 and MariaDB do.",
            ),
        ),
        callers="Let the program say who asks in a comment of each statement, as sqlcommenter does.",
    ),
    _Kind(
        "rust-tracing",
        "span",
        "spans",
        (
            _Lack(
                "rust-tracing-cut",
                "lacks the one around it, which never closed; it isn't judged",
                "lack the one around them, which never closed; they aren't judged",
                "Let the program end, and log the closing of all levels: FmtSpan::CLOSE.",
            ),
        ),
        callers="Put #[instrument] on the function that asks.",
    ),
)
LACKS: Final = frozenset(lack.code for kind in _KINDS for lack in kind.lacks if lack.misleading)
"""Codes of what is missing and would mislead: an input that lacks it isn't one to build on."""


def find_remedies(notices: Mapping[str, int]) -> tuple[str, str] | None:
    """How callers come to be named, and processes to be told apart, where one other tool has written records."""
    kinds = [kind for kind in _KINDS if notices.get(kind.code)]
    return (kinds[0].callers, kinds[0].apart) if len(kinds) == 1 else None


def describe_usage(notices: Mapping[str, int]) -> Iterator[QualityWarning]:
    """How many records are questions, and what each of the others lacks.

    Args:
        notices: how often the sources saw what is worth one, by code.
    """
    for kind in _KINDS:
        total = notices.get(kind.code, 0)
        if not total:
            continue
        questions, writes = (notices.get(f"{kind.code}-{part}", 0) for part in ("questions", "writes"))
        verb = "is a question" if questions == 1 else "are questions"
        yield QualityWarning(
            code=f"{kind.code}-used",
            message=f"{questions:,} of {format_counted(total, kind.one, kind.many)} {verb}"
            + (f", {format_counted(writes, 'is a write', 'are writes')}" if writes else "")
            + ("." if questions else ": nothing can be asked twice."),
            remedy="Nothing to do; the others are places in the tree."
            if questions
            else "Let the instrumentation of databases and clients write spans as well.",
            count=questions,
            misleading=not questions or any(lack.misleading and notices.get(lack.code) for lack in kind.lacks),
        )
        for lack in kind.lacks:
            if count := notices.get(lack.code, 0):
                subject = (
                    ""
                    if lack.code.endswith(("-interleaved", "-sampled"))
                    else f" {kind.one if count == 1 else kind.many}"
                )
                yield QualityWarning(
                    code=lack.code,
                    message=f"{count:,}{subject} {lack.one if count == 1 else lack.many}.",
                    remedy=lack.remedy,
                    count=count,
                    misleading=lack.misleading,
                )
