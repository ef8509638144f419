"""Spans as programs export them, written down short: for the tests of their reader."""

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from tracereport.calls.calls import CALL_KINDS, NO_NAME, NO_PARENT, Calls
from tracereport.sources.inputs import read_inputs

INTERNAL, SERVER, CLIENT, PRODUCER, CONSUMER = 1, 2, 3, 4, 5
START_NS = 1_700_000_000_000_000_000
SELECT: dict[str, Any] = {"db__system": "postgresql", "db__statement": "SELECT * FROM users WHERE id = 7"}
"""The attributes of a question."""


def span(
    ident: str,
    parent: str = "",
    name: str = "work",
    kind: int = INTERNAL,
    start: int = 0,
    took: int = 1_000,
    trace: str = "t",
    **attributes: object,
) -> dict[str, Any]:
    """One span of OTLP; attributes' names with ``__`` for a point, times in microseconds."""
    return {
        "traceId": trace.encode().hex().rjust(32, "0"),
        "spanId": ident.encode().hex().rjust(16, "0"),
        **({"parentSpanId": parent.encode().hex().rjust(16, "0")} if parent else {}),
        "name": name,
        "kind": kind,
        "startTimeUnixNano": str(START_NS + start * 1_000),
        "endTimeUnixNano": str(START_NS + (start + took) * 1_000),
        "attributes": [{"key": key.replace("__", "."), "value": to_value(value)} for key, value in attributes.items()],
    }


def to_value(value: object) -> dict[str, Any]:
    if isinstance(value, bool):
        return {"boolValue": value}
    return {"intValue": str(value)} if isinstance(value, int) else {"stringValue": value}


def request(spans: Iterable[Mapping[str, Any]], service: str = "shop") -> dict[str, Any]:
    """One export request."""
    resource = {"attributes": [{"key": "service.name", "value": {"stringValue": service}}]}
    return {"resourceSpans": [{"resource": resource, "scopeSpans": [{"scope": {"name": "s"}, "spans": [*spans]}]}]}


def read_requests(folder: Path, *requests: object, source: str | None = None) -> Calls:
    """The calls of requests that an exporter has written one a line."""
    path = folder / "traces.jsonl"
    path.write_text("".join(json.dumps(one) + "\n" for one in requests))
    return read_inputs([str(path)], source=source)


def rows(calls: Calls) -> list[dict[str, Any]]:
    """What the table says of each call."""
    found = []
    for row in range(len(calls)):
        lookup = int(calls.lookup[row])
        origin = int(calls.origin[row])
        parent = int(calls.parent[row])
        of_parent = (calls.process == calls.process[row]) & (calls.number == parent)
        found.append(
            {
                "unit": calls.processes.name[calls.process[row]],
                "judged": bool(calls.judged[row]),
                "number": int(calls.number[row]),
                "function": calls.names[calls.function[row]],
                "caller": None if calls.caller[row] == NO_NAME else calls.names[calls.caller[row]],
                "params": {param.name: param.value for param in calls.params_of(lookup)},
                "known": bool(calls.lookups.values_known[lookup]),
                "kind": CALL_KINDS[calls.kind[row]],
                "answer": ("", "failed", "cached")[calls.origins.answer[origin]],
                "metrics": {one.name: one.value for one in calls.metric_sets.metrics_of(int(calls.metric_set[row]))},
                "parent": None if parent == NO_PARENT else calls.names[calls.function[of_parent][0]],
                "at": calls.origins.texts[calls.origins.at[origin]] if calls.origins.at[origin] >= 0 else None,
                "resource": calls.resources[calls.lookups.resource[lookup]],
                "elapsed_us": int(calls.elapsed_ns[row]) // 1_000,
                "line": int(calls.line[row]),
            }
        )
    return found


def facts_of(calls: Calls) -> dict[str, int]:
    """How often something worth a warning was seen, by its code."""
    assert calls.facts is not None
    return calls.facts.notices
