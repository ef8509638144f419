"""Puts the charts' JavaScript into the wheel, so that no run of the program has to make it."""

import importlib.util
import tempfile
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class VegaBundleHook(BuildHookInterface):  # type: ignore[type-arg]
    """Adds ``tracereport/templates/vega.js`` to a wheel; an editable checkout makes its own when it first needs it."""

    PLUGIN_NAME = "custom"

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Make the bundle in a temporary folder and have it included."""
        if self.target_name != "wheel" or version == "editable":
            return
        self._folder = tempfile.TemporaryDirectory()
        bundle = Path(self._folder.name) / "vega.js"
        bundle.write_text(_load_bundle_maker(Path(self.root)).make_bundle(), encoding="utf-8")
        build_data["force_include"][str(bundle)] = "tracereport/templates/vega.js"

    def finalize(self, version: str, build_data: dict[str, Any], artifact_path: str) -> None:
        """Remove the temporary folder."""
        del version, build_data, artifact_path
        if hasattr(self, "_folder"):
            self._folder.cleanup()


def _load_bundle_maker(root: Path) -> Any:  # noqa: ANN401 - a module that isn't installed yet
    """The module that makes the bundle, from its file: the package isn't installed where its wheel is built."""
    spec = importlib.util.spec_from_file_location("vega_bundle", root / "tracereport" / "documents" / "vega_bundle.py")
    if spec is None or spec.loader is None:
        raise FileNotFoundError("tracereport/documents/vega_bundle.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
