"""Where the templates are."""

from pathlib import Path


def templates_dir() -> Path:
    """The folder of the templates: inside the package in a wheel, beside it in a checkout."""
    package = Path(__file__).resolve().parents[2]
    installed = package / "templates"
    return installed if installed.is_dir() else package.parent / "templates"
