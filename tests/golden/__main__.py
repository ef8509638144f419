"""Writes the golden documents that changed, and removes those that nobody asks for."""

import sys

from tests.golden import FOLDER, list_goldens, make_document

FOLDER.mkdir(exist_ok=True)
goldens = set(list_goldens())
for path in sorted(FOLDER.iterdir()):
    if path.name not in goldens:
        path.unlink()
        sys.stdout.write(f"removed {path.name}\n")
for golden in sorted(goldens):
    path, document = FOLDER / golden, make_document(golden)
    if not path.exists() or path.read_bytes() != document:
        path.write_bytes(document)
        sys.stdout.write(f"wrote {golden}\n")
