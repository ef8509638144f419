"""What is switched on in a program that was started under ``PERF_TRACE`` from outside: hooks, and the pytest plugin."""

from __future__ import annotations

import sys

from . import hooks
from .log import is_on
from .modules import when_imported

_PLUGIN = f"{__package__}.pytest_guest"


def switch_on() -> None:
    """Switches the hooks on, and has pytest name the tests even where the plugin isn't installed beside it."""
    if is_on():
        hooks.switch_on()
        when_imported("_pytest.config", _add_plugin)


def _add_plugin() -> None:
    config = sys.modules["_pytest.config"]
    config.default_plugins = (*config.default_plugins, _PLUGIN)  # type: ignore[attr-defined]
