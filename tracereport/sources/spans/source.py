"""The skins of spans as sources. Told apart by the names that only one of them uses."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, Literal

from tracereport.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import numpy as np
    from numpy.typing import NDArray

    from tracereport.calls.calls import Calls, Facts
    from tracereport.sources.spans.read import Skin
    from tracereport.sources.streams.raw import Progress
    from tracereport.sources.streams.stream import Stream

_START: Final = re.compile(rb"\s*[\[{]")


class SpanSource:
    """Spans of one form.

    Args:
        name: as the option ``--from`` calls it.
        signs: what must stand in the beginning of such an input, in any order.
        foreign: what must not.
        remedy: the command that gets such a file.
    """

    def __init__(self, name: str, signs: Sequence[bytes], foreign: Sequence[bytes], remedy: str) -> None:
        self.name = name
        self._signs = tuple(re.compile(rb'"(?:' + sign + rb')"\s*:') for sign in signs)
        self._foreign = tuple(re.compile(rb'"(?:' + sign + rb')"\s*:') for sign in foreign)
        self._remedy = remedy

    @property
    def joins_inputs(self) -> Literal[True]:
        """A trace may go on in the next input."""
        return True

    def recognises(self, path: str, head: bytes) -> bool:  # noqa: ARG002 - told by content
        """Whether it is JSON with the names of this form."""
        return (
            _START.match(head) is not None
            and all(sign.search(head) for sign in self._signs)
            and not any(sign.search(head) for sign in self._foreign)
        )

    def read(self, streams: Sequence[Stream], progress: Progress | None) -> Iterator[Calls]:
        """The calls of all inputs: a trace may go on from one to the other."""
        from tracereport.sources.spans.read import read_spans  # noqa: PLC0415

        return read_spans(self._skin(), streams, progress)

    def read_raw(self, calls: Calls, rows: NDArray[np.bool_], inputs: Sequence[str | None]) -> Iterator[bytes]:
        """The spans as JSON, one a line."""
        from tracereport.sources.spans.raw import read_raw  # noqa: PLC0415

        return read_raw(self._skin(), calls, rows, inputs)

    def explain_nothing(self, names: Sequence[str], facts: Facts | None) -> InputError:
        """That there is no span, or none that has ended."""
        if facts is not None and facts.input.errors:
            return InputError(f"{facts.input.errors[0]}, and no whole span before that", "Export the spans again.")
        seen = facts.input.lines if facts is not None else 0
        return InputError(
            f"{names[0]}: {'no span has ended' if seen else 'no span in it'}", f"Export spans: {self._remedy}"
        )

    def _skin(self) -> Skin:
        from tracereport.sources.spans import laravel, otlp, protobuf, skins  # noqa: PLC0415
        from tracereport.sources.spans.read import Skin  # noqa: PLC0415

        known = {
            "otlp": Skin("otlp", otlp.walk, otlp.read_lenient, otlp.read_typed),
            "otlp-proto": Skin(
                "otlp-proto",
                protobuf.walk,
                protobuf.read_span,
                split=protobuf.split_requests,
                decode=protobuf.decode_request,
                encode=protobuf.encode_span,
            ),
            "tempo": Skin("tempo", otlp.walk, otlp.read_lenient, otlp.read_typed),
            "jaeger": Skin("jaeger", skins.walk_jaeger, skins.read_jaeger),
            "zipkin": Skin("zipkin", skins.walk_zipkin, skins.read_zipkin),
            "sentry": Skin("sentry", skins.walk_sentry, skins.read_sentry),
            "laravel": Skin("laravel", laravel.walk_laravel, laravel.read_laravel),
        }
        return known[self.name]


class ProtobufSource(SpanSource):
    """OTLP in protobuf, told by how its first fields lie in each other."""

    def __init__(self) -> None:
        super().__init__("otlp-proto", (), (), "the Collector's `exporters: file: {path: traces.pb, format: proto}`")

    def recognises(self, path: str, head: bytes) -> bool:  # noqa: ARG002 - told by content
        """Whether it begins as an export request does, or the length of one."""
        if b"\x0a" not in head[:8]:
            return False
        from tracereport.sources.spans.protobuf import begins_with_length, is_request  # noqa: PLC0415

        return is_request(head) or begins_with_length(head)


SPAN_SOURCES: Final = (
    SpanSource(
        "otlp", (b"resourceSpans",), (b"batches",), "the Collector's `exporters: file: {path: traces.jsonl}`"
    ),
    ProtobufSource(),
    SpanSource("tempo", (b"batches", b"scopeSpans|instrumentationLibrarySpans"), (), "Grafana's button for a trace"),
    SpanSource("jaeger", (b"spanID", b"operationName"), (), "Jaeger's JSON download of a trace"),
    SpanSource(
        "zipkin", (b"traceId", b"id", b"localEndpoint|timestamp"), (b"resourceSpans|scopeSpans|batches",),
        "curl 'http://localhost:9411/api/v2/traces?limit=1000' > traces.json",
    ),
    SpanSource("laravel", (b"__meta", b"utime|datetime"), (), "Laravel's Debugbar, which writes to storage/debugbar"),
    SpanSource("sentry", (b"spans", b"start_timestamp", b"span_id"), (), "the JSON of an event in Sentry"),
)  # fmt: skip
