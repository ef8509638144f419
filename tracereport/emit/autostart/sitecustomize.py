"""Switches the hooks on in a Python program that ``tracereport run`` starts.

Its folder is put into ``PYTHONPATH``, and Python imports a module of this name by itself. The folder is taken off
``sys.path`` again, and the module of this name that would have been found without it is imported as ever.
Whatever fails here is no matter of the program's.
"""

import importlib
import importlib.util
import os
import sys
from importlib.machinery import PathFinder

_FOLDER = os.path.dirname(os.path.abspath(__file__))


def _find_emitter() -> str:
    """The name of the emitter's package: as it is installed here, else of the one that this file lies in."""
    for name in ("perf_trace", "tracereport.emit"):
        try:
            spec = importlib.util.find_spec(name)
        except ImportError:
            continue
        # Looked into, not imported: it may be something of the program's own.
        folders = None if spec is None else spec.submodule_search_locations
        if folders and PathFinder.find_spec(f"{name}.hooks", folders) is not None:
            return name
    package = os.path.dirname(_FOLDER)
    path = os.path.join(package, "__init__.py")
    spec = importlib.util.spec_from_file_location("perf_trace", path, submodule_search_locations=[package])
    if spec is None or spec.loader is None:
        raise ImportError(path)
    sys.modules["perf_trace"] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(sys.modules["perf_trace"])
    return "perf_trace"


def _import_the_next() -> None:
    own = sys.modules.pop("sitecustomize")
    try:
        importlib.import_module("sitecustomize")
    finally:
        sys.modules.setdefault("sitecustomize", own)


sys.path[:] = [path for path in sys.path if os.path.abspath(path or ".") != _FOLDER]
if sys.version_info >= (3, 9) and os.environ.get("PERF_TRACE"):
    try:
        importlib.import_module(f"{_find_emitter()}.autostarted").switch_on()
    except Exception:  # noqa: BLE001, S110  # see above
        pass
try:
    _import_the_next()
except ImportError:
    pass
