"""The whole report as JSON: for other programs, and the baseline of a later run."""

from typing import Final

from tracereport.documents.interface import MadeOf, RenderOptions, Result


class Json:
    """``.json``: every figure of the report."""

    name: Final = "json"
    suffixes: Final = (".json",)
    help: Final = ""
    all_rows: Final = True
    made_of: Final[MadeOf] = "report"

    def render(self, result: Result, options: RenderOptions) -> bytes:
        """One JSON object."""
        from tracereport.model import encode_json  # noqa: PLC0415 - the help needs no renderer

        del options
        return encode_json(result.report)


class PackedJson:
    """``.json.gz``: the same, packed; without a time, so that equal reports stay equal."""

    name: Final = "json.gz"
    suffixes: Final = (".json.gz",)
    help: Final = ""
    all_rows: Final = True
    made_of: Final[MadeOf] = "report"

    def render(self, result: Result, options: RenderOptions) -> bytes:
        """One JSON object, packed by gzip."""
        import gzip  # noqa: PLC0415

        return gzip.compress(Json().render(result, options), mtime=0)
