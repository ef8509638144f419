"""What the emitter needs of the system, where no test can replace it.

Tests put a fake clock, or fake files, into all modules that are loaded; what stands in a class they leave alone.
"""

from __future__ import annotations

import os
from time import perf_counter_ns, sleep


class System:
    """The clock, the files and the variables of the process, as they were when the program began."""

    now_ns = perf_counter_ns
    sleep = sleep
    open = os.open
    write = os.write
    close = os.close
    process_id = os.getpid
    exists = staticmethod(os.path.exists)
    path = os.path
    variables = os.environ
