"""Makes ``tests/truth/``: one file per log of all calls that really happened, from a folder of one file per process.

    python -m tests.make_truth FOLDER

``FOLDER`` holds a folder per log, in it a gzipped JSON per process, as the instrumented programs wrote it.
"""

import gzip
import json
import sys
from pathlib import Path
from typing import Any

from tests.paths import TRUTH

COLUMNS = ("call", "func", "parent", "thread", "elapsed_us", "drop_seq", "params", "metrics")


def make_truth(source: Path, target: Path) -> None:
    """Write ``target/LOG.json.gz`` for each folder of the source, the same bytes each time."""
    target.mkdir(exist_ok=True)
    for folder in sorted(path for path in source.iterdir() if path.is_dir()):
        processes = [
            reduce_process(json.loads(gzip.decompress(path.read_bytes()))) for path in sorted(folder.iterdir())
        ]
        text = json.dumps(processes, ensure_ascii=False, separators=(",", ":"))
        (target / f"{folder.name}.json.gz").write_bytes(gzip.compress(text.encode(), mtime=0))


def reduce_process(process: dict[str, Any]) -> dict[str, Any]:
    """What the tests need of one process: its program and the columns of its calls that they compare."""
    kept = [column for column in COLUMNS if column in process["columns"]]
    places = [process["columns"].index(column) for column in kept]
    return {
        "exe": process["exe"],
        "args": process.get("args", []),
        "columns": kept,
        "calls": [[call[place] for place in places] for call in process["calls"]],
    }


if __name__ == "__main__":
    make_truth(Path(sys.argv[1]), TRUTH)
