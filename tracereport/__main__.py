"""``python -m tracereport``, and where the command starts."""

import gc
import os
import sys

from tracereport.errors import INTERRUPTED_LINE, ExitCode

OBJECTS_PER_COLLECTION = 100_000
"""What is loaded stays: Python's usual looks for garbage, after every 700 new objects, are a tenth of a small run."""


def main() -> int:
    """Runs the command. An interrupt counts from the first line on, and waits for no thread to end."""
    gc.set_threshold(OBJECTS_PER_COLLECTION)
    try:
        from tracereport import cli  # noqa: PLC0415 - an interrupt while it is loaded is one, too

        code = cli.main()
    except KeyboardInterrupt:
        sys.stderr.write(INTERRUPTED_LINE)
        sys.stderr.flush()
        os._exit(ExitCode.INTERRUPTED)
    gc.freeze()  # what is left goes with the process, and needn't be looked through once more
    return code


if __name__ == "__main__":
    sys.exit(main())
