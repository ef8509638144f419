"""Redacted reports: no value survives anywhere, equal stays equal, and every figure is as it was."""

import json
import re
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.paths import LOGS
from tests.sample_report import sample_report
from tests.sample_report.compared import compared_report
from tests.sample_report.empty import empty_report
from tests.sample_report.lookups import signature
from tests.sample_report.names import params, rows
from tracereport.calls.lookup_text import is_plain_name
from tracereport.engine.report import make_report
from tracereport.judging.redaction import redact_report, redact_value, redaction_key
from tracereport.model import MalformedLine, Param, Report, Selection, Settings, encode_json
from tracereport.sources.inputs import read_inputs
from tracereport.sources.table import make_table

KEY = b"a key"
REDACTED = re.compile(r"redacted:[0-9a-f]{12}")


def report_with_everything() -> Report:
    """The compared sample, with a selection by a value and with a redundant signature with a caller and one without."""
    base = compared_report()
    assert base.input is not None
    asked = params(id="secret-1", token="secret|2=x")  # noqa: S106 - what is to be hidden
    nobodys = signature("query", None, asked, 3, 4, calls=2)
    torn = MalformedLine(file="a.log", line=7, reason="torn", text="PERF_TRACE|PERF_TRACE|3|f|id=secret-3|")
    return msgspec.structs.replace(
        base,
        input=msgspec.structs.replace(base.input, malformed_lines=1, malformed=rows(torn)),
        selection=Selection(functions=("que*",), params=("id=secret-4", "secret-5")),
        redundant_signatures=rows(signature("query", "load", asked, 1, 2, calls=2), nobodys),
    )


def objects(node: object) -> Iterator[dict[str, Any]]:
    """Every object in a JSON document."""
    if isinstance(node, dict):
        yield node
        node = list(node.values())
    if isinstance(node, list):
        for item in node:
            yield from objects(item)


def values(report: Report) -> dict[tuple[str, str], None]:
    """Names and values of all parameters, in the order of the document."""
    return {
        (found["name"], found["value"]): None
        for found in objects(json.loads(encode_json(report)))
        if set(found) == {"name", "value"} and isinstance(found["value"], str)
    }


def texts(report: Report) -> set[str]:
    """Every string in the document."""
    return {text for found in objects(json.loads(encode_json(report))) for text in strings(list(found.values()))}


def strings(node: object) -> Iterator[str]:
    if isinstance(node, str):
        yield node
    elif isinstance(node, list):
        for item in node:
            yield from strings(item)


def test_no_value_survives() -> None:
    report = report_with_everything()
    told = {value for _, value in values(report) if len(value) > 5}
    assert len(told) > 10
    redacted = redact_report(report, None, KEY)
    left = {text for text in texts(redacted) for value in told if value in text}
    assert not left
    assert b"secret" not in encode_json(redacted)
    assert all(REDACTED.fullmatch(value) for _, value in values(redacted))


def test_only_values_are_touched() -> None:
    report = report_with_everything()
    before, after = json.loads(encode_json(report)), json.loads(encode_json(redact_report(report, None, KEY)))

    def blank(node: object) -> object:
        if isinstance(node, list):
            return [blank(item) for item in node]
        if isinstance(node, dict):
            hidden = {"signature", "params"} if "signature" in node or "functions" in node else set()
            if set(node) == {"name", "value"} and isinstance(node["value"], str):
                hidden = {"value"}
            if set(node) == {"file", "line", "reason", "text"}:
                hidden = {"text"}
            return {key: None if key in hidden else blank(item) for key, item in node.items()}
        return node

    assert blank(before) == blank(after)
    assert before != after


def test_equal_values_stay_equal_and_different_ones_different() -> None:
    report = report_with_everything()
    before, after = values(report), values(redact_report(report, None, KEY))
    assert len(after) == len(before)
    assert [(name, redact_value(value, KEY)) for name, value in before] == list(after)


