"""Specifications of charts -> static pictures for readers without scripts.

vl-convert draws them in one JavaScript engine that takes a while to start and works without holding up Python; so one
thread of our own feeds it while the page's words are being written.
"""

import itertools
import re
import sys
from collections.abc import Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from html import escape
from importlib.util import find_spec
from types import TracebackType
from typing import Any, Final, Self
from xml.etree import ElementTree as ET

_TAGS: Final = frozenset({"svg", "g", "path", "line", "rect", "text", "tspan", "defs", "clipPath"})
_ATTRIBUTES: Final = frozenset(
    {
        *("id", "width", "height", "viewBox", "d", "x", "y", "x1", "x2", "y1", "y2", "dx", "dy", "transform"),
        *("fill", "fill-opacity", "opacity", "clip-path", "stroke", "stroke-width", "stroke-opacity"),
        *("stroke-dasharray", "stroke-dashoffset", "stroke-linecap", "stroke-linejoin"),
        *("text-anchor", "font-family", "font-size", "font-weight"),
    }
)
_GEOMETRY: Final = frozenset({"width", "height", "d", "x", "y", "x1", "x2", "y1", "y2", "transform"})
_DEFAULTS: Final = frozenset(
    {("opacity", "1"), ("stroke-width", "1"), ("fill-opacity", "1"), ("font-weight", "normal")}
)
_DRAWN_ATTRIBUTES: Final = frozenset({"fill", "stroke"})
_LONG_NUMBER: Final = re.compile(r"-?\d+\.\d{2,}")
_REFERENCE: Final = re.compile(r"url\(#(\w+)\)")
_SMALLEST: Final = {"data": {"values": []}, "mark": "point"}
_ENGINE_ADDRESS_BYTES: Final = 72_000_000_000
"""What the engine reserves, of which it uses little. Where it doesn't get it, it ends the whole process."""


class Pictures:
    """Draws pictures in the background; a context manager, since its thread must end.

    The engine starts when the context is entered, so that it is up once the first chart is made.
    """

    def __init__(self, theme: Mapping[str, Any]) -> None:
        self._theme = theme
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="pictures")

    def __enter__(self) -> Self:
        self._thread.submit(_convert, _SMALLEST)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._thread.shutdown(cancel_futures=True)

    def draw(self, name: str, specification: Mapping[str, Any]) -> Future[str]:
        """The picture of a Vega-Lite specification as an SVG element; ``name`` keeps its ids apart from others'.

        What reaches beyond its edge is seen: the engine's font may be narrower than the reader's.
        """

        def draw_picture() -> str:
            drawn = clean_svg(_convert({**specification, **self._theme}), name)
            return drawn.replace("<svg", '<svg overflow="visible"', 1)

        return self._thread.submit(draw_picture)


def explain_no_engine() -> str:
    """Why the engine can't be started here; empty where it can."""
    if find_spec("vl_convert") is None:
        return (
            "This page was written without pictures of its charts: the library that draws them isn't installed. "
            "To add it: `pip install vl-convert-python`."
        )
    if sys.platform == "win32":
        return ""
    import resource  # noqa: PLC0415 - Windows has none

    limit, _ = resource.getrlimit(resource.RLIMIT_AS)
    if limit in (resource.RLIM_INFINITY, -1) or limit >= _ENGINE_ADDRESS_BYTES:
        return ""
    return (
        "This page was written without pictures of its charts: they need "
        f"{_ENGINE_ADDRESS_BYTES // 10**9} GB of address space, and {limit / 10**9:.0f} GB were allowed (`ulimit -v`)."
    )


def _convert(specification: Mapping[str, Any]) -> str:
    import vl_convert  # noqa: PLC0415 - heavy, and only the page needs it

    return vl_convert.vegalite_to_svg(dict(specification))


def clean_svg(picture: str, name: str) -> str:
    """The picture with nothing in it but shapes and text, in fewer bytes.

    Only known elements and attributes pass, so that text of a log can't become anything else; ids are renamed in their
    order, so that they are the same in every run and differ from those of other pictures.
    """
    root = ET.fromstring(picture)  # noqa: S314 - made by vl-convert a moment ago, without entities
    ids = itertools.count()
    renamed: dict[str, str] = {}

    def rename(old: str) -> str:
        if old not in renamed:
            renamed[old] = f"{name}-{next(ids)}"
        return renamed[old]

    own_ids = {element.get("id", "") for element in root.iter()}

    def rename_reference(match: re.Match[str]) -> str:
        return f"url(#{rename(match[1])})" if match[1] in own_ids else match[0]

    def write(element: ET.Element, inherited: Mapping[str, str]) -> Iterator[str]:
        tag = element.tag.rpartition("}")[2]
        if tag not in _TAGS or not _is_seen(element):
            return
        kept = {key: value for key, value in element.attrib.items() if key in _ATTRIBUTES}
        kept = {key: value for key, value in kept.items() if (key, value) not in _DEFAULTS}
        if tag == "path" and (not kept.get("d") or not _DRAWN_ATTRIBUTES & kept.keys()) and "id" not in inherited:
            return
        if "id" in kept:
            kept["id"] = rename(kept["id"])
        kept |= {key: _LONG_NUMBER.sub(_round, kept[key]) for key in _GEOMETRY & kept.keys()}
        attributes = "".join(
            f' {key}="{escape(_REFERENCE.sub(rename_reference, value))}"' for key, value in kept.items()
        )
        inner = escape(element.text or "", quote=False) if tag in {"text", "tspan"} else ""
        inner += "".join(itertools.chain.from_iterable(write(child, kept) for child in element))
        if tag == "g" and not inner:
            return
        if tag == "g" and not attributes:
            yield inner
        else:
            yield f"<{tag}{attributes}>{inner}</{tag}>" if inner else f"<{tag}{attributes}/>"

    return "".join(write(root, {}))


def _is_seen(element: ET.Element) -> bool:
    """Whether it is drawn at all: areas that only catch the pointer aren't."""
    return (
        element.get("display") != "none" and element.get("fill") != "transparent" and element.get("fill-opacity") != "0"
    )


def _round(number: re.Match[str]) -> str:
    """A tenth of a pixel is more than anyone sees."""
    return f"{float(number[0]):.1f}".removesuffix(".0")
