"""One function of every source of a survey, on all cores: milliseconds a source are minutes a survey."""

from collections.abc import Callable, Iterable
from functools import cache, partial
from pathlib import Path
from typing import TypeVar

from m3core.survey.reader import Survey
from m3core.workers import in_processes, processes_allowed

__all__ = ["of_each_source"]

Result = TypeVar("Result")

A_TASK = 100
SERIAL_BELOW = 1500
"""So few sources are done sooner in this process than others take to start."""


def of_each_source(
    work: Callable[[Survey, int], Result],
    survey: Survey,
    rows: Iterable[int] | None = None,
    progress: Callable[[float], None] = lambda done: None,
    *,
    serial_below: int = SERIAL_BELOW,
) -> list[Result]:
    """(n,) what `work` returns of each source, in the order of the rows, whatever the number of processes.

    Args:
        work: (survey, row) -> result; a function of a module (or a partial of one), so that other processes find it.
        rows: row numbers; None: all.
        progress: told the fraction done; raising from it cancels.
        serial_below: fewer sources than these are done in this process.

    Raises:
        M3Error: a process was ended from outside. Whatever `work` raises.
    """
    numbers = [int(row) for row in (range(len(survey)) if rows is None else rows)]
    tasks = [numbers[start : start + A_TASK] for start in range(0, len(numbers), A_TASK)]
    done: list[Result] = []
    if len(numbers) < serial_below or processes_allowed() < 2:
        for task in tasks:
            progress(len(done) / len(numbers))
            done += [work(survey, row) for row in task]
        return done
    with in_processes(partial(_some, work, survey.path), tasks, processes_allowed()) as results:
        for some in results:
            done += some
            progress(len(done) / len(numbers))
    return done


def _some(work: Callable[[Survey, int], Result], path: Path, rows: list[int]) -> list[Result]:
    survey = _opened(path)
    return [work(survey, row) for row in rows]


@cache
def _opened(path: Path) -> Survey:
    return Survey.open(path)
