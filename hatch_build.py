"""Builds what a wheel holds beside Python: the native library, the templates, and the charts' JavaScript."""

import importlib.util
import tempfile
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class WheelHook(BuildHookInterface):  # type: ignore[type-arg]
    """Compiles the native library in place, and adds ``tracereport/templates`` with ``vega.js.gz`` to a wheel.

    An editable checkout has its templates, and makes its own JavaScript when it first needs it.
    """

    PLUGIN_NAME = "custom"

    def dependencies(self) -> list[str]:
        """A compiler, if this machine has none that works."""
        requirements: list[str] = _load(Path(self.root) / "build_native.py").build_requirements()
        return requirements if self.target_name == "wheel" else []

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Compile; make the bundle in a temporary folder and have it included."""
        if self.target_name != "wheel":
            return
        native = _load(Path(self.root) / "build_native.py")
        try:
            native.compile_library(Path(self.root))
        except native.NoCompilerError as error:
            self.app.abort(str(error))
        build_data["pure_python"] = False
        build_data["tag"] = f"py3-none-{native.wheel_platform()}"
        if version == "editable":
            return
        self._folder = tempfile.TemporaryDirectory()
        bundle = Path(self._folder.name) / "vega.js.gz"
        maker = _load(Path(self.root) / "tracereport" / "documents" / "page" / "vega_bundle.py")
        bundle.write_bytes(maker.make_bundle())
        included = {path: path.relative_to(self.root) for path in _list_templates(Path(self.root))}
        included[bundle] = Path("templates", bundle.name)
        build_data["force_include"] |= {str(path): f"tracereport/{target}" for path, target in included.items()}

    def finalize(self, version: str, build_data: dict[str, Any], artifact_path: str) -> None:
        """Remove the temporary folder."""
        del version, build_data, artifact_path
        if hasattr(self, "_folder"):
            self._folder.cleanup()


def _list_templates(root: Path) -> list[Path]:
    """The templates of documents; beside them stands the component that GitLab looks for in a folder of this name."""
    files = sorted(path for path in (root / "templates").rglob("*") if path.is_file())
    return [path for path in files if path.parent.name != "report"]


def _load(path: Path) -> Any:  # noqa: ANN401 - a module that isn't installed yet
    """A module from its file: the package isn't installed where its wheel is built."""
    spec = importlib.util.spec_from_file_location(path.stem, path)
    if spec is None or spec.loader is None:
        raise FileNotFoundError(path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
