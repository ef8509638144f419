"""Parameter values kept out of a report and its calls: each becomes a short keyed hash; equal values stay equal.

A value with a ``|`` in it may have been read as several parameters: what no program names a parameter is hidden with
its name, and so are the values of what stands right behind the ``|`` at a hidden value's end.

Ids, statements and tokens can then stay out of a public comment, while every count and every pattern is still there.
A value of few possibilities is hidden only as well as the key: whoever has the key can try them all.
"""

import hashlib
import hmac
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any, Final, get_type_hints

import msgspec

from tracereport.calls.calls import Calls
from tracereport.calls.lookup_text import ODD_LOOKUP, decode_lookup, encode_lookup, is_plain_name, join_signature
from tracereport.calls.texts import pack_texts
from tracereport.model import (
    REDACTED,
    FanOut,
    Finding,
    FindingChange,
    MalformedLine,
    Param,
    RedundantSignature,
    Report,
    Rows,
    Selection,
)
from tracereport.wording.units import elide_middle, escape_controls

HASH_BYTES = 6
_SHORTEST_NAME, _LONGEST_NAME = 20, 121
"""Widths that sentences shorten names to."""
KEY_CONTEXT = b"tracereport redaction key"
NAME_FIELDS = frozenset({"param_names", "varying_params"})
"""Lists of parameters' names."""


_TEXTS: Final = (str, str | None, tuple[str, ...], tuple[str | None, ...])
SENTENCE_FIELDS = frozenset({"message", "remedy", "note", "verdict", "expression", "match"})
"""Texts that may speak of a name."""


class Rewriting(msgspec.Struct, frozen=True):
    """What becomes of the parts of a parameter."""

    value: Callable[[str | None, str], str]
    """Name and value -> the value as it may be shown. Without a name: a text that may hold any value."""
    name: Callable[[str], str]
    """A name -> the name as it may be shown."""
    renamed: Mapping[str, str] = {}
    """Names of functions, callers, tests and processes that hold values, and what is shown of each."""


def redact_value(value: str, key: bytes) -> str:
    """What stands for a value: ``redacted:`` and twelve hexadecimal digits of its HMAC-SHA-256."""
    digest = hmac.digest(key, value.encode("utf-8", "surrogatepass"), hashlib.sha256)
    return REDACTED + digest[:HASH_BYTES].hex()


def redaction_key(report: Report) -> bytes:
    """A key that is fixed by the parameter values of a report, for want of a key of one's own.

    The same input gives the same key and so the same documents; another input gives another key, so that values can't
    be traced from one report to the next. Its title and the names of its inputs play no part.
    """
    seen = hashlib.sha256(KEY_CONTEXT)

    def note(name: str | None, value: str) -> str:
        for text in (name or "", value):
            encoded = text.encode("utf-8", "surrogatepass")
            seen.update(len(encoded).to_bytes(8) + encoded)
        return value

    _rewrite(report, Rewriting(value=note, name=str))
    return seen.digest()


def find_hidden_names(calls: Calls, names: frozenset[str]) -> tuple[frozenset[str], frozenset[str]]:
    """The parameters whose values have to be hidden if those of the named ones are; and all that there are.

    Behind a hidden value that ends in a ``|`` the value may go on: ``sql=a||b=c``.
    """
    hidden, known = set(names), set()
    for text in calls.lookups.text.to_list():
        goes_on = False
        for name, value in decode_lookup(text)[1]:
            known.add(name)
            if goes_on:
                hidden.add(name)
            goes_on = value.endswith("|") and (name in hidden or not is_plain_name(name))
    return frozenset(hidden), frozenset(known)


def find_hidden_values(calls: Calls, names: frozenset[str] | None) -> frozenset[str]:
    """The values that are to be hidden, of all calls: those of the named parameters; null: of all."""
    return frozenset(
        value
        for text in calls.lookups.text.to_list()
        for name, value in decode_lookup(text)[1]
        if names is None or name in names or not is_plain_name(name)
    )


def redact_report(
    report: Report, names: frozenset[str] | None, key: bytes, renamed: Mapping[str, str] | None = None
) -> Report:
    """The report with the values of some parameters, or of all, replaced wherever they stand.

    Text of the log that can't be told apart into names and values (a malformed line) is replaced whole.

    Args:
        report: finished.
        names: of the parameters to be redacted, as ``find_hidden_names`` gives them; null: all.
        key: of the hash.
        renamed: names that hold values, and what is shown of each, as ``rename_holders`` gives them.
    """
    redacted: Report = _rewrite(report, _hide_by(names, key, renamed))
    return redacted


