"""Who measures: worker processes of this machine, or those of a Dask cluster, behind one kind of executor.

A worker that dies takes its task with it. The others go on; what was running then is tried again, each by itself, so
that it shows which input is to blame.
"""

import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Executor, Future, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from tracereport.engine.cores import CLUSTER_SCHEME
from tracereport.engine.tasks import MEMORY_REMEDY, Task, run_task
from tracereport.errors import InputError, UsageError

if TYPE_CHECKING:
    from distributed import Client

TRIES: Final = 3
_CONNECT_SECONDS: Final = 5
_ANSWER_SECONDS: Final = 2
"""What is waited for an answer beyond the time that a connection may take."""
MakeExecutor = Callable[[int], Executor]
Done = Callable[[Task, bytes | None], None]
"""Told each task that has ended, and what it gave."""


def run_tasks(tasks: Sequence[Task], make_executor: MakeExecutor, workers: int, done: Done) -> None:
    """Runs all tasks.

    Args:
        tasks: to be run, in the order in which they begin.
        make_executor: gives an executor with so many workers.
        workers: how many there are.
        done: told each task that has ended, in any order.

    Raises:
        InputError: a worker died three times on one input.
        TracereportError: what a task raised.
    """
    tries = dict.fromkeys(range(len(tasks)), 0)
    waiting = list(range(len(tasks)))
    suspects: list[int] = []
    while waiting or suspects:
        # A suspect runs alone: if its worker dies again, it is to blame.
        alone = bool(suspects)
        batch, size = ([suspects.pop(0)], 1) if alone else (waiting, workers)
        if not alone:
            waiting = []
        died = _run_batch(tasks, batch, make_executor, size, done)
        for index in died.running:
            tries[index] += 1
            if tries[index] >= TRIES:
                raise _blame(tasks[index])
        suspects += died.running
        waiting += died.waiting


def _blame(task: Task) -> InputError:
    return InputError(
        f"{task.title}: a worker died {TRIES} times while it measured this input",
        f"It may need more memory than there is. {MEMORY_REMEDY}",
    )


def _is_given_up(error: BaseException | None) -> bool:
    """Whether a cluster, which tries again by itself, has given the task up."""
    return error is not None and type(error).__name__ == "KilledWorker"


class _Died:
    """What was left when a worker died: the tasks that were running, and those that hadn't begun."""

    def __init__(self, running: Sequence[int] = (), waiting: Sequence[int] = ()) -> None:
        self.running = list(running)
        self.waiting = list(waiting)


def _run_batch(
    tasks: Sequence[Task],
    batch: Sequence[int],
    make_executor: MakeExecutor,
    workers: int,
    done: Done,
) -> _Died:
    """Runs some tasks, few at once: so it is known which may have been running if a worker dies.

    For each worker one task waits, so that none is idle while what has ended is taken.
    """
    left = list(batch)
    executor = make_executor(workers)
    running: dict[Future[bytes | None], int] = {}
    try:
        while left or running:
            while left and len(running) < 2 * workers:
                index = left.pop(0)
                running[executor.submit(run_task, tasks[index])] = index
            ended, _ = wait(running, return_when=FIRST_COMPLETED)
            broken = [future for future in ended if isinstance(future.exception(), BrokenProcessPool)]
            for future in ended:
                if future not in broken:
                    index = running.pop(future)
                    if _is_given_up(future.exception()):
                        raise _blame(tasks[index])
                    done(tasks[index], future.result())
            if broken:
                return _Died(running=sorted(running.values()), waiting=left)
    finally:
        for future in running:
            future.cancel()
        executor.shutdown(wait=False)
    return _Died()


def _connect(address: str) -> "Client":
    """A client of the scheduler at an address, made in a thread: who takes a connection and says nothing can hold it.

    Whatever goes wrong, it is no scheduler that answers: what answers otherwise may be taken for anything.
    """
    try:
        from distributed import Client  # noqa: PLC0415  # an extra
    except ImportError as error:
        raise UsageError(
            f"{address}: a cluster needs the package distributed", "Install it: pip install 'tracereport[dask]'"
        ) from error
    made: Future[Client] = Future()

    def make() -> None:
        try:
            made.set_result(Client(address.replace(CLUSTER_SCHEME, "tcp://", 1), timeout=_CONNECT_SECONDS))
        except BaseException as error:  # noqa: BLE001 - as a task of an executor
            made.set_exception(error)

    threading.Thread(target=make, name="tracereport-connect", daemon=True).start()
    try:
        return made.result(_CONNECT_SECONDS + _ANSWER_SECONDS)
    except Exception as error:
        raise UsageError(
            f"{address}: no scheduler answers there", "Start one: dask scheduler; and dask worker tcp://HOST:8786"
        ) from error


@contextmanager
def connect_cluster(address: str) -> Iterator[tuple[MakeExecutor, int]]:
    """The workers of a Dask cluster at ``dask://HOST:PORT``, and how many there are.

    Raises:
        UsageError: the package isn't installed, or nobody answers.
    """
    client = _connect(address)
    try:
        yield (lambda _workers: client.get_executor(pure=False, retries=TRIES - 1)), max(len(client.nthreads()), 1)
    finally:
        client.close()
