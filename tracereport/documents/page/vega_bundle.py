"""The JavaScript that brings the page's charts to life: Vega, Vega-Lite and vega-embed in one bundle.

vl-convert carries them and writes the bundle, in about two seconds. A wheel holds it, made when the wheel was built; in
a checkout it is made once and kept in the user's cache, as ``template_cache`` keeps the templates.
"""

import tempfile
from contextlib import suppress
from importlib.metadata import version
from pathlib import Path

_SNIPPET = "window.vegaEmbed = vegaEmbed;"


def make_bundle() -> str:
    """The bundle, made afresh; inside of a function its only global is ``vegaEmbed``."""
    import vl_convert  # noqa: PLC0415 - heavy, and only the page needs it

    bundle: str = vl_convert.javascript_bundle(_SNIPPET)
    return bundle.replace("</script", "<\\/script").strip() + "\n"


def read_bundle() -> str:
    """The bundle of this installation; made and kept where there is none yet."""
    kept = read_kept_bundle()
    if kept:
        return kept
    bundle = make_bundle()
    path = _cache_path()
    if path is not None:
        _keep(bundle, path)
    return bundle


def read_kept_bundle() -> str:
    """The bundle of this installation; empty where none was made yet."""
    from tracereport.sections.charts.templates import templates_dir  # noqa: PLC0415 - the build uses this by itself

    packaged = templates_dir() / "vega.js"
    path = packaged if packaged.is_file() else _cache_path()
    if path is not None:
        with suppress(OSError, ValueError):
            return path.read_text(encoding="utf-8")
    return ""


def _cache_path() -> Path | None:
    """Where a checkout keeps the bundle; null where there is no such place."""
    from tracereport.documents.user_cache import cache_folder  # noqa: PLC0415 - only a checkout needs it

    folder = cache_folder()
    return folder / f"vega-{version('vl-convert-python')}.js" if folder is not None else None


def _keep(bundle: str, path: Path) -> None:
    """Write the file whole or not at all; a cache that can't be written is no error, the bundle is there."""
    with suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=path.parent) as folder:
            unfinished = Path(folder) / path.name
            unfinished.write_text(bundle, encoding="utf-8")
            unfinished.replace(path)