def test_only_the_named_parameters_are_redacted() -> None:
    report = report_with_everything()
    redacted = redact_report(report, frozenset({"token"}), KEY)
    first, nobodys = redacted.redundant_signatures.rows
    hidden = redact_value("secret|2=x", KEY)
    assert first.params == params(id="secret-1", token=hidden)
    assert first.signature == f"query|caller=load|id=secret-1|token={hidden}"
    assert nobodys.signature == f"query|id=secret-1|token={hidden}"
    assert redacted.selection is not None
    assert redacted.selection.params[0] == "id=secret-4"
    assert redacted.input is not None
    assert REDACTED.fullmatch(redacted.input.malformed.rows[0].text), "a broken line can't be told apart"


def test_a_selection_by_value_is_redacted_with_it() -> None:
    redacted = redact_report(report_with_everything(), None, KEY)
    assert redacted.selection is not None
    assert redacted.selection.functions == ("que*",)
    assert redacted.selection.params == (f"id={redact_value('secret-4', KEY)}", redact_value("secret-5", KEY))


def test_another_key_gives_other_hashes() -> None:
    assert redact_value("secret", b"one") != redact_value("secret", b"two")
    assert REDACTED.fullmatch(redact_value("", KEY))
    assert redact_value("\ud800", KEY) != redact_value("\\ud800", KEY)


def test_the_key_of_a_report_depends_on_its_values_alone() -> None:
    report = sample_report()
    assert redaction_key(report) == redaction_key(msgspec.structs.replace(report, title="another"))
    others = rows(signature("query", "load", params(id="another"), 1, 2, calls=2))
    assert redaction_key(report) != redaction_key(msgspec.structs.replace(report, redundant_signatures=others))


def test_a_report_without_values_is_left_as_it_is() -> None:
    report = msgspec.structs.replace(sample_report(), slowest_calls=rows())
    assert redact_report(report, frozenset(), KEY) == msgspec.structs.replace(
        report, input=redact_report(report, frozenset(), KEY).input
    )


@settings(max_examples=60, deadline=None)
@given(
    pairs=st.lists(st.tuples(st.text("ab=|", max_size=3), st.text("ab=|", max_size=4)), max_size=4),
    caller=st.none() | st.text("ab=|", max_size=2),
    position=st.integers(0, 4),
)
@pytest.mark.parametrize("names", [None, frozenset({"a"})])
def test_a_signature_holds_the_parameters_beside_it(
    names: frozenset[str] | None, pairs: list[tuple[str, str]], caller: str | None, position: int
) -> None:
    asked = tuple(Param(name=name, value=value) for name, value in pairs)
    fields = [f"{name}={value}" for name, value in pairs]
    if caller is not None:
        fields.insert(position, f"caller={caller}")
    row = msgspec.structs.replace(signature("f", caller, asked, 1, calls=2), signature="|".join(["f", *fields]))
    report = msgspec.structs.replace(empty_report(), redundant_signatures=rows(row))
    (after,) = redact_report(report, names, KEY).redundant_signatures.rows
    expected = [
        f"{name}={redact_value(value, KEY) if names is None or name in names else value}"
        if is_plain_name(name)
        else f"{redact_value(name, KEY)}={redact_value(value, KEY)}"
        for name, value in pairs
    ]
    if caller is not None:
        assert f"caller={caller}" in after.signature
        expected.append(f"caller={caller}")
    assert sorted("|".join(["f", *expected])) == sorted(after.signature)
    assert len(after.signature.split("|redacted:")) == len("|".join(["f", *expected]).split("|redacted:"))


@pytest.mark.parametrize("log", ["hostile.log", "hostile-bare.log", "killed-mid-value.log", "env_logger-backtrace.log"])
def test_no_value_of_a_real_log_survives(log: str) -> None:
    calls = read_inputs([str(LOGS / log)])
    report = make_report(calls, Settings(), log)
    told = {value for found in make_table(calls)["params"].to_list() for value in (pair["value"] for pair in found)}
    named = {*calls.names, *calls.processes.name, str(LOGS / log)}
    secret = {value for value in told if len(value) > 8 and not any(value in name for name in named)}
    assert secret
    assert any(value in text for text in texts(report) for value in secret)
    left = {(value, text) for text in texts(redact_report(report, None, KEY)) for value in secret if value in text}
    assert not left