def redact_calls(
    calls: Calls, names: frozenset[str] | None, key: bytes, renamed: Mapping[str, str] | None = None
) -> Calls:
    """The calls with the same values replaced as in their report, by the same hashes."""
    hide = _hide_by(names, key, renamed)
    decoded = [decode_lookup(text) for text in calls.lookups.text.to_list()]
    texts = [
        encode_lookup(
            _rename(function, hide.renamed),
            tuple([(hide.name(name), hide.value(name, value)) for name, value in params]),
        )
        for function, params in decoded
    ]
    text = pack_texts(texts)
    lookups = msgspec.structs.replace(calls.lookups, text=text, plain=~text.starts_with(ODD_LOOKUP), _params={})
    facts = calls.facts and msgspec.structs.replace(calls.facts, input=_rewrite(calls.facts.input, hide))
    code = frozenset(calls.names)
    processes = msgspec.structs.replace(calls.processes, name=_rename(calls.processes.name, hide.renamed))
    return msgspec.structs.replace(
        calls,
        lookups=lookups,
        facts=facts,
        names=_rename(calls.names, hide.renamed),
        tests=_rename(calls.tests, hide.renamed),
        resources=tuple(
            [hide.renamed.get(name, name if name in code else hide.value("sql", name)) for name in calls.resources]
        ),
        processes=processes,
    )


def _rename(text: Any, renamed: Mapping[str, str]) -> Any:  # noqa: ANN401 - a name, none, or several
    """What may be shown of a name, or of each of several."""
    if isinstance(text, tuple):
        return tuple([_rename(name, renamed) for name in text])
    return renamed.get(text, text) if isinstance(text, str) else text


@cache
def _text_fields(kind: type) -> tuple[str, ...]:
    """The fields of a record that hold any text, and none of a few words."""
    if kind is Rows:  # of whatever kind
        return ("rows",)
    return tuple(name for name, hint in get_type_hints(kind).items() if hint in _TEXTS)


def _hide_by(names: frozenset[str] | None, key: bytes, renamed: Mapping[str, str] | None = None) -> Rewriting:
    def hide(name: str | None, value: str) -> str:
        is_hidden = names is None or name is None or name in names or not is_plain_name(name)
        return redact_value(value, key) if is_hidden else value

    return Rewriting(
        value=hide,
        name=lambda name: name if is_plain_name(name) else redact_value(name, key),
        renamed=renamed or {},
    )


def _rewrite(node: Any, hide: Rewriting) -> Any:  # noqa: ANN401 - any part of a report
    """A part of a report with every parameter's name and value in it rewritten, in the order of the report."""
    if isinstance(node, tuple):
        return tuple(_rewrite(item, hide) for item in node)
    if not isinstance(node, msgspec.Struct):
        return node
    changes = {name: _rewrite(getattr(node, name), hide) for name in node.__struct_fields__}
    if hide.renamed:
        _rename_fields(type(node), changes, hide.renamed)
    match node:
        case Param():
            changes["name"] = hide.name(node.name)
            changes["value"] = hide.value(node.name, node.value)
        case MalformedLine():
            changes["text"] = hide.value(None, node.text)
        case RedundantSignature():
            fields = [(param.name, param.value) for param in changes["params"]]
            changes["signature"] = join_signature(changes["function"], changes["caller"], fields)
        case Finding() | FindingChange() | FanOut():
            for names in NAME_FIELDS.intersection(changes):
                changes[names] = tuple(map(hide.name, changes[names]))
        case Selection():
            changes["params"] = tuple(_rewrite_condition(condition, hide) for condition in node.params)
    return type(node)(**changes)


def _rename_fields(kind: type, changes: dict[str, Any], renamed: Mapping[str, str]) -> None:
    for field in _text_fields(kind):
        changes[field] = _rename(changes[field], renamed)
        if field in SENTENCE_FIELDS and isinstance(changes[field], str):
            changes[field] = _rename_inside(changes[field], renamed)


def _rename_inside(sentence: str, renamed: Mapping[str, str]) -> str:
    """A sentence without the names that hold values, in full or shortened as sentences have them."""
    for name, shown in renamed.items():
        written = escape_controls(name)
        sentence = sentence.replace(written, shown)
        for width in range(_SHORTEST_NAME, min(len(written), _LONGEST_NAME)):
            sentence = sentence.replace(elide_middle(written, width), shown)
    return sentence


def _rewrite_condition(condition: str, hide: Rewriting) -> str:
    """``NAME=VALUE``, as it was selected by."""
    name, equals, value = condition.partition("=")
    return f"{hide.name(name)}={hide.value(name, value)}" if equals else hide.value(None, condition)
