"""Lets one copy of the emitter serve a process in which two are installed.

``perf_trace`` is the same code as a distribution of its own. Where it is installed as well, ``tracereport.emit`` is
only another name for it: one counter, one log, one plugin.
"""

from __future__ import annotations

import importlib
import sys
from importlib.machinery import ModuleSpec, PathFinder
from importlib.util import find_spec
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import ModuleType

OWN_NAME = "perf_trace"
_OWN_MODULE = "pytest_plugin"


def defer(name: str) -> bool:
    """Makes the package of that name another name for ``perf_trace``, if that is another one and installed."""
    if name == OWN_NAME or not _is_installed():
        return False
    sys.meta_path.insert(0, _Aliases(name))
    sys.modules[name] = importlib.import_module(OWN_NAME)
    return True


def _is_installed() -> bool:
    """Whether ``perf_trace`` is this package, and not something else of that name.

    It may be a copy of the one file, a program's own package, or any folder on the path: one for logs, or what an
    uninstalled ``perf-trace`` leaves behind, which Python takes for a package without a file.
    """
    loaded = sys.modules.get(OWN_NAME)
    spec = loaded.__spec__ if loaded else find_spec(OWN_NAME)
    path = None if spec is None else spec.submodule_search_locations
    return path is not None and PathFinder.find_spec(f"{OWN_NAME}.{_OWN_MODULE}", path) is not None


class _Aliases:  # finder and loader, without importlib.abc, which brings half of the standard library
    """Finds each module below one package under its name in the other."""

    def __init__(self, package: str) -> None:
        self._inside = f"{package}."

    def find_spec(
        self, fullname: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        del path, target
        return ModuleSpec(fullname, self) if fullname.startswith(self._inside) else None  # type: ignore[arg-type]

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        module = importlib.import_module(f"{OWN_NAME}.{spec.name[len(self._inside) :]}")
        self._own_spec = module.__spec__
        return module

    def exec_module(self, module: ModuleType) -> None:
        module.__spec__ = self._own_spec
