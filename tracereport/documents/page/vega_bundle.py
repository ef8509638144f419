"""The JavaScript that brings the page's charts to life: Vega, Vega-Lite and vega-embed in one bundle.

vl-convert carries them and writes the bundle, in about two seconds. A wheel holds it, made when the wheel was built; in
a checkout it is made once and kept in the user's cache, as ``template_cache`` keeps the templates. It is kept and
written into the page packed, where it takes a third of the room; browsers unpack it when the first chart comes near.
"""

import gzip
import tempfile
from base64 import b64encode
from contextlib import suppress
from importlib.metadata import version
from pathlib import Path
from typing import NamedTuple

_SNIPPET = "window.vegaEmbed = vegaEmbed;"
_NOTICE = """/*! Vega, Vega-Lite and vega-embed: (c) University of Washington Interactive Data Lab, BSD-3-Clause.
D3 and TopoJSON: (c) Mike Bostock, ISC. All of them, and the texts: LICENSE-THIRD-PARTY.txt in tracereport. */"""


class Bundle(NamedTuple):
    """The bundle as the page holds it, and as it runs."""

    packed: str
    """By gzip, in base64."""
    script: str


def make_bundle() -> bytes:
    """The bundle, made afresh and packed; in a function of its own, its only global is ``vegaEmbed``."""
    import vl_convert  # noqa: PLC0415 - heavy, and only the page needs it

    bundle: str = vl_convert.javascript_bundle(_SNIPPET)
    escaped = bundle.replace("</script", "<\\/script").strip()
    return gzip.compress(f'{_NOTICE}\n(() => {{\n"use strict";\n{escaped}\n}})();'.encode(), mtime=0)


def read_bundle() -> Bundle:
    """The bundle of this installation; made and kept where there is none yet."""
    kept = read_kept_bundle()
    if kept is not None:
        return kept
    packed = make_bundle()
    path = _cache_path()
    if path is not None:
        _keep(packed, path)
    return _unpack(packed)


def read_kept_bundle() -> Bundle | None:
    """The bundle of this installation; null where none was made yet."""
    from tracereport.sections.charts.templates import templates_dir  # noqa: PLC0415 - the build uses this by itself

    packaged = templates_dir() / "vega.js.gz"
    path = packaged if packaged.is_file() else _cache_path()
    if path is not None:
        with suppress(OSError, EOFError, ValueError):
            return _unpack(path.read_bytes())
    return None


def _unpack(packed: bytes) -> Bundle:
    return Bundle(b64encode(packed).decode(), gzip.decompress(packed).decode())


def _cache_path() -> Path | None:
    """Where a checkout keeps the bundle; null where there is no such place."""
    from tracereport.documents.user_cache import cache_folder  # noqa: PLC0415 - only a checkout needs it

    folder = cache_folder()
    return folder / f"vega-{version('vl-convert-python')}.js.gz" if folder is not None else None


def _keep(bundle: bytes, path: Path) -> None:
    """Write the file whole or not at all; a cache that can't be written is no error, the bundle is there."""
    with suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=path.parent) as folder:
            unfinished = Path(folder) / path.name
            unfinished.write_bytes(bundle)
            unfinished.replace(path)
