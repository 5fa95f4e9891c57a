"""Work for several processes or threads: results in the order of the tasks, whatever the number of workers."""

import os
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor, ThreadPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from itertools import islice
from multiprocessing import get_context, parent_process
from typing import TypeVar

from m3core.errors import M3Error

__all__ = ["allow_processes", "in_processes", "in_threads", "processes_allowed"]

Task = TypeVar("Task")
Result = TypeVar("Result")

MOST_PROCESSES = 8
AHEAD = 2
"""Tasks that wait, beside those at work: results that nobody has taken yet fill the memory."""


_is_allowed = False


def allow_processes() -> None:
    """Said by the app and the commands: their main file may be run again by a process that works for them.

    A script of a user's that calls the library would be run again whole (multiprocessing's spawn); it stays alone.
    """
    global _is_allowed
    _is_allowed = True


def processes_allowed() -> int:
    """How many processes a function of the library may use of its own accord."""
    return min(MOST_PROCESSES, os.cpu_count() or 1) if _is_allowed else 1


@contextmanager
def in_processes(
    work: Callable[[Task], Result], tasks: Iterable[Task], workers: int
) -> Iterator[Iterator[Result]]:  # fmt: skip
    """Results of the tasks in their order, each worked on in one of some processes; with one worker in this one.

    The processes are started afresh and not forked: the app has threads, and a fork of them may wait for ever. Leaving
    the context ends them after the tasks at work.

    Args:
        work: a function of a module, so that other processes find it.
        workers: not more are started than there are cores.

    Raises:
        M3Error: a process was ended from outside.
        Whatever `work` raises.
    """
    workers = min(workers, os.cpu_count() or 1)
    if workers < 2:
        yield map(work, tasks)
        return
    pool = ProcessPoolExecutor(workers, get_context("spawn"), initializer=_as_worker)
    try:
        yield _in_order(pool, work, iter(tasks), workers + AHEAD)
    except BrokenProcessPool:
        raise M3Error(
            "a process of this program was ended from outside, perhaps for want of memory: start the same again."
        ) from None
    finally:
        pool.shutdown(cancel_futures=True)


def _in_order(
    pool: ProcessPoolExecutor, work: Callable[[Task], Result], tasks: Iterator[Task], most: int
) -> Iterator[Result]:
    waiting: deque[Future[Result]] = deque()
    while True:
        waiting.extend(pool.submit(work, task) for task in islice(tasks, most - len(waiting)))
        if not waiting:
            return
        yield waiting.popleft().result()


@contextmanager
def in_threads(
    work: Callable[[Task], Result], tasks: Iterable[Task], workers: int | None = None
) -> Iterator[Iterator[Result]]:  # fmt: skip
    """Results of the tasks in their order, by threads: for work that spends its time outside Python's lock.

    Leaving the context ends them after the tasks at work.

    Args:
        workers: threads; None: one a core.
    """
    pool = ThreadPoolExecutor(workers or os.cpu_count() or 1)
    try:
        yield pool.map(work, tasks)
    finally:
        pool.shutdown(cancel_futures=True)


def _as_worker() -> None:
    """End with the parent: a process whose parent was killed would wait for work for ever. One thread: each core has
    a process already, and two that wait for one another's cores take four times as long."""
    from threadpoolctl import threadpool_limits

    threadpool_limits(1)  # libraries that are loaded already; and those that the work will load:
    os.environ.update({f"{library}_NUM_THREADS": "1" for library in ("OMP", "OPENBLAS", "MKL")})
    threading.Thread(target=_end_after_parent, daemon=True).start()


def _end_after_parent() -> None:
    if (parent := parent_process()) is not None:
        parent.join()
        os._exit(1)
