"""What was read in several pieces: facts of the whole."""

from collections import Counter
from collections.abc import Sequence
from typing import Final

from tracereport.calls.calls import Facts, FileFacts
from tracereport.model import Input, Rows

MALFORMED_ROWS: Final = 1_000
"""Malformed lines that are kept with their beginning."""
_HEAD_BYTES: Final = 1 << 20


def merge_facts(parts: Sequence[Facts]) -> Facts:
    """The facts of all parts, which are in the order of the input."""
    if len(parts) == 1:
        return parts[0]
    inputs = [part.input for part in parts]
    malformed = tuple(row for part in inputs for row in part.malformed.rows)
    notices: Counter[str] = Counter()
    for part in parts:
        notices.update(part.notices)
    has_records = any(part.records for part in inputs)
    return Facts(
        input=Input(
            files=tuple(dict.fromkeys(file for part in inputs for file in part.files)),
            record_kind="span" if all(part.record_kind == "span" for part in inputs) else "line",
            lines=sum(part.lines for part in inputs),
            records=sum(part.records for part in inputs),
            continuation_lines=sum(part.continuation_lines for part in inputs),
            malformed_lines=sum(part.malformed_lines for part in inputs),
            other_lines=sum(part.other_lines for part in inputs),
            malformed=Rows(sum(part.malformed.total for part in inputs), malformed[:MALFORMED_ROWS]),
            errors=tuple(dict.fromkeys(error for part in inputs for error in part.errors)),
            partial=any(part.partial for part in inputs),
        ),
        notices=dict(notices),
        head=b"" if has_records else b"\n".join(part.head for part in parts if part.head)[:_HEAD_BYTES],
        by_file=_merge_files([one for part in parts for one in part.by_file]),
    )


def _merge_files(facts: Sequence[FileFacts]) -> tuple[FileFacts, ...]:
    by_file: dict[str, FileFacts] = {}
    for one in facts:
        before = by_file.get(one.file)
        by_file[one.file] = one if before is None else _add(before, one)
    return tuple(by_file.values())


def _add(first: FileFacts, second: FileFacts) -> FileFacts:
    return FileFacts(
        file=first.file,
        holds_invalid=first.holds_invalid or second.holds_invalid,
        silent=first.silent + second.silent,
        traced=first.traced + second.traced,
        alone=first.alone + second.alone,
    )


def count_notices(facts: Facts) -> dict[str, int]:
    """How often something worth a warning was seen in the whole input, by the warning's code."""
    notices = Counter(facts.notices)
    notices["invalid-utf8"] += sum(one.holds_invalid for one in facts.by_file)
    notices["captured"] += sum(_count_captured(one) for one in facts.by_file)
    return {code: count for code, count in notices.items() if count}


def _count_captured(facts: FileFacts) -> int:
    """The test binaries whose traces libtest seems to have captured.

    That shows where only child processes traced: every binary with traces shows several counters, as the processes that
    a test starts do, and others are silent.
    """
    return facts.silent if facts.traced and not facts.alone else 0
