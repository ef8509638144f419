"""``python -m tests.fuzz [TARGET...] [--seconds N] [--executions N] [--seed N] [--keep FOLDER]``.

Prints how many inputs each target has read, and exits with 1 if one of them broke something; it is kept then.
"""

import argparse
import faulthandler
import hashlib
import random
import signal
import sys
import tempfile
import time
import traceback
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

from tests.fuzz.targets import TARGETS, Target
from tracereport.errors import TracereportError

HANG_SECONDS = 60


class HangError(Exception):
    """A check didn't end."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the targets one after the other, each for its share of the time."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("targets", nargs="*", choices=[*(target.name for target in TARGETS), []])
    parser.add_argument("--seconds", type=float, default=None)
    parser.add_argument("--executions", type=int, default=None)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--keep", type=Path, default=Path("fuzz-findings"))
    given = parser.parse_args(arguments)
    chosen = [target for target in TARGETS if not given.targets or target.name in given.targets]
    seconds = given.seconds if given.seconds is not None or given.executions is not None else 60.0
    found = 0
    for target in chosen:
        share = seconds / len(chosen) if seconds is not None else None
        found += fuzz(target, share, given.executions, given.seed, given.keep)
    return 1 if found else 0


def fuzz(target: Target, seconds: float | None, executions: int | None, seed: int, keep: Path) -> int:
    """Fuzzes one target; gives the number of inputs that broke something."""
    rng = random.Random(f"{target.name} {seed}")  # noqa: S311 - the same inputs for the same seed
    started = told = time.monotonic()
    done = found = 0
    with tempfile.TemporaryDirectory(dir="/dev/shm" if Path("/dev/shm").is_dir() else None) as folder:  # noqa: S108
        while (seconds is None or time.monotonic() - started < seconds) and (executions is None or done < executions):
            inputs = [target.make(rng) for _ in range(target.batch)]
            for broken, error in _check(target, inputs, Path(folder)):
                found += 1
                _keep(target, broken, error, keep)
            done += len(inputs)
            if time.monotonic() - told > HANG_SECONDS:
                told = time.monotonic()
                print(f"{target.name}: {done:,} executions, {found} faults so far", flush=True)
    print(f"{target.name}: {done:,} executions in {time.monotonic() - started:.0f} s, {found} faults", flush=True)
    return found


def _check(target: Target, inputs: Sequence[bytes], folder: Path) -> Iterator[tuple[bytes, BaseException]]:
    """The inputs that broke something, with what was raised."""
    if len(inputs) > 1:
        if _error_of(target, inputs, folder) is None:
            return
        single = [(one, error) for one in inputs if (error := _error_of(target, [one], folder)) is not None]
        if not single:  # only together
            yield b"\n".join(inputs), _error_of(target, inputs, folder) or AssertionError("only once")
        yield from single
    elif (error := _error_of(target, inputs, folder)) is not None:
        yield inputs[0], error


def _error_of(target: Target, inputs: Sequence[bytes], folder: Path) -> BaseException | None:
    try:
        with _ended_by_alarm():
            target.check(inputs, folder)
    except TracereportError:
        return None
    except (KeyboardInterrupt, SystemExit):
        raise
    except BaseException as error:  # noqa: BLE001 - whatever it is, it is a fault
        return error
    return None


@contextmanager
def _ended_by_alarm() -> Iterator[None]:
    def end(_number: int, _frame: FrameType | None) -> None:
        raise HangError

    before = signal.signal(signal.SIGALRM, end)
    signal.alarm(HANG_SECONDS)
    faulthandler.dump_traceback_later(5 * HANG_SECONDS, exit=True)  # where no Python code comes round to the alarm
    try:
        yield
    finally:
        signal.alarm(0)
        faulthandler.cancel_dump_traceback_later()
        signal.signal(signal.SIGALRM, before)


def _keep(target: Target, broken: bytes, error: BaseException, keep: Path) -> None:
    name = f"{target.name}-{hashlib.sha256(broken).hexdigest()[:12]}"
    keep.mkdir(parents=True, exist_ok=True)
    (keep / name).write_bytes(broken)
    shown = "".join(traceback.format_exception(error))
    (keep / f"{name}.txt").write_text(shown, encoding="utf-8")
    print(f"{target.name}: {keep / name}: {type(error).__name__}: {str(error)[:200]}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
