"""``python -m tests.fuzz.kill [--times N] [--seed N]``: writers that are killed at any moment leave whole documents.

Two processes write one target over and over, each its own content; at a random moment one of them, or both, is killed
(SIGKILL: nobody can clean up). What stands at the target then is one content or the other, whole. Prints what was seen,
and exits with 1 if a document was torn.
"""

import argparse
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

DOCUMENT_BYTES = 2_000_000
LONGEST_LIFE_SECONDS = 0.25
WRITER = f"""
import sys
from pathlib import Path
from tracereport.documents.writer import write_document
target, letter = Path(sys.argv[1]), sys.argv[2].encode()
print("ready", flush=True)
while True:
    write_document(target, letter * {DOCUMENT_BYTES})
"""
LETTERS = "AB"


def main(arguments: Sequence[str] | None = None) -> int:
    """Kills writers, and looks at what they leave."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--times", type=int, default=200)
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args(arguments)
    seen, left = kill_writers(given.times, random.Random(given.seed))  # noqa: S311 - the same moments for the same seed
    shown = ", ".join(f"{what}: {count}" for what, count in sorted(seen.items()))
    print(f"{given.times} kills; at the target {shown}; {left} unfinished files left behind")
    return 1 if seen["torn"] else 0


def kill_writers(times: int, rng: random.Random) -> tuple[Counter[str], int]:
    """What stood at the target after each kill, and how many unfinished files were left there in all."""
    seen: Counter[str] = Counter()
    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder, "report.json")
        writers = [_start(target, letter) for letter in LETTERS]
        try:
            for _ in range(times):
                time.sleep(rng.random() * LONGEST_LIFE_SECONDS)
                doomed = rng.sample(range(len(writers)), rng.choice((1, 2)))
                for index in doomed:
                    writers[index].send_signal(signal.SIGKILL)
                    writers[index].wait()
                seen[_look_at(target)] += 1
                for index in doomed:
                    writers[index] = _start(target, LETTERS[index])
        finally:
            for writer in writers:
                writer.kill()
                writer.wait()
        return seen, len(list(Path(folder).glob(".tracereport-*.tmp")))


def _start(target: Path, letter: str) -> subprocess.Popen[bytes]:
    writer = subprocess.Popen([sys.executable, "-c", WRITER, str(target), letter], stdout=subprocess.PIPE)
    assert writer.stdout is not None
    writer.stdout.readline()
    writer.stdout.close()
    return writer


def _look_at(target: Path) -> str:
    """Whose whole document stands there."""
    if not target.exists():
        return "nothing yet"
    content = target.read_bytes()
    whole = next((letter for letter in LETTERS if content == letter.encode() * DOCUMENT_BYTES), None)
    return "torn" if whole is None else f"whole {whole}"


if __name__ == "__main__":
    sys.exit(main())
