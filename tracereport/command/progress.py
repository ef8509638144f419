"""Progress of a long run, on a terminal's standard error; nothing where nobody watches."""

import sys
import threading
from collections.abc import Callable
from time import monotonic
from types import TracebackType
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from rich.progress import Progress as Bar

DELAY_SECONDS = 1.0

TimerMaker = Callable[[float, Callable[[], None]], threading.Timer]


class TerminalProgress:
    """A bar that appears once a run has lasted for a second, and goes when it ends.

    Args:
        is_shown: whether it may appear, if standard error is a terminal.
        make_timer: gives what calls a function after so many seconds, once started and if not cancelled before.
    """

    def __init__(self, *, is_shown: bool, make_timer: TimerMaker = threading.Timer) -> None:
        self._started = monotonic()
        self._stage = ""
        self._position = 0
        self._earlier_inputs = 0
        """Bytes of the inputs before the current one."""
        self._size: int | None = None
        self._bar: Bar | None = None
        self._timer = make_timer(DELAY_SECONDS, self._appear) if is_shown and sys.stderr.isatty() else None

    def __enter__(self) -> Self:
        if self._timer is not None:
            self._timer.daemon = True
            self._timer.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def stop(self) -> None:
        """Takes the bar away, or keeps it from appearing."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer.join()
        if self._bar is not None:
            self._bar.stop()

    def begin(self, stage: str, size: int | None = None) -> None:
        """A stage of the run begins, over this many bytes where that is known."""
        self._stage, self._size = stage, size
        self._position = self._earlier_inputs = 0
        self._show_stage()

    def __call__(self, position: int, _size: int | None) -> None:
        """Told the bytes read of the current input."""
        if position < self._position:
            self._earlier_inputs += self._position
        self._position = position
        self._show_position()

    def _appear(self) -> None:
        from rich.console import Console  # noqa: PLC0415  most runs are over before it would show
        from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn  # noqa: PLC0415

        bar = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            TimeElapsedColumn(),
            console=Console(stderr=True),
            transient=True,
            redirect_stdout=False,
            redirect_stderr=False,
            refresh_per_second=4,
        )
        bar.add_task(self._stage, total=self._size)
        for task in bar.tasks:
            task.start_time = self._started
        bar.start()
        self._bar = bar
        self._show_stage()

    def _show_stage(self) -> None:
        if self._bar is not None:
            for task in self._bar.tasks:  # the time goes on
                task.description, task.total = self._stage, self._size
            self._show_position()

    def _show_position(self) -> None:
        if self._bar is not None:
            for task in self._bar.task_ids:
                self._bar.update(task, completed=self._earlier_inputs + self._position)
