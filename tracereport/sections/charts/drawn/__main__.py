"""Keeps what Altair makes of each drawing in ``templates/charts``: ``python -m tracereport.sections.charts.drawn``."""

import msgspec

from tracereport.sections.charts.drawn import DRAWINGS, OF_HISTORIES, make_template
from tracereport.sections.charts.templates import templates_dir


def write_templates() -> None:
    """Write a file for each chart."""
    folder = templates_dir() / "charts"
    folder.mkdir(exist_ok=True)
    for name in (*DRAWINGS, *OF_HISTORIES):
        written = msgspec.json.format(msgspec.json.encode(make_template(name)), indent=1)
        (folder / f"{name}.json").write_bytes(written + b"\n")


if __name__ == "__main__":
    write_templates()
