"""Puts the sources of ``tracereport.emit`` into the package ``perf_trace``: there is one set of files."""

from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class OneSetOfSources(BuildHookInterface):  # type: ignore[type-arg]
    """Takes them from the checkout, or, in a source distribution, from where they were put by this."""

    PLUGIN_NAME = "custom"

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Have each file included."""
        del version
        root = Path(self.root)
        source = root / "perf_trace"
        if not source.is_dir():
            source = root.parent.parent / "tracereport" / "emit"
        for path in sorted(source.rglob("*")):
            if path.suffix == ".py" or path.name == "py.typed":
                build_data["force_include"][str(path)] = f"perf_trace/{path.relative_to(source).as_posix()}"
